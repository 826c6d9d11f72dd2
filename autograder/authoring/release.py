"""`autograder release`: nbgrader's release version and the student kit, checked before anything is put in place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.authoring.build import Built, build
from autograder.authoring.errors import AuthoringError
from autograder.authoring.record import record_answers
from autograder.authoring.selfcheck import notebook_problems, wheel_problems
from autograder.course import Course, home_of
from autograder.files import replace_durably
from autograder.notebook.answers import recorded_path

KIT = "student-kit"  # beside release/, whose folders nbgrader takes for assignments
MESSAGE_LINES = 8  # of what a failed command says


@dataclass(frozen=True)
class Released:
    """What a release made.

    Attributes:
        built: the report of each task's build.
        notebooks: nbgrader's release version of each task.
        wheel, requirements: the student kit; ``pip install -r requirements.txt`` in its folder installs it.
    """

    built: tuple[Built, ...]
    notebooks: tuple[Path, ...]
    wheel: Path
    requirements: Path


def release(
    course: Course,
    tasks: Iterable[str],
    *,
    force: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Released:
    """Build ``tasks``, make `release/<task>/` by nbgrader and the student kit, and check them; all or nothing.

    Args:
        force: as for `build`.
        progress: called with a few words before every step.

    Raises:
        AuthoringError: the build has problems or was refused, nbgrader failed, or the self-check found something.
            What was released before is then untouched.
    """
    announce = progress or (lambda step: None)
    home = home_of(course.root)
    names = list(dict.fromkeys(tasks))
    built = build(course, names, force=force, progress=lambda task: announce(f"building {task}"))
    refused = [line for report in built for line in report.problems]
    if refused:
        raise AuthoringError(refused)
    # The kit serves the whole course: answers recorded earlier must still fit their checks.
    for row in course.tasks.values():
        if row.name not in names and recorded_path(row.name).exists():
            record_answers(row.name, home=home, data=row.data)
    with _staging(course.root) as staging:
        problems = []
        _generate(course, home, names, staging, announce)
        for name in names:
            notebook = staging / name / f"{name}.ipynb"
            source = course.root / "source" / name / f"{name}.ipynb"
            found = notebook_problems(nbformat.read(notebook, 4), nbformat.read(source, 4))
            problems += [f"release/{name}/{name}.ipynb: {problem}" for problem in found]
        announce("packing the student kit")
        wheel = _wheel(home, staging / KIT, course.packages)
        problems += [f"{KIT}/{wheel.name}: {problem}" for problem in wheel_problems(wheel)]
        if problems:
            raise AuthoringError([f"not released: {problem}" for problem in problems])
        for name in names:
            _replace(staging / name, course.root / "release" / name)
        _replace(staging / KIT, course.root / KIT)
        _write_dates(course, names)
    kit = course.root / KIT
    notebooks = tuple(course.root / "release" / name / f"{name}.ipynb" for name in names)
    return Released(tuple(built), notebooks, kit / wheel.name, kit / "requirements.txt")


def _write_dates(course: Course, tasks: list[str]) -> None:
    """Due dates into the gradebook, and when the tasks were released first into the journal."""
    from autograder.grading.journal import Journal
    from autograder.grading.private import close_to_others
    from autograder.grading.settling import deadlines_of

    with Journal(course.root / "journal.db") as journal:
        for task in tasks:
            journal.remember_release(task)
    with deadlines_of(course) as deadlines:
        if deadlines is not None:
            deadlines.write_due_dates()
    close_to_others(course.root)


@contextmanager
def _staging(root: Path) -> Iterator[Path]:
    """A folder of the same file system that is gone afterwards, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=".release-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _generate(
    course: Course, home: Path, tasks: list[str], staging: Path, announce: Callable[[str], None]
) -> None:
    """nbgrader's generate_assignment, with the configuration of the course or else of this checkout."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    own = course.root / "nbgrader_config.py"
    config = PyFileConfigLoader(str(own if own.exists() else home / "nbgrader_config.py")).load_config()
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.course_id = course.id
    config.CourseDirectory.release_directory = staging.name
    api = NbGraderAPI(config=config)
    for task in tasks:
        announce(f"releasing {task}")
        result = api.generate_assignment(task, force=True, create=True)
        if not result["success"] or not (staging / task / f"{task}.ipynb").is_file():
            said = str(result.get("error") or result.get("log") or "it made no notebook").strip().splitlines()
            what = f"nbgrader generate_assignment {task} failed:"
            raise AuthoringError([what, *(f"  {line}" for line in said[-MESSAGE_LINES:])])


def _wheel(home: Path, folder: Path, packages: tuple[str, ...]) -> Path:
    """The student's package, built offline, with a requirements file that names it and the course's ``packages``."""
    _run("building the wheel", ["hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=home, home=home)
    (wheel,) = folder.glob("*.whl")
    (folder / "requirements.txt").write_text("\n".join([f"./{wheel.name}", *packages, ""]), encoding="utf-8")
    return wheel


def _run(what: str, command: list[str], *, cwd: Path, home: Path) -> None:
    path = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-MESSAGE_LINES:]
        raise AuthoringError(
            [f"{what} failed (exit code {done.returncode}):", *(f"  {line}" for line in said)]
        )


def _replace(new: Path, old: Path) -> None:
    """Put the folder ``new`` where ``old`` was."""
    old.parent.mkdir(parents=True, exist_ok=True)
    if old.exists():
        shutil.rmtree(old)
    replace_durably(new, old)
