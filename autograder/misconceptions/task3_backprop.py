"""Known mistakes in backpropagation, the training loop, and saving what was learned."""

from __future__ import annotations

from autograder.misconceptions import Misconception


def _changed(right: str, *changes: tuple[str, str]) -> str:
    """``right`` with every (old, new) of ``changes`` carried out; each old text must be there once."""
    for old, new in changes:
        if right.count(old) != 1:
            raise ValueError(f"not once there: {old}")
        right = right.replace(old, new)
    return right


def _affine(*changes: tuple[str, str]) -> str:
    return _changed(_AFFINE, *changes)


def _network(*changes: tuple[str, str]) -> str:
    return _changed(_NETWORK, *changes)


def _train(*changes: tuple[str, str]) -> str:
    return _changed(_TRAIN, *changes)


# Right as they stand: each mistake changes a line or two of one of them.
_AFFINE = """
class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, d_out):
        self.d_W = self.x.T @ d_out
        self.d_b = d_out.sum(axis=0)
        return d_out @ self.W.T
"""
_NETWORK = """
def loss_and_gradients(params, x, t):
    affine1 = Affine(params["W1"], params["b1"])
    hidden = Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(hidden.forward(affine1.forward(x))))
    loss = cross_entropy(y, t)
    d_a = softmax_cross_entropy_backward(y, t)
    d_h = affine2.backward(d_a)
    d_u = hidden.backward(d_h)
    affine1.backward(d_u)
    return loss, {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
"""
_TRAIN = """
def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: value.copy() for name, value in params.items()}
    x, t = flatten(images), one_hot(labels)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))
        losses = []
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            loss, grads = loss_and_gradients(params, x[batch], t[batch])
            params = sgd_update(params, grads, learning_rate)
            losses.append(loss)
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}")
    return params
"""
_LOAD = """
def load_parameters(path):
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            params = {name: arrays[name] for name in arrays.files}
    except OSError:
        raise
    except Exception as error:
        raise ValueError("this is no .npz file of plain arrays") from error
"""

_OUTPUT = (
    Misconception(
        name="the division by the batch size B is missing from the output gradient",
        check="output_gradient",
        hint="E_n in (12) is a mean over B examples. Work out the slope of (E_1 + E_2)/2 by hand: what becomes of "
        "the 2? With y and t of the example below (14) you should get (0.05, −0.15, 0.1).",
        source="def softmax_cross_entropy_backward(y, t): return y - t",
    ),
    Misconception(
        name="the output gradient has the wrong sign: t − y",
        check="output_gradient",
        hint="The gradient points uphill. For the right class y is too small, so a larger logit makes the loss "
        "smaller: which sign must its slope have?",
        source="def softmax_cross_entropy_backward(y, t): return (t - y) / len(y)",
    ),
    Misconception(
        name="the output gradient is divided by all B·C elements instead of by B",
        check="output_gradient",
        hint="The mean in (12) runs over the examples only. Print y.size and len(y): which of the two is B?",
        source="def softmax_cross_entropy_backward(y, t): return (y - t) / y.size",
    ),
    Misconception(
        name="the output gradient is divided by the number of classes instead of by B",
        check="output_gradient",
        hint="y has the shape (B, C). Which axis counts the examples, and which one do you divide by?",
        source="def softmax_cross_entropy_backward(y, t): return (y - t) / y.shape[1]",
    ),
    Misconception(
        name="the output gradient is that of the cross-entropy alone, −t/y, without the softmax",
        check="output_gradient",
        hint="−t/y is ∂E/∂y, but asked for is ∂E/∂a, and y = softmax(a) lies between the two. Derive it once from "
        "E = −Σ t a + ln Σ exp(a). A test: each row of the result must sum to 0.",
        source="def softmax_cross_entropy_backward(y, t): return -t / y / len(y)",
    ),
    Misconception(
        name="softmax is applied to y a second time in the output gradient",
        check="output_gradient",
        hint="What you are given is already y = softmax(a). Print its row sums before you do anything with it.",
        source="def softmax_cross_entropy_backward(y, t): return (softmax(y) - t) / len(y)",
    ),
    Misconception(
        name="the output gradient has an extra factor y(1 − y)",
        check="output_gradient",
        hint="y(1 − y) belongs to a sigmoid with a squared error. In (14) the slope of softmax has already "
        "cancelled against the 1/y of the logarithm. Does every row of yours sum to 0?",
        source="def softmax_cross_entropy_backward(y, t): return (y - t) * y * (1 - y) / len(y)",
    ),
    Misconception(
        name="only the logit of the right class gets a gradient",
        check="output_gradient",
        hint="The logits of the wrong classes are in the loss as well: they stand in the denominator of softmax. "
        "What happens to E when one of them grows?",
        source="def softmax_cross_entropy_backward(y, t): return t * (y - t) / len(y)",
    ),
    Misconception(
        name="the output gradient is averaged over the batch into one row",
        check="output_gradient",
        hint="Every example has its own logits, so d_a has the shape of a, (B, C). The mean of (12) appears in it "
        "as a factor, not as a sum over rows.",
        source="def softmax_cross_entropy_backward(y, t): return np.mean(y - t, axis=0)",
    ),
    Misconception(
        name="the output gradient is computed in place and overwrites y",
        check="output_gradient",
        hint="y belongs to the caller, who may still need it for the loss. Print y before and after the call, and "
        "look up what -= does to an array.",
        source="def softmax_cross_entropy_backward(y, t):\n    y -= t\n    y /= len(y)\n    return y",
    ),
)

