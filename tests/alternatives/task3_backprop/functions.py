"""No classes and hardly any def: lambdas and closures, lists and Python floats as results."""

import types

import numpy as np

softmax_cross_entropy_backward = lambda y, t: [
    [(y[k][j] - t[k][j]) / len(y) for j in range(len(y[0]))] for k in range(len(y))
]


def Affine(W, b):
    layer = types.SimpleNamespace()

    def forward(x):
        layer.x = np.array(x)
        return layer.x @ W + b

    def backward(d_out):
        d_out = np.array(d_out)
        layer.d_W = (layer.x.T @ d_out).tolist()
        layer.d_b = d_out.sum(0).tolist()
        return (d_out @ W.T).tolist()

    layer.forward, layer.backward = forward, backward
    return layer


def Sigmoid():
    kept = []
    return types.SimpleNamespace(
        forward=lambda x: kept.insert(0, sigmoid(np.array(x))) or kept[0].tolist(),
        backward=lambda d_out: (np.array(d_out) * kept[0] * (1 - kept[0])).tolist(),
    )


def affine(W, b):
    """(x W + b, what leads its gradient back to x, W and b)."""
    return lambda x: (x @ W + b, lambda d: (d @ W.T, x.T @ d, d.sum(0)))


def bent(x):
    y = sigmoid(x)
    return y, lambda d: d * y * (1 - y)


def loss_and_gradients(params, x, t):
    u, back1 = affine(params["W1"], params["b1"])(x)
    h, back_h = bent(u)
    a, back2 = affine(params["W2"], params["b2"])(h)
    y = softmax(a)
    d_h, d_W2, d_b2 = back2((y - t) / len(t))
    _, d_W1, d_b1 = back1(back_h(d_h))
    return float(cross_entropy(y, t)), {"W1": d_W1, "b1": d_b1.tolist(), "W2": d_W2, "b2": d_b2.tolist()}


sgd_update = lambda params, grads, learning_rate: {
    name: params[name] - learning_rate * np.array(grads[name], params[name].dtype) for name in params
}

accuracy = lambda params, images, labels: (
    [
        digit == label for digit, label in np.stack([classify(params, flatten(images)), labels], 1).tolist()
    ].count(True)
    / len(labels)
)
