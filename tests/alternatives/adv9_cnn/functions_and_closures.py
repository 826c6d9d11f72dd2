"""Lambdas, generators and comprehensions; the network's methods are closures over its list of layers."""

from functools import reduce
from types import SimpleNamespace

import numpy as np

normal = lambda rng, shape, fed: np.float32(rng.normal(scale=np.sqrt(2 / fed), size=shape))
make_conv = lambda channels, filters, size, *, rng, **options: Conv(
    normal(rng, (filters, channels, size, size), channels * size**2), np.zeros(filters, np.float32), **options
)
make_affine = lambda d_in, d_out, *, rng: Affine(
    normal(rng, (d_in, d_out), d_in), np.zeros(d_out, np.float32)
)


def walk(layers):
    for layer in layers:
        if hasattr(layer, "W"):
            yield layer
        else:
            yield from walk(getattr(layer, "layers", ()))


learning_layers = lambda layers: tuple(walk(layers))


def Network(layers, frozen=0):
    net = SimpleNamespace(layers=layers, frozen=frozen)

    def named(weight, bias, skip=0):
        for n, layer in enumerate(walk(layers), 1):
            if n > skip:
                yield f"W{n}", getattr(layer, weight)
                yield f"b{n}", getattr(layer, bias)

    net.forward = lambda x: softmax(reduce(lambda a, layer: layer.forward(a), layers, x))
    net.backward = lambda d: back(layers[net.frozen :], d)
    net.parameters = lambda: dict(named("W", "b"))
    net.gradients = lambda: dict(named("d_W", "d_b", len(learning_layers(layers[: net.frozen]))))
    return net


def back(layers, d):
    for layer in layers[::-1]:
        d = layer.backward(d)


together = lambda makers, rng: Network([make(rng) for make in makers])
stack = lambda *makers: lambda seed=0: together(makers, np.random.default_rng(seed))
conv = lambda *sizes, **options: lambda rng: make_conv(*sizes, rng=rng, **options)
affine = lambda *sizes: lambda rng: make_affine(*sizes, rng=rng)
relu, tanh, flat_row = (lambda rng: ReLU()), (lambda rng: Tanh()), (lambda rng: Flatten())
largest, mean = (lambda rng: MaxPool(2)), (lambda rng: AvgPool(2))

make_cnn = stack(
    conv(1, 30, 5, first=True), relu, largest, flat_row, affine(4320, 100), relu, affine(100, 10)
)
make_eleven_layers = stack(
    conv(1, 16, 5),
    relu,
    largest,
    conv(16, 32, 5),
    relu,
    largest,
    flat_row,
    affine(512, 100),
    relu,
    affine(100, 10),
)
make_lenet5 = stack(
    conv(1, 6, 5, pad=2),
    tanh,
    mean,
    conv(6, 16, 5),
    tanh,
    mean,
    flat_row,
    affine(400, 120),
    tanh,
    affine(120, 84),
    tanh,
    affine(84, 10),
)


def freeze_convolutions(network):
    network.frozen = next(k for k, layer in enumerate(network.layers) if isinstance(layer, Flatten))
    return network


to_batch = lambda images: np.float32(images if images.ndim == 4 else images[:, None]) / np.float32(255)


def move(images, pixels, rng):
    out, (h, w) = np.zeros_like(images), images.shape[1:]
    down, right = (int(rng.integers(-pixels, pixels, endpoint=True)) for _ in "yx")
    cut = lambda k, size: slice(max(k, 0), size + min(k, 0))
    out[:, cut(down, h), cut(right, w)] = images[:, cut(-down, h), cut(-right, w)]
    return out


def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    optimizer.update(network.parameters(), network.gradients())
    return np.float32(cross_entropy(y, t))


def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = rng.permutation(len(images))
    cuts = range(batch_size, len(images), batch_size)
    batches = ((to_batch(move(images[k], max_move, rng)), one_hot(labels[k])) for k in np.split(order, cuts))
    return np.mean([training_step(network, optimizer, x, t.astype("f4")) for x, t in batches])


def train(network, images, labels, *, epochs=10, batch_size=100, learning_rate=0.01, max_move=0, seed=0):
    optimizer, rng = AdaGrad(learning_rate), np.random.default_rng(seed)
    epoch = lambda: train_epoch(
        network, optimizer, images, labels, batch_size=batch_size, max_move=max_move, rng=rng
    )
    print("\n".join(f"epoch {n + 1}: loss {epoch():.4f}" for n in range(epochs)))
    return network


batches_of = lambda images, size: (images[k : k + size] for k in range(0, len(images), size))
predict = lambda network, images, batch_size=100: [
    int(digit)
    for part in batches_of(images, batch_size)
    for digit in network.forward(to_batch(part)).argmax(1)
]
accuracy = lambda network, images, labels, batch_size=100: (
    sum(a == b for a, b in zip(predict(network, images, batch_size), labels)) / len(labels)
)
