"""A text and what it refers to: resolved, or every problem named with file and line."""

from __future__ import annotations

import tomllib

import pytest

from autograder.authoring.assignment import read_assignment, stub_prefix
from autograder.authoring.build import checks_of
from autograder.authoring.errors import AuthoringError
from tests.authoring.small_course import CHECKOUT, SOLUTION, TEXT, made_check

TASK = "task9_twice"
COURSE_TASKS = [row["name"] for row in tomllib.loads((CHECKOUT / "course.toml").read_text())["tasks"]]


def problems_of(home, checks, *, text=TEXT, solution=SOLUTION) -> list[str]:
    (home / "assignments" / f"{TASK}.md").write_text(text)
    (home / "solutions" / f"{TASK}.py").write_text(solution)
    with pytest.raises(AuthoringError) as caught:
        read_assignment(home, TASK, checks)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def line_of(text: str, part: str, *, last: bool = False) -> int:
    lines = [number for number, line in enumerate(text.splitlines(), 1) if part in line]
    return lines[-1 if last else 0]


def test_cells_in_order_with_ids_and_real_line_numbers(home, checks):
    cells = read_assignment(home, TASK, checks).cells
    assert [(cell.kind, cell.id) for cell in cells] == [
        ("text", "text-01"),
        ("code", "code-01"),
        ("text", "text-02"),
        ("solution", "solution-double"),
        ("check", "double_values"),
        ("code", "code-02"),
        ("solution", "solution-Scale"),
        ("check", "scale_forward"),
    ]
    assert cells[3].line == line_of(TEXT, ":solution: double")
    assert cells[4].line == line_of(TEXT, ":check: double_values")
    assert cells[5].tags == ("experiment",)
    assert cells[4].source == 'check("double_values")'
    assert cells[4].points == 60


def test_a_solution_is_the_exact_source_and_every_region_has_its_own_stub(home, checks):
    cells = {cell.id: cell for cell in read_assignment(home, TASK, checks).cells}
    scale = cells["solution-Scale"]
    assert scale.source == SOLUTION[SOLUTION.index("class Scale") :].rstrip("\n")
    assert scale.stubs == ("task 9.2: Scale.__init__", "task 9.2: Scale.forward")
    assert cells["solution-double"].stubs == ("task 9.1: double",)


@pytest.mark.parametrize(
    ("task", "prefix"),
    [("task1_forward", "task 1."), ("adv10_architectures", "adv 10."), ("extra", "extra ")],
)
def test_stub_numbers_come_from_the_name(task, prefix):
    assert stub_prefix(task) == prefix


@pytest.mark.parametrize("option", ["check", "solution"])
def test_a_reference_to_nothing(home, checks, option):
    old = {"check": "double_values", "solution": "double"}[option]
    found = problems_of(home, checks, text=TEXT.replace(f":{option}: {old}\n", f":{option}: dobule\n"))
    line = line_of(TEXT, f":{option}: {old}")
    assert any(row.startswith(f"assignments/{TASK}.md:{line}: there is no {option} dobule") for row in found)


def test_a_check_that_is_never_used(home, checks):
    found = problems_of(
        home, {**checks, "double_values": made_check("double_values", 50), "lost": made_check("lost", 10)}
    )
    assert found == [f"assignments/{TASK}.md: the check lost is never used; add a cell with :check: lost"]


def test_a_solution_that_no_cell_asks_for(home, checks):
    extra = SOLUTION + "\n\ndef half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION\n"
    (found,) = problems_of(home, checks, solution=extra)
    assert found.startswith(f"solutions/{TASK}.py:{line_of(extra, 'def half')}: half has a solution region")


def test_two_cells_for_one_check(home, checks):
    text = TEXT + "\n```{code-cell} python\n:check: double_values\n```\n"
    (found,) = problems_of(home, checks, text=text)
    first, second = (line_of(text, ":check: double_values", last=last) for last in (False, True))
    assert (
        found
        == f"assignments/{TASK}.md:{second}: a second cell for the check double_values; the first is at line {first}"
    )


