"""The corpus: one folder a case, with a small `case.toml`.

    tries = "one sentence"            what the student tries
    kind = "forging"                  forging, resources or files
    task = "task1_forward"            the default
    student = "name"                  the student's id; the case's name when absent
    needs = "root"                    skipped, by name, for other users

    [plant]                           the solved notebook, and then:
    front, behind = "code"            cells before and after everything else
    all = "expression"                every asked name is bound to it
    define = { name = "code" }        the text of that name's cell
    notebook = "change"               a change of `plants.NOTEBOOKS`
    raw = "maker"                     bytes of `plants.RAW` instead of a notebook
    layout = "change"                 a change of `plants.LAYOUTS` to the submission's folder

    [expect]
    score = 100                       exact, or [least, most]
    lost = { check = "status" }       the checks that do not pass, each with its status or a list of allowed ones;
                                      "all" stands for every check
    flags = ["text"]                  each is part of a flag for the teaching assistant
    says = ["text"]                   each is in the autograded notebook
    untouched = ["gradebook"]         keys of `classroom.GUARDED`
    nbgrader = "text"                 nbgrader itself leaves this submission out and says so; nobody gets a grade

Text like @PORT@ stands for what the classroom prepared as a target; see `classroom.Targets`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.authoring.solve import solution_name, solve

FOLDER = Path(__file__).parent
TASK = "task1_forward"
KINDS = ("forging", "resources", "files")
STATUSES = ("passed", "partial", "failed", "missing", "error", "timeout", "memory", "crashed")


@dataclass(frozen=True)
class Case:
    """One hostile or faulty submission.

    Attributes:
        lost: check -> the statuses it may end with.
        left_out: what nbgrader says when it does not even pass this submission on.
    """

    name: str
    tries: str
    kind: str
    task: str
    student: str
    needs: str
    plant: Mapping[str, Any]
    least: float
    most: float
    lost: Mapping[str, tuple[str, ...]]
    flags: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    left_out: str = ""

    def notebook(self, source: nbformat.NotebookNode, targets: Mapping[str, str]) -> nbformat.NotebookNode:
        """The notebook, before any change that needs more than cells."""
        plant = self.plant
        definitions = {name: filled(code, targets) for name, code in plant.get("define", {}).items()}
        if "all" in plant:
            names = filter(None, map(solution_name, source.cells))
            definitions = {name: f"{name} = {plant['all']}" for name in names} | definitions
        made = solve(source, definitions)
        if "front" in plant:
            made.cells.insert(0, nbformat.v4.new_code_cell(filled(plant["front"], targets)))
        if "behind" in plant:
            made.cells.append(nbformat.v4.new_code_cell(filled(plant["behind"], targets)))
        return made


def filled(code: str, targets: Mapping[str, str]) -> str:
    """``code`` with the prepared targets in it."""
    return re.sub(r"@([A-Z_]+)@", lambda found: targets[found.group(1)], code)


def load(folder: Path) -> Case:
    """The case in ``folder``.

    Raises:
        ValueError: it does not say all it has to, or something unknown.
    """
    content = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    expect, plant = content.pop("expect"), content.pop("plant")
    name = folder.name
    score = expect.pop("score")
    least, most = score if isinstance(score, list) else (score, score)
    lost = {
        check: tuple(status) if isinstance(status, list) else (status,)
        for check, status in expect.pop("lost", {}).items()
    }
    case = Case(
        name=name,
        tries=content.pop("tries"),
        kind=content.pop("kind"),
        task=content.pop("task", TASK),
        student=content.pop("student", name),
        needs=content.pop("needs", ""),
        plant=plant,
        least=least,
        most=most,
        lost=lost,
        flags=tuple(expect.pop("flags", ())),
        says=tuple(expect.pop("says", ())),
        untouched=tuple(expect.pop("untouched")),
        left_out=expect.pop("nbgrader", ""),
    )
    unknown = [
        *content,
        *expect,
        *(set(plant) - {"front", "behind", "all", "define", "notebook", "raw", "layout"}),
    ]
    unknown += [status for statuses in lost.values() for status in statuses if status not in STATUSES]
    if unknown or case.kind not in KINDS or not case.untouched:
        raise ValueError(f"{name}: {unknown or 'kind or untouched'}")
    return case


CASES = [load(path.parent) for path in sorted(FOLDER.glob("*/case.toml"))]
