"""Executing notebook cells without a kernel: what a cell means in Jupyter, at the price of plain Python.

A cell that raises keeps what it defines below: the imports, functions, classes and constants that were still to come
(`definitions`), as `carry` would take them. So a package that the grader does not have costs only what uses it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import io
import itertools
import linecache
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from autograder.calls.session import describe
from autograder.sandbox.cell_output import Notes, Tail
from autograder.sandbox.definitions import Position, bound_names, definitions, rest_of
from autograder.sandbox.later import ipython_later
from autograder.sandbox.magics import NAME_LIMIT, Magics, Nothing, clear_output
from autograder.sandbox.syntax import AWAIT, FUTURES, SHELL, UNREADABLE, read_cell

REST_S = 0.5  # for the definitions below the statement that took too long; they take milliseconds
SILENT = ("capture", "prun", "timeit")  # cell magics that do not show the value of the last expression
MAX_NOTES = 20  # of each kind, of one cell


class CellTimeout(BaseException):
    """The cell ran longer than it may. A BaseException: `except Exception` in a loop shall not swallow it."""


class Shell:
    """Executes the cells of one notebook, one after the other.

    Args:
        namespace: the notebook's names; what cells have in Jupyter is added.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.notes = Notes()
        self._magics = Magics(self)
        self._flags = 0  # of the notebook's own `from __future__` lines
        self._trees: list[ast.Module] = []  # of cells whose makers of closures were not looked for
        self._makers: set[str] = set()
        self._label = "cell"
        self._pending: list[tuple[list[ast.stmt], str]] = []
        self._shown: list[Any] = ["", "", ""]
        self._inputs: list[str] = [""]
        self._outputs: dict[int, Any] = {}
        namespace.update(In=self._inputs, _ih=self._inputs, Out=self._outputs, _oh=self._outputs)
        namespace.update(_="", __="", ___="")
        given: dict[str, Any] = {"get_ipython": lambda: self._magics, "display": _display}
        ipython_later(**given, clear_output=clear_output)
        leave = Leave()
        # Where IPython has them: modules that the notebook writes use them too.
        vars(builtins).update(
            {SHELL: given["get_ipython"], **given, "exit": leave, "quit": leave, "__IPYTHON__": True}
        )

    def execute(
        self, source: str, label: str, *, seconds: float, output_limit: int, only_definitions: bool = False
    ) -> dict[str, Any]:
        """Run one cell; what it printed, its error or None, and its notes, as plain values.

        Args:
            label: "cell 12"; exceptions say so.
            seconds: it is stopped then.
            output_limit: characters of each of stdout and stderr that are kept.
            only_definitions: run nothing else of it.
        """
        stdout, stderr = Tail(output_limit), Tail(output_limit)
        self.notes, self._label, self._pending = Notes(), label, []
        error = None
        kept = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(""), stdout, stderr
        try:
            try:
                with _alarm(seconds):
                    error = self._error_of(source, only_definitions)
            except CellTimeout:
                message = f"the cell was stopped after {seconds:g} s of CPU time"
                error = {"kind": "timeout", "type": "Timeout", "message": message, "frames": []}
                with _alarm(REST_S):
                    for statements, filename in self._pending:
                        self._keep(statements, filename, replace=True)
        except CellTimeout:
            pass
        finally:
            sys.stdin, sys.stdout, sys.stderr = kept
        return {
            "error": error,
            "stdout": stdout.text(),
            "stderr": stderr.text(),
            "line": self.notes.line,
            "kept": self.notes.kept[:MAX_NOTES],
            "lost": self.notes.lost[:MAX_NOTES],
            "unknown": self.notes.unknown[:MAX_NOTES],
        }

    def run_inner(self, source: str, name: str) -> Any:
        """Run a text that a magic of the current cell brings; the value of its last expression.

        Raises:
            BaseException: what it raises.
        """
        return self._run(source, f"<{self._label}, {name[:NAME_LIMIT]}>")

    def run_file(self, path: str, text: str) -> None:
        """``%run``: a program, or the code cells of a notebook."""
        from autograder.notebook.cells import code_cells, parse_notebook  # few notebooks run another one

        if not path.endswith(".ipynb"):
            self.run_inner(text, path)
            return
        first: BaseException | None = None
        for cell in code_cells(parse_notebook(text.encode("utf-8", "replace"))):
            if cell.graded or cell.experiment:
                continue
            try:
                self.run_inner(cell.source, f"{path} cell {cell.number}")
            except CellTimeout:
                raise
            except BaseException as error:
                first = first or error
        if first is not None:
            raise first

    def unknown_magic(self, name: str) -> None:
        """Note that the magic ``name`` was left out."""
        shown = name[:NAME_LIMIT]
        if shown not in self.notes.unknown[:MAX_NOTES]:
            self.notes.unknown.append(shown)
        print(f"not known here, left out: {shown}", file=sys.stderr)

    def lose(self, place: str, reason: str, names: Iterable[str]) -> None:
        """Note that definitions could not be made."""
        if len(self.notes.lost) < MAX_NOTES:
            self.notes.lost.append((place, reason, list(names)[:MAX_NOTES]))

    def _error_of(self, source: str, only_definitions: bool) -> dict[str, Any] | None:
        """Run a cell; its error described, while the clock still runs: an exception's text is the student's code too."""
        filename = f"<{self._label}>"
        self._inputs.append(source)
        try:
            if only_definitions:
                tree = read_cell(source, filename, flags=self._flags, own_shell=True).tree
                self._keep(tree.body if tree else [], filename, replace=True)
                return None
            value = self._run(source, filename)
            if value is not None and not isinstance(value, Nothing):
                self._show(value)
        except CellTimeout:
            raise
        except BaseException as raised:  # a failing cell does not stop the next
            return describe(raised)
        return None

    def _run(self, source: str, filename: str) -> Any:
        """The value of the last expression of a cell or None. A semicolon behind it hides it."""
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        code = read_cell(source, filename, flags=self._flags, own_shell=True)
        own = self._magics.own_cell_magic(code.magics)
        if own is not None:
            return own(code.magics[0].line, code.below)
        if code.tree is None:
            self._magics.other_cell(code.magics, code.below)
            return None
        with self._magics.around(code.magics):
            value = self._run_tree(code.tree, code.body, filename)
        return value if all(magic.name not in SILENT for magic in code.magics) else None

    def _run_tree(self, tree: ast.Module, text: str, filename: str) -> Any:
        if not tree.body:
            return None
        self._trees.append(tree)
        last = tree.body[-1]
        shown = last if isinstance(last, ast.Expr) else None
        steps = [step for step in (tree.body[:-1], tree.body[-1:]) if step] if shown else [tree.body]
        ready: dict[int, CodeType] = {}
        try:
            ready = {number: self._compiled(step, filename) for number, step in enumerate(steps)}
        except UNREADABLE:
            # Python reads it and cannot compile it: what stands above the fault runs, as in Jupyter.
            steps = [[statement] for statement in tree.body]
        value = None
        for number, step in enumerate(steps):
            code = None
            try:
                code = ready.get(number) or self._compiled(step, filename)
                value = self._evaluate(code)
            except BaseException as error:
                self._stop(tree.body, filename, _position(error, code, step), error)
                raise
        return None if shown is None or _hidden(shown, text) else value

    def _compiled(self, step: list[ast.stmt], filename: str) -> CodeType:
        """The code of statements, with a value where they are one expression; notes their `from __future__` lines."""
        one = step[0] if len(step) == 1 else None
        tree: Any = ast.Expression(one.value) if isinstance(one, ast.Expr) else ast.Module(step, [])
        mode = "eval" if isinstance(one, ast.Expr) else "exec"
        code = compile(tree, filename, mode, self._flags | AWAIT, dont_inherit=True)
        self._flags |= code.co_flags & FUTURES
        return code

    def _evaluate(self, code: CodeType) -> Any:
        value = eval(code, self.namespace)
        if code.co_flags & inspect.CO_COROUTINE:
            from autograder.sandbox.awaiting import finished  # asyncio takes a tenth of a second to import

            return finished(value)
        return value

    def _stop(
        self, statements: list[ast.stmt], filename: str, position: Position, error: BaseException
    ) -> None:
        """Keep the definitions below the statement that raised.

        A cell that its author stops on purpose (``raise``, ``assert``, ``exit``) replaces nothing by them: in Jupyter
        what was there before stays.
        """
        running, rest = rest_of(statements, position)
        self.notes.line = running.lineno if running else position[0]
        if not rest:
            return
        if isinstance(error, CellTimeout):
            self._pending.append((rest, filename))
            return
        on_purpose = isinstance(error, SystemExit) or isinstance(running, (ast.Raise, ast.Assert))
        try:
            self._keep(rest, filename, replace=not on_purpose, known=said(error))
        except CellTimeout:
            self.lose(self._label, "the definitions below took too long", [])

    def _keep(self, statements: list[ast.stmt], filename: str, *, replace: bool, known: str = "") -> None:
        """Make the definitions among ``statements``; those that fail for another reason than ``known`` are noted."""
        for tree in self._trees:
            definitions(tree.body, self._makers)
        self._trees.clear()
        for statement in definitions(statements, self._makers):
            names = bound_names(statement)
            if not replace and any(name in self.namespace for name in names):
                continue
            try:
                self._evaluate(self._compiled([statement], filename))
            except CellTimeout:
                raise
            except BaseException as error:
                if (reason := said(error)) != known:
                    self.lose(f"{self._label}, line {statement.lineno}", reason, names)
            else:
                self.notes.kept += [name for name in names if name not in self.notes.kept]

    def _show(self, value: Any) -> None:
        """What Jupyter does with the value of a cell: ``Out``, ``_``, and its text."""
        print(repr(value))
        self._outputs[len(self._inputs) - 1] = value
        if all(
            self.namespace.get(name) is kept
            for name, kept in zip(("_", "__", "___"), self._shown, strict=True)
        ):
            self._shown = [value, *self._shown[:2]]
            self.namespace.update(zip(("_", "__", "___"), self._shown, strict=True))


