"""Length-prefixed frames: a JSON header and raw little-endian array bytes. Never pickle.

    "NNAK" | header length (u32) | body length (u64) | header | body

The header is ``{"value": tree, "arrays": [[dtype, shape], …]}``; the body holds the arrays one after another. Nothing
a peer claims is believed: dtypes come from a list, dimensions, sizes and counts are checked before memory is
allocated, every array belongs to exactly one place of the tree, and one deadline covers a whole frame, so that a slow
drip does not extend it.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.calls.values import (
    INT_LIMIT,
    LONG,
    MAX_DEPTH,
    MAX_DIMENSIONS,
    MAX_ITEMS,
    Handle,
    python_number,
)

MAGIC = b"NNAK"
PREFIX = struct.Struct("<4sIQ")
MAX_HEADER = 4 * 2**20  # bytes; a reply of 100 000 small values fits
MAX_BODY = 256 * 2**20  # bytes; all MNIST images as uint8 are 55 MB, as float32 220 MB
HEADER_COST = 8  # bytes of memory that a byte of the header becomes: a short number is an object of 32 bytes
MAX_ARRAYS = 10_000  # in one message; the largest network of the course has 60
ENVELOPE = 64  # values in one message beyond `MAX_ITEMS`: ids, captured output, names of changed arguments
TICK_S = 0.1  # longest sleep while something else wants to be looked at, see `Connection.tick`
JSON = json.JSONEncoder(separators=(",", ":"))
UNCHANGED = {type(None), bool, int, float, str}
# By name, as what an array travels, and as what it arrives.
DTYPES = {
    name: (np.dtype(name), np.dtype(name))
    for name in ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
}
DTYPES["longdouble"] = np.dtype("<f8"), LONG  # it has no form that is the same on all machines


class ProtocolError(Exception):
    """The peer sent something that is not a frame of this protocol."""


class TooMuch(ProtocolError):
    """The peer sends more than it may, or than this process has memory for."""


class PeerGone(Exception):
    """The peer closed the connection."""


class DeadlinePassed(Exception):
    """The deadline passed before the frame was complete."""


def encode(value: Any) -> tuple[Any, list[np.ndarray]]:
    """A plain value as a JSON tree and the arrays it refers to by number."""
    arrays: list[np.ndarray] = []

    def tree(value: Any) -> Any:
        if type(value) in UNCHANGED:
            return value
        if isinstance(value, Handle):
            return {"h": [value.number, value.type_name]}
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return {"a": len(arrays) - 1}
        if type(value) is list:
            return {"l": [tree(item) for item in value]}
        if type(value) is tuple:
            return {"t": [tree(item) for item in value]}
        if type(value) is dict:
            if all(type(key) is str for key in value):
                return {"o": {key: tree(item) for key, item in value.items()}}
            return {"d": [[key, tree(item)] for key, item in value.items()]}
        if isinstance(value, np.generic):
            return python_number(value)
        return value

    return tree(value), arrays


def decode(tree: Any, arrays: list[np.ndarray]) -> Any:
    """The inverse of `encode`, for a tree that nobody vouches for.

    Raises:
        ProtocolError: the tree is none that `encode` makes.
    """

    budget = 2 * MAX_ITEMS + ENVELOPE  # a result and the arguments it was computed from
    unused = set(range(len(arrays)))

    def value(tree: Any, depth: int) -> Any:
        nonlocal budget
        budget -= 1
        if budget < 0:
            raise ProtocolError("too many values")
        if depth > MAX_DEPTH + 4:
            raise ProtocolError("a value nested too deeply")
        form = type(tree)  # JSON makes these types and no others
        if form is str:
            return tree if tree.isascii() else _text(tree)
        if form is int:
            return _bounded(tree)
        if form is not dict:
            if form is list:
                raise ProtocolError("a value of unknown form")
            return tree
        if len(tree) != 1:
            raise ProtocolError("a value of unknown form")
        ((kind, content),) = tree.items()
        if kind in ("l", "t", "d") and not isinstance(content, list):
            raise ProtocolError("a list without items")
        match kind:
            case "o" if type(content) is dict:
                return {_text(key): value(item, depth + 1) for key, item in content.items()}
            case "l":
                return [value(item, depth + 1) for item in content]
            case "t":
                return tuple([value(item, depth + 1) for item in content])
            case "d":
                return {_key(pair): value(pair[1], depth + 1) for pair in content}
            case "a" if type(content) is int and content in unused:
                # Once only: a thousand names for one large array would be a thousand copies later.
                unused.remove(content)
                return arrays[content]
            case "h" if isinstance(content, list) and len(content) == 2:
                number, type_name = content
                if type(number) is int and 0 <= number < INT_LIMIT and isinstance(type_name, str):
                    return Handle(number, _text(type_name[:80]))
        raise ProtocolError(f"a value of unknown form {_text(str(kind)[:20])!r}")

    decoded = value(tree, 0)
    if unused:
        raise ProtocolError("an array that belongs nowhere")
    return decoded


def _bounded(number: int) -> int:
    if not -INT_LIMIT <= number < INT_LIMIT:
        raise ProtocolError("an integer of more than 64 bits")
    return number


def _text(text: str) -> str:
    """``text`` without lone surrogates: no file and no page could hold them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _key(pair: Any) -> Any:
    if isinstance(pair, list) and len(pair) == 2:
        key = pair[0]
        if key is None or isinstance(key, bool):
            return key
        if isinstance(key, int):
            return _bounded(key)
        if isinstance(key, str):
            return _text(key)
    raise ProtocolError("a dict of unknown form")


