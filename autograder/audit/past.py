"""An instructor's own pool of past submissions, graded by the checks as they are now; nothing is published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from autograder.course import Course, CourseError
from autograder.grading.course_run import Graded, evaluate_all
from autograder.grading.handed_in import UnreadableFile, opened_pieces
from autograder.grading.plan import make_plan
from autograder.grading.submission import Submission, read_notebook, read_submission, students_of
from autograder.notebook.cells import NotebookError
from autograder.notebook.names import is_notebook, task_named
from autograder.sandbox.limits import MEGABYTE


def read_pool(course: Course, tasks: Sequence[str], path: Path) -> dict[str, list[Submission]]:
    """The submissions at ``path`` by task: a notebook, a folder of notebooks, or folders as in `submitted/`.

    A notebook belongs to the task it is named after, or to the only one in ``tasks``.

    Raises:
        CourseError: there is none, or nobody can tell of which task one is.
    """
    if not path.exists():
        raise CourseError([f"{path} does not exist. Expected a notebook or a folder of submissions."])
    pool: dict[str, list[Submission]] = {}
    notebooks = (
        [path]
        if path.is_file()
        else sorted(file for file in path.iterdir() if file.is_file() and is_notebook(file.name))
    )
    for notebook in notebooks:
        task = task_named(notebook.name, tasks) or (tasks[0] if len(tasks) == 1 else None)
        if task is None:
            raise CourseError(
                [f"{notebook}: of which task is it? Name the task: autograder audit TASK --submission …"]
            )
        pool.setdefault(task, []).append(_alone(course, task, notebook))
    if not notebooks:
        for task in tasks:
            found = [read_submission(course, course.task(task), s, path) for s in students_of(path, task)]
            if found:
                pool[task] = found
    if not pool:
        raise CourseError([f"{path} holds no notebook, and no STUDENT/TASK/ folders of {', '.join(tasks)}."])
    return pool


def _alone(course: Course, task: str, notebook: Path) -> Submission:
    opened = partial(opened_pieces, [notebook.parent, notebook.name])
    try:
        content = read_notebook(opened, course.limits.file_mb * MEGABYTE).content
    except (UnreadableFile, NotebookError) as error:
        return Submission(notebook.stem, task, None, problem=f"{notebook.name} cannot be read: {error}.")
    return Submission(notebook.stem, task, content)


def grade_pool(
    course: Course,
    pool: dict[str, list[Submission]],
    jobs: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, list[Graded]]:
    """Evaluate the pool in the sandbox, in the order in which it was read.

    Raises:
        SandboxUnavailable: it cannot be locked in.
    """
    from autograder.sandbox.doctor import require_sandbox

    done, total = 0, sum(map(len, pool.values()))
    graded: dict[str, list[Graded]] = {}
    for task, submissions in pool.items():
        plan = make_plan(course, task)
        require_sandbox(plan.launch)
        # Two notebooks of the same name in different folders are two students.
        numbered = [replace(submission, student=str(number)) for number, submission in enumerate(submissions)]
        found: dict[int, Graded] = {}
        for one in evaluate_all(plan, numbered, jobs):
            submission = submissions[int(one.student)]
            found[int(one.student)] = replace(one, student=submission.student, flags=submission.flags)
            done += 1
            on_progress(done, total)
        graded[task] = [found[number] for number in sorted(found)]
    return graded
