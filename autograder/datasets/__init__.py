"""The images: MNIST and CIFAR-10, or what is drawn where there is none.

__init__.py       load_mnist, load_cifar10, and which data that is
lookup.py         where the files are: AUTOGRADER_DATA, then data/, then the built-in digits
idx.py, mnist.py  IDX files, read once with python-mnist and cached as arrays
arrays.py         folders of .npy files, mapped into memory; the folder for a sandbox
cache.py          the user's cache folder: filled whole or not at all, also by two processes at once
digits.py, digit_strokes.py   the built-in digits, drawn by NumPy
held_out.py       the images that no sandbox may know
cifar.py, cifar_batches.py    where CIFAR-10 is; its pickles, read safely
drawn_pictures.py the colour pictures that stand in for CIFAR-10
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
    "CIFAR10_CLASSES",
    "Cifar10Source",
    "DataError",
    "MnistSource",
    "cifar10_source",
    "data_root",
    "is_real_mnist",
    "load_cifar10",
    "load_mnist",
    "mnist_source",
    "sandbox_split",
]

SPLITS = ("train", "test")
CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


@dataclass(frozen=True)
class MnistSource:
    """Which images `load_mnist` returns.

    kind: "mnist", "digits" (built in, or written by `write_digits`) or "other" (same file names, other content)
    path: the folder they were found in; for the built-in digits, the cache folder
    id:   SHA-256 (hex) of all images and labels, wherever and in whatever form they are stored
    train_count, test_count: number of images
    arrays: the folder of their `.npy` files
    shape: of one image
    """

    kind: str
    path: Path
    id: str
    train_count: int
    test_count: int
    arrays: Path
    shape: tuple[int, ...]


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
        arrays=folder,
        shape=arrays.MNIST_SHAPE,
    )


def is_real_mnist(root: str | Path | None = None) -> bool:
    """True if `load_mnist(root=root)` returns exactly the published MNIST: all four SHA-256 agree."""
    from autograder.datasets import arrays, mnist

    return mnist_source(root).id == arrays.combined_hash(mnist.MNIST_SHA256)


@dataclass(frozen=True)
class Cifar10Source:
    """Which images `load_cifar10` returns.

    kind: "cifar10" (the published files), "pictures" (drawn) or "other" (batches of other content, as a copy that
          was compressed on the way)
    path, id, train_count, test_count, arrays, shape: as `MnistSource`
    """

    kind: str
    path: Path
    id: str
    train_count: int
    test_count: int
    arrays: Path
    shape: tuple[int, ...]


def load_cifar10(split: str = "train", *, root: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of one split of CIFAR-10 (or of what stands in for it, see `cifar10_source`).

    split: "train" (50 000 images) or "test" (10 000)
    root:  the folder to read, holding a folder `cifar-10-batches-py` or the archive it comes in, or a folder
           `cifar10` with one of them; without it AUTOGRADER_DATA, then `data/` of this folder or one above it,
           then 10 000 and 2 000 pictures of the same classes, drawn on first use.
    Returns images (N, 3, 32, 32) uint8, the channels red, green, blue from 0 dark to 255 light, and labels (N,)
    uint8, 0 to 9, whose names are in `CIFAR10_CLASSES`.  Both are read-only and mapped from disk.
    Raises DataError when a file is missing, damaged or not what it should be, ValueError for another split.

    Source: Krizhevsky, "Learning multiple layers of features from tiny images".
    """
    if split not in SPLITS:
        raise ValueError(f'load_cifar10: split must be "train" or "test", got {split!r}')
    from autograder.datasets import arrays, cifar

    found = cifar.find_cifar10(root)
    folder = cifar.array_folder(found)
    try:
        return arrays.read_split(folder, split, cifar.SHAPE)
    except DataError:
        if found.form == "npy":
            raise
    return arrays.read_split(cifar.array_folder(found, renew=True), split, cifar.SHAPE)


def cifar10_source(root: str | Path | None = None) -> Cifar10Source:
    """Which images `load_cifar10(root=root)` returns: see `Cifar10Source`.  Raises DataError as it does."""
    from autograder.datasets import arrays, cifar

    found = cifar.find_cifar10(root)
    counts = [len(load_cifar10(split, root=root)[1]) for split in SPLITS]
    folder = cifar.array_folder(found)
    return Cifar10Source(
        kind=arrays.noted_kind(folder),
        path=found.path or folder,
        id=arrays.combined_hash(arrays.hashes(folder, cifar.SHAPE)),
        train_count=counts[0],
        test_count=counts[1],
        arrays=folder,
        shape=cifar.SHAPE,
    )


def sandbox_split(
    root: str | Path | None = None, cache_dir: str | Path | None = None, *, data: str = "mnist"
) -> Path:
    """The folder a sandbox may see: AUTOGRADER_DATA in there.  Holds training images only.

    Its "train" split is all of them, so that indices up to 59 999 work as at home; its "test" split is the
    last 10 000 of them (the last sixth of fewer than 60 000).  The real test images and labels stay outside.
    `.npy` files, readable by everyone, made once and kept in `cache_dir` (default: the user's cache folder).

    data: with "cifar10" the folder has a folder `mnist`, which earlier notebooks use, and a folder `cifar10`, whose
          "test" split is the last 10 000 images (the last fifth of fewer than 50 000).
    """
    from autograder.datasets import cache

    parent = Path(cache_dir) if cache_dir is not None else None
    mnist = _sandbox_mnist(root, parent)
    if data == "mnist":
        return mnist
    cifar10 = _sandbox_cifar10(root, parent)

    def fill(folder: Path) -> None:
        for name, source in {"mnist": mnist, "cifar10": cifar10}.items():
            (folder / name).mkdir()
            (folder / name).chmod(0o755)  # whatever the umask: a sandbox reads it as another user
            for path in source.iterdir():
                _link(path, folder / name / path.name)

    return cache.cached_folder(f"{mnist.name}+{cifar10.name}", fill, parent=parent)


def _sandbox_mnist(root: str | Path | None, parent: Path | None) -> Path:
    from autograder.datasets import mnist

    source = mnist_source(root)
    train = load_mnist("train", root=root)
    return _set_apart(source, train, min(mnist.TEST_COUNT, len(train[1]) // 6), parent)


def _sandbox_cifar10(root: str | Path | None, parent: Path | None) -> Path:
    source = cifar10_source(root)
    train = load_cifar10("train", root=root)
    return _set_apart(source, train, min(10_000, len(train[1]) // 5), parent)


def _set_apart(
    source: MnistSource | Cifar10Source,
    train: tuple[np.ndarray, np.ndarray],
    held_out: int,
    parent: Path | None,
) -> Path:
    """A cached folder with all of `train`, and as its test split the last `held_out` images of it."""
    from autograder.datasets import arrays, cache

    images, labels = train
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
        parent=parent,
    )


def _link(source: Path, target: Path) -> None:
    """The same file under a second name; a copy where the file system has no links."""
    import os
    import shutil

    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o644)


def data_root() -> Path:
    """The folder for downloaded data: AUTOGRADER_DATA, else the nearest `data/`, else `data` right here."""
    from autograder.datasets import lookup

    return lookup.data_root()
