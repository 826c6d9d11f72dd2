"""What stands in a cell, as plain Python: IPython's own reading of it, where Python alone cannot read it.

A cell magic at the front is taken off first, so that everything that looks for definitions (`carry`, the grader, a
person's check) sees those below it. The rest is Python in nearly every cell. Only when it is not, IPython's input
transformer rewrites lines such as ``%timeit f()``, ``x = !ls`` or ``f?``. It is loaded by itself: all of IPython takes
half a second to import, its transformer a hundredth. Line numbers stay those of the cell.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import importlib.machinery
import re
import sys
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

# Cell magics whose body is Python, which the cell runs.
PYTHON_CELLS = {"capture", "debug", "heat", "memit", "mprun", "prun", "scalene", "snakeviz", "time", "timeit"}
# Cell magics whose body is something else. Of any other magic the body is run when it is Python.
_OTHER_CELLS = """
! HTML SVG ai bash bigquery cmd file html javascript js latex markdown perl pypy python python2 python3
ruby script sh shell sql svg sx system writefile writetemplate
"""
# Line magics that IPython also knows without their %, where no name of the notebook stands for them.
_AUTOMAGICS = """
alias autoreload bookmark cat cd clear colors conda config cp dhist dirs env hist history ldir less lf
lk ll load load_ext ls lsmagic lx magic mamba man matplotlib micromamba mkdir more mv page pdef pdoc
pfile pinfo pinfo2 pip popd prun psearch psource pushd pwd pycat pylab quickref recall rehashx reload_ext rerun
reset rm rmdir run save set_env store system tb time timeit unload_ext uv who who_ls whos xmode
"""
OTHER_CELLS, AUTOMAGICS = set(_OTHER_CELLS.split()), set(_AUTOMAGICS.split())
SHELL = "__get_ipython__"  # in builtins; unlike `get_ipython` no notebook gives this name another meaning
AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
FUTURES = 0
for _name in __future__.all_feature_names:
    FUTURES |= getattr(__future__, _name).compiler_flag
MAX_AUTOMAGICS = 50  # in one cell
UNREADABLE = (
    SyntaxError,
    ValueError,
    RecursionError,
    MemoryError,
)  # what Python says of source that it cannot read
PROMPT = re.compile(r"\s*In \[\d+\]: ")  # pasted; Python would read an annotation
HOPELESS = "too many"  # nested parentheses, nested blocks: IPython would look at them for seconds
_AUTOMAGIC = re.compile(r"(\s*)(\w+)(?=\s|$)(?!\s*[=,])(.*)")


@dataclass(frozen=True)
class CellMagic:
    """A magic at the front of a cell: its name without %%, and the rest of its line."""

    name: str
    line: str


@dataclass(frozen=True)
class CellCode:
    """A cell that was read.

    Attributes:
        magics: the cell magics at its front, outermost first.
        above: how many lines they take.
        body: what stands below them, as typed, with empty lines in place of what stands above.
        tree: the body as Python; None when it is something else.
    """

    magics: tuple[CellMagic, ...]
    above: int
    body: str
    tree: ast.Module | None

    @property
    def below(self) -> str:
        """The text below the cell magics."""
        return self.body[self.above :]


def read_cell(source: str, filename: str = "<cell>", *, flags: int = 0, own_shell: bool = False) -> CellCode:
    """Read a cell of a notebook.

    The body of a cell magic that is not known is Python when it can be read so.

    Args:
        flags: compiler flags of the notebook's earlier ``from __future__`` lines.
        own_shell: magics call `SHELL`, not `get_ipython`.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: neither Python nor IPython can read it.
    """
    magics, above, body = peel(source)
    names = {magic.name for magic in magics}
    if names & OTHER_CELLS:
        return CellCode(magics, above, body, None)
    try:
        return CellCode(magics, above, body, python_tree(body, filename, flags, own_shell))
    except UNREADABLE:
        if names <= PYTHON_CELLS:
            raise
        return CellCode(magics, above, body, None)


def peel(source: str) -> tuple[tuple[CellMagic, ...], int, str]:
    """The cell magics at the front of ``source``, how many lines they take, and what stands below these lines.

    Empty lines and comments may stand above a cell magic. The text keeps its line numbers.
    """
    magics: list[CellMagic] = []
    above = 0
    lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text.startswith("%%") and not text.endswith("?"):
            name, *rest = text[2:].split(None, 1) or [""]
            magics.append(CellMagic(name, "".join(rest)))
            above = number
            if name in OTHER_CELLS:
                break
        elif text and not text.startswith("#"):
            break
    return tuple(magics), above, "\n" * above + "\n".join(lines[above:])


def python_tree(text: str, filename: str, flags: int, own_shell: bool) -> ast.Module:
    """The syntax tree of ``text`` as Python, or else of what IPython makes of it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: neither can read it.
    """
    plain = SyntaxError("a prompt of IPython")
    if not PROMPT.match(text):
        try:
            return _with_automagics(_parse(text, filename, flags), text)
        except SyntaxError as error:
            if error.msg.startswith(HOPELESS):
                raise
            plain = error
    try:
        tree = _parse_ipython(text, filename, flags)
    except SyntaxError as error:
        # What IPython leaves unchanged is said better of the cell as it was typed.
        raise (plain if error.msg == plain.msg else error) from None
    tree = _with_automagics(tree, text)
    return ast.fix_missing_locations(_OwnShell().visit(tree)) if own_shell else tree


def _parse(text: str, filename: str, flags: int) -> ast.Module:
    tree: Any = compile(text, filename, "exec", flags | AWAIT | ast.PyCF_ONLY_AST, dont_inherit=True)
    return tree


def _parse_ipython(text: str, filename: str, flags: int) -> ast.Module:
    """The tree of the transformed text; a line of an automagic is found where Python stops reading."""
    for _ in range(MAX_AUTOMAGICS):
        plain = _transformed(text)
        try:
            return _parse(plain, filename, flags)
        except SyntaxError as error:
            lines = plain.split("\n")
            number = (error.lineno or 0) - 1
            match = _AUTOMAGIC.fullmatch(lines[number]) if 0 <= number < len(lines) else None
            if match is None or match[2] not in AUTOMAGICS:
                raise
            lines[number] = f"{match[1]}%{match[2]}{match[3]}"
            text = "\n".join(lines)
    raise SyntaxError(f"more than {MAX_AUTOMAGICS} lines of magics without %")


def _transformed(text: str) -> str:
    try:
        plain = transformer().transform_cell(text)
    except UNREADABLE:
        raise
    except Exception as error:  # its assertions, and its bound on the number of magics
        raise SyntaxError(f"IPython cannot read the cell ({type(error).__name__}: {error})") from None
    front = text[: len(text) - len(text.lstrip())]
    return "\n" * front.count("\n") + plain  # it drops empty lines at the front; with them line numbers stay


def _with_automagics(tree: ast.Module, text: str) -> ast.Module:
    """``tree`` with lines such as ``ls -la``, which are Python as well, as magics: where the cell has no such name."""
    found = [statement for statement in tree.body if _first_name(statement) in AUTOMAGICS]
    if not found:
        return tree
    bound = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and type(node.ctx) is not ast.Load
    }
    for statement in found:
        name = _first_name(statement)
        if name is None or name in bound:
            continue
        line = ast.get_source_segment(text, statement) or name
        quoted = f"{SHELL}().automagic({name!r}, {line[len(name) :].strip()!r}, lambda: 0)"
        call: Any = ast.parse(quoted, mode="eval").body
        call.args[2].body = statement.value  # type: ignore[attr-defined]
        statement.value = ast.copy_location(call, statement)  # type: ignore[attr-defined]
    return ast.fix_missing_locations(tree)


def _first_name(statement: ast.stmt) -> str | None:
    """``ls`` of the expression statements ``ls`` and ``ls -la / x``."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    while isinstance(value, ast.BinOp):
        value = value.left
    return value.id if isinstance(value, ast.Name) else None


