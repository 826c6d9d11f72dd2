"""Known mistakes in batch normalization: its axes, its backward pass, and what it does at test time."""

from textwrap import indent

from autograder.misconceptions import Misconception

STATISTICS = "mean = x.mean(axis=0)\nvar = x.var(axis=0)"
CENTRED = "self.centred = x - mean"
STD = "self.std = np.sqrt(var + self.eps)"
X_HAT = "self.x_hat = self.centred / self.std"
SCALED = "self.gamma * self.x_hat + self.beta"
RUNNING = """\
if self.running_mean is None:
    self.running_mean, self.running_var = mean, var
else:
    self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
    self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var"""


def forward(
    *,
    statistics: str = STATISTICS,
    centred: str = CENTRED,
    std: str = STD,
    x_hat: str = X_HAT,
    running: str = RUNNING,
    returned: str = SCALED,
    at_test: str = "scale, shift = self.test_affine()\n    return x * scale + shift",
) -> str:
    """A layer whose forward is written out, one line for each equation."""
    test = f"if not train:\n    {at_test}" if at_test else ""
    lines = "\n".join([test, statistics, centred, std, x_hat, running, f"return {returned}"])
    return "class BatchNorm(BatchNorm):\n    def forward(self, x, train=True):\n" + indent(lines, 8 * " ")


def backward(
    *,
    d_gamma: str = "self.d_gamma = np.sum(d_out * self.x_hat, axis=0)",
    d_beta: str = "self.d_beta = d_out.sum(axis=0)",
    d_x_hat: str = "d_x_hat = d_out * self.gamma",
    d_var: str = "d_var = np.sum(d_x_hat * self.centred, axis=0) * -0.5 / self.std**3",
    d_mean: str = "d_mean = -d_x_hat.sum(axis=0) / self.std",
    returned: str = "d_x_hat / self.std + d_var * 2 * self.centred / len(d_out) + d_mean / len(d_out)",
) -> str:
    """A layer whose backward is written out, one line for each equation."""
    lines = "\n".join([d_gamma, d_beta, d_x_hat, d_var, d_mean, f"return {returned}"])
    return "class BatchNorm(BatchNorm):\n    def backward(self, d_out):\n" + indent(lines, 8 * " ")


def test_affine(*lines: str) -> str:
    """A layer with another test_affine."""
    body = indent("\n".join(lines), 8 * " ")
    return "class BatchNorm(BatchNorm):\n    def test_affine(self):\n" + body


