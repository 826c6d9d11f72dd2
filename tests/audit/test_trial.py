"""What the audit says of the reference, of stubs, of mistakes and of right code in another style."""

from autograder.audit.trial import Kind, stub_of
from tests.audit.conftest import HOME

TASK = "task2_minibatch"
IN_BITS = "def cross_entropy(y, t): return -np.sum(t * np.log2(np.maximum(y, 1e-30))) / len(y)"


def test_the_reference_gets_all_points(try_out):
    found = try_out(TASK, Kind.REFERENCE, "")
    assert (found.lowest, found.rejected, found.problems, found.failed) == (100, 0, (), ())


def test_the_stub_gets_nothing(try_out):
    source = (HOME / "solutions" / f"{TASK}.py").read_text()
    found = try_out(TASK, Kind.STUB, stub_of(source))
    assert (found.highest, found.problems) == (0, ())


def test_a_stub_that_earns_points_is_a_problem(try_out):
    found = try_out(TASK, Kind.STUB, "")
    assert found.highest == 100
    assert found.problems[0].startswith("seed 0: ")


def test_a_mistake_is_rejected_on_every_seed_by_the_check_that_it_names(try_out):
    found = try_out(TASK, Kind.MISTAKE, IN_BITS, "cross_entropy_value")
    assert (found.rejected, found.problems) == (2, ())
    assert "cross_entropy_value" in found.failed


def test_a_mistake_that_its_check_accepts_is_a_problem(try_out):
    found = try_out(TASK, Kind.MISTAKE, IN_BITS, "one_hot_rows")
    assert found.rejected == 0
    assert found.problems == ("seed 0: one_hot_rows: passed", "seed 1: one_hot_rows: passed")


def test_a_mistake_with_a_misspelt_check_is_a_problem(try_out):
    assert try_out(TASK, Kind.MISTAKE, IN_BITS, "cross_entropy_valeu").problems == (
        "there is no check cross_entropy_valeu",
    )


def test_what_is_right_in_another_style_loses_nothing(try_out):
    other = "def one_hot(labels, classes=10): return np.eye(classes, dtype=np.float32)[labels]"
    assert try_out(TASK, Kind.ALTERNATIVE, other).rejected == 0


def test_what_is_wrong_is_no_alternative(try_out):
    found = try_out(TASK, Kind.ALTERNATIVE, IN_BITS)
    assert found.rejected == 2
    assert found.lowest < 100


def test_code_that_differs_from_run_to_run_is_a_problem(try_out):
    chance = "def one_hot(labels, classes=10): return np.random.random((len(labels), classes))"
    assert "two runs with the same seed differ" in try_out(TASK, Kind.ALTERNATIVE, chance).problems
