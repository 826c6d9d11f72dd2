"""Which file is the notebook of a task, whatever a browser, an editor or an LMS has made of its name.

    task1_forward.ipynb.txt          a browser, a mail program
    TASK1_FORWARD.IPYNB              a file system that does not mind
    task1_forward (1).ipynb          downloaded once more
    task1_forward-2.ipynb            the third attempt, by an LMS
    smith_4711_task1_forward.ipynb   whose, by an LMS
    task1_forward-Copy1.ipynb        "Make a copy", in several languages
    Copy of task 1.ipynb             none of the task's name, but a notebook

A name decides only which of several files is taken; what is in it decides everything else.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# What programs leave beside a file: macOS, Jupyter, Windows, synchronisers.
LEFT_BEHIND = re.compile(r"\..*|__macosx|__pycache__|thumbs\.db|desktop\.ini|~\$.*", re.IGNORECASE)
NOTEBOOK = re.compile(
    r"(?P<stem>.*?)\.ipynb"
    r"(?P<rest>(?:\.(?:txt|json|download|bak|orig|\d{1,3})|[ _-]*\(\d{1,4}\)|[ _-]*(?:copy|のコピー)|~)*)",
    re.IGNORECASE | re.DOTALL,
)
COPY = re.compile(r"copy|copie|kopie|copia|kopia|コピー|副本|사본|копия")
ASIDE = re.compile(r"checkpoint\.ipynb|\.ipynb.*(?:\.bak|\.orig|~)$")
# What may stand between a task's name and the number of an attempt.
COUNTED = re.compile(
    r"[ _.-]*(?:(?:attempt|version|ver|rev|try|v|submission|resubmission|late|final)[ _.-]*)*"
    r"(?:\d{1,6}[ _.-]*)?(?:\(\d{1,4}\)[ _.-]*)*"
)
# Folders of attempts.
ATTEMPT = re.compile(r"(?:attempt|submission|version|try|v)[ _-]*(\d{1,6})", re.IGNORECASE)


class Fit(enum.IntEnum):
    """How well a name fits a task, from the best."""

    ATTEMPT = 0  # the task's name, and perhaps a number
    NAMED = 1  # the task's name, and something else
    OTHER = 2  # a notebook of another name
    ASIDE = 3  # a checkpoint or a backup of one


@dataclass(frozen=True)
class Name:
    """A notebook's name, read for one task.

    Attributes:
        exact: it is the one that was asked for.
        attempt: an LMS's number and a browser's in it, 0 without one; None where only the time can say which of two is
            newer.
    """

    fit: Fit
    exact: bool
    attempt: tuple[int, int] | None


def left_behind(name: str) -> bool:
    """Whether a file or folder of this name is nobody's work: `._x`, `__MACOSX`, `.ipynb_checkpoints`, `Thumbs.db`."""
    return LEFT_BEHIND.fullmatch(name) is not None


def is_notebook(name: str) -> bool:
    """Whether a file of this name is a notebook, of whatever task."""
    return not left_behind(name) and NOTEBOOK.fullmatch(folded(name)) is not None


def read_name(name: str, task: str) -> Name | None:
    """What ``name`` says about a notebook of ``task``; None when no notebook is called so."""
    plain = folded(name)
    found = NOTEBOOK.fullmatch(plain)
    if found is None:
        return None
    if name == f"{task}.ipynb":
        return Name(Fit.ATTEMPT, True, (0, 0))
    if ASIDE.search(plain):
        return Name(Fit.ASIDE, False, None)
    before, own, after = found["stem"].rpartition(folded(task))
    rest = re.sub(r"\.(?:txt|json|download)", "", found["rest"])
    copied = any(map(COPY.search, (before, after, rest)))
    if not own or before[-1:].isalnum() or (after[:1].isalnum() and not copied):
        return Name(Fit.OTHER, False, None)
    if copied:
        return Name(Fit.ATTEMPT, False, None)
    if not COUNTED.fullmatch(after + rest):
        return Name(Fit.NAMED, False, None)
    browsers, others = re.findall(r"\((\d+)\)", after + rest), re.findall(r"(?<![\d(])\d+", after + rest)
    return Name(Fit.ATTEMPT, False, (int([0, *others][-1]), int([0, *browsers][-1])))


def attempt_of_folders(parts: Sequence[str]) -> int:
    """The number of the attempt that folders are named after, as ``attempt_2``; 0 without one."""
    found = [ATTEMPT.fullmatch(part) for part in parts]
    return max((int(match[1]) for match in found if match), default=0)


def task_named(name: str, tasks: Sequence[str]) -> str | None:
    """The task of ``tasks`` that a notebook's name stands for, or None when that is open."""
    for fit in (Fit.ATTEMPT, Fit.NAMED):
        fitting = [task for task in tasks if (read := read_name(name, task)) and read.fit is fit]
        if fitting:
            return max(fitting, key=len)
    return None


def same_name(name: str, other: str) -> bool:
    """Whether two names differ only by case, by the form of their letters, or by a browser's number."""
    return _plain(name) == _plain(other)


def folded(text: str) -> str:
    """``text`` without differences of case and of the form of letters."""
    return unicodedata.normalize("NFKC", text).casefold()


def _plain(name: str) -> str:
    stem, dot, ending = folded(name).strip().rpartition(".")
    return re.sub(r"[ _-]*\(\d{1,4}\)$", "", stem) + dot + ending
