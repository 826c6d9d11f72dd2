"""Definitions of an earlier notebook, carried into a later one."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from pathlib import Path
from typing import Any

from autograder.notebook.cells import NotebookError, code_cells, parse_notebook
from autograder.sandbox.cells import plain_python


class CarryError(Exception):
    """The earlier notebook is not there or cannot be read; the message says where it was looked for."""


def carry(task: str, *, into: dict[str, Any] | None = None) -> None:
    """Load your own work of an earlier task: its imports, functions, classes and constants. Nothing else runs.

    Looks for ``<task>.ipynb`` beside this notebook, in a folder of the task's name, and one folder above, and prints
    which file it took. A file that belongs to somebody else is not taken: it would run with your rights.

    Args:
        task: name of the earlier task, as ``"task1_forward"``.
        into: namespace to fill; the caller's globals when absent.

    Raises:
        CarryError: the notebook was not found, belongs to somebody else, or is damaged.
    """
    namespace = sys._getframe(1).f_globals if into is None else into
    path, content = find_notebook(task)
    try:
        notebook = parse_notebook(content)
    except NotebookError as error:
        raise CarryError(f"{path}: {error}") from None
    carried: list[str] = []
    skipped: list[str] = []
    makers: set[str] = set()
    for cell in code_cells(notebook):
        if cell.graded or cell.experiment:
            continue
        filename = f"<cell {cell.number} of {task}>"
        source = plain_python(cell.source)
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        try:
            tree = ast.parse(source, filename)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            skipped.append(f"cell {cell.number} ({type(error).__name__})")
            continue
        for statement in definitions(tree, makers):
            try:
                exec(compile(ast.Module([statement], []), filename, "exec"), namespace)
            except Exception as error:
                skipped.append(
                    f"cell {cell.number}, line {statement.lineno} ({type(error).__name__}: {error})"
                )
            else:
                carried += names_of(statement)
    own = [name for name in dict.fromkeys(carried) if not name.startswith("_")]
    # A name that is not valid Unicode cannot be printed as it is.
    taken = str(path).encode("utf-8", "backslashreplace").decode()
    print(f"carried from {taken}: {', '.join(own) or 'nothing'}")
    if skipped:
        print(f"not carried: {'; '.join(skipped)}")


def find_notebook(task: str) -> tuple[Path, bytes]:
    """The notebook of ``task`` beside the working directory or one folder above, and its content.

    Raises:
        CarryError: it is nowhere, or belongs to somebody else; the message lists the places.
    """
    here = Path.cwd()
    name = f"{task}.ipynb"
    places = [here / name, here / task / name, here.parent / task / name, here.parent / name]
    looked = []
    for place in places:
        if not place.is_file():
            looked.append(str(place))
            continue
        try:
            with open(place, "rb") as file:
                if _is_ours(file.fileno(), here):
                    return place, file.read()
        except OSError as error:
            raise CarryError(f"{place}: {error.strerror or error}") from None
        looked.append(f"{place} (not taken: it belongs to another user)")
    listed = "\n  ".join(looked)
    raise CarryError(f"{name} was not found. Put your own {name} into one of these places:\n  {listed}")


def _is_ours(fd: int, here: Path) -> bool:
    """Whether this user owns the open file ``fd``, or whoever owns the working directory does.

    Python imports from the working directory, so its owner's code runs here in any case; in a container it is often
    a folder that root sees as another user's.
    """
    if not hasattr(os, "getuid"):  # Windows
        return True
    return os.fstat(fd).st_uid in (os.geteuid(), here.stat().st_uid)


def definitions(tree: ast.Module, makers: set[str]) -> list[ast.stmt]:
    """The statements of ``tree`` that define: imports, functions, classes, and assignments that call nothing.

    The one call that runs makes a closure: ``softmax = make_softmax()``, where the notebook's own ``make_softmax``
    defines a function inside, and the arguments are constants.

    Args:
        makers: names of such functions so far; those of ``tree`` are added.
    """
    found: list[ast.stmt] = []
    for statement in tree.body:
        match statement:
            case ast.Import() | ast.ImportFrom():
                found.append(statement)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.append(statement)
                if isinstance(statement, ast.FunctionDef) and _defines_inside(statement):
                    makers.add(statement.name)
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                if _is_constant(value, makers) and all(_is_plain_target(t) for t in _targets(statement)):
                    found.append(statement)
    return found


def names_of(statement: ast.stmt) -> list[str]:
    """The names a definition binds, imports left out."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign() | ast.AnnAssign():
            return [n.id for t in _targets(statement) for n in ast.walk(t) if isinstance(n, ast.Name)]
    return []


def _defines_inside(function: ast.FunctionDef) -> bool:
    inner = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    return any(isinstance(node, inner) for statement in function.body for node in ast.walk(statement))


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def _is_plain_target(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(_is_plain_target(item) for item in target.elts)
    return isinstance(target, ast.Name)


def _is_constant(value: ast.expr, makers: set[str]) -> bool:
    if isinstance(value, ast.Lambda):
        return True
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            closure = isinstance(node.func, ast.Name) and node.func.id in makers
            if not closure or not all(isinstance(argument, ast.Constant) for argument in arguments):
                return False
        elif isinstance(
            node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.ListComp, ast.GeneratorExp)
        ):
            return False
    return True
