"""Which statements of a cell define something: what `carry` takes, and what is kept of a cell that stopped."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

TYPE_ALIAS = "TypeAlias"  # ``type Array = …``, from Python 3.12 on
Position = tuple[int, int]  # line, from 1, and column in bytes, from 0


def definitions(statements: Iterable[ast.stmt], makers: set[str]) -> list[ast.stmt]:
    """The statements that define: imports, functions, classes, and assignments that call nothing.

    The one call that runs makes a closure: ``softmax = make_softmax()``, where the notebook's own ``make_softmax``
    defines a function inside, and the arguments are constants. Of ``try`` and of an ``if`` that calls nothing the
    definitions inside count: ``try: import cupy as np``, ``except ImportError: import numpy as np``.

    Args:
        makers: names of such functions so far; those of ``statements`` are added.
    """
    found: list[ast.stmt] = []
    for statement in statements:
        match statement:
            case ast.Import() | ast.ImportFrom():
                # One by one: a package that is missing takes no other one with it.
                found += _single_imports(statement)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.append(statement)
                if isinstance(statement, ast.FunctionDef) and _defines_inside(statement):
                    makers.add(statement.name)
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                if _is_constant(value, makers) and all(_is_plain_target(t) for t in _targets(statement)):
                    found.append(statement)
            case _ if type(statement).__name__ == TYPE_ALIAS:
                found.append(statement)
            case ast.Try(body=body, handlers=handlers, orelse=other, finalbody=final):
                if inner := definitions(body, makers):
                    tried = [
                        ast.ExceptHandler(h.type, h.name, _block(h.body, makers), **_place(h))
                        for h in handlers
                    ]
                    rest, last = definitions(other, makers), definitions(final, makers)
                    found.append(ast.Try(inner, tried, rest, last, **_place(statement)))
            case ast.If(test=test, body=body, orelse=other):
                inner, rest_inner = definitions(body, makers), definitions(other, makers)
                if (inner or rest_inner) and _is_constant(test, set()):
                    found.append(ast.If(test, inner or _block([], makers), rest_inner, **_place(statement)))
    return found


def names_of(statement: ast.stmt) -> list[str]:
    """The names a definition binds, imports left out."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign() | ast.AnnAssign():
            return [n.id for t in _targets(statement) for n in ast.walk(t) if isinstance(n, ast.Name)]
        case ast.Try() | ast.If():
            return list(dict.fromkeys(name for inner in _inside(statement) for name in names_of(inner)))
    alias = getattr(statement, "name", None) if type(statement).__name__ == TYPE_ALIAS else None
    return [alias.id] if isinstance(alias, ast.Name) else []


def bound_names(statement: ast.stmt) -> list[str]:
    """The names a definition binds, those of imports among them (``*`` binds unknown ones)."""
    match statement:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.Try() | ast.If():
            return list(dict.fromkeys(name for inner in _inside(statement) for name in bound_names(inner)))
    return names_of(statement)


def rest_of(statements: list[ast.stmt], stop: Position) -> tuple[ast.stmt | None, list[ast.stmt]]:
    """The statement that was running at ``stop``, and those that were still to come.

    Inside of a ``with`` or a ``try`` that is the innermost one, and what stands below it in the same block comes
    first. Of an import the names that were still to come are among the latter.
    """
    for index, statement in enumerate(statements):
        if _end(statement) <= stop:
            continue
        after = statements[index + 1 :]
        if stop < _start(statement):
            return None, [statement, *after]
        for block in _blocks(statement):
            if block and _start(block[0]) <= stop < _end(block[-1]):
                running, below = rest_of(block, stop)
                return running, [*below, *after]
        parts = list(_single_imports(statement))
        return statement, [*(parts if len(parts) > 1 else []), *after]
    return None, []


def _single_imports(statement: ast.stmt) -> Iterator[ast.stmt]:
    match statement:
        case ast.Import(names=names):
            for alias in names:
                yield ast.Import([alias], **_place(statement))
        case ast.ImportFrom(module="__future__"):
            yield statement
        case ast.ImportFrom(module=module, names=names, level=level):
            for alias in names:
                yield ast.ImportFrom(module, [alias], level, **_place(statement))


def _place(node: ast.stmt | ast.excepthandler) -> dict[str, int]:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return {
        "lineno": node.lineno, "col_offset": node.col_offset, "end_lineno": end_line, "end_col_offset": end_column
    }  # fmt: skip


def _block(statements: list[ast.stmt], makers: set[str]) -> list[ast.stmt]:
    """The definitions among ``statements``, for a place where at least one statement must stand."""
    return definitions(statements, makers) or [
        ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=4)
    ]


def _start(statement: ast.stmt) -> Position:
    decorators = getattr(statement, "decorator_list", [])
    return min((node.lineno, node.col_offset) for node in (statement, *decorators))


def _end(statement: ast.stmt) -> Position:
    return statement.end_lineno or statement.lineno, statement.end_col_offset or 0


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement that run where it stands."""
    if isinstance(
        statement, (ast.If, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar)
    ):
        yield statement.body
        yield getattr(statement, "orelse", [])
        yield from (handler.body for handler in getattr(statement, "handlers", []))
        yield getattr(statement, "finalbody", [])


def _inside(statement: ast.stmt) -> Iterator[ast.stmt]:
    return (inner for block in _blocks(statement) for inner in block)


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
