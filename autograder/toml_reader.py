"""Typed values out of a table of `course.toml`, and a line for each that is wrong."""

from __future__ import annotations

from typing import Any


class Reader:
    """Takes typed values out of one table and notes what is wrong with it in ``problems``."""

    def __init__(self, table: Any, where: str, problems: list[str]) -> None:
        self.where, self.problems = where, problems
        self.table = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            problems.append(f"{where}: expected a table, got {type(table).__name__}")

    def take(
        self, key: str, kind: type | tuple[type, ...], default: Any = None, *, required: bool = False
    ) -> Any:
        """The value of ``key``, which then is no longer in the table; ``default`` when it is missing or wrong."""
        if key not in self.table:
            if required:
                self.problems.append(f"{self.where}: the key {key} is missing")
            return default
        value = self.table.pop(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            names = " or ".join(sorted({known.__name__ for known in kinds}))
            self.note(f"{key} is {value!r}; expected {names}")
            return default
        return value

    def note(self, problem: str) -> None:
        """Note what is wrong with this table."""
        self.problems.append(f"{self.where}: {problem}")

    def finish(self, allowed: list[str]) -> None:
        """Note the keys that are left: nobody asked for them."""
        for key in self.table:
            self.problems.append(f"{self.where}: unknown key {key}; known are {', '.join(allowed)}")
