"""The checks of advanced task 10: the reference passes, every mistake fails, whatever is merely different passes."""

import pytest

from autograder.checks import adv10_architectures as checks
from autograder.checks.outcome import Status
from solutions import adv10_architectures as solution
from tests.checks.harness import (
    fuzz_cases,
    grade,
    grade_recorded,
    not_passed,
    public_names,
    recorded_bytes,
    stub_source,
)

TASK = "adv10_architectures"

# A function that is right but for what ``body`` does to its result y, or to its arguments.
WRAP = """
_right_{name} = {name}
def {name}({arguments}):
    {body}
"""


def wrap(name: str, arguments: str, body: str) -> str:
    return WRAP.format(name=name, arguments=arguments, body=body.replace("right(", f"_right_{name}("))


# name: (the check it must fail, source)
MISTAKES = {
    "floor_for_everything": (
        "arch_places",
        (
            "def places(size, window, stride=1, pad=0, rounding='exact'):\n"
            "    return (size - window + 2 * pad) // stride + 1"
        ),
    ),
    "ceil_goes_on_behind_the_image": (
        "arch_places",
        wrap(
            "places",
            "size, window, stride=1, pad=0, rounding='exact'",
            "return -(-(size - window + 2 * pad) // stride) + 1 if rounding == 'ceil' and window <= size + 2 * pad "
            "else right(size, window, stride, pad, rounding)",
        ),
    ),
    "padding_on_one_side": (
        "arch_places",
        wrap(
            "places",
            "size, window, stride=1, pad=0, rounding='exact'",
            "return right(size + pad, window, stride, 0, rounding)",
        ),
    ),
    "fence_posts": (
        "arch_places",
        wrap("places", "*args", "return right(*args) - (args[-1] == 'floor')"),
    ),
    "pool_stride_one": (
        "arch_output_shape",
        wrap(
            "output_shape",
            "spec, shape",
            "return right({'stride': 1, **spec} if spec['kind'] == 'pool' else spec, shape)",
        ),
    ),
    "pool_sums_channels": (
        "arch_output_shape",
        wrap(
            "output_shape",
            "spec, shape",
            "y = right(spec, shape); return (1, *y[1:]) if spec['kind'] == 'pool' else y",
        ),
    ),
    "height_and_width_swapped": (
        "arch_output_shape",
        wrap(
            "output_shape",
            "spec, shape",
            "y = right(spec, shape); return (y[0], y[2], y[1]) if spec['kind'] == 'conv' else y",
        ),
    ),
    "bins_not_squared": (
        "arch_output_shape",
        wrap(
            "output_shape",
            "spec, shape",
            "return (shape[0] * sum(spec['levels']),) if spec['kind'] == 'spp' else right(spec, shape)",
        ),
    ),
    "branches_take_the_first": (
        "arch_output_shape",
        wrap(
            "output_shape",
            "spec, shape",
            "return right({**spec, 'kind': 'residual', 'paths': spec['paths'][:1]} "
            "if spec['kind'] == 'branches' else spec, shape)",
        ),
    ),
    "residual_adds_channels": (
        "arch_output_shape",
        wrap(
            "output_shape",
            "spec, shape",
            "return right({**spec, 'kind': 'branches'} if spec['kind'] == 'residual' else spec, shape)",
        ),
    ),
    "unknown_kinds_pass": (
        "arch_refusals",
        wrap("output_shape", "spec, shape", "return shape if spec['kind'] == 'norm' else right(spec, shape)"),
    ),
    "paths_of_any_size": (
        "arch_refusals",
        wrap(
            "output_shape",
            "spec, shape",
            "ends = [shapes_along(path, shape)[-1] for path in spec.get('paths', [])]\n"
            "    return (sum(e[0] for e in ends), *ends[0][1:]) if spec['kind'] == 'branches' else right(spec, shape)",
        ),
    ),
    "residual_of_any_shape": (
        "arch_refusals",
        wrap(
            "output_shape",
            "spec, shape",
            "return shapes_along(spec['paths'][0], shape)[-1] if spec['kind'] == 'residual' else right(spec, shape)",
        ),
    ),
    "without_the_entering_shape": (
        "arch_shapes_along",
        wrap("shapes_along", "layers, shape", "return right(layers, shape)[1:]"),
    ),
    "every_layer_gets_the_image": (
        "arch_shapes_along",
        "def shapes_along(layers, shape):\n    return [shape, *(output_shape(spec, shape) for spec in layers)]",
    ),
    "forgets_the_biases": (
        "arch_layer_cost",
        wrap("layer_cost", "spec, shape", "return right({**spec, 'bias': False}, shape)"),
    ),
    "local_shares_its_biases": (
        "arch_layer_cost",
        wrap(
            "layer_cost",
            "spec, shape",
            "p, m = right(spec, shape); return (m + spec['filters'], m) if spec['kind'] == 'local' else (p, m)",
        ),
    ),
    "groups_ignored": (
        "arch_layer_cost",
        wrap("layer_cost", "spec, shape", "return right({**spec, 'groups': 1}, shape)"),
    ),
    "connections_ignored": (
        "arch_layer_cost",
        wrap(
            "layer_cost",
            "spec, shape",
            "return right({k: v for k, v in spec.items() if k != 'connections'}, shape)",
        ),
    ),
    "biases_are_multiplied": (
        "arch_layer_cost",
        wrap(
            "layer_cost",
            "spec, shape",
            "p, m = right(spec, shape); o = output_shape(spec, shape)\n"
            "    return (p, p * o[1] * o[2]) if spec['kind'] == 'conv' else (p, m)",
        ),
    ),
    "all_of_a_path_on_the_entering_shape": (
        "arch_layer_cost",
        wrap(
            "layer_cost",
            "spec, shape",
            "if 'paths' not in spec: return right(spec, shape)\n"
            "    costs = [layer_cost(inner, shape) for path in spec['paths'] for inner in path]\n"
            "    return sum(c[0] for c in costs), sum(c[1] for c in costs)",
        ),
    ),
    "own_stride_counts": (
        "arch_receptive_field",
        wrap(
            "receptive_field",
            "spec, field, step",
            "f, s = right(spec, field, step)\n    if 'window' not in spec: return f, s\n"
            "    (R, S), _, _ = geometry(spec)\n"
            "    return (field[0] + (R - 1) * s[0], field[1] + (S - 1) * s[1]), s",
        ),
    ),
    "strides_forgotten": (
        "arch_receptive_field",
        wrap("receptive_field", "spec, field, step", "return right(spec, field, step)[0], step"),
    ),
    "windows_multiply": (
        "arch_receptive_field",
        wrap(
            "receptive_field",
            "spec, field, step",
            "f, s = right(spec, field, step)\n    if 'window' not in spec: return f, s\n"
            "    (R, S), _, _ = geometry(spec)\n    return (field[0] * R, field[1] * S), s",
        ),
    ),
    "paths_see_nothing": (
        "arch_receptive_field",
        wrap(
            "receptive_field",
            "spec, field, step",
            "return (field, step) if 'paths' in spec else right(spec, field, step)",
        ),
    ),
    "paths_one_after_the_other": (
        "arch_receptive_field",
        wrap(
            "receptive_field",
            "spec, field, step",
            "if 'paths' not in spec: return right(spec, field, step)\n    for path in spec['paths']:\n"
            "        for inner in path: field, step = receptive_field(inner, field, step)\n    return field, step",
        ),
    ),
    "affine_sees_a_part": (
        "arch_describe",
        """
def describe(layers, input_shape):
    rows, shape, field, step = [], input_shape, (1, 1), (1, 1)
    for spec in layers:
        parameters, multiply_adds = layer_cost(spec, shape)
        shape, (field, step) = output_shape(spec, shape), receptive_field(spec, field, step)
        rows.append({"kind": spec["kind"], "shape": shape, "parameters": parameters,
                     "multiply_adds": multiply_adds, "field": field})
    return rows
""",
    ),
    "cost_of_the_leaving_shape": (
        "arch_describe",
        wrap(
            "describe",
            "layers, input_shape",
            "rows = right(layers, input_shape)\n    for row, spec in zip(rows, layers):\n"
            "        if spec['kind'] == 'affine': row['parameters'] = layer_cost(spec, row['shape'])[0]\n    return rows",
        ),
    ),
    "vgg_column_e": (
        "arch_vgg16",
        """
def vgg16():
    layers = []
    for filters, count in [(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)]:
        layers += [layer("conv", filters=filters, window=3, pad=1)] * count + [layer("pool", window=2)]
    return [*layers, *(layer("affine", nodes=nodes) for nodes in (4096, 4096, 1000))]
""",
    ),
    "vgg_without_padding": (
        "arch_vgg16",
        wrap("vgg16", "", "return [{k: v for k, v in spec.items() if k != 'pad'} for spec in right()]"),
    ),
    "vgg_without_the_last_pool": (
        "arch_vgg16",
        wrap("vgg16", "", "layers = right(); del layers[-4]; return layers"),
    ),
    "reductions_left_out": (
        "arch_inception_paper",
        wrap(
            "inception",
            "channels",
            "y = right(channels); y['paths'][1] = y['paths'][1][2:]; return y",
        ),
    ),
    "projection_in_front_of_the_pool": (
        "arch_inception_paper",
        wrap("inception", "channels", "y = right(channels); y['paths'][3].reverse(); return y"),
    ),
    "pool_that_shrinks": (
        "arch_inception_paper",
        wrap("inception", "channels", "y = right(channels); del y['paths'][3][0]['stride']; return y"),
    ),
    "table_read_in_another_order": (
        "arch_inception_paper",
        wrap("inception", "channels", "a, b, c, d, e, f = channels; return right((a, b, d, c, e, f))"),
    ),
    "backward_from_the_front": (
        "arch_through",
        "def backward_through(layers, d_out):\n    for one in layers:\n        d_out = one.backward(d_out)\n    return d_out",
    ),
    "every_layer_gets_x": (
        "arch_through",
        "def forward_through(layers, x):\n    for one in layers:\n        y = one.forward(x)\n    return y",
    ),
    "nothing_for_no_layers": (
        "arch_through",
        wrap("forward_through", "layers, x", "return right(layers, x) if layers else None"),
    ),
    "only_the_first_path_goes_back": (
        "arch_inception_module",
        """
class InceptionModule(InceptionModule):
    def backward(self, d_out):
        d_ends = np.split(d_out, np.cumsum(self.channels)[:-1], axis=1)
        return [backward_through(path, d_end) for path, d_end in zip(self.paths, d_ends)][0]
""",
    ),
    "paths_backwards_averaged": (
        "arch_inception_module",
        """
class InceptionModule(InceptionModule):
    def backward(self, d_out):
        return super().backward(d_out) / len(self.paths)
""",
    ),
    "paths_in_another_order": (
        "arch_inception_module",
        """
class InceptionModule(InceptionModule):
    def __init__(self, paths):
        super().__init__(paths[::-1])
""",
    ),
    "cut_by_sizes": (
        "arch_inception_module",
        """
class InceptionModule(InceptionModule):
    def backward(self, d_out):
        d_ends = np.split(d_out, self.channels[:-1], axis=1)
        return sum(backward_through(path, d_end) for path, d_end in zip(self.paths, d_ends))
""",
    ),
    "joined_along_the_width": (
        "arch_inception_module",
        """
class InceptionModule(InceptionModule):
    def forward(self, x):
        return np.concatenate([forward_through(path, x)[:, :2] for path in self.paths], axis=3)
""",
    ),
    "module_without_relu": (
        "arch_make_inception",
        wrap(
            "make_inception",
            "*args, rng",
            "y = right(*args, rng=rng)\n"
            "    return InceptionModule([[one for one in path if not isinstance(one, ReLU)] for path in y.paths])",
        ),
    ),
    "module_without_pool": (
        "arch_make_inception",
        wrap(
            "make_inception",
            "*args, rng",
            "y = right(*args, rng=rng); return InceptionModule([*y.paths[:3], y.paths[3][1:]])",
        ),
    ),
    "module_with_swapped_paths": (
        "arch_make_inception",
        wrap(
            "make_inception",
            "*args, rng",
            "a, b, c, d = right(*args, rng=rng).paths; return InceptionModule([a, c, b, d])",
        ),
    ),
    "relu_in_front_of_the_sum": (
        "arch_residual_block",
        """
class ResidualBlock(ResidualBlock):
    def forward(self, x):
        return self.relu.forward(forward_through(self.path, x)) + forward_through(self.shortcut, x)
""",
    ),
    "no_relu": (
        "arch_residual_block",
        """
class ResidualBlock(ResidualBlock):
    def forward(self, x):
        return forward_through(self.path, x) + forward_through(self.shortcut, x)
    def backward(self, d_out):
        return backward_through(self.path, d_out) + backward_through(self.shortcut, d_out)
""",
    ),
    "shortcut_forgotten_backward": (
        "arch_residual_block",
        """
class ResidualBlock(ResidualBlock):
    def backward(self, d_out):
        return backward_through(self.path, self.relu.backward(d_out))
""",
    ),
    "shortcut_around_the_relu": (
        "arch_residual_block",
        """
class ResidualBlock(ResidualBlock):
    def backward(self, d_out):
        return backward_through(self.path, self.relu.backward(d_out)) + backward_through(self.shortcut, d_out)
""",
    ),
    "broadcasts_one_channel": (
        "arch_residual_block",
        """
class ResidualBlock(ResidualBlock):
    def forward(self, x):
        return self.relu.forward(forward_through(self.path, x) + forward_through(self.shortcut, x))
""",
    ),
    "channels_first": (
        "arch_spatial_pyramid",
        """
class SpatialPyramidPooling(SpatialPyramidPooling):
    def forward(self, x):
        return super().forward(x).reshape(len(x), -1, x.shape[1]).transpose(0, 2, 1).reshape(len(x), -1)
""",
    ),
    "bins_rounded_down": (
        "arch_spatial_pyramid",
        """
class SpatialPyramidPooling(SpatialPyramidPooling):
    def forward(self, x):
        h, w = x.shape[2:]
        return np.concatenate([
            x[:, :, i * h // n : (i + 1) * h // n, j * w // n : (j + 1) * w // n].max(axis=(2, 3))
            for n in self.levels for i in range(n) for j in range(n)], axis=1)
""",
    ),
    "mean_of_the_bins": (
        "arch_spatial_pyramid",
        """
class SpatialPyramidPooling(SpatialPyramidPooling):
    def forward(self, x):
        h, w = x.shape[2:]
        return np.concatenate([
            x[:, :, i * h // n : -(-(i + 1) * h // n), j * w // n : -(-(j + 1) * w // n)].mean(axis=(2, 3))
            for n in self.levels for i in range(n) for j in range(n)], axis=1)
""",
    ),
    "last_bin_overwrites": (
        "arch_spatial_pyramid",
        """
class SpatialPyramidPooling(SpatialPyramidPooling):
    def backward(self, d_out):
        d_x = np.zeros(self.x_shape)
        for (rows, columns, pool), d in zip(self.bins, np.split(d_out, len(self.bins), axis=1)):
            d_x[:, :, rows, columns] = pool.backward(d[:, :, None, None])
        return d_x
""",
    ),
    "empty_bins_allowed": (
        "arch_spatial_pyramid",
        """
class SpatialPyramidPooling(SpatialPyramidPooling):
    def forward(self, x):
        if min(x.shape[2:]) < max(self.levels):
            return np.zeros((len(x), sum(n * n for n in self.levels) * x.shape[1]))
        return super().forward(x)
""",
    ),
}

