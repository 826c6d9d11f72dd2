"""Plain values: what may cross between a check and the code it judges.

None, bool, int, float, str, lists, tuples, dicts, numeric arrays, and handles to objects that stay where they are.
Only exact built-in types are looked into: a subclass may lie about its length or never stop iterating.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.calls.numbers import ARRAY_KINDS, NotNumbers, as_numbers

MAX_DEPTH = 16  # a list of layers of tuples of arrays needs 4
MAX_ITEMS = 100_000  # values in one message, arrays counted as one
MAX_DIMENSIONS = 8
MAX_TEXT = 1_000_000  # characters in one string
INT_LIMIT = 2**63
MAX_FLOAT_BYTES = (
    8  # long doubles differ between machines: they cross as float64, and are long doubles again behind
)
LONG = np.dtype(np.longdouble)
DICTS = (dict, OrderedDict, defaultdict)  # nothing of the student's runs when these are looked into
# What an array that stays behind holds, by NumPy's letter for the kind of its dtype.
HELD = {"c": "complex numbers", "O": "objects", "M": "dates", "m": "time spans", "V": "records"}


@dataclass(frozen=True)
class Handle:
    """An object that stays on its own side; only its number and type name travel."""

    number: int
    type_name: str = ""


class Unsendable(Exception):
    """A value that has no plain form; the message says why."""


def is_plain_array(value: Any) -> bool:
    """Whether ``value`` is exactly an array of a kind that may cross."""
    return (
        type(value) is np.ndarray
        and value.dtype.kind in ARRAY_KINDS
        and (value.dtype.itemsize <= MAX_FLOAT_BYTES or value.dtype == LONG)
        and value.ndim <= MAX_DIMENSIONS
    )


def type_name(value: Any) -> str:
    """What messages call the type of an object that stays behind; for an array also what it holds."""
    if not isinstance(value, np.ndarray):
        return "complex" if isinstance(value, np.complexfloating) else type(value).__name__
    if value.dtype.kind in ARRAY_KINDS:
        return f"ndarray of {value.ndim} dimensions"
    return f"ndarray of {HELD.get(value.dtype.kind, 'texts')}"


def to_plain(value: Any, keep: Callable[[Any], Handle]) -> Any:
    """``value`` as plain values; anything else goes through ``keep``, which returns a handle for it.

    Arrays (of whatever subclass, byte order and layout) come back as little-endian C-ordered copies, NumPy scalars as
    Python numbers. Long doubles have the precision of float64 then.

    Raises:
        Unsendable: too deep, too many values, a text or an integer too long.
    """
    budget = [MAX_ITEMS]

    def convert(value: Any, depth: int) -> Any:
        budget[0] -= 1
        if budget[0] < 0:
            raise Unsendable(f"more than {MAX_ITEMS} values in one result")
        if depth > MAX_DEPTH:
            raise Unsendable(f"nested deeper than {MAX_DEPTH} levels")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int:
            if not -INT_LIMIT <= value < INT_LIMIT:
                raise Unsendable("an integer of more than 64 bits")
            return value
        if kind is str:
            if len(value) > MAX_TEXT:
                raise Unsendable(f"a text of more than {MAX_TEXT} characters")
            return value
        if kind is list:
            return [convert(item, depth + 1) for item in value]
        if kind is tuple:
            return tuple(convert(item, depth + 1) for item in value)
        if kind in DICTS:
            return {_key(key): convert(item, depth + 1) for key, item in dict.items(value)}
        if isinstance(value, np.generic) and value.dtype.kind in ARRAY_KINDS:
            return python_number(value)
        if isinstance(value, np.ndarray):
            array = np.asarray(value).view(np.ndarray)
            if is_plain_array(array):
                if array.dtype.itemsize > MAX_FLOAT_BYTES:
                    array = array.astype(np.float64).astype(LONG)
                # np.array(copy) rather than ascontiguousarray, which turns shape () into (1,).
                return np.array(array, dtype=array.dtype.newbyteorder("<"), order="C")
        return keep(value)

    return convert(value, 0)


def python_number(value: np.generic) -> bool | int | float:
    """A NumPy number as Python's; `item` would leave a long double as it is."""
    return value.item() if value.dtype.itemsize <= MAX_FLOAT_BYTES else float(value)


def _key(key: Any) -> Any:
    if isinstance(key, (np.integer, np.str_)):
        key = key.item()
    if type(key) in (str, int, bool) or key is None:
        return key
    raise Unsendable(f"a dict with keys of type {type(key).__name__}; texts and ints can be compared")


def map_leaves(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """A copy of the nested lists, tuples and dicts of ``value`` with ``leaf`` applied to everything else."""
    kind = type(value)
    if kind is list:
        return [map_leaves(item, leaf) for item in value]
    if kind is tuple:
        return tuple([map_leaves(item, leaf) for item in value])
    if kind is dict:
        return {key: map_leaves(item, leaf) for key, item in value.items()}
    return leaf(value)


def leaves(value: Any) -> Iterator[Any]:
    """Everything in ``value`` that is not a list, tuple or dict, in order."""
    if type(value) in (list, tuple):
        for item in value:
            yield from leaves(item)
    elif type(value) is dict:
        for item in value.values():
            yield from leaves(item)
    else:
        yield value


def copied(value: Any) -> Any:
    """A deep copy of a plain value: whoever receives it may write into it."""
    return map_leaves(value, lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf)


def same(a: Any, b: Any) -> bool:
    """Whether two plain values are equal, bit for bit; NaN equals NaN."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and _same_bits(a, b)
    if type(a) is not type(b):
        return False
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if type(a) is dict:
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays of one shape and dtype hold the same bytes."""
    if a.dtype.itemsize > MAX_FLOAT_BYTES:  # some bytes of a long double mean nothing
        a, b = a.astype(np.float64), b.astype(np.float64)
    if not (a.flags.c_contiguous and b.flags.c_contiguous):
        return a.tobytes() == b.tobytes()
    bits = f"u{a.dtype.itemsize}"
    return bool((a.reshape(-1).view(bits) == b.reshape(-1).view(bits)).all())


def agrees(a: Any, b: Any, *, rtol: float = 1e-4) -> bool:
    """Whether two plain values are equal up to rounding (``rtol`` of the largest magnitude in each array)."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        try:
            x, y = as_numbers(a), as_numbers(b)
        except NotNumbers:
            return False
        if x.shape != y.shape:
            return False
        with np.errstate(all="ignore"):  # a student's numbers may be as large as they come
            scale = float(np.max(np.abs(np.where(np.isfinite(y), y, 0)), initial=0.0))
            return bool(np.allclose(x, y, rtol=rtol, atol=rtol * scale + 1e-12, equal_nan=True))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or abs(a - b) <= rtol * abs(b) + 1e-12 or (a != a and b != b)
    if type(a) in (list, tuple) and type(b) in (list, tuple):
        return len(a) == len(b) and all(agrees(x, y, rtol=rtol) for x, y in zip(a, b, strict=True))
    if type(a) is dict and type(b) is dict:
        return a.keys() == b.keys() and all(agrees(a[key], b[key], rtol=rtol) for key in a)
    return type(a) is type(b) and a == b
