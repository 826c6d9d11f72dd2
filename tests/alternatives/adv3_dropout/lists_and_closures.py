"""Layers as closures over their mask, made by functions; nested lists and Python floats come back."""

import numpy as np


def layer_with(rate, seed, training, use):
    rng, memory = np.random.default_rng(seed), {}

    class Layer:
        pass

    def forward(x, train=True):
        if not train:
            return (np.asarray(x) * use).tolist()
        memory["m"] = np.where(rng.random(np.shape(x)) < rate, 0.0, training)
        return (np.asarray(x) * memory["m"]).tolist()

    layer = Layer()
    layer.rate, layer.forward = rate, forward
    layer.backward = lambda d_out: (np.asarray(d_out) * memory["m"]).tolist()
    return layer


def Dropout(rate=0.5, seed=0):
    return layer_with(rate, seed, training=1.0, use=1 - rate)


def InvertedDropout(rate=0.5, seed=0):
    return layer_with(rate, seed, training=1 / (1 - rate), use=1.0)


keep_mask = lambda shape, rate, rng: (rng.random(shape) >= rate).tolist()


def forward_dropout(params, x, dropout):
    hidden = dropout.forward(sigmoid(x @ params["W1"] + params["b1"]), train=False)
    return softmax(hidden @ params["W2"] + params["b2"]).tolist()


def loss_and_gradients_dropout(params, x, t, dropout):
    a = sigmoid(x @ params["W1"] + params["b1"])
    hidden = np.array(dropout.forward(a))
    y = softmax(hidden @ params["W2"] + params["b2"])
    d_a = softmax_cross_entropy_backward(y, t)
    d_u = np.array(dropout.backward(d_a @ params["W2"].T)) * a * (1 - a)
    grads = {"W1": x.T @ d_u, "b1": d_u.sum(0), "W2": hidden.T @ d_a, "b2": d_a.sum(0)}
    return [float(cross_entropy(y, t)), {name: value.tolist() for name, value in grads.items()}]
