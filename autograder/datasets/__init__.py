"""The images: MNIST, or the built-in digits where there is none.

__init__.py       load_mnist, and which data that is
lookup.py         where the files are: AUTOGRADER_DATA, then data/, then the built-in digits
idx.py, mnist.py  IDX files, read once with python-mnist and cached as arrays
arrays.py         folders of .npy files, mapped into memory; the folder for a sandbox
cache.py          the user's cache folder: filled whole or not at all, also by two processes at once
digits.py, digit_strokes.py   the built-in digits, drawn by NumPy
download.py       MNIST and CIFAR-10 from several mirrors

Every sandbox imports this module: nothing is imported here before it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.datasets.errors import DataError

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "DataError",
    "MnistSource",
    "data_root",
    "is_real_mnist",
    "load_mnist",
    "mnist_source",
    "sandbox_split",
]

SPLITS = ("train", "test")


@dataclass(frozen=True)
class MnistSource:
    """Which images `load_mnist` returns.

    kind: "mnist", "digits" (built in, or written by `write_digits`) or "other" (same file names, other content)
    path: the folder they were found in; for the built-in digits, the cache folder
    id:   SHA-256 (hex) of all images and labels, wherever and in whatever form they are stored
    train_count, test_count: number of images
    """

    kind: str
    path: Path
    id: str
    train_count: int
    test_count: int


def load_mnist(split: str = "train", *, root: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of one split of MNIST (or of what stands in for it, see `mnist_source`).

    split: "train" (60 000 images) or "test" (10 000)
    root:  the folder to read, holding the files or a folder `mnist` with them; without it AUTOGRADER_DATA,
           then `data/` of this folder or one above it, then the built-in digits, drawn on first use.
    Returns images (N, 28, 28) uint8, 0 paper to 255 ink, and labels (N,) uint8, 0 to 9.  Both are read-only
    and mapped from disk: nothing is read before it is used.
    Raises DataError when a file is missing or damaged, ValueError for another split.
    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    if split not in SPLITS:
        raise ValueError(f'load_mnist: split must be "train" or "test", got {split!r}')
    from autograder.datasets import arrays, lookup

    found = lookup.find_mnist(root)
    folder = lookup.array_folder(found)
    try:
        return arrays.read_split(folder, split)
    except DataError:
        if found.form == "npy":
            raise
    # Our own cache is damaged (a full disk, a power cut): make it again.
    return arrays.read_split(lookup.array_folder(found, renew=True), split)


def mnist_source(root: str | Path | None = None) -> MnistSource:
    """Which images `load_mnist(root=root)` returns: see `MnistSource`.  Raises DataError as it does."""
    from autograder.datasets import arrays, lookup, mnist

    found = lookup.find_mnist(root)
    folder = lookup.array_folder(found)
    counts = [len(load_mnist(split, root=root)[1]) for split in SPLITS]
    hashes = arrays.hashes(folder)
    real = hashes == mnist.MNIST_SHA256
    return MnistSource(
        kind="mnist" if real else arrays.noted_kind(folder),
        path=found.path or folder,
        id=arrays.combined_hash(hashes),
        train_count=counts[0],
        test_count=counts[1],
    )


def is_real_mnist(root: str | Path | None = None) -> bool:
    """True if `load_mnist(root=root)` returns exactly the published MNIST: all four SHA-256 agree."""
    from autograder.datasets import arrays, mnist

    return mnist_source(root).id == arrays.combined_hash(mnist.MNIST_SHA256)


def sandbox_split(root: str | Path | None = None, cache_dir: str | Path | None = None) -> Path:
    """The folder a sandbox may see: AUTOGRADER_DATA in there.  Holds training images only.

    Its "train" split is all of them, so that indices up to 59 999 work as at home; its "test" split is the
    last 10 000 of them (the last sixth of fewer than 60 000).  The real test images and labels stay outside.
    Four `.npy` files, readable by everyone, made once and kept in `cache_dir` (default: the user's cache folder).
    """
    from autograder.datasets import arrays, cache, mnist

    source = mnist_source(root)
    images, labels = load_mnist("train", root=root)
    held_out = min(mnist.TEST_COUNT, len(labels) // 6)
    if not held_out:
        raise DataError(
            f"{source.path}: {len(labels)} training images, expected at least 6 to set some apart"
        )
    splits = {
        "train": (images, labels),
        "test": (images[-held_out:], labels[-held_out:]),
    }
    return cache.cached_folder(
        f"sandbox-{source.id[:24]}-all",
        lambda folder: arrays.write_splits(folder, splits, kind=source.kind),
        parent=Path(cache_dir) if cache_dir is not None else None,
    )


def data_root() -> Path:
    """The folder for downloaded data: AUTOGRADER_DATA, else the nearest `data/`, else `data` right here."""
    from autograder.datasets import lookup

    return lookup.data_root()
