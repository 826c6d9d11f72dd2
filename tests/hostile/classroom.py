"""A course with one student a case and two honest ones, graded for real, in both ways.

The reference carries a marker line that is in no student's notebook, the honest student's notebook another, and files
outside the course a third: none of them may be found in anything that grading puts out.
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from autograder.authoring.assignment import read_assignment
from autograder.authoring.build import checks_of, to_notebook
from autograder.authoring.solve import solve
from autograder.course import load_course
from autograder.grading.secret import submission_seed
from autograder.grading.submission import read_submission
from tests.hostile.corpus import Case
from tests.hostile.plants import LAYOUTS, NOTEBOOKS, RAW

HOME = Path(__file__).resolve().parents[2]
TASKS = ("task1_forward", "task3_backprop", "task4_classifier")
# What `make_course` writes into course.toml: excesses take seconds, an honest submission needs a tenth of any of them.
LIMITS = {
    "cpu_s": 20,
    "cell_s": 1,
    "check_factor": 0.15,
    "asleep_s": 12,
    "asleep_step_s": 2,
    "memory_mb": 900,
    "processes": 32,
    "output_kb": 16,
    "disk_mb": 4,
    "file_mb": 2,
}
HONEST = {
    "honest-ada": {},
    "honest-ben": {
        "softmax": "def softmax(a):\n    e = np.exp(a)\n    return e / e.sum(axis=1, keepdims=True)"
    },
}
REFERENCE_MARK = "reference-marker-7f3a9c"
HONEST_MARK = "honest-marker-51d0be"
CANARY_MARK = "canary-marker-c4e812"
RUN_S = 3500.0  # one that hangs is stopped
# What a case may name as untouched.
GUARDED = (
    "others",
    "gradebook",
    "journal",
    "course",
    "secret",
    "reference",
    "submissions",
    "canaries",
    "processes",
    "network",
)


# --- The course ---------------------------------------------------------------------------------------------------


def marked(text: str) -> str:
    """A reference with a marker in every solution; nothing that it computes changes."""
    lines = [
        f"{line[: len(line) - len(line.lstrip())]}# {REFERENCE_MARK}\n{line}"
        if "### END SOLUTION" in line
        else line
        for line in text.split("\n")
    ]
    return "\n".join(lines) + f'\nREFERENCE_MARK = "{REFERENCE_MARK}"\n'


def make_course(root: Path, tasks: Sequence[str] = TASKS, **limits: float) -> Path:
    """A course of ``tasks`` in ``root`` whose reference is marked, with notebooks in source/ and a gradebook."""
    root.mkdir(parents=True)
    (root / "solutions").mkdir()
    for path in (HOME / "solutions").glob("*.py"):
        (root / "solutions" / path.name).write_text(marked(path.read_text()))
    for name in ("assignments", "autograder"):
        (root / name).symlink_to(HOME / name)
    shutil.copyfile(HOME / "nbgrader_config.py", root / "nbgrader_config.py")
    text = (HOME / "course.toml").read_text()
    for name, value in (LIMITS | limits).items():
        text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert count == 1, name
    (root / "course.toml").write_text(text)
    (root / ".autograder-secret").write_text("5e" * 32 + "\n")
    (root / ".autograder-secret").chmod(0o600)
    for task in tasks:
        folder = root / "source" / task
        folder.mkdir(parents=True)
        notebook = to_notebook(read_assignment(root, task, checks_of(task)))
        (folder / f"{task}.ipynb").write_text(nbformat.writes(notebook))
        done = run(root, "-m", "nbgrader", "generate_assignment", task, "--force")
        assert done.code == 0, done.stderr
    shutil.rmtree(root / "release")
    return root


def source_of(task: str) -> nbformat.NotebookNode:
    """The notebook from which students' notebooks are made: with the reference, without its marker."""
    return to_notebook(read_assignment(HOME, task, checks_of(task)))


def hand_in(root: Path, student: str, task: str, content: nbformat.NotebookNode | bytes) -> Path:
    """Put a notebook where nbgrader collects it to."""
    folder = root / "submitted" / student / task
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{task}.ipynb"
    path.write_bytes(
        content if isinstance(content, bytes) else nbformat.writes(content).encode("utf-8", "replace")
    )
    return path


