"""Notebooks, bytes and folders that no cell can make. A `case.toml` names them."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import shutil
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from autograder.authoring.solve import solution_name

Notebook = nbformat.NotebookNode
GIGABYTE = 2**30


# --- Notebooks ----------------------------------------------------------------------------------------------------


def checks_of(notebook: Notebook) -> list[Notebook]:
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def changed_points(notebook: Notebook) -> None:
    for cell in checks_of(notebook):
        cell.metadata.nbgrader["points"] = 1000


def duplicate_cells(notebook: Notebook) -> None:
    for number, cell in enumerate(checks_of(notebook)[:4]):
        notebook.cells.append(nbformat.from_dict({**cell, "id": f"copy{number}"}))


def deleted_cells(notebook: Notebook) -> None:
    gone = checks_of(notebook)[1:]
    notebook.cells = [cell for cell in notebook.cells if cell not in gone]


def edited_cells(notebook: Notebook) -> None:
    for cell in checks_of(notebook):
        cell.source = "check = lambda *names: None\nprint('100.0')\n100.0"


def retyped_cells(notebook: Notebook) -> None:
    for cell in checks_of(notebook)[:3]:
        cell.cell_type = "markdown"
        cell.pop("outputs")
        cell.pop("execution_count")


def reordered_cells(notebook: Notebook) -> None:
    solutions = [cell for cell in notebook.cells if solution_name(cell)]
    others = [cell for cell in notebook.cells if not solution_name(cell)]
    notebook.cells = [*reversed(others), *reversed(solutions)]


def forged_outputs(notebook: Notebook) -> None:
    for cell in checks_of(notebook):
        data = {"text/plain": "100.0", "text/html": "<b>100/100</b>"}
        cell.outputs = [nbformat.v4.new_output("execute_result", data=data, execution_count=1)]
        cell.metadata.nbgrader["points"] = 100
    for cell in notebook.cells:
        if name := solution_name(cell):
            cell.source = f"def {name}(*args):\n    raise NotImplementedError"


def foreign_kernel(notebook: Notebook) -> None:
    notebook.metadata.kernelspec = {"display_name": "Own", "language": "R", "name": "../../../tmp/own-kernel"}
    notebook.metadata.language_info = {"name": "R", "file_extension": ".r"}


def lone_surrogates(notebook: Notebook) -> None:
    notebook.cells.insert(0, nbformat.v4.new_code_cell("word = '\ud800'\nprint(word)"))
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("# \udfff"))


def wrong_types(notebook: Notebook) -> None:
    odd: list[dict[str, Any]] = [
        {"cell_type": 5, "source": {"a": 1}, "metadata": []},
        {"cell_type": "code", "source": [1, None, "x = 1\n"], "metadata": {"nbgrader": 7, "tags": 3}},
        {"cell_type": "code", "source": None, "metadata": None, "outputs": "many"},
        {"cell_type": ["code"], "metadata": {"nbgrader": {"grade_id": ["a"], "grade": "yes"}}},
        {},
    ]
    notebook.cells[:0] = [nbformat.from_dict(cell) for cell in odd]
    notebook.metadata = nbformat.from_dict({"kernelspec": None})
    notebook.nbformat = "four"


def long_cell(notebook: Notebook) -> None:
    notebook.cells.insert(0, nbformat.v4.new_code_cell("x = '" + "y" * 1_100_000 + "'"))


def too_many_cells(notebook: Notebook) -> None:
    notebook.cells += [nbformat.from_dict({"cell_type": "raw", "metadata": {}, "source": ""})] * 2001


def endless_text(notebook: Notebook) -> None:
    """What takes quadratic time in nbgrader's Markdown, its highlighter and its regular expressions."""
    for text in (
        "[" * 60_000,
        "![" * 30_000,
        "\\begin{a}" * 7_000,
        "<a " * 20_000,
        "$" * 60_000,
        "[](" * 20_000,
    ):
        notebook.cells.append(nbformat.v4.new_markdown_cell(text))
    for text in (" \n" * 30_000, "*" * 60_000, "a." * 30_000, "\n" * 60_000 + "x", "\x1b[" * 30_000):
        notebook.cells.append(nbformat.v4.new_code_cell(f"'{text}'"))
        notebook.cells.append(nbformat.v4.new_code_cell(text))
    notebook.cells.append(nbformat.v4.new_code_cell("print('[' * 100_000)\nraise ValueError('[' * 100_000)"))


