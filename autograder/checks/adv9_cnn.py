"""Checks of advanced task 9: a network of layers, three famous stacks of them, and training.

The layers are the student's own, of five earlier tasks. Where a network does not compute what it should, the same
layers are called one by one: when that gives the same, the mistake is an earlier task's and has cost its points there.
What a layer keeps inside, and in which order, is its own business; shapes are batch first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.calls import CodeError, kept
from autograder.expect import (
    SILENT_KINDS,
    CheckFailed,
    expect_function,
    expect_object,
)

TASK = "adv9_cnn"
IMAGES, EPOCHS = 2_000, 5  # of the training check: about 3 s of CPU; as many images as a notebook's own check has
HELD_OUT = 5_000  # images that judge it
SPREAD = 0.06  # relative error of a standard deviation; that of 40 000 random numbers is 0.004
STEP_RTOL = 2e-3  # of the change of a parameter that is kept in float32
ATOL = 1e-5  # of probabilities in float32

Params = dict[str, np.ndarray]
# What a network is made of: (kind, what its class is called with, options).
Plan = list[tuple[str, tuple[Any, ...], dict[str, Any]]]


# --- Objects of the student ---------------------------------------------------------------------------------------


def ask(owner: Any, method: str, *arguments: Any, **options: Any) -> Any:
    """Call a method of a student's object, which may turn out to be anything."""
    return expect_function(expect_object(owner, f"the owner of {method}"), method)(*arguments, **options)


def generator(student: Any, seed: int) -> Any:
    """A `numpy.random.Generator` on the student's side."""
    return kept(ask(student.np, "random_state", seed) if False else student.np.random.default_rng, seed)


def quietly(compute: Callable[[], Any]) -> Any:
    """What ``compute`` returns, or None when the student's code cannot answer: it is then judged without."""
    try:
        return compute()
    except CheckFailed:
        return None
    except CodeError as error:
        if error.kind in SILENT_KINDS:
            return None
        raise