class Leave:
    """``exit`` and ``quit``: they end the cell, or the program that a check runs."""

    def __call__(self, code: object = None) -> None:
        raise SystemExit(*(() if code is None else (code,)))

    def __repr__(self) -> str:
        return "exit"


def _display(*values: Any, **options: Any) -> Any:
    for value in values:
        print(repr(value))
    return Nothing() if options.get("display_id") else None


def said(error: BaseException) -> str:
    """An exception in one line."""
    described = describe(error)
    return f"{described['type']}: {described['message']}"


def _hidden(shown: ast.Expr, text: str) -> bool:
    """Whether a semicolon stands behind the last expression."""
    lines = text.encode("utf-8", "replace").split(b"\n")[(shown.end_lineno or 1) - 1 :]
    return bool(lines) and lines[0][shown.end_col_offset or 0 :].lstrip().startswith(b";")


def _position(error: BaseException, code: CodeType | None, step: list[ast.stmt]) -> Position:
    """Where in ``step`` the exception passed through its ``code``."""
    line, column = step[0].lineno, step[0].col_offset
    if code is None:  # it did not compile
        return line, column
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code is not code:
        trace = trace.tb_next
    if trace is None:  # it had not begun
        return line, column - 1
    position = next(itertools.islice(code.co_positions(), trace.tb_lasti // 2, None), (None,) * 4)
    return position[0] or trace.tb_lineno, position[2] or 0


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `CellTimeout` in the block once this process has used ``seconds`` of CPU time.

    The grader sends the same signal to a cell that only sleeps. Between cells the signal has no effect.
    """
    if not hasattr(signal, "setitimer"):  # Windows, where only a person's own notebook runs
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        raise CellTimeout

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_PROF, 0)
