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
from typing import Any, Self

import numpy as np

from autograder.calls import CodeError
from autograder.sandbox import backends, seccomp
from autograder.sandbox.backends import Launch, SandboxUnavailable
from autograder.sandbox.inmates import MAX_FILES, Family, Inmates, end_starter
from autograder.sandbox.limits import MEGABYTE
from autograder.sandbox.protocol import Connection, DeadlinePassed, PeerGone, ProtocolError, TooMuch
from autograder.sandbox.replies import NO_NOTES, checked_cell, checked_reply

START_S = 30.0  # a cold NumPy on a slow disk; a warm one takes 0.2 s
GRACE_S = 1.0  # between the worker's own alarm and the parent's kill
WATCH_S = 0.1  # how often memory, processes and files are looked at
RESULTS_BYTES = 128 * MEGABYTE  # that one check may receive from student code; none needs more than 6
SOURCE_LIMIT = (
    2**18
)  # characters of one cell, each up to 12 bytes of a header; the longest of the course has 3 000


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
        self._checks = self._questions = 0
        self._looked = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._inmates: Inmates | Family | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._process = process = self._start()
            self._connection.receive(time.monotonic() + START_S)
            self._inmates = Inmates(process, backends.WRITABLE) if self._walls else Family(process)
        except (PeerGone, DeadlinePassed, ProtocolError, OSError, IndexError) as error:
            self.kill()
            said = self._last_words()
            self._close()
            why = str(error) or type(error).__name__
            raise SandboxUnavailable(f"the sandbox did not start ({why}): {said or 'no message'}") from None
        except BaseException:  # Ctrl-C while it starts
            self.kill()
            self._close()
            raise
        if process.stderr:
            process.stderr.close()  # nothing reads it from here on, so nothing shall be able to fill it
        self._connection.tick = self._watch
        return self

    def _start(self) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair()
        self._connection = Connection(ours)
        fds, filter_fd, home = [theirs.fileno()], None, None
        # Behind walls bubblewrap sets the worker's environment, but keeps its own where the worker may read it.
        env: dict[str, str] = {}
        try:
            if self._walls:
                program = seccomp.program()
                if program is not None:
                    filter_fd = _pipe_with(program)
                    fds.append(filter_fd)
                command = backends.bubblewrap(self._launch, theirs.fileno(), filter_fd)
            else:
                self._scratch = tempfile.TemporaryDirectory(prefix="unsafe-")
                home = self._scratch.name
                data = str(self._launch.data) if self._launch.data else None
                command, env = (
                    backends.unsafe(self._launch, theirs.fileno()),
                    backends.environment(data, home),
                )
            return subprocess.Popen(
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

    def __exit__(self, *exc: object) -> None:
        self.kill()
        self._close()

    def put_files(self, files: dict[str, bytes]) -> None:
        """Write ``files`` (plain names) into the working directory."""
        arrays = {name: np.frombuffer(content, dtype=np.uint8) for name, content in files.items()}
        self._ask({"do": "files", "files": arrays}, START_S)

    def run_cell(self, label: str, source: str, *, only_definitions: bool = False) -> dict[str, Any]:
        """Execute one cell, or only what it defines; the reply as `replies.checked_cell` gives it.

        What the cell left running ends with it, so that no later cell pays for it.

        Raises:
            SandboxDied: the cell took the worker down with it.
        """
        if len(source) > SOURCE_LIMIT:
            message = f"a cell of more than {SOURCE_LIMIT} characters is not run"
            error = {"kind": "exception", "type": "CellTooLong", "message": message, "frames": []}
            return {"error": error, "stdout": "", "stderr": "", **NO_NOTES}
        command = {"do": "cell", "label": label, "source": source, "only_definitions": only_definitions}
        reply = self._ask(command, self._launch.limits.cell_s + GRACE_S)
        try:
            checked = checked_cell(reply, 2 * self._launch.limits.output_kb * 1024)
        except ProtocolError:
            raise SandboxDied("protocol", "the cell broke the connection to the grader") from None
        self._sweep()
        return checked

    @contextlib.contextmanager
    def session(self, seconds: float) -> Iterator[CheckChannel]:
        """A forked child that serves one check for at most ``seconds``; everything it left running is killed.

        Raises:
            SandboxDied: the worker no longer answers, so there is no child.
        """
        self._checks += 1
        number = self._checks
        self._sweep()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._send({"do": "fork", "number": number}, GRACE_S)
                try:
                    socket.send_fds(self._connection.socket, [b"f"], [theirs.fileno()])
                except OSError:
                    raise SandboxDied("died", self._end_of_worker()) from None
            deadline = min(time.monotonic() + seconds, self._deadline)
            connection = Connection(ours, tick=self._watch_check, room=RESULTS_BYTES)
            channel = CheckChannel(self, connection, deadline, seconds, number)
            channel.open()
            yield channel
        finally:
            ours.close()

    def kill(self) -> None:
        """End every process of the sandbox, and wait until they are gone."""
        if self._inmates is not None:
            self._inmates.end()
        elif self._process is not None:
            self._process.kill()  # what it started ends with it: the kernel's parent-death signal
            end_starter(self._process)

    def ended_how(self, number: int) -> str:
        """How the child of check ``number`` ended, as far as the worker says."""
        try:
            status = self._ask({"do": "status", "number": number}, GRACE_S).get("status")
        except SandboxDied:
            status = None
        if type(status) is not int or not 0 <= status < 2**16:
            return "ended"
        return _ending(os.waitstatus_to_exitcode(status)) if not os.WIFSTOPPED(status) else "ended"

    def _sweep(self) -> None:
        """End what student code left running."""
        if self._inmates is None or not self._inmates.sweep():
            self.kill()
            raise SandboxDied("died", "the notebook left processes running that cannot be stopped")

    def _watch(self) -> None:
        """End everything when all processes together use more than allowed."""
        if excess := self._excess():
            self.kill()
            raise SandboxDied(*excess)

    def _watch_check(self) -> None:
        """The same during a check, which takes down only itself as long as the worker is within bounds."""
        if excess := self._excess():
            self._looked = 0.0
            if self._inmates is None or not self._inmates.sweep() or self._excess():
                self.kill()
            raise SandboxDied(*excess)

    def _excess(self) -> tuple[str, str] | None:
        """Kind and message of a bound that is exceeded, looked up every `WATCH_S`."""
        now = time.monotonic()
        if self._inmates is None or now - self._looked < WATCH_S:
            return None
        self._looked = now
        limits = self._launch.limits
        everyone = self._inmates.everyone()
        if sum(process.threads for process in everyone) > limits.processes + 4:
            return "died", f"more than {limits.processes} processes"
        allowed = limits.memory_mb * MEGABYTE
        if self._inmates.memory(everyone, allowed) > allowed:
            return "memory", f"more than {limits.memory_mb} MB of memory in all"
        if self._inmates.files() > MAX_FILES:
            return "died", f"more than {MAX_FILES} files"
        return None

    def _ask(self, command: dict[str, Any], seconds: float) -> Any:
        deadline = min(time.monotonic() + seconds, self._deadline)
        self._questions += 1
        self._send({**command, "id": self._questions}, seconds)
        try:
            while True:
                reply = self._connection.receive(deadline)
                if type(reply) is not dict or type(reply.get("id")) is not int:
                    raise ProtocolError("a reply of unknown form")
                if reply["id"] == self._questions:
                    return reply
                # The late answer to a question that was given up, or a forged one: not this one's.
        except PeerGone:
            raise SandboxDied("died", self._end_of_worker()) from None
        except ProtocolError as error:
            raise SandboxDied("protocol", f"the grader received {error}") from None
        except DeadlinePassed:
            raise SandboxDied("timeout", self._too_long(seconds)) from None

    def _send(self, command: dict[str, Any], seconds: float) -> None:
        try:
            self._connection.send(command, min(time.monotonic() + seconds, self._deadline))
        except PeerGone:
            raise SandboxDied("died", self._end_of_worker()) from None
        except DeadlinePassed:
            raise SandboxDied("timeout", self._too_long(seconds)) from None

    def _too_long(self, seconds: float) -> str:
        if time.monotonic() >= self._deadline:
            return f"the submission's {self._launch.limits.wall_s:g} s are used up"
        return f"no answer within {seconds:g} s"

    def _end_of_worker(self) -> str:
        """How the worker ended: bubblewrap passes its exit code on, and 128 + n for signal n."""
        if self._process is None:
            return "the process was never started"
        try:
            code = self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return "the process closed its connection to the grader"
        return f"the process {_ending(128 - code if code > 128 else code)}"

    def _last_words(self) -> str:
        if self._process is None or self._process.stderr is None:
            return ""
        os.set_blocking(self._process.stderr.fileno(), False)
        return (self._process.stderr.read(4000) or b"").decode("utf-8", "replace").strip()

    def _close(self) -> None:
        self._connection.close()
        if self._process is not None and self._process.stderr:
            self._process.stderr.close()
        if self._inmates is not None:
            self._inmates.close()
        if self._scratch is not None:
            self._scratch.cleanup()


class CheckChannel:
    """The channel of one check (`calls.proxy.Channel`): requests to the child, replies believed only in form."""

    def __init__(
        self, sandbox: Sandbox, connection: Connection, deadline: float, seconds: float, number: int
    ) -> None:
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
            message = self._connection.receive(self._deadline)
            return checked_reply(message, self._calls, request) if request is not None else {}
        except PeerGone:
            how = self._sandbox.ended_how(self._number)
            self.broken = CodeError("died", "ProcessEnded", f"The process {how} before it returned a result.")
        except DeadlinePassed:
            self.broken = CodeError(
                "timeout", "Timeout", f"Stopped: the check takes more than {self._seconds:g} s."
            )
        except SandboxDied as error:
            self.broken = CodeError(error.kind, "LimitExceeded", f"Stopped: {error.message}.")
        except TooMuch:
            message = f"Stopped: the results of one check have more than {RESULTS_BYTES // MEGABYTE} MB."
            self.broken = CodeError("memory", "LimitExceeded", message)
        except ProtocolError as error:
            self.broken = CodeError("protocol", "ProtocolError", f"The grader received {error}.")
        raise self.broken


def _ending(code: int) -> str:
    """An exit code (negative: a signal) in words for the student."""
    if code >= 0:
        return f"ended itself with exit code {code}"
    meaning = {signal.SIGSEGV: " (it crashed)", signal.SIGXCPU: " (its CPU time was used up)"}
    try:
        name = signal.Signals(-code)
    except ValueError:
        return f"was ended by signal {-code}"
    return f"was ended by {name.name}{meaning.get(name, '')}"


def _pipe_with(content: bytes) -> int:
    """A descriptor from which ``content`` can be read once."""
    if sys.platform != "linux":
        raise SandboxUnavailable("seccomp needs Linux")
    fd = os.memfd_create("seccomp")
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
