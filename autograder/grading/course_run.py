"""Many submissions: evaluated in parallel; each is journaled, then published, as it comes.

However large the class, only a few submissions and reports are in memory at one time.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from autograder.calls.text import clean
from autograder.checks import load_checks
from autograder.checks.outcome import CheckResult
from autograder.course import Course
from autograder.grading.class_flags import ClassFlags
from autograder.grading.journal import Journal, Key
from autograder.grading.packages import require_packages
from autograder.grading.plan import Plan, make_plan
from autograder.grading.regrade import Change, still_holds, with_results
from autograder.grading.released import require_source
from autograder.grading.report import Report
from autograder.grading.students import folders, one_person, quoted
from autograder.grading.submission import Submission, printable, read_submission, students_of
from autograder.sandbox.clock import MachineTooBusy

if TYPE_CHECKING:
    from autograder.grading.lateness import Late
    from autograder.grading.publish import Publisher

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# Bytes of data of one evaluator. Of a right submission's it holds 300 MB at most, the data set read from a map not
# counted; the results of one check, the conversation kept of every failed one and an array made of lists come on top.
EVALUATOR_BYTES = 1536 * 2**20
AHEAD = 16  # submissions a process that are read and handed over, so that none waits while this one publishes


@dataclass(frozen=True)
class Graded:
    """What became of one student's submission.

    Attributes:
        report: the evaluation, or None when the grader failed.
        fault: why the grader failed; "" when it did not. Nothing is published then.
        fresh: evaluated in this run rather than found in the journal.
        flags: of the submission; those that the evaluation found are in the report.
        too_busy: the fault is that the wall time was up with CPU time left; evaluated alone it may be another.
        late: what the deadline makes of it; None when nothing is published.
    """

    student: str
    report: Report | None
    fault: str = ""
    fresh: bool = True
    flags: tuple[str, ...] = ()
    too_busy: bool = False
    late: Late | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fault", clean(self.fault))

    @property
    def all_flags(self) -> tuple[str, ...]:
        """Everything that a person should look at, each once."""
        found = (*(self.report.flags if self.report else ()), *(self.late.flags if self.late else ()))
        return tuple(dict.fromkeys((*self.flags, *found)))


@dataclass(frozen=True)
class RunOptions:
    """How a run is done.

    Attributes:
        students: only these; all when empty.
        jobs: evaluations at one time.
        walls: False for `--unsafe-no-sandbox`.
        again: evaluate even what the journal already has.
        dask: address of a Dask scheduler whose workers evaluate; "" for this machine.
        dry_run: evaluate and journal, but publish nothing.
        insecure_cluster: allow a scheduler and workers that are neither loopback nor ``tls://``.
    """

    students: Sequence[str] = ()
    jobs: int = 1
    walls: bool = True
    again: bool = False
    dask: str = ""
    dry_run: bool = False
    insecure_cluster: bool = False


def grade_task(
    course: Course,
    task: str,
    options: RunOptions,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_changes: Callable[[list[Change]], None] = lambda changes: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> list[Graded]:
    """Grade the submissions of ``task``: evaluate, journal, publish, each as soon as it is evaluated.

    Where published points would move, publishing waits until all are evaluated and ``on_changes`` has been told of
    these moves; in a dry run, of all changes. With late days they may be moves of other tasks too. The reports returned
    have no cells. ``on_note`` is told what a person should know of due dates and extensions.

    Raises:
        CourseError, SecretError, DataError, PublishError, JournalError: nothing was published.
        ClusterError: the cluster does not answer, or no longer; what it evaluated is journaled.
    """
    from autograder.sandbox.doctor import require_sandbox

    row = course.task(task)
    everybody = students_of(course.submitted, task)
    students = [s for s in everybody if not options.students or s in options.students]
    doubled = one_person(folders(course))
    require_packages(course)
    checks = load_checks(task)
    flags = ClassFlags(task, require_source(course, task, checks))
    plan = make_plan(course, task, walls=options.walls)
    opened: dict[str, Submission] = {}
    results: dict[str, Graded] = {}
    replaced: set[str] = set()
    same: dict[CheckResult, CheckResult] = {}

    def opening(names: Sequence[str]) -> Iterator[Submission]:
        for student in names:
            if student in doubled:
                same_person = " and ".join(map(quoted, doubled[student]))
                fault = f"one student with two folders in submitted/: {same_person}; keep one of them"
                results[student] = Graded(printable(student), None, fault)
                continue
            try:
                submission = read_submission(course, row, student)
                submission.student.encode()
            except (OSError, UnicodeEncodeError) as error:
                results[student] = Graded(printable(student), None, _unread(error))
                continue
            opened[student] = submission
            yield submission

    with Journal(course.root / "journal.db") as journal:
        past = _Past(plan, journal, options.again)

        def found_before(names: Sequence[str]) -> Iterator[Graded]:
            for submission in opening(names):
                report = past.report(submission)
                if report is None:  # it has changed since it was looked up
                    yield from evaluate_all(plan, past.with_known([submission]), 1)
                else:
                    yield Graded(submission.student, report, fresh=False)

        waiting: list[str] = []
        evaluated: list[str] = []
        for submission in opening(students):
            flags.see(submission)
            (waiting if past.report(submission) is None else evaluated).append(submission.student)
            opened.clear()  # one at a time: memory does not grow with the class
        found = found_before(evaluated)
        on_progress(len(results), len(students))
        if waiting and options.dask:
            from autograder.grading.cluster import evaluate_on_cluster

            evaluations: Evaluations = evaluate_on_cluster(
                plan, past.with_known(opening(waiting)), options.dask, insecure=options.insecure_cluster
            )
        else:
            if waiting and options.walls:
                require_sandbox(plan.launch)
            evaluations = evaluate_all(plan, past.with_known(opening(waiting)), options.jobs)
        with ExitStack() as stack:
            stack.callback(evaluations.close)
            # nbgrader takes two seconds to import: by now the evaluators are at work.
            from autograder.grading.publish import Publisher

            publisher = stack.enter_context(Publisher(course, task, checks))
            if not options.dry_run:
                for note in publisher.deadlines.prepare():
                    on_note(note)
            flags.settle(journal, everybody, publisher.students())
            if note := flags.older_kits:
                on_note(note)
            publication = _Publication(plan, journal, publisher, flags, options.dry_run)
            for graded in chain(found, evaluations):
                submission = opened.pop(graded.student)
                graded = replace(
                    graded,
                    flags=publication.flags(submission),
                    fault=graded.fault or flags.other_name(submission.student),
                )
                report = graded.report
                if report is not None and not graded.fault:
                    if graded.fresh:
                        key = key_of(plan, submission)
                        again = options.again and not options.dry_run and key.text not in replaced
                        journal.add(key, report, again=again)
                        replaced.add(key.text)
                        if not options.dry_run:  # of equal submissions the first one's report is everybody's
                            report = journal.report(key) or report
                            graded = replace(graded, report=report)
                    late = publication.add(submission, report)
                    graded = replace(graded, late=late)
                results[graded.student] = _condensed(graded, same)
                on_progress(len(results), len(students))
            if publication.changes or publication.elsewhere:
                on_changes([*publication.changes, *publication.elsewhere])
            for submission in opening(publication.held):
                student = submission.student
                opened.clear()
                report = journal.report(key_of(plan, submission))
                if report is not None:
                    publication.add(submission, report, told=True)
                else:
                    fault = "the submission has changed while the class was graded; grade it again"
                    results[student] = replace(results[student], fault=fault)
    return [results[student] for student in students]


class _Past:
    """What the journal has of earlier evaluations; nothing when all is to be evaluated ``again``."""

    def __init__(self, plan: Plan, journal: Journal, again: bool) -> None:
        self._plan, self._journal, self._again = plan, journal, again
        self._checks = load_checks(plan.task)

    def report(self, submission: Submission) -> Report | None:
        """The report on ``submission``, if no check that it needs is touched since it was made."""
        if self._again:
            return None
        key = key_of(self._plan, submission)
        report = self._journal.report(key)
        if report is None and (earlier := self._journal.earlier(key)):
            holds = still_holds(earlier, self._plan.checks, self._checks)
            if holds.keys() == self._checks.keys():
                report = with_results(earlier[0], holds, list(self._checks))
                self._journal.add(key, report)
        return report

    def with_known(self, submissions: Iterable[Submission]) -> Iterator[Submission]:
        """``submissions``, each with the results that need not be found again."""
        for submission in submissions:
            earlier = None if self._again else self._journal.earlier(key_of(self._plan, submission))
            holds = still_holds(earlier, self._plan.checks, self._checks)
            yield replace(submission, known={name: result.as_dict() for name, result in holds.items()})


class _Publication:
    """Publishes what is not published yet.

    Attributes:
        changes: the moves of published points, which wait until they are told; in a dry run, all changes.
        elsewhere: moves of published points of other tasks, to which a student's late days went or from which they came.
        held: the students whose reports wait.
    """

    def __init__(
        self, plan: Plan, journal: Journal, publisher: Publisher, class_flags: ClassFlags, dry_run: bool
    ) -> None:
        self._plan, self._journal, self._publisher, self._dry_run = plan, journal, publisher, dry_run
        self._class_flags = class_flags
        self.changes: list[Change] = []
        self.elsewhere: list[Change] = []
        self.held: list[str] = []

    def flags(self, submission: Submission) -> tuple[str, ...]:
        """All flags of a submission besides those of its report; the last ones are for graders only."""
        return (*self._publisher.flags(submission), *self._class_flags.of(submission.student))

    def add(self, submission: Submission, report: Report, *, told: bool = False) -> Late:
        """Publish a report and the submission's flags, unless they are published already or must be told first.

        Returns what the deadline makes of the submission.
        """
        task, student, key = self._plan.task, submission.student, key_of(self._plan, submission)
        flags = self.flags(submission)
        before, there = self._journal.published(task, student), self._publisher.has_entry(student)
        if before is not None and before.flags == flags and self._journal.says(before.key, report):
            late = self._publisher.published(student) if there else None
            if late is not None:
                if before.key != key.text and not self._dry_run:
                    self._journal.publish(task, student, key, flags)
                return late
        if self._dry_run or (not told and (there or self._publisher.deadlines.joins_tasks)):
            late, own, others = self._publisher.changes(submission, report)
            if own.moves or (self._dry_run and (own.checks or own.before is None)):
                self.changes.append(own)
            self.elsewhere += others
            if own.moves or others or self._dry_run:
                self.held += [] if self._dry_run else [student]
                return late
        if before is not None:  # killed in between, the next run shall not believe what was published before
            self._journal.withdraw(task, student)
        late = self._publisher.publish(submission, report)
        self._journal.publish(task, student, key, flags)
        return late


def _unread(error: OSError | UnicodeEncodeError) -> str:
    """Why nobody looked at a submission."""
    if isinstance(error, UnicodeEncodeError):
        return "the name of the folder in submitted/ is not UTF-8; rename it"
    place = f": {printable(str(error.filename))}" if error.filename else ""
    return f"this machine could not read the submission: {error.strerror}{place}"


def _condensed(graded: Graded, same: dict[CheckResult, CheckResult]) -> Graded:
    """``graded`` without its cells, with equal results of the class (most are: full points) as one object."""
    if graded.report is None:
        return graded
    checks = tuple(same.setdefault(check, check) for check in graded.report.checks)
    report = replace(graded.report, cells=(), checks=checks)
    return replace(graded, report=report)


def key_of(plan: Plan, submission: Submission) -> Key:
    """The journal key of one submission under ``plan``."""
    seed = plan.seed_of(submission.hash)
    return Key(
        task=plan.task,
        submission=submission.hash,
        assignment=plan.assignment,
        data=plan.data_id,
        seed=seed.hex(),
        walls=plan.walls,
        judging=plan.judging,
        checks=plan.checks,
    )


class Evaluations(Protocol):
    """Evaluations under way, to be iterated over once; ``close`` gives up what has not come back."""

    def __iter__(self) -> Iterator[Graded]: ...

    def close(self) -> None: ...


def evaluate_all(plan: Plan, submissions: Iterable[Submission], jobs: int) -> Evaluations:
    """Evaluate in ``jobs`` processes, in whatever order they finish. Starts at once, before the first is asked for.

    ``submissions`` are taken from their iterable as room becomes free. An evaluation that takes its process down, or
    for which the machine is too busy, is tried once more, alone, when all others are done; after that it is a grader
    fault.
    """
    evaluations = _Pooled(plan, iter(submissions), jobs)
    evaluations.fill()
    return evaluations


class _Pooled:
    def __init__(self, plan: Plan, submissions: Iterator[Submission], jobs: int) -> None:
        self._plan, self._submissions, self._jobs = plan, submissions, jobs
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None
        self._broken = False
        self._under_way: dict[concurrent.futures.Future[Graded], Submission] = {}
        self._again: list[Submission] = []

    def fill(self) -> None:
        """Hand over submissions as long as there is room."""
        while len(self._under_way) < AHEAD * self._jobs:
            if self._broken:
                if self._under_way:
                    return  # what is left of the broken pool comes back first
                self.close()
            submission = next(self._submissions, None)
            if submission is None:
                return
            self._pool = self._pool or evaluators(self._jobs, EVALUATOR_BYTES)
            try:
                self._under_way[self._pool.submit(evaluate_one, self._plan, submission)] = submission
            except BrokenProcessPool:
                self._again.append(submission)
                self._broken = True

    def __iter__(self) -> Iterator[Graded]:
        try:
            while self._under_way:
                first = concurrent.futures.FIRST_COMPLETED
                for future in concurrent.futures.wait(self._under_way, return_when=first).done:
                    submission = self._under_way.pop(future)
                    try:
                        graded = future.result()
                    except BrokenProcessPool:  # a process ended, and with it everything that was under way
                        self._again.append(submission)
                        self._broken = True
                    else:
                        if graded.too_busy:
                            self._again.append(submission)
                        else:
                            yield graded
                self.fill()
        finally:
            self.close()
        for submission in self._again:
            with evaluators(1, EVALUATOR_BYTES) as alone:
                try:
                    yield alone.submit(evaluate_one, self._plan, submission).result()
                except BrokenProcessPool:
                    fault = "the grader's own process ended while evaluating"
                    yield Graded(submission.student, None, fault)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool, self._broken = None, False


def evaluate_one(plan: Plan, submission: Submission) -> Graded:
    """Evaluate one submission; any failure here is the grader's fault, and is said so."""
    from autograder.grading.evaluate import evaluate

    try:
        report = evaluate(submission, plan)
    except MachineTooBusy as error:
        fault = f"the machine is too busy: {error}; grade it again when less is running"
        return Graded(submission.student, None, fault, too_busy=True)
    except Exception as error:
        return Graded(submission.student, None, f"{type(error).__name__}: {error}")
    fault = "; ".join(f"{check.name}: {check.message}" for check in report.faults)
    return Graded(submission.student, report, fault)


def evaluators(jobs: int, memory: int | None = None) -> concurrent.futures.ProcessPoolExecutor:
    """A pool of ``jobs`` processes with one BLAS thread each, which end with this one.

    Args:
        memory: bytes of data that each may have; None where they run our own code.
    """
    # One BLAS thread in every evaluator: the processes already use all cores.
    kept = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["autograder.grading.evaluate"])
        from multiprocessing.forkserver import ensure_running

        ensure_running()
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return concurrent.futures.ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_begin, initargs=(memory,)
    )


def limit_memory(limit: int = EVALUATOR_BYTES) -> None:
    """Let this process have ``limit`` bytes of data: what student code returned cannot take all of the machine's.

    Only the limit of now, which a sandbox replaces by its own: what is started from here shall be able to raise it.
    """
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = limit if most == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, most))


def _begin(memory: int | None) -> None:
    if memory is not None:
        limit_memory(memory)
    _end_with_parent()


def _end_with_parent() -> None:
    """A grader that is killed takes its evaluators with it, and they their sandboxes.

    Nothing else would: idle evaluators hold both ends of each other's pipes and would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
