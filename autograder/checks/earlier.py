"""Follow-through: one early mistake costs once.

A right function of a later task is wrong where an earlier one that it calls is. So a later check that is not passed
goes on with what a right program makes of the student's own earlier functions, where these can be used at all. Where
they cannot, `builds_on` says in the feedback which one it is.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, kept, mutated_arguments, put_file, run
from autograder.calls.values import agrees
from autograder.expect import (
    SILENT_KINDS,
    CheckFailed,
    Partial,
    expect,
    expect_array,
    expect_attributes,
    expect_close,
    expect_dict,
    expect_equal,
    expect_function,
    expect_number,
    expect_object,
    network_logits,
    quietly,
    random_network,
    usable,
)

Params = dict[str, np.ndarray]
NAMES = ("W1", "b1", "W2", "b2")
SHOWN = 160  # characters of what is wrong with an earlier function

# ---- what is wrong with the student's earlier functions


def builds_on(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a check that is not passed say which of the earlier functions ``names`` is wrong, when one is.

    Only names that `solutions/<task>.py` has as well: the diagnosis puts the same questions to it.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def judged(student: Proxy, *others: Any) -> Any:
            try:
                outcome = function(student, *others)
            except CheckFailed as failure:
                note = note_on(student, names)
                if note is None:
                    raise
                raise CheckFailed(failure.message, note) from None
            except CodeError as error:
                note = note_on(student, names) if error.kind in ("missing", "exception", "exit") else None
                if note is None:
                    raise
                if error.kind != "missing":
                    message = f"{error.message.rstrip('. ')}. {note}"
                    raise CodeError(error.kind, error.type_name, message, error.frames) from None
                if error.message not in names:
                    raise
                raise CheckFailed(f"{error.message} is not defined.", note) from None
            note = note_on(student, names) if isinstance(outcome, Partial) else None
            return outcome if note is None else Partial(outcome.fraction, f"{outcome.message}. {note}")

        return judged

    return decorate


def note_on(student: Proxy, names: Sequence[str]) -> str | None:
    """A sentence on the first of the earlier functions ``names`` that is wrong; None when all are right."""
    for name in names:
        fault = fault_of(student, name)
        if fault is None:
            continue
        for root in MADE_OF.get(name, ()):
            deeper = fault_of(student, root)
            if deeper is not None and not deeper.endswith("is not defined"):
                name, fault = root, deeper
                break
        task = next(number for number, parts in enumerate(PARTS, 1) if name in parts)
        return f"Mend {name} of task {task} first, on which this is built: {fault}."
    return None


def is_wrong(student: Proxy, *names: str) -> bool:
    """Whether one of the student's earlier functions ``names`` is not what its task asks for."""
    return any(fault_of(student, name) is not None for name in names)


def fault_of(student: Proxy, name: str) -> str | None:
    """What is wrong with the student's earlier function ``name``, found by a small question; None when it is right."""
    question = next(parts[name] for parts in PARTS if name in parts)
    try:
        question(student)
    except CheckFailed as failure:
        return failure.message[:SHOWN].rstrip(". ")
    except CodeError as error:
        if error.kind not in SILENT_KINDS:
            raise
        if error.kind == "missing":
            return f"{error.message} is not defined" if error.type_name == "NameError" else error.message
        return f"it raises {error.type_name}: {error.message}"[:SHOWN].rstrip(". ")
    return None


def _numbers() -> np.random.Generator:
    return np.random.default_rng(7)


def _flatten(student: Proxy) -> None:
    images = _numbers().integers(0, 256, size=(3, 28, 28), dtype=np.uint8)
    function = expect_function(student, "flatten")
    for some in (images, images[0]):
        expect_close(function(some), rows_of(some), "flatten")


def _sigmoid(student: Proxy) -> None:
    x = np.array([[-20.0, -3.0, -0.4], [0.0, 0.7, 20.0]])
    expect_close(expect_function(student, "sigmoid")(x), (1 + np.tanh(x / 2)) / 2, "sigmoid")


