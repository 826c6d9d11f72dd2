"""Number by number with Python loops and the math module; the network example by example."""

import math

import numpy as np


def positive(v):
    return v if v > 0 else 0.0


def elementwise(function, x):
    out = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        out[index] = function(float(x[index]))
    return out


class ReLU:
    def forward(self, x):
        self.x = x
        return elementwise(positive, x)

    def backward(self, d_out):
        d_x = np.zeros(d_out.shape)
        for index in np.ndindex(d_out.shape):
            if self.x[index] > 0:
                d_x[index] = d_out[index]
        return d_x


class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope

    def forward(self, x):
        self.x = x
        return elementwise(lambda v: v if v > 0 else self.slope * v, x)

    def backward(self, d_out):
        d_x = np.zeros(d_out.shape)
        for index in np.ndindex(d_out.shape):
            d_x[index] = d_out[index] if self.x[index] > 0 else self.slope * d_out[index]
        return d_x


class ReLU6:
    def forward(self, x):
        self.x = x
        return elementwise(lambda v: min(positive(v), 6.0), x)

    def backward(self, d_out):
        d_x = np.zeros(d_out.shape)
        for index in np.ndindex(d_out.shape):
            if 0 <= self.x[index] <= 6:
                d_x[index] = d_out[index]
        return d_x


class CReLU:
    def forward(self, x):
        self.x = x
        channels = x.shape[1]
        out = np.zeros((x.shape[0], 2 * channels, *x.shape[2:]))
        for n in range(x.shape[0]):
            for c in range(channels):
                out[n, c] = np.where(x[n, c] > 0, x[n, c], 0)
                out[n, channels + c] = np.where(x[n, c] < 0, -x[n, c], 0)
        return out

    def backward(self, d_out):
        channels = self.x.shape[1]
        d_x = np.zeros(self.x.shape)
        for index in np.ndindex(self.x.shape):
            n, c, *rest = index
            if self.x[index] > 0:
                d_x[index] = d_out[index]
            elif self.x[index] < 0:
                d_x[index] = -d_out[(n, channels + c, *rest)]
        return d_x


class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return elementwise(lambda v: v if v > 0 else self.alpha * (math.exp(v) - 1), x)

    def backward(self, d_out):
        return d_out * elementwise(lambda v: 1.0 if v > 0 else self.alpha * math.exp(v), self.x)


class Softplus:
    def forward(self, x):
        self.x = x
        return elementwise(lambda v: positive(v) + math.log1p(math.exp(-abs(v))), x)

    def backward(self, d_out):
        def slope(v):
            if v >= 0:
                return 1 / (1 + math.exp(-v))
            return math.exp(v) / (1 + math.exp(v))

        return d_out * elementwise(slope, self.x)


class Softsign:
    def forward(self, x):
        self.x = x
        return elementwise(lambda v: v / (1 + abs(v)), x)

    def backward(self, d_out):
        return d_out * elementwise(lambda v: 1 / (1 + abs(v)) ** 2, self.x)


class Tanh:
    def forward(self, x):
        self.x = x
        return elementwise(math.tanh, x)

    def backward(self, d_out):
        return d_out * elementwise(lambda v: 1 - math.tanh(v) ** 2, self.x)


class Sigmoid:
    def forward(self, x):
        self.y = elementwise(lambda v: 0.5 * (1 + math.tanh(0.5 * v)), x)
        return self.y

    def backward(self, d_out):
        d_x = np.zeros(d_out.shape)
        for index in np.ndindex(d_out.shape):
            y = self.y[index]
            d_x[index] = d_out[index] * y * (1 - y)
        return d_x


def softmax_temperature(a, T=1.0):
    out = np.zeros(a.shape)
    for n in range(a.shape[0]):
        largest = max(float(v) for v in a[n])
        powers = [math.exp((float(v) - largest) / T) for v in a[n]]
        for c, power in enumerate(powers):
            out[n, c] = power / sum(powers)
    return out


def softmax_temperature_backward(y, d_out, T=1.0):
    batch, classes = y.shape
    d_a = np.zeros((batch, classes))
    for n in range(batch):
        for k in range(classes):
            for i in range(classes):
                delta = 1.0 if i == k else 0.0
                d_a[n, k] += d_out[n, i] * y[n, i] * (delta - y[n, k]) / T
    return d_a


def loss_and_gradients_with(params, x, t, activation):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    loss = 0.0
    grads = {name: np.zeros(value.shape) for name, value in params.items()}
    for n in range(len(x)):
        row = x[n : n + 1]
        hidden = activation.forward(row @ W1 + b1)
        y = softmax_temperature(hidden @ W2 + b2)
        loss -= math.log(sum(float(y[0, c] * t[n, c]) for c in range(y.shape[1]))) / len(x)
        d_a = (y - t[n : n + 1]) / len(x)
        d_u = activation.backward(d_a @ W2.T)
        grads["W2"] += np.outer(hidden[0], d_a[0])
        grads["b2"] += d_a[0]
        grads["W1"] += np.outer(row[0], d_u[0])
        grads["b1"] += d_u[0]
    return loss, grads
