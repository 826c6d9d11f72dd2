"""The course file: `course.toml`, validated on load, one clear line for each thing that is wrong."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autograder.checks import CheckDefinitionError, load_checks
from autograder.course_dates import read_late, take_moment, take_zone
from autograder.grading.deadlines import LatePolicy
from autograder.sandbox.limits import Limits
from autograder.toml_reader import Reader

DATA_SETS = ("mnist", "cifar10")
SEED_SOURCES = ("file", "environment")
PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class CourseError(Exception):
    """Something about the course is wrong; one line a problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Task:
    """One row of the course.

    Attributes:
        name: of its three files and its nbgrader assignment.
        due: when submissions are due, in UTC; None when the course names no date.
        data: the data set that its notebook loads.
        builds_on: earlier tasks whose notebooks this one carries.
        files: names of files handed in beside the notebook.
        release: when students got it, in UTC; what was handed in before that is flagged.
    """

    name: str
    due: datetime.datetime | None = None
    data: str = "mnist"
    builds_on: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    release: datetime.datetime | None = None


@dataclass(frozen=True)
class Course:
    """The whole course.

    Attributes:
        root: the folder of `course.toml`; everything built or collected lies in it.
        tasks: by name, in the order of the course.
        timezone: of every date without an offset.
        packages: what notebooks may import besides the course's own, as pip names it.
        late: what being late costs; None when `course.toml` does not say, and nbgrader's own plugin decides.
    """

    root: Path
    id: str
    title: str
    seed_source: str
    limits: Limits
    tasks: dict[str, Task]
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    late: LatePolicy | None = None
    packages: tuple[str, ...] = ()

    @property
    def submitted(self) -> Path:
        """Where nbgrader collects to: STUDENT/TASK/."""
        return self.root / "submitted"

    def task(self, name: str) -> Task:
        """The task ``name``.

        Raises:
            CourseError: there is none.
        """
        if name not in self.tasks:
            raise CourseError([f"There is no task {name!r}. The course has: {', '.join(self.tasks)}."])
        return self.tasks[name]


def load_course(root: Path) -> Course:
    """Read and check `course.toml` in ``root``.

    Raises:
        CourseError: a problem a line, each with the table and key it is about.
    """
    path = root / "course.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CourseError(
            [f"{path} does not exist. Start autograder in the folder of your course."]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError([f"{path}: {error}"]) from None
    problems: list[str] = []
    top = Reader(content, "course.toml", problems)
    course = Reader(top.take("course", dict, {}, required=True), "[course]", problems)
    course_id = course.take("id", str, "", required=True)
    title = course.take("title", str, "", required=True)
    seed_source = course.take("seed_source", str, "file")
    zone = take_zone(course)
    packages = _packages([*top.take("packages", list, []), *course.take("packages", list, [])], problems)
    course.finish(["id", "title", "seed_source", "timezone", "packages"])
    if seed_source not in SEED_SOURCES:
        problems.append(f"[course]: seed_source is {seed_source!r}; expected {' or '.join(SEED_SOURCES)}")
    limits = _limits(top.take("limits", dict, {}), problems)
    late = read_late(Reader(top.take("late", dict, {}), "[late]", problems)) if "late" in top.table else None
    rows = top.take("tasks", list, [], required=True)
    top.finish(["course", "late", "limits", "packages", "tasks"])
    tasks: dict[str, Task] = {}
    for number, row in enumerate(rows, 1):
        task = _task(row, number, root, tasks, zone, problems)
        if task is not None:
            tasks[task.name] = task
    if not problems:
        problems += _check_problems(list(tasks))
    if problems:
        raise CourseError(problems)
    return Course(root.resolve(), course_id, title, seed_source, limits, tasks, zone, late, packages)


def _packages(names: list[Any], problems: list[str]) -> tuple[str, ...]:
    for name in names:
        if not isinstance(name, str) or not PACKAGE.fullmatch(name):
            problems.append(
                f"[course]: packages names {name!r}; expected names as pip knows them, without a version"
            )
    return tuple(dict.fromkeys(map(str, names)))


def _limits(table: dict[str, Any], problems: list[str]) -> Limits:
    reader = Reader(dict(table), "[limits]", problems)
    names = [limit.name for limit in fields(Limits)]
    values = {}
    for name in names:
        default = getattr(Limits(), name)
        value = reader.take(name, (int, float) if isinstance(default, float) else int, default)
        if value <= 0:
            problems.append(f"[limits]: {name} is {value}; expected a positive number")
        values[name] = type(default)(value)
    reader.finish(names)
    return Limits(**values)


def _task(
    row: Any, number: int, root: Path, earlier: dict[str, Task], zone: ZoneInfo, problems: list[str]
) -> Task | None:
    reader = Reader(dict(row) if isinstance(row, dict) else row, f"[[tasks]] number {number}", problems)
    name = reader.take("name", str, required=True)
    if name is None:
        return None
    reader.where = where = f"[[tasks]] {name}"
    if not NAME.match(name):
        problems.append(f"{where}: expected a name of small letters, digits and _")
        return None
    if name in earlier:
        problems.append(f"{where}: there are two tasks of this name")
    due, released = take_moment(reader, "due", zone), take_moment(reader, "release", zone)
    data = reader.take("data", str, "mnist")
    builds_on = reader.take("builds_on", list, [])
    files = reader.take("files", list, [])
    reader.finish(["name", "due", "release", "data", "builds_on", "files"])
    if due is not None and released is not None and released >= due:
        problems.append(f"{where}: release is not before due")
    if data not in DATA_SETS:
        problems.append(f"{where}: data is {data!r}; expected {' or '.join(DATA_SETS)}")
    for other in builds_on:
        if other not in earlier:
            problems.append(f"{where}: builds_on names {other!r}, which is no earlier task")
    for file in files:
        if not isinstance(file, str) or Path(file).name != file or file.startswith("."):
            problems.append(f"{where}: files names {file!r}; expected plain file names")
    for path in (f"assignments/{name}.md", f"solutions/{name}.py", f"autograder/checks/{name}.py"):
        if not (home_of(root) / path).is_file():
            problems.append(f"{where}: {path} does not exist")
    return Task(name, due, data, tuple(map(str, builds_on)), tuple(map(str, files)), released)


def _check_problems(tasks: list[str]) -> list[str]:
    """What is wrong with the checks themselves: `check("name")` in a notebook finds a check by its name alone."""
    owners: dict[str, str] = {}
    problems = []
    for task in tasks:
        try:
            checks = load_checks(task)
        except CheckDefinitionError as error:
            problems.append(str(error))
            continue
        except Exception as error:  # the file is Python: importing it may fail in any way
            problems.append(f"autograder/checks/{task}.py: {type(error).__name__}: {error}")
            continue
        for name, check in checks.items():
            if name in owners:
                problems.append(
                    f"{check.place}: {task} has a check {name}, as {owners[name]} has; rename one"
                )
            owners.setdefault(name, task)
    return problems


def home_of(root: Path) -> Path:
    """The folder with `assignments/`, `solutions/` and `autograder/`: ``root``, or this checkout."""
    return root if (root / "assignments").is_dir() else Path(__file__).resolve().parent.parent
