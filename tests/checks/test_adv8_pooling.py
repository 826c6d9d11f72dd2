"""The checks of advanced task 8: what they say, contrived mistakes, and what must not cost points twice."""

import pytest

from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions
from autograder.misconceptions.adv8_pooling import flatten, loops
from tests.checks.harness import fuzz_cases, grade, grade_recorded, not_passed

TASK = "adv8_pooling"
KNOWN = {mistake.name: mistake for mistake in load_misconceptions(TASK)}

# What a check says about a known mistake, where the words are worth a test.
SAYS = {
    "MaxPool pads with zeros, which win when all pixels are negative": "Padding is never the largest",
    "the window's height and width change places": "a belongs to the rows",
    "every pixel of the window gets the gradient of its maximum": "goes to its largest pixel",
    "where windows overlap, the last one overwrites the gradients of the others in MaxPool": "start from zeros",
    "of equal largest pixels none gets the gradient: the winner has to be strictly larger than all others": (
        "both are fine"
    ),
    "AvgPool takes the sum and does not divide": "4 times too large",
    "AvgPool divides by one side of the window only": "2 times too large",
    "AvgPool divides by the number of real pixels and leaves the padding out": "zeros of the padding counted",
    "AvgPool.backward gives every pixel the whole gradient and does not divide": "4 times too large",
    "the padding is not cut off from AvgPool's d_x": "got shape",
    "L2Pool takes the root of the sum of the squares, without 1/(RS)": "2 times too large",
    "L2Pool.backward divides 0 by 0 in a window of zeros": "divide 0 by 0",
    "a window that does not fit is an AssertionError, not a ValueError": "AssertionError",
    "AvgPool adds the pixels up in the image itself: forward overwrites its input": "of AvgPool was changed",
    "Flatten makes a column of every image, not a row": "transposed",
}

FORWARD = """
class {layer}({layer}):
    def forward(self, x):
        {first}
        return super().forward(x)
"""
BACKWARD = """
class {layer}({layer}):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        {change}
        return d_x
"""

# What no student would write: (the check it must fail, what the check says then, source).
CONTRIVED = {
    "ties_with_all_small_ones": (
        "pool_max_ties",
        "with equal pixels",
        loops("MaxPool", share="g * (p >= y - 1)"),
    ),
    "ties_get_twice": (
        "pool_max_ties",
        "both are fine",
        loops("MaxPool", share="g * (p == y) * np.sqrt((p == y).sum(axis=(2, 3), keepdims=True))"),
    ),
    "l2_zero_window_gets_one": (
        "pool_l2_zeros",
        "backward d_x with windows of zeros",
        loops("L2Pool", share="g * np.where(y == 0, 1, p / np.where(y == 0, 1, y)) / (R * S)"),
    ),
    "one_layer_takes_what_fits": (
        "pool_does_not_fit",
        "MaxPool(2).forward of images",
        loops("MaxPool").replace("output_size(", "(lambda n, w, s, p: (n - w + 2 * p) // s + 1)("),
    ),
    "another_error_of_one_layer": (
        "pool_does_not_fit",
        "AssertionError",
        FORWARD.format(
            layer="L2Pool",
            first="assert not any((n - w) % s for n, w, s in zip(x.shape[2:], self.window, self.stride))",
        ),
    ),
    "keeps_the_size_to_itself": (
        "pool_does_not_fit",
        "without the size",
        FORWARD.format(
            layer="AvgPool",
            first="try:\n            super().forward(x)\n"
            "        except ValueError:\n            raise ValueError('no') from None",
        ),
    ),
    "flatten_of_the_class": (
        "flatten_layer",
        "",
        flatten(
            keep="Flatten.shape = getattr(Flatten, 'shape', x.shape)", backward="d_out.reshape(self.shape)"
        ),
    ),
    "winner_in_the_class": (
        "pool_state",
        "MaxPool",
        """
class MaxPool(MaxPool):
    def forward(self, x):
        y = super().forward(x)
        MaxPool.last = dict(self.__dict__)
        return y
    def backward(self, d_out):
        self.__dict__.update(MaxPool.last)
        return super().backward(d_out)
""",
    ),
    "first_image_remembered": (
        "pool_state",
        "L2Pool",
        """
class L2Pool(L2Pool):
    def forward(self, x):
        y = super().forward(x)
        self.kept = getattr(self, "kept", dict(self.__dict__))
        return y
    def backward(self, d_out):
        self.__dict__.update(self.kept)
        return super().backward(d_out)
""",
    ),
    "writes_into_x": (
        "pool_arguments",
        "of AvgPool was changed",
        FORWARD.format(layer="AvgPool", first="x[:, :, 0] = 0"),
    ),
    "writes_into_d_out": (
        "pool_arguments",
        "of MaxPool was changed",
        BACKWARD.format(layer="MaxPool", change="d_out *= 2"),
    ),
    "flatten_writes_into_d_out": (
        "pool_arguments",
        "of Flatten was changed",
        BACKWARD.format(layer="Flatten", change="d_out += 1"),
    ),
}

# Which checks a name decides on its own: nobody gets their points with junk in its place.
JUDGED_BY = {
    "MaxPool": {"pool_max_forward", "pool_max_backward", "pool_max_ties"},
    "AvgPool": {"pool_avg_forward", "pool_avg_backward"},
    "L2Pool": {"pool_l2_forward", "pool_l2_backward", "pool_l2_zeros"},
    "Flatten": {"flatten_layer"},
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
    assert result.status in (Status.FAILED, Status.PARTIAL, Status.ERROR), result
    assert saying in f"{result.message} {result.hint}"


def test_every_check_has_a_known_mistake():
    assert {mistake.check for mistake in KNOWN.values()} == set(grade(TASK))


@pytest.mark.parametrize("layer", ["MaxPool", "AvgPool", "L2Pool"])
def test_the_loops_of_the_known_mistakes_are_right_without_one(layer):
    assert not not_passed(grade(TASK, loops(layer)))


@pytest.mark.parametrize(
    "places",
    [
        "(size - window + 2 * pad) // stride + 1",  # never refuses
        "(size - window + 2 * pad) / stride",  # and is wrong
        "None",
    ],
)
def test_a_wrong_output_size_of_adv7_costs_nothing_again(places):
    source = f"def output_size(size, window, stride=1, pad=0):\n    return {places}"
    assert not not_passed(grade(TASK, source))


def test_a_wrong_forward_does_not_cost_a_right_backward_its_points():
    failed = not_passed(grade(TASK, KNOWN["AvgPool takes the sum and does not divide"].source))
    assert set(failed) == {"pool_avg_forward"}


def test_one_missing_layer_costs_its_part_only():
    results = grade(
        TASK, "class L2Pool(L2Pool):\n    def forward(self, x):\n        raise NotImplementedError"
    )
    assert results["pool_l2_forward"].status is Status.MISSING
    assert results["pool_max_forward"].status is Status.PASSED
    assert results["pool_state"].points == pytest.approx(5 * 2 / 3, abs=0.01)
    assert results["pool_arguments"].points == pytest.approx(5 * 3 / 4, abs=0.01)


@pytest.mark.parametrize("name", JUDGED_BY)
def test_junk_earns_nothing_where_it_is_judged(name):
    for function, junk, source in fuzz_cases(TASK):
        if function == name:
            for check in JUDGED_BY[name]:
                assert not grade(TASK, source, only=check)[check].points, junk
