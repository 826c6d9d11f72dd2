"""float32 wherever numbers meet: layers, batches, losses and the optimizer's arrays, whatever comes in."""

import numpy as np

F = np.float32


class Conv(Conv):
    def __init__(self, W, b, *args, **options):
        super().__init__(W.astype(F), b.astype(F), *args, **options)


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W.astype(F), b.astype(F)

    def forward(self, x):
        self.x = x.astype(F, copy=False)
        return np.einsum("ni,ij->nj", self.x, self.W, optimize=True) + self.b

    def backward(self, d_out):
        d = d_out.astype(F, copy=False)
        self.d_W, self.d_b = self.x.T @ d, np.einsum("nj->j", d)
        return d @ self.W.T


class Network:
    def __init__(self, layers, frozen=0):
        self.layers, self.frozen = layers, frozen

    def forward(self, x):
        x = x.astype(F, copy=False)
        for layer in self.layers:
            x = layer.forward(x)
        e = np.exp(x - x.max(axis=1, keepdims=True), dtype=F)
        return np.divide(e, e.sum(axis=1, keepdims=True), dtype=F)

    def backward(self, d_a):
        d_a = d_a.astype(F, copy=False)
        for number in reversed(range(self.frozen, len(self.layers))):
            d_a = self.layers[number].backward(d_a)

    def parameters(self):
        found = {}
        for n, layer in enumerate(learning_layers(self.layers), 1):
            found |= {f"W{n}": layer.W, f"b{n}": layer.b}
        return found

    def gradients(self):
        found = {}
        skipped = len(learning_layers(self.layers[: self.frozen]))
        for n, layer in enumerate(learning_layers(self.layers), 1):
            if n > skipped:
                found |= {f"W{n}": layer.d_W, f"b{n}": layer.d_b}
        return found


def to_batch(images):
    shape = images.shape if images.ndim == 4 else (len(images), 1, *images.shape[1:])
    return np.multiply(images, F(1 / 255), dtype=F).reshape(shape)


def training_step(network, optimizer, x, t):
    y, t = network.forward(x), t.astype(F)
    network.backward((y - t) / F(len(t)))
    optimizer.update(network.parameters(), network.gradients())
    return -np.mean(np.log(y.max(axis=1, where=t > 0, initial=F(1e-30))), dtype=F)
