"""Everything in float64, new arrays in every step, biases as rows (1, D), NumPy scalars as results."""

import numpy as np


def softmax_cross_entropy_backward(y, t):
    batch = y.shape[0]
    return np.multiply(1.0 / batch, np.subtract(y, t))


class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b.reshape(1, -1)

    def backward(self, d_out):
        self.d_W = np.dot(self.x.T, d_out)
        self.d_b = np.sum(d_out, axis=0, keepdims=True)
        return np.dot(d_out, self.W.T)


class Sigmoid:
    def forward(self, x):
        y = 1 / (1 + np.exp(-x))  # warns of an overflow, and is right
        self.slope = y * (1 - y)
        return y

    def backward(self, d_out):
        return np.multiply(d_out, self.slope)


def loss_and_gradients(params, x, t):
    layer1, act, layer2 = Affine(params["W1"], params["b1"]), Sigmoid(), Affine(params["W2"], params["b2"])
    y = softmax(layer2.forward(act.forward(layer1.forward(x))))
    loss = -np.mean(np.log(np.sum(y * t, axis=1) + 1e-12))
    layer1.backward(act.backward(layer2.backward(softmax_cross_entropy_backward(y, t))))
    return [np.float64(loss), {"W1": layer1.d_W, "b1": layer1.d_b, "W2": layer2.d_W, "b2": layer2.d_b}]


def sgd_update(params, grads, learning_rate):
    return {n: params[n] - learning_rate * np.reshape(grads[n], params[n].shape) for n in params}


def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    x = images.reshape(-1, 28 * 28).astype(np.float64) / 255.0
    t = one_hot(labels)
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        x, t = x[order], t[order]
        losses = []
        for start in range(0, len(x), batch_size):
            stop = min(start + batch_size, len(x))
            loss, grads = loss_and_gradients(params, x[start:stop], t[start:stop])
            params = sgd_update(params, grads, learning_rate)
            losses += [loss]
        print("epoch", str(epoch + 1) + ":", "loss", np.mean(losses).round(4))
    return params


def accuracy(params, images, labels):
    digits = np.concatenate(
        [classify(params, flatten(part)) for part in np.array_split(images, 7) if len(part)]
    )
    return np.sum(digits == labels) / labels.size
