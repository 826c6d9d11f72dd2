"""Does the sandbox hold on this machine? Small attacks, really run.

Every attack is a few lines of a notebook cell that try something and say what came of it. None does harm where it
succeeds: it reads a file made for the purpose, knocks at a port opened for the purpose, asks for a mount of nothing.
So the same attacks show what would be possible without walls.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.sandbox import backends, seccomp
from autograder.sandbox.backends import HOME, WRITABLE, Launch, SandboxUnavailable
from autograder.sandbox.inmates import MAX_FILES
from autograder.sandbox.limits import Limits
from autograder.sandbox.process import Sandbox, SandboxDied

# Small enough to be exceeded within a moment.
TIGHT = Limits(wall_s=20, cell_s=0.3, cpu_s=10, memory_mb=400, processes=24, output_kb=16, disk_mb=2)
NOTICED_S = 8.0  # a tenth of a second on an idle machine
INSTALL = "Install bubblewrap and allow user namespaces, or grade as root; `autograder doctor` shows every attack."


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


@dataclass(frozen=True)
class Attack:
    """One cell. It calls ``broke(what)`` when it got through; an OSError or MemoryError is a wall.

    Attributes:
        essential: part of the short probe at the beginning of every grading run.
        deadly: kinds of `SandboxDied` that count as held: the parent noticed and ended everything.
        in_background: it goes on after its cell, until the parent notices. Not tried without walls, where it would
            be the host's memory and files.
    """

    name: str
    tried: str
    source: str
    essential: bool = False
    deadly: tuple[str, ...] = ()
    in_background: bool = False


PRELUDE = """
import ctypes, errno, os, platform, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
class Broke(Exception): pass
def broke(what): raise Broke(what)
def system(result):
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def in_child(attempt):
    # The parent of this child only looks at the exit code: 7 means that the attempt went through.
    child = os.fork()
    if child == 0:
        try: attempt()
        except BaseException: os._exit(0)
        os._exit(7)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7: broke("the kernel allowed it")
def status(name):
    return [l.split(":")[1].split() for l in open("/proc/self/status") if l.startswith(name + ":")][0]
