"""The checks of advanced task 9: the reference passes, every mistake fails, whatever is merely different passes."""

import pytest

from autograder.checks import adv9_cnn as checks
from autograder.checks.outcome import Status
from tests.checks.harness import (
    fuzz_cases,
    grade,
    grade_recorded,
    not_passed,
    public_names,
    recorded_bytes,
    stub_source,
)

TASK = "adv9_cnn"
TRAINING = "cnn_train_accuracy"
ALL_BUT_TRAINING = [name for name in vars(checks) if name.startswith("cnn_") and name != TRAINING]

NETWORK = """
class Network(Network):
    def {method}:
        {body}
"""


def network(method: str, body: str) -> str:
    return NETWORK.format(method=method, body=body)


# name: (the check it must fail, source)
MISTAKES = {
    "variance_for_standard_deviation": (
        "cnn_make_layers",
        """
def make_affine(d_in, d_out, *, rng):
    return Affine(rng.normal(0, 2 / d_in, size=(d_in, d_out)).astype(np.float32), np.zeros(d_out, np.float32))
""",
    ),
    "std_without_the_channels": (
        "cnn_make_layers",
        """
def make_conv(channels, filters, size, *, rng, **options):
    W = rng.normal(0, np.sqrt(2 / (size * size)), size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, np.zeros(filters, np.float32), **options)
""",
    ),
    "variance_one_over_n": (
        "cnn_make_layers",
        """
def make_affine(d_in, d_out, *, rng):
    W = rng.normal(0, np.sqrt(1 / d_in), size=(d_in, d_out)).astype(np.float32)
    return Affine(W, np.zeros(d_out, np.float32))
""",
    ),
    "own_generator": (
        "cnn_make_layers",
        """
def make_affine(d_in, d_out, *, rng):
    W = np.random.default_rng(0).normal(0, np.sqrt(2 / d_in), size=(d_in, d_out)).astype(np.float32)
    return Affine(W, np.zeros(d_out, np.float32))
""",
    ),
    "options_dropped": (
        "cnn_make_layers",
        """
def make_conv(channels, filters, size, *, rng, **options):
    W = rng.normal(0, np.sqrt(2 / (channels * size * size)), size=(filters, channels, size, size))
    return Conv(W.astype(np.float32), np.zeros(filters, np.float32))
""",
    ),
    "float64_weights": (
        "cnn_make_layers",
        """
def make_affine(d_in, d_out, *, rng):
    return Affine(rng.normal(0, np.sqrt(2 / d_in), size=(d_in, d_out)), np.zeros(d_out))
""",
    ),
    "only_the_outer_layers": (
        "cnn_learning_layers",
        "def learning_layers(layers):\n    return [layer for layer in layers if hasattr(layer, 'W')]",
    ),
    "one_level_deep": (
        "cnn_learning_layers",
        """
def learning_layers(layers):
    found = []
    for layer in layers:
        for inner in getattr(layer, "layers", [layer]):
            found += [inner] if hasattr(inner, "W") else []
    return found
""",
    ),
    "blocks_last": (
        "cnn_learning_layers",
        """
def learning_layers(layers):
    found = [layer for layer in layers if hasattr(layer, "W")]
    for layer in layers:
        found += learning_layers(getattr(layer, "layers", []))
    return found
""",
    ),
    "no_softmax": (
        "cnn_network_forward",
        network("forward(self, x)", "for layer in self.layers: x = layer.forward(x)\n        return x"),
    ),
    "first_layer_skipped": (
        "cnn_network_forward",
        network(
            "forward(self, x)", "return Network(self.layers[1:] if len(x) == 2 else self.layers).plain(x)"
        )
        + "Network.plain = Network.__mro__[1].forward\n",
    ),
    "frozen_layers_skipped_forward": (
        "cnn_network_forward",
        network(
            "forward(self, x)",
            "x = x.reshape(len(x), -1)[:, :6] if self.frozen else x\n"
            "        for layer in self.layers[self.frozen :]: x = layer.forward(x)\n        return softmax(x)",
        ),
    ),
    "backward_from_the_front": (
        "cnn_network_gradients",
        network("backward(self, d_a)", "for layer in self.layers: d_a = layer.backward(d_a)"),
    ),
    "backward_with_the_same_gradient": (
        "cnn_network_gradients",
        network("backward(self, d_a)", "self.layers[-1].backward(d_a)"),
    ),
    "backward_divides_by_the_batch_again": (
        "cnn_network_gradients",
        network("backward(self, d_a)", "super().backward(d_a / len(d_a))"),
    ),
    "names_from_zero": (
        "cnn_network_gradients",
        network(
            "parameters(self)",
            "found = enumerate(learning_layers(self.layers)); "
            "return {f'{c}{n}': getattr(layer, c) for n, layer in found for c in 'Wb'}",
        ),
    ),
    "names_by_place": (
        "cnn_network_gradients",
        network(
            "gradients(self)",
            "found = enumerate(self.layers, 1); "
            "return {f'{c}{n}': getattr(x, 'd_' + c) for n, x in found if hasattr(x, 'W') for c in 'Wb'}",
        ),
    ),
    "gradients_reversed": (
        "cnn_network_gradients",
        network(
            "gradients(self)",
            "found = enumerate(learning_layers(self.layers)[::-1], 1); "
            "return {f'{c}{n}': getattr(x, 'd_' + c) for n, x in found for c in 'Wb'}",
        ),
    ),
    "frozen_ignored": (
        "cnn_network_frozen",
        network("backward(self, d_a)", "for layer in self.layers[::-1]: d_a = layer.backward(d_a)"),
    ),
    "frozen_gradients_returned": (
        "cnn_network_frozen",
        network(
            "gradients(self)",
            "found = enumerate(learning_layers(self.layers), 1); "
            "return {f'{c}{n}': getattr(x, 'd_' + c) for n, x in found for c in 'Wb'}",
        ),
    ),
    "frozen_renumbered": (
        "cnn_network_frozen",
        network(
            "gradients(self)",
            "found = enumerate(learning_layers(self.layers[self.frozen:]), 1); "
            "return {f'{c}{n}': getattr(x, 'd_' + c) for n, x in found for c in 'Wb'}",
        ),
    ),
    "freezes_the_first_layer_only": (
        "cnn_network_frozen",
        "def freeze_convolutions(network):\n    network.frozen = 1\n    return network",
    ),
    "freezes_the_affine_layers": (
        "cnn_network_frozen",
        "def freeze_convolutions(network):\n    network.frozen = len(network.layers)\n    return network",
    ),
    "freeze_returns_nothing": (
        "cnn_network_frozen",
        "def freeze_convolutions(network):\n    network.frozen = 3",
    ),
    "cnn_without_hidden_relu": (
        "cnn_make_cnn",
        """
_make_cnn = make_cnn
def make_cnn(seed=0):
    network = _make_cnn(seed)
    del network.layers[5]
    return network
""",
    ),
    "cnn_with_average_pooling": (
        "cnn_make_cnn",
        """
_make_cnn = make_cnn
def make_cnn(seed=0):
    network = _make_cnn(seed)
    network.layers[1] = AvgPool(2)
    return network
""",
    ),
    "cnn_always_seed_zero": (
        "cnn_make_cnn",
        "_make_cnn = make_cnn\ndef make_cnn(seed=0):\n    return _make_cnn(0)",
    ),
    "cnn_ends_with_relu": (
        "cnn_make_cnn",
        """
_make_cnn = make_cnn
def make_cnn(seed=0):
    network = _make_cnn(seed)
    network.layers.append(ReLU())
    return network
""",
    ),
    "eleven_with_swapped_filters": (
        "cnn_make_eleven_layers",
        """
def make_eleven_layers(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 32, 5, rng=rng, first=True), ReLU(), MaxPool(2), make_conv(32, 16, 5, rng=rng), ReLU(),
        MaxPool(2), Flatten(), make_affine(256, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng)])
""",
    ),
    "eleven_without_second_activation": (
        "cnn_make_eleven_layers",
        """
_make_eleven = make_eleven_layers
def make_eleven_layers(seed=0):
    network = _make_eleven(seed)
    del network.layers[4]
    return network
""",
    ),
    "lenet_without_padding": (
        "cnn_make_lenet5",
        """
_make_lenet = make_lenet5
def make_lenet5(seed=0):
    rng = np.random.default_rng(seed)
    layers = [make_conv(1, 6, 5, rng=rng), *_make_lenet(seed).layers[1:7]]
    return Network([*layers, make_affine(256, 120, rng=rng), *_make_lenet(seed).layers[8:]])
""",
    ),
    "lenet_with_relu": (
        "cnn_make_lenet5",
        """
_make_lenet = make_lenet5
def make_lenet5(seed=0):
    network = _make_lenet(seed)
    network.layers = [ReLU() if isinstance(layer, Tanh) else layer for layer in network.layers]
    return network
""",
    ),
    "lenet_with_max_pooling": (
        "cnn_make_lenet5",
        """
_make_lenet = make_lenet5
def make_lenet5(seed=0):
    network = _make_lenet(seed)
    network.layers = [MaxPool(2) if isinstance(layer, AvgPool) else layer for layer in network.layers]
    return network
""",
    ),
    "bytes_stay_bytes": (
        "cnn_to_batch",
        "def to_batch(images):\n    x = images.astype(np.float32)\n    return x[:, None] if x.ndim == 3 else x",
    ),
    "divides_by_256": (
        "cnn_to_batch",
        "def to_batch(images):\n    x = np.float32(images) / 256\n    return x[:, None] if x.ndim == 3 else x",
    ),
    "batch_of_float64": (
        "cnn_to_batch",
        "def to_batch(images):\n    x = images / 255\n    return x[:, None] if x.ndim == 3 else x",
    ),
    "grey_axis_always": (
        "cnn_to_batch",
        "def to_batch(images):\n    return np.divide(images, 255, dtype=np.float32)[:, None]",
    ),
    "channels_last": (
        "cnn_to_batch",
        (
            "def to_batch(images):\n    x = np.divide(images, 255, dtype=np.float32)\n"
            "    return x[..., None] if x.ndim == 3 else x"
        ),
    ),
    "pixels_come_back_in": (
        "cnn_move",
        """
def move(images, pixels, rng):
    down, right = rng.integers(-pixels, pixels + 1, size=2)
    return np.roll(images, (down, right), axis=(1, 2))
""",
    ),
    "one_distance_for_both_axes": (
        "cnn_move",
        """
_move = move
class _Same:
    def __init__(self, rng): self.rng = rng
    def integers(self, low, high, size): return [self.rng.integers(low, high)] * 2
def move(images, pixels, rng):
    return _move(images, pixels, _Same(rng))
""",
    ),
    "last_distance_missing": (
        "cnn_move",
        """
def move(images, pixels, rng):
    if pixels == 0:
        return images
    down, right = rng.integers(0, 2 * pixels, size=2)
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels)))
    return padded[:, down : down + images.shape[1], right : right + images.shape[2]]
""",
    ),
    "every_image_its_own_way": (
        "cnn_move",
        """
_move = move
def move(images, pixels, rng):
    return np.concatenate([_move(images[k : k + 1], pixels, rng) for k in range(len(images))])
""",
    ),
    "height_for_width": (
        "cnn_move",
        """
def move(images, pixels, rng):
    size = images.shape[1]
    down, right = rng.integers(0, 2 * pixels + 1, size=2)
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels)))
    return padded[:, down : down + size, right : right + size]
""",
    ),
    "loss_after_the_update": (
        "cnn_training_step",
        """
_step = training_step
def training_step(network, optimizer, x, t):
    _step(network, optimizer, x, t)
    return cross_entropy(network.forward(x), t)
""",
    ),
    "gradient_without_the_mean": (
        "cnn_training_step",
        """
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(t - y)
    optimizer.update(network.parameters(), network.gradients())
    return cross_entropy(y, t)
""",
    ),
    "no_update": (
        "cnn_training_step",
        """
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    return cross_entropy(y, t)
""",
    ),
    "update_of_copies": (
        "cnn_training_step",
        """
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    optimizer.update({k: v.copy() for k, v in network.parameters().items()}, network.gradients())
    return cross_entropy(y, t)
""",
    ),
    "a_new_optimizer_each_step": (
        "cnn_training_step",
        """
_step = training_step
def training_step(network, optimizer, x, t):
    return _step(network, AdaGrad(optimizer.learning_rate), x, t)
""",
    ),
    "last_batch_dropped": (
        "cnn_train_epochs",
        """
_epoch = train_epoch
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    whole = len(images) // batch_size * batch_size
    return _epoch(network, optimizer, images[:whole], labels[:whole], batch_size=batch_size, rng=rng)
""",
    ),
    "prints_the_last_loss": (
        "cnn_train_epochs",
        """
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = rng.permutation(len(images))
    for start in range(0, len(images), batch_size):
        batch = order[start : start + batch_size]
        x = to_batch(move(images[batch], max_move, rng))
        loss = training_step(network, optimizer, x, one_hot(labels[batch]).astype(np.float32))
    return loss
""",
    ),
    "sums_the_losses": (
        "cnn_train_epochs",
        """
_epoch = train_epoch
def train_epoch(*args, **options):
    return 3 * _epoch(*args, **options)
""",
    ),
    "seed_ignored": (
        "cnn_train_epochs",
        """
_train = train
def train(*args, seed=0, **options):
    return _train(*args, seed=0, **options)
""",
    ),
    "never_shuffled": (
        "cnn_train_epochs",
        """
_epoch = train_epoch
class _Order:
    def __init__(self, rng): self.rng = rng
    def permutation(self, n): return np.arange(n)
    def integers(self, *args, **options): return self.rng.integers(*args, **options)
def train_epoch(*args, rng, **options):
    return _epoch(*args, rng=_Order(rng), **options)
""",
    ),
    "max_move_not_passed_on": (
        "cnn_train_epochs",
        """
_epoch = train_epoch
def train_epoch(*args, max_move=0, **options):
    return _epoch(*args, **options)
""",
    ),
    "train_returns_nothing": (
        "cnn_train_epochs",
        "_train = train\ndef train(*args, **options):\n    _train(*args, **options)",
    ),
    "all_images_at_once": (
        "cnn_predict_accuracy",
        "def predict(network, images, batch_size=100):\n    return network.forward(to_batch(images)).argmax(axis=1)",
    ),
    "rest_of_the_images_forgotten": (
        "cnn_predict_accuracy",
        """
_predict = predict
def predict(network, images, batch_size=100):
    whole = max(len(images) // batch_size, 1) * batch_size
    return np.concatenate([_predict(network, images[:whole], batch_size), np.zeros(len(images[whole:]), int)])
""",
    ),
    "mean_of_batch_accuracies": (
        "cnn_predict_accuracy",
        """
def accuracy(network, images, labels, batch_size=100):
    return float(np.mean([
        np.mean(predict(network, images[k : k + batch_size]) == labels[k : k + batch_size])
        for k in range(0, len(images), batch_size)]))
""",
    ),
    "percent": (
        "cnn_predict_accuracy",
        "_accuracy = accuracy\ndef accuracy(*args):\n    return 100 * _accuracy(*args)",
    ),
    "accuracy_at_once": (
        "cnn_predict_accuracy",
        (
            "def accuracy(network, images, labels, batch_size=100):\n"
            "    return float(np.mean(predict(network, images, len(images)) == labels))"
        ),
    ),
    "labels_and_images_shuffled_apart": (
        TRAINING,
        """
_epoch = train_epoch
def train_epoch(network, optimizer, images, labels, **options):
    return _epoch(network, optimizer, images, np.roll(labels, 1), **options)
""",
    ),
}

