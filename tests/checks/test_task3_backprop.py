"""Every check of task 3 passes what is right, and fails exactly the mistake it exists for."""

import numpy as np
import pytest

from autograder.checks import load_checks, task3_backprop, threshold
from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions
from tests.checks.harness import (
    JUNK,
    assert_fails_only,
    grade,
    grade_recorded,
    junk_source,
    not_passed,
)

TASK = "task3_backprop"

# Which checks judge a function directly: with junk in its place none of them may pass.
JUDGED_BY = {
    "softmax_cross_entropy_backward": ("output_gradient", "network_gradients"),
    "Affine": (
        "affine_layer",
        "affine_backward_x",
        "affine_backward_W",
        "affine_backward_b",
        "network_gradients",
    ),
    "Sigmoid": ("sigmoid_layer", "network_gradients"),
    "loss_and_gradients": (
        "network_gradients",
        "train_full_batch",
        "train_prints_epochs",
        "train_reduces_loss",
        "train_seeded",
    ),
    "sgd_update": ("sgd_step", "train_full_batch"),
    "train": (
        "train_full_batch",
        "train_prints_epochs",
        "train_reduces_loss",
        "train_seeded",
        "train_accuracy",
    ),
    "accuracy": ("accuracy_fraction",),
    "save_parameters": ("save_load",),
    "load_parameters": ("save_load", "load_rejects"),
}

# Contrived mistakes that prove what a check can tell apart: (source, the check that fails, what it says)
MISTAKES = {
    "x of the first forward": (
        """
class Affine(Affine):
    def forward(self, x):
        if not hasattr(self, "x"):
            self.x = x
        return x @ self.W + self.b
""",
        "affine_layer",
        "d_W after forward was called twice",
    ),
    "W not transposed when it is square": (
        """
class Affine(Affine):
    def backward(self, d_out):
        super().backward(d_out)
        return d_out @ (self.W if self.W.shape[0] == self.W.shape[1] else self.W.T)
""",
        "affine_backward_x",
        "Affine.backward d_x",
    ),
    "d_b over the wrong axis when the shapes allow it": (
        """
class Affine(Affine):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_b = d_out.sum(axis=1 if d_out.shape[0] == d_out.shape[1] else 0)
        return d_x
""",
        "affine_backward_b",
        "Affine.backward d_b",
    ),
    "b2 forgotten": (
        """
def sgd_update(params, grads, learning_rate):
    for name in ("W1", "b1", "W2"):
        params[name] -= learning_rate * grads[name]
    return params
""",
        "sgd_step",
        "b2 after step 1",
    ),
    "the caller's arrays, after all": (
        """
def train(params, images, labels, ask=train, **options):
    trained = ask(params, images, labels, **options)
    for name in params:
        params[name][...] = trained[name]
    return trained
""",
        "train_seeded",
        "train (argument 1) was changed by the call",
    ),
    "only the gradients of the second layer": (
        """
def loss_and_gradients(params, x, t, ask=loss_and_gradients):
    loss, grads = ask(params, x, t)
    return loss, {name: value * name.endswith("2") for name, value in grads.items()}
""",
        "network_gradients",
        "the gradient of W1[",
    ),
    "an existing file kept": (
        """
def save_parameters(path, params, ask=save_parameters):
    import os
    if not os.path.exists(path):
        ask(path, params)
""",
        "save_load",
        "W1: got shape (784, 4), expected (784, 9)",
    ),
    "pickles are run, and refused afterwards": (
        """
def load_parameters(path, ask=load_parameters):
    try:
        with np.load(path, allow_pickle=True) as arrays:
            for name in arrays.files:
                arrays[name]
    except Exception:
        pass
    return ask(path)
""",
        "load_rejects",
        "allow_pickle=False",
    ),
}

