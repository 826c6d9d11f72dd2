"""Loops over images, channels and classes; sums kept by hand; one image at a time."""

import math


def unpack_rows(rows, height=32, width=32):
    images = np.empty((len(rows), 3, height, width), dtype=rows.dtype)
    for n, row in enumerate(rows):
        place = 0
        for c in range(3):
            for line in range(height):
                images[n, c, line] = row[place : place + width]
                place += width
    return images


def to_picture(images):
    if images.ndim == 4:
        return np.array([to_picture(image) for image in images])
    return np.dstack([images[0], images[1], images[2]])


def flatten_color(images):
    if images.ndim == 3:
        images = [images]
    rows = []
    for image in images:
        rows.append(np.concatenate([line for channel in image for line in channel]))
    return np.array(rows)


def to_gray(images):
    gray = []
    for image in images:
        red, green, blue = image.astype(float)
        gray.append(red * 0.299 + green * 0.587 + blue * 0.114)
    return gray


def channel_statistics(images):
    mean, std = [], []
    for c in range(images.shape[1]):
        count, total, squares = 0, 0, 0
        for image in images:
            values = image[c].astype(np.int64)
            count += values.size
            total += int(values.sum())
            squares += int((values * values).sum())
        # Whole numbers: nothing is rounded before the root.
        mean.append(total / count / 255)
        std.append(math.sqrt(count * squares - total * total) / count / 255)
    return mean, std


def standardize(images, mean, std):
    x = np.zeros(images.shape, dtype=np.float32)
    for c in range(images.shape[1]):
        m, s = np.ravel(mean)[c], np.ravel(std)[c]
        for n in range(len(images)):
            x[n, c] = images[n, c] / 255 - m
            if s > 0:
                x[n, c] /= s
    return x


def train_color(images, labels, *, hidden=100, epochs=10, batch_size=100, learning_rate=0.1, seed=0):
    rng = np.random.default_rng(seed)
    mean, std = channel_statistics(images)
    x = flatten_color(standardize(images, mean, std))
    t = one_hot(labels)
    params = init_parameters((x.shape[1], hidden, 10), seed)
    for epoch in range(1, epochs + 1):
        order, seen, loss = rng.permutation(len(x)), 0, 0.0
        while seen < len(x):
            batch = order[seen : seen + batch_size]
            part, grads = loss_and_gradients(params, x[batch], t[batch])
            for name in params:
                params[name] = params[name] - learning_rate * grads[name]
            loss += part * len(batch)
            seen += len(batch)
        print(f"epoch {epoch}: loss {loss / len(x)}")
    return dict(params, mean=np.array(mean), std=np.array(std))


def classify_color(model, images):
    classes = []
    for image in images:
        x = flatten_color(standardize(image[None], model["mean"], model["std"]))
        classes.append(int(classify(model, x)[0]))
    return classes


def weight_pictures(W1, shape=(3, 32, 32)):
    pictures = []
    for node in range(W1.shape[1]):
        weights = W1[:, node].reshape(shape)
        largest = max(float(weights.max()), -float(weights.min()))
        pictures.append(to_picture(weights / (2 * largest) + 0.5 if largest else np.full(shape, 0.5)))
    return np.stack(pictures)
