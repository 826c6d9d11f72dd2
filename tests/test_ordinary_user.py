"""The walls, the corpus and faults of files when an ordinary user grades; run as root, each becomes one test.

The package, the course and the tests are copied to where every user may read them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

ROOT = Path(__file__).parents[1]
NOBODY = 65534
COPIED = ("autograder", "solutions", "assignments", "course.toml", "nbgrader_config.py", "pyproject.toml")
TESTS = ("hostile", "sandbox")
NOT_AGAIN = "without_walls or hole or facts or missing or explained or cpu_time"
TIMEOUT_S = 3600  # one that hangs is stopped; a hundredth of it on two idle cores


@pytest.fixture(scope="module")
def tree() -> Iterator[Path]:
    """The copy. Not below pytest's own folder: that is private."""
    with tempfile.TemporaryDirectory(prefix="ordinary-", dir="/tmp") as folder:
        copy = Path(folder)
        ignored = shutil.ignore_patterns("__pycache__")
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, copy / name)
        for name in TESTS:
            shutil.copytree(ROOT / "tests" / name, copy / "tests" / name, ignore=ignored)
        (copy / "tests" / "__init__.py").touch()
        (copy / "home").mkdir()
        (copy / "home" / "notes.txt").write_text("mine")
        os.chown(copy / "home", NOBODY, NOBODY)
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        yield copy


def as_nobody(command: list[str], tree: Path) -> subprocess.CompletedProcess[str]:
    packages = str(Path(numpy.__file__).resolve().parents[1])
    data = os.environ.get("AUTOGRADER_DATA")
    return subprocess.run(
        command,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tree / "home"),
            "TMPDIR": str(tree / "home"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": f"{tree}:{packages}",
            "PYTHONDONTWRITEBYTECODE": "1",
            **({"AUTOGRADER_DATA": data} if data and os.path.isdir(data) else {}),
        },
        cwd=tree,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        text=True,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@pytest.fixture(scope="module")
def python(tree: Path) -> str:
    """A Python that an ordinary user can start and that finds what grading needs."""
    if os.getuid() != 0:
        pytest.skip("not root: all tests here run as an ordinary user anyway")
    asked = "import sys, numpy, pytest, nbgrader, typer; sys.exit(sys.version_info < (3, 11))"
    for path in dict.fromkeys([os.path.realpath(sys.executable), "/usr/bin/python3"]):
        try:
            if as_nobody([path, "-c", asked], tree).returncode == 0:
                return path
        except OSError:  # not even to be started
            continue
    pytest.skip("no Python with NumPy, pytest and nbgrader here that users other than root can start")


def passes(python: str, tree: Path, *arguments: str) -> None:
    options = ["-p", "no:cacheprovider", f"--basetemp={tree}/home/pytest", "-rs"]
    done = as_nobody([python, "-m", "pytest", *options, *arguments], tree)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_the_attacks_fail_for_an_ordinary_user_too(python: str, tree: Path) -> None:
    files = [
        f"tests/sandbox/{name}.py"
        for name in ("test_walls", "test_limits", "test_clock", "test_between_sandboxes")
    ]
    passes(python, tree, *files, "-k", f"not ({NOT_AGAIN})")


@pytest.mark.thorough
def test_the_corpus_gets_its_verdicts_when_an_ordinary_user_grades(python: str, tree: Path) -> None:
    passes(python, tree, "tests/hostile/test_corpus.py", "-k", "not nbgrader")


@pytest.mark.thorough
def test_faults_lose_nothing_when_an_ordinary_user_grades(python: str, tree: Path) -> None:
    passes(python, tree, "tests/hostile/test_faults.py", "-k", "read_only or may_not_grow or cannot_be_read")
