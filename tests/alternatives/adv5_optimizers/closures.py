"""Functions that return an optimizer: its update is a closure, and the state stands in the variables around it."""

from collections import defaultdict
from types import SimpleNamespace

import numpy as np


def made(step):
    def update(params, grads):
        for name, g in grads.items():
            params[name] = params[name] + step(name, g)
        return params

    return SimpleNamespace(update=update)


SGD = lambda learning_rate=0.01: made(lambda name, g: -learning_rate * g)


def Momentum(learning_rate=0.01, momentum=0.9):
    last = defaultdict(float)

    def step(name, g):
        last[name] = momentum * last[name] - learning_rate * g
        return last[name]

    return made(step)


def AdaGrad(learning_rate=0.01, eps=1e-8):
    h = defaultdict(lambda: eps)

    def step(name, g):
        h[name] = h[name] + g * g
        return -learning_rate * g * h[name] ** -0.5

    return made(step)


def RMSProp(learning_rate=0.001, rho=0.9, eps=1e-8):
    h = defaultdict(float)

    def step(name, g):
        h[name] = rho * h[name] + (1 - rho) * g * g
        return -learning_rate * g / (h[name] ** 0.5 + eps)

    return made(step)


def AdaDelta(rho=0.95, eps=1e-6):
    h, s = defaultdict(float), defaultdict(float)

    def step(name, g):
        h[name] = rho * h[name] + (1 - rho) * g * g
        change = -np.sqrt((s[name] + eps) / (h[name] + eps)) * g
        s[name] = rho * s[name] + (1 - rho) * change * change
        return change

    return made(step)


def Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = defaultdict(int), defaultdict(float), defaultdict(float)

    def step(name, g):
        t[name] += 1  # each parameter counts its own updates, and all have the same number of them
        m[name] = beta1 * m[name] + (1 - beta1) * g
        v[name] = beta2 * v[name] + (1 - beta2) * g * g
        m_hat, v_hat = m[name] / (1 - beta1 ** t[name]), v[name] / (1 - beta2 ** t[name])
        return -learning_rate * m_hat / (np.sqrt(v_hat) + eps)

    return made(step)
