"""Everything in float32, and the network inside with one column per example, as the handout writes it."""

import numpy as np


def single(x):
    return np.asarray(x, dtype=np.float32)


class ReLU:
    def forward(self, x):
        self.gate = single(x > 0)
        return single(x) * self.gate

    def backward(self, d_out):
        return single(d_out) * self.gate


class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = np.float32(slope)

    def forward(self, x):
        self.factor = np.where(x > 0, np.float32(1), self.slope)
        return single(x) * self.factor

    def backward(self, d_out):
        return single(d_out) * self.factor


class ReLU6:
    def forward(self, x):
        self.gate = single(x > 0) - single(x > 6)
        return np.clip(single(x), 0, 6)

    def backward(self, d_out):
        return single(d_out) * self.gate


class CReLU:
    def forward(self, x):
        self.x = single(x)
        return np.concatenate([np.maximum(self.x, 0), -np.minimum(self.x, 0)], axis=1)

    def backward(self, d_out):
        d_positive, d_negative = np.array_split(single(d_out), 2, axis=1)
        return np.select([self.x > 0, self.x < 0], [d_positive, -d_negative], np.float32(0))


class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = np.float32(alpha)

    def forward(self, x):
        self.e = self.alpha * np.exp(np.minimum(single(x), 0))
        self.up = x > 0
        return np.where(self.up, single(x), self.e - self.alpha)

    def backward(self, d_out):
        return single(d_out) * np.where(self.up, np.float32(1), self.e)


class Softplus:
    def forward(self, x):
        self.x = single(x)
        return np.logaddexp(self.x, np.float32(0))

    def backward(self, d_out):
        return single(d_out) * (1 + np.tanh(self.x / 2)) / 2


class Softsign:
    def forward(self, x):
        self.below = 1 + np.abs(single(x))
        return single(x) / self.below

    def backward(self, d_out):
        return single(d_out) / (self.below * self.below)


class Tanh:
    def forward(self, x):
        self.y = np.tanh(single(x))
        return self.y

    def backward(self, d_out):
        return single(d_out) * (1 + self.y) * (1 - self.y)


class Sigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-single(x)))
        return self.y

    def backward(self, d_out):
        return single(d_out) * (self.y - self.y * self.y)


def softmax_temperature(a, T=1.0):
    a = single(a).T  # one column per example
    e = np.exp((a - a.max(axis=0)) / np.float32(T))
    return (e / e.sum(axis=0)).T


def softmax_temperature_backward(y, d_out, T=1.0):
    y, d_out = single(y).T, single(d_out).T
    return (y * (d_out - (y * d_out).sum(axis=0)) / np.float32(T)).T


def loss_and_gradients_with(params, x, t, activation):
    x, t = single(x).T, single(t).T
    W1, b1 = single(params["W1"]).T, single(params["b1"]).reshape(-1, 1)
    W2, b2 = single(params["W2"]).T, single(params["b2"]).reshape(-1, 1)
    batch = x.shape[1]

    hidden = activation.forward((W1 @ x + b1).T).T
    a = W2 @ hidden + b2
    e = np.exp(a - a.max(axis=0))
    y = e / e.sum(axis=0)
    loss = -np.sum(t * np.log(y)) / batch

    d_a = (y - t) / batch
    d_u = activation.backward((W2.T @ d_a).T).T
    grads = {
        "W1": (d_u @ x.T).T,
        "b1": d_u.sum(axis=1, keepdims=True),
        "W2": (d_a @ hidden.T).T,
        "b2": d_a.sum(axis=1, keepdims=True),
    }
    return loss, grads
