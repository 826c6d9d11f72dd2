"""A base class runs over the names, and the optimizers only say what a step is; cells of their own."""

# %%
import numpy as np


# %%
class Optimizer:
    def __init__(self):
        self.memory = {}
        self.steps = 0

    def update(self, params, grads):
        self.steps += 1
        for name in sorted(params):
            memory = self.memory.setdefault(name, {})
            params[name] = params[name] + self.step(grads[name], memory)
        return params


def average(memory, key, value, keep):
    memory[key] = keep * memory.get(key, np.zeros_like(value)) + (1 - keep) * value
    return memory[key]


# %%
class SGD(Optimizer):
    def __init__(self, learning_rate=0.01):
        super().__init__()
        self.learning_rate = learning_rate

    def step(self, g, memory):
        return -self.learning_rate * g


# %%
class Momentum(SGD):
    def __init__(self, learning_rate=0.01, momentum=0.9):
        super().__init__(learning_rate)
        self.momentum = momentum

    def step(self, g, memory):
        memory["last"] = super().step(g, memory) + self.momentum * memory.get("last", 0.0)
        return memory["last"]


# %%
class AdaGrad(SGD):
    def __init__(self, learning_rate=0.01, eps=1e-8):
        super().__init__(learning_rate)
        self.eps = eps

    def step(self, g, memory):
        memory["h"] = memory.get("h", self.eps) + np.square(g)
        return super().step(g / np.sqrt(memory["h"]), memory)


# %%
class RMSProp(SGD):
    def __init__(self, learning_rate=0.001, rho=0.9, eps=1e-8):
        super().__init__(learning_rate)
        self.rho, self.eps = rho, eps

    def step(self, g, memory):
        root = np.sqrt(average(memory, "h", g * g, self.rho))
        return super().step(g / (root + self.eps), memory)


# %%
class AdaDelta(Optimizer):
    def __init__(self, rho=0.95, eps=1e-6):
        super().__init__()
        self.rho, self.eps = rho, eps

    def step(self, g, memory):
        above = np.sqrt(memory.get("s", 0.0) + self.eps)
        change = -above / np.sqrt(average(memory, "h", g * g, self.rho) + self.eps) * g
        average(memory, "s", change * change, self.rho)
        return change


# %%
class Adam(SGD):
    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(learning_rate)
        self.betas, self.eps = (beta1, beta2), eps

    def step(self, g, memory):
        hats = [
            average(memory, power, g**power, beta) / (1 - beta**self.steps)
            for power, beta in zip((1, 2), self.betas, strict=True)
        ]
        return super().step(hats[0] / (np.sqrt(hats[1]) + self.eps), memory)
