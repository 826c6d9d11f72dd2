"""What `get_ipython()` is in a cell that runs here: the magics of a course notebook, each as far as a grade needs it.

What times something runs it once, in the notebook's own names. What changes the session (``%env``, ``%%capture``,
``%%writefile``, ``%run``) does that. What talks to a shell, to an installer or to a person does nothing, and a line on
stderr says so where it matters. An unknown magic is left out and named.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from autograder.sandbox.syntax import AUTOMAGICS, OTHER_CELLS, PYTHON_CELLS, CellMagic

if TYPE_CHECKING:
    from autograder.sandbox.cells import Shell

# Options in front of the statement that a magic runs: those that stand alone, and those with a value.
STATEMENTS = {
    "debug": ("", "b"),
    "lprun": ("rsz", "fmDTu"),
    "memit": ("co", "rti"),
    "mprun": ("rc", "fT"),
    "prun": ("rq", "DlsT"),
    "snakeviz": ("t", "f"),
    "time": ("", ""),
    "timeit": ("tcqo", "nrpv"),
}
# Further line magics without a meaning here; `AUTOMAGICS` are known too.
_QUIET = """
alias_magic autoawait autocall automagic autosave connect_info doctest_mode ed edit gui killbgscripts
lab_black load_dotenv loadpy logoff logon logstart logstate logstop macro nb_black notebook pastebin pdb
pprint precision qtconsole rep reset_selective sc sx tensorboard tensorflow_version unalias watermark
xdel
"""
QUIET = set(_QUIET.split())
SAID = {"conda", "mamba", "micromamba", "pip", "uv", "load", "loadpy", "reset", "store"}
COLAB = "/content/"  # the working folder there
FILE_LIMIT = 2**22  # bytes of a file that %run reads
NAME_LIMIT = 40  # characters of an unknown magic's name that are shown
SHOWN = 80  # characters of a line that is not run


class SList(list):
    """What a command of the shell printed, as IPython gives it: a list of lines with other views of them."""

    l = list = property(lambda self: self)
    s = spstr = property(lambda self: " ".join(self))
    n = nlstr = property(lambda self: "\n".join(self))
    p = paths = property(lambda self: [])

    def grep(self, *pattern: Any, **options: Any) -> SList:
        """The lines of a pattern; there are none."""
        return SList()

    fields = grep


class TimeitResult:
    """What ``%timeit -o`` gives: one run is all of them. Its text has no numbers, which would differ in every run."""

    def __init__(self, seconds: float) -> None:
        self.average = self.best = self.worst = max(seconds, 1e-9)
        self.stdev = self.compile_time = 0.0
        self.loops = self.repeat = 1
        self.all_runs = self.timings = [self.average]

    def __repr__(self) -> str:
        return "<TimeitResult of one run>"


class Captured:
    """What ``%%capture`` gives: the printed texts."""

    def __init__(self) -> None:
        self._stdout, self._stderr = io.StringIO(), io.StringIO()
        self.outputs: list[Any] = []

    stdout = property(lambda self: self._stdout.getvalue())
    stderr = property(lambda self: self._stderr.getvalue())

    def show(self) -> None:
        """Print it."""
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)

    __call__ = show

    def __str__(self) -> str:
        return self.stdout


class Nothing:
    """An attribute of IPython that has no meaning here: whatever is done with it has no effect."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __getitem__(self, key: Any) -> Nothing:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __call__(self, *args: Any, **options: Any) -> Nothing:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __bool__(self) -> bool:
        return False


