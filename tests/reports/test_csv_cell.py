"""What leaves for a spreadsheet is text there, and comes back as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.calls.text import clean
from autograder.reports.csv_cell import csv_cell
from tests.properties import few

texts = st.text("=+-@'\"＝,;\t\r\n 0.5ea\x1b\u202e", max_size=12) | st.text(max_size=12)


def through_a_file(*values: object) -> list[str]:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([csv_cell(value) for value in values])
    (row,) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    return row


@few
@given(texts)
def test_no_text_is_a_formula_and_every_text_comes_back(text):
    (cell,) = through_a_file(text) or [""]
    begins = cell.lstrip()[:1]
    if begins in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠") and begins:
        assert begins == "-"
        float(cell)
    back = cell.removeprefix("'")
    assert back == clean(text) or (cell == clean(text) and not text.startswith("'"))
    assert cell.isprintable() or "\u3000" in cell or "\xa0" in cell or not cell.isascii()


@pytest.mark.parametrize(
    "value", [-0.5, 3, 1e-7, "-0.5", "-12", "-1e-5", "12", "ada", "a=b", "2026-11-27 10:00:00", ""]
)
def test_numbers_and_ordinary_texts_stay_as_they_are(value):
    assert through_a_file(value, "x")[0] == str(value)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+a", "'+a"),
        ("-a", "'-a"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+5", "'+5"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        (" =1", "' =1"),
        ("\t=1", "' =1"),
        ("\r\n=1", "' =1"),
        ("＝1+1", "'＝1+1"),
        ("'=1", "''=1"),
        ("- ١", "'- ١"),
        ("-١", "'-١"),
        (None, ""),
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe(value, cell):
    assert through_a_file(value, "x") == [cell, "x"]


def test_a_message_of_several_lines_is_one_row():
    assert len(through_a_file("a\nb", "c\r\nd")) == 2
    assert csv_cell("a\nb") == "a b"
