"""Every check of task 1 passes what is right, and fails exactly the mistake it exists for."""

import numpy as np
import pytest

from autograder.checks import load_checks
from autograder.checks.outcome import Status
from tests.checks.harness import (
    JUNK,
    assert_fails_only,
    grade,
    grade_recorded,
    junk_source,
    not_passed,
    public_names,
    recorded_bytes,
    stub_source,
)

TASK = "task1_forward"

OTHER_WAYS = {
    "masked sigmoid": """
def sigmoid(x):
    y = np.empty_like(x)
    y[x >= 0] = 1 / (1 + np.exp(-x[x >= 0]))
    e = np.exp(x[x < 0])
    y[x < 0] = e / (1 + e)
    return y
""",
    "tanh sigmoid": "def sigmoid(x): return 0.5 * (1 + np.tanh(x / 2))",
    "sigmoid that warns": "def sigmoid(x): return 1 / (1 + np.exp(-x))",
    "clipped sigmoid": "def sigmoid(x): return 1 / (1 + np.exp(-np.clip(x, -80, 80)))",
    "column biases and the legacy generator": """
def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.RandomState(seed)
    params = {}
    for n, (d_in, d_out) in enumerate(zip(sizes[:-1], sizes[1:]), 1):
        params[f"b{n}"] = rng.randn(1, d_out) / d_in**0.5
        params[f"W{n}"] = rng.randn(d_in, d_out).astype(np.float32) / np.float32(d_in**0.5)
    return params
""",
    "everything in forward": """
def forward(params, x):
    h = 1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))
    e = np.exp(h @ params["W2"] + params["b2"])
    return e / e.sum(axis=1)[:, None]
""",
    "lists": "def classify(params, x): return [int(k) for k in forward(params, x).argmax(axis=1)]",
    "prompts, and messages on the screen": """
def read_index(limit):
    text = input(f"number (0-{limit - 1})? ")
    if text.strip().isdigit() and int(text) < limit:
        return int(text)
    print("please type a number up to", limit - 1)
    raise SystemExit(2)
def input(prompt, ask=input):
    try:
        return ask(prompt)
    except EOFError:
        return ""
""",
    "loops": """
def flatten(images):
    if images.ndim == 2:
        images = images[None]
    return np.array([[p / 255 for row in image for p in row] for image in images], dtype=np.float32)
""",
}

