"""A changed check or reference regrades what it touches, says whom it moves, and leaves people's own marks alone."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.checks import load_checks
from autograder.checks.outcome import CheckResult, Status
from autograder.course import load_course
from autograder.grading import digests
from autograder.grading.evaluate import evaluate
from autograder.grading.plan import make_plan
from autograder.grading.regrade import Change, still_holds, summary
from autograder.grading.report import Report
from autograder.grading.submission import read_submission
from tests.grading.conftest import HOME, Class, command
from tests.grading.state import files, gradebook, rows

TASK = "task1_forward"
UNSTABLE = "def softmax(a):\n    e = np.exp(a)\n    return e / e.sum(axis=1, keepdims=True)"
# The check of stability forgives: it only calls the function.
LENIENT = ("def softmax_stable(", "    student.softmax(rng.normal(size=(2, 3)))\n    return None\n")


@dataclass
class Clone:
    """A checkout of its own, whose files can be changed, and a course graded with it."""

    home: Path
    root: Path

    def grade(self, *arguments: str, **env: str) -> str:
        """Run `autograder grade` and return what it prints."""
        done = command(
            self.root, "grade", TASK, "--no-feedback", *arguments, PYTHONPATH=str(self.home), **env
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run_checks(self) -> Counter[str]:
        """The checks that were run since this was asked last, and how often."""
        trace = self.home / "trace.txt"
        names = trace.read_text().split() if trace.exists() else []
        trace.unlink(missing_ok=True)
        return Counter(names)

    def insert(self, path: str, definition: str, lines: str) -> None:
        """Put ``lines`` before the first statement after the docstring of a function with a one-line docstring."""
        file = self.home / path
        text = file.read_text()
        start = text.index(definition)
        end = text.index('"""\n', text.index('"""', start) + 3) + 4
        file.write_text(text[:end] + lines + text[end:])

    def append(self, path: str, text: str) -> None:
        with open(self.home / path, "a") as file:
            file.write(text)

    def scores(self) -> dict[str, float]:
        with Gradebook(f"sqlite:///{self.root}/gradebook.db", "nn101") as book:
            return {entry.student.id: entry.score for entry in book.assignment_submissions(TASK)}

    def evaluations(self) -> int:
        return len(rows(self.root / "journal.db", "SELECT key FROM evaluations"))


@pytest.fixture(scope="module")
def graded(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clone and a course graded with it."""
    folder = tmp_path_factory.mktemp("clone")
    home = folder / "home"
    for name in ("autograder", "solutions", "assignments"):
        shutil.copytree(HOME / name, home / name, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    clone = Clone(home, folder / "course")
    # Every check that is run leaves its name.
    clone.append(
        "autograder/checks/outcome.py",
        "\n_run = run_check\n\n\ndef run_check(check, *arguments, **options):\n"
        "    import pathlib\n"
        "    with open(pathlib.Path(__file__).parents[2] / 'trace.txt', 'a') as file:\n"
        "        file.write(f'{check.name}\\n')\n"
        "    return _run(check, *arguments, **options)\n",
    )
    shutil.copytree(released, clone.root)
    pupils = Class(load_course(clone.root))
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    pupils.hand_in("ben", TASK, pupils.stub(TASK))
    pupils.hand_in("fumiko", TASK, pupils.solved(TASK, {"softmax": UNSTABLE}))
    clone.grade()
    return folder


@pytest.fixture
def clone(graded: Path, tmp_path: Path) -> Iterator[Clone]:
    shutil.copytree(graded, tmp_path / "clone")
    clone = Clone(tmp_path / "clone" / "home", tmp_path / "clone" / "course")
    assert set(clone.run_checks().values()) == {3}
    assert clone.scores() == {"ada": 100, "ben": 0, "fumiko": 92}
    yield clone


def mark_by_hand(root: Path, student: str) -> None:
    """As the formgrader does: own points, extra credit, comments."""
    with Gradebook(f"sqlite:///{root}/gradebook.db", "nn101") as book:
        grade = book.find_grade("sigmoid_values", TASK, TASK, student)
        grade.manual_score, grade.needs_manual_grade = 3.5, False
        book.find_grade("softmax_rows", TASK, TASK, student).extra_credit = 2.0
        book.find_comment(
            "solution-softmax", TASK, TASK, student
        ).manual_comment = "Nearly: think of large a."
        book.db.commit()


def marks_by_hand(root: Path, student: str) -> tuple:
    with Gradebook(f"sqlite:///{root}/gradebook.db", "nn101") as book:
        grade = book.find_grade("sigmoid_values", TASK, TASK, student)
        extra = book.find_grade("softmax_rows", TASK, TASK, student).extra_credit
        comment = book.find_comment("solution-softmax", TASK, TASK, student)
        return grade.manual_score, extra, comment.manual_comment, comment.comment


MARKS = (3.5, 2.0, "Nearly: think of large a.", "Nearly: think of large a.")


def test_a_changed_check_moves_exactly_whom_it_touches(clone: Clone) -> None:
    mark_by_hand(clone.root, "fumiko")
    before = clone.scores()["fumiko"]
    book, made = gradebook(clone.root), dict(files(clone.root / "autograded"))
    stamps = {path: path.stat().st_mtime_ns for path in clone.root.glob("autograded/*/*/*.ipynb")}
    clone.insert("autograder/checks/task1_forward.py", *LENIENT)

    (change,) = json.loads(clone.grade("--dry-run", "--json"))[TASK]

    assert (change["student"], change["before"], change["after"], change["difference"]) == (
        "fumiko", before, before + 8, 8,
    )  # fmt: skip
    assert change["checks"] == [{"name": "softmax_stable", "before": 0, "after": 8}]
    # ada has passed everything else; ben has failed everything, and mistakes are named over all of it.
    everything = Counter(load_checks(TASK).keys())
    assert clone.run_checks() == everything + Counter({"softmax_stable": 2})
    assert gradebook(clone.root) == book
    assert dict(files(clone.root / "autograded")) == made

    # Nothing is evaluated any more: there is no sandbox.
    said = clone.grade("--dry-run", PATH="/nowhere")
    assert all(word in said for word in ("fumiko", "+8", "softmax_stable 0 -> 8", "nothing was published"))
    assert "ada" not in said and "ben" not in said
    assert gradebook(clone.root) == book

    said = clone.grade(PATH="/nowhere")
    moves = f"1 student moves: fumiko {before:g} -> {before + 8:g}"
    assert moves in said and said.index(moves) < said.index("first finding")
    assert clone.run_checks() == Counter()
    assert clone.scores() == {"ada": 100, "ben": 0, "fumiko": before + 8}
    assert marks_by_hand(clone.root, "fumiko") == MARKS
    rewritten = [path.parts[-3] for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp]
    assert rewritten == ["fumiko"]
    assert "move" not in clone.grade(PATH="/nowhere")


def test_what_has_no_say_in_a_grade_regrades_nothing(clone: Clone) -> None:
    clone.append(f"assignments/{TASK}.md", "\nOne more line of text.\n")
    clone.append(f"solutions/{TASK}.py", "\n# One more remark.\n")
    clone.append(f"autograder/checks/{TASK}.py", "\n# One more remark.\n")
    clone.append("autograder/checks/task2_minibatch.py", "\nOTHER = 1\n")
    clone.append("solutions/task2_minibatch.py", "\nOTHER = 1\n")
    book, evaluations = gradebook(clone.root), clone.evaluations()
    clone.grade(PATH="/nowhere")
    assert clone.run_checks() == Counter()
    assert clone.evaluations() == evaluations
    assert gradebook(clone.root) == book


def test_the_words_of_a_mistake_are_looked_for_again_only_where_something_failed(clone: Clone) -> None:
    path = clone.home / f"autograder/misconceptions/{TASK}.py"
    path.write_text(path.read_text() + "\n# another hint\n")
    clone.grade()
    everything = Counter(load_checks(TASK).keys())
    assert clone.run_checks() == everything + Counter({"softmax_stable": 1})  # ben's, and fumiko's
    assert clone.scores() == {"ada": 100, "ben": 0, "fumiko": 92}


def test_a_changed_reference_is_asked_again_by_every_check(clone: Clone) -> None:
    clone.append(f"solutions/{TASK}.py", "\nOTHER = 1\n")
    clone.grade()
    assert clone.run_checks() == Counter(dict.fromkeys(load_checks(TASK), 3))


@pytest.mark.parametrize("why", ["again", "changed submission"])
def test_marks_given_by_hand_survive(clone: Clone, why: str) -> None:
    mark_by_hand(clone.root, "fumiko")
    before = clone.scores()["fumiko"]
    if why == "again":
        clone.grade("--again")
        assert clone.run_checks() == Counter(dict.fromkeys(load_checks(TASK), 3))
        assert clone.scores() == {"ada": 100, "ben": 0, "fumiko": before}
    else:
        pupils = Class(load_course(clone.root))
        pupils.hand_in("fumiko", TASK, pupils.solved(TASK))
        assert f"fumiko {before:g} -> {before + 8:g}" in clone.grade()
        assert clone.scores() == {"ada": 100, "ben": 0, "fumiko": before + 8}
        with Gradebook(f"sqlite:///{clone.root}/gradebook.db", "nn101") as book:
            assert book.find_grade("sigmoid_values", TASK, TASK, "fumiko").needs_manual_grade
    assert marks_by_hand(clone.root, "fumiko") == MARKS


def test_late_penalties_and_extra_credit_count_in_what_moves(clone: Clone) -> None:
    config = clone.root / "nbgrader_config.py"
    config.write_text(config.read_text() + '\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    with Gradebook(f"sqlite:///{clone.root}/gradebook.db", "nn101") as book:
        book.update_or_create_assignment(TASK, duedate="2027-04-19 23:59:00 UTC")
    # The same notebook, handed in late: no points, whatever the check says.
    shutil.copytree(clone.root / "submitted/fumiko", clone.root / "submitted/late")
    (clone.root / f"submitted/late/{TASK}/timestamp.txt").write_text("2027-04-30 10:00:00 UTC")
    clone.grade(PATH="/nowhere")
    assert clone.run_checks() == Counter()  # the same submission was evaluated already
    mark_by_hand(clone.root, "fumiko")
    mark_by_hand(clone.root, "late")
    with Gradebook(f"sqlite:///{clone.root}/gradebook.db", "nn101") as book:
        late = book.find_submission_notebook(TASK, TASK, "late")
        assert (late.late_submission_penalty, late.score) == (92, 91.5)  # the marks by hand came afterwards
    clone.insert("autograder/checks/task1_forward.py", *LENIENT)
    moves = {change["student"]: change for change in json.loads(clone.grade("--dry-run", "--json"))[TASK]}
    assert moves.keys() == {"fumiko", "late"}
    assert moves["fumiko"]["difference"] == 8
    assert (moves["late"]["before"], moves["late"]["after"]) == (0, 0)
    clone.grade(PATH="/nowhere")
    with Gradebook(f"sqlite:///{clone.root}/gradebook.db", "nn101") as book:
        late = book.find_submission_notebook(TASK, TASK, "late")
        assert late.late_submission_penalty == late.score
    assert marks_by_hand(clone.root, "late") == MARKS


def test_a_check_alone_finds_what_it_finds_among_the_others(graded: Path) -> None:
    course = load_course(graded / "course")
    plan = make_plan(course, TASK)
    submission = read_submission(course, course.task(TASK), "fumiko")
    report = evaluate(submission, plan)
    results = {check.name: check for check in report.checks}
    failed = {name for name, result in results.items() if result.status is not Status.PASSED}
    assert failed == {"softmax_stable"}
    for name in results:
        known = {n: result.as_dict() for n, result in results.items() if n not in {name, *failed}}
        assert evaluate(replace(submission, known=known), plan).to_json() == report.to_json()


# ---- What a check is made of ----

SOURCE = '''
"""Checks."""
from autograder.checks import check
from autograder.other import reach

SIZE = (3, 4)
SEEN = []


@check("task", points=1)
def one(student, reference, rng):
    """One."""
    helper(SIZE)


@check("task", points=1)
def two(student, reference, rng):
    """Two."""
    reach(1)


@check("task", points=1)
def three(student, reference, rng):
    """Three."""
    SEEN.append(1)


@check("task", points=1)
def four(student, reference, rng):
    """Four."""
    return len(SEEN)


@check("task", points=1)
def five(student, reference, rng):
    """Five."""
    return globals()["SIZE"]


def helper(size):
    return size
'''


@pytest.fixture
def changed_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function: which checks get another hash when ``old`` becomes ``new`` in one of the files."""
    monkeypatch.setattr(digests, "PACKAGE", tmp_path)
    contents = {
        "checks/task.py": SOURCE,
        "checks/__init__.py": "check = None\n",
        "other.py": "from autograder.deeper import (\n    more,\n)\n",
        "deeper.py": "more = 1\n",
        "unused.py": "",
    }
    (tmp_path / "checks").mkdir()

    def hashes(file: str = "unused.py", old: str = "", new: str = "") -> dict[str, str]:
        for name, content in contents.items():
            (tmp_path / name).write_text(content.replace(old, new, 1) if name == file else content)
        for cached in (digests._file_of, digests._imported_by, digests._file_hash):
            cached.cache_clear()
        return digests.check_digests("task", ["one", "two", "three", "four", "five"])

    def changed(file: str, old: str, new: str) -> set[str]:
        assert old in contents[file]
        before, after = hashes(), hashes(file, old, new)
        return {name for name in before if before[name] != after[name]}

    yield changed
    for cached in (digests._file_of, digests._imported_by, digests._file_hash):
        cached.cache_clear()


ALL = {"one", "two", "three", "four", "five"}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("checks/task.py", '"""Checks."""', '"""Other words."""\n# a remark', set()),
        ("checks/task.py", "    helper(SIZE)", "    helper(\n        SIZE\n    )", set()),
        ("checks/task.py", '"""Two."""', '"""Another title."""', {"two", "five"}),
        ("checks/task.py", "return size", "return size + 1", {"one", "five"}),
        ("checks/task.py", "(3, 4)", "(3, 5)", {"one", "five"}),
        ("checks/task.py", "points=1", "points=2", {"one", "five"}),
        ("checks/task.py", "SEEN.append(1)", "SEEN.append(2)", {"three", "four", "five"}),
        ("checks/task.py", "return len(SEEN)", "return 0", {"three", "four", "five"}),
        ("checks/task.py", "SEEN = []", "SEEN = []\nprint(SIZE)", ALL),
        ("deeper.py", "1", "2", {"two", "five"}),
        ("unused.py", "", "x = 1", set()),
    ],
)
def test_a_check_is_made_of_what_it_reaches(
    changed_by, file: str, old: str, new: str, expected: set[str]
) -> None:
    assert changed_by(file, old, new) == expected


def result(name: str, status: Status, points: float = 0.0) -> CheckResult:
    return CheckResult(name, "", status, points, 1.0)


def test_nothing_holds_after_an_end_out_of_order() -> None:
    checks = dict(list(load_checks(TASK).items())[:2])
    first, second = checks
    made = {first: "a", second: "b"}
    passed = Report(TASK, "", (result(first, Status.PASSED, 1), result(second, Status.PASSED, 1)))
    assert still_holds(None, made, checks) == {}
    assert still_holds((passed, made), made, checks).keys() == {first, second}
    assert still_holds((passed, {**made, second: "c"}), made, checks).keys() == {first}
    failed = replace(passed, checks=(passed.checks[0], result(second, Status.FAILED)))
    assert still_holds((failed, made), made, checks).keys() == {first}
    for status in (Status.TIMEOUT, Status.MEMORY, Status.CRASHED):
        ended = replace(passed, checks=(passed.checks[0], result(second, status)))
        assert still_holds((ended, made), made, checks) == {}


def test_the_summary_names_the_largest_moves_first() -> None:
    changes = [
        Change("ben", 50.0, 50.0, ()), Change("ada", 92.0, 100.0, ()), Change("cleo", None, 80.0, ()),
        Change("dan", 60.0, 40.5, ()),
    ]  # fmt: skip
    assert summary(changes) == "2 students move: dan 60 -> 40.5, ada 92 -> 100"
    assert summary(changes, most=1) == "2 students move: dan 60 -> 40.5, and 1 more"
    assert summary(changes[:1]) == ""
