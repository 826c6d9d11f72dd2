"""Memory, processes, disk, files and CPU of all processes together."""

from __future__ import annotations

import pytest

from autograder.calls import CodeError, connect
from autograder.sandbox.channel import SandboxDied
from autograder.sandbox.replies import NO_NOTES

MANY_CHILDREN = """
import os, time
def eat():
    for _ in range(8):
        if os.fork() == 0:
            {prepare}
            block = bytearray(60 * 2**20)
            for i in range(0, len(block), 4096): block[i] = 1
            time.sleep(20)
    time.sleep(10)
"""
FORK_BOMB = """
import os, time
def bomb():
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        try: os.fork()
        except OSError: pass
"""


@pytest.mark.parametrize(
    "prepare", ["pass", "import ctypes; ctypes.CDLL(None).prctl(4, 0)"], ids=["plain", "non-dumpable"]
)
def test_memory_of_many_children_counts_together(start, prepare):
    source = MANY_CHILDREN.format(prepare=prepare)
    with start(memory_mb=400, cell_s=8) as sandbox, pytest.raises(SandboxDied) as died:
        sandbox.run_cell("cell 1", source + "eat()")
    assert died.value.kind == "memory"
    assert "400 MB" in died.value.message
    with start(memory_mb=400, cell_s=8) as sandbox:
        sandbox.run_cell("cell 1", source + "def good(): return 1")
        with sandbox.session(8) as channel, pytest.raises(CodeError) as raised:
            connect(channel).eat()
        assert raised.value.kind == "memory"
        with sandbox.session(2) as channel:  # the worker itself was within its bounds
            assert connect(channel).good() == 1


def test_memory_is_watched_while_the_answers_come_fast(start):
    source = MANY_CHILDREN.format(prepare="pass").replace("    time.sleep(10)\n", "")
    with start(memory_mb=400) as sandbox:
        sandbox.run_cell("cell 1", source + "def wait(): time.sleep(0.01)")
        with sandbox.session(10) as channel, pytest.raises(CodeError) as raised:
            student = connect(channel)
            student.eat()
            for _ in range(900):
                student.wait()
    assert raised.value.kind == "memory"


def test_a_cell_does_not_pay_for_what_another_left_running(start):
    # The children would take too much memory as soon as the next cell begins.
    source = MANY_CHILDREN.format(prepare="while not os.path.exists('go'): time.sleep(0.01)")
    source = source.replace("    time.sleep(10)", "    while True: pass")
    with start(memory_mb=400) as sandbox:
        stopped = sandbox.run_cell("cell 1", source + "eat()")
        assert stopped["error"]["kind"] == "timeout"
        for _ in range(10):
            assert sandbox.run_cell("cell 2", "open('go', 'w'); time.sleep(0.1)")["error"] is None


def test_a_fork_bomb_stays_small(start):
    with start(processes=24, cell_s=2) as sandbox:
        sandbox.run_cell("cell 1", FORK_BOMB + "def good(): return 1")
        with sandbox.session(2) as channel:
            try:
                connect(channel).bomb()
            except CodeError as error:
                assert error.kind in ("died", "timeout", "protocol")  # several children answer one question
        with sandbox.session(2) as channel:
            assert connect(channel).good() == 1


def test_threads_are_limited(start):
    source = (
        "import threading, time\nn = 0\ntry:\n    for n in range(200):"
        " threading.Thread(target=time.sleep, args=(1,), daemon=True).start()\nexcept RuntimeError: pass\nn"
    )
    with start(processes=24) as sandbox:
        assert int(sandbox.run_cell("cell 1", source)["stdout"]) < 24


@pytest.mark.parametrize("place", ["/tmp", "/home/student", "/dev/shm"])
def test_disk_is_limited(sandbox, place):
    source = (
        f"written = 0\ntry:\n    for n in range(3):\n        with open('{place}/' + str(n), 'wb', 0) as file:\n"
        "            for _ in range(40): written += file.write(bytes(100_000))\nexcept OSError: pass\nwritten"
    )
    assert 2_000_000 < int(sandbox.run_cell("cell 1", source)["stdout"]) <= 4 * 2**20


def test_empty_files_are_limited(start):
    source = "import os\nfor n in range(10**6): os.close(os.open(f'{n % 3}-{n}', os.O_CREAT | os.O_WRONLY))"
    with start(cell_s=5) as sandbox, pytest.raises(SandboxDied) as died:
        sandbox.run_cell("cell 1", source)
    assert "20000 files" in died.value.message


def test_cpu_time_is_limited_and_named(start):
    with start(cpu_s=1, cell_s=5) as sandbox, pytest.raises(SandboxDied) as died:
        sandbox.run_cell("cell 1", "while True: pass")
    assert died.value.message == "the submission's 1 s of CPU time are used up"


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.memfd_create('x')",
        "import mmap; mmap.mmap(-1, 4096)",
        "import mmap; f = open('/dev/zero', 'r+b'); mmap.mmap(f.fileno(), 4096)",
        "import ctypes\nif ctypes.CDLL(None).shmget(0, 4096, 0o1600) < 0: raise OSError",
        "import socket; socket.socketpair()",
    ],
    ids=["memfd", "shared anonymous", "/dev/zero", "System V", "socketpair"],
)
def test_memory_that_no_process_owns_is_refused(sandbox, source):
    error = sandbox.run_cell("cell 1", source)["error"]
    assert error is not None
    assert error["type"].endswith("Error") and error["type"] != "NameError"


def test_private_and_file_mappings_still_work(sandbox):
    source = (
        "import mmap, numpy as np\nmmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE)\n"
        "a = np.lib.format.open_memmap('a.npy', 'w+', np.float32, (10,)); a[:] = 3; a.flush()\n"
        "float(np.load('a.npy', mmap_mode='r').sum())"
    )
    assert sandbox.run_cell("cell 1", source) == {"error": None, "stdout": "30.0\n", "stderr": "", **NO_NOTES}


def test_leaving_waits_until_everything_is_gone(start):
    # The next sandbox of this grader has the same user: leftovers would count against it.
    for _ in range(3):
        with start(processes=24) as sandbox:
            sandbox.run_cell(
                "cell 1",
                "import os, time\ndef spawn():\n    for _ in range(20):\n"
                "        if os.fork() == 0: time.sleep(60)\n"
                "    return sum(n.isdigit() for n in os.listdir('/proc'))",
            )
            with sandbox.session(5) as channel:
                assert connect(channel).spawn() >= 20
    with start():
        pass
