"""The data set a check uses on a student's machine: a small part, so that a check that trains takes seconds."""

from __future__ import annotations

import numpy as np

from autograder import datasets
from autograder.checks import TaskData
from autograder.notebook.answers import data_set_of

TRAIN_COUNT = 2_000  # images; grading uses all of them
TEST_COUNT = 1_000


def local_data(task: str) -> TaskData:
    """The data for the checks of ``task``.

    Raises:
        AnswersMissing: the task has not been built.
        DataError: its data set cannot be read.
    """
    return task_data(data_set_of(task))


def task_data(data_set: str) -> TaskData:
    """The first images of ``data_set`` ("mnist", "cifar10"). Nothing is secret here: ``held_out`` is ``test``.

    The answers are recorded with the same part, so that they fit what a student's run asks.
    """
    load = getattr(datasets, f"load_{data_set}")
    train, test = _first(load("train"), TRAIN_COUNT), _first(load("test"), TEST_COUNT)
    return TaskData(getattr(datasets, f"{data_set}_source")().kind, train, test, lambda: test)


def _first(split: tuple[np.ndarray, np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
    images, labels = split
    return np.array(images[:count]), np.array(labels[:count])
