"""Helper cells with lambdas, closures and a class without a base; examples are columns inside the network."""

# %%
import numpy as np

scaled = lambda images: images.astype(np.float64) * (1 / 255)
per_channel = lambda values: np.asarray(values, dtype=np.float64).reshape((-1, 1, 1))

# %%
unpack_rows = lambda rows, height=32, width=32: np.array([row.reshape(3, height, width) for row in rows])
to_picture = lambda images: np.moveaxis(images, source=images.ndim - 3, destination=images.ndim - 1)
flatten_color = lambda images: images.reshape(1 if images.ndim == 3 else len(images), -1)
to_gray = lambda images: np.tensordot([0.299, 0.587, 0.114], images, axes=(0, 1))


# %%
def of_every_channel(statistic):
    return lambda images: np.array([statistic(scaled(images[:, c])) for c in range(images.shape[1])])


means, deviations = of_every_channel(np.mean), of_every_channel(np.std)


def channel_statistics(images):
    return [means(images), deviations(images)]


# %%
def standardizer(mean, std):
    mean, std = per_channel(mean), per_channel(std)
    std = np.where(std == 0, 1, std)
    return lambda images: (scaled(images) - mean) / std


def standardize(images, mean, std):
    return standardizer(mean, std)(images)


# %%
class ColumnNetwork:
    """A = W2 σ(W1 X + b1) + b2 with an example in every column of X, as in the handout."""

    def __init__(self, W1, b1, W2, b2):
        self.W1, self.b1, self.W2, self.b2 = W1, b1, W2, b2

    def __call__(self, X):
        self.X = X
        self.H = 1 / (1 + np.exp(-np.clip(self.W1 @ X + self.b1, -500, 500)))
        return self.W2 @ self.H + self.b2

    def learn(self, X, T, rate):
        A = self(X)
        Y = np.exp(A - A.max(axis=0))
        Y /= Y.sum(axis=0)
        loss = -np.sum(T * np.log(np.maximum(Y, 1e-30))) / X.shape[1]
        D = (Y - T) / X.shape[1]
        U = self.W2.T @ D * self.H * (1 - self.H)
        for name, gradient in (("W2", D @ self.H.T), ("b2", D), ("W1", U @ X.T), ("b1", U)):
            if name.startswith("b"):
                gradient = gradient.sum(axis=1, keepdims=True)
            setattr(self, name, getattr(self, name) - rate * gradient)
        return loss


# %%
def train_color(images, labels, *, hidden=100, epochs=10, batch_size=100, learning_rate=0.1, seed=0):
    rng = np.random.default_rng([seed, 1])
    mean, std = channel_statistics(images)
    X = flatten_color(standardize(images, mean, std)).T
    T = one_hot(labels).T
    d = X.shape[0]
    draw = lambda rows, columns, n: rng.standard_normal((rows, columns)) / np.sqrt(n)
    network = ColumnNetwork(
        draw(hidden, d, d), draw(hidden, 1, d), draw(10, hidden, hidden), draw(10, 1, hidden)
    )
    for epoch in range(1, epochs + 1):
        order = rng.permutation(X.shape[1])
        starts = range(0, X.shape[1], batch_size)
        parts = (order[s : s + batch_size] for s in starts)
        loss = sum(network.learn(X[:, part], T[:, part], learning_rate) for part in parts) / len(starts)
        print(f"epoch {epoch}: loss {loss:.4f}")
    own = {"W1": network.W1.T, "b1": network.b1.ravel(), "W2": network.W2.T, "b2": network.b2.ravel()}
    return own | {"mean": mean, "std": std}


# %%
def classify_color(model, images, at_once=250):
    columns = [np.reshape(model[name], (-1, 1)) for name in ("b1", "b2")]
    network = ColumnNetwork(model["W1"].T, columns[0], model["W2"].T, columns[1])
    prepare = standardizer(model["mean"], model["std"])
    classes = [
        network(flatten_color(prepare(images[s : s + at_once])).T).argmax(axis=0)
        for s in range(0, len(images), at_once)
    ]
    return np.concatenate(classes).astype(np.int32)


# %%
def weight_pictures(W1, shape=(3, 32, 32)):
    def picture(column):
        largest = np.max(np.abs(column))
        return to_picture(np.interp(column, [-largest, largest], [0, 1]).reshape(shape)) if largest else gray

    gray = np.full((*shape[1:], shape[0]), 0.5)
    return [picture(column) for column in W1.T]
