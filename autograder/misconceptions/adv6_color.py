"""Known mistakes with pictures in colour: the order of the numbers, the statistics of the channels, the network."""

from __future__ import annotations

from autograder.misconceptions import Misconception

_LAYOUT = (
    Misconception(
        name="a row is read pixel by pixel, red, green and blue side by side",
        check="color_unpack_rows",
        hint="Show one picture with imshow: coloured stripes? In this file all the red values come first. Which of "
        "channel, line and column changes slowest along a row?",
        source="""
def unpack_rows(rows, height=32, width=32):
    return rows.reshape(-1, height, width, 3).transpose(0, 3, 1, 2)
""",
    ),
    Misconception(
        name="unpack_rows puts the channels last",
        check="color_unpack_rows",
        hint="In this task images are (N, 3, H, W) everywhere; channels go last only for imshow. Print the shape that "
        "you return.",
        source="""
def unpack_rows(rows, height=32, width=32):
    return np.moveaxis(rows.reshape(-1, 3, height, width), 1, -1)
""",
    ),
    Misconception(
        name="height and width are exchanged in unpack_rows",
        check="color_unpack_rows",
        hint="32 × 32 pictures hide it. Unpack rows of 5 × 7 pictures and print the shape.",
        source="def unpack_rows(rows, height=32, width=32): return rows.reshape(-1, 3, width, height)",
    ),
    Misconception(
        name="each channel is read column by column",
        check="color_unpack_rows",
        hint="Show a picture: does the horse lie on its side? Each channel is written line by line, from the top.",
        source="""
def unpack_rows(rows, height=32, width=32):
    return rows.reshape(-1, 3, width, height).swapaxes(2, 3)
""",
    ),
    Misconception(
        name="height and width are fixed to 32",
        check="color_unpack_rows",
        hint="Where in your function do the arguments `height` and `width` occur?",
        source="def unpack_rows(rows, height=32, width=32): return rows.reshape(-1, 3, 32, 32)",
    ),
    Misconception(
        name="blue comes first, red last",
        check="color_unpack_rows",
        hint="Some libraries store blue first. Here channel 0 is red: is the sky in your pictures brown?",
        source="""
def unpack_rows(rows, height=32, width=32):
    return rows.reshape(-1, 3, height, width)[:, ::-1]
""",
    ),
    Misconception(
        name="unpack_rows scales the pixels to 0..1",
        check="color_unpack_rows",
        hint="standardize scales later. What is the largest number left when both have divided?",
        source="def unpack_rows(rows, height=32, width=32): return rows.reshape(-1, 3, height, width) / 255",
    ),
    Misconception(
        name="the numbers are reshaped where an axis should move",
        check="color_to_picture",
        hint="reshape keeps the numbers in their order in memory and only sets other borders. Write down a 2 × 2 "
        "picture with three channels: which numbers belong to its first pixel, before and after?",
        source="""
def to_picture(images):
    *n, c, h, w = images.shape
    return images.reshape(*n, h, w, c)
""",
    ),
    Misconception(
        name="channels and columns change places, so that the pictures lie on their side",
        check="color_to_picture",
        hint="Swapping two axes moves both of them. Print the shape that you get for (3, 6, 4): where did the 6 rows go?",
        source="def to_picture(images): return images.swapaxes(-3, -1)",
    ),
    Misconception(
        name=".T turns all axes round",
        check="color_to_picture",
        hint="Print np.zeros((5, 3, 4, 6)).T.shape. Which axis should have moved, and which ones not?",
        source="def to_picture(images): return images.T",
    ),
    Misconception(
        name="the first axis is moved, which in a batch counts the images",
        check="color_to_picture",
        hint="Counted from the front, the channels are axis 0 in one image and axis 1 in a batch. And counted from the "
        "back?",
        source="def to_picture(images): return np.moveaxis(images, 0, -1)",
    ),
    Misconception(
        name="only a single image can be shown, not a batch",
        check="color_to_picture",
        hint="Try it with a batch (5, 3, 4, 6). How many axes does your transpose name, and how many are there?",
        source="def to_picture(images): return images.transpose(1, 2, 0)",
    ),
    Misconception(
        name="only a batch can be shown, not a single image",
        check="color_to_picture",
        hint="Try it with one image (3, 6, 4). How many axes does your transpose name, and how many are there?",
        source="def to_picture(images): return images.transpose(0, 2, 3, 1)",
    ),
    Misconception(
        name="to_picture changes the values as well",
        check="color_to_picture",
        hint="imshow takes bytes from 0 to 255 as they are. Compare images.sum() before and after.",
        source="def to_picture(images): return np.moveaxis(images, -3, -1) / 255",
    ),
    Misconception(
        name="every channel becomes a row of its own, as task 1 would do it",
        check="color_flatten",
        hint="How many rows do you get for 4 images? The network needs one row for each image, with all its channels.",
        source="def flatten_color(images): return images.reshape(-1, images.shape[-2] * images.shape[-1])",
    ),
    Misconception(
        name="the three numbers of a pixel stand side by side in the row",
        check="color_flatten",
        hint="Flatten np.arange(12).reshape(1, 3, 2, 2): which numbers should come out in which order, if the whole "
        "first channel comes first?",
        source="""
def flatten_color(images):
    return np.moveaxis(images, -3, -1).reshape(-1, int(np.prod(images.shape[-3:])))
""",
    ),
    Misconception(
        name="a single image is taken for a batch of grey ones",
        check="color_flatten",
        hint="Try an image (3, 4, 7): len(images) is 3, but how many images are there? ndim tells them apart.",
        source="def flatten_color(images): return images.reshape(len(images), -1)",
    ),
    Misconception(
        name="a single image becomes a flat array, not a row",
        check="color_flatten",
        hint="Print the shape for one image. (84,) and (1, 84) hold the same numbers, but only one of them is a batch.",
        source="""
def flatten_color(images):
    return images.ravel() if images.ndim == 3 else images.reshape(len(images), -1)
""",
    ),
    Misconception(
        name="the whole batch becomes one row",
        check="color_flatten",
        hint="Print the shape for 4 images. What should stay as it is when a batch is flattened?",
        source="def flatten_color(images): return images.reshape(1, -1)",
    ),
    Misconception(
        name="flatten_color scales to 0..1",
        check="color_flatten",
        hint="The flatten of task 1 scaled; here standardize has done it already. Compare the largest value before and "
        "after.",
        source="""
def flatten_color(images):
    return images.reshape(-1, int(np.prod(images.shape[-3:]))) / 255
""",
    ),
)

