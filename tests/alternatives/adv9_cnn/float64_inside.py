"""The network computes in float64 and keeps its weights in float32; losses and shares are NumPy numbers."""

import numpy as np


class Network(Network):
    def forward(self, x):
        a = np.asarray(x, dtype=np.float64)
        for layer in self.layers:
            a = layer.forward(a)
        a = a - a.max(axis=1, keepdims=True)
        return np.exp(a - np.log(np.exp(a).sum(axis=1, keepdims=True)))

    def backward(self, d_a):
        d_a = np.asarray(d_a, dtype=np.float64)
        for layer in self.layers[: self.frozen - 1 if self.frozen else None : -1]:
            d_a = layer.backward(d_a)

    def gradients(self):
        found = super().gradients()
        return {name: found[name].astype(np.float64) for name in sorted(found)}


def to_batch(images):
    if images.ndim == 3:
        images = np.expand_dims(images, 1)
    return (images.astype(np.float64) / 255.0).astype(np.float32)


def training_step(network, optimizer, x, t):
    y = network.forward(x)
    loss = np.mean(-np.log(np.sum(y * t, axis=1) + 1e-12))
    network.backward((y - np.asarray(t, dtype=np.float64)) / t.shape[0])
    optimizer.update(network.parameters(), network.gradients())
    return loss


def accuracy(network, images, labels, batch_size=100):
    right = np.int64(0)
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        right += np.count_nonzero(predict(network, images[part], batch_size) == labels[part])
    return np.float64(right) / len(images)
