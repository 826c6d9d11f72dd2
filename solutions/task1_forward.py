"""Task 1: a two-layer network with random weights guesses a digit (forward propagation).

Rows are examples everywhere: `x` is `(B, d)`, `W` is `(d_in, d_out)`, `b` is `(d_out,)`.
"""

import sys

import numpy as np

from autograder.datasets import load_mnist


def flatten(images: np.ndarray) -> np.ndarray:
    """Turn images into rows of numbers between 0 and 1.

    images: (H, W) one image, or (B, H, W) a batch; uint8, 0..255.
    Returns (1, H*W) or (B, H*W) float64, pixels of one image row by row. Handout eq. (9).
    """
    ### BEGIN SOLUTION
    height, width = images.shape[-2:]
    return images.reshape(-1, height * width) / 255.0
    ### END SOLUTION


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Squash every number into 0..1, without an overflow for any finite input.

    x: float, any shape. Returns the same shape and dtype. Handout eq. (2).
    """
    ### BEGIN SOLUTION
    # exp of something <= 0 cannot overflow. For x < 0 use 1 / (1 + exp(-x)) = exp(x) / (exp(x) + 1).
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)
    ### END SOLUTION


def softmax(a: np.ndarray) -> np.ndarray:
    """Turn every row of logits into a probability distribution.

    a: (B, C) float. Returns (B, C), same dtype, positive, every row sums to 1. Handout eq. (5), (6).
    """
    ### BEGIN SOLUTION
    # Without the maximum, exp overflows above 709 in float64 and above 88 in float32.
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


class Affine:
    """A layer of nodes: `x @ W + b`. Handout eq. (4)."""

    def __init__(self, W: np.ndarray, b: np.ndarray):
        """W: (d_in, d_out) float, one column per node. b: (d_out,) float."""
        self.W = W
        self.b = b

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (B, d_in) float, one example per row. Returns (B, d_out). Handout eq. (4)."""
        ### BEGIN SOLUTION
        return x @ self.W + self.b
        ### END SOLUTION


def init_parameters(sizes: tuple[int, ...] = (784, 100, 10), seed: int = 0) -> dict[str, np.ndarray]:
    """Draw all weights and all biases from a normal distribution. Handout eq. (8).

    sizes: nodes per layer, the input first. seed: the same seed gives the same numbers.
    Returns {"W1": (sizes[0], sizes[1]), "b1": (sizes[1],), "W2": ...} float64. Layer n has mean 0 and
    variance 1/N, where N = sizes[n - 1] is the number of nodes that feed it.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    params = {}
    for n in range(1, len(sizes)):
        d_in, d_out = sizes[n - 1], sizes[n]
        std = 1 / np.sqrt(d_in)  # normal() takes the standard deviation, not the variance
        params[f"W{n}"] = rng.normal(0, std, size=(d_in, d_out))
        params[f"b{n}"] = rng.normal(0, std, size=d_out)
    return params
    ### END SOLUTION


def forward(params: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The whole network: affine, sigmoid, affine, softmax. Handout eq. (4), (2), (5).

    params: "W1", "b1", "W2", "b2". x: (B, 784) float. Returns (B, 10), the probability of each digit.
    """
    ### BEGIN SOLUTION
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
    ### END SOLUTION


def classify(params: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The most probable digit for every row. Handout eq. (7).

    params: "W1", "b1", "W2", "b2". x: (B, 784) float. Returns (B,) int, 0..9.
    """
    ### BEGIN SOLUTION
    return np.argmax(forward(params, x), axis=1)
    ### END SOLUTION


def read_index(limit: int) -> int:
    """Read one line from the keyboard and return it as an int, 0..limit-1.

    Anything else (no number, out of range, no line at all) prints a polite message and ends the
    program with `sys.exit(2)`. No prompt: the program's output is its answer and nothing else.
    """
    ### BEGIN SOLUTION
    try:
        index = int(input())
    except (ValueError, EOFError):
        index = -1
    if not 0 <= index < limit:
        print(f"Please type one whole number from 0 to {limit - 1}.", file=sys.stderr)
        sys.exit(2)
    return index
    ### END SOLUTION


def main() -> None:
    """Read i from the keyboard and print the digit the network sees in test image i, nothing else.

    The weights are those of `init_parameters()` with its default arguments; i may be 0 up to the number
    of test images - 1. Handout eq. (7).
    """
    ### BEGIN SOLUTION
    images, _ = load_mnist("test")
    i = read_index(len(images))
    print(classify(init_parameters(), flatten(images[i]))[0])
    ### END SOLUTION
