"""A notebook cut differently: helper cells before the answers, base class and generator, names of its own."""

# %%
import numpy as np

# %% [markdown]
# Helpers that several answers share.


# %%
def batches_of(count, size, rng):
    """Index arrays that walk once through a shuffled range(count)."""
    shuffled = rng.permutation(count)
    for start in range(0, count, size):
        yield shuffled[start : start + size]


def to_rows(pictures):
    return flatten(pictures).astype("float32")


# %%
class Layer:
    """What all layers have in common."""

    def forward(self, x):
        self.cache = self.compute(x)
        return self.cache[0]

    def compute(self, x):
        raise NotImplementedError


# %%
class Affine(Layer):
    def __init__(self, W, b):
        super().__init__()
        self.W = W
        self.b = b

    def compute(self, x):
        return x @ self.W + self.b, x

    def backward(self, d_out):
        _, x = self.cache
        self.d_W = np.tensordot(x, d_out, axes=(0, 0))
        self.d_b = np.ones(len(d_out)) @ d_out
        return np.tensordot(d_out, self.W, axes=(1, 1))


# %%
class Sigmoid(Layer):
    def compute(self, x):
        y = sigmoid(x)
        return y, y - y**2

    def backward(self, d_out):
        return d_out * self.cache[1]


# %%
class Network:
    def __init__(self, params):
        self.first = Affine(params["W1"], params["b1"])
        self.middle = Sigmoid()
        self.last = Affine(params["W2"], params["b2"])

    def loss(self, x, t):
        self.t = t
        self.y = softmax(self.last.forward(self.middle.forward(self.first.forward(x))))
        return cross_entropy(self.y, t)

    def gradients(self):
        self.first.backward(
            self.middle.backward(self.last.backward(softmax_cross_entropy_backward(self.y, self.t)))
        )
        return {
            f"{kind}{number}": getattr(layer, f"d_{kind}")
            for number, layer in ((1, self.first), (2, self.last))
            for kind in "Wb"
        }


# %%
def softmax_cross_entropy_backward(y, t):
    d_a = y.copy()
    d_a[np.arange(len(y)), t.argmax(axis=1)] -= 1
    return d_a / len(y)


# %%
def loss_and_gradients(params, x, t):
    network = Network(params)
    loss = network.loss(x, t)
    return loss, network.gradients()


# %%
def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.Generator(np.random.PCG64(seed))
    state = {key: array.astype("float32") for key, array in params.items()}
    x, t = to_rows(images), one_hot(labels).astype("float32")

    def epoch():
        for batch in batches_of(len(x), batch_size, rng):
            loss, grads = loss_and_gradients(state, x[batch], t[batch])
            state.update(sgd_update(state, grads, learning_rate))
            yield loss

    for number in range(1, epochs + 1):
        print(f"epoch {number}: loss {np.mean(list(epoch())):.3f}")
    return state


# %%
def _count_right(params, pictures, digits):
    return np.count_nonzero(classify(params, to_rows(pictures)) == digits)


# %%
def accuracy(params, images, labels):
    parts = range(0, len(images), 100)
    return sum(_count_right(params, images[k : k + 100], labels[k : k + 100]) for k in parts) / len(images)
