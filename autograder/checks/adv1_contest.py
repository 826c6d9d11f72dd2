"""Checks of advanced task 1: an honest estimate, predictions in batches, and a file that a program can read.

How many of the predictions are right is not judged here: the contest's labels are in no check.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, error_of, put_file, read_file
from autograder.checks import TaskData, check
from autograder.checks.earlier import (
    builds_on,
    expect_unchanged_but,
    inputs_of,
    may_go_on,
    own_labels,
    own_networks,
)
from autograder.contest.predictions import COUNT, PredictionsError
from autograder.contest.predictions import read_predictions as trusted_predictions
from autograder.expect import (
    CheckFailed,
    expect,
    expect_array,
    expect_close,
    expect_function,
    expect_labels,
    expect_number,
    expect_unchanged,
    network_logits,
    show,
    varied_network,
)

TASK = "adv1_contest"
FILE = "predictions.txt"
LEAST_OF_A_DIGIT = 200  # of 10 000; there are about 1 000 of each, and a bad network still sees half of them
CLASSES = 10


# --- An honest estimate -------------------------------------------------------------------------------------------


@check(TASK, points=12)
def contest_hold_out(student: Proxy, reference: Proxy, rng: Any) -> None:
    """hold_out puts random images aside; every image keeps its label and is on exactly one side."""
    count, aside = 97, 53  # so many that drawing with replacement takes one twice, whatever the seed
    # The pixels say which image it is, and the label follows from that.
    images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, 3, 4)).copy()
    labels = (np.arange(count) * 7 % CLASSES).astype(np.uint8)
    seeds = [int(seed) for seed in rng.choice(1000, size=2, replace=False)]
    chosen = []
    for seed in (seeds[0], seeds[0], seeds[1]):
        found = expect_function(student, "hold_out")(images, labels, aside, seed)
        rest = _pair(found, 0, count - aside, images, labels)
        kept = _pair(found, 1, aside, images, labels)
        hint = "One shuffled list of all indices: the first `count` of it for one side, the others for the other."
        message = "hold_out: an image is on both sides, or twice on one"
        expect(len(np.unique(np.concatenate([rest, kept]))) == count, message, hint)
        chosen.append(set(kept.tolist()))
    expect(
        chosen[0] == chosen[1],
        "hold_out: the same seed puts other images aside",
        "Make the generator from the seed.",
    )
    expect(chosen[0] != chosen[2], "hold_out: two seeds put the same images aside", "Is the seed used?")
    in_a_row = max(chosen[0]) - min(chosen[0]) == aside - 1
    expect(
        not in_a_row,
        "hold_out: the images put aside stand side by side",
        "A file may be sorted: choose at random.",
    )
    expect_unchanged(student)


@check(TASK, points=6)
def contest_standard_error(student: Proxy, reference: Proxy, rng: Any) -> None:
    """standard_error says how much an accuracy that was measured on n images can be trusted."""
    hint = "The root of p (1 − p) / n. It falls with the root of n: four times the images, half the error."
    for accuracy, count in (
        (0.97, 5_000),
        (float(rng.uniform(0.3, 0.9)), int(rng.integers(50, 900))),
        (1.0, 40),
    ):
        name = f"standard_error({accuracy:.3g}, {count})"
        found = expect_number(expect_function(student, "standard_error")(accuracy, count), name)
        expect_close(found, np.sqrt(accuracy * (1 - accuracy) / count), name, atol=1e-9, hint=hint)


@check(TASK, points=10)
def contest_shift(student: Proxy, reference: Proxy, rng: Any) -> None:
    """shift_images moves by whole pixels and lets paper in, never the other side of the picture."""
    images = rng.integers(1, 256, size=(5, 6, 8), dtype=np.uint8)
    hint = "What leaves on the right must not come in on the left: np.roll does that. Paper is 0."
    for down, right in (
        (0, 0),
        (2, 3),
        (-1, 2),
        (3, -4),
        (-2, -1),
        (0, -7),
        (5, 0),
        (6, 0),
        (1, 9),
        (-30, 2),
    ):
        found = expect_function(student, "shift_images")(images, down, right)
        name = f"shift_images by {down} down, {right} right"
        array = expect_close(found, _shifted(images, down, right), name, hint=hint)
        expect(
            array.dtype == np.uint8,
            f"{name}: got dtype {array.dtype}, expected uint8",
            "np.zeros_like keeps the type.",
        )
    expect_unchanged(student)


# --- Predictions --------------------------------------------------------------------------------------------------


@check(TASK, points=12, equation="(7)")
@builds_on("flatten", "classify")
def contest_predict(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """predict_all gives the digit of every image, in order, whatever the number of images and the batch size."""
    numbers = np.random.default_rng(int(rng.integers(2**31)))
    images = np.array(data.train[0])[np.arange(1_057) % len(data.train[0])]
    params = varied_network(20, images, numbers)
    logits = network_logits(params, images.reshape(len(images), -1) / 255)
    ordered = np.sort(logits, axis=1)
    sure = ordered[:, -1] - ordered[:, -2] > 0.01 * np.ptp(logits)
    right = np.argmax(logits, axis=1)
    try:
        expect_predictions(student, params, images, lambda count, size: right[:count], sure)
    except (CheckFailed, CodeError) as failure:
        if not may_go_on(student, failure, "flatten", "classify", "sigmoid"):
            raise
        own = own_view(student, params, images)
        if own is None:
            raise
        expect_predictions(student, own[0], images, own[1], np.ones(len(images), dtype=bool))
    expect_unchanged_but(student, "flatten", "classify", "forward")


Digits = Callable[[int, int], np.ndarray]  # (count, batch size) -> the digits in the first images


def expect_predictions(
    student: Proxy, params: dict[str, np.ndarray], images: np.ndarray, right: Digits, sure: np.ndarray
) -> None:
    """predict_all says what is ``right``, where that is ``sure``."""
    predict = expect_function(student, "predict_all")
    for count, options in ((1_057, {}), (100, {"batch_size": 7}), (7, {"batch_size": 7}), (1, {}), (0, {})):
        name = f"predict_all of {count} images" + (f", batch_size={options['batch_size']}" if options else "")
        expected = right(count, options.get("batch_size", 1000))
        highest = max(CLASSES - 1, int(expected.max(initial=0)))  # a wrong classify may count from 1
        digits = expect_labels(predict(params, images[:count], **options), count, highest + 1, name)
        wrong = np.flatnonzero(sure[:count] & (digits != expected))
        hint = "Each batch into its own place. The last one is smaller, and without images there is none."
        if len(wrong):
            i = int(wrong[0])
            raise CheckFailed(
                f"{name}: got {digits[i]} for image {i}, expected {expected[i]}; {len(wrong)} differ", hint
            )


def own_view(
    student: Proxy, params: dict[str, np.ndarray], images: np.ndarray
) -> tuple[dict[str, np.ndarray], Digits] | None:
    """A network like ``params``, and what the student's own task 1 sees in the images; None when that tells nothing."""
    x = inputs_of(student, images)[-1]
    for network in own_networks(student, params, x[:200]):

        def digits(count: int, size: int, network: dict[str, np.ndarray] = network) -> np.ndarray:
            found = own_labels(student, network, x[:count], size)
            if found is None:
                raise CheckFailed("classify cannot be used")
            return found

        own = own_labels(student, network, x, 1000)
        if own is not None and len(np.unique(own)) > 2:
            return network, digits
    return None


