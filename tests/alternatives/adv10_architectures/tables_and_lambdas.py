"""A table of small functions for each question instead of if and elif; blocks are closures in a namespace."""

from functools import reduce
from itertools import accumulate, product
from math import ceil, prod
from types import SimpleNamespace

import numpy as np


def refuse(why):
    raise ValueError(why)


ROUND = {"exact": lambda q: int(q) if q == int(q) else refuse("no whole number"), "floor": int, "ceil": ceil}


def places(size, window, stride=1, pad=0, rounding="exact"):
    room = size - window + 2 * pad
    steps = ROUND[rounding](room / stride) if room >= 0 else refuse("too large")
    return steps + 1 - (steps * stride >= size + pad)


def windowed(spec, shape):
    axes = zip(shape[1:], *geometry(spec))
    return (spec.get("filters", shape[0]), *(places(*axis, spec.get("rounding", "exact")) for axis in axes))


ends_of = lambda spec, shape: [shapes_along(path, shape)[-1] for path in spec["paths"]]
agree = lambda values: len(set(values)) == 1 or refuse("the paths differ")
SHAPE = {
    "conv": windowed,
    "local": windowed,
    "pool": windowed,
    "affine": lambda spec, shape: (spec["nodes"],),
    "flatten": lambda spec, shape: (prod(shape),),
    "activation": lambda spec, shape: shape,
    "spp": lambda spec, shape: (shape[0] * sum(n**2 for n in spec["levels"]),),
    "branches": lambda spec, shape: side_by_side(ends_of(spec, shape)),
    "residual": lambda spec, shape: agree(ends := ends_of(spec, shape)) and ends[0],
}
side_by_side = lambda ends: agree(end[1:] for end in ends) and (sum(end[0] for end in ends), *ends[0][1:])
output_shape = lambda spec, shape: SHAPE.get(spec["kind"], lambda *_: refuse("unknown kind"))(spec, shape)
shapes_along = lambda layers, shape: list(
    accumulate(layers, lambda entering, spec: output_shape(spec, entering), initial=tuple(shape))
)


def filters_cost(spec, shape):
    filters, *size = output_shape(spec, shape)
    pairs = spec.get("connections", filters * shape[0] // spec.get("groups", 1))
    weights = pairs * prod(geometry(spec)[0])
    own = weights + filters * spec.get("bias", True)
    return own * prod(size) if spec["kind"] == "local" else own, weights * prod(size)


total = lambda costs: tuple(map(sum, zip((0, 0), *costs)))
COST = {
    "conv": filters_cost,
    "local": filters_cost,
    "affine": lambda spec, shape: (spec["nodes"] * (prod(shape) + 1), spec["nodes"] * prod(shape)),
    "pool": lambda spec, shape: (2 * shape[0] if spec.get("trainable") else 0, 0),
}
in_paths = lambda spec, shape: total(
    layer_cost(*pair_of_both)
    for path in spec.get("paths", ())
    for pair_of_both in zip(path, shapes_along(path, shape))
)
layer_cost = lambda spec, shape: COST.get(spec["kind"], in_paths)(spec, shape)


def receptive_field(spec, field, step):
    if "window" in spec:
        window, stride, _ = geometry(spec)
        return tuple(f + (w - 1) * s for f, w, s in zip(field, window, step)), tuple(
            map(prod, zip(step, stride))
        )
    go = lambda state, inner: receptive_field(inner, *state)
    ends = [reduce(go, path, (field, step)) for path in spec.get("paths", [[]])]
    return tuple(map(max, zip(*(end[0] for end in ends)))), ends[-1][1]


def describe(layers, input_shape):
    shapes = shapes_along(layers, input_shape)
    fields = list(
        accumulate(layers, lambda state, spec: receptive_field(spec, *state), initial=((1, 1), (1, 1)))
    )
    whole = list(accumulate((spec["kind"] in ("affine", "spp") for spec in layers), lambda a, b: a or b))
    return [
        {
            "kind": spec["kind"],
            "shape": shapes[k + 1],
            "field": tuple(input_shape[1:]) if whole[k] else fields[k + 1][0],
            **dict(zip(("parameters", "multiply_adds"), layer_cost(spec, shapes[k]))),
        }
        for k, spec in enumerate(layers)
    ]


filters3 = lambda filters: layer("conv", filters=filters, window=3, pad=1)
vgg16 = lambda: [
    *(
        layer("pool", window=2) if filters == "M" else filters3(int(filters))
        for filters in "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M".split()
    ),
    *(layer("affine", nodes=nodes) for nodes in (4096, 4096, 1000)),
]


def inception(channels):
    a, b, c, d, e, f = (
        layer("conv", filters=n, window=w, pad=w // 2) for n, w in zip(channels, (1, 1, 3, 1, 5, 1))
    )
    pool = layer("pool", window=3, stride=1, pad=1)
    return layer("branches", paths=[[a], [b, c], [d, e], [pool, f]])


forward_through = lambda layers, x: reduce(lambda a, one: one.forward(a), layers, x)
backward_through = lambda layers, d_out: reduce(lambda d, one: one.backward(d), layers[::-1], d_out)


def InceptionModule(paths):
    module = SimpleNamespace(paths=paths, layers=sum(paths, []), cuts=[])

    def forward(x):
        ends = [forward_through(path, x) for path in paths]
        module.cuts = list(accumulate(end.shape[1] for end in ends))[:-1]
        return np.hstack(ends)

    def backward(d_out):
        return reduce(np.add, map(backward_through, paths, np.split(d_out, module.cuts, axis=1)))

    module.forward, module.backward = forward, backward
    return module


def make_inception(channels_in, channels, *, rng):
    entering = (channels_in, channels_in, channels[1], channels_in, channels[3], channels_in)
    a, b, c, d, e, f = (
        [make_conv(into, out, size, rng=rng, pad=size // 2), ReLU()]
        for into, out, size in zip(entering, channels, (1, 1, 3, 1, 5, 1))
    )
    return InceptionModule([a, b + c, d + e, [MaxPool(3, 1, 1), *f]])


def ResidualBlock(path, shortcut=None):
    around = shortcut or []
    relu = ReLU()
    block = SimpleNamespace(path=path, shortcut=around, layers=[*path, *around])

    def forward(x):
        one, two = forward_through(path, x), forward_through(around, x)
        return relu.forward(one + two) if one.shape == two.shape else refuse("the shapes differ")

    def backward(d_out):
        return sum(backward_through(way, relu.backward(d_out)) for way in (path, around))

    block.forward, block.backward = forward, backward
    return block


def SpatialPyramidPooling(levels=(4, 2, 1)):
    seen = {}
    cut = lambda k, n, size: slice(k * size // n, (k * size + size + n - 1) // n)

    def forward(x):
        size = x.shape[2:]
        max(levels) <= min(size) or refuse("more bins than pixels")
        seen["x"] = x
        seen["bins"] = [
            (..., cut(i, n, size[0]), cut(j, n, size[1]))
            for n in levels
            for i, j in product(range(n), range(n))
        ]
        return np.concatenate([x[part].max(axis=(-2, -1)) for part in seen["bins"]], axis=-1)

    def backward(d_out):
        d_x = np.zeros_like(seen["x"])
        for part, d in zip(seen["bins"], np.split(d_out, len(seen["bins"]), axis=1)):
            won = seen["x"][part] == seen["x"][part].max(axis=(-2, -1), keepdims=True)
            d_x[part] += np.einsum("nc,nchw->nchw", d, won)
        return d_x

    return SimpleNamespace(levels=levels, forward=forward, backward=backward)
