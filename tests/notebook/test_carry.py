"""Carrying definitions of an earlier notebook."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from autograder.notebook.carry import CarryError, carry


def write(path: Path, *cells: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)


def carried(*cells: str, folder: Path) -> dict[str, Any]:
    write(folder / "task1_forward.ipynb", *cells)
    namespace: dict[str, Any] = {}
    carry("task1_forward", into=namespace)
    return namespace


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "task2_minibatch"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_imports_functions_classes_and_constants_are_carried(here: Path) -> None:
    namespace = carried(
        "import math\nEPS = 1e-7\nSIZES = (784, 100)",
        "def double(x):\n    return 2 * x",
        "class Affine:\n    factor = EPS",
        "square = lambda x: x * x",
        folder=here,
    )
    assert namespace["double"](2) == 4
    assert namespace["square"](3) == 9
    assert namespace["Affine"].factor == 1e-7
    assert namespace["SIZES"] == (784, 100)
    assert namespace["math"].pi > 3


def test_nothing_else_runs(here: Path, tmp_path: Path) -> None:
    namespace = carried(
        f"open({str(tmp_path / 'ran')!r}, 'w')",
        "images = open('large data')",
        "for i in range(3):\n    raise ValueError",
        "def f():\n    return 1",
        "total = f()",
        "params = f(1)",
        "result = f(images)",
        folder=here,
    )
    assert not (tmp_path / "ran").exists()
    assert "images" not in namespace
    assert "result" not in namespace
    assert "total" not in namespace
    assert "params" not in namespace
    assert namespace["f"]() == 1


def test_a_closure_made_by_the_notebooks_own_function_is_carried(here: Path) -> None:
    namespace = carried("def make(n):\n    return lambda x: n * x", "triple = make(3)", folder=here)
    assert namespace["triple"](2) == 6


def test_a_broken_cell_does_not_stop_the_others(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    namespace = carried("def broken(:", "%matplotlib inline\ndef fine():\n    return 1", folder=here)
    assert namespace["fine"]() == 1
    assert "cell 1 of task1_forward (SyntaxError: invalid syntax (line 1))" in capsys.readouterr().out


@pytest.mark.parametrize(
    "cell",
    [
        "\n# timed\n\n%%time\ndef f(): return 1",
        "%%timeit -n 3\ndef f(): return 1",
        "%%nobody_knows\ndef f(): return 1",
        "    def f(): return 1",
        "%timeit -n 1 abs(1)\nx = !ls\ny = (1\n  != 2)  # right?\ndef f(): return 1\nf?",
        "def f():\n    %time x = 1\n    return 1",
        "pip install a_package\ndef f(): return 1",
        "import a_package_nobody_has, math\ndef f(): return math.floor(1.5)",
        "try:\n    import a_package_nobody_has as m\nexcept ImportError:\n    import math as m\ndef f(): return m.floor(1.5)",
    ],
)
def test_a_cell_is_read_as_jupyter_reads_it(here: Path, monkeypatch: pytest.MonkeyPatch, cell: str) -> None:
    shell = SimpleNamespace(run_line_magic=lambda name, line: None)
    monkeypatch.setattr("builtins.get_ipython", lambda: shell, raising=False)
    assert carried(cell, folder=here)["f"]() == 1


def test_cells_that_are_no_python_are_left_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    carried("%%bash\ndef f(", "%%html\n<b>", "%%some_language\nf <- (", folder=here)
    assert "not carried" not in capsys.readouterr().out


def test_futures_hold_for_later_cells_and_the_graders_own_do_not(here: Path) -> None:
    namespace = carried(
        "def f(x: int): pass", "from __future__ import annotations", "def g(x: nothing): pass", folder=here
    )
    assert namespace["f"].__annotations__ == {"x": int}
    assert namespace["g"].__annotations__ == {"x": "nothing"}


@pytest.mark.parametrize("place", ["..", "../task1_forward", "task1_forward"])
def test_the_notebook_is_found_beside_and_above(here: Path, place: str) -> None:
    write(here / place / "task1_forward.ipynb", "A = 1")
    namespace: dict[str, Any] = {}
    carry("task1_forward", into=namespace)
    assert namespace["A"] == 1


@pytest.mark.parametrize("place", ["../..", "../../task1_forward"])
def test_nothing_is_taken_from_two_folders_above(here: Path, place: str, tmp_path: Path) -> None:
    write(here / place / "task1_forward.ipynb", f"class A:\n    open({str(tmp_path / 'ran')!r}, 'w')")
    try:
        with pytest.raises(CarryError, match=r"task1_forward\.ipynb was not found"):
            carry("task1_forward", into={})
    finally:
        (here / place / "task1_forward.ipynb").unlink()
    assert not (tmp_path / "ran").exists()


def test_the_path_that_was_taken_is_printed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here.parent / "task1_forward" / "task1_forward.ipynb", "A = 1")
    carry("task1_forward", into={})
    assert str(here.parent / "task1_forward" / "task1_forward.ipynb") in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("link", [False, True], ids=["file", "link"])
def test_another_users_notebook_is_not_taken(here: Path, tmp_path: Path, link: bool) -> None:
    taken = here.parent / "task1_forward.ipynb"
    theirs = tmp_path / "theirs.ipynb" if link else taken
    write(theirs, f"class A:\n    open({str(tmp_path / 'ran')!r}, 'w')")
    os.chown(theirs, 12345, 12345)
    if link:
        taken.symlink_to(theirs)
    with pytest.raises(CarryError, match="belongs to another user"):
        carry("task1_forward", into={})
    assert not (tmp_path / "ran").exists()
    # The student's own, at a place that is looked at later or earlier, still is.
    write(here / "task1_forward" / "task1_forward.ipynb", "A = 1")
    namespace: dict[str, Any] = {}
    carry("task1_forward", into=namespace)
    assert namespace["A"] == 1


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
def test_in_a_container_roots_notebook_carries_from_its_mounted_folder(here: Path) -> None:
    write(here / "task1_forward.ipynb", "A = 1")
    os.chown(here, 12345, 12345)
    os.chown(here / "task1_forward.ipynb", 12345, 12345)
    namespace: dict[str, Any] = {}
    carry("task1_forward", into=namespace)
    assert namespace["A"] == 1


def test_a_missing_notebook_says_where_it_was_looked_for(here: Path) -> None:
    with pytest.raises(CarryError, match=r"task1_forward\.ipynb was not found") as error:
        carry("task1_forward")
    assert str(here / "task1_forward.ipynb") in str(error.value)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"cells": 3}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_notebook_is_named(here: Path, content: bytes) -> None:
    (here / "task1_forward.ipynb").write_bytes(content)
    with pytest.raises(CarryError, match=r"task1_forward\.ipynb: "):
        carry("task1_forward")


def test_definitions_fill_the_callers_own_namespace(here: Path) -> None:
    write(here / "task1_forward.ipynb", "CARRIED = 5")
    namespace = {"carry": carry}
    exec("carry('task1_forward')", namespace)
    assert namespace["CARRIED"] == 5