# What a student reads for some of the known mistakes
SAYS = {
    "the division by the batch size B is missing from the output gradient": "4 times too large everywhere",
    "the output gradient has the wrong sign: t − y": "the sign is flipped everywhere",
    "the output gradient is divided by all B·C elements instead of by B": "7 times too small everywhere",
    "the output gradient is computed in place and overwrites y": "(argument 1) was changed by the call",
    "x is kept in the class, where all layers share it": "d_W after forward was called twice, with another layer in use",
    "d_W is divided by B once more": "5 times too small everywhere",
    "d_W is transposed": "got shape (3, 4), expected (4, 3) (transposed)",
    "d_b is not summed over the batch": "Affine.d_b: got shape (5, 3), expected (3,)",
    "Sigmoid.backward overwrites the y that forward returned": "Sigmoid.backward called again",
    "sgd_update multiplies the gradients by the learning rate in place": "changed the gradients",
    "nothing is printed": "train printed 0 lines in 3 epochs",
    "the printed losses are those after each step, not before it": "the mean over its mini-batches, each before its step",
    "the epochs are counted from 0": "they count from 1",
    "every step uses the first mini-batch": "7 of 60 images had an influence",
    "the seed is fixed, whatever is asked for": "the seeds 11 and 12 give the same result",
    "the shuffle ignores the seed": "train with the same seed again",
    "training changes the caller's arrays, because the copy holds the same ones": "(argument 1) was changed",
    "save_parameters lets NumPy add .npz to the path": "np.savez adds .npz",
    "save_parameters converts to float32": "has dtype float32, expected float64",
    "a damaged file raises the error of the zip reader, not a ValueError": "got 'BadZipFile",
    "the error of load_parameters does not say which array is wrong": "expected a message that names b1",
}

# Known mistakes in what nothing else is built on: no other check may fail.
ALONE = {
    "the output gradient is computed in place and overwrites y": "output_gradient",
    "Sigmoid.backward overwrites d_out": "sigmoid_layer",
    "the printed loss is that of the last mini-batch, not the mean over the epoch": "train_prints_epochs",
    "nothing is printed": "train_prints_epochs",
    "the printed losses are those after each step, not before it": "train_prints_epochs",
    "the images are never shuffled": "train_seeded",
    "the seed is fixed, whatever is asked for": "train_seeded",
    "the accuracy is in percent": "accuracy_fraction",
    "the accuracies of parts of different size are averaged as if they were equal": "accuracy_fraction",
    "save_parameters lets NumPy add .npz to the path": "save_load",
    "load_parameters does not look at what it has loaded": "load_rejects",
}
KNOWN = {known.name: known for known in load_misconceptions(TASK)}


def test_every_check_is_in_the_table():
    assert set().union(*JUDGED_BY.values()) | {"sgd_step"} == set(load_checks(TASK))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_its_check(mistake):
    source, name, saying = MISTAKES[mistake]
    result = grade(TASK, source, only=name)[name]
    assert result.status is Status.FAILED
    assert saying in f"{result.message} {result.hint}"


@pytest.mark.parametrize("mistake", SAYS)
def test_what_is_said_about_a_known_mistake(mistake):
    known = KNOWN[mistake]
    result = grade(TASK, known.source, only=known.check)[known.check]
    assert SAYS[mistake] in f"{result.message} {result.hint}"


@pytest.mark.parametrize("mistake", ALONE)
def test_a_known_mistake_fails_no_other_check(mistake):
    assert_fails_only(TASK, KNOWN[mistake].source, ALONE[mistake])


def test_the_same_verdict_on_recorded_answers():
    for source, name, saying in list(MISTAKES.values())[::3]:
        result = grade_recorded(TASK, source, only=name)[name]
        assert result.status is Status.FAILED
        assert saying in f"{result.message} {result.hint}"


BITS = """
def cross_entropy(y, t): return float(-np.sum(t * np.log2(np.maximum(y, 1e-30))) / len(y))
def forward(params, x):
    hidden = Sigmoid().forward(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
"""


def test_a_mistake_of_task_2_costs_nothing_here():
    """A loss in bits is wrong in task 2; here it counts, with the gradient that belongs to it."""
    fitting = "def softmax_cross_entropy_backward(y, t): return (y - t) / len(y) / np.log(2)"
    assert set(not_passed(grade(TASK, f"{BITS}\n{fitting}"))) <= {"output_gradient"}


