"""Rows of the identity matrix, an ε inside the logarithm, a permutation, all decimals printed."""

import numpy as np

from autograder.datasets import load_mnist


def one_hot(labels, classes=10):
    return np.eye(classes, dtype=np.float32)[labels]


def cross_entropy(y, t):
    return np.mean(-(t * np.log(y + 1e-7)).sum(axis=1))


def random_batch(images, labels, batch_size, rng):
    if batch_size > len(images):
        raise ValueError("too many")
    chosen = rng.permutation(len(images))[:batch_size]
    return [flatten(images[chosen]).astype(np.float32), one_hot(labels[chosen])]


def main():
    images, labels = load_mnist("test")
    B = read_index(len(images) + 1)
    if B < 1:
        print("at least 1, please")
        raise SystemExit(2)
    x, t = random_batch(images, labels, B, np.random.default_rng())
    print(cross_entropy(forward(init_parameters(), x), t))
