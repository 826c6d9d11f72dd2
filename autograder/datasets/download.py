"""Download MNIST and CIFAR-10 from several mirrors, go on where a download broke off, check what arrived.

Every file has a digest, and nothing gets its real name before the digest agrees; until then it is
`<name>.part`, which the next attempt (also of another day) continues.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import re
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.datasets import idx
from autograder.datasets.errors import DataError
from autograder.datasets.mnist import MNIST_SHA256
from autograder.files import replace_durably

MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://dataset.bj.bcebos.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
CIFAR10_MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://dataset.bj.bcebos.com/cifar/",
)
TIMEOUT_S = 20.0  # without a single byte
RETRIES = 5  # times one mirror may break off and be continued, as long as each time brings something
PIECE = 1 << 16  # bytes between two calls of progress

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch.  digest: hex, of the uncompressed content if `unpacked`; most_bytes: larger is wrong."""

    name: str
    algorithm: str
    digest: str
    unpacked: bool
    most_bytes: int


MNIST_FILES = tuple(
    RemoteFile(
        name=f"{idx.file_name(split, part)}.gz",
        algorithm="sha256",
        digest=MNIST_SHA256[f"{split}-{part}"],
        unpacked=True,
        most_bytes=20_000_000,  # the largest has 9.9 million
    )
    for split in idx.STEMS
    for part in idx.MAGIC
)
CIFAR10_FILE = RemoteFile(
    name="cifar-10-python.tar.gz",
    algorithm="md5",  # the one its authors publish
    digest="c58f30108f718f92721af3b95e74349a",
    unpacked=False,
    most_bytes=200_000_000,  # it has 170 498 071
)


def download_mnist(
    target: str | Path,
    *,
    mirrors: Sequence[str] = MNIST_MIRRORS,
    files: Sequence[RemoteFile] = MNIST_FILES,
    progress: Progress | None = None,
    timeout: float = TIMEOUT_S,
) -> Path:
    """Fetch MNIST's four gzipped files into `target` (usually `data/mnist`); those already right are kept.

    mirrors:  addresses of folders, tried in this order for every file
    progress: called with (file name, bytes so far, total bytes or None)
    timeout:  seconds a server may be silent
    Returns `target`.  Raises DataError when no mirror delivers, with what each said and what to do by hand.
    """
    return _download(target, files, mirrors, progress, timeout)


def download_cifar10(
    target: str | Path,
    *,
    mirrors: Sequence[str] = CIFAR10_MIRRORS,
    file: RemoteFile = CIFAR10_FILE,
    progress: Progress | None = None,
    timeout: float = TIMEOUT_S,
) -> Path:
    """Fetch `cifar-10-python.tar.gz` into `target` (usually `data/cifar10`), as `download_mnist` does."""
    return _download(target, [file], mirrors, progress, timeout)


def _download(
    target: str | Path,
    files: Sequence[RemoteFile],
    mirrors: Sequence[str],
    progress: Progress | None,
    timeout: float,
) -> Path:
    target = Path(target)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file in files:
            if (target / file.name).exists():
                _check_present(target / file.name, file)
            else:
                _fetch(file, target, mirrors, progress, timeout, files)
    except OSError as error:
        raise DataError(
            f"{error.filename or target}: cannot be written ({error.strerror or error}); free some space or take "
            "another folder and set AUTOGRADER_DATA to it"
        ) from error
    return target


def _check_present(path: Path, file: RemoteFile) -> None:
    if (wrong := _differs(path, file)) is not None:
        # Someone put it there, perhaps on purpose (the built-in digits have these names): not ours to replace.
        raise DataError(f"{path}: not the published file ({wrong}); move it away and run this again")


class _Failed(Exception):
    """This mirror does not deliver; the text says why."""


def _fetch(
    file: RemoteFile,
    target: Path,
    mirrors: Sequence[str],
    progress: Progress | None,
    timeout: float,
    wanted: Sequence[RemoteFile],
) -> None:
    part = target / f"{file.name}.part"
    reasons = []
    for mirror in mirrors:
        url = mirror.rstrip("/") + "/" + file.name
        # Mirrors may pack the same content differently, so a part that another one began, or that is
        # damaged, shows only at the end: then once more from the start.
        for _ in range(2):
            continued = part.exists() and part.stat().st_size > 0
            try:
                _transfer(url, part, file, progress, timeout)
            except _Failed as failure:
                reasons.append(f"  {url}: {failure}")
                break
            wrong = _differs(part, file)
            if wrong is None:
                replace_durably(part, target / file.name)
                return
            part.unlink()
            if not continued:
                reasons.append(f"  {url}: not the published file ({wrong})")
                break
    names = "\n".join(f"  {target / each.name}" for each in wanted)
    raise DataError(
        f"{file.name}: no mirror delivers it:\n" + "\n".join(reasons) + "\n"
        "Connect to the internet and run this again (it goes on where it stopped), or fetch by hand from\n"
        + "\n".join(f"  {mirror}" for mirror in mirrors) + f"\nand put under these names:\n{names}\n"
        "Without MNIST the built-in digits are used."
    )  # fmt: skip


def _transfer(url: str, part: Path, file: RemoteFile, progress: Progress | None, timeout: float) -> None:
    """Bring `part` to the end of the file at `url`, going on where it stops; _Failed if that does not work."""
    breaks = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _receive(url, part, before, file, progress, timeout):
                return
            why = "the connection broke off"
        except urllib.error.HTTPError as error:
            if error.code == 416 and before:  # nothing beyond what we have: complete, or not this file
                return
            raise _Failed(f"HTTP {error.code} {error.reason}") from error
        except (urllib.error.URLError, http.client.HTTPException, ValueError, OSError) as error:
            if isinstance(error, OSError) and error.filename is not None:
                raise  # our own file, not the network
            why = str(getattr(error, "reason", error)) or type(error).__name__
        after = part.stat().st_size if part.exists() else 0
        breaks += 1
        if after <= before or breaks > RETRIES:
            raise _Failed(why)


def _receive(
    url: str, part: Path, have: int, file: RemoteFile, progress: Progress | None, timeout: float
) -> bool:
    """One request; True if the file is complete, False if the connection ended early."""
    request = urllib.request.Request(url, headers={"User-Agent": "nn-assignment-kit"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=timeout) as response:
        if have and response.status == 206:
            span = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
            if not span or int(span[1]) != have:
                raise _Failed("its answer to a Range request makes no sense")
        else:
            have = 0  # the server does not do ranges and sends all of it
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        if total is not None and total > file.most_bytes:
            raise _Failed(f"offers {total} bytes, expected at most {file.most_bytes}")
        with open(part, "r+b" if have else "wb") as out:
            out.seek(have)
            while piece := response.read1(PIECE):
                have += len(piece)
                if have > file.most_bytes:
                    raise _Failed(f"sends more than {file.most_bytes} bytes")
                out.write(piece)
                if progress:
                    progress(file.name, have, total)
    return total is None or have >= total


def _differs(path: Path, file: RemoteFile) -> str | None:
    """None if the digest of the file agrees, else what is wrong."""
    digest = hashlib.new(file.algorithm, usedforsecurity=False)
    try:
        with gzip.open(path, "rb") if file.unpacked else open(path, "rb") as content:
            while piece := content.read(1 << 20):
                digest.update(piece)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        return str(error)
    found = digest.hexdigest()
    return (
        None if found == file.digest else f"{file.algorithm} {found[:12]}..., expected {file.digest[:12]}..."
    )
