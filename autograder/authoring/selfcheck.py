"""What goes to students is looked at once more: no solution, named stubs, and nothing but the allowed files."""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.authoring.definitions import BEGIN, END, region_lines
from autograder.sandbox.kit import student_files
from autograder.sandbox.syntax import UNREADABLE, read_cell

LONG = 12  # characters from which a line says something wherever it stands; `raise` is part of many lines
# Lines that give nothing away.
TRIVIAL = {"", "return", "pass", "break", "continue", "else:", "try:", "finally:", *"()[]{}"}


def notebook_problems(released: NotebookNode, source: NotebookNode) -> list[str]:
    """What is wrong with ``released``, made from the instructor version ``source``; one line a problem."""
    given = "\n".join(_strings(released))
    problems = [f"{mark} is still in it" for mark in (BEGIN, END) if mark in given]
    regions = [region_lines(cell.source) for cell in source.cells]
    # A line that also stands outside the solutions is meant to be seen.
    shown = "\n".join(line.strip() for _, outside in regions for line in outside)
    for cell, (inside, _) in zip(source.cells, regions, strict=True):
        for line in map(str.strip, inside):
            if line not in TRIVIAL and _stands_in(line, given) and not _stands_in(line, shown):
                problems.append(f"{_name(cell)}: a line of its solution is still there: {line}")
    stubs = {_name(cell): cell for cell in released.cells}
    for cell in source.cells:
        expected = cell.metadata.get("autograder", {}).get("stubs", [])
        found = _raised(stubs[_name(cell)].source) if _name(cell) in stubs else []
        missing = [text for text in expected if text not in found]
        problems += [f"{_name(cell)}: no stub raises NotImplementedError({text!r})" for text in missing]
    return problems


def wheel_problems(wheel: Path) -> list[str]:
    """What is in the student's package and must not be, or is not and must be; one line a file."""
    with zipfile.ZipFile(wheel) as archive:
        contents = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    allowed = {f"autograder/{path.as_posix()}" for path in student_files()}
    packed = {name for name in contents if not name.split("/")[0].endswith(".dist-info")}
    problems = [f"{name} must not be in it" for name in sorted(packed - allowed)]
    problems += [f"{name} is missing" for name in sorted(allowed - packed)]
    problems += [f"{name} contains {BEGIN}" for name in sorted(contents) if BEGIN.encode() in contents[name]]
    return problems


def _stands_in(line: str, text: str) -> bool:
    return line in text if len(line) >= LONG else line in {other.strip() for other in text.splitlines()}


def _name(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "")


def _strings(value: Any) -> Iterator[str]:
    """Every text in a notebook: sources, outputs, metadata."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _raised(source: str) -> list[str]:
    """The texts of the NotImplementedErrors that ``source`` raises."""
    try:
        tree = read_cell(source).tree
    except UNREADABLE:
        return []
    if tree is None:
        return []
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return [
        argument.value
        for call in raised
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "NotImplementedError"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
