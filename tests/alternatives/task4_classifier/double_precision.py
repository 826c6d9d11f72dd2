"""float64 copies, softmax and all; checks by a table of rules; input read from sys.stdin."""

import sys

import numpy as np


def load_classifier(path):
    params = {name: np.array(value, dtype=np.float64) for name, value in load_parameters(path).items()}
    shapes = {name: np.shape(value) for name, value in params.items()}
    rules = [
        ("W1", lambda: shapes["W1"][0] == 784 and shapes["W1"][1] > 0),
        ("b1", lambda: shapes["b1"] == shapes["W1"][1:]),
        ("W2", lambda: shapes["W2"] == (*shapes["b1"], 10)),
        ("b2", lambda: shapes["b2"] == shapes["W2"][1:]),
    ]
    for name, holds in rules:
        if not holds():
            raise ValueError(f"{path}: the shape {shapes[name]} of {name} does not fit")
    return params


def classify_image(params, image):
    hidden = np.reciprocal(
        1 + np.exp(-np.einsum("p,ph->h", image.ravel() / 255.0, params["W1"]) - params["b1"])
    )
    logits = np.einsum("h,hd->d", hidden, params["W2"]) + params["b2"]
    y = np.exp(logits) / np.exp(logits).sum()
    return list(y).index(max(y))


def main(path="parameters.npz"):
    images, _ = load_mnist("test")
    try:
        params = load_classifier(path)
        text = sys.stdin.readline()
        if not text.strip().isdecimal():
            raise ValueError(f"{text!r} is no number of an image")
        if int(text) >= len(images):
            raise ValueError(f"{text.strip()} is too large, the last image is {len(images) - 1}")
    except (OSError, ValueError) as error:
        print(error)
        sys.exit(2)
    print(classify_image(params, images[int(text)]))
