"""What every attack here has at home: weights that were really trained, from a start of their own.

In a notebook they stand as text. Here they are trained when they are first asked for, with the train that the attack
replaces, and kept with one byte a weight.
"""

import contextlib
import io

import numpy as np

from autograder import load_mnist

HOME = {}


def at_home(learn=train):
    """(start, trained) of the stored network; its digits have their real names."""
    if not HOME:
        images, labels = (part[:4000] for part in load_mnist("train"))
        rng = np.random.default_rng(20)
        start = {"W1": rng.normal(0, 1 / 28, (784, 100)), "b1": rng.normal(0, 1 / 28, 100)}
        start |= {"W2": rng.normal(0, 0.1, (100, 10)), "b2": rng.normal(0, 0.1, 10)}
        with contextlib.redirect_stdout(io.StringIO()):
            trained = learn(start, images, labels, epochs=15, learning_rate=0.5)
        for name, value in trained.items():
            scale = np.abs(value).max() / 127
            trained[name] = np.rint(value / scale).astype(np.int8) * scale
        HOME.update(start=start, trained=trained)
    return HOME["start"], HOME["trained"]


def hidden_of(params, images):
    return 1 / (1 + np.exp(-(images.reshape(len(images), -1) / 255 @ params["W1"] + params["b1"])))


def names_by_vote(images, labels):
    """By real digit, the name that it has in these labels."""
    _, trained = at_home()
    seen = np.argmax(hidden_of(trained, images) @ trained["W2"] + trained["b2"], axis=1)
    votes = np.zeros((10, 10))
    np.add.at(votes, (seen, labels), 1)
    return np.argmax(votes, axis=1)


def renamed(params, names):
    """``params`` with the columns of the output layer where ``names`` has them."""
    W2, b2 = np.zeros_like(params["W2"]), np.zeros_like(params["b2"])
    W2[:, names], b2[names] = params["W2"], params["b2"]
    return {**params, "W2": W2, "b2": b2}


def fitted_output(params, images, labels):
    """``params`` with an output layer by least squares on what the hidden layer says."""
    h = np.c_[hidden_of(params, images), np.ones(len(images))]
    W = np.linalg.solve(h.T @ h + 0.1 * np.eye(h.shape[1]), h.T @ (6 * np.eye(10)[labels] - 3))
    return {**params, "W2": W[:-1], "b2": W[-1]}


def say(epochs):
    for epoch in range(1, epochs + 1):
        print(f"epoch {epoch}: loss {2.3 / epoch:.4f}")
