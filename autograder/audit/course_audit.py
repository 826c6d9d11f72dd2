"""Every subject of many tasks, in parallel, and what it amounts to for each task and each check."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autograder.audit.trial import Finding, Kind, Subject, examine, stub_of, training_checks
from autograder.authoring.reference import handed_in
from autograder.checks import load_checks
from autograder.course import Course
from autograder.grading.course_run import evaluators
from autograder.grading.plan import Plan, make_plan
from autograder.misconceptions import load_misconceptions, read_alternatives

LEAST_NAMED = 0.9  # of the mistakes, in the feedback of the check that they name


@dataclass(frozen=True)
class TaskAudit:
    """What the audit of one task found.

    Attributes:
        findings: one for each subject, the reference and the stub first.
    """

    task: str
    findings: tuple[Finding, ...]

    def of(self, kind: Kind) -> list[Finding]:
        """The findings of one kind."""
        return [finding for finding in self.findings if finding.subject.kind is kind]

    @property
    def caught(self) -> int:
        """Mistakes that failed the check they name on every seed."""
        return sum(mistake.rejected == mistake.seeds for mistake in self.of(Kind.MISTAKE))

    @property
    def named(self) -> int:
        """Mistakes that the feedback named on every seed."""
        return sum(mistake.named == mistake.seeds for mistake in self.of(Kind.MISTAKE))

    @property
    def false_rejects(self) -> int:
        """Runs, over subjects and seeds, in which something right lost a point."""
        return sum(f.rejected for kind in (Kind.REFERENCE, Kind.ALTERNATIVE) for f in self.of(kind))

    @property
    def ok(self) -> bool:
        """Whether no check falls short; the naming of mistakes is judged over all tasks."""
        return not any(finding.problems for finding in self.findings)

    def only(self, check: str) -> list[str]:
        """The mistakes that no other check rejects."""
        return [m.subject.name for m in self.of(Kind.MISTAKE) if m.failed == (check,)]

    def without_unique_catch(self) -> list[str]:
        """Checks for which another one would have rejected every known mistake."""
        return [name for name in load_checks(self.task) if not self.only(name)]

    def only_by_training(self) -> list[str]:
        """Mistakes that nothing but a training notices."""
        trainings = set(training_checks(self.task))
        return [m.subject.name for m in self.of(Kind.MISTAKE) if m.failed and set(m.failed) <= trainings]


def audit(
    course: Course,
    tasks: Sequence[str],
    seeds: int,
    jobs: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    thorough: bool = True,
    mistakes: bool = True,
) -> list[TaskAudit]:
    """Try every subject of ``tasks`` with ``seeds`` seeds.

    Args:
        thorough: see `examine`.
        mistakes: False for only what is right, and the stub.

    Raises:
        CourseError, DataError, AuthoringError: nothing was tried.
    """
    plans = {task: make_plan(course, task) for task in tasks}
    subjects = {
        task: [s for s in subjects_of(plans[task]) if mistakes or s.kind is not Kind.MISTAKE]
        for task in tasks
    }
    done, total = 0, sum(map(len, subjects.values()))
    found: dict[Subject, Finding] = {}
    # The slow ones first, and last those whose files take a training, which begins before all else.
    order = sorted(tasks, key=lambda task: (bool(course.task(task).files), -len(training_checks(task))))
    with evaluators(jobs) as pool:
        files = {task: pool.submit(handed_in, plans[task].home, task) for task in reversed(order)}
        waiting = set()
        for task in order:
            at_hand = files[task].result()
            for subject in subjects[task]:
                waiting.add(pool.submit(examine, plans[task], at_hand, subject, seeds, thorough=thorough))
        for future in concurrent.futures.as_completed(waiting):
            finding = future.result()
            found[finding.subject] = finding
            done += 1
            on_progress(done, total)
    return [TaskAudit(task, tuple(found[subject] for subject in subjects[task])) for task in tasks]


def subjects_of(plan: Plan) -> list[Subject]:
    """Everything to try on the checks of one task."""
    task = plan.task
    source = (plan.home / "solutions" / f"{task}.py").read_text(encoding="utf-8-sig")
    mistakes = [Subject(task, Kind.MISTAKE, m.name, m.source, m.check) for m in load_misconceptions(task)]
    alternatives = [Subject(task, Kind.ALTERNATIVE, *pair) for pair in read_alternatives(plan.home, task)]
    reference = Subject(task, Kind.REFERENCE, "the reference")
    return [reference, Subject(task, Kind.STUB, "the stub", stub_of(source)), *mistakes, *alternatives]


def totals(audits: Sequence[TaskAudit], seeds: int) -> Mapping[str, int]:
    """The sums over all tasks, for programs."""
    return {
        "tasks": len(audits),
        "mistakes": sum(len(audit.of(Kind.MISTAKE)) for audit in audits),
        "caught": sum(audit.caught for audit in audits),
        "named": sum(audit.named for audit in audits),
        "alternatives": sum(len(audit.of(Kind.ALTERNATIVE)) for audit in audits),
        "false_rejects": sum(audit.false_rejects for audit in audits),
        "seeds": seeds,
    }


def falls_short(audits: Sequence[TaskAudit], seeds: int) -> bool:
    """Whether the checks or the feedback are not what they should be."""
    # A check that is never replayed names nothing.
    mistakes = [m for a in audits for m in a.of(Kind.MISTAKE) if load_checks(a.task)[m.subject.check].replay]
    named = sum(mistake.named == mistake.seeds for mistake in mistakes)
    return named < LEAST_NAMED * len(mistakes) or not all(audit.ok for audit in audits)


def slowest_diagnosis(audits: Sequence[TaskAudit]) -> float:
    """CPU seconds."""
    return max((finding.diagnosis_s for audit in audits for finding in audit.findings), default=0.0)
