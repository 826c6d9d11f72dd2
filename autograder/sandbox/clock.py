"""What student code may take: CPU time, and time asleep. Both are measured by the grader; a busy machine adds to neither.

CPU time is that of all processes of the sandbox together, as the kernel counts it. Asleep are the moments in which the
grader waits for the sandbox while none of its threads runs or waits for a processor. Wall time only ends an evaluation
that gets nowhere: it is then done again alone, and after that a fault of the grader.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from autograder.sandbox.limits import Limits

TICK_S = 0.1  # between two measurements
LONGEST_TICK_S = 0.2  # counted of one tick: the grader itself may have waited for a processor
STILL = 0.02  # part of a tick: whoever runs less is asleep; on a machine that does anything at all, work gets more
WALL_FACTOR = 60.0  # wall time of a step, in units of its CPU limit
SHORTEST_WALL_S = 300.0  # of a step
PROCESSORS = os.cpu_count() or 1


class MachineTooBusy(Exception):
    """The wall time is up although CPU time is left: nobody's result."""


class Measured(Protocol):
    """What a clock needs to know of the processes of a sandbox; see `processes.Isolated`."""

    def cpu(self) -> float | None: ...

    def scheduled(self) -> dict[tuple[str, str], int] | None: ...

    def occupied(self) -> bool: ...


