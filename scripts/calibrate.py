"""Measure how accurate trained networks are, and write the thresholds of the checks that score accuracy.

For each such check the training runs with many seeds on the data in use, once as grading does (other images for
every seed, judged by the whole test set) and once as a student's notebook does (the few images it takes):

    reference             as it stands in solutions/
    slowest alternative   of tests/alternatives/, the one that is least accurate in a few runs
    strongest mistake     of autograder/misconceptions/, the most accurate one that the threshold stops

The lowest result of what is right decides:

    full          so far below the mean, and below the lowest run, that a correct program should fall under it less
                  than once in 10 000; rounded down
    false_reject  how likely that is all the same, from the spread of the runs
    floor         where points begin: "has learned something"

Task 3 also demands that the weights were trained there: the way that train goes from its start may be off the way down
the gradients by some degrees (`autograder/checks/descent.py`). Measured are the reference and every alternative, whose
batches come in other orders, and the attacks of `tests/attacks/`:

    most_degrees  a quarter of the way from what a correct program exceeds less than once in 10 000 to the nearest attack

    AUTOGRADER_DATA=/where/mnist/is python scripts/calibrate.py
    AUTOGRADER_DATA= python scripts/calibrate.py task3_backprop --runs 100

A threshold must hold for MNIST and for the built-in digits. So a row measured on other data stays when it is the
lower one; to begin anew, write {} into autograder/checks/thresholds.json and run this once with each.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import hashlib
import importlib
import io
import json
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # solutions/ is not installed

from autograder import datasets
from autograder.authoring.reference import reference_namespace
from autograder.calls import CodeError, Session, connect
from autograder.checks import TaskData, task4_classifier
from autograder.checks.descent import degrees_apart, walked
from autograder.datasets import load_mnist
from autograder.datasets.held_out import HeldOut
from autograder.expect import CheckFailed
from autograder.grading.course_run import evaluators
from autograder.misconceptions import load_misconceptions, read_alternatives
from autograder.notebook.data import task_data

THRESHOLDS = ROOT / "autograder" / "checks" / "thresholds.json"
PARTS = ("grading", "notebook")
LEAST_RUNS = 50
KEYS = 5  # courses: where images are drawn, each holds out others
TRIALS = 4  # runs by which the slowest alternative is chosen
LEAST_STDS = 5.0
CHANCE = 1e-4  # of a correct program that misses full points
# Below the lowest run: the lower tail is longer than a normal one (a bad last step at η = 1); of 150 runs on MNIST one
# was 4.8 standard deviations below the mean.
STDS_BELOW_MINIMUM = 4.0
GRID = 0.005


@dataclass(frozen=True)
class Scored:
    """A check that scores an accuracy.

    Attributes:
        name: of the check.
        trainer: the task whose code does the training.
        data_set: "mnist" or "cifar10".
        floor: where points start, above guessing.
        descent: whether the way of the training is judged as well.
    """

    task: str
    name: str
    trainer: str
    data_set: str
    floor: float
    descent: bool = False


@dataclass(frozen=True)
class Measured:
    """One training.

    Attributes:
        accuracy: by part of the data, 0..1.
        degrees: how far its way is off the way down the gradients, the worst part; 0 where that is not judged.
    """

    accuracy: dict[str, float]
    degrees: float = 0.0


SCORED = {
    "task3_backprop": Scored("task3_backprop", "train_accuracy", "task3_backprop", "mnist", 0.5, True),
    "task4_classifier": Scored("task4_classifier", "parameters_accuracy", "task3_backprop", "mnist", 0.5),
    "adv6_color": Scored("adv6_color", "color_accuracy", "adv6_color", "cifar10", 0.15),
    "adv9_cnn": Scored("adv9_cnn", "cnn_train_accuracy", "adv9_cnn", "mnist", 0.5),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(SCORED)}; all without any")
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help="trainings of each (default: 50)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="trainings at one time")
    options = parser.parse_args()
    for task in options.tasks:
        if task not in SCORED:
            parser.error(f"{task} scores no accuracy; expected one of {', '.join(SCORED)}")
    if options.runs < 3:
        parser.error(f"--runs {options.runs}: a spread needs at least 3")
    rows = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    with evaluators(options.jobs) as pool:
        for task in options.tasks or SCORED:
            start = time.monotonic()
            row = calibrate(SCORED[task], options.runs, pool, rows)
            print(f"{task}.{SCORED[task].name} on {row['data']}, {time.monotonic() - start:.0f} s")
            print("  " + json.dumps(row, indent=2).replace("\n", "\n  "))
            keep(rows, f"{task}.{SCORED[task].name}", row)
            write(rows)
    return 0


def calibrate(
    scored: Scored, runs: int, pool: concurrent.futures.Executor, rows: dict[str, Any]
) -> dict[str, Any]:
    """One row of thresholds.json. Where another task's code trains, its row says which ones to look at."""
    chosen = next((row for name, row in rows.items() if name.startswith(f"{scored.trainer}.")), None)
    if scored.trainer == scored.task:
        chosen = None

    def measure(source: str, count: int, parts: tuple[str, ...] = ("grading",)) -> list[Measured]:
        waiting = [pool.submit(measured, scored, source, parts, seed) for seed in range(count)]
        return [found for future in waiting if (found := future.result()) is not None]

    ways = dict(read_alternatives(ROOT, scored.trainer))
    tried = {} if chosen else {name: measure(source, TRIALS) for name, source in ways.items()}
    if chosen:
        slowest = chosen["slowest_alternative"]["name"]
    else:
        slowest = min(tried, key=lambda name: np.mean([run.accuracy["grading"] for run in tried[name]]))
    right = {
        "reference": measure("", runs, PARTS),
        "slowest_alternative": measure(ways[slowest], runs, PARTS),
    }
    spreads = {
        who: [spread([run.accuracy[part] for run in found], part) for part in PARTS]
        for who, found in right.items()
    }
    full = min(threshold_below(s) for both in spreads.values() for s in both)

    kind = getattr(datasets, f"{scored.data_set}_source")().kind
    row: dict[str, Any] = {"floor": scored.floor, "full": full, "data": kind}
    for who, both in spreads.items():
        nearest = max(both, key=lambda s: chance_below(s, full))
        row[who] = {**nearest, "false_reject": float(f"{chance_below(nearest, full):.1g}")}
    row["slowest_alternative"]["name"] = slowest
    only = chosen["strongest_mistake"]["name"] if chosen else None
    row["strongest_mistake"] = strongest_mistake(scored, full, runs, measure, only)
    if scored.descent:
        widest = max(tried, key=lambda name: np.mean([run.degrees for run in tried[name]]))
        honest = {
            "reference": right["reference"],
            "widest_alternative": measure(ways[widest], runs),
        }
        row["descent"] = {"data": kind, **descent(scored.task, honest, tried, measure)}
        row["descent"]["widest_alternative"]["name"] = widest
    return row


