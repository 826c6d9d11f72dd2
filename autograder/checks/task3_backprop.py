"""Checks of task 3: gradients, the training loop, accuracy, saving and loading.

Gradients are compared with central differences of the equations themselves, which no mistake of the student's earlier
tasks can spoil. Where such a mistake changes the network, a right backward pass is made of the student's own sigmoid,
softmax and loss instead, and training is compared with steps down the student's own gradients: it costs once.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, error_of, mutated_arguments, put_file, read_file, run
from autograder.calls.values import agrees
from autograder.checks import TaskData, check, most_degrees, threshold
from autograder.checks.descent import expect_descent
from autograder.checks.earlier import (
    builds_on,
    inputs_of,
    is_wrong,
    may_go_on,
    network_pass,
    own_labels,
    own_networks,
    packed,
    targets_of,
)
from autograder.expect import (
    SILENT_KINDS,
    CheckFailed,
    Partial,
    expect,
    expect_array,
    expect_attributes,
    expect_close,
    expect_close_shape,
    expect_dict,
    expect_function,
    expect_gradient,
    expect_number,
    expect_object,
    expect_parameters,
    expect_unchanged,
    network_digits,
    network_logits,
    quietly,
    ramp,
    random_network,
    show,
    spread,
    varied_network,
)
from autograder.notebook.npz import read_npz

TASK = "task3_backprop"
NAMES = ("W1", "b1", "W2", "b2")
LOSS_ATOL = 2e-3  # of a loss printed with three or more decimals
STEP_RTOL = 2e-3  # of the change of a parameter that is kept in float32
IMAGES, EPOCHS = 2_000, 20  # of the training check: 0.3 s; as many images as a notebook's own check has
# Half the default: it reads as well, and every order of the mini-batches goes the same way to within six degrees.
SCORED: dict[str, Any] = {"epochs": EPOCHS, "batch_size": 100, "learning_rate": 0.5}
# What of tasks 1 and 2 has a part in training.
EARLIER = ("sigmoid", "softmax", "cross_entropy", "one_hot", "flatten")
ALONG, LENGTHS = (
    0.85,
    (0.6, 1.6),
)  # how well one epoch of small steps follows the gradient; a right one: 0.93, 0.8 to 1.2
EPOCH_LINE = re.compile(r"\s*epoch\s*(\d+)\s*:\s*loss\s*[:=]?\s*([-+.\w]+)\s*", re.IGNORECASE | re.ASCII)

Params = dict[str, np.ndarray]


# --- Softmax with cross-entropy -----------------------------------------------------------------------------------


@check(TASK, points=6, equation="(14)")
def output_gradient(student: Proxy, reference: Proxy, rng: Any) -> None:
    """The gradient of softmax and cross-entropy is that of the mean loss of the batch."""
    for batch, classes in ((4, 7), (9, 3)):
        a = 2 * rng.normal(size=(batch, classes))
        t = np.eye(classes)[rng.integers(0, classes, size=batch)]
        y = np.exp(a - np.logaddexp.reduce(a, axis=1, keepdims=True))
        d_a = expect_function(student, "softmax_cross_entropy_backward")(y, t)
        hint = "The loss (12) is the mean over the batch, so 1/B is part of its gradient. Each row of it sums to 0."
        name = "softmax_cross_entropy_backward"
        d_a = expect_close(d_a, reference.softmax_cross_entropy_backward(y, t), name, hint=hint)
        expect_gradient(lambda v, t=t: mean_loss(v, t), a, np.ones(()), d_a, name, hint=hint)
    expect_unchanged(student)


def mean_loss(a: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Mean cross-entropy in nats of softmax(a), () float. a, t: (B, C). Handout eq. (5), (12)."""
    with np.errstate(all="ignore"):
        return np.mean(np.logaddexp.reduce(a, axis=1) - np.sum(t * a, axis=1))


# --- Affine -------------------------------------------------------------------------------------------------------


@check(TASK, points=3, equation="(4)")
def affine_layer(student: Proxy, reference: Proxy, rng: Any) -> None:
    """An affine layer computes x W + b, and backward uses what its own last forward got."""
    for batch, d_in, d_out in ((4, 5, 3), (6, 4, 4)):
        x, W, b = rng.normal(size=(batch, d_in)), rng.normal(size=(d_in, d_out)), rng.normal(size=d_out)
        y = layer(student, "Affine", W, b)("forward", x)
        hint = "One example is one row: the inner dimension of the product is d_in."
        expect_close(y, reference.Affine(W, b).forward(x), "Affine.forward", hint=hint)
    other, third = rng.normal(size=(2, 6, 4))
    d_out = rng.normal(size=(6, 4))
    one, two, fresh = (layer(student, "Affine", W, b) for _ in range(3))
    first = expect_array(one("forward", other), (6, 4), "Affine.forward")
    one("forward", third)
    two("forward", x)
    one("backward", d_out)
    got = one.gradient("d_W", (4, 4))
    fresh("forward", third)
    fresh("backward", d_out)
    hint = (
        "Keep x as self.x in every forward: not in the class, not in a global, and not only the first time."
    )
    name = "Affine.d_W after forward was called twice, with another layer in use"
    expect_close(got, fresh.gradient("d_W", (4, 4)), name, hint=hint)
    expect_close(
        one("forward", other), first, "Affine.forward after backward", hint="backward must not change W or b."
    )
    expect_unchanged(student)


