"""Feedback pages by nbgrader's own command."""

from __future__ import annotations

from autograder.course import Course
from autograder.reports.export import run_nbgrader


def generate_feedback(course: Course, task: str) -> list[str]:
    """Run `nbgrader generate_feedback` for ``task``; what it could not do, one line each."""
    done = run_nbgrader(course, ["generate_feedback", task, "--force"])
    if done.returncode == 0:
        return []
    lines = [line for line in done.stderr.splitlines() if "ERROR" in line]
    return [f"nbgrader generate_feedback {task} failed:", *(lines[-5:] or done.stderr.splitlines()[-5:])]