# What the check says then.
SAYS = {
    "floor_for_everything": "ceil",
    "ceil_goes_on_behind_the_image": "behind the image",
    "padding_on_one_side": "places(224, 7, 2, 3, 'floor')",
    "fence_posts": "left out",
    "pool_stride_one": "side by side",
    "pool_sums_channels": "Channels stay",
    "height_and_width_swapped": "output_shape of conv",
    "bins_not_squared": "(12800,)",
    "branches_take_the_first": "Channels add up",
    "residual_adds_channels": "shape of its terms",
    "unknown_kinds_pass": "an unknown kind",
    "paths_of_any_size": "of different sizes",
    "residual_of_any_shape": "4 and 5 channels",
    "without_the_entering_shape": "One more than there are layers",
    "every_layer_gets_the_image": "shapes_along",
    "forgets_the_biases": "got 34 848, expected 34 944",
    "local_shares_its_biases": "expected 105 705 600",
    "groups_ignored": "2 groups",
    "connections_ignored": "pairs of filter and channel",
    "biases_are_multiplied": "multiply-adds",
    "all_of_a_path_on_the_entering_shape": "over all paths",
    "own_stride_counts": "this one's",
    "strides_forgotten": "step",
    "windows_multiply": "two 3x3",
    "paths_see_nothing": "the largest counts",
    "paths_one_after_the_other": "from the same field",
    "affine_sees_a_part": "field",
    "cost_of_the_leaving_shape": "parameters",
    "vgg_column_e": "Column D",
    "vgg_without_padding": "keeps the size",
    "vgg_without_the_last_pool": "pools behind the convolutions",
    "reductions_left_out": "inception, path 2",
    "projection_in_front_of_the_pool": "inception, path 4",
    "pool_that_shrinks": "stride=1",
    "table_read_in_another_order": "inception, path 2",
    "backward_from_the_front": "core dimension",
    "every_layer_gets_x": "filters for 3",
    "nothing_for_no_layers": "what comes in goes out",
    "only_the_first_path_goes_back": "added",
    "paths_backwards_averaged": "3 times too small",
    "paths_in_another_order": "order of the paths",
    "cut_by_sizes": "broadcast",
    "joined_along_the_width": "axis of the channels",
    "module_without_relu": "ReLU behind each convolution",
    "module_without_pool": "make_inception",
    "module_with_swapped_paths": "make_inception",
    "relu_in_front_of_the_sum": "behind the sum",
    "no_relu": "ReLU comes last",
    "shortcut_forgotten_backward": "both ways",
    "shortcut_around_the_relu": "First back through ReLU",
    "broadcasts_one_channel": "path with 1 channel",
    "channels_first": "channel by channel",
    "bins_rounded_down": "rounded up",
    "mean_of_the_bins": "SpatialPyramidPooling",
    "last_bin_overwrites": "several bins the sum",
    "empty_bins_allowed": "6 x 3 pixels",
}

