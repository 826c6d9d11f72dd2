"""`autograder check NOTEBOOK` and `autograder data` for students, whose installation has no command-line library."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from autograder.checks import CheckDefinitionError
from autograder.checks.outcome import Status
from autograder.notebook.answers import AnswersMissing
from autograder.notebook.cells import NotebookError
from autograder.notebook.check import Shown, check_notebook

DONE, FAILED, MISUSE = 0, 1, 2


def run_checks(path: Path, *, as_json: bool = False) -> int:
    """Check the notebook at ``path`` and print the results; 0 when everything is green, 1 when not, 2 on misuse."""
    if not path.is_file():
        print(f"{path} does not exist. Expected a notebook, as task1_forward.ipynb.", file=sys.stderr)
        return MISUSE
    checked: list[Shown] = []
    try:
        for shown in check_notebook(path, lambda text: print(f"Attention: {text}", file=sys.stderr)):
            checked.append(shown)
            if not as_json:
                print(shown, flush=True)
    except (NotebookError, ValueError, AnswersMissing, CheckDefinitionError) as error:
        print(error, file=sys.stderr)
        return MISUSE
    results = [shown.result for shown in checked]
    got, full = sum(r.points for r in results), sum(r.max_points for r in results)
    later = sum(r.max_points for r in results if r.status is Status.DEFERRED)
    if as_json:
        rows = [
            {
                **shown.result.as_dict(),
                "cpu_s": round(shown.used.cpu, 3),
                "asleep_s": round(shown.used.asleep, 3),
                "warnings": shown.warnings,
            }
            for shown in checked
        ]
        print(json.dumps({"points": got, "max_points": full, "checks": rows}))
    else:
        print(
            f"\n{path.name}: {got:g} of {full:g} points"
            + (f", {later:g} judged when graded" if later else "")
        )
    return DONE if got + later >= full else FAILED


def main(arguments: list[str]) -> int:
    """The student's command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="autograder", description="Check your notebook, or fetch the data.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="run every check on a notebook")
    check.add_argument("notebook", type=Path)
    check.add_argument("--json", action="store_true", help="print the results as JSON")
    data = commands.add_parser("data", help="download MNIST or CIFAR-10, or draw the built-in digits")
    data.add_argument("which", choices=["mnist", "cifar10", "digits"])
    data.add_argument("--count", type=int, default=60_000, help="training images to draw (digits)")
    options = parser.parse_args(arguments)
    if options.command == "check":
        return run_checks(options.notebook, as_json=options.json)
    from autograder.datasets.fetch import fetch

    return fetch(options.which, count=options.count)