def hand_in_honest(root: Path, task: str = TASKS[0]) -> None:
    """The two honest students."""
    source = source_of(task)
    for student, mistakes in HONEST.items():
        notebook = solve(source, mistakes)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(f"# {HONEST_MARK} {student}"))
        hand_in(root, student, task, notebook)


def plantable(cases: Sequence[Case]) -> list[Case]:
    """The cases that this user can plant."""
    return [case for case in cases if case.needs != "root" or os.getuid() == 0]


def hand_in_case(
    root: Path, case: Case, sources: dict[str, nbformat.NotebookNode], targets: dict[str, str]
) -> None:
    """The submission of ``case``."""
    plant = case.plant
    notebook = case.notebook(sources[case.task], targets)
    if "notebook" in plant:
        NOTEBOOKS[plant["notebook"]](notebook)
    # As JSON, not by nbformat: a hostile notebook is none that it would write.
    content = json.dumps(notebook).encode()
    if "raw" in plant:
        content = RAW[plant["raw"]](content)
    for earlier in load_course(root).task(case.task).builds_on:
        hand_in(root, case.student, earlier, solve(sources[earlier]))
    path = hand_in(root, case.student, case.task, content)
    if "layout" in plant:
        LAYOUTS[plant["layout"]](path.parent, targets)


# --- Running ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it left running."""

    code: int
    stdout: str
    stderr: str
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0


def environment(root: Path, **more: str) -> dict[str, str]:
    """The environment of a command in the course ``root``: a home with a canary, and nbgrader's helper by name."""
    programs = root.parent / "programs"
    programs.mkdir(exist_ok=True)
    alembic = programs / "alembic"
    if not alembic.exists():
        alembic.write_text(f'#!/bin/sh\nexec {sys.executable} -m alembic "$@"\n')
        alembic.chmod(0o755)
    home = root.parent / "home"
    home.mkdir(exist_ok=True)
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": cache,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), str(HOME), os.environ.get("PYTHONPATH", "")])),
        "PATH": os.pathsep.join(
            [str(programs), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        ),
        "COLUMNS": "200",
        **more,
    }


