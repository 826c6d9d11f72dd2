"""Weights that were trained from the given start on the given images are told from weights that were not."""

import json
from pathlib import Path

import numpy as np
import pytest

from autograder.checks import load_checks, most_degrees
from autograder.checks.descent import degrees_apart, walked
from autograder.checks.outcome import Status
from autograder.checks.task3_backprop import SCORED, TASK, training_problem
from autograder.misconceptions import read_alternatives
from tests.checks.harness import ROOT, data_of, grade

FOLDER = ROOT / "tests" / "attacks" / TASK
THRESHOLDS = json.loads((ROOT / "autograder" / "checks" / "thresholds.json").read_text())
ATTACKS = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def attack(name: str) -> str:
    """The source of an attack, with what it has at home."""
    return (FOLDER / "_at_home.py").read_text() + Path(FOLDER, f"{name}.py").read_text()


# Right programs that go another way than the reference: the same gradients in another order or precision.
RIGHT = {
    "mini-batches drawn with replacement": """
def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: value.astype(np.float32) for name, value in params.items()}
    x, t = flatten(images).astype(np.float32), one_hot(labels)
    for epoch in range(epochs):
        losses = []
        for _ in range(len(x) // batch_size):
            batch = rng.integers(len(x), size=batch_size)
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    return params
""",
    "one shuffle for all epochs, in float64, the rest of the images left over": """
def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    order = np.random.default_rng(seed).permutation(len(images))
    params = {name: np.array(value, dtype=np.float64) for name, value in params.items()}
    x, t = flatten(images)[order], one_hot(labels)[order]
    for epoch in range(epochs):
        losses = []
        for first in range(0, len(x) - batch_size + 1, batch_size):
            loss, grads = loss_and_gradients(params, x[first : first + batch_size], t[first : first + batch_size])
            sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    return params
""",
    "sorted within each mini-batch, biases as rows": """
def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.RandomState(seed)
    params = {name: np.atleast_2d(value).astype(np.float32) for name, value in params.items()}
    x, t = np.float32(flatten(images)), np.float32(one_hot(labels))
    for epoch in range(epochs):
        losses, order = [], rng.permutation(len(x))
        for first in range(0, len(x), batch_size):
            batch = np.sort(order[first : first + batch_size])[::-1]
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = {name: params[name] - learning_rate * grads[name] for name in params}
            losses.append(loss)
        print(f"epoch {epoch + 1}: loss {sum(losses) / len(losses)}")
    return params
""",
}

# Wrong programs that train, and read well enough: not from the start, or not on the images, that they were given.
WRONG = {
    "from a start of its own": """
def train(params, images, labels, ask=train, **options):
    rng = np.random.default_rng(1)
    own = {name: rng.normal(0, value.std(), size=value.shape) for name, value in params.items()}
    return ask(own, images, labels, **options)
""",
    "on other images": """
def train(params, images, labels, ask=train, seen={}, **options):
    from autograder import load_mnist
    others = load_mnist("test")
    return ask(params, others[0], others[1], **options)
""",
    "the first layer stays": """
def train(params, images, labels, ask=train, **options):
    trained = ask(params, images, labels, **options)
    return {**trained, "W1": params["W1"], "b1": params["b1"]}
""",
}


@pytest.fixture(scope="module")
def problem():
    return training_problem(np.random.default_rng(4), data_of(TASK))


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_training_in_another_order_has_all_points(name):
    result = grade(TASK, RIGHT[name], only="train_accuracy")["train_accuracy"]
    assert result.status is Status.PASSED, result.message


@pytest.mark.parametrize("name", WRONG)
def test_a_training_of_something_else_has_none(name):
    result = grade(TASK, WRONG[name], only="train_accuracy")["train_accuracy"]
    assert result.points == 0, result.message


@pytest.mark.parametrize("name", ATTACKS)
def test_weights_from_elsewhere_earn_nothing(name):
    result = grade(TASK, attack(name), only="train_accuracy")["train_accuracy"]
    assert result.points == 0, result.message
    assert result.status is Status.FAILED


def test_weights_from_elsewhere_earn_nothing_in_the_other_checks_of_train():
    checks = [name for name in load_checks(TASK) if name.startswith("train_")]
    results = [grade(TASK, attack("stored_weights"), only=name)[name] for name in checks]
    assert {result.name: result.points for result in results if result.points} == {}


def test_the_message_says_how_far_the_way_is_off():
    result = grade(TASK, attack("start_and_stored_difference"), only="train_accuracy")["train_accuracy"]
    assert "degrees off the way down the gradients, expected at most" in result.message


def test_weights_of_pixels_that_are_never_lit_stay(problem):
    dark = problem.images.reshape(len(problem.images), -1).max(axis=0) == 0
    assert dark.any()
    trained = walked(problem.start, problem.images, problem.labels, **SCORED)
    assert np.abs(trained["W1"] - problem.start["W1"])[dark].max() < 1e-7
    source = """
def train(params, images, labels, ask=train, **options):
    trained = ask(params, images, labels, **options)
    return {**trained, "W1": trained["W1"] * 0.9}
"""
    result = grade(TASK, source, only="train_accuracy")["train_accuracy"]
    assert "pixels changed that are 0 in every image" in result.message


def test_the_trusted_walk_is_gradient_descent(problem):
    """One batch of all images: exactly the step that the reference takes."""
    from solutions.task3_backprop import loss_and_gradients

    x, t = problem.images[:50].reshape(50, 784) / 255, np.eye(10)[problem.labels[:50]]
    _, grads = loss_and_gradients(problem.start, x, t)
    end = walked(
        problem.start, problem.images[:50], problem.labels[:50], epochs=1, batch_size=50, learning_rate=0.3
    )
    for name, value in problem.start.items():
        np.testing.assert_allclose(end[name], value - 0.3 * grads[name], atol=1e-6)


def test_angles():
    start = {name: np.zeros((2, 2)) for name in ("W1", "W2")}
    right = {name: np.eye(2) for name in start}
    away = np.array([[1.0, 1.0], [-1.0, 1.0]])
    assert degrees_apart(start, right, right) == pytest.approx(0, abs=1e-4)
    assert degrees_apart(start, {name: 7 * np.eye(2) for name in start}, right) == pytest.approx(0, abs=1e-4)
    assert degrees_apart(start, {"W1": np.eye(2), "W2": away}, right) == pytest.approx(45)
    assert degrees_apart(start, {"W1": np.eye(2), "W2": -np.eye(2)}, right) == pytest.approx(180)
    assert degrees_apart(start, {"W1": np.eye(2), "W2": np.zeros((2, 2))}, right) == 90


def test_the_angle_is_calibrated_between_right_trainings_and_attacks():
    most, row = most_degrees(TASK, "train_accuracy"), THRESHOLDS[f"{TASK}.train_accuracy"]["descent"]
    for who in ("reference", "widest_alternative"):
        assert row[who]["runs"] >= 50
        assert row[who]["false_reject"] < 1e-4
        assert row[who]["maximum"] < most
    assert set(row["alternatives"]) == {name for name, _ in read_alternatives(ROOT, TASK)}
    assert max(row["alternatives"].values()) < most < min(row["attacks"].values())
    assert set(row["attacks"]) == set(ATTACKS)
