"""Where the data is: AUTOGRADER_DATA, then `data/` of this folder or one above, then the built-in digits."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.datasets import arrays, idx
from autograder.datasets.errors import DataError

VARIABLE = "AUTOGRADER_DATA"
_noted: set[str] = set()


@dataclass(frozen=True)
class Found:
    """form: "npy" (arrays), "idx" (MNIST's files) or "digits" (none found: the built-in ones, path None)."""

    form: str
    path: Path | None


def find_mnist(root: str | Path | None = None) -> Found:
    """The first folder with MNIST's files, or with a folder `mnist` that has them; see `load_mnist`.

    Raises DataError if `root`, or the folder AUTOGRADER_DATA names, does not exist, or `root` has no such files.
    """
    if root is not None:
        folder = _existing(Path(root).expanduser(), "root")
        if found := _look(folder):
            return found
        raise DataError(
            f"{folder}: no MNIST files; expected train-images-idx3-ubyte.gz and its three companions here or in a "
            "folder `mnist`. `autograder data` downloads them"
        )
    if named := from_environment():
        if found := _look(named):
            return found
        note(f"{VARIABLE}={named}: no MNIST files there or in its folder `mnist`; looking elsewhere")
    for folder in data_folders():
        if found := _look(folder):
            return found
    return Found("digits", None)


def array_folder(found: Found, *, renew: bool = False) -> Path:
    """The folder of `.npy` files for what was found, made (once, or again if `renew`) when it has another form."""
    if found.form == "npy":
        assert found.path is not None
        return found.path
    if found.form == "idx":
        from autograder.datasets import mnist

        assert found.path is not None
        return mnist.cached_arrays(found.path, renew=renew)
    return _builtin_digits(renew=renew)


def data_root() -> Path:
    """AUTOGRADER_DATA (or the folder above if it is the MNIST folder itself), else the nearest `data/`."""
    if folder := from_environment():
        return folder.parent if _form(folder) else folder
    return next(data_folders(), Path.cwd() / "data")


def _existing(folder: Path, name: str) -> Path:
    if not os.path.isdir(folder):
        raise DataError(
            f"{folder} ({name}): no such folder; expected the folder with MNIST's files or with a folder `mnist`"
            + (f". Correct or unset {VARIABLE}" if name == VARIABLE else "")
        )
    return folder


def from_environment() -> Path | None:
    value = os.environ.get(VARIABLE, "")
    return _existing(Path(value).expanduser(), VARIABLE) if value else None


def data_folders() -> Iterator[Path]:
    checkout = Path(__file__).resolve().parents[2]
    for base in (Path.cwd(), *Path.cwd().parents, checkout):
        if os.path.isdir(base / "data"):  # unlike Path.is_dir, no error where we may not look
            yield base / "data"


def _look(folder: Path) -> Found | None:
    for place in (folder / "mnist", folder):
        if form := _form(place):
            return Found(form, place)
    return None


def _form(folder: Path) -> str | None:
    if any(os.path.isfile(folder / name) for name in arrays.FILES):
        return "npy"
    return "idx" if idx.any_file(folder) else None


def _builtin_digits(*, renew: bool = False) -> Path:
    from autograder.datasets import cache, digits

    def fill(folder: Path) -> None:
        total = digits.TRAIN_COUNT + digits.TEST_COUNT
        note(f"no MNIST found: drawing {total} digits instead, once (`autograder data` downloads MNIST)")
        arrays.write_splits(folder, digits.builtin_splits(), kind="digits")

    return cache.cached_folder(digits.builtin_name(), fill, renew=renew)


def note(text: str) -> None:
    """Say it on stderr, once: standard output belongs to the student's program."""
    if text not in _noted:
        _noted.add(text)
        print(f"autograder: {text}", file=sys.stderr)
