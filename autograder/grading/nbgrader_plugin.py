"""`nbgrader autograde` and the formgrader's button, with our sandbox in place of nbgrader's kernel.

Used by `nbgrader_config.py`. The exporter reads a submission without trusting it; the preprocessor evaluates it (or
finds it in the journal) and writes the results where nbgrader's own SaveAutoGrades looks for them. The last one works
out what being late costs. When the grader fails, an exception leaves nbgrader with nothing to save: it fails closed.
"""

from __future__ import annotations

import os
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.checks import load_checks
from autograder.course import load_course
from autograder.grading.compose import compose
from autograder.grading.course_run import evaluate_all, key_of
from autograder.grading.flags import flags_of, masters_of
from autograder.grading.handed_in import UnreadableFile, read_file
from autograder.grading.journal import Journal
from autograder.grading.packages import require_packages
from autograder.grading.plan import make_plan
from autograder.grading.private import close_to_others
from autograder.grading.released import require_gradebook, require_source
from autograder.grading.settling import STAMP, STAMP_BYTES, Deadlines, set_note
from autograder.grading.submission import read_submission
from autograder.grading.timestamps import decoded, read_stamp
from autograder.sandbox.doctor import require_sandbox


class GraderFailed(Exception):
    """The grader could not judge a submission; nothing is recorded for it."""


class SafeNotebookExporter(NotebookExporter):
    """Reads any file as a notebook: what cannot be read becomes an empty one, which the preprocessor fills.

    nbgrader gives up on a submission whose timestamp it cannot read; here such a one is not late, and flagged.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        coursedir = getattr(self.parent, "coursedir", None)
        if coursedir is not None:
            coursedir.get_existing_timestamp = partial(_timestamp_in, Path(coursedir.root))

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> Any:
        if "submitted" in Path(filename).parts:
            return self.from_notebook_node(nbformat.v4.new_notebook(), resources, **options)
        return super().from_filename(filename, resources, **options)


def _timestamp_in(root: Path, folder: str) -> datetime | None:
    """When a submission was handed in, as far as nbgrader needs it: to see whether there is a newer one."""
    try:
        text = decoded(read_file([folder, STAMP], STAMP_BYTES))
        stamp = read_stamp(text, load_course(root).timezone)
    except (FileNotFoundError, UnreadableFile):
        return None
    return None if stamp.at is None else stamp.at.replace(tzinfo=None)


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
        course, checks = load_course(root), load_checks(task)
        source = require_source(course, task, checks)
        require_packages(course)
        with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
            require_gradebook(gradebook, task, checks)
        plan = make_plan(course, task)
        submission = read_submission(course, course.task(task), student)
        # nbgrader has made the gradebook and these folders.
        close_to_others(root, root / "autograded" / student, root / "autograded" / student / task)
        remove_linked(course.submitted / student / task, root / "autograded" / student / task)
        key = key_of(plan, submission)
        assignment = nbformat.read(source, as_version=4)
        flags = flags_of(submission, masters_of(assignment))
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
            told = before is not None and set(flags) <= set(before.flags)  # with those of the class
            if before is not None and not (told and journal.says(before.key, report)):
                journal.withdraw(task, student)  # nbgrader publishes it now, and does not say when it has
        composed = compose(submission, assignment, report, flags)
        # SaveAutoGrades reads it back from what the exporter writes; a plain round trip keeps both the same.
        return nbformat.reads(nbformat.writes(composed), as_version=4), resources


class AssignPenalties(NbGraderPreprocessor):
    """Works out what being late costs, in this task and where late days join them in others, and says so."""

    def preprocess(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        root = Path(self.config.CourseDirectory.root or ".").resolve()
        task, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        course = load_course(root)
        with Gradebook(resources["nbgrader"]["db_url"]) as gradebook, Journal(root / "journal.db") as journal:
            deadlines = Deadlines(course, gradebook, self.config, journal, task)
            for line in deadlines.prepare():
                self.log.warning(line)
            standing, changes = deadlines.settle(student, {task: deadlines.published_text(student, task)})
            for change in changes:
                self.log.warning("%s, %s: %s -> %s points", student, change.task, change.before, change.after)
            late = standing.lates.get(task)
        set_note(nb.cells, late.note(course) if late else "")
        return nbformat.from_dict(nb), resources
