"""The parent's side: one `Sandbox` per submission."""

from __future__ import annotations

import contextlib
import math
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

from autograder.sandbox import backends, cgroup, seccomp
from autograder.sandbox.backends import Launch, SandboxUnavailable
from autograder.sandbox.channel import RESULTS_BYTES, CheckChannel, SandboxDied
from autograder.sandbox.clock import Budget, Clock, MachineTooBusy, Step
from autograder.sandbox.limits import MEGABYTE
from autograder.sandbox.processes import MAX_FILES, Descendants, Isolated, end_starter
from autograder.sandbox.protocol import Connection, DeadlinePassed, PeerGone, ProtocolError
from autograder.sandbox.replies import NO_NOTES, checked_cell

START_S = 300.0  # wall time, after which the machine is called too busy; a start takes 0.1 s of CPU time
GRACE_S = 1.0  # of CPU time or asleep: between the alarm in a cell and the end of its process
COMMAND_S = 30.0  # CPU time of the worker's own work: writing files, telling how a child ended
ENDING_S = 0.5  # of CPU time or asleep: who takes more after its connection is closed is not about to end
SOURCE_LIMIT = (
    2**18
)  # characters of one cell, each up to 12 bytes of a header; the longest of the course has 3 000


class Sandbox:
    """A locked-in process that has executed nothing yet. Use as a context manager; leaving it kills everything.

    Args:
        launch: what it sees and may use.
        budget: what is left of the submission's limits; all of them when None.
        walls: False for a process without isolation (`--unsafe-no-sandbox`).

    Every method raises `MachineTooBusy` when a wall time is up although CPU time is left.
    """

    def __init__(self, launch: Launch, budget: Budget | None = None, *, walls: bool = True) -> None:
        if walls and threading.current_thread() is not threading.main_thread():
            # The kernel's parent-death signal goes by thread: this one's end would kill the sandbox.
            raise RuntimeError("a sandbox is started from the main thread")
        self._launch, self._budget, self._walls = launch, budget or Budget(launch.limits), walls
        self._checks = self._questions = 0
        self._interruptible = False  # a cell runs that has not been told to stop
        self._interrupted: tuple[str, str] | None = None  # why it was told so
        self._process: subprocess.Popen[bytes] | None = None
        self._processes: Isolated | Descendants | None = None
        self._clock: Clock | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._group: cgroup.Group | None = None

    def __enter__(self) -> Self:
        try:
            self._process = process = self._start()
            self._connection.receive(time.monotonic() + START_S)
            self._processes = Isolated(process, backends.WRITABLE) if self._walls else Descendants(process)
            self._clock = Clock(self._processes, self._budget)
        except DeadlinePassed:
            self.kill()
            self._close()
            raise MachineTooBusy(f"the sandbox did not start within {START_S:g} s") from None
        except (PeerGone, ProtocolError, OSError, IndexError, ValueError) as error:
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
        self._group = cgroup.new_group(self._launch.limits) if self._walls else None
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
                self._group.entered_by(command) if self._group else command,
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
        with self._step("start", COMMAND_S):
            self._ask({"do": "files", "files": arrays})

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
        with self._step("cell", self._launch.limits.cell_s, grace_s=GRACE_S) as step:
            self._interruptible = True
            try:
                reply = self._ask(command)
            finally:
                self._interruptible, self._interrupted = False, None
        try:
            checked = checked_cell(reply, 2 * self._launch.limits.output_kb * 1024)
        except ProtocolError:
            raise SandboxDied("protocol", "the cell broke the connection to the grader") from None
        error = checked["error"]
        if error is not None and error["kind"] == "timeout" and step.asleep > step.asleep_s:
            error["message"] = f"the cell was stopped after {step.asleep_s:g} s asleep"
        self._sweep()
        return checked

    @contextlib.contextmanager
    def session(self, seconds: float) -> Iterator[CheckChannel]:
        """A forked child that serves one check for at most ``seconds`` of CPU time, times `Limits.check_factor`.

        What it leaves running ends before anything else begins.

        Raises:
            SandboxDied: the worker no longer answers, so there is no child.
        """
        seconds *= self._launch.limits.check_factor
        self._checks += 1
        number = self._checks
        self._sweep()
        ours, theirs = socket.socketpair()
        with ours, self._step("check", seconds):
            with theirs:
                self._send({"do": "fork", "number": number, "cpu_s": math.ceil(seconds) + 1})
                try:
                    socket.send_fds(self._connection.socket, [b"f"], [theirs.fileno()])
                except OSError:
                    raise SandboxDied("died", self._end_of_worker()) from None
            connection = Connection(ours, tick=self._watch_check, room=RESULTS_BYTES)
            channel = CheckChannel(self, connection, number)
            channel.open()
            yield channel
            if channel.too_busy is not None:
                raise channel.too_busy

    def kill(self) -> None:
        """End every process of the sandbox, and wait until they are gone."""
        if self._processes is not None:
            if self._clock is not None:
                self._clock.measure()
            self._processes.end()
        elif self._process is not None:
            self._process.kill()  # what it started ends with it: the kernel's parent-death signal
            end_starter(self._process)

    def ended_how(self, number: int) -> str:
        """How the child of check ``number`` ended, as far as the worker says."""
        status, pause = None, 0.001
        kept, self._connection.tick = self._connection.tick, self._watch_check
        try:
            with contextlib.suppress(SandboxDied), self._step("process", ENDING_S, ENDING_S):
                while status is None:  # its connection closes a moment before it ends
                    status = self._ask({"do": "status", "number": number}).get("status")
                    self._watch_check(_paused(pause))
                    pause = min(2 * pause, 0.05)
        finally:
            self._connection.tick = kept
        if type(status) is not int or not 0 <= status < 2**16:
            return "ended"
        return self._ending(os.waitstatus_to_exitcode(status)) if not os.WIFSTOPPED(status) else "ended"

    def check_limits(self) -> None:
        """Measure once more what the current step has used.

        Raises:
            SandboxDied: it is more than its limits.
        """
        if self._clock is not None and (found := self._clock.last_look()):
            raise SandboxDied("timeout", found)

    def _step(
        self, what: str, cpu_s: float, asleep_s: float | None = None, *, grace_s: float = 0.0
    ) -> contextlib.AbstractContextManager[Step]:
        assert self._clock is not None
        limit = self._launch.limits.asleep_step_s if asleep_s is None else asleep_s
        return self._clock.step(what, cpu_s, limit, grace_s=grace_s)

    def _sweep(self) -> None:
        """End what student code left running."""
        if self._processes is None or not self._processes.sweep(self._budget.check_wall):
            self.kill()
            raise SandboxDied("died", "the notebook left processes running that cannot be stopped")

    def _watch(self, waited: float) -> None:
        """End everything when all processes together use more than allowed."""
        if excess := self._excess(waited):
            if self._interruptible and excess[0] == "timeout" and self._interrupt():
                self._interrupted = excess
                return
            self.kill()
            raise SandboxDied(*(self._interrupted or excess))

    def _interrupt(self) -> bool:
        """Stop the cell that runs, and give it a moment to end; False when the submission has no time left."""
        assert self._clock is not None and self._processes is not None
        self._interruptible = False
        if not self._clock.extend(GRACE_S):
            return False
        self._processes.interrupt()
        return True

    def _watch_check(self, waited: float) -> None:
        """The same during a check, which takes down only itself as long as the worker is within bounds."""
        if excess := self._excess(waited):
            self._sweep()
            if excess[0] != "timeout" and self._usage():
                self.kill()
            raise SandboxDied(*excess)

    def _excess(self, waited: float) -> tuple[str, str] | None:
        """Kind and message of a limit that is exceeded, looked up every `clock.TICK_S`."""
        if self._clock is None or not self._clock.due(waited):
            return None
        found = self._clock.look()
        return ("timeout", found) if found else self._usage()

    def _usage(self) -> tuple[str, str] | None:
        """Kind and message of a limit on processes, memory and files that is exceeded."""
        assert self._processes is not None
        limits = self._launch.limits
        everyone = self._processes.everyone()
        if sum(process.threads for process in everyone) > limits.processes + 4:
            return "died", f"more than {limits.processes} processes"
        allowed = limits.memory_mb * MEGABYTE
        if self._processes.memory(everyone, allowed) > allowed:
            return "memory", f"more than {limits.memory_mb} MB of memory in all"
        if self._processes.files() > MAX_FILES:
            return "died", f"more than {MAX_FILES} files"
        return None

    def _ask(self, command: dict[str, Any]) -> Any:
        self._questions += 1
        self._send({**command, "id": self._questions})
        try:
            while True:
                reply = self._connection.receive()
                if type(reply) is not dict or type(reply.get("id")) is not int:
                    raise ProtocolError("a reply of unknown form")
                if reply["id"] == self._questions:
                    return reply
                # The late answer to a question that was given up, or a forged one: not this one's.
        except PeerGone:
            raise SandboxDied("died", self._end_of_worker()) from None
        except ProtocolError as error:
            raise SandboxDied("protocol", f"the grader received {error}") from None

    def _send(self, command: dict[str, Any]) -> None:
        try:
            self._connection.send(command)
        except PeerGone:
            raise SandboxDied("died", self._end_of_worker()) from None

    def _end_of_worker(self) -> str:
        """How the worker ended: bubblewrap passes its exit code on, and 128 + n for signal n."""
        assert self._clock is not None and self._process is not None
        with self._step("process", ENDING_S, ENDING_S):
            while (code := self._process.poll()) is None:
                if self._clock.due(_paused(0.005)) and self._clock.look():
                    return "the process closed its connection to the grader"
        return f"the process {self._ending(128 - code if code > 128 else code)}"

    def _ending(self, code: int) -> str:
        return _ending(code) + (self._group.why_killed() if self._group and code == -signal.SIGKILL else "")

    def _last_words(self) -> str:
        if self._process is None or self._process.stderr is None:
            return ""
        os.set_blocking(self._process.stderr.fileno(), False)
        return (self._process.stderr.read(4000) or b"").decode("utf-8", "replace").strip()

    def _close(self) -> None:
        self._connection.close()
        if self._process is not None and self._process.stderr:
            self._process.stderr.close()
        if self._clock is not None:
            self._clock.close()
        if self._processes is not None:
            self._processes.close()
        if self._group is not None:
            self._group.remove()
        if self._scratch is not None:
            self._scratch.cleanup()


def _paused(seconds: float) -> float:
    """Sleep; for how long it really was, which may be longer on a busy machine."""
    began = time.monotonic()
    time.sleep(seconds)
    return time.monotonic() - began


def _ending(code: int) -> str:
    """An exit code (negative: a signal) in words for the student."""
    if code >= 0:
        return f"ended itself with exit code {code}"
    meaning = {
        signal.SIGSEGV: " (it crashed)",
        signal.SIGXCPU: " (its CPU time was used up)",
        signal.SIGPROF: " (its time was up)",
    }
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
