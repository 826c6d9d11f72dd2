"""Helper cells, lambdas and closures; the network written anew in float32; files through pathlib and zipfile."""

# %%
import io
import math
import zipfile
from pathlib import Path

DIGITS = "0123456789"

# %%
standard_error = lambda accuracy, count: math.sqrt(accuracy * (1 - accuracy) / count)


# %%
def pick(*arrays):
    return lambda indices: tuple(array[indices] for array in arrays)


def hold_out(images, labels, count, seed=0):
    order = np.random.RandomState(seed).permutation(len(labels))
    chosen = pick(images, labels)
    return chosen(order[:-count]), chosen(order[-count:])


# %%
def shift_axis(images, by, axis):
    """One direction at a time: cut off what leaves, and put paper where it is missing."""
    length = images.shape[axis]
    by = max(-length, min(length, by))
    kept = np.take(images, range(max(0, -by), length - max(0, by)), axis=axis)
    paper = np.zeros_like(np.take(images, range(abs(by)), axis=axis))
    return np.concatenate([paper, kept] if by > 0 else [kept, paper], axis=axis)


def shift_images(images, down, right):
    return shift_axis(shift_axis(images, down, 1), right, 2)


# %%
def read_array(content, name):
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(name + ".npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def load_contest_images(path):
    content = Path(path).read_bytes()
    try:
        images = read_array(content, "images")
    except Exception as error:
        raise ValueError(f"{path}: {type(error).__name__}") from error
    if images.dtype == np.uint8 and images.shape == (len(images), 28, 28):
        return images
    raise ValueError(f"{path}: wrong images")


# %%
def make_network(params):
    W1, b1, W2, b2 = (np.asarray(params[name], dtype=np.float32) for name in ("W1", "b1", "W2", "b2"))

    def network(batch):
        x = batch.reshape(len(batch), 28 * 28).astype(np.float32) / np.float32(255)
        hidden = 0.5 * (1 + np.tanh(0.5 * (x @ W1 + b1)))
        return hidden @ W2 + b2

    return network


def predict_all(params, images, batch_size=1000):
    network = make_network(params)
    digits = np.zeros(len(images), dtype=np.int8)
    for start in range(0, len(images), batch_size):
        digits[start : start + batch_size] = network(images[start : start + batch_size]).argmax(axis=-1)
    return digits


# %%
def one_digit(value):
    if isinstance(value, (int, np.integer)) and 0 <= value <= 9:
        return DIGITS[value]
    raise ValueError(f"{value!r} is no digit")


def write_predictions(path, digits):
    content = "".join(one_digit(value) + "\n" for value in digits)
    Path(path).write_bytes(content.encode())


# %%
def fail(message):
    raise ValueError(message)


def read_predictions(path, count):
    lines = Path(path).read_bytes().decode("latin-1").split("\n")
    lines = lines[:-1] if not lines[-1] else lines
    known = {digit: value for value, digit in enumerate(DIGITS)}
    digits = [known[s] if s in known else fail(f"line {i + 1}: {s!r}") for i, s in enumerate(lines)]
    return digits if len(digits) == count else fail(f"{len(digits)} digits, {count} wanted")


# %%
write_predictions("predictions.txt", [i % 10 for i in range(10_000)])