# What the check says then.
SAYS = {
    "variance_for_standard_deviation": "the standard deviation is",
    "std_without_the_channels": "N counts all channels",
    "variance_one_over_n": "make_affine(300, 70).W",
    "own_generator": "same weights",
    "options_dropped": "make_conv(…, stride=2, pad=1)",
    "float64_weights": "expected float32",
    "only_the_outer_layers": "one in the block",
    "one_level_deep": "a block in the block",
    "blocks_last": "order is that of the forward pass",
    "no_softmax": "softmax",
    "first_layer_skipped": "does not fit",
    "frozen_layers_skipped_forward": "they do work",
    "backward_from_the_front": "cannot reshape",
    "backward_with_the_same_gradient": "d_W",
    "backward_divides_by_the_batch_again": "7 times too small",
    "names_from_zero": "W3",
    "names_by_place": "Network.gradients",
    "gradients_reversed": "Network.gradients",
    "frozen_ignored": "d_W of a frozen layer",
    "frozen_gradients_returned": "unexpected key W1",
    "frozen_renumbered": "Network(…, frozen=4).gradients",
    "freezes_the_first_layer_only": "make_lenet5",
    "freezes_the_affine_layers": "make_cnn",
    "freeze_returns_nothing": "freeze_convolutions(make_cnn())",
    "cnn_without_hidden_relu": "make_cnn().forward",
    "cnn_with_average_pooling": "make_cnn().forward",
    "cnn_always_seed_zero": "another seed",
    "cnn_ends_with_relu": "make_cnn().forward",
    "eleven_with_swapped_filters": "make_eleven_layers.parameters W1",
    "eleven_without_second_activation": "make_eleven_layers().forward",
    "lenet_without_padding": "make_lenet5.parameters W3",
    "lenet_with_relu": "make_lenet5().forward",
    "lenet_with_max_pooling": "make_lenet5().forward",
    "bytes_stay_bytes": "255 times too large",
    "divides_by_256": "Bytes go up to 255",
    "batch_of_float64": "float64",
    "grey_axis_always": "to_batch",
    "channels_last": "to_batch",
    "pixels_come_back_in": "do not come back",
    "one_distance_for_both_axes": "depend on each other",
    "last_distance_missing": "expected -2 to 2",
    "every_image_its_own_way": "whole batch",
    "height_for_width": "got shape",
    "loss_after_the_update": "the loss of step 1",
    "gradient_without_the_mean": "the loss of step 2",
    "no_update": "the loss of step 2",
    "update_of_copies": "the loss of step 2",
    "a_new_optimizer_each_step": "the change of W1",
    "last_batch_dropped": "epoch 1",
    "prints_the_last_loss": "the loss printed for epoch 1",
    "sums_the_losses": "the loss printed for epoch 1",
    "seed_ignored": "the seeds 11 and 12",
    "never_shuffled": "the seeds 11 and 12",
    "max_move_not_passed_on": "max_move=1",
    "train_returns_nothing": "train: got None",
    "all_images_at_once": "at once",
    "rest_of_the_images_forgotten": "differ from the largest probability",
    "mean_of_batch_accuracies": "divide once",
    "percent": "divide once",
    "accuracy_at_once": "accuracy with batch_size=5",
    "labels_and_images_shuffled_apart": "accuracy after",
}

