"""Advanced task 10: famous networks in numbers, and three of their ideas as layers.

A network on paper is a list of layers, each a dict of its "kind" and the options of that kind:

    conv        filters, window, stride=1, pad=0, groups=1, bias=True, rounding="exact", connections=all
    local       the same without weight sharing: locally connected, every place has filters and biases of its own
    pool        window, stride=window, pad=0, rounding="exact", trainable=False (a factor and a bias per channel)
    affine      nodes; flattens its input
    flatten, activation     no options
    spp         levels: spatial pyramid pooling into n x n bins for each level n
    branches    paths: lists of layers side by side, channels concatenated: an inception module
    residual    paths: two lists of layers, summed; an empty list is the input itself

window, stride and pad are one number, or (vertical, horizontal). A shape is (C, H, W), or (d,) after flatten; the
batch is left out.
"""

import numpy as np

from solutions.adv2_activations import ReLU
from solutions.adv7_convolution import Conv, output_size, pair  # noqa: F401  (blocks are made of Conv)
from solutions.adv8_pooling import MaxPool
from solutions.adv9_cnn import make_conv


def layer(kind: str, **options) -> dict:
    """One layer on paper. Given: nothing to do here.

    >>> layer("conv", filters=96, window=11, stride=4)
    {'kind': 'conv', 'filters': 96, 'window': 11, 'stride': 4}
    """
    return {"kind": kind, **options}


def geometry(spec: dict) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Window, stride and padding of a conv, local or pool as (vertical, horizontal). Given: nothing to do here."""
    stride = spec.get("stride", spec["window"] if spec["kind"] == "pool" else 1)
    return pair(spec["window"]), pair(stride), pair(spec.get("pad", 0))


def places(size: int, window: int, stride: int = 1, pad: int = 0, rounding: str = "exact") -> int:
    """How many places a window has along one axis when it need not fit. Handout eq. (57), rounded.

    rounding: "exact" raises ValueError when the window does not fit, as `output_size`; "floor" leaves the last pixels
    out; "ceil" lets the last window hang over the end, but it must begin on the image or the padding before it.

    >>> places(224, 7, 2, 3, "floor"), places(112, 3, 2, 0, "ceil")
    (112, 56)
    """
    ### BEGIN SOLUTION
    left_over = (size - window + 2 * pad) % stride
    if rounding == "exact" or left_over == 0:
        return output_size(size, window, stride, pad)
    fitting = output_size(size - left_over, window, stride, pad)
    if rounding == "ceil" and fitting * stride < size + pad:
        return fitting + 1
    return fitting
    ### END SOLUTION


def output_shape(spec: dict, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that leaves a layer. shape: what enters, (C, H, W) or (d,).

    Raises ValueError when a window does not fit, when paths that meet differ in height or width (branches) or in
    shape (residual), and for an unknown kind.
    """
    ### BEGIN SOLUTION
    kind = spec["kind"]
    if kind in ("conv", "local", "pool"):
        axes = zip(shape[1:], *geometry(spec), strict=True)
        height, width = (places(*axis, spec.get("rounding", "exact")) for axis in axes)
        return spec.get("filters", shape[0]), height, width
    if kind == "affine":
        return (spec["nodes"],)
    if kind == "flatten":
        return (int(np.prod(shape)),)
    if kind == "spp":
        return (shape[0] * sum(n * n for n in spec["levels"]),)
    if kind == "activation":
        return shape
    if kind not in ("branches", "residual"):
        raise ValueError(f"unknown kind of layer: {kind}")
    ends = [shapes_along(path, shape)[-1] for path in spec["paths"]]
    if len({end[1:] if kind == "branches" else end for end in ends}) > 1:
        raise ValueError(f"{kind}: paths that end in {ends} cannot be put together")
    return (sum(end[0] for end in ends), *ends[0][1:]) if kind == "branches" else ends[0]
    ### END SOLUTION


