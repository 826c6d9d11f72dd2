"""IDX files: MNIST's format.  A magic number, the shape as big-endian 32-bit ints, then the bytes."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.datasets.errors import DataError

# gzip and hashlib are imported where they are used: a sandbox, which only maps files, does without them.
if TYPE_CHECKING:
    import numpy as np

STEMS = {"train": "train", "test": "t10k"}
MAGIC = {"images": 2051, "labels": 2049}  # 0x08 for unsigned bytes, then the number of dimensions
SIDE = 28  # pixels


def file_name(split: str, part: str) -> str:
    """MNIST's name of a file, without `.gz`: `file_name("test", "labels")` is "t10k-labels-idx1-ubyte"."""
    return f"{STEMS[split]}-{part}-idx{3 if part == 'images' else 1}-ubyte"


def any_file(folder: Path) -> bool:
    """True if the folder has at least one of MNIST's files."""
    return any(_locate(folder, split, part) for split in STEMS for part in MAGIC)


def find_file(folder: Path, split: str, part: str) -> Path:
    """The plain or gzipped file of one part ("images" or "labels") of one split; DataError if there is none."""
    path = _locate(folder, split, part)
    if path is None:
        name = file_name(split, part)
        raise DataError(
            f"{folder / name}.gz: missing (plain {name} would do); run `autograder data` to fetch it"
        )
    return path


def _locate(folder: Path, split: str, part: str) -> Path | None:
    name = file_name(split, part)
    for spelling in (name, name.replace("-idx", ".idx")):  # some copies have a dot there
        for path in (folder / spelling, folder / f"{spelling}.gz"):
            if os.path.isfile(path):  # unlike Path.is_file, no error where we may not look
                return path
    return None


def read_bytes(path: Path, part: str) -> tuple[bytes, int]:
    """The whole uncompressed IDX file, header included, and the number of images or labels in it.

    Raises DataError unless it is intact and of the right kind, images 28 x 28.
    """
    import gzip
    import zlib

    fields = 4 if part == "images" else 2
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb") as file:
            head = file.read(4 * fields)
            if len(head) < 4 * fields:
                raise EOFError
            magic, count, *shape = struct.unpack(f">{fields}I", head)
            if magic != MAGIC[part]:
                raise DataError(
                    f"{path}: not an IDX file of {part}: starts with {magic}, expected {MAGIC[part]}"
                )
            if shape not in ([], [SIDE, SIDE]):
                raise DataError(f"{path}: images of {shape[0]} x {shape[1]} pixels, expected {SIDE} x {SIDE}")
            size = count * (SIDE * SIDE if part == "images" else 1)
            body = file.read(size + 1)  # one more: gzip checks its sum only at the end
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, str(error) or "it ends too early") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(body) != size:
        found = f"{len(body)} bytes" if len(body) < size else "more bytes"
        raise _damaged(path, f"{count} {part} take {size} bytes, it has {found}")
    return head + body, count


def _damaged(path: Path, why: str) -> DataError:
    return DataError(f"{path}: damaged ({why}); delete it and run `autograder data`")


def header(array: np.ndarray) -> bytes:
    """The IDX header of images (N, 28, 28) or labels (N,), uint8."""
    return struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim, *array.shape)


def sha256(array: np.ndarray) -> str:
    """SHA-256 (hex) of the uncompressed IDX file that would hold this uint8 array."""
    import hashlib

    return hashlib.sha256(header(array) + array.tobytes()).hexdigest()


def write(path: Path, array: np.ndarray) -> None:
    """Write a uint8 array as an uncompressed IDX file."""
    path.write_bytes(header(array) + array.tobytes())