_GRAY = (
    Misconception(
        name="the sum of bytes overflows before it is divided",
        check="color_gray",
        hint="Compute np.uint8(200) + np.uint8(100). Which dtype has the sum, and what is the largest number in it?",
        source="def to_gray(images): return (images[:, 0] + images[:, 1] + images[:, 2]) / 3",
    ),
    Misconception(
        name="all three colours have the same weight",
        check="color_gray",
        hint="Pure green looks much brighter than pure blue. Which of the weights in the docstring say so?",
        source="def to_gray(images): return images.mean(axis=1)",
    ),
    Misconception(
        name="the weights of red and blue are exchanged",
        check="color_gray",
        hint="Try a picture that is pure blue: 255 · 0.114 should come out. In which order do the channels stand?",
        source="""
def to_gray(images):
    return 0.114 * images[:, 0] + 0.587 * images[:, 1] + 0.299 * images[:, 2]
""",
    ),
    Misconception(
        name="the weights are applied to the columns",
        check="color_gray",
        hint="Print the shape of the result: which axis is gone? @ and a broadcast product work on the last axis, and "
        "the channels are axis 1.",
        source="def to_gray(images): return images @ np.array([0.299, 0.587, 0.114])",
    ),
    Misconception(
        name="the weights of another standard (BT.709)",
        check="color_gray",
        hint="0.2126, 0.7152 and 0.0722 are right for television in high definition. Which ones does the docstring ask "
        "for?",
        source="""
def to_gray(images):
    return 0.2126 * images[:, 0] + 0.7152 * images[:, 1] + 0.0722 * images[:, 2]
""",
    ),
    Misconception(
        name="the brightness is cut off to whole numbers",
        check="color_gray",
        hint="Print the dtype of the result. What happens to 17.9 when it becomes a byte?",
        source="""
def to_gray(images):
    gray = 0.299 * images[:, 0] + 0.587 * images[:, 1] + 0.114 * images[:, 2]
    return gray.astype(np.uint8)
""",
    ),
    Misconception(
        name="the brightness is scaled to 0..1",
        check="color_gray",
        hint="What is the largest value that comes out, for a white picture? The docstring says 0..255.",
        source="""
def to_gray(images):
    return 0.299 / 255 * images[:, 0] + 0.587 / 255 * images[:, 1] + 0.114 / 255 * images[:, 2]
""",
    ),
    Misconception(
        name="the axis of the channels is kept",
        check="color_gray",
        hint="Print the shape. A grey picture is (H, W), and a batch of them (N, H, W).",
        source="""
def to_gray(images):
    weights = np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)
    return (weights * images).sum(axis=1, keepdims=True)
""",
    ),
)

