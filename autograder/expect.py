"""Comparisons that explain themselves.

Every function here either returns the value in a form a check can go on with, or raises `CheckFailed` with what was
got, what was expected, where, and, when something simple relates the two, what that is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from autograder.calls import CodeError, Proxy, Run, mutated_arguments, run
from autograder.calls.numbers import NotNumbers, as_numbers
from autograder.gradcheck import gradient_check
from autograder.relations import relation

RTOL = 1e-4  # a correct float32 network keeps five digits
ZERO = 1e-12  # smaller numbers count as 0: rounding leaves them where terms cancel
PLAIN = (bool, int, float, str, type(None))
HALF = "a float16 keeps three digits"
SHOWN = 60  # characters of a value shown in a message
SHOWN_ITEMS = 20  # of a longer list only the length
# Errors that leave the student's process able to answer the next call.
SILENT_KINDS = ("missing", "not_implemented", "exception", "exit", "unsendable")


class CheckFailed(Exception):
    """The student's result is not what the check expects.

    Attributes:
        message: where, got, expected.
        hint: what to look at, or None.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True)
class Partial:
    """Part of a check's points: a check may return this instead of nothing."""

    fraction: float
    message: str


def expect(condition: bool, message: str, hint: str | None = None) -> None:
    """Fail with ``message`` unless ``condition`` holds."""
    if not condition:
        raise CheckFailed(message, hint)


