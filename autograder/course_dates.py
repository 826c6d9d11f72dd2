"""What `course.toml` says about time: the course's time zone, the dates of a task, and what being late costs."""

from __future__ import annotations

import difflib
import math
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from autograder.grading.deadlines import UNITS, LatePolicy, Measure
from autograder.grading.timestamps import moments_of
from autograder.toml_reader import Reader

END_OF_DAY = time(23, 59, 59)
MOST = {
    "grace_minutes": 10_000,
    "late_days": 366,
    "points": 10_000,
}  # beyond these a typing error is likelier
LATE_KEYS = [*Measure, "per", "cap", "grace_minutes", "late_days"]


def take_zone(course: Reader) -> ZoneInfo:
    """The time zone of the course, UTC when none is given."""
    name = course.take("timezone", str, "UTC")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no plain name, a folder of the time zone database
        known = {zone.rpartition("/")[2].lower(): zone for zone in sorted(available_timezones())}
        close = difflib.get_close_matches(name.rpartition("/")[2].lower().replace(" ", "_"), known, 1, 0.75)
        example = known[close[0]] if close else "Asia/Tokyo"
        course.note(f"timezone is {name!r}; expected a name of the IANA time zone database, as {example!r}")
        return ZoneInfo("UTC")


def take_moment(row: Reader, key: str, zone: ZoneInfo) -> datetime | None:
    """A date and a time, or a date alone, which stands for the end of the day as ``due`` and for its start otherwise."""
    value = row.take(key, (datetime, date))
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime.combine(value, END_OF_DAY if key == "due" else time())
    try:
        if value.tzinfo is not None:
            return value.astimezone(UTC)
        moments, odd = moments_of(value, zone)
    except OverflowError:
        row.note(f"{key} is {value}; expected a date of this age")
        return None
    if odd:
        first = min(moments).astimezone(zone)
        row.note(
            f"{key} is {value}, which {odd}; add an offset, as {value.isoformat()}{first.isoformat()[-6:]}"
        )
    return min(moments)


def read_late(late: Reader) -> LatePolicy:
    """The `[late]` table; every problem is noted."""
    given = {measure: late.take(measure, (int, float)) for measure in Measure}
    measures = [measure for measure, amount in given.items() if amount is not None]
    per = late.take("per", str)
    cap = late.take("cap", (int, float))
    grace = late.take("grace_minutes", (int, float), 0)
    days = late.take("late_days", int, 0)
    if "percent" in late.table:
        late.table.pop("percent")
        late.note(f"percent of what? expected {Measure.OF_SCORE} or {Measure.OF_MAXIMUM}")
    late.finish(LATE_KEYS)
    if len(measures) > 1:
        late.note(f"both {measures[0]} and {measures[1]}; expected one of them")
    measure = measures[0] if measures else Measure.POINTS
    most = MOST["points"] if measure is Measure.POINTS else 100
    amount = given[measure]
    if amount is not None and not 0 < amount <= most:
        late.note(f"{measure} is {amount}; expected a number above 0 and at most {most}")
    for key, value in (("per", per), ("cap", cap)):
        if value is not None and not measures:
            late.note(f"{key} without a penalty; add {', '.join(list(Measure)[:-1])} or {list(Measure)[-1]}")
    if per is not None and per not in UNITS:
        late.note(f"per is {per!r}; expected {' or '.join(UNITS)}")
    if cap is not None and not 0 < cap <= most:
        late.note(f"cap is {cap}; expected a number above 0 and at most {most}, in {measure}")
    for key, value in (("grace_minutes", grace), ("late_days", days)):
        if not (math.isfinite(value) and 0 <= value <= MOST[key]):
            late.note(f"{key} is {value}; expected a number from 0 to {MOST[key]}")
    if late.problems:
        return LatePolicy()
    return LatePolicy(
        measure,
        float(amount or 0),
        per or "day",
        None if cap is None else float(cap),
        timedelta(minutes=grace),
        days,
    )
