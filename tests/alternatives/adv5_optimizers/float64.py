"""State and steps in float64 whatever the parameters are; ε of AdaDelta under one root only."""

import numpy as np


class Stateful:
    def __init__(self, **options):
        self.__dict__.update(options)
        self.state = {}

    def update(self, params, grads):
        for name in params:
            g = grads[name].astype(np.float64)
            if name not in self.state:
                self.state[name] = np.zeros((2, *g.shape), dtype=np.float64)
            params[name] = params[name].astype(np.float64) - self.step(g, self.state[name])
        return params


class SGD(Stateful):
    def __init__(self, learning_rate=0.01):
        super().__init__(eta=learning_rate)

    def step(self, g, state):
        return self.eta * g


class Momentum(Stateful):
    def __init__(self, learning_rate=0.01, momentum=0.9):
        super().__init__(eta=learning_rate, alpha=momentum)

    def step(self, g, state):
        state[0] = self.alpha * state[0] + self.eta * g
        return state[0]


class AdaGrad(Stateful):
    def __init__(self, learning_rate=0.01, eps=1e-8):
        super().__init__(eta=learning_rate, eps=eps)

    def step(self, g, state):
        state[0] += g * g
        return self.eta * g / np.sqrt(state[0] + self.eps)


class RMSProp(Stateful):
    def __init__(self, learning_rate=0.001, rho=0.9, eps=1e-8):
        super().__init__(eta=learning_rate, rho=rho, eps=eps)

    def step(self, g, state):
        state[0] = self.rho * state[0] + (1 - self.rho) * g * g
        return self.eta * g / np.sqrt(state[0] + self.eps)


class AdaDelta(Stateful):
    def __init__(self, rho=0.95, eps=1e-6):
        super().__init__(rho=rho, eps=eps)

    def step(self, g, state):
        state[0] = self.rho * state[0] + (1 - self.rho) * g * g
        step = np.sqrt(state[1] + self.eps) / (np.sqrt(state[0]) + self.eps) * g
        state[1] = self.rho * state[1] + (1 - self.rho) * step * step
        return step


class Adam(Stateful):
    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(alpha=learning_rate, beta1=beta1, beta2=beta2, eps=eps, t=0)

    def update(self, params, grads):
        self.t += 1
        return super().update(params, grads)

    def step(self, g, state):
        state[0] = self.beta1 * state[0] + (1 - self.beta1) * g
        state[1] = self.beta2 * state[1] + (1 - self.beta2) * g * g
        m_hat, v_hat = state[0] / (1 - self.beta1**self.t), state[1] / (1 - self.beta2**self.t)
        return self.alpha * m_hat / (np.sqrt(v_hat) + self.eps)
