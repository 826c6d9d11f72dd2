"""The worker's side of grading on a cluster: what Dask calls on a worker machine, and the processes that do it.

Dask runs its tasks in threads; a sandbox is started from the main thread of a process. So every thread that evaluates
has an evaluator: a process of its own, which reads this machine's clone, answers one question at a time and ends with
the worker. Only plain values travel: no class needs to be the same on both sides before the two are compared.
"""

from __future__ import annotations

import hashlib
import multiprocessing.connection
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from autograder.course import Course, Task
from autograder.grading.course_run import ONE_THREAD, evaluate_one, limit_memory
from autograder.grading.plan import Keys, Plan, make_plan
from autograder.grading.submission import Submission
from autograder.sandbox.kit import PACKAGE
from autograder.sandbox.limits import Limits

IDLE_S = 20.0  # after that an evaluator ends; a new one takes a second to start
TRIES = 2  # a submission that ends the evaluator's own process is tried once more, as on one machine
PACKAGE_OF = "the package "
VERSIONS = ("Python", "NumPy", PACKAGE_OF)  # said as they are; the others are hashes
WORDS = "the words of the feedback"  # its hash is made of the checks' too: it says something only by itself
NAMED = 5  # differences of one worker; a clone of last year differs in everything
# What judges, besides the files of a task, which are in its hash already.
GRADER = (
    "calls",
    "datasets",
    "grading",
    "notebook",
    "sandbox",
    "authoring/reference.py",
    "checks/__init__.py",
)


@dataclass(frozen=True)
class Job:
    """What a worker is told about a run. It makes its own plan from it and compares.

    Attributes:
        run: name of the run; evaluators do not outlive it.
        data, builds_on: the task's row in the course.
        packages: names of the packages that notebooks may import.
        facts: the coordinator's own `facts_of`.
        held_out: the key of the images that are held out, made of the course secret, which stays with the coordinator.
        walls: False without a full sandbox.
    """

    run: str
    task: str
    data: str
    builds_on: tuple[str, ...]
    packages: tuple[str, ...]
    limits: dict[str, Any]
    facts: dict[str, str]
    held_out: bytes
    walls: bool

    @classmethod
    def of(cls, plan: Plan, run: str) -> Job:
        """The job of ``plan``."""
        return cls(
            run=run,
            task=plan.task,
            data=plan.data_set,
            builds_on=plan.builds_on,
            packages=tuple(plan.packages),
            limits=asdict(plan.launch.limits),
            facts=facts_of(plan),
            held_out=plan.held_out.key,
            walls=plan.walls,
        )

    def plan(self) -> Plan:
        """The plan of this machine, from its own clone and data, for no submission yet."""
        home = PACKAGE.parent
        row = Task(self.task, None, self.data, tuple(self.builds_on))
        limits, packages = Limits(**self.limits), tuple(self.packages)
        course = Course(home, "", "", "file", limits, {self.task: row}, packages=packages)
        no_seeds: dict[str, bytes] = {}
        return make_plan(course, self.task, walls=self.walls, keys=Keys(no_seeds.__getitem__, self.held_out))


def facts_of(plan: Plan) -> dict[str, str]:
    """What must be the same on every machine, by a name for people; the likeliest difference first."""
    return {
        "Python": ".".join(map(str, sys.version_info[:2])),
        "NumPy": np.__version__,
        **{f"{PACKAGE_OF}{name}": version for name, version in plan.packages.items()},
        **{f"check {name}": digest for name, digest in plan.checks.items()},
        "the reference or the judging code": plan.judging,
        WORDS: plan.assignment,
        "the grader": _grader_hash(),
        f"the data ({plan.data_set})": plan.data_id,
    }


def differences(job: Job, plan: Plan) -> str:
    """In what ``plan``, of this machine, is not that of the coordinator; "" for nothing."""
    found, expected = facts_of(plan), job.facts
    names = [name for name in {**expected, **found} if found.get(name) != expected.get(name)]
    if len(names) > 1 and WORDS in names:
        names.remove(WORDS)
    said = [
        f"{name} {found.get(name)} instead of {expected.get(name)}"
        if name.startswith(VERSIONS)
        else f"another version of {name}"
        for name in names
    ]
    more = [f"and {len(said) - NAMED} more differences"] if len(said) > NAMED else []
    return "; ".join(said[:NAMED] + more)


