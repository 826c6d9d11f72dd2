"""The checks of advanced task 7: the reference passes, every mistake fails, whatever is merely different passes."""

import time

import pytest

from autograder.checks.outcome import Status
from tests.checks.harness import (
    fuzz_cases,
    grade,
    grade_recorded,
    not_passed,
    public_names,
    recorded_bytes,
    stub_source,
)

TASK = "adv7_convolution"

NAIVE = """
def convolve_naive(x, W, b, stride=1, pad=0):
    (N, C, height, width), (F, _, R, S) = x.shape, W.shape
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    OH, OW = output_size(height, R, down, pad_h), output_size(width, S, right, pad_w)
    x = np.pad(x, ((0, 0), (0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    y = np.zeros((N, F, OH, OW))
    for n in range(N):
        for f in range(F):
            for i in range(OH):
                for j in range(OW):
                    window = x[n, :, i * down : i * down + R, j * right : j * right + S]
                    y[n, f, i, j] = {value}
    return y
"""
FORWARD = """
class Conv(Conv):
    def forward(self, x):
        y = super().forward(x)
        {change}
        return y
"""
BACKWARD = """
class Conv(Conv):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        {change}
        return d_x
"""
COL2IM = """
def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, height, width), (R, S) = shape, pair(window)
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    OH, OW = output_size(height, R, down, pad_h), output_size(width, S, right, pad_w)
    columns = columns.reshape(C, R, S, OH, OW, N)
    x = np.zeros((C, height + 2 * pad_h, width + 2 * pad_w, N))
    for r in range(R):
        for s in range(S):
            x[:, r : r + OH * down : down, s : s + OW * right : right] {operator} columns[:, r, s]
    return batch_first(x{inside})
"""
INSIDE = "[:, pad_h : pad_h + height, pad_w : pad_w + width]"
OUTPUT_SIZE = """
def output_size(size, window, stride=1, pad=0):
    if window < 1 or stride < 1 or pad < 0 or size + 2 * pad < window or (size - window + 2 * pad) % stride:
        {refuse}
    return {places}
"""
PLACES = "(size - window + 2 * pad) // stride + 1"
REFUSE = "raise ValueError(f'{window} does not fit {size}')"
FLIPPED = """
def input_gradient_by_convolution(d_out, W, x_shape, stride=1, pad=0):
    (N, F, OH, OW), (_, C, R, S) = d_out.shape, W.shape
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    spread = np.zeros((N, F, x_shape[2] - R + 1 + 2 * pad_h, x_shape[3] - S + 1 + 2 * pad_w))
    spread[:, :, {spread}] = d_out
    flipped = {flipped}
    d_padded = convolve_naive(spread, flipped, np.zeros(len(flipped)), pad=(R - 1, S - 1))
    return d_padded[:, :, pad_h : pad_h + x_shape[2], pad_w : pad_w + x_shape[3]]
"""
SPREAD, TURNED = "::down, ::right", "W.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]"


def sizes(refuse: str = REFUSE, places: str = PLACES) -> str:
    return OUTPUT_SIZE.format(refuse=refuse, places=places)


