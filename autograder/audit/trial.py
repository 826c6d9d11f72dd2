"""The checks of one task on sources planted into its reference, in this process: our own code needs no sandbox."""

from __future__ import annotations

import contextlib
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from autograder.authoring.reference import files_at_hand, reference_namespace, shown_data
from autograder.calls import Session, connect
from autograder.checks import CHECK_SECONDS, load_checks
from autograder.checks.outcome import CheckResult, Status, run_check
from autograder.grading.diagnosis import Log, Witness, diagnose
from autograder.grading.plan import Plan
from autograder.grading.secret import check_rng

COSTLY_SEEDS = 5  # for trainings, whose spread scripts/calibrate.py measures, and for names
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION.*?### END SOLUTION", re.MULTILINE | re.DOTALL)


class Kind(StrEnum):
    """What a subject is, and with that what the checks owe it."""

    REFERENCE = "reference"  # full points
    STUB = "stub"  # nothing
    MISTAKE = "mistake"  # the named check fails and says why
    ALTERNATIVE = "alternative"  # full points


@dataclass(frozen=True)
class Subject:
    """A source to try the checks on.

    Attributes:
        check: of a mistake, the check that must fail.
    """

    task: str
    kind: Kind
    name: str
    source: str = ""
    check: str = ""


@dataclass(frozen=True)
class Finding:
    """What became of one subject.

    Attributes:
        seeds: how many were tried.
        lowest, highest: points of all checks together, over the seeds (of a mistake: the first alone).
        rejected: on how many seeds a mistake failed the check it names, or anything else lost a point.
        named: on how many seeds the feedback named the mistake.
        failed: the checks that did not pass on the first seed.
        said: the mistakes that the feedback of the named check says it looks like, on the first seed.
        problems: one line each, in which the checks fall short.
        diagnosis_s: CPU seconds of the first seed's diagnosis, of all failed checks.
    """

    subject: Subject
    seeds: int
    lowest: float
    highest: float
    rejected: int
    named: int
    failed: tuple[str, ...]
    said: tuple[str, ...]
    problems: tuple[str, ...]
    diagnosis_s: float


def stub_of(source: str) -> str:
    """The source of a solution as students get it: nothing between the solution marks."""
    return SOLUTION.sub(r"\1raise NotImplementedError", source)


def training_checks(task: str) -> list[str]:
    """The checks of ``task`` that run a training."""
    return [check.name for check in load_checks(task).values() if check.seconds > CHECK_SECONDS]


def examine(
    plan: Plan, files: Mapping[str, bytes], subject: Subject, seeds: int, *, thorough: bool = True
) -> Finding:
    """Try the checks of the task on ``subject`` with ``seeds`` different seeds.

    Args:
        files: what the reference hands in beside its notebook.
        thorough: try a mistake on all of them on the first seed, not only on the one it names; train, and ask for
            the name of a mistake, on `COSTLY_SEEDS` seeds and not only on the first.
    """
    with shown_data(plan.launch.data), _quiet():
        runs = _Runs(plan, {} if subject.kind is Kind.STUB else files, subject.source)
        return (
            _of_mistake(runs, subject, seeds, thorough)
            if subject.kind is Kind.MISTAKE
            else _of_all(runs, subject, seeds, thorough)
        )


def _of_all(runs: _Runs, subject: Subject, seeds: int, thorough: bool) -> Finding:
    problems, totals, rejected, first = [], [], 0, []
    wanted_nothing = subject.kind is Kind.STUB
    trainings = training_checks(subject.task)
    quick = [name for name in load_checks(subject.task) if name not in trainings]
    costly = COSTLY_SEEDS if thorough else 1
    for seed in range(seeds):
        results = runs.results(seed, None if seed < costly else quick)
        if seed < costly:
            totals.append(sum(result.points for result in results))
        wrong = [r for r in results if (r.points if wanted_nothing else r.status is not Status.PASSED)]
        wrong += [r for r in results if r.status is Status.GRADER_ERROR and r not in wrong]
        rejected += bool(wrong)
        problems += [f"seed {seed}: {r.name}: {r.message or 'passed'}" for r in wrong]
        if seed == 0:
            first = [result.name for result in results if result.status is not Status.PASSED]
            again = runs.results(seed, None if thorough else quick)
            if again != [result for result in results if thorough or result.name in quick]:
                problems.append("two runs with the same seed differ")
    low, high = min(totals), max(totals)
    return Finding(subject, seeds, low, high, rejected, 0, tuple(first), (), tuple(problems), 0.0)


