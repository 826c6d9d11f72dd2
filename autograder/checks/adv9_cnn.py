"""Checks of advanced task 9: a network of layers, three famous stacks of them, and training.

The layers are the student's own, of five earlier tasks. Where a network does not compute what it should, the same
layers are called one by one: when that gives the same, the mistake is an earlier task's and has cost its points there.
What a layer keeps inside, and in which order, is its own business: only what goes in and comes out is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, Run, error_of, kept, run
from autograder.calls.values import agrees
from autograder.checks import TaskData, check, threshold
from autograder.checks.earlier import builds_on, is_wrong, may_go_on, softmax, targets_of
from autograder.checks.task3_backprop import epoch_losses, expect_losses
from autograder.expect import (
    SILENT_KINDS,
    CheckFailed,
    Partial,
    expect,
    expect_array,
    expect_close,
    expect_close_shape,
    expect_function,
    expect_gradient,
    expect_labels,
    expect_number,
    expect_object,
    expect_parameters,
    expect_unchanged,
    quietly,
    ramp,
    show,
    spread,
)

TASK = "adv9_cnn"
IMAGES, EPOCHS = 2_000, 5  # of the training check: 3 s of CPU; as many images as a notebook's own check has
HELD_OUT = 5_000  # images that judge it, at most
SPREAD = 0.05  # allowed relative error of a standard deviation; from 20 000 random numbers it is 0.005
STEP_RTOL = 2e-3  # of the change of a parameter that is kept in float32
STEP_ATOL = 1e-6  # a layer may round its weights to float32
PROBABILITY_ATOL = 1e-5  # in float32
EARLIER = (
    "softmax",
    "cross_entropy",
    "one_hot",
    "Affine",
    "softmax_cross_entropy_backward",
)  # of tasks 1 to 3
LEARNING_RATE = 0.0005  # for images that are all the same: slow enough that every epoch prints another loss

CNN = ("conv", "relu", "max", "flatten", "affine", "relu", "affine")
CNN_SHAPES = {"W1": (30, 1, 5, 5), "W2": (30 * 12 * 12, 100), "W3": (100, 10)}
CLASSES = {"relu": "ReLU", "tanh": "Tanh", "max": "MaxPool", "mean": "AvgPool", "flatten": "Flatten"}

Params = dict[str, np.ndarray]
Shapes = dict[str, tuple[int, ...]]
# A network as the check builds it, from the student's layers or the reference's: (class, arguments, options).
Plan = list[tuple[str, tuple[Any, ...], dict[str, Any]]]


# --- Networks of the student's own layers -------------------------------------------------------------------------


def ask(owner: Any, method: str, *arguments: Any, **options: Any) -> Any:
    """Call a method of an object of the student's, which may turn out to be anything."""
    return expect_function(expect_object(owner, f"what should have {method}"), method)(*arguments, **options)


def generator(student: Any, seed: int) -> Proxy:
    """A `numpy.random.Generator` on the student's side."""
    random = expect_object(expect_object(student.np, "np").random, "np.random")
    return kept(expect_function(random, "default_rng"), seed)


def build(owner: Any, plan: Plan) -> list[Proxy]:
    """New layers of ``owner``'s classes."""
    return [
        expect_object(expect_function(owner, kind)(*args, **options), kind) for kind, args, options in plan
    ]


def network_of(owner: Any, layers: list[Proxy], **options: Any) -> Proxy:
    """A new network of ``layers``."""
    return expect_object(expect_function(owner, "Network")(layers, **options), "Network")


def small_plan(rng: Any, dtype: Any = np.float64, first: bool = False) -> tuple[Plan, Params]:
    """Convolution, ReLU, pooling, flatten, affine, ReLU, affine: (B, 2, 5, 4) to (B, 4). And its parameters."""
    shapes: Shapes = {"W1": (3, 2, 2, 3), "b1": (3,), "W2": (6, 5), "b2": (5,), "W3": (5, 4), "b3": (4,)}
    params = {name: rng.normal(0, 0.5, size=shape).astype(dtype) for name, shape in shapes.items()}
    return plan_of(CNN, params, first=first), params


def plan_of(kinds: Sequence[str], params: Params, *, pad: int = 0, first: bool = False) -> Plan:
    """The plan of a network with these parameters. pad, first: of the first convolution."""
    plan: Plan = []
    number = 0
    for kind in kinds:
        if kind in ("conv", "affine"):
            number += 1
            weights = params[f"W{number}"], params[f"b{number}"]
            options = {"pad": pad, "first": first} if kind == "conv" and number == 1 else {}
            plan.append(("Conv" if kind == "conv" else "Affine", weights, options))
        else:
            plan.append((CLASSES[kind], (2,) if kind in ("max", "mean") else (), {}))
    return plan


