"""Checks of advanced task 7: output size, convolution by loops and by columns, its three gradients, parameter counts.

Judged are batch-first arrays only; how a layer lies in memory is its own business. The columns of `im2col` may come
in any order, as long as `col2im` knows it. Nothing is timed: the images are so small that plain loops will do.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from autograder.calls import Proxy, error_of
from autograder.checks import check
from autograder.expect import (
    expect,
    expect_array,
    expect_close,
    expect_close_shape,
    expect_function,
    expect_gradient,
    expect_number,
    expect_object,
    expect_unchanged,
    show,
)

TASK = "adv7_convolution"
RTOL_FLOAT32 = 1e-3  # sums of a dozen products in float32, some of which nearly cancel
FITS = "(size - window + 2 pad) / stride + 1 is a whole number; return an int, so that it can be a shape."
VERTICAL_FIRST = "Of a pair (a, b), a belongs to the rows and the height, b to the columns and the width."
SEEN_BY_MANY = (
    "A pixel that lies in several windows gets a gradient from each, and they add up. "
    "Padding was never a pixel: its part is cut off in the end."
)
EVERY_PLACE = (
    "Every filter is used at every place of every image, so its gradient is a sum over places and images."
)


class Setting(NamedTuple):
    """A convolution: images, filters, how they move; all sizes differ from each other where they can."""

    N: int
    C: int
    size: tuple[int, int]
    F: int
    window: tuple[int, int]
    stride: Any = 1
    pad: Any = 0

    @property
    def places(self) -> tuple[int, int]:
        """(OH, OW) by eq. (57)."""
        axes = zip(self.size, self.window, pair(self.stride), pair(self.pad), strict=True)
        down, right = ((size - window + 2 * pad) // stride + 1 for size, window, stride, pad in axes)
        return down, right

    @property
    def moves(self) -> dict[str, Any]:
        return {"stride": self.stride, "pad": self.pad}

    def __str__(self) -> str:
        return f"stride {self.stride}, pad {self.pad}"


PLAIN = Setting(2, 3, (6, 4), 4, (3, 2))
STRIDE_2 = Setting(3, 2, (5, 8), 4, (3, 2), stride=2, pad=1)
UNEVEN = Setting(2, 3, (5, 6), 4, (3, 4), stride=(1, 2), pad=(2, 1))  # fits when these are swapped, too
WITH_GAPS = Setting(2, 2, (8, 7), 3, (2, 1), stride=3)
SETTINGS = (PLAIN, STRIDE_2, UNEVEN, WITH_GAPS)
WIGGLED = Setting(2, 2, (4, 5), 3, (2, 3), stride=(1, 2), pad=(1, 0))  # small: one forward for every number
ONE_PIXEL = Setting(2, 3, (4, 5), 2, (1, 1))
ONE_PLACE = Setting(1, 2, (3, 5), 4, (3, 5))


class Drawn(NamedTuple):
    """The numbers of a convolution; d_out belongs to its output."""

    x: np.ndarray
    W: np.ndarray
    b: np.ndarray
    d_out: np.ndarray


def pair(value: Any) -> tuple[int, int]:
    """One number for both axes, or two."""
    return value if isinstance(value, tuple) else (value, value)


def draw(rng: Any, setting: Setting, dtype: type = np.float64) -> Drawn:
    """Random images, filters, biases and upstream gradient for ``setting``."""
    N, C, F = setting.N, setting.C, setting.F
    shapes = (N, C, *setting.size), (F, C, *setting.window), (F,), (N, F, *setting.places)
    return Drawn(*(rng.normal(size=shape).astype(dtype) for shape in shapes))


def conv(owner: Any, drawn: Drawn, setting: Setting, **options: Any) -> Proxy:
    """A new layer of the student's or the reference's."""
    layer = expect_function(owner, "Conv")(drawn.W, drawn.b, **setting.moves, **options)
    return expect_object(layer, "Conv(W, b, …)")


def ask(owner: Any, name: str, *arguments: Any, **options: Any) -> Any:
    """What the function or method ``name`` of ``owner`` returns."""
    return expect_function(owner, name)(*arguments, **options)


def windows_of(x: np.ndarray, setting: Setting) -> np.ndarray:
    """(N, C, OH, OW, R, S), computed here: what every window sees, for hints."""
    (down, right), (pad_h, pad_w) = pair(setting.stride), pair(setting.pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, setting.window, axis=(2, 3))
    return seen[:, :, ::down, ::right]


def is_close(got: Any, expected: np.ndarray) -> bool:
    """Whether ``got`` is the array ``expected``, for hints."""
    fits = isinstance(got, np.ndarray) and got.dtype.kind == "f" and got.shape == expected.shape
    with np.errstate(all="ignore"):  # a student's numbers may be as large as they come
        return fits and np.allclose(got, expected, rtol=1e-3, atol=1e-4)


def forward_cause(y: Any, drawn: Drawn, setting: Setting) -> str:
    """A hint that fits the output ``y`` when it is wrong."""
    seen = windows_of(drawn.x, setting)
    flipped = np.einsum("ncijrs,fcrs->nfij", seen, drawn.W[:, :, ::-1, ::-1])
    straight = np.einsum("ncijrs,fcrs->nfij", seen, drawn.W)
    bias = drawn.b[:, None, None]
    if is_close(y, flipped + bias):
        return (
            "It looks as if the filter was flipped. In (56) weight (r, s) meets pixel (r, s) of the window."
        )
    if is_close(y, straight):
        return "It looks as if the bias was forgotten: one for each filter."
    first_channel = np.einsum("nijrs,frs->nfij", seen[:, 0], drawn.W[:, 0])
    if is_close(y, first_channel + bias):
        return "It looks as if only the first channel counts. The sum (56) runs over all channels."
    return VERTICAL_FIRST if len({*pair(setting.stride), *pair(setting.pad)}) > 1 else "Compare with (56)."


def scattered(drawn: Drawn, setting: Setting, *, flip: bool = False, overwrite: str = "") -> np.ndarray:
    """d_x, computed here, with a mistake: filters flipped, or sums lost window by window or weight by weight."""
    (R, S), (OH, OW) = setting.window, setting.places
    (down, right), (pad_h, pad_w) = pair(setting.stride), pair(setting.pad)
    W = drawn.W[:, :, ::-1, ::-1] if flip else drawn.W
    parts = np.einsum("nfij,fcrs->ncijrs", drawn.d_out, W)
    height, width = setting.size
    d_x = np.zeros((setting.N, setting.C, height + 2 * pad_h, width + 2 * pad_w))
    steps = [(i, j, r, s) for i in range(OH) for j in range(OW) for r in range(R) for s in range(S)]
    if overwrite == "by weight":
        steps.sort(key=lambda step: step[2:])
    for i, j, r, s in steps:
        pixel = d_x[:, :, i * down + r, j * right + s]
        pixel[...] = parts[:, :, i, j, r, s] + (0 if overwrite else pixel)
    return d_x[:, :, pad_h : pad_h + height, pad_w : pad_w + width]


def d_x_cause(d_x: Any, drawn: Drawn, setting: Setting) -> str:
    """A hint that fits the gradient ``d_x`` when it is wrong."""
    for order in ("by window", "by weight"):
        if is_close(d_x, scattered(drawn, setting, overwrite=order)):
            return f"It looks as if the last window overwrites the others. {SEEN_BY_MANY}"
    return SEEN_BY_MANY


@check(TASK, points=5, equation="(57)")
def conv_output_size(student: Any, reference: Any, rng: Any) -> None:
    """output_size counts the places of a window, with any stride and padding."""
    cases = [(28, 5, 1, 0), (227, 11, 4, 0), (7, 7, 3, 0), (1, 5, 1, 2)]
    for stride, pad in ((1, 1), (2, 0), (2, 1), (3, 2), (5, 1)):
        places, window = int(rng.integers(2, 9)), int(rng.integers(5, 9))
        cases.append(((places - 1) * stride + window - 2 * pad, window, stride, pad))
    for size, window, stride, pad in cases:
        call = f"output_size({size}, {window}, stride={stride}, pad={pad})"
        expected = (size - window + 2 * pad) // stride + 1
        got = ask(student, "output_size", size, window, stride=stride, pad=pad)
        expect_places(got, expected, call)
    expect_places(ask(student, "output_size", 28, 5), 24, "output_size(28, 5)")


def expect_places(got: Any, expected: int, call: str) -> None:
    """``got`` is the int ``expected``."""
    kind = "the float " if type(got) is float else ""
    shown = repr(got) if kind else show(got)
    expect(
        type(got) is int and got == expected, f"{call}: got {kind}{shown}, expected the int {expected}", FITS
    )


@check(TASK, points=5, equation="(57)")
def conv_does_not_fit(student: Any, reference: Any, rng: Any) -> None:
    """A window that does not fit raises ValueError, and the message names the size."""
    size = int(rng.integers(6, 20)) * 2 + 1
    cases = [
        ("a step is left over", (size, 4, 2, 0)),
        ("two steps are left over", (size * 3, 4, 3, 3)),
        ("the window is larger than the image", (size, size + 4, 1, 1)),
    ]
    output_size = expect_function(student, "output_size")
    for what, (pixels, window, stride, pad) in cases:
        call = f"output_size({pixels}, {window}, stride={stride}, pad={pad}), where {what}"
        message = expect_value_error(error_of(output_size, pixels, window, stride=stride, pad=pad), call)
        named = {pixels, pixels + 2 * pad} & {int(number) for number in re.findall(r"\d+", message)[:20]}
        hint = "Say which size it is: in a network of ten layers one wants to know."
        expect(bool(named), f"{call}: the ValueError says {show(message)}, without the size {pixels}", hint)
    for window, stride, pad in ((0, 1, 0), (3, 0, 0), (3, 1, -1)):
        error = error_of(output_size, 9, window, stride=stride, pad=pad)
        expect_value_error(error, f"output_size(9, {window}, stride={stride}, pad={pad})")


def expect_value_error(error: Any, call: str) -> str:
    """The message of the ValueError that ``call`` must have raised."""
    hint = "raise ValueError(…) with a message that helps: better now than a strange picture later."
    expect(error is not None, f"{call}: no error was raised", hint)
    message = f"{call}: {error.type_name} was raised, expected ValueError"
    expect(error.type_name == "ValueError", message, hint)
    return error.message


@check(TASK, points=9, equation="(56)")
def conv_naive(student: Any, reference: Any, rng: Any) -> None:
    """convolve_naive is the sum (56) at every place, for every filter and image."""
    for setting in SETTINGS[:3]:
        drawn = draw(rng, setting)
        expected = ask(reference, "convolve_naive", *drawn[:3], **setting.moves)
        got = ask(student, "convolve_naive", *drawn[:3], **setting.moves)
        expect_close(got, expected, f"convolve_naive, {setting}", hint=forward_cause(got, drawn, setting))


@check(TASK, points=9, equation="(59)")
def conv_im2col(student: Any, reference: Any, rng: Any) -> None:
    """Every window is a column of im2col, channel by channel and row by row; the columns' order is free."""
    for setting in SETTINGS[:3]:
        x = draw(rng, setting).x
        expected = ask(reference, "im2col", x, setting.window, **setting.moves)
        name = f"im2col, {setting}"
        hint = (
            "(C·R·S, OH·OW·N): one row for each weight of a filter, one column for each window of each image."
        )
        X = expect_array(
            ask(student, "im2col", x, setting.window, **setting.moves), expected.shape, name, hint=hint
        )
        missing = windows_missing(X, expected)
        if missing:
            rearranged = not windows_missing(np.sort(X, axis=0), np.sort(expected, axis=0))
            what = "the right pixels in another order" if rearranged else "wrong pixels"
            hint = "Row (c·R + r)·S + s: as W.reshape(F, -1) counts the weights of a filter."
            expect(
                False, f"{name}: {missing} of {X.shape[1]} windows are not among the columns, {what}", hint
            )


