"""A program that kills the grader at every step of its work, or takes the disk from it, and lets it go on.

    python tests/grading/dying.py TEMPLATE FOLDER HOW WHERE EVERY ARGUMENT…

TEMPLATE is a course folder; every trial gets a copy of it in FOLDER. ARGUMENT… is the command, as `grade task1_forward`.
In trial n the command is run up to a step of its own (every step, or one of EVERY), where HOW happens: "kill" ends it with SIGKILL; "full" lets this
write and all later ones fail. Then it is run again, undisturbed. In trial 0 nothing happens, and in the last one there
is no such step any more. Prints a JSON list with a row for every trial.

A step is a statement that changes a database, the journal or the gradebook, or a change to a file: opened for writing,
renamed, removed, made. Repeated statements of one transaction (a row for every check) count once. What a step leaves
on disk is what the next one finds, so that before every step is also after every step. With WHERE "journal" only the
statements of the journal count, with "everywhere" all.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import signal
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HOME))

from tests.grading.state import differences, state

LOOKING = ("SELECT", "PRAGMA", "EXPLAIN")
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate")


class Steps:
    """Counts what changes something on disk; at step ``number`` something ``fatal`` happens."""

    def __init__(self, number: int, fatal: Callable[[], None], everywhere: bool) -> None:
        self.number, self.fatal, self.everywhere = number, fatal, everywhere
        self.count, self.last = 0, ""

    def step(self, what: str) -> None:
        self.last = what
        self.count += 1
        if self.count == self.number:
            self.fatal()

    def watch(self) -> None:
        """From now on, in this process."""
        connect = sqlite3.connect

        def watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            db = connect(*args, **kwargs)
            if self.everywhere or "journal" in os.path.basename(args[0]):
                db.set_trace_callback(self.statement)
            return db

        sqlite3.connect = sqlite3.dbapi2.connect = watched  # type: ignore[assignment]
        if self.everywhere:
            sys.addaudithook(self.audit)

    def statement(self, sql: str) -> None:
        what = " ".join(sql.split()[:3])
        if not sql.lstrip().upper().startswith(LOOKING) and (what != self.last or what == "COMMIT"):
            self.step(what)

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            writes = type(flags) is int and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not writes or not isinstance(path, str | os.PathLike) or os.fspath(path) == os.devnull:
                return
        elif event in CHANGES:
            path = args[0]
        else:
            return
        self.step(f"{event} {os.path.basename(os.fsdecode(path))}")


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def full() -> None:
    """From now on no write to a file succeeds; Python ignores the signal that comes with it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def run(folder: Path, command: list[str], steps: Steps | None) -> tuple[int, str, int]:
    """Run the command in a child of this process: its exit code (negative: a signal), what it said, its steps."""
    said, say = os.pipe()
    counted, count = os.pipe()
    pid = os.fork()
    if not pid:
        code = 70
        try:
            os.chdir(folder)
            os.dup2(say, 1)
            os.dup2(say, 2)
            for fd in (said, say, counted):
                os.close(fd)
            code = _main(command, steps)
            os.write(count, str(steps.count if steps else 0).encode())
        finally:
            os._exit(code)
    for fd in (say, count):
        os.close(fd)
    with os.fdopen(said, "rb") as file, os.fdopen(counted, "rb") as number:
        text = file.read().decode(errors="replace")
        steps_taken = int(number.read() or b"0")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text, steps_taken


def _main(command: list[str], steps: Steps | None) -> int:
    from autograder.cli import app

    if steps is not None:
        steps.watch()
    try:
        app(command)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def load(course: Path) -> None:
    """Import what the command needs once, for all the trials."""
    import autograder.grading.course_run
    import autograder.grading.feedback
    import autograder.grading.publish  # noqa: F401
    from autograder.cli import app
    from autograder.course import load_course

    load_course(course)
    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(io.StringIO()):
        app(["check", "no.ipynb"])


def main() -> None:
    template, folder = Path(sys.argv[1]), Path(sys.argv[2])
    fatal = {"kill": kill, "full": full}[sys.argv[3]]
    everywhere, every, command = sys.argv[4] == "everywhere", int(sys.argv[5]), sys.argv[6:]
    load(template)
    assert threading.active_count() == 1, "only a program of one thread can be forked"
    trials: list[dict[str, Any]] = []
    expected: dict[str, Any] = {}
    while not trials or trials[-1]["first"] == -signal.SIGKILL or trials[-1]["steps"] >= trials[-1]["number"]:
        number = 1 + every * (len(trials) - 1) if trials else 0
        course = folder / f"trial{number}"
        shutil.copytree(template, course, symlinks=True)
        steps = Steps(number, fatal, everywhere)
        first, said, taken = run(course, command, steps)
        between = state(course)
        second, said_then, _ = run(course, command, None)
        expected = expected or between  # trial 0 was not disturbed
        trials.append(
            {
                "number": number,
                "first": first,
                "said": said,
                "steps": taken,
                "second": second,
                "said then": said_then,
                "different": differences(state(course), expected),
            }
        )
        shutil.rmtree(course)
    print(json.dumps(trials))


if __name__ == "__main__":
    main()
