"""Checks of advanced task 10: famous networks on paper, and three of their ideas as layers.

Networks on paper are compared with published figures, which are typed in with their source, and with the reference on
random lists of layers. The building blocks are made of the student's own layers of earlier tasks: where a block does not
compute what it should, these are called one by one, as in advanced task 9.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.calls import Proxy, error_of
from autograder.checks import check
from autograder.checks.adv9_cnn import Plan, ask, build, convolve, generator
from autograder.expect import (
    CheckFailed,
    expect,
    expect_array,
    expect_close,
    expect_close_shape,
    expect_dict,
    expect_function,
    expect_gradient,
    expect_number,
    expect_object,
    quietly,
    show,
    spread,
)

TASK = "adv10_architectures"
Layer = dict[str, Any]
Shape = tuple[int, ...]
PlannedLayer = tuple[str, tuple[Any, ...], dict[str, Any]]  # as in `Plan`


def layer(kind: str, **options: Any) -> Layer:
    """A layer on paper."""
    return {"kind": kind, **options}


# --- Published figures --------------------------------------------------------------------------------------------

# LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, section II.B:
# "C1 contains 156 trainable parameters", S2 12, C3 1 516, S4 32, C5 48 120 "connections", F6 10 164.
LENET5 = [
    layer("conv", filters=6, window=5),
    layer("pool", window=2, trainable=True),
    layer("conv", filters=16, window=5, connections=60),
    layer("pool", window=2, trainable=True),
    layer("conv", filters=120, window=5),
    layer("affine", nodes=84),
]
LENET5_SHAPES = [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,)]
LENET5_PARAMETERS = [156, 12, 1516, 32, 48_120, 10_164]

# Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", 2012; the numbers
# of its first layer from Stanford's CS231n, "Convolutional networks": 55x55x96, 34 944 with sharing and 105 705 600
# without. "60 million parameters" is the abstract's.
ALEXNET = [
    layer("conv", filters=96, window=11, stride=4),
    layer("pool", window=3, stride=2),
    layer("conv", filters=256, window=5, pad=2, groups=2),
    layer("pool", window=3, stride=2),
    layer("conv", filters=384, window=3, pad=1),
    layer("conv", filters=384, window=3, pad=1, groups=2),
    layer("conv", filters=256, window=3, pad=1, groups=2),
    layer("pool", window=3, stride=2),
    layer("affine", nodes=4096),
    layer("affine", nodes=4096),
    layer("affine", nodes=1000),
]

# Zeiler, Fergus, "Visualizing and understanding convolutional networks", 2014, figure 3.
ZFNET = [
    layer("conv", filters=96, window=7, stride=2, pad=1, rounding="floor"),
    layer("pool", window=3, stride=2, pad=1, rounding="floor"),
    layer("conv", filters=256, window=5, stride=2, rounding="floor"),
    layer("pool", window=3, stride=2, pad=1, rounding="floor"),
    layer("conv", filters=384, window=3, pad=1),
    layer("conv", filters=384, window=3, pad=1),
    layer("conv", filters=256, window=3, pad=1),
    layer("pool", window=3, stride=2),
]
ZFNET_SHAPES = [(96, 110, 110), (96, 55, 55), (256, 26, 26), (256, 13, 13)]
ZFNET_SHAPES += [(384, 13, 13), (384, 13, 13), (256, 13, 13), (256, 6, 6)]

# Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015, table 1, column D;
# table 2 says 138 million; the last digits follow from the table. 15.5 thousand million multiply-adds.
VGG16_FILTERS = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
VGG16_PARAMETERS, VGG16_MULTIPLY_ADDS = 138_357_544, 15_470_264_320

# Szegedy et al., "Going deeper with convolutions", 2015, table 1, rows inception (3a) and (3b): channels, the shape
# that leaves, parameters in 1 024 (biases left out), multiply-adds in millions.
INCEPTIONS = [
    ((64, 96, 128, 16, 32, 32), (192, 28, 28), (256, 28, 28), 159, 128),
    ((128, 128, 192, 32, 96, 64), (256, 28, 28), (480, 28, 28), 380, 304),
]


# --- Asking -------------------------------------------------------------------------------------------------------


def expect_sizes(got: Any, expected: Shape, name: str, hint: str | None = None) -> None:
    """``got`` is this tuple of whole numbers; a list or an array counts."""
    message = f"{name}: got {show(got)}, expected {tuple(expected)}"
    if isinstance(got, np.ndarray) and got.shape == (len(expected),):
        got = got.tolist()
    plain = type(got) in (tuple, list) and len(got) == len(expected)
    expect(
        plain and all(type(v) in (int, float) for v in got) and tuple(got) == tuple(expected), message, hint
    )


def expect_count(got: Any, expected: int, name: str, hint: str | None = None) -> None:
    """``got`` is this whole number."""
    number = expect_number(got, name, hint=hint)
    got, right = (f"{value:,.12g}".replace(",", " ") for value in (number, expected))
    expect(number == expected, f"{name}: got {got}, expected {right}", hint)


def pair_of(got: Any, name: str) -> tuple[Any, Any]:
    """``got`` as two values."""
    fine = (type(got) in (tuple, list) or (isinstance(got, np.ndarray) and got.ndim > 0)) and len(got) == 2
    expect(fine, f"{name}: got {show(got)}, expected two values", "Return both: return a, b.")
    return got[0], got[1]


def rows_of(got: Any, count: int, name: str) -> list[dict[str, Any]]:
    """``got`` as the rows of `describe`."""
    message = f"{name}: got {show(got)}, expected a list of {count} rows"
    expect(type(got) in (tuple, list) and len(got) == count, message, "One row for each layer.")
    keys = ("kind", "shape", "parameters", "multiply_adds", "field")
    return [expect_dict(row, keys, f"{name}, row {number}") for number, row in enumerate(got, 1)]


def expect_rows(got: Any, expected: list[dict[str, Any]], name: str) -> None:
    """The rows of `describe` are these."""
    rows = rows_of(got, len(expected), name)
    for number, (row, right) in enumerate(zip(rows, expected, strict=True), 1):
        where = f"{name}, row {number} ({right['kind']})"
        expect(row["kind"] == right["kind"], f"{where}: got the kind {show(row['kind'])}")
        hint = "The shape that leaves a layer enters the next one."
        expect_sizes(row["shape"], right["shape"], f"{where}: shape", hint)
        hint = "What a layer costs depends on the shape that enters it."
        expect_count(row["parameters"], right["parameters"], f"{where}: parameters", hint)
        expect_count(row["multiply_adds"], right["multiply_adds"], f"{where}: multiply_adds", hint)
        hint = "Field and step go from layer to layer; from the first affine or spp on it is the whole image."
        expect_sizes(row["field"], right["field"], f"{where}: field", hint)


def random_layers(rng: Any, count: int) -> list[Layer]:
    """Convolutions, local layers, pools and activations in any order, for images of more than 40 pixels."""
    layers = []
    for kind, window, other, stride, pad, rounding, filters in rng.integers(0, 12, size=(count, 7)).tolist():
        options: Layer = {
            "window": (1 + window % 3, 1 + other % 2),
            "stride": (1 + stride % 2, 1 + stride // 6),
        }
        options["pad"], options["rounding"] = (
            pad % 2 * (window % 3 > 0 and other % 2 > 0),
            ("floor", "ceil")[rounding % 2],
        )
        if kind % 4 == 3:
            layers.append(layer("pool", **options))
            continue
        if kind == 0:
            layers.append(layer("activation"))
        name, bias = ("conv", "conv", "local")[kind % 3], kind % 2 == 0
        layers.append(layer(name, filters=2 + filters, bias=bias, **options))
    return layers


def random_shape(rng: Any) -> Shape:
    """(C, H, W), H ≠ W."""
    channels, height, more = rng.integers((2, 41, 1), (6, 60, 9)).tolist()
    return channels, height, height + more


def random_block(rng: Any, kind: str) -> Layer:
    """Three paths that keep height and width: side by side, or ending in 4 channels."""
    a, b, c, d = rng.integers(2, 9, size=4).tolist()
    paths = [
        [layer("conv", filters=a, window=1), layer("activation")],
        [layer("conv", filters=b, window=3, pad=1), layer("conv", filters=c, window=5, pad=2, bias=False)],
        [layer("pool", window=3, stride=1, pad=1), layer("conv", filters=d, window=(1, 3), pad=(0, 1))],
    ]
    if kind == "residual":
        paths = [paths[1], [layer("conv", filters=c, window=1)]]
    return layer(kind, paths=paths)


# --- On paper -----------------------------------------------------------------------------------------------------


@check(TASK, points=6, equation="(57)")
def arch_places(student: Proxy, reference: Proxy, rng: Any) -> None:
    """places counts the places of a window that fits, leaves pixels out, or hangs over the end."""
    places = expect_function(student, "places")
    known = [(227, 11, 4, 0, "exact", 55), (224, 7, 2, 3, "floor", 112), (112, 3, 2, 0, "ceil", 56)]
    known += [
        (28, 5, 1, 0, "exact", 24),
        (6, 3, 2, 0, "floor", 2),
        (6, 3, 2, 0, "ceil", 3),
        (7, 3, 2, 0, "ceil", 3),
    ]
    known += [(5, 1, 3, 0, "ceil", 2), (4, 1, 4, 0, "ceil", 1), (5, 2, 4, 1, "ceil", 2)]
    hints = {
        "exact": "Eq. (57): padding at both ends, and one place more than there are steps.",
        "floor": "Eq. (57) rounded down: pixels that are left over are left out.",
        "ceil": "One place more when pixels are left over, unless it would begin behind the image.",
    }
    for *arguments, expected in known:
        text = ", ".join(map(repr, arguments))
        expect_count(places(*arguments), expected, f"places({text})", hints[str(arguments[4])])
    for size, window, stride, pad in rng.integers((10, 1, 1, 0), (40, 7, 4, 1), size=(12, 4)).tolist():
        for rounding in ("floor", "ceil"):
            name = f"places({size}, {window}, {stride}, {pad}, {rounding!r})"
            right = reference.places(size, window, stride, pad, rounding)
            expect_count(places(size, window, stride, pad, rounding), right, name, hints[rounding])
    expect_value_error(places, (10, 3, 2, 0, "exact"), "places(10, 3, 2, 0, 'exact'), which does not fit")
    expect_value_error(
        places, (3, 5, 1, 0, "floor"), "places(3, 5, 1, 0, 'floor'), a window larger than the image"
    )


def expect_value_error(function: Proxy, arguments: tuple[Any, ...], doing: str) -> None:
    error = error_of(function, *arguments)
    got = "no error" if error is None else error.type_name
    expect(
        got == "ValueError",
        f"{doing}: got {got}, expected ValueError",
        "raise ValueError, and say what does not fit.",
    )


@check(TASK, points=9, equation="(57)")
def arch_output_shape(student: Proxy, reference: Proxy, rng: Any) -> None:
    """output_shape gives the shape that leaves a layer of each kind."""
    function = expect_function(student, "output_shape")
    shape = random_shape(rng)
    cases: list[tuple[Layer, Shape]] = [
        (layer("conv", filters=96, window=11, stride=4), (3, 227, 227)),
        (layer("local", filters=5, window=(3, 1), stride=(2, 3), rounding="floor"), shape),
        (layer("pool", window=2, rounding="floor"), shape),
        (layer("pool", window=3, stride=2, rounding="ceil"), shape),
        (layer("conv", filters=7, window=(3, 5), pad=(1, 2)), shape),
        (layer("activation"), shape),
        (layer("activation"), (17,)),
        (layer("flatten"), shape),
        (layer("affine", nodes=13), shape),
        (layer("affine", nodes=13), (21,)),
        # He et al., "Spatial pyramid pooling in deep convolutional networks", 2014: 50 bins, 256 channels.
        (layer("spp", levels=[6, 3, 2, 1]), (256, 13, 13)),
        (layer("spp", levels=[6, 3, 2, 1]), (256, 10, 9)),
        (layer("spp", levels=[4, 2, 1]), shape),
        (random_block(rng, "branches"), shape),
        (random_block(rng, "residual"), shape),
        (
            layer("residual", paths=[[layer("activation"), layer("conv", filters=shape[0], window=1)], []]),
            shape,
        ),
    ]
    hints = {
        "conv": "One channel for each filter; height and width by places.",
        "local": "The shape of a convolution: only the weights are not shared.",
        "pool": "Channels stay. Without a stride the windows lie side by side.",
        "spp": "Each level n has n x n bins, and every channel has its own: whatever the size of the image.",
        "branches": "Channels add up, height and width stay.",
        "residual": "A sum has the shape of its terms. An empty path is the input itself.",
    }
    for spec, entering in cases:
        right = reference.output_shape(spec, entering)
        options = ", ".join(f"{k}={v}" for k, v in spec.items() if k not in ("kind", "paths"))
        name = f"output_shape of {spec['kind']}({options}) for {entering}"
        expect_sizes(function(spec, entering), right, name, hints.get(spec["kind"]))


@check(TASK, points=5)
def arch_refusals(student: Proxy, reference: Proxy, rng: Any) -> None:
    """output_shape raises ValueError for what cannot be built."""
    function = expect_function(student, "output_shape")
    conv3, conv5 = layer("conv", filters=4, window=3, pad=1), layer("conv", filters=4, window=5, pad=1)
    more = layer("conv", filters=5, window=3, pad=1)
    fine: list[tuple[Layer, Shape]] = [
        (layer("branches", paths=[[conv3], [more]]), (9, 8, 6)),
        (layer("residual", paths=[[conv3], [conv3, conv3]]), (4, 8, 6)),
        (layer("conv", filters=4, window=2, stride=2), (4, 4, 3)),
    ]
    for spec, right in fine:
        expect_sizes(function(spec, (2, 8, 6)), right, f"output_shape of {spec['kind']}, which fits")
    broken = {
        "a window that does not fit": layer("conv", filters=4, window=3, stride=2),
        "an unknown kind": layer("norm"),
        "paths side by side of different sizes": layer("branches", paths=[[conv3], [conv5]]),
        "paths to be summed with 4 and 5 channels": layer("residual", paths=[[conv3], [more]]),
        "a window that does not fit, in a path": layer(
            "branches", paths=[[layer("pool", window=4)], [conv3]]
        ),
    }
    for what, spec in broken.items():
        expect_value_error(function, (spec, (2, 8, 6)), f"output_shape with {what}")


@check(TASK, points=4)
def arch_shapes_along(student: Proxy, reference: Proxy, rng: Any) -> None:
    """shapes_along lists the shape that enters, and that behind every layer."""
    for layers, shape in ((LENET5, (1, 32, 32)), (random_layers(rng, 4), random_shape(rng)), ([], (2, 5, 3))):
        got, right = (
            expect_function(student, "shapes_along")(layers, shape),
            reference.shapes_along(layers, shape),
        )
        message = f"shapes_along: got {show(got)}, expected a list of {len(right)} for {len(layers)} layers"
        expect(
            type(got) in (list, tuple) and len(got) == len(right), message, "One more than there are layers."
        )
        for number, (found, expected) in enumerate(zip(got, right, strict=True)):
            expect_sizes(
                found, expected, f"shapes_along: number {number}", "What leaves a layer enters the next."
            )


@check(TASK, points=10, equation="(58)")
def arch_layer_cost(student: Proxy, reference: Proxy, rng: Any) -> None:
    """layer_cost counts parameters and multiply-adds, with sharing, without, in groups and in paths."""
    shape, big = random_shape(rng), (3, 227, 227)
    same = {"filters": 6, "window": (3, 5), "stride": 2, "rounding": "floor"}
    relu, (one, reduce3, three, reduce5, five, project) = layer("activation"), INCEPTIONS[0][0]
    paths = [
        [layer("conv", filters=one, window=1), relu],
        [layer("conv", filters=reduce3, window=1), relu, layer("conv", filters=three, window=3, pad=1)],
        [layer("conv", filters=reduce5, window=1), relu, layer("conv", filters=five, window=5, pad=2)],
        [layer("pool", window=3, stride=1, pad=1), layer("conv", filters=project, window=1)],
    ]
    module = layer("branches", paths=paths)
    cases: list[tuple[str, Layer, Shape, tuple[int, int] | None, str]] = [
        # Stanford's CS231n, see ALEXNET.
        (
            "AlexNet's first layer",
            ALEXNET[0],
            big,
            (34_944, 105_415_200),
            "A filter has a weight for every channel, and one bias.",
        ),
        (
            "AlexNet's first layer without sharing",
            layer("local", filters=96, window=11, stride=4),
            big,
            (105_705_600, 105_415_200),
            "Locally connected: every place has filters and biases of its own.",
        ),
        (
            "LeNet-5's third layer",
            LENET5[2],
            (6, 14, 14),
            (1516, 150_000),
            "connections counts pairs of filter and channel.",
        ),
        ("LeNet-5's second layer", LENET5[1], (6, 28, 28), (12, 0), "A factor and a bias for each channel."),
        ("a pool", layer("pool", window=2), (6, 28, 28), (0, 0), "There is nothing to learn in a maximum."),
        (
            "AlexNet's second layer, 2 groups",
            ALEXNET[2],
            (96, 27, 27),
            (307_456, 223_948_800),
            "A filter sees the channels of its group.",
        ),
        (
            "convolution",
            layer("conv", **same),
            shape,
            None,
            "Every weight works at every place; biases are not multiplied.",
        ),
        (
            "convolution without biases",
            layer("conv", bias=False, **same),
            shape,
            None,
            "No biases with bias=False.",
        ),
        (
            "local layer without biases",
            layer("local", bias=False, **same),
            shape,
            None,
            "No biases with bias=False.",
        ),
        # He et al., "Deep residual learning for image recognition", 2016, figure 5, left: two 3x3, 64, without biases.
        (
            "a residual block",
            layer("residual", paths=[[layer("conv", filters=64, window=3, pad=1, bias=False)] * 2, []]),
            (64, 56, 56),
            (73_728, 231_211_008),
            "A sum costs nothing. The second layer of a path gets what the first returned.",
        ),
        # Szegedy et al., see INCEPTIONS: 159 x 1024 weights, 128 million multiply-adds; and 368 biases.
        (
            "GoogLeNet's first inception module",
            module,
            (192, 28, 28),
            (163_696, 128_049_152),
            "The sum over all paths. The second layer of a path gets what the first returned.",
        ),
        (
            "affine",
            layer("affine", nodes=11),
            shape,
            None,
            "All numbers that enter, and one bias for each node.",
        ),
        (
            "affine",
            layer("affine", nodes=11),
            (35,),
            None,
            "All numbers that enter, and one bias for each node.",
        ),
        ("activation", layer("activation"), shape, None, "Nothing."),
        ("spp", layer("spp", levels=[3, 1]), shape, None, "Nothing."),
        ("branches", random_block(rng, "branches"), shape, None, "The sum over all layers of all paths."),
        ("residual", random_block(rng, "residual"), shape, None, "The sum over all layers of all paths."),
    ]
    for name, spec, entering, known, hint in cases:
        got = expect_function(student, "layer_cost")(spec, entering)
        right = reference.layer_cost(spec, entering) if known is None else known
        parameters, multiply_adds = pair_of(got, f"layer_cost of {name}")
        expect_count(parameters, right[0], f"layer_cost of {name}: parameters", hint)
        if spec["kind"] in ("conv", "local"):
            hint = "Every weight works once at every place that leaves; biases are not multiplied."
        expect_count(multiply_adds, right[1], f"layer_cost of {name}: multiply-adds", hint)


@check(TASK, points=9)
def arch_receptive_field(student: Proxy, reference: Proxy, rng: Any) -> None:
    """Two 3x3 filters see 5x5 pixels, three 7x7; strides and paths count."""
    conv3, start = layer("conv", filters=4, window=3, pad=1), ((1, 1), (1, 1))
    pool = layer("pool", window=2)
    chains: list[tuple[str, list[Layer]]] = [
        # Simonyan, Zisserman, see VGG16: section 2.3.
        ("two 3x3", [conv3, conv3]),
        ("three 3x3", [conv3, conv3, conv3]),
        ("3x3, pool, 3x3", [conv3, pool, layer("activation"), conv3]),
        ("windows and strides of two numbers", random_layers(rng, 4)),
        ("affine and spp", [conv3, layer("affine", nodes=5), layer("flatten")]),
        ("an inception module behind a pool", [pool, random_block(rng, "branches"), conv3]),
        ("a residual block behind a pool", [pool, random_block(rng, "residual"), conv3]),
        (
            "a stride inside of paths",
            [layer("branches", paths=[[conv3, pool], [layer("conv", filters=1, window=2, stride=2)]]), conv3],
        ),
    ]
    known = {"two 3x3": (5, 5), "three 3x3": (7, 7)}
    function = expect_function(student, "receptive_field")
    for name, layers in chains:
        mine = right = start
        for number, spec in enumerate(layers, 1):
            got = function(spec, *mine)
            right = reference.receptive_field(spec, *right)
            where = f"receptive_field, {name}, layer {number} ({spec['kind']})"
            field, step = pair_of(got, where)
            hint = "A window of w adds (w - 1) steps. The stride makes the next layer's steps longer, not this one's."
            if "paths" in spec:
                hint = "Go along each path from the same field; the largest counts."
            expect_sizes(field, right[0], f"{where}: field", hint)
            expect_sizes(step, right[1], f"{where}: step", hint)
            mine = right
        if name in known:
            expect_sizes(mine[0], known[name], name)


@check(TASK, points=8, equation="(57), (58)")
def arch_describe(student: Proxy, reference: Proxy, rng: Any) -> None:
    """describe gives the published figures of LeNet-5, AlexNet and ZFNet."""
    function = expect_function(student, "describe")
    rows = rows_of(function(LENET5, (1, 32, 32)), len(LENET5), "describe(LeNet-5)")
    for number, (row, shape, count) in enumerate(zip(rows, LENET5_SHAPES, LENET5_PARAMETERS, strict=True), 1):
        hint = "shape is what leaves a layer; what it costs depends on what enters."
        expect_sizes(row["shape"], shape, f"LeNet-5, row {number}: shape", hint)
        expect_count(row["parameters"], count, f"LeNet-5, row {number}: parameters", hint)
    rows = rows_of(function(ALEXNET, (3, 227, 227)), len(ALEXNET), "describe(AlexNet)")
    expect_sizes(rows[0]["shape"], (96, 55, 55), "AlexNet, row 1: shape")
    total = sum(expect_number(row["parameters"], "AlexNet: parameters") for row in rows)
    expect_count(total, 60_965_224, "AlexNet: all parameters")
    rows = rows_of(function(ZFNET, (3, 224, 224)), len(ZFNET), "describe(ZFNet)")
    for number, (row, shape) in enumerate(zip(rows, ZFNET_SHAPES, strict=True), 1):
        expect_sizes(row["shape"], shape, f"ZFNet, row {number}: shape")
    cases: list[tuple[str, list[Layer], Shape]] = [
        ("AlexNet", ALEXNET, (3, 227, 227)),
        (
            "ending in spp",
            [
                *random_layers(rng, 2),
                layer("spp", levels=[2, 1]),
                layer("activation"),
                layer("affine", nodes=7),
            ],
            random_shape(rng),
        ),
        ("an inception module", [random_block(rng, "branches"), *random_layers(rng, 3)], random_shape(rng)),
        ("flatten", [layer("flatten"), layer("affine", nodes=3), layer("activation")], random_shape(rng)),
    ]
    for name, layers, shape in cases:
        expect_rows(function(layers, shape), reference.describe(layers, shape), f"describe({name})")


@check(TASK, points=7)
def arch_vgg16(student: Proxy, reference: Proxy, rng: Any) -> None:
    """vgg16 has 13 convolutions and 3 affine layers, 138 million parameters."""
    got = expect_function(student, "vgg16")()
    expect(type(got) in (list, tuple), f"vgg16: got {show(got)}, expected a list of layers")
    shape: Shape = (3, 224, 224)
    parameters = multiply_adds = 0
    filters: list[int] = []
    nodes: list[int] = []
    pools: list[int] = []
    for number, spec in enumerate(got, 1):
        where = f"vgg16, layer {number}"
        expect(
            type(spec) is dict and type(spec.get("kind")) is str,
            f"{where}: got {show(spec)}, expected a layer",
        )
        expect(len(got) <= 100, f"vgg16: {len(got)} layers")
        kind = spec["kind"]
        if kind == "conv":
            threes = (single(spec, "window"), single(spec, "pad", 0), single(spec, "stride", 1)) == (3, 1, 1)
            expect(
                threes and len(shape) == 3,
                f"{where}: not a 3x3 convolution with stride 1 that keeps the size",
            )
            filters.append(whole(spec.get("filters"), where))
            parameters += filters[-1] * (9 * shape[0] + 1)
            multiply_adds += filters[-1] * 9 * shape[0] * shape[1] * shape[2]
            shape = filters[-1], shape[1], shape[2]
        elif kind == "pool":
            twos = (single(spec, "window"), single(spec, "stride", 2)) == (2, 2)
            expect(twos and len(shape) == 3, f"{where}: not a pool of 2x2")
            shape, pools = (shape[0], shape[1] // 2, shape[2] // 2), [*pools, len(filters)]
        elif kind == "affine":
            nodes.append(whole(spec.get("nodes"), where))
            parameters += nodes[-1] * (int(np.prod(shape)) + 1)
            multiply_adds += nodes[-1] * int(np.prod(shape))
            shape = (nodes[-1],)
        else:
            expect(kind in ("activation", "flatten"), f"{where}: got the kind {show(kind)}")
    expect(
        filters == VGG16_FILTERS,
        f"vgg16: filters {filters}, expected {VGG16_FILTERS}",
        "Column D of the table.",
    )
    expect(
        pools == [2, 4, 7, 10, 13],
        f"vgg16: pools behind the convolutions {pools}, expected [2, 4, 7, 10, 13]",
    )
    expect(nodes == [4096, 4096, 1000], f"vgg16: affine layers of {nodes} nodes, expected [4096, 4096, 1000]")
    expect_count(parameters, VGG16_PARAMETERS, "vgg16: parameters")
    expect_count(multiply_adds, VGG16_MULTIPLY_ADDS, "vgg16: multiply-adds")


def whole(value: Any, name: str) -> int:
    """``value`` as a whole number of at least 1 that is not absurd."""
    expect(type(value) is int and 0 < value < 10**6, f"{name}: got {show(value)}, expected a whole number")
    return int(value)


@check(TASK, points=6)
def arch_inception_paper(student: Proxy, reference: Proxy, rng: Any) -> None:
    """inception has the four paths of GoogLeNet's module, and its published numbers."""
    function = expect_function(student, "inception")
    for channels, *_ in INCEPTIONS:
        module = expect_dict(function(channels), ("kind", "paths"), f"inception({channels})")
        expect(
            module["kind"] == "branches",
            f"inception: got the kind {show(module['kind'])}, expected 'branches'",
        )
        paths = module["paths"]
        four = (
            type(paths) in (list, tuple)
            and len(paths) == 4
            and all(type(path) in (list, tuple) for path in paths)
        )
        expect(four, f"inception: got the paths {show(paths)}, expected 4 lists of layers")
        one, reduce3, three, reduce5, five, project = channels
        expected: list[list[Any]] = [
            [(one, 1)],
            [(reduce3, 1), (three, 3)],
            [(reduce5, 1), (five, 5)],
            ["pool", (project, 1)],
        ]
        for number, (path, right) in enumerate(zip(paths, expected, strict=True), 1):
            found = [summary(spec, f"inception, path {number}") for spec in path]
            found = [entry for entry in found if entry != "activation"]
            texts = [", ".join(map(str, entries)) for entries in (found, right)]
            hint = "Filters and window in the order of the table; all paths keep height and width."
            expect(found == right, f"inception, path {number}: got {texts[0]}, expected {texts[1]}", hint)


