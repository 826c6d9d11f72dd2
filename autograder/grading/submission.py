"""One student's submission: opened once, without following links, bounded, hashed, and from then on only bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from autograder.calls.text import clean, listed
from autograder.course import Course, Task
from autograder.grading.handed_in import Entry, OversizedFile, TaskFolder, UnreadableFile
from autograder.notebook.cells import NotebookError
from autograder.notebook.lean import RAW_LIMIT, SMALL, Lean, TooLarge, lean
from autograder.notebook.names import Fit, Name, attempt_of_folders, read_name, same_name
from autograder.sandbox.limits import MEGABYTE

SHOWN = 5  # names in one flag
TRIED = 8  # files that are opened to see whether they are notebooks
EXPORTS = (".py", ".html", ".htm", ".pdf", ".md")  # what Jupyter makes of a notebook
STAMP = "timestamp.txt"  # what `nbgrader collect` leaves in a submission


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one task.

    Attributes:
        notebook: the notebook's bytes, or None when there is none to read.
        files: other files that the task asks for, by name.
        earlier: the student's notebooks of earlier tasks, by task.
        flags: what a person should look at. No part of the hash: they change no result.
        problem: why there is no notebook, in words for the student.
        kit: the version of the course kit that the notebook was made with, as it says itself.
        known: by check, as `CheckResult.as_dict`, what an earlier evaluation found and still holds.
    """

    student: str
    task: str
    notebook: bytes | None
    files: dict[str, bytes] = field(default_factory=dict)
    earlier: dict[str, bytes] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    problem: str | None = None
    kit: str = ""
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 over everything that can influence the report; the student's name and flags do not."""
        digest = hashlib.sha256()
        parts = [
            ("notebook", self.notebook or b""),
            *(("file " + n, c) for n, c in sorted(self.files.items())),
        ]
        parts += [("earlier " + name, content) for name, content in sorted(self.earlier.items())]
        if self.notebook is None:
            parts.append(("problem", (self.problem or "").encode()))
        for name, content in parts:
            digest.update(f"{len(name)}:{name}{len(content)}:".encode() + content)
        return digest.hexdigest()


def students_of(folder: Path, task: str) -> list[str]:
    """The students with a folder for ``task`` under ``folder`` (a course's `submitted/`), sorted."""
    if not folder.is_dir():
        return []
    return sorted(
        entry.name
        for entry in os.scandir(folder)
        if not entry.name.startswith(".")
        and entry.is_dir(follow_symlinks=False)
        and (folder / entry.name / task).is_dir()
    )


def read_submission(course: Course, task: Task, student: str, submitted: Path | None = None) -> Submission:
    """Open and read what ``student`` handed in for ``task``. Damage becomes flags, never an exception.

    Args:
        submitted: folder with a folder for every student; the course's own when None.

    Raises:
        OSError: this machine could not read what is there.
    """
    limit = course.limits.file_mb * MEGABYTE
    folder = (submitted or course.submitted) / student
    arrived = _Arrived(folder, task.name, task.files, limit)
    notebook = arrived.notebook()
    files = {name: content for name in task.files if (content := arrived.file(name)) is not None}
    earlier = {}
    for other in task.builds_on:
        before = _Arrived(folder, other, (), limit)
        found = before.notebook()
        if found is not None:
            earlier[other] = found.content
        elif before.entry is None:
            arrived.flags.append(f"the earlier notebook {other}.ipynb is missing")
        else:
            arrived.flags.append(before.flags[-1])
    if notebook is not None:
        arrived.flags += _misplaced(notebook.made_by.get("task"), task.name)
    return Submission(
        student,
        task.name,
        notebook.content if notebook else None,
        files,
        earlier,
        tuple(arrived.flags),
        arrived.problem,
        kit=str(notebook.made_by.get("kit", "")) if notebook else "",
    )


def printable(name: str) -> str:
    """A file's name for people, pages and databases: cleaned, with question marks for bytes that are no UTF-8."""
    return clean(name.encode("utf-8", "replace").decode())


