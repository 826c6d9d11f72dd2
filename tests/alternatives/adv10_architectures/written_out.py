"""Plain loops, everything written out: places are walked, weights are added up filter by filter, windows are cut."""

import numpy as np


def places(size, window, stride=1, pad=0, rounding="exact"):
    total = size + 2 * pad
    if window > total:
        raise ValueError("the window is too large")
    count = 0
    start = 0
    while start + window <= total:
        count = count + 1
        start = start + stride
    end = start - stride + window
    if end < total:
        if rounding == "exact":
            raise ValueError("the window does not fit")
        if rounding == "ceil" and start < size + pad:
            count = count + 1
    return count


def output_shape(spec, shape):
    kind = spec["kind"]
    if kind == "conv" or kind == "local" or kind == "pool":
        window = spec["window"]
        stride = spec.get("stride")
        pad = spec.get("pad", 0)
        if stride is None:
            stride = window if kind == "pool" else 1
        if isinstance(window, int):
            window = (window, window)
        if isinstance(stride, int):
            stride = (stride, stride)
        if isinstance(pad, int):
            pad = (pad, pad)
        rounding = spec.get("rounding", "exact")
        height = places(shape[1], window[0], stride[0], pad[0], rounding)
        width = places(shape[2], window[1], stride[1], pad[1], rounding)
        if kind == "pool":
            return (shape[0], height, width)
        return (spec["filters"], height, width)
    elif kind == "affine":
        return (spec["nodes"],)
    elif kind == "flatten":
        count = 1
        for n in shape:
            count = count * n
        return (count,)
    elif kind == "activation":
        return shape
    elif kind == "spp":
        bins = 0
        for n in spec["levels"]:
            bins = bins + n * n
        return (bins * shape[0],)
    elif kind == "branches":
        channels = 0
        height = width = None
        for path in spec["paths"]:
            end = shape
            for inner in path:
                end = output_shape(inner, end)
            if height is not None and (height, width) != (end[1], end[2]):
                raise ValueError("paths of different sizes")
            height, width = end[1], end[2]
            channels = channels + end[0]
        return (channels, height, width)
    elif kind == "residual":
        first = None
        for path in spec["paths"]:
            end = shape
            for inner in path:
                end = output_shape(inner, end)
            if first is not None and tuple(first) != tuple(end):
                raise ValueError("nothing to add up")
            first = end
        return first
    raise ValueError("never heard of " + str(kind))


def shapes_along(layers, shape):
    shapes = [shape]
    for spec in layers:
        shape = output_shape(spec, shape)
        shapes.append(shape)
    return shapes


def layer_cost(spec, shape):
    parameters = 0
    multiply_adds = 0
    if spec["kind"] == "conv" or spec["kind"] == "local":
        (R, S), _, _ = geometry(spec)
        filters, height, width = output_shape(spec, shape)
        weights = 0
        if "connections" in spec:
            weights = spec["connections"] * R * S
        else:
            for _ in range(filters):
                weights = weights + shape[0] // spec.get("groups", 1) * R * S
        biases = filters
        if not spec.get("bias", True):
            biases = 0
        multiply_adds = weights * height * width
        parameters = weights + biases
        if spec["kind"] == "local":
            parameters = parameters * height * width
    elif spec["kind"] == "affine":
        entering = 1
        for n in shape:
            entering = entering * n
        for _ in range(spec["nodes"]):
            parameters = parameters + entering + 1
            multiply_adds = multiply_adds + entering
    elif spec["kind"] == "pool":
        if spec.get("trainable"):
            parameters = 2 * shape[0]
    elif spec["kind"] == "branches" or spec["kind"] == "residual":
        for path in spec["paths"]:
            entering = shape
            for inner in path:
                more_parameters, more_work = layer_cost(inner, entering)
                parameters = parameters + more_parameters
                multiply_adds = multiply_adds + more_work
                entering = output_shape(inner, entering)
    return parameters, multiply_adds


def receptive_field(spec, field, step):
    if spec["kind"] in ("conv", "local", "pool"):
        window, stride, _ = geometry(spec)
        height = field[0]
        for _ in range(window[0] - 1):
            height = height + step[0]
        width = field[1]
        for _ in range(window[1] - 1):
            width = width + step[1]
        return (height, width), (step[0] * stride[0], step[1] * stride[1])
    if spec["kind"] in ("branches", "residual"):
        height, width = field
        after = step
        for path in spec["paths"]:
            f, after = field, step
            for inner in path:
                f, after = receptive_field(inner, f, after)
            if f[0] > height:
                height = f[0]
            if f[1] > width:
                width = f[1]
        return (height, width), after
    return field, step


