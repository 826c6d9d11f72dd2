"""What a cell means in Jupyter: magics, shell lines, help, `await`, `Out`, and what a hostile one may cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograder.sandbox.process import Sandbox

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def notebook(kit) -> Iterator[Run]:
    """Runs cells, all in one notebook; the last one's reply."""
    from autograder.sandbox.backends import Launch, SandboxUnavailable, find_bubblewrap
    from autograder.sandbox.limits import Limits

    try:
        find_bubblewrap()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with Sandbox(Launch(kit, None, Limits(cell_s=60, cpu_s=600, asleep_s=600))) as sandbox:

        def run(*cells: str) -> dict[str, Any]:
            for cell in cells:
                reply = sandbox.run_cell("cell 1", cell)
            return reply

        yield run


@pytest.mark.parametrize(
    ("cells", "printed"),
    [
        (["%timeit -n 1 abs(1)\na = 1", "a"], "1\n"),
        (["%timeit b = 5", "b"], "5\n"),
        (["def f(n): return n + 1\nt = %timeit -qo -n1 -r 1 f(1)\nt.average > 0, t.best > 0"], "(True, True)\n"),
        (["v = %time f(4)\nv"], "5\n"),
        (["%prun -q -s cumulative w = f(2)\nw"], "3\n"),
        (["%%timeit -n 3 s = 2\ns2 = s + 1", "s2"], "3\n"),
        (["x = !ls\nx, x.n, x.grep('a')"], "([], '', [])\n"),
        (["x = 1\nif x:\n    !ls\n    %time y = 2\ny"], "2\n"),
        (["\n\n%%time\nc = 3\nc"], "3\n"),
        (["# timed\n\n%%capture out\n%%time\nprint('hi')\nd = 1", "d, out.stdout"], "(1, 'hi\\n')\n"),
        (["    e = 1\n    e + 1"], "2\n"),
        (["%matplotlib inline\ng = (1\n  != 2)\nn = 3\nh = (5\n  %n)\ng, h"], "(True, 2)\n"),
        (["%matplotlib inline\ndef q(v):\n    v += 1  # right?\n    return v\nq(1)"], "2\n"),
        (["import os\npip install -q a_package\ncd ..\nls *.py\ni = 1\ni"], "1\n"),
        (["pip install a_package"], ""),
        (["ls", "ls -la"], ""),
        (["ls = 3\nla = 1\nls -la"], "2\n"),
        (["len?", "?len", "len??", "%timeit?"], ""),
        (["%env A_NAME=3\nimport os; os.environ['A_NAME']"], "'3'\n"),
        (["%load_ext autoreload\n%autoreload 2\n%config InlineBackend.figure_format = 'retina'\nj = 1\nj"], "1\n"),
        (["%%writefile helper_file.py\nK = 4\ndef shown(): display(K)", "import helper_file; helper_file.shown()"], "4\n"),
        (["%run helper_file.py\nK"], "4\n"),
        (["%%bash --out listed\nfor f in *; do echo $f; done", "listed"], "''\n"),
        (["%%html\n<b>(</b>", "%%javascript\nlet (", "%%latex\n\\frac"], ""),
        (["get_ipython().run_line_magic('matplotlib', 'inline')"], ""),
        (["get_ipython().run_cell_magic('time', '', 'k = 5\\n')\nk"], "5\n"),
        (["get_ipython().system('ls')\nget_ipython().getoutput('ls')"], "[]\n"),
        (["from IPython import get_ipython\nget_ipython().run_line_magic('time', 'l = 6')\nl"], "6\n"),
        (["from IPython.display import display, clear_output\nclear_output(wait=True)\ndisplay(1)"], "1\n"),
        (["get_ipython().config.InlineBackend.rc = {}\nget_ipython().events.register('a', f)"], ""),
        (["%alias_magic once timeit\n%once m = 2\nm"], "2\n"),
        (["from IPython.core.magic import register_line_magic as line, register_cell_magic as cell",
          "@line\ndef twice(text): return 2 * int(text)\n%twice 4"], "8\n"),
        (["@cell\ndef shout(text, body): print(text, body.upper())", "%%shout a\nb (c"], "a B (C\n"),
        (["import asyncio\nawait asyncio.sleep(0)\nawait asyncio.to_thread(lambda: 7)"], "7\n"),
        (["async def many():\n    yield 1\n    yield 2\nasync for o in many(): print(o)"], "1\n2\n"),
        (["[p async for p in many()]"], "[1, 2]\n"),
        (["40 + 2", "_ + 1", "_ + __"], "85\n"),
        (["'shown'", "Out[len(In) - 2], In[-1]"], "('shown', 'Out[len(In) - 2], In[-1]')\n"),
        (["5;", "5 ; # hidden"], ""),
        (["exit"], "exit\n"),
        ([">>> r = 1\n>>> r"], "1\n"),
        (["In [3]: r = 2\nr"], "2\n"),
    ],
)  # fmt: skip
def test_a_cell_means_what_it_means_in_jupyter(notebook: Run, cells: list[str], printed: str) -> None:
    reply = notebook(*cells)
    assert reply["error"] is None
    assert reply["stdout"] == printed
    assert reply["unknown"] == []


