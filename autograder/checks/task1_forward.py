"""Checks of task 1: from an image to a digit, with random weights."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from autograder.calls import Proxy, kept, overflows
from autograder.calls.values import agrees
from autograder.checks import TaskData, check
from autograder.checks.earlier import own_labels, reads_network, rows_of
from autograder.datasets import load_mnist
from autograder.expect import (
    expect,
    expect_array,
    expect_close,
    expect_close_shape,
    expect_dict,
    expect_equal,
    expect_function,
    expect_labels,
    expect_object,
    expect_refusal,
    expect_unchanged,
    global_random_state,
    quietly,
    run_typed,
    show,
    usable,
    varied_network,
)

TASK = "task1_forward"
DRAWS = 8  # seeds pooled to judge the distribution of the initial weights
Z_LIMIT = 6.0  # standard errors; a correct program exceeds them once in 10⁸
# Images among which different digits are looked for: a random network has favourites. As lists of pixels they
# are less than a message may hold (`calls.values.MAX_ITEMS`).
CANDIDATES = 100
DEGENERATE = 1e-6  # results that vary less tell nothing about the function that gave them
SHAPED_SIZES = [(784, 100, 10), (7, 5, 3), (9, 8, 6, 4)]

ROWS_HINT = "Every row stands for itself: look up axis and keepdims."
REFUSAL_HINT = "What does int() do with a text that is no number, and input() without a line?"


# ---- images


@check(TASK, points=8, equation="(9)")
def flatten_shapes(student, reference, rng):
    """flatten makes one row of numbers between 0 and 1 out of every image, and leaves the images alone."""
    flatten = expect_function(student, "flatten")
    # Without 255, so that the largest pixel at hand is no stand-in for it.
    batch = rng.integers(0, 250, size=(3, 5, 4), dtype=np.uint8)
    single = rng.integers(0, 250, size=(6, 3), dtype=np.uint8)
    hint = "A batch (B, H, W) becomes (B, H·W), a single image (1, H·W). Do not count on 28."
    for images, name in ((batch, "flatten of 3 images of 5×4"), (single, "flatten of one image of 6×3")):
        expected = reference.flatten(images)
        rows = expect_array(flatten(images), expected.shape, name, floating=True, hint=hint)
        expect_close(rows, expected, name, hint="Eq. (9): row by row, and bytes become 0 to 1.")
    expect_unchanged(student)


# ---- sigmoid


@check(TASK, points=6, equation="(2)")
def sigmoid_values(student, reference, rng):
    """sigmoid is eq. (2) for every element of an array of any shape, and leaves its input alone."""
    sigmoid = expect_function(student, "sigmoid")
    for shape in ((7,), (3, 5), (2, 3, 4)):
        x = 3 * rng.normal(size=shape)
        expect_close(sigmoid(x), reference.sigmoid(x), f"sigmoid of shape {shape}")
    zero = np.zeros((1, 2))
    expect_close(sigmoid(zero), zero + 0.5, "sigmoid(0)")
    expect_unchanged(student)


@check(TASK, points=6, equation="(2)")
def sigmoid_stable(student, reference, rng):
    """sigmoid stays finite and right for very large and very small inputs, without an overflow, also in float32."""
    sigmoid = expect_function(student, "sigmoid")
    large = np.array([-1000.0, -745.0, -30.0, 0.0, 30.0, 745.0, 1000.0])
    x = np.concatenate([large, 700 * rng.normal(size=5)])
    hint = "exp of a large positive number is inf, and inf/inf is nan. Which exponential is never above 1?"
    expect_close(sigmoid(x), reference.sigmoid(x), "sigmoid of inputs to ±1000", hint=hint)
    x32 = np.array([[-100, -89, 0], [3, 89, 100]], dtype=np.float32)
    expect_close(sigmoid(x32), reference.sigmoid(x32), "sigmoid of float32 inputs to ±100", hint=hint)
    hint = (
        "The result is right, but only because 1/inf is 0. Use an exponential whose exponent is never positive; np.where "
        "computes both of its sides for every number."
    )
    # The positive side first: what overflows there too computes a side that it does not need.
    for side, name in ((large[large >= 0], "from 0 to 1000"), (large[large < 0], "from −1000 to −30")):
        message = f"sigmoid of inputs {name}: NumPy reports an overflow in exp, expected none"
        expect(not overflows(sigmoid, side), message, hint)


# ---- a layer


@check(TASK, points=10, equation="(3), (4)")
def affine_forward(student, reference, rng):
    """Affine.forward is x W + b for a batch in float64 and float32, and leaves x, W and b alone."""
    hint = "Eq. (4): one example per row, the weights of one node in one column, the bias added to every row."
    for dtype in (np.float64, np.float32):
        W, b = rng.normal(size=(4, 3)).astype(dtype), rng.normal(size=3).astype(dtype)
        x = rng.normal(size=(5, 4)).astype(dtype)
        expected = reference.Affine(W, b).forward(x)
        forward = _affine(student, W, b)
        name = f"Affine.forward ({np.dtype(dtype).name})"
        expect_close(forward(x), expected, name, hint=hint)
        again = "The first call must leave W and b as they were."
        expect_close(forward(x), expected, f"{name}, called a second time", hint=again)
    expect_unchanged(student)


@check(TASK, points=5, equation="(4)")
def affine_rows(student, reference, rng):
    """Affine.forward treats every row alone, with a square W too, and two layers share nothing."""
    W, b, x = rng.normal(size=(4, 4)), rng.normal(size=4), rng.normal(size=(6, 4))
    expected = reference.Affine(W, b).forward(x)
    forward = _affine(student, W, b)
    _affine(student, 2 * W, b - 1)
    hint = "A square W multiplies transposed, too. And a layer keeps its numbers in self, not in its class."
    expect_close(forward(x), expected, "Affine.forward with a square W", hint=hint)
    for k in (0, 3):
        expect_close(
            forward(x[k : k + 1]), expected[k : k + 1], f"Affine.forward of row {k} alone", hint=hint
        )


# ---- softmax


@check(TASK, points=10, equation="(5)")
def softmax_rows(student, reference, rng):
    """Each row of softmax is a probability distribution by itself, and the logits are left alone."""
    softmax = expect_function(student, "softmax")
    for shape in ((5, 7), (4, 4)):
        a = 2 * rng.normal(size=shape)
        expected = reference.softmax(a)
        y = expect_array(softmax(a), shape, "softmax")
        with np.errstate(over="ignore"):
            total = y.sum(axis=1, dtype=np.float64)
        expect_close(total, np.ones(len(a)), "the sum of a row of softmax", hint=ROWS_HINT)
        expect_close(y, expected, "softmax", hint="Eq. (5)")
        expect_close(softmax(a[1:2]), expected[1:2], "softmax of one row alone", hint=ROWS_HINT)
    expect_unchanged(student)


@check(TASK, points=8, equation="(5), (6)")
def softmax_stable(student, reference, rng):
    """softmax stays finite and right for very large and very small logits, also in float32."""
    softmax = expect_function(student, "softmax")
    noise = rng.normal(size=(4, 6))
    mixed = np.array([-1000.0, 1000.0, 0.0, 500.0, 999.0, -500.0])
    a = noise + np.stack([mixed, np.full(6, 1000.0), np.full(6, -1000.0), np.zeros(6)])
    hint = "Eq. (6): α is the largest logit of its own row. One α for the whole batch lets small rows become 0/0."
    expect_close(softmax(a), reference.softmax(a), "softmax of logits to ±1000", hint=hint)
    a32 = (noise[:3] + np.array([[200.0], [-200.0], [0.0]])).astype(np.float32)
    expect_close(softmax(a32), reference.softmax(a32), "softmax of float32 logits to ±200", hint=hint)


# ---- the initial weights


@check(TASK, points=5, equation="(8)")
def init_shapes(student, reference, rng):
    """init_parameters names and shapes the weights and biases of any number of layers."""
    init = expect_function(student, "init_parameters")
    for sizes in SHAPED_SIZES:
        default = sizes == SHAPED_SIZES[0]
        name = "init_parameters()" if default else f"init_parameters({sizes})"
        _checked_parameters(init() if default else init(sizes), sizes, name)


@check(TASK, points=10, equation="(8)")
def init_statistics(student, reference, rng):
    """Weights and biases are normally distributed with mean 0 and variance 1/N, N the previous layer's nodes."""
    init = expect_function(student, "init_parameters")
    sizes = (100, 225, 36)
    draws = []
    for seed in rng.integers(1, 2**31, size=DRAWS).tolist():
        draws.append(_checked_parameters(init(sizes, seed), sizes, f"init_parameters({sizes})"))
    for key, N in (("W1", 100), ("b1", 100), ("W2", 225), ("b2", 225)):
        # The same numbers for every seed are the business of init_seed: they count once here.
        drawn = [params[key].ravel().astype(np.float64) for params in draws]
        first = drawn[0]
        values = np.concatenate([first, *(other for other in drawn[1:] if not np.array_equal(other, first))])
        if key.startswith("b"):  # and the same number everywhere is not many numbers
            values = np.unique(values)
        _expect_normal(values, N, f"{key} of init_parameters({sizes})")


