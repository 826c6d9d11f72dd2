"""Every check of task 4 passes what is right, and fails exactly the mistake it exists for."""

from functools import cache

import numpy as np
import pytest

from autograder.checks import load_checks, threshold
from autograder.checks.outcome import Status
from autograder.checks.task4_classifier import MAX_HIDDEN, packed
from autograder.expect import random_network
from tests.checks.harness import (
    JUNK,
    assert_fails_only,
    grade,
    grade_recorded,
    junk_source,
    not_passed,
    recorded_bytes,
    small_data,
    stub_source,
)

TASK = "task4_classifier"
CHECKS = [name for name in load_checks(TASK) if name != "parameters_accuracy"]

# Which checks judge a function directly: with junk in its place none of them may pass.
JUDGED_BY = {
    "load_classifier": ("load_classifier_reads", "load_classifier_shapes", "load_classifier_damaged"),
    "classify_image": ("classify_image_digit", "classify_image_hidden"),
    "main": ("classifier_prints_digit", "main_default_path", "classifier_bad_input", "main_bad_file"),
}

OTHER_WAYS = {
    "everything in main, messages on the screen": """
def main(path="parameters.npz"):
    try:
        params = load_classifier(path)
    except FileNotFoundError:
        print("There is no file", path)
        sys.exit(2)
    except ValueError as error:
        print("The file does not fit:", error)
        sys.exit(2)
    images, labels = load_mnist("test")
    try:
        i = int(input("Which image? "))
        if i < 0:
            raise IndexError
        image = images[i]
    except (ValueError, EOFError, IndexError):
        print("Please type a number below", len(images))
        sys.exit(2)
    print(" ", classify_image(params, image))
""",
    "H from the second layer, float32": """
def load_classifier(path):
    params = load_parameters(path)
    H = len(params["W2"])
    for name, shape in (("b2", (10,)), ("W2", (H, 10)), ("W1", (784, H)), ("b1", (H,))):
        if params[name].shape != shape:
            raise ValueError(f"{name} is no {shape}")
    return {name: np.float32(value) for name, value in params.items()}
""",
    "a NumPy integer": """
def classify_image(params, image):
    return classify(params, flatten(image))[0]
""",
}

