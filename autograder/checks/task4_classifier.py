"""Checks of task 4: trained parameters from a file, one image, the program, and the network that was handed in.

The networks have learned nothing, but see many different digits; what they see is computed here. A student whose
own earlier tasks see or load something else is judged by these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, Run, error_of, put_file, read_file, run
from autograder.checks import TaskData, check, threshold
from autograder.checks.earlier import (
    builds_on,
    expect_unchanged_but,
    is_wrong,
    may_go_on,
    own_labels,
    own_networks,
    packed,
    reads_network,
    rows_of,
)
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
    network_digits,
    network_logits,
    quietly,
    ramp,
    random_network,
    run_typed,
    show,
    usable,
    varied_network,
)
from autograder.notebook.npz import read_npz

TASK = "task4_classifier"
NAMES = ("W1", "b1", "W2", "b2")
PIXELS, CLASSES = 784, 10
FILE = "parameters.npz"
SEEING = ("flatten", "classify")  # what of the earlier tasks sees a digit in an image
EARLIER = (*SEEING, "read_index", "load_parameters")  # and what else the program is made of
MAX_HIDDEN = 2_000  # of a network that is judged here: 10 000 images then take 2 s and 100 MB

Params = dict[str, np.ndarray]


# --- Loading ------------------------------------------------------------------------------------------------------


Write = Callable[
    [str, Params], str
]  # puts an .npz file on the student's side: its name, its arrays -> its path


@check(TASK, points=12)
@builds_on("load_parameters")
def load_classifier_reads(student: Proxy, reference: Proxy, rng: Any) -> None:
    """load_classifier returns the four arrays of the file, for any number of hidden nodes."""
    networks = []
    for hidden, dtype in ((100, "f4"), (37, "f8")):
        params = {name: value.astype(dtype) for name, value in random_network(hidden, derived(rng)).items()}
        networks.append((params, f"load_classifier, {hidden} hidden nodes"))

    def judge(write: Write) -> None:
        for params, name in networks:
            found = expect_function(student, "load_classifier")(write("network.npz", params))
            expect_network(student, found, params, name)

    with_files(student, judge)


@check(TASK, points=14)
@builds_on("load_parameters")
def load_classifier_shapes(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Arrays that do not fit each other or the pictures raise a ValueError that names the array."""
    params = random_network(37, derived(rng))
    with_files(student, lambda write: judge_shapes(student, params, write))


def judge_shapes(student: Proxy, params: Params, write: Write) -> None:
    load = expect_function(student, "load_classifier")
    expect_network(student, load(write("good.npz", params)), params, "load_classifier of a good file")
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
        path = write("bad.npz", {**params, **wrong})
        doing = f"load_classifier of a file where {kind}"
        hint = (
            "Compare all four shapes with the table. NumPy broadcasts an array of one element without a word."
        )
        expect_rejection(error_of(load, path), {"ValueError"}, doing, path, naming=naming, hint=hint)


@check(TASK, points=8)
@builds_on("load_parameters")
def load_classifier_damaged(student: Proxy, reference: Proxy, rng: Any) -> None:
    """A damaged or incomplete file raises a ValueError, a missing one a FileNotFoundError."""
    params = random_network(12, derived(rng))
    load = expect_function(student, "load_classifier")

    def judge(write: Write) -> None:
        expect_network(student, load(write("good.npz", params)), params, "load_classifier of a good file")

    with_files(student, judge)
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
        if earlier is not None and error is not None and said(earlier) == said(error):
            continue  # task 3's load_parameters has decided, and was judged there
        if earlier is None and is_wrong(student, "load_parameters"):
            continue  # it takes such a file
        hint = "load_parameters of task 3 finds all of these: let its errors through."
        expect_rejection(error, {expected}, f"load_classifier {kind}", path, naming=naming, hint=hint)


def said(error: CodeError) -> tuple[str, str]:
    return error.type_name, error.message


