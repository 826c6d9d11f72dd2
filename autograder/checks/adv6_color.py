"""Checks of advanced task 6: three channels, their order, their statistics, and a network trained on them.

Heights, widths, channels and numbers of images all differ, so that axes cannot be mistaken for one another; where two
of them agree, it is to catch what NumPy would broadcast without a word.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, error_of
from autograder.checks import TaskData, check, threshold
from autograder.checks.earlier import (
    builds_on,
    expect_unchanged_but,
    is_wrong,
    may_go_on,
    own_labels,
    own_networks,
)
from autograder.expect import (
    CheckFailed,
    Partial,
    expect,
    expect_array,
    expect_close,
    expect_dict,
    expect_function,
    expect_labels,
    network_logits,
    quietly,
    ramp,
    show,
    usable,
)

TASK = "adv6_color"
NAMES = ("W1", "b1", "W2", "b2")
CLASSES = 10
GRAY = np.array([0.299, 0.587, 0.114])

IMAGES, HIDDEN, EPOCHS = 2_000, 50, 8
EARLIER = ("init_parameters", "one_hot", "loss_and_gradients", "sgd_update")  # what training is made of
ALONG, LENGTHS = (
    0.85,
    (0.6, 1.6),
)  # how well one epoch of small steps follows the gradient; a right one: 0.99, 1.0
BATCHES = (
    1234,
    1000,
    500,
    256,
    200,
    128,
    100,
    64,
    50,
    32,
    10,
    1,
)  # of a classify_color that works in batches

Params = dict[str, np.ndarray]


# --- Layout -------------------------------------------------------------------------------------------------------


@check(TASK, points=8)
def color_unpack_rows(student: Proxy, reference: Proxy, rng: Any) -> None:
    """unpack_rows puts red, green and blue into channels of their own, line by line."""
    hint = "All the red values come first. Which of the three axes changes slowest in a row: channel, line or column?"
    for count, height, width in ((4, 5, 7), (1, 32, 32)):
        rows = rng.integers(0, 256, size=(count, 3 * height * width), dtype=np.uint8)
        arguments = () if height == 32 else (height, width)
        found = expect_function(student, "unpack_rows")(rows, *arguments)
        name = f"unpack_rows of {count} rows"
        expect_close(found, rows.reshape(count, 3, height, width), name, hint=hint)


@check(TASK, points=8)
def color_to_picture(student: Proxy, reference: Proxy, rng: Any) -> None:
    """to_picture moves the channels to the end, of one image and of a batch, and turns nothing."""
    hint = "Rows stay rows and columns stay columns: only the axis of the channels moves."
    for shape in ((3, 6, 4), (5, 3, 4, 6)):
        images = rng.integers(0, 256, size=shape, dtype=np.uint8)
        found = expect_function(student, "to_picture")(images)
        name = f"to_picture of shape {shape}"
        array = expect_close(found, np.moveaxis(images, -3, -1), name, hint=hint)
        kept = "imshow takes uint8 as 0 to 255, and floats as 0 to 1: leave the type alone."
        expect(array.dtype == np.uint8, f"{name}: got dtype {array.dtype}, expected uint8", kept)


@check(TASK, points=8)
def color_flatten(student: Proxy, reference: Proxy, rng: Any) -> None:
    """flatten_color writes an image as one row, channel after channel."""
    hint = "One row for each image, and all of its channels in it: C·H·W numbers. `flatten` of task 1 knows no channels."
    for shape in ((4, 3, 5, 6), (3, 4, 7), (2, 1, 6, 5)):
        images = rng.normal(size=shape)
        rows = images.reshape(-1, int(np.prod(shape[-3:])))
        expect_close(
            expect_function(student, "flatten_color")(images),
            rows,
            f"flatten_color of shape {shape}",
            hint=hint,
        )


@check(TASK, points=7)
def color_gray(student: Proxy, reference: Proxy, rng: Any) -> None:
    """to_gray weighs red, green and blue by how bright they look."""
    images = rng.integers(0, 256, size=(4, 3, 5, 3), dtype=np.uint8)
    hint = "The weights belong to the channels, axis 1. And 0.299 times a uint8 is a float: where does it stop being one?"
    expected = np.tensordot(images, GRAY, axes=(1, 0))
    expect_close(expect_function(student, "to_gray")(images), expected, "to_gray", atol=0.05, hint=hint)


# --- Statistics ---------------------------------------------------------------------------------------------------


@check(TASK, points=12)
def color_statistics(student: Proxy, reference: Proxy, rng: Any) -> None:
    """channel_statistics gives mean and standard deviation of every channel over all images and pixels."""
    for shape in ((7, 3, 5, 4), (3, 2, 4, 6)):
        # Images differ in brightness: the mean of the images' own deviations is not the deviation of all.
        low = rng.integers(0, 150, size=(shape[0], shape[1], 1, 1))
        images = (low + rng.integers(0, 106, size=shape)).astype(np.uint8)
        name = f"channel_statistics of shape {shape}"
        mean, std = _statistics(student, images, name)
        scaled = images / 255
        hint = (
            "One number for each channel, of pixels from 0 to 1, over the axes of images, rows and columns."
        )
        expect_close(mean, scaled.mean(axis=(0, 2, 3)), f"{name}: mean", loose_shape=True, hint=hint)
        hint = "The root of the mean squared distance from the channel's mean, divided by N: np.std as it is."
        expect_close(std, scaled.std(axis=(0, 2, 3)), f"{name}: std", loose_shape=True, hint=hint)


@check(TASK, points=12)
def color_standardize(student: Proxy, reference: Proxy, rng: Any) -> None:
    """standardize moves and scales every channel by the numbers it is given."""
    hint = "Scale to 0..1 first. Then NumPy has to be told that mean and std belong to axis 1: it aligns from the right."
    for shape in ((4, 3, 5, 3), (3, 2, 4, 6)):  # with 3 columns a wrong broadcast raises no error
        images = rng.integers(0, 256, size=shape, dtype=np.uint8)
        mean, std = rng.uniform(0.2, 0.7, size=shape[1]), rng.uniform(0.1, 0.4, size=shape[1])
        name = f"standardize of shape {shape}"
        expected = (images / 255 - mean[:, None, None]) / std[:, None, None]
        expect_close(_standardized(student, images, mean, std, name), expected, name, atol=1e-5, hint=hint)


@check(TASK, points=5)
def color_constant_channel(student: Proxy, reference: Proxy, rng: Any) -> None:
    """A channel that is the same everywhere gives neither NaN nor a division by zero."""
    images = rng.integers(0, 256, size=(5, 3, 4, 6), dtype=np.uint8)
    level = int(rng.integers(30, 220))
    images[:, 1] = level
    _, std = _statistics(student, images, "channel_statistics with a constant channel")
    hint = "E[x²] − E[x]² may come out a little below 0, and its root is NaN."
    std = expect_array(np.ravel(std), (3,), "channel_statistics with a constant channel: std", hint=hint)
    expect(
        abs(std[1]) < 1e-3,
        f"channel_statistics: std of a constant channel: got {std[1]:.4g}, expected 0",
        hint,
    )
    name = "standardize with std = 0"
    found = _standardized(student, images, np.array([0.5, level / 255, 0.4]), np.array([0.2, 0.0, 0.3]), name)
    hint = "0/0 is NaN. Divide by 1 where std is 0: there is nothing to scale."
    array = expect_array(found, images.shape, name, hint=hint)
    expect(
        float(np.abs(array[:, 1]).max()) < 0.05,
        f"{name}: got {np.abs(array[:, 1]).max():.4g} in the constant channel, expected 0",
        hint,
    )


@check(TASK, points=5)
@builds_on(*EARLIER)
def color_arguments(student: Proxy, reference: Proxy, rng: Any) -> None:
    """No function changes the images, statistics, weights or labels that it is given."""
    images = rng.integers(0, 256, size=(24, 3, 4, 5), dtype=np.uint8)
    mean, std, labels = np.array([0.3, 0.4, 0.5]), np.array([0.2, 0.3, 0.0]), np.arange(24) % CLASSES
    weights = rng.normal(size=(60, 4))
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("unpack_rows", (images.reshape(24, 60), 4, 5)),
        ("to_picture", (images,)),
        ("flatten_color", (images,)),
        ("to_gray", (images,)),
        ("channel_statistics", (images,)),
        ("standardize", (images, mean, std)),
        ("weight_pictures", (weights, (3, 4, 5))),
    ]
    for name, arguments in calls:
        error_of(expect_function(student, name), *arguments)  # an error is the matter of other checks
    try:
        _train(student, images, labels, hidden=4, epochs=1, batch_size=7, seed=1)
    except (CheckFailed, CodeError) as failure:
        if not may_go_on(student, failure, *EARLIER):
            raise
    expect_unchanged_but(student, *EARLIER)


# --- The network --------------------------------------------------------------------------------------------------


@check(TASK, points=8)
@builds_on(*EARLIER)
def color_model(student: Proxy, reference: Proxy, rng: Any) -> None:
    """train_color returns the network together with its channel statistics, and repeats itself with the same seed."""
    cases = []
    for count, channels, hidden in ((33, 3, 6), (25, 1, 4)):
        images = rng.integers(0, 256, size=(count, channels, 5, 4), dtype=np.uint8)
        cases.append((images, rng.integers(0, CLASSES, size=count), hidden))
    try:
        for images, labels, hidden in cases:
            _expect_model(student, images, labels, hidden, {})
    except (CheckFailed, CodeError) as failure:
        if not may_go_on(student, failure, *EARLIER):
            raise
        # Gently, for earlier parts that go wrong with large steps, batches of different size or the labels 0 and 9.
        for images, labels, hidden in cases:
            some = slice(len(images) // 8 * 8)
            _expect_model(student, images[some], labels[some] % 8 + 1, hidden, {"learning_rate": 1e-6})


def _expect_model(
    student: Proxy, images: np.ndarray, labels: np.ndarray, hidden: int, options: dict[str, Any]
) -> None:
    channels = images.shape[1]
    first, again, other = (
        _train(student, images, labels, hidden=hidden, epochs=2, batch_size=8, seed=seed, **options)
        for seed in (3, 3, 4)
    )
    own = usable(lambda: expect_function(student, "channel_statistics")(images), (2, channels))
    own = np.stack([f((0, 2, 3)) for f in ((images / 255).mean, (images / 255).std)]) if own is None else own
    for key, right in zip(("mean", "std"), own, strict=True):
        hint = "The model keeps the statistics of the images it was trained on: whoever uses it needs them."
        name = f"train_color: {key} of the model"
        expect_close(first[key], right, name, loose_shape=True, atol=1e-6, hint=hint)
    if not options or _repeats(student):  # what init_parameters does with its seed costs in task 1
        for key in NAMES:
            what = f"train_color with the same seed again: {key}"
            hint = "Draw everything random from the seed."
            expect_close(again[key], first[key], what, rtol=1e-5, hint=hint)
    moved = max(float(np.abs(first[key] - other[key]).max()) for key in NAMES)
    if not options or moved > 0:
        expect(moved > 1e-7, "train_color: the seeds 3 and 4 give the same network", "Is the seed used?")


def _repeats(student: Proxy) -> bool:
    """Whether the student's own init_parameters gives the same numbers for the same seed."""
    init = expect_function(student, "init_parameters")
    one, two = (quietly(lambda: expect_array(init((9, 5, 3), 3)["W1"], (9, 5), "W1")) for _ in range(2))
    return one is not None and two is not None and np.array_equal(one, two)


