"""`extensions.csv`: what people's spreadsheets write, and what is wrong with its line number."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from autograder.course import Course, CourseError, Task
from autograder.grading.extensions import Extensions, read_extensions
from autograder.sandbox.limits import Limits

HEAD = "student,task,until\n"
LINE = "山田,task1,2027-04-26 23:59\n"
UNTIL = datetime(2027, 4, 26, 14, 59, tzinfo=UTC)


def extensions(folder: Path, content: bytes | str) -> Extensions:
    (folder / "extensions.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    tasks = {name: Task(name) for name in ("task1", "task2")}
    return read_extensions(Course(folder, "nn", "", "file", Limits(), tasks, ZoneInfo("Asia/Tokyo")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_of_any_spreadsheet_is_read(tmp_path: Path, encoding: str, end: str, mark: str) -> None:
    text = (HEAD + LINE).replace("\n", end).replace(",", mark)
    assert extensions(tmp_path, text.encode(encoding)).of("山田", "task1") == UNTIL


def test_no_file_gives_no_extension(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert extensions(tmp_path, HEAD).until == {}
    (tmp_path / "extensions.csv").unlink()
    assert read_extensions(Course(tmp_path, "nn", "", "file", Limits(), {})) == Extensions()


def test_the_later_of_two_lines_counts_and_a_day_lasts_to_its_end(tmp_path: Path) -> None:
    found = extensions(
        tmp_path, f"# sick notes\n{HEAD}{LINE}\n山田,task1,2027-04-30\n山田,task1,2027-04-27 10:00\n"
    )
    assert found.of("山田", "task1") == datetime(2027, 4, 30, 14, 59, 59, tzinfo=UTC)
    assert found.of("山田", "task2") is None


def test_an_id_is_found_however_its_letters_are_put_together(tmp_path: Path) -> None:
    found = extensions(tmp_path, f"{HEAD}Zoe\u0308,task1,2027-04-26 23:59\n")
    assert found.of("Zo\u00eb", "task1") == UNTIL


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            f"{HEAD}ada,task9,2027-04-26 23:59\n",
            "line 2: there is no task 'task9'; the course has task1, task2",
        ),
        (f"{HEAD}\nada,task1,soon\n", "line 3: until: “soon” cannot be read"),
        (
            f"{HEAD}ada,task1,03/04/2027 10:00\n",
            "line 2: until: “03/04/2027 10:00” names a day that can be read",
        ),
        (f"{HEAD}ada,task1\n", "line 2: until is empty"),
        (f"{HEAD},task1,2027-04-26\n", "line 2: student is empty"),
        ("student,until\nada,2027-04-26\n", "line 1: the column task is missing"),
        (f'{HEAD}"ada,task1,2027-04-26\n', "line 2: unexpected end of data"),
        (b"\x00\x01\x02", "this is no text"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: bytes | str, says: str) -> None:
    with pytest.raises(CourseError) as error:
        extensions(tmp_path, content)
    (problem,) = error.value.problems
    assert says in problem
    assert "extensions.csv" in problem


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(CourseError) as error:
        extensions(tmp_path, f"{HEAD}ada,task9,2027-04-26\nben,task1,soon\n")
    assert len(error.value.problems) == 2


def test_a_student_nobody_knows_is_named_with_who_may_be_meant(tmp_path: Path) -> None:
    found = extensions(tmp_path, f"{HEAD}adda,task1,2027-04-26\nben,task1,2027-04-26\n")
    (line,) = found.strangers(["ada", "ben"])
    assert line.startswith("extensions.csv, line 2: no student 'adda'")
    assert "did you mean 'ada'?" in line
