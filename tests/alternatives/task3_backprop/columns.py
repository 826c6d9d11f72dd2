"""Column vectors inside, as the handout writes them; rows only at the border."""

import numpy as np


def softmax_cross_entropy_backward(y, t):
    Y, T = y.T, t.T
    B = Y.shape[1]
    return ((Y - T) / B).T


class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x):
        self.X = x.T  # (d_in, B)
        return (self.W.T @ self.X + self.b.reshape(-1, 1)).T

    def backward(self, d_out):
        D = d_out.T  # (d_out, B)
        self.d_W = (D @ self.X.T).T
        self.d_b = D.sum(axis=1)
        return (self.W @ D).T


class Sigmoid:
    def forward(self, x):
        self.Y = sigmoid(x.T)
        return self.Y.T

    def backward(self, d_out):
        return (d_out.T * self.Y * (1 - self.Y)).T


def loss_and_gradients(params, x, t):
    W1, b1 = params["W1"].T, params["b1"][:, None]
    W2, b2 = params["W2"].T, params["b2"][:, None]
    X, T = x.T, t.T
    B = X.shape[1]
    H = sigmoid(W1 @ X + b1)
    Y = softmax((W2 @ H + b2).T).T
    D2 = (Y - T) / B
    D1 = (W2.T @ D2) * H * (1 - H)
    grads = {
        "W1": (D1 @ X.T).T,
        "b1": np.sum(D1, axis=1),
        "W2": (D2 @ H.T).T,
        "b2": np.sum(D2, axis=1),
    }
    return cross_entropy(Y.T, T.T), grads


def sgd_update(params, grads, learning_rate):
    return {name: params[name] - learning_rate * grads[name] for name in params}


def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    generator = np.random.default_rng(seed)
    X = (images.reshape(len(images), -1) / 255).T  # (784, N)
    T = one_hot(labels).T
    N = X.shape[1]
    for epoch in range(epochs):
        order = generator.permutation(N)
        total, steps = 0.0, 0
        for k in range(0, N, batch_size):
            chosen = order[k : k + batch_size]
            loss, grads = loss_and_gradients(params, X[:, chosen].T, T[:, chosen].T)
            params = sgd_update(params, grads, learning_rate)
            total += loss
            steps += 1
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}")
    return params


def accuracy(params, images, labels):
    X = images.reshape(len(images), -1).T / 255
    H = sigmoid(params["W1"].T @ X + params["b1"][:, None])
    A = params["W2"].T @ H + params["b2"][:, None]
    return np.mean(np.argmax(A, axis=0) == labels)