# check: (planted source, words that the message or the hint must have)
MISTAKES = {
    "flatten_shapes": [
        (
            "def flatten(images): return images.reshape(-1, images.shape[-1] * images.shape[-2]) * 1.0",
            "255 times",
        ),
        ("def flatten(images): return images.reshape(images.shape[0], -1) / 255.0", "(1, H·W)"),
        ("def flatten(images): return images.reshape(-1, 28 * 28) / 255.0", "28"),
        (
            "def flatten(images):\n"
            "    return np.swapaxes(images, -1, -2).reshape(-1, images.shape[-1] * images.shape[-2]) / 255.0",
            "row by row",
        ),
        ("def flatten(images, f=flatten):\n    y = f(images)\n    images //= 2\n    return y", "changed"),
    ],
    "sigmoid_values": [
        ("def sigmoid(x, f=sigmoid): return f(x[:1]) if x.ndim > 2 else f(x)", "shape (2, 3, 4)"),
        ("def sigmoid(x, f=sigmoid):\n    y = f(x)\n    x *= 2\n    return y", "changed"),
    ],
    "sigmoid_stable": [
        ("def sigmoid(x):\n    e = np.exp(x)\n    return e / (1 + e)", "sigmoid of inputs to ±1000"),
    ],
    "affine_forward": [
        (
            "class Affine(Affine):\n    def forward(self, x):\n        y = x @ self.W + self.b\n"
            "        self.b = self.b * 1.5 if len(self.b) == 3 else self.b\n        return y",
            "second time",
        ),
        (
            "class Affine(Affine):\n    def forward(self, x):\n        x *= 1\n        y = x @ self.W + self.b\n"
            "        x += 1\n        return y",
            "changed",
        ),
    ],
    "affine_rows": [
        (
            "class Affine(Affine):\n    def __init__(self, W, b):\n        Affine.W, Affine.b = W, b\n",
            "square W",
        ),
        (
            "class Affine(Affine):\n    def forward(self, x):\n        W = self.W\n        "
            "return x @ (W.T if W.shape[0] == W.shape[1] else W) + self.b",
            "square W",
        ),
    ],
    "softmax_rows": [
        ("def softmax(a, f=softmax):\n    y = f(a)\n    a -= 1\n    return y", "changed"),
    ],
    "softmax_stable": [
        ("def softmax(a):\n    e = np.exp(a)\n    return e / e.sum(axis=1, keepdims=True)", "α"),
        ("def softmax(a):\n    e = np.exp(a - a.max())\n    return e / e.sum(axis=1, keepdims=True)", "α"),
    ],
    "init_statistics": [
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):\n"
            "    p = f(sizes, seed)\n"
            "    return {k: v / sizes[int(k[1]) - 1] ** 0.5 for k, v in p.items()}",
            "the variance is",
        ),
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):\n"
            "    p = f(sizes, seed)\n"
            "    return {k: v * (sizes[int(k[1]) - 1] / sizes[int(k[1])]) ** 0.5 for k, v in p.items()}",
            "W1 of",
        ),
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):\n"
            "    return {k: v * 0 if k[0] == 'b' else v for k, v in f(sizes, seed).items()}",
            "b1",
        ),
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0):\n"
            "    rng = np.random.default_rng(seed)\n"
            "    d = {}\n"
            "    for n in range(1, len(sizes)):\n"
            "        w = (3 / sizes[n - 1]) ** 0.5\n"
            "        d[f'W{n}'] = rng.uniform(-w, w, sizes[n - 1:n + 1])\n"
            "        d[f'b{n}'] = rng.uniform(-w, w, sizes[n])\n"
            "    return d",
            "normal distribution",
        ),
    ],
    "init_shapes": [
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):\n"
            "    return f(sizes[:3], seed)",
            "W3",
        ),
    ],
    "init_seed": [
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):\n    return f(sizes, 0)",
            "the same numbers",
        ),
        (
            "def init_parameters(sizes=(784, 100, 10), seed=None, f=init_parameters):\n"
            "    return f(sizes, None)",
            "different numbers",
        ),
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):\n"
            "    np.random.seed(seed)\n"
            "    return f(sizes, seed)",
            "global state",
        ),
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0):\n"
            "    d = {}\n"
            "    for n in range(1, len(sizes)):\n"
            "        s = sizes[n - 1] ** -0.5\n"
            "        d[f'W{n}'] = np.random.default_rng(seed).normal(0, s, sizes[n - 1:n + 1])\n"
            "        d[f'b{n}'] = np.random.default_rng(seed).normal(0, s, sizes[n])\n"
            "    return d",
            "as in W1",
        ),
    ],
    "forward_network": [
        (
            "def forward(params, x):\n"
            "    h = sigmoid(Affine(params['W1'], params['b1']).forward(x))\n"
            "    return Affine(params['W2'], params['b2']).forward(h)",
            "Plug your own parts",
        ),
        (
            "def forward(params, x):\n"
            "    h = Affine(params['W1'], params['b1']).forward(x)\n"
            "    return softmax(Affine(params['W2'], params['b2']).forward(h))",
            "Plug your own parts",
        ),
        (
            "def forward(params, x, f=forward):\n"
            "    y = f(params, x)\n"
            "    params['b1'] = params['b1'] * 2\n"
            "    return y",
            "changed",
        ),
    ],
    "classify_digits": [
        ("def classify(params, x): return forward(params, x).argmin(axis=1)", "classify"),
        ("def classify(params, x): return forward(params, x).argmax(axis=1) * 1.0", "integers"),
    ],
    "read_index_input": [
        (
            "def read_index(limit):\n"
            "    i = int(input())\n"
            "    if not 0 <= i < limit: print('no'); sys.exit(2)\n"
            "    return i",
            "ValueError",
        ),
        (
            "def read_index(limit):\n"
            "    try: i = int(input())\n"
            "    except (ValueError, EOFError): i = -1\n"
            "    if not 0 <= i < limit: sys.exit(2)\n"
            "    return i",
            "no message",
        ),
        (
            "def read_index(limit):\n"
            "    try: i = int(input())\n"
            "    except (ValueError, EOFError): i = -1\n"
            "    if not 0 <= i < limit: sys.exit('please type a number')\n"
            "    return i",
            "exit code 1",
        ),
        (
            "def read_index(limit):\n"
            "    try: i = int(input())\n"
            "    except (ValueError, EOFError): i = limit\n"
            "    if i >= limit: print('no'); sys.exit(2)\n"
            "    return i",
            "'-1'",
        ),
    ],
    "main_prints_digit": [
        ("def main(f=main):\n    print('The digit is')\n    f()", "nothing else"),
        (
            "def main():\n"
            "    images, _ = load_mnist('test')\n"
            "    read_index(len(images))\n"
            "    print(classify(init_parameters(), flatten(images[0]))[0])",
            "The image with the number typed",
        ),
        (
            "def main():\n"
            "    images, _ = load_mnist('test')\n"
            "    i = read_index(len(images))\n"
            "    print(classify(init_parameters(seed=9), flatten(images[i]))[0])",
            "init_parameters()",
        ),
        (
            "def main():\n"
            "    images, _ = load_mnist('test')\n"
            "    print(classify(init_parameters(), flatten(images[int(input())]))[0])",
            "typed",
        ),
    ],
}

