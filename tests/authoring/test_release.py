"""Release: nbgrader's own command, named stubs, a student kit of allowed files only, and a self-check that bites."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder import __version__
from autograder.authoring.selfcheck import notebook_problems, wheel_problems
from tests.authoring.small_course import run_python, write_project

TASK = "task9_twice"
RELEASE = """
from autograder.authoring.release import release
from autograder.authoring.errors import AuthoringError
try:
    made = release(course, ["task9_twice"])
    print(made.notebooks[0].name, made.wheel.name, made.requirements.read_text().strip())
except AuthoringError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """The project after one release by nbgrader."""
    project = write_project(tmp_path_factory.mktemp("course"))
    name, wheel, requirements = run_python(project, RELEASE).split()
    assert name == f"{TASK}.ipynb"
    assert requirements == f"./{wheel}"
    return project


@pytest.fixture
def notebook(released):
    return nbformat.read(released / "release" / TASK / f"{TASK}.ipynb", 4)


@pytest.fixture
def source(released):
    return nbformat.read(released / "source" / TASK / f"{TASK}.ipynb", 4)


@pytest.fixture
def wheel(released) -> Path:
    (found,) = (released / "student-kit").glob("*.whl")
    return found


def test_stubs_raise_and_name_their_task(notebook):
    namespace = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.source.startswith(("check", "print")):
            exec(cell.source.replace("from autograder import check", "import functools"), namespace)
    with pytest.raises(NotImplementedError, match=r"^task 9\.1: double$"):
        namespace["double"](1)
    with pytest.raises(NotImplementedError, match=r"^task 9\.2: Scale\.__init__$"):
        namespace["Scale"](1)
    blank = object.__new__(namespace["Scale"])
    assert blank.forward(0) == 0.0  # what is given stays
    with pytest.raises(NotImplementedError, match=r"^task 9\.2: Scale\.forward$"):
        blank.forward(1)


def test_no_solution_and_no_bookkeeping_in_the_released_notebook(notebook, released):
    text = (released / "release" / TASK / f"{TASK}.ipynb").read_text()
    for secret in ("x + x", "factor_kept", "SOLUTION", "stubs"):
        assert secret not in text
    assert notebook.metadata.autograder == {"task": TASK, "kit": __version__}
    assert "Returns 2x, eq. (1)." in text


def test_the_gradebook_knows_the_points(released):
    with sqlite3.connect(released / "gradebook.db") as gradebook:
        rows = gradebook.execute(
            "select base_cell.name, max_score from grade_cells join base_cell on base_cell.id = grade_cells.id"
        ).fetchall()
        courses = gradebook.execute("select name, course_id from assignment").fetchall()
    assert sorted(rows) == [("double_values", 60.0), ("scale_forward", 40.0)]
    assert courses == [(TASK, "small101")]


def test_nothing_is_left_beside_the_release(released):
    assert not list(released.glob(".release-*"))


def test_the_wheel_holds_the_allowed_files_only(released, wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    allowed = run_python(released, "from autograder.sandbox.kit import *\nprint(*student_files(), sep='\\n')")
    assert packed == {f"autograder/{name}" for name in allowed.split()}
    assert f"autograder/recorded/{TASK}.npz" in packed
    assert not [name for name in packed if "solutions" in name or "authoring" in name or "grading" in name]


def test_a_file_too_many_is_found(tmp_path, wheel):
    copy = tmp_path / wheel.name
    shutil.copy(wheel, copy)
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr("solutions/task9_twice.py", "### BEGIN SOLUTION")
    found = wheel_problems(copy)
    assert "solutions/task9_twice.py must not be in it" in found
    assert "solutions/task9_twice.py contains BEGIN SOLUTION" in found


def test_the_self_check_accepts_the_release(notebook, source):
    assert notebook_problems(notebook, source) == []


def test_a_short_line_counts_as_a_line_only(notebook, source):
    for cell in source.cells:
        cell.source = cell.source.replace("return twice", "raise")  # part of every stub
    assert notebook_problems(notebook, source) == []
    notebook.cells[0].source += "\n  raise"
    assert len(notebook_problems(notebook, source)) == 1


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("text", "solution-double: a line of its solution is still there: twice = x + x"),
        ("output", "solution-double: a line of its solution is still there: twice = x + x"),
        ("marker", "BEGIN SOLUTION is still in it"),
        ("stub", "solution-double: no stub raises NotImplementedError('task 9.1: double')"),
    ],
)
def test_the_self_check_bites(notebook, source, place, problem):
    code = next(cell for cell in notebook.cells if cell.id == "solution-double")
    match place:
        case "text":
            notebook.cells[0].source += "\n    twice = x + x"
        case "output":
            code.outputs = [nbformat.v4.new_output("stream", text="    twice = x + x\n")]
        case "marker":
            code.source += "\n### BEGIN SOLUTION"
        case "stub":
            code.source = code.source.replace("raise NotImplementedError", "print")
    assert problem in notebook_problems(notebook, source)


def test_a_failed_release_leaves_the_last_one_alone(released, tmp_path):
    project = tmp_path / "course"
    shutil.copytree(released, project)
    before = {path: path.read_bytes() for path in project.glob("release/*/*")} | {
        path: path.read_bytes() for path in project.glob("student-kit/*")
    }
    # A file that hatchling packs and the list does not allow.
    (project / "autograder" / "checks" / "notes.txt").write_text("the answers")
    text = project / "assignments" / f"{TASK}.md"
    text.write_text(text.read_text().replace("twice as much", "two times as much"))
    said = run_python(project, RELEASE)
    assert "checks/notes.txt must not be in it" in said
    assert {path: path.read_bytes() for path in before} == before
    assert not list(project.glob(".release-*"))


def test_an_edited_source_is_not_released(released, tmp_path):
    project = tmp_path / "course"
    shutil.copytree(released, project)
    source = project / "source" / TASK / f"{TASK}.ipynb"
    source.write_text(source.read_text().replace("twice as much", "too much"))
    assert "was edited by hand" in run_python(project, RELEASE)