# name: (the check it must fail, what the check says then, source)
MISTAKES = {
    "forgets_plus_one": (
        "conv_output_size",
        "expected 24",
        sizes(places="(size - window + 2 * pad) // stride"),
    ),
    "pads_one_side": (
        "conv_output_size",
        "output_size(1, 5, stride=1, pad=2)",
        sizes(places="(size - window + pad) // stride + 1"),
    ),
    "size_is_a_float": (
        "conv_output_size",
        "got 24, expected 24",
        sizes(places="(size - window + 2 * pad) / stride + 1"),
    ),
    "adds_one_before_dividing": (
        "conv_output_size",
        "stride=4",
        sizes(places="(size - window + 2 * pad + 1) // stride"),
    ),
    "rounds_down": ("conv_does_not_fit", "no error was raised", sizes(refuse="pass")),
    "asserts": ("conv_does_not_fit", "AssertionError", sizes(refuse="assert False, f'{size} does not fit'")),
    "keeps_the_size_to_itself": (
        "conv_does_not_fit",
        "without the size",
        sizes(refuse="raise ValueError('does not fit')"),
    ),
    "prints_and_goes_on": ("conv_does_not_fit", "no error", sizes(refuse="print(size, 'does not fit')")),
    "naive_flips_the_filter": (
        "conv_naive",
        "the filter was flipped",
        NAIVE.format(value="np.sum(window * W[f, :, ::-1, ::-1]) + b[f]"),
    ),
    "naive_without_bias": ("conv_naive", "bias was forgotten", NAIVE.format(value="np.sum(window * W[f])")),
    "naive_first_channel": (
        "conv_naive",
        "only the first channel",
        NAIVE.format(value="np.sum(window[0] * W[f, 0]) + b[f]"),
    ),
    "naive_bias_for_every_weight": (
        "conv_naive",
        "convolve_naive",
        NAIVE.format(value="np.sum(window * W[f] + b[f])"),
    ),
    "naive_swaps_stride": (
        "conv_naive",
        "convolve_naive, stride (1, 2)",
        NAIVE.format(value="np.sum(window * W[f]) + b[f]").replace("(down, right)", "(right, down)"),
    ),
    "naive_swaps_pad": (
        "conv_naive",
        "convolve_naive, stride (1, 2)",
        NAIVE.format(value="np.sum(window * W[f]) + b[f]").replace("(pad_h, pad_w) =", "(pad_w, pad_h) ="),
    ),
    "channels_last_in_rows": (
        "conv_im2col",
        "the right pixels in another order",
        """
reference_im2col = im2col
def im2col(x, window, stride=1, pad=0):
    X = reference_im2col(x, window, stride, pad)
    R, S = pair(window)
    return X.reshape(x.shape[1], R * S, -1).swapaxes(0, 1).reshape(X.shape)
""",
    ),
    "windows_as_rows": (
        "conv_im2col",
        "transposed",
        """
reference_im2col = im2col
def im2col(x, window, stride=1, pad=0):
    return reference_im2col(x, window, stride, pad).T
""",
    ),
    "pads_with_the_edge": (
        "conv_im2col",
        "are not among the columns, wrong pixels",
        """
reference_im2col = im2col
def im2col(x, window, stride=1, pad=0):
    (h, w) = pair(pad)
    return reference_im2col(np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)), mode="edge"), window, stride)
""",
    ),
    "reshapes_images_into_columns": (
        "conv_im2col",
        "are not among the columns",
        """
reference_im2col = im2col
def im2col(x, window, stride=1, pad=0):
    X = reference_im2col(x, window, stride, pad)
    return np.resize(x.reshape(len(x), -1), X.shape)
""",
    ),
    "col2im_overwrites": (
        "conv_col2im",
        "windows at each pixel",
        COL2IM.format(operator="=", inside=INSIDE),
    ),
    "col2im_keeps_the_padding": (
        "conv_col2im",
        "got shape",
        COL2IM.format(operator="+=", inside=""),
    ),
    "col2im_cuts_one_end_only": (
        "conv_col2im",
        "windows at each pixel",
        COL2IM.format(operator="+=", inside="[:, 2 * pad_h :, 2 * pad_w :]"),
    ),
    "col2im_has_another_order": (
        "conv_col2im",
        "col2im, stride",
        COL2IM.format(operator="+=", inside=INSIDE).replace(
            "columns.reshape(C, R, S, OH, OW, N)", "np.moveaxis(columns.reshape(C, R, S, N, OH, OW), 3, 5)"
        ),
    ),
    "col2im_divides_by_the_count": (
        "conv_col2im",
        "windows at each pixel",
        """
reference_col2im = col2im
def col2im(columns, shape, window, stride=1, pad=0):
    count = reference_col2im(np.ones(columns.shape), shape, window, stride, pad)
    return reference_col2im(columns, shape, window, stride, pad) / np.maximum(count, 1)
""",
    ),
    "conv_flips_the_filter": (
        "conv_forward",
        "the filter was flipped",
        """
class Conv(Conv):
    def forward(self, x):
        W = self.W
        self.W = W[:, :, ::-1, ::-1]
        y = super().forward(x)
        self.W = W
        return y
""",
    ),
    "conv_without_bias": (
        "conv_forward",
        "bias was forgotten",
        FORWARD.format(change="y = y - self.b[:, None, None]"),
    ),
    "conv_returns_batch_last": (
        "conv_forward",
        "got shape",
        FORWARD.format(change="y = y.transpose(1, 2, 3, 0)"),
    ),
    "conv_reshapes_instead_of_transposing": (
        "conv_forward",
        "Conv.forward",
        FORWARD.format(change="y = y.transpose(1, 2, 3, 0).reshape(y.shape)"),
    ),
    "conv_swaps_stride_and_pad": (
        "conv_forward",
        "Conv.forward, stride (1, 2)",
        """
class Conv(Conv):
    def forward(self, x):
        self.stride, self.pad = pair(self.stride)[::-1], pair(self.pad)[::-1]
        try:
            return super().forward(x)
        except ValueError:
            return None
""",
    ),
    "last_window_overwrites": (
        "conv_backward_x",
        "the last window overwrites",
        COL2IM.format(operator="=", inside=INSIDE),
    ),
    "d_x_of_flipped_filters": (
        "conv_backward_x",
        "Conv.backward d_x",
        """
class Conv(Conv):
    def backward(self, d_out):
        super().backward(d_out)
        return input_gradient_by_convolution(
            d_out, self.W[:, :, ::-1, ::-1], self.x_shape, self.stride, self.pad)
""",
    ),
    "d_x_divided_by_batch": (
        "conv_backward_x",
        "2 times too small",
        BACKWARD.format(change="d_x = d_x / len(d_out)"),
    ),
    "d_x_keeps_the_padding": (
        "conv_backward_x",
        "Conv.backward d_x",
        COL2IM.format(operator="+=", inside=""),
    ),
    "d_W_is_a_mean": (
        "conv_backward_W",
        "2 times too small",
        BACKWARD.format(change="self.d_W = self.d_W / len(d_out)"),
    ),
    "d_W_is_flipped": (
        "conv_backward_W",
        "d_W",
        BACKWARD.format(change="self.d_W = self.d_W[:, :, ::-1, ::-1]"),
    ),
    "d_W_stays_a_matrix": (
        "conv_backward_W",
        "got shape (4, 18)",
        BACKWARD.format(change="self.d_W = self.d_W.reshape(len(self.W), -1)"),
    ),
    "d_W_of_the_last_image": (
        "conv_backward_W",
        "d_W",
        BACKWARD.format(
            change="one = np.array(d_out); one[:-1] = 0; super().backward(one); self.d_b = d_out.sum((0, 2, 3))"
        ),
    ),
    "d_b_is_a_mean": (
        "conv_backward_b",
        "times too small",
        BACKWARD.format(change="self.d_b = d_out.mean(axis=(0, 2, 3))"),
    ),
    "d_b_for_every_place": (
        "conv_backward_b",
        "got shape (4, 4, 3)",
        BACKWARD.format(change="self.d_b = d_out.sum(axis=0)"),
    ),
    "d_b_of_one_place": (
        "conv_backward_b",
        "d_b",
        BACKWARD.format(change="self.d_b = d_out[:, :, 0, 0].sum(axis=0)"),
    ),
    "memory_in_the_class": (
        "conv_layer_state",
        "beside another layer",
        """
class Conv(Conv):
    def forward(self, x):
        y = super().forward(x)
        Conv.last = self.X, self.x_shape
        return y
    def backward(self, d_out):
        self.X, self.x_shape = Conv.last
        return super().backward(d_out)
""",
    ),
    "first_forward_remembered": (
        "conv_layer_state",
        "",
        """
class Conv(Conv):
    def forward(self, x):
        y = super().forward(x)
        if not hasattr(self, "kept"):
            self.kept = self.X, self.x_shape
        return y
    def backward(self, d_out):
        self.X, self.x_shape = self.kept
        return super().backward(d_out)
""",
    ),
    "W_copied_at_the_start": (
        "conv_layer_state",
        "with a new W and b",
        """
class Conv(Conv):
    def __init__(self, W, b, **options):
        super().__init__(W, b, **options)
        self.rows = W.reshape(len(W), -1), b
    def forward(self, x):
        self.W, self.b = self.rows[0].reshape(self.W.shape), self.rows[1]
        return super().forward(x)
""",
    ),
    "first_saves_everything": (
        "conv_layer_state",
        "Conv has no attribute d_W",
        """
class Conv(Conv):
    def backward(self, d_out):
        return None if self.first else super().backward(d_out)
""",
    ),
    "conv_takes_what_fits": ("conv_refuses", "no error was raised", sizes(refuse="pass")),
    "conv_takes_some_channels": (
        "conv_refuses",
        "2 channels",
        """
class Conv(Conv):
    def forward(self, x):
        W, C = self.W, min(x.shape[1], self.W.shape[1])
        self.W = W[:, :C]
        y = super().forward(x[:, :C])
        self.W = W
        return y
""",
    ),
    "writes_into_x": ("conv_arguments", "was changed", FORWARD.format(change="x *= 2")),
    "writes_into_d_out": ("conv_arguments", "was changed", BACKWARD.format(change="d_out -= 1")),
    "trains_itself": ("conv_arguments", "Conv.W was changed", BACKWARD.format(change="self.W -= self.d_W")),
    "filters_not_flipped": (
        "conv_flipped",
        "filters were not flipped",
        FLIPPED.format(spread=SPREAD, flipped="W.transpose(1, 0, 2, 3)"),
    ),
    "flipped_in_one_direction": (
        "conv_flipped",
        "input_gradient_by_convolution",
        FLIPPED.format(spread=SPREAD, flipped="W.transpose(1, 0, 2, 3)[:, :, ::-1]"),
    ),
    "stride_forgotten": (
        "conv_flipped",
        "stride 2, pad 1",
        FLIPPED.format(spread=":OH, :OW", flipped=TURNED),
    ),
    "places_swapped_when_spread": (
        "conv_flipped",
        "input_gradient_by_convolution",
        FLIPPED.format(spread=SPREAD, flipped=TURNED).replace(
            "pad_h : pad_h + x_shape[2], pad_w", "0 : x_shape[2], pad_w"
        ),
    ),
    "counts_no_biases": (
        "conv_parameters",
        "count_parameters(",
        "def count_parameters(F, C, R, S):\n    return F * C * R * S",
    ),
    "one_bias_for_all": (
        "conv_parameters",
        "count_parameters(",
        "def count_parameters(F, C, R, S):\n    return F * C * R * S + 1",
    ),
    "shares_the_biases": (
        "conv_parameters",
        "count_parameters_unshared(",
        "def count_parameters_unshared(F, C, R, S, OH, OW):\n    return OH * OW * F * C * R * S + F",
    ),
}

