"""Values as cells of a CSV file: the one function for every text that leaves for a spreadsheet."""

from __future__ import annotations

import re

from autograder.calls.text import clean

# A cell that begins with one of these is a formula, in some countries also with the wide form of Japanese keyboards.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)
CELL = 10_000  # characters of a cell; spreadsheets hold 32 767


def csv_cell(value: object) -> object:
    """``value`` as a spreadsheet shall show it: a text is text and nothing to compute.

    A text becomes one line without control characters. When it begins like a formula, spaces aside, one apostrophe is
    put before it, which spreadsheets know as the mark of a text; one that begins with an apostrophe gets another. So
    the text comes back when one leading apostrophe is taken off. Numbers, also as texts like "-0.5", stay as they are.
    """
    if not isinstance(value, str):
        return "" if value is None else value
    text = clean(value, CELL)
    begins = text.lstrip()
    if NUMBER.fullmatch(text) or not begins.startswith((*FORMULA, "'")):
        return text
    return f"'{text}"
