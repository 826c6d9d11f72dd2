"""Control groups: where one is delegated it is used, and everywhere else a sandbox starts without."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.sandbox import cgroup, doctor
from autograder.sandbox.limits import Limits

MOUNTS = """\
24 1 0:22 / / rw shared:1 - ext4 /dev/vda1 rw
31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - {kind} cgroup2 rw
40 24 0:99 /deep /mnt/a\\040b rw - cgroup2 cgroup2 rw
"""


def above(tmp_path: Path, own: str, mounts: str) -> list[str]:
    (tmp_path / "own").write_text(own)
    (tmp_path / "mounts").write_text(mounts)
    return [str(path) for path in cgroup._above(tmp_path / "own", tmp_path / "mounts")]


def test_groups_are_looked_for_from_the_own_one_upwards(tmp_path: Path) -> None:
    own = "0::/user.slice/user-1000.slice/run-1.scope\n"
    assert above(tmp_path, own, MOUNTS.format(kind="cgroup2")) == [
        "/sys/fs/cgroup/user.slice/user-1000.slice/run-1.scope",
        "/sys/fs/cgroup/user.slice/user-1000.slice",
        "/sys/fs/cgroup/user.slice",
        "/sys/fs/cgroup",
    ]
    only_deep = MOUNTS.format(kind="tmpfs")
    assert above(tmp_path, "4:memory:/a\n0::/deep/x\n", only_deep) == ["/mnt/a b/x", "/mnt/a b"]
    assert above(tmp_path, "0::/elsewhere\n", only_deep) == []
    assert above(tmp_path, "4:memory:/a\n", MOUNTS.format(kind="cgroup2")) == []  # version 1 only
    assert cgroup._above(tmp_path / "missing", tmp_path / "mounts") == []


def test_a_folder_that_is_no_group_to_be_divided_is_not_taken(tmp_path: Path) -> None:
    assert not cgroup._may_divide(tmp_path)
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    assert not cgroup._may_divide(tmp_path)
    assert not list(tmp_path.glob(f"{cgroup.PREFIX}*"))


def test_a_sandbox_starts_where_no_group_is_delegated(start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "delegated", lambda: None)
    with start() as sandbox:
        assert sandbox.run_cell("cell 1", "print(6 * 7)")["stdout"] == "42\n"
    fact = next(fact for fact in doctor.facts() if fact.name == "control groups")
    assert fact.ok and "counted by the grader" in fact.value


def test_a_sandbox_starts_where_a_group_disappears(start, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(cgroup, "delegated", lambda: tmp_path / "gone")
    with start() as sandbox:
        assert sandbox.run_cell("cell 1", "print(6 * 7)")["stdout"] == "42\n"


def test_the_doctor_says_which_it_is() -> None:
    fact = next(fact for fact in doctor.facts() if fact.name == "control groups")
    parent = cgroup.delegated()
    assert fact.ok and (str(parent) in fact.value if parent else "counted by the grader" in fact.value)


@pytest.fixture
def parent() -> Path:
    parent = cgroup.delegated()
    if parent is None:
        pytest.skip(f"this machine delegates no control group: {cgroup.why_none()}")
    return parent


def test_a_group_has_limits_and_is_gone_afterwards(start, parent: Path) -> None:
    with start(memory_mb=300, processes=20, disk_mb=4) as sandbox:
        assert (
            sandbox.run_cell("cell 1", "print(open('/proc/self/cgroup').read())")["stdout"].strip() == "0::/"
        )
        (path,) = parent.glob(f"{cgroup.PREFIX}*-{os.getpid()}-*")
        assert int((path / "memory.max").read_text()) == (300 + 12 + cgroup.MEMORY_ROOM_MB) * 2**20
        assert int((path / "pids.max").read_text()) == 20 + cgroup.PROCESS_ROOM
        assert len((path / "cgroup.procs").read_text().split()) >= 3  # bubblewrap twice and the worker
    assert not path.exists()


def test_what_a_killed_grader_left_is_removed(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = os.fork()
    if dead == 0:
        cgroup.Group(parent, Limits())
        os._exit(0)
    os.waitpid(dead, 0)
    mine = cgroup.Group(parent, Limits())
    (left,) = parent.glob(f"{cgroup.PREFIX}*-{dead}-*")
    cgroup._remove_left(parent)
    assert not left.exists()
    assert mine.path.exists()  # this process lives
    mine.remove()
    assert not mine.path.exists()
