"""Known mistakes on the way to the contest: the honest estimate, the predictions, and the file."""

from __future__ import annotations

from autograder.misconceptions import Misconception

# What a wrong notebook may have left beside it: one line for each contest image.
_COUNT = 10_000

# A network written out, for mistakes in what is done with its result.
_LOGITS = """
def logits_of(params, images):
    x = images.reshape(-1, 784) / 255
    h = 1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))
    return h @ params["W2"] + params["b2"]
"""

_HOLD_OUT = (
    Misconception(
        name="the images put aside are the last ones of the file, not random ones",
        check="contest_hold_out",
        hint="A file may be sorted: put the sevens last, and you would judge your network by sevens alone. What "
        "does your function do with its argument `seed`?",
        source="""
def hold_out(images, labels, count, seed=0):
    n = len(images) - count
    return (images[:n], labels[:n]), (images[n:], labels[n:])
""",
    ),
    Misconception(
        name="the images put aside and those for learning are drawn independently, so that some are in both",
        check="contest_hold_out",
        hint="Draw 3 of 5 numbers, then 2 of the same 5: how often do the two draws share one? Once the first side is "
        "chosen, the second has no choice left.",
        source="""
def hold_out(images, labels, count, seed=0):
    rng = np.random.default_rng(seed)
    rest = rng.choice(len(images), len(images) - count, replace=False)
    aside = rng.choice(len(images), count, replace=False)
    return (images[rest], labels[rest]), (images[aside], labels[aside])
""",
    ),
    Misconception(
        name="the images put aside are drawn with replacement, so that one may come twice",
        check="contest_hold_out",
        hint="Let the generator give you 53 numbers below 97 as you do now and count the different ones. Are there 53?",
        source="""
def hold_out(images, labels, count, seed=0):
    aside = np.random.default_rng(seed).integers(0, len(images), count)
    rest = np.setdiff1d(np.arange(len(images)), aside)
    return (images[rest], labels[rest]), (images[aside], labels[aside])
""",
    ),
    Misconception(
        name="images and labels are shuffled separately",
        check="contest_hold_out",
        hint="Show a few of the images with their labels as titles. Two calls of permutation give two orders: which "
        "label belongs to images[i] afterwards?",
        source="""
def hold_out(images, labels, count, seed=0):
    rng = np.random.default_rng(seed)
    images, labels = rng.permutation(images), rng.permutation(labels)
    return (images[count:], labels[count:]), (images[:count], labels[:count])
""",
    ),
    Misconception(
        name="the caller's images and labels are shuffled in place",
        check="contest_hold_out",
        hint="Print labels[:10] before and after the call. rng.shuffle rearranges the array that it is given; shuffle "
        "something that belongs to you alone, such as indices.",
        source="""
def hold_out(images, labels, count, seed=0):
    np.random.default_rng(seed).shuffle(images)
    np.random.default_rng(seed).shuffle(labels)
    return (images[count:], labels[count:]), (images[:count], labels[:count])
""",
    ),
    Misconception(
        name="the generator always starts with 0, whatever the seed",
        check="contest_hold_out",
        hint="Call it with seed=1 and with seed=2 and compare the labels that are put aside. Where in your function "
        "does `seed` occur?",
        source="""
def hold_out(images, labels, count, seed=0):
    order = np.random.default_rng(0).permutation(len(images))
    aside, rest = order[:count], order[count:]
    return (images[rest], labels[rest]), (images[aside], labels[aside])
""",
    ),
    Misconception(
        name="one generator, made outside the function, serves all calls",
        check="contest_hold_out",
        hint="Call it twice with the same seed and compare. A generator remembers how far it has come: where should "
        "it be made, so that every call begins at the beginning?",
        source="""
rng = np.random.default_rng(0)
def hold_out(images, labels, count, seed=0):
    order = rng.permutation(len(images))
    aside, rest = order[:count], order[count:]
    return (images[rest], labels[rest]), (images[aside], labels[aside])
""",
    ),
    Misconception(
        name="the two sides are exchanged: the small one comes first",
        check="contest_hold_out",
        hint="Print how many images each of the two returned pairs has, and read the docstring: which pair comes first?",
        source="""
def hold_out(images, labels, count, seed=0):
    order = np.random.default_rng(seed).permutation(len(images))
    aside, rest = order[:count], order[count:]
    return (images[aside], labels[aside]), (images[rest], labels[rest])
""",
    ),
    Misconception(
        name="the pairs hold images and images, labels and labels",
        check="contest_hold_out",
        hint="In (images, labels), both belong to the same side. Print the shapes of the four arrays in the order in "
        "which you return them.",
        source="""
def hold_out(images, labels, count, seed=0):
    order = np.random.default_rng(seed).permutation(len(images))
    aside, rest = order[:count], order[count:]
    return (images[rest], images[aside]), (labels[rest], labels[aside])
""",
    ),
    Misconception(
        name="four arrays are returned, not two pairs",
        check="contest_hold_out",
        hint="What is len() of the returned value? `return a, b, c, d` is one tuple of four; two pairs need brackets "
        "of their own.",
        source="""
def hold_out(images, labels, count, seed=0):
    order = np.random.default_rng(seed).permutation(len(images))
    aside, rest = order[:count], order[count:]
    return images[rest], labels[rest], images[aside], labels[aside]
""",
    ),
)

