"""`nbgrader autograde` and the formgrader's button, with our sandbox in place of nbgrader's kernel.

Used by `nbgrader_config.py`. The exporter reads a submission without trusting it; the preprocessor evaluates it (or
finds it in the journal) and writes the results where nbgrader's own SaveAutoGrades looks for them. When the grader
fails, an exception leaves nbgrader with nothing to save: it fails closed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course import load_course
from autograder.grading.compose import compose
from autograder.grading.course_run import evaluate_all, key_of
from autograder.grading.flags import flags_of
from autograder.grading.journal import Journal
from autograder.grading.packages import require_packages
from autograder.grading.plan import make_plan
from autograder.grading.private import close_to_others
from autograder.grading.submission import read_submission
from autograder.sandbox.doctor import require_sandbox


class GraderFailed(Exception):
    """The grader could not judge a submission; nothing is recorded for it."""


class SafeNotebookExporter(NotebookExporter):
    """Reads any file as a notebook: what cannot be read becomes an empty one, which the preprocessor fills."""

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> Any:
        if "submitted" in Path(filename).parts:
            return self.from_notebook_node(nbformat.v4.new_notebook(), resources, **options)
        return super().from_filename(filename, resources, **options)


def remove_linked(submitted: Path, autograded: Path) -> None:
    """Remove from ``autograded`` what nbgrader has copied there through a link in ``submitted``.

    A link may lead to any file of the grader's, and what is autograded goes back to the student with the feedback.
    """
    whole = submitted.is_symlink() or submitted.parent.is_symlink()
    for folder, below, names in os.walk(submitted):
        for name in (*below, *names):
            copy = autograded / os.path.relpath(os.path.join(folder, name), submitted)
            if (whole or os.path.islink(os.path.join(folder, name))) and copy.is_file():
                copy.unlink()


class SandboxExecute(NbGraderPreprocessor):
    """Evaluates the submission in the sandbox and replaces the notebook by the autograded one."""

    def preprocess(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        root = Path(self.config.CourseDirectory.root or ".").resolve()
        task, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        course = load_course(root)
        require_packages(course)
        plan = make_plan(course, task)
        submission = read_submission(course, course.task(task), student)
        # nbgrader has made the gradebook and these folders.
        close_to_others(root, root / "autograded" / student, root / "autograded" / student / task)
        remove_linked(course.submitted / student / task, root / "autograded" / student / task)
        key = key_of(plan, submission)
        assignment = nbformat.read(root / "source" / task / f"{task}.ipynb", as_version=4)
        flags = flags_of(submission, assignment)
        with Journal(root / "journal.db") as journal:
            report = journal.report(key)
            if report is None:
                require_sandbox(plan.launch)
                (graded,) = evaluate_all(plan, [submission], 1)
                if graded.report is None or graded.fault:
                    raise GraderFailed(f"{student}, {task}: {graded.fault}")
                report = graded.report
                journal.add(key, report)
            before = journal.published(task, student)
            if before is not None and not (before.flags == flags and journal.says(before.key, report)):
                journal.withdraw(task, student)  # nbgrader publishes it now, and does not say when it has
        composed = compose(submission, assignment, report, flags)
        # SaveAutoGrades reads it back from what the exporter writes; a plain round trip keeps both the same.
        return nbformat.reads(nbformat.writes(composed), as_version=4), resources
