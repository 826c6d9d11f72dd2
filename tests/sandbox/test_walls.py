"""Isolation from the host: every attack of the doctor, and attacks that need more than one cell."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from autograder.calls import connect
from autograder.sandbox import doctor
from autograder.sandbox.backends import Launch
from autograder.sandbox.channel import SandboxDied
from autograder.sandbox.limits import Limits
from autograder.sandbox.process import Sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def findings(kit):
    return {finding.name: finding for finding in doctor.probe(Launch(kit, None, Limits()))}


@pytest.mark.parametrize("name", [attack.name for attack in doctor.ATTACKS])
def test_the_sandbox_withstands(findings, name):
    assert findings[name].held, findings[name].detail


def stdout_of(sandbox: Sandbox, source: str) -> str:
    outcome = sandbox.run_cell("cell 1", source)
    assert outcome["error"] is None, outcome["error"]
    return outcome["stdout"].strip()


def test_files_of_the_host_are_not_there(sandbox):
    wanted = [
        "/etc/passwd",
        "/etc/shadow",
        "/root/.ssh",
        "/var",
        "/run",
        "/sys",
        "/mnt",
        "/boot",
        "/proc/kcore",
        "/proc/1/environ",
        "/proc/1/mem",
        "/proc/1/cmdline",
        "/dev/mem",
        "/dev/tty",
        "/dev/ptmx",
        "/dev/zero",
        str(ROOT / "solutions"),
        str(ROOT / "course.toml"),
        str(ROOT / "autograder" / "grading"),
    ]
    source = f"import os\n[path for path in {wanted} if os.access(path, os.R_OK) or os.access(path, os.F_OK)]"
    assert stdout_of(sandbox, source) == "[]"


def test_another_submission_leaves_nothing(start):
    with start() as first:
        stdout_of(
            first, "for place in ('/tmp', '/dev/shm', '.'): open(place + '/left', 'w').write('answers')"
        )
    with start() as second:
        source = "import os\n[p for p in ('/tmp', '/dev/shm', '.') if os.path.exists(p + '/left')]"
        assert stdout_of(second, source) == "[]"


def test_two_sandboxes_do_not_see_each_other(start):
    with start() as first, start() as second:
        stdout_of(first, "open('/tmp/here', 'w').close()")
        assert stdout_of(second, "import os\nos.path.exists('/tmp/here')") == "False"
        # The first process of each is covered by an empty folder.
        assert (
            stdout_of(second, "[n for n in os.listdir('/proc') if n.isdigit() and os.listdir('/proc/' + n)]")
            == "['2']"
        )


def test_links_and_devices_lead_nowhere(sandbox):
    with tempfile.NamedTemporaryFile("w", dir="/tmp", suffix=".secret") as secret:
        secret.write("answers")
        secret.flush()
        os.chmod(secret.name, 0o644)
        for source in (
            f"import os; os.symlink({secret.name!r}, 'a'); open('a').read()",
            f"import os; os.link({secret.name!r}, 'b')",
            f"open('/proc/self/root' + {secret.name!r}).read()",
            f"open('/proc/2/cwd/../../..' + {secret.name!r}).read()",
            "import os; os.mknod('c', 0o60600, os.makedev(254, 0)); open('c').read()",
            "import os; os.chroot('/')",
            "import os; os.setuid(0)",
            "import os; os.setgroups([0])",
            "import os; os.setpriority(0, 0, -5); os.getpriority(0, 0) == 0 and [][0]",  # nothing has changed
            "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
            "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
            "import socket; socket.getaddrinfo('localhost', 80, flags=0) and socket.create_connection(('localhost', 80))",
            "open('/proc/sys/kernel/core_pattern', 'wb', 0).write(b'|/tmp/x')",
            "open('/proc/sys/user/max_user_namespaces', 'wb', 0).write(b'9')",
            "open('/proc/self/oom_score_adj', 'wb', 0).write(b'-1000')",
            "open('/proc/sysrq-trigger', 'wb', 0).write(b'x')",
        ):
            error = sandbox.run_cell("cell 1", source)["error"]
            assert error is not None, source
            assert error["type"].endswith(("Error", "gaierror")), error


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize(
    ("name", "call", "number"),
    [("keyctl", "250, 0, -3, 0, 0, 0", 1), ("bpf", "321, 0, 0, 0", 1), ("io_uring_setup", "425, 1, 0", 1),
     ("clone3", "435, 0, 0", 38), ("process_vm_readv", "310, 2, 0, 0, 0, 0, 0", 1), ("userfaultfd", "323, 0", 1),
     ("open_by_handle_at", "304, 0, 0, 0", 1), ("setns", "308, 0, 0", 1), ("perf_event_open", "298, 0, 0, 0, 0, 0", 1),
     ("quotactl", "179, 0, 0, 0, 0", 1), ("fsopen", "430, 0, 0", 1), ("seccomp off", "157, 22, 0, 0", 22)],
)  # fmt: skip
def test_dangerous_system_calls_are_denied(sandbox, name, call, number):
    source = (
        f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n(libc.syscall({call}), ctypes.get_errno())"
    )
    assert stdout_of(sandbox, source) == f"(-1, {number})"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is an ABI of x86_64")
def test_calls_of_another_abi_end_the_process(sandbox):
    with pytest.raises(SandboxDied, match="SIGSYS"):
        sandbox.run_cell("cell 1", "import ctypes; ctypes.CDLL(None).syscall(0x40000000 + 39)")


def test_no_connection_reaches_a_listener(sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        port = server.getsockname()[1]
        sandbox.run_cell("cell 1", f"import socket; socket.create_connection(('127.0.0.1', {port}), 0.2)")
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_graders_environment_and_options_do_not_enter(start, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SECRET", "hunter2-in-the-environment")
    with start() as sandbox:
        said = stdout_of(
            sandbox,
            "import os, sys\nprint(dict(os.environ), sys.argv, sys.orig_argv)\n"
            "try: print(open('/proc/self/environ').read())\nexcept PermissionError: pass",
        )
    assert "hunter2" not in said
    assert "solutions" not in said


def test_nothing_of_the_host_is_shown(start, kit):
    with start() as sandbox:
        said = stdout_of(
            sandbox,
            "import os, socket, sys\n"
            "files = ['cmdline', 'version', 'mounts', 'partitions', 'self/mountinfo', 'self/mounts', 'self/mountstats',"
            " 'self/cgroup', 'meminfo', 'sys/kernel/hostname', 'sys/kernel/random/boot_id']\n"
            "for name in files:\n"
            "    try: print(open(f'/proc/{name}').read())\n"
            "    except OSError: pass\n"
            "print(socket.gethostname(), os.uname(), sys.path, sys.argv, dict(os.environ))",
        )
        assert stdout_of(sandbox, "import platform; print(platform.release())") == os.uname().release
    hidden = [str(kit), str(ROOT), str(Path.home()), Path("/proc/cmdline").read_text().strip()]
    hidden += [
        Path("/proc/version").read_text().strip(),
        Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
    ]
    hidden += [
        line.split()[9] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " /dev/" in line
    ]
    # Python itself may lie in somebody's home, and stays where it is.
    said = said.replace(sys.base_prefix, "")
    assert [text for text in hidden if text != "/" and text in said] == []
    assert f"'{os.uname().nodename}'" not in said and f"\n{os.uname().nodename} " not in said


def test_packages_of_the_grader_are_not_importable(sandbox):
    source = (
        "import importlib.util as u\n[n for n in ('solutions', 'autograder.grading', 'autograder.sandbox.process',"
        " 'autograder.sandbox.doctor', 'autograder.misconceptions', 'autograder.authoring') if _there(n)]"
    )
    there = (
        "def _there(name):\n    import importlib.util\n    try: return importlib.util.find_spec(name) is not None\n"
        "    except ImportError: return False"
    )
    stdout_of(sandbox, there)
    assert stdout_of(sandbox, source) == "[]"


def test_without_walls_the_doctor_says_what_gets_through(kit):
    findings = {finding.name: finding for finding in doctor.probe(Launch(kit, None, Limits()), walls=False)}
    for name in ("secret file", "TCP", "signals", "outside writes", "system-call filter", "host processes"):
        assert not findings[name].held, name
    # Resource limits hold even there.
    assert findings["one large array"].held
    assert findings["endless loop"].held


def test_the_doctor_runs_the_attacks_where_there_is_no_bubblewrap():
    nowhere = (
        "import shutil; shutil.which = lambda *_, **__: None; import autograder.cli; autograder.cli.app()"
    )
    command = [sys.executable, "-c", nowhere, "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "sudo apt-get install bubblewrap" in done.stderr
    assert "Without a sandbox, with the rights of this user, a submission could" in done.stdout
    assert "✗ secret file read a file of the host: read it" in done.stdout
    assert "✓ one large array" in done.stdout
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert told["walls"] is False and "bubblewrap is not installed" in told["problem"]
    assert {"secret file", "TCP"} <= {attack["name"] for attack in told["attacks"] if not attack["held"]}


def test_a_sandbox_is_required_at_the_beginning(kit):
    doctor.require_sandbox(Launch(kit, None, Limits()))


def test_a_missing_filter_is_refused(kit, monkeypatch):
    monkeypatch.setattr("autograder.sandbox.seccomp.program", lambda machine=None: None)
    with pytest.raises(doctor.SandboxUnavailable, match="x86_64 or aarch64"):
        doctor.require_sandbox(Launch(kit, None, Limits()))


def test_a_hole_is_named(kit, monkeypatch):
    everything_passes = b"\x06\x00\x00\x00\x00\x00\xff\x7f"  # one instruction: allow
    monkeypatch.setattr("autograder.sandbox.seccomp.program", lambda machine=None: everything_passes)
    found = {finding.name: finding for finding in doctor.probe(Launch(kit, None, Limits()))}
    assert not found["uncounted memory"].held
    assert found["TCP"].held  # there is no network either
    assert found["secret file"].held


def test_a_bubblewrap_that_fails_is_explained(kit, monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("autograder.sandbox.backends.find_bubblewrap", lambda: str(broken))
    with pytest.raises(doctor.SandboxUnavailable, match="setting up uid map: Permission denied"):
        doctor.require_sandbox(Launch(kit, None, Limits()))


def test_a_missing_bubblewrap_names_the_command(kit, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(doctor.SandboxUnavailable, match="sudo apt-get install bubblewrap"):
        doctor.require_sandbox(Launch(kit, None, Limits()))
    assert not next(fact for fact in doctor.facts() if fact.name == "bubblewrap").ok


def test_the_facts_of_this_machine():
    facts = {fact.name: fact for fact in doctor.facts()}
    assert {"bubblewrap", "user", "system-call filter", "Python"} <= facts.keys()
    assert all(fact.ok for fact in facts.values())


LIVES_ON = """
import os, sys, time
from pathlib import Path
from autograder.calls import connect
from autograder.sandbox.backends import Launch
from autograder.sandbox.limits import Limits
from autograder.sandbox.process import Sandbox
with Sandbox(Launch(Path(sys.argv[1]), None, Limits(cell_s=30))) as sandbox:
    sandbox.run_cell("cell 1", sys.argv[2])
    if "daemon" in sys.argv[2]:
        with sandbox.session(30) as channel:
            connect(channel).daemon()
    print("running", flush=True)
    time.sleep(60)