_STANDARD_ERROR = (
    Misconception(
        name="the root is missing: the variance in place of the standard error",
        check="contest_standard_error",
        hint="By hand: p = 0.97 and n = 5000 give s = 0.0024. What does your function give, and what is its root?",
        source="def standard_error(accuracy, count): return accuracy * (1 - accuracy) / count",
    ),
    Misconception(
        name="n stands outside the root",
        check="contest_standard_error",
        hint="Four times the images should halve s. Try n = 100 and n = 400 with your function.",
        source="def standard_error(accuracy, count): return np.sqrt(accuracy * (1 - accuracy)) / count",
    ),
    Misconception(
        name="the root is taken of n only",
        check="contest_standard_error",
        hint="Put p = 0.5 and n = 1 into the formula by hand: how far does the root sign reach?",
        source="def standard_error(accuracy, count): return accuracy * (1 - accuracy) / np.sqrt(count)",
    ),
    Misconception(
        name="the brackets around 1 − p are missing",
        check="contest_standard_error",
        hint="What should s be for p = 1, where every image is read correctly? Python multiplies and divides before it "
        "subtracts.",
        source="def standard_error(accuracy, count): return np.sqrt(accuracy * 1 - accuracy / count)",
    ),
    Misconception(
        name="the factor 1 − p is missing",
        check="contest_standard_error",
        hint="A network that reads everything correctly (p = 1) does so on every sample: s must be 0. Is it?",
        source="def standard_error(accuracy, count): return np.sqrt(accuracy / count)",
    ),
    Misconception(
        name="n − 1 in place of n",
        check="contest_standard_error",
        hint="n − 1 belongs to a variance that is estimated from the deviations of n measurements. Here p(1 − p) is "
        "known once p is; compare with the formula.",
        source="def standard_error(accuracy, count): return np.sqrt(accuracy * (1 - accuracy) / (count - 1))",
    ),
    Misconception(
        name="the half width of a 95 % interval, not one standard error",
        check="contest_standard_error",
        hint="1.96 standard errors to either side hold 95 % of all samples. The function asks for a single one.",
        source="def standard_error(accuracy, count): return 1.96 * np.sqrt(accuracy * (1 - accuracy) / count)",
    ),
    Misconception(
        name="the result is in percent",
        check="contest_standard_error",
        hint="p goes from 0 to 1 here, and s is measured in the same unit. By hand: p = 0.97, n = 5000 gives 0.0024.",
        source="def standard_error(accuracy, count): return 100 * np.sqrt(accuracy * (1 - accuracy) / count)",
    ),
)

