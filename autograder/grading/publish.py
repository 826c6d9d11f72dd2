"""Publishing a report: the autograded notebook, then the gradebook. Doing it twice changes nothing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import nbformat
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Table, bindparam, insert, select, update

from autograder.checks import Check
from autograder.course import Course
from autograder.files import write_atomically
from autograder.grading.compose import compose, written
from autograder.grading.flags import flags_of, masters_of
from autograder.grading.handed_in import UnreadableFile, read_file
from autograder.grading.journal import Journal
from autograder.grading.lateness import Late
from autograder.grading.private import make_private_folder, mode_of_files, nbgrader_settings
from autograder.grading.regrade import Change, CheckChange
from autograder.grading.released import require_gradebook, require_source
from autograder.grading.report import Report
from autograder.grading.secret import course_secret, submission_seed
from autograder.grading.settling import STAMP, STAMP_BYTES, Deadlines, set_note
from autograder.grading.submission import Submission
from autograder.grading.timestamps import decoded


def _table(entry: Any) -> Table:
    return entry.__table__


# Tables rather than nbgrader's objects, which ask for every cell's name, points and type one by one.
STUDENTS, SUBMISSIONS, NOTEBOOKS = _table(Student), _table(SubmittedAssignment), _table(SubmittedNotebook)
GRADES, COMMENTS, CELLS = _table(Grade), _table(Comment), _table(BaseCell)
WRITING = ".writing-"  # begins the name of a file that is not complete
SECRET = "submission_secret.txt"  # what `nbgrader release_feedback` finds the student's page by


class Publisher:
    """Writes the reports of one task; a context manager.

    Attributes:
        deadlines: of the course, as the gradebook has them.

    Raises:
        PublishError: the assignment is not in the gradebook, or was released before its checks were changed.
        CourseError: `extensions.csv` has mistakes.
    """

    def __init__(self, course: Course, task: str, checks: Mapping[str, Check]) -> None:
        self._course, self._task = course, task
        source = require_source(course, task, checks)
        self._assignment = nbformat.read(source, as_version=4)
        self._masters = masters_of(self._assignment)
        self._flagged: tuple[Submission, tuple[str, ...]] | None = None
        config = nbgrader_settings(course.root)
        settings = CourseDirectory(config=config)
        self._gradebook = Gradebook(settings.db_url, settings.course_id)
        self._db = self._gradebook.db
        self._journal = Journal(course.root / "journal.db")
        try:
            self._read_assignment(checks)
            self.deadlines = Deadlines(course, self._gradebook, config, self._journal, task)
        except BaseException:
            self.__exit__()
            raise

    def _read_assignment(self, checks: Mapping[str, Check]) -> None:
        """What every submission has in common: the cells that get a grade or a comment."""
        assignment, own = require_gradebook(self._gradebook, self._task, checks)
        self._assignment_id, self._notebook_id = assignment.id, own.id
        self._cells = {
            notebook.id: (
                [cell.id for cell in (*notebook.grade_cells, *notebook.task_cells)],
                [cell.id for cell in (*notebook.solution_cells, *notebook.task_cells)],
            )
            for notebook in assignment.notebooks
        }
        self._db.rollback()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._gradebook.close()
        self._journal.__exit__()

    def has_entry(self, student: str) -> bool:
        """Whether the student is in the gradebook with this task."""
        return self._entry_of(student) is not None

    def published(self, student: str) -> Late | None:
        """What the deadline made of the student's work, when all that is published of it still holds; else None."""
        folder, beside = self._folder(student), self._beside(student)
        if not (folder / f"{self._task}.ipynb").is_file() or any(
            _content(folder / name) != content for name, content in beside.items()
        ):
            return None
        standing = self.deadlines.look(student, {self._task: beside[STAMP].decode()})
        return standing.lates.get(self._task) if self.deadlines.is_written(standing) else None

    def flags(self, submission: Submission) -> tuple[str, ...]:
        """What a person should look at, of the submission itself."""
        if self._flagged is None or self._flagged[0] is not submission:
            self._flagged = submission, flags_of(submission, self._masters)
        return self._flagged[1]

    def students(self) -> list[str]:
        """The ids in the gradebook."""
        found = [row[0] for row in self._db.execute(select(STUDENTS.c.id))]
        self._db.rollback()
        return found

    def publish(self, submission: Submission, report: Report) -> Late:
        """Write the autograded notebook, with the flags of the submission in it, and the points of every check.

        Where late days join the tasks, penalties of the student's other tasks too.
        """
        student, beside = submission.student, self._beside(submission.student)
        with self._undone():
            self._record(student, {check.name: check.points for check in report.checks})
            standing = self.deadlines.look(student, {self._task: beside[STAMP].decode()})
            late = standing.lates[self._task]
            self.deadlines.record(standing)
            note = late.note(self._course)
            self._write_notebook(submission, report, self.flags(submission), note, beside)
            self.deadlines.tell(standing, but=self._task)
            self._db.commit()
        self.deadlines.told(student, self._task, note)
        return late

    def changes(self, submission: Submission, report: Report) -> tuple[Late, Change, list[Change]]:
        """What `publish` would make of the deadline, change in this task, and change in others; nothing is written."""
        student = submission.student
        points = {check.name: check.points for check in report.checks}
        with self._undone():
            before, then = self.deadlines.entries(student), self._points(student)
            self._record(student, points)
            standing = self.deadlines.look(student, {self._task: self._beside(student)[STAMP].decode()})
        changed = [
            CheckChange(name, then.get(name), value)
            for name, value in points.items()
            if then.get(name) != value
        ]
        own, others = None, []
        for change in standing.changes(before):
            if change.task == self._task:
                own = replace(change, checks=tuple(changed))
            elif change.moves:
                others.append(change)
        assert own is not None  # it was recorded
        return standing.lates[self._task], own, others

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """What the block does not commit has never been."""
        try:
            yield
        finally:
            self._db.rollback()
            self._db.expunge_all()

    def _points(self, student: str) -> dict[str, float]:
        """The points of each check that the gradebook has of the student."""
        entry = self._entry_of(student)
        if entry is None:
            return {}
        one = (NOTEBOOKS.c.assignment_id == entry.id) & (NOTEBOOKS.c.notebook_id == self._notebook_id)
        notebook = select(NOTEBOOKS.c.id).where(one).scalar_subquery()
        query = select(CELLS.c.name, GRADES.c.auto_score).select_from(GRADES).join(CELLS)
        rows = self._db.execute(query.where(GRADES.c.notebook_id == notebook)).all()
        return {name: auto for name, auto in rows if auto is not None}

    def _entry_of(self, student: str) -> Any:
        mine = (SUBMISSIONS.c.assignment_id == self._assignment_id) & (SUBMISSIONS.c.student_id == student)
        return self._db.execute(select(SUBMISSIONS).where(mine)).first()

    def _record(self, student: str, points: dict[str, float]) -> None:
        """The points of every check, as `nbgrader autograde` would leave them; the caller commits."""
        db = self._db
        if db.execute(select(STUDENTS.c.id).where(STUDENTS.c.id == student)).first() is None:
            db.execute(insert(STUDENTS).values(id=student))
        entry = self._entry_of(student)
        entry_id = self._new_entry(student) if entry is None else entry.id
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

    def _new_entry(self, student: str) -> str:
        """A submission with an empty grade and comment for every cell; its id."""
        db = self._db
        values = {"assignment_id": self._assignment_id, "student_id": student}
        entry_id = db.execute(insert(SUBMISSIONS).values(values)).inserted_primary_key[0]
        for master, (graded, commented) in self._cells.items():
            values = {"assignment_id": entry_id, "notebook_id": master}
            notebook_id = db.execute(insert(NOTEBOOKS).values(values)).inserted_primary_key[0]
            for table, cells in ((GRADES, graded), (COMMENTS, commented)):
                if cells:
                    db.execute(insert(table), [{"cell_id": c, "notebook_id": notebook_id} for c in cells])
        return entry_id

    def _folder(self, student: str) -> Path:
        return self._course.root / "autograded" / student / self._task

    def _beside(self, student: str) -> dict[str, bytes]:
        """What nbgrader needs beside the notebook, by file name: when it was handed in, and the page's secret.

        Both are there in any case, as text: `nbgrader release_feedback` gives up the whole class over one that is not.
        """
        secret = self._handed_in(student, SECRET)
        if not secret.strip() or b"\0" in secret:
            own = course_secret(self._course.root, self._course.seed_source)
            secret = submission_seed(own, self._task, f"feedback of {student}").hex().encode()
        return {STAMP: self._handed_in(student, STAMP), SECRET: secret}

    def _handed_in(self, student: str, name: str) -> bytes:
        """A short file beside the submitted notebook as UTF-8; nothing when there is no such file."""
        try:
            content = read_file([self._course.submitted / student, self._task, name], STAMP_BYTES)
        except (FileNotFoundError, UnreadableFile):
            return b""
        return decoded(content).encode("utf-8", "replace")

    def _write_notebook(
        self,
        submission: Submission,
        report: Report,
        flags: Sequence[str],
        note: str,
        beside: Mapping[str, bytes],
    ) -> None:
        folder = self._folder(submission.student)
        make_private_folder(self._course.root, folder)
        mode = mode_of_files(self._course.root)
        notebook = compose(submission, self._assignment, report, flags)
        set_note(notebook.cells, note)
        with _alone_in(folder):
            for left in folder.glob(f"{WRITING}*"):  # by a grader that was killed
                left.unlink()
            write_atomically(folder / f"{self._task}.ipynb", written(notebook), mode, prefix=WRITING)
            for name, content in submission.files.items():
                write_atomically(folder / name, content, mode, prefix=WRITING)
            for name, content in beside.items():
                if (
                    _content(folder / name) != content
                ):  # since when a timestamp is there is told by the file's age
                    write_atomically(folder / name, content, mode, prefix=WRITING)


def _content(path: Path) -> bytes | None:
    """What is in a file; None when there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Another grader that wants to write into ``folder`` waits."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
