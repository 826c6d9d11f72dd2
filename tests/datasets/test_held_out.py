"""What is held out can be drawn by nobody without the course's key, and is the same for everybody with it."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from autograder.course import load_course
from autograder.datasets import cifar10_source, digits, drawn_pictures, load_mnist, mnist_source
from autograder.datasets.digits import draw_digits, write_digits
from autograder.datasets.held_out import HeldOut
from autograder.grading.cluster_worker import Job, differences
from autograder.grading.plan import Keys, make_plan
from autograder.grading.secret import held_out_key

KEY, OTHER = (held_out_key(secret) for secret in (b"one secret of a course", b"the secret of another"))


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setattr(drawn_pictures, "TRAIN_COUNT", 60)
    monkeypatch.setattr(drawn_pictures, "TEST_COUNT", 10)


@pytest.mark.parametrize("source_of", [mnist_source, cifar10_source])
def test_what_is_held_out_of_drawn_images_depends_on_the_key_alone(source_of):
    source = source_of()
    images, labels = HeldOut(source, KEY).load()
    assert images.shape == (source.test_count, *source.shape)
    assert len(labels) == source.test_count
    again, others = HeldOut(source, KEY).load(), HeldOut(source, OTHER).load()
    assert np.array_equal(images, again[0]) and np.array_equal(labels, again[1])
    assert not np.array_equal(images, others[0])


def test_no_stream_of_the_built_in_seed_holds_them():
    images, _ = HeldOut(mnist_source(), KEY).load()
    known = {image.tobytes() for image in images}
    for stream in range(10):
        drawn, _ = draw_digits(60, seed=digits.DEFAULT_SEED, stream=stream)
        assert known.isdisjoint(image.tobytes() for image in drawn)
    for split in ("train", "test"):
        assert known.isdisjoint(image.tobytes() for image in load_mnist(split)[0])


def test_digits_that_were_written_as_files_are_drawn_all_the_same(tmp_path):
    """`autograder data digits` and the demonstration write them: their seed is known as well."""
    source = mnist_source(write_digits(tmp_path / "mnist", train=60, test=7))
    assert source.kind == "digits"
    images, _ = HeldOut(source, KEY).load()
    test, _ = load_mnist("test", root=tmp_path / "mnist")
    assert len(images) == 7
    assert {image.tobytes() for image in images}.isdisjoint(image.tobytes() for image in test)


def test_files_of_another_origin_keep_their_own_test_split(tmp_path, write_idx):
    folder = write_idx(tmp_path / "mnist")
    held_out = HeldOut(mnist_source(folder), KEY)
    assert np.array_equal(held_out.load()[0], load_mnist("test", root=folder)[0])
    assert held_out.id == HeldOut(mnist_source(folder), OTHER).id == ""


def test_the_folder_is_the_owners_alone_and_its_name_does_not_tell_the_key(tmp_path):
    HeldOut(mnist_source(), KEY).load(tmp_path / "own")
    (folder,) = (path for path in (tmp_path / "own").iterdir() if path.is_dir())
    assert folder.stat().st_mode & 0o077 == 0
    assert KEY.hex()[:8] not in folder.name


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ValueError, match="5 bytes, expected 32"):
        HeldOut(mnist_source(), b"short")


def test_the_key_is_not_printed():
    held_out = HeldOut(mnist_source(), KEY)
    assert repr(KEY) not in repr(held_out)
    assert KEY.hex() not in repr(replace(held_out))


def test_the_data_of_a_plan_is_that_of_the_course_secret(clean_place, monkeypatch):
    """Two courses hold out different images, and a changed secret is changed data: what was graded is graded again."""
    (clean_place / "course.toml").write_text(
        '[course]\nid = "c"\ntitle = "C"\n[[tasks]]\nname = "task1_forward"\ndata = "mnist"\n'
    )
    course = load_course(clean_place)
    plans = []
    for secret in ("a" * 32, "b" * 32, "a" * 32):
        monkeypatch.setenv("AUTOGRADER_SECRET", secret)
        plans.append(make_plan(course, "task1_forward"))
    one, other, same = plans
    assert one.data_id == same.data_id != other.data_id
    labels = [plan.data().held_out[1].tolist() for plan in plans]
    assert labels[0] == labels[2] != labels[1]
    # A machine with nothing but the keys makes the same plan; so does a worker, from its job.
    monkeypatch.delenv("AUTOGRADER_SECRET")
    job = Job(**asdict(Job.of(one, "run")))
    assert differences(job, job.plan()) == ""
    assert differences(replace(job, held_out=OTHER), replace(job, held_out=OTHER).plan()) != ""
    given = make_plan(course, "task1_forward", keys=Keys(one.seed_of, one.held_out.key))
    assert given.data_id == one.data_id
    assert not (clean_place / ".autograder-secret").exists()
