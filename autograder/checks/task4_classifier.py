"""Checks of task 4: trained parameters from a file, one image, the program, and the network that was handed in.

The networks have learned nothing, but see many different digits; what they see is computed here. A student whose
own earlier tasks see something else is judged by these.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, Run, error_of, put_file, read_file, run
from autograder.checks import TaskData, check, threshold
from autograder.checks.task1_forward import images_in_notebook
from autograder.expect import (
    SILENT_KINDS,
    CheckFailed,
    Partial,
    expect,
    expect_array,
    expect_close,
    expect_dict,
    expect_function,
    expect_labels,
    expect_refusal,
    expect_unchanged,
    network_digits,
    network_logits,
    quietly,
    ramp,
    random_network,
    run_typed,
    show,
    varied_network,
)
from autograder.notebook.npz import read_npz

TASK = "task4_classifier"
NAMES = ("W1", "b1", "W2", "b2")
PIXELS, CLASSES = 784, 10
FILE = "parameters.npz"
MAX_HIDDEN = 2_000  # of a network that is judged here: 10 000 images then take 2 s and 100 MB

Params = dict[str, np.ndarray]


# --- Loading ------------------------------------------------------------------------------------------------------


@check(TASK, points=12)
def load_classifier_reads(student: Proxy, reference: Proxy, rng: Any) -> None:
    """load_classifier returns the four arrays of the file, for any number of hidden nodes."""
    for hidden, dtype in ((100, "f4"), (37, "f8")):
        params = {name: value.astype(dtype) for name, value in random_network(hidden, derived(rng)).items()}
        found = expect_function(student, "load_classifier")(put_file(student, "network.npz", packed(params)))
        expect_network(found, params, f"load_classifier, {hidden} hidden nodes")


@check(TASK, points=14)
def load_classifier_shapes(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Arrays that do not fit each other or the pictures raise a ValueError that names the array."""
    numbers = derived(rng)
    params = random_network(37, numbers)
    load = expect_function(student, "load_classifier")
    expect_network(
        load(put_file(student, "good.npz", packed(params))), params, "load_classifier of a good file"
    )
    # Where two arrays disagree on H, either may be called wrong.
    hidden = ("W1", "b1", "W2")
    cases: list[tuple[str, Params, tuple[str, ...]]] = [
        ("W2 is transposed", {"W2": params["W2"].T}, hidden),
        ("W1 is transposed", {"W1": params["W1"].T}, hidden),
        ("W1 has 783 rows", {"W1": params["W1"][:783]}, ("W1",)),
        ("there are 9 classes", {"W2": params["W2"][:, :9], "b2": params["b2"][:9]}, ("W2", "b2")),
        ("W2 has one column", {"W2": params["W2"][:, :1]}, ("W2",)),
        ("b1 has one element", {"b1": params["b1"][:1]}, hidden),
        ("b1 has one element too few", {"b1": params["b1"][:36]}, hidden),
        ("W2 has one row too few", {"W2": params["W2"][:36]}, hidden),
        ("b2 has one element", {"b2": params["b2"][:1]}, ("b2",)),
    ]
    for kind, wrong, naming in cases:
        path = put_file(student, "bad.npz", packed({**params, **wrong}))
        doing = f"load_classifier of a file where {kind}"
        hint = (
            "Compare all four shapes with the table. NumPy broadcasts an array of one element without a word."
        )
        expect_rejection(error_of(load, path), {"ValueError"}, doing, path, naming=naming, hint=hint)


@check(TASK, points=8)
def load_classifier_damaged(student: Proxy, reference: Proxy, rng: Any) -> None:
    """A damaged or incomplete file raises a ValueError, a missing one a FileNotFoundError."""
    params = random_network(12, derived(rng))
    load = expect_function(student, "load_classifier")
    expect_network(
        load(put_file(student, "good.npz", packed(params))), params, "load_classifier of a good file"
    )
    objects = np.empty(12, dtype=object)
    cases: list[tuple[str, bytes | None, str, tuple[str, ...]]] = [
        ("of a file without b1", packed({n: params[n] for n in ("W1", "W2", "b2")}), "ValueError", ("b1",)),
        ("of a file with an object array", packed({**params, "b1": objects}), "ValueError", ()),
        ("of a text file", b"W1 = 3, b1 = 4\n" * 20, "ValueError", ()),
        ("without a file", None, "FileNotFoundError", ()),
    ]
    for number, (kind, content, expected, naming) in enumerate(cases):
        path = put_file(student, f"bad{number}.npz", content)
        error, earlier = error_of(load, path), own_error(student, "load_parameters", path)
        if (
            earlier is not None
            and error is not None
            and (earlier.type_name, earlier.message)
            == (
                error.type_name,
                error.message,
            )
        ):
            continue  # task 3's load_parameters has decided, and was judged there
        hint = "load_parameters of task 3 finds all of these: let its errors through."
        expect_rejection(error, {expected}, f"load_classifier {kind}", path, naming=naming, hint=hint)


