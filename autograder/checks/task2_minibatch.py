"""Checks of task 2: one-hot targets, the mean cross-entropy, random mini-batches."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, error_of, kept, mutated_arguments
from autograder.calls.values import agrees
from autograder.checks import check
from autograder.checks.earlier import builds_on, is_wrong, may_go_on, rows_of, softmax
from autograder.checks.task1_forward import images_in_notebook, refusal_code
from autograder.expect import (
    CheckFailed,
    expect,
    expect_array,
    expect_close,
    expect_function,
    expect_number,
    expect_object,
    expect_refusal,
    expect_unchanged,
    global_random_state,
    network_logits,
    random_network,
    run_typed,
    show,
    usable,
)

TASK = "task2_minibatch"
CALLS = 60  # mini-batches of 4 out of 10: a correct program misses an image with p = 10 · 0.6^60 < 1e-12
TOLERANCE = 1.1e-4  # of a loss printed with four decimals
REPEATS = 3  # runs of main that must not all print the same: two do by chance once in 1 000, at four decimals
DEGENERATE = 1e-6  # losses that differ less tell nothing about the function that gave them
LOWEST, HIGHEST = 2.0, 3.5  # mean loss of random weights; 10 seeds on MNIST gave 2.34 to 2.49

CLASS_HINT = "Every row has one 1, in the column of its label. Labels come as uint8 as well."
ZERO_HINT = "log(0) is -inf, and 0 · inf is nan. Keep y a tiny bit above 0, less than any usual probability."


# ---- targets


@check(TASK, points=12, equation="(10)")
def one_hot_rows(student, reference, rng):
    """one_hot writes every label as a row of ten floats with a single 1, and leaves the labels alone."""
    one_hot = expect_function(student, "one_hot")
    labels = np.concatenate([rng.integers(0, 10, size=5), [9, 0, 9]])
    expected = reference.one_hot(labels)
    t = expect_array(one_hot(labels), expected.shape, "one_hot", floating=True)
    expect_close(t, expected, "one_hot", hint="Eq. (10): row k has its 1 in column labels[k].")
    expect_unchanged(student)


@check(TASK, points=6, equation="(10)")
def one_hot_classes(student, reference, rng):
    """one_hot knows any number of classes, labels of any integer type, and a batch of one."""
    one_hot = expect_function(student, "one_hot")
    for classes, dtype, count in (
        (3, np.int64, 5),
        (300, np.uint8, 4),
        (300, np.int64, 6),
        (12, np.uint8, 1),
    ):
        highest = min(classes, np.iinfo(dtype).max + 1)
        labels = rng.integers(0, highest, size=count).astype(dtype)
        labels[0] = 0  # which 256 becomes in a byte
        labels[-1] = highest - 1
        name = f"one_hot of {count} {np.dtype(dtype).name} labels with {classes} classes"
        expect_close(one_hot(labels, classes), reference.one_hot(labels, classes), name, hint=CLASS_HINT)


# ---- the loss


@check(TASK, points=14, equation="(11), (12)")
def cross_entropy_value(student, reference, rng):
    """cross_entropy of one example is -ln of the probability of its digit; a batch gives one number."""
    cross_entropy = expect_function(student, "cross_entropy")
    for C in (4, 7):
        y, _ = _example(rng, 1, C)
        t = np.eye(C)[np.argsort(y)[:, -2]]  # neither the most nor the least probable digit
        expected = reference.cross_entropy(y, t)
        got = expect_number(cross_entropy(y, t), "cross_entropy of one example")
        _expect_loss(got, expected, C, "cross_entropy of one example")
    for C in (3, 10):
        y, t = np.full((1, C), 1 / C), np.eye(C)[:1]
        got = expect_number(cross_entropy(y, t), f"cross_entropy of {C} equal probabilities")
        _expect_loss(got, math.log(C), C, f"cross_entropy of {C} equal probabilities, ln {C}")
    y, t = _example(rng, 6, 4)
    expect_number(
        cross_entropy(y, t), "cross_entropy of 6 examples", hint="Eq. (12): one number for the batch."
    )
    expect_unchanged(student)


@check(TASK, points=10, equation="(12)")
def cross_entropy_mean(student, reference, rng):
    """cross_entropy of a batch is the mean over its examples, however many there are."""
    cross_entropy = expect_function(student, "cross_entropy")
    y, t = _example(rng, 6, 4)
    y[:2], t[:2] = [[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4]], np.eye(4)[:2]
    # The student's own losses of single examples: what is wrong there costs in cross_entropy_value only.
    name = "cross_entropy of one example"
    single = np.array([expect_number(cross_entropy(y[k : k + 1], t[k : k + 1]), name) for k in range(6)])
    expect(bool(np.abs(single).max() < 1e6), f"{name}: got {np.abs(single).max():.4g}, expected a few nats")
    differ = np.ptp(single) > DEGENERATE
    expect(
        differ,
        f"{name}: the same loss {single[0]:.4g} for y = 0.7 and y = 0.2",
        "Does the loss look at y and t?",
    )
    for B in (5, 2, 6):  # not 2 first, where a sum and a division by B - 1 are the same
        got = expect_number(cross_entropy(y[:B], t[:B]), f"cross_entropy of {B} examples")
        _expect_mean(got, float(single[:B].mean()), B, f"cross_entropy of {B} examples")
    got = expect_number(
        cross_entropy(np.tile(y, (2, 1)), np.tile(t, (2, 1))), "cross_entropy of a batch twice"
    )
    _expect_mean(got, float(single.mean()), 12, "cross_entropy of 6 examples, each of them twice")


@check(TASK, points=10, equation="(11)")
def cross_entropy_zero(student, reference, rng):
    """cross_entropy is finite and right where a probability is exactly 0 or 1, or tiny in float32."""
    cross_entropy = expect_function(student, "cross_entropy")

    def loss(y: list[float], name: str, dtype: Any = np.float64) -> float:
        return expect_number(cross_entropy(np.array([y], dtype), t.astype(dtype)), name, hint=ZERO_HINT)

    t = np.array([[0.0, 1.0, 0.0]])
    p = float(rng.uniform(0.6, 0.8))
    ordinary = loss([0.1, p, 0.9 - p], "cross_entropy")
    meddles = bool(mutated_arguments(student))  # which costs in cross_entropy_value
    right = "cross_entropy, y = 0 for a wrong digit"
    expect_close(loss([0.0, p, 1 - p], right), ordinary, right, hint=ZERO_HINT)
    sure = loss([0.0, 1.0, 0.0], "cross_entropy of a sure and right answer")
    expect_close(sure, 0.0, "cross_entropy of a sure and right answer", atol=1e-6, hint=ZERO_HINT)
    small = loss([0.5, 1e-4, 0.4999], "cross_entropy, y = 0.0001 for the right digit")
    for y, dtype in ((0.0, np.float64), (1e-30, np.float32)):
        name = f"cross_entropy, y = {y:g} for the right digit ({np.dtype(dtype).name})"
        got = loss([1.0 - p, y, p], name, dtype)
        # A wrong sign costs in cross_entropy_value.
        worse, more = (got > small, "more") if small >= 0 else (got < small, "less")
        own = f"your own loss at y = 0.0001, which is {small:.4g}"
        expect(worse, f"{name}: got {got:.4g}, expected {more} than {own}", ZERO_HINT)
    if not meddles:
        expect_unchanged(student)


# ---- mini-batches


@check(TASK, points=10, equation="(9), (10)")
@builds_on("flatten")
def batch_shapes(student, reference, rng):
    """random_batch returns x with one flattened image a row and t with ten columns, for any batch size."""
    images, labels = _numbered(student, rng, 11)
    generator = _generator(student, int(rng.integers(2**31)))
    rows, targets = _rows(student, images), _targets(student, labels)
    for B in (1, 4, 11):
        x, t = _batch(student, images, labels, B, generator)
        floats = x.dtype.kind == "f" or (x.dtype == rows.dtype and is_wrong(student, "flatten"))
        expect(floats, f"random_batch x: got dtype {x.dtype}, expected floats")
        chosen = _which(x, rows)
        if not agrees(x, rows[chosen]):
            flat = "Eq. (9): your flatten does that."
            expect_close(x, _rows(student, images[chosen]), "random_batch x", hint=flat)
        ones = "Eq. (10): your one_hot does that."
        expect(t.dtype.kind in "fiu", f"random_batch t: got dtype {t.dtype}, expected floats", ones)
        pattern = np.sort(targets[:1], axis=1).repeat(B, axis=0)
        expect_close(np.sort(t, axis=1), pattern, "random_batch t, each row sorted", hint=ones)


@check(TASK, points=10)
@builds_on("flatten")
def batch_pairs(student, reference, rng):
    """Row k of x and row k of t are the same example, none comes twice, and more than there are is an error."""
    images, labels = _numbered(student, rng, 24)
    generator = _generator(student, int(rng.integers(2**31)))
    rows, targets = _rows(student, images), _targets(student, labels)
    for B in (7, 24):
        x, t = _batch(student, images, labels, B, generator)
        expect_unchanged(student)
        chosen = _which(x, rows)
        twice = "Draw without replacement."
        expect(
            len(set(chosen.tolist())) == B, f"random_batch of {B} of 24 images: an image came twice", twice
        )
        pairs = "Draw the numbers of the images once, and use them for images and labels."
        expect_close(t, targets[chosen], "random_batch t for the images in x", hint=pairs)
    doing = "random_batch of 25 out of 24 images"
    error = error_of(expect_function(student, "random_batch"), images, labels, 25, generator)
    if error is None:
        raise CheckFailed(f"{doing}: no error was raised, expected a ValueError", "Does a slice complain?")
    expect(error.type_name == "ValueError", f"{doing}: got {show(error.type_name)}, expected a ValueError")


@check(TASK, points=8)
@builds_on("flatten")
def batch_random(student, reference, rng):
    """random_batch draws from the generator it is given and from nothing else, every image with equal chance."""
    images, labels = _numbered(student, rng, 10)
    seed = int(rng.integers(2**31))
    rows = _rows(student, images)
    before = global_random_state(student)

    def draws(count: int, seed: int) -> list[tuple[int, ...]]:
        generator = _generator(student, seed)
        batches = (_batch(student, images, labels, 4, generator, targets=False)[0] for _ in range(count))
        return [tuple(_which(x, rows).tolist()) for x in batches]

    first, again = draws(CALLS, seed), draws(5, seed)
    hint = "Use rng and no other source of randomness."
    expect(first[:5] == again, "random_batch: two equal generators gave different batches", hint)
    neighbours = sum((np.diff(sorted(batch)) == 1).all() for batch in first)
    expect(
        neighbours < CALLS / 2, "random_batch: the images are always neighbours", "Draw each image by itself."
    )
    expect(
        len(set(first)) > CALLS // 3,
        "random_batch: one batch is like the next",
        "Draw from rng at every call.",
    )
    counts = np.bincount(np.concatenate(first), minlength=10)
    never = np.flatnonzero(counts == 0)
    missing = f"random_batch: image {', '.join(map(str, never))} of 10 never came in {CALLS} batches of 4"
    expect(not len(never), missing, "Every image, the first and the last too, must have the same chance.")
    # The numbers of times differ by chance; the standard deviation of one of them is √(60 · 0.4 · 0.6).
    fair, spread = 0.4 * CALLS, math.sqrt(CALLS * 0.4 * 0.6)
    worst = int(np.argmax(np.abs(counts - fair)))
    uneven = (
        f"random_batch: image {worst} came {counts[worst]} times in {CALLS} batches, expected about {fair:g}"
    )
    expect(abs(counts[worst] - fair) < 6 * spread, uneven, "Every image must have the same chance.")
    unmoved = "np.random.choice and its like change everybody's numbers: call the methods of rng."
    expect(
        before == global_random_state(student), "random_batch: np.random's global state was changed", unmoved
    )


# ---- the loss of a network that guesses


@check(TASK, points=6, equation="(12)")
@builds_on("flatten", "init_parameters", "forward")
def loss_of_random_weights(student, reference, rng, data):
    """A network with random weights has a mean loss of about ln 10 on test images."""
    images, labels = data.test
    some = np.sort(rng.permutation(len(labels))[:100])
    x, t = _rows(student, images[some]), np.eye(10)[labels[some]]
    hint = "Weights from N(0, 1/N) leave all ten digits possible. Has every x been scaled to 0..1? Is y a softmax?"
    earlier = ("flatten", "init_parameters", "forward")
    try:
        params = expect_function(student, "init_parameters")()
        y = expect_array(expect_function(student, "forward")(params, x), (len(some), 10), "forward")
        _expect_guessing(student, y, t, hint)
    except (CheckFailed, CodeError) as failure:
        if not may_go_on(student, failure, *earlier):
            raise
        # They have cost their points: cross_entropy is judged on what a right network with random weights gives.
        right = random_network(100, np.random.default_rng(len(some)))
        _expect_guessing(student, softmax(network_logits(right, rows_of(images[some]))), t, hint)


def _expect_guessing(student: Proxy, y: np.ndarray, t: np.ndarray, hint: str) -> None:
    """The mean loss of y is that of a network that guesses."""
    cross_entropy = expect_function(student, "cross_entropy")
    loss = expect_number(cross_entropy(y, t), "the loss of random weights")
    # Measured by the student's own loss of ten equal probabilities: its unit and mean are judged elsewhere.
    even = expect_number(cross_entropy(np.full(y.shape, 0.1), t), "the loss of ten equal probabilities")
    name = "the loss of ten equal probabilities"
    expect(
        abs(even) > DEGENERATE, f"{name}: got {even:.4g}, expected ln 10 = 2.303", "See cross_entropy_value."
    )
    expect(
        abs(loss - even) > DEGENERATE,
        f"cross_entropy: {loss:.4g} for any probabilities",
        "Does it look at y?",
    )
    with np.errstate(over="ignore"):
        nats = loss / even * math.log(10)
    limits = f"expected {LOWEST:g} to {HIGHEST:g}, about ln 10 = 2.303"
    expect(LOWEST < nats < HIGHEST, f"the loss of random weights: got {nats:.4g}, {limits}", hint)


# ---- the program


@check(TASK, points=8, equation="(12)", replay=False)  # every run takes all test images
@builds_on("flatten", "init_parameters", "forward", "read_index")
def main_full_batch(student, reference, rng, data):
    """main prints the mean loss of as many random test images as typed, one number and nothing else."""
    main = expect_function(student, "main")
    images, labels = images_in_notebook(data)
    N = len(labels)
    cross_entropy, forward = expect_function(student, "cross_entropy"), expect_function(student, "forward")
    flatten, one_hot = expect_function(student, "flatten"), expect_function(student, "one_hot")
    params = kept(expect_function(student, "init_parameters"))
    # 10 000 rows of 784 numbers stay where they are.
    y, t = kept(forward, params, kept(flatten, images)), kept(one_hot, labels)
    hint = f"All {N} test images, the weights of init_parameters(), your forward and cross_entropy."
    everything = expect_number(cross_entropy(y, t), "cross_entropy")
    printed = _printed(main, N)
    # Where random_batch does not hold every image once, which costs in batch_pairs, any plausible loss is right.
    if abs(printed - everything) <= TOLERANCE or _whole_batch(student, images, labels, everything):
        expect_close(printed, everything, f"main with {N} typed (all test images)", atol=TOLERANCE, hint=hint)
    B = min(100, N // 2)
    y, t = kept(forward, params, kept(flatten, images[:B])), kept(one_hot, labels[:B])
    usual = expect_number(cross_entropy(y, t), "cross_entropy")
    losses = [_printed(main, B) for _ in range(REPEATS)]
    for loss in losses:
        plausible = min(usual / 2, usual * 2) < loss < max(usual / 2, usual * 2)
        expect(
            plausible, f"main with {B} typed: it printed {loss:.6g}, expected about {usual:.4g}", "Is B used?"
        )
    same = (
        f"main with {B} typed: it printed {losses[0]:.6g} {REPEATS} times, expected other images in every run"
    )
    if len(set(losses)) == 1 and is_wrong(student, "forward"):
        # A wrong network may have the same loss whatever it sees.
        y, t = kept(forward, params, kept(flatten, images[B : 2 * B])), kept(one_hot, labels[B : 2 * B])
        if expect_number(cross_entropy(y, t), "cross_entropy") == usual:
            return
    expect(len(set(losses)) > 1, same, "default_rng() without a seed differs from run to run.")


@check(TASK, points=6)
@builds_on("flatten", "init_parameters", "forward", "read_index")
def main_bad_input(student, reference, rng, data):
    """main accepts a mini-batch of one, and refuses 0 and whatever is no batch size with a message and exit code 2."""
    main = expect_function(student, "main")
    N = len(images_in_notebook(data)[1])
    for typed in ("0", "-3", str(N + 1), "x", "3.5", ""):
        doing = f"main with {typed!r} typed ({N} test images)"
        # What read_index does with wrong input was judged in task 1: here main may do the same.
        own = None if typed == "0" else refusal_code(student, N + 1, typed)
        if typed != "0" and own is None and is_wrong(student, "read_index"):
            continue
        outcome = run_typed(main, typed=typed, doing=doing)
        if typed == "0" or outcome.exit_code is None or outcome.exit_code != own:
            expect_refusal(outcome, doing)
    # Last, because its loss is another one in every run.
    try:
        outcome = run_typed(main, typed="1", doing="main with 1 typed")
    except CheckFailed:
        if _sees_one(student, data):
            raise
        return  # no network that could tell a loss: that has cost in task 1
    accepted = outcome.exit_code is None and bool(outcome.stdout.strip())
    expect(accepted, "main with 1 typed: no loss was printed", "A mini-batch of one image is allowed.")


# ---- helpers


def _example(rng: Any, B: int, C: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (B, C), none near 0, and one-hot targets."""
    return rng.dirichlet(np.full(C, 3.0), size=B) * 0.9 + 0.1 / C, np.eye(C)[rng.integers(0, C, size=B)]


