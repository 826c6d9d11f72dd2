"""Publishing a report: the autograded notebook, then the gradebook. Doing it twice changes nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any, Self

import nbformat
from nbformat.v4 import nbjson
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning
from traitlets.config import Config, PyFileConfigLoader

from autograder.course import Course
from autograder.grading.compose import compose
from autograder.grading.errors import PublishError
from autograder.grading.report import Report
from autograder.grading.submission import Submission, UnreadableFile, read_file

# nbgrader adds entries in an order that newer SQLAlchemy versions remark on; the result is the same.
warnings.filterwarnings("ignore", category=SAWarning)


class Publisher:
    """Writes the reports of one task; a context manager.

    Raises:
        PublishError: the assignment is not in the gradebook, or lacks a check.
    """

    def __init__(self, course: Course, task: str, checks: list[str]) -> None:
        self._course, self._task = course, task
        source = course.root / "source" / task / f"{task}.ipynb"
        if not source.is_file():
            raise PublishError(f"{source} does not exist. Run: autograder release {task}")
        self._assignment = nbformat.read(source, as_version=4)
        self._config = _nbgrader_settings(course.root)
        settings = CourseDirectory(config=self._config)
        self._gradebook = Gradebook(settings.db_url, settings.course_id)
        try:
            known = {cell.name for cell in self._gradebook.find_notebook(task, task).grade_cells}
        except MissingEntry:
            self._gradebook.close()
            raise PublishError(
                f"The gradebook has no assignment {task}. Run: autograder release {task}"
            ) from None
        lacking = [name for name in checks if name not in known]
        if lacking:
            self._gradebook.close()
            raise PublishError(
                f"The gradebook does not know the check {', '.join(lacking)} of {task}. Run: autograder release {task}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._gradebook.close()

    def is_written(self, student: str) -> bool:
        """Whether the autograded notebook is there."""
        return (self._folder(student) / f"{self._task}.ipynb").is_file()

    def publish(self, submission: Submission, report: Report) -> None:
        """Write the autograded notebook and the points of every check."""
        student = submission.student
        self._write_notebook(submission, report)
        book = self._gradebook
        book.update_or_create_student(student)
        timestamp = self._timestamp(student)
        entry = book.update_or_create_submission(
            self._task, student, **({"timestamp": timestamp} if timestamp else {})
        )
        notebook = book.find_submission_notebook(self._task, self._task, student)
        points = {check.name: check.points for check in report.checks}
        for grade in notebook.grades:
            if grade.name in points:
                grade.auto_score = points[grade.name]
            # A teaching assistant's own score stays; it only asks to be looked at again.
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        book.db.commit()
        self._apply_late_penalty(entry, notebook, student)

    def _apply_late_penalty(self, entry: Any, notebook: Any, student: str) -> None:
        notebook.late_submission_penalty = None
        if entry.total_seconds_late > 0:
            step = AssignLatePenalties(config=self._config)
            step.init_plugin()
            penalty = step.plugin_inst.late_submission_penalty(
                student, notebook.score, entry.total_seconds_late
            )
            if penalty is not None:
                notebook.late_submission_penalty = step._check_late_penalty(notebook, penalty)
        self._gradebook.db.commit()

    def _folder(self, student: str) -> Path:
        return self._course.root / "autograded" / student / self._task

    def _timestamp(self, student: str) -> Any:
        parts: list[str | Path] = [self._course.submitted / student, self._task, "timestamp.txt"]
        try:
            return parse_utc(read_file(parts, 1000).decode().strip())
        except (OSError, UnreadableFile, ValueError, OverflowError):
            return None

    def _write_notebook(self, submission: Submission, report: Report) -> None:
        folder = self._folder(submission.student)
        folder.mkdir(parents=True, exist_ok=True)
        notebook = compose(submission, self._assignment, report)
        write_atomically(folder / f"{self._task}.ipynb", nbjson.writes(notebook).encode("utf-8", "replace"))
        for name, content in submission.files.items():
            write_atomically(folder / name, content)
        stamp = self._course.submitted / submission.student / self._task / "timestamp.txt"
        if stamp.is_file() and not stamp.is_symlink():
            shutil.copyfile(stamp, folder / "timestamp.txt")


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``path`` so that a reader, or a restart, finds the old content or the new, never half."""
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _nbgrader_settings(root: Path) -> Config:
    """The course's `nbgrader_config.py`, for the settings that are nbgrader's: gradebook, penalties."""
    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    return config
