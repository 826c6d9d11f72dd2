"""Frames that the student's code writes itself: forged, stale, oversized, slow, malformed."""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import threading
import time

import numpy as np
import pytest

from autograder.calls import CodeError, arguments_after, connect, mutated_arguments
from autograder.sandbox import protocol
from autograder.sandbox.channel import CheckChannel, SandboxDied
from autograder.sandbox.protocol import MAGIC, PREFIX, Connection
from autograder.sandbox.replies import checked_error, checked_reply

FORGER = """
import json, os, struct, time
def sockets():
    links = {int(n): os.readlink('/proc/self/fd/' + n) for n in os.listdir('/proc/self/fd') if os.path.lexists('/proc/self/fd/' + n)}
    return [n for n, link in links.items() if link.startswith('socket:')]
def frame(value):
    header = json.dumps({'value': value, 'arrays': []}).encode()
    return struct.pack('<4sIQ', b'NNAK', len(header), 0) + header
def say(content):
    for fd in sockets(): os.write(fd, content)
def reply(id, value):
    return frame({'d': [['id', id], ['reply', {'d': [['value', value], ['mutated', {'l': []}]]}]]})
def good(): return 'honest'
"""


def outcome(sandbox, definition: str, seconds: float = 1.0):
    sandbox.run_cell("cell 1", FORGER + definition)
    with sandbox.session(seconds) as channel:
        student = connect(channel)
        student.good()
        try:
            return student.f()
        except CodeError as error:
            return error.kind


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("say(reply(99, 'forged')); return 1", "protocol"),
        ("say(reply(True, 'forged')); return 1", "protocol"),
        ("say(reply(1, 'stale')); return 1", "protocol"),
        ("say(b'garbage that is no frame at all'); return 1", "protocol"),
        ("say(struct.pack('<4sIQ', b'NNAK', 10, 2**60)); time.sleep(9)", "protocol"),
        ("say(struct.pack('<4sIQ', b'NNAK', 2**32 - 1, 0)); time.sleep(9)", "protocol"),
        ("say(struct.pack('<4sIQ', b'NNAK', 4, 0) + b'[' * 4); return 1", "protocol"),
        ("n = 100_000; say(struct.pack('<4sIQ', b'NNAK', n, 0) + b'[' * n); return 1", "protocol"),
        ("say(frame({'d': [['id', 5], ['reply', {'d': [['value', 10 ** 4000]]}]]})); return 1", "protocol"),
        ("say(frame({'d': [['id', 5], ['reply', {'d': [['error', None]]}]]})); return 1", "protocol"),
        (
            "say(frame({'d': [['id', 5], ['reply', {'d': [['error', {'d': [['kind', {'l': []}]]}]]}]]})); return 1",
            "protocol",
        ),
        ("for byte in reply(5, 'slow'): say(bytes([byte])); time.sleep(0.05)", "timeout"),
        ("say(reply(5, 'slow')[:20]); time.sleep(9)", "timeout"),
        ("os.closerange(3, 256); time.sleep(9)", "died"),
    ],
)
def test_a_forged_frame_costs_the_forger_his_check(sandbox, body, expected):
    assert outcome(sandbox, f"def f():\n    {body}") == expected
    sandbox.run_cell("cell 2", "f = good")
    assert outcome(sandbox, "f = good") == "honest"


def test_a_reply_in_advance_wins_nothing(sandbox):
    # The forger answers its own question: that is a return value like any other, and the next one is out of step.
    sandbox.run_cell("cell 1", FORGER + "def f():\n    say(reply(3, 'forged'))\n    return 'late'")
    with sandbox.session(1) as channel:
        function = connect(channel).f
        assert function() == "forged"
        with pytest.raises(CodeError) as raised:
            function()
        assert raised.value.kind == "protocol"


