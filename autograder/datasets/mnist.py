"""MNIST's own files, read with python-mnist once and kept as arrays that are mapped into memory."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from autograder.datasets import arrays, cache, idx
from autograder.datasets.errors import DataError

# Of the uncompressed files: the gzipped ones differ between mirrors.
MNIST_SHA256 = {
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "test-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "test-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
TEST_COUNT = 10_000
PIECE = 5_000  # images at a time: python-mnist makes a Python list of every pixel, 6 MB per 1000 images


def cached_arrays(folder: Path, *, renew: bool = False) -> Path:
    """The folder of `.npy` files made from the IDX files in `folder`; made again when those change.

    It is in the user's cache, so `folder` may be read-only.  Raises DataError for missing or damaged files.
    """
    place, state = hashlib.sha256(str(folder.resolve()).encode()), hashlib.sha256()
    for split in idx.STEMS:
        for part in idx.MAGIC:
            path = idx.find_file(folder, split, part)
            stat = path.stat()
            state.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    stem = f"mnist-{place.hexdigest()[:12]}"
    name = f"{stem}-{state.hexdigest()[:12]}"
    kind = arrays.noted_kind(folder)

    def fill(target: Path) -> None:
        arrays.write_splits(target, {split: read_idx(folder, split) for split in idx.STEMS}, kind=kind)
        cache.drop_others(target.with_name(name), f"{stem}-*")

    return cache.cached_folder(name, fill, renew=renew)


def read_idx(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 28, 28) and labels (N,), uint8, of one split, read with python-mnist.

    Takes seconds for 60 000 images; `load_mnist` does it once.  Raises DataError for missing or damaged files.
    """
    paths = {part: idx.find_file(folder, split, part) for part in idx.MAGIC}
    contents, counts = {}, {}
    for part, path in paths.items():
        contents[str(path)], counts[part] = idx.read_bytes(path, part)
    if counts["images"] != counts["labels"]:
        raise DataError(
            f"{paths['labels']}: {counts['labels']} labels for {counts['images']} images in "
            f"{paths['images'].name}; delete both and run `autograder data`"
        )
    reader = _reader()
    reader.opener = lambda path, mode: io.BytesIO(contents[path])  # unpacked and checked already
    images = np.empty((counts["images"], idx.SIDE * idx.SIDE), dtype=np.uint8)
    labels = np.empty(counts["labels"], dtype=np.uint8)
    for start in range(0, len(labels), PIECE):
        some = min(PIECE, len(labels) - start)
        piece = reader.load(str(paths["images"]), str(paths["labels"]), batch=[start, some])
        images[start : start + some], labels[start : start + some] = piece
    return images.reshape(-1, idx.SIDE, idx.SIDE), labels


def _reader() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # its `is 'lists'`, when first compiled
            from mnist import MNIST
    except ImportError as error:
        raise DataError("reading MNIST's files needs python-mnist: pip install python-mnist") from error
    return MNIST(return_type="numpy")
