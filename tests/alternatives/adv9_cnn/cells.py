"""Cells split and helpers added: a parser of stacks, a generator of batches, a table of the layers that learn."""

# %%
import math

import numpy as np


# %%
def he_normal(shape, fan_in, rng):
    scale = math.sqrt(2 / fan_in)
    return (scale * rng.standard_normal(shape)).astype(np.float32)


def zeros(count):
    return np.zeros(count, dtype=np.float32)


# %%
def make_conv(channels, filters, size, *, rng, stride=1, pad=0, first=False):
    W = he_normal((filters, channels, size, size), channels * size * size, rng)
    return Conv(W, zeros(filters), stride, pad, first)


# %%
def make_affine(d_in, d_out, *, rng):
    return Affine(he_normal((d_in, d_out), d_in, rng), zeros(d_out))


# %%
def collect(layer, found):
    if hasattr(layer, "W"):
        found.append(layer)
    for inner in getattr(layer, "layers", []):
        collect(inner, found)


def learning_layers(layers):
    found = []
    for layer in layers:
        collect(layer, found)
    return found


# %%
class Network:
    def __init__(self, layers, frozen=0):
        self.layers = list(layers)
        self.frozen = frozen

    def table(self):
        """(number, layer, whether it learns) of the layers with weights."""
        still = {id(layer) for layer in learning_layers(self.layers[: self.frozen])}
        return [
            (n, layer, id(layer) not in still)
            for n, layer in enumerate(learning_layers(self.layers), start=1)
        ]

    def scores(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def forward(self, x):
        return softmax(self.scores(x))

    def backward(self, d_a):
        learning = self.layers[self.frozen :]
        while learning:
            d_a = learning.pop().backward(d_a)

    def parameters(self):
        found = {}
        for n, layer, _ in self.table():
            found.update({f"W{n}": layer.W, f"b{n}": layer.b})
        return found

    def gradients(self):
        found = {}
        for n, layer, learns in self.table():
            if learns:
                found.update({f"W{n}": layer.d_W, f"b{n}": layer.d_b})
        return found


# %%
def stack(text, seed):
    """ "c1-30-5 m r f a4320-100": a network from a line of text."""
    rng = np.random.default_rng(seed)
    simple = {"r": ReLU, "t": Tanh, "f": Flatten, "m": lambda: MaxPool(2), "v": lambda: AvgPool(2)}
    layers = []
    for word in text.split():
        if word in simple:
            layers.append(simple[word]())
            continue
        numbers = [int(number) for number in word[1:].split("-")]
        if word[0] == "a":
            layers.append(make_affine(*numbers, rng=rng))
        else:
            options = {"pad": numbers[3]} if len(numbers) > 3 else {}
            layers.append(make_conv(*numbers[:3], rng=rng, first=not layers, **options))
    return Network(layers)


# %%
def make_cnn(seed=0):
    return stack("c1-30-5 m r f a4320-100 r a100-10", seed)


def make_eleven_layers(seed=0):
    return stack("c1-16-5 r m c16-32-5 r m f a512-100 r a100-10", seed)


def make_lenet5(seed=0):
    return stack("c1-6-5-2 t v c6-16-5 t v f a400-120 t a120-84 t a84-10", seed)


# %%
def freeze_convolutions(network):
    network.frozen = [isinstance(layer, Flatten) for layer in network.layers].index(True)
    return network


# %%
SCALE = np.float32(1 / 255)


def to_batch(images):
    images = images.reshape(len(images), -1, *images.shape[-2:])
    return images.astype(np.float32) * SCALE


# %%
def shift(size, k):
    """From where and to where the pixels of one axis go."""
    return np.arange(max(0, -k), size - max(0, k)), np.arange(max(0, k), size - max(0, -k))


def move(images, pixels, rng):
    if not pixels:
        return images
    (old_i, new_i), (old_j, new_j) = (
        shift(s, int(rng.integers(-pixels, pixels + 1))) for s in images.shape[1:]
    )
    moved = np.zeros_like(images)
    moved[:, new_i[:, None], new_j] = images[:, old_i[:, None], old_j]
    return moved


# %%
def batches(count, batch_size, rng=None):
    order = np.arange(count)
    if rng is not None:
        rng.shuffle(order)
    for start in range(0, count, batch_size):
        yield order[start : start + batch_size]


# %%
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    loss = cross_entropy(y, t)
    network.backward(softmax_cross_entropy_backward(y, t))
    params, grads = network.parameters(), network.gradients()
    optimizer.update({name: params[name] for name in grads}, grads)
    return loss


# %%
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    total, steps = 0.0, 0
    for chosen in batches(len(images), batch_size, rng):
        x = to_batch(move(images[chosen], max_move, rng))
        total += training_step(network, optimizer, x, np.eye(10, dtype=np.float32)[labels[chosen]])
        steps += 1
    return total / steps


# %%
def predict(network, images, batch_size=100):
    parts = [network.scores(to_batch(images[k])) for k in batches(len(images), batch_size)]
    return np.argmax(np.vstack(parts), axis=1)


def accuracy(network, images, labels, batch_size=100):
    right = sum(
        int((predict(network, images[k], batch_size) == labels[k]).sum())
        for k in batches(len(images), batch_size)
    )
    return right / len(images)
