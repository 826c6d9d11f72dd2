"""The system-call filter: a classic BPF program built here, without a native library.

It denies what no notebook needs and what kernel exploits and escapes start from: new namespaces, mounts, sockets,
tracing, kernel keys, modules, io_uring. It also denies memory that belongs to no process, which the parent could not
count: memfd, System V shared memory and messages, shared anonymous mappings. And new sessions: the scheduler divides
the processor between sessions, so one submission with many of them would slow down its neighbours. A denied call fails with EPERM, so that a
program sees an error, not a kill. Everything else passes: the walls are the namespaces and limits; this is one more.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; include/uapi/linux/{audit,bpf_common,seccomp}.h.
"""

from __future__ import annotations

import errno
import platform
import struct

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, JUMP_EQUAL, JUMP_SET, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, FOURTH_ARGUMENT = 0, 4, 16, 40  # offsets into struct seccomp_data
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS … CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWTIME
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20  # the first bit is in MAP_SHARED_VALIDATE as well
X32 = 0x40000000

# Audit architecture, clone, clone3, mmap, and the numbers of the denied calls, line by line:
#   socket socketpair ptrace syslog mount umount2 pivot_root chroot unshare setns
#   process_vm_readv process_vm_writev kcmp pidfd_getfd
#   init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd
#   add_key request_key keyctl bpf perf_event_open userfaultfd open_by_handle_at name_to_handle_at
#   memfd_create memfd_secret shmget shmat semget msgget mq_open setsid
#   io_uring_*, the new mount calls from open_tree to mount_setattr, fanotify_init, mknod mknodat
ARCHITECTURES = {
    "x86_64": (
        0xC000003E,
        56,
        435,
        9,
        (
            *(41, 53, 101, 103, 165, 166, 155, 161, 272, 308),
            *(310, 311, 312, 438),
            *(175, 313, 176, 246, 320, 169, 167, 168, 163, 179, 443),
            *(248, 249, 250, 321, 298, 323, 304, 303),
            *(319, 447, 29, 30, 64, 68, 240, 112),
            *(425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 300, 133, 259),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        435,
        222,
        (
            *(198, 199, 117, 116, 40, 39, 41, 51, 97, 268),
            *(270, 271, 272, 438),
            *(105, 273, 106, 104, 294, 142, 224, 225, 89, 60, 443),
            *(217, 218, 219, 280, 241, 282, 265, 264),
            *(279, 447, 194, 196, 190, 186, 180, 157),
            *(425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 262, 33),
        ),
    ),
}


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def program(machine: str | None = None) -> bytes | None:
    """The filter for this machine as `struct sock_filter` bytes, or None for an architecture not in the table."""
    row = ARCHITECTURES.get(machine or platform.machine())
    if row is None:
        return None
    architecture, clone, clone3, mmap, denied = row
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
        _instruction(JUMP_EQUAL, mmap, 0, 3),
        _instruction(LOAD, FOURTH_ARGUMENT),
        _instruction(JUMP_SET, MAP_ANONYMOUS, 0, 5),
        _instruction(JUMP_SET, MAP_SHARED, 3, 4),
        # Reached with the call's number still loaded.
        _instruction(JUMP_EQUAL, clone, 0, 3),
        _instruction(LOAD, FIRST_ARGUMENT),
        _instruction(JUMP_SET, NEW_NAMESPACES, 0, 1),
        deny,
        _instruction(RETURN, ALLOW),
    ]
    return b"".join(lines)
