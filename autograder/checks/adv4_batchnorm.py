"""Checks of advanced task 4: batch normalization.

Accepted as merely different: ε inside or beside the root, plain or moving averages with either meaning of momentum and
any start, the variance over B or over B − 1 in the running statistics, ``(1, D)`` for ``(D,)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.calls import Proxy
from autograder.checks import check
from autograder.expect import (
    CheckFailed,
    expect,
    expect_array,
    expect_close,
    expect_close_shape,
    expect_gradient,
    expect_unchanged,
    show,
)

TASK = "adv4_batchnorm"
REPEATS = 200  # after which a moving average with weight 0.9 or less has forgotten what it started from
LEAST_WEIGHT = 1e-3  # of a batch in the running statistics, below which it does not count at all
TEST_TIME = "BatchNorm.forward(x, train=False)"
BATCH_NOT_ROW = "One mean and one variance per feature: over the examples of the batch, not over a row."
THREE_WAYS = "x reaches y in three ways: directly, through μ and through σ². Their gradients add up."


def batchnorm(owner: Any, gamma: np.ndarray, beta: np.ndarray, **options: Any) -> Proxy:
    """A new layer of the student's or the reference's."""
    cls = owner.BatchNorm
    expect(isinstance(cls, Proxy), f"BatchNorm: got {show(cls)}, expected a class")
    layer = cls(gamma, beta, **options)
    expect(isinstance(layer, Proxy), f"BatchNorm(gamma, beta): got {show(layer)}, expected a layer")
    return layer


def ask(layer: Proxy, method: str, *arguments: Any, **options: Any) -> Any:
    """What a method of ``layer`` returns."""
    bound = getattr(layer, method)
    expect(isinstance(bound, Proxy), f"BatchNorm.{method}: got {show(bound)}, expected a method")
    return bound(*arguments, **options)


def draw(rng: Any, batch: int, features: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x, γ, β): every feature has a mean and a spread of its own, and no γ is near 0 or 1.

    No spread is small, not even by chance: it must not matter whether ε = 10⁻⁵ stands inside or beside the root.
    """
    x = rng.normal(size=(batch, features))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    x = x * rng.uniform(4, 9, size=features) + rng.uniform(-9, 9, size=features)
    gamma = rng.uniform(1.3, 2.5, size=features) * rng.choice([-1.0, 1.0], size=features)
    return x, gamma, rng.normal(size=features) + 0.5


