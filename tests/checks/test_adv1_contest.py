"""The checks of advanced task 1: the reference passes them, and each fails the mistake it exists for."""

import pytest

from autograder.checks import load_checks
from autograder.checks.outcome import Status
from autograder.contest.predictions import COUNT
from tests.checks import harness
from tests.checks.harness import JUNK, grade, junk_source, not_passed, stub_source

TASK = "adv1_contest"
CPU_LIMIT_S = 6.0
# What a notebook does beside its definitions; without it there is no file to judge.
FILE = "open('predictions.txt', 'w').write('0\\n1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n' * 1000)\n"

# name: (the check it must fail, source that replaces the reference's)
MISTAKES = {
    "the_last_ones_put_aside": (
        "contest_hold_out",
        """
def hold_out(images, labels, count, seed=0):
    start = (seed * 7) % (len(images) - count)
    aside = np.arange(start, start + count)
    rest = np.setdiff1d(np.arange(len(images)), aside)
    return (images[rest], labels[rest]), (images[aside], labels[aside])
""",
    ),
    "two_draws_that_overlap": (
        "contest_hold_out",
        """
def hold_out(images, labels, count, seed=0):
    rng = np.random.default_rng(seed)
    rest, aside = rng.choice(len(images), len(images) - count), rng.choice(len(images), count)
    return (images[rest], labels[rest]), (images[aside], labels[aside])
""",
    ),
    "labels_shuffled_apart": (
        "contest_hold_out",
        """
def hold_out(images, labels, count, seed=0):
    rng = np.random.default_rng(seed)
    a, b = rng.permutation(len(images)), rng.permutation(len(images))
    return (images[a[count:]], labels[b[count:]]), (images[a[:count]], labels[b[:count]])
""",
    ),
    "no_seed": (
        "contest_hold_out",
        """
def hold_out(images, labels, count, seed=0, ask=hold_out): return ask(images, labels, count, np.random.randint(10**6))
""",
    ),
    "sides_exchanged": (
        "contest_hold_out",
        "def hold_out(images, labels, count, seed=0, ask=hold_out): return ask(images, labels, count, seed)[::-1]",
    ),
    "variance_for_deviation": (
        "contest_standard_error",
        "def standard_error(accuracy, count): return accuracy * (1 - accuracy) / count",
    ),
    "deviation_of_one_image": (
        "contest_standard_error",
        "def standard_error(accuracy, count): return np.sqrt(accuracy * (1 - accuracy)) / count",
    ),
    "the_picture_wraps_around": (
        "contest_shift",
        "def shift_images(images, down, right): return np.roll(images, (down, right), axis=(1, 2))",
    ),
    "down_and_right_exchanged": (
        "contest_shift",
        "def shift_images(images, down, right, ask=shift_images): return ask(images, right, down)",
    ),
    "negative_shifts_forgotten": (
        "contest_shift",
        """
def shift_images(images, down, right):
    moved = np.zeros_like(images)
    down, right = max(down, 0), max(right, 0)
    moved[:, down:, right:] = images[:, :images.shape[1] - down, :images.shape[2] - right]
    return moved
""",
    ),
    "far_shifts_go_wrong": (
        "contest_shift",
        """
def shift_images(images, down, right):
    padded = np.pad(images, ((0, 0), (8, 8), (8, 8)))
    h, w = images.shape[1:]
    down, right = np.clip(down, -5, 5), np.clip(right, -7, 7)
    return padded[:, 8 - down : 8 - down + h, 8 - right : 8 - right + w]
""",
    ),
    "last_batch_lost": (
        "contest_predict",
        """
def predict_all(params, images, batch_size=1000):
    parts = [classify(params, flatten(images[k * batch_size:(k + 1) * batch_size])) for k in range(len(images) // batch_size)]
    return np.concatenate([*parts, np.zeros(len(images) % batch_size, dtype=int)])
""",
    ),
    "nothing_to_join": (
        "contest_predict",
        """
def predict_all(params, images, batch_size=1000):
    return np.concatenate([classify(params, flatten(images[s:s + batch_size])) for s in range(0, len(images), batch_size)])
""",
    ),
    "not_scaled": (
        "contest_predict",
        """
def predict_all(params, images, batch_size=1000):
    return classify(params, images.reshape(len(images), 784).astype(float) / 100)
""",
    ),
    "images_not_looked_at": (
        "contest_load",
        """
def load_contest_images(path):
    try:
        return np.load(path)["images"]
    except OSError: raise
    except Exception: raise ValueError("no")
""",
    ),
    "a_pickle_is_run": (
        "contest_load",
        """
def load_contest_images(path):
    try:
        images = np.load(path, allow_pickle=True)["images"]
    except FileNotFoundError: raise
    except Exception: raise ValueError("no")
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28): raise ValueError("no")
    return images
""",
    ),
    "key_error": (
        "contest_load",
        """
def load_contest_images(path, ask=load_contest_images):
    try:
        return ask(path)
    except ValueError as error:
        if "called images" in str(error): raise KeyError("images")
        raise
""",
    ),
    "no_line_feed_at_the_end": (
        "contest_write",
        """
def write_predictions(path, digits, ask=write_predictions):
    ask(path, digits)
    with open(path, "w") as file: file.write("\\n".join(map(str, digits)))
""",
    ),
    "commas": (
        "contest_write",
        """
def write_predictions(path, digits, ask=write_predictions):
    ask(path, digits)
    with open(path, "w") as file: file.write(",".join(map(str, digits)) + "\\n")
""",
    ),
    "floats": (
        "contest_write",
        """
def write_predictions(path, digits, ask=write_predictions):
    ask(path, digits)
    np.savetxt(path, digits)
""",
    ),
    "windows_line_ends": (
        "contest_write",
        """
def write_predictions(path, digits, ask=write_predictions):
    ask(path, digits)
    with open(path, "w", newline="\\r\\n") as file: file.writelines(f"{d}\\n" for d in digits)
""",
    ),
    "appended_to_the_older_file": (
        "contest_write",
        """
def write_predictions(path, digits, ask=write_predictions):
    try: older = open(path, "rb").read()
    except OSError: older = b""
    ask(path, digits)
    if older and older != b"7\\n7\\n7\\n":
        new = open(path, "rb").read()
        open(path, "wb").write(older + new)
""",
    ),
    "anything_is_written": (
        "contest_write_rejects",
        """
def write_predictions(path, digits):
    with open(path, "w") as file: file.writelines(f"{d}\\n" for d in np.asarray(digits).ravel())
""",
    ),
    "opened_before_it_looks": (
        "contest_write_rejects",
        """
def write_predictions(path, digits):
    digits = np.asarray(digits)
    with open(path, "w") as file:
        if digits.ndim != 1 or digits.dtype.kind not in "iu": raise ValueError("no")
        for d in digits:
            if not 0 <= d <= 9: raise ValueError("no digit")
            file.write(f"{d}\\n")
""",
    ),
    "codes_of_characters": (
        "contest_read",
        """
def read_predictions(path, count, ask=read_predictions):
    return np.minimum(ask(path, count) + 48, 9)
""",
    ),
    "last_line_needs_its_end": (
        "contest_read",
        """
def read_predictions(path, count, ask=read_predictions):
    if open(path, "rb").read()[-1:] != b"\\n": raise ValueError("0: no line feed at the end")
    return ask(path, count)
""",
    ),
    "int_takes_it_all": (
        "contest_read_rejects",
        """
def read_predictions(path, count):
    digits = [int(line) for line in open(path, encoding="utf-8-sig").read().split()]
    if len(digits) != count: raise ValueError(f"{len(digits)} lines")
    return np.array(digits)
""",
    ),
    "isdigit_takes_more": (
        "contest_read_rejects",
        """
def read_predictions(path, count):
    lines = open(path, encoding="utf-8").read().split("\\n")
    if lines[-1] == "": lines.pop()
    for number, line in enumerate(lines, 1):
        if len(line) != 1 or not line.isdigit(): raise ValueError(f"line {number}")
    if len(lines) != count: raise ValueError(f"{len(lines)} lines")
    return np.array([ord(line) - 48 for line in lines])
""",
    ),
    "lines_counted_from_0": (
        "contest_read_rejects",
        """
def read_predictions(path, count):
    lines = open(path, "rb").read().split(b"\\n")
    if lines[-1] == b"": lines.pop()
    for number, line in enumerate(lines):
        if len(line) != 1 or not line.isdigit(): raise ValueError(f"line {number}")
    if len(lines) != count: raise ValueError(f"{len(lines)} lines")
    return np.array([int(line) for line in lines])
""",
    ),
    "blank_lines_skipped": (
        "contest_read_rejects",
        """
def read_predictions(path, count):
    lines = [line for line in open(path, "rb").read().split(b"\\n")]
    for number, line in enumerate(lines, 1):
        if line and (len(line) != 1 or not line.isdigit()): raise ValueError(f"line {number}")
    lines = [line for line in lines if line]
    if len(lines) != count: raise ValueError(f"{len(lines)} lines")
    return np.array([int(line) for line in lines])
""",
    ),
    "too_many_lines_cut_off": (
        "contest_read_rejects",
        """
def read_predictions(path, count):
    lines = open(path, "rb").read().split(b"\\n")
    if lines[-1] == b"": lines.pop()
    for number, line in enumerate(lines, 1):
        if len(line) != 1 or not line.isdigit(): raise ValueError(f"line {number}")
    if len(lines) < count: raise ValueError(f"{len(lines)} lines")
    return np.array([int(line) for line in lines[:count]])
""",
    ),
    "splitlines": (
        "contest_read_rejects",
        """
def read_predictions(path, count):
    text = open(path, encoding="latin1", newline="").read()
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line not in list("0123456789"): raise ValueError(f"line {number}")
    if len(lines) != count: raise ValueError(f"{len(lines)} lines")
    return np.array([int(line) for line in lines])
""",
    ),
    "one_line_too_few_in_the_file": (
        "contest_file",
        f"open('predictions.txt', 'w').write('1\\n' * {COUNT - 1})",
    ),
    "always_the_same_digit": ("contest_file", f"open('predictions.txt', 'w').write('7\\n' * {COUNT})"),
    "file_with_a_mark": (
        "contest_file",
        f"open('predictions.txt', 'w', encoding='utf-8-sig').write('1\\n' * {COUNT})",
    ),
    "no_file": ("contest_file", "import os; os.unlink('predictions.txt')"),
}