def with_files(student: Proxy, judge: Callable[[Write], None]) -> None:
    """Judge with files that hold the arrays under their names.

    Where the student's load_parameters mixes up the names, once more with files from which it gets the right arrays.
    """
    try:
        judge(lambda name, params: put_file(student, name, packed(params)))
    except (CheckFailed, CodeError) as failure:
        if not may_go_on(student, failure, "load_parameters"):
            raise
        stored_as = own_names(student)
        try:
            judge(
                lambda name, params: put_file(
                    student, name, packed({stored_as[key]: value for key, value in params.items()})
                )
            )
        except (CheckFailed, CodeError):
            raise failure from None


def own_names(student: Proxy) -> dict[str, str]:
    """Under which name the student's load_parameters looks for each array; the same name where it cannot be told."""
    params = random_network(5, np.random.default_rng(4))

    def ask() -> dict[str, str]:
        path = put_file(student, "names.npz", packed(params))
        found = expect_dict(expect_function(student, "load_parameters")(path), NAMES, "load_parameters")
        same = {key: [name for name in NAMES if np.array_equal(found[key], params[name])] for key in found}
        names = {key: fitting[0] for key, fitting in same.items() if fitting}
        expect(sorted(names.values()) == sorted(NAMES), "load_parameters: these are other arrays")
        return names

    return quietly(ask) or {name: name for name in NAMES}


