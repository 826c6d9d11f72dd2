"""Sums and products written with einsum; the statistics from E[x²] − E[x]²."""


def unpack_rows(rows, height=32, width=32):
    return np.einsum("cnhw->nchw", rows.reshape(-1, 3, height, width).swapaxes(0, 1))


def to_picture(images):
    return np.einsum("...chw->...hwc", images)


def flatten_color(images):
    *batch, c, h, w = images.shape
    return images.reshape(batch[0] if batch else 1, c * h * w)


def to_gray(images):
    return np.einsum("nchw,c->nhw", images / 1.0, [0.299, 0.587, 0.114])


def channel_statistics(images):
    x = images / 255
    count = images.size // images.shape[1]
    mean = np.einsum("nchw->c", x) / count
    squares = np.einsum("nchw,nchw->c", x, x) / count
    variance = squares - mean**2
    return mean, np.sqrt(np.where(variance > 1e-12, variance, 0))


def standardize(images, mean, std):
    factor = np.divide(1, std, out=np.ones(len(std)), where=np.asarray(std) > 0)
    x = np.einsum("nchw,c->nchw", images / 255 - np.asarray(mean)[:, None, None], factor)
    return x.astype(np.float32)


def train_color(images, labels, *, hidden=100, epochs=10, batch_size=100, learning_rate=0.1, seed=0):
    rng = np.random.default_rng(seed)
    mean, std = channel_statistics(images)
    x = flatten_color(standardize(images, mean, std)).astype(np.float64)
    t = np.eye(10)[labels]
    params = init_parameters((x.shape[1], hidden, 10), int(rng.integers(10**6)))
    for epoch in range(1, epochs + 1):
        losses = []
        for batch in np.array_split(rng.permutation(len(x)), max(1, len(x) // batch_size)):
            h = sigmoid_of(np.einsum("bd,dk->bk", x[batch], params["W1"], optimize=True) + params["b1"])
            y = softmax_of(np.einsum("bk,kc->bc", h, params["W2"], optimize=True) + params["b2"])
            losses.append(-np.einsum("bc,bc->", t[batch], np.log(y + 1e-12)) / len(batch))
            d_a = (y - t[batch]) / len(batch)
            d_u = np.einsum("bc,kc,bk->bk", d_a, params["W2"], h * (1 - h), optimize=True)
            steps = {
                "W1": np.einsum("bd,bk->dk", x[batch], d_u, optimize=True),
                "b1": np.einsum("bk->k", d_u),
                "W2": np.einsum("bk,bc->kc", h, d_a, optimize=True),
                "b2": np.einsum("bc->c", d_a),
            }
            params = {name: params[name] - learning_rate * steps[name] for name in params}
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}")
    return {**params, "mean": mean, "std": std}


def sigmoid_of(u):
    return 0.5 + 0.5 * np.tanh(u / 2)


def softmax_of(a):
    e = np.exp(a - np.max(a, axis=-1, keepdims=True))
    return e / np.einsum("bc->b", e)[:, None]


def classify_color(model, images):
    # The standardization taken into the first layer: its weights are divided by std, its bias moved by the mean.
    pixels = images[0, 0].size
    mean, std = (np.repeat(np.ravel(model[name]), pixels) for name in ("mean", "std"))
    W1 = model["W1"] / np.where(std > 0, std, 1)[:, None]
    b1 = model["b1"] - np.einsum("d,dk->k", mean, W1)
    h = sigmoid_of(np.einsum("nd,dk->nk", flatten_color(images) / 255, W1, optimize=True) + b1)
    return np.argmax(np.einsum("nk,kc->nc", h, model["W2"]) + model["b2"], axis=1)


def weight_pictures(W1, shape=(3, 32, 32)):
    c, h, w = shape
    size = np.abs(W1).max(axis=0)
    factor = np.where(size > 0, 0.5 / np.maximum(size, 1e-300), 0)
    return 0.5 + np.einsum("chwk,k->khwc", W1.reshape(c, h, w, -1), factor)
