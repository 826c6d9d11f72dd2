"""Every case of the corpus, in both ways of grading: `autograder grade` and `nbgrader autograde`."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.checks import load_checks
from autograder.grading.secret import check_rng
from tests.hostile import classroom
from tests.hostile.classroom import CANARY_MARK, HONEST, HONEST_MARK, REFERENCE_MARK, TASKS, Graded
from tests.hostile.corpus import CASES, Case

WAYS = ("grade", pytest.param("nbgrader", marks=pytest.mark.thorough))
BY_NAME = {case.name: case for case in CASES}

Grade = Callable[[str], Graded]


@pytest.fixture(scope="session", params=WAYS)
def graded(request: pytest.FixtureRequest, way_graded: Grade) -> Graded:
    return way_graded(request.param)


def needs(case: Case) -> None:
    if case.needs == "root" and os.getuid() != 0:
        pytest.skip(f"{case.name} can only be planted by root")


def test_the_corpus_is_large_and_every_case_has_an_id_of_its_own() -> None:
    assert len(CASES) >= 70
    assert len({case.student for case in CASES}) == len(CASES)
    assert {case.kind for case in CASES} == {"forging", "resources", "files"}
    for case in CASES:
        assert set(case.lost) <= {"all", *load_checks(case.task)}, case.name
        assert set(case.untouched) <= set(classroom.GUARDED), case.name


@pytest.mark.parametrize("name", BY_NAME)
def test_a_case_gets_its_verdict(graded: Graded, name: str) -> None:
    case = BY_NAME[name]
    needs(case)
    key = f"{case.task} {case.student}"
    if case.left_out and graded.way == "nbgrader":
        assert case.left_out in graded.stderr
        assert set(graded.points.get(key, {}).values()) <= {None}
        assert not graded.autograded(case).exists()
        return
    report = graded.reports[key]
    checks = {check["name"]: check for check in report["checks"]}
    assert list(checks) == list(load_checks(case.task))
    points = graded.points[key]

    # What is published is what was found, check by check, and within the points of the assignment.
    assert points == {check["name"]: check["points"] for check in report["checks"]}
    for check in checks.values():
        assert 0 <= check["points"] <= check["max_points"] == load_checks(case.task)[check["name"]].points
    score = round(sum(check["points"] for check in checks.values()), 2)
    found = {check["name"]: f"{check['status']}: {check['message']}" for check in checks.values()}
    for check in checks.values():
        allowed = case.lost.get(check["name"], case.lost.get("all", ("passed",)))
        assert check["status"] in allowed, f"{check['name']} {found[check['name']]}"
    assert case.least <= score <= case.most, found

    for text in case.flags:
        assert any(text in flag for flag in report["flags"]), report["flags"]
    shown = classroom.shown_text(graded.autograded(case))
    for text in (f"{score:g} of {sum(c['max_points'] for c in checks.values()):g} points", *case.says):
        assert text in shown, shown[:3000]
    for word in case.untouched:
        assert not touched(graded, word)


def touched(graded: Graded, word: str) -> list[str]:
    """What was changed of the thing that ``word`` names."""
    match word:
        case "processes":
            return graded.left
        case "network":
            return graded.knocked
        case "others" | "gradebook" | "journal":
            left_out = {f"{case.task} {case.student}" for case in CASES if case.left_out}
            # Compared with a class without hostile students below; here: nobody has points that were not found.
            return [
                key
                for key, report in graded.reports.items()
                if key not in left_out
                and graded.points.get(key) != {check["name"]: check["points"] for check in report["checks"]}
            ]
    return graded.changed[word]


def test_grading_ends_well(graded: Graded) -> None:
    # nbgrader ends with 1 when it left somebody out.
    left_out = any(case.left_out for case in CASES) and graded.way == "nbgrader"
    assert set(graded.codes) <= ({0, 1} if left_out else {0}), graded.stdout[-3000:] + graded.stderr[-3000:]


def test_nothing_of_the_host_was_changed_and_nobody_knocked(graded: Graded) -> None:
    assert {word: paths for word, paths in graded.changed.items() if paths} == {}
    assert graded.knocked == []


def test_no_process_is_left(graded: Graded) -> None:
    assert graded.left == []


def test_the_honest_students_have_the_grades_they_have_alone(
    graded: Graded, template: Path, tmp_path: Path
) -> None:
    root = tmp_path / "course"
    shutil.copytree(template, root, symlinks=True)
    classroom.hand_in_honest(root)
    way = (
        ("-m", "autograder", "grade", TASKS[0], "--no-feedback")
        if graded.way == "grade"
        else ("-m", "nbgrader", "autograde", TASKS[0])
    )
    done = classroom.run(root, *way)
    assert done.code == 0, done.stderr
    alone = classroom.gradebook(root, TASKS[0])
    assert sum(points or 0 for points in alone["honest-ada"].values()) == 100
    assert 80 < sum(points or 0 for points in alone["honest-ben"].values()) < 100
    for student in HONEST:
        assert graded.points[f"{TASKS[0]} {student}"] == alone[student]
        path = Path("autograded", student, TASKS[0], f"{TASKS[0]}.ipynb")
        assert Path(graded.roots[student], path).read_bytes() == (root / path).read_bytes()


def test_nothing_secret_is_in_any_output(graded: Graded) -> None:
    secret = [REFERENCE_MARK, CANARY_MARK, *graded.secrets]
    # One expression: there are hundreds of words and hundreds of pages.
    words = re.compile("|".join(map(re.escape, secret)))
    for student, what, text in classroom.outputs(graded):
        assert words.search(text) is None, (what, words.findall(text)[:3])
        if student not in HONEST:
            assert HONEST_MARK not in text, what


def test_printed_inputs_are_in_no_output(graded: Graded) -> None:
    case = BY_NAME["prints-inputs"]
    seed = bytes.fromhex(seed_of(graded, case))
    draws = {round(float(value), 12) for value in check_rng(seed, "sigmoid_values").normal(size=7)}
    inputs = [repr(3 * value)[:12] for value in draws]
    for _, what, text in classroom.outputs(graded):
        assert not [value for value in inputs if value in text], what


def seed_of(graded: Graded, case: Case) -> str:
    (seed, *_) = classroom.seeds(Path(graded.roots[case.student]), [(case.task, case.student)])
    return seed


def test_what_the_grader_prints_holds_no_control_characters(graded: Graded) -> None:
    for text in (graded.stdout, graded.stderr):
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"]


def test_pages_and_notebooks_hold_no_control_characters(graded: Graded) -> None:
    for _, what, text in classroom.outputs(graded):
        found = re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
        assert not found or what.endswith((".npz", ".txt")), (what, found[:5])


class Runnable(HTMLParser):
    """Collects what a browser would run of a page: scripts, handlers, addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        self.found += [
            value or "" for name, value in attrs if name.startswith("on") or name in ("href", "src")
        ]

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.found.append(data)


@pytest.mark.skipif(os.getuid() != 0, reason="the pages of one user are enough")
def test_feedback_pages_run_nothing_of_a_student(way_graded: Grade) -> None:
    graded = way_graded("grade")
    pages = list(Path(graded.roots["scripts-in-text"], "feedback").rglob("*.html"))
    assert len(pages) >= len({case.student for case in CASES if case.needs != "root"})
    for page in pages:
        runnable = Runnable()
        runnable.feed(page.read_text(errors="replace"))
        assert len(runnable.found) > 1, "nbgrader's own scripts"
        assert not [code for code in runnable.found if "forged" in code], page
