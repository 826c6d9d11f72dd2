"""einsum for every product, np.where for both branches of the sigmoid, float64 all the way."""

import sys
from itertools import pairwise

import numpy as np

from autograder.datasets import load_mnist


def flatten(images):
    batch = np.atleast_3d(images) if images.ndim == 3 else images[np.newaxis]
    return np.divide(batch, 255, dtype=np.float64).reshape(batch.shape[0], np.prod(batch.shape[1:]))


def sigmoid(x):
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


def softmax(a):
    e = np.exp(a - np.amax(a, axis=-1)[:, None])
    return np.einsum("bc,b->bc", e, 1 / np.einsum("bc->b", e))


class Affine:
    def __init__(self, W, b):
        self.W, self.b = np.array(W, dtype=np.float64), np.array(b, dtype=np.float64)

    def forward(self, x):
        return np.einsum("bi,io->bo", x, self.W) + self.b[None, :]


def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.Generator(np.random.PCG64(seed))
    params = {}
    for n, (d_in, d_out) in enumerate(pairwise(sizes), start=1):
        both = rng.standard_normal((d_in + 1, d_out)) / np.sqrt(d_in)
        params[f"W{n}"], params[f"b{n}"] = both[:-1], both[-1]
    return params


def forward(params, x):
    u = np.einsum("bi,io->bo", x, params["W1"]) + params["b1"]
    a = np.einsum("bh,ho->bo", sigmoid(u), params["W2"]) + params["b2"]
    return softmax(a)


def classify(params, x):
    return np.einsum("bo->bo", forward(params, x)).argmax(-1)


def read_index(limit):
    try:
        i = int(sys.stdin.readline())
        assert i in range(limit)
    except (ValueError, AssertionError):
        sys.stderr.write(f"a whole number below {limit}, please\n")
        raise SystemExit(2) from None
    return i


def main():
    images = load_mnist("test")[0]
    i = read_index(images.shape[0])
    sys.stdout.write(f"{classify(init_parameters(), flatten(images[i])).item()}\n")
