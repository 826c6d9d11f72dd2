"""Task 4: the program of task 1 with trained weights, read from a file."""

import sys

import numpy as np

from autograder.datasets import load_mnist
from solutions.task1_forward import classify, flatten, read_index
from solutions.task3_backprop import load_parameters


def load_classifier(path: str) -> dict[str, np.ndarray]:
    """Read trained parameters and make sure that they are a network from 784 pixels to 10 digits.

    path: an .npz file written by save_parameters.
    Returns {"W1": (784, H), "b1": (H,), "W2": (H, 10), "b2": (10,)} for some H.
    Raises ValueError that names the array whose shape does not fit, and what load_parameters raises.
    """
    ### BEGIN SOLUTION
    params = load_parameters(path)
    hidden = params["W1"].shape[1]
    shapes = {"W1": (784, hidden), "b1": (hidden,), "W2": (hidden, 10), "b2": (10,)}
    for name, shape in shapes.items():
        if params[name].shape != shape:
            raise ValueError(f"{path}: {name} has shape {params[name].shape}, expected {shape}")
    return params
    ### END SOLUTION


def classify_image(params: dict[str, np.ndarray], image: np.ndarray) -> int:
    """The digit that the network sees in one image.

    params: "W1", "b1", "W2", "b2". image: (28, 28) uint8. Returns a Python int, 0..9. Handout eq. (7).
    """
    ### BEGIN SOLUTION
    return int(classify(params, flatten(image))[0])
    ### END SOLUTION


def main(path: str = "parameters.npz") -> None:
    """Read i from the keyboard and print the digit the trained network sees in test image i, nothing else.

    path: the trained parameters. If they cannot be read or do not fit, or if i is not 0 up to the number
    of test images - 1: a polite message and `sys.exit(2)`.
    """
    ### BEGIN SOLUTION
    try:
        params = load_classifier(path)
    except (OSError, ValueError) as error:
        print(f"Cannot use the parameters: {error}", file=sys.stderr)
        sys.exit(2)
    images, _ = load_mnist("test")
    print(classify_image(params, images[read_index(len(images))]))
    ### END SOLUTION