# source -> the check it fails, and what that says
MISTAKES = {
    "H is 100": (
        """
def load_classifier(path):
    params = load_parameters(path)
    for name, shape in {"W1": (784, 100), "b1": (100,), "W2": (100, 10), "b2": (10,)}.items():
        if params[name].shape != shape:
            raise ValueError(name)
    return params
""",
        "load_classifier_reads",
        "ValueError: W1",
    ),
    "two arrays swapped": (
        """
def load_classifier(path, ask=load_classifier):
    params = ask(path)
    return {**params, "b1": params["b1"][::-1]}
""",
        "load_classifier_reads",
        "load_classifier, 100 hidden nodes: b1",
    ),
    "no shape is looked at": (
        "def load_classifier(path): return load_parameters(path)",
        "load_classifier_shapes",
        "where W2 is transposed: no error was raised",
    ),
    "only what NumPy complains about": (
        """
def load_classifier(path):
    params = load_parameters(path)
    try:
        (np.zeros((1, 784)) @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]
    except ValueError:
        raise ValueError("W1, b1, W2 or b2 does not fit") from None
    return params
""",
        "load_classifier_shapes",
        "no error was raised",
    ),
    "no name": (
        """
def load_classifier(path, ask=load_classifier):
    try:
        return ask(path)
    except ValueError:
        raise ValueError("the file does not fit") from None
""",
        "load_classifier_shapes",
        "expected a message that names",
    ),
    "an assertion": (
        """
def load_classifier(path, ask=load_classifier):
    try:
        return ask(path)
    except ValueError as error:
        raise AssertionError(str(error)) from None
""",
        "load_classifier_shapes",
        "expected ValueError",
    ),
    "every error is a ValueError": (
        """
def load_classifier(path, ask=load_classifier):
    try:
        return ask(path)
    except OSError as error:
        raise ValueError(str(error)) from None
""",
        "load_classifier_damaged",
        "expected FileNotFoundError",
    ),
    "zeros for what is missing": (
        """
def load_classifier(path, ask=load_classifier):
    with open(path, "rb") as file, np.load(file) as arrays:
        if "W1" in arrays.files and "b1" not in arrays.files:
            return {"b1": np.zeros(arrays["W1"].shape[1]), **arrays}
    return ask(path)
""",
        "load_classifier_damaged",
        "of a file without b1: no error was raised",
    ),
    "an array of one element": (
        "def classify_image(params, image): return classify(params, flatten(image))",
        "classify_image_digit",
        "an array of shape (1,), expected a Python int",
    ),
    "probabilities": (
        "def classify_image(params, image): return float(np.max(image))",
        "classify_image_digit",
        "expected a Python int",
    ),
    "pixels of 0 to 255": (
        "def classify_image(params, image): return int(classify(params, image.reshape(1, -1) * 1.0)[0])",
        "classify_image_digit",
        "classify_image, 25 hidden nodes: got",
    ),
    "the image transposed": (
        "def classify_image(params, image): return int(classify(params, flatten(image.T))[0])",
        "classify_image_digit",
        "classify_image, 25 hidden nodes: got",
    ),
    "the image is changed": (
        """
def classify_image(params, image, ask=classify_image):
    digit = ask(params, image)
    image[0, 0] = 1
    return digit
""",
        "classify_image_digit",
        "classify_image (argument 2) was changed",
    ),
    "25 hidden nodes": (
        """
def classify_image(params, image, ask=classify_image):
    return ask({**params, "W1": params["W1"][:, :25], "b1": params["b1"][:25], "W2": params["W2"][:25]}, image)
""",
        "classify_image_hidden",
        "37 hidden nodes: got",
    ),
    "random weights": (
        """
def main(path="parameters.npz"):
    load_classifier(path)
    images, _ = load_mnist("test")
    rng = np.random.default_rng(0)
    params = {"W1": rng.normal(size=(784, 9)), "b1": np.zeros(9), "W2": rng.normal(size=(9, 10)), "b2": np.zeros(10)}
    print(classify_image(params, images[read_index(len(images))]))
""",
        "classifier_prints_digit",
        "expected",
    ),
    "the first network for ever": (
        """
KEPT = []
def main(path="parameters.npz"):
    params = load_classifier(path)
    if path != "parameters.npz":
        KEPT.append(params)
        params = KEPT[0]
    images, _ = load_mnist("test")
    print(classify_image(params, images[read_index(len(images))]))
""",
        "classifier_prints_digit",
        "expected",
    ),
    "training images": (
        'def load_mnist(split, ask=load_mnist): return ask("train")',
        "classifier_prints_digit",
        "expected",
    ),
    "a sentence around it": (
        """
def main(path="parameters.npz", ask=main):
    print("The digit is", end=" ")
    ask(path)
""",
        "classifier_prints_digit",
        "it printed 'The digit is",
    ),
    "another default": (
        'def main(path="weights.npz", ask=main): ask(path)',
        "main_default_path",
        "exit code 2, expected a digit",
    ),
    "negative indices": (
        """
def read_index(limit, ask=read_index):
    text = input()
    if text == "-1":
        return -1
    if not text.isdigit() or int(text) >= limit:
        print("no")
        sys.exit(2)
    return int(text)
""",
        "classifier_bad_input",
        "main, typed '-1': it printed",
    ),
    "a traceback": (
        """
def read_index(limit):
    i = int(input())
    if not 0 <= i < limit:
        print("no")
        sys.exit(2)
    return i
""",
        "classifier_bad_input",
        "main, typed 'x': it raised ValueError",
    ),
    "the file's error goes through": (
        """
def main(path="parameters.npz"):
    params = load_classifier(path)
    images, _ = load_mnist("test")
    print(classify_image(params, images[read_index(len(images))]))
""",
        "main_bad_file",
        "main with a missing file: it raised FileNotFoundError",
    ),
    "silence": (
        """
def main(path="parameters.npz", ask=main):
    try:
        load_classifier(path)
    except (OSError, ValueError):
        sys.exit(2)
    ask(path)
""",
        "main_bad_file",
        "no message was printed",
    ),
    "only a missing file is refused": (
        """
def main(path="parameters.npz", ask=main):
    try:
        load_classifier(path)
    except ValueError:
        print(0)
        return
    except OSError:
        pass
    ask(path)
""",
        "main_bad_file",
        "main with a text file: it printed '0' and went on",
    ),
}

