"""nbgrader's own commands, from releasing an assignment to the feedback in a student's hands."""

from __future__ import annotations

import csv
import getpass
import shutil
from pathlib import Path

import nbformat

from autograder.course import Course
from tests.grading.conftest import Class, command

TASK = "task1_forward"


def test_one_assignment_goes_the_whole_way_round(course: Course, pupils: Class, tmp_path: Path) -> None:
    exchange, home = tmp_path / "exchange", tmp_path / "student"
    exchange.mkdir()
    exchange.chmod(0o777)
    home.mkdir()
    where = (f"--Exchange.root={exchange}", f"--Exchange.cache={tmp_path / 'cache'}")
    # A student has no course configuration, only the course's name.
    student = (*where, "--Exchange.assignment_dir=.", f"--CourseDirectory.course_id={course.id}")

    def instructor(*arguments: str) -> str:
        done = command(course.root, *arguments, module="nbgrader")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def pupil(*arguments: str) -> str:
        done = command(home, *arguments, module="nbgrader")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    instructor("generate_assignment", TASK, "--force")
    instructor("release_assignment", TASK, *where)
    pupil("fetch_assignment", TASK, *student)

    path = home / TASK / f"{TASK}.ipynb"
    notebook = nbformat.read(path, 4)
    solved = {
        c.metadata.nbgrader.grade_id: c.source for c in pupils.solved(TASK).cells if "nbgrader" in c.metadata
    }
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution") and marks.grade_id != "solution-sigmoid":
            cell.source = solved[marks.grade_id]
    nbformat.write(notebook, path)
    pupil("submit", TASK, *student)

    instructor("collect", TASK, *where)
    # Somebody else handed in by mail: no timestamp, no secret.
    pupils.hand_in("by_mail", TASK, pupils.stub(TASK))
    done = command(course.root, "grade", TASK)
    assert done.returncode == 0, done.stdout + done.stderr
    name = getpass.getuser()
    graded = nbformat.read(course.root / "autograded" / name / TASK / f"{TASK}.ipynb", 4)
    points = {
        c.metadata.nbgrader.grade_id: float(c.outputs[0].data["text/plain"])
        for c in graded.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }
    assert points["softmax_rows"] > 0
    assert points["sigmoid_values"] == 0
    total = sum(points.values())
    assert 0 < total < 100

    assert "feedback ready" not in pupil("list", "--cached", *student)
    instructor("release_feedback", TASK, *where)
    assert "feedback ready to be fetched" in pupil("list", "--cached", *student)
    # What lies in the exchange for students can be read by them, although the course folder is the graders' own.
    given_out = [
        *(exchange / course.id / "outbound").rglob("*"),
        *(exchange / course.id / "feedback").iterdir(),
    ]
    assert len(given_out) >= 3
    for released in given_out:
        assert released.stat().st_mode & 0o004, released
    pupil("fetch_feedback", TASK, *student)
    (page,) = (home / TASK / "feedback").rglob("*.html")
    assert "task 1.2: sigmoid" in page.read_text()
    assert "Due Mon 19 Apr 2027 23:59 JST; handed in" in page.read_text()
    assert "feedback already fetched" in pupil("list", "--cached", *student)

    # nbgrader's own command on top of it, and its own feedback: the same again.
    instructor("autograde", TASK, "--force", f"--student={name}")
    again = nbformat.read(course.root / "autograded" / name / TASK / f"{TASK}.ipynb", 4)
    assert [c.source for c in again.cells] == [c.source for c in graded.cells]
    instructor("generate_feedback", TASK, "--force", f"--student={name}")
    instructor("release_feedback", TASK, *where)
    pupil("fetch_feedback", TASK, *student)

    instructor("export", "--to", "grades.csv")
    with open(course.root / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == TASK}
    assert float(rows[name]["score"]) == total
    assert float(rows[name]["max_score"]) == 100


def test_nbgrader_autograde_and_autograder_grade_agree(course: Course, pupils: Class) -> None:
    wrong = "def softmax(a):\n    e = np.exp(a)\n    return e / e.sum(axis=1, keepdims=True)"
    pupils.hand_in("right", TASK, pupils.solved(TASK))
    pupils.hand_in("empty", TASK, pupils.stub(TASK))
    pupils.hand_in("unstable", TASK, pupils.solved(TASK, {"softmax": wrong}))
    pupils.hand_in("broken", TASK, b"<html>not a notebook</html>")
    with open(course.root / "course.toml", "a") as file:
        file.write("[late]\npercent_of_score = 10\n")
    for name, stamp in STAMPS.items():
        (course.submitted / name / TASK / "timestamp.txt").write_text(stamp)

    done = command(course.root, "autograde", TASK, module="nbgrader")
    assert done.returncode == 0, done.stderr
    by_nbgrader = scores(course)
    late = penalties(course)
    for name in ("gradebook.db", "journal.db"):
        (course.root / name).unlink()
    shutil.rmtree(course.root / "autograded")
    assert command(course.root, "generate_assignment", TASK, "--force", module="nbgrader").returncode == 0
    assert command(course.root, "grade", TASK, "--no-feedback").returncode == 0
    ours = scores(course)

    assert ours == by_nbgrader
    assert (
        late
        == penalties(course)
        == {"right": 10, "empty": 0, "unstable": round(ours["unstable"] / 5, 2), "broken": 0}
    )
    assert ours["right"] == 100
    assert ours["empty"] == ours["broken"] == 0
    assert 80 <= ours["unstable"] < 100


def scores(course: Course) -> dict[str, float]:
    """Every student's score in nbgrader's gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", course.id) as book:
        return {entry.student.id: entry.score for entry in book.assignment_submissions(TASK)}


# nbgrader's own reader knows no JST and gives up on what is no date.
STAMPS = {
    "right": "2027-04-20 10:00:00 JST", "empty": "2027-04-30 10:00:00 UTC", "unstable": "2027-04-21 10:00 Asia/Tokyo",
    "broken": "soon",
}  # fmt: skip


def penalties(course: Course) -> dict[str, float]:
    """What being late took off everybody's score."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", course.id) as book:
        entries = book.assignment_submissions(TASK)
        return {entry.student.id: entry.late_submission_penalty for entry in entries}


def test_the_formgraders_button_uses_the_sandbox_too(course: Course, pupils: Class) -> None:
    """The button calls nbgrader's API in the server's process."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    leaving = pupils.solved(TASK)
    leaving.cells.insert(0, nbformat.v4.new_code_cell("import os; os._exit(0)"))
    pupils.hand_in("goran", TASK, leaving)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()

    result = NbGraderAPI(config=config).autograde(TASK, "goran")

    assert result["success"], result
    assert scores(course) == {"goran": 100}
