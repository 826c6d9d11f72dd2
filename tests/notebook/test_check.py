"""`check("…")` in a student's notebook and `autograder check` in a shell, without the reference."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.build import build
from autograder.authoring.solve import read_source, solve
from autograder.course import load_course
from autograder.notebook import shell

HOME = Path(__file__).resolve().parents[2]
TASKS = ("task1_forward", "task2_minibatch")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    shutil.copyfile(HOME / "course.toml", folder / "course.toml")
    build(load_course(folder), TASKS)
    return folder


@pytest.fixture
def package(built: Path, tmp_path: Path) -> Path:
    """The students' package alone: no solutions, no command-line library's room."""
    from autograder.sandbox.kit import PACKAGE, student_files

    folder = tmp_path / "site"
    for path in student_files():
        (folder / "autograder" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / path, folder / "autograder" / path)
    return folder


def student_shell(package: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(package)}
    command = [sys.executable, "-m", "autograder", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_solved_notebook_is_all_green_from_the_shell(built: Path, package: Path, tmp_path: Path) -> None:
    for task in TASKS:
        nbformat.write(solve(read_source(built, task)), tmp_path / f"{task}.ipynb")
    for task in TASKS:
        done = student_shell(package, tmp_path, "check", f"{task}.ipynb", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        result = json.loads(done.stdout)
        assert result["points"] == result["max_points"] == 100
        assert {check["status"] for check in result["checks"]} == {"passed"}


def test_a_red_check_says_what_is_wrong(built: Path, package: Path, tmp_path: Path) -> None:
    wrong = "def softmax(a):\n    return np.exp(a) / np.exp(a).sum(axis=0)"
    nbformat.write(solve(read_source(built, TASKS[0]), {"softmax": wrong}), tmp_path / "task1_forward.ipynb")
    done = student_shell(package, tmp_path, "check", "task1_forward.ipynb")
    assert done.returncode == 1
    assert "✗ softmax_rows  0/10" in done.stdout
    assert "expected" in done.stdout
    assert "Hint:" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("front", "behind", "says"),
    [
        ("", "x = 5 5", "SyntaxError: invalid syntax"),
        (
            "from a_package_nobody_has import jit\n@jit",
            "",
            "ModuleNotFoundError: this computer's Python has no package a_package_nobody_has",
        ),
    ],
)
def test_a_missing_name_first_says_why_its_cell_failed(
    built: Path, package: Path, tmp_path: Path, front: str, behind: str, says: str
) -> None:
    notebook = solve(read_source(built, TASKS[0]))
    (cell,) = (c for c in notebook.cells if c.cell_type == "code" and "def sigmoid" in c.source)
    cell.source = f"{front}\n{cell.source}\n{behind}"
    nbformat.write(notebook, tmp_path / "task1_forward.ipynb")
    done = student_shell(package, tmp_path, "check", "task1_forward.ipynb", "--json")
    (check,) = (c for c in json.loads(done.stdout)["checks"] if c["name"] == "sigmoid_values")
    assert check["message"].startswith(f"cell {notebook.cells.index(cell) + 1}: {says}")
    assert "So sigmoid is not defined" in check["message"]
    assert "was it deleted" not in check["hint"]


def test_a_notebook_with_magics_is_green_from_the_shell(built: Path, package: Path, tmp_path: Path) -> None:
    notebook = solve(read_source(built, TASKS[0]))
    for cell in notebook.cells:
        if cell.cell_type == "code" and "def sigmoid" in cell.source:
            cell.source = (
                "# timed\n\n%%time\nfrom a_package_nobody_has import tqdm\n%matplotlib inline\nfiles = !ls\n"
                f"{cell.source}\n%timeit -n 1 sigmoid(0)\npip install nothing"
            )
    nbformat.write(notebook, tmp_path / "task1_forward.ipynb")
    done = student_shell(package, tmp_path, "check", "task1_forward.ipynb")
    assert done.returncode == 0, done.stdout + done.stderr


WINDOWS = """
import signal, sys
for name in ("resource", "fcntl", "pwd", "grp", "termios", "posix_ipc"):
    sys.modules[name] = None
for name in ("SIGALRM", "setitimer", "ITIMER_REAL", "ITIMER_PROF", "SIGPROF"):
    vars(signal).pop(name, None)
