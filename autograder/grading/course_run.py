"""Many submissions: evaluate in parallel and journal each, then publish one after another."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from autograder.checks import load_checks
from autograder.course import Course
from autograder.grading.journal import Journal, Key
from autograder.grading.plan import Plan, make_plan
from autograder.grading.report import Report
from autograder.grading.secret import submission_seed
from autograder.grading.submission import Submission, read_submission, students_of

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Graded:
    """What became of one student's submission.

    Attributes:
        report: the evaluation, or None when the grader failed.
        fault: why the grader failed; "" when it did not. Nothing is published then.
        fresh: evaluated in this run rather than found in the journal.
    """

    student: str
    report: Report | None
    fault: str = ""
    fresh: bool = True


@dataclass(frozen=True)
class RunOptions:
    """How a run is done.

    Attributes:
        students: only these; all when empty.
        jobs: evaluations at one time.
        walls: False for `--unsafe-no-sandbox`.
        again: evaluate even what the journal already has.
    """

    students: Sequence[str] = ()
    jobs: int = 1
    walls: bool = True
    again: bool = False


def grade_task(
    course: Course,
    task: str,
    options: RunOptions,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Graded]:
    """Grade the submissions of ``task``: evaluate, journal, publish.

    Raises:
        CourseError, SecretError, DataError, PublishError, JournalError: nothing was done.
    """
    from autograder.sandbox.doctor import require_sandbox

    row = course.task(task)
    students = [
        s for s in students_of(course.submitted, task) if not options.students or s in options.students
    ]
    plan = make_plan(course, task, walls=options.walls)
    with Journal(course.root / "journal.db") as journal:
        submissions = [read_submission(course, row, student) for student in students]
        keys = {s.student: key_of(plan, s) for s in submissions}
        results: dict[str, Graded] = {}
        for submission in submissions:
            report = None if options.again else journal.report(keys[submission.student])
            if report is not None:
                results[submission.student] = Graded(submission.student, report, fresh=False)
        waiting = [s for s in submissions if s.student not in results]
        on_progress(len(results), len(submissions))
        if waiting and options.walls:
            require_sandbox(plan.launch)
        evaluations = evaluate_all(plan, waiting, options.jobs)
        # nbgrader takes two seconds to import: by now the evaluators are at work.
        from autograder.grading.publish import Publisher

        with Publisher(course, task, list(load_checks(task))) as publisher:
            for graded in evaluations:
                if graded.report is not None and not graded.fault:
                    journal.add(keys[graded.student], graded.report)
                results[graded.student] = graded
                on_progress(len(results), len(submissions))
            for submission in submissions:
                graded, key = results[submission.student], keys[submission.student]
                if graded.report is None or graded.fault:
                    continue
                done = journal.published(task, submission.student) == key.text
                if not done or not publisher.is_written(submission.student):
                    publisher.publish(submission, graded.report)
                    journal.publish(task, submission.student, key)
    return [results[student] for student in students]


def key_of(plan: Plan, submission: Submission) -> Key:
    """The journal key of one submission under ``plan``."""
    seed = submission_seed(plan.secret, plan.task, submission.hash)
    return Key(plan.task, submission.hash, plan.assignment, plan.data_id, seed.hex(), plan.walls)


def evaluate_all(plan: Plan, submissions: Sequence[Submission], jobs: int) -> Iterator[Graded]:
    """Evaluate in ``jobs`` processes, in whatever order they finish. Starts at once, before the first is asked for.

    An evaluation that fails, or takes its process down, is tried once more alone; after that it is a grader fault.
    """
    if not submissions:
        return iter(())
    pool = evaluators(min(jobs, len(submissions)))
    futures = {pool.submit(evaluate_one, plan, submission): submission for submission in submissions}
    return _collect(plan, pool, futures)


def _collect(plan: Plan, pool: concurrent.futures.ProcessPoolExecutor, futures: dict) -> Iterator[Graded]:
    again = []
    with pool:
        for future in concurrent.futures.as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                again.append(futures[future])
    for submission in again:
        with evaluators(1) as alone:
            try:
                yield alone.submit(evaluate_one, plan, submission).result()
            except BrokenProcessPool:
                yield Graded(submission.student, None, "the grader's own process ended while evaluating")


def evaluate_one(plan: Plan, submission: Submission) -> Graded:
    """Evaluate one submission; any failure here is the grader's fault, and is said so."""
    from autograder.grading.evaluate import evaluate

    try:
        report = evaluate(submission, plan)
    except Exception as error:
        return Graded(submission.student, None, f"{type(error).__name__}: {error}")
    fault = "; ".join(f"{check.name}: {check.message}" for check in report.faults)
    return Graded(submission.student, report, fault)


def evaluators(jobs: int) -> concurrent.futures.ProcessPoolExecutor:
    """A pool of ``jobs`` processes with one BLAS thread each, which end with this one."""
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
    return concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent)


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
