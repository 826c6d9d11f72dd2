"""The command line that starts a worker.

As root, bubblewrap makes the mounts with root's rights (Python may live where only root can enter) and the worker then
really becomes an unprivileged user of its own: a user namespace would only rename root, and root ignores the process
limit. As an ordinary user, bubblewrap makes a user namespace and forbids further ones.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from autograder.sandbox.limits import MEGABYTE, Limits

FIRST_UID = 1_900_000_000  # far above what distributions hand out to people, services and containers
UIDS = 100_000_000
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin")  # read-only; links stay links
HOME = "/home/student"  # the working directory inside
HOST_NAME = "sandbox"
PACKAGES = "/packages"  # folders of installed packages, by number: where they lie outside is nobody's business inside
WRITABLE = ("/tmp", HOME, "/dev/shm")
ETC = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/fonts",
    "/etc/alternatives",
)  # Debian's BLAS is one of the last
# No /dev/zero: mapped and shared it is memory that no process seems to use. No terminals either.
DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")
COUNTS_BY_NAMESPACE = (5, 14)  # Linux: from here on the limit of processes counts per user *namespace*
# No start-up files and no folder of the user's or the script's. Not -I, which would ignore PYTHONHASHSEED: the order
# of a set is the same in every run, and so is the grade.
SEALED = ("-s", "-S", "-P")


class SandboxUnavailable(Exception):
    """No full sandbox can be made on this machine; the message says what to install."""


@dataclass(frozen=True)
class Launch:
    """One worker to be started.

    Attributes:
        kit: folder that holds the students' `autograder` package.
        data: folder of .npy images and labels shown to the notebook, or None.
        limits: bounds on the submission.
    """

    kit: Path
    data: Path | None
    limits: Limits


def find_bubblewrap() -> str:
    """Path of bubblewrap.

    Raises:
        SandboxUnavailable: it is not installed, or this is not Linux.
    """
    if sys.platform != "linux":
        raise SandboxUnavailable(
            "Grading needs Linux: the sandbox is made of its namespaces (a virtual machine will do)."
        )
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxUnavailable(
            "bubblewrap is not installed. Install it: sudo apt-get install bubblewrap "
            "(Fedora: sudo dnf install bubblewrap; Arch: sudo pacman -S bubblewrap)."
        )
    return path


def python_paths() -> list[str]:
    """The folders of installed packages a notebook may import from."""
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    for name in (
        "numpy",
        "IPython",
    ):  # where they lie elsewhere, as in a virtual environment that sees another one
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.origin is not None:
            paths.append(str(Path(spec.origin).resolve().parent.parent))
    return list(dict.fromkeys(paths))


def interpreter() -> str:
    """The real interpreter behind a virtual environment's link."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def worker_options(
    launch: Launch,
    *,
    uid: int,
    private_ids: bool,
    path: list[str],
    enclosed: bool = False,
    filter_fd: int | None = None,
) -> str:
    """The worker's options as the JSON text of its second argument."""
    limits = launch.limits
    return json.dumps(
        {
            "uid": uid,
            "private_ids": private_ids,
            "enclosed": enclosed,
            "devices": DEVICES,
            "filter_fd": filter_fd,
            "path": path,
            "memory_mb": limits.memory_mb,
            "cpu_s": math.ceil(limits.cpu_s) + 1,
            "disk_mb": limits.disk_mb,
            "processes": limits.processes,
            "cell_s": limits.cell_s,
            "output_kb": limits.output_kb,
        }
    )


