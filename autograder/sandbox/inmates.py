"""The processes of one sandbox as the parent sees them: who is there, what they use, and their end.

Behind walls everything is looked up in the sandbox's own /proc, held open since before any student code ran, and
signalled through that descriptor. So nobody hides by changing parents, and a number that the host reuses is never hit.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
MAX_FILES = 20_000  # in all writable places; each costs the kernel 1 KB that no memory limit counts
MAX_SEEN = 10_000  # processes looked at; far above any limit, far below an endless loop
SWEEP_S = 5.0  # freeing the memory of a large process takes tenths of a second
END_S = 10.0


@dataclass(frozen=True)
class Process:
    """One line of the census.

    Attributes:
        resident: bytes in memory, shared pages included.
    """

    pid: int
    alive: bool
    threads: int
    resident: int


class Inmates:
    """Processes behind walls.

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
            self._proc = _held(opened, os.open(f"/proc/{first}/root/proc", os.O_RDONLY | os.O_DIRECTORY))
            self._places = [
                _held(opened, os.open(f"/proc/{first}/root{place}", os.O_RDONLY | os.O_DIRECTORY))
                for place in writable
            ]
            self._files_before = self._count_files()
            self._own = {str(process.pid) for process in self.everyone()}
            self._opened = opened.pop_all()

    def everyone(self) -> list[Process]:
        """All processes, zombies included."""
        return self._census(frozenset())

    def memory(self, processes: list[Process], limit: int) -> int:
        """Bytes all ``processes`` use together; when that may exceed ``limit``, shared pages count once."""
        total = sum(process.resident for process in processes)
        if total <= limit:
            return total  # the exact count walks every page table: only when it matters
        return sum(self._share(process) for process in processes)

    def files(self) -> int:
        """Files made since the start."""
        return self._count_files() - self._files_before

    def sweep(self) -> bool:
        """Kill everything but bubblewrap and the worker; whether that succeeded."""
        until = time.monotonic() + SWEEP_S
        pause = 0.0005
        while left := [process.pid for process in self._census(self._own) if process.alive]:
            if time.monotonic() > until:
                return False
            for pid in left:
                with contextlib.suppress(OSError):
                    process = os.open(str(pid), os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
                    try:
                        signal.pidfd_send_signal(process, signal.SIGKILL)
                    finally:
                        os.close(process)
            time.sleep(pause)
            pause = min(2 * pause, 0.01)
        return True

    def end(self) -> None:
        """Kill every process inside and wait until all are gone: the kernel ends them with their first process."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._first, signal.SIGKILL)
        poll = select.poll()
        poll.register(self._first, select.POLLIN)
        poll.poll(END_S * 1000)
        end_starter(self._starter)

    def close(self) -> None:
        self._opened.close()

    def _census(self, but: AbstractSet[str]) -> list[Process]:
        names = [name for name in os.listdir(self._proc) if name.isdigit() and name not in but]
        return [process for name in names[:MAX_SEEN] if (process := self._look(name))]

    def _look(self, name: str) -> Process | None:
        try:
            text = self._read(f"{name}/stat")
            # The command's name stands in parentheses and may itself hold any character.
            fields = text[text.rindex(")") + 2 :].split()
            return Process(int(name), fields[0] not in "ZX", int(fields[17]), int(fields[21]) * PAGE)
        except (OSError, ValueError, IndexError):
            return None  # it has ended meanwhile

    def _share(self, process: Process) -> int:
        try:
            return proportional(self._read(f"{process.pid}/smaps_rollup"))
        except ProcessLookupError:
            return 0  # it has ended meanwhile
        except (OSError, ValueError):
            return process.resident if process.alive else 0

    def _read(self, path: str) -> str:
        fd = os.open(path, os.O_RDONLY, dir_fd=self._proc)
        try:
            return os.read(fd, 8192).decode("utf-8", "replace")
        finally:
            os.close(fd)

    def _count_files(self) -> int:
        states = [os.fstatvfs(place) for place in self._places]
        return sum(state.f_files - state.f_ffree for state in states)


class Family:
    """Processes without walls: the descendants that can still be found. One that hides well escapes."""

    def __init__(self, starter: subprocess.Popen[bytes]) -> None:
        self._starter = starter

    def everyone(self) -> list[Process]:
        found: list[Process] = []
        waiting = [self._starter.pid]
        while waiting and len(found) < MAX_SEEN:
            pid = waiting.pop()
            with contextlib.suppress(OSError, ValueError):
                resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
                found.append(Process(pid, True, len(os.listdir(f"/proc/{pid}/task")), resident))
                waiting += _children(pid)
        return found

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

    def sweep(self) -> bool:
        for process in reversed(self.everyone()[1:]):
            with contextlib.suppress(OSError):
                os.kill(process.pid, signal.SIGKILL)
        return True

    def end(self) -> None:
        self.sweep()
        end_starter(self._starter)

    def close(self) -> None:
        pass


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


def _held(opened: contextlib.ExitStack, fd: int) -> int:
    opened.callback(os.close, fd)
    return fd