def single(spec: Layer, key: str, default: Any = None) -> Any:
    """An option of a layer on paper as one number, also when it is given for both axes; "?" when it is neither."""
    value = spec.get(key, default)
    if type(value) in (tuple, list) and len(value) == 2 and type(value[0]) is type(value[1]) is int:
        value = value[0] if value[0] == value[1] else "?"
    return value if value is None or type(value) is int else "?"


def summary(spec: Any, name: str) -> Any:
    """A layer of a path in short: (filters, window), "pool" or "activation"."""
    expect(
        type(spec) is dict and type(spec.get("kind")) is str, f"{name}: got {show(spec)}, expected a layer"
    )
    kind, window, pad = spec["kind"], single(spec, "window"), single(spec, "pad", 0)
    if kind == "conv":
        keeps = type(window) is int and pad == (window - 1) / 2 and single(spec, "stride", 1) == 1
        expect(
            keeps, f"{name}: a convolution that changes height or width", "pad = (window - 1) / 2, stride 1."
        )
        return single(spec, "filters"), window
    if kind == "pool":
        keeps = (window, pad, single(spec, "stride")) == (3, 1, 1)
        expect(keeps, f"{name}: not a pool of 3x3 that keeps the size", "stride=1, pad=1.")
    else:
        expect(kind == "activation", f"{name}: got the kind {show(kind)}")
    return kind


