"""The reference's recorded answers, one file a task: `autograder/recorded/<task>.npz`.

The file is an archive of plain arrays ``a0``, ``a1``, … and of ``index``, JSON as bytes:

    digest   hash of everything the recording depends on
    data     name of the task's data set
    order    which array stands for each array of the tree; equal ones are kept once
    tree     {check: {"draws": [...], "log": [(request, reply), ...]}} as `sandbox.protocol.encode` writes it
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.sandbox.protocol import decode

PACKAGE = Path(__file__).resolve().parent.parent

Log = list[tuple[dict[str, Any], dict[str, Any]]]


class AnswersMissing(Exception):
    """There are no recorded answers for a task or a check; the message says how to get them."""


class _Answers(dict[str, tuple[Log, list[Any]]]):
    def __missing__(self, name: str) -> tuple[Log, list[Any]]:
        raise AnswersMissing(f"There are no recorded answers for the check {name}. {_advice()}")


def load_answers(task: str) -> dict[str, tuple[Log, list[Any]]]:
    """(log, draws) by check, for `calls.Replayer` and `calls.ReplayRng`. Read once; do not change it.

    Raises:
        AnswersMissing: the task has none, or the file cannot be read; looking up a check without any raises it too.
    """
    return _load(task)[1]


def data_set_of(task: str) -> str:
    """The name of the data set that the checks of ``task`` use.

    Raises:
        AnswersMissing: as `load_answers`.
    """
    return _load(task)[0]["data"]


def recorded_path(task: str) -> Path:
    """Where the recorded answers of ``task`` are."""
    return PACKAGE / "recorded" / f"{task}.npz"


def read_index(path: Path) -> dict[str, Any]:
    """The ``index`` of the recording at ``path``.

    Raises:
        OSError, ValueError, KeyError: it is missing or damaged.
    """
    with np.load(path, allow_pickle=False) as archive:
        return json.loads(archive["index"].tobytes())


@cache
def _load(task: str) -> tuple[dict[str, Any], _Answers]:
    path = recorded_path(task)
    try:
        index = read_index(path)
        with np.load(path, allow_pickle=False) as archive:
            kept = {number: archive[f"a{number}"] for number in set(index["order"])}
        tree = decode(index["tree"], [kept[number] for number in index["order"]])
    except FileNotFoundError:
        raise AnswersMissing(f"There are no recorded answers for {task}. {_advice()}") from None
    except Exception as error:  # a damaged archive fails in many ways: BadZipFile, EOFError, ValueError, …
        raise AnswersMissing(f"{path} is damaged ({type(error).__name__}). {_advice()}") from error
    return index, _Answers({name: (kept["log"], kept["draws"]) for name, kept in tree.items()})


def _advice() -> str:
    if (PACKAGE / "authoring").is_dir():
        return "This is the instructors' clone: run `autograder build`."
    return "Reinstall the course package: pip install --force-reinstall -r requirements.txt"
