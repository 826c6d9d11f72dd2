"""Checks of advanced task 5: six optimizers with one interface.

Compared are the changes of the parameters, not the parameters: a step of 0.001 is lost in a parameter near 1.
Gradients have a size near 1, so that it does not matter whether ε stands inside or beside a root; AdaDelta's first
steps alone are made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, mutated_arguments
from autograder.checks import check
from autograder.expect import (
    CheckFailed,
    Partial,
    expect,
    expect_close,
    expect_close_shape,
    expect_dict,
    show,
)

TASK = "adv5_optimizers"
STATEFUL = ("Momentum", "AdaGrad", "RMSProp", "AdaDelta", "Adam")
ALL = ("SGD", *STATEFUL)
Shapes = dict[str, tuple[int, ...]]
SHAPES: Shapes = {"W": (3, 4), "b": (4,), "V": (2, 3)}
Arrays = dict[str, np.ndarray]


def optimizer(owner: Any, name: str, **options: Any) -> Proxy:
    """A new optimizer of the student's or the reference's."""
    cls = getattr(owner, name)
    expect(isinstance(cls, Proxy), f"{name}: got {show(cls)}, expected a class")
    made = cls(**options)
    expect(isinstance(made, Proxy), f"{name}(…): got {show(made)}, expected an optimizer")
    return made


def updated(one: Proxy, name: str, params: Arrays, grads: Arrays) -> Arrays:
    """What update returns, with the names and shapes of ``params``."""
    update = one.update
    expect(isinstance(update, Proxy), f"{name}.update: got {show(update)}, expected a method")
    returned = expect_dict(update(params, grads), list(params), f"{name}.update")
    return {
        key: expect_close_shape(returned[key], value.shape, f"{name}.update: {key}", loose_shape=False)
        for key, value in params.items()
    }


def draw_values(rng: Any, shapes: Shapes, dtype: Any = np.float64) -> Arrays:
    """Parameters, exact in float32 and so small that it keeps steps of 0.001 to four digits."""
    return {
        key: rng.normal(0, 0.1, size=shape).astype(np.float32).astype(dtype) for key, shape in shapes.items()
    }


def draw_gradients(rng: Any, shapes: Shapes, dtype: Any = np.float64) -> Arrays:
    """Gradients of either sign, of a size between 0.5 and 1.5."""
    return {
        key: (rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1.0, 1.0], size=shape)).astype(dtype)
        for key, shape in shapes.items()
    }


def follow(
    student: Any, reference: Any, rng: Any, name: str, first: str, later: str, **options: float
) -> None:
    """Four steps in float64 and three in float32 change every parameter as the reference does.

    Args:
        first, later: hints for the first step and for those after it.
    """
    for dtype, steps, rtol in ((np.float64, 4, 1e-4), (np.float32, 3, 1e-3)):
        mine = theirs = draw_values(rng, SHAPES, dtype)
        own, right = optimizer(student, name, **options), optimizer(reference, name, **options)
        for step in range(1, steps + 1):
            grads = draw_gradients(rng, SHAPES, dtype)
            after = updated(own, name, mine, grads)
            expected = updated(right, name, theirs, grads)
            for key in SHAPES:
                got, change = after[key] - mine[key], expected[key] - theirs[key]
                where = f"{name}.update, step {step}: change of {key}"
                expect_close(got, change, where, rtol=rtol, hint=first if step == 1 else later)
            mine, theirs = after, expected


def expect_downhill(name: str, before: Arrays, after: Arrays, grads: Arrays) -> None:
    """The first step of every optimizer goes against the gradient: nothing else counts as one."""
    for key, g in grads.items():
        against = (np.sign(after[key] - before[key]) == -np.sign(g)) | (g == 0)
        expect(bool(against.all()), f"{name}.update, step 1: {key} does not move against its gradient")


def for_each(names: Sequence[str], judge: Callable[[str], None]) -> Partial | None:
    """Run ``judge`` on every name; points in proportion to those that pass."""
    failures: list[tuple[str, CheckFailed | CodeError]] = []
    for name in names:
        try:
            judge(name)
        except CheckFailed as failure:
            failures.append((failure.message, failure))
        except CodeError as error:
            if error.kind not in ("missing", "not_implemented", "exception", "unsendable"):
                raise  # the process is gone, or out of a limit
            failures.append((f"{name}: {error.type_name}: {error.message}", error))
    if len(failures) == len(names):
        raise failures[0][1]
    right = 1 - len(failures) / len(names)
    return Partial(right, "; ".join(message for message, _ in failures)) if failures else None


@check(TASK, points=6, equation="(22)")
def sgd_optimizer(student: Any, reference: Any, rng: Any) -> None:
    """SGD goes against the gradient, η times its size."""
    hint = "Against the gradient, and η times as far: (22)."
    follow(student, reference, rng, "SGD", hint, hint, learning_rate=0.3)


@check(TASK, points=14, equation="(39), (40)")
def momentum_steps(student: Any, reference: Any, rng: Any) -> None:
    """Momentum keeps α of the last step and adds -η g."""
    first = "At the first step there is nothing to keep yet: ΔW = -η g."
    later = "(39): α times the last ΔW of this parameter, minus η g. Is the new ΔW remembered?"
    follow(student, reference, rng, "Momentum", first, later, learning_rate=0.3, momentum=0.7)


@check(TASK, points=12, equation="(41), (42)")
def adagrad_steps(student: Any, reference: Any, rng: Any) -> None:
    """AdaGrad divides by the root of the sum of all squared gradients so far."""
    first = "At the first step h is g² (plus ε), so that every parameter moves by η: h is used after (41)."
    later = "h is a sum over all steps, it is never reset, and the root is taken of h, not of its parts."
    follow(student, reference, rng, "AdaGrad", first, later, learning_rate=0.3)


@check(TASK, points=12, equation="(43), (44)")
def rmsprop_steps(student: Any, reference: Any, rng: Any) -> None:
    """RMSProp divides by the root of a moving average of the squared gradients."""
    first = "h starts at 0, so that after the first step it is (1 - ρ) g². h is used after (43)."
    later = "(43): ρ is the part of the old h that stays, 1 - ρ that of the new g²."
    follow(student, reference, rng, "RMSProp", first, later, learning_rate=0.1, rho=0.8)


@check(TASK, points=14, equation="(45)-(48)")
def adadelta_steps(student: Any, reference: Any, rng: Any) -> None:
    """AdaDelta divides by the root of one moving average and multiplies by that of another."""
    first = (
        "s is 0 at first: the first step is -√ε/√(h + ε) g, with ε under the root. (46) uses s before (47)."
    )
    later = "(47) averages the squares of the steps ΔW, not of the gradients."
    follow(student, reference, rng, "AdaDelta", first, later, rho=0.8, eps=1e-6)


@check(TASK, points=16, equation="(49)-(55)")
def adam_steps(student: Any, reference: Any, rng: Any) -> None:
    """Adam takes steps of m̂/√v̂, both averages corrected for their start at 0."""
    first = "With (52) and (53) the first step is -α times the sign of g. t is 1 then, for every parameter."
    later = (
        "m and v are kept as they are after (50) and (51); m̂ and v̂ are for this step only. t counts updates."
    )
    follow(student, reference, rng, "Adam", first, later, learning_rate=0.1, beta1=0.8, beta2=0.95)


@check(TASK, points=8, equation="(22), (39)-(55)")
def optimizers_first_step(student: Any, reference: Any, rng: Any) -> Partial | None:
    """Built without arguments, each optimizer's first step is the one that paper and pencil give."""
    params, grads = draw_values(rng, SHAPES), draw_gradients(rng, SHAPES)
    # With h = g², (1 - ρ) g² and v̂ = g² the size of the gradient cancels: only its sign is left.
    by_hand: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "SGD": lambda g: -0.01 * g,
        "Momentum": lambda g: -0.01 * g,
        "AdaGrad": lambda g: -0.01 * np.sign(g),
        "RMSProp": lambda g: -0.001 * np.sign(g) / np.sqrt(0.1),
        "AdaDelta": lambda g: -np.sqrt(1e-6 / 0.05) * np.sign(g),
        "Adam": lambda g: -0.001 * np.sign(g),
    }

    def judge(name: str) -> None:
        for factor in (1.0, 100.0):
            scaled = {key: factor * g for key, g in grads.items()}
            after = updated(optimizer(student, name), name, params, scaled)
            for key, g in scaled.items():
                where = f"{name}().update, first step, gradients near {factor:g}: change of {key}"
                hint = "Work the first step out on paper. Are the default values those of the docstring?"
                expect_close(after[key] - params[key], by_hand[name](g), where, hint=hint)

    return for_each(ALL, judge)


