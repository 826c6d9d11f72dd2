"""Proof that the checks of a task accept the reference and reject the empty stub, whatever the seed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from autograder.authoring.record import files_at_hand, reference_namespace
from autograder.calls import Session, connect
from autograder.checks import load_checks
from autograder.checks.outcome import CheckResult, Status, run_check
from autograder.course import Course
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
    plan.data()  # what is held out is read before the sandbox's own data takes its place
    problems, best_stub, worst_reference = [], 0.0, 100.0
    with shown_data(plan), files_at_hand(task, plan.home):
        for number in range(seeds):
            seed = number.to_bytes(4, "big")
            results = _run(plan, reference_namespace(plan.home, task), seed)
            worst_reference = min(worst_reference, sum(result.points for result in results))
            problems += [
                f"seed {number}: {r.name}: {r.message}" for r in results if r.status is not Status.PASSED
            ]
            if number == 0 and results != _run(plan, reference_namespace(plan.home, task), seed):
                problems.append("two runs with the same seed differ")
            # Nothing defined, and nothing handed in.
            with tempfile.TemporaryDirectory() as empty, contextlib.chdir(empty):
                nothing = _run(plan, {}, seed)
            best_stub = max(best_stub, sum(result.points for result in nothing))
            problems += [
                f"seed {number}: {r.name}: gives nothing {r.points:g} points" for r in nothing if r.points
            ]
    return Audit(task, worst_reference, best_stub, tuple(problems))


@contextlib.contextmanager
def shown_data(plan: Plan) -> Iterator[None]:
    """Let `load_mnist` return what a sandbox sees."""
    kept = os.environ.get("AUTOGRADER_DATA")
    os.environ["AUTOGRADER_DATA"] = str(plan.launch.data)
    try:
        yield
    finally:
        if kept is None:
            del os.environ["AUTOGRADER_DATA"]
        else:
            os.environ["AUTOGRADER_DATA"] = kept


def _run(plan: Plan, student: Mapping[str, Any], seed: bytes) -> list[CheckResult]:
    reference = reference_namespace(plan.home, plan.task)
    results = []
    for check in load_checks(plan.task).values():
        pair = connect(Session(student)), connect(Session(reference), trusted=True)
        results.append(
            replace(run_check(check, *pair, check_rng(seed, check.name), plan.data()), seconds=0.0)
        )
    return results
