"""How people write the ten digits: pen strokes, several styles a digit.

A style is a line of text.  Points are `x,y` in hundredths of the digit's height, x to the right, y
down; the pen follows a smooth curve (Catmull-Rom spline) through them.  `!` after a point makes it a
corner, `|` lifts the pen.  The number in front is how often the style is chosen among its digit's.

    "2 2,5 60,3! 22,100 | 12,50 55,46"      a seven with a corner and a bar, twice as likely as a "1 ..."

To add a style, add a line; `scripts/digit_sheet.py` shows it and `scripts/bench_digits.py` measures it.
Whoever changes this file or `digits.py` raises `DRAWING_VERSION` in `digits.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

SAMPLES = 80  # pen positions per digit: 0.8 pixels apart on the longest line, an 8 of about 62 pixels

STYLES: dict[int, tuple[str, ...]] = {
    0: (
        "3 36,0 12,14 2,50 12,88 36,100 58,86 68,50 58,13 36,0",  # oval
        "1 25,0 8,20 3,55 10,90 25,100 40,85 45,50 40,15 25,0",  # narrow
        "3 45,3 15,14 0,50 15,90 48,98 82,86 95,48 80,12 45,3",  # round
        "2 60,2 30,15 5,55 8,92 30,98 60,75 80,30 72,5 52,3",  # leaning
        "2 50,6 28,4 8,25 2,58 14,93 38,100 60,82 68,45 58,12 40,8",  # begun inside
        "2 58,12 32,0 8,22 2,60 18,96 42,98 64,70 66,28 46,4 24,10",  # ends overlap
        "1 40,0! 10,40 8,85 35,100 62,80 58,35 40,0",  # drop
        "1 14,6 2,45 12,90 38,100 64,82 66,40 46,4 20,2 8,12",  # begun at the left
    ),
    1: (
        "6 20,0 20,100",
        "4 36,0 10,100",  # leaning
        "2 34,0 22,50 18,100",  # bent
        "1 5,0 15,100",  # leaning back
        "1 20,0 26,50 20,100",
        "1 0,24 25,0! 25,100",  # serif
        "0.6 5,20 28,0! 28,98 | 2,99 54,99",  # serif and base
        "0.4 25,0 25,98 | 2,99 48,99",  # base
    ),
    2: (
        "3 5,20 25,2 52,8 58,32 40,60 2,98! 65,97",
        "3 4,22 26,2 54,10 55,38 35,70 12,92 4,86 16,76 36,88 66,96",  # loop
        "2 6,24 28,2 52,12 46,45 20,84 4,98 2,84 20,78 48,94 78,88",  # large loop, rising tail
        "2 8,18 30,0 55,15 50,45 22,78 2,96! 30,92 68,100",  # wavy base
        "1 4,6 56,4! 4,96! 62,96",  # like a z
        "2 10,30 20,5 45,5 52,28 38,55 3,95! 30,90 70,97",
        "2 0,34 20,6 58,4 64,30 40,62 4,94 30,90 84,86",  # wide, round at the left
        "1 10,14 36,0 50,22 36,66 6,98! 56,100",
        "3 6,14 34,2 58,20 48,60 22,94 4,90 8,70 30,70 52,88 80,92",  # round loop
        "2 12,12 42,0 62,20 48,62 16,96 0,82 20,66 46,80 60,100",  # like an a with a hat
        "1 0,12 44,2! 36,40 10,96! 40,96 94,88",  # edgy, with a long base
        "1 20,0 32,14 28,50 6,96! 40,94 84,90",  # hardly any head
    ),
    3: (
        "3 5,12 30,0 55,14 48,38 22,47! 55,56 62,80 35,100 2,88",
        "1 5,2 58,2! 25,42! 58,58 58,86 30,100 0,88",  # flat top
        "2 6,12 32,0 54,16 40,42 20,50 16,46 26,42 55,58 58,86 28,100 0,90",  # loop in the middle
        "3 5,10 35,0 55,20 38,45 30,48 55,62 55,88 28,100 2,90",  # no corner
        "2 8,16 30,2 50,12 44,34 28,42! 54,48 68,72 48,98 4,92",  # small head
        "2 2,14 34,0 64,16 50,44 26,50! 52,54 54,80 30,100 6,96",  # large head
        "1 4,6 50,0! 34,46! 58,62 42,96 0,100",  # edgy
        "2 4,14 30,0 62,10 54,30 20,48! 66,52 76,76 46,98 4,96",  # wide
        "1 14,8 52,0 50,24 26,46 42,44 52,60 36,90 0,100",  # leaning
        "1 10,4 60,4! 26,36 50,44 52,72 30,94 6,98",
    ),
    4: (
        "3 8,0 4,50! 62,50 | 52,5 50,100",  # open
        "2 50,0! 2,62! 68,62 | 50,0 50,100",  # closed
        "1 48,100 52,0! 2,65! 70,63",  # closed, one stroke
        "3 6,0 6,42 28,54 56,40 | 60,0 50,100",  # round cup
        "2 20,0 2,50! 30,54 62,46 | 62,8 42,100",  # leaning
        "2 8,4 4,42 26,50 54,40 62,4! 54,50 46,100",  # one stroke
        "2 16,8 2,56 26,60 74,46 | 64,0 52,50 46,100",
        "1 4,8 2,44! 50,44 | 48,6 46,100",  # square
    ),
    5: (
        "2 60,3 12,3! 8,42! 40,38 60,65 40,97 2,92",
        "3 14,5 8,45! 38,38 58,64 42,96 2,94 | 14,4 64,2",  # the top comes last
        "2 60,5 25,3 10,25 22,45 50,60 50,88 22,100 0,90",  # like an s
        "2 74,0 34,8! 20,44! 48,48 56,72 36,96 0,96",
        "1 56,6 18,8! 14,48! 44,54 42,84 16,100 0,92",
        "2 22,10 14,42 42,50 50,78 26,100 2,88 | 22,10 82,2",  # long top
        "1 66,2 26,6 10,40 36,46 56,66 44,94 10,100 0,80",
        "1 80,0 30,10! 22,46 46,60 44,86 20,100 2,86 8,72",  # hook
        "2 26,0 18,44! 52,40 72,66 54,96 10,98 | 26,2 92,0",  # wide
        "1 30,0 6,10 4,36! 50,34 80,62 60,94 4,100",  # wide, round shoulder
        "1 16,4 10,50! 46,46 50,80 16,100 0,86 | 20,6 84,8",
    ),
    6: (
        "3 45,0 15,35 4,72 20,100 50,94 56,70 35,55 8,74",
        "2 40,0 5,70 22,100 52,90 50,62 28,58 8,78",
        "2 50,5 18,30 2,70 15,98 48,98 62,75 48,55 20,62 6,85",  # large loop
        "2 10,0 4,70 20,100 48,92 50,66 30,56 6,74",  # like a b
        "2 64,0 28,30 6,72 18,98 44,92 48,72 32,66 14,84",  # small loop
        "1 56,8 40,0 12,34 2,72 20,100 46,94 54,70 36,58 6,72",  # curled top
        "2 70,2 30,26 4,66 14,96 46,96 66,76 56,62 30,72 18,92",  # leaning
        "1 30,0 4,66 14,98 40,94 42,76 24,74 8,92",
        "2 14,0 0,50 10,92 46,100 72,80 58,58 24,62 14,84",  # wide, begun at the left
        "2 22,0 0,56 12,96 54,98 76,76 60,58 36,74 34,96",  # loop ends below
        "1 40,0 8,40 0,78 24,100 60,96 72,74 50,60 22,74 24,90",
    ),
    7: (
        "3 2,5 60,3! 22,100",
        "3 2,6 60,4! 38,40 26,100",
        "1.3 2,5 60,3! 22,100 | 12,50 55,46",  # bar
        "1 4,20 6,4! 60,4! 25,100",  # serif
        "2 2,14 14,3 40,10 64,2! 30,55 24,100",  # wave
        "2 2,10 40,2 58,12 42,55 24,100",  # round shoulder
        "2 0,24 10,6 54,8! 44,50 44,100",  # upright
        "0.7 0,8 56,8! 36,48 28,100 | 16,54 60,48",  # bar, bent stem
        "1 0,30 6,10 34,8 60,4! 30,52 8,100",
    ),
    8: (
        "3 55,12 30,0 8,18 28,44 58,70 45,98 12,96 4,74 30,48 56,24 50,8",
        "1 32,0 10,12 14,38 32,46 52,36 52,10 32,0 | 32,46 6,62 6,90 32,100 60,88 58,60 32,46",  # two rings
        "2 62,6 36,2 24,22 36,46 44,76 24,100 4,86 16,62 46,40 64,16 56,2",  # slender
        "2 46,4 18,6 12,28 36,46 52,66 42,96 14,96 8,72 28,50 50,30 48,8",
        "2 70,14 44,0 18,14 26,36 42,54 46,84 22,100 4,84 18,62 50,44 74,20",  # open at the top
        "1 20,4 8,24 30,46 56,68 46,96 14,98 4,76 26,52 54,28 48,4 22,2",  # begun at the left
        "1 40,46 16,34 22,6 48,0 60,18 44,42 12,62 4,86 26,100 50,88 54,64 36,46",  # begun in the middle
        "1 62,10 38,0 14,14 34,40 66,64 56,92 20,100 0,80 24,56 56,36 66,14",  # wide
        "2 70,6 40,0 16,14 24,32 44,50 50,80 34,100 20,88 26,64 50,36 68,10",  # small below
        "2 56,20 44,0 14,4 4,24 30,46 60,36 56,12! 36,50 20,84 26,100 44,92 44,70 28,46",  # large head
        "2 66,20 50,2 18,2 6,22 30,44 42,66 34,96 16,98 12,80 36,52 76,12",
        "1 60,4 16,10 6,26 30,44! 8,70 12,96 44,96 56,70 32,46 64,14",  # an s, closed
    ),
    9: (
        "3 52,10 25,0 4,22 14,48 40,46 54,14! 50,100",  # straight stem
        "3 54,14 28,0 4,24 18,50 44,42 55,12 54,60 30,100",  # curved stem
        "1 54,14 28,0 4,22 16,46 44,40 54,14 52,80 30,100 5,90",  # hook
        "2 50,20 32,2 6,22 8,46 30,50 54,22! 40,60 30,100",  # leaning
        "2 60,6 34,0 8,26 14,46 36,40 58,10 46,54 40,100",
        "2 44,4 18,6 2,28 20,44 46,30 50,4! 50,50 48,100",  # flat head
        "2 56,24 40,4 12,10 4,36 26,46 52,30 58,20 44,64 20,100",
        "2 50,10 22,4 6,24 14,42 36,40 50,14! 52,60 50,100",
        "1 58,4 20,4 6,24 20,42 56,30! 54,70 48,100",
        "1 46,36 16,46 4,22 28,0 50,16 48,60 44,100",  # begun at the neck
        "1 64,12 36,0 10,18 20,36 48,32 66,8! 40,54 12,100",  # small head, leaning
    ),
}


@dataclass(frozen=True)
class Style:
    """One way to write a digit, ready to be sampled for many images at once.

    points: (P, 2) float, the points of the style's line of text, in digit heights
    ends:   (P,) bool, the points where a stroke begins or ends
    curve:  (SAMPLES, P) float, pen positions = curve @ points
    gaps:   (SAMPLES - 1,) bool, True where the pen is lifted between two positions
    """

    digit: int
    weight: float
    points: np.ndarray
    ends: np.ndarray
    curve: np.ndarray
    gaps: np.ndarray


@cache
def styles() -> tuple[Style, ...]:
    """All styles of all digits, in the order of `STYLES`."""
    return tuple(parse_style(digit, line) for digit, lines in STYLES.items() for line in lines)


def parse_style(digit: int, line: str) -> Style:
    """Read one line of `STYLES`; ValueError when it is not of the form explained at the top."""
    weight, _, text = line.partition(" ")
    strokes = [part.split() for part in text.split("|")]
    if any(len(stroke) < 2 for stroke in strokes):
        raise ValueError(f"digit {digit}, style {line!r}: a stroke needs two points")
    points: list[tuple[float, float]] = []
    ends: list[bool] = []
    knots: list[list[int]] = []
    for stroke in strokes:
        knots.append([])
        for i, token in enumerate(stroke):
            x, y = token.rstrip("!").split(",")
            # A knot met twice in a row is a corner: the spline arrives and leaves without rounding it.
            knots[-1] += [len(points)] * (2 if token.endswith("!") else 1)
            ends.append(i in (0, len(stroke) - 1))
            points.append((float(x) / 100, float(y) / 100))
    coordinates = np.array(points)
    matrix, gaps = _curve_matrix(coordinates, knots)
    return Style(digit, float(weight), coordinates, np.array(ends), matrix, gaps)


def _curve_matrix(points: np.ndarray, strokes: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Catmull-Rom weights for `SAMPLES` pen positions, evenly spaced along the strokes."""
    dense = [_spline(knots, len(points)) for knots in strokes]
    paths = [rows @ points for rows in dense]
    travelled = [np.append(0.0, np.cumsum(np.hypot(*np.diff(path, axis=0).T))) for path in paths]
    lengths = np.array([distance[-1] for distance in travelled])
    counts = np.maximum(4, np.floor(SAMPLES * lengths / lengths.sum()).astype(int))
    counts[np.argmax(counts)] += SAMPLES - counts.sum()
    chosen = []
    for rows, distance, count in zip(dense, travelled, counts, strict=True):
        chosen.append(rows[np.searchsorted(distance, np.linspace(0, distance[-1], count) - 1e-9)])
    gaps = np.zeros(SAMPLES - 1, dtype=bool)
    gaps[np.cumsum(counts)[:-1] - 1] = True
    return np.concatenate(chosen), gaps


def _spline(knots: list[int], size: int, steps: int = 60) -> np.ndarray:
    """Rows of spline weights through `knots` (indices into `size` points), `steps` rows a segment."""
    eye = np.eye(size)
    first, last = 2 * eye[knots[0]] - eye[knots[1]], 2 * eye[knots[-1]] - eye[knots[-2]]
    line = np.array([first, *eye[knots], last])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    rows = []
    for a, b, c, d in zip(line, line[1:], line[2:], line[3:], strict=False):
        if not np.array_equal(b, c):
            rows.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate([*rows, line[-2][None]])