def test_a_cell_with_two_meanings(home, checks):
    text = TEXT.replace(":check: double_values\n", ":check: double_values\n:solution: double\n").replace(
        "```{code-cell} python\n:solution: double\n```\n", "", 1
    )
    (found,) = problems_of(home, checks, text=text)
    assert f"assignments/{TASK}.md:" in found
    assert "both :solution: and :check:" in found


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        (
            "    ### END SOLUTION\n\n\nclass",
            "\n\nclass",
            "### BEGIN",
            "double: BEGIN SOLUTION without an END",
        ),
        ("    ### BEGIN SOLUTION\n    twice", "    twice", "### END", "double: END SOLUTION without a BEGIN"),
        (
            "import functools\n",
            "import functools\n### BEGIN SOLUTION\n",
            "### BEGIN",
            "outside every definition",
        ),
    ],
)
def test_unbalanced_solution_markers(home, checks, old, new, where, what):
    assert old in SOLUTION
    broken = SOLUTION.replace(old, new, 1)
    found = problems_of(home, checks, solution=broken)
    assert any(
        row.startswith(f"solutions/{TASK}.py:{line_of(broken, where)}: ") and what in row for row in found
    )


def test_a_solution_without_a_region_would_be_given_away(home, checks):
    given = SOLUTION.replace("    ### BEGIN SOLUTION\n    twice", "    twice").replace(
        "    return twice\n    ### END SOLUTION\n", "    return twice\n"
    )
    (found,) = problems_of(home, checks, solution=given)
    assert "double has no BEGIN SOLUTION" in found


def test_a_solution_typed_into_the_text(home, checks):
    text = TEXT.replace("print(double(np.arange(3)))", "### BEGIN SOLUTION\n### END SOLUTION")
    (found,) = problems_of(home, checks, text=text)
    assert "solutions belong into solutions/" in found


def test_a_misspelt_option(home, checks):
    found = problems_of(home, checks, text=TEXT.replace(":tags:", ":tgas:"))
    assert any("unknown option :tgas:" in row for row in found)


def test_points_sum_to_100(home, checks):
    (found,) = problems_of(home, {**checks, "double_values": made_check("double_values", 57)})
    assert found == f"autograder/checks/{TASK}.py: the checks are worth 97 points; expected 100"


def test_missing_files(tmp_path):
    with pytest.raises(AuthoringError) as caught:
        read_assignment(tmp_path, TASK, {})
    assert caught.value.problems == [
        f"assignments/{TASK}.md: does not exist",
        f"solutions/{TASK}.py: does not exist",
    ]


def test_all_problems_at_once(home, checks):
    text = TEXT.replace(":check: double_values", ":check: dobule").replace(":tags:", ":tgas:")
    solution = SOLUTION.replace("    ### END SOLUTION\n\n\nclass", "\n\nclass")
    assert len(problems_of(home, checks, text=text, solution=solution)) == 4


def test_a_constant_with_markers_around_it(home, checks):
    solution = SOLUTION.replace(
        "class Scale", "### BEGIN SOLUTION\nRATE = 0.5\n### END SOLUTION\n\n\nclass Scale"
    )
    text = TEXT + "\n```{code-cell} python\n:solution: RATE\n```\n"
    (home / "assignments" / f"{TASK}.md").write_text(text)
    (home / "solutions" / f"{TASK}.py").write_text(solution)
    cell = read_assignment(home, TASK, checks).cells[-1]
    assert cell.source == "### BEGIN SOLUTION\nRATE = 0.5\n### END SOLUTION"
    assert cell.stubs == ("task 9.3: RATE",)


@pytest.mark.parametrize("task", COURSE_TASKS)
def test_the_tasks_of_this_course(task):
    cells = read_assignment(CHECKOUT, task, checks_of(task)).cells
    assert sum(cell.points for cell in cells) == 100
    assert cells[0].source.startswith("# ")


def test_a_text_that_is_no_myst(home, checks):
    text = TEXT.replace(":tags: [experiment]", ":tags: [experiment")
    (home / "assignments" / f"{TASK}.md").write_text(text)
    with pytest.raises(AuthoringError, match=f"assignments/{TASK}.md: .*line"):
        read_assignment(home, TASK, checks)