_LAYERS = (
    Misconception(
        name="Affine.forward leaves out the bias",
        check="affine_layer",
        hint="Let x be all zeros: what should (4) give, and what does your layer give?",
        source=_affine(("return x @ self.W + self.b", "return x @ self.W")),
    ),
    Misconception(
        name="x is kept in the class, where all layers share it",
        check="affine_layer",
        hint="A network has two affine layers, and each needs its own x in backward. Make two of them, call "
        "forward of both, and look at what the first one remembers.",
        source=_affine(("self.x = x", "Affine.x = x")),
    ),
    Misconception(
        name="Affine.backward already changes W and b",
        check="affine_layer",
        hint="backward only finds the gradients. The step downhill comes later, with η, in sgd_update: otherwise "
        "each parameter moves twice, and d_x is taken through weights that forward never used.",
        source=_affine(
            (
                "return d_out @ self.W.T",
                "self.W = self.W - self.d_W\n        self.b = self.b - self.d_b\n        return d_out @ self.W.T",
            )
        ),
    ),
    Misconception(
        name="d_x is computed with W instead of its transpose",
        check="affine_backward_x",
        hint="Write down the shapes: d_out is (B, d_out), W is (d_in, d_out), and d_x must be (B, d_in). Which "
        "product of the first two gives the third? When d_in = d_out both run, and only one is right.",
        source=_affine(("self.W.T", "self.W")),
    ),
    Misconception(
        name="Affine.backward returns nothing",
        check="affine_backward_x",
        hint="The layer before this one waits for its d_out. Print what your backward returns.",
        source=_affine(("return d_out @ self.W.T", "d_x = d_out @ self.W.T")),
    ),
    Misconception(
        name="Affine.backward returns d_W instead of d_x",
        check="affine_backward_x",
        hint="What is handed to the layer before is the slope with respect to what that layer put out. Compare the "
        "shape of what you return with the shape of x.",
        source=_affine(("return d_out @ self.W.T", "return self.d_W")),
    ),
    Misconception(
        name="d_x is divided by B once more",
        check="affine_backward_x",
        hint="The 1/B of the mean has entered the chain in (14) and is inside d_out. Which equation of this section "
        "has a B in it?",
        source=_affine(("return d_out @ self.W.T", "return d_out @ self.W.T / len(d_out)")),
    ),
    Misconception(
        name="d_W is divided by B once more",
        check="affine_backward_W",
        hint="The 1/B of the mean has entered the chain in (14) and is inside d_out. A weight is used by every "
        "example: do their contributions to E_n add up, or are they averaged again?",
        source=_affine(("self.x.T @ d_out", "self.x.T @ d_out / len(d_out)")),
    ),
    Misconception(
        name="d_W is transposed",
        check="affine_backward_W",
        hint="A gradient has the shape of what it belongs to. Print d_W.shape and W.shape, and compare (16), for "
        "columns, with (19), for rows.",
        source=_affine(("self.x.T @ d_out", "d_out.T @ self.x")),
    ),
    Misconception(
        name="x is not transposed in d_W",
        check="affine_backward_W",
        hint="x is (B, d_in) and d_out is (B, d_out). The inner dimension of the product must be B, because the "
        "sum runs over the examples.",
        source=_affine(("self.x.T @ d_out", "self.x @ d_out")),
    ),
    Misconception(
        name="d_W comes from the first example of the batch only",
        check="affine_backward_W",
        hint="Every example of the batch has used the weight. Does your d_W change when you change the last row of x?",
        source=_affine(("self.x.T @ d_out", "np.outer(self.x[0], d_out[0])")),
    ),
    Misconception(
        name="d_W and d_b are local variables that nobody can see afterwards",
        check="affine_backward_W",
        hint="After backward, try layer.d_W in a cell. What must stand in front of a name inside a method to make it "
        "part of the object?",
        source=_affine(("self.d_W", "d_W"), ("self.d_b", "d_b")),
    ),
    Misconception(
        name="d_b is summed over the wrong axis",
        check="affine_backward_b",
        hint="There is one bias for each column of d_out. Print d_b.shape next to b.shape for a batch of 5 and a "
        "layer of 3 nodes.",
        source=_affine(("sum(axis=0)", "sum(axis=1)")),
    ),
    Misconception(
        name="d_b is not summed over the batch",
        check="affine_backward_b",
        hint="The same b is added to every row, so every row contributes to its gradient. What is the shape of b?",
        source=_affine(("d_out.sum(axis=0)", "d_out")),
    ),
    Misconception(
        name="d_b is summed over everything to a single number",
        check="affine_backward_b",
        hint="Each node has a bias of its own. How many numbers should d_b have in a layer of 3 nodes?",
        source=_affine(("d_out.sum(axis=0)", "d_out.sum()")),
    ),
    Misconception(
        name="d_b is the mean over the batch where the sum is meant",
        check="affine_backward_b",
        hint="The 1/B of the mean has entered the chain in (14) and is inside d_out. Compute (20) by hand for the "
        "three examples below it: is it 0.5 or a third of that?",
        source=_affine(("d_out.sum(axis=0)", "d_out.mean(axis=0)")),
    ),
    Misconception(
        name="the sigmoid's slope is computed from the gradient, d_out(1 − d_out), instead of from y",
        check="sigmoid_layer",
        hint="In y(1 − y) of (21), y is what forward returned. d_out comes from behind and is the other factor of "
        "the chain rule. What should backward give for d_out = 1 at u = 0?",
        source="class Sigmoid(Sigmoid):\n    def backward(self, d_out):\n        return (1 - d_out) * d_out",
    ),
    Misconception(
        name="the sigmoid's slope is computed from its input x instead of its output y",
        check="sigmoid_layer",
        hint="At u = 2 the slope is 0.1050; what is u(1 − u) there? Equation (21) says which number it needs.",
        source="""
class Sigmoid:
    def forward(self, x):
        self.x = x
        return sigmoid(x)
    def backward(self, d_out):
        return d_out * self.x * (1 - self.x)
""",
    ),
    Misconception(
        name="the sigmoid is applied a second time before its slope is taken",
        check="sigmoid_layer",
        hint="y is already f(u). What is your slope at u = 0, where it should be 0.25 exactly?",
        source="""
class Sigmoid(Sigmoid):
    def backward(self, d_out):
        s = sigmoid(self.y)
        return d_out * s * (1 - s)
""",
    ),
    Misconception(
        name="the sigmoid's slope has an extra factor y",
        check="sigmoid_layer",
        hint="Test your backward with d_out = 1 at u = 0 and at u = 2 against the numbers below (21), then count the "
        "factors in your product.",
        source="""
class Sigmoid(Sigmoid):
    def backward(self, d_out):
        return d_out * self.y * self.y * (1 - self.y)
""",
    ),
    Misconception(
        name="the factor 1 − y of the sigmoid's slope is missing",
        check="sigmoid_layer",
        hint="For a large u the curve is flat. What does your backward give there for d_out = 1?",
        source="class Sigmoid(Sigmoid):\n    def backward(self, d_out):\n        return d_out * self.y",
    ),
    Misconception(
        name="the factor y of the sigmoid's slope is missing",
        check="sigmoid_layer",
        hint="For a very negative u the curve is flat. What does your backward give there for d_out = 1?",
        source="class Sigmoid(Sigmoid):\n    def backward(self, d_out):\n        return d_out * (1 - self.y)",
    ),
    Misconception(
        name="the slope is that of tanh, 1 − y²",
        check="sigmoid_layer",
        hint="tanh has the slope 1 at 0. How steep is the sigmoid there? Compare with (21).",
        source="class Sigmoid(Sigmoid):\n    def backward(self, d_out):\n        return d_out * (1 - self.y**2)",
    ),
    Misconception(
        name="Sigmoid.backward returns the slope without d_out",
        check="sigmoid_layer",
        hint="A layer multiplies what comes from behind by its own slope. Call backward with two different d_out: "
        "do the results differ?",
        source="class Sigmoid(Sigmoid):\n    def backward(self, d_out):\n        return self.y * (1 - self.y)",
    ),
    Misconception(
        name="the sigmoid's slope is multiplied as a matrix, where element by element is meant",
        check="sigmoid_layer",
        hint="Every element of x has its own slope, and d_x has the shape of x. Which of * and @ keeps the elements "
        "apart?",
        source="class Sigmoid(Sigmoid):\n    def backward(self, d_out):\n        return d_out @ (self.y * (1 - self.y)).T",
    ),
    Misconception(
        name="Sigmoid.backward overwrites the y that forward returned",
        check="sigmoid_layer",
        hint="Call backward twice and compare. The array in self.y is the one that forward has given away, and *= "
        "writes into it.",
        source="""
class Sigmoid(Sigmoid):
    def backward(self, d_out):
        self.y *= 1 - self.y
        return d_out * self.y
""",
    ),
    Misconception(
        name="Sigmoid.backward overwrites d_out",
        check="sigmoid_layer",
        hint="d_out belongs to the caller. Print it before and after the call, and look up what *= does to an array.",
        source="""
class Sigmoid(Sigmoid):
    def backward(self, d_out):
        d_out *= self.y * (1 - self.y)
        return d_out
""",
    ),
    Misconception(
        name="Sigmoid.forward overwrites its input",
        check="sigmoid_layer",
        hint="Call forward with some large numbers and print x afterwards. Assigning to x[…] changes the array of "
        "the caller.",
        source="""
class Sigmoid(Sigmoid):
    def forward(self, x):
        x[x < -500] = -500  # exp would overflow
        x[x > 500] = 500
        self.y = 1 / (1 + np.exp(-x))
        return self.y
""",
    ),
)

