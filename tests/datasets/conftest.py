"""Every test gets its own cache folder, working folder and no AUTOGRADER_DATA."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from autograder.datasets import digits, idx, lookup


@pytest.fixture(autouse=True)
def clean_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder outside the checkout, its own cache, few built-in digits; returns the folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    monkeypatch.setattr(lookup, "__file__", str(here / "autograder" / "datasets" / "lookup.py"))
    monkeypatch.setattr(lookup, "_noted", set())
    monkeypatch.setattr(digits, "TRAIN_COUNT", 60)
    monkeypatch.setattr(digits, "TEST_COUNT", 10)
    return here


@pytest.fixture
def write_idx() -> Callable[..., Path]:
    """The function that makes a folder like MNIST's, see `_write_idx`."""
    return _write_idx


def _write_idx(folder: Path, *, train: int = 12, test: int = 5, packed: bool = True, shift: int = 0) -> Path:
    """IDX files with MNIST's names; image i is full of i + shift, label i is i modulo 10."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in {"train": train, "test": test}.items():
        images = (
            (np.arange(count, dtype=np.uint8) + np.uint8(shift))[:, None, None].repeat(28, 1).repeat(28, 2)
        )
        for part, array in {"images": images, "labels": np.arange(count, dtype=np.uint8) % 10}.items():
            data = idx.header(array) + array.tobytes()
            path = folder / (idx.file_name(split, part) + (".gz" if packed else ""))
            path.write_bytes(gzip.compress(data) if packed else data)
    return folder
