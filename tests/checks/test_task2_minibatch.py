"""Task 2: what is said about a mistake, contrived mistakes for one check each, mistakes of task 1, and junk."""

import pytest

from autograder.misconceptions import load_misconceptions
from tests.checks.harness import JUNK, assert_fails_only, faults, grade, not_passed, public_names

TASK = "task2_minibatch"
KNOWN = {m.name: m for m in load_misconceptions(TASK)}

# Mistakes of task 1, which cost there and not here.
EARLIER_MISTAKES = {
    "no scaling": "def flatten(images): return images.reshape(-1, images[..., 0, :].shape[-1] * images.shape[-2]) * 1.0",
    "scaled by the largest pixel of each batch": """
def flatten(images): return images.reshape(-1, images.shape[-2] * images.shape[-1]) / images.max()
""",
    "wide weights": """
def init_parameters(sizes=(784, 100, 10), seed=0, f=init_parameters):
    return {name: value * 1.5 for name, value in f(sizes, seed).items()}
""",
    "impolite read_index": """
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = -1
    if not 0 <= i < limit:
        sys.exit(1)
    return i
""",
}

# known mistake: words that the message or the hint of its check must have
SAYS = {
    "the rows hold integers": "dtype",
    "there are always ten classes, whatever is asked for": "3 classes",
    "log2 in place of the natural logarithm": "bits",
    "log10 in place of the natural logarithm": "log10",
    "the minus in front is missing": "the sign",
    "the mean over all numbers of the matrix, classes included": "B·C",
    "ε is added to y in place, which changes the caller's probabilities": "changed",
    "the sum over the batch, not the mean": "sum over the batch",
    "divided by B twice": "twice",
    "log(0) · 0, which is nan": "log(0)",
    "the probabilities are clipped too early": "your own loss at y = 0.0001, which is 6.908",
    "zeros are replaced inside the caller's y": "changed",
    "the pixels of the batch are not scaled to 0..1": "255 times too large",
    "the images are scaled twice": "255 times too small",
    "the caller's images and labels are shuffled": "changed",
    "an ε that is large enough to be seen in ordinary losses": "sure and right",
    "images and labels are drawn apart": "once",
    "an image may come twice: drawn with replacement": "twice",
    "too large a batch is cut short without a word": "ValueError",
    "a generator of its own in place of rng": "equal generators",
    "a random piece of neighbouring images": "neighbours",
    "a fixed seed inside: every batch is the same": "every call",
    "words are printed around the loss": "nothing else",
    "the same images in every run": "other images in every run",
    "the largest batch, all test images, is refused": "refused",
    "a batch of 0 is accepted": "'0'",
}

# check: (planted source, words that the message or the hint must have); no student would write these
CONTRIVED = {
    "one_hot_classes": [
        (
            """
def one_hot(labels, classes=10):
    t = np.zeros((len(labels), classes))
    t[np.arange(len(labels)), (labels + 1) - 1 if labels.dtype != np.uint8 else labels % 100] = 1
    return t
""",
            "uint8",
        ),
    ],
    "cross_entropy_value": [
        ("def cross_entropy(y, t, f=cross_entropy):\n    e = f(y, t)\n    y *= 2\n    return e", "changed"),
    ],
    "batch_shapes": [
        (
            """
def random_batch(images, labels, batch_size, rng, f=random_batch):
    x, t = f(images, labels, batch_size, rng)
    return x, t[0] if batch_size == 1 else t
""",
            "of 1 images",
        ),
    ],
    "batch_random": [
        (
            """
def random_batch(images, labels, batch_size, rng, f=random_batch):
    np.random.random()
    return f(images, labels, batch_size, rng)
""",
            "global state",
        ),
    ],
    "main_bad_input": [
        (
            """
def main():
    images, labels = load_mnist("test")
    B = read_index(len(images) + 1)
    x, t = random_batch(images, labels, max(B, 1), np.random.default_rng())
    print(f"{cross_entropy(forward(init_parameters(), x), t):.6f}")
""",
            "'0'",
        ),
    ],
}


@pytest.mark.parametrize("mistake", EARLIER_MISTAKES)
def test_a_mistake_of_task_1_costs_nothing_here(mistake):
    assert not_passed(grade(TASK, EARLIER_MISTAKES[mistake])) == {}


@pytest.mark.parametrize("name", SAYS)
def test_what_is_said_about_a_known_mistake(name):
    result = grade(TASK, KNOWN[name].source, only=KNOWN[name].check)[KNOWN[name].check]
    assert SAYS[name] in f"{result.message} {result.hint or ''}"


# Mistakes that show in several checks, and shall cost in one.
COST_ONCE = [
    "the minus in front is missing",
    "ε is added to y in place, which changes the caller's probabilities",
    "the pixels of the batch are not scaled to 0..1",
    "the batch holds bytes",
    "the images are scaled twice",
]


@pytest.mark.parametrize("name", COST_ONCE)
def test_a_known_mistake_costs_once(name):
    assert set(not_passed(grade(TASK, KNOWN[name].source))) == {KNOWN[name].check}


def test_a_sum_over_b_minus_1_is_not_taken_for_the_sum():
    source = "def cross_entropy(y, t, f=cross_entropy): return f(y, t) * len(y) / max(len(y) - 1, 1)"
    assert_fails_only(TASK, source, "cross_entropy_mean", saying="divided by B − 1")


@pytest.mark.parametrize(
    ("name", "source", "saying"), [(name, *mistake) for name, rows in CONTRIVED.items() for mistake in rows]
)
def test_a_contrived_mistake_fails_exactly_its_check(name, source, saying):
    assert_fails_only(TASK, source, name, saying=saying)


@pytest.mark.parametrize("name", [*public_names(TASK), "forward", "flatten", "init_parameters", "read_index"])
def test_junk_of_one_function_is_never_the_graders_fault(name):
    for junk in list(JUNK)[::4]:
        assert faults(grade(TASK, f"def {name}(*args, **kwargs):\n    {JUNK[junk]}\n")) == {}


@pytest.mark.parametrize("name", [*public_names(TASK), "np", "forward", "init_parameters"])
def test_a_variable_in_place_of_a_function_is_never_the_graders_fault(name):
    for value in ("3", "object()", "type('X', (), {})"):
        assert faults(grade(TASK, f"{name} = {value}")) == {}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_huge_results_are_never_the_graders_fault():
    for name in ("flatten", "forward", "one_hot", "cross_entropy"):
        source = f"def {name}(*a, f={name}): return f(*a) * np.float64(1e308) * 1.5"
        assert faults(grade(TASK, source)) == {}


def test_a_loss_that_does_not_look_at_the_network_is_noticed():
    same = "def cross_entropy(y, t, f=cross_entropy): return 2.303 if len(y) == 100 else f(y, t)"
    result = grade(TASK, same, only="loss_of_random_weights")["loss_of_random_weights"]
    assert "for any probabilities" in result.message
