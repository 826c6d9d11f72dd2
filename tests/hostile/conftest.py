"""The class of the corpus, graded once in each way and shared by all test processes."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.sandbox.backends import SandboxUnavailable, find_bubblewrap
from tests.hostile import classroom
from tests.hostile.classroom import Graded
from tests.hostile.corpus import CASES


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run that all its processes (pytest-xdist) use."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "hostile"
    folder.mkdir(exist_ok=True)
    return folder


def once(shared: Path, name: str, make: Callable[[Path], None]) -> Path:
    """``shared/name``, made by the first process that asks; the others wait."""
    with open(shared / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        target = shared / name
        if not target.exists():
            building = shared / f"{name}.part"
            shutil.rmtree(building, ignore_errors=True)
            building.mkdir()
            make(building)
            building.rename(target)
    return target


@pytest.fixture(scope="session")
def template(shared: Path) -> Path:
    """A course without submissions, to be copied."""
    try:
        find_bubblewrap()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    return once(shared, "template", lambda folder: _no(classroom.make_course(folder / "course"))) / "course"


def _no(_: object) -> None:
    return None


@pytest.fixture(scope="session")
def way_graded(shared: Path, template: Path) -> Callable[[str], Graded]:
    """The class as graded in one way."""
    read: dict[str, Graded] = {}

    def graded(way: str) -> Graded:
        if way not in read:

            def make(folder: Path) -> None:
                # The courses lie beside it: paths in what is recorded stay right.
                base = shared / f"class-{way}"
                shutil.rmtree(base, ignore_errors=True)
                base.mkdir()
                cases = classroom.plantable(CASES)
                # One user's pages are enough: they are made of the notebooks, which all get.
                graded = classroom.graded_class(base, template, cases, way, feedback=os.getuid() == 0)
                graded.write(folder / "graded.json")

            read[way] = Graded.read(once(shared, f"graded-{way}", make) / "graded.json")
        return read[way]

    return graded