def windows_missing(X: np.ndarray, expected: np.ndarray) -> int:
    """How many columns of ``expected`` have no column of their own in ``X``."""
    with np.errstate(all="ignore"):
        distance = np.abs(expected[:, :, None].astype(np.float64) - X[:, None, :]).max(axis=0)
    nearest = distance.argmin(axis=1)
    found = {int(column) for k, column in enumerate(nearest) if distance[k, column] < 1e-5}
    return X.shape[1] - len(found)


@check(TASK, points=9, equation="(62)")
def conv_col2im(student: Any, reference: Any, rng: Any) -> None:
    """col2im adds every entry to the pixel that im2col took it from, and drops the padding."""
    for setting in SETTINGS:
        N, C = setting.N, setting.C
        shape = (N, C, *setting.size)
        rows, columns = C * int(np.prod(setting.window)), N * int(np.prod(setting.places))
        numbers = rng.normal(size=(rows, columns))
        # Their own im2col says where each entry comes from: pixels are numbered, 0 is padding.
        numbered = 1.0 + np.arange(N * C * setting.size[0] * setting.size[1]).reshape(shape)
        source = ask(student, "im2col", numbered, setting.window, **setting.moves)
        source = expect_array(source, numbers.shape, f"im2col, {setting}")
        usable = (source == np.floor(source)) & (source >= 0) & (source <= numbered.size)
        message = f"im2col, {setting}: numbers that are in no pixel of the images"
        expect(bool(usable.all()), message, "First im2col, then col2im.")
        where = shape, setting.window
        counted = ask(student, "col2im", np.ones(numbers.shape), *where, **setting.moves)
        # Asked before the first is judged: a mean and an overwriting differ in these numbers only.
        got = ask(student, "col2im", numbers, *where, **setting.moves)
        ones = ask(reference, "col2im", np.ones(numbers.shape), *where, **setting.moves)
        expect_close(counted, ones, f"col2im of ones (windows at each pixel), {setting}", hint=SEEN_BY_MANY)
        expected = np.bincount(source.ravel().astype(np.int64), numbers.ravel(), numbered.size + 1)[1:]
        hint = "Put every entry back to the place where im2col finds it: the same order of rows and columns."
        expect_close(got, expected.reshape(shape), f"col2im, {setting}", hint=hint)