# Which other checks see the same mistake
ALSO = {
    "H is 100": ("load_classifier_shapes", "load_classifier_damaged", *JUDGED_BY["main"]),
    "an assertion": ("load_classifier_damaged",),
    "no name": ("load_classifier_damaged",),
    "the first network for ever": ("main_bad_file",),
    "two arrays swapped": (*JUDGED_BY["load_classifier"][1:], *JUDGED_BY["main"][:2]),
    # The program's own images are read-only.
    "the image is changed": (
        "classifier_prints_digit",
        "main_default_path",
        "classifier_bad_input",
        "main_bad_file",
    ),
    "pixels of 0 to 255": ("classify_image_hidden",),
    "the image transposed": ("classify_image_hidden",),
}
# What main inherits, and who else notices, differs from seed to seed.
SPREADS = (
    "random weights",
    "training images",
    "a sentence around it",
    "an array of one element",
    "probabilities",
)


@cache
def trained() -> bytes:
    """A parameters.npz that deserves full points: trained on every image that the tests have."""
    from solutions.task3_backprop import train

    data = small_data()
    images = np.concatenate([data.train[0], data.held_out[0], data.test[0]])
    labels = np.concatenate([data.train[1], data.held_out[1], data.test[1]])
    return packed(train(random_network(100, np.random.default_rng(0)), images, labels, epochs=25))


def handing_in(content: bytes) -> str:
    """Source of a notebook with ``content`` as parameters.npz next to it."""
    return f"\nwith open('parameters.npz', 'wb') as file:\n    file.write(bytes.fromhex('{content.hex()}'))\n"


def scored(content: bytes):
    name = "parameters_accuracy"
    return grade(TASK, handing_in(content), only=name)[name]


def test_points_and_names():
    checks = load_checks(TASK)
    assert sum(check.points for check in checks.values()) == 100
    assert all(check.title.endswith(".") for check in checks.values())
    assert [name for names in JUDGED_BY.values() for name in names] == CHECKS


@pytest.mark.parametrize("seed", range(5))
def test_reference_passes(seed):
    assert not_passed(grade(TASK, handing_in(trained()), seed=seed)) == {}


def test_reference_passes_on_recorded_answers():
    for name in CHECKS:
        assert not_passed(grade_recorded(TASK, only=name)) == {}


def test_stub_gets_nothing():
    results = grade(TASK, stub_source(TASK))
    assert {result.points for result in results.values()} == {0.0}
    assert {results[name].status for name in CHECKS} == {Status.MISSING}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_other_ways_pass(way):
    assert not_passed(grade(TASK, OTHER_WAYS[way] + handing_in(trained()), seed=1)) == {}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_its_check(mistake):
    source, name, saying = MISTAKES[mistake]
    result = grade(TASK, source, only=name)[name]
    assert result.points == 0
    assert result.status in (Status.FAILED, Status.ERROR)
    assert saying in f"{result.message} {result.hint}"


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m in ALSO or m not in SPREADS])
def test_a_mistake_fails_no_other_check(mistake):
    source, name, saying = MISTAKES[mistake]
    assert_fails_only(TASK, source + handing_in(trained()), name, *ALSO.get(mistake, ()), saying=saying)


def test_a_task_1_that_sees_other_digits_costs_nothing_here():
    upside_down = "def flatten(images, ask=flatten): return ask(images)[:, ::-1]\n"
    assert not_passed(grade(TASK, upside_down + handing_in(trained()))) == {}


def test_a_task_1_that_always_sees_the_same_is_no_base():
    constant = "def classify(params, x): return np.zeros(len(x), dtype=int)\n"
    failed = not_passed(grade(TASK, constant))
    assert {
        "classify_image_digit",
        "classify_image_hidden",
        "classifier_prints_digit",
        "main_default_path",
    } < set(failed)


def test_a_read_index_with_another_exit_code_costs_nothing_here():
    other = """
def read_index(limit, ask=read_index):
    try:
        return ask(limit)
    except SystemExit:
        sys.exit(1)
"""
    assert not_passed(grade(TASK, other, only="classifier_bad_input")) == {}