class _OwnShell(ast.NodeTransformer):
    """Calls of `get_ipython`, which IPython writes for magics, reach the shell whatever the notebook calls so."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "get_ipython" and not node.args:
            node.func.id = SHELL
        return node


@cache
def transformer() -> Any:
    """IPython's `TransformerManager`, without the rest of IPython.

    Raises:
        SyntaxError: IPython is not installed.
    """
    name = "IPython.core.inputtransformer2"
    loaded = sys.modules.get(name)
    if loaded is None:
        spec = importlib.machinery.PathFinder.find_spec("IPython")
        if spec is None or not spec.submodule_search_locations:
            raise SyntaxError("IPython is not installed, and the cell is no plain Python")
        (root, *_) = spec.submodule_search_locations
        # Packages without content stand in for the real ones: importing those would import everything.
        kept = {key: module for key, module in sys.modules.items() if key.partition(".")[0] == "IPython"}
        for key in kept:
            del sys.modules[key]
        for key, folder in (
            ("IPython", root),
            ("IPython.core", f"{root}/core"),
            ("IPython.utils", f"{root}/utils"),
        ):
            package = sys.modules[key] = ModuleType(key)
            package.__path__ = [folder]
        try:
            loaded = importlib.import_module(name)
        finally:
            for key in [key for key in sys.modules if key.partition(".")[0] == "IPython"]:
                del sys.modules[key]
            sys.modules.update(kept)
    return loaded.TransformerManager()
