"""Python floats in explicit loops, lists returned."""

import math


class BatchNorm:
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.9):
        self.gamma = gamma
        self.beta = beta
        self.eps = eps
        self.momentum = momentum
        self.running_mean = None
        self.running_var = None

    def forward(self, x, train=True):
        B, D = x.shape
        if not train:
            scale, shift = self.test_affine()
            return [[scale[j] * float(x[i, j]) + shift[j] for j in range(D)] for i in range(B)]
        mean, var = [], []
        for j in range(D):
            column = [float(x[i, j]) for i in range(B)]
            mean.append(sum(column) / B)
            var.append(sum((value - mean[j]) ** 2 for value in column) / B)
        self.std = [math.sqrt(v + self.eps) for v in var]
        self.x_hat = [[(float(x[i, j]) - mean[j]) / self.std[j] for j in range(D)] for i in range(B)]
        if self.running_mean is None:
            self.running_mean, self.running_var = mean, var
        for j in range(D):
            self.running_mean[j] += (1 - self.momentum) * (mean[j] - self.running_mean[j])
            self.running_var[j] += (1 - self.momentum) * (var[j] - self.running_var[j])
        gamma, beta = [float(g) for g in self.gamma], [float(b) for b in self.beta]
        return [[gamma[j] * self.x_hat[i][j] + beta[j] for j in range(D)] for i in range(B)]

    def backward(self, d_out):
        B, D = d_out.shape
        self.d_gamma, self.d_beta = [0.0] * D, [0.0] * D
        d_x = [[0.0] * D for _ in range(B)]
        for j in range(D):
            for i in range(B):
                self.d_gamma[j] += float(d_out[i, j]) * self.x_hat[i][j]
                self.d_beta[j] += float(d_out[i, j])
            for i in range(B):
                rest = B * float(d_out[i, j]) - self.d_beta[j] - self.x_hat[i][j] * self.d_gamma[j]
                d_x[i][j] = float(self.gamma[j]) / (B * self.std[j]) * rest
        return d_x

    def test_affine(self):
        features = range(len(self.running_mean))
        scale = [float(self.gamma[j]) / math.sqrt(self.running_var[j] + self.eps) for j in features]
        shift = [float(self.beta[j]) - scale[j] * self.running_mean[j] for j in features]
        return scale, shift
