"""The checks of advanced task 2: the reference passes them, and each fails the mistake it exists for."""

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

TASK = "adv2_activations"
RECORDED_LIMIT = 300_000  # bytes shipped to students for one task
CPU_LIMIT_S = 6.0

# name: (the check it must fail, source that replaces the reference's)
MISTAKES = {
    "relu_gradient_passes_everywhere": (
        "relu_layer",
        """
class ReLU(ReLU):
    def backward(self, d_out): return d_out
""",
    ),
    "relu_returns_the_slope_instead_of_the_gradient": (
        "relu_layer",
        """
class ReLU(ReLU):
    def backward(self, d_out): return self.passes * 1.0
""",
    ),
    "relu_masks_by_the_upstream_gradient": (
        "relu_layer",
        """
class ReLU(ReLU):
    def backward(self, d_out): return np.maximum(d_out, 0) * self.passes
""",
    ),
    "relu_is_the_absolute_value": (
        "relu_layer",
        """
class ReLU(ReLU):
    def forward(self, x):
        self.passes = np.sign(x)
        return np.abs(x)
""",
    ),
    "leaky_slope_is_always_a_hundredth": (
        "leaky_relu_layer",
        """
class LeakyReLU(LeakyReLU):
    def __init__(self, slope=0.01): self.slope = 0.01
""",
    ),
    "leaky_gradient_without_slope": (
        "leaky_relu_layer",
        """
class LeakyReLU(LeakyReLU):
    def backward(self, d_out): return d_out * self.passes
""",
    ),
    "leaky_slope_subtracted": (
        "leaky_relu_layer",
        """
class LeakyReLU(LeakyReLU):
    def forward(self, x):
        self.passes = x > 0
        return np.where(self.passes, x, -self.slope * x)
""",
    ),
    "relu6_gradient_above_six": (
        "relu6_layer",
        """
class ReLU6(ReLU6):
    def forward(self, x):
        self.passes = x > 0
        return np.clip(x, 0, 6)
""",
    ),
    "relu6_without_the_upper_limit": (
        "relu6_layer",
        """
class ReLU6(ReLU6):
    def forward(self, x):
        self.passes = x > 0
        return np.maximum(x, 0)
""",
    ),
    "crelu_halves_swapped": (
        "crelu_layer",
        """
class CReLU(CReLU):
    def forward(self, x):
        self.sign = np.sign(x)
        return np.concatenate([np.maximum(-x, 0), np.maximum(x, 0)], axis=1)
    def backward(self, d_out):
        n, p = np.split(d_out, 2, axis=1)
        return self.sign * np.where(self.sign > 0, p, n)
""",
    ),
    "crelu_negative_part_keeps_its_sign": (
        "crelu_layer",
        """
class CReLU(CReLU):
    def forward(self, x):
        self.sign = np.sign(x)
        return np.concatenate([np.maximum(x, 0), np.minimum(x, 0)], axis=1)
    def backward(self, d_out):
        p, n = np.split(d_out, 2, axis=1)
        return np.where(self.sign > 0, p, n)
""",
    ),
    "crelu_gradient_of_the_negative_part_without_sign": (
        "crelu_layer",
        """
class CReLU(CReLU):
    def backward(self, d_out):
        p, n = np.split(d_out, 2, axis=1)
        return np.where(self.sign > 0, p, n)
""",
    ),
    "crelu_joined_along_the_last_axis": (
        "crelu_layer",
        """
class CReLU(CReLU):
    def forward(self, x):
        self.sign = np.sign(x)
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=-1)
    def backward(self, d_out):
        p, n = np.split(d_out, 2, axis=-1)
        return self.sign * np.where(self.sign > 0, p, n)
""",
    ),
    "elu_gradient_without_alpha": (
        "elu_layer",
        """
class ELU(ELU):
    def backward(self, d_out): return d_out * np.where(self.x > 0, 1, np.exp(np.minimum(self.x, 0)))
""",
    ),
    "elu_alpha_inside_the_exponent": (
        "elu_layer",
        """
class ELU(ELU):
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, np.expm1(self.alpha * np.minimum(x, 0)))
    def backward(self, d_out):
        low = self.alpha * np.exp(self.alpha * np.minimum(self.x, 0))
        return d_out * np.where(self.x > 0, 1, low)
""",
    ),
    "elu_without_minus_one": (
        "elu_layer",
        """
class ELU(ELU):
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.exp(np.minimum(x, 0)))
""",
    ),
    "elu_multiplies_infinity_by_zero": (
        "activations_stable",
        """
class ELU(ELU):
    def forward(self, x):
        self.x = x
        return (x > 0) * x + (x <= 0) * self.alpha * (np.exp(x) - 1)
""",
    ),
    "softplus_overflows": (
        "activations_stable",
        """
class Softplus(Softplus):
    def forward(self, x):
        self.x = x
        return np.log(1 + np.exp(x))
""",
    ),
    "softplus_clips_its_input": (
        "activations_stable",
        """
class Softplus(Softplus):
    def forward(self, x):
        self.x = x
        return np.log1p(np.exp(np.clip(x, -80, 80)))
""",
    ),
    "softplus_gradient_is_sigmoid_of_the_output": (
        "softplus_layer",
        """
class Softplus(Softplus):
    def backward(self, d_out): return d_out / (1 + np.exp(-Softplus().forward(self.x)))
""",
    ),
    "softplus_gradient_is_that_of_the_sigmoid": (
        "softplus_layer",
        """
class Softplus(Softplus):
    def backward(self, d_out):
        y = (1 + np.tanh(self.x / 2)) / 2
        return d_out * y * (1 - y)
""",
    ),
    "softsign_gradient_not_squared": (
        "softsign_layer",
        """
class Softsign(Softsign):
    def backward(self, d_out): return d_out / self.scale
""",
    ),
    "softsign_without_absolute_value": (
        "softsign_layer",
        """
class Softsign(Softsign):
    def forward(self, x):
        self.scale = 1 + x
        return x / self.scale
""",
    ),
    "tanh_gradient_is_that_of_the_sigmoid": (
        "tanh_layer",
        """
class Tanh(Tanh):
    def backward(self, d_out): return d_out * self.y * (1 - self.y)
""",
    ),
    "tanh_written_out_overflows": (
        "activations_stable",
        """
class Tanh(Tanh):
    def forward(self, x):
        self.y = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
        return self.y
""",
    ),
    "sigmoid_gradient_from_the_input": (
        "sigmoid_by_tanh",
        """
class Sigmoid(Sigmoid):
    def forward(self, x):
        self.y = x
        return (1 + np.tanh(x / 2)) / 2
""",
    ),
    "sigmoid_with_exp_above_and_below": (
        "activations_stable",
        """
class Sigmoid(Sigmoid):
    def forward(self, x):
        self.y = np.exp(x) / (1 + np.exp(x))
        return self.y
""",
    ),
    "memory_shared_by_all_layers": (
        "activations_remember",
        """
class ReLU(ReLU):
    def forward(self, x):
        ReLU.passes = x > 0
        return np.maximum(x, 0)
""",
    ),
    "memory_of_the_first_forward_only": (
        "activations_remember",
        """
class Tanh(Tanh):
    def forward(self, x):
        y = np.tanh(x)
        self.y = getattr(self, 'y', y)
        return y
""",
    ),
    "relu_writes_into_its_input": (
        "activations_remember",
        """
class ReLU(ReLU):
    def forward(self, x):
        self.passes = x > 0
        x[~self.passes] = 0
        return x
""",
    ),
    "temperature_multiplies": (
        "softmax_temperature_rows",
        """
def softmax_temperature(a, T=1.0):
    e = np.exp((a - a.max(axis=1, keepdims=True)) * T)
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    "temperature_divides_the_result": (
        "softmax_temperature_rows",
        "def softmax_temperature(a, T=1.0): return softmax(a) / T",
    ),
    "temperature_with_one_maximum_for_all_rows": (
        "softmax_temperature_rows",
        """
def softmax_temperature(a, T=1.0):
    e = np.exp((a - a.max()) / T)
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    "temperature_without_the_maximum": (
        "softmax_temperature_rows",
        """
def softmax_temperature(a, T=1.0):
    e = np.exp(a / T)
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    "temperature_gradient_without_one_over_T": (
        "softmax_temperature_gradient",
        """
def softmax_temperature_backward(y, d_out, T=1.0):
    return y * (d_out - np.sum(d_out * y, axis=1, keepdims=True))
""",
    ),
    "temperature_gradient_of_the_diagonal_only": (
        "softmax_temperature_gradient",
        "def softmax_temperature_backward(y, d_out, T=1.0): return d_out * y * (1 - y) / T",
    ),
    "temperature_gradient_summed_over_the_batch": (
        "softmax_temperature_gradient",
        """
def softmax_temperature_backward(y, d_out, T=1.0):
    return y * (d_out - np.sum(d_out * y, axis=0, keepdims=True)) / T
""",
    ),
    "temperature_gradient_in_place": (
        "softmax_temperature_gradient",
        """
def softmax_temperature_backward(y, d_out, T=1.0):
    d_out -= np.sum(d_out * y, axis=1, keepdims=True)
    return y * d_out / T
""",
    ),
    "network_keeps_its_sigmoid": (
        "activation_network",
        """
from solutions.task3_backprop import loss_and_gradients
def loss_and_gradients_with(params, x, t, activation): return loss_and_gradients(params, x, t)
""",
    ),
    "network_skips_the_activation_on_the_way_back": (
        "activation_network",
        """
def loss_and_gradients_with(params, x, t, activation):
    one, two = Affine(params['W1'], params['b1']), Affine(params['W2'], params['b2'])
    y = softmax(two.forward(activation.forward(one.forward(x))))
    d = two.backward(softmax_cross_entropy_backward(y, t))
    one.backward(d[:, : len(params['b1'])])
    return cross_entropy(y, t), dict(W1=one.d_W, b1=one.d_b, W2=two.d_W, b2=two.d_b)
""",
    ),
}

# What else such a mistake costs. A backward that ignores forward remembers nothing either.
ALSO = {"relu_gradient_passes_everywhere": {"activations_remember"}}

# Different from the reference, and right.
CORRECT = {
    "relu_by_where": (
        """
class ReLU:
    def forward(self, x):
        self.x = x
        return np.where(x >= 0, x, 0.0)
    def backward(self, d_out): return np.where(self.x >= 0, d_out, 0.0)
"""
    ),
    "crelu_of_two_relus": (
        """
class CReLU:
    def forward(self, x):
        self.p, self.n = ReLU(), ReLU()
        return np.concatenate((self.p.forward(x), self.n.forward(-x)), 1)
    def backward(self, d_out):
        c = d_out.shape[1] // 2
        return self.p.backward(d_out[:, :c]) - self.n.backward(d_out[:, c:])
"""
    ),
    "elu_by_where_with_a_warning": (
        """
class ELU(ELU):
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * (np.exp(x) - 1))
    def backward(self, d_out): return np.where(self.x > 0, d_out, d_out * self.alpha * np.exp(self.x))
"""
    ),
    "softplus_by_logaddexp": (
        """
class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(x, 0)
    def backward(self, d_out): return d_out / (1 + np.exp(-self.x))
"""
    ),
    "sigmoid_of_task_3": "from solutions.task3_backprop import Sigmoid",
    "temperature_by_softmax": "def softmax_temperature(a, T=1): return softmax(np.asarray(a) / T)",
    "temperature_gradient_by_jacobian": (
        """
def softmax_temperature_backward(y, d_out, T=1.0):
    jacobian = y[:, :, None] * (np.eye(y.shape[1]) - y[:, None, :])
    return np.einsum('bij,bi->bj', jacobian, d_out) / T
"""
    ),
    "gradients_as_rows": (
        """
original = loss_and_gradients_with
def loss_and_gradients_with(params, x, t, activation):
    loss, grads = original(params, x, t, activation)
    return np.array(loss), {k: np.atleast_2d(v) for k, v in grads.items()}
"""
    ),
    # Mistakes of earlier tasks, and of a layer: the network is judged on what the student has.
    "loss_of_task_2_without_mean": "def cross_entropy(y, t): return float(-np.sum(t * np.log(y)))",
    "output_gradient_of_task_3_without_mean": "def softmax_cross_entropy_backward(y, t): return y - t",
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
    assert results[check].status in (Status.FAILED, Status.PARTIAL), failed
    assert any(name in results[check].message for name in _quantities(source)), failed
    assert set(not_passed(grade_recorded(TASK, source))) == set(failed)


def _quantities(source: str) -> list[str]:
    names = [line.split()[1] for line in source.splitlines() if line.startswith(("class ", "def "))]
    return [name.split("(")[0] for name in names]


@pytest.mark.parametrize("different", CORRECT)
def test_correct_but_different_passes(different: str) -> None:
    assert not_passed(grade(TASK, CORRECT[different])) == {}


@pytest.mark.parametrize("layer", ["ReLU", "Tanh", "CReLU"])
def test_network_is_judged_on_the_student_s_own_layer(layer: str) -> None:
    wrong = f"class {layer}({layer}):\n    def backward(self, d_out): return 2 * super().backward(d_out)"
    assert set(not_passed(grade(TASK, wrong))) == {OWN_CHECK[layer]}


def test_one_missing_layer_costs_its_share_of_the_common_checks() -> None:
    source = "class Tanh(Tanh):\n    def forward(self, x): raise NotImplementedError('Tanh')"
    results = grade(TASK, source)
    assert results["activations_stable"].points == pytest.approx(8 * 4 / 5)
    assert results["activations_remember"].points == pytest.approx(6 * 8 / 9, abs=0.01)
    assert results["tanh_layer"].status is Status.MISSING


OWN_CHECK = {
    "ReLU": "relu_layer",
    "LeakyReLU": "leaky_relu_layer",
    "ReLU6": "relu6_layer",
    "CReLU": "crelu_layer",
    "ELU": "elu_layer",
    "Softplus": "softplus_layer",
    "Softsign": "softsign_layer",
    "Tanh": "tanh_layer",
    "Sigmoid": "sigmoid_by_tanh",
    "softmax_temperature": "softmax_temperature_rows",
    "softmax_temperature_backward": "softmax_temperature_gradient",
    "loss_and_gradients_with": "activation_network",
}
NO_LAYER = ["ReLU = None", "ReLU = 3", "def ReLU(): return np.zeros(3)", "ReLU = object"]


@pytest.mark.parametrize("source", NO_LAYER)
def test_something_else_in_the_place_of_a_layer(source: str) -> None:
    results = grade(TASK, source)
    assert Status.GRADER_ERROR not in {result.status for result in results.values()}, not_passed(results)
    assert results["relu_layer"].points == 0


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_is_nobody_s_fault_but_its_own(name: str, junk: str, source: str) -> None:
    results = grade(TASK, source)
    failed = not_passed(results)
    assert Status.GRADER_ERROR not in {result.status for result in results.values()}, failed
    assert results[OWN_CHECK[name]].points == 0, f"{name} that does {junk} passes"
