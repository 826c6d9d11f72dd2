"""What the deadlines make of one student's work: what people, tables and pages are told about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from html import escape
from typing import Any

from autograder.course import Course
from autograder.grading.deadlines import DAY, Settled
from autograder.grading.timestamps import Stamp

CLOCKS_DIFFER = timedelta(minutes=5)  # a timestamp from another machine's clock


@dataclass(frozen=True)
class Late:
    """Whether one student's work in one task is late, and what that costs.

    Attributes:
        settled: the dates, the late days spent and the penalty.
        due: of the task, without extension.
        flags: what is odd about the timestamp.
    """

    settled: Settled
    due: datetime | None
    flags: tuple[str, ...] = ()

    @property
    def penalty(self) -> float:
        """Points taken off."""
        return self.settled.penalty

    @property
    def grade(self) -> float:
        """Points that stay, as `nbgrader export` has them."""
        return round(max(0.0, self.settled.work.score - self.penalty), 2)

    @property
    def status(self) -> str:
        """One of: no due date, not known, on time, late, late days (which made it on time)."""
        work = self.settled.work
        if work.due is None:
            return "no due date"
        if work.handed_in is None:
            return "not known"
        if self.settled.is_late:
            return "late"
        return "late days" if self.settled.days else "on time"

    @property
    def extended(self) -> bool:
        """Whether the student has more time than the class."""
        work = self.settled.work
        return work.due is not None and (self.due is None or work.due > self.due)

    @property
    def words(self) -> str:
        """For a table: ``1 d 2 h late, 1 late day``; "" on time or without a due date, "?" when it is not known."""
        parts = [f"{lasting(self.settled.late)} late"] if self.settled.is_late else []
        parts += [_days(self.settled.days)] if self.settled.days else []
        return ", ".join(parts) or "?" * (self.status == "not known")

    def as_dict(self) -> dict[str, Any]:
        """As JSON values; moments are in UTC."""
        work = self.settled.work
        return {
            "status": self.status,
            "due": _iso(self.due),
            "extended_until": _iso(work.due) if self.extended else None,
            "handed_in": _iso(work.handed_in),
            "late_seconds": round(self.settled.late.total_seconds(), 3),
            "late_days": self.settled.days,
            "penalty": self.penalty,
        }

    def note(self, course: Course) -> str:
        """What the feedback page says, as one block of HTML; "" when there is nothing to say."""
        work, zone = self.settled.work, course.timezone
        said = []
        if work.due is not None:
            until = " (extended)" if self.extended else ""
            said.append(f"Due {shown(work.due, zone)}{until}")
            said.append(
                f"handed in {shown(work.handed_in, zone)}"
                if work.handed_in
                else "handed in at an unknown time"
            )
        if self.settled.is_late or self.settled.days:
            said.append(f"{lasting(self.settled.late)} late")
        if self.settled.days:
            said.append(
                f"{_days(self.settled.days)} of {course.late.late_days if course.late else 0} spent on it"
            )
        if self.penalty:
            said.append(f"{self.penalty:g} points taken off")
        if not (said or self.flags):
            return ""
        flags = "".join(f"<li>{_inert(flag)}</li>" for flag in self.flags)
        listed = f"<p>For the teaching assistant to look at:</p><ul>{flags}</ul>" if flags else ""
        head = f"{course.title}: {work.task}"
        return f"<div><p><b>{_inert(head)}</b><br>{_inert('; '.join(said))}</p>{listed}</div>"


def stamp_flags(stamp: Stamp, released: datetime | None, now: datetime, zone: tzinfo) -> tuple[str, ...]:
    """What a person should look at, of when something was handed in.

    Args:
        released: when the task was; None when that is not known.
        now: when the timestamp was there already.
    """
    flags = [f"timestamp.txt: {stamp.doubt}"] if stamp.doubt else []
    if stamp.at is not None and stamp.at > now + CLOCKS_DIFFER:
        flags.append(f"handed in {shown(stamp.at, zone)}, which is in the future")
    if stamp.at is not None and released is not None and stamp.at < released - CLOCKS_DIFFER:
        flags.append(
            f"handed in {shown(stamp.at, zone)}, before the task was released ({shown(released, zone)})"
        )
    return tuple(flags)


def shown(moment: datetime, zone: tzinfo) -> str:
    """``Mon 19 Apr 2027 23:59 JST``, with seconds where there are any."""
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M:%S}".removesuffix(":00")
    return f"{local:%a} {local.day} {local:%b %Y} {clock} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """What people call the zone of a moment: ``JST``, and ``UTC+03:00`` where there is no such name."""
    name = local.tzname() or ""
    return f"UTC{local.isoformat()[-6:]}" if name[:1] in "+-" else name


def lasting(time: timedelta) -> str:
    """``1 d 2 h``, ``5 min``, ``30 s``: the two largest parts, rounded down."""
    if time < timedelta(minutes=1):
        return f"{max(time // timedelta(seconds=1), 1)} s"
    days, hours, minutes = time // DAY, time % DAY // timedelta(hours=1), time // timedelta(minutes=1) % 60
    parts = [
        f"{days} d" * bool(days),
        f"{hours} h" * bool(hours),
        f"{minutes} min" * bool(minutes and not days),
    ]
    return " ".join(filter(None, parts))


def _days(days: int) -> str:
    return "1 late day" if days == 1 else f"{days} late days"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _inert(text: str) -> str:
    """``text`` as one line of HTML in which nothing runs; MathJax would read dollar signs."""
    return escape(" ".join(text.split())).replace("$", "&#36;")
