"""Features as rows inside, (D, 1) statistics as in a handout of column vectors; a plain average at test time."""

import numpy as np


class BatchNorm:
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.9):
        self.gamma, self.beta, self.e = gamma, beta, eps
        self.seen, self.sum_mean, self.sum_var = 0, 0.0, 0.0

    def forward(self, x, train=True):
        X = x.T
        if train:
            m = X.mean(axis=1, keepdims=True)
            v = X.var(axis=1, keepdims=True)
            self.seen += 1
            self.sum_mean, self.sum_var = self.sum_mean + m, self.sum_var + v
            self.C, self.s = X - m, np.sqrt(v + self.e)
        else:
            m, v = self.sum_mean / self.seen, self.sum_var / self.seen
        X_hat = (X - m) / np.sqrt(v + self.e)
        return (self.column(self.gamma) * X_hat + self.column(self.beta)).T

    def backward(self, d_out):
        D, B = d_out.T, len(d_out)
        d_hat = D * self.column(self.gamma)
        d_v = -(d_hat * self.C).sum(axis=1, keepdims=True) / 2 / self.s**3
        d_m = -(d_hat / self.s).sum(axis=1, keepdims=True) - d_v * 2 * self.C.mean(axis=1, keepdims=True)
        self.d_gamma = (D * self.C / self.s).sum(axis=1)
        self.d_beta = D.sum(axis=1)
        return (d_hat / self.s + d_v * 2 * self.C / B + d_m / B).T

    def test_affine(self):
        m, v = (self.sum_mean / self.seen)[:, 0], (self.sum_var / self.seen)[:, 0]
        scale = self.gamma / np.sqrt(v + self.e)
        return scale, self.beta - scale * m

    def column(self, a):
        return np.asarray(a).reshape(-1, 1)
