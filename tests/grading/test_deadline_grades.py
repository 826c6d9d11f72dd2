"""Deadlines in the gradebook: what is late costs what the course says now, without a new evaluation."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.course import CourseError, load_course
from autograder.grading import feedback
from autograder.grading.course_run import Graded, RunOptions, grade_task
from autograder.grading.errors import PublishError
from autograder.grading.regrade import Change
from autograder.grading.settling import settle_class
from tests.grading.conftest import Class, command
from tests.grading.state import rows

ONE, TWO = "task1_forward", "task2_minibatch"  # due on 19 and 26 April at 23:59 in Tokyo
WRONG = {"sigmoid": "def sigmoid(a):\n    return a"}  # worth 88 points
STAMPS = {
    "ada": "2027-04-19 14:58:00.000000 UTC",
    "ben": "2027-04-20 10:00:00 JST",  # within a day
    "cleo": "2027-04-22T09:00:00+09:00",  # within three days
    "dan": None,
    "eve": "yesterday",
    "fay": "03/04/2027 10:00",
    "gus": "2001-01-01 00:00 UTC",
}
LATE = "[late]\npoints = 10\nlate_days = {days}\n"


@dataclass
class Folder:
    """A graded course."""

    root: Path
    moves: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def grade(self, task: str = ONE, **options: object) -> dict[str, Graded]:
        """Grade a task; `moves` and `notes` are what was told."""
        self.moves, self.notes = [], []
        graded = grade_task(
            load_course(self.root),
            task,
            RunOptions(**options),  # type: ignore[arg-type]
            on_changes=lambda changes: self.moves.extend(changes),
            on_note=self.notes.append,
        )
        return {row.student: row for row in graded}

    def moved(self) -> dict[tuple[str, str], tuple[float | None, float]]:
        return {(change.task, change.student): (change.before, change.after) for change in self.moves}

    def edit(self, old: str, new: str) -> None:
        """Change `course.toml`."""
        path = self.root / "course.toml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))

    def policy(self, table: str) -> None:
        path = self.root / "course.toml"
        path.write_text(path.read_text().partition("\n[late]")[0] + "\n" + table)

    def book(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.root}/gradebook.db", "nn101")

    def penalties(self, task: str = ONE) -> dict[str, float]:
        with self.book() as book:
            return {
                entry.student.id: entry.late_submission_penalty
                for entry in book.assignment_submissions(task)
                if entry.late_submission_penalty
            }

    def evaluations(self) -> int:
        return len(rows(self.root / "journal.db", "SELECT key FROM evaluations"))

    def page(self, student: str, task: str = ONE) -> str:
        """The source of the cells that the feedback page shows first."""
        cells = json.loads((self.root / "autograded" / student / task / f"{task}.ipynb").read_text())["cells"]
        return "\n".join(cell["source"] for cell in cells[:2])


@pytest.fixture(scope="module")
def graded(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("deadlines") / "course"
    shutil.copytree(released, root)
    course = load_course(root)
    pupils = Class(course)
    for student, stamp in STAMPS.items():
        path = pupils.hand_in(student, ONE, pupils.solved(ONE, WRONG))
        if stamp is not None:
            path.with_name("timestamp.txt").write_text(stamp)
    late = pupils.hand_in("ben", TWO, pupils.stub(TWO))
    late.with_name("timestamp.txt").write_text("2027-04-27 10:00 Asia/Tokyo")
    folder = Folder(root)
    folder.grade(ONE, jobs=2)
    folder.grade(TWO)
    return root


@pytest.fixture
def folder(graded: Path, tmp_path: Path) -> Iterator[Folder]:
    shutil.copytree(graded, tmp_path / "course", copy_function=shutil.copy2)
    yield Folder(tmp_path / "course")


def test_due_dates_reach_the_gradebook_on_release_and_lateness_is_only_marked(folder: Folder) -> None:
    with folder.book() as book:
        assert book.find_assignment(ONE).duedate == datetime(2027, 4, 19, 14, 59)
        assert book.find_submission(ONE, "ben").timestamp == datetime(2027, 4, 20, 1, 0)
        assert book.find_submission(ONE, "cleo").total_seconds_late == 2 * 86400 + 9 * 3600 + 60
        assert book.find_submission(ONE, "eve").timestamp is None
    graded = folder.grade()
    late = {student: row.late for student, row in graded.items()}
    assert {student: one.status for student, one in late.items() if one} == {
        "ada": "on time", "ben": "late", "cleo": "late", "dan": "not known", "eve": "not known", "fay": "on time",
        "gus": "on time",
    }  # fmt: skip
    assert late["ben"] and late["ben"].words == "10 h 1 min late"
    assert folder.penalties() == {}
    assert folder.moves == []
    flags = {student: " ".join(row.all_flags) for student, row in graded.items()}
    assert "“yesterday” cannot be read" in flags["eve"]
    assert "can be read in two ways" in flags["fay"]
    assert "before the task was released" in flags["gus"]
    assert "in the future" in flags["ada"]
    assert flags["dan"].startswith("the same code as ")  # and nothing about a time
    assert "10 h 1 min late" in folder.page("ben")
    assert "Tue 20 Apr 2027 10:00 JST" in folder.page("ben")


def test_a_policy_a_date_and_an_extension_that_change_later_move_grades_without_an_evaluation(
    folder: Folder,
) -> None:
    count = folder.evaluations()
    folder.policy("[late]\npoints = 10\ncap = 25\n")
    assert not folder.penalties()
    folder.grade(dry_run=True)
    assert folder.moved() == {(ONE, "ben"): (88, 78), (ONE, "cleo"): (88, 63)}
    assert not folder.penalties()
    graded = folder.grade()
    assert folder.moved() == {(ONE, "ben"): (88, 78), (ONE, "cleo"): (88, 63)}
    assert folder.penalties() == {"ben": 10, "cleo": 25}
    assert graded["ben"].late and graded["ben"].late.grade == 78
    assert "10 points taken off" in folder.page("ben")

    folder.edit("due = 2027-04-19T23:59:00", "due = 2027-04-21T23:59:00")
    folder.grade()
    assert folder.moved() == {(ONE, "ben"): (78, 88), (ONE, "cleo"): (63, 78)}
    with folder.book() as book:
        assert book.find_assignment(ONE).duedate == datetime(2027, 4, 21, 14, 59)

    (folder.root / "extensions.csv").write_text(f"student,task,until\ncleo,{ONE},2027-04-22\n")
    folder.grade()
    assert folder.moved() == {(ONE, "cleo"): (78, 88)}
    assert "(extended)" in folder.page("cleo")
    (folder.root / "extensions.csv").unlink()
    folder.grade()
    assert folder.moved() == {(ONE, "cleo"): (88, 78)}
    # nbgrader's own record, and the later of both.
    with folder.book() as book:
        book.grant_extension(ONE, "cleo", days=1)
    (folder.root / "extensions.csv").write_text(f"student,task,until\ncleo,{ONE},2027-04-22 08:00\n")
    folder.grade()
    assert folder.moved() == {(ONE, "cleo"): (78, 88)}

    folder.grade()
    assert folder.moves == []
    assert folder.evaluations() == count


def test_a_due_date_that_is_taken_back_is_none_and_one_given_to_nbgrader_counts(folder: Folder) -> None:
    folder.policy("[late]\npoints = 10\n")
    folder.grade()
    folder.edit("due = 2027-04-19T23:59:00\n", "")
    graded = folder.grade()
    assert folder.moved() == {(ONE, "ben"): (78, 88), (ONE, "cleo"): (58, 88)}
    assert graded["ben"].late and graded["ben"].late.status == "no due date"
    with folder.book() as book:
        assert book.find_assignment(ONE).duedate is None
        book.update_or_create_assignment(ONE, duedate="2027-04-21 14:59:00 UTC")
    folder.grade()
    assert folder.moved() == {(ONE, "cleo"): (88, 78)}
    folder.edit(f'name = "{ONE}"\n', f'name = "{ONE}"\ndue = 2027-04-22\n')
    with folder.book() as book:
        book.update_or_create_assignment(ONE, duedate="2027-04-20 14:59:00 UTC")
    folder.grade()
    assert folder.moved() == {(ONE, "cleo"): (78, 88)}


def test_late_days_move_between_tasks_and_the_other_task_is_told_too(folder: Folder) -> None:
    folder.policy(LATE.format(days=0))
    folder.grade(ONE)
    assert folder.penalties(ONE) == {"ben": 10, "cleo": 30}
    folder.policy(LATE.format(days=2))
    folder.grade(ONE)
    # ben's stub of the second task has no points to lose: his days go to the first, then to the mark of the second.
    assert folder.penalties(ONE) == {"cleo": 10}
    assert "1 late day of 2 spent on it" in folder.page("ben", ONE)
    assert "1 late day of 2 spent on it" in folder.page("ben", TWO)
    assert "2 late days of 2 spent on it" in folder.page("cleo", ONE)
    # The second task earns everything in a second attempt: the one day left is better spent there.
    folder.policy("[late]\npercent_of_score = 10\nlate_days = 1\n")
    folder.grade(ONE)
    assert folder.penalties(ONE) == {"cleo": 17.6}
    pupils = Class(load_course(folder.root))
    pupils.hand_in("ben", TWO, pupils.solved(TWO))
    folder.grade(TWO, dry_run=True)
    told = {(ONE, "ben"): (88, 79.2), (TWO, "ben"): (0, 100)}
    assert folder.moved() == told
    assert folder.penalties(ONE) == {"cleo": 17.6}
    folder.grade(TWO)
    assert folder.moved() == told
    assert folder.penalties(ONE) == {"ben": 8.8, "cleo": 17.6}
    assert folder.penalties(TWO) == {}
    assert "8.8 points taken off" in folder.page("ben", ONE)


def test_marks_by_hand_change_a_percentage_on_report_and_export(folder: Folder) -> None:
    folder.policy("[late]\npercent_of_score = 10\n")
    folder.grade()
    assert folder.penalties() == {"ben": 8.8, "cleo": 26.4}
    with folder.book() as book:
        grade = book.find_grade("sigmoid_values", ONE, ONE, "ben")
        grade.manual_score, grade.extra_credit = 6.0, 2.0
        book.find_comment("solution-sigmoid", ONE, ONE, "ben").manual_comment = "nearly"
        book.db.commit()
    found = settle_class(load_course(folder.root))
    assert [(change.student, change.before, change.after) for change in found.changes] == [
        ("ben", 87.2, 86.4)
    ]
    assert folder.penalties() == {"ben": 9.6, "cleo": 26.4}
    with folder.book() as book:
        assert book.find_grade("sigmoid_values", ONE, ONE, "ben").manual_score == 6
        assert book.find_comment("solution-sigmoid", ONE, ONE, "ben").manual_comment == "nearly"
        book.find_grade("sigmoid_values", ONE, ONE, "ben").extra_credit = 12.0
        book.db.commit()
    done = command(folder.root, "export", "--checks", "checks.csv")
    assert done.returncode == 0, done.stderr
    assert f"{ONE}: 1 student moves: ben 96.4 -> 95.4" in done.stdout
    with open(folder.root / "grades.csv", newline="") as file:
        (row,) = (r for r in csv.DictReader(file) if (r["assignment"], r["student_id"]) == (ONE, "ben"))
    assert (float(row["raw_score"]), float(row["late_submission_penalty"])) == (106, 10.6)
    assert float(row["score"]) == 95.4
    assert row["late"] == "10 h 1 min late"
    assert row["duedate"] == "2027-04-19 14:59:00"
    with open(folder.root / "checks.csv", newline="") as file:
        lines = [r for r in csv.DictReader(file) if (r["task"], r["student"]) == (ONE, "ben")]
    assert {(r["late"], float(r["late_penalty"])) for r in lines} == {("10 h 1 min late", 10.6)}
    assert "10 h 1 min late: −10.6" in command(folder.root, "report", ONE).stdout


def test_only_pages_whose_deadline_says_something_new_are_made_again(folder: Folder) -> None:
    page = folder.root / "feedback" / "ben" / ONE / f"{ONE}.html"
    for student in STAMPS:
        place = page.parents[2] / student / ONE
        place.mkdir(parents=True)
        (place / page.name).write_text("</html>")
    assert feedback.outdated(folder.root, ONE) == []
    folder.policy("[late]\npoints = 10\n")
    folder.grade()
    assert feedback.outdated(folder.root, ONE) == [(ONE, "ben"), (ONE, "cleo")]


def test_a_new_timestamp_of_the_same_notebook_counts(folder: Folder) -> None:
    folder.policy("[late]\npoints = 10\n")
    folder.grade()
    (folder.root / "submitted/ada" / ONE / "timestamp.txt").write_bytes("2027-04-20 10:00".encode("utf-16"))
    (folder.root / "submitted/ben" / ONE / "timestamp.txt").unlink()
    folder.grade()
    assert folder.moved() == {(ONE, "ada"): (88, 78), (ONE, "ben"): (78, 88)}


def test_mistakes_in_extensions_stop_before_anything_is_published(folder: Folder) -> None:
    folder.policy("[late]\npoints = 10\n")
    extensions = folder.root / "extensions.csv"
    extensions.write_text("student,task,until\nben,task9,2027-04-22\n")
    with pytest.raises(CourseError, match="line 2: there is no task 'task9'"):
        folder.grade()
    assert not folder.penalties()
    extensions.write_text(f"student,task,until\nbenn,{ONE},2027-04-22\n")
    folder.grade()
    assert folder.notes == [
        "extensions.csv, line 2: no student 'benn' has handed in anything; did you mean 'ben'?"
    ]


def with_points(cells: list[dict], name: str, points: float) -> None:
    for cell in cells:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            cell["metadata"]["nbgrader"]["points"] = points


@pytest.mark.parametrize("where", ["source", "gradebook", "lacking"])
def test_a_release_older_than_the_checks_is_refused(folder: Folder, where: str) -> None:
    if where == "gradebook":
        with folder.book() as book:
            book.find_grade_cell("softmax_rows", ONE, ONE).max_score = 9
            book.db.commit()
    else:
        source = folder.root / "source" / ONE / f"{ONE}.ipynb"
        content = json.loads(source.read_text())
        if where == "source":
            with_points(content["cells"], "softmax_rows", 9)
        else:
            content["cells"] = [c for c in content["cells"] if c["id"] != "softmax_rows"]
        source.write_text(json.dumps(content))
    folder.policy("[late]\npoints = 10\n")
    with pytest.raises(PublishError) as error:
        folder.grade()
    assert f"Run: autograder release {ONE}" in str(error.value)
    assert "softmax_rows" in str(error.value)
    assert not folder.penalties()
