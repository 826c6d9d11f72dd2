"""Definitions of an earlier notebook, carried into a later one."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from pathlib import Path
from typing import Any

from autograder.notebook.cells import NotebookError, code_cells, parse_notebook
from autograder.notebook.failures import names_in
from autograder.sandbox.cells import said
from autograder.sandbox.definitions import bound_names, definitions, names_of
from autograder.sandbox.syntax import FUTURES, UNREADABLE, read_cell

Lost = tuple[str, str, list[str]]  # the place of a definition, why it was not carried, the names that it has


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
    carry_definitions(task, sys._getframe(1).f_globals if into is None else into)


def carry_definitions(task: str, namespace: dict[str, Any]) -> list[Lost]:
    """`carry`; what could not be carried is also returned.

    Raises:
        CarryError: as `carry`.
    """
    path, content = find_notebook(task)
    try:
        notebook = parse_notebook(content)
    except NotebookError as error:
        raise CarryError(f"{path}: {error}") from None
    carried: list[str] = []
    lost: list[Lost] = []
    makers: set[str] = set()
    flags = 0  # of the notebook's own `from __future__` lines
    for cell in code_cells(notebook):
        if cell.graded or cell.experiment:
            continue
        filename, place = f"<cell {cell.number} of {task}>", f"cell {cell.number} of {task}"
        linecache.cache[filename] = (len(cell.source), None, cell.source.splitlines(keepends=True), filename)
        try:
            tree = read_cell(cell.source, filename, flags=flags).tree
        except UNREADABLE as error:
            lost.append((place, said(error), names_in(cell.source)))
            continue
        for statement in definitions(tree.body if tree else [], makers):
            try:
                code = compile(ast.Module([statement], []), filename, "exec", flags, dont_inherit=True)
                flags |= code.co_flags & FUTURES
                exec(code, namespace)
            except Exception as error:
                lost.append((f"{place}, line {statement.lineno}", said(error), bound_names(statement)))
            else:
                carried += names_of(statement)
    own = [name for name in dict.fromkeys(carried) if not name.startswith("_")]
    # A name that is not valid Unicode cannot be printed as it is.
    taken = str(path).encode("utf-8", "backslashreplace").decode()
    print(f"carried from {taken}: {', '.join(own) or 'nothing'}")
    if lost:
        print(f"not carried: {'; '.join(f'{place} ({reason})' for place, reason, _ in lost)}")
    return lost


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
