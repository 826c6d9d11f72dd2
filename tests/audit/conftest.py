"""A course folder, and a plan for one of its tasks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.audit.trial import Finding, Kind, Subject, examine
from autograder.course import Course, load_course
from autograder.grading.plan import make_plan

HOME = Path(__file__).resolve().parents[2]
Try = Callable[..., Finding]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with nothing built yet."""
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copyfile(HOME / name, tmp_path / name)
    return load_course(tmp_path)


@pytest.fixture
def try_out(course: Course, monkeypatch: pytest.MonkeyPatch) -> Try:
    """Try the checks of a task on a source."""
    monkeypatch.chdir(course.root)

    def run(task: str, kind: Kind, source: str, check: str = "", name: str = "it", seeds: int = 2) -> Finding:
        return examine(make_plan(course, task), {}, Subject(task, kind, name, source, check), seeds)

    return run
