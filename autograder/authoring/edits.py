"""Cells of a built notebook that a person has changed: a build must not throw their work away."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode

SHOWN = 50  # characters of a cell's first line in a message


def fingerprint(notebook: NotebookNode) -> list[tuple[str, str]]:
    """(id, hash) of every cell, in order. Outputs do not count: running a notebook is no edit."""
    return [(cell.get("id", ""), _hash(cell)) for cell in notebook.cells]


def hand_edits(path: Path, built: NotebookNode) -> list[str]:
    """One line for each cell of the notebook at ``path`` that changed since it was built, and differs from ``built``.

    Args:
        built: what would be written now; a change that has reached it already is no loss.
    """
    try:
        current = nbformat.read(path, 4)
        recorded = [(str(row[0]), str(row[1])) for row in current.metadata["autograder"]["cells"]]
    except (KeyError, IndexError, TypeError, AttributeError):
        return ["it was not made by autograder build"]
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError):
        return ["it is not a notebook"]
    now, new = fingerprint(current), fingerprint(built)
    if now in (recorded, new):
        return []
    before, after, coming = dict(recorded), dict(now), dict(new)
    edits = []
    for number, (cell, (cell_id, digest)) in enumerate(zip(current.cells, now, strict=True), 1):
        if digest in (before.get(cell_id), coming.get(cell_id)):
            continue
        doing = "was edited" if cell_id in before else "was added"
        name = cell_id if cell_id in before else "new"
        edits.append(f"cell {number} ({name}) {doing}: {_first_line(cell)}")
    deleted = [cell_id for cell_id in before if cell_id not in after and cell_id in coming]
    edits += [f"cell {cell_id} was deleted" for cell_id in deleted]
    return edits or ["its cells were moved or copied"]


def _hash(cell: NotebookNode) -> str:
    points = cell.metadata.get("nbgrader", {}).get("points", 0)
    content = [cell.cell_type, cell.source, float(points or 0), cell.metadata.get("tags", [])]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _first_line(cell: NotebookNode) -> str:
    line = next((line.strip() for line in cell.source.splitlines() if line.strip()), "(empty)")
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
