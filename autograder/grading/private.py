"""Grades and students' work are for their graders: files of the course folder that nobody else reads.

One person grades: everything is made with umask 077. Several do, with nbgrader's ``CourseDirectory.groupshared``: umask
007, and folders whose files belong to the folder's group. What is to be given out (``release/``, the students' package)
keeps the user's own umask.
"""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

from autograder.course import CourseError

PRIVATE_FILES = ("journal.db", "gradebook.db")  # SQLite gives the files beside them the same mode
PRIVATE_FOLDERS = ("autograded", "feedback", "reports")


def nbgrader_settings(root: Path) -> Config:
    """The course's `nbgrader_config.py`, for the settings that are nbgrader's: gradebook, penalties, groups.

    Raises:
        CourseError: it cannot be run.
    """
    config, path = Config(), root / "nbgrader_config.py"
    if path.is_file():
        try:
            config = PyFileConfigLoader(path.name, path=str(root)).load_config()
        except Exception as error:  # it is a program
            raise CourseError([f"{path} cannot be run: {type(error).__name__}: {error}"]) from None
    config.CourseDirectory.root = str(root)
    return config


@cache
def is_groupshared(root: Path) -> bool:
    """Whether several people, by their group, work in the course at ``root``."""
    return nbgrader_settings(root).CourseDirectory.get("groupshared", False) is True


def work_privately(root: Path) -> None:
    """From now on this process and those that it starts make files for the course's graders only.

    What is there already and belongs to this user is closed likewise: nbgrader may have made it.
    """
    os.umask(0o007 if is_groupshared(root) else 0o077)
    close_to_others(root)


def close_to_others(root: Path, *below: Path) -> None:
    """Take the rights of others from the gradebook, the journal, graded work, and the folders ``below``."""
    shared = is_groupshared(root)
    for path in (*(root / name for name in (*PRIVATE_FILES, *PRIVATE_FOLDERS)), *below):
        try:
            found = os.lstat(path)
        except OSError:
            continue
        folder = stat.S_ISDIR(found.st_mode)
        if found.st_uid != os.geteuid() or not (folder or stat.S_ISREG(found.st_mode)):
            continue
        before = stat.S_IMODE(found.st_mode)
        added = 0o2070 if folder else 0o060
        after = (before & ~0o007) | added if shared else before & ~0o077
        if after != before:
            os.chmod(path, after)


def make_private_folder(root: Path, path: Path) -> None:
    """Make ``path``, a folder below ``root``, and what is missing above it."""
    is_groupshared(root)  # what is wrong with the settings is said before anything is made
    missing = [folder for folder in (path, *path.parents) if root in folder.parents and not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    close_to_others(root, *missing)


def mode_of_files(root: Path) -> int:
    """The mode of a file that only the course's graders may read."""
    return 0o660 if is_groupshared(root) else 0o600