def descent(
    task: str, honest: dict[str, list[Measured]], tried: dict[str, list[Measured]], measure: Any
) -> dict[str, Any]:
    """How far right trainings, and weights from elsewhere, are off the way down the gradients, in degrees."""
    angles = {who: [run.degrees for run in found] for who, found in honest.items()}
    attacks = {
        name: [run.degrees for run in measure(source, TRIALS)] for name, source in read_attacks(task).items()
    }
    bound = max(bound_above(found) for found in angles.values())
    nearest = min(min(found) for found in attacks.values())
    most = math.floor(bound + (nearest - bound) / 4)
    row: dict[str, Any] = {"most_degrees": most}
    for who, found in angles.items():
        mean, std = float(np.mean(found)), float(np.std(found, ddof=1))
        chance = chance_below({"mean": -mean, "std": std, "runs": len(found)}, -most)
        row[who] = {
            "mean": round(mean, 2),
            "std": round(std, 3),
            "runs": len(found),
            "maximum": round(max(found), 2),
            "false_reject": float(f"{chance:.1g}"),
        }
    row["alternatives"] = {
        name: round(max(run.degrees for run in found), 1) for name, found in sorted(tried.items())
    }
    row["attacks"] = {name: round(min(found), 1) for name, found in sorted(attacks.items())}
    return row


def bound_above(found: Sequence[float]) -> float:
    """What one more run exceeds with less than `CHANCE`."""
    std = float(np.std(found, ddof=1))
    return max(float(np.mean(found)) + stds_below(len(found)) * std, max(found) + STDS_BELOW_MINIMUM * std)


def read_attacks(task: str) -> dict[str, str]:
    """By name, the source of every attack in `tests/attacks/<task>/`."""
    folder = ROOT / "tests" / "attacks" / task
    at_home = (folder / "_at_home.py").read_text(encoding="utf-8")
    return {path.stem: at_home + path.read_text(encoding="utf-8") for path in sorted(folder.glob("[!_]*.py"))}


def strongest_mistake(
    scored: Scored, full: float, runs: int, measure: Any, only: str | None
) -> dict[str, Any] | None:
    """The most accurate known mistake, or the one called ``only``, that stays below ``full`` in most runs."""
    tried = {}
    for mistake in load_misconceptions(scored.trainer):
        if only not in (None, mistake.name):
            continue
        first = measure(mistake.source, 1)
        if first and first[0].accuracy["grading"] < full:
            tried[mistake.name] = (first[0].accuracy["grading"], mistake.source)
    for name in sorted(tried, key=lambda name: -tried[name][0]):
        found = [run.accuracy["grading"] for run in measure(tried[name][1], runs)]
        if np.mean(found) < full:
            stopped = float(np.mean(np.array(found) < full))
            row = {key: value for key, value in spread(found, "grading").items() if key != "minimum"}
            return {"name": name, **row, "maximum": round(max(found), 5), "stopped": stopped}
    return None