def _softmax(student: Proxy) -> None:
    a = 2 * _numbers().normal(size=(4, 3))
    for rows in (a, a[:1]):
        expect_close(expect_function(student, "softmax")(rows), softmax(rows), "softmax")


def _init_parameters(student: Proxy) -> None:
    sizes = (400, 25, 10)
    first, second = (expect_function(student, "init_parameters")(sizes, 3) for _ in range(2))
    for key, shape in zip(NAMES, ((400, 25), (25,), (25, 10), (10,)), strict=True):
        name = f"{key} of init_parameters({sizes})"
        value = expect_array(expect_dict(first, NAMES, "init_parameters")[key], shape, name)
        expect_close(expect_dict(second, NAMES, "init_parameters")[key], value, f"{name}, drawn again")
        if key == "W1":
            message = f"{name}: the standard deviation is {value.std():.4g}, expected 0.05"
            expect(0.045 < value.std() < 0.055, message)


def _forward(student: Proxy) -> None:
    params, x = _network()
    for rows in (x, x[:1]):
        right = softmax(network_logits(params, rows))
        expect_close(expect_function(student, "forward")(params, rows), right, "forward")


def _classify(student: Proxy) -> None:
    params, x = _network()
    for rows in (x, x[2:3]):
        right = network_logits(params, rows).argmax(axis=1)
        expect_close(expect_function(student, "classify")(params, rows), right, "classify", rtol=0)


def _read_index(student: Proxy) -> None:
    read = expect_function(student, "read_index")
    for typed in (0, 7):
        outcome = run(read, 8, stdin=f"{typed}\n")
        expect(outcome.exit_code is None, f"it refuses {typed}")
        expect_equal(outcome.value, typed, f"read_index with {typed} typed")
    for wrong in ("8", "-1", "x", "2.5", ""):
        outcome = run(read, 8, stdin=f"{wrong}\n" if wrong else "")
        expect(outcome.exit_code == 2, f"read_index(8) does not end with exit code 2 with {wrong!r} typed")


def _one_hot(student: Proxy) -> None:
    labels = np.array([3, 0, 7, 3], dtype=np.uint8)
    expect_close(expect_function(student, "one_hot")(labels), np.eye(10)[labels], "one_hot")


def _cross_entropy(student: Proxy) -> None:
    y = np.array([[0.5, 0.3, 0.2], [0.9, 0.0998, 0.0002], [0.1, 0.6, 0.3], [0.25, 0.5, 0.25]])
    t = np.eye(3)[[0, 2, 1, 0]]
    got = expect_number(expect_function(student, "cross_entropy")(y, t), "cross_entropy")
    expect_close(got, mean_loss(y, t), "cross_entropy")


def _output_gradient(student: Proxy) -> None:
    y, t = softmax(_numbers().normal(size=(4, 3))), np.eye(3)[[0, 2, 1, 0]]
    name = "softmax_cross_entropy_backward"
    function = expect_function(student, name)
    expect_close(function(y, t), (y - t) / 4, name)
    there = kept(expect_function(expect_object(student.np, "np"), "array"), y)
    function(there, t)
    expect_close(expect_function(there, "tolist")(), y, f"y after {name}")


def _affine(student: Proxy) -> None:
    x, W, b, d_out = (_numbers().normal(size=shape) for shape in ((5, 4), (4, 3), (3,), (5, 3)))
    layer = expect_object(expect_function(student, "Affine")(W, b), "Affine")
    expect_function(student, "Affine")(2 * W, b)
    expect_close(expect_function(layer, "forward")(x), x @ W + b, "Affine.forward")
    another = expect_object(expect_function(student, "Affine")(W, b), "Affine")
    expect_function(another, "forward")(-2 * x)
    d_x = expect_function(layer, "backward")(d_out)
    expect_close(d_x, d_out @ W.T, "Affine.backward d_x")
    d_W, d_b = expect_attributes(layer, ["d_W", "d_b"], "Affine")
    expect_close(d_W, x.T @ d_out, "Affine.d_W")
    expect_close(d_b, d_out.sum(axis=0), "Affine.d_b", loose_shape=True)
    expect_close(expect_function(layer, "forward")(x), x @ W + b, "Affine.forward after backward")


