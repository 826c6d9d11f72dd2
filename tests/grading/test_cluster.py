"""`autograder grade --dask`: a real scheduler and real workers on this machine, some of them killed or refused."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course import Course, load_course
from autograder.grading import cluster as coordinator
from autograder.grading.course_run import Graded, RunOptions, grade_task
from autograder.grading.errors import ClusterError
from autograder.grading.plan import make_plan
from autograder.grading.secret import course_secret, submission_seed
from autograder.grading.submission import read_submission
from tests.grading.conftest import HOME, Class, command

TASK = "task1_forward"
PATIENCE_S = 60.0
EDITED = "softmax_rows"
DEADLY = "# this one ends every worker"
SILENT = "# with this one the worker called doomed never comes back"
# Loaded by the workers: submissions that end or stop the worker itself, which none can from within its sandbox.
PRELOAD = f"""
import os, signal, time
from autograder.grading import cluster_worker

if cluster_worker.evaluate_here.__name__ != "deadly":  # Dask may load this twice
    evaluate = cluster_worker.evaluate_here

def deadly(job, submission, seed):
    if {DEADLY!r}.encode() in submission["notebook"]:
        os.kill(os.getpid(), signal.SIGKILL)
    if {SILENT!r}.encode() in submission["notebook"] and os.environ["TEST_WORKER"] == "doomed":
        time.sleep(3600)
    return evaluate(job, submission, seed)

cluster_worker.evaluate_here = deadly
"""


class Cluster:
    """One scheduler and its workers, by name. A worker `stale` runs a clone with an edited check, `open` has no sandbox, `exposed` an address
    that others reach, and `steady` is started again by Dask when it ends."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.workers = folder, dict[str, subprocess.Popen[bytes]]()
        (folder / "deadly.py").write_text(PRELOAD)
        self._scheduler = self._start("dask_scheduler", "--port", "0", "--scheduler-file", self._place)
        while not os.path.exists(self._place):
            assert self._scheduler.poll() is None, self.log("dask_scheduler")
            time.sleep(0.05)
        self.address = json.loads(Path(self._place).read_text())["address"]

    @property
    def _place(self) -> str:
        return str(self.folder / "scheduler.json")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-4000:]

    def _start(self, program: str, *arguments: str, name: str = "", **env: str) -> subprocess.Popen[bytes]:
        clone = self.stale_clone() if name == "stale" else HOME
        place = ["--host", "127.0.0.1"]
        if name == "exposed":  # an address for documentation: nobody has it
            place = ["--listen-address", "tcp://127.0.0.1:0", "--contact-address", "tcp://198.51.100.1:4000"]
        with open(self.folder / f"{name or program}.log", "wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", "--no-dashboard", *place, *arguments],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(clone), **env},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def stale_clone(self) -> Path:
        clone = self.folder / "clone"
        if not clone.exists():
            for name in ("assignments", "autograder", "solutions"):
                shutil.copytree(HOME / name, clone / name)
            path = clone / "autograder/checks" / f"{TASK}.py"
            head = f'def {EDITED}(student, reference, rng):\n    """'
            text = path.read_text()
            assert head in text
            path.write_text(text.replace(head, head + "Edited the night before. "))
        return clone

    def only(self, *names: str) -> None:
        """Have exactly these workers."""
        from distributed import Client

        for name in set(self.workers) - set(names):
            self.end(name)
        for name in names:
            if name not in self.workers or self.workers[name].poll() is not None:
                nanny = "--nanny" if name == "steady" else "--no-nanny"
                options = [self.address, "--name", name, "--nthreads", "1", nanny, "--preload", "deadly.py"]
                env = {"PATH": "/nowhere"} if name == "open" else {}
                env["TEST_WORKER"] = name
                options += ["--local-directory", str(self.folder / "scratch")]
                self.workers[name] = self._start("dask_worker", *options, name=name, **env)
        with Client(self.address, set_as_default=False) as client:
            until = time.monotonic() + PATIENCE_S
            while len(client.nthreads()) != len(names):
                assert time.monotonic() < until, [self.log(name) for name in names]
                time.sleep(0.1)

    def end(self, name: str) -> None:
        process = self.workers.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for name in list(self.workers):
            self.end(name)
        self._scheduler.kill()
        self._scheduler.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """All that is sent to workers, as it fills during the test."""
    kept: list[bytes] = []
    submit = coordinator._Run._submit

    def keep(
        run: coordinator._Run, what: str, function: Callable, address: str, *arguments: object
    ) -> object:
        kept.append(pickle.dumps(arguments))
        return submit(run, what, function, address, *arguments)

    monkeypatch.setattr(coordinator._Run, "_submit", keep)
    return kept


