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


def test_an_unknown_processor_has_no_filter():
    assert seccomp.program("riscv64") is None
