"""Checks of advanced task 2: activation layers, softmax with a temperature, a network with any activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, mutated_arguments
from autograder.checks import check
from autograder.checks.earlier import builds_on, is_one_of, layered_pass, may_go_on
from autograder.expect import (
    CheckFailed,
    Partial,
    expect,
    expect_array,
    expect_close,
    expect_dict,
    expect_gradient,
    expect_number,
    expect_unchanged,
    show,
)

TASK = "adv2_activations"
LAYERS = ("ReLU", "LeakyReLU", "ReLU6", "CReLU", "ELU", "Softplus", "Softsign", "Tanh", "Sigmoid")
SMOOTH = ("ELU", "Softplus", "Softsign", "Tanh", "Sigmoid")  # those that contain an exp, and softsign
LARGE = (
    -1000.0,
    -745.0,
    -90.0,
    0.5,
    90.0,
    745.0,
    1000.0,
)  # exp overflows above 88 in float32, 709 in float64
# What stands between the affine layers, and how much wider it makes its input. Tanh first: a ReLU behind a forgotten
# sigmoid does nothing.
NETWORKS = (("Tanh", 1), ("ReLU", 1), ("CReLU", 2))
EARLIER = ("softmax", "cross_entropy", "Affine", "softmax_cross_entropy_backward")
OWN_FAULTS = ("missing", "not_implemented", "exception", "exit", "unsendable")  # the others end the process


@check(TASK, points=9, equation="(23), (24)")
def relu_layer(student: Any, reference: Any, rng: Any) -> None:
    """ReLU passes what is positive, and passes the gradient back in the same places."""
    _judge(student, reference, rng, "ReLU", hint="Where x is positive the slope is 1, elsewhere it is 0.")


@check(TASK, points=7)
def leaky_relu_layer(student: Any, reference: Any, rng: Any) -> None:
    """LeakyReLU keeps slope · x on the negative side, forward and backward."""
    hint = "On the negative side the slope of the layer is self.slope, which the caller chooses."
    _judge(student, reference, rng, "LeakyReLU", 0.3, hint=hint)
    _judge(student, reference, rng, "LeakyReLU", hint=hint)


@check(TASK, points=7)
def relu6_layer(student: Any, reference: Any, rng: Any) -> None:
    """ReLU6 is flat below 0 and above 6, and no gradient passes where it is flat."""
    hint = "There are two flat parts: below 0 and above 6. Where the curve is flat its slope is 0."
    _judge(student, reference, rng, "ReLU6", low=-4, high=10, hint=hint)


@check(TASK, points=10)
def crelu_layer(student: Any, reference: Any, rng: Any) -> None:
    """CReLU gives the positive and the negative part of every feature; its gradient adds up both halves."""
    hint = (
        "The first half is max(x, 0), the second max(-x, 0), joined along axis 1. In backward each x gets the "
        "gradient of both its copies, and one of them falls when x grows."
    )
    _judge(student, reference, rng, "CReLU", wide=2, hint=hint)


@check(TASK, points=8)
def elu_layer(student: Any, reference: Any, rng: Any) -> None:
    """ELU bends towards −alpha on the negative side; forward and backward for any alpha."""
    hint = "On the negative side alpha is a factor of the value and of the slope."
    _judge(student, reference, rng, "ELU", 1.7, hint=hint)
    _judge(student, reference, rng, "ELU", hint=hint)


@check(TASK, points=7)
def softplus_layer(student: Any, reference: Any, rng: Any) -> None:
    """Softplus is ln(1 + exp(x)), and its slope is the sigmoid of x."""
    hint = "Differentiate ln(1 + exp(x)) by the chain rule: the slope belongs to x, not to the output."
    _judge(student, reference, rng, "Softplus", hint=hint)


@check(TASK, points=6)
def softsign_layer(student: Any, reference: Any, rng: Any) -> None:
    """Softsign is x / (1 + |x|), forward and backward."""
    hint = "The slope is positive on both sides of 0, and symmetric: try x = 2 and x = -2 by hand."
    _judge(student, reference, rng, "Softsign", hint=hint)


@check(TASK, points=4)
def tanh_layer(student: Any, reference: Any, rng: Any) -> None:
    """Tanh, forward and backward."""
    _judge(student, reference, rng, "Tanh", hint="The slope at 0 is 1, and it can be told from the output.")


@check(TASK, points=4, equation="(2), (21)")
def sigmoid_by_tanh(student: Any, reference: Any, rng: Any) -> None:
    """Sigmoid, forward and backward."""
    _judge(student, reference, rng, "Sigmoid", hint="f(0) = 0.5, and the slope there is 0.25.")


@check(TASK, points=8)
def activations_stable(student: Any, reference: Any, rng: Any) -> Partial | None:
    """ELU, softplus, softsign, tanh and sigmoid stay finite and right at ±1000, in float32 too."""
    x = np.array([LARGE])
    # On both sides of zero, whatever the seed: ELU is x itself where nothing is negative.
    x_moderate = rng.uniform(0.2, 2, size=x.shape) * (-1) ** np.arange(x.size)
    d_out = rng.uniform(0.5, 2, size=x.shape)
    inputs = [x_moderate, x, x.astype(np.float32)]
    expected = {name: [_both(getattr(reference, name)(), part, d_out) for part in inputs] for name in SMOOTH}

    def test(name: str) -> Callable[[], None]:
        return lambda: _stable(student, name, inputs, d_out, expected[name])

    return _shares({name: test(name) for name in SMOOTH})


@check(TASK, points=6)
def activations_remember(student: Any, reference: Any, rng: Any) -> Partial | None:
    """Every layer remembers its own last forward pass, and leaves its arguments as they are."""
    x, other = rng.normal(size=(4, 5)), 3 * rng.normal(size=(4, 5))
    other[0, 0] = -np.sign(x[0, 0])
    d_out = rng.uniform(0.5, 2, size=(4, 10))

    def test(name: str) -> Callable[[], None]:
        upstream = d_out if name == "CReLU" else d_out[:, :5]
        return lambda: _remembers(student, name, x, other, upstream)

    return _shares({name: test(name) for name in LAYERS})


@check(TASK, points=8, equation="(5), (6)")
def softmax_temperature_rows(student: Any, reference: Any, rng: Any) -> None:
    """softmax_temperature(a, T) is the softmax of a / T, row by row, also for large logits and small T."""
    a = 3 * rng.normal(size=(5, 7))
    # For every seed one row overflows without a maximum, and one gives 0/0 with that of the whole batch.
    large = np.array([[1000.0], [0.0], [-1000.0], [0.0]])
    large = large + np.array([[1.0], [300.0], [1.0], [10.0]]) * rng.normal(size=(4, 3))
    cases = [(a, 0.3), (a, 4.0), (a.astype(np.float32), 2.5), (large, 0.5), (large - 900, 40.0)]
    expected = [reference.softmax_temperature(*case) for case in cases]
    plain = reference.softmax_temperature(a)

    name = "softmax_temperature"
    for (logits, T), probabilities in zip(cases, expected, strict=True):
        where = f"{name}(a, T={T:g})" + (" of logits to ±1000" if np.abs(logits).max() > 100 else "")
        hint = "Divide the logits by T. What must be subtracted so that exp cannot overflow, also when T is small?"
        expect_close(_call(student, name, logits, T), probabilities, where, hint=hint)
    expect_close(_call(student, name, a), plain, f"{name}(a)", hint="Without T it is the softmax of task 1.")


@check(TASK, points=8)
def softmax_temperature_gradient(student: Any, reference: Any, rng: Any) -> None:
    """The gradient of softmax with temperature for random upstream gradients; the arguments stay unchanged."""
    a, d_out = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    name = "softmax_temperature_backward"
    hint = (
        "Every logit changes every probability of its row, so a sum over the row appears. "
        "And a change of a changes a / T by how much?"
    )
    for T in (0.4, 2.5):
        y = reference.softmax_temperature(a, T)
        expected = reference.softmax_temperature_backward(y, d_out, T)
        d_a = expect_close(_call(student, name, y, d_out, T), expected, f"{name} d_a (T = {T:g})", hint=hint)
        expect_gradient(_softmax_at(T), a, d_out, d_a, f"{name} d_a (T = {T:g})", hint=hint)
    expect_unchanged(student)


@check(TASK, points=8, equation="(12), (13)")
@builds_on(*EARLIER)
def activation_network(student: Any, reference: Any, rng: Any) -> None:
    """loss_and_gradients_with sends the batch and its gradients through whatever activation it is given."""
    broken = []
    for activation, wide in NETWORKS:
        sizes = {"W1": (5, 4), "b1": (4,), "W2": (4 * wide, 3), "b2": (3,)}
        params = {key: rng.normal(size=shape) for key, shape in sizes.items()}
        x, t = rng.normal(size=(6, 5)), np.eye(3)[rng.integers(0, 3, size=6)]
        problem = _problem_of(student, activation, wide)
        if problem is not None:  # it has cost in the layer's own check; the network is judged with the others
            broken.append(problem)
            continue
        got = _call(student, "loss_and_gradients_with", params, x, t, _layer(student, activation))
        expected = _network(params, x, t, _layer(student, activation), wide)
        try:
            _compare_network(got, expected, activation)
        except CheckFailed as failure:
            # Judged on the student's own affine layer, softmax and loss: a mistake of task 1-3 has cost already.
            own = layered_pass(student, params, x, t, [(_layer(student, activation), {})])
            if not may_go_on(student, failure, *EARLIER) or not is_one_of(got, own):
                raise
    if len(broken) == len(NETWORKS):
        raise broken[0]


# -- helpers ---------------------------------------------------------------------------------------------------


def _call(owner: Any, name: str, *args: Any) -> Any:
    """``owner.name(*args)``, where a student may have put anything in the place of either."""
    expect(isinstance(owner, Proxy), f"got {show(owner)}, expected an object with {name}")
    function = getattr(owner, name)
    expect(isinstance(function, Proxy), f"{name}: got {show(function)}, expected a function or class")
    return function(*args)


def _layer(student: Any, name: str, *args: Any) -> Any:
    layer = _call(student, name, *args)
    expect(
        isinstance(layer, Proxy), f"{name}(): got {show(layer)}, expected a layer with forward and backward"
    )
    return layer


def _both(layer: Any, x: np.ndarray, d_out: np.ndarray) -> tuple[Any, Any]:
    """What a layer returns forward and then backward."""
    y = _call(layer, "forward", x)
    return y, _call(layer, "backward", d_out)


def _problem_of(student: Any, name: str, wide: int) -> CheckFailed | CodeError | None:
    """Why no network can be built around the layer, however right the network is; or None."""
    try:
        y, d_x = _both(_layer(student, name), np.ones((2, 3)), np.ones((2, 3 * wide)))
        expect_array(y, (2, 3 * wide), f"{name}.forward")
        expect_array(d_x, (2, 3), f"{name}.backward d_x")
    except CheckFailed as failure:
        return failure
    except CodeError as error:
        if error.kind not in OWN_FAULTS:
            raise
        return error
    return None


def _judge(
    student: Any,
    reference: Any,
    rng: Any,
    name: str,
    *args: Any,
    hint: str,
    low: float = -3,
    high: float = 3,
    wide: int = 1,
) -> None:
    """A layer forward and backward: a matrix, images, float32; against the reference and numerically."""
    x, images = _off_kinks(rng.uniform(low, high, size=(3, 4))), rng.uniform(low, high, size=(2, 3, 2, 5))
    d_out, d_images = rng.normal(size=(3, 4 * wide)), rng.normal(size=(2, 3 * wide, 2, 5))
    cases = [("", x, d_out), (" of images", images, d_images), (" of float32", x.astype(np.float32), d_out)]
    expected = [_both(getattr(reference, name)(*args), part, upstream) for _, part, upstream in cases]

    title = f"{name}({', '.join(f'{value:g}' for value in args)})" if args else name
    for (which, part, upstream), (y, d_x) in zip(cases, expected, strict=True):
        layer = _layer(student, name, *args)
        expect_close(_call(layer, "forward", part), y, f"{title}.forward{which}", hint=hint)
        expect_close(_call(layer, "backward", upstream), d_x, f"{title}.backward d_x{which}", hint=hint)

    layer = _layer(student, name, *args)
    _, d_x = _both(layer, x, d_out)

    def f(values: np.ndarray) -> np.ndarray:
        return expect_array(_call(layer, "forward", values), d_out.shape, f"{title}.forward")

    expect_gradient(f, x, d_out, d_x, f"{title}.backward d_x", hint=hint)


def _off_kinks(x: np.ndarray) -> np.ndarray:
    """``x`` without numbers near 0 and 6, where a layer may have no slope: float32 is differenced in wide steps."""
    for kink in (0, 6):
        x = np.where(np.abs(x - kink) < 0.1, x + 0.2, x)
    return x


def _stable(
    student: Any, name: str, inputs: list[np.ndarray], d_out: np.ndarray, expected: list[tuple[Any, Any]]
) -> None:
    """A layer at moderate inputs (the first) and at large ones."""
    hint = "Which exp can become too large, and how do you write the formula so that its exponent is never positive?"
    formula_is_right = [False, False]
    for k, (x, right) in enumerate(zip(inputs, expected, strict=True)):
        got = _both(_layer(student, name), x, d_out)
        for side, what in enumerate((f"{name}.forward", f"{name}.backward d_x")):
            if k == 0:
                expect(not _is_close(got[0], x, what), f"{name}.forward returns its argument as it is")
                formula_is_right[side] = _is_close(got[side], right[side], what)
            elif formula_is_right[side]:
                expect_close(got[side], right[side], f"{what} at ±1000", hint=hint)
            else:  # a wrong formula has cost its points in the layer's own check
                expect_array(got[side], x.shape, f"{what} at ±1000", hint=hint)


def _is_close(got: Any, expected: np.ndarray, name: str) -> bool:
    try:
        expect_close(got, expected, name)
    except CheckFailed:
        return False
    return True


def _remembers(student: Any, name: str, x: np.ndarray, other: np.ndarray, d_out: np.ndarray) -> None:
    """Two layers of one kind, used in turn; judged by what a fresh layer says."""
    changed_before = len(mutated_arguments(student))
    fresh, fresh_other = _layer(student, name), _layer(student, name)
    d_x = expect_array(_both(fresh, x, d_out)[1], x.shape, f"{name}.backward d_x")
    d_other = expect_array(_both(fresh_other, other, d_out)[1], x.shape, f"{name}.backward d_x")
    expect(
        not np.array_equal(d_x, d_other),
        f"{name}.backward returns the same for two different inputs of forward",
        "The slope depends on x: forward has to remember something of it.",
    )
    first, second = _layer(student, name), _layer(student, name)
    _call(first, "forward", x)
    _call(second, "forward", other)
    hint = "Keep what backward needs in self: every layer has its own."
    expect_close(_call(first, "backward", d_out), d_x, f"{name}.backward beside a second layer", hint=hint)
    _call(first, "forward", other)
    again = _call(first, "backward", d_out)
    expect_close(
        again, d_other, f"{name}.backward after a second forward", hint="The last forward pass counts."
    )
    changed = mutated_arguments(student)[changed_before:]
    expect(
        not changed, f"{changed[0] if changed else name} was changed by the call", "Make a new array instead."
    )


def _shares(tests: dict[str, Callable[[], None]]) -> Partial | None:
    """Every test is worth the same share; one layer's failure does not hide the others."""
    problems: dict[str, CheckFailed | CodeError] = {}
    for name, test in tests.items():
        try:
            test()
        except CheckFailed as failure:
            problems[name] = failure
        except CodeError as error:
            if error.kind not in OWN_FAULTS:
                raise
            problems[name] = error
    if not problems:
        return None
    if len(problems) == len(tests):
        raise next(iter(problems.values()))
    texts = {name: str(problem) for name, problem in problems.items()}
    said = "; ".join(text if name in text else f"{name}: {text}" for name, text in texts.items())
    return Partial(1 - len(problems) / len(tests), f"{len(problems)} of {len(tests)} layers: {said}")