@check(TASK, points=5, equation="(8)")
def init_seed(student, reference, rng):
    """The same seed gives the same numbers, another seed others, and the global random state stays as it is."""
    init = expect_function(student, "init_parameters")
    sizes = (7, 5, 3)
    seed = int(rng.integers(1, 2**31))
    before = global_random_state(student)
    first, second, other = (
        _checked_parameters(init(sizes, s), sizes, "init_parameters") for s in (seed, seed, seed + 1)
    )
    after = global_random_state(student)
    for key in first:
        same = np.array_equal(first[key], second[key])
        expect(
            same,
            f"{key}: two calls with the seed {seed} give different numbers",
            "Draw from default_rng(seed).",
        )
        # Biases that are all alike are the business of init_statistics.
        differs = not np.array_equal(first[key], other[key]) or not np.ptp(first[key])
        expect(differs, f"{key}: the seeds {seed} and {seed + 1} give the same numbers", "Is seed used?")
    for layer in (1, 2):
        b, W = first[f"b{layer}"], first[f"W{layer}"].ravel()
        fresh = not np.isin(b, W).all() or not np.ptp(b)
        hint = "Make one generator and draw everything from it; a new one with the same seed begins again."
        expect(fresh, f"b{layer}: the same numbers as in W{layer}", hint)
    default = [_checked_parameters(init(), SHAPED_SIZES[0], "init_parameters()")["W2"] for _ in range(2)]
    expect(
        np.array_equal(*default), "W2: two calls of init_parameters() differ", "The default seed is fixed."
    )
    hint = "np.random.seed and np.random.normal change everybody's numbers: use a generator of your own."
    expect(before == after, "init_parameters: np.random's global state was changed", hint)


