"""The drawn pictures that stand in for CIFAR-10: small colour scenes of its ten classes, drawn by NumPy.

A class is a list of parts, ellipses and convex polygons in a box from -1 to 1 (x to the right, y down), painted one
over the other.  Every image has its own size, place, tilt, mirror, shaken parts, colours, scenery, light and noise.
Scenery and colours are shared by several classes, so that a class shows in its shape and not in its mean colour.
Every block of images has its own random generator: the same seed gives the same images, however many are drawn.
"""

from __future__ import annotations

import math

import numpy as np

DRAWING_VERSION = 1  # raise when any pixel changes: it names the cached files
DEFAULT_SEED = 2009  # the year of CIFAR-10's report
TRAIN_COUNT, TEST_COUNT = 10_000, 2_000
SIDE = 32  # pixels, as CIFAR-10
BLOCK = 500  # images with one random generator; part of what a seed means

BODY, SECOND, DARK, LIGHT = range(4)  # the colours of a part

Part = tuple[int, tuple[float, ...] | tuple[tuple[float, float], ...]]


def _leg(x: float, top: float, bottom: float, width: float, lean: float = 0.0) -> Part:
    low = x + lean
    return BODY, ((x - width, top), (x + width, top), (low + width, bottom), (low - width, bottom))


# (colour, (centre x, centre y, radius x, radius y, tilt in degrees)) or (colour, (corner, corner, ...) clockwise)
PARTS: tuple[tuple[Part, ...], ...] = (
    (  # airplane
        (SECOND, ((-0.15, -0.05), (-0.5, -0.8), (-0.28, -0.8), (0.3, -0.05))),
        (SECOND, ((-0.15, 0.05), (0.3, 0.05), (-0.28, 0.8), (-0.5, 0.8))),
        (BODY, ((-0.65, 0.0), (-0.98, -0.4), (-0.8, -0.4), (-0.5, 0.0))),
        (BODY, (0.0, 0.0, 0.95, 0.16, 0.0)),
        (DARK, (0.72, -0.04, 0.1, 0.06, 0.0)),
    ),
    (  # automobile
        (BODY, ((-0.62, 0.1), (-0.35, -0.35), (0.3, -0.35), (0.65, 0.1))),
        (LIGHT, ((-0.45, 0.06), (-0.27, -0.26), (0.24, -0.26), (0.45, 0.06))),
        (BODY, ((-0.97, 0.05), (0.85, 0.05), (0.97, 0.25), (0.97, 0.5), (-0.97, 0.5))),
        (DARK, (-0.55, 0.5, 0.23, 0.23, 0.0)),
        (DARK, (0.55, 0.5, 0.23, 0.23, 0.0)),
    ),
    (  # bird
        (BODY, ((-0.35, 0.0), (-0.35, 0.25), (-0.95, 0.45), (-0.95, 0.2))),
        (BODY, (0.0, 0.1, 0.55, 0.32, -15.0)),
        (BODY, (0.5, -0.3, 0.22, 0.22, 0.0)),
        (LIGHT, ((0.68, -0.4), (0.98, -0.27), (0.68, -0.2))),
        (SECOND, (-0.1, 0.05, 0.38, 0.17, 20.0)),
        (DARK, (0.56, -0.36, 0.06, 0.06, 0.0)),
        (DARK, ((-0.03, 0.38), (0.03, 0.38), (0.03, 0.8), (-0.03, 0.8))),
        (DARK, ((0.14, 0.38), (0.2, 0.38), (0.2, 0.8), (0.14, 0.8))),
    ),
    (  # cat
        (BODY, ((-0.62, 0.0), (-0.6, -0.9), (-0.1, -0.35))),
        (BODY, ((0.1, -0.35), (0.6, -0.9), (0.62, 0.0))),
        (BODY, (0.0, 0.12, 0.66, 0.6, 0.0)),
        (LIGHT, (-0.26, 0.0, 0.15, 0.12, 0.0)),
        (LIGHT, (0.26, 0.0, 0.15, 0.12, 0.0)),
        (DARK, (-0.26, 0.0, 0.05, 0.12, 0.0)),
        (DARK, (0.26, 0.0, 0.05, 0.12, 0.0)),
        (SECOND, ((-0.1, 0.25), (0.1, 0.25), (0.0, 0.38))),
    ),
    (  # deer
        (SECOND, ((0.42, -0.5), (0.2, -0.95), (0.28, -0.97), (0.52, -0.52))),
        (SECOND, ((0.55, -0.5), (0.8, -0.97), (0.88, -0.92), (0.64, -0.48))),
        (SECOND, ((0.3, -0.7), (0.06, -0.72), (0.06, -0.8), (0.3, -0.78))),
        (SECOND, ((0.7, -0.75), (0.97, -0.72), (0.97, -0.64), (0.7, -0.67))),
        (BODY, ((0.2, 0.05), (0.45, -0.45), (0.65, -0.4), (0.45, 0.25))),
        (BODY, (0.62, -0.42, 0.24, 0.13, 15.0)),
        (BODY, (-0.1, 0.15, 0.52, 0.24, 0.0)),
        _leg(-0.5, 0.2, 0.95, 0.045),
        _leg(-0.32, 0.2, 0.95, 0.045, 0.08),
        _leg(0.12, 0.2, 0.95, 0.045, -0.05),
        _leg(0.3, 0.2, 0.95, 0.045, 0.05),
    ),
    (  # dog
        (BODY, (0.0, 0.0, 0.52, 0.66, 0.0)),
        (SECOND, (-0.56, 0.0, 0.18, 0.48, 12.0)),
        (SECOND, (0.56, 0.0, 0.18, 0.48, -12.0)),
        (LIGHT, (0.0, 0.36, 0.3, 0.27, 0.0)),
        (DARK, (0.0, 0.22, 0.12, 0.09, 0.0)),
        (DARK, (-0.2, -0.15, 0.08, 0.09, 0.0)),
        (DARK, (0.2, -0.15, 0.08, 0.09, 0.0)),
        (SECOND, (0.0, 0.62, 0.1, 0.14, 0.0)),
    ),
    (  # frog
        (BODY, (-0.72, 0.68, 0.28, 0.13, 0.0)),
        (BODY, (0.72, 0.68, 0.28, 0.13, 0.0)),
        (BODY, (0.0, 0.28, 0.8, 0.48, 0.0)),
        (BODY, (-0.42, -0.22, 0.24, 0.24, 0.0)),
        (BODY, (0.42, -0.22, 0.24, 0.24, 0.0)),
        (LIGHT, (-0.42, -0.24, 0.14, 0.14, 0.0)),
        (LIGHT, (0.42, -0.24, 0.14, 0.14, 0.0)),
        (DARK, (-0.42, -0.24, 0.07, 0.07, 0.0)),
        (DARK, (0.42, -0.24, 0.07, 0.07, 0.0)),
        (SECOND, (0.0, 0.3, 0.48, 0.07, 0.0)),
    ),
    (  # horse
        (SECOND, ((-0.6, -0.05), (-0.72, -0.05), (-0.97, 0.55), (-0.85, 0.6))),
        (BODY, ((0.1, 0.05), (0.4, -0.7), (0.66, -0.6), (0.5, 0.25))),
        (SECOND, ((0.05, 0.0), (0.34, -0.75), (0.44, -0.72), (0.2, 0.0))),
        (BODY, (0.7, -0.5, 0.3, 0.14, 35.0)),
        (BODY, (-0.1, 0.1, 0.6, 0.3, 0.0)),
        _leg(-0.56, 0.2, 0.95, 0.08),
        _leg(-0.32, 0.2, 0.95, 0.08, 0.06),
        _leg(0.16, 0.2, 0.95, 0.08, -0.05),
        _leg(0.38, 0.2, 0.95, 0.08, 0.05),
    ),
    (  # ship
        (LIGHT, ((-0.4, -0.12), (0.35, -0.12), (0.45, 0.25), (-0.45, 0.25))),
        (SECOND, ((-0.1, -0.75), (0.14, -0.75), (0.14, -0.1), (-0.1, -0.1))),
        (DARK, ((-0.1, -0.75), (0.14, -0.75), (0.14, -0.6), (-0.1, -0.6))),
        (BODY, ((-0.97, 0.2), (0.97, 0.2), (0.62, 0.68), (-0.7, 0.68))),
        (DARK, (-0.3, 0.36, 0.07, 0.07, 0.0)),
        (DARK, (0.0, 0.36, 0.07, 0.07, 0.0)),
        (DARK, (0.3, 0.36, 0.07, 0.07, 0.0)),
    ),
    (  # truck
        (SECOND, ((0.28, -0.2), (0.7, -0.2), (0.95, 0.12), (0.95, 0.5), (0.28, 0.5))),
        (LIGHT, ((0.42, -0.1), (0.66, -0.1), (0.82, 0.12), (0.42, 0.12))),
        (BODY, ((-0.97, -0.6), (0.25, -0.6), (0.25, 0.48), (-0.97, 0.48))),
        (DARK, (-0.7, 0.52, 0.18, 0.2, 0.0)),
        (DARK, (-0.25, 0.52, 0.18, 0.2, 0.0)),
        (DARK, (0.62, 0.52, 0.18, 0.2, 0.0)),
    ),
)

