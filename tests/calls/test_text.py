"""Whatever text a student's code leaves in a result, a terminal, a table and a page show it and obey nothing of it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.calls.text import REPLACEMENT, clean
from autograder.checks.outcome import CheckResult, Status
from autograder.grading.report import CellOutcome, Report
from tests.properties import few

# Anything at all, with what does harm more often than it would come up.
harmful = st.sampled_from(
    "\x1b\x07\b\r\n\x00\x7f\x85\x9b\u200b\u200d\u200e\u202e\u2028\u2066\u2069\ufeff\ud800\udfff\u3164"
)
texts = st.lists(
    harmful | st.characters() | st.sampled_from(["\x1b[31m", "\x1b]0;x\x07", "\r\n"]), max_size=40
).map("".join)


def is_harmless(text: str, *, lines: bool = False) -> bool:
    """Judged by Unicode's own categories rather than by the function under test."""
    return all(
        unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or (lines and c in "\n\t")
        for c in text
    )


@few
@given(texts, st.booleans())
def test_nothing_that_a_terminal_obeys_is_left(text, lines):
    shown = clean(text, lines=lines)
    assert is_harmless(shown, lines=lines)
    assert clean(shown, lines=lines) == shown
    shown.encode("utf-8")
    assert len(shown) <= len(text)


@few
@given(texts)
def test_a_result_is_clean_wherever_its_texts_came_from(text):
    result = CheckResult("n", "t", Status.FAILED, 0.0, 1.0, text, hint=text, where=(text,))
    report = Report("task", "hash", (result,), (CellOutcome(1, text, text, text, (text,)),), (text,))
    again = Report.from_json(report.to_json())
    assert again == report
    for line in (result.message, result.hint or "", *result.where, *report.flags, *report.cells[0].where):
        assert is_harmless(line)
    for several in (report.cells[0].stdout, report.cells[0].stderr, report.cells[0].error or ""):
        assert is_harmless(several, lines=True)


@pytest.mark.parametrize(
    "text",
    [
        "loss 0.5",
        "損失 0.5、学習率\u3000η = 0.1",
        "naïve – “quoted” → ✓ 😀",
        "e\u0301",
        "שלום",
        "مرحبا",
        "a\u00a0b",
    ],
)
def test_honest_text_of_any_language_stays_as_it_is(text):
    assert clean(text) == text


def test_one_line_stays_one_line_and_several_stay_several():
    assert clean("a\r\nb\rc\nd\te\u2028f") == "a b c d e f"
    assert clean("a\r\nb\rc\nd\te", lines=True) == "a\nb\nc\nd\te"


def test_colours_vanish_and_other_sequences_are_seen():
    assert clean("\x1b[1;31mred\x1b[0m") == "red"
    assert clean("\x1b]0;pwned\x07\x1b[2Jx") == f"{REPLACEMENT}]0;pwned{REPLACEMENT}{REPLACEMENT}[2Jx"


def test_a_long_text_is_cut():
    assert clean("x" * 10**6, 20) == "x" * 20
