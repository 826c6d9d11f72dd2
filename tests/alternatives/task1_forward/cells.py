"""Helper cells added, the parts under names of their own, and everything written out once more in forward."""

# %% my imports
import sys as system
from dataclasses import dataclass

import numpy
import numpy as np

from autograder import load_mnist

PIXEL_MAX = 255.0
BAD_CALL = 2

# %% helpers


def logistic(u):
    # log(1 + e^-u) without an overflow
    return numpy.exp(-numpy.logaddexp(0, -u))


def log_softmax(a):
    return a - numpy.logaddexp.reduce(a, axis=1, keepdims=True)


def column_count(images):
    return images.shape[-1] * images.shape[-2]


# %%
flatten = lambda img: numpy.true_divide(img, PIXEL_MAX).reshape((-1, column_count(img)))
sigmoid = logistic

# %%


def softmax(a):
    """exp of log-softmax."""
    return numpy.exp(log_softmax(a))


# %%


@dataclass
class Layer:
    W: np.ndarray
    b: np.ndarray

    def __call__(self, x):
        ones = numpy.ones((len(x), 1), dtype=x.dtype)
        return numpy.hstack([x, ones]) @ numpy.vstack([self.W, self.b])


class Affine(Layer):
    def forward(self, x):
        return self(x)


# %% try it

layer = Affine(np.eye(2), np.ones(2))
assert layer.forward(np.array([[1.0, 2.0]])).shape == (1, 2)
assert np.allclose(softmax(np.zeros((1, 4))), 0.25)

# %%


def one_layer(rng, N, nodes):
    sigma = numpy.sqrt(1 / N)
    return rng.normal(loc=0.0, scale=sigma, size=[N, nodes]), rng.normal(loc=0.0, scale=sigma, size=[nodes])


def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = numpy.random.default_rng(seed)
    result = {}
    for n, N in enumerate(sizes[:-1]):
        result.update(zip((f"W{n + 1}", f"b{n + 1}"), one_layer(rng, N, sizes[n + 1]), strict=True))
    return result


# %%


def forward(params, x):
    h = 1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))
    e = np.exp(h @ params["W2"] + params["b2"])
    return e / e.sum(axis=1)[:, None]


# %%


def classify(params, x):
    """The largest logit has the largest probability, too."""
    h = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return numpy.argsort(Affine(params["W2"], params["b2"]).forward(h), axis=1)[:, -1]


# %%


def read_index(limit):
    try:
        text = input(f"number (0-{limit - 1})? ")
    except EOFError:
        text = ""
    if text.strip().isdigit() and int(text) < limit:
        return int(text)
    print("please type a number up to", limit - 1)
    raise system.exit(BAD_CALL)


def main():
    pictures, _ = load_mnist("test")
    number = read_index(len(pictures))
    (digit,) = classify(init_parameters(), flatten(pictures[number]))
    print("", digit, "")