# Scenery: the colour of the upper and of the lower part, 0 to 1, each shaken for every image.
SCENES = np.array(
    [
        [[0.55, 0.68, 0.85], [0.62, 0.74, 0.88]],  # sky
        [[0.62, 0.70, 0.78], [0.45, 0.45, 0.45]],  # road
        [[0.58, 0.68, 0.70], [0.40, 0.52, 0.28]],  # meadow
        [[0.62, 0.72, 0.80], [0.28, 0.42, 0.55]],  # water
        [[0.66, 0.58, 0.50], [0.52, 0.42, 0.34]],  # room
    ]
)
# How likely each scene is for each class, in hundredths.  No class has one to itself.
LIKELY = np.array(
    [
        [44, 18, 14, 12, 12], [12, 44, 16, 10, 18], [30, 10, 26, 18, 16], [10, 16, 18, 10, 46], [12, 14, 48, 14, 12],
        [10, 16, 26, 10, 38], [10, 12, 34, 32, 12], [12, 20, 44, 10, 14], [20, 10, 10, 48, 12], [12, 42, 18, 10, 18],
    ]
)  # fmt: skip


def draw_pictures(count: int, *, seed: int, stream: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` pictures: images (count, 3, 32, 32) uint8, red, green, blue, and labels (count,) uint8.

    seed:   an int >= 0; the same seed gives the same images, and fewer of them are the first ones of more.
    stream: another number gives other images for the same seed (0 training, 1 test).
    Raises ValueError for a negative count or seed.
    """
    if count < 0 or seed < 0:
        raise ValueError(f"draw_pictures: count and seed must not be negative, got {count} and {seed}")
    images = np.empty((count, 3, SIDE, SIDE), dtype=np.uint8)
    labels = np.empty(count, dtype=np.uint8)
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, start // BLOCK)))
        block_images, block_labels = _draw_block(rng)
        images[start:stop], labels[start:stop] = block_images[: stop - start], block_labels[: stop - start]
    return images, labels


def stand_in_name() -> str:
    """The cache's name for the pictures that stand in for CIFAR-10."""
    return f"pictures-v{DRAWING_VERSION}-{DEFAULT_SEED}-{TRAIN_COUNT}-{TEST_COUNT}"


def stand_in_splits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The pictures that stand in for CIFAR-10: {"train": (images, labels), "test": (images, labels)}."""
    return {
        "train": draw_pictures(TRAIN_COUNT, seed=DEFAULT_SEED, stream=0),
        "test": draw_pictures(TEST_COUNT, seed=DEFAULT_SEED, stream=1),
    }


def _draw_block(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.integers(0, 10, size=BLOCK)
    canvas = _scenery(labels, rng)
    colours = _colours(canvas, rng)
    x, y, zoom = _own_coordinates(rng)
    for label in range(10):
        here = np.flatnonzero(labels == label)
        for colour, shape in PARTS[label]:
            inside = _coverage(shape, x[here], y[here], zoom[here], rng)[:, None]
            paint = colours[here, colour][:, :, None, None]
            canvas[here] += inside * (paint - canvas[here])
    light = np.exp(rng.normal(0.0, 0.15, size=(BLOCK, 1, 1, 1)))
    noise = rng.uniform(0.02, 0.07, size=(BLOCK, 1, 1, 1)) * rng.standard_normal(
        canvas.shape, dtype=np.float32
    )
    return np.rint(np.clip(canvas * light + noise, 0, 1) * 255).astype(np.uint8), labels.astype(np.uint8)


def _scenery(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two colours that meet at a slanted, soft horizon, with slow waves in them: (BLOCK, 3, 32, 32) float32."""
    bounds = np.cumsum(LIKELY[labels], axis=1) / 100
    scene = np.minimum((rng.random((BLOCK, 1)) > bounds).sum(axis=1), len(SCENES) - 1)
    two = SCENES[scene] + rng.normal(0, 0.11, size=(BLOCK, 2, 1)) + rng.normal(0, 0.06, size=(BLOCK, 2, 3))
    row, column = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    slant, height = rng.normal(0, 0.12, size=(BLOCK, 1, 1)), rng.normal(0.12, 0.12, size=(BLOCK, 1, 1))
    soft = rng.uniform(2, 12, size=(BLOCK, 1, 1))  # pixels, roughly
    below = 1 / (1 + np.exp(-(row + slant * column - height) * SIDE * 4 / soft))
    waves = np.zeros((BLOCK, SIDE, SIDE))
    for _ in range(3):
        turn, phase = rng.uniform(0, 2 * np.pi, size=(2, BLOCK, 1, 1))
        length = rng.uniform(4, 30, size=(BLOCK, 1, 1))
        waves += 0.04 * np.sin(length * (np.cos(turn) * row + np.sin(turn) * column) + phase)
    upper, lower = two[:, 0, :, None, None], two[:, 1, :, None, None]
    return (upper + below[:, None] * (lower - upper) + waves[:, None]).astype(np.float32)


def _colours(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Body, second, dark and light of each image, the body off the middle of its scenery: (BLOCK, 4, 3)."""
    middle = canvas[:, :, 8:24, 8:24].mean(axis=(1, 2, 3))
    darker = rng.random(BLOCK) < 0.72
    off = rng.uniform(0.16, 0.42, size=BLOCK) * np.where(darker, -1, 1)
    grey = np.clip(middle + off, 0.06, 0.94)
    tint = rng.normal(0, 0.13, size=(BLOCK, 3))
    body = grey[:, None] + tint - tint.mean(axis=1, keepdims=True)
    tint = rng.normal(0, 0.1, size=(BLOCK, 3))
    second = body + rng.choice([-0.18, 0.18], size=(BLOCK, 1)) + tint - tint.mean(axis=1, keepdims=True)
    dark = rng.uniform(0.02, 0.2, size=(BLOCK, 1)) + np.zeros((BLOCK, 3))
    light = rng.uniform(0.75, 0.98, size=(BLOCK, 1)) + rng.normal(0, 0.05, size=(BLOCK, 3))
    return np.clip(np.stack([body, second, dark, light], axis=1), 0, 1).astype(np.float32)


def _own_coordinates(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each pixel lies in the box of the drawing, x and y (BLOCK, 32, 32), and pixels per unit (BLOCK,)."""
    zoom = rng.uniform(9.5, 14.5, size=BLOCK)
    aspect = np.exp(rng.normal(0, 0.1, size=BLOCK))
    mirror = rng.choice([-1.0, 1.0], size=BLOCK)
    turn = rng.normal(0, 0.13, size=(BLOCK, 1, 1))  # radians
    shift = rng.normal(0, 2.0, size=(2, BLOCK, 1, 1)) + (SIDE - 1) / 2
    column, row = np.arange(SIDE) - shift[0], np.arange(SIDE)[:, None] - shift[1]
    x = (np.cos(turn) * column + np.sin(turn) * row) / (zoom * aspect * mirror)[:, None, None]
    y = (np.cos(turn) * row - np.sin(turn) * column) / (zoom / aspect)[:, None, None]
    return x.astype(np.float32), y.astype(np.float32), zoom.astype(np.float32)


def _coverage(
    shape: tuple, x: np.ndarray, y: np.ndarray, zoom: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """How much of each pixel a part covers, 0 to 1: (n, 32, 32)."""
    n = len(x)
    if isinstance(shape[0], tuple):
        corners = np.array(shape)[:, :, None, None, None] + rng.normal(
            0, 0.035, size=(len(shape), 2, n, 1, 1)
        )
        corners = corners.astype(np.float32)
        inside = np.full(x.shape, np.inf, dtype=np.float32)
        for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            edge = b - a
            length = np.hypot(edge[0], edge[1])
            np.minimum(inside, (edge[0] * (y - a[1]) - edge[1] * (x - a[0])) / length, out=inside)
    else:
        cx, cy, rx, ry, tilt = shape
        shaken = rng.normal(0, [[0.035], [0.035], [0.1], [0.1]], size=(4, n)).astype(np.float32)[
            :, :, None, None
        ]
        u, v = x - cx - shaken[0], y - cy - shaken[1]
        if tilt:
            c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
            u, v = c * u + s * v, c * v - s * u
        wide, high = rx * np.exp(shaken[2]), ry * np.exp(shaken[3])
        inside = (1 - np.sqrt((u / wide) ** 2 + (v / high) ** 2)) * np.minimum(wide, high)
    return np.clip(inside * zoom[:, None, None] + 0.5, 0, 1)