# Merely different: full points.
ALTERNATIVES = {
    "relu_in_front_of_pooling": """
def make_cnn(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 30, 5, rng=rng), ReLU(), MaxPool(2), Flatten(),
        make_affine(4320, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng)])
""",
    "softmax_of_its_own": network(
        "forward(self, x)",
        "for layer in self.layers: x = layer.forward(x)\n"
        "        e = np.exp(x - np.max(x, axis=1)[:, None]); return e / np.sum(e, axis=1)[:, None]",
    ),
    "optimizer_with_new_arrays": """
class AdaGrad(AdaGrad):
    def update(self, params, grads):
        return super().update({name: value.copy() for name, value in params.items()}, grads)
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    updated = optimizer.update(network.parameters(), network.gradients())
    for n, layer in enumerate(learning_layers(network.layers), 1):
        layer.W, layer.b = updated[f"W{n}"], updated[f"b{n}"]
    return np.float32(cross_entropy(y, t))
""",
    "learning_layers_as_a_generator_in_a_tuple": """
def learning_layers(layers):
    def walk(layers):
        for layer in layers:
            if hasattr(layer, "W"):
                yield layer
            elif hasattr(layer, "layers"):
                yield from walk(layer.layers)
    return tuple(walk(layers))
""",
    "batch_first_layers": """
class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad, self.first = W, b, stride, pad, first
    def forward(self, x):
        p, s = self.pad, self.stride
        self.shape, (F, C, R, S) = x.shape, self.W.shape
        self.x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.v = np.lib.stride_tricks.sliding_window_view(self.x, (R, S), axis=(2, 3))[:, :, ::s, ::s]
        return np.moveaxis(np.tensordot(self.v, self.W, axes=((1, 4, 5), (1, 2, 3))) + self.b, 3, 1)
    def backward(self, d_out):
        self.d_W = np.tensordot(d_out, self.v, axes=((0, 2, 3), (0, 2, 3)))
        self.d_b = d_out.sum(axis=(0, 2, 3))
        d = np.zeros_like(self.x)
        R, S = self.W.shape[2:]
        for i in range(d_out.shape[2]):
            for j in range(d_out.shape[3]):
                part = np.tensordot(d_out[:, :, i, j], self.W, axes=1)
                d[:, :, i * self.stride : i * self.stride + R, j * self.stride : j * self.stride + S] += part
        return d[:, :, self.pad : self.pad + self.shape[2], self.pad : self.pad + self.shape[3]]
""",
    "biases_as_rows": """
class Affine(Affine):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_b = self.d_b.reshape(1, -1)
        return d_x
class AdaGrad(AdaGrad):
    def update(self, params, grads):
        return super().update(params, {name: g.reshape(params[name].shape) for name, g in grads.items()})
""",
    "moves_the_other_way_round": """
def move(images, pixels, rng):
    out = np.zeros_like(images)
    down, right = (int(rng.integers(-pixels, pixels + 1)) for _ in range(2))
    h, w = images.shape[1:]
    out[:, max(down, 0) : h + min(down, 0), max(right, 0) : w + min(right, 0)] = (
        images[:, max(-down, 0) : h + min(-down, 0), max(-right, 0) : w + min(-right, 0)])
    return out
""",
    "list_of_digits": """
_predict = predict
def predict(network, images, batch_size=100):
    return [int(digit) for digit in _predict(network, images, batch_size)]
def accuracy(network, images, labels, batch_size=100):
    return sum(a == b for a, b in zip(predict(network, images, batch_size), labels)) / len(labels)
""",
}

