"""CIFAR-10's python batches: pickles, read without letting them do what pickles can.

A pickle is a program.  Before one of these runs, every instruction of it is looked at: only those that build dicts,
lists, texts, numbers and bytes are let through, and so few calls that they cannot fill the memory.  The names it may
call are the five with which NumPy arrays are pickled, by Python 2 (protocol 2) or any later version, and they lead
to stand-ins made here: neither NumPy's unpickling code nor anything else of the machine is reached.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import pickletools
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.datasets.errors import DataError

FOLDER = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"
TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILE = "test_batch"
SHAPE = (3, 32, 32)  # red, green, blue; rows; columns
PIXELS = 3 * 32 * 32

# As published by its authors (the archive) and checked by every framework (the files in it).
ARCHIVE_MD5 = "c58f30108f718f92721af3b95e74349a"
FILE_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}

MOST_BYTES = 100_000_000  # of one file; the original's have 31 million, written by Python 3 45 million
MOST_MEMO = 1_000_000  # entries; a batch has two for each image
MOST_CALLS = 16  # a batch needs four: array, dtype, and twice text to bytes

# What a batch is built of, in protocols 2 to 5.  Not among them: anything that makes objects of classes by itself.
OPCODES = frozenset(
    [
        "PROTO",
        "FRAME",
        "STOP",
        "MARK",
        "EMPTY_DICT",
        "EMPTY_LIST",
        "EMPTY_TUPLE",
        "SETITEM",
        "SETITEMS",
        "APPEND",
        "APPENDS",
        "TUPLE",
        "TUPLE1",
        "TUPLE2",
        "TUPLE3",
        "NONE",
        "NEWTRUE",
        "NEWFALSE",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE8",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "BINPUT",
        "LONG_BINPUT",
        "MEMOIZE",
        "BINGET",
        "LONG_BINGET",
        "GLOBAL",
        "STACK_GLOBAL",
        "REDUCE",
        "BUILD",
    ]
)

Splits = dict[str, tuple[np.ndarray, np.ndarray]]


def read_folder(folder: Path) -> tuple[Splits, str]:
    """The images (N, 3, 32, 32) and labels (N,), uint8, of both splits, and what they are.

    folder: holds test_batch and at least one of data_batch_1 to data_batch_5
    Returns ({"train": ..., "test": ...}, kind): kind is "cifar10" if all six files are the published ones, byte by
    byte, and "other" for copies of other content.  Raises DataError for missing or damaged files, also when some are
    the published ones and others differ from them, and for a pickle that does anything but hold images.
    """
    names = [name for name in FILE_MD5 if os.path.isfile(folder / name)]
    missing = TEST_FILE if TEST_FILE not in names else TRAIN_FILES[0]
    if TEST_FILE not in names or len(names) == 1:
        raise DataError(f"{folder / missing}: missing; run `autograder data cifar10` to fetch CIFAR-10")
    contents = {name: _read(folder / name) for name in names}
    return _splits(contents, folder)


def read_archive(path: Path) -> tuple[Splits, str]:
    """The same from the archive as it is downloaded.  Nothing is unpacked to disk: members are read by name.

    Raises DataError unless it is the published file.
    """
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        if digest.hexdigest() != ARCHIVE_MD5:
            raise DataError(
                f"{path}: not the published file (MD5 {digest.hexdigest()[:12]}..., expected {ARCHIVE_MD5[:12]}...); "
                "delete it and run `autograder data cifar10`"
            )
        contents = {}
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                folder, _, name = member.name.rpartition("/")
                if folder == FOLDER and name in FILE_MD5 and member.isreg() and member.size <= MOST_BYTES:
                    opened = archive.extractfile(member)
                    assert opened is not None
                    contents[name] = opened.read()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: damaged ({error}); delete it and run `autograder data cifar10`") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if absent := FILE_MD5.keys() - contents.keys():
        raise DataError(f"{path}: has no {FOLDER}/{min(absent)}")
    return _splits(contents, path)


def read_batch(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The images (N, 3, 32, 32) and labels (N,), uint8, of one pickled batch.

    name: what a DataError says is wrong with.
    """
    batch = _unpickle(content, name)
    if not isinstance(batch, dict):
        raise DataError(f"{name}: holds a {type(batch).__name__}, expected a dict with data and labels")
    fields = {
        key.decode("ascii", "replace") if isinstance(key, bytes) else key: value
        for key, value in batch.items()
    }
    if missing := [key for key in ("data", "labels") if key not in fields]:
        raise DataError(f"{name}: the entry {missing[0]} is missing; a batch has data and labels")
    images = _image_array(fields["data"], name)
    labels = fields["labels"]
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label <= 9 for label in labels):
        raise DataError(f"{name}: labels are no list of ints from 0 to 9")
    if not len(images) == len(labels) > 0:
        raise DataError(
            f"{name}: {len(images)} images and {len(labels)} labels, expected the same number and some"
        )
    return images, np.array(labels, dtype=np.uint8)


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MOST_BYTES + 1)  # too large shows when it is unpickled
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _splits(contents: Mapping[str, bytes], place: Path) -> tuple[Splits, str]:
    published = {
        name: hashlib.md5(content, usedforsecurity=False).hexdigest() == FILE_MD5[name]
        for name, content in contents.items()
    }
    if any(published.values()) and not all(published.values()):
        damaged = next(name for name, right in published.items() if not right)
        raise DataError(
            f"{place / damaged}: not the published file, though others beside it are; delete them and run "
            "`autograder data cifar10`"
        )
    parts = {name: read_batch(content, str(place / name)) for name, content in contents.items()}
    train = [parts[name] for name in TRAIN_FILES if name in parts]
    splits = {
        "train": (
            np.concatenate([images for images, _ in train]),
            np.concatenate([labels for _, labels in train]),
        ),
        "test": parts[TEST_FILE],
    }
    return splits, "cifar10" if all(published.values()) and len(published) == len(FILE_MD5) else "other"


