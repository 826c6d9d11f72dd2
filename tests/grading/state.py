"""Everything that grading leaves in a course folder, in a form that can be compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Rows of a gradebook by the names that people know them by: their ids are drawn at random.
GRADEBOOK = {
    "student": "SELECT * FROM student",
    "course": "SELECT * FROM course",
    "assignment": "SELECT * FROM assignment",
    "notebook": "SELECT * FROM notebook",
    "base_cell": "SELECT * FROM base_cell",
    "source_cell": "SELECT * FROM source_cell",
    "grade_cells": "SELECT * FROM grade_cells",
    "solution_cells": "SELECT * FROM solution_cells",
    "task_cells": "SELECT * FROM task_cells",
    "submitted_assignment": "SELECT assignment_id, student_id, timestamp, extension FROM submitted_assignment",
    "submitted_notebook": "SELECT s.assignment_id, s.student_id, n.notebook_id, n.flagged, n.late_submission_penalty"
    " FROM submitted_notebook n LEFT JOIN submitted_assignment s ON s.id = n.assignment_id",
    "grade": "SELECT s.student_id, n.notebook_id, g.cell_id, g.auto_score, g.manual_score, g.extra_credit,"
    " g.needs_manual_grade FROM grade g LEFT JOIN submitted_notebook n ON n.id = g.notebook_id"
    " LEFT JOIN submitted_assignment s ON s.id = n.assignment_id",
    "comment": "SELECT s.student_id, n.notebook_id, c.cell_id, c.auto_comment, c.manual_comment"
    " FROM comment c LEFT JOIN submitted_notebook n ON n.id = c.notebook_id"
    " LEFT JOIN submitted_assignment s ON s.id = n.assignment_id",
    "alembic_version": "SELECT * FROM alembic_version",
}
# Without when it happened.
JOURNAL = {
    "evaluations": "SELECT key, task, submission, seed, report FROM evaluations",
    "publications": "SELECT task, student, key, flags FROM publications",
}


def state(root: Path) -> dict[str, Any]:
    """Tables of gradebook and journal, and the bytes of every file under `autograded/`."""
    return {**gradebook(root), **tables(root / "journal.db", JOURNAL), **dict(files(root / "autograded"))}


def gradebook(root: Path) -> dict[str, Any]:
    """Every table of the gradebook."""
    found = tables(root / "gradebook.db", GRADEBOOK)
    assert found.keys() == {name for (name,) in rows(root / "gradebook.db", TABLE_NAMES)}
    return found


def tables(path: Path, queries: dict[str, str]) -> dict[str, Any]:
    """The sorted rows of every query, by its name."""
    return {name: sorted(rows(path, query), key=repr) for name, query in queries.items()}


TABLE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def rows(path: Path, query: str) -> list[tuple]:
    """What ``query`` gives; nothing when the file or the table is not there yet."""
    if not path.is_file():
        return []
    db = sqlite3.connect(path, timeout=60)
    try:
        return db.execute(query).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise
    finally:
        db.close()


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(path, content) of everything below ``folder``, hidden files too."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder.parent)), path.read_bytes()


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of the tables and files that are not the same."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
