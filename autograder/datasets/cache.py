"""The user's cache folder.  What is in it can be thrown away at any time.

A cached folder is filled under another name and then renamed, so a reader sees all of it or none; a lock
makes a second process wait for the first instead of doing the same work.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.datasets.errors import DataError
from autograder.files import replace_durably

NAME = "nn-assignment-kit"


def cache_root() -> Path:
    """`$XDG_CACHE_HOME/nn-assignment-kit`, by default in `~/.cache`; not created here."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):  # the XDG specification: ignore a relative path
        return Path(base) / NAME
    try:
        return Path.home() / ".cache" / NAME
    except RuntimeError:
        raise DataError(
            "no home folder to keep data in; set XDG_CACHE_HOME to a folder you can write"
        ) from None


def cached_folder(
    name: str,
    fill: Callable[[Path], None],
    *,
    parent: Path | None = None,
    renew: bool = False,
    private: bool = False,
) -> Path:
    """The folder `name` of the cache; if it is not there yet (or `renew`), `fill(folder)` makes its files.

    private: nobody but its owner may look into it; otherwise a sandbox may, which is another user.
    Raises DataError when the cache folder cannot be written.
    """
    parent = parent if parent is not None else cache_root()
    target = parent / name
    if target.is_dir() and not renew:
        return target
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with _locked(parent / f"{name}.lock") as alone:
            if alone:
                _sweep(parent, f"{name}.*.part")
            if renew:
                shutil.rmtree(target, ignore_errors=True)
            if not target.is_dir():
                _make(target, fill, 0o700 if private else 0o755)
    except OSError as error:
        raise DataError(
            f"{error.filename or parent}: cannot keep data here ({error.strerror or error}); free some space, "
            "or set XDG_CACHE_HOME to a folder you can write"
        ) from error
    return target


def _make(target: Path, fill: Callable[[Path], None], mode: int) -> None:
    part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent))
    try:
        fill(part)
        part.chmod(mode)
        try:
            replace_durably(part, target)
        except OSError:
            if not target.is_dir():  # otherwise another process was faster
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def drop_others(keep: Path, pattern: str) -> None:
    """Remove the cached folders beside `keep` that match `pattern`: older states of it."""
    for path in keep.parent.glob(pattern):
        if path.is_dir() and path != keep and not path.name.endswith(".part"):
            shutil.rmtree(path, ignore_errors=True)


def _sweep(parent: Path, pattern: str) -> None:
    """Remove what a killed process left half done."""
    for path in parent.glob(pattern):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Wait for the lock file; True if this process holds it, False where the file system has no locks."""
    with open(path, "a+b") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            yield False
            return
        yield True  # closing the file gives the lock back
