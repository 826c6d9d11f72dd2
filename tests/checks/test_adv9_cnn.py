"""The checks of advanced task 9: what they say, and what must not cost points twice."""

import pytest

from autograder.checks import adv9_cnn as checks
from autograder.checks.outcome import Status
from autograder.misconceptions import load_misconceptions
from tests.checks.harness import fuzz_cases, grade, grade_recorded, not_passed, public_names

TASK = "adv9_cnn"
TRAINING = "cnn_train_accuracy"
ALL_BUT_TRAINING = [name for name in vars(checks) if name.startswith("cnn_") and name != TRAINING]
KNOWN = {mistake.name: mistake for mistake in load_misconceptions(TASK)}

# What a check says about a known mistake, where the words are worth a test.
SAYS = {
    "N counts the pixels of the window in one channel only": "N counts all channels",
    "a generator of its own in every layer, so that layers of one size get the same weights": "same weights",
    "weights and biases stay float64": "expected float32",
    "blocks are opened one level deep only": "a block in the block",
    "layers inside of blocks come behind all others": "order is that of the forward pass",
    "the gradient is divided by the batch size a second time": "7 times too small",
    "frozen layers are in gradients(), so the optimizer changes them": "unexpected key W1",
    "frozen is the number of convolutions, not of layers in front of Flatten": "make_lenet5",
    "make_cnn draws its weights from N(0, 1), whatever the size of the layer": "make_conv and make_affine",
    "the seed is ignored": "another seed",
    "bytes are not scaled": "255 times too large",
    "bytes are divided by 256": "Bytes go up to 255",
    "the same distance down and to the right": "depend on each other",
    "the largest distance in one direction is never drawn": "expected -2 to 2",
    "the loss is computed after the update": "before the update",
    "the gradient has the wrong sign: every step goes uphill": "The first loss is right",
    "the last, smaller batch is left out": "epoch 1",
    "the last batch is filled up with images that have had their turn": "1 of 47 images were used more than once",
    "every batch is drawn anew, so some images are never seen": "of 47 images had an influence",
    "images are shuffled and labels are not": "a label that is not theirs",
    "images are never shuffled": "the seeds 11 and 12",
    "the mean of the batches' accuracies, although the last batch is smaller": "divide once",
    "accuracy does not pass its batch_size on": "accuracy with batch_size=5",
}

# What no student would write: (the check it must fail, what the check says then, source).
CONTRIVED = {
    "chance_without_a_seed": (
        "cnn_train_epochs",
        "the same seed again",
        """
_epoch = train_epoch
def train_epoch(*args, rng, **options):
    return _epoch(*args, rng=np.random.default_rng(), **options)
""",
    ),
    "first_layer_skipped_in_small_batches": (
        "cnn_network_forward",
        "does not fit",
        """
class Network(Network):
    def forward(self, x):
        for layer in self.layers[1:] if len(x) == 2 else self.layers:
            x = layer.forward(x)
        return softmax(x)
""",
    ),
    "all_weights_equal": (
        "cnn_make_cnn",
        "W2: the standard deviation is 0,",
        """
_make_cnn = make_cnn
def make_cnn(seed=0):
    network = _make_cnn(seed)
    network.layers[4].W[:] = 0.01
    return network
""",
    ),
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
    "one_hot_of_the_next_digit": (
        "_one_hot = one_hot\ndef one_hot(labels, classes=10):\n    return _one_hot((labels + 1) % classes, classes)",
        {TRAINING},
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


@pytest.mark.parametrize("name", SAYS)
def test_the_check_says_what_is_wrong(name):
    mistake = KNOWN[name]
    result = grade(TASK, mistake.source, only=mistake.check)[mistake.check]
    assert SAYS[name] in f"{result.message} {result.hint}"
    assert grade_recorded(TASK, mistake.source, only=mistake.check)[mistake.check].status is result.status


@pytest.mark.parametrize("name", CONTRIVED)
def test_a_contrived_mistake_fails(name):
    check, saying, source = CONTRIVED[name]
    result = grade(TASK, source, only=check)[check]
    assert result.status in (Status.FAILED, Status.ERROR), result
    assert saying in f"{result.message} {result.hint}"


@pytest.mark.parametrize("name", EARLIER)
def test_mistakes_of_earlier_tasks_cost_nothing_more(name):
    source, may_notice = EARLIER[name]
    results = grade(TASK, source) if TRAINING not in may_notice else without_training(source)
    assert set(not_passed(results)) <= may_notice


def test_weights_of_a_wrong_make_conv_cost_the_networks_nothing():
    source = KNOWN["the variance 2/N is used as the standard deviation"].source
    assert set(not_passed(without_training(source))) == {"cnn_make_layers"}


def test_every_check_has_a_known_mistake():
    assert {mistake.check for mistake in KNOWN.values()} == {*ALL_BUT_TRAINING, TRAINING}


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
