"""The checks of advanced task 3: what is special to them, beside the known mistakes and alternatives."""

import numpy as np
import pytest

from autograder.misconceptions import load_misconceptions
from tests.checks.harness import assert_fails_only, faults, fuzz_cases, grade, not_passed

TASK = "adv3_dropout"
KNOWN = {mistake.name: mistake for mistake in load_misconceptions(TASK)}
COIN = "def keep_mask(shape, rate, rng): return rng.random(shape) >= rate"

# Not what a student would write, but what a check must notice: (the check it fails, source).
CONTRIVED = {
    "a block of units is dropped": (
        "dropout_per_example",
        """
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    start = rng.integers(0, units, size=(shape[0], 1))
    keep = (np.arange(units) - start) % units >= round(rate * units)
    return keep.reshape(shape)
""",
    ),
    "the first unit is always dropped": (
        "dropout_per_example",
        """
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    tickets = rng.random((shape[0], units))
    tickets[:, 0] = -1
    order = np.argsort(tickets, axis=1)
    keep = np.ones(tickets.shape, dtype=bool)
    np.put_along_axis(keep, order[:, : round(rate * units)], False, axis=1)
    return keep.reshape(shape)
""",
    ),
}

# Where the message has to say more than that two numbers differ: what is wrong, and what the feedback must say.
SAYS = {
    "ρ is taken for the share that stays": "of 45 units are dropped per example, expected 13.5",
    "whole examples are dropped instead of units in each example": "lose from 0 to 45 of their 45 units",
    "whole channels of an image are dropped instead of single units": "of their 30 units, expected about 4.5",
    "all examples of the batch share one mask": "only 1 different masks for the 500 examples",
    "the mask is drawn once and used for ever": "call 2 drops the same units as an earlier one",
    "the mask is drawn, but the undropped values are handed on": "no unit was dropped in training",
    "Dropout scales twice: by 1/(1 − ρ) in training and by 1 − ρ in use": "1.429 times too large everywhere",
    "Dropout does not scale in use": "1.429 times too large everywhere",
    "the mask is guessed from the zeros of the output": "the gradient passes at 0% of the units",
    "InvertedDropout divides its mask by ρ": "2.333 times too large everywhere",
    "InvertedDropout's backward has no factor 1/(1 − ρ)": "1.429 times too small everywhere",
    "Dropout's backward overwrites d_out": "Dropout.backward (argument 1) was changed by the call",
}


@pytest.mark.parametrize("name", CONTRIVED)
def test_a_contrived_mask_fails_its_check_only(name: str) -> None:
    check, source = CONTRIVED[name]
    failed = set(not_passed(grade(TASK, source)))
    assert check in failed and failed <= {check, "dropout_rate_zero"}, failed


@pytest.mark.parametrize("name", SAYS)
def test_the_message_says_what_is_wrong(name: str) -> None:
    result = grade(TASK, KNOWN[name].source, only=KNOWN[name].check)[KNOWN[name].check]
    assert SAYS[name] in result.message


@pytest.mark.parametrize("seed", range(1, 41))
def test_coins_always_pass(seed: int) -> None:
    assert not_passed(grade(TASK, COIN, seed)) == {}


def test_reference_drops_the_same_number_everywhere() -> None:
    from solutions.adv3_dropout import keep_mask

    keep = keep_mask((50, 3, 7), 0.3, np.random.default_rng(1))
    assert set((~keep).reshape(50, -1).sum(axis=1)) == {6}


# -- one mistake costs once --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_one_mask_for_the_batch_is_said_by_one_check(seed: int) -> None:
    source = KNOWN["all examples of the batch share one mask"].source
    assert_fails_only(TASK, source, "dropout_per_example", seed=seed)


@pytest.mark.parametrize(
    "name",
    [
        "Dropout has training and use the wrong way round",
        "Dropout does not train unless it is told to: train is False by default",
        "the dropped units are cut out instead of set to 0",
    ],
)
def test_the_network_is_judged_without_a_layer_that_does_not_work(name: str) -> None:
    failed = not_passed(grade(TASK, KNOWN[name].source))
    assert not {"dropout_network_use", "dropout_network_gradients"} & set(failed)


def test_the_network_without_any_layer_cannot_be_judged() -> None:
    results = grade(TASK, "class Dropout: pass\nclass InvertedDropout: pass")
    assert [results[f"dropout_network_{part}"].points for part in ("use", "gradients")] == [0, 0]


@pytest.mark.parametrize(
    "source",
    [
        "def cross_entropy(y, t): return float(-np.sum(t * np.log(y)))",
        "def softmax_cross_entropy_backward(y, t): return y - t",
        """
def softmax(a):
    e = np.exp2(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    ],
)
def test_a_mistake_of_an_earlier_task_costs_nothing_here(source: str) -> None:
    assert not_passed(grade(TASK, source)) == {}


# -- junk --------------------------------------------------------------------------------------------------------

NO_LAYER = [
    "Dropout = None",
    "Dropout = 3",
    "def Dropout(rate, seed=0): return np.zeros(3)",
    "Dropout = object",
]
OWN_CHECKS = {
    "keep_mask": ["dropout_per_example"],
    "Dropout": ["dropout_rate", "dropout_test_scaling", "dropout_backward"],
    "InvertedDropout": ["inverted_dropout_forward", "inverted_dropout_backward"],
    "forward_dropout": ["dropout_network_use"],
    "loss_and_gradients_dropout": ["dropout_network_gradients"],
}


@pytest.mark.parametrize("source", NO_LAYER)
def test_something_else_in_the_place_of_a_layer(source: str) -> None:
    results = grade(TASK, source)
    assert faults(results) == {}
    assert results["dropout_rate"].points == 0


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_fails_the_checks_of_its_own_function(name: str, junk: str, source: str) -> None:
    for check in OWN_CHECKS[name]:
        points = grade(TASK, source, only=check)[check].points
        assert points == 0, f"{name} that does {junk} passes {check}"
