"""The process that makes feedback pages with nbgrader, one after the other; `feedback` starts it.

``python -m autograder.grading.page_maker COURSE CPU_SECONDS``: a page comes as a line of JSON on standard input, [task, student],
and a line answers when it is made: what went wrong, or "". The first line says that the process is ready.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

LINES = 3  # of what nbgrader says about a page it could not make
PAGE_CPU_S = 30.0  # processor time of one page; the most costly that a student's text can make needs 4
PAGE_BYTES = 2 * 2**30  # of data of this process; it needs 200 MB


def _limit_memory() -> None:
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if most == resource.RLIM_INFINITY or most > PAGE_BYTES:
        resource.setrlimit(resource.RLIMIT_DATA, (PAGE_BYTES, most))


def _receive(pages: queue.SimpleQueue[tuple[str, str]]) -> None:
    """Read all the time: a grader that is killed takes this process with it."""
    for line in sys.stdin:
        pages.put(tuple(json.loads(line)))
    os._exit(0)


def _maker(root: Path) -> Callable[[str, str], dict[str, Any]]:
    """nbgrader's `generate_feedback`, configured as the course is, for one notebook named by task and student.

    nbgrader takes ids for patterns of file names, and finds no notebook of a student called "y[1]" or "bob ".
    """
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log
    from traitlets.config import Config, PyFileConfigLoader

    import autograder.grading.nbgrader_ready  # noqa: F401 - before anything imports jsonschema

    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    config.HTMLExporter.template_name = "feedback"

    class OnePage(GenerateFeedback):
        """The configuration's section `GenerateFeedback` is this class's as well."""

        task = student = ""

        def init_notebooks(self) -> None:
            folder = Path(self._format_source(self.task, self.student))
            self.assignments = {str(folder): [str(folder / f"{self.task}.ipynb")]}

    def make(task: str, student: str) -> dict[str, Any]:
        app = OnePage(coursedir=CourseDirectory(config=config), config=config)
        app.task, app.student, app.force = task, student, True
        return capture_log(app)

    return make


def main() -> None:
    page_cpu_s = float(sys.argv[2])
    _limit_memory()
    make = _maker(Path(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what is printed on the way is no answer
    pages: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(pages,), daemon=True).start()
    print(json.dumps(""), file=answers, flush=True)
    while True:
        task, student = pages.get()
        # The signal's own action ends this process, even within one regular expression.
        signal.setitimer(signal.ITIMER_PROF, page_cpu_s)
        result = make(task, student)
        signal.setitimer(signal.ITIMER_PROF, 0)
        said = ""
        if not result["success"]:
            said = " ".join(str(result.get("error") or result.get("log")).strip().splitlines()[-LINES:])
        print(json.dumps(said), file=answers, flush=True)


if __name__ == "__main__":
    main()