# --- Blocks of layers ---------------------------------------------------------------------------------------------


def conv(rng: Any, channels: int, filters: int, size: int) -> PlannedLayer:
    """A convolution that keeps height and width, as `build` makes it."""
    W = rng.normal(0, 0.5, size=(filters, channels, size, size))
    return "Conv", (W, rng.normal(size=filters)), {"pad": size // 2}


RELU: PlannedLayer = ("ReLU", (), {})
MAX3: PlannedLayer = ("MaxPool", (3,), {"stride": 1, "pad": 1})


def along(layers: list[Proxy], x: np.ndarray) -> np.ndarray:
    """What comes out of the student's layers, called one by one."""
    for one in layers:
        x = ask(one, "forward", x)
        expect(isinstance(x, np.ndarray), f"forward: got {show(x)}")
    return expect_array(x, x.shape, "the layers one after the other")


def back_along(layers: list[Proxy], d_out: np.ndarray, shape: Shape) -> np.ndarray:
    """The way back through them."""
    for one in reversed(layers):
        d_out = ask(one, "backward", d_out)
    return expect_array(d_out, shape, "the way back through the layers")


def expect_same(got: Any, right: np.ndarray, own: Callable[[], Any], name: str, hint: str) -> None:
    """``got`` is ``right``, or what the student's own layers make when they are called one by one."""
    try:
        expect_close(got, right, name, hint=hint)
    except CheckFailed:
        found = quietly(own)
        if not isinstance(found, np.ndarray) or spread(found) < 1e-3:
            raise
        expect_close(got, found, name, hint=hint)


def judge_block(
    student: Proxy,
    reference: Proxy,
    kind: str,
    arrange: Callable[[list[list[Proxy]]], tuple[Any, ...]],
    paths: list[Plan],
    x: np.ndarray,
    d_out: np.ndarray,
    join: Callable[[list[np.ndarray]], np.ndarray],
    share: Callable[[np.ndarray], list[np.ndarray]],
    hints: tuple[str, str],
) -> None:
    """A block of paths computes what the reference's does, or what the student's own layers do.

    Args:
        arrange: the paths' layers as the arguments of the block's class.
        join: the ends of the paths as the output of the block.
        share: d_out as the gradients behind the paths; called after ``join``.
        hints: for forward and for backward.
    """
    theirs, mine, again = ([build(owner, path) for path in paths] for owner in (reference, student, student))
    right = expect_function(reference, kind)(*arrange(theirs))
    block = expect_object(expect_function(student, kind)(*arrange(mine)), kind)

    def own_backward() -> np.ndarray:
        own_forward()
        pairs = zip(again, share(d_out), strict=True)
        return np.sum([back_along(layers, part, x.shape) for layers, part in pairs], axis=0)

    def own_forward() -> np.ndarray:
        return join([along(layers, x) for layers in again])

    y, right_y = ask(block, "forward", x), right.forward(x)
    expect_same(y, right_y, own_forward, f"{kind}.forward", hints[0])
    d_x, right_d_x = ask(block, "backward", d_out), right.backward(d_out)
    expect_same(d_x, right_d_x, own_backward, f"{kind}.backward d_x", hints[1])
    quietly(own_backward)
    for number, path in enumerate(paths):
        for k, (layer_kind, arguments, _) in enumerate(path):
            if layer_kind != "Conv":
                continue
            for gradient, like in zip(("d_W", "d_b"), arguments, strict=True):
                name = f"{kind}: {gradient} of layer {k + 1} in path {number + 1}"
                got = expect_close_shape(getattr(mine[number][k], gradient), like.shape, name)

                def own(
                    one: Proxy = again[number][k], gradient: str = gradient, like: Any = like
                ) -> np.ndarray:
                    return expect_close_shape(getattr(one, gradient), like.shape, gradient)

                expect_same(got, getattr(theirs[number][k], gradient), own, name, hints[1])
    if np.allclose(y, right_y, rtol=1e-3, atol=1e-6):

        def forward(value: np.ndarray) -> np.ndarray:
            return expect_array(ask(block, "forward", value), d_out.shape, f"{kind}.forward")

        if np.allclose(d_x, right_d_x, rtol=1e-3, atol=1e-6):  # otherwise an earlier layer is wrong
            expect_gradient(forward, x, d_out, d_x, f"{kind}.backward d_x", hint=hints[1])


@check(TASK, points=4)
def arch_through(student: Proxy, reference: Proxy, rng: Any) -> None:
    """forward_through and backward_through go through layers one after the other, and back."""
    path: Plan = [conv(rng, 2, 3, 3), RELU, conv(rng, 3, 2, 1)]
    x, d_out = rng.normal(size=(2, 3, 2, 5, 4))
    layers, again, right = build(student, path), build(student, path), build(reference, path)
    expected, expected_back = reference.forward_through(right, x), reference.backward_through(right, d_out)
    forward, backward = (expect_function(student, f"{way}_through") for way in ("forward", "backward"))
    hint = "Each layer gets what the one in front of it returned."
    expect_same(forward(layers, x), expected, lambda: along(again, x), "forward_through", hint)
    quietly(lambda: along(layers, x))  # whatever forward_through did: the layers remember x
    quietly(lambda: along(again, x))
    back = backward(layers, d_out)
    expect_same(
        back,
        expected_back,
        lambda: back_along(again, d_out, x.shape),
        "backward_through",
        "The last layer first.",
    )
    hint = "Without layers, what comes in goes out."
    expect_close(forward([], x), x, "forward_through([], x)", hint=hint)
    expect_close(backward([], d_out), d_out, "backward_through([], d_out)", hint=hint)


@check(TASK, points=11)
def arch_inception_module(student: Proxy, reference: Proxy, rng: Any) -> None:
    """InceptionModule joins its paths' channels, and adds up what comes back through them."""
    paths: list[Plan] = [
        [conv(rng, 3, 2, 1), RELU],
        [conv(rng, 3, 2, 1), RELU, conv(rng, 2, 4, 3), RELU],
        [MAX3, conv(rng, 3, 3, 1)],
    ]
    x, d_out = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(2, 9, 5, 4))
    hints = (
        "All paths get x; their results are joined along the axis of the channels, in the order of the paths.",
        "Each path gets the gradient of its own channels; x went into all paths, so what they send back is added.",
    )
    judge_block(
        student,
        reference,
        "InceptionModule",
        lambda layers: (layers,),
        paths,
        x,
        d_out,
        lambda ends: np.concatenate(ends, axis=1),
        lambda d: np.split(d, [2, 6], axis=1),
        hints,
    )