_SHIFT = (
    Misconception(
        name="what leaves the picture on one side comes in on the other (np.roll)",
        check="contest_shift",
        hint="Move the line (1, 2, 3, 4) right by 1, by hand and with np.roll. Which number stands first each time?",
        source="def shift_images(images, down, right): return np.roll(images, (down, right), axis=(1, 2))",
    ),
    Misconception(
        name="down and right are exchanged",
        check="contest_shift",
        hint="images is (N, H, W): which axis gets longer when a picture gets taller? Move a picture with a single "
        "bright pixel down by 2 and look where it is.",
        source="""
def shift_images(images, down, right):
    n, h, w = images.shape
    padded = np.pad(images, ((0, 0), (h + 40, h + 40), (w + 40, w + 40)))
    return padded[:, h + 40 - right : 2 * h + 40 - right, w + 40 - down : 2 * w + 40 - down]
""",
    ),
    Misconception(
        name="the pictures move the other way: up for down, left for right",
        check="contest_shift",
        hint="A picture moved down by 2 shows in row 5 what stood in row 3. Which row does yours show?",
        source="""
def shift_images(images, down, right):
    n, h, w = images.shape
    moved = np.zeros_like(images)
    for row in range(h):
        for column in range(w):
            if 0 <= row + down < h and 0 <= column + right < w:
                moved[:, row, column] = images[:, row + down, column + right]
    return moved
""",
    ),
    Misconception(
        name="negative shifts do not move anything",
        check="contest_shift",
        hint="Up is a negative `down`. Write the two slices for down = −1 on paper: which rows are read, which are "
        "written?",
        source="""
def shift_images(images, down, right):
    moved = np.zeros_like(images)
    h, w = images.shape[1:]
    down, right = min(max(down, 0), h), min(max(right, 0), w)
    moved[:, down:, right:] = images[:, :h - down, :w - right]
    return moved
""",
    ),
    Misconception(
        name="a shift farther than the picture is large is not thought of",
        check="contest_shift",
        hint="In a picture 8 wide and a shift of 9, what does the slice [: 8 − 9] select? And what should be left of "
        "the picture?",
        source="""
def shift_images(images, down, right):
    h, w = images.shape[1:]
    moved = np.zeros_like(images)
    moved[:, max(down, 0) : h + min(down, 0), max(right, 0) : w + min(right, 0)] = images[
        :, max(-down, 0) : h - max(down, 0), max(-right, 0) : w - max(right, 0)
    ]
    return moved
""",
    ),
    Misconception(
        name="a slice that ends at −0 is taken for the whole axis",
        check="contest_shift",
        hint="Try list(range(5))[:-0]. What is in it, and what did you expect there for a shift by 0?",
        source="""
def shift_images(images, down, right):
    moved = np.zeros_like(images)
    rows = (slice(down, None), slice(None, -down)) if down >= 0 else (slice(None, down), slice(-down, None))
    columns = (slice(right, None), slice(None, -right)) if right >= 0 else (slice(None, right), slice(-right, None))
    moved[:, rows[0], columns[0]] = images[:, rows[1], columns[1]]
    return moved
""",
    ),
    Misconception(
        name="the new margin is white (255), where paper is 0",
        check="contest_shift",
        hint="In these images 0 is paper and 255 is ink, though they are often shown the other way round. Print the "
        "corner of any digit.",
        source="""
def shift_images(images, down, right):
    n, h, w = images.shape
    down, right = np.clip(down, -h, h), np.clip(right, -w, w)
    padded = np.pad(images, ((0, 0), (h, h), (w, w)), constant_values=255)
    return padded[:, h - down : 2 * h - down, w - right : 2 * w - right]
""",
    ),
    Misconception(
        name="the border pixels are repeated into the new margin",
        check="contest_shift",
        hint="What comes in is paper, 0, and not more of what stood at the border. Which values does your padding write?",
        source="""
def shift_images(images, down, right):
    n, h, w = images.shape
    down, right = np.clip(down, -h, h), np.clip(right, -w, w)
    padded = np.pad(images, ((0, 0), (h, h), (w, w)), mode="edge")
    return padded[:, h - down : 2 * h - down, w - right : 2 * w - right]
""",
    ),
    Misconception(
        name="the moved pictures are floats",
        check="contest_shift",
        hint="Print the dtype of what goes in and of what comes out. Which dtype does np.zeros choose, if nobody tells it?",
        source="""
def shift_images(images, down, right):
    n, h, w = images.shape
    down, right = np.clip(down, -h, h), np.clip(right, -w, w)
    padded = np.zeros((n, 3 * h, 3 * w))
    padded[:, h : 2 * h, w : 2 * w] = images
    return padded[:, h - down : 2 * h - down, w - right : 2 * w - right]
""",
    ),
    Misconception(
        name="what will leave the picture is wiped out in the caller's own images",
        check="contest_shift",
        hint="Print images.sum() before and after the call. A slice is a view: what you write into it, you write into "
        "the array that was passed in.",
        source="""
def shift_images(images, down, right):
    n, h, w = images.shape
    if down > 0: images[:, max(h - down, 0):] = 0
    if down < 0: images[:, :-down] = 0
    if right > 0: images[:, :, max(w - right, 0):] = 0
    if right < 0: images[:, :, :-right] = 0
    return np.roll(images, (down, right), axis=(1, 2))
""",
    ),
)

