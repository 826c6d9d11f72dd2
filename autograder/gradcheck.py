"""Numerical gradients: what a backward pass must agree with.

For a function f with output y and an upstream gradient d_out, the loss L = Σ d_out · f(x) has the gradient that the
backward pass should return. Central differences estimate it: ∂L/∂x_i ≈ (L(x + ε e_i) − L(x − ε e_i)) / 2ε.
Source: handout eq. (13); Press et al., Numerical Recipes, sec. 5.7, for the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.calls.numbers import NotNumbers, as_numbers
from autograder.relations import relation, reorderings

STEP = 1e-5  # near the cube root of float64's epsilon, where rounding and truncation balance
STEP_FLOAT32 = 2e-2  # the same balance for a function that computes in float32
FULL_SIZE = 400  # elements up to which every one is differenced; above, random directions
DIRECTIONS = 24  # random directions for larger arrays: a wrong element in 1 000 is missed with p < 1e-6
FAR_OUT = 100  # typical size of x from which on the step grows with it: x + step must not be rounded to x
KINK = 1e-2  # relative disagreement of left and right slope that counts as a kink
KINK_FLOAT32 = 6e-2  # half of it is the error that a kink just overlooked can make: the tolerance
RTOL = 1e-5
RTOL_FLOAT32 = 3e-2
MOST_KINKS = 0.5  # of all random directions; with more of them, single elements are compared
NOTHING = 1e-11  # of the largest upstream gradient: what is below counts as 0
ROUNDINGS = 8  # of the loss's terms, by which two values of the loss may differ though nothing else does


@dataclass(frozen=True)
class GradientReport:
    """Outcome of one comparison.

    Attributes:
        ok: the analytic gradient agrees everywhere it was compared.
        message: worst index, both values, and what relates them when something does; "" when ok.
        compared: elements or directions compared.
        kinks: elements or directions skipped because the function has no derivative there.
    """

    ok: bool
    message: str
    compared: int
    kinks: int

    def __bool__(self) -> bool:
        return self.ok


def numerical_gradient(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, d_out: np.ndarray, *, step: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of Σ d_out · f(x) for every element of ``x``.

    Args:
        f: array -> array shaped like ``d_out``; must not keep or change its argument.
        x: any shape, float64.
        d_out: upstream gradient.
        step: ε; chosen for the precision of f and the size of x when absent.

    Returns:
        (gradient, kink), both shaped like ``x``; ``kink`` marks elements where left and right slope disagree.
    """
    probe = _Probe(f, x, d_out, step)
    slopes = probe.slopes_of_elements()
    return slopes.mean(axis=1).reshape(probe.x.shape), probe.kinks(slopes).reshape(probe.x.shape)


def gradient_check(
    f: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    d_out: np.ndarray,
    analytic: np.ndarray,
    *,
    name: str = "gradient",
    rng: np.random.Generator | None = None,
) -> GradientReport:
    """Compare ``analytic``, the backward pass's ∂L/∂x, with central differences of L = Σ d_out · f(x).

    Every element is compared when ``x`` is small, random directions when it is large. Where ``f`` has a kink (ReLU
    at 0) nothing is compared; a function that has one everywhere draws random numbers, and fails.

    What it sees: up to `FULL_SIZE` elements, an error in any one of them above 1e-5 of its size and of the largest
    gradient; in larger arrays, a factor of 1.001 everywhere, or a single element that is wrong by as much as a
    typical gradient, among 10 000 and more. A function that computes in float32 has rounding errors a billion times
    larger than one in float64: it gets a larger step, and only errors above 6 % (of the largest gradient) are seen.
    So a check also compares gradients with the reference's.

    Args:
        f: array -> array; the forward pass as a function of one argument.
        x: where to differentiate; floats of any shape.
        d_out: upstream gradient, shaped like f(x). Use random numbers: a constant hides mistakes, and through batch
            normalization its gradient is zero.
        analytic: shaped like ``x``.
        name: how messages call the gradient.
        rng: for the random directions; a fixed generator when absent.

    Raises:
        ValueError: ``analytic`` or ``d_out`` has the wrong shape, or something in it or in f(x) is no number.
    """
    analytic = _floats(analytic, name)
    if analytic.shape != np.shape(x):
        raise ValueError(f"{name}: the gradient has shape {analytic.shape}, its argument {np.shape(x)}")
    probe = _Probe(f, x, d_out)
    if probe.d_out.shape != probe.out.shape:
        raise ValueError(f"{name}: d_out has shape {probe.d_out.shape}, f(x) {probe.out.shape}")
    if analytic.size <= FULL_SIZE:
        return _compare_elements(probe, analytic, name)
    return _compare_directions(probe, analytic, name, 0 if rng is None else int(rng.integers(2**31)))