_STATISTICS = (
    Misconception(
        name="the pixels are not scaled to 0..1 before their statistics are taken",
        check="color_statistics",
        hint="Between which numbers must a mean lie, if all the pixels are between 0 and 1?",
        source="""
def channel_statistics(images): return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))
""",
    ),
    Misconception(
        name="one mean and one deviation for all channels together",
        check="color_statistics",
        hint="How many numbers do you return? A picture of the sea has much blue and little red: each channel wants a "
        "mean of its own.",
        source="""
def channel_statistics(images):
    x = images / 255
    return x.mean(), x.std()
""",
    ),
    Misconception(
        name="the variance in place of the standard deviation",
        check="color_statistics",
        hint="In which unit is a variance measured, if x is measured in metres? standardize divides by a deviation.",
        source="""
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
""",
    ),
    Misconception(
        name="the images' own deviations are averaged",
        check="color_statistics",
        hint="Take one black picture and one white one. How far do their pixels spread each on its own, and how far "
        "all together?",
        source="""
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=(0, 2, 3)), x.std(axis=(2, 3)).mean(axis=0)
""",
    ),
    Misconception(
        name="every image gets statistics of its own",
        check="color_statistics",
        hint="Print the shape of the mean. One number for each channel, over all images and all pixels: which axes "
        "disappear?",
        source="""
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=(2, 3)), x.std(axis=(2, 3))
""",
    ),
    Misconception(
        name="the mean is taken over the channels, for every pixel",
        check="color_statistics",
        hint="`axis` names the axes that disappear. Which one must stay, if there is to be a number for each channel?",
        source="""
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=1), x.std(axis=1)
""",
    ),
    Misconception(
        name="the deviation is divided by N − 1 (ddof = 1)",
        check="color_statistics",
        hint="Here the pixels are not a sample of something larger: they are all there is. What does np.std divide by "
        "if nobody tells it otherwise?",
        source="""
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=(0, 2, 3)), x.std(axis=(0, 2, 3), ddof=1)
""",
    ),
    Misconception(
        name="the squares of bytes overflow",
        check="color_statistics",
        hint="Compute np.uint8(20) ** 2 and look at it. When should bytes become floats?",
        source="""
def channel_statistics(images):
    mean = images.mean(axis=(0, 2, 3)) / 255
    squares = (images ** 2).mean(axis=(0, 2, 3)) / 255 ** 2
    return mean, np.sqrt(np.maximum(squares - mean ** 2, 0))
""",
    ),
    Misconception(
        name="the root of the mean square, without subtracting the mean",
        check="color_statistics",
        hint="A channel that is 0.5 everywhere does not spread at all: its deviation is 0. What does yours give?",
        source="""
def channel_statistics(images):
    x = images / 255
    return x.mean(axis=(0, 2, 3)), np.sqrt((x ** 2).mean(axis=(0, 2, 3)))
""",
    ),
)


def _standardize(formula: str) -> str:
    """standardize with ``formula`` for the result; x is scaled, m and s are (C, 1, 1), s without zeros."""
    return f"""
def standardize(images, mean, std):
    x = images / 255
    m = np.asarray(mean).reshape(-1, 1, 1)
    s = np.where(np.asarray(std) > 0, std, 1).reshape(-1, 1, 1)
    return ({formula}).astype(np.float32)
"""


