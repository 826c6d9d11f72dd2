"""A failed check says which known mistake it looks like, from the recorded calls alone."""

import nbformat
import numpy as np
import pytest

from autograder.authoring.reference import reference_namespace
from autograder.calls import Session, connect
from autograder.calls.values import Handle
from autograder.checks import load_checks
from autograder.checks.outcome import CheckResult, Status, run_check
from autograder.course import load_course
from autograder.grading.diagnosis import LOG_CALLS, Witness, diagnose
from autograder.misconceptions import load_misconceptions
from tests.grading.conftest import HOME, command

TASK = "task2_minibatch"
IN_BITS = "def cross_entropy(y, t): return -np.sum(t * np.log2(np.maximum(y, 1e-30))) / len(y)"


def outcome(source: str, check: str = "cross_entropy_value", task: str = TASK) -> CheckResult:
    """The diagnosed result of one check on the reference with ``source`` planted."""
    witness = Witness(Session(reference_namespace(HOME, task, source)))
    reference = connect(Session(reference_namespace(HOME, task)), trusted=True)
    with np.errstate(all="ignore"):
        result = run_check(load_checks(task)[check], connect(witness), reference, np.random.default_rng(5))
    return diagnose(HOME, task, [result], {check: witness.log})[0]


def causes(source: str, check: str = "cross_entropy_value", task: str = TASK) -> list[str]:
    """The names of the mistakes that it looks like."""
    return [cause.name for cause in outcome(source, check, task).causes]


def log2() -> str:
    """The name under which the logarithm to base 2 is known."""
    (name,) = causes(IN_BITS)
    assert "2" in name
    return name


def test_a_mistake_is_named_with_its_hint():
    (cause,) = outcome(IN_BITS).causes
    (known,) = [m for m in load_misconceptions(TASK) if m.name == cause.name]
    assert cause.hint == known.hint


def test_the_same_mistake_in_another_style_has_the_same_name():
    loops = """
def cross_entropy(y, t):
    total = 0.0
    for row, target in zip(y, t):
        for a, b in zip(row, target):
            if b:
                total -= math.log2(max(a, 1e-30))
    return total / y.shape[0]
import math
"""
    single = "def cross_entropy(y, t): return np.float32(-np.sum(t * np.log2(np.maximum(y, 1e-30))) / len(y))"
    assert causes(loops) == causes(single) == [log2()]


def test_mistakes_that_cannot_be_told_apart_are_all_named():
    (first,) = (m for m in load_misconceptions("task1_forward") if "9999 is built in" in m.name)
    found = causes(first.source, first.check, "task1_forward")
    assert len(found) == 2 and first.name in found


def test_an_unknown_mistake_gets_no_name():
    assert causes("def cross_entropy(y, t): return 17.25 + len(y)") == []


def test_what_is_right_gets_no_name():
    result = outcome("")
    assert result.status is Status.PASSED and result.causes == ()


def test_the_student_s_code_is_not_run_again():
    counting = f"calls = []\n{IN_BITS.replace(': return', ': calls.append(1); return')}"
    namespace = reference_namespace(HOME, TASK, counting)
    witness = Witness(Session(namespace))
    reference = connect(Session(reference_namespace(HOME, TASK)), trusted=True)
    check = load_checks(TASK)["cross_entropy_value"]
    result = run_check(check, connect(witness), reference, np.random.default_rng(5))
    before = len(namespace["calls"])
    assert diagnose(HOME, TASK, [result], {check.name: witness.log})[0].causes
    assert len(namespace["calls"]) == before > 0


def test_a_flood_of_calls_is_not_kept():
    witness = Witness(Session({"f": lambda: None}))
    student = connect(witness)
    function = student.f
    for _ in range(LOG_CALLS + 5):
        function()
    assert witness.log is None


def test_a_flood_of_numbers_is_not_kept():
    witness = Witness(Session({"f": lambda: np.zeros(2_000_000)}))
    for _ in range(3):
        connect(witness).f()
    assert witness.log is None


def test_the_name_is_in_the_autograded_notebook_and_on_the_feedback_page(pupils):
    pupils.hand_in("ada", TASK, pupils.solved(TASK, {"cross_entropy": IN_BITS}))
    done = command(pupils.course.root, "grade", TASK)
    assert done.returncode == 0, done.stdout + done.stderr
    notebook = nbformat.read(pupils.course.root / "autograded" / "ada" / TASK / f"{TASK}.ipynb", 4)
    page = (pupils.course.root / "feedback" / "ada" / TASK / f"{TASK}.html").read_text()
    assert f"This looks like: {log2()}." in nbformat.writes(notebook)
    assert f"This looks like: {log2()}." in page


@pytest.mark.parametrize("forged", ["/{}", "../{}", "~/{}", ["x"], {"a": 1}, None])
def test_a_forged_place_of_a_file_leads_nowhere(tmp_path, monkeypatch, forged):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    monkeypatch.chdir(tmp_path)
    place = forged.format(str(victim).lstrip("/")) if isinstance(forged, str) else forged
    params = {"W1": np.zeros((3, 2)), "b1": np.zeros(2), "W2": np.zeros((2, 4)), "b2": np.zeros(4)}
    save = Handle(1, "function")
    log = [
        ({"op": "get", "of": Handle(0), "name": "save_parameters"}, {"value": save}),
        ({"op": "call", "of": save, "args": [place, params], "kwargs": {}}, {"value": None, "mutated": []}),
    ]
    told = ({"op": "write", "name": "network.npz", "content": None}, {"value": place})
    check = load_checks("task3_backprop")["save_load"]
    failed = CheckResult(check.name, check.title, Status.FAILED, 0.0, check.points)
    for conversation in (log, [told, *log]):
        diagnose(HOME, "task3_backprop", [failed], {check.name: conversation})
    assert victim.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["victim"]


def test_no_known_mistake_unpickles():
    for task in load_course(HOME).tasks:
        for mistake in load_misconceptions(task):
            assert "allow_pickle=True" not in mistake.source and "pickle.load" not in mistake.source
