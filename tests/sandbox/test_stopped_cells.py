"""A cell that raises keeps the definitions below the statement that raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograder.sandbox.process import Sandbox


@pytest.fixture
def sandbox(start: Callable[..., Sandbox]) -> Iterator[Sandbox]:
    with start(cell_s=20) as sandbox:
        yield sandbox


def stopped(sandbox: Sandbox, source: str) -> dict[str, Any]:
    reply = sandbox.run_cell("cell 1", source)
    assert reply["error"] is not None
    return reply


def shows(sandbox: Sandbox, expression: str) -> str:
    reply = sandbox.run_cell("cell 9", expression)
    return reply["stdout"].strip() if reply["error"] is None else reply["error"]["type"]


BELOW = """
import math
SIZE = (2, 3)
def area(): return SIZE[0] * SIZE[1] * math.floor(1.5)
class Affine:
    size = SIZE
print("not run")
late = area()
"""


@pytest.mark.parametrize(
    "first",
    [
        "from a_package_nobody_has import tqdm",
        "import a_package_nobody_has.part as part",
        "1 / 0",
        "x = undefined_name",
        "x = open('no_such_file').read()",
        "raise KeyboardInterrupt",
        "class Body:\n    1 / 0",
        "try:\n    import a_package_nobody_has\nfinally:\n    pass",
        "with open('/dev/null') as file:\n    for i in range(3):\n        raise ValueError",
        "if True:\n    try:\n        1 / 0\n    except TypeError:\n        pass",
        "%time 1 / 0",
        "x = !ls\nx[0]",
        "print(1); 1 / 0; y = 2",
        "return 5",
        "break",
    ],
)
def test_what_is_defined_below_is_kept(sandbox: Sandbox, first: str) -> None:
    reply = stopped(sandbox, first + BELOW)
    # In the order of the cell; nothing else runs.
    assert [name for name in reply["kept"] if name not in ("y",)] == ["math", "SIZE", "area", "Affine"]
    assert "not run" not in reply["stdout"]
    assert shows(sandbox, "area(), Affine.size") == "(6, (2, 3))"
    assert shows(sandbox, "late") == "NameError"


def test_the_line_is_that_of_the_cell(sandbox: Sandbox) -> None:
    assert stopped(sandbox, "\n\n%%time\nx = 1\n1 / 0\ny = 1")["line"] == 5
    assert stopped(sandbox, "x = 1\nx = (1 /\n  0)\ny = 1")["line"] == 2


def test_what_ran_above_is_not_run_again(sandbox: Sandbox) -> None:
    stopped(sandbox, "count = 1\ncount += 1\ndef f(n=count): return n\n1 / 0\ndef g(): return count")
    assert shows(sandbox, "f(), g()") == "(2, 2)"
    # Neither where Python reads the cell and cannot compile it.
    stopped(sandbox, "count = 5\ncount += 1\nreturn 1\ndef g(): return count")
    assert shows(sandbox, "g()") == "6"


def test_of_one_import_line_the_packages_that_are_there_are_kept(sandbox: Sandbox) -> None:
    reply = stopped(sandbox, "import a_package_nobody_has, math, os.path as p")
    assert reply["kept"] == ["math", "p"]


def test_the_rest_of_the_block_is_kept_too(sandbox: Sandbox) -> None:
    source = "import warnings\nwith warnings.catch_warnings():\n    import a_package_nobody_has\n    def f(): return 1\ndef g(): return f() + 1"
    stopped(sandbox, source)
    assert shows(sandbox, "g()") == "2"


def test_a_choice_of_imports_below_is_made(sandbox: Sandbox) -> None:
    stopped(
        sandbox,
        "1 / 0\ntry:\n    import a_package_nobody_has as m\nexcept ImportError:\n    print('none')\n    import math as m",
    )
    assert shows(sandbox, "m.floor(1.5)") == "1"


def test_a_definition_below_that_fails_is_named(sandbox: Sandbox) -> None:
    reply = stopped(sandbox, "from a_package_nobody_has import jit\n@jit\ndef f(): pass\ndef g(): pass")
    assert reply["lost"] == [("cell 1, line 3", "NameError: name 'jit' is not defined", ["f"])]
    assert reply["kept"] == ["g"]


def test_a_closure_below_is_made_by_a_maker_above(sandbox: Sandbox) -> None:
    sandbox.run_cell("cell 0", "def make(n):\n    return lambda x: n * x")
    stopped(sandbox, "1 / 0\ntriple = make(3)")
    assert shows(sandbox, "triple(2)") == "6"


@pytest.mark.parametrize(
    "stop",
    [
        "raise SystemExit",
        "import sys; sys.exit()",
        "exit()",
        "assert False",
        "if True:\n    raise ValueError('stop here')",
    ],
)
def test_a_cell_that_its_author_stops_replaces_nothing(sandbox: Sandbox, stop: str) -> None:
    stopped(sandbox, f"def f(): return 'above'\n{stop}\ndef f(): return 'below'\ndef g(): return 'new'")
    assert shows(sandbox, "f() + g()") == "'abovenew'"


def test_a_cell_that_fails_here_is_as_if_it_had_not(sandbox: Sandbox) -> None:
    sandbox.run_cell("cell 0", "def f(): return 'draft'")
    stopped(sandbox, "import a_package_nobody_has\ndef f(): return 'final'")
    assert shows(sandbox, "f()") == "'final'"


@pytest.mark.parametrize("source", ["def f(): return 1\nx = 5 5", "def f(:\n    pass", "x = '''"])
def test_of_a_cell_that_python_cannot_read_nothing_is_kept(sandbox: Sandbox, source: str) -> None:
    reply = stopped(sandbox, source)
    assert (reply["error"]["type"], reply["kept"], reply["line"]) == ("SyntaxError", [], 0)
    assert "line 2" in reply["error"]["message"] or "line 1" in reply["error"]["message"]
    assert "<cell" not in reply["error"]["message"]


def test_a_cell_that_takes_too_long_keeps_what_stands_below(start: Callable[..., Sandbox]) -> None:
    with start(cell_s=0.5) as sandbox:
        reply = stopped(sandbox, "while True: pass\ndef f(): return 1")
        assert reply["error"]["kind"] == "timeout"
        assert shows(sandbox, "f()") == "1"
        # A class body that never ends costs what stands below it.
        assert (
            stopped(sandbox, "while True: pass\nclass A:\n    while True: pass\ndef g(): return 1")["kept"]
            == []
        )
        assert shows(sandbox, "2") == "2"


def test_only_the_definitions_of_a_cell(sandbox: Sandbox) -> None:
    reply = sandbox.run_cell("cell 1", "import os\ndef f(): return 1\nos._exit(3)", only_definitions=True)
    assert (reply["error"], reply["kept"]) == (None, ["os", "f"])
    assert shows(sandbox, "f()") == "1"


@pytest.mark.parametrize(
    "notes",
    [
        "sys.modules['__main__']",
        "[1]",
        "[['x']]",
        "'text'",
        "None",
        "[['a', 'b', ['c']]] * 10**5",
    ],
)
def test_forged_notes_are_refused_or_cut(sandbox: Sandbox, notes: str) -> None:
    from autograder.sandbox.channel import SandboxDied

    forge = (
        "import gc, sys\nfrom autograder.sandbox.cells import Shell\n"
        "(shell,) = [o for o in gc.get_objects() if isinstance(o, Shell)]\n"
        f"shell.notes.lost = {notes}"
    )
    try:
        assert len(sandbox.run_cell("cell 1", forge)["lost"]) <= 20
    except SandboxDied as died:
        assert died.kind in ("protocol", "died")
