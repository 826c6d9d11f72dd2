"""The arithmetic of deadlines: how late a submission is, what is taken off, and which late days a student spends.

Nothing here reads a file or a clock. All moments are in UTC.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
UNITS = {"day": DAY, "hour": timedelta(hours=1)}
NOTHING = timedelta()


class Measure(StrEnum):
    """What the number of a penalty means; the key in `[late]` of course.toml."""

    POINTS = "points"
    OF_SCORE = "percent_of_score"  # of what the student has earned, marks by hand included
    OF_MAXIMUM = "percent_of_maximum"  # of what the task is worth


@dataclass(frozen=True)
class LatePolicy:
    """What being late costs.

    Attributes:
        amount: taken off for every day or hour begun, as ``measure`` says; 0 when being late is only marked.
        per: "day" (24 hours) or "hour".
        cap: the most that is taken off, in the same measure; None for no such limit.
        grace: how long after the due date a submission is still on time; lateness counts from its end.
        late_days: how many days a student may be late over the whole course, for nothing.
    """

    measure: Measure = Measure.POINTS
    amount: float = 0.0
    per: str = "day"
    cap: float | None = None
    grace: timedelta = NOTHING
    late_days: int = 0

    def penalty(self, late: timedelta, score: float, maximum: float) -> float:
        """The points taken off a score for ``late`` beyond due date, grace and late days; at most the score."""
        if late <= NOTHING:
            return 0.0
        taken = self.amount * -(-late // UNITS[self.per])  # a day that has begun counts
        if self.cap is not None:
            taken = min(taken, self.cap)
        whole = {Measure.POINTS: 100.0, Measure.OF_SCORE: score, Measure.OF_MAXIMUM: maximum}[self.measure]
        return max(0.0, min(round(taken * whole / 100, 2), score))

    def __str__(self) -> str:
        """The policy in words for students; "" when being late costs nothing and nothing is forgiven."""
        unit = {
            Measure.POINTS: "points",
            Measure.OF_SCORE: "% of your points",
            Measure.OF_MAXIMUM: "% of the maximum",
        }
        parts = []
        if self.amount:
            most = f", at most {self.cap:g}" if self.cap is not None else ""
            space = "" if unit[self.measure].startswith("%") else " "
            parts.append(
                f"{self.amount:g}{space}{unit[self.measure]} are taken off for every {self.per} begun{most}"
            )
        if self.grace:
            parts.append(f"the first {self.grace // timedelta(minutes=1)} minutes do not count")
        if self.late_days:
            days = "1 late day" if self.late_days == 1 else f"{self.late_days} late days"
            parts.append(f"{days} for the whole course are free and spent where they help you most")
        return "; ".join(parts)


@dataclass(frozen=True)
class Work:
    """What one student has in one task.

    Attributes:
        due: until when, extensions included; None for no due date.
        handed_in: when; None when that is not known.
        score: points earned, marks by hand included.
        maximum: points of the task.
    """

    task: str
    due: datetime | None
    handed_in: datetime | None
    score: float
    maximum: float

    @property
    def late(self) -> timedelta:
        """How long after the due date; zero when that is not known."""
        if self.due is None or self.handed_in is None:
            return NOTHING
        return max(self.handed_in - self.due, NOTHING)


@dataclass(frozen=True)
class Settled:
    """What the deadline makes of one piece of work.

    Attributes:
        late: beyond the due date; zero within the grace.
        days: late days of the student's pool that are spent on it.
        penalty: points taken off.
        is_late: late even after the late days.
    """

    work: Work
    late: timedelta = NOTHING
    days: int = 0
    penalty: float = 0.0
    is_late: bool = False


def settle(policy: LatePolicy, works: Sequence[Work]) -> list[Settled]:
    """What becomes of all work of one student, in the order given.

    The late days are spent so that the fewest points are lost; among equal ways so that the fewest tasks are late, then
    so that the fewest days are spent, then on the earliest tasks.
    """
    options = [_options(policy, work) for work in works]
    # best[n]: cost and choices of the tasks so far, when at most n days are spent on them. A cost is points lost in
    # hundredths, tasks that are late, days spent; the choices, negated, prefer the earlier tasks.
    best: list[tuple[int, int, int, tuple[int, ...]]] = [(0, 0, 0, ())] * (policy.late_days + 1)
    for option in options:
        best = [
            min(
                (
                    best[pool - days][0] + round(settled.penalty * 100),
                    best[pool - days][1] + settled.is_late,
                    best[pool - days][2] + days,
                    (*best[pool - days][3], -days),
                )
                for days, settled in enumerate(option[: pool + 1])
            )
            for pool in range(policy.late_days + 1)
        ]
    return [option[-days] for option, days in zip(options, best[-1][3], strict=True)]


def _options(policy: LatePolicy, work: Work) -> list[Settled]:
    """The work with 0, 1, 2, … late days spent on it, as many as can change anything."""
    counted = work.late - policy.grace
    if counted <= NOTHING:
        return [Settled(work)]
    most = min(policy.late_days, math.ceil(counted / DAY))
    return [
        Settled(
            work,
            work.late,
            days,
            policy.penalty(counted - days * DAY, work.score, work.maximum),
            counted - days * DAY > NOTHING,
        )
        for days in range(most + 1)
    ]
