"""Everything an evaluation of one task needs besides the submission, and a hash of what can change its result."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from autograder import datasets
from autograder.checks import TaskData
from autograder.course import Course, home_of
from autograder.datasets.cache import cache_root
from autograder.grading.secret import course_secret
from autograder.sandbox.backends import Launch
from autograder.sandbox.kit import PACKAGE, stage

# Of the package, what a result depends on besides the task's own three files.
JUDGING = (
    "expect.py",
    "gradcheck.py",
    "relations.py",
    "calls",
    "checks/__init__.py",
    "checks/outcome.py",
    "sandbox",
)
# The words of the feedback depend on these too.
NAMING = ("grading/diagnosis.py", "misconceptions/__init__.py")


@dataclass(frozen=True)
class Plan:
    """How the submissions of one task are evaluated.

    Attributes:
        launch: what the sandbox sees and may use.
        assignment: hash of text, reference, checks and limits.
        data_set: name of the data set, "mnist" or "cifar10".
        data_id: hash of the data.
        walls: False without a full sandbox.
    """

    task: str
    home: Path
    launch: Launch
    assignment: str
    data_set: str
    data_id: str
    data_kind: str
    secret: bytes
    walls: bool

    def data(self) -> TaskData:
        """The task's data as checks get it: what the notebook sees, and what it never sees."""
        return _load_data(self.data_set, self.launch.data, self.data_kind)


def make_plan(course: Course, task: str, *, walls: bool = True) -> Plan:
    """The plan for ``task``.

    Raises:
        CourseError, SecretError, DataError: the course, its secret or its data cannot be used.
    """
    name = course.task(task).data
    source = getattr(datasets, f"{name}_source")()
    shown = datasets.sandbox_split(data=name)
    return Plan(
        task=task,
        home=home_of(course.root),
        launch=Launch(kit=stage(cache_root()), data=shown, limits=course.limits),
        assignment=assignment_hash(course, task),
        data_set=name,
        data_id=_data_id(name, source.id),
        data_kind=source.kind,
        secret=course_secret(course.root, course.seed_source),
        walls=walls,
    )


def assignment_hash(course: Course, task: str) -> str:
    """SHA-256 over text, reference, checks and limits of ``task``, with all the earlier references it uses."""
    home, row = home_of(course.root), course.task(task)
    files = [
        home / "assignments" / f"{task}.md",
        PACKAGE / "checks/thresholds.json",
    ]
    # Later checks and references use those of the tasks they build on.
    for name in (*row.builds_on, task):
        files += [PACKAGE / "checks" / f"{name}.py", home / "solutions" / f"{name}.py"]
    files += [path for path in [PACKAGE / "misconceptions" / f"{task}.py"] if path.is_file()]
    for name in (*JUDGING, *NAMING):
        path = PACKAGE / name
        files += sorted(path.glob("*.py")) if path.is_dir() else [path]
    digest = hashlib.sha256(repr(sorted(asdict(course.limits).items())).encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _data_id(data_set: str, own: str) -> str:
    """``own``, the hash of the task's data set, together with MNIST's, which earlier notebooks use."""
    if data_set == "mnist":
        return own
    return hashlib.sha256(f"{own} {datasets.mnist_source().id}".encode()).hexdigest()


@cache
def _load_data(data_set: str, shown: Path, kind: str) -> TaskData:
    load = getattr(datasets, f"load_{data_set}")
    return TaskData(
        source=kind,
        train=load("train", root=shown),
        test=load("test", root=shown),
        held_out=load("test"),
    )
