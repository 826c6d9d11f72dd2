"""`expect_close` sees what a course calls wrong, and forgives what float32 does to a right result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.expect import CheckFailed, expect_close
from tests.properties import few, scales, seeds

sizes = st.integers(1, 6)


def _said(got: object, expected: np.ndarray, **options: object) -> str:
    with pytest.raises(CheckFailed) as failure:
        expect_close(got, expected, "y", **options)  # type: ignore[arg-type]
    return failure.value.message


@few
@given(seeds, scales, st.lists(sizes, min_size=0, max_size=4), st.sampled_from([1.001, 0.999, -1, 2, 0]))
def test_a_factor_everywhere_is_seen(rng, scale, shape, factor):
    right = scale * rng.normal(size=shape)
    assert "expected" in _said(factor * right, right)


@few
@given(seeds, scales, st.sampled_from([(10_000,), (100, 100), (20, 5, 10, 10)]), st.data())
def test_one_wrong_element_in_10_000_is_seen_and_found(rng, scale, shape, data):
    right = scale * rng.normal(size=shape)
    typical = np.argsort(np.abs(right), axis=None)[5_000:]
    index = int(data.draw(st.sampled_from(typical.tolist()[::250])))
    factor = data.draw(st.sampled_from([-1.0, 0.0, 0.99, 1.01, 2.0]))
    wrong = right.copy()
    wrong.flat[index] *= factor
    said = _said(wrong, right)
    place = ", ".join(str(int(i)) for i in np.unravel_index(index, shape))
    assert f"y[{place}]: got" in said
    assert said.endswith("; 1 of 10000 elements differ")


@few
@given(seeds, scales, st.sampled_from([np.nan, np.inf, -np.inf]), st.integers(0, 9_999))
def test_one_number_that_is_none_is_seen(rng, scale, strange, index):
    right = scale * rng.normal(size=10_000)
    wrong = right.copy()
    wrong[index] = strange
    assert f"y[{index}]: got {strange}, expected a finite number" in _said(wrong, right)
    # Where infinity is right, it must be that one.
    right[index] = np.inf
    expect_close(right.copy(), right, "y")
    right[index] = -np.inf
    wrong[index] = np.nan
    assert f"y[{index}]: got nan, expected -inf" in _said(wrong, right)
    wrong[index] = 1e300
    assert f"y[{index}]" in _said(wrong, right)
    wrong[index] = np.inf
    assert f"y[{index}]: got inf, expected -inf" in _said(wrong, right)


@few
@given(seeds, scales, st.integers(2, 8), st.permutations(range(4)))
def test_axes_of_equal_length_in_another_order_are_seen(rng, scale, n, order):
    right = scale * rng.normal(size=(n, n, n, n))
    if order == list(range(4)):
        expect_close(np.transpose(right, order).copy(), right, "y")
        return
    said = _said(np.transpose(right, order), right)
    moved = [i for i in range(4) if order[i] != i]
    assert ("axes {} and {} are swapped".format(*moved) if len(moved) == 2 else "in another order") in said


@few
@given(seeds, scales, st.integers(2, 40))
def test_a_transposed_square_matrix_is_seen(rng, scale, n):
    right = scale * rng.normal(size=(n, n))
    assert "(transposed)" in _said(right.T, right)
    assert "(transposed)" in _said(rng.normal(size=(n, n + 1)).T, rng.normal(size=(n, n + 1)))


@few
@given(seeds, scales, scales, st.integers(1, 600), sizes)
def test_matrix_products_in_float32_pass(rng, scale, other, inner, outer):
    x, W = scale * rng.normal(size=(outer, inner)), other * rng.normal(size=(inner, 7))
    expect_close(x.astype(np.float32) @ W.astype(np.float32), x @ W, "x @ W")


@few
@given(seeds, scales, sizes, st.integers(1, 12))
def test_softmax_in_float32_passes(rng, scale, rows, classes):
    # Logits of a million keep no digits after the point in float32: a softmax of them is a matter of luck.
    a = min(scale, 10) * rng.normal(size=(rows, classes))

    def softmax(a):
        e = np.exp(a - a.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    single = softmax(a.astype(np.float32))
    assert single.dtype == np.float32
    expect_close(single, softmax(a), "softmax")


@few
@given(seeds, scales, st.integers(1, 4), st.integers(1, 3))
def test_convolutions_in_float32_pass(rng, scale, channels, size):
    x, filters = scale * rng.normal(size=(2, channels, 8, 7)), rng.normal(size=(5, channels, size, size))

    def convolve(x, filters):
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
        return np.einsum("nchwrs,fcrs->nfhw", windows, filters)

    expect_close(convolve(x.astype(np.float32), filters.astype(np.float32)), convolve(x, filters), "y")


@few
@given(seeds, scales)
def test_statistics_in_float32_pass(rng, scale):
    x = scale * (rng.normal(size=(300, 5)) + 3)
    single = x.astype(np.float32)
    expect_close(single.mean(axis=0), x.mean(axis=0), "mean")
    expect_close(single.std(axis=0), x.std(axis=0), "std")
    expect_close(((single - single.mean(axis=0)) / single.std(axis=0)), (x - x.mean(0)) / x.std(0), "x̂")


@few
@given(seeds, scales, st.floats(1e-7, 1e-4))
def test_how_far_the_tolerance_reaches(rng, scale, small):
    """Beside a large element, a small one may be off by a hundred-thousandth of the large one; not by twice that."""
    right = scale * np.array([1.0, small, 0.0])
    for element in (1, 2):
        for error, passes in ((0.9e-5, True), (2.2e-5, False)):
            got = right.copy()
            got[element] += scale * error
            if passes:
                expect_close(got, right, "y")
            else:
                assert f"y[{element}]" in _said(got, right)


def test_how_small_numbers_may_become():
    """Below 1e-12 nothing is told apart: no result of this course is that small, and rounding of zeros is."""
    expect_close(np.array([1e-13, -1e-13]), np.zeros(2), "y")
    assert "y[0]" in _said(np.array([1e-11, 0]), np.zeros(2))
