"""Checks of advanced task 3: dropout as in the handout, inverted dropout, a network with either.

Masks are random, so they are judged by what they do: which units are 0 in the output of a layer whose input has no 0.
A fixed number of dropped units per example and a coin for every unit are both accepted. Examples are large enough
that also coins which a whole batch shares (a mistake that one check is for) drop some units and not all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy
from autograder.checks import check
from autograder.checks.earlier import builds_on, is_one_of, layered_pass, may_go_on
from autograder.expect import (
    CheckFailed,
    expect,
    expect_array,
    expect_close,
    expect_dict,
    expect_gradient,
    expect_number,
    expect_unchanged,
    show,
)

TASK = "adv3_dropout"
Z_LIMIT = 5.5  # standard deviations; a correct program goes beyond it less than once in 10 million checks
JOINT_LIMIT = 0.08  # of the share of neighbours dropped together; its standard deviation is about 0.005
SPREAD_LIMIT = (
    3.0  # times the variance that coins give to the number dropped per example; 60 examples or more
)
SHARE_LIMIT = 0.15  # difference of two shares; its deviation is 0.013, or 0.023 with one mask for the batch
EARLIER = ("sigmoid", "softmax", "cross_entropy", "Affine", "Sigmoid", "softmax_cross_entropy_backward")
KINDS = ("Dropout", "InvertedDropout")
OWN_FAULTS = ("missing", "not_implemented", "exception", "exit", "unsendable")  # the others end the process


@check(TASK, points=12, equation="(25)")
def dropout_rate(student: Any, reference: Any, rng: Any) -> None:
    """Training drops the share ρ of the units of every example, vectors or images."""
    for rate, shape in ((0.3, (90, 45)), (0.8, (70, 25)), (0.15, (60, 2, 5, 3))):
        seed = int(rng.integers(1, 10_000))
        dropped = _dropped(_layer(student, "Dropout", rate, seed), np.ones(shape))
        _expect_rate(dropped.reshape(shape[0], -1), rate, f"Dropout({rate}).forward")


@check(TASK, points=9, equation="(25)")
def dropout_per_example(student: Any, reference: Any, rng: Any) -> None:
    """Every example loses its own units, and every unit is as likely to be dropped as any other."""
    rate, batch, units = 0.4, 500, 20
    dropped = _dropped(
        _layer(student, "Dropout", rate, int(rng.integers(1, 10_000))), np.ones((batch, units))
    )
    different = len(np.unique(dropped, axis=0))
    expect(
        different > batch // 4,
        f"Dropout.forward: only {different} different masks for the {batch} examples of a batch",
        "The mask has the shape of the whole batch: each row gets one of its own.",
    )
    share = dropped.mean(axis=0)
    worst = int(np.argmax(np.abs(share - dropped.mean())))
    limit = Z_LIMIT * np.sqrt(rate * (1 - rate) / batch)
    expect(
        abs(share[worst] - dropped.mean()) < limit,
        f"Dropout.forward: unit {worst} is dropped in {share[worst]:.0%} of the examples, all units together in "
        f"{dropped.mean():.0%}",
        "Which units go must be left to chance in every example, not to their place.",
    )
    together = float(np.mean(dropped[:, 1:] & dropped[:, :-1]))
    expect(
        abs(together - dropped.mean() ** 2) < JOINT_LIMIT,
        f"Dropout.forward: neighbouring units are dropped together in {together:.0%} of the cases, expected about "
        f"{dropped.mean() ** 2:.0%}",
        "Choose the units one by one, not as a block.",
    )


@check(TASK, points=7, equation="(25)")
def dropout_fresh_masks(student: Any, reference: Any, rng: Any) -> None:
    """Every training step draws a new mask."""
    layer, x = _layer(student, "Dropout", 0.35, int(rng.integers(1, 10_000))), np.ones((6, 40))
    masks = [_dropped(layer, x) for _ in range(4)]
    for k in range(1, 4):
        expect(
            all(not np.array_equal(masks[k], earlier) for earlier in masks[:k]),
            f"Dropout.forward: call {k + 1} drops the same units as an earlier one",
            "The generator is made once, in __init__; forward goes on drawing from it.",
        )


@check(TASK, points=6, equation="(25)")
def dropout_train_values(student: Any, reference: Any, rng: Any) -> None:
    """Training leaves the units that stay as they are."""
    hint = "In (25) a unit stays or goes; nothing is scaled while training. That is (27), the other class."
    for x in (rng.normal(size=(3, 40)), rng.normal(size=(3, 2, 4, 5)).astype(np.float32)):
        y = expect_array(_call(_layer(student, "Dropout", 0.3, 5), "forward", x), x.shape, "Dropout.forward")
        kept = _some(y != 0, "Dropout.forward")
        expect_close(y, np.where(kept, x, 0), "Dropout.forward", hint=hint)
        by_keyword = _call(_layer(student, "Dropout", 0.3, 5), "forward", x, train=True)
        by_keyword = expect_array(by_keyword, x.shape, "Dropout.forward(x, train=True)")
        kept = _some(by_keyword != 0, "Dropout.forward(x, train=True)")
        expect_close(by_keyword, np.where(kept, x, 0), "Dropout.forward(x, train=True)", hint=hint)


@check(TASK, points=9, equation="(26)")
def dropout_test_scaling(student: Any, reference: Any, rng: Any) -> None:
    """In use no unit is dropped, and all are multiplied by 1 − ρ, the same in every call."""
    hint = "In training a unit is there with probability 1 − ρ; in use it is always there, so it speaks more softly."
    for rate, shape in ((0.3, (5, 7)), (0.8, (1, 9)), (0.15, (2, 3, 4, 2))):
        x = rng.normal(size=shape)
        expected = reference.Dropout(rate, 1).forward(x, train=False)
        layer = _layer(student, "Dropout", rate, 1)
        for what in ("", ", second call"):
            name = f"Dropout({rate}).forward(x, train=False){what}"
            expect_close(_call(layer, "forward", x, train=False), expected, name, hint=hint)


@check(TASK, points=11, equation="(25)")
def dropout_backward(student: Any, reference: Any, rng: Any) -> None:
    """The gradient passes exactly where the last forward pass let the unit pass."""
    hint = "A unit that was dropped had no influence on the loss. Backward needs the mask that forward drew."
    for shape in ((3, 40), (3, 2, 4, 5)):
        x, d_out = rng.uniform(0.5, 2, size=shape), rng.normal(size=shape)
        layer = _layer(student, "Dropout", 0.3, int(rng.integers(1, 10_000)))
        for what in ("Dropout.backward d_x", "Dropout.backward d_x after a second forward"):
            y = expect_array(_call(layer, "forward", x), shape, "Dropout.forward")
            _some(y != 0, "Dropout.forward")
            # The layer is linear: y / x is the factor of each unit, whatever it is.
            expect_close(_call(layer, "backward", d_out), d_out * y / x, what, hint=hint)

    x, d_out, seed = rng.uniform(0.5, 2, size=(3, 5)), rng.normal(size=(3, 5)), int(rng.integers(1, 10_000))
    layer = _layer(student, "Dropout", 0.4, seed)
    mask = expect_array(_call(layer, "forward", x), x.shape, "Dropout.forward") != 0
    d_x = _call(layer, "backward", d_out)

    def f(values: np.ndarray) -> np.ndarray:
        y = _call(_layer(student, "Dropout", 0.4, seed), "forward", values)
        return expect_array(y, x.shape, "Dropout.forward")

    # Without masks that the seed repeats there is nothing to difference; `dropout_seed` says so.
    if np.array_equal(f(x) != 0, mask):
        expect_gradient(f, x, d_out, d_x, "Dropout.backward d_x", hint=hint)


@check(TASK, points=6, equation="(25)")
def dropout_backward_zeros(student: Any, reference: Any, rng: Any) -> None:
    """The gradient also passes through units that stayed and happened to be 0."""
    shape = (3, 800)
    d_out = rng.uniform(0.5, 2, size=shape)
    layer = _layer(student, "Dropout", 0.3, int(rng.integers(1, 10_000)))
    passed = {}
    for what, x in (("ones", np.ones(shape)), ("zeros", np.zeros(shape))):
        expect_array(_call(layer, "forward", x), shape, f"Dropout.forward of {what}")
        d_x = expect_array(
            _call(layer, "backward", d_out), shape, f"Dropout.backward d_x after a forward of {what}"
        )
        passed[what] = float(np.mean(d_x != 0))
    expect(passed["ones"] > 0, "Dropout.backward d_x: no gradient passes")
    # Which share it should be is the matter of other checks.
    expect(
        abs(passed["zeros"] - passed["ones"]) < SHARE_LIMIT,
        f"Dropout.backward d_x after a forward of zeros: the gradient passes at {passed['zeros']:.0%} of the units; "
        f"after a forward of ones at {passed['ones']:.0%}",
        "After a ReLU half of all units are 0 without having been dropped: the output does not tell the mask.",
    )
    _expect_some_dropout(student)


@check(TASK, points=5)
def dropout_seed(student: Any, reference: Any, rng: Any) -> None:
    """The same seed gives the same masks, another seed others, and layers do not disturb each other."""
    seed, x = int(rng.integers(1, 10_000)), np.ones((5, 30))
    first, second = _layer(student, "Dropout", 0.4, seed), _layer(student, "Dropout", 0.4, seed)
    other = _layer(student, "Dropout", 0.4, seed + 1)
    for call in ("first", "second"):
        a, b, c = (_dropped(layer, x) for layer in (first, second, other))
        expect(
            np.array_equal(a, b),
            f"two Dropout layers with seed {seed} drop different units in their {call} call",
            "Draw from self.rng and from nothing else.",
        )
        expect(
            not np.array_equal(a, c),
            f"Dropout layers with the seeds {seed} and {seed + 1} drop the same units",
            "Draw from self.rng, which is made from the seed.",
        )


@check(TASK, points=4)
def dropout_rate_zero(student: Any, reference: Any, rng: Any) -> None:
    """With ρ = 0 nothing is dropped and nothing is scaled, in training, in use and backward."""
    x, d_out = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))
    layer = _layer(student, "Dropout", 0.0, 3)
    hint = "Follow your lines with 0 units to drop. What is the slice [-0:]?"
    expect_close(_call(layer, "forward", x), x, "Dropout(0).forward", hint=hint)
    expect_close(_call(layer, "backward", d_out), d_out, "Dropout(0).backward d_x", hint=hint)
    expect_close(_call(layer, "forward", x, train=False), x, "Dropout(0).forward(x, train=False)", hint=hint)
    _expect_some_dropout(student)


@check(TASK, points=10, equation="(27)")
def inverted_dropout_forward(student: Any, reference: Any, rng: Any) -> None:
    """InvertedDropout divides the units that stay by 1 − ρ while training, and does nothing in use."""
    hint = "What (26) takes away in use, (27) gives in training: it is the same factor, on the other side."
    for rate, shape in ((0.3, (3, 40)), (0.8, (2, 80)), (0.15, (6, 4, 5, 6))):
        x, name = rng.normal(size=shape), f"InvertedDropout({rate}).forward"
        layer = _layer(student, "InvertedDropout", rate, 9)
        y = expect_array(_call(layer, "forward", x), shape, name)
        kept = _some(y != 0, name)
        expect_close(y, np.where(kept, x / (1 - rate), 0), name, hint=hint)
        expect_close(_call(layer, "forward", x, train=False), x, f"{name}(x, train=False)", hint=hint)


@check(TASK, points=6, equation="(27)")
def inverted_dropout_backward(student: Any, reference: Any, rng: Any) -> None:
    """InvertedDropout sends the gradient back with the mask and the factor of the forward pass."""
    shape = (3, 40)
    x, d_out = rng.uniform(0.5, 2, size=shape), rng.normal(size=shape)
    layer = _layer(student, "InvertedDropout", 0.3, int(rng.integers(1, 10_000)))
    hint = "Forward multiplies a unit by a factor. Then its slope is that factor, too."
    for what in ("InvertedDropout.backward d_x", "InvertedDropout.backward d_x after a second forward"):
        y = expect_array(_call(layer, "forward", x), shape, "InvertedDropout.forward")
        _some(y != 0, "InvertedDropout.forward")
        expect_close(_call(layer, "backward", d_out), d_out * y / x, what, hint=hint)


@check(TASK, points=4, equation="(26)")
@builds_on(*EARLIER)
def dropout_network_use(student: Any, reference: Any, rng: Any) -> None:
    """forward_dropout uses the network with all its units, scaled as the dropout layer does it."""
    broken = []
    for kind in KINDS:
        params, x, _ = _problem(rng)
        name = f"forward_dropout with {kind}"
        fault = _fault_of(student, kind, train=False)
        if fault is not None:  # it has cost in the layer's own checks; the other layer tells of the network
            broken.append(fault)
            continue
        y = _call(student, "forward_dropout", params, x, _layer(student, kind, 0.3, 4))
        y = expect_array(y, (6, 3), name)
        a = _hidden(params, x)
        hidden = expect_array(_call(_layer(student, kind, 0.3, 4), "forward", a, train=False), a.shape, kind)
        expected = _softmax(hidden @ params["W2"] + params["b2"])
        hint = "Affine, sigmoid, dropout with train=False, affine, softmax."
        try:
            expect_close(y, expected, name, hint=hint)
        except CheckFailed as failure:
            try:
                expect_close(y, _own_use(student, params, x, _layer(student, kind, 0.3, 4)), name)
            except (CheckFailed, CodeError):
                raise failure from None
    if len(broken) == len(KINDS):
        raise broken[0]


@check(TASK, points=7, equation="(13), (25)")
@builds_on(*EARLIER)
def dropout_network_gradients(student: Any, reference: Any, rng: Any) -> None:
    """loss_and_gradients_dropout trains through the dropout layer: one mask, forward and back."""
    broken = []
    for kind in KINDS:
        params, x, t = _problem(rng)
        seed = int(rng.integers(1, 10_000))
        fault = _fault_of(student, kind, train=True)
        if fault is not None:
            broken.append(fault)
            continue
        layer = _layer(student, kind, 0.3, seed)
        got = _call(student, "loss_and_gradients_dropout", params, x, t, layer)
        # A second layer with the same seed drops the same units.
        expected = _network(params, x, t, _layer(student, kind, 0.3, seed), kind)
        try:
            _compare_network(got, expected, kind)
        except CheckFailed as failure:
            # What has cost already is not judged again: masks that the seed does not repeat (backward tells them), or
            # a mistake of task 1-3 (made of the student's own layers, softmax and loss, the network is right).
            try:
                _compare_network(got, _network_by_backward(student, params, x, t, layer), kind)
            except (CheckFailed, CodeError):
                between = [
                    (_layer(student, "Sigmoid"), {}),
                    (_layer(student, kind, 0.3, seed), {"train": True}),
                ]
                own = layered_pass(student, params, x, t, between)
                if not may_go_on(student, failure, *EARLIER) or not is_one_of(got, own):
                    raise failure from None
    if len(broken) == len(KINDS):
        raise broken[0]


@check(TASK, points=4)
def dropout_arguments(student: Any, reference: Any, rng: Any) -> None:
    """Dropout and InvertedDropout leave x and d_out as they are."""
    x, d_out = rng.normal(size=(4, 9)), rng.normal(size=(4, 9))
    for kind in KINDS:
        layer = _layer(student, kind, 0.4, 2)
        expect_array(_call(layer, "forward", x, train=False), x.shape, f"{kind}.forward(x, train=False)")
        expect_array(_call(layer, "forward", x), x.shape, f"{kind}.forward")
        expect_array(_call(layer, "backward", d_out), x.shape, f"{kind}.backward")
    expect_unchanged(student)
    _expect_some_dropout(student)


# -- helpers ---------------------------------------------------------------------------------------------------


def _call(owner: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """``owner.name(...)``, where a student may have put anything in the place of either."""
    expect(isinstance(owner, Proxy), f"got {show(owner)}, expected an object with {name}")
    function = getattr(owner, name)
    expect(isinstance(function, Proxy), f"{name}: got {show(function)}, expected a function or class")
    return function(*args, **kwargs)


def _layer(student: Any, name: str, *args: Any) -> Any:
    layer = _call(student, name, *args)
    expect(
        isinstance(layer, Proxy), f"{name}(): got {show(layer)}, expected a layer with forward and backward"
    )
    return layer


def _fault_of(student: Any, kind: str, *, train: bool) -> CheckFailed | CodeError | None:
    """Why no network can be built around the layer, however right the network is; or None."""
    ones = np.ones((2, 10))
    try:
        layer = _layer(student, kind, 0.3, 4)
        expect_array(
            _call(layer, "forward", ones, train=train), ones.shape, f"{kind}.forward(x, train={train})"
        )
        if train:
            expect_array(_call(layer, "backward", ones), ones.shape, f"{kind}.backward d_x")
    except CheckFailed as failure:
        return failure
    except CodeError as error:
        if error.kind not in OWN_FAULTS:
            raise
        return error
    return None


def _expect_some_dropout(student: Any) -> None:
    """One of the two layers drops something: a layer that does nothing would pass where nothing is to be done."""
    ones = np.ones((3, 40))
    for kind in KINDS:
        try:
            y = expect_array(
                _call(_layer(student, kind, 0.5, 1), "forward", ones), ones.shape, f"{kind}.forward"
            )
            if (y == 0).any():
                return
        except CheckFailed:
            pass
        except CodeError as error:
            if error.kind not in OWN_FAULTS:
                raise
    raise CheckFailed(
        "neither Dropout(0.5) nor InvertedDropout(0.5) drops a unit in training, so there is nothing to judge here"
    )


def _dropped(layer: Any, ones: np.ndarray) -> np.ndarray:
    """Which units a training pass drops: bool, the shape of ``ones``."""
    y = expect_array(_call(layer, "forward", ones), ones.shape, "Dropout.forward")
    _some(y != 0, "Dropout.forward")
    return y == 0


def _some(kept: np.ndarray, name: str) -> np.ndarray:
    expect(not kept.all(), f"{name}: no unit was dropped in training", "train=True is the default.")
    expect(
        bool(kept.any()), f"{name}: all units were dropped", "Which share is dropped, and which one stays?"
    )
    return kept


def _expect_rate(dropped: np.ndarray, rate: float, name: str) -> None:
    """As many dropped per example as the handout says, or as coins would drop."""
    units = dropped.shape[1]
    counts = dropped.sum(axis=1)
    exact = {int(rate * units), round(rate * units), int(rate * units + 0.5)}
    if len(set(counts.tolist())) == 1 and int(counts[0]) in exact:
        return
    hint = "ρ is the share that is dropped." if abs(dropped.mean() - (1 - rate)) < 0.05 else None
    deviation = np.sqrt(units * rate * (1 - rate))
    mean = counts.mean()
    draws = len(np.unique(dropped, axis=0))  # examples that share a mask (another check says so) are one draw
    expect(
        abs(mean - rate * units) <= Z_LIMIT * deviation / np.sqrt(draws),
        f"{name}: {mean:.1f} of {units} units are dropped per example, expected {rate * units:.4g}",
        hint,
    )
    expect(
        counts.var() < SPREAD_LIMIT * deviation**2,
        f"{name}: the examples lose from {counts.min()} to {counts.max()} of their {units} units, expected about "
        f"{rate * units:.4g} in each",
        "Each unit of each example is drawn by itself: no whole examples, and no whole rows or channels of an image.",
    )
    worst = int(np.argmax(np.abs(counts - rate * units)))
    expect(
        abs(counts[worst] - rate * units) <= Z_LIMIT * deviation + 1,
        f"{name}: example {worst} lost {counts[worst]} of its {units} units, expected {rate * units:.4g}",
        "The share is to be dropped in each example, not in the batch as a whole.",
    )


def _problem(rng: Any) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """A network of 5, 10 and 3 nodes, six examples and their targets."""
    shapes = {"W1": (5, 10), "b1": (10,), "W2": (10, 3), "b2": (3,)}
    params = {key: rng.normal(size=shape) for key, shape in shapes.items()}
    return params, rng.normal(size=(6, 5)), np.eye(3)[rng.integers(0, 3, size=6)]


def _softmax(a: np.ndarray) -> np.ndarray:
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _hidden(params: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    return (1 + np.tanh((x @ params["W1"] + params["b1"]) / 2)) / 2


def _network(
    params: dict[str, np.ndarray], x: np.ndarray, t: np.ndarray, layer: Any, kind: str
) -> tuple[float, dict[str, np.ndarray]]:
    """Loss and gradients around the student's own dropout ``layer``."""
    a = _hidden(params, x)
    hidden = expect_array(_call(layer, "forward", a, train=True), a.shape, f"{kind}.forward").astype(
        np.float64
    )
    y = _softmax(hidden @ params["W2"] + params["b2"])
    d_hidden = _call(layer, "backward", (y - t) / len(y) @ params["W2"].T)
    d_hidden = expect_array(d_hidden, a.shape, f"{kind}.backward").astype(np.float64)
    return _loss_and_gradients(x, t, a, hidden, y, d_hidden)