@check(TASK, points=5)
def optimizers_instances(student: Any, reference: Any, rng: Any) -> Partial | None:
    """A new optimizer begins anew: it knows nothing of what another one has seen."""
    start = draw_values(rng, SHAPES)
    history = [draw_gradients(rng, SHAPES) for _ in range(3)]
    hint = "What an optimizer remembers belongs to self, and is made in __init__ or later, not in the class."

    def judge(name: str) -> None:
        runs: list[Arrays] = []
        for _ in range(2):
            one, params = optimizer(student, name), start
            for step, grads in enumerate(history):
                before, params = params, updated(one, name, params, grads)
                if step == 0 and not runs:
                    expect_downhill(name, before, params, grads)
            runs.append(params)
        for key in SHAPES:
            got, expected = (run[key] - start[key] for run in reversed(runs))
            expect_close(got, expected, f"a second {name}, the same three steps: change of {key}", hint=hint)

    return for_each(STATEFUL, judge)


@check(TASK, points=5)
def optimizers_by_name(student: Any, reference: Any, rng: Any) -> Partial | None:
    """Every parameter has a state of its own, found by its name and not by its place in the dict."""
    shapes: Shapes = {"first": (3, 2), "second": (3, 2)}
    start = draw_values(rng, shapes)
    history = [draw_gradients(rng, shapes) for _ in range(4)]

    def run(name: str, arrange: Callable[[int, Arrays], Arrays], lag: int = 0) -> Arrays:
        one, params = optimizer(student, name), arrange(0, start)
        for step, grads in enumerate(history):
            before, grads = arrange(step, params), arrange(step + lag, grads)
            params = updated(one, name, before, grads)
            if step == 0 and len(before) == 1:  # with both, that one is what they are compared with
                expect_downhill(name, before, params, grads)
        return {key: value - start[key] for key, value in params.items()}

    def only(key: str, step: int, arrays: Arrays) -> Arrays:
        return {key: arrays[key]}

    def turn(step: int, arrays: Arrays) -> Arrays:
        return dict(reversed(arrays.items())) if step % 2 else dict(arrays)

    def judge(name: str) -> None:
        together = run(name, lambda step, arrays: arrays)
        hint = "One array of memory for each parameter, in a dict under the parameter's name."
        for key in shapes:
            alone = run(name, partial(only, key))
            expect_close(together[key], alone[key], f"{name}, change of {key} beside another one", hint=hint)
        hint = "The names may come in any order, in params and in grads: look everything up by its name."
        where = "with the dicts in another order at every second step"
        for lag in (0, 1):  # in both dicts at the same steps, and in one of the two at a time
            turned = run(name, turn, lag)
            for key in shapes:
                expect_close(turned[key], together[key], f"{name}, change of {key} {where}", hint=hint)

    return for_each(STATEFUL, judge)


