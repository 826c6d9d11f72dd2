"""The demonstration course: a folder of its own, built, released, and handed in by twelve students."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from autograder.authoring.release import release
from autograder.authoring.solve import read_release, read_source
from autograder.course import Course, home_of, load_course
from autograder.datasets import load_mnist, mnist_source
from autograder.datasets.digits import write_digits
from autograder.demo.students import STUDENTS

TRAIN, TEST = 12_000, 2_000  # drawn in about two seconds; enough to train on
SUBMITTED_AT = "2027-04-01 12:00:00 UTC"
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
    parameters = trained_parameters()
    for task in tasks:
        source, released = read_source(demo.root, task), read_release(demo.root, task)
        for student in STUDENTS:
            place = demo.root / "submitted" / student.name / task
            place.mkdir(parents=True)
            (place / "timestamp.txt").write_text(SUBMITTED_AT)
            notebook = student.hand_in(task, source, released)
            if notebook is not None:
                (place / f"{task}.ipynb").write_bytes(notebook)
            if notebook is not None and "parameters.npz" in demo.tasks[task].files and student.name != "ben":
                (place / "parameters.npz").write_bytes(parameters)
    say(f"{len(STUDENTS)} students handed in {len(tasks)} tasks:")
    for student in STUDENTS:
        say(f"  {student.name:<8} {student.story}")
    return tasks


def fresh_folder(folder: Path) -> None:
    """An empty ``folder``; only a demonstration made earlier is removed."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).is_file():
            raise FileExistsError(f"{folder} exists and is no demonstration course. Choose another folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def trained_parameters() -> bytes:
    """An `.npz` file of the task 3 reference, trained for a few epochs."""
    import contextlib
    import io
    import tempfile

    from solutions.task1_forward import init_parameters
    from solutions.task3_backprop import save_parameters, train

    images, labels = load_mnist("train")
    with contextlib.redirect_stdout(io.StringIO()):
        parameters = train(init_parameters(), images[:TRAIN], labels[:TRAIN], epochs=8)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "parameters.npz"
        save_parameters(str(path), parameters)
        return path.read_bytes()