SEVEN_LOOPS = """
class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad = W, b, pair(stride), pair(pad)
    def places(self, x):
        (N, C, H, width), (F, C_W, R, S), (h, w) = x.shape, self.W.shape, self.pad
        if C != C_W:
            raise ValueError("channels")
        OH, OW = output_size(H, R, self.stride[0], h), output_size(width, S, self.stride[1], w)
        for n in range(N):
            for f in range(F):
                for i in range(OH):
                    for j in range(OW):
                        for c in range(C):
                            for r in range(R):
                                for s in range(S):
                                    p, q = i * self.stride[0] + r - h, j * self.stride[1] + s - w
                                    if 0 <= p < H and 0 <= q < width:
                                        yield (n, f, i, j), (f, c, r, s), (n, c, p, q)
    def forward(self, x):
        self.x = x
        (N, C, H, width), (F, _, R, S) = x.shape, self.W.shape
        OH = output_size(H, R, self.stride[0], self.pad[0])
        OW = output_size(width, S, self.stride[1], self.pad[1])
        y = np.zeros((N, F, OH, OW))
        for place, weight, pixel in self.places(x):
            y[place] += self.W[weight] * x[pixel]
        return y + self.b[:, None, None]
    def backward(self, d_out):
        self.d_W, self.d_b, d_x = np.zeros(self.W.shape), np.zeros(self.b.shape), np.zeros(self.x.shape)
        for place, weight, pixel in self.places(self.x):
            self.d_W[weight] += d_out[place] * self.x[pixel]
            d_x[pixel] += d_out[place] * self.W[weight]
        for n, f, i, j in np.ndindex(*d_out.shape):
            self.d_b[f] += d_out[n, f, i, j]
        return d_x
"""

