"""What an audit found, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from autograder.audit.course_audit import TaskAudit
from autograder.audit.trial import Kind
from autograder.checks import load_checks


def by_task(audits: Sequence[TaskAudit]) -> Table:
    """One row a task: what the reference and the stub got, and how many subjects were judged as they should be."""
    table = Table(box=SIMPLE_HEAD, expand=False)
    table.add_column("task", no_wrap=True)
    for column in ("reference", "stub", "mistakes caught", "named", "alternatives accepted"):
        table.add_column(column, justify="right")
    for audit in audits:
        (reference,), (stub,) = audit.of(Kind.REFERENCE), audit.of(Kind.STUB)
        mistakes, alternatives = audit.of(Kind.MISTAKE), audit.of(Kind.ALTERNATIVE)
        accepted = sum(not alternative.rejected for alternative in alternatives)
        table.add_row(
            ("[green]✓[/] " if audit.ok else "[red]✗[/] ") + audit.task,
            _coloured(f"{reference.lowest:g}", not reference.rejected),
            _coloured(f"{stub.highest:g}", not stub.rejected),
            _coloured(f"{audit.caught}/{len(mistakes)}", audit.caught == len(mistakes)),
            _coloured(f"{audit.named}/{len(mistakes)}", audit.named == len(mistakes)),
            _coloured(f"{accepted}/{len(alternatives)}", accepted == len(alternatives)),
        )
    return table


def by_check(audit: TaskAudit) -> Table:
    """One row a check of one task: how many known mistakes it rejects, and those that no other check would."""
    table = Table(title=audit.task, title_justify="left", expand=False)
    table.add_column("check")
    table.add_column("rejects", justify="right")
    table.add_column("only this one rejects", overflow="fold")
    for name in load_checks(audit.task):
        count = sum(name in mistake.failed for mistake in audit.of(Kind.MISTAKE))
        table.add_row(name, str(count), escape("; ".join(audit.only(name))))
    return table


def shortcomings(audits: Sequence[TaskAudit]) -> list[str]:
    """One line for everything that is not as it should be."""
    lines = []
    for audit in audits:
        for finding in audit.findings:
            who = f"{audit.task}: {finding.subject.kind} {finding.subject.name!r}"
            lines += [f"{who}: {problem}" for problem in finding.problems]
            if finding.subject.kind is Kind.MISTAKE and finding.rejected == finding.seeds > finding.named:
                said = f", but {' or '.join(finding.said)}" if finding.said else ""
                lines.append(f"{who}: {finding.subject.check} does not name it{said}")
    return lines


def for_the_author(audits: Sequence[TaskAudit]) -> list[str]:
    """One line for everything that is right, and worth a look."""
    lines = []
    for audit in audits:
        idle = audit.without_unique_catch()
        if idle:
            lines.append(f"{audit.task}: no known mistake needs {', '.join(idle)}")
        lines += [f"{audit.task}: only a training notices {name!r}" for name in audit.only_by_training()]
    return lines


def _coloured(text: str, good: bool) -> str:
    return f"[{'green' if good else 'red'}]{text}[/]"
