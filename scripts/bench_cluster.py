"""What a class beyond one machine costs: per submission of task1_forward, and times a number of submissions.

    python scripts/bench_cluster.py [--count 40] [--published 2000] [--plan 100000] [--json]

Seconds of an evaluation (the median, one at a time), CPU seconds of the coordinator and of the scheduler while one worker evaluates COUNT submissions
through Dask, of publishing (the first submissions into an empty gradebook, and the last of PUBLISHED), and of a
feedback page; bytes that travel and bytes that stay. CPU seconds rather than a clock: they are much the same on a
busy machine. The last line is all of it as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from bench_grading import HOME, TASK, our_course

EDGE = 100  # submissions at the beginning and the end of a large class whose publishing is timed
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_S = 120.0


def used() -> float:
    """CPU seconds of this process and of all its children that have ended."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def used_by(pid: int) -> float:
    """CPU seconds of another process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


@contextmanager
def a_cluster(folder: Path) -> Iterator[tuple[str, int]]:
    """A scheduler and one worker; the address and the scheduler's process id."""
    place = folder / "scheduler.json"
    programs = []

    def start(program: str, *options: str) -> None:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.{program}",
            "--no-dashboard",
            "--host",
            "127.0.0.1",
        ]
        env = {**os.environ, "PYTHONPATH": str(HOME)}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        programs.append(
            subprocess.Popen([*command, *options], cwd=folder, env=env, start_new_session=True, **quiet)
        )

    try:
        start("dask_scheduler", "--port", "0", "--scheduler-file", str(place))
        until = time.monotonic() + START_S
        while not place.exists() and time.monotonic() < until:
            time.sleep(0.1)
        start("dask_worker", "--scheduler-file", str(place), "--nthreads", "1")
        yield json.loads(place.read_text())["address"], programs[0].pid
    finally:
        for program in reversed(programs):
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def measure(folder: Path, count: int, published: int) -> dict[str, float]:
    """All the figures, by name."""
    from autograder.checks import load_checks
    from autograder.course import load_course
    from autograder.grading.cluster import evaluate_on_cluster
    from autograder.grading.course_run import evaluate_one, key_of
    from autograder.grading.feedback import generate_feedback
    from autograder.grading.journal import Journal
    from autograder.grading.plan import make_plan
    from autograder.grading.publish import Publisher
    from autograder.grading.submission import read_submission, students_of

    course = load_course(folder)
    plan = make_plan(course, TASK)
    students = students_of(course.submitted, TASK)
    submissions = {s: read_submission(course, course.task(TASK), s) for s in students}
    figures: dict[str, float] = {}

    evaluate_one(plan, submissions[students[0]])  # imports
    # An evaluator and its sandbox wait for each other: together they keep one processor busy.
    seconds = []
    for submission in submissions.values():
        start = time.perf_counter()
        evaluate_one(plan, submission)
        seconds.append(time.perf_counter() - start)
    figures["evaluate_s"] = statistics.median(seconds)

    reports = {}
    with a_cluster(folder) as (address, scheduler), Journal(folder / "journal.db") as journal:
        evaluations = evaluate_on_cluster(plan, submissions.values(), address)
        start, start_scheduler = used(), used_by(scheduler)
        for graded in evaluations:
            assert graded.report is not None and not graded.fault, graded.fault
            journal.add(key_of(plan, submissions[graded.student]), graded.report)
            reports[graded.student] = graded.report
        figures["coordinator_cpu_s"] = (used() - start) / count
        figures["scheduler_cpu_s"] = (used_by(scheduler) - start_scheduler) / count
    figures["sent_bytes"] = sum(len(pickle.dumps(asdict(s))) for s in submissions.values()) / count
    figures["returned_bytes"] = sum(len(report.to_json()) for report in reports.values()) / count

    with Publisher(course, TASK, load_checks(TASK)) as publisher:
        for student in students:
            publisher.publish(submissions[student], reports[student])
        start = used()
        problems = generate_feedback(course, [TASK], 1)
        figures["feedback_cpu_s"] = (used() - start) / count
        assert not problems, problems
        times = []
        for number in range(published - count):
            student = students[number % count]
            some = replace(submissions[student], student=f"other{number:06d}")
            before = used(), time.perf_counter()
            publisher.publish(some, reports[student])
            times.append((used() - before[0], time.perf_counter() - before[1]))
    for name, some_times in (("first", times[:EDGE]), ("last", times[-EDGE:])):
        cpu, wall = (sum(column) / len(some_times) for column in zip(*some_times, strict=True))
        figures[f"publish_{name}_cpu_s"], figures[f"publish_{name}_s"] = cpu, wall
    kept = [*folder.glob("autograded/*/*/*.ipynb"), folder / "gradebook.db"]
    figures["kept_bytes"] = sum(path.stat().st_size for path in kept) / published
    figures["page_bytes"] = sum(path.stat().st_size for path in folder.glob("feedback/*/*/*.html")) / count
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=40, help="submissions to evaluate")
    parser.add_argument("--published", type=int, default=2000, help="submissions in the gradebook in the end")
    parser.add_argument("--plan", type=int, default=100_000, help="submissions to plan for")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        our_course(Path(name), options.count)
        figures = measure(Path(name), options.count, max(options.published, options.count + EDGE))
    if not options.json:
        print(f"{'per submission of ' + TASK:32} {'one':>12} {f'times {options.plan:,}':>18}")
        for figure, value in figures.items():
            if figure.endswith("_bytes"):
                print(f"{figure:32} {value / 1000:9.1f} kB {value * options.plan / 1e9:15.1f} GB")
            else:
                print(f"{figure:32} {value * 1000:9.1f} ms {value * options.plan / 3600:16.1f} h")
    print(json.dumps({figure: round(value, 5) for figure, value in figures.items()}))


if __name__ == "__main__":
    main()