@check(TASK, points=10)
def contest_load(student: Proxy, reference: Proxy, rng: Any) -> None:
    """load_contest_images returns the images, and refuses every file that has none, without running anything in it."""
    images = rng.integers(0, 256, size=(12, 28, 28), dtype=np.uint8)
    load = expect_function(student, "load_contest_images")
    good = _npz(images=images)
    found = expect_close(load(put_file(student, "good.npz", good)), images, "load_contest_images")
    expect(found.dtype == np.uint8, f"load_contest_images: got dtype {found.dtype}, expected uint8")

    mark = put_file(student, "mark", None)
    bomb = np.empty(3, dtype=object)
    bomb[:] = [_Opens(mark)] * 3
    cases: dict[str, tuple[bytes | None, set[str]]] = {
        "without an array images": (_npz(pictures=images), {"ValueError"}),
        "with float images": (_npz(images=images / 255), {"ValueError"}),
        "with flat images": (_npz(images=images.reshape(12, 784)), {"ValueError"}),
        "with images of 28 × 29 pixels": (_npz(images=np.zeros((4, 28, 29), dtype=np.uint8)), {"ValueError"}),
        "with a pickle for images": (_npz(images=bomb), {"ValueError"}),
        "of text": (b"contest images\n" * 30, {"ValueError"}),
        "cut off in the middle": (good[: len(good) // 2], {"ValueError"}),
        "that does not exist": (None, {"FileNotFoundError"}),
    }
    for number, (kind, (content, types)) in enumerate(cases.items()):
        path = put_file(student, f"bad{number}.npz", content)
        _expect_refused(error_of(load, path), types, f"load_contest_images of a file {kind}", path)
    try:
        read_file(student, mark)
    except CodeError as error:
        if error.kind != "missing":
            raise
    else:
        raise CheckFailed(
            "load_contest_images ran what the file's author had put in", "Load with allow_pickle=False."
        )


# --- The file -----------------------------------------------------------------------------------------------------


@check(TASK, points=10)
def contest_write(student: Proxy, reference: Proxy, rng: Any) -> None:
    """write_predictions writes one digit a line, each line ended, and replaces an older file."""
    write = expect_function(student, "write_predictions")
    for count, dtype in ((40, np.int64), (13, np.uint8), (1, np.int32)):
        digits = rng.integers(0, CLASSES, size=count).astype(dtype)
        path = put_file(student, FILE, None)  # the same place each time, and shorter each time
        write(path, digits)
        expected = "".join(f"{digit}\n" for digit in digits).encode()
        _expect_content(student, path, expected, f"write_predictions of {count} digits")
    digits = rng.integers(0, CLASSES, size=5)
    path = put_file(student, "from_list.txt", None)
    write(path, digits.tolist())
    expected = "".join(f"{digit}\n" for digit in digits).encode()
    _expect_content(student, path, expected, "write_predictions of a list")
    expect_unchanged(student)


@check(TASK, points=6)
def contest_write_rejects(student: Proxy, reference: Proxy, rng: Any) -> None:
    """write_predictions refuses what is no row of digits, and then leaves an older file alone."""
    write = expect_function(student, "write_predictions")
    good = rng.integers(0, CLASSES, size=6)
    write(put_file(student, "good.txt", None), good)
    ten, negative, table = good.copy(), good.copy(), good.reshape(2, 3)
    ten[3], negative[4] = 10, -1
    before = b"7\n7\n7\n"
    for kind, digits in (("a 10", ten), ("a −1", negative), ("shape (2, 3)", table), ("halves", good + 0.5)):
        path = put_file(student, "older.txt", before)
        doing = f"write_predictions of digits with {kind}"
        _expect_refused(error_of(write, path, digits), {"ValueError"}, doing, path)
        hint = "open(path, 'w') empties the file at once. Look at the digits before you open it."
        _expect_content(student, path, before, f"{doing}: the older file", hint=hint)


@check(TASK, points=8)
def contest_read(student: Proxy, reference: Proxy, rng: Any) -> None:
    """read_predictions returns the digits of a good file in their order."""
    read = expect_function(student, "read_predictions")
    for count, ending in ((60, b"\n"), (1, b"\n"), (25, b"")):
        digits = rng.integers(0, CLASSES, size=count)
        content = b"\n".join(b"%d" % digit for digit in digits) + ending
        name = f"read_predictions of {count} lines" + ("" if ending else ", the last one without a line feed")
        found = expect_labels(read(put_file(student, f"{count}.txt", content), count), count, CLASSES, name)
        expect_close(
            found, digits, name, hint="The digit itself, as a number: 48 is the code of the character 0."
        )


@check(TASK, points=14)
def contest_read_rejects(student: Proxy, reference: Proxy, rng: Any) -> None:
    """read_predictions refuses a file that is not exactly right, and says in which line."""
    read = expect_function(student, "read_predictions")
    count, line = 60, 37
    digits = rng.integers(0, CLASSES, size=count)
    lines = [b"%d" % digit for digit in digits]
    good = b"\n".join(lines) + b"\n"
    name = "read_predictions of a good file"
    expect_labels(read(put_file(student, "good.txt", good), count), count, CLASSES, name)

    hint = "Compare the bytes of each line with the ten you allow; str.isdigit and int accept far more than 0 to 9."
    for kind, wrong in {
        "a letter": b"x",
        "two digits": b"12",
        "a sign": b"+3",  # in this order each way of being lenient is seen by a line of its own
        "a blank line": b"",
        "a space before the digit": b" 5",
        "a space after the digit": b"5 ",
        "an Arabic-Indic digit": "٣".encode(),
        "a superscript": "²".encode(),
        "the word nan": b"nan",
        "a decimal point": b"4.",
    }.items():
        content = b"\n".join([*lines[: line - 1], wrong, *lines[line:]]) + b"\n"
        path = put_file(student, "bad.txt", content)
        doing = f"read_predictions of a file with {kind} in line {line}"
        _expect_refused(error_of(read, path, count), {"ValueError"}, doing, path, naming=line, hint=hint)

    hint = "A byte order mark is three bytes before the first digit: open the file as bytes to see it."
    path = put_file(student, "bom.txt", b"\xef\xbb\xbf" + good)
    doing = "read_predictions of a file with a byte order mark"
    _expect_refused(error_of(read, path, count), {"ValueError"}, doing, path, naming=1, hint=hint)

    hint = "Count the lines, and say how many there are."
    for kind, content, found in (
        ("one line too few", b"\n".join(lines[:-1]) + b"\n", count - 1),
        ("one line too many", good + b"4\n", count + 1),
        ("a blank line at the end", good + b"\n", count + 1),
        ("nothing in it", b"", 0),
    ):
        path = put_file(student, "bad.txt", content)
        doing = f"read_predictions of a file with {kind}"
        _expect_refused(error_of(read, path, count), {"ValueError"}, doing, path, naming=found, hint=hint)

    hint = "str.splitlines takes more for the end of a line than the line feed."
    form_feed = b"\n".join([*lines[:10], b"1\x0c2", *lines[12:]]) + b"\n"
    for kind, content in (
        ("a form feed in a line", form_feed),
        ("a byte that is no text", good[:20] + b"\xff" + good[21:]),
    ):
        path = put_file(student, "bad.txt", content)
        types = {"ValueError", "UnicodeDecodeError"}  # the second is one of the first
        _expect_refused(
            error_of(read, path, count), types, f"read_predictions of a file with {kind}", path, hint=hint
        )


@check(TASK, points=12)
def contest_file(student: Proxy, reference: Proxy, rng: Any) -> None:
    """predictions.txt has one digit for each of the 10 000 contest images, and every digit occurs."""
    try:
        content = read_file(student, FILE)
    except CodeError as error:
        if error.kind != "missing":
            raise
        hint = "Write it with write_predictions, next to this notebook. Hand in both."
        raise CheckFailed(f"There is no {FILE} next to the notebook", hint) from None
    try:
        digits = trusted_predictions(content, COUNT)
    except PredictionsError as error:
        raise CheckFailed(f"{FILE}: {error}", "Your read_predictions should say the same.") from None
    counts = np.bincount(digits, minlength=CLASSES)
    rare = int(np.argmin(counts))
    expect(
        counts[rare] >= LEAST_OF_A_DIGIT,
        f"{FILE}: the digit {rare} stands in {counts[rare]} of {COUNT} lines, expected about {COUNT // CLASSES}",
        "The contest has about as many of each digit. Does the network see what you think it sees?",
    )


# --- Helpers ------------------------------------------------------------------------------------------------------


class _Opens:
    """Unpickling it makes an empty file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self._path, "w")


def _npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # no array is called allow_pickle
    return content.getvalue()


def _pair(found: Any, side: int, count: int, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which images one side of hold_out has."""
    name = f"hold_out: the {'images put aside' if side else 'images for learning'}"
    both = type(found) in (tuple, list) and len(found) == 2
    one = both and type(found[side]) in (tuple, list) and len(found[side]) == 2
    expect(one, f"hold_out: got {show(found)}, expected two pairs of images and labels", "((…, …), (…, …))")
    some = expect_array(found[side][0], (count, *images.shape[1:]), name)
    numbers = some[:, 0, 0].astype(np.int64)
    known = (some == some[:, :1, :1]).all() and (numbers >= 0).all() and (numbers < len(images)).all()
    expect(bool(known), f"{name}: they are not images that were passed in")
    own = expect_labels(found[side][1], count, CLASSES, f"{name}: labels")
    hint = "Index images and labels with the same shuffled indices."
    expect(np.array_equal(own, labels[numbers]), f"{name}: labels do not belong to their images", hint)
    return numbers


def _shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """By the slow way: every pixel asks where it came from."""
    _, height, width = images.shape
    moved = np.zeros_like(images)
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                moved[:, row, column] = images[:, row - down, column - right]
    return moved


def _expect_content(student: Proxy, path: str, expected: bytes, name: str, hint: str | None = None) -> None:
    """The file at ``path`` holds ``expected``."""
    try:
        content = read_file(student, path)
    except CodeError as error:
        if error.kind != "missing":
            raise
        raise CheckFailed(f"{name}: there is no file afterwards", hint) from None
    if content == expected:
        return
    if content == expected.replace(b"\n", b"\r\n"):
        hint = hint or 'On Windows, open(path, "w", newline="\\n") keeps a line feed a line feed.'
    if content == expected.removesuffix(b"\n"):
        ended = hint or "Each line is ended, also the last one."
        raise CheckFailed(f"{name}: the last line has no line feed", ended)
    if content.endswith(expected) and set(content) <= set(b"0123456789\n"):  # and no heading
        raise CheckFailed(
            f"{name}: what stood in the file before is still there", hint or "Is it begun anew?"
        )
    got, wanted = content.split(b"\n"), expected.split(b"\n")
    for number, line in enumerate(wanted, 1):
        other = got[number - 1] if number <= len(got) else None
        if other != line:
            shown = "missing" if other is None else show(other.decode("utf-8", "replace"))
            right = show(line.decode()) if line or number < len(wanted) else "the end of the file"
            default = "A digit and a line feed, for every digit. Nothing before, between or after."
            raise CheckFailed(f"{name}: line {number} is {shown}, expected {right}", hint or default)
    raise CheckFailed(
        f"{name}: {len(got) - 1} lines, expected {len(wanted) - 1}", hint or "Is the older file replaced?"
    )


def _expect_refused(
    error: CodeError | None,
    types: set[str],
    doing: str,
    path: str,
    *,
    naming: int | None = None,
    hint: str | None = None,
) -> None:
    """The call raised an error of one of ``types`` whose message has the number ``naming`` in it."""
    expect(error is not None, f"{doing}: no error was raised, expected {min(types, key=len)}", hint)
    assert error is not None
    said = f"{error.type_name}: {error.message}".replace(path, "…")
    expect(error.type_name in types, f"{doing}: got {show(said)}, expected {min(types, key=len)}", hint)
    if naming is not None:
        number = re.search(rf"(?<!\d){naming}(?!\d)", said.removeprefix(f"{error.type_name}:")) is not None
        expect(number, f"{doing}: got {show(said)}, expected a message with the number {naming}", hint)
