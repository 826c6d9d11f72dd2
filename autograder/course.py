"""The course file: `course.toml`, validated on load, one clear line for each thing that is wrong."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from autograder.checks import CheckDefinitionError, load_checks
from autograder.sandbox.limits import Limits

DATA_SETS = ("mnist", "cifar10")
SEED_SOURCES = ("file", "environment")
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
        due: when submissions are due, UTC when it has no offset; None for never.
        data: the data set that its notebook loads.
        builds_on: earlier tasks whose notebooks this one carries.
        files: names of files handed in beside the notebook.
    """

    name: str
    due: datetime.datetime | None = None
    data: str = "mnist"
    builds_on: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Course:
    """The whole course.

    Attributes:
        root: the folder of `course.toml`; everything built or collected lies in it.
        tasks: by name, in the order of the course.
    """

    root: Path
    id: str
    title: str
    seed_source: str
    limits: Limits
    tasks: dict[str, Task]

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


class _Reader:
    """Takes typed values out of one table and notes what is wrong with it."""

    def __init__(self, table: Any, where: str, problems: list[str]) -> None:
        self.where, self.problems = where, problems
        self.table = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            problems.append(f"{where}: expected a table, got {type(table).__name__}")

    def take(
        self, key: str, kind: type | tuple[type, ...], default: Any = None, *, required: bool = False
    ) -> Any:
        if key not in self.table:
            if required:
                self.problems.append(f"{self.where}: the key {key} is missing")
            return default
        value = self.table.pop(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            names = " or ".join(sorted({known.__name__ for known in kinds}))
            self.problems.append(f"{self.where}: {key} is {value!r}; expected {names}")
            return default
        return value

    def finish(self, allowed: list[str]) -> None:
        for key in self.table:
            self.problems.append(f"{self.where}: unknown key {key}; known are {', '.join(allowed)}")


def load_course(root: Path) -> Course:
    """Read and check `course.toml` in ``root``.

    Raises:
        CourseError: a problem a line, each with the table and key it is about.
    """
    path = root / "course.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(
            [f"{path} does not exist. Start autograder in the folder of your course."]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError([f"{path}: {error}"]) from None
    problems: list[str] = []
    top = _Reader(content, "course.toml", problems)
    course = _Reader(top.take("course", dict, {}, required=True), "[course]", problems)
    course_id = course.take("id", str, "", required=True)
    title = course.take("title", str, "", required=True)
    seed_source = course.take("seed_source", str, "file")
    course.finish(["id", "title", "seed_source"])
    if seed_source not in SEED_SOURCES:
        problems.append(f"[course]: seed_source is {seed_source!r}; expected {' or '.join(SEED_SOURCES)}")
    limits = _limits(top.take("limits", dict, {}), problems)
    rows = top.take("tasks", list, [], required=True)
    top.finish(["course", "limits", "tasks"])
    tasks: dict[str, Task] = {}
    for number, row in enumerate(rows, 1):
        task = _task(row, number, root, tasks, problems)
        if task is not None:
            tasks[task.name] = task
    if not problems:
        problems += _check_problems(list(tasks))
    if problems:
        raise CourseError(problems)
    return Course(root.resolve(), course_id, title, seed_source, limits, tasks)


def _limits(table: dict[str, Any], problems: list[str]) -> Limits:
    reader = _Reader(dict(table), "[limits]", problems)
    names = [field.name for field in fields(Limits)]
    values = {}
    for name in names:
        default = getattr(Limits(), name)
        value = reader.take(name, (int, float) if isinstance(default, float) else int, default)
        if value <= 0:
            problems.append(f"[limits]: {name} is {value}; expected a positive number")
        values[name] = type(default)(value)
    reader.finish(names)
    return Limits(**values)


def _task(row: Any, number: int, root: Path, earlier: dict[str, Task], problems: list[str]) -> Task | None:
    reader = _Reader(dict(row) if isinstance(row, dict) else row, f"[[tasks]] number {number}", problems)
    name = reader.take("name", str, required=True)
    if name is None:
        return None
    reader.where = where = f"[[tasks]] {name}"
    if not NAME.match(name):
        problems.append(f"{where}: expected a name of small letters, digits and _")
        return None
    if name in earlier:
        problems.append(f"{where}: there are two tasks of this name")
    due = reader.take("due", datetime.datetime)
    data = reader.take("data", str, "mnist")
    builds_on = reader.take("builds_on", list, [])
    files = reader.take("files", list, [])
    reader.finish(["name", "due", "data", "builds_on", "files"])
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
    return Task(name, due, data, tuple(map(str, builds_on)), tuple(map(str, files)))


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
