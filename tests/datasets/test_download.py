"""Downloading from a server on this machine: good, without ranges, breaking off, wrong, slow to admit it."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import re
import socket
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from autograder.datasets import DataError, load_mnist
from autograder.datasets.download import (
    CIFAR10_FILE,
    MNIST_FILES,
    RemoteFile,
    download_cifar10,
    download_mnist,
)

CONTENT = np.random.default_rng(0).integers(0, 256, size=300_000, dtype=np.uint8).tobytes()
PACKED = gzip.compress(CONTENT, mtime=0)
FILE = RemoteFile(
    "digits.gz", "sha256", hashlib.sha256(CONTENT).hexdigest(), unpacked=True, most_bytes=400_000
)


@dataclass
class Mirror:
    """A server on 127.0.0.1 and how it behaves."""

    files: dict[str, bytes] = field(default_factory=lambda: {FILE.name: PACKED})
    ranges: bool = True
    breaks_after: list[int] = field(default_factory=list)  # bytes of each answer, then whole answers
    length: bool = True
    range_answer: str | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        name, span = request.path.rsplit("/", 1)[-1], request.headers["Range"]
        self.asked.append((name, span))
        if name not in self.files:
            return request.send_error(404)
        body, start = self.files[name], 0
        if span and self.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", span)[1])
            if start >= len(body):
                return request.send_error(416)
            request.send_response(206)
            usual = f"bytes {start}-{len(body) - 1}/{len(body)}"
            request.send_header("Content-Range", self.range_answer or usual)
        else:
            request.send_response(200)
        if self.length:
            request.send_header("Content-Length", str(len(body) - start))
        request.end_headers()
        end = start + self.breaks_after.pop(0) if self.breaks_after else len(body)
        request.wfile.write(body[start:end])


@pytest.fixture
def serve(monkeypatch):
    """A function that starts a Mirror; all are stopped at the end."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = []

    def start(**behaviour) -> Mirror:
        mirror = Mirror(**behaviour)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.answer(self)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        mirror.address = f"http://127.0.0.1:{server.server_port}/mnist"
        return mirror

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


def fetch(folder, *mirrors: Mirror | str, **options):
    addresses = [mirror if isinstance(mirror, str) else mirror.address for mirror in mirrors]
    return download_mnist(folder, mirrors=addresses, files=[FILE], timeout=5, **options)


def arrived(folder) -> bool:
    assert not list(folder.glob("*.part"))
    return gzip.decompress((folder / FILE.name).read_bytes()) == CONTENT


def test_fetches_and_reports_progress(tmp_path, serve):
    seen = []
    folder = fetch(tmp_path / "data" / "mnist", serve(), progress=lambda *state: seen.append(state))
    assert folder == tmp_path / "data" / "mnist"
    assert arrived(folder)
    assert seen[-1] == (FILE.name, len(PACKED), len(PACKED))
    assert [state[1] for state in seen] == sorted(state[1] for state in seen)


def test_what_is_there_is_not_fetched_again(tmp_path, serve):
    mirror = serve()
    fetch(tmp_path, mirror)
    fetch(tmp_path, mirror)
    assert len(mirror.asked) == 1


def test_continues_a_download_of_another_day(tmp_path, serve):
    (tmp_path / "digits.gz.part").write_bytes(PACKED[:100_000])
    mirror = serve()
    assert arrived(fetch(tmp_path, mirror))
    assert mirror.asked == [(FILE.name, "bytes=100000-")]


def test_continues_where_the_connection_broke(tmp_path, serve):
    mirror = serve(breaks_after=[100_000, 50_000])
    assert arrived(fetch(tmp_path, mirror))
    assert mirror.asked == [(FILE.name, None), (FILE.name, "bytes=100000-"), (FILE.name, "bytes=150000-")]


def test_another_mirror_continues(tmp_path, serve):
    broken, good = serve(breaks_after=[100_000, 0]), serve()
    assert arrived(fetch(tmp_path, broken, good))
    assert good.asked == [(FILE.name, "bytes=100000-")]


def test_server_without_ranges_starts_over(tmp_path, serve):
    mirror = serve(ranges=False, breaks_after=[100_000])
    assert arrived(fetch(tmp_path, mirror))
    assert len(mirror.asked) == 2


def test_server_without_ranges_that_always_breaks_is_given_up(tmp_path, serve):
    mirror = serve(ranges=False, breaks_after=[100_000] * 50)
    with pytest.raises(DataError, match="the connection broke off"):
        fetch(tmp_path, mirror)
    assert len(mirror.asked) < 10


def test_server_that_sends_no_length(tmp_path, serve):
    assert arrived(fetch(tmp_path, serve(length=False)))