# --- the restricted unpickler ---


class _Array:
    """Stands for a NumPy array; filled by the state that the pickle has for it."""

    __slots__ = ("content", "dtype", "fortran", "shape")

    def __init__(self) -> None:
        self.shape: Any = None
        self.dtype: Any = None
        self.fortran: Any = False
        self.content: Any = None

    def __setstate__(self, state: Any) -> None:
        _, self.shape, self.dtype, self.fortran, self.content = state


class _Dtype:
    """Stands for a NumPy dtype."""

    __slots__ = ("name",)

    def __init__(self, name: Any) -> None:
        self.name = name.decode("ascii", "replace") if isinstance(name, bytes) else name

    def __setstate__(self, state: Any) -> None:
        """Byte order and fields: none for a uint8, which is all that is accepted."""


class _Callable:
    """Stands for a function or class that a pickle may name; there is nothing on it to change."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it changes a function")


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    return _Array()


def _frombuffer(content: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, dtype, order in ("F", b"F"), content))
    return array


def _dtype(name: Any, align: Any = False, copy: Any = True) -> _Dtype:
    return _Dtype(name)


def _encode(text: Any, codec: Any) -> bytes:
    if not isinstance(text, str) or codec not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("it encodes something that is no text of bytes")
    return text.encode("latin1")


def _no_call(*args: Any) -> Any:
    raise pickle.UnpicklingError("it calls ndarray")


NAMES: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _no_call,
    ("numpy", "dtype"): _dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
    ("_codecs", "encode"): _encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in NAMES:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _Callable(NAMES[module, name])

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to something outside")


def _unpickle(content: bytes, name: str) -> Any:
    """What the pickle holds; DataError, before anything of it runs, if it does more than a batch needs."""
    if len(content) > MOST_BYTES:
        raise DataError(f"{name}: more than {MOST_BYTES // 1_000_000} MB, expected about 31")
    try:
        _inspect(content)
        return _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except pickle.UnpicklingError as error:
        raise DataError(f"{name}: not a CIFAR-10 batch: {error}. Nothing in it was run") from error
    except Exception as error:  # a damaged pickle fails in many ways
        raise DataError(
            f"{name}: damaged, or no CIFAR-10 batch ({type(error).__name__}: {str(error)[:100]}); delete it and run "
            "`autograder data cifar10`"
        ) from error


def _inspect(content: bytes) -> None:
    """Raise UnpicklingError for an instruction that no batch has, or too many that cost memory."""
    calls = memo = 0
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name not in OPCODES:
            raise pickle.UnpicklingError(f"it has the instruction {opcode.name}")
        calls += opcode.name in ("REDUCE", "BUILD")
        memo += opcode.name == "MEMOIZE"
        if opcode.name.endswith("BINPUT"):
            memo = max(memo, argument or 0)
        if opcode.name == "GLOBAL" and tuple(str(argument).split(" ", 1)) not in NAMES:
            raise pickle.UnpicklingError(f"it names {str(argument)[:80].replace(' ', '.')}")
        if calls > MOST_CALLS or memo > MOST_MEMO:
            raise pickle.UnpicklingError("it builds more than a batch has")


def _image_array(data: Any, name: str) -> np.ndarray:
    """The images in a stand-in array, all its parts checked."""
    if not isinstance(data, _Array) or not isinstance(data.dtype, _Dtype):
        raise DataError(f"{name}: data is no array of pixels")
    if data.dtype.name not in ("u1", "|u1", "uint8"):
        raise DataError(f"{name}: data has dtype {str(data.dtype.name)[:20]}, expected uint8")
    shape = data.shape
    if not (
        isinstance(shape, tuple)
        and len(shape) == 2
        and all(type(n) is int for n in shape)
        and shape[1] == PIXELS
    ):
        raise DataError(f"{name}: data has shape {str(shape)[:60]}, expected (N, {PIXELS})")
    if not isinstance(data.content, bytes | bytearray) or len(data.content) != shape[0] * PIXELS:
        raise DataError(f"{name}: {shape[0]} images take {shape[0] * PIXELS} bytes, data has another number")
    rows = np.frombuffer(data.content, dtype=np.uint8).reshape(shape, order="F" if data.fortran else "C")
    return rows.reshape(-1, *SHAPE)
