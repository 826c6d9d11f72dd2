"""Which known mistake a failed check looks like.

What the check asked the student's code, and what came back, is kept while the check runs. When it fails, the same
questions are put to the reference with each of the task's known mistakes planted. A mistake whose answers all agree
with the student's, where the reference's do not, is named. The student's own code is not run again.

A known mistake always fails the check it names. So a failed check is compared with the mistakes that name it, and
with those found in other checks of the same submission.
"""

from __future__ import annotations

import contextlib
import random
import re
import signal
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from autograder.authoring.reference import reference_namespace
from autograder.calls import Session
from autograder.calls.numbers import NotNumbers, as_numbers
from autograder.calls.proxy import Channel
from autograder.calls.session import MESSAGE_LIMIT
from autograder.calls.text import clean
from autograder.calls.values import Handle, agrees, copied, leaves, map_leaves
from autograder.checks.outcome import Cause, CheckResult, Status
from autograder.misconceptions import Misconception, load_misconceptions, load_styles

# Bounds in bytes and requests, not in seconds: the same submission shall get the same words on every machine.
REQUESTS = (
    6000  # to replay for one submission, which takes about 0.2 s; what then is not compared gets no name
)
PROGRAM = 200  # requests, as which a run of a whole program counts: it reads a data set, or trains on one
LOG_BYTES = 16 * 2**20  # what one check may leave behind; above, it is not compared
LOG_CALLS = 3000
COMPARED = (Status.FAILED, Status.PARTIAL, Status.ERROR, Status.MISSING)
MOST_NAMED = 3  # more candidates than these say nothing certain
HARD_STOP_S = (
    20.0  # of CPU time; never reached unless a student's numbers send a mistake into an endless loop
)
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
    failed = [r for r in results if r.status in COMPARED and logs.get(r.name)]
    if not failed:
        return list(results)
    known, replays = load_misconceptions(task), _Replays(home, task)
    found: dict[str, list[Misconception]] = {}
    with _time_to_stop():
        for own in (True, False):
            for result in [result for result in failed if result.name not in found]:
                elsewhere = list(dict.fromkeys(m for matches in found.values() for m in matches))
                here = [m for m in known if m.check == result.name] if own else []
                log = logs.get(result.name) or []
                matches = replays.matching(log, list(dict.fromkeys([*elsewhere, *here])))
                if matches:
                    found[result.name] = matches
    return [
        replace(result, causes=tuple(Cause(m.name, m.hint) for m in found[result.name]))
        if len(found.get(result.name, ())) in range(1, MOST_NAMED + 1)
        else result
        for result in results
    ]


class Agreement(IntEnum):
    """How well two conversations agree."""

    NONE = 0
    LOOSE = 1  # up to precision and axes of length 1
    EXACT = 2  # up to rounding


class _Replays:
    """Replays for one submission, as many as `REQUESTS` allow."""

    def __init__(self, home: Path, task: str) -> None:
        self._home, self._task = home, task
        self._left = REQUESTS

    def matching(self, log: Log, candidates: Sequence[Misconception]) -> list[Misconception]:
        """The candidates that answer ``log`` as it stands there: to the letter, or else `Agreement.LOOSE`."""
        if not candidates:
            return []
        for style in load_styles(self._task):
            found = {m: self._agreement(style + m.source, log) for m in candidates}
            best = max(found.values())
            # Where the reference would have given the same, the failure does not show in what came back.
            right = self._agreement(style, log, words=True) if best else Agreement.NONE
            if self._left < 0:
                return []  # not every candidate was heard to the end
            if best:
                return [] if right >= best else [m for m in candidates if found[m] is best]
        return []

    def _agreement(self, source: str, log: Log, *, words: bool = False) -> Agreement:
        """How well the reference with ``source`` planted answers every request of ``log`` as recorded.

        Args:
            words: what is printed must agree in its words too, not only in its numbers.
        """
        session = Session(reference_namespace(self._home, self._task, source))
        replies = _Replies(words)
        with _apart(), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for number, (request, recorded) in enumerate(log, 1):
                self._left -= _cost(request)
                if self._left < 0:
                    return Agreement.NONE
                try:
                    here = {key: map_leaves(value, replies.here) for key, value in request.items()}
                except LookupError:  # an object that this code never returned, or a path outside
                    return Agreement.NONE
                own = session.perform(here)
                if request["op"] == "write" and "value" in own and type(recorded.get("value")) is str:
                    replies.paths[recorded["value"]] = own["value"]
                elif not replies.alike(own, recorded, last=number == len(log)):
                    return Agreement.NONE
        return replies.agreement


