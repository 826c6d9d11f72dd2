"""What simple thing relates a wrong array to the right one: a factor, a sign, a transpose, a lost axis."""

from __future__ import annotations

import math

import numpy as np

SPREAD = 1e-3  # relative spread of the ratios within which a factor counts as constant
MIN_ELEMENTS = 2  # one number is always a multiple of another


def relation(got: np.ndarray, expected: np.ndarray) -> str | None:
    """A phrase on how ``got`` follows from ``expected`` (same shape, float64), or None.

    Examples: ``2 times too large everywhere``, ``the sign is flipped everywhere``, ``transposed``,
    ``every row is the sum over the batch``.
    """
    if got.shape != expected.shape or got.size < MIN_ELEMENTS or not np.isfinite(got).all():
        return None
    if not np.any(got):
        return "zero everywhere"
    with np.errstate(all="ignore"):  # a student's numbers may be as large as they come
        for find in (_factor, _reordered, _constant_offset, _collapsed):
            found = find(got, expected)
            if found:
                return found
    return None


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Equality up to ``SPREAD`` of the largest magnitude."""
    return a.shape == b.shape and bool(
        np.allclose(a, b, rtol=SPREAD, atol=SPREAD * (np.abs(b).max() + 1e-300))
    )


def _factor(got: np.ndarray, expected: np.ndarray) -> str | None:
    large = np.abs(expected) > 1e-6 * np.abs(expected).max()
    if large.sum() < MIN_ELEMENTS:
        return None
    factor = float(np.median(got[large] / expected[large]))
    if factor == 0 or abs(factor - 1) < SPREAD or not close(got, factor * expected):
        return None
    if abs(factor + 1) < SPREAD:
        return "the sign is flipped everywhere"
    sign = ", with the sign flipped" if factor < 0 else ""
    size = abs(factor)
    direction, ratio = ("large", size) if size > 1 else ("small", 1 / size)
    return f"{_nice(ratio)} times too {direction} everywhere{sign}"


def _nice(ratio: float) -> str:
    for value, text in ((math.log(10), "ln 10 ="), (1 / math.log(2), "1/ln 2 ="), (math.e, "e =")):
        if abs(ratio / value - 1) < SPREAD:
            return f"{text} {ratio:.4g}"
    return f"{round(ratio)}" if abs(ratio / max(1, round(ratio)) - 1) < SPREAD else f"{ratio:.4g}"


def _reordered(got: np.ndarray, expected: np.ndarray) -> str | None:
    if got.ndim >= 2 and got.shape[-1] == got.shape[-2] and close(got, np.swapaxes(expected, -1, -2)):
        return "transposed"
    for axis in range(got.ndim):
        if got.shape[axis] > 1 and close(got, np.flip(expected, axis)):
            return f"in reverse order along axis {axis}"
    if got.ndim >= 2 and close(got.ravel(order="F"), expected.ravel()):
        return "the right numbers in another order: check reshape and transpose"
    return None


def _constant_offset(got: np.ndarray, expected: np.ndarray) -> str | None:
    offset = float(np.median(got - expected))
    if abs(offset) > SPREAD * np.abs(expected).max() and close(got - offset, expected):
        return f"{abs(offset):.4g} too {'large' if offset > 0 else 'small'} everywhere"
    return None


def _collapsed(got: np.ndarray, expected: np.ndarray) -> str | None:
    for axis in range(expected.ndim):
        if expected.shape[axis] < 2:
            continue
        for name, reduce in (("sum", np.sum), ("mean", np.mean)):
            if close(got, np.broadcast_to(reduce(expected, axis=axis, keepdims=True), got.shape)):
                return f"the {name} over axis {axis} everywhere"
    total = np.full(got.shape, expected.sum())
    return "the sum over all elements everywhere" if close(got, total) else None
