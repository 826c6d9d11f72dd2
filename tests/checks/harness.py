"""Grade one task in this process: the reference with mistakes planted, against the reference.

    grade("task1_forward")                                    every check on the reference itself
    grade("task1_forward", "def softmax(a): return a")        … on the reference with that mistake
    grade("task1_forward", STUB["task1_forward"])             … on a notebook where nothing is written yet
    grade_recorded("task1_forward", "def softmax(a): …")      the same, as a student's own run does it

The planted source runs after the reference's in the same namespace, so the reference's other functions call it too.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import sys
import tempfile
import warnings
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from autograder.calls import Recorder, RecordingRng, Replayer, ReplayRng, Session, connect
from autograder.checks import Check, TaskData, load_checks
from autograder.checks.outcome import CheckResult, Status, run_check
from autograder.checks.task4_classifier import packed
from autograder.datasets import arrays, lookup
from autograder.datasets.drawn_pictures import draw_pictures
from autograder.expect import random_network

ROOT = Path(__file__).resolve().parents[2]
TRAIN_COUNT, TEST_COUNT, HELD_OUT_COUNT = 4_000, 1_000, 1_000
PUBLIC_SEED = 784
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# What a student's function may return instead of what it should: the body of a function.
JUNK = {
    "none": "return None",
    "text": "return 'x'",
    "nan": "return float('nan')",
    "empty list": "return []",
    "empty dict": "return {}",
    "int": "return 3",
    "bool": "return True",
    "2x2 zeros": "return np.zeros((2, 2))",
    "empty array": "return np.zeros((0, 3))",
    "scalar array": "return np.array(1.0)",
    "object": "return object()",
    "class": "return object",
    "function": "return lambda *a, **k: None",
    "huge int": "return 10**30",
    "large int": "return 2**62",
    "ragged": "return [[1], [2, 3], 'x']",
    "nested": "return [[[[None]]]]",
    "pair": "return (1, 'x')",
    "pair of objects": "return object(), object()",
    "object array": "return np.array([object(), None])",
    "texts": "return np.array(['a', 'b'])",
    "complex": "return np.ones((3, 2)) * 1j",
    "dict of junk": "return {'W1': None, 'b1': 'x', 'W2': object(), 'b2': [[1], [2, 3]]}",
    "dict of nan": "return {'W1': np.full((784, 100), np.nan), 'b1': np.nan, 'W2': np.inf, 'b2': True}",
    "dict of scalars": "return {'W1': np.float64(1), 'b1': 2, 'W2': 3.0, 'b2': np.zeros(())}",
    "int keys": "return {1: 2}",
    "generator": "return (i for i in range(3))",
    "inf array": "return np.full((5, 10), np.inf)",
    "prints": "print('7\\n' * 50)",
    "prints binary": "print('\\x00\\ud7ff\\u0663 nan inf 1e999 -5')",
    "raises": "raise ValueError('junk')",
    "exits": "sys.exit(0)",
    "first argument": "return args[-1] if args else None",
}


def source_of(task: str) -> str:
    """The source of `solutions/<task>.py`."""
    return (ROOT / "solutions" / f"{task}.py").read_text(encoding="utf-8")


def public_names(task: str) -> list[str]:
    """The functions and classes that `solutions/<task>.py` defines, in order."""
    return list(_definitions(task))


def junk_source(task: str, name: str, body: str) -> str:
    """Source that replaces ``name`` (a function, or every method of a class) by a function with ``body``."""
    node = _definitions(task)[name]
    if isinstance(node, ast.FunctionDef):
        return f"def {name}(*args, **kwargs):\n    {body}\n"
    methods = [n.name for n in node.body if isinstance(n, ast.FunctionDef) and n.name != "__init__"]
    lines = [f"class {name}({name}):"]
    for method in methods:
        lines += [f"    def {method}(self, *args, **kwargs):", f"        {body}"]
    return "\n".join(lines) + "\n"


def stub_source(task: str) -> str:
    """Source that replaces everything public of ``task`` by what students start from."""
    lines = []
    for name in public_names(task):
        lines.append(junk_source(task, name, f"raise NotImplementedError('{task}: {name}')"))
    return "\n".join(lines)


@cache
def _compiled(task: str) -> CodeType:
    return compile(source_of(task), f"solutions/{task}.py", "exec")


@cache
def _definitions(task: str) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    body = ast.parse(source_of(task)).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def namespace_of(task: str, source_override: str = "") -> dict[str, Any]:
    """The names of `solutions/<task>.py` with ``source_override`` executed after it, as a notebook has them."""
    namespace: dict[str, Any] = {"__name__": f"student_{task}"}
    exec(_compiled(task), namespace)
    exec(compile(source_override, "<cell override>", "exec"), namespace)
    return namespace


def grade(
    task: str,
    source_override: str = "",
    seed: int = 0,
    *,
    only: str | None = None,
    data: TaskData | None = None,
    files: bool = True,
) -> dict[str, CheckResult]:
    """The result of every check of ``task`` (or of ``only`` one) on the reference with ``source_override``.

    Args:
        files: with what the reference hands in beside its notebook.
    """
    with student_place(files_of(task) if files else {}):
        results = {}
        for check in chosen(task, only):
            # A namespace for each check: when grading, each runs in a fork of the same state.
            student = connect(QuietSession(namespace_of(task, source_override)))
            reference = connect(Session(namespace_of(task)), trusted=True)
            results[check.name] = run_check(
                check, student, reference, rng_of(check, seed), data or data_of(task)
            )
    return results


def grade_recorded(
    task: str, source_override: str = "", *, only: str | None = None, data: TaskData | None = None
) -> dict[str, CheckResult]:
    """As `grade`, on recorded answers: what a student sees in the notebook."""
    with student_place(files_of(task)):
        results = {}
        for check in chosen(task, only):
            log, draws = recorded(task, check.name)
            student = connect(QuietSession(namespace_of(task, source_override)))
            reference = connect(Replayer(log), trusted=True)
            results[check.name] = run_check(
                check, student, reference, ReplayRng(draws), data or data_of(task)
            )
    return results


@cache
def recorded(task: str, name: str) -> tuple[list[Any], list[Any]]:
    """(log, draws) of the check ``name`` run with the reference on both sides."""
    (check,) = chosen(task, name)
    recorder = Recorder(Session(namespace_of(task)))
    rng = RecordingRng(rng_of(check, PUBLIC_SEED))
    with student_place(files_of(task)):
        student = connect(QuietSession(namespace_of(task)))
        result = run_check(check, student, connect(recorder, trusted=True), rng, data_of(task))
    assert result.status is Status.PASSED, f"{name}: {result.message}"
    return recorder.log, rng.draws


def recorded_bytes(task: str) -> int:
    """Bytes of the recorded answers and draws of ``task``, uncompressed."""

    def size(value: Any) -> int:
        if isinstance(value, np.ndarray):
            return value.nbytes
        if isinstance(value, dict):
            return sum(map(size, value.values()))
        return sum(map(size, value)) if isinstance(value, list | tuple) else 8

    return sum(size(recorded(task, check.name)) for check in chosen(task, None))


class Noted(dict[str, Any]):
    """A namespace that notes which names are looked up, by a check or by the functions defined in it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