def frame(value: Any) -> list[bytes | memoryview]:
    """The buffers to send for one plain value."""
    tree, arrays = encode(value)
    described = []
    for number, array in enumerate(arrays):
        dtype = array.dtype.newbyteorder("<")
        name = "longdouble" if array.dtype == LONG and dtype.str not in DTYPES else dtype.str
        dtype = DTYPES[name][0] if name in DTYPES else dtype
        arrays[number] = np.ascontiguousarray(array, dtype=dtype).reshape(array.shape)
        described.append([name, list(array.shape)])
    header = JSON.encode({"value": tree, "arrays": described}).encode("utf-8", "replace")
    body = sum(a.nbytes for a in arrays)
    if len(header) > MAX_HEADER or body > MAX_BODY:
        raise ProtocolError(f"a message of {len(header) + body} bytes; at most {MAX_BODY} fit")
    raw = [a.reshape(-1).view(np.uint8).data for a in arrays if a.nbytes]
    return [PREFIX.pack(MAGIC, len(header), body) + header, *raw]


def parse_header(header: bytes, body_length: int) -> tuple[Any, list[tuple[str, tuple[int, ...]]]]:
    """The value tree and the (key of `DTYPES`, shape) of every array, checked against ``body_length``."""
    try:
        content = json.loads(header.decode())
    except (ValueError, RecursionError, MemoryError) as error:
        raise ProtocolError(f"a header that is not JSON ({type(error).__name__})") from None
    if (
        type(content) is not dict
        or content.keys() != {"value", "arrays"}
        or type(content["arrays"]) is not list
    ):
        raise ProtocolError("a header without value and arrays")
    if len(content["arrays"]) > MAX_ARRAYS:
        raise ProtocolError(f"more than {MAX_ARRAYS} arrays")
    described, total = [], 0
    for row in content["arrays"]:
        known = type(row) is list and len(row) == 2 and type(row[0]) is str and row[0] in DTYPES
        if not known or type(row[1]) is not list:
            raise ProtocolError(f"an array of a dtype that is not numeric: {_text(repr(row)[:60])}")
        shape = row[1]
        if len(shape) > MAX_DIMENSIONS or not all(type(n) is int and 0 <= n <= MAX_BODY for n in shape):
            raise ProtocolError(f"an array of impossible shape {_text(repr(shape)[:60])}")
        if math.prod(n for n in shape if n) > MAX_BODY:
            # Also when one length is 0: NumPy computes the strides of such a shape all the same.
            raise ProtocolError(f"an array of impossible shape {shape}")
        total += math.prod(shape) * DTYPES[row[0]][0].itemsize
        described.append((row[0], tuple(shape)))
    if total != body_length:
        raise ProtocolError(f"arrays of {total} bytes in a body of {body_length}")
    return content["value"], described


