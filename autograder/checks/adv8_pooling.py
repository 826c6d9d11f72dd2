"""Checks of advanced task 8: max, average and L2 pooling, and flatten.

Accepted as merely different: of equal pixels in a window the first, any other, all of them or equal shares may get
the gradient of the maximum. Random images have no equal pixels; one check has many. Nothing is timed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograder.calls import CodeError, Proxy, error_of, mutated_arguments
from autograder.calls.values import agrees
from autograder.checks import check
from autograder.expect import (
    SILENT_KINDS,
    CheckFailed,
    Partial,
    expect,
    expect_array,
    expect_close,
    expect_function,
    expect_gradient,
    expect_object,
    show,
)

TASK = "adv8_pooling"
LAYERS = ("MaxPool", "AvgPool", "L2Pool")
OVERLAP = "A pixel in several windows receives the sum of what it gets from each; start from zeros and add."
WINNER = "The gradient of a window goes to its largest pixel, all other pixels of the window get nothing."
NOT_A_PIXEL = (
    "Padding is never the largest, also when all pixels are negative: what is smaller than every number?"
)
MEAN = "(65): the sum of the window divided by its R·S pixels, zeros of the padding counted."
ROOT = (
    "(66): the root of the mean of the squares, so the sum of the squares is divided by R·S before the root."
)


class Setting(NamedTuple):
    """A pooling: images, and how the window moves. No two neighbouring sizes are equal."""

    shape: tuple[int, int, int, int]
    window: Any
    stride: Any = None
    pad: Any = 0

    @property
    def places(self) -> tuple[int, int, int, int]:
        """Shape of the output, by eq. (57)."""
        (R, S), (pad_h, pad_w) = pair(self.window), pair(self.pad)
        down, right = pair(self.window if self.stride is None else self.stride)
        N, C, H, W = self.shape
        return N, C, (H - R + 2 * pad_h) // down + 1, (W - S + 2 * pad_w) // right + 1

    @property
    def moves(self) -> dict[str, Any]:
        options = {} if self.stride is None else {"stride": self.stride}
        return options if self.pad == 0 else {**options, "pad": self.pad}

    def __str__(self) -> str:
        given = [str(self.window), *(f"{name}={value}" for name, value in self.moves.items())]
        return ", ".join(given)


TILES = Setting((2, 3, 6, 4), 2)
UNEVEN = Setting((2, 2, 8, 6), (4, 2), stride=(1, 2))  # fits when these are swapped, too
OVERLAPPING = Setting((3, 2, 5, 7), 3, stride=2)
WITH_GAPS = Setting((2, 3, 5, 11), (1, 2), stride=(2, 3))
PADDED = Setting((2, 3, 5, 4), (3, 2), stride=2, pad=(1, 0))
SETTINGS = (TILES, UNEVEN, OVERLAPPING, WITH_GAPS)


def pair(value: Any) -> tuple[int, int]:
    """One number for both axes, or two."""
    return value if isinstance(value, tuple) else (value, value)


def distinct(rng: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Images in random order without equal pixels: 0.1 apart, so that wiggling changes no maximum; two in three < 0."""
    count = int(np.prod(shape))
    return (rng.permutation(count).reshape(shape) - 2 * count / 3) * 0.1


def pool(owner: Any, name: str, setting: Setting) -> Proxy:
    """A new layer ``name`` of the student's or the reference's."""
    layer = expect_function(owner, name)(setting.window, **setting.moves)
    return expect_object(layer, f"{name}({setting})")


def ask(layer: Proxy, method: str, *arguments: Any) -> Any:
    """What a method of ``layer`` returns."""
    return expect_function(layer, method)(*arguments)


def judge_forward(
    student: Any, reference: Any, name: str, setting: Setting, x: np.ndarray, hint: str
) -> None:
    """A layer's output is the reference's."""
    expected = ask(pool(reference, name, setting), "forward", x)
    got = ask(pool(student, name, setting), "forward", x)
    title = f"{name}({setting}).forward" + ("" if x.dtype == np.float64 else f", {x.dtype}")
    expect_close(got, expected, title, hint=hint)


