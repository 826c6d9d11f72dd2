"""What is special to the checks of advanced task 5: mistakes that nobody makes by accident, and partial points."""

import pytest

from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions
from tests.checks.harness import fuzz_cases, grade, grade_recorded, public_names

TASK = "adv5_optimizers"

SGD_STEP = """
class SGD(SGD):
    def update(self, params, grads):
        for name, g in grads.items():
            params[name] -= self.learning_rate * {step}
        return params
"""

# name: (the check it must fail, what that says, source)
CONTRIVED = {
    "normalizes_the_gradient": (
        "optimizers_first_step",
        "SGD().update",
        SGD_STEP.format(step="np.sign(g)"),
    ),
    "moves_without_a_gradient": (
        "optimizers_zero_gradient",
        "after three gradients of 0",
        SGD_STEP.format(step="np.where(g == 0, 1, g)"),
    ),
    "pairs_the_gradients_backwards": (
        "optimizers_by_name",
        "beside another one",
        """
class Adam(Adam):
    def update(self, params, grads):
        if {value.shape for value in params.values()} == {(3, 2)}:
            grads = dict(zip(params, reversed(grads.values())))
        return super().update(params, grads)
""",
    ),
}

# A known mistake: what its check says.
SAYS = {
    "SGD adds the gradient, and climbs": "the sign is flipped everywhere",
    "the last step of Momentum is never remembered": "step 2",
    "the gradient of Momentum is damped by 1 − α": "3.333 times too small everywhere",
    "Momentum keeps a part of the last gradient, not of the last step": "step 3",
    "Momentum looks ahead, as Nesterov's method does": "1.7 times too large everywhere",
    "h of RMSProp starts at the first g², not at 0": "too small everywhere",
    "ε stands beside the roots of AdaDelta, not under them": "with ε under the root",
    "t of Adam grows with every parameter, not with every update": "change of b",
    "t of Adam stays 1": "step 2",
    "the state of Momentum is a variable of the class, which all optimizers share": "a second Momentum",
    "the state of Momentum is found by the place in the dict, not by the name": "another order",
    "parameters and gradients of Momentum are paired by their place in the dicts, not by the name": (
        "another order"
    ),
    "one ΔW for all parameters of Momentum": "beside another one",
    "h of AdaGrad starts at 0 without any ε, so that 0 is divided by 0": "expected a finite number",
    "SGD multiplies the gradient by η in place": "SGD.update changes the gradients",
}


@pytest.mark.parametrize("name", CONTRIVED)
def test_contrived_mistake_fails(name):
    check, saying, source = CONTRIVED[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status is Status.PARTIAL
    assert saying in result.message
    assert grade_recorded(TASK, source, only=check)[check].status is Status.PARTIAL


@pytest.mark.parametrize("name", SAYS)
def test_message(name):
    (mistake,) = [known for known in load_misconceptions(TASK) if known.name == name]
    result = grade(TASK, mistake.source, only=mistake.check)[mistake.check]
    assert SAYS[name] in f"{result.message} {result.hint}"


def test_one_missing_optimizer_costs_its_part_only():
    results = grade(
        TASK, "class Adam(Adam):\n    def update(self, params, grads):\n        raise NotImplementedError"
    )
    assert results["adam_steps"].status is Status.MISSING
    assert results["momentum_steps"].status is Status.PASSED
    assert results["optimizers_first_step"].points == pytest.approx(8 * 5 / 6, abs=0.01)
    assert results["optimizers_by_name"].points == pytest.approx(5 * 4 / 5)


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_costs_only_its_own_optimizer(name, junk, source):
    results = grade(TASK, source).values()
    passed = {result.name for result in results if result.status is Status.PASSED}
    others = [check for check in ("momentum_steps", "adam_steps") if not check.startswith(name.lower())]
    assert passed >= set(others)
    assert not passed & {"optimizers_first_step", "optimizers_zero_gradient", "optimizers_gradients_kept"}


@pytest.mark.parametrize("junk", ["first argument", "2x2 zeros", "dict of nan", "none"])
def test_nothing_but_junk_earns_nothing(junk):
    sources = {name: source for name, kind, source in fuzz_cases(TASK) if kind == junk}
    assert set(sources) == set(public_names(TASK))
    assert not sum(result.points for result in grade(TASK, "\n".join(sources.values())).values())
