"""A coin for every unit, drawn inside the classes; keep_mask is a one-liner that nobody else calls."""

import numpy as np


def keep_mask(shape, rate, rng):
    return rng.random(shape) >= rate


class Dropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate = rate
        self.rng = np.random.default_rng(seed)

    def forward(self, x, train=True):
        if train:
            self.dropped = self.rng.random(x.shape) < self.rate
            return np.where(self.dropped, 0, x)
        return (1 - self.rate) * x

    def backward(self, d_out):
        return np.where(self.dropped, 0, d_out)


class InvertedDropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate = rate
        self.rng = np.random.default_rng(seed)

    def forward(self, x, train=True):
        if not train:
            return x
        self.scale = self.rng.binomial(1, 1 - self.rate, size=x.shape) / (1 - self.rate)
        return x * self.scale

    def backward(self, d_out):
        return d_out * self.scale
