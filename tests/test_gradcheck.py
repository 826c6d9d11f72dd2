"""`gradient_check` passes right gradients, at kinks and in float32 too, and sees planted errors and names them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradcheck import DIRECTIONS, FULL_SIZE, gradient_check, numerical_gradient
from tests.properties import few, scales, seeds

SMALL, LARGE = (5, 7), (50, 200)
sizes = st.sampled_from([SMALL, LARGE])


def _affine(rng, shape, scale=1.0):
    """(f, x, d_out, gradient) of x @ W, a linear map."""
    x, W, d_out = rng.normal(size=shape), rng.normal(size=(shape[1], 3)), rng.normal(size=(shape[0], 3))
    return (lambda v: v @ W), scale * x, d_out, d_out @ W.T


def _tanh(rng, shape):
    """(f, x, d_out, gradient) of a function that is curved everywhere."""
    x, d_out = rng.normal(size=shape), rng.normal(size=shape)
    return np.tanh, x, d_out, d_out * (1 - np.tanh(x) ** 2)


def _relu(rng, shape):
    """(f, x, d_out, gradient) of a function with kinks, some of them hit."""
    x, d_out = rng.normal(size=shape), rng.normal(size=shape)
    x[rng.random(size=shape) < 0.1] = 0
    return (lambda v: np.maximum(v, 0)), x, d_out, d_out * (x > 0)


def _softmax(rng, shape):
    """(f, x, d_out, gradient) of the softmax of rows."""
    x, d_out = rng.normal(size=shape), rng.normal(size=shape)

    def f(v):
        e = np.exp(v - v.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    y = f(x)
    return f, x, d_out, y * (d_out - (d_out * y).sum(axis=1, keepdims=True))


cases = st.sampled_from([_affine, _tanh, _relu, _softmax])
smooth = st.sampled_from([_affine, _tanh, _softmax])


def _in_float32(f):
    return lambda v: f(v.astype(np.float32)).astype(np.float32)


@few
@given(seeds, cases, sizes)
def test_right_gradients_pass(rng, case, shape):
    f, x, d_out, gradient = case(rng, shape)
    report = gradient_check(f, x, d_out, gradient)
    assert report, report.message
    if case is not _relu:
        assert report.kinks == 0
        assert report.compared == (x.size if x.size <= FULL_SIZE else DIRECTIONS)
    # … also from a student who computes backward in float32.
    report = gradient_check(f, x, d_out, gradient.astype(np.float32))
    assert report, report.message


@few
@given(seeds, cases, sizes)
def test_right_gradients_of_functions_in_float32_pass(rng, case, shape):
    f, x, d_out, gradient = case(rng, shape)
    x = x.astype(np.float32)
    report = gradient_check(_in_float32(f), x, d_out, gradient)
    assert report, report.message
    assert report.compared > 0.8 * (x.size if x.size <= FULL_SIZE else DIRECTIONS)


@few
@given(seeds, scales, scales, scales, sizes)
def test_right_gradients_of_any_size_pass_and_wrong_ones_do_not(
    rng, size_of_x, size_of_W, size_of_d_out, shape
):
    f, x, d_out, gradient = _affine(rng, shape, size_of_x)
    d_out, gradient = size_of_d_out * d_out, size_of_d_out * size_of_W * gradient

    def scaled(v):
        return size_of_W * f(v)

    report = gradient_check(scaled, x, d_out, gradient)
    assert report and report.kinks == 0, report.message
    assert not gradient_check(scaled, x, d_out, 1.001 * gradient)
    if shape == SMALL:
        assert not gradient_check(scaled, x, d_out, 1.0001 * gradient)


@few
@given(seeds, cases, sizes, st.sampled_from([1.001, 0.999, -1.0, 2.0, 0.2, 64.0]))
def test_a_factor_is_seen_and_named(rng, case, shape, factor):
    f, x, d_out, gradient = case(rng, shape)
    report = gradient_check(f, x, d_out, factor * gradient)
    assert not report
    assert "numerically" in report.message
    named = {
        1.001: "1.001 times too large everywhere",
        0.999: "1.001 times too small everywhere",
        -1: "the sign is flipped everywhere",
        2: "2 times too large everywhere",
        0.2: "5 times too small everywhere",
        64: "64 times too large everywhere",
    }
    assert f"({named[factor]})" in report.message


@few
@given(seeds, smooth, sizes, st.sampled_from([-1.0, 2.0, 0.5, -4.0]))
def test_a_factor_in_float32_is_seen_and_its_direction_named(rng, case, shape, factor):
    f, x, d_out, gradient = case(rng, shape)
    assert not gradient_check(_in_float32(f), x.astype(np.float32), d_out, factor * gradient)


@few
@given(seeds, smooth)
def test_how_far_the_tolerance_reaches_in_float32(rng, case):
    """A hundredth is not seen, an eighth is: rounding of the loss, divided by the step, is as large as the first."""
    f, x, d_out, gradient = case(rng, SMALL)
    x = x.astype(np.float32)
    assert gradient_check(_in_float32(f), x, d_out, 1.01 * gradient)
    assert not gradient_check(_in_float32(f), x, d_out, 1.125 * gradient)
    assert not gradient_check(f, x, d_out, 1.001 * gradient)  # in float64 far less is enough


@few
@given(seeds, smooth, st.integers(0, SMALL[0] * SMALL[1] - 1), st.sampled_from([1e-4, -1e-4, 1.0, np.nan]))
def test_one_wrong_element_is_seen_and_found(rng, case, index, error):
    f, x, d_out, gradient = case(rng, SMALL)
    wrong = gradient.copy()
    wrong.flat[index] += error * np.abs(gradient).max()
    report = gradient_check(f, x, d_out, wrong)
    place = ", ".join(str(int(i)) for i in np.unravel_index(index, SMALL))
    assert not report and f"gradient[{place}]: got" in report.message


@few
@given(seeds, smooth, st.integers(0, LARGE[0] * LARGE[1] - 1), st.sampled_from([1.0, -1.0, 10.0, np.nan]))
def test_one_wrong_element_in_10_000_is_seen(rng, case, index, error):
    """… when it is off by as much as gradients typically are: a direction mixes all of them."""
    f, x, d_out, gradient = case(rng, LARGE)
    wrong = gradient.copy()
    wrong.flat[index] += error * np.sqrt(np.mean(gradient**2))
    report = gradient_check(f, x, d_out, wrong)
    assert not report and "along random direction" in report.message


@few
@given(seeds, smooth)
def test_what_random_directions_cannot_see(rng, case):
    """A thousandth of a typical gradient in one of 10 000 elements is below the tolerance; in a small array it is not."""
    for shape, seen in ((LARGE, False), (SMALL, True)):
        f, x, d_out, gradient = case(rng, shape)
        wrong = gradient.copy()
        wrong.flat[3] += 1e-3 * np.sqrt(np.mean(gradient**2))
        assert bool(gradient_check(f, x, d_out, wrong)) is not seen


@few
@given(seeds, st.sampled_from([4, 30]))
def test_a_transposed_gradient_is_named(rng, n):
    f, x, d_out, gradient = _affine(rng, (n, n))
    report = gradient_check(f, x, d_out, gradient.T)
    assert not report and "(transposed)" in report.message
    report = gradient_check(f, x, d_out, gradient[::-1])
    assert not report and "(in reverse order along axis 0)" in report.message


@few
@given(seeds, st.sampled_from([(3, 4, 3, 4), (6, 5, 6, 5)]), st.sampled_from([(2, 1, 0, 3), (0, 3, 2, 1)]))
def test_swapped_axes_of_a_filter_are_named(rng, shape, order):
    filters, windows = rng.normal(size=shape), rng.normal(size=(9, *shape[1:]))
    d_out = rng.normal(size=(9, shape[0]))

    def f(v):
        return np.tensordot(windows, v, axes=((1, 2, 3), (1, 2, 3)))

    gradient = np.tensordot(d_out, windows, axes=(0, 0))
    assert gradient_check(f, filters, d_out, gradient)
    report = gradient_check(f, filters, d_out, np.transpose(gradient, order))
    moved = [i for i in range(4) if order[i] != i]
    assert not report and "(axes {} and {} are swapped)".format(*moved) in report.message


@few
@given(seeds, st.sampled_from([0, 1]), st.sampled_from(["sum", "mean"]))
def test_a_lost_axis_is_named_in_small_arrays_and_seen_in_large_ones(rng, axis, name):
    for shape in (SMALL, LARGE):
        f, x, d_out, gradient = _affine(rng, shape)
        lost = getattr(np, name)(gradient, axis=axis, keepdims=True)
        report = gradient_check(f, x, d_out, np.broadcast_to(lost, shape))
        assert not report
        if shape == SMALL:
            assert f"(the {name} over axis {axis} everywhere)" in report.message


@few
@given(seeds, sizes)
def test_the_gate_of_relu_must_be_right_where_there_is_no_kink(rng, shape):
    f, x, d_out, _ = _relu(rng, shape)
    assert not gradient_check(f, x, d_out, d_out)  # always open
    assert not gradient_check(f, x, d_out, d_out * (x < 0))
    assert not gradient_check(f, x, d_out, np.zeros(shape))
    # At the kink itself either side is right.
    report = gradient_check(f, x[:3, :7], d_out[:3, :7], (d_out * (x >= 0))[:3, :7])
    assert report and report.kinks == (x[:3, :7] == 0).sum()


@few
@given(seeds, sizes)
def test_a_function_that_draws_random_numbers_is_not_right_by_having_kinks_only(rng, shape):
    x, d_out = rng.normal(size=shape), rng.normal(size=shape)
    report = gradient_check(lambda v: v * (rng.random(size=v.shape) < 0.5), x, d_out, d_out)
    assert not report


@few
@given(seeds)
def test_a_gradient_that_is_zero_passes_with_its_rounding_and_not_without_its_sum(rng):
    """Through batch normalization a constant has no gradient: all that is there is rounding."""
    x = rng.normal(size=(8, 4))

    def f(v):
        return (v - v.mean(axis=0)) / np.sqrt(v.var(axis=0) + 1e-5)

    d_out = np.broadcast_to(rng.normal(size=4), x.shape)
    assert gradient_check(f, x, d_out, 1e-16 * rng.normal(size=x.shape))
    report = gradient_check(f, x, d_out, d_out)
    assert not report


@few
@given(seeds, st.sampled_from([(), (1,), (0,), (3, 1, 2)]))
def test_every_shape_is_taken(rng, shape):
    x, d_out = rng.normal(size=shape), rng.normal(size=shape)
    assert gradient_check(np.sin, x, d_out, d_out * np.cos(x))
    if x.size:
        assert not gradient_check(np.sin, x, d_out, 1.001 * d_out * np.cos(x))
    gradient, kink = numerical_gradient(np.sin, x, d_out)
    assert gradient.shape == kink.shape == x.shape


def test_wrong_shapes_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="the gradient has shape"):
        gradient_check(np.sin, np.ones(3), np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="d_out has shape"):
        gradient_check(np.sin, np.ones(3), np.ones(4), np.ones(3))


def test_the_same_question_gets_the_same_answer():
    f, x, d_out, gradient = _tanh(np.random.default_rng(0), LARGE)
    first, again = (gradient_check(f, x, d_out, 1.001 * gradient) for _ in range(2))
    assert first == again
    other = gradient_check(f, x, d_out, 1.001 * gradient, rng=np.random.default_rng(5))
    assert not other and other.message != first.message


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_an_error_of_a_ten_thousandth_is_seen_however_large_x_is(size):
    f, x, d_out, gradient = _affine(np.random.default_rng(1), SMALL, size)
    assert gradient_check(f, x, d_out, gradient)
    assert not gradient_check(f, x, d_out, 1.0001 * gradient)
