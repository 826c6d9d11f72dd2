"""Recursion instead of loops, a dict of methods without a class statement's base, gradients collected on the way back."""

import numpy as np


def learning_layers(layers):
    if not layers:
        return []
    head, *tail = layers
    inside = [head] if hasattr(head, "W") else learning_layers(getattr(head, "layers", []))
    return [*inside, *learning_layers(tail)]


def forward_from(layers, x):
    return x if not layers else forward_from(layers[1:], layers[0].forward(x))


def backward_to(layers, d):
    return d if not layers else backward_to(layers[:-1], layers[-1].backward(d))


class Network:
    def __init__(self, layers, frozen=0):
        self.layers, self.frozen, self.found = layers, frozen, {}

    def forward(self, x):
        a = forward_from(self.layers, x)
        e = np.exp(a - np.max(a, axis=1, keepdims=True))
        return e / np.einsum("nk->n", e)[:, np.newaxis]

    def backward(self, d_a):
        backward_to(self.layers[self.frozen :], d_a)
        self.found = {}
        numbers = range(len(learning_layers(self.layers[: self.frozen])) + 1, 100)
        for n, layer in zip(numbers, learning_layers(self.layers[self.frozen :])):
            self.found[f"b{n}"], self.found[f"W{n}"] = layer.d_b, layer.d_W

    def parameters(self):
        both = [(layer.W, layer.b) for layer in learning_layers(self.layers)]
        return {name + str(n): value for n, pair in enumerate(both, 1) for name, value in zip("Wb", pair)}

    def gradients(self):
        return self.found


def freeze_convolutions(network):
    def before(layers):
        return 0 if isinstance(layers[0], Flatten) else 1 + before(layers[1:])

    return Network(network.layers, frozen=before(network.layers))


def to_batch(images):
    x = np.true_divide(images, np.float32(255)).astype(np.float32)
    return x.reshape(x.shape[0], -1, x.shape[-2], x.shape[-1])


def move(images, pixels, rng):
    if pixels == 0:
        return images.copy()
    moved = np.roll(
        images, distances := tuple(int(k) for k in rng.integers(-pixels, pixels + 1, 2)), axis=(1, 2)
    )
    for axis, k in enumerate(distances, 1):
        edge = [slice(None)] * 3
        edge[axis] = slice(0, k) if k > 0 else slice(images.shape[axis] + k, None)
        moved[tuple(edge)] = 0
    return moved


def training_step(network, optimizer, x, t):
    y = network.forward(x)
    d_a = y.copy()
    d_a[np.arange(len(y)), t.argmax(axis=1)] -= 1
    d_a /= len(y)
    network.backward(d_a)
    optimizer.update(network.parameters(), network.gradients())
    return float(np.mean(-np.log(np.take_along_axis(y, t.argmax(axis=1)[:, None], axis=1))))


def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    def rest(order):
        if len(order) == 0:
            return []
        batch, later = order[:batch_size], order[batch_size:]
        x = to_batch(move(images[batch], max_move, rng))
        t = (labels[batch][:, None] == np.arange(10)).astype(np.float32)
        return [training_step(network, optimizer, x, t), *rest(later)]

    return float(np.mean(rest(rng.choice(len(images), size=len(images), replace=False))))


def train(network, images, labels, *, epochs=10, batch_size=100, learning_rate=0.01, max_move=0, seed=0):
    rng, optimizer = np.random.default_rng(seed), AdaGrad(learning_rate=learning_rate)
    options = {"batch_size": batch_size, "max_move": max_move, "rng": rng}

    def go_on(epoch):
        if epoch <= epochs:
            print("epoch %d: loss %.4f" % (epoch, train_epoch(network, optimizer, images, labels, **options)))
            go_on(epoch + 1)

    go_on(1)
    return network


def predict(network, images, batch_size=100):
    if len(images) == 0:
        return np.array([], int)
    digits = np.argmax(network.forward(to_batch(images[:batch_size])), axis=-1)
    return np.concatenate([digits, predict(network, images[batch_size:], batch_size)])