class _Replies:
    """Compares the replies of one replay with the recorded ones, and knows what stands for what."""

    def __init__(self, words: bool) -> None:
        self._words = words
        self.agreement = Agreement.EXACT  # so far
        self._handles: dict[int, Handle] = {0: Handle(0)}  # recorded -> of this replay
        self._states: dict[str, str] = {}  # of random generators
        self.paths: dict[str, str] = {}

    def here(self, leaf: Any) -> Any:
        """What stands in this replay for a part of a recorded request."""
        if isinstance(leaf, Handle):
            return self._handles[leaf.number]
        if not isinstance(leaf, str):
            return leaf
        # This runs with the grader's own rights, and where the student's files lie is the student's word.
        if leaf not in self.paths and (leaf.startswith(("/", "~")) or ".." in leaf):
            raise LookupError(leaf)
        return self.paths.get(leaf, leaf)

    def alike(self, own: dict[str, Any], recorded: dict[str, Any], *, last: bool) -> bool:
        """Whether two replies say the same."""
        mine, theirs = own.get("error"), recorded.get("error")
        if mine is not None and theirs is not None:
            # The error that ended the check is the finding; before that the words of a message are everyone's own.
            if last or self._words:
                own_words = clean(
                    mine["message"], MESSAGE_LIMIT, lines=True
                )  # as a sandbox's reply is cleaned
                if own_words != self._with_own_paths(theirs["message"]):
                    return False
            return (mine["kind"], mine["type"]) == (theirs["kind"], theirs["type"])
        if mine is not theirs:
            return False
        if own.get("exit_code") != recorded.get("exit_code") or own.get("mutated") != recorded.get("mutated"):
            return False
        if own.get("exit_code") is not None or self._words:
            said = [
                bool((reply.get("stdout", "") + reply.get("stderr", "")).strip()) for reply in (own, recorded)
            ]
            if said[0] != said[1]:
                return False
        return (
            self._same_text(own.get("stdout", ""), recorded.get("stdout", ""))
            and self._same(own.get("value"), recorded.get("value"))
            and self._same(own.get("arguments"), recorded.get("arguments"))
        )

    def _with_own_paths(self, message: str) -> str:
        for recorded, own in self.paths.items():
            message = message.replace(recorded, own)
        return message

    def _same(self, mine: Any, theirs: Any) -> bool:
        if isinstance(mine, Handle) and isinstance(theirs, Handle):
            self._handles[theirs.number] = mine
            return True
        if type(mine) is dict and type(theirs) is dict:
            return mine.keys() == theirs.keys() and all(self._same(mine[key], theirs[key]) for key in mine)
        if type(mine) in (list, tuple) and type(theirs) in (list, tuple):
            if (
                mine and theirs and type(mine[0]) is str and mine[0] == theirs[0] == "MT19937"
            ):  # np.random.get_state(): changed or not is what counts
                return self._states.setdefault(repr(theirs), repr(mine)) == repr(mine)
            return len(mine) == len(theirs) and all(map(self._same, mine, theirs))
        numbers = (np.ndarray, list, tuple, int, float)
        if not isinstance(mine, numbers) or not isinstance(theirs, numbers):
            return type(mine) is type(theirs) and bool(mine == theirs)
        try:
            a, b = as_numbers(mine), as_numbers(theirs)
        except NotNumbers:
            return False
        if a.dtype.kind in "iub" and b.dtype.kind in "iub":
            return a.shape == b.shape and bool((a == b).all())
        if a.dtype == b.dtype and a.shape == b.shape:
            return bool((a == b).all()) or agrees(a, b)
        self.agreement = Agreement.LOOSE
        return (a.dtype.kind == "f") == (b.dtype.kind == "f") and agrees(np.squeeze(a), np.squeeze(b))

    def _same_text(self, mine: str, theirs: str) -> bool:
        """Whether two printed texts hold the same numbers and, or, both or neither have words beside them."""
        if self._words:
            return mine.split() == theirs.split()
        if bool(NUMBER.sub("", mine).strip()) != bool(NUMBER.sub("", theirs).strip()):
            return False
        a, b = NUMBER.findall(mine), NUMBER.findall(theirs)
        return len(a) == len(b) and all(map(_same_number, a, b))


def _same_number(mine: str, theirs: str) -> bool:
    """Whether two printed numbers agree as far as the shorter one goes."""
    a, b = float(mine), float(theirs)
    if "e" in (mine + theirs).lower():
        return abs(a - b) <= 1e-4 * abs(b)
    decimals = min(len(text.partition(".")[2]) for text in (mine, theirs))
    return a == b or (decimals > 0 and abs(a - b) <= 0.51 * 10.0**-decimals)


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """Work in an empty folder, and leave the global random generators as they were; planted code may use both."""
    kept = np.random.get_state(), random.getstate()
    try:
        with tempfile.TemporaryDirectory(prefix="diagnosis-") as folder, contextlib.chdir(folder):
            yield
    finally:
        np.random.set_state(kept[0])
        random.setstate(kept[1])


def _cost(request: dict[str, Any]) -> int:
    """In requests. What is given nothing but numbers, as `read_index`, reads the keyboard and no data."""
    arguments = request.get("args") or []
    plain = bool(arguments) and all(type(argument) is int for argument in arguments)
    return 1 if plain or request.get("stdin") is None else PROGRAM


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
    """Leave the block after `HARD_STOP_S` of CPU time; what has been found until then stands."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _Stopped

    kept = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, HARD_STOP_S)
    try:
        yield
    except _Stopped:
        pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, kept)
