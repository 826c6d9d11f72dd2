"""Right numbers get their points in whatever array they come, and what a notebook sets of NumPy's takes none."""

from __future__ import annotations

import socket
import warnings
from itertools import product

import numpy as np
import pytest

from autograder.calls import Session, connect
from autograder.expect import CheckFailed, expect_array, expect_close, expect_dict
from autograder.sandbox.protocol import Connection
from tests.checks.harness import grade, not_passed

SOFTMAX = "def softmax(a):\n    e = np.exp(a - a.max(axis=1, keepdims=True))\n    y = e / e.sum(axis=1, keepdims=True)\n"
RIGHT = {
    "float32": "return y.astype(np.float32)",
    "long double": "return y.astype(np.longdouble)",
    "long double all the way": "return softmax_of(a.astype(np.longdouble))",
    "big-endian": "return y.astype('>f8')",
    "matrix": "return np.asmatrix(y)",
    "masked": "return np.ma.masked_array(y, mask=np.zeros(y.shape, bool))",
    "subclass": "class Mine(np.ndarray): pass\n    return y.view(Mine)",
    "read-only": "y.flags.writeable = False\n    return y",
    "columns of something larger": "return np.repeat(y, 2, axis=1)[:, ::2]",
    "reversed twice": "return np.array(y[::-1])[::-1]",
    "fortran order": "return np.asfortranarray(y)",
    "list": "return y.tolist()",
    "tuple of rows": "return tuple(y)",
    "list of lists of NumPy numbers": "return [list(row) for row in y]",
    "list of long doubles": "return [[np.longdouble(v) for v in row] for row in y]",
}
OTHER = "def softmax_of(a):\n    e = np.exp(a - a.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)\n"


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT)
def test_a_right_softmax_has_its_points_in_any_array(body):
    results = grade("task1_forward", f"{SOFTMAX}    {body}\n{OTHER}", only="softmax_rows")
    assert not_passed(results) == {}


def student(body: str):
    namespace: dict = {"np": np}
    exec(compile(f"def f():\n    {body}", "<cell 1>", "exec"), namespace)
    return connect(Session(namespace)).f()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return np.ones(2) * 1j", "got an array of complex numbers, expected"),
        ("return 1j", "got a complex number, expected"),
        ("return np.complex64(1j)", "got a complex number, expected"),
        ("return np.array(['a', 'b'])", "got an array of texts, expected"),
        ("return np.array([None, 1])", "got an array of objects, expected"),
        ("return np.array(['2020-01-01'], 'M8[D]')", "got an array of dates, expected"),
        ("return np.zeros((1,) * 9)", "got an array of 9 dimensions, expected"),
        ("return [np.ones(2) * 1j]", "got a list with objects in it, expected"),
    ],
)
def test_what_an_array_holds_instead_of_numbers_is_named(body, said):
    with pytest.raises(CheckFailed) as failure:
        expect_array(student(body), (2,), "softmax")
    assert said in failure.value.message


def test_a_dtype_is_named_as_it_is_where_it_matters():
    long = student("return np.ones(2, np.longdouble)")
    assert expect_array(long, (2,), "y", floating=True).dtype == np.longdouble
    expect_close(long, np.ones(2), "y")
    with pytest.raises(CheckFailed, match="a float16 keeps three digits"):
        expect_close(student("return np.float16([0.1, 0.7])"), np.array([0.1, 0.7]), "y")
    expect_close(student("return np.float16([0.5, 2])"), np.array([0.5, 2]), "y")


def test_a_long_double_crosses_to_the_sandbox_and_back():
    ours, theirs = map(Connection, socket.socketpair())
    sent = {"a": np.array([[1, 0.1], [np.inf, -2]], np.longdouble).T, "n": [np.longdouble(0.5)]}
    ours.send(sent)
    got = theirs.receive()
    assert got["a"].dtype == np.longdouble
    assert np.array_equal(got["a"], sent["a"].astype(np.float64))
    assert got["n"] == [0.5]
    for connection in (ours, theirs):
        connection.close()


@pytest.mark.parametrize("made", ["OrderedDict(W1=1.0)", "defaultdict(int, W1=1.0)", "{np.str_('W1'): 1.0}"])
def test_a_dict_of_the_standard_library_is_a_dict(made):
    value = student(f"from collections import OrderedDict, defaultdict\n    return {made}")
    assert expect_dict(value, ["W1"], "init_parameters") == {"W1": 1.0}


@pytest.mark.parametrize("check", ["softmax_stable", "sigmoid_values", "forward_network"])
def test_strict_settings_of_a_notebook_fail_no_right_function_and_stay_as_they_are(check):
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        before = np.geterr(), list(warnings.filters)
        assert not_passed(grade("task1_forward", only=check)) == {}
        assert (np.geterr(), list(warnings.filters)) == before


def test_a_function_that_sets_numpys_error_state_sets_it_for_itself_alone():
    namespace: dict = {"np": np, "warnings": warnings}
    code = "def f():\n    np.seterr(all='raise')\n    warnings.simplefilter('error')\ndef g(): return np.exp(np.full(2, -1e4)) / 0"
    exec(compile(code, "<cell 1>", "exec"), namespace)
    code = connect(Session(namespace))
    before = np.geterr()
    code.f()
    assert np.geterr() == before
    assert np.isnan(code.g()).all()


def test_any_layout_and_byte_order_crosses():
    for dtype, order in product(("f4", ">i2", "?"), "CF"):
        array = np.ones((2, 3), dtype, order)
        got = connect(Session({"f": lambda array=array: array[:, ::-1]})).f()
        assert got.dtype == np.dtype(dtype).newbyteorder("<")
        assert np.array_equal(got, array)
