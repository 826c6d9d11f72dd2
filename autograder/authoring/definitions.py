"""The reference's source: `solutions/<task>.py`, one definition at a time, exactly as it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

# As nbgrader finds them: anywhere in a line.
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"

_Block = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Definition:
    """A top-level function, class or constant.

    Attributes:
        line: where it starts in its file, decorators included.
        source: its text, decorators and solution markers included.
        regions: for each solution region in order, what it is the body of, as ``Affine.forward``.
    """

    name: str
    line: int
    source: str
    regions: tuple[str, ...]


def read_definitions(text: str, place: str) -> tuple[dict[str, Definition], list[str]]:
    """The definitions of a file by name, and one line for each thing that is wrong with it.

    Args:
        text: content of the file.
        place: how problems name the file, as ``solutions/task1_forward.py``.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return {}, [f"{place}:{error.lineno}: {error.msg}"]
    lines = text.splitlines()
    definitions: dict[str, Definition] = {}
    problems: list[str] = []
    covered: set[int] = set()
    for node in tree.body:
        name = _name(node)
        if name is None:
            continue
        first, last = _extent(node, lines)
        covered.update(range(first, last + 1))
        starts, wrong = _regions(lines[first - 1 : last], first)
        problems += [f"{place}:{line}: {name}: {what}" for line, what in wrong]
        regions = tuple(_owner(node, name, line) for line in starts)
        definitions[name] = Definition(name, first, "\n".join(lines[first - 1 : last]), regions)
    for number, line in enumerate(lines, 1):
        if number not in covered and line.lstrip().startswith("#") and (BEGIN in line or END in line):
            problems.append(f"{place}:{number}: {line.strip()} stands outside every definition")
    return definitions, problems


def region_lines(source: str) -> tuple[list[str], list[str]]:
    """The lines of ``source`` inside its solution regions, and those outside; markers in neither."""
    inside: list[str] = []
    outside: list[str] = []
    current = outside
    for line in source.splitlines():
        if BEGIN in line:
            current = inside
        elif END in line:
            current = outside
        else:
            current.append(line)
    return inside, outside


def _name(node: ast.stmt) -> str | None:
    if isinstance(node, _Block):
        return node.name
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _extent(node: ast.stmt, lines: list[str]) -> tuple[int, int]:
    """First and last line, 1-based. A closing marker is a comment, so the syntax tree ends before it."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    last = end = node.end_lineno or node.lineno
    while end < len(lines) and (not lines[end].strip() or lines[end][0].isspace()):
        end += 1
        if lines[end - 1].strip():
            last = end
    # A constant has no inside: its markers stand right above and below it.
    if first > 1 and lines[first - 2].startswith("#") and BEGIN in lines[first - 2]:
        first -= 1
    if last < len(lines) and lines[last].startswith("#") and END in lines[last]:
        last += 1
    return first, last


def _regions(lines: list[str], first: int) -> tuple[list[int], list[tuple[int, str]]]:
    """Line numbers of the opening markers, and (line number, problem) of unbalanced ones."""
    starts, wrong, opened = [], [], None
    for number, line in enumerate(lines, first):
        if BEGIN in line:
            if opened is not None:
                wrong.append((opened, f"{BEGIN} without an {END} before the next {BEGIN}"))
            opened = number
            starts.append(number)
        elif END in line:
            if opened is None:
                wrong.append((number, f"{END} without a {BEGIN}"))
            opened = None
    if opened is not None:
        wrong.append((opened, f"{BEGIN} without an {END}"))
    return starts, wrong


def _owner(node: ast.AST, name: str, line: int) -> str:
    for child in _blocks(node):
        if child.lineno <= line <= (child.end_lineno or child.lineno):
            return _owner(child, f"{name}.{child.name}", line)
    return name


def _blocks(node: ast.AST) -> Iterator[_Block]:
    return (child for child in getattr(node, "body", []) if isinstance(child, _Block))
