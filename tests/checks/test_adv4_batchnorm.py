"""The checks of advanced task 4: the reference passes, every mistake fails, whatever is merely different passes."""

import pytest

from autograder.checks.outcome import Status
from tests.checks.harness import (
    fuzz_cases,
    grade,
    grade_recorded,
    not_passed,
    recorded_bytes,
    stub_source,
)

TASK = "adv4_batchnorm"

TRAINING = """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        if not train:
            scale, shift = self.test_affine()
            return x * scale + shift
        {compute}
        self.std, self.x_hat = std, self.centred / std
        if self.running_mean is None:
            self.running_mean, self.running_var = mean, var
        else:
            self.running_mean = 0.5 * self.running_mean + 0.5 * mean
            self.running_var = 0.5 * self.running_var + 0.5 * var
        return {y}
"""
RIGHT = "mean = x.mean(axis=0); self.centred = x - mean; var = x.var(axis=0); std = np.sqrt(var + self.eps)"
RUNNING = """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        old = self.running_mean, self.running_var
        y = super().forward(x, train)
        if train:
            mean, var, count = x.mean(axis=0), x.var(axis=0), len(x)
            {update}
        return y
"""
BACKWARD = """
class BatchNorm(BatchNorm):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        {change}
        return d_x
"""


def training(compute: str = RIGHT, y: str = "self.gamma * self.x_hat + self.beta") -> str:
    return TRAINING.format(compute=compute, y=y)


