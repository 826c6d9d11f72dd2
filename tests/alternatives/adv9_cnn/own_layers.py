"""Layers written anew: windows and tensordot, pooling by reshape with ties for all, columns inside, new arrays."""

import numpy as np


class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad, self.first = W, b, stride, pad, first

    def forward(self, x):
        (p, q), (s, t) = self.both(self.pad), self.both(self.stride)
        self.x = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
        v = np.lib.stride_tricks.sliding_window_view(self.x, self.W.shape[2:], axis=(2, 3))
        self.v = v[:, :, ::s, ::t]
        return np.moveaxis(np.tensordot(self.v, self.W, axes=((1, 4, 5), (1, 2, 3))) + self.b, 3, 1)

    def backward(self, d_out):
        self.d_W = np.tensordot(d_out, self.v, axes=((0, 2, 3), (0, 2, 3)))
        self.d_b = np.sum(d_out, axis=(0, 2, 3), keepdims=True)[0, :, 0, 0]
        if self.first:
            return None
        (p, q), (s, t) = self.both(self.pad), self.both(self.stride)
        d_x = np.zeros_like(self.x)
        for i in range(self.W.shape[2]):
            for j in range(self.W.shape[3]):
                d = np.tensordot(d_out, self.W[:, :, i, j], axes=(1, 0)).transpose(0, 3, 1, 2)
                d_x[:, :, i : i + d.shape[2] * s : s, j : j + d.shape[3] * t : t] += d
        return d_x[:, :, p : d_x.shape[2] - p, q : d_x.shape[3] - q]

    @staticmethod
    def both(value):
        return value if isinstance(value, tuple) else (value, value)


class MaxPool:
    def __init__(self, window):
        self.window = window

    def forward(self, x):
        k = self.window
        N, C, H, W = x.shape
        self.tiles = x.reshape(N, C, H // k, k, W // k, k)
        self.y = self.tiles.max(axis=(3, 5), keepdims=True)
        return self.y[:, :, :, 0, :, 0]

    def backward(self, d_out):
        N, C, A, k, B, _ = self.tiles.shape
        d = (self.tiles == self.y) * d_out[:, :, :, None, :, None]
        return d.reshape(N, C, A * k, B * k)


class ReLU:
    def forward(self, x):
        self.y = x * (x > 0)
        return self.y

    def backward(self, d_out):
        return np.where(self.y > 0, d_out, 0)


class Affine:
    """Column vectors, as in the handout: W^T x + b."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.columns = x.T
        return (self.W.T @ self.columns + self.b.reshape(-1, 1)).T

    def backward(self, d_out):
        d = d_out.T
        self.d_W = self.columns @ d.T
        self.d_b = d.sum(axis=1).reshape(1, -1)
        return (self.W @ d).T


class AdaGrad:
    def __init__(self, learning_rate=0.01):
        self.learning_rate = learning_rate
        self.memory = {}

    def update(self, params, grads):
        new = dict(params)
        for name in grads:
            g = grads[name].reshape(params[name].shape)
            self.memory[name] = self.memory.get(name, 1e-8) + g**2
            new[name] = params[name] - self.learning_rate * g / np.sqrt(self.memory[name])
        return new


def make_affine(d_in, d_out, *, rng):
    W = rng.normal(0, np.sqrt(2 / d_in), size=(d_in, d_out)).astype(np.float32)
    return Affine(W, np.zeros((1, d_out), np.float32))


class Network:
    def __init__(self, layers, frozen=0):
        self.layers, self.frozen = layers, frozen

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        columns = np.exp(x.T - x.max(axis=1))
        return (columns / columns.sum(axis=0)).T

    def backward(self, d_a):
        for k in range(len(self.layers) - 1, self.frozen - 1, -1):
            d_a = self.layers[k].backward(d_a)

    def parameters(self):
        learning = learning_layers(self.layers)
        weights = {f"W{n + 1}": learning[n].W for n in range(len(learning))}
        return {**weights, **{f"b{n + 1}": learning[n].b for n in range(len(learning))}}

    def gradients(self):
        learning = learning_layers(self.layers)
        first = len(learning) - len(learning_layers(self.layers[self.frozen :]))
        weights = {f"W{n + 1}": learning[n].d_W for n in range(first, len(learning))}
        return {**weights, **{f"b{n + 1}": learning[n].d_b for n in range(first, len(learning))}}


def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward((y - t) / len(t))
    updated = optimizer.update(network.parameters(), network.gradients())
    for n, layer in enumerate(learning_layers(network.layers), 1):
        layer.W, layer.b = updated[f"W{n}"], updated[f"b{n}"]
    return -np.sum(np.log(y[t == 1])) / len(t)