def at_test_time(
    z: np.ndarray, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> list[np.ndarray]:
    """Eq. (38) for ``z`` when every batch has been ``x``: with the variance over B, and over B − 1."""
    deviations = z - x.mean(axis=0)
    return [gamma * deviations / np.sqrt(x.var(axis=0, ddof=ddof) + eps) + beta for ddof in (0, 1)]


def expect_one_of(got: Any, candidates: list[np.ndarray], name: str, hint: str) -> None:
    """``got`` is one of the right answers; a failure tells of the first."""
    for candidate in candidates[1:]:
        try:
            expect_close(got, candidate, name, loose_shape=True)
            return
        except CheckFailed:
            continue
    expect_close(got, candidates[0], name, loose_shape=True, hint=hint)


def alone(
    student: Any, reference: Any, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, d_out: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(y, d_x) of a layer that has seen nothing but ``x``; fails when the student's has others.

    A check of something else begins with this, so that it does not blame what is not the cause.
    """
    layer, right = batchnorm(student, gamma, beta), batchnorm(reference, gamma, beta)
    y = ask(right, "forward", x)
    expect_close(ask(layer, "forward", x), y, "BatchNorm.forward", hint=BATCH_NOT_ROW)
    d_x = ask(right, "backward", d_out)
    expect_close(ask(layer, "backward", d_out), d_x, "BatchNorm.backward d_x", hint=THREE_WAYS)
    return y, d_x


@check(TASK, points=14, equation="(28)-(31)")
def batchnorm_forward(student: Any, reference: Any, rng: Any) -> None:
    """In training every feature is normalized over its batch, then scaled by γ and shifted by β."""
    cases = ((7, 4, np.float64, 1e-4), (4, 6, np.float64, 1e-4), (9, 5, np.float32, 1e-3))
    for batch, features, dtype, rtol in cases:
        x, gamma, beta = (array.astype(dtype) for array in draw(rng, batch, features))
        expected = ask(batchnorm(reference, gamma, beta), "forward", x)
        got = ask(batchnorm(student, gamma, beta), "forward", x)
        name = f"BatchNorm.forward, {np.dtype(dtype)}"
        expect_close(got, expected, name, rtol=rtol, hint=BATCH_NOT_ROW)
    layer = batchnorm(student, gamma, beta)
    ask(layer, "forward", x)
    other = draw(rng, *x.shape)[0]
    expected = ask(batchnorm(reference, gamma, beta), "forward", other)
    got = ask(layer, "forward", other)
    hint = "In training only this batch counts; the running statistics are for test time."
    expect_close(got, expected, "BatchNorm.forward of a second batch", rtol=1e-3, hint=hint)


@check(TASK, points=6, equation="(30)")
def batchnorm_epsilon(student: Any, reference: Any, rng: Any) -> None:
    """A feature that is the same in the whole batch becomes β, and eps is used as given."""
    x, gamma, beta = draw(rng, 6, 3)
    x[:, 1] = rng.integers(2, 5)
    got = expect_array(ask(batchnorm(student, gamma, beta), "forward", x), x.shape, "BatchNorm.forward")
    expect_close(got[:, 1], np.full(len(x), beta[1]), "BatchNorm.forward of a constant feature")
    x, gamma, beta = draw(rng, 6, 3)
    eps = 0.5
    inside = ask(batchnorm(reference, gamma, beta, eps=eps), "forward", x)
    beside = gamma * (x - x.mean(axis=0)) / (x.std(axis=0) + eps) + beta
    got = ask(batchnorm(student, gamma, beta, eps=eps), "forward", x)
    name, hint = "BatchNorm(γ, β, eps=0.5).forward", "ε is added to σ², under the root."
    expect_one_of(got, [inside, beside], name, hint)


@check(TASK, points=18, equation="(32)-(35)")
def batchnorm_backward_x(student: Any, reference: Any, rng: Any) -> None:
    """backward returns the gradient with respect to x, through the mean and the variance as well."""
    x, gamma, beta = draw(rng, 6, 4)
    d_out = rng.normal(size=x.shape)
    layer, right = batchnorm(student, gamma, beta), batchnorm(reference, gamma, beta)
    ask(layer, "forward", x)
    ask(right, "forward", x)
    d_x = ask(layer, "backward", d_out)
    name = "BatchNorm.backward d_x"
    expect_close(d_x, ask(right, "backward", d_out), name, hint=cause(d_x, x, gamma, d_out))
    probe = batchnorm(student, gamma, beta)
    expect_gradient(lambda moved: forward_of(probe, moved), x, d_out, d_x, name, hint=THREE_WAYS)
    for batch, features, dtype in ((30, 12, np.float64), (17, 5, np.float32)):
        x, gamma, beta = (array.astype(dtype) for array in draw(rng, batch, features))
        d_out = rng.normal(size=x.shape).astype(dtype)
        layer, right = batchnorm(student, gamma, beta), batchnorm(reference, gamma, beta)
        ask(layer, "forward", x)
        ask(right, "forward", x)
        got, expected = ask(layer, "backward", d_out), ask(right, "backward", d_out)
        rtol = 1e-4 if dtype is np.float64 else 1e-3
        expect_close(got, expected, f"{name}, {np.dtype(dtype)}", rtol=rtol, hint=THREE_WAYS)


def cause(d_x: Any, x: np.ndarray, gamma: np.ndarray, d_out: np.ndarray) -> str:
    """A hint that fits ``d_x`` when it is wrong."""
    direct = gamma * d_out / x.std(axis=0)
    centred = direct - direct.mean(axis=0)
    if isinstance(d_x, np.ndarray) and d_x.shape == x.shape and d_x.dtype.kind == "f":
        for wrong, taken in ((direct, "μ and σ² were"), (centred, "σ² was")):
            if np.allclose(d_x, wrong, rtol=1e-3):
                return f"It looks as if {taken} taken for constant. {THREE_WAYS}"
    return THREE_WAYS


def forward_of(layer: Proxy, x: np.ndarray) -> np.ndarray:
    """The layer's forward in training as a function that `expect_gradient` can differentiate."""
    return expect_array(ask(layer, "forward", x), x.shape, "BatchNorm.forward")


@check(TASK, points=8, equation="(36)")
def batchnorm_backward_gamma(student: Any, reference: Any, rng: Any) -> None:
    """backward sets d_gamma: what was multiplied by γ, times d_out, summed over the batch."""
    hint = "γ multiplies x̂, not x. Every example of the batch uses the same γ."
    follow_parameter(student, reference, rng, "gamma", 7, hint)


@check(TASK, points=6, equation="(37)")
def batchnorm_backward_beta(student: Any, reference: Any, rng: Any) -> None:
    """backward sets d_beta: d_out summed over the batch."""
    hint = "β is added to every example of the batch, like the bias of an affine layer."
    follow_parameter(student, reference, rng, "beta", 5, hint)


def follow_parameter(student: Any, reference: Any, rng: Any, which: str, batch: int, hint: str) -> None:
    """backward sets d_gamma or d_beta, whose name is ``which``, as the reference and forward do.

    There are two steps of training, because the second must not add to what the first has left.
    """
    (earlier, gamma, beta), x = draw(rng, batch, 4), draw(rng, batch, 4)[0]
    d_out = rng.normal(size=x.shape)
    layer, right = batchnorm(student, gamma, beta), batchnorm(reference, gamma, beta)
    for one in (layer, right):
        for given in (earlier, x):
            ask(one, "forward", given)
            ask(one, "backward", d_out)
    attribute, values = f"d_{which}", {"gamma": gamma, "beta": beta}
    name = f"BatchNorm.backward {attribute}"
    expected = getattr(right, attribute)
    got = expect_close(getattr(layer, attribute), expected, name, loose_shape=True, hint=hint)

    def moved(value: np.ndarray) -> np.ndarray:
        return forward_of(batchnorm(student, **(values | {which: value})), x)

    expect_gradient(moved, values[which], d_out, got, name, loose_shape=True, hint=hint)


@check(TASK, points=6, equation="(35)")
def batchnorm_state(student: Any, reference: Any, rng: Any) -> None:
    """backward belongs to the layer's own last forward; layers share nothing."""
    (a, gamma, beta), (b, other_gamma, other_beta) = draw(rng, 7, 4), draw(rng, 7, 4)
    earlier, d_out = draw(rng, 7, 4)[0], rng.normal(size=(7, 4))
    _, expected = alone(student, reference, a, gamma, beta, d_out)
    first, second = batchnorm(student, gamma, beta), batchnorm(student, other_gamma, other_beta)
    ask(first, "forward", earlier)
    ask(first, "forward", a)
    ask(second, "forward", b)
    got = ask(first, "backward", d_out)
    hint = (
        "Remember in self what backward needs, anew in every forward; a variable of the class is everybody's."
    )
    expect_close(got, expected, "BatchNorm.backward after another layer's forward", hint=hint)
    got = ask(first, "forward", a, train=False)
    # Statistics held in the class would hold the batch of the other layer, too.
    single = batchnorm(student, gamma, beta)
    ask(single, "forward", earlier)
    ask(single, "forward", a)
    expected = expect_array(ask(single, "forward", a, train=False), a.shape, TEST_TIME)
    expect_close(got, expected, f"{TEST_TIME} beside another layer", hint=hint)


@check(TASK, points=8, equation="(31), (38)")
def batchnorm_learns(student: Any, reference: Any, rng: Any) -> None:
    """When training has replaced gamma and beta, everything uses the new ones."""
    x, gamma, beta = draw(rng, 6, 4)
    z, new_gamma, new_beta = draw(rng, 6, 4)
    d_out = rng.normal(size=x.shape)
    y, d_x = alone(student, reference, x, new_gamma, new_beta, d_out)
    layer = batchnorm(student, gamma, beta)
    ask(layer, "forward", x)
    before = expect_array(ask(layer, "forward", z, train=False), z.shape, TEST_TIME)
    layer.gamma, layer.beta = new_gamma, new_beta
    hint = "Read self.gamma and self.beta in every call; what was computed from the old ones is out of date."
    after = ask(layer, "forward", z, train=False)
    expected = (before - beta) * new_gamma / gamma + new_beta
    expect_close(after, expected, f"{TEST_TIME} with a new γ and β", hint=hint)
    expect_close(ask(layer, "forward", x), y, "BatchNorm.forward with a new γ and β", hint=hint)
    expect_close(ask(layer, "backward", d_out), d_x, "BatchNorm.backward d_x with a new γ", hint=hint)


@check(TASK, points=10, equation="(38)")
def batchnorm_test_time(student: Any, reference: Any, rng: Any) -> None:
    """When all batches were the same, test time uses exactly the mean and variance of that batch."""
    x, gamma, beta = draw(rng, 8, 4)
    z = draw(rng, 5, 4)[0]
    layer = batchnorm(student, gamma, beta, momentum=0.5)
    for _ in range(REPEATS):
        ask(layer, "forward", x)
    got = ask(layer, "forward", z, train=False)
    hint = "At test time the running statistics stand where μ and σ² of the batch stood."
    expect_one_of(got, at_test_time(z, x, gamma, beta), TEST_TIME, hint)


@check(TASK, points=8, equation="(38)")
def batchnorm_running(student: Any, reference: Any, rng: Any) -> None:
    """The running statistics are averages over the batches, plain or moving; every batch counts."""
    batches = [draw(rng, 5, 6)[0] for _ in range(3)]
    _, gamma, beta = draw(rng, 5, 6)
    layer = batchnorm(student, gamma, beta, momentum=0.5)
    for x in batches:
        ask(layer, "forward", x)
    # The affine map (38) gives the statistics away, whatever their names.
    probe = np.stack([np.zeros(6), np.ones(6)])
    y = expect_array(ask(layer, "forward", probe, train=False), probe.shape, TEST_TIME)
    with np.errstate(all="ignore"):
        shift, scale = y[0].astype(float), y[1].astype(float) - y[0].astype(float)
        mean, variance = (beta - shift) / scale, (gamma / scale) ** 2 - 1e-5
        usable = np.isfinite(mean) & np.isfinite(variance) & (np.abs(mean) < 1e6) & (scale / gamma > 1e-6)
    hint = "At test time every example is normalized alone, by the running statistics."
    expect(
        bool(usable.all()),
        f"{TEST_TIME}: no mean and variance give what it returns for x = 0 and x = 1",
        hint,
    )
    means = np.stack([x.mean(axis=0) for x in batches], axis=1)
    weights = np.linalg.lstsq(means, mean, rcond=None)[0]
    expect_close(mean, means @ weights, "the running mean, as a weighted mean of the batch means", rtol=1e-3)
    counts = ", ".join(f"{round(w, 3) + 0.0:g}" for w in weights)  # + 0.0: no -0
    message = f"the running mean: the three batches count {counts}"
    hint = "Every batch of training counts: update the running statistics in every forward, and keep the old part."
    expect(bool((weights > LEAST_WEIGHT).all()) and weights.sum() < 1.001, message, hint)
    start = 1 - weights.sum()  # what a moving average that began at 0 or 1 still holds of it
    variances = np.stack([x.var(axis=0) for x in batches], axis=1) @ weights
    candidates = [factor * variances + start * first for factor in (1.0, 5 / 4) for first in (0.0, 1.0)]
    hint = "Average the variances of the batches, with the weights of the running mean."
    expect_one_of(variance, candidates, "the running variance", hint)


@check(TASK, points=6, equation="(38)")
def batchnorm_test_rows(student: Any, reference: Any, rng: Any) -> None:
    """At test time every example stands alone, and testing teaches the layer nothing."""
    x, gamma, beta = draw(rng, 8, 4)
    z = draw(rng, 5, 4)[0]
    layer = batchnorm(student, gamma, beta)
    ask(layer, "forward", x)
    together = expect_array(ask(layer, "forward", z, train=False), z.shape, TEST_TIME)
    ask(layer, "forward", 100 + 10 * z, train=False)
    hint = "The running statistics belong to training: with train=False they are used, not updated."
    got = ask(layer, "forward", z, train=False)
    expect_close(got, together, f"{TEST_TIME} after other test data", hint=hint)
    hint = "The answer for one image must not depend on which other images are asked about at the same time."
    for row in range(len(z)):
        single = ask(layer, "forward", z[row : row + 1], train=False)
        expect_close(single, together[row : row + 1], f"{TEST_TIME} of row {row} alone", hint=hint)
    other = batchnorm(student, gamma, beta)
    ask(other, "forward", 3 * x + 5)
    got = expect_array(ask(other, "forward", z, train=False), z.shape, TEST_TIME)
    message = f"{TEST_TIME}: the same after training on x and on 3 x + 5"
    expect(not np.allclose(got, together), message, "At test time the running statistics are used.")


@check(TASK, points=6, equation="(38)")
def batchnorm_test_affine(student: Any, reference: Any, rng: Any) -> None:
    """test_affine gives the scale and the shift of the layer at test time."""
    x, gamma, beta = draw(rng, 9, 5)
    layer = batchnorm(student, gamma, beta, momentum=0.5)
    for _ in range(REPEATS):
        ask(layer, "forward", x)
    pair = ask(layer, "test_affine")
    is_pair = type(pair) in (tuple, list) or (isinstance(pair, np.ndarray) and pair.ndim > 0)
    message = f"BatchNorm.test_affine: got {show(pair)}, expected the pair scale, shift"
    expect(is_pair and len(pair) == 2, message, "Return both: return scale, shift.")
    shifts, ends = at_test_time(np.zeros(5), x, gamma, beta), at_test_time(np.ones(5), x, gamma, beta)
    hint = "Write (38) as scale · x + shift: what multiplies x, and what remains when x is 0?"
    scales = [end - shift for end, shift in zip(ends, shifts, strict=True)]
    expect_one_of(pair[0], scales, "BatchNorm.test_affine scale", hint)
    expect_one_of(pair[1], shifts, "BatchNorm.test_affine shift", hint)


@check(TASK, points=4)
def batchnorm_arguments(student: Any, reference: Any, rng: Any) -> None:
    """forward and backward leave x and d_out as they are."""
    x, gamma, beta = draw(rng, 6, 4)
    d_out = rng.normal(size=x.shape)
    layer = batchnorm(student, gamma, beta)
    y = expect_array(ask(layer, "forward", x), x.shape, "BatchNorm.forward")
    expect(not np.array_equal(y, x), "BatchNorm.forward: y is x itself")
    expect_close_shape(ask(layer, "backward", d_out), x.shape, "BatchNorm.backward d_x")
    expect_array(ask(layer, "forward", x, train=False), x.shape, TEST_TIME)
    expect_unchanged(student)
