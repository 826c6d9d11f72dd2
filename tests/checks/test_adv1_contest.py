"""The checks of advanced task 1: what only they need. Known mistakes and alternatives are tried by the audit."""

import pytest

from autograder.checks import load_checks
from autograder.checks.outcome import Status
from autograder.contest.predictions import COUNT
from autograder.misconceptions import load_misconceptions
from tests.checks import harness
from tests.checks.harness import JUNK, grade, junk_source, not_passed

TASK = "adv1_contest"
# What a notebook does beside its definitions; without it there is no file to judge.
FILE = "open('predictions.txt', 'w').write('0\\n1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n' * 1000)\n"

# Mistakes made up to show what a check can tell apart: (the check that must fail, and no other, what it says, source)
MISTAKES = {
    "another_choice_at_every_call": (
        "contest_hold_out",
        "the same seed puts other images aside",
        """
def hold_out(images, labels, count, seed=0, ask=hold_out): return ask(images, labels, count, np.random.randint(10**6))
""",
    ),
    "a_block_somewhere_in_the_file": (
        "contest_hold_out",
        "stand side by side",
        """
def hold_out(images, labels, count, seed=0):
    start = (seed * 7) % (len(images) - count)
    aside = np.arange(start, start + count)
    rest = np.setdiff1d(np.arange(len(images)), aside)
    return (images[rest], labels[rest]), (images[aside], labels[aside])
""",
    ),
    "far_shifts_go_wrong": (
        "contest_shift",
        "by 0 down, -7 right",
        """
def shift_images(images, down, right):
    padded = np.pad(images, ((0, 0), (8, 8), (8, 8)))
    h, w = images.shape[1:]
    down, right = np.clip(down, -5, 5), np.clip(right, -6, 7)
    return padded[:, 8 - down : 8 - down + h, 8 - right : 8 - right + w]
""",
    ),
    "only_the_first_batch_is_right": (
        "contest_predict",
        "for image 100",
        """
def predict_all(params, images, batch_size=1000, ask=predict_all):
    digits = ask(params, images, batch_size)
    digits[1000:] = (digits[1000:] + 1) % 10  # the second batch
    return digits
""",
    ),
    # Not among the known mistakes: a diagnosis would run it in the grader's own process.
    "what_the_author_has_put_in_is_run": (
        "contest_load",
        "ran what the file's author had put in",
        """
def load_contest_images(path):
    try:
        with open(path, "rb") as file: images = np.load(file, allow_pickle=True)["images"]
    except OSError: raise
    except Exception: raise ValueError("this is no file of images")
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28): raise ValueError("wrong images")
    return images
""",
    ),
    "key_error": (
        "contest_load",
        "expected ValueError",
        """
def load_contest_images(path, ask=load_contest_images):
    try:
        return ask(path)
    except ValueError as error:
        if "called images" in str(error): raise KeyError("images")
        raise
""",
    ),
    "appended_unless_it_is_older": (
        "contest_write",
        "write_predictions of 13 digits",
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
    "last_line_needs_its_end": (
        "contest_read",
        "no line feed at the end",
        """
def read_predictions(path, count, ask=read_predictions):
    if open(path, "rb").read()[-1:] != b"\\n": raise ValueError("0: no line feed at the end")
    return ask(path, count)
""",
    ),
    "a_byte_that_is_no_text": (
        "contest_read_rejects",
        "a byte that is no text",
        """
def read_predictions(path, count, ask=read_predictions):
    content = open(path, "rb").read()
    if b"\\xff" in content: return np.zeros(count, dtype=int)
    return ask(path, count)
""",
    ),
    "one_line_too_few_in_the_file": (
        "contest_file",
        f"{COUNT - 1} lines",
        f"open('predictions.txt', 'w').write('1\\n' * {COUNT - 1})",
    ),
    "file_with_a_mark": (
        "contest_file",
        "byte order mark",
        f"open('predictions.txt', 'w', encoding='utf-8-sig').write('1\\n' * {COUNT})",
    ),
    "no_file": ("contest_file", "There is no predictions.txt", "import os; os.unlink('predictions.txt')"),
}

# What a student reads for some of the known mistakes
SAYS = {
    "the images put aside and those for learning are drawn independently, so that some are in both": "on both sides",
    "images and labels are shuffled separately": "labels do not belong to their images",
    "four arrays are returned, not two pairs": "got a tuple of 4, expected two pairs",
    "the moved pictures are floats": "got dtype float64, expected uint8",
    "the images are scaled to 0..1 while they are loaded": "255 times too small everywhere",
    "lines end as on Windows, with two bytes": "newline=",
    "the file is opened before the digits are looked at": "the older file: line 1 is",
    "the digits stay texts": "an array of texts",
    "lines are counted from 0 in the message": "expected a message with the number 37",
    "the network saw the same digit everywhere": "the digit 0 stands in 0 of 10000 lines",
}


def test_what_is_recorded() -> None:
    results = grade(TASK, FILE)
    assert not_passed(results) == {}
    written = [
        name for name in load_checks(TASK) if name != "contest_file"
    ]  # there is no file while recording here
    assert (
        sum(len(harness.recorded(TASK, name)[0]) for name in written) == 0
    )  # the reference is asked nothing


def test_every_check_has_its_known_mistake() -> None:
    known = {mistake.check for mistake in load_misconceptions(TASK)}
    assert known == set(load_checks(TASK))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_made_up_mistake_fails_its_check_and_no_other(mistake: str) -> None:
    check, saying, source = MISTAKES[mistake]
    results = grade(TASK, FILE + source)
    assert set(not_passed(results)) == {check}, not_passed(results)
    assert saying in results[check].message


@pytest.mark.parametrize("name", SAYS)
def test_what_a_known_mistake_reads(name: str) -> None:
    (mistake,) = (m for m in load_misconceptions(TASK) if m.name == name)
    result = grade(TASK, FILE + mistake.source, only=mistake.check)[mistake.check]
    assert SAYS[name] in f"{result.message} {result.hint}"


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
