"""A control group for every sandbox, where this machine delegates one: limits that the kernel itself keeps.

What the grader counts from outside are the pages and processes that it can see. The kernel also takes memory for a
submission that no process owns: pipes, file names, page tables, mappings. A control group (cgroup v2) counts all of it, at
any moment. Everywhere else (cgroup v1, a read-only hierarchy, a login session that delegates nothing) sandboxes start without
one, and the grader's own counts and the limits of each process hold.

A group is made below the nearest group above this process that is ours to divide and hands the controllers ``memory`` and
``pids`` on. Its name says whose it is, so that what a killed grader left is removed by the next one.

Source: Linux, Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
import time
from functools import cache
from pathlib import Path

from autograder.sandbox.limits import MEGABYTE, Limits

PREFIX = "autograder-"
CONTROLLERS = {"memory", "pids"}
# Above the grader's own counts, which say more precisely what was exceeded: the files that may be written are memory too,
# and so are bubblewrap, the worker's Python and what the kernel needs for them.
MEMORY_ROOM_MB = 96
PROCESS_ROOM = 8
WRITABLE_PLACES = 3  # each of `disk_mb`
END_S = 2.0
PAUSE_S = 0.002
COUNTER = itertools.count()


class Group:
    """One control group; made before the sandbox's first process, which enters it, and removed after its last.

    Raises:
        OSError: it cannot be made after all.
    """

    def __init__(self, parent: Path, limits: Limits) -> None:
        self.path = parent / f"{PREFIX}{_owner(os.getpid())}-{next(COUNTER)}"
        memory = limits.memory_mb + WRITABLE_PLACES * limits.disk_mb + MEMORY_ROOM_MB
        self._limit_mb, self._killed = limits.memory_mb, 0
        self.path.mkdir()
        try:
            self._write("memory.max", memory * MEGABYTE)
            self._write("pids.max", limits.processes + PROCESS_ROOM)
            with contextlib.suppress(OSError):  # a kernel without swap accounting
                self._write("memory.swap.max", 0)
        except OSError:
            self.path.rmdir()
            raise

    def entered_by(self, command: list[str]) -> list[str]:
        """The command that enters the group, with all that it will start, and then becomes ``command``."""
        return ["/bin/sh", "-c", 'echo 0 > "$0/cgroup.procs"; exec "$@"', str(self.path), *command]

    def why_killed(self) -> str:
        """What to add to "was ended by SIGKILL": whether the kernel has ended a process since this was last asked."""
        before, self._killed = self._killed, self._out_of_memory()
        return f" (all of it used more than {self._limit_mb} MB of memory)" if self._killed > before else ""

    def _out_of_memory(self) -> int:
        """How many processes the kernel has ended because the group's memory was used up."""
        with contextlib.suppress(OSError):
            found = re.search(r"^oom_kill (\d+)$", (self.path / "memory.events").read_text(), re.MULTILINE)
            return int(found[1]) if found else 0
        return 0

    def remove(self) -> None:
        """End whatever is left in the group and remove it; what cannot be removed now, the next grader removes."""
        _remove(self.path)

    def _write(self, name: str, value: int) -> None:
        _set(self.path / name, str(value))


def new_group(limits: Limits) -> Group | None:
    """A group with ``limits``, or None where this machine delegates none."""
    parent = delegated()
    if parent is None:
        return None
    try:
        return Group(parent, limits)
    except OSError:  # as when the machine's number of groups is used up
        return None


@cache
def delegated() -> Path | None:
    """The group below which this process may make groups with limits; what killed graders left in it is removed."""
    for parent in _above(Path("/proc/self/cgroup"), Path("/proc/self/mountinfo")):
        if _may_divide(parent):
            _remove_left(parent)
            return parent
    return None


def why_none() -> str:
    """Why there is no group for a sandbox, and how to have one, in a phrase."""
    above = _above(Path("/proc/self/cgroup"), Path("/proc/self/mountinfo"))
    if not above:
        return "this system has no cgroup v2 for this process"
    with contextlib.suppress(OSError):
        if not CONTROLLERS.issubset((above[-1] / "cgroup.controllers").read_text().split()):
            return "cgroup v2 has no memory controller here, as where version 1 is in use"
    return "none is delegated to this user; try: systemd-run --user --scope -p Delegate=yes autograder …"


def _above(own: Path, mounts: Path) -> list[Path]:
    """The folder of this process's group and those above it, nearest first, as far as they are mounted here."""
    try:
        lines, table = own.read_text().splitlines(), mounts.read_text().splitlines()
    except OSError:
        return []
    name = next((line[3:] for line in lines if line.startswith("0::")), None)
    if name is None:
        return []
    for line in table:
        fields, _, kind = line.partition(" - ")
        if kind.startswith("cgroup2 "):
            top, place = (_unescaped(field) for field in fields.split()[3:5])
            below = os.path.relpath(name, top)
            if not below.startswith(".."):
                nearest = Path(place) / below
                return [folder for folder in (nearest, *nearest.parents) if folder.is_relative_to(place)]
    return []


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _may_divide(parent: Path) -> bool:
    """Whether groups with limits can be made below ``parent`` and entered, seen by making one."""
    try:
        if not CONTROLLERS.issubset((parent / "cgroup.subtree_control").read_text().split()):
            # Possible only where the controllers are at hand and no process is in the group itself.
            _set(parent / "cgroup.subtree_control", "+memory +pids")
        group = Group(parent, Limits())
    except OSError:
        return False
    try:
        return _can_enter(group)
    finally:
        group.remove()


def _can_enter(group: Group) -> bool:
    """Try it with a process that ends at once: the rights are those to the group that both have in common."""
    looks = ["/bin/grep", "-q", f"/{group.path.name}$", "/proc/self/cgroup"]
    return subprocess.run(group.entered_by(looks), stderr=subprocess.DEVNULL, check=False).returncode == 0


def _owner(pid: int) -> str:
    """Process namespace, number and start of a process: unlike a number alone, never anybody else's.

    Raises:
        OSError: there is no such process.
    """
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return f"{os.stat('/proc/self/ns/pid').st_ino}-{pid}-{int(fields[19])}"


def _remove_left(parent: Path) -> None:
    """Remove the groups of graders of this process namespace that are no more."""
    here = os.stat("/proc/self/ns/pid").st_ino
    for path in parent.glob(f"{PREFIX}{here}-*"):
        parts = path.name.removeprefix(PREFIX).split("-")
        if len(parts) != 4 or not all(part.isdigit() for part in parts):
            continue
        try:
            alive = _owner(int(parts[1])) == "-".join(parts[:3])
        except OSError:
            alive = False
        if not alive:
            _remove(path)


def _set(path: Path, value: str) -> None:
    """Write to a file of the kernel's, which is there or never will be.

    Raises:
        OSError: it is not there, or refuses ``value``.
    """
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def _remove(path: Path) -> None:
    until = time.monotonic() + END_S
    with contextlib.suppress(OSError):  # Linux 5.14; before, the sandbox's own end has to do
        _set(path / "cgroup.kill", "1")
    while True:
        try:
            path.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:  # a process in it is still ending
            if time.monotonic() > until:
                return
        time.sleep(PAUSE_S)
