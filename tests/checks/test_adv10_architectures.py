"""The checks of advanced task 10: what they say, the published figures, and what must not cost points twice."""

import pytest

from autograder.checks import adv10_architectures as checks
from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions
from solutions import adv10_architectures as solution
from tests.checks.harness import fuzz_cases, grade, grade_recorded, not_passed, public_names

TASK = "adv10_architectures"
KNOWN = {mistake.name: mistake for mistake in load_misconceptions(TASK)}

# What a check says about a known mistake, where the words are worth a test.
SAYS = {
    "ceil counts a last window that begins outside of the image": "behind the image",
    "a pool without a stride takes steps of 1": "side by side",
    "a level n of the pyramid has n bins, not n x n": "(12800,)",
    "paths of different height or width are joined without a word": "of different sizes",
    "a residual block of ways that differ in channels passes": "4 and 5 channels",
    "the shape that enters the first layer is missing": "One more than there are layers",
    "biases are not counted": "got 34 848, expected 34 944",
    "a locally connected layer shares its biases": "expected 105 705 600",
    "groups are ignored": "2 groups",
    "connections are ignored": "pairs of filter and channel",
    "bias=False is ignored": "No biases with bias=False",
    "biases count as multiply-adds": "biases are not multiplied",
    "all layers of a path are counted on the shape that enters the block": "what the first returned",
    "a layer's own stride widens its own field": "not this one's",
    "paths side by side are walked one after the other": "from the same field",
    "layers behind the first affine one see a part of the image again": "row 4 (activation): field",
    "VGG-19: four convolutions in each of the last three stages": "Column D",
    "the pool inside the module makes the image smaller": "stride=1",
    "the way back begins with the first layer": "core dimension",
    "an empty list of layers returns None": "what comes in goes out",
    "what comes back from the paths is averaged": "3 times too small",
    "make_inception leaves out the ReLUs": "ReLU behind each convolution",
    "the 3x3 convolution is made for the channels of the input": "images with 5 channels, filters for 3",
    "the shortcut goes around the ReLU on the way back": "First back through ReLU",
    "one channel is added to three without a word": "path with 1 channel",
    "the order is channel by channel, and only then bin by bin": "channel by channel",
    "where bins overlap, the last one overwrites the gradient of the others": "several bins the sum",
}

# A function that is right but for what ``body`` does to its result y, or to its arguments.
WRAP = """
_right_{name} = {name}
def {name}({arguments}):
    {body}
"""


def wrap(name: str, arguments: str, body: str) -> str:
    return WRAP.format(name=name, arguments=arguments, body=body.replace("right(", f"_right_{name}("))


# What no student would write: (the check it must fail, source).
CONTRIVED = {
    "fence_posts": (
        "arch_places",
        wrap("places", "*args", "return right(*args) - (args[-1] == 'floor')"),
    ),
    "paths_in_another_order": (
        "arch_inception_module",
        """
class InceptionModule(InceptionModule):
    def __init__(self, paths):
        super().__init__(paths[::-1])
""",
    ),
    "vgg_without_the_last_pool": (
        "arch_vgg16",
        wrap("vgg16", "", "layers = right(); del layers[-4]; return layers"),
    ),
    "module_with_swapped_paths": (
        "arch_make_inception",
        wrap(
            "make_inception",
            "*args, rng",
            "a, b, c, d = right(*args, rng=rng).paths; return InceptionModule([a, c, b, d])",
        ),
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


@pytest.mark.parametrize("name", SAYS)
def test_the_check_says_what_is_wrong(name):
    mistake = KNOWN[name]
    result = grade(TASK, mistake.source, only=mistake.check)[mistake.check]
    assert SAYS[name] in f"{result.message} {result.hint}"
    assert grade_recorded(TASK, mistake.source, only=mistake.check)[mistake.check].status is result.status


@pytest.mark.parametrize("name", CONTRIVED)
def test_a_contrived_mistake_fails(name):
    check, source = CONTRIVED[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status in (Status.FAILED, Status.ERROR), result


@pytest.mark.parametrize("name", EARLIER)
def test_mistakes_of_earlier_tasks_cost_nothing_more(name):
    assert not not_passed(grade(TASK, EARLIER[name]))


def test_every_check_has_a_known_mistake():
    assert {mistake.check for mistake in KNOWN.values()} == set(grade(TASK))


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
