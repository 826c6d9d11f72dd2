"""The processes of one sandbox as the parent sees them: who is there, what they use, and their end.

In isolation everything is looked up in the sandbox's own /proc, held open since before any student code ran, and
signalled through that descriptor. So nobody hides by changing parents, and a number that the host reuses is never hit.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
MAX_FILES = 20_000  # in all writable places; each costs the kernel 1 KB that no memory limit counts
MAX_SEEN = 10_000  # processes looked at; far above any limit, far below an endless loop
MAX_ROUNDS = 2000  # in which a sweep meets new processes; a fork bomb of 64 needs a few
END_S = 300.0  # a killed process ends as soon as it gets the processor; only a broken machine takes this long
TICKS = os.sysconf("SC_CLK_TCK")  # the unit of CPU times in /proc/PID/stat, as parts of a second


@dataclass(frozen=True)
class Process:
    """One line of the census.

    Attributes:
        state: the kernel's letter: R runs or waits for a processor, S sleeps, D waits for the disk, T is stopped.
        resident: bytes in memory, shared pages included.
        cpu: CPU seconds of all its threads and of the children it has waited for, ended ones included.
    """

    pid: int
    state: str
    threads: int
    resident: int
    cpu: float

    @property
    def alive(self) -> bool:
        return self.state not in "ZX"

    @classmethod
    def parsed(cls, stat: str) -> Process:
        """A process from its line in /proc/PID/stat.

        Raises:
            ValueError, IndexError: it is no such line.
        """
        # The command's name stands in parentheses and may itself hold any character.
        fields = stat[stat.rindex(")") + 2 :].split()
        cpu = sum(map(int, fields[11:15])) / TICKS
        return cls(int(stat.split(" ", 1)[0]), fields[0], int(fields[17]), int(fields[21]) * PAGE, cpu)


class Isolated:
    """Processes in isolation.

    Args:
        starter: the running bubblewrap, whose child is the first process inside.
        writable: folders inside that student code may write to.

    Raises:
        OSError: this kernel does not show the sandbox's /proc.
    """

    def __init__(self, starter: subprocess.Popen[bytes], writable: Iterable[str]) -> None:
        self._starter = starter
        with contextlib.ExitStack() as opened:
            first = _children(starter.pid)[0]
            self._first = _held(opened, os.pidfd_open(first))
            # The sandbox's own /proc does not show its first process, which waits for orphans.
            self._host = _held(opened, _folder(f"/proc/{first}"))
            self._proc = _held(opened, _folder(f"/proc/{first}/root/proc"))
            self._places = [_held(opened, _folder(f"/proc/{first}/root{place}")) for place in writable]
            self._files_before = self._count_files()
            self._own = {str(process.pid) for process in self.everyone()}
            self._worker = min(self._own, key=int)
            self._cpu = 0.0
            self._opened = opened.pop_all()

    def everyone(self) -> list[Process]:
        """All processes, zombies included."""
        return self._census(frozenset())

    def cpu(self) -> float:
        """CPU seconds of all processes since the start, ended ones included.

        What an ended process has used is added to the one that waited for it. Parents are read before their children,
        as far as numbers tell: one that ends in between is then missing from this sum, and never in it twice.
        """
        try:
            waited = Process.parsed(_read(self._host, "stat")).cpu
            self._cpu = waited + sum(process.cpu for process in self.everyone())
        except (OSError, ValueError, IndexError):
            pass  # all have ended: what was measured last
        return self._cpu

    def scheduled(self) -> dict[tuple[str, str], int] | None:
        """Nanoseconds that each thread has run or waited for a processor; None when the kernel does not tell."""
        return _scheduled(self._proc, self._names())

    def occupied(self) -> bool:
        """Whether a thread runs, waits for a processor or for the disk, or the worker is ending."""
        return not self.worker_alive() or _occupied(self._proc, self._names())

    def worker_alive(self) -> bool:
        """Whether the worker has not ended."""
        worker = self._look(self._worker)
        return worker is not None and worker.alive

    def interrupt(self) -> None:
        """Tell the worker to stop the cell that it executes; see `cells.execute`."""
        self._signal(self._worker, signal.SIGPROF)

    def memory(self, processes: list[Process], limit: int) -> int:
        """Bytes all ``processes`` use together; when that may exceed ``limit``, shared pages count once."""
        total = sum(process.resident for process in processes)
        if total <= limit:
            return total  # the exact count walks every page table: only when it matters
        return sum(self._share(process) for process in processes)

    def files(self) -> int:
        """Files made since the start."""
        return self._count_files() - self._files_before

    def sweep(self, on_round: Callable[[], None] = lambda: None) -> bool:
        """Kill everything but bubblewrap and the worker; False when new processes come again and again.

        Args:
            on_round: called while killed processes still end; may raise.
        """
        pause, rounds = 0.0005, 0
        killed: set[int] = set()
        while left := {process.pid for process in self._census(self._own) if process.alive}:
            on_round()
            rounds += not left <= killed  # a killed process may take long to end on a busy machine
            if rounds > MAX_ROUNDS:
                return False
            for pid in left:
                self._signal(str(pid), signal.SIGKILL)
            killed = left
            time.sleep(pause)
            pause = min(2 * pause, 0.01)
        return True

    def end(self) -> None:
        """Kill every process inside and wait until all are gone: the kernel ends them with their first process.

        Raises:
            OSError: they do not end. The next sandbox would share its limits with them.
        """
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._first, signal.SIGKILL)
        poll = select.poll()
        poll.register(self._first, select.POLLIN)
        if not poll.poll(END_S * 1000):
            raise OSError(f"the processes of a sandbox have not ended {END_S:g} s after they were killed")
        end_starter(self._starter)

    def close(self) -> None:
        self._opened.close()

    def _names(self, but: AbstractSet[str] = frozenset()) -> list[str]:
        names = [name for name in os.listdir(self._proc) if name.isdigit() and name not in but]
        return sorted(names, key=int)[:MAX_SEEN]

    def _census(self, but: AbstractSet[str]) -> list[Process]:
        return [process for name in self._names(but) if (process := self._look(name))]

    def _look(self, name: str) -> Process | None:
        try:
            return Process.parsed(_read(self._proc, f"{name}/stat"))
        except (OSError, ValueError, IndexError):
            return None  # it has ended meanwhile

    def _share(self, process: Process) -> int:
        try:
            return proportional(_read(self._proc, f"{process.pid}/smaps_rollup"))
        except ProcessLookupError:
            return 0  # it has ended meanwhile
        except (OSError, ValueError):
            return process.resident if process.alive else 0

    def _signal(self, name: str, number: int) -> None:
        with contextlib.suppress(OSError):  # it has ended
            process = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
            try:
                signal.pidfd_send_signal(process, number)
            finally:
                os.close(process)

    def _count_files(self) -> int:
        states = [os.fstatvfs(place) for place in self._places]
        return sum(state.f_files - state.f_ffree for state in states)


class Descendants:
    """Processes without isolation: the descendants that can still be found. One that hides well escapes."""

    def __init__(self, starter: subprocess.Popen[bytes]) -> None:
        self._starter = starter
        self._proc = _folder("/proc") if os.path.exists("/proc/self/stat") else None

    def everyone(self) -> list[Process]:
        found: list[Process] = []
        waiting = [self._starter.pid]
        while self._proc is not None and waiting and len(found) < MAX_SEEN:
            pid = waiting.pop()
            with contextlib.suppress(OSError, ValueError, IndexError):
                found.append(Process.parsed(_read(self._proc, f"{pid}/stat")))
                waiting += _children(pid)
        return found

    def cpu(self) -> float | None:
        """CPU seconds as in `Isolated.cpu`; None on a system without /proc."""
        return sum(process.cpu for process in self.everyone()) if self._proc is not None else None

    def scheduled(self) -> dict[tuple[str, str], int] | None:
        """As in `Isolated`."""
        return _scheduled(self._proc, self._names()) if self._proc is not None else None

    def occupied(self) -> bool:
        """As in `Isolated`."""
        return self._proc is None or not self.worker_alive() or _occupied(self._proc, self._names())

    def worker_alive(self) -> bool:
        """Whether the worker has not ended."""
        return self._starter.poll() is None

    def interrupt(self) -> None:
        """As in `Isolated`."""
        if hasattr(signal, "SIGPROF"):
            self._starter.send_signal(signal.SIGPROF)

    def memory(self, processes: list[Process], limit: int) -> int:
        total = sum(process.resident for process in processes)
        if total <= limit:
            return total
        total = 0
        for process in processes:
            try:
                total += proportional(Path(f"/proc/{process.pid}/smaps_rollup").read_text())
            except (OSError, ValueError):
                continue
        return total

    def files(self) -> int:
        return 0

    def sweep(self, on_round: Callable[[], None] = lambda: None) -> bool:
        for process in reversed(self.everyone()[1:]):
            with contextlib.suppress(OSError):
                os.kill(process.pid, signal.SIGKILL)
        return True

    def end(self) -> None:
        self.sweep()
        end_starter(self._starter)

    def close(self) -> None:
        if self._proc is not None:
            os.close(self._proc)
            self._proc = None

    def _names(self) -> list[str]:
        return [str(process.pid) for process in self.everyone()]


def end_starter(starter: subprocess.Popen[bytes]) -> None:
    """Wait for a starter whose child has ended; kill it if it does not follow at once."""
    try:
        starter.wait(0.5)
    except subprocess.TimeoutExpired:
        starter.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            starter.wait(END_S)


def proportional(rollup: str) -> int:
    """Bytes of memory from the text of a /proc smaps_rollup, its share of shared pages included.

    Raises:
        ValueError: there is no such line.
    """
    for line in rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError("no Pss")


def _children(pid: int) -> list[int]:
    children: list[int] = []
    for task in os.listdir(f"/proc/{pid}/task"):
        children += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return children


def _scheduled(proc: int, names: Iterable[str]) -> dict[tuple[str, str], int] | None:
    times: dict[tuple[str, str], int] = {}
    for name in names:
        for thread in _threads(proc, name):
            try:
                running, waiting, _ = _read(proc, f"{name}/task/{thread}/schedstat").split()
            except FileNotFoundError:
                if os.path.exists("/proc/self/schedstat"):
                    continue  # the thread has ended meanwhile
                return None
            except (OSError, ValueError):
                continue
            times[name, thread] = int(running) + int(waiting)
    return times


def _occupied(proc: int, names: Iterable[str]) -> bool:
    for name in names:
        for thread in _threads(proc, name):
            with contextlib.suppress(OSError, ValueError, IndexError):
                if Process.parsed(_read(proc, f"{name}/task/{thread}/stat")).state in "RD":
                    return True
    return False


def _threads(proc: int, name: str) -> list[str]:
    try:
        folder = os.open(f"{name}/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=proc)
    except OSError:
        return []
    try:
        return os.listdir(folder)
    except OSError:
        return []
    finally:
        os.close(folder)


def _read(folder: int, path: str) -> str:
    fd = os.open(path, os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(fd, 8192).decode("utf-8", "replace")
    finally:
        os.close(fd)


def _folder(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY)


def _held(opened: contextlib.ExitStack, fd: int) -> int:
    opened.callback(os.close, fd)
    return fd
