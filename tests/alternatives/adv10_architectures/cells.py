"""Cells split and helpers added: a class for windows on paper, one for all blocks, helpers under other names."""

# %%
import math

import numpy as np


# %%
def fits(size, window, stride, pad):
    return window <= size + 2 * pad and (size + 2 * pad - window) % stride == 0


def places(size, window, stride=1, pad=0, rounding="exact"):
    if fits(size, window, stride, pad):
        return 1 + (size + 2 * pad - window) // stride
    if rounding == "exact" or window > size + 2 * pad:
        raise ValueError(f"{window} with stride {stride} does not fit {size}")
    count = 1 + math.floor((size + 2 * pad - window) / stride)
    begins = count * stride - pad  # where one more would begin, in pixels of the image
    return count + 1 if rounding == "ceil" and begins < size else count


# %%
class Window:
    """The numbers of a conv, local or pool."""

    KINDS = ("conv", "local", "pool")

    def __init__(self, spec):
        self.spec = spec
        self.size, self.stride, self.pad = geometry(spec)

    def leaves(self, shape):
        rounding = self.spec.get("rounding", "exact")
        height = places(shape[1], self.size[0], self.stride[0], self.pad[0], rounding)
        width = places(shape[2], self.size[1], self.stride[1], self.pad[1], rounding)
        return (self.spec.get("filters", shape[0]), height, width)

    def widen(self, field, step):
        wider = [field[k] + (self.size[k] - 1) * step[k] for k in (0, 1)]
        longer = [step[k] * self.stride[k] for k in (0, 1)]
        return tuple(wider), tuple(longer)

    def weights(self, channels):
        pairs = self.spec.get("connections")
        if pairs is None:
            pairs = self.spec["filters"] * (channels // self.spec.get("groups", 1))
        return pairs * self.size[0] * self.size[1]


# %%
def count(shape):
    return math.prod(shape)


def path_ends(spec, shape):
    return [tuple(shapes_along(path, shape)[-1]) for path in spec["paths"]]


# %%
def output_shape(spec, shape):
    match spec["kind"]:
        case "conv" | "local" | "pool":
            return Window(spec).leaves(shape)
        case "affine":
            return (spec["nodes"],)
        case "flatten":
            return (count(shape),)
        case "activation":
            return shape
        case "spp":
            return (sum(level**2 for level in spec["levels"]) * shape[0],)
        case "branches":
            ends = path_ends(spec, shape)
            sizes = {end[1:] for end in ends}
            if len(sizes) != 1:
                raise ValueError("side by side, but not of one size")
            return (sum(end[0] for end in ends), *sizes.pop())
        case "residual":
            ends = set(path_ends(spec, shape))
            if len(ends) != 1:
                raise ValueError("cannot be summed")
            return ends.pop()
    raise ValueError(spec["kind"])


# %%
def shapes_along(layers, shape):
    if not layers:
        return [shape]
    return [shape, *shapes_along(layers[1:], output_shape(layers[0], shape))]


# %%
def parameters_of(spec, shape):
    match spec["kind"]:
        case "conv" | "local":
            filters, height, width = output_shape(spec, shape)
            one_place = Window(spec).weights(shape[0]) + (filters if spec.get("bias", True) else 0)
            return one_place * (height * width if spec["kind"] == "local" else 1)
        case "affine":
            return spec["nodes"] * count(shape) + spec["nodes"]
        case "pool" if spec.get("trainable", False):
            return shape[0] + shape[0]
    return along_paths(parameters_of, spec, shape)


def work_of(spec, shape):
    match spec["kind"]:
        case "conv" | "local":
            _, height, width = output_shape(spec, shape)
            return Window(spec).weights(shape[0]) * height * width
        case "affine":
            return spec["nodes"] * count(shape)
    return along_paths(work_of, spec, shape)


def along_paths(number, spec, shape):
    found = 0
    for path in spec.get("paths", []):
        for inner, entering in zip(path, shapes_along(path, shape)):
            found += number(inner, entering)
    return found


def layer_cost(spec, shape):
    return parameters_of(spec, shape), work_of(spec, shape)


# %%
def receptive_field(spec, field, step):
    if spec["kind"] in Window.KINDS:
        return Window(spec).widen(field, step)
    fields, steps = [tuple(field)], [tuple(step)]
    for path in spec.get("paths", []):
        state = field, step
        for inner in path:
            state = receptive_field(inner, *state)
        fields.append(state[0])
        steps.append(state[1])
    return (max(f[0] for f in fields), max(f[1] for f in fields)), steps[-1]


# %%
def describe(layers, input_shape):
    table = []
    state = (1, 1), (1, 1)
    image = tuple(input_shape)[1:]
    shapes = shapes_along(layers, input_shape)
    for k, spec in enumerate(layers):
        state = receptive_field(spec, *state)
        seen = image if any(before["kind"] in ("affine", "spp") for before in layers[: k + 1]) else state[0]
        parameters, work = layer_cost(spec, shapes[k])
        table.append(
            {
                "kind": spec["kind"],
                "field": seen,
                "shape": shapes[k + 1],
                "parameters": parameters,
                "multiply_adds": work,
            }
        )
    return table


# %%
def stage(filters, depth):
    return [layer("conv", filters=filters, window=3, pad=1, stride=1, bias=True) for _ in range(depth)] + [
        layer("pool", window=2, stride=2)
    ]


def vgg16():
    head = [
        layer("flatten"),
        layer("affine", nodes=4096),
        layer("affine", nodes=4096),
        layer("affine", nodes=1000),
    ]
    return stage(64, 2) + stage(128, 2) + stage(256, 3) + stage(512, 3) + stage(512, 3) + head


# %%
def same(filters, window):
    return layer("conv", filters=filters, window=window, pad=(window - 1) // 2)


def inception(channels):
    act = layer("activation")
    return layer(
        "branches",
        paths=[
            [same(channels[0], 1), act],
            [same(channels[1], 1), act, same(channels[2], 3), act],
            [same(channels[3], 1), act, same(channels[4], 5), act],
            [layer("pool", window=3, stride=1, pad=1), same(channels[5], 1), act],
        ],
    )


# %%
class Block:
    """What all blocks share: ways side by side."""

    def __init__(self, ways):
        self.ways = ways
        self.layers = []
        for way in ways:
            self.layers.extend(way)

    def all_forward(self, x):
        return [forward_through(way, x) for way in self.ways]

    def all_backward(self, parts):
        d_x = None
        for way, part in zip(self.ways, parts):
            d = backward_through(way, part)
            d_x = d if d_x is None else d_x + d
        return d_x


# %%
class InceptionModule(Block):
    def forward(self, x):
        ends = self.all_forward(x)
        places_of_ends = np.cumsum([0] + [end.shape[1] for end in ends])
        self.cuts = [slice(a, b) for a, b in zip(places_of_ends[:-1], places_of_ends[1:])]
        y = np.empty((len(x), places_of_ends[-1], *ends[0].shape[2:]), ends[0].dtype)
        for cut, end in zip(self.cuts, ends):
            y[:, cut] = end
        return y

    def backward(self, d_out):
        return self.all_backward([d_out[:, cut] for cut in self.cuts])


# %%
def conv_relu(channels_in, channels_out, size, rng):
    return [make_conv(channels_in, channels_out, size, rng=rng, pad=size // 2), ReLU()]


def make_inception(channels_in, channels, *, rng):
    ways = [
        conv_relu(channels_in, channels[0], 1, rng),
        [*conv_relu(channels_in, channels[1], 1, rng), *conv_relu(channels[1], channels[2], 3, rng)],
        [*conv_relu(channels_in, channels[3], 1, rng), *conv_relu(channels[3], channels[4], 5, rng)],
        [MaxPool((3, 3), (1, 1), (1, 1)), *conv_relu(channels_in, channels[5], 1, rng)],
    ]
    return InceptionModule(ways)


# %%
class ResidualBlock(Block):
    def __init__(self, path, shortcut=None):
        super().__init__([path, [] if shortcut is None else shortcut])

    def forward(self, x):
        end, around = self.all_forward(x)
        if np.shape(end) != np.shape(around):
            raise ValueError("the ways end differently")
        total = end + around
        self.on = total > 0
        return np.where(self.on, total, 0)

    def backward(self, d_out):
        d = np.where(self.on, d_out, 0)
        return self.all_backward([d, d])


# %%
def borders(size, n):
    return [(math.floor(i * size / n), math.ceil((i + 1) * size / n)) for i in range(n)]


class SpatialPyramidPooling:
    def __init__(self, levels=(4, 2, 1)):
        self.levels = levels

    def forward(self, x):
        self.x = x
        if any(n > size for n in self.levels for size in x.shape[2:]):
            raise ValueError("the image is too small")
        self.bins = []
        for n in self.levels:
            for top, bottom in borders(x.shape[2], n):
                for left, right in borders(x.shape[3], n):
                    self.bins.append((slice(None), slice(None), slice(top, bottom), slice(left, right)))
        return np.stack([x[where].max(axis=3).max(axis=2) for where in self.bins], axis=1).reshape(len(x), -1)

    def backward(self, d_out):
        d_x = np.zeros_like(self.x)
        d_out = d_out.reshape(len(d_out), len(self.bins), -1)
        for k, where in enumerate(self.bins):
            part = self.x[where]
            flat = part.reshape(*part.shape[:2], -1)
            d = np.zeros_like(flat)
            np.put_along_axis(d, flat.argmax(axis=2)[:, :, None], d_out[:, k, :, None], axis=2)
            d_x[where] += d.reshape(part.shape)
        return d_x
