"""The checks of advanced task 6: the reference passes them, and each fails the mistake it exists for."""

from functools import cache

import numpy as np
import pytest

from autograder.checks import TaskData, load_checks, threshold
from autograder.checks.outcome import Status
from autograder.datasets.drawn_pictures import draw_pictures
from tests.checks import harness
from tests.checks.harness import (
    JUNK,
    grade,
    grade_recorded,
    junk_source,
    not_passed,
    recorded_bytes,
    stub_source,
)

TASK = "adv6_color"
RECORDED_LIMIT = 400_000  # bytes shipped to students for one task
CPU_LIMIT_S = 6.0


@cache
def small_pictures() -> TaskData:
    """Few drawn pictures, fewer than the real sets have."""
    train, test = draw_pictures(2_500, seed=1), draw_pictures(500, seed=1, stream=1)
    return TaskData("pictures", train, test, draw_pictures(1_000, seed=1, stream=2))


@cache
def few_pictures() -> TaskData:
    """Too few to learn from: for tests that look at how a check fails."""
    some = draw_pictures(150, seed=1)
    return TaskData("pictures", some, some, some)


harness.OWN_DATA[TASK] = small_pictures

# name: (the check it must fail, source that replaces the reference's)
MISTAKES = {
    "channels_change_fastest_in_a_row": (
        "color_unpack_rows",
        """
def unpack_rows(rows, height=32, width=32):
    return np.moveaxis(rows.reshape(-1, height, width, 3), -1, 1)
""",
    ),
    "height_and_width_swapped": (
        "color_unpack_rows",
        """
def unpack_rows(rows, height=32, width=32):
    return rows.reshape(-1, 3, width, height).transpose(0, 1, 3, 2)
""",
    ),
    "sizes_fixed_to_32": (
        "color_unpack_rows",
        "def unpack_rows(rows, height=32, width=32): return rows.reshape(len(rows), 3, 32, 32)",
    ),
    "reshaped_instead_of_transposed": (
        "color_to_picture",
        """
def to_picture(images):
    *n, c, h, w = images.shape
    return images.reshape(*n, h, w, c)
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    scaled = 0.5 + 0.5 * W1 / np.where(size > 0, size, 1)
    return np.moveaxis(scaled.T.reshape(-1, *shape), 1, -1)
""",
    ),
    "pictures_lie_on_their_side": (
        "color_to_picture",
        """
def to_picture(images): return np.swapaxes(images, -3, -1)
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    scaled = 0.5 + 0.5 * W1 / np.where(size > 0, size, 1)
    return np.moveaxis(scaled.T.reshape(-1, *shape), 1, -1)
""",
    ),
    "one_image_only": (
        "color_to_picture",
        """
def to_picture(images): return np.transpose(images, (1, 2, 0))
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    scaled = 0.5 + 0.5 * W1 / np.where(size > 0, size, 1)
    return np.moveaxis(scaled.T.reshape(-1, *shape), 1, -1)
""",
    ),
    "channels_as_images": (
        "color_flatten",
        """
def flatten_color(images): return images.reshape(-1, images.shape[-2] * images.shape[-1])
def train_color(images, labels, *, ask=train_color, **options):
    global flatten_color
    own, flatten_color = flatten_color, lambda x: x.reshape(len(x), -1)
    try:
        return ask(images, labels, **options)
    finally:
        flatten_color = own
def classify_color(model, images, ask=classify_color):
    global flatten_color
    own, flatten_color = flatten_color, lambda x: x.reshape(len(x), -1)
    try:
        return ask(model, images)
    finally:
        flatten_color = own
""",
    ),
    "pixels_before_channels": (
        "color_flatten",
        "def flatten_color(images): return np.moveaxis(images, -3, -1).reshape(-1, int(np.prod(images.shape[-3:])))",
    ),
    "uint8_overflow": (
        "color_gray",
        """
def to_gray(images):
    return (images[:, 0] + images[:, 1] + images[:, 2]) / 3
""",
    ),
    "plain_mean_of_the_channels": (
        "color_gray",
        "def to_gray(images): return images.mean(axis=1)",
    ),
    "weights_backwards": (
        "color_gray",
        "def to_gray(images): return np.tensordot(images, [0.114, 0.587, 0.299], axes=(1, 0))",
    ),
    "weights_on_the_columns": (
        "color_gray",
        "def to_gray(images): return images @ np.array([0.299, 0.587, 0.114])",
    ),
    "not_scaled_to_1": (
        "color_statistics",
        """
def channel_statistics(images): return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))
""",
    ),
    "mean_of_the_images_deviations": (
        "color_statistics",
        """
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=(0, 2, 3)), x.std(axis=(2, 3)).mean(axis=0)
""",
    ),
    "variance_for_deviation": (
        "color_statistics",
        """
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
""",
    ),
    "one_number_for_all_channels": (
        "color_statistics",
        """
def channel_statistics(images):
    x = images / 255
    return np.full(images.shape[1], x.mean()), x.std(axis=(0, 2, 3))
""",
    ),
    "broadcast_along_the_columns": (
        "color_standardize",
        """
def standardize(images, mean, std):
    if images.shape[-1] == len(mean):
        return (images / 255 - mean) / np.where(std > 0, std, 1)
    return (images / 255 - mean[:, None, None]) / np.where(std > 0, std, 1)[:, None, None]
""",
    ),
    "divided_by_the_variance": (
        "color_standardize",
        """
def standardize(images, mean, std):
    std = np.where(np.asarray(std) > 0, std, 1)
    return (images / 255 - np.asarray(mean)[:, None, None]) / std[:, None, None] ** 2
""",
    ),
    "own_statistics_of_the_batch": (
        "color_standardize",
        """
def standardize(images, mean, std):
    x = images / 255
    own = x.std(axis=(0, 2, 3), keepdims=True)
    return (x - x.mean(axis=(0, 2, 3), keepdims=True)) / np.where(own > 0, own, 1)
""",
    ),
    "zero_divided_by_zero": (
        "color_constant_channel",
        """
def standardize(images, mean, std):
    return (images / 255 - np.asarray(mean)[:, None, None]) / np.asarray(std)[:, None, None]
""",
    ),
    "root_of_less_than_nothing": (
        "color_constant_channel",
        """
def channel_statistics(images, ask=channel_statistics):
    mean, std = ask(images)
    return mean, np.where(std < 1e-6, np.nan, std)
""",
    ),
    "scaled_in_place": (
        "color_arguments",
        """
def standardize(images, mean, std, ask=standardize):
    std[std == 0] = 1
    return ask(images, mean, std)
""",
    ),
    "weights_divided_in_place": (
        "color_arguments",
        """
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    W1 /= np.where(size > 0, 2 * size, 1)
    W1 += 0.5
    return to_picture(W1.T.reshape(-1, *shape))
""",
    ),
    "statistics_of_one_batch_in_the_model": (
        "color_model",
        """
def train_color(images, labels, ask=train_color, **options):
    model = ask(images, labels, **options)
    mean, std = channel_statistics(images[:10])
    return {**model, "mean": mean, "std": std}
""",
    ),
    "seed_not_used": (
        "color_model",
        """
def train_color(images, labels, seed=0, ask=train_color, **options):
    return ask(images, labels, seed=7, **options)
""",
    ),
    "statistics_of_the_images_at_hand": (
        "color_classify",
        """
def classify_color(model, images):
    mean, std = channel_statistics(images)
    x = flatten_color(standardize(images, mean, std))
    return classify({name: model[name] for name in ("W1", "b1", "W2", "b2")}, x)
""",
    ),
    "not_standardized": (
        "color_classify",
        """
def classify_color(model, images):
    return classify({name: model[name] for name in ("W1", "b1", "W2", "b2")}, flatten_color(images / 255))
""",
    ),
    "last_batch_lost": (
        "color_classify",
        """
def classify_color(model, images, ask=classify_color):
    found = ask(model, images)
    found[len(found) // 1000 * 1000 :] = 0
    return found
""",
    ),
    "labels_not_shuffled_with_the_images": (
        "color_accuracy",
        """
def train_color(images, labels, seed=0, ask=train_color, **options):
    return ask(images, np.random.default_rng(seed).permutation(labels), seed=seed, **options)
""",
    ),
    "one_step_only": (
        "color_accuracy",
        """
def train_color(images, labels, epochs=10, ask=train_color, **options):
    return ask(images, labels, epochs=1, **{**options, "learning_rate": 1e-4})
""",
    ),
    "all_nodes_scaled_alike": (
        "color_weights",
        """
def weight_pictures(W1, shape=(3, 32, 32)):
    return to_picture((0.5 + 0.5 * W1 / np.abs(W1).max()).T.reshape(-1, *shape))
""",
    ),
    "from_smallest_to_largest": (
        "color_weights",
        """
def weight_pictures(W1, shape=(3, 32, 32)):
    low, high = W1.min(axis=0), W1.max(axis=0)
    return to_picture(((W1 - low) / np.where(high > low, high - low, 1)).T.reshape(-1, *shape))
""",
    ),
    "rows_of_w1_for_columns": (
        "color_weights",
        """
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    return to_picture((0.5 + 0.5 * W1 / np.where(size > 0, size, 1)).reshape(-1, *shape))
""",
    ),
}