_NETWORK_MISTAKES = (
    Misconception(
        name="the way back skips the sigmoid",
        check="network_gradients",
        hint="Count the layers on the way there and on the way back. Are the gradients of W2 and b2 right and only "
        "those of the first layer wrong?",
        source=_network(("affine1.backward(d_u)", "affine1.backward(d_h)")),
    ),
    Misconception(
        name="the sigmoid's slope is multiplied twice on the way back",
        check="network_gradients",
        hint="hidden.backward has the slope (21) in it. Are only the gradients of the first layer wrong, and too "
        "small?",
        source=_network(("affine1.backward(d_u)", "affine1.backward(d_u * hidden.y * (1 - hidden.y))")),
    ),
    Misconception(
        name="the gradients are divided by B a second time",
        check="network_gradients",
        hint="How often does 1/B come up between the loss and W1? In the handout it does once, in (14).",
        source=_network(
            (
                "d_a = softmax_cross_entropy_backward(y, t)",
                "d_a = softmax_cross_entropy_backward(y, t) / len(x)",
            )
        ),
    ),
    Misconception(
        name="the loss is summed over the batch, not averaged",
        check="network_gradients",
        hint="Double the batch by repeating every example: the mean loss (12) must stay as it is. Does yours?",
        source=_network(("cross_entropy(y, t)", "cross_entropy(y, t) * len(x)")),
    ),
    Misconception(
        name="a sigmoid is applied to the logits before softmax",
        check="network_gradients",
        hint="The last layer has no activation but softmax. Print what softmax gets: are there negative numbers "
        "among it?",
        source=_network(
            (
                "softmax(affine2.forward(hidden.forward(affine1.forward(x))))",
                "softmax(sigmoid(affine2.forward(hidden.forward(affine1.forward(x)))))",
            )
        ),
    ),
    Misconception(
        name="softmax is applied twice",
        check="network_gradients",
        hint="Print the largest probability of a few examples: with two softmax in a row it cannot come near 1, "
        "whatever the logits are.",
        source=_network(
            (
                "softmax(affine2.forward(hidden.forward(affine1.forward(x))))",
                "softmax(softmax(affine2.forward(hidden.forward(affine1.forward(x)))))",
            )
        ),
    ),
    Misconception(
        name="there is no sigmoid between the two layers",
        check="network_gradients",
        hint="Affine after affine is just another affine layer. Which equation stands between u and the second "
        "layer in task 1?",
        source=_network(
            ("hidden.forward(affine1.forward(x))", "affine1.forward(x)"),
            ("hidden.backward(d_h)", "d_h"),
        ),
    ),
    Misconception(
        name="the gradients of the two layers are exchanged",
        check="network_gradients",
        hint="Compare the shape of each gradient with that of its parameter. Walking backwards, which layer comes "
        "first?",
        source=_network(
            (
                '{"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}',
                '{"W1": affine2.d_W, "b1": affine2.d_b, "W2": affine1.d_W, "b2": affine1.d_b}',
            )
        ),
    ),
    Misconception(
        name="loss_and_gradients returns only the gradients",
        check="network_gradients",
        hint="The docstring lists two results. The training loop needs the loss for the line it prints.",
        source=_network(("return loss, {", "return {")),
    ),
)