@pytest.mark.parametrize(
    ("cell", "name"),
    [("%nobody_knows 1\nz = 1", "%nobody_knows"), ("%%nobody_knows\nz = 1", "%%nobody_knows")],
)
def test_an_unknown_magic_is_named_and_left_out(notebook: Run, cell: str, name: str) -> None:
    reply = notebook("z = 0", cell)
    assert (reply["error"], reply["unknown"]) == (None, [name])
    assert notebook("z")["stdout"] == "1\n"


def test_the_body_of_an_unknown_magic_need_not_be_python(notebook: Run) -> None:
    reply = notebook("%%some_language\nx <- (")
    assert (reply["error"], reply["unknown"]) == (None, ["%%some_language"])


def test_a_notebook_that_is_run_by_another_one_gives_its_definitions(notebook: Run) -> None:
    cells = ["import a_package_nobody_has\ndef first(): return 1", "%time\ndef second(): return first() + 1"]
    book = {"cells": [{"cell_type": "code", "source": source} for source in cells]}
    reply = notebook(
        f"import json\njson.dump({book!r}, open('earlier.ipynb', 'w'))", "%run ../elsewhere/earlier.ipynb"
    )
    assert reply["error"]["type"] == "ModuleNotFoundError"
    assert notebook("second()")["stdout"] == "2\n"


def test_exit_ends_the_cell_and_not_the_notebook(notebook: Run) -> None:
    for leave in ("exit()", "quit()", "exit(1)"):
        assert notebook("left = 1", f"{leave}\nleft = 2")["error"]["kind"] == "exit"
        assert notebook("left")["stdout"] in ("1\n", "2\n")


def test_futures_are_the_notebooks_own(start: Callable[..., Sandbox]) -> None:
    annotated = "def f(x: nothing): pass\nf.__annotations__"
    with start(cell_s=20) as sandbox:
        # The grader's own files begin with `from __future__ import annotations`; a cell does not.
        assert sandbox.run_cell("cell 1", annotated)["error"]["type"] == "NameError"
        assert sandbox.run_cell("cell 2", "from __future__ import annotations")["error"] is None
        assert sandbox.run_cell("cell 3", annotated)["stdout"] == "{'x': 'nothing'}\n"


def test_ordinary_cells_do_not_import_ipython(start: Callable[..., Sandbox]) -> None:
    asked = (
        "import sys\n[name for name in sys.modules if name.startswith('IPython.core') or name == 'asyncio']"
    )
    with start(cell_s=20) as sandbox:
        sandbox.run_cell("cell 1", "def f(x):\n    return x\nf(1)\nimport IPython")
        assert sandbox.run_cell("cell 2", asked)["stdout"] == "[]\n"


@pytest.mark.parametrize(
    "cell",
    [
        "get_ipython = None\n%time kept_1 = 1",
        "def get_ipython(): raise ValueError\n%time kept_1 = 1",
        "import builtins\nbuiltins.get_ipython = 5\n%time kept_1 = 1",
        "%timeit kept_1 = 1 # " + "x" * 200_000,
        "get_ipython().run_line_magic('time', 'kept_1 = 1 #' + 'x' * 10**7)",
        "get_ipython().run_line_magic('n' * 10**7, '')\nkept_1 = 1",
        "for _i in range(1000): get_ipython().run_line_magic(f'n{_i}', '')\nkept_1 = 1",
        "kept_1 = 1\n%run /etc/hostname\n%run nothing.py\n%run .",
        "%time kept_1 = 1\nx = '\ud800'",
    ],
)
def test_a_hostile_magic_costs_at_most_itself(notebook: Run, cell: str) -> None:
    reply = notebook("kept_1 = 0", cell)
    assert len(reply["unknown"]) <= 20
    assert all(len(name) <= 80 for name in reply["unknown"])
    assert notebook("kept_1")["stdout"] == "1\n"
    notebook(
        "import builtins\nbuiltins.get_ipython = lambda: builtins.__get_ipython__()\nget_ipython = builtins.get_ipython"
    )


@pytest.mark.parametrize("path", ["../x.py", "/tmp/x.py", "a/../../x.py", "~root/x.py", "", "."])
def test_a_file_is_written_into_the_notebooks_folder_only(notebook: Run, path: str) -> None:
    notebook(f"%%writefile {path}\nx = 1")
    found = notebook("import os\n[p for p in ('/tmp/x.py', '/home/x.py', '../x.py') if os.path.exists(p)]")
    assert found["stdout"] == "[]\n"


@pytest.mark.parametrize(
    "cell", ["(" * 50_000, "-" * 50_000 + "1", "%time 1\n" + "(" * 50_000, "%x\n" * 3, "\0", "%time \0"]
)
def test_what_nobody_can_read_does_not_stop_the_next_cell(notebook: Run, cell: str) -> None:
    notebook(cell)
    assert notebook("1")["stdout"] == "1\n"
