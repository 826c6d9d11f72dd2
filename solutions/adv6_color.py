"""Advanced task 6: pictures in colour. CIFAR-10, three channels, and a network that takes them.

Colour images are (N, 3, H, W) everywhere: red, green and blue, each a whole picture of its own.
"""

import numpy as np

from solutions.task1_forward import classify, init_parameters
from solutions.task2_minibatch import one_hot
from solutions.task3_backprop import loss_and_gradients, sgd_update


def unpack_rows(rows: np.ndarray, height: int = 32, width: int = 32) -> np.ndarray:
    """Turn the rows of a CIFAR-10 file into colour images.

    rows: (N, 3 * height * width). In each row come all the red values, then all the green ones, then all the blue
    ones; each channel line by line, from the top. Returns (N, 3, height, width), same dtype.
    """
    ### BEGIN SOLUTION
    return rows.reshape(-1, 3, height, width)
    ### END SOLUTION


def to_picture(images: np.ndarray) -> np.ndarray:
    """Put the channels last, as plt.imshow wants them.

    images: (3, H, W) one image, or (N, 3, H, W) a batch. Returns (H, W, 3) or (N, H, W, 3), same dtype and values.
    """
    ### BEGIN SOLUTION
    return np.moveaxis(images, -3, -1)
    ### END SOLUTION


def flatten_color(images: np.ndarray) -> np.ndarray:
    """Write every image as one row: the first channel line by line, then the second, then the third.

    images: (C, H, W) one image, or (N, C, H, W) a batch; any dtype. Returns (1, C*H*W) or (N, C*H*W), same dtype
    and values: nothing is scaled here.
    """
    ### BEGIN SOLUTION
    channels, height, width = images.shape[-3:]
    return images.reshape(-1, channels * height * width)
    ### END SOLUTION


def to_gray(images: np.ndarray) -> np.ndarray:
    """How bright the pixels are: 0.299 red + 0.587 green + 0.114 blue.

    images: (N, 3, H, W) uint8. Returns (N, H, W) float, 0..255. (Source: ITU-R recommendation BT.601.)
    """
    ### BEGIN SOLUTION
    # A sum over one axis, written as a product of matrices: no float copy of all three channels is made.
    return np.einsum("c,nchw->nhw", np.array([0.299, 0.587, 0.114]), images)
    ### END SOLUTION


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every channel, over all images and all pixels, after scaling to 0..1.

    images: (N, C, H, W) uint8. Returns mean (C,) and std (C,), float64. Needs no float copy of all the images.
    """
    ### BEGIN SOLUTION
    # A histogram of the 256 values knows everything that mean and variance need, and it is exact.
    values = np.arange(256) / 255
    counts = [np.bincount(images[:, c].ravel(), minlength=256) for c in range(images.shape[1])]
    shares = np.array(counts) / images[:, 0].size
    mean = shares @ values
    variance = np.array([share @ (values - m) ** 2 for share, m in zip(shares, mean, strict=True)])
    return mean, np.sqrt(variance)
    ### END SOLUTION


def standardize(images: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Scale to 0..1, then subtract every channel's mean and divide by its standard deviation.

    images: (N, C, H, W) uint8. mean, std: (C,) float, of the training images. A channel whose std is 0 is only
    moved, not divided. Returns (N, C, H, W) float32.
    """
    ### BEGIN SOLUTION
    scale = np.where(np.asarray(std) > 0, std, 1)
    mean, scale = (np.asarray(v, dtype=np.float32)[:, None, None] for v in (mean, scale))
    x = np.divide(images, 255, dtype=np.float32)
    x -= mean
    x /= scale
    return x
    ### END SOLUTION


def train_color(
    images: np.ndarray,
    labels: np.ndarray,
    *,
    hidden: int = 100,
    epochs: int = 10,
    batch_size: int = 100,
    learning_rate: float = 0.1,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Train affine, sigmoid, affine, softmax on standardized colour images. Handout eq. (12), (22).

    images: (N, C, H, W) uint8. labels: (N,) int, 0..9. An epoch is N / batch_size random mini-batches; after each
    one prints a line `epoch 1: loss 1.2345` with the mean loss of its mini-batches, as in task 3. The same seed gives the same
    result. Returns the model: "W1" (C*H*W, hidden), "b1", "W2" (hidden, 10), "b2", and "mean" and "std" (C,), the
    channel statistics of images, which belong to it.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    mean, std = channel_statistics(images)
    x = flatten_color(standardize(images, mean, std))
    t = one_hot(labels).astype(np.float32)
    params = init_parameters((x.shape[1], hidden, 10), seed)
    params = {name: value.astype(np.float32) for name, value in params.items()}

    for epoch in range(1, epochs + 1):
        order, losses = rng.permutation(len(x)), []
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}")
    return {**params, "mean": mean, "std": std}
    ### END SOLUTION


def classify_color(model: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """The most probable class of every image. Handout eq. (7).

    model: as train_color returns it. images: (N, C, H, W) uint8. Returns (N,) int. Standardizes with the model's own
    mean and std, and works in batches, so that the memory needed does not grow with N.
    """
    ### BEGIN SOLUTION
    params = {name: model[name] for name in ("W1", "b1", "W2", "b2")}
    found = np.empty(len(images), dtype=int)
    for start in range(0, len(images), 1000):
        part = slice(start, start + 1000)
        found[part] = classify(params, flatten_color(standardize(images[part], model["mean"], model["std"])))
    return found
    ### END SOLUTION


def weight_pictures(W1: np.ndarray, shape: tuple[int, int, int] = (3, 32, 32)) -> np.ndarray:
    """What every node of the first layer looks for, as colour pictures.

    W1: (C*H*W, nodes) float, one column per node. shape: (C, H, W). Returns (nodes, H, W, C) float, 0..1: the weight
    0 becomes 0.5, and the node's largest weight in size becomes 1 if it is positive, 0 if it is negative; a node of
    zeros is 0.5 everywhere.
    """
    ### BEGIN SOLUTION
    size = np.abs(W1).max(axis=0)
    scaled = 0.5 + 0.5 * W1 / np.where(size > 0, size, 1)
    return to_picture(scaled.T.reshape(-1, *shape))
    ### END SOLUTION
