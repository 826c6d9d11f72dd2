"""Run every notebook, solved by the reference, from top to bottom under nbconvert, as a student would.

    python scripts/run_notebooks.py [TASK…] [--pictures FOLDER]

Prints a line for each notebook: seconds, points of its own check cells, pictures. Exit code 1 when a cell fails or a
check is not green. With --pictures, every picture is written to FOLDER, to be looked at.
"""

from __future__ import annotations

import argparse
import base64
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.authoring.build import build
from autograder.authoring.solve import read_source, solve
from autograder.course import Course, load_course
from solutions.handed_in import reference_files

HOME = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("tasks", nargs="*", help="names of tasks; all of the course when none is given")
    parser.add_argument("--pictures", type=Path, help="write every picture into this folder")
    options = parser.parse_args()
    good = True
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="notebooks-") as name:
        folder = Path(name)
        (folder / "course.toml").write_text((HOME / "course.toml").read_text())
        course = load_course(folder)
        tasks = options.tasks or list(course.tasks)
        needed = [
            task
            for task in course.tasks
            if task in tasks or any(task in course.tasks[t].builds_on for t in tasks)
        ]
        build(course, needed)
        for task in needed:
            hand_out(course, task)
        for task in tasks:
            good &= run(folder, task, options.pictures)
    print(f"{len(tasks)} notebooks in {time.perf_counter() - start:.0f} s")
    return 0 if good else 1


def hand_out(course: Course, task: str) -> None:
    """The solved notebook in a folder of its own, beside what the reference hands in with it."""
    place = course.root / task
    place.mkdir()
    nbformat.write(solve(read_source(course.root, task)), place / f"{task}.ipynb")
    for name, content in reference_files(task).items():
        (place / name).write_bytes(content)


def run(folder: Path, task: str, pictures: Path | None) -> bool:
    """Execute one notebook; whether nothing failed and every check is green."""
    path = folder / task / f"{task}.ipynb"
    start = time.perf_counter()
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        print(f"{task}: FAILED after {seconds:.0f} s\n{done.stderr[-3000:]}")
        return False
    notebook = nbformat.read(path, as_version=4)
    got = full = 0.0
    shown = 0
    for number, cell in enumerate(notebook.cells):
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            points = [float(o.data["text/plain"]) for o in cell.outputs if o.output_type == "execute_result"]
            got, full = got + sum(points), full + marks["points"]
            if sum(points) != marks["points"]:
                print(f"{task}: check {marks['grade_id']} gives {sum(points):g} of {marks['points']}")
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture:
                shown += 1
                if pictures is not None:
                    pictures.mkdir(parents=True, exist_ok=True)
                    (pictures / f"{task}-{number:03}-{shown}.png").write_bytes(base64.b64decode(picture))
    print(f"{task}: {seconds:.0f} s, {got:g} of {full:g} points, {shown} pictures", flush=True)
    return got == full


if __name__ == "__main__":
    sys.exit(main())
