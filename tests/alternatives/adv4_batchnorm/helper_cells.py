"""Helpers in cells of their own, and the methods put into the class one after another."""

# %%
import numpy as np


# %%
def batch_statistics(x):
    mu = x.mean(axis=0)
    return mu, ((x - mu) ** 2).mean(axis=0)


def moved(average, new, rho):
    return new.copy() if average is None else rho * average + (1 - rho) * new


# %%
class BatchNorm:
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.9):
        self.gamma, self.beta, self.eps, self.momentum = gamma, beta, eps, momentum
        self.average = {"mean": None, "var": None}


# %%
def forward(self, x, train=True):
    if train:
        self.x = x.copy()
        self.mean, self.var = batch_statistics(x)
        self.average["mean"] = moved(self.average["mean"], self.mean, self.momentum)
        self.average["var"] = moved(self.average["var"], self.var, self.momentum)
        return (x - self.mean) / np.sqrt(self.var + self.eps) * self.gamma + self.beta
    scale, shift = self.test_affine()
    return scale * x + shift


BatchNorm.forward = forward


# %%
def backward(self, d_out):
    # Everything once more from x: slower, but nothing can be out of date.
    mu, var = batch_statistics(self.x)
    deviation, v = self.x - mu, var + self.eps
    d_hat = d_out * self.gamma
    d_var = (d_hat * deviation * -0.5 * v**-1.5).sum(axis=0)
    d_mu = -(d_hat / np.sqrt(v)).sum(axis=0)
    self.d_gamma = (d_out * deviation / np.sqrt(v)).sum(axis=0)
    self.d_beta = d_out.sum(axis=0)
    return d_hat / np.sqrt(v) + (2 * d_var * deviation + d_mu) / len(d_out)


BatchNorm.backward = backward

# %%
BatchNorm.test_affine = lambda self: (
    self.gamma / np.sqrt(self.average["var"] + self.eps),
    self.beta - self.gamma * self.average["mean"] / np.sqrt(self.average["var"] + self.eps),
)
