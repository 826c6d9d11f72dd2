"""The demonstration course: a folder of its own, built, released, and handed in by twelve students."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from autograder.authoring.release import release
from autograder.authoring.solve import read_release, read_source
from autograder.course import Course, home_of, load_course
from autograder.datasets import mnist_source
from autograder.datasets.digits import write_digits
from autograder.demo.students import STUDENTS
from solutions.handed_in import reference_files

TRAIN, TEST = 36_000, 6_000  # drawn in a few seconds; enough to train on
EMPTY_HANDED = "ben"
MARK = ".autograder-demo"


def make_class(course: Course, folder: Path, *, say: Callable[[str], None]) -> list[str]:
    """Make the demonstration course in ``folder``; the names of its tasks.

    Raises:
        FileExistsError: the folder holds something else.
    """
    fresh_folder(folder)
    home = home_of(course.root)
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copyfile(home / name, folder / name)
    if "AUTOGRADER_DATA" not in os.environ:
        say(f"drawing {TRAIN + TEST} digits")
        write_digits(folder / "data" / "mnist", train=TRAIN, test=TEST)
        os.environ["AUTOGRADER_DATA"] = str((folder / "data").resolve())
    say(f"data: {mnist_source().kind} ({mnist_source().path})")
    demo = load_course(folder.resolve())
    tasks = list(demo.tasks)
    release(demo, tasks, progress=say)
    handed_in = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    for task in tasks:
        files = reference_files(task)
        source, released = read_source(demo.root, task), read_release(demo.root, task)
        for student in STUDENTS:
            place = demo.submitted / student.name / task
            place.mkdir(parents=True)
            (place / "timestamp.txt").write_text(handed_in)
            notebook = student.hand_in(task, source, released)
            if notebook is not None:
                (place / f"{task}.ipynb").write_bytes(notebook)
                for name, content in ({} if student.name == EMPTY_HANDED else files).items():
                    (place / name).write_bytes(content)
    say(f"{len(STUDENTS)} students handed in {len(tasks)} tasks:")
    for student in STUDENTS:
        say(f"  {student.name:<8} {student.story}")
    return tasks


def fresh_folder(folder: Path) -> None:
    """An empty ``folder``; only a demonstration made earlier is removed."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).is_file():
            raise FileExistsError(
                f"{folder} exists and is no demonstration course: choose another one with --folder"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
