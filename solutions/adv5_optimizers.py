"""Advanced task 5: six optimizers with one interface, `params = optimizer.update(params, grads)`.

params and grads are dicts of float arrays with the same keys and shapes. What an optimizer remembers it keeps in
a dict of its own, one array per parameter, made when the parameter is first seen. All of them work elementwise and
in the dtype of the parameter.
"""

import numpy as np


class SGD:
    """Stochastic gradient descent: a step against the gradient. Handout eq. (22)."""

    def __init__(self, learning_rate: float = 0.01):
        """learning_rate: η."""
        self.learning_rate = learning_rate

    def update(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Take one step. Returns the updated dict: params itself, changed in place, or a new one.

        params, grads: float arrays under the same names. grads stays as it is. Handout eq. (22).
        """
        ### BEGIN SOLUTION
        for name, g in grads.items():
            params[name] -= self.learning_rate * g
        return params
        ### END SOLUTION


class Momentum:
    """Gradient descent that rolls on: every step keeps a part of the step before. Handout eq. (39), (40)."""

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.9):
        """learning_rate: η. momentum: α, the part of the last step that is kept, 0..1."""
        self.learning_rate = learning_rate
        self.momentum = momentum
        ### BEGIN SOLUTION
        self.step = {}
        ### END SOLUTION

    def update(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Take one step, as `SGD.update`. The first ΔW is -η g. Handout eq. (39), (40)."""
        ### BEGIN SOLUTION
        for name, g in grads.items():
            last = self.step.get(name, 0.0)
            self.step[name] = self.momentum * last - self.learning_rate * g
            params[name] += self.step[name]
        return params
        ### END SOLUTION


class AdaGrad:
    """Short steps where the gradients have been large so far. Handout eq. (41), (42)."""

    def __init__(self, learning_rate: float = 0.01, eps: float = 1e-8):
        """learning_rate: η. eps: ε, what h starts at."""
        self.learning_rate = learning_rate
        self.eps = eps
        ### BEGIN SOLUTION
        self.h = {}
        ### END SOLUTION

    def update(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Take one step, as `SGD.update`. A gradient of 0 moves nothing. Handout eq. (41), (42)."""
        ### BEGIN SOLUTION
        for name, g in grads.items():
            if name not in self.h:
                self.h[name] = np.full_like(g, self.eps)
            self.h[name] += g * g
            params[name] -= self.learning_rate * g / np.sqrt(self.h[name])
        return params
        ### END SOLUTION


class RMSProp:
    """AdaGrad that forgets: a moving average of g² in place of the sum. Handout eq. (43), (44)."""

    def __init__(self, learning_rate: float = 0.001, rho: float = 0.9, eps: float = 1e-8):
        """learning_rate: η. rho: ρ, the part of the average that is kept, 0..1. eps: ε."""
        self.learning_rate = learning_rate
        self.rho = rho
        self.eps = eps
        ### BEGIN SOLUTION
        self.h = {}
        ### END SOLUTION

    def update(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Take one step, as `SGD.update`. h starts at 0. Handout eq. (43), (44)."""
        ### BEGIN SOLUTION
        for name, g in grads.items():
            last = self.h.get(name, 0.0)
            self.h[name] = self.rho * last + (1 - self.rho) * g * g
            params[name] -= self.learning_rate * g / (np.sqrt(self.h[name]) + self.eps)
        return params
        ### END SOLUTION


class AdaDelta:
    """Steps in the unit of the parameter itself; there is no learning rate. Handout eq. (45)-(48)."""

    def __init__(self, rho: float = 0.95, eps: float = 1e-6):
        """rho: ρ, the part of both averages that is kept, 0..1. eps: ε, inside both roots."""
        self.rho = rho
        self.eps = eps
        ### BEGIN SOLUTION
        self.h = {}
        self.s = {}
        ### END SOLUTION

    def update(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Take one step, as `SGD.update`. h and s start at 0. Handout eq. (45)-(48)."""
        ### BEGIN SOLUTION
        for name, g in grads.items():
            last_h, s = self.h.get(name, 0.0), self.s.get(name, 0.0)
            h = self.rho * last_h + (1 - self.rho) * g * g
            step = -np.sqrt((s + self.eps) / (h + self.eps)) * g
            self.h[name] = h
            self.s[name] = self.rho * s + (1 - self.rho) * step * step
            params[name] += step
        return params
        ### END SOLUTION


class Adam:
    """Momentum and RMSProp together, both averages corrected for their start at 0. Handout eq. (49)-(55)."""

    def __init__(
        self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ):
        """learning_rate: α. beta1, beta2: β₁ and β₂, the part of m and of v that is kept, 0..1. eps: ε."""
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        ### BEGIN SOLUTION
        self.t = 0
        self.m = {}
        self.v = {}
        ### END SOLUTION

    def update(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Take one step, as `SGD.update`. m, v and t start at 0. Handout eq. (49)-(55)."""
        ### BEGIN SOLUTION
        self.t += 1  # one step for all parameters together
        for name, g in grads.items():
            m = self.beta1 * self.m.get(name, 0.0) + (1 - self.beta1) * g
            v = self.beta2 * self.v.get(name, 0.0) + (1 - self.beta2) * g * g
            self.m[name], self.v[name] = m, v
            m_hat = m / (1 - self.beta1**self.t)
            v_hat = v / (1 - self.beta2**self.t)
            params[name] -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)
        return params
        ### END SOLUTION
