"""Every check of task 2 passes what is right, and fails exactly the mistake it exists for."""

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

TASK = "task2_minibatch"

OTHER_WAYS = {
    "eye": "def one_hot(labels, classes=10): return np.eye(classes, dtype=np.float32)[labels]",
    "comparison": """
def one_hot(labels, classes=10):
    return (labels[:, None] == np.arange(classes)).astype(float)
""",
    "epsilon 1e-7 in the logarithm": """
def cross_entropy(y, t): return np.mean(-(t * np.log(y + 1e-7)).sum(axis=1))
""",
    "clip at 1e-300": "def cross_entropy(y, t): return -(t * np.log(np.clip(y, 1e-300, 1))).sum() / y.shape[0]",
    "only the right digits": """
def cross_entropy(y, t):
    right = y[np.arange(len(y)), t.argmax(axis=1)]
    return -np.log(np.maximum(right, 1e-15)).mean()
""",
    "a permutation, with a list": """
def random_batch(images, labels, batch_size, rng):
    if batch_size > len(images):
        raise ValueError("too many")
    chosen = rng.permutation(len(images))[:batch_size]
    return [flatten(images[chosen]).astype(np.float32), one_hot(labels[chosen])]
""",
    "sorted numbers": """
def random_batch(images, labels, batch_size, rng):
    chosen = np.sort(rng.choice(len(images), batch_size, replace=False))
    return flatten(images[chosen]), one_hot(labels[chosen])
""",
    "many decimals": """
def main():
    images, labels = load_mnist("test")
    B = read_index(len(images) + 1)
    if B < 1:
        print("at least 1, please")
        raise SystemExit(2)
    x, t = random_batch(images, labels, B, np.random.default_rng())
    print(cross_entropy(forward(init_parameters(), x), t))
""",
}

# Mistakes of task 1, which cost there and not here.
EARLIER_MISTAKES = {
    "no scaling": "def flatten(images): return images.reshape(-1, images[..., 0, :].shape[-1] * images.shape[-2]) * 1.0",
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

# check: (planted source, words that the message or the hint must have)
MISTAKES = {
    "one_hot_rows": [
        ("def one_hot(labels, classes=10, f=one_hot): return f(labels, classes).astype(int)", "dtype")
    ],
    "one_hot_classes": [
        ("def one_hot(labels, classes=10): return np.eye(10)[labels % 10]", "3 classes"),
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
        ("def cross_entropy(y, t): return -np.sum(t * np.log2(np.maximum(y, 1e-30))) / len(y)", "bits"),
        ("def cross_entropy(y, t): return -np.mean(t * np.log(np.maximum(y, 1e-30)))", "B·C"),
        ("def cross_entropy(y, t, f=cross_entropy):\n    e = f(y, t)\n    y *= 2\n    return e", "changed"),
    ],
    "cross_entropy_mean": [
        ("def cross_entropy(y, t): return -np.sum(t * np.log(np.maximum(y, 1e-30)))", "sum over the batch"),
        ("def cross_entropy(y, t, f=cross_entropy): return f(y, t) / len(y)", "twice"),
    ],
    "cross_entropy_zero": [
        ("def cross_entropy(y, t): return -np.sum(t * np.log(y)) / len(y)", "log(0)"),
        ("def cross_entropy(y, t): return -np.sum(t * np.log(y + 1e-5)) / len(y)", "sure and right"),
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
    "batch_pairs": [
        (
            """
def random_batch(images, labels, batch_size, rng):
    chosen = rng.choice(len(images), batch_size, replace=False)
    return flatten(images[chosen]), one_hot(labels[rng.permutation(len(labels))[:batch_size]])
""",
            "once",
        ),
        (
            """
def random_batch(images, labels, batch_size, rng):
    chosen = rng.integers(len(images), size=batch_size)
    return flatten(images[chosen]), one_hot(labels[chosen])
""",
            "twice",
        ),
        (
            """
def random_batch(images, labels, batch_size, rng):
    chosen = rng.permutation(len(images))[:batch_size]
    return flatten(images[chosen]), one_hot(labels[chosen])
""",
            "ValueError",
        ),
    ],
    "batch_random": [
        (
            """
def random_batch(images, labels, batch_size, rng, f=random_batch):
    return f(images, labels, batch_size, np.random.default_rng())
""",
            "equal generators",
        ),
        (
            """
def random_batch(images, labels, batch_size, rng, f=random_batch):
    if batch_size > len(images) // 2:
        return f(images, labels, batch_size, rng)
    start = rng.integers(len(images) - batch_size + 1)
    return flatten(images[start:start + batch_size]), one_hot(labels[start:start + batch_size])
""",
            "neighbours",
        ),
        (
            """
def random_batch(images, labels, batch_size, rng, f=random_batch):
    np.random.random()
    return f(images, labels, batch_size, rng)
""",
            "global state",
        ),
    ],
    "loss_of_random_weights": [
        ("def forward(params, x, f=forward): return np.eye(10)[f(params, x).argmax(axis=1)]", "N(0, 1/N)"),
    ],
    "main_full_batch": [
        ("def main(f=main):\n    print('The loss is')\n    f()", "nothing else"),
        (
            """
def main():
    images, labels = load_mnist("test")
    B = read_index(len(images) + 1)
    if B == 0:
        sys.exit("at least 1") if False else (print("at least 1"), sys.exit(2))
    x, t = random_batch(images, labels, B, np.random.default_rng(0))
    print(f"{cross_entropy(forward(init_parameters(), x), t):.6f}")
""",
            "other images in every run",
        ),
        (
            """
def main():
    images, labels = load_mnist("test")
    B = read_index(len(images))
    if B == 0:
        print("at least 1")
        sys.exit(2)
    x, t = random_batch(images, labels, B, np.random.default_rng())
    print(f"{cross_entropy(forward(init_parameters(), x), t):.6f}")
""",
            "refused",
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


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_passes_every_check(seed):
    assert not_passed(grade(TASK, seed=seed)) == {}


def test_points_sum_to_100():
    assert sum(check.points for check in load_checks(TASK).values()) == 100


def test_the_reference_passes_on_recorded_answers_of_moderate_size():
    assert not_passed(grade_recorded(TASK)) == {}
    assert recorded_bytes(TASK) < 300_000


def test_the_stub_earns_nothing():
    results = grade(TASK, stub_source(TASK))
    assert {r.status for r in results.values()} == {Status.MISSING}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_other_ways_pass_live_and_recorded(way):
    assert not_passed(grade(TASK, OTHER_WAYS[way], seed=3)) == {}
    assert not_passed(grade_recorded(TASK, OTHER_WAYS[way])) == {}


@pytest.mark.parametrize("mistake", EARLIER_MISTAKES)
def test_a_mistake_of_task_1_costs_nothing_here(mistake):
    assert not_passed(grade(TASK, EARLIER_MISTAKES[mistake])) == {}


def test_every_check_has_a_mistake():
    assert set(MISTAKES) == set(load_checks(TASK))


@pytest.mark.parametrize(
    ("name", "source", "saying"), [(name, *mistake) for name, rows in MISTAKES.items() for mistake in rows]
)
def test_a_mistake_fails_exactly_its_check_by_name(name, source, saying):
    assert_fails_only(TASK, source, name, saying=saying)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_never_the_graders_fault_and_earns_nothing(junk):
    source = "".join(junk_source(TASK, name, JUNK[junk]) for name in public_names(TASK))
    for results in (grade(TASK, source), grade_recorded(TASK, source)):
        assert faults(results) == {}
        assert [r.name for r in results.values() if r.points] == []


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