@check(TASK, points=6, equation="(18)")
def affine_backward_x(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Affine.backward returns the gradient with respect to x."""
    for x, W, b, d_out in affine_cases(rng):
        affine = layer(student, "Affine", W, b)
        affine("forward", x)
        d_x = affine("backward", d_out)
        hint = "Every input reaches all outputs through W: d_x has the shape of x, and one product gives that shape."
        expect_gradient(lambda v, W=W, b=b: v @ W + b, x, d_out, d_x, "Affine.backward d_x", hint=hint)


@check(TASK, points=6, equation="(19)")
def affine_backward_W(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Affine.backward keeps the gradient with respect to W as d_W."""
    for x, W, b, d_out in affine_cases(rng):
        d_W = backward_of_affine(student, x, W, b, d_out).gradient("d_W", W.shape)
        hint = "A weight is used by every example: its gradient is a sum over the batch. The 1/B is already in d_out."
        expect_gradient(lambda v, x=x, b=b: x @ v + b, W, d_out, d_W, "Affine.backward d_W", hint=hint)


@check(TASK, points=4, equation="(20)")
def affine_backward_b(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Affine.backward keeps the gradient with respect to b as d_b, in the shape of b."""
    for x, W, b, d_out in affine_cases(rng):
        d_b = backward_of_affine(student, x, W, b, d_out).gradient("d_b", b.shape)
        hint = "A bias is used once by every example: one sum for each column of d_out."
        expect_gradient(lambda v, x=x, W=W: x @ W + v, b, d_out, d_b, "Affine.backward d_b", hint=hint)


def affine_cases(rng: Any) -> list[tuple[np.ndarray, ...]]:
    """(x, W, b, d_out) of a batch, of a square W with as many examples, and of a single example."""
    sizes = ((5, 4, 3), (4, 4, 4), (1, 5, 3))
    return [
        (rng.normal(size=(n, i)), rng.normal(size=(i, o)), rng.normal(size=o), rng.normal(size=(n, o)))
        for n, i, o in sizes
    ]


def backward_of_affine(
    student: Proxy, x: np.ndarray, W: np.ndarray, b: np.ndarray, d_out: np.ndarray
) -> _Layer:
    """A layer of the student after one forward and one backward."""
    affine = layer(student, "Affine", W, b)
    affine("forward", x)
    affine("backward", d_out)
    return affine


class _Layer:
    """An object of the student that may turn out to be anything: ``layer("forward", x)`` calls its method."""

    def __init__(self, made: Any, kind: str) -> None:
        self._made, self._kind = made, kind

    def __call__(self, method: str, argument: np.ndarray) -> Any:
        return expect_function(expect_object(self._made, self._kind), method)(argument)

    def gradient(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The attribute ``name`` as an array of ``shape``."""
        (value,) = expect_attributes(self._made, [name], self._kind)
        return expect_close_shape(value, shape, f"{self._kind}.{name}", loose_shape=len(shape) == 1)


def layer(student: Proxy, kind: str, *arguments: np.ndarray) -> _Layer:
    """A new layer of the student's class ``kind``."""
    return _Layer(expect_function(student, kind)(*arguments), kind)


# --- Sigmoid ------------------------------------------------------------------------------------------------------


@check(TASK, points=7, equation="(2), (21)")
@builds_on("sigmoid")
def sigmoid_layer(student: Proxy, reference: Proxy, rng: Any) -> None:
    """The sigmoid layer and its gradient are right, also for large inputs."""
    x, other, d_out = 2 * rng.normal(size=(3, 4, 5))
    sigmoid = layer(student, "Sigmoid")
    sigmoid("forward", other)
    y = expect_array(sigmoid("forward", x), x.shape, "Sigmoid.forward")
    d_x = expect_array(sigmoid("backward", d_out), x.shape, "Sigmoid.backward")
    hint = "The slope is y (1 − y) with y what the last forward returned, times d_out element by element."
    if follows_own(student, "sigmoid", x, y, reference.Sigmoid().forward(x), "Sigmoid.forward"):
        expect_close(d_x, d_out * (y - y**2), "Sigmoid.backward", hint=hint)
    else:
        expect_gradient(lambda v: (1 + np.tanh(v / 2)) / 2, x, d_out, d_x, "Sigmoid.backward", hint=hint)
    hint = "backward must not write into what forward returned: no *= on it."
    expect_close(sigmoid("backward", d_out), d_x, "Sigmoid.backward called again", hint=hint)
    far = np.array([[-1000.0, 1000.0], [-745.0, 745.0], [-40.0, 40.0]])
    own = quietly(lambda: expect_array(expect_function(student, "sigmoid")(far), far.shape, "sigmoid"))
    if own is not None:  # otherwise task 1 has judged it
        sigmoid = layer(student, "Sigmoid")
        expect_close(sigmoid("forward", far), own, "Sigmoid.forward of ±1000, ±745, ±40")
        d_x = sigmoid("backward", np.ones_like(far))
        with np.errstate(all="ignore"):
            slope = own - own**2  # 0, unless task 1 is wrong
        expect_close(d_x, slope, "Sigmoid.backward far from 0", atol=1e-6)
    if not any(call.startswith("sigmoid (") for call in mutated_arguments(student)):  # that costs in task 1
        expect_unchanged(student)


def follows_own(
    student: Proxy, function: str, x: np.ndarray, got: np.ndarray, expected: np.ndarray, name: str
) -> bool:
    """False when ``got`` is as expected; True when it is what the student's own earlier ``function`` makes of ``x``.

    A wrong earlier task has cost its points there. A constant result is no base to go on from.
    """
    try:
        expect_close(got, expected, name)
        return False
    except CheckFailed:
        own = quietly(
            lambda: expect_close(
                got, expect_array(expect_function(student, function)(x), x.shape, function), name
            )
        )
        if own is None or spread(own) < 1e-3:
            raise
        return True


# --- The network --------------------------------------------------------------------------------------------------


@check(TASK, points=13, equation="(12), (13)")
@builds_on("sigmoid", "softmax", "cross_entropy")
def network_gradients(student: Proxy, reference: Proxy, rng: Any) -> None:
    """loss_and_gradients returns the mean loss and its gradient for every parameter."""
    params = random_network(6, rng, inputs=9, classes=4)
    x, t = rng.uniform(size=(5, 9)), np.eye(4)[rng.integers(0, 4, size=5)]
    result = expect_function(student, "loss_and_gradients")(params, x, t)
    try:
        expect_pass(result, *reference.loss_and_gradients(params, x, t))
    except CheckFailed:
        own = quietly(lambda: network_pass(params, x, t, student))
        if own is None:
            raise
        try:
            expect_pass(result, *own)
        except CheckFailed:
            if not is_wrong(student, "sigmoid", "softmax", "cross_entropy"):
                raise
            follow_own_loss(student, params, x, t, own[0])
        return
    expect_unchanged(student)
    own_numbers = np.random.default_rng(int(rng.integers(2**31)))
    params = {name: value.astype(np.float32) for name, value in random_network(100, own_numbers).items()}
    x, t = (
        own_numbers.random((8, 784), dtype=np.float32),
        np.eye(10, dtype=np.float32)[own_numbers.integers(10, size=8)],
    )
    _, grads = loss_and_gradients(student, params, x, t)
    exact = {name: value.astype(np.float64) for name, value in params.items()}
    for name in NAMES:
        expect_gradient(
            lambda v, name=name: mean_loss(network_logits({**exact, name: v}, x), t),
            exact[name],
            np.ones(()),
            grads[name],
            f"784-100-10 in float32: the gradient of {name}",
        )


def expect_pass(result: Any, loss: Any, grads: Params) -> None:
    """``result`` is this loss, which a wrong task 2 may make an array, and these gradients."""
    got_loss, got_grads = expect_pair(result)
    if not (isinstance(loss, np.ndarray) and isinstance(got_loss, np.ndarray) and agrees(got_loss, loss)):
        got_loss = expect_number(got_loss, "loss_and_gradients: the loss")
        hint = "The loss is cross_entropy of what forward computes: affine, sigmoid, affine, softmax."
        expect_close(got_loss, loss, "loss_and_gradients: the loss", hint=hint)
    got_grads = expect_parameters(got_grads, grads, "loss_and_gradients: the gradient of")
    hint = "Walk back through the layers in reverse order; each gets what the one behind it returned."
    for name in NAMES:
        expect_close(got_grads[name], grads[name], f"loss_and_gradients: the gradient of {name}", hint=hint)


def expect_pair(result: Any) -> tuple[Any, Any]:
    """What loss_and_gradients returned, as two values."""
    expect(
        type(result) in (tuple, list) and len(result) == 2,
        f"loss_and_gradients: got {show(result)}, expected the loss and a dict of gradients",
        "Return both: loss, grads.",
    )
    return result[0], result[1]


def loss_and_gradients(student: Proxy, params: Params, x: np.ndarray, t: np.ndarray) -> tuple[float, Params]:
    """The student's loss_and_gradients, in the right types and shapes."""
    loss, grads = expect_pair(expect_function(student, "loss_and_gradients")(params, x, t))
    if isinstance(loss, np.ndarray) and loss.ndim == 1 and len(loss) == len(x):
        loss = float(np.mean(expect_array(loss, loss.shape, "loss_and_gradients: the loss")))
    loss = expect_number(loss, "loss_and_gradients: the loss")
    return loss, expect_parameters(grads, params, "loss_and_gradients: the gradient of")


def follow_own_loss(student: Proxy, params: Params, x: np.ndarray, t: np.ndarray, own: Any) -> None:
    """The loss is the student's ``own``, which tasks 1 and 2 have judged already, and the gradients are its."""
    loss, grads = loss_and_gradients(student, params, x, t)
    expect_close(loss, expect_number(own, "cross_entropy"), "loss_and_gradients: the loss")
    for name in NAMES:
        expect(
            bool(np.abs(grads[name]).max() > 1e-6),
            f"loss_and_gradients: the gradient of {name} is zero everywhere",
            "forward or cross_entropy does not depend on it: mend tasks 1 and 2 first.",
        )
        expect_gradient(
            lambda v, name=name: np.array(loss_and_gradients(student, {**params, name: v}, x, t)[0]),
            params[name],
            np.ones(()),
            grads[name],
            f"loss_and_gradients: the gradient of {name}",
        )


# --- Steps --------------------------------------------------------------------------------------------------------


@check(TASK, points=5, equation="(22)")
def sgd_step(student: Proxy, reference: Proxy, rng: Any) -> None:
    """sgd_update moves every parameter against its gradient, by the learning rate."""
    params = random_network(6, rng, inputs=5, classes=4)
    expected = params
    for step, rate in enumerate((0.3, 0.05), 1):
        grads = random_network(6, rng, inputs=5, classes=4)
        updated = expect_function(student, "sgd_update")(params, grads, rate)
        expect(
            updated is not None, "sgd_update: got None, expected the updated dict", "Return the dict as well."
        )
        params = expect_parameters(updated, params, "sgd_update")
        expected = reference.sgd_update(expected, grads, rate)
        hint = "Downhill is against the gradient: η times it is subtracted, for every name."
        for name in NAMES:
            expect_close(
                params[name], expected[name], f"sgd_update: {name} after step {step}", rtol=1e-5, hint=hint
            )
    changed = [call for call in mutated_arguments(student) if call.endswith("(argument 2)")]
    expect(not changed, "sgd_update changed the gradients", "Only params may be changed in place.")


@check(TASK, points=6, equation="(22)")
@builds_on(*EARLIER)
def train_full_batch(student: Proxy, reference: Proxy, rng: Any) -> None:
    """With batch_size = N, training is one exact step downhill for each epoch."""
    params = random_network(3, rng)
    images, labels = rng.integers(0, 256, size=(6, 28, 28), dtype=np.uint8), rng.integers(0, 10, size=6)
    try:
        for epochs in (1, 3):
            trained = train(
                student, params, images, labels, epochs=epochs, batch_size=6, learning_rate=0.6, seed=5
            )
            expected = reference.train(
                params, images, labels, epochs=epochs, batch_size=6, learning_rate=0.6, seed=5
            )
            expect_same_steps(trained, expected, params, epochs)
    except (CheckFailed, CodeError) as failure:
        again(student, failure, lambda way: expect_own_steps(student, params, images, labels, way))


def again(student: Proxy, failure: CheckFailed | CodeError, judge: Callable[[int], None]) -> None:
    """Judge training once more, on the student's own gradients, where tasks 1 and 2 may be to blame for ``failure``.

    ``judge(0)`` does so as it was. Then come gentle ways, with small steps: ``judge(1)`` and ``judge(2)``.
    """
    if not may_go_on(student, failure, *EARLIER):
        raise failure
    for way in range(3):
        try:
            judge(way)
            return
        except CheckFailed:
            pass
        except CodeError as error:
            if error.kind not in SILENT_KINDS:
                raise
    raise failure


def told_apart(labels: np.ndarray, way: int) -> np.ndarray:
    """Labels that a wrong one_hot can still write: 0 as they are, 1 from 1 to 8, 2 with the highest one, 9."""
    if way == 0:
        return labels
    labels = labels.astype(np.int64) % 8 + 1
    return labels if way == 1 else np.where(labels == labels.max(), 9, labels)


def small_rate(student: Proxy, params: Params, images: np.ndarray, labels: np.ndarray) -> float:
    """A learning rate with which one step changes no parameter by more than 0.0002."""
    x, t = images[:10].reshape(-1, 784) / 255, targets_of(student, labels[:10])[-1]
    _, grads = loss_and_gradients(student, params, x, t)
    largest = max(float(np.abs(grads[name]).max()) for name in NAMES)
    expect(largest > 0, "the gradients are 0 everywhere")
    return min(0.05, 0.0002 / largest)


def expect_own_steps(
    student: Proxy, params: Params, images: np.ndarray, labels: np.ndarray, way: int
) -> None:
    """With batch_size = N, training follows the student's own gradients, for which other checks are there."""
    labels = told_apart(labels, way)
    rate = small_rate(student, params, images, labels) if way else 0.6
    for epochs in (1, 3):
        options = {"epochs": epochs, "batch_size": len(images), "learning_rate": rate, "seed": 5}
        trained, fits = train(student, params, images, labels, **options), []
        for x in inputs_of(student, images):
            for t in targets_of(student, labels):
                end, _ = descent(student, params, x, t, rate=rate, steps=epochs)
                fits.append(passes(expect_same_steps, trained, end, params, epochs))
        expect(any(fits), "train does not follow the gradients")


def passes(test: Callable[..., Any], *arguments: Any) -> bool:
    """Whether ``test`` of the ``arguments`` finds nothing wrong."""
    try:
        test(*arguments)
    except CheckFailed:
        return False
    return True


def train(student: Proxy, params: Params, images: np.ndarray, labels: np.ndarray, **options: Any) -> Params:
    """The student's train, in the right types and shapes."""
    trained = expect_function(student, "train")(params, images, labels, **options)
    expect(trained is not None, "train: got None, expected the trained parameters", "Return them at the end.")
    return expect_parameters(trained, params, "train")


def expect_same_steps(trained: Params, expected: Params, start: Params, epochs: int) -> None:
    hint = "With B = N an epoch is one step: pixels in 0..1, gradients of the mean loss, times the learning rate."
    for name in NAMES:
        step, right = trained[name] - start[name], expected[name] - start[name]
        title = f"train, {epochs} epoch{'s' if epochs > 1 else ''} with B = N: the change of {name}"
        expect_close(step, right, title, rtol=STEP_RTOL, atol=1e-6, hint=hint)


def descent(
    student: Proxy, params: Params, x: np.ndarray, t: np.ndarray, *, rate: float, steps: int
) -> tuple[Params, list[float]]:
    """Parameters after, and losses before, each of some full steps down the student's own gradients."""
    at, losses = params, []
    for _ in range(steps):
        loss, grads = loss_and_gradients(student, at, x, t)
        expect(any(np.abs(grads[name]).max() > 1e-6 for name in NAMES), "the gradients are zero")
        at = {name: at[name] - rate * grads[name] for name in NAMES}
        losses.append(loss)
    return at, losses


@check(TASK, points=5, equation="(12)")
@builds_on(*EARLIER)
def train_prints_epochs(student: Proxy, reference: Proxy, rng: Any) -> None:
    """After every epoch one line, "epoch 1: loss 0.4321", with the mean loss of its mini-batches before their steps."""
    # All images are the same, so that every order of them gives the same losses.
    params = random_network(3, rng)
    images = np.repeat(rng.integers(0, 256, size=(1, 28, 28), dtype=np.uint8), 12, axis=0)
    labels = np.repeat(rng.integers(0, 10, size=1), 12)
    arguments = (params, images, labels)
    options: dict[str, Any] = {"epochs": 3, "batch_size": 4, "learning_rate": 0.1, "seed": 1}
    try:
        printed = epoch_losses(run(expect_function(student, "train"), *arguments, **options).stdout, 3)
        expected = epoch_losses(run(reference.train, *arguments, **options).stdout, 3)
        expect_losses(printed, expected)
    except (CheckFailed, CodeError) as failure:
        again(student, failure, lambda way: expect_own_losses(student, *arguments, way))


def expect_own_losses(
    student: Proxy, params: Params, images: np.ndarray, labels: np.ndarray, way: int
) -> None:
    """The printed losses are those on the way down the student's own gradients."""
    labels = told_apart(labels, way)
    rate = small_rate(student, params, images, labels) if way else 0.1
    options: dict[str, Any] = {"epochs": 3, "batch_size": 4, "learning_rate": rate, "seed": 1}
    done = run(expect_function(student, "train"), params, images, labels, **options)
    printed, fits = epoch_losses(done.stdout, 3), []
    for x in inputs_of(student, images[:4]):
        for t in targets_of(student, labels[:4]):
            _, losses = descent(student, params, x, t, rate=rate, steps=9)
            expected = list(np.reshape(losses, (3, 3)).mean(axis=1))
            fits.append(passes(expect_losses, printed, expected))
    expect(any(fits), "train prints other losses than those of its gradients")


def epoch_losses(printed: str, epochs: int) -> list[float]:
    """The losses in the lines that train printed; one line an epoch, counted from 1."""
    lines = [line for line in printed.splitlines() if line.strip()]
    hint = 'One print in the loop over the epochs: "epoch 1: loss 0.4321", and nothing else.'
    expect(
        len(lines) == epochs, f"train printed {len(lines)} lines in {epochs} epochs, expected {epochs}", hint
    )
    losses: list[float] = []
    for number, line in enumerate(lines, 1):
        match = EPOCH_LINE.fullmatch(line)
        try:
            counted, loss = (int(match[1][:9]), float(match[2].replace("_", "x"))) if match else (0, np.nan)
        except ValueError:
            match = None
        if match is None:
            raise CheckFailed(
                f"train printed {show(line)}, expected a line like 'epoch {number}: loss 0.4321'", hint
            )
        expect(
            counted == number, f"train printed {show(line)}, expected epoch {number}: they count from 1", hint
        )
        losses.append(loss)
    return losses


def expect_losses(printed: list[float], expected: list[float]) -> None:
    hint = (
        "The mean of the losses of this epoch's mini-batches, as loss_and_gradients returns them for each step: before the "
        "parameters change. Neither the last one, nor their sum, nor the loss after the epoch."
    )
    for number, (got, right) in enumerate(zip(printed, expected, strict=True), 1):
        expect_close(
            got,
            right,
            f"train: the loss printed for epoch {number}, the mean over its mini-batches, each before its step",
            rtol=0,
            atol=LOSS_ATOL,
            hint=hint,
        )


@check(TASK, points=6, equation="(22)")
@builds_on(*EARLIER)
def train_reduces_loss(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """Training makes the loss fall, and every image takes part in it."""
    own_numbers = np.random.default_rng(int(rng.integers(2**31)))
    params = random_network(100, own_numbers)
    count = min(len(data.train[0]), 1_950)  # no multiple of the 100 of a mini-batch
    images, labels = np.array(data.train[0][:count]), np.array(data.train[1][:count])
    lit, small = lit_images(60), random_network(3, own_numbers)
    digits = own_numbers.integers(0, 10, size=60)
    try:
        expect_lower_loss(student, params, images, labels)
        expect_all_used(student, small, lit, digits, rate=0.5, batch=7)
    except (CheckFailed, CodeError) as failure:

        def judge(way: int) -> None:
            expect(way > 0, "the same again")
            expect_downhill(student, way)
            labels = told_apart(digits, way)
            rate = small_rate(student, small, lit, labels)
            expect_all_used(student, small, lit, labels, rate=rate, batch=6)

        again(student, failure, judge)


def expect_lower_loss(student: Proxy, params: Params, images: np.ndarray, labels: np.ndarray) -> None:
    trained = train(student, params, images, labels, epochs=5, seed=2)
    x, t = images[:500].reshape(-1, 784) / 255, np.eye(10)[labels[:500]]
    before, after = (float(mean_loss(network_logits(p, x), t)) for p in (params, trained))
    hint = "Do image and label still belong together after the shuffle? Is the updated dict used in the next step?"
    message = (
        f"train: the loss of its images is {before:.3f} before and {after:.3f} after 5 epochs, expected below"
    )
    expect(after < 1.5 and after < before, f"{message} 1.5", hint)  # untrained: 2.3; the reference: 0.7


def lit_images(count: int, each: int = 1) -> np.ndarray:
    """Images in which ``each`` pixels are lit, and no pixel in two of them."""
    images = np.zeros((count, 784), dtype=np.uint8)
    images[np.repeat(np.arange(count), each), np.arange(count * each)] = 255
    return images.reshape(count, 28, 28)


def expect_all_used(
    student: Proxy, params: Params, images: np.ndarray, labels: np.ndarray, *, rate: float, batch: int
) -> None:
    """One pixel is lit in each of these images: only rows of W1 whose image was used can change."""
    count = len(images)
    options = {"epochs": 1, "batch_size": batch, "learning_rate": rate, "seed": 3}
    trained = train(student, params, images, labels, **options)
    used = int((np.abs(trained["W1"] - params["W1"])[:count].max(axis=1) > 2e-5 * rate).sum())
    expect(
        used >= 0.4 * count,  # eight independent mini-batches of 7 use 38 of 60 on average
        f"train: {used} of {count} images had an influence in one epoch of mini-batches of {batch}, expected (nearly) all",
        "An epoch walks through all of a shuffled list of indices, in portions of batch_size.",
    )


def expect_downhill(student: Proxy, way: int) -> None:
    """One epoch of small steps moves the weights against the student's own gradients.

    To first order the way does not depend on the order of the images, and no network has to learn anything for it.
    Each digit lights pixels of its own, so their rows of W1 say whether image and label have stayed together.
    """
    params, batch = random_network(12, np.random.default_rng(5)), 8
    kinds = np.tile(np.arange(8), 8)
    images, labels = lit_images(8, each=90)[kinds], told_apart(kinds, way)
    rate = small_rate(student, params, images, labels)
    trained = train(student, params, images, labels, epochs=1, batch_size=batch, learning_rate=rate, seed=3)
    moved, fits = trained["W1"] - params["W1"], []
    for x in inputs_of(student, images):
        for t in targets_of(student, labels):
            due = np.zeros_like(params["W1"])
            for part in np.split(np.arange(len(labels)), len(labels) // batch):
                due -= rate * loss_and_gradients(student, params, x[part], t[part])[1]["W1"]
            length = float(np.linalg.norm(moved)) / max(float(np.linalg.norm(due)), 1e-30)
            along = (
                float(np.sum(moved * due)) / max(float(np.linalg.norm(due)), 1e-30) ** 2 / max(length, 1e-30)
            )
            fits.append(along > ALONG and LENGTHS[0] < length < LENGTHS[1])
    expect(any(fits), "train does not go down the gradients")


@check(TASK, points=5)
@builds_on(*EARLIER)
def train_seeded(student: Proxy, reference: Proxy, rng: Any) -> None:
    """The same seed gives the same network, another seed another, and the caller's arrays stay as they are."""
    own_numbers = np.random.default_rng(int(rng.integers(2**31)))
    params = random_network(3, own_numbers)
    images = own_numbers.integers(0, 256, size=(30, 28, 28), dtype=np.uint8)
    labels = own_numbers.integers(0, 10, size=30)
    try:
        expect_seeded(student, params, images, labels, batch_size=8, learning_rate=0.5)
    except (CheckFailed, CodeError) as failure:

        def judge(way: int) -> None:
            expect(way > 0, "the same again")
            others = told_apart(labels, way)
            rate = small_rate(student, params, images, others)
            expect_seeded(student, params, images, others, batch_size=6, learning_rate=rate)

        again(student, failure, judge)


def expect_seeded(
    student: Proxy, params: Params, images: np.ndarray, labels: np.ndarray, **options: Any
) -> None:
    first, repeated, other = (
        train(student, params, images, labels, epochs=2, seed=seed, **options) for seed in (11, 11, 12)
    )
    expect_unchanged(student, "Learn on a copy of every array: a new dict of the same arrays is not one.")
    hint = "Make one generator from seed at the beginning, and draw everything random from it."
    for name in NAMES:
        expect_close(
            repeated[name], first[name], f"train with the same seed again: {name}", rtol=1e-5, hint=hint
        )
    moved = max(np.abs(first[name] - params[name]).max() for name in NAMES)
    expect(moved > 1e-5, "train: it returned the parameters it was given", "Return what has been trained.")
    differ = max(np.abs(first[name] - other[name]).max() for name in NAMES)
    expect(differ > 1e-7, "train: the seeds 11 and 12 give the same result", hint)


# --- Accuracy -----------------------------------------------------------------------------------------------------


@check(TASK, points=4, equation="(7)")
@builds_on("flatten", "classify")
def accuracy_fraction(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """accuracy is the fraction of images read correctly, whatever their number."""
    own_numbers = np.random.default_rng(int(rng.integers(2**31)))
    count = 2_345
    images = np.array(data.train[0])[np.arange(count) % len(data.train[0])]
    params = varied_network(30, images, own_numbers)
    try:
        digits = network_digits(params, images)
        expect_fraction(student, params, images, digits, int(digits[0]))
    except CheckFailed as failure:
        if may_go_on(student, failure, "flatten", "classify", "sigmoid") and follows_own_digits(
            student, params, images
        ):
            return
        raise


def follows_own_digits(student: Proxy, params: Params, images: np.ndarray) -> bool:
    """Whether accuracy is right when the student's own earlier tasks say what the network sees."""
    for x in inputs_of(student, images):
        for network in own_networks(student, params, x[:200]):
            own, few = own_labels(student, network, x), images
            if own is None or not agrees(own, own_labels(student, network, x, 100)):
                # A wrong softmax lets examples influence each other: one batch.
                few = images[:60]
                own = own_labels(student, network, x[:60])
            alone = own_labels(student, network, x[:1])
            if own is None or alone is None or len(set(own.tolist())) < 3:
                continue
            if passes(expect_fraction, student, network, few, own, int(alone[0])):
                return True
    return False


def expect_fraction(
    student: Proxy, params: Params, images: np.ndarray, digits: np.ndarray, alone: int
) -> None:
    """accuracy is right when ``digits`` are what the network sees in the images, ``alone`` in the first by itself."""
    count = len(images)
    accuracy = expect_function(student, "accuracy")
    # The last part is worse than the others.
    wrong = np.arange(count) % 10 < np.where(np.arange(count) < 0.85 * count, 3, 8)
    labels = np.where(wrong, (digits + 1 + np.arange(count) % 9) % 10, digits).astype(np.uint8)
    hint = "Count what is right in all the parts and divide once, by the number of images: a fraction, not percent."
    name = f"accuracy of {count} images"
    got = expect_number(accuracy(params, images, labels), name)
    expect_close(got, float(np.mean(labels == digits)), name, rtol=0, atol=1e-3, hint=hint)
    for label, right in ((alone, 1.0), ((alone + 1) % 10, 0.0)):
        got = expect_number(
            accuracy(params, images[:1], np.array([label], dtype=np.uint8)), "accuracy of one image"
        )
        expect_close(got, right, "accuracy of one image", atol=1e-9)


@check(TASK, points=14, equation="(22)", seconds=80)
@builds_on(*EARLIER)
def train_accuracy(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> Partial | None:
    """A network trained by train reads images that it has never seen."""
    try:
        reached = scored_training(student, rng, data)
        if reached is None or not is_wrong(student, *EARLIER):
            return reached
        failure: CheckFailed | CodeError = CheckFailed(reached.message)
    except (CheckFailed, CodeError) as raised:
        reached, failure = None, raised

    def judge(way: int) -> None:
        """With wrong earlier parts a right loop may not learn to read: is it right, on what they give?"""
        expect(way > 0, "the same again")
        x, t = lit_images(8, each=90).reshape(8, 784) / 255, np.eye(10)[np.arange(1, 9)]
        params = random_network(5, np.random.default_rng(6))
        result = expect_function(student, "loss_and_gradients")(params, x, t)
        expect_pass(result, *network_pass(params, x, t, student))
        expect_downhill(student, way)

    try:
        again(student, failure, judge)
    except CheckFailed:
        if reached is not None:
            return reached
        raise
    return None


@dataclass(frozen=True)
class Problem:
    """What train is given, and what its result is judged by.

    The digits are renamed at random, and the start is drawn anew. So weights that came with the notebook are worth
    nothing, also when their digits are renamed to fit the labels: see `descent`.
    """

    start: Params
    images: np.ndarray
    labels: np.ndarray
    seed: int
    unseen: tuple[np.ndarray, np.ndarray]

    def trained_by(self, student: Proxy) -> Params:
        """What the student's train makes of the start."""
        return train(student, self.start, self.images, self.labels, **SCORED, seed=self.seed)

    def accuracy(self, trained: Params) -> float:
        """The fraction of unseen images, 0..1, that ``trained`` reads."""
        return float(np.mean(network_digits(trained, self.unseen[0]) == self.unseen[1]))


def training_problem(rng: Any, data: TaskData) -> Problem:
    """`IMAGES` random images, random names for the digits, a random start."""
    count = min(IMAGES, len(data.train[0]))
    chosen = np.sort(rng.choice(len(data.train[0]), size=count, replace=False))
    names = rng.permutation(10)
    start = random_network(100, np.random.default_rng(int(rng.integers(2**31))))
    images, labels = np.array(data.train[0][chosen]), names[data.train[1][chosen]]
    unseen = data.held_out[0], names[data.held_out[1]]
    return Problem(start, images, labels, int(rng.integers(2**31)), unseen)


def scored_training(student: Proxy, rng: Any, data: TaskData) -> Partial | None:
    """The points for what train makes of a random problem, which must be what gradient descent makes of it."""
    problem = training_problem(rng, data)
    trained = problem.trained_by(student)
    name = f"accuracy after {EPOCHS} epochs of {IMAGES} images"
    reached = ramp(problem.accuracy(trained), *threshold(TASK, "train_accuracy"), name)
    most = most_degrees(TASK, "train_accuracy")
    expect_descent(problem.start, trained, problem.images, problem.labels, most, **SCORED)
    return reached


# --- Saving and loading -------------------------------------------------------------------------------------------


@check(TASK, points=6)
def save_load(student: Proxy, reference: Proxy, rng: Any) -> None:
    """What was saved is loaded again bit by bit, from exactly the path that was given."""
    own_numbers = np.random.default_rng(int(rng.integers(2**31)))
    save, load = expect_function(student, "save_parameters"), expect_function(student, "load_parameters")
    # The same path twice: the second network replaces the first.
    for file, hidden, dtype in (("network.npz", 7, "f4"), ("network", 4, "f8"), ("network", 9, "f4")):
        params = {name: value.astype(dtype) for name, value in random_network(hidden, own_numbers).items()}
        path = put_file(student, file, None)
        save(path, params)
        try:
            content = read_file(student, path)
        except CodeError as error:
            if error.kind != "missing":
                raise
            hint = "np.savez adds .npz to a name without it. It adds nothing to an open file."
            raise CheckFailed(f"save_parameters: there is no file {file!r} afterwards", hint) from None
        expect_same_bits(archive(content), params, f"the file {file!r} of save_parameters")
        expect_same_bits(load(path), params, "load_parameters after save_parameters")


def archive(content: bytes) -> dict[str, np.ndarray]:
    """The arrays in an .npz file of the student."""
    try:
        return read_npz(content)
    except Exception as error:  # whatever a strange file does to the reader, it is the file's fault
        raise CheckFailed(
            f"save_parameters: the file cannot be read: {error}", "np.savez writes such a file."
        ) from None


def expect_same_bits(value: Any, expected: Params, name: str) -> None:
    found = expect_dict(value, NAMES, name)
    for key, right in expected.items():
        array = expect_array(found[key], right.shape, f"{name}: {key}")
        expect(array.dtype == right.dtype, f"{name}: {key} has dtype {array.dtype}, expected {right.dtype}")
        expect(
            np.array_equal(array, right),
            f"{name}: {key} differs from what was saved",
            "Save every array as it is.",
        )


@check(TASK, points=4)
def load_rejects(student: Proxy, reference: Proxy, rng: Any) -> None:
    """A file that is not what it should be raises a ValueError, and nothing in it is ever run."""
    params = random_network(4, np.random.default_rng(int(rng.integers(2**31))))
    load = expect_function(student, "load_parameters")
    expect_same_bits(
        load(put_file(student, "good.npz", packed(params))), params, "load_parameters of a good file"
    )

    mark = put_file(student, "mark", None)
    bomb = np.empty(4, dtype=object)
    bomb[:] = [_Opens(mark)] * 4
    good = packed(params)
    one = io.BytesIO()
    np.save(one, params["W1"])
    files = {
        "without b1": (packed({name: params[name] for name in ("W1", "W2", "b2")}), "b1"),
        "with an array W3 too many": (packed({**params, "W3": params["W2"]}), "W3"),
        "with ints in W2": (packed({**params, "W2": np.ones((4, 10), dtype=np.int64)}), "W2"),
        "with a 1-D W1": (packed({**params, "W1": params["W1"].ravel()}), "W1"),
        "with a 2-D b2": (packed({**params, "b2": params["b2"].reshape(1, 10)}), "b2"),
        "with a pickle in b1": (packed({**params, "b1": bomb}), None),
        "of text": (b"W1 = 3, b1 = 4\n" * 20, None),
        "cut off in the middle": (good[: len(good) // 2], None),
        "of one array (.npy)": (one.getvalue(), None),
    }
    for kind, (content, naming) in files.items():
        path = put_file(student, "bad.npz", content)
        expect_rejection(
            error_of(load, path), ("ValueError",), f"load_parameters of a file {kind}", naming, path
        )
    try:
        read_file(student, mark)
    except CodeError as error:
        if error.kind != "missing":
            raise
    else:
        raise CheckFailed(
            "load_parameters ran what the file's author had put in", "Load with allow_pickle=False."
        )
    path = put_file(student, "nowhere.npz", None)
    expect_rejection(
        error_of(load, path), ("FileNotFoundError",), "load_parameters without a file", None, path
    )


class _Opens:
    """Unpickling it makes an empty file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self._path, "w")


def expect_rejection(
    error: CodeError | None, types: tuple[str, ...], doing: str, naming: str | None, path: str
) -> None:
    """The call raised an error of one of ``types`` whose message has the array's name in it."""
    hint = "Look at everything in the file before you return it, and say what is wrong with which array."
    if error is None:
        raise CheckFailed(f"{doing}: no error was raised, expected {types[0]}", hint)
    said = f"{error.type_name}: {error.message}".replace(path, "…")
    expect(error.type_name in types, f"{doing}: got {show(said)}, expected {types[0]}", hint)
    expect(
        naming is None or naming in said,
        f"{doing}: got {show(said)}, expected a message that names {naming}",
        hint,
    )