@check(TASK, points=6)
def arch_make_inception(student: Proxy, reference: Proxy, rng: Any) -> None:
    """make_inception builds the four paths of 1x1, 3x3, 5x5 and pooling, with ReLU behind every convolution."""
    channels, entering = (2, 5, 4, 1, 7, 6), 3  # all different: what takes one for another does not fit
    x, seed = rng.normal(size=(2, entering, 6, 5)), int(rng.integers(1, 10_000))
    module = expect_function(student, "make_inception")(entering, channels, rng=generator(student, seed))
    y = ask(expect_object(module, "make_inception"), "forward", x)
    hint = "The channels of the output are those of 1x1, 3x3, 5x5 and the pool's projection, in this order."
    one, reduce3, three, reduce5, five, project = channels
    leaving = (2, one + three + five + project, 6, 5)
    y = expect_array(y, leaving, f"make_inception({entering}, {channels}).forward", hint=hint)
    shapes = [(one, entering, 1, 1), (reduce3, entering, 1, 1), (three, reduce3, 3, 3)]
    shapes += [(reduce5, entering, 1, 1), (five, reduce5, 5, 5), (project, entering, 1, 1)]
    layers = module.layers
    expect(
        type(layers) is list,
        f"make_inception: layers: got {show(layers)}, expected a list",
        "Make an InceptionModule.",
    )
    weights = [
        W
        for W in (quietly(lambda item=item: item.W) for item in layers if isinstance(item, Proxy))
        if W is not None
    ]
    message = f"make_inception: {len(weights)} layers with weights, expected {len(shapes)}"
    expect(len(weights) == len(shapes), message, "Six convolutions: one, two, two and one.")
    checked = [
        expect_array(W, shape, f"make_inception: W of convolution {number}", hint=hint)
        for number, (W, shape) in enumerate(zip(weights, shapes, strict=True), 1)
    ]
    plans = inception_plans([(W, np.zeros(len(W), W.dtype)) for W in checked])
    expected = np.concatenate([trusted_path(plan, x) for plan in plans], axis=1)
    hint = "Each path in the order of the figure, with ReLU behind each convolution; the pooling comes before its own."
    own_paths = quietly(lambda: [build(student, plan) for plan in plans])

    def own() -> np.ndarray:
        return np.concatenate([along(path, x) for path in own_paths or []], axis=1)

    try:
        expect_close(y, expected, "make_inception().forward", rtol=1e-3, hint=hint)
    except CheckFailed:
        found = quietly(own) if own_paths else None
        if found is None:
            raise
        expect_close(y, found, "make_inception().forward", rtol=1e-3, hint=hint)


