"""The checks of advanced task 3: the reference passes them, and each fails the mistake it exists for."""

import numpy as np
import pytest

from autograder.checks import load_checks
from autograder.checks.outcome import Status
from tests.checks.harness import (
    fuzz_cases,
    grade,
    grade_recorded,
    not_passed,
    recorded_bytes,
    stub_source,
)

TASK = "adv3_dropout"
RECORDED_LIMIT = 300_000  # bytes shipped to students for one task
CPU_LIMIT_S = 6.0

# name: (the check it must fail, source that replaces the reference's)
MISTAKES = {
    "rate_is_what_stays": (
        "dropout_rate",
        """
original = keep_mask
def keep_mask(shape, rate, rng): return ~original(shape, rate, rng)
""",
    ),
    "share_of_the_batch_not_of_each_example": (
        "dropout_rate",
        """
def keep_mask(shape, rate, rng):
    rows = np.ones(shape[0], dtype=bool)
    rows[rng.permutation(shape[0])[: round(rate * shape[0])]] = False
    return np.broadcast_to(rows.reshape(-1, *[1] * (len(shape) - 1)), shape)
""",
    ),
    "images_drop_along_the_first_axes_only": (
        "dropout_rate",
        """
def keep_mask(shape, rate, rng):
    keep = rng.random(shape[:2]) >= rate
    keep = keep.reshape(*shape[:2], *[1] * (len(shape) - 2))
    return np.broadcast_to(keep, shape)
""",
    ),
    "one_mask_for_the_whole_batch": (
        "dropout_per_example",
        """
original = keep_mask
def keep_mask(shape, rate, rng): return np.broadcast_to(original((1, *shape[1:]), rate, rng), shape)
""",
    ),
    "a_block_of_units_is_dropped": (
        "dropout_per_example",
        """
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    start = rng.integers(0, units, size=(shape[0], 1))
    keep = (np.arange(units) - start) % units >= round(rate * units)
    return keep.reshape(shape)
""",
    ),
    "the_first_units_are_never_dropped": (
        "dropout_per_example",
        """
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    tickets = rng.random((shape[0], units))
    if rate > 0: tickets[:, 0] = 2
    order = np.argsort(tickets, axis=1)
    keep = np.ones(tickets.shape, dtype=bool)
    np.put_along_axis(keep, order[:, : round(rate * units)], False, axis=1)
    return keep.reshape(shape)
""",
    ),
    "generator_made_anew_in_every_call": (
        "dropout_fresh_masks",
        """
class Dropout(Dropout):
    def __init__(self, rate=0.5, seed=0):
        self.rate, self.seed = rate, seed
    def forward(self, x, train=True):
        self.rng = np.random.default_rng(self.seed)
        return super().forward(x, train)
""",
    ),
    "mask_drawn_once": (
        "dropout_fresh_masks",
        """
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train: return x * (1 - self.rate)
        if not hasattr(self, 'mask') or self.mask.shape != x.shape:
            self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
""",
    ),
    "scaled_while_training": (
        "dropout_train_values",
        """
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train: return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng) / (1 - self.rate)
        return x * self.mask
""",
    ),
    "use_is_not_scaled": (
        "dropout_test_scaling",
        """
class Dropout(Dropout):
    def forward(self, x, train=True): return super().forward(x) if train else x
""",
    ),
    "use_is_scaled_by_the_rate": (
        "dropout_test_scaling",
        """
class Dropout(Dropout):
    def forward(self, x, train=True):
        return super().forward(x) if train or not self.rate else x * self.rate
""",
    ),
    "use_is_scaled_the_wrong_way": (
        "dropout_test_scaling",
        """
class Dropout(Dropout):
    def forward(self, x, train=True): return super().forward(x) if train else x / (1 - self.rate)
""",
    ),
    "use_drops_units_too": (
        "dropout_test_scaling",
        """
class Dropout(Dropout):
    def forward(self, x, train=True): return super().forward(x)
""",
    ),
    "backward_without_mask": (
        "dropout_backward",
        """
class Dropout(Dropout):
    def backward(self, d_out): return d_out
""",
    ),
    "backward_draws_a_new_mask": (
        "dropout_backward",
        """
class Dropout(Dropout):
    def backward(self, d_out): return d_out * keep_mask(d_out.shape, self.rate, self.rng)
""",
    ),
    "backward_through_the_dropped_units": (
        "dropout_backward",
        """
class Dropout(Dropout):
    def backward(self, d_out): return d_out * (~self.mask if self.rate else self.mask)
""",
    ),
    "backward_scaled_though_forward_is_not": (
        "dropout_backward",
        """
class Dropout(Dropout):
    def backward(self, d_out): return super().backward(d_out) * (1 - self.rate)
""",
    ),
    "mask_guessed_from_the_output": (
        "dropout_backward_zeros",
        """
class Dropout(Dropout):
    def forward(self, x, train=True):
        self.y = super().forward(x, train)
        return self.y
    def backward(self, d_out): return d_out * (self.y != 0)
""",
    ),
    "draws_from_the_global_generator": (
        "dropout_seed",
        """
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train: return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, np.random.default_rng())
        return x * self.mask
""",
    ),
    "ignores_the_seed": (
        "dropout_seed",
        """
class Dropout(Dropout):
    def __init__(self, rate=0.5, seed=0): super().__init__(rate, 0)
""",
    ),
    "slice_from_minus_zero": (
        "dropout_rate_zero",
        """
def keep_mask(shape, rate, rng):
    tickets = rng.random((shape[0], int(np.prod(shape[1:]))))
    keep = np.ones(tickets.shape, dtype=bool)
    order = np.argsort(tickets, axis=1)[:, -round(rate * tickets.shape[1]) :]
    np.put_along_axis(keep, order, False, axis=1)
    return keep.reshape(shape)
""",
    ),
    "inverted_is_not_scaled": (
        "inverted_dropout_forward",
        """
class InvertedDropout(Dropout):
    def forward(self, x, train=True): return super().forward(x) if train else x
""",
    ),
    "inverted_divides_by_the_rate": (
        "inverted_dropout_forward",
        """
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True):
        if not train: return x
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask / self.rate
    def backward(self, d_out): return d_out * self.mask / self.rate
""",
    ),
    "inverted_scales_in_use_too": (
        "inverted_dropout_forward",
        """
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True): return super().forward(x) if train else x * (1 - self.rate)
""",
    ),
    "inverted_gradient_without_factor": (
        "inverted_dropout_backward",
        """
class InvertedDropout(InvertedDropout):
    def backward(self, d_out): return d_out * self.mask
""",
    ),
    "inverted_gradient_without_mask": (
        "inverted_dropout_backward",
        """
class InvertedDropout(InvertedDropout):
    def backward(self, d_out): return d_out / (1 - self.rate)
""",
    ),
    "network_in_use_still_drops": (
        "dropout_network_use",
        """
def forward_dropout(params, x, dropout):
    hidden = sigmoid(Affine(params['W1'], params['b1']).forward(x))
    return softmax(Affine(params['W2'], params['b2']).forward(dropout.forward(hidden)))
""",
    ),
    "network_in_use_without_its_dropout_layer": (
        "dropout_network_use",
        """
def forward_dropout(params, x, dropout):
    hidden = sigmoid(Affine(params['W1'], params['b1']).forward(x))
    return softmax(Affine(params['W2'], params['b2']).forward(hidden))
""",
    ),
    "network_trains_with_the_flag_off": (
        "dropout_network_gradients",
        """
original = loss_and_gradients_dropout
class _Off:
    def __init__(self, layer): self.layer = layer
    def forward(self, x, train=True): return self.layer.forward(x, train=False)
    def backward(self, d_out): return d_out * (1 - self.layer.rate)
def loss_and_gradients_dropout(params, x, t, dropout):
    return original(params, x, t, _Off(dropout))
""",
    ),
    "network_draws_a_second_mask_for_the_loss": (
        "dropout_network_gradients",
        """
original = loss_and_gradients_dropout
def loss_and_gradients_dropout(params, x, t, dropout):
    loss, _ = original(params, x, t, dropout)
    return loss, original(params, x, t, dropout)[1]
""",
    ),
    "network_backward_past_the_dropout_layer": (
        "dropout_network_gradients",
        """
original = loss_and_gradients_dropout
class _Past:
    def __init__(self, layer): self.layer = layer
    def forward(self, x, train=True): return self.layer.forward(x, train)
    def backward(self, d_out): return d_out
def loss_and_gradients_dropout(params, x, t, dropout):
    return original(params, x, t, _Past(dropout))
""",
    ),
    "mask_written_into_the_input": (
        "dropout_arguments",
        """
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train: return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        x *= self.mask
        return x
""",
    ),
    "gradient_written_into_d_out": (
        "dropout_arguments",
        """
class InvertedDropout(InvertedDropout):
    def backward(self, d_out):
        d_out *= self.mask / (1 - self.rate)
        return d_out
""",
    ),
}