def expect_network(found: Any, expected: Params, name: str) -> None:
    value = expect_dict(found, NAMES, name)
    for key in NAMES:
        expect_close(value[key], expected[key], f"{name}: {key}", rtol=1e-6)


def expect_rejection(
    error: CodeError | None, types: set[str], doing: str, path: str, *, naming: tuple[str, ...], hint: str
) -> None:
    """The call raised an error of one of ``types`` whose message has one of the names in it."""
    wanted = " or ".join(sorted(types))
    expect(error is not None, f"{doing}: no error was raised, expected {wanted}", hint)
    assert error is not None
    said = f"{error.type_name}: {error.message}".replace(path, "…")
    expect(error.type_name in types, f"{doing}: got {show(said)}, expected {wanted}", hint)
    named = not naming or any(name in said for name in naming)
    expect(named, f"{doing}: got {show(said)}, expected a message that names {' or '.join(naming)}", hint)


def own_error(student: Proxy, function: str, path: str) -> CodeError | None:
    """What the student's own earlier ``function`` raises for the file at ``path``; None if nothing, or it is missing."""
    return quietly(lambda: error_of(expect_function(student, function), path))


# --- One image ----------------------------------------------------------------------------------------------------


@check(TASK, points=14, equation="(7)")
def classify_image_digit(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """classify_image returns the digit of one image as a Python int."""
    judge_images(student, data.test[0], derived(rng), [(25, "f8"), (25, "f8")])
    expect_unchanged(student)


@check(TASK, points=8, equation="(7)")
def classify_image_hidden(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """classify_image works for any number of hidden nodes, in float32 and in float64."""
    judge_images(student, data.test[0], derived(rng), [(37, "f4"), (250, "f8")])


def judge_images(student: Proxy, images: np.ndarray, numbers: Any, networks: list[tuple[int, str]]) -> None:
    for hidden, dtype in networks:
        params = {n: v.astype(dtype) for n, v in varied_network(hidden, images, numbers).items()}
        chosen = telling_images(params, images)
        right = network_digits(params, images[chosen])
        found = []
        for i in chosen:
            digit = expect_function(student, "classify_image")(params, np.array(images[i]))
            hint = "classify answers with an array, one label for each row: take the only one, as an int."
            expect(type(digit) is int, f"classify_image: got {show(digit)}, expected a Python int", hint)
            found.append(digit)
        if found != right.tolist() and found != earlier_digits(student, params, images, chosen):
            k = next(k for k, digit in enumerate(found) if digit != right[k])
            hint = "Equation (7) for one image: flatten, forward, and the place of the largest probability."
            message = f"classify_image, {hidden} hidden nodes: got {found[k]}, expected {right[k]}"
            raise CheckFailed(message, hint)


def telling_images(params: Params, images: np.ndarray, count: int = 6) -> list[int]:
    """Indices of images in which the network sees different digits, each just a little surer than by rounding.

    A small mistake already changes what it sees in some of them.
    """
    sample = images[:400]
    logits = network_logits(params, sample.reshape(len(sample), -1) / 255)
    ordered = np.sort(logits, axis=1)
    margin, digits = ordered[:, -1] - ordered[:, -2], np.argmax(logits, axis=1)
    sure = np.where(margin > 0.02 * margin.max(), margin, np.inf)
    narrow = [int(np.argmin(np.where(digits == digit, sure, np.inf))) for digit in np.unique(digits)]
    return sorted(narrow, key=lambda i: sure[i])[:count]


def earlier_digits(student: Proxy, params: Params, images: np.ndarray, chosen: list[int]) -> list[int] | None:
    """What the student's own task 1 sees in the ``chosen`` images; None as in `different`."""

    def see(image: np.ndarray) -> int:
        x = expect_array(expect_function(student, "flatten")(image), (1, image.size), "flatten")
        return int(expect_labels(expect_function(student, "classify")(params, x), 1, CLASSES, "classify")[0])

    return different(see, images, chosen)


def different(see: Callable[[np.ndarray], int], images: np.ndarray, chosen: list[int]) -> list[int] | None:
    """What ``see`` makes of the ``chosen`` images.

    None when the student's code cannot tell, or sees the same digit in all of them and in others: no base to go on.
    """
    digits = quietly(lambda: [see(np.array(images[i])) for i in (*chosen, *range(min(20, len(images))))])
    return digits[: len(chosen)] if digits is not None and len(set(digits)) > 1 else None


# --- The program --------------------------------------------------------------------------------------------------


@check(TASK, points=16, equation="(7)")
def classifier_prints_digit(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """The program prints the digit that the network of the file sees in image i, and nothing else."""
    images, _ = images_in_notebook(data)
    numbers = derived(rng)
    for name, hidden in (("first.npz", 20), ("second.npz", 31)):
        params = varied_network(hidden, images, numbers)
        judge_program(
            student, params, images, put_file(student, name, packed(params)), last=name == "first.npz"
        )


@check(TASK, points=6)
def main_default_path(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """Without a path the program reads parameters.npz of the current folder."""
    images, _ = images_in_notebook(data)
    numbers = derived(rng)
    for hidden in (20, 31):
        params = varied_network(hidden, images, numbers)
        put_file(student, FILE, packed(params))
        judge_program(student, params, images, None)


def judge_program(
    student: Proxy, params: Params, images: np.ndarray, path: str | None, *, last: bool = False
) -> None:
    """Type the indices of images in which ``params`` see different digits, and with ``last`` that of the last image."""
    chosen = telling_images(params, images, count=3) + ([len(images) - 1] if last else [])
    right = network_digits(params, images[chosen]).tolist()
    printed = []
    for i in chosen:
        outcome = start(student, path, str(i))
        hint = "Is the path used, and i read once, with input()?"
        message = f"main, typed {i}: it ended with exit code {outcome.exit_code}, expected a digit"
        expect(outcome.exit_code in (None, 0), message, hint)
        text = outcome.stdout.strip()
        hint = "Print the digit and nothing else. A question belongs into input(…)."
        is_digit = len(text) == 1 and text in "0123456789"
        expect(is_digit, f"main, typed {i}: it printed {show(text)}, expected one digit", hint)
        printed.append(int(text))
    if printed != right and printed != image_digits(student, params, images, chosen):
        k = next(k for k, digit in enumerate(printed) if digit != right[k])
        hint = "Does it use the network of the file, and the test images?"
        raise CheckFailed(f"main, typed {chosen[k]}: it printed {printed[k]}, expected {right[k]}", hint)


def image_digits(student: Proxy, params: Params, images: np.ndarray, chosen: list[int]) -> list[int] | None:
    """What the student's own classify_image sees, which has its own checks; None as in `different`."""

    def see(image: np.ndarray) -> int:
        digit = expect_function(student, "classify_image")(params, image)
        return int(expect_labels([digit], 1, CLASSES, "classify_image")[0])

    return different(see, images, chosen)


def start(student: Proxy, path: str | None, typed: str | None, doing: str | None = None) -> Run:
    """Run the student's program with ``typed`` on its keyboard; without ``path`` in the folder of `put_file`."""
    arguments = [] if path is None else [path]
    main = expect_function(student, "main")
    return run_typed(
        main, *arguments, typed=typed, doing=doing or f"main, typed {typed}", in_scratch=path is None
    )


@check(TASK, points=8)
def classifier_bad_input(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """Anything but the number of a test image gets a polite message and exit code 2."""
    images, _ = images_in_notebook(data)
    params = varied_network(20, images, derived(rng))
    path = put_file(student, "network.npz", packed(params))
    prompt = expect_answer(start(student, path, "0"), "main, typed 0").stderr
    for typed in ("-1", str(len(images)), "x", "", None):
        doing = "main without a line of input" if typed is None else f"main, typed {typed!r}"
        outcome = start(student, path, typed, doing)
        own = own_exit_code(student, len(images), typed)
        expect_refusal(outcome, doing, prompt=prompt, code=own if own == outcome.exit_code else 2)
        expect_no_digit(outcome, doing)


def expect_answer(outcome: Run, doing: str) -> Run:
    """The program went through and printed something."""
    ended = f"{doing}: it ended with exit code {outcome.exit_code}, expected a digit"
    expect(outcome.exit_code in (None, 0) and bool(outcome.stdout.strip()), ended)
    return outcome


def expect_no_digit(outcome: Run, doing: str) -> None:
    digits = [line for line in outcome.stdout.split("\n") if line.strip() in set("0123456789")]
    expect(not digits, f"{doing}: it printed the digit {''.join(digits)[:1]}, expected only a message")


def own_exit_code(student: Proxy, limit: int, typed: str | None) -> int:
    """2, or the other exit code above 0 with which task 1's read_index refuses ``typed``: it has cost its points."""
    try:
        read = expect_function(student, "read_index")
        code = run(read, limit, stdin="" if typed is None else f"{typed}\n").exit_code
    except CheckFailed:
        return 2
    except CodeError as error:
        if error.kind in SILENT_KINDS:
            return 2
        raise
    return code or 2


@check(TASK, points=6)
def main_bad_file(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """A missing, damaged or unfitting file gets a polite message and exit code 2."""
    params = varied_network(20, images_in_notebook(data)[0], derived(rng))
    good = packed(params)
    prompt = expect_answer(start(student, put_file(student, "good.npz", good), "0"), "main, typed 0").stderr
    cases = {
        "a missing file": None,
        "a text file": b"W1 = 3, b1 = 4\n" * 20,
        "a file cut off in the middle": good[: len(good) // 2],
        "a transposed W2": packed({**params, "W2": params["W2"].T}),
    }
    for number, (kind, content) in enumerate(cases.items()):
        path = put_file(student, f"bad{number}.npz", content)
        earlier = own_error(student, "load_classifier", path)
        if content is not None and (earlier is None or earlier.type_name != "ValueError"):
            continue  # load_classifier lets it pass, and was judged there
        outcome = start(student, path, "0", f"main with {kind}")
        expect_refusal(outcome, f"main with {kind}", prompt=prompt)
        expect_no_digit(outcome, f"main with {kind}")


# --- The network that was handed in -------------------------------------------------------------------------------


@check(TASK, points=8, equation="(7)")
def parameters_accuracy(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> Partial | None:
    """The network in parameters.npz reads images that it has never seen."""
    try:
        content = read_file(student, FILE)
    except CodeError as error:
        if error.kind != "missing":
            raise
        hint = "Train it in task 3, save it, and put the file next to this notebook. Hand in both."
        raise CheckFailed(f"There is no {FILE} next to the notebook", hint) from None
    accuracy = accuracy_of(content, data)
    return ramp(accuracy, *threshold(TASK, "parameters_accuracy"), f"accuracy of {FILE}")


def accuracy_of(content: bytes, data: TaskData) -> float:
    """The fraction of unseen images that the network in an .npz file reads correctly."""
    try:
        arrays = read_npz(content)
    except Exception as error:  # whatever a strange file does to the reader, it is the file's fault
        raise CheckFailed(
            f"{FILE} cannot be read: {error}", "save_parameters of task 3 writes such a file."
        ) from None
    arrays = expect_dict(arrays, NAMES, FILE)
    expect(arrays["W1"].ndim == 2, f"{FILE}: W1 has shape {arrays['W1'].shape}, expected ({PIXELS}, H)")
    hidden = arrays["W1"].shape[1]
    expect(hidden <= MAX_HIDDEN, f"{FILE}: {hidden} hidden nodes; at most {MAX_HIDDEN} are judged")
    shapes = {"W1": (PIXELS, hidden), "b1": (hidden,), "W2": (hidden, CLASSES), "b2": (CLASSES,)}
    params = {name: expect_array(arrays[name], shape, f"{FILE}: {name}") for name, shape in shapes.items()}
    images, labels = data.held_out
    return float(np.mean(network_digits(params, images) == labels))


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """The bytes of an .npz file with ``arrays``."""
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # no array is called allow_pickle
    return content.getvalue()


def derived(rng: Any) -> np.random.Generator:
    """A generator for numbers that the reference is not asked about: only its seed is kept with the answers."""
    return np.random.default_rng(int(rng.integers(2**31)))