def show(value: Any) -> str:
    """``value`` in a few characters, however large it is."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, Proxy):
        kind = object.__getattribute__(value, "_handle").type_name
        # Arrays of numbers travel as they are; one that stays behind has something else in it.
        array, _, held = kind.partition(" of ")
        if array == "ndarray":
            return f"an array of {held or 'something else than numbers'}"
        return "a complex number" if kind == "complex" else f"an object of type {kind}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return f"a dict of {len(value)}"
    if isinstance(value, (list, tuple)):
        if len(value) > SHOWN_ITEMS or not all(type(v) in PLAIN for v in value):
            return f"a {type(value).__name__} of {len(value)}"
        value = type(value)(v[: SHOWN + 1] if type(v) is str else v for v in value)
    text = repr(value[: SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def expect_array(
    value: Any,
    shape: Sequence[int],
    name: str,
    *,
    floating: bool = False,
    finite: bool = True,
    hint: str | None = None,
) -> np.ndarray:
    """``value`` as an array of ``shape``; lists count as arrays.

    Args:
        shape: expected shape.
        floating: also demand a floating dtype.
        finite: also demand that no element is NaN or infinite.
    """
    shape = tuple(shape)
    expect(
        value is not None,
        f"{name}: got None, expected an array of shape {shape}",
        hint or "Is a return missing?",
    )
    array = _as_array(value, name, shape)
    if array.shape != shape:
        note = relation_of_shapes(array.shape, shape)
        raise CheckFailed(f"{name}: got shape {array.shape}, expected {shape}{note}", hint)
    if floating:
        expect(array.dtype.kind == "f", f"{name}: got dtype {array.dtype}, expected a floating dtype", hint)
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        where = np.unravel_index(np.argmin(np.isfinite(array)), array.shape)
        raise CheckFailed(
            f"{name}{_at(where)}: got {array[where]}, expected a finite number",
            hint or "Look for exp of a large number, log(0), or 0/0.",
        )
    return array


def expect_close(
    got: Any,
    expected: Any,
    name: str,
    *,
    rtol: float = RTOL,
    atol: float = 0.0,
    loose_shape: bool = False,
    hint: str | None = None,
) -> np.ndarray:
    """``got`` equals ``expected`` up to rounding, in shape and in every element.

    The tolerance of an element is ``atol + rtol · |expected| + rtol/10 · max |expected|``. So a factor of 1.001
    everywhere is seen, and any single element, however many there are, that is off by more than 1.1e-4 of the largest
    or, being small, by more than about 1e-5 of it; less is what float32 leaves behind in a long sum.

    Args:
        loose_shape: accept another shape with the same elements in the same order, as ``(1, D)`` for ``(D,)``.

    Returns:
        ``got`` as an array with the shape of ``expected``.
    """
    if not isinstance(expected, np.ndarray):  # the student's own, where it is what this is compared with
        expected = _as_array(expected, f"{name}: the value to compare with", ())
    if loose_shape and got is not None:
        array = _as_array(got, name, expected.shape)
        if _without_ones(array.shape) == _without_ones(expected.shape):
            got = array.reshape(expected.shape)
    infinite_is_right = expected.dtype.kind == "f" and not np.isfinite(expected).all()
    array = expect_array(got, expected.shape, name, finite=not infinite_is_right, hint=hint)
    exact = expected.astype(np.float64)
    value = array.astype(np.float64)
    size = np.where(np.isfinite(exact), np.abs(exact), 0.0)  # near infinity there is nothing
    tolerance = atol + rtol * size + 0.1 * rtol * float(size.max(initial=0.0)) + ZERO
    with np.errstate(all="ignore"):
        distance = np.where(value == exact, 0.0, np.abs(value - exact))
        wrong = ~(distance <= tolerance)
    if wrong.any():
        with np.errstate(all="ignore"):
            excess = np.where(wrong, np.nan_to_num(distance, nan=np.inf) / tolerance, -1)
        where = np.unravel_index(np.argmax(excess), exact.shape)
        related = relation(value, exact) or (HALF if array.dtype == np.float16 else None)
        count = "" if exact.size == 1 else f"; {int(wrong.sum())} of {exact.size} elements differ"
        raise CheckFailed(
            f"{name}{_at(where)}: got {value[where]:.6g}, expected {exact[where]:.6g}"
            + (f" ({related})" if related else "")
            + count,
            hint,
        )
    return array


def expect_gradient(
    f: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    d_out: np.ndarray,
    analytic: Any,
    name: str,
    *,
    loose_shape: bool = False,
    hint: str | None = None,
) -> None:
    """``analytic`` is the gradient of Σ d_out · f(x) by central differences (`gradcheck.gradient_check`)."""
    analytic = expect_close_shape(analytic, x.shape, name, loose_shape=loose_shape, hint=hint)

    def forward(moved: np.ndarray) -> np.ndarray:
        return expect_array(f(moved), d_out.shape, f"{name}: what it is the gradient of", finite=False)

    report = gradient_check(forward, x, d_out, analytic, name=name)
    expect(report.ok, report.message, hint)


def expect_close_shape(
    value: Any, shape: Sequence[int], name: str, *, loose_shape: bool = True, hint: str | None = None
) -> np.ndarray:
    """``value`` as a finite array of ``shape``; axes of length 1 may be added or missing when ``loose_shape``."""
    shape = tuple(shape)
    if loose_shape and value is not None:
        array = _as_array(value, name, shape)
        if _without_ones(array.shape) == _without_ones(shape):
            value = array.reshape(shape)
    return expect_array(value, shape, name, hint=hint)


def expect_number(value: Any, name: str, *, hint: str | None = None) -> float:
    """``value`` as a finite Python float; an array of one element counts."""
    expect(value is not None, f"{name}: got None, expected a number", hint or "Is a return missing?")
    array = _as_array(value, name, ())
    expect(array.size == 1, f"{name}: got {show(value)}, expected one number", hint)
    number = float(array.reshape(())[()])
    expect(np.isfinite(number), f"{name}: got {number}, expected a finite number", hint)
    return number


def expect_equal(got: Any, expected: Any, name: str, *, hint: str | None = None) -> None:
    """``got`` is ``expected``: for ints, texts and lists of them."""
    expect(_equal(got, expected), f"{name}: got {show(got)}, expected {show(expected)}", hint)


def _equal(got: Any, expected: Any) -> bool:
    """Whether two plain values without arrays are equal; whatever else ``got`` is, it is not."""
    if type(expected) in (list, tuple):
        return type(got) is type(expected) and len(got) == len(expected) and all(map(_equal, got, expected))
    return type(got) in PLAIN and got == expected


def expect_labels(value: Any, count: int, classes: int, name: str) -> np.ndarray:
    """``value`` as ``count`` integer labels in 0..``classes`` − 1; floats with integer values count."""
    labels = expect_array(value, (count,), name)
    expect(
        labels.dtype.kind in "iu" or (labels.dtype.kind == "f" and bool((labels == np.floor(labels)).all())),
        f"{name}: got dtype {labels.dtype}, expected integers",
    )
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        worst = labels[np.argmax(outside)]
        raise CheckFailed(f"{name}: got the label {worst}, expected 0 to {classes - 1}")
    return labels.astype(np.int64)


def expect_unchanged(student: Proxy, hint: str | None = None) -> None:
    """No call of this check has written into its own arguments."""
    changed = mutated_arguments(student)
    if changed:
        raise CheckFailed(
            f"{changed[0]} was changed by the call",
            hint
            or "The caller still needs its array: work on a copy, or write x = x * 2 rather than x *= 2.",
        )


def expect_attributes(owner: Any, names: Sequence[str], name: str) -> list[Any]:
    """The attributes ``names`` of a student's object, which may keep them under any one of its spellings."""
    expect(isinstance(owner, Proxy), f"{name}: got {show(owner)}, expected an object with {', '.join(names)}")
    return [getattr(owner, attribute) for attribute in names]


