"""Solved notebooks: the source notebook with the reference, or with something else, in its solution cells."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import nbformat


def solve(
    source: nbformat.NotebookNode, definitions: Mapping[str, str] | None = None
) -> nbformat.NotebookNode:
    """A student's notebook: ``source`` with the reference in every solution cell, or what ``definitions`` gives.

    Args:
        source: the notebook in `source/`.
        definitions: name of a definition -> the whole text of its cell.
    """
    notebook = copy.deepcopy(source)
    for cell in notebook.cells:
        name = solution_name(cell)
        if name is not None:
            text = (definitions or {}).get(name, cell.source)
            cell.source = "\n".join(
                line
                for line in text.split("\n")
                if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")
            )
    notebook.metadata.pop("autograder", None)
    return notebook


def solution_name(cell: nbformat.NotebookNode) -> str | None:
    """The name that a solution cell defines, or None for any other cell."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    solution = cell.metadata.get("nbgrader", {}).get("solution")
    return grade_id.removeprefix("solution-") if solution else None


def read_source(root: Path, task: str) -> nbformat.NotebookNode:
    """The source notebook of ``task``.

    Raises:
        FileNotFoundError: it is not built.
    """
    return nbformat.read(root / "source" / task / f"{task}.ipynb", as_version=4)


def read_release(root: Path, task: str) -> nbformat.NotebookNode:
    """The released notebook of ``task``, as a student gets it.

    Raises:
        FileNotFoundError: it is not released.
    """
    return nbformat.read(root / "release" / task / f"{task}.ipynb", as_version=4)