FORWARD = (
    Misconception(
        name="the mean and the variance are taken over the features of each row, not over the batch",
        check="batchnorm_forward",
        hint="Print the shape of your mean for an x of shape (B, D). There is one mean per feature, so which of "
        "the two lengths should be left?",
        source=forward(statistics="mean = x.mean(axis=1, keepdims=True)\nvar = x.var(axis=1, keepdims=True)"),
    ),
    Misconception(
        name="the mean has one number per example and not one per feature, so that it does not fit x",
        check="batchnorm_forward",
        hint="Print the shape of your mean for an x of shape (7, 4). The axis you name is the one that "
        "disappears: which one has to?",
        source=forward(statistics="mean = x.mean(axis=1)\nvar = x.var(axis=1)"),
    ),
    Misconception(
        name="one mean and one variance for all features together",
        check="batchnorm_forward",
        hint="mean() without an axis gives a single number. How many means does a layer with D features have?",
        source=forward(statistics="mean = x.mean()\nvar = x.var()"),
    ),
    Misconception(
        name="the variance is the mean of x², the mean is not subtracted in it",
        check="batchnorm_forward",
        hint="Take a feature that is 100 for every example. Its variance (29) is 0; what is yours?",
        source=forward(statistics="mean = x.mean(axis=0)\nvar = np.mean(x**2, axis=0)"),
    ),
    Misconception(
        name="the mean is not subtracted from x",
        check="batchnorm_forward",
        hint="With γ = 1 and β = 0, print the mean of every feature of what forward returns. (30) promises 0.",
        source=forward(centred="self.centred = x"),
    ),
    Misconception(
        name="only the mean is divided by the root, because parentheses are missing in (30)",
        check="batchnorm_forward",
        hint="Division comes before subtraction. Write down what Python computes for a - b / c and compare it "
        "with the fraction (30).",
        source=forward(x_hat="self.x_hat = x - mean / self.std"),
    ),
    Misconception(
        name="divided by the variance, not by its root",
        check="batchnorm_forward",
        hint="With γ = 1 and β = 0, print the standard deviation of every feature of the result. It should be 1. "
        "What is missing between (29) and the denominator of (30)?",
        source=forward(std="self.std = var + self.eps"),
    ),
    Misconception(
        name="the variance is divided by B − 1 (ddof=1), not by B",
        check="batchnorm_forward",
        hint="Work the column 2, 4, 5, 6, 8 of section 2 by hand and compare your σ² with 4: which number did "
        "you divide by?",
        source=forward(statistics="mean = x.mean(axis=0)\nvar = x.var(axis=0, ddof=1)"),
    ),
    Misconception(
        name="the variance is the sum of the squares, not divided by B",
        check="batchnorm_forward",
        hint="Put the same batch in twice, one below the other. The spread of a feature is the same; is your σ²?",
        source=forward(statistics="mean = x.mean(axis=0)\nvar = np.sum((x - mean) ** 2, axis=0)"),
    ),
    Misconception(
        name="the mean is squared, where (29) averages the squares",
        check="batchnorm_forward",
        hint="The deviations of a feature add up to 0. Print your σ²: does the square in (29) come before or "
        "after the sum?",
        source=forward(statistics="mean = x.mean(axis=0)\nvar = np.mean(x - mean, axis=0) ** 2"),
    ),
    Misconception(
        name="β is not added",
        check="batchnorm_forward",
        hint="What is the mean of a feature of your result, and what should (31) make it?",
        source=forward(returned="self.gamma * self.x_hat"),
    ),
    Misconception(
        name="x̂ is not multiplied by γ",
        check="batchnorm_forward",
        hint="What is the standard deviation of a feature of your result, and what should (31) make it?",
        source=forward(returned="self.x_hat + self.beta"),
    ),
    Misconception(
        name="x̂ is returned, without γ and β",
        check="batchnorm_forward",
        hint="You have arrived at (30), and one more equation follows. Try the layer with γ = 3 and β = 10 on the "
        "example of section 2.",
        source=forward(returned="self.x_hat"),
    ),
    Misconception(
        name="γ multiplies β as well",
        check="batchnorm_forward",
        hint="Which of the two happens first in (31), the product or the sum? The mean of each feature tells you "
        "what β has become.",
        source=forward(returned="self.gamma * (self.x_hat + self.beta)"),
    ),
    Misconception(
        name="γ and β have changed places",
        check="batchnorm_forward",
        hint="Try γ = 1 and β = 0: the result should be x̂ itself. What is it?",
        source=forward(returned="self.beta * self.x_hat + self.gamma"),
    ),
    Misconception(
        name="training normalizes with the running statistics",
        check="batchnorm_forward",
        hint="Send two different batches through the layer and print the mean of each feature of the second "
        "result, for γ = 1 and β = 0. Whose mean does (30) subtract in training?",
        source=forward(
            centred=RUNNING + "\nself.centred = x - self.running_mean",
            std="self.std = np.sqrt(self.running_var + self.eps)",
            running="",
        ),
    ),
    Misconception(
        name="ε is left out",
        check="batchnorm_epsilon",
        hint="A pixel in the corner is 0 in every image of the batch. What does (30) divide by then?",
        source=forward(std="self.std = np.sqrt(var)"),
    ),
    Misconception(
        name="ε is a fixed number, the eps that the layer was given is not used",
        check="batchnorm_epsilon",
        hint="Make one layer with eps=1e-5 and one with eps=0.5. Should they answer the same?",
        source=forward(std="self.std = np.sqrt(var + 1e-5)"),
    ),
)

