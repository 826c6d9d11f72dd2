"""Two submissions that are graded at one time cannot send each other anything, and honest libraries do not notice."""

from __future__ import annotations

import pytest

from autograder.sandbox.process import Sandbox

# Each pair: what the first sandbox leaves behind, and an expression that the second looks at it with.
PRELUDE = """
import ctypes, fcntl, os, struct, threading, time
shared = os.open("/kit/autograder/__init__.py", os.O_RDONLY)
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
page = libc.mmap(None, 4096, 1, 1, shared, 0)  # readable, shared
FUTEX = 202 if os.uname().machine == "x86_64" else 98
def lock(kind, start):
    return struct.pack("hhqqi4x", kind, 0, start, 1, 0)
def attempt(action):
    try:
        return action()
    except BlockingIOError:
        return "locked"
    except OSError:
        return None
def wait_in_the_page():
    word = ctypes.c_uint32.from_address(page).value
    libc.syscall(FUTEX, ctypes.c_void_p(page), 0, word, None)
"""
CHANNELS = {
    "record locks": (
        "attempt(lambda: fcntl.fcntl(shared, fcntl.F_SETLK, lock(fcntl.F_RDLCK, 123)))",
        "attempt(lambda: fcntl.fcntl(shared, fcntl.F_GETLK, lock(fcntl.F_WRLCK, 123))[:2] != b'\\2\\0')",
    ),
    "flock": (
        "attempt(lambda: fcntl.flock(shared, fcntl.LOCK_EX))",
        "attempt(lambda: fcntl.flock(shared, fcntl.LOCK_EX | fcntl.LOCK_NB))",
    ),
    "write hints": (
        "attempt(lambda: fcntl.fcntl(shared, 1036, struct.pack('Q', 3)))",
        "attempt(lambda: fcntl.fcntl(shared, 1035, bytes(8)))",
    ),
    "futex in a page of a file": (
        "threading.Thread(target=wait_in_the_page, daemon=True).start(); time.sleep(0.1)",
        "libc.syscall(FUTEX, ctypes.c_void_p(page), 1, 1) > 0 or None",
    ),
}


def value_of(sandbox: Sandbox, source: str) -> str:
    outcome = sandbox.run_cell("cell", source)
    assert outcome["error"] is None, outcome["error"]
    return outcome["stdout"].strip()


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_message_arrives(start, channel):
    left, looked_for = CHANNELS[channel]
    with start(cell_s=5) as first, start(cell_s=5) as second:
        value_of(first, PRELUDE + left)
        assert value_of(second, f"{PRELUDE}print({looked_for})") == "None"


HONEST = {
    "numpy files": (
        (
            "import numpy as np\nnp.savez('a.npz', W=np.eye(2))\nnp.save('b.npy', np.eye(2))\n"
            "print(np.load('a.npz')['W'].sum() + np.load('b.npy', mmap_mode='r').sum())"
        ),
        "4.0",
    ),
    "sqlite": (
        (
            "import sqlite3\nwith sqlite3.connect('x.db') as base:\n    base.execute('create table t (a)')\n"
            "    base.execute('insert into t values (5)')\nprint(sqlite3.connect('x.db').execute('select a from t').fetchone())"
        ),
        "(5,)",
    ),
    "temporary files": (
        (
            "import tempfile\nwith tempfile.TemporaryDirectory() as place, open(place + '/x', 'w+') as file:\n"
            "    print(file.write('abc'), file.isatty())"
        ),
        "3 False",
    ),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\nprint(sum(ThreadPoolExecutor(3).map(abs, range(-5, 0))))",
        "15",
    ),
    "processes": (
        (
            "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n"
            "    print(sum(pool.map(abs, range(-5, 0))))"
        ),
        "15",
    ),
    "a lock between processes": (
        (
            "import multiprocessing\nlock = multiprocessing.get_context('fork').Lock()\n"
            "print(lock.acquire(), lock.acquire(timeout=0.1))"
        ),
        "True False",
    ),
    "subprocess and logging": (
        (
            "import logging, subprocess\nlogging.basicConfig(filename='log'); logging.error('x')\n"
            "print(subprocess.run(['cat', 'log'], capture_output=True, text=True).stdout)"
        ),
        "ERROR:root:x",
    ),
    "copies": (
        (
            "import os, shutil\nopen('one', 'w').write('x' * 9)\nshutil.copy2('one', 'two')\nos.utime('two')\n"
            "print(os.path.getsize('two'))"
        ),
        "9",
    ),
}


@pytest.mark.parametrize("library", HONEST)
def test_honest_libraries_work(start, library):
    source, expected = HONEST[library]
    with start(cell_s=10) as sandbox:
        assert value_of(sandbox, source) == expected


def test_pictures_are_drawn(start):
    pytest.importorskip("matplotlib")
    with start(cell_s=20, memory_mb=1000) as sandbox:
        source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('x.png')\nprint(open('x.png', 'rb').read(4))"
        assert value_of(sandbox, source) == repr(b"\x89PNG")
