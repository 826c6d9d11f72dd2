"""Grades as files: nbgrader's own export, and one line for every student and check from the journal."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.course import Course
from autograder.grading.journal import Journal
from autograder.grading.lateness import Late
from autograder.grading.students import present
from autograder.reports.csv_cell import csv_cell

COLUMNS = (
    "task", "student", "check", "points", "max_points", "status", "message", "flags", "late", "late_penalty",
)  # fmt: skip


class ExportError(Exception):
    """nbgrader could not export; the message is what it said."""


def export_gradebook(course: Course, path: Path) -> None:
    """`nbgrader export` to ``path``: a row for every student and assignment, manual scores and penalties included."""
    done = run_nbgrader(course, ["export", f"--CsvExportPlugin.to={path}", "--to", str(path)])
    if done.returncode:
        raise ExportError(done.stderr.strip() or done.stdout.strip())


def export_checks(
    course: Course, tasks: Sequence[str], path: Path, lates: Mapping[tuple[str, str], Late]
) -> int:
    """A CSV row for every published check of ``tasks``; the number of rows.

    Args:
        lates: what deadlines make of a submission, by (task, student): in every row of it.
    """
    count, counts = 0, present(course)
    with (
        Journal(course.root / "journal.db") as journal,
        open(path, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for task in tasks:
            for student, report, flags in journal.grades(task):
                if not counts(task, student):
                    continue
                late = lates.get((task, student))
                noted = "; ".join(dict.fromkeys((*flags, *report.flags, *(late.flags if late else ()))))
                for check in report.checks:
                    row = [
                        task,
                        student,
                        check.name,
                        check.points,
                        check.max_points,
                        check.status,
                        check.message,
                        noted,
                        late.words if late else "",
                        late.penalty if late else 0.0,
                    ]
                    writer.writerow([csv_cell(value) for value in row])
                    count += 1
    return count


def run_nbgrader(course: Course, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run nbgrader's own command in the course folder."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
