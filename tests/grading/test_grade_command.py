"""`autograder grade`: from submissions to the gradebook, the journal and the feedback pages."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course
from autograder.grading.submission import read_submission
from tests.grading.conftest import HOME, Class, command

TASK = "task1_forward"
UNSTABLE = "def softmax(a):\n    e = np.exp(a)\n    return e / e.sum(axis=1, keepdims=True)"


def graded(course: Course, *arguments: str, task: str = TASK) -> dict[str, dict]:
    """Grade and return the JSON rows by student."""
    done = command(course.root, "grade", task, "--no-feedback", "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return {row["student"]: row for row in json.loads(done.stdout)[task]}


def processes_with(variable: str) -> list[str]:
    """The processes that have ``variable`` in their environment: what a killed grader started."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if variable.encode() in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:
            continue
    return found


def gradebook_scores(course: Course) -> dict[str, float]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", course.id) as book:
        return {entry.student.id: entry.score for entry in book.assignment_submissions(TASK)}


def test_perfect_empty_and_mistaken_students_get_what_they_earned(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    pupils.hand_in("ben", TASK, pupils.stub(TASK))
    pupils.hand_in("fumiko", TASK, pupils.solved(TASK, {"softmax": UNSTABLE}))

    rows = graded(course)

    assert rows["ada"]["points"] == 100
    assert rows["ben"]["points"] == 0
    assert 80 < rows["fumiko"]["points"] < 100
    lost = [check for check in rows["fumiko"]["checks"] if check["points"] < check["max_points"]]
    assert [check["name"] for check in lost] == ["softmax_stable"]
    assert "softmax" in lost[0]["message"]
    assert gradebook_scores(course) == {name: row["points"] for name, row in rows.items()}


def test_feedback_is_made_by_nbgrader_and_explains(course: Course, pupils: Class) -> None:
    pupils.hand_in("fumiko", TASK, pupils.solved(TASK, {"softmax": UNSTABLE}))

    done = command(course.root, "grade", TASK)

    assert done.returncode == 0, done.stderr
    assert "graded 1 submissions of 1 students in" in done.stdout
    page = (course.root / "feedback/fumiko" / TASK / f"{TASK}.html").read_text()
    assert "softmax of logits" in page
    assert "expected a finite number" in page


def test_a_second_run_evaluates_nothing_again(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    first = graded(course)
    # Without bubblewrap nothing can be evaluated: the grades must come from the journal.
    done = command(course.root, "grade", TASK, "--no-feedback", "--json", PATH="/nowhere")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[TASK][0]["checks"] == first["ada"]["checks"]


def test_the_same_notebook_gets_the_same_report_and_a_changed_one_new_inputs(
    course: Course, pupils: Class
) -> None:
    wrong = "def sigmoid(x):\n    return x"
    pupils.hand_in("one", TASK, pupils.solved(TASK, {"sigmoid": wrong}))
    pupils.hand_in("two", TASK, pupils.solved(TASK, {"sigmoid": wrong}))
    pupils.hand_in("three", TASK, pupils.solved(TASK, {"sigmoid": wrong + "  # changed"}))
    rows = graded(course)
    assert rows["one"]["checks"] == rows["two"]["checks"]
    assert rows["one"]["points"] == rows["three"]["points"]
    assert rows["one"]["checks"] != rows["three"]["checks"]


def test_a_resubmission_is_graded_anew(course: Course, pupils: Class) -> None:
    pupils.hand_in("ben", TASK, pupils.stub(TASK))
    assert graded(course)["ben"]["points"] == 0
    pupils.hand_in("ben", TASK, pupils.solved(TASK))
    assert graded(course)["ben"]["points"] == 100
    assert gradebook_scores(course) == {"ben": 100}


def test_only_the_named_student_is_graded(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    pupils.hand_in("ben", TASK, pupils.stub(TASK))
    assert list(graded(course, "--student", "ben")) == ["ben"]
    assert gradebook_scores(course) == {"ben": 0}


def test_a_notebook_that_fails_halfway_keeps_what_works(course: Course, pupils: Class) -> None:
    notebook = pupils.solved(TASK)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import sys\nimport no_such_module"))
    notebook.cells.append(nbformat.v4.new_code_cell("import os\nos._exit(0)"))
    notebook.cells.append(nbformat.v4.new_code_cell("print('noise', file=sys.stderr)"))
    pupils.hand_in("goran", TASK, notebook)
    row = graded(course)["goran"]
    assert row["points"] == 100
    assert any("ended the process" in flag for flag in row["flags"])


def test_damage_to_the_check_cells_changes_nothing(course: Course, pupils: Class) -> None:
    notebook = pupils.solved(TASK)
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    first, second, third, fourth, *rest = checks
    notebook.cells = [cell for cell in notebook.cells if cell not in rest]
    first.metadata.nbgrader["points"] = 1000
    second.source = "pass"
    third.cell_type = "markdown"
    for key in ("outputs", "execution_count"):
        third.pop(key)
    notebook.cells.append(nbformat.from_dict({**fourth, "id": "copy"}))
    notebook.cells.reverse()
    solutions = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    others = [c for c in notebook.cells if c not in solutions]
    notebook.cells = [*others[-3:], *reversed(solutions), *others[:-3]]
    pupils.hand_in("jun", TASK, notebook)

    assert graded(course)["jun"]["points"] == 100
    assert gradebook_scores(course) == {"jun": 100}
    composed = nbformat.read(course.root / "autograded/jun" / TASK / f"{TASK}.ipynb", 4)
    ids = [
        c.metadata.nbgrader.grade_id for c in composed.cells if c.metadata.get("nbgrader", {}).get("grade")
    ]
    assert sorted(ids) == sorted(check.metadata.nbgrader.grade_id for check in checks)
    summary = composed.cells[0].source
    for finding in (
        "claimed other points",
        "was edited",
        "had another type",
        "more than once",
        "deleted check cells",
    ):
        assert finding in summary


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty", b"", "the file is empty"),
        ("html", b"<!DOCTYPE html><html></html>", "HTML, not a notebook"),
        ("cut", b'{"cells": [{"cell_type": "code", "sou', "not valid JSON"),
        ("latin", '{"cells": ["é"]}'.encode("latin-1"), "not UTF-8"),
        ("deep", b"[" * 200_000, "nested too deeply"),
        ("number", b'{"cells": [' + b"9" * 6000 + b"]}", "not valid JSON"),
        ("list", b"[1, 2]", "not a notebook"),
    ],
)
def test_an_unreadable_notebook_says_why_and_is_flagged(
    course: Course, pupils: Class, name: str, content: bytes, says: str
) -> None:
    pupils.hand_in(name, TASK, content)
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    rows = graded(course)
    assert rows["ada"]["points"] == 100
    assert rows[name]["points"] == 0
    assert says in rows[name]["flags"][0]
    assert (course.root / "autograded" / name / TASK / f"{TASK}.ipynb").is_file()


def test_a_link_is_not_followed(course: Course, pupils: Class, tmp_path: Path) -> None:
    right = tmp_path / "right.ipynb"
    nbformat.write(pupils.solved(TASK), right)
    path = pupils.hand_in("ivan", TASK, b"")
    path.unlink()
    path.symlink_to(right)
    row = graded(course)["ivan"]
    assert row["points"] == 0
    assert "not a regular file" in row["flags"][0]


def test_a_missing_or_renamed_notebook_is_flagged(course: Course, pupils: Class) -> None:
    path = pupils.hand_in("renamed", TASK, pupils.solved(TASK))
    path.rename(path.with_name("task1 (1).ipynb"))
    pupils.hand_in("missing", TASK, b"").unlink()
    rows = graded(course)
    assert rows["renamed"]["points"] == 100
    assert "is called" in rows["renamed"]["flags"][0]
    assert rows["missing"]["points"] == 0
    assert rows["missing"]["flags"] == ["no notebook"]


def test_names_and_dates_that_cannot_be_read_are_their_owners_alone(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    dated = pupils.hand_in("ben", TASK, pupils.solved(TASK))
    (dated.parent / "timestamp.txt").write_text("9" * 40 + "m")
    strange = os.fsencode(course.root / "submitted" / "eve" / TASK)
    os.makedirs(strange)
    os.symlink("nowhere", strange + b"/\xff.ipynb")
    shutil.copytree(course.root / "submitted" / "ada", course.root / "submitted" / os.fsdecode(b"J\xfcrgen"))

    rows = graded(course)

    assert (rows["ada"]["points"], rows["ben"]["points"], rows["eve"]["points"]) == (100, 100, 0)
    assert "not UTF-8; rename it" in rows["J?rgen"]["fault"]
    assert set(gradebook_scores(course)) == {"ada", "ben", "eve"}


@pytest.mark.parametrize("broken", ["open", "read", "scandir"])
def test_a_disk_that_fails_is_no_missing_notebook(
    course: Course, pupils: Class, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))

    def fails(*arguments: object, **options: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, broken, fails)
    with pytest.raises(OSError, match="Input/output error"):
        read_submission(course, course.task(TASK), "ada")


def test_equal_notebooks_that_roll_dice_get_equal_grades(course: Course, pupils: Class) -> None:
    dice = {"softmax": "import os\ndef softmax(a):\n    return os.urandom(4).hex()"}
    students = [f"student{number}" for number in range(4)]
    for student in students:
        pupils.hand_in(student, TASK, pupils.solved(TASK, dice))

    for arguments in ((), ("--again",)):
        rows = graded(course, *arguments)
        assert len({json.dumps(rows[student]["checks"]) for student in students}) == 1
        pages = {(course.root / "autograded" / s / TASK / f"{TASK}.ipynb").read_bytes() for s in students}
        assert len(pages) == 1
    scores = gradebook_scores(course)
    graded(course)
    assert gradebook_scores(course) == scores


def test_stopped_between_gradebook_and_journal_a_submission_taken_back_counts(
    course: Course, pupils: Class
) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    graded(course)
    pupils.hand_in("ada", TASK, pupils.stub(TASK))
    with closing(sqlite3.connect(course.root / "journal.db")) as journal:
        stop = "CREATE TRIGGER stop BEFORE INSERT ON publications BEGIN SELECT RAISE(ABORT, 'stopped'); END"
        journal.execute(stop)
    assert command(course.root, "grade", TASK, "--no-feedback").returncode == 1
    assert gradebook_scores(course) == {"ada": 0}
    with closing(sqlite3.connect(course.root / "journal.db")) as journal:
        journal.execute("DROP TRIGGER stop")
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    graded(course)
    assert gradebook_scores(course) == {"ada": 100}


def test_a_dry_run_that_evaluates_again_takes_nothing_back(course: Course, pupils: Class) -> None:
    dice = {"softmax": "import os\ndef softmax(a):\n    return os.urandom(4).hex()"}
    pupils.hand_in("ada", TASK, pupils.solved(TASK, dice))
    graded(course)
    before = command(course.root, "report", TASK).stdout
    graded(course, "--again", "--dry-run")
    assert command(course.root, "report", TASK).stdout == before
    assert "ada" in before


def test_earlier_notebooks_full_of_pictures_fit(course: Course, pupils: Class) -> None:
    first = pupils.solved(TASK)
    picture = {"image/png": "A" * (18 * 2**20)}
    first.cells[-1].outputs = [nbformat.v4.new_output("display_data", data=picture)]
    pupils.hand_in("ada", TASK, first)
    pupils.hand_in("ada", "task2_minibatch", pupils.solved("task2_minibatch"))
    text = (course.root / "course.toml").read_text()
    assert "disk_mb = 64" in text
    (course.root / "course.toml").write_text(text.replace("disk_mb = 64", "disk_mb = 8"))
    assert graded(course, task="task2_minibatch")["ada"]["points"] == 100


def test_a_cell_too_long_to_send_is_its_owners_alone(course: Course, pupils: Class) -> None:
    notebook = pupils.solved(TASK)
    notebook.cells.append(nbformat.v4.new_code_cell("x = '" + "𝄞" * 400_000 + "'"))
    pupils.hand_in("ada", TASK, notebook)
    row = graded(course)["ada"]
    assert (row["points"], row["fault"]) == (100, None)


def test_a_later_task_uses_the_students_own_earlier_notebook(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", "task1_forward", pupils.solved("task1_forward"))
    pupils.hand_in("ada", "task2_minibatch", pupils.solved("task2_minibatch"))
    pupils.hand_in("late", "task2_minibatch", pupils.solved("task2_minibatch"))
    rows = graded(course, task="task2_minibatch")
    assert rows["ada"]["points"] == 100
    assert 0 < rows["late"]["points"] < 100
    assert "the earlier notebook task1_forward.ipynb is missing" in rows["late"]["flags"]


def test_killed_at_any_moment_the_next_run_gets_the_same_grades(course: Course, pupils: Class) -> None:
    for number in range(6):
        pupils.hand_in(f"student{number}", TASK, pupils.solved(TASK, {"softmax": UNSTABLE + f"  # {number}"}))
    mark = f"KILLED_{os.getpid()}_{time.monotonic_ns()}"
    env = {**os.environ, "PYTHONPATH": str(HOME), mark: "1"}
    grade = [sys.executable, "-m", "autograder", "grade", TASK, "--no-feedback", "-j", "2"]
    for delay in (0.8, 1.6, 2.4):
        process = subprocess.Popen(
            grade, cwd=course.root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + 10
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_with(mark) == []
    rows = graded(course)
    assert {row["points"] for row in rows.values()} == {92.0}
    assert gradebook_scores(course) == {name: row["points"] for name, row in rows.items()}
    again = graded(course)
    assert again == rows


def test_a_fault_of_the_grader_is_nobodys_zero(course: Course, pupils: Class, tmp_path: Path) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    # A checkout whose reference raises.
    broken = tmp_path / "checkout"
    broken.mkdir()
    for name in ("autograder", "assignments"):
        (broken / name).symlink_to(HOME / name)
    (broken / "solutions").mkdir()
    text = (HOME / "solutions" / f"{TASK}.py").read_text()
    (broken / "solutions" / "__init__.py").touch()
    (broken / "solutions" / f"{TASK}.py").write_text(
        text + "\ndef softmax(a):\n    raise RuntimeError('broken reference')\n"
    )
    (course.root / "assignments").symlink_to(HOME / "assignments")
    (course.root / "autograder").symlink_to(HOME / "autograder")
    (course.root / "solutions").symlink_to(broken / "solutions")
    for other in (HOME / "solutions").glob("*.py"):
        if not (broken / "solutions" / other.name).exists():
            (broken / "solutions" / other.name).symlink_to(other)

    done = command(course.root, "grade", TASK, "--no-feedback", PYTHONPATH=str(course.root))

    assert done.returncode == 1
    assert "not graded" in done.stdout
    assert "broken reference" in done.stdout
    assert gradebook_scores(course) == {}
    assert not (course.root / "autograded/ada").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("grade", "task9"), "There is no task 'task9'"),
        (("grade", TASK, "--student", "nobody"), "no submission of student 'nobody'"),
        (("build", "task9"), "There is no task 'task9'"),
        (("check", "nowhere.ipynb"), "nowhere.ipynb does not exist"),
        (("data", "imagenet"), "There is no data set 'imagenet'"),
    ],
)
def test_misuse_gets_one_clear_line_and_exit_code_2(
    course: Course, arguments: tuple[str, ...], says: str
) -> None:
    done = command(course.root, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_course_the_way_is_shown(tmp_path: Path) -> None:
    done = command(tmp_path, "grade", TASK)
    assert done.returncode == 2
    assert "course.toml does not exist" in done.stderr.replace("\n", " ")


def test_without_a_sandbox_grading_refuses_and_unsafe_is_provisional(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    refused = command(course.root, "grade", TASK, "--no-feedback", PATH="/nowhere")
    assert refused.returncode == 1
    assert "apt-get install bubblewrap" in refused.stderr.replace("\n", " ")
    unsafe = command(
        course.root, "grade", TASK, "--no-feedback", "--json", "--unsafe-no-sandbox", PATH="/nowhere"
    )
    row = json.loads(unsafe.stdout)[TASK][0]
    assert row["points"] == 100
    assert row["provisional"] is True
    # A provisional grade does not stand in for a real one.
    assert graded(course)["ada"]["provisional"] is False


def test_equal_notebooks_under_two_names_are_one_evaluation_with_flags_of_their_own(
    course: Course, pupils: Class
) -> None:
    notebook = pupils.solved(TASK)
    pupils.hand_in("ada", TASK, notebook)
    path = pupils.hand_in("ben", TASK, notebook)
    path.rename(path.with_name("homework.ipynb"))

    rows = graded(course)

    assert rows["ada"]["flags"] == ["the same code as ben"]
    assert "homework.ipynb" in rows["ben"]["flags"][0]
    assert rows["ada"]["checks"] == rows["ben"]["checks"]
    with closing(sqlite3.connect(course.root / "journal.db")) as journal:
        ((report,),) = journal.execute("SELECT report FROM evaluations").fetchall()
        flags = dict(journal.execute("SELECT student, flags FROM publications").fetchall())
    assert "homework" not in report
    assert {student: json.loads(flags[student]) for student in rows} == {
        s: row["flags"] for s, row in rows.items()
    }
    page = course.root / "autograded/ben" / TASK / f"{TASK}.ipynb"
    assert "homework.ipynb" in page.read_text()
    assert "homework.ipynb" in command(course.root, "report", TASK).stdout
    # Named rightly, nothing is evaluated again and the flag is gone from everywhere.
    path.with_name("homework.ipynb").rename(path)
    done = command(course.root, "grade", TASK, "--no-feedback", "--json", PATH="/nowhere")
    assert "homework.ipynb" not in done.stdout
    assert "homework.ipynb" not in page.read_text()
    assert "homework.ipynb" not in command(course.root, "report", TASK).stdout


def test_a_journal_of_an_older_version_is_brought_up_to_date(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    graded(course)
    with closing(sqlite3.connect(course.root / "journal.db")) as journal, journal:
        journal.execute("ALTER TABLE publications DROP COLUMN flags")
        journal.execute("PRAGMA user_version = 0")
        ((text,),) = journal.execute("SELECT report FROM evaluations").fetchall()
        older = json.loads(text)
        for check in older["checks"]:
            check["seconds"] = 0.5
        journal.execute("UPDATE evaluations SET report = ?", (json.dumps(older),))
    assert "ada" in command(course.root, "report", TASK).stdout
    assert graded(course)["ada"]["points"] == 100
    with closing(sqlite3.connect(course.root / "journal.db")) as journal, journal:
        assert journal.execute("SELECT student, flags FROM publications").fetchall() == [("ada", "[]")]
        assert journal.execute("PRAGMA user_version").fetchone()[0] >= 1
        journal.execute("PRAGMA user_version = 1000000")
    done = command(course.root, "grade", TASK, "--no-feedback")
    assert done.returncode == 1
    assert "newer autograder" in done.stderr and "Traceback" not in done.stderr
