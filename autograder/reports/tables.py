"""The class at a glance: one table by student, one by check."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from autograder.checks.outcome import CheckResult, Status
from autograder.grading.course_run import Graded
from autograder.grading.regrade import Change
from autograder.reports.terminal import in_table

NOTE_LENGTH = 90
FINDING = 180  # characters of what is wrong with a submission
FLAGS = 4  # of one submission in the table of the class


def by_student(task: str, graded: Sequence[Graded]) -> Table:
    """One row a student: points, and the first thing to look at."""
    table = Table(title=task, title_justify="left", expand=False)
    table.add_column("student")
    table.add_column("points", justify="right")
    dates = any(row.late and (row.late.settled.is_late or row.late.settled.days) for row in graded)
    if dates:
        table.add_column("late")
        table.add_column("grade", justify="right")
    table.add_column("first finding", overflow="fold", max_width=NOTE_LENGTH)
    for row in graded:
        if row.fault or row.report is None:
            fault = in_table(f"grader fault: {row.fault}")
            table.add_row(in_table(row.student), "[magenta]not graded[/]", *[""] * 2 * dates, fault)
            continue
        share = row.report.points / max(row.report.max_points, 1)
        colour = "green" if share == 1 else "yellow" if share > 0 else "red"
        points = f"[{colour}]{row.report.points:g}/{row.report.max_points:g}[/]"
        note = " · ".join(filter(None, [flags_in_short(row.all_flags), finding(row.report.checks)[:FINDING]]))
        when = [_late(row), f"{row.late.grade:g}" if row.late else ""] if dates else []
        table.add_row(in_table(row.student), points, *when, in_table(note))
    return table


def flags_in_short(flags: Sequence[str]) -> str:
    """The beginnings of the first flags on one line, and how many there are more."""
    more = [f"(and {len(flags) - FLAGS} more)"] if len(flags) > FLAGS else []
    return " ".join([*(f"⚑ {flag[:NOTE_LENGTH]}" for flag in flags[:FLAGS]), *more])


def _late(row: Graded) -> str:
    """``1 d 2 h late: −20``; "" on time."""
    if row.late is None:
        return ""
    return row.late.words + (f": {_taken(row.late.penalty)}" if row.late.penalty else "")


def by_change(task: str, changes: Sequence[Change]) -> Table:
    """One row a student whose points would change: those in the gradebook now, those then, and why."""
    table = Table(title=task, title_justify="left", expand=False)
    table.add_column("student", overflow="fold")
    for name in ("now", "then", "difference"):
        table.add_column(name, justify="right")
    table.add_column("what changes", overflow="fold", max_width=NOTE_LENGTH)
    for change in changes:
        difference = "new" if change.before is None else f"{change.after - change.before:+g}"
        if change.before is None:
            why = ""  # nothing was there: every check is new
        else:
            why = ", ".join(
                f"{check.name} {_points(check.before)} -> {check.after:g}" for check in change.checks
            )
            if change.penalty_before != change.penalty_after:
                late = f"late: {_taken(change.penalty_before)} -> {_taken(change.penalty_after)}"
                why = f"{why}, {late}" if why else late
        table.add_row(in_table(change.student), _points(change.before), f"{change.after:g}", difference, why)
    return table


def _taken(penalty: float) -> str:
    return f"−{penalty:g}" if penalty else "0"


def _points(points: float | None) -> str:
    return "-" if points is None else f"{points:g}"


def matrix(task: str, graded: Sequence[Graded]) -> Table:
    """One row a student, one narrow column a check: its points, a dash for none. `by_check` is in the same order."""
    table = Table(title=task, title_justify="left", expand=False, padding=(0, 0))
    table.add_column("student", overflow="fold")
    table.add_column("points", justify="right")
    reports = [row.report for row in graded if row.report is not None]
    for number, _ in enumerate(reports[0].checks if reports else (), 1):
        table.add_column(str(number), justify="right")
    for row in graded:
        if row.fault or row.report is None:
            table.add_row(in_table(row.student), "[magenta]not graded[/]")
            continue
        cells = [
            f"[{'green' if c.points == c.max_points else 'yellow'}]{c.points:g}[/]"
            if c.points
            else "[red]-[/]"
            for c in row.report.checks
        ]
        table.add_row(in_table(row.student), f"{row.report.points:g}/{row.report.max_points:g}", *cells)
    return table


def finding(checks: Sequence[CheckResult]) -> str:
    """The most telling failure: a wrong result before a crash before a stub."""
    order = [
        Status.FAILED,
        Status.PARTIAL,
        Status.TIMEOUT,
        Status.MEMORY,
        Status.CRASHED,
        Status.ERROR,
        Status.MISSING,
    ]
    for status in order:
        for check in checks:
            if check.status is status:
                return f"{check.name}: {check.message}"
    return ""


def by_check(graded: Sequence[Graded]) -> Table:
    """One row a check: how many students have it, partly, or not, and the mean of its points."""
    table = Table(expand=False)
    table.add_column("", justify="right")
    table.add_column("check")
    table.add_column("points", justify="right")
    for name in ("passed", "partly", "not"):
        table.add_column(name, justify="right")
    table.add_column("mean", justify="right")
    reports = [row.report for row in graded if row.report is not None and not row.fault]
    for index, first in enumerate(reports[0].checks if reports else ()):
        results = [report.checks[index] for report in reports]
        passed = sum(result.status is Status.PASSED for result in results)
        partly = sum(result.status is Status.PARTIAL for result in results)
        mean = sum(result.points for result in results) / len(results)
        table.add_row(
            str(index + 1),
            first.name,
            f"{first.max_points:g}",
            str(passed),
            str(partly) if partly else "",
            str(len(results) - passed - partly) if passed + partly < len(results) else "",
            f"{mean:.1f}",
        )
    return table