@check(TASK, points=13, equation="(59), (60)")
def conv_forward(student: Any, reference: Any, rng: Any) -> None:
    """Conv.forward gives what the definition gives, for images and filters of any shape."""
    for setting in (*SETTINGS, ONE_PIXEL, ONE_PLACE):
        drawn = draw(rng, setting)
        expected = ask(conv(reference, drawn, setting), "forward", drawn.x)
        got = ask(conv(student, drawn, setting), "forward", drawn.x)
        expect_close(got, expected, f"Conv.forward, {setting}", hint=forward_cause(got, drawn, setting))
    drawn = draw(rng, STRIDE_2, np.float32)
    expected = ask(conv(reference, drawn, STRIDE_2), "forward", drawn.x)
    got = ask(conv(student, drawn, STRIDE_2), "forward", drawn.x)
    expect_close(got, expected, "Conv.forward, float32", rtol=RTOL_FLOAT32)


def after_backward(owner: Any, drawn: Drawn, setting: Setting, **options: Any) -> tuple[Proxy, Any]:
    """A layer after forward and backward, and what backward returned."""
    layer = conv(owner, drawn, setting, **options)
    ask(layer, "forward", drawn.x)
    return layer, ask(layer, "backward", drawn.d_out)


def wiggle(student: Any, reference: Any, rng: Any, what: str, hint: str) -> None:
    """The gradient with respect to ``what`` (x, W or b) is what wiggling finds, where forward is right.

    A wrong forward has cost its points in `conv_forward`: a right backward does not lose any by it.
    """
    drawn = draw(rng, WIGGLED)
    layer = conv(student, drawn, WIGGLED)
    y = ask(layer, "forward", drawn.x)
    d_x = ask(layer, "backward", drawn.d_out)
    if not is_close(y, ask(conv(reference, drawn, WIGGLED), "forward", drawn.x)):
        return

    def f(moved: np.ndarray) -> np.ndarray:
        now = drawn._replace(**{what: moved})
        other = layer if what == "x" else conv(student, now, WIGGLED)
        return expect_array(ask(other, "forward", now.x), drawn.d_out.shape, "Conv.forward")

    gradient = d_x if what == "x" else getattr(layer, f"d_{what}")
    name = f"Conv.backward d_{what}, {WIGGLED}"
    start = getattr(drawn, what)
    expect_gradient(f, start, drawn.d_out, gradient, name, loose_shape=what == "b", hint=hint)