# Merely different: full points.
ALTERNATIVES = {
    "seven_loops": SEVEN_LOOPS,
    "fourier": SEVEN_LOOPS
    + """
class Conv(Conv):
    def forward(self, x):
        self.x = x
        (N, C, H, width), (F, C_W, R, S), (h, w), (down, right) = x.shape, self.W.shape, self.pad, self.stride
        OH, OW = output_size(H, R, down, h), output_size(width, S, right, w)
        if C != C_W:
            raise ValueError("channels")
        padded = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)))
        size = padded.shape[2:]
        spectrum = np.fft.rfft2(padded)[:, None] * np.conj(np.fft.rfft2(self.W, size))[None]
        y = np.fft.irfft2(spectrum.sum(axis=2), size)[:, :, : OH * down : down, : OW * right : right]
        return y + self.b[None, :, None, None]
""",
    "textbook": """
def im2col(x, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = x.shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    OH, OW = output_size(H, R, down, h), output_size(width, S, right, w)
    img = np.pad(x, [(0, 0), (0, 0), (h, h), (w, w)], "constant")
    col = np.zeros((N, C, R, S, OH, OW))
    for y in range(R):
        for z in range(S):
            col[:, :, y, z] = img[:, :, y : y + down * OH : down, z : z + right * OW : right]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * OH * OW, -1).T

def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    OH, OW = output_size(H, R, down, h), output_size(width, S, right, w)
    col = columns.T.reshape(N, OH, OW, C, R, S).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * h + down - 1, width + 2 * w + right - 1))
    for y in range(R):
        for z in range(S):
            img[:, :, y : y + down * OH : down, z : z + right * OW : right] += col[:, :, y, z]
    return img[:, :, h : H + h, w : width + w]

class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad, self.first = W, b, stride, pad, first
    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        assert_channels = x.shape[1] == C
        if not assert_channels:
            raise ValueError("channels")
        out_h = output_size(x.shape[2], FH, pair(self.stride)[0], pair(self.pad)[0])
        self.x, self.col = x, im2col(x, (FH, FW), self.stride, self.pad).T
        out = self.col @ self.W.reshape(FN, -1).T + self.b
        return out.reshape(len(x), out_h, -1, FN).transpose(0, 3, 1, 2)
    def backward(self, d_out):
        FN, C, FH, FW = self.W.shape
        rows = d_out.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.d_b = np.sum(rows, axis=0, keepdims=True)
        self.d_W = (self.col.T @ rows).T.reshape(FN, C, FH, FW)
        return col2im((rows @ self.W.reshape(FN, -1)).T, self.x.shape, (FH, FW), self.stride, self.pad)
""",
    "windows_and_einsum": """
class Conv(Conv):
    def forward(self, x):
        _, C, R, S = self.W.shape
        if x.shape[1] != C:
            raise ValueError(f"{x.shape[1]} channels")
        (down, right), (h, w) = pair(self.stride), pair(self.pad)
        output_size(x.shape[2], R, down, h), output_size(x.shape[3], S, right, w)
        padded = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)))
        self.seen = np.lib.stride_tricks.sliding_window_view(padded, (R, S), axis=(2, 3))[:, :, ::down, ::right]
        self.x_shape = x.shape
        return np.einsum("ncijrs,fcrs->nfij", self.seen, self.W) + self.b.reshape(1, -1, 1, 1)
    def backward(self, d_out):
        self.d_W = np.einsum("ncijrs,nfij->fcrs", self.seen, d_out)
        self.d_b = d_out.sum(axis=(0, 2, 3)).reshape(-1, 1)
        return input_gradient_by_convolution(d_out, self.W, self.x_shape, self.stride, self.pad)
""",
    "flipped_with_loops": FLIPPED.format(spread=SPREAD, flipped=TURNED),
    "size_by_counting": """
def output_size(size, window, stride=1, pad=0):
    if min(window, stride) < 1 or pad < 0:
        raise ValueError("impossible")
    starts = range(-pad, size + pad - window + 1, stride)
    if not starts or starts[-1] + window != size + pad:
        raise ValueError(f"{size + 2 * pad} pixels (padded), window {window}, stride {stride}: does not fit")
    return len(starts)
""",
    "counts_as_floats": """
def count_parameters(F, C, R, S):
    return float(np.ones((F, C, R, S)).sum() + F)
def count_parameters_unshared(F, C, R, S, OH, OW):
    return np.float64(OH * OW) * count_parameters(F, C, R, S)
""",
}
# Which checks a name decides on its own: nobody gets their points with junk in its place.
JUDGED_BY = {
    "output_size": {"conv_output_size", "conv_does_not_fit"},
    "convolve_naive": {"conv_naive"},
    "im2col": {"conv_im2col", "conv_col2im"},
    "col2im": {"conv_col2im"},
    "Conv": {
        "conv_forward",
        "conv_backward_x",
        "conv_backward_W",
        "conv_backward_b",
        "conv_layer_state",
        "conv_arguments",
    },
    "input_gradient_by_convolution": {"conv_flipped"},
    "count_parameters": {"conv_parameters"},
    "count_parameters_unshared": {"conv_parameters"},
}
# Names that no other definition calls: the other checks need not run again.
ALONE = {"convolve_naive", "input_gradient_by_convolution", "count_parameters", "count_parameters_unshared"}


