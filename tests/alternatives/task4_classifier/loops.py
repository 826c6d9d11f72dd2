"""Explicit loops: nodes one after the other, the largest logit by comparing."""

import math
import sys


def classify_image(params, image):
    x = []
    for row in image.tolist():
        for pixel in row:
            x.append(pixel / 255)
    h = []
    for weights, bias in zip(params["W1"].T.tolist(), params["b1"].tolist(), strict=True):
        u = bias
        for w, value in zip(weights, x, strict=True):
            u += w * value
        h.append(1 / (1 + math.exp(-u)))
    best, largest = 0, -math.inf
    for digit in range(10):
        a = float(params["b2"][digit])
        for j in range(len(h)):
            a += h[j] * float(params["W2"][j, digit])
        if a > largest:
            best, largest = digit, a
    return best


def load_classifier(path):
    params = load_parameters(path)
    wrong = []
    H = len(params["b1"])
    if params["W1"].shape != (784, H):
        wrong.append("W1")
    if params["W2"].shape != (H, 10):
        wrong.append("W2")
    if len(params["b2"]) != 10:
        wrong.append("b2")
    for name in wrong:
        raise ValueError(name + " (or what it belongs to) has a wrong shape: " + str(params[name].shape))
    return params


def main(path="parameters.npz"):
    try:
        params = load_classifier(path)
    except (OSError, ValueError):
        sys.stderr.write("Sorry, " + path + " is no network that I can use.\n")
        sys.exit(2)
    images = load_mnist("test")[0]
    i = read_index(len(images))
    sys.stdout.write(str(classify_image(params, images[i])) + "\n")