# ---- the network


@check(TASK, points=8, equation="(2), (4), (5)")
def forward_network(student, reference, rng):
    """forward is affine, sigmoid, affine, softmax, for a batch and for one row, and changes nothing."""
    forward = expect_function(student, "forward")
    params, x = _network(rng, count=5)
    expected = reference.forward(params, x)
    hint = "Plug your own parts together: affine, sigmoid, affine, softmax, each on what the one before returned."
    choices = [slice(0, 5), slice(2, 3)]
    results = [forward(params, x[rows]) for rows in choices]
    expect_unchanged(student)
    # Built from the student's own parts, so that a mistake in one of them costs only there.
    parts = usable(lambda: _composed(student, params, x), expected.shape)
    followed = parts is not None and np.ptp(parts, axis=0).max() > DEGENERATE
    for rows, y in zip(choices, results, strict=True):
        right = expected[rows]
        if followed:
            got = usable(lambda y=y: y, right.shape)
            own = usable(lambda rows=rows: _composed(student, params, x[rows]), right.shape)
            if got is not None and own is not None and agrees(got, own):
                continue
        expect_close(y, right, "forward" if len(right) > 1 else "forward of one row alone", hint=hint)


@check(TASK, points=6, equation="(7)")
def classify_digits(student, reference, rng):
    """classify returns the most probable digit of every row as an integer."""
    classify = expect_function(student, "classify")
    params, x = _network(rng, count=12)
    cases = [(params, x), (params, x[4:5])]
    for favourite in rng.permutation(10)[:4].tolist():
        params, x = _network(rng, count=3)
        params["b2"][favourite] += 6
        cases.append((params, x))
    right = [reference.forward(*case).argmax(axis=1) for case in cases]
    # By the student's own forward, unless it sees the same digit in everything.
    forward = expect_function(student, "forward")
    own = [usable(lambda case=case: forward(*case), (len(case[1]), 10)) for case in cases]
    seen = [y.argmax(axis=1) for y in own if y is not None]
    if len(seen) == len(cases) and len(np.unique(np.concatenate(seen))) > 2:
        right = seen
    hint = "Eq. (7): which axis runs over the ten digits?"
    for case, expected in zip(cases, right, strict=True):
        digits = expect_array(classify(*case), expected.shape, "classify", hint=hint)
        expect(digits.dtype.kind in "iu", f"classify: got dtype {digits.dtype}, expected integers")
        labels = expect_labels(digits, len(expected), 10, "classify")
        expect_close(labels, expected, "classify", rtol=0, hint=hint)


