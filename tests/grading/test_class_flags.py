"""What a grader must see: attempts to forge, copies, ids that are not what they look like, who is missing, what is strange."""

from __future__ import annotations

import csv
import json
import shutil
import unicodedata
from pathlib import Path

import nbformat
import pytest

import autograder
from autograder.authoring.solve import read_source, solution_name, solve
from autograder.course import Course, load_course
from autograder.demo.students import STUDENTS
from autograder.grading.class_flags import is_older
from autograder.grading.copies import copies, given_lines, own_code
from autograder.grading.flags import flags_of, masters_of
from autograder.grading.forging import FORGING, forging_flag
from autograder.grading.students import look_alikes, one_person
from autograder.grading.submission import Submission
from autograder.misconceptions import read_alternatives
from autograder.notebook.cells import Cell, code_cells, parse_notebook
from tests.grading.conftest import HOME, Class, command

TASK, OTHER = "task1_forward", "task2_minibatch"
CYRILLIC_ADA = "\u0430da"


def cells(*sources: str) -> list[Cell]:
    return [Cell(number, source) for number, source in enumerate(sources, 1)]


def sources_of(notebook: nbformat.NotebookNode) -> list[Cell]:
    return code_cells(parse_notebook(nbformat.writes(notebook).encode()))


def test_the_forging_student_of_the_demonstration_shows_it_in_every_task(released: Path) -> None:
    (kim,) = (student for student in STUDENTS if student.name == "kim")
    for task in (TASK, OTHER):
        source = read_source(released, task)
        content = kim.hand_in(task, source, source)
        assert content is not None
        (flag,) = forging_flag(code_cells(parse_notebook(content)))
        assert flag.startswith(FORGING)
        assert "equal to everything (cell 2)" in flag and "np." in flag


@pytest.mark.parametrize(
    "code",
    [
        "import numpy\nnumpy.allclose = lambda *a, **k: True",
        "import numpy as np\nfor name in ('allclose',):\n    setattr(np, 'allclose', print)",
        "class A:\n    def __eq__(self, other):\n        return True",
        "open('../../gradebook.db', 'wb')",
        "open('/proc/1/environ').read()",
        "from autograder.sandbox import protocol",
        "import autograder.calls.session as s",
    ],
)
def test_signs_of_forging(code: str) -> None:
    assert len(forging_flag(cells(code))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "print('np.allclose =', np.allclose(a, b))",
        "ok = np.allclose(a, b) == True",
        "np.testing.assert_allclose(a, b)",
        "# np.allclose = lambda: True\n'''the file gradebook.db is the grader's'''",
        "class Point:\n    def __eq__(self, other):\n        return self.x == other.x",
        "class P:\n    def __eq__(self, other):\n        if self is other:\n            return True\n        return True",
        "open('/proc/cpuinfo').read(); open('/proc/self/status').read()",
        "from autograder import check, carry, load_mnist",
        "from autograder.gradcheck import gradient_check",
        "allclose = np.allclose",
        "%timeit np.allclose = 3",
        "np.allclose = (" * 300,
    ],
)
def test_what_honest_notebooks_do_is_no_sign(code: str) -> None:
    assert forging_flag(cells(code)) == []


def test_no_reference_and_no_alternative_is_accused() -> None:
    for task in load_course(HOME).tasks:
        reference = (HOME / "solutions" / f"{task}.py").read_text()
        for name, code in [("reference", reference), *read_alternatives(HOME, task)]:
            assert forging_flag(cells(code)) == [], (task, name)