class Budget:
    """What one submission may use in all of its sandboxes together.

    Attributes:
        cpu: CPU seconds used in the sandboxes that have ended.
        asleep: seconds asleep.
        deadline: when its wall time is up, in `time.monotonic` seconds.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.cpu = self.asleep = 0.0
        self.deadline = time.monotonic() + limits.wall_s

    def excess(self, cpu: float = 0.0) -> str:
        """The limit that is exceeded when ``cpu`` seconds are added, in words; "" for none."""
        if self.cpu + cpu > self.limits.cpu_s:
            return f"the submission's {self.limits.cpu_s:g} s of CPU time are used up"
        if self.asleep > self.limits.asleep_s:
            return f"the submission was asleep for more than {self.limits.asleep_s:g} s in all"
        return ""

    def check_wall(self) -> None:
        """Raise `MachineTooBusy` when the wall time is up."""
        if time.monotonic() > self.deadline:
            raise MachineTooBusy(
                f"after {self.limits.wall_s:g} s it was not finished, although it had CPU time left"
            )


@dataclass
class Step:
    """What one cell or one check may use, and has used.

    Attributes:
        what: "cell" or "check", for messages.
        cpu_s, asleep_s: its limits.
        began: when, in `time.monotonic` seconds.
        before: CPU seconds of the sandbox when it began.
        asleep: seconds asleep so far.
        more_cpu, more_asleep: seconds granted above its limits.
    """

    what: str
    cpu_s: float
    asleep_s: float
    began: float
    before: float
    asleep: float = 0.0
    more_cpu: float = 0.0
    more_asleep: float = 0.0

    @property
    def deadline(self) -> float:
        """When its wall time is up."""
        return self.began + max(WALL_FACTOR * self.cpu_s, SHORTEST_WALL_S)


class Clock:
    """Measures one sandbox against the limits of its current step and of the submission."""

    def __init__(self, processes: Measured, budget: Budget) -> None:
        self._processes, self._budget = processes, budget
        self._cpu = self._start = 0.0
        self._looked = self._waited = 0.0  # when last, and how long the sandbox was waited for since then
        self._scheduled: dict[tuple[str, str], int] | None = None
        self._own = _OwnDelay()
        self._unmeasured = 0.0  # wall seconds in place of CPU seconds, where those are not to be had
        self._start = self._measure()
        self._step: Step | None = None

    @contextlib.contextmanager
    def step(self, what: str, cpu_s: float, asleep_s: float, *, grace_s: float = 0.0) -> Iterator[Step]:
        """Measure what the sandbox uses in the block against limits of its own too.

        Args:
            grace_s: CPU seconds above the limit, until the sandbox has stopped by itself.
        """
        outer, self._scheduled = self._step, None
        self._step = Step(what, cpu_s, asleep_s, time.monotonic(), self._measure(), more_cpu=grace_s)
        try:
            yield self._step
        finally:
            self._step = outer

    def due(self, waited: float) -> bool:
        """Whether it is time for another `look`; the sandbox was waited for ``waited`` seconds since the last call."""
        self._waited += waited
        return time.monotonic() - self._looked >= TICK_S

    def look(self) -> str:
        """Measure; the limit that is exceeded, in words, or "".

        Raises:
            MachineTooBusy: a wall time is up.
        """
        now, before = time.monotonic(), self._cpu
        self._unmeasured += self._waited
        self._count_sleep(self._waited, self._measure() - before)
        self._waited, self._looked = 0.0, now
        # A process that ends while it is read may be missing or counted twice: a limit is exceeded in two readings.
        if (found := self._excess()) and self._processes.cpu() is not None:
            self._measure()
            found = self._excess()
        if found:
            return found
        self._budget.check_wall()
        if self._step is not None and now > self._step.deadline:
            raise MachineTooBusy(f"a {self._step.what} was not finished, although it had CPU time left")
        return ""

    def extend(self, seconds: float) -> bool:
        """Grant the current step as much more of each; False when that is more than the submission has left."""
        if self._step is None or self._budget.excess(self._cpu - self._start):
            return False
        self._step.more_cpu = max(self._cpu - self._step.before - self._step.cpu_s, 0.0) + seconds
        self._step.more_asleep = max(self._step.asleep - self._step.asleep_s, 0.0) + seconds
        return True

    def last_look(self) -> str:
        """As `look`, at the end of a step; saved when so little time has passed that nothing can be exceeded."""
        step = self._step
        passed = time.monotonic() - step.began if step is not None else 0.0
        if step is None or (passed < TICK_S and passed * PROCESSORS < step.cpu_s):
            return ""
        return self.look()

    def measure(self) -> None:
        """Measure what this sandbox has used; the last chance before it ends."""
        self._measure()

    def close(self) -> None:
        """Add what this sandbox has used to the submission's account."""
        self._budget.cpu += max(self._cpu - self._start, 0.0)
        self._start = self._cpu
        self._own.close()

    def _measure(self) -> float:
        measured = self._processes.cpu()
        self._cpu = self._unmeasured if measured is None else measured
        return self._cpu

    def _excess(self) -> str:
        step = self._step
        if step is not None and self._cpu - step.before > step.cpu_s + step.more_cpu:
            return f"the {step.what} takes more than {step.cpu_s:g} s of CPU time"
        if step is not None and step.asleep > step.asleep_s + step.more_asleep:
            return f"the {step.what} is asleep for more than {step.asleep_s:g} s"
        return self._budget.excess(self._cpu - self._start)

    def _count_sleep(self, waited: float, cpu: float) -> None:
        """Count a tick as asleep when next to nothing ran or waited for a processor in it."""
        delay = self._own.seconds()
        waited = min(waited - delay, LONGEST_TICK_S)
        last, self._scheduled = self._scheduled, self._processes.scheduled()
        if self._scheduled is not None:
            if last is None:
                return  # nothing to compare with
            moved = sum(max(now - last.get(thread, 0), 0) for thread, now in self._scheduled.items())
            cpu = max(cpu, moved / 1e9)
        if waited > 0 and cpu < STILL * waited and not self._processes.occupied():
            self._budget.asleep += waited
            if self._step is not None:
                self._step.asleep += waited


class _OwnDelay:
    """For how long this thread has waited for a processor, from one question to the next."""

    def __init__(self) -> None:
        self._fd = -1
        with contextlib.suppress(OSError):
            self._fd = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
        self._last = 0.0
        self.seconds()

    def seconds(self) -> float:
        """Seconds since the last call; 0 where the kernel does not tell."""
        if self._fd < 0:
            return 0.0
        try:
            now = int(os.pread(self._fd, 200, 0).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0
        before, self._last = self._last, now
        return now - before

    def close(self) -> None:
        """Release the descriptor."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
