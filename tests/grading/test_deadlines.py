"""What being late costs, and the kindest way to spend late days."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.deadlines import DAY, LatePolicy, Measure, Work, settle
from tests.properties import few

DUE = datetime(2027, 4, 19, 14, 59, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def work(late: timedelta, score: float = 90.0, task: str = "task") -> Work:
    return Work(task, DUE, DUE + late, score, 100.0)


@pytest.mark.parametrize(
    ("policy", "late", "score", "penalty"),
    [
        (LatePolicy(amount=10), -HOUR, 90, 0),
        (LatePolicy(amount=10), 0 * HOUR, 90, 0),
        (LatePolicy(amount=10), timedelta(microseconds=1), 90, 10),
        (LatePolicy(amount=10), DAY, 90, 10),
        (LatePolicy(amount=10), DAY + MINUTE, 90, 20),
        (LatePolicy(amount=10, cap=25), 9 * DAY, 90, 25),
        (LatePolicy(amount=10), 9 * DAY, 42.5, 42.5),  # never below nothing
        (LatePolicy(amount=1, per="hour"), 90 * MINUTE, 90, 2),
        (LatePolicy(Measure.OF_SCORE, 10), HOUR, 87.5, 8.75),
        (LatePolicy(Measure.OF_MAXIMUM, 10), HOUR, 87.5, 10),
        (LatePolicy(Measure.OF_SCORE, 10, cap=15), 9 * DAY, 80, 12),
        (LatePolicy(Measure.OF_SCORE, 33), 9 * DAY, 80, 80),
        (LatePolicy(amount=10, grace=15 * MINUTE), 15 * MINUTE, 90, 0),
        (LatePolicy(amount=10, grace=15 * MINUTE), 16 * MINUTE, 90, 10),
        (
            LatePolicy(amount=10, grace=15 * MINUTE),
            DAY + 10 * MINUTE,
            90,
            10,
        ),  # the clock starts after the grace
        (LatePolicy(), 9 * DAY, 90, 0),
    ],
)
def test_what_is_taken_off(policy: LatePolicy, late: timedelta, score: float, penalty: float) -> None:
    (settled,) = settle(policy, [work(late, score)])
    assert settled.penalty == penalty
    assert settled.is_late == (late > policy.grace)


def test_without_a_due_date_or_a_moment_nothing_is_late() -> None:
    policy = LatePolicy(amount=10, late_days=2)
    for unknown in (Work("task", None, DUE, 90, 100), Work("task", DUE, None, 90, 100)):
        (settled,) = settle(policy, [unknown])
        assert (settled.penalty, settled.is_late, settled.days) == (0, False, 0)


def test_late_days_go_where_they_save_most() -> None:
    # One day saves 9 points in the first task, and a day in the second as many as it earned.
    policy = LatePolicy(Measure.OF_SCORE, 10, late_days=1)
    first, second = settle(policy, [work(HOUR, 90, "one"), work(HOUR, 95, "two")])
    assert (first.days, first.penalty, first.is_late) == (0, 9, True)
    assert (second.days, second.penalty, second.is_late) == (1, 0, False)


def test_a_day_spent_without_reaching_the_deadline_still_takes_a_day_off() -> None:
    (settled,) = settle(LatePolicy(amount=10, late_days=2), [work(3 * DAY)])
    assert (settled.days, settled.penalty, settled.is_late) == (2, 10, True)


def test_no_day_is_spent_in_vain_and_equal_tasks_take_them_in_order() -> None:
    capped = settle(LatePolicy(amount=10, cap=10, late_days=2), [work(9 * DAY)])
    assert [one.days for one in capped] == [0]
    equal = settle(LatePolicy(amount=10, late_days=1), [work(HOUR, task="one"), work(HOUR, task="two")])
    assert [one.days for one in equal] == [1, 0]
    marked = settle(LatePolicy(late_days=3), [work(4 * DAY), work(2 * DAY), work(DAY)])
    assert [(one.days, one.is_late) for one in marked] == [(0, True), (2, False), (1, False)]


works = st.lists(
    st.builds(
        work,
        st.integers(-20, 130).map(lambda hours: hours * HOUR) | st.integers(1, 90).map(lambda n: n * MINUTE),
        st.integers(0, 200).map(lambda n: n / 2),
    ),
    max_size=4,
)
policies = st.builds(
    LatePolicy,
    st.sampled_from(Measure),
    st.sampled_from([0.0, 2.5, 10.0, 50.0]),
    st.sampled_from(["day", "hour"]),
    st.sampled_from([None, 15.0, 60.0]),
    st.sampled_from([0, 30]).map(lambda minutes: minutes * MINUTE),
    st.integers(0, 5),
)


@few
@given(policies, works)
def test_no_other_way_to_spend_the_days_is_kinder(policy: LatePolicy, works: list[Work]) -> None:
    found = settle(policy, works)
    assert sum(one.days for one in found) <= policy.late_days

    def cost(days: tuple[int, ...]) -> tuple[float, int, int]:
        counted = [one.late - policy.grace - n * DAY for one, n in zip(works, days, strict=True)]
        lost = [policy.penalty(c, one.score, one.maximum) for c, one in zip(counted, works, strict=True)]
        return round(sum(lost), 6), sum(c > timedelta() for c in counted), sum(days)

    ways = itertools.product(range(policy.late_days + 1), repeat=len(works))
    best = min(cost(days) for days in ways if sum(days) <= policy.late_days)
    assert cost(tuple(one.days for one in found)) == best
    assert round(sum(one.penalty for one in found), 6) == best[0]


@few
@given(policies, works, st.integers(0, 50))
def test_handing_in_later_never_costs_less(policy: LatePolicy, works: list[Work], hours: int) -> None:
    later = [Work(w.task, w.due, (w.handed_in or DUE) + hours * HOUR, w.score, w.maximum) for w in works]
    before, after = settle(policy, works), settle(policy, later)
    assert sum(one.penalty for one in after) >= sum(one.penalty for one in before) - 1e-9
    assert all(0 <= one.penalty <= one.work.score for one in after)


def test_the_policy_is_said_in_words() -> None:
    policy = LatePolicy(Measure.OF_SCORE, 10, "day", 50, 15 * MINUTE, 3)
    assert str(policy) == (
        "10% of your points are taken off for every day begun, at most 50; the first 15 minutes do not count; "
        "3 late days for the whole course are free and spent where they help you most"
    )
    assert str(LatePolicy()) == ""