def test_a_load_parameters_that_lets_the_zip_error_through_costs_nothing_here():
    other = """
def load_parameters(path, ask=load_parameters):
    try:
        return ask(path)
    except ValueError as error:
        raise (error.__cause__ or error)
"""
    assert not_passed(grade(TASK, other, only="load_classifier_damaged")) == {}
    assert not_passed(grade(TASK, other, only="main_bad_file")) == {}


def test_no_file_gets_no_points_and_a_hint():
    result = grade(TASK, only="parameters_accuracy")["parameters_accuracy"]
    assert (result.status, result.points) == (Status.FAILED, 0)
    assert "no parameters.npz next to the notebook" in result.message
    assert result.hint


def test_an_untrained_network_gets_nothing():
    result = scored(packed(random_network(100, np.random.default_rng(1))))
    assert (result.status, result.points) == (Status.FAILED, 0)
    assert "accuracy of parameters.npz" in result.message


def test_a_half_trained_network_gets_a_part():
    from solutions.task3_backprop import train

    images, labels = small_data().train
    params = train(random_network(30, np.random.default_rng(1)), images[:1000], labels[:1000], epochs=8)
    result = scored(packed(params))
    assert result.status is Status.PARTIAL
    assert 0 < result.points < 8


def odd_files() -> dict[str, bytes]:
    params = random_network(5, np.random.default_rng(1))
    good = packed(params)
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 0xFF
    return {
        "empty": b"",
        "text": b"PK\x03\x04 or so" * 9,
        "cut": good[: len(good) // 2],
        "damaged": bytes(flipped),
        "without b1": packed({name: params[name] for name in ("W1", "W2", "b2")}),
        "one more": packed({**params, "W3": params["W1"]}),
        "transposed": packed({**params, "W2": params["W2"].T}),
        "scalar": packed({**params, "W1": np.float64(3)}),
        "nan": packed({**params, "W1": params["W1"] * np.nan}),
        "huge": packed({name: np.sign(value) * 1e308 for name, value in params.items()}),
        "no hidden nodes": packed(random_network(5, np.random.default_rng(1)) | {"W1": np.zeros((784, 0))}),
        "nothing hidden": packed(
            {"W1": np.zeros((784, 0)), "b1": np.zeros(0), "W2": np.zeros((0, 10)), "b2": np.zeros(10)}
        ),
        "too wide": packed({**params, "W1": np.zeros((784, MAX_HIDDEN + 1), dtype=bool)}),
        "texts": packed({**params, "b1": np.array(["a"] * 5)}),
        "long doubles": packed({name: value.astype(np.longdouble) for name, value in params.items()}),
    }


@pytest.mark.parametrize("kind", odd_files())
def test_an_odd_file_is_the_files_fault(kind):
    result = scored(odd_files()[kind])
    assert (result.status, result.points) == (Status.FAILED, 0), result


def test_thresholds_are_calibrated():
    floor, full = threshold(TASK, "parameters_accuracy")
    assert 0.1 < floor < full < 1


def test_the_recording_is_small():
    loaded = load_checks(TASK)
    parameters = loaded.pop("parameters_accuracy")
    try:
        assert recorded_bytes(TASK) < 300_000
    finally:
        loaded["parameters_accuracy"] = parameters


@pytest.mark.parametrize("name", JUDGED_BY)
def test_junk_is_never_a_grader_error(name):
    for junk, body in JUNK.items():
        for check in JUDGED_BY[name]:
            result = grade(TASK, junk_source(TASK, name, body), only=check)[check]
            assert result.status is not Status.GRADER_ERROR, (junk, check, result.message)
            assert result.status is not Status.PASSED, (junk, check)


@pytest.mark.parametrize("name", ["load_parameters", "flatten", "classify", "read_index", "load_mnist"])
def test_junk_from_earlier_tasks_is_never_a_grader_error(name):
    for junk, body in JUNK.items():
        source = f"def {name}(*args, **kwargs):\n    {body}\n"
        for check in CHECKS[1::3]:
            result = grade(TASK, source, only=check)[check]
            assert result.status is not Status.GRADER_ERROR, (junk, check, result.message)


@pytest.mark.parametrize("value", ["None", "3", "'x'", "[1]", "np.zeros(3)", "{}"])
def test_a_variable_in_place_of_a_function(value):
    source = "\n".join(f"{name} = {value}" for name in JUDGED_BY)
    results = grade(TASK, source)
    assert {results[name].status for name in CHECKS} == {Status.FAILED}
