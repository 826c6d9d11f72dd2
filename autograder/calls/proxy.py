"""Proxies: a check's view of code that runs elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from autograder.calls.values import Handle, map_leaves


class Channel(Protocol):
    """Takes one request (see `session.py`) to the code and brings its reply."""

    def perform(self, request: dict[str, Any]) -> dict[str, Any]: ...


class GraderFault(Exception):
    """The grader's own side failed. It stops publishing; it is never a student's zero."""


class CodeError(Exception):
    """The code under test raised, is missing, died, or ran out of a limit.

    Attributes:
        kind: "missing", "not_implemented", "exception", "exit", "memory", "unsendable", and from the sandbox
            "timeout", "died", "protocol".
        type_name: the exception's class name.
        message: its text, shortened.
        frames: (place, line, function, source) of the notebook's own lines, outermost first.
    """

    def __init__(self, kind: str, type_name: str, message: str, frames: list[Any] | None = None) -> None:
        super().__init__(message)
        self.kind, self.type_name, self.message = kind, type_name, message
        self.frames = [tuple(frame) for frame in frames or []]


@dataclass
class _Peer:
    """One conversation: its channel and what was noticed on the way."""

    channel: Channel
    trusted: bool
    mutated: list[str] = field(default_factory=list)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        reply = self.channel.perform(request)
        error = reply.get("error")
        if error is not None:
            if self.trusted:
                raise GraderFault(f"the reference failed: {error['type']}: {error['message']}")
            raise CodeError(error["kind"], error["type"], error["message"], error["frames"])
        return reply

    def wrap(self, value: Any) -> Any:
        return map_leaves(
            value, lambda leaf: Proxy(self, leaf, leaf.type_name) if isinstance(leaf, Handle) else leaf
        )


class Proxy:
    """Stands for an object of the other side: attributes and calls become requests.

    Plain values (numbers, texts, lists, dicts, arrays) come back as copies, anything else as another proxy.
    """

    __slots__ = ("_handle", "_name", "_peer")

    def __init__(self, peer: _Peer, handle: Handle, name: str) -> None:
        object.__setattr__(self, "_peer", peer)
        object.__setattr__(self, "_handle", handle)
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = self._peer.wrap(self._peer.ask({"op": "get", "of": self._handle, "name": name})["value"])
        if isinstance(value, Proxy):
            object.__setattr__(value, "_name", f"{self._name}.{name}" if self._name else name)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        self._peer.ask({"op": "set", "of": self._handle, "name": name, "value": _plain(value)})

    def __getitem__(self, key: str | int) -> Any:
        return self._peer.wrap(self._peer.ask({"op": "item", "of": self._handle, "key": key})["value"])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._peer.wrap(_call(self, args, kwargs)["value"])

    def __repr__(self) -> str:
        return f"<{self._name or 'namespace'} of the {'reference' if self._peer.trusted else 'student'}>"


@dataclass(frozen=True)
class Run:
    """What a program did: its return value, what it printed, and its exit code (None: it returned)."""

    value: Any
    stdout: str
    stderr: str
    exit_code: int | None


def connect(channel: Channel, *, trusted: bool = False) -> Proxy:
    """The namespace at the other end of ``channel``; ``trusted`` when it is the reference's."""
    return Proxy(_Peer(channel, trusted), Handle(0), "")


def run(function: Any, *args: Any, stdin: str = "", in_scratch: bool = False, **kwargs: Any) -> Run:
    """Call ``function`` as a program: ``stdin`` is typed on its keyboard, `sys.exit` ends it.

    Args:
        in_scratch: run it in the folder that `put_file` writes to.
    """
    function = _callable(function)
    reply = _call(function, args, kwargs, stdin=stdin, in_scratch=in_scratch)
    return Run(function._peer.wrap(reply["value"]), reply["stdout"], reply["stderr"], reply["exit_code"])


def kept(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call ``function`` and leave its result where it is: a proxy to pass on, however large it is."""
    function = _callable(function)
    return function._peer.wrap(_call(function, args, kwargs, keep=True)["value"])


def arguments_after(function: Any, *args: Any, **kwargs: Any) -> tuple[Any, list[Any]]:
    """Call ``function``; its result, and its positional arguments as the call left them."""
    function = _callable(function)
    reply = _call(function, args, kwargs, give_back=True)
    return function._peer.wrap(reply["value"]), function._peer.wrap(reply.get("arguments", []))


def overflows(function: Any, *args: Any) -> bool:
    """Whether NumPy meets an overflow when ``function`` is called, which its result need not show.

    Code that ignores it on purpose (``with np.errstate(over="ignore")``) has none.
    """
    function = _callable(function)
    try:
        _call(function, args, {}, no_overflow=True)
    except CodeError as error:
        if error.type_name == "FloatingPointError":
            return True
        raise
    return False


def put_file(student: Proxy, name: str, content: bytes | None) -> str:
    """The path of a file ``name`` in a scratch folder on the student's side, written there unless content is None."""
    array = None if content is None else np.frombuffer(content, dtype=np.uint8)
    path = student._peer.ask({"op": "write", "name": name, "content": array})["value"]
    if type(path) is not str:
        raise CodeError("protocol", "ProtocolError", "The grader was not told where its file lies.")
    return path


def read_file(student: Proxy, path: str) -> bytes:
    """The bytes of a file on the student's side.

    Raises:
        CodeError: of kind "missing" when there is none.
    """
    content = student._peer.ask({"op": "read", "path": path})["value"]
    if not isinstance(content, np.ndarray) or content.dtype != np.uint8:
        raise CodeError("protocol", "ProtocolError", "The grader received no file content.")
    return content.tobytes()


def mutated_arguments(student: Proxy) -> list[str]:
    """The calls so far that changed an argument of theirs, as texts like ``softmax (argument 1)``."""
    return list(student._peer.mutated)


def error_of(function: Any, *args: Any, **kwargs: Any) -> CodeError | None:
    """The exception that calling ``function`` raises inside the student's code, or None when it returns.

    Whatever says that the code could not be judged (missing, a stub, out of a limit) is raised as ever.
    """
    function = _callable(function)
    try:
        function(*args, **kwargs)
    except CodeError as error:
        if error.kind in ("exception", "exit"):
            return error
        raise
    return None


def _callable(value: Any) -> Proxy:
    if not isinstance(value, Proxy):
        raise CodeError(
            "exception", "TypeError", f"a {type(value).__name__} stands where a function is expected"
        )
    return value


def _plain(value: Any) -> Any:
    return map_leaves(value, lambda leaf: leaf._handle if isinstance(leaf, Proxy) else leaf)


def _call(proxy: Proxy, args: Any, kwargs: Any, **extra: Any) -> dict[str, Any]:
    request = {
        "op": "call",
        "of": proxy._handle,
        "args": _plain(list(args)),
        "kwargs": _plain(kwargs),
        **extra,
    }
    reply = proxy._peer.ask(request)
    for which in reply.get("mutated", ()):
        name = f"argument {which + 1}" if isinstance(which, int) else f"argument {which}"
        proxy._peer.mutated.append(f"{proxy._name} ({name})")
    return reply