# name: (the check it must fail, source)
MISTAKES = {
    "normalizes_rows": (
        "batchnorm_forward",
        training(
            "mean = x.mean(axis=1, keepdims=True); self.centred = x - mean; "
            "var = x.var(axis=1, keepdims=True); std = np.sqrt(var + self.eps)"
        ),
    ),
    "one_mean_for_everything": (
        "batchnorm_forward",
        training("mean = x.mean(); self.centred = x - mean; var = x.var(); std = np.sqrt(var + self.eps)"),
    ),
    "divides_by_variance": (
        "batchnorm_forward",
        training(RIGHT.replace("np.sqrt(var + self.eps)", "var + self.eps")),
    ),
    "variance_over_n_minus_1": (
        "batchnorm_forward",
        training(RIGHT.replace("x.var(axis=0)", "x.var(axis=0, ddof=1)")),
    ),
    "forgets_beta": ("batchnorm_forward", training(y="self.gamma * self.x_hat")),
    "forgets_gamma": ("batchnorm_forward", training(y="self.x_hat + self.beta")),
    "scales_after_shifting": (
        "batchnorm_forward",
        training(y="self.gamma * (self.x_hat + self.beta)"),
    ),
    "trains_on_running_statistics": (
        "batchnorm_forward",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        super().forward(x, train)
        return super().forward(x, False)
""",
    ),
    "no_epsilon": (
        "batchnorm_epsilon",
        training(RIGHT.replace("var + self.eps", "var")),
    ),
    "epsilon_fixed": (
        "batchnorm_epsilon",
        training(RIGHT.replace("self.eps", "1e-5")),
    ),
    "mean_and_variance_constant": (
        "batchnorm_backward_x",
        BACKWARD.format(change="d_x = d_out * self.gamma / self.std"),
    ),
    "variance_constant": (
        "batchnorm_backward_x",
        BACKWARD.format(change="d_x = d_out * self.gamma / self.std; d_x = d_x - d_x.mean(axis=0)"),
    ),
    "backward_forgets_gamma": (
        "batchnorm_backward_x",
        BACKWARD.format(change="d_x = d_x / self.gamma"),
    ),
    "backward_mean_not_divided_by_batch": (
        "batchnorm_backward_x",
        BACKWARD.format(
            change="s = d_out * self.gamma / self.std; d_x = d_x + s.mean(axis=0) - s.sum(axis=0)"
        ),
    ),
    "d_gamma_from_x": (
        "batchnorm_backward_gamma",
        BACKWARD.format(change="self.d_gamma = np.sum(d_out * self.centred, axis=0)"),
    ),
    "d_gamma_mean": (
        "batchnorm_backward_gamma",
        BACKWARD.format(change="self.d_gamma = self.d_gamma / len(d_out)"),
    ),
    "d_gamma_not_summed": (
        "batchnorm_backward_gamma",
        BACKWARD.format(change="self.d_gamma = d_out * self.x_hat"),
    ),
    "d_beta_mean": (
        "batchnorm_backward_beta",
        BACKWARD.format(change="self.d_beta = d_out.mean(axis=0)"),
    ),
    "d_beta_summed_over_features": (
        "batchnorm_backward_beta",
        BACKWARD.format(change="self.d_beta = d_out.sum(axis=1)"),
    ),
    "state_in_the_class": (
        "batchnorm_state",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        y = super().forward(x, train)
        if train:
            BatchNorm.last = (self.centred, self.std, self.x_hat)
        return y
    def backward(self, d_out):
        self.centred, self.std, self.x_hat = BatchNorm.last
        return super().backward(d_out)
""",
    ),
    "statistics_in_the_class": (
        "batchnorm_state",
        """
class BatchNorm(BatchNorm):
    means, variances = [], []
    def forward(self, x, train=True):
        if train:
            self.means.append(x.mean(axis=0)); self.variances.append(x.var(axis=0))
        y = super().forward(x, train)
        return y
    def test_affine(self):
        scale = self.gamma / np.sqrt(np.mean(self.variances, axis=0) + self.eps)
        return scale, self.beta - scale * np.mean(self.means, axis=0)
""",
    ),
    "first_forward_remembered": (
        "batchnorm_state",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        y = super().forward(x, train)
        if train and not hasattr(self, "kept"):
            self.kept = (self.centred, self.std, self.x_hat)
        return y
    def backward(self, d_out):
        self.centred, self.std, self.x_hat = self.kept
        return super().backward(d_out)
""",
    ),
    "old_gamma_in_the_affine_map": (
        "batchnorm_learns",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        y = super().forward(x, train)
        if train:
            self.map = super().test_affine()
        return y
    def test_affine(self):
        return self.map
""",
    ),
    "gamma_copied_at_the_start": (
        "batchnorm_learns",
        """
class BatchNorm(BatchNorm):
    def __init__(self, gamma, beta, **options):
        super().__init__(gamma, beta, **options)
        self.own = gamma, beta
    def forward(self, x, train=True):
        self.gamma, self.beta = self.own
        return super().forward(x, train)
""",
    ),
    "tests_with_the_batch": (
        "batchnorm_test_time",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        return super().forward(x, True)
""",
    ),
    "averages_from_zero_without_end": (
        "batchnorm_test_time",
        RUNNING.format(
            update="self.n = getattr(self, 'n', 1) + 1; "
            "self.running_mean, self.running_var = "
            "[(a * (self.n - 1) if a is not None else 0) / self.n + b / self.n "
            "for a, b in zip(old, (mean * 0.5, var * 0.5))]"
        ),
    ),
    "only_the_last_batch": (
        "batchnorm_running",
        RUNNING.format(update="self.running_mean, self.running_var = mean, var"),
    ),
    "only_the_first_batch": (
        "batchnorm_running",
        RUNNING.format(update="if old[0] is not None: self.running_mean, self.running_var = old"),
    ),
    "sums_instead_of_averages": (
        "batchnorm_running",
        RUNNING.format(
            update="if old[0] is not None: self.running_mean, self.running_var = old[0] + mean, old[1] + var"
        ),
    ),
    "running_variance_of_the_last_batch": (
        "batchnorm_running",
        RUNNING.format(update="self.running_var = var"),
    ),
    "testing_updates_statistics": (
        "batchnorm_test_rows",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        y = super().forward(x, train)
        if not train:
            super().forward(x, True)
        return y
""",
    ),
    "affine_without_epsilon_or_root": (
        "batchnorm_test_affine",
        """
class BatchNorm(BatchNorm):
    def test_affine(self):
        scale = self.gamma / self.running_var
        return scale, self.beta - scale * self.running_mean
""",
    ),
    "affine_shift_is_beta": (
        "batchnorm_test_affine",
        """
class BatchNorm(BatchNorm):
    def test_affine(self):
        return super().test_affine()[0], self.beta
""",
    ),
    "affine_not_returned_as_a_pair": (
        "batchnorm_test_affine",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        if train:
            return super().forward(x)
        scale, shift = super().test_affine()
        return x * scale + shift
    def test_affine(self):
        self.scale, self.shift = super().test_affine()
""",
    ),
    "centres_in_place": (
        "batchnorm_arguments",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        y = super().forward(x, train)
        x -= x.mean(axis=0)
        return y
""",
    ),
    "backward_writes_into_d_out": (
        "batchnorm_arguments",
        BACKWARD.format(change="d_out *= self.gamma"),
    ),
}