def _expect_loss(got: float, expected: float, C: int, name: str) -> None:
    """``got`` is the loss of one example; the message names a wrong unit, sign or mean."""
    hint = "Eq. (11): only the probability of the right digit counts."
    for factor, meaning in (
        (1 / math.log(2), "in bits: np.log2 where np.log, the natural logarithm, belongs"),
        (1 / math.log(10), "np.log10 where np.log, the natural logarithm, belongs"),
        (-1, "the sign: the logarithm of a probability is negative, a loss is positive"),
        (1 / C, "the mean over the classes too: np.mean of a matrix divides by B·C, eq. (12) by B"),
    ):
        if abs(got - factor * expected) < 1e-3 * abs(expected):
            hint = f"It looks like {meaning}."
    expect_close(got, expected, name, hint=hint)


def _expect_mean(got: float, expected: float, B: int, name: str) -> None:
    """``got`` is a mean over ``B`` examples; the message names a sum and a second division."""
    hint = "Eq. (12): the mean over the examples."
    for factor, meaning in (
        (B, "the sum over the batch"),
        (1 / B, "divided by B twice"),
        (B / (B - 1), "divided by B − 1"),
    ):
        if abs(got - factor * expected) < 1e-3 * abs(factor * expected):
            hint = f"Eq. (12): the mean over the examples; this looks like {meaning}."
    expect_close(got, expected, name, hint=hint)


