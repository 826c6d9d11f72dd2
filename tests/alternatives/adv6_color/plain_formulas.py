"""The formulas as they stand in the text, in float64, on all the images at once."""


def unpack_rows(rows, height=32, width=32):
    size = height * width
    channels = [rows[:, i * size : (i + 1) * size].reshape(-1, height, width) for i in range(3)]
    return np.stack(channels, axis=1)


def to_picture(images):
    return images.transpose(1, 2, 0) if images.ndim == 3 else images.transpose(0, 2, 3, 1)


def flatten_color(images):
    if images.ndim == 3:
        images = images[None]
    return images.reshape(len(images), images.size // len(images))


def to_gray(images):
    return 0.299 * images[:, 0] + 0.587 * images[:, 1] + 0.114 * images[:, 2]


def channel_statistics(images):
    x = images / 255
    mean = x.mean(axis=(0, 2, 3))
    return mean, np.sqrt(((x - mean[:, None, None]) ** 2).mean(axis=(0, 2, 3)))


def standardize(images, mean, std):
    mean, std = np.reshape(mean, (1, -1, 1, 1)), np.reshape(std, (1, -1, 1, 1))
    return (images / 255 - mean) / (std + (std == 0))


def train_color(images, labels, *, hidden=100, epochs=10, batch_size=100, learning_rate=0.1, seed=0):
    rng = np.random.default_rng(seed)
    mean, std = channel_statistics(images)
    x = flatten_color(standardize(images, mean, std))
    t = one_hot(labels)
    params = init_parameters((x.shape[1], hidden, 10), seed)
    for epoch in range(epochs):
        total = 0
        steps = len(x) // batch_size
        for _ in range(steps):
            batch = rng.choice(len(x), size=batch_size, replace=False)
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = sgd_update(params, grads, learning_rate)
            total += loss
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}")
    params["mean"], params["std"] = mean, std
    return params


def classify_color(model, images):
    return classify(model, flatten_color(standardize(images, model["mean"], model["std"])))


def weight_pictures(W1, shape=(3, 32, 32)):
    pictures = W1.T.reshape(-1, *shape).transpose(0, 2, 3, 1)
    size = np.abs(pictures).max(axis=(1, 2, 3), keepdims=True)
    return (pictures / np.where(size == 0, 1, size) + 1) / 2