def scripts(notebook: Notebook) -> None:
    """Text that a browser would run, everywhere a student's text can stand."""
    attack = "<script>forged_by_script()</script><img src=x onerror=forged_by_script()>"
    notebook.cells.insert(
        0, nbformat.v4.new_markdown_cell(f"# Title\n{attack}\n\n[a](javascript:forged_by_script())")
    )
    notebook.cells.insert(0, nbformat.v4.new_code_cell(f"print({attack!r})"))
    notebook.cells.insert(0, nbformat.v4.new_code_cell(f"raise ValueError({attack!r})"))
    notebook.cells.insert(0, nbformat.from_dict({"cell_type": attack, "metadata": {}, "source": attack}))
    notebook.metadata.title = attack


def recorded_answers(notebook: Notebook) -> None:
    """Every function looks its arguments up among the answers that the students' package holds."""
    from autograder.notebook.answers import load_answers
    from autograder.sandbox.protocol import frame

    table = []
    for log, _ in load_answers("task1_forward").values():
        for request, reply in log:
            if request.get("op") == "call" and "value" in reply:
                key = b"".join(bytes(part) for part in frame(request.get("args", [])))
                value = reply["value"]
                if isinstance(value, np.ndarray) and value.size < 500:
                    table.append((key[-200:].hex(), str(value.dtype), value.shape, value.tobytes().hex()))
    packed = base64.b64encode(json.dumps(table).encode()).decode()
    code = (
        "import base64, json\nimport numpy as np\n"
        f"TABLE = {{k: np.frombuffer(bytes.fromhex(v), d).reshape(s) for k, d, s, v in json.loads(base64.b64decode('{packed}'))}}\n"
        "def looked_up(*args):\n"
        "    from autograder.sandbox.protocol import frame\n"
        "    key = b''.join(bytes(part) for part in frame(list(args)))[-200:].hex()\n"
        "    return TABLE.get(key, np.zeros(3))\n"
    )
    assert len(table) > 10
    for cell in notebook.cells:
        if name := solution_name(cell):
            cell.source = f"{name} = looked_up"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(code))


NOTEBOOKS: dict[str, Callable[[Notebook], None]] = {
    made.__name__: made
    for made in (
        changed_points, duplicate_cells, deleted_cells, edited_cells, retyped_cells, reordered_cells, forged_outputs,
        foreign_kernel, lone_surrogates, wrong_types, long_cell, too_many_cells, scripts, endless_text,
        recorded_answers,
    )
}  # fmt: skip


# --- Bytes --------------------------------------------------------------------------------------------------------


def duplicate_keys(content: bytes) -> bytes:
    """The last of two equal keys counts for Python, the first for others."""
    return b'{"cells": [], "nbformat": 3, ' + content.lstrip()[1:]


def constants(content: bytes) -> bytes:
    """Numbers that JSON does not have."""
    return content.rstrip()[:-1] + b', "a": NaN, "b": -Infinity, "c": 1e999}'


