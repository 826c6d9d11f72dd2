"""nbgrader's configuration: its own commands and the formgrader's buttons do what `autograder` does."""

import tomllib
from pathlib import Path

import autograder.grading.nbgrader_ready  # noqa: F401 - `alembic` is found without an activated environment
from autograder.authoring.stubs import release_preprocessors

c = get_config()  # noqa: F821 - nbgrader puts it here

with open(Path(__file__).with_name("course.toml"), "rb") as file:
    course = tomllib.load(file)["course"]
c.CourseDirectory.course_id = course["id"]
c.NbGraderAPI.timezone = course.get("timezone", "UTC")  # in which the formgrader shows dates

# ---- what nbgrader prints holds students' names: nothing in it may be obeyed by a terminal -----------------------
c.Application.logging_config = {
    "filters": {"plain": {"()": "autograder.grading.nbgrader_log.PlainText"}},
    "handlers": {"console": {"filters": ["plain"]}},
}

# ---- generate_assignment: stubs that name their task -------------------------------------------------------------
c.GenerateAssignment.preprocessors = release_preprocessors()

# ---- autograde: the sandbox instead of a kernel ------------------------------------------------------------------
# The exporter reads any file as a notebook; the first preprocessor evaluates the submission and replaces it.
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.Autograde.exporter_class = "autograder.grading.nbgrader_plugin.SafeNotebookExporter"
c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = [
    "autograder.grading.nbgrader_plugin.SandboxExecute",
    "nbgrader.preprocessors.SaveAutoGrades",
    "autograder.grading.nbgrader_plugin.AssignPenalties",  # nbgrader's own is not told the task
    "nbgrader.preprocessors.CheckCellMetadata",
]

# ---- generate_feedback: as nbgrader does, in folders that only graders can enter --------------------------------
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    "autograder.grading.private_page.PrivatePage",
]

# ---- export: with the deadlines ----------------------------------------------------------------------------------
c.ExportApp.plugin_class = "autograder.reports.nbgrader_export.CsvWithDeadlines"
