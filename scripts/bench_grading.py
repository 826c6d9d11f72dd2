"""Seconds per submission: `autograder grade` beside stock `nbgrader autograde`, on the same class in the same run.

    python scripts/bench_grading.py [--count 200] [--json]
    python scripts/bench_grading.py --memory

Both grade COUNT correct solutions of task1_forward, each a little different so that nothing is graded twice. Stock
nbgrader gets a notebook with equivalent asserts, as an instructor would write them. Feedback pages are made by
neither. Also the CPU seconds that a sandboxed worker takes until it is ready. The last line is
{"ours_s": …, "nbgrader_s": …, "ratio": …, "worker_cpu_s": …}.

With --memory: the largest resident memory of the coordinator and of its evaluators while they grade 10, 200 and 2 000
submissions. Those are solutions with 64 KB of text of their own and nothing but the first cells to run, so that 2 000
take minutes: what grows with the class shows as well as with whole solutions.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import autograder.grading.nbgrader_ready  # isort: skip  # noqa: F401 - stock nbgrader needs `alembic` on the PATH
import nbformat

HOME = Path(__file__).resolve().parent.parent
TASK = "task1_forward"
STARTS = 20
MEMORY_COUNTS = (10, 200, 2000)
LOOK_S = 0.05  # between two looks at the memory; the kernel keeps the maximum
STOCK_CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "stock"\n'
# What each of our checks demands, as plain asserts.
ASSERTS = {
    "flatten": """
image = np.arange(12, dtype=np.uint8).reshape(3, 4)
assert flatten(image).shape == (1, 12)
np.testing.assert_allclose(flatten(np.stack([image] * 5))[2], image.ravel() / 255)
""",
    "sigmoid": """
x = np.random.default_rng(1).normal(size=(3, 4, 2))
np.testing.assert_allclose(sigmoid(x), 1 / (1 + np.exp(-x)))
assert sigmoid(np.array([0.0])) == 0.5
np.testing.assert_allclose(sigmoid(np.array([-1000.0, 1000.0])), [0, 1], atol=1e-12)
""",
    "Affine": """
rng = np.random.default_rng(2)
x, W, b = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
np.testing.assert_allclose(Affine(W, b).forward(x), x @ W + b)
np.testing.assert_allclose(Affine(W, b).forward(x[1:2]), x[1:2] @ W + b)
""",
    "softmax": """
a = np.random.default_rng(3).normal(size=(5, 7))
np.testing.assert_allclose(softmax(a), np.exp(a) / np.exp(a).sum(axis=1, keepdims=True))
np.testing.assert_allclose(softmax(a * 1000).sum(axis=1), 1)
assert np.isfinite(softmax(a * 1000)).all()
""",
    "init_parameters": """
p = init_parameters((400, 900, 25), seed=5)
assert p["W1"].shape == (400, 900) and p["b2"].shape == (25,)
assert abs(p["W1"].std() * 20 - 1) < 0.05 and abs(p["W2"].std() * 30 - 1) < 0.05
np.testing.assert_array_equal(p["W1"], init_parameters((400, 900, 25), seed=5)["W1"])
""",
    "forward": """
p = init_parameters()
x = np.random.default_rng(4).uniform(size=(6, 784))
y = forward(p, x)
assert y.shape == (6, 10)
np.testing.assert_allclose(y.sum(axis=1), 1)
""",
    "classify": """
np.testing.assert_array_equal(classify(p, x), y.argmax(axis=1))
""",
}


def run(command: list[str], folder: Path) -> float:
    """Wall seconds of a command, which must succeed."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return seconds


def hand_in(folder: Path, solved: nbformat.NotebookNode, count: int) -> None:
    """COUNT submissions of ``solved`` under ``folder``, each with a cell of its own."""
    for number in range(count):
        place = folder / "submitted" / f"student{number:03d}" / TASK
        place.mkdir(parents=True)
        solved.cells[0].source = (
            f"# my notebook, number {number}\n" + solved.cells[0].source.split("\n", 1)[-1]
        )
        nbformat.write(solved, place / f"{TASK}.ipynb")


def our_course(folder: Path, count: int) -> None:
    """A released course of ours with a class handed in."""
    from autograder.authoring.solve import read_source, solve

    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copyfile(HOME / name, folder / name)
    run([sys.executable, "-m", "autograder", "release", TASK], folder)
    hand_in(folder, solve(read_source(folder, TASK)), count)