_STANDARDIZE = (
    Misconception(
        name="mean and std are aligned with the columns, not with the channels",
        check="color_standardize",
        hint="NumPy aligns shapes from the right: (3,) meets the W of (N, 3, H, W). Which shape would meet the "
        "channels?",
        source="""
def standardize(images, mean, std):
    return ((images / 255 - mean) / np.where(std > 0, std, 1)).astype(np.float32)
""",
    ),
    Misconception(
        name="divided by the variance, not by the standard deviation",
        check="color_standardize",
        hint="After standardizing, the standard deviation of each channel should be 1. Is it?",
        source=_standardize("(x - m) / s**2"),
    ),
    Misconception(
        name="only the mean is subtracted",
        check="color_standardize",
        hint="Where in your function does `std` occur? Afterwards all channels should spread equally far.",
        source=_standardize("x - m"),
    ),
    Misconception(
        name="divided first, and then the mean subtracted",
        check="color_standardize",
        hint="Put a pixel in that is exactly the mean: 0 should come out. What comes out of yours?",
        source=_standardize("x / s - m"),
    ),
    Misconception(
        name="multiplied by std",
        check="color_standardize",
        hint="A channel that spreads little should be stretched. Try std = 0.1: do your numbers get larger or smaller?",
        source=_standardize("(x - m) * s"),
    ),
    Misconception(
        name="the pixels from 0 to 255 meet a mean from 0 to 1",
        check="color_standardize",
        hint="mean and std belong to pixels between 0 and 1. Between which numbers are those from which you subtract?",
        source=_standardize("(images - m) / s"),
    ),
    Misconception(
        name="scaled to 0..1 after the mean is subtracted",
        check="color_standardize",
        hint="mean is about 0.5, and a pixel up to 255: what is left of the mean in that difference? Look at the order "
        "of the three steps.",
        source=_standardize("(images - m) / s / 255"),
    ),
    Misconception(
        name="mean and std are taken from the images at hand, not from the arguments",
        check="color_standardize",
        hint="Standardize a single black picture and a single white one. Can the network still tell them apart?",
        source="""
def standardize(images, mean, std):
    x = images / 255
    own = x.std(axis=(0, 2, 3), keepdims=True)
    return ((x - x.mean(axis=(0, 2, 3), keepdims=True)) / np.where(own > 0, own, 1)).astype(np.float32)
""",
    ),
    Misconception(
        name="a channel that is the same everywhere becomes 0/0",
        check="color_constant_channel",
        hint="What is 0.0 / np.float64(0.0)? Standardize with std = [0.2, 0, 0.3] and print the channel in the middle.",
        source="""
def standardize(images, mean, std):
    x = images / 255
    return ((x - np.reshape(mean, (-1, 1, 1))) / np.reshape(std, (-1, 1, 1))).astype(np.float32)
""",
    ),
    Misconception(
        name="a tiny ε in place of std = 0 blows rounding errors up",
        check="color_constant_channel",
        hint="In float32, x − mean of a constant channel is not exactly 0 but about 1e-8. Divide that by your ε.",
        source="""
def standardize(images, mean, std):
    x = images.astype(np.float32) / 255
    return ((x - np.reshape(mean, (-1, 1, 1))) / (np.reshape(std, (-1, 1, 1)) + 1e-12)).astype(np.float32)
""",
    ),
    Misconception(
        name="the zeros in the caller's std are overwritten",
        check="color_arguments",
        hint="Print std before and after the call. `std` is the array of whoever called you, and of the model.",
        source="""
def standardize(images, mean, std):
    std[std == 0] = 1
    return ((images / 255 - mean[:, None, None]) / std[:, None, None]).astype(np.float32)
""",
    ),
    Misconception(
        name="the weights are scaled in place",
        check="color_arguments",
        hint="Look at the pictures, and then at the accuracy again. W1 is the array of whoever called you: what does /= "
        "do to it?",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    W1 /= np.where(size > 0, 2 * size, 1)
    W1 += 0.5
    return to_picture(W1.T.reshape(-1, *shape))
""",
    ),
)

# Right as it stands: each mistake of the training changes a line or two.
_TRAINING = """
def train_color(images, labels, *, hidden=100, epochs=10, batch_size=100, learning_rate=0.1, seed=0):
    rng = np.random.default_rng(seed)
    mean, std = channel_statistics(images)
    x = flatten_color(standardize(images, mean, std))
    t = one_hot(labels).astype(np.float32)
    params = init_parameters((x.shape[1], hidden, 10), seed)
    params = {name: value.astype(np.float32) for name, value in params.items()}
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))
        losses = []
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}")
    return {**params, "mean": mean, "std": std}
