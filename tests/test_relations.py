"""`relation` says what a wrong array has to do with the right one, and says nothing when nothing has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.relations import relation, reorderings
from tests.properties import few, scales, seeds

shapes = st.lists(st.integers(2, 5), min_size=1, max_size=4).map(tuple)


@few
@given(seeds, scales, shapes, st.integers(2, 500))
def test_a_whole_factor_is_named(rng, scale, shape, factor):
    right = scale * rng.normal(size=shape)
    assert relation(factor * right, right) == f"{factor} times too large everywhere"
    assert relation(right / factor, right) == f"{factor} times too small everywhere"
    assert relation(-factor * right, right) == f"{factor} times too large everywhere, with the sign flipped"


@few
@given(seeds, scales, shapes, st.floats(1.0005, 0.999e4))
def test_any_other_factor_is_named_to_four_digits(rng, scale, shape, factor):
    right = scale * rng.normal(size=shape)
    # The numbers of a student who computes in float32.
    said = relation((factor * right).astype(np.float32).astype(np.float64), right)
    words = said.split()
    # "2", "1.429", "ln 10 = 2.303"
    named = float(words[words.index("times") - 1])
    assert said.endswith("times too large everywhere")
    assert abs(named / factor - 1) < 2e-3
    assert abs(named - 1) > 0.3 * abs(factor - 1)  # never "1 times too large"


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (4, "4 times too large everywhere"),
        (0.25, "4 times too small everywhere"),
        (-1, "the sign is flipped everywhere"),
        (0, "zero everywhere"),
        (1.001, "1.001 times too large everywhere"),
        (0.999, "1.001 times too small everywhere"),
        (np.log(10), "ln 10 = 2.303 times too large everywhere"),
        (1 / np.log(2), "1/ln 2 = 1.443 times too large everywhere"),
        (1, None),
        (1.00001, None),
    ],
)
def test_factors_by_hand(factor, said):
    right = np.array([[0.3, -2.0, 0.7], [1.5, 0.0, -0.2]])
    assert relation(factor * right, right) == said


@few
@given(seeds, scales, st.integers(2, 5), st.integers(2, 5))
def test_swapped_axes_are_named(rng, scale, n, other):
    square, box = scale * rng.normal(size=(n, n)), scale * rng.normal(size=(n, other, n))
    assert relation(square.T, square) == "transposed"
    assert relation(box.transpose(2, 1, 0), box) == ("axes 0 and 2 are swapped" if n > 1 else None)
    assert relation(box[:, ::-1], box) == "in reverse order along axis 1"


@few
@given(seeds, scales, st.integers(2, 5), st.sampled_from([0, 1, 2]))
def test_a_lost_axis_is_named(rng, scale, n, axis):
    right = scale * (1 + rng.random(size=(n, n + 1, n + 2)))
    for name, reduce in (("sum", np.sum), ("mean", np.mean)):
        wrong = np.broadcast_to(reduce(right, axis=axis, keepdims=True), right.shape)
        assert relation(wrong, right) == f"the {name} over axis {axis} everywhere"


@few
@given(seeds, scales, shapes)
def test_a_constant_offset_is_named(rng, scale, shape):
    right = rng.normal(size=shape) * scale
    assert relation(right + 0.5 * scale, right) == f"{0.5 * scale:.4g} too large everywhere"


@few
@given(seeds, scales, st.lists(st.integers(3, 5), min_size=2, max_size=4).map(tuple))
def test_numbers_that_have_nothing_to_do_with_each_other_are_not_related(rng, scale, shape):
    assert relation(scale * rng.normal(size=shape), scale * rng.normal(size=shape)) is None


@few
@given(seeds, scales, st.lists(st.integers(3, 5), min_size=2, max_size=4).map(tuple), st.data())
def test_one_wrong_element_is_no_relation(rng, scale, shape, data):
    right = scale * rng.normal(size=shape)
    wrong = right.copy()
    wrong.flat[data.draw(st.integers(0, right.size - 1))] += scale
    assert relation(wrong, right) is None


@few
@given(seeds, st.lists(st.integers(1, 3), min_size=0, max_size=7).map(tuple))
def test_reorderings_keep_the_shape_and_differ(rng, shape):
    array = rng.normal(size=shape)
    for phrase, other in reorderings(array):
        assert phrase and other.shape == array.shape
        assert not np.array_equal(other, array)


def test_strange_numbers_have_no_relation():
    for wrong in (np.full(3, np.nan), np.array([1, np.inf, 2]), np.ones(2)):
        assert relation(wrong, np.array([1.0, 2.0, 4.0])) is None
    assert relation(np.ones(1), np.full(1, 2.0)) is None  # one number is always a multiple of another
    assert relation(np.full(3, 1e300), np.array([1e-300, 1.0, 2.0])) is None
