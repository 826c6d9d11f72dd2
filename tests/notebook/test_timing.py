"""Students see what a check takes, and are warned before grading would stop it."""

from __future__ import annotations

import json
import time

import nbformat
import numpy as np
import pytest

from autograder.notebook import shell, timing
from autograder.notebook.check import check_namespace, find_check
from autograder.notebook.timing import CELL_LIMIT_S, Used, warnings
from autograder.sandbox.limits import Limits


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(x, dtype=np.float64)))


def sleepy(x):
    time.sleep(0.2)
    return sigmoid(x)


def test_the_limits_are_those_of_grading():
    assert (Limits().cell_s, Limits().asleep_step_s) == (CELL_LIMIT_S, timing.ASLEEP_LIMIT_S)


def test_a_right_function_that_sleeps_is_green_and_warned(monkeypatch):
    monkeypatch.setattr(timing, "ASLEEP_LIMIT_S", 0.3)
    shown = check_namespace(find_check("sigmoid_values"), {"sigmoid": sleepy})
    assert shown.result.points == shown.result.max_points
    (warning,) = shown.warnings
    assert "When graded, it is stopped after 0.3 s of sleep, and its points are lost." in warning
    assert f"Attention: {warning}" in repr(shown)
    quiet = check_namespace(find_check("sigmoid_values"), {"sigmoid": sigmoid})
    assert quiet.warnings == []
    assert f"({quiet.used.cpu:.2f} s)" in repr(quiet)


@pytest.mark.parametrize(
    ("used", "says"),
    [
        (Used(9.9, 4.9), None),
        (Used(10.1, 0), "This check takes 10.1 s of CPU time, more than half of what it may when graded: "),
        (Used(20.1, 0), "When graded, it is stopped after 20 s of CPU time, and its points are lost."),
        (Used(0, 5.1), "This check sleeps or waits for 5.1 s, more than half of what it may when graded: "),
        (Used(0, 10.1), "When graded, it is stopped after 10 s of sleep, and its points are lost."),
    ],
)
def test_more_than_half_of_a_limit_is_said_in_words(used, says):
    lines = warnings("check", used, 20)
    assert lines == [] if says is None else says in lines[0]


def test_the_shell_warns_of_slow_cells_and_gives_times_to_programs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(timing, "ASLEEP_LIMIT_S", 0.2)
    monkeypatch.chdir(tmp_path)
    cells = [nbformat.v4.new_code_cell("import time; time.sleep(0.3)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "task1_forward.ipynb")
    shell.run_checks(tmp_path / "task1_forward.ipynb", as_json=True)
    out, err = capsys.readouterr()
    assert err.startswith("Attention: Cell 1 sleeps or waits for 0.")
    assert "When graded, it is stopped after 0.2 s of sleep, in the middle." in err
    assert all(check["cpu_s"] >= 0 and check["warnings"] == [] for check in json.loads(out)["checks"])
