"""Handout and inverted dropout from one base class; the mask holds the factor of every unit, and use is a mask too."""

import numpy as np

# %%


def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    line = np.concatenate([np.zeros(round(rate * units)), np.ones(units - round(rate * units))])
    return rng.permuted(np.tile(line, (shape[0], 1)), axis=1).reshape(shape)


# %%


class _Masked:
    in_training, in_use = 1.0, 1.0

    def __init__(self, rate=0.5, seed=0):
        self.rate = rate
        self.generator = np.random.Generator(np.random.PCG64(seed))

    def forward(self, x, train=True):
        if not train:
            return np.multiply(x, self.in_use)
        self.factor = keep_mask(np.shape(x), self.rate, self.generator) * self.in_training
        return np.multiply(x, self.factor)

    def backward(self, d_out):
        return np.multiply(d_out, self.factor)


class Dropout(_Masked):
    @property
    def in_use(self):
        return 1 - self.rate


class InvertedDropout(_Masked):
    @property
    def in_training(self):
        return 1 / (1 - self.rate)


# %%


def first_half(params, x):
    return sigmoid(Affine(params["W1"], params["b1"]).forward(x))


def second_half(params, hidden):
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))


def forward_dropout(params, x, dropout):
    return second_half(params, dropout.forward(first_half(params, x), train=False))


# %%


def loss_and_gradients_dropout(params, x, t, dropout):
    layers = [Affine(params["W1"], params["b1"]), Sigmoid(), dropout, Affine(params["W2"], params["b2"])]
    out = x
    for layer in layers:
        out = layer.forward(out)
    y = softmax(out)
    d = softmax_cross_entropy_backward(y, t)
    for layer in layers[::-1]:
        d = layer.backward(d)
    first, last = layers[0], layers[-1]
    return cross_entropy(y, t), {"W1": first.d_W, "b1": first.d_b, "W2": last.d_W, "b2": last.d_b}