class Connection:
    """Sends and receives frames over a stream socket.

    Attributes:
        tick: called again and again while a frame is sent or awaited, at least every `TICK_S`, with the seconds that
            were spent waiting for the peer since its last call; what it raises ends the exchange.
        room: bytes that may still be received, over all frames; None for any number.
    """

    def __init__(
        self, sock: socket.socket, tick: Callable[[float], None] | None = None, room: int | None = None
    ) -> None:
        self.socket = sock
        self.tick = tick
        self.room = room
        self._waited = 0.0
        self._timeout = sock.gettimeout()

    def send(self, value: Any, deadline: float | None = None) -> None:
        """Send one plain value; ``deadline`` in `time.monotonic` seconds."""
        for buffer in frame(value):
            view = memoryview(buffer)
            while view:
                view = view[self._patiently(self.socket.send, view, deadline) :]

    def receive(self, deadline: float | None = None) -> Any:
        """Receive one plain value.

        Raises:
            ProtocolError, TooMuch, PeerGone, DeadlinePassed
        """
        try:
            return self._received(deadline)
        except MemoryError:
            raise TooMuch("more than the grader has memory for") from None

    def _received(self, deadline: float | None) -> Any:
        magic, header_length, body_length = PREFIX.unpack(self._exactly(PREFIX.size, deadline))
        if magic != MAGIC:
            raise ProtocolError("bytes that are no frame")
        if header_length > MAX_HEADER or body_length > MAX_BODY:
            raise ProtocolError(f"a reply that claims {header_length + body_length} bytes")
        if self.room is not None:
            self.room -= HEADER_COST * header_length + body_length
            if self.room < 0:
                raise TooMuch("more than a check may return in all")
        header = bytes(self._exactly(header_length, deadline))
        tree, described = parse_header(header, body_length)
        arrays = []
        for name, shape in described:
            dtype, kept = DTYPES[name]
            raw = self._exactly(math.prod(shape) * dtype.itemsize, deadline)
            if dtype.kind == "b":  # any byte but 0 is True: a bool of 2 would be neither
                arrays.append(np.asarray(np.ndarray(shape, np.uint8, raw) != 0))
            else:
                arrays.append(np.ndarray(shape, dtype, raw).astype(kept, copy=False))
        return decode(tree, arrays)

    def close(self) -> None:
        self.socket.close()

    def _exactly(self, count: int, deadline: float | None) -> bytearray:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            got = self._patiently(self.socket.recv_into, view, deadline)
            if not got:
                raise PeerGone
            view = view[got:]
        return data

    def _patiently(self, move: Callable[[memoryview], int], view: memoryview, deadline: float | None) -> int:
        """The count of bytes of ``view`` that ``move`` moved, once it can."""
        while True:
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                raise DeadlinePassed
            if self.tick is not None:
                waited, self._waited = self._waited, 0.0
                self.tick(waited)
                remaining = TICK_S if remaining is None else min(remaining, TICK_S)
            if remaining != self._timeout:  # mostly `TICK_S` as before: setting it is a system call
                self.socket.settimeout(remaining)
                self._timeout = remaining
            began = time.monotonic()
            try:
                return move(view)
            except TimeoutError:
                continue
            except OSError:
                raise PeerGone from None
            finally:
                self._waited += time.monotonic() - began