# Merely different: full points.
ALTERNATIVES = {
    "lists_and_numpy_numbers": "\n".join(
        [
            wrap("places", "*args", "return np.int64(right(*args))"),
            wrap(
                "output_shape", "spec, shape", "return tuple(np.int64(n) for n in right(spec, tuple(shape)))"
            ),
            wrap("layer_cost", "spec, shape", "return [float(n) for n in right(spec, tuple(shape))]"),
            wrap(
                "receptive_field",
                "spec, field, step",
                "return [list(p) for p in right(spec, tuple(field), tuple(step))]",
            ),
            wrap("shapes_along", "layers, shape", "return tuple(right(layers, tuple(shape)))"),
        ]
    ),
    "vgg_written_out": """
def vgg16():
    layers = []
    for filters in (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool"):
        if filters == "pool":
            layers.append({"kind": "pool", "window": (2, 2), "stride": 2})
        else:
            layers.append({"kind": "conv", "filters": filters, "window": (3, 3), "stride": (1, 1), "pad": 1})
    layers.append({"kind": "flatten"})
    for nodes in (4096, 4096, 1000):
        layers += [{"kind": "affine", "nodes": nodes}, {"kind": "activation"}]
    return layers
""",
    "inception_without_activations": wrap(
        "inception",
        "channels",
        "y = right(channels)\n"
        "    return {**y, 'paths': tuple([s for s in path if s['kind'] != 'activation'] for path in y['paths'])}",
    ),
    "pyramid_without_layers": """
class SpatialPyramidPooling:
    def __init__(self, levels=(4, 2, 1)):
        self.levels = levels
    def forward(self, x):
        self.x, (h, w) = x, x.shape[2:]
        if max(self.levels) > min(h, w):
            raise ValueError("too small")
        self.parts = [
            (slice(i * h // n, int(np.ceil((i + 1) * h / n))), slice(j * w // n, int(np.ceil((j + 1) * w / n))))
            for n in self.levels for i in range(n) for j in range(n)]
        return np.hstack([x[:, :, r, c].max(axis=(2, 3)) for r, c in self.parts])
    def backward(self, d_out):
        d_x, C = np.zeros_like(self.x), self.x.shape[1]
        for k, (r, c) in enumerate(self.parts):
            part = self.x[:, :, r, c]
            d = d_out[:, k * C : (k + 1) * C, None, None]
            d_x[:, :, r, c] += d * (part == part.max(axis=(2, 3), keepdims=True))
        return d_x
""",
    "batch_first_blocks": """
class InceptionModule(InceptionModule):
    def forward(self, x):
        self.ends = [forward_through(path, x) for path in self.paths]
        return np.hstack(self.ends)
    def backward(self, d_out):
        at, d_x = 0, 0
        for path, end in zip(self.paths, self.ends):
            d_x = d_x + backward_through(path, d_out[:, at : at + end.shape[1]])
            at += end.shape[1]
        return d_x
class ResidualBlock(ResidualBlock):
    def forward(self, x):
        a = forward_through(self.path, x)
        b = x if not self.shortcut else forward_through(self.shortcut, x)
        if a.shape != b.shape:
            raise ValueError("shapes")
        self.y = np.maximum(a + b, 0)
        return self.y
    def backward(self, d_out):
        d = d_out * (self.y > 0)
        return backward_through(self.path, d) + backward_through(self.shortcut, d)
""",
}

