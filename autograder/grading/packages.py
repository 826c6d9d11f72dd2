"""The packages that notebooks may import besides the course's own, as `course.toml` lists them: are they there?

The sandbox sees all of this machine's installed packages; the list says which ones a student may rely on. Their
versions are part of what a grade depends on, so that installing a package grades anew who was refused without it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import Distribution
from pathlib import Path

from autograder.course import Course, CourseError
from autograder.sandbox.backends import python_paths

ALWAYS = ("ipython",)  # reads the cells that are no plain Python
MISSING = "missing"


def packages_of(course: Course) -> dict[str, str]:
    """The version of each package that grading needs besides this one's own, or `MISSING`."""
    paths = python_paths()
    found = {}
    for name in (*ALWAYS, *course.packages):
        installed = next(iter(Distribution.discover(name=name, path=paths)), None)
        found[name] = installed.version if installed is not None else MISSING
    return found


def require_packages(course: Course) -> None:
    """Return when every package is there.

    Raises:
        CourseError: names those that are missing, and how to install them. Without them right work would be refused.
    """
    missing = [name for name, version in packages_of(course).items() if version == MISSING]
    if missing:
        listed = ", ".join(missing)
        raise CourseError(
            [
                f"Notebooks may import {listed}, which the sandbox does not have. Install: {install_command(missing)}"
            ]
        )


def install_command(names: Sequence[str]) -> str:
    """The command that installs ``names`` where the sandbox looks, as it is typed in the working directory."""
    own = Path(sys.prefix, "bin")
    program = own / "pip" if (own / "pip").is_file() else Path(sys.executable)
    if program.is_relative_to(Path.cwd()):
        program = program.relative_to(Path.cwd())
    return f"{program}{'' if program.name == 'pip' else ' -m pip'} install {' '.join(names)}"