@check(TASK, points=10, equation="(7)")
@builds_on("classify")
def color_classify(student: Proxy, reference: Proxy, rng: Any) -> None:
    """classify_color standardizes with the model's own statistics, for one image as for many."""
    count, shape, hidden = 1_234, (3, 4, 5), 9
    images = rng.integers(0, 256, size=(count, *shape), dtype=np.uint8)
    mean, std = np.array([0.2, 0.8, 0.5]), np.array([0.5, 0.1, 0.3])
    params = {
        "W1": rng.normal(size=(60, hidden)),
        "b1": rng.normal(size=hidden),
        "W2": 3 * rng.normal(size=(hidden, CLASSES)),
    }
    x = ((images / 255 - mean[:, None, None]) / std[:, None, None]).reshape(count, -1)
    middle = network_logits({**params, "b2": np.zeros(CLASSES)}, x).mean(axis=0)
    params["b2"] = -middle
    model = {**params, "mean": mean, "std": std}
    ordered = np.sort(network_logits(params, x), axis=1)
    sure = np.flatnonzero(ordered[:, -1] - ordered[:, -2] > 0.02 * (ordered[:, -1] - ordered[:, 0]))

    right = np.argmax(network_logits(params, x), axis=1)
    try:
        _expect_classes(student, model, images, [right], right, sure)
    except (CheckFailed, CodeError) as failure:
        if isinstance(failure, CodeError) and not may_go_on(student, failure, "classify"):
            raise
        if not _follows_own_classes(student, model, images):
            raise


