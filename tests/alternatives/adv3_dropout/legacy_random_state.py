"""The older generator, np.random.RandomState, in the layers; one shuffled lottery ticket list per example."""

import numpy as np


def keep_mask(shape, rate, rng):
    tickets = rng.rand(shape[0], int(np.prod(shape[1:])))
    ranks = tickets.argsort(axis=1).argsort(axis=1)
    return (ranks >= np.floor(rate * tickets.shape[1])).reshape(shape)


class Dropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate = rate
        self.random = np.random.RandomState(seed)

    def forward(self, x, train=True):
        if not train:
            return x * (1.0 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.random).astype(x.dtype)
        return self.mask * x

    def backward(self, d_out):
        return self.mask * d_out


class InvertedDropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate = rate
        self.random = np.random.RandomState(seed)

    def forward(self, x, train=True):
        if not train:
            return x
        keep = 1 - self.rate
        self.mask = (self.random.random_sample(x.shape) < keep).astype(float) / keep
        return x * self.mask

    def backward(self, d_out):
        return d_out * self.mask