_STEPS = (
    Misconception(
        name="the step goes uphill: η times the gradient is added",
        check="sgd_step",
        hint="Try it on E(w) = (w − 3)² of section 1, from w = 0: the slope is −6. Where should w go, and where does "
        "yours go?",
        source="""
def sgd_update(params, grads, learning_rate):
    for name in params:
        params[name] += learning_rate * grads[name]
    return params
""",
    ),
    Misconception(
        name="the learning rate is not used in the step",
        check="sgd_step",
        hint="Call sgd_update with η = 0. What should happen to the parameters?",
        source="""
def sgd_update(params, grads, learning_rate):
    for name in params:
        params[name] -= grads[name]
    return params
""",
    ),
    Misconception(
        name="the step is assigned to a loop variable and never reaches params",
        check="sgd_step",
        hint="Print params before and after. `value = …` in a loop gives the name value to a new array; what does "
        "the dict still hold?",
        source="""
def sgd_update(params, grads, learning_rate):
    for value, gradient in zip(params.values(), grads.values()):
        value = value - learning_rate * gradient
    return params
""",
    ),
    Misconception(
        name="sgd_update multiplies the gradients by the learning rate in place",
        check="sgd_step",
        hint="The gradients belong to the caller. Print grads before and after the call.",
        source="""
def sgd_update(params, grads, learning_rate):
    for name in params:
        grads[name] *= learning_rate
        params[name] -= grads[name]
    return params
""",
    ),
    Misconception(
        name="the gradients are updated instead of the parameters",
        check="sgd_step",
        hint="Which of the two arrays in (22) stands on the left of the arrow? Print both dicts after the call.",
        source="""
def sgd_update(params, grads, learning_rate):
    for name in params:
        grads[name] -= learning_rate * params[name]
    return params
""",
    ),
    Misconception(
        name="only the weights are updated, the biases stay",
        check="sgd_step",
        hint="Print for every name how far it moved. (22) holds for every parameter, and b1 and b2 are parameters.",
        source="""
def sgd_update(params, grads, learning_rate):
    for name in ("W1", "W2"):
        params[name] -= learning_rate * grads[name]
    return params
""",
    ),
    Misconception(
        name="sgd_update returns nothing",
        check="sgd_step",
        hint="What is params after `params = sgd_update(params, grads, 0.1)`? Print it.",
        source="""
def sgd_update(params, grads, learning_rate):
    for name in params:
        params[name] -= learning_rate * grads[name]
""",
    ),
)