def expect_dict(value: Any, keys: Sequence[str], name: str) -> dict[str, Any]:
    """``value`` as a dict with exactly ``keys``."""
    expect(type(value) is dict, f"{name}: got {show(value)}, expected a dict with the keys {', '.join(keys)}")
    missing = [key for key in keys if key not in value]
    surplus = [str(key)[:SHOWN] for key in islice((key for key in value if key not in keys), SHOWN_ITEMS)]
    there = ", ".join(str(key)[:SHOWN] for key in islice(value, SHOWN_ITEMS))[:SHOWN] or "none"
    expect(not missing, f"{name}: the key {', '.join(missing)} is missing; the keys are {there}")
    expect(not surplus, f"{name}: unexpected key {', '.join(surplus)[:SHOWN]}")
    return value


def expect_error(error: CodeError | None, doing: str, *, naming: str | None = None) -> None:
    """The call did raise an error, whose message names what is wrong."""
    if error is None:
        raise CheckFailed(f"{doing}: no error was raised", "Say what is wrong instead of going on with it.")
    if naming is not None and naming not in error.message:
        raise CheckFailed(
            f"{doing}: the {error.type_name} says {show(error.message)}, expected a message that names {naming}"
        )


def ramp(value: float, floor: float, threshold: float, name: str) -> Partial | None:
    """Full points from ``threshold`` on, none up to ``floor``, in proportion between."""
    if value >= threshold:
        return None
    if value <= floor:
        raise CheckFailed(
            f"{name}: got {value:.4g}, expected at least {threshold:.4g} (points start at {floor:.4g})"
        )
    return Partial(
        (value - floor) / (threshold - floor), f"{name}: got {value:.4g}, full points from {threshold:.4g}"
    )