def judge_backward(
    student: Any, reference: Any, rng: Any, name: str, x: np.ndarray, setting: Setting, hint: str
) -> None:
    """A layer's d_x is the reference's."""
    d_out = rng.normal(size=setting.places).astype(x.dtype)
    right, layer = pool(reference, name, setting), pool(student, name, setting)
    ask(right, "forward", x)
    ask(layer, "forward", x)
    expected, got = ask(right, "backward", d_out), ask(layer, "backward", d_out)
    # The reference multiplies by 0: some of its zeros are -0.
    expect_close(got, expected + 0.0, f"{name}({setting}).backward d_x", hint=hint)


def wiggle(student: Any, reference: Any, rng: Any, name: str, x: np.ndarray, setting: Setting) -> None:
    """A layer's d_x is what wiggling finds, where its forward is right; a wrong one has cost its points elsewhere."""
    d_out = rng.normal(size=setting.places)
    layer = pool(student, name, setting)
    y, expected = ask(layer, "forward", x), ask(pool(reference, name, setting), "forward", x)
    title = f"{name}({setting}).backward d_x"
    d_x = expect_array(ask(layer, "backward", d_out), x.shape, title)
    if not (isinstance(y, np.ndarray) and agrees(y, expected)):
        return

    def f(moved: np.ndarray) -> np.ndarray:
        return expect_array(ask(layer, "forward", moved), setting.places, f"{name}.forward")

    expect_gradient(f, x, d_out, d_x, title)


@check(TASK, points=14, equation="(63)")
def pool_max_forward(student: Any, reference: Any, rng: Any) -> None:
    """MaxPool gives the largest pixel of every window, of any size and stride."""
    for setting in SETTINGS:
        judge_forward(
            student, reference, "MaxPool", setting, distinct(rng, setting.shape), MAX_HINTS[setting]
        )
    negative = -1 - rng.uniform(size=PADDED.shape)
    judge_forward(student, reference, "MaxPool", PADDED, negative, NOT_A_PIXEL)
    x = rng.normal(size=TILES.shape).astype(np.float32)
    judge_forward(student, reference, "MaxPool", TILES, x, MAX_HINTS[TILES])


MAX_HINTS = {
    TILES: "One number for each window of each channel of each image; without a stride the windows are tiles.",
    UNEVEN: "Of a pair (a, b), a belongs to the rows and the height, b to the columns and the width.",
    OVERLAPPING: "With a stride smaller than the window a pixel lies in several windows, and counts in each.",
    WITH_GAPS: "With a stride larger than the window some pixels lie in no window and do not count.",
}


@check(TASK, points=16, equation="(64)")
def pool_max_backward(student: Any, reference: Any, rng: Any) -> None:
    """MaxPool.backward sends every gradient to the pixel that was chosen, and nothing to the others."""
    for setting in (*SETTINGS, PADDED):
        hint = WINNER if setting in (TILES, WITH_GAPS) else OVERLAP
        judge_backward(student, reference, rng, "MaxPool", distinct(rng, setting.shape), setting, hint)
    x = distinct(rng, OVERLAPPING.shape).astype(np.float32)
    judge_backward(student, reference, rng, "MaxPool", x, OVERLAPPING, WINNER)
    for setting in (UNEVEN, PADDED):
        wiggle(student, reference, rng, "MaxPool", distinct(rng, setting.shape), setting)


