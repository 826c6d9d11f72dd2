"""`course.toml`: what is wrong is said in one clear line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import CourseError, load_course

HOME = Path(__file__).resolve().parents[1]
GOOD = """
[course]
id = "nn"
title = "Networks"
[limits]
wall_s = 60
[[tasks]]
name = "task1_forward"
due = 2027-04-19T23:59:00
[[tasks]]
name = "task2_minibatch"
builds_on = ["task1_forward"]
"""


def problems_of(folder: Path, text: str) -> list[str]:
    (folder / "course.toml").write_text(text)
    with pytest.raises(CourseError) as error:
        load_course(folder)
    return error.value.problems


def test_the_course_of_this_checkout_is_valid() -> None:
    course = load_course(HOME)
    assert list(course.tasks)[:4] == [
        "task1_forward",
        "task2_minibatch",
        "task3_backprop",
        "task4_classifier",
    ]


def test_values_and_defaults_are_read(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text(GOOD)
    course = load_course(tmp_path)
    assert course.limits.wall_s == 60.0
    assert course.limits.processes == 64
    assert course.tasks["task2_minibatch"].builds_on == ("task1_forward",)
    assert course.seed_source == "file"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "nn"', "", "[course]: the key id is missing"),
        ('id = "nn"', "id = 3", "[course]: id is 3; expected str"),
        ('id = "nn"', 'id = "nn"\nteacher = "x"', "[course]: unknown key teacher"),
        ("wall_s = 60", "wall_s = -1", "[limits]: wall_s is -1; expected a positive number"),
        ("wall_s = 60", 'wall_s = "60"', "[limits]: wall_s is '60'; expected float or int"),
        ("wall_s = 60", "walls = 60", "[limits]: unknown key walls"),
        ('name = "task2_minibatch"', 'name = "task1_forward"', "there are two tasks of this name"),
        ('name = "task2_minibatch"', 'name = "Task 2"', "expected a name of small letters"),
        ('name = "task2_minibatch"', 'name = "task9_missing"', "solutions/task9_missing.py does not exist"),
        ('builds_on = ["task1_forward"]', 'builds_on = ["task7"]', "'task7', which is no earlier task"),
        ('builds_on = ["task1_forward"]', 'files = ["../x"]', "'../x'; expected plain file names"),
        (
            'builds_on = ["task1_forward"]',
            'data = "imagenet"',
            "data is 'imagenet'; expected mnist or cifar10",
        ),
        ("[limits]", "[limits", "course.toml"),
    ],
)
def test_each_mistake_gets_a_clear_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    found = problems_of(tmp_path, GOOD.replace(old, new))
    assert any(says in line for line in found), found


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    found = problems_of(tmp_path, GOOD.replace('id = "nn"', "id = 3").replace("wall_s = 60", "wall_s = 0"))
    assert len(found) == 2