# What else a mistake breaks, beyond any follow-through.
ALSO = {
    "own_statistics_of_the_batch": {"color_classify"},  # the class then depends on the other images
    "not_scaled_to_1": {"color_accuracy"},  # every pixel becomes nearly the same number
}

# Different from the reference, and right.
CORRECT = {
    "plain_numpy": """
def to_gray(images): return 0.299 * images[:, 0] + 0.587 * images[:, 1] + 0.114 * images[:, 2]
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=(0, 2, 3)), x.std(axis=(0, 2, 3))
def standardize(images, mean, std):
    x = images / 255 - np.reshape(mean, (1, -1, 1, 1))
    return x / (np.reshape(std, (1, -1, 1, 1)) + (np.reshape(std, (1, -1, 1, 1)) == 0))
""",
    "statistics_keep_their_axes": """
def channel_statistics(images):
    x = images.astype(np.float32) / 255
    return x.mean(axis=(0, 2, 3), keepdims=True), x.std(axis=(0, 2, 3), keepdims=True)
def standardize(images, mean, std):
    std = np.reshape(std, (-1, 1, 1))
    return (images / np.float32(255) - np.reshape(mean, (-1, 1, 1))) / np.where(std > 0, std, 1)
""",
    "transposes": """
def to_picture(images):
    return images.transpose(1, 2, 0) if images.ndim == 3 else images.transpose(0, 2, 3, 1)
def unpack_rows(rows, height=32, width=32):
    size = height * width
    return np.stack([rows[:, i * size:(i + 1) * size].reshape(-1, height, width) for i in range(3)], axis=1)
def flatten_color(images):
    if images.ndim == 3: images = images[None]
    return np.array([np.concatenate([c.ravel() for c in image]) for image in images])
""",
    "one_by_one_as_a_list": """
def classify_color(model, images):
    return [int(classify(model, flatten_color(standardize(i[None], model["mean"], model["std"])))[0]) for i in images]
""",
}


