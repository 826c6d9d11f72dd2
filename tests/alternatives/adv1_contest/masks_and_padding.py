"""Boolean masks in place of index lists, padding in place of slices, one text for the whole file."""

import re


def hold_out(images, labels, count, seed=0):
    chosen = np.zeros(len(images), dtype=bool)
    chosen[np.random.default_rng(seed).choice(len(images), count, replace=False)] = True
    return [[images[~chosen], labels[~chosen]], [images[chosen], labels[chosen]]]


def standard_error(accuracy, count):
    return ((1 - accuracy) * accuracy) ** 0.5 / count**0.5


def shift_images(images, down, right):
    h, w = images.shape[1:]
    down, right = np.clip(down, -h, h), np.clip(right, -w, w)
    padded = np.pad(images, ((0, 0), (h, h), (w, w)))
    return padded[:, h - down : 2 * h - down, w - right : 2 * w - right]


def load_contest_images(path):
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images = dict(arrays)["images"]
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not what it should be: {error}") from error
    if (images.dtype, images.shape) != (np.dtype("uint8"), (len(images), 28, 28)):
        raise ValueError(f"{path}: {images.dtype} {images.shape}")
    return images


def predict_all(params, images, batch_size=1000):
    starts = range(0, len(images), batch_size)
    return [int(d) for s in starts for d in classify(params, flatten(images[s : s + batch_size]))]


def write_predictions(path, digits):
    row = np.array(digits)
    if row.ndim != 1 or not np.issubdtype(row.dtype, np.integer) or row.min() < 0 or row.max() > 9:
        raise ValueError("a row of whole numbers, 0 to 9")
    np.savetxt(path, row, fmt="%d", newline="\n")


def read_predictions(path, count):
    with open(path, encoding="ascii", errors="surrogateescape", newline="") as file:
        text = file.read()
    lines = text.removesuffix("\n").split("\n") if text else []
    bad = [n for n, line in enumerate(lines, 1) if not re.fullmatch("[0-9]", line)]
    if bad:
        raise ValueError(f"in line {bad[0]} there is something else; {len(lines)} lines")
    if len(lines) != count:
        raise ValueError(f"got {len(lines)}")
    return list(map(int, lines))
