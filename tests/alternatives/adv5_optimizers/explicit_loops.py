"""Python floats, one number at a time, whatever the shape; the parameters come back as nested lists."""

import math

import numpy as np


class Numbers:
    """One memory of Python floats for each single number of each parameter."""

    def __init__(self):
        self.memory, self.t = {}, 0

    def update(self, params, grads):
        self.t += 1
        new = {}
        for name in params:
            w, g = np.array(params[name]), grads[name]
            for index in np.ndindex(w.shape):
                memory = self.memory.setdefault((name, index), [0.0, 0.0])
                w[index] = float(w[index]) + self.step(float(g[index]), memory)
            new[name] = w.tolist()
        return new


class SGD(Numbers):
    def __init__(self, learning_rate=0.01):
        super().__init__()
        self.eta = learning_rate

    def step(self, g, memory):
        return -self.eta * g


class Momentum(Numbers):
    def __init__(self, learning_rate=0.01, momentum=0.9):
        super().__init__()
        self.eta, self.alpha = learning_rate, momentum

    def step(self, g, memory):
        memory[0] = self.alpha * memory[0] - self.eta * g
        return memory[0]


class AdaGrad(Numbers):
    def __init__(self, learning_rate=0.01, eps=1e-8):
        super().__init__()
        self.eta, self.eps = learning_rate, eps

    def step(self, g, memory):
        memory[0] += g * g
        return -self.eta * g / math.sqrt(memory[0] + self.eps)


class RMSProp(Numbers):
    def __init__(self, learning_rate=0.001, rho=0.9, eps=1e-8):
        super().__init__()
        self.eta, self.rho, self.eps = learning_rate, rho, eps

    def step(self, g, memory):
        memory[0] = self.rho * memory[0] + (1 - self.rho) * g * g
        return -self.eta * g / (math.sqrt(memory[0]) + self.eps)


class AdaDelta(Numbers):
    def __init__(self, rho=0.95, eps=1e-6):
        super().__init__()
        self.rho, self.eps = rho, eps

    def step(self, g, memory):
        memory[0] = self.rho * memory[0] + (1 - self.rho) * g * g
        change = -math.sqrt(memory[1] + self.eps) / math.sqrt(memory[0] + self.eps) * g
        memory[1] = self.rho * memory[1] + (1 - self.rho) * change * change
        return change


class Adam(Numbers):
    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__()
        self.alpha, self.beta1, self.beta2, self.eps = learning_rate, beta1, beta2, eps

    def step(self, g, memory):
        memory[0] = self.beta1 * memory[0] + (1 - self.beta1) * g
        memory[1] = self.beta2 * memory[1] + (1 - self.beta2) * g * g
        m_hat = memory[0] / (1 - self.beta1**self.t)
        v_hat = memory[1] / (1 - self.beta2**self.t)
        return -self.alpha * m_hat / (math.sqrt(v_hat) + self.eps)
