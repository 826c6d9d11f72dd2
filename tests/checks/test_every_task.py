"""What holds for the checks of every task, in this process and on recorded answers.

`autograder audit` tries every known mistake and every alternative on many seeds, as grading does.
"""

from __future__ import annotations

import pytest

from autograder.checks import CHECK_SECONDS, load_checks
from autograder.checks.outcome import Status
from autograder.course import load_course
from autograder.misconceptions import load_misconceptions, read_alternatives
from tests.checks.harness import (
    JUNK,
    ROOT,
    faults,
    grade,
    grade_recorded,
    junk_source,
    names_asked,
    not_passed,
    public_names,
    recorded_bytes,
    stub_source,
)

TASKS = list(load_course(ROOT).tasks)
NAMES = [(task, name) for task in TASKS for name in public_names(task)]
ALTERNATIVES = [(task, *pair) for task in TASKS for pair in read_alternatives(ROOT, task)]
MISCONCEPTIONS = [(task, mistake) for task in TASKS for mistake in load_misconceptions(task)]
LARGEST_RECORDING = 4_000_000  # bytes, uncompressed


@pytest.mark.parametrize("task", TASKS)
def test_there_are_known_mistakes_and_alternatives(task):
    assert len(load_misconceptions(task)) >= 6
    assert len(list(read_alternatives(ROOT, task))) >= 3


@pytest.mark.parametrize("task", TASKS)
def test_known_mistakes_have_names_of_their_own_and_name_a_check(task):
    names = [mistake.name for mistake in load_misconceptions(task)]
    assert len(set(names)) == len(names)
    assert {mistake.check for mistake in load_misconceptions(task)} <= set(load_checks(task))


@pytest.mark.parametrize(("task", "mistake"), MISCONCEPTIONS, ids=lambda v: getattr(v, "name", v))
def test_a_hint_teaches_and_the_name_fits_a_sentence(task, mistake):
    assert not mistake.name.endswith((".", "?", "!"))
    assert mistake.hint.endswith((".", "?", "!", ")")) and len(mistake.hint) > 30
    lines = [line.strip() for line in mistake.source.splitlines()]
    # A comparison or a call may be quoted; the line to write may not.
    assert not [line for line in lines if len(line) > 25 and "=" in line and line in mistake.hint]


@pytest.mark.parametrize("task", TASKS)
def test_the_points_are_100(task):
    assert sum(check.points for check in load_checks(task).values()) == 100


@pytest.mark.parametrize("task", TASKS)
def test_the_reference_passes_on_recorded_answers_of_moderate_size(task):
    assert not_passed(grade_recorded(task)) == {}
    assert recorded_bytes(task) < LARGEST_RECORDING


@pytest.mark.parametrize(("task", "name", "source"), ALTERNATIVES, ids=lambda v: v[:30].split("\n")[0])
def test_an_alternative_passes_on_recorded_answers(task, name, source):
    assert not_passed(grade_recorded(task, source)) == {}


@pytest.mark.parametrize("task", TASKS)
def test_the_stub_earns_nothing(task):
    results = grade(task, stub_source(task), files=False)
    assert {result.points for result in results.values()} == {0}
    assert {result.status for result in results.values()} <= {Status.MISSING, Status.FAILED}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("task", TASKS)
def test_nothing_but_junk_earns_nothing(task, junk):
    source = "".join(junk_source(task, name, JUNK[junk]) for name in public_names(task))
    results = grade(task, source, files=False)
    assert faults(results) == {}
    assert [result.name for result in results.values() if result.points] == []


@pytest.mark.parametrize(("task", "name"), NAMES)
def test_junk_in_place_of_one_function_is_never_the_graders_fault(task, name):
    for check in load_checks(task).values():
        if check.seconds <= CHECK_SECONDS and name in names_asked(task, check.name):
            for body in JUNK.values():
                results = grade(task, junk_source(task, name, body), only=check.name)
                assert faults(results) == {}, body


@pytest.mark.parametrize(("task", "name"), [*NAMES, *((task, "np") for task in TASKS)])
def test_a_variable_in_place_of_a_function_is_never_the_graders_fault(task, name):
    for check in load_checks(task).values():
        if name in names_asked(task, check.name):
            for value in ("3", "np.zeros((2, 2))", "object()", "type('X', (), {})"):
                results = grade(task, f"{name} = {value}", only=check.name)
                assert faults(results) == {}, value
