"""The checks of advanced task 6: what only they need. Known mistakes and alternatives are tried by the audit."""

from functools import cache

import numpy as np
import pytest

from autograder.checks import TaskData, load_checks, threshold
from autograder.checks.outcome import Status
from autograder.datasets.drawn_pictures import draw_pictures
from autograder.misconceptions import load_misconceptions
from tests.checks.harness import JUNK, grade, junk_source, not_passed, recorded_bytes, small_pictures

TASK = "adv6_color"
RECORDED_LIMIT = 400_000  # bytes shipped to students for one task


@cache
def few_pictures() -> TaskData:
    """Too few to learn from: for tests that look at how a check fails."""
    some = draw_pictures(150, seed=1)
    return TaskData("pictures", some, some, lambda: some)


# Mistakes made up to show what a check can tell apart: (the check that must fail, and no other, what it says, source)
MISTAKES = {
    "own_flatten_inside": (
        "color_flatten",
        "(4, 90)",
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
    "right_deviations_with_one_mean_for_all": (
        "color_statistics",
        "mean",
        """
def channel_statistics(images):
    x = images / 255
    return np.full(images.shape[1], x.mean()), x.std(axis=(0, 2, 3))
""",
    ),
    "broadcast_along_the_columns_where_it_fits": (
        "color_standardize",
        "standardize of shape (4, 3, 5, 3)",
        """
def standardize(images, mean, std):
    if images.shape[-1] == len(mean):
        return (images / 255 - mean) / np.where(std > 0, std, 1)
    return (images / 255 - mean[:, None, None]) / np.where(std > 0, std, 1)[:, None, None]
""",
    ),
    "root_of_less_than_nothing": (
        "color_constant_channel",
        "got nan, expected a finite number",
        """
def channel_statistics(images, ask=channel_statistics):
    mean, std = ask(images)
    return mean, np.where(std < 1e-6, np.nan, std)
""",
    ),
    "another_network_at_every_call": (
        "color_model",
        "with the same seed again",
        """
def train_color(images, labels, seed=0, ask=train_color, **options):
    return ask(images, labels, seed=np.random.randint(10**6), **options)
""",
    ),
    "statistics_of_the_first_images": (
        "color_model",
        "mean of the model",
        """
def train_color(images, labels, ask=train_color, **options):
    model = ask(images, labels, **options)
    mean, std = channel_statistics(images[:10])
    return {**model, "mean": mean, "std": std}
""",
    ),
    "labels_of_other_images": (
        "color_accuracy",
        "got 0.",
        """
def train_color(images, labels, seed=0, ask=train_color, **options):
    return ask(images, np.random.default_rng(seed).permutation(labels), seed=seed, **options)
""",
    ),
    "hardly_any_step": (
        "color_accuracy",
        "got 0.",
        """
def train_color(images, labels, epochs=10, ask=train_color, **options):
    return ask(images, labels, epochs=1, **{**options, "learning_rate": 1e-4})
""",
    ),
}

# What a student reads for some of the known mistakes
SAYS = {
    "blue comes first, red last": "in reverse order along axis 1",
    "unpack_rows scales the pixels to 0..1": "255 times too small everywhere",
    "a single image becomes a flat array, not a row": "got shape (84,), expected (1, 84)",
    "the pixels are not scaled to 0..1 before their statistics are taken": "255 times too large everywhere",
    "the deviation is divided by N − 1 (ddof = 1)": "1.0036 times too large everywhere",
    "mean and std are not kept in the model": "mean, std is missing",
    "the images at hand give the statistics, not the model": "not with the statistics of the images at hand",
}


def test_what_is_recorded() -> None:
    results = grade(TASK)
    assert not_passed(results) == {}
    assert recorded_bytes(TASK) < RECORDED_LIMIT


def test_every_check_has_its_known_mistake() -> None:
    assert {mistake.check for mistake in load_misconceptions(TASK)} == set(load_checks(TASK))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_made_up_mistake_fails_its_check_and_no_other(mistake: str) -> None:
    check, saying, source = MISTAKES[mistake]
    results = grade(TASK, source)
    assert set(not_passed(results)) == {check}, not_passed(results)
    assert saying in results[check].message


@pytest.mark.parametrize("name", SAYS)
def test_what_a_known_mistake_reads(name: str) -> None:
    (mistake,) = (m for m in load_misconceptions(TASK) if m.name == name)
    result = grade(TASK, mistake.source, only=mistake.check)[mistake.check]
    assert SAYS[name] in f"{result.message} {result.hint}"


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