def _softmax(a: np.ndarray) -> np.ndarray:
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _softmax_at(T: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda a: _softmax(a / T)


def _network(
    params: dict[str, np.ndarray], x: np.ndarray, t: np.ndarray, layer: Any, wide: int
) -> tuple[float, dict[str, np.ndarray]]:
    """Loss and gradients around the student's own activation ``layer``."""
    before = x @ params["W1"] + params["b1"]
    shape = (before.shape[0], before.shape[1] * wide)
    hidden = expect_array(_call(layer, "forward", before), shape, "the activation's forward").astype(
        np.float64
    )
    y = _softmax(hidden @ params["W2"] + params["b2"])
    d_a = (y - t) / len(y)
    d_before = _call(layer, "backward", d_a @ params["W2"].T)
    d_before = expect_array(d_before, before.shape, "the activation's backward").astype(np.float64)
    grads = {"W1": x.T @ d_before, "b1": d_before.sum(0), "W2": hidden.T @ d_a, "b2": d_a.sum(0)}
    return float(-np.sum(t * np.log(np.maximum(y, 1e-30))) / len(y)), grads


def _compare_network(got: Any, expected: tuple[Any, dict[str, Any]], activation: str) -> None:
    where = f"loss_and_gradients_with({activation})"
    pair = type(got) in (tuple, list) and len(got) == 2
    expect(pair, f"{where}: got {show(got)}, expected a pair: the loss and a dict of gradients")
    expect_close(expect_number(got[0], f"{where} loss"), expected[0], f"{where} loss")
    grads = expect_dict(got[1], list(expected[1]), f"{where} gradients")
    hint = "Affine, activation, affine, and back in the opposite order: each backward gets what the next one returned."
    for key, right in expected[1].items():
        expect_close(grads[key], right, f"{where} d_{key}", loose_shape=True, hint=hint)
