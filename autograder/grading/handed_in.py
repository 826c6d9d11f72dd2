"""What stands in one task's folder of a submission: files, files in folders in it, files in zip archives in it.

Nothing is followed, unpacked or written: a link is no file, an archive's members are read where they are, and their
names are only names. How much is looked at is bounded, however many files there are and however deep they lie.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from autograder.calls.text import clean
from autograder.notebook.lean import PIECE
from autograder.notebook.names import folded, left_behind
from autograder.sandbox.limits import MEGABYTE

# What a submission can be: nothing there, a file where a folder should be, a link, a socket. Anything else that goes
# wrong (rights, a failing disk, too many open files) is the grader's and never a student's missing notebook.
STUDENTS_OWN = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # opening a FIFO shall not wait
MAX_ENTRIES = 1000  # files and folders looked at in one task's folder
MAX_DEPTH = 4  # folders in folders
MAX_ARCHIVES = 8
MAX_MEMBERS = 1000  # of one archive
MAX_TABLE = MAX_MEMBERS * 1024  # bytes of an archive's table of members
SHOWN = 80  # characters of a name in a message
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # a few bytes of others may unpack to anything
ENCRYPTED = 1
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
)


class UnreadableFile(Exception):
    """A submitted file that will not be read; the message says why."""


class OversizedFile(UnreadableFile):
    """It has more bytes than are read."""


@dataclass(frozen=True)
class Entry:
    """One file.

    Attributes:
        path: its folders below the task's, and its name.
        member: its name in the archive that ``path`` leads to; "" for a plain file.
        time: when it was changed, seconds since 1970.
        regular: it is a file, and no link, folder or pipe.
    """

    path: tuple[str, ...]
    member: str = ""
    time: float = 0.0
    regular: bool = True

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything that leads to it, members of archives like files in folders."""
        return (*self.path, *filter(None, _parts_of(self.member)))

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def shown(self) -> str:
        """Its place for people."""
        return clean("/".join(self.parts).encode("utf-8", "replace").decode(), SHOWN)


class TaskFolder:
    """The folder of one task in one student's submission.

    Attributes:
        notes: what could not be looked at, in words for a person.
    """

    def __init__(self, student: Path, task: str) -> None:
        self._root: list[str | Path] = [student, task]
        self._seen = 0
        self.notes: list[str] = []
        self._folders: list[tuple[str, ...]] = []
        self.top = self._entries(())

    def below(self) -> list[Entry]:
        """The files in its folders and archives."""
        found: list[Entry] = []
        waiting, archives = list(self._folders), [entry for entry in self.top if _is_archive(entry)]
        while waiting:
            if len(waiting[0]) > MAX_DEPTH:  # the last ones are the deepest
                self.notes.append(f"{Entry(waiting[0]).shown}: folders so deep are not looked at")
                break
            self._folders = []
            inside = self._entries(waiting.pop(0))
            found += inside
            archives += filter(_is_archive, inside)
            waiting += self._folders
        for archive in archives[:MAX_ARCHIVES]:
            found += self._members(archive)
        if len(archives) > MAX_ARCHIVES:
            self.notes.append(f"{len(archives)} archives; {MAX_ARCHIVES} were opened")
        return found

    @contextmanager
    def opened(self, entry: Entry, limit: int) -> Iterator[Iterator[bytes]]:
        """The content of ``entry``, piece by piece.

        Raises:
            FileNotFoundError: it is gone.
            UnreadableFile: no regular file, a damaged or encrypted member, or more than ``limit`` bytes.
            OSError: this machine could not read it.
        """
        with opened([*self._root, *entry.path]) as fd:
            if not entry.member:
                yield _pieces(fd, limit)
                return
            with os.fdopen(os.dup(fd), "rb") as file:
                try:
                    archive = _archive(file)
                    with archive.open(_readable(archive.getinfo(entry.member))) as member:
                        yield _limited(iter(lambda: member.read(PIECE), b""), limit)
                except DAMAGE as error:
                    raise UnreadableFile(f"damaged archive ({clean(str(error), SHOWN)})") from None
                except KeyError:
                    raise UnreadableFile("no longer in the archive") from None

    def _entries(self, path: tuple[str, ...]) -> list[Entry]:
        """The files directly in the folder ``path``, sorted; its folders are kept for later."""
        found = []
        try:
            with opened([*self._root, *path], folder=True) as fd, os.scandir(fd) as entries:
                for entry in entries:
                    if left_behind(entry.name):
                        continue
                    self._seen += 1
                    if self._seen > MAX_ENTRIES:
                        self.notes.append(f"more than {MAX_ENTRIES} files; the others were not looked at")
                        break
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        self._folders.append((*path, entry.name))
                    found.append(
                        Entry((*path, entry.name), "", status.st_mtime, stat.S_ISREG(status.st_mode))
                    )
        except FileNotFoundError:
            pass
        except UnreadableFile:
            self.notes.append(f"{Entry((str(self._root[1]), *path)).shown}: not a regular file or folder")
        self._folders.sort()
        return sorted(found, key=lambda entry: entry.path)

    def _members(self, archive: Entry) -> list[Entry]:
        found, shown = [], archive.shown
        try:
            with opened([*self._root, *archive.path]) as fd, os.fdopen(os.dup(fd), "rb") as file:
                for info in _archive(file).infolist():
                    parts = _parts_of(info.filename)
                    if info.is_dir() or any(
                        left_behind(part) and part not in ("", ".", "..") for part in parts
                    ):
                        continue
                    if ".." in parts or not parts[0] or len(parts) > 2 * MAX_DEPTH:
                        self.notes.append(f"{shown}: {clean(info.filename, SHOWN)} leads out of the archive")
                        continue
                    regular = not stat.S_ISLNK(info.external_attr >> 16)
                    found.append(Entry(archive.path, info.filename, _time_of(info), regular))
        except UnreadableFile as error:
            self.notes.append(f"{shown}: {error}")
        except DAMAGE as error:
            self.notes.append(f"{shown}: damaged archive ({clean(str(error), SHOWN)})")
        return found


