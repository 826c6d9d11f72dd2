"""The system-call filter: a classic BPF program built here, without a native library.

It denies what no notebook needs and what kernel exploits and escapes start from: new namespaces, mounts, sockets that
could leave the machine, tracing, kernel keys, modules, io_uring. A denied call fails with EPERM, so that a program sees
an error, not a kill. Everything else passes: the walls are the namespaces and limits; this is one more.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; include/uapi/linux/{audit,bpf_common,seccomp}.h.
"""

from __future__ import annotations

import errno
import platform
import struct

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, JUMP_EQUAL, JUMP_SET, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets into struct seccomp_data
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS … CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWTIME
X32 = 0x40000000

# audit architecture, clone, clone3, and the numbers of the denied calls
ARCHITECTURES = {
    "x86_64": (
        0xC000003E,
        56,
        435,
        # socket ptrace syslog mount umount2 pivot_root chroot unshare setns
        [41, 101, 103, 165, 166, 155, 161, 272, 308]
        # process_vm_readv/writev kcmp pidfd_getfd
        + [310, 311, 312, 438]
        # init/finit/delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl
        + [175, 313, 176, 246, 320, 169, 167, 168, 163, 179]
        # add_key request_key keyctl bpf perf_event_open userfaultfd open_by_handle_at name_to_handle_at
        + [248, 249, 250, 321, 298, 323, 304, 303]
        # io_uring_*, new mount API: open_tree … mount_setattr, fanotify_init, mknod mknodat
        + [425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 300, 133, 259],
    ),
    "aarch64": (
        0xC00000B7,
        220,
        435,
        [198, 117, 116, 40, 39, 41, 51, 97, 268]
        + [270, 271, 272, 438]
        + [105, 273, 106, 104, 294, 142, 224, 225, 89, 60]
        + [217, 218, 219, 280, 241, 282, 265, 264]
        + [425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 262, 33],
    ),
}


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def program(machine: str | None = None) -> bytes | None:
    """The filter for this machine as `struct sock_filter` bytes, or None for an architecture not in the table."""
    row = ARCHITECTURES.get(machine or platform.machine())
    if row is None:
        return None
    architecture, clone, clone3, denied = row
    deny = _instruction(RETURN, ERRNO | errno.EPERM)
    lines = [
        _instruction(LOAD, ARCHITECTURE),
        _instruction(JUMP_EQUAL, architecture, 1, 0),
        _instruction(RETURN, KILL),
        _instruction(LOAD, NUMBER),
        # The x32 calls share the architecture of x86_64 but not its numbers.
        _instruction(JUMP_AT_LEAST, X32, 0, 1),
        _instruction(RETURN, KILL),
        # clone3 hides its flags behind a pointer; ENOSYS makes the C library fall back to clone.
        _instruction(JUMP_EQUAL, clone3, 0, 1),
        _instruction(RETURN, ERRNO | errno.ENOSYS),
    ]
    for number in denied:
        lines += [_instruction(JUMP_EQUAL, number, 0, 1), deny]
    lines += [
        _instruction(JUMP_EQUAL, clone, 0, 3),
        _instruction(LOAD, FIRST_ARGUMENT),
        _instruction(JUMP_SET, NEW_NAMESPACES, 0, 1),
        deny,
        _instruction(RETURN, ALLOW),
    ]
    return b"".join(lines)
