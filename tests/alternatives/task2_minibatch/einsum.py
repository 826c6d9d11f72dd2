"""einsum and fancy indices; the whole data set is shuffled as copies, and the loss is a NumPy scalar."""

import sys

import numpy as np

from autograder.datasets import load_mnist


def one_hot(labels, classes=10):
    t = np.zeros(len(labels) * classes)
    t.reshape(len(labels), classes)[range(len(labels)), list(labels)] = 1
    return t.reshape(len(labels), classes)


def cross_entropy(y, t):
    logs = np.zeros(y.shape, dtype=np.float64)
    np.log(y, out=logs, where=y > 0)
    logs[y <= 0] = -1000.0
    return np.array(-np.einsum("bc,bc->", t, logs) / y.shape[0])


def random_batch(images, labels, batch_size, rng):
    if not batch_size <= len(images):
        raise ValueError("the batch is too large")
    order = rng.random(len(images)).argsort()
    shuffled_images, shuffled_labels = images[order], labels[order]
    return flatten(shuffled_images[:batch_size]), one_hot(shuffled_labels[:batch_size])


def main():
    images, labels = load_mnist("test")
    B = read_index(len(images) + 1)
    if not B:
        sys.stderr.write("no image, no loss\n")
        sys.exit(2)
    x, t = random_batch(images, labels, B, np.random.default_rng())
    sys.stdout.write(f"{cross_entropy(forward(init_parameters(), x), t):.10f}\n")
