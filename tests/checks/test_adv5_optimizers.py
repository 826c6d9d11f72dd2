"""The checks of advanced task 5: the reference passes, every mistake fails, whatever is merely different passes."""

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

TASK = "adv5_optimizers"

UPDATE = """
class {name}({name}):
    def update(self, params, grads):
        {begin}
        for name, g in grads.items():
            {step}
        return params
"""


def update(name: str, step: str, begin: str = "pass") -> str:
    return UPDATE.format(name=name, step=step, begin=begin)


# name: (the check it must fail, source)
MISTAKES = {
    "sgd_climbs": (
        "sgd_optimizer",
        update("SGD", "params[name] += self.learning_rate * g"),
    ),
    "sgd_without_rate": ("sgd_optimizer", update("SGD", "params[name] -= g")),
    "momentum_never_remembered": (
        "momentum_steps",
        update("Momentum", "params[name] -= self.learning_rate * g"),
    ),
    "momentum_damped": (
        "momentum_steps",
        update(
            "Momentum",
            "self.step[name] = self.momentum * self.step.get(name, 0) "
            "- (1 - self.momentum) * self.learning_rate * g; params[name] += self.step[name]",
        ),
    ),
    "momentum_remembers_the_gradient": (
        "momentum_steps",
        update(
            "Momentum",
            "last = self.step.get(name, 0); self.step[name] = -self.learning_rate * g; "
            "params[name] += self.momentum * last + self.step[name]",
        ),
    ),
    "momentum_looks_ahead": (
        "momentum_steps",
        update(
            "Momentum",
            "self.step[name] = self.momentum * self.step.get(name, 0) - self.learning_rate * g; "
            "params[name] += self.momentum * self.step[name] - self.learning_rate * g",
        ),
    ),
    "momentum_rate_applied_twice": (
        "momentum_steps",
        update(
            "Momentum",
            "self.step[name] = self.momentum * self.step.get(name, 0) - self.learning_rate * g; "
            "params[name] += self.learning_rate * self.step[name]",
        ),
    ),
    "adagrad_without_root": (
        "adagrad_steps",
        update(
            "AdaGrad",
            "self.h[name] = self.h.get(name, self.eps) + g * g; "
            "params[name] -= self.learning_rate * g / self.h[name]",
        ),
    ),
    "adagrad_keeps_only_the_last": (
        "adagrad_steps",
        update(
            "AdaGrad",
            "self.h[name] = self.eps + g * g; params[name] -= self.learning_rate * g / np.sqrt(self.h[name])",
        ),
    ),
    "adagrad_sums_gradients": (
        "adagrad_steps",
        update(
            "AdaGrad",
            "self.h[name] = self.h.get(name, 0) + np.abs(g); "
            "params[name] -= self.learning_rate * g / (self.h[name] + self.eps)",
        ),
    ),
    "adagrad_one_number_for_all_elements": (
        "adagrad_steps",
        update(
            "AdaGrad",
            "self.h[name] = self.h.get(name, self.eps) + np.sum(g * g); "
            "params[name] -= self.learning_rate * g / np.sqrt(self.h[name])",
        ),
    ),
    "adagrad_uses_h_before_adding": (
        "adagrad_steps",
        update(
            "AdaGrad",
            "h = self.h.get(name, self.eps); params[name] -= self.learning_rate * g / np.sqrt(h); "
            "self.h[name] = h + g * g",
        ),
    ),
    "rmsprop_is_adagrad": (
        "rmsprop_steps",
        update(
            "RMSProp",
            "self.h[name] = self.h.get(name, 0) + g * g; "
            "params[name] -= self.learning_rate * g / (np.sqrt(self.h[name]) + self.eps)",
        ),
    ),
    "rmsprop_weights_swapped": (
        "rmsprop_steps",
        update(
            "RMSProp",
            "self.h[name] = (1 - self.rho) * self.h.get(name, 0) + self.rho * g * g; "
            "params[name] -= self.learning_rate * g / (np.sqrt(self.h[name]) + self.eps)",
        ),
    ),
    "rmsprop_starts_at_the_first_square": (
        "rmsprop_steps",
        update(
            "RMSProp",
            "self.h[name] = self.rho * self.h.get(name, g * g) + (1 - self.rho) * g * g; "
            "params[name] -= self.learning_rate * g / (np.sqrt(self.h[name]) + self.eps)",
        ),
    ),
    "rmsprop_rho_fixed": (
        "rmsprop_steps",
        """
class RMSProp(RMSProp):
    def __init__(self, **options):
        super().__init__(**options)
        self.rho = 0.9
""",
    ),
    "adadelta_averages_gradients_twice": (
        "adadelta_steps",
        update(
            "AdaDelta",
            "h = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g; s = self.s.get(name, 0); "
            "params[name] -= np.sqrt((s + self.eps) / (h + self.eps)) * g; "
            "self.h[name] = h; self.s[name] = self.rho * s + (1 - self.rho) * g * g",
        ),
    ),
    "adadelta_epsilon_beside_the_upper_root": (
        "adadelta_steps",
        update(
            "AdaDelta",
            "h = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g; s = self.s.get(name, 0); "
            "step = -(np.sqrt(s) + self.eps) / (np.sqrt(h) + self.eps) * g; params[name] += step; "
            "self.h[name] = h; self.s[name] = self.rho * s + (1 - self.rho) * step * step",
        ),
    ),
    "adadelta_without_roots": (
        "adadelta_steps",
        update(
            "AdaDelta",
            "h = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g; s = self.s.get(name, 0); "
            "step = -(s + self.eps) / (h + self.eps) * g; params[name] += step; "
            "self.h[name] = h; self.s[name] = self.rho * s + (1 - self.rho) * step * step",
        ),
    ),
    "adadelta_s_never_updated": (
        "adadelta_steps",
        update(
            "AdaDelta",
            "h = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g; self.h[name] = h; "
            "params[name] -= np.sqrt(self.eps / (h + self.eps)) * g",
        ),
    ),
    "adam_without_correction": (
        "adam_steps",
        """
class Adam(Adam):
    def update(self, params, grads):
        self.t = 10**6
        return super().update(params, grads)
""",
    ),
    "adam_t_counts_parameters": (
        "adam_steps",
        update(
            "Adam",
            "super().update(params, {name: g})",
        ).replace("super()", "super(type(self), self)"),
    ),
    "adam_t_stays_one": (
        "adam_steps",
        """
class Adam(Adam):
    def update(self, params, grads):
        self.t = 0
        return super().update(params, grads)
""",
    ),
    "adam_t_starts_after_the_step": (
        "adam_steps",
        """
class Adam(Adam):
    def update(self, params, grads):
        self.t = max(self.t, 1)
        return super().update(params, grads)
""",
    ),
    "adam_keeps_the_corrected": (
        "adam_steps",
        update(
            "Adam",
            "m = (self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * g) / (1 - self.beta1**self.t); "
            "v = (self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * g * g) / (1 - self.beta2**self.t); "
            "self.m[name], self.v[name] = m, v; "
            "params[name] -= self.learning_rate * m / (np.sqrt(v) + self.eps)",
            begin="self.t += 1",
        ),
    ),
    "adam_betas_swapped": (
        "adam_steps",
        """
class Adam(Adam):
    def __init__(self, **options):
        super().__init__(**options)
        self.beta1, self.beta2 = self.beta2, self.beta1
""",
    ),
    "adam_v_without_root": (
        "adam_steps",
        update(
            "Adam",
            "m = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * g; "
            "v = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * g * g; "
            "self.m[name], self.v[name] = m, v; params[name] -= self.learning_rate * "
            "(m / (1 - self.beta1**self.t)) / (v / (1 - self.beta2**self.t) + self.eps)",
            begin="self.t += 1",
        ),
    ),
    "other_defaults": (
        "optimizers_first_step",
        """
class AdaGrad(AdaGrad):
    def __init__(self, learning_rate=0.1, eps=1e-8):
        super().__init__(learning_rate, eps)
""",
    ),
    "normalizes_the_gradient": (
        "optimizers_first_step",
        update("SGD", "params[name] -= self.learning_rate * np.sign(g)"),
    ),
    "state_in_the_class": (
        "optimizers_instances",
        """
class Momentum(Momentum):
    shared = {}
    def __init__(self, **options):
        super().__init__(**options)
        self.step = self.shared
""",
    ),
    "state_as_a_default_argument": (
        "optimizers_instances",
        """
class AdaGrad(AdaGrad):
    def __init__(self, learning_rate=0.01, eps=1e-8, h={}):
        super().__init__(learning_rate, eps)
        self.h = h
""",
    ),
    "one_state_for_all_parameters": (
        "optimizers_by_name",
        update(
            "RMSProp",
            "self.h = self.rho * h + (1 - self.rho) * np.mean(g * g); h = self.h; "
            "params[name] -= self.learning_rate * g / (np.sqrt(self.h) + self.eps)",
            begin="h = self.h = self.h or 0.0",
        ),
    ),
    "state_by_place_in_the_dict": (
        "optimizers_by_name",
        """
class Momentum(Momentum):
    def update(self, params, grads):
        for place, name in enumerate(params):
            self.step[place] = self.momentum * self.step.get(place, 0) - self.learning_rate * grads[name]
            params[name] += self.step[place]
        return params
""",
    ),
    "gradients_by_place_in_the_dict": (
        "optimizers_by_name",
        """
class Adam(Adam):
    def update(self, params, grads):
        turned = dict(zip(params, reversed(grads.values())))
        if {value.shape for value in params.values()} == {(3, 2)}:
            grads = turned
        return super().update(params, grads)
""",
    ),
    "adagrad_divides_zero_by_zero": (
        "optimizers_zero_gradient",
        update(
            "AdaGrad",
            "self.h[name] = self.h.get(name, 0) + g * g; "
            "params[name] -= self.learning_rate * g / np.sqrt(self.h[name])",
        ),
    ),
    "moves_without_a_gradient": (
        "optimizers_zero_gradient",
        update("SGD", "params[name] -= self.learning_rate * np.where(g == 0, 1, g)"),
    ),
    "squares_the_gradient_in_place": (
        "optimizers_gradients_kept",
        update(
            "AdaGrad",
            "h = self.h.get(name, self.eps) + g * g; self.h[name] = h; g /= np.sqrt(h); "
            "params[name] -= self.learning_rate * g",
        ),
    ),
    "scales_the_gradient_in_place": (
        "optimizers_gradients_kept",
        update("SGD", "g *= self.learning_rate; params[name] -= g"),
    ),
}

