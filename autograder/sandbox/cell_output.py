"""What comes of a cell: its printed text, and notes for a person."""

from __future__ import annotations

import io
from dataclasses import dataclass, field


class Tail(io.TextIOBase):
    """Keeps the first ``limit`` characters written."""

    def __init__(self, limit: int) -> None:
        self._parts: list[str] = []
        self._room = limit
        self.cut = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._room > 0:
            self._parts.append(text[: self._room])
        self.cut = self.cut or len(text) > self._room
        self._room -= min(len(text), self._room)
        return len(text)

    def text(self) -> str:
        return "".join(self._parts) + ("\n[output cut]\n" if self.cut else "")


@dataclass
class Notes:
    """What a person should know of an executed cell, besides its error.

    Attributes:
        line: of the statement at which the cell stopped; 0 when it ran to its end or could not be read.
        kept: names of the definitions below that were kept.
        lost: (place, reason, names) of definitions that could not be kept or carried.
        unknown: magics that were left out.
    """

    line: int = 0
    kept: list[str] = field(default_factory=list)
    lost: list[tuple[str, str, list[str]]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
