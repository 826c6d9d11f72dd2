"""One submission -> one report: cells executed once in a sandbox, then every check in a fork of that state."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace

from autograder.authoring.reference import shown_data
from autograder.calls import CodeError, Session, connect
from autograder.checks import Check, load_checks
from autograder.checks.outcome import CheckResult, Status, failed_by, run_check
from autograder.grading.cell_record import CellRecord
from autograder.grading.diagnosis import Log, Witness, diagnose
from autograder.grading.forging import FORGING
from autograder.grading.plan import Plan
from autograder.grading.report import CellOutcome, Report
from autograder.grading.secret import check_rng
from autograder.grading.submission import Submission
from autograder.notebook.cells import Cell, NotebookError, code_cells, parse_notebook
from autograder.notebook.failures import python_version
from autograder.sandbox.channel import SandboxDied
from autograder.sandbox.clock import Budget
from autograder.sandbox.process import Sandbox

MAX_STARTS = 4  # a cell that takes the process down is skipped, and the rest gets a new process
OUTPUT_LIMIT = 256 * 1024  # characters of printed text kept of one submission


def evaluate(submission: Submission, plan: Plan) -> Report:
    """Judge ``submission``. Whatever the student's code does becomes part of the report.

    Checks whose results are known are not run again.

    Raises:
        SandboxUnavailable: the grader could not start a sandbox.
        MachineTooBusy: the wall time is up, and the student's code has had no chance to use its CPU time.
    """
    checks = load_checks(plan.task)
    flags: list[str] = []
    problem, cells, version = submission.problem, [], None
    if submission.notebook is not None:
        try:
            notebook = parse_notebook(submission.notebook)
            cells = [c for c in code_cells(notebook) if not c.graded and not c.experiment]
            version = python_version(notebook)
        except NotebookError as error:
            problem = f"The notebook cannot be read: {error}."
            flags.append(f"unreadable notebook: {error}")
    if problem is not None:
        results = [_without_verdict(check, Status.MISSING, problem) for check in checks.values()]
        outcomes: list[CellOutcome] = []
    else:
        known = {name: CheckResult.from_dict(result) for name, result in submission.known.items()}
        record = CellRecord(version)
        waiting = [c for c in checks.values() if c.name not in known]
        run = _Evaluation(submission, plan, cells, waiting, record)
        run.everything()
        results = [known.get(name) or run.results[name] for name in checks]
        try:
            with shown_data(plan.launch.data):
                results = diagnose(plan.home, plan.task, results, run.logs)
        except OSError:  # a full disk: what is missing then would be journaled for good
            raise
        except Exception as error:  # the grade stands, only the name of the mistake is missing
            flags.append(f"the diagnosis failed: {type(error).__name__}: {error}")
        outcomes = record.outcomes
        flags += [*record.flags, *run.flags]
    return Report(
        task=plan.task,
        submission=submission.hash,
        checks=tuple(results),
        cells=tuple(_bounded(outcomes)),
        flags=tuple(flags),
        provisional=not plan.walls,
    )


class _Evaluation:
    def __init__(
        self, submission: Submission, plan: Plan, cells: list[Cell], checks: list[Check], record: CellRecord
    ) -> None:
        self._submission, self._plan, self._cells, self._waiting = submission, plan, cells, checks
        self._record = record
        self._budget = Budget(plan.launch.limits)
        self._definitions_only: set[int] = set()  # cells that ended a process
        self._skipped: set[int] = set()  # cells whose definitions alone did that, too
        self._suspect: str | None = None
        self.results: dict[str, CheckResult] = {}
        self.logs: dict[str, Log | None] = {}
        self.flags: list[str] = []
        if str(plan.home) not in sys.path:
            sys.path.insert(0, str(plan.home))
        self._reference = importlib.import_module(f"solutions.{plan.task}")

    def everything(self) -> None:
        """Execute the cells and run the checks, with a new process when the student's code destroys one."""
        for _ in range(MAX_STARTS):
            if self._budget.excess():
                break
            try:
                with Sandbox(self._plan.launch, self._budget, walls=self._plan.walls) as sandbox:
                    self._prepare(sandbox)
                    self._run_cells(sandbox)
                    self._run_checks(sandbox)
                break
            except SandboxDied as error:
                last = error
        if not self._waiting:
            return
        if excess := self._budget.excess():
            status, message = Status.TIMEOUT, f"Not run: {excess}."
        else:
            status, message = (
                Status.CRASHED,
                f"Not run: the notebook's process ended again and again ({last.message}).",
            )
        for check in self._waiting:
            self.results[check.name] = _without_verdict(check, status, message)

    def _prepare(self, sandbox: Sandbox) -> None:
        files = dict(self._submission.files)
        for task, content in self._submission.earlier.items():
            files[f"{task}.ipynb"] = _code_of(content)
        if files:
            sandbox.put_files(files)

    def _run_cells(self, sandbox: Sandbox) -> None:
        self._record.restart()
        for cell in self._cells:
            if cell.number in self._skipped:
                self._record.skipped(cell)
                continue
            only_definitions = cell.number in self._definitions_only
            label = f"cell {cell.number}"
            try:
                reply = sandbox.run_cell(label, cell.source, only_definitions=only_definitions)
            except SandboxDied as error:
                (self._skipped if only_definitions else self._definitions_only).add(cell.number)
                self._record.ended(cell, error.message)
                self._note_forging(label, error.kind, error.message)
                raise
            self._record.ran(cell, reply)

    def _run_checks(self, sandbox: Sandbox) -> None:
        data = self._plan.data()
        seed = self._plan.seed_of(self._submission.hash)
        while self._waiting:
            check = self._waiting[0]
            try:
                with sandbox.session(check.seconds) as channel:
                    witness = Witness(channel)
                    # What trains sends a data set and takes seconds: too much to keep and to ask again.
                    student = connect(witness if check.replay else channel)
                    reference = connect(Session(vars(self._reference)), trusted=True)
                    result = run_check(
                        check,
                        student,
                        reference,
                        check_rng(seed, check.name),
                        data,
                        why=self._record.failures.why,
                    )
                    if (error := channel.settle()) is not None:
                        result = failed_by(check, error)
                if isinstance(channel.broken, CodeError):
                    self._note_forging(check.name, channel.broken.kind, channel.broken.message)
                if result.status is not Status.PASSED:
                    self.logs[check.name] = witness.log
            except SandboxDied as error:
                if self._suspect != check.name:
                    # The process was destroyed before this check began: it gets a new one, once.
                    self._suspect = check.name
                    raise
                result = _without_verdict(
                    check, Status.CRASHED, f"The notebook's process ended: {error.message}."
                )
                self.flags.append(f"{check.name}: the notebook's process ended")
                self._note_forging(check.name, error.kind, error.message)
            self.results[check.name] = result
            self._waiting.pop(0)

    def _note_forging(self, place: str, kind: str, message: str) -> None:
        """Once, when the sandbox sent what its worker never writes: somebody else has written it."""
        if kind == "protocol" and not any(flag.startswith(FORGING) for flag in self.flags):
            self.flags.append(f"{FORGING}: {message.rstrip('.')} ({place})")


def _code_of(notebook: bytes) -> bytes:
    """What `carry` reads of an earlier notebook: with all their pictures, several may be more than the disk inside."""
    try:
        cells = parse_notebook(notebook)["cells"]
    except NotebookError:
        return notebook
    kept = ("cell_type", "metadata", "source")
    code = [
        {k: cell[k] for k in kept if k in cell} if cell.get("cell_type") == "code" else {} for cell in cells
    ]
    return json.dumps({"cells": code}).encode()


def _without_verdict(check: Check, status: Status, message: str) -> CheckResult:
    return CheckResult(check.name, check.title, status, 0.0, check.points, message, equation=check.equation)


def _bounded(outcomes: list[CellOutcome]) -> Iterator[CellOutcome]:
    room = OUTPUT_LIMIT
    for outcome in outcomes:
        stdout, stderr = outcome.stdout[:room], outcome.stderr[: max(room - len(outcome.stdout), 0)]
        room -= len(stdout) + len(stderr)
        yield replace(outcome, stdout=stdout, stderr=stderr)
