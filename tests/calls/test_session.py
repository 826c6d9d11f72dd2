"""Calls through a session: what comes back, what was changed, what a program does."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograder.calls import (
    CodeError,
    GraderFault,
    Session,
    arguments_after,
    connect,
    error_of,
    kept,
    mutated_arguments,
    overflows,
    put_file,
    run,
)


def student(source: str, *, trusted: bool = False):
    namespace: dict = {"np": np, "sys": sys}
    exec(compile(source, "<cell 1>", "exec"), namespace)
    return connect(Session(namespace), trusted=trusted)


def test_values_come_back_as_copies():
    code = student(
        "kept = np.zeros(2)\ndef f(): return [kept, (1, 2.5, None, 'a'), {'k': True}]\ndef look(): return kept"
    )
    array, fixed, table = code.f()
    assert (fixed, table) == ((1, 2.5, None, "a"), {"k": True})
    array += 1
    assert list(code.look()) == [0.0, 0.0]


def test_arguments_go_in_as_copies():
    mine = np.zeros(2)
    code = student("def f(x): x[0] = 5; return x")
    assert list(code.f(mine)) == [5.0, 0.0]
    assert list(mine) == [0.0, 0.0]


def test_objects_stay_and_answer():
    code = student(
        "class Affine:\n    def __init__(self, w): self.w = w\n    def forward(self, x): return x @ self.w\n"
        "    def same(self, other): return other is self\nlayers = [Affine(np.eye(2))]"
    )
    layer = code.Affine(np.eye(2) * 3)
    assert (layer.forward(np.ones((1, 2))) == 3).all()
    layer.w = np.eye(2)
    assert (layer.w == np.eye(2)).all()
    assert layer.same(layer) is True
    assert layer.same(code.Affine(1)) is False
    assert code.layers[0].forward(np.ones(2)).shape == (2,)
    assert "Affine" not in repr(code)
    assert repr(layer).endswith("of the student>")


@pytest.mark.parametrize(
    ("body", "arguments", "named"),
    [
        ("x[0] = 9", (np.zeros(3),), ["f (argument 1)"]),
        ("x.shape = (3, 1)", (np.zeros(3),), ["f (argument 1)"]),
        ("x.clear()", ({"W1": np.zeros(2)},), ["f (argument 1)"]),
        ("x['W1'] = x['W1'] * 1.0 + 1", ({"W1": np.zeros(2)},), ["f (argument 1)"]),
        ("x['W1'] += 1", ({"W1": np.zeros(2)},), ["f (argument 1)"]),
        ("x.append(4)", ([1, 2],), ["f (argument 1)"]),
        ("x[0][1] = 0", ([(1, 2), [3, 4]][1:],), ["f (argument 1)"]),
        ("x[0] = -0.0", (np.zeros(1),), ["f (argument 1)"]),
        ("x[0] = float('nan')", (np.array([np.nan]),), []),
        ("x = x + 1", (np.zeros(3),), []),
        ("x['W1'] = x['W1'].copy()", ({"W1": np.zeros(2)},), []),
    ],
)
def test_changed_arguments_are_named(body, arguments, named):
    if "x[0][1]" in body:
        arguments = ([[3, 4]],)
    code = student(f"def f(x):\n    {body}")
    code.f(*arguments)
    assert mutated_arguments(code) == named


def test_changed_keywords_and_methods_are_named():
    code = student("class Net:\n    def step(self, x, *, grads): grads['W'] *= 2\nnet = Net()")
    code.net.step(np.ones(1), grads={"W": np.ones(1)})
    assert mutated_arguments(code) == ["net.step (argument grads)"]


def test_arguments_after_a_call():
    code = student("def f(p, rate):\n    p['W'] -= rate\n    return 'done'")
    before = {"W": np.ones(2)}
    result, (after, rate) = arguments_after(code.f, before, 0.5)
    assert (result, list(after["W"]), list(before["W"]), rate) == ("done", [0.5, 0.5], [1.0, 1.0], 0.5)


def test_an_object_as_an_argument_stays_itself():
    code = student("class A: pass\ndef f(a): a.x = 1; return a.x")
    thing = code.A()
    assert code.f(thing) == 1
    assert mutated_arguments(code) == []


@pytest.mark.parametrize(
    ("source", "kind", "type_name"),
    [
        ("pass", "missing", "NameError"),
        ("def f(): raise NotImplementedError('task 1.1')", "not_implemented", "NotImplementedError"),
        ("def f(): return 1 / 0", "exception", "ZeroDivisionError"),
        ("def f(): sys.exit(3)", "exit", "SystemExit"),
        ("def f(): raise MemoryError", "memory", "MemoryError"),
        ("def f(): return {1.5: 2}", "unsendable", "Unsendable"),
        ("f = 5", "exception", "TypeError"),
        ("class E(BaseException): pass\ndef f(): raise E('own')", "exception", "E"),
    ],
)
def test_the_kinds_of_failure(source, kind, type_name):
    with pytest.raises(CodeError) as raised:
        run(student(source).f) if source == "f = 5" else student(source).f()
    assert (raised.value.kind, raised.value.type_name) == (kind, type_name)


def test_a_missing_attribute_is_missing():
    with pytest.raises(CodeError) as raised:
        student("class A: pass\na = A()").a.d_W  # noqa: B018
    assert (raised.value.kind, raised.value.message) == ("missing", "A has no attribute d_W")


def test_a_failure_names_the_line():
    with pytest.raises(CodeError) as raised:
        student("def inner(x):\n    return x @ x\ndef f(x):\n    return inner(x)").f(np.ones((2, 3)))
    assert [frame[:3] for frame in raised.value.frames] == [("cell 1", 4, "f"), ("cell 1", 2, "inner")]


def test_a_failure_of_the_reference_is_the_graders():
    with pytest.raises(GraderFault, match="ZeroDivisionError"):
        student("def f(): return 1 / 0", trusted=True).f()


def test_an_expected_error():
    code = student(
        "def f(x):\n    if x < 0: raise ValueError('negative')\ndef g(): raise NotImplementedError"
    )
    assert error_of(code.f, 1) is None
    error = error_of(code.f, -1)
    assert error is not None
    assert (error.type_name, error.message) == ("ValueError", "negative")
    with pytest.raises(CodeError):
        error_of(code.g)


@pytest.mark.parametrize(
    ("body", "stdin", "stdout", "stderr", "exit_code"),
    [
        ("print(int(input('i? ')) * 2)", "21\n", "42\n", "i? ", None),
        ("print(input())\n    print(input())", "a\nb", "a\nb\n", "", None),
        ("sys.exit(2)", "", "", "", 2),
        ("sys.exit()", "", "", "", 0),
        ("sys.exit('no such image')", "", "", "no such image", 1),
        ("for line in sys.stdin: print(line.strip())", "a\nb\n", "a\nb\n", "", None),
        ("print('polite', file=sys.stderr); sys.exit(2)", "x\n", "", "polite\n", 2),
    ],
)
def test_a_program(body, stdin, stdout, stderr, exit_code):
    outcome = run(student(f"def main():\n    {body}").main, stdin=stdin)
    assert (outcome.stdout, outcome.stderr, outcome.exit_code) == (stdout, stderr, exit_code)


def test_a_program_without_input_meets_its_end():
    with pytest.raises(CodeError) as raised:
        run(student("def main(): input()").main)
    assert raised.value.type_name == "EOFError"


def test_keyboard_and_screen_are_given_back_after_a_crash():
    kept = sys.stdin, sys.stdout, sys.stderr, input
    with pytest.raises(CodeError):
        run(student("def main(): 1 / 0").main)
    assert (sys.stdin, sys.stdout, sys.stderr, input) == kept


def test_a_flood_is_cut():
    outcome = run(student("def main():\n    for _ in range(1000): print('x' * 1000)").main)
    assert len(outcome.stdout) == 200_000


def test_stopping_a_notebook_stops_the_check():
    with pytest.raises(KeyboardInterrupt):
        student("def f(): raise KeyboardInterrupt").f()
    inside = connect(Session({"f": lambda: (_ for _ in ()).throw(KeyboardInterrupt)}, interruptible=False))
    with pytest.raises(CodeError):
        inside.f()


def test_an_array_that_stayed_there_counts_as_unchanged_when_it_is_passed_on():
    student = connect(Session({"make": lambda: np.zeros(3), "double": lambda x: x * 2}))
    there = kept(student.make)
    np.testing.assert_array_equal(student.double(there), np.zeros(3))
    assert mutated_arguments(student) == []


@pytest.mark.parametrize("place", [3, ["x"], None])
def test_a_file_that_lies_nowhere_breaks_the_protocol(place):
    class Forging:
        def perform(self, request):
            return {"value": place}

    with pytest.raises(CodeError) as caught:
        put_file(connect(Forging()), "network.npz", b"")
    assert caught.value.kind == "protocol"


def test_an_overflow_is_seen_where_the_result_does_not_show_it():
    code = student("""
def plain(x): return 1 / (1 + np.exp(-x))
def safe(x): return (1 + np.tanh(x / 2)) / 2
def broken(x): return x.missing
""")
    far, before = np.array([-1000.0, 3.0]), np.geterr()
    assert overflows(code.plain, far)
    assert not overflows(code.safe, far)
    assert np.array_equal(code.plain(far) > 0.5, [False, True])  # a call of its own is not disturbed
    with pytest.raises(CodeError):
        overflows(code.broken, far)
    assert np.geterr() == before
