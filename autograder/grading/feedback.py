"""Feedback pages by nbgrader itself, for every autograded notebook that has none or has a newer grade.

nbgrader makes one page after the other; here several processes share them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from autograder.course import Course

END = b"</html>"
LINES = 3  # of what nbgrader says about a page it could not make


def generate_feedback(course: Course, tasks: Sequence[str], jobs: int = 1) -> list[str]:
    """Make the pages of ``tasks`` that are missing or out of date; what went wrong, one line each."""
    waiting = [pair for task in tasks for pair in outdated(course.root, task)]
    command = [sys.executable, "-m", "autograder.grading.feedback", str(course.root)]
    workers = []
    for number in range(min(jobs, len(waiting))):
        worker = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=course.root,
        )
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(waiting[number::jobs]) + "\n")
        worker.stdin.flush()
        workers.append(worker)
    problems: list[str] = []
    for worker in workers:
        # Its standard input stays open until it is done: the worker ends when this process does.
        stdin, worker.stdin = worker.stdin, None
        said, errors = worker.communicate()
        if stdin:
            stdin.close()
        if worker.returncode:
            problems.append(f"nbgrader made no feedback: {errors.strip()[-300:]}")
        else:
            problems += json.loads(said.strip().splitlines()[-1])
    return problems


def outdated(root: Path, task: str) -> list[tuple[str, str]]:
    """(task, student) of every autograded notebook without a page as new as itself."""
    found = []
    for notebook in sorted(root.glob(f"autograded/*/{task}/{task}.ipynb")):
        student = notebook.parent.parent.name
        page = root / "feedback" / student / task / f"{task}.html"
        if not _is_whole(page) or page.stat().st_mtime < notebook.stat().st_mtime:
            found.append((task, student))
    return found


def _is_whole(page: Path) -> bool:
    """Whether the page is there up to its end: nbgrader may have been stopped while it wrote."""
    try:
        with open(page, "rb") as file:
            file.seek(max(page.stat().st_size - 100, 0))
            return file.read().rstrip().endswith(END)
    except OSError:
        return False


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when the other end is closed
    os._exit(1)


def main() -> None:
    """Make the pages named on standard input, in the course folder named as argument; problems as JSON."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config, PyFileConfigLoader

    import autograder.grading.nbgrader_ready  # noqa: F401 - before anything imports jsonschema

    root = Path(sys.argv[1])
    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    api = NbGraderAPI(config=config)
    problems = []
    waiting = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for task, student in waiting:
        result = api.generate_feedback(task, student, force=True)
        if not result["success"]:
            said = str(result.get("error") or result.get("log")).strip().splitlines()[-LINES:]
            problems.append(f"no feedback page for {student}, {task}: {' '.join(said)}")
    print(json.dumps(problems))


if __name__ == "__main__":
    main()
