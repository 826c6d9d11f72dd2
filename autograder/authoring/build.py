"""`autograder build`: assignments and solutions become nbgrader's source notebooks, and answers are recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, v4

import autograder
from autograder.authoring.assignment import Assignment, Cell, read_assignment
from autograder.authoring.edits import fingerprint, hand_edits
from autograder.authoring.errors import AuthoringError
from autograder.authoring.record import record_answers
from autograder.checks import Check, CheckDefinitionError, load_checks
from autograder.course import Course, home_of
from autograder.files import replace_durably
from autograder.grading.lateness import shown, zone_name


@dataclass(frozen=True)
class Built:
    """What building one task did.

    Attributes:
        path: of the source notebook.
        status: "written", "unchanged", or "refused" because of edits by hand.
        edits: one line for each edit; empty unless refused.
        recorded: whether the reference's answers were recorded anew.
    """

    task: str
    path: Path
    status: str
    edits: tuple[str, ...] = ()
    recorded: bool = False

    @property
    def problems(self) -> list[str]:
        """One line for each edit by hand, and how to go on; empty unless refused."""
        if not self.edits:
            return []
        advice = (
            f"{self.path} was edited by hand since it was built and is left alone. Move what you want to keep to "
            f"assignments/{self.task}.md or solutions/{self.task}.py, then build with --force."
        )
        return [*(f"{self.path}: {edit}" for edit in self.edits), advice]


def build(
    course: Course,
    tasks: Iterable[str],
    *,
    force: bool = False,
    progress: Callable[[str], None] | None = None,
) -> list[Built]:
    """Write `source/<task>/<task>.ipynb` and the recorded answers of every task.

    Args:
        force: overwrite notebooks that were edited by hand.
        progress: called with each task's name before its answers are recorded, which may take seconds.

    Raises:
        AuthoringError: something does not fit together, in any of the tasks; no notebook is written then.
        CourseError: the course has no such task.
    """
    home = home_of(course.root)
    rows = [course.task(name) for name in tasks]
    problems: list[str] = []
    assignments: dict[str, Assignment] = {}
    for row in rows:
        try:
            assignments[row.name] = read_assignment(home, row.name, checks_of(row.name))
        except AuthoringError as error:
            problems += error.problems
    if problems:
        raise AuthoringError(problems)
    recorded = {}
    for row in rows:
        if progress is not None:
            progress(row.name)
        recorded[row.name] = record_answers(row.name, home=home, data=row.data)
    return [
        _write(course.root, with_head(assignment, course), recorded=recorded[name], force=force)
        for name, assignment in assignments.items()
    ]


def checks_of(task: str) -> dict[str, Check]:
    """The checks of ``task``; a broken file of checks is an AuthoringError."""
    try:
        return load_checks(task)
    except CheckDefinitionError as error:
        raise AuthoringError([str(error)]) from None
    except Exception as error:  # the file is Python: importing it may fail in any way
        raise AuthoringError([f"autograder/checks/{task}.py: {type(error).__name__}: {error}"]) from error


def with_head(assignment: Assignment, course: Course) -> Assignment:
    """``assignment`` with what the course says of it under its title: until when, and what being late costs."""
    due = course.task(assignment.task).due
    lines = [f"*{course.title}*"]
    if due is not None:
        local = due.astimezone(course.timezone)
        zone = "" if zone_name(local) == str(course.timezone) else f" ({course.timezone})"
        lines.append(f"**Due: {shown(due, course.timezone)}**{zone}")
        if course.late is not None and str(course.late):
            lines.append(f"Late: {course.late}.")
    head = "  \n".join(lines)
    first, *others = assignment.cells
    title, _, rest = first.source.partition("\n")
    if first.kind == "text" and title.startswith("#"):
        cells = [replace(first, source=f"{title}\n\n{head}\n{rest}".rstrip()), *others]
    else:
        cells = [Cell("text", "head", 0, head), *assignment.cells]
    return replace(assignment, cells=tuple(cells))


def to_notebook(assignment: Assignment) -> NotebookNode:
    """The instructor version of ``assignment``: the same cells always give the same notebook."""
    notebook = v4.new_notebook(cells=[_cell(cell) for cell in assignment.cells])
    notebook.metadata.update(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            # Students' notebooks keep the first two: of which task it is, and who works with an older kit.
            "autograder": {
                "task": assignment.task,
                "kit": autograder.__version__,
                "cells": fingerprint(notebook),
            },
        }
    )
    nbformat.validate(notebook)
    return notebook


def _cell(cell: Cell) -> NotebookNode:
    metadata: dict[str, Any] = {"tags": list(cell.tags)} if cell.tags else {}
    match cell.kind:
        case "text":
            # Locked: nbgrader restores a text that a student has changed.
            metadata["nbgrader"] = _nbgrader(cell.id, "markdown", locked=True)
            return v4.new_markdown_cell(cell.source, id=cell.id, metadata=metadata)
        case "check":
            points = int(cell.points) if float(cell.points).is_integer() else cell.points
            metadata["nbgrader"] = _nbgrader(cell.id, "code", locked=True, grade=True) | {"points": points}
        case "solution":
            metadata["nbgrader"] = _nbgrader(cell.id, "code", solution=True)
            metadata["autograder"] = {"stubs": list(cell.stubs)}
    return v4.new_code_cell(cell.source, id=cell.id, metadata=metadata)


def _nbgrader(
    grade_id: str, cell_type: str, *, grade: bool = False, solution: bool = False, locked: bool = False
) -> dict[str, Any]:
    return {
        "schema_version": 3,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
        "grade_id": grade_id,
        "cell_type": cell_type,
    }


def _write(root: Path, assignment: Assignment, *, recorded: bool, force: bool) -> Built:
    task = assignment.task
    path = root / "source" / task / f"{task}.ipynb"
    notebook = to_notebook(assignment)
    content = nbformat.writes(notebook) + "\n"
    if path.exists():
        if path.read_bytes() == content.encode():
            return Built(task, path, "unchanged", recorded=recorded)
        edits = [] if force else hand_edits(path, notebook)
        if edits:
            return Built(task, path, "refused", tuple(edits), recorded)
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_suffix(".ipynb.new")
    building.write_text(content, encoding="utf-8")
    replace_durably(building, path)
    return Built(task, path, "written", recorded=recorded)
