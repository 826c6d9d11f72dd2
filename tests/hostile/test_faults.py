"""Faults around grading: what is read changes, what is written fails, the clock jumps, the reference raises.

Always the same demand: the command says what is wrong and exits with 1, publishes nothing half, and run again once the
fault is gone gives the grades of a run that never met it.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.authoring.solve import solve
from autograder.sandbox.backends import SandboxUnavailable, find_bubblewrap
from tests.hostile import classroom
from tests.hostile.classroom import Done

TASK = "task1_forward"
WAYS = ("grade", "nbgrader")
WRONG = "def sigmoid(x):\n    return x"
STUDENTS = {"ada": {}, "ben": {"sigmoid": WRONG}, "cleo": {"softmax": "def softmax(a):\n    return a"}}
# A course in a small tmpfs; what it holds is half a megabyte.
MOUNT_MB = 8
# Bytes left free, or per file; the next is tried when grading failed. The last is enough.
STEPS = (0, 4096, 40_000, 180_000, 230_000, 2_000_000)

Points = dict[str, dict[str, float | None]]


def command(way: str) -> tuple[str, ...]:
    if way == "grade":
        return ("-m", "autograder", "grade", TASK, "--no-feedback", "-j", "2")
    return ("-m", "nbgrader", "autograde", TASK)


def hand_in(root: Path) -> None:
    source = classroom.source_of(TASK)
    for student, mistakes in STUDENTS.items():
        classroom.hand_in(root, student, TASK, solve(source, mistakes))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one task with three submissions, to be copied."""
    try:
        find_bubblewrap()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    root = classroom.make_course(tmp_path_factory.mktemp("faults") / "course", (TASK,), cell_s=5, cpu_s=60)
    hand_in(root)
    return root


@dataclass(frozen=True)
class Result:
    """Everything that grading leaves for people: points, autograded notebooks, journaled reports."""

    points: Points
    notebooks: dict[str, bytes]
    reports: list[tuple[str, str]]


def result_of(root: Path) -> Result:
    notebooks = {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.glob("autograded/*/*/*.ipynb"))
    }
    return Result(classroom.gradebook(root, TASK), notebooks, journal_of(root))


def journal_of(root: Path) -> list[tuple[str, str]]:
    """(submission, report) of every evaluation."""
    if not (root / "journal.db").exists():
        return []
    with contextlib.closing(sqlite3.connect(root / "journal.db")) as journal:
        if not journal.execute("SELECT 1 FROM sqlite_master WHERE name = 'evaluations'").fetchone():
            return []  # the disk was full when it was made
        return sorted(journal.execute("SELECT submission, report FROM evaluations").fetchall())


def points_of(root: Path) -> dict[str, float]:
    """The whole points of every student who has any grade."""
    return {
        student: sum(points.values())  # type: ignore[arg-type]
        for student, points in classroom.gradebook(root, TASK).items()
        if all(value is not None for value in points.values())
    }


@pytest.fixture
def here(course: Path, tmp_path: Path) -> Path:
    """A copy of the course."""
    shutil.copytree(course, tmp_path / "course", symlinks=True)
    classroom.environment(tmp_path / "course")  # makes what it needs while files can be made
    return tmp_path / "course"


@pytest.fixture(scope="module")
def right(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """What a run without any fault gives."""
    root = tmp_path_factory.mktemp("right") / "course"
    shutil.copytree(course, root, symlinks=True)
    done = classroom.run(root, *command("grade"))
    assert done.code == 0, done.stderr
    return result_of(root)


def said(done: Done) -> str:
    return " ".join((done.stdout + done.stderr).split())


def failed_with_words(done: Done, *words: str) -> None:
    """The command failed, said so in its own words, and left nothing running."""
    assert done.code == 1, said(done)
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    assert any(word in said(done) for word in words), said(done)
    assert done.left == []


def well(done: Done) -> None:
    assert done.code == 0, done.stdout + done.stderr
    assert done.left == []


# --- A submission that changes while it is graded -----------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_submission_that_changes_during_grading_is_graded_as_it_was_read(here: Path, way: str) -> None:
    source = classroom.source_of(TASK)
    path = here / "submitted" / "ada" / TASK / f"{TASK}.ipynb"
    contents = [path.read_bytes(), classroom.nbformat.writes(solve(source, {"sigmoid": WRONG})).encode()]
    contents += [contents[0][:20_000], b""]
    stop = threading.Event()

    def rewrite() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with open(path, "r+b") as file:  # in place: a reader may see half of it
                file.truncate(0)
                file.write(contents[number % len(contents)])
            time.sleep(0.003)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        done = classroom.run(here, *command(way))
    finally:
        stop.set()
        writer.join()
    well(done)
    # One reading: the points, the notebook that is shown, and the journal are of the same bytes.
    points = points_of(here)
    shown = classroom.shown_text(here / "autograded" / "ada" / TASK / f"{TASK}.ipynb")
    read = 0 if "unreadable notebook" in shown else 1 if WRONG in shown else 2
    assert points["ada"] == (0, points["ben"], 100)[read]
    verdicts = {
        sum(check["points"] for check in json.loads(report)["checks"]) for _, report in journal_of(here)
    }
    assert points["ada"] in verdicts
    # What it is in the end counts when it is graded the next time.
    path.write_bytes(contents[0])
    well(classroom.run(here, "-m", "autograder", "grade", TASK, "--no-feedback"))
    assert points_of(here)["ada"] == 100


# --- Writing fails ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(here: Path, course: Path) -> Iterator[Path]:
    """The course on a file system of its own."""
    place = here.parent / "disk"
    place.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MOUNT_MB}m,mode=755", "none", str(place)], check=True
    )
    try:
        shutil.copytree(course, place / "course", symlinks=True)
        classroom.environment(place / "course")
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.skipif(
    os.getuid() != 0, reason="only root can mount a small disk; the limit of a file's size follows"
)
def test_a_full_disk_loses_nothing(here: Path, course: Path, right: Result) -> None:
    with small_disk(here, course) as disk:
        root, filler = disk / "course", disk / "filler"
        failures = 0
        for free in STEPS:
            filler.unlink(missing_ok=True)
            state = os.statvfs(disk)
            with open(filler, "wb") as file:
                file.write(bytes(max(state.f_bavail * state.f_frsize - free, 0)))
            done = classroom.run(root, *command("grade"))
            if done.code == 0:
                break
            failures += 1
            failed_with_words(done, "No space left", "disk is full", "disk I/O error", "cannot keep data")
            nothing_half(root, right)
        assert failures > 2
        filler.unlink()
        well(classroom.run(root, *command("grade")))
        assert result_of(root) == right