"""


def _training(*changes: tuple[str, str]) -> str:
    """The training with every (old, new) of ``changes`` carried out; each old text must be there once."""
    source = _TRAINING
    for old, new in changes:
        if source.count(old) != 1:
            raise ValueError(f"not once there: {old}")
        source = source.replace(old, new)
    return source


_TRAIN = (
    Misconception(
        name="the training shuffles the caller's images and labels",
        check="color_arguments",
        hint="Print labels[:10] before and after the training. Shuffle indices and leave the data where it is.",
        source=_training(
            (
                "    mean, std = channel",
                (
                    "    order = rng.permutation(len(images))\n    images[:], labels[:] = images[order], labels[order]\n"
                    "    mean, std = channel"
                ),
            )
        ),
    ),
    Misconception(
        name="mean and std are not kept in the model",
        check="color_model",
        hint="Somebody gets your model and a picture, nothing else. Which numbers do they need to standardize it?",
        source=_training(('{**params, "mean": mean, "std": std}', "params")),
    ),
    Misconception(
        name="the model's statistics are those of a few images only",
        check="color_model",
        hint="Compare the model's mean with channel_statistics(images). Which images did the network learn from?",
        source=_training(("= channel_statistics(images)", "= channel_statistics(images[:batch_size])")),
    ),
    Misconception(
        name="every single input is standardized by itself, not every channel",
        check="color_model",
        hint="Print the shape of the mean in your model. The three channels have three means, wherever a pixel stands.",
        source=_training(
            (
                "mean, std = channel_statistics(images)\n    x = flatten_color(standardize(images, mean, std))",
                (
                    "x = flatten_color(images) / 255\n    mean, std = x.mean(axis=0), x.std(axis=0) + 1e-6\n"
                    "    x = ((x - mean) / std).astype(np.float32)"
                ),
            )
        ),
    ),
    Misconception(
        name="the training ignores its seed",
        check="color_model",
        hint="Train twice with different seeds and compare W1. Where in your function does `seed` occur?",
        source=_training(("default_rng(seed)", "default_rng(0)"), ("hidden, 10), seed)", "hidden, 10), 0)")),
    ),
    Misconception(
        name="the number of hidden nodes is fixed to 100",
        check="color_model",
        hint="Train with hidden=6 and print the shape of W1. Where in your function does `hidden` occur?",
        source=_training(("hidden, 10), seed)", "100, 10), seed)")),
    ),
    Misconception(
        name="the number of inputs is fixed to 3072",
        check="color_model",
        hint="Train on pictures of 5 × 4 pixels. Which array knows how many numbers a picture has?",
        source=_training(("(x.shape[1], hidden", "(3 * 32 * 32, hidden")),
    ),
    Misconception(
        name="the labels are not shuffled with the images",
        check="color_accuracy",
        hint="Take the first row of a batch: which image is it, and whose label stands beside it?",
        source=_training(("t[batch])", "t[start : start + batch_size])")),
    ),
    Misconception(
        name="the model is what the training began with",
        check="color_accuracy",
        hint="Does sgd_update change its argument or return something new, and which of the two do you hand back? "
        "Compare W1 before and after the training.",
        source=_training(
            (
                "    for epoch in",
                "    first = {name: value.copy() for name, value in params.items()}\n    for epoch in",
            ),
            ("{**params,", "{**first,"),
        ),
    ),
    Misconception(
        name="a step uphill: the gradient is added",
        check="color_accuracy",
        hint="Look at the printed losses, epoch by epoch. In which direction does the gradient point?",
        source=_training(("grads, learning_rate)", "grads, -learning_rate)")),
    ),
    Misconception(
        name="all weights start at zero",
        check="color_accuracy",
        hint="If all hidden nodes begin alike, what makes them differ after a step? Print two columns of W1 at the end.",
        source=_training(
            ("value.astype(np.float32) for", "np.zeros(value.shape, dtype=np.float32) for"),
        ),
    ),
    Misconception(
        name="the learning rate is divided by the batch size once more",
        check="color_accuracy",
        hint="The loss is a mean over the batch, so its gradient has been divided already. How fast does your loss "
        "fall?",
        source=_training(("grads, learning_rate)", "grads, learning_rate / batch_size)")),
    ),
)


def _classify(inputs: str, *, count: str = "len(images)") -> str:
    """classify_color with ``inputs`` for the rows that a ``part`` of the images becomes."""
    return f"""
def classify_color(model, images):
    params = {{name: model[name] for name in ("W1", "b1", "W2", "b2")}}
    found = np.zeros(len(images), dtype=int)
    for start in range(0, {count}, 1000):
        part = images[start : start + 1000]
        found[start : start + 1000] = classify(params, {inputs})
    return found