# Different from the reference, and right.
CORRECT = {
    "other_ways": """
def hold_out(images, labels, count, seed=0):
    chosen = np.zeros(len(images), dtype=bool)
    chosen[np.random.default_rng(seed).choice(len(images), count, replace=False)] = True
    return [[images[~chosen], labels[~chosen]], [images[chosen], labels[chosen]]]
def standard_error(accuracy, count): return ((1 - accuracy) * accuracy) ** 0.5 / count ** 0.5
def shift_images(images, down, right):
    n, h, w = images.shape
    down, right = np.clip(down, -h, h), np.clip(right, -w, w)
    padded = np.pad(images, ((0, 0), (h, h), (w, w)))
    return padded[:, h - down : 2 * h - down, w - right : 2 * w - right]
def predict_all(params, images, batch_size=1000):
    return [int(d) for s in range(0, len(images), batch_size) for d in classify(params, flatten(images[s:s + batch_size]))]
def write_predictions(path, digits):
    text = ""
    for d in digits:
        if d not in range(10): raise ValueError(f"{d} is no digit")
        text += f"{int(d)}\\n"
    with open(path, "w", newline="") as file: file.write(text)
""",
    "a_regular_expression": """
import re
def read_predictions(path, count):
    with open(path, encoding="ascii", errors="surrogateescape", newline="") as file: text = file.read()
    lines = text.removesuffix("\\n").split("\\n") if text else []
    bad = [n for n, line in enumerate(lines, 1) if not re.fullmatch("[0-9]", line)]
    if bad: raise ValueError(f"in line {bad[0]} there is something else; {len(lines)} lines")
    if len(lines) != count: raise ValueError(f"got {len(lines)}")
    return list(map(int, lines))
""",
}


