"""An early mistake costs once: the later tasks of the same student score what they would with a right beginning.

Where an early function is degenerate (it raises, returns NaN, a constant, or another shape), a later check that needs
it may fail, and then says which function of which task to mend first.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from types import CodeType

import pytest

from autograder.calls import Session, connect
from autograder.checks import CHECK_SECONDS
from autograder.checks.outcome import run_check
from autograder.misconceptions import Misconception, load_misconceptions
from tests.checks.harness import (
    ROOT,
    Noted,
    QuietSession,
    asked_in,
    chosen,
    data_of,
    files_of,
    namespace_of,
    not_passed,
    rng_of,
    source_of,
    student_place,
)

EARLY = ("task1_forward", "task2_minibatch", "task3_backprop")
# For the four tasks of the basic course every early mistake is tried, for the others one in so many.
LATER = {
    "task2_minibatch": 1, "task3_backprop": 1, "task4_classifier": 1, "adv1_contest": 3, "adv2_activations": 3,
    "adv3_dropout": 3, "adv6_color": 4, "adv9_cnn": 12,
}  # fmt: skip
DEGENERATE = 0.2  # of the early mistakes at most: 17 of 100 leave nothing to go on with
CARRY = re.compile(r'^carry\("(\w+)"\)', re.MULTILINE)
PAIRS = [
    (early, later)
    for later in LATER
    for early in CARRY.findall((ROOT / "assignments" / f"{later}.md").read_text())
    if early in EARLY
]


@cache
def definitions(task: str) -> CodeType:
    """The code of `solutions/<task>.py` without its imports of other solutions, as a notebook has it."""
    tree = ast.parse(source_of(task))
    tree.body = [
        node for node in tree.body if not (getattr(node, "module", None) or "").startswith("solutions.")
    ]
    return compile(tree, f"solutions/{task}.py", "exec")


def notebook(later: str, early: str = "", mistake: Misconception | None = None) -> Noted:
    """The names of a right notebook that carries a notebook of ``early`` with ``mistake`` in it."""
    namespace = Noted({"__name__": f"student_{later}"})
    for task in [*CARRY.findall((ROOT / "assignments" / f"{later}.md").read_text()), later]:
        exec(definitions(task), namespace)
        if mistake and task == early:
            exec(compile(mistake.source, "<cell planted>", "exec"), namespace)
    return namespace


@cache
def asked(later: str, check: str) -> frozenset[str]:
    """The names that a check looks up in a right notebook."""
    return asked_in(notebook(later), later, check)


def planted(source: str) -> set[str]:
    """The names that ``source`` binds, or changes something of."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.Import() | ast.ImportFrom():
                found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            case ast.Assign():
                found |= {
                    n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)
                }
            case _:
                raise AssertionError(f"what does this bind? {ast.unparse(node)}")
    return found


def lost(later: str, early: str, mistake: Misconception) -> dict[str, str]:
    """The checks of ``later`` that do not pass, trainings aside, with message and hint."""
    results, names = {}, planted(mistake.source)
    with student_place(files_of(later)):
        for check in chosen(later, None):
            if check.seconds <= CHECK_SECONDS and names & asked(later, check.name):
                student = connect(QuietSession(notebook(later, early, mistake)))
                reference = connect(Session(namespace_of(later)), trusted=True)
                results[check.name] = run_check(check, student, reference, rng_of(check, 0), data_of(later))
    return {name: f"{said} {results[name].hint or ''}" for name, said in not_passed(results).items()}


@pytest.mark.parametrize(("early", "later"), PAIRS)
def test_an_early_mistake_costs_once(early, later):
    mistakes = load_misconceptions(early)[:: LATER[later]]
    spoiled, twice = [], {}
    for mistake in mistakes:
        failed = lost(later, early, mistake)
        unexplained = {name: said for name, said in failed.items() if "Mend " not in said}
        if unexplained:
            twice[mistake.name] = unexplained
        elif failed:
            spoiled.append(mistake.name)
    assert twice == {}
    assert len(spoiled) <= DEGENERATE * len(mistakes), spoiled