BACKWARD = (
    Misconception(
        name="μ and σ² are taken as constants in backward",
        check="batchnorm_backward_x",
        hint="Add 1 to every example of a feature: y does not change at all, so each column of d_x must sum to 0. "
        "Print the sums of yours. By which ways does x reach the loss?",
        source=backward(d_var="", d_mean="", returned="d_x_hat / self.std"),
    ),
    Misconception(
        name="σ² is taken as a constant in backward",
        check="batchnorm_backward_x",
        hint="Of the three ways from x to the loss, the one through σ² is missing. Which term of (35) belongs to it?",
        source=backward(d_var="", returned="d_x_hat / self.std + d_mean / len(d_out)"),
    ),
    Misconception(
        name="μ is taken as a constant in backward",
        check="batchnorm_backward_x",
        hint="Each column of d_x must sum to 0, because y stays the same when all examples of a feature move "
        "together. Print the sums: which term of (35) brings them to 0?",
        source=backward(d_mean="", returned="d_x_hat / self.std + d_var * 2 * self.centred / len(d_out)"),
    ),
    Misconception(
        name="γ is missing in d_x",
        check="batchnorm_backward_x",
        hint="Double γ, and y moves twice as far when x moves. Does your d_x double?",
        source=backward(d_x_hat="d_x_hat = d_out"),
    ),
    Misconception(
        name="d_x is multiplied by x̂ where (32) multiplies by γ",
        check="batchnorm_backward_x",
        hint="(31) is a product of γ and x̂. The derivative with respect to one factor is the other: which one do "
        "you need for ∂x̂, and which for ∂γ?",
        source=backward(d_x_hat="d_x_hat = d_out * self.x_hat"),
    ),
    Misconception(
        name="∂μ is not divided by B in (35)",
        check="batchnorm_backward_x",
        hint="How far does μ move when one of B examples moves by 1? Look at (28).",
        source=backward(returned="d_x_hat / self.std + d_var * 2 * self.centred / len(d_out) + d_mean"),
    ),
    Misconception(
        name="the term of ∂σ² is not divided by B in (35)",
        check="batchnorm_backward_x",
        hint="How far does σ² move when one of B examples moves a little? Differentiate (29), its 1/B included.",
        source=backward(returned="d_x_hat / self.std + d_var * 2 * self.centred + d_mean / len(d_out)"),
    ),
    Misconception(
        name="divided by the number of features D where (35) divides by B",
        check="batchnorm_backward_x",
        hint="The mean (28) is over the examples. For an x of shape (7, 4), print the number that you divide by.",
        source=backward(returned="d_x_hat / self.std + (d_var * 2 * self.centred + d_mean) / d_out.shape[1]"),
    ),
    Misconception(
        name="the factor 2 is missing in the term of ∂σ²",
        check="batchnorm_backward_x",
        hint="σ² is a mean of squares. What is the derivative of a square?",
        source=backward(
            returned="d_x_hat / self.std + d_var * self.centred / len(d_out) + d_mean / len(d_out)"
        ),
    ),
    Misconception(
        name="the factor ½ is missing in ∂σ²",
        check="batchnorm_backward_x",
        hint="Differentiate v to the power −½ with respect to v. Which factor comes down in front?",
        source=backward(d_var="d_var = -np.sum(d_x_hat * self.centred, axis=0) / self.std**3"),
    ),
    Misconception(
        name="the sign of ∂σ² is flipped",
        check="batchnorm_backward_x",
        hint="When σ² grows, does x̂ become larger or smaller? Compare the sign that this gives with (33).",
        source=backward(d_var="d_var = np.sum(d_x_hat * self.centred, axis=0) * 0.5 / self.std**3"),
    ),
    Misconception(
        name="the sign of ∂μ is flipped",
        check="batchnorm_backward_x",
        hint="x̂ has x − μ in it. When μ grows, does x̂ grow? Each column of d_x must sum to 0; does yours?",
        source=backward(d_mean="d_mean = d_x_hat.sum(axis=0) / self.std"),
    ),
    Misconception(
        name="the power −3/2 is written as ** -3 / 2",
        check="batchnorm_backward_x",
        hint="Try 4 ** -3 / 2 in Python and compare it with one eighth. Which of the two is computed first, the "
        "power or the division?",
        source=backward(
            d_var="d_var = np.sum(d_x_hat * self.centred, axis=0) * -0.5 * (self.std**2) ** -3 / 2"
        ),
    ),
    Misconception(
        name="the power in (33) is −1/2, as in (30)",
        check="batchnorm_backward_x",
        hint="(33) is the derivative of (30) with respect to σ². What happens to the exponent of a power when you "
        "differentiate it?",
        source=backward(d_var="d_var = np.sum(d_x_hat * self.centred, axis=0) * -0.5 / self.std"),
    ),
    Misconception(
        name="∂σ² is computed with x̂ where (33) has x − μ",
        check="batchnorm_backward_x",
        hint="x̂ has already been divided by the root once. Count how often (33) divides in all.",
        source=backward(d_var="d_var = np.sum(d_x_hat * self.x_hat, axis=0) * -0.5 / self.std**3"),
    ),
    Misconception(
        name="backward sums over the features where it should sum over the batch",
        check="batchnorm_backward_x",
        hint="∂μ and ∂σ² are, like μ and σ², one number per feature. Print their shapes.",
        source=backward(
            d_var="d_var = np.sum(d_x_hat * self.centred / self.std**3, axis=1, keepdims=True) * -0.5",
            d_mean="d_mean = -np.sum(d_x_hat / self.std, axis=1, keepdims=True)",
        ),
    ),
    Misconception(
        name="backward does not return d_x",
        check="batchnorm_backward_x",
        hint="What does the layer in front get from your backward? Print it.",
        source=backward().replace("return ", "d_x = "),
    ),
    Misconception(
        name="backward returns three gradients, where only d_x is returned and the others belong to self",
        check="batchnorm_backward_x",
        hint="The layer in front does d = layer.backward(d). What would its d be? See the docstring for where "
        "d_gamma and d_beta go.",
        source=backward() + ", self.d_gamma, self.d_beta",
    ),
    Misconception(
        name="d_gamma is computed from x and not from x̂",
        check="batchnorm_backward_gamma",
        hint="What does γ multiply in (31)? Its gradient is made of just that.",
        source=forward(centred=CENTRED + "\nself.x = x")
        + "\n"
        + backward(d_gamma="self.d_gamma = np.sum(d_out * self.x, axis=0)"),
    ),
    Misconception(
        name="d_gamma is computed from x − μ, which is not yet divided by the root",
        check="batchnorm_backward_gamma",
        hint="What does γ multiply in (31)? Compare the spread of it with that of what you use.",
        source=backward(d_gamma="self.d_gamma = np.sum(d_out * self.centred, axis=0)"),
    ),
    Misconception(
        name="d_gamma is averaged over the batch",
        check="batchnorm_backward_gamma",
        hint="(36) is a sum. Where has the loss already been averaged, and would it be right to do so twice?",
        source=backward(d_gamma="self.d_gamma = np.mean(d_out * self.x_hat, axis=0)"),
    ),
    Misconception(
        name="d_gamma is not summed over the batch",
        check="batchnorm_backward_gamma",
        hint="Print the shapes of d_gamma and γ. A gradient has the shape of its parameter.",
        source=backward(d_gamma="self.d_gamma = d_out * self.x_hat"),
    ),
    Misconception(
        name="d_gamma is summed over batch and features, to a single number",
        check="batchnorm_backward_gamma",
        hint="Print the shapes of d_gamma and γ. There is a γ for each feature; over what does (36) sum?",
        source=backward(d_gamma="self.d_gamma = np.sum(d_out * self.x_hat)"),
    ),
    Misconception(
        name="d_gamma is summed over the features",
        check="batchnorm_backward_gamma",
        hint="Print the shapes of d_gamma and γ. Which axis of d_out is the batch?",
        source=backward(d_gamma="self.d_gamma = np.sum(d_out * self.x_hat, axis=1)"),
    ),
    Misconception(
        name="d_gamma and d_beta have changed places",
        check="batchnorm_backward_gamma",
        hint="Which of the two parameters is multiplied by x̂ in (31)? x̂ turns up in the gradient of that one.",
        source=backward(
            d_gamma="self.d_gamma = d_out.sum(axis=0)",
            d_beta="self.d_beta = np.sum(d_out * self.x_hat, axis=0)",
        ),
    ),
    Misconception(
        name="d_gamma is added to that of the step before",
        check="batchnorm_backward_gamma",
        hint="Call forward and backward twice with the same numbers. Should the gradient be twice as large then?",
        source=backward(
            d_gamma="self.d_gamma = getattr(self, 'd_gamma', 0) + np.sum(d_out * self.x_hat, axis=0)"
        ),
    ),
    Misconception(
        name="γ and β share one gradient",
        check="batchnorm_backward_beta",
        hint="Print d_gamma and d_beta. Does x̂ have anything to say about how y depends on β?",
        source=backward(d_gamma="self.d_gamma = self.d_beta = np.sum(d_out * self.x_hat, axis=0)", d_beta=""),
    ),
    Misconception(
        name="d_beta is averaged over the batch",
        check="batchnorm_backward_beta",
        hint="(37) is a sum, as for the bias of an affine layer. Where has the loss already been averaged?",
        source=backward(d_beta="self.d_beta = d_out.mean(axis=0)"),
    ),
    Misconception(
        name="d_beta is summed over batch and features, to a single number",
        check="batchnorm_backward_beta",
        hint="Print the shapes of d_beta and β. There is a β for each feature; over what does (37) sum?",
        source=backward(d_beta="self.d_beta = d_out.sum()"),
    ),
    Misconception(
        name="d_beta is summed over the features",
        check="batchnorm_backward_beta",
        hint="Print the shapes of d_beta and β. Which axis of d_out is the batch?",
        source=backward(d_beta="self.d_beta = d_out.sum(axis=1)"),
    ),
    Misconception(
        name="d_beta is not summed over the batch",
        check="batchnorm_backward_beta",
        hint="Print the shapes of d_beta and β. A gradient has the shape of its parameter.",
        source=backward(d_beta="self.d_beta = d_out"),
    ),
    Misconception(
        name="d_beta is added to that of the step before",
        check="batchnorm_backward_beta",
        hint="Call forward and backward twice with the same numbers. Should the gradient be twice as large then?",
        source=backward(d_beta="self.d_beta = getattr(self, 'd_beta', 0) + d_out.sum(axis=0)"),
    ),
)

