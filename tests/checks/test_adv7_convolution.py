"""The checks of advanced task 7: what they say, contrived mistakes, and what must not cost points twice."""

import time

import pytest

from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions, read_alternatives
from autograder.misconceptions.adv7_convolution import images, size, turned
from tests.checks.harness import ROOT, fuzz_cases, grade, grade_recorded, not_passed

TASK = "adv7_convolution"
KNOWN = {mistake.name: mistake for mistake in load_misconceptions(TASK)}

# What a check says about a known mistake, where the words are worth a test.
SAYS = {
    "the number of places is a float": "got the float 24.0, expected the int 24",
    "a size that does not fit is an AssertionError, not a ValueError": "AssertionError was raised",
    "convolve_naive turns the filter by 180°: the mathematicians' convolution": "the filter was flipped",
    "convolve_naive forgets the bias": "bias was forgotten",
    "convolve_naive uses the first channel only": "only the first channel",
    "convolve_naive swaps the vertical and the horizontal stride": "convolve_naive, stride (1, 2)",
    "the windows are the rows of X, not its columns": "transposed",
    "the rows of X go pixel by pixel, with the channels innermost": "the right pixels in another order",
    "col2im overwrites where windows overlap instead of adding": "windows at each pixel",
    "Conv.forward turns the filter by 180°: the mathematicians' convolution": "the filter was flipped",
    "Conv.forward forgets the bias": "bias was forgotten",
    "in d_x the last window overwrites what the earlier windows gave": "the last window overwrites",
    "d_x is divided by the batch size": "2 times too small",
    "d_W is divided by the batch size": "2 times too small",
    "d_b is one number for all filters": "got shape (), expected (4,)",
    "W and b are taken over once, when the layer is made": "with a new W and b",
    "the gradients add up from step to step: backward never starts them anew": "in a second step",
    "the sum runs over the image's channels: a filter made for more of them goes unnoticed": "2 channels",
    "backward changes W and b itself": "Conv.W was changed",
    "the filters are not turned in the error's convolution": "filters were not flipped",
}

# What no student would write: (the check it must fail, what the check says then, source).
CONTRIVED = {
    "keeps_the_size_to_itself": (
        "conv_does_not_fit",
        "without the size",
        size().replace("{window} does not fit {size} pixels", "does not fit"),
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
    "fills_the_columns_with_whatever_comes": (
        "conv_im2col",
        "are not among the columns",
        """
reference_im2col = im2col
def im2col(x, window, stride=1, pad=0):
    return np.resize(x.reshape(len(x), -1), reference_im2col(x, window, stride, pad).shape)
""",
    ),
    "col2im_cuts_twice_at_one_end": (
        "conv_col2im",
        "windows at each pixel",
        images(cut="[:, :, 2 * pad_h :, 2 * pad_w :]"),
    ),
    "d_b_of_one_place": (
        "conv_backward_b",
        "d_b",
        """
class Conv(Conv):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_b = d_out[:, :, 0, 0].sum(axis=0)
        return d_x
""",
    ),
    "first_forward_remembered": (
        "conv_layer_state",
        "beside another layer",
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
    "cut_off_at_the_wrong_end": (
        "conv_flipped",
        "input_gradient_by_convolution",
        turned(cut="[:, :, : x_shape[2], pad_w : pad_w + x_shape[3]]"),
    ),
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


@pytest.mark.parametrize("name", SAYS)
def test_the_check_says_what_is_wrong(name):
    mistake = KNOWN[name]
    result = grade(TASK, mistake.source, only=mistake.check)[mistake.check]
    assert SAYS[name] in f"{result.message} {result.hint}"
    assert grade_recorded(TASK, mistake.source, only=mistake.check)[mistake.check].status is result.status


@pytest.mark.parametrize("name", CONTRIVED)
def test_a_contrived_mistake_fails(name):
    check, saying, source = CONTRIVED[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status is Status.FAILED, result
    assert saying in f"{result.message} {result.hint}"


def test_every_check_has_a_known_mistake():
    assert {mistake.check for mistake in KNOWN.values()} == set(grade(TASK))


def test_plain_loops_are_fast_enough():
    source = dict(read_alternatives(ROOT, TASK))["seven_loops"]
    start = time.process_time()
    grade(TASK, source)
    assert time.process_time() - start < 6


def test_a_wrong_forward_does_not_cost_a_right_backward_its_points():
    failed = not_passed(grade(TASK, KNOWN["Conv.forward forgets the bias"].source))
    assert set(failed) == {"conv_forward", "conv_layer_state"}


def test_a_consistent_col2im_survives_a_wrong_im2col():
    # Rows in another order: a mistake of im2col alone, and Conv's numbers are wrong, but col2im undoes im2col.
    source = (
        KNOWN["the rows of X go pixel by pixel, with the channels innermost"].source
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


@pytest.mark.parametrize("name", JUDGED_BY)
def test_junk_earns_nothing_where_it_is_judged(name):
    for function, junk, source in fuzz_cases(TASK):
        if function == name:
            for check in JUDGED_BY[name]:
                assert not grade(TASK, source, only=check)[check].points, junk
