"""What a check takes on the student's own computer, beside what it may take when graded.

The grader measures processes from outside; here it is the time of this process, roughly the same. No result depends on it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

CELL_LIMIT_S = 60.0  # CPU time of one cell when graded
ASLEEP_LIMIT_S = 10.0  # of one cell or one check when graded
WORTH_A_WORD = 0.5  # part of a limit


@dataclass
class Used:
    """Seconds that something took.

    Attributes:
        cpu: CPU time of this process, and of its children that have ended.
        asleep: wall time in which it neither computed nor waited for a processor.
    """

    cpu: float = 0.0
    asleep: float = 0.0


@contextmanager
def measured() -> Iterator[Used]:
    """Measure the block; the times are there when it has ended."""
    used = Used()
    wall, cpu, delay = time.monotonic(), _cpu(), _delay()
    try:
        yield used
    finally:
        used.cpu = _cpu() - cpu
        used.asleep = max(time.monotonic() - wall - used.cpu - (_delay() - delay), 0.0)


def warnings(what: str, used: Used, cpu_s: float) -> list[str]:
    """One line each for what is more than half of a limit of grading.

    Args:
        what: "check" or "cell 12".
        cpu_s: the CPU time that it may take.
    """
    kind = what.split()[0]
    lines = []
    for seconds, limit, how, rather in (
        (used.cpu, cpu_s, "takes {} s of CPU time", "of CPU time"),
        (used.asleep, ASLEEP_LIMIT_S, "sleeps or waits for {} s", "of sleep"),
    ):
        said = f"This {what}" if what == kind else what.capitalize()
        said = f"{said} {how.format(f'{seconds:.1f}')}"
        if seconds > limit:
            lost = "and its points are lost" if kind == "check" else "in the middle"
            lines.append(f"{said}. When graded, it is stopped after {limit:g} s {rather}, {lost}.")
        elif seconds > WORTH_A_WORD * limit:
            lines.append(
                f"{said}, more than half of what it may when graded: a {kind} is stopped after {limit:g} s {rather}."
            )
    return lines


def _cpu() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _delay() -> float:
    """Seconds for which this thread has waited for a processor; 0 where the system does not tell."""
    try:
        with open(f"/proc/self/task/{threading.get_native_id()}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