def _is_archive(entry: Entry) -> bool:
    return entry.regular and not entry.member and folded(entry.name).endswith(".zip")


def _archive(file: IO[bytes]) -> zipfile.ZipFile:
    """The archive in ``file``, once its end has said that its table of members is no burden.

    Raises:
        UnreadableFile: it has too many members, or is none.
    """
    # The function that `ZipFile` itself uses: another one could find another end.
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if not end:
        raise UnreadableFile("not a zip archive")
    count, table = max(end[3], end[4]), end[5]
    if count > MAX_MEMBERS or table > MAX_TABLE:
        raise UnreadableFile(f"an archive with more than {MAX_MEMBERS} files")
    return zipfile.ZipFile(file)


def _parts_of(member: str) -> list[str]:
    return member.replace("\\", "/").split("/")  # some programs on Windows separate folders by their own sign


def _readable(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    if info.flag_bits & ENCRYPTED:
        raise UnreadableFile("encrypted; hand it in without a password")
    if info.compress_type not in METHODS:
        raise UnreadableFile("packed in a way that is not read; expected an ordinary zip archive")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnreadableFile("not a regular file")
    return info


def _time_of(info: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


@contextmanager
def opened(parts: list[str | Path], *, folder: bool = False) -> Iterator[int]:
    """A descriptor of a regular file, or of a folder, walking ``parts`` without following a link.

    Raises:
        FileNotFoundError: there is none.
        UnreadableFile: a link, or something of another kind.
        OSError: this machine could not open it.
    """
    at: int | None = None
    try:
        for part in parts[:-1]:
            below = os.open(part, OPEN | os.O_DIRECTORY, dir_fd=at)
            if at is not None:
                os.close(at)
            at = below
        fd = os.open(parts[-1], OPEN | (os.O_DIRECTORY if folder else 0), dir_fd=at)
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
        if not folder and not stat.S_ISREG(os.fstat(fd).st_mode):
            raise UnreadableFile("not a regular file")
        yield fd
    finally:
        os.close(fd)


@contextmanager
def opened_pieces(parts: list[str | Path], limit: int) -> Iterator[Iterator[bytes]]:
    """The content of a regular file, piece by piece; raises as `read_file`."""
    with opened(parts) as fd:
        yield _pieces(fd, limit)


def read_file(parts: list[str | Path], limit: int) -> bytes:
    """The content of a regular file, walking ``parts`` without following a link.

    Raises:
        FileNotFoundError: there is none.
        UnreadableFile: a link, no regular file, or larger than ``limit`` bytes.
        OSError: this machine could not read it.
    """
    with opened(parts) as fd:
        return b"".join(_pieces(fd, limit))


def _pieces(fd: int, limit: int) -> Iterator[bytes]:
    if os.fstat(fd).st_size > limit:
        raise OversizedFile(f"larger than {limit // MEGABYTE} MB")
    yield from _limited(iter(lambda: os.read(fd, PIECE), b""), limit)


def _limited(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """``pieces`` as long as they are not too many: a file may grow while it is read, and an archive may lie."""
    room = limit
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            raise OversizedFile(f"larger than {limit // MEGABYTE} MB")
        yield piece
