"""Executing notebook cells without IPython: plain Python, with magics and shell lines set aside.

IPython costs half a second to start, which every submission would pay. What students use of it in a course notebook
is little: line magics (ignored, `%time` runs its statement), `%%time` (runs the cell), `!shell` (ignored), trailing
`?` (ignored), `display`, and the value of a last expression (printed).
"""

from __future__ import annotations

import ast
import io
import linecache
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograder.calls.session import describe

LINE_MAGIC = re.compile(r"^(\s*)%(\w+)\s*(.*)$")
RUNS_STATEMENT = {"time", "timeit", "prun"}


class CellTimeout(BaseException):
    """The cell ran longer than it may. A BaseException: `except Exception` in a loop shall not swallow it."""


class Tail(io.TextIOBase):
    """Keeps the first ``limit`` characters written."""

    def __init__(self, limit: int) -> None:
        self._parts: list[str] = []
        self._room = limit
        self.cut = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._room > 0:
            self._parts.append(text[: self._room])
        self.cut = self.cut or len(text) > self._room
        self._room -= min(len(text), self._room)
        return len(text)

    def text(self) -> str:
        return "".join(self._parts) + ("\n[output cut]\n" if self.cut else "")


def plain_python(source: str) -> str:
    """``source`` with IPython's syntax replaced, line for line, so that line numbers stay."""
    lines = source.split("\n")
    if lines and lines[0].startswith("%%"):
        magic = lines[0][2:].split()[:1]
        if magic and magic[0] in ("time", "timeit", "capture", "prun"):
            lines[0] = ""
        else:
            return "\n" * (len(lines) - 1)
    try:
        ast.parse("\n".join(lines))
        return "\n".join(lines)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    for i, line in enumerate(lines):
        stripped = line.lstrip()
        indent = line[: len(line) - len(stripped)]
        if magic_line := LINE_MAGIC.match(line):
            statement = magic_line.group(3) if magic_line.group(2) in RUNS_STATEMENT else "pass"
            lines[i] = indent + (statement or "pass")
        elif stripped.startswith(("!", "?")) or (stripped.endswith("?") and not stripped.startswith("#")):
            lines[i] = indent + "pass"
    return "\n".join(lines)


def execute(
    source: str, label: str, namespace: dict[str, Any], *, seconds: float, output_limit: int
) -> dict[str, Any]:
    """Run one cell; what it printed, and its error or None, as plain values."""
    stdout, stderr = Tail(output_limit), Tail(output_limit)
    filename = f"<{label}>"
    error = None
    kept = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(""), stdout, stderr
    try:
        with _alarm(seconds):
            error = _error_of(source, filename, namespace)
    except CellTimeout:
        message = f"the cell was stopped after {seconds:g} s"
        error = {"kind": "timeout", "type": "Timeout", "message": message, "frames": []}
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept
    return {"error": error, "stdout": stdout.text(), "stderr": stderr.text()}


def _error_of(source: str, filename: str, namespace: dict[str, Any]) -> dict[str, Any] | None:
    """Run a cell; its error described, while the clock still runs: an exception's text is the student's code too."""
    try:
        text = plain_python(source)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        _run(ast.parse(text, filename), filename, namespace)
    except CellTimeout:
        raise
    except BaseException as raised:  # a failing cell does not stop the next
        return describe(raised)
    return None


def _run(tree: ast.Module, filename: str, namespace: dict[str, Any]) -> None:
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, filename, "exec"), namespace)
        return
    exec(compile(ast.Module(tree.body[:-1], []), filename, "exec"), namespace)
    value = eval(compile(ast.Expression(last.value), filename, "eval"), namespace)
    if value is not None:
        print(repr(value))


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def stop(signum: int, frame: Any) -> None:
        raise CellTimeout

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
