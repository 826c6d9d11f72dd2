"""Advanced task 2: activation functions as layers. ReLU, its relatives, and softmax with a temperature.

Every layer works element by element on floats of any shape, keeps float32 as float32, and stays finite at ±1000.
"""

import numpy as np

from solutions.task1_forward import softmax
from solutions.task2_minibatch import cross_entropy
from solutions.task3_backprop import Affine, softmax_cross_entropy_backward


class ReLU:
    """The rectifier: negative numbers become 0. Handout eq. (23), (24)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns max(x, 0) and remembers what backward needs. Eq. (23)."""
        ### BEGIN SOLUTION
        self.passes = x > 0
        return np.maximum(x, 0)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape. Handout eq. (24)."""
        ### BEGIN SOLUTION
        return d_out * self.passes
        ### END SOLUTION


class LeakyReLU:
    """ReLU with a small slope on the negative side: x for x > 0, slope · x otherwise."""

    def __init__(self, slope: float = 0.01):
        """slope: what remains of a negative number, 0..1."""
        self.slope = slope

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns the same shape and remembers what backward needs."""
        ### BEGIN SOLUTION
        self.passes = x > 0
        return np.where(self.passes, x, self.slope * x)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape."""
        ### BEGIN SOLUTION
        return np.where(self.passes, d_out, self.slope * d_out)
        ### END SOLUTION


class ReLU6:
    """ReLU that saturates: 0 below 0, x between, 6 above 6."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns the same shape, 0..6, and remembers what backward needs."""
        ### BEGIN SOLUTION
        self.passes = (x > 0) & (x < 6)
        return np.clip(x, 0, 6)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape."""
        ### BEGIN SOLUTION
        return d_out * self.passes
        ### END SOLUTION


class CReLU:
    """Concatenated ReLU: the positive part and the negative part, side by side. Twice as many features."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (B, d) float, or images (N, C, H, W); it stays as it is. Remembers what backward needs.

        Returns (B, 2*d) or (N, 2*C, H, W): first all of max(x, 0), then all of max(-x, 0).
        """
        ### BEGIN SOLUTION
        self.sign = np.sign(x)
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=1)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of what forward returned; it stays as it is. Returns d_x, the shape of x."""
        ### BEGIN SOLUTION
        d_positive, d_negative = np.split(d_out, 2, axis=1)
        # Where x < 0 the sign is the slope of max(-x, 0), and where x > 0 that of max(x, 0).
        return self.sign * np.where(self.sign > 0, d_positive, d_negative)
        ### END SOLUTION


class ELU:
    """Exponential linear unit: x for x > 0, alpha · (exp(x) − 1) otherwise."""

    def __init__(self, alpha: float = 1.0):
        """alpha: the output goes down to −alpha. With alpha = 1 there is no kink at 0."""
        self.alpha = alpha

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns the same shape and remembers what backward needs."""
        ### BEGIN SOLUTION
        self.x = x
        # exp runs over both sides, so the positive side is cut off first: it would overflow.
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape."""
        ### BEGIN SOLUTION
        return d_out * np.where(self.x > 0, 1, self.alpha * np.exp(np.minimum(self.x, 0)))
        ### END SOLUTION


class Softplus:
    """A ReLU without the corner: ln(1 + exp(x)). Its slope is the sigmoid."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns the same shape and remembers what backward needs."""
        ### BEGIN SOLUTION
        self.x = x
        # ln(1 + e^x) = x + ln(1 + e^-x): take whichever exponent is not positive.
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape."""
        ### BEGIN SOLUTION
        return d_out * (1 + np.tanh(self.x / 2)) / 2
        ### END SOLUTION


class Softsign:
    """x / (1 + |x|): like tanh, but it saturates slowly, and needs no exp."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns the same shape, -1..1, and remembers what backward needs."""
        ### BEGIN SOLUTION
        self.scale = 1 + np.abs(x)
        return x / self.scale
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape."""
        ### BEGIN SOLUTION
        return d_out / self.scale**2
        ### END SOLUTION


class Tanh:
    """The hyperbolic tangent."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns the same shape, -1..1, and remembers what backward needs."""
        ### BEGIN SOLUTION
        self.y = np.tanh(x)
        return self.y
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape."""
        ### BEGIN SOLUTION
        return d_out * (1 - self.y**2)
        ### END SOLUTION


class Sigmoid:
    """The sigmoid, as in task 3, here by way of tanh. Handout eq. (2), (21)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns the same shape, 0..1, remembers what backward needs. Eq. (2)."""
        ### BEGIN SOLUTION
        self.y = (1 + np.tanh(x / 2)) / 2
        return self.y
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape. Handout eq. (21)."""
        ### BEGIN SOLUTION
        return d_out * self.y * (1 - self.y)
        ### END SOLUTION


def softmax_temperature(a: np.ndarray, T: float = 1.0) -> np.ndarray:
    """Softmax of a / T, stable for any logits and any T > 0. Compare handout eq. (5), (6).

    a: (B, C) float. T: the temperature, > 0. Returns (B, C), every row sums to 1.
    """
    ### BEGIN SOLUTION
    e = np.exp((a - a.max(axis=1, keepdims=True)) / T)
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


def softmax_temperature_backward(y: np.ndarray, d_out: np.ndarray, T: float = 1.0) -> np.ndarray:
    """The gradient with respect to the logits that gave y = softmax_temperature(a, T).

    y, d_out: (B, C) float, the probabilities and the gradient of the loss with respect to them.
    Returns d_a (B, C). Neither argument is changed.
    """
    ### BEGIN SOLUTION
    return y * (d_out - np.sum(d_out * y, axis=1, keepdims=True)) / T
    ### END SOLUTION


def loss_and_gradients_with(
    params: dict[str, np.ndarray], x: np.ndarray, t: np.ndarray, activation: object
) -> tuple[float, dict[str, np.ndarray]]:
    """`loss_and_gradients` of task 3 with any activation layer in the place of the sigmoid.

    params: "W1", "b1", "W2", "b2". x: (B, d) float. t: (B, C) float, one-hot.
    activation: a layer with forward and backward; behind CReLU, W2 has two rows for each hidden node.
    Returns the mean cross-entropy in nats and the gradients, a dict with the keys and shapes of params.
    """
    ### BEGIN SOLUTION
    affine1 = Affine(params["W1"], params["b1"])
    affine2 = Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(activation.forward(affine1.forward(x))))

    d_hidden = affine2.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(activation.backward(d_hidden))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
    ### END SOLUTION