@check(TASK, points=5, equation="(64)")
def pool_max_ties(student: Any, reference: Any, rng: Any) -> None:
    """Of equal largest pixels one or all get the gradient; no other pixel gets any."""
    setting = Setting((2, 2, 4, 6), 2)
    x = rng.integers(0, 3, size=setting.shape).astype(np.float64)
    x[0, 0, :2, :2] = 0  # as the background of a digit
    d_out = rng.uniform(0.5, 2, size=setting.places) * rng.choice([-1.0, 1.0], size=setting.places)
    layer = pool(student, "MaxPool", setting)
    y = windows_of(x).max(axis=-1)
    expect_close(ask(layer, "forward", x), y, "MaxPool(2).forward of images with equal pixels")
    title = "MaxPool(2).backward d_x with equal pixels"
    d_x = expect_array(ask(layer, "backward", d_out), x.shape, title).astype(np.float64)
    shares = windows_of(np.clip(d_x, -1e9, 1e9)) / d_out[..., None]  # of a window's gradient
    largest = windows_of(x) == y[..., None]
    for n, c, i, j in np.ndindex(*y.shape):
        share, is_largest = shares[n, c, i, j], largest[n, c, i, j]
        where = f"{title}, window {windows_of(x)[n, c, i, j].tolist()}, d_out {d_out[n, c, i, j]:.4g}"
        got = f"got {np.round(share * d_out[n, c, i, j], 4).tolist()}"
        expect(bool(np.all(np.abs(share[~is_largest]) < 1e-4)), f"{where}: {got}", WINNER)
        of_largest = share[is_largest]
        all_of_them = np.all(np.abs(of_largest - 1) < 1e-4)
        together_one = of_largest.min() > -1e-4 and abs(of_largest.sum() - 1) < 1e-3
        hint = "One of the equal pixels gets the gradient, or each of them: both are fine."
        expect(bool(all_of_them or together_one), f"{where}: {got}", hint)


