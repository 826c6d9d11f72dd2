"""The autograded notebook: the student's cells, the instructor's grade cells, the results as their outputs.

Points, grade cells and their ids always come from the assignment. What the student did to them (deleted, duplicated,
edited, retyped, reordered, given other points) changes nothing but a flag, see `flags`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import nbformat
from nbgrader.utils import compute_checksum

from autograder.checks.outcome import CheckResult
from autograder.grading.flags import grade_id_of, masters_of, student_cells
from autograder.grading.page_text import INERT, PageText, inert
from autograder.grading.report import CellOutcome, Report
from autograder.grading.submission import Submission
from autograder.notebook import render
from autograder.notebook.cells import cell_source


# nbformat's own makers check every cell against the schema, forty times as long as making it takes.
def new_markdown_cell(source: str) -> nbformat.NotebookNode:
    """A text cell."""
    return nbformat.from_dict({"cell_type": "markdown", "id": "", "metadata": {}, "source": source})


def new_code_cell(source: str) -> nbformat.NotebookNode:
    """A code cell that has not run."""
    content: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    return nbformat.from_dict(content)


def new_output(kind: str, **content: Any) -> nbformat.NotebookNode:
    """An output of a code cell."""
    extra: dict[str, Any] = {"metadata": {}} if kind == "execute_result" else {}
    return nbformat.from_dict({"output_type": kind, **extra, **content})


KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def compose(
    submission: Submission, assignment: nbformat.NotebookNode, report: Report, flags: Sequence[str]
) -> nbformat.NotebookNode:
    """The notebook for `autograded/`, from which nbgrader makes the feedback page.

    Args:
        assignment: the notebook in `source/`; its grade and solution cells are the only ones believed.
        flags: of the submission, shown with those of the report.
    """
    masters = masters_of(assignment)
    outcomes = {outcome.number: outcome for outcome in report.cells}
    cells, seen, text = [], set(), PageText()
    for number, cell in enumerate(student_cells(submission) or (), 1):
        grade_id = grade_id_of(cell)
        master = masters.get(grade_id) if grade_id and grade_id not in seen else None
        if master is not None:
            seen.add(grade_id)
        cells.append(_cell(cell, master, outcomes.get(number), text))
    _insert_missing(cells, masters, [grade_id for grade_id in masters if grade_id not in seen])
    results = {check.name: check for check in report.checks}
    for cell in cells:
        result = results.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if result is not None and cell.metadata.nbgrader.grade:
            # nbgrader reads a cell's points from its plain value, and shows the HTML.
            data = {"text/plain": repr(float(result.points)), "text/html": render.html(result)}
            cell.outputs = [new_output("execute_result", data=data, execution_count=None)]
    cells.insert(0, new_markdown_cell(_summary(report, [*flags, *report.flags])))
    for index, cell in enumerate(cells):
        cell.id = f"c{index:04d}"
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    # The cells as they are: `from_dict` would copy them all.
    return nbformat.NotebookNode(
        cells=cells, metadata=nbformat.from_dict(metadata), nbformat=4, nbformat_minor=5
    )


def written(notebook: nbformat.NotebookNode) -> bytes:
    """The file of a notebook made by `compose`. On one line: to indent takes four times as long."""
    return json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace")


def _cell(
    cell: dict[str, Any],
    master: nbformat.NotebookNode | None,
    outcome: CellOutcome | None,
    text: PageText,
) -> nbformat.NotebookNode:
    if master is not None and (master.metadata.nbgrader.grade or master.metadata.nbgrader.locked):
        return _master_copy(master)
    kind = master.cell_type if master is not None else cell.get("cell_type")
    source = cell_source(cell)
    if kind != "code":
        made = new_markdown_cell(text.verbatim(source))
    else:
        made = new_code_cell(text.code(source))
        made.outputs = _outputs(outcome) if outcome is not None else []
    if master is not None:
        made.metadata.nbgrader = _marks(master, made)
    return made


def _master_copy(master: nbformat.NotebookNode) -> nbformat.NotebookNode:
    made = new_markdown_cell(master.source) if master.cell_type != "code" else new_code_cell(master.source)
    made.metadata.nbgrader = _marks(master, made)
    return made


def _marks(master: nbformat.NotebookNode, made: nbformat.NotebookNode) -> nbformat.NotebookNode:
    made.metadata.nbgrader = nbformat.from_dict(dict(master.metadata.nbgrader))
    made.metadata.nbgrader["checksum"] = compute_checksum(master)
    return made.metadata.nbgrader


def _insert_missing(cells: list, masters: dict[str, nbformat.NotebookNode], missing: list[str]) -> None:
    order = list(masters)
    for grade_id in missing:
        made = _master_copy(masters[grade_id])
        if not masters[grade_id].metadata.nbgrader.grade:
            continue  # a deleted text or solution cell is the student's own choice
        place = len(cells)
        for before in reversed(order[: order.index(grade_id)]):
            found = [
                i for i, c in enumerate(cells) if c.metadata.get("nbgrader", {}).get("grade_id") == before
            ]
            if found:
                place = found[0] + 1
                break
        cells.insert(place, made)


def _outputs(outcome: CellOutcome) -> list:
    outputs = []
    for name, text in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        if text:
            outputs.append(new_output("stream", name=name, text=text))
    if outcome.error is not None:
        kind, _, message = outcome.error.partition(": ")
        trace = [*outcome.where, outcome.error]
        outputs.append(new_output("error", ename=kind[:80], evalue=message, traceback=trace))
    return outputs


def _summary(report: Report, flags: list[str]) -> str:
    cell = "style='text-align:left;padding:.1em .8em .1em 0;vertical-align:top'"
    rows = "".join(
        f"<tr><td {cell}>{_text(check.name)}</td>"
        f"<td {cell}>{check.points:g}&nbsp;/&nbsp;{check.max_points:g}</td>"
        f"<td {cell}>{_text(_finding(check))}</td></tr>"
        for check in report.checks
    )
    # One HTML block without a blank line: nothing in it is read as Markdown.
    parts = [f"<p><b>{report.points:g} of {report.max_points:g} points</b></p>"]
    if report.provisional:
        parts.append("<p><i>Provisional: graded without a full sandbox.</i></p>")
    parts.append(f"<table><tr><th {cell}>check</th><th {cell}>points</th><th></th></tr>{rows}</table>")
    if flags:
        noted = "".join(f"<li>{_text(flag)}</li>" for flag in flags)
        parts.append(f"<p>For the teaching assistant to look at:</p><ul>{noted}</ul>")
    return f"<div class='{INERT}'>{''.join(parts)}</div>"


def _finding(check: CheckResult) -> str:
    looks_like = " or ".join(cause.name for cause in check.causes)
    return f"{check.message.rstrip('.')}. Looks like: {looks_like}." if looks_like else check.message


def _text(text: str) -> str:
    """``text`` as one line of inert HTML."""
    return inert(" ".join(text.split()))