@cache
def names_asked(task: str, check: str) -> frozenset[str]:
    """The names that the check ``check`` looks up while it judges the reference."""
    namespace = Noted({"__name__": f"student_{task}"})
    exec(_compiled(task), namespace)
    return asked_in(namespace, task, check)


def asked_in(namespace: Noted, task: str, check: str) -> frozenset[str]:
    """The names that the check ``check`` looks up while it judges ``namespace``.

    Whatever else stands for any other name is not met: up to the first look at it, all goes as it went here.
    """
    namespace.asked.clear()
    with student_place(files_of(task)):
        (row,) = chosen(task, check)
        reference = connect(Session(namespace_of(task)), trusted=True)
        run_check(row, connect(QuietSession(namespace)), reference, rng_of(row, 0), data_of(task))
    return frozenset(namespace.asked)


def not_passed(results: dict[str, CheckResult]) -> dict[str, str]:
    """The checks that did not get full points, with what they said."""
    return {r.name: f"{r.status}: {r.message}" for r in results.values() if r.status is not Status.PASSED}


def faults(results: dict[str, CheckResult]) -> dict[str, str]:
    """The checks that failed by the grader's own fault, which no student may bring about."""
    return {r.name: r.message for r in results.values() if r.status is Status.GRADER_ERROR}


