"""The parent's side: one `Sandbox` per submission."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograder.calls import CodeError
from autograder.sandbox import backends, seccomp
from autograder.sandbox.backends import Launch, SandboxUnavailable
from autograder.sandbox.limits import MEGABYTE
from autograder.sandbox.protocol import Connection, DeadlinePassed, PeerGone, ProtocolError

START_S = 30.0  # a cold NumPy on a slow disk; a warm one takes 0.2 s
GRACE_S = 1.0  # between the worker's own alarm and the parent's kill
WATCH_S = 0.1  # how often memory and processes are looked at while waiting
PAGE = os.sysconf("SC_PAGE_SIZE")


class SandboxDied(Exception):
    """The worker itself ended, hung or broke the protocol; the message says which, in words for the student.

    Attributes:
        kind: "died", "timeout", "memory" or "protocol", as in `CodeError`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class Sandbox:
    """A locked-in process that has executed nothing yet. Use as a context manager; leaving it kills everything.

    Args:
        launch: what it sees and may use.
        deadline: `time.monotonic` seconds at which the submission's total time is up.
        walls: False for a process without walls (`--unsafe-no-sandbox`).
    """

    def __init__(self, launch: Launch, deadline: float, *, walls: bool = True) -> None:
        if walls and threading.current_thread() is not threading.main_thread():
            # The kernel's parent-death signal goes by thread: this one's end would kill the sandbox.
            raise RuntimeError("a sandbox is started from the main thread")
        self._launch, self._deadline, self._walls = launch, deadline, walls
        self._checks = 0
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Sandbox:
        ours, theirs = socket.socketpair()
        self._connection = Connection(ours)
        fds, filter_fd = [theirs.fileno()], None
        home = None
        if self._walls:
            program = seccomp.program()
            if program is not None:
                filter_fd = _pipe_with(program)
                fds.append(filter_fd)
            command = backends.bubblewrap(self._launch, theirs.fileno(), filter_fd)
            env: dict[str, str] | None = None
        else:
            self._scratch = tempfile.TemporaryDirectory(prefix="unsafe-")
            home = self._scratch.name
            data = str(self._launch.data) if self._launch.data else None
            command, env = backends.unsafe(self._launch, theirs.fileno()), backends.environment(data, home)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=fds,
                env=env,
                cwd=home,
                start_new_session=True,
            )
        finally:
            theirs.close()
            if filter_fd is not None:
                os.close(filter_fd)
        try:
            self._connection.receive(time.monotonic() + START_S)
        except (PeerGone, DeadlinePassed, ProtocolError) as error:
            self.kill()
            said = (self._process.stderr.read(4000) if self._process.stderr else b"").decode("utf-8", "replace")
            self._close()
            raise SandboxUnavailable(
                f"the sandbox did not start ({type(error).__name__}): {said.strip() or 'no message'}"
            ) from None
        self._own = set(self._tree())  # the starter, its init and the worker, before any student code ran
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        self._close()

    def put_files(self, files: dict[str, bytes]) -> None:
        """Write ``files`` (plain names) into the working directory."""
        arrays = {name: np.frombuffer(content, dtype=np.uint8) for name, content in files.items()}
        self._ask({"do": "files", "files": arrays}, START_S)

    def run_cell(self, label: str, source: str) -> dict[str, Any]:
        """Execute one cell; its "stdout", "stderr" and "error" (None, or as `calls.session.describe`).

        Raises:
            SandboxDied: the cell took the worker down with it.
        """
        reply = self._ask({"do": "cell", "label": label, "source": source}, self._launch.limits.cell_s + GRACE_S)
        try:
            error = reply["error"]
            valid = type(reply["stdout"]) is str and type(reply["stderr"]) is str
            if error is not None:
                error = checked_error(error)
        except (TypeError, KeyError, ProtocolError):
            valid = False
        if not valid:
            raise SandboxDied("protocol", "the cell broke the connection to the grader")
        cut = 2 * self._launch.limits.output_kb * 1024
        return {"error": error, "stdout": reply["stdout"][:cut], "stderr": reply["stderr"][:cut]}

    @contextlib.contextmanager
    def session(self, seconds: float) -> Iterator[CheckChannel]:
        """A forked child that serves one check for at most ``seconds``; everything it left running is killed.

        Raises:
            SandboxDied: the worker no longer answers, so there is no child.
        """
        self._checks += 1
        number = self._checks
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._send({"do": "fork", "number": number}, GRACE_S)
                try:
                    socket.send_fds(self._connection.socket, [b"f"], [theirs.fileno()])
                except OSError:
                    raise SandboxDied("died", "the notebook's process has ended") from None
            deadline = min(time.monotonic() + seconds, self._deadline)
            channel = CheckChannel(self, Connection(ours), deadline, seconds, number)
            channel.open()
            yield channel
            if channel.broken:
                self._sweep()
        finally:
            ours.close()

    def kill(self) -> None:
        """End every process of the sandbox."""
        for pid in reversed(self._tree()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)

    def watch(self) -> None:
        """Raise `SandboxDied` when all processes together use more memory than allowed."""
        pids = self._tree()
        limits = self._launch.limits
        if len(pids) > limits.processes + 4:
            self.kill()
            raise SandboxDied("died", f"more than {limits.processes} processes")
        used = sum(_memory(pid) for pid in pids)
        if used > limits.memory_mb * MEGABYTE:
            self.kill()
            raise SandboxDied("memory", f"more than {limits.memory_mb} MB of memory in all")

    def ended_how(self, number: int) -> str | None:
        """How the child of check ``number`` ended, as far as the worker says."""
        try:
            status = self._ask({"do": "status", "number": number}, GRACE_S).get("status")
        except (SandboxDied, AttributeError):
            return None
        if type(status) is not int or not 0 <= status < 2**16:
            return None
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            try:
                return f"ended by {signal.Signals(number).name}"
            except ValueError:
                return f"ended by signal {number}"
        return f"ended itself with exit code {os.WEXITSTATUS(status)}"

    def wait_for(self, connection: Connection, deadline: float) -> Any:
        """One frame from ``connection``, with an eye on memory while waiting."""
        first = True
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise DeadlinePassed
            connection.socket.settimeout(min(WATCH_S, deadline - now))
            try:
                if not connection.socket.recv(1, socket.MSG_PEEK):
                    raise PeerGone
                return connection.receive(deadline)
            except TimeoutError:
                if not first:
                    self.watch()
                first = False
            except OSError:
                raise PeerGone from None

    def _ask(self, command: dict[str, Any], seconds: float) -> Any:
        deadline = min(time.monotonic() + seconds, self._deadline)
        self._send(command, seconds)
        try:
            reply = self.wait_for(self._connection, deadline)
        except PeerGone:
            raise SandboxDied("died", "the process ended itself") from None
        except ProtocolError as error:
            raise SandboxDied("protocol", f"the grader received {error}") from None
        except DeadlinePassed:
            raise SandboxDied("timeout", self._too_long(seconds)) from None
        if type(reply) is not dict:
            raise SandboxDied("protocol", "the grader received a reply of unknown form")
        return reply

    def _send(self, command: dict[str, Any], seconds: float) -> None:
        try:
            self._connection.send(command, min(time.monotonic() + seconds, self._deadline))
        except PeerGone:
            raise SandboxDied("died", "the process ended itself") from None
        except DeadlinePassed:
            raise SandboxDied("timeout", self._too_long(seconds)) from None

    def _too_long(self, seconds: float) -> str:
        if time.monotonic() >= self._deadline:
            return f"the submission's {self._launch.limits.wall_s:g} s are used up"
        return f"no answer within {seconds:g} s"

    def _tree(self) -> list[int]:
        """All processes of the sandbox as the host sees them, parents first."""
        found, waiting = [], [self._process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            with contextlib.suppress(OSError, ValueError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    children = Path(f"/proc/{pid}/task/{task}/children").read_text()
                    waiting += map(int, children.split())
            if len(found) > 10_000:
                break
        return found

    def _sweep(self) -> None:
        """Kill what a check left behind: everything but the starter, its init and the worker."""
        for _ in range(20):
            left = [pid for pid in self._tree() if pid not in self._own]
            if not left:
                return
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.002)

    def _close(self) -> None:
        self._connection.close()
        if self._process.stderr:
            self._process.stderr.close()
        if self._scratch is not None:
            self._scratch.cleanup()


class CheckChannel:
    """The channel of one check (`calls.proxy.Channel`): requests to the child, replies believed only in form."""

    def __init__(self, sandbox: Sandbox, connection: Connection, deadline: float, seconds: float, number: int) -> None:
        self._sandbox, self._connection = sandbox, connection
        self._deadline, self._seconds, self._number = deadline, seconds, number
        self._calls = 0
        self.broken: CodeError | None = None

    def open(self) -> None:
        """Wait for the child."""
        try:
            self._exchange(None)
        except CodeError as error:
            if error.kind in ("timeout", "died"):
                raise SandboxDied(error.kind, "the notebook's process no longer answers") from None
            raise SandboxDied(error.kind, error.message) from None

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return its reply.

        Raises:
            CodeError: the child died, ran out of time or memory, or did not keep to the protocol. Every later
                request raises the same.
        """
        if self.broken:
            raise self.broken
        return self._exchange(request)

    def _exchange(self, request: dict[str, Any] | None) -> dict[str, Any]:
        self._calls += 1
        try:
            if request is not None:
                self._connection.send({"id": self._calls, "request": request}, self._deadline)
            message = self._sandbox.wait_for(self._connection, self._deadline)
            if request is None:
                return {}
            return self._checked(message)
        except PeerGone:
            how = self._sandbox.ended_how(self._number) or "ended"
            self.broken = CodeError("died", "ProcessEnded", f"The process {how} before it returned a result.")
        except DeadlinePassed:
            self.broken = CodeError("timeout", "Timeout", f"Stopped: the check takes more than {self._seconds:g} s.")
        except SandboxDied as error:
            self.broken = CodeError(error.kind, "LimitExceeded", f"Stopped: {error.message}.")
        except ProtocolError as error:
            self.broken = CodeError("protocol", "ProtocolError", f"The grader received {error}.")
        raise self.broken

    def _checked(self, message: Any) -> dict[str, Any]:
        if type(message) is not dict or message.keys() != {"id", "reply"} or message["id"] != self._calls:
            raise ProtocolError("a reply to another question")
        reply = message["reply"]
        if type(reply) is not dict or not ("value" in reply or "error" in reply):
            raise ProtocolError("a reply without a value")
        checked: dict[str, Any] = {}
        if reply.get("error") is not None:
            checked["error"] = checked_error(reply["error"])
            return checked
        checked["value"] = reply["value"]
        exit_code = reply.get("exit_code")
        checked["exit_code"] = exit_code if type(exit_code) is int else None
        for name in ("stdout", "stderr"):
            checked[name] = reply[name] if type(reply.get(name)) is str else ""
        mutated = reply.get("mutated")
        checked["mutated"] = [which for which in mutated if type(which) in (int, str)] if type(mutated) is list else []
        if type(reply.get("arguments")) is list:
            checked["arguments"] = reply["arguments"]
        return checked


ERROR_KINDS = {"missing", "not_implemented", "exception", "exit", "memory", "unsendable", "timeout"}


def checked_error(error: Any) -> dict[str, Any]:
    """An error reply in the form `calls.session.describe` gives it, whatever was sent.

    Raises:
        ProtocolError: it has another form.
    """
    if type(error) is not dict or error.get("kind") not in ERROR_KINDS:
        raise ProtocolError("an error of unknown form")
    if type(error.get("type")) is not str or type(error.get("message")) is not str:
        raise ProtocolError("an error of unknown form")
    frames = []
    for row in error["frames"] if type(error.get("frames")) is list else []:
        if type(row) in (list, tuple) and len(row) == 4 and type(row[1]) is int:
            frames.append([str(row[0])[:40], row[1], str(row[2])[:60], str(row[3])[:160]])
    return {
        "kind": error["kind"],
        "type": error["type"][:80],
        "message": error["message"][:400],
        "frames": frames[:4],
    }


def _memory(pid: int) -> int:
    """Bytes a process uses, its share of shared pages included."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
        return (int(resident) - int(shared)) * PAGE
    except (OSError, ValueError):
        return 0


def _pipe_with(content: bytes) -> int:
    """A descriptor from which ``content`` can be read once."""
    if sys.platform != "linux":
        raise SandboxUnavailable("seccomp needs Linux")
    fd = os.memfd_create("seccomp")
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
