"""Write a picture of 100 built-in digits, and of 100 MNIST digits beside them when MNIST is there.

For example:
    python scripts/digit_sheet.py digits.png --seed 7
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.image
import numpy as np

from autograder.datasets import is_real_mnist, load_mnist
from autograder.datasets.digits import DEFAULT_SEED, draw_digits

EACH = 10  # samples of every digit
ZOOM = 3  # screen pixels per image pixel


def sheet(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Ten rows of ten: images (N, 28, 28), labels (N,) -> (280, 280) uint8, row d holding digit d."""
    rows = [
        np.concatenate(list(images[np.flatnonzero(labels == digit)[:EACH]]), axis=1) for digit in range(10)
    ]
    return np.concatenate(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("png", type=Path, help="the picture to write")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    options = parser.parse_args()
    parts = [sheet(*draw_digits(1000, seed=options.seed))]
    if is_real_mnist():
        images, labels = load_mnist("test")
        parts += [np.full((280, 6), 128, dtype=np.uint8), sheet(images[:1000], labels[:1000])]
    picture = np.kron(255 - np.concatenate(parts, axis=1), np.ones((ZOOM, ZOOM), dtype=np.uint8))
    matplotlib.image.imsave(options.png, picture, cmap="gray", vmin=0, vmax=255)
    print(f"{options.png}: built-in digits" + (" on the left, MNIST on the right" if len(parts) > 1 else ""))


if __name__ == "__main__":
    main()
