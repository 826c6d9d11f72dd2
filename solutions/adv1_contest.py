"""Advanced task 1: the contest. Ten thousand digits that nobody has seen, and a file with one digit a line."""

import numpy as np

from solutions.task1_forward import classify, flatten


def hold_out(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int = 0
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Put count random images aside, to judge a network that has not learned from them.

    images: (N, H, W). labels: (N,). Returns ((images, labels) of the N - count for learning, (images, labels) of the
    count put aside). Every image is in exactly one of the two; the same seed makes the same choice.
    """
    ### BEGIN SOLUTION
    order = np.random.default_rng(seed).permutation(len(images))
    aside, rest = order[:count], order[count:]
    return (images[rest], labels[rest]), (images[aside], labels[aside])
    ### END SOLUTION


def standard_error(accuracy: float, count: int) -> float:
    """How far the accuracy measured on count images is typically from the true one: sqrt(p (1 - p) / count).

    accuracy: p, 0..1. Returns a float.
    """
    ### BEGIN SOLUTION
    return float(np.sqrt(accuracy * (1 - accuracy) / count))
    ### END SOLUTION


def shift_images(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move every image by whole pixels; what leaves at one side is lost, and paper (0) comes in at the other.

    images: (N, H, W). down, right: pixels, negative for up and left, of any size. Returns (N, H, W), same dtype.
    """
    ### BEGIN SOLUTION
    height, width = images.shape[1:]
    moved = np.zeros_like(images)
    if abs(down) < height and abs(right) < width:
        to_rows, from_rows = (
            slice(max(down, 0), height + min(down, 0)),
            slice(max(-down, 0), height - max(down, 0)),
        )
        to_cols, from_cols = (
            slice(max(right, 0), width + min(right, 0)),
            slice(max(-right, 0), width - max(right, 0)),
        )
        moved[:, to_rows, to_cols] = images[:, from_rows, from_cols]
    return moved
    ### END SOLUTION


def load_contest_images(path: str) -> np.ndarray:
    """Read the array "images" from an .npz file: (N, 28, 28) uint8.

    Raises ValueError when the file is no .npz file of plain arrays, or when "images" is missing, of another shape or
    dtype; FileNotFoundError when there is no file. Never unpickles.
    """
    ### BEGIN SOLUTION
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            images = arrays["images"]
    except OSError:
        raise
    except KeyError:
        raise ValueError(f"{path} has no array called images") from None
    except Exception as error:  # a damaged archive fails in many ways: BadZipFile, EOFError, ValueError, ...
        raise ValueError(f"{path} is not an .npz file of plain arrays") from error
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"{path}: images are {images.dtype} {images.shape}, expected uint8 (N, 28, 28)")
    return images
    ### END SOLUTION


def predict_all(params: dict[str, np.ndarray], images: np.ndarray, batch_size: int = 1000) -> np.ndarray:
    """The digit in every image. Handout eq. (7).

    params: "W1", "b1", "W2", "b2". images: (N, 28, 28) uint8, N may be 0. Returns (N,) int. Works through the images
    in batches, so that the memory needed does not grow with N.
    """
    ### BEGIN SOLUTION
    digits = np.empty(len(images), dtype=int)
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        digits[part] = classify(params, flatten(images[part]))
    return digits
    ### END SOLUTION


def write_predictions(path: str, digits: np.ndarray) -> None:
    r"""Write one digit a line, each line ended by a line feed (\n), also the last one.

    digits: (N,) int, 0..9. An existing file is replaced. Raises ValueError for anything else than a row of whole
    numbers from 0 to 9, and then leaves an existing file as it was.
    """
    ### BEGIN SOLUTION
    digits = np.asarray(digits)
    if digits.ndim != 1 or digits.dtype.kind not in "iu" or not np.isin(digits, np.arange(10)).all():
        raise ValueError("predictions are a row of whole numbers from 0 to 9")
    with open(path, "w", encoding="ascii", newline="\n") as file:  # on Windows, "\n" would become "\r\n"
        file.writelines(f"{digit}\n" for digit in digits)
    ### END SOLUTION


def read_predictions(path: str, count: int) -> np.ndarray:
    """Read what write_predictions wrote: count lines with one digit each. Returns (count,) int.

    Raises ValueError for another number of lines (the message says how many there are), and for a line that is not
    exactly one of the characters 0 to 9: blank, with a space, a letter, two digits, a sign, a byte order mark. That
    message says which line it is, counted from 1. The last line may lack its line feed.
    """
    ### BEGIN SOLUTION
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, line in enumerate(lines, 1):
        # Bytes know only the ten ASCII digits; for a str, isdigit() and int() accept many more.
        if len(line) != 1 or not line.isdigit():
            raise ValueError(f"{path}, line {number}: {line[:20]!r} is not one digit")
    if len(lines) != count:
        raise ValueError(f"{path}: {len(lines)} lines, expected {count}")
    return np.array([int(line) for line in lines], dtype=int)
    ### END SOLUTION
