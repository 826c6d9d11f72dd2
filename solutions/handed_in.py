"""What the reference hands in beside its notebooks: the files that `course.toml` lists under `files`."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from autograder.datasets import load_mnist
from autograder.datasets.digits import draw_digits

IMAGES_SEEN = 600_000  # 10 epochs of 60 000; more epochs of a smaller set
PREDICTIONS = 10_000  # as many as there are contest images


def parameters() -> bytes:
    """`parameters.npz` of task 4: the network of task 3, trained."""
    from solutions.task1_forward import init_parameters
    from solutions.task3_backprop import save_parameters, train

    images, labels = load_mnist("train")
    with contextlib.redirect_stdout(io.StringIO()):
        trained = train(init_parameters(), images, labels, epochs=max(10, IMAGES_SEEN // len(images)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "parameters.npz"
        save_parameters(str(path), trained)
        return path.read_bytes()


def predictions() -> bytes:
    """`predictions.txt` of advanced task 1, for digits of a public seed: the reference takes no part in the contest."""
    from solutions.adv1_contest import predict_all, write_predictions
    from solutions.task1_forward import init_parameters
    from solutions.task3_backprop import train

    images, _ = draw_digits(PREDICTIONS, seed=1)
    with contextlib.redirect_stdout(io.StringIO()):
        trained = train(init_parameters(), *load_mnist("train"), epochs=3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.txt"
        write_predictions(str(path), predict_all(trained, images))
        return path.read_bytes()


FILES: dict[str, dict[str, Callable[[], bytes]]] = {
    "task4_classifier": {"parameters.npz": parameters},
    "adv1_contest": {"predictions.txt": predictions},
}


def reference_files(task: str) -> dict[str, bytes]:
    """The contents of the reference's files for ``task``, by name; made anew, which may take seconds."""
    return {name: make() for name, make in FILES.get(task, {}).items()}
