"""Measure how accurate the reference's networks are, and write the thresholds of the checks that score accuracy.

Runs the training of each check with many seeds on the data in use, once as grading does (other images for every
seed, judged by the whole test set) and once as a student's notebook does (the few images it takes). The lower
result counts:

    full   so far below the mean, and below the lowest run, that a correct program should fall under it less than
           once in 10 000; rounded down
    floor  where points begin: "has learned something"

    AUTOGRADER_DATA=/where/mnist/is python scripts/calibrate.py
    AUTOGRADER_DATA= python scripts/calibrate.py task3_backprop --runs 40

A threshold must hold for MNIST and for the built-in digits. So a row measured on other data stays when it is the
lower one; to begin anew, write {} into autograder/checks/thresholds.json and run this once with each.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # solutions/ is not installed

from autograder import datasets
from autograder.calls import Session, connect
from autograder.checks import TaskData, adv6_color, adv9_cnn, task3_backprop, task4_classifier
from autograder.datasets import load_mnist
from autograder.notebook.data import task_data

THRESHOLDS = ROOT / "autograder" / "checks" / "thresholds.json"
LEAST_STDS = 5.0
CHANCE = 1e-4  # of a correct program that misses full points
# Below the lowest run: the lower tail is longer than a normal one (a bad last step at η = 1); of 150 runs on MNIST one
# was 4.8 standard deviations below the mean.
STDS_BELOW_MINIMUM = 4.0
GRID = 0.005

Accuracies = dict[str, list[float]]  # by part of the data: "grading", "notebook"
Measure = Callable[[dict[str, TaskData], int], Accuracies]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(MEASURES)}; all without any")
    parser.add_argument("--runs", type=int, help="trainings for each part of the data (default: 30 and 10)")
    options = parser.parse_args()
    for task in options.tasks:
        if task not in MEASURES:
            parser.error(f"{task} scores no accuracy; expected one of {', '.join(MEASURES)}")
    if options.runs is not None and options.runs < 3:
        parser.error(f"--runs {options.runs}: a spread needs at least 3")

    rows = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    for task in options.tasks or MEASURES:
        name, data_set, floor, runs, measure = MEASURES[task]
        kind, parts = data_parts(data_set)
        start = time.process_time()
        measured = measure(parts, options.runs or runs)
        seconds = (time.process_time() - start) / (options.runs or runs)
        print(f"{task}.{name} on {kind}: {seconds:.1f} CPU seconds a run")
        found = [row(accuracies, kind, part, floor) for part, accuracies in measured.items()]
        for line in found:
            print(f"  {json.dumps(line)}")
        keep(rows, f"{task}.{name}", min(found, key=lambda line: line["full"]))
        write(rows)
    return 0


def data_parts(data_set: str) -> tuple[str, dict[str, TaskData]]:
    """The kind of data in use, and the data as grading and as a student's notebook give it to a check."""
    kind = getattr(datasets, f"{data_set}_source")().kind
    load = getattr(datasets, f"load_{data_set}")
    shown = datasets.sandbox_split(data=data_set)
    grading = TaskData(kind, load("train", root=shown), load("test", root=shown), load("test"))
    return kind, {"grading": grading, "notebook": task_data(data_set)}


def trainings(task: str, checks: ModuleType) -> Measure:
    """Measures what the training check of ``task`` measures on the reference."""

    def measure(parts: dict[str, TaskData], runs: int) -> Accuracies:
        student = connect(Session(vars(importlib.import_module(f"solutions.{task}"))))
        measured: Accuracies = {part: [] for part in parts}
        for seed in progress(runs):
            for number, (part, data) in enumerate(parts.items()):
                rng = np.random.default_rng([seed, number])
                measured[part].append(checks.trained_accuracy(student, rng, data))
        return measured

    return measure


def measure_parameters(parts: dict[str, TaskData], runs: int) -> Accuracies:
    """What the check parameters_accuracy of task 4 measures on a file made by the reference of task 3."""
    from solutions.task1_forward import init_parameters
    from solutions.task3_backprop import save_parameters, train

    measured: Accuracies = {part: [] for part in parts}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "parameters.npz"
        for seed in progress(runs):
            with contextlib.redirect_stdout(io.StringIO()):
                save_parameters(str(path), train(init_parameters(seed=seed), *load_mnist("train"), seed=seed))
            for part, data in parts.items():
                measured[part].append(task4_classifier.accuracy_of(path.read_bytes(), data))
    return measured


# Name of the check, data set, where points start (above guessing), runs, and how a run is measured.
MEASURES: dict[str, tuple[str, str, float, int, Measure]] = {
    "task3_backprop": ("train_accuracy", "mnist", 0.5, 30, trainings("task3_backprop", task3_backprop)),
    "task4_classifier": ("parameters_accuracy", "mnist", 0.5, 10, measure_parameters),
    "adv6_color": ("color_accuracy", "cifar10", 0.15, 40, trainings("adv6_color", adv6_color)),
    "adv9_cnn": ("cnn_train_accuracy", "mnist", 0.5, 30, trainings("adv9_cnn", adv9_cnn)),
}


def progress(runs: int) -> Iterator[int]:
    """0 up to ``runs`` - 1, shown on a terminal."""
    for number in range(runs):
        if sys.stderr.isatty():
            print(f"\rrun {number + 1} of {runs}", end="", file=sys.stderr, flush=True)
        yield number
    if sys.stderr.isatty():
        print("\r" + " " * 30 + "\r", end="", file=sys.stderr)


def row(accuracies: list[float], kind: str, part: str, floor: float) -> dict[str, Any]:
    """One row of thresholds.json."""
    mean, std = float(np.mean(accuracies)), float(np.std(accuracies, ddof=1))
    low = min(mean - stds_below(len(accuracies)) * std, min(accuracies) - STDS_BELOW_MINIMUM * std)
    full = math.floor(low / GRID + 1e-9) * GRID
    return {
        "mean": round(mean, 5),
        "std": round(std, 5),
        "runs": len(accuracies),
        "minimum": round(min(accuracies), 5),
        "floor": floor,
        "full": round(full, 3),
        "data": kind,
        "part": part,
    }


def stds_below(runs: int) -> float:
    """How many sample standard deviations below the sample mean one more run falls with probability `CHANCE`.

    At least `LEAST_STDS`. A spread estimated from few runs is itself uncertain: Student's t with runs - 1 degrees
    of freedom, widened by √(1 + 1/runs) for the uncertainty of the mean.
    """
    freedom = runs - 1
    t = np.linspace(0, 200, 400_001)
    log_density = -(freedom + 1) / 2 * np.log1p(t**2 / freedom)
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    above = 0.5 - np.cumsum(np.exp(log_density)) * scale * (t[1] - t[0])
    return max(LEAST_STDS, float(t[np.argmax(above < CHANCE)]) * math.sqrt(1 + 1 / runs))


def keep(rows: dict[str, Any], name: str, new: dict[str, Any]) -> None:
    """Put ``new`` into ``rows``, unless the row there was measured on other data and is lower."""
    old = rows.get(name)
    if old is not None and old["data"] != new["data"] and old["full"] <= new["full"]:
        print(f"  kept: {old['full']} from {old['data']} is not higher")
        return
    rows[name] = new
    print(f"  full points from {new['full']}")


def write(rows: dict[str, Any]) -> None:
    """Replace thresholds.json as a whole."""
    building = THRESHOLDS.with_suffix(".json.new")
    building.write_text(json.dumps(dict(sorted(rows.items())), indent=2) + "\n")
    os.replace(building, THRESHOLDS)


if __name__ == "__main__":
    raise SystemExit(main())
