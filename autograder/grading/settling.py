"""The deadlines and the gradebook: what is known of every submission, and the penalties that follow, written there.

Penalties are worked out anew whenever grades are made, shown or exported: an extension, a mark by hand or another
task's late days change them without a new evaluation. Nothing here is believed of a student but the timestamp.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Grade, Gradebook, Notebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import Table, and_, case, func, select, update
from traitlets.config import Config

from autograder.course import Course
from autograder.files import write_atomically
from autograder.grading.deadlines import NOTHING, LatePolicy, Settled, Work, settle
from autograder.grading.extensions import read_extensions
from autograder.grading.handed_in import UnreadableFile, read_file
from autograder.grading.journal import Journal
from autograder.grading.lateness import Late, shown, stamp_flags
from autograder.grading.private import mode_of_files, nbgrader_settings
from autograder.grading.regrade import Change
from autograder.grading.submission import students_of
from autograder.grading.timestamps import Stamp, decoded, read_stamp

STAMP = "timestamp.txt"
STAMP_BYTES = 1000  # of a file with a date in it
NOTE = "deadline"  # marks the cell of an autograded notebook that speaks of the deadline
SQLITE = "sqlite:///"
SAME = 1e-9  # of points in a database


def _table(entry: Any) -> Table:
    return entry.__table__


ASSIGNMENTS, MASTERS, GRADES = _table(Assignment), _table(Notebook), _table(Grade)
SUBMISSIONS, NOTEBOOKS = _table(SubmittedAssignment), _table(SubmittedNotebook)
OWN = case((GRADES.c.manual_score.isnot(None), GRADES.c.manual_score), else_=GRADES.c.auto_score)
# As nbgrader counts: extra credit only on what has a score.
SCORE = case((OWN.isnot(None), OWN + func.coalesce(GRADES.c.extra_credit, 0.0)), else_=0.0)


@dataclass(frozen=True)
class Entry:
    """One submission in the gradebook.

    Attributes:
        id: of the submission.
        notebook: id of its notebook.
        timestamp: when it was handed in, UTC without a zone, as nbgrader has it.
        extension: nbgrader's own.
        penalty: points taken off.
        score: points without penalty; None when nothing is graded.
    """

    task: str
    id: str
    notebook: str
    timestamp: datetime | None
    extension: timedelta | None
    penalty: float
    score: float | None

    @property
    def grade(self) -> float | None:
        """Points in the gradebook, as `nbgrader export` has them; None when nothing is graded."""
        return None if self.score is None else round(max(0.0, self.score - self.penalty), 2)


@dataclass(frozen=True)
class Standing:
    """How one student stands.

    Attributes:
        entries: what the gradebook has, by task in the order of the course.
        lates: what the deadlines make of it, by task.
    """

    student: str
    entries: dict[str, Entry]
    lates: dict[str, Late]

    def agrees(self, task: str) -> bool:
        """Whether the gradebook has the penalty and the timestamp of a task already."""
        entry, late = self.entries[task], self.lates[task]
        same = abs(entry.penalty - late.penalty) <= SAME
        return same and entry.timestamp == _naive(late.settled.work.handed_in)

    def changes(self, before: Mapping[str, Entry]) -> list[Change]:
        """What this changes, task by task, for somebody who stood as ``before`` says."""
        return [
            Change(
                self.student,
                before[task].grade if task in before else None,
                late.grade,
                (),
                task,
                before[task].penalty if task in before else 0.0,
                late.penalty,
            )
            for task, late in self.lates.items()
        ]


class Deadlines:
    """Works out and writes what deadlines make of a student's submissions.

    Args:
        journal: remembers what students were told, and which due dates came from `course.toml`.
        task: only this task is looked at, unless a student's late days join all of them; all when "".
        now: the moment after which a timestamp is in the future.

    Raises:
        CourseError: `extensions.csv` has mistakes.
    """

    def __init__(
        self,
        course: Course,
        gradebook: Gradebook,
        config: Config,
        journal: Journal,
        task: str = "",
        now: datetime | None = None,
    ) -> None:
        self._course, self._config, self._journal = course, config, journal
        self._db = gradebook.db
        self._now = now or datetime.now(UTC)
        self.extensions = read_extensions(course)
        self._policy = course.late or LatePolicy()
        self._tasks = [task] if task and not self._policy.late_days else list(course.tasks)
        assignments = [one for one in gradebook.assignments if one.name in course.tasks]
        self._stored = {one.name: one.duedate for one in assignments}
        self._maxima = {
            one.name: master.max_score
            for one in assignments
            for master in one.notebooks
            if master.name == one.name
        }
        self._due = {task: self._due_of(task) for task in self._stored}
        self._released = {task: self._released_of(task) for task in self._stored}

    # ---- Dates of the tasks ----

    def _due_of(self, task: str) -> datetime | None:
        """The course's date, or else one that a person gave to nbgrader."""
        mine, stored = self._course.tasks[task].due, self._stored[task]
        if mine is not None or stored is None:
            return mine
        return None if self._journal.due_date(task) == stored.isoformat() else stored.replace(tzinfo=UTC)

    def _released_of(self, task: str) -> datetime | None:
        row, due = self._course.tasks[task], self._due[task]
        if row.release is not None:
            return row.release
        first = self._journal.first_release(task)
        # Released after it was due: another machine's release, made to grade there.
        return first if first is not None and due is not None and first < due else None

    @property
    def joins_tasks(self) -> bool:
        """Whether what a student does in one task changes what another one costs."""
        return self._policy.late_days > 0

    def prepare(self) -> list[str]:
        """Write the due dates into the gradebook; what a person should know of them and of extensions, a line each."""
        notes = self.write_due_dates()
        if self.extensions.lines:
            known = set(self.students())
            for task in self._course.tasks:
                known.update(students_of(self._course.submitted, task))
            notes += self.extensions.strangers(known)
        return notes

    def write_due_dates(self) -> list[str]:
        """Write the due dates of the course into the gradebook; a line for each that replaces a person's."""
        replaced, zone = [], self._course.timezone
        for task, due in self._due.items():
            stored, ours, before = self._stored[task], _naive(due), self._journal.due_date(task)
            said = ours.isoformat() if ours is not None and self._course.tasks[task].due is not None else None
            by_hand = stored is not None and before is not None and stored.isoformat() != before
            if due is not None and stored is not None and by_hand and stored != ours:
                own = shown(stored.replace(tzinfo=UTC), zone)
                replaced.append(
                    f"{task}: the gradebook said due {own}; course.toml says {shown(due, zone)}, and that counts"
                )
            if before != said:
                self._journal.remember_due_date(task, said)
            if stored != ours:
                self._db.execute(update(ASSIGNMENTS).where(ASSIGNMENTS.c.name == task).values(duedate=ours))
                self._db.commit()
                self._stored[task] = ours
        return replaced

    # ---- One student ----

    def look(self, student: str, stamps: Mapping[str, str] | None = None) -> Standing:
        """What the gradebook has of a student now, and what the deadlines make of it.

        Args:
            stamps: by task, what `timestamp.txt` says of a submission that is about to be published.
        """
        entries = self.entries(student)
        works, flags = [], []
        for entry in entries.values():
            if entry.score is not None:
                work, odd = self._work(student, entry, (stamps or {}).get(entry.task))
                works.append(work)
                flags.append(odd)
        settled = settle(self._policy, works)
        if self._course.late is None:
            settled = [self._by_plugin(student, one) for one in settled]
        lates = [Late(one, self._due[one.work.task], odd) for one, odd in zip(settled, flags, strict=True)]
        return Standing(student, entries, {late.settled.work.task: late for late in lates})

    def entries(self, student: str) -> dict[str, Entry]:
        """What the gradebook has of a student, by task in the order of the course."""
        query = (
            select(
                ASSIGNMENTS.c.name, SUBMISSIONS.c.id, NOTEBOOKS.c.id, SUBMISSIONS.c.timestamp,
                SUBMISSIONS.c.extension, NOTEBOOKS.c.late_submission_penalty, func.sum(SCORE), func.count(OWN),
            )
            .select_from(SUBMISSIONS)
            .join(ASSIGNMENTS, ASSIGNMENTS.c.id == SUBMISSIONS.c.assignment_id)
            .join(NOTEBOOKS, NOTEBOOKS.c.assignment_id == SUBMISSIONS.c.id)
            .join(MASTERS, and_(MASTERS.c.id == NOTEBOOKS.c.notebook_id, MASTERS.c.name == ASSIGNMENTS.c.name))
            .join(GRADES, GRADES.c.notebook_id == NOTEBOOKS.c.id)
            .where(SUBMISSIONS.c.student_id == student, ASSIGNMENTS.c.name.in_(self._tasks))
            .group_by(NOTEBOOKS.c.id)
        )  # fmt: skip
        found = {
            name: Entry(
                name, entry, notebook, timestamp, extension, penalty or 0.0, score if graded else None
            )
            for name, entry, notebook, timestamp, extension, penalty, score, graded in self._db.execute(query)
        }
        return {task: found[task] for task in self._tasks if task in found}

    def _work(self, student: str, entry: Entry, text: str | None) -> tuple[Work, tuple[str, ...]]:
        task = entry.task
        published, since = self._published_stamp(student, task)
        if text is None:
            text = published
        elif text != published:
            since = self._now
        if text is None:
            stamp = Stamp(entry.timestamp.replace(tzinfo=UTC) if entry.timestamp else None)
        else:
            stamp = read_stamp(text, self._course.timezone)
        due = self._due[task]
        if due is not None:
            due = max(due, due + (entry.extension or NOTHING), self.extensions.of(student, task) or due)
        flags = stamp_flags(stamp, self._released[task], since, self._course.timezone)
        return Work(task, due, stamp.at, entry.score or 0.0, self._maxima[task]), flags

    def published_text(self, student: str, task: str) -> str:
        """What `timestamp.txt` says beside the autograded notebook; "" without one."""
        return self._published_stamp(student, task)[0] or ""

    def _published_stamp(self, student: str, task: str) -> tuple[str | None, datetime]:
        """What the published submission's timestamp says, None without one, and since when it was there."""
        path = self._course.root / "autograded" / student / task / STAMP
        try:
            since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            return decoded(read_file([path.parent, STAMP], STAMP_BYTES)), since
        except (FileNotFoundError, NotADirectoryError):
            return None, self._now
        except UnreadableFile:
            return "", self._now

    def _by_plugin(self, student: str, settled: Settled) -> Settled:
        """Without a policy of the course nbgrader's own plugin says what being late costs."""
        if not settled.is_late:
            return settled
        step = AssignLatePenalties(config=self._config)
        step.init_plugin()
        score, late = settled.work.score, settled.late.total_seconds()
        penalty = step.plugin_inst.late_submission_penalty(student, score, late) or 0.0
        return replace(settled, penalty=min(max(float(penalty), 0.0), score))

    # ---- Writing ----

    def is_written(self, standing: Standing) -> bool:
        """Whether gradebook and notebooks say just that."""
        notes = self._journal.notes(standing.student)
        return all(
            standing.agrees(task) and notes.get(task, "") == late.note(self._course)
            for task, late in standing.lates.items()
        )

    def record(self, standing: Standing) -> None:
        """Write penalties and timestamps into the gradebook; the caller commits."""
        for task, late in standing.lates.items():
            if not standing.agrees(task):
                entry, handed_in = standing.entries[task], _naive(late.settled.work.handed_in)
                penalty = update(NOTEBOOKS).where(NOTEBOOKS.c.id == entry.notebook)
                self._db.execute(penalty.values(late_submission_penalty=late.penalty or None))
                stamp = update(SUBMISSIONS).where(SUBMISSIONS.c.id == entry.id)
                self._db.execute(stamp.values(timestamp=handed_in))

    def tell(self, standing: Standing, *, but: str = "") -> None:
        """Have every autograded notebook say what its deadline made of it, ``but`` for the one of that task."""
        notes = self._journal.notes(standing.student)
        for task, late in standing.lates.items():
            note = late.note(self._course)
            if task != but and notes.get(task, "") != note:
                path = self._course.root / "autograded" / standing.student / task / f"{task}.ipynb"
                with contextlib.suppress(FileNotFoundError):
                    content = json.loads(path.read_bytes())
                    set_note(content["cells"], note)
                    text = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
                    write_atomically(path, text, mode_of_files(self._course.root))
                self.told(standing.student, task, note)

    def told(self, student: str, task: str, note: str) -> None:
        """Remember what a notebook says of its deadline."""
        self._journal.note(task, student, note)

    def settle(self, student: str, stamps: Mapping[str, str] | None = None) -> tuple[Standing, list[Change]]:
        """Bring gradebook and notebooks of a student up to date; how they stand, and what has moved.

        Args:
            stamps: as for `look`.
        """
        standing = self.look(student, stamps)
        if self.is_written(standing):
            return standing, []
        self.tell(standing)
        self.record(standing)
        self._db.commit()
        return standing, [change for change in standing.changes(standing.entries) if change.moves]

    def students(self) -> list[str]:
        """Everybody in the gradebook who has handed in something."""
        query = select(SUBMISSIONS.c.student_id).distinct().order_by(SUBMISSIONS.c.student_id)
        return list(self._db.execute(query).scalars())


