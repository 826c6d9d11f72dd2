"""Helper cells added, functions as lambdas and closures, an old version further up, task 1 under other names."""

# %%
import sys

import numpy as np

from autograder import load_mnist

EPSILON = 1e-12
net = forward

# %% first attempt, replaced below


def cross_entropy(y, t):
    return -np.sum(t * np.log(y))


assert cross_entropy(np.ones((1, 2)), np.eye(2)[:1]) == 0


# %%
one_hot = lambda labels, classes=10: np.stack([np.eye(classes)[k] for k in labels])


def mean_of(f):
    return lambda y, t: float(np.mean([f(row, target) for row, target in zip(y, t, strict=True)]))


@mean_of
def cross_entropy(y, t):
    (k,) = np.flatnonzero(t)
    return -np.log(y[k]) if y[k] > EPSILON else -np.log(EPSILON)


# %%
cross_entropy(np.array([[0.1, 0.7, 0.2]]), np.array([[0, 1, 0]]))

# %%


def prepare(images, labels):
    return flatten(images), one_hot(labels)


def random_batch(images, labels, batch_size, rng):
    numbers = rng.choice(len(labels), size=(batch_size,), replace=False, shuffle=False)
    return prepare(images[numbers], labels[numbers])


# %%


def complain(text):
    print(text, file=sys.stderr)
    raise SystemExit(2)


def main():
    data = load_mnist("test")
    B = read_index(len(data[1]) + 1) or complain("The mini-batch is empty.")
    x, t = random_batch(*data, B, np.random.default_rng())
    print(f"{cross_entropy(net(init_parameters(), x), t):.5f}")
