"""Reading an `.npz` file of unknown people: no pickle, no bomb, nothing larger than it says."""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib

import numpy as np

from autograder.calls.numbers import ARRAY_KINDS
from autograder.calls.text import clean

MAX_ARRAYS = 64
MAX_BYTES = 64 * 2**20  # uncompressed, all arrays together
MAX_NAME = 100  # characters of an array's name
# Of the table at the end of a zip file, which names the members: 46 bytes each, a name, and a few bytes more.
MAX_TABLE = MAX_ARRAYS * 1024
END = struct.Struct(
    "<4s4H2LH"
)  # of a zip file: magic, two disks, two counts, size and place of the table, comment
END_MAGIC, LONG_MAGIC = b"PK\5\6", b"PK\6\7"
LONG_SIZE = 20  # bytes of the record before it, which only a zip file of more than 4 GB needs
MAX_COMMENT = 2**16  # bytes after the end record
METHODS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
)  # `numpy.savez` and `savez_compressed`; others unpack slowly
READ_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError,
    OverflowError, IndexError, MemoryError,
)  # fmt: skip


class NpzError(Exception):
    """The file is no archive of plain numeric arrays; the message says why."""


def read_npz(content: bytes) -> dict[str, np.ndarray]:
    """The named arrays in ``content``.

    Raises:
        NpzError: no zip file, too many or too large members, a pickle, or a dtype that is not numeric.
    """
    content = _looked_at(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MAX_ARRAYS:
                raise NpzError(f"{len(members)} arrays; at most {MAX_ARRAYS} are read")
            if sum(member.file_size for member in members) > MAX_BYTES:
                raise NpzError(f"more than {MAX_BYTES >> 20} MB when unpacked")
            arrays = {}
            for member in members:
                name = clean(member.filename, MAX_NAME)
                if member.compress_type not in METHODS:
                    raise NpzError(f"{name}: packed in a way that numpy.savez does not use")
                with archive.open(member) as file:
                    data = file.read(member.file_size + 1)
                arrays[name.removesuffix(".npy")] = _array(data, name)
            return arrays
    except READ_ERRORS as error:
        raise NpzError(f"not an .npz file ({clean(str(error), MAX_NAME)})") from None


def _looked_at(content: bytes) -> bytes:
    """``content`` up to its end record, which is all that says how many members there are.

    `zipfile` makes an object of every member that the table names, before it can be asked how many these are.

    Raises:
        NpzError: there is no end record, or it announces more than `MAX_ARRAYS` members or `MAX_TABLE` bytes of names.
    """
    place = len(content) - END.size
    if place < 0 or not (content.startswith(END_MAGIC, place) and content.endswith(b"\0\0")):
        place = content.rfind(END_MAGIC, max(len(content) - END.size - MAX_COMMENT, 0))
    if place < 0 or place + END.size > len(content):
        raise NpzError("not an .npz file (it is no zip file, or its end is missing)")
    _, _, _, _, count, table, _, _ = END.unpack_from(content, place)
    if content.startswith(LONG_MAGIC, max(place - LONG_SIZE, 0)):
        raise NpzError("not an .npz file (a zip file for more than 4 GB)")
    if count > MAX_ARRAYS:
        raise NpzError(f"{count} arrays; at most {MAX_ARRAYS} are read")
    if table > MAX_TABLE:
        raise NpzError(f"the names of its arrays take {table} bytes; at most {MAX_TABLE} are read")
    # Without a comment, so that `zipfile` can find no other end record than this one.
    return content[: place + END.size - 2] + b"\0\0"


def _array(data: bytes, name: str) -> np.ndarray:
    try:
        header = io.BytesIO(data)
        version = np.lib.format.read_magic(header)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(header)
        if dtype.hasobject or dtype.kind not in ARRAY_KINDS:
            raise NpzError(f"{name}: dtype {clean(str(dtype), MAX_NAME)}; expected numbers")
        if any(length < 0 for length in shape):
            raise NpzError(f"{name}: an impossible shape")
        if math.prod(shape) * dtype.itemsize > len(data):
            raise NpzError(f"{name}: its header promises more than the file holds")
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, SyntaxError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise NpzError(f"{name}: {clean(str(error), MAX_NAME)}") from None
