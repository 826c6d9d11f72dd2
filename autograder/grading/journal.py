"""The journal: every evaluation is on disk before anything is published.

SQLite with `synchronous=FULL`. An evaluation is keyed by everything that can change its result; a publication says
which evaluation a student's grade came from. Killed anywhere, the next run goes on from here. With an evaluation goes
what each check was made of, so that after a change only the changed ones are run again, see `regrade`. With a
publication go the flags of the student's submission, which are no part of an evaluation: equal notebooks under two names
are evaluated once.

The file carries a version. An older journal is brought up to date when it is opened; its grades are still shown and
compared with new ones, but nothing of it is taken for a new evaluation.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from autograder.grading.report import Report

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS evaluations (
    key TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    submission TEXT NOT NULL,
    seed TEXT NOT NULL,
    evaluated_at REAL NOT NULL,
    report TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS parts (
    key TEXT PRIMARY KEY,
    base TEXT NOT NULL,
    checks TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS parts_by_base ON parts (base);
CREATE TABLE IF NOT EXISTS publications (
    task TEXT NOT NULL,
    student TEXT NOT NULL,
    key TEXT NOT NULL,
    published_at REAL NOT NULL,
    flags TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (task, student)
);
"""
# By version, what brings the journal of the version before up to it.
MIGRATIONS = {1: "ALTER TABLE publications ADD COLUMN flags TEXT NOT NULL DEFAULT '[]'"}
# What is told of deadlines, where the gradebook's dates come from, and what tells whose code is whose; added to a journal
# that lacks it.
BESIDE = """
CREATE TABLE IF NOT EXISTS codes (
    task TEXT NOT NULL,
    student TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (task, student)
);
CREATE TABLE IF NOT EXISTS deadline_notes (
    student TEXT NOT NULL,
    task TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (student, task)
);
CREATE TABLE IF NOT EXISTS task_dates (
    task TEXT PRIMARY KEY,
    due TEXT,
    released_at REAL
);
"""
BUSY_MS = 60_000  # another grader's transaction takes milliseconds


class JournalError(Exception):
    """The journal cannot be used; the message names the file and what to do."""


@dataclass(frozen=True)
class Key:
    """What an evaluation depends on.

    Attributes:
        submission: hash of the submission.
        assignment: hash of reference, checks, limits and words.
        data: id of the data set.
        seed: the submission's seed, hex.
        walls: graded in a full sandbox.
        judging: the part of ``assignment`` that has a say in every check.
        checks: the part that is each check's own, by its name.
    """

    task: str
    submission: str
    assignment: str
    data: str
    seed: str
    walls: bool
    judging: str
    checks: dict[str, str] = field(hash=False)

    @property
    def text(self) -> str:
        """The key as one hash."""
        return self._hash(self.assignment)

    @property
    def base(self) -> str:
        """What two evaluations have in common whose equal checks have equal results."""
        return self._hash(self.judging)

    def _hash(self, assignment: str) -> str:
        # With the version: what an older grader has found is no evaluation by this one.
        parts = (str(VERSION), self.task, self.submission, assignment, self.data, self.seed, str(self.walls))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Publication:
    """What was published for one student.

    Attributes:
        key: the key text of the evaluation.
        flags: those of the submission.
    """

    key: str
    flags: tuple[str, ...]


