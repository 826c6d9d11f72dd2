"""Hostile functions, called by a check: the check is lost, the others are not."""

from __future__ import annotations

import time

import numpy as np
import pytest

from autograder.calls import CodeError, connect, run
from autograder.sandbox.channel import RESULTS_BYTES, SandboxDied

SECONDS = 0.5
GOOD = "import numpy as np\ndef good(x): return x * 2\n"


def good_check_passes(sandbox) -> None:
    with sandbox.session(5) as channel:
        assert (connect(channel).good(np.arange(3.0)) == [0.0, 2.0, 4.0]).all()


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("import os; os._exit(0)", "died", "ended itself with exit code 0"),
        ("import os; os.kill(os.getpid(), 11)", "died", "SIGSEGV"),
        ("import sys; sys.exit(0)", "exit", "0"),
        ("while True: pass", "timeout", "0.5 s"),
        (
            "while True:\n        try:\n            while True: y = 1 + len('a')\n        except BaseException: pass",
            "timeout",
            "0.5 s",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "timeout", "0.5 s"),
        ("import os; os.closerange(3, 256)\n    while True: pass", "died", "ended"),
        ("raise NotImplementedError('task 3.2')", "not_implemented", "task 3.2"),
        ("raise BaseException('mine')", "exception", "mine"),
        ("return bytearray(100 * 2**30)", "memory", ""),
        ("return [[]] * 1_000_000", "unsendable", "values"),
        ("return 2 ** 64", "unsendable", "64 bits"),
        ("x = []\n    for _ in range(100): x = [x]\n    return x", "unsendable", "nested"),
    ],
)
def test_only_the_check_is_lost(sandbox, body, kind, words):
    sandbox.run_cell("cell 1", f"{GOOD}def f(x):\n    {body}\n")
    with sandbox.session(SECONDS) as channel:
        student = connect(channel)
        with pytest.raises(CodeError) as raised:
            student.f(1)
        assert (raised.value.kind, words in raised.value.message) == (kind, True), raised.value.message
        if kind in ("died", "timeout"):
            with pytest.raises(CodeError) as again:
                student.good(1)
            assert again.value.kind == kind
    good_check_passes(sandbox)


def test_results_of_one_check_are_bounded_together(sandbox):
    part = RESULTS_BYTES // 4
    sandbox.run_cell("cell 1", f"import numpy as np\ndef f(): return np.zeros({part - 10_000}, np.uint8)")
    for _ in range(2):  # each check has all of it
        with sandbox.session(20) as channel:
            student = connect(channel)
            for _ in range(4):
                assert student.f().nbytes == part - 10_000
            with pytest.raises(CodeError) as raised:
                student.f()
            assert raised.value.kind == "memory"
            assert "128 MB" in raised.value.message


def test_a_result_that_is_too_large_is_named(start):
    with start(memory_mb=1500) as sandbox:
        sandbox.run_cell("cell 1", GOOD + "def f(): return np.zeros(34_000_000)")
        with sandbox.session(5) as channel, pytest.raises(CodeError) as raised:
            connect(channel).f()
        assert raised.value.kind == "unsendable"
        assert "bytes" in raised.value.message


@pytest.mark.parametrize(
    "expression",
    [
        "np.array([{}], dtype=object)",
        "np.array([1 + 2j])",
        "np.array(['a'])",
        "np.array(['2020-01-01'], dtype='datetime64[D]')",
        "np.zeros((1,) * 9)",
        "np.ma.masked_all(3, dtype=object)",
        "(lambda: 5)",
        "type('L', (list,), {'__len__': lambda self: 10**9, '__iter__': lambda self: self, '__next__': lambda self: 1})()",
        "type('A', (), {'__array__': lambda self, *a, **k: 1 / 0})()",
        "type('T', (), {'__eq__': lambda self, other: True, '__bool__': lambda self: True})()",
    ],
)
def test_what_is_no_plain_value_stays_outside(sandbox, expression):
    sandbox.run_cell("cell 1", f"{GOOD}def f(): return {expression}")
    with sandbox.session(2) as channel:
        value = connect(channel).f()
        assert type(value).__name__ == "Proxy"
        assert value != 1.0 and value != [1.0]


