"""The images that are held out: those on which trusted code measures what a student's network has learned.

Images that are drawn could be drawn again, labels and all, by whoever has this package and their seed. So where the
data at hand is drawn, the images that are held out come from a key of the course, and no sandbox can know them. Where
it is the published MNIST or CIFAR-10 they are its test split: not in the sandbox, but public.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.datasets import Cifar10Source, MnistSource, arrays, cache

if TYPE_CHECKING:
    import numpy as np

DRAWN = ("digits", "pictures")  # the kinds of images that this package draws
STREAM = 3  # of the key; the splits that everybody has are streams 0 and 1 of other seeds
KEY_BYTES = 32


@dataclass(frozen=True)
class HeldOut:
    """What is held out of a data set.

    source: the data set at hand.
    key:    32 secret bytes; the same key gives the same images, as many as the data set's test split has.
    """

    source: MnistSource | Cifar10Source
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"HeldOut: the key has {len(self.key)} bytes, expected {KEY_BYTES}")

    @property
    def id(self) -> str:
        """SHA-256 (hex) of what `load` returns, as far as the data set's own id does not say it. It tells no key."""
        return hashlib.sha256(b"held out\0" + self.key).hexdigest() if self.source.kind in DRAWN else ""

    def load(self, parent: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Images and labels, as `load_mnist` or `load_cifar10` return them.

        What is drawn is kept in a folder of `parent` (default: the user's cache) that only its owner may look into.
        Raises DataError when the files cannot be read or written.
        """
        folder = self.source.arrays
        if self.source.kind in DRAWN:
            name = f"held-out-{_version(self.source.kind)}-{self.source.test_count}-{self.id[:24]}"
            folder = cache.cached_folder(name, self._draw, parent=parent, private=True)
        return arrays.read_split(folder, "test", self.source.shape)

    def _draw(self, folder: Path) -> None:
        from autograder.datasets.digits import draw_digits
        from autograder.datasets.drawn_pictures import draw_pictures

        draw = draw_digits if self.source.kind == "digits" else draw_pictures
        seed = int.from_bytes(self.key, "big")
        drawn = draw(self.source.test_count, seed=seed, stream=STREAM)
        arrays.write_splits(folder, {"test": drawn}, kind=self.source.kind)


def _version(kind: str) -> str:
    from autograder.datasets import digits, drawn_pictures

    module = digits if kind == "digits" else drawn_pictures
    return f"{kind}-v{module.DRAWING_VERSION}"
