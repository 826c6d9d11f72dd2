"""Explicit loops over images, pixels and characters; lists of Python numbers wherever they are allowed."""

import random


def hold_out(images, labels, count, seed=0):
    indices = list(range(len(images)))
    random.Random(seed).shuffle(indices)
    learn_images, learn_labels, aside_images, aside_labels = [], [], [], []
    for place, i in enumerate(indices):
        if place < count:
            aside_images.append(images[i])
            aside_labels.append(int(labels[i]))
        else:
            learn_images.append(images[i])
            learn_labels.append(int(labels[i]))
    return (np.array(learn_images), learn_labels), (np.array(aside_images), aside_labels)


def standard_error(accuracy, count):
    return (accuracy * (1 - accuracy) / count) ** 0.5


def shift_images(images, down, right):
    n, height, width = images.shape
    moved = np.zeros((n, height, width), dtype=images.dtype)
    for i in range(n):
        for row in range(height):
            for column in range(width):
                to_row, to_column = row + down, column + right
                if 0 <= to_row < height and 0 <= to_column < width:
                    moved[i, to_row, to_column] = images[i, row, column]
    return moved


def load_contest_images(path):
    with open(path, "rb") as file:
        try:
            archive = np.load(file)
            images = archive["images"]
        except Exception as problem:
            raise ValueError("cannot read the images: " + str(problem)) from problem
    if images.dtype != np.uint8:
        raise ValueError("expected bytes")
    if len(images.shape) != 3 or images.shape[1] != 28 or images.shape[2] != 28:
        raise ValueError("expected images of 28 x 28 pixels")
    return images


def predict_all(params, images, batch_size=1000):
    digits = []
    start = 0
    while start < len(images):
        for digit in classify(params, flatten(images[start : start + batch_size])):
            digits.append(int(digit))
        start += batch_size
    return digits


def write_predictions(path, digits):
    text = ""
    for digit in digits:
        if digit not in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9):
            raise ValueError(f"{digit} is no digit")
        text += str(int(digit)) + "\n"
    with open(path, "w", newline="") as file:
        file.write(text)


def read_predictions(path, count):
    digits, line, number = [], "", 1
    with open(path, "rb") as file:
        content = file.read()
    for byte in content:
        if byte == 10:
            if len(line) != 1:
                raise ValueError(f"line {number} has {len(line)} characters, expected 1")
            digits.append(int(line))
            line, number = "", number + 1
        elif 48 <= byte <= 57:
            line += chr(byte)
        else:
            raise ValueError(f"line {number} has the byte {byte:#x} in it")
    if line:
        if len(line) != 1:
            raise ValueError(f"line {number} has {len(line)} characters, expected 1")
        digits.append(int(line))
    if len(digits) != count:
        raise ValueError(f"expected {count} digits, found {len(digits)}")
    return digits
