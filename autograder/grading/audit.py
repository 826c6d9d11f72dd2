"""Proof that the checks of a task accept the reference and reject the empty stub, whatever the seed."""

from __future__ import annotations

import importlib
import sys
from dataclasses import asdict, dataclass
from typing import Any

from autograder.calls import Session, connect
from autograder.checks import load_checks
from autograder.checks.outcome import CheckResult, Status, run_check
from autograder.course import Course, home_of
from autograder.grading.plan import Plan, make_plan
from autograder.grading.secret import check_rng


@dataclass(frozen=True)
class Audit:
    """What the audit of one task found.

    Attributes:
        reference, stub: the lowest and the highest points over all seeds.
        problems: one line each; empty when everything holds.
    """

    task: str
    reference: float
    stub: float
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "ok": self.ok}


def audit_task(course: Course, task: str, seeds: int) -> Audit:
    """Run every check of ``task`` on the reference and on nothing at all, with ``seeds`` fresh seeds."""
    plan = make_plan(course, task)
    if str(home_of(course.root)) not in sys.path:
        sys.path.insert(0, str(home_of(course.root)))
    reference = vars(importlib.import_module(f"solutions.{task}"))
    problems, best_stub, worst_reference = [], 0.0, 100.0
    for number in range(seeds):
        seed = number.to_bytes(4, "big")
        results = _run(plan, reference, reference, seed)
        worst_reference = min(worst_reference, sum(result.points for result in results))
        problems += [
            f"seed {number}: {r.name}: {r.message}" for r in results if r.status is not Status.PASSED
        ]
        if number == 0 and results != _run(plan, reference, reference, seed):
            problems.append("two runs with the same seed differ")
        empty = _run(plan, {}, reference, seed)
        best_stub = max(best_stub, sum(result.points for result in empty))
        problems += [
            f"seed {number}: {r.name}: gives the empty stub {r.points:g} points" for r in empty if r.points
        ]
    return Audit(task, worst_reference, best_stub, tuple(problems))


def _run(plan: Plan, student: dict[str, Any], reference: dict[str, Any], seed: bytes) -> list[CheckResult]:
    from dataclasses import replace

    results = []
    for check in load_checks(plan.task).values():
        pair = connect(Session(student)), connect(Session(reference), trusted=True)
        results.append(
            replace(run_check(check, *pair, check_rng(seed, check.name), plan.data()), seconds=0.0)
        )
    return results
