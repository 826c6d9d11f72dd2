"""What students and learning management systems hand in: right work is graded whatever it is called."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course, load_course
from autograder.grading.submission import Submission, read_submission
from tests.grading.conftest import HOME, Class, command

TASK = "task1_forward"
NAME = f"{TASK}.ipynb"
CELLS = [
    {"cell_type": "code", "source": f"x = {number}", "metadata": {}, "outputs": [], "execution_count": None}
    for number in range(3)
]
MEGABYTE = 2**20


def notebook(mark: str = "", task: str = TASK, **changed: object) -> bytes:
    """A notebook that says ``mark`` in its first cell."""
    cells = [{**CELLS[0], "source": f"mark = {mark!r}", **changed}, *CELLS[1:]]
    return json.dumps({"cells": cells, "metadata": {"autograder": {"task": task, "kit": "0.1.0"}}}).encode()


class Desk:
    """Where submissions to one task arrive."""

    def __init__(self, folder: Path) -> None:
        self.course = load_course(HOME)
        self.folder = folder

    def put(self, name: str, content: bytes | None = None, *, time: float = 0, student: str = "ada") -> Path:
        path = self.folder / student / TASK / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook(name) if content is None else content)
        if time:
            os.utime(path, (time, time))
        return path

    def zipped(self, members: dict[str | zipfile.ZipInfo, bytes], name: str = "work.zip") -> Path:
        path = self.put(name, b"")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path

    def read(self, task: str = TASK, student: str = "ada") -> Submission:
        return read_submission(self.course, self.course.task(task), student, self.folder)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "submitted")


def mark(submission: Submission) -> str:
    """The mark of the notebook that was taken."""
    assert submission.notebook is not None, submission.problem
    return json.loads(submission.notebook)["cells"][0]["source"].removeprefix("mark = ").strip("'")


@pytest.mark.parametrize(
    "name",
    [
        f"{NAME}.txt",
        f"{NAME}.json",
        "TASK1_FORWARD.IPYNB",
        "Task1_Forward.ipynb.TXT",
        f"{TASK} (1).ipynb",
        f"Copy of {NAME}",
        f"{TASK}-Copy1.ipynb",
        "my homework.ipynb",
        f"{TASK}.json",
        TASK,
        f"{TASK}/{NAME}",
        f"a/b/c/{TASK} (2).ipynb.txt",
    ],
)
def test_a_notebook_under_another_name_is_taken_with_a_flag(desk: Desk, name: str) -> None:
    desk.put(name, notebook())
    desk.put(f"._{NAME}", b"\0\5\x16\7")
    desk.put(f"__MACOSX/{NAME}", b"nothing")
    desk.put(f".ipynb_checkpoints/{NAME}", notebook("checkpoint"))
    desk.put(NAME, notebook(), student="ben")
    found, plain = desk.read(), desk.read(student="ben")
    assert found.hash == plain.hash
    assert found.flags == (f"the notebook is called {name!r}, not {NAME}",)
    assert plain.flags == ()


def test_of_several_attempts_the_highest_number_counts_whatever_the_time(desk: Desk) -> None:
    for number, name in enumerate((f"{TASK}-2.ipynb", f"{TASK}-10.ipynb", NAME, f"{TASK}-9.ipynb")):
        desk.put(name, time=10**9 + number)
    found = desk.read()
    assert mark(found) == f"{TASK}-10.ipynb"
    flags = " ".join(found.flags)
    assert "3 more notebooks" in flags
    assert all(name in flags for name in (f"{TASK}-2.ipynb", NAME, f"{TASK}-9.ipynb", "is graded"))


@pytest.mark.parametrize("content", [b"", b"{}", b"<html>", b"PK\3\4", notebook("3")[:-9]])
def test_an_attempt_that_cannot_be_read_gives_way_to_the_one_before(desk: Desk, content: bytes) -> None:
    desk.put(NAME)
    desk.put(f"{TASK} (1).ipynb")
    desk.put(f"{TASK} (2).ipynb", content)
    found = desk.read()
    assert mark(found) == f"{TASK} (1).ipynb"
    assert f"newer, but no readable notebook: {TASK} (2).ipynb" in found.flags


def test_where_no_attempt_can_be_read_the_newest_says_why(desk: Desk) -> None:
    desk.put(NAME, b"{}")
    desk.put(f"{TASK} (1).ipynb", b"")
    found = desk.read()
    assert found.notebook == b"" and "1 more notebook" in " ".join(found.flags)


def test_a_browsers_number_counts_too(desk: Desk) -> None:
    for number, name in enumerate((f"{TASK} (2).ipynb", NAME, f"{TASK} (1).ipynb")):
        desk.put(name, time=10**9 + number)
    assert mark(desk.read()) == f"{TASK} (2).ipynb"


@pytest.mark.parametrize("newer", [0, 1])
def test_without_numbers_the_newest_file_counts(desk: Desk, newer: int) -> None:
    names = ("first half.ipynb", "second half.ipynb")
    for number, name in enumerate(names):
        desk.put(name, time=10**9 + (number == newer))
    found = desk.read()
    assert mark(found) == names[newer]
    assert all(name in " ".join(found.flags) for name in names)


def test_the_name_of_the_task_goes_before_newer_files_of_other_names(desk: Desk) -> None:
    desk.put(NAME, time=10**9)
    desk.put("scratch.ipynb", time=10**9 + 1)
    desk.put(f"{TASK}_old.ipynb", time=10**9 + 2)
    found = desk.read()
    assert mark(found) == NAME
    assert "scratch.ipynb" in found.flags[0] and "2 more notebooks" in found.flags[0]


def test_attempts_in_numbered_folders(desk: Desk) -> None:
    for number in (1, 2, 10):
        desk.put(f"attempt_{number}/{NAME}", notebook(str(number)), time=10**9 - number)
    assert mark(desk.read()) == "10"


def test_what_a_notebook_says_of_itself_helps_to_choose_and_a_wrong_one_is_flagged(desk: Desk) -> None:
    desk.put("hw1.ipynb", notebook("right"), time=10**9)
    desk.put("hw2.ipynb", notebook("other", task="task2_minibatch"), time=10**9 + 1)
    assert mark(desk.read()) == "right"
    desk.put(NAME, notebook("lost", task="task2\x1b[2J_minibatch"), student="ben")
    flags = desk.read(student="ben").flags
    assert "was made for" in flags[0] and "task2" in flags[0] and TASK in flags[0]
    assert flags[0].isprintable()


@pytest.mark.parametrize(
    "member", [NAME, f"hw/{NAME}", f"hw\\{NAME}", f"a/b/{TASK} (1).ipynb.txt", "Copy of task 1.ipynb"]
)
def test_a_notebook_in_a_zip_archive_is_taken(desk: Desk, member: str) -> None:
    desk.zipped({member: notebook("inside"), f"__MACOSX/._{NAME}": b"no", "readme.md": b"no"})
    found = desk.read()
    assert mark(found) == "inside"
    assert "work.zip/" in found.flags[0]


def damaged(path: Path, change: Callable[[bytearray], object]) -> None:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def test_an_archive_leads_nowhere_and_is_bounded(desk: Desk, tmp_path: Path) -> None:
    link = zipfile.ZipInfo(NAME)
    link.external_attr = 0o120777 << 16
    for members, says in (
        ({f"../../{NAME}": notebook(), f"/tmp/{NAME}": notebook()}, "leads out of the archive"),
        ({**{f"{n}.txt": b"" for n in range(1100)}, NAME: notebook()}, "more than 1000 files"),
        ({link: b"/etc/passwd"}, "not a regular file"),
    ):
        desk.zipped(members)  # type: ignore[arg-type]
        found = desk.read()
        assert found.notebook is None
        assert says in " ".join(found.flags) and says in str(found.problem)
    assert not list(tmp_path.rglob(NAME))


def encrypted(content: bytearray) -> None:
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.rindex(mark) + place] |= 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (encrypted, "encrypted"),
        (lambda content: content.__delitem__(slice(-30, None)), "not a zip archive"),
        (lambda content: content.__setitem__(slice(60, 70), bytes(10)), "damaged archive"),
    ],
)
def test_an_archive_that_cannot_be_read_is_named(
    desk: Desk, change: Callable[[bytearray], object], says: str
) -> None:
    damaged(desk.zipped({NAME: notebook()}), change)
    found = desk.read()
    assert found.notebook is None
    assert says in " ".join(found.flags)


def test_a_million_files_are_not_looked_at(desk: Desk) -> None:
    for number in range(1200):
        desk.put(f"folder/{number}.txt", b"")
    desk.put(f"a/b/c/d/e/f/{NAME}")
    found = desk.read()
    assert found.notebook is None
    assert "1000 files" in found.flags[0]


def test_links_are_not_followed_in_folders_either(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / NAME).write_bytes(notebook("secret"))
    desk.put("readme.txt", b"x")
    (desk.folder / "ada" / TASK / "inside").symlink_to(tmp_path / "elsewhere")
    (desk.folder / "ada" / TASK / f"{NAME}.txt").symlink_to(tmp_path / "elsewhere" / NAME)
    found = desk.read()
    assert found.notebook is None
    assert "not a regular file" in " ".join(found.flags)


def test_an_export_is_named_and_no_notebook(desk: Desk) -> None:
    desk.put(f"{TASK}.py", b"def sigmoid(x): ...")
    found = desk.read()
    assert found.notebook is None
    assert f"{TASK}.py" in str(found.problem) and "an export is no notebook" in str(found.problem)


def test_stored_outputs_are_no_part_of_a_submission_and_do_not_count_for_its_size(desk: Desk) -> None:
    desk.put(NAME, notebook())
    plain = desk.read()
    picture = [
        {"output_type": "stream", "name": "stdout", "text": ["x" * 999 + "\n"] * (30 * MEGABYTE // 1000)}
    ]
    desk.put(NAME, notebook(outputs=picture, execution_count=7))
    assert desk.read().hash == plain.hash
    assert desk.read().flags == ()
    desk.put(NAME, notebook(source="#" * (21 * MEGABYTE)))
    assert "larger than 20 MB" in desk.read().flags[0]


def test_files_beside_the_notebook_are_found_where_it_lies(desk: Desk) -> None:
    course = load_course(HOME)
    (task,) = [row.name for row in course.tasks.values() if row.files == ("predictions.txt",)]

    def read() -> Submission:
        return read_submission(course, course.task(task), "ada", desk.folder)

    folder = desk.folder / "ada" / task
    (folder / "hw").mkdir(parents=True)
    (folder / "hw" / f"{task}.ipynb").write_bytes(notebook(task=task))
    (folder / "hw" / "Predictions (1).TXT").write_bytes(b"1\n")
    (folder / "Predictions.txt").write_bytes(b"2\n")
    found = read()
    assert found.files == {"predictions.txt": b"1\n"}
    assert "predictions.txt is called 'hw/Predictions (1).TXT'" in found.flags
    (folder / "predictions.txt").write_bytes(b"3\n")
    assert read().files == {"predictions.txt": b"3\n"}
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr(f"{task}.ipynb", notebook(task=task))
        archive.writestr("predictions.txt", b"4\n")
    for name in ("hw/Predictions (1).TXT", f"hw/{task}.ipynb", "Predictions.txt", "predictions.txt"):
        (folder / name).unlink()
    assert read().files == {"predictions.txt": b"4\n"}


def test_oddly_named_right_work_gets_all_points_through_the_whole_grader(
    course: Course, pupils: Class
) -> None:
    right = nbformat.writes(pupils.solved(TASK)).encode()
    desk = Desk(course.root / "submitted")
    desk.put(f"{NAME}.txt", right, student="text")
    desk.put(f"Homework/{NAME}", right, student="nested")
    desk.put("TASK1_FORWARD.IPYNB", right, student="shouted")
    for student in ("zipped", "ada"):
        desk.put(NAME, right, student=student)
    (desk.folder / "zipped" / TASK / NAME).unlink()
    with zipfile.ZipFile(desk.folder / "zipped" / TASK / "a.zip", "w") as archive:
        archive.writestr(NAME, right)
    done = command(course.root, "grade", TASK, "--json", "--no-feedback")
    rows = {row["student"]: row for row in json.loads(done.stdout)[TASK]}
    assert {student: row["points"] for student, row in rows.items()} == dict.fromkeys(rows, 100)
    assert len(rows) == 5
    assert all(("is called" in " ".join(row["flags"])) == (student != "ada") for student, row in rows.items())
    assert len({json.dumps(row["checks"]) for row in rows.values()}) == 1
