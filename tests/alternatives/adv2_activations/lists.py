"""Nested lists and Python floats come back instead of arrays; gradients as rows (1, D), the loss as a float."""

import numpy as np


class ReLU:
    def forward(self, x):
        self.slope = np.where(np.asarray(x) > 0, 1.0, 0.0)
        return np.maximum(x, 0).tolist()

    def backward(self, d_out):
        return (np.asarray(d_out) * self.slope).tolist()


class LeakyReLU(ReLU):
    def __init__(self, slope=0.01):
        self.small = slope

    def forward(self, x):
        self.slope = np.where(np.asarray(x) > 0, 1.0, self.small)
        return (np.asarray(x) * self.slope).tolist()


class ReLU6(ReLU):
    def forward(self, x):
        x = np.asarray(x)
        self.slope = np.logical_and(x > 0, x < 6).astype(float)
        return np.clip(x, 0, 6).tolist()


class CReLU:
    def forward(self, x):
        self.x = np.asarray(x)
        return np.concatenate([np.maximum(self.x, 0), np.maximum(-self.x, 0)], axis=1).tolist()

    def backward(self, d_out):
        d_out, d = np.asarray(d_out), self.x.shape[1]
        return (d_out[:, :d] * (self.x > 0) - d_out[:, d:] * (self.x < 0)).tolist()


class ELU(ReLU):
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        x = np.asarray(x)
        e = self.alpha * np.exp(np.minimum(x, 0))
        self.slope = np.where(x > 0, 1, e)
        return np.where(x > 0, x, e - self.alpha).tolist()


class Softplus(ReLU):
    def forward(self, x):
        x = np.asarray(x)
        self.slope = np.exp(-np.logaddexp(0, -x))
        return np.logaddexp(0, x).tolist()


class Softsign(ReLU):
    def forward(self, x):
        self.slope = 1 / (1 + np.abs(x)) ** 2
        return (np.asarray(x) * np.sqrt(self.slope)).tolist()


class Tanh(ReLU):
    def forward(self, x):
        y = np.tanh(x)
        self.slope = 1 - y * y
        return y.tolist()


class Sigmoid(ReLU):
    def forward(self, x):
        y = (1 + np.tanh(np.asarray(x) / 2)) / 2
        self.slope = y * (1 - y)
        return y.tolist()


def softmax_temperature(a, T=1):
    rows = []
    for row in np.asarray(a).tolist():
        powers = np.exp((np.array(row) - max(row)) / T)
        rows.append((powers / sum(powers)).tolist())
    return rows


def softmax_temperature_backward(y, d_out, T=1):
    rows = []
    for n in range(len(y)):
        p, d = y[n], d_out[n]
        jacobian = (np.diag(p) - np.outer(p, p)) / T
        rows.append((jacobian @ d).tolist())
    return rows


def loss_and_gradients_with(params, x, t, activation):
    u = x @ params["W1"] + params["b1"]
    h = np.array(activation.forward(u))
    y = softmax(h @ params["W2"] + params["b2"])
    d_a = softmax_cross_entropy_backward(y, t)
    d_u = np.array(activation.backward(d_a @ params["W2"].T))
    grads = {
        "W1": np.einsum("bi,bj->ij", x, d_u).tolist(),
        "b1": d_u.sum(axis=0, keepdims=True).tolist(),
        "W2": np.einsum("bi,bj->ij", h, d_a).tolist(),
        "b2": d_a.sum(axis=0, keepdims=True).tolist(),
    }
    return [float(cross_entropy(y, t)), grads]