class _Probe:
    """L = Σ d_out · f(x) around x, and how exactly its slopes can be told."""

    def __init__(
        self,
        f: Callable[[np.ndarray], np.ndarray],
        x: np.ndarray,
        d_out: np.ndarray,
        step: float | None = None,
    ) -> None:
        self._f = f
        self.x = np.array(x, dtype=np.float64)
        self.d_out = _floats(d_out, "d_out")
        self.out = _numbers(f(self.x.copy()), "f(x)")
        self.single = self.out.dtype == np.float32
        size = float(np.sqrt(np.mean(self.x**2))) if self.x.size else 0.0
        self.step = step or (STEP_FLOAT32 if self.single else STEP) * max(1.0, size / FAR_OUT)
        self.rtol, self._kink = (RTOL_FLOAT32, KINK_FLOAT32) if self.single else (RTOL, KINK)
        if self.d_out.shape == self.out.shape:  # the caller says what is wrong otherwise
            terms = self.out.astype(np.float64) * self.d_out
            self._middle = float(np.sum(terms))
            unit = float(np.finfo(np.float32 if self.single else np.float64).eps)
            # Roundings of many terms partly cancel: their sum grows like a random walk.
            self.noise = ROUNDINGS * unit * float(np.sqrt(np.sum(terms**2))) / self.step
            self.noise += NOTHING * float(np.abs(self.d_out).max(initial=0.0))

    def slopes(self, direction: np.ndarray) -> tuple[float, float]:
        """The slopes of L to the left and to the right of x, along a ``direction`` shaped like x."""
        left = self._loss(self.x - self.step * direction)
        right = self._loss(self.x + self.step * direction)
        return (self._middle - left) / self.step, (right - self._middle) / self.step

    def slopes_of_elements(self, indices: np.ndarray | None = None) -> np.ndarray:
        """The slopes (n, 2) with respect to the elements ``indices`` (n,) of x as a row; of all when absent."""
        indices = np.arange(self.x.size) if indices is None else indices
        slopes = np.zeros((len(indices), 2))
        for k, i in enumerate(indices):
            direction = np.zeros(self.x.size)
            direction[i] = 1.0
            slopes[k] = self.slopes(direction.reshape(self.x.shape))
        return slopes

    def kinks(self, slopes: np.ndarray) -> np.ndarray:
        """Where left and right slope disagree by more than rounding and curvature explain."""
        scale = np.abs(slopes).max(initial=0.0)
        allowed = self._kink * np.maximum(np.abs(slopes).max(axis=1), 1e-2 * scale)
        return np.abs(slopes[:, 1] - slopes[:, 0]) > allowed + 4 * self.noise

    def agree(self, analytic: np.ndarray, numeric: np.ndarray, rtol: float) -> np.ndarray:
        """Where two gradients agree up to ``rtol`` of each number and of the largest, and up to rounding."""
        scale = float(np.abs(numeric).max(initial=0.0))
        return np.abs(analytic - numeric) <= rtol * np.abs(numeric) + rtol * scale + self.noise

    def _loss(self, x: np.ndarray) -> float:
        out = _floats(self._f(x), "f(x)")
        if out.shape != self.d_out.shape:
            raise ValueError(f"f(x) has shape {out.shape} where it had {self.d_out.shape}")
        return float(np.sum(out * self.d_out))


