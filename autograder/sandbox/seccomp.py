"""The system-call filter: a classic BPF program built here, without a native library.

It denies what no notebook needs and what kernel exploits and escapes start from: new namespaces, mounts, sockets,
tracing, kernel keys, modules, io_uring. It denies memory that belongs to no process, which the grader could not
count: memfd, System V shared memory and messages, shared anonymous mappings, larger pipes. It denies new sessions: the
scheduler divides the processor between sessions, so one submission with many of them would slow down its neighbours.

And it closes the channels between two submissions that are graded at one time. They share the read-only files of the
system, and whatever the kernel keeps for a *file* can carry a message: record locks, `flock`, leases, write hints,
notifications, futexes in its pages, and questions about which of its pages are in memory. `sysinfo` counts the
processes of the whole machine.

Two things are done as if they had been: nothing inside changes its priority, so that nobody waits longer for a processor
than others do, and nothing changes what happens when a child ends. A program that ignores SIGCHLD would let the kernel
forget its children, and with them the CPU time that they have used.

A denied call fails with EPERM, so that a program sees an error and is not killed. A call with a number that is newer
than this table fails with ENOSYS, and libraries fall back to an older one. Everything else passes: isolation comes from
the namespaces and limits, and this is one more layer.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; include/uapi/linux/{audit,bpf_common,seccomp}.h;
arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h (aarch64).
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable, Sequence

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, JUMP_EQUAL, JUMP_SET, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
NUMBER, ARCHITECTURE = 0, 4  # offsets into struct seccomp_data
X32 = 0x40000000

NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS … CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWTIME
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20  # the first bit is in MAP_SHARED_VALIDATE as well
# What a program may ask of a descriptor. Not among it: record locks (5-7, 12-14, 36-38), leases, notification and write
# hints (from 1024), all of which belong to the file and are seen by everybody who has it open; larger pipes (1031).
FCNTL = {
    "F_DUPFD": 0,
    "F_GETFD": 1,
    "F_SETFD": 2,
    "F_GETFL": 3,
    "F_SETFL": 4,
    "F_SETOWN": 8,
    "F_GETOWN": 9,
    "F_DUPFD_QUERY": 1027,
    "F_DUPFD_CLOEXEC": 1030,
    "F_GETPIPE_SZ": 1032,
}
# What a program may ask of a device or file: is it a terminal, how much can be read, and the like. File systems answer
# other questions about a file that everybody shares.
IOCTL = {
    "TCGETS": 0x5401,
    "TIOCGPGRP": 0x540F,
    "TIOCGWINSZ": 0x5413,
    "FIONREAD": 0x541B,
    "FIONBIO": 0x5421,
    "FIONCLEX": 0x5450,
    "FIOCLEX": 0x5451,
    "FICLONE": 0x40049409,  # pathlib tries it and falls back only when the file system itself refuses
    "TCGETS2": 0x802C542A,
}
SIGCHLD = 17
NEGATIVE = 0x80000000  # from here on a signed number of 32 bits is negative
MADV_COLD, MADV_PAGEOUT = 20, 21  # push pages of shared files out of memory
# Waiting without FUTEX_PRIVATE_FLAG: WAIT, WAIT_BITSET and WAIT_REQUEUE_PI, each with and without FUTEX_CLOCK_REALTIME.
FUTEX_SHARED_WAITS = (0, 9, 11, 256, 265, 267)

# The numbers of the calls whose arguments decide, and of those that are denied.
NAMES = (
    *("clone", "mmap", "fcntl", "ioctl", "madvise", "futex", "preadv2", "pwritev2", "rt_sigaction"),
    *("setpriority", "sched_setparam", "sched_setscheduler", "sched_setattr", "ioprio_set"),
    *("socket", "socketpair", "ptrace", "syslog", "mount", "umount2", "pivot_root", "chroot", "unshare", "setns"),
    *("process_vm_readv", "process_vm_writev", "kcmp", "init_module", "finit_module", "delete_module"),
    *("kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl"),
    *("add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd"),
    *("open_by_handle_at", "name_to_handle_at", "memfd_create", "shmget", "shmat", "semget", "msgget", "mq_open"),
    *("setsid", "mknodat", "flock", "inotify_init1", "inotify_add_watch", "inotify_rm_watch"),
    *("fanotify_init", "fanotify_mark", "mincore", "fadvise64", "readahead", "sysinfo"),
)  # fmt: skip
ARCHITECTURES = {
    # name: audit architecture, numbers in the order of NAMES, further denied numbers, first number never assigned
    "x86_64": (
        0xC000003E,
        (
            *(56, 9, 72, 16, 28, 202, 327, 328, 13),
            *(141, 142, 144, 314, 251),
            *(41, 53, 101, 103, 165, 166, 155, 161, 272, 308),
            *(310, 311, 312, 175, 313, 176),
            *(246, 320, 169, 167, 168, 163, 179),
            *(248, 249, 250, 321, 298, 323),
            *(304, 303, 319, 29, 30, 64, 68, 240),
            *(112, 259, 73, 294, 254, 255),
            *(300, 301, 27, 221, 187, 99),
        ),
        (133, 253),  # mknod, inotify_init
        335,
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(220, 222, 25, 29, 233, 98, 286, 287, 134),
            *(140, 118, 119, 274, 30),
            *(198, 199, 117, 116, 40, 39, 41, 51, 97, 268),
            *(270, 271, 272, 105, 273, 106),
            *(104, 294, 142, 224, 225, 89, 60),
            *(217, 218, 219, 280, 241, 282),
            *(265, 264, 279, 194, 196, 190, 186, 180),
            *(157, 33, 32, 26, 27, 28),
            *(262, 263, 232, 223, 213, 179),
        ),
        (),
        295,
    ),
}
# From here on the numbers are the same everywhere.
COMMON = 424
# io_uring_setup io_uring_enter io_uring_register, open_tree move_mount fsopen fsconfig fsmount fspick, pidfd_getfd,
# process_madvise, mount_setattr quotactl_fd, memfd_secret
DENIED_COMMON = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442, 443, 447)
# clone3 hides its flags behind a pointer, futex_waitv likewise; the C library falls back to the older calls.
FALL_BACK = (435, 449)
LAST_KNOWN = 450  # set_mempolicy_home_node
# Newer and without danger: fchmodat2, map_shadow_stack, mseal. Between them are cachestat, the futex calls, statmount.
KNOWN_SINCE = (452, 453, 462)


def program(machine: str | None = None) -> bytes | None:
    """The filter for this machine as `struct sock_filter` bytes, or None for an architecture not in the table."""
    row = ARCHITECTURES.get(machine or platform.machine())
    if row is None:
        return None
    architecture, numbers, more_denied, never_assigned = row
    call = dict(zip(NAMES, numbers, strict=True))
    decided_by_arguments = NAMES[: NAMES.index("socket")]
    deny, no_such_call = _fail(errno.EPERM), _fail(errno.ENOSYS)
    lines = [
        _instruction(LOAD, ARCHITECTURE),
        *_unless_equal(architecture, _instruction(RETURN, KILL)),
        _instruction(LOAD, NUMBER),
        # The x32 calls share the architecture of x86_64 but not its numbers.
        *_when_at_least(X32, _instruction(RETURN, KILL)),
    ]
    for number in (*(call[name] for name in NAMES if name not in decided_by_arguments), *more_denied):
        lines += _when_equal(number, [deny])
    for number in DENIED_COMMON:
        lines += _when_equal(number, [deny])
    for number in FALL_BACK:
        lines += _when_equal(number, [no_such_call])
    for number in KNOWN_SINCE:
        lines += _when_equal(number, [_instruction(RETURN, ALLOW)])
    lines += _when_at_least(LAST_KNOWN + 1, no_such_call)
    lines += _between(never_assigned, COMMON, no_such_call)
    for name in decided_by_arguments:
        lines += _when_equal(call[name], _by_arguments(name))
    return b"".join([*lines, _instruction(RETURN, ALLOW)])


def _by_arguments(name: str) -> list[bytes]:
    """The instructions that decide about a call of ``name``; each way through them ends in a verdict."""
    allow, deny, done = _instruction(RETURN, ALLOW), _fail(errno.EPERM), _fail(0)
    match name:
        case "rt_sigaction":  # a pointer to the new action, or null to ask for the present one
            asks = [
                _argument(1),
                *_unless_equal(0, done),
                _argument(1, high=True),
                *_unless_equal(0, done),
                allow,
            ]
            return [_argument(0), *_when_equal(SIGCHLD, asks), allow]
        case "setpriority":  # to come before others is refused, as everywhere; to step back is not done
            return [_argument(2), *_when_at_least(NEGATIVE, deny), done]
        case "sched_setparam" | "sched_setscheduler" | "sched_setattr" | "ioprio_set":
            return [done]
        case "clone":
            return [_argument(0), _instruction(JUMP_SET, NEW_NAMESPACES, 0, 1), deny, allow]
        case "mmap":
            return [
                _argument(3),
                _instruction(JUMP_SET, MAP_ANONYMOUS, 0, 2),
                _instruction(JUMP_SET, MAP_SHARED, 0, 1),
                deny,
                allow,
            ]
        case "fcntl":
            return [_argument(1), *_when_in(FCNTL.values(), [allow]), deny]
        case "ioctl":
            return [_argument(1), *_when_in(IOCTL.values(), [allow]), _fail(errno.ENOTTY)]
        case "madvise":
            return [_argument(2), *_when_in((MADV_COLD, MADV_PAGEOUT), [deny]), allow]
        case "preadv2" | "pwritev2":  # RWF_NOWAIT tells whether a page is in memory
            return [_argument(5), *_unless_equal(0, _fail(errno.EOPNOTSUPP)), allow]
        case "futex":
            # A futex in a page of a file is shared with everybody who has mapped the file. So nobody may wait there: the
            # call returns at once, as it may at any time, and its caller looks again. What waits that way are
            # semaphores between processes (`multiprocessing`), which therefore wait busily, and `pthread_join`.
            timed = _fail(errno.ETIMEDOUT)
            look_again = [_argument(3), *_unless_equal(0, timed), _argument(3, high=True)]
            look_again += [*_unless_equal(0, timed), _fail(errno.EAGAIN)]
            return [_argument(1), *_when_in(FUTEX_SHARED_WAITS, look_again), allow]
    raise ValueError(name)


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _argument(index: int, *, high: bool = False) -> bytes:
    """Load the lower or the higher half of an argument; both architectures are little-endian."""
    return _instruction(LOAD, 16 + 8 * index + 4 * high)


def _fail(error: int) -> bytes:
    return _instruction(RETURN, ERRNO | error)


def _when_equal(value: int, block: Sequence[bytes]) -> list[bytes]:
    return [_instruction(JUMP_EQUAL, value, 0, len(block)), *block]


def _unless_equal(value: int, verdict: bytes) -> list[bytes]:
    return [_instruction(JUMP_EQUAL, value, 1, 0), verdict]


def _when_at_least(value: int, verdict: bytes) -> list[bytes]:
    return [_instruction(JUMP_AT_LEAST, value, 0, 1), verdict]


def _between(least: int, end: int, verdict: bytes) -> list[bytes]:
    """``verdict`` for least ≤ number < end."""
    return [_instruction(JUMP_AT_LEAST, least, 0, 2), _instruction(JUMP_AT_LEAST, end, 1, 0), verdict]


def _when_in(values: Iterable[int], block: Sequence[bytes]) -> list[bytes]:
    """Run ``block``, which ends in a verdict, when the loaded value is one of ``values``."""
    values = list(values)
    tests = [
        _instruction(JUMP_EQUAL, value, len(values) - 1 - index, 0 if index + 1 < len(values) else len(block))
        for index, value in enumerate(values)
    ]
    return [*tests, *block]
