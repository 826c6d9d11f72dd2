"""Which known mistake a failed check looks like.

What the check asked the student's code, and what came back, is kept while the check runs. When it fails, the same
questions are put to the reference with each of the task's known mistakes planted. A mistake whose answers all agree
with the student's, where the reference's do not, is named. The student's own code is not run again.

A known mistake always fails the check it names. So a failed check is first compared with the mistakes that name it,
then with those already found in another check of the same submission.
"""

from __future__ import annotations

import contextlib
import re
import signal
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from autograder.authoring.reference import reference_namespace
from autograder.calls import Session
from autograder.calls.proxy import Channel
from autograder.calls.values import Handle, agrees, copied, leaves, map_leaves
from autograder.checks.outcome import Cause, CheckResult, Status
from autograder.misconceptions import Misconception, load_misconceptions

# Bounds in bytes and calls, not in seconds: the same submission shall get the same words on every machine.
LOG_BYTES = 16 * 2**20  # what one check may leave behind; above, it is not compared
LOG_CALLS = 3000
MOST_NAMED = 3  # more candidates than these say nothing certain
HARD_STOP_S = 5.0  # never reached unless a student's numbers send a planted mistake into an endless loop
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")

Log = list[tuple[dict[str, Any], dict[str, Any]]]


class Witness:
    """A channel to the student's code that keeps what passes; ``log`` is None once that is too much."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._room = LOG_BYTES
        self.log: Log | None = []

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        reply = self._channel.perform(request)
        if self.log is not None:
            self._room -= _size(request) + _size(reply)
            if self._room < 0 or len(self.log) >= LOG_CALLS:
                self.log = None
            else:
                self.log.append((copied(request), copied(reply)))
        return reply


def diagnose(
    home: Path, task: str, results: Sequence[CheckResult], logs: Mapping[str, Log | None]
) -> list[CheckResult]:
    """``results`` with the causes of failed checks filled in, as far as anything certain can be said.

    Args:
        home: the folder with `solutions/`.
        logs: by check, what a `Witness` has kept.
    """
    failed = [r for r in results if r.status in (Status.FAILED, Status.ERROR) and logs.get(r.name)]
    if not failed:
        return list(results)
    known = load_misconceptions(task)
    found: dict[str, list[Misconception]] = {}
    with (
        _time_to_stop(),
        tempfile.TemporaryDirectory(prefix="diagnosis-") as folder,
        contextlib.chdir(folder),
    ):
        for own in (True, False):
            elsewhere = dict.fromkeys(m for matches in found.values() for m in matches)
            for result in failed:
                if result.name not in found:
                    candidates = [m for m in known if m.check == result.name] if own else list(elsewhere)
                    matches = _matching(home, task, logs.get(result.name) or [], candidates)
                    if matches:
                        found[result.name] = matches
    return [
        replace(result, causes=tuple(Cause(m.name, m.hint) for m in found[result.name]))
        if len(found.get(result.name, ())) in range(1, MOST_NAMED + 1)
        else result
        for result in results
    ]


def _matching(home: Path, task: str, log: Log, candidates: Sequence[Misconception]) -> list[Misconception]:
    """The candidates that answer ``log`` as it stands there, first to the letter, then up to precision and axes of length 1."""
    if not candidates:
        return []
    for loose in (False, True):
        if _answers(reference_namespace(home, task), log, loose=loose):
            return []  # the failure does not show in what came back
        matches = [
            m for m in candidates if _answers(reference_namespace(home, task, m.source), log, loose=loose)
        ]
        if matches:
            return matches
    return []


def _answers(namespace: Mapping[str, Any], log: Log, *, loose: bool) -> bool:
    """Whether the code in ``namespace`` answers every request of ``log`` as recorded."""
    session = Session(namespace)
    handles: dict[int, Handle] = {0: Handle(0)}  # the student's -> this session's
    paths: dict[str, str] = {}

    def here(leaf: Any) -> Any:
        if isinstance(leaf, Handle):
            return handles[leaf.number]
        return paths.get(leaf, leaf) if isinstance(leaf, str) else leaf

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for request, recorded in log:
            try:
                own = session.perform({key: map_leaves(value, here) for key, value in request.items()})
            except KeyError:  # an object that this code never returned
                return False
            if request["op"] == "write" and "value" in own and "value" in recorded:
                paths[recorded["value"]] = own["value"]
            elif not _alike(own, recorded, handles, loose=loose):
                return False
    return True


def _alike(own: dict[str, Any], recorded: dict[str, Any], handles: dict[int, Handle], *, loose: bool) -> bool:
    """Whether two replies say the same, messages and prompts aside."""
    mine, theirs = own.get("error"), recorded.get("error")
    if mine is not None and theirs is not None:
        return (mine["kind"], mine["type"]) == (theirs["kind"], theirs["type"])
    if mine is not theirs:
        return False
    if own.get("exit_code") != recorded.get("exit_code") or own.get("mutated") != recorded.get("mutated"):
        return False
    if not _same_numbers(own.get("stdout", ""), recorded.get("stdout", "")):
        return False
    return _same_value(own.get("value"), recorded.get("value"), handles, loose=loose) and _same_value(
        own.get("arguments"), recorded.get("arguments"), handles, loose=loose
    )


def _same_value(mine: Any, theirs: Any, handles: dict[int, Handle], *, loose: bool) -> bool:
    if isinstance(mine, Handle) and isinstance(theirs, Handle):
        handles[theirs.number] = mine
        return True
    if type(mine) is dict and type(theirs) is dict:
        return mine.keys() == theirs.keys() and all(
            _same_value(mine[key], theirs[key], handles, loose=loose) for key in mine
        )
    if type(mine) in (list, tuple) and type(theirs) in (list, tuple):
        return len(mine) == len(theirs) and all(
            _same_value(a, b, handles, loose=loose) for a, b in zip(mine, theirs, strict=True)
        )
    numbers = (np.ndarray, list, tuple, int, float)
    if not isinstance(mine, numbers) or not isinstance(theirs, numbers):
        return type(mine) is type(theirs) and bool(mine == theirs)
    try:
        a, b = np.asarray(mine), np.asarray(theirs)
    except (ValueError, OverflowError):  # rows of different lengths; a list of handles and numbers
        return False
    if loose:
        return (a.dtype.kind == "f") == (b.dtype.kind == "f") and agrees(np.squeeze(a), np.squeeze(b))
    return a.dtype == b.dtype and agrees(a, b)


def _same_numbers(mine: str, theirs: str) -> bool:
    """Whether two printed texts are both empty or hold the same numbers; the words are everyone's own."""
    if bool(mine.strip()) != bool(theirs.strip()):
        return False
    a, b = [float(x) for x in NUMBER.findall(mine)], [float(x) for x in NUMBER.findall(theirs)]
    return len(a) == len(b) and agrees(np.array(a), np.array(b), rtol=1e-3)


def _size(message: dict[str, Any]) -> int:
    """Bytes of a message, roughly."""
    return sum(
        leaf.nbytes if isinstance(leaf, np.ndarray) else len(leaf) if isinstance(leaf, str) else 32
        for leaf in leaves(message)
    )


class _Stopped(KeyboardInterrupt):
    """Passes through a `Session`, which turns other exceptions into replies."""


@contextlib.contextmanager
def _time_to_stop() -> Iterator[None]:
    """Leave the block after `HARD_STOP_S`; what has been found until then stands."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _Stopped

    kept = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, HARD_STOP_S)
    try:
        yield
    except _Stopped:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
