"""Every check of task 3 passes what is right, and fails exactly the mistake it exists for."""

import numpy as np
import pytest

from autograder.checks import load_checks, task3_backprop, threshold
from autograder.checks.outcome import Status
from tests.checks.harness import (
    JUNK,
    assert_fails_only,
    grade,
    grade_recorded,
    junk_source,
    not_passed,
    recorded_bytes,
    stub_source,
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

OTHER_WAYS = {
    "new arrays in every step, float64, the last batch dropped": """
def sgd_update(params, grads, learning_rate):
    return {name: value - learning_rate * grads[name] for name, value in params.items()}
def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.RandomState(seed)
    x, t = flatten(images), one_hot(labels)
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        losses = []
        for k in range(len(x) // batch_size):
            batch = order[k * batch_size:(k + 1) * batch_size]
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print("Epoch %d:  loss %.6f" % (epoch + 1, sum(losses) / len(losses)))
    return params
""",
    "independent mini-batches": """
def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: value.copy() for name, value in params.items()}
    for epoch in range(1, epochs + 1):
        losses = []
        for _ in range(len(images) // batch_size):
            chosen = rng.choice(len(images), size=batch_size, replace=False)
            loss, grads = loss_and_gradients(params, flatten(images[chosen]), one_hot(labels[chosen]))
            sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print(f"epoch {epoch}: loss {np.mean(losses)}")
    return params
""",
    "row biases": """
class Affine(Affine):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_b = self.d_b.reshape(1, -1)
        return d_x
def loss_and_gradients(params, x, t, ask=loss_and_gradients):
    loss, grads = ask(params, x, t)
    return [np.float64(loss), {name: value.reshape(params[name].shape) for name, value in grads.items()}]
""",
    "all in one function": """
def loss_and_gradients(params, x, t):
    h = 1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))
    y = softmax(h @ params["W2"] + params["b2"])
    d = (y - t) / len(x)
    e = d @ params["W2"].T * h * (1 - h)
    return cross_entropy(y, t), {"W1": x.T @ e, "b1": e.sum(0), "W2": h.T @ d, "b2": d.sum(0)}
""",
    "a sigmoid that warns, with its slope kept in forward": """
class Sigmoid:
    def forward(self, x):
        y = 1 / (1 + np.exp(-x))
        self.slope = y * (1 - y)
        return y
    def backward(self, d_out):
        return np.multiply(d_out, self.slope)
""",
    "accuracy one by one": """
def accuracy(params, images, labels):
    x = flatten(images)
    return np.mean([int(classify(params, row[None])[0]) == label for row, label in zip(x, labels)])
""",
    "other files": """
def save_parameters(path, params):
    with open(path, "wb") as file:
        np.savez_compressed(file, b2=params["b2"], W2=params["W2"], b1=params["b1"], W1=params["W1"])
def load_parameters(path, load=load_parameters):
    return dict(sorted(load(path).items()))
""",
}

# source -> the check it fails, the others it must fail with it, and what the first one says
MISTAKES = {
    "not divided by B": (
        "def softmax_cross_entropy_backward(y, t): return y - t",
        "output_gradient",
        "4 times too large everywhere",
    ),
    "the sign of the output gradient": (
        "def softmax_cross_entropy_backward(y, t): return (t - y) / len(y)",
        "output_gradient",
        "the sign is flipped everywhere",
    ),
    "divided by B and C": (
        "def softmax_cross_entropy_backward(y, t): return (y - t) / y.size",
        "output_gradient",
        "7 times too small everywhere",
    ),
    "the output gradient in place": (
        "def softmax_cross_entropy_backward(y, t):\n    y -= t\n    y /= len(y)\n    return y",
        "output_gradient",
        "softmax_cross_entropy_backward (argument 1) was changed by the call",
    ),
    "a bias forgotten": (
        "class Affine(Affine):\n    def forward(self, x):\n        self.x = x\n        return x @ self.W",
        "affine_layer",
        "Affine.forward",
    ),
    "x kept in the class": (
        """
class Affine(Affine):
    def forward(self, x):
        Affine.kept = x
        return x @ self.W + self.b
    def backward(self, d_out):
        self.d_W, self.d_b = Affine.kept.T @ d_out, d_out.sum(axis=0)
        return d_out @ self.W.T
""",
        "affine_layer",
        "d_W after forward was called twice, with another layer in use",
    ),
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
    "W not transposed": (
        """
class Affine(Affine):
    def backward(self, d_out):
        super().backward(d_out)
        return d_out @ (self.W if self.W.shape[0] == self.W.shape[1] else self.W.T)
""",
        "affine_backward_x",
        "Affine.backward d_x",
    ),
    "d_W divided by B once more": (
        """
class Affine(Affine):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_W = self.d_W / len(d_out)
        return d_x
""",
        "affine_backward_W",
        "5 times too small everywhere",
    ),
    "d_W transposed": (
        """
class Affine(Affine):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_W = self.d_W.T
        return d_x
""",
        "affine_backward_W",
        "got shape (3, 4), expected (4, 3) (transposed)",
    ),
    "d_b over the wrong axis": (
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
    "d_b not summed": (
        """
class Affine(Affine):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_b = d_out
        return d_x
""",
        "affine_backward_b",
        "Affine.d_b: got shape (5, 3), expected (3,)",
    ),
    "the sigmoid's slope without 1 - y": (
        "class Sigmoid(Sigmoid):\n    def backward(self, d_out):\n        return d_out * self.y",
        "sigmoid_layer",
        "Sigmoid.backward",
    ),
    "the slope taken at y": (
        """
class Sigmoid(Sigmoid):
    def backward(self, d_out):
        y = sigmoid(self.y)
        return d_out * y * (1 - y)
""",
        "sigmoid_layer",
        "Sigmoid.backward",
    ),
    "backward writes into y": (
        """
class Sigmoid(Sigmoid):
    def backward(self, d_out):
        self.y *= 1 - self.y
        return d_out * self.y
""",
        "sigmoid_layer",
        "Sigmoid.backward called again",
    ),
    "backward writes into d_out": (
        """
class Sigmoid(Sigmoid):
    def backward(self, d_out):
        d_out *= self.y * (1 - self.y)
        return d_out
""",
        "sigmoid_layer",
        "Sigmoid.backward (argument 1) was changed by the call",
    ),
    "uphill": (
        """
def sgd_update(params, grads, learning_rate):
    return {name: value + learning_rate * grads[name] for name, value in params.items()}
""",
        "sgd_step",
        "W1 after step 1",
    ),
    "the learning rate in the gradients": (
        """
def sgd_update(params, grads, learning_rate):
    for name in params:
        grads[name] *= learning_rate
        params[name] -= grads[name]
    return params
""",
        "sgd_step",
        "changed the gradients",
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
    "the loss of the last mini-batch": (
        """
def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: value.copy() for name, value in params.items()}
    x, t = flatten(images), one_hot(labels)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = sgd_update(params, grads, learning_rate)
        print(f"epoch {epoch}: loss {loss:.4f}")
    return params
""",
        "train_prints_epochs",
        "the loss printed for epoch 1",
    ),
    "the same seed whatever is asked": (
        """
def train(params, images, labels, *, seed=0, ask=train, **options):
    return ask(params, images, labels, seed=0, **options)
""",
        "train_seeded",
        "the seeds 11 and 12 give the same result",
    ),
    "no seed": (
        """
def train(params, images, labels, *, seed=0, ask=train, **options):
    return ask(params, images, labels, seed=None, **options)
""",
        "train_seeded",
        "train with the same seed again",
    ),
    "the caller's arrays": (
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
    "percent": (
        "def accuracy(params, images, labels, ask=accuracy): return 100 * ask(params, images, labels)",
        "accuracy_fraction",
        "accuracy of 2345 images",
    ),
    "the mean of parts of different size": (
        """
def accuracy(params, images, labels):
    parts = [slice(k, k + 1000) for k in range(0, len(images), 1000)]
    return np.mean([np.mean(classify(params, flatten(images[p])) == labels[p]) for p in parts])
""",
        "accuracy_fraction",
        "accuracy of 2345 images",
    ),
    "the last part dropped": (
        """
def accuracy(params, images, labels):
    parts = [slice(k, k + 1000) for k in range(0, max(len(images) - 999, 1), 1000)]
    return np.mean([np.mean(classify(params, flatten(images[p])) == labels[p]) for p in parts])
""",
        "accuracy_fraction",
        "accuracy of 2345 images",
    ),
    "an ending added": (
        "def save_parameters(path, params): np.savez(path, **params)",
        "save_load",
        "np.savez adds .npz",
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
    "all in float32": (
        """
def save_parameters(path, params, ask=save_parameters):
    ask(path, {name: value.astype(np.float32) for name, value in params.items()})
""",
        "save_load",
        "has dtype float32, expected float64",
    ),
    "nothing is looked at": (
        """
def load_parameters(path):
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}
""",
        "load_rejects",
        "no error was raised",
    ),
    "pickles are run": (
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
    "the error of the zip reader": (
        """
def load_parameters(path, ask=load_parameters):
    import zipfile
    if open(path, "rb").read(2) == b"PK" and not zipfile.is_zipfile(path):
        raise zipfile.BadZipFile("File is not a zip file")
    return ask(path)
""",
        "load_rejects",
        "got 'BadZipFile",
    ),
    "no name in the message": (
        """
def load_parameters(path, ask=load_parameters):
    try:
        return ask(path)
    except ValueError:
        raise ValueError("bad file") from None
""",
        "load_rejects",
        "expected a message that names b1",
    ),
}

# Mistakes that more than one check sees: (source, every check that fails, what the first of them says)
SEEN_TWICE = {
    "only the gradients of the second layer": (
        """
def loss_and_gradients(params, x, t, ask=loss_and_gradients):
    loss, grads = ask(params, x, t)
    return loss, {name: value * name.endswith("2") for name, value in grads.items()}
""",
        ("network_gradients", "train_reduces_loss", "train_accuracy"),
        "the gradient of W1[",
    ),
    "the loss of the whole batch": (
        """
def loss_and_gradients(params, x, t, ask=loss_and_gradients):
    loss, grads = ask(params, x, t)
    return loss * len(x), grads
""",
        ("network_gradients",),
        "the loss: got",
    ),
    "no return": (
        "def loss_and_gradients(params, x, t, ask=loss_and_gradients): ask(params, x, t)",
        (*JUDGED_BY["loss_and_gradients"], "train_accuracy"),
        "expected the loss and a dict of gradients",
    ),
    "images and labels shuffled apart": (
        """
def train(params, images, labels, *, seed=0, ask=train, **options):
    apart = np.random.default_rng(seed).permutation(len(labels))
    return ask(params, images, labels[apart], seed=seed, **options)
""",
        ("train_full_batch", "train_reduces_loss", "train_accuracy"),
        "the change of",
    ),
    "pixels of 0 to 255": (
        """
def train(params, images, labels, ask=train, **options):
    return ask(params, images.astype(float) * 255, labels, **options)
""",
        ("train_full_batch", "train_prints_epochs", "train_reduces_loss", "train_accuracy"),
        "the change of W1",
    ),
    "always the first mini-batch": (
        """
def train(params, images, labels, *, batch_size=100, ask=train, **options):
    steps = len(images) // batch_size
    first = np.tile(np.arange(batch_size), steps)
    return ask(params, images[first], labels[first], batch_size=batch_size, **options)
""",
        ("train_reduces_loss", "train_accuracy"),
        "7 of 60 images had an influence",
    ),
    "one step an epoch": (
        """
def train(params, images, labels, *, batch_size=100, epochs=10, seed=0, **options):
    return ORIGINAL(params, images, labels, batch_size=len(images), epochs=epochs, seed=seed, **options)
""",
        ("train_prints_epochs", "train_reduces_loss", "train_seeded", "train_accuracy"),
        "the loss printed for epoch 1",
    ),
    "nothing is printed": (
        """
def train(params, images, labels, ask=train, **options):
    import contextlib, io
    with contextlib.redirect_stdout(io.StringIO()):
        return ask(params, images, labels, **options)
""",
        ("train_prints_epochs",),
        "train printed 0 lines in 3 epochs",
    ),
    "epochs count from 0": (
        """
def print(text, show=print):
    show(text.replace("epoch 1", "epoch 0").replace("epoch 2", "epoch 1").replace("epoch 3", "epoch 2"))
""",
        ("train_prints_epochs",),
        "they count from 1",
    ),
    "the parameters of the beginning": (
        """
def train(params, images, labels, ask=train, **options):
    ask(params, images, labels, **options)
    return params
""",
        ("train_full_batch", "train_reduces_loss", "train_seeded", "train_accuracy"),
        "the change of W1",
    ),
}


def test_points_and_names():
    checks = load_checks(TASK)
    assert sum(check.points for check in checks.values()) == 100
    assert all(check.title.endswith(".") for check in checks.values())
    assert set().union(*JUDGED_BY.values()) | {"sgd_step"} == set(checks)


@pytest.mark.parametrize("seed", range(5))
def test_reference_passes(seed):
    assert not_passed(grade(TASK, seed=seed)) == {}


def test_reference_passes_on_recorded_answers():
    assert not_passed(grade_recorded(TASK)) == {}
    assert recorded_bytes(TASK) < 300_000


def test_stub_gets_nothing():
    results = grade(TASK, stub_source(TASK))
    assert {result.points for result in results.values()} == {0.0}
    assert {result.status for result in results.values()} == {Status.MISSING}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_other_ways_pass(way):
    assert not_passed(grade(TASK, OTHER_WAYS[way], seed=1)) == {}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_its_check(mistake):
    source, name, saying = MISTAKES[mistake]
    result = grade(TASK, source, only=name)[name]
    assert result.status is Status.FAILED
    assert saying in f"{result.message} {result.hint}"


# What the functions of the first half get wrong, everything above them inherits; these have nothing above them.
ALONE = [m for m, (_, name, _) in MISTAKES.items() if name in ("train_prints_epochs", "train_seeded")]
ALONE += [
    m for m, (_, name, _) in MISTAKES.items() if name in ("accuracy_fraction", "save_load", "load_rejects")
]
ALONE += [
    "the output gradient in place",
    "a bias forgotten",
    "backward writes into d_out",
    "x of the first forward",
]


@pytest.mark.parametrize("mistake", ALONE)
def test_a_mistake_fails_no_other_check(mistake):
    source, name, saying = MISTAKES[mistake]
    inherits = {"a bias forgotten": ["network_gradients"]}.get(mistake, [])
    assert_fails_only(TASK, source, name, *inherits, saying=saying)


@pytest.mark.parametrize("mistake", SEEN_TWICE)
def test_a_mistake_that_several_checks_see(mistake):
    source, names, saying = SEEN_TWICE[mistake]
    assert_fails_only(TASK, "ORIGINAL = train\n" + source, *names, saying=saying)


def test_the_same_verdict_on_recorded_answers():
    for source, name, saying in list(MISTAKES.values())[::4]:
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
