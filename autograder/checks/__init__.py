"""Checks: one function of a student a check, registered under its task.

    @check("task1_forward", points=3, equation="(5), (6)")
    def softmax_rows(student, reference, rng):
        \"\"\"Each row of softmax is a probability distribution, also for large inputs.\"\"\"

A check returns nothing (full points) or a `Partial`, or raises `CheckFailed`. It does not know where the student's
code runs. A fourth parameter ``data`` gets the task's data set as a `TaskData`.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

CHECK_SECONDS = (
    20.0  # CPU time of one check; the slowest right answer needs 2, a training check names its own
)

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Check:
    """One registered check.

    Attributes:
        points: full points.
        equation: the handout equations it covers, as "(5), (6)", or None.
        seconds: CPU time of the student's side that it may take.
        replay: whether the diagnosis of a failure may put its questions to known mistakes; not when it trains.
        title: first line of its docstring.
    """

    task: str
    name: str
    points: float
    equation: str | None
    seconds: float
    title: str
    function: Callable[..., Any]
    wants_data: bool
    place: str
    replay: bool = True


@dataclass(frozen=True)
class TaskData:
    """The data a check may use. The student's code sees ``train`` and ``test``, never ``held_out``.

    Attributes:
        source: "mnist", "digits", "cifar10", "pictures", …
        train, test, held_out: (images (N, H, W) uint8, or (N, C, H, W) in colour; labels (N,) uint8).
        hold_out: gives ``held_out``; it is asked once, by the first check that needs it, because it may have to draw.
    """

    source: str
    train: Split
    test: Split
    hold_out: Callable[[], Split]

    @cached_property
    def held_out(self) -> Split:
        """What ``hold_out`` gives."""
        return self.hold_out()


class CheckDefinitionError(Exception):
    """A check is registered wrongly; the message gives file and line."""


_registry: dict[str, dict[str, Check]] = {}


def check(
    task: str,
    *,
    points: float,
    equation: str | None = None,
    seconds: float = CHECK_SECONDS,
    replay: bool = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as a check of ``task`` worth ``points``.

    Args:
        equation: the handout equations it covers, as "(5), (6)".
        seconds: CPU time of the student's side that it may take, training included: at least four times what the
            slowest right answer needs on a slow machine, so ten times what it needs on a fast one.
        replay: False when its questions take long to answer; so they do wherever ``seconds`` is more than usual.

    Raises:
        CheckDefinitionError: the task has a check of this name, the points are not positive, or the docstring is
            missing.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        code = inspect.unwrap(function).__code__
        place = f"{code.co_filename}:{code.co_firstlineno}"
        known = _registry.setdefault(task, {})
        if name in known:
            raise CheckDefinitionError(f"{place}: {task} already has a check {name} at {known[name].place}")
        if points <= 0:
            raise CheckDefinitionError(
                f"{place}: check {name} has {points} points; expected a positive number"
            )
        title = (inspect.getdoc(function) or "").strip().split("\n")[0]
        if not title:
            raise CheckDefinitionError(
                f"{place}: check {name} has no docstring; its first line is what students see"
            )
        known[name] = Check(
            task=task,
            name=name,
            points=float(points),
            equation=equation,
            seconds=seconds,
            replay=replay and seconds <= CHECK_SECONDS,
            title=title,
            function=function,
            wants_data="data" in inspect.signature(function).parameters,
            place=place,
        )
        return function

    return register


def load_checks(task: str) -> dict[str, Check]:
    """The checks of ``task`` by name, in the order of their file.

    Raises:
        CheckDefinitionError: there is no file of checks for the task.
    """
    module = f"{__name__}.{task}"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise CheckDefinitionError(f"autograder/checks/{task}.py does not exist") from None
    return _registry.get(task, {})


@cache
def _thresholds() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("thresholds.json").read_text(encoding="utf-8-sig"))


def threshold(task: str, name: str) -> tuple[float, float]:
    """(floor, full) of a calibrated accuracy: points start at ``floor`` and are full from ``full`` on.

    Source: scripts/calibrate.py, which measures the reference over repeated seeded runs.
    """
    row = _thresholds()[f"{task}.{name}"]
    return row["floor"], row["full"]


def most_degrees(task: str, name: str) -> float:
    """The calibrated largest angle between a right training and another order of the same mini-batches.

    Source: scripts/calibrate.py; see `descent`.
    """
    return _thresholds()[f"{task}.{name}"]["descent"]["most_degrees"]