def _numbers(value: Any, name: str) -> np.ndarray:
    try:
        return as_numbers(value)
    except NotNumbers as error:
        raise ValueError(f"{name}: {str(error) or 'no numbers'}") from None


def _floats(value: Any, name: str) -> np.ndarray:
    return _numbers(value, name).astype(np.float64)


def _compare_elements(
    probe: _Probe, analytic: np.ndarray, name: str, some: np.ndarray | None = None
) -> GradientReport:
    """Compare every element of the gradient, or ``some`` of them: indices into it as a row."""
    some = np.arange(analytic.size) if some is None else some
    slopes = probe.slopes_of_elements(some)
    kink = probe.kinks(slopes)
    own, numeric = analytic.ravel()[some][~kink], slopes.mean(axis=1)[~kink]
    wrong = ~probe.agree(own, numeric, probe.rtol)
    compared, kinks = int(numeric.size), int(kink.sum())
    if kinks and not compared:
        return GradientReport(False, _nowhere(name), 0, kinks)
    if not wrong.any():
        return GradientReport(True, "", compared, kinks)
    worst = _worst(own, numeric, wrong)
    # Without all of the elements the shape is lost, and with it what axes can say.
    whole = compared == analytic.size
    related = relation(analytic, numeric.reshape(analytic.shape)) if whole else relation(own, numeric)
    where = np.unravel_index(some[~kink][worst], analytic.shape)
    place = f"{name}[{', '.join(str(int(i)) for i in where)}]" if analytic.ndim else name
    return _failure(place, own[worst], numeric[worst], related, compared, kinks)


def _compare_directions(probe: _Probe, analytic: np.ndarray, name: str, seed: int) -> GradientReport:
    slopes, expected = np.zeros((DIRECTIONS, 2)), np.zeros(DIRECTIONS)
    for k in range(DIRECTIONS):
        direction = _direction(analytic.shape, seed, k)
        slopes[k] = probe.slopes(direction)
        expected[k] = float(np.sum(analytic * direction))
    kink = probe.kinks(slopes)
    if np.mean(kink) > MOST_KINKS:
        # As for ReLU at many exact zeros: every direction leads over kinks, single elements lead around them.
        some = np.random.default_rng(seed).choice(analytic.size, FULL_SIZE // 2, replace=False)
        return _compare_elements(probe, analytic, name, np.sort(some))
    numbers = np.flatnonzero(~kink)
    own, numeric = expected[~kink], slopes.mean(axis=1)[~kink]
    rtol = probe.rtol if probe.single else 10 * probe.rtol
    wrong = ~probe.agree(own, numeric, rtol)
    compared, kinks = int(numeric.size), int(kink.sum())
    if not wrong.any():
        return GradientReport(True, "", compared, kinks)
    related = relation(own, numeric)
    if related is None and np.isfinite(own).all():
        for phrase, array in reorderings(analytic):
            again = [float(np.sum(array * _direction(analytic.shape, seed, int(k)))) for k in numbers]
            if probe.agree(np.array(again), numeric, rtol).all():
                related = phrase
                break
    worst = _worst(own, numeric, wrong)
    place = f"{name} along random direction {numbers[worst]}"
    return _failure(place, own[worst], numeric[worst], related, compared, kinks)


def _direction(shape: tuple[int, ...], seed: int, number: int) -> np.ndarray:
    """A random direction of length 1; drawn anew rather than kept, as 24 of them may be large."""
    direction = np.random.default_rng([seed, number]).normal(size=shape)
    return direction / np.linalg.norm(direction)


def _worst(own: np.ndarray, numeric: np.ndarray, wrong: np.ndarray) -> int:
    return int(np.argmax(np.where(wrong, np.nan_to_num(np.abs(own - numeric), nan=np.inf), -1)))


def _nowhere(name: str) -> str:
    return f"{name}: nothing to compare, f jumps everywhere (does it draw random numbers at every call?)"


def _failure(
    place: str, own: float, numeric: float, related: str | None, compared: int, kinks: int
) -> GradientReport:
    message = f"{place}: got {own:.6g}, numerically {numeric:.6g}" + (f" ({related})" if related else "")
    return GradientReport(False, message, compared, kinks)
