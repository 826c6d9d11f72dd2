"""`await` at the top of a cell: one event loop a notebook, made when it is first needed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any


class _End:
    """One end of a pipe, with what an event loop asks of a socket."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def recv(self, count: int) -> bytes:
        return os.read(self._fd, count)

    def send(self, data: bytes) -> int:
        return os.write(self._fd, data)

    def close(self) -> None:
        os.close(self._fd)


class _PipeLoop(asyncio.SelectorEventLoop):
    """An event loop that wakes itself through a pipe: inside the sandbox there are no sockets."""

    def _make_self_pipe(self) -> None:
        self._ssock, self._csock = map(_End, os.pipe())
        self._internal_fds += 1  # type: ignore[attr-defined]
        self._add_reader(self._ssock.fileno(), self._read_from_self)  # type: ignore[attr-defined]


_loops: list[asyncio.AbstractEventLoop] = []


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of ``coroutine``, run to its end. Tasks that it started go on with the next one."""
    if not _loops or _loops[0].is_closed():
        _loops[:] = [asyncio.new_event_loop() if os.name == "nt" else _PipeLoop()]
        asyncio.set_event_loop(_loops[0])
    return _loops[0].run_until_complete(coroutine)