def test_a_cell_that_writes_its_own_reply(sandbox):
    forged = FORGER + "say(frame({'d': [['id', 5], ['stdout', 'x'], ['stderr', ''], ['error', None]]}))"
    assert sandbox.run_cell("cell 1", forged)["stdout"] == ""  # another id: set aside
    with pytest.raises(SandboxDied) as died:
        sandbox.run_cell("cell 2", "say(b'rubbish' * 10); time.sleep(5)")
    assert died.value.kind == "protocol"


def test_a_lying_status_is_only_words(sandbox):
    # The command socket is 4 in the worker; a thread there answers what only the worker should.
    sandbox.run_cell(
        "cell 1",
        FORGER + "import threading\ndef f(): os._exit(0)\n"
        "for status in (True, -5, 2**60, 'done', 127): say(frame({'d': [['id', 3], ['status', status]]}))",
    )
    try:
        with sandbox.session(1) as channel, pytest.raises(CodeError) as raised:
            connect(channel).f()
        assert raised.value.kind == "died"
    except SandboxDied as died:
        assert died.kind == "protocol"


class Unwatched:
    """Stands for a sandbox whose processes nobody needs to look at."""

    def ended_how(self, number: int) -> str:
        return "ended"

    def check_limits(self) -> None:
        pass


def answered(*replies: bytes, request: dict | None = None):
    """The outcome of one request to a peer that answers with these bytes."""
    ours, theirs = socket.socketpair()
    writer = threading.Thread(target=lambda: [theirs.sendall(reply) for reply in replies], daemon=True)
    with ours, theirs:
        channel = CheckChannel(Unwatched(), Connection(ours), 1)
        writer.start()
        return channel.perform(request or {"op": "call", "args": [1], "kwargs": {}})


def encoded(value) -> bytes:
    return b"".join(bytes(buffer) for buffer in protocol.frame(value))


