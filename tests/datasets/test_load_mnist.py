"""load_mnist: where it looks, what it returns, what it says when something is wrong."""

from __future__ import annotations

import gzip
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.datasets import (
    DataError,
    data_root,
    is_real_mnist,
    load_mnist,
    mnist_source,
    sandbox_split,
)


def rests_on_a_map(array: np.ndarray) -> bool:
    base = array
    while base is not None and not isinstance(base, mmap.mmap):
        base = getattr(base, "base", None)
    return base is not None


@pytest.mark.parametrize("packed", [True, False])
def test_images_and_labels_come_back_in_order(tmp_path, packed, write_idx):
    folder = write_idx(tmp_path / "mnist", packed=packed)
    images, labels = load_mnist("train", root=folder)
    assert images.shape == (12, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert images[:, 3, 4].tolist() == list(range(12))
    assert labels.tolist() == [*range(10), 0, 1]
    assert load_mnist("test", root=folder)[0].shape == (5, 28, 28)


def test_arrays_are_plain_read_only_and_mapped(tmp_path, write_idx):
    images, labels = load_mnist(root=write_idx(tmp_path))
    for array in (images, labels):
        assert type(array) is np.ndarray
        assert rests_on_a_map(array)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_rows_and_columns_are_not_swapped(tmp_path, write_idx):
    folder = write_idx(tmp_path, packed=False)
    path = folder / "t10k-images-idx3-ubyte"
    data = bytearray(path.read_bytes())
    data[16 + 28 * 2 + 9] = 255  # first image, row 2, column 9
    path.write_bytes(data)
    assert load_mnist("test", root=folder)[0][0, 2, 9] == 255


def test_gzipped_and_plain_files_and_dotted_names_mix(tmp_path, write_idx):
    folder = write_idx(tmp_path)
    packed = folder / "train-labels-idx1-ubyte.gz"
    (folder / "train-labels.idx1-ubyte").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert load_mnist(root=folder)[1].tolist() == [*range(10), 0, 1]


def test_unknown_split():
    with pytest.raises(ValueError, match='"train" or "test", got \'validation\''):
        load_mnist("validation")


# --- where it looks ---


@pytest.mark.parametrize("inside", ["", "mnist"])
def test_environment_comes_first(tmp_path, clean_place, monkeypatch, inside, write_idx):
    write_idx(clean_place / "data" / "mnist", shift=50)
    write_idx(tmp_path / "elsewhere" / inside, shift=100)
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "elsewhere"))
    assert load_mnist()[0][0, 0, 0] == 100
    assert data_root() == (tmp_path / "elsewhere" if inside else tmp_path)


def test_root_comes_before_the_environment(tmp_path, monkeypatch, write_idx):
    monkeypatch.setenv("AUTOGRADER_DATA", str(write_idx(tmp_path / "a", shift=1)))
    assert load_mnist(root=write_idx(tmp_path / "b", shift=2))[0][0, 0, 0] == 2


def test_data_folder_here_or_above(clean_place, monkeypatch, write_idx):
    write_idx(clean_place / "data" / "mnist", shift=50)
    below = clean_place / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert load_mnist()[0][0, 0, 0] == 50
    assert mnist_source().path == clean_place / "data" / "mnist"
    assert data_root() == clean_place / "data"


def test_a_data_folder_of_something_else_is_passed_over(clean_place, monkeypatch, write_idx):
    write_idx(clean_place / "data" / "mnist", shift=50)
    (clean_place / "a" / "data").mkdir(parents=True)
    monkeypatch.chdir(clean_place / "a")
    assert load_mnist()[0][0, 0, 0] == 50


def test_environment_without_mnist_is_noted_once(tmp_path, clean_place, monkeypatch, capsys, write_idx):
    write_idx(clean_place / "data" / "mnist", shift=50)
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    assert load_mnist()[0][0, 0, 0] == 50
    load_mnist()
    out, err = capsys.readouterr()
    assert not out
    assert err.count("no MNIST files") == 1
    assert str(tmp_path) in err


def test_environment_that_does_not_exist_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "typo"))
    with pytest.raises(DataError, match=r"typo \(AUTOGRADER_DATA\): no such folder"):
        load_mnist()


def test_root_without_mnist_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no MNIST files; expected train-images-idx3-ubyte"):
        load_mnist(root=tmp_path)


def test_last_come_the_built_in_digits(capsys):
    images, labels = load_mnist()
    assert images.shape == (60, 28, 28)
    assert set(labels) <= set(range(10))
    assert len(load_mnist("test")[1]) == 10
    out, err = capsys.readouterr()
    assert not out
    assert err.count("drawing 70 digits") == 1
    assert mnist_source().kind == "digits"
    assert not is_real_mnist()