# ---- the program


@check(TASK, points=6)
def read_index_input(student, reference, rng):
    """read_index returns the number typed, and refuses anything else with a message and exit code 2."""
    read_index = expect_function(student, "read_index")
    limit = int(rng.integers(50, 90))
    prompt = ""
    for typed in ("0", " 41 ", str(limit - 1)):
        doing = f"read_index({limit}) with {typed!r} typed"
        outcome = run_typed(read_index, limit, typed=typed, doing=doing)
        expect(
            outcome.exit_code is None,
            f"{doing}: it ended the program, expected {int(typed)}",
            "0 and limit − 1 are allowed, and spaces around the number do no harm.",
        )
        expect_equal(outcome.value, int(typed), doing)
        expect(type(outcome.value) is int, f"{doing}: got {show(outcome.value)}, expected an int")
        prompt = outcome.stderr
    for typed in ("-1", str(limit), "x", "3.5", "", None):
        doing = f"read_index({limit}) with {'no line' if typed is None else repr(typed)} typed"
        outcome = run_typed(read_index, limit, typed=typed, doing=doing, hint=REFUSAL_HINT)
        expect_refusal(outcome, doing, prompt=prompt)


@check(TASK, points=7, equation="(7)")
def main_prints_digit(student, reference, rng, data):
    """main prints the digit for the image whose number is typed, and nothing else."""
    main = expect_function(student, "main")
    images, _ = data.test
    some = rng.permutation(len(images))[:CANDIDATES]
    digits = _own_digits(student, images[some])
    _expect_network(student, images[some])
    typed = [len(images) - 1, *(int(some[np.argmax(digits == digit)]) for digit in np.unique(digits)[:4])]
    hint = "The image with the number typed, the weights of init_parameters(): what do you classify?"
    for i in typed:
        # One image, as the program does it: where rows influence each other, a batch gives other digits.
        digit = int(_own_digits(student, images[i : i + 1])[0])
        doing = f"main with {i} typed"
        outcome = run_typed(main, typed=str(i), doing=doing)
        refused = f"{doing}: it refused, but there are {len(images)} images or more"
        expect(outcome.exit_code is None, refused, "Which limit does it use?")
        printed = outcome.stdout.strip()
        expect(
            re.fullmatch("[0-9]", printed) is not None,
            f"{doing}: it printed {show(printed)}, expected one digit and nothing else",
            "Print the number alone, no text and no brackets.",
        )
        expect_equal(int(printed), digit, doing, hint=hint)
    beyond = len(images_in_notebook(data)[0])
    for wrong in (str(beyond), "-1"):
        # What read_index does with wrong input is judged there: here main has to do the same.
        code = refusal_code(student, beyond, wrong)
        if code is not None:
            outcome = run_typed(main, typed=wrong, doing=f"main with {wrong} typed")
            got = "it went on" if outcome.exit_code is None else f"exit code {outcome.exit_code}"
            refused = outcome.exit_code == code
            message = f"main with {wrong} typed ({beyond} test images): {got}, expected exit code {code}"
            expect(refused, message, "Your read_index refuses it, when it gets the number of test images.")


# ---- helpers


def _affine(student: Proxy, W: np.ndarray, b: np.ndarray) -> Proxy:
    return expect_function(expect_object(expect_function(student, "Affine")(W, b), "Affine(W, b)"), "forward")


