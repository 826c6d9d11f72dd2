"""A released course of tasks 1 and 2, made once and copied for every test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.solve import read_release, read_source, solve
from autograder.course import Course, load_course

HOME = Path(__file__).resolve().parents[2]
TASKS = ("task1_forward", "task2_minibatch")

Command = Callable[..., subprocess.CompletedProcess[str]]


def command(
    folder: Path, *arguments: str, module: str = "autograder", **env: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m module arguments`` in ``folder`` as a person would."""
    path = os.pathsep.join([str(HOME), os.environ.get("PYTHONPATH", "")])
    # As without an activated environment: nbgrader starts alembic by name, and finds it all the same.
    own = str(Path(sys.executable).parent)
    programs = os.pathsep.join(p for p in os.environ.get("PATH", "").split(os.pathsep) if p != own)
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PATH": programs, "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course folder right after `autograder release`."""
    folder = tmp_path_factory.mktemp("released")
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copyfile(HOME / name, folder / name)
    done = command(folder, "release", *TASKS)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def course(released: Path, tmp_path: Path) -> Course:
    """A copy of the released course."""
    folder = tmp_path / "course"
    shutil.copytree(released, folder)
    return load_course(folder)


class Class:
    """Hands in notebooks for students of one course."""

    def __init__(self, course: Course) -> None:
        self.course = course

    def solved(self, task: str, definitions: dict[str, str] | None = None) -> nbformat.NotebookNode:
        """The reference's notebook with ``definitions`` in place of its own."""
        return solve(read_source(self.course.root, task), definitions)

    def stub(self, task: str) -> nbformat.NotebookNode:
        """The released notebook."""
        return read_release(self.course.root, task)

    def hand_in(self, student: str, task: str, notebook: nbformat.NotebookNode | bytes | str) -> Path:
        """Put a notebook where nbgrader collects it to."""
        folder = self.course.root / "submitted" / student / task
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{task}.ipynb"
        content = nbformat.writes(notebook) if isinstance(notebook, nbformat.NotebookNode) else notebook
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@pytest.fixture
def pupils(course: Course) -> Class:
    """The class of ``course``."""
    return Class(course)