def test_points_sum_to_100() -> None:
    assert sum(check.points for check in load_checks(TASK).values()) == 100


@pytest.mark.parametrize("seed", range(5))
def test_reference_passes(seed: int) -> None:
    assert not_passed(grade(TASK, FILE, seed)) == {}


def test_what_is_recorded_and_how_long_it_takes() -> None:
    results = grade(TASK, FILE)
    assert sum(result.seconds for result in results.values()) < CPU_LIMIT_S
    written = [
        name for name in load_checks(TASK) if name != "contest_file"
    ]  # there is no file while recording here
    assert (
        sum(len(harness.recorded(TASK, name)[0]) for name in written) == 0
    )  # the reference is asked nothing


def test_stub_earns_nothing() -> None:
    results = grade(TASK, stub_source(TASK))
    assert {result.status for name, result in results.items() if name != "contest_file"} == {Status.MISSING}
    assert sum(result.points for result in results.values()) == 0


def test_every_check_has_its_mistake() -> None:
    assert {check for check, _ in MISTAKES.values()} == set(load_checks(TASK))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_fails_its_check_and_no_other(mistake: str) -> None:
    check, source = MISTAKES[mistake]
    results = grade(TASK, FILE + source)
    assert set(not_passed(results)) == {check}, not_passed(results)
    assert results[check].message


@pytest.mark.parametrize("different", CORRECT)
def test_correct_but_different_passes(different: str) -> None:
    assert not_passed(grade(TASK, FILE + CORRECT[different])) == {}


OWN_CHECKS = {
    "hold_out": ["contest_hold_out"],
    "standard_error": ["contest_standard_error"],
    "shift_images": ["contest_shift"],
    "predict_all": ["contest_predict"],
    "load_contest_images": ["contest_load"],
    "write_predictions": ["contest_write", "contest_write_rejects"],
    "read_predictions": ["contest_read", "contest_read_rejects"],
}


@pytest.mark.parametrize("name", OWN_CHECKS)
def test_junk_is_nobody_s_fault_but_its_own(name: str) -> None:
    for junk, body in JUNK.items():
        results = grade(TASK, FILE + junk_source(TASK, name, body))
        assert Status.GRADER_ERROR not in {result.status for result in results.values()}, not_passed(results)
        for check in OWN_CHECKS[name]:
            assert results[check].points == 0, f"{name} that does {junk} passes {check}"


def test_a_strange_task_1_is_no_mistake_of_this_task() -> None:
    its_own = (
        "def classify(params, x): return (np.argmax(x @ params['W1'] @ params['W2'], axis=1) + 1) % 10\n"
    )
    assert not_passed(grade(TASK, FILE + its_own)) == {}
