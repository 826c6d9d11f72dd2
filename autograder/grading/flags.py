"""What a person should look at, of one submission: how it arrived, what was done to the cells of the assignment, and
whether it tries to forge a grade.

None of it changes a point, and none of it is part of an evaluation: it is published beside the report.
"""

from __future__ import annotations

import ast
from typing import Any

import nbformat

from autograder.calls.text import clean
from autograder.grading.forging import forging_flag
from autograder.grading.submission import Submission
from autograder.notebook.cells import NotebookError, cell_source, code_cells, parse_notebook

Masters = dict[str, nbformat.NotebookNode]
FORMATTED = 400  # characters more than before that a formatter may make of a check cell


def flags_of(submission: Submission, masters: Masters) -> tuple[str, ...]:
    """All flags of ``submission``; what the evaluation itself finds is in its report.

    Args:
        masters: the assignment's own cells, see `masters_of`.
    """
    cells = student_cells(submission)
    found = list(submission.flags)
    if cells is not None:
        forging = forging_flag(code_cells({"cells": cells}))
        found = [*forging, *found, *_damage(cells, masters)]
    return tuple(clean(flag) for flag in found)


def masters_of(assignment: nbformat.NotebookNode) -> Masters:
    """The cells of the notebook in `source/` that nbgrader knows, by their id; no others are believed."""
    return {cell.metadata.nbgrader.grade_id: cell for cell in assignment.cells if "nbgrader" in cell.metadata}


def student_cells(submission: Submission) -> list[dict[str, Any]] | None:
    """The cells of the student's notebook; None when it cannot be read."""
    try:
        return parse_notebook(submission.notebook)["cells"] if submission.notebook is not None else None
    except NotebookError:
        return None


def grade_id_of(cell: dict[str, Any]) -> str | None:
    """nbgrader's name for a student's cell, or None."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _damage(cells: list[dict[str, Any]], masters: Masters) -> list[str]:
    flags: list[str] = []
    seen: set[str] = set()
    for cell in cells:
        grade_id = grade_id_of(cell)
        if grade_id is None or grade_id not in masters:
            continue
        if grade_id in seen:
            flags.append(f"cell {grade_id} stands more than once")
        else:
            flags += _changes(cell, masters[grade_id])
        seen.add(grade_id)
    gone = [name for name, master in masters.items() if name not in seen and master.metadata.nbgrader.grade]
    if gone:
        flags.append(f"deleted check cells put back: {', '.join(gone)}")
    return flags


def _changes(cell: dict[str, Any], master: nbformat.NotebookNode) -> list[str]:
    marks = master.metadata.nbgrader
    found = []
    if cell.get("cell_type") != master.cell_type:
        found.append(f"cell {marks.grade_id} had another type")
    elif marks.grade and not _same_code(cell_source(cell), master.source):
        found.append(f"check cell {marks.grade_id} was edited")
    if marks.grade and cell["metadata"]["nbgrader"].get("points") != marks.points:
        found.append(f"check cell {marks.grade_id} claimed other points")
    return found


def _same_code(source: str, original: str) -> bool:
    """Whether ``source`` says the same as ``original``, however a formatter has laid it out."""
    if source.strip() == original.strip():
        return True
    if len(source) > len(original) + FORMATTED:
        return False
    try:
        return ast.dump(ast.parse(source)) == ast.dump(ast.parse(original))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
