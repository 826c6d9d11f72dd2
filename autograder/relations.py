"""What simple thing relates a wrong array to the right one: a factor, a sign, a transpose, a lost axis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

SPREAD = 1e-3  # relative spread of the ratios within which a factor counts as constant
NEAR_ONE = 1e-4  # factors nearer to 1 are rounding
MOST_TIMES = 1e100  # a larger factor has no inverse, or explains nothing
MIN_ELEMENTS = 2  # one number is always a multiple of another
MAX_PERMUTED = 5  # axes; of more, not every order is tried


def relation(got: np.ndarray, expected: np.ndarray) -> str | None:
    """A phrase on how ``got`` follows from ``expected`` (same shape, float64), or None.

    Examples: ``2 times too large everywhere``, ``the sign is flipped everywhere``, ``transposed``,
    ``axes 0 and 2 are swapped``, ``the sum over axis 0 everywhere``.
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


def close(a: np.ndarray, b: np.ndarray, spread: float = SPREAD) -> bool:
    """Equality up to ``spread`` of the largest magnitude."""
    return a.shape == b.shape and bool(
        np.allclose(a, b, rtol=spread, atol=spread * (np.abs(b).max() + 1e-300))
    )


def reorderings(got: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """(phrase, view) for every array of the same shape that a slip with the axes may have turned into ``got``."""
    axes = range(got.ndim)
    if got.ndim <= MAX_PERMUTED:
        orders: Iterator[tuple[int, ...]] = itertools.permutations(axes)
    else:
        orders = (_swapped(got.ndim, i, j) for i, j in itertools.combinations(axes, 2))
    permuted = [order for order in orders if order != tuple(axes)]
    permuted = [order for order in permuted if tuple(got.shape[axis] for axis in order) == got.shape]
    # Two axes that changed places are likelier than three; of an axis of length 1 nothing is seen.
    for order in sorted(permuted, key=lambda order: sum(axis != i for i, axis in enumerate(order))):
        moved = [i for i in axes if order[i] != i]
        if all(got.shape[i] == 1 for i in moved):
            continue
        if got.ndim == 2:
            phrase = "transposed"
        elif len(moved) == 2:
            phrase = f"axes {moved[0]} and {moved[1]} are swapped"
        else:
            phrase = "the axes are in another order"
        yield phrase, np.transpose(got, order)
    for axis in axes:
        if got.shape[axis] > 1:
            yield f"in reverse order along axis {axis}", np.flip(got, axis)


def _swapped(ndim: int, i: int, j: int) -> tuple[int, ...]:
    order = list(range(ndim))
    order[i], order[j] = j, i
    return tuple(order)


def _factor(got: np.ndarray, expected: np.ndarray) -> str | None:
    large = np.abs(expected) > 1e-6 * np.abs(expected).max()
    if large.sum() < MIN_ELEMENTS:
        return None
    factor = float(np.median(got[large] / expected[large]))
    # A factor near 1 must be much clearer than what it explains.
    spread = min(SPREAD, abs(factor - 1) / 4)
    if (
        not 1 / MOST_TIMES < abs(factor) < MOST_TIMES
        or abs(factor - 1) < NEAR_ONE
        or not close(got, factor * expected, spread)
    ):
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
    if ratio < 1.01:
        return f"{ratio:.5g}"
    return f"{round(ratio)}" if abs(ratio / round(ratio) - 1) < SPREAD else f"{ratio:.4g}"


def _reordered(got: np.ndarray, expected: np.ndarray) -> str | None:
    for phrase, array in reorderings(got):
        if close(array, expected):
            return phrase
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
