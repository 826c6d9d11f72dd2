"""The built-in digits: the same for everyone, readable as MNIST, and looking like digits."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.datasets import DataError, is_real_mnist, load_mnist, mnist_source
from autograder.datasets.digit_strokes import SAMPLES, STYLES, parse_style, styles
from autograder.datasets.digits import BLOCK, draw_digits, write_digits


@pytest.fixture(scope="module")
def drawn():
    return draw_digits(2000, seed=5)


def test_workers_and_pieces_do_not_change_the_images(drawn):
    images, labels = drawn
    for count, workers in [(2000, 1), (BLOCK + 7, 3), (3, 2)]:
        again = draw_digits(count, seed=5, workers=workers)
        assert np.array_equal(again[0], images[:count])
        assert np.array_equal(again[1], labels[:count])


def test_seeds_and_streams_differ():
    first = draw_digits(20, seed=5)[0]
    for other in [{"seed": 6}, {"seed": 5, "stream": 1}, {"seed": 5 + 2**32}, {"seed": 5 + 2**130}]:
        assert not np.array_equal(draw_digits(20, **other)[0], first)


def test_these_very_images():
    """Changes only together with DRAWING_VERSION: caches and calibrated thresholds depend on the pixels."""
    images, labels = draw_digits(6, seed=1998)
    assert labels.tolist() == [4, 2, 3, 2, 6, 7]
    rows = [
        [0, 169, 255, 255, 140, 26, 6, 102, 255, 255, 159, 8],
        [0, 0, 0, 0, 0, 0, 0, 57, 247, 247, 150, 6],
        [0, 0, 0, 24, 189, 249, 249, 249, 249, 249, 98, 0],
        [0, 0, 0, 0, 0, 0, 120, 255, 255, 77, 0, 0],
        [255, 111, 0, 36, 240, 255, 213, 31, 19, 255, 255, 32],
        [0, 0, 0, 0, 0, 0, 0, 56, 227, 253, 253, 197],
    ]
    assert np.abs(images[:, 14, 8:20].astype(int) - rows).max() <= 1  # another platform may round differently


def test_no_digits_and_bad_arguments():
    images, labels = draw_digits(0, seed=1)
    assert images.shape == (0, 28, 28)
    assert labels.shape == (0,)
    for count, seed in [(-1, 1), (1, -1)]:
        with pytest.raises(ValueError, match="must not be negative"):
            draw_digits(count, seed=seed)


def test_progress_reaches_the_end():
    seen = []
    draw_digits(2 * BLOCK + 1, seed=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(BLOCK, 501), (2 * BLOCK, 501), (501, 501)]


def test_placed_as_in_mnist(drawn):
    ink = drawn[0] / 255.0
    position = np.arange(28)
    total = ink.sum(axis=(1, 2))
    for axis in (1, 2):
        centre = (ink.sum(axis=axis) * position).sum(axis=1) / total
        assert abs(centre.mean() - 14.0) < 0.1
        assert np.abs(centre - 14.0).max() < 2.0
    rows, columns = (drawn[0] > 40).any(axis=2).sum(axis=1), (drawn[0] > 40).any(axis=1).sum(axis=1)
    longest = np.maximum(rows, columns)  # the 20 pixels of MNIST's box, give or take a soft edge
    assert np.percentile(longest, 1) >= 17
    assert np.percentile(longest, 99) <= 22
    assert drawn[0].max() == 255
    assert (drawn[0].max(axis=(1, 2)) > 200).all()


def test_ink_as_in_mnist(drawn):
    """MNIST: mean 0.1307, standard deviation 0.3081 of the training images."""
    ink = drawn[0] / 255.0
    assert abs(ink.mean() - 0.1307) < 0.01
    assert abs(ink.std() - 0.3081) < 0.01


def test_all_digits_equally_often(drawn):
    counts = np.bincount(drawn[1], minlength=10)
    assert counts.min() > 150
    assert counts.max() < 250


def test_worth_training_on(drawn):
    """A nearest-mean reader, which learns next to nothing, is right far more often than by chance, not always."""
    images, labels = drawn
    flat = images.reshape(len(images), -1) / 255.0
    means = np.array([flat[:1500][labels[:1500] == digit].mean(axis=0) for digit in range(10)])
    distance = ((flat[1500:, None] - means) ** 2).sum(axis=2)
    right = (distance.argmin(axis=1) == labels[1500:]).mean()
    assert 0.5 < right < 0.95


def test_files_that_python_mnist_reads(tmp_path):
    from mnist import MNIST

    folder = write_digits(tmp_path / "digits", train=30, test=11, seed=3)
    names = {path.name for path in folder.iterdir()}
    assert names == {"source.json", *(f"{split}-{part}-ubyte" for split in ("train", "t10k")
                                      for part in ("images-idx3", "labels-idx1"))}  # fmt: skip
    images, labels = MNIST(str(folder)).load_training()
    expected = draw_digits(30, seed=3)
    assert np.array_equal(np.array(images).reshape(-1, 28, 28), expected[0])
    assert np.array_equal(labels, expected[1])
    images, _ = MNIST(str(folder)).load_testing()
    assert np.array_equal(np.array(images).reshape(-1, 28, 28), draw_digits(11, seed=3, stream=1)[0])


def test_written_digits_are_loaded_and_known(tmp_path):
    folder = write_digits(tmp_path / "digits", train=30, test=11, seed=3)
    assert np.array_equal(load_mnist(root=folder)[0], draw_digits(30, seed=3)[0])
    source = mnist_source(folder)
    assert (source.kind, source.train_count, source.test_count) == ("digits", 30, 11)
    assert not is_real_mnist(folder)


def test_existing_files_are_not_overwritten(tmp_path):
    folder = write_digits(tmp_path / "digits", train=2, test=2)
    with pytest.raises(DataError, match="has MNIST files already"):
        write_digits(folder, train=2, test=2)


def test_every_digit_has_many_styles():
    assert sorted(STYLES) == list(range(10))
    assert all(7 <= len(lines) <= 14 for lines in STYLES.values())


def test_styles_are_curves_through_their_points():
    for style in styles():
        assert style.curve.shape == (SAMPLES, len(style.points))
        assert np.allclose(style.curve.sum(axis=1), 1)  # moving the points moves the line
        pen = style.curve @ style.points
        nearest = np.hypot(*(pen[:, None] - style.points).transpose(2, 0, 1)).min(axis=0)
        assert nearest.max() < 0.05
        steps = np.hypot(*np.diff(pen, axis=0).T)
        assert steps[~style.gaps].max() < 0.07


def test_style_notation():
    style = parse_style(7, "2.5 0,0 50,0! 20,100 | 10,50 40,50")
    assert style.weight == 2.5
    assert style.points.tolist() == [[0, 0], [0.5, 0], [0.2, 1], [0.1, 0.5], [0.4, 0.5]]
    assert style.ends.tolist() == [True, False, True, True, True]
    assert style.gaps.sum() == 1
    pen = style.curve @ style.points
    assert np.hypot(*(pen - [0.5, 0]).T).min() < 0.02  # a corner is reached ...
    assert pen[:, 0].max() < 0.52  # ... and not overshot
    with pytest.raises(ValueError, match="a stroke needs two points"):
        parse_style(1, "1 0,0 5,5 | 3,3")
