"""The checks of advanced task 8: the reference passes, every mistake fails, whatever is merely different passes."""

import pytest

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

TASK = "adv8_pooling"
FORWARD = """
class {layer}({layer}):
    def forward(self, x):
        y = super().forward(x)
        {change}
        return y
"""
BACKWARD = """
class {layer}({layer}):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        {change}
        return d_x
"""
# A layer of loops: what a window gives, and what its pixels get of its gradient g.
LOOPS = """
class {layer}:
    def __init__(self, window, stride=None, pad=0):
        self.window, self.pad = pair(window), pair(pad)
        self.stride = self.window if stride is None else pair(stride)
    def windows(self):
        N, C, H, W = self.x.shape
        for i in range(0, H - self.window[0] + 1, self.stride[0]):
            for j in range(0, W - self.window[1] + 1, self.stride[1]):
                yield i // self.stride[0], j // self.stride[1], slice(i, i + self.window[0]), slice(j, j + self.window[1])
    def forward(self, x):
        (h, w), (N, C, H, W) = self.pad, x.shape
        OH = output_size(H, self.window[0], self.stride[0], h)
        OW = output_size(W, self.window[1], self.stride[1], w)
        self.x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)), constant_values={padding})
        self.y = np.zeros((N, C, OH, OW))
        for i, j, rows, columns in self.windows():
            p = self.x[:, :, rows, columns]
            self.y[:, :, i, j] = {value}
        return self.y.copy()
    def backward(self, d_out):
        d_x = np.zeros(self.x.shape)
        for i, j, rows, columns in self.windows():
            p = self.x[:, :, rows, columns]
            y, g = self.y[:, :, i, j, None, None], d_out[:, :, i, j, None, None]
            d_x[:, :, rows, columns] {operator} {share}
        (h, w), (H, W) = self.pad, self.x.shape[2:]
        return d_x[:, :, h : H - h, w : W - w]
"""
RIGHT = {
    "MaxPool": {"padding": "-np.inf", "value": "p.max(axis=(2, 3))", "share": "g * (p == y)"},
    "AvgPool": {
        "padding": "0",
        "value": "p.mean(axis=(2, 3))",
        "share": "g / (self.window[0] * self.window[1]) + 0 * p",
    },
    "L2Pool": {
        "padding": "0",
        "value": "np.sqrt((p**2).mean(axis=(2, 3)))",
        "share": "g * p / np.where(y == 0, 1, y) / (self.window[0] * self.window[1])",
    },
}


def loops(layer: str, *, operator: str = "+=", **changes: str) -> str:
    return LOOPS.format(layer=layer, operator=operator, **{**RIGHT[layer], **changes})


