"""What grading writes is for the graders alone, and what students get stays readable; renames survive a power cut."""

from __future__ import annotations

import ast
import os
import stat
from pathlib import Path

import pytest

import autograder.files
from autograder.course import Course
from autograder.files import replace_durably, write_atomically
from tests.grading.conftest import Class, command

HOME = Path(__file__).resolve().parents[2]
TASK = "task1_forward"
PRIVATE = ("journal.db", "gradebook.db", "autograded", "feedback")


@pytest.fixture(autouse=True)
def usual_umask() -> None:
    """The one that people have; other tests of this process may have left another."""
    os.umask(0o022)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def everything_private(root: Path) -> dict[str, int]:
    """Modes of the private files and of the folders in which graded work lies."""
    found = [root / name for name in PRIVATE]
    found += [path for name in PRIVATE[2:] for path in (root / name).rglob("*") if path.is_dir()]
    found += list(root.glob("*.db-*"))
    return {str(path.relative_to(root)): mode(path) for path in found}


def grade_in_both_ways(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    pupils.hand_in("ben", TASK, pupils.stub(TASK))
    done = command(course.root, "grade", TASK, "--student", "ada")
    assert done.returncode == 0, done.stderr
    for arguments in (("autograde", TASK, "--student", "ben"), ("generate_feedback", TASK)):
        done = command(course.root, *arguments, module="nbgrader")
        assert done.returncode == 0, done.stderr


def test_grades_and_graded_work_are_the_graders_own(course: Course, pupils: Class) -> None:
    grade_in_both_ways(course, pupils)
    modes = everything_private(course.root)
    assert {f"{name}/{student}/{TASK}" for name in PRIVATE[2:] for student in ("ada", "ben")} <= modes.keys()
    assert {name: oct(found) for name, found in modes.items() if found & 0o077} == {}
    assert mode(course.root / "autograded/ada" / TASK / f"{TASK}.ipynb") == 0o600
    # Made by `autograder release`, for everybody.
    for path in ((course.root / "release").rglob("*"), (course.root / "source").rglob("*")):
        assert all(mode(each) & 0o044 == 0o044 for each in path)
    done = command(course.root, "export")
    assert done.returncode == 0, done.stderr
    assert mode(course.root / "grades.csv") == 0o600


def test_what_is_there_already_is_closed(course: Course, pupils: Class) -> None:
    pupils.hand_in("ada", TASK, pupils.solved(TASK))
    (course.root / "feedback").mkdir(mode=0o755)
    (course.root / "gradebook.db").chmod(0o644)
    assert command(course.root, "grade", TASK, "--no-feedback").returncode == 0
    assert mode(course.root / "feedback") == 0o700
    assert mode(course.root / "gradebook.db") == 0o600


def test_several_graders_share_by_their_group(course: Course, pupils: Class) -> None:
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write("c.CourseDirectory.groupshared = True\n")
    grade_in_both_ways(course, pupils)
    modes = everything_private(course.root)
    assert {name: oct(found) for name, found in modes.items() if found & 0o007} == {}
    for name, found in modes.items():
        folder = (course.root / name).is_dir()
        assert found & (0o2070 if folder else 0o060) == (0o2070 if folder else 0o060), (name, oct(found))
    assert mode(course.root / "autograded/ada" / TASK / f"{TASK}.ipynb") == 0o660
    assert mode(course.root / ".autograder-secret") == 0o640


def test_a_replaced_file_is_on_disk_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(fd: int) -> None:
        events.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "content")
        real_fsync(fd)

    def replace(new: str, path: str) -> None:
        events.append("rename")
        real_replace(new, path)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_atomically(tmp_path / "a", b"new", 0o640)
    assert events == ["content", "rename", "folder"]
    assert (tmp_path / "a").read_bytes() == b"new"
    assert mode(tmp_path / "a") == 0o640
    replace_durably(tmp_path / "a", tmp_path / "b")
    assert events[3:] == ["rename", "folder"]
    with pytest.raises(OSError):
        write_atomically(tmp_path / "no" / "c", b"")
    assert sorted(os.listdir(tmp_path)) == ["b"]


def test_nothing_is_renamed_in_another_way() -> None:
    """One helper: a rename beside it would be one that a power cut may undo."""
    found = []
    for path in (HOME / "autograder").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("rename", "renames"):
                found.append(f"{path.relative_to(HOME)}:{node.lineno}")
            if (
                isinstance(node, ast.Attribute)
                and node.attr == "replace"
                and ast.unparse(node) == "os.replace"
            ):
                found.append(f"{path.relative_to(HOME)}:{node.lineno}")
    assert len(found) == 1 and found[0].startswith("autograder/files.py:"), found
    assert autograder.files.__doc__
