"""NumPy numbers for sizes, lists for pairs and shapes, Python floats for counts; arrays by stacking."""

import numpy as np


def places(size, window, stride=1, pad=0, rounding="exact"):
    room = size + 2 * pad - window
    if room < 0 or (rounding == "exact" and room % stride != 0):
        raise ValueError(f"a window of {window} does not fit")
    starts = np.arange(-pad, size + pad, stride)
    fitting = starts[starts + window <= size + pad]
    if rounding == "ceil" and fitting[-1] + window < size + pad and fitting[-1] + stride < size:
        return np.int64(len(fitting) + 1)
    return np.int64(len(fitting))


def output_shape(spec, shape):
    shape = np.array(shape)
    kind = spec["kind"]
    if kind == "activation":
        return tuple(shape)
    if kind == "flatten":
        return (shape.prod(),)
    if kind == "affine":
        return [spec["nodes"]]
    if kind == "spp":
        return [shape[0] * np.square(spec["levels"]).sum()]
    if kind in ("conv", "local", "pool"):
        window, stride, pad = np.array(geometry(spec))
        rounding = spec.get("rounding", "exact")
        sizes = [places(shape[1 + k], window[k], stride[k], pad[k], rounding) for k in (0, 1)]
        return [spec.get("filters", int(shape[0])), int(sizes[0]), int(sizes[1])]
    if kind not in ("branches", "residual"):
        raise ValueError("unknown kind")
    ends = np.array([[int(n) for n in shapes_along(path, shape)[-1]] for path in spec["paths"]])
    same = ends[:, 1:] if kind == "branches" else ends
    if np.any(same != same[0]):
        raise ValueError("the paths do not meet")
    return [int(ends[:, 0].sum()) if kind == "branches" else int(ends[0, 0]), *map(int, ends[0, 1:])]


def shapes_along(layers, shape):
    shapes = (list(map(int, shape)),)
    for spec in layers:
        shapes += (list(map(int, output_shape(spec, shapes[-1]))),)
    return shapes


def layer_cost(spec, shape):
    cost = np.zeros(2)
    if spec["kind"] in ("conv", "local"):
        filters, *sizes = output_shape(spec, shape)
        window = np.prod(np.array(geometry(spec)[0], float))
        weights = window * spec.get("connections", shape[0] * filters / spec.get("groups", 1))
        parameters = weights + filters * float(spec.get("bias", True))
        count = float(np.prod(sizes))
        cost += [parameters * count if spec["kind"] == "local" else parameters, weights * count]
    elif spec["kind"] == "affine":
        weights = float(np.prod(shape)) * spec["nodes"]
        cost += [weights + spec["nodes"], weights]
    elif spec["kind"] == "pool" and spec.get("trainable", False):
        cost[0] = 2.0 * shape[0]
    for path in spec.get("paths", []):
        for inner, entering in zip(path, shapes_along(path, shape)):
            cost += layer_cost(inner, entering)
    return cost.tolist()


def receptive_field(spec, field, step):
    field, step = np.array(field), np.array(step)
    if spec["kind"] in ("conv", "local", "pool"):
        window, stride, _ = np.array(geometry(spec))
        field, step = field + (window - 1) * step, step * stride
    elif spec.get("paths"):
        ends = []
        for path in spec["paths"]:
            end = field, step
            for inner in path:
                end = receptive_field(inner, *end)
            ends.append(end)
        field, step = np.max([end[0] for end in ends], axis=0), ends[0][1]
    return [[int(n) for n in field], [int(n) for n in step]]


def describe(layers, input_shape):
    rows = ()
    field, step = [1, 1], [1, 1]
    shapes = shapes_along(layers, input_shape)
    for k in range(len(layers)):
        field, step = receptive_field(layers[k], field, step)
        if layers[k]["kind"] in ("affine", "spp"):
            field, step = list(input_shape[1:]), [0, 0]
        both = layer_cost(layers[k], shapes[k])
        rows += (
            dict(
                field=field,
                kind=layers[k]["kind"],
                multiply_adds=np.float64(both[1]),
                parameters=np.float64(both[0]),
                shape=shapes[k + 1],
            ),
        )
    return rows