def _of_mistake(runs: _Runs, subject: Subject, seeds: int, thorough: bool) -> Finding:
    checks = load_checks(subject.task)
    if subject.check not in checks:
        return Finding(subject, seeds, 0, 0, 0, 0, (), (), (f"there is no check {subject.check}",), 0.0)
    first = runs.results(0, [subject.check])
    if thorough:
        # Trainings are slow, and the last resort: they are asked when nothing else has noticed.
        trainings = training_checks(subject.task)
        first += runs.results(0, [n for n in checks if n not in trainings and n != subject.check])
        if all(result.status is Status.PASSED for result in first):
            first += runs.results(0, [n for n in trainings if n != subject.check])
        first.sort(key=lambda result: list(checks).index(result.name))
    start = time.process_time()
    first = runs.diagnosed(first)
    seconds = time.process_time() - start
    costly = COSTLY_SEEDS if thorough else 1
    problems, rejected, named = [], 0, 0
    said: tuple[str, ...] = ()
    for seed in range(seeds):
        if seed == 0:
            (result,) = [r for r in first if r.name == subject.check]
            if thorough:
                # The words may differ: a mistake may draw without a seed, or name a file of this run.
                (again,) = runs.results(0, [subject.check])
                if (again.status, again.points) != (result.status, result.points):
                    problems.append("two runs with the same seed differ")
        else:
            (result,) = runs.results(seed, [subject.check])
            if seed < costly:
                (result,) = runs.diagnosed([result])
        if result.status in (Status.PASSED, Status.GRADER_ERROR):
            problems.append(f"seed {seed}: {subject.check}: {result.message or 'passed'}")
            continue
        rejected += 1
        causes = tuple(cause.name for cause in result.causes)
        said = causes if seed == 0 else said
        named += subject.name in (causes if seed < costly else said)
    failed = tuple(result.name for result in first if result.status is not Status.PASSED)
    points = sum(result.points for result in first)
    return Finding(subject, seeds, points, points, rejected, named, failed, said, tuple(problems), seconds)


class _Runs:
    """Runs of checks on one source; keeps what the diagnosis needs."""

    def __init__(self, plan: Plan, files: Mapping[str, bytes], source: str) -> None:
        self._plan, self._files, self._source = plan, files, source
        self._logs: dict[str, Log | None] = {}

    def results(self, seed: int, only: list[str] | None = None) -> list[CheckResult]:
        """The result of every check, or of ``only`` some, without causes."""
        plan, checks = self._plan, load_checks(self._plan.task)
        found = []
        with files_at_hand(self._files):
            for name in checks if only is None else only:
                check = checks[name]
                # A namespace for each check: when grading, each runs in a fork of the same state.
                own = self._namespace()
                witness = Witness(Session(own))
                student = connect(witness if check.replay else Session(own))
                reference = connect(Session(reference_namespace(plan.home, plan.task)), trusted=True)
                rng = check_rng(seed.to_bytes(4, "big"), name)
                result = run_check(check, student, reference, rng, plan.data())
                self._logs[name] = witness.log
                found.append(result)
        return found

    def diagnosed(self, results: list[CheckResult]) -> list[CheckResult]:
        """``results`` of the last runs of these checks, with their causes."""
        return diagnose(self._plan.home, self._plan.task, results, self._logs)

    def _namespace(self) -> dict[str, Any]:
        return reference_namespace(self._plan.home, self._plan.task, self._source)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Planted code may warn as a student's does."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
