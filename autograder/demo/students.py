"""The twelve students of the demonstration class.

Honest mistakes are edits of the reference: a line of it is replaced, so that nothing here can drift away from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import nbformat

from autograder.authoring.solve import solution_name, solve

Notebook = nbformat.NotebookNode
Edit = tuple[str, str, str]  # definition, a text in it, its replacement

HALF = 0.5
ENDLESS = "    while True:\n        pass\n"
FORGERY = '''
import builtins, json, os, sys
import numpy as np

class Equal:
    """Equal to everything, smaller than anything, and printed as a perfect score."""
    __eq__ = __le__ = __lt__ = __ge__ = __gt__ = lambda self, other: True
    __call__ = lambda self, *args, **kwargs: Equal()
    __getattr__ = lambda self, name: Equal()
    __repr__ = lambda self: "100.0"

np.testing.assert_allclose = np.testing.assert_array_equal = lambda *args, **kwargs: None
np.allclose = np.array_equal = lambda *args, **kwargs: True
print(json.dumps({"task": "done", "points": 100, "passed": True}))
sys.excepthook = lambda *args: None
for path in ("/kit/solutions", "gradebook.db", "../gradebook.db", "/proc/1/environ"):
    try:
        print(path, open(path, "rb").read(80))
    except OSError as error:
        print(error)
'''


@dataclass(frozen=True)
class Student:
    """One member of the class.

    Attributes:
        name: their id in the gradebook.
        story: what they did, in a few words.
        edits: by task, the lines of the reference they got wrong.
        change: by task (or "" for every task), what else happened to their notebook; None when it was not handed in.
    """

    name: str
    story: str
    edits: dict[str, tuple[Edit, ...]] = field(default_factory=dict)
    change: dict[str, Callable[[Notebook, Notebook], Notebook | bytes | None]] = field(default_factory=dict)

    def hand_in(self, task: str, source: Notebook, released: Notebook) -> bytes | None:
        """The bytes of their notebook for ``task``, or None when there is none."""
        texts: dict[str, str] = {}
        for name, old, new in self.edits.get(task, ()):
            text = texts.get(name) or next(c.source for c in source.cells if solution_name(c) == name)
            if old not in text:
                raise ValueError(f"{self.name}: {task}.{name} no longer contains {old!r}")
            texts[name] = text.replace(old, new)
        solved = solve(source, texts)
        change = self.change.get(task) or self.change.get("")
        made = change(solved, released) if change else solved
        return nbformat.writes(made).encode() if isinstance(made, nbformat.NotebookNode) else made


def untouched(solved: Notebook, released: Notebook) -> Notebook:
    """The notebook as it was released."""
    return released


def half_done(solved: Notebook, released: Notebook) -> Notebook:
    """The first half of the stubs filled in."""
    names = [name for cell in solved.cells if (name := solution_name(cell))]
    kept = set(names[: round(len(names) * HALF)])
    stubs = {solution_name(cell): cell.source for cell in released.cells}
    for cell in solved.cells:
        name = solution_name(cell)
        if name and name not in kept:
            cell.source = stubs[name]
    return solved


def with_first_cell(code: str) -> Callable[[Notebook, Notebook], Notebook]:
    """A cell of the student's own at the top."""

    def change(solved: Notebook, released: Notebook) -> Notebook:
        solved.cells.insert(0, nbformat.v4.new_code_cell(code))
        return solved

    return change


def not_handed_in(solved: Notebook, released: Notebook) -> None:
    """Nothing at all."""