"""
DAEMON = """
import os, sys, time, signal
def daemon():
    if os.fork() == 0:
        try: os.setsid()
        except OSError: pass
        if os.fork() == 0:
            for n in range(1, 65):
                try: signal.signal(n, signal.SIG_IGN)
                except (OSError, ValueError): pass
            os.execv(sys.executable, [sys.executable, '-S', '-c', 'import time; time.sleep(60)', MARKER])
        os._exit(0)
    os.wait()
"""


def running(marker: str) -> list[str]:
    """Processes of the host with ``marker`` in their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if marker.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


def gone_within(marker: str, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while running(marker):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_daemon_of_a_cell_ends_with_it(start):
    marker = f"daemon-{os.urandom(6).hex()}"
    look = "sum(name.isdigit() for name in os.listdir('/proc'))"
    with start(cell_s=5) as sandbox:
        before = int(sandbox.run_cell("cell 1", f"import os\n{look}")["stdout"])
        cell = sandbox.run_cell("cell 2", f"MARKER = {marker!r}{DAEMON}daemon()\ntime.sleep(0.2)\n{look}")
        assert int(cell["stdout"]) == before + 1
        assert not running(marker)


def test_a_daemon_of_a_check_ends_with_the_sandbox(start):
    marker = f"daemon-{os.urandom(6).hex()}"
    with start() as sandbox:
        sandbox.run_cell("cell 1", f"MARKER = {marker!r}{DAEMON}    time.sleep(0.2)")
        with sandbox.session(5) as channel:
            connect(channel).daemon()
        assert running(marker)  # it is there, seen from the host
    assert gone_within(marker, 5)


@pytest.mark.parametrize("with_daemon", [True, False], ids=["after student code ran", "before"])
def test_nothing_survives_the_grader_killed(kit, with_daemon):
    marker = f"daemon-{os.urandom(6).hex()}"
    cell = f"MARKER = {marker!r}{DAEMON}    time.sleep(0.2)" if with_daemon else ""
    grader = subprocess.Popen(
        [sys.executable, "-c", LIVES_ON, str(kit), cell], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )  # fmt: skip
    assert grader.stdout is not None
    assert grader.stdout.readline() == "running\n"
    # The kit's path is in the command line of bubblewrap and the worker of this test's own session as well.
    before = {pid for pid in running(str(kit)) if pid != str(grader.pid)}
    assert before
    assert bool(running(marker)) == with_daemon or running(marker) == [str(grader.pid)]
    grader.kill()
    grader.wait()
    grader.stdout.close()
    assert gone_within(marker, 5)
    assert gone_within(str(kit), 5)


def test_no_zombies_and_no_descriptors_are_left(start):
    with start() as sandbox:
        sandbox.run_cell("cell 1", "1")
    held, dead = len(os.listdir("/proc/self/fd")), zombies()
    for _ in range(3):
        with start() as sandbox:
            sandbox.run_cell("cell 1", "def f(): return 1")
            with sandbox.session(1):
                pass
    assert len(os.listdir("/proc/self/fd")) == held
    assert zombies() <= dead


def zombies() -> set[str]:
    """The ended children of this process that nobody has waited for; other tests in it may have left some."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {pid for pid in children if " Z " in Path(f"/proc/{pid}/stat").read_text()}