class Magics:
    """The object that `get_ipython()` gives.

    Args:
        shell: runs the cells whose magics these are.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._folder = os.path.realpath(os.getcwd())
        self._own: dict[tuple[str, str], Callable[..., Any]] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()

    @property
    def user_ns(self) -> dict[str, Any]:
        """The notebook's names."""
        return self._shell.namespace

    def run_line_magic(self, name: str, line: str = "", *args: Any, **options: Any) -> Any:
        """``%name line``."""
        name, line = str(name).lstrip("%"), str(line)
        if ("line", name) in self._own:
            return self._own["line", name](line)
        if name in STATEMENTS:
            return self._statement(name, line)
        method = getattr(type(self), f"_line_{name}", None)
        if method is not None:
            return method(self, line)
        if name in ("sx", "system", "sc"):
            return self.getoutput(line)
        if name in SAID:
            _say_not_run(f"%{name} {line}")
        elif name not in QUIET and name not in AUTOMAGICS:
            self._shell.unknown_magic(f"%{name}")
        return None

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        """``%%name line`` above ``cell``."""
        return self._shell.run_inner(f"%%{str(name).lstrip('%')} {line}\n{cell}", f"%%{name}")

    def magic(self, text: str) -> Any:
        """A line magic as one text, in the way of old notebooks."""
        name, *rest = str(text).split(None, 1) or [""]
        return self.run_line_magic(name, "".join(rest))

    def automagic(self, name: str, line: str, otherwise: Callable[[], Any]) -> Any:
        """A line such as ``ls -la``: a magic, unless the notebook gives its first name a meaning."""
        if name in self._shell.namespace or ("line", name) in self._own:
            return otherwise()
        return self.run_line_magic(name, line)

    def system(self, command: Any, *args: Any, **options: Any) -> None:
        """``!command``, which is not run."""
        self._shell.namespace["_exit_code"] = 0
        _say_not_run(f"!{command}")

    system_raw = system_piped = system

    def getoutput(self, command: Any, split: bool = True, *args: Any, **options: Any) -> Any:
        """``x = !command``, which is not run: no lines."""
        _say_not_run(f"!{command}")
        return SList() if split else ""

    def run_cell(self, source: str, *args: Any, **options: Any) -> Any:
        """Run the text of a cell."""
        return self._shell.run_inner(str(source), "run_cell")

    ex = run_cell

    def ev(self, expression: str) -> Any:
        """The value of an expression in the notebook's names."""
        return eval(expression, self._shell.namespace)

    def push(self, variables: dict[str, Any], *args: Any, **options: Any) -> None:
        """Give the notebook further names."""
        self._shell.namespace.update(variables)

    def register_magic_function(
        self, function: Callable[..., Any], magic_kind: str = "line", magic_name: str | None = None
    ) -> None:
        """A magic of the notebook's own, as `IPython.core.magic.register_line_magic` defines it."""
        kinds = ("line", "cell") if magic_kind == "line_cell" else (magic_kind,)
        for kind in kinds:
            self._own[kind, magic_name or function.__name__] = function

    def own_cell_magic(self, magics: tuple[CellMagic, ...]) -> Callable[..., Any] | None:
        """The notebook's own function for the outermost of ``magics``."""
        return self._own.get(("cell", magics[0].name)) if magics else None

    @contextlib.contextmanager
    def around(self, magics: tuple[CellMagic, ...]) -> Iterator[None]:
        """What the cell magics ``magics`` do around a body that is Python."""
        with contextlib.ExitStack() as stack:
            for magic in magics:
                match magic.name:
                    case "capture":
                        stack.enter_context(self._capturing(magic.line))
                    case "timeit" | "prun":
                        _, statement = _without_options(magic.name, magic.line)
                        if statement:
                            self._shell.run_inner(statement, f"%%{magic.name}")
                    case name if name not in PYTHON_CELLS:
                        self._shell.unknown_magic(f"%%{name}")
            yield

    def other_cell(self, magics: tuple[CellMagic, ...], text: str) -> None:
        """A cell whose body is not Python: a file is written, all else is left out."""
        for magic in magics:
            if magic.name in ("file", "writefile"):
                self._write(magic, text)
            elif magic.name not in OTHER_CELLS | PYTHON_CELLS:
                self._shell.unknown_magic(f"%%{magic.name}")
            else:
                for name in re.findall(r"--(?:out|err)[ =](\w+)", magic.line):
                    self._shell.namespace[name] = ""

    def _statement(self, name: str, line: str) -> Any:
        options, statement = _without_options(name, line)
        start = time.perf_counter()
        value = self._shell.run_inner(statement, f"%{name}") if statement else None
        if name == "time":
            return value
        return TimeitResult(time.perf_counter() - start) if "o" in options else None

    @contextlib.contextmanager
    def _capturing(self, line: str) -> Iterator[None]:
        words = line.split()
        captured = Captured()
        kept = sys.stdout, sys.stderr
        if "--no-stdout" not in words:
            sys.stdout = captured._stdout
        if "--no-stderr" not in words:
            sys.stderr = captured._stderr
        try:
            yield
        finally:
            sys.stdout, sys.stderr = kept
            for name in words[:]:
                if name.isidentifier():
                    self._shell.namespace[name] = captured

    def _write(self, magic: CellMagic, text: str) -> None:
        words = magic.line.split()
        name = words[-1].strip("\"'") if words else ""
        path = os.path.realpath(os.path.join(self._folder, os.path.expanduser(name.removeprefix(COLAB))))
        if not name or not path.startswith(os.path.join(self._folder, "")):
            _say_not_run(f"%%{magic.name} {magic.line} (it writes only into the notebook's own folder)")
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        append = "-a" in words or "--append" in words
        with open(path, "a" if append else "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        if self._folder not in sys.path:
            sys.path.append(self._folder)  # last: a file of the notebook takes no module's place
        sys.path_importer_cache.pop(self._folder, None)

    def _line_run(self, line: str) -> None:
        words = [word for word in line.split() if not word.startswith("-")]
        name = words[0].strip("\"'") if words else ""
        for path in (name, f"{name}.py", os.path.basename(name)):
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    text = file.read(FILE_LIMIT)
                return self._shell.run_file(path, text)
        return _say_not_run(f"%run {line} (there is no such file)")

    def _line_env(self, line: str) -> Any:
        if not line.strip():
            return dict(os.environ)
        name, *value = re.split(r"\s*=\s*|\s+", line.strip(), maxsplit=1)
        if not value:
            return os.environ.get(name)
        os.environ[name] = value[0]
        return None

    _line_set_env = _line_env

    def _line_pwd(self, line: str) -> str:
        return os.getcwd()

    def _line_who_ls(self, line: str) -> list[str]:
        return sorted(name for name in self._shell.namespace if not name.startswith("_"))

    def _line_pylab(self, line: str) -> None:
        self._shell.run_inner(
            "import numpy\nimport matplotlib\nfrom matplotlib import pylab, pyplot\nnp, plt = numpy, pyplot\n"
            "from matplotlib.pylab import *\nfrom numpy import *\n",
            "%pylab",
        )

    def _line_alias_magic(self, line: str) -> None:
        words = [word.lstrip("%") for word in line.split() if not word.startswith("-")]
        if len(words) >= 2:
            new, old = words[:2]
            self._own["line", new] = lambda rest: self.run_line_magic(old, rest)
            self._own["cell", new] = lambda rest, cell: self.run_cell_magic(old, rest, cell)


def _without_options(name: str, line: str) -> tuple[str, str]:
    """The letters of a magic's options, and the statement behind them."""
    alone, valued = STATEMENTS.get(name, ("", ""))
    found, rest = "", line.strip()
    while rest.startswith("-"):
        word, _, after = rest.partition(" ")
        after = after.lstrip()
        letters = word[1:]
        flags = letters[: len(letters) - len(letters.lstrip(alone))] if alone else ""
        option = letters[len(flags) : len(flags) + 1]
        if option and option not in valued and not letters.startswith("-"):
            break  # a statement such as -x
        if option and word.endswith(option) and option in valued:
            after = after.partition(" ")[2].lstrip()  # its value is a word of its own
        found, rest = found + flags + option, after
    return found, rest


def _say_not_run(text: str) -> None:
    print(f"not run here: {' '.join(text[: 4 * SHOWN].split())[:SHOWN]}", file=sys.stderr)


def clear_output(*args: Any, **options: Any) -> None:
    """`IPython.display.clear_output`: nothing is shown that could be cleared."""
