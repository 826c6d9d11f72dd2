"""The system-call filter, run by a small interpreter of its instructions for each architecture."""

from __future__ import annotations

import errno
import struct

import pytest

from autograder.sandbox import seccomp

ALLOWED, DENIED, KILLED = seccomp.ALLOW, seccomp.ERRNO | errno.EPERM, seccomp.KILL
NO_SUCH_CALL = seccomp.ERRNO | errno.ENOSYS


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    program = seccomp.program(machine)
    assert program is not None
    arguments = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, architecture or seccomp.ARCHITECTURES[machine][0], 0, *arguments)
    lines = list(struct.iter_unpack("<HBBI", program))
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, value = lines[at]
        at += 1
        if code == 0x06:
            return value
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        else:
            true = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: accumulator & value != 0}[
                code
            ]
            at += if_true if true else if_false


NUMBERS = {
    # read mmap clone fork-free exit; then socket unshare mount ptrace memfd_create
    "x86_64": {"read": 0, "mmap": 9, "clone": 56, "denied": [41, 53, 101, 165, 272, 319, 29, 112, 425, 442]},
    "aarch64": {
        "read": 63,
        "mmap": 222,
        "clone": 220,
        "denied": [198, 199, 117, 40, 97, 279, 194, 157, 425, 442],
    },
}


@pytest.mark.parametrize("machine", NUMBERS)
def test_the_verdicts(machine):
    numbers = NUMBERS[machine]
    assert verdict(machine, numbers["read"]) == ALLOWED
    assert {verdict(machine, number) for number in numbers["denied"]} == {DENIED}
    assert verdict(machine, 435) == NO_SUCH_CALL
    assert verdict(machine, numbers["read"], architecture=0x40000003) == KILLED
    assert verdict(machine, 0x40000000 + 39) == KILLED


@pytest.mark.parametrize("machine", NUMBERS)
def test_arguments_decide(machine):
    clone, mmap = NUMBERS[machine]["clone"], NUMBERS[machine]["mmap"]
    thread = 0x3D0F00
    assert verdict(machine, clone, thread) == ALLOWED
    assert verdict(machine, clone, 0x1200011) == ALLOWED  # fork
    for namespace in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, clone, namespace | 17) == DENIED
    assert verdict(machine, mmap, 0, 4096, 3, 0x22) == ALLOWED  # private anonymous
    assert verdict(machine, mmap, 0, 4096, 3, 0x01) == ALLOWED  # a file, shared
    assert verdict(machine, mmap, 0, 4096, 3, 0x02) == ALLOWED  # a file, private
    assert verdict(machine, mmap, 0, 4096, 3, 0x21) == DENIED
    assert verdict(machine, mmap, 0, 4096, 3, 0x23) == DENIED  # MAP_SHARED_VALIDATE


SHARED = {
    # flock inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark mincore fadvise64 readahead sysinfo
    "x86_64": {"fcntl": 72, "ioctl": 16, "futex": 202, "preadv2": 327, "madvise": 28, "first_gap": 335,
               "denied": [73, 253, 294, 254, 300, 301, 27, 221, 187, 99]},
    "aarch64": {"fcntl": 25, "ioctl": 29, "futex": 98, "preadv2": 286, "madvise": 233, "first_gap": 295,
                "denied": [32, 26, 27, 262, 263, 232, 223, 213, 179]},
}  # fmt: skip


@pytest.mark.parametrize("machine", SHARED)
def test_nothing_that_belongs_to_a_shared_file_can_be_set_or_asked(machine):
    numbers = SHARED[machine]
    assert {verdict(machine, number) for number in numbers["denied"]} == {DENIED}
    # Record locks in all their numbers, leases, dnotify, larger pipes, write hints, delegations.
    for command in (5, 6, 7, 12, 13, 14, 36, 37, 38, 1024, 1025, 1026, 1029, 1031, *range(1035, 1041)):
        assert verdict(machine, numbers["fcntl"], 3, command) == DENIED, command
        assert (
            verdict(machine, numbers["fcntl"], 3, command | 7 << 32) == DENIED
        )  # the kernel drops the upper half
    for command in (0, 1, 2, 3, 4, 1030):
        assert verdict(machine, numbers["fcntl"], 3, command) == ALLOWED
    for request in (0x5401, 0x5413, 0x541B, 0x802C542A):
        assert verdict(machine, numbers["ioctl"], 3, request) == ALLOWED
    assert verdict(machine, numbers["ioctl"], 3, 0x6612) == seccomp.ERRNO | errno.ENOTTY  # an ext4 request
    assert verdict(machine, numbers["madvise"], 0, 4096, 4) == ALLOWED
    assert verdict(machine, numbers["madvise"], 0, 4096, 21) == DENIED
    assert verdict(machine, numbers["preadv2"], 3, 0, 1, 0, 0, 0) == ALLOWED
    assert verdict(machine, numbers["preadv2"], 3, 0, 1, 0, 0, 8) == seccomp.ERRNO | errno.EOPNOTSUPP


@pytest.mark.parametrize("machine", SHARED)
def test_a_futex_that_others_could_wake_is_not_waited_for(machine):
    futex, private, realtime = SHARED[machine]["futex"], 128, 256
    for operation in (0, 9, 11):
        for clock in (0, realtime):
            assert verdict(machine, futex, 0, operation | private | clock) == ALLOWED
            assert verdict(machine, futex, 0, operation | clock) == seccomp.ERRNO | errno.EAGAIN
            for timeout in (0x1000, 1 << 32):
                timed = verdict(machine, futex, 0, operation | clock, 0, timeout)
                assert timed == seccomp.ERRNO | errno.ETIMEDOUT
    assert verdict(machine, futex, 0, 1) == ALLOWED  # waking nobody


@pytest.mark.parametrize("machine", SHARED)
def test_calls_newer_than_the_table_do_not_exist(machine):
    unknown = [449, 451, 454, 455, 456, 457, 458, 459, 461, 463, 470, 500, 1000, 10**6]
    unknown += [SHARED[machine]["first_gap"], 400, 423]
    assert {verdict(machine, number) for number in unknown} == {NO_SUCH_CALL}
    assert {verdict(machine, number) for number in (424, 434, 436, 437, 439, 441, 444, 448, 452, 462)} == {
        ALLOWED
    }
    assert verdict(machine, SHARED[machine]["first_gap"] - 1 - (machine == "aarch64")) == ALLOWED  # rseq


def test_an_unknown_processor_has_no_filter():
    assert seccomp.program("riscv64") is None


@pytest.mark.parametrize(("machine", "sigaction", "priority"), [("x86_64", 13, 141), ("aarch64", 134, 140)])
def test_children_are_not_forgotten_and_priorities_stay(machine, sigaction, priority):
    done, child, user = seccomp.ERRNO, 17, 10
    assert verdict(machine, sigaction, child, 0x7F0000000000) == done
    assert verdict(machine, sigaction, child, 0x1000) == done
    assert verdict(machine, sigaction, child, 0) == ALLOWED  # only asks
    assert verdict(machine, sigaction, user, 0x7F0000000000) == ALLOWED
    assert verdict(machine, priority, 0, 0, 19) == done
    assert verdict(machine, priority, 0, 0, 2**32 - 5) == DENIED  # before others