@check(TASK, points=13, equation="(62)")
def conv_backward_x(student: Any, reference: Any, rng: Any) -> None:
    """Conv.backward returns the gradient with respect to the images."""
    for setting in SETTINGS:
        drawn = draw(rng, setting)
        _, expected = after_backward(reference, drawn, setting)
        _, d_x = after_backward(student, drawn, setting)
        expect_close(d_x, expected, f"Conv.backward d_x, {setting}", hint=d_x_cause(d_x, drawn, setting))
    drawn = draw(rng, STRIDE_2, np.float32)
    _, expected = after_backward(reference, drawn, STRIDE_2)
    _, d_x = after_backward(student, drawn, STRIDE_2)
    expect_close(d_x, expected, "Conv.backward d_x, float32", rtol=RTOL_FLOAT32, hint=SEEN_BY_MANY)
    wiggle(student, reference, rng, "x", SEEN_BY_MANY)


@check(TASK, points=9, equation="(61)")
def conv_backward_W(student: Any, reference: Any, rng: Any) -> None:
    """Conv.backward sets d_W, shaped like W: summed over all places and images."""
    for setting in SETTINGS[:3]:
        drawn = draw(rng, setting)
        right, _ = after_backward(reference, drawn, setting)
        layer, _ = after_backward(student, drawn, setting)
        expect_close(layer.d_W, right.d_W, f"Conv.backward d_W, {setting}", hint=EVERY_PLACE)
    wiggle(student, reference, rng, "W", EVERY_PLACE)