# Mistakes of earlier tasks, which have cost their points there.
EARLIER = {
    "conv_without_bias": """
class Conv(Conv):
    def forward(self, x):
        return super().forward(x) - self.b[:, None, None]
""",
    "leaky_relu": """
class ReLU(ReLU):
    def forward(self, x):
        self.passes = np.where(x > 0, 1, 0.1)
        return x * self.passes
""",
    "pool_with_the_gradient_doubled": """
class MaxPool(MaxPool):
    def backward(self, d_out):
        return 2 * super().backward(d_out)
""",
}


@pytest.mark.parametrize("seed", range(5))
def test_reference_passes(seed):
    assert not not_passed(grade(TASK, seed=seed))


def test_reference_passes_on_the_recording():
    assert not not_passed(grade_recorded(TASK))
    assert recorded_bytes(TASK) < 300_000


def test_reference_has_the_published_numbers():
    for channels, entering, leaving, kilo, millions in checks.INCEPTIONS:
        module = solution.inception(channels)
        parameters, multiply_adds = solution.layer_cost(module, entering)
        assert solution.output_shape(module, entering) == leaving
        assert abs((parameters - sum(channels)) / 1024 - kilo) < 1.1
        assert abs(multiply_adds / 1e6 - millions) < 1
    rows = solution.describe(solution.vgg16(), (3, 224, 224))
    assert sum(row["parameters"] for row in rows) == checks.VGG16_PARAMETERS
    assert sum(row["multiply_adds"] for row in rows) == checks.VGG16_MULTIPLY_ADDS


