"""`extensions.csv` in the course folder: until when one student may hand in one task.

    student,task,until
    ada,task1_forward,2027-04-26 23:59

Times without a zone are in the course's; a day alone lasts until its end. Further columns, empty lines and lines that
begin with # are the author's own. The file may come from Excel: with a byte order mark, Windows line ends, semicolons,
in UTF-16 or Japanese Windows' encoding.
"""

from __future__ import annotations

import csv
import difflib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import Course, CourseError
from autograder.course_dates import END_OF_DAY
from autograder.grading.timestamps import decoded, moments_of, read_stamp

FILE = "extensions.csv"
COLUMNS = ("student", "task", "until")
LARGEST = 10_000_000  # bytes


@dataclass(frozen=True)
class Extensions:
    """Who may hand in what until when.

    Attributes:
        until: by (student, task), in UTC; of two lines for the same the later one.
        lines: by student as the file writes the id, the first line about them.
    """

    until: dict[tuple[str, str], datetime] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def of(self, student: str, task: str) -> datetime | None:
        """Until when the student may hand in the task; None without an extension."""
        return self.until.get((same_person(student), task))

    def strangers(self, known: Collection[str]) -> list[str]:
        """A line for every student of the file who is not among ``known``."""
        ids = {same_person(student) for student in known}
        found = []
        for student, line in self.lines.items():
            if same_person(student) not in ids:
                close = difflib.get_close_matches(student, sorted(known), 1)
                meant = f"; did you mean {close[0]!r}?" if close else ""
                found.append(f"{FILE}, line {line}: no student {student!r} has handed in anything{meant}")
        return found


def same_person(student: str) -> str:
    """The id by which a person is found, however the id's letters are put together."""
    return unicodedata.normalize("NFC", student).strip()


def read_extensions(course: Course) -> Extensions:
    """The extensions of the course; none when there is no such file.

    Raises:
        CourseError: what is wrong, one line each with its line number.
    """
    path = course.root / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Extensions()
    if len(content) > LARGEST:
        raise CourseError([f"{path}: larger than {LARGEST // 1_000_000} MB"])
    text = decoded(content)
    if "\0" in text or "\ufffd" in text:
        raise CourseError([f"{path}: this is no text; save it as CSV in UTF-8"])
    return _Table(course, path).read(text)


class _Table:
    def __init__(self, course: Course, path: Path) -> None:
        self._course, self._path = course, path
        self._problems: list[str] = []
        self._found = Extensions()

    def read(self, text: str) -> Extensions:
        first = next((line for line in text.splitlines() if _says_something(line)), "")
        reader = csv.reader(
            text.splitlines(keepends=True), delimiter=max(",;\t", key=first.count), strict=True
        )
        columns: list[str] | None = None
        try:
            for row in reader:
                if not _says_something("".join(row)):
                    continue
                if columns is None:
                    columns = [name.strip().lower() for name in row]
                    missing = [name for name in COLUMNS if name not in columns]
                    if missing:
                        self._note(
                            reader,
                            f"the column {' and '.join(missing)} is missing; expected student,task,until",
                        )
                        break
                else:
                    self._row(reader, dict(zip(columns, map(str.strip, row), strict=False)))
        except csv.Error as error:
            self._note(reader, str(error))
        if self._problems:
            raise CourseError(self._problems)
        return self._found

    def _row(self, reader: Any, row: dict[str, str]) -> None:
        student, task, until = (row.get(name, "") for name in COLUMNS)
        empty = [name for name in COLUMNS if not row.get(name)]
        if empty:
            return self._note(reader, f"{' and '.join(empty)} is empty")
        if task not in self._course.tasks:
            return self._note(
                reader, f"there is no task {task!r}; the course has {', '.join(self._course.tasks)}"
            )
        stamp = read_stamp(until, self._course.timezone)
        moment = stamp.at
        if stamp.day is not None:
            moment = max(moments_of(datetime.combine(stamp.day, END_OF_DAY), self._course.timezone)[0])
        elif moment is None or stamp.doubt:
            return self._note(reader, f"until: {stamp.doubt}; expected a time, as 2027-04-26 23:59")
        key = same_person(student), task
        self._found.until[key] = max(moment, self._found.until.get(key, moment))
        self._found.lines.setdefault(student, reader.line_num)

    def _note(self, reader: Any, problem: str) -> None:
        self._problems.append(f"{self._path}, line {reader.line_num}: {problem}")


def _says_something(line: str) -> bool:
    return bool(line.strip(' \t\r\n,;"')) and not line.lstrip().startswith("#")
