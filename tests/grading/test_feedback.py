"""Feedback pages: what a student typed costs no more than its length, and no page holds up another or is left out."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters import strip_files_prefix
from nbconvert.filters.markdown import markdown2html

from autograder.course import Course
from autograder.grading.feedback import generate_feedback, outdated, page_of
from autograder.grading.page_text import BLANK_LINES, CUT, LINE_CHARACTERS, PAGE_CHARACTERS, PageText, inert
from tests.grading.conftest import Class, command
from tests.properties import few

TASK = "task1_forward"
EVIL = st.text("[]()!*_`<>&$\\\n #|~-a\x1b\u202e", max_size=200) | st.text(max_size=50)


@few
@given(EVIL)
def test_text_reaches_the_page_as_it_was_typed_and_is_read_by_nothing(text):
    cell = PageText().verbatim(text)
    html = strip_files_prefix(markdown2html(cell))
    assert html.strip() == cell
    assert not set("[]$\\") & set(cell)
    assert not set("[]$\\<>") & set(inert(text))


@few
@given(st.text(" \t\nx[", max_size=2000), st.integers(1, 300))
def test_code_has_no_endless_line_and_no_endless_blank(text, times):
    shown = PageText().code(text * times)
    assert max(map(len, shown.split("\n"))) <= max(LINE_CHARACTERS, len(CUT) + 2)
    assert "\n" * (BLANK_LINES + 2) not in shown
    assert len(shown) < 1.1 * PAGE_CHARACTERS


def test_ordinary_code_is_shown_as_it_is():
    code = "def f(x):\n    '''Text [1], $η$ and \\\\alpha.'''\n\n\n    return {\n        'W1': x,  # ← weights\n    }\n"
    assert PageText().code(code) == code


def test_a_page_holds_a_bounded_amount_of_a_students_text():
    page = PageText()
    shown = [page.code("x = 1\n" * 1000) for _ in range(100)]
    assert sum(map(len, shown)) < 1.1 * PAGE_CHARACTERS
    assert CUT in "".join(shown)
    assert CUT not in shown[0]


def handed_in_and_graded(course: Course, pupils: Class) -> None:
    evil = pupils.solved(TASK)
    evil.cells.append(nbformat.v4.new_markdown_cell("[" * 60_000))
    evil.cells.append(nbformat.v4.new_code_cell(" \n" * 5_000 + "print('[' * 10_000)"))
    pupils.hand_in("eve", TASK, evil)
    for student in ("ada", "y[1]", "bob "):
        pupils.hand_in(student, TASK, pupils.solved(TASK))
    done = command(course.root, "grade", TASK, "--no-feedback")
    assert done.returncode == 0, done.stderr


def test_a_page_that_takes_too_long_is_replaced_and_holds_up_no_other(course: Course, pupils: Class) -> None:
    handed_in_and_graded(course, pupils)
    # As an older version left it: a text cell that nbgrader's Markdown reads for minutes.
    path = course.root / "autograded" / "ada" / TASK / f"{TASK}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"].append({"cell_type": "markdown", "id": "z", "metadata": {}, "source": "[" * 200_000})
    path.write_text(json.dumps(notebook))

    done = command(course.root, "grade", TASK, "--student", "eve")
    assert done.returncode == 0, done.stderr
    waiting = [(TASK, student) for student in ("ada", "bob ", "y[1]")]
    assert outdated(course.root, TASK) == waiting
    assert not page_of(course.root, TASK, "ada").exists()

    (problem,) = generate_feedback(course, [TASK], 1, page_cpu_s=5)
    assert "no full feedback page for ada" in problem
    assert "more than 5 s of processor time" in problem
    assert outdated(course.root, TASK) == []
    plain = page_of(course.root, TASK, "ada").read_text()
    assert "100 of 100 points" in plain
    assert len(plain) < 20_000
    for student in ("eve", "y[1]", "bob "):
        assert "Grade cell" in page_of(course.root, TASK, student).read_text()


def test_pages_that_cannot_be_made_at_all_are_said_once(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    assert command(course.root, "grade", TASK, "--no-feedback").returncode == 0
    (course.root / "nbgrader_config.py").write_text("raise RuntimeError('no such setting')")
    problems = generate_feedback(course, [TASK], 2)
    assert len(problems) == 1
    assert "no such setting" in problems[0]
    assert not Path(course.root, "feedback").exists()
