"""Runs a command and says what it left running: ``python -m tests.hostile.watched REPORT SECONDS COMMAND…``.

Processes that lose their parent become children of this one (a "subreaper"), so nobody escapes by forking twice, and
what else runs on the machine does not count. What is left gets a moment to end, is written to REPORT as a JSON list of
command lines, and is killed. Printed text goes where this process's goes; the exit code is the command's.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
MOMENT_S = 5.0  # an evaluator notices the end of its grader within milliseconds, on a busy machine later


def adopt_orphans() -> None:
    """From now on processes below this one that lose their parent become its children."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise SystemExit("cannot become a subreaper")


def left_after(seconds: float) -> list[int]:
    """The processes below this one that do not end within ``seconds``."""
    until = time.monotonic() + seconds
    while (left := descendants(os.getpid())) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def descendants(pid: int) -> list[int]:
    """All living processes below ``pid``."""
    parents: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                parents.setdefault(int(parent), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def main() -> int:
    report, seconds, command = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    adopt_orphans()
    started = subprocess.Popen(command)
    try:
        code = started.wait(seconds)
    except subprocess.TimeoutExpired:
        started.kill()
        code = started.wait() or -signal.SIGKILL
        print(f"watched: stopped after {seconds:g} s", file=sys.stderr)
    said = []
    for pid in left_after(MOMENT_S):
        with contextlib.suppress(OSError):
            said.append(
                Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
    while left := descendants(os.getpid()):
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    report.write_text(json.dumps(said))
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
