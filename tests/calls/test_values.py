"""What may cross, and when two values are the same."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.calls.values import Handle, Unsendable, agrees, copied, leaves, same, to_plain


def plain(value):
    return to_plain(value, lambda thing: Handle(1, type(thing).__name__))


class EndlessList(list):
    def __iter__(self):
        raise AssertionError("iterated")

    __len__ = __getitem__ = __iter__  # type: ignore[assignment]


class EndlessDict(dict):
    def __iter__(self):
        raise AssertionError("iterated")

    items = keys = values = __len__ = __iter__  # type: ignore[assignment]


class LyingText(str):
    def __len__(self):
        raise AssertionError("measured")


class LyingArray(np.ndarray):
    def __array__(self, *args, **kwargs):
        raise AssertionError("converted")

    def __len__(self):
        raise AssertionError("measured")


@pytest.mark.parametrize("number", range(8))
def test_what_only_looks_plain_is_never_looked_into(number):
    # By number: pytest itself would look into them.
    value = [EndlessList([1]), EndlessDict(a=1), LyingText("x"), object(), range(3), {1}, 1j, b"x"][number]
    assert plain(value) == Handle(1, type(value).__name__)
    assert plain([value])[0] == Handle(1, type(value).__name__)


def test_an_array_subclass_crosses_as_its_numbers():
    array = plain(np.arange(3.0).view(LyingArray))
    assert type(array) is np.ndarray
    assert list(array) == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(1.5), 1.5),
        (np.int8(-3), -3),
        (np.bool_(True), True),
        (np.float32(0.5), 0.5),
        (np.longdouble(2), 2.0),
    ],
)
def test_numpy_scalars_become_pythons(value, expected):
    got = plain(value)
    assert got == expected
    assert type(got) is type(expected)


def test_arrays_become_little_endian_copies_of_the_same_shape():
    source = np.arange(6, dtype=">f4").reshape(2, 3).T
    got = plain(source)
    assert (got.dtype.str, got.shape, got.flags.c_contiguous) == ("<f4", (3, 2), True)
    assert not np.shares_memory(got, source)
    assert plain(np.array(2.0)).shape == ()


@pytest.mark.parametrize("array", [np.array([None]), np.array(["a"]), np.array([1j]), np.zeros((1,) * 9)])
def test_other_arrays_stay(array):
    assert plain(array) == Handle(1, "ndarray")


@pytest.mark.parametrize(
    "value", [2**63, -(2**63) - 1, "x" * 1_000_001, [0] * 100_001, {(1, 2): 3}, {1.5: 2}]
)
def test_what_is_too_large_or_has_no_order_is_refused(value):
    with pytest.raises(Unsendable):
        plain(value)


def test_a_key_that_only_looks_plain_is_refused():
    with pytest.raises(Unsendable):
        plain({LyingText("a"): 1})


def test_a_list_inside_itself_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(Unsendable, match="nested"):
        plain(value)


def test_a_copy_shares_nothing():
    value = {"a": [np.zeros(2), (np.ones(1),)]}
    duplicate = copied(value)
    for mine, theirs in zip(leaves(value), leaves(duplicate), strict=True):
        assert not np.shares_memory(mine, theirs)
    assert same(value, duplicate)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (np.zeros(2), np.zeros(2), True),
        (np.zeros(2), np.zeros((2, 1)), False),
        (np.zeros(2), np.zeros(2, np.float32), False),
        (np.array([np.nan]), np.array([np.nan]), True),
        (np.zeros(1), -np.zeros(1), False),
        (float("nan"), float("nan"), True),
        (1, True, False),
        (1, 1.0, False),
        ([1], (1,), False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (np.zeros(1), [0.0], False),
        (Handle(1, "A"), Handle(1, "A"), True),
        (Handle(1, "A"), Handle(2, "A"), False),
    ],
)
def test_same_is_bit_for_bit(a, b, equal):
    assert same(a, b) is equal
    assert same([a], [b]) is equal


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-6]), True),
        (np.array([1.0, 2.0]), np.array([1.0, 2.1]), False),
        (np.array([1e-9, 1.0]), np.array([0.0, 1.0]), True),  # rounding, next to the largest
        (np.array([0.001, 0.001]), np.array([0.002, 0.001]), False),
        (np.float32([1 / 3]), np.array([1 / 3]), True),
        (np.array([np.nan, 1.0]), np.array([np.nan, 1.0]), True),
        (np.array([np.nan]), np.array([1.0]), False),
        (np.array([np.inf]), np.array([np.inf]), True),
        (np.array([np.inf]), np.array([-np.inf]), False),
        (np.zeros((0, 3)), np.zeros((0, 3)), True),
        (np.zeros(3), np.zeros((3, 1)), False),
        (np.array([True]), np.array([True]), True),
        ([1.0, 2.0], np.array([1.0, 2.0]), True),
        (1, 1.0, True),
        (2.0, 2.0 + 1e-9, True),
        (float("nan"), float("nan"), True),
        ((1, "a"), [1, "a"], True),
        ("a", "b", False),
        ({"a": 1}, {"b": 1}, False),
        (None, 0, False),
        (Handle(1), np.zeros(1), False),
    ],
)
def test_agreement_is_up_to_rounding(a, b, equal):
    assert agrees(a, b) is equal
