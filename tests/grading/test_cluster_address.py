"""An address of a cluster that others could reach without a certificate is refused unless it is allowed."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.grading import cluster
from autograder.grading.cluster_address import is_private, require_private
from autograder.grading.errors import ClusterError

HOME = Path(__file__).resolve().parents[2]
PRIVATE = [
    "tcp://127.0.0.1:8786",
    "127.0.0.1:8786",
    "tcp://127.9.8.7:1",
    "localhost:8786",
    "tcp://localhost:8786",
    "tcp://[::1]:8786",
    "[::1]:8786",
    "tcp://[::ffff:127.0.0.1]:8786",
    "tls://10.0.0.1:8786",
    "tls://scheduler.example.org:8786",
    "tls://[2001:db8::1]:8786",
]
EXPOSED = [
    "tcp://10.0.0.1:8786",
    "10.0.0.1:8786",
    "tcp://[2001:db8::1]:8786",
    "tcp://0.0.0.0:8786",
    "tcp://[::]:8786",
    "tcp://[::ffff:10.0.0.1]:8786",
    "ucx://127.0.0.1:8786",
    "ws://127.0.0.1:8786",
    "tcp://127.0.0.1.nip.io.invalid:8786",
    "tcp://localhost@10.0.0.1:8786",
    "tcp://10.0.0.1:8786#tls://",
    "scheduler.json",
    "tls:10.0.0.1:8786",
    "TLS//:10.0.0.1:1",
    "",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_loopback_and_tls_are_allowed(address: str) -> None:
    require_private(address)


@pytest.mark.parametrize("address", EXPOSED)
def test_everything_else_needs_the_option(address: str) -> None:
    with pytest.raises(ClusterError, match="--insecure-cluster") as raised:
        require_private(address)
    assert address in str(raised.value) and "\n" not in str(raised.value)
    require_private(address, insecure=True)


def test_a_name_counts_only_when_all_its_addresses_are_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ["127.0.1.1", "10.0.0.7"]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, port: [(2, 1, 6, "", (address, 0)) for address in found]
    )
    assert not is_private("tcp://node7:8786")
    found.pop()
    assert is_private("tcp://node7:8786")


def test_the_command_refuses_before_it_does_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOME)
    monkeypatch.setattr(
        cluster, "evaluate_on_cluster", lambda *a, **k: pytest.fail("the scheduler was connected to")
    )
    done = CliRunner().invoke(app, ["grade", "task1_forward", "--dask", "tcp://10.0.0.1:8786"])
    assert done.exit_code == 2
    assert "--insecure-cluster" in done.output and "Traceback" not in done.output
    done = CliRunner().invoke(app, ["grade", "task1_forward", "--insecure-cluster"])
    assert done.exit_code == 2
