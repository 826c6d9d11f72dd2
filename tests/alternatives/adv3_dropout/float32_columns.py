"""Everything in float32 with one column per example inside, as the handout writes it; einsum in the network."""

import numpy as np


def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    tickets = rng.uniform(size=(units, shape[0])).astype(np.float32)  # a column for each example
    order = np.argsort(tickets, axis=0)
    mask = np.zeros((units, shape[0]), dtype=np.float32)
    np.put_along_axis(mask, order[round(rate * units) :], 1, axis=0)
    return mask.T.reshape(shape)


class Dropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate = np.float32(rate)
        self.rng = np.random.default_rng(seed)

    def forward(self, x, train=True):
        x = x.astype(np.float32)
        if not train:
            return x - self.rate * x
        self.mask = keep_mask(x.shape, float(self.rate), self.rng)
        return x * self.mask

    def backward(self, d_out):
        return d_out.astype(np.float32) * self.mask


class InvertedDropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x.astype(np.float32)
        return super().forward(x) / (1 - self.rate)

    def backward(self, d_out):
        return super().backward(d_out) / (1 - self.rate)


def as_columns(params):
    single = {name: np.asarray(value, dtype=np.float32) for name, value in params.items()}
    return single["W1"].T, single["b1"].reshape(-1, 1), single["W2"].T, single["b2"].reshape(-1, 1)


def softmax_columns(a):
    e = np.exp(a - a.max(axis=0))
    return e / e.sum(axis=0)


def forward_dropout(params, x, dropout):
    W1, b1, W2, b2 = as_columns(params)
    hidden = sigmoid(W1 @ x.T.astype(np.float32) + b1)
    return softmax_columns(W2 @ dropout.forward(hidden.T, train=False).T + b2).T


def loss_and_gradients_dropout(params, x, t, dropout):
    W1, b1, W2, b2 = as_columns(params)
    x, t = x.T.astype(np.float32), t.T.astype(np.float32)
    hidden = sigmoid(W1 @ x + b1)
    dropped = dropout.forward(hidden.T, train=True).T
    y = softmax_columns(W2 @ dropped + b2)
    d_a = (y - t) / x.shape[1]
    d_u = dropout.backward((W2.T @ d_a).T).T * hidden * (1 - hidden)
    grads = {
        "W1": np.einsum("db,hb->dh", x, d_u),
        "b1": np.einsum("hb->h", d_u),
        "W2": np.einsum("hb,cb->hc", dropped, d_a),
        "b2": np.einsum("cb->c", d_a),
    }
    return float(np.mean(-np.log(np.einsum("cb,cb->b", y, t)))), grads