def start(root: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """Start ``python arguments`` in the course folder, watched for what it leaves running."""
    # Not beside the course: that disk may be full.
    report = Path(tempfile.mkdtemp(prefix="watched-")) / "left.json"
    watched = [sys.executable, str(HOME / "tests/hostile/watched.py"), str(report), str(RUN_S)]
    process = subprocess.Popen(
        [*watched, sys.executable, *arguments],
        cwd=root,
        env=environment(root, **env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    process.report = report  # type: ignore[attr-defined]
    process.began = time.monotonic()  # type: ignore[attr-defined]
    return process


def finish(process: subprocess.Popen[str]) -> Done:
    """Wait for a command of `start`."""
    stdout, stderr = process.communicate()
    report: Path = process.report  # type: ignore[attr-defined]
    text = report.read_text() if report.exists() else ""
    shutil.rmtree(report.parent)
    left = json.loads(text) if text else ["no report"]
    return Done(process.returncode, stdout, stderr, left, time.monotonic() - process.began)  # type: ignore[attr-defined]


def run(root: Path, *arguments: str, **env: str) -> Done:
    """`start` and `finish`."""
    return finish(start(root, *arguments, **env))


# --- Targets ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def prepared(base: Path, root: Path) -> Iterator[tuple[dict[str, str], list[socket.socket]]]:
    """Things to reach for, as words for `case.toml`, and the sockets at which nobody may knock."""
    (base / "home").mkdir(exist_ok=True)
    canaries = {"HOME_CANARY": base / "home" / "canary.txt", "TMP_CANARY": base / "canary.txt"}
    for path in canaries.values():
        path.write_text(CANARY_MARK)
        path.chmod(0o666)
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        folder = Path(stack.enter_context(_short_folder()))
        unix.bind(str(folder / "s"))
        unix.listen()
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        name = f"hostile-{os.getpid()}-{time.monotonic_ns()}"
        abstract.bind("\0" + name)
        abstract.listen()
        targets = {
            **{name: str(path) for name, path in canaries.items()},
            "PORT": str(tcp.getsockname()[1]),
            "UDP": str(udp.getsockname()[1]),
            "UNIX": str(folder / "s"),
            "ABSTRACT": name,
            "COURSE": str(root),
            "GRADEBOOK": str(root / "gradebook.db"),
            "JOURNAL": str(root / "journal.db"),
            "SECRET": str(root / ".autograder-secret"),
            "REFERENCE": str(root / "solutions" / f"{TASKS[0]}.py"),
            "HONEST": str(root / "submitted" / "honest-ada" / TASKS[0] / f"{TASKS[0]}.ipynb"),
            "GRADER": str(os.getpid()),
        }
        yield targets, [tcp, udp, unix, abstract]


@contextlib.contextmanager
def _short_folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="h-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield folder


def knocked(sockets: list[socket.socket]) -> list[str]:
    """The sockets at which somebody knocked."""
    found = []
    for sock in sockets:
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            if sock.type == socket.SOCK_DGRAM:
                sock.recvfrom(10)
            else:
                sock.accept()
            found.append(repr(sock))
    return found


# --- What was before and after ------------------------------------------------------------------------------------


def digests(*places: Path) -> dict[str, str]:
    """A hash of everything under ``places``: content, kind, mode and size."""
    found = {}
    for top in places:
        paths = [top]
        if top.is_dir() and not top.is_symlink():
            paths += [
                Path(folder, name) for folder, below, names in os.walk(top) for name in (*below, *names)
            ]
        for path in paths:
            if "__pycache__" in path.parts:
                continue
            status = path.lstat()
            content = b""
            if stat.S_ISREG(status.st_mode) and status.st_size < 2**24:
                try:
                    content = path.read_bytes()
                except PermissionError:
                    content = b"unreadable"
            elif stat.S_ISLNK(status.st_mode):
                content = os.readlink(path).encode()
            size = status.st_size if stat.S_ISREG(status.st_mode) else 0
            text = f"{status.st_mode} {size} {hashlib.sha256(content).hexdigest()}"
            found[str(path)] = text
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The paths that differ."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def host_files(base: Path, root: Path) -> dict[str, dict[str, str]]:
    """Hashes by the words of `GUARDED`."""
    return {
        "course": digests(root / "course.toml", root / "nbgrader_config.py", root / "source"),
        "secret": digests(root / ".autograder-secret"),
        "reference": digests(root / "solutions", HOME / "solutions", HOME / "assignments"),
        "submissions": digests(root / "submitted"),
        "canaries": digests(base / "home" / "canary.txt", base / "canary.txt"),
    }


def gradebook(root: Path, task: str) -> dict[str, dict[str, float | None]]:
    """Automatic points by student and check, as nbgrader's gradebook has them."""
    with contextlib.closing(sqlite3.connect(root / "gradebook.db")) as book:
        rows = book.execute(
            "SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score, grade.manual_score FROM grade"
            " JOIN base_cell ON base_cell.id = grade.cell_id"
            " JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id"
            " JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id"
            " JOIN notebook ON notebook.id = submitted_notebook.notebook_id WHERE notebook.name = ?",
            (task,),
        ).fetchall()
    found: dict[str, dict[str, float | None]] = {}
    for student, check, points, by_hand in rows:
        assert by_hand is None, (student, check)
        found.setdefault(student, {})[check] = points
    return found


def reports(root: Path, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The journaled report of each (task, student), by "task student"; none where the journal has none.

    With the flags of the submission, which are published beside it.
    """
    course = load_course(root)
    found = {}
    with contextlib.closing(sqlite3.connect(root / "journal.db")) as journal:
        for task, student in pairs:
            submission = read_submission(course, course.task(task), student)
            rows = journal.execute(
                "SELECT report FROM evaluations WHERE submission = ?", (submission.hash,)
            ).fetchall()
            if rows:
                report = json.loads(rows[-1][0])
                found[f"{task} {student}"] = report | {"flags": [*submission.flags, *report["flags"]]}
    return found


def seeds(root: Path, pairs: list[tuple[str, str]]) -> list[str]:
    """The seed of every submission, as text that may appear nowhere."""
    course = load_course(root)
    secret = (root / ".autograder-secret").read_bytes().strip()
    return [
        submission_seed(secret, task, read_submission(course, course.task(task), student).hash).hex()
        for task, student in pairs
    ]


def shown_text(path: Path) -> str:
    """Everything a person reads in an autograded notebook."""
    parts = []
    for cell in json.loads(path.read_text())["cells"]:
        parts.append(cell["source"])
        for output in cell.get("outputs", ()):
            parts += [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", ())]
            parts += output.get("data", {}).values()
    flat = ["".join(part) if isinstance(part, list) else part for part in parts]
    return html.unescape("\n".join(flat))


# --- The class ----------------------------------------------------------------------------------------------------


@dataclass
class Graded:
    """What one way of grading made of the class; travels as JSON between test processes.

    Attributes:
        roots: course folder by student; nbgrader's way uses several.
        points: by "task student", the points of every check in the gradebook.
        reports: by "task student", the journaled report.
        changed: by the words of `GUARDED`, what was changed that should not have been.
    """

    way: str
    seconds: float
    codes: list[int]
    stdout: str
    stderr: str
    left: list[str]
    knocked: list[str]
    roots: dict[str, str]
    points: dict[str, dict[str, float | None]]
    reports: dict[str, Any]
    changed: dict[str, list[str]]
    secrets: list[str]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Graded:
        return cls(**json.loads(path.read_text()))

    def autograded(self, case: Case) -> Path:
        return Path(self.roots[case.student]) / "autograded" / case.student / case.task / f"{case.task}.ipynb"


def graded_class(
    base: Path, template: Path, cases: Sequence[Case], way: str, *, feedback: bool = True
) -> Graded:
    """Hand everything in and grade it.

    Args:
        base: an empty folder for it.
        template: a course of `make_course`.
        way: "grade" for `autograder grade`, one run; "nbgrader" for `nbgrader autograde`, two runs side by side, each
            with a course and a gradebook of its own.
    """
    began = time.monotonic()
    sources = {
        task: source_of(task)
        for task in dict.fromkeys(
            [*TASKS, *(t for task in TASKS for t in load_course(template).task(task).builds_on)]
        )
    }
    shares = [list(cases)] if way == "grade" else [list(cases[0::2]), list(cases[1::2])]
    with contextlib.ExitStack() as stack:
        classes = []
        for number, share in enumerate(shares):
            home = base / f"part{number}"
            root = home / "course"
            home.mkdir(parents=True)
            home.chmod(0o755)
            shutil.copytree(template, root, symlinks=True)
            targets, sockets = stack.enter_context(prepared(home, root))
            hand_in_honest(root)
            for case in share:
                hand_in_case(root, case, sources, targets)
            classes.append((home, root, share, sockets, host_files(home, root)))
        finished = []
        if way == "grade":
            pages = "--feedback" if feedback else "--no-feedback"
            finished = [run(classes[0][1], "-m", "autograder", "grade", *TASKS, "-j", "2", pages)]
        else:
            for task in TASKS:
                running = [
                    start(root, "-m", "nbgrader", "autograde", task)
                    for _, root, share, *_ in classes
                    if task == TASKS[0] or any(case.task == task for case in share)
                ]
                finished += [finish(process) for process in running]
        result = Graded(
            way=way,
            seconds=time.monotonic() - began,
            codes=[done.code for done in finished],
            stdout="\n".join(done.stdout for done in finished),
            stderr="\n".join(done.stderr for done in finished),
            left=[line for done in finished for line in done.left],
            knocked=[],
            roots={},
            points={},
            reports={},
            changed={},
            secrets=[],
        )
        for home, root, share, sockets, before in classes:
            result.knocked += knocked(sockets)
            after = host_files(home, root)
            for word in before:
                result.changed.setdefault(word, []).extend(changed(before[word], after[word]))
            pairs = [(TASKS[0], student) for student in HONEST]
            pairs += [(case.task, case.student) for case in share]
            result.roots |= {student: str(root) for _, student in pairs}
            for task in TASKS:
                book = gradebook(root, task)
                result.points |= {f"{task} {student}": points for student, points in book.items()}
            result.reports |= reports(root, pairs)
            result.secrets += [*seeds(root, pairs), (root / ".autograder-secret").read_text().strip()]
        return result


def outputs(graded: Graded) -> Iterator[tuple[str, str, str]]:
    """(student, what, text) of everything that grading put out; the student is "" for what the grader printed."""
    yield "", "stdout", graded.stdout
    yield "", "stderr", graded.stderr
    for root in sorted(set(graded.roots.values())):
        for top in ("autograded", "feedback"):
            for path in sorted(Path(root, top).rglob("*")):
                if path.is_file():
                    student = path.relative_to(Path(root, top)).parts[0]
                    yield student, str(path), path.read_bytes().decode("utf-8", "replace")
