"""Whatever comes back in place of one right answer, a check passes or fails: never is it the grader's fault."""

from __future__ import annotations

import random
import zlib
from typing import Any

import numpy as np
import pytest

from autograder.calls import Session, connect
from autograder.calls.values import Handle, leaves, map_leaves
from autograder.checks import CHECK_SECONDS
from autograder.checks.outcome import Status, run_check
from autograder.course import load_course
from tests.checks.harness import (
    ROOT,
    QuietSession,
    chosen,
    data_of,
    files_of,
    namespace_of,
    rng_of,
    student_place,
)

TASKS = list(load_course(ROOT).tasks)
ABSENT = {"error": {"kind": "exception", "type": "LookupError", "message": "no object", "frames": []}}
COMPLETE = {"stdout": "", "stderr": "", "exit_code": None, "mutated": [], "arguments": []}
# What stands in place of an answer; a text also in place of what is printed.
VALUES: list[Any] = [
    None, True, -1, 2**62, -(2**63), float("nan"), float("inf"), -0.0, 5e-324, 1e308, "", "x" * 1000, "\x1b[2J\n=1",
    "7\n", "1_0\n", "٣\n", "1e999\n", "9" * 5000, "nan", "-7", "²", "epoch 1: loss 1_0.e5\n" * 9, [], [[]], {}, (), ["x" * 1000] + ["a"] * 5, [1, [2]], [np.zeros(2), np.zeros(3)], [np.zeros((2, 3))], [None],
    {"W1": None}, {1: 2, "\x1b": 3}, (1, 2, 3), (1.0, {}), np.zeros(0), np.zeros((0, 3)), np.array(1.0),
    np.full((3, 4), np.nan), np.full((2, 2), np.inf), np.zeros((1,) * 8), np.array([True]), np.array([2**63 - 1]),
    np.array([-(2**63)]), np.array([2**64 - 1], np.uint64), np.longdouble([1, 2]), np.float16([1, 2]),
    np.zeros(10**6, np.uint8), Handle(0, "ndarray of complex numbers"), Handle(0, "\x1b]x"), Handle(999, "function"),
]  # fmt: skip
# What becomes of every array and number of an answer.
CHANGES: list[Any] = [
    lambda a: np.full(a.shape, np.nan),
    lambda a: np.where(np.arange(a.size).reshape(a.shape) % 2, 1e308, -1e308),
    lambda a: a * 5e-324,
    lambda a: np.nan_to_num(a).clip(-9e18, 9e18).astype(np.int64),
    lambda a: a > 0,
    lambda a: a.tolist() if a.size < 20_000 else a,
    lambda a: a.T.copy(),
    lambda a: a.astype(np.longdouble),
    lambda a: a.astype(np.float16),
    lambda a: -a - 1,
]


class Hostile(QuietSession):
    """The reference, of whose answers one is changed, or all from that one on."""

    def __init__(self, task: str, number: int = 0, change: Any = None, *, always: bool = False) -> None:
        super().__init__(namespace_of(task))
        self._number, self._change, self._always = number, change, always
        self.answers = 0

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        if any(isinstance(leaf, Handle) and leaf.number >= len(self._objects) for leaf in leaves(request)):
            return ABSENT
        reply = super().perform(request)
        if request["op"] == "get" and isinstance(reply.get("value"), Handle):
            return reply
        self.answers += 1
        if self.answers == self._number or (self._always and self.answers > self._number > 0):
            answered = {key: content for key, content in reply.items() if key != "error"}
            printed = {"stdout": self._change, "stderr": self._change} if type(self._change) is str else {}
            return {**COMPLETE, **answered, **printed, "value": self._changed(reply.get("value"))}
        return reply

    def _changed(self, value: Any) -> Any:
        if not callable(self._change):
            return self._change
        with np.errstate(all="ignore"):
            return map_leaves(value, self._changed_number)

    def _changed_number(self, leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray):
            return self._change(leaf.astype(float))
        if type(leaf) is float:
            return float(np.ravel(self._change(np.array([leaf])))[0])
        return leaf


def trials(task: str, count: int) -> list[str]:
    """What ``count`` changed runs of every quick check of ``task`` had that no check may have."""
    found = []
    with student_place(files_of(task)):
        for check in chosen(task, None):
            if check.seconds > CHECK_SECONDS:
                continue
            draw = random.Random(zlib.crc32(check.name.encode()))

            def run(student: Hostile, check: Any = check) -> Any:
                reference = connect(Session(namespace_of(task)), trusted=True)
                return run_check(check, connect(student), reference, rng_of(check, 0), data_of(task))

            honest = Hostile(task)
            assert run(honest).status is Status.PASSED
            for _ in range(count):
                number = draw.randint(1, draw.choice([honest.answers, min(honest.answers, 12)]))
                change = draw.choice(VALUES + 2 * CHANGES)
                result = run(Hostile(task, number, change, always=draw.random() < 0.3))
                texts = (result.message, result.hint or "", *result.where)
                if result.status is Status.GRADER_ERROR or not all("\x1b" not in t for t in texts):
                    found.append(f"{check.name}, answer {number}, {change!r:.60}: {result.message}")
    return found


@pytest.mark.parametrize("task", TASKS)
def test_no_answer_is_a_fault_of_the_grader(task):
    assert trials(task, 2) == []


@pytest.mark.thorough
@pytest.mark.parametrize("task", TASKS)
def test_no_answer_of_very_many_is_a_fault_of_the_grader(task):
    assert trials(task, 60) == []
