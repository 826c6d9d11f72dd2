"""Recorded conversations: the reference's answers, shipped to where the reference must not go."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.calls.proxy import Channel
from autograder.calls.values import Handle, agrees, copied, leaves


class NotRecorded(Exception):
    """The check asked something else than when it was recorded, so only grading can judge it."""


class Recorder:
    """A channel that passes requests on and keeps them with their replies in ``log``."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.log: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        reply = self._channel.perform(request)
        self.log.append((copied(request), copied(reply)))
        return reply


class Replayer:
    """A channel that answers from a recorded ``log``, in its order, when the request agrees with the recorded one."""

    def __init__(self, log: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        self._log = log
        self._next = 0

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._next >= len(self._log):
            raise NotRecorded("a step that the recording does not have")
        recorded, reply = self._log[self._next]
        self._next += 1
        same_step = all(request.get(key) == recorded.get(key) for key in ("op", "of", "name", "key", "stdin"))
        if not same_step:
            raise NotRecorded("the steps of this check took another order")
        for key in ("args", "kwargs", "value"):
            if key in recorded and not agrees(request.get(key), recorded[key]):
                raise NotRecorded(difference(request.get(key), recorded[key]))
        return copied(reply)


def difference(got: Any, recorded: Any) -> str:
    """One phrase on how the first differing argument differs from the recorded one."""
    for mine, theirs in zip(leaves(got), leaves(recorded), strict=False):
        if isinstance(theirs, Handle) or agrees(mine, theirs):
            continue
        if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
            if mine.shape != theirs.shape:
                return f"your earlier result has shape {mine.shape}, the recorded one {theirs.shape}"
            if mine.dtype.kind == "f" and not np.isfinite(mine).all():
                return "your earlier result is not finite"
            here, there = mine.astype(float), theirs.astype(float)
            worst = np.unravel_index(np.argmax(np.abs(here - there)), mine.shape)
            place = ", ".join(str(int(i)) for i in worst)
            return (
                f"your earlier result has {here[worst]:.6g} at [{place}], the recorded one {there[worst]:.6g}"
            )
        return f"your earlier result is {_few(mine)}, the recorded one {_few(theirs)}"
    return "your earlier results differ from the recorded ones"


def _few(value: Any) -> str:
    return repr(value[:60] if isinstance(value, str) else value)[:60]


class RecordingRng:
    """A `numpy.random.Generator` whose draws are kept, so that they are the same under every NumPy version."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.draws: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._rng, name)

        def draw(*args: Any, **kwargs: Any) -> Any:
            value = method(*args, **kwargs)
            plain = value.item() if isinstance(value, np.generic) else value
            self.draws.append(copied(plain))
            return value

        return draw


class ReplayRng:
    """Gives back recorded draws in order, whatever method is asked."""

    def __init__(self, draws: list[Any]) -> None:
        self._draws = draws
        self._next = 0

    def __getattr__(self, name: str) -> Any:
        def draw(*args: Any, **kwargs: Any) -> Any:
            if self._next >= len(self._draws):
                raise NotRecorded("the recording has no more random draws")
            self._next += 1
            return copied(self._draws[self._next - 1])

        return draw
