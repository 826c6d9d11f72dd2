"""Task 1: what is said about a mistake, contrived mistakes for one check each, and junk."""

import numpy as np
import pytest

from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions
from tests.checks.harness import JUNK, assert_fails_only, faults, grade, junk_source, not_passed, public_names

TASK = "task1_forward"
KNOWN = {m.name: m for m in load_misconceptions(TASK)}

# known mistake: words that the message or the hint of its check must have
SAYS = {
    "the pixels are not divided by 255": "255 times",
    "division by the largest pixel at hand instead of 255": "too large everywhere",
    "28×28 pixels are built in": "cannot reshape",
    "the pixels are read column by column": "row by row",
    "exp(u) / (1 + exp(u)) for all u, which is inf/inf for large ones": "sigmoid of inputs to ±1000",
    "sigmoid writes its result into the array it was given": "changed",
    "no maximum is subtracted": "α",
    "there are never more than two layers": "W3",
    "the layers are counted from 0": "the keys are W0, b0, W1, b1",
    "all nodes of a layer share one bias": "a single number",
    "the standard deviation is 1/N where the variance should be": "the variance is",
    "the biases are all zero": "b1",
    "np.random.seed sets the global generator, which belongs to everybody": "global state",
    "a new generator with the same seed for every array, so that the biases repeat the weights": "as in W1",
    "no sigmoid between the two layers": "Plug your own parts",
    "text that is no number is not caught": "ValueError",
    "the program ends without a word": "no message",
    "sys.exit with a text, which ends with exit code 1": "exit code 1",
    "words are printed around the digit": "nothing else",
    "the number typed is read but not used: it is always image 0": "The image with the number typed",
}

# check: (planted source, words that the message or the hint must have); no student would write these
CONTRIVED = {
    "sigmoid_values": [
        ("def sigmoid(x, f=sigmoid): return f(x[:1]) if x.ndim > 2 else f(x)", "shape (2, 3, 4)"),
        ("def sigmoid(x, f=sigmoid):\n    y = f(x)\n    x *= 2\n    return y", "changed"),
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
    "init_statistics": [
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
    "init_seed": [
        (
            """
def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):
    np.random.seed(seed)
    return f(sizes, seed)
""",
            "global state",
        ),
    ],
    "forward_network": [
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
}

# Mistakes that several checks see, and only those.
SHARED_MISTAKES = [
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
    ("def sigmoid(x): return np.exp(-np.abs(x))", ["sigmoid_values", "sigmoid_stable"]),
]


# Mistakes in what comes before classify, which gives it favourite digits or hardly different rows.
BEFORE_CLASSIFY = [
    "the sign in the sigmoid's exponent is flipped",
    "the derivative of the sigmoid in place of the sigmoid itself",
    "both signs use the formula for positive inputs, on the absolute value",
    "the bias is added to the weights, before the product",
    "the sigmoid is already applied inside the affine layer",
    "the sign of the exponent is flipped",
    "the pixels are divided by 255 once more",
    "forward scales its argument in place",
]


@pytest.mark.parametrize("name", BEFORE_CLASSIFY)
def test_classify_is_judged_by_the_students_own_forward(name):
    for seed in range(5):
        assert not_passed(grade(TASK, KNOWN[name].source, seed, only="classify_digits")) == {}


def test_a_forward_that_always_sees_the_same_digit_judges_nothing():
    source = """
def forward(params, x): return np.eye(10)[np.full(len(x), 3)]
def classify(params, x): return np.full(len(x), 3)
"""
    assert "classify_digits" in not_passed(grade(TASK, source, only="classify_digits"))


@pytest.mark.parametrize("name", SAYS)
def test_what_is_said_about_a_known_mistake(name):
    result = grade(TASK, KNOWN[name].source, only=KNOWN[name].check)[KNOWN[name].check]
    assert SAYS[name] in f"{result.message} {result.hint or ''}"


@pytest.mark.parametrize(
    ("name", "source", "saying"), [(name, *mistake) for name, rows in CONTRIVED.items() for mistake in rows]
)
def test_a_contrived_mistake_fails_exactly_its_check(name, source, saying):
    assert_fails_only(TASK, source, name, saying=saying)


@pytest.mark.parametrize(("source", "names"), SHARED_MISTAKES)
def test_a_mistake_fails_only_the_checks_that_see_it(source, names):
    assert_fails_only(TASK, source, *names)


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


# Sigmoids without an overflow for any finite input, which other ways of writing eq. (2) have.
WITHOUT_OVERFLOW = {
    "tanh": "def sigmoid(x): return (1 + np.tanh(x / 2)) / 2",
    "logaddexp": "def sigmoid(x): return np.exp(-np.logaddexp(0, -x))",
    "minimum on both sides": """
def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(np.minimum(x, 0)) / (1 + np.exp(np.minimum(x, 0))))
""",
    "ignored on purpose": """
def sigmoid(x):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))
""",
    "clipped": "def sigmoid(x): return 1 / (1 + np.exp(-np.clip(x, -80, 80)))",
}


@pytest.mark.parametrize("name", WITHOUT_OVERFLOW)
def test_a_sigmoid_without_an_overflow_is_right(name):
    assert not_passed(grade(TASK, WITHOUT_OVERFLOW[name], only="sigmoid_stable")) == {}


@pytest.mark.parametrize(
    "before", ["", "np.seterr(all='ignore')\n", "import warnings; warnings.simplefilter('ignore')\n"]
)
def test_the_formula_as_it_stands_overflows_whatever_the_notebook_has_silenced(before):
    source = before + "def sigmoid(x): return 1 / (1 + np.exp(-x))"
    kept = np.geterr()
    try:
        result = grade(TASK, source, only="sigmoid_stable")["sigmoid_stable"]
    finally:
        np.seterr(**kept)
    assert (result.status, result.points) == (Status.FAILED, 0)
    assert "NumPy reports an overflow in exp" in result.message


def test_it_is_right_everywhere_else():
    assert_fails_only(TASK, "def sigmoid(x): return 1 / (1 + np.exp(-x))", "sigmoid_stable")


IGNORING = """
def classify(params, x): return np.round(np.asarray(x).sum(axis=1) * 255).astype(int) % 10
def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    print(int(images[i].astype(int).sum() % 10))
"""


def test_a_program_that_does_not_look_at_the_network_earns_nothing_for_what_it_prints():
    result = grade(TASK, IGNORING, only="main_prints_digit")["main_prints_digit"]
    assert result.points == 0
    assert "whatever the weights are" in result.message
