"""Feedback pages by nbgrader itself, for every autograded notebook that has none or has a newer grade.

nbgrader makes one page after the other; here several processes share them. A page that takes too long or ends its
process is named, and a small page with the points stands in its place: no page delays the others, and none has a part
in a grade.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from autograder.calls.text import clean
from autograder.course import Course, CourseError
from autograder.grading.page_maker import PAGE_CPU_S
from autograder.grading.private import make_private_folder

END = b"</html>"
SAID = 300  # characters of what a process said before it ended
PLAIN_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family:sans-serif;margin:2em">
<h1>{title}</h1>
{summary}
<p>The full page could not be made. The points are as they are in the gradebook.</p>
</body>
</html>
"""


def generate_feedback(
    course: Course,
    tasks: Sequence[str],
    jobs: int = 1,
    students: Sequence[str] = (),
    *,
    page_cpu_s: float = PAGE_CPU_S,
) -> list[str]:
    """Make the pages of ``tasks`` that are missing or out of date; what went wrong, one line each.

    Args:
        students: only their pages; everybody's when empty.
        page_cpu_s: seconds of processor time that one page may take.
    """
    waiting = [pair for task in tasks for pair in outdated(course.root, task, students)]
    try:
        for task, student in waiting:  # nbgrader makes folders without the mode that several graders need
            make_private_folder(course.root, page_of(course.root, task, student).parent.parent)
    except CourseError as error:
        return [str(error)]
    pages = _Pages(course.root, waiting, page_cpu_s)
    try:
        pages.make(jobs)
    finally:
        pages.close()
    return pages.problems


def outdated(root: Path, task: str, students: Sequence[str] = ()) -> list[tuple[str, str]]:
    """(task, student) of every autograded notebook, or those of ``students``, without a page as new as itself."""
    found = []
    for notebook in sorted(root.glob(f"autograded/*/{task}/{task}.ipynb")):
        student = notebook.parent.parent.name
        page = page_of(root, task, student)
        if students and student not in students:
            continue
        if not _is_whole(page) or page.stat().st_mtime < notebook.stat().st_mtime:
            found.append((task, student))
    return found


def page_of(root: Path, task: str, student: str) -> Path:
    """Where the page of ``student`` for ``task`` is."""
    return root / "feedback" / student / task / f"{task}.html"


def _is_whole(page: Path) -> bool:
    """Whether the page is there up to its end: nbgrader may have been stopped while it wrote."""
    try:
        with open(page, "rb") as file:
            file.seek(max(page.stat().st_size - 100, 0))
            return file.read().rstrip().endswith(END)
    except OSError:
        return False


class _Pages:
    """The pages to make, and the processes that make them."""

    def __init__(self, root: Path, waiting: list[tuple[str, str]], page_cpu_s: float) -> None:
        self._root, self._page_cpu_s = root, page_cpu_s
        self._waiting: Iterator[tuple[str, str]] = iter(waiting)
        self._count = len(waiting)
        self._selector = selectors.DefaultSelector()
        self._makers: set[_Maker] = set()
        self.problems: list[str] = []

    def make(self, jobs: int) -> None:
        """Make all of them, ``jobs`` at one time."""
        for _ in range(min(jobs, self._count)):
            self._start()
        while self._makers:
            for key, _ in self._selector.select():
                self._listen(key.data)

    def _start(self) -> None:
        maker = _Maker(self._root, self._page_cpu_s)
        self._makers.add(maker)
        self._selector.register(maker.stdout, selectors.EVENT_READ, maker)

    def _listen(self, maker: _Maker) -> None:
        answer = maker.answer()
        if answer is not None:
            if answer:
                self._failed(maker.page, answer)
            if not maker.give(next(self._waiting, None)):
                self._end(maker)
            return
        self._end(maker)
        if maker.page is None:  # it did not even begin: nor would the next one
            if not self._makers:
                self.problems.append(f"nbgrader made no feedback: {maker.last_words()}")
            return
        self._failed(maker.page, maker.how_it_ended())
        page = next(self._waiting, None)
        if page is not None:
            self._waiting = _before(page, self._waiting)
            self._start()

    def _failed(self, page: tuple[str, str] | None, why: str) -> None:
        assert page is not None
        task, student = page
        try:
            write_plain_page(self._root, task, student)
            instead = "a small page with the points stands in its place"
        except (OSError, ValueError, LookupError) as error:
            instead = f"nor a small one ({type(error).__name__}: {error})"
        self.problems.append(clean(f"no full feedback page for {student}, {task}: {why}; {instead}"))

    def _end(self, maker: _Maker) -> None:
        self._selector.unregister(maker.stdout)
        self._makers.discard(maker)
        maker.end()

    def close(self) -> None:
        for maker in list(self._makers):
            maker.process.kill()
            self._end(maker)
        self._selector.close()


def _before(first: Any, others: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from others


class _Maker:
    """A process that makes one page after another.

    Attributes:
        page: what it is at work on; None until it has imported nbgrader.
    """

    def __init__(self, root: Path, page_cpu_s: float) -> None:
        self._page_cpu_s = page_cpu_s
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self.page: tuple[str, str] | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "autograder.grading.page_maker", str(root), str(page_cpu_s)],
            stdin=subprocess.PIPE,  # stays open until it is done: it ends when this process does
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=root,
        )
        assert self.process.stdout is not None
        self.stdout = self.process.stdout

    def answer(self) -> str | None:
        """What went wrong with its page, "" for nothing; None when it has ended."""
        line = self.stdout.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def give(self, page: tuple[str, str] | None) -> bool:
        """Have ``page`` made next; False when there is none."""
        if page is None or self.process.stdin is None:
            return False
        self.page = page
        try:
            self.process.stdin.write(json.dumps(page).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:  # its end comes as its next answer
            pass
        return True

    def last_words(self) -> str:
        """The end of what it said on its standard error."""
        return clean(self._said, SAID)

    def how_it_ended(self) -> str:
        """Why there is no page, for a process that ended while it made one."""
        if self.process.returncode == -signal.SIGPROF:
            return f"it takes more than {self._page_cpu_s:g} s of processor time"
        return f"the process that made it ended with {self.process.returncode}: {self.last_words()}"

    def end(self) -> None:
        """Let it end, which it does when its standard input is closed, and wait until it has."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        self.stdout.close()
        self._errors.seek(max(self._errors.seek(0, os.SEEK_END) - SAID, 0))
        self._said = self._errors.read().decode("utf-8", "replace").strip()
        self._errors.close()


def write_plain_page(root: Path, task: str, student: str) -> None:
    """A page with the points alone, as `compose` has summed them up in the first cell of the autograded notebook."""
    notebook = json.loads((root / "autograded" / student / task / f"{task}.ipynb").read_bytes())
    page = page_of(root, task, student)
    page.parent.mkdir(parents=True, exist_ok=True)
    title = escape(clean(f"{task}, {student}"))
    content = PLAIN_PAGE.format(title=title, summary=notebook["cells"][0]["source"])
    writing = page.with_name(f".{page.name}.writing")
    writing.write_bytes(content.encode("utf-8", "replace"))
    writing.replace(page)
