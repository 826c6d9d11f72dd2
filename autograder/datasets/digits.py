"""The built-in digits: handwritten-looking digits drawn by NumPy, any number of them, with labels.

A block of images is drawn at once: choose a style for each, shake its points, bend and slant it, scale
it into MNIST's 20 x 20 box, centre it in 28 x 28 by its centre of mass, and let a soft round pen follow
the line.  Every block has its own random generator, so image i of a seed is always the same image,
however many are drawn, in whatever pieces and by how many workers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from autograder.datasets import arrays, idx
from autograder.datasets.digit_strokes import SAMPLES, styles
from autograder.datasets.errors import DataError

DRAWING_VERSION = 2  # raise when any pixel changes: it names the cached files
DEFAULT_SEED = 1998  # the year of MNIST's paper
TRAIN_COUNT, TEST_COUNT = 60_000, 10_000  # as MNIST
SIZE = 28  # pixels, as MNIST
BOX = 20.0  # pixels: the longer side of a digit
BLOCK = 250  # images with one random generator; part of what a seed means


def draw_digits(
    count: int,
    *,
    seed: int,
    stream: int = 0,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` digits: images (count, 28, 28) uint8, paper 0 to ink 255, and labels (count,) uint8.

    seed:   an int >= 0 of any size; the same seed gives the same images, and fewer of them are the first
            ones of more.  A secret seed of 128 bits makes labels nobody can look up.
    stream: another number gives other images for the same seed (`write_digits`: 0 training, 1 test).
    workers: threads (NumPy computes without Python's lock); does not change the images.
    progress: called with (images done, count) after each block.
    Raises ValueError for a negative count or seed.
    """
    if count < 0 or seed < 0:
        raise ValueError(f"draw_digits: count and seed must not be negative, got {count} and {seed}")
    images = np.empty((count, SIZE, SIZE), dtype=np.uint8)
    labels = np.empty(count, dtype=np.uint8)

    def draw(start: int) -> None:
        stop = min(start + BLOCK, count)
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, start // BLOCK)))
        block_images, block_labels = _draw_block(rng)
        images[start:stop] = block_images[: stop - start]
        labels[start:stop] = block_labels[: stop - start]

    with ThreadPoolExecutor(max(1, workers)) as pool:
        for done, _ in enumerate(pool.map(draw, range(0, count, BLOCK)), start=1):
            if progress:
                progress(min(done * BLOCK, count), count)
    return images, labels


