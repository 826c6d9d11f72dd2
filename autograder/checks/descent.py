"""What gradient descent leaves behind: weights that were trained here are told from weights that came from elsewhere.

From one start, on the same images, mini-batches in any order lead nearly the same way, because every epoch adds up
the same gradients. So the trusted side walks the way once, in an order of its own, and compares the directions of the
two movements, trained minus start. Their angle is some degrees for every order of the batches, float32 or float64,
batches drawn anew or walked through; it is about 90 degrees for weights that were stored, whether they are returned
as they are or added to the start, because which way a hidden node goes depends on the output weights that it starts
with. Scaling does not help: an angle has no length.

`scripts/calibrate.py` measures the angle of honest runs and of the attacks in `tests/attacks/`.
"""

from __future__ import annotations

import numpy as np

from autograder.expect import expect

Params = dict[str, np.ndarray]

WEIGHTS = ("W1", "W2")  # the biases are few numbers, and noisy
STILL = 1e-3  # of the largest weight: what a change of precision may do to a weight that is never updated
TOLD_ORDER = 0  # seed of the trusted walk; any order will do


def walked(
    start: Params,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
) -> Params:
    """``start`` after stochastic gradient descent on affine, sigmoid, affine, softmax, in float32. Handout eq. (22).

    start: "W1" (784, H), "b1" (H,), "W2" (H, 10), "b2" (10,). images: (N, 28, 28) uint8. labels: (N,) int.
    """
    rng = np.random.default_rng(TOLD_ORDER)
    W1, b1, W2, b2 = (start[name].astype(np.float32) for name in ("W1", "b1", "W2", "b2"))
    x = np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)
    t = np.eye(len(b2), dtype=np.float32)[labels]
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for first in range(0, len(x), batch_size):
            batch = order[first : first + batch_size]
            rows = x[batch]
            h = (1 + np.tanh((rows @ W1 + b1) / 2)) / 2
            a = h @ W2 + b2
            y = np.exp(a - a.max(axis=1, keepdims=True))
            d_a = (y / y.sum(axis=1, keepdims=True) - t[batch]) * np.float32(learning_rate / len(batch))
            d_u = d_a @ W2.T * h * (1 - h)
            W1 -= rows.T @ d_u
            b1 -= d_u.sum(axis=0)
            W2 -= h.T @ d_a
            b2 -= d_a.sum(axis=0)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def degrees_apart(start: Params, trained: Params, right: Params) -> float:
    """The angle between the ways from ``start`` to ``trained`` and to ``right``, 0..180: the larger of W1's and W2's.

    90 where one of them has not moved.
    """
    cosines = []
    for name in WEIGHTS:
        origin = start[name].astype(np.float64)
        one, other = trained[name] - origin, right[name] - origin
        lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
        cosines.append(float(np.sum(one * other)) / lengths if 0 < lengths < np.inf else 0.0)
    return float(np.degrees(np.arccos(np.clip(min(cosines), -1, 1))))


def expect_descent(
    start: Params, trained: Params, images: np.ndarray, labels: np.ndarray, most: float, **options: float
) -> None:
    """``trained`` is what mini-batches of these images and labels make of ``start``, in whatever order.

    Args:
        most: the largest angle in degrees, calibrated.
        options: epochs, batch_size and learning_rate that train was given.
    """
    hint = "Start from a copy of the given params. Every step is the gradient of one mini-batch, times the learning rate."
    dark = images.reshape(len(images), -1).max(axis=0) == 0
    change = np.abs(trained["W1"] - start["W1"])[dark].max(axis=1, initial=0)
    moved = int(np.sum(change > STILL * np.abs(start["W1"]).max()))
    expect(
        moved == 0,
        f"train: the weights of {moved} pixels changed that are 0 in every image, expected none: their gradient (19) is 0",
        hint,
    )
    right = walked(start, images, labels, **options)  # type: ignore[arg-type]  # two of them are ints
    angle = degrees_apart(start, trained, right)
    expect(
        angle <= most,
        f"train: the way from the given to the returned weights is {angle:.0f} degrees off the way down the gradients, "
        f"expected at most {most:.0f}",
        hint,
    )