@pytest.mark.parametrize("seed", range(5))
def test_reference_passes(seed):
    assert not not_passed(grade(TASK, seed=seed))


def test_reference_passes_on_the_recording():
    assert not not_passed(grade_recorded(TASK))
    assert recorded_bytes(TASK) < 300_000


def test_stub_earns_nothing():
    results = grade(TASK, stub_source(TASK)).values()
    assert {(result.status, result.points) for result in results} == {(Status.MISSING, 0.0)}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_fails(name):
    check, saying, source = MISTAKES[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status in (Status.FAILED, Status.MISSING), result
    assert saying in f"{result.message} {result.hint}"
    assert grade_recorded(TASK, source, only=check)[check].status is result.status


@pytest.mark.parametrize("name", ALTERNATIVES)
@pytest.mark.parametrize("seed", range(2))
def test_alternative_passes(name, seed):
    assert not not_passed(grade(TASK, ALTERNATIVES[name], seed))


def test_alternatives_pass_on_the_recording():
    assert not not_passed(grade_recorded(TASK, ALTERNATIVES["textbook"]))


def test_plain_loops_are_fast_enough():
    start = time.process_time()
    grade(TASK, SEVEN_LOOPS)
    assert time.process_time() - start < 6


def test_every_check_has_a_mistake():
    assert {check for check, _, _ in MISTAKES.values()} == set(grade(TASK))


def test_a_consistent_col2im_survives_a_wrong_im2col():
    # Rows in another order: a mistake of im2col alone, and Conv's numbers are wrong, but col2im undoes im2col.
    source = (
        MISTAKES["channels_last_in_rows"][2]
        + """
reference_col2im = col2im
def col2im(columns, shape, window, stride=1, pad=0):
    R, S = pair(window)
    columns = columns.reshape(R * S, shape[1], -1).swapaxes(0, 1).reshape(columns.shape)
    return reference_col2im(columns, shape, window, stride, pad)
"""
    )
    results = grade(TASK, source)
    assert results["conv_im2col"].status is Status.FAILED
    assert results["conv_col2im"].status is Status.PASSED


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_is_never_the_graders_fault(name, junk, source):
    judged_by = JUDGED_BY.get(name, set())
    parts = (
        [grade(TASK, source, only=check) for check in judged_by] if name in ALONE else [grade(TASK, source)]
    )
    results = [result for part in parts for result in part.values()]
    assert not {result.name: result.message for result in results if result.status is Status.GRADER_ERROR}
    assert not {result.name for result in results if result.points} & judged_by


@pytest.mark.parametrize("junk", ["first argument", "2x2 zeros", "dict of nan", "none", "raises"])
def test_nothing_but_junk_earns_nothing(junk):
    sources = {name: source for name, kind, source in fuzz_cases(TASK) if kind == junk}
    assert set(sources) == set(public_names(TASK))
    assert not sum(result.points for result in grade(TASK, "\n".join(sources.values())).values())