def test_files_that_may_not_grow_lose_nothing(here: Path, right: Result) -> None:
    """The same for every user: each file may only have so many bytes."""
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    failures = 0
    for most in STEPS:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, kept[1]))
        try:
            process = classroom.start(here, *command("grade"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        done = classroom.finish(process)
        if done.code == 0:
            break
        failures += 1
        # The watcher's own report is a file, too.
        done = Done(done.code, done.stdout, done.stderr, [line for line in done.left if line != "no report"])
        if most:
            failed_with_words(done, "File too large", "disk I/O error", "disk is full", "cannot keep data")
        nothing_half(here, right)
    assert failures > 2
    well(classroom.run(here, *command("grade")))
    assert result_of(here) == right


def nothing_half(root: Path, right: Result) -> None:
    """Whoever has any points has all of them, and a notebook that is there is whole."""
    now = result_of(root)
    for student, points in now.points.items():
        if any(value is not None for value in points.values()):
            assert points == right.points[student]
    for name, content in now.notebooks.items():
        assert content == right.notebooks[name]
    assert set(now.reports) <= set(right.reports)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """``folder`` and what is below it cannot be written: a mount for root, whom modes do not stop."""
    if os.getuid() == 0:
        subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
            yield
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    places = [folder, *(path for path in folder.rglob("*") if not path.is_symlink())]
    modes = {path: path.stat().st_mode for path in places}
    try:
        for path in reversed(places):
            path.chmod(modes[path] & 0o555)
        yield
    finally:
        for path in places:
            path.chmod(modes[path])


@pytest.mark.parametrize("name", [".", "autograded"])
def test_a_read_only_folder_is_named(here: Path, right: Result, name: str) -> None:
    (here / "autograded").mkdir()
    with read_only(here / name):
        done = classroom.run(here, *command("grade"))
        failed_with_words(
            done, "Read-only file system", "Permission denied", "readonly database", "unable to open"
        )
        assert "autograded" in said(done) or name == "."
    nothing_half(here, right)
    well(classroom.run(here, *command("grade")))
    assert result_of(here) == right


# --- Databases ----------------------------------------------------------------------------------------------------


def test_a_locked_gradebook_is_named_and_nothing_is_evaluated_twice(here: Path, right: Result) -> None:
    with contextlib.closing(sqlite3.connect(here / "gradebook.db", isolation_level=None)) as book:
        book.execute("BEGIN EXCLUSIVE")
        done = classroom.run(here, *command("grade"))
        failed_with_words(done, "database is locked")
        assert "gradebook" in said(done)
        book.execute("ROLLBACK")
    well(classroom.run(here, *command("grade")))
    assert result_of(here) == right


def test_a_gradebook_locked_for_a_moment_is_waited_for(here: Path, right: Result) -> None:
    with contextlib.closing(sqlite3.connect(here / "gradebook.db", isolation_level=None)) as book:
        book.execute("BEGIN EXCLUSIVE")
        process = classroom.start(here, *command("grade"))
        time.sleep(2)
        book.execute("ROLLBACK")
    well(classroom.finish(process))
    assert result_of(here) == right


@pytest.mark.parametrize("damage", ["text", "half"])
def test_a_corrupt_gradebook_is_named_and_left_alone(here: Path, right: Result, damage: str) -> None:
    path = here / "gradebook.db"
    whole = path.read_bytes()
    if damage == "text":
        path.write_bytes(b"this is no database at all\n" * 1000)
    else:
        path.write_bytes(whole[: len(whole) // 2])
    corrupt = path.read_bytes()
    done = classroom.run(here, *command("grade"))
    failed_with_words(done, "gradebook")
    assert path.read_bytes() == corrupt
    assert not list(here.glob("autograded/*/*/*.ipynb"))
    path.write_bytes(whole)
    well(classroom.run(here, *command("grade")))
    assert result_of(here) == right


@pytest.mark.parametrize("damage", ["text", "half"])
def test_a_corrupt_journal_is_named_and_can_be_moved_away(here: Path, right: Result, damage: str) -> None:
    path = here / "journal.db"
    if damage == "text":
        path.write_bytes(b"this is no database at all\n" * 1000)
    else:
        well(classroom.run(here, *command("grade")))
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    done = classroom.run(here, *command("grade"))
    failed_with_words(done, "journal.db")
    path.unlink()
    well(classroom.run(here, *command("grade")))
    assert result_of(here) == right


# --- Two graders --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ways", [("grade", "grade"), ("grade", "nbgrader")], ids="-".join)
def test_two_graders_at_once_give_the_grades_of_one(here: Path, right: Result, ways: tuple[str, str]) -> None:
    running = [classroom.start(here, *command(way)) for way in ways]
    for process in running:
        well(classroom.finish(process))
    assert result_of(here).points == right.points
    assert result_of(here).reports == right.reports
    assert result_of(here).notebooks.keys() == right.notebooks.keys()


# --- Clocks -------------------------------------------------------------------------------------------------------

JUMPING = """
import datetime, random, time
_real, _random = time.time, random.Random(7)
time.time = lambda: _real() + _random.choice((-1, 1)) * _random.uniform(0, 4e8)
time.time_ns = lambda: int(time.time() * 1e9)
"""


def test_a_clock_that_jumps_changes_nothing(here: Path, right: Result, tmp_path: Path) -> None:
    (tmp_path / "jumping").mkdir()
    (tmp_path / "jumping" / "sitecustomize.py").write_text(JUMPING)
    paths = os.pathsep.join([str(tmp_path / "jumping"), classroom.environment(here)["PYTHONPATH"]])
    tried = classroom.run(
        here, "-c", "import time; print(abs(time.time() - time.time()) > 1000)", PYTHONPATH=paths
    )
    assert tried.stdout == "True\n"
    well(classroom.run(here, *command("grade"), PYTHONPATH=paths))
    assert result_of(here) == right


@pytest.mark.parametrize("year", [1971, 2090])
def test_files_of_another_time_change_nothing(here: Path, right: Result, year: int) -> None:
    when = (year - 1970) * 365.25 * 86400
    for folder, _, names in os.walk(here):
        for name in names:
            os.utime(os.path.join(folder, name), (when, when), follow_symlinks=False)
    well(classroom.run(here, *command("grade")))
    assert result_of(here) == right


def test_a_timestamp_of_any_kind_costs_nothing(here: Path, right: Result) -> None:
    stamps = ("9999-12-31 23:59:59 UTC", "0001-01-01 00:00:00 UTC", "1e400\n" * 2000)
    for student, stamp in zip(STUDENTS, stamps, strict=True):
        (here / "submitted" / student / TASK / "timestamp.txt").write_text(stamp)
    well(classroom.run(here, *command("grade")))
    assert result_of(here).points == right.points


# --- The reference ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_reference_that_raises_is_nobodys_zero(here: Path, right: Result, way: str) -> None:
    path = here / "solutions" / f"{TASK}.py"
    text = path.read_text()
    path.write_text(text + "\ndef softmax(a):\n    raise RuntimeError('broken reference')\n")
    done = classroom.run(here, *command(way))
    assert done.code != 0
    assert "broken reference" in done.stdout + done.stderr
    assert done.left == []
    assert points_of(here) == {}
    assert not list(here.glob("autograded/*/*/*.ipynb"))
    assert journal_of(here) == []
    path.write_text(text)
    well(classroom.run(here, *command(way)))
    assert result_of(here).points == right.points


def test_a_reference_that_cannot_be_imported_publishes_nothing(here: Path, right: Result) -> None:
    path = here / "solutions" / f"{TASK}.py"
    text = path.read_text()
    path.write_text(text + "\n1 / 0\n")
    done = classroom.run(here, *command("grade"))
    assert done.code == 1
    assert "ZeroDivisionError" in said(done)
    assert points_of(here) == {}
    path.write_text(text)
    well(classroom.run(here, *command("grade")))
    assert result_of(here) == right


def test_a_submission_that_cannot_be_read_is_nobodys_zero(here: Path, right: Result) -> None:
    """No permission for root to lose; an ordinary grader meets it with a wrong umask."""
    path = here / "submitted" / "ada" / TASK / f"{TASK}.ipynb"
    path.chmod(0)
    done = classroom.run(here, *command("grade"))
    if os.getuid() != 0:
        assert done.code == 1
        assert "Permission denied" in said(done)
        assert "ada" not in points_of(here)
        path.chmod(0o600)
        done = classroom.run(here, *command("grade"))
    well(done)
    assert result_of(here).points == right.points
