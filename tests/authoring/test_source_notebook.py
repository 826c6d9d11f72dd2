"""The source notebook: nbgrader's metadata, the same bytes every time, and edits by hand kept safe."""

from __future__ import annotations

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring.assignment import read_assignment
from autograder.authoring.build import to_notebook
from autograder.authoring.edits import hand_edits
from tests.authoring.small_course import TEXT

TASK = "task9_twice"


@pytest.fixture
def notebook(home, checks):
    return to_notebook(read_assignment(home, TASK, checks))


@pytest.fixture
def cells(notebook):
    return {cell.id: cell for cell in notebook.cells}


def test_nbgrader_accepts_it(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    MetadataValidator().validate_nb(notebook)


def test_metadata_of_every_kind_of_cell(cells):
    solution = cells["solution-double"].metadata
    assert solution.nbgrader == {
        "schema_version": 3,
        "grade": False,
        "solution": True,
        "locked": False,
        "task": False,
        "grade_id": "solution-double",
        "cell_type": "code",
    }
    assert solution.autograder.stubs == ["task 9.1: double"]
    check = cells["double_values"].metadata.nbgrader
    assert (check.grade, check.locked, check.solution, check.points) == (True, True, False, 60)
    text = cells["text-01"].metadata.nbgrader
    assert (text.grade, text.locked, text.solution, text.cell_type) == (False, True, False, "markdown")
    assert "nbgrader" not in cells["code-01"].metadata
    assert cells["code-02"].metadata.tags == ["experiment"]


def test_reference_and_stub_share_signature_and_docstring(cells):
    assert cells["solution-double"].source.startswith(
        'def double(x: np.ndarray) -> np.ndarray:\n    """x: any shape. Returns 2x, eq. (1)."""\n    ### BEGIN SOLUTION'
    )


@pytest.fixture
def edited(tmp_path, notebook):
    """Saves the notebook after ``change`` and says what a build would find."""

    def save(change) -> list[str]:
        copy = nbformat.from_dict(notebook)
        copy = nbformat.reads(nbformat.writes(copy), 4)
        change(copy.cells)
        path = tmp_path / "saved.ipynb"
        nbformat.write(copy, path)
        return hand_edits(path, notebook)

    return save


def test_running_a_notebook_is_no_edit(edited):
    def run(cells):
        cells[1].execution_count = 3
        cells[1].outputs = [nbformat.v4.new_output("stream", text="hello")]
        cells[1].metadata["collapsed"] = True

    assert edited(run) == []


def test_edits_are_named(edited):
    def change(cells):
        cells[0].source = "# Task 9: thrice\n\nas much"
        cells[4].metadata.nbgrader["points"] = 61
        del cells[5]
        cells.append(nbformat.v4.new_code_cell("print('mine')"))

    assert edited(change) == [
        "cell 1 (text-01) was edited: # Task 9: thrice",
        'cell 5 (double_values) was edited: check("double_values")',
        "cell 8 (new) was added: print('mine')",
        "cell code-02 was deleted",
    ]


def test_moved_cells_are_an_edit(edited):
    assert edited(lambda cells: cells.reverse()) == ["its cells were moved or copied"]


def test_an_edit_that_reached_the_text_is_no_loss(tmp_path, home, checks, notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("twice", "two times")
    nbformat.write(notebook, tmp_path / "saved.ipynb")
    (home / "assignments" / f"{TASK}.md").write_text(TEXT.replace("twice", "two times"))
    assert hand_edits(tmp_path / "saved.ipynb", to_notebook(read_assignment(home, TASK, checks))) == []


@pytest.mark.parametrize(
    "content", ["no notebook", '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}']
)
def test_a_file_of_someone_else_is_kept(tmp_path, notebook, content):
    (tmp_path / "other.ipynb").write_text(content)
    assert hand_edits(tmp_path / "other.ipynb", notebook)


def test_build_writes_once_rebuilds_text_and_refuses_edits(python):
    python(
        """
        from autograder.authoring.build import build

        def built(force=False):
            (report,) = build(course, ["task9_twice"], force=force)
            assert bool(report.problems) == (report.status == "refused")
            return report

        source = Path("source/task9_twice/task9_twice.ipynb").resolve()
        answers = Path("autograder/recorded/task9_twice.npz")
        first = built()
        assert (first.status, first.recorded, first.path) == ("written", True, source)
        bytes_of_both = source.read_bytes(), answers.read_bytes()
        again = built()
        assert (again.status, again.recorded) == ("unchanged", False)

        source.unlink()
        answers.unlink()
        assert built().status == "written"
        assert (source.read_bytes(), answers.read_bytes()) == bytes_of_both

        text = Path("assignments/task9_twice.md")
        text.write_text(text.read_text().replace("twice as much", "two times as much"))
        assert built().status == "written"
        assert "two times as much" in source.read_text()

        source.write_text(source.read_text().replace("two times as much", "too times as much"))
        mine = source.read_bytes()
        refused = built()
        assert refused.status == "refused"
        assert refused.edits == ("cell 1 (text-01) was edited: # Task 9: too times as much",)
        assert "assignments/task9_twice.md" in refused.problems[-1] and "--force" in refused.problems[-1]
        assert source.read_bytes() == mine
        assert built(force=True).status == "written"
        assert b"too times" not in source.read_bytes()
        """
    )


def test_a_broken_task_stops_the_build_before_anything_is_written(project, python):
    text = project / "assignments" / f"{TASK}.md"
    text.write_text(TEXT.replace(":check: scale_forward", ":check: scale_backward"))
    said = python(
        """
        from autograder.authoring.build import build
        from autograder.authoring.errors import AuthoringError
        try:
            build(course, ["task9_twice"])
        except AuthoringError as error:
            print(error)
        """
    )
    assert f"assignments/{TASK}.md:" in said
    assert "there is no check scale_backward" in said
    assert not (project / "source").exists()
    assert not (project / "autograder" / "recorded").exists()


@pytest.mark.parametrize("change", [lambda b: b"\xef\xbb\xbf" + b, lambda b: b.replace(b"\n", b"\r\n")])
def test_texts_with_a_byte_order_mark_or_the_line_ends_of_windows_build_the_same(project, python, change):
    path = project / "source" / TASK / f"{TASK}.ipynb"
    said = "from autograder.authoring.build import build\nprint(build(course, ['task9_twice'])[0].status)"
    assert python(said).strip() == "written"
    before = path.read_bytes()
    for name in (
        f"assignments/{TASK}.md",
        f"solutions/{TASK}.py",
        f"autograder/checks/{TASK}.py",
        "course.toml",
    ):
        (project / name).write_bytes(change((project / name).read_bytes()))
    assert python(said).strip() == "unchanged"
    digest = "from autograder.grading.digests import reference_digest\nprint(reference_digest(course.root, 'task9_twice'))"
    changed = python(digest)
    reference = project / f"solutions/{TASK}.py"
    content = reference.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    reference.write_bytes(content)
    assert python(digest) == changed
    assert path.read_bytes() == before


def test_a_text_that_is_not_utf8_is_named(project, python):
    (project / f"assignments/{TASK}.md").write_bytes("# Größe".encode("latin-1"))
    said = """
        from autograder.authoring.build import build
        from autograder.authoring.errors import AuthoringError
        try:
            build(course, ["task9_twice"])
        except AuthoringError as error:
            print(error)
    """
    assert f"assignments/{TASK}.md: not a UTF-8 text" in python(said)
