"""Advanced task 3: dropout. Units are switched off at random while the network learns."""

import numpy as np

from solutions.task1_forward import sigmoid, softmax
from solutions.task2_minibatch import cross_entropy
from solutions.task3_backprop import Affine, Sigmoid, softmax_cross_entropy_backward


def keep_mask(shape: tuple[int, ...], rate: float, rng: np.random.Generator) -> np.ndarray:
    """Choose, for each example by itself, which of its units stay.

    shape: (B, ...), the examples first; M is the number of units of one example. rate: ρ, 0 <= ρ < 1.
    rng: the only source of randomness.
    Returns bool of that shape, True where a unit stays. In each example ρ·M units, rounded to a whole
    number (down or to the nearest), are False; each unit is as likely as any other. Handout eq. (25).
    """
    ### BEGIN SOLUTION
    # A random number per unit; the units with the smallest are dropped. One sort per example, no loop.
    tickets = rng.random((shape[0], int(np.prod(shape[1:]))), dtype=np.float32)
    dropped = round(rate * tickets.shape[1])
    order = np.argsort(tickets, axis=1)
    keep = np.ones(tickets.shape, dtype=bool)
    np.put_along_axis(keep, order[:, :dropped], False, axis=1)
    return keep.reshape(shape)
    ### END SOLUTION


class Dropout:
    """Dropout as in the handout: training drops units, use scales them all. Handout eq. (25), (26)."""

    def __init__(self, rate: float = 0.5, seed: int | np.random.Generator = 0):
        """rate: ρ, the share of the units that is dropped, 0 <= ρ < 1. seed: the same seed, the same masks."""
        if not 0 <= rate < 1:
            raise ValueError(f"the rate is {rate}; expected 0 <= rate < 1")
        self.rate = rate
        self.rng = np.random.default_rng(seed)

    def forward(self, x: np.ndarray, train: bool = True) -> np.ndarray:
        """x: (B, ...) float, one example per row. Returns the same shape.

        train=True: draws a new mask, remembers it for backward, sets the dropped units to 0 and leaves the
        others as they are. Handout eq. (25).
        train=False: all units, times 1 - ρ; nothing is random. Handout eq. (26).
        """
        ### BEGIN SOLUTION
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: the gradient with respect to what the last forward(x, train=True) returned; it stays as it is.

        Returns d_x.
        """
        ### BEGIN SOLUTION
        return d_out * self.mask
        ### END SOLUTION


class InvertedDropout:
    """Dropout that scales while it trains, so that using the network needs nothing. Handout eq. (27)."""

    def __init__(self, rate: float = 0.5, seed: int | np.random.Generator = 0):
        """rate: ρ, the share of the units that is dropped, 0 <= ρ < 1. seed: the same seed, the same masks."""
        if not 0 <= rate < 1:
            raise ValueError(f"the rate is {rate}; expected 0 <= rate < 1")
        self.rate = rate
        self.rng = np.random.default_rng(seed)

    def forward(self, x: np.ndarray, train: bool = True) -> np.ndarray:
        """x: (B, ...) float, one example per row. Returns the same shape.

        train=True: drops units as Dropout does and divides the others by 1 - ρ. Handout eq. (27).
        train=False: x as it is.
        """
        ### BEGIN SOLUTION
        if not train:
            return x
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask / (1 - self.rate)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: the gradient with respect to what the last forward(x, train=True) returned; it stays as it is.

        Returns d_x.
        """
        ### BEGIN SOLUTION
        return d_out * self.mask / (1 - self.rate)
        ### END SOLUTION


def forward_dropout(params: dict[str, np.ndarray], x: np.ndarray, dropout: Dropout) -> np.ndarray:
    """The network in use: affine, sigmoid, dropout with train=False, affine, softmax.

    params: "W1", "b1", "W2", "b2". x: (B, d) float. dropout: a Dropout or InvertedDropout layer.
    Returns (B, C) probabilities, the same in every call. Handout eq. (26).
    """
    ### BEGIN SOLUTION
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(dropout.forward(hidden, train=False)))
    ### END SOLUTION


def loss_and_gradients_dropout(
    params: dict[str, np.ndarray], x: np.ndarray, t: np.ndarray, dropout: Dropout
) -> tuple[float, dict[str, np.ndarray]]:
    """The network that learns: affine, sigmoid, dropout, affine, softmax, and back. Handout eq. (13), (25).

    params: "W1", "b1", "W2", "b2". x: (B, d) float. t: (B, C) float, one-hot.
    dropout: a Dropout or InvertedDropout layer; its forward(…, train=True) is called exactly once.
    Returns the mean cross-entropy in nats and the gradients, a dict with the keys and shapes of params.
    """
    ### BEGIN SOLUTION
    affine1 = Affine(params["W1"], params["b1"])
    hidden = Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(dropout.forward(hidden.forward(affine1.forward(x)), train=True)))

    d_dropped = affine2.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(hidden.backward(dropout.backward(d_dropped)))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
    ### END SOLUTION