def everything(course: Course) -> dict[str, object]:
    """All that grading leaves behind, without the times."""
    with contextlib.closing(sqlite3.connect(course.root / "journal.db")) as journal:
        evaluations = journal.execute("SELECT key, seed, report FROM evaluations ORDER BY key").fetchall()
        publications = journal.execute("SELECT student, key FROM publications ORDER BY student").fetchall()
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", course.id) as book:
        scores = {
            (entry.student.id, grade.name): (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for entry in book.assignment_submissions(TASK)
            for notebook in entry.notebooks
            for grade in notebook.grades
        }
    pages = {
        path.relative_to(course.root): path.read_bytes() for path in course.root.glob("autograded/**/*.ipynb")
    }
    return {"evaluations": evaluations, "publications": publications, "scores": scores, "pages": pages}


def processes_of(worker: str) -> list[str]:
    """Processes that a worker started, by its mark in their environment."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TEST_WORKER={worker}\0".encode() in environment.read_bytes():
                found.append(environment.parent.name)
    return found


def hand_in_a_class(pupils: Class) -> None:
    for number in range(5):
        notebook = pupils.solved(TASK)
        notebook.cells.append(nbformat.v4.new_code_cell(f"print('student', {number})"))
        pupils.hand_in(f"right{number}", TASK, notebook)
    pupils.hand_in("empty", TASK, pupils.stub(TASK))
    pupils.hand_in("wrong", TASK, pupils.solved(TASK, {"sigmoid": "def sigmoid(x):\n    return 2 * x"}))
    pupils.hand_in(
        "ends", TASK, pupils.solved(TASK, {"softmax": "def softmax(a):\n    import os\n    os._exit(0)"})
    )


def test_a_worker_killed_during_the_run_costs_nothing_but_time(
    cluster: Cluster,
    course: Course,
    pupils: Class,
    sent: list[bytes],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coordinator, "GREET_S", PATIENCE_S)  # all three answer, however busy this machine is
    hand_in_a_class(pupils)
    secret = course_secret(course.root)
    shutil.copytree(course.root, course.root.parent / "local")
    local = load_course(course.root.parent / "local")
    cluster.only("steady", "doomed", "stale")
    progress = []

    def kill_one(done: int, total: int) -> None:
        progress.append(done)
        if done == 2:
            os.kill(cluster.workers["doomed"].pid, signal.SIGKILL)

    graded = grade_task(course, TASK, RunOptions(dask=cluster.address), kill_one)
    at_home = grade_task(local, TASK, RunOptions(jobs=2))

    assert [row.fault for row in graded] == [""] * 8
    assert graded == at_home
    assert everything(course) == everything(local)
    assert progress == list(range(9))
    said = capsys.readouterr().err
    assert "2 workers, 2 threads" in said
    assert "worker doomed on" in said and "is gone" in said
    assert "worker stale on" in said and f"another version of check {EDITED}" in said
    # The evaluator of the dead worker is gone too.
    until = time.monotonic() + PATIENCE_S
    while processes_of("doomed"):
        assert time.monotonic() < until
        time.sleep(0.05)
    # A submission's seed leaves this machine, the secret that it is made of does not.
    row = read_submission(course, course.task(TASK), "right0")
    everything_sent = b"".join(sent)
    assert submission_seed(secret, TASK, row.hash) in everything_sent
    assert secret not in everything_sent
    # Nothing is evaluated twice: nobody needs to answer.
    again = grade_task(course, TASK, RunOptions(dask="tcp://127.0.0.1:9"))
    assert [row.fresh for row in again] == [False] * 8


def test_a_submission_that_ends_its_worker_again_and_again_is_a_fault_of_its_own(
    cluster: Cluster, course: Course, pupils: Class
) -> None:
    deadly = pupils.solved(TASK)
    deadly.cells.append(nbformat.v4.new_code_cell(DEADLY))
    pupils.hand_in("deadly", TASK, deadly)
    pupils.hand_in("right", TASK, pupils.solved(TASK))
    cluster.only("steady")

    graded = {row.student: row for row in grade_task(course, TASK, RunOptions(dask=cluster.address))}

    assert graded["deadly"] == Graded("deadly", None, "2 workers ended while evaluating it")
    assert graded["right"].report is not None and graded["right"].report.points == 100
    assert [student for student, _ in everything(course)["publications"]] == ["right"]  # type: ignore[attr-defined]


def test_what_the_workers_are_too_busy_for_is_tried_again_and_then_a_fault(
    cluster: Cluster, course: Course, pupils: Class
) -> None:
    course = replace(course, limits=replace(course.limits, wall_s=0.01))
    for student in ("ada", "ben"):
        pupils.hand_in(student, TASK, pupils.solved(TASK))
    cluster.only("steady")

    graded = grade_task(course, TASK, RunOptions(dask=cluster.address))

    assert [row.report for row in graded] == [None, None]
    assert all("the machine is too busy" in row.fault for row in graded)
    assert not everything(course)["publications"]


def test_a_worker_that_does_not_answer_any_more_is_refused(
    cluster: Cluster,
    course: Course,
    pupils: Class,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coordinator, "GREET_S", PATIENCE_S)
    monkeypatch.setattr(coordinator, "SLACK_S", 5 - course.limits.wall_s)
    for number in range(3):
        notebook = pupils.solved(TASK)
        notebook.cells.append(nbformat.v4.new_code_cell(f"{SILENT} {number}"))
        pupils.hand_in(f"right{number}", TASK, notebook)
    cluster.only("steady", "doomed")

    graded = grade_task(course, TASK, RunOptions(dask=cluster.address))

    assert [row.report.points for row in graded if row.report] == [100] * 3
    said = capsys.readouterr().err
    assert "worker doomed on" in said and "is refused: it has not answered for 20 s" in said
    cluster.end("doomed")


def test_without_a_worker_that_may_evaluate_nothing_is_graded(
    cluster: Cluster, course: Course, pupils: Class
) -> None:
    pupils.hand_in("right", TASK, pupils.solved(TASK))
    cluster.only("stale", "open")

    done = command(course.root, "grade", TASK, "--dask", cluster.address)

    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "worker stale on" in said and f"is refused: another version of check {EDITED} " in said
    assert "worker open on" in said and "is refused: no sandbox: bubblewrap is not installed" in said
    assert "No worker is left: every one was refused." in said
    assert not everything(course)["publications"]


def test_a_worker_with_an_exposed_address_gets_nothing(
    cluster: Cluster, course: Course, pupils: Class
) -> None:
    """A scheduler on loopback may listen on other addresses too, and have workers anywhere."""
    pupils.hand_in("right", TASK, pupils.solved(TASK))
    cluster.only("exposed")

    done = command(course.root, "grade", TASK, "--dask", cluster.address)

    cluster.end("exposed")
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "worker exposed (tcp://198.51.100.1:4000) is refused" in said and "--insecure-cluster" in said
    assert not everything(course)["publications"]


def test_no_scheduler_and_no_dask_are_said_plainly(
    course: Course, pupils: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupils.hand_in("right", TASK, pupils.solved(TASK))
    monkeypatch.setattr(coordinator, "CONNECT_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ClusterError, match=f"No Dask scheduler answers at {address}"):
        grade_task(course, TASK, RunOptions(dask=address))
    monkeypatch.setitem(sys.modules, "distributed", None)
    submission = read_submission(course, course.task(TASK), "right")
    with pytest.raises(ClusterError, match=r"pip install -e '\.\[cluster\]'"):
        coordinator.evaluate_on_cluster(make_plan(course, TASK), [submission], address)


def test_grading_on_one_machine_does_not_import_dask() -> None:
    code = (
        "import sys, autograder.grading.cluster, autograder.cli;"
        "sys.exit(any(name in sys.modules for name in ('dask', 'distributed')))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=HOME, check=True)
