"""Every check of task 4 passes what is right, and fails exactly the mistake it exists for."""

from functools import cache

import numpy as np
import pytest

from autograder.checks import load_checks, threshold
from autograder.checks.outcome import Status
from autograder.checks.task4_classifier import MAX_HIDDEN, packed
from autograder.expect import random_network
from autograder.misconceptions import load_misconceptions
from tests.checks.harness import (
    JUNK,
    assert_fails_only,
    grade,
    grade_recorded,
    junk_source,
    not_passed,
    small_data,
)

TASK = "task4_classifier"
CHECKS = [name for name in load_checks(TASK) if name != "parameters_accuracy"]

# Which checks judge a function directly: with junk in its place none of them may pass.
JUDGED_BY = {
    "load_classifier": ("load_classifier_reads", "load_classifier_shapes", "load_classifier_damaged"),
    "classify_image": ("classify_image_digit", "classify_image_hidden"),
    "main": ("classifier_prints_digit", "main_default_path", "classifier_bad_input", "main_bad_file"),
}

# Contrived mistakes that prove what a check can tell apart: (source, the check that fails, what it says)
MISTAKES = {
    "b1 in reverse order": (
        """
def load_classifier(path, ask=load_classifier):
    params = ask(path)
    return {**params, "b1": params["b1"][::-1]}
""",
        "load_classifier_reads",
        "load_classifier, 100 hidden nodes: b1",
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
    "one pixel of the image is changed": (
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
    "the first network for ever": ("main_bad_file",),
    "b1 in reverse order": (*JUDGED_BY["load_classifier"][1:], *JUDGED_BY["main"][:2]),
    # The program's own images are read-only.
    "one pixel of the image is changed": JUDGED_BY["main"],
}

# What a student reads for some of the known mistakes
SAYS = {
    "the number of hidden nodes is assumed to be 100": "W1 has shape (784, 37)",
    "load_classifier does not look at the shapes": "where W2 is transposed: no error was raised",
    "the error does not say which array is wrong": "expected a message that names",
    "a wrong shape raises an AssertionError, not a ValueError": "expected ValueError",
    "a missing file raises a ValueError as well": "expected FileNotFoundError",
    "classify_image returns an array with one element": "an array of shape (1,), expected a Python int",
    "the caller's own image is flattened in place": "classify_image (argument 2) was changed",
    "the answer is printed in a sentence": "it printed 'The digit is",
    "without a path the program looks for another file than parameters.npz": "exit code 2, expected a digit",
    "a negative i counts from the end of the list": "main, typed '-1': it printed",
    "what is no number ends in a traceback": "main, typed 'x': it raised ValueError",
    "a file that cannot be used ends in a traceback": "main with a missing file: it raised FileNotFoundError",
    "a file that cannot be used ends the program without a word": "no message was printed",
}
KNOWN = {known.name: known for known in load_misconceptions(TASK)}


@cache
def handing_in(content: bytes) -> str:
    """Source of a notebook with ``content`` as parameters.npz next to it."""
    return f"\nwith open('parameters.npz', 'wb') as file:\n    file.write(bytes.fromhex('{content.hex()}'))\n"


def scored(content: bytes):
    name = "parameters_accuracy"
    return grade(TASK, handing_in(content), only=name)[name]


def test_every_check_is_in_the_table():
    assert [name for names in JUDGED_BY.values() for name in names] == CHECKS


def test_the_recorded_answers_suffice():
    for name in CHECKS:
        assert not_passed(grade_recorded(TASK, only=name)) == {}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_its_check(mistake):
    source, name, saying = MISTAKES[mistake]
    assert_fails_only(TASK, source, name, *ALSO.get(mistake, ()), saying=saying)


@pytest.mark.parametrize("mistake", SAYS)
def test_what_is_said_about_a_known_mistake(mistake):
    known = KNOWN[mistake]
    result = grade(TASK, known.source, only=known.check)[known.check]
    assert SAYS[mistake] in f"{result.message} {result.hint}"


def test_a_task_1_that_sees_other_digits_costs_nothing_here():
    upside_down = "def flatten(images, ask=flatten): return ask(images)[:, ::-1]\n"
    assert not_passed(grade(TASK, upside_down)) == {}


def test_a_task_1_that_always_sees_the_same_is_no_base():
    constant = "def classify(params, x): return np.zeros(len(x), dtype=int)\n"
    failed = not_passed(grade(TASK, constant))
    assert {
        "classify_image_digit",
        "classify_image_hidden",
        "classifier_prints_digit",
        "main_default_path",
    } <= set(failed)


CHECKSUM = "int(np.asarray(image).astype(int).sum() % 10)"
# Programs that answer with a number made of the pixels, and do not look at the network: (source, what it tries)
IGNORING = {
    "all three alike": f"""
def classify(params, x): return np.round(np.asarray(x).sum(axis=1) * 255).astype(int) % 10
def classify_image(params, image): return {CHECKSUM}
def main(path="parameters.npz"):
    image = load_mnist("test")[0][int(input("? "))]
    print({CHECKSUM})
""",
    "the program and classify_image alike": f"""
def classify_image(params, image): return {CHECKSUM}
def main(path="parameters.npz"):
    image = load_mnist("test")[0][int(input("? "))]
    print({CHECKSUM})
""",
    "the last layer's biases added": """
def classify(params, x):
    sums = np.round(np.asarray(x).sum(axis=1) * 255).astype(int)
    return (sums + int(np.argmax(params["b2"]))) % 10
def classify_image(params, image): return int(classify(params, flatten(image))[0])
def main(path="parameters.npz"):
    image = load_mnist("test")[0][int(input("? "))]
    print(classify_image(load_parameters(path), image))
""",
}


@pytest.mark.parametrize("name", IGNORING)
def test_a_program_that_ignores_the_network_earns_nothing_for_what_it_prints(name):
    checks = ["classify_image_digit", "classify_image_hidden", "classifier_prints_digit", "main_default_path"]
    results = [grade(TASK, IGNORING[name], only=check)[check] for check in checks]
    assert {result.name: result.points for result in results if result.points} == {}


# Wrong in an earlier task, and a network all the same: what it sees depends on the weights.
SEEING = {
    "argmin": "def classify(params, x): return np.argmin(forward(params, x), axis=1)\nfrom solutions.task1_forward import forward",
    "no biases": """
def classify(params, x):
    return np.argmax(1 / (1 + np.exp(-(x @ params["W1"]))) @ params["W2"], axis=1)
""",
    "a tanh in the hidden layer": """
def classify(params, x):
    return np.argmax(np.tanh(x @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"], axis=1)
""",
}


@pytest.mark.parametrize("name", SEEING)
def test_a_wrong_network_of_task_1_costs_nothing_here(name):
    assert not_passed(grade(TASK, SEEING[name])) == {}


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
    result = grade(TASK, only="parameters_accuracy", files=False)["parameters_accuracy"]
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
