"""Signs that a notebook tries to forge its grade: what no honest notebook of a NumPy course contains.

A grade does not depend on them: nothing that a notebook does to itself is believed. They are for the person who reads
the table of the class. The evaluation adds one of its own: messages to the grader that its worker does not write. Signs
are looked for in the text of the cells, by words first and then in the syntax tree, so that a sentence or a printed text
is none; and few signs that are sure are better than many that accuse the innocent.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.calls.text import clean, listed
from autograder.notebook.cells import Cell

LOOKED_AT = 100_000  # characters of a cell, and of a notebook where words are looked for
# Words without which there is no sign: almost every notebook has none of them and is not parsed.
WORDS = re.compile(
    r"\.db\b|autograder-secret|submission_secret|/kit/|/proc/|__eq__"
    r"|(?:allclose|array_equal|array_equiv|isclose|assert_\w+|testing)\W"
    r"|autograder\s*\.\s*(?:sandbox|calls|grading)"
)
COMPARISONS = {"allclose", "array_equal", "array_equiv", "isclose", "testing"}
PRIVATE_FILES = re.compile(
    r"(?:^|/)(?:gradebook|journal)\.db$|\.autograder-secret|submission_secret\.txt|^/kit/(?:solutions|assignments|autograder)(?:/|$)"
    r"|^/proc/(?:self|\d+)/(?:environ|mem|maps|fd|root|cwd|cmdline)"
)
PRIVATE_MODULES = re.compile(r"autograder\.(?:sandbox|calls|grading)(?:\.|$)")
MOST = 4  # signs that are named
FORGING = "looks like an attempt to forge the grade"  # begins every flag about it


def forging_signs(cells: list[Cell]) -> list[str]:
    """What a notebook does that only serves to forge a grade, a few words each with the number of the cell."""
    found: dict[str, None] = {}
    room = 20 * LOOKED_AT
    for cell in cells:
        source = cell.source
        room -= len(source)
        if room < 0:
            break
        if len(source) > LOOKED_AT or not WORDS.search(source):
            continue
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            found |= dict.fromkeys(f"{sign} (cell {cell.number})" for sign in _signs(node))
    return list(found)


def forging_flag(cells: list[Cell]) -> list[str]:
    """One flag for all signs; none without any."""
    signs = forging_signs(cells)
    return [f"{FORGING}: {listed(signs, MOST, '; ')}"] if signs else []


def _signs(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets):
            for target in targets:
                yield from _replaced(target)
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), _]):
            if _is_comparison(name):
                yield f"replaces {name}"
        case ast.ClassDef():
            if any(map(_always_equal, node.body)):
                yield "makes objects that are equal to everything"
        case ast.Constant(value=str(text)) if len(text) < 200 and PRIVATE_FILES.search(text):
            yield f"names {clean(text, 60)}, a file of the grader's"
        case ast.ImportFrom(module=str(module)) if PRIVATE_MODULES.match(module):
            yield f"imports {module[:60]}"
        case ast.Import(names=names):
            yield from (f"imports {name.name[:60]}" for name in names if PRIVATE_MODULES.match(name.name))


def _replaced(target: ast.expr) -> Iterator[str]:
    """What an assignment replaces of the tools that compare results."""
    match target:
        case ast.Attribute(attr=name, value=ast.Name(id="np" | "numpy")) if name in COMPARISONS:
            yield f"replaces np.{name}"
        case ast.Attribute(attr=name, value=ast.Attribute(attr="testing")) if _is_comparison(name):
            yield f"replaces np.testing.{name}"
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _replaced(part)


def _is_comparison(name: str) -> bool:
    return name in COMPARISONS or name.startswith("assert_")


def _always_equal(statement: ast.stmt) -> bool:
    """Whether ``statement``, in a class, makes ``__eq__`` return True whatever it is asked."""
    match statement:
        case ast.Assign(targets=targets, value=ast.Lambda(body=ast.Constant(value=True))):
            return any(isinstance(target, ast.Name) and target.id == "__eq__" for target in targets)
        case ast.FunctionDef(name="__eq__", body=[*_, ast.Return(value=ast.Constant(value=True))]):
            return not any(isinstance(node, ast.If) for node in ast.walk(statement))
    return False