@check(TASK, points=5, equation="(61)")
def conv_backward_b(student: Any, reference: Any, rng: Any) -> None:
    """Conv.backward sets d_b, one number for each filter."""
    for setting in (PLAIN, UNEVEN):
        drawn = draw(rng, setting)
        right, _ = after_backward(reference, drawn, setting)
        layer, _ = after_backward(student, drawn, setting)
        name = f"Conv.backward d_b, {setting}"
        expect_close(layer.d_b, right.d_b, name, loose_shape=True, hint=EVERY_PLACE)
    wiggle(student, reference, rng, "b", EVERY_PLACE)


@check(TASK, points=5)
def conv_layer_state(student: Any, reference: Any, rng: Any) -> None:
    """A layer remembers its own last forward and backward, uses W and b as they are now, and may be the first."""
    drawn, other, new = draw(rng, STRIDE_2), draw(rng, STRIDE_2), draw(rng, STRIDE_2)
    right, expected = after_backward(reference, drawn, STRIDE_2)
    d_W = expect_array(right.d_W, drawn.W.shape, "d_W")
    first, second = conv(student, drawn, STRIDE_2), conv(student, other, STRIDE_2)
    ask(first, "forward", other.x)
    ask(first, "forward", drawn.x)
    ask(second, "forward", other.x)
    hint = (
        "Keep in self what backward needs, anew in every forward; what belongs to the class is everybody's."
    )
    got = ask(first, "backward", drawn.d_out)
    expect_close(got, expected, "Conv.backward d_x beside another layer", hint=hint)
    expect_close(first.d_W, d_W, "Conv.backward d_W beside another layer", hint=hint)
    expected = ask(conv(reference, new, STRIDE_2), "forward", drawn.x)
    first.W, first.b = new.W, new.b
    hint = "Training replaces self.W and self.b: read them in every call."
    got = ask(first, "forward", drawn.x)
    expect_close(got, expected, "Conv.forward with a new W and b", hint=hint)
    ask(first, "backward", drawn.d_out)
    hint = "Each backward finds the gradients of its own step; nothing is added to those of the step before."
    expect_close(first.d_W, d_W, "Conv.backward d_W in a second step", hint=hint)
    d_b = drawn.d_out.sum(axis=(0, 2, 3))
    expect_close(first.d_b, d_b, "Conv.backward d_b in a second step", loose_shape=True, hint=hint)
    layer, _ = after_backward(student, drawn, STRIDE_2, first=True)
    hint = "first=True saves d_x, not the gradients of the layer's own parameters."
    expect_close(layer.d_W, d_W, "Conv(…, first=True).backward d_W", hint=hint)


