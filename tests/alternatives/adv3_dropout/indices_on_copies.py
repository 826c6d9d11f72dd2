"""No mask at all: the places of the dropped units are kept, and copies are written into there."""

import numpy as np


def losers(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    tickets = rng.random((shape[0], units))
    return np.argpartition(tickets, min(int(rate * units), units - 1), axis=1)[:, : int(rate * units)]


def keep_mask(shape, rate, rng):
    keep = np.ones((shape[0], int(np.prod(shape[1:]))), dtype=bool)
    np.put_along_axis(keep, losers(shape, rate, rng), False, axis=1)
    return keep.reshape(shape)


class Dropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate, self.rng = rate, np.random.default_rng(seed)

    def forward(self, x, train=True):
        if not train:
            out = x.copy()
            out *= 1 - self.rate
            return out
        self.gone = losers(x.shape, self.rate, self.rng)
        return self.without(x)

    def without(self, values):
        out = values.copy().reshape(len(values), -1)
        out[np.arange(len(out))[:, None], self.gone] = 0
        return out.reshape(values.shape)

    def backward(self, d_out):
        return self.without(d_out)


class InvertedDropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x.copy()
        out = super().forward(x)
        out /= 1 - self.rate
        return out

    def backward(self, d_out):
        return super().backward(d_out) / (1 - self.rate)


def loss_and_gradients_dropout(params, x, t, dropout):
    affine1, affine2, hidden = (
        Affine(params["W1"], params["b1"]),
        Affine(params["W2"], params["b2"]),
        Sigmoid(),
    )
    y = softmax(affine2.forward(dropout.forward(hidden.forward(affine1.forward(x)))))
    d = affine2.backward(softmax_cross_entropy_backward(y, t))
    # The mask and the slope of the sigmoid are both factors of each unit: their order does not matter.
    affine1.backward(dropout.backward(hidden.backward(d)))
    grads = {"W1": affine1.d_W, "W2": affine2.d_W, "b1": affine1.d_b[None, :], "b2": affine2.d_b[None, :]}
    return np.array(cross_entropy(y, t)), grads