def test_stub_earns_nothing():
    results = grade(TASK, stub_source(TASK)).values()
    assert {(result.status, result.points) for result in results} == {(Status.MISSING, 0.0)}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_fails(name):
    check, source = MISTAKES[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status in (Status.FAILED, Status.ERROR), result
    assert SAYS[name] in f"{result.message} {result.hint}"
    assert grade_recorded(TASK, source, only=check)[check].status is result.status


@pytest.mark.parametrize("name", ALTERNATIVES)
@pytest.mark.parametrize("seed", range(2))
def test_alternative_passes(name, seed):
    assert not not_passed(grade(TASK, ALTERNATIVES[name], seed))


@pytest.mark.parametrize("name", EARLIER)
def test_mistakes_of_earlier_tasks_cost_nothing_more(name):
    assert not not_passed(grade(TASK, EARLIER[name]))


def test_every_check_has_a_mistake():
    assert {check for check, _ in MISTAKES.values()} == set(grade(TASK))


# What a public name has a part in.
ON_PAPER = ["arch_output_shape", "arch_refusals", "arch_shapes_along", "arch_layer_cost", "arch_describe"]
BLOCKS = ["arch_inception_module", "arch_residual_block", "arch_make_inception"]
JUDGES = {
    "layer": ["arch_vgg16", "arch_inception_paper"],
    "geometry": ["arch_output_shape", "arch_receptive_field"],
    "places": ["arch_places", "arch_output_shape"],
    "output_shape": ON_PAPER,
    "shapes_along": ["arch_shapes_along", "arch_output_shape"],
    "layer_cost": ["arch_layer_cost", "arch_describe"],
    "receptive_field": ["arch_receptive_field", "arch_describe"],
    "describe": ["arch_describe"],
    "vgg16": ["arch_vgg16"],
    "inception": ["arch_inception_paper"],
    "forward_through": ["arch_through", *BLOCKS],
    "backward_through": ["arch_through", "arch_inception_module", "arch_residual_block"],
    "InceptionModule": ["arch_inception_module", "arch_make_inception"],
    "make_inception": ["arch_make_inception"],
    "ResidualBlock": ["arch_residual_block"],
    "SpatialPyramidPooling": ["arch_spatial_pyramid"],
}


def test_every_name_is_judged():
    assert set(JUDGES) == set(public_names(TASK))


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_is_never_the_graders_fault(name, junk, source):
    results = [grade(TASK, source, only=check)[check] for check in JUDGES[name]]
    assert not {result.name: result.message for result in results if result.status is Status.GRADER_ERROR}
    assert not [result.name for result in results if result.status is Status.PASSED]