@dataclass(frozen=True)
class Class:
    """What deadlines make of everybody.

    Attributes:
        lates: by (task, student).
        changes: whose published points have moved.
        notes: what a person should know of due dates and extensions, a line each.
    """

    lates: dict[tuple[str, str], Late]
    changes: list[Change]
    notes: list[str]


@contextlib.contextmanager
def deadlines_of(course: Course) -> Iterator[Deadlines | None]:
    """The deadlines of a course with its gradebook open; None when there is no gradebook yet.

    Raises:
        CourseError: `extensions.csv` has mistakes.
    """
    config = nbgrader_settings(course.root)
    settings = CourseDirectory(config=config)
    if settings.db_url.startswith(SQLITE) and not Path(settings.db_url.removeprefix(SQLITE)).is_file():
        yield None  # opening it would make an empty one
        return
    with (
        Gradebook(settings.db_url, settings.course_id) as gradebook,
        Journal(course.root / "journal.db") as journal,
    ):
        yield Deadlines(course, gradebook, config, journal)


def settle_class(course: Course) -> Class:
    """Bring due dates and penalties of the whole course up to date in the gradebook.

    Raises:
        CourseError: `extensions.csv` has mistakes.
    """
    lates: dict[tuple[str, str], Late] = {}
    moved: list[Change] = []
    notes: list[str] = []
    with deadlines_of(course) as deadlines:
        if deadlines is not None:
            notes = deadlines.prepare()
            for student in deadlines.students():
                standing, changes = deadlines.settle(student)
                moved += changes
                lates |= {(task, student): late for task, late in standing.lates.items()}
    return Class(lates, moved, notes)


def set_note(cells: list[Any], note: str) -> None:
    """Have a notebook say ``note`` below its summary, and nothing else about its deadline."""
    cells[:] = [cell for cell in cells if cell["metadata"].get("autograder") != NOTE]
    if note:
        cell = {"cell_type": "markdown", "id": NOTE, "metadata": {"autograder": NOTE}, "source": note}
        cells.insert(min(1, len(cells)), cell)


def _naive(moment: datetime | None) -> datetime | None:
    """A moment as nbgrader has it: UTC, without saying so."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
