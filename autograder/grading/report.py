"""The report of one submission: a small frozen type that travels as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

from autograder.calls.text import LINE, clean
from autograder.checks.outcome import CheckResult, Status

PRINTED = 2**20  # characters of one cell's output; what one submission may print has been bounded before


@dataclass(frozen=True)
class CellOutcome:
    """What one executed cell did.

    Attributes:
        number: the cell's position in the notebook, from 1.
        stdout, stderr: what it printed, shortened.
        error: None, or a text such as ``ZeroDivisionError: division by zero``.
        where: lines of the notebook the error passed through.
    """

    number: int
    stdout: str = ""
    stderr: str = ""
    error: str | None = None
    where: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, limit in (("stdout", PRINTED), ("stderr", PRINTED), ("error", LINE)):
            text = getattr(self, name)
            if text:
                object.__setattr__(self, name, clean(text, limit, lines=True))
        object.__setattr__(self, "where", tuple(clean(line) for line in self.where))


@dataclass(frozen=True)
class Report:
    """The outcome of one submission.

    Attributes:
        submission: hash of the submission.
        checks: in the order of the assignment.
        cells: executed cells, in order.
        flags: what the evaluation found that a person should look at; those of the submission are published beside it.
        provisional: graded without a full sandbox.
    """

    task: str
    submission: str
    checks: tuple[CheckResult, ...]
    cells: tuple[CellOutcome, ...] = ()
    flags: tuple[str, ...] = ()
    provisional: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "flags", tuple(clean(flag) for flag in self.flags))

    @property
    def points(self) -> float:
        """Points of all checks together."""
        return round(sum(check.points for check in self.checks), 2)

    @property
    def max_points(self) -> float:
        """Full points of all checks together."""
        return sum(check.max_points for check in self.checks)

    @property
    def faults(self) -> list[CheckResult]:
        """Checks in which the grader itself failed; a report with any is not published."""
        return [check for check in self.checks if check.status is Status.GRADER_ERROR]

    def to_json(self) -> str:
        """The report as one JSON text; equal reports give equal texts."""
        return json.dumps(
            {
                "task": self.task,
                "submission": self.submission,
                "checks": [check.as_dict() for check in self.checks],
                "cells": [[c.number, c.stdout, c.stderr, c.error, list(c.where)] for c in self.cells],
                "flags": list(self.flags),
                "provisional": self.provisional,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The inverse of `to_json`."""
        values = json.loads(text)
        return cls(
            task=values["task"],
            submission=values["submission"],
            checks=tuple(map(CheckResult.from_dict, values["checks"])),
            cells=tuple(
                CellOutcome(n, out, err, error, tuple(w)) for n, out, err, error, w in values["cells"]
            ),
            flags=tuple(values["flags"]),
            provisional=values["provisional"],
        )
