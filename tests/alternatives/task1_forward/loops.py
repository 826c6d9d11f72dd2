"""Explicit loops over examples, nodes and pixels, with Python's own floats and lists."""

import math
import sys

import numpy as np

from autograder.datasets import load_mnist


def flatten(images):
    if images.ndim == 2:
        images = [images]
    rows = []
    for image in images:
        row = []
        for line in image:
            for pixel in line:
                row.append(int(pixel) / 255)
        rows.append(row)
    return rows


def sigmoid_of_one(u):
    if u >= 0:
        return 1 / (1 + math.exp(-u))
    return math.exp(u) / (1 + math.exp(u))


def sigmoid(x):
    x = np.asarray(x)
    y = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        y[place] = sigmoid_of_one(float(x[place]))
    return y


def softmax(a):
    result = []
    for row in a:
        alpha = max(float(v) for v in row)
        exps = [math.exp(float(v) - alpha) for v in row]
        total = sum(exps)
        result.append([e / total for e in exps])
    return result


class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x):
        columns = [self.W[:, j] for j in range(self.W.shape[1])]
        rows = []
        for example in np.asarray(x):
            rows.append(
                [float(np.dot(example, column)) + float(b) for column, b in zip(columns, self.b, strict=True)]
            )
        return rows


def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.default_rng(seed)
    params = {}
    for n in range(1, len(sizes)):
        W = np.empty((sizes[n - 1], sizes[n]))
        b = np.empty(sizes[n])
        for j in range(sizes[n]):
            for i in range(sizes[n - 1]):
                W[i, j] = rng.normal(0, 1 / math.sqrt(sizes[n - 1]))
            b[j] = rng.normal(0, 1 / math.sqrt(sizes[n - 1]))
        params["W" + str(n)] = W
        params["b" + str(n)] = b
    return params


def forward(params, x):
    layer1 = Affine(params["W1"], params["b1"])
    layer2 = Affine(params["W2"], params["b2"])
    return softmax(layer2.forward(sigmoid(layer1.forward(x))))


def classify(params, x):
    digits = []
    for row in forward(params, x):
        best = 0
        for digit in range(10):
            if row[digit] > row[best]:
                best = digit
        digits.append(best)
    return digits


def read_index(limit):
    try:
        text = input()
    except EOFError:
        print("nothing was typed")
        sys.exit(2)
    try:
        i = int(text)
    except ValueError:
        print("not a whole number:", text)
        sys.exit(2)
    if i < 0 or i >= limit:
        print("too small or too large:", i)
        sys.exit(2)
    return i


def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    digit = classify(init_parameters(), flatten(images[i]))[0]
    print(digit)