class Journal:
    """The journal file at ``path``; a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=DELETE")
            self._db.execute("PRAGMA synchronous=FULL")
            self._bring_up_to_date()
            self._db.executescript(BESIDE)
        except sqlite3.DatabaseError as error:
            raise JournalError(
                f"{path}: {error}. Move the file away to start a new journal; no grade is lost."
            ) from None

    def _bring_up_to_date(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        if version > VERSION:
            raise JournalError(
                f"{self._path}: of version {version}, made by a newer autograder; this one knows version {VERSION}."
                " Install the newer one, or move the file away to start a new journal."
            )
        with self._transaction():
            (version,) = self._db.execute(
                "PRAGMA user_version"
            ).fetchone()  # another grader may have been faster
            if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'publications'").fetchone():
                for step in range(version + 1, VERSION + 1):
                    self._db.execute(MIGRATIONS[step])
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._db.close()

    def report(self, key: Key) -> Report | None:
        """The journaled report for ``key``, or None."""
        row = self._db.execute("SELECT report FROM evaluations WHERE key = ?", (key.text,)).fetchone()
        return Report.from_json(row[0]) if row else None

    def earlier(self, key: Key) -> tuple[Report, dict[str, str]] | None:
        """The latest evaluation under the same judging, with the hash of every check then; or None."""
        row = self._db.execute(
            "SELECT report, checks FROM parts JOIN evaluations USING (key)"
            " WHERE base = ? ORDER BY evaluated_at DESC LIMIT 1",
            (key.base,),
        ).fetchone()
        return (Report.from_json(row[0]), json.loads(row[1])) if row else None

    def add(self, key: Key, report: Report, *, again: bool = False) -> None:
        """Journal an evaluation; a second one for the same key changes nothing, or with ``again`` replaces the first."""
        text = report.to_json()
        with self._transaction():
            if again:
                # What was published from the first is no longer what the journal says: it is published anew.
                self._db.execute(
                    "DELETE FROM publications WHERE key IN (SELECT key FROM evaluations WHERE key = ? AND report != ?)",
                    (key.text, text),
                )
                self._db.execute("DELETE FROM evaluations WHERE key = ?", (key.text,))
            self._db.execute(
                "INSERT OR IGNORE INTO evaluations VALUES (?, ?, ?, ?, ?, ?)",
                (key.text, key.task, key.submission, key.seed, time.time(), text),
            )
            self._db.execute(
                "INSERT OR IGNORE INTO parts VALUES (?, ?, ?)", (key.text, key.base, json.dumps(key.checks))
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def published(self, task: str, student: str) -> Publication | None:
        """What the student's published grade comes from, or None."""
        row = self._db.execute(
            "SELECT key, flags FROM publications WHERE task = ? AND student = ?", (task, student)
        ).fetchone()
        return Publication(row[0], tuple(json.loads(row[1]))) if row else None

    def says(self, key: str, report: Report) -> bool:
        """Whether the evaluation with the key text ``key`` has just this report."""
        row = self._db.execute("SELECT report FROM evaluations WHERE key = ?", (key,)).fetchone()
        return row is not None and row[0] == report.to_json()

    def publish(self, task: str, student: str, key: Key, flags: Sequence[str] = ()) -> None:
        """Note that the student's grade is published, and with it the ``flags`` of the submission."""
        self._db.execute(
            "INSERT OR REPLACE INTO publications (task, student, key, published_at, flags) VALUES (?, ?, ?, ?, ?)",
            (task, student, key.text, time.time(), json.dumps(list(flags))),
        )

    def codes(self, task: str) -> dict[str, str]:
        """By student, the hash of the code that was last seen; "" where it is too little to be anybody's."""
        return dict(self._db.execute("SELECT student, code FROM codes WHERE task = ?", (task,)))

    def remember_codes(self, task: str, codes: Mapping[str, str]) -> None:
        """Remember what `codes` is to say of these students."""
        before = self.codes(task)
        changed = [(task, *item) for item in codes.items() if before.get(item[0]) != item[1]]
        if changed:
            with self._transaction():
                self._db.executemany("INSERT OR REPLACE INTO codes VALUES (?, ?, ?)", changed)

    def withdraw(self, task: str, student: str) -> None:
        """Note that the student's grade is about to change: until it is published again, nothing is known of it."""
        self._db.execute("DELETE FROM publications WHERE task = ? AND student = ?", (task, student))

    def grades(self, task: str) -> Iterator[tuple[str, Report, tuple[str, ...]]]:
        """(student, report, flags of the submission) of every published grade of ``task``."""
        rows = self._db.execute(
            "SELECT student, report, flags FROM publications JOIN evaluations USING (key)"
            " WHERE publications.task = ? ORDER BY student",
            (task,),
        )
        for student, report, flags in rows:
            yield student, Report.from_json(report), tuple(json.loads(flags))

    # ---- Deadlines ----

    def notes(self, student: str) -> dict[str, str]:
        """By task, what the student's autograded notebook says of its deadline."""
        query = "SELECT task, note FROM deadline_notes WHERE student = ?"
        return dict(self._db.execute(query, (student,)))

    def note(self, task: str, student: str, note: str) -> None:
        """Remember what the notebook says now."""
        self._db.execute("INSERT OR REPLACE INTO deadline_notes VALUES (?, ?, ?)", (student, task, note))

    def due_date(self, task: str) -> str | None:
        """The due date that `course.toml` gave to the gradebook last, or None."""
        row = self._db.execute("SELECT due FROM task_dates WHERE task = ?", (task,)).fetchone()
        return row[0] if row else None

    def remember_due_date(self, task: str, due: str | None) -> None:
        """Remember it."""
        self._db.execute(
            "INSERT INTO task_dates (task, due) VALUES (?, ?) ON CONFLICT (task) DO UPDATE SET due = excluded.due",
            (task, due),
        )

    def first_release(self, task: str) -> datetime | None:
        """When the task was released first, or None."""
        row = self._db.execute("SELECT released_at FROM task_dates WHERE task = ?", (task,)).fetchone()
        return datetime.fromtimestamp(row[0], UTC) if row and row[0] is not None else None

    def remember_release(self, task: str) -> None:
        """Remember that the task is released now, unless it was before."""
        self._db.execute(
            "INSERT INTO task_dates (task, released_at) VALUES (?, ?) ON CONFLICT (task) DO UPDATE"
            " SET released_at = coalesce(released_at, excluded.released_at)",
            (task, time.time()),
        )
