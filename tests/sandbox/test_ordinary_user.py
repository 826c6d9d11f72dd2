"""The same attacks when an ordinary user grades; run as root, the tests become one."""

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

ROOT = Path(__file__).parents[2]
NOBODY = 65534
NOT_AGAIN = "not without_walls and not hole and not facts and not missing and not explained and not cpu_time"
HERE = ("conftest.py", "__init__.py", "test_walls.py", "test_limits.py")


@pytest.fixture(scope="module")
def tree() -> Iterator[Path]:
    """A copy of the package and these tests that every user may read. Not below pytest's own folder: that is private."""
    with tempfile.TemporaryDirectory(prefix="ordinary-") as folder:
        copy = Path(folder)
        shutil.copytree(
            ROOT / "autograder", copy / "autograder", ignore=shutil.ignore_patterns("__pycache__")
        )
        for name in HERE:
            target = copy / "tests" / "sandbox" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "tests" / "sandbox" / name, target)
        (copy / "solutions").mkdir()
        (copy / "home").mkdir()
        (copy / "home" / "notes.txt").write_text("mine")
        os.chown(copy / "home", NOBODY, NOBODY)
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        yield copy


def as_nobody(command: list[str], tree: Path) -> subprocess.CompletedProcess[str]:
    packages = str(Path(numpy.__file__).resolve().parents[1])
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tree / "home"),
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{tree}:{packages}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        command,
        env=environment,
        cwd=tree,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )


def usable_python(tree: Path) -> str | None:
    """A Python that an ordinary user can start and that finds NumPy and pytest."""
    for path in dict.fromkeys([os.path.realpath(sys.executable), "/usr/bin/python3"]):
        try:
            tried = as_nobody(
                [path, "-c", "import sys, numpy, pytest; sys.exit(sys.version_info < (3, 11))"], tree
            )
        except OSError:  # not even to be started
            continue
        if tried.returncode == 0:
            return path
    return None


@pytest.mark.skipif(os.getuid() != 0, reason="not root: all tests here run as an ordinary user anyway")
def test_the_attacks_fail_for_an_ordinary_user_too(tree):
    python = usable_python(tree)
    if python is None:
        pytest.skip("no Python with NumPy and pytest here that users other than root can start")
    done = as_nobody(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", NOT_AGAIN, "tests/sandbox"], tree
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
