"""What came of a notebook's cells: their outcomes for the page, flags for a person, and why a name is missing."""

from __future__ import annotations

from typing import Any

from autograder.calls import CodeError
from autograder.grading.report import CellOutcome
from autograder.notebook.cells import Cell
from autograder.notebook.failures import Failures, missing_package

OWNER = "the grader"
ENDED = "it ended the process"
NAMES_SHOWN = 8


class CellRecord:
    """Takes down what each cell did. A cell that is run again, in a new process, replaces what it did before.

    Args:
        version: the Python version that the notebook's metadata name, or None.
    """

    def __init__(self, version: tuple[int, int] | None) -> None:
        self._version = version
        self._outcomes: dict[int, CellOutcome] = {}
        self._flags: dict[int, list[str]] = {}
        self._ended: dict[int, str] = {}
        self.failures = Failures(OWNER, version)

    @property
    def outcomes(self) -> list[CellOutcome]:
        """The outcomes, in the order of the notebook."""
        return [self._outcomes[number] for number in sorted(self._outcomes)]

    @property
    def flags(self) -> list[str]:
        """What a person should look at, in the order of the notebook."""
        return [flag for number in sorted(self._flags) for flag in self._flags[number]]

    def restart(self) -> None:
        """All cells are executed again."""
        self.failures = Failures(OWNER, self._version)

    def ended(self, cell: Cell, message: str) -> None:
        """The cell took its process with it."""
        self._ended[cell.number] = message
        self._outcomes[cell.number] = CellOutcome(cell.number, error=f"The cell was skipped: {message}.")
        self._flags[cell.number] = [f"cell {cell.number} ended the process: {message}"]

    def skipped(self, cell: Cell) -> None:
        """The cell is not executed: even its definitions took their process with them."""
        self.failures.add(f"cell {cell.number}", ENDED, self._ended[cell.number], cell.source)

    def ran(self, cell: Cell, reply: dict[str, Any]) -> None:
        """The cell was executed, or only its definitions, with the reply `Sandbox.run_cell` gives."""
        place = f"cell {cell.number}"
        flags = [
            f"{place}: the grader does not know the magic {name}; it was left out"
            for name in reply["unknown"]
        ]
        if cell.number in self._ended:
            message = self._ended[cell.number]
            self.failures.add(place, ENDED, message, cell.source)
            flags.append(f"{place} ended the process: {message}{_kept(reply)}")
        else:
            self._outcomes[cell.number] = _outcome(cell.number, reply)
            if reply["error"] is not None:
                flags += self._failed(cell, reply)
        for where, said, names in reply["lost"]:
            reason = self.failures.add_lost(where, said, names)
            flags.append(
                f"{where}: {reason}; not defined: {_listed(names)}" if names else f"{where}: {reason}"
            )
        self._flags[cell.number] = flags

    def _failed(self, cell: Cell, reply: dict[str, Any]) -> list[str]:
        error, place = reply["error"], f"cell {cell.number}"
        reason = self.failures.add(place, error["type"], error["message"], cell.source)
        if reply["kept"]:
            return [f"{place} stopped at line {reply['line']} ({reason}){_kept(reply)}"]
        if not reply["line"]:
            return [f"{place} cannot be run ({reason}): nothing of it was kept"]
        if error["type"] == "ModuleNotFoundError" and missing_package(error["message"]):
            return [f"{place}: {reason}"]
        return []


def _kept(reply: dict[str, Any]) -> str:
    if not reply["kept"]:
        return ""
    below = "the definitions below were kept" if reply["line"] else "its definitions were kept"
    return f"; {below}: {_listed(reply['kept'])}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown} and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else shown


def _outcome(number: int, reply: dict[str, Any]) -> CellOutcome:
    error = reply["error"]
    if error is None:
        return CellOutcome(number, reply["stdout"], reply["stderr"])
    raised = CodeError(error["kind"], error["type"], error["message"], error["frames"])
    where = tuple(f"{place}, line {line}, in {name}: {source}" for place, line, name, source in raised.frames)
    text = raised.message if raised.kind == "timeout" else f"{raised.type_name}: {raised.message}"
    return CellOutcome(number, reply["stdout"], reply["stderr"], text, where)