# What the check says then.
SAYS = {
    "normalizes_rows": "BatchNorm.forward",
    "one_mean_for_everything": "BatchNorm.forward",
    "divides_by_variance": "BatchNorm.forward",
    "variance_over_n_minus_1": "BatchNorm.forward",
    "forgets_beta": "BatchNorm.forward",
    "forgets_gamma": "BatchNorm.forward",
    "scales_after_shifting": "BatchNorm.forward",
    "trains_on_running_statistics": "second batch",
    "no_epsilon": "BatchNorm.forward",
    "epsilon_fixed": "eps=0.5",
    "mean_and_variance_constant": "taken for constant",
    "variance_constant": "σ² was taken for constant",
    "backward_forgets_gamma": "BatchNorm.backward d_x",
    "backward_mean_not_divided_by_batch": "BatchNorm.backward d_x",
    "d_gamma_from_x": "d_gamma",
    "d_gamma_mean": "7 times too small",
    "d_gamma_not_summed": "d_gamma",
    "d_beta_mean": "5 times too small",
    "d_beta_summed_over_features": "d_beta",
    "state_in_the_class": "another layer",
    "statistics_in_the_class": "beside another layer",
    "first_forward_remembered": "BatchNorm.backward",
    "old_gamma_in_the_affine_map": "with a new γ and β",
    "gamma_copied_at_the_start": "with a new γ and β",
    "tests_with_the_batch": "train=False",
    "averages_from_zero_without_end": "train=False",
    "only_the_last_batch": "the three batches count",
    "only_the_first_batch": "the three batches count",
    "sums_instead_of_averages": "the three batches count",
    "running_variance_of_the_last_batch": "the running variance",
    "testing_updates_statistics": "after other test data",
    "affine_without_epsilon_or_root": "scale",
    "affine_shift_is_beta": "shift",
    "affine_not_returned_as_a_pair": "expected the pair",
    "centres_in_place": "was changed",
    "backward_writes_into_d_out": "was changed",
}

