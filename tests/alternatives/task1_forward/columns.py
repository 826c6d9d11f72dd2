"""The column form (3) of the books inside, rows only at the border; every image is a column."""

import sys

import numpy as np

from autograder.datasets import load_mnist


def flatten(images):
    H, W = images.shape[-2], images.shape[-1]
    columns = images.reshape(-1, H * W).T / 255
    return columns.T


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def softmax(a):
    columns = a.T
    e = np.exp(columns - columns.max(axis=0))
    return (e / e.sum(axis=0)).T


class Affine:
    def __init__(self, W, b):
        self.weights = W.T  # one row per node
        self.bias = b.reshape(-1, 1)

    def forward(self, x):
        y = self.weights @ x.T + self.bias
        return y.T


def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.default_rng(seed)
    params = {}
    for n in range(1, len(sizes)):
        sd = sizes[n - 1] ** -0.5
        rows = rng.normal(scale=sd, size=(sizes[n], sizes[n - 1]))
        params[f"W{n}"] = rows.T
        params[f"b{n}"] = rng.normal(scale=sd, size=(sizes[n], 1)).reshape(-1)
    return params


def forward(params, x):
    columns = np.transpose(x)
    hidden = sigmoid(params["W1"].T @ columns + params["b1"][:, np.newaxis])
    logits = params["W2"].T @ hidden + params["b2"][:, np.newaxis]
    return softmax(logits.T)


def classify(params, x):
    return forward(params, x).T.argmax(axis=0)


def read_index(limit):
    try:
        i = int(input("Which image? "))
    except (ValueError, EOFError):
        i = None
    if i is None or i not in range(limit):
        print("I know the images from 0 to", limit - 1, file=sys.stderr)
        sys.exit(2)
    return i


def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    print(int(classify(init_parameters(), flatten(images[i]))[0]))
