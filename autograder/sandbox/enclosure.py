"""The last steps into the sandbox, taken by the worker while it still has the rights to.

bubblewrap shows ``/proc`` of the new process namespace. What lies in it beside the processes is the whole machine's: its
command line, its version, and counters by which two submissions could tell each other something. They are covered.

The devices are the host's own. Whoever may write to a device may set its times, and every sandbox would see them; on
a read-only mount that fails, and writing to the device does not.

Which folders of the host a submission sees stands in ``/proc/self/mountinfo``: the grader's home, the course, the disks. So
the worker makes a copy of the tree of mounts that belongs to no table, and takes it as its root. From there the table is
empty, and the kernel refuses everybody in it a new user namespace.

Where the kernel is too old (before 5.12) or refuses these rights to what bubblewrap starts, as some AppArmor profiles do,
a step is left out; `autograder doctor` then says what can be seen. Only the standard library: this runs before anything
else is imported.
"""

from __future__ import annotations

import ctypes
import os
import struct

OPEN_TREE, MOUNT_SETATTR = 428, 442  # the same numbers on every architecture
OPEN_TREE_CLONE, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 1, -100, 0x8000, 1
MS_BIND = 0x1000
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 22, 2, 47, 4
CAPABILITY_VERSION_3 = 0x20080522
INSTRUCTION = 8  # bytes of a struct sock_filter
EMPTY_FOLDER, EMPTY_FILE = "/proc/1", "/dev/null"  # bubblewrap has covered the first one
SHOWN = (
    "cpuinfo",
    "filesystems",
    "self",
    "thread-self",
    "net",
    "mounts",
)  # the last four are about the process

libc = ctypes.CDLL(None, use_errno=True)


def enclose(devices: list[str], memory_mb: int) -> None:
    """Cover what is the whole machine's, make ``devices`` read-only, and leave the table of mounts."""
    libc.setdomainname(b"", 0)
    _cover_the_machine(memory_mb)
    for device in devices:
        attributes = struct.pack("4Q", MOUNT_ATTR_RDONLY, 0, 0, 0)  # struct mount_attr
        libc.syscall(MOUNT_SETATTR, AT_FDCWD, device.encode(), 0, attributes, len(attributes))
    _leave_the_mount_table()


def _cover_the_machine(memory_mb: int) -> None:
    """Everything in /proc that is not about this sandbox's processes is empty; memory is what may be used."""
    for name in os.listdir("/proc"):
        path = f"/proc/{name}"
        if not name.isdigit() and name not in (*SHOWN, "meminfo"):
            _bind(EMPTY_FOLDER if os.path.isdir(path) else EMPTY_FILE, path)
    # Programs that look how much memory there is find the limit.
    limit = memory_mb * 1024
    sizes = {"MemTotal": limit, "MemFree": limit, "MemAvailable": limit}
    others = ("Buffers", "Cached", "Active", "Inactive", "SwapTotal", "SwapFree", "Shmem", "SReclaimable")
    sizes |= dict.fromkeys(others, 0)
    place = "/dev/shm/meminfo"
    with open(place, "w") as file:
        file.writelines(f"{name + ':':<16}{size:>8} kB\n" for name, size in sizes.items())
    os.chmod(place, 0o444)
    _bind(place, "/proc/meminfo")
    os.unlink(place)


def _bind(source: str, target: str) -> None:
    libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(MS_BIND), None)


def _leave_the_mount_table() -> None:
    """Take a copy of all mounts that stands in no table as the root folder; the working folder stays the same."""
    working = os.getcwd()
    tree = libc.syscall(OPEN_TREE, AT_FDCWD, b"/", OPEN_TREE_CLONE | AT_RECURSIVE | os.O_CLOEXEC)
    if tree < 0:
        return
    try:
        os.fchdir(tree)
        os.chroot(".")
    except OSError:
        pass
    finally:
        os.chdir(working)
        os.close(tree)


def drop_capabilities() -> None:
    """No capability is left, and none comes back when a program is started."""
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    version = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice 32 bits
    if libc.capset(version, nothing) != 0:
        raise SystemExit("could not give up capabilities")


def install_filter(program: bytes) -> None:
    """Let the kernel run ``program`` before every system call of this process and all that it starts."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    prepared = Program(len(program) // INSTRUCTION, program)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(prepared), 0, 0) != 0:
        raise SystemExit(f"could not install the system-call filter: {os.strerror(ctypes.get_errno())}")