def test_points_sum_to_100() -> None:
    assert sum(check.points for check in load_checks(TASK).values()) == 100


@pytest.mark.parametrize("seed", range(5))
def test_reference_passes(seed: int) -> None:
    assert not_passed(grade(TASK, seed=seed)) == {}


def test_reference_passes_on_its_recording() -> None:
    assert not_passed(grade_recorded(TASK)) == {}
    assert recorded_bytes(TASK) < RECORDED_LIMIT
    assert sum(result.seconds for result in grade(TASK).values()) < CPU_LIMIT_S


def test_stub_earns_nothing() -> None:
    results = grade(TASK, stub_source(TASK))
    assert {result.status for result in results.values()} == {Status.MISSING}


def test_every_check_has_its_mistake() -> None:
    assert {check for check, _ in MISTAKES.values()} == set(load_checks(TASK))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_fails_its_check_and_no_other(mistake: str) -> None:
    check, source = MISTAKES[mistake]
    results = grade(TASK, source)
    assert set(not_passed(results)) == {check} | ALSO.get(mistake, set()), not_passed(results)
    assert results[check].message


@pytest.mark.parametrize("different", CORRECT)
def test_correct_but_different_passes(different: str) -> None:
    assert not_passed(grade(TASK, CORRECT[different])) == {}


def test_floor_is_above_guessing() -> None:
    floor, full = threshold("adv6_color", "color_accuracy")
    assert 0.1 < floor < full


OWN_CHECKS = {
    "unpack_rows": ["color_unpack_rows"],
    "to_picture": ["color_to_picture"],
    "flatten_color": ["color_flatten"],
    "to_gray": ["color_gray"],
    "channel_statistics": ["color_statistics", "color_constant_channel"],
    "standardize": ["color_standardize", "color_constant_channel"],
    "train_color": ["color_model", "color_accuracy"],
    "classify_color": ["color_classify"],
    "weight_pictures": ["color_weights"],
}


@pytest.mark.parametrize("name", OWN_CHECKS)
def test_junk_is_nobody_s_fault_but_its_own(name: str) -> None:
    for junk, body in JUNK.items():
        results = grade(TASK, junk_source(TASK, name, body), data=few_pictures())
        assert Status.GRADER_ERROR not in {result.status for result in results.values()}, not_passed(results)
        for check in OWN_CHECKS[name]:
            assert results[check].points == 0, f"{name} that does {junk} passes {check}"


def test_drawn_pictures_are_not_told_by_their_mean_colour() -> None:
    images, labels = small_pictures().train
    mean = images.mean(axis=(2, 3))
    centres = np.stack([mean[labels == c].mean(axis=0) for c in range(10)])
    nearest = np.argmin(((mean[:, None] - centres) ** 2).sum(axis=2), axis=1)
    assert np.mean(nearest == labels) < 0.25