def inception_plans(weights: list[tuple[np.ndarray, np.ndarray]]) -> list[Plan]:
    """The four paths of an inception module with these six convolutions."""
    one, reduce3, three, reduce5, five, project = [
        [("Conv", pair, {"pad": pair[0].shape[2] // 2}), RELU] for pair in weights
    ]
    return [one, reduce3 + three, reduce5 + five, [MAX3, *project]]


def trusted_path(plan: Plan, x: np.ndarray) -> np.ndarray:
    """What convolutions, ReLU and pooling of 3x3 make of x (N, C, H, W)."""
    for kind, arguments, options in plan:
        if kind == "Conv":
            x = convolve(x, arguments[0], arguments[1], options["pad"])
        elif kind == "ReLU":
            x = np.maximum(x, 0)
        else:
            around = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
            x = np.lib.stride_tricks.sliding_window_view(around, (3, 3), axis=(2, 3)).max(axis=(4, 5))
    return x


@check(TASK, points=8)
def arch_residual_block(student: Proxy, reference: Proxy, rng: Any) -> None:
    """ResidualBlock is ReLU of the sum of a path and a shortcut, forward and backward."""
    straight: Plan = [conv(rng, 3, 4, 3), RELU, conv(rng, 4, 3, 3)]
    growing: Plan = [conv(rng, 3, 2, 3), RELU, conv(rng, 2, 5, 1)]
    x = rng.normal(size=(2, 3, 4, 5))
    summed: dict[str, np.ndarray] = {}

    def join(ends: list[np.ndarray]) -> np.ndarray:
        summed["before"] = ends[0] + ends[1]
        one = build(student, [RELU])
        summed["relu"] = one  # type: ignore[assignment]
        return along(one, summed["before"])

    def share(d: np.ndarray) -> list[np.ndarray]:
        passed = back_along(summed["relu"], d, d.shape)  # type: ignore[arg-type]
        return [passed, passed]

    hints = (
        "ReLU comes last, behind the sum. Without a shortcut the input itself takes that way.",
        "First back through ReLU, then both ways with the same gradient; what arrives is added.",
    )
    cases: list[tuple[Any, list[Plan], int]] = [
        (lambda layers: (layers[0],), [straight, []], 3),
        (lambda layers: (layers[0], layers[1]), [growing, [conv(rng, 3, 5, 1)]], 5),
    ]
    for arrange, paths, channels in cases:
        d_out = rng.normal(size=(2, channels, 4, 5))
        judge_block(student, reference, "ResidualBlock", arrange, paths, x, d_out, join, share, hints)
    # A sum of one channel and of three would be possible, but it is no residual block.
    narrow = expect_function(student, "ResidualBlock")(build(student, [conv(rng, 3, 1, 3)]))
    method = expect_function(expect_object(narrow, "ResidualBlock"), "forward")
    expect_value_error(method, (x,), "ResidualBlock.forward, path with 1 channel, input with 3")


@check(TASK, points=7)
def arch_spatial_pyramid(student: Proxy, reference: Proxy, rng: Any) -> None:
    """SpatialPyramidPooling makes as many numbers of images of every size, and sends gradients to the winners."""
    pyramid = expect_function(student, "SpatialPyramidPooling")
    cases: list[tuple[Any, Shape]] = [((2, 1), (2, 3, 5, 4)), ((3, 2), (1, 2, 7, 5)), ((3, 2), (2, 2, 6, 9))]
    for levels, shape in cases:
        values = rng.permutation(int(np.prod(shape))) / 7.0  # no two pixels are equal
        x, bins = values.reshape(shape), sum(n * n for n in levels)
        d_out = rng.normal(size=(shape[0], bins * shape[1]))
        name, one = (
            f"SpatialPyramidPooling({levels})",
            expect_object(pyramid(levels), "SpatialPyramidPooling"),
        )
        right = reference.SpatialPyramidPooling(levels)
        y, right_y, right_d_x = ask(one, "forward", x), right.forward(x), right.backward(d_out)
        hint = (
            "Level by level, bin by bin, channel by channel; a bin ends at the rounded up (i + 1) * size / n."
        )
        own = partial(own_pyramid, student, x, levels)
        expect_same(y, right_y, own, f"{name}.forward", hint)
        d_x = ask(one, "backward", d_out)
        hint = "Only the largest pixel of a bin gets its gradient, and one that won several bins the sum."
        own_back = partial(own_pyramid_backward, student, x, levels, d_out)
        expect_same(d_x, right_d_x, own_back, f"{name}.backward d_x", hint)
        if levels == (2, 1) and np.allclose(y, right_y) and np.allclose(d_x, right_d_x):

            def forward(value: np.ndarray, one: Proxy = one, like: Shape = d_out.shape) -> np.ndarray:
                return expect_array(ask(one, "forward", value), like, "SpatialPyramidPooling.forward")

            expect_gradient(forward, x, d_out, d_x, f"{name}.backward d_x", hint=hint)
    small = expect_object(pyramid((4, 2, 1)), "SpatialPyramidPooling")
    image = rng.normal(size=(1, 2, 6, 3))
    method = expect_function(small, "forward")
    expect_value_error(method, (image,), "SpatialPyramidPooling((4, 2, 1)) of an image of 6 x 3 pixels")


def bins_of(x: np.ndarray, levels: tuple[int, ...]) -> list[np.ndarray]:
    """Views of the bins of x (N, C, H, W), level by level and row by row."""
    height, width = x.shape[2:]
    return [
        x[:, :, i * height // n : -(-(i + 1) * height // n), j * width // n : -(-(j + 1) * width // n)]
        for n in levels
        for i, j in np.ndindex(n, n)
    ]


def own_pyramid(student: Proxy, x: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """The numbers of the pyramid by the student's own MaxPool, one for each bin."""
    parts = bins_of(x, levels)
    pools = [build(student, [("MaxPool", (part.shape[2:],), {})]) for part in parts]
    ends = [along(pool, part).reshape(part.shape[:2]) for pool, part in zip(pools, parts, strict=True)]
    return np.concatenate(ends, axis=1)


def own_pyramid_backward(
    student: Proxy, x: np.ndarray, levels: tuple[int, ...], d_out: np.ndarray
) -> np.ndarray:
    """Its gradient, likewise."""
    d_x = np.zeros(x.shape)
    parts, targets = bins_of(x, levels), bins_of(d_x, levels)
    for part, target, d_end in zip(parts, targets, np.split(d_out, len(parts), axis=1), strict=True):
        pool = build(student, [("MaxPool", (part.shape[2:],), {})])
        along(pool, part)
        target += back_along(pool, d_end[:, :, np.newaxis, np.newaxis], part.shape)
    return d_x
