"""What is special to the checks of advanced task 4: mistakes that nobody makes by accident, and messages that help."""

import pytest

from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions
from tests.checks.harness import fuzz_cases, grade, grade_recorded

TASK = "adv4_batchnorm"

# name: (the check it must fail, what that says, source)
CONTRIVED = {
    "first_forward_remembered": (
        "batchnorm_state",
        "BatchNorm.backward after another layer's forward",
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
    "averages_of_half_the_statistics": (
        "batchnorm_test_time",
        "train=False",
        """
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        if not train:
            return super().forward(x, train)
        old, self.count = (self.running_mean, self.running_var), getattr(self, "count", 0) + 1
        y = super().forward(x, train)
        self.running_mean, self.running_var = [
            (0 if a is None else a) * (1 - 1 / self.count) + b / 2 / self.count
            for a, b in zip(old, (x.mean(axis=0), x.var(axis=0)))
        ]
        return y
""",
    ),
}

# A known mistake: what its check says.
SAYS = {
    "training normalizes with the running statistics": "BatchNorm.forward of a second batch",
    "ε is left out": "got nan, expected a finite number",
    "μ and σ² are taken as constants in backward": "μ and σ² were taken for constant",
    "σ² is taken as a constant in backward": "as if σ² was taken for constant",
    "d_gamma is averaged over the batch": "7 times too small",
    "d_beta is averaged over the batch": "5 times too small",
    "d_beta is added to that of the step before": "2 times too large",
    "the lists of the running statistics belong to the class, so that all layers share them": "beside another layer",
    "the running statistics are computed but not stored, so that only the first batch counts": "count 1, 0, 0",
    "the running statistics are those of the last batch alone": "count 0, 0, 1",
    "only the mean is averaged, the running variance is that of the last batch": "the running variance",
    "testing updates the running statistics": "after other test data",
    "test_affine keeps scale and shift in self and does not return them": "got None, expected the pair",
    "forward centres x in place": "BatchNorm.forward (argument 1) was changed",
}


@pytest.mark.parametrize("name", CONTRIVED)
def test_contrived_mistake_fails(name):
    check, saying, source = CONTRIVED[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status is Status.FAILED
    assert saying in result.message
    assert grade_recorded(TASK, source, only=check)[check].status is Status.FAILED


@pytest.mark.parametrize("name", SAYS)
def test_message(name):
    (mistake,) = [known for known in load_misconceptions(TASK) if known.name == name]
    result = grade(TASK, mistake.source, only=mistake.check)[mistake.check]
    assert SAYS[name] in f"{result.message} {result.hint}"


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_earns_nothing(name, junk, source):
    assert not [result.name for result in grade(TASK, source).values() if result.points]