def test_odd_arrays_arrive_as_plain_ones(sandbox):
    sandbox.run_cell(
        "cell 1",
        "import numpy as np\nclass Sub(np.ndarray): pass\n"
        "def big_endian(): return np.array([1, 2], dtype='>i4')\n"
        "def zero_d(): return np.array(3.5)\n"
        "def nan(): return np.array([np.nan, np.inf])\n"
        "def strided(): return np.arange(6.0).reshape(2, 3).T[::-1]\n"
        "def sub(): return np.arange(3.0).view(Sub)\n"
        "def empty(): return np.zeros((0, 5), dtype=np.float32)\n"
        "def bools(): return np.array([2, 0], dtype=np.uint8).view(bool)\n",
    )
    with sandbox.session(5) as channel:
        student = connect(channel)
        assert student.big_endian().dtype == np.dtype("<i4") and list(student.big_endian()) == [1, 2]
        assert student.zero_d().shape == () and student.zero_d() == 3.5
        assert np.isnan(student.nan()[0]) and np.isinf(student.nan()[1])
        assert (student.strided() == [[2.0, 5.0], [1.0, 4.0], [0.0, 3.0]]).all()
        assert type(student.sub()) is np.ndarray
        assert student.empty().shape == (0, 5)
        assert student.bools().tobytes() == b"\x01\x00"


def test_every_check_starts_from_the_same_state(sandbox):
    sandbox.run_cell("cell 1", "calls = []\ndef f():\n    calls.append(1)\n    return len(calls)")
    for _ in range(2):
        with sandbox.session(2) as channel:
            student = connect(channel)
            assert [student.f(), student.f()] == [1, 2]


def test_processes_left_by_cells_and_checks_are_gone_at_the_next_check(sandbox):
    spawn = (
        "import os, time\ndef spawn():\n    if os.fork() == 0:\n        try: os.setsid()\n        except OSError: pass\n"
        "        if os.fork() == 0: time.sleep(60)\n        os._exit(0)\n"
        "def alive(n): return n.isdigit() and int(n) > 2 and open(f'/proc/{n}/stat').read().split()[2] != 'Z'\n"
        "def count(): return sum(map(alive, os.listdir('/proc')))\n"
    )
    sandbox.run_cell("cell 1", spawn + "spawn()")
    for _ in range(2):
        with sandbox.session(2) as channel:
            student = connect(channel)
            assert student.count() == 1  # itself
            student.spawn()


def test_processes_that_keep_forking_are_swept(sandbox):
    # Each lives a moment and hands over to the next, so that a list of them is old when it is made.
    sandbox.run_cell(
        "cell 1",
        "import os, time\ndef chain():\n    if os.fork() == 0:\n        try: os.setsid()\n        except OSError: pass\n"
        "        while True:\n            if os.fork(): os._exit(0)\n    return 1\n" + GOOD,
    )
    with sandbox.session(2) as channel:
        connect(channel).chain()
    good_check_passes(sandbox)


def test_a_stopped_worker_is_noticed(sandbox):
    sandbox.run_cell(
        "cell 1",
        "import os, signal, threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), os.kill(os.getpid(), signal.SIGSTOP))).start()",
    )
    time.sleep(0.4)
    with pytest.raises(SandboxDied) as died, sandbox.session(0.5):
        pass
    assert died.value.kind == "timeout"


def test_the_submissions_total_time_ends_a_check(start):
    with start(cpu_s=1) as sandbox:
        sandbox.run_cell("cell 1", "def f():\n    while True: pass")
        with sandbox.session(30) as channel, pytest.raises(CodeError) as raised:
            connect(channel).f()
        assert raised.value.kind == "timeout"


def test_a_program_reads_and_prints(sandbox):
    sandbox.run_cell(
        "cell 1", "import sys\ndef main():\n    i = int(input('index? '))\n    print(i + 1)\n    sys.exit(2)"
    )
    with sandbox.session(2) as channel:
        outcome = run(connect(channel).main, stdin="41\n")
    assert (outcome.stdout, outcome.stderr, outcome.exit_code) == ("42\n", "index? ", 2)


def test_strict_settings_of_a_notebook_are_not_those_of_a_check(sandbox):
    strict = "import warnings\nnp.seterr(all='raise')\nwarnings.simplefilter('error')\n"
    sandbox.run_cell(
        "cell 1",
        f"{GOOD}{strict}def f(x):\n    np.seterr(all='raise')\n    return np.exp(x)\ndef g(x): return x / 0",
    )
    with sandbox.session(20) as channel:
        student = connect(channel)
        assert student.g(np.zeros(2)).shape == (2,)
        with pytest.raises(CodeError):  # its own wish, for itself
            student.f(np.array([-1e4]))
        assert student.g(np.ones(2)).tolist() == [np.inf, np.inf]
        assert student.np.geterr()["over"] == "warn"


def test_long_doubles_and_half_floats_come_out_as_what_they_are(sandbox):
    sandbox.run_cell("cell 1", f"{GOOD}def f(name): return np.ones((2, 3), name).T[::-1]")
    with sandbox.session(20) as channel:
        student = connect(channel)
        for name in ("longdouble", "float16", ">f4", "bool"):
            got = student.f(name)
            assert got.dtype == np.dtype(name).newbyteorder("<")
            assert got.shape == (3, 2)
        again = student.good(student.f("longdouble"))
        assert again.dtype == np.longdouble