_PREDICT = (
    Misconception(
        name="the last, smaller batch is left out",
        check="contest_predict",
        hint="100 images in batches of 7: how many batches does your loop make, and which images do they cover?",
        source="""
def predict_all(params, images, batch_size=1000):
    digits = np.zeros(len(images), dtype=int)
    for k in range(len(images) // batch_size):
        part = slice(k * batch_size, (k + 1) * batch_size)
        digits[part] = classify(params, flatten(images[part]))
    return digits
""",
    ),
    Misconception(
        name="no images at all are an error: there is nothing to join",
        check="contest_predict",
        hint="Call it with images[:0]. How often does the loop run, and what can np.concatenate make of an empty list?",
        source="""
def predict_all(params, images, batch_size=1000):
    parts = []
    for start in range(0, len(images), batch_size):
        parts.append(classify(params, flatten(images[start:start + batch_size])))
    return np.concatenate(parts)
""",
    ),
    Misconception(
        name="only the last batch is returned",
        check="contest_predict",
        hint="Print the length of what you return, for 2 345 images. What happens to the digits of one batch when the "
        "next one comes?",
        source="""
def predict_all(params, images, batch_size=1000):
    digits = np.zeros(0, dtype=int)
    for start in range(0, len(images), batch_size):
        digits = classify(params, flatten(images[start:start + batch_size]))
    return digits
""",
    ),
    Misconception(
        name="the loop goes on by 1000, whatever the batch size",
        check="contest_predict",
        hint="Try batch_size=7 with 100 images, and print `start` in the loop.",
        source="""
def predict_all(params, images, batch_size=1000):
    digits = np.zeros(len(images), dtype=int)
    for start in range(0, len(images), 1000):
        digits[start:start + batch_size] = classify(params, flatten(images[start:start + batch_size]))
    return digits
""",
    ),
    Misconception(
        name="the pixels are not scaled to 0..1",
        check="contest_predict",
        hint="Print the largest number that reaches the first layer, here and while training. The network knows only "
        "what it has learned from.",
        source="""
def predict_all(params, images, batch_size=1000):
    digits = np.zeros(len(images), dtype=int)
    for start in range(0, len(images), batch_size):
        x = images[start:start + batch_size].reshape(-1, 784).astype(float)
        digits[start:start + batch_size] = classify(params, x)
    return digits
""",
    ),
    Misconception(
        name="the row of results of every image is returned, not the digit",
        check="contest_predict",
        hint="Print the shape of the result. Ten numbers for each image say how much it looks like each digit: "
        "eq. (7) makes one digit of them.",
        source=_LOGITS
        + """
def predict_all(params, images, batch_size=1000):
    parts = [logits_of(params, images[s:s + batch_size]) for s in range(0, len(images), batch_size)]
    return np.concatenate(parts) if parts else np.zeros((0, 10))
""",
    ),
    Misconception(
        name="argmax looks along the images, not along the ten digits",
        check="contest_predict",
        hint="The results of a batch are (B, 10). Which axis has the ten digits, and how many numbers should be left?",
        source=_LOGITS
        + """
def predict_all(params, images, batch_size=1000):
    parts = [logits_of(params, images[s:s + batch_size]) for s in range(0, len(images), batch_size)]
    return np.argmax(np.concatenate(parts), axis=0) if parts else np.zeros(0, dtype=int)
""",
    ),
)

_LOAD = (
    Misconception(
        name="what is in the file is not looked at",
        check="contest_load",
        hint="Save an array of floats under the name images and load it with your function. Who would notice, and when?",
        source="""
def load_contest_images(path):
    try:
        with open(path, "rb") as file:
            return np.load(file)["images"]
    except OSError:
        raise
    except Exception:
        raise ValueError("this is no file of images")
""",
    ),
    Misconception(
        name="whatever is in the file is converted to uint8",
        check="contest_load",
        hint="(images / 255).astype(np.uint8): how many different values are left? A wrong file should be refused, "
        "not made to fit.",
        source="""
def load_contest_images(path):
    try:
        with open(path, "rb") as file:
            images = np.load(file)["images"].astype(np.uint8)
    except OSError:
        raise
    except Exception:
        raise ValueError("this is no file of images")
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"the images have shape {images.shape}")
    return images
""",
    ),
    Misconception(
        name="the shape of the images is not looked at",
        check="contest_load",
        hint="What happens later in your notebook with images of 28 × 29 pixels? Here is the last place where the "
        "message could say which file is to blame.",
        source="""
def load_contest_images(path):
    try:
        with open(path, "rb") as file:
            images = np.load(file)["images"]
    except OSError:
        raise
    except Exception:
        raise ValueError("this is no file of images")
    if images.dtype != np.uint8:
        raise ValueError(f"the images are {images.dtype}")
    return images
""",
    ),
    Misconception(
        name="a file without images raises a KeyError, not a ValueError",
        check="contest_load",
        hint="A dictionary's answer to a missing name is a KeyError. The docstring promises one kind of error for "
        "every wrong file: where can you turn the one into the other?",
        source="""
def load_contest_images(path):
    with open(path, "rb") as file:
        images = np.load(file)["images"]
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"the images are {images.dtype} {images.shape}")
    return images
""",
    ),
    Misconception(
        name="a damaged file raises zipfile's error, not a ValueError",
        check="contest_load",
        hint="An .npz file is a zip archive. Cut one off in the middle, load it, and read the name of the error.",
        source="""
def load_contest_images(path):
    arrays = np.load(path)
    if not hasattr(arrays, "files") or "images" not in arrays.files:
        raise ValueError(f"{path} has no array called images")
    images = arrays["images"]
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"the images are {images.dtype} {images.shape}")
    return images
""",
    ),
    Misconception(
        name="a missing file becomes a ValueError as well",
        check="contest_load",
        hint="Which errors does your `except` catch? A file that is not there is no wrong file: whoever mistyped the "
        "name should read just that.",
        source="""
def load_contest_images(path):
    try:
        images = np.load(path)["images"]
    except Exception:
        raise ValueError("this is no file of images")
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"the images are {images.dtype} {images.shape}")
    return images
""",
    ),
    Misconception(
        name="wrong images raise an AssertionError, not a ValueError",
        check="contest_load",
        hint="assert is for what cannot happen in a right program, and python -O skips it. A wrong file does happen.",
        source="""
def load_contest_images(path):
    try:
        with open(path, "rb") as file:
            images = np.load(file)["images"]
    except OSError:
        raise
    except Exception:
        raise ValueError("this is no file of images")
    assert images.dtype == np.uint8 and images.ndim == 3 and images.shape[1:] == (28, 28)
    return images
""",
    ),
    Misconception(
        name="the images are scaled to 0..1 while they are loaded",
        check="contest_load",
        hint="flatten scales already. What is the largest pixel after both, and which dtype does the docstring promise?",
        source="""
def load_contest_images(path):
    try:
        with open(path, "rb") as file:
            images = np.load(file)["images"]
    except OSError:
        raise
    except Exception:
        raise ValueError("this is no file of images")
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"the images are {images.dtype} {images.shape}")
    return images / 255
""",
    ),
)

