"""What comes of a check: a small frozen type, and how running one makes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from autograder.calls import CodeError, GraderFault, NotRecorded, Proxy
from autograder.calls.session import usual_numbers
from autograder.calls.text import clean
from autograder.checks import Check, TaskData
from autograder.expect import CheckFailed, Partial

MESSAGE_LIMIT = 2000  # characters of a message; an exception's, with a note on what it stands on, has 700


class Status(StrEnum):
    """How a check ended. Only GRADER_ERROR is nobody's result: it stops publishing and never becomes a zero."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    MISSING = "missing"  # not defined, or still the stub
    ERROR = "error"  # the student's code raised
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"  # the student's process ended or broke the protocol
    DEFERRED = "deferred"  # only grading can judge it (students' own runs only)
    GRADER_ERROR = "grader_error"


@dataclass(frozen=True)
class Cause:
    """A known mistake that gives exactly what the student's code gave.

    Attributes:
        name: a phrase that follows "This looks like: ".
        hint: what to look at.
    """

    name: str
    hint: str


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check for one student.

    Attributes:
        points: awarded, 0 to max_points.
        message: what was found; "" when passed.
        hint: what to look at, or None.
        where: lines of the student's code an exception passed through, outermost first.
        causes: the known mistakes that explain it, found when grading; more than one when they cannot be told apart.
    """

    name: str
    title: str
    status: Status
    points: float
    max_points: float
    message: str = ""
    hint: str | None = None
    equation: str | None = None
    where: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()

    def __post_init__(self) -> None:
        # Whatever a check says may repeat what the student's code said: keys, names, messages, files.
        object.__setattr__(self, "message", clean(self.message, MESSAGE_LIMIT))
        object.__setattr__(self, "hint", clean(self.hint, MESSAGE_LIMIT) if self.hint else self.hint)
        object.__setattr__(self, "where", tuple(clean(line) for line in self.where))

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        values = asdict(self)
        return {
            **values,
            "status": str(self.status),
            "where": list(self.where),
            "causes": list(values["causes"]),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CheckResult:
        """The inverse of `as_dict`; what only older versions wrote is passed over."""
        values = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        causes = tuple(Cause(**cause) for cause in values.get("causes", ()))
        status, where = Status(values["status"]), tuple(values["where"])
        return cls(**{**values, "status": status, "where": where, "causes": causes})


UNDEFINED = re.compile(r"name '(\w+)' is not defined.*", re.DOTALL)
KINDS = {
    "missing": Status.MISSING,
    "not_implemented": Status.MISSING,
    "timeout": Status.TIMEOUT,
    "memory": Status.MEMORY,
    "died": Status.CRASHED,
    "protocol": Status.CRASHED,
}


def run_check(
    check: Check,
    student: Proxy,
    reference: Proxy,
    rng: Any,
    data: TaskData | None = None,
    *,
    why: Callable[[str], str | None] = lambda name: None,
) -> CheckResult:
    """Run ``check`` and say how it ended; raises nothing but KeyboardInterrupt.

    How long it took is no part of a result, which depends on the submission, the checks and the seed only.

    Args:
        why: why a name is missing, as "cell 12: SyntaxError: invalid syntax", or None.
    """
    status, points, message, hint = Status.PASSED, check.points, "", None
    try:
        arguments = (student, reference, rng, data) if check.wants_data else (student, reference, rng)
        with usual_numbers():  # in a notebook, what it has set of NumPy's is set here as well
            outcome = check.function(*arguments)
        if isinstance(outcome, Partial):
            status, message = Status.PARTIAL, outcome.message
            points = round(check.points * min(max(outcome.fraction, 0.0), 1.0), 2)
    except CheckFailed as failure:
        status, points, message, hint = Status.FAILED, 0.0, failure.message, failure.hint
    except CodeError as error:
        return failed_by(check, error, why)
    except NotRecorded as reason:
        status, points = Status.DEFERRED, 0.0
        message = f"This part is judged when graded: {reason}."
    except GraderFault as fault:
        status, points, message = Status.GRADER_ERROR, 0.0, str(fault)
    except Exception as error:  # a bug in the check itself is the grader's fault, not the student's
        status, points = Status.GRADER_ERROR, 0.0
        message = f"the check itself failed: {type(error).__name__}: {error}"
    return CheckResult(
        name=check.name,
        title=check.title,
        status=status,
        points=points,
        max_points=check.points,
        message=message,
        hint=hint,
        equation=check.equation,
    )


def failed_by(
    check: Check, error: CodeError, why: Callable[[str], str | None] = lambda name: None
) -> CheckResult:
    """The result of ``check`` where the student's code ended with ``error``; ``why`` as in `run_check`."""
    message, hint = explain(error, why)
    return CheckResult(
        name=check.name,
        title=check.title,
        status=KINDS.get(error.kind, Status.ERROR),
        points=0.0,
        max_points=check.points,
        message=message,
        hint=hint,
        equation=check.equation,
        where=tuple(f"{place}, line {line}, in {name}: {code}" for place, line, name, code in error.frames),
    )


def explain(error: CodeError, why: Callable[[str], str | None] = lambda name: None) -> tuple[str, str | None]:
    """A message and a hint for an error in the student's code; why a name is missing comes first."""
    match error.kind:
        case "missing" if error.type_name == "NameError":
            if reason := why(error.message):
                return (
                    f"{reason}. So {error.message} is not defined.",
                    f"Mend {reason.partition(':')[0]} first.",
                )
            return (
                f"{error.message} is not defined.",
                f"Define {error.message} with exactly this name. Did its cell fail, or was it deleted?",
            )
        case "missing":
            return f"{error.message}.", "Keep the name that the text asks for."
        case "not_implemented":
            return f"Not written yet: {error.message or 'a stub'}.", "Replace the raise line by your code."
        case "memory":
            said = error.message if error.type_name == "LimitExceeded" else "Out of memory."
            return said, "Look for an array that is much larger than it needs to be."
        case "timeout" if "asleep" in error.message:
            return error.message, "Look for a sleep, or for something that waits: an input, a lock, a pipe."
        case "timeout":
            return error.message, "Look for a loop that never ends, or that runs over single numbers."
        case "died" | "protocol":
            return error.message, None
        case "unsendable":
            return f"The result cannot be compared: {error.message}.", None
        case "exit":
            return "The code called exit instead of returning.", None
    message = f"{error.type_name}: {error.message}"
    name = UNDEFINED.fullmatch(error.message) if error.type_name == "NameError" else None
    if name and (reason := why(name[1])):
        return f"{reason}. So {name[1]} is not defined. {message}", _mend(reason)
    return message, None


def _mend(reason: str) -> str:
    """What to do about a cell that failed for ``reason``, as "cell 12: ModuleNotFoundError: …"."""
    place, _, error = reason.partition(": ")
    if error.startswith("ModuleNotFoundError"):
        return f"Do without the package, or ask whether it can be installed; then {place} works again."
    return f"Mend {place} first."
