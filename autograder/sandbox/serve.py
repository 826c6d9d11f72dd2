"""The worker's loop: cells into one namespace, then a forked child for every check."""

from __future__ import annotations

import gc
import os
import resource
import socket
import sys
from functools import partial
from types import ModuleType
from typing import Any

import numpy.random  # noqa: F401 - NumPy imports it when first used: that would be in every check's fork

import autograder
from autograder.calls.session import Session
from autograder.sandbox.cells import Shell
from autograder.sandbox.file_locks import work_without_locks
from autograder.sandbox.later import drawing_later
from autograder.sandbox.protocol import Connection, PeerGone, ProtocolError


class Worker:
    """Serves one submission over the inherited socket ``fd``."""

    def __init__(self, fd: int, options: dict[str, Any]) -> None:
        self._connection = Connection(socket.socket(fileno=fd))
        self._options = options
        self._children: dict[int, int] = {}
        self._ended: dict[int, int | None] = {}
        module = ModuleType("__main__")
        sys.modules["__main__"] = module
        self._namespace = module.__dict__
        self._shell = Shell(self._namespace)
        vars(autograder)["carry"] = partial(carry_what_is_there, self._shell)
        # Judging happens outside; a check cell that a student copied around does nothing in here.
        vars(autograder)["check"] = lambda *names, **options: None
        drawing_later()
        work_without_locks()

    def serve(self) -> None:
        self._connection.send({"ready": True})
        while True:
            try:
                command = self._connection.receive()
            except (PeerGone, ProtocolError):
                os._exit(0)
            self._reap()
            match command["do"]:
                case "files":
                    for name, content in command["files"].items():
                        with open(name, "wb") as file:
                            file.write(content.tobytes())
                    self._reply(command, {"done": True})
                case "cell":
                    self._reply(command, self._cell(command))
                case "fork":
                    self._fork(command["number"], command["cpu_s"])
                case "status":
                    self._reply(command, {"status": self._ended.get(command["number"])})

    def _reply(self, command: dict[str, Any], content: dict[str, Any]) -> None:
        self._connection.send({**content, "id": command["id"]})

    def _cell(self, command: dict[str, Any]) -> dict[str, Any]:
        return self._shell.execute(
            command["source"],
            command["label"],
            seconds=self._options["cell_s"],
            output_limit=self._options["output_kb"] * 1024,
            only_definitions=command["only_definitions"],
        )

    def _fork(self, number: int, cpu_s: int) -> None:
        _, fds, _, _ = socket.recv_fds(self._connection.socket, 1, 1)
        # A collection in the child would write to every page that it shares with this process, and so copy it.
        gc.freeze()
        pid = os.fork()
        if pid:
            os.close(fds[0])
            self._children[number] = pid
            return
        try:
            self._connection.close()
            # The parent measures all processes together; this is one more limit.
            cpu_s = min(cpu_s, resource.getrlimit(resource.RLIMIT_CPU)[1])
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
            serve_session(Connection(socket.socket(fileno=fds[0])), self._namespace)
        finally:
            os._exit(0)

    def _reap(self) -> None:
        """Collect ended children: until then each counts as a process."""
        for number, pid in list(self._children.items()):
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except OSError:
                ended, status = pid, None
            if ended:
                del self._children[number]
                self._ended[number] = status


def serve_session(connection: Connection, namespace: dict[str, Any]) -> None:
    """Answer a check's requests until it closes the connection."""
    session = Session(namespace, interruptible=False)
    connection.send({"ready": True})
    while True:
        try:
            message = connection.receive()
        except PeerGone:
            return
        reply = session.perform(message["request"])
        try:
            connection.send({"id": message["id"], "reply": reply})
        except ProtocolError as error:
            too_large = {"kind": "unsendable", "type": "Unsendable", "message": str(error), "frames": []}
            connection.send({"id": message["id"], "reply": {"error": too_large}})


def carry_what_is_there(shell: Shell, task: str, *, into: dict[str, Any] | None = None) -> None:
    """`carry`, but an earlier notebook that is missing or damaged does not keep the next from being carried."""
    from autograder.notebook.carry import CarryError, carry_definitions  # only the later tasks pay for it

    try:
        for lost in carry_definitions(task, sys._getframe(1).f_globals if into is None else into):
            shell.lose(*lost)
    except CarryError as error:
        print(error)
