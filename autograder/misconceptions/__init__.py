"""Known mistakes: wrong implementations, each planted into the reference, with a hint that teaches.

They serve twice. `autograder audit` proves that every one of them is rejected by the check it names, and the
diagnosis of a failed check replays the student's recorded calls on them: the one that answers as the student's code
did is named in the feedback.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Misconception:
    """One known mistake in a task.

    Attributes:
        name: what is wrong, as a phrase that may follow "This looks like: "; unique in its task.
        check: the check that must fail. It may not be the only one.
        hint: what a student should look at or try; never the line to write.
        source: definitions that replace the reference's, run after it in the same namespace.
    """

    name: str
    check: str
    hint: str
    source: str


def load_misconceptions(task: str) -> tuple[Misconception, ...]:
    """The known mistakes in ``task``, in the order of their file; none when there is no file."""
    module = f"{__name__}.{task}"
    try:
        return importlib.import_module(module).MISCONCEPTIONS
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return ()


def load_styles(task: str) -> tuple[str, ...]:
    """Sources of right definitions under which a mistake shows other numbers, as another way to draw at random.

    A file may have ``STYLES`` beside its ``MISCONCEPTIONS``; the reference's own style comes first.
    """
    if not load_misconceptions(task):
        return ("",)
    return ("", *getattr(importlib.import_module(f"{__name__}.{task}"), "STYLES", ()))


def read_alternatives(home: Path, task: str) -> Iterator[tuple[str, str]]:
    """(name, source) of every `tests/alternatives/<task>/*.py`: right in another style, and worth full points."""
    for path in sorted((home / "tests" / "alternatives" / task).glob("*.py")):
        yield path.stem, path.read_text(encoding="utf-8-sig")
