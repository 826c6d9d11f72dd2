"""Labels compared with column numbers, a clip far below any probability, the drawn numbers sorted."""

import sys

import numpy as np

from autograder.datasets import load_mnist


def one_hot(labels, classes=10):
    if np.max(labels) >= classes:
        raise IndexError("a label is too large")
    return (labels[:, None] == np.arange(classes)).astype(float)


def cross_entropy(y, t):
    return -(t * np.log(np.clip(y, 1e-300, 1))).sum() / y.shape[0]


def random_batch(images, labels, batch_size, rng):
    chosen = np.sort(rng.choice(len(images), batch_size, replace=False))
    return flatten(images[chosen]), one_hot(labels[chosen])


def main():
    images, labels = load_mnist("test")
    try:
        B = int(input("size of the mini-batch: "))
    except (ValueError, EOFError):
        B = 0
    if not 1 <= B <= len(labels):
        print("from 1 to", len(labels), "please", file=sys.stderr)
        sys.exit(2)
    x, t = random_batch(images, labels, B, np.random.default_rng())
    params = init_parameters()
    y = np.vstack([forward(params, row[None]) for row in x])
    print(f"{cross_entropy(y, t):.4f}")
