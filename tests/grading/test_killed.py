"""Nothing is lost: a grader that is killed, or runs out of disk, goes on where it was, and nothing comes out different."""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course import load_course
from tests.grading import dying
from tests.grading.conftest import HOME, Class, command
from tests.grading.state import differences, files, rows, state

TASK = "task1_forward"
UNSTABLE = "def softmax(a):\n    e = np.exp(a)\n    return e / e.sum(axis=1, keepdims=True)"
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2): processes whose parent dies become children of this one
END_S = 20.0  # a process whose parent is gone notices within milliseconds; this is for a crowded machine
EVALUATIONS = "SELECT key, evaluated_at, report FROM evaluations"
# Every evaluation that is handed to the journal, also one that it already has.
COUNT = """
CREATE TABLE handed_over (key TEXT);
CREATE TRIGGER counting BEFORE INSERT ON evaluations BEGIN INSERT INTO handed_over VALUES (NEW.key); END;
"""


@dataclass(frozen=True)
class Before:
    """A class before grading, and what comes of it.

    Attributes:
        root: the course folder, with an empty journal that counts.
        journaled: the same, with every evaluation in the journal and nothing published.
        expected: `state` after a run that nothing has disturbed.
        seconds: what that run took.
        pages: the feedback pages, and the seconds of a run that makes them.
    """

    root: Path
    journaled: Path
    expected: dict[str, Any]
    seconds: float
    pages: dict[str, bytes]
    pages_seconds: float