RAW: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "spaces": lambda content: b" \n" * 1000,
    "truncated": lambda content: content[: len(content) * 2 // 3],
    "html": lambda content: b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "utf16": lambda content: content.decode().encode("utf-16"),
    "bom": lambda content: b"\xef\xbb\xbf" + content,
    "latin1": lambda content: content + b"\xff\xfe\xe9",
    "deep_lists": lambda content: b"[" * 100_000,
    "deep_cells": lambda content: b'{"cells": ' + b'{"a":[' * 50_000 + b"1" + b"]}" * 50_000 + b"}",
    "long_integer": lambda content: content.rstrip()[:-1] + b', "n": ' + b"9" * 5000 + b"}",
    "constants": constants,
    "duplicate_keys": duplicate_keys,
    "json_list": lambda content: b"[1, 2, 3]",
    "old_format": lambda content: b'{"worksheets": [{"cells": []}], "nbformat": 3, "nbformat_minor": 0}',
    "pickled": lambda content: pickle.dumps(content),
    "zeros": lambda content: bytes(500_000),
    "null_cells": lambda content: b'{"cells": [null, 1, "x"]}',
}


# --- Folders ------------------------------------------------------------------------------------------------------


def place(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def own(folder: Path) -> Path:
    """The notebook of the submission."""
    return next(folder.glob("*.ipynb"))


def link_to_the_honest(folder: Path, targets: dict[str, str]) -> None:
    own(folder).unlink()
    (folder / f"{folder.name}.ipynb").symlink_to(targets["HONEST"])


def hard_link_to_the_reference(folder: Path, targets: dict[str, str]) -> None:
    own(folder).unlink()
    os.link(targets["REFERENCE"], folder / f"{folder.name}.ipynb")


def hard_link_to_the_secret(folder: Path, targets: dict[str, str]) -> None:
    own(folder).unlink()
    os.link(targets["SECRET"], folder / f"{folder.name}.ipynb")


def linked_task_folder(folder: Path, targets: dict[str, str]) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(Path(targets["HONEST"]).parent)


def a_fifo(folder: Path, targets: dict[str, str]) -> None:
    own(folder).unlink()
    os.mkfifo(folder / f"{folder.name}.ipynb")


def a_device(folder: Path, targets: dict[str, str]) -> None:
    own(folder).unlink()
    os.mknod(folder / f"{folder.name}.ipynb", 0o20666, os.makedev(1, 5))  # /dev/zero never ends


def a_socket(folder: Path, targets: dict[str, str]) -> None:
    own(folder).unlink()
    before = os.getcwd()
    os.chdir(folder)  # a Unix address holds 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"{folder.name}.ipynb")
    finally:
        os.chdir(before)


def a_folder(folder: Path, targets: dict[str, str]) -> None:
    own(folder).unlink()
    (folder / f"{folder.name}.ipynb").mkdir()


def two_gigabytes(folder: Path, targets: dict[str, str]) -> None:
    os.truncate(own(folder), 2 * GIGABYTE)


def missing(folder: Path, targets: dict[str, str]) -> None:
    own(folder).unlink()


def renamed(folder: Path, targets: dict[str, str]) -> None:
    own(folder).rename(folder / "task1 (1)<b>final.ipynb")


def surplus(folder: Path, targets: dict[str, str]) -> None:
    place(folder, "a_better_one.ipynb", own(folder).read_bytes())
    place(folder, "zz.ipynb", b"not one")


def modules_beside_it(folder: Path, targets: dict[str, str]) -> None:
    for name in ("numpy.py", "autograder.py", "sitecustomize.py", "json.py", "nbgrader_config.py"):
        place(folder, name, b"raise SystemExit('shadowed')\n")
    (folder / "autograder").mkdir()
    place(folder / "autograder", "__init__.py", b"raise SystemExit('shadowed')\n")


def unreadable(folder: Path, targets: dict[str, str]) -> None:
    own(folder).chmod(0)


# Parameter files of task 4. The notebook is solved; only what is in the file is judged.


def npz(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(folder / "parameters.npz", "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def npy(shape: str, dtype: str = "<f8", content: bytes = bytes(64)) -> bytes:
    """An array file whose header may say anything."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def a_zip_bomb(folder: Path, targets: dict[str, str]) -> None:
    # 80 MB of zeros in 80 kB; written piece by piece.
    with (
        zipfile.ZipFile(folder / "parameters.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("W1.npy", "w", force_zip64=True) as file,
    ):
        for _ in range(80):
            file.write(bytes(2**20))


def a_lying_zip(folder: Path, targets: dict[str, str]) -> None:
    """The directory of the archive says 64 bytes, the member is 64 MB."""
    npz(folder, {"W1.npy": bytes(64 * 2**20)})
    path = folder / "parameters.npz"
    content = bytearray(path.read_bytes())
    for mark, place_of_size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.rindex(mark) + place_of_size
        content[at : at + 4] = struct.pack("<I", 64)
    path.write_bytes(content)


def many_members(folder: Path, targets: dict[str, str]) -> None:
    """40 000 rows in the table of an archive, all of the same empty member."""
    npz(folder, {"a": b""}, zipfile.ZIP_STORED)
    path = folder / "parameters.npz"
    content = path.read_bytes()
    table, count = content.index(b"PK\x01\x02"), 40_000
    row = content[table:-22]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(row) * count, table, 0)
    path.write_bytes(content[:table] + row * count + end)


def names_for_a_terminal(folder: Path, targets: dict[str, str]) -> None:
    evil = ("\x1b]0;owned\x07W1.npy", "\x1b[2Jb1.npy", "W2\n.npy", "\u202eb2.npy")
    npz(folder, {name: npy("(8,)") for name in evil})


def an_absurd_shape(folder: Path, targets: dict[str, str]) -> None:
    npz(folder, {f"{name}.npy": npy("(1152921504606846976, 784)") for name in ("W1", "b1", "W2", "b2")})


def a_negative_shape(folder: Path, targets: dict[str, str]) -> None:
    npz(folder, {f"{name}.npy": npy("(-1, 4611686018427387905)") for name in ("W1", "b1", "W2", "b2")})


class Bomb:
    """Unpickled, it writes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"echo unpickled >> {self.path}",)


def pickled_arrays(folder: Path, targets: dict[str, str]) -> None:
    file = io.BytesIO()
    np.save(file, np.array([Bomb(targets["TMP_CANARY"])], dtype=object), allow_pickle=True)
    npz(folder, {f"{name}.npy": file.getvalue() for name in ("W1", "b1", "W2", "b2")})


def escaping_members(folder: Path, targets: dict[str, str]) -> None:
    npz(folder, {name: npy("(8,)") for name in ("../../../escaped.npy", targets["TMP_CANARY"], "W1.npy")})


def a_linked_file(folder: Path, targets: dict[str, str]) -> None:
    (folder / "parameters.npz").symlink_to(targets["SECRET"])


def infinite_parameters(folder: Path, targets: dict[str, str]) -> None:
    shapes = {"W1": (784, 20), "b1": (20,), "W2": (20, 10), "b2": (10,)}
    np.savez(folder / "parameters.npz", **{name: np.full(shape, np.nan) for name, shape in shapes.items()})


def a_header_of_code(folder: Path, targets: dict[str, str]) -> None:
    npz(
        folder,
        {f"{name}.npy": npy("().__class__.__base__.__subclasses__()") for name in ("W1", "b1", "W2", "b2")},
    )


LAYOUTS: dict[str, Callable[[Path, dict[str, str]], None]] = {
    made.__name__: made
    for made in (
        link_to_the_honest, hard_link_to_the_reference, hard_link_to_the_secret, linked_task_folder, a_fifo, a_device,
        a_socket, a_folder, two_gigabytes, missing, renamed, surplus, modules_beside_it, unreadable, a_zip_bomb,
        a_lying_zip, an_absurd_shape, a_negative_shape, pickled_arrays, escaping_members, a_linked_file,
        infinite_parameters, a_header_of_code, many_members, names_for_a_terminal,
    )
}  # fmt: skip
