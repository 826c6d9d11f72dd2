"""`autograder audit` as an instructor runs it."""

import json

import nbformat

from autograder.authoring.build import build
from autograder.authoring.solve import read_source, solve
from tests.grading.conftest import command

TASK = "task2_minibatch"
QUICK = "adv3_dropout"


def test_json_has_the_sums(course):
    done = command(course.root, "audit", QUICK, "--seeds", "1", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    sums = json.loads(done.stdout)
    assert list(sums) == ["tasks", "mistakes", "caught", "named", "alternatives", "false_rejects", "seeds"]
    assert sums["tasks"] == sums["seeds"] == 1
    assert sums["caught"] == sums["mistakes"] >= 6
    assert sums["named"] >= 0.9 * sums["mistakes"]
    assert sums["alternatives"] >= 3
    assert sums["false_rejects"] == 0


def test_many_seeds_can_look_for_false_rejects_alone(course):
    done = command(course.root, "audit", QUICK, "--seeds", "2", "--no-mistakes", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    sums = json.loads(done.stdout)
    assert (sums["mistakes"], sums["false_rejects"], sums["seeds"]) == (0, 0, 2)
    assert sums["alternatives"] >= 3


def test_the_table_says_what_each_check_is_good_for(course):
    done = command(course.root, "audit", QUICK, "--seeds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "only this one rejects" in done.stdout
    assert "dropout_test_scaling" in done.stdout
    assert "0 false rejects" in done.stdout


def test_a_pool_of_past_notebooks_gives_a_score_matrix(course):
    build(course, [TASK])
    pool = course.root / "past"
    pool.mkdir()
    solved = solve(read_source(course.root, TASK))
    nbformat.write(solved, pool / "2025-a.ipynb")
    wrong = "def one_hot(labels, classes=10):\n    return np.zeros((len(labels), classes))"
    nbformat.write(solve(read_source(course.root, TASK), {"one_hot": wrong}), pool / "2025-b.ipynb")
    (pool / "2025-c.ipynb").write_text("<html>not a notebook</html>")
    done = command(course.root, "audit", TASK, "--submission", "past", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["student"]: row for row in json.loads(done.stdout)[TASK]}
    # Without task 1, on which the notebook builds, something is lost; what is right is right all the same.
    points = {name: {check["name"]: check["points"] for check in row["checks"]} for name, row in rows.items()}
    assert points["2025-a"]["one_hot_rows"] > points["2025-b"]["one_hot_rows"] == 0
    assert points["2025-a"]["cross_entropy_value"] == points["2025-b"]["cross_entropy_value"] > 0
    assert rows["2025-c"]["points"] == 0
    table = command(course.root, "audit", TASK, "--submission", "past")
    assert "2025-b" in table.stdout and "one_hot_rows" in table.stdout
    assert not (course.root / "journal.db").exists()


def test_a_pool_that_is_not_there_is_misuse(course):
    done = command(course.root, "audit", TASK, "--submission", "nowhere")
    assert done.returncode == 2
    assert "nowhere does not exist" in done.stderr


def test_a_notebook_of_nobody_knows_which_task_is_misuse(course):
    (course.root / "mine.ipynb").write_text("{}")
    done = command(course.root, "audit", "--submission", "mine.ipynb")
    assert done.returncode == 2
    assert "of which task" in done.stderr
