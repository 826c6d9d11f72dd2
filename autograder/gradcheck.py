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

from autograder.relations import relation

STEP = 1e-5  # near the cube root of float64's epsilon, where rounding and truncation balance
STEP_FLOAT32 = 2e-2  # the same balance for a function that computes in float32
FULL_SIZE = 400  # elements up to which every one is differenced; above, random directions
DIRECTIONS = 24  # random directions for larger arrays: a wrong element in 1 000 is missed with p < 1e-6
KINK = 1e-2  # relative disagreement of left and right slope that counts as a kink
RTOL = 1e-5
RTOL_FLOAT32 = 3e-2


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
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, d_out: np.ndarray, *, step: float = STEP
) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of Σ d_out · f(x) for every element of ``x``.

    Args:
        f: array -> array shaped like ``d_out``; must not keep or change its argument.
        x: any shape, float64.
        d_out: upstream gradient.

    Returns:
        (gradient, kink), both shaped like ``x``; ``kink`` marks elements where left and right slope disagree.
    """
    x = np.array(x, dtype=np.float64)
    slopes = np.zeros((x.size, 2))
    middle = _loss(f, x, d_out)
    for i in range(x.size):
        direction = np.zeros(x.size)
        direction[i] = 1.0
        slopes[i] = _slopes(f, x, d_out, direction.reshape(x.shape), middle, step)
    gradient = slopes.mean(axis=1).reshape(x.shape)
    return gradient, _is_kink(slopes, step).reshape(x.shape)


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
    at 0) nothing is compared. A function that computes in float32 gets a larger step and tolerance.

    Args:
        f: array -> array; the forward pass as a function of one argument.
        x: where to differentiate; floats of any shape.
        d_out: upstream gradient, shaped like f(x). Use random numbers: a constant hides mistakes, and through batch
            normalization its gradient is zero.
        analytic: shaped like ``x``.
        name: how messages call the gradient.
        rng: for the random directions; a fixed generator when absent.

    Raises:
        ValueError: ``analytic`` or ``d_out`` has the wrong shape.
    """
    x = np.array(x, dtype=np.float64)
    analytic = np.asarray(analytic, dtype=np.float64)
    out = np.asarray(f(x.copy()))
    d_out = np.asarray(d_out, dtype=np.float64)
    if analytic.shape != x.shape:
        raise ValueError(f"{name}: the gradient has shape {analytic.shape}, its argument {x.shape}")
    if d_out.shape != out.shape:
        raise ValueError(f"{name}: d_out has shape {d_out.shape}, f(x) {out.shape}")
    single = out.dtype == np.float32
    step, rtol = (STEP_FLOAT32, RTOL_FLOAT32) if single else (STEP, RTOL)
    if x.size <= FULL_SIZE:
        numeric, kink = numerical_gradient(f, x, d_out, step=step)
        return _compare(analytic, numeric, kink, rtol, name, directions=False)
    rng = rng or np.random.default_rng(0)
    middle = _loss(f, x, d_out)
    slopes, expected = np.zeros((DIRECTIONS, 2)), np.zeros(DIRECTIONS)
    for k in range(DIRECTIONS):
        direction = rng.normal(size=x.shape)
        direction /= np.linalg.norm(direction)
        slopes[k] = _slopes(f, x, d_out, direction, middle, step)
        expected[k] = float(np.sum(analytic * direction))
    return _compare(expected, slopes.mean(axis=1), _is_kink(slopes, step), 10 * rtol, name, directions=True)


def _loss(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, d_out: np.ndarray) -> float:
    return float(np.sum(np.asarray(f(x.copy()), dtype=np.float64) * d_out))


def _slopes(
    f: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    d_out: np.ndarray,
    direction: np.ndarray,
    middle: float,
    step: float,
) -> tuple[float, float]:
    left = _loss(f, x - step * direction, d_out)
    right = _loss(f, x + step * direction, d_out)
    return (middle - left) / step, (right - middle) / step


def _is_kink(slopes: np.ndarray, step: float) -> np.ndarray:
    scale = np.abs(slopes).max(initial=0.0)
    # A smooth function's one-sided slopes differ by about step · f''; allow curvature as large as 100 slopes.
    allowed = np.maximum(KINK, 100 * step) * np.maximum(np.abs(slopes).max(axis=1), 1e-2 * scale)
    return np.abs(slopes[:, 1] - slopes[:, 0]) > allowed + 1e-9


def _compare(
    analytic: np.ndarray, numeric: np.ndarray, kink: np.ndarray, rtol: float, name: str, *, directions: bool
) -> GradientReport:
    kinks = int(kink.sum())
    scale = float(np.max(np.abs(numeric), initial=0.0, where=~kink))
    tolerance = rtol * np.abs(numeric) + rtol * max(scale, 1e-6) + 1e-9
    distance = np.where(kink, 0.0, np.abs(analytic - numeric))
    wrong = ~(distance <= tolerance)
    compared = int(numeric.size) - kinks
    if not wrong.any():
        return GradientReport(True, "", compared, kinks)
    if directions:
        related = relation(analytic[~kink], numeric[~kink])
        where: tuple[Any, ...] = (int(np.argmax(np.nan_to_num(distance, nan=np.inf))),)
        place = f"{name} along random direction {where[0]}"
    else:
        related = relation(analytic, numeric) if not kinks else None
        where = np.unravel_index(np.argmax(np.nan_to_num(distance, nan=np.inf)), numeric.shape)
        place = f"{name}[{', '.join(str(int(i)) for i in where)}]" if numeric.ndim else name
    message = f"{place}: got {analytic[where]:.6g}, numerically {numeric[where]:.6g}"
    return GradientReport(False, message + (f" ({related})" if related else ""), compared, kinks)