def _expect_classes(
    student: Proxy,
    model: Params,
    images: np.ndarray,
    choices: list[np.ndarray],
    alone: np.ndarray,
    sure: np.ndarray,
) -> None:
    """classify_color says what one of the ``choices`` says, and of one image by itself what ``alone`` says."""
    classify, count = expect_function(student, "classify_color"), len(images)
    highest = max(
        CLASSES - 1, *(int(choice.max()) for choice in choices)
    )  # a wrong classify may count from 1
    found = expect_labels(classify(model, images), count, highest + 1, "classify_color")
    fitting = [right for right in choices if np.array_equal(found[sure], right[sure])]
    if not fitting:
        right = choices[0]
        wrong = sure[found[sure] != right[sure]]
        i = int(wrong[0])
        raise CheckFailed(
            f"classify_color of {count} images: got class {found[i]} for image {i}, expected {right[i]}; "
            f"{len(wrong)} differ",
            'Standardize with model["mean"] and model["std"], not with the statistics of the images at hand.',
        )
    for i in sure[[0, len(sure) // 2]]:
        name = "classify_color of one image"
        one = expect_labels(classify(model, images[i : i + 1]), 1, highest + 1, name)
        expect(
            one[0] == alone[i],
            f"classify_color of image {i} alone: got class {one[0]}, among others {fitting[0][i]}",
            "The class of an image does not depend on the images beside it.",
        )


@check(TASK, points=10, equation="(22)", seconds=30)
@builds_on(*EARLIER)
def color_accuracy(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> Partial | None:
    """A network trained by train_color recognises pictures that it has never seen."""
    name = f"accuracy after {EPOCHS} epochs"
    try:
        reached = ramp(trained_accuracy(student, rng, data), *threshold(TASK, "color_accuracy"), name)
    except (CheckFailed, CodeError) as failure:
        if may_go_on(student, failure, *EARLIER) and _goes_downhill(student):
            return None
        raise
    if reached is not None and is_wrong(student, *EARLIER) and _goes_downhill(student):
        return None
    return reached


def _goes_downhill(student: Proxy) -> bool:
    """Whether train_color goes down the student's own gradients: all there is to judge where they teach nothing.

    One epoch of small steps moves the weights by the sum of the gradients at the beginning, in whatever order. Each
    class lights pixels of its own, so their rows of W1 say whether image and label have stayed together.
    """
    kinds = np.tile(np.arange(8), 8)
    images = np.zeros((64, 1, 8, 12), dtype=np.uint8)
    images.reshape(64, 8, 12)[np.arange(64), kinds] = 255
    labels, options = kinds + 1, {"hidden": 6, "epochs": 1, "batch_size": 8, "seed": 5}

    def moves() -> bool:
        start = _train(student, images, labels, learning_rate=0.0, **options)
        again = _train(student, images, labels, learning_rate=0.0, **options)
        expect(all(np.array_equal(start[key], again[key]) for key in NAMES), "not the same beginning")
        x = _own_rows(student, start, images)
        expect(x is not None, "flatten_color cannot be used")
        assert x is not None
        t = expect_array(expect_function(student, "one_hot")(labels), (64, CLASSES), "one_hot")
        params = {key: start[key] for key in NAMES}
        total = np.zeros_like(start["W1"])
        for part in np.split(np.arange(64), 8):
            _, grads = expect_function(student, "loss_and_gradients")(params, x[part], t[part])
            total -= expect_array(grads["W1"], total.shape, "the gradient of W1")
        rate = min(0.05, 0.001 / float(np.abs(total).max()))
        moved = _train(student, images, labels, learning_rate=rate, **options)["W1"] - start["W1"]
        length = float(np.linalg.norm(moved) / np.linalg.norm(rate * total))
        along = float(np.sum(moved * total) / np.linalg.norm(moved) / np.linalg.norm(total))
        return along > ALONG and LENGTHS[0] < length < LENGTHS[1]

    with np.errstate(all="ignore"):
        return bool(quietly(moves))


def trained_accuracy(student: Proxy, rng: Any, data: TaskData) -> float:
    """The accuracy on unseen pictures, 0..1, of what the student's train_color makes of `IMAGES` random ones.

    The classes are renamed at random, so that weights which came with the notebook are worth nothing as they are. Not
    excluded: weights that came with it and are renamed by what they see in the given pictures. The student's own code
    makes the start here, so nothing follows from where a training must lead, as it does in task 3.
    """
    count = min(IMAGES, len(data.train[0]))
    chosen = np.sort(rng.choice(len(data.train[0]), size=count, replace=False))
    names, seed = rng.permutation(CLASSES), int(rng.integers(2**31))
    images, labels = np.array(data.train[0][chosen]), names[data.train[1][chosen]]
    model = _train(student, images, labels, hidden=HIDDEN, epochs=EPOCHS, seed=seed)
    params = {key: model[key] for key in NAMES}
    best = 0.0
    for inputs in _ways_to_the_network(student, model, images.shape[1:]):
        right = 0
        for start in range(0, len(data.held_out[0]), 1000):
            part = slice(start, start + 1000)
            with np.errstate(all="ignore"):
                classes = np.argmax(network_logits(params, inputs(data.held_out[0][part])), axis=1)
            right += int(np.sum(classes == names[data.held_out[1][part]]))
        best = max(best, right / len(data.held_out[1]))
    return best


@check(TASK, points=7)
def color_weights(student: Proxy, reference: Proxy, rng: Any) -> None:
    """weight_pictures shows the weight 0 as 0.5 and each node's largest weight as 0 or 1."""
    shape, nodes = (3, 4, 5), 6
    W1 = rng.normal(size=(60, nodes)) * rng.uniform(0.1, 5, size=nodes)
    W1[:, 2] = 0
    size = np.abs(W1).max(axis=0)
    columns = 0.5 + W1 / np.where(size > 0, 2 * size, 1)
    expected = np.moveaxis(columns.T.reshape(nodes, *shape), 1, -1)
    hint = (
        "A column of W1 is one node: its weights in the order of flatten_color, channels last for the picture. Each node "
        "is scaled by its own largest |weight|."
    )
    found = expect_function(student, "weight_pictures")(W1, shape)
    expect_close(found, expected, "weight_pictures", atol=1e-6, hint=hint)


# --- Helpers ------------------------------------------------------------------------------------------------------


def _statistics(student: Proxy, images: np.ndarray, name: str) -> tuple[Any, Any]:
    """The pair that channel_statistics returns."""
    found = expect_function(student, "channel_statistics")(images)
    if isinstance(found, np.ndarray) and found.ndim > 1 and len(found) == 2:
        found = list(found)
    pair = type(found) in (tuple, list) and len(found) == 2
    expect(pair, f"{name}: got {show(found)}, expected a pair: means and standard deviations")
    channels = images.shape[1]
    return _numbers(found[0], channels, f"{name}: mean"), _numbers(found[1], channels, f"{name}: std")


def _numbers(value: Any, channels: int, name: str) -> np.ndarray:
    """One finite number for each channel; (1, C, 1, 1) counts."""
    if isinstance(value, np.ndarray) and value.size == channels:
        value = value.reshape(channels)
    return expect_array(value, (channels,), name)


def _standardized(
    student: Proxy, images: np.ndarray, mean: np.ndarray, std: np.ndarray, name: str
) -> np.ndarray:
    found = expect_function(student, "standardize")(images, mean, std)
    return expect_array(found, images.shape, name, floating=True)


def _train(student: Proxy, images: np.ndarray, labels: np.ndarray, *, hidden: int, **options: Any) -> Params:
    """The model of the student's train_color, all its arrays with their shapes."""
    model = expect_function(student, "train_color")(images, labels, hidden=hidden, **options)
    model = expect_dict(model, (*NAMES, "mean", "std"), "train_color")
    inputs, channels = int(np.prod(images.shape[1:])), images.shape[1]
    shapes = {"W1": (inputs, hidden), "b1": (hidden,), "W2": (hidden, CLASSES), "b2": (CLASSES,)}
    checked = {}
    for key, shape in shapes.items():
        value = model[key]
        if key.startswith("b") and isinstance(value, np.ndarray) and value.shape == (1, *shape):
            value = value[0]
        checked[key] = expect_array(value, shape, f"train_color: {key} of the model").astype(np.float64)
    for key in ("mean", "std"):
        checked[key] = _numbers(model[key], channels, f"train_color: {key} of the model").astype(np.float64)
    return checked


def _own_rows(student: Proxy, model: Params, images: np.ndarray) -> np.ndarray | None:
    """What the student's own standardize and flatten_color make of the images; None when they cannot be used."""

    def rows() -> np.ndarray:
        x = expect_function(student, "standardize")(images, model["mean"], model["std"])
        return expect_function(student, "flatten_color")(expect_array(x, images.shape, "standardize"))

    return usable(rows, (len(images), images[0].size))


def _follows_own_classes(student: Proxy, model: Params, images: np.ndarray) -> bool:
    """Whether classify_color says what the student's own standardize, flatten_color and classify make of the images."""
    x = _own_rows(student, model, images)
    if x is None:
        return False
    everything = np.arange(len(images))
    for network in own_networks(student, {key: model[key] for key in NAMES}, x[:200]):
        # A wrong softmax lets examples influence each other; how large its batches are is the student's choice.
        choices = [own_labels(student, network, x, size) for size in BATCHES]
        usable_ones = [own for own in choices if own is not None and len(np.unique(own)) > 2]
        if not usable_ones or choices[-1] is None:
            continue
        try:
            shown = {**model, **network}
            _expect_classes(student, shown, images, usable_ones, choices[-1], everything)
        except CheckFailed:
            continue
        return True
    return False


def _ways_to_the_network(student: Proxy, model: Params, shape: tuple[int, ...]) -> list[Any]:
    """From uint8 images to rows of W1: as the text says, and as the student's own functions do it.

    Those have checks of their own. What they do to a pixel is seen from 256 grey pixels, what they do to the order
    from an image that holds its own indices; the pictures whose labels are secret never go there.
    """

    def as_told(images: np.ndarray) -> np.ndarray:
        scale = np.where(model["std"] > 0, model["std"], 1)[:, None, None]
        return ((images / 255 - model["mean"][:, None, None]) / scale).reshape(len(images), -1)

    channels, pixels = shape[0], int(np.prod(shape))
    ramp_of_grays = np.broadcast_to(
        np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16), (1, channels, 16, 16)
    )
    indices = np.arange(pixels, dtype=np.float64).reshape(1, *shape)
    table = usable(
        lambda: expect_function(student, "standardize")(np.array(ramp_of_grays), model["mean"], model["std"]),
        ramp_of_grays.shape,
    )
    order = usable(lambda: expect_function(student, "flatten_color")(indices), (1, pixels))
    if table is None or order is None or not np.array_equal(np.sort(order[0]), np.arange(pixels)):
        return [as_told]
    values, places = table.reshape(channels, 256).astype(np.float64), order[0].astype(int)

    def as_done(images: np.ndarray) -> np.ndarray:
        x = np.stack([values[c][images[:, c]] for c in range(channels)], axis=1)
        return x.reshape(len(images), -1)[:, places]

    return [as_told, as_done]
