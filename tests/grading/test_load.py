"""A busy machine changes no grade: not a point, not a word. Nothing here asserts how long anything takes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.solve import solve
from autograder.course import Course, load_course
from autograder.grading import course_run
from autograder.grading.course_run import Graded, evaluate_all
from autograder.grading.plan import Keys, Plan, make_plan
from autograder.grading.report import Report
from autograder.grading.secret import held_out_key, submission_seed
from autograder.grading.submission import Submission
from autograder.misconceptions import read_alternatives
from autograder.sandbox.backends import SandboxUnavailable, find_bubblewrap
from solutions.handed_in import reference_files
from tests.grading.conftest import Class, command
from tests.hostile.classroom import source_of

HOME = Path(__file__).resolve().parents[2]
COURSE = load_course(HOME)
SECRET = b"load" * 8
PROCESSORS = os.cpu_count() or 1
JOBS = 3 * PROCESSORS
BUSY = 8 * PROCESSORS
# Of each task, the right answer that takes most CPU time. A task that is not here is graded in every style.
SLOWEST = {
    "task1_forward": "loops",
    "task2_minibatch": "loops",
    "task3_backprop": "loops",
    "task4_classifier": "loops",
    "adv1_contest": "arrays_of_bytes",
    "adv2_activations": "explicit_loops",
    "adv3_dropout": "lists_and_closures",
    "adv4_batchnorm": "loops_and_lists",
    "adv5_optimizers": "explicit_loops",
    "adv6_color": "loops",
    "adv7_convolution": "seven_loops",
    "adv8_pooling": "loops_all_ties",
    "adv9_cnn": "own_layers",
    "adv10_architectures": "written_out",
}


@contextlib.contextmanager
def busy_machine() -> Iterator[None]:
    """Eight busy processes a processor, each in a session of its own: some schedulers divide by session."""
    loop = [sys.executable, "-S", "-c", "while True: pass"]
    running = [subprocess.Popen(loop, start_new_session=True) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.fixture(autouse=True)
def _needs_a_sandbox() -> None:
    try:
        find_bubblewrap()
    except SandboxUnavailable as error:
        pytest.skip(str(error))


def plan_for(task: str) -> Plan:
    keys = Keys(partial(submission_seed, SECRET, task), held_out_key(SECRET))
    return make_plan(COURSE, task, keys=keys)


def right_submissions(task: str) -> dict[str, Submission]:
    """The reference and the slowest alternative of ``task``, by name."""
    styles = dict(read_alternatives(HOME, task))
    chosen = [SLOWEST[task]] if task in SLOWEST else list(styles)
    earlier = {name: nbformat.writes(solve(source_of(name))).encode() for name in COURSE.task(task).builds_on}
    found = {}
    for name, source in {"reference": "", **{style: styles[style] for style in chosen}}.items():
        notebook = solve(source_of(task))
        if source:
            notebook.cells.append(nbformat.v4.new_code_cell(source))
        content = nbformat.writes(notebook).encode()
        found[name] = Submission(name, task, content, files=reference_files(task), earlier=earlier)
    return found


def reports_of(plan: Plan, submissions: list[Submission], jobs: int) -> dict[str, str]:
    """By student, the whole report as text."""
    found = {}
    for graded in evaluate_all(plan, submissions, jobs):
        assert not graded.fault
        assert graded.report is not None
        found[graded.student] = graded.report.to_json()
    return found


def assert_load_changes_nothing(task: str) -> None:
    plan, submissions = plan_for(task), right_submissions(task)
    quiet = reports_of(plan, list(submissions.values()), 1)
    for name, text in quiet.items():
        report = Report.from_json(text)
        assert report.points == report.max_points == 100, f"{task} {name}: {text}"
    copies = -(-JOBS // len(submissions))
    many = [
        replace(submission, student=f"{name} {number}")
        for number in range(copies)
        for name, submission in submissions.items()
    ]
    with busy_machine():
        loaded = reports_of(plan, many, JOBS)
    assert loaded == {one.student: quiet[one.student.rsplit(" ", 1)[0]] for one in many}


def test_load_changes_no_report() -> None:
    assert_load_changes_nothing("task1_forward")


@pytest.mark.thorough
def test_load_changes_no_report_of_any_task() -> None:
    tasks = [task for task in COURSE.tasks if task != "task1_forward"]
    plans = {task: plan_for(task) for task in tasks}
    classes = {task: list(right_submissions(task).values()) for task in tasks}
    quiet = {task: reports_of(plans[task], classes[task], PROCESSORS) for task in tasks}
    for task in tasks:
        for name, text in quiet[task].items():
            assert Report.from_json(text).points == 100, f"{task} {name}: {text}"
    # Three tasks at one time, each with an evaluator a processor: three times as many as there are processors.
    with busy_machine(), ThreadPoolExecutor(JOBS // PROCESSORS) as threads:
        loaded = threads.map(lambda task: reports_of(plans[task], classes[task], PROCESSORS), tasks)
        assert dict(zip(tasks, loaded, strict=True)) == quiet


# --- The wall time is up although CPU time is left -----------------------------------------------------------------


def test_who_met_a_busy_machine_is_evaluated_again_alone_after_all_others(monkeypatch) -> None:
    seen: list[str] = []

    def evaluate(plan: Plan, submission: Submission) -> Graded:
        seen.append(submission.student)
        busy = submission.student == "ben" and seen.count("ben") == 1
        return Graded(submission.student, None, "too busy" if busy else "", too_busy=busy)

    monkeypatch.setattr(course_run, "evaluators", ThreadPoolExecutor)
    monkeypatch.setattr(course_run, "evaluate_one", evaluate)
    handed_in = [Submission(name, "task1_forward", b"") for name in ("ada", "ben", "cy", "dee")]
    found = list(evaluate_all(plan_for("task1_forward"), handed_in, 1))
    assert seen == ["ada", "ben", "cy", "dee", "ben"]
    assert sorted(graded.student for graded in found) == ["ada", "ben", "cy", "dee"]
    assert found[-1].student == "ben"
    assert not any(graded.fault for graded in found)


def test_what_a_machine_is_too_busy_for_is_a_fault_and_no_zero(course: Course, pupils: Class) -> None:
    path = course.root / "course.toml"
    path.write_text(path.read_text().replace("wall_s = 1800", "wall_s = 0.01"))
    pupils.hand_in("ada", "task1_forward", pupils.solved("task1_forward"))
    done = command(course.root, "grade", "task1_forward", "--no-feedback")
    assert done.returncode == 1
    assert "the machine is too busy" in done.stdout + done.stderr
    assert not (course.root / "autograded/ada").exists()
    path.write_text(path.read_text().replace("wall_s = 0.01", "wall_s = 1800"))
    done = command(course.root, "grade", "task1_forward", "--no-feedback", "-j", str(PROCESSORS + 1))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"-j {PROCESSORS + 1}: this machine has {PROCESSORS} processors." in done.stderr
    assert (course.root / "autograded/ada").exists()
