"""The coordinator's side of grading on a cluster: submissions go out to Dask workers as bytes, reports come back.

Every worker is greeted before it gets work: it makes the plan from its own clone, and one whose plan differs, or whose
sandbox does not hold, is refused by name. Each submission is sent to one named worker. So this side knows what a
worker that dies had under way and sends that elsewhere, and never has more in memory than the workers are busy with.
"""

from __future__ import annotations

import logging
import queue
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from autograder.grading.cluster_address import is_private, require_private
from autograder.grading.cluster_worker import TRIES, Job, evaluate_here, greet
from autograder.grading.course_run import Evaluations, Graded, evaluate_all
from autograder.grading.errors import ClusterError
from autograder.grading.plan import Plan
from autograder.grading.report import Report
from autograder.grading.submission import Submission

CONNECT_S = 10.0
NO_WORKER_S = 60.0  # how long to go on without any worker; one that is restarted needs three
GREET_S = 20.0  # at the start, how long to wait for all workers' answers once one may work
LOOK_S = 1.0  # how often to look which workers there are
RESULT_S = 30.0  # to fetch one report, a few kilobytes
AHEAD = 2  # submissions a thread: one under way, one waiting, so that no thread waits for the network
SLACK_S = 60.0  # for one evaluation, above the seconds that its submission may take
MAX_DEATHS = 2  # workers that may end while they evaluate one submission and nothing else
MAX_WRONG = 3  # faults of one worker where another had none
INSTALL = "Grading on a cluster needs Dask, here and on every worker. Run: pip install -e '.[cluster]'"
EXPOSED = (
    "its address is neither loopback nor tls:// (docs/cluster.md, Security); --insecure-cluster allows it"
)
AGAIN = "What was evaluated is in the journal: start the same command again to go on."


def evaluate_on_cluster(
    plan: Plan,
    submissions: Iterable[Submission],
    address: str,
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
    *,
    insecure: bool = False,
) -> Evaluations:
    """Evaluate on the workers of the Dask scheduler at ``address``, in whatever order they finish.

    As `evaluate_all`: starts at once, takes ``submissions`` as room becomes free, and a submission that takes its
    worker down again and again is a grader fault.

    Args:
        say: where to tell which workers are refused or lost.
        insecure: allow addresses that are neither loopback nor ``tls://``, the workers' too.

    Raises:
        ClusterError: there is no Dask, no scheduler, or no worker that may evaluate; also later, from the iterator.
            Or ``address`` is not allowed.
    """
    require_private(address, insecure=insecure)
    iterator = iter(submissions)
    first = next(iterator, None)
    if first is None:
        return evaluate_all(plan, [], 1)
    client = _connected(address)
    try:
        run = _Run(client, address, plan, _chain(first, iterator), say, insecure)
        run.begin()
    except BaseException:
        client.close()
        raise
    return run


def _chain(first: Submission, rest: Iterator[Submission]) -> Iterator[Submission]:
    yield first
    yield from rest


def _connected(address: str) -> Any:
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise ClusterError(INSTALL) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is said here, in our words
    # A submission may hold files of some megabytes.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"})
    try:
        return Client(address, timeout=CONNECT_S, set_as_default=False)
    except Exception as error:  # no route, another protocol, a malformed address: each has its own type
        raise ClusterError(
            f"No Dask scheduler answers at {address} ({type(error).__name__}: {_first_line(error)}). "
            "Start one with `dask scheduler` and give the address that it prints, such as tcp://10.0.0.1:8786."
        ) from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


@dataclass(eq=False)
class _Worker:
    """One worker that may evaluate.

    Attributes:
        busy: submissions sent to it that are not back.
        alone: it has a single submission, that worker's end would be blamed on.
        wrong: faults that it had where another worker had none.
    """

    address: str
    label: str
    threads: int
    busy: int = 0
    alone: bool = False
    wrong: int = 0


@dataclass(eq=False)
class _Work:
    """One submission on its way.

    Attributes:
        deaths: workers that ended while they evaluated nothing but this.
        failed_on: the worker on which the grader failed; tried once more on another.
        too_busy: a worker's machine was too busy for it; tried once more when all others are done.
        sent: when, by `time.monotonic`.
    """

    submission: Submission
    sent: float = 0.0
    deaths: int = 0
    failed_on: _Worker | None = None
    too_busy: bool = False


