"""A folder of four `.npy` files: train-images, train-labels, test-images, test-labels.

This is what every other form becomes, and all that a sandbox gets: it needs nothing but NumPy.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from autograder.datasets import idx
from autograder.datasets.errors import DataError

# json and hashlib are imported where they are used: a sandbox, which only maps files, does without them.

FILES = ("train-images.npy", "train-labels.npy", "test-images.npy", "test-labels.npy")
NOTE = "source.json"  # beside them: {"kind": "digits"}
KINDS = ("mnist", "digits", "cifar10", "pictures")
MNIST_SHAPE = (idx.SIDE, idx.SIDE)


def read_split(
    folder: Path, split: str, shape: tuple[int, ...] = MNIST_SHAPE
) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, *shape) and labels (N,), uint8, read-only and mapped into memory; DataError if unfit."""
    images = _map(folder / f"{split}-images.npy")
    labels = _map(folder / f"{split}-labels.npy")
    if images.shape[1:] != shape or labels.ndim != 1 or len(images) != len(labels):
        raise DataError(
            f"{folder}: {split} images have shape {images.shape} and labels {labels.shape}, expected "
            f"(N, {', '.join(map(str, shape))}) and (N,)"
        )
    if len(labels) == 0 or labels.max() > 9:
        what = f"label {labels.max()}" if len(labels) else "no images"
        raise DataError(f"{folder}: {split} split has {what}, expected labels 0 to 9; fetch the data again")
    return images, labels


def _map(path: Path) -> np.ndarray:
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise DataError(f"{path}: missing; a folder of arrays has {', '.join(FILES)}") from None
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: not a readable .npy file ({error})") from error
    if mapped.dtype != np.uint8:
        raise DataError(f"{path}: dtype {mapped.dtype}, expected uint8")
    return np.asarray(mapped)  # a plain array: np.memmap passes its own type on to what is computed from it


def write_splits(folder: Path, splits: dict[str, tuple[np.ndarray, np.ndarray]], *, kind: str) -> None:
    """Write {"train": (images, labels), "test": ...} and the note of what they are."""
    for split, (images, labels) in splits.items():
        np.save(folder / f"{split}-images.npy", images)
        np.save(folder / f"{split}-labels.npy", labels)
    write_note(folder, kind)
    for path in folder.iterdir():
        path.chmod(0o644)


def write_note(folder: Path, kind: str) -> None:
    """Note beside the files of `folder` what the images are: one of `KINDS`, or "other"."""
    import json

    (folder / NOTE).write_text(json.dumps({"kind": kind}) + "\n")


def noted_kind(folder: Path) -> str:
    """What the folder's note says its images are: one of `KINDS`; "other" without a note."""
    import json

    try:
        kind = json.loads((folder / NOTE).read_text())["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        return "other"
    return kind if kind in KINDS else "other"


def hashes(folder: Path, shape: tuple[int, ...] = MNIST_SHAPE) -> dict[str, str]:
    """SHA-256 (hex) of each file as an uncompressed IDX file, by name without `.npy`; 0.2 s for MNIST."""
    stats = [(folder / name).stat() for name in FILES]
    return dict(_hashes(folder, shape, tuple((stat.st_size, stat.st_mtime_ns) for stat in stats)))


@lru_cache(maxsize=8)
def _hashes(
    folder: Path, shape: tuple[int, ...], stamp: tuple[tuple[int, int], ...]
) -> tuple[tuple[str, str], ...]:
    found = []
    for split in ("train", "test"):
        images, labels = read_split(folder, split, shape)
        found += [(f"{split}-images", idx.sha256(images)), (f"{split}-labels", idx.sha256(labels))]
    return tuple(found)


def combined_hash(each: dict[str, str]) -> str:
    """One SHA-256 (hex) for all four."""
    import hashlib

    text = "".join(f"{name} {each[name]}\n" for name in sorted(each))
    return hashlib.sha256(text.encode()).hexdigest()
