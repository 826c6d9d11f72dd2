"""The process inside the sandbox.

Started as ``python -s -S -P worker.py FD OPTIONS``. It gives up its rights, says it is ready, and does nothing until the
parent speaks: a parent that was killed in between leaves nothing behind. Then it obeys four commands, each with an
"id" that its reply repeats:

    {"do": "files", "files": {name: uint8 array}}    write the submission's files into the working directory
    {"do": "cell", "label": str, "source": str,      execute a cell in the notebook's namespace, or only what it
     "only_definitions": bool}                       defines
    {"do": "fork", "number": int, "cpu_s": int}      fork a child that serves a `Session` on a socket that follows
    {"do": "status", "number": int}                  how that child ended; null while it lives

Student code runs in this very process, so nothing here is a defence: the walls are outside, and the parent believes
nothing that comes from here.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import resource
import signal
import sys
from types import ModuleType


def give_up_rights(options: dict) -> None:
    """Resource limits, out of the table of mounts, the unprivileged user, and the system-call filter."""
    megabyte = 2**20
    for name, value in (
        ("RLIMIT_AS", options["memory_mb"] * megabyte),
        ("RLIMIT_DATA", options["memory_mb"] * megabyte),  # inherited: the evaluator has a limit of its own
        ("RLIMIT_FSIZE", options["disk_mb"] * megabyte),
        ("RLIMIT_NOFILE", 256),
        ("RLIMIT_NPROC", options["processes"]),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_MSGQUEUE", 0),
        ("RLIMIT_SIGPENDING", 256),
    ):
        if name == "RLIMIT_NPROC" and not options["private_ids"]:
            continue  # without a user id or user namespace of its own the limit would count the grader's processes
        resource.setrlimit(getattr(resource, name), (value, value))
    # For one process; the parent measures all of them together. The first of the two sends a signal that says why.
    resource.setrlimit(resource.RLIMIT_CPU, (options["cpu_s"], options["cpu_s"] + 1))
    if options["enclosed"]:
        enclosure = _enclosure()
        enclosure.enclose(options["devices"], options["memory_mb"])
    if os.getuid() == 0 and options["uid"]:
        os.setgroups([])
        os.setresgid(options["uid"], options["uid"], options["uid"])
        os.setresuid(options["uid"], options["uid"], options["uid"])
        if os.getuid() == 0 or os.geteuid() == 0:
            raise SystemExit("could not give up root")
    if options["enclosed"]:
        enclosure.drop_capabilities()
        if options["filter_fd"] is not None:
            with open(options["filter_fd"], "rb") as file:
                enclosure.install_filter(file.read())
    os.umask(0o077)


def _enclosure() -> ModuleType:
    """The module beside this file, without its package: that would import NumPy with the rights that are given up."""
    spec = importlib.util.spec_from_file_location(
        "enclosure", os.path.join(os.path.dirname(__file__), "enclosure.py")
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def silence() -> None:
    """Standard streams to nowhere: from now on only frames carry anything out."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    if null > 2:
        os.close(null)


def main() -> None:
    channel_fd, options = int(sys.argv[1]), json.loads(sys.argv[2])
    give_up_rights(options)
    sys.path[:] = [path for path in sys.path if os.path.isdir(path)] + options["path"]
    # Imported before READY so that the parent's clock for the first cell starts warm. Nothing of it is garbage.
    gc.disable()
    from autograder.sandbox.serve import Worker

    gc.freeze()
    gc.enable()

    silence()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Worker(channel_fd, options).serve()


if __name__ == "__main__":
    main()