# name: (the check it must fail, what the check says then, source)
MISTAKES = {
    "max_starts_at_zero": (
        "pool_max_forward",
        "MaxPool(2).forward",
        loops("MaxPool", value="np.maximum(p.max(axis=(2, 3)), 0)"),
    ),
    "max_pads_with_zeros": (
        "pool_max_forward",
        "Padding is never the largest",
        loops("MaxPool", padding="0"),
    ),
    "max_over_the_channels": (
        "pool_max_forward",
        "MaxPool(2).forward",
        loops("MaxPool", value="p.max(axis=(1, 2, 3))[:, None]"),
    ),
    "max_ignores_the_stride": (
        "pool_max_forward",
        "(3, 2), stride=(2, 1)",
        """
class MaxPool(MaxPool):
    def __init__(self, window, stride=None, pad=0):
        super().__init__(window, None, pad)
    def enter(self, x):
        try:
            return super().enter(x)
        except ValueError:
            return super().enter(x[:, :, : x.shape[2] // 3 * 3, : x.shape[3] // 2 * 2])
""",
    ),
    "max_swaps_the_window": (
        "pool_max_forward",
        "a belongs to the rows",
        """
class MaxPool(MaxPool):
    def enter(self, x):
        image = super().enter(x)
        self.window = self.window[::-1]
        return image
""",
    ),
    "max_takes_the_largest_amount": (
        "pool_max_forward",
        "MaxPool(2).forward",
        loops("MaxPool", value="abs(p).max(axis=(2, 3))"),
    ),
    "max_gradient_for_all": (
        "pool_max_backward",
        "goes to its largest pixel",
        loops("MaxPool", share="g + 0 * p"),
    ),
    "max_gradient_shared": (
        "pool_max_backward",
        "MaxPool(2).backward d_x",
        loops("MaxPool", share="(p == y) * g / p[0, 0].size"),
    ),
    "max_gradient_overwrites": (
        "pool_max_backward",
        "start from zeros and add",
        loops("MaxPool", operator="="),
    ),
    "max_gradient_to_the_first_pixel": (
        "pool_max_backward",
        "MaxPool(2).backward d_x",
        loops("MaxPool", share="g * (np.arange(p[0, 0].size).reshape(p[0, 0].shape) == 0)"),
    ),
    "max_gradient_times_x": (
        "pool_max_backward",
        "MaxPool(2).backward d_x",
        loops("MaxPool", share="g * p * (p == y)"),
    ),
    "ties_with_all_small_ones": (
        "pool_max_ties",
        "with equal pixels",
        loops("MaxPool", share="g * (p >= y - 1)"),
    ),
    "ties_get_twice": (
        "pool_max_ties",
        "both are fine",
        loops("MaxPool", share="g * (p == y) * np.sqrt((p == y).sum(axis=(2, 3), keepdims=True))"),
    ),
    "ties_get_nothing": (
        "pool_max_ties",
        "with equal pixels",
        loops("MaxPool", share="g * (p == y) * ((p == y).sum(axis=(2, 3), keepdims=True) == 1)"),
    ),
    "avg_sums": ("pool_avg_forward", "4 times too large", loops("AvgPool", value="p.sum(axis=(2, 3))")),
    "avg_divides_by_one_side": (
        "pool_avg_forward",
        "2 times too large",
        loops("AvgPool", value="p.sum(axis=(2, 3)) / self.window[0]"),
    ),
    "avg_without_padding": (
        "pool_avg_forward",
        "zeros of the padding counted",
        FORWARD.format(
            layer="AvgPool",
            change="y = y / (AvgPool.__mro__[1].forward(self, np.ones(x.shape)) if max(self.pad) else 1)",
        ),
    ),
    "avg_gradient_not_divided": (
        "pool_avg_backward",
        "4 times too large",
        loops("AvgPool", share="g + 0 * p"),
    ),
    "avg_gradient_overwrites": (
        "pool_avg_backward",
        "start from zeros and add",
        loops("AvgPool", operator="="),
    ),
    "avg_gradient_keeps_the_padding": (
        "pool_avg_backward",
        "got shape",
        loops("AvgPool").replace("h : H - h, w : W - w", ":, :"),
    ),
    "l2_of_the_sum": (
        "pool_l2_forward",
        "2 times too large",
        loops("L2Pool", value="np.sqrt((p**2).sum(axis=(2, 3)))"),
    ),
    "l2_without_root": (
        "pool_l2_forward",
        "L2Pool(2).forward",
        loops("L2Pool", value="(p**2).mean(axis=(2, 3))"),
    ),
    "l2_root_before_the_mean": (
        "pool_l2_forward",
        "L2Pool(2).forward",
        loops("L2Pool", value="np.sqrt((p**2).sum(axis=(2, 3))) / p[0, 0].size"),
    ),
    "l2_gradient_of_the_square": (
        "pool_l2_backward",
        "L2Pool(2).backward d_x",
        loops("L2Pool", share="g * 2 * p / p[0, 0].size"),
    ),
    "l2_gradient_not_divided": (
        "pool_l2_backward",
        "4 times too large",
        loops("L2Pool", share="g * p / y"),
    ),
    "l2_gradient_forgets_the_pixel": (
        "pool_l2_backward",
        "L2Pool(2).backward d_x",
        loops("L2Pool", share="g / y / p[0, 0].size + 0 * p"),
    ),
    "l2_gradient_overwrites": (
        "pool_l2_backward",
        "start from zeros and add",
        loops("L2Pool", operator="="),
    ),
    "l2_divides_by_zero": (
        "pool_l2_zeros",
        "divide 0 by 0",
        loops("L2Pool", share="g * p / y / p[0, 0].size"),
    ),
    "l2_zero_window_gets_one": (
        "pool_l2_zeros",
        "backward d_x with windows of zeros",
        loops("L2Pool", share="g * np.where(y == 0, 1, p / np.where(y == 0, 1, y)) / p[0, 0].size"),
    ),
    "takes_what_fits": (
        "pool_does_not_fit",
        "MaxPool(2).forward of images",
        loops("MaxPool").replace("output_size(H", "(lambda n, w, s, p: (n - w + 2 * p) // s + 1)(H"),
    ),
    "another_error": (
        "pool_does_not_fit",
        "AssertionError",
        FORWARD.format(layer="L2Pool", change="pass").replace(
            "y = super().forward(x)",
            "assert not any((n - w) % s for n, w, s in zip(x.shape[2:], self.window, self.stride))\n"
            "        y = super().forward(x)",
        ),
    ),
    "keeps_the_size_to_itself": (
        "pool_does_not_fit",
        "without the size",
        FORWARD.format(layer="AvgPool", change="pass").replace(
            "y = super().forward(x)",
            "try:\n            y = super().forward(x)\n"
            "        except ValueError:\n            raise ValueError('no') from None",
        ),
    ),
    "flattens_everything": (
        "flatten_layer",
        "got shape",
        FORWARD.format(layer="Flatten", change="y = y.ravel()"),
    ),
    "flattens_channels_last": (
        "flatten_layer",
        "Flatten.forward",
        FORWARD.format(layer="Flatten", change="y = x.transpose(0, 2, 3, 1).reshape(len(x), -1)"),
    ),
    "flattens_batch_last": (
        "flatten_layer",
        "Flatten.forward",
        FORWARD.format(layer="Flatten", change="y = x.transpose(1, 2, 3, 0).reshape(len(x), -1)"),
    ),
    "unflattens_the_wrong_way": (
        "flatten_layer",
        "Flatten.backward",
        BACKWARD.format(
            layer="Flatten",
            change="N, C, H, W = d_x.shape; d_x = d_x.reshape(N, H, W, C).transpose(0, 3, 1, 2)",
        ),
    ),
    "does_not_unflatten": (
        "flatten_layer",
        "got shape",
        BACKWARD.format(layer="Flatten", change="d_x = d_out"),
    ),
    "flatten_remembers_the_first_batch": (
        "flatten_layer",
        "",
        """
class Flatten(Flatten):
    def forward(self, x):
        self.shape = getattr(self, "shape", x.shape)
        return super().forward(x)
    def backward(self, d_out):
        return d_out.reshape(len(d_out), *self.shape[1:])
""",
    ),
    "winner_in_the_class": (
        "pool_state",
        "MaxPool",
        """
class MaxPool(MaxPool):
    def forward(self, x):
        y = super().forward(x)
        MaxPool.last = dict(self.__dict__)
        return y
    def backward(self, d_out):
        self.__dict__.update(MaxPool.last)
        return super().backward(d_out)
""",
    ),
    "first_image_remembered": (
        "pool_state",
        "L2Pool",
        """
class L2Pool(L2Pool):
    def forward(self, x):
        y = super().forward(x)
        self.kept = getattr(self, "kept", dict(self.__dict__))
        return y
    def backward(self, d_out):
        self.__dict__.update(self.kept)
        return super().backward(d_out)
""",
    ),
    "pools_in_place": (
        "pool_arguments",
        "of AvgPool was changed",
        FORWARD.format(layer="AvgPool", change="x[:, :, 0] = 0"),
    ),
    "writes_into_d_out": (
        "pool_arguments",
        "of MaxPool was changed",
        BACKWARD.format(layer="MaxPool", change="d_out *= 2"),
    ),
    "flatten_writes_into_d_out": (
        "pool_arguments",
        "of Flatten was changed",
        BACKWARD.format(layer="Flatten", change="d_out += 1"),
    ),
}