STATE = (
    Misconception(
        name="what backward needs is kept in global variables, which all layers share",
        check="batchnorm_state",
        hint="A network has five of these layers, and all forwards come before all backwards. Whose x̂ does the "
        "first layer find?",
        source="""
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        global centred, std, x_hat
        y = super().forward(x, train)
        if train:
            centred, std, x_hat = self.centred, self.std, self.x_hat
        return y

    def backward(self, d_out):
        self.centred, self.std, self.x_hat = centred, std, x_hat
        return super().backward(d_out)
""",
    ),
    Misconception(
        name="the lists of the running statistics belong to the class, so that all layers share them",
        check="batchnorm_state",
        hint="Make two layers, train one, and look at the lists of the other. Where is a list made when it stands "
        "directly below class?",
        source="""
class BatchNorm(BatchNorm):
    means, variances = [], []

    def forward(self, x, train=True):
        if train:
            self.means.append(x.mean(axis=0))
            self.variances.append(x.var(axis=0))
        return super().forward(x, train)

    def test_affine(self):
        scale = self.gamma / np.sqrt(np.mean(self.variances, axis=0) + self.eps)
        return scale, self.beta - scale * np.mean(self.means, axis=0)
""",
    ),
    Misconception(
        name="γ and β are copied when the layer is made, the trained ones are never used",
        check="batchnorm_learns",
        hint="After an update the training loop assigns layer.gamma and layer.beta. Which variables does your "
        "forward read?",
        source="""
class BatchNorm(BatchNorm):
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.9):
        super().__init__(gamma, beta, eps, momentum)
        self.g, self.b = gamma, beta

    def forward(self, x, train=True):
        self.gamma, self.beta = self.g, self.b
        return super().forward(x, train)
""",
    ),
    Misconception(
        name="scale and shift are computed during training, with the γ and β of that moment",
        check="batchnorm_learns",
        hint="The last update of γ and β comes after the last forward of training. When does your layer compute "
        "(38)?",
        source="""
class BatchNorm(BatchNorm):
    def forward(self, x, train=True):
        y = super().forward(x, train)
        if train:
            self.scale = self.gamma / np.sqrt(self.running_var + self.eps)
            self.shift = self.beta - self.scale * self.running_mean
        return y

    def test_affine(self):
        return self.scale, self.shift
""",
    ),
    Misconception(
        name="forward centres x in place",
        check="batchnorm_arguments",
        hint="Print x before and after forward. The layer in front still needs its output: which operators write "
        "into the array on their left?",
        source=forward(centred="x -= mean\nself.centred = x"),
    ),
    Misconception(
        name="backward multiplies d_out in place",
        check="batchnorm_arguments",
        hint="Print d_out before and after backward. Which operators write into the array on their left?",
        source=backward(d_x_hat="d_out *= self.gamma\nd_x_hat = d_out"),
    ),
)