def _sigmoid_layer(student: Proxy) -> None:
    x, d_out = _numbers().normal(size=(2, 5, 3))
    y = (1 + np.tanh(x / 2)) / 2
    layer = expect_object(expect_function(student, "Sigmoid")(), "Sigmoid")
    expect_close(expect_function(layer, "forward")(x), y, "Sigmoid.forward")
    expect_close(expect_function(layer, "backward")(d_out), d_out * y * (1 - y), "Sigmoid.backward")


def _loss_and_gradients(student: Proxy) -> None:
    params, x = _network(classes=4)
    t = np.eye(4)[np.arange(len(x)) % 4]
    loss, grads = network_pass(params, x, t)
    result = expect_function(student, "loss_and_gradients")(params, x, t)
    expect(type(result) in (tuple, list) and len(result) == 2, "loss_and_gradients returns no pair")
    got = expect_number(result[0], "loss_and_gradients: the loss")
    expect_close(got, loss, "loss_and_gradients: the loss")
    for key, value in expect_dict(result[1], NAMES, "loss_and_gradients").items():
        name = f"loss_and_gradients: the gradient of {key}"
        expect_close(value, grads[key], name, rtol=1e-3, loose_shape=True)


def _sgd_update(student: Proxy) -> None:
    params, _ = _network()
    grads = {name: np.ones_like(value) for name, value in params.items()}
    updated = expect_dict(expect_function(student, "sgd_update")(params, grads, 0.25), NAMES, "sgd_update")
    for key in NAMES:
        expect_close(updated[key], params[key] - 0.25, f"sgd_update: {key}", loose_shape=True)


def _load_parameters(student: Proxy) -> None:
    params = random_network(5, _numbers())
    load = expect_function(student, "load_parameters")
    found = expect_dict(load(put_file(student, "earlier.npz", packed(params))), NAMES, "load_parameters")
    for key in NAMES:
        expect_close(found[key], params[key], f"load_parameters: {key}")
    path = put_file(student, "without_b1.npz", packed({key: params[key] for key in ("W1", "W2", "b2")}))
    try:
        load(path)
    except CodeError as error:
        if error.type_name == "ValueError":
            return
        raise
    raise CheckFailed("load_parameters takes a file without b1")


PARTS: tuple[dict[str, Callable[[Proxy], None]], ...] = (
    {
        "flatten": _flatten,
        "sigmoid": _sigmoid,
        "softmax": _softmax,
        "init_parameters": _init_parameters,
        "forward": _forward,
        "classify": _classify,
        "read_index": _read_index,
    },
    {"one_hot": _one_hot, "cross_entropy": _cross_entropy},
    {
        "softmax_cross_entropy_backward": _output_gradient,
        "Affine": _affine,
        "Sigmoid": _sigmoid_layer,
        "loss_and_gradients": _loss_and_gradients,
        "sgd_update": _sgd_update,
        "load_parameters": _load_parameters,
    },
)


def may_go_on(student: Proxy, failure: CheckFailed | CodeError, *names: str) -> bool:
    """Whether a check may go on after ``failure``: the student's code still answers, and an earlier function is wrong."""
    answers = isinstance(failure, CheckFailed) or failure.kind in SILENT_KINDS
    return answers and is_wrong(student, *names)


# What most students make these of.
MADE_OF = {
    "forward": ("sigmoid", "softmax"),
    "classify": ("sigmoid", "softmax", "forward"),
    "loss_and_gradients": (
        "sigmoid",
        "softmax",
        "cross_entropy",
        "softmax_cross_entropy_backward",
        "Affine",
        "Sigmoid",
    ),
}

# ---- what is right


def softmax(a: np.ndarray) -> np.ndarray:
    """Handout eq. (5), (6)."""
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mean_loss(y: np.ndarray, t: np.ndarray) -> float:
    """Handout eq. (12), in nats."""
    return float(-np.sum(t * np.log(np.maximum(y, 1e-300))) / len(y))


