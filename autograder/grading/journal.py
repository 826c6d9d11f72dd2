"""The journal: every evaluation is on disk before anything is published.

SQLite with `synchronous=FULL`. An evaluation is keyed by everything that can change its result; a publication says
which evaluation a student's grade came from. Killed anywhere, the next run goes on from here.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from autograder.grading.report import Report

SCHEMA = """
CREATE TABLE IF NOT EXISTS evaluations (
    key TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    submission TEXT NOT NULL,
    seed TEXT NOT NULL,
    evaluated_at REAL NOT NULL,
    report TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS publications (
    task TEXT NOT NULL,
    student TEXT NOT NULL,
    key TEXT NOT NULL,
    published_at REAL NOT NULL,
    PRIMARY KEY (task, student)
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
        assignment: hash of text, reference, checks and limits.
        data: id of the data set.
        seed: the submission's seed, hex.
        walls: graded in a full sandbox.
    """

    task: str
    submission: str
    assignment: str
    data: str
    seed: str
    walls: bool

    @property
    def text(self) -> str:
        """The key as one hash."""
        parts = (self.task, self.submission, self.assignment, self.data, self.seed, str(self.walls))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class Journal:
    """The journal file at ``path``; a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=DELETE")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            raise JournalError(
                f"{path}: {error}. Move the file away to start a new journal; no grade is lost."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._db.close()

    def report(self, key: Key) -> Report | None:
        """The journaled report for ``key``, or None."""
        row = self._db.execute("SELECT report FROM evaluations WHERE key = ?", (key.text,)).fetchone()
        return Report.from_json(row[0]) if row else None

    def add(self, key: Key, report: Report) -> None:
        """Journal an evaluation; a second one for the same key changes nothing."""
        self._db.execute(
            "INSERT OR IGNORE INTO evaluations VALUES (?, ?, ?, ?, ?, ?)",
            (key.text, key.task, key.submission, key.seed, time.time(), report.to_json()),
        )

    def published(self, task: str, student: str) -> str | None:
        """The key text of the evaluation from which the student's grade was published, or None."""
        row = self._db.execute(
            "SELECT key FROM publications WHERE task = ? AND student = ?", (task, student)
        ).fetchone()
        return row[0] if row else None

    def publish(self, task: str, student: str, key: Key) -> None:
        """Note that the student's grade is published."""
        self._db.execute(
            "INSERT OR REPLACE INTO publications VALUES (?, ?, ?, ?)", (task, student, key.text, time.time())
        )

    def grades(self, task: str) -> Iterator[tuple[str, Report]]:
        """(student, report) of every published grade of ``task``."""
        rows = self._db.execute(
            "SELECT student, report FROM publications JOIN evaluations USING (key)"
            " WHERE publications.task = ? ORDER BY student",
            (task,),
        )
        for student, report in rows:
            yield student, Report.from_json(report)