# Merely different: full points.
ALTERNATIVES = {
    "max_by_loops_all_ties": loops("MaxPool"),
    "max_ties_in_equal_shares": loops(
        "MaxPool", share="g * (p == y) / (p == y).sum(axis=(2, 3), keepdims=True)"
    ),
    "max_last_of_equal_pixels": """
class MaxPool(MaxPool):
    def forward(self, x):
        y = super().forward(x)
        self.winner = self.winner.copy()
        for k, pixel in enumerate(self.places(self.enter(x))):
            self.winner[pixel == batch_last(y)] = k
        return y
""",
    "avg_by_loops": loops("AvgPool"),
    "l2_by_loops": loops("L2Pool"),
    "l2_with_epsilon": loops(
        "L2Pool",
        value="np.sqrt((p**2).mean(axis=(2, 3)) + 1e-8)",
        share="g * p / y / (self.window[0] * self.window[1])",
    ),
    "flatten_makes_copies": """
class Flatten:
    def forward(self, x):
        self.sizes = x.shape[1:]
        return np.array([image.ravel() for image in x])
    def backward(self, d_out):
        return np.array([row.reshape(self.sizes) for row in d_out])
""",
    "refuses_by_itself": """
def refuse(layer, x):
    for n, w, s, p in zip(x.shape[2:], layer.window, layer.stride, layer.pad):
        if n + 2 * p < w or (n + 2 * p - w) % s:
            raise ValueError(f"cannot pool {n} pixels")
class MaxPool(MaxPool):
    def forward(self, x):
        refuse(self, x)
        return super().forward(x)
class AvgPool(AvgPool):
    def forward(self, x):
        refuse(self, x)
        return super().forward(x)
class L2Pool(L2Pool):
    def forward(self, x):
        refuse(self, x)
        return super().forward(x)
del output_size
def enter(self, x):
    self.x_shape = x.shape
    (h, w), (N, C, H, W) = self.pad, x.shape
    padded = np.full((C, H + 2 * h, W + 2 * w, N), self.padding, x.dtype)
    padded[:, h : h + H, w : w + W] = batch_last(x)
    self.padded_shape = padded.shape
    return padded
Pool.enter = enter
""",
}
JUDGED_BY = {
    "MaxPool": {"pool_max_forward", "pool_max_backward", "pool_max_ties"},
    "AvgPool": {"pool_avg_forward", "pool_avg_backward"},
    "L2Pool": {"pool_l2_forward", "pool_l2_backward", "pool_l2_zeros"},
    "Flatten": {"flatten_layer"},
}
SHARED = {"pool_does_not_fit", "pool_state", "pool_arguments"}


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
    check, saying, source = MISTAKES[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status in (Status.FAILED, Status.PARTIAL, Status.ERROR), result
    assert saying in f"{result.message} {result.hint}"
    assert grade_recorded(TASK, source, only=check)[check].status is result.status


@pytest.mark.parametrize("name", ALTERNATIVES)
@pytest.mark.parametrize("seed", range(2))
def test_alternative_passes(name, seed):
    assert not not_passed(grade(TASK, ALTERNATIVES[name], seed))


def test_every_check_has_a_mistake():
    assert {check for check, _, _ in MISTAKES.values()} == set(grade(TASK))


@pytest.mark.parametrize(
    "places",
    [
        "(size - window + 2 * pad) // stride + 1",  # never refuses
        "(size - window + 2 * pad) / stride",  # and is wrong
        "None",
    ],
)
def test_a_wrong_output_size_of_adv7_costs_nothing_again(places):
    source = f"def output_size(size, window, stride=1, pad=0):\n    return {places}"
    assert not not_passed(grade(TASK, source))


def test_one_missing_layer_costs_its_part_only():
    results = grade(
        TASK, "class L2Pool(L2Pool):\n    def forward(self, x):\n        raise NotImplementedError"
    )
    assert results["pool_l2_forward"].status is Status.MISSING
    assert results["pool_max_forward"].status is Status.PASSED
    assert results["pool_state"].points == pytest.approx(5 * 2 / 3, abs=0.01)
    assert results["pool_arguments"].points == pytest.approx(5 * 3 / 4, abs=0.01)


@pytest.mark.parametrize(("name", "junk", "source"), fuzz_cases(TASK))
def test_junk_is_never_the_graders_fault(name, junk, source):
    judged_by = JUDGED_BY.get(name, set())
    # The other layers' own checks do not meet this one, and need not run again.
    parts = (
        [grade(TASK, source, only=check) for check in judged_by | SHARED]
        if judged_by
        else [grade(TASK, source)]
    )
    results = [result for part in parts for result in part.values()]
    assert not {result.name: result.message for result in results if result.status is Status.GRADER_ERROR}
    assert not {result.name for result in results if result.points} & judged_by


@pytest.mark.parametrize("junk", ["first argument", "2x2 zeros", "dict of nan", "none", "raises"])
def test_nothing_but_junk_earns_nothing(junk):
    sources = {name: source for name, kind, source in fuzz_cases(TASK) if kind == junk}
    assert set(sources) == set(public_names(TASK))
    assert not sum(result.points for result in grade(TASK, "\n".join(sources.values())).values())
