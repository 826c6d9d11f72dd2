"""`autograder contest images`: fresh digits, labels for the instructor alone."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.contest.images import images_sha256, secret_seed, write_contest
from autograder.datasets import DataError
from autograder.datasets.digits import draw_digits

LARGE = 2**200 + 17


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def test_images_for_students_and_labels_for_nobody_else(tmp_path):
    files = write_contest(tmp_path / "contest", seed=LARGE, count=120)
    shown, kept = arrays(files.images), arrays(files.labels)
    assert set(shown) == {"images"}  # no label, no seed
    assert shown["images"].shape == (120, 28, 28)
    assert shown["images"].dtype == np.uint8
    assert set(kept["labels"]) <= set(range(10))
    assert kept["labels"].shape == (120,)
    assert kept["images_sha256"].tobytes() == images_sha256(shown["images"])
    assert files.labels.stat().st_mode & 0o777 == 0o600
    assert files.images.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in files.images.parent.iterdir()) == [
        "contest_images.npz",
        "contest_labels.npz",
    ]


def test_the_same_seed_gives_the_same_files_and_another_none_of_them(tmp_path):
    one = write_contest(tmp_path / "one", seed=LARGE, count=60)
    same = write_contest(tmp_path / "same", seed=LARGE, count=60)
    other = write_contest(tmp_path / "other", seed=LARGE + 1, count=60)
    assert one.images.read_bytes() == same.images.read_bytes()
    assert not np.array_equal(arrays(one.images)["images"], arrays(other.images)["images"])


def test_they_are_none_of_the_digits_that_students_can_draw(tmp_path):
    files = write_contest(tmp_path, seed=1998, count=50)  # the seed of the built-in digits
    known = {
        hashlib.sha256(image).digest()
        for stream in (0, 1)
        for image in draw_digits(50, seed=1998, stream=stream)[0]
    }
    assert not known & {hashlib.sha256(image).digest() for image in arrays(files.images)["images"]}


def test_a_contest_is_not_overwritten(tmp_path):
    files = write_contest(tmp_path, seed=LARGE, count=30)
    before = files.labels.read_bytes()
    write_contest(tmp_path, seed=LARGE, count=30)  # the same once more
    with pytest.raises(DataError, match="belongs to another contest"):
        write_contest(tmp_path, seed=LARGE + 1, count=30)
    assert files.labels.read_bytes() == before


def test_seed_of_a_secret():
    seeds = {secret_seed(b"a" * 32), secret_seed(b"b" * 32)}
    assert len(seeds) == 2
    assert all(seed > 2**128 for seed in seeds)


def test_the_command(tmp_path, monkeypatch):
    checkout = Path(__file__).resolve().parents[2]
    (tmp_path / "course.toml").write_text((checkout / "course.toml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUTOGRADER_SECRET", raising=False)
    done = CliRunner().invoke(app, ["contest", "images", "--count", "40"])
    assert done.exit_code == 0, done.output
    labels = tmp_path / "contest" / "contest_labels.npz"
    assert labels.stat().st_mode & 0o777 == 0o600
    secret = (tmp_path / ".autograder-secret").read_bytes().strip()
    expected = draw_digits(40, seed=secret_seed(secret), stream=7)
    assert np.array_equal(arrays(labels)["labels"], expected[1])
    guessable = CliRunner().invoke(
        app, ["contest", "images", "--count", "40", "--seed", "5", "--out", "practice"]
    )
    assert guessable.exit_code == 0
    assert "can be guessed" in guessable.output
    assert (tmp_path / "practice" / "contest_images.npz").exists()
    refused = CliRunner().invoke(app, ["contest", "images", "--count", "40", "--seed", str(LARGE)])
    assert refused.exit_code == 1
    assert "belongs to another contest" in " ".join(refused.output.split())
    assert CliRunner().invoke(app, ["contest", "images", "--seed", "-1"]).exit_code == 2
