"""Copies that are written into through boolean masks; slopes as arrays that are filled part by part."""

import numpy as np


class ReLU:
    def forward(self, x):
        self.negative = x <= 0
        out = x.copy()
        out[self.negative] = 0
        return out

    def backward(self, d_out):
        d_x = d_out.copy()
        d_x[self.negative] = 0
        return d_x


class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope

    def forward(self, x):
        self.negative = x < 0
        out = x.copy()
        out[self.negative] *= self.slope
        return out

    def backward(self, d_out):
        d_x = d_out.copy()
        d_x[self.negative] *= self.slope
        return d_x


class ReLU6:
    def forward(self, x):
        self.low, self.high = x < 0, x > 6
        out = x.copy()
        out[self.low] = 0
        out[self.high] = 6
        return out

    def backward(self, d_out):
        d_x = np.array(d_out)
        d_x[self.low | self.high] = 0
        return d_x


class CReLU:
    def forward(self, x):
        self.mask = x > 0
        d = x.shape[1]
        out = np.empty((x.shape[0], 2 * d, *x.shape[2:]), dtype=x.dtype)
        out[:, :d] = x
        out[:, d:] = -x
        out[out < 0] = 0
        return out

    def backward(self, d_out):
        d = d_out.shape[1] // 2
        d_x = -d_out[:, d:]
        d_x[self.mask] = d_out[:, :d][self.mask]
        return d_x


class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.negative = x < 0
        self.y = x.copy()
        self.y[self.negative] = self.alpha * (np.exp(x[self.negative]) - 1)
        return self.y

    def backward(self, d_out):
        d_x = d_out.copy()
        d_x[self.negative] *= self.y[self.negative] + self.alpha
        return d_x


class Softplus:
    def forward(self, x):
        self.x = x.copy()
        out = x.copy()
        small = x < 30  # above, ln(1 + e^x) and x are the same float64
        out[small] = np.log1p(np.exp(x[small]))
        return out

    def backward(self, d_out):
        slope = np.empty_like(self.x)
        up = self.x >= 0
        slope[up] = 1 / (1 + np.exp(-self.x[up]))
        e = np.exp(self.x[~up])
        slope[~up] = e / (1 + e)
        return d_out * slope


class Softsign:
    def forward(self, x):
        self.denominator = x.copy()
        self.denominator[x < 0] *= -1
        self.denominator += 1
        return x / self.denominator

    def backward(self, d_out):
        d_x = d_out.copy()
        d_x /= self.denominator
        d_x /= self.denominator
        return d_x


class Tanh:
    def forward(self, x):
        out = x.copy()
        np.tanh(x, out=out)
        self.y = out.copy()
        return out

    def backward(self, d_out):
        d_x = self.y.copy()
        d_x *= -self.y
        d_x += 1
        return d_x * d_out


class Sigmoid:
    def forward(self, x):
        y = np.zeros_like(x)
        y[x >= 0] = 1 / (1 + np.exp(-x[x >= 0]))
        y[x < 0] = np.exp(x[x < 0]) / (1 + np.exp(x[x < 0]))
        self.y = y
        return y.copy()

    def backward(self, d_out):
        d_x = np.array(d_out, dtype=float)
        d_x *= self.y
        d_x *= 1 - self.y
        return d_x


def softmax_temperature(a, T=1.0):
    e = np.array(a, dtype=np.float64)
    e -= e.max(axis=1)[:, None]
    e /= T
    np.exp(e, out=e)
    e /= e.sum(axis=1)[:, None]
    return e


def softmax_temperature_backward(y, d_out, T=1.0):
    d_a = d_out.copy()
    d_a *= y
    d_a -= y * d_a.sum(axis=1)[:, None]
    d_a /= T
    return d_a
