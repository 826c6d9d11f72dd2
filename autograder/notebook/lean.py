"""A notebook without what running it has left there: stored outputs, pasted pictures, the state of widgets.

Only what is graded is kept: text, type and marks of every cell, and what the notebook says of itself. So 200 MB
of stored pictures take no memory and are no part of what a submission is, and a notebook that was run once more is still
the same one.

A small file is parsed as a whole. A large one is read piece by piece, and what is not kept is passed over as bytes, by
regular expressions that never step back: its strings are not decoded and its lists are not made.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.notebook.cells import MAX_CELLS, NotebookError, as_utf8, cell_source, parse_notebook

SMALL = 4 * 2**20  # bytes of a file that is parsed as a whole
RAW_LIMIT = 512 * 2**20  # bytes of a file with its outputs
PIECE = 2**20  # bytes read at one time
MAX_DEPTH = 1000  # lists in lists; Python's own parser stops there too
MAX_PARTS = 300_000  # lists and tables with more than LEVELS of others inside
LEVELS = 4
KEPT_PARTS = 1000  # lists and tables in one value that is kept
KEY_BYTES = 1000  # of a longer key nothing is wanted
MARKS = ("grade_id", "grade", "points")
OWN = ("task", "kit")  # what `autograder build` writes about a notebook
TEXT = 200  # characters of one mark

STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
NO_BRACKETS = rb'(?:[^"\[\]{}]++|' + STRING + rb")*+"


def _brackets(levels: int) -> bytes:
    """A pattern of anything in which brackets stand in brackets at most ``levels`` deep, and are closed."""
    inside = NO_BRACKETS if levels == 0 else _brackets(levels - 1)
    return rb'(?:[^"\[\]{}]++|' + STRING + rb"|\[" + inside + rb"\]|\{" + inside + rb"\})*+"


FLAT, PASSED = re.compile(NO_BRACKETS, re.DOTALL), re.compile(_brackets(LEVELS), re.DOTALL)
IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
SPACE = re.compile(rb"[ \t\r\n]*+")
SCALAR = re.compile(rb'[^\s,:"\[\]{}]*+')


class TooLarge(NotebookError):
    """What is left of a notebook without its outputs is still more than is read."""


@dataclass(frozen=True)
class Lean:
    """What is kept of a notebook.

    Attributes:
        content: its cells as a notebook; equal cells give equal bytes, however the file was laid out.
        made_by: what `autograder build` once wrote about it and anybody may have changed: its task, the version of the
            kit.
    """

    content: bytes
    made_by: dict[str, Any] = field(default_factory=dict)


def lean(pieces: Iterable[bytes], limit: int) -> Lean:
    """What is kept of a notebook of any size that comes in ``pieces``.

    Args:
        limit: bytes that may be left.

    Raises:
        TooLarge: more is left.
        NotebookError: it is no notebook; as `parse_notebook`.
    """
    waiting = as_utf8(pieces)
    begin = b""
    for piece in waiting:
        begin += piece
        if len(begin) > SMALL:
            return _written(_Reader(itertools.chain([begin], waiting), limit).notebook())
    found = _written(parse_notebook(begin))
    if len(found.content) > limit:
        raise TooLarge(f"larger than {limit >> 20} MB, also without its outputs")
    return found


def _written(notebook: dict[str, Any]) -> Lean:
    cells = [_cell(cell) for cell in notebook["cells"]]
    metadata = _table(notebook.get("metadata"))
    # The Python that it was written for is named where the grader's own cannot read it.
    python = _chosen(metadata.get("language_info"), ("version",))
    content = {"cells": cells, "metadata": {"language_info": python} if python else {}}
    made_by = _chosen(metadata.get("autograder"), OWN)
    return Lean(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"), made_by)


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kind, metadata = cell.get("cell_type"), _table(cell.get("metadata"))
    kept: dict[str, Any] = {}
    if marks := _chosen(metadata.get("nbgrader"), MARKS):
        kept["nbgrader"] = marks
    tags = metadata.get("tags")
    if isinstance(tags, list) and (tags := [tag for tag in tags if isinstance(tag, str)]):
        kept["tags"] = tags
    return {
        "cell_type": kind if isinstance(kind, str) else "",
        "metadata": kept,
        "source": cell_source(cell),
    }


def _chosen(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    found = {name: _table(value).get(name) for name in names}
    return {
        name: item
        for name, item in found.items()
        if isinstance(item, bool | int | float) or (isinstance(item, str) and len(item) <= TEXT)
    }


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class _Reader:
    """Walks through a notebook's JSON; every method begins and ends between two tokens."""

    def __init__(self, pieces: Iterator[bytes], limit: int) -> None:
        self._pieces, self._limit = pieces, limit
        self._text, self._at = b"", 0
        self._kept = self._parts = 0
        self._more()
        self._text = self._text.removeprefix(b"\xef\xbb\xbf")

    def notebook(self) -> dict[str, Any]:
        """The kept part of the notebook, as `parse_notebook` gives it."""
        found: dict[str, Any] = {}
        first = self._peek()
        if first == b"<":
            raise NotebookError("the file is HTML, not a notebook; download it again from Jupyter as .ipynb")
        if first != b"{":
            raise NotebookError("the file is not a notebook")
        for key in self._members():
            if key == "cells":
                found["cells"] = self._cells()
            elif key == "metadata" and self._peek() == b"{":
                found["metadata"] = {
                    key: self._keep() for key in self._members(("autograder", "language_info"))
                }
            else:
                self._pass()
        if self._peek():
            raise self._invalid("something follows after its end")
        if found.get("cells") is None:
            raise NotebookError("the notebook has no list of cells")
        return found

    def _cells(self) -> list[dict[str, Any]] | None:
        if self._peek() != b"[":
            self._pass()
            return None
        cells: list[dict[str, Any]] = []
        for _ in self._items():
            if self._peek() != b"{":
                raise NotebookError("the notebook has no list of cells")
            cell: dict[str, Any] = {}
            for key in self._members(("cell_type", "source", "metadata")):
                if key != "metadata":
                    cell[key] = self._keep()
                elif self._peek() == b"{":
                    cell[key] = {name: self._keep() for name in self._members(("nbgrader", "tags"))}
                else:
                    cell.pop(key, None)
                    self._pass()
            cells.append(cell)
            if len(cells) > MAX_CELLS:
                raise NotebookError(f"the notebook has more than {MAX_CELLS} cells; at most so many are read")
        return cells

    def _members(self, wanted: tuple[str, ...] = ()) -> Iterator[str]:
        """The keys of a table; whoever asks takes each value. With ``wanted`` the other values are passed over."""
        self._expect(b"{")
        if self._peek() == b"}":
            self._at += 1
            return
        while True:
            if self._peek() != b'"':
                raise self._invalid("a key is missing")
            key = self._key()
            self._expect(b":")
            if wanted and key not in wanted:
                self._pass()
            else:
                yield key
            if self._next_of(b"}"):
                return

    def _items(self) -> Iterator[None]:
        self._expect(b"[")
        if self._peek() == b"]":
            self._at += 1
            return
        while True:
            yield
            if self._next_of(b"]"):
                return

    def _next_of(self, end: bytes) -> bool:
        """Whether the table or list ends here; otherwise a comma was taken."""
        found = self._peek()
        if found not in (b",", end):
            raise self._invalid("a comma is missing" if found else "the file ends too early")
        self._at += 1
        return found == end

    def _key(self) -> str:
        content = self._value(kept=True, most=KEY_BYTES)
        try:
            return str(json.loads(content)) if content else ""
        except ValueError as error:
            raise self._invalid(str(error)) from None

    def _keep(self) -> Any:
        content = self._value(kept=True, most=self._limit - self._kept)
        if content is None:
            raise TooLarge(f"larger than {self._limit >> 20} MB, also without its outputs")
        self._kept += len(content)
        try:
            return json.loads(content, parse_constant=lambda name: None)
        except (ValueError, RecursionError) as error:
            raise self._invalid(str(error)) from None

    def _pass(self) -> None:
        self._value(kept=False)

    def _value(self, *, kept: bool, most: int = 0) -> bytes | None:
        """Go behind a value; its bytes when it is ``kept``, or None when these are more than ``most``."""
        taken = _Taken(most) if kept else None
        first = self._peek()
        if first == b'"':
            self._string(taken)
        elif first in (b"[", b"{"):
            self._nested(taken)
        else:
            while self._advance(SCALAR, taken) and self._at == len(self._text) and self._more():
                pass
            if first in (b"", b",", b":", b"]", b"}"):
                raise self._invalid("a value is missing" if first else "the file ends too early")
        return taken.content if taken else None

    def _nested(self, taken: _Taken | None) -> None:
        depth, before = 0, self._parts
        while True:
            if depth:
                self._advance(PASSED if taken is None else FLAT, taken)
            byte = self._text[self._at : self._at + 1]
            if byte == b"":
                if not self._more():
                    raise self._invalid("the file ends too early")
            elif byte == b'"':
                self._string(taken)
            else:
                self._take(1, taken)
                depth += 1 if byte in b"[{" else -1
                self._parts += byte in b"[{"
                if depth == 0:
                    return
                if depth > MAX_DEPTH:
                    raise NotebookError("the file is nested too deeply to be a notebook")
                if self._parts > (MAX_PARTS if taken is None else before + KEPT_PARTS):
                    raise NotebookError("the file is nested in a way in which no notebook is")

    def _string(self, taken: _Taken | None) -> None:
        self._take(1, taken)
        while True:
            self._advance(IN_STRING, taken)
            if self._text[self._at : self._at + 1] == b'"':
                self._take(1, taken)
                return
            if not self._more():  # what is left is at most a backslash
                raise self._invalid("the file ends too early")

    def _advance(self, pattern: re.Pattern[bytes], taken: _Taken | None) -> bool:
        match = pattern.match(self._text, self._at)
        end = match.end() if match else self._at
        moved = end > self._at
        if taken:
            taken.add(self._text[self._at : end])
        self._at = end
        return moved

    def _take(self, count: int, taken: _Taken | None) -> None:
        if taken:
            taken.add(self._text[self._at : self._at + count])
        self._at += count

    def _expect(self, byte: bytes) -> None:
        if self._peek() != byte:
            raise self._invalid(f"{byte.decode()} is missing")
        self._at += 1

    def _peek(self) -> bytes:
        """The next byte that is no space; empty at the end of the file."""
        while True:
            self._advance(SPACE, None)
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _more(self) -> bool:
        piece = next(self._pieces, b"")
        self._text = self._text[self._at :] + piece
        self._at = 0
        return bool(piece)

    def _invalid(self, why: str) -> NotebookError:
        return NotebookError(
            f"the file is not valid JSON ({why[:80]}); download it again from Jupyter as .ipynb"
        )


class _Taken:
    """The bytes of a value that is kept, as long as they are not too many."""

    def __init__(self, most: int) -> None:
        self._most, self._length, self._pieces = most, 0, list[bytes]()

    def add(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length <= self._most:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    @property
    def content(self) -> bytes | None:
        return b"".join(self._pieces) if self._length <= self._most else None
