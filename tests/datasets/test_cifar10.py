"""load_cifar10: what it reads, what it refuses to read, what it draws, and what a sandbox sees of it."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.datasets import (
    CIFAR10_CLASSES,
    DataError,
    cifar10_source,
    cifar_batches,
    drawn_pictures,
    load_cifar10,
    load_mnist,
    sandbox_split,
)

NAMES = [*cifar_batches.TRAIN_FILES, cifar_batches.TEST_FILE]


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_pictures, "TRAIN_COUNT", 30)
    monkeypatch.setattr(drawn_pictures, "TEST_COUNT", 10)


def rows_of(first: int, count: int) -> np.ndarray:
    """Image i has red i, green i + 1, blue i + 2, and 99 in the first line, second column of its blue."""
    rows = np.repeat((np.arange(first, first + count)[:, None] + np.arange(3)).astype(np.uint8), 1024, axis=1)
    rows[:, 2048 + 1] = 99
    return rows


def batch_of(first: int = 0, count: int = 4) -> dict[str, Any]:
    labels = [(first + i) % 10 for i in range(count)]
    names = [f"picture_{first + i}.png" for i in range(count)]
    return {
        "batch_label": "training batch 1 of 5",
        "labels": labels,
        "data": rows_of(first, count),
        "filenames": names,
    }


def dumped(value: Any, protocol: int = 2) -> bytes:
    return pickle.dumps(value, protocol=protocol)


def as_python_2_wrote_it(first: int, count: int) -> bytes:
    """The bytes of cPickle, protocol 2: byte strings everywhere, as in the original files."""

    def short(text: bytes) -> bytes:
        return b"U" + bytes([len(text)]) + text

    rows = rows_of(first, count)
    labels = b"(" + b"".join(b"K" + bytes([(first + i) % 10]) for i in range(count)) + b"e"
    dtype = (
        b"cnumpy\ndtype\nq\x03("
        + short(b"u1")
        + b"K\x00K\x01tR(K\x03"
        + short(b"|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    shape = b"M" + count.to_bytes(2, "little") + b"M" + (3072).to_bytes(2, "little")
    content = b"T" + rows.nbytes.to_bytes(4, "little") + rows.tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x01(cnumpy\nndarray\nq\x02(K\x00t" + short(b"b") + b"tR(K\x01"
        + shape + b"\x86" + dtype + b"\x89" + content + b"tb"
    )  # fmt: skip
    entries = (
        short(b"batch_label") + short(b"one") + short(b"labels") + b"]" + labels + short(b"data") + array
    )
    return b"\x80\x02}q\x00(" + entries + b"u."


def write_batches(folder: Path, *, count: int = 4, python_2: bool = False, protocol: int = 2) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(NAMES):
        first = k * count
        content = as_python_2_wrote_it(first, count) if python_2 else dumped(batch_of(first, count), protocol)
        (folder / name).write_bytes(content)
    return folder


def declare_published(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in NAMES:
        digest = hashlib.md5((folder / name).read_bytes()).hexdigest()
        monkeypatch.setitem(cifar_batches.FILE_MD5, name, digest)


# --- what it reads ---


@pytest.mark.parametrize("protocol", [2, 3, 4, 5, "python 2"])
def test_images_and_labels_of_every_protocol(tmp_path, protocol):
    python_2 = protocol == "python 2"
    write_batches(tmp_path / "cifar-10-batches-py", python_2=python_2, protocol=2 if python_2 else protocol)
    images, labels = load_cifar10(root=tmp_path)
    assert images.shape == (20, 3, 32, 32)
    assert images.dtype == labels.dtype == np.uint8
    assert images[:, 0, 5, 7].tolist() == list(range(20))  # red; the five batches in order
    assert images[3, :, 9, 9].tolist() == [3, 4, 5]
    assert images[3, 2, 0, 1] == 99
    assert images[3, 2, 1, 0] == 5  # line by line
    assert labels.tolist() == [i % 10 for i in range(20)]
    assert load_cifar10("test", root=tmp_path)[1].tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 1
    assert pickle.loads(
        (tmp_path / "cifar-10-batches-py" / NAMES[0]).read_bytes(), encoding="bytes"
    )  # the test's own


def test_part_of_the_batches_will_do(tmp_path):
    for name in NAMES[1:5]:
        (write_batches(tmp_path) / name).unlink()
    for name in NAMES[2:5]:
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / NAMES[1]).unlink(missing_ok=True)
    assert load_cifar10(root=tmp_path)[0].shape == (4, 3, 32, 32)
    assert cifar10_source(tmp_path).kind == "other"


def test_published_files_are_known_by_their_digests(tmp_path, monkeypatch):
    folder = write_batches(tmp_path / "cifar10" / "cifar-10-batches-py")
    assert cifar10_source(tmp_path).kind == "other"
    declare_published(monkeypatch, folder)
    os.utime(folder / "test_batch", (1, 1))  # the cache knows a file by its time
    source = cifar10_source(tmp_path)
    assert (source.kind, source.train_count, source.test_count) == ("cifar10", 20, 4)
    (folder / "data_batch_3").write_bytes((folder / "data_batch_3").read_bytes()[:-700])
    with pytest.raises(DataError, match="data_batch_3: not the published file"):
        load_cifar10(root=tmp_path)


def test_the_archive_as_downloaded(tmp_path, monkeypatch):
    folder = write_batches(tmp_path / "made" / "cifar-10-batches-py", python_2=True)
    declare_published(monkeypatch, folder)
    place = tmp_path / "data" / "cifar10"
    place.mkdir(parents=True)
    with tarfile.open(place / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(folder, "cifar-10-batches-py")
        for name in ("../escaped", "/tmp/escaped-too", "cifar-10-batches-py/../../escaped"):
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"bad"))
        link = tarfile.TarInfo("other/data_batch_1")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(DataError, match=r"cifar-10-python.tar.gz: not the published file \(MD5"):
        load_cifar10(root=place)
    digest = hashlib.md5((place / "cifar-10-python.tar.gz").read_bytes()).hexdigest()
    monkeypatch.setattr(cifar_batches, "ARCHIVE_MD5", digest)
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    assert load_cifar10("test", root=tmp_path / "data")[0].shape == (4, 3, 32, 32)
    assert cifar10_source(place).kind == "cifar10"
    assert {
        path for path in tmp_path.rglob("*") if "cache" not in path.parts
    } == before  # nothing was unpacked


@pytest.mark.parametrize("inside", ["cifar10/cifar-10-batches-py", "cifar10", "cifar-10-batches-py", ""])
def test_environment_comes_first(tmp_path, clean_place, monkeypatch, inside):
    write_batches(clean_place / "data" / "cifar10", count=2)
    write_batches(tmp_path / "elsewhere" / inside)
    assert load_cifar10()[0].shape == (10, 3, 32, 32)
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "elsewhere"))
    assert load_cifar10()[0].shape == (20, 3, 32, 32)


def test_beside_mnist_s_own_folder(tmp_path, monkeypatch, write_idx):
    write_batches(tmp_path / "cifar10")
    monkeypatch.setenv("AUTOGRADER_DATA", str(write_idx(tmp_path / "mnist")))
    assert load_cifar10()[0].shape == (20, 3, 32, 32)


def test_changed_files_are_read_again(tmp_path):
    write_batches(tmp_path)
    load_cifar10(root=tmp_path)
    (tmp_path / "test_batch").write_bytes(dumped(batch_of(60, 5)))
    assert load_cifar10("test", root=tmp_path)[0].shape == (5, 3, 32, 32)


def test_no_such_place(tmp_path):
    with pytest.raises(DataError, match=r"no CIFAR-10; expected a folder cifar-10-batches-py"):
        load_cifar10(root=tmp_path)
    with pytest.raises(ValueError, match='"train" or "test"'):
        load_cifar10("validation")


# --- what it refuses ---


class Runs:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def hostile(kind: str, mark: Path) -> bytes:
    batch: dict[str, Any] = batch_of()
    text = str(mark).encode()
    match kind:
        case "a call of os.mkdir":
            return dumped({**batch, "extra": Runs(mark)})
        case "the same, protocol 4":
            return dumped({**batch, "extra": Runs(mark)}, 4)
        case "the same, protocol 0":
            return b"cos\nmkdir\n(V" + text + b"\ntR."
        case "builtins.eval":
            return b"\x80\x02cbuiltins\neval\n(X" + len(text).to_bytes(4, "little") + text + b"tR."
        case "Python 2's eval":
            return b"\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R."
        case "a name put together on the stack":
            return b"\x80\x04\x8c\x02os\x8c\x05mkdir\x93\x8c" + bytes([len(text)]) + text + b"\x85R."
        case "numpy.load":
            return b"\x80\x02cnumpy\nload\nX\x01\x00\x00\x00x\x85R."
        case "an instance":
            return b"\x80\x02(cos\nmkdir\nX\x01\x00\x00\x00xo."
        case "an extension code":
            return b"\x80\x02\x82\x01."
        case "something outside":
            return b"\x80\x02X\x01\x00\x00\x00xQ."
        case "a changed function":
            return b"\x80\x02c_codecs\nencode\n}X\x01\x00\x00\x00xK\x01sb."
        case "attributes through a dotted name":
            return b"\x80\x04\x8c\x05numpy\x8c\x16ndarray.__init__.mro__\x93."
    raise AssertionError(kind)


HOSTILE = (
    "a call of os.mkdir", "the same, protocol 4", "the same, protocol 0", "builtins.eval", "Python 2's eval",
    "a name put together on the stack", "numpy.load", "an instance", "an extension code", "something outside",
    "a changed function", "attributes through a dotted name",
)  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_pickle_does_not_run(tmp_path, kind):
    mark = tmp_path / "mark"
    folder = write_batches(tmp_path / "cifar10")
    (folder / "data_batch_2").write_bytes(hostile(kind, mark))
    with pytest.raises(DataError, match="data_batch_2: not a CIFAR-10 batch"):
        load_cifar10(root=tmp_path)
    assert not mark.exists()


def test_that_the_hostile_pickle_works_elsewhere(tmp_path):
    """Otherwise the test above would show nothing."""
    pickle.loads(hostile("a call of os.mkdir", tmp_path / "mark"))
    assert (tmp_path / "mark").is_dir()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("a memo of two billion entries", b"\x80\x02}r\xff\xff\xff\x7f."),
        ("a text that is longer than the file", b"\x80\x02X\xff\xff\xff\x7fabc."),
        ("eight exabytes", b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7fabc."),
        (
            "many copies of a text",
            b"\x80\x02X\x01\x00\x00\x00xq\x00" + b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R" * 100,
        ),
        ("nothing", b""),
        ("no pickle", b"<html>not found</html>"),
        ("half a batch", dumped(batch_of())[:5000]),
        ("an endless list of marks", b"\x80\x02" + b"(" * 100_000),
    ],
)
def test_a_bomb_or_a_damaged_file_is_refused(kind, content):
    with pytest.raises(DataError, match=r"data_batch_1: (not a|damaged)"):
        cifar_batches.read_batch(content, "data_batch_1")


def test_a_file_too_large(monkeypatch):
    monkeypatch.setattr(cifar_batches, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match="more than 0 MB"):
        cifar_batches.read_batch(b"x" * 1001, "data_batch_1")


def without(key: str) -> dict[str, Any]:
    batch = batch_of()
    del batch[key]
    return batch


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([1, 2], "holds a list, expected a dict"),
        (without("data"), "the entry data is missing"),
        (without("labels"), "the entry labels is missing"),
        ({**batch_of(), "data": rows_of(0, 3)}, "3 images and 4 labels"),
        (
            {**batch_of(), "data": np.zeros((4, 3071), dtype=np.uint8)},
            r"shape \(4, 3071\), expected \(N, 3072\)",
        ),
        ({**batch_of(), "data": np.zeros((4, 3, 32, 32), dtype=np.uint8)}, "expected .N, 3072"),
        ({**batch_of(), "data": np.zeros((4, 3072), dtype=np.float32)}, "dtype f4, expected uint8"),
        ({**batch_of(), "data": np.empty((4, 3072), dtype=object)}, "dtype O8, expected uint8"),
        ({**batch_of(), "data": "x"}, "data is no array"),
        ({**batch_of(), "labels": [1, 2, 3, 10]}, "no list of ints from 0 to 9"),
        ({**batch_of(), "labels": [1, 2, 3, "4"]}, "no list of ints from 0 to 9"),
        ({**batch_of(), "labels": [1, 2, 3, True]}, "no list of ints from 0 to 9"),
        ({**batch_of(), "labels": (1, 2, 3, 4)}, "no list of ints from 0 to 9"),
    ],
)
def test_a_batch_of_something_else(batch, message):
    with pytest.raises(DataError, match=f"data_batch_1: .*{message}"):
        cifar_batches.read_batch(dumped(batch), "data_batch_1")


def test_an_empty_batch():
    content = dumped({"labels": [], "data": rows_of(0, 0)}, 4)
    with pytest.raises(DataError, match="data_batch_1: 0 images and 0 labels"):
        cifar_batches.read_batch(content, "data_batch_1")


def test_fewer_bytes_than_the_shape_says():
    content = dumped(batch_of(), 4)
    wrong = content.replace(b"K\x04M\x00\x0c\x86", b"K\x05M\x00\x0c\x86")
    assert wrong != content
    with pytest.raises(DataError, match="5 images take 15360 bytes"):
        cifar_batches.read_batch(wrong, "data_batch_1")


def test_columns_first_arrays_keep_their_pixels():
    batch = {**batch_of(), "data": np.asfortranarray(rows_of(0, 4))}
    images, _ = cifar_batches.read_batch(dumped(batch), "data_batch_1")
    assert np.array_equal(images.reshape(4, -1), rows_of(0, 4))


def test_missing_files_are_named(tmp_path):
    (write_batches(tmp_path) / "test_batch").unlink()
    with pytest.raises(DataError, match="test_batch: missing"):
        load_cifar10(root=tmp_path)


# --- the drawn pictures ---


def test_drawn_pictures_without_any_data(capsys):
    images, labels = load_cifar10()
    assert images.shape == (30, 3, 32, 32)
    assert len(load_cifar10("test")[1]) == 10
    assert cifar10_source().kind == "pictures"
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("drawing 40 pictures") == 1
    again = drawn_pictures.draw_pictures(20, seed=drawn_pictures.DEFAULT_SEED)
    assert np.array_equal(again[0], images[:20])
    assert np.array_equal(again[1], labels[:20])


def test_drawn_pictures_by_seed_and_stream():
    first = drawn_pictures.draw_pictures(600, seed=5)
    assert np.array_equal(first[0][:530], drawn_pictures.draw_pictures(530, seed=5)[0])
    for other in (
        drawn_pictures.draw_pictures(600, seed=6),
        drawn_pictures.draw_pictures(600, seed=5, stream=1),
    ):
        assert not np.array_equal(first[0], other[0])
    assert np.bincount(first[1], minlength=10).min() > 30
    assert len(CIFAR10_CLASSES) == len(drawn_pictures.PARTS) == 10
    with pytest.raises(ValueError, match="must not be negative"):
        drawn_pictures.draw_pictures(-1, seed=5)


def test_drawn_pictures_vary_and_are_in_colour():
    images, labels = drawn_pictures.draw_pictures(1500, seed=8)
    assert (images.max(axis=1).astype(int) - images.min(axis=1)).mean() > 15  # channels differ
    for c in range(10):
        own = images[labels == c].astype(float)
        assert own.std(axis=0).mean() > 25  # no two alike
        assert own.mean(axis=(1, 2, 3)).std() > 8  # in light and dark


# --- what a sandbox sees ---


def test_sandbox_sees_training_images_of_both_sets(tmp_path, monkeypatch, write_idx):
    write_batches(tmp_path / "cifar10")
    write_idx(tmp_path / "mnist", train=12)
    shown = sandbox_split(tmp_path, tmp_path / "splits", data="cifar10")
    assert sorted(path.name for path in shown.iterdir()) == ["cifar10", "mnist"]
    for folder in shown.iterdir():
        assert folder.stat().st_mode & 0o755 == 0o755
        assert all(path.stat().st_mode & 0o444 == 0o444 for path in folder.iterdir())
    assert sandbox_split(tmp_path, tmp_path / "splits", data="cifar10") == shown
    monkeypatch.setenv("AUTOGRADER_DATA", str(shown))
    assert load_cifar10("train")[0][:, 0, 0, 0].tolist() == list(range(20))
    assert load_cifar10("test")[0][:, 0, 0, 0].tolist() == [16, 17, 18, 19]  # of the training images
    assert load_mnist("train")[0].shape == (12, 28, 28)
    assert len(load_mnist("test")[1]) == 2


def test_sandbox_needs_numpy_only(tmp_path, write_idx):
    write_batches(tmp_path / "cifar10")
    write_idx(tmp_path / "mnist")
    shown = sandbox_split(tmp_path, tmp_path / "splits", data="cifar10")
    code = (
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "from autograder import CIFAR10_CLASSES, load_cifar10\n"
        "assert load_cifar10('test')[0].shape == (4, 3, 32, 32)\n"
        "print(*sorted(name for name in set(sys.modules) - before))\n"
    )
    checkout = Path(__file__).resolve().parents[2]
    environment = {"AUTOGRADER_DATA": str(shown), "PYTHONPATH": str(checkout), "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    unneeded = {
        "mnist",
        "matplotlib",
        "tarfile",
        "autograder.datasets.cifar_batches",
        "autograder.datasets.drawn_pictures",
    }
    assert not unneeded & set(done.stdout.split())
