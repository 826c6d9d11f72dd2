"""`nbgrader export` with what deadlines make of every submission, and its flags: nbgrader's columns, then ours.

Used by `nbgrader_config.py`. Penalties are worked out anew first, since a mark by hand may have changed them.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins.export import CsvExportPlugin

from autograder.course import Course, load_course
from autograder.grading.journal import Journal
from autograder.grading.settling import settle_class
from autograder.reports.csv_cell import csv_cell

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score", "late", "late_days", "flags",
)  # fmt: skip


class CsvWithDeadlines(CsvExportPlugin):
    """A row for every student and assignment; late work says how late, and how many late days it was given."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the file that `--to` names, or grades.csv."""
        course = load_course(Path(self.config.CourseDirectory.root or ".").resolve())
        lates, flags = settle_class(course).lates, _flags(course)
        gradebook.db.expire_all()
        wanted, students = set(map(str, self.assignment)), set(map(str, self.student))
        to = self.to or "grades.csv"
        self.log.info("Exporting grades to %s", to)
        with open(to, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if (wanted and assignment.name not in wanted) or (
                        students and student.id not in students
                    ):
                        continue
                    late = lates.get((assignment.name, student.id))
                    row = _row(gradebook, assignment, student)
                    row |= {"late": late.words, "late_days": late.settled.days} if late else {}
                    noted = (*flags.get((assignment.name, student.id), ()), *(late.flags if late else ()))
                    row["flags"] = "; ".join(dict.fromkeys(noted))
                    writer.writerow([csv_cell(row.get(name)) for name in COLUMNS])


def _flags(course: Course) -> dict[tuple[str, str], tuple[str, ...]]:
    """By (task, student), what a person should look at in what is published."""
    with Journal(course.root / "journal.db") as journal:
        return {
            (task, student): (*flags, *report.flags)
            for task in course.tasks
            for student, report, flags in journal.grades(task)
        }


def _row(gradebook: Gradebook, assignment: Any, student: Any) -> dict[str, Any]:
    """What nbgrader's own export says."""
    row = {
        "assignment": assignment.name, "duedate": assignment.duedate, "student_id": student.id,
        "last_name": student.last_name, "first_name": student.first_name, "email": student.email,
        "max_score": assignment.max_score, "raw_score": 0.0, "late_submission_penalty": 0.0, "score": 0.0,
    }  # fmt: skip
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return row
    penalty = submission.late_submission_penalty
    return row | {
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - penalty),
    }