from autograder.__main__ import main
sys.argv = ["autograder", "check", "task1_forward.ipynb"]
main()
"""


def test_checking_needs_nothing_that_windows_does_not_have(
    built: Path, package: Path, tmp_path: Path
) -> None:
    nbformat.write(solve(read_source(built, TASKS[0])), tmp_path / "task1_forward.ipynb")
    env = {**os.environ, "PYTHONPATH": str(package)}
    done = subprocess.run(
        [sys.executable, "-c", WINDOWS], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shell_names_misuse(built: Path, package: Path, tmp_path: Path) -> None:
    (tmp_path / "essay.ipynb").write_text('{"cells": []}')
    (tmp_path / "task1_forward.ipynb").write_text("<html>")
    for name, says in (
        ("essay", "is no notebook of a task"),
        ("task1_forward", "HTML"),
        ("gone", "does not exist"),
    ):
        done = student_shell(package, tmp_path, "check", f"{name}.ipynb")
        assert done.returncode == 2
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def run_in_kernel(package: Path, folder: Path, *cells: str) -> nbformat.NotebookNode:
    """Execute cells in a real Jupyter kernel that has only the students' package."""
    from jupyter_client.manager import KernelManager
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    manager = KernelManager(kernel_name="python3")
    env = {**os.environ, "PYTHONPATH": str(package)}
    client = NotebookClient(notebook, km=manager, timeout=60, resources={"metadata": {"path": str(folder)}})
    client.execute(env=env)
    return notebook


def test_in_a_notebook_the_result_is_html_with_points_and_hint(
    built: Path, package: Path, tmp_path: Path
) -> None:
    notebook = run_in_kernel(
        package,
        tmp_path,
        "import numpy as np\nfrom autograder import check",
        "def sigmoid(x):\n    return 1 / (1 + np.exp(x))",
        'check("sigmoid_values")',
        'check("softmax_rows")',
        "def softmax(a):\n    return 1 / 0",
        'check("softmax_rows")',
    )
    wrong, missing, raising = (notebook.cells[i].outputs[0].data for i in (2, 3, 5))
    assert "sigmoid_values" in wrong["text/html"]
    assert "0/6" in wrong["text/html"]
    assert "expected" in wrong["text/html"]
    # nbgrader without our configuration would read this as the points.
    assert float(wrong["text/plain"]) == 0
    assert "softmax is not defined" in missing["text/html"]
    assert "ZeroDivisionError" in raising["text/html"]
    assert "return 1 / 0" in raising["text/html"]


def test_a_check_that_does_not_exist_names_similar_ones(built: Path) -> None:
    from autograder import check

    with pytest.raises(ValueError, match="Did you mean softmax_rows"):
        check("softmax_row")


@pytest.mark.parametrize("way", ["absolute", "relative", "from inside", "through a link"])
@pytest.mark.parametrize("folder", ["submitted", "autograded"])
def test_a_students_submission_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: str, way: str
) -> None:
    place = tmp_path / folder / "mallory" / "task1_forward"
    place.mkdir(parents=True)
    cell = nbformat.v4.new_code_cell(f"open({str(tmp_path / 'ran')!r}, 'w')")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), place / "task1_forward.ipynb")
    (tmp_path / "theirs").symlink_to(place)
    monkeypatch.chdir(place if way == "from inside" else tmp_path)
    given = {
        "absolute": place / "task1_forward.ipynb",
        "relative": Path(folder, "mallory", "task1_forward", "task1_forward.ipynb"),
        "from inside": Path("task1_forward.ipynb"),
        "through a link": Path("theirs", "task1_forward.ipynb"),
    }[way]
    assert shell.run_checks(given) == shell.MISUSE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "without a sandbox" in said
    assert "autograder grade task1_forward --dry-run" in said
    assert not (tmp_path / "ran").exists()


def test_check_takes_the_names_that_the_grader_takes(built: Path, package: Path, tmp_path: Path) -> None:
    right = nbformat.writes(solve(read_source(built, TASKS[0])))
    released = json.loads(right)
    released["metadata"]["autograder"] = {"task": TASKS[0], "kit": "0.1.0"}
    released["cells"][-1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "x" * (5 * 2**20)}
    ]
    for name, content in (
        ("TASK1_FORWARD (1).ipynb.txt", right),
        ("Copy of homework.ipynb", json.dumps(released)),
        ("homework.json", json.dumps(released)),
    ):
        (tmp_path / name).write_text(content)
        done = student_shell(package, tmp_path, "check", name, "--json")
        assert json.loads(done.stdout)["points"] == 100, done.stderr
