"""Packages that a course lists: part of what a grade depends on, and missed before anybody is graded."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from autograder.course import Course, CourseError, load_course
from autograder.grading import packages
from autograder.grading.cluster_worker import Job, differences
from autograder.grading.plan import Keys, Plan, make_plan
from tests.grading.conftest import HOME, command

TASK = "task1_forward"


@pytest.fixture
def course() -> Course:
    return replace(load_course(HOME), packages=("A.package-nobody_has",))


def plan_of(course: Course) -> Plan:
    return make_plan(course, TASK, keys=Keys(lambda submission: b"\1" * 32, b"\2" * 32))


def test_versions_are_those_that_the_sandbox_sees(course: Course) -> None:
    found = packages.packages_of(replace(course, packages=("NumPy", "python.mnist", "a-package-nobody-has")))
    assert found == {
        "ipython": version("ipython"),
        "NumPy": version("numpy"),
        "python.mnist": version("python-mnist"),
        "a-package-nobody-has": packages.MISSING,
    }


def test_installing_a_package_grades_anew_who_was_refused_without_it(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan_of(course)
    assert plan_of(course).judging == before.judging
    monkeypatch.setattr("autograder.grading.plan.packages_of", lambda course: {**before.packages, "A": "1.0"})
    assert plan_of(course).judging != before.judging
    monkeypatch.setattr(
        "autograder.grading.plan.packages_of", lambda course: {**before.packages, "ipython": "0"}
    )
    assert plan_of(course).judging != before.judging


def test_a_worker_of_a_cluster_names_the_package_that_it_does_not_have(course: Course) -> None:
    plan = plan_of(course)
    theirs = replace(plan, packages={**plan.packages, "A.package-nobody_has": "4.2"})
    said = differences(Job.of(theirs, "run"), Job.of(plan, "run").plan())
    assert "the package A.package-nobody_has missing instead of 4.2" in said
    assert differences(Job.of(plan, "run"), Job.of(plan, "run").plan()) == ""


def test_a_missing_package_is_named_with_the_command_that_installs_it(course: Course) -> None:
    with pytest.raises(CourseError, match=r"A\.package-nobody_has") as error:
        packages.require_packages(course)
    assert error.value.problems[0].endswith(" install A.package-nobody_has")


def test_grade_and_doctor_say_what_is_missing(tmp_path: Path) -> None:
    text = (HOME / "course.toml").read_text(encoding="utf-8")
    (tmp_path / "course.toml").write_text('packages = ["a-package-nobody-has"]\n' + text, encoding="utf-8")
    done = command(tmp_path, "grade", TASK)
    assert done.returncode == 2
    assert "Notebooks may import a-package-nobody-has" in done.stderr
    assert "Traceback" not in done.stderr
    done = command(tmp_path, "doctor")
    assert done.returncode == 1
    assert "✗ package a-package-nobody-has missing. Install it: " in done.stdout
    assert "✓ package ipython" in done.stdout