_TRAINING = (
    Misconception(
        name="the network is trained on pixels from 0 to 255",
        check="train_full_batch",
        hint="Print the largest number in x inside train. Equation (9) of task 1 says what a pixel becomes.",
        source=_train(("flatten(images)", "images.reshape(len(images), -1).astype(float)")),
    ),
    Misconception(
        name="images are shuffled and labels are not",
        check="train_full_batch",
        hint="Show an image of the first mini-batch and print its label: do they belong together? When they do not, "
        "the loss stays near 2.30.",
        source=_train(("t[batch]", "t[start : start + batch_size]")),
    ),
    Misconception(
        name="train returns the initial parameters, not the trained ones",
        check="train_full_batch",
        hint="You learn on a copy; which of the two do you return? Print the difference between what train gets and "
        "what it returns.",
        source=_train(
            (
                "params = {name: value.copy() for name, value in params.items()}",
                "trained = {name: value.copy() for name, value in params.items()}",
            ),
            ("loss_and_gradients(params,", "loss_and_gradients(trained,"),
            ("params = sgd_update(params,", "trained = sgd_update(trained,"),
        ),
    ),
    Misconception(
        name="training begins from new random weights, not from those that it is given",
        check="train_full_batch",
        hint="Call train with epochs=0, or with a learning rate of 0. Which parameters should come back?",
        source=_train(("value.copy()", "rng.normal(0, value.std(), value.shape)")),
    ),
    Misconception(
        name="only the output layer learns; the hidden layer stays random",
        check="train_full_batch",
        hint="Compare W1 before and after training. For which names must a step subtract η times the gradient?",
        source=_train(
            (
                "params = sgd_update(params, grads, learning_rate)",
                "params = {**params, **outer(params, grads)}",
            ),
            (
                "    for epoch in",
                """    def outer(params, grads):
        return sgd_update(*({n: d[n] for n in ("W2", "b2")} for d in (params, grads)), learning_rate)
    for epoch in""",
            ),
        ),
    ),
    Misconception(
        name="the parameters of the step before the last are returned",
        check="train_full_batch",
        hint="Train for one epoch with B = N, which is a single step: do the parameters move at all? Look at what is "
        "kept before and what after the update.",
        source=_train(
            (
                "            params = sgd_update(",
                "            result = {name: value.copy() for name, value in params.items()}\n            "
                + "params = sgd_update(",
            ),
            ("    return params", "    return result"),
        ),
    ),
    Misconception(
        name="every gradient is taken at the initial parameters",
        check="train_full_batch",
        hint="After the first step you stand somewhere else, and the slope there is another. Which dict does "
        "loss_and_gradients get in the second step?",
        source=_train(
            (
                "params = {name: value.copy() for name, value in params.items()}",
                "trained = {name: value.copy() for name, value in params.items()}",
            ),
            ("params = sgd_update(params,", "trained = sgd_update(trained,"),
            ("    return params", "    return trained"),
        ),
    ),
    Misconception(
        name="train ignores the learning rate that it is given",
        check="train_full_batch",
        hint="Train once with learning_rate=0: nothing should move. Where in train do you use the name?",
        source=_train(("grads, learning_rate)", "grads, 1.0)")),
    ),
    Misconception(
        name="the learning rate is divided by the batch size as well",
        check="train_full_batch",
        hint="The gradient is that of the mean loss: 1/B is in it since (14). How often do you divide by B in one step?",
        source=_train(("grads, learning_rate)", "grads, learning_rate / batch_size)")),
    ),
    Misconception(
        name="the printed loss is that of the last mini-batch, not the mean over the epoch",
        check="train_prints_epochs",
        hint="With 600 steps an epoch, how many losses go into the line that you print? One mini-batch alone jumps "
        "about.",
        source=_train(("np.mean(losses)", "loss")),
    ),
    Misconception(
        name="the printed losses are those after each step, not before it",
        check="train_prints_epochs",
        hint="Each step begins with loss_and_gradients. Which of its two results belongs into the mean of the epoch, and "
        "do you call it more than once in a step?",
        source=_train(
            (
                "losses.append(loss)",
                "losses.append(loss_and_gradients(params, x[batch], t[batch])[0])",
            )
        ),
    ),
    Misconception(
        name="the printed loss is that of all images after the epoch, not the mean over its mini-batches",
        check="train_prints_epochs",
        hint="After the epoch the network is better than it was on average. Which losses did the steps themselves return?",
        source=_train(("np.mean(losses)", "loss_and_gradients(params, x, t)[0]")),
    ),
    Misconception(
        name="the printed loss is the sum over the epoch, not the mean",
        check="train_prints_epochs",
        hint="The first loss of an untrained network is about ln 10 = 2.3. What does your first line say, and what "
        "would it say with twice as many images?",
        source=_train(("np.mean(losses)", "np.sum(losses)")),
    ),
    Misconception(
        name="the sum of the losses is divided by the number of images, not of steps",
        check="train_prints_epochs",
        hint="Each loss is already the mean of its mini-batch. How many of them do you add up in one epoch?",
        source=_train(("np.mean(losses)", "np.sum(losses) / len(x)")),
    ),
    Misconception(
        name="the losses of earlier epochs are still in the mean",
        check="train_prints_epochs",
        hint="Print len(losses) at the end of every epoch. Where in the loops does the list begin?",
        source=_train(
            ("        losses = []\n", ""), ("    for epoch in", "    losses = []\n    for epoch in")
        ),
    ),
    Misconception(
        name="an epoch is a single step",
        check="train_prints_epochs",
        hint="With 60 000 images and B = 100 an epoch has 600 steps. Print how many yours has.",
        source=_train(("range(0, len(x), batch_size)", "range(0, 1)")),
    ),
    Misconception(
        name="an epoch has B steps instead of N/B",
        check="train_prints_epochs",
        hint="batch_size is the number of images in one step. How many steps does it take to use 12 images, 4 at a time?",
        source=_train(
            ("for start in range(0, len(x), batch_size)", "for _ in range(batch_size)"),
            ("order[start : start + batch_size]", "rng.choice(len(x), size=batch_size, replace=False)"),
        ),
    ),
    Misconception(
        name="there is one epoch too few",
        check="train_prints_epochs",
        hint="Train for 3 epochs and count the lines. Does range(1, 3) contain the 3?",
        source=_train(("range(1, epochs + 1)", "range(1, epochs)")),
    ),
    Misconception(
        name="the epochs are counted from 0",
        check="train_prints_epochs",
        hint="The first line should say epoch 1. Where does range begin when you do not tell it?",
        source=_train(("range(1, epochs + 1)", "range(epochs)")),
    ),
    Misconception(
        name="a line is printed after every step",
        check="train_prints_epochs",
        hint="One line for each epoch, not for each of its N/B steps. Which of the two loops is the print in?",
        source=_train(
            ("        print(f", "            print(f"),
        ),
    ),
    Misconception(
        name="nothing is printed",
        check="train_prints_epochs",
        hint="Section 7 shows the line that should appear after every epoch. Without it nobody can see whether the "
        "network learns.",
        source=_train(('print(f"epoch {epoch}: loss {np.mean(losses):.4f}")', "pass")),
    ),
    Misconception(
        name="every step uses the first mini-batch",
        check="train_reduces_loss",
        hint="Print which images a step gets. After one epoch, every image should have had its turn.",
        source=_train(
            ("batch = order[start : start + batch_size]", "batch = slice(0, batch_size)"),
        ),
    ),
    Misconception(
        name="every mini-batch of an epoch holds the same shuffled images",
        check="train_reduces_loss",
        hint="Print the indices of the first two mini-batches of an epoch. How should the second portion differ from "
        "the first?",
        source=_train(("order[start : start + batch_size]", "order[:batch_size]")),
    ),
    Misconception(
        name="the images are never shuffled",
        check="train_seeded",
        hint="What in your train depends on seed? With two different seeds the mini-batches should differ.",
        source=_train(("rng.permutation(len(x))", "np.arange(len(x))")),
    ),
    Misconception(
        name="the shuffle ignores the seed",
        check="train_seeded",
        hint="Train twice with the same seed and compare. Which generator does your shuffle draw from, and who has "
        "seeded it?",
        source=_train(("rng.permutation(len(x))", "np.random.permutation(len(x))")),
    ),
    Misconception(
        name="the seed is fixed, whatever is asked for",
        check="train_seeded",
        hint="Train with seed=1 and with seed=2 and compare the results. Where does the argument seed go?",
        source=_train(("default_rng(seed)", "default_rng(0)")),
    ),
    Misconception(
        name="training changes the caller's arrays, because the copy holds the same ones",
        check="train_seeded",
        hint="A copied dict is a new list of names for the same arrays. Print the initial W1 before and after "
        "training.",
        source=_train(("{name: value.copy() for name, value in params.items()}", "params.copy()")),
    ),
)

