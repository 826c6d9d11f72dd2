"""Every check of task 1 passes what is right, and fails exactly the mistake it exists for."""

import pytest

from autograder.checks import load_checks
from autograder.checks.outcome import Status
from tests.checks.harness import (
    JUNK,
    assert_fails_only,
    faults,
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
    try:
        text = input(f"number (0-{limit - 1})? ")
    except EOFError:
        text = ""
    if text.strip().isdigit() and int(text) < limit:
        return int(text)
    print("please type a number up to", limit - 1)
    raise SystemExit(2)
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
        ("def flatten(images): return images.reshape(-1, 28 * 28) / 255.0", "cannot reshape"),
        (
            """
def flatten(images):
    return np.swapaxes(images, -1, -2).reshape(-1, images.shape[-1] * images.shape[-2]) / 255.0
""",
            "row by row",
        ),
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
            """
class Affine(Affine):
    def forward(self, x):
        y = x @ self.W + self.b
        self.b = self.b * 1.5 if len(self.b) == 3 else self.b
        return y
""",
            "second time",
        ),
    ],
    "affine_rows": [
        (
            "class Affine(Affine):\n    def __init__(self, W, b):\n        Affine.W, Affine.b = W, b\n",
            "square W",
        ),
        (
            """
class Affine(Affine):
    def forward(self, x):
        W = self.W
        return x @ (W.T if W.shape[0] == W.shape[1] else W) + self.b
""",
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
            """
def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):
    p = f(sizes, seed)
    return {k: v / sizes[int(k[1]) - 1] ** 0.5 for k, v in p.items()}
""",
            "the variance is",
        ),
        (
            """
def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):
    p = f(sizes, seed)
    return {k: v * (sizes[int(k[1]) - 1] / sizes[int(k[1])]) ** 0.5 for k, v in p.items()}
""",
            "W1 of",
        ),
        (
            """
def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):
    return {k: v * 0 if k[0] == 'b' else v for k, v in f(sizes, seed).items()}
""",
            "b1",
        ),
        (
            """
def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.default_rng(seed)
    d = {}
    for n in range(1, len(sizes)):
        w = (3 / sizes[n - 1]) ** 0.5
        d[f'W{n}'] = rng.uniform(-w, w, sizes[n - 1:n + 1])
        d[f'b{n}'] = rng.uniform(-w, w, sizes[n])
    return d
""",
            "normal distribution",
        ),
    ],
    "init_shapes": [
        (
            """
def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):
    return f(sizes[:3], seed)
""",
            "W3",
        ),
    ],
    "init_seed": [
        (
            "def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):\n    return f(sizes, 0)",
            "the same numbers",
        ),
        (
            """
def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):
    np.random.seed(seed)
    return f(sizes, seed)
""",
            "global state",
        ),
        (
            """
def init_parameters(sizes=(784, 100, 10), seed=0):
    d = {}
    for n in range(1, len(sizes)):
        s = sizes[n - 1] ** -0.5
        d[f'W{n}'] = np.random.default_rng(seed).normal(0, s, sizes[n - 1:n + 1])
        d[f'b{n}'] = np.random.default_rng(seed).normal(0, s, sizes[n])
    return d
""",
            "as in W1",
        ),
    ],
    "forward_network": [
        (
            """
def forward(params, x):
    h = sigmoid(Affine(params['W1'], params['b1']).forward(x))
    return Affine(params['W2'], params['b2']).forward(h)
""",
            "Plug your own parts",
        ),
        (
            """
def forward(params, x):
    h = Affine(params['W1'], params['b1']).forward(x)
    return softmax(Affine(params['W2'], params['b2']).forward(h))
""",
            "Plug your own parts",
        ),
        (
            """
def forward(params, x, f=forward):
    y = f(params, x)
    params['b1'] = params['b1'] * 2
    return y
""",
            "changed",
        ),
    ],
    "classify_digits": [
        ("def classify(params, x): return forward(params, x).argmin(axis=1)", "classify"),
    ],
    "read_index_input": [
        (
            """
def read_index(limit):
    i = int(input())
    if not 0 <= i < limit: print('no'); sys.exit(2)
    return i
""",
            "ValueError",
        ),
        (
            """
def read_index(limit):
    try: i = int(input())
    except (ValueError, EOFError): i = -1
    if not 0 <= i < limit: sys.exit(2)
    return i
""",
            "no message",
        ),
        (
            """
def read_index(limit):
    try: i = int(input())
    except (ValueError, EOFError): i = -1
    if not 0 <= i < limit: sys.exit('please type a number')
    return i
""",
            "exit code 1",
        ),
        (
            """
def read_index(limit):
    try: i = int(input())
    except (ValueError, EOFError): i = limit
    if i >= limit: print('no'); sys.exit(2)
    return i
""",
            "'-1'",
        ),
    ],
    "main_prints_digit": [
        ("def main(f=main):\n    print('The digit is')\n    f()", "nothing else"),
        (
            """
def main():
    images, _ = load_mnist('test')
    read_index(len(images))
    print(classify(init_parameters(), flatten(images[0]))[0])
""",
            "The image with the number typed",
        ),
        (
            """
def main():
    images, _ = load_mnist('test')
    i = read_index(len(images))
    print(classify(init_parameters(seed=9), flatten(images[i]))[0])
""",
            "init_parameters()",
        ),
        (
            """
def main():
    images, _ = load_mnist('test')
    print(classify(init_parameters(), flatten(images[int(input())]))[0])
""",
            "typed",
        ),
    ],
}

