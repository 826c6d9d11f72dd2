"""Files that are replaced as a whole: whoever reads them, or starts again after a power cut, finds the old or the new."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def replace_durably(new: Path | str, path: Path | str) -> None:
    """Rename ``new``, a file or a folder, to ``path``, and have that on disk when this returns.

    Raises:
        OSError: as `os.replace`; a folder replaces only an empty folder.
    """
    os.replace(new, path)
    sync_folder(os.path.dirname(os.path.abspath(path)))


def write_atomically(path: Path, content: bytes, mode: int = 0o644, *, prefix: str = ".writing-") -> None:
    """Write ``path`` with ``mode``; never is half of it there, or anything with more rights.

    Args:
        prefix: of the name that the file has while it is written; a killed process leaves it behind.
    """
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)  # readable by its owner only
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        replace_durably(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def sync_folder(folder: Path | str) -> None:
    """Write the names in ``folder`` to disk: without it a rename may be gone after a power cut."""
    if os.name != "posix":  # Windows opens no folders, and keeps renames itself
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems refuse it (EINVAL); then it is the server's business.
        with contextlib.suppress(OSError):
            os.fsync(fd)
    finally:
        os.close(fd)
