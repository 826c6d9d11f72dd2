"""Everything in float32, with preallocated arrays, in-place work on copies and compressed files."""

import io
import os

import numpy as np

F = np.float32


def softmax_cross_entropy_backward(y, t):
    d_a = np.array(y, dtype=F)
    d_a -= t
    d_a /= len(y)
    return d_a


class Affine:
    def __init__(self, W, b):
        self.W = np.asarray(W, dtype=F)
        self.b = np.asarray(b, dtype=F)
        self.d_W = np.empty_like(self.W)
        self.d_b = np.empty_like(self.b)

    def forward(self, x):
        self.x = np.asarray(x, dtype=F)
        out = np.empty((len(x), len(self.b)), dtype=F)
        np.matmul(self.x, self.W, out=out)
        out += self.b
        return out

    def backward(self, d_out):
        d_out = np.asarray(d_out, dtype=F)
        np.matmul(self.x.T, d_out, out=self.d_W)
        np.sum(d_out, axis=0, out=self.d_b)
        return d_out @ self.W.T


class Sigmoid:
    def forward(self, x):
        y = np.clip(-np.asarray(x, dtype=F), -80, 80)
        np.exp(y, out=y)
        y += 1
        np.reciprocal(y, out=y)
        self.y = y.copy()
        return y

    def backward(self, d_out):
        d_x = np.array(d_out, dtype=F)
        d_x *= self.y
        d_x *= 1 - self.y
        return d_x


def sgd_update(params, grads, learning_rate):
    for name in params:
        step = np.array(grads[name])
        step *= learning_rate
        params[name] -= step
    return params


def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.RandomState(seed)
    params = {name: np.array(value, dtype=F) for name, value in params.items()}
    x = images.reshape(len(images), -1).astype(F)
    x /= 255
    t = np.eye(10, dtype=F)[labels]
    order = np.arange(len(x))
    for epoch in range(epochs):
        rng.shuffle(order)
        losses = []
        for k in range(len(x) // batch_size):  # what is left over has its turn in the next epoch
            batch = order[k * batch_size : (k + 1) * batch_size]
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print(f"Epoch {epoch + 1}:  loss {sum(losses) / len(losses):.6f}")
    return params


def accuracy(params, images, labels):
    return np.float32(np.mean(classify(params, flatten(images).astype(F)) == labels))


def save_parameters(path, params):
    content = io.BytesIO()
    np.savez_compressed(content, b2=params["b2"], W2=params["W2"], b1=params["b1"], W1=params["W1"])
    with open(path, "wb") as file:
        file.write(content.getvalue())


def load_parameters(path, load=load_parameters):
    if not os.path.exists(path):
        raise FileNotFoundError(path)
    return dict(sorted(load(path).items()))