# Merely different: full points.
ALTERNATIVES = {
    "compact_backward": """
class BatchNorm(BatchNorm):
    def backward(self, d_out):
        self.d_gamma, self.d_beta = np.sum(d_out * self.x_hat, axis=0), d_out.sum(axis=0)
        inner = d_out - d_out.mean(axis=0) - self.x_hat * np.mean(d_out * self.x_hat, axis=0)
        return self.gamma / self.std * inner
""",
    "epsilon_beside_the_root": training(RIGHT.replace("np.sqrt(var + self.eps)", "np.sqrt(var) + self.eps")),
    "plain_average": RUNNING.format(
        update="self.means = [*getattr(self, 'means', []), mean]; self.vars = [*getattr(self, 'vars', []), var]; "
        "self.running_mean, self.running_var = np.mean(self.means, axis=0), np.mean(self.vars, axis=0)"
    ),
    "plain_average_over_n_minus_1": RUNNING.format(
        update="self.n = getattr(self, 'n', 0) + 1; "
        "self.running_mean, self.running_var = [(0 if a is None else a) * (self.n - 1) / self.n + b / self.n "
        "for a, b in zip(old, (mean, x.var(axis=0, ddof=1)))]"
    ),
    "moving_average_from_0_and_1": RUNNING.format(
        update="old = (0, 1) if old[0] is None else old; self.running_mean, self.running_var = "
        "[self.momentum * a + (1 - self.momentum) * b for a, b in zip(old, (mean, var))]"
    ),
    "moving_average_from_0_and_0": RUNNING.format(
        update="old = (0, 0) if old[0] is None else old; self.running_mean, self.running_var = "
        "[0.9 * a + 0.1 * b for a, b in zip(old, (mean, var))]"
    ),
    "momentum_is_the_new_part": RUNNING.format(
        update="var = var * count / (count - 1); old = (mean, var) if old[0] is None else old; "
        "self.running_mean, self.running_var = "
        "[(1 - self.momentum) * a + self.momentum * b for a, b in zip(old, (mean, var))]"
    ),
    "gradients_as_rows": """
class BatchNorm(BatchNorm):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_gamma, self.d_beta = self.d_gamma[None], d_out.sum(axis=0, keepdims=True)
        return d_x
    def test_affine(self):
        return [part.reshape(1, -1) for part in super().test_affine()]
""",
    "other_names": """
class BatchNorm:
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.99):
        self.gamma, self.beta, self.e = gamma, beta, eps
        self.seen, self.sum_mean, self.sum_var = 0, 0.0, 0.0
    def forward(self, x, train=True):
        if not train:
            m, v = self.sum_mean / self.seen, self.sum_var / self.seen
            return (x - m) / np.sqrt(v + self.e) * self.gamma + self.beta
        m, v = np.mean(x, 0), np.mean((x - np.mean(x, 0)) ** 2, 0)
        self.seen += 1
        self.sum_mean, self.sum_var = self.sum_mean + m, self.sum_var + v
        self.x, self.m, self.v = x, m, v
        return (x - m) / np.sqrt(v + self.e) * self.gamma + self.beta
    def backward(self, d):
        B, c = d.shape[0], self.x - self.m
        g = d * self.gamma
        dv = (g * c).sum(0) * -0.5 * (self.v + self.e) ** -1.5
        dm = -g.sum(0) / np.sqrt(self.v + self.e) + dv * (-2 * c).mean(0)
        self.d_gamma, self.d_beta = (d * c / np.sqrt(self.v + self.e)).sum(0), d.sum(0)
        return g / np.sqrt(self.v + self.e) + dv * 2 * c / B + dm / B
    def test_affine(self):
        s = self.gamma / np.sqrt(self.sum_var / self.seen + self.e)
        return s, self.beta - s * self.sum_mean / self.seen
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
    assert result.status is Status.FAILED, result
    assert SAYS[name] in f"{result.message} {result.hint}"
    assert grade_recorded(TASK, source, only=check)[check].status is Status.FAILED


@pytest.mark.parametrize("name", ALTERNATIVES)
@pytest.mark.parametrize("seed", range(2))
def test_alternative_passes(name, seed):
    assert not not_passed(grade(TASK, ALTERNATIVES[name], seed))


def test_every_check_has_a_mistake():
    assert {check for check, _ in MISTAKES.values()} == set(grade(TASK))


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_is_never_the_graders_fault(name, junk, source):
    results = grade(TASK, source).values()
    assert not {result.name: result.message for result in results if result.status is Status.GRADER_ERROR}
    assert not [result.name for result in results if result.points]
