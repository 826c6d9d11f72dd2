"""Explicit loops over the examples, the names and the images, with sums that start at zero."""

import numpy as np


def softmax_cross_entropy_backward(y, t):
    d_a = np.zeros_like(y)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            d_a[i, j] = (y[i, j] - t[i, j]) / y.shape[0]
    return d_a


class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x):
        self.x = x
        out = np.zeros((x.shape[0], self.W.shape[1]))
        for k in range(x.shape[0]):
            for j in range(self.W.shape[1]):
                out[k, j] = np.dot(x[k], self.W[:, j]) + self.b[j]
        return out

    def backward(self, d_out):
        self.d_W = np.zeros(self.W.shape)
        self.d_b = np.zeros(self.b.shape)
        d_x = np.zeros(self.x.shape)
        for k in range(d_out.shape[0]):
            for j in range(d_out.shape[1]):
                self.d_b[j] += d_out[k, j]
                for i in range(self.x.shape[1]):
                    self.d_W[i, j] += self.x[k, i] * d_out[k, j]
                    d_x[k, i] += d_out[k, j] * self.W[i, j]
        return d_x


class Sigmoid:
    def forward(self, x):
        self.y = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            self.y[index] = sigmoid(x[index])
        return self.y

    def backward(self, d_out):
        d_x = np.zeros(d_out.shape)
        for index in np.ndindex(d_out.shape):
            d_x[index] = d_out[index] * self.y[index] * (1 - self.y[index])
        return d_x


def loss_and_gradients(params, x, t):
    loss = 0.0
    grads = {}
    for name in params:
        grads[name] = np.zeros(params[name].shape)
    for k in range(len(x)):
        h = sigmoid(x[k] @ params["W1"] + params["b1"])
        y = softmax((h @ params["W2"] + params["b2"]).reshape(1, -1))
        loss += cross_entropy(y, t[k].reshape(1, -1)) / len(x)
        d_a = (y[0] - t[k]) / len(x)
        d_u = (params["W2"] @ d_a) * h * (1 - h)
        grads["W2"] += np.outer(h, d_a)
        grads["b2"] += d_a
        grads["W1"] += np.outer(x[k], d_u)
        grads["b1"] += d_u
    return loss, grads


def accuracy(params, images, labels):
    right = 0
    for k in range(len(images)):
        if classify(params, flatten(images[k]))[0] == labels[k]:
            right = right + 1
    return right / len(labels)


def save_parameters(path, params):
    with open(path, "wb") as file:
        np.savez(file, W1=params["W1"], b1=params["b1"], W2=params["W2"], b2=params["b2"])


def load_parameters(path):
    with open(path, "rb") as file:
        params = {}
        try:
            arrays = np.load(file, allow_pickle=False)
            for name in arrays.files:
                params[name] = arrays[name]
        except Exception:
            raise ValueError("cannot read " + str(path)) from None
    for name in params:
        if name not in ("W1", "b1", "W2", "b2"):
            raise ValueError("what is " + name + "?")
    for name in ("W1", "b1", "W2", "b2"):
        if name not in params:
            raise ValueError("there is no " + name)
        if not np.issubdtype(params[name].dtype, np.floating):
            raise ValueError(name + " is not of floats")
        if name[0] == "W" and len(params[name].shape) != 2:
            raise ValueError(name + " needs two dimensions")
        if name[0] == "b" and len(params[name].shape) != 1:
            raise ValueError(name + " needs one dimension")
    return params