def shapes_along(layers: list[dict], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shape that enters the first layer, and the one that leaves each of them: one more than layers.

    >>> shapes_along([layer("pool", window=2), layer("flatten")], (3, 8, 6))
    [(3, 8, 6), (3, 4, 3), (36,)]
    """
    ### BEGIN SOLUTION
    shapes = [tuple(shape)]
    for spec in layers:
        shapes.append(output_shape(spec, shapes[-1]))
    return shapes
    ### END SOLUTION


def layer_cost(spec: dict, shape: tuple[int, ...]) -> tuple[int, int]:
    """Parameters and multiply-adds of a layer. Handout eq. (58).

    shape: what enters. A multiply-add is a product with a weight, for one image; biases, pooling and activations
    are not counted. With groups, a filter sees C / groups channels. connections: the number of pairs of filter and
    channel, where not all are connected (LeNet-5's third layer: 60 of 96). bias=False: no biases.
    """
    ### BEGIN SOLUTION
    kind = spec["kind"]
    if kind in ("conv", "local"):
        (R, S), (F, OH, OW) = geometry(spec)[0], output_shape(spec, shape)
        connections = spec.get("connections", F * shape[0] // spec.get("groups", 1))
        weights = connections * R * S
        parameters = weights + (F if spec.get("bias", True) else 0)
        return parameters * (OH * OW if kind == "local" else 1), weights * OH * OW
    if kind == "affine":
        d_in = int(np.prod(shape))
        return (d_in + 1) * spec["nodes"], d_in * spec["nodes"]
    if kind == "pool" and spec.get("trainable"):
        return 2 * shape[0], 0
    parameters = multiply_adds = 0
    for path in spec.get("paths", []):
        for inner, entering in zip(path, shapes_along(path, shape)[:-1], strict=True):
            cost = layer_cost(inner, entering)
            parameters, multiply_adds = parameters + cost[0], multiply_adds + cost[1]
    return parameters, multiply_adds
    ### END SOLUTION


def receptive_field(
    spec: dict, field: tuple[int, int], step: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many pixels of the image one number behind a layer depends on. Returns the new (field, step).

    field: (height, width) in front of the layer, (1, 1) for the image itself. step: how many pixels lie between
    neighbours in front of the layer, (1, 1) for the image. A window of w makes it field + (w - 1) * step, a stride
    multiplies the step. Of paths the largest field counts. affine and spp change nothing here: see `describe`.

    >>> once = receptive_field(layer("conv", filters=1, window=3), (1, 1), (1, 1))
    >>> receptive_field(layer("conv", filters=1, window=3), *once)
    ((5, 5), (1, 1))
    """
    ### BEGIN SOLUTION
    if spec["kind"] in ("conv", "local", "pool"):
        (R, S), (down, right), _ = geometry(spec)
        field = field[0] + (R - 1) * step[0], field[1] + (S - 1) * step[1]
        return field, (step[0] * down, step[1] * right)
    largest, last = field, step
    for path in spec.get("paths", []):
        inside = field, step
        for inner in path:
            inside = receptive_field(inner, *inside)
        largest = max(largest[0], inside[0][0]), max(largest[1], inside[0][1])
        last = inside[1]
    return largest, last
    ### END SOLUTION


def describe(layers: list[dict], input_shape: tuple[int, int, int]) -> list[dict]:
    """One row for each layer: {"kind", "shape", "parameters", "multiply_adds", "field"}.

    input_shape: (C, H, W). shape: what leaves the layer. field: `receptive_field` in pixels of the input, edges
    ignored, so that it can be larger than the image; (H, W) from the first affine or spp on, which see everything.

    >>> describe([layer("conv", filters=96, window=11, stride=4)], (3, 227, 227))[0]["parameters"]
    34944
    """
    ### BEGIN SOLUTION
    rows = []
    field, step, whole = (1, 1), (1, 1), False
    shapes = shapes_along(layers, input_shape)
    for spec, entering, leaving in zip(layers, shapes[:-1], shapes[1:], strict=True):
        parameters, multiply_adds = layer_cost(spec, entering)
        field, step = receptive_field(spec, field, step)
        whole = whole or spec["kind"] in ("affine", "spp")
        seen = tuple(input_shape[1:]) if whole else field
        numbers = {"parameters": parameters, "multiply_adds": multiply_adds, "field": seen}
        rows.append({"kind": spec["kind"], "shape": leaving, **numbers})
    return rows
    ### END SOLUTION


def vgg16() -> list[dict]:
    """VGG-16 for (3, 224, 224), 138 357 544 parameters. Source: Simonyan and Zisserman 2015, column D."""
    ### BEGIN SOLUTION
    layers = []
    for filters, count in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        layers += [layer("conv", filters=filters, window=3, pad=1), layer("activation")] * count
        layers.append(layer("pool", window=2))
    return [*layers, *(layer("affine", nodes=nodes) for nodes in (4096, 4096, 1000))]
    ### END SOLUTION


def inception(channels: tuple[int, int, int, int, int, int]) -> dict:
    """GoogLeNet's inception module on paper. Source: Szegedy et al. 2015, figure 2(b) and table 1.

    channels: in the order of the table: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection. Four paths: 1x1;
    1x1 then 3x3; 1x1 then 5x5; max pooling of 3x3 with stride 1, then 1x1. All keep height and width.

    >>> layer_cost(inception((64, 96, 128, 16, 32, 32)), (192, 28, 28))[0]
    163696
    """
    ### BEGIN SOLUTION
    one, reduce3, three, reduce5, five, project = channels

    def conv(filters, window):
        return [layer("conv", filters=filters, window=window, pad=window // 2), layer("activation")]

    pool = layer("pool", window=3, stride=1, pad=1)
    paths = [conv(one, 1), conv(reduce3, 1) + conv(three, 3), conv(reduce5, 1) + conv(five, 5)]
    return layer("branches", paths=[*paths, [pool, *conv(project, 1)]])
    ### END SOLUTION


def forward_through(layers: list, x: np.ndarray) -> np.ndarray:
    """The output of layers one after the other; x itself when there are none."""
    ### BEGIN SOLUTION
    for inner in layers:
        x = inner.forward(x)
    return x
    ### END SOLUTION


def backward_through(layers: list, d_out: np.ndarray) -> np.ndarray:
    """The way back through the same layers. Returns d_x; every layer that learns gets d_W and d_b."""
    ### BEGIN SOLUTION
    for inner in reversed(layers):
        d_out = inner.backward(d_out)
    return d_out
    ### END SOLUTION


class InceptionModule:
    """Paths of layers side by side, their channels concatenated.

    layers: all layers of all paths, where `learning_layers` finds those that learn.
    """

    def __init__(self, paths: list[list]):
        """paths: lists of layers with forward and backward. All paths keep the same height and width."""
        self.paths = paths
        self.layers = [inner for path in paths for inner in path]

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W). Returns (N, sum of the paths' channels, OH, OW)."""
        ### BEGIN SOLUTION
        ends = [forward_through(path, x) for path in self.paths]
        self.channels = [end.shape[1] for end in ends]
        return np.concatenate(ends, axis=1)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: as forward returned; it stays as it is. Returns d_x (N, C, H, W), the sum of what comes back."""
        ### BEGIN SOLUTION
        d_ends = np.split(d_out, np.cumsum(self.channels)[:-1], axis=1)
        return sum(backward_through(path, d_end) for path, d_end in zip(self.paths, d_ends, strict=True))
        ### END SOLUTION


def make_inception(
    channels_in: int, channels: tuple[int, int, int, int, int, int], *, rng: np.random.Generator
) -> InceptionModule:
    """The module that `inception(channels)` describes, for images of channels_in channels, weights by `make_conv`."""
    ### BEGIN SOLUTION
    one, reduce3, three, reduce5, five, project = channels

    def conv(entering, filters, size):
        return [make_conv(entering, filters, size, rng=rng, pad=size // 2), ReLU()]

    path3 = conv(channels_in, reduce3, 1) + conv(reduce3, three, 3)
    path5 = conv(channels_in, reduce5, 1) + conv(reduce5, five, 5)
    path_pool = [MaxPool(3, stride=1, pad=1), *conv(channels_in, project, 1)]
    return InceptionModule([conv(channels_in, one, 1), path3, path5, path_pool])
    ### END SOLUTION


class ResidualBlock:
    """ReLU of the sum of some layers and a shortcut around them. Source: He et al. 2016, figure 2."""

    def __init__(self, path: list, shortcut: list | None = None):
        """path: layers with forward and backward. shortcut: likewise; without, the input itself takes it."""
        self.path = path
        self.shortcut = shortcut or []
        self.relu = ReLU()
        self.layers = [*self.path, *self.shortcut]  # where `learning_layers` finds those that learn

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W). Returns the shape in which both ways end. Raises ValueError when they differ."""
        ### BEGIN SOLUTION
        end, around = forward_through(self.path, x), forward_through(self.shortcut, x)
        if end.shape != around.shape:
            raise ValueError(f"the layers end in {end.shape}, the shortcut in {around.shape}")
        return self.relu.forward(end + around)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: as forward returned; it stays as it is. Returns d_x (N, C, H, W): the sum over both ways."""
        ### BEGIN SOLUTION
        d_sum = self.relu.backward(d_out)
        return backward_through(self.path, d_sum) + backward_through(self.shortcut, d_sum)
        ### END SOLUTION


class SpatialPyramidPooling:
    """Max pooling into n x n bins for each level n: as many numbers for images of every size.

    Source: He et al. 2014. Bin i of n reaches from floor(i * size / n) to ceil((i + 1) * size / n), so that the bins
    cover the image; where n does not divide the size, neighbours overlap.
    """

    def __init__(self, levels: tuple[int, ...] = (4, 2, 1)):
        """levels: bins per axis; (4, 2, 1) makes 16 + 4 + 1 = 21 numbers of each channel."""
        self.levels = levels

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W). Returns (N, bins * C): level by level, bin by bin (row by row), channel by channel.

        Raises ValueError when a level has more bins than the image has rows or columns.
        """
        ### BEGIN SOLUTION
        height, width = x.shape[2:]
        if max(self.levels) > min(height, width):
            raise ValueError(f"{max(self.levels)} bins for {height} x {width} pixels")
        self.x_shape = x.shape
        self.bins = []
        ends = []
        for n in self.levels:
            for i in range(n):
                for j in range(n):
                    rows = slice(i * height // n, -(-(i + 1) * height // n))
                    columns = slice(j * width // n, -(-(j + 1) * width // n))
                    part = x[:, :, rows, columns]
                    bin_pool = MaxPool(part.shape[2:])
                    ends.append(bin_pool.forward(part)[:, :, 0, 0])
                    self.bins.append((rows, columns, bin_pool))
        return np.concatenate(ends, axis=1)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: (N, bins * C); it stays as it is.

        Returns d_x (N, C, H, W): a pixel that won several bins receives the sum.
        """
        ### BEGIN SOLUTION
        d_x = np.zeros(self.x_shape, d_out.dtype)
        ends = np.split(d_out, len(self.bins), axis=1)
        for (rows, columns, bin_pool), d_end in zip(self.bins, ends, strict=True):
            d_x[:, :, rows, columns] += bin_pool.backward(d_end[:, :, np.newaxis, np.newaxis])
        return d_x
        ### END SOLUTION