def measured(scored: Scored, source: str, parts: tuple[str, ...], seed: int) -> Measured | None:
    """What the check would measure for the reference with ``source`` planted; None for nothing."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        namespace = reference_namespace(ROOT, scored.trainer, source)
        data = {part: data_of(scored.data_set, part, seed % KEYS) for part in parts}
        try:
            if scored.task == "task4_classifier":
                content = parameters(namespace, seed)
                return Measured({part: task4_classifier.accuracy_of(content, data[part]) for part in parts})
            checks = importlib.import_module(f"autograder.checks.{scored.task}")
            student, found, degrees = connect(Session(namespace)), {}, 0.0
            for part in parts:
                rng = np.random.default_rng([seed, PARTS.index(part)])
                if not scored.descent:
                    found[part] = checks.trained_accuracy(student, rng, data[part])
                    continue
                problem = checks.training_problem(rng, data[part])
                trained = problem.trained_by(student)
                found[part] = problem.accuracy(trained)
                right = walked(problem.start, problem.images, problem.labels, **checks.SCORED)
                degrees = max(degrees, degrees_apart(problem.start, trained, right))
            return Measured(found, degrees)
        except (CheckFailed, CodeError, ArithmeticError, LookupError, TypeError, ValueError):
            return None  # a mistake that does not come as far as an accuracy


def parameters(namespace: dict[str, Any], seed: int) -> bytes:
    """`parameters.npz` as a student hands it in: the network of task 3, trained on all images."""
    params = reference_namespace(ROOT, "task1_forward")["init_parameters"](seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "parameters.npz"
        namespace["save_parameters"](str(path), namespace["train"](params, *load_mnist("train"), seed=seed))
        return path.read_bytes()


@cache
def data_of(data_set: str, part: str, key: int) -> TaskData:
    """The data as grading, or a student's notebook, gives it to a check; ``key`` tells courses apart."""
    if part == "notebook":
        return task_data(data_set)
    load, shown = getattr(datasets, f"load_{data_set}"), datasets.sandbox_split(data=data_set)
    source = getattr(datasets, f"{data_set}_source")()
    held_out = HeldOut(source, hashlib.sha256(f"calibration {key}".encode()).digest())
    return TaskData(source.kind, load("train", root=shown), load("test", root=shown), held_out.load)


def spread(accuracies: Sequence[float], part: str) -> dict[str, Any]:
    """Mean, standard deviation and lowest of some runs."""
    return {
        "mean": round(float(np.mean(accuracies)), 5),
        "std": round(float(np.std(accuracies, ddof=1)), 5),
        "runs": len(accuracies),
        "minimum": round(min(accuracies), 5),
        "part": part,
    }


def threshold_below(measured: dict[str, Any]) -> float:
    """The highest threshold on the grid that hardly any run like the measured ones misses."""
    mean, std = measured["mean"], measured["std"]
    low = min(mean - stds_below(measured["runs"]) * std, measured["minimum"] - STDS_BELOW_MINIMUM * std)
    return round(math.floor(low / GRID + 1e-9) * GRID, 3)


def stds_below(runs: int) -> float:
    """How many sample standard deviations below the sample mean one more run falls with probability `CHANCE`.

    At least `LEAST_STDS`. A spread estimated from few runs is itself uncertain: Student's t with runs - 1 degrees
    of freedom, widened by √(1 + 1/runs) for the uncertainty of the mean.
    """
    t, above = students_t(runs - 1)
    return max(LEAST_STDS, float(t[np.argmax(above < CHANCE)]) * math.sqrt(1 + 1 / runs))


def chance_below(measured: dict[str, Any], full: float) -> float:
    """The probability that one more run falls below ``full``, by the same distribution."""
    t, above = students_t(measured["runs"] - 1)
    stds = (measured["mean"] - full) / max(measured["std"], 1e-9) / math.sqrt(1 + 1 / measured["runs"])
    return float(np.interp(stds, t, above))


@cache
def students_t(freedom: int) -> tuple[np.ndarray, np.ndarray]:
    """(t, probability of more than t) of Student's distribution."""
    t = np.linspace(0, 200, 400_001)
    log_density = -(freedom + 1) / 2 * np.log1p(t**2 / freedom)
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    # Summed from the far end: what is left there is far smaller than the rounding of a sum from 0.
    return t, np.cumsum((np.exp(log_density) * scale)[::-1])[::-1] * (t[1] - t[0])


def keep(rows: dict[str, Any], name: str, new: dict[str, Any]) -> None:
    """Put ``new`` into ``rows``, unless the row there was measured on other data and is lower."""
    old = rows.get(name)
    if old is not None and "descent" in old and old["data"] != new["data"]:
        narrow = min(old["descent"], new["descent"], key=lambda row: row["most_degrees"])
        old["descent"] = new["descent"] = narrow
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