def cut_off(solved: Notebook, released: Notebook) -> bytes:
    """The first two thirds of the file."""
    content = nbformat.writes(solved).encode()
    return content[: len(content) * 2 // 3]


def without_check_cells(solved: Notebook, released: Notebook) -> Notebook:
    """Check cells deleted, one solution cell copied, points raised."""
    checks = [cell for cell in solved.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    solved.cells = [cell for cell in solved.cells if cell not in checks[1:]]
    checks[0].metadata.nbgrader["points"] = 1000
    copied = nbformat.from_dict(checks[0])
    copied["id"] = "copied"
    solved.cells.append(copied)
    return solved


def forging(solved: Notebook, released: Notebook) -> Notebook:
    """The stubs answered by objects equal to everything, and the tools of comparison replaced."""
    for cell in solved.cells:
        name = solution_name(cell)
        if name:
            cell.source = f"{name} = Equal()"
    solved.cells.insert(1, nbformat.v4.new_code_cell(FORGERY))
    return solved


SOFTMAX_LOOP = """\
    rows = []
    for row in a:
        largest = max(row)
        exps = [np.exp(value - largest) for value in row]
        rows.append([value / sum(exps) for value in exps])
    return np.array(rows)"""
CROSS_ENTROPY_LOOP = """\
    total = 0.0
    for p, q in zip(y, t):
        for a, b in zip(p, q):
            if b:
                total -= b * np.log(max(a, 1e-30))
    return total / len(y)"""
LOOPS: dict[str, tuple[Edit, ...]] = {
    "task1_forward": (
        ("softmax", "    e = np.exp(a - a.max(axis=1, keepdims=True))\n", ""),
        ("softmax", "    return e / e.sum(axis=1, keepdims=True)", SOFTMAX_LOOP),
    ),
    "task2_minibatch": (
        (
            "one_hot",
            "t[np.arange(len(labels)), labels] = 1",
            "for row, label in zip(t, labels): row[int(label)] = 1.0",
        ),
        (
            "cross_entropy",
            "    return float(-np.sum(t * np.log(np.maximum(y, 1e-30))) / len(y))",
            CROSS_ENTROPY_LOOP,
        ),
    ),
    "task3_backprop": (("Affine", "self.d_b = d_out.sum(axis=0)", "self.d_b = sum(row for row in d_out)"),),
}

STUDENTS = (
    Student("ada", "everything right"),
    Student("ben", "handed in the empty stubs", change={"": untouched}),
    Student("chloe", "did the first half", change={"": half_done}),
    Student(
        "dinesh",
        "transposed a gradient",
        edits={
            "task1_forward": (("classify", "axis=1", "axis=0"),),
            "task2_minibatch": (("one_hot", "labels] = 1", "labels] = classes"),),
            "task3_backprop": (("Affine", "d_out @ self.W.T", "(self.W @ d_out.T)"),),
            "adv2_activations": (("CReLU", "axis=1", "axis=0"),),
            "adv3_dropout": (("Dropout", "return d_out * self.mask", "return d_out"),),
            "adv4_batchnorm": (("BatchNorm", "d_out.sum(axis=0)", "d_out.sum()"),),
            "adv5_optimizers": (("Momentum", "last - self.learning_rate", "last + self.learning_rate"),),
        },
    ),
    Student(
        "elif",
        "forgot the mean over the batch",
        edits={
            "task1_forward": (("init_parameters", "1 / np.sqrt(d_in)", "1 / d_in"),),
            "task2_minibatch": (("cross_entropy", " / len(y))", ")"),),
            "task3_backprop": (("softmax_cross_entropy_backward", "(y - t) / len(y)", "y - t"),),
            "adv2_activations": (("Softsign", "d_out / self.scale**2", "d_out / self.scale"),),
            "adv3_dropout": (("Dropout", "x * (1 - self.rate)", "x * self.rate"),),
            "adv4_batchnorm": (
                ("BatchNorm", "/ self.std + d_var * 2 * self.centred / batch + d_mean / batch", "/ self.std"),
            ),
            "adv5_optimizers": (("Adam", "m / (1 - self.beta1**self.t)", "m"),),
        },
    ),
    Student(
        "fumiko",
        "did not subtract the maximum",
        edits={
            "task1_forward": (("softmax", "np.exp(a - a.max(axis=1, keepdims=True))", "np.exp(a)"),),
            "task2_minibatch": (("cross_entropy", "np.log(", "np.log2("),),
            "task3_backprop": (("Affine", "d_out.sum(axis=0)", "d_out.sum()"),),
            "adv2_activations": (
                ("Softplus", "np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))", "np.log(1 + np.exp(x))"),
            ),
            "adv3_dropout": (("InvertedDropout", "/ (1 - self.rate)", "/ self.rate"),),
            "adv4_batchnorm": (("BatchNorm", "np.sqrt(var + self.eps)", "np.sqrt(var)"),),
            "adv5_optimizers": (("AdaGrad", "np.full_like(g, self.eps)", "np.zeros_like(g)"),),
        },
    ),
    Student(
        "goran",
        "imports a module that is not there",
        change={
            "": with_first_cell("import numpy as np\nimport seaborn_extra_styles\nprint('never reached')")
        },
    ),
    Student(
        "hana",
        "wrote a loop that never ends",
        edits={
            "task1_forward": (("main", "    print(classify", f"{ENDLESS}    print(classify"),),
            "task2_minibatch": (("main", "    x, t =", f"{ENDLESS}    x, t ="),),
            "task3_backprop": (("accuracy", "    return", f"{ENDLESS}    return"),),
            "adv3_dropout": (("forward_dropout", "    hidden =", f"{ENDLESS}    hidden ="),),
        },
    ),
    Student(
        "ivan",
        "handed in no notebook for tasks 2 and 4",
        change={"task2_minibatch": not_handed_in, "task4_classifier": not_handed_in},
    ),
    Student(
        "jun", "handed in damaged notebooks", change={"task2_minibatch": cut_off, "": without_check_cells}
    ),
    Student("kim", "tries to forge a grade", change={"": forging}),
    Student("lena", "right, with slow loops", edits=LOOPS),
)
