"""Milliseconds per training step of the course's networks, beside PyTorch and beside the bare matrix products.

    cnn     conv(30 of 5x5) - ReLU - pool(2) - affine(100) - ReLU - affine(10), AdaGrad   (solutions/adv9_cnn.py)
    task3   784 - 100 - 10, sigmoid, SGD                                          (solutions/task3_backprop.py)

The CNN runs ReLU behind the pooling, with the same result (see `make_cnn`); PyTorch runs it in the order above.
Softmax cross-entropy, batches of 100, float32, the same number of threads for all. A step is forward, backward,
update and the loss as a number; the batches are there beforehand. The bare products ("gemm") are the step's matrix
products alone, into arrays that exist: no program built on them can be faster.

NumPy and PyTorch live in processes of their own and take turns, so that they share the machine's good and bad
moments and not each other's threads. The figures are medians over all turns. PyTorch is optional; without it the
figure is null. Then the memory: resident before and after 200 short epochs, training and accuracy.

    python scripts/bench_training.py --json
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

BATCH = 100
NETWORKS = ("cnn", "task3")
LIMITS = {"cnn": 1.2, "task3": 1.0}  # times PyTorch
GROWTH_LIMIT_MB = 8.0  # one batch's largest array is 6.9 MB
WARM_UP = 5  # steps at the start of a turn, not counted: caches, and threads that slept
Step = Callable[[int], object]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all CPUs")
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument(
        "--steps", type=int, default=20, help="of the CNN in one turn; task 3 takes 10 times as many"
    )
    parser.add_argument("--epochs", type=int, default=200, help="of the memory test; 0 leaves it out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON on the last line")
    parser.add_argument("--worker", choices=["numpy", "torch"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.threads)
        return 0

    with worker("numpy", options.threads) as ours, worker("torch", options.threads) as torch:
        times: dict[str, dict[str, list[float]]] = {
            network: {"ours": [], "torch": [], "gemm": []} for network in NETWORKS
        }
        for _ in range(options.turns):
            for network, results in times.items():
                steps = options.steps * (10 if network == "task3" else 1)
                results["ours"] += ask(ours, f"{network} ours {steps}")
                results["torch"] += ask(torch, f"{network} torch {steps}")
                results["gemm"] += ask(ours, f"{network} gemm {steps}")
        memory = ask(ours, f"memory {options.epochs}") if options.epochs else []

    passed = True
    figures: dict[str, dict[str, float | None]] = {}
    print(
        f"threads: {options.threads}; median (fastest) of {options.turns} turns, ms per step of {BATCH} images"
    )
    for network, results in times.items():
        figures[network] = {
            f"{side}_ms": round(statistics.median(ms), 3) if ms else None for side, ms in results.items()
        }
        shown = [f"{side} {statistics.median(ms):.3f} ({min(ms):.3f})" for side, ms in results.items() if ms]
        print(f"{network:6} " + "   ".join(shown))
        if results["torch"]:
            ratio = statistics.median(results["ours"]) / statistics.median(results["torch"])
            passed &= ratio <= LIMITS[network]
            print(f"{verdict(ratio <= LIMITS[network])} {ratio:.2f} x PyTorch, at most {LIMITS[network]}")
        else:
            print("       PyTorch is not installed: pip install torch")
    for name, before, after in memory:
        passed &= after - before <= GROWTH_LIMIT_MB
        print(
            f"{verdict(after - before <= GROWTH_LIMIT_MB)} {name}: {before:.1f} MB resident after 5 epochs, "
            f"{after:.1f} MB after {options.epochs} more"
        )
    if options.json:
        print(json.dumps(figures))
    return 0 if passed else 1


def verdict(met: bool) -> str:
    return "met   " if met else "MISSED"


@contextlib.contextmanager
def worker(kind: str, threads: int) -> Iterator[subprocess.Popen[str]]:
    """A process of our own that measures when asked. The number of threads is fixed before NumPy is imported."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    process = subprocess.Popen(
        [sys.executable, __file__, "--worker", kind, "--threads", str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **dict.fromkeys(names, str(threads))},
    )
    try:
        yield process
    finally:
        process.communicate()  # closes its standard input: it ends


