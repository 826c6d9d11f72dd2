"""Reading an `.npz` file of unknown people: no pickle, no bomb, nothing larger than it says."""

from __future__ import annotations

import io
import zipfile
import zlib

import numpy as np

MAX_ARRAYS = 64
MAX_BYTES = 64 * 2**20  # uncompressed, all arrays together


class NpzError(Exception):
    """The file is no archive of plain numeric arrays; the message says why."""


def read_npz(content: bytes) -> dict[str, np.ndarray]:
    """The named arrays in ``content``.

    Raises:
        NpzError: no zip file, too many or too large members, a pickle, or a dtype that is not numeric.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MAX_ARRAYS:
                raise NpzError(f"{len(members)} arrays; at most {MAX_ARRAYS} are read")
            if sum(member.file_size for member in members) > MAX_BYTES:
                raise NpzError(f"more than {MAX_BYTES >> 20} MB when unpacked")
            arrays = {}
            for member in members:
                with archive.open(member) as file:
                    data = file.read(member.file_size + 1)
                arrays[member.filename.removesuffix(".npy")] = _array(data, member.filename)
            return arrays
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise NpzError(f"not an .npz file ({error})") from None


def _array(data: bytes, name: str) -> np.ndarray:
    try:
        header = io.BytesIO(data)
        version = np.lib.format.read_magic(header)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(header)
        if dtype.hasobject or dtype.kind not in "biuf":
            raise NpzError(f"{name}: dtype {dtype}; expected numbers")
        if int(np.prod(shape, dtype=object)) * dtype.itemsize > len(data):
            raise NpzError(f"{name}: its header promises more than the file holds")
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, SyntaxError, TypeError) as error:
        raise NpzError(f"{name}: {error}") from None