# What else such a mistake costs.
ALSO = {
    "rate_is_what_stays": {"dropout_rate_zero"},  # with ρ = 0 it drops everything
    "share_of_the_batch_not_of_each_example": {
        "dropout_per_example",
        "dropout_fresh_masks",
        "inverted_dropout_forward",
    },
    "images_drop_along_the_first_axes_only": {"inverted_dropout_forward"},
}

# How messages call the thing that is wrong, where it is not a class or function of the mistake itself.
NAMED = {
    "dropout_rate": "Dropout(",
    "dropout_per_example": "Dropout.forward",
    "dropout_rate_zero": "Dropout(0).forward",
}

COIN = "def keep_mask(shape, rate, rng): return rng.random(shape) >= rate"

# Different from the reference, and right.
CORRECT = {
    "coins": COIN,
    "rounded_down": (
        """
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    keep = np.arange(units) >= int(rate * units)
    return rng.permuted(np.tile(keep, (shape[0], 1)), axis=1).reshape(shape)
"""
    ),
    "chosen_row_by_row": (
        """
def keep_mask(shape, rate, rng):
    keep = np.ones((shape[0], int(np.prod(shape[1:]))))
    for row in keep:
        row[rng.choice(row.size, size=int(rate * row.size + 0.5), replace=False)] = 0
    return keep.reshape(shape)
"""
    ),
    "mask_inside_the_class": (
        """
class Dropout(Dropout):
    def forward(self, x, train=True):
        if train:
            self.dropped = self.rng.random(x.shape) < self.rate
            return np.where(self.dropped, 0, x)
        return (1 - self.rate) * x
    def backward(self, d_out): return np.where(self.dropped, 0, d_out)
"""
    ),
    "inverted_from_dropout": (
        """
class InvertedDropout(Dropout):
    def forward(self, x, train=True):
        return super().forward(x) / (1 - self.rate) if train else x.copy()
    def backward(self, d_out): return super().backward(d_out) / (1 - self.rate)
"""
    ),
    # Mistakes of earlier tasks: the network is judged on what the student has.
    "loss_of_task_2_without_mean": "def cross_entropy(y, t): return float(-np.sum(t * np.log(y)))",
    "output_gradient_of_task_3_without_mean": "def softmax_cross_entropy_backward(y, t): return y - t",
    "softmax_of_task_1_with_base_2": (
        """
def softmax(a):
    e = np.exp2(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""
    ),
}


def test_points_sum_to_100() -> None:
    assert sum(check.points for check in load_checks(TASK).values()) == 100


@pytest.mark.parametrize("seed", range(5))
def test_reference_passes(seed: int) -> None:
    assert not_passed(grade(TASK, seed=seed)) == {}


def test_reference_passes_on_its_recording() -> None:
    assert not_passed(grade_recorded(TASK)) == {}
    assert recorded_bytes(TASK) < RECORDED_LIMIT
    assert sum(result.seconds for result in grade(TASK).values()) < CPU_LIMIT_S


def test_stub_earns_nothing() -> None:
    results = grade(TASK, stub_source(TASK))
    assert {result.status for result in results.values()} == {Status.MISSING}
    assert sum(result.points for result in results.values()) == 0


def test_every_check_has_its_mistake() -> None:
    assert {check for check, _ in MISTAKES.values()} == set(load_checks(TASK))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_fails_its_check(mistake: str) -> None:
    check, source = MISTAKES[mistake]
    results = grade(TASK, source)
    failed = not_passed(results)
    assert set(failed) == {check} | ALSO.get(mistake, set()), failed
    assert results[check].status is Status.FAILED
    names = [
        line.split()[1].split("(")[0] for line in source.splitlines() if line.startswith(("class ", "def "))
    ]
    assert any(name in results[check].message for name in [*names, NAMED.get(check, names[0])]), failed
    assert check in not_passed(grade_recorded(TASK, source))


@pytest.mark.parametrize("different", CORRECT)
def test_correct_but_different_passes(different: str) -> None:
    assert not_passed(grade(TASK, CORRECT[different])) == {}
    assert not_passed(grade_recorded(TASK, CORRECT[different])) == {}


@pytest.mark.parametrize("seed", range(1, 41))
def test_coins_always_pass(seed: int) -> None:
    assert not_passed(grade(TASK, COIN, seed)) == {}


def test_reference_drops_the_same_number_everywhere() -> None:
    from solutions.adv3_dropout import keep_mask

    keep = keep_mask((50, 3, 7), 0.3, np.random.default_rng(1))
    assert set((~keep).reshape(50, -1).sum(axis=1)) == {6}


NO_LAYER = [
    "Dropout = None",
    "Dropout = 3",
    "def Dropout(rate, seed=0): return np.zeros(3)",
    "Dropout = object",
]


@pytest.mark.parametrize("source", NO_LAYER)
def test_something_else_in_the_place_of_a_layer(source: str) -> None:
    results = grade(TASK, source)
    assert Status.GRADER_ERROR not in {result.status for result in results.values()}, not_passed(results)
    assert results["dropout_rate"].points == 0


OWN_CHECKS = {
    "keep_mask": ["dropout_per_example"],
    "Dropout": ["dropout_rate", "dropout_test_scaling", "dropout_backward"],
    "InvertedDropout": ["inverted_dropout_forward", "inverted_dropout_backward"],
    "forward_dropout": ["dropout_network_use"],
    "loss_and_gradients_dropout": ["dropout_network_gradients"],
}


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_is_nobody_s_fault_but_its_own(name: str, junk: str, source: str) -> None:
    results = grade(TASK, source)
    assert Status.GRADER_ERROR not in {result.status for result in results.values()}, not_passed(results)
    for check in OWN_CHECKS[name]:
        assert results[check].points == 0, f"{name} that does {junk} passes {check}"