def relation_of_shapes(got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """A parenthesis on what relates two shapes, or nothing."""
    if got != expected and got == expected[::-1]:
        return " (transposed)"
    if _without_ones(got) == _without_ones(expected):
        return " (the same elements: reshape)"
    if not got:
        return " (a single number)"
    if len(got) < len(expected) and all(n in expected for n in got):
        return " (an axis has been summed or lost)"
    return ""


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def _as_array(value: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return as_numbers(value)
    except NotNumbers as error:
        got = str(error) or show(value)
        raise CheckFailed(f"{name}: got {got}, expected an array of shape {tuple(shape)}") from None


def _at(where: tuple[Any, ...]) -> str:
    return f"[{', '.join(str(int(i)) for i in where)}]" if where else ""


def expect_function(owner: Proxy, name: str) -> Proxy:
    """What ``owner`` (the namespace, an object) has under ``name``, which must be something to call."""
    value = getattr(owner, name)
    hint = f"Is {name} used for a variable?"
    expect(isinstance(value, Proxy), f"{name}: got {show(value)}, expected a function", hint)
    return value


def expect_object(value: Any, name: str) -> Proxy:
    """``value`` as an object with attributes and methods of its own, as a class makes them."""
    expect(isinstance(value, Proxy), f"{name}: got {show(value)}, expected an object")
    return value


def spread(values: np.ndarray) -> float:
    """The largest minus the smallest of the numbers, also where they are truth values."""
    return float(np.ptp(values.astype(np.float64)))


def quietly(ask: Callable[[], Any]) -> Any:
    """What ``ask`` returns, or None when the student's code cannot answer: it is then judged without.

    So it is where answers do not fit together, of shapes that cannot be added or of types that NumPy cannot subtract.
    """
    try:
        return ask()
    except (CheckFailed, ArithmeticError, IndexError, TypeError, ValueError):
        return None
    except CodeError as error:
        if error.kind in SILENT_KINDS:
            return None
        raise


def usable(compute: Callable[[], Any], shape: Sequence[int]) -> np.ndarray | None:
    """What the student's own earlier functions give, as finite numbers of ``shape``; None when they cannot be used.

    For follow-through: a later check goes on with this, and with something else where it is None.
    """
    return quietly(lambda: expect_array(compute(), shape, ""))


def run_typed(
    program: Proxy, *args: Any, typed: str | None, doing: str, hint: str | None = None, **options: Any
) -> Run:
    """Run ``program`` with the line ``typed`` on its keyboard (None: no line at all).

    An exception in it fails with what was typed (``doing``), because that is what students need to know.
    """
    try:
        return run(program, *args, stdin="" if typed is None else f"{typed}\n", **options)
    except CodeError as error:
        if error.kind != "exception":
            raise
        raise CheckFailed(f"{doing}: it raised {error.type_name} ({error.message[:SHOWN]})", hint) from None


def expect_refusal(outcome: Run, doing: str, *, prompt: str = "", code: int = 2) -> None:
    """The program has printed a message, on stdout or stderr, and ended with the exit code ``code``.

    Args:
        prompt: what it prints on stderr before anything is typed; it is no message.
    """
    printed = outcome.stdout.strip()
    ended = f"it ended with exit code {outcome.exit_code}"
    if outcome.exit_code is None:
        ended = f"it printed {show(printed)} and went on" if printed else f"it returned {show(outcome.value)}"
    hint = "Say in a sentence what to type, then sys.exit(2)."
    expect(outcome.exit_code == code, f"{doing}: {ended}, expected a message and exit code {code}", hint)
    said = printed + outcome.stderr.removeprefix(prompt).strip()
    expect(bool(said), f"{doing}: no message was printed", "Tell the person at the keyboard what to type.")


def global_random_state(student: Proxy) -> str | None:
    """The state of `np.random`'s global generator on the student's side; None where it cannot be seen."""
    value: Any = student
    try:
        for name in ("np", "random", "get_state"):
            value = getattr(value, name)
            if not isinstance(value, Proxy):
                return None
        state = value()
    except CodeError as error:
        if error.kind in SILENT_KINDS:
            return None
        raise
    if type(state) is not tuple:
        return None
    return repr([part.tolist() if isinstance(part, np.ndarray) else part for part in state])


def expect_parameters(value: Any, like: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """``value`` as a dict of finite arrays with the keys and shapes of ``like``; ``(1, D)`` counts as ``(D,)``."""
    found = expect_dict(value, list(like), name)
    return {key: expect_close_shape(found[key], like[key].shape, f"{name} {key}") for key in like}


# What checks compute themselves, so that neither the student's code nor the reference has a say in it.


def network_logits(params: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """What softmax gets in a network with one hidden sigmoid layer: (B, d) -> (B, C). Silent on overflow."""
    with np.errstate(all="ignore"):
        half = (x @ params["W1"] + params["b1"]) / 2
        return (1 + np.tanh(half)) / 2 @ params["W2"] + params["b2"]


def network_digits(params: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """The classes (N,) that such a network sees in uint8 images (N, H, W)."""
    exact = {name: np.asarray(value, dtype=np.float64) for name, value in params.items()}
    parts = [images[start : start + 1000] for start in range(0, len(images), 1000)]
    found = [np.argmax(network_logits(exact, part.reshape(len(part), -1) / 255), axis=1) for part in parts]
    return np.concatenate(found)


def random_network(
    hidden: int, rng: np.random.Generator, *, inputs: int = 784, classes: int = 10
) -> dict[str, Any]:
    """Initial parameters of such a network, from N(0, 1/N) as in handout eq. (8)."""
    first, second = inputs**-0.5, hidden**-0.5
    return {
        "W1": rng.normal(0, first, size=(inputs, hidden)),
        "b1": rng.normal(0, first, size=hidden),
        "W2": rng.normal(0, second, size=(hidden, classes)),
        "b2": rng.normal(0, second, size=classes),
    }


def varied_network(hidden: int, images: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """A network that sees many different digits in ``images`` (N, 28, 28) uint8, though it has learned nothing."""
    params = {name: 8 * value for name, value in random_network(hidden, rng).items()}
    sample = images[:200].reshape(-1, 784) / 255
    params["b2"] = params["b2"] - network_logits(params, sample).mean(axis=0)
    return params
