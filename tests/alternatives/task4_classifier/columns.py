"""Column vectors inside, as the handout writes them."""

import numpy as np


def classify_image(params, image):
    x = image.reshape(-1, 1) / 255  # (784, 1)
    u = params["W1"].T @ x + params["b1"][:, np.newaxis]
    h = (1 + np.tanh(u / 2)) / 2
    a = params["W2"].T @ h + params["b2"][:, np.newaxis]
    y = np.exp(a - a.max()) / np.sum(np.exp(a - a.max()))
    return np.argmax(y, axis=0).item()


def load_classifier(path):
    params = load_parameters(path)
    rows, hidden = params["W1"].shape
    if rows != 784:
        raise ValueError(f"W1: {rows} instead of 784 pixels")
    if params["b1"].shape != (hidden,):
        raise ValueError(f"b1: {params['b1'].shape[0]} hidden nodes, but W1 has {hidden}")
    if params["W2"].shape[0] != hidden:
        raise ValueError(f"W2: {params['W2'].shape[0]} hidden nodes, but W1 has {hidden}")
    if params["W2"].shape[1] != 10:
        raise ValueError(f"W2: {params['W2'].shape[1]} classes, not 10")
    if params["b2"].shape != (10,):
        raise ValueError(f"b2: {params['b2'].shape[0]} classes, not 10")
    return params