def stock_course(folder: Path, ours: Path, count: int) -> None:
    """The same for stock nbgrader: our solutions, plain asserts in the grade cells."""
    from autograder.authoring.solve import read_source, solution_name, solve

    source = read_source(ours, TASK)
    cells, used = [], set()
    for cell in source.cells:
        name = solution_name(cell)
        if cell.metadata.get("nbgrader", {}).get("grade") or cell.get("metadata", {}).get("tags"):
            continue
        cells.append(cell)
        if name in ASSERTS:
            used.add(name)
            test = nbformat.v4.new_code_cell(ASSERTS[name].strip())
            marks = {"grade": True, "solution": False, "locked": True, "task": False, "points": 10}
            test.metadata.nbgrader = {
                **marks,
                "schema_version": 3,
                "grade_id": f"test-{name}",
                "cell_type": "code",
            }
            cells.append(test)
    assert used == set(ASSERTS), f"solutions without asserts: {set(ASSERTS) - used}"
    source.cells = cells
    source.metadata.pop("autograder", None)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG)
    (folder / "source" / TASK).mkdir(parents=True)
    nbformat.write(source, folder / "source" / TASK / f"{TASK}.ipynb")
    run([sys.executable, "-m", "nbgrader", "generate_assignment", TASK, "--create"], folder)
    hand_in(folder, solve(source), count)


def worker_cpu(folder: Path) -> float:
    """CPU seconds of bubblewrap and the worker until it is ready: the median of `STARTS`."""
    from autograder.course import load_course
    from autograder.grading.plan import make_plan
    from autograder.sandbox.process import Sandbox

    launch = make_plan(load_course(folder), TASK).launch
    used = []
    for _ in range(STARTS):
        with Sandbox(launch) as sandbox:
            assert sandbox._process is not None
            used.append(sum(map(cpu_of, family_of(sandbox._process.pid))))
    return statistics.median(used)


def cpu_of(pid: int) -> float:
    """CPU seconds of a process; to the nanosecond, where /proc/PID/stat counts hundredths."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def family_of(pid: int) -> list[int]:
    """``pid`` and all its descendants."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        try:
            for task in Path(f"/proc/{found[-1]}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:  # it has ended meanwhile
            continue
    return found


def memory(ours: Path) -> None:
    """Print the peak memory of the grader's own processes for classes of growing size."""
    from autograder.authoring.solve import read_source, solve

    solved = solve(read_source(ours, TASK))
    solved.cells = [*solved.cells[:4], nbformat.v4.new_markdown_cell("text " * 13_000)]
    print("submissions  coordinator  largest evaluator  seconds")
    for count in MEMORY_COUNTS:
        shutil.rmtree(ours / "submitted")
        hand_in(ours, solved, count)
        done = watched([sys.executable, "-m", "autograder", "grade", TASK, "--no-feedback"], ours)
        if done.code:
            sys.exit(f"grading failed:\n{done.stdout[-2000:]}")
        sizes = f"{done.coordinator_mb:8.1f} MB  {done.evaluator_mb:14.1f} MB"
        print(f"{count:11}  {sizes}  {done.seconds:7.0f}", flush=True)


@dataclass(frozen=True)
class Watched:
    """One grading run: exit code, what it printed, wall seconds, and peak resident MB of the coordinator and of the
    largest of its own Python processes."""

    code: int
    stdout: str
    seconds: float
    coordinator_mb: float
    evaluator_mb: float


def watched(command: list[str], folder: Path) -> Watched:
    """Run an `autograder` command in the course ``folder`` and look at its memory."""
    largest: dict[int, float] = {}
    start = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+") as printed,
        subprocess.Popen(command, cwd=folder, stdout=printed) as process,
    ):
        while process.poll() is None:
            for pid in family_of(process.pid):
                try:
                    status = Path(f"/proc/{pid}/status").read_text()
                    mine = "bwrap" not in status and f"/{folder.name}" in os.readlink(f"/proc/{pid}/cwd")
                    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
                except (OSError, IndexError):
                    continue
                if mine:
                    largest[pid] = peak
            time.sleep(LOOK_S)
        seconds = time.perf_counter() - start
        printed.seek(0)
        stdout = printed.read()
    coordinator = largest.pop(process.pid, 0.0)
    return Watched(process.returncode, stdout, seconds, coordinator, max(largest.values(), default=0.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="submissions")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--memory", action="store_true", help="measure memory instead of time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        ours, stock = Path(name, "ours"), Path(name, "stock")
        ours.mkdir()
        stock.mkdir()
        our_course(ours, 1 if options.memory else options.count)
        if options.memory:
            memory(ours)
            return
        stock_course(stock, ours, options.count)
        ours_s = (
            run([sys.executable, "-m", "autograder", "grade", TASK, "--no-feedback"], ours) / options.count
        )
        worker_s = worker_cpu(ours)
        stock_s = run([sys.executable, "-m", "nbgrader", "autograde", TASK], stock) / options.count
    if not options.json:
        print(f"{options.count} submissions of {TASK}")
        print(f"autograder grade     {ours_s:6.3f} s a submission")
        print(f"nbgrader autograde   {stock_s:6.3f} s a submission")
        print(f"start of a worker    {worker_s:6.3f} s of CPU")
    figures = {"ours_s": ours_s, "nbgrader_s": stock_s, "ratio": stock_s / ours_s, "worker_cpu_s": worker_s}
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
