"""The tables in docs/bounds.md say what the code does."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from autograder.calls.numbers import MAX_NUMBER_BYTES
from autograder.checks import CHECK_SECONDS
from autograder.grading.course_run import EVALUATOR_BYTES
from autograder.grading.evaluate import MAX_STARTS, OUTPUT_LIMIT
from autograder.grading.handed_in import MAX_ARCHIVES, MAX_ENTRIES, MAX_MEMBERS
from autograder.grading.page_maker import PAGE_CPU_S
from autograder.grading.page_text import PAGE_CHARACTERS
from autograder.notebook import npz
from autograder.notebook.cells import MAX_CELLS
from autograder.notebook.lean import RAW_LIMIT
from autograder.sandbox.channel import RESULTS_BYTES
from autograder.sandbox.clock import WALL_FACTOR
from autograder.sandbox.limits import Limits
from autograder.sandbox.process import SOURCE_LIMIT
from autograder.sandbox.processes import MAX_FILES
from autograder.sandbox.protocol import MAX_ARRAYS, MAX_BODY, MAX_HEADER

HOME = Path(__file__).resolve().parents[2]
FIXED = {
    "CPU seconds of one check": CHECK_SECONDS,
    "times its CPU seconds that a check may take by the clock": WALL_FACTOR,
    "processes started for one submission": MAX_STARTS,
    "files in all writable places": MAX_FILES,
    "bytes of one message from the sandbox": MAX_BODY,
    "bytes of all results of one check": RESULTS_BYTES,
    "bytes of one array made from lists": MAX_NUMBER_BYTES,
    "bytes of data of one evaluator": EVALUATOR_BYTES,
    "bytes of a message's header": MAX_HEADER,
    "arrays in one message": MAX_ARRAYS,
    "cells of a notebook": MAX_CELLS,
    "bytes of a notebook with its stored outputs": RAW_LIMIT,
    "files of one submission looked at": MAX_ENTRIES,
    "archives opened in one submission": MAX_ARCHIVES,
    "files in one archive": MAX_MEMBERS,
    "characters of one cell": SOURCE_LIMIT,
    "characters printed and kept of one submission": OUTPUT_LIMIT,
    "arrays of a parameter file": npz.MAX_ARRAYS,
    "unpacked bytes of a parameter file": npz.MAX_BYTES,
    "characters of a student's cells on one page": PAGE_CHARACTERS,
    "CPU seconds of one feedback page": PAGE_CPU_S,
}


def rows() -> dict[str, str]:
    """First column -> second column, of the tables of numbers."""
    path = HOME / "docs" / "bounds.md"
    if not path.is_file():
        pytest.skip("a copy without docs/")
    found = re.findall(
        r"^\| `?([^|`]+)`? \| ([^|]+) \|", path.read_text().partition("## Walls")[0], re.MULTILINE
    )
    return dict(found)


def test_the_limits_of_the_course_are_those_of_the_table() -> None:
    table = rows()
    for name, value in asdict(Limits()).items():
        assert float(table[name]) == value, name
    course = tomllib.loads((HOME / "course.toml").read_text())
    assert course["limits"] == asdict(Limits())


@pytest.mark.parametrize("name", FIXED)
def test_the_fixed_bounds_are_those_of_the_table(name: str) -> None:
    assert float(rows()[name]) == FIXED[name]