@pytest.fixture(scope="module")
def before(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Before:
    folder = tmp_path_factory.mktemp("before")
    root, journaled, graded = (folder / name for name in ("fresh", "journaled", "graded"))
    shutil.copytree(released, root)
    (root / ".autograder-secret").write_text("of no value" * 3)
    (root / ".autograder-secret").chmod(0o600)
    pupils = Class(load_course(root))
    pupils.hand_in("ada", TASK, short(pupils.solved(TASK)))
    pupils.hand_in("fumiko", TASK, short(pupils.solved(TASK, {"softmax": UNSTABLE})))
    pupils.hand_in("ben", TASK, short(pupils.stub(TASK)))
    for name, stamp in (("ada", "2027-04-01 10:00:00 UTC"), ("ben", "2027-04-30 10:00:00 UTC")):
        (root / "submitted" / name / TASK / "timestamp.txt").write_text(stamp)
    assert command(root, "report", TASK).returncode == 0  # makes the journal
    count(root)
    shutil.copytree(root, graded)
    start = time.monotonic()
    done = command(graded, "grade", TASK, "--no-feedback", "-j", "2")
    seconds = time.monotonic() - start
    assert done.returncode == 0, done.stdout + done.stderr
    expected = state(graded)
    assert [row[3] for row in expected["evaluations"]] and not problems(graded)
    shutil.copytree(root, journaled)
    shutil.copyfile(graded / "journal.db", journaled / "journal.db")
    with sqlite3.connect(journaled / "journal.db") as db:
        db.execute("DELETE FROM publications")
    start = time.monotonic()
    done = command(graded, "grade", TASK, "-j", "2")
    pages_seconds = seconds + time.monotonic() - start
    assert done.returncode == 0, done.stdout + done.stderr
    return Before(root, journaled, expected, seconds, dict(files(graded / "feedback")), pages_seconds)


def short(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Only what is graded: text and experiments take time."""
    notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return notebook


def count(root: Path) -> None:
    with sqlite3.connect(root / "journal.db") as db:
        db.executescript(COUNT)


def problems(root: Path) -> list[str]:
    """Submissions evaluated more than once although the journal had them, or not at all."""
    handed = [key for (key,) in rows(root / "journal.db", "SELECT key FROM handed_over")]
    there = {row[0] for row in rows(root / "journal.db", EVALUATIONS)}
    return [key for key in {*handed, *there} if handed.count(key) != 1]


@pytest.fixture
def orphans_come_here() -> Iterator[None]:
    prctl = ctypes.CDLL(None).prctl
    assert prctl(SUBREAPER, 1, 0, 0, 0) == 0
    yield
    prctl(SUBREAPER, 0, 0, 0, 0)


def below(pid: int) -> list[int]:
    """Everything that ``pid`` has started, also indirectly."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in children.read_text().split()]
        except OSError:
            continue
    return found + [other for child in found for other in below(child)]


def left_running(known: set[int]) -> list[str]:
    """What still runs after `END_S` of the processes of a grader that was killed, by command line."""
    until = time.monotonic() + END_S
    while left := set(below(os.getpid())) - known:
        for pid in left:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:  # not yet ours: its parent is about to end
                continue
        if time.monotonic() > until:
            return [f"{pid}: {command_line(pid)}" for pid in left]
        time.sleep(0.01)
    return []


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]
    except OSError:
        return "?"


# The second of each is for `make thorough`: together a hundred moments, and every step.
@pytest.mark.parametrize(
    ("pages", "count"),
    [
        (False, 6),
        pytest.param(False, 90, marks=pytest.mark.thorough),
        (True, 1),
        pytest.param(True, 10, marks=pytest.mark.thorough),
    ],
)
def test_killed_at_random_moments_the_next_run_goes_on(
    pages: bool, count: int, before: Before, tmp_path: Path, orphans_come_here: None
) -> None:
    moments = random.Random(f"moments {pages}")
    grade = [sys.executable, "-m", "autograder", "grade", TASK, "-j", "2"] + ["--no-feedback"] * (not pages)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HOME), os.environ.get("PYTHONPATH", "")])}
    longest = before.pages_seconds if pages else before.seconds
    known = set(below(os.getpid()))
    kills = 0
    for number in itertools.count():  # in some courses no run lasts until it is killed
        if kills == count:
            break
        root = tmp_path / f"course{number}"
        shutil.copytree(before.root, root)
        journaled: set[tuple] = set()
        while True:
            process = subprocess.Popen(
                grade, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            # In the first third of a run nothing but imports happens.
            last = kills == count
            try:
                _, said = process.communicate(timeout=None if last else moments.uniform(0.2, 0.8) * longest)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
            else:
                assert process.returncode == 0, said
                break
            assert left_running(known) == []
            now = set(rows(root / "journal.db", EVALUATIONS))
            assert journaled <= now, "a journaled evaluation was lost or made again"
            journaled = now
        assert differences(state(root), before.expected) == []
        assert problems(root) == []
        if pages:
            assert differences(dict(files(root / "feedback")), before.pages) == []


@pytest.mark.parametrize(
    ("start", "where", "every", "least"),
    [
        ("root", "journal", 3, 2),
        ("journaled", "everywhere", 6, 5),
        pytest.param("root", "journal", 1, 6, marks=pytest.mark.thorough),
        pytest.param("journaled", "everywhere", 1, 30, marks=pytest.mark.thorough),
    ],
)
def test_killed_at_every_step_the_next_run_goes_on(
    start: str, where: str, every: int, least: int, before: Before, tmp_path: Path
) -> None:
    """From an empty journal at every statement of the journal; from a full one at every change to anything."""
    undisturbed, *killed, beyond = trials(getattr(before, start), tmp_path, "kill", where, every)
    assert undisturbed["first"] == beyond["first"] == 0
    assert len(killed) >= least
    assert {trial["first"] for trial in killed} == {-signal.SIGKILL}
    for trial in killed:
        assert (trial["second"], trial["different"]) == (0, []), trial


@pytest.mark.parametrize(("every", "least"), [(6, 5), pytest.param(1, 30, marks=pytest.mark.thorough)])
def test_when_no_write_succeeds_it_is_said_and_the_next_run_goes_on(
    every: int, least: int, before: Before, tmp_path: Path
) -> None:
    """From one step on all writes fail, from each in turn."""
    undisturbed, *failed, beyond = trials(before.journaled, tmp_path, "full", "everywhere", every)
    assert undisturbed["first"] == beyond["first"] == 0
    assert len(failed) >= least
    for trial in failed:
        assert trial["first"] == 1, trial
        assert "Traceback" not in trial["said"], trial
        assert "Nothing is lost" in trial["said"], trial
        assert (trial["second"], trial["different"]) == (0, []), trial


def trials(template: Path, folder: Path, how: str, where: str, every: int = 1) -> list[dict[str, Any]]:
    arguments = [
        str(template),
        str(folder),
        how,
        where,
        str(every),
        "grade",
        TASK,
        "--no-feedback",
        "-j",
        "2",
    ]
    done = subprocess.run(
        [sys.executable, dying.__file__, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.thorough
@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_said_and_when_it_is_freed_the_next_run_goes_on(
    before: Before, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        stopped = 0
        for template, room_kb in [
            (before.root, 4),
            (before.root, 96),
            *((before.journaled, room_kb) for room_kb in (0, 32, 64, 128, 160, 256)),
        ]:
            root = disk / "course"
            shutil.copytree(template, root)
            fill(disk, room_kb)
            done = command(root, "grade", TASK, "--no-feedback")
            if done.returncode:
                stopped += 1
                assert done.returncode == 1
                assert "Traceback" not in done.stdout + done.stderr
                said = " ".join(done.stderr.split())
                assert "disk is full" in said or "No space left on device" in said, said
                assert "Nothing is lost" in said
            (disk / "filler").unlink()
            done = command(root, "grade", TASK, "--no-feedback")
            assert done.returncode == 0, done.stdout + done.stderr
            assert differences(state(root), before.expected) == []
            assert problems(root) == []
            shutil.rmtree(root)
        assert stopped >= 4
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, room_kb: int) -> None:
    """Leave ``room_kb`` KB free on ``disk``."""
    room = os.statvfs(disk)
    with open(disk / "filler", "wb") as file:
        file.write(bytes(room.f_bavail * room.f_frsize - room_kb * 1024))
