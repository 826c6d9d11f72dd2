"""Publishing a report: the autograded notebook, then the gradebook. Doing it twice changes nothing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import nbformat
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy import Table, bindparam, func, insert, select, update

from autograder.course import Course
from autograder.files import write_atomically
from autograder.grading.compose import compose, written
from autograder.grading.errors import PublishError
from autograder.grading.flags import flags_of
from autograder.grading.handed_in import UnreadableFile, read_file
from autograder.grading.private import make_private_folder, mode_of_files, nbgrader_settings
from autograder.grading.regrade import Change, CheckChange
from autograder.grading.report import Report
from autograder.grading.submission import Submission


def _table(entry: Any) -> Table:
    return entry.__table__


# Tables rather than nbgrader's objects, which ask for every cell's name, points and type one by one.
STUDENTS, SUBMISSIONS, NOTEBOOKS = _table(Student), _table(SubmittedAssignment), _table(SubmittedNotebook)
GRADES, COMMENTS, CELLS = _table(Grade), _table(Comment), _table(BaseCell)
STAMP_BYTES = 1000  # of a file with a date in it
WRITING = ".writing-"  # begins the name of a file that is not complete


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
        self._config = nbgrader_settings(course.root)
        settings = CourseDirectory(config=self._config)
        self._gradebook = Gradebook(settings.db_url, settings.course_id)
        self._db = self._gradebook.db
        try:
            self._read_assignment(checks)
        except BaseException:
            self._gradebook.close()
            raise

    def _read_assignment(self, checks: list[str]) -> None:
        """What every submission has in common: the due date, and the cells that get a grade or a comment."""
        task = self._task
        try:
            assignment = self._gradebook.find_assignment(task)
            known = {cell.name for cell in self._gradebook.find_notebook(task, task).grade_cells}
        except MissingEntry:
            raise PublishError(
                f"The gradebook has no assignment {task}. Run: autograder release {task}"
            ) from None
        lacking = [name for name in checks if name not in known]
        if lacking:
            raise PublishError(
                f"The gradebook does not know the check {', '.join(lacking)} of {task}. Run: autograder release {task}"
            )
        self._assignment_id, self._due = assignment.id, assignment.duedate
        self._cells = {
            notebook.id: (
                [cell.id for cell in (*notebook.grade_cells, *notebook.task_cells)],
                [cell.id for cell in (*notebook.solution_cells, *notebook.task_cells)],
            )
            for notebook in assignment.notebooks
        }
        self._notebook_id = self._gradebook.find_notebook(task, task).id
        self._db.rollback()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._gradebook.close()

    def is_written(self, student: str) -> bool:
        """Whether the autograded notebook is there."""
        return (self._folder(student) / f"{self._task}.ipynb").is_file()

    def has_entry(self, student: str) -> bool:
        """Whether the student is in the gradebook with this task."""
        return self._entry_of(student) is not None

    def flags(self, submission: Submission) -> tuple[str, ...]:
        """What a person should look at, of the submission itself."""
        return flags_of(submission, self._assignment)

    def publish(self, submission: Submission, report: Report, flags: Sequence[str]) -> None:
        """Write the autograded notebook, with ``flags`` of the submission in it, and the points of every check."""
        self._write_notebook(submission, report, flags)
        points = {check.name: check.points for check in report.checks}
        with self._undone():
            self._record(submission.student, points)
            self._db.commit()

    def change(self, submission: Submission, report: Report) -> Change:
        """What `publish` would change for the student; nothing is written."""
        student = submission.student
        points = {check.name: check.points for check in report.checks}
        with self._undone():
            before, then = self._standing(student)
            self._record(student, points)
            self._db.flush()
            after, _ = self._standing(student)
        changed = [
            CheckChange(name, then.get(name), value)
            for name, value in points.items()
            if then.get(name) != value
        ]
        return Change(student, before, after or 0.0, tuple(changed))

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """What the block does not commit has never been."""
        try:
            yield
        finally:
            self._db.rollback()
            self._db.expunge_all()

    def _standing(self, student: str) -> tuple[float | None, dict[str, float]]:
        """The student's points in the gradebook, None when nothing is graded, and each check's own."""
        entry = self._entry_of(student)
        if entry is None:
            return None, {}
        one = (NOTEBOOKS.c.assignment_id == entry.id) & (NOTEBOOKS.c.notebook_id == self._notebook_id)
        own = func.coalesce(GRADES.c.manual_score, GRADES.c.auto_score)
        query = select(CELLS.c.name, GRADES.c.auto_score, own, GRADES.c.extra_credit)
        notebook = select(NOTEBOOKS.c.id).where(one).scalar_subquery()
        rows = self._db.execute(query.join(CELLS).where(GRADES.c.notebook_id == notebook)).all()
        penalty = self._db.execute(select(NOTEBOOKS.c.late_submission_penalty).where(one)).scalar() or 0.0
        if all(score is None for _, _, score, _ in rows):
            return None, {}
        score = sum((score or 0.0) + (extra or 0.0) for _, _, score, extra in rows)
        # As `nbgrader export` has it.
        return round(max(0.0, score - penalty), 2), {
            name: auto for name, auto, _, _ in rows if auto is not None
        }

    def _entry_of(self, student: str) -> Any:
        mine = (SUBMISSIONS.c.assignment_id == self._assignment_id) & (SUBMISSIONS.c.student_id == student)
        return self._db.execute(select(SUBMISSIONS).where(mine)).first()

    def _record(self, student: str, points: dict[str, float]) -> None:
        """Everything in one transaction, as `nbgrader autograde` would leave it."""
        db = self._db
        if db.execute(select(STUDENTS.c.id).where(STUDENTS.c.id == student)).first() is None:
            db.execute(insert(STUDENTS).values(id=student))
        entry = self._entry_of(student)
        stamp = self._timestamp(student)
        if entry is None:
            entry_id, late = self._new_entry(student, stamp), _is_late(stamp, self._due, None)
        else:
            entry_id, late = entry.id, _is_late(stamp or entry.timestamp, self._due, entry.extension)
            if stamp:
                db.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.id == entry_id).values(timestamp=stamp))
        one = (NOTEBOOKS.c.assignment_id == entry_id) & (NOTEBOOKS.c.notebook_id == self._notebook_id)
        notebook_id = db.execute(select(NOTEBOOKS.c.id).where(one)).scalar_one()
        columns = select(GRADES.c.id, CELLS.c.name, GRADES.c.auto_score, GRADES.c.manual_score)
        grades = db.execute(columns.join(CELLS).where(GRADES.c.notebook_id == notebook_id)).all()
        changed = []
        for grade in grades:
            auto = points.get(grade.name, grade.auto_score)
            # A teaching assistant's own score stays; it only asks to be looked at again.
            needed = grade.manual_score is not None or auto is None
            changed.append({"grade": grade.id, "auto_score": auto, "needs_manual_grade": needed})
        if changed:
            db.execute(update(GRADES).where(GRADES.c.id == bindparam("grade")), changed)
        db.execute(update(NOTEBOOKS).where(one).values(late_submission_penalty=None))
        if late:
            self._apply_late_penalty(student)

    def _new_entry(self, student: str, stamp: Any) -> str:
        """A submission with an empty grade and comment for every cell; its id."""
        db = self._db
        values = {"assignment_id": self._assignment_id, "student_id": student, "timestamp": stamp}
        entry_id = db.execute(insert(SUBMISSIONS).values(values)).inserted_primary_key[0]
        for master, (graded, commented) in self._cells.items():
            values = {"assignment_id": entry_id, "notebook_id": master}
            notebook_id = db.execute(insert(NOTEBOOKS).values(values)).inserted_primary_key[0]
            for table, cells in ((GRADES, graded), (COMMENTS, commented)):
                if cells:
                    db.execute(insert(table), [{"cell_id": c, "notebook_id": notebook_id} for c in cells])
        return entry_id

    def _apply_late_penalty(self, student: str) -> None:
        entry = self._gradebook.find_submission(self._task, student)
        notebook = self._gradebook.find_submission_notebook(self._task, self._task, student)
        step = AssignLatePenalties(config=self._config)
        step.init_plugin()
        penalty = step.plugin_inst.late_submission_penalty(student, notebook.score, entry.total_seconds_late)
        if penalty is not None:
            notebook.late_submission_penalty = step._check_late_penalty(notebook, penalty)

    def _folder(self, student: str) -> Path:
        return self._course.root / "autograded" / student / self._task

    def _timestamp(self, student: str) -> Any:
        try:
            return parse_utc(self._stamp(student).decode().strip())
        except (ValueError, ArithmeticError, TypeError):  # what parsers make of a student's own words
            return None

    def _stamp(self, student: str) -> bytes:
        """What `nbgrader collect` or the student wrote of the time; nothing when that is no short file."""
        try:
            return read_file([self._course.submitted / student, self._task, "timestamp.txt"], STAMP_BYTES)
        except (FileNotFoundError, UnreadableFile):
            return b""

    def _write_notebook(self, submission: Submission, report: Report, flags: Sequence[str]) -> None:
        folder = self._folder(submission.student)
        make_private_folder(self._course.root, folder)
        mode = mode_of_files(self._course.root)
        notebook = compose(submission, self._assignment, report, flags)
        with _alone_in(folder):
            for left in folder.glob(f"{WRITING}*"):  # by a grader that was killed
                left.unlink()
            write_atomically(folder / f"{self._task}.ipynb", written(notebook), mode, prefix=WRITING)
            for name, content in submission.files.items():
                write_atomically(folder / name, content, mode, prefix=WRITING)
            if stamp := self._stamp(submission.student):
                write_atomically(folder / "timestamp.txt", stamp, mode, prefix=WRITING)


def _is_late(stamp: Any, due: Any, extension: Any) -> bool:
    return stamp is not None and due is not None and stamp > (due + extension if extension else due)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Another grader that wants to write into ``folder`` waits."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