def describe(layers, input_shape):
    rows = []
    shape = input_shape
    field = (1, 1)
    step = (1, 1)
    for number in range(len(layers)):
        spec = layers[number]
        row = {}
        row["kind"] = spec["kind"]
        row["parameters"], row["multiply_adds"] = layer_cost(spec, shape)
        shape = output_shape(spec, shape)
        row["shape"] = shape
        field, step = receptive_field(spec, field, step)
        row["field"] = field
        for earlier in layers[: number + 1]:
            if earlier["kind"] == "affine" or earlier["kind"] == "spp":
                row["field"] = (input_shape[1], input_shape[2])
        rows.append(row)
    return rows


def vgg16():
    layers = []
    for filters in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        if filters == 0:
            layers.append({"kind": "pool", "window": (2, 2), "stride": 2})
        else:
            layers.append({"kind": "conv", "filters": filters, "window": (3, 3), "stride": (1, 1), "pad": 1})
    layers.append({"kind": "flatten"})
    for nodes in (4096, 4096, 1000):
        layers.append({"kind": "affine", "nodes": nodes})
        layers.append({"kind": "activation"})
    return layers


def inception(channels):
    return {
        "kind": "branches",
        "paths": (
            (layer("conv", filters=channels[0], window=1),),
            (
                layer("conv", filters=channels[1], window=1),
                layer("conv", filters=channels[2], window=3, pad=1),
            ),
            (
                layer("conv", filters=channels[3], window=1),
                layer("conv", filters=channels[4], window=5, pad=2),
            ),
            (
                layer("pool", window=(3, 3), stride=(1, 1), pad=(1, 1)),
                layer("conv", filters=channels[5], window=(1, 1), pad=(0, 0)),
            ),
        ),
    }


def backward_through(layers, d_out):
    k = len(layers) - 1
    while k >= 0:
        d_out = layers[k].backward(d_out)
        k = k - 1
    return d_out


class InceptionModule:
    def __init__(self, paths):
        self.paths = paths
        self.layers = []
        for path in paths:
            for inner in path:
                self.layers.append(inner)

    def forward(self, x):
        self.sizes = []
        result = np.zeros((x.shape[0], 0, x.shape[2], x.shape[3]), x.dtype)
        for path in self.paths:
            end = forward_through(path, x)
            self.sizes.append(end.shape[1])
            result = np.append(result, end, axis=1)
        return result

    def backward(self, d_out):
        start = 0
        d_x = 0
        for k in range(len(self.paths)):
            part = d_out[:, start : start + self.sizes[k], :, :]
            d_x = d_x + backward_through(self.paths[k], part)
            start = start + self.sizes[k]
        return d_x


class ResidualBlock:
    def __init__(self, path, shortcut=None):
        self.path = path
        self.shortcut = []
        if shortcut is not None:
            self.shortcut = shortcut
        self.layers = self.path + self.shortcut

    def forward(self, x):
        end = x
        for inner in self.path:
            end = inner.forward(end)
        around = x
        for inner in self.shortcut:
            around = inner.forward(around)
        if end.shape != around.shape:
            raise ValueError("nothing to add up")
        self.y = end + around
        self.y[self.y < 0] = 0
        return self.y

    def backward(self, d_out):
        d = d_out.copy()
        d[self.y == 0] = 0
        d_path = d
        for inner in self.path[::-1]:
            d_path = inner.backward(d_path)
        d_shortcut = d
        for inner in self.shortcut[::-1]:
            d_shortcut = inner.backward(d_shortcut)
        return d_path + d_shortcut


class SpatialPyramidPooling:
    def __init__(self, levels=(4, 2, 1)):
        self.levels = levels

    def forward(self, x):
        N, C, H, W = x.shape
        self.shape = x.shape
        self.winners = []
        rows = [[] for _ in range(N)]
        for n in self.levels:
            if n > H or n > W:
                raise ValueError("more bins than pixels")
            for i in range(n):
                for j in range(n):
                    top, bottom = i * H // n, int(np.ceil((i + 1) * H / n))
                    left, right = j * W // n, int(np.ceil((j + 1) * W / n))
                    for m in range(N):
                        for c in range(C):
                            best = top, left
                            for p in range(top, bottom):
                                for q in range(left, right):
                                    if x[m, c, p, q] > x[m, c, best[0], best[1]]:
                                        best = p, q
                            self.winners.append((m, len(rows[m]), c, *best))
                            rows[m].append(x[m, c, best[0], best[1]])
        return np.array(rows)

    def backward(self, d_out):
        d_x = np.zeros(self.shape)
        for m, k, c, p, q in self.winners:
            d_x[m, c, p, q] += d_out[m, k]
        return d_x