_JUDGING = (
    Misconception(
        name="the accuracy is in percent",
        check="accuracy_fraction",
        hint="The docstring wants a fraction. What is the largest value that it can have?",
        source="""
def accuracy(params, images, labels):
    return 100 * float(np.mean(classify(params, flatten(images)) == labels))
""",
    ),
    Misconception(
        name="accuracy returns the number of right answers, not their fraction",
        check="accuracy_fraction",
        hint="How should the result change when every image is there twice?",
        source="""
def accuracy(params, images, labels):
    return int(np.sum(classify(params, flatten(images)) == labels))
""",
    ),
    Misconception(
        name="the right answers are divided by a fixed number of images",
        check="accuracy_fraction",
        hint="Try it with a single image that is read correctly: 1.0 should come out.",
        source="""
def accuracy(params, images, labels):
    return float(np.sum(classify(params, flatten(images)) == labels)) / 10000
""",
    ),
    Misconception(
        name="the accuracies of parts of different size are averaged as if they were equal",
        check="accuracy_fraction",
        hint="2345 images are two parts of a thousand and one of 345. Should an image in the last part count more "
        "than the others?",
        source="""
def accuracy(params, images, labels):
    parts = []
    for start in range(0, len(images), 1000):
        digits = classify(params, flatten(images[start : start + 1000]))
        parts.append(np.mean(digits == labels[start : start + 1000]))
    return float(np.mean(parts))
""",
    ),
    Misconception(
        name="the images after the last full thousand are left out of the accuracy",
        check="accuracy_fraction",
        hint="Take 2345 images and print the first and the last index of every part. And what becomes of one single "
        "image?",
        source="""
def accuracy(params, images, labels):
    correct = 0
    for k in range(len(images) // 1000):
        part = slice(1000 * k, 1000 * (k + 1))
        correct += int(np.sum(classify(params, flatten(images[part])) == labels[part]))
    return correct / len(images)
""",
    ),
    Misconception(
        name="the network is trained on pixels from 0 to 1 and tested on pixels from 0 to 255",
        check="accuracy_fraction",
        hint="Print the largest pixel that the network sees in train and in accuracy. It must be given the same kind "
        "of numbers in both.",
        source="""
def accuracy(params, images, labels):
    return float(np.mean(classify(params, images.reshape(len(images), -1).astype(float)) == labels))
""",
    ),
    Misconception(
        name="the argmax runs over the images instead of the classes",
        check="accuracy_fraction",
        hint="The probabilities have the shape (B, 10). There should be one digit for each image: print the shape of "
        "what argmax returns.",
        source="""
def accuracy(params, images, labels):
    hidden = Sigmoid().forward(Affine(params["W1"], params["b1"]).forward(flatten(images)))
    y = softmax(Affine(params["W2"], params["b2"]).forward(hidden))
    return float(np.mean(np.argmax(y, axis=0) == labels))
""",
    ),
)