# Mistakes that several checks see, and only those.
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
    (
        "def flatten(images): return images.reshape(images.shape[0], -1) / 255.0",
        ["flatten_shapes", "main_prints_digit"],
    ),
    (
        """def flatten(images, f=flatten):
    y = f(images)
    images //= 2
    return y""",
        ["flatten_shapes", "main_prints_digit"],
    ),
    (
        """
class Affine(Affine):
    def forward(self, x):
        x *= 1
        y = x @ self.W + self.b
        x += 1
        return y
""",
        ["affine_forward", "forward_network"],
    ),
    (
        """
def init_parameters(sizes=(784, 100, 10), seed=None, f=init_parameters):
    return f(sizes, None)
""",
        ["init_seed", "main_prints_digit"],
    ),
    (
        "def classify(params, x): return forward(params, x).argmax(axis=1) * 1.0",
        ["classify_digits", "main_prints_digit"],
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
def test_a_mistake_fails_only_the_checks_that_see_it(source, names):
    assert_fails_only(TASK, source, *names)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_never_the_graders_fault_and_earns_nothing(junk):
    source = "".join(junk_source(TASK, name, JUNK[junk]) for name in public_names(TASK))
    for results in (grade(TASK, source), grade_recorded(TASK, source)):
        assert faults(results) == {}
        assert [r.name for r in results.values() if r.points] == []


@pytest.mark.parametrize("name", public_names(TASK))
def test_junk_of_one_function_is_never_the_graders_fault(name):
    for junk in list(JUNK)[::4]:
        assert faults(grade(TASK, junk_source(TASK, name, JUNK[junk]))) == {}


@pytest.mark.parametrize("name", [*public_names(TASK), "np"])
def test_a_variable_in_place_of_a_function_is_never_the_graders_fault(name):
    for value in ("3", "np.zeros((2, 2))", "object()", "type('X', (), {})"):
        assert faults(grade(TASK, f"{name} = {value}")) == {}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_huge_results_are_never_the_graders_fault():
    for name in ("flatten", "sigmoid", "softmax"):
        source = f"def {name}(*a, f={name}): return f(*a) * np.float64(1e308) * 1.5"
        assert faults(grade(TASK, source)) == {}
