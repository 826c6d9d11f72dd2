"""Does the sandbox hold on this machine? Small attacks, really run.

The attacks stand in `attacks.py`. None does harm where it succeeds, so they also show what is possible without walls.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.sandbox import backends, cgroup, seccomp
from autograder.sandbox.attacks import ATTACKS, PRELUDE, Attack
from autograder.sandbox.backends import HOME, WRITABLE, Launch, SandboxUnavailable
from autograder.sandbox.channel import SandboxDied
from autograder.sandbox.clock import MachineTooBusy
from autograder.sandbox.limits import Limits
from autograder.sandbox.process import Sandbox
from autograder.sandbox.processes import MAX_FILES

# Small enough to be exceeded within a moment.
TIGHT = Limits(
    cpu_s=20, cell_s=0.3, asleep_step_s=8, wall_s=300, memory_mb=400, processes=24, output_kb=16, disk_mb=2
)
NOTICED_S = 8.0  # of CPU time; a tenth of a second is enough
INSTALL = (
    "Install bubblewrap and allow user namespaces, or grade as root; `autograder doctor` shows every attack."
)


@dataclass(frozen=True)
class Finding:
    """One attack and its outcome.

    Attributes:
        name: short and stable.
        tried: what the attack was, as a phrase.
        held: the sandbox prevented it.
        detail: the error the attack met, or what it reached.
    """

    name: str
    tried: str
    held: bool
    detail: str


@dataclass(frozen=True)
class Fact:
    """One property of this machine; ``fix`` is one line on what to do when it is not ``ok``."""

    name: str
    value: str
    ok: bool
    fix: str = ""


def probe(launch: Launch, *, walls: bool = True) -> list[Finding]:
    """Run every attack against a sandbox like ``launch``, with tight limits.

    Args:
        walls: False to see what gets through without walls.

    Raises:
        SandboxUnavailable: the sandbox does not even start.
    """
    findings = _run([attack for attack in ATTACKS if not attack.until_noticed], launch, TIGHT, walls)
    if walls:
        slow = replace(TIGHT, cell_s=NOTICED_S)
        findings += _run([attack for attack in ATTACKS if attack.until_noticed], launch, slow, walls)
    return findings


def require_sandbox(launch: Launch) -> None:
    """Return when a sandbox starts here and the essential attacks fail; takes a third of a second.

    Raises:
        SandboxUnavailable: says what got through, or what to install.
    """
    if seccomp.program() is None:
        raise SandboxUnavailable(
            f"There is no system-call filter for {platform.machine()}; use x86_64 or aarch64."
        )
    try:
        findings = _run([attack for attack in ATTACKS if attack.essential], launch, TIGHT, True)
    except SandboxUnavailable as error:
        fixes = [f"{fact.name}: {fact.fix}" for fact in facts() if not fact.ok and fact.fix]
        raise SandboxUnavailable("\n".join([str(error), *fixes])) from None
    if broken := [finding for finding in findings if not finding.held]:
        lines = [f"a submission could {finding.tried} ({finding.detail})" for finding in broken]
        raise SandboxUnavailable("\n".join(["The sandbox does not hold on this machine:", *lines, INSTALL]))


def facts() -> list[Fact]:
    """What the sandbox needs of this machine."""
    return [_bubblewrap(), _user(), _filter(), _group(), *_user_namespaces(), *_python()]


def _run(attacks: list[Attack], launch: Launch, limits: Limits, walls: bool) -> list[Finding]:
    launch = replace(launch, limits=limits)
    try:
        return _findings(attacks, launch, walls)
    except MachineTooBusy as error:
        raise SandboxUnavailable(
            f"The sandbox cannot be tried: this machine is too busy ({error})."
        ) from None


def _findings(attacks: list[Attack], launch: Launch, walls: bool) -> list[Finding]:
    findings = []
    with _targets() as targets:
        waiting = list(attacks)
        while waiting:
            # The rest gets a new sandbox when an attack ended this one.
            with Sandbox(launch, walls=walls) as sandbox:
                sandbox.run_cell(
                    "cell 0", PRELUDE + "\n".join(f"{name} = {value!r}" for name, value in targets.items())
                )
                while waiting:
                    attack = waiting.pop(0)
                    try:
                        findings.append(_finding(attack, sandbox))
                    except SandboxDied as died:
                        held = died.kind in attack.deadly
                        findings.append(Finding(attack.name, attack.tried, held, died.message))
                        break
    return findings


def _finding(attack: Attack, sandbox: Sandbox) -> Finding:
    error = sandbox.run_cell("cell 1", attack.source)["error"]
    if attack.until_noticed:
        return Finding(attack.name, attack.tried, False, "the grader did not notice")
    if error is None:
        return Finding(attack.name, attack.tried, True, "nothing to be found")
    if error["type"] == "FileNotFoundError" and "/proc/" in error["message"] and not os.path.exists("/proc"):
        return Finding(attack.name, attack.tried, False, "cannot be tried here: this system has no /proc")
    detail = error["message"] if error["kind"] in ("timeout", "exception") else error["type"]
    if error["type"] == "Broke":
        return Finding(attack.name, attack.tried, False, detail)
    mistakes = ("NameError", "SyntaxError", "TypeError", "AttributeError", "ValueError", "IndexError")
    if error["type"] in mistakes:
        return Finding(
            attack.name, attack.tried, False, f"the attack itself failed: {error['type']}: {detail}"
        )
    return Finding(attack.name, attack.tried, True, detail)


@contextlib.contextmanager
def _targets() -> Iterator[dict[str, object]]:
    """Things to reach for, made for the purpose, as names for the cells."""
    marker = os.urandom(12).hex()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doctor-")))
        folder.chmod(0o755)
        secret = folder / "secret"
        secret.write_text(marker)
        secret.chmod(0o644)
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        addresses = [str(folder / "socket"), f"\0{marker}"]
        for address in addresses:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        # In the environment as the kernel shows it, too: that of a process started with it.
        os.environ["AUTOGRADER_DOCTOR"] = marker
        stack.callback(os.environ.pop, "AUTOGRADER_DOCTOR", None)
        yield {
            "SECRET": str(secret),
            "MARKER": marker,
            "HOME_FILE": _home_file(),
            "COURSE": str(Path(__file__).resolve().parents[2] / "solutions"),
            "GRADER": os.getpid(),
            "GRADER_NAMESPACE": os.readlink("/proc/self/ns/pid"),
            "GRADER_NETWORK": os.readlink("/proc/self/ns/net"),
            "HOST_NAME": None if socket.gethostname() == backends.HOST_NAME else socket.gethostname(),
            "PORT": port,
            "UNIX": addresses[0],
            "ABSTRACT": addresses[1],
            "WRITABLE": [place for place in (*WRITABLE, HOME) if os.path.isdir(place) or place == HOME],
            "DISK_MB": TIGHT.disk_mb,
            "MAX_FILES": MAX_FILES,
        }


def _home_file() -> str | None:
    with contextlib.suppress(OSError, RuntimeError):
        for path in sorted(Path.home().iterdir()):
            if path.is_file() and os.access(path, os.R_OK):
                return str(path)
    return None


def _bubblewrap() -> Fact:
    try:
        path = backends.find_bubblewrap()
    except SandboxUnavailable as error:
        return Fact("bubblewrap", "missing", False, str(error))
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    numbers = (
        tuple(int(part) for part in version.split()[-1].split(".")[:2] if part.isdigit()) if version else ()
    )
    return Fact(
        "bubblewrap",
        f"{version or 'unknown version'} ({path})",
        numbers >= (0, 8),
        "install bubblewrap 0.8 or newer",
    )


def _user() -> Fact:
    if os.getuid() == 0:
        return Fact("user", "root; every sandbox becomes an unprivileged user of its own", True)
    return Fact("user", f"uid {os.getuid()}; every sandbox is a user namespace", True)


def _filter() -> Fact:
    fix = f"run on {' or '.join(seccomp.ARCHITECTURES)}: there is no system-call filter for this processor"
    return Fact("system-call filter", platform.machine(), seccomp.program() is not None, fix)


def _group() -> Fact:
    parent = cgroup.delegated()
    counted = "memory and processes are counted by the grader, many times a second"
    value = f"below {parent}; the kernel counts all memory" if parent else f"{counted} ({cgroup.why_none()})"
    return Fact("control groups", value, True)  # either way there is a limit


def _user_namespaces() -> list[Fact]:
    rows = []
    for name, good, why in (
        ("kernel.unprivileged_userns_clone", lambda n: n == 1, 1),
        ("kernel.apparmor_restrict_unprivileged_userns", lambda n: n == 0, 0),
        ("user.max_user_namespaces", lambda n: n > 0, 15000),
    ):
        try:
            value = Path("/proc/sys", name.replace(".", "/")).read_text().strip()
        except OSError:
            continue  # this kernel has no such switch
        fix = f"sudo sysctl {name}={why}"
        if "apparmor" in name:
            fix += ", or give /usr/bin/bwrap an AppArmor profile with `userns,`"
        rows.append(Fact(name, value, os.getuid() == 0 or good(int(value)), fix))
    return rows


def _python() -> list[Fact]:
    rows = []
    for path in dict.fromkeys([backends.interpreter(), sys.base_prefix, *backends.python_paths()]):
        readable = os.access(path, os.R_OK | os.X_OK)
        rows.append(Fact("Python", path, readable, f"make {path} readable for this user"))
    return rows