# A body that refuses what is wrong, for mistakes in how the digits are written.
_LOOK = """
    digits = np.asarray(digits)
    if digits.ndim != 1 or digits.dtype.kind not in "iu" or not np.isin(digits, np.arange(10)).all():
        raise ValueError("predictions are a row of whole numbers from 0 to 9")
"""

_WRITE = (
    Misconception(
        name="the last line is not ended",
        check="contest_write",
        hint='"\\n".join(["3", "1", "4"]) has how many line feeds? By hand there are six bytes for three digits.',
        source=f"""
def write_predictions(path, digits):{_LOOK}
    with open(path, "w", newline="\\n") as file:
        file.write("\\n".join(str(digit) for digit in digits))
""",
    ),
    Misconception(
        name="all digits stand in one line, with commas",
        check="contest_write",
        hint="Open the file in an editor: how many lines has it? Each digit wants a line of its own.",
        source=f"""
def write_predictions(path, digits):{_LOOK}
    with open(path, "w", newline="\\n") as file:
        file.write(",".join(str(digit) for digit in digits) + "\\n")
""",
    ),
    Misconception(
        name="the array is printed into the file as Python shows it, brackets and all",
        check="contest_write",
        hint="Open the file in an editor. And what does print show of an array with 10 000 elements?",
        source=f"""
def write_predictions(path, digits):{_LOOK}
    with open(path, "w", newline="\\n") as file:
        print(digits, file=file)
""",
    ),
    Misconception(
        name="the digits are written as floats",
        check="contest_write",
        hint="Look at the first line of the file. np.savetxt has an argument that says how a number is written.",
        source=f"""
def write_predictions(path, digits):{_LOOK}
    np.savetxt(path, digits)
""",
    ),
    Misconception(
        name="the number of the image stands before each digit",
        check="contest_write",
        hint="Other contests want it so. Here the line itself says which image it is, and has one character.",
        source=f"""
def write_predictions(path, digits):{_LOOK}
    with open(path, "w", newline="\\n") as file:
        for i, digit in enumerate(digits):
            file.write(f"{{i}},{{digit}}\\n")
""",
    ),
    Misconception(
        name="there is a heading in the first line",
        check="contest_write",
        hint="Line 1 belongs to image 0. What will a program that expects a digit there make of a word?",
        source=f"""
def write_predictions(path, digits):{_LOOK}
    with open(path, "w", newline="\\n") as file:
        file.write("digit\\n")
        for digit in digits:
            file.write(f"{{digit}}\\n")
""",
    ),
    Misconception(
        name="lines end as on Windows, with two bytes",
        check="contest_write",
        hint="Read the file as bytes and print the first ten. The argument `newline` of open says what a line feed "
        "becomes.",
        source=f"""
def write_predictions(path, digits):{_LOOK}
    with open(path, "w", newline="\\r\\n") as file:
        for digit in digits:
            file.write(f"{{digit}}\\n")
""",
    ),
    Misconception(
        name="the digits are added to the older file",
        check="contest_write",
        hint="Write three digits twice and count the lines. Which letter says that a file is begun anew?",
        source=f"""
def write_predictions(path, digits):{_LOOK}
    with open(path, "a", newline="\\n") as file:
        for digit in digits:
            file.write(f"{{digit}}\\n")
""",
    ),
    Misconception(
        name="only arrays are taken, a list is not",
        check="contest_write",
        hint="A list has no dtype and no ndim. What makes an array of whatever is passed in?",
        source="""
def write_predictions(path, digits):
    if digits.ndim != 1 or digits.dtype.kind not in "iu" or digits.min() < 0 or digits.max() > 9:
        raise ValueError("predictions are a row of whole numbers from 0 to 9")
    with open(path, "w", newline="\\n") as file:
        for digit in digits:
            file.write(f"{digit}\\n")
""",
    ),
    Misconception(
        name="whatever comes is written",
        check="contest_write_rejects",
        hint="Write the digits 3, 10, 4 and read the file back with your own read_predictions. When would you rather "
        "have known?",
        source="""
def write_predictions(path, digits):
    with open(path, "w", newline="\\n") as file:
        for digit in digits:
            file.write(f"{digit}\\n")
""",
    ),
    Misconception(
        name="numbers below 0 are not refused",
        check="contest_write_rejects",
        hint="max() sees one end of the range. Which digits does −1 stand for?",
        source="""
def write_predictions(path, digits):
    digits = np.asarray(digits)
    if digits.ndim != 1 or digits.dtype.kind not in "iu" or (digits > 9).any():
        raise ValueError("predictions are a row of whole numbers from 0 to 9")
    with open(path, "w", newline="\\n") as file:
        for digit in digits:
            file.write(f"{digit}\\n")
""",
    ),
    Misconception(
        name="a table is flattened without a word",
        check="contest_write_rejects",
        hint="An array (2, 3) is no row of six digits: it is more likely (B, 10) results that were passed by mistake. "
        "What does your function look at before it writes?",
        source="""
def write_predictions(path, digits):
    digits = np.asarray(digits).ravel()
    if digits.dtype.kind not in "iu" or not np.isin(digits, np.arange(10)).all():
        raise ValueError("predictions are whole numbers from 0 to 9")
    with open(path, "w", newline="\\n") as file:
        for digit in digits:
            file.write(f"{digit}\\n")
""",
    ),
    Misconception(
        name="fractions are cut off to whole numbers",
        check="contest_write_rejects",
        hint="What does int(3.5) give, and was the 3 what the network saw? Something that is no whole number points to "
        "a mistake further up.",
        source="""
def write_predictions(path, digits):
    digits = np.asarray(digits).astype(int)
    if digits.ndim != 1 or not np.isin(digits, np.arange(10)).all():
        raise ValueError("predictions are a row of whole numbers from 0 to 9")
    with open(path, "w", newline="\\n") as file:
        for digit in digits:
            file.write(f"{digit}\\n")
""",
    ),
    Misconception(
        name="wrong predictions raise an AssertionError, not a ValueError",
        check="contest_write_rejects",
        hint="assert is for what cannot happen in a right program, and python -O skips it. Which error does the "
        "docstring promise?",
        source="""
def write_predictions(path, digits):
    digits = np.asarray(digits)
    assert digits.ndim == 1 and digits.dtype.kind in "iu" and np.isin(digits, np.arange(10)).all()
    with open(path, "w", newline="\\n") as file:
        for digit in digits:
            file.write(f"{digit}\\n")
""",
    ),
    Misconception(
        name="the file is opened before the digits are looked at",
        check="contest_write_rejects",
        hint="Write a good file, then try to write −1 to the same path, and open it in an editor. At which moment was "
        "yesterday's file lost?",
        source="""
def write_predictions(path, digits):
    digits = np.asarray(digits)
    with open(path, "w", newline="\\n") as file:
        if digits.ndim != 1 or digits.dtype.kind not in "iu":
            raise ValueError("predictions are a row of whole numbers")
        for digit in digits:
            if not 0 <= digit <= 9:
                raise ValueError(f"{digit} is no digit")
            file.write(f"{digit}\\n")
""",
    ),
)