# What the check says then.
SAYS = {
    "sgd_climbs": "sign is flipped",
    "sgd_without_rate": "SGD.update, step 1",
    "momentum_never_remembered": "step 2",
    "momentum_damped": "too small everywhere",
    "momentum_remembers_the_gradient": "step 3",
    "momentum_looks_ahead": "too large everywhere",
    "momentum_rate_applied_twice": "step 1",
    "adagrad_without_root": "AdaGrad.update, step 1",
    "adagrad_keeps_only_the_last": "step 2",
    "adagrad_sums_gradients": "step 2",
    "adagrad_one_number_for_all_elements": "AdaGrad.update, step 1",
    "adagrad_uses_h_before_adding": "step 1",
    "rmsprop_is_adagrad": "RMSProp.update, step 1",
    "rmsprop_weights_swapped": "RMSProp.update, step 1",
    "rmsprop_starts_at_the_first_square": "too small everywhere",
    "rmsprop_rho_fixed": "RMSProp.update, step 1",
    "adadelta_averages_gradients_twice": "step 2",
    "adadelta_epsilon_beside_the_upper_root": "under the root",
    "adadelta_without_roots": "AdaDelta.update, step 1",
    "adadelta_s_never_updated": "step 2",
    "adam_without_correction": "Adam.update, step 1",
    "adam_t_counts_parameters": "change of b",
    "adam_t_stays_one": "step 2",
    "adam_t_starts_after_the_step": "Adam.update, step 1",
    "adam_keeps_the_corrected": "step 2",
    "adam_betas_swapped": "step 2",
    "adam_v_without_root": "Adam.update, step 1",
    "other_defaults": "AdaGrad().update",
    "normalizes_the_gradient": "SGD().update",
    "state_in_the_class": "a second Momentum",
    "state_as_a_default_argument": "a second AdaGrad",
    "one_state_for_all_parameters": "beside another one",
    "state_by_place_in_the_dict": "another order",
    "gradients_by_place_in_the_dict": "does not move against its gradient",
    "adagrad_divides_zero_by_zero": "expected a finite number",
    "moves_without_a_gradient": "after three gradients of 0",
    "squares_the_gradient_in_place": "changes the gradients",
    "scales_the_gradient_in_place": "SGD.update changes the gradients",
}

