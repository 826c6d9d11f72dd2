"""The channel of one check: requests to the forked child, replies believed only in form."""

from __future__ import annotations

from typing import Any, Protocol

from autograder.calls import CodeError, GraderFault
from autograder.sandbox.clock import MachineTooBusy
from autograder.sandbox.limits import MEGABYTE
from autograder.sandbox.protocol import Connection, PeerGone, ProtocolError, TooMuch
from autograder.sandbox.replies import checked_reply

RESULTS_BYTES = 128 * MEGABYTE  # that one check may receive from student code; none needs more than 6


class SandboxDied(Exception):
    """The worker itself ended, hung or broke the protocol; the message says which, in words for the student.

    Attributes:
        kind: "died", "timeout", "memory" or "protocol", as in `CodeError`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class Watched(Protocol):
    """What a channel asks of its sandbox."""

    def ended_how(self, number: int) -> str: ...

    def check_limits(self) -> None: ...


class CheckChannel:
    """The channel of one check (`calls.proxy.Channel`).

    Attributes:
        broken: what ended it; every later request raises the same.
        too_busy: set when that is no result of the student's.
    """

    def __init__(self, sandbox: Watched, connection: Connection, number: int) -> None:
        self._sandbox, self._connection, self._number = sandbox, connection, number
        self._calls = 0
        self.broken: CodeError | GraderFault | None = None
        self.too_busy: MachineTooBusy | None = None

    def open(self) -> None:
        """Wait for the child.

        Raises:
            SandboxDied: there is none.
            MachineTooBusy: it cannot be waited for any longer.
        """
        try:
            self._exchange(None)
        except CodeError as error:
            if error.kind in ("timeout", "died"):
                raise SandboxDied(error.kind, "the notebook's process no longer answers") from None
            raise SandboxDied(error.kind, error.message) from None
        except GraderFault:
            assert self.too_busy is not None
            raise self.too_busy from None

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return its reply.

        Raises:
            CodeError: the child died, reached a limit, or did not keep to the protocol.
            GraderFault: the machine is too busy to tell.
        """
        if self.broken:
            raise self.broken
        return self._exchange(request)

    def settle(self) -> CodeError | None:
        """The limit that the check has exceeded after all, measured once more before its child ends; or None."""
        if self.broken is None:
            try:
                self._sandbox.check_limits()
            except SandboxDied as error:
                self.broken = _stopped(error)
                return self.broken
            except MachineTooBusy:
                pass  # it is finished
        return None

    def _exchange(self, request: dict[str, Any] | None) -> dict[str, Any]:
        self._calls += 1
        try:
            if request is not None:
                self._connection.send({"id": self._calls, "request": request})
            message = self._connection.receive()
            return checked_reply(message, self._calls, request) if request is not None else {}
        except PeerGone:
            self.broken = self._died()
        except SandboxDied as error:
            self.broken = _stopped(error)
        except MachineTooBusy as error:
            self._give_up(error)
        except TooMuch:
            message = f"Stopped: the results of one check have more than {RESULTS_BYTES // MEGABYTE} MB."
            self.broken = CodeError("memory", "LimitExceeded", message)
        except ProtocolError as error:
            self.broken = CodeError("protocol", "ProtocolError", f"The grader received {error}.")
        assert self.broken is not None
        raise self.broken

    def _died(self) -> CodeError | GraderFault:
        try:
            how = self._sandbox.ended_how(self._number)
        except MachineTooBusy as error:
            return self._give_up(error)
        return CodeError("died", "ProcessEnded", f"The process {how} before it returned a result.")

    def _give_up(self, error: MachineTooBusy) -> GraderFault:
        self.too_busy, self.broken = error, GraderFault(str(error))
        return self.broken


def _stopped(error: SandboxDied) -> CodeError:
    return CodeError(error.kind, "LimitExceeded", f"Stopped: {error.message}.")