def environment(data: str | None, home: str) -> dict[str, str]:
    """The worker's whole environment; nothing of the grader's own enters."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "HDF5_USE_FILE_LOCKING": "FALSE",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        **({"AUTOGRADER_DATA": data} if data else {}),
    }


def bubblewrap(launch: Launch, channel_fd: int, seccomp_fd: int | None) -> list[str]:
    """The command that starts a worker under bubblewrap, with its socket as descriptor ``channel_fd``."""
    root = os.getuid() == 0
    disk = str(launch.limits.disk_mb * MEGABYTE)
    command = [find_bubblewrap(), "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--hostname", HOST_NAME]
    if not root:
        command += ["--unshare-user"]
    # For the worker's first steps (`enclosure.py`), which end with the loss of all of them.
    rights = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", *(("CAP_SETUID", "CAP_SETGID") if root else ()))
    command += ["--cap-drop", "ALL", *(word for right in rights for word in ("--cap-add", right))]
    for path in SYSTEM:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            command += ["--ro-bind", path, path]
    command += ["--perms", "0755", "--dir", "/etc"]
    for path in ETC:
        command += ["--ro-bind-try", path, path]
    # Before the packages' folders: those may themselves lie below /tmp.
    command += ["--perms", "0755", "--dir", os.path.dirname(HOME)]
    for path in ("/tmp", HOME):
        command += ["--perms", "1777", "--size", disk, "--tmpfs", path]
    packages = _packages()
    shown = {path: path for path in _outside_system([sys.base_prefix])}
    for path, inside in {**shown, **{path: to for path, to in packages.items() if path != to}}.items():
        # bubblewrap makes missing parents readable by their owner only.
        for parent in [
            parent for parent in reversed(Path(inside).parents[:-1]) if str(parent) not in ("/tmp", HOME)
        ]:
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", path, inside]
    command += ["--ro-bind", str(launch.kit), "/kit"]
    if launch.data is not None:
        command += ["--ro-bind", str(launch.data), "/data"]
    # Cover the first process inside: an ordinary user's sandbox could rewrite its memory, and live on without it.
    command += ["--proc", "/proc", "--size", "4096", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1"]
    command += ["--perms", "0755", "--tmpfs", "/dev", "--symlink", "/proc/self/fd", "/dev/fd"]
    for path in DEVICES:
        command += ["--dev-bind", path, path]
    command += ["--perms", "1777", "--size", disk, "--tmpfs", "/dev/shm"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    for name, value in environment("/data" if launch.data else None, HOME).items():
        command += ["--setenv", name, value]
    # A user of its own for every concurrent worker: the kernel counts processes per user.
    uid = FIRST_UID + os.getpid() % UIDS if root else 0
    options = worker_options(
        launch,
        uid=uid,
        private_ids=root or _linux() >= COUNTS_BY_NAMESPACE,
        path=["/kit", *packages.values()],
        enclosed=True,
        filter_fd=seccomp_fd,
    )
    worker = "/kit/autograder/sandbox/worker.py"
    return [*command, "--", interpreter(), *SEALED, worker, str(channel_fd), options]


def unsafe(launch: Launch, channel_fd: int) -> list[str]:
    """The command that starts a worker with resource limits and no walls."""
    options = worker_options(launch, uid=0, private_ids=False, path=[str(launch.kit), *python_paths()])
    worker = str(launch.kit / "autograder/sandbox/worker.py")
    return [interpreter(), *SEALED, worker, str(channel_fd), options]


def _linux() -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])


def _packages() -> dict[str, str]:
    """Each folder of installed packages, and where it is inside: the same place when that is shown in any case."""
    found: dict[str, str] = {}
    for path in python_paths():
        real = os.path.realpath(path)
        if os.path.isdir(real):
            elsewhere = _outside_system([sys.base_prefix, real])[-1:] == [real]
            found.setdefault(real, f"{PACKAGES}/{len(found)}" if elsewhere else real)
    return found


def _outside_system(paths: Sequence[str]) -> list[str]:
    """``paths`` without those that the system folders or an earlier one already show."""
    kept: list[str] = []
    for path in paths:
        real = os.path.realpath(path)
        for candidate in dict.fromkeys([path, real]):
            covered = any(candidate == top or candidate.startswith(top + "/") for top in (*SYSTEM, *kept))
            if not covered and os.path.isdir(candidate):
                kept.append(candidate)
    return kept