def test_complete_part_is_recognised(tmp_path, serve):
    (tmp_path / "digits.gz.part").write_bytes(PACKED)
    assert arrived(fetch(tmp_path, serve()))


@pytest.mark.parametrize("part", [b"\0" * 1000, PACKED + b"\0" * 1000 + b"x"])
def test_wrong_part_is_started_over(tmp_path, serve, part):
    (tmp_path / "digits.gz.part").write_bytes(part)
    mirror = serve()
    assert arrived(fetch(tmp_path, mirror))
    assert mirror.asked[-1] == (FILE.name, None)


def test_part_of_a_mirror_that_packs_differently(tmp_path, serve):
    other = gzip.compress(CONTENT, compresslevel=1, mtime=99)
    (tmp_path / "digits.gz.part").write_bytes(other[:100_000])
    assert arrived(fetch(tmp_path, serve()))


@pytest.mark.parametrize(
    "wrong",
    [b"<html>moved</html>", gzip.compress(b"something else"), PACKED[:-1000], b""],
    ids=["a page", "something else", "cut off", "nothing"],
)
def test_wrong_content_is_refused_and_the_next_mirror_tried(tmp_path, serve, wrong):
    assert arrived(fetch(tmp_path, serve(files={FILE.name: wrong}), serve()))


def test_wrong_content_everywhere_leaves_nothing(tmp_path, serve):
    with pytest.raises(DataError, match=r"digits.gz: not the published file \(sha256 "):
        fetch(tmp_path, serve(files={FILE.name: gzip.compress(b"something else")}))
    assert not list(tmp_path.glob("digits*"))


def test_senseless_range_answer(tmp_path, serve):
    (tmp_path / "digits.gz.part").write_bytes(PACKED[:1000])
    senseless, good = serve(range_answer="bytes 0-5/6"), serve()
    assert arrived(fetch(tmp_path, senseless, good))
    assert len(senseless.asked) == 1
    assert good.asked == [(FILE.name, "bytes=1000-")]  # what was there is still good


@pytest.mark.parametrize("length", [True, False])
def test_endless_content_is_cut_off(tmp_path, serve, length):
    with pytest.raises(DataError, match=r"(offers 500000 bytes, expected|sends more than) (at most )?400000"):
        fetch(tmp_path, serve(files={FILE.name: bytes(500_000)}, length=length))


def test_silent_server(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DataError, match="timed out"):
        download_mnist(
            tmp_path,
            mirrors=[f"http://127.0.0.1:{silent.getsockname()[1]}"],
            files=[FILE],
            timeout=0.2,
        )


def test_offline_explains_what_to_put_where(tmp_path, serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(DataError) as caught:
        fetch(tmp_path / "mnist", nobody, serve(files={}))
    text = str(caught.value)
    assert "refused" in text
    assert "HTTP 404" in text
    assert str(tmp_path / "mnist" / FILE.name) in text
    assert "by hand" in text


def test_a_file_of_someone_else_is_kept(tmp_path, serve):
    (tmp_path / FILE.name).write_bytes(gzip.compress(b"my own"))
    with pytest.raises(DataError, match=r"not the published file .*move it away"):
        fetch(tmp_path, serve())
    assert gzip.decompress((tmp_path / FILE.name).read_bytes()) == b"my own"


def test_target_that_cannot_be_written(tmp_path, serve):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        fetch(tmp_path / "file" / "mnist", serve())


def test_downloaded_files_load(tmp_path, serve, write_idx):
    source = write_idx(tmp_path / "source")
    packed = {path.name: path.read_bytes() for path in source.iterdir()}
    files = [
        RemoteFile(name, "sha256", hashlib.sha256(gzip.decompress(data)).hexdigest(), True, 10**6)
        for name, data in packed.items()
    ]
    assert set(packed) == {file.name for file in MNIST_FILES}
    download_mnist(tmp_path / "data" / "mnist", mirrors=[serve(files=packed).address], files=files)
    assert load_mnist(root=tmp_path / "data")[1].tolist() == [*range(10), 0, 1]


def test_cifar10_is_checked_as_it_is(tmp_path, serve):
    archive = b"not really a tar"
    file = RemoteFile(CIFAR10_FILE.name, "md5", hashlib.md5(archive).hexdigest(), False, 1000)
    mirror = serve(files={CIFAR10_FILE.name: archive})
    assert download_cifar10(tmp_path, mirrors=[mirror.address], file=file) == tmp_path
    assert (tmp_path / CIFAR10_FILE.name).read_bytes() == archive
    with pytest.raises(DataError, match="md5"):
        download_cifar10(tmp_path / "other", mirrors=[mirror.address])