# Mistakes of earlier tasks, which have cost their points there: (source, the checks that may notice).
EARLIER = {
    "relu_lets_a_little_through": (
        """
class ReLU(ReLU):
    def forward(self, x):
        self.passes = np.where(x > 0, 1, 0.1)
        return np.where(x > 0, x, 0.1 * x)
""",
        set(),
    ),
    "affine_bias_gradient_mean": (
        """
class Affine(Affine):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.d_b = d_out.mean(axis=0)
        return d_x
""",
        set(),
    ),
    "softmax_of_twice_the_logits": (
        "_softmax = softmax\ndef softmax(a):\n    return _softmax(2 * a)",
        {"cnn_network_gradients", "cnn_training_step"},
    ),
    "optimizer_forgets": (
        """
class AdaGrad(AdaGrad):
    def update(self, params, grads):
        self.h = {}
        return super().update(params, grads)
""",
        {TRAINING},
    ),
}


def without_training(source: str = "", seed: int = 0) -> dict:
    """The results of all checks but the one that takes seconds."""
    return {name: grade(TASK, source, seed, only=name)[name] for name in ALL_BUT_TRAINING}


@pytest.mark.parametrize("seed", range(5))
def test_reference_passes(seed):
    assert not not_passed(grade(TASK, seed=seed))


