"""The `autograder` command. Students have `check` and `data`; the rest comes with the instructor's installation."""

from __future__ import annotations

import importlib.util
import sys


def main() -> None:
    """Hand over to the full command line where it is installed, else serve the student's two commands."""
    full = importlib.util.find_spec("autograder.cli") and importlib.util.find_spec("typer")
    if full:
        from autograder.cli import app

        app()
    else:
        from autograder.notebook.shell import main as student_main

        sys.exit(student_main(sys.argv[1:]))


if __name__ == "__main__":
    main()