def logits_of(layers: list[Proxy], x: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """What the layers give, called one after the other by the check."""
    for layer in layers:
        x = ask(layer, "forward", x)
    found = expect_array(x, shape, "the layers one after the other")
    expect(spread(found) > 1e-3, "the layers give the same for everything")
    return found if found.dtype.kind == "f" else found.astype(np.float64)


def learning(plan: Plan, layers: list[Proxy]) -> list[Proxy]:
    """The layers that have weights."""
    return [layer for (kind, _, _), layer in zip(plan, layers, strict=True) if kind in ("Conv", "Affine")]


def gradients_of(student: Any, plan: Plan, x: np.ndarray, d_a: np.ndarray) -> dict[str, Any]:
    """The gradients that the student's layers find, called one after the other by the check, whatever they are."""
    layers = build(student, plan)
    logits_of(layers, x, (d_a.shape[0], d_a.shape[1]))
    d = d_a
    for layer in reversed(layers):
        d = ask(layer, "backward", d)
    found: dict[str, Any] = {}
    for number, layer in enumerate(learning(plan, layers), 1):
        for name in (f"W{number}", f"b{number}"):
            found[name] = getattr(layer, f"d_{name[0]}")
            expect(bool(np.any(found[name])), f"the gradient of {name} is zero")
    return found


def follows_layers(
    student: Any, got: Any, names: Sequence[str], plan: Plan, x: np.ndarray, d_a: np.ndarray, rtol: float
) -> bool:
    """Whether ``got`` holds the gradients ``names`` of the student's own layers, whose mistakes have cost their points."""
    own = quietly(lambda: gradients_of(student, plan, x, d_a))
    if own is None or type(got) is not dict or got.keys() != set(names):
        return False
    return all(agrees(_without_ones(got[key]), _without_ones(own[key]), rtol=rtol) for key in got)


def _without_ones(value: Any) -> Any:
    return value.squeeze() if isinstance(value, np.ndarray) else value


def expect_probabilities(
    student: Any, network: Proxy, plan: Plan, x: np.ndarray, expected: np.ndarray, name: str, hint: str
) -> None:
    """``network.forward(x)`` is ``expected``, or what the student's own layers and softmax make of x."""
    got = expect_array(ask(network, "forward", x), expected.shape, name, hint=hint)
    try:
        expect_close(got, expected, name, atol=PROBABILITY_ATOL, hint=hint)
    except CheckFailed:
        shape = (expected.shape[0], expected.shape[1])
        own = quietly(lambda: logits_of(build(student, plan), x, shape))
        if own is None:
            raise
        finished = quietly(lambda: expect_array(expect_function(student, "softmax")(own), shape, "softmax"))
        if finished is None or spread(finished) < 1e-3:
            finished = softmax(own)
        expect_close(got, finished, name, atol=PROBABILITY_ATOL, hint=hint)


# --- Layers that learn --------------------------------------------------------------------------------------------


@check(TASK, points=7)
def cnn_make_layers(student: Proxy, reference: Proxy, rng: Any) -> None:
    """make_conv and make_affine draw weights from N(0, 2/N), N the numbers that feed one node."""
    seed = int(rng.integers(1, 10_000))
    made = expect_function(student, "make_conv")
    cases: list[tuple[str, Any, tuple[int, ...], int]] = [
        ("make_conv(8, 50, 7)", made(8, 50, 7, rng=generator(student, seed)), (50, 8, 7, 7), 8 * 49),
        ("make_conv(30, 90, 3)", made(30, 90, 3, rng=generator(student, seed)), (90, 30, 3, 3), 30 * 9),
    ]
    made = expect_function(student, "make_affine")
    cases.append(("make_affine(300, 70)", made(300, 70, rng=generator(student, seed)), (300, 70), 300))
    for name, layer, shape, fed in cases:
        expect_object(layer, name)
        W = expect_array(layer.W, shape, f"{name}.W", floating=True)
        b = expect_close_shape(layer.b, (shape[0] if len(shape) == 4 else shape[1],), f"{name}.b")
        right = (2 / fed) ** 0.5
        hint = (
            "The variance is 2/N; normal() takes the standard deviation. N counts all channels of the window."
        )
        message = f"{name}.W: the standard deviation is {W.std():.4g}, expected {right:.4g}"
        expect(abs(W.std() / right - 1) < SPREAD, message, hint)
        expect(
            abs(W.mean()) < SPREAD * right, f"{name}.W: the mean is {W.mean():.3g}, expected about 0", hint
        )
        expect(not np.any(b), f"{name}.b: not 0 everywhere", "The biases begin at 0.")
        hint = "Random numbers come as float64: .astype(np.float32)."
        expect(W.dtype == np.float32, f"{name}.W: got dtype {W.dtype}, expected float32", hint)
        expect(b.dtype == np.float32, f"{name}.b: got dtype {b.dtype}, expected float32", hint)
    again = expect_function(student, "make_conv")(8, 50, 7, rng=generator(student, seed))
    hint = "Draw from the rng that is passed in, and from nothing else."
    expect_close(
        expect_object(again, "make_conv").W,
        cases[0][1].W,
        "make_conv with a generator of the same seed: W",
        hint=hint,
    )
    shared = generator(student, seed)
    one, two = (expect_object(made(6, 5, rng=shared), "make_affine") for _ in range(2))
    twice = np.array_equal(expect_array(one.W, (6, 5), "W"), expect_array(two.W, (6, 5), "W"))
    expect(not twice, "make_affine: two layers from one generator have the same weights", hint)
    layer = expect_function(student, "make_conv")(2, 3, 4, rng=generator(student, seed), stride=2, pad=1)
    x = rng.normal(size=(2, 2, 8, 6)).astype(np.float32)
    hint = "Pass **options on to Conv: stride, pad, first."
    expect_array(ask(layer, "forward", x), (2, 3, 4, 3), "make_conv(…, stride=2, pad=1): forward", hint=hint)


@check(TASK, points=5)
def cnn_learning_layers(student: Proxy, reference: Proxy, rng: Any) -> None:
    """learning_layers finds the layers with weights, in order, also inside a layer made of layers."""
    filters, A, B, C = (rng.normal(size=shape) for shape in ((3, 2, 2, 2), (3, 4), (4, 2), (2, 5)))
    conv, flatten, relu = build(
        student, [("Conv", (filters, np.zeros(3)), {}), ("Flatten", (), {}), ("ReLU", (), {})]
    )
    a, b, c = (build(student, [("Affine", (W, np.zeros(W.shape[1])), {})])[0] for W in (A, B, C))
    inner = network_of(student, [relu, b])
    cases: list[tuple[str, list[Proxy], list[np.ndarray]]] = [
        ("[Conv, ReLU, Flatten, Affine]", [conv, relu, flatten, a], [filters, A]),
        ("[ReLU, Flatten]", [relu, flatten], []),
        ("[Conv, block, Affine], one in the block", [conv, inner, c], [filters, B, C]),
        (
            "[Affine, block, Affine], a block in the block",
            [a, network_of(student, [network_of(student, [conv]), inner]), c],
            [A, filters, B, C],
        ),
    ]
    for name, layers, weights in cases:
        found = expect_function(student, "learning_layers")(layers)
        message = f"learning_layers of {name}: got {show(found)}, expected a list of {len(weights)}"
        hint = "A layer learns when it has W. One with `layers` of its own is asked in turn."
        expect(type(found) in (list, tuple) and len(found) == len(weights), message, hint)
        for number, (layer, W) in enumerate(zip(found, weights, strict=True), 1):
            got = expect_object(layer, f"learning_layers of {name}: number {number}").W
            hint = "The order is that of the forward pass."
            expect_close(got, W, f"learning_layers of {name}: W of number {number}", hint=hint)


# --- Network ------------------------------------------------------------------------------------------------------


@check(TASK, points=6, equation="(5)")
@builds_on("softmax", "Affine")
def cnn_network_forward(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Network.forward sends the batch through all layers, and the softmax behind them."""
    for dtype, batch in ((np.float64, 7), (np.float32, 2)):
        plan, _ = small_plan(rng, dtype)
        x = rng.normal(size=(batch, 2, 5, 4)).astype(dtype)
        expected = network_of(reference, build(reference, plan)).forward(x)
        hint = (
            "Each layer gets what the one in front of it returned; softmax turns the last into probabilities."
        )
        network = network_of(student, build(student, plan))
        expect_probabilities(student, network, plan, x, expected, f"Network.forward, {np.dtype(dtype)}", hint)
    frozen = network_of(student, build(student, plan), frozen=4)
    hint = "Frozen layers do not learn; they do work."
    expect_probabilities(student, frozen, plan, x, expected, "Network.forward with frozen=4", hint)


@check(TASK, points=10, equation="(13)")
@builds_on("softmax", "Affine")
def cnn_network_gradients(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Network.backward finds the gradient of every parameter; parameters and gradients name them alike."""
    for dtype, first, rtol in ((np.float64, False, 1e-4), (np.float32, True, 2e-3)):
        plan, params = small_plan(rng, dtype, first)
        x, d_a = (rng.normal(size=shape).astype(dtype) for shape in ((7, 2, 5, 4), (7, 4)))
        layers = build(student, plan)
        network = network_of(student, layers)
        found = parameters_of(network, params)
        for name, value in params.items():
            hint = "W1 and b1 belong to the first layer that learns, counted from the front."
            expect_close(found[name], value, f"Network.parameters {name}", loose_shape=True, hint=hint)
        right = network_of(reference, build(reference, plan))
        for one in (network, right):
            ask(one, "forward", x)
            ask(one, "backward", d_a)
        got, expected = ask(network, "gradients"), right.gradients()
        hint = (
            "From the last layer to the first; each gets what the one behind it returned, the last one d_a."
        )
        try:
            grads = expect_parameters(got, params, "Network.gradients")
            for name in params:
                expect_close(grads[name], expected[name], f"Network.gradients {name}", rtol=rtol, hint=hint)
        except CheckFailed:
            if follows_layers(student, got, list(params), plan, x, d_a, rtol):
                continue
            raise
        if dtype is np.float64 and not is_wrong(student, "softmax"):
            expect_slopes(network, learning(plan, layers), params, x, d_a)


def parameters_of(network: Proxy, like: Params, name: str = "Network") -> Params:
    """``network.parameters()``, with the names and shapes of ``like``."""
    return expect_parameters(ask(network, "parameters"), like, f"{name}.parameters")


def expect_slopes(
    network: Proxy, layers: list[Proxy], params: Params, x: np.ndarray, d_a: np.ndarray
) -> None:
    """The gradients are those of the network's own forward, by central differences.

    ln softmax(a) is a but for a number for each row, so with rows of ``d_a`` that sum to 0 both have the same slope.
    """
    d_a = d_a - d_a.mean(axis=1, keepdims=True)
    nearly = ask(network, "forward", x * (1 + 1e-10))
    if np.array_equal(expect_array(ask(network, "forward", x), d_a.shape, "Network.forward"), nearly):
        return  # it rounds to float32: differences would say nothing
    ask(network, "backward", d_a)
    got = expect_parameters(ask(network, "gradients"), params, "Network.gradients")
    for number, layer in enumerate(layers, 1):
        for name, attribute in ((f"W{number}", "W"), (f"b{number}", "b")):
            if name in ("W2", "W3"):
                continue  # as W1 and the biases; a quarter of a second each

            def moved(value: np.ndarray, layer: Proxy = layer, attribute: str = attribute) -> np.ndarray:
                setattr(layer, attribute, value)
                y = expect_array(ask(network, "forward", x), d_a.shape, "Network.forward")
                return np.log(np.maximum(y, 1e-300))

            expect_gradient(moved, params[name], d_a, got[name], f"Network.gradients {name}")
            setattr(layer, attribute, params[name])


@check(TASK, points=8)
@builds_on("softmax", "Affine")
def cnn_network_frozen(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Frozen layers take no part in the backward pass, and the others keep their names."""
    plan, params = small_plan(rng)
    x, other = rng.normal(size=(2, 7, 2, 5, 4))
    d_a = rng.normal(size=(7, 4))
    for frozen, names in ((4, ["W2", "b2", "W3", "b3"]), (5, ["W3", "b3"])):
        layers = build(student, plan)
        whole = network_of(student, layers)
        ask(whole, "forward", other)
        ask(whole, "backward", d_a)
        before = expect_close_shape(layers[0].d_W, params["W1"].shape, "d_W of the first layer")
        ask(whole, "forward", x)
        ask(whole, "backward", d_a)
        all_of_them = ask(whole, "gradients")
        ask(whole, "forward", other)
        ask(whole, "backward", d_a)
        part = network_of(student, layers, frozen=frozen)
        parameters_of(part, params)
        ask(part, "forward", x)
        ask(part, "backward", d_a)
        name = f"Network(…, frozen={frozen}).gradients"
        got = ask(part, "gradients")
        try:
            due = expect_parameters(all_of_them, params, "Network.gradients")
            found = expect_parameters(got, {key: params[key] for key in names}, name)
            for key in names:
                hint = "A name belongs to a layer, whether or not the layers in front of it learn."
                expect_close(found[key], due[key], f"{name} {key}", hint=hint)
                expect(bool(np.any(found[key])), f"{name} {key}: zero everywhere")
        except CheckFailed as failure:
            if not may_go_on(student, failure, "Affine"):
                raise
            fresh = network_of(student, build(student, plan), frozen=frozen)
            ask(fresh, "forward", x)
            ask(fresh, "backward", d_a)
            again = ask(fresh, "gradients")
            if not follows_layers(student, again, names, plan, x, d_a, 1e-4):
                raise
        after = layers[0].d_W
        hint = "The way back ends at the first layer that learns: that is what makes frozen networks fast."
        expect_close(after, before, "d_W of a frozen layer after Network.backward", hint=hint)
    for maker, learning_ones in (("make_cnn", "23"), ("make_lenet5", "345")):
        network = expect_function(student, "freeze_convolutions")(expect_function(student, maker)(2))
        name = f"freeze_convolutions({maker}())"
        expect_object(network, name)
        x = np.ones((2, 1, 28, 28), dtype=np.float32)
        ask(network, "backward", expect_array(ask(network, "forward", x), (2, 10), f"{name}.forward"))
        found, expected = ask(network, "gradients"), sorted(kind + n for kind in "Wb" for n in learning_ones)
        names_found = sorted(map(str, found)) if type(found) is dict else show(found)
        message = f"{name}: the gradients are {show(names_found)}, expected {show(expected)}"
        expect(names_found == expected, message, "Everything before Flatten is frozen.")


# --- Three stacks of layers ---------------------------------------------------------------------------------------


@check(TASK, points=7)
@builds_on("softmax", "Affine")
def cnn_make_cnn(student: Proxy, reference: Proxy, rng: Any) -> None:
    """make_cnn is conv(30 of 5x5) - ReLU - pool(2) - affine(100) - ReLU - affine(10)."""
    expect_stack(student, rng, "make_cnn", CNN, CNN_SHAPES)


@check(TASK, points=7)
@builds_on("softmax", "Affine")
def cnn_make_eleven_layers(student: Proxy, reference: Proxy, rng: Any) -> None:
    """make_eleven_layers is twice conv - ReLU - pool, then flatten, affine - ReLU - affine - softmax."""
    kinds = ("conv", "relu", "max", "conv", "relu", "max", "flatten", "affine", "relu", "affine")
    shapes: Shapes = {"W1": (16, 1, 5, 5), "W2": (32, 16, 5, 5), "W3": (32 * 4 * 4, 100), "W4": (100, 10)}
    expect_stack(student, rng, "make_eleven_layers", kinds, shapes)


@check(TASK, points=7)
@builds_on("softmax", "Affine")
def cnn_make_lenet5(student: Proxy, reference: Proxy, rng: Any) -> None:
    """make_lenet5 has the layers of LeNet-5 and its 61 706 parameters."""
    kinds = [
        "conv",
        "tanh",
        "mean",
        "conv",
        "tanh",
        "mean",
        "flatten",
        "affine",
        "tanh",
        "affine",
        "tanh",
        "affine",
    ]
    shapes: Shapes = {"W1": (6, 1, 5, 5), "W2": (16, 6, 5, 5)}
    shapes |= {"W3": (400, 120), "W4": (120, 84), "W5": (84, 10)}
    expect_stack(student, rng, "make_lenet5", kinds, shapes, pad=2)


def expect_stack(
    student: Any, rng: Any, maker: str, kinds: Sequence[str], shapes: Shapes, pad: int = 0
) -> None:
    """The network that ``maker`` makes has these layers: by the shapes of its parameters, and by what it computes."""
    seed, x = int(rng.integers(1, 10_000)), rng.uniform(size=(3, 1, 28, 28)).astype(np.float32)
    make = expect_function(student, maker)
    like = empty_parameters(shapes)
    network = expect_object(make(seed), maker)
    params = parameters_of(network, like, maker)
    for name, shape in shapes.items():
        expect_drawn(student, seed, f"{maker}: {name}", params[name], shape)
    expected = softmax(trusted_logits(kinds, params, x, pad=pad))
    plan = plan_of(kinds, params, pad=pad)
    hint = "Go through the list of layers in the text one by one: kinds, order, padding."
    expect_probabilities(student, network, plan, x, expected, f"{maker}().forward", hint)
    again, other = (parameters_of(expect_object(make(s), maker), like, maker) for s in (seed, seed + 1))
    hint = "One generator, made from seed, for all layers."
    expect_close(again["W1"], params["W1"], f"{maker} with the same seed again: W1", hint=hint)
    expect(not np.array_equal(other["W1"], params["W1"]), f"{maker}: another seed, the same W1", hint)


def expect_drawn(student: Any, seed: int, name: str, W: np.ndarray, shape: tuple[int, ...]) -> None:
    """Weights are about as large as those of make_conv and make_affine, right or wrong as these may be."""
    hint = "Layers from make_conv and make_affine."
    expect(bool(np.any(W)), f"{name} is zero everywhere", hint)
    maker, sizes, fed = "make_affine", shape, shape[0]
    if len(shape) == 4:
        maker, sizes, fed = "make_conv", (shape[1], shape[0], shape[2]), shape[1] * shape[2] * shape[3]

    def own() -> float:
        made = expect_object(expect_function(student, maker)(*sizes, rng=generator(student, seed)), maker)
        return float(expect_array(made.W, shape, "W").std())

    std, right = float(W.std()), (2 / fed) ** 0.5
    if not right / 2 < std < 2 * right:
        drawn = quietly(own)
        message = f"{name}: the standard deviation is {std:.4g}, expected about {right:.4g}"
        expect(drawn is not None and abs(std - drawn) < 0.3 * drawn, message, hint)


def empty_parameters(shapes: Shapes) -> Params:
    """Arrays of these shapes for the weights, and of the fitting ones for the biases."""
    like: Params = {}
    for name, shape in shapes.items():
        like[name] = np.empty(shape)
        like[f"b{name[1:]}"] = np.empty(shape[0] if len(shape) == 4 else shape[1])
    return like


def trusted_logits(kinds: Sequence[str], params: Params, x: np.ndarray, *, pad: int = 0) -> np.ndarray:
    """What softmax gets in a network of these layers: (B, C, H, W) -> (B, classes). pad: of the first convolution."""
    number = 0
    for kind in kinds:
        if kind in ("conv", "affine"):
            number += 1
            W, b = params[f"W{number}"], params[f"b{number}"]
        if kind == "conv":
            x = convolve(x, W, b, pad if number == 1 else 0)
        elif kind in ("max", "mean"):
            parts = [x[:, :, r::2, s::2] for r in range(2) for s in range(2)]
            x = np.maximum.reduce(parts) if kind == "max" else sum(parts[1:], parts[0]) / 4
        elif kind == "flatten":
            x = x.reshape(len(x), -1)
        elif kind == "affine":
            x = x @ W + b
        else:
            x = np.maximum(x, 0) if kind == "relu" else np.tanh(x)
    return x


def convolve(x: np.ndarray, W: np.ndarray, b: np.ndarray, pad: int = 0) -> np.ndarray:
    """Handout eq. (56): x (N, C, H, W), W (F, C, R, S), b (F,), stride 1."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[2:], axis=(2, 3))
    return np.moveaxis(np.tensordot(windows, W, axes=((1, 4, 5), (1, 2, 3))) + b, 3, 1)


# --- Batches ------------------------------------------------------------------------------------------------------


@check(TASK, points=5, equation="(9)")
def cnn_to_batch(student: Proxy, reference: Proxy, rng: Any) -> None:
    """to_batch makes (B, C, H, W) float32 from 0 to 1 of grey or colour images, and leaves these as they are."""
    for shape, expected in (
        ((5, 6, 4), (5, 1, 6, 4)),
        ((2, 3, 5, 7), (2, 3, 5, 7)),
        ((1, 4, 3), (1, 1, 4, 3)),
    ):
        images = rng.integers(0, 256, size=shape, dtype=np.uint8)
        got = expect_function(student, "to_batch")(images)
        hint = "Bytes go up to 255. Grey images lack the axis of the channels."
        x = expect_close(got, (images / 255).reshape(expected), f"to_batch of images {shape}", hint=hint)
        message = f"to_batch: got dtype {x.dtype}, expected float32"
        expect(
            x.dtype == np.float32, message, "uint8 divided by a number is float64, unless you say otherwise."
        )
    expect_unchanged(student)


@check(TASK, points=6)
def cnn_move(student: Proxy, reference: Proxy, rng: Any) -> None:
    """move shifts all images of a batch by the same random distance; 0 comes in, and the originals stay."""
    images = rng.integers(1, 256, size=(3, 7, 6), dtype=np.uint8)
    function, shared = expect_function(student, "move"), generator(student, int(rng.integers(1, 10_000)))
    still = function(images, 0, shared)
    expect_close(still, images, "move by 0 pixels")
    seen: set[tuple[int, int]] = set()
    for _ in range(150):  # a distance down or to the right is missed with a probability of 3e-15
        got = expect_array(function(images, 2, shared), images.shape, "move by up to 2 pixels")
        fitting = [
            step
            for step in np.ndindex(5, 5)
            if np.array_equal(got, shifted(images, step[0] - 2, step[1] - 2))
        ]
        hint = "One distance down and one to the right for the whole batch; pixels of the other edge do not come back."
        message = (
            "move by up to 2 pixels: the result is not the images moved by -2 to 2 pixels along both axes"
        )
        expect(bool(fitting), message, hint)
        seen.add((int(fitting[0][0]), int(fitting[0][1])))
    for axis, name in enumerate(("down", "to the right")):
        distances = sorted({step[axis] - 2 for step in seen})
        message = (
            f"move by up to 2 pixels, 150 times: the distances {name} were {distances}, expected -2 to 2"
        )
        expect(distances == [-2, -1, 0, 1, 2], message, "Both ends count, and both directions.")
    together = len(seen) > 10
    expect(together, "move: down and to the right depend on each other", "Two distances, drawn one by one.")
    expect_unchanged(student)


def shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Images (B, H, W) moved, 0 where nothing was."""
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    return padded[:, 2 - down : 2 - down + height, 2 - right : 2 - right + width]


# --- Training -----------------------------------------------------------------------------------------------------


@check(TASK, points=9, equation="(41), (42)")
@builds_on(*EARLIER)
def cnn_training_step(student: Proxy, reference: Proxy, rng: Any) -> None:
    """training_step returns the loss and moves every parameter by the optimizer; frozen ones stay."""
    for frozen in (0, 4):
        plan, params = small_plan(rng)
        network = network_of(student, build(student, plan), frozen=frozen)
        right = network_of(reference, build(reference, plan), frozen=frozen)
        batches = []
        for _ in range(3):
            batches.append((rng.normal(size=(7, 2, 5, 4)), np.eye(4)[rng.integers(0, 4, size=7)]))
        got = walk(student, network, batches, params)
        expected = walk(reference, right, batches, params)
        try:
            expect_walk(got, expected, params, frozen)
        except CheckFailed:
            walks = own_walks(student, plan, params, batches, frozen)
            if not any(follows_walk(got, own, params, frozen) for own in walks):
                raise


def walk(owner: Any, network: Proxy, batches: list[Any], like: Params) -> tuple[list[Any], Params]:
    """The losses of some training steps, and the parameters afterwards."""
    optimizer = expect_object(expect_function(owner, "AdaGrad")(0.05), "AdaGrad")
    step = expect_function(owner, "training_step")
    losses = [step(network, optimizer, x, t) for x, t in batches]
    return losses, parameters_of(network, like)


def own_walks(
    student: Any, plan: Plan, params: Params, batches: list[Any], frozen: int
) -> list[tuple[list[Any], Params]]:
    """The same with the student's own layers, loss and optimizer, called one by one.

    With the loss taken before the way back, and after it; none when they cannot tell.
    """
    names = [name for name in params if frozen == 0 or name[1] != "1"]

    def steps() -> list[tuple[list[Any], Params]]:
        array = expect_function(expect_object(student.np, "np"), "array")
        optimizer = expect_object(expect_function(student, "AdaGrad")(0.05), "AdaGrad")
        cross_entropy = expect_function(student, "cross_entropy")
        at, losses = dict(params), []
        for x, t in batches:
            layers = build(student, plan_with(plan, at))
            target, value = kept(array, t), kept(array, x)
            for layer in layers:
                value = kept(expect_function(layer, "forward"), value)
            y = kept(expect_function(student, "softmax"), value)
            before = cross_entropy(y, target)
            d = kept(expect_function(student, "softmax_cross_entropy_backward"), y, target)
            for layer in reversed(layers[frozen:]):
                d = kept(expect_function(layer, "backward"), d)
            losses.append((before, cross_entropy(y, target)))
            owners = enumerate(learning(plan, layers), 1)
            parts = {f"{kind}{number}": (layer, kind) for number, layer in owners for kind in "Wb"}
            at = {name: expect_array(getattr(*parts[name]), at[name].shape, name) for name in at}
            grads = {name: getattr(parts[name][0], f"d_{name[0]}") for name in names}
            moving = {name: at[name] for name in names}
            updated = ask(optimizer, "update", moving, grads)
            at.update(expect_parameters(updated, moving, "AdaGrad.update"))
        return [([pair[which] for pair in losses], at) for which in (0, 1)]

    return quietly(steps) or []


def plan_with(plan: Plan, params: Params) -> Plan:
    """The plan with other parameters."""
    found: Plan = []
    number = 0
    for kind, arguments, options in plan:
        if kind in ("Conv", "Affine"):
            number += 1
            arguments = params[f"W{number}"], params[f"b{number}"]
        found.append((kind, arguments, options))
    return found


def follows_walk(
    got: tuple[list[Any], Params], own: tuple[list[Any], Params], start: Params, frozen: int
) -> bool:
    """Whether the steps are those of the student's own parts, whose loss may be no number."""
    if not agrees(got[0], own[0], rtol=1e-3):
        return False
    try:
        expect_walk(([0.0], got[1]), ([0.0], own[1]), start, frozen)
    except CheckFailed:
        return False
    return True


def expect_walk(
    got: tuple[list[Any], Params], expected: tuple[list[Any], Params], start: Params, frozen: int
) -> None:
    case = " with frozen=4" if frozen else ""
    hint = "The mean cross-entropy of this batch, before the update."
    update = (
        "Forward, backward with the gradient (14), and update with what parameters() and gradients() return."
    )
    if frozen:
        update = "The optimizer gets gradients of the layers that learn only."
    for number, (loss, right) in enumerate(zip(got[0], expected[0], strict=True), 1):
        number_name = f"training_step{case}: the loss of step {number}"
        expect_close(expect_number(loss, number_name), right, number_name, rtol=1e-3, hint=hint)
        hint = f"The first loss is right, so it is the update that goes wrong. {update}"
    for name, value in start.items():
        change, due = got[1][name] - value, expected[1][name] - value
        title = f"the change of {name} in 3 training steps{case}"
        expect_close(change, due, title, rtol=STEP_RTOL, atol=STEP_ATOL, hint=update)


@check(TASK, points=7, equation="(12)")
@builds_on(*EARLIER)
def cnn_train_epochs(student: Proxy, reference: Proxy, rng: Any) -> None:
    """train goes through all images in every epoch and prints its mean loss; the seed decides the rest."""
    W, b = rng.normal(0, 0.05, size=(784, 10)), rng.normal(size=10)
    # All images are the same, so that every order of them gives the same losses. 11 is no multiple of 4.
    images = np.repeat(rng.integers(0, 256, size=(1, 28, 28), dtype=np.uint8), 11, axis=0)
    labels = np.repeat(rng.integers(0, 10, size=1), 11)
    lit = np.zeros((47, 28, 28), dtype=np.uint8)
    lit.reshape(47, 784)[np.arange(47), np.arange(47)] = 255
    digits = rng.integers(0, 10, size=47)
    try:
        done = run_train(student, W, b, images, labels, 4)
        expected = run_train(reference, W, b, images, labels, 4)
        expect_losses(epoch_losses(done.stdout, 3), epoch_losses(expected.stdout, 3))
        expect_object(done.value, "train")
        expect_images(student, W, b, lit, digits, 6)
    except (CheckFailed, CodeError) as failure:
        if not may_go_on(student, failure, *EARLIER):
            # Only AdaGrad or a layer of another task may then be wrong, which the student's own step shows.
            own = quietly(lambda: own_losses(student, W, b, images, labels, np.eye(10)[labels], 4))
            if own is None or isinstance(failure, CodeError):
                raise
            expect_losses(epoch_losses(run_train(student, W, b, images, labels, 4).stdout, 3), own)
            expect_images(student, W, b, lit, digits, 6)
            return
        alone = (
            images,
            labels % 8 + 1,
            lit,
            digits % 8 + 1,
            1,
        )  # labels that a wrong one_hot can still write
        if not any(follows_steps(student, W, b, *case) for case in ((images, labels, lit, digits, 4), alone)):
            raise


def run_train(
    owner: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, batch: int
) -> Run:
    options: dict[str, Any] = {"epochs": 3, "batch_size": batch, "learning_rate": LEARNING_RATE, "seed": 1}
    return run(expect_function(owner, "train"), flat(owner, W, b), images, labels, **options)


def expect_images(
    student: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, batch: int
) -> None:
    """Every image is used once in an epoch, the seed decides in which order, and moved images are moved."""
    like, ends = {"W1": W, "b1": b}, []
    # One pixel is lit in each of these images: only rows of W whose image was used can change.
    for seed in (11, 11, 12):
        options = {"epochs": 1, "batch_size": batch, "learning_rate": 0.02, "seed": seed}
        trained = expect_function(student, "train")(flat(student, W, b), images, labels, **options)
        ends.append(parameters_of(expect_object(trained, "train"), like, "train"))
    expect_every_image_once(student, W, b, images, labels, ends[0]["W1"])
    for name in like:
        where = f"train with the same seed again: {name}"
        expect_close(
            ends[1][name], ends[0][name], where, rtol=1e-5, hint="Draw from one generator made of seed."
        )
    same = np.array_equal(ends[0]["b1"], ends[2]["b1"])
    hint = "Every epoch shuffles the images, and seed decides how."
    expect(not same, "train: the seeds 11 and 12 give the same result", hint)

    # Moved images: pixel (5, 5) becomes one of the nine around it.
    images = np.zeros((30, 28, 28), dtype=np.uint8)
    images[:, 5, 5] = 255
    options = {"epochs": 3, "batch_size": min(batch, 2), "learning_rate": 0.01, "max_move": 1, "seed": 3}
    trained = expect_function(student, "train")(flat(student, W, b), images, labels[:30], **options)
    moved = parameters_of(expect_object(trained, "train"), like, "train")["W1"] - W
    lit = {(int(p) // 28, int(p) % 28) for p in np.flatnonzero(np.abs(moved).max(axis=1) > 1e-6)}
    message = f"train with max_move=1, images of one pixel: weights of {len(lit)} pixels changed, expected 9"
    around = {(i, j) for i in (4, 5, 6) for j in (4, 5, 6)}
    expect(lit <= around and len(lit) > 6, message, "Every batch is moved anew, by up to max_move pixels.")


def follows_steps(
    student: Any,
    W: np.ndarray,
    b: np.ndarray,
    images: np.ndarray,
    labels: np.ndarray,
    lit: np.ndarray,
    digits: np.ndarray,
    batch: int,
) -> bool:
    """Whether train does what it should with the student's own training_step, whatever that makes of a batch.

    Where tasks 1 to 3 are wrong. With a batch of one, no example has another beside it.
    """

    def judge() -> bool:
        printed = epoch_losses(run_train(student, W, b, images, labels, batch).stdout, 3)
        fits = []
        for t in targets_of(student, labels):
            own = own_losses(student, W, b, images, labels, t, batch)
            fits.append(np.allclose(printed, own, rtol=0, atol=2e-3))
        expect_images(student, W, b, lit, digits, min(batch, 6))
        return any(fits)

    return bool(quietly(judge))


def flat(owner: Any, W: np.ndarray, b: np.ndarray) -> Proxy:
    """A network of one affine layer."""
    return network_of(owner, build(owner, [("Flatten", (), {}), ("Affine", (W.copy(), b.copy()), {})]))


def expect_every_image_once(
    student: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, trained: np.ndarray
) -> None:
    """In one epoch every image was used once, with its own label: pixel k is lit in image k, and moves row k of W."""
    count = len(images)
    change = (trained - W)[:count]
    steps = np.abs(change).max(axis=1)
    used = int((steps > 1e-5).sum())
    message = f"train: {used} of {count} images had an influence in one epoch, batches of 6"
    hint = "Each image once in an epoch. The last batch may be smaller than the others, and counts as well."
    expect(used == count, message, hint)
    # What one step of the student's own makes of row k. When it is no AdaGrad's, nothing follows from the sizes.
    single = quietly(lambda: [own_step(student, W, b, images, labels, k)[k] for k in range(3)])
    if single is None:
        return
    typical = float(np.median(steps))
    if all(abs(np.abs(row).max() - typical) < 0.05 * typical for row in single):
        twice = int((steps > 1.3 * typical).sum())
        message = f"train: {twice} of {count} images were used more than once in one epoch, batches of 6"
        hint = "Each image once in an epoch: the last batch is smaller than the others."
        expect(twice == 0, message, hint)
    told = all(row.argmax() == label for row, label in zip(single, labels, strict=False))
    if told and not is_wrong(student, "one_hot"):
        other = int((change.argmax(axis=1) != labels).sum())
        message = f"train: for {other} of {count} images the step went towards a label that is not theirs"
        expect(other == 0, message, "Images and labels are picked by the same indices.")


def own_step(
    student: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, k: int
) -> np.ndarray:
    """The change of W in one training step of the student's with image k alone."""
    network = flat(student, W, b)
    optimizer = expect_object(expect_function(student, "AdaGrad")(0.02), "AdaGrad")
    x = images[k : k + 1, np.newaxis].astype(np.float32) / 255
    expect_function(student, "training_step")(network, optimizer, x, own_targets(student, labels[k : k + 1]))
    return parameters_of(network, {"W1": W, "b1": b})["W1"] - W


def own_targets(student: Any, labels: np.ndarray) -> np.ndarray:
    """The targets (B, 10) by the student's own one_hot, or the right ones when it is of no use."""
    shape = (len(labels), 10)
    found = quietly(lambda: expect_array(expect_function(student, "one_hot")(labels), shape, "one_hot"))
    return np.eye(10)[labels] if found is None else found.astype(np.float64)


def own_losses(
    student: Any,
    W: np.ndarray,
    b: np.ndarray,
    images: np.ndarray,
    labels: np.ndarray,
    t: np.ndarray,
    batch: int,
) -> list[float]:
    """The mean losses of three epochs of equal images, by the student's own training_step."""
    network = flat(student, W, b)
    optimizer = expect_object(expect_function(student, "AdaGrad")(LEARNING_RATE), "AdaGrad")
    means = []
    for _ in range(3):
        losses = []
        for start in range(0, len(images), batch):
            some, targets = images[start : start + batch], t[start : start + batch]
            x = expect_array(expect_function(student, "to_batch")(some), (len(some), 1, 28, 28), "to_batch")
            loss = expect_function(student, "training_step")(network, optimizer, x, targets)
            losses.append(expect_number(loss, "loss"))
        means.append(float(np.mean(losses)))
    expect(is_wrong(student, *EARLIER) or means[0] != means[-1], "training_step: the loss does not change")
    return means


@check(TASK, points=6, equation="(7)")
@builds_on("softmax", "Affine")
def cnn_predict_accuracy(student: Proxy, reference: Proxy, rng: Any) -> None:
    """predict and accuracy are right for every number of images, a batch at a time."""
    count, own_numbers = 23, np.random.default_rng(int(rng.integers(2**31)))
    images = own_numbers.integers(0, 256, size=(count, 28, 28), dtype=np.uint8)
    W, b = own_numbers.normal(size=(784, 10)), np.zeros(10)
    b -= (images.reshape(count, 784) / 255 @ W + b).mean(axis=0)  # so that many digits are seen
    digits = np.argmax(images.reshape(count, 784) / 255 @ W + b, axis=1)
    network = flat(student, W, b)
    shares: list[tuple[int, np.ndarray]] = []
    for size in (5, 100):
        own = [
            quietly(lambda how=how, size=size: own_digits(student, W, b, images, size, how))
            for how in (False, True)
        ]
        name = f"predict of {count} images, batch_size={size}"
        got = expect_labels(expect_function(student, "predict")(network, images, size), count, 10, name)
        fitting = [right for right in (digits, *own) if right is not None and np.array_equal(got, right)]
        wrong = int((got != digits).sum())
        hint = "The position of the largest in each row, for the last, smaller batch as well."
        expect(bool(fitting), f"{name}: {wrong} of {count} digits differ from the largest probability", hint)
        shares.append((size, fitting[0]))
    for size, digits in shares:
        labels = np.where(np.arange(count) % 4 == 0, (digits + 3) % 10, digits)
        labels[-3:] = (digits[-3:] + 1) % 10
        share = expect_number(expect_function(student, "accuracy")(network, images, labels, size), "accuracy")
        hint = "Count what is right in all batches and divide once: the last batch may be smaller."
        right = float(np.mean(digits == labels))
        expect_close(share, right, f"accuracy of {count} images, batch_size={size}", atol=1e-6, hint=hint)
    for function, arguments in (("predict", (images, 5)), ("accuracy", (images, labels, 5))):
        expect_function(student, function)(network, *arguments)
        # Only after a forward pass of all images together is there a way back for all of them.
        all_at_once = error_of(expect_function(network, "backward"), np.ones((count, 10))) is None
        message = f"{function} with batch_size=5: all {count} images went through the network at once"
        hint = "The columns of 10 000 images need half a gigabyte: batch_size at a time."
        expect(not all_at_once, message, hint)


def own_digits(
    student: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, size: int, with_softmax: bool
) -> np.ndarray:
    """The digits by the student's own to_batch and layers, and own softmax or none, a batch at a time."""
    layers = build(student, [("Flatten", (), {}), ("Affine", (W, b), {})])
    digits = []
    for start in range(0, len(images), size):
        some = images[start : start + size]
        x = expect_array(expect_function(student, "to_batch")(some), (len(some), 1, 28, 28), "to_batch")
        y = logits_of(layers, x, (len(some), 10))
        if with_softmax:
            y = expect_array(expect_function(student, "softmax")(y), y.shape, "softmax")
        digits.append(np.argmax(y, axis=1))
    expect(len(set(np.concatenate(digits).tolist())) > 2, "always the same digit")
    return np.concatenate(digits)


@check(TASK, points=10, equation="(41), (42)", seconds=60)
@builds_on(*EARLIER)
def cnn_train_accuracy(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> Partial | None:
    """The network of make_cnn, trained by train, reads images that it has never seen."""
    name = f"accuracy after {EPOCHS} epochs of {IMAGES} images"
    try:
        reached = ramp(trained_accuracy(student, rng, data), *threshold(TASK, "cnn_train_accuracy"), name)
    except (CheckFailed, CodeError) as failure:
        if may_go_on(student, failure, *EARLIER) and parts_are_right(student, reference, rng):
            return None
        raise
    if reached is not None and is_wrong(student, *EARLIER) and parts_are_right(student, reference, rng):
        return None
    return reached


def parts_are_right(student: Proxy, reference: Proxy, rng: Any) -> bool:
    """Whether network, step and loop are right on what tasks 1 to 3 give, which may teach a network nothing."""
    try:
        for part in (cnn_make_cnn, cnn_training_step, cnn_train_epochs):
            part(student, reference, rng)
    except CheckFailed:
        return False
    except CodeError as error:
        if error.kind not in SILENT_KINDS:
            raise
        return False
    return True


def trained_accuracy(student: Proxy, rng: Any, data: TaskData) -> float:
    """The accuracy on unseen images, 0..1, of what the student's train makes of make_cnn.

    The digits are renamed at random, so filters and weights that came with the notebook are worth nothing as they are.
    Not excluded: weights that came with it and are renamed by what they see in the given images. The student's own
    make_cnn makes the start here, so nothing follows from where a training must lead, as it does in task 3.
    """
    count = min(IMAGES, len(data.train[0]))
    chosen = np.sort(rng.choice(len(data.train[0]), size=count, replace=False))
    names, seed = rng.permutation(10), int(rng.integers(1, 2**31))
    images, labels = np.array(data.train[0][chosen]), names[data.train[1][chosen]]
    network = expect_object(expect_function(student, "make_cnn")(seed), "make_cnn")
    trained = expect_object(
        expect_function(student, "train")(network, images, labels, epochs=EPOCHS, seed=seed), "train"
    )
    params = parameters_of(trained, empty_parameters(CNN_SHAPES), "train")
    seen, labels = data.held_out[0][:HELD_OUT], data.held_out[1][:HELD_OUT]
    return float(np.mean(network_digits(params, seen) == names[labels]))


def network_digits(params: Params, images: np.ndarray) -> np.ndarray:
    """The digits (N,) that the network of make_cnn with these parameters sees in uint8 images (N, 28, 28)."""
    exact = {name: value.astype(np.float32) for name, value in params.items()}
    found = []
    with np.errstate(all="ignore"):
        for start in range(0, len(images), 250):
            x = np.divide(images[start : start + 250, np.newaxis], 255, dtype=np.float32)
            found.append(np.argmax(trusted_logits(CNN, exact, x), axis=1))
    return np.concatenate(found)
