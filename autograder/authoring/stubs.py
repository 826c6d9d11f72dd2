"""The release notebook's stubs: each names its task, as ``raise NotImplementedError("task 1.3: softmax")``."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions
from traitlets import Dict

_MARK = "@stub@"  # put in by nbgrader, replaced by us


class NamedStubs(ClearSolutions):
    """nbgrader's ClearSolutions, with the stubs that `autograder build` wrote into a cell's metadata.

    A notebook that was not made by `autograder build` gets ``raise NotImplementedError()``.
    """

    code_stub = Dict({"python": _MARK}).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Also drops what only the build needs to know."""
        nb, resources = super().preprocess(nb, resources)
        nb.metadata.get("autograder", {}).pop("cells", None)
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, cell_index: int
    ) -> tuple[NotebookNode, Any]:
        """One cell, one stub for each of its regions, in order."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        texts = iter(cell.metadata.pop("autograder", {}).get("stubs", []))
        cell.source = re.sub(_MARK, lambda _: stub(next(texts, "")), cell.source)
        return cell, resources


def stub(text: str) -> str:
    """The line that stands where a solution was."""
    return f'raise NotImplementedError("{text}")' if text else "raise NotImplementedError()"


def release_preprocessors() -> list[type]:
    """nbgrader's own list for `generate_assignment`, with ours in the place of ClearSolutions."""
    standard = GenerateAssignment.class_traits()["preprocessors"].default()
    return [NamedStubs if preprocessor is ClearSolutions else preprocessor for preprocessor in standard]
