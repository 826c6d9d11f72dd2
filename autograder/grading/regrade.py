"""Regrading: what of an earlier evaluation still holds, and whom a new one moves.

After a change to a check only that check is run again, and with it what the submission has failed: the name of a
mistake is looked for in all failed checks together. A result is taken over when the check is made of the same as
before, under the same reference, limits and judging code, and nothing in the earlier evaluation ended out of order.
So the report is, to the letter, that of a new evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from autograder.calls.text import listed
from autograder.checks import CHECK_SECONDS, Check
from autograder.checks.outcome import CheckResult, Status
from autograder.grading.report import Report

# After any other end, as a timeout, the checks of a submission may depend on each other.
IN_ORDER = (Status.PASSED, Status.PARTIAL, Status.FAILED, Status.MISSING, Status.ERROR)


@dataclass(frozen=True)
class CheckChange:
    """The points that one check gives before and after; None where there are none yet."""

    name: str
    before: float | None
    after: float


@dataclass(frozen=True)
class Change:
    """What publishing a report changes for one student.

    Attributes:
        before: points in the gradebook, with manual scores, extra credit and late penalty; None when there are none.
        after: the same once the report is published.
        checks: those whose own points change.
        task: the task whose points change.
        penalty_before, penalty_after: what being late takes off.
    """

    student: str
    before: float | None
    after: float
    checks: tuple[CheckChange, ...]
    task: str = ""
    penalty_before: float = 0.0
    penalty_after: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether published points change."""
        return self.before is not None and self.before != self.after

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        difference = None if self.before is None else round(self.after - self.before, 2)
        return {**asdict(self), "difference": difference, "checks": [asdict(check) for check in self.checks]}


def still_holds(
    earlier: tuple[Report, Mapping[str, str]] | None, made_of: Mapping[str, str], checks: Mapping[str, Check]
) -> dict[str, CheckResult]:
    """By check, the results of an earlier evaluation that a new one would find again.

    Args:
        earlier: its report, and what each check was made of.
        made_of: what each check is made of now.
        checks: the checks of the task.
    """
    if earlier is None or any(result.status not in IN_ORDER for result in earlier[0].checks):
        return {}
    report, then = earlier
    return {
        result.name: result
        for result in report.checks
        if result.name in made_of
        and then.get(result.name) == made_of[result.name]
        # What trains takes no part in the diagnosis, see `evaluate`.
        and (result.status is Status.PASSED or checks[result.name].seconds > CHECK_SECONDS)
    }


def with_results(report: Report, results: Mapping[str, CheckResult], order: Sequence[str]) -> Report:
    """``report`` with ``results`` in ``order``."""
    return replace(report, checks=tuple(results[name] for name in order))


def summary(changes: Sequence[Change], most: int = 12) -> str:
    """``3 students move: ada 92 -> 100, …``, the largest moves first; "" when nobody moves."""
    moved = sorted(
        (change for change in changes if change.moves),
        key=lambda change: (-abs(change.after - (change.before or 0)), change.student),
    )
    if not moved:
        return ""
    shown = listed([f"{change.student} {change.before:g} -> {change.after:g}" for change in moved], most)
    return f"{len(moved)} student{'s move' if len(moved) > 1 else ' moves'}: {shown}"
