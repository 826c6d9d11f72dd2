"""The checks of advanced task 2: what is special to them, beside the known mistakes and alternatives."""

import pytest

from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions
from tests.checks.harness import assert_fails_only, faults, fuzz_cases, grade, not_passed

TASK = "adv2_activations"
KNOWN = {mistake.name: mistake for mistake in load_misconceptions(TASK)}
BACKWARD_TWICE = """
class {0}({0}):
    def backward(self, d_out): return 2 * super().backward(d_out)
"""

# Where the message has to say more than that two numbers differ: what is wrong, and what the feedback must say.
SAYS = {
    "ReLU's forward overwrites its input": "ReLU.forward (argument 1) was changed by the call",
    "ReLU's backward overwrites d_out": "ReLU.backward (argument 1) was changed by the call",
    "ReLU keeps its memory in a global variable, shared by all layers": "beside a second layer",
    "tanh remembers its first forward pass only": "after a second forward",
    "ReLU6's gate asks whether the clipped output lies in 0..6, which it always does": "ReLU6.backward d_x",
    "CReLU joins its halves along the last axis, which for images is the width": "CReLU.forward of images: got shape",
    "ELU multiplies an overflowed exponential by the 0 of its mask": "ELU.forward at ±1000",
    "softplus takes the logarithm to base 10": "ln 10 = 2.303 times too small everywhere",
    "the maximum of the logits is subtracted after they have been divided by T": "of logits to ±1000",
    "the temperature's factor 1/T is missing in backward": "2.5 times too small everywhere",
    "softmax's gradient has its difference the wrong way round": "the sign is flipped everywhere",
}


@pytest.mark.parametrize("name", SAYS)
def test_the_message_says_what_is_wrong(name: str) -> None:
    result = grade(TASK, KNOWN[name].source, only=KNOWN[name].check)[KNOWN[name].check]
    assert SAYS[name] in result.message


# -- one mistake costs once --------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["ReLU", "Tanh", "CReLU"])
def test_network_is_judged_on_the_student_s_own_layer(layer: str) -> None:
    assert_fails_only(TASK, BACKWARD_TWICE.format(layer), OWN_CHECK[layer])


def test_network_is_judged_without_a_layer_that_does_not_work() -> None:
    source = KNOWN["CReLU joins its halves along the batch axis"].source
    assert set(not_passed(grade(TASK, source))) == {"crelu_layer", "activations_remember"}


def test_network_without_any_layer_cannot_be_judged() -> None:
    results = grade(TASK, "\n".join(f"class {name}: pass" for name in ("Tanh", "ReLU", "CReLU")))
    assert results["activation_network"].points == 0


@pytest.mark.parametrize(
    "source",
    [
        "def cross_entropy(y, t): return float(-np.sum(t * np.log(y)))",
        "def softmax_cross_entropy_backward(y, t): return y - t",
    ],
)
def test_a_mistake_of_an_earlier_task_costs_nothing_here(source: str) -> None:
    assert not_passed(grade(TASK, source)) == {}


def test_one_missing_layer_costs_its_share_of_the_common_checks() -> None:
    source = "class Tanh(Tanh):\n    def forward(self, x): raise NotImplementedError('Tanh')"
    results = grade(TASK, source)
    assert results["activations_stable"].points == pytest.approx(8 * 4 / 5)
    assert results["activations_remember"].points == pytest.approx(6 * 8 / 9, abs=0.01)
    assert results["activation_network"].status is Status.PASSED
    assert results["tanh_layer"].status is Status.MISSING


def test_a_crash_in_a_common_check_says_in_which_layer() -> None:
    results = grade(TASK, "class ELU(ELU):\n    def backward(self, d_out): return d_out[0, 99]")
    assert "ELU: " in results["activations_remember"].message


def test_float32_is_not_differenced_across_a_kink() -> None:
    source = """
class LeakyReLU(LeakyReLU):
    def forward(self, x): return super().forward(x.astype(np.float32))
"""
    for seed in range(40):
        assert not_passed(grade(TASK, source, seed, only="leaky_relu_layer")) == {}


# -- junk --------------------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize(
    "source", ["ReLU = None", "ReLU = 3", "def ReLU(): return np.zeros(3)", "ReLU = object"]
)
def test_something_else_in_the_place_of_a_layer(source: str) -> None:
    results = grade(TASK, source)
    assert faults(results) == {}
    assert results["relu_layer"].points == 0


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_fails_the_check_of_its_own_function(name: str, junk: str, source: str) -> None:
    check = OWN_CHECK[name]
    assert grade(TASK, source, only=check)[check].points == 0, f"{name} that does {junk} passes"
