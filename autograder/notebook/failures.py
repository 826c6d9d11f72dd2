"""Why a name is missing: the cell that would have defined it failed, and its error comes first."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

NO_MODULE = re.compile(r"No module named '([\w.]+)'")
LINE = re.compile(r"line (\d{1,6})\)\Z")
# By the message and the line of a syntax error: what older versions of Python do not know.
NEWER = (
    ((3, 14), re.compile(r"^\s*except\*?\s+[\w.]+\s*,\s*[\w.]+|\b(?:t|tr|rt)['\"]", re.MULTILINE)),
    (
        (3, 12),
        re.compile(r"^f-string|^\s*type\s+\w+.*=|^\s*(?:async\s+)?(?:def|class)\s+\w+\s*\[", re.MULTILINE),
    ),
)
VERSION = re.compile(r"(\d+)\.(\d+)")
MAX_NAMES = 200  # looked for in one cell
# A line that defines a name, in a cell that Python may not be able to read; a wrong space may be why it is not.
DEFINES = re.compile(
    r"^ {0,3}(?:(?:async[ \t]+)?def[ \t]+(\w+)|class[ \t]+(\w+)|(\w+)[ \t]*(?::[^=\n]*)?=(?!=)"
    r"|(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+([^#\n]+))",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Failure:
    """A cell, or a definition in it, that failed.

    Attributes:
        place: "cell 12", with a line where only that failed.
        reason: "ModuleNotFoundError: …".
        names: what it would have defined.
    """

    place: str
    reason: str
    names: tuple[str, ...]


class Failures:
    """What failed in a notebook.

    Args:
        owner: whose Python ran it, as "the grader".
        version: the Python version that the notebook says it was written with, or None.
    """

    def __init__(self, owner: str, version: tuple[int, int] | None = None) -> None:
        self._owner, self._version = owner, version
        self._found: list[Failure] = []

    def add(self, place: str, error_type: str, message: str, source: str) -> str:
        """Note that the cell at ``place`` failed with an exception; the reason in words."""
        reason = self._reason(error_type, message, source)
        self._found.append(Failure(place, reason, tuple(names_in(source))))
        return reason

    def add_lost(self, place: str, said: str, names: Iterable[str]) -> str:
        """Note that a definition failed, with ``said`` of the form "TypeError: …"; the reason in words."""
        error_type, _, message = said.partition(": ")
        reason = self._reason(error_type, message)
        # Behind those of whole cells: what made a cell stop is the cause of what failed below.
        self._found.insert(0, Failure(place, reason, tuple(names)))
        return reason

    def _reason(self, error_type: str, message: str, source: str = "") -> str:
        """An exception in words: which package is missing, which Python is too old."""
        if error_type in ("ModuleNotFoundError", "ImportError") and (module := missing_package(message)):
            return f"ModuleNotFoundError: {self._owner} has no package {module}"
        if error_type in ("SyntaxError", "IndentationError"):
            message = self._with_version(message, source)
        return f"{error_type}: {message}" if message else error_type

    def _with_version(self, message: str, source: str) -> str:
        """The message of a syntax error; it says so when the syntax may be newer than this Python."""
        ours = sys.version_info[:2]
        if self._version is not None:
            newer = self._version if self._version > ours else None
            said = "the notebook was written with Python {}"
        else:
            at = LINE.search(message)
            lines = source.split("\n")[int(at[1]) - 1 :] if at else []
            text = f"{message}\n{lines[0]}" if lines else message
            newer = next((version for version, look in NEWER if version > ours and look.search(text)), None)
            said = "this looks like Python {}"
        if newer is None:
            return message
        theirs, here = (".".join(map(str, version)) for version in (newer, ours))
        return f"{message}; {said.format(theirs)}, {self._owner} has {here}"

    def why(self, name: str) -> str | None:
        """Why ``name`` is missing, as "cell 12: ModuleNotFoundError: the grader has no package tqdm", or None."""
        for failure in reversed(self._found):
            if name in failure.names:
                return f"{failure.place}: {failure.reason}"
        return None


def missing_package(message: str) -> str | None:
    """The package that a ModuleNotFoundError names."""
    match = NO_MODULE.search(message)
    return match[1].partition(".")[0] if match else None


def names_in(source: str) -> list[str]:
    """The names that ``source`` seems to define. Found by its text: it may be no Python."""
    names: dict[str, None] = {}
    for match in DEFINES.finditer(textwrap.dedent(source)):
        function, group, variable, imported = match.groups()
        for name in re.findall(r"[\w.]+(?:[ \t]+as[ \t]+\w+)?", imported or "")[:MAX_NAMES]:
            names[name.split()[-1].partition(".")[0]] = None
        names.update(dict.fromkeys(filter(None, (function, group, variable))))
        if len(names) > MAX_NAMES:
            break
    return list(names)


def python_version(notebook: dict[str, Any]) -> tuple[int, int] | None:
    """The version of Python that a notebook's metadata name, as (3, 14)."""
    table: Any = notebook
    for key in ("metadata", "language_info", "version"):
        table = table.get(key) if isinstance(table, dict) else None
    match = VERSION.match(table) if isinstance(table, str) else None
    return (int(match[1]), int(match[2])) if match and len(match[0]) < 10 else None