def assert_fails_only(task: str, source_override: str, *names: str, saying: str = "", seed: int = 0) -> None:
    """Exactly the checks ``names`` fail with ``source_override``, the first with a message that has ``saying``."""
    results = grade(task, source_override, seed)
    failed = not_passed(results)
    assert set(failed) == set(names), failed
    said = f"{results[names[0]].message} {results[names[0]].hint or ''}"
    assert saying in said, said


def chosen(task: str, only: str | None) -> list[Check]:
    """The checks of ``task``, or the one called ``only``."""
    checks = load_checks(task)
    return list(checks.values()) if only is None else [checks[only]]


def rng_of(check: Check, seed: int) -> np.random.Generator:
    """The generator of one check's inputs."""
    return np.random.default_rng([seed, zlib.crc32(check.name.encode())])


class QuietSession(Session):
    """A session whose code may warn: pytest turns warnings into errors, and a notebook does not."""

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return super().perform(request)


@contextlib.contextmanager
def student_place(files: Mapping[str, bytes] | None = None) -> Iterator[None]:
    """A fresh working folder with ``files``, and `small_data` as what `load_mnist` returns."""
    variable = os.environ.get(lookup.VARIABLE)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, content in (files or {}).items():
            Path(name).write_bytes(content)
        os.environ[lookup.VARIABLE] = str(_data_folder())
        try:
            yield
        finally:
            if variable is None:
                del os.environ[lookup.VARIABLE]
            else:
                os.environ[lookup.VARIABLE] = variable


def data_of(task: str) -> TaskData:
    """The data for the checks of ``task``."""
    return small_pictures() if task == "adv6_color" else small_data()


@cache
def small_pictures() -> TaskData:
    """Few drawn pictures, fewer than the real sets have."""
    train, test = draw_pictures(2_500, seed=1), draw_pictures(500, seed=1, stream=1)
    unseen = draw_pictures(1_000, seed=1, stream=2)
    return TaskData("pictures", train, test, lambda: unseen)


@cache
def files_of(task: str) -> dict[str, bytes]:
    """What the reference hands in beside its notebook for ``task``, made from `small_data`."""
    if task == "task4_classifier":
        from solutions.task3_backprop import train

        data = small_data()
        images, labels = (
            np.concatenate(parts) for parts in zip(data.train, data.held_out, data.test, strict=True)
        )
        with contextlib.redirect_stdout(io.StringIO()):
            params = train(random_network(100, np.random.default_rng(0)), images, labels, epochs=25)
        return {"parameters.npz": packed(params)}
    if task == "adv1_contest":
        return {"predictions.txt": b"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n" * 1000}
    return {}


@cache
def small_data() -> TaskData:
    """A few thousand images of the data set at hand, or of the built-in digits."""
    folder = _data_folder()
    images, labels = arrays.read_split(folder, "train")
    train, held_out = (
        (images[:TRAIN_COUNT], labels[:TRAIN_COUNT]),
        (images[TRAIN_COUNT:], labels[TRAIN_COUNT:]),
    )
    return TaskData(arrays.noted_kind(folder), train, arrays.read_split(folder, "test"), lambda: held_out)


_folder: list[tempfile.TemporaryDirectory[str]] = []  # removed when the process ends


@cache
def _data_folder() -> Path:
    _folder.append(tempfile.TemporaryDirectory(prefix="small-mnist-"))
    folder = Path(_folder[0].name)
    count = TRAIN_COUNT + HELD_OUT_COUNT
    found = lookup.find_mnist()
    if found.form == "digits":  # drawing 70 000 of them takes too long for a test
        from autograder.datasets.digits import draw_digits

        splits = {"train": draw_digits(count, seed=1), "test": draw_digits(TEST_COUNT, seed=1, stream=1)}
        kind = "digits"
    else:
        source = lookup.array_folder(found)
        kind = arrays.noted_kind(source)
        splits = {}
        for split, length in (("train", count), ("test", TEST_COUNT)):
            images, labels = arrays.read_split(source, split)
            splits[split] = np.array(images[:length]), np.array(labels[:length])
    arrays.write_splits(folder, splits, kind=kind)
    return folder


def fuzz_cases(task: str) -> list[tuple[str, str, str]]:
    """(name, junk, source) for every public name of ``task`` and every kind of junk."""
    return [(n, j, junk_source(task, n, body)) for n in public_names(task) for j, body in JUNK.items()]
