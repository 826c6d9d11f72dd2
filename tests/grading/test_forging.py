"""Attempts to get points that were not earned, or to take others' down, through a whole evaluation."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.solve import read_source, solution_name, solve
from autograder.checks.outcome import Status
from autograder.course import load_course
from autograder.grading.evaluate import evaluate
from autograder.grading.plan import Plan, make_plan
from autograder.grading.report import Report
from autograder.grading.submission import Submission

TASK = "task1_forward"
MARKER = "escaped-daemon-4711"

EQUAL = '''
class Equal:
    """Equal to everything."""
    __eq__ = __le__ = __lt__ = __ge__ = __gt__ = lambda self, other: True
    __bool__ = lambda self: True
    __call__ = lambda self, *args, **kwargs: Equal()
    __getattr__ = lambda self, name: Equal()
    __float__ = lambda self: 1.0
    __len__ = lambda self: 10
    __getitem__ = lambda self, key: Equal()
    __array__ = lambda self, *args, **kwargs: np.zeros(3)
'''
PATCHED = """
np.testing.assert_allclose = lambda *args, **kwargs: None
np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
import builtins
builtins.isinstance = lambda *args: True
builtins.AssertionError = type("AssertionError", (Exception,), {"__init__": lambda self, *a: None})
"""
READ = """
import os
found, paths = [], {paths!r}
for top in ("/root", "/home", "/work", "/kit", "/data", "/tmp", "/var", "/mnt", "/srv"):
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if name not in ("site-packages", ".pyenv")]
        paths += [os.path.join(folder, name) for name in names if "solution" in folder or name.endswith(".db")]
for path in paths:
    try:
        found.append((path, open(path, "rb").read(100)))
    except OSError as error:
        pass
print("FOUND", found)
"""
DAEMON = f"""
import os, subprocess, sys, time
if os.fork() == 0:
    try:
        os.setsid()
    except OSError:
        pass
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", "{MARKER}"])
    os._exit(0)
"""
FORGE = """
import json, os, socket, stat
for fd in range(3, 64):
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            continue
        header = json.dumps({"value": {"d": [["id", 1], ["reply", {"d": [["value", 1.0]]}]]}, "arrays": []}).encode()
        os.write(fd, b"NNAK" + len(header).to_bytes(4, "little") + bytes(8) + header)
        os.write(fd, b"NNAK" + (2**31).to_bytes(4, "little") + (2**60).to_bytes(8, "little"))
    except OSError:
        pass
