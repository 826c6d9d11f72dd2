"""Where CIFAR-10 is, and its arrays: the python batches or their archive, or the drawn pictures without either."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from autograder.datasets import arrays, lookup
from autograder.datasets.errors import DataError

# The readers of pickles and archives are imported where they are used: a sandbox, which only maps files, does without.
SHAPE = (3, 32, 32)  # red, green, blue; rows; columns
NAME = "cifar10"  # of its folder beside `mnist`
BATCHES = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"
FIRST_FILES = ("test_batch", "data_batch_1")  # either makes a folder one of batches


def find_cifar10(root: str | Path | None = None) -> lookup.Found:
    """The first folder with CIFAR-10 in one of its forms; see `load_cifar10`.

    The form is "npy" (arrays), "batches" (path is their folder), "archive" (path is the file) or "pictures" (none).
    Raises DataError if `root`, or the folder AUTOGRADER_DATA names, does not exist, or `root` has none of it.
    """
    if root is not None:
        folder = Path(root).expanduser()
        if found := _look(folder):
            return found
        raise DataError(
            f"{folder}: no CIFAR-10; expected a folder {BATCHES} or the file {ARCHIVE} here or in a folder `{NAME}`. "
            f"`autograder data {NAME}` downloads it"
        )
    if named := lookup.from_environment():
        # The variable may name MNIST's own folder: then CIFAR-10 is beside it.
        if found := _look(named) or _look(lookup.data_root()):
            return found
        lookup.note(
            f"{lookup.VARIABLE}={named}: no CIFAR-10 there or in its folder `{NAME}`; looking elsewhere"
        )
    for folder in lookup.data_folders():
        if found := _look(folder):
            return found
    return lookup.Found("pictures", None)


def array_folder(found: lookup.Found, *, renew: bool = False) -> Path:
    """The folder of `.npy` files for what was found, made (once, or again if `renew`) when it has another form."""
    if found.form == "pictures":
        return _drawn(renew=renew)
    assert found.path is not None
    return found.path if found.form == "npy" else _cached(found.form, found.path, renew=renew)


def _look(folder: Path) -> lookup.Found | None:
    if any(os.path.isfile(folder / NAME / name) for name in arrays.FILES):
        return lookup.Found("npy", folder / NAME)
    for place in (folder / NAME / BATCHES, folder / NAME, folder / BATCHES, folder):
        if any(os.path.isfile(place / name) for name in FIRST_FILES):
            return lookup.Found("batches", place)
    for place in (folder / NAME, folder):
        if os.path.isfile(place / ARCHIVE):
            return lookup.Found("archive", place / ARCHIVE)
    return None


def _cached(form: str, path: Path, *, renew: bool) -> Path:
    """The arrays of batches or of an archive, in the user's cache; made again when the files change."""
    from autograder.datasets import cache, cifar_batches

    files = [path] if form == "archive" else [path / name for name in cifar_batches.FILE_MD5]
    place, state = hashlib.sha256(str(path.resolve()).encode()), hashlib.sha256()
    for file in files:
        if file.exists():
            stat = file.stat()
            state.update(f"{file.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    stem = f"cifar10-{place.hexdigest()[:12]}"
    name = f"{stem}-{state.hexdigest()[:12]}"

    def fill(target: Path) -> None:
        read = cifar_batches.read_archive if form == "archive" else cifar_batches.read_folder
        splits, kind = read(path)
        arrays.write_splits(target, splits, kind=kind)
        cache.drop_others(target.with_name(name), f"{stem}-*")

    return cache.cached_folder(name, fill, renew=renew)


def _drawn(*, renew: bool) -> Path:
    from autograder.datasets import cache, drawn_pictures

    def fill(folder: Path) -> None:
        total = drawn_pictures.TRAIN_COUNT + drawn_pictures.TEST_COUNT
        lookup.note(
            f"no CIFAR-10 found: drawing {total} pictures instead, once (`autograder data {NAME}` downloads it)"
        )
        arrays.write_splits(folder, drawn_pictures.stand_in_splits(), kind="pictures")

    return cache.cached_folder(drawn_pictures.stand_in_name(), fill, renew=renew)
