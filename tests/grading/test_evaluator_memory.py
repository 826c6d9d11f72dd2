"""Evaluators have memory of their own: what a student's value takes of it is the student's failure, and no fault."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from autograder.calls import connect
from autograder.checks import load_checks
from autograder.checks.outcome import Status, run_check
from autograder.course import Course
from autograder.grading.course_run import EVALUATOR_BYTES, evaluators
from tests.grading.conftest import Class
from tests.grading.test_grade_command import TASK, graded

TEXT_LIST = "def softmax(a): return ['x' * 1_000_000] + ['a'] * 500"
DENORMAL = "def sigmoid(x): return 5e-324 * np.ones_like(x)"
MUCH = "def flatten(images): return np.zeros((8_000_000, 8), np.uint8)"


def data_limit() -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_DATA)


def test_an_evaluator_cannot_take_all_memory_and_its_sandbox_has_its_own_limit():
    hard = data_limit()[1]
    with evaluators(1, EVALUATOR_BYTES) as pool:
        assert pool.submit(data_limit).result() == (EVALUATOR_BYTES, hard)
        with pytest.raises(MemoryError):
            pool.submit(bytearray, 2 * EVALUATOR_BYTES).result()
        assert pool.submit(len, bytearray(10**7)).result() == 10**7
    with evaluators(1) as pool:
        assert pool.submit(data_limit).result() == data_limit()


def test_what_cannot_be_read_is_the_students_failure(course: Course, pupils: Class) -> None:
    pupils.hand_in("eve", TASK, pupils.solved(TASK, {"softmax": TEXT_LIST, "sigmoid": DENORMAL}))
    pupils.hand_in("mallory", TASK, pupils.solved(TASK, {"flatten": MUCH}))
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    rows = graded(course, "-j", "1")
    assert {name: row["fault"] for name, row in rows.items()} == dict.fromkeys(rows)
    found = {check["name"]: check for check in rows["eve"]["checks"]}
    assert found["softmax_rows"]["status"] == "failed"
    assert "got a list with texts in it" in found["softmax_rows"]["message"]
    assert found["sigmoid_values"]["status"] == "failed"
    lost = {check["name"]: check for check in rows["mallory"]["checks"] if not check["points"]}
    assert any(check["status"] in ("memory", "failed") for check in lost.values())
    assert rows["ada"]["points"] == 100


class Greedy:
    """A channel whose reply no memory can hold."""

    def perform(self, request):
        raise MemoryError


def test_memory_that_runs_out_at_another_moment_is_a_fault_of_the_grader():
    (check, *_) = load_checks(TASK).values()
    nothing = connect(Greedy())
    result = run_check(check, nothing, nothing, np.random.default_rng(0))
    assert result.status is Status.GRADER_ERROR
    assert result.points == 0