def test_two_processes_at_once_draw_the_digits_once(tmp_path):
    code = (
        "import sys; from autograder.datasets import digits, load_mnist, lookup\n"
        f"lookup.__file__ = {str(tmp_path / 'a' / 'b' / 'c')!r}\n"
        "digits.TRAIN_COUNT = 3000\n"
        "print(load_mnist()[0].sum(), len(load_mnist('test')[1]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    answers = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], answers
    assert len({out for out, _ in answers}) == 1
    assert sum(b"drawing" in err for _, err in answers) == 1
    assert not list((tmp_path / "cache").rglob("*.part"))


# --- the cache ---


def test_python_mnist_reads_once(tmp_path, monkeypatch, write_idx):
    from autograder.datasets import mnist

    folder = write_idx(tmp_path / "mnist")
    load_mnist(root=folder)
    monkeypatch.setattr(mnist, "read_idx", lambda *_: pytest.fail("read again"))
    load_mnist(root=folder)
    load_mnist("test", root=folder)


def test_changed_files_are_read_again_and_the_old_arrays_go(tmp_path, write_idx):
    folder = write_idx(tmp_path / "mnist")
    load_mnist(root=folder)
    write_idx(folder, train=13, shift=7)
    assert load_mnist(root=folder)[0][:, 0, 0].tolist() == list(range(7, 20))
    cache = tmp_path / "cache" / "nn-assignment-kit"
    assert len([path for path in cache.glob("mnist-*") if path.is_dir()]) == 1


def test_a_change_that_keeps_the_size_is_seen(tmp_path, write_idx):
    folder = write_idx(tmp_path / "mnist", packed=False)
    load_mnist(root=folder)
    write_idx(folder, packed=False, shift=7)
    assert load_mnist(root=folder)[0][0, 0, 0] == 7


def test_read_only_data_folder(tmp_path, write_idx):
    folder = write_idx(tmp_path / "mnist")
    before = sorted(folder.iterdir())
    folder.chmod(0o555)
    try:
        assert len(load_mnist(root=folder)[1]) == 12
    finally:
        folder.chmod(0o755)
    assert sorted(folder.iterdir()) == before


def test_damaged_cache_is_made_again(tmp_path, write_idx):
    folder = write_idx(tmp_path / "mnist")
    load_mnist(root=folder)
    (cached,) = (tmp_path / "cache").rglob("train-images.npy")
    cached.write_bytes(cached.read_bytes()[:500])
    assert load_mnist(root=folder)[0][11, 0, 0] == 11


def test_what_a_killed_process_left_is_swept(tmp_path, write_idx):
    folder = write_idx(tmp_path / "mnist")
    load_mnist(root=folder)
    (cached,) = (path.parent for path in (tmp_path / "cache").rglob("train-images.npy"))
    left = cached.with_name(cached.name + ".abc.part")
    cached.rename(left)
    assert len(load_mnist(root=folder)[1]) == 12
    assert not left.exists()


def test_unusable_cache_folder_says_what_to_do(tmp_path, monkeypatch, write_idx):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError, match="set XDG_CACHE_HOME to a folder you can write"):
        load_mnist(root=write_idx(tmp_path / "mnist"))


# --- damaged files ---


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def lengthen(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"x"))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-6] ^= 0xFF  # in gzip's check sum
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "name", "message"),
    [
        (cut, "train-images-idx3-ubyte.gz", "damaged"),
        (lengthen, "train-images-idx3-ubyte.gz", "damaged.*9408 bytes, it has more bytes"),
        (flip, "t10k-labels-idx1-ubyte.gz", "damaged"),
        (lambda path: path.write_bytes(b""), "t10k-images-idx3-ubyte.gz", "damaged.*ends too early"),
        (lambda path: path.write_bytes(b"<html>not here</html>"), "train-labels-idx1-ubyte.gz", "damaged"),
        (lambda path: path.unlink(), "t10k-labels-idx1-ubyte.gz", "missing"),
    ],
)
def test_damage_names_the_file_and_the_fix(tmp_path, damage, name, message, write_idx):
    folder = write_idx(tmp_path / "mnist")
    damage(folder / name)
    with pytest.raises(DataError, match=message) as caught:
        load_mnist(root=folder)
    assert name in str(caught.value)
    assert "autograder data" in str(caught.value)


def test_labels_in_place_of_images(tmp_path, write_idx):
    folder = write_idx(tmp_path)
    labels = (folder / "train-labels-idx1-ubyte.gz").read_bytes()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(labels)
    with pytest.raises(DataError, match="not an IDX file of images: starts with 2049, expected 2051"):
        load_mnist(root=folder)