@check(TASK, points=4, equation="(42), (44), (46), (54)")
def optimizers_zero_gradient(student: Any, reference: Any, rng: Any) -> Partial | None:
    """Where the gradient has always been 0 the parameter stays where it is: no 0/0."""
    start, history = draw_values(rng, SHAPES), [draw_gradients(rng, SHAPES) for _ in range(3)]
    for grads in history:
        grads["W"][1] = 0.0
        grads["b"][:] = 0.0

    def judge(name: str) -> None:
        one, params = optimizer(student, name), start
        hint = "Pixels that are white in every image have a gradient of exactly 0. What is 0 divided by √0?"
        for step, grads in enumerate(history, 1):
            update = one.update
            expect(isinstance(update, Proxy), f"{name}.update: got {show(update)}, expected a method")
            params = expect_dict(update(params, grads), list(SHAPES), f"{name}.update")
            for key, shape in SHAPES.items():
                where = f"{name}.update, step {step}, gradients of 0: {key}"
                params[key] = expect_close_shape(params[key], shape, where, loose_shape=False, hint=hint)
            if step == 1:
                expect_downhill(name, start, params, grads)
        for key in ("W", "b"):
            still = history[0][key] == 0
            where = f"{name}, change of {key} after three gradients of 0"
            expect_close((params[key] - start[key])[still], np.zeros(still.sum()), where, hint=hint)

    return for_each(ALL, judge)


@check(TASK, points=4)
def optimizers_gradients_kept(student: Any, reference: Any, rng: Any) -> Partial | None:
    """update leaves the gradients as they are."""
    start, history = draw_values(rng, SHAPES), [draw_gradients(rng, SHAPES) for _ in range(2)]

    def judge(name: str) -> None:
        one, params = optimizer(student, name), start
        for step, grads in enumerate(history):
            before, params = params, updated(one, name, params, grads)
            if step == 0:
                expect_downhill(name, before, params, grads)
        # The first argument, the parameters, may change in place.
        changed = [call for call in mutated_arguments(student) if call == f"{name}.update (argument 2)"]
        hint = "Whoever computed the gradients may still want them: write a new array instead of g *= …"
        expect(not changed, f"{name}.update changes the gradients it is given", hint)

    return for_each(ALL, judge)
