"""What is seen only when the whole class is looked at: identical notebooks, ids that look alike, older kits.

These flags are for graders: they name other students, so they stand on no student's page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import autograder
from autograder.calls.text import listed
from autograder.grading.copies import copies, given_lines, own_code
from autograder.grading.journal import Journal
from autograder.grading.students import identity, look_alikes, quoted
from autograder.grading.submission import Submission
from autograder.notebook.cells import code_cells, parse_notebook

VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){0,3}")
SHOWN = 8  # names in one line


class ClassFlags:
    """Looks at every submission of one task, and then says what is odd about whom."""

    def __init__(self, task: str, source: Path) -> None:
        self._task = task
        self._given = given_lines(code_cells(parse_notebook(source.read_bytes())))
        self._codes: dict[str, str] = {}
        self._older: list[str] = []
        self._flags: dict[str, list[str]] = {}
        self._strangers: dict[str, str] = {}

    def see(self, submission: Submission) -> None:
        """Take note of one submission."""
        self._codes[submission.student] = own_code(submission.notebook, self._given)
        if is_older(submission.kit, autograder.__version__):
            self._older.append(submission.student)

    def settle(self, journal: Journal, folders: Sequence[str], roster: Iterable[str]) -> None:
        """Compare the submissions that were seen with each other, with those of earlier runs and with the gradebook.

        Args:
            folders: all students who have handed in something for the task.
            roster: the ids in the gradebook.
        """
        journal.remember_codes(self._task, self._codes)
        known = {
            student: code for student, code in journal.codes(self._task).items() if student in set(folders)
        }
        students = set(roster)
        for found in (copies(known | self._codes), look_alikes({*folders, *students})):
            for student, flag in found.items():
                self._flags.setdefault(student, []).append(flag)
        people = {identity(student): student for student in students}
        self._strangers = {
            folder: people[identity(folder)]
            for folder in folders
            if folder not in students and identity(folder) in people
        }

    def of(self, student: str) -> tuple[str, ...]:
        """The flags of ``student``."""
        return tuple(self._flags.get(student, ()))

    def other_name(self, student: str) -> str:
        """Why nobody can be graded under the name ``student``; "" when that is as it should be."""
        other = self._strangers.get(student)
        if other is None:
            return ""
        return (
            f"one student with two names: {quoted(student)} in submitted/, {quoted(other)} in the gradebook;"
            f" rename the folder"
        )

    @property
    def older_kits(self) -> str:
        """Who works with an older kit, in one line; "" when nobody does."""
        if not self._older:
            return ""
        names = listed(self._older, SHOWN)
        return f"{self._task}: made with a kit older than {autograder.__version__}: {names}"


def is_older(kit: str, now: str) -> bool:
    """Whether the version ``kit``, as a notebook says of itself, is before ``now``."""
    if not (VERSION.fullmatch(kit) and VERSION.fullmatch(now)):
        return False
    return [int(part) for part in kit.split(".")] < [int(part) for part in now.split(".")]
