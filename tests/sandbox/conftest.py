"""Sandboxes with short limits, for attacks on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.sandbox.backends import Launch, SandboxUnavailable, find_bubblewrap
from autograder.sandbox.clock import Budget
from autograder.sandbox.kit import stage
from autograder.sandbox.limits import Limits
from autograder.sandbox.process import Sandbox


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stage(tmp_path_factory.mktemp("kits"))


@pytest.fixture
def start(kit: Path) -> Iterator[Callable[..., Sandbox]]:
    """A function that makes a sandbox of given limits, to be entered with `with`."""
    try:
        find_bubblewrap()
    except SandboxUnavailable as error:
        pytest.skip(str(error))

    def make(budget: Budget | None = None, **limits: float) -> Sandbox:
        short = {"cpu_s": 20, "cell_s": 0.3, "asleep_s": 20, "asleep_step_s": 0.5}
        bounds = Limits(**{**short, "memory_mb": 600, "processes": 32, "disk_mb": 4, **limits})
        return Sandbox(Launch(kit, None, bounds), budget)

    yield make


@pytest.fixture
def sandbox(start: Callable[..., Sandbox]) -> Iterator[Sandbox]:
    with start() as sandbox:
        yield sandbox
