"""The small course in a temporary folder: nothing is written into this checkout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.checks import Check
from tests.authoring.small_course import made_check, run_python, write_project, write_texts


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with the text and the solution, nothing else."""
    return write_texts(tmp_path)


@pytest.fixture
def checks() -> dict[str, Check]:
    """The two checks of the small task."""
    return {name: made_check(name, points) for name, points in (("double_values", 60), ("scale_forward", 40))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The whole course, with a copy of the package."""
    return write_project(tmp_path)


@pytest.fixture
def python(project: Path) -> Callable[[str], str]:
    """Runs code in the project, see `run_python`."""
    return lambda code: run_python(project, code)
