"""`course.toml`: what is wrong is said in one clear line each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.course import CourseError, load_course
from autograder.grading.deadlines import LatePolicy, Measure

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
    assert course.packages == ()


@pytest.mark.parametrize(
    "place",
    ['packages = ["tqdm", "scikit-learn"]\n[course]', '[course]\npackages = ["tqdm", "scikit-learn"]'],
)
def test_packages_stand_at_the_top_or_in_the_course(tmp_path: Path, place: str) -> None:
    (tmp_path / "course.toml").write_text(GOOD.replace("[course]", place))
    assert load_course(tmp_path).packages == ("tqdm", "scikit-learn")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "nn"', "", "[course]: the key id is missing"),
        ('id = "nn"', "id = 3", "[course]: id is 3; expected str"),
        ('id = "nn"', 'id = "nn"\npackages = "tqdm"', "[course]: packages is 'tqdm'; expected list"),
        ('id = "nn"', 'id = "nn"\npackages = ["tqdm>=4"]', "[course]: packages names 'tqdm>=4'"),
        ('id = "nn"', 'id = "nn"\npackages = ["-r x", 3, ""]', "[course]: packages names '-r x'"),
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
        ('id = "nn"', 'id = "nn"\ntimezone = "JST"', "timezone is 'JST'; expected a name of the IANA"),
        ('id = "nn"', 'id = "nn"\ntimezone = "Asia/Tokio"', "as 'Asia/Tokyo'"),
        ('id = "nn"', 'id = "nn"\ntimezone = "Asia"', "timezone is 'Asia'"),
        ('id = "nn"', 'id = "nn"\ntimezone = "/etc/passwd"', "timezone is '/etc/passwd'"),
        ("2027-04-19T23:59:00", '"soon"', "due is 'soon'; expected date or datetime"),
        ("2027-04-19T23:59:00", "9999-12-31T23:59:00-12:00", "expected a date of this age"),
        ("due = 2027-04-19T23:59:00", "due = 2027-04-19\nrelease = 2027-04-20", "release is not before due"),
        (
            "[limits]",
            "[late]\npercent = 10\n[limits]",
            "percent of what? expected percent_of_score or percent_of",
        ),
        (
            "[limits]",
            "[late]\npoints = 10\npercent_of_score = 1\n[limits]",
            "both points and percent_of_score",
        ),
        ("[limits]", "[late]\npercent_of_score = 101\n[limits]", "expected a number above 0 and at most 100"),
        ("[limits]", "[late]\npoints = nan\n[limits]", "points is nan; expected a number above 0"),
        ("[limits]", '[late]\npoints = 1\nper = "week"\n[limits]', "per is 'week'; expected day or hour"),
        ("[limits]", "[late]\ncap = 50\n[limits]", "cap without a penalty"),
        ("[limits]", "[late]\npoints = 1\ncap = 0\n[limits]", "cap is 0; expected a number above 0"),
        (
            "[limits]",
            "[late]\ngrace_minutes = inf\n[limits]",
            "grace_minutes is inf; expected a number from 0",
        ),
        ("[limits]", "[late]\nlate_days = -1\n[limits]", "late_days is -1; expected a number from 0 to 366"),
        ("[limits]", "[late]\nlate_days = 1.5\n[limits]", "late_days is 1.5; expected int"),
        ("[limits]", "[late]\ndays = 1\n[limits]", "[late]: unknown key days; known are points, "),
        ("[limits]", "[[late]]\npoints = 1\n[limits]", "late is [{'points': 1}]; expected dict"),
    ],
)
def test_each_mistake_gets_a_clear_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    found = problems_of(tmp_path, GOOD.replace(old, new))
    assert any(says in line for line in found), found


IN_NEW_YORK = GOOD.replace('id = "nn"', 'id = "nn"\ntimezone = "America/New_York"')


@pytest.mark.parametrize(
    ("due", "moment"),
    [
        ("2027-04-19T23:59:00", "2027-04-20T03:59:00"),
        ("2027-12-20T23:59:00", "2027-12-21T04:59:00"),
        ("2027-04-19T23:59:00Z", "2027-04-19T23:59:00"),
        ("2027-04-19", "2027-04-20T03:59:59"),  # to the end of the day
        ("2027-11-07T01:30:00-05:00", "2027-11-07T06:30:00"),
    ],
)
def test_due_dates_are_in_the_time_zone_of_the_course(tmp_path: Path, due: str, moment: str) -> None:
    (tmp_path / "course.toml").write_text(IN_NEW_YORK.replace("2027-04-19T23:59:00", due))
    task = load_course(tmp_path).task("task1_forward")
    assert task.due == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "says"),
    [
        ("2027-11-07T01:30:00", "shown twice by the clocks of America/New_York"),
        ("2027-03-14T02:30:00", "never shown by the clocks"),
    ],
)
def test_a_due_date_that_the_clocks_show_twice_or_never_needs_an_offset(
    tmp_path: Path, due: str, says: str
) -> None:
    (problem,) = problems_of(tmp_path, IN_NEW_YORK.replace("2027-04-19T23:59:00", due))
    assert says in problem
    assert f"add an offset, as {due}-0" in problem


def test_a_late_policy_is_read(tmp_path: Path) -> None:
    late = (
        '[late]\npercent_of_score = 10\nper = "hour"\ncap = 50\ngrace_minutes = 15\nlate_days = 3\n[limits]'
    )
    (tmp_path / "course.toml").write_text(GOOD.replace("[limits]", late))
    policy = LatePolicy(Measure.OF_SCORE, 10.0, "hour", 50.0, timedelta(minutes=15), 3)
    assert load_course(tmp_path).late == policy
    (tmp_path / "course.toml").write_text(GOOD.replace("[limits]", "[late]\n[limits]"))
    assert load_course(tmp_path).late == LatePolicy()  # late is marked and costs nothing
    (tmp_path / "course.toml").write_text(GOOD)
    assert load_course(tmp_path).late is None


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    found = problems_of(tmp_path, GOOD.replace('id = "nn"', "id = 3").replace("wall_s = 60", "wall_s = 0"))
    assert len(found) == 2
