"""What a sandbox sends, brought into the one form the grader works with, or refused."""

from __future__ import annotations

from typing import Any

from autograder.calls.session import MESSAGE_LIMIT, OUTPUT_LIMIT
from autograder.calls.text import clean
from autograder.sandbox.protocol import ProtocolError

ERROR_KINDS = ("missing", "not_implemented", "exception", "exit", "memory", "unsendable", "timeout")
MAX_NOTES = 20  # of each kind
MAX_LINES = 2**18  # no cell that is run has more
NO_NOTES: dict[str, Any] = {"line": 0, "kept": [], "lost": [], "unknown": []}


def checked_reply(message: Any, number: int, request: dict[str, Any]) -> dict[str, Any]:
    """The reply to call ``number``, which asked ``request``.

    Raises:
        ProtocolError: it answers another call, or has a form that `calls.session.Session` never gives it.
    """
    if type(message) is not dict or message.keys() != {"id", "reply"}:
        raise ProtocolError("a reply of unknown form")
    if type(message["id"]) is not int or message["id"] != number:
        raise ProtocolError("a reply to another question")
    reply = message["reply"]
    if type(reply) is not dict:
        raise ProtocolError("a reply of unknown form")
    if reply.get("error") is not None:
        return {"error": checked_error(reply["error"])}
    if "value" not in reply:
        raise ProtocolError("a reply without a value")
    checked: dict[str, Any] = {"value": reply["value"]}
    if request["op"] != "call":
        return checked
    exit_code = reply.get("exit_code")
    checked["exit_code"] = exit_code if type(exit_code) is int else None
    for name in ("stdout", "stderr"):
        checked[name] = reply[name][:OUTPUT_LIMIT] if type(reply.get(name)) is str else ""
    names = [*range(len(request["args"])), *request["kwargs"]]
    mutated = reply.get("mutated")
    if type(mutated) is not list or not all(
        type(which) in (int, str) and which in names for which in mutated
    ):
        raise ProtocolError("a reply about arguments that the call did not have")
    checked["mutated"] = mutated
    if request.get("give_back"):
        arguments = reply.get("arguments")
        if type(arguments) is not list or len(arguments) != len(request["args"]):
            raise ProtocolError("a reply without the arguments")
        checked["arguments"] = arguments
    return checked


def checked_cell(reply: Any, limit: int) -> dict[str, Any]:
    """The reply to a cell: "error" (None, or as `checked_error`), "stdout", "stderr", and its notes.

    The notes are "line", "kept", "lost" and "unknown", as `sandbox.cells.Notes` has them.

    Args:
        limit: characters of each of stdout and stderr that are kept.

    Raises:
        ProtocolError: the reply has another form.
    """
    if type(reply) is not dict:
        raise ProtocolError("a reply of unknown form")
    checked: dict[str, Any] = {"error": None}
    if reply.get("error") is not None:
        checked["error"] = checked_error(reply["error"])
    for name in ("stdout", "stderr"):
        if type(reply.get(name)) is not str:
            raise ProtocolError("a cell's output of unknown form")
        checked[name] = reply[name][:limit]
    line, lost = reply.get("line"), reply.get("lost")
    if type(line) is not int or type(lost) is not list:
        raise ProtocolError("notes of unknown form")
    line = line if 0 <= line < MAX_LINES else 0
    kept, unknown = (list(dict.fromkeys(_texts(reply.get(name)))) for name in ("kept", "unknown"))
    checked.update(line=line, lost=[], kept=kept, unknown=unknown)
    for row in lost[:MAX_NOTES]:
        if type(row) not in (list, tuple) or len(row) != 3:
            raise ProtocolError("notes of unknown form")
        place, reason = _texts([row[0], row[1]], 400)
        checked["lost"].append((place, reason, _texts(row[2])))
    return checked


def _texts(values: Any, limit: int = 80) -> list[str]:
    """A list of short texts.

    Raises:
        ProtocolError: it is something else.
    """
    if type(values) is not list or not all(type(value) is str for value in values[:MAX_NOTES]):
        raise ProtocolError("notes of unknown form")
    return [clean(value, limit) for value in values[:MAX_NOTES]]


def checked_error(error: Any) -> dict[str, Any]:
    """An error reply in the form `calls.session.describe` gives it, whatever was sent.

    Raises:
        ProtocolError: it has another form.
    """
    if type(error) is not dict or type(error.get("kind")) is not str or error["kind"] not in ERROR_KINDS:
        raise ProtocolError("an error of unknown form")
    if type(error.get("type")) is not str or type(error.get("message")) is not str:
        raise ProtocolError("an error of unknown form")
    frames = []
    for row in error["frames"][:4] if type(error.get("frames")) is list else []:
        if type(row) in (list, tuple) and [type(part) for part in row] == [str, int, str, str]:
            frames.append([clean(row[0], 40), row[1], clean(row[2], 60), clean(row[3], 160)])
    return {
        "kind": error["kind"],
        "type": clean(error["type"], 80),
        "message": clean(error["message"], MESSAGE_LIMIT, lines=True),
        "frames": frames,
    }