@check(TASK, points=3, equation="(57)")
def conv_refuses(student: Any, reference: Any, rng: Any) -> None:
    """Conv.forward raises ValueError for images that its filters do not fit, or with other channels."""
    drawn = draw(rng, PLAIN)
    expect_array(ask(conv(student, drawn, PLAIN), "forward", drawn.x), drawn.d_out.shape, "Conv.forward")
    layer = conv(student, drawn, PLAIN._replace(stride=(1, 3)))
    error = error_of(expect_function(layer, "forward"), drawn.x)
    expect_value_error(error, "Conv.forward of images 6x4 with a window 3x2 and stride (1, 3)")
    layer = conv(student, drawn, PLAIN)
    error = error_of(expect_function(layer, "forward"), drawn.x[:, :2])
    expect_value_error(error, "Conv.forward of images with 2 channels and filters for 3")


@check(TASK, points=4)
def conv_arguments(student: Any, reference: Any, rng: Any) -> None:
    """forward and backward leave x, d_out, W and b as they are."""
    drawn = draw(rng, STRIDE_2)
    layer = conv(student, drawn, STRIDE_2)
    expect_array(ask(layer, "forward", drawn.x), drawn.d_out.shape, "Conv.forward")
    expect_array(ask(layer, "backward", drawn.d_out), drawn.x.shape, "Conv.backward d_x")
    expect_unchanged(student)
    for name in ("W", "b"):
        now = expect_close_shape(getattr(layer, name), getattr(drawn, name).shape, f"Conv.{name}")
        expect(np.allclose(now, getattr(drawn, name)), f"Conv.{name} was changed by forward or backward")


@check(TASK, points=7, equation="(56), (62)")
def conv_flipped(student: Any, reference: Any, rng: Any) -> None:
    """input_gradient_by_convolution finds the same d_x by a padded convolution with flipped filters."""
    for setting in SETTINGS:
        drawn = draw(rng, setting)
        arguments = (drawn.d_out, drawn.W, drawn.x.shape)
        expected = ask(reference, "input_gradient_by_convolution", *arguments, **setting.moves)
        got = ask(student, "input_gradient_by_convolution", *arguments, **setting.moves)
        hint = (
            "It looks as if the filters were not flipped: the last weight comes first, up and down, left and right."
            if is_close(got, scattered(drawn, setting, flip=True))
            else "Filters and channels change places, zeros stand between the errors when the stride is not 1, "
            "and R-1, S-1 zeros around them."
        )
        expect_close(got, expected, f"input_gradient_by_convolution, {setting}", hint=hint)


@check(TASK, points=4, equation="(58)")
def conv_parameters(student: Any, reference: Any, rng: Any) -> None:
    """A layer's parameters: with shared filters, and with filters of its own at every place."""
    for _ in range(3):
        F, C, R, S, OH, OW = (int(rng.integers(low, low + 3)) for low in (5, 8, 2, 11, 14, 17))
        expected = ask(reference, "count_parameters", F, C, R, S)
        got = expect_number(ask(student, "count_parameters", F, C, R, S), "count_parameters")
        hint = "Each filter has C·R·S weights and one bias."
        message = f"count_parameters({F}, {C}, {R}, {S}): got {got:g}, expected {expected}"
        expect(got == expected, message, hint)
        expected = ask(reference, "count_parameters_unshared", F, C, R, S, OH, OW)
        got = expect_number(
            ask(student, "count_parameters_unshared", F, C, R, S, OH, OW), "count_parameters_unshared"
        )
        hint = "Without sharing, every place has all weights and biases for itself."
        message = (
            f"count_parameters_unshared({F}, {C}, {R}, {S}, {OH}, {OW}): got {got:g}, expected {expected}"
        )
        expect(got == expected, message, hint)
