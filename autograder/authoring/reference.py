"""The reference as a namespace, like that of an executed notebook: alone, or with something planted into it."""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from autograder.authoring.errors import AuthoringError
from autograder.authoring.text import read_text

IMPORT = re.compile(r"^\s*(?:from|import)\s+solutions\.(\w+)", re.MULTILINE)
PLANTED = "<cell planted>"  # where tracebacks say that planted source stands


def reference_files_of(home: Path, task: str) -> dict[str, Path]:
    """By task in sorted order, the files of `solutions/` that ``task`` is made of: its own, and those it imports."""
    found: dict[str, Path] = {}
    waiting = [task]
    while waiting:
        name = waiting.pop()
        path = home / "solutions" / f"{name}.py"
        if name not in found and path.is_file():
            found[name] = path
            waiting += IMPORT.findall(path.read_text(encoding="utf-8-sig", errors="replace"))
    return dict(sorted(found.items()))


def reference_namespace(
    home: Path, task: str, planted: str = "", *, earlier: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """The names of `solutions/<task>.py`, executed anew: two namespaces share no state.

    Args:
        home: the folder with `solutions/`.
        planted: source executed after it in the same namespace, as a later cell of a notebook.
        earlier: by task, the namespace that stands in for `solutions.<task>` where this one imports from it.

    Raises:
        AuthoringError: the reference does not run.
    """
    if str(home) not in sys.path:
        sys.path.insert(0, str(home))
    path = home / "solutions" / f"{task}.py"
    namespace: dict[str, Any] = {"__name__": f"solutions.{task}", "__file__": str(path)}
    try:
        code, imported = _compiled(path, path.stat().st_mtime_ns, frozenset(earlier or ()))
        for other, name, alias in imported:
            namespace[alias] = (earlier or {})[other][name]
        exec(code, namespace)
    except Exception as error:  # the file is Python: it may fail in any way
        raise AuthoringError([f"solutions/{task}.py: {type(error).__name__}: {error}"]) from error
    if planted:
        exec(_planted(planted), namespace)
    return namespace


@lru_cache(maxsize=256)
def _compiled(
    path: Path, _mtime: int, replaced: frozenset[str]
) -> tuple[CodeType, list[tuple[str, str, str]]]:
    """The code of the file, and (task, name, alias) of every import from a task in ``replaced``, left out of it."""
    tree = ast.parse(read_text(path), str(path))
    imported, body = [], []
    for node in tree.body:
        other = (getattr(node, "module", None) or "").removeprefix("solutions.")
        if isinstance(node, ast.ImportFrom) and other in replaced:
            imported += [(other, alias.name, alias.asname or alias.name) for alias in node.names]
        else:
            body.append(node)
    tree.body = body
    return compile(tree, str(path), "exec"), imported


@lru_cache(maxsize=4096)
def _planted(source: str) -> CodeType:
    return compile(source, PLANTED, "exec")


def handed_in(home: Path, task: str) -> dict[str, bytes]:
    """The files that the reference hands in beside its notebook, by name; made anew, which may take seconds."""
    if not (home / "solutions" / "handed_in.py").is_file():
        return {}
    if str(home) not in sys.path:
        sys.path.insert(0, str(home))
    return importlib.import_module("solutions.handed_in").reference_files(task)


@contextlib.contextmanager
def files_at_hand(files: Mapping[str, bytes]) -> Iterator[None]:
    """Work in a fresh folder that holds ``files``."""
    # Below the working directory: data that is found from there is found from here too.
    with tempfile.TemporaryDirectory(prefix=".reference-", dir=".") as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        with contextlib.chdir(folder):
            yield


@contextlib.contextmanager
def shown_data(folder: Path | None) -> Iterator[None]:
    """Let `load_mnist` return what a sandbox with the data in ``folder`` sees."""
    kept = os.environ.get("AUTOGRADER_DATA")
    os.environ["AUTOGRADER_DATA"] = str(folder)
    try:
        yield
    finally:
        if kept is None:
            del os.environ["AUTOGRADER_DATA"]
        else:
            os.environ["AUTOGRADER_DATA"] = kept
