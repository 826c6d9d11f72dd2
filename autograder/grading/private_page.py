"""The step of nbgrader's feedback that keeps a page between its graders until it is released."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.grading.private import make_private_folder


class PrivatePage(NbGraderPreprocessor):
    """Makes the folder of a page before nbgrader does. The page itself stays readable: releasing it copies its mode."""

    def preprocess(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        root = Path(self.config.CourseDirectory.root or ".").resolve()
        where = resources["nbgrader"]
        make_private_folder(root, root / "feedback" / where["student"] / where["assignment"])
        return nb, resources
