"""One student's submission: opened once, without following links, bounded, hashed, and from then on only bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.calls.text import clean
from autograder.course import Course, Task
from autograder.sandbox.limits import MEGABYTE

# What a submission can be: nothing there, a file where a folder should be, a link, a socket. Anything else that goes
# wrong (rights, a failing disk, too many open files) is the grader's and never a student's missing notebook.
STUDENTS_OWN = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)


class UnreadableFile(Exception):
    """A submitted file that will not be read; the message says why."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one task.

    Attributes:
        notebook: the notebook's bytes, or None when there is none to read.
        files: other files that the task asks for, by name.
        earlier: the student's notebooks of earlier tasks, by task.
        flags: what a person should look at. No part of the hash: they change no result.
        problem: why there is no notebook, in words for the student.
        known: by check, as `CheckResult.as_dict`, what an earlier evaluation found and still holds.
    """

    student: str
    task: str
    notebook: bytes | None
    files: dict[str, bytes] = field(default_factory=dict)
    earlier: dict[str, bytes] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    problem: str | None = None
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
    flags: list[str] = []
    name = _notebook_name(folder / task.name, task.name, flags)
    notebook, problem = None, None
    if name is None:
        problem = f"There is no notebook {task.name}.ipynb in the submission."
        flags.append("no notebook")
    else:
        try:
            notebook = read_file([folder, task.name, name], limit)
        except UnreadableFile as error:
            problem = f"{printable(name)} cannot be read: {error}."
            flags.append(f"{printable(name)}: {error}")
    files = {}
    for name in task.files:
        try:
            files[name] = read_file([folder, task.name, name], limit)
        except FileNotFoundError:
            flags.append(f"{name} is missing")
        except UnreadableFile as error:
            flags.append(f"{name}: {error}")
    earlier = {}
    for other in task.builds_on:
        found = _notebook_name(folder / other, other, [])
        try:
            if found is None:
                raise FileNotFoundError
            earlier[other] = read_file([folder, other, found], limit)
        except FileNotFoundError:
            flags.append(f"the earlier notebook {other}.ipynb is missing")
        except UnreadableFile as error:
            flags.append(f"{other}.ipynb: {error}")
    return Submission(student, task.name, notebook, files, earlier, tuple(flags), problem)


def printable(name: str) -> str:
    """A file's name for people, pages and databases: cleaned; bytes that are no UTF-8 are seen as such."""
    return clean(name)


def _notebook_name(folder: Path, task: str, flags: list[str]) -> str | None:
    """The notebook to grade: the one of the task's name, or the only one there is."""
    expected = f"{task}.ipynb"
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".ipynb"))
    except OSError as error:
        if error.errno not in STUDENTS_OWN:
            raise
        return None
    if expected in names:
        if len(names) > 1:
            flags.append(f"{len(names) - 1} more notebooks in the submission")
        return expected
    if len(names) == 1:
        flags.append(f"the notebook is called {printable(names[0])[:80]!r}, not {expected}")
        return names[0]
    if names:
        flags.append(f"{len(names)} notebooks, none called {expected}")
    return None


def read_file(parts: list[str | Path], limit: int) -> bytes:
    """The content of a regular file, walking ``parts`` without following a link.

    Raises:
        FileNotFoundError: there is none.
        UnreadableFile: a link, no regular file, or larger than ``limit`` bytes.
        OSError: this machine could not read it.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # opening a FIFO shall not wait
    at: int | None = None
    try:
        for part in parts[:-1]:
            below = os.open(part, flags | os.O_DIRECTORY, dir_fd=at)
            if at is not None:
                os.close(at)
            at = below
        fd = os.open(parts[-1], flags, dir_fd=at)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno not in STUDENTS_OWN:
            raise
        raise UnreadableFile(f"not a regular file that can be opened ({error.strerror})") from None
    finally:
        if at is not None:
            os.close(at)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile("not a regular file")
        if status.st_size > limit:
            raise UnreadableFile(f"larger than {limit // MEGABYTE} MB")
        content = bytearray()
        # It may grow while it is read.
        while chunk := os.read(fd, min(MEGABYTE, limit + 1 - len(content))):
            content += chunk
    finally:
        os.close(fd)
    if len(content) > limit:
        raise UnreadableFile(f"larger than {limit // MEGABYTE} MB")
    return bytes(content)
