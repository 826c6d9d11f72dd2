"""One assignment: `assignments/<task>.md` with its references to solutions and checks resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupytext.myst import MystMetadataParsingError, myst_to_notebook

from autograder.authoring.definitions import BEGIN, END, Definition, read_definitions
from autograder.authoring.errors import AuthoringError
from autograder.authoring.text import read_text
from autograder.checks import Check

POINTS = 100  # of every task, so that grades compare
REFERENCES = ("solution", "given", "check")
OPTIONS = (*REFERENCES, "tags")


@dataclass(frozen=True)
class Cell:
    """One cell, resolved.

    Attributes:
        kind: "text", "code" (also what is given from the solutions), "solution" or "check".
        id: of the cell and, unless it is plain code, nbgrader's grade_id: unique and stable while the text changes.
        line: of the assignment's file.
        stubs: for a solution, what stands in place of each of its regions, as ``task 1.3: softmax``.
        points: of a check.
    """

    kind: str
    id: str
    line: int
    source: str
    tags: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()
    points: float = 0.0


@dataclass(frozen=True)
class Assignment:
    """A task's cells in the order of its text."""

    task: str
    cells: tuple[Cell, ...]


def read_assignment(home: Path, task: str, checks: Mapping[str, Check]) -> Assignment:
    """Read `assignments/<task>.md` in ``home`` against `solutions/<task>.py` and ``checks``.

    Raises:
        AuthoringError: a reference is broken, a check or a solution has no cell, a cell has two meanings, solution
            markers are unbalanced, the points do not sum to 100; all problems at once.
    """
    text_path, solution_path = f"assignments/{task}.md", f"solutions/{task}.py"
    missing = [path for path in (text_path, solution_path) if not (home / path).is_file()]
    if missing:
        raise AuthoringError([f"{path}: does not exist" for path in missing])
    solution_text = read_text(home / solution_path, solution_path)
    definitions, problems = read_definitions(solution_text, solution_path)
    resolver = _Resolver(task, text_path, definitions, checks)
    try:
        cells = tuple(resolver.cells(read_text(home / text_path, text_path)))
    except MystMetadataParsingError as error:
        raise AuthoringError([*problems, f"{text_path}: {error}"]) from None
    resolver.note_unused(solution_path)
    problems += resolver.problems
    total = sum(check.points for check in checks.values())
    if abs(total - POINTS) > 1e-9:
        problems.append(
            f"autograder/checks/{task}.py: the checks are worth {total:g} points; expected {POINTS}"
        )
    if problems:
        raise AuthoringError(problems)
    return Assignment(task, cells)


class _Resolver:
    """Turns the cells of a text into resolved ones and notes what is wrong."""

    def __init__(
        self, task: str, path: str, definitions: Mapping[str, Definition], checks: Mapping[str, Check]
    ) -> None:
        self.task, self.path = task, path
        self.known: dict[str, Mapping[str, Any]] = {
            "solution": definitions,
            "given": definitions,
            "check": checks,
        }
        self.used: dict[str, dict[str, int]] = {kind: {} for kind in REFERENCES}
        self.problems: list[str] = []

    def cells(self, text: str) -> Iterator[Cell]:
        notebook = myst_to_notebook(text, add_source_map=True)
        lines = text.splitlines()
        numbers = {"text": 0, "code": 0}
        for cell, start in zip(notebook.cells, notebook.metadata["source_map"], strict=True):
            options = dict(cell.metadata)
            if any(kind in options for kind in REFERENCES):
                resolved = self._reference(cell.source, options, start, lines)
                if resolved is not None:
                    yield resolved
                continue
            kind = "text" if cell.cell_type == "markdown" else "code"
            line = start + (kind == "text")  # jupytext counts text from 0 and fences from 1
            numbers[kind] += 1
            self._options(options, line)
            if cell.cell_type == "raw" or BEGIN in cell.source or END in cell.source:
                self._note(line, "a raw cell or a solution marker; solutions belong into solutions/")
            tags = tuple(map(str, options.get("tags") or ()))
            yield Cell(kind, f"{kind}-{numbers[kind]:02}", line, cell.source, tags)

    def note_unused(self, solution_path: str) -> None:
        """Note the checks and solutions that have no cell."""
        for name in self.known["check"]:
            if name not in self.used["check"]:
                self._note(None, f"the check {name} is never used; add a cell with :check: {name}")
        for name, definition in self.known["solution"].items():
            if definition.regions and name not in self.used["solution"]:
                place = f"{solution_path}:{definition.line}"
                self.problems.append(
                    f"{place}: {name} has a solution region, but {self.path} has no cell for it"
                )

    def _reference(self, body: str, options: dict[str, Any], start: int, lines: list[str]) -> Cell | None:
        """The cell that a :solution:, :given: or :check: option stands for."""
        kind, *more = [kind for kind in REFERENCES if kind in options]
        if more:
            self._note(start, f"a cell has both :{kind}: and :{more[0]}:; make two cells")
            for each in (kind, *more):
                self.used[each].setdefault(str(options[each]), start)
            return None
        self._options(options, start)
        name = str(options[kind])
        line = _line_of(kind, start, lines)
        if body.strip():
            self._note(line, f":{kind}: {name} has a body; what the cell holds comes from its reference")
        if name in self.used[kind]:
            self._note(
                line, f"a second cell for the {kind} {name}; the first is at line {self.used[kind][name]}"
            )
            return None
        self.used[kind][name] = line
        if name not in self.known[kind]:
            folder = "autograder/checks" if kind == "check" else "solutions"
            self._note(line, f"there is no {kind} {name} in {folder}/{self.task}.py")
            return None
        if kind == "check":
            points = self.known[kind][name].points
            return Cell("check", name, line, f'check("{name}")', points=points)
        definition = self.known[kind][name]
        if kind == "given":
            if definition.regions:
                self._note(line, f"{name} has a solution region and cannot be given away; use :solution:")
            return Cell("code", f"given-{name}", line, definition.source)
        if not definition.regions:
            self._note(line, f"the solution {name} has no {BEGIN} … {END} region for students to fill in")
        number = len(self.used[kind])
        stubs = tuple(f"{stub_prefix(self.task)}{number}: {region}" for region in definition.regions)
        return Cell("solution", f"solution-{name}", line, definition.source, stubs=stubs)

    def _options(self, options: dict[str, Any], line: int) -> None:
        for key in options:
            if key not in OPTIONS:
                self._note(line, f"unknown option :{key}:; known are {', '.join(OPTIONS)}")

    def _note(self, line: int | None, problem: str) -> None:
        self.problems.append(f"{self.path}{'' if line is None else f':{line}'}: {problem}")


def stub_prefix(task: str) -> str:
    """What comes before the running number in a stub: ``task 1.`` for task1_forward, ``adv 7.`` for adv7_…"""
    numbered = re.match(r"([a-z]+)(\d+)", task)
    return f"{numbered[1]} {numbered[2]}." if numbered else f"{task} "


def _line_of(option: str, start: int, lines: list[str]) -> int:
    """The line of ``:option:`` in the cell whose fence is at line ``start``."""
    for number in range(start + 1, min(start + 10, len(lines)) + 1):
        if lines[number - 1].lstrip().startswith((f":{option}:", f"{option}:")):
            return number
    return start
