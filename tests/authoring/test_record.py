"""Recorded answers: a student's run passes or fails on them as it would on the reference."""

from __future__ import annotations

import zipfile

import pytest

from autograder.notebook.answers import AnswersMissing, load_answers
from tests.authoring.small_course import CHECKS, SOLUTION

TASK = "task9_twice"
RECORD = """
from autograder.authoring.record import record_answers
from autograder.authoring.errors import AuthoringError
try:
    print(record_answers("task9_twice", home=Path.cwd()))
except AuthoringError as error:
    print(error)
"""
REPLAY = """
from autograder.calls import Replayer, ReplayRng, Session, connect
from autograder.checks import load_checks
from autograder.checks.outcome import run_check
from autograder.notebook.answers import load_answers
check = load_checks("task9_twice")["double_values"]
log, draws = load_answers("task9_twice")["double_values"]
for double in (lambda x: 2 * x, lambda x: 3 * x):
    reference = connect(Replayer(log), trusted=True)
    result = run_check(check, connect(Session({"double": double})), reference, ReplayRng(draws))
    print(result.status, result.message)
"""


@pytest.fixture
def change(project):
    """Replaces a text in one of the project's files."""

    def replace(path: str, old: str, new: str) -> None:
        content = (project / path).read_text()
        assert old in content
        (project / path).write_text(content.replace(old, new))

    return replace


def test_a_student_is_judged_by_the_recording(python):
    assert python(RECORD).strip() == "True"
    passed, failed = python(REPLAY).splitlines()
    assert passed.strip() == "passed"
    assert failed.startswith("failed double[")
    assert "1.5 times too large everywhere" in failed


def test_recorded_again_only_when_something_changed(python, change):
    assert python(RECORD).strip() == "True"
    assert python(RECORD).strip() == "False"
    change("solutions/task9_twice.py", "twice = x + x", "twice = 2 * x")
    assert python(RECORD).strip() == "True"
    change("autograder/checks/task9_twice.py", "size=(3, 2)", "size=(3, 4)")
    assert python(RECORD).strip() == "True"


def test_the_file_holds_plain_arrays_each_once(project, python):
    python(RECORD)
    with zipfile.ZipFile(project / "autograder" / "recorded" / f"{TASK}.npz") as archive:
        names = archive.namelist()
    # x was drawn and handed to the reference, its double came back; the other check has numbers only.
    assert sorted(names) == ["a0.npy", "a1.npy", "index.npy"]


def test_a_reference_that_fails_its_check_stops_the_build(project, python, change):
    change(
        "autograder/checks/task9_twice.py", "student.double(x), reference", "student.double(x) + 1, reference"
    )
    said = python(RECORD)
    line = CHECKS.splitlines().index('@check("task9_twice", points=60, equation="(1)")') + 1
    assert said.startswith(
        f"autograder/checks/{TASK}.py:{line}: check double_values: the reference does not pass (failed)"
    )
    assert not (project / "autograder" / "recorded").exists()


def test_a_reference_that_varies_stops_the_build(python, change):
    assert "twice = x + x" in SOLUTION
    change(
        "solutions/task9_twice.py", "twice = x + x", "twice = np.random.default_rng().normal(size=x.shape)"
    )
    change(
        "autograder/checks/task9_twice.py",
        'expect_close(student.double(x), reference.double(x), "double")',
        "reference.double(reference.double(x))\n    student.double(reference.double(student.double(x)))",
    )
    assert "check double_values: the reference does not pass on its own recording" in python(RECORD)


def test_missing_answers_say_how_to_get_them():
    with pytest.raises(AnswersMissing, match="autograder build"):
        load_answers("no_such_task")


def test_a_student_is_told_to_reinstall(project, python):
    (project / "autograder" / "authoring").rename(project / "elsewhere")
    said = python(
        """
        from autograder.notebook.answers import AnswersMissing, load_answers
        try:
            load_answers("task9_twice")
        except AnswersMissing as error:
            print(error)
        """
    )
    assert "pip install" in said


def test_a_check_without_a_recording_is_named(python, change):
    python(RECORD)
    said = python(
        """
        from autograder.notebook.answers import AnswersMissing, load_answers
        try:
            load_answers("task9_twice")["added_later"]
        except AnswersMissing as error:
            print(error)
        """
    )
    assert "added_later" in said
