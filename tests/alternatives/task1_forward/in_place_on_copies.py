"""Work in place, but on copies: masks, out= and the legacy generator object."""

import sys

import numpy as np

from autograder.datasets import load_mnist


def flatten(images):
    x = images.astype(np.float64).copy()
    x /= 255
    return x.reshape(1, -1) if x.ndim == 2 else x.reshape(x.shape[0], -1)


def sigmoid(x):
    y = np.array(x, copy=True)
    positive = y >= 0
    y[positive] = 1 / (1 + np.exp(-y[positive]))
    e = np.exp(np.asarray(x)[~positive])
    y[~positive] = e / (1 + e)
    return y


def softmax(a):
    y = a.copy()
    for k in range(len(y)):
        y[k] -= y[k].max()
        np.exp(y[k], out=y[k])
        y[k] /= y[k].sum()
    return y


class Affine:
    def __init__(self, W, b):
        self.W = W.copy()
        self.b = b.copy()
        self.x = None

    def forward(self, x):
        self.x = x.copy()  # kept for a later task
        y = np.empty((len(x), self.W.shape[1]), dtype=np.result_type(x, self.W))
        np.matmul(x, self.W, out=y)
        y += self.b
        return y


def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.RandomState(seed)
    params = {}
    for n in range(len(sizes) - 1, 0, -1):  # the last layer first
        params[f"b{n}"] = rng.randn(1, sizes[n])
        params[f"W{n}"] = rng.randn(sizes[n - 1], sizes[n])
        params[f"b{n}"] /= np.sqrt(sizes[n - 1])
        params[f"W{n}"] /= np.sqrt(sizes[n - 1])
    return params


def forward(params, x):
    y = x.copy()
    y = y @ params["W1"]
    y += params["b1"]
    y[:] = sigmoid(y)
    y = y @ params["W2"]
    y += params["b2"]
    return softmax(y)


def classify(params, x):
    digits = np.zeros(len(x), dtype=np.uint8)
    np.argmax(forward(params, x), axis=1, out=(best := np.zeros(len(x), dtype=np.intp)))
    digits[:] = best
    return digits


def read_index(limit):
    i = -1
    try:
        i = int(input("i = "))
    except ValueError:
        pass
    except EOFError:
        pass
    if i < 0 or i > limit - 1:
        sys.exit(print(f"0 <= i <= {limit - 1}") or 2)
    return i


def main():
    images, _ = load_mnist("test")
    one = images[read_index(len(images))].copy()
    print(classify(init_parameters(), flatten(one))[0])