_FILES = (
    Misconception(
        name="save_parameters lets NumPy add .npz to the path",
        check="save_load",
        hint="Save to the path “network” and list the folder. The first Watch out of section 10 tells when NumPy adds "
        "nothing.",
        source="def save_parameters(path, params): np.savez(path, **params)",
    ),
    Misconception(
        name="the arrays are saved without their names",
        check="save_load",
        hint="Open the file with np.load and print its .files. How does np.savez learn what an array is called?",
        source="""
def save_parameters(path, params):
    with open(path, "wb") as file:
        np.savez(file, *params.values())
""",
    ),
    Misconception(
        name="the whole dict is saved as one pickled object",
        check="save_load",
        hint="np.save is for one array, and makes a pickle of everything else, which must not be loaded here. Which "
        "function writes several named arrays?",
        source="""
def save_parameters(path, params):
    with open(path, "wb") as file:
        np.save(file, params)
""",
    ),
    Misconception(
        name="save_parameters converts to float32",
        check="save_load",
        hint="What is loaded should equal what was saved, bit by bit. Compare the dtype before and after for a "
        "network in float64.",
        source="""
def save_parameters(path, params):
    with open(path, "wb") as file:
        np.savez(file, **{name: value.astype(np.float32) for name, value in params.items()})
""",
    ),
    Misconception(
        name="an existing file is not replaced",
        check="save_load",
        hint="You will train and save more than once. Save two networks to the same path and load: which one comes "
        "back?",
        source="""
def save_parameters(path, params):
    with open(path, "xb") as file:
        np.savez(file, **params)
""",
    ),
    Misconception(
        name="W and b are swapped on loading",
        check="save_load",
        hint="Print name and shape of every array after loading. In the alphabet, which comes after W1: b1 or W2, and "
        "do capitals come first?",
        source=_LOAD
        + """    W1, b1, W2, b2 = [params[name] for name in sorted(params)]
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
""",
    ),
    Misconception(
        name="load_parameters returns the opened file instead of a dict of arrays",
        check="save_load",
        hint="Print the type of what you return. Such a file reads an array only when it is asked for, and by then "
        "it may be closed.",
        source="def load_parameters(path): return np.load(path, allow_pickle=False)",
    ),
    Misconception(
        name="load_parameters does not look at what it has loaded",
        check="load_rejects",
        hint="Save a dict without b1 and load it. Who should notice, and what would the first error be about if "
        "nobody does?",
        source=_LOAD + "    return params\n",
    ),
    Misconception(
        name="load_parameters looks for missing arrays, but not for unexpected ones",
        check="load_rejects",
        hint="Save a network with a third layer, W3, and load it. Is what you return still the four arrays of the "
        "docstring?",
        source=_LOAD
        + """    for name, ndim in (("W1", 2), ("b1", 1), ("W2", 2), ("b2", 1)):
        if name not in params:
            raise ValueError(f"{name} is missing")
        if params[name].ndim != ndim or params[name].dtype.kind != "f":
            raise ValueError(f"{name} must be a {ndim}-D array of floats")
    return params
""",
    ),
    Misconception(
        name="load_parameters looks at the names of the arrays, but not at what is in them",
        check="load_rejects",
        hint="The docstring lists what makes an array wrong: its dimensions and its dtype as well. Load a file whose "
        "W2 holds ints.",
        source=_LOAD
        + """    wrong = {"W1", "b1", "W2", "b2"} ^ params.keys()
    if wrong:
        raise ValueError(f"missing or unexpected: {sorted(wrong)}")
    return params
""",
    ),
    Misconception(
        name="a damaged file raises the error of the zip reader, not a ValueError",
        check="load_rejects",
        hint="Save a network, cut the file in half and load it. What is the type of the error, and which one does the "
        "docstring promise?",
        source="""
def load_parameters(path):
    with open(path, "rb") as file:
        arrays = np.load(file, allow_pickle=False)
        if not hasattr(arrays, "files"):
            raise ValueError("this is no .npz file")
        params = {name: arrays[name] for name in arrays.files}
    wrong = {"W1", "b1", "W2", "b2"} ^ params.keys()
    if wrong:
        raise ValueError(f"missing or unexpected: {sorted(wrong)}")
    for name, ndim in (("W1", 2), ("b1", 1), ("W2", 2), ("b2", 1)):
        if params[name].ndim != ndim or params[name].dtype.kind != "f":
            raise ValueError(f"{name} must be a {ndim}-D array of floats")
    return params
""",
    ),
    Misconception(
        name="the error of load_parameters does not say which array is wrong",
        check="load_rejects",
        hint="Think of the person who reads the message: which of the four arrays should they look at?",
        source=_LOAD
        + """    dimensions = {"W1": 2, "b1": 1, "W2": 2, "b2": 1}
    if {name: value.ndim for name, value in params.items()} != dimensions:
        raise ValueError("these are not the parameters of a network")
    if any(value.dtype.kind != "f" for value in params.values()):
        raise ValueError("the parameters must be floats")
    return params
""",
    ),
    Misconception(
        name="load_parameters prints what is wrong and goes on",
        check="load_rejects",
        hint="A printed line does not stop the program that called you: it goes on with a broken network. What does?",
        source=_LOAD
        + """    for name, ndim in (("W1", 2), ("b1", 1), ("W2", 2), ("b2", 1)):
        if name not in params or params[name].ndim != ndim or params[name].dtype.kind != "f":
            print(f"{path}: {name} is wrong")
    return params
""",
    ),
    Misconception(
        name="a missing file raises a ValueError as well",
        check="load_rejects",
        hint="“There is no such file” and “this file is broken” call for different answers, so they are different "
        "errors. Which types does your except catch, and what is FileNotFoundError a kind of?",
        source="""
def load_parameters(path, ask=load_parameters):
    try:
        return ask(path)
    except Exception as error:
        raise ValueError(str(error)) from error
""",
    ),
)

MISCONCEPTIONS = _OUTPUT + _LAYERS + _NETWORK_MISTAKES + _STEPS + _TRAINING + _JUDGING + _FILES
