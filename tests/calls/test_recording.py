"""A conversation written down, and played back."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.calls import NotRecorded, Recorder, RecordingRng, Replayer, ReplayRng, Session, connect, run


def reference() -> Session:
    class Layer:
        def __init__(self, w):
            self.w = w

        def forward(self, x):
            return x @ self.w

    def main():
        print(input())

    return Session({"softmax": lambda a: a / a.sum(), "Layer": Layer, "main": main})


def conversation(code, a):
    layer = code.Layer(np.eye(2) * 2)
    return [code.softmax(a), layer.forward(np.ones((1, 2))), layer.w]


def test_a_replay_answers_as_recorded():
    a = np.array([1.0, 3.0])
    recorder = Recorder(reference())
    spoken = conversation(connect(recorder, trusted=True), a)
    replayed = conversation(connect(Replayer(recorder.log), trusted=True), a)
    assert all((x == y).all() for x, y in zip(spoken, replayed, strict=True))
    replayed[0][0] = 99  # what the check does with an answer does not reach the recording
    again = conversation(connect(Replayer(recorder.log)), a)
    assert again[0][0] == 0.25


def test_rounding_agrees_and_more_does_not():
    recorder = Recorder(reference())
    connect(recorder).softmax(np.array([1.0, 3.0]))
    assert connect(Replayer(recorder.log)).softmax(np.array([1.0 + 1e-7, 3.0])).shape == (2,)
    with pytest.raises(NotRecorded, match=r"2 at \[0\], the recorded one 1"):
        connect(Replayer(recorder.log)).softmax(np.array([2.0, 3.0]))


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        (np.ones(3), "shape"),
        (np.array([np.nan, 1.0]), "not finite"),
        ("text", "'text'"),
        (5, "5"),
    ],
)
def test_a_difference_is_described(argument, words):
    recorder = Recorder(reference())
    connect(recorder).softmax(np.array([1.0, 3.0]))
    with pytest.raises(NotRecorded, match=words):
        connect(Replayer(recorder.log)).softmax(argument)


def test_another_order_and_further_steps_are_not_recorded():
    recorder = Recorder(reference())
    code = connect(recorder)
    code.softmax(np.ones(2))
    with pytest.raises(NotRecorded, match="another order"):
        connect(Replayer(recorder.log)).Layer  # noqa: B018
    replayed = connect(Replayer(recorder.log))
    replayed.softmax(np.ones(2))
    with pytest.raises(NotRecorded, match="does not have"):
        replayed.softmax(np.ones(2))


def test_what_a_caller_changes_later_is_not_in_the_log():
    recorder = Recorder(reference())
    a = np.ones(2)
    connect(recorder).softmax(a)[:] = 7
    a[:] = 5
    assert list(recorder.log[1][0]["args"][0]) == [1.0, 1.0]
    assert list(recorder.log[1][1]["value"]) == [0.5, 0.5]


def test_a_program_is_replayed_with_its_output():
    recorder = Recorder(reference())
    run(connect(recorder).main, stdin="7\n")
    assert run(connect(Replayer(recorder.log)).main, stdin="7\n").stdout == "7\n"


def test_draws_are_replayed_without_a_generator():
    recording = RecordingRng(np.random.default_rng(3))
    drawn = [recording.normal(size=3), recording.integers(10), recording.permutation(4)]
    assert type(recording.draws[1]) is int
    drawn[0][:] = 0  # the check's own copy
    replay = ReplayRng(recording.draws)
    assert (replay.normal(size=3) == np.random.default_rng(3).normal(size=3)).all()
    replay.anything()
    replay.permutation(4)[:] = 0
    with pytest.raises(NotRecorded):
        replay.normal()
    assert sorted(ReplayRng(recording.draws[2:]).permutation(4)) == [0, 1, 2, 3]
