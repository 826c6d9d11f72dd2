"""`check("softmax_rows")`: run one check on this notebook's own definitions, without network or reference."""

from __future__ import annotations

import os
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import autograder.checks
from autograder.calls import Replayer, ReplayRng, Session, connect
from autograder.checks import Check, load_checks
from autograder.checks.outcome import CheckResult, run_check
from autograder.notebook import render
from autograder.notebook.answers import load_answers
from autograder.notebook.cells import code_cells, parse_notebook
from autograder.notebook.data import local_data
from autograder.notebook.failures import Failures, python_version
from autograder.notebook.lean import PIECE, Lean, lean
from autograder.notebook.names import task_named
from autograder.notebook.timing import CELL_LIMIT_S, Used, measured, warnings
from autograder.sandbox.cells import Shell

CELL_SECONDS = 600.0  # the student's own machine and time; only a forgotten endless loop is stopped
OUTPUT_LIMIT = 100_000
LEFT_LIMIT = 100 * 2**20  # bytes of a notebook without its outputs
NOTEBOOK_ENDINGS = (".ipynb", ".json", ".txt", "")
COLLECTED = ("submitted", "autograded")  # nbgrader's folders of what students handed in


class Shown:
    """A result and what it took, which notebooks show as HTML and everything else as text."""

    def __init__(self, result: CheckResult, used: Used, cpu_s: float) -> None:
        self.result, self.used = result, used
        self.warnings = warnings("check", used, cpu_s)

    def __repr__(self) -> str:
        return render.text(self.result, self.used, self.warnings)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # nbgrader without our configuration reads a cell's plain value as its points: so it gets them.
        shell = type(sys.modules["IPython"].get_ipython()).__name__ if "IPython" in sys.modules else ""
        if shell == "ZMQInteractiveShell":
            shown = render.html(self.result, self.used, self.warnings)
            return {"text/html": shown, "text/plain": f"{self.result.points}"}
        return {"text/plain": repr(self)}


def check(name: str) -> Shown:
    """Judge this notebook's own code by the check ``name``, with the numbers that ship with the package.

    Raises:
        ValueError: there is no such check.
    """
    return check_namespace(find_check(name), sys._getframe(1).f_globals)


def check_namespace(check: Check, namespace: Mapping[str, Any], failures: Failures | None = None) -> Shown:
    """Run ``check`` on the definitions in ``namespace`` with the recorded answers.

    Args:
        failures: of the cells that made them, where they were executed here.

    Raises:
        GraderFault: the package itself is broken.
    """
    log, draws = load_answers(check.task)[check.name]
    student = connect(Session(namespace))
    reference = connect(Replayer(log), trusted=True)
    data = local_data(check.task) if check.wants_data else None
    why = (failures or Failures("")).why
    with measured() as used:
        result = run_check(check, student, reference, ReplayRng(draws), data, why=why)
    return Shown(result, used, check.seconds)


@cache
def _all_checks() -> dict[str, Check]:
    tasks = [module.name for module in pkgutil.iter_modules(autograder.checks.__path__)]
    return {name: check for task in tasks if task != "outcome" for name, check in load_checks(task).items()}


def find_check(name: str) -> Check:
    """The check called ``name``, of whatever task.

    Raises:
        ValueError: there is none; the message names similar ones.
    """
    import difflib

    known = _all_checks()
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=3) or sorted(known)[:5]
        raise ValueError(f"There is no check {name!r}. Did you mean {', '.join(close)}?")
    return known[name]


def check_notebook(path: Path, on_warning: Callable[[str], None] = print) -> Iterator[Shown]:
    """Execute the notebook at ``path`` here, as its owner, and run every check of its task on it.

    Cells tagged ``experiment`` are not run. A failing cell does not stop the next.

    Args:
        on_warning: told of cells that take long.

    Raises:
        NotebookError: the file cannot be read.
        ValueError: its name is none of a task, or it is a student's submission.
    """
    refuse_collected(path)
    known = sorted({check.task for check in _all_checks().values()})
    task = task_named(path.name, known)
    read = _read(path) if task or path.suffix.casefold() in NOTEBOOK_ENDINGS else Lean(b"")
    if task is None and read.made_by.get("task") in known:
        task = read.made_by["task"]
    if task is None:
        raise ValueError(
            f"{path.name} is no notebook of a task. Expected one of: {', '.join(known)} (.ipynb)."
        )
    notebook = parse_notebook(read.content)
    os.chdir(path.resolve().parent)
    autograder.check = lambda *names, **options: None  # type: ignore[assignment]
    os.environ["MPLBACKEND"] = "Agg"  # no window that waits to be closed
    namespace: dict[str, Any] = {"__name__": "__main__"}
    failures = _run_cells(notebook, namespace, on_warning)
    for check in load_checks(task).values():
        yield check_namespace(check, namespace, failures)


def _run_cells(
    notebook: dict[str, Any], namespace: dict[str, Any], on_warning: Callable[[str], None]
) -> Failures:
    """Execute the cells that are not graded; what failed in them."""
    shell, failures = Shell(namespace), Failures("this computer's Python", python_version(notebook))
    for cell in code_cells(notebook):
        if cell.graded or cell.experiment:
            continue
        place = f"cell {cell.number}"
        with measured() as used:
            outcome = shell.execute(cell.source, place, seconds=CELL_SECONDS, output_limit=OUTPUT_LIMIT)
        for warning in warnings(place, used, CELL_LIMIT_S):
            on_warning(warning)
        if error := outcome["error"]:
            failures.add(place, error["type"], error["message"], cell.source)
        for where, said, names in outcome["lost"]:
            failures.add_lost(where, said, names)
    return failures


def _read(path: Path) -> Lean:
    """The notebook at ``path`` without its outputs, however large these are."""
    with open(path, "rb") as file:
        return lean(iter(lambda: file.read(PIECE), b""), LEFT_LIMIT)


def refuse_collected(path: Path) -> None:
    """Refuse a notebook that was collected from a student: it would run here with all rights of whoever grades.

    Raises:
        ValueError: ``path``, as written or with its links followed, lies under a folder of collected work.
    """
    for parents in (Path(os.path.abspath(path)).parts[:-1], path.resolve().parts[:-1]):
        for folder in COLLECTED:
            if folder in parents:
                raise ValueError(
                    f"{path} lies under {folder}/: a student's code would run here without a sandbox. "
                    f"Use `autograder grade {path.stem} --dry-run`, or move a notebook of your own out of {folder}/."
                )
