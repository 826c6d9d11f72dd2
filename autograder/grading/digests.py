"""What a check is made of, as a hash: a submission is judged again only by the checks whose hash has changed.

Nothing is run to find out. A check is made of

- the definitions at the top of its file whose names stand in it, those whose names stand in these, and so on;
- where one of them is a variable that may hold a state, everything else that uses this variable;
- every statement of the file that is no definition, because it may do anything;
- the whole of every file of this package that these import, and of the files which those import.

Where a name like `globals` or `eval` stands in one of them, it is made of its whole file. Comments and layout do not
count. A reference counts as a whole, with the references it imports: which of its functions a check asks for is not
known beforehand. A text counts for nothing: it has no say in what is right.

One thing is not seen: a check that leaves something behind for another one in a default argument or a class. Checks
keep nothing (`tests/grading/test_regrade.py` runs each alone).
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from autograder.authoring.reference import reference_files_of
from autograder.sandbox.kit import PACKAGE

# Names by which code reaches what it does not name.
OPAQUE = {"globals", "locals", "vars", "eval", "exec", "compile", "__import__", "importlib", "inspect", "sys"}
IMPORT = re.compile(
    r"^[ \t]*(?:import[ \t]+(?P<modules>autograder[\w.]*)"
    r"|from[ \t]+(?P<module>autograder[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n]*))",
    re.MULTILINE,
)
PLAIN = (
    ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.Name, ast.Attribute, ast.Subscript, ast.expr_context,
    ast.operator, ast.unaryop,
)  # fmt: skip


def check_digests(task: str, names: Iterable[str]) -> dict[str, str]:
    """The hash of every check of ``task`` in ``names``."""
    file = _File(PACKAGE / "checks" / f"{task}.py")
    return {name: file.digest(name) for name in names}


def reference_digest(home: Path, task: str) -> str:
    """The hash of `solutions/<task>.py` and of every other reference it imports, without comments and layout."""
    return _hash(
        f"{name} {_code(path.read_bytes())}" for name, path in reference_files_of(home, task).items()
    )


@lru_cache(maxsize=64)
def _code(content: bytes) -> str:
    """A hash of Python source without comments and layout; of the bytes themselves where it does not parse."""
    try:
        return _hash([ast.dump(ast.parse(content))])
    except (SyntaxError, ValueError):
        return hashlib.sha256(content).hexdigest()


class _File:
    """One file of checks, taken apart into what stands at its top."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._definitions: dict[str, list[ast.stmt]] = {}
        self._loose: list[ast.stmt] = []
        self._tree = ast.parse(path.read_bytes())
        self._nodes = [node for node in self._tree.body if not _is_text(node)]
        for node in self._nodes:
            names = _defined(node)
            for name in names:
                self._definitions.setdefault(name, []).append(node)
            if not names:
                self._loose.append(node)
        self._used = {node: _used(node) for node in self._nodes}
        self._dumps = {node: ast.dump(node) for node in self._nodes}
        self._states = self._find_states()

    def digest(self, check: str) -> str:
        """The hash of one check."""
        nodes = self._reached(check) if check in self._definitions else set(self._nodes)
        if any(self._used[node] & OPAQUE for node in nodes):
            nodes = set(self._nodes)
        parts = {self._dumps[node] for node in nodes}
        parts |= {_file_hash(path) for node in nodes for path in _reached_files(_imports(node))}
        return _hash(sorted(parts))

    def _reached(self, check: str) -> set[ast.stmt]:
        reached: set[ast.stmt] = set()
        waiting = [*self._definitions[check], *self._loose]
        while waiting:
            node = waiting.pop()
            if node not in reached:
                reached.add(node)
                for name in self._used[node] & self._definitions.keys():
                    waiting += self._definitions[name]
                for name in self._states.intersection([*_defined(node), *self._used[node]]):
                    waiting += [other for other in self._nodes if name in self._used[other]]
        return reached

    def _find_states(self) -> set[str]:
        """Names of what may be changed while checks run."""
        states: set[str] = set()
        imported = {
            name
            for name, nodes in self._definitions.items()
            if all(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes)
        }
        for name, nodes in self._definitions.items():
            values = [
                node.value for node in nodes if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
            ]
            if any(not _is_plain(value, imported) for value in values):
                states.add(name)
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Global):
                states.update(node.names)
            elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
                root = _root(node)
                if root in self._definitions:
                    states.add(root)
        return states - imported


def _defined(node: ast.stmt) -> list[str]:
    """The names that a statement defines; none when it may do more than that."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=[ast.Tuple(elts=parts)]) if all(isinstance(part, ast.Name) for part in parts):
            return [part.id for part in parts if isinstance(part, ast.Name)]
        case ast.Import() | ast.ImportFrom() if all(alias.name != "*" for alias in node.names):
            return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return []


def _used(node: ast.stmt) -> set[str]:
    used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return used.union(*(inner.names for inner in ast.walk(node) if isinstance(inner, ast.Global)))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_plain(value: ast.expr, imported: set[str]) -> bool:
    """Whether nothing can change what ``value`` gives: numbers, texts, tuples of them, names of types."""
    return all(
        isinstance(inner, PLAIN)
        and (
            not isinstance(inner, ast.Attribute | ast.Subscript)
            or (_root(inner) or "") in imported | set(dir(builtins))
        )
        for inner in ast.walk(value)
    )


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _imports(node: ast.stmt) -> Iterator[str]:
    """The modules that a statement, or anything in it, imports: also names that may be modules."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom) and inner.module:
            yield inner.module
            yield from (f"{inner.module}.{alias.name}" for alias in inner.names)


def _reached_files(modules: Iterable[str]) -> set[Path]:
    """The files of this package behind ``modules``, and those that they import."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        path = _file_of(waiting.pop())
        if path is not None and path not in found:
            found.add(path)
            waiting += _imported_by(path)
    return found


@lru_cache(maxsize=512)
def _file_of(module: str) -> Path | None:
    first, *parts = module.split(".")
    if first != "autograder":
        return None
    path = PACKAGE.joinpath(*parts)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if parts and candidate.is_file():
            return candidate
    return None


@lru_cache(maxsize=512)
def _imported_by(path: Path) -> tuple[str, ...]:
    found: list[str] = []
    for match in IMPORT.finditer(path.read_text(encoding="utf-8-sig")):
        module = match["modules"] or match["module"]
        found += [module, *(f"{module}.{name}" for name in re.findall(r"\w+", match["names"] or ""))]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=512)
def _file_hash(path: Path) -> str:
    content = path.read_bytes()
    code = _code(content) if path.parent.name == "checks" else hashlib.sha256(content).hexdigest()
    return f"{path.relative_to(PACKAGE)} {code}"


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