def rows_of(images: np.ndarray) -> np.ndarray:
    """Handout eq. (9): images (B, H, W) or (H, W) as rows."""
    return images.reshape(-1, images.shape[-2] * images.shape[-1]) / 255


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """The bytes of an .npz file with ``arrays``."""
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # no array is called allow_pickle
    return content.getvalue()


def _network(classes: int = 10) -> tuple[Params, np.ndarray]:
    """A small network that sees several classes in the rows x."""
    params = random_network(6, _numbers(), inputs=9, classes=classes)
    x = np.random.default_rng(8).uniform(size=(12, 9))
    params = {name: 4 * value for name, value in params.items()}
    params["b2"] = params["b2"] - network_logits(params, x).mean(axis=0)
    return params, x


# ---- what a right program makes of the student's own earlier functions


def network_pass(
    params: Params, x: np.ndarray, t: np.ndarray, student: Proxy | None = None
) -> tuple[Any, Params]:
    """Loss and gradients of affine, sigmoid, affine, softmax, with the sigmoid, softmax and loss of ``student``.

    Handout eq. (14), (18)-(21) on what these return. The loss is whatever the student's own cross_entropy says.
    """
    u = x @ params["W1"] + params["b1"]
    h = (1 + np.tanh(u / 2)) / 2
    if student is not None:
        h = expect_array(expect_function(student, "sigmoid")(u), u.shape, "sigmoid").astype(float)
    a = h @ params["W2"] + params["b2"]
    if student is None:
        y, loss = softmax(a), mean_loss(softmax(a), t)
    else:
        y = expect_array(expect_function(student, "softmax")(a), a.shape, "softmax").astype(float)
        loss = expect_function(student, "cross_entropy")(y, t)
    with np.errstate(all="ignore"):
        d_a = (y - t) / len(y)
        d_u = d_a @ params["W2"].T * (h - h**2)
        grads = {"W1": x.T @ d_u, "b1": d_u.sum(axis=0), "W2": h.T @ d_a, "b2": d_a.sum(axis=0)}
    return loss, grads


def layered_pass(
    student: Proxy,
    params: Params,
    x: np.ndarray,
    t: np.ndarray,
    between: Sequence[tuple[Proxy, dict[str, Any]]],
) -> list[tuple[Any, dict[str, Any]]]:
    """Loss and gradients of affine, the layers ``between``, affine, softmax, made of the student's own parts.

    Nothing is looked at on the way, and all arrays stay on the student's side, so that what a part does to them has its
    effect. Two results: with the loss taken before the way back, and after it. None when the parts do not fit together.

    Args:
        between: layers, and options for their forward.
    """
    return quietly(lambda: _layered_pass(student, params, x, t, between)) or []


def _layered_pass(
    student: Proxy,
    params: Params,
    x: np.ndarray,
    t: np.ndarray,
    between: Sequence[tuple[Proxy, dict[str, Any]]],
) -> list[tuple[Any, dict[str, Any]]]:
    array = expect_function(expect_object(student.np, "np"), "array")
    make, target = expect_function(student, "Affine"), kept(array, t)
    first, last = (expect_object(make(params[f"W{n}"], params[f"b{n}"]), "Affine") for n in (1, 2))
    layers = [(first, {}), *between, (last, {})]
    value = kept(array, x)
    for layer, options in layers:
        value = kept(expect_function(layer, "forward"), value, **options)
    y = kept(expect_function(student, "softmax"), value)
    cross_entropy = expect_function(student, "cross_entropy")
    before = cross_entropy(y, target)
    d = kept(expect_function(student, "softmax_cross_entropy_backward"), y, target)
    for layer, _ in reversed(layers):
        d = kept(expect_function(layer, "backward"), d)
    grads = {"W1": first.d_W, "b1": first.d_b, "W2": last.d_W, "b2": last.d_b}
    return [(before, grads), (cross_entropy(y, target), grads)]