def _misplaced(said: Any, task: str) -> list[str]:
    """A flag for a notebook that was made for another task than the one of its folder."""
    if not isinstance(said, str) or said in ("", task):
        return []
    return [f"the notebook was made for {clean(said, 60)}, not for {task}"]


class _Arrived:
    """One task's folder of a submission: which file in it is the notebook, and which are the files beside it.

    Attributes:
        entry: the notebook's file, or None.
        problem: why there is no notebook, in words for the student.
        flags: what a person should look at.
    """

    def __init__(self, student: Path, task: str, files: Sequence[str], limit: int) -> None:
        self._folder, self._task, self._limit = TaskFolder(student, task), task, limit
        self.flags: list[str] = []
        self._damaged: list[str] = []  # newer attempts than the one that is graded
        self.problem: str | None = None
        top = self._notebooks(self._folder.top)
        names = {entry.name for entry in self._folder.top}
        self._entries = list(self._folder.top)
        settled = any(name.fit <= Fit.NAMED and entry.regular for name, entry in top)
        if not settled or not names.issuperset(files):
            self._entries += self._folder.below()
        found = top if settled else self._notebooks(self._entries)
        self.entry = self._newest(found) or self._by_content(files)
        self._describe([entry for name, entry in found if name.fit < Fit.ASIDE])

    def notebook(self) -> Lean | None:
        """The notebook without its outputs; None when it cannot be read.

        What is no notebook, and small, is left to the evaluation as it is: it says why.
        """
        if self.entry is None:
            return None
        try:
            return self._lean(self.entry)
        except (UnreadableFile, NotebookError, FileNotFoundError) as error:
            said = "it is gone" if isinstance(error, FileNotFoundError) else str(error)
            self.problem = f"{self.entry.shown} cannot be read: {said}."
            self.flags.append(f"{self.entry.shown}: {said}")
            return None

    def file(self, name: str) -> bytes | None:
        """The content of the file ``name`` that is handed in beside the notebook; None when it cannot be read."""
        beside = self.entry.parts[:-1] if self.entry else ()
        fitting = [entry for entry in self._entries if same_name(entry.name, name)]
        if not fitting:
            self.flags.append(f"{name} is missing")
            return None
        entry = max(
            fitting,
            key=lambda e: (
                e.regular,
                e.parts == (name,),
                e.parts[:-1] == beside,
                e.name == name,
                e.time,
                e.parts,
            ),
        )
        if entry.parts != (name,):
            self.flags.append(f"{name} is called {entry.shown!r}")
        try:
            with self._folder.opened(entry, self._limit) as pieces:
                return b"".join(pieces)
        except (UnreadableFile, FileNotFoundError) as error:
            said = "it is gone" if isinstance(error, FileNotFoundError) else str(error)
            self.flags.append(f"{name}: {said}")
            return None

    def _notebooks(self, entries: list[Entry]) -> list[tuple[Name, Entry]]:
        named = ((read_name(printable(entry.name), self._task), entry) for entry in entries)
        return [(name, entry) for name, entry in named if name is not None]

    def _newest(self, found: list[tuple[Name, Entry]]) -> Entry | None:
        """Of all notebooks the one to grade: by the best name, then by the number of the attempt, else by time.

        An attempt that cannot be read gives way to the one before it.
        """
        regular = [pair for pair in found if pair[1].regular] or found
        best = min((name.fit for name, _ in regular), default=None)
        pool = [(name, entry) for name, entry in regular if name.fit is best]
        if best is not None and best > Fit.NAMED and len(pool) > 1:
            # Several tasks' notebooks in one folder: what they say of themselves helps to choose.
            own = [pair for pair in pool[:TRIED] if self._made_for(pair[1]) == self._task]
            pool = own or pool
        numbered = all(name.attempt is not None for name, _ in pool)

        def age(pair: tuple[Name, Entry]) -> tuple[Any, ...]:
            name, entry = pair
            number = (attempt_of_folders(entry.parts[:-1]), name.attempt) if numbered else ()
            return (*number, entry.time, name.exact, -len(entry.parts), entry.parts)

        order = [entry for _, entry in sorted(pool, key=age, reverse=True)]
        if len(order) > 1:
            for count, entry in enumerate(order[:TRIED]):
                if self._made_for(entry) is not None:
                    self._damaged = [newer.shown for newer in order[:count]]
                    return entry
        return order[0] if order else None

    def _by_content(self, files: Sequence[str]) -> Entry | None:
        """A notebook whose name does not say that it is one, as `task1_forward.json` or `task1_forward`."""
        ends = (".json", ".txt", ".html", ".py", ".nb")
        others = [
            entry
            for entry in self._entries
            if entry.regular
            and entry.name not in (*files, STAMP)
            and (entry.name.lower().endswith(ends) or "." not in entry.name)
        ]
        fitting = [entry for entry in others[:TRIED] if self._made_for(entry) is not None]
        return max(fitting, key=lambda entry: (entry.time, entry.parts)) if fitting else None

    def _made_for(self, entry: Entry) -> str | None:
        """The task that a notebook says it was made for; None when it is no notebook."""
        try:
            found = self._lean(entry, strict=True)
        except (UnreadableFile, NotebookError, FileNotFoundError):
            return None
        return str(found.made_by.get("task", ""))

    def _describe(self, notebooks: list[Entry]) -> None:
        """Flags, and perhaps the problem, of what was found."""
        expected = f"{self._task}.ipynb"
        if self.entry is None:
            files = [entry for entry in self._entries if entry.regular and entry.name != STAMP]
            notes = self._folder.notes[:SHOWN]
            if files:
                notes.append(f"it holds {listed([entry.shown for entry in files], SHOWN)}")
            if any(entry.name.lower().endswith(EXPORTS) for entry in files):
                notes.append(f"an export is no notebook, expected {expected}")
            said = "; ".join(("no notebook", *notes))
            self.problem = (
                f"There is {said.replace('no notebook', f'no notebook {expected} in the submission', 1)}."
            )
            self.flags.append(said)
            return
        self.flags += self._folder.notes[:SHOWN]
        if self.entry.parts != (expected,):
            self.flags.append(f"the notebook is called {self.entry.shown!r}, not {expected}")
        others = [entry.shown for entry in notebooks if entry != self.entry]
        if others:
            many = "s" if len(others) > 1 else ""
            self.flags.append(
                f"{len(others)} more notebook{many} in the submission: {listed(others, SHOWN)};"
                f" {self.entry.shown} is graded"
            )
        if self._damaged:
            self.flags.append(f"newer, but no readable notebook: {listed(self._damaged, SHOWN)}")

    def _lean(self, entry: Entry, *, strict: bool = False) -> Lean:
        return read_notebook(partial(self._folder.opened, entry), self._limit, strict=strict)


def read_notebook(
    opened: Callable[[int], AbstractContextManager[Iterator[bytes]]], limit: int, *, strict: bool = False
) -> Lean:
    """What is kept of a notebook.

    Args:
        opened: gives its content piece by piece, when it has at most so many bytes.
        limit: bytes that may be left.
        strict: also a small file must be a notebook; otherwise it is kept as it is, and the evaluation says why not.

    Raises:
        UnreadableFile: it is too large, or cannot be opened.
        NotebookError: it is no notebook.
    """
    try:
        with opened(RAW_LIMIT) as pieces:
            return lean(pieces, limit)
    except TooLarge as error:
        raise UnreadableFile(str(error)) from None
    except OversizedFile:
        said = f"stored outputs are looked for in {RAW_LIMIT // MEGABYTE} MB"
        raise UnreadableFile(f"larger than {limit // MEGABYTE} MB; {said}") from None
    except NotebookError:
        if strict:
            raise
        with opened(min(SMALL, limit)) as pieces:
            return Lean(b"".join(pieces))
