"""A complete small course: one task, the real package copied beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from autograder.checks import Check

CHECKOUT = Path(__file__).resolve().parents[2]

TEXT = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Task 9: twice as much

Equation (1): $y = 2x$.

```{code-cell} python
import numpy as np

from autograder import check
```

## 1. Doubling

```{code-cell} python
:solution: double
```

```{code-cell} python
:check: double_values
```

```{code-cell} python
:tags: [experiment]

print(double(np.arange(3)))
```

```{code-cell} python
:solution: Scale
```

```{code-cell} python
:check: scale_forward
```
"""

SOLUTION = '''\
"""Task 9: twice as much."""

import functools

import numpy as np


def double(x: np.ndarray) -> np.ndarray:
    """x: any shape. Returns 2x, eq. (1)."""
    ### BEGIN SOLUTION
    twice = x + x
    return twice
    ### END SOLUTION


class Scale:
    """Multiplies by a factor."""

    def __init__(self, factor: float):
        """factor: any number."""
        ### BEGIN SOLUTION
        self.factor_kept = factor
        ### END SOLUTION

    @functools.cache
    def forward(self, x: float) -> float:
        """Returns factor times x."""
        if x == 0:
            return 0.0
        ### BEGIN SOLUTION
        return self.factor_kept * x
        ### END SOLUTION
'''

CHECKS = '''\
"""How task 9 is graded."""

from autograder.checks import check
from autograder.expect import expect_close


@check("task9_twice", points=60, equation="(1)")
def double_values(student, reference, rng):
    """double doubles."""
    x = rng.normal(size=(3, 2))
    expect_close(student.double(x), reference.double(x), "double")


@check("task9_twice", points=40)
def scale_forward(student, reference, rng):
    """Scale multiplies."""
    factor, x = float(rng.normal()), float(rng.normal())
    expect_close(student.Scale(factor).forward(x), reference.Scale(factor).forward(x), "Scale.forward")
'''

COURSE = """\
[course]
id = "small101"
title = "A small course"

[[tasks]]
name = "task9_twice"
"""


def made_check(name: str, points: float) -> Check:
    """A registered check, without a registry."""
    return Check("task9_twice", name, points, None, 10.0, name, lambda *_: None, False, "checks.py:1")


def write_texts(folder: Path) -> Path:
    for path, content in {"assignments/task9_twice.md": TEXT, "solutions/task9_twice.py": SOLUTION}.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(content)
    (folder / "solutions/__init__.py").touch()
    return folder


def write_project(folder: Path) -> Path:
    write_texts(folder)
    unwanted = shutil.ignore_patterns("__pycache__", "recorded", "task*.py", "adv*.py")
    shutil.copytree(CHECKOUT / "autograder", folder / "autograder", ignore=unwanted)
    for name in ("pyproject.toml", "LICENSE", "nbgrader_config.py"):
        shutil.copy(CHECKOUT / name, folder / name)
    (folder / "README.md").write_text("# A small course\n")
    (folder / "course.toml").write_text(COURSE)
    (folder / "autograder/checks/task9_twice.py").write_text(CHECKS)
    return folder


def run_python(project: Path, code: str) -> str:
    """What ``code`` prints when it runs with the package of ``project``; `course` is loaded already."""
    start = "from pathlib import Path\nfrom autograder.course import load_course\ncourse = load_course(Path('.'))\n"
    done = subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(code)],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