def test_more_labels_than_images(tmp_path, write_idx):
    folder = write_idx(tmp_path / "a")
    other = write_idx(tmp_path / "b", train=14)
    name = "train-labels-idx1-ubyte.gz"
    (folder / name).write_bytes((other / name).read_bytes())
    with pytest.raises(DataError, match="14 labels for 12 images"):
        load_mnist(root=folder)


# --- which data it is ---


def test_id_is_that_of_the_content(tmp_path, write_idx):
    one = mnist_source(write_idx(tmp_path / "a"))
    same = mnist_source(write_idx(tmp_path / "b", packed=False))
    other = mnist_source(write_idx(tmp_path / "c", shift=1))
    assert one.id == same.id != other.id
    assert (one.kind, one.train_count, one.test_count) == ("other", 12, 5)


def test_published_hashes_make_it_mnist(tmp_path, monkeypatch, write_idx):
    from autograder.datasets import arrays, lookup, mnist

    folder = write_idx(tmp_path)
    published = arrays.hashes(lookup.array_folder(lookup.find_mnist(folder)))
    monkeypatch.setattr(mnist, "MNIST_SHA256", published)
    assert is_real_mnist(folder)
    assert mnist_source(folder).kind == "mnist"
    write_idx(folder, shift=1)
    assert not is_real_mnist(folder)


# --- the folder for a sandbox ---


def test_sandbox_sees_training_images_only(tmp_path, monkeypatch, write_idx):
    folder = write_idx(tmp_path / "mnist", train=13, test=5)
    split = sandbox_split(folder)
    expected = {f"{name}-{part}.npy" for name in ("train", "test") for part in ("images", "labels")}
    assert {path.name for path in split.iterdir()} == expected | {"source.json"}
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in split.iterdir())
    assert split.stat().st_mode & 0o755 == 0o755
    monkeypatch.setenv("AUTOGRADER_DATA", str(split))
    assert load_mnist("train")[0][:, 0, 0].tolist() == list(range(13))
    assert load_mnist("test")[0][:, 0, 0].tolist() == [11, 12]  # the last sixth
    assert load_mnist("test")[1].tolist() == [1, 2]


def test_sandbox_split_is_made_once_and_follows_the_data(tmp_path, write_idx):
    folder = write_idx(tmp_path / "mnist")
    first = sandbox_split(folder, tmp_path / "splits")
    made = (first / "train-images.npy").stat().st_mtime_ns
    assert sandbox_split(folder, tmp_path / "splits") == first
    assert (first / "train-images.npy").stat().st_mtime_ns == made
    assert first.parent == tmp_path / "splits"
    write_idx(folder, shift=1)
    assert sandbox_split(folder, tmp_path / "splits") != first


def test_too_few_images_to_split(tmp_path, write_idx):
    with pytest.raises(DataError, match="5 training images, expected at least 6"):
        sandbox_split(write_idx(tmp_path, train=5))


def test_sandbox_needs_numpy_only(tmp_path, write_idx):
    split = sandbox_split(write_idx(tmp_path / "mnist"))
    code = (
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "from autograder.datasets import load_mnist\n"
        "assert 'autograder.datasets.lookup' not in sys.modules\n"  # nothing before it is needed
        "load_mnist('train'); load_mnist('test')\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    environment = {
        "AUTOGRADER_DATA": str(split),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = done.stdout.split()
    assert "autograder.datasets.arrays" in modules
    assert not {"mnist", "scipy", "tempfile", "concurrent.futures", "urllib.request"} & set(modules)
    assert not any(name.startswith("autograder.datasets.digit") for name in modules)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "test-labels.npy").unlink(), "test-labels.npy: missing"),
        (lambda folder: (folder / "test-labels.npy").write_bytes(b"junk"), "not a readable .npy file"),
        (lambda folder: np.save(folder / "test-labels.npy", np.zeros(2)), "dtype float64, expected uint8"),
        (
            lambda folder: np.save(folder / "test-labels.npy", np.zeros(3, np.uint8)),
            "expected .N, 28, 28. and .N,.",
        ),
        (
            lambda folder: np.save(folder / "test-labels.npy", np.full(2, 11, np.uint8)),
            "label 11, expected labels 0 to 9",
        ),
        (lambda folder: np.save(folder / "test-labels.npy", np.array([{}, {}])), "not a readable .npy file"),
    ],
)
def test_spoiled_folder_of_arrays(tmp_path, spoil, message, write_idx):
    folder = sandbox_split(write_idx(tmp_path / "mnist"))
    spoil(folder)
    with pytest.raises(DataError, match=message):
        load_mnist("test", root=folder)
