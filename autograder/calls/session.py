"""A session answers requests by running the code of one namespace: the notebook's, the sandbox's, the reference's.

Requests and replies are dicts of plain values (`values.py`), so the same session serves a call in the same
process and one at the other end of a pipe.

    {"op": "get",  "of": handle, "name": str}                     attribute, or a name of the namespace
    {"op": "item", "of": handle, "key": str | int}                element
    {"op": "set",  "of": handle, "name": str, "value": …}
    {"op": "call", "of": handle, "args": [...], "kwargs": {...}, "stdin": str | None, "give_back": bool,
     "in_scratch": bool, "keep": bool, "no_overflow": bool}
    {"op": "write", "name": str, "content": uint8 array | None}   a file in a scratch folder; its path comes back
    {"op": "read", "path": str}                                   a file's bytes as a uint8 array

A reply has either "value" or "error"; a call's reply adds "mutated", "stdout", "stderr", "exit_code" and, when asked
for, "arguments" as the call left them.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import linecache
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autograder.calls.values import Handle, Unsendable, copied, leaves, map_leaves, same, to_plain, type_name

if TYPE_CHECKING:
    import tempfile

OUTPUT_LIMIT = 200_000  # characters kept of what one call prints
MESSAGE_LIMIT = 400  # characters kept of an exception's message
FILE_LIMIT = 64 * 2**20  # bytes of one file a check may ask for
MAX_FRAMES = 4  # innermost lines of the code under test shown of a traceback
NAMESPACE = Handle(0)


class _Bounded(io.StringIO):
    """Keeps the beginning of what is printed; a flood costs no memory."""

    def write(self, text: str) -> int:
        room = OUTPUT_LIMIT - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


@contextmanager
def usual_numbers(*, over: Literal["warn", "raise"] = "warn") -> Iterator[None]:
    """NumPy's error state as it is when Python starts, and no warning is an error or says anything.

    A notebook may have called `np.seterr(all="raise")` or `warnings.simplefilter("error")`: a right softmax underflows
    all the same. What the notebook had set is set again afterwards.

    Args:
        over: "raise" makes an overflow a FloatingPointError, except where the code itself ignores it.
    """
    with warnings.catch_warnings(), np.errstate(divide="warn", over=over, under="ignore", invalid="warn"):
        warnings.simplefilter("ignore")
        yield


class Session:
    """Runs requests against ``namespace``, a mapping of names to whatever the notebook defined.

    Args:
        namespace: the globals of the executed notebook or of a solutions module.
        interruptible: let KeyboardInterrupt through; on in a notebook, where a person presses stop.
    """

    def __init__(self, namespace: Mapping[str, Any], *, interruptible: bool = True) -> None:
        self._namespace = namespace
        self._objects: list[Any] = [namespace]
        self._interruptible = interruptible
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request; whatever the code raises comes back as an error reply."""
        try:
            with usual_numbers(over="raise" if request.get("no_overflow") else "warn"):
                return getattr(self, "_" + request["op"])(request)
        except Unsendable as error:
            return {
                "error": {"kind": "unsendable", "type": "Unsendable", "message": str(error), "frames": []}
            }
        except KeyboardInterrupt as error:
            if self._interruptible:
                raise
            return {"error": describe(error)}
        except BaseException as error:
            return {"error": describe(error)}

    def _object(self, handle: Handle) -> Any:
        return self._objects[handle.number]

    def _keep(self, value: Any) -> Handle:
        self._objects.append(value)
        return Handle(len(self._objects) - 1, type_name(value))

    def _plain(self, value: Any) -> Any:
        return to_plain(value, self._keep)

    def _real(self, value: Any) -> Any:
        return map_leaves(value, lambda leaf: self._object(leaf) if isinstance(leaf, Handle) else leaf)

    def _get(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["name"]
        if request["of"].number == 0:
            if name not in self._namespace:
                return {"error": {"kind": "missing", "type": "NameError", "message": name, "frames": []}}
            value = self._namespace[name]
        else:
            owner = self._object(request["of"])
            try:
                value = getattr(owner, name)
            except AttributeError:
                message = f"{type(owner).__name__} has no attribute {name}"
                return {
                    "error": {"kind": "missing", "type": "AttributeError", "message": message, "frames": []}
                }
        return {"value": self._plain(value)}

    def _item(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"value": self._plain(self._object(request["of"])[request["key"]])}

    def _set(self, request: dict[str, Any]) -> dict[str, Any]:
        setattr(self._object(request["of"]), request["name"], self._real(copied(request["value"])))
        return {"value": None}

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        function = self._object(request["of"])
        args, kwargs = self._real(copied(request["args"])), self._real(copied(request["kwargs"]))
        reply: dict[str, Any] = {"exit_code": None}
        inside = (
            contextlib.chdir(self._scratch_folder())
            if request.get("in_scratch")
            else contextlib.nullcontext()
        )
        with inside, _captured(request.get("stdin") or "") as (stdout, stderr):
            try:
                result = function(*args, **kwargs)
                reply["value"] = self._keep(result) if request.get("keep") else self._plain(result)
            except SystemExit as stop:
                if request.get("stdin") is None:
                    reply["error"] = describe(stop)
                else:
                    reply["value"] = None
                    reply["exit_code"] = (
                        stop.code if isinstance(stop.code, int) else int(stop.code is not None)
                    )
                    if isinstance(stop.code, str):
                        stderr.write(stop.code)
        before = [*request["args"], *request["kwargs"].values()]
        after = self._as_passed(before, [*args, *kwargs.values()])
        names = [*range(len(args)), *kwargs]
        reply["mutated"] = [name for name, a, b in zip(names, before, after, strict=True) if not same(a, b)]
        if request.get("give_back"):
            reply["arguments"] = after[: len(args)]
        reply["stdout"], reply["stderr"] = stdout.getvalue(), stderr.getvalue()
        return reply

    def _scratch_folder(self) -> str:
        if self._scratch is None:
            import tempfile  # few checks write files

            # Below the working directory, so that data found from there is found from here too.
            self._scratch = tempfile.TemporaryDirectory(prefix=".check-", dir=".")
        return os.path.abspath(self._scratch.name)

    def _write(self, request: dict[str, Any]) -> dict[str, Any]:
        path = os.path.join(self._scratch_folder(), request["name"])
        if request["content"] is not None:
            with open(path, "wb") as file:
                file.write(request["content"].tobytes())
        return {"value": path}

    def _read(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            with open(request["path"], "rb") as file:
                content = file.read(FILE_LIMIT + 1)
        except FileNotFoundError:
            name = os.path.basename(request["path"])
            return {"error": {"kind": "missing", "type": "FileNotFoundError", "message": name, "frames": []}}
        if len(content) > FILE_LIMIT:
            raise Unsendable(f"a file of more than {FILE_LIMIT >> 20} MB")
        return {"value": np.frombuffer(content, dtype=np.uint8).copy()}

    def _as_passed(self, before: list[Any], after: list[Any]) -> list[Any]:
        """Arguments after a call, in the plain form in which they came (objects as the handles that were passed)."""
        known = {id(self._object(leaf)): leaf for leaf in leaves(before) if isinstance(leaf, Handle)}

        def plain(value: Any, passed: Any) -> Any:
            if isinstance(passed, Handle):  # what stayed here was not passed by value, however plain it is
                return passed
            return to_plain(value, lambda inner: known.get(id(inner)) or self._keep(inner))

        return list(map(plain, after, before))


@contextmanager
def _captured(stdin: str) -> Iterator[tuple[_Bounded, _Bounded]]:
    """Keyboard and screen replaced; the prompt of `input` goes to stderr: it is not what the program prints."""
    stdout, stderr, keyboard = _Bounded(), _Bounded(), io.StringIO(stdin)

    def read_line(prompt: object = "") -> str:
        stderr.write(str(prompt))
        line = keyboard.readline()
        if not line:
            raise EOFError("the keyboard input has ended")
        return line.rstrip("\n")

    kept = sys.stdin, sys.stdout, sys.stderr, builtins.input
    sys.stdin, sys.stdout, sys.stderr, builtins.input = keyboard, stdout, stderr, read_line
    try:
        yield stdout, stderr
    finally:
        sys.stdin, sys.stdout, sys.stderr, builtins.input = kept


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as plain values: kind, type, message and the lines of notebook code it passed through."""
    kind = "exception"
    if isinstance(error, NotImplementedError):
        kind = "not_implemented"
    elif isinstance(error, MemoryError):
        kind = "memory"
    elif isinstance(error, SystemExit):
        kind = "exit"
    try:
        message = _message(error)[:MESSAGE_LIMIT]
    except BaseException:
        message = "(its message cannot be read)"
    frames = []
    try:
        for frame in traceback.extract_tb(error.__traceback__, limit=-60):
            if frame.filename.startswith(("<cell", "<ipython-input")) or "ipykernel_" in frame.filename:
                source = linecache.getline(frame.filename, frame.lineno or 0).strip()
                frames.append([_place(frame.filename), frame.lineno or 0, frame.name, source[:160]])
    except BaseException:
        frames = []
    return {
        "kind": kind,
        "type": type(error).__name__[:80],
        "message": message,
        "frames": frames[-MAX_FRAMES:],
    }


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.lineno and str(error.filename).startswith("<cell"):
        return f"{error.msg} (line {error.lineno})"  # its own text repeats the name of the cell
    return str(error)


def _place(filename: str) -> str:
    return filename.strip("<>") if filename.startswith("<cell") else "notebook"