def write_digits(
    folder: str | Path,
    train: int = TRAIN_COUNT,
    test: int = TEST_COUNT,
    *,
    seed: int = DEFAULT_SEED,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the digits as plain IDX files with MNIST's names into `folder`, which is made if needed.

    Other programs can read them in MNIST's place.  Raises DataError if the folder has such files already.
    """
    folder = Path(folder)
    if idx.any_file(folder):
        raise DataError(
            f"{folder}: has MNIST files already; expected a folder without, remove them or take another"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for stream, (split, count) in enumerate({"train": train, "test": test}.items()):
        done_before = stream * train

        def report(done: int, _: int, before: int = done_before) -> None:
            if progress:
                progress(before + done, train + test)

        images, labels = draw_digits(count, seed=seed, stream=stream, workers=workers, progress=report)
        idx.write(folder / idx.file_name(split, "images"), images)
        idx.write(folder / idx.file_name(split, "labels"), labels)
    arrays.write_note(folder, "digits")
    return folder


def builtin_name() -> str:
    """The cache's name for the built-in digits that stand in for MNIST."""
    return f"digits-v{DRAWING_VERSION}-{DEFAULT_SEED}-{TRAIN_COUNT}-{TEST_COUNT}"


def builtin_splits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The built-in digits that stand in for MNIST: {"train": (images, labels), "test": (images, labels)}."""
    return {
        "train": draw_digits(TRAIN_COUNT, seed=DEFAULT_SEED, stream=0),
        "test": draw_digits(TEST_COUNT, seed=DEFAULT_SEED, stream=1),
    }


def _draw_block(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.integers(0, 10, size=BLOCK)
    care = np.exp(rng.normal(0.0, 0.4, size=BLOCK))  # careful writers below 1, hasty ones above
    pen, gaps = _pen_positions(labels, care, rng)
    pen = _bend(pen, care, rng)
    width, height = np.moveaxis(np.ptp(pen, axis=1), -1, 0)
    size = np.maximum(width, height)
    line = _lengths(pen, gaps).sum(axis=1) / size
    # More line in the same box leaves less room: the pen is finer on an 8 than on a 1, and holes stay open.
    most = np.clip(6.6 * (width / size + 0.25) * height / size / line, 1.2, 2.4)
    half_width = np.exp(rng.normal(0.28, 0.28, size=BLOCK)) * (line / 2.2) ** -0.15  # pixels
    half_width = np.clip(half_width, 0.7, most)
    pen = _place(pen, gaps, half_width, rng)
    return _ink(pen, gaps, half_width, rng), labels.astype(np.uint8)


def _pen_positions(
    labels: np.ndarray, care: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Choose styles and shake their points: pen positions (BLOCK, SAMPLES, 2) and where it is lifted."""
    chosen = np.empty(BLOCK, dtype=int)
    luck = rng.random(BLOCK)
    for digit in range(10):
        own = [i for i, style in enumerate(styles()) if style.digit == digit]
        bounds = np.cumsum([styles()[i].weight for i in own])
        here = labels == digit
        chosen[here] = np.take(own, np.searchsorted(bounds[:-1] / bounds[-1], luck[here], side="right"))
    most = max(len(style.points) for style in styles())
    shake = rng.normal(size=(BLOCK, most, 2))
    pen = np.empty((BLOCK, SAMPLES, 2))
    gaps = np.empty((BLOCK, SAMPLES - 1), dtype=bool)
    for i in np.unique(chosen):
        style, here = styles()[i], np.flatnonzero(chosen == i)
        spread = np.where(style.ends, 0.045, 0.03)[:, None] * care[here, None, None]
        points = style.points + spread * shake[here, : len(style.points)]
        pen[here] = np.einsum("kp,npc->nkc", style.curve, points)
        gaps[here] = style.gaps
    return pen, gaps


def _bend(pen: np.ndarray, care: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Aspect, elastic deformation (three random long waves), slant and rotation, in digit heights."""
    x, y = pen[..., 0], pen[..., 1] - 0.5
    x = x * np.maximum(np.exp(rng.normal(0.06, 0.2, size=(BLOCK, 1))), 0.75)
    for _ in range(3):
        angle = rng.uniform(0, 2 * np.pi, size=(3, BLOCK, 1))
        waves = rng.uniform(2.0, 7.0, size=(BLOCK, 1))  # radians per digit height
        phase = waves * (np.cos(angle[0]) * x + np.sin(angle[0]) * y)
        size = 0.03 * care[:, None]
        x, y = x + size * np.sin(phase + angle[1]), y + size * np.sin(phase + angle[2])
    x = x - rng.normal(0.12, 0.22, size=(BLOCK, 1)) * y  # slant: tops to the right
    turn = rng.normal(0.0, 0.12, size=(BLOCK, 1))
    return np.stack([np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y], axis=-1)


def _lengths(pen: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Length of line each pen position stands for: (BLOCK, SAMPLES)."""
    step = np.hypot(*np.moveaxis(np.diff(pen, axis=1), -1, 0)) * ~gaps
    lengths = np.zeros(pen.shape[:2])
    lengths[:, :-1] += step / 2
    lengths[:, 1:] += step / 2
    return lengths


def _place(pen: np.ndarray, gaps: np.ndarray, half_width: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale the inked box to 20 pixels and put the centre of mass into the middle, as MNIST does."""
    low, high = pen.min(axis=1), pen.max(axis=1)
    room = BOX - 2 * half_width - 0.4
    pen = pen * (room / (high - low).max(axis=-1))[:, None, None]
    weight = _lengths(pen, gaps)
    centre = (pen * weight[..., None]).sum(axis=1) / weight.sum(axis=1)[:, None]
    # MNIST moves a drawn digit by whole pixels, so its centre is off by up to half a pixel.
    return pen - centre[:, None] + 14.0 + rng.uniform(-0.5, 0.5, size=(BLOCK, 1, 2))


def _ink(pen: np.ndarray, gaps: np.ndarray, half_width: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let a soft round pen follow the line: images (BLOCK, 28, 28) uint8.

    Gaussian spots along a straight line add up to exp(-d² / 2σ²) at distance d from it; the ink is half
    dark where that falls to `level`, at d = half_width, and its edge is `edge` pixels wide.
    """
    level = 0.35
    reach = np.sqrt(2 * np.log(1 / level))  # half_width / σ
    along = np.linspace(0, 2 * np.pi, SAMPLES)
    beat = rng.uniform(0.3, 2.0, size=(BLOCK, 1)) * along + rng.uniform(0, 2 * np.pi, size=(BLOCK, 1))
    pressure = 1 + rng.uniform(0, 0.22, size=(BLOCK, 1)) * np.sin(beat)
    sigma = half_width[:, None] * pressure / reach
    strength = _lengths(pen, gaps) / (np.sqrt(2 * np.pi) * sigma)
    pixel = np.arange(SIZE)
    spread = -0.5 / sigma**2
    across = np.exp(spread[..., None] * (pixel - pen[..., 0, None]) ** 2)  # (BLOCK, SAMPLES, 28)
    down = np.exp(spread[..., None] * (pixel - pen[..., 1, None]) ** 2) * strength[..., None]
    field = np.swapaxes(down, 1, 2) @ across
    edge = rng.uniform(0.7, 1.3, size=BLOCK)
    slope = np.maximum(half_width / (edge * reach**2), 0.56) / level  # above 0.5 / level: no grey background
    ink = 0.5 + slope[:, None, None] * (field - level)
    dark = rng.uniform(0.96, 1.12, size=(BLOCK, 1, 1))
    return np.rint(np.clip(dark * np.clip(ink, 0, 1), 0, 1) * 255).astype(np.uint8)
