"""Drawing the contest images. Their labels can be looked up by nobody: the seed comes from the course secret."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.contest.predictions import COUNT
from autograder.datasets import DataError
from autograder.datasets.digits import draw_digits
from autograder.files import write_atomically

IMAGES, LABELS = "contest_images.npz", "contest_labels.npz"
STREAM = 7  # of the seed: the built-in digits have 0 and 1
GUESSABLE = 2**64  # a smaller seed can be found by trying


@dataclass(frozen=True)
class ContestFiles:
    """The two files.

    Attributes:
        images: for students: `images` (N, 28, 28) uint8.
        labels: for the instructor alone (mode 0600): `labels` (N,) uint8, and `images_sha256` (32,) uint8, the hash of
            the images they belong to.
    """

    images: Path
    labels: Path


def secret_seed(secret: bytes) -> int:
    """The seed of 256 bits that belongs to a course secret."""
    return int.from_bytes(hmac.new(secret, b"contest images", hashlib.sha256).digest(), "big")


def write_contest(
    folder: Path, *, seed: int, count: int = COUNT, progress: Callable[[int, int], None] | None = None
) -> ContestFiles:
    """Draw ``count`` digits and write images and labels into ``folder``. The same seed gives the same files.

    Args:
        seed: an int >= 0 of any size; below 2**64 it can be guessed, and with it the labels.
        progress: called with (images done, count).

    Raises:
        DataError: the folder has a contest of other images, whose labels would be lost.
        ValueError: seed or count is negative.
    """
    files = ContestFiles(folder / IMAGES, folder / LABELS)
    images, labels = draw_digits(count, seed=seed, stream=STREAM, progress=progress)
    digest = images_sha256(images)
    contents = {
        files.images: _npz(images=images),
        files.labels: _npz(labels=labels, images_sha256=np.frombuffer(digest, dtype=np.uint8)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        if path.exists() and not _same(path, content):
            raise DataError(
                f"{path} belongs to another contest; move it away, or take another folder with --out"
            )
    for path, content in contents.items():
        write_atomically(path, content, 0o600 if path == files.labels else 0o644)
    return files


def images_sha256(images: np.ndarray) -> bytes:
    """The hash by which labels know their images (N, 28, 28) uint8."""
    return hashlib.sha256(repr(images.shape).encode() + images.tobytes()).digest()


def _npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]  # no array is called allow_pickle
    return content.getvalue()


def _same(path: Path, content: bytes) -> bool:
    """Whether the arrays in both are the same: the bytes of an archive may differ between versions of NumPy."""
    try:
        with (
            np.load(path, allow_pickle=False) as old,
            np.load(io.BytesIO(content), allow_pickle=False) as new,
        ):
            return set(old.files) == set(new.files) and all(
                np.array_equal(old[name], new[name]) for name in new.files
            )
    except Exception:  # a damaged archive fails in many ways
        return False