def _network_by_backward(
    student: Any, params: dict[str, np.ndarray], x: np.ndarray, t: np.ndarray, layer: Any
) -> tuple[float, dict[str, np.ndarray]]:
    """The same with the mask that ``layer`` used last, as its backward shows it."""
    a = _hidden(params, x)
    factor = expect_array(_call(layer, "backward", np.ones(a.shape)), a.shape, "backward").astype(np.float64)
    y = _softmax((a * factor) @ params["W2"] + params["b2"])
    return _loss_and_gradients(x, t, a, a * factor, y, (y - t) / len(y) @ params["W2"].T * factor)


def _loss_and_gradients(
    x: np.ndarray, t: np.ndarray, a: np.ndarray, hidden: np.ndarray, y: np.ndarray, d_hidden: np.ndarray
) -> tuple[float, dict[str, np.ndarray]]:
    """From what comes out of sigmoid (a), dropout (hidden) and softmax (y), and the gradient for the sigmoid."""
    d_a, d_u = (y - t) / len(y), d_hidden * a * (1 - a)
    grads = {"W1": x.T @ d_u, "b1": d_u.sum(0), "W2": hidden.T @ d_a, "b2": d_a.sum(0)}
    return float(-np.sum(t * np.log(np.maximum(y, 1e-30))) / len(y)), grads