def test_reference_passes_on_the_recording():
    assert not not_passed(grade_recorded(TASK))
    assert recorded_bytes(TASK) < 300_000


def test_stub_earns_nothing():
    results = grade(TASK, stub_source(TASK)).values()
    assert {(result.status, result.points) for result in results} == {(Status.MISSING, 0.0)}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_fails(name):
    check, source = MISTAKES[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status in (Status.FAILED, Status.ERROR), result
    assert SAYS[name] in f"{result.message} {result.hint}"
    if check != TRAINING:
        assert grade_recorded(TASK, source, only=check)[check].status is result.status


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_alternative_passes(name):
    assert not not_passed(grade(TASK, ALTERNATIVES[name], seed=1))


@pytest.mark.parametrize("name", EARLIER)
def test_mistakes_of_earlier_tasks_cost_nothing_more(name):
    source, may_notice = EARLIER[name]
    assert set(not_passed(grade(TASK, source))) <= may_notice


def test_every_check_has_a_mistake():
    assert {check for check, _ in MISTAKES.values()} == {*ALL_BUT_TRAINING, TRAINING}


WITHOUT_NETWORK = ("make_layers", "learning_layers", "to_batch", "move")
# What a public name has a part in, beside the checks of everything that trains.
JUDGES = {
    "make_conv": ["cnn_make_layers", "cnn_make_lenet5"],
    "make_affine": ["cnn_make_layers", "cnn_make_cnn"],
    "learning_layers": ["cnn_learning_layers", "cnn_network_gradients", "cnn_network_frozen"],
    "Network": [name for name in ALL_BUT_TRAINING if name.removeprefix("cnn_") not in WITHOUT_NETWORK],
    "make_cnn": ["cnn_make_cnn", "cnn_network_frozen"],
    "make_eleven_layers": ["cnn_make_eleven_layers"],
    "make_lenet5": ["cnn_make_lenet5", "cnn_network_frozen"],
    "freeze_convolutions": ["cnn_network_frozen"],
    "to_batch": ["cnn_to_batch", "cnn_predict_accuracy", "cnn_train_epochs"],
    "move": ["cnn_move", "cnn_train_epochs"],
    "training_step": ["cnn_training_step", "cnn_train_epochs"],
    "train_epoch": ["cnn_train_epochs"],
    "train": ["cnn_train_epochs", TRAINING],
    "predict": ["cnn_predict_accuracy"],
    "accuracy": ["cnn_predict_accuracy"],
}


def test_every_name_is_judged():
    assert set(JUDGES) == set(public_names(TASK))


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_is_never_the_graders_fault(name, junk, source):
    results = [grade(TASK, source, only=check)[check] for check in JUDGES[name]]
    assert not {result.name: result.message for result in results if result.status is Status.GRADER_ERROR}
    assert results[0].status is not Status.PASSED
    assert results[-1].status is not Status.PASSED or name in ("learning_layers", "to_batch", "move")