# Mistakes that several checks see: {names of all}, or one in a part of the network that others are built on.
SHARED_MISTAKES = [
    ("class Affine(Affine):\n    def forward(self, x): return x @ self.W", ["affine_forward", "affine_rows"]),
    (
        "def softmax(a):\n    e = np.exp(a - a.max(axis=0))\n    return e / e.sum(axis=0)",
        ["softmax_rows", "softmax_stable"],
    ),
    (
        "def softmax(a):\n    e = np.exp(a - a.max())\n    return e / e.sum()",
        ["softmax_rows", "softmax_stable"],
    ),
    ("def sigmoid(x): return np.exp(-np.abs(x))", ["sigmoid_values", "sigmoid_stable"]),
]


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_passes_every_check(seed):
    assert not_passed(grade(TASK, seed=seed)) == {}


def test_points_sum_to_100():
    assert sum(check.points for check in load_checks(TASK).values()) == 100


def test_the_reference_passes_on_recorded_answers_of_moderate_size():
    assert not_passed(grade_recorded(TASK)) == {}
    assert recorded_bytes(TASK) < 500_000


def test_the_stub_earns_nothing():
    results = grade(TASK, stub_source(TASK))
    assert {r.status for r in results.values()} == {Status.MISSING}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_other_ways_pass_live_and_recorded(way):
    assert not_passed(grade(TASK, OTHER_WAYS[way], seed=3)) == {}
    assert not_passed(grade_recorded(TASK, OTHER_WAYS[way])) == {}


def test_every_check_has_a_mistake():
    assert set(MISTAKES) == set(load_checks(TASK))


@pytest.mark.parametrize(
    ("name", "source", "saying"), [(name, *mistake) for name, rows in MISTAKES.items() for mistake in rows]
)
def test_a_mistake_fails_exactly_its_check_by_name(name, source, saying):
    assert_fails_only(TASK, source, name, saying=saying)


@pytest.mark.parametrize(("source", "names"), SHARED_MISTAKES)
def test_a_mistake_in_a_part_costs_only_there(source, names):
    assert_fails_only(TASK, source, *names)


@pytest.mark.parametrize("name", public_names(TASK))
@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_never_the_graders_fault(name, junk):
    own = {check for check in load_checks(TASK) if check.startswith(name.lower().split("_")[0])}
    source = junk_source(TASK, name, JUNK[junk])
    for results in (grade(TASK, source), grade_recorded(TASK, source)):
        faults = {r.name: r.message for r in results.values() if r.status is Status.GRADER_ERROR}
        assert faults == {}
        assert not [r.name for r in results.values() if r.name in own and r.status is Status.PASSED]


@pytest.mark.parametrize(
    "value", ["3", "np.zeros((2, 2))", "'text'", "{}", "None", "object()", "type('X', (), {})"]
)
def test_a_variable_in_place_of_a_function_is_never_the_graders_fault(value):
    for name in [*public_names(TASK), "np"]:
        results = grade(TASK, f"{name} = {value}")
        assert not [r.message for r in results.values() if r.status is Status.GRADER_ERROR]


def test_huge_results_are_never_the_graders_fault():
    for name in public_names(TASK)[:3]:
        results = grade(TASK, f"def {name}(*a, f={name}): return f(*a) * np.float64(1e308) * 1.5")
        assert not [r.message for r in results.values() if r.status is Status.GRADER_ERROR]


def test_a_random_network_sees_different_digits_in_the_candidates():
    from autograder.checks.task1_forward import CANDIDATES
    from solutions.task1_forward import classify, flatten, init_parameters
    from tests.checks.harness import small_data

    x = flatten(small_data().test[0][:CANDIDATES])
    assert all(len(np.unique(classify(init_parameters(seed=seed), x))) > 1 for seed in range(100))