# Merely different: full points.
ALTERNATIVES = {
    "new_dict": """
class SGD(SGD):
    def update(self, params, grads):
        return {name: params[name] - self.learning_rate * grads[name] for name in params}
class Adam(Adam):
    def update(self, params, grads):
        return super().update({name: value.copy() for name, value in params.items()}, grads)
""",
    "velocity_without_rate": update(
        "Momentum",
        "self.step[name] = self.momentum * self.step.get(name, 0) + g; "
        "params[name] = params[name] - self.learning_rate * self.step[name]",
    ),
    "adagrad_epsilon_beside_the_root": update(
        "AdaGrad",
        "self.h[name] = self.h.get(name, 0) + g ** 2; "
        "params[name] -= self.learning_rate / (np.sqrt(self.h[name]) + self.eps) * g",
    ),
    "rmsprop_epsilon_under_the_root": update(
        "RMSProp",
        "self.h[name] = self.h.get(name, 0) + (1 - self.rho) * (g * g - self.h.get(name, 0)); "
        "params[name] -= self.learning_rate * g / np.sqrt(self.h[name] + self.eps)",
    ),
    "adam_efficient_order": update(
        "Adam",
        "self.m[name] = self.m.get(name, 0) + (1 - self.beta1) * (g - self.m.get(name, 0)); "
        "self.v[name] = self.v.get(name, 0) + (1 - self.beta2) * (g * g - self.v.get(name, 0)); "
        "params[name] -= rate * self.m[name] / (np.sqrt(self.v[name]) + 1e-7)",
        begin="self.t += 1; rate = self.learning_rate * (1 - self.beta2**self.t)**0.5 / (1 - self.beta1**self.t)",
    ),
    "adam_epsilon_under_the_root": update(
        "Adam",
        "self.m[name] = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * g; "
        "self.v[name] = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * g * g; "
        "params[name] -= self.learning_rate * self.m[name] / (1 - self.beta1**self.t) "
        "/ np.sqrt(self.v[name] / (1 - self.beta2**self.t) + self.eps)",
        begin="self.t += 1",
    ),
    "adadelta_two_roots": update(
        "AdaDelta",
        "h = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g; s = self.s.get(name, 0); "
        "step = np.sqrt(s + self.eps) / (np.sqrt(h) + self.eps) * g; params[name] -= step; "
        "self.h[name] = h; self.s[name] = self.rho * s + (1 - self.rho) * step * step",
    ),
    "state_made_for_all_at_once": """
class Momentum:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.lr, self.alpha, self.v = learning_rate, momentum, None
    def update(self, params, grads):
        if self.v is None:
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params.keys():
            self.v[key] = self.alpha * self.v[key] - self.lr * grads[key]
            params[key] = params[key] + self.v[key]
        return params
""",
}


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
    check, source = MISTAKES[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status in (Status.FAILED, Status.PARTIAL), result
    assert SAYS[name] in f"{result.message} {result.hint}"
    assert grade_recorded(TASK, source, only=check)[check].status is result.status


@pytest.mark.parametrize("name", ALTERNATIVES)
@pytest.mark.parametrize("seed", range(2))
def test_alternative_passes(name, seed):
    assert not not_passed(grade(TASK, ALTERNATIVES[name], seed))


def test_every_check_has_a_mistake():
    assert {check for check, _ in MISTAKES.values()} == set(grade(TASK))


def test_one_missing_optimizer_costs_its_part_only():
    results = grade(
        TASK, "class Adam(Adam):\n    def update(self, params, grads):\n        raise NotImplementedError"
    )
    assert results["adam_steps"].status is Status.MISSING
    assert results["momentum_steps"].status is Status.PASSED
    assert results["optimizers_first_step"].points == pytest.approx(8 * 5 / 6, abs=0.01)
    assert results["optimizers_by_name"].points == pytest.approx(5 * 4 / 5)


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_is_never_the_graders_fault(name, junk, source):
    results = grade(TASK, source).values()
    assert not {result.name: result.message for result in results if result.status is Status.GRADER_ERROR}
    passed = {result.name for result in results if result.status is Status.PASSED}
    others = [check for check in ("momentum_steps", "adam_steps") if not check.startswith(name.lower())]
    assert passed >= set(others)
    assert not passed & {"optimizers_first_step", "optimizers_zero_gradient", "optimizers_gradients_kept"}


@pytest.mark.parametrize("junk", ["first argument", "2x2 zeros", "dict of nan", "none"])
def test_nothing_but_junk_earns_nothing(junk):
    sources = {name: source for name, kind, source in fuzz_cases(TASK) if kind == junk}
    assert set(sources) == set(public_names(TASK))
    assert not sum(result.points for result in grade(TASK, "\n".join(sources.values())).values())
