"""An `.npz` file of an unknown person is looked at before it is opened, and whatever is wrong with it is one sentence."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.notebook import npz
from autograder.notebook.npz import NpzError, read_npz
from tests.properties import few


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
        file.comment = comment
    return content.getvalue()


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def saved(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(NpzError) as error:
        read_npz(content)
    return str(error.value)


def many_members(count: int = 300_000) -> bytes:
    """An archive whose table names ``count`` empty members, all of them the same one."""
    whole = archive({"a": b""})
    table = whole.index(b"PK\1\2")
    row = whole[table:-22]
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count % 2**16, count % 2**16, len(row) * count, table, 0)
    return whole[:table] + row * count + end


WRITERS = {
    "savez": lambda arrays: saved(**arrays),
    "compressed": lambda arrays: archive(
        {f"{k}.npy": npy(v) for k, v in arrays.items()}, zipfile.ZIP_DEFLATED
    ),
    "with a comment": lambda arrays: archive(
        {f"{k}.npy": npy(v) for k, v in arrays.items()}, comment=b"by hand"
    ),
    "behind other bytes": lambda arrays: b"#!/usr/bin/python\n" + saved(**arrays),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "g", "i1", "u8", "?"])
def test_what_numpy_saves_is_read(write, dtype):
    arrays = {"W1": np.ones((3, 2), dtype), "b1": np.zeros(2, dtype), "one": np.array(1, dtype)}
    arrays["turned"] = np.asfortranarray(arrays["W1"])
    found = read_npz(write(arrays))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def test_a_table_of_300_000_members_is_refused_unread(monkeypatch):
    def opened(*args):
        raise AssertionError("opened")

    content = many_members()
    monkeypatch.setattr(npz.zipfile, "ZipFile", opened)
    assert len(content) > 13_000_000
    tracemalloc.start()
    said = refusal(content)
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()
    assert "arrays; at most 64 are read" in said
    # The end record may say one thing and the table another.
    place = len(content) - 22
    lying = content[: place + 8] + struct.pack("<2H", 1, 1) + content[place + 12 :]
    assert "the names of its arrays take 14100000 bytes" in refusal(lying)


def test_only_one_end_record_counts():
    small = saved(W1=np.ones(2))
    # One that says little, in the comment of one that says a lot; and the other way round.
    end = small[-22:]
    for outer in (many_members(70_000), small):
        hidden = outer[:-2] + struct.pack("<H", len(end)) + end
        try:
            assert list(read_npz(hidden)) == ["W1"]
        except NpzError as error:
            assert "not an .npz file" in str(error)


def test_names_are_clean_and_other_methods_of_packing_refused():
    evil = "\x1b]0;pwned\x07W1\u202e.npy"
    (name,) = read_npz(archive({evil: npy(np.ones(2))}))
    assert name.isprintable()
    assert "\x1b" not in refusal(archive({evil: b"nothing"}))
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "numpy.savez does not use" in refusal(archive({"W1.npy": npy(np.ones(2))}, method))


@pytest.mark.parametrize(
    "shape", [(0, 2**100), (-1, -2), (0, 2**40, 2**40), (1,) * 70, (2**62,), (True,), (0,) * 65], ids=str
)
def test_an_impossible_shape_is_one_sentence(shape):
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f8", "fortran_order": False, "shape": shape})
    assert "W1.npy" in refusal(archive({"W1.npy": content.getvalue() + bytes(16)}))


@few
@given(st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data):
    content = bytearray(saved(W1=np.arange(6.0), b1=np.arange(2)))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for tried in (bytes(content), bytes(content[:cut]), bytes(content[cut:])):
        try:
            assert all(array.dtype.kind in "biuf" for array in read_npz(tried).values())
        except NpzError as error:
            assert len(str(error)) < 300