TEST_TIME = (
    Misconception(
        name="the batch is used at test time too",
        check="batchnorm_test_time",
        hint="Ask about one image alone. What are its μ and σ², and what is left of the image after (30)?",
        source=forward(at_test=""),
    ),
    Misconception(
        name="the running statistics start at 0 and 1 and are never updated",
        check="batchnorm_test_time",
        hint="Print running_mean before and after a forward of training. Which line changes it?",
        source="""
class BatchNorm(BatchNorm):
    def __init__(self, gamma, beta, eps=1e-5, momentum=0.9):
        super().__init__(gamma, beta, eps, momentum)
        self.running_mean, self.running_var = np.zeros_like(gamma), np.ones_like(gamma)

"""
        + forward(running="").split("\n", 1)[1],
    ),
    Misconception(
        name="γ and β are left out at test time",
        check="batchnorm_test_time",
        hint="Test time replaces μ and σ² by the running statistics. Does it replace (31) as well?",
        source=forward(at_test="return (x - self.running_mean) / np.sqrt(self.running_var + self.eps)"),
    ),
    Misconception(
        name="the running mean is not subtracted at test time",
        check="batchnorm_test_time",
        hint="Give the layer the running mean itself as x, at test time. What should come out?",
        source=forward(at_test="return x * self.test_affine()[0] + self.beta"),
    ),
    Misconception(
        name="divided by the running variance at test time, not by its root",
        check="batchnorm_test_time",
        hint="Train on one batch again and again, then test on it: the answer should be that of training. Compare "
        "your denominator with (38).",
        source=forward(
            at_test="return self.gamma * (x - self.running_mean) / (self.running_var + self.eps) + self.beta"
        ),
    ),
    Misconception(
        name="standard deviations are averaged, and used as if they were variances",
        check="batchnorm_test_time",
        hint="What does running_var hold, σ or σ²? And how many roots are taken before (38) divides by it?",
        source=forward(
            running=RUNNING.replace("mean, var\n", "mean, self.std\n").replace("* var", "* self.std")
        ),
    ),
    Misconception(
        name="running mean and running variance are one and the same array",
        check="batchnorm_test_time",
        hint="After training, print running_mean is running_var. How many arrays does a = b = np.zeros(3) make?",
        source=forward(
            running="""\
if self.running_mean is None:
    self.running_mean = self.running_var = np.zeros_like(mean)
self.running_mean *= self.momentum
self.running_mean += (1 - self.momentum) * mean
self.running_var *= self.momentum
self.running_var += (1 - self.momentum) * var"""
        ),
    ),
    Misconception(
        name="the running variance is that of the means of the batches",
        check="batchnorm_test_time",
        hint="If every batch had the same mean, what would your Var be? It should say how far single examples are "
        "from the mean.",
        source=forward(
            running="""\
self.means = [*getattr(self, "means", []), mean]
self.running_mean, self.running_var = np.mean(self.means, axis=0), np.var(self.means, axis=0)"""
        ),
    ),
    Misconception(
        name="the running statistics are computed but not stored, so that only the first batch counts",
        check="batchnorm_running",
        hint="Print self.running_mean after each of three different batches. Does it change?",
        source=forward(
            running="""\
if self.running_mean is None:
    self.running_mean, self.running_var = mean, var
running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
running_var = self.momentum * self.running_var + (1 - self.momentum) * var"""
        ),
    ),
    Misconception(
        name="the running statistics are those of the last batch alone",
        check="batchnorm_running",
        hint="Train on two different batches and print running_mean. Is anything left of the first?",
        source=forward(running="self.running_mean, self.running_var = mean, var"),
    ),
    Misconception(
        name="the running statistics are sums over the batches, never divided by their number",
        check="batchnorm_running",
        hint="Send the same batch through ten times. How large is running_mean then, and how large is μ?",
        source=forward(
            running="""\
if self.running_mean is None:
    self.running_mean, self.running_var = 0, 0
self.running_mean = self.running_mean + mean
self.running_var = self.running_var + var"""
        ),
    ),
    Misconception(
        name="the factor 1 − momentum is missing at the new statistics",
        check="batchnorm_running",
        hint="With what weights do the old and the new value count, and what do the two add up to? Send the same "
        "batch through many times and print running_mean.",
        source=forward(running=RUNNING.replace("(1 - self.momentum) * ", "")),
    ),
    Misconception(
        name="only the mean is averaged, the running variance is that of the last batch",
        check="batchnorm_running",
        hint="Train on two different batches and print running_var. Is anything left of the first?",
        source=forward(
            running="""\
if self.running_mean is None:
    self.running_mean = mean
self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
self.running_var = var"""
        ),
    ),
    Misconception(
        name="the running variance is measured from the running mean, not from that of the batch",
        check="batchnorm_running",
        hint="Var is the average of the σ² of (29). Which mean is subtracted in there?",
        source=forward(
            running="""\
if self.running_mean is None:
    self.running_mean, self.running_var = mean, var
self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
var = np.mean((x - self.running_mean) ** 2, axis=0)
self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var"""
        ),
    ),
    Misconception(
        name="testing updates the running statistics",
        check="batchnorm_test_rows",
        hint="Print running_mean before and after forward(x, train=False). Which lines should run in training only?",
        source=forward(
            at_test="",
            running=RUNNING
            + "\nif not train:\n    scale, shift = self.test_affine()\n    return x * scale + shift",
        ),
    ),
    Misconception(
        name="test_affine divides by the running variance, without the root",
        check="batchnorm_test_affine",
        hint="Compare the denominator of (38) with that of (30): what becomes of the root?",
        source=test_affine(
            "scale = self.gamma / (self.running_var + self.eps)",
            "return scale, self.beta - scale * self.running_mean",
        ),
    ),
    Misconception(
        name="γ is missing in the scale of test_affine",
        check="batchnorm_test_affine",
        hint="Double γ. What should become of the scale?",
        source=test_affine(
            "scale = 1 / np.sqrt(self.running_var + self.eps)",
            "return scale, self.beta - scale * self.running_mean",
        ),
    ),
    Misconception(
        name="test_affine takes γ and β for scale and shift",
        check="batchnorm_test_affine",
        hint="γ multiplies x̂, the scale multiplies x. What lies between x and x̂ at test time?",
        source=test_affine("return self.gamma, self.beta"),
    ),
    Misconception(
        name="the shift of test_affine is β alone",
        check="batchnorm_test_affine",
        hint="The shift is what the layer answers for x = 0. Is x̂ then 0, too?",
        source=test_affine("return self.gamma / np.sqrt(self.running_var + self.eps), self.beta"),
    ),
    Misconception(
        name="the running mean is added in the shift of test_affine",
        check="batchnorm_test_affine",
        hint="The layer answers β when x is the running mean. Put it into scale · x + shift and see what you get.",
        source=test_affine(
            "scale = self.gamma / np.sqrt(self.running_var + self.eps)",
            "return scale, self.beta + scale * self.running_mean",
        ),
    ),
    Misconception(
        name="the running mean is not scaled in the shift of test_affine",
        check="batchnorm_test_affine",
        hint="The layer answers β when x is the running mean. Put it into scale · x + shift and see what you get.",
        source=test_affine(
            "scale = self.gamma / np.sqrt(self.running_var + self.eps)",
            "return scale, self.beta - self.running_mean",
        ),
    ),
    Misconception(
        name="test_affine keeps scale and shift in self and does not return them",
        check="batchnorm_test_affine",
        hint="What does print(layer.test_affine()) show?",
        source=forward(at_test="self.test_affine()\n    return x * self.scale + self.shift")
        + """
    def test_affine(self):
        self.scale = self.gamma / np.sqrt(self.running_var + self.eps)
        self.shift = self.beta - self.scale * self.running_mean
""",
    ),
)

MISCONCEPTIONS = (*FORWARD, *BACKWARD, *STATE, *TEST_TIME)
