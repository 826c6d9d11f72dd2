"""How long the built-in digits take to draw, and what a network trained on them alone reads.

Trains the course's own 784-100-10 network on 60 000 built-in digits and tests it on 10 000 others, and on MNIST
when `load_mnist` finds it.  Bars: drawing at most 30 s on two cores, own test set 0.93 to 0.99 (neither trivial nor
noise), MNIST at least 0.85.  Exit code 1 when one is missed; the last line with --json is for programs.

    AUTOGRADER_DATA=/where/mnist/is python scripts/bench_digits.py --json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from autograder.datasets import is_real_mnist, load_mnist
from autograder.datasets.digits import DEFAULT_SEED, write_digits
from autograder.datasets.mnist import read_idx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # solutions/ is not installed

from solutions.task1_forward import init_parameters
from solutions.task3_backprop import accuracy, train

DRAWING_LIMIT_S = 30.0
OWN_BOUNDS = (0.93, 0.99)
MNIST_GOAL = 0.85


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of the digits and of the training")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--learning-rate", type=float, default=0.5)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON on the last line")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        folder = write_digits(Path(name) / "digits", seed=options.seed)
        figures: dict[str, float | None] = {"drawing_s": round(time.perf_counter() - start, 2)}
        print(f"70 000 digits drawn and written in {figures['drawing_s']} s")
        images, labels = read_idx(folder, "train")
        own_test = read_idx(folder, "test")

    start = time.perf_counter()
    parameters = train(
        init_parameters(seed=options.seed),
        images,
        labels,
        epochs=options.epochs,
        batch_size=100,
        learning_rate=options.learning_rate,
        seed=options.seed,
    )
    figures["training_s"] = round(time.perf_counter() - start, 2)
    figures["own_test"] = round(float(accuracy(parameters, *own_test)), 4)
    figures["mnist_test"] = None
    if is_real_mnist():
        figures["mnist_test"] = round(float(accuracy(parameters, *load_mnist("test"))), 4)

    passed = {
        f"drawing at most {DRAWING_LIMIT_S:.0f} s": figures["drawing_s"] <= DRAWING_LIMIT_S,
        "own test set {} to {}".format(*OWN_BOUNDS): OWN_BOUNDS[0] <= figures["own_test"] <= OWN_BOUNDS[1],
    }
    print(f"accuracy on 10 000 other digits: {figures['own_test']}")
    if figures["mnist_test"] is None:
        print("accuracy on MNIST: not measured, MNIST is not here (see data/README.md)")
    else:
        print(f"accuracy on MNIST's test images: {figures['mnist_test']}")
        passed[f"MNIST at least {MNIST_GOAL}"] = figures["mnist_test"] >= MNIST_GOAL
    for bar, met in passed.items():
        print(f"{'met   ' if met else 'MISSED'}  {bar}")
    if options.json:
        print(json.dumps({**figures, "passed": all(passed.values())}))
    return 0 if all(passed.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
