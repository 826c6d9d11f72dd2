"""Everything an evaluation of one task needs besides the submission, and a hash of what can change its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path

from autograder import datasets
from autograder.checks import TaskData, load_checks
from autograder.course import Course, home_of
from autograder.datasets.cache import cache_root
from autograder.datasets.held_out import HeldOut
from autograder.grading.digests import check_digests, reference_digest
from autograder.grading.packages import packages_of
from autograder.grading.secret import course_secret, held_out_key, submission_seed
from autograder.sandbox.backends import Launch
from autograder.sandbox.kit import PACKAGE, stage

# Of the package, what a result depends on besides the reference and what the checks are made of.
JUDGING = (
    "expect.py",
    "gradcheck.py",
    "relations.py",
    "calls",
    "checks/__init__.py",
    "checks/outcome.py",
    "datasets",
    "grading/cell_record.py",
    "grading/evaluate.py",
    "notebook",
    "sandbox",
)
# The words of the feedback depend on these too.
NAMING = ("grading/diagnosis.py", "misconceptions/__init__.py")


@dataclass(frozen=True)
class Plan:
    """How the submissions of one task are evaluated.

    Attributes:
        launch: what the sandbox sees and may use.
        judging: hash of what has a say in every check: reference, thresholds, limits, packages, the judging code.
        checks: by name of a check in the order of the task, the hash of what it is made of.
        assignment: hash of these two, and of what decides the words of the feedback.
        data_set: name of the data set, "mnist" or "cifar10".
        held_out: what no sandbox sees of it.
        data_id: hash of the data, of what is held out too.
        builds_on: earlier tasks that this one uses.
        packages: versions of what notebooks may import besides the course's own, and of IPython.
        seed_of: the seed of a submission, by its hash.
        walls: False without a full sandbox.
    """

    task: str
    home: Path
    launch: Launch
    judging: str
    checks: dict[str, str]
    assignment: str
    data_set: str
    held_out: HeldOut
    data_id: str
    builds_on: tuple[str, ...]
    packages: dict[str, str]
    seed_of: Callable[[str], bytes]
    walls: bool

    def data(self) -> TaskData:
        """The task's data as checks get it: what the notebook sees, and what it never sees."""
        return _load_data(self.data_set, self.launch.data, self.held_out)


@dataclass(frozen=True)
class Keys:
    """What a machine without the course secret is given in its place.

    Attributes:
        seed_of: the seed of a submission, by its hash.
        held_out: the key of the images that are held out.
    """

    seed_of: Callable[[str], bytes]
    held_out: bytes

    @classmethod
    def of(cls, course: Course, task: str) -> Keys:
        """The keys that belong to the secret of the course.

        Raises:
            SecretError: the secret cannot be used.
        """
        secret = course_secret(course.root, course.seed_source)
        return cls(partial(submission_seed, secret, task), held_out_key(secret))


def make_plan(course: Course, task: str, *, walls: bool = True, keys: Keys | None = None) -> Plan:
    """The plan for ``task``.

    Args:
        keys: by default those of the course secret.

    Raises:
        CourseError, SecretError, DataError: the course, its secret or its data cannot be used.
    """
    row = course.task(task)
    name = row.data
    keys = keys or Keys.of(course, task)
    held_out = HeldOut(getattr(datasets, f"{name}_source")(), keys.held_out)
    shown = datasets.sandbox_split(data=name)
    packages = packages_of(course)
    judging = _judging_hash(course, task, packages)
    checks = check_digests(task, load_checks(task))
    return Plan(
        task=task,
        home=home_of(course.root),
        launch=Launch(kit=stage(cache_root()), data=shown, limits=course.limits),
        judging=judging,
        checks=checks,
        assignment=_assignment_hash(task, judging, checks),
        data_set=name,
        held_out=held_out,
        data_id=_data_id(name, held_out),
        builds_on=row.builds_on,
        packages=packages,
        seed_of=keys.seed_of,
        walls=walls,
    )


def _judging_hash(course: Course, task: str, packages: dict[str, str]) -> str:
    home, row = home_of(course.root), course.task(task)
    thresholds = json.loads((PACKAGE / "checks/thresholds.json").read_text(encoding="utf-8-sig"))
    used = {name: value for name, value in thresholds.items() if name.split(".")[0] in (*row.builds_on, task)}
    limits = asdict(course.limits)
    del limits["wall_s"]  # it decides when an evaluation is given up, and never what comes of it
    digest = hashlib.sha256(repr(sorted(limits.items())).encode())
    digest.update(json.dumps([used, packages], sort_keys=True).encode())
    digest.update(reference_digest(home, task).encode())
    return _with_files(digest, JUDGING)


def _assignment_hash(task: str, judging: str, checks: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps([judging, list(checks.items())]).encode())
    own = f"misconceptions/{task}.py"
    return _with_files(digest, (*NAMING, own) if (PACKAGE / own).is_file() else NAMING)


def _with_files(digest: hashlib._Hash, names: tuple[str, ...]) -> str:
    """``digest`` over the files ``names`` of this package too, a folder being the files in it."""
    for name in names:
        path = PACKAGE / name
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _data_id(data_set: str, held_out: HeldOut) -> str:
    """The hash of the task's data set and of what is held out of it, together with MNIST's, which earlier notebooks use."""
    others = [held_out.id, datasets.mnist_source().id if data_set != "mnist" else ""]
    parts = [held_out.source.id, *filter(None, others)]
    return parts[0] if len(parts) == 1 else hashlib.sha256(" ".join(parts).encode()).hexdigest()


@cache
def _load_data(data_set: str, shown: Path, held_out: HeldOut) -> TaskData:
    load = getattr(datasets, f"load_{data_set}")
    return TaskData(
        source=held_out.source.kind,
        train=load("train", root=shown),
        test=load("test", root=shown),
        hold_out=held_out.load,
    )