def _network(rng: Any, count: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Parameters of a small network that tells rows apart, and ``count`` rows."""
    params = {
        "W1": rng.normal(size=(784, 7)) / 14,
        "b1": rng.normal(size=7) / 2,
        "W2": 2 * rng.normal(size=(7, 10)),
        "b2": rng.normal(size=10) / 2,
    }
    return params, rng.normal(size=(count, 784))


def _composed(student: Proxy, params: dict[str, np.ndarray], x: np.ndarray) -> Any:
    hidden = _affine(student, params["W1"], params["b1"])(x)
    hidden = expect_function(student, "sigmoid")(expect_array(hidden, (len(x), 7), "Affine.forward"))
    logits = _affine(student, params["W2"], params["b2"])(expect_array(hidden, (len(x), 7), "sigmoid"))
    return expect_function(student, "softmax")(expect_array(logits, (len(x), 10), "Affine.forward"))


def _checked_parameters(value: Any, sizes: tuple[int, ...], name: str) -> dict[str, np.ndarray]:
    keys = [f"{letter}{n}" for n in range(1, len(sizes)) for letter in "Wb"]
    params = expect_dict(value, keys, name)
    for n in range(1, len(sizes)):
        for key, shape in ((f"W{n}", sizes[n - 1 : n + 1]), (f"b{n}", sizes[n : n + 1])):
            params[key] = expect_close_shape(
                params[key], shape, f"{key} of {name}", loose_shape=key[0] == "b"
            )
            expect(
                params[key].dtype.kind == "f",
                f"{key} of {name}: got dtype {params[key].dtype}, expected floats",
            )
    return params


def _expect_normal(values: np.ndarray, N: int, name: str) -> None:
    """``values`` look like draws from N(0, 1/N): mean, variance, and the shares within one and two σ."""
    n, sigma = len(values), 1 / np.sqrt(N)
    expect(n > 2, f"{name}: all numbers are equal, expected random ones", "The biases are random, too.")
    largest = float(np.abs(values).max())
    expect(largest < 1e6, f"{name}: got {largest:.4g}, expected numbers of about {sigma:.3g}")
    z = values / sigma
    mean, variance = float(z.mean()), float(z.var())
    hint = "normal() takes the standard deviation. N counts the nodes that feed the layer, for weights and biases."
    # The variance first: where it is wrong, so is the standard error of the mean.
    expect(
        abs(variance - 1) < Z_LIMIT * np.sqrt(2 / n),
        f"{name}: the variance is {variance / N:.4g}, expected 1/N = 1/{N} = {1 / N:.4g}",
        hint,
    )
    expect(
        abs(mean) < Z_LIMIT / np.sqrt(n),
        f"{name}: the mean is {mean * sigma:.4g}, expected 0 ± {sigma / np.sqrt(n):.2g}",
    )
    for width, share in ((1, 0.6827), (2, 0.9545)):
        got = float(np.mean(np.abs(z) < width))
        expect(
            abs(got - share) < Z_LIMIT * np.sqrt(share * (1 - share) / n),
            f"{name}: {got:.1%} lie within {width} σ, expected {share:.1%} as for a normal distribution",
            "Which distribution does your generator draw from?",
        )


def refusal_code(student: Proxy, limit: int, typed: str) -> int | None:
    """The exit code with which the student's own `read_index` refuses ``typed``; None when it does not."""
    return quietly(
        lambda: run_typed(expect_function(student, "read_index"), limit, typed=typed, doing="").exit_code
    )


def images_in_notebook(data: TaskData) -> tuple[np.ndarray, np.ndarray]:
    """All images and labels of the notebook's own `load_mnist("test")`.

    When grading they are ``data.test``. In a student's own run ``data`` has only the first of them.
    """
    images, labels = data.test
    whole_images, whole_labels = load_mnist("test")
    if len(whole_labels) > len(labels) and np.array_equal(whole_labels[: len(labels)], labels):
        return whole_images, whole_labels
    return images, labels


def _expect_network(student: Proxy, images: np.ndarray) -> None:
    """The digits by which main is judged come from the network: a number made of the pixels alone judges nothing."""
    params = varied_network(20, images, np.random.default_rng(3))
    rows = rows_of(images)

    def look(network: dict[str, np.ndarray]) -> np.ndarray | None:
        return own_labels(student, network, rows)

    seen = reads_network(look, params)
    message = "main: classify sees the same digits whatever the weights are: there is nothing to print"
    expect(seen, message, "Mend forward and classify first: the digit depends on the parameters.")


def _own_digits(student: Proxy, images: np.ndarray) -> np.ndarray:
    """What the student's own functions see in ``images``."""
    # Rows and parameters stay where they are: only the digits are of interest here.
    x = kept(expect_function(student, "flatten"), images)
    params = kept(expect_function(student, "init_parameters"))
    digits = expect_function(student, "classify")(params, x)
    return expect_labels(digits, len(images), 10, "classify(init_parameters(), flatten(images))")
