"""Nothing changes in place: every update returns a new dict of new arrays; ε elsewhere where that is allowed."""

import numpy as np


class SGD:
    def __init__(self, learning_rate=0.01):
        self.eta = learning_rate

    def update(self, params, grads):
        return {name: params[name] - self.eta * grads[name] for name in params}


class Momentum:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.eta, self.alpha, self.velocity = learning_rate, momentum, {}

    def update(self, params, grads):
        # The rate is applied outside: the same as (39), (40) while η stays as it is.
        old = self.velocity or {name: np.zeros_like(g) for name, g in grads.items()}
        self.velocity = {name: self.alpha * old[name] + g for name, g in grads.items()}
        return {name: w - self.eta * self.velocity[name] for name, w in params.items()}


class AdaGrad:
    def __init__(self, learning_rate=0.01, eps=1e-8):
        self.eta, self.eps, self.h = learning_rate, eps, {}

    def update(self, params, grads):
        self.h = {name: self.h.get(name, 0) + g**2 for name, g in grads.items()}
        return {n: w - self.eta / (np.sqrt(self.h[n]) + self.eps) * grads[n] for n, w in params.items()}


class RMSProp:
    def __init__(self, learning_rate=0.001, rho=0.9, eps=1e-8):
        self.eta, self.rho, self.eps, self.h = learning_rate, rho, eps, {}

    def update(self, params, grads):
        self.h = {n: self.rho * self.h.get(n, 0) + (1 - self.rho) * g**2 for n, g in grads.items()}
        return {n: w - self.eta * grads[n] / np.sqrt(self.h[n] + self.eps) for n, w in params.items()}


class AdaDelta:
    def __init__(self, rho=0.95, eps=1e-6):
        self.rho, self.eps, self.h, self.s = rho, eps, {}, {}

    def update(self, params, grads):
        new = {}
        for name, w in params.items():
            g = grads[name]
            self.h[name] = self.rho * self.h.get(name, 0) + (1 - self.rho) * g**2
            s = self.s.get(name, np.zeros_like(w))
            step = np.sqrt(s + self.eps) / np.sqrt(self.h[name] + self.eps) * g
            self.s[name] = self.rho * s + (1 - self.rho) * step**2
            new[name] = w - step
        return new


class Adam:
    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.alpha, self.beta1, self.beta2, self.eps = learning_rate, beta1, beta2, eps
        self.t, self.m, self.v = 0, {}, {}

    def update(self, params, grads):
        self.t, new = self.t + 1, {}
        for name, w in params.items():
            g = grads[name]
            self.m[name] = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * g
            self.v[name] = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * g**2
            m_hat = self.m[name] / (1 - self.beta1**self.t)
            v_hat = self.v[name] / (1 - self.beta2**self.t)
            new[name] = w - self.alpha * m_hat / np.sqrt(v_hat + self.eps)
        return new
