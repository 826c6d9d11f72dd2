"""Identical notebooks of two students: the same code, to the byte, where it is the students' own.

What the course hands out is nobody's own, so two untouched notebooks are not identical; nor are two with a line or two
that everybody writes alike. A notebook's own code is every line of its cells that does not stand in the assignment
outside of its solutions.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from autograder.authoring.definitions import region_lines
from autograder.calls.text import clean, listed
from autograder.notebook.cells import Cell, NotebookError, code_cells, parse_notebook

LEAST = 200  # characters, without spaces, of code that two people do not write alike by chance
STUB = re.compile(r"raise NotImplementedError\b.*")
SHOWN = 5  # names in a flag


def given_lines(assignment: Iterable[Cell]) -> frozenset[str]:
    """The lines that the code cells of the notebook in `source/` give to everybody."""
    return frozenset(line.strip() for cell in assignment for line in region_lines(cell.source)[1])


def own_code(notebook: bytes | None, given: frozenset[str]) -> str:
    """A hash of a student's own code; "" when there is too little of it to tell whose it is."""
    try:
        cells = code_cells(parse_notebook(notebook)) if notebook is not None else []
    except NotebookError:
        return ""
    own, room = [], LEAST
    for cell in cells:
        if cell.graded:
            continue
        for line in cell.source.splitlines():
            bare = line.strip()
            if bare and bare not in given and not STUB.fullmatch(bare):
                own.append(line.rstrip())
                room -= len(re.sub(r"\s", "", bare))
    return hashlib.sha256("\n".join(own).encode()).hexdigest() if room <= 0 else ""


def copies(codes: Mapping[str, str]) -> dict[str, str]:
    """By student, a flag for those whose ``codes`` are somebody else's too."""
    owners = defaultdict(list)
    for student, code in sorted(codes.items()):
        if code:
            owners[code].append(student)
    flags = {}
    for students in owners.values():
        for student in students:
            others = [clean(other, 80) for other in students if other != student]
            if others:
                flags[student] = f"the same code as {listed(others, SHOWN)}"
    return flags
