"""Who a student is: one person, one name; and who is missing, or cannot be told.

An id is the name of a folder in `submitted/`, where people, archives and file systems differ in how they write the same
letters. Two ids that are equal in Unicode's composed form and without spaces around them are one person. Two that only
look alike are two, and somebody should know.
"""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from autograder.calls.text import clean
from autograder.course import Course
from autograder.grading.submission import printable, students_of
from autograder.notebook.names import folded, left_behind

SHOWN = 80  # characters of an id in a message
# Letters that look like Latin ones, by alphabet, each followed by the one it looks like.
TWINS = (
    "аaеeоoрpсcуyхxіiјjѕsԁdԛqԝwһhӏlАAВBЕEКKМMНHОOРPСCТTУYХXЅSІIЈJҮYԌGѴV"  # Cyrillic
    "αaοoνvρpιiκkυuγyΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX"  # Greek
    "օoսuհhոnցgքfզqԼL"  # Armenian
)
LOOKS_LIKE = str.maketrans(dict(zip(TWINS[::2], TWINS[1::2], strict=True)))
ALPHABETS = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"}


def identity(name: str) -> str:
    """What two ids of one person have in common."""
    return unicodedata.normalize("NFC", name).strip()


def one_person(names: Iterable[str]) -> dict[str, list[str]]:
    """By id, all ids of ``names`` that are the same person, where these are more than one."""
    people = defaultdict(list)
    for name in sorted(set(names)):
        people[identity(name)].append(name)
    return {name: same for same in people.values() if len(same) > 1 for name in same}


def look_alikes(names: Iterable[str]) -> dict[str, str]:
    """By id, a flag for every one of ``names`` that is not what it looks like."""
    looks = defaultdict(list)
    for name in sorted(set(names)):
        looks[_look(name)].append(name)
    flags = {}
    for same in looks.values():
        for name in same:
            others = [quoted(other) for other in same if identity(other) != identity(name)]
            if name.isascii() or identity(name) == "":
                continue
            if others:
                flags[name] = f"the id looks like {others[0]}, but has letters of another alphabet"
            elif _is_mixed(name):
                flags[name] = "the id mixes letters of several alphabets"
    return flags


def quoted(name: str) -> str:
    """``name`` in a message: where two look alike, its letters are named too."""
    shown = clean(printable(name), SHOWN)
    return f"{shown!r}" if name.isascii() else f"{shown!r} ({ascii(name)[1 : 2 * SHOWN]})".replace("')", ")")


def _look(name: str) -> str:
    text = unicodedata.normalize("NFKC", name.translate(LOOKS_LIKE))
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Mn")).strip()


def _is_mixed(name: str) -> bool:
    """Whether one word of ``name`` has letters of several alphabets that share their forms."""
    words = "".join(c if c.isalpha() else " " for c in unicodedata.normalize("NFKC", name)).split()
    return any(len(ALPHABETS & {unicodedata.name(c, "?").split()[0] for c in word}) > 1 for word in words)


def not_understood(course: Course) -> list[str]:
    """Files and folders in `submitted/` that no task takes, by their path in it, with a guess where there is one."""
    found = []
    for entry in _entries(course.submitted):
        shown = clean(printable(entry.name), SHOWN)
        if not entry.is_dir(follow_symlinks=False):
            found.append(shown)
            continue
        inside = _entries(Path(entry.path))
        found += [f"{shown}/ (empty)"] if not inside else []
        for below in inside:
            if below.name in course.tasks:
                continue
            folder = below.is_dir(follow_symlinks=False)
            name = clean(printable(below.name), SHOWN)
            found.append(
                f"{shown}/{name}{'/' if folder else ''}{_guess(course, below.name) if folder else ''}"
            )
    return found


def _guess(course: Course, name: str) -> str:
    tasks = {folded(task): task for task in course.tasks}
    near = difflib.get_close_matches(folded(name).strip().replace(" ", "_"), tasks, n=1, cutoff=0.8)
    return f" (is it {tasks[near[0]]}?)" if near else ""


def folders(course: Course) -> list[str]:
    """The names of all folders in `submitted/`."""
    return [entry.name for entry in _entries(course.submitted) if entry.is_dir(follow_symlinks=False)]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(
            (entry for entry in os.scandir(folder) if not left_behind(entry.name)), key=lambda e: e.name
        )
    except OSError:
        return []


def roster(course: Course) -> list[str]:
    """The ids in the gradebook, sorted; none when there is no gradebook."""
    from nbgrader.api import Gradebook, Student
    from nbgrader.coursedir import CourseDirectory

    from autograder.grading.private import nbgrader_settings

    settings = CourseDirectory(config=nbgrader_settings(course.root))
    if settings.db_url.startswith("sqlite:///") and not Path(settings.db_url[len("sqlite:///") :]).is_file():
        return []
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        return sorted(row[0] for row in gradebook.db.query(Student.id))


def missing(course: Course, task: str, students: Iterable[str]) -> list[str]:
    """Those of ``students`` who have handed in nothing for ``task``."""
    there = {identity(name) for name in students_of(course.submitted, task)}
    return [student for student in students if identity(student) not in there]


def present(course: Course) -> Callable[[str, str], bool]:
    """Whether (task, student) still counts: the student is in the gradebook and the submission is there.

    Who was removed from either keeps what the journal has, and is shown no longer.
    """
    students = set(roster(course))
    folders = {task: set(students_of(course.submitted, task)) for task in course.tasks}
    collected = course.submitted.is_dir()
    return lambda task, student: student in students and (not collected or student in folders.get(task, ()))
