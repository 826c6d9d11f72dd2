"""Everything spelled out: indices, while loops, one image at a time where speed does not matter."""

import numpy as np


def make_conv(channels, filters, size, *, rng, **options):
    N = 0
    for _ in range(channels):
        N += size * size
    W = np.zeros((filters, channels, size, size), dtype=np.float32)
    for f in range(filters):
        for c in range(channels):
            W[f, c] = rng.standard_normal((size, size)) * (2.0 / N) ** 0.5
    b = np.zeros(filters, dtype=np.float32)
    return Conv(W, b, **options)


def make_affine(d_in, d_out, *, rng):
    W = np.zeros((d_in, d_out), dtype=np.float32)
    for i in range(d_in):
        W[i] = rng.standard_normal(d_out) * (2.0 / d_in) ** 0.5
    return Affine(W, np.zeros(d_out, dtype=np.float32))


def learning_layers(layers):
    found = []
    waiting = list(layers)
    while len(waiting) > 0:
        layer = waiting.pop(0)
        if hasattr(layer, "W"):
            found.append(layer)
        elif hasattr(layer, "layers"):
            waiting = list(layer.layers) + waiting
    return found


class Network:
    def __init__(self, layers, frozen=0):
        self.layers = layers
        self.frozen = frozen

    def forward(self, x):
        i = 0
        while i < len(self.layers):
            x = self.layers[i].forward(x)
            i = i + 1
        y = np.zeros(x.shape, x.dtype)
        for n in range(x.shape[0]):
            largest = x[n, 0]
            for k in range(x.shape[1]):
                if x[n, k] > largest:
                    largest = x[n, k]
            e = np.exp(x[n] - largest)
            y[n] = e / e.sum()
        return y

    def backward(self, d_a):
        i = len(self.layers) - 1
        while i >= self.frozen:
            d_a = self.layers[i].backward(d_a)
            i = i - 1

    def parameters(self):
        found = {}
        n = 1
        for layer in learning_layers(self.layers):
            found["W" + str(n)] = layer.W
            found["b" + str(n)] = layer.b
            n = n + 1
        return found

    def gradients(self):
        found = {}
        n = 1
        for i in range(len(self.layers)):
            for layer in learning_layers([self.layers[i]]):
                if i >= self.frozen:
                    found["W" + str(n)] = layer.d_W
                    found["b" + str(n)] = layer.d_b
                n = n + 1
        return found


def freeze_convolutions(network):
    count = 0
    for layer in network.layers:
        if isinstance(layer, Flatten):
            break
        count = count + 1
    network.frozen = count
    return network


def to_batch(images):
    shape = images.shape
    if len(shape) == 3:
        shape = (shape[0], 1, shape[1], shape[2])
    x = np.zeros(shape, dtype=np.float32)
    for n in range(shape[0]):
        x[n] = images[n].reshape(shape[1:]) / 255
    return x


def move(images, pixels, rng):
    if pixels == 0:
        return images
    down = int(rng.integers(-pixels, pixels + 1))
    right = int(rng.integers(-pixels, pixels + 1))
    height, width = images.shape[1], images.shape[2]
    moved = np.zeros(images.shape, images.dtype)
    for i in range(height):
        for j in range(width):
            if 0 <= i - down < height and 0 <= j - right < width:
                moved[:, i, j] = images[:, i - down, j - right]
    return moved


def training_step(network, optimizer, x, t):
    y = network.forward(x)
    d_a = (y - t) / x.shape[0]
    network.backward(d_a)
    params = network.parameters()
    grads = network.gradients()
    optimizer.update(params, grads)
    loss = 0.0
    for n in range(y.shape[0]):
        for k in range(y.shape[1]):
            if t[n, k] == 1:
                loss = loss - float(np.log(y[n, k]))
    return loss / y.shape[0]


def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = list(range(len(images)))
    rng.shuffle(order)
    total = 0.0
    steps = 0
    start = 0
    while start < len(order):
        end = min(start + batch_size, len(order))
        x = []
        t = np.zeros((end - start, 10), dtype=np.float32)
        for k in range(start, end):
            x.append(images[order[k]])
            t[k - start, labels[order[k]]] = 1
        total += training_step(network, optimizer, to_batch(move(np.array(x), max_move, rng)), t)
        steps += 1
        start = end
    return total / steps


def predict(network, images, batch_size=100):
    digits = []
    for n in range(len(images)):
        y = network.forward(to_batch(images[n : n + 1]))
        best = 0
        for k in range(1, 10):
            if y[0, k] > y[0, best]:
                best = k
        digits.append(best)
    return digits


def accuracy(network, images, labels, batch_size=100):
    right = 0
    digits = predict(network, images, batch_size)
    for n in range(len(images)):
        if digits[n] == labels[n]:
            right += 1
    return right / len(images)
