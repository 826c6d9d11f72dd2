"""The code cells of a notebook file: plain JSON, read without trust and without nbformat."""

from __future__ import annotations

import codecs
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

EXPERIMENT = "experiment"  # tag of cells that only look at things; the grader does not run them
MAX_CELLS = 2000
# Marks at the start of a text that is no UTF-8, as PowerShell and Notepad write it; the longest first.
ENCODINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LONGEST_MARK = max(len(mark) for mark, _ in ENCODINGS)


class NotebookError(Exception):
    """A file that is not a readable notebook; the message says what is wrong with it."""


@dataclass(frozen=True)
class Cell:
    """One code cell.

    Attributes:
        number: its position among all cells, from 1, as a person counts them.
        grade_id: nbgrader's name for it, or None.
        graded: nbgrader marks it as a grade cell.
        experiment: it carries the tag of cells that are not graded.
    """

    number: int
    source: str
    grade_id: str | None = None
    graded: bool = False
    experiment: bool = False


def as_utf8(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A text that comes in ``pieces``, as UTF-8, whatever its first bytes say that it is."""
    waiting, first = iter(pieces), b""
    while len(first) < LONGEST_MARK and (piece := next(waiting, b"")):
        first += piece
    encoding = next((name for mark, name in ENCODINGS if first.startswith(mark)), None)
    if encoding is None:
        yield from itertools.chain([first], waiting)
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in itertools.chain([first], waiting):
        if text := decoder.decode(piece):  # an empty piece would be taken for the end
            yield text.encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode()


def parse_notebook(content: bytes) -> dict[str, Any]:
    """The notebook in ``content`` as a dict with a list of dicts under "cells".

    Raises:
        NotebookError: it is empty, no JSON, too deep, or has no cells.
    """
    if not content.strip():
        raise NotebookError("the file is empty")
    try:
        text = b"".join(as_utf8([content])).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotebookError("the file is not UTF-8 text; save it again from Jupyter") from None
    try:
        notebook = json.loads(text, parse_constant=lambda name: None)
    except RecursionError:
        raise NotebookError("the file is nested too deeply to be a notebook") from None
    except ValueError as error:
        kind = "HTML, not a notebook" if text.lstrip()[:1] == "<" else f"not valid JSON ({str(error)[:80]})"
        raise NotebookError(f"the file is {kind}; download it again from Jupyter as .ipynb") from None
    if not isinstance(notebook, dict):
        raise NotebookError("the file is JSON, but not a notebook")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookError("the notebook has no list of cells")
    if len(cells) > MAX_CELLS:
        raise NotebookError(f"the notebook has {len(cells)} cells; at most {MAX_CELLS} are read")
    return notebook


def code_cells(notebook: dict[str, Any]) -> list[Cell]:
    """The code cells in order. Fields of a wrong type count as absent."""
    found = []
    for number, cell in enumerate(notebook["cells"], 1):
        metadata = _table(cell.get("metadata"))
        nbgrader = _table(metadata.get("nbgrader"))
        grade_id = nbgrader.get("grade_id")
        if cell.get("cell_type") != "code":
            continue
        found.append(
            Cell(
                number=number,
                source=cell_source(cell),
                grade_id=grade_id if isinstance(grade_id, str) else None,
                graded=nbgrader.get("grade") is True,
                experiment=EXPERIMENT in _list(metadata.get("tags")),
            )
        )
    return found


def cell_source(cell: dict[str, Any]) -> str:
    """A cell's text; notebooks keep it as one string or as a list of lines."""
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    # A lone surrogate cannot be written to any file again.
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
