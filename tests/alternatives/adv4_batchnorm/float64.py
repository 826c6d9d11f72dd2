"""Computes and answers in float64 whatever comes in, in place on its own copies."""

import numpy as np


class BatchNorm:
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.9):
        self.gamma, self.beta = gamma, beta
        self.eps, self.momentum = np.float64(eps), np.float64(momentum)
        self.running = None

    def forward(self, x, train=True):
        y = np.array(x, dtype=np.float64)
        gamma, beta = np.asarray(self.gamma, dtype=np.float64), np.asarray(self.beta, dtype=np.float64)
        if not train:
            scale, shift = self.test_affine()
            y *= scale
            y += shift
            return y
        mean = y.mean(axis=0)
        y -= mean
        var = np.square(y).mean(axis=0)
        self.std = np.sqrt(var + self.eps)
        y /= self.std
        self.x_hat = y.copy()
        new = np.stack([mean, var])
        if self.running is None:
            self.running = new.copy()
        self.running *= self.momentum
        self.running += (1 - self.momentum) * new
        y *= gamma
        y += beta
        return y

    def backward(self, d_out):
        d = np.array(d_out, dtype=np.float64)
        self.d_gamma = np.sum(d * self.x_hat, axis=0)
        self.d_beta = np.sum(d, axis=0)
        d -= self.d_beta / len(d)
        d -= self.x_hat * (self.d_gamma / len(d))
        d *= np.asarray(self.gamma, dtype=np.float64)
        d /= self.std
        return d

    def test_affine(self):
        mean, var = self.running
        scale = np.asarray(self.gamma, dtype=np.float64) / np.sqrt(var + self.eps)
        return scale, np.asarray(self.beta, dtype=np.float64) - scale * mean
