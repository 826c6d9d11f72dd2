"""A simulated large course: does every submission of a mixed thousand get the verdict that it should?

    python scripts/soak.py [--students 1000] [--sample 1000] [--seed 784] [--json]

Every student hands in every task of the course, drawn by a seed from the reference, the alternatives, the known
mistakes, the stubs and the hostile corpus; what they carry from earlier tasks is the reference. Of
these submissions SAMPLE are made and graded with `autograder grade`, as a class would be. Then every verdict is
compared with what it must be:

    reference, alternative   all points
    mistake                  the check that it names does not pass
    stub                     no points
    hostile                  the points that `tests/hostile/<case>/case.toml` expects

and the gradebook with the reports, the host's files with what they were, and the machine's processes with none.
Prints throughput, memory and mismatches; exit code 1 when there is one. The last line is the same as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from bench_grading import HOME, watched

sys.path.insert(0, str(HOME))

from autograder.authoring.release import release
from autograder.authoring.solve import read_release, read_source, solve
from autograder.course import Course, load_course
from autograder.grading.feedback import outdated
from autograder.grading.secret import course_secret
from autograder.misconceptions import Misconception, load_misconceptions, read_alternatives
from solutions.handed_in import reference_files
from tests.hostile import classroom
from tests.hostile.corpus import CASES, Case
from tests.hostile.watched import MOMENT_S, adopt_orphans, left_after

AT_HOME = ("reordered-cells",)  # in another task the cell that carries earlier work may come too late
SHARES = {
    "reference": 25,
    "alternative": 25,
    "mistake": 35,
    "stub": 5,
    "hostile": 10,
}  # of a hundred submissions
CELL_S = 5  # of the course's 60: what never ends need not take longer here
ANYWHERE = {"front", "behind", "raw", "notebook", "layout", "all"}  # plants that do not depend on a task


@dataclass(frozen=True)
class Work:
    """One submission of the simulated course.

    Attributes:
        kind: a key of `SHARES`.
        name: of the alternative, the mistake or the hostile case.
    """

    student: str
    task: str
    kind: str
    name: str = ""


@cache
def alternatives(task: str) -> dict[str, str]:
    """Sources by name."""
    return dict(read_alternatives(HOME, task))


@cache
def mistakes(task: str) -> dict[str, Misconception]:
    """The known mistakes by name."""
    return {mistake.name: mistake for mistake in load_misconceptions(task)}


@cache
def hostile(task: str) -> dict[str, Case]:
    """The cases of the corpus that can be handed in for ``task``: its own, and those with the same end anywhere."""
    found = {}
    for case in CASES:
        if case.student != case.name or case.name not in {c.name for c in classroom.plantable(CASES)}:
            continue
        anywhere = set(case.plant) <= ANYWHERE and case.least == case.most and case.most in (0, 100)
        if case.task == task or (anywhere and case.name not in AT_HOME):
            found[case.name] = replace(case, task=task)
    return found


def planned(seed: int, students: int, tasks: Sequence[str]) -> Iterator[Work]:
    """What every student hands in."""
    for number in range(students):
        student = f"student{number:04d}"
        for task in tasks:
            rng = random.Random(f"{seed} {student} {task}")
            (kind,) = rng.choices(list(SHARES), list(SHARES.values()))
            names = {"alternative": alternatives, "mistake": mistakes, "hostile": hostile}
            name = rng.choice(sorted(names[kind](task))) if kind in names else ""
            yield Work(student, task, kind, name)


def planted(notebook: nbformat.NotebookNode, source: str) -> nbformat.NotebookNode:
    """``notebook`` with one more cell behind all others."""
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    return notebook


class Classroom:
    """The course of the simulation in ``root``, and who hands in what."""

    def __init__(self, root: Path, targets: dict[str, str]) -> None:
        self.course: Course = load_course(root)
        self._targets = targets
        self._sources = {task: read_source(root, task) for task in self.course.tasks}
        self._stubs = {task: read_release(root, task) for task in self.course.tasks}
        self._files = {task: reference_files(task) for task in self.course.tasks}

    def hand_in(self, work: Work) -> None:
        """The submission, and the earlier notebooks that it builds on."""
        root, task = self.course.root, work.task
        if work.kind == "hostile":
            case = replace(hostile(task)[work.name], student=work.student)
            classroom.hand_in_case(root, case, self._sources, self._targets)
        elif work.kind == "stub":
            classroom.hand_in(root, work.student, task, self._stubs[task])
        else:
            source = mistakes(task)[work.name].source if work.kind == "mistake" else self._style(work)
            solved = solve(self._sources[task])
            classroom.hand_in(root, work.student, task, planted(solved, source) if source else solved)
        for earlier in self.course.task(task).builds_on:
            classroom.hand_in(root, work.student, earlier, solve(self._sources[earlier]))
        folder = root / "submitted" / work.student / task
        worthless = work.kind == "stub" or (work.kind == "hostile" and not hostile(task)[work.name].most)
        if not worthless and not folder.is_symlink():  # a right file has points of its own
            for name, content in self._files[task].items():
                if not os.path.lexists(folder / name):
                    (folder / name).write_bytes(content)

    def _style(self, work: Work) -> str:
        return alternatives(work.task)[work.name] if work.kind == "alternative" else ""


def mismatch(work: Work, row: Mapping[str, Any]) -> str:
    """In what the verdict ``row`` of `autograder grade --json` is not what it must be; "" for nothing."""
    if row["fault"]:
        return f"the grader failed: {row['fault']}"
    checks = {check["name"]: check for check in row["checks"]}
    lost = {
        name: f"{check['status']}: {check['message']}"
        for name, check in checks.items()
        if check["status"] != "passed"
    }
    match work.kind:
        case "reference" | "alternative":
            return f"lost points: {lost}" if lost else ""
        case "stub":
            return f"{row['points']:g} points for nothing" if row["points"] else ""
        case "mistake":
            name = mistakes(work.task)[work.name].check
            return "" if name in lost else f"{name} passes"
    case = hostile(work.task)[work.name]
    if not case.least <= row["points"] <= case.most:
        return f"{row['points']:g} points, expected {case.least:g} to {case.most:g}: {lost}"
    if row["provisional"]:
        return "marked provisional"
    return ""


def is_named(work: Work, row: Mapping[str, Any]) -> bool:
    """Whether the feedback names the mistake that was made."""
    return any(work.name == cause["name"] for check in row["checks"] for cause in check["causes"])


def make_course(root: Path) -> None:
    """The whole course, released."""
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copyfile(HOME / name, root / name)
    text = (root / "course.toml").read_text()
    (root / "course.toml").write_text(re.sub(r"(?m)^cell_s = .*$", f"cell_s = {CELL_S}", text))
    course = load_course(root)
    release(course, list(course.tasks))
    course_secret(root, course.seed_source)  # made on first use


def host_files(base: Path, root: Path) -> dict[str, str]:
    """A hash of every file that grading may not touch."""
    names = ("course.toml", "nbgrader_config.py", "source", ".autograder-secret", "submitted")
    canaries = [base / "home" / "canary.txt", base / "canary.txt", base / "reference.py"]
    return classroom.digests(
        *(root / name for name in names), HOME / "solutions", HOME / "assignments", *canaries
    )


def drawn(course: Course, works: list[Work], count: int, rng: random.Random) -> list[Work]:
    """COUNT of ``works``, none of them an earlier notebook of another, which has to be a right one."""
    found: list[Work] = []
    tasks_of: dict[str, set[str]] = {}
    for work in rng.sample(works, len(works)):
        others = tasks_of.setdefault(work.student, set())
        needed = course.task(work.task).builds_on
        if len(found) < count and not any(
            other in needed or work.task in course.task(other).builds_on for other in others
        ):
            others.add(work.task)
            found.append(work)
    return found


def soak(base: Path, students: int, sample: int, seed: int) -> dict[str, Any]:
    """Make the course in ``base``, grade, compare; the figures."""
    adopt_orphans()
    root = base / "course"
    root.mkdir()
    make_course(root)
    course = load_course(root)
    tasks = list(course.tasks)
    plan = {(work.student, work.task): work for work in planned(seed, students, tasks)}
    chosen = drawn(course, list(plan.values()), sample, random.Random(f"{seed} sample"))
    print(f"{len(plan)} submissions of {students} students, of which {len(chosen)} are graded", flush=True)
    mismatches: list[str] = []
    counts: Counter[str] = Counter()
    named, seconds, peaks = 0, 0.0, (0.0, 0.0)
    with classroom.prepared(base, root) as (targets, sockets):
        # The course has no references of its own, and a hard link reaches only what lies on the same disk.
        reference = shutil.copy(HOME / "solutions" / f"{tasks[0]}.py", base / "reference.py")
        room = Classroom(root, {**targets, "REFERENCE": str(reference)})
        for work in chosen:
            room.hand_in(work)
        before = host_files(base, root)
        for task in tasks:
            mine = {work.student: work for work in chosen if work.task == task}
            if not mine:
                continue
            command = [sys.executable, "-m", "autograder", "grade", task, "--no-feedback", "--json"]
            for student in sorted(mine):
                command += ["--student", student]
            done = watched(command, root)
            rows = {row["student"]: row for row in json.loads(done.stdout)[task]}
            seconds += done.seconds
            peaks = max(peaks[0], done.coordinator_mb), max(peaks[1], done.evaluator_mb)
            book = classroom.gradebook(root, task)
            wrong = [f"{work}: was not graded" for student, work in mine.items() if student not in rows]
            for student, row in rows.items():
                work = mine[student]
                counts[work.kind] += 1
                named += work.kind == "mistake" and is_named(work, row)
                if said := mismatch(work, row):
                    wrong.append(f"{work}: {said}")
                elif sum(points or 0 for points in book[student].values()) != row["points"]:
                    wrong.append(f"{work}: the gradebook has other points than the report")
            if len(outdated(root, task)) != len(mine):
                wrong.append(
                    f"{task}: {len(outdated(root, task))} notebooks written for {len(mine)} students"
                )
            print(
                f"{task:20} {len(mine):4} submissions in {done.seconds:6.1f} s, {len(wrong)} mismatches",
                flush=True,
            )
            mismatches += wrong
        mismatches += [f"changed: {path}" for path in classroom.changed(before, host_files(base, root))]
        mismatches += [f"process {pid} is left" for pid in left_after(MOMENT_S)]
        mismatches += [f"somebody knocked at {sock}" for sock in classroom.knocked(sockets)]
    return {
        "submissions": len(chosen), **counts, "mismatches": mismatches, "named": named, "seconds": round(seconds, 1),
        "submissions_per_minute": round(60 * len(chosen) / seconds, 1),
        "coordinator_mb": round(peaks[0], 1), "evaluator_mb": round(peaks[1], 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--students", type=int, default=1000, help="students of the simulated course")
    parser.add_argument("--sample", type=int, default=1000, help="submissions to grade")
    parser.add_argument("--seed", type=int, default=784, help="of the whole simulation")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    options = parser.parse_args()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        Path(name).chmod(0o755)
        figures = soak(Path(name), options.students, options.sample, options.seed)
    if not options.json:
        print(
            f"{figures['submissions']} submissions in {figures['seconds']} s:"
            f" {figures['submissions_per_minute']} a minute; {time.perf_counter() - start:.0f} s in all"
        )
        print(
            ", ".join(f"{figures.get(kind, 0)} {kind}" for kind in SHARES),
            f"({figures['named']} mistakes named)",
        )
        print(
            f"peak memory: coordinator {figures['coordinator_mb']} MB, evaluator {figures['evaluator_mb']} MB"
        )
        print(f"{len(figures['mismatches'])} verdicts are not what they must be")
        for line in figures["mismatches"]:
            print("  " + line[:600])
    print(json.dumps({**figures, "mismatches": len(figures["mismatches"])}))
    sys.exit(bool(figures["mismatches"]))


if __name__ == "__main__":
    main()
