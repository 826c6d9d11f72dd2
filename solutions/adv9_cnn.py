"""Advanced 9: convolutional networks that read digits, out of the layers of the earlier tasks.

All arrays are float32: half the memory traffic of float64, and twice as many numbers in a processor instruction.
"""

import numpy as np

from solutions.adv2_activations import ReLU, Tanh
from solutions.adv5_optimizers import AdaGrad
from solutions.adv7_convolution import Conv
from solutions.adv8_pooling import AvgPool, Flatten, MaxPool
from solutions.task1_forward import softmax
from solutions.task2_minibatch import cross_entropy, one_hot
from solutions.task3_backprop import Affine, softmax_cross_entropy_backward


def make_conv(channels: int, filters: int, size: int, *, rng: np.random.Generator, **options) -> Conv:
    """A convolution layer with random square filters.

    Weights (filters, channels, size, size) float32 from N(0, 2/N), N = channels * size * size the pixels that feed
    one node; biases (filters,) 0. options: stride, pad, first of `Conv`.
    Source: He et al. 2015; the 2 is for ReLU, which lets half of the signal through.
    """
    ### BEGIN SOLUTION
    std = np.sqrt(2 / (channels * size * size))
    W = rng.normal(0, std, size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, np.zeros(filters, np.float32), **options)
    ### END SOLUTION


def make_affine(d_in: int, d_out: int, *, rng: np.random.Generator) -> Affine:
    """An affine layer with random weights (d_in, d_out) float32 from N(0, 2/d_in), biases 0."""
    ### BEGIN SOLUTION
    W = rng.normal(0, np.sqrt(2 / d_in), size=(d_in, d_out)).astype(np.float32)
    return Affine(W, np.zeros(d_out, np.float32))
    ### END SOLUTION


class Network:
    """Layers, one after the other, and a softmax at the end.

    layers: objects with forward and backward; those that learn have W, b, d_W and d_b.
    frozen: how many layers at the front stay as they are. They are left out of the backward pass.
    """

    def __init__(self, layers: list, frozen: int = 0):
        """layers: in the order of the forward pass, without the softmax."""
        self.layers = layers
        self.frozen = frozen

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W) float. Returns (N, classes), probabilities."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer.forward(x)
        return softmax(x)
        ### END SOLUTION

    def backward(self, d_a: np.ndarray) -> None:
        """d_a: (N, classes), gradient with respect to the softmax's input. Every layer that learns gets d_W, d_b."""
        ### BEGIN SOLUTION
        for layer in reversed(self.layers[self.frozen :]):
            d_a = layer.backward(d_a)
        ### END SOLUTION

    def parameters(self) -> dict[str, np.ndarray]:
        """All parameters: "W1" and "b1" of the first layer that has some, and so on. Not copies."""
        ### BEGIN SOLUTION
        learning = [layer for layer in self.layers if hasattr(layer, "W")]
        return {f"{name}{n}": getattr(layer, name) for n, layer in enumerate(learning, 1) for name in ("W", "b")}
        ### END SOLUTION

    def gradients(self) -> dict[str, np.ndarray]:
        """What the last backward found, under the names of `parameters`; nothing for frozen layers."""
        ### BEGIN SOLUTION
        learning = [layer for layer in self.layers if hasattr(layer, "W")]
        front = self.layers[: self.frozen]
        return {
            f"{name}{n}": getattr(layer, f"d_{name}")
            for n, layer in enumerate(learning, 1)
            for name in ("W", "b")
            if layer not in front
        }
        ### END SOLUTION


def make_cnn(seed: int = 0) -> Network:
    """conv(30 of 5x5) - ReLU - pool(2) - affine(100) - ReLU - affine(10), for images (N, 1, 28, 28)."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    return Network(
        [
            make_conv(1, 30, 5, rng=rng, first=True),  # (30, 24, 24)
            ReLU(),
            MaxPool(2),  # (30, 12, 12)
            Flatten(),
            make_affine(30 * 12 * 12, 100, rng=rng),
            ReLU(),
            make_affine(100, 10, rng=rng),
        ]
    )
    ### END SOLUTION


def training_step(network: Network, optimizer: AdaGrad, x: np.ndarray, t: np.ndarray) -> float:
    """Forward, backward, update. x: (N, C, H, W) float. t: (N, classes) one-hot. Returns the mean loss in nats."""
    ### BEGIN SOLUTION
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    optimizer.update(network.parameters(), network.gradients())
    return cross_entropy(y, t)
    ### END SOLUTION