def _sees_one(student: Proxy, data: Any) -> bool:
    """Whether the student's own network of task 1 sees anything in one image."""

    def see() -> np.ndarray:
        x = expect_function(student, "flatten")(np.array(data.test[0][:1]))
        return expect_function(student, "forward")(expect_function(student, "init_parameters")(), x)

    return usable(see, (1, 10)) is not None


def _numbered(student: Proxy, rng: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, 5, 3) that all differ, and labels.

    For a wrong `flatten`, which has cost its points, other images that it can still tell apart: of 28×28 pixels, or in
    black and white.
    """
    images = rng.integers(0, 256, size=(count, 5, 3), dtype=np.uint8)
    images[:, 2, 1] = np.arange(count) * (255 // count)
    images[0, 0], images[1, 0] = 0, 255
    labels = rng.integers(0, 10, size=count)
    framed = np.zeros((count, 28, 28), dtype=np.uint8)
    framed[:, 9:14, 6:9] = images
    white = np.where(images > 127, 255, 0).astype(np.uint8)
    white.reshape(count, 15)[:, :6] = 255 * (np.arange(1, count + 1)[:, None] >> np.arange(6) & 1)
    for some in (images, framed, white):
        own = _own_rows(student, some)
        if own is not None and len(np.unique(own, axis=0)) == count:
            return some, labels
    return images, labels


def _generator(student: Proxy, seed: int) -> Proxy:
    """A generator that lives on the student's side, as `random_batch` wants one."""
    random = expect_object(expect_object(student.np, "np").random, "np.random")
    return expect_object(expect_function(random, "default_rng")(seed), "np.random.default_rng")


