"""ε is added to the root, in training and at test time; the statistics of all batches are kept in lists."""

import numpy as np


class BatchNorm:
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.9):
        self.gamma, self.beta, self.eps = gamma, beta, eps
        self.means, self.variances = [], []

    def forward(self, x, train=True):
        if not train:
            return (x - self.mean()) / (self.root() + self.eps) * self.gamma + self.beta
        self.means += [np.mean(x, axis=0)]
        self.variances += [np.var(x, axis=0)]
        self.c = x - self.means[-1]
        self.s = np.sqrt(self.variances[-1])
        return self.c / (self.s + self.eps) * self.gamma + self.beta

    def backward(self, d_out):
        B, below = len(d_out), self.s + self.eps
        d_hat = d_out * self.gamma
        self.d_gamma = np.sum(d_out * self.c / below, axis=0)
        self.d_beta = np.sum(d_out, axis=0)
        d_s = -np.sum(d_hat * self.c, axis=0) / below**2
        d_c = d_hat / below + d_s * self.c / (B * self.s)
        return d_c - d_c.mean(axis=0)

    def test_affine(self):
        scale = self.gamma / (self.root() + self.eps)
        return scale, self.beta - scale * self.mean()

    def mean(self):
        return np.mean(self.means, axis=0)

    def root(self):
        return np.sqrt(np.mean(self.variances, axis=0))
