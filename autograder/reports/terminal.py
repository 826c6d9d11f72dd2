"""What is printed on a terminal: texts of unknown people with nothing in them that it would obey."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from autograder.calls.text import clean

PRINTED = 2**20  # characters of one message


class PlainConsole(Console):
    """Prints texts cleaned: ids, paths and messages may be a student's."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(
            *(clean(o, PRINTED, lines=True) if isinstance(o, str) else o for o in objects), **options
        )


def in_table(text: str) -> str:
    """``text`` as one line of a table's cell, without `rich`'s own marks in it."""
    return escape(clean(text))