def _reader(
    open_and_split: str,
    bad: str,
    result: str,
    *,
    first: int = 1,
    drop: str = 'if lines[-1] == "": lines.pop()',
) -> str:
    """read_predictions from the lines that ``open_and_split`` makes, with the condition ``bad`` for a wrong one."""
    return f"""
def read_predictions(path, count):
    {open_and_split}
    {drop}
    for number, line in enumerate(lines, {first}):
        if {bad}:
            raise ValueError(f"line {{number}} is {{line!r}}, not a digit")
    if len(lines) != count:
        raise ValueError(f"{{len(lines)}} lines, expected {{count}}")
    return np.array({result})
"""


_TEXT = 'with open(path, encoding="latin-1", newline="") as file: lines = file.read().split("\\n")'
_UTF8 = 'with open(path, encoding="utf-8", newline="") as file: lines = file.read().split("\\n")'
_STRICT = 'line not in list("0123456789")'
_INTS = "[int(line) for line in lines]"

_READ = (
    Misconception(
        name="the codes of the characters in place of the digits",
        check="contest_read",
        hint='Print list(b"314"). Why is the first number not 3, and what is the code of the character 0?',
        source=_reader(_TEXT, _STRICT, "[ord(line) for line in lines]"),
    ),
    Misconception(
        name="the digits stay texts",
        check="contest_read",
        hint='What is "3" == 3? Print the dtype of what you return.',
        source=_reader(_TEXT, _STRICT, "lines"),
    ),
    Misconception(
        name="the empty text after the last line feed counts as a line",
        check="contest_read",
        hint='Print "3\\n1\\n".split("\\n"). How many texts are there, and how many lines?',
        source=_reader(_TEXT, _STRICT, _INTS, drop=""),
    ),
    Misconception(
        name="the last line is dropped when it has no line feed",
        check="contest_read",
        hint='Compare "3\\n1\\n".split("\\n") with "3\\n1".split("\\n"). Is the last text always the empty one?',
        source=_reader(_TEXT, _STRICT, _INTS, drop="lines = lines[:-1]"),
    ),
    Misconception(
        name="int() decides what a digit is, and takes far more",
        check="contest_read_rejects",
        hint='Try int(" 5 "), int("+3") and int("٣"). Which lines do you want to allow?',
        source="""
def read_predictions(path, count):
    with open(path, encoding="utf-8", newline="") as file: lines = file.read().split("\\n")
    if lines[-1] == "": lines.pop()
    digits = []
    for number, line in enumerate(lines, 1):
        try:
            digit = int(line)
        except ValueError:
            digit = -1
        if not 0 <= digit <= 9:
            raise ValueError(f"line {number} is {line!r}, not a digit")
        digits.append(digit)
    if len(lines) != count:
        raise ValueError(f"{len(lines)} lines, expected {count}")
    return np.array(digits)
""",
    ),
    Misconception(
        name="isdigit of a text takes digits of all scripts",
        check="contest_read_rejects",
        hint='Try "²".isdigit() and "٣".isdigit(). Texts know hundreds of digits; how many do bytes know?',
        source=_reader(_UTF8, "len(line) != 1 or not line.isdigit()", "[ord(line) - 48 for line in lines]"),
    ),
    Misconception(
        name="split() without an argument splits at every space and drops blank lines",
        check="contest_read_rejects",
        hint='Print "1\\n\\n 2\\n".split() and compare it with what stands in the file. Which line is the 2 in?',
        source=_reader(
            'with open(path, encoding="latin-1", newline="") as file: lines = file.read().split()',
            _STRICT,
            _INTS,
            drop="",
        ),
    ),
    Misconception(
        name="spaces around a digit are stripped off first",
        check="contest_read_rejects",
        hint="The form has no variants, so that every program that reads the file sees the same. What does strip() "
        "hide from you?",
        source=_reader(_TEXT, "line.strip() not in list('0123456789')", _INTS),
    ),
    Misconception(
        name="blank lines are skipped",
        check="contest_read_rejects",
        hint="Line 1 is image 0. If line 37 is blank and you skip it, whose digit is that in line 38?",
        source="""
def read_predictions(path, count):
    digits = []
    with open(path, encoding="latin-1", newline="\\n") as file:
        for number, line in enumerate(file, 1):
            line = line.removesuffix("\\n")
            if line == "":
                continue
            if line not in list("0123456789"):
                raise ValueError(f"line {number} is {line!r}, not a digit")
            digits.append(int(line))
    if len(digits) != count:
        raise ValueError(f"{len(digits)} lines, expected {count}")
    return np.array(digits)
""",
    ),
    Misconception(
        name="lines are counted from 0 in the message",
        check="contest_read_rejects",
        hint="Make the very first line wrong and read your message. Which line number does your editor show there?",
        source=_reader(_TEXT, _STRICT, _INTS, first=0),
    ),
    Misconception(
        name="the message does not say which line is wrong",
        check="contest_read_rejects",
        hint="Think of somebody with ten thousand lines who reads your message. What would they have to do next?",
        source="""
def read_predictions(path, count):
    with open(path, "rb") as file: lines = file.read().split(b"\\n")
    if lines[-1] == b"": lines.pop()
    if not all(len(line) == 1 and line.isdigit() for line in lines):
        raise ValueError("this is no file of predictions")
    if len(lines) != count:
        raise ValueError(f"{len(lines)} lines, expected {count}")
    return np.array([int(line) for line in lines])
""",
    ),
    Misconception(
        name="the number of lines is not compared",
        check="contest_read_rejects",
        hint="Where in your function does `count` occur? Try a file with one line too few.",
        source="""
def read_predictions(path, count):
    with open(path, "rb") as file: lines = file.read().split(b"\\n")
    if lines[-1] == b"": lines.pop()
    for number, line in enumerate(lines, 1):
        if len(line) != 1 or not line.isdigit():
            raise ValueError(f"line {number} is {line!r}, not a digit")
    return np.array([int(line) for line in lines])
""",
    ),
    Misconception(
        name="lines beyond those expected are cut off without a word",
        check="contest_read_rejects",
        hint="A file with 61 lines for 60 images: which line is the one too many? You cannot know that it is the last.",
        source="""
def read_predictions(path, count):
    with open(path, "rb") as file: lines = file.read().split(b"\\n")
    if lines[-1] == b"": lines.pop()
    for number, line in enumerate(lines, 1):
        if len(line) != 1 or not line.isdigit():
            raise ValueError(f"line {number} is {line!r}, not a digit")
    if len(lines) < count:
        raise ValueError(f"{len(lines)} lines, expected {count}")
    return np.array([int(line) for line in lines[:count]])
""",
    ),
    Misconception(
        name="the message does not say how many lines there are",
        check="contest_read_rejects",
        hint='"Wrong number of lines": how many should the reader of your message add or remove?',
        source="""
def read_predictions(path, count):
    with open(path, "rb") as file: lines = file.read().split(b"\\n")
    if lines[-1] == b"": lines.pop()
    for number, line in enumerate(lines, 1):
        if len(line) != 1 or not line.isdigit():
            raise ValueError(f"line {number} is {line!r}, not a digit")
    if len(lines) != count:
        raise ValueError(f"the number of lines is not the expected one")
    return np.array([int(line) for line in lines])
""",
    ),
    Misconception(
        name="the byte order mark is skipped",
        check="contest_read_rejects",
        hint="The encoding utf-8-sig swallows three bytes that other programs will stumble over. Open the file as "
        "bytes: what stands before the first digit?",
        source=_reader(
            'with open(path, encoding="utf-8-sig", newline="") as file: lines = file.read().split("\\n")',
            _STRICT,
            _INTS,
        ),
    ),
    Misconception(
        name="splitlines takes more for the end of a line than the line feed",
        check="contest_read_rejects",
        hint='Print "1\\x0c2".splitlines(). Which characters end a line in this file format, and which for splitlines?',
        source=_reader(
            'with open(path, encoding="latin-1", newline="") as file: lines = file.read().splitlines()',
            _STRICT,
            _INTS,
            drop="",
        ),
    ),
    Misconception(
        name="np.loadtxt reads the file, and forgives it a lot",
        check="contest_read_rejects",
        hint="Give it a file with a blank line, one with a comment (#), one with spaces. Which of them does it refuse, "
        "and does it say in which line, counted from 1?",
        source="""
def read_predictions(path, count):
    digits = np.atleast_1d(np.loadtxt(path, dtype=int))
    if len(digits) != count:
        raise ValueError(f"{len(digits)} lines, expected {count}")
    if digits.min() < 0 or digits.max() > 9:
        raise ValueError(f"line {np.argmax((digits < 0) | (digits > 9)) + 1} is no digit")
    return digits
""",
    ),
)

_FILE = (
    Misconception(
        name="the network saw the same digit everywhere",
        check="contest_file",
        hint="Count the digits in the file with np.bincount. A network that says the same to everything has not "
        "learned, or sees something else than it learned from: print the largest pixel that reaches it.",
        source=f"open('predictions.txt', 'w', newline='\\n').write('1\\n' * {_COUNT})",
    ),
    Misconception(
        name="the file was written as floats",
        check="contest_file",
        hint="Open predictions.txt in an editor and look at the first line. Did your write_predictions write it?",
        source=f"np.savetxt('predictions.txt', np.arange({_COUNT}) % 10)",
    ),
    Misconception(
        name="the file holds the predictions for one batch only",
        check="contest_file",
        hint="How many lines has predictions.txt, and how many images are there in contest_images.npz?",
        source="open('predictions.txt', 'w', newline='\\n').write('0\\n1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n' * 100)",
    ),
)

MISCONCEPTIONS = (*_HOLD_OUT, *_STANDARD_ERROR, *_SHIFT, *_PREDICT, *_LOAD, *_WRITE, *_READ, *_FILE)
