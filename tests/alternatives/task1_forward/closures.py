"""Lambdas and closures: no class at all, a layer is a function in a namespace."""

import sys
from functools import reduce
from types import SimpleNamespace

import numpy as np

from autograder.datasets import load_mnist

flatten = lambda images: images.reshape(-1, images.shape[-1] * images.shape[-2]) / 255.0

sigmoid = np.vectorize(lambda u: 1 / (1 + np.exp(-u)) if u > 0 else 1 - 1 / (1 + np.exp(u)), otypes=[float])

normalise = lambda e: e / e.sum(axis=1, keepdims=True)
softmax = lambda a: normalise(np.exp(a - a.max(axis=1).reshape(-1, 1)))


def Affine(W, b):
    def forward(x):
        return x.dot(W) + b

    return SimpleNamespace(forward=forward, W=W, b=b)


def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.default_rng(seed)
    draw = lambda n, *shape: rng.normal(size=shape) / sizes[n - 1] ** 0.5
    weights = {f"W{n}": draw(n, sizes[n - 1], sizes[n]) for n in range(1, len(sizes))}
    biases = {f"b{n}": draw(n, sizes[n]) for n in range(1, len(sizes))}
    return {**weights, **biases}


def network(params):
    steps = [
        Affine(params["W1"], params["b1"]).forward,
        sigmoid,
        Affine(params["W2"], params["b2"]).forward,
        softmax,
    ]
    return lambda x: reduce(lambda value, step: step(value), steps, x)


forward = lambda params, x: network(params)(x)
classify = lambda params, x: np.array([max(range(10), key=row.__getitem__) for row in forward(params, x)])


def read_index(limit):
    def refuse():
        print("a number from 0 to", limit - 1, "please")
        sys.exit(2)

    line = sys.stdin.readline().strip()
    return int(line) if line.isdecimal() and int(line) < limit else refuse()


main = lambda images=None: print(
    *classify(init_parameters(), flatten((images := load_mnist("test")[0])[read_index(len(images))]))
)
