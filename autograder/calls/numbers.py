"""From plain values to arrays of numbers: looked at first, converted afterwards.

`np.array` believes what it is given: one text of a million characters makes every element of a list that long, a
float beside an array of bytes makes eight of each. So nothing that student code returned is converted before its
types, its shape and the bytes that it will need are known.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ARRAY_KINDS = "biuf"  # bool, ints, floats; never objects, strings, dates, complex numbers
MAX_NUMBER_BYTES = (
    64 * 2**20
)  # of one array made from lists; the largest result of the course's checks has 2 MB
MAX_NESTING = 32  # levels of lists and axes together; NumPy has 64
SCALARS = {bool: np.dtype(np.bool_), int: np.dtype(np.int64), float: np.dtype(np.float64)}


class NotNumbers(Exception):
    """A value is no array of numbers; the message is a phrase for what it is instead, or "" when its type says it."""


def as_numbers(value: Any) -> np.ndarray:
    """``value`` (a number, an array of numbers, or nested lists and tuples of these) as an array.

    Arrays are returned as they are. Lists become an array of the type that holds all of their numbers.

    Raises:
        NotNumbers: there is something else in it, its rows have different lengths, or it would need too much memory.
    """
    if isinstance(value, np.ndarray):
        _measure(value, 0)
        return value
    shape, dtype = _measure(value, 0)
    count = 1
    for length in shape:
        count *= length
    if count * dtype.itemsize > MAX_NUMBER_BYTES:
        raise NotNumbers(f"more than {MAX_NUMBER_BYTES >> 20} MB of numbers")
    try:
        array = np.array(value)
    except (ValueError, TypeError, OverflowError, MemoryError):
        raise NotNumbers("numbers that fit into no array") from None
    if array.dtype.kind not in ARRAY_KINDS:  # an integer of more than 64 bits
        raise NotNumbers("a number too large for any dtype")
    return array


def _measure(value: Any, depth: int) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of the array that ``value`` makes, from its types and lengths alone."""
    kind = type(value)
    if kind in SCALARS:
        return (), SCALARS[kind]
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.kind not in ARRAY_KINDS or depth + value.ndim > MAX_NESTING:
            raise NotNumbers("")
        return value.shape, value.dtype
    if kind is not list and kind is not tuple:
        raise NotNumbers("")
    if depth >= MAX_NESTING:
        raise NotNumbers("lists in lists in lists")
    kinds = set(map(type, value))
    if not kinds:
        return (0,), SCALARS[float]
    if kinds <= SCALARS.keys():
        return (len(value),), np.result_type(*(SCALARS[kind] for kind in kinds))
    inner: tuple[int, ...] | None = None
    dtypes = set()
    for item in value:
        try:
            shape, dtype = _measure(item, depth + 1)
        except NotNumbers as error:
            raise NotNumbers(str(error) or f"a list with {_what(item)} in it") from None
        if inner is None:
            inner = shape
        elif shape != inner:
            raise NotNumbers("rows of different lengths")
        dtypes.add(dtype)
    return (len(value), *(inner or ())), np.result_type(*dtypes)


def _what(value: Any) -> str:
    """What stands in a list where a number is expected."""
    if value is None:
        return "None"
    if type(value) is str:
        return "texts"
    return "a dict" if type(value) is dict else "objects"
