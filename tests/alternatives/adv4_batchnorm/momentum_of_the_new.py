"""As the large frameworks: momentum is the part of the new value, Var over B - 1, from 0 and 1 on."""

import numpy as np


class BatchNorm:
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.1):
        self.gamma, self.beta = gamma, beta
        self.eps, self.momentum = eps, momentum
        self.running_mean, self.running_var = np.zeros(len(gamma)), np.ones(len(gamma))

    def forward(self, x, train=True):
        if train:
            mean, var, unbiased = x.mean(0), x.var(0), x.var(0, ddof=1)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * unbiased
        else:
            mean, var = self.running_mean, self.running_var
        inverse = 1 / np.sqrt(var + self.eps)
        x_hat = (x - mean) * inverse
        if train:
            self.cache = x_hat, inverse
        return self.gamma * x_hat + self.beta

    def backward(self, d_out):
        x_hat, inverse = self.cache
        self.d_gamma, self.d_beta = (d_out * x_hat).sum(0), d_out.sum(0)
        B = d_out.shape[0]
        return self.gamma * inverse / B * (B * d_out - self.d_beta - x_hat * self.d_gamma)

    def test_affine(self):
        scale = self.gamma / np.sqrt(self.running_var + self.eps)
        return np.array([scale, self.beta - scale * self.running_mean])