def _own_use(student: Any, params: dict[str, np.ndarray], x: np.ndarray, layer: Any) -> np.ndarray:
    """The network in use, made of the student's own functions of tasks 1 to 3."""
    affine1 = _layer(student, "Affine", params["W1"], params["b1"])
    affine2 = _layer(student, "Affine", params["W2"], params["b2"])
    hidden = _call(student, "sigmoid", _call(affine1, "forward", x))
    y = _call(student, "softmax", _call(affine2, "forward", _call(layer, "forward", hidden, train=False)))
    return expect_array(y, (len(x), params["b2"].size), "softmax")


def _compare_network(got: Any, expected: tuple[Any, dict[str, Any]], kind: str) -> None:
    where = f"loss_and_gradients_dropout with {kind}"
    pair = type(got) in (tuple, list) and len(got) == 2
    expect(pair, f"{where}: got {show(got)}, expected a pair: the loss and a dict of gradients")
    hint = (
        "Affine, sigmoid, dropout with train=True, affine, softmax; backward in the opposite order, with the mask "
        "that forward drew. A second forward draws a second mask."
    )
    expect_close(expect_number(got[0], f"{where} loss"), expected[0], f"{where} loss", hint=hint)
    grads = expect_dict(got[1], list(expected[1]), f"{where} gradients")
    for key, right in expected[1].items():
        expect_close(grads[key], right, f"{where} d_{key}", loose_shape=True, hint=hint)