"""


_CLASSIFY = (
    Misconception(
        name="the images at hand give the statistics, not the model",
        check="color_classify",
        hint="Classify one image alone, then among others. Why should its class depend on its neighbours? The model "
        'brings model["mean"] and model["std"].',
        source=_classify("flatten_color(standardize(part, *channel_statistics(images)))"),
    ),
    Misconception(
        name="the images are scaled to 0..1 but not standardized",
        check="color_classify",
        hint="The network has learned from standardized pixels, with mean 0. What is the mean of what it gets now?",
        source=_classify("flatten_color(part / 255)"),
    ),
    Misconception(
        name="the network gets the raw bytes",
        check="color_classify",
        hint="Print the largest number that reaches the first layer, here and in the training.",
        source=_classify("flatten_color(part).astype(float)"),
    ),
    Misconception(
        name="mean and std are passed in the wrong order",
        check="color_classify",
        hint="Print what standardize gives for a few of the images. Which of its arguments comes second?",
        source=_classify('flatten_color(standardize(part, model["std"], model["mean"]))'),
    ),
    Misconception(
        name="the pictures are flattened with the channels last",
        check="color_classify",
        hint="Row 0 of W1 belongs to the first input of the training. Which number is that: the green of the first "
        "pixel, or the red of the second?",
        source=_classify('to_picture(standardize(part, model["mean"], model["std"])).reshape(len(part), -1)'),
    ),
    Misconception(
        name="the last, smaller batch is left out",
        check="color_classify",
        hint="1 234 images in batches of 1000: which ones does your loop never reach? Print `start` in the loop.",
        source=_classify(
            'flatten_color(standardize(part, model["mean"], model["std"]))',
            count="len(images) // 1000 * 1000",
        ),
    ),
)

_WEIGHTS = (
    Misconception(
        name="all nodes are scaled by the same largest weight",
        check="color_weights",
        hint="A node with small weights would be a grey square. How many maxima are there for six nodes?",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    return to_picture((0.5 + 0.5 * W1 / np.abs(W1).max()).T.reshape(-1, *shape))
""",
    ),
    Misconception(
        name="scaled from the smallest weight to the largest, so that 0 is not 0.5",
        check="color_weights",
        hint="Which colour does the weight 0 get in each of your pictures? It should be the same grey in all of them.",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    low, high = W1.min(axis=0), W1.max(axis=0)
    return to_picture(((W1 - low) / np.where(high > low, high - low, 1)).T.reshape(-1, *shape))
""",
    ),
    Misconception(
        name="W1 is reshaped without being transposed",
        check="color_weights",
        hint="Which numbers of W1 belong to one node, a row or a column? reshape reads row after row.",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    return to_picture((0.5 + 0.5 * W1 / np.where(size > 0, size, 1)).reshape(-1, *shape))
""",
    ),
    Misconception(
        name="the channels stay first, where imshow wants them last",
        check="color_weights",
        hint="Print the shape of one of the pictures, and compare with what imshow wants.",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    return (0.5 + 0.5 * W1 / np.where(size > 0, size, 1)).T.reshape(-1, *shape)
""",
    ),
    Misconception(
        name="the size is that of the largest positive weight",
        check="color_weights",
        hint="A node whose strongest weight is negative: how dark does that one get? The docstring says: largest in "
        "size.",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    size = W1.max(axis=0)
    return to_picture((0.5 + 0.5 * W1 / np.where(size > 0, size, 1)).T.reshape(-1, *shape))
""",
    ),
    Misconception(
        name="half of the range is used twice: weights go from −0.5 to 1.5",
        check="color_weights",
        hint="Print the smallest and the largest value of your pictures. W / max|W| lies between −1 and 1: how long is "
        "that, and how long is 0..1?",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    return to_picture((0.5 + W1 / np.where(size > 0, size, 1)).T.reshape(-1, *shape))
""",
    ),
    Misconception(
        name="a node whose weights are all zero is divided by zero",
        check="color_weights",
        hint="What is 0.0 / np.float64(0.0)? A node that looks for nothing should be an even grey.",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    return to_picture((0.5 + 0.5 * W1 / np.abs(W1).max(axis=0)).T.reshape(-1, *shape))
""",
    ),
    Misconception(
        name="the sign of the weights is lost",
        check="color_weights",
        hint="Which colours do two weights get that differ only in their sign? One makes the node fire, the other keeps "
        "it from firing.",
        source="""
def weight_pictures(W1, shape=(3, 32, 32)):
    size = np.abs(W1).max(axis=0)
    return to_picture((np.abs(W1) / np.where(size > 0, size, 1)).T.reshape(-1, *shape))
""",
    ),
)

MISCONCEPTIONS = (*_LAYOUT, *_GRAY, *_STATISTICS, *_STANDARDIZE, *_TRAIN, *_CLASSIFY, *_WEIGHTS)