def ask(process: subprocess.Popen[str], question: str) -> list:
    """One line there, one line of JSON back."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(question + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit(f"bench_training: the worker ended while asked for: {question}")
    return json.loads(answer)


def work(kind: str, threads: int) -> None:
    """Answer questions from standard input: "<network> <side> <steps>" by milliseconds, "memory <epochs>"."""
    steps = numpy_steps() if kind == "numpy" else torch_steps(threads)
    for line in sys.stdin:
        what, *rest = line.split()
        if what == "memory":
            answer: list = measure_memory(int(rest[0]))
        else:
            step = steps.get((what, rest[0]))
            answer = milliseconds(step, int(rest[1])) if step else []
        print(json.dumps(answer), flush=True)


def milliseconds(step: Step, count: int) -> list[float]:
    for i in range(WARM_UP):
        step(i)
    times = []
    for i in range(count):
        start = time.perf_counter()
        step(i)
        times.append((time.perf_counter() - start) * 1e3)
    return times


def batches() -> list[tuple]:
    """Eight batches of random pixels (100, 1, 28, 28) and labels: what is in them does not change the time."""
    import numpy as np

    rng = np.random.default_rng(0)
    return [(rng.random((BATCH, 1, 28, 28), np.float32), rng.integers(0, 10, BATCH)) for _ in range(8)]


def numpy_steps() -> dict[tuple[str, str], Step]:
    import numpy as np

    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # solutions/ is not installed
    from solutions import adv9_cnn, task1_forward, task2_minibatch, task3_backprop

    data = [(x, task2_minibatch.one_hot(labels).astype(np.float32)) for x, labels in batches()]
    network, optimizer = adv9_cnn.make_cnn(), adv9_cnn.AdaGrad(0.01)
    params = {name: value.astype(np.float32) for name, value in task1_forward.init_parameters().items()}

    def cnn(i: int) -> object:
        return adv9_cnn.training_step(network, optimizer, *data[i % 8])

    def task3(i: int) -> object:
        x, t = data[i % 8]
        loss, grads = task3_backprop.loss_and_gradients(params, x.reshape(BATCH, 784), t)
        task3_backprop.sgd_update(params, grads, 0.1)
        return loss

    # (rows, inner, columns) of every product of a step; the first layer computes no input gradient.
    places = 24 * 24 * BATCH
    affine2 = [(BATCH, 100, 10), (100, BATCH, 10), (BATCH, 10, 100)]
    affine1 = [(BATCH, 4320, 100), (4320, BATCH, 100), (4320, 100, BATCH)]
    products = {
        "cnn": [(30, 25, places), (30, places, 25), *affine1, *affine2],
        "task3": [(BATCH, 784, 100), (784, BATCH, 100), *affine2],
    }

    def bare(shapes: list[tuple[int, int, int]]) -> Step:
        made = [(np.ones((m, k), "f4"), np.ones((k, n), "f4"), np.empty((m, n), "f4")) for m, k, n in shapes]
        return lambda i: [np.matmul(a, b, out=c) for a, b, c in made]

    return {
        ("cnn", "ours"): cnn,
        ("task3", "ours"): task3,
        ("cnn", "gemm"): bare(products["cnn"]),
        ("task3", "gemm"): bare(products["task3"]),
    }


def torch_steps(threads: int) -> dict[tuple[str, str], Step]:
    """The same two networks in PyTorch; nothing when it is not installed."""
    try:
        import torch
        from torch import nn
    except ImportError:
        return {}
    torch.set_num_threads(threads)
    data = [(torch.from_numpy(x), torch.from_numpy(labels)) for x, labels in batches()]
    cnn = nn.Sequential(
        *(nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(30 * 12 * 12, 100), nn.ReLU(), nn.Linear(100, 10)),
    )
    task3 = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.Sigmoid(), nn.Linear(100, 10))
    cross_entropy = nn.CrossEntropyLoss()

    def training(network: nn.Module, optimizer: torch.optim.Optimizer) -> Step:
        def step(i: int) -> object:
            x, labels = data[i % 8]
            optimizer.zero_grad()
            loss = cross_entropy(network(x), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    return {
        ("cnn", "torch"): training(cnn, torch.optim.Adagrad(cnn.parameters(), lr=0.01)),
        ("task3", "torch"): training(task3, torch.optim.SGD(task3.parameters(), lr=0.1)),
    }


def measure_memory(epochs: int) -> list[tuple[str, float, float]]:
    """For both networks: name, and megabytes resident before and after epochs of 250 images and their accuracy.

    250 is no multiple of the batch: the last batch has another shape, as it may in the student's data.
    """
    import numpy as np

    from solutions import adv9_cnn, task1_forward, task3_backprop

    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (250, 28, 28), np.uint8), rng.integers(0, 10, 250)
    network, optimizer = adv9_cnn.make_cnn(), adv9_cnn.AdaGrad(0.01)
    params = task1_forward.init_parameters()

    def cnn(count: int) -> None:
        for _ in range(count):
            adv9_cnn.train_epoch(network, optimizer, images, labels, rng=rng)
            adv9_cnn.accuracy(network, images, labels)

    def task3(count: int) -> None:
        for _ in range(count):
            with contextlib.redirect_stdout(io.StringIO()):
                trained = task3_backprop.train(params, images, labels, epochs=1)
            task3_backprop.accuracy(trained, images, labels)

    answer = []
    for name, run in (("cnn", cnn), ("task3", task3)):
        run(5)
        before = resident_mb()
        run(epochs)
        answer.append((name, before, resident_mb()))
    return answer


def resident_mb() -> float:
    """Memory of this process that is in RAM now; where /proc is missing, the largest it has been."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    sys.exit(main())
