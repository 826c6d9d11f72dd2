"""The course secret, and the seeds and the key that grading derives from it.

A check's random inputs come from HMAC(secret, task, submission, check): the same submission always meets the same
inputs, a changed one meets new ones, and nobody without the secret can know them.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

import numpy as np

from autograder.files import sync_folder
from autograder.grading.private import is_groupshared

VARIABLE = "AUTOGRADER_SECRET"
FILE = ".autograder-secret"
MIN_BYTES = 16


class SecretError(Exception):
    """The secret cannot be used; the message says how to mend it."""


def course_secret(root: Path, source: str = "file") -> bytes:
    """The secret of the course in ``root``, made on first use in a file that only its owner can read.

    Raises:
        SecretError: the file is readable by others, too short, or the environment has none.
    """
    if VARIABLE in os.environ or source == "environment":
        value = os.environ.get(VARIABLE, "").encode()
        if len(value) < MIN_BYTES:
            raise SecretError(
                f"{VARIABLE} has {len(value)} bytes; expected at least {MIN_BYTES} random ones."
            )
        return value
    path = root / FILE
    shared = is_groupshared(root)
    if not path.exists():
        _make(path, 0o640 if shared else 0o600)
    if path.stat().st_mode & (0o027 if shared else 0o077):
        raise SecretError(f"{path} can be read by others. Run: chmod {'640' if shared else '600'} {path}")
    value = path.read_bytes().strip()
    if len(value) < MIN_BYTES:
        raise SecretError(
            f"{path} holds {len(value)} bytes; expected at least {MIN_BYTES}. Restore it from a backup."
        )
    return value


def _make(path: Path, mode: int) -> None:
    """A new secret under its name whole or not at all; the one of another grader that was first stays."""
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f"{FILE}-")
    try:
        with os.fdopen(fd, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
            sync_folder(path.parent)
    finally:
        os.unlink(name)


def submission_seed(secret: bytes, task: str, submission: str) -> bytes:
    """The seed of one submission (32 bytes), recorded with its grade."""
    return hmac.new(secret, f"{task}\0{submission}".encode(), hashlib.sha256).digest()


def held_out_key(secret: bytes) -> bytes:
    """The key (32 bytes) of the images that are held out: the same for all students of the course."""
    return hmac.new(secret, b"held-out images", hashlib.sha256).digest()


def check_rng(seed: bytes, check: str) -> np.random.Generator:
    """The generator of one check's inputs."""
    digest = hmac.new(seed, check.encode(), hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))