def is_one_of(got: Any, passes: Sequence[tuple[Any, dict[str, Any]]]) -> bool:
    """Whether ``got`` is a pair of a loss and a dict of gradients like one of ``passes``."""
    if type(got) not in (tuple, list) or len(got) != 2 or type(got[1]) is not dict:
        return False
    return any(
        agrees(got[0], loss)
        and got[1].keys() == grads.keys()
        and all(agrees(got[1][key], grads[key]) for key in grads)
        for loss, grads in passes
    )


def expect_unchanged_but(student: Proxy, *earlier: str) -> None:
    """No call of this check has written into its own arguments, calls of the functions ``earlier`` apart."""
    changed = [call for call in mutated_arguments(student) if call.split(" ")[0] not in earlier]
    hint = "The caller still needs its array: work on a copy, or write x = x * 2 rather than x *= 2."
    expect(not changed, f"{changed[0] if changed else ''} was changed by the call", hint)


def inputs_of(student: Proxy, images: np.ndarray) -> list[np.ndarray]:
    """Rows for images (N, H, W): by eq. (9), and by the student's own flatten, where that gives others."""
    right = rows_of(images)
    own = usable(lambda: expect_function(student, "flatten")(images), right.shape)
    return [right] if own is None or np.array_equal(own, right) else [right, own]


def targets_of(student: Proxy, labels: np.ndarray) -> list[np.ndarray]:
    """Targets for the labels: by eq. (10), and by the student's own one_hot, where that gives others."""
    right = np.eye(10)[labels]
    own = usable(lambda: expect_function(student, "one_hot")(labels), right.shape)
    return [right] if own is None or np.array_equal(own, right) else [right, own]


def own_labels(
    student: Proxy, params: Params, rows: np.ndarray, batch_size: int | None = None
) -> np.ndarray | None:
    """What the student's own classify says of the rows, a batch at a time; whole numbers, whatever they are.

    None when it cannot be used.
    """
    size = batch_size or len(rows)

    def ask() -> np.ndarray:
        classify = expect_function(student, "classify")
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        found = [expect_array(classify(params, part), (len(part),), "classify") for part in parts]
        whole = np.concatenate(found) if found else np.zeros(0)
        expect(bool((whole == np.floor(whole)).all()), "classify: no whole numbers")
        return whole.astype(np.int64)

    return quietly(ask)


def reads_network(look: Callable[[Params], np.ndarray | None], params: Params) -> bool:
    """Whether ``look``, what a student's functions see in some images with a network, comes from the network at all.

    A number made of the pixels alone is no base to go on from. Two things hold for whatever a wrong function makes of a
    network: with its output columns moved on by one place, most digits move on by one; and other weights from the
    pixels make it see something else.
    """
    rolled = {**params, "W2": np.roll(params["W2"], 1, axis=1), "b2": np.roll(params["b2"], 1)}
    digits, moved, other = look(params), look(rolled), look({**params, "W1": -params["W1"]})
    if digits is None or moved is None or other is None:
        return False
    follows = np.mean((digits + 1) % 10 == moved % 10)
    return bool(follows > 0.5 and (other != digits).any())


def own_networks(student: Proxy, params: Params, rows: np.ndarray) -> list[Params]:
    """Networks like ``params`` in which the student's own forward sees different digits in the rows, when any does.

    A wrong sigmoid may leave one digit always ahead; then nothing could be told from what the network sees. None at all
    where the student's own classify does not read the network.
    """

    def look(network: Params) -> np.ndarray | None:
        return own_labels(student, network, rows[:60])

    return [network for network in _varied(student, params, rows) if reads_network(look, network)]


def _varied(student: Proxy, params: Params, rows: np.ndarray) -> list[Params]:
    # Where no bias is added, and where no softmax or a wrong one is applied.
    balanced = {**params, "W2": params["W2"] - params["W2"].mean(axis=0)}
    shape = (len(rows), len(params["b2"]))
    y = usable(lambda: expect_function(student, "forward")(params, rows), shape)
    if y is None:
        return [params, balanced]
    logits = np.log(np.maximum(y, 1e-300)) if y.min() >= 0 else y  # a softmax that is missing leaves logits
    centred = (params["b2"] - logits.mean(axis=0)).astype(params["b2"].dtype)
    return [{**params, "b2": centred}, params, balanced]