class _Run:
    def __init__(
        self,
        client: Any,
        address: str,
        plan: Plan,
        submissions: Iterator[Submission],
        say: Callable[[str], None],
        insecure: bool,
    ) -> None:
        self._client, self._address, self._plan, self._say = client, address, plan, say
        self._insecure = insecure
        self._submissions = submissions
        self._job = asdict(Job.of(plan, uuid.uuid4().hex))
        self._workers: dict[str, _Worker] = {}
        self._greetings: dict[str, tuple[str, int, Any]] = {}  # future's key -> address, threads, future
        self._refused: dict[str, str] = {}  # address -> label and why
        self._under_way: dict[str, tuple[_Work, _Worker, Any]] = {}  # future's key -> …, future
        self._again: deque[_Work] = deque()
        self._suspects: deque[_Work] = deque()  # a worker ended with them: from now on each alone on a worker
        self._alone: deque[_Work] = deque()  # for which a machine was too busy: one by one, after all others
        self._faults: deque[Graded] = deque()
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()  # keys of futures that are done
        self._sent = self._died = 0  # submissions, workers
        # A worker tries what ends its evaluator again, and may have others waiting before it.
        self._patience = AHEAD * TRIES * (plan.launch.limits.wall_s + SLACK_S)
        self._looked = 0.0
        self._alive = time.monotonic()  # when there last was a worker

    def begin(self) -> None:
        """Greet the workers and send the first submissions."""
        until = time.monotonic() + GREET_S
        while not self._workers or (self._greetings and time.monotonic() < until):
            self._look()
            for key in self._done_keys():
                self._greeted(key)
        threads = sum(worker.threads for worker in self._workers.values())
        self._say(f"{self._address}: {len(self._workers)} workers, {threads} threads")
        self._fill()

    def __iter__(self) -> Iterator[Graded]:
        try:
            while True:
                self._fill()
                while self._faults:
                    yield self._faults.popleft()
                if not (self._under_way or self._again or self._suspects or self._alone):
                    return
                for key in self._done_keys():
                    self._greeted(key)
                    graded = self._returned(key)
                    self._fill()  # the next one is under way while this one is published
                    if graded is not None:
                        yield graded
                self._look()
        finally:
            self.close()

    def close(self) -> None:
        self._client.close()

    # ---- Workers come and go ----

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        try:
            if self._client.status != "running":
                raise OSError("the connection is closed")
            present = self._client.nthreads()
        except Exception as error:
            raise ClusterError(
                f"The scheduler at {self._address} no longer answers ({_first_line(error)}). {AGAIN}"
            ) from None
        greeted = {address for address, _, _ in self._greetings.values()}
        busy = {worker.address for _, worker, _ in self._under_way.values()}
        for address in (greeted | busy | {*self._workers, *self._refused}) - set(present):
            self._lost(address)
        silent = {of for work, of, _ in self._under_way.values() if now - work.sent > self._patience}
        for worker in silent:
            self._refuse(worker.address, worker.label, f"it has not answered for {self._patience:g} s")
            self._take_back(worker.address)
        for address in set(present) - greeted - {*self._workers, *self._refused}:
            if not self._insecure and not is_private(address):
                self._refuse(address, self._label(address, None), EXPOSED)
                continue
            future = self._submit("greet", greet, address, self._job)
            self._greetings[future.key] = (address, present[address], future)
        if self._workers or self._greetings:
            self._alive = now
        elif self._refused and not self._died:
            raise ClusterError("No worker is left: every one was refused." + f" {AGAIN}" * bool(self._sent))
        elif now - self._alive > NO_WORKER_S:
            why = "every worker is gone or was refused" if self._refused or self._sent else "it has no worker"
            raise ClusterError(
                f"Nobody evaluates for the scheduler at {self._address}: {why}. Start one with "
                f"`dask worker {self._address}`." + f" {AGAIN}" * bool(self._sent)
            )

    def _greeted(self, key: str) -> None:
        if key not in self._greetings:
            return
        address, threads, future = self._greetings.pop(key)
        try:
            answer = future.result(timeout=RESULT_S)
        except Exception as error:
            if "deserialization of the task graph" in str(error):
                raise ClusterError(
                    f"The scheduler at {self._address} cannot import autograder. Start it from a clone, "
                    "in the environment into which the clone is installed."
                ) from None
            if address not in self._client.nthreads():
                return  # gone before it answered
            answer = {"refused": f"{type(error).__name__}: {_first_line(error)}"}
        label = self._label(address, answer.get("host"))
        if "refused" in answer:
            self._refuse(address, label, answer["refused"])
        else:
            self._workers[address] = _Worker(address, label, threads)

    def _label(self, address: str, host: str | None) -> str:
        try:
            known = self._client.scheduler_info(n_workers=-1)["workers"]
        except TypeError:  # before 2025.2 it always told of all workers
            known = self._client.scheduler_info()["workers"]
        name = known.get(address, {}).get("name", address)
        return " ".join(["worker", str(name), *([f"on {host}"] if host else []), f"({address})"])

    def _refuse(self, address: str, label: str, why: str) -> None:
        self._workers.pop(address, None)
        if address not in self._refused:
            self._refused[address] = label
            self._say(f"{label} is refused: {why}")

    def _lost(self, address: str) -> None:
        worker = self._workers.pop(address, None)
        self._refused.pop(address, None)
        self._greetings = {key: one for key, one in self._greetings.items() if one[0] != address}
        count = self._take_back(address)
        if worker or count:
            self._died += 1
            label = worker.label if worker else f"worker {address}"
            self._say(f"{label} is gone; {count} submissions that it had are tried again")

    def _take_back(self, address: str) -> int:
        """What the worker had under way goes to another; how much that is."""
        lost = [key for key, (_, of, _) in self._under_way.items() if of.address == address]
        for key in lost:
            work, of, future = self._under_way.pop(key)
            future.release()
            work.deaths += of.alone
            if work.deaths < MAX_DEATHS:
                self._suspects.append(work)
            else:
                self._faults.append(
                    Graded(work.submission.student, None, f"{work.deaths} workers ended while evaluating it")
                )
        return len(lost)

    # ---- Submissions go out and reports come back ----

    def _fill(self) -> None:
        """Hand over submissions as long as there is room."""
        free = sorted((w for w in self._workers.values() if not w.alone), key=lambda worker: worker.busy)
        # A suspect waits for a worker to become idle: those meant for suspects get nothing new.
        count = len(self._suspects)
        for worker in free[:count]:
            if not worker.busy:
                worker.alone = True
                self._send(self._suspects.popleft(), worker)
        free = free[count:]
        while free := [worker for worker in free if worker.busy < AHEAD * worker.threads]:
            work = self._next()
            if work is None:
                break
            self._send(work, min(free, key=lambda worker: worker.busy / worker.threads))

        if self._alone and self._workers and not (self._under_way or self._suspects):
            self._send(self._alone.popleft(), next(iter(self._workers.values())))

    def _next(self) -> _Work | None:
        if self._again:
            return self._again.popleft()
        submission = next(self._submissions, None)
        return _Work(submission) if submission is not None else None

    def _send(self, work: _Work, worker: _Worker) -> None:
        worker.busy += 1
        work.sent = time.monotonic()
        submission = work.submission
        values = asdict(replace(submission, student=""))  # whose it is need not be known there
        seed = self._plan.seed_of(submission.hash)
        future = self._submit("evaluate", evaluate_here, worker.address, self._job, values, seed)
        self._under_way[future.key] = (work, worker, future)

    def _submit(self, what: str, function: Callable, address: str, *arguments: Any) -> Any:
        self._sent += what == "evaluate"
        key = f"{what}-{self._plan.task}-{uuid.uuid4().hex}"
        future = self._client.submit(
            function, *arguments, key=key, workers=[address], allow_other_workers=False, pure=False
        )
        future.add_done_callback(lambda done: self._news.put(done.key))
        return future

    def _done_keys(self) -> list[str]:
        """Keys of futures that are done; waits a moment for the first."""
        try:
            keys = [self._news.get(timeout=LOOK_S)]
        except queue.Empty:
            return []
        while not self._news.empty():
            keys.append(self._news.get())
        return keys

    def _returned(self, key: str) -> Graded | None:
        if key not in self._under_way:
            return None
        work, worker, future = self._under_way.pop(key)
        worker.busy -= 1
        worker.alone = False
        try:
            answer = future.result(timeout=RESULT_S)
        except Exception as error:
            if future.status != "error":  # the worker ended with the report in its hands
                self._again.append(work)
                return None
            fault = f"{worker.label}: {type(error).__name__}: {_first_line(error)}"
            answer = {"report": "", "fault": fault}
        if "refused" in answer:
            self._refuse(worker.address, worker.label, answer["refused"])
            self._again.append(work)
            return None
        if "too_busy" in answer and not work.too_busy:
            work.too_busy = True
            self._alone.append(work)
            return None
        if answer["fault"] and work.failed_on is None and not work.too_busy:
            others = [other for other in self._workers.values() if other is not worker and not other.alone]
            if others:
                work.failed_on = worker
                self._send(work, min(others, key=lambda other: other.busy / other.threads))
                return None
        if work.failed_on is not None and not answer["fault"]:
            self._was_wrong(work.failed_on)
        report = Report.from_json(answer["report"]) if answer["report"] else None
        return Graded(work.submission.student, report, answer["fault"])

    def _was_wrong(self, worker: _Worker) -> None:
        worker.wrong += 1
        if worker.wrong >= MAX_WRONG and worker.address in self._workers:
            why = f"the grader failed there {worker.wrong} times on submissions that another worker could evaluate"
            self._refuse(worker.address, worker.label, why)
