"""Task 3: the network learns. Backpropagation, stochastic gradient descent, saving the result."""

import numpy as np

from solutions.task1_forward import classify, flatten, sigmoid, softmax
from solutions.task2_minibatch import cross_entropy, one_hot


def softmax_cross_entropy_backward(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Gradient of the mean cross-entropy with respect to the logits a that gave y = softmax(a).

    y, t: (B, C) float, probabilities and one-hot targets; both stay as they are. Returns d_a (B, C). Handout eq. (14).
    """
    ### BEGIN SOLUTION
    return (y - t) / len(y)
    ### END SOLUTION


class Affine:
    """A layer of nodes that can learn: `x @ W + b` and its gradients. Handout eq. (4), (18)-(20)."""

    def __init__(self, W: np.ndarray, b: np.ndarray):
        """W: (d_in, d_out) float. b: (d_out,) float. Both are kept, not copied."""
        self.W = W
        self.b = b

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (B, d_in) float. Returns (B, d_out) and remembers what backward needs. Handout eq. (4)."""
        ### BEGIN SOLUTION
        self.x = x
        return x @ self.W + self.b
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """Pass the gradient back through the layer. Handout eq. (18), (19), (20).

        d_out: (B, d_out) float, the gradient of the loss with respect to what forward returned.
        Sets self.d_W (d_in, d_out) and self.d_b (d_out,); returns d_x (B, d_in). d_out stays as it is.
        """
        ### BEGIN SOLUTION
        self.d_W = self.x.T @ d_out
        self.d_b = d_out.sum(axis=0)
        return d_out @ self.W.T
        ### END SOLUTION


class Sigmoid:
    """The sigmoid as a layer. Handout eq. (2), (21)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: float, any shape; it stays as it is. Returns the same shape and remembers what backward needs. Eq. (2)."""
        ### BEGIN SOLUTION
        self.y = sigmoid(x)
        return self.y
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: float, the shape of x; it stays as it is. Returns d_x, the same shape. Handout eq. (21)."""
        ### BEGIN SOLUTION
        return d_out * self.y * (1 - self.y)
        ### END SOLUTION


def loss_and_gradients(
    params: dict[str, np.ndarray], x: np.ndarray, t: np.ndarray
) -> tuple[float, dict[str, np.ndarray]]:
    """One forward and one backward pass through affine, sigmoid, affine, softmax. Handout eq. (12), (13).

    params: "W1", "b1", "W2", "b2". x: (B, d) float. t: (B, C) float, one-hot.
    Returns the mean cross-entropy in nats, and a dict with the keys and shapes of params that holds the
    gradient of that loss with respect to each of them. Changes none of its arguments.
    """
    ### BEGIN SOLUTION
    affine1 = Affine(params["W1"], params["b1"])
    hidden = Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])

    y = softmax(affine2.forward(hidden.forward(affine1.forward(x))))
    loss = cross_entropy(y, t)

    d_u = hidden.backward(affine2.backward(softmax_cross_entropy_backward(y, t)))
    # Not affine1.backward: nobody needs the gradient of the pixels, a fifth of the step's work. Eq. (19), (20).
    d_W1, d_b1 = x.T @ d_u, d_u.sum(axis=0)
    return loss, {"W1": d_W1, "b1": d_b1, "W2": affine2.d_W, "b2": affine2.d_b}
    ### END SOLUTION


def sgd_update(
    params: dict[str, np.ndarray], grads: dict[str, np.ndarray], learning_rate: float
) -> dict[str, np.ndarray]:
    """One step downhill for every parameter. Handout eq. (22).

    params, grads: dicts with the same keys and shapes; learning_rate: η.
    Returns the updated dict: params itself, changed in place, or a new one. grads stays as it is.
    """
    ### BEGIN SOLUTION
    for name in params:
        params[name] -= learning_rate * grads[name]
    return params
    ### END SOLUTION


def train(
    params: dict[str, np.ndarray],
    images: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int = 10,
    batch_size: int = 100,
    learning_rate: float = 1.0,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Train a copy of params with stochastic gradient descent. Handout eq. (22).

    params: the initial values; they are not changed. images: (N, 28, 28) uint8. labels: (N,) int.
    An epoch is N / batch_size random mini-batches; after each one prints a line `epoch 1: loss 0.4321`
    with the mean loss of its mini-batches, each before its own step. The same seed gives the same result.
    Returns the trained parameters, a dict with the keys and shapes of params.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    # Converted once, not once per epoch; float32 halves the memory and doubles the speed of float64.
    params = {name: value.astype(np.float32) for name, value in params.items()}
    x = np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)
    t = one_hot(labels).astype(np.float32)

    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))
        losses = []
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}")
    return params
    ### END SOLUTION


def accuracy(params: dict[str, np.ndarray], images: np.ndarray, labels: np.ndarray) -> float:
    """The fraction of images read correctly, 0..1. Handout eq. (7).

    images: (N, 28, 28) uint8. labels: (N,) int. Works through the images in batches, so that the memory
    needed does not grow with N.
    """
    ### BEGIN SOLUTION
    correct = 0
    for start in range(0, len(images), 1000):
        part = slice(start, start + 1000)
        correct += int(np.sum(classify(params, flatten(images[part])) == labels[part]))
    return correct / len(images)
    ### END SOLUTION


def save_parameters(path: str, params: dict[str, np.ndarray]) -> None:
    """Write the arrays to an .npz file, each under its name, exactly at path.

    An existing file is replaced.
    """
    ### BEGIN SOLUTION
    # np.savez appends ".npz" to a path without it, but not to an open file.
    with open(path, "wb") as file:
        np.savez(file, **params)  # type: ignore[arg-type]  # allow_pickle is none of our names
    ### END SOLUTION


def load_parameters(path: str) -> dict[str, np.ndarray]:
    """Read the arrays "W1", "b1", "W2", "b2" that save_parameters wrote, with their dtype and shape.

    Raises ValueError when the file is no .npz file, and one that names the array when an array is missing,
    unexpected, not of floats, or not 2-D (W) or 1-D (b). FileNotFoundError when there is no file.
    Never unpickles: a pickle in a downloaded file could run any code.
    """
    ### BEGIN SOLUTION
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            params = {name: arrays[name] for name in arrays.files}
    except OSError:
        raise
    except Exception as error:  # a damaged archive fails in many ways: BadZipFile, EOFError, ValueError, ...
        raise ValueError(f"{path} is not an .npz file of plain arrays") from error

    dimensions = {"W1": 2, "b1": 1, "W2": 2, "b2": 1}
    wrong = sorted(dimensions.keys() ^ params.keys())
    if wrong:
        raise ValueError(f"{path}: missing or unexpected arrays: {', '.join(wrong)}")
    for name, ndim in dimensions.items():
        if params[name].ndim != ndim or params[name].dtype.kind != "f":
            raise ValueError(f"{path}: {name} must be a {ndim}-D array of floats")
    return params
    ### END SOLUTION