def _rows(student: Proxy, images: np.ndarray) -> np.ndarray:
    """The images by the student's own `flatten`, or by eq. (9) where that cannot tell them apart."""
    own = _own_rows(student, images)
    right = rows_of(images)
    return right if own is None or len(np.unique(own, axis=0)) < len(np.unique(right, axis=0)) else own


def _own_rows(student: Proxy, images: np.ndarray) -> np.ndarray | None:
    """The images by the student's own `flatten`, whose rows may stand in a single one; None when it cannot be used."""
    shape = (len(images), images[0].size)
    own = usable(lambda: expect_function(student, "flatten")(images), shape)
    if own is None and len(images) > 1:
        own = usable(lambda: expect_function(student, "flatten")(images), (1, images.size))
    return None if own is None else own.reshape(shape)


def _targets(student: Proxy, labels: np.ndarray) -> np.ndarray:
    """The labels by the student's own `one_hot`, or by eq. (10) where that cannot tell them apart."""
    own = usable(lambda: expect_function(student, "one_hot")(labels), (len(labels), 10))
    if own is None or len(np.unique(own, axis=0)) < len(np.unique(labels)):
        return np.eye(10)[labels]
    return own


def _batch(
    student: Proxy, images: np.ndarray, labels: np.ndarray, B: int, generator: Proxy, *, targets: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """What `random_batch` returns, with the right shapes; without ``targets`` only x is looked at."""
    value = expect_function(student, "random_batch")(images, labels, B, generator)
    pair = type(value) in (tuple, list) and len(value) == 2
    expect(pair, f"random_batch: got {show(value)}, expected a pair x, t", "return x, t")
    first, shape = value[0], (B, images[0].size)
    one_row = isinstance(first, np.ndarray) and first.shape == (1, first.size) and first.size == B * shape[1]
    if one_row and usable(lambda: expect_function(student, "flatten")(images[:B]), first.shape) is not None:
        first = first.reshape(shape)  # flatten makes it so, which costs in task 1
    size = "×".join(map(str, images.shape[1:]))
    name = f"random_batch x of {B} images of {size}"
    x = expect_array(first, shape, name, hint="One flattened image a row.")
    if not targets:
        return x, np.zeros((B, 10))
    hint = "One one-hot row per image."
    return x, expect_array(value[1], (B, 10), f"random_batch t of {B} images", hint=hint)


def _which(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The number of the image that every row of ``x`` is, whatever its scale, which costs in batch_shapes."""
    alike = np.abs(_shape_of(x) @ _shape_of(rows).T)  # correlations
    found = alike.max(axis=1) > 0.9999
    unknown = f"random_batch x: row {int(np.argmin(found))} is none of the images"
    expect(bool(found.all()), unknown, "Choose images, then flatten those.")
    return alike.argmax(axis=1)


def _shape_of(rows: np.ndarray) -> np.ndarray:
    """Every row with mean 0 and length 1; zeros where it is constant."""
    largest = np.abs(rows.astype(np.float64)).max(axis=1, keepdims=True)
    exact = rows / np.where(largest > 0, largest, 1)
    exact = exact - exact.mean(axis=1, keepdims=True)
    length = np.linalg.norm(exact, axis=1, keepdims=True)
    return np.where(length > 1e-6, exact / np.maximum(length, 1e-6), 0)


def _whole_batch(student: Proxy, images: np.ndarray, labels: np.ndarray, everything: float) -> bool:
    """Whether the student's own `random_batch` of all ``images`` has the loss ``everything``."""

    def loss() -> np.ndarray:
        batch = expect_function(student, "random_batch")(images, labels, len(labels), _generator(student, 0))
        expect(type(batch) in (tuple, list) and len(batch) == 2, "random_batch: no pair")
        y = expect_function(student, "forward")(expect_function(student, "init_parameters")(), batch[0])
        value = expect_function(student, "cross_entropy")(y, batch[1])
        return np.asarray(expect_number(value, "cross_entropy"))

    own = usable(loss, ())
    return own is not None and bool(abs(own - everything) < TOLERANCE / 10)


def _printed(main: Proxy, B: int) -> float:
    """The one number that ``main`` prints when ``B`` is typed."""
    doing = f"main with {B} typed"
    outcome = run_typed(main, typed=str(B), doing=doing)
    expect(
        outcome.exit_code is None,
        f"{doing}: it refused, but there are {B} images",
        "B goes from 1 to N, included.",
    )
    text = outcome.stdout.strip()
    expect(
        re.fullmatch(r"-?[0-9]{1,12}\.[0-9]{4,30}", text) is not None,
        f"{doing}: it printed {show(text)}, expected one number with at least four decimals and nothing else",
        "An f-string can say how many decimals: f'{x:.4f}'.",
    )
    return float(text)