def windows_of(x: np.ndarray) -> np.ndarray:
    """(N, C, OH, OW, 4): the pixels of the 2x2 tiles, row by row."""
    N, C, H, W = x.shape
    return x.reshape(N, C, H // 2, 2, W // 2, 2).swapaxes(3, 4).reshape(N, C, H // 2, W // 2, 4)


@check(TASK, points=9, equation="(65)")
def pool_avg_forward(student: Any, reference: Any, rng: Any) -> None:
    """AvgPool gives the mean of every window."""
    for setting in (*SETTINGS, PADDED):
        judge_forward(student, reference, "AvgPool", setting, rng.normal(size=setting.shape), MEAN)
    x = rng.normal(size=UNEVEN.shape).astype(np.float32)
    judge_forward(student, reference, "AvgPool", UNEVEN, x, MEAN)


@check(TASK, points=10, equation="(65)")
def pool_avg_backward(student: Any, reference: Any, rng: Any) -> None:
    """AvgPool.backward gives all pixels of a window the same share of its gradient."""
    share = "Wiggle one pixel: the mean of its window changes by a part of that. By which?"
    for setting in (*SETTINGS, PADDED):
        hint = share if setting in (TILES, WITH_GAPS) else f"{share} {OVERLAP}"
        judge_backward(student, reference, rng, "AvgPool", rng.normal(size=setting.shape), setting, hint)
    for setting in (UNEVEN, PADDED):
        wiggle(student, reference, rng, "AvgPool", rng.normal(size=setting.shape), setting)


@check(TASK, points=8, equation="(66)")
def pool_l2_forward(student: Any, reference: Any, rng: Any) -> None:
    """L2Pool gives the root of the mean of the squares of every window."""
    for setting in (*SETTINGS, PADDED):
        judge_forward(student, reference, "L2Pool", setting, rng.normal(size=setting.shape), ROOT)
    x = rng.normal(size=UNEVEN.shape).astype(np.float32)
    judge_forward(student, reference, "L2Pool", UNEVEN, x, ROOT)


@check(TASK, points=10, equation="(66)")
def pool_l2_backward(student: Any, reference: Any, rng: Any) -> None:
    """L2Pool.backward gives every pixel its share, in proportion to the pixel."""
    hint = f"Differentiate (66) with respect to one pixel: the root stands below the line, the pixel above. {OVERLAP}"
    for setting in (*SETTINGS, PADDED):
        judge_backward(student, reference, rng, "L2Pool", rng.normal(size=setting.shape), setting, hint)
    for setting in (UNEVEN, PADDED):
        wiggle(student, reference, rng, "L2Pool", rng.normal(size=setting.shape), setting)


@check(TASK, points=4, equation="(66)")
def pool_l2_zeros(student: Any, reference: Any, rng: Any) -> None:
    """A window of zeros, as in the background of every digit, gives 0 and the gradient 0, and spoils nothing else."""
    setting = Setting((2, 2, 4, 6), 2)
    x, d_out = rng.normal(size=setting.shape), rng.normal(size=setting.places)
    x[0, :, 2:, :4] = 0
    right, layer = pool(reference, "L2Pool", setting), pool(student, "L2Pool", setting)
    y = ask(right, "forward", x)
    expected = ask(right, "backward", d_out)
    title = "L2Pool(2).forward with windows of zeros"
    # Whoever adds a small ε under the root gets its root.
    expect_close(ask(layer, "forward", x), y, title, atol=1e-3)
    hint = "Where the root is 0 you divide 0 by 0. Divide by something else there, the pixel above the line is 0."
    expect_close(ask(layer, "backward", d_out), expected, title.replace("forward", "backward d_x"), hint=hint)


@check(TASK, points=5, equation="(57)")
def pool_does_not_fit(student: Any, reference: Any, rng: Any) -> Partial | None:
    """A window that does not fit raises ValueError, and the message names the size."""
    size = 2 * int(rng.integers(6, 20)) + 1
    cases = [
        ((size, 8), Setting((1, 1, size, 8), 2)),
        ((4, size), Setting((1, 1, 4, size), (2, 4), stride=2)),
    ]

    def test(name: str) -> Callable[[], None]:
        return lambda: refuses(student, name, cases, size)

    return shares_of({name: test(name) for name in LAYERS})


def refuses(student: Any, name: str, cases: list[tuple[tuple[int, int], Setting]], size: int) -> None:
    """A layer refuses images that its window does not fit, as far as the student's output_size of adv7 does."""
    for (height, width), setting in cases:
        call = f"{name}({setting}).forward of images {height}x{width}"
        forward = expect_function(pool(student, name, setting), "forward")
        error = error_of(forward, np.ones(setting.shape))
        message = own_refusal(student, size, pair(setting.window)[0 if height == size else 1])
        if message is None:
            continue  # that mistake has cost its points in advanced task 7
        hint = "output_size of advanced task 7 knows what fits; ask it."
        if error is None:
            raise CheckFailed(f"{call}: no error was raised", hint)
        raised = f"{call}: {error.type_name} was raised, expected ValueError"
        expect(error.type_name == "ValueError", raised, hint)
        said = f"{call}: the ValueError says {show(error.message)}, without the size {size}"
        expect(names(error.message, size) or not names(message, size), said, hint)


def own_refusal(student: Any, size: int, window: int) -> str | None:
    """What the ValueError of the student's own output_size says, stride 2; None when it raises none."""
    try:
        error = error_of(student.output_size, size, window, 2, 0)
    except CodeError as absent:
        if absent.kind != "missing":
            raise
        return str(size)  # layers that do without it
    return error.message if error is not None and error.type_name == "ValueError" else None


def names(message: str, size: int) -> bool:
    """Whether ``message`` has the number ``size``."""
    return str(size) in re.findall(r"\d+", message)


@check(TASK, points=9)
def flatten_layer(student: Any, reference: Any, rng: Any) -> None:
    """Flatten makes a row of every image, channel by channel and row by row, and backward undoes it."""
    layer, right = expect_object(expect_function(student, "Flatten")(), "Flatten()"), reference.Flatten()
    hint = "Row n belongs to image n: first all of channel 0, row by row, then channel 1."
    for shape in ((3, 2, 4, 5), (2, 3, 1, 4)):  # the last batch of an epoch may be a smaller one
        x, d_out = rng.normal(size=shape), rng.normal(size=(shape[0], shape[1] * shape[2] * shape[3]))
        expected = ask(right, "forward", x), ask(right, "backward", d_out)
        expect_close(ask(layer, "forward", x), expected[0], f"Flatten.forward of {shape}", hint=hint)
        inverse = "The exact reverse of forward: number k of the row goes back to where it came from."
        expect_close(ask(layer, "backward", d_out), expected[1], f"Flatten.backward of {shape}", hint=inverse)


@check(TASK, points=5)
def pool_state(student: Any, reference: Any, rng: Any) -> Partial | None:
    """Every layer remembers its own last forward."""
    x, other = distinct(rng, OVERLAPPING.shape), distinct(rng, OVERLAPPING.shape)
    d_out = rng.normal(size=OVERLAPPING.places)
    expected = {}
    for name in LAYERS:
        right = pool(reference, name, OVERLAPPING)
        ask(right, "forward", x)
        expected[name] = ask(right, "backward", d_out)

    def test(name: str) -> Callable[[], None]:
        return lambda: remembers(student, name, x, other, d_out, expected[name])

    return shares_of({name: test(name) for name in LAYERS})


def remembers(
    student: Any, name: str, x: np.ndarray, other: np.ndarray, d_out: np.ndarray, expected: np.ndarray
) -> None:
    """Two layers of one kind in turn, and a smaller batch in between."""
    first, second = pool(student, name, OVERLAPPING), pool(student, name, OVERLAPPING)
    ask(first, "forward", other[:1])
    ask(first, "forward", x)
    ask(second, "forward", other[:2])
    hint = (
        "Keep in self what backward needs, anew in every forward; what belongs to the class is everybody's."
    )
    got = ask(first, "backward", d_out)
    expect_close(got, expected, f"{name}.backward d_x beside another layer", hint=hint)


@check(TASK, points=5)
def pool_arguments(student: Any, reference: Any, rng: Any) -> Partial | None:
    """forward and backward of all layers leave x and d_out as they are."""
    x, d_out = rng.normal(size=UNEVEN.shape), rng.normal(size=UNEVEN.places)
    flat = rng.normal(size=(len(x), x[0].size))

    def test(name: str) -> Callable[[], None]:
        return lambda: leaves_arguments(student, name, x, flat if name == "Flatten" else d_out)

    return shares_of({name: test(name) for name in (*LAYERS, "Flatten")})


def leaves_arguments(student: Any, name: str, x: np.ndarray, d_out: np.ndarray) -> None:
    """A layer forward and backward; whatever it returns has the right shape."""
    before = len(mutated_arguments(student))
    layer = (
        expect_object(expect_function(student, "Flatten")(), "Flatten()")
        if name == "Flatten"
        else pool(student, name, UNEVEN)
    )
    expect_array(ask(layer, "forward", x), d_out.shape, f"{name}.forward")
    expect_array(ask(layer, "backward", d_out), x.shape, f"{name}.backward d_x")
    changed = mutated_arguments(student)[before:]
    hint = "The caller still needs its array: work on a copy."
    expect(not changed, f"{changed[0] if changed else name} of {name} was changed by the call", hint)


def shares_of(tests: dict[str, Callable[[], None]]) -> Partial | None:
    """Every test is worth the same share; one layer's failure does not hide the others."""
    problems: list[CheckFailed | CodeError] = []
    said: list[str] = []
    for name, test in tests.items():
        try:
            test()
        except CheckFailed as failure:
            problems.append(failure)
            said.append(failure.message)
        except CodeError as error:
            if error.kind not in SILENT_KINDS:
                raise
            problems.append(error)
            said.append(f"{name}: {error.type_name}: {error}")
    if not problems:
        return None
    if len(problems) == len(tests):
        raise problems[0]
    message = f"{len(problems)} of {len(tests)} layers: {'; '.join(said)}"
    return Partial(1 - len(problems) / len(tests), message)
