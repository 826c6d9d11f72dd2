"""Whether a task was released with the checks that it has now: points that differ would be published wrongly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.checks import Check
from autograder.course import Course
from autograder.grading.errors import PublishError

SAME = 1e-9  # of points in a database


def require_source(course: Course, task: str, checks: Mapping[str, Check]) -> Path:
    """The path of the task's source notebook.

    Raises:
        PublishError: there is none, it is no notebook, or its check cells are not the task's checks.
    """
    path = course.root / "source" / task / f"{task}.ipynb"
    advice = f"Run: autograder release {task}"
    try:
        cells = json.loads(path.read_bytes())["cells"]
        marks = [cell["metadata"]["nbgrader"] for cell in cells if "nbgrader" in cell["metadata"]]
        points = {
            mark["grade_id"]: float(mark["points"])
            for mark in marks
            if mark["grade"] and not mark["solution"]
        }
    except FileNotFoundError:
        raise PublishError(f"{path} does not exist. {advice}") from None
    except (ValueError, KeyError, TypeError):
        raise PublishError(f"{path} is no source notebook of nbgrader. {advice}") from None
    require_same_points(task, checks, points, f"source/{task}/{task}.ipynb")
    return path


def require_gradebook(gradebook: Any, task: str, checks: Mapping[str, Check]) -> tuple[Any, Any]:
    """nbgrader's assignment and notebook of a task.

    Raises:
        PublishError: there are none, or their check cells are not the task's checks.
    """
    from nbgrader.api import MissingEntry  # takes seconds to import, and is needed late

    try:
        assignment, notebook = gradebook.find_assignment(task), gradebook.find_notebook(task, task)
    except MissingEntry:
        raise PublishError(
            f"The gradebook has no assignment {task}. Run: autograder release {task}"
        ) from None
    by_hand = {cell.name for cell in notebook.solution_cells}
    points = {cell.name: cell.max_score for cell in notebook.grade_cells if cell.name not in by_hand}
    require_same_points(task, checks, points, "The gradebook")
    return assignment, notebook


def require_same_points(
    task: str, checks: Mapping[str, Check], points: Mapping[str, float], where: str
) -> None:
    """Make sure that ``where`` gives the points of every check, and of nothing else.

    Raises:
        PublishError: it does not; the message names what differs.
    """
    wrong = [f"it lacks the check {name}" for name in checks if name not in points]
    wrong += [f"{name} is no check any more" for name in points if name not in checks]
    wrong += [
        f"{name} gives {checks[name].points:g} points now and {worth:g} there"
        for name, worth in points.items()
        if name in checks and abs(checks[name].points - worth) > SAME
    ]
    if wrong:
        raise PublishError(
            f"{where} is older than the checks of {task}: {'; '.join(wrong)}. Run: autograder release {task}"
        )
