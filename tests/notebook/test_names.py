"""Names of notebooks as browsers, editors and learning management systems make them."""

from __future__ import annotations

import pytest

from autograder.notebook.names import Fit, left_behind, read_name, same_name, task_named

TASK = "task1_forward"


@pytest.mark.parametrize(
    ("name", "attempt"),
    [
        ("task1_forward.ipynb", (0, 0)),
        ("task1_forward.ipynb.txt", (0, 0)),
        ("task1_forward.ipynb.json", (0, 0)),
        ("TASK1_FORWARD.IPYNB", (0, 0)),
        ("Task1_Forward.ipynb.TXT", (0, 0)),
        ("task1_forward (1).ipynb", (0, 1)),
        ("task1_forward(12).ipynb.txt", (0, 12)),
        ("task1_forward.ipynb (4)", (0, 4)),
        ("task1_forward-2.ipynb", (2, 0)),
        ("task1_forward_3.ipynb", (3, 0)),
        ("task1_forward attempt 10.ipynb", (10, 0)),
        ("task1_forward_v2.ipynb", (2, 0)),
        ("task1_forward-2 (1).ipynb", (2, 1)),
        ("smith_4711_815_task1_forward-2.ipynb", (2, 0)),
        ("Copy of task1_forward.ipynb", None),
        ("task1_forward-Copy1.ipynb", None),
        ("task1_forward - コピー.ipynb", None),
        ("task1_forward.ipynb のコピー", None),
    ],
)
def test_a_name_of_the_task_is_recognised_with_its_attempt(
    name: str, attempt: tuple[int, int] | None
) -> None:
    read = read_name(name, TASK)
    assert read is not None
    assert (read.fit, read.attempt) == (Fit.ATTEMPT, attempt)
    assert read.exact == (name == "task1_forward.ipynb")
    assert task_named(name, ["task2_minibatch", "task1", TASK]) == TASK


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("task1_forward_solved.ipynb", Fit.NAMED),
        ("task1_forward_old.ipynb", Fit.NAMED),
        ("task1_forward2.ipynb", Fit.OTHER),
        ("mytask1_forward.ipynb", Fit.OTHER),
        ("Copy of task 1.ipynb", Fit.OTHER),
        ("task1_forward-checkpoint.ipynb", Fit.ASIDE),
        ("task1_forward.ipynb.bak", Fit.ASIDE),
        ("task1_forward.py", None),
        ("task1_forward.ipynb.zip", None),
        ("notebook.txt", None),
    ],
)
def test_other_names_come_after_it(name: str, fit: Fit | None) -> None:
    read = read_name(name, TASK)
    assert (read.fit if read else None) is fit


def test_what_programs_leave_behind_is_nobodys_work() -> None:
    for name in (
        "._task1_forward.ipynb",
        ".DS_Store",
        "__MACOSX",
        ".ipynb_checkpoints",
        "Thumbs.db",
        "~$a.docx",
    ):
        assert left_behind(name)
    assert not left_behind("task1_forward.ipynb") and not left_behind("_x.ipynb")


def test_a_file_beside_the_notebook_is_known_by_any_case_and_number() -> None:
    for name in ("Predictions.TXT", "predictions (2).txt", "predictions.txt"):
        assert same_name(name, "predictions.txt")
    for name in ("predictions2.txt", "my predictions.txt", "predictions.csv"):
        assert not same_name(name, "predictions.txt")
