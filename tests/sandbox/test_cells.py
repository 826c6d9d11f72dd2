"""Hostile cells: what each may cost, and what the next cell still finds."""

from __future__ import annotations

import pytest

from autograder.sandbox.channel import SandboxDied
from autograder.sandbox.process import Sandbox
from autograder.sandbox.replies import NO_NOTES


def value_of(sandbox: Sandbox, expression: str) -> str:
    return sandbox.run_cell("cell 9", expression)["stdout"].strip()


def error_of(sandbox: Sandbox, source: str) -> dict:
    outcome = sandbox.run_cell("cell 1", source)
    assert outcome["error"] is not None
    return outcome["error"]


def test_a_cell_prints_and_keeps_its_names(sandbox):
    outcome = sandbox.run_cell(
        "cell 1", "x = 40\nprint('out')\nimport sys; print('err', file=sys.stderr)\nx + 2"
    )
    assert outcome == {"error": None, "stdout": "out\n42\n", "stderr": "err\n", **NO_NOTES}
    assert value_of(sandbox, "x") == "40"


@pytest.mark.parametrize(
    ("source", "kind", "type_name"),
    [
        ("import sys; sys.exit(0)", "exit", "SystemExit"),
        ("raise BaseException('mine')", "exception", "BaseException"),
        ("raise KeyboardInterrupt", "exception", "KeyboardInterrupt"),
        ("raise GeneratorExit", "exception", "GeneratorExit"),
        ("def f(): raise NotImplementedError('task 1')\nf()", "not_implemented", "NotImplementedError"),
        ("1 +", "exception", "SyntaxError"),
        ("(" * 100_000, "exception", None),
        ("x = '\\0'\n\0", "exception", None),
        ("'\ud800'", None, None),
        ("def f(): return f()\nf()", "exception", "RecursionError"),
        ("bytearray(100 * 2**30)", "memory", "MemoryError"),
        ("import numpy as np; np.ones((10**5, 10**5))", "memory", None),
    ],
)
def test_a_failing_cell_does_not_stop_the_next(sandbox, source, kind, type_name):
    sandbox.run_cell("cell 0", "kept = 7")
    error = sandbox.run_cell("cell 1", source)["error"]
    assert (error and error["kind"]) == kind
    assert type_name is None or error["type"] == type_name
    assert value_of(sandbox, "kept") == "7"


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "while True:\n    try: 1 / 0\n    except Exception: pass",
        "import time; time.sleep(60)",
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        "class R:\n    def __repr__(self):\n        while True: pass\nR()",
    ],
    ids=["busy", "swallows Exception", "sleep", "ignores SIGTERM", "endless __str__", "endless __repr__"],
)
def test_an_endless_cell_is_stopped_and_the_state_stays(sandbox, source):
    sandbox.run_cell("cell 0", "kept = 7")
    # An exception whose text never ends is still an exception, only without text.
    assert error_of(sandbox, source)["kind"] == ("exception" if "__str__" in source else "timeout")
    assert value_of(sandbox, "kept") == "7"


@pytest.mark.parametrize(
    "source",
    [
        "import time\nwhile True:\n    try: time.sleep(60)\n    except BaseException: pass",
        "import signal; signal.signal(signal.SIGPROF, signal.SIG_IGN)\nwhile True: pass",
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "import numpy as np; np.einsum('i,j->', np.ones(10**6), np.ones(10**6))",
    ],
    ids=[
        "swallows BaseException",
        "ignores SIGPROF",
        "blocks all signals",
        "stops itself",
        "one endless operation",
    ],
)
def test_a_cell_that_will_not_stop_is_killed(start, monkeypatch, source):
    monkeypatch.setattr("autograder.sandbox.process.GRACE_S", 0.3)
    with start(cell_s=0.2) as sandbox, pytest.raises(SandboxDied) as died:
        sandbox.run_cell("cell 1", source)
    assert died.value.kind == "timeout"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os; os._exit(0)", "the process ended itself with exit code 0"),
        ("import os; os._exit(9)", "the process ended itself with exit code 9"),
        ("import os; os.kill(os.getpid(), 11)", "the process was ended by SIGSEGV (it crashed)"),
        ("import ctypes; ctypes.string_at(0)", "the process was ended by SIGSEGV (it crashed)"),
        ("import os; os.closerange(3, 256)", "the process ended itself"),
        ("import os; os.abort()", "the process was ended by SIGABRT"),
    ],
)
def test_a_cell_that_ends_the_process_is_named(sandbox, source, message):
    with pytest.raises(SandboxDied) as died:
        sandbox.run_cell("cell 1", source)
    assert died.value.kind == "died"
    assert message in died.value.message
    with pytest.raises(SandboxDied):
        sandbox.run_cell("cell 2", "1")