"""


@pytest.fixture(scope="module")
def plan(released: Path) -> Plan:
    course = load_course(released)
    limits = replace(course.limits, wall_s=40.0, cell_s=1.0, memory_mb=1024)
    plan = make_plan(replace(course, limits=limits), TASK)
    return plan


@pytest.fixture(scope="module")
def source(released: Path) -> nbformat.NotebookNode:
    return read_source(released, TASK)


def judged(plan: Plan, notebook: nbformat.NotebookNode) -> Report:
    return evaluate(Submission("student", TASK, nbformat.writes(notebook).encode()), plan)


def with_cell(source: nbformat.NotebookNode, code: str, *, at_end: bool = False) -> nbformat.NotebookNode:
    notebook = solve(source)
    cell = nbformat.v4.new_code_cell("import numpy as np\n" + code)
    notebook.cells.insert(len(notebook.cells) if at_end else 0, cell)
    return notebook


def nothing_but(source: nbformat.NotebookNode, code: str, value: str) -> nbformat.NotebookNode:
    """Every asked name bound to ``value``, after ``code``."""
    notebook = solve(source)
    for cell in notebook.cells:
        if name := solution_name(cell):
            cell.source = f"{name} = {value}"
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import numpy as np\n" + code))
    return notebook


def processes_named(marker: str) -> list[str]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if marker in Path(f"/proc/{pid}/cmdline").read_text():
                found.append(pid)
        except OSError:
            continue
    return found


def test_objects_equal_to_everything_earn_nothing(plan: Plan, source: nbformat.NotebookNode) -> None:
    assert judged(plan, nothing_but(source, EQUAL, "Equal()")).points == 0


def test_patched_comparisons_earn_nothing(plan: Plan, source: nbformat.NotebookNode) -> None:
    junk = "lambda *args, **kwargs: np.zeros((3, 4))"
    assert judged(plan, nothing_but(source, PATCHED, junk)).points == 0


def test_printing_a_score_earns_nothing(plan: Plan, source: nbformat.NotebookNode) -> None:
    report = judged(plan, nothing_but(source, 'print("100.0"); print({"points": 100})', "print"))
    assert report.points == 0


@pytest.mark.parametrize("ending", ["import os; os._exit(0)", "import sys; sys.exit(0)", "raise SystemExit"])
def test_leaving_early_in_a_cell_costs_only_that_cell(
    plan: Plan, source: nbformat.NotebookNode, ending: str
) -> None:
    report = judged(plan, with_cell(source, ending))
    assert report.points == 100


@pytest.mark.parametrize("ending", ["import os; os._exit(0)", "import sys; sys.exit(0)", "while True: pass"])
def test_leaving_early_in_a_function_costs_only_what_needs_it(
    plan: Plan, source: nbformat.NotebookNode, ending: str
) -> None:
    report = judged(plan, solve(source, {"flatten": f"def flatten(images):\n    {ending}"}))
    by_name = {check.name: check for check in report.checks}
    assert by_name["flatten_shapes"].points == 0
    assert by_name["flatten_shapes"].status in (Status.CRASHED, Status.ERROR, Status.TIMEOUT)
    assert by_name["softmax_rows"].status is Status.PASSED
    assert by_name["affine_forward"].status is Status.PASSED


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError: pass",
        "x = np.ones((10**5, 10**6))",
        "while True: print('x' * 10**6)",
        "import ctypes; ctypes.string_at(0)",
        "import os; os.kill(os.getpid(), 19)",
    ],
    ids=["endless", "deaf", "stubborn", "fork bomb", "100 GB", "flood", "segfault", "stopped"],
)
def test_a_runaway_cell_costs_only_that_cell(plan: Plan, source: nbformat.NotebookNode, code: str) -> None:
    start = time.monotonic()
    report = judged(plan, with_cell(source, code))
    assert report.points == 100
    assert report.cells[0].error is not None
    assert time.monotonic() - start < plan.launch.limits.wall_s + 10
    assert len(report.to_json()) < 10**6


def test_nothing_of_the_host_can_be_read(
    plan: Plan, source: nbformat.NotebookNode, released: Path, tmp_path: Path
) -> None:
    neighbour = tmp_path / "submitted/neighbour/notebook.ipynb"
    neighbour.parent.mkdir(parents=True)
    neighbour.write_text("the neighbour's work")
    home = Path(__file__).resolve().parents[2]
    paths = [
        neighbour,
        released / "gradebook.db",
        released / ".autograder-secret",
        home / f"solutions/{TASK}.py",
    ]
    report = judged(plan, with_cell(source, READ.format(paths=[str(path) for path in paths])))
    assert report.cells[0].stdout == "FOUND []\n"


def test_a_connection_to_this_machine_is_refused(plan: Plan, source: nbformat.NotebookNode) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        report = judged(
            plan, with_cell(source, f"import socket\nsocket.create_connection(('127.0.0.1', {port}))")
        )
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert "Error" in (report.cells[0].error or "")
    assert report.points == 100


def test_an_escaped_daemon_does_not_survive(plan: Plan, source: nbformat.NotebookNode) -> None:
    report = judged(plan, with_cell(source, DAEMON, at_end=True))
    assert report.points == 100
    assert processes_named(MARKER) == []


def test_forged_and_oversized_frames_earn_nothing(plan: Plan, source: nbformat.NotebookNode) -> None:
    forged = "def {name}(*args, **kwargs):\n" + "".join(f"    {line}\n" for line in FORGE.strip().split("\n"))
    notebook = nothing_but(source, "", "None")
    for cell in notebook.cells:
        if name := solution_name(cell):
            cell.source = forged.replace("{name}", name)
    assert judged(plan, notebook).points == 0


@pytest.mark.parametrize(
    "value",
    [
        "np.array([object()] * 3, dtype=object)",
        "np.zeros((3, 4), dtype=complex)",
        "np.array(['a', 'b'])",
        "np.full((3, 4), np.nan)",
        "10 ** 6000",
        "[[]] * 10**7",
        "float('inf')",
    ],
)
def test_strange_results_are_wrong_and_no_fault(
    plan: Plan, source: nbformat.NotebookNode, value: str
) -> None:
    report = judged(plan, nothing_but(source, "", f"lambda *args, **kwargs: {value}"))
    assert report.points == 0
    assert report.faults == []


def test_self_consistent_nonsense_earns_nothing_for_values(plan: Plan, source: nbformat.NotebookNode) -> None:
    report = judged(
        plan, solve(source, {"softmax": "def softmax(a):\n    return np.full(a.shape, 1 / a.shape[1])"})
    )
    by_name = {check.name: check for check in report.checks}
    assert by_name["softmax_rows"].points == 0


def test_modules_that_shadow_numpy_or_the_kit_change_nothing(
    plan: Plan, source: nbformat.NotebookNode
) -> None:
    code = (
        "open('numpy.py', 'w').write('raise ImportError')\nopen('autograder.py', 'w').write('check = None')"
    )
    assert judged(plan, with_cell(source, code)).points == 100
