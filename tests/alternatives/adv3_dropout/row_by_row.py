"""Loops over the examples: the dropped units of each row are chosen without replacement and set to 0."""

import math

import numpy as np


def keep_mask(shape, rate, rng):
    units = math.prod(shape[1:])
    mask = np.ones((shape[0], units), dtype=bool)
    for example in range(shape[0]):
        for unit in rng.choice(units, size=int(rate * units), replace=False):
            mask[example, unit] = False
    return mask.reshape(shape)


class Dropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate, self.rng = rate, np.random.default_rng(seed)

    def forward(self, x, train=True):
        out = np.zeros(x.shape)
        if train:
            self.mask = keep_mask(x.shape, self.rate, self.rng)
        for index in np.ndindex(x.shape):
            if not train:
                out[index] = x[index] * (1 - self.rate)
            elif self.mask[index]:
                out[index] = x[index]
        return out

    def backward(self, d_out):
        d_x = np.zeros(d_out.shape)
        for index in np.ndindex(d_out.shape):
            if self.mask[index]:
                d_x[index] = d_out[index]
        return d_x


class InvertedDropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate, self.rng = rate, np.random.default_rng(seed)

    def forward(self, x, train=True):
        if not train:
            return x.copy()
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        out = x.astype(float).reshape(len(x), -1)
        for row, mask in zip(out, self.mask.reshape(len(x), -1), strict=True):
            for unit in range(len(row)):
                row[unit] = row[unit] / (1 - self.rate) if mask[unit] else 0
        return out.reshape(x.shape)

    def backward(self, d_out):
        d_x = np.zeros(d_out.shape)
        for n in range(len(d_out)):
            d_x[n] = d_out[n] * self.mask[n] / (1 - self.rate)
        return d_x


def forward_dropout(params, x, dropout):
    rows = []
    for row in x:
        hidden = sigmoid(row @ params["W1"] + params["b1"])[None, :]
        rows.append(softmax(dropout.forward(hidden, train=False) @ params["W2"] + params["b2"])[0])
    return np.array(rows)


def loss_and_gradients_dropout(params, x, t, dropout):
    hidden = sigmoid(x @ params["W1"] + params["b1"])
    dropped = dropout.forward(hidden, train=True)  # one mask for the step, so the batch goes in as a whole
    y = softmax(dropped @ params["W2"] + params["b2"])
    loss, grads = 0.0, {name: np.zeros(value.shape) for name, value in params.items()}
    d_dropped = np.zeros(hidden.shape)
    for n in range(len(x)):
        loss -= math.log(y[n][np.argmax(t[n])]) / len(x)
        d_a = (y[n] - t[n]) / len(x)
        grads["W2"] += np.outer(dropped[n], d_a)
        grads["b2"] += d_a
        d_dropped[n] = params["W2"] @ d_a
    d_hidden = dropout.backward(d_dropped)
    for n in range(len(x)):
        d_u = d_hidden[n] * hidden[n] * (1 - hidden[n])
        grads["W1"] += np.outer(x[n], d_u)
        grads["b1"] += d_u
    return loss, grads