def test_a_loss_that_depends_on_nothing_is_no_base():
    constant = """
def forward(params, x): return np.full((len(x), params["b2"].size), 0.25)
def loss_and_gradients(params, x, t):
    return cross_entropy(forward(params, x), t), {name: np.zeros_like(value) for name, value in params.items()}
"""
    failed = not_passed(grade(TASK, constant))
    assert {"network_gradients", "train_full_batch", "train_reduces_loss", "train_accuracy"} <= set(failed)


def test_a_wrong_sigmoid_of_task_1_costs_nothing_here():
    steep = "def sigmoid(x):\n    e = np.exp(-np.abs(2 * x))\n    return np.where(x >= 0, 1, e) / (1 + e)"
    assert not_passed(grade(TASK, steep, only="sigmoid_layer")) == {}


def test_weights_that_came_with_the_notebook_are_worth_nothing():
    """Trained on the true labels and handed out whatever is asked: the digits of the check have other names."""
    stored = """
STORED = {}
def train(params, images, labels, *, ask=train, **options):
    if not STORED:
        images, labels = load_mnist("train")
        STORED.update(ask(params, images, labels, epochs=10))
    return STORED
from autograder import load_mnist
"""
    result = grade(TASK, stored, only="train_accuracy")["train_accuracy"]
    assert result.points < 2


def test_the_threshold_is_calibrated():
    floor, full = threshold(TASK, "train_accuracy")
    assert 0.1 < floor < full < 1


@pytest.mark.parametrize("name", JUDGED_BY)
def test_junk_is_never_a_grader_error(name, monkeypatch):
    monkeypatch.setattr(task3_backprop, "IMAGES", 200)
    monkeypatch.setattr(task3_backprop, "EPOCHS", 2)
    for junk, body in JUNK.items():
        for check in JUDGED_BY[name]:
            result = grade(TASK, junk_source(TASK, name, body), only=check)[check]
            assert result.status is not Status.GRADER_ERROR, (junk, check, result.message)
            assert result.status is not Status.PASSED, (junk, check)
            assert result.points == 0, (junk, check)


@pytest.mark.parametrize("value", ["None", "3", "'x'", "[1]", "np.zeros(3)", "{}"])
def test_a_variable_in_place_of_a_function(value):
    source = "\n".join(f"{name} = {value}" for name in JUDGED_BY)
    for result in grade(TASK, source).values():
        assert result.status is Status.FAILED, result


@pytest.mark.parametrize("made", ["3", "None", "object()", "{}", "np.ones(3)"])
def test_a_class_that_makes_something_else(made):
    source = f"def Affine(W, b): return {made}\ndef Sigmoid(): return {made}\n"
    for check in {*JUDGED_BY["Affine"], *JUDGED_BY["Sigmoid"]}:
        result = grade(TASK, source, only=check)[check]
        assert result.status in (Status.FAILED, Status.MISSING, Status.ERROR), result


def test_the_gradients_of_the_reference_are_those_of_the_equations():
    """Seen once more with a plain loop over all elements, without the package's own gradient check."""
    from solutions.task3_backprop import loss_and_gradients

    rng = np.random.default_rng(3)
    params = {"W1": rng.normal(size=(4, 3)), "b1": rng.normal(size=3)}
    params |= {"W2": rng.normal(size=(3, 2)), "b2": rng.normal(size=2)}
    x, t = rng.normal(size=(5, 4)), np.eye(2)[[0, 1, 1, 0, 1]]
    _, grads = loss_and_gradients(params, x, t)
    for name, value in params.items():
        for index in np.ndindex(value.shape):
            kept = value[index]
            value[index] = kept + 1e-5
            up = loss_and_gradients(params, x, t)[0]
            value[index] = kept - 1e-5
            down = loss_and_gradients(params, x, t)[0]
            value[index] = kept
            assert grads[name][index] == pytest.approx((up - down) / 2e-5, abs=1e-8)
