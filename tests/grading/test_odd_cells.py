"""Right answers in odd cells get their points; what is lost says why, and a person sees it."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from typing import Any

import nbformat
import pytest

from autograder.authoring.build import build
from autograder.authoring.solve import read_source, solve
from autograder.course import Course, load_course
from autograder.grading.evaluate import evaluate
from autograder.grading.plan import Keys, Plan, make_plan
from autograder.grading.report import Report
from autograder.grading.submission import Submission
from autograder.sandbox.backends import SandboxUnavailable, find_bubblewrap
from tests.grading.conftest import HOME

TASK = "task1_forward"
MISSING = "ModuleNotFoundError: the grader has no package a_package_nobody_has"
Evaluate = Callable[..., Report]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    try:
        find_bubblewrap()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("built")
    shutil.copyfile(HOME / "course.toml", folder / "course.toml")
    build(load_course(folder), [TASK])
    return load_course(folder)


@pytest.fixture(scope="module")
def plan(course: Course) -> Plan:
    return make_plan(course, TASK, keys=Keys(lambda submission: b"\1" * 32, b"\2" * 32))


@pytest.fixture(scope="module")
def right(course: Course) -> nbformat.NotebookNode:
    return solve(read_source(course.root, TASK))


@pytest.fixture
def graded(plan: Plan, right: nbformat.NotebookNode) -> Evaluate:
    """Grades the right notebook after a change of the cell of `sigmoid`."""

    def grade(change: Callable[[str], str], **metadata: Any) -> Report:
        book = copy.deepcopy(right)
        (cell,) = (c for c in book.cells if c.cell_type == "code" and "def sigmoid" in c.source)
        cell.source = change(cell.source)
        book.metadata.update(metadata)
        return evaluate(Submission("ada", TASK, nbformat.writes(book).encode()), plan)

    return grade


@pytest.mark.parametrize(
    ("change", "flagged"),
    [
        (lambda s: s + "\n%timeit -n 1 sigmoid(np.zeros(3))", ""),
        (lambda s: s + "\nfiles = !ls\nt = %timeit -o -n 1 -r 1 sigmoid(np.zeros(3))", ""),
        (lambda s: "\n\n%%time\n" + s, ""),
        (lambda s: "%matplotlib inline\n" + s.replace("return", "ok = 1  # right?\n    return", 1), ""),
        (lambda s: "pip install a_package_nobody_has\n" + s, ""),
        (lambda s: "from IPython import get_ipython\nget_ipython().run_line_magic('matplotlib', 'inline')\n" + s, ""),
        (lambda s: "%of_my_own\n" + s, "does not know the magic %of_my_own"),
        (lambda s: "from a_package_nobody_has import tqdm\n" + s, f"stopped at line 1 ({MISSING}); the definitions below were kept: sigmoid"),
        (lambda s: "raise SystemExit\n" + s, "stopped at line 1 (SystemExit); the definitions below were kept: sigmoid"),
        (lambda s: s + "\nimport os; os._exit(3)", "ended the process: the process ended itself with exit code 3; its definitions were kept"),
    ],
)  # fmt: skip
def test_a_right_answer_in_an_odd_cell_has_all_points(
    graded: Evaluate, change: Callable[[str], str], flagged: str
) -> None:
    report = graded(change)
    assert report.points == 100
    assert [flagged in flag for flag in report.flags] == [True] * bool(flagged)


@pytest.mark.parametrize(
    ("change", "metadata", "why"),
    [
        (lambda s: "from a_package_nobody_has import jit\n@jit\n" + s, {}, MISSING),
        (lambda s: s + "\nx = 5 5", {}, "SyntaxError: invalid syntax"),
        (lambda s: s + "\n   y = 1", {}, "IndentationError: "),
        (lambda s: s + "\nx = 5 5", {"language_info": {"name": "python", "version": "3.99.1"}}, "written with Python 3.99, the grader has 3."),
    ],
)  # fmt: skip
def test_a_missing_name_first_says_why_its_cell_failed(
    graded: Evaluate, change: Callable[[str], str], metadata: dict[str, Any], why: str
) -> None:
    report = graded(change, **metadata)
    (check,) = (check for check in report.checks if check.name == "sigmoid_values")
    assert check.message.startswith("cell ")
    assert why in check.message
    assert check.message.endswith("So sigmoid is not defined.")
    assert "was it deleted" not in (check.hint or "")
    assert any(why in flag for flag in report.flags)


def test_a_function_that_needs_a_missing_package_says_so(graded: Evaluate) -> None:
    report = graded(
        lambda s: "from a_package_nobody_has import tqdm\n" + s.replace("return", "tqdm(x)\n    return", 1)
    )
    (check,) = (check for check in report.checks if check.name == "sigmoid_values")
    assert check.points == 0
    assert f": {MISSING}. So tqdm is not defined." in check.message


def test_the_same_notebook_has_the_same_report(graded: Evaluate) -> None:
    def change(source: str) -> str:
        return f"%%time\nimport a_package_nobody_has\n{source}\n%timeit sigmoid(0)\n%nobody_knows"

    assert graded(change).to_json() == graded(change).to_json()
