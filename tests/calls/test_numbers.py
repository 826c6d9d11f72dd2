"""Values are looked at before they become arrays: what they would cost is known, and only numbers pass."""

from __future__ import annotations

import contextlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.calls.numbers import NotNumbers, as_numbers
from autograder.calls.values import agrees
from autograder.expect import (
    CheckFailed,
    expect_array,
    expect_close,
    expect_dict,
    expect_equal,
    expect_gradient,
    expect_labels,
    expect_number,
    show,
)
from tests.properties import few

MEGABYTE = 2**20


def memory_of(call) -> int:
    """Bytes allocated at most while ``call`` runs."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(value: object) -> str:
    with pytest.raises(CheckFailed) as failure:
        expect_array(value, (501,), "softmax")
    return failure.value.message


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["x" * 10**6] + ["a"] * 500, "a list with texts in it"),
        ([["x" * 10**6]] + [["a"]] * 500, "a list with texts in it"),
        ([0.5] * 500 + ["a"], "a list with texts in it"),
        ([np.zeros(3), None], "a list with None in it"),
        ([{"a": 1}], "a list with a dict in it"),
        ([[1.0], [2.0, 3.0]], "rows of different lengths"),
        ([np.zeros(3), np.zeros((3, 1))], "rows of different lengths"),
        ([1.0, np.zeros(2)], "rows of different lengths"),
        (
            [np.zeros(60 * MEGABYTE, np.uint8), np.zeros(60 * MEGABYTE, np.uint8)],
            "more than 64 MB of numbers",
        ),
        ([np.zeros(9 * MEGABYTE, bool), np.zeros(9 * MEGABYTE)], "more than 64 MB of numbers"),
        ([[[[[[[[np.zeros((1,) * 8)]]]]]]]], "shape"),
        ([10**30, 1], "a number too large for any dtype"),
        ("x" * 10**6, "'xxx"),
    ],
    ids=str,
)
def test_what_is_no_array_is_refused_before_it_costs_memory(value, said):
    message = ""

    def call() -> None:
        nonlocal message
        message = refused(value)

    assert memory_of(call) < 10 * MEGABYTE
    assert said in message
    assert len(message) < 300


@few
@given(
    st.recursive(
        st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats()
        | st.sampled_from([np.array(2), np.float32(1) * np.ones(2)]),
        lambda inner: st.lists(inner, max_size=4),
        max_leaves=12,
    )
)
def test_numbers_in_lists_become_what_numpy_makes_of_them(value):
    try:
        expected = np.array(value)
    except ValueError:
        expected = None
    if expected is None or expected.dtype.kind == "O":
        with pytest.raises(NotNumbers):
            as_numbers(value)
        return
    got = as_numbers(value)
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    assert np.array_equal(got, expected, equal_nan=got.dtype.kind == "f")


def test_mixed_numbers_and_rows_are_right_work():
    assert as_numbers([True, 2, 3.5]).tolist() == [1.0, 2.0, 3.5]
    assert as_numbers([np.float32([1, 2]), (3, True)]).tolist() == [[1, 2], [3, 1]]
    assert as_numbers([np.array(1.0), 2]).shape == (2,)
    assert as_numbers(-0.0).shape == ()


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(
        [np.zeros(0), np.full((2, 2), np.inf), np.array(np.nan), np.zeros((2, 0)), np.array([np.iinfo(np.int64).min]),
         np.longdouble([1, 2]), np.float16([1e4, -1e4]), np.array([1e308, -1e308]), np.array([5e-324, 1.0]),
         np.array([True, False])]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@few
@given(junk)
def test_no_comparison_is_brought_down_by_what_it_is_given(value):
    expectations = [
        lambda: expect_close(value, np.array([[1.0, 2.0]]), "y"),
        lambda: expect_close(value, np.array([1e-300, 3.0]), "y", loose_shape=True),
        lambda: expect_close(value, np.array(1.0), "y"),
        lambda: expect_array(value, (2,), "y", floating=True),
        lambda: expect_number(value, "y"),
        lambda: expect_equal(value, [1, "a"], "y"),
        lambda: expect_equal(value, 1, "y"),
        lambda: expect_labels(value, 2, 10, "y"),
        lambda: expect_dict(value, ["W1"], "y"),
    ]
    for expectation in expectations:
        try:
            expectation()
        except CheckFailed as failure:
            assert len(failure.message) < 400
    assert isinstance(agrees(value, np.zeros(2)), bool)
    assert isinstance(agrees(value, value), bool)
    assert len(show(value)) < 100


extremes = st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 1e-300, 1e308, -1e308, np.inf, np.nan, 65504.0])


@few
@given(st.lists(st.tuples(extremes, extremes), min_size=2, max_size=4), extremes, st.sampled_from("efdg"))
def test_extreme_numbers_are_compared_like_others(pairs, factor, dtype):
    got, expected = (np.array(side) for side in zip(*pairs, strict=True))
    expected = np.nan_to_num(expected, posinf=2.0)
    with np.errstate(all="ignore"):
        for wrong in (got.astype(dtype), (factor * expected).astype(dtype), 5e-324 * expected.astype(dtype)):
            with contextlib.suppress(CheckFailed):
                expect_close(wrong, expected, "y")
            with contextlib.suppress(CheckFailed):
                expect_gradient(lambda v: 2 * v, expected, np.ones_like(expected), wrong, "y")


def test_a_list_of_arrays_is_not_equal_to_a_list_of_numbers():
    with pytest.raises(CheckFailed, match="a list of 1"):
        expect_equal([np.zeros(2)], [3], "digits")


def test_long_values_are_compared_and_shown_quickly():
    text, table = "x" * 10**6, {f"k{i}" * 9: i for i in range(100_000)}
    for value in (text, [text] * 4, table):
        with pytest.raises(CheckFailed) as failure:
            expect_equal(value, "y", "name")
        assert len(failure.value.message) < 200
    with pytest.raises(CheckFailed) as failure:
        expect_dict(table, ["W1"], "init_parameters")
    assert len(failure.value.message) < 300