def _grader_hash() -> str:
    digest = hashlib.sha256()
    for name in GRADER:
        path = PACKAGE / name
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(f"{file.relative_to(PACKAGE)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


# ---- Called by Dask, in a thread of the worker. Nothing raises: Dask would log the arguments, and the seed is one. ----


def greet(job: dict[str, Any]) -> dict[str, str]:
    """Compare this machine with the coordinator's, and try its sandbox.

    Returns:
        {"host": …} and, when this worker must not evaluate, {"refused": why}.
    """
    answer = _asked(job, ("greet",))
    return {"host": platform.node(), **({"refused": answer["died"]} if "died" in answer else answer)}


def evaluate_here(job: dict[str, Any], submission: dict[str, Any], seed: bytes) -> dict[str, str]:
    """Evaluate one submission on this machine.

    Returns:
        {"report": JSON or "", "fault": …}, with "too_busy" when that is the fault, or {"refused": why} when this
        machine must not evaluate.
    """
    for _ in range(TRIES):
        answer = _asked(job, ("evaluate", submission, seed))
        if "died" not in answer:
            return answer
    return {"report": "", "fault": answer["died"]}


def _asked(job: dict[str, Any], question: tuple) -> dict[str, str]:
    try:
        with _evaluators.one(job) as evaluator:
            return evaluator.ask(question)
    except EvaluatorDied:
        return {"died": "the grader's own process ended while evaluating"}
    except Exception as error:
        return {"refused": f"no evaluator can be started: {type(error).__name__}: {error}"}


class EvaluatorDied(Exception):
    """The evaluator ended before it answered."""


class Evaluator:
    """A process that evaluates in its main thread. It has no other work, and ends when this one does."""

    def __init__(self, job: dict[str, Any]) -> None:
        ours, theirs = multiprocessing.connection.Pipe()
        with theirs:
            # The clone that this process runs, whatever else is on the path or in the working directory.
            places = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
            code = f"from {__name__} import serve; serve({theirs.fileno()})"
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, places))},
            )
        self._connection = ours
        self._connection.send(job)

    def ask(self, question: tuple) -> dict[str, str]:
        """The answer to ``question``.

        Raises:
            EvaluatorDied: there is none.
        """
        try:
            self._connection.send(question)
            return self._connection.recv()
        except (EOFError, OSError):
            raise EvaluatorDied from None

    def end(self) -> None:
        """End the process."""
        self._connection.close()
        self.process.kill()
        self.process.wait()


class _Evaluators:
    """The evaluators of this worker: by run those that wait for work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Evaluator]] = {}

    @contextmanager
    def one(self, job: dict[str, Any]) -> Iterator[Evaluator]:
        """An evaluator for one question; it is used again unless the question failed."""
        with self._lock:
            self._forget_ended()
            waiting = self._waiting.setdefault(job["run"], [])
            evaluator = waiting.pop() if waiting else None
        evaluator = evaluator or Evaluator(job)
        try:
            yield evaluator
        except BaseException:
            evaluator.end()
            raise
        with self._lock:
            self._waiting.setdefault(job["run"], []).append(evaluator)

    def _forget_ended(self) -> None:
        for run, waiting in list(self._waiting.items()):
            self._waiting[run] = [one for one in waiting if one.process.poll() is None]
            if not self._waiting[run]:
                del self._waiting[run]


_evaluators = _Evaluators()


# ---- The evaluator's own process ----


def serve(fd: int) -> None:
    """Answer questions from descriptor ``fd`` until it is closed, or nothing comes for `IDLE_S`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory()
    connection = multiprocessing.connection.Connection(fd)
    questions: queue.SimpleQueue[Any] = queue.SimpleQueue()
    # Reads all the time: a worker that is killed takes its evaluators with it, and they their sandboxes.
    threading.Thread(target=_receive, args=(connection, questions), daemon=True).start()
    answers = None
    try:
        job = questions.get()
        while True:
            question = questions.get(timeout=IDLE_S)
            answers = answers or _Answers(job)
            connection.send(answers.to(*question))
    except (queue.Empty, BrokenPipeError):
        os._exit(0)


def _receive(connection: multiprocessing.connection.Connection, questions: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            questions.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)


class _Answers:
    def __init__(self, values: dict[str, Any]) -> None:
        try:
            job = Job(**values)
            self._plan = job.plan()
            self._refused = differences(job, self._plan)
        except Exception as error:  # another version of anything, files that cannot be read, no data
            self._refused = f"{type(error).__name__}: {error}"

    def to(self, what: str, *arguments: Any) -> dict[str, str]:
        """The answer to one question."""
        if self._refused:
            return {"refused": self._refused}
        return self._greet() if what == "greet" else self._evaluate(*arguments)

    def _greet(self) -> dict[str, str]:
        from autograder.sandbox.backends import SandboxUnavailable
        from autograder.sandbox.doctor import require_sandbox

        try:
            if self._plan.walls:
                require_sandbox(self._plan.launch)
        except SandboxUnavailable as error:
            return {"refused": f"no sandbox: {error}"}
        import autograder.grading.evaluate  # noqa: F401 - loaded before the first submission comes

        return {}

    def _evaluate(self, values: dict[str, Any], seed: bytes) -> dict[str, str]:
        submission = Submission(**values)
        seeds = {
            submission.hash: seed
        }  # of the course's seeds this machine sees only those of its submissions
        graded = evaluate_one(replace(self._plan, seed_of=seeds.__getitem__), submission)
        answer = {"report": graded.report.to_json() if graded.report else "", "fault": graded.fault}
        return {**answer, "too_busy": "yes"} if graded.too_busy else answer
