"""Notebooks without their outputs: what is kept is the same however large the file, and however it was laid out."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.notebook import lean as module
from autograder.notebook.cells import NotebookError
from autograder.notebook.lean import Lean, TooLarge, lean

LIMIT = 10**6
MEGABYTE = 2**20
HEAD = b'{"metadata": {}, "cells": [{"cell_type": "code", "source": ["a = 1"], "outputs": '
TAIL = b', "metadata": {}}]}'


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def streamed(content: bytes, size: int, monkeypatch: pytest.MonkeyPatch, limit: int = LIMIT) -> Lean:
    """``content`` read piece by piece, as only large files are."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "SMALL", 0)
        return lean(pieces(content, size), limit)


class Junk:
    """Random JSON, with everything in it that could be mistaken for a notebook's own."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def value(self, depth: int = 0) -> Any:
        match self.rng.randrange(8 if depth < 4 else 5):
            case 0:
                return self.rng.choice([None, True, False, 1.5, -3, 10**20])
            case 1 | 2:
                return "".join(self.rng.choices('"\\\n[]{}:, aé\ud7ff😀', k=self.rng.randrange(12)))
            case 3:
                return []
            case 4:
                return {}
            case 5 | 6:
                return [self.value(depth + 1) for _ in range(self.rng.randrange(5))]
        names = ("outputs", "cells", "source", "metadata", 'a"b', "\\")
        return {self.rng.choice(names): self.value(depth + 1) for _ in range(self.rng.randrange(5))}

    def cell(self) -> dict[str, Any]:
        marks = {"grade_id": "sigmoid", "points": 3, "grade": True, "other": self.value()}
        metadata = {"nbgrader": self.rng.choice([marks, self.value()]), "tags": ["x"], "more": self.value()}
        return {
            "outputs": self.value(),
            "attachments": self.value(),
            "cell_type": self.rng.choice(["code", "markdown", self.value()]),
            "metadata": self.rng.choice([metadata, self.value()]),
            "source": self.rng.choice(["x = 1\n", ["a\n", '"b"'], self.value()]),
            "execution_count": self.value(),
        }

    def notebook(self) -> bytes:
        own = {"task": "task1_forward", "kit": "1", "cells": self.value()}
        python = {"version": self.rng.choice(["3.12.1", self.value()]), "name": self.value()}
        content = {
            "outputs": self.value(),
            "metadata": self.rng.choice(
                [self.value(), {"autograder": own, "widgets": self.value(), "language_info": python}]
            ),
            "cells": [self.cell() for _ in range(self.rng.randrange(4))],
        }
        plain = self.rng.random() < 0.5
        return json.dumps(content, ensure_ascii=plain, indent=self.rng.choice([None, 1])).encode()


@pytest.mark.parametrize("seed", range(200))
def test_a_stream_keeps_what_a_whole_file_keeps(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = Junk(seed).notebook()
    whole = lean([content], LIMIT)
    for size in (1, 7, 50, 10**6):
        assert streamed(content, size, monkeypatch) == whole


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("size", [1, 3, 10**6])
def test_what_windows_writes_is_read(encoding: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (HEAD + b"[]" + TAIL).decode().replace("a = 1", "größe = '角😀'")
    content = ("\ufeff" if encoding == "utf-16-be" else "") + text
    expected = lean([text.encode()], LIMIT)
    assert streamed(content.encode(encoding), size, monkeypatch) == expected
    assert lean(pieces(content.encode(encoding), size), LIMIT) == expected


def test_outputs_and_counts_are_dropped_and_cells_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = {
        "cell_type": "code",
        "source": "x = 1",
        "metadata": {"tags": ["experiment"]},
        "execution_count": 3,
    }
    run = {
        "cells": [{**cell, "outputs": [{"text": 'ends "outputs": [] here'}], "id": "a"}],
        "metadata": {"a": 1},
    }
    new = {"cells": [{**cell, "outputs": [], "execution_count": None, "source": ["x ", "= 1"]}]}
    first, second = (json.dumps(content, indent=4).encode() for content in (run, new))
    assert lean([first], LIMIT) == lean([second], LIMIT) == streamed(first, 5, monkeypatch)
    assert json.loads(lean([first], LIMIT).content)["cells"] == [
        {"cell_type": "code", "metadata": {"tags": ["experiment"]}, "source": "x = 1"}
    ]


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (
            b'{"cells": [], "cells": [{"source": "a", "source": "b"}]}',
            "b",
        ),  # the last of two equal keys counts
        (b'{"\\u0063ells": [{"so\\u0075rce": "\\u0062"}]}', "b"),
        (b'\xef\xbb\xbf{"cells": [{"outputs": "\\\\", "source": "b", "outputs": "\\""}]}', "b"),
    ],
)
def test_keys_count_as_for_python(content: bytes, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for found in (lean([content], LIMIT), streamed(content, 3, monkeypatch)):
        assert [cell["source"] for cell in json.loads(found.content)["cells"]] == [source]


def test_what_ends_too_early_or_goes_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = Junk(3).notebook()
    for length in range(len(content)):
        with pytest.raises(NotebookError):
            streamed(content[:length], 11, monkeypatch)
    with pytest.raises(NotebookError, match="follows"):
        streamed(content + b"]", 11, monkeypatch)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[" * 5000, "not a notebook"),
        (b'{"x": ' + b"[" * 5000, "too deeply"),
        (b'{"x": ' + b'{"a":[' * 5000, "too deeply"),
        (b'{"cells": [' + b"{}," * 3000 + b"{}]}", "2000 cells"),
        (b'{"cells": [{"source": [' + b"[]," * 5000 + b"1]}]}", "no notebook is"),
        (b'{"cells": [1]}', "no list of cells"),
        (b'{"cells": {"a": 1}}', "no list of cells"),
        (b"<html>", "HTML"),
    ],
)
def test_what_is_no_notebook_is_named(content: bytes, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotebookError, match=says):
        streamed(content, 100, monkeypatch)


@pytest.mark.parametrize(
    ("begin", "repeated", "end"),
    [
        (b'[{"text": "', b"x" * 2**16, b'"}]'),
        (b'[{"text": ["', b'a line\\n", "' * 5000, b'"]}]'),
        (b"[[0]", b",[1.5,2.25,{}]" * 5000, b"]"),
    ],
)
def test_large_outputs_take_no_memory(begin: bytes, repeated: bytes, end: bytes) -> None:
    def content() -> Iterator[bytes]:
        yield HEAD + begin
        yield from (repeated for _ in range(30 * MEGABYTE // len(repeated)))
        yield end + TAIL

    tracemalloc.start()
    try:
        found = lean(content(), LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert json.loads(found.content)["cells"][0]["source"] == "a = 1"
    assert peak < 15 * MEGABYTE


def test_the_limit_is_on_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    long = json.dumps({"cells": [{"cell_type": "code", "source": "x" * 5000}], "metadata": {}}).encode()
    assert len(lean([long], 6000).content) > 5000
    for read in (lambda: lean([long], 4000), lambda: streamed(long, 100, monkeypatch, 4000)):
        with pytest.raises(TooLarge, match="without its outputs"):
            read()
