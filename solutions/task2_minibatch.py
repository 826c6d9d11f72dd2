"""Task 2: how wrong is the network? One-hot targets, mini-batches and the mean cross-entropy."""

import sys

import numpy as np

from autograder.datasets import load_mnist
from solutions.task1_forward import flatten, forward, init_parameters, read_index


def one_hot(labels: np.ndarray, classes: int = 10) -> np.ndarray:
    """Write every label as a row with a single 1.

    labels: (B,) int, 0..classes-1. Returns (B, classes) float64. A label >= classes raises IndexError.
    Handout eq. (10).
    """
    ### BEGIN SOLUTION
    t = np.zeros((len(labels), classes))
    t[np.arange(len(labels)), labels] = 1
    return t
    ### END SOLUTION


def cross_entropy(y: np.ndarray, t: np.ndarray) -> float:
    """Mean cross-entropy over the batch, in nats. Finite also where y is 0.

    y: (B, C) float, probabilities. t: (B, C) float, one-hot. Returns one float. Handout eq. (11), (12).
    """
    ### BEGIN SOLUTION
    # ln 0 is -inf, and 0 * inf is nan. 1e-30 is small, and still a normal number in float32.
    return float(-np.sum(t * np.log(np.maximum(y, 1e-30))) / len(y))
    ### END SOLUTION


def random_batch(
    images: np.ndarray, labels: np.ndarray, batch_size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a random mini-batch, no image twice.

    images: (N, H, W) uint8. labels: (N,) int. rng: the only source of randomness.
    Returns x (batch_size, H*W) float64 and t (batch_size, 10) float64; row k of both is the same example.
    Raises ValueError when batch_size > N. Handout eq. (9), (10).
    """
    ### BEGIN SOLUTION
    chosen = rng.choice(len(images), size=batch_size, replace=False)
    return flatten(images[chosen]), one_hot(labels[chosen])
    ### END SOLUTION


def main() -> None:
    """Read B from the keyboard and print the mean loss of B random test images, nothing else.

    B may be 1 up to the number of test images; for anything else a polite message and `sys.exit(2)`.
    The weights are those of `init_parameters()`; the images differ from run to run. The loss is printed
    with at least four decimals. Handout eq. (12).
    """
    ### BEGIN SOLUTION
    images, labels = load_mnist("test")
    batch_size = read_index(len(images) + 1)
    if batch_size == 0:
        print("A mini-batch needs at least one image.", file=sys.stderr)
        sys.exit(2)
    x, t = random_batch(images, labels, batch_size, np.random.default_rng())
    print(f"{cross_entropy(forward(init_parameters(), x), t):.6f}")
    ### END SOLUTION
