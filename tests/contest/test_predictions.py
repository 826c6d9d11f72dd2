"""The trusted reader of predictions.txt."""

import numpy as np
import pytest

from autograder.contest.predictions import PredictionsError, read_predictions

GOOD = b"3\n1\n4\n1\n5\n9\n"


@pytest.mark.parametrize("content", [GOOD, GOOD[:-1]])
def test_a_good_file(content):
    digits = read_predictions(content, 6)
    assert digits.dtype == np.uint8
    assert digits.tolist() == [3, 1, 4, 1, 5, 9]


def test_ten_thousand_lines():
    digits = np.random.default_rng(0).integers(0, 10, size=10_000)
    content = b"".join(b"%d\n" % digit for digit in digits)
    assert np.array_equal(read_predictions(content), digits)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 lines, expected 6"),
        (b"\n", "line 1 is blank"),
        (GOOD[2:], "5 lines, expected 6"),
        (GOOD + b"2", "more than 6 lines, expected 6"),
        (GOOD + b"2\n", "more than 6 lines, expected 6"),
        (GOOD + b"\n", "more than 6 lines"),
        (b"3\n1\n\n1\n5\n9\n", "line 3 is blank"),
        (b"3\n1\nx\n1\n5\n9\n", "line 3 is 'x'"),
        (b"3\n1\n14\n1\n5\n9\n", "line 3 is '14'"),
        (b"3\n1\n 4\n1\n5\n9\n", "line 3 is ' 4'"),
        (b"3\n1\n4 \n1\n5\n9\n", "line 3 is '4 '"),
        (b"3\n1\n+4\n1\n5\n9\n", r"line 3 is '\+4'"),
        ("3\n1\n٣\n1\n5\n9\n".encode(), "line 3 is '٣'"),
        ("3\n1\n²\n1\n5\n9\n".encode(), "line 3 is '²'"),
        (b"3\n1\n\xff\n1\n5\n9\n", "line 3 is '\ufffd'"),
        (b"3\n1\x0c4\n1\n5\n9\n", r"line 2 is '1\\x0c4'"),
        (b"3\n1\n4\n1\n5\n\x00\n", r"line 6 is '\\x00'"),
        (b"\xef\xbb\xbf" + GOOD, "line 1 begins with a byte order mark"),
        (GOOD.decode().encode("utf-16"), "line 1 is"),
        (GOOD.replace(b"\n", b"\r\n"), "line 1 ends as on Windows"),
        (GOOD.replace(b"\n", b"\r"), "line 1 "),
        (b"3,1,4,1,5,9\n", "line 1 is '3,1,4,1,5,9'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content, message):
    with pytest.raises(PredictionsError, match=message):
        read_predictions(content, 6)


@pytest.mark.parametrize("content", [b"1\n" * 10_000_000, b"1" * 20_000_000, b"\n" * 20_000_000])
def test_a_huge_file_is_refused_in_few_words(content):
    with pytest.raises(PredictionsError) as error:
        read_predictions(content, 10_000)
    assert len(str(error.value)) < 200


def test_the_students_own_reader_agrees(tmp_path):
    from solutions.adv1_contest import read_predictions as own
    from solutions.adv1_contest import write_predictions

    path = tmp_path / "predictions.txt"
    digits = np.random.default_rng(1).integers(0, 10, size=300)
    write_predictions(str(path), digits)
    assert np.array_equal(read_predictions(path.read_bytes(), 300), digits)
    assert np.array_equal(own(str(path), 300), digits)