def raw(header: object, body: bytes = b"", claimed: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return PREFIX.pack(MAGIC, len(text), len(body) if claimed is None else claimed) + text + body


REPLY = {"value": 1, "stdout": "", "stderr": "", "exit_code": None, "mutated": []}
VALUE = {"d": [["id", 1], ["reply", {"d": [["value", {"a": 0}], ["mutated", {"l": []}]]}]]}


def test_a_regular_reply_passes():
    assert answered(encoded({"id": 1, "reply": REPLY})) == REPLY


@pytest.mark.parametrize(
    "change",
    [
        {"mutated": [3]},
        {"mutated": ["x" * 100]},
        {"mutated": [True]},
        {"mutated": [-1]},
        {"mutated": None},
        {"error": {"kind": "won", "type": "", "message": ""}},
        {"error": 5},
        {"error": {"kind": "exit"}},
        {"error": {"kind": "exit", "type": 5, "message": ""}},
    ],
)
def test_a_reply_of_another_form_is_refused(change):
    with pytest.raises(CodeError) as raised:
        answered(encoded({"id": 1, "reply": {**REPLY, **change}}))
    assert raised.value.kind == "protocol"


@pytest.mark.parametrize("arguments", [None, [], [1, 2], "x", {"0": 1}])
def test_arguments_are_given_back_in_their_number(arguments):
    request = {"op": "call", "args": [1], "kwargs": {}, "give_back": True}
    with pytest.raises(CodeError) as raised:
        answered(encoded({"id": 1, "reply": {**REPLY, "arguments": arguments}}), request=request)
    assert raised.value.kind == "protocol"


@pytest.mark.parametrize(
    "content",
    [
        raw({"value": VALUE, "arrays": [["|O", [1]]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<c16", [1]]]}, bytes(16)),
        raw({"value": VALUE, "arrays": [[">f8", [1]]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<U1", [1]]]}, bytes(4)),
        raw({"value": VALUE, "arrays": [["<f16", [1]]]}, bytes(16)),
        raw({"value": VALUE, "arrays": [[["<f8"], [1]]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<f8", [-1]]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<f8", [True]]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<f8", [1.0]]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<f8", [1] * 9]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<f8", [2**61]]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<f8", [0, 2**28, 2**28, 2**28]]]}),
        raw({"value": VALUE, "arrays": [["<f8", [2]]]}, bytes(8)),
        raw({"value": VALUE, "arrays": [["<f8", [0]]] * 2}),
        raw({"value": VALUE, "arrays": [["<f8", [0]]] * 20_000}),
        raw({"value": VALUE, "arrays": []}),
        raw({"value": {"l": [{"a": 0}] * 3}, "arrays": [["<f8", [0]]]}),
        raw({"value": {"l": [0] * 300_000}, "arrays": []}),
        raw({"value": VALUE}),
        raw({"value": {"x": 1}, "arrays": []}),
        raw({"value": [1], "arrays": []}),
        raw({"value": {"d": [[[1], 2]]}, "arrays": []}),
        raw({"value": {"d": [["a"]]}, "arrays": []}),
        raw({"value": {"o": [["a", 1]]}, "arrays": []}),
        raw({"value": {"o": {"a": [1]}}, "arrays": []}),
        raw({"value": {"d": [[10**30, 1]]}, "arrays": []}),
        raw({"value": {"h": [-1, ""]}, "arrays": []}),
        raw({"value": {"h": [10**30, ""]}, "arrays": []}),
        raw({"value": 2**63, "arrays": []}),
        raw(b'{"value": ' + b"9" * 5000 + b', "arrays": []}'),
        raw(b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b', "arrays": []}'),
        raw(b'{"value": ' + b'{"l":[' * 300 + b"]}" * 300 + b', "arrays": []}'),
        raw(b"\xff\xfe\x00"),
        raw(b""),
        raw(b"null"),
        raw({"value": 1, "arrays": []}, claimed=2**60),
        b"NNAJ" + bytes(30),
    ],
)
def test_bytes_that_are_no_reply_are_refused(content):
    with pytest.raises(CodeError) as raised:
        answered(content)
    assert raised.value.kind == "protocol"
    assert len(raised.value.message) < 300


def test_what_is_harmless_passes():
    for value in (float("nan"), float("inf"), -(2**63), True, None, "é", [], (), {}, {"a": (1, [2.5])}):
        got = answered(encoded({"id": 1, "reply": {**REPLY, "value": value}}))["value"]
        assert got == value or got != got
        assert type(got) is type(value)
    for array in (
        np.zeros(()),
        np.zeros((0, 3)),
        np.array([True, False]),
        np.float16([1.5]),
        np.array([np.nan]),
    ):
        got = answered(encoded({"id": 1, "reply": {**REPLY, "value": array}}))["value"]
        assert (got.dtype, got.shape, got.tobytes()) == (array.dtype, array.shape, array.tobytes())
        got[...] = 1  # a copy of one's own


def test_texts_hold_no_lone_surrogates():
    content = raw(
        {
            "value": {"d": [["id", 1], ["reply", {"d": [["value", "a\ud800b"], ["mutated", {"l": []}]]}]]},
            "arrays": [],
        }
    )
    answered(content)["value"].encode("utf-8")


def test_one_deadline_covers_a_slow_drip():
    ours, theirs = socket.socketpair()
    content = encoded({"id": 1, "reply": REPLY})

    def drip() -> None:
        try:
            for byte in content:
                theirs.send(bytes([byte]))
                time.sleep(0.03)
        except OSError:
            pass

    with ours, theirs:
        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(protocol.DeadlinePassed):
            Connection(ours).receive(began + 0.3)


def test_something_else_is_looked_at_during_a_slow_drip_and_a_full_buffer():
    class Excess(Exception):
        pass

    def look(waited: float) -> None:
        if time.monotonic() > began + 0.2:
            raise Excess

    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = Connection(ours, tick=look)
        theirs.send(b"NN")
        began = time.monotonic()
        with pytest.raises(Excess):
            connection.receive(began + 5)
        began = time.monotonic()
        with pytest.raises(Excess):  # the peer reads nothing
            connection.send(np.zeros(10_000_000), began + 5)


def test_random_bytes_are_refused_in_good_order():
    rng = random.Random(20)
    template = bytearray(encoded({"id": 1, "reply": {**REPLY, "value": [np.arange(4.0), {"k": (1, "x")}]}}))
    accepted = 0
    for _ in range(3000):
        content = bytearray(template)
        for _ in range(rng.randint(1, 6)):
            content[rng.randrange(len(content))] = rng.choice([rng.randrange(256), *b'{}[]",:0919-eE'])
        if rng.random() < 0.2:
            content = content[: rng.randrange(len(content))]
        elif rng.random() < 0.1:
            content = bytearray(rng.randbytes(rng.randrange(200)))
        ours, theirs = socket.socketpair()
        with ours:
            theirs.sendall(content)
            theirs.close()
            try:
                message = Connection(ours).receive(time.monotonic() + 5)
                checked_reply(message, 1, {"op": "call", "args": [1], "kwargs": {}})
                accepted += 1
            except (protocol.ProtocolError, protocol.PeerGone):
                pass
    assert 0 < accepted < 3000


def test_random_trees_decode_or_are_refused():
    rng = random.Random(21)

    def tree(depth: int) -> object:
        leaf = [
            None,
            True,
            0,
            -1,
            2**70,
            1.5,
            "x",
            {"a": rng.randrange(-1, 3)},
            {"h": [rng.randrange(-2, 2), "T"]},
            {},
            [],
        ]
        if depth == 0 or rng.random() < 0.3:
            return rng.choice(leaf)
        kind = rng.choice(["l", "t", "d", "o", "a", "h", "?"])
        content = [tree(depth - 1) for _ in range(rng.randrange(3))]
        if kind == "o":
            return {kind: {str(rng.choice(leaf)): item for item in content}}
        return {kind: [[rng.choice(leaf), item] for item in content] if kind == "d" else content}

    for _ in range(3000):
        try:
            protocol.decode(tree(4), [np.zeros(1)] * rng.randrange(2))
        except protocol.ProtocolError:
            pass


def test_errors_are_shown_without_commands_to_a_terminal():
    error = checked_error(
        {
            "kind": "exception",
            "type": "E\x1b[0m",
            "message": "a\nb\x07\u202ec" + "z" * 999,
            "frames": [["cell 1", 3, "f", "\x1b]0;title"], ["x", True, "f", "y"], "no row", [1, 2, 3, 4]],
        }
    )
    assert error["message"].startswith("a\nb��c")
    assert len(error["message"]) == 400
    assert error["frames"] == [["cell 1", 3, "f", "�]0;title"]]
    assert "\x1b" not in error["type"]


def test_arguments_changed_inside_are_seen_outside(sandbox):
    sandbox.run_cell("cell 1", "def f(x, scale=None):\n    x *= 2\n    scale['a'] = 0\n    return x.sum()")
    with sandbox.session(2) as channel:
        student = connect(channel)
        x = np.ones(3)
        result, (after,) = arguments_after(student.f, x, scale={"a": 1})
        assert (result, list(after), list(x)) == (6.0, [2.0] * 3, [1.0] * 3)
        assert mutated_arguments(student) == ["f (argument 1)", "f (argument scale)"]


def test_frames_agree_with_their_description():
    # The layout in the module's docstring, by hand.
    content = encoded({"x": np.array([[1, 2]], dtype=np.int16)})
    magic, header_length, body_length = struct.unpack_from("<4sIQ", content)
    assert (magic, body_length, len(content)) == (b"NNAK", 4, 16 + header_length + 4)
    assert json.loads(content[16 : 16 + header_length]) == {
        "value": {"o": {"x": {"a": 0}}},
        "arrays": [["<i2", [1, 2]]],
    }
    assert content[-4:] == b"\x01\x00\x02\x00"
    assert os.linesep == "\n"