def expect_network(student: Proxy, found: Any, expected: Params, name: str) -> None:
    if isinstance(found, Proxy) and is_wrong(student, "load_parameters"):
        found = {key: found[key] for key in NAMES}  # task 3 returns something like a dict
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
@builds_on("flatten", "classify")
def classify_image_digit(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """classify_image returns the digit of one image as a Python int."""
    judge_images(student, data.test[0], derived(rng), [(25, "f8"), (25, "f8")])
    expect_unchanged_but(student, "flatten", "classify", "forward")


@check(TASK, points=8, equation="(7)")
@builds_on("flatten", "classify")
def classify_image_hidden(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """classify_image works for any number of hidden nodes, in float32 and in float64."""
    judge_images(student, data.test[0], derived(rng), [(37, "f4"), (250, "f8")])


def judge_images(student: Proxy, images: np.ndarray, numbers: Any, networks: list[tuple[int, str]]) -> None:
    for hidden, dtype in networks:
        params = {n: v.astype(dtype) for n, v in varied_network(hidden, images, numbers).items()}
        chosen = telling_images(params, images)
        try:
            expect_digits(student, params, images, chosen, network_digits(params, images[chosen]).tolist())
        except (CheckFailed, CodeError) as failure:
            own = own_view(student, params, images) if may_go_on(student, failure, *SEEING) else None
            if own is None:
                raise
            expect_digits(student, own[0], images, *own[1:])


def expect_digits(
    student: Proxy, params: Params, images: np.ndarray, chosen: list[int], right: list[int]
) -> None:
    hidden = len(params["b1"])
    for i, expected in zip(chosen, right, strict=True):
        digit = expect_function(student, "classify_image")(params, np.array(images[i]))
        hint = "classify answers with an array, one label for each row: take the only one, as an int."
        expect(type(digit) is int, f"classify_image: got {show(digit)}, expected a Python int", hint)
        hint = "Equation (7) for one image: flatten, forward, and the place of the largest probability."
        message = f"classify_image, {hidden} hidden nodes: got {digit}, expected {expected}"
        expect(digit == expected, message, hint)


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


def own_view(
    student: Proxy, params: Params, images: np.ndarray
) -> tuple[Params, list[int], list[int]] | None:
    """A network like ``params``, some images, and what the student's own tasks 1 and 3 see in them, one at a time.

    None when they see the same in all images, or nothing: no base to go on.
    """
    shape = (1, images[0].size)
    some = list(range(min(60, len(images))))
    rows = [usable(lambda i=i: expect_function(student, "flatten")(np.array(images[i])), shape) for i in some]
    used = [row for row in rows if row is not None]
    x = np.concatenate(used) if len(used) == len(rows) else rows_of(images[some])
    for network in own_networks(student, params, x):
        digits = own_labels(student, network, x, 1)
        if digits is not None and len(set(digits.tolist())) > 2:
            chosen = [int(np.argmax(digits == digit)) for digit in np.unique(digits)]
            return network, chosen, digits[chosen].tolist()
    return None


# --- The program --------------------------------------------------------------------------------------------------


@check(TASK, points=16, equation="(7)")
@builds_on(*EARLIER)
def classifier_prints_digit(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """The program prints the digit that the network of the file sees in image i, and nothing else."""
    images, _ = images_in_notebook(data)
    numbers = derived(rng)
    for name, hidden in (("first.npz", 20), ("second.npz", 31)):
        params, last = varied_network(hidden, images, numbers), name == "first.npz"

        def judge(write: Write, name: str = name, params: Params = params, last: bool = last) -> None:
            judge_program(student, params, images, lambda some: write(name, some), last=last)

        with_files(student, judge)


@check(TASK, points=6)
@builds_on(*EARLIER)
def main_default_path(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """Without a path the program reads parameters.npz of the current folder."""
    images, _ = images_in_notebook(data)
    numbers = derived(rng)
    for hidden in (20, 31):
        params = varied_network(hidden, images, numbers)

        def judge(write: Write, params: Params = params) -> None:
            judge_program(student, params, images, lambda some: write(FILE, some) and None)

        with_files(student, judge)


def judge_program(
    student: Proxy,
    params: Params,
    images: np.ndarray,
    write: Callable[[Params], str | None],
    *,
    last: bool = False,
) -> None:
    """Type the indices of images in which ``params`` see different digits, and with ``last`` that of the last image.

    Args:
        write: puts the file there, and gives the path that the program gets, or None for none.
    """
    chosen = telling_images(params, images, count=3) + ([len(images) - 1] if last else [])
    right = network_digits(params, images[chosen]).tolist()
    try:
        path = write(params)
        printed = printed_digits(student, path, chosen)
        if printed != right and not prints_what_it_sees(student, params, images, chosen, printed):
            k = next(k for k, digit in enumerate(printed) if digit != right[k])
            hint = "Does it use the network of the file, and the test images?"
            raise CheckFailed(f"main, typed {chosen[k]}: it printed {printed[k]}, expected {right[k]}", hint)
    except (CheckFailed, CodeError) as failure:
        own = own_view(student, params, images) if may_go_on(student, failure, *SEEING) else None
        if own is None:
            raise
        params, chosen, right = own
        if printed_digits(student, write(params), chosen[:4], most=max(right)) != right[:4]:
            raise failure from None


def printed_digits(student: Proxy, path: str | None, chosen: list[int], *, most: int = 9) -> list[int]:
    """What the program prints when these indices are typed, one after the other."""
    printed = []
    for i in chosen:
        outcome = start(student, path, str(i))
        hint = "Is the path used, and i read once, with input()?"
        message = f"main, typed {i}: it ended with exit code {outcome.exit_code}, expected a digit"
        expect(outcome.exit_code in (None, 0), message, hint)
        text = outcome.stdout.strip()
        hint = "Print the digit and nothing else. A question belongs into input(…)."
        is_digit = text in map(str, range(max(most, 9) + 1))
        expect(is_digit, f"main, typed {i}: it printed {show(text)}, expected one digit", hint)
        printed.append(int(text))
    return printed


def prints_what_it_sees(
    student: Proxy, params: Params, images: np.ndarray, chosen: list[int], printed: list[int]
) -> bool:
    """Whether the digits ``printed`` are what the student's own classify_image, which has its own checks, sees.

    It is no base to go on from where it sees the same digit everywhere, or does not look at the network.
    """
    some = [*chosen, *range(min(20, len(images)))]

    def see(network: Params, i: int) -> int:
        digit = expect_function(student, "classify_image")(network, np.array(images[i]))
        return int(expect_labels([digit], 1, CLASSES, "classify_image")[0])

    def look(network: Params) -> np.ndarray | None:
        return quietly(lambda: np.array([see(network, i) for i in some]))

    digits = look(params)
    if digits is None or digits[: len(chosen)].tolist() != printed or len(set(digits.tolist())) < 2:
        return False
    return reads_network(look, params)


def start(student: Proxy, path: str | None, typed: str | None, doing: str | None = None) -> Run:
    """Run the student's program with ``typed`` on its keyboard; without ``path`` in the folder of `put_file`."""
    arguments = [] if path is None else [path]
    main = expect_function(student, "main")
    return run_typed(
        main, *arguments, typed=typed, doing=doing or f"main, typed {typed}", in_scratch=path is None
    )


@check(TASK, points=8)
@builds_on(*EARLIER)
def classifier_bad_input(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """Anything but the number of a test image gets a polite message and exit code 2."""
    images, _ = images_in_notebook(data)
    params = varied_network(20, images, derived(rng))
    path = put_file(student, "network.npz", packed(params))
    prompt = prompt_of(student, path)
    for typed in ("-1", str(len(images)), "x", "", None):
        doing = "main without a line of input" if typed is None else f"main, typed {typed!r}"
        if lets_pass(student, len(images), typed):
            continue
        outcome = start(student, path, typed, doing)
        expect_refusal(outcome, doing, prompt=prompt)
        expect_no_digit(outcome, doing)


def prompt_of(student: Proxy, path: str) -> str:
    """What the program prints on stderr when a good file is there and the number of an image is typed.

    Nothing is known of that where it fails because of tasks 1 and 3, which have cost their points.
    """
    try:
        return expect_answer(start(student, path, "0"), "main, typed 0").stderr
    except (CheckFailed, CodeError) as failure:
        if not may_go_on(student, failure, *EARLIER):
            raise
        return ""


def expect_answer(outcome: Run, doing: str) -> Run:
    """The program went through and printed something."""
    ended = f"{doing}: it ended with exit code {outcome.exit_code}, expected a digit"
    expect(outcome.exit_code in (None, 0) and bool(outcome.stdout.strip()), ended)
    return outcome


def expect_no_digit(outcome: Run, doing: str) -> None:
    digits = [line for line in outcome.stdout.split("\n") if line.strip() in set("0123456789")]
    expect(not digits, f"{doing}: it printed the digit {''.join(digits)[:1]}, expected only a message")


def lets_pass(student: Proxy, limit: int, typed: str | None) -> bool:
    """Whether task 1's read_index does not refuse ``typed`` as it should, which has cost its points there."""
    line = "" if typed is None else f"{typed}\n"
    try:
        outcome = run(expect_function(student, "read_index"), limit, stdin=line)
    except CheckFailed:
        return False
    except CodeError as error:
        if error.kind not in SILENT_KINDS:
            raise
        return error.kind == "exception"  # where there is none, the program has to refuse by itself
    return outcome.exit_code != 2 or not (outcome.stdout + outcome.stderr).strip()


@check(TASK, points=6)
@builds_on(*EARLIER)
def main_bad_file(student: Proxy, reference: Proxy, rng: Any, data: TaskData) -> None:
    """A missing, damaged or unfitting file gets a polite message and exit code 2."""
    params = varied_network(20, images_in_notebook(data)[0], derived(rng))
    good = packed(params)
    prompt = prompt_of(student, put_file(student, "good.npz", good))
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
    """The fraction of unseen images that the network in an .npz file reads correctly.

    Who trained it, and on what, a file does not say; task 3 judges that.
    """
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


def derived(rng: Any) -> np.random.Generator:
    """A generator for numbers that the reference is not asked about: only its seed is kept with the answers."""
    return np.random.default_rng(int(rng.integers(2**31)))