def test_killing_everyone_kills_only_those_inside(sandbox):
    # kill(-1) spares the caller; everyone else it may signal is inside.
    outcome = sandbox.run_cell(
        "cell 1", "import os, signal\ntry: os.kill(-1, signal.SIGKILL)\nexcept OSError: pass\n1"
    )
    assert outcome["stdout"] == "1\n"
    sandbox.run_cell("cell 2", "import os, signal\nos.kill(1, signal.SIGKILL)")
    assert value_of(sandbox, "1 + 1") == "2"


def test_a_flood_is_cut(sandbox):
    outcome = sandbox.run_cell("cell 1", "import sys\nfor _ in range(100): print('x' * 100_000)")
    assert len(outcome["stdout"]) < 100_000
    assert outcome["stdout"].endswith("[output cut]\n")
    outcome = sandbox.run_cell(
        "cell 2", "import os\nfor _ in range(100): os.write(1, b'x' * 10_000); os.write(2, b'y' * 10_000)"
    )
    assert outcome == {"error": None, "stdout": "", "stderr": "", **NO_NOTES}


def test_a_megabyte_of_source_is_not_run(sandbox):
    assert error_of(sandbox, "x = '" + "y" * 5_000_000 + "'")["type"] == "CellTooLong"
    assert value_of(sandbox, "3") == "3"


def test_what_a_cell_says_of_itself_is_tamed(sandbox):
    error = error_of(sandbox, "raise ValueError('\\x1b[2Jgone\\ud800 ' + 'long' * 1000)")
    assert "\x1b" not in error["message"]
    assert "\ud800" not in error["message"]
    assert len(error["message"]) <= 400


@pytest.mark.parametrize(
    "definition",
    [
        "class M(type):\n    __name__ = property(lambda self: 1 / 0)\nclass E(Exception, metaclass=M): pass",
        "class S(str):\n    def __getitem__(self, i): return 5\nclass E(Exception):\n    def __str__(self): return S('x')",
        "class E(Exception):\n    @property\n    def __class__(self): raise SystemExit",
        "class E(Exception):\n    @property\n    def __traceback__(self): return 5",
    ],
    ids=["name", "str", "class", "traceback"],
)
def test_an_exception_that_lies_costs_at_most_its_own_process(sandbox, definition):
    try:
        error = error_of(sandbox, definition + "\nraise E")
        assert type(error["message"]) is str
    except SandboxDied as died:
        assert died.kind in ("died", "protocol")


def test_the_order_of_a_set_is_the_same_in_every_run(start):
    seen = set()
    for _ in range(2):
        with start() as sandbox:
            seen.add(value_of(sandbox, "[hash('digit'), list({'a', 'b', 'c', 'd'})]"))
    assert len(seen) == 1


def test_files_are_there_before_the_first_cell(sandbox):
    sandbox.put_files({"weights.npz": b"\x00\x01", "empty": b""})
    assert (
        value_of(sandbox, "open('weights.npz', 'rb').read() + open('empty', 'rb').read()") == r"b'\x00\x01'"
    )