def test_a_check_cell_that_a_formatter_changed_is_no_flag(released: Path) -> None:
    source = read_source(released, TASK)
    for change, flagged in (
        (lambda text: text.replace('"', "'").replace("(", "(\n    ").replace(")", ",\n)\n"), False),
        (lambda text: f"# mine\n{text}  ;\n", False),
        (lambda text: f"{text}\nprint(1)", True),
        (lambda text: text.replace("check(", "check (1, "), True),
        (lambda text: text.replace("check(", "(" * 300), True),
        (lambda text: "", True),
    ):
        notebook = solve(source)
        (cell, *_) = (c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade"))
        cell.source = change(cell.source)
        submission = Submission("ada", TASK, nbformat.writes(notebook).encode())
        flags = flags_of(submission, masters_of(source))
        assert (flags == ()) != flagged, flags
        assert not flagged or "was edited" in flags[0]


def test_copies_are_found_and_what_the_course_gives_is_nobodys(released: Path) -> None:
    source = read_source(released, TASK)
    given = given_lines(sources_of(source))

    def code(notebook: nbformat.NotebookNode) -> str:
        return own_code(nbformat.writes(notebook).encode(), given)

    right = solve(source)
    one_line = "def sigmoid(x):\n    return 1 / (1 + np.exp(-x))"
    stub = nbformat.read(released / "release" / TASK / f"{TASK}.ipynb", 4)
    started = nbformat.read(released / "release" / TASK / f"{TASK}.ipynb", 4)
    for cell in started.cells:
        if solution_name(cell) == "sigmoid":
            cell.source = one_line
    assert code(stub) == code(started) == own_code(None, given) == own_code(b"<html>", given) == ""
    assert code(right) != ""
    again = solve(source)
    again.cells.insert(0, nbformat.v4.new_markdown_cell("Name: Ben"))
    again.cells[-1].metadata["touched"] = True
    again.cells.append(nbformat.v4.new_code_cell(""))
    assert code(again) == code(right)
    assert code(solve(source, {"sigmoid": one_line})) != code(right)
    flags = copies({"ada": "x", "ben": "x", "eve": "y", "finn": "", "gil": "", "hal": "x"})
    assert flags == {
        "ada": "the same code as ben, hal",
        "ben": "the same code as ada, hal",
        "hal": "the same code as ada, ben",
    }


def test_ids_that_are_one_person_and_ids_that_only_look_alike() -> None:
    composed, decomposed = (unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD"))
    people = one_person([composed, decomposed, "bob", "bob ", "ada", CYRILLIC_ADA])
    assert set(people) == {composed, decomposed, "bob", "bob "}
    assert people["bob"] == ["bob", "bob "]
    flags = look_alikes(["ada", CYRILLIC_ADA, "bob", "Анна", "王小明 Wang", "Zoë", "Ρeter", "\uff42ob"])
    assert set(flags) == {CYRILLIC_ADA, "Ρeter", "\uff42ob"}
    assert "'ada'" in flags[CYRILLIC_ADA] and "several alphabets" in flags["Ρeter"]


def test_older_kits_are_compared_as_versions() -> None:
    assert is_older("0.9.0", "0.10.0") and is_older("0.1", "0.1.1")
    assert not any(is_older(kit, "0.1.0") for kit in ("0.1.0", "1.0", "", "new", "9" * 5000, "0.0.0\x1b"))


@pytest.fixture
def forged(course: Course, pupils: Class) -> nbformat.NotebookNode:
    (kim,) = (student for student in STUDENTS if student.name == "kim")
    content = kim.hand_in(TASK, read_source(course.root, TASK), pupils.stub(TASK))
    return nbformat.reads(content.decode(), 4)


def grade(course: Course, *arguments: str) -> tuple[dict[str, dict], str]:
    done = command(course.root, "grade", TASK, "--json", *arguments)
    return {row["student"]: row for row in json.loads(done.stdout)[TASK]}, done.stderr


def test_flags_of_the_class_are_in_table_json_and_csv_and_name_nobody_on_a_page(
    course: Course, pupils: Class, forged: nbformat.NotebookNode
) -> None:
    older = pupils.solved(TASK, {"sigmoid": "def sigmoid(x):\n    return 0.5 * (1 + np.tanh(x / 2))"})
    older.metadata["autograder"] = {"task": TASK, "kit": "0.0.1"}
    for student in ("ada", "ben"):
        pupils.hand_in(student, TASK, pupils.solved(TASK))
    pupils.hand_in("eve", TASK, pupils.stub(TASK))
    pupils.hand_in("finn", TASK, pupils.stub(TASK))
    pupils.hand_in("kim", TASK, forged)
    pupils.hand_in(CYRILLIC_ADA, TASK, older)

    done = command(course.root, "grade", TASK, "--no-feedback")
    rows, _ = grade(course, "--no-feedback")
    report = command(course.root, "report", TASK).stdout
    exported = command(course.root, "export", "--checks", "checks.csv")
    assert exported.returncode == 0, exported.stderr

    expected = {
        "ada": "the same code as ben",
        "ben": "the same code as ada",
        "kim": FORGING,
        CYRILLIC_ADA: "looks like 'ada'",
    }
    for student, row in rows.items():
        said = " ".join(row["flags"])
        assert (expected[student] in said) if student in expected else not row["flags"]
    assert rows["ada"]["points"] == rows["ben"]["points"] == 100
    for table in (done.stdout, report):
        flat = " ".join(table.split())
        assert all(flag[:25] in flat for flag in expected.values())
    assert f"kit older than {autograder.__version__}: {CYRILLIC_ADA}" in done.stderr
    for name, column in (("grades.csv", "student_id"), ("checks.csv", "student")):
        with open(course.root / name, newline="", encoding="utf-8") as file:
            found = {row[column]: row["flags"] for row in csv.DictReader(file) if TASK in row.values()}
        assert all(flag in found[student] for student, flag in expected.items())
    pages = {s: (course.root / "autograded" / s / TASK / f"{TASK}.ipynb").read_text() for s in rows}
    assert (
        "the same code" not in "".join(pages.values()) and "looks like &#x27;ada" not in pages[CYRILLIC_ADA]
    )
    assert FORGING in pages["kim"]
    # Graded alone, a copy is compared with what the class handed in before.
    pupils.hand_in("gil", TASK, pupils.solved(TASK))
    rows, _ = grade(course, "--no-feedback", "--student", "gil")
    assert rows["gil"]["flags"] == ["the same code as ada, ben"]


def test_who_is_missing_and_what_nobody_understands_is_listed(course: Course, pupils: Class) -> None:
    for student in ("ada", "ben"):
        pupils.hand_in(student, TASK, pupils.stub(TASK))
    assert "missing" not in grade(course, "--no-feedback")[1]
    submitted = course.root / "submitted"
    shutil.rmtree(submitted / "ben" / TASK)
    pupils.hand_in("dan", "Task1_Forward", pupils.stub(TASK))
    (submitted / "moodle.zip").write_bytes(b"PK")
    (submitted / ".DS_Store").write_bytes(b"")
    (submitted / "eve").mkdir()
    (submitted / "ada" / "notes.txt").write_bytes(b"")
    done = command(course.root, "grade", TASK, "--no-feedback")
    last = done.stdout.splitlines()[-3:]
    assert f"{TASK}: missing: ben" in last
    (strange,) = (line for line in last if line.startswith("not understood"))
    for name in ("moodle.zip", f"dan/Task1_Forward/ (is it {TASK}?)", "ada/notes.txt", "eve/ (empty)"):
        assert name in strange
    assert "DS_Store" not in strange
    report = command(course.root, "report", TASK).stdout
    assert "ada" in report and "ben" not in report
    assert "missing" not in command(course.root, "grade", TASK, "--no-feedback", "--student", "ada").stdout


def test_two_folders_of_one_person_are_named_and_neither_is_graded(course: Course, pupils: Class) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD"))
    for student in (composed, decomposed, "bob", "bob ", "ada"):
        pupils.hand_in(student, TASK, pupils.solved(TASK))
    rows, errors = grade(course, "--no-feedback")
    assert rows["ada"]["points"] == 100
    for student in ("bob", "bob ", composed, decomposed):
        assert rows[student]["points"] is None
    assert "'bob' and 'bob '" in rows["bob"]["fault"] and "'bob' and 'bob '" in errors
    assert "\\u0308" in rows[composed]["fault"]
    assert [path.name for path in (course.root / "autograded").iterdir()] == ["ada"]
    shutil.rmtree(course.root / "submitted" / "bob ")
    assert grade(course, "--no-feedback")[0]["bob"]["points"] == 100
    # The gradebook knows bob by now.
    (course.root / "submitted" / "bob").rename(course.root / "submitted" / "bob ")
    fault = grade(course, "--no-feedback")[0]["bob "]["fault"]
    assert "'bob '" in fault and "'bob' in the gradebook" in fault


def test_ids_with_any_characters_get_their_own_pages(course: Course, pupils: Class) -> None:
    students = (
        "y[1]",
        "y1",
        "a+b",
        "aab",
        "bob ",
        "x*",
        "xyz",
        "q?",
        "{c}",
        "#1",
        "ä ö",
        "-v",
        "%(id)s",
        "$HOME",
    )
    for number, student in enumerate(students):
        notebook = pupils.stub(TASK)
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(f"This is work number {number}."))
        pupils.hand_in(student, TASK, notebook)
    done = command(course.root, "grade", TASK)
    assert done.returncode == 0, done.stderr
    for number, student in enumerate(students):
        page = course.root / "feedback" / student / TASK / f"{TASK}.html"
        assert f"This is work number {number}." in page.read_text()