"""

ATTACKS = (
    Attack(
        "unprivileged user",
        "run as root",
        "if 0 in os.getresuid() + os.getresgid() + tuple(os.getgroups()): broke(f'ids {os.getresuid()}')",
        essential=True,
    ),
    Attack(
        "no capabilities",
        "hold a capability",
        "for name in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb'):\n"
        "    if int(status(name)[0], 16): broke(f'{name} {status(name)[0]}')",
        essential=True,
    ),
    Attack(
        "no new privileges",
        "gain rights from a setuid program",
        "if status('NoNewPrivs') != ['1']: broke('no_new_privs is off')",
        essential=True,
    ),
    Attack(
        "system-call filter",
        "use any system call",
        "if status('Seccomp') != ['2']: broke('no seccomp filter')",
        essential=True,
    ),
    Attack("secret file", "read a file of the host", "open(SECRET).read(); broke('read it')", essential=True),
    Attack(
        "home directory",
        "read a file in the grader's home",
        "if HOME_FILE: open(HOME_FILE).read(1); broke(f'read {HOME_FILE}')",
    ),
    Attack(
        "course",
        "read the reference solutions",
        "if os.path.exists(COURSE): broke(f'sees {os.listdir(COURSE)[:5]}')",
        essential=True,
    ),
    Attack(
        "outside writes",
        "write where the host would see it",
        "open(SECRET + '.new', 'w').close(); broke('wrote beside the secret')",
        essential=True,
    ),
    Attack(
        "read-only root",
        "write to system folders",
        "for place in ('/', '/usr', '/etc', '/dev', '/kit', sys.base_prefix, *sys.path):\n"
        "    if os.path.isdir(place):\n"
        "        try: os.close(os.open(place, os.O_WRONLY | os.O_TMPFILE))\n"
        "        except OSError: continue\n"
        "        broke(f'can write to {place}')",
        essential=True,
    ),
    Attack(
        "grader's environment",
        "find a secret in an environment",
        "for entry in [*map(str, os.environ.items()), *filter(str.isdigit, os.listdir('/proc'))]:\n"
        "    if entry.isdigit():\n"
        "        try: entry = open(f'/proc/{entry}/environ').read()\n"
        "        except OSError: continue\n"
        "    if MARKER in entry: broke('found it')",
        essential=True,
    ),
    Attack(
        "inherited descriptors",
        "use a descriptor the grader left open",
        "held = {name: os.readlink(f'/proc/self/fd/{name}') for name in map(str, range(256))\n"
        "        if os.path.lexists(f'/proc/self/fd/{name}')}\n"
        "extra = [link for link in held.values() if link != '/dev/null']\n"
        "if len(extra) != 1 or not extra[0].startswith('socket:'): broke(str(held))",
        essential=True,
    ),
    Attack(
        "host processes",
        "see the grader's processes",
        "mine = open('/proc/self/cmdline', 'rb').read()\n"
        "for name in filter(str.isdigit, os.listdir('/proc')):\n"
        "    try: other = open(f'/proc/{name}/cmdline', 'rb').read()\n"
        "    except OSError: continue\n"
        "    if other not in (mine, b''): broke(f'sees {other[:60]}')",
        essential=True,
    ),
    Attack(
        "signals",
        "send the grader a signal",
        "inside = set(filter(str.isdigit, os.listdir('/proc')))\n"
        "if os.readlink('/proc/self/ns/pid') == GRADER_NAMESPACE: os.kill(GRADER, 0); broke('it would arrive')",
    ),
    Attack(
        "TCP",
        "connect to a port on this machine",
        "socket.create_connection(('127.0.0.1', PORT), 0.2); broke('connected')",
        essential=True,
    ),
    Attack(
        "network",
        "see a network device",
        "names = [l.split(':')[0].strip() for l in open('/proc/net/dev').read().splitlines()[2:]]\n"
        "if os.readlink('/proc/self/ns/net') == GRADER_NETWORK: broke(f'the same network: {names}')\n"
        "if names != ['lo']: broke(f'sees {names}')",
        essential=True,
    ),
    Attack(
        "Unix socket",
        "connect to a Unix socket, by path and abstract",
        "refused = None\n"
        "for address in (UNIX, ABSTRACT):\n"
        "    try: socket.socket(socket.AF_UNIX).connect(address); broke(f'connected to {address!r}')\n"
        "    except OSError as error: refused = error\n"
        "raise refused",
    ),
    Attack(
        "user namespace",
        "make a user namespace with unshare",
        "in_child(lambda: system(libc.unshare(0x10000000)))",
        essential=True,
    ),
    Attack(
        "user namespace by clone",
        "make a user namespace with clone",
        "number = {'x86_64': 56, 'aarch64': 220}.get(platform.machine())\n"
        "def attempt():\n"
        "    if system(libc.syscall(number, 0x10000000 | 17, 0, 0, 0, 0)) == 0: os._exit(0)\n"
        "if number: in_child(attempt)",
    ),
    Attack("ptrace", "trace a process", "in_child(lambda: system(libc.ptrace(0, 0, 0, 0)))"),
    Attack(
        "mount",
        "mount a file system",
        # A type that does not exist: where mounting is allowed, that is what the kernel complains about.
        "if libc.mount(b'none', b'.', b'no-such-type', 0, None) and ctypes.get_errno() == errno.ENODEV:\n"
        "    broke('mounting is allowed')",
        essential=True,
    ),
    Attack(
        "uncounted memory",
        "take memory that belongs to no process",
        "if hasattr(os, 'memfd_create'):\n"
        "    try: os.memfd_create('x'); broke('memfd_create')\n"
        "    except OSError: pass\n"
        "try:\n"
        "    import mmap; mmap.mmap(-1, 4096); broke('a shared anonymous mapping')\n"
        "except OSError: pass\n"
        "# 0o1600: create, readable and writable; IPC_PRIVATE; removed again at once\n"
        "segment = libc.shmget(0, 4096, 0o1600)\n"
        "if segment >= 0: libc.shmctl(segment, 0, None); broke('System V shared memory')",
    ),
    Attack("one large array", "allocate 100 GB", "bytearray(100 * 2**30); broke('got it')", essential=True),
    Attack(
        "processes",
        "start 200 processes",
        "children = []\n"
        "try:\n"
        "    for _ in range(200):\n"
        "        child = os.fork()\n"
        "        if child == 0: time.sleep(0.5); os._exit(0)\n"
        "        children.append(child)\n"
        "    broke(f'{len(children)} processes')\n"
        "finally:\n"
        "    for child in children: os.kill(child, signal.SIGKILL); os.waitpid(child, 0)",
        essential=True,
        deadly=("died",),
    ),
    Attack(
        "disk",
        "write more than allowed to each writable place",
        "for place in WRITABLE:\n"
        "    paths = [f'{place}/doctor-{n}' for n in range(3)]\n"
        "    try:\n"
        "        for path in paths:\n"
        "            with open(path, 'wb') as file: file.write(bytes(DISK_MB * 2**20))\n"
        "    except OSError: continue\n"
        "    else: broke(f'{3 * DISK_MB} MB in {place}')\n"
        "    finally:\n"
        "        for path in filter(os.path.exists, paths): os.unlink(path)",
    ),
    Attack("endless loop", "never end a cell", "while True: pass"),
    Attack(
        "memory of many processes",
        "let eight children take 60 MB each",
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        block = bytearray(60 * 2**20)\n"
        "        for i in range(0, len(block), 4096): block[i] = 1\n"
        "        time.sleep(20); os._exit(0)",
        deadly=("memory",),
        in_background=True,
    ),
    Attack(
        "a million empty files",
        "fill the kernel with empty files",
        "if os.fork() == 0:\n"
        "    for n in range(MAX_FILES + 5000):\n"
        "        os.close(os.open(f'{WRITABLE[0]}/doctor-{n}', os.O_CREAT | os.O_WRONLY))\n"
        "    time.sleep(20); os._exit(0)",
        deadly=("died",),
        in_background=True,
    ),
)


def probe(launch: Launch, *, walls: bool = True) -> list[Finding]:
    """Run every attack against a sandbox like ``launch``, with tight limits.

    Args:
        walls: False to see what gets through without walls.

    Raises:
        SandboxUnavailable: the sandbox does not even start.
    """
    attacks = [attack for attack in ATTACKS if walls or not attack.in_background]
    return _run(attacks, launch, walls)


def require_sandbox(launch: Launch) -> None:
    """Return when a sandbox starts here and the essential attacks fail; takes a third of a second.

    Raises:
        SandboxUnavailable: says what got through, or what to install.
    """
    if seccomp.program() is None:
        raise SandboxUnavailable(f"There is no system-call filter for {platform.machine()}; use x86_64 or aarch64.")
    try:
        findings = _run([attack for attack in ATTACKS if attack.essential], launch, True)
    except SandboxUnavailable as error:
        fixes = [f"{fact.name}: {fact.fix}" for fact in facts() if not fact.ok and fact.fix]
        raise SandboxUnavailable("\n".join([str(error), *fixes])) from None
    if broken := [finding for finding in findings if not finding.held]:
        lines = [f"a submission could {finding.tried} ({finding.detail})" for finding in broken]
        raise SandboxUnavailable("\n".join(["The sandbox does not hold on this machine:", *lines, INSTALL]))


def facts() -> list[Fact]:
    """What the sandbox needs of this machine."""
    return [_bubblewrap(), _user(), _filter(), *_user_namespaces(), *_python()]


def _run(attacks: list[Attack], launch: Launch, walls: bool) -> list[Finding]:
    launch = replace(launch, limits=TIGHT)
    findings = []
    with _targets() as targets:
        waiting = list(attacks)
        while waiting:
            # The rest gets a new sandbox when an attack ended this one.
            with Sandbox(launch, time.monotonic() + TIGHT.wall_s, walls=walls) as sandbox:
                sandbox.run_cell("cell 0", PRELUDE + "\n".join(f"{name} = {value!r}" for name, value in targets.items()))
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
    if error is None and attack.in_background:
        until = time.monotonic() + NOTICED_S
        while time.monotonic() < until:
            sandbox.run_cell("cell 2", "time.sleep(0.05)")
        return Finding(attack.name, attack.tried, False, f"not noticed within {NOTICED_S:g} s")
    if error is None:
        return Finding(attack.name, attack.tried, True, "nothing to be found")
    detail = error["message"] if error["kind"] in ("timeout", "exception") else error["type"]
    if error["type"] == "Broke":
        return Finding(attack.name, attack.tried, False, detail)
    mistakes = ("NameError", "SyntaxError", "TypeError", "AttributeError", "ValueError", "IndexError")
    if error["type"] in mistakes:
        return Finding(attack.name, attack.tried, False, f"the attack itself failed: {error['type']}: {detail}")
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
    version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10).stdout.strip()
    numbers = tuple(int(part) for part in version.split()[-1].split(".")[:2] if part.isdigit()) if version else ()
    return Fact("bubblewrap", f"{version or 'unknown version'} ({path})", numbers >= (0, 8), "install bubblewrap 0.8 or newer")


def _user() -> Fact:
    if os.getuid() == 0:
        return Fact("user", "root; every sandbox becomes an unprivileged user of its own", True)
    return Fact("user", f"uid {os.getuid()}; every sandbox is a user namespace", True)


def _filter() -> Fact:
    fix = f"run on {' or '.join(seccomp.ARCHITECTURES)}: there is no system-call filter for this processor"
    return Fact("system-call filter", platform.machine(), seccomp.program() is not None, fix)


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
