"""Known mistakes in forward propagation: pixels, sigmoid, affine, softmax, the first weights, a small program."""

from autograder.misconceptions import Misconception

FLATTEN = (
    Misconception(
        name="the pixels are not divided by 255",
        check="flatten_shapes",
        hint="Look at the largest number in your row. Eq. (9) says what full ink, a byte of 255, should become.",
        source="""
def flatten(images):
    height, width = images.shape[-2:]
    return images.reshape(-1, height * width).astype(float)
""",
    ),
    Misconception(
        name="the pixels are still bytes from 0 to 255",
        check="flatten_shapes",
        hint="Print the dtype of what you return. reshape moves numbers around and does not change one of them; "
        "eq. (9) does.",
        source="""
def flatten(images):
    height, width = images.shape[-2:]
    return images.reshape(-1, height * width)
""",
    ),
    Misconception(
        name="whole-number division, which turns every pixel below 255 into 0",
        check="flatten_shapes",
        hint="What does Python say to 204 // 255, and what should a pixel of 204 become by eq. (9)?",
        source="""
def flatten(images):
    height, width = images.shape[-2:]
    return images.reshape(-1, height * width) // 255
""",
    ),
    Misconception(
        name="the scaled pixels are cut to whole numbers",
        check="flatten_shapes",
        hint="Print a few of your numbers: only 0 and 1 are left. What does int do with 0.8?",
        source="""
def flatten(images):
    height, width = images.shape[-2:]
    return (images.reshape(-1, height * width) / 255).astype(int)
""",
    ),
    Misconception(
        name="the division writes back into an array of bytes",
        check="flatten_shapes",
        hint="A byte cannot hold 0.2, so NumPy refuses /= here. And the images belong to whoever called you: "
        "make a new array.",
        source="""
def flatten(images):
    images /= 255
    height, width = images.shape[-2:]
    return images.reshape(-1, height * width)
""",
    ),
    Misconception(
        name="division by 256 instead of 255",
        check="flatten_shapes",
        hint="A byte can take 256 values, but which is the largest? Put an image of full ink in: it should become 1.",
        source="""
def flatten(images):
    height, width = images.shape[-2:]
    return images.reshape(-1, height * width) / 256
""",
    ),
    Misconception(
        name="division by the largest pixel at hand instead of 255",
        check="flatten_shapes",
        hint="Flatten a faint image whose darkest pixel is 100, then look at your largest number. Should a faint image "
        "look like one in full ink?",
        source="""
def flatten(images):
    height, width = images.shape[-2:]
    return images.reshape(-1, height * width) / images.max()
""",
    ),
    Misconception(
        name="28×28 pixels are built in",
        check="flatten_shapes",
        hint="The check's images are smaller than MNIST's. The array itself knows its height H and width W.",
        source="def flatten(images): return images.reshape(-1, 28 * 28) / 255.0",
    ),
    Misconception(
        name="the pixels are read column by column",
        check="flatten_shapes",
        hint="Take the 2×3 image of section 2: which pixel comes second, the one to the right or the one below? "
        "In eq. (9) it is j that moves by one place.",
        source="""
def flatten(images):
    height, width = images.shape[-2:]
    return np.swapaxes(images, -1, -2).reshape(-1, height * width) / 255.0
""",
    ),
    Misconception(
        name="the first axis is taken for the batch although a single image has none",
        check="flatten_shapes",
        hint="Print images.shape for one image. What is its first number: how many images, or how many rows of pixels?",
        source="def flatten(images): return images.reshape(images.shape[0], -1) / 255.0",
    ),
    Misconception(
        name="the whole batch ends up in one row",
        check="flatten_shapes",
        hint="Three images should give three rows of H·W numbers. Which part of the shape have you fixed to 1?",
        source="def flatten(images): return images.reshape(1, -1) / 255.0",
    ),
    Misconception(
        name="a single image becomes a plain list of numbers, not a batch of one",
        check="flatten_shapes",
        hint="The docstring wants (1, H·W) for one image: a matrix with one row. Print the ndim of yours.",
        source="""
def flatten(images):
    if images.ndim == 2:
        return images.flatten() / 255.0
    return images.reshape(len(images), -1) / 255.0
""",
    ),
)

SIGMOID = (
    Misconception(
        name="the sign in the sigmoid's exponent is flipped",
        check="sigmoid_values",
        hint="What should f come near to for a large u? Put 10 into your function and look, then compare the "
        "exponent with eq. (2).",
        source="def sigmoid(x): return 1 / (1 + np.exp(x))",
    ),
    Misconception(
        name="parentheses are missing around the denominator",
        check="sigmoid_values",
        hint="Put 0 in: f(0) is 0.5, and yours is 2. What does Python do first in 1 / 1 + something?",
        source="def sigmoid(x): return 1 / 1 + np.exp(-x)",
    ),
    Misconception(
        name="the 1 in the denominator is missing",
        check="sigmoid_values",
        hint="Put 0 in: f(0) is 0.5. Read the denominator of eq. (2) once more, term by term.",
        source="def sigmoid(x): return 1 / np.exp(-x)",
    ),
    Misconception(
        name="the denominator has a minus where eq. (2) has a plus",
        check="sigmoid_values",
        hint="Try u = 0: your denominator is 0 there. Compare it with eq. (2).",
        source="def sigmoid(x): return 1 / (1 - np.exp(-x))",
    ),
    Misconception(
        name="tanh in place of the sigmoid",
        check="sigmoid_values",
        hint="Both curves have the shape of an S. Which values does yours take for large negative u, and which should f?",
        source="def sigmoid(x): return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))",
    ),
    Misconception(
        name="the derivative of the sigmoid in place of the sigmoid itself",
        check="sigmoid_values",
        hint="Draw your function from -8 to 8: a hill, not an S. Eq. (2) asks for f, its slope comes in task 3.",
        source="""
def sigmoid(x):
    s = 1 / (1 + np.exp(-x))
    return s * (1 - s)
""",
    ),
    Misconception(
        name="the maximum is subtracted, as in softmax",
        check="sigmoid_values",
        hint="Call your sigmoid on [0, 1] and on [0, 100]: should f(0) change because its neighbour did? "
        "α cancels in softmax, does it here?",
        source="""
def sigmoid(x):
    return 1 / (1 + np.exp(-(x - x.max())))
""",
    ),
    Misconception(
        name="for negative inputs the wrong exponential is used",
        check="sigmoid_values",
        hint="Put -2 and 2 in: f(-2) + f(2) is 1. Multiply numerator and denominator of eq. (2) by e^u on paper, "
        "and watch the sign of every exponent.",
        source="""
def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), 1 / (1 - e))
""",
    ),
    Misconception(
        name="both signs use the formula for positive inputs, on the absolute value",
        check="sigmoid_values",
        hint="Your f(-2) and f(2) are the same number. Should they be?",
        source="def sigmoid(x): return 1 / (1 + np.exp(-np.abs(x)))",
    ),
    Misconception(
        name="math.exp is used, which takes a single number",
        check="sigmoid_values",
        hint="x is an array of any shape. Which module has an exp that works on every element?",
        source="""
import math
def sigmoid(x):
    return 1 / (1 + math.exp(-x))
""",
    ),
    Misconception(
        name="an if asks for the sign of a whole array",
        check="sigmoid_values",
        hint="Type bool(np.array([1, -1]) >= 0) into a cell. The question has one answer per element, "
        "so the choice must be made per element, too.",
        source="""
def sigmoid(x):
    if x >= 0:
        return 1 / (1 + np.exp(-x))
    return np.exp(x) / (1 + np.exp(x))
""",
    ),
    Misconception(
        name="two nested loops, so that only matrices work",
        check="sigmoid_values",
        hint="The docstring says any shape. Print x.shape for an input with one axis: which of your loops has nothing to run over?",
        source="""
def sigmoid(x):
    y = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = 1 / (1 + np.exp(-x[i, j]))
    return y
""",
    ),
    Misconception(
        name="sigmoid writes its result into the array it was given",
        check="sigmoid_values",
        hint="Print x before and after the call. An assignment to x[...] changes the array of the caller; "
        "where else could the result go?",
        source="""
def sigmoid(x):
    positive = x >= 0
    x[positive] = 1 / (1 + np.exp(-x[positive]))
    e = np.exp(x[~positive])
    x[~positive] = e / (1 + e)
    return x
""",
    ),
    Misconception(
        name="exp(u) / (1 + exp(u)) for all u, which is inf/inf for large ones",
        check="sigmoid_stable",
        hint="Try np.exp(1000) alone, then divide it by itself. For which sign of u is exp(u) harmless?",
        source="""
def sigmoid(x):
    e = np.exp(x)
    return e / (1 + e)
""",
    ),
    Misconception(
        name="the sigmoid is typed in as it stands, 1/(1 + exp(−x)), and exp overflows for very negative inputs",
        check="sigmoid_stable",
        hint="Put -1000 in with np.seterr(over='raise') above it. Which exponent is positive there, and how does eq. (2) "
        "look when numerator and denominator are multiplied by exp(x)?",
        source="def sigmoid(x): return 1 / (1 + np.exp(-x))",
    ),
    Misconception(
        name="np.where computes the side that is not wanted as well, and it overflows",
        check="sigmoid_stable",
        hint="Both sides of np.where get all the numbers. Give each exponential only numbers for which it is safe: "
        "what do np.abs or np.minimum do for that?",
        source="def sigmoid(x): return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))",
    ),
    Misconception(
        name="the clipped input is computed but not used",
        check="sigmoid_stable",
        hint="np.clip leaves its argument alone and returns a new array. Which array does the next line work with?",
        source="""
def sigmoid(x):
    np.clip(x, -500, 500)
    return np.exp(x) / (1 + np.exp(x))
""",
    ),
    Misconception(
        name="the input is clipped too tightly",
        check="sigmoid_stable",
        hint="Put -10 and -30 in: you return the same number twice. Where does exp really begin to overflow?",
        source="""
def sigmoid(x):
    x = np.clip(x, -5, 5)
    return 1 / (1 + np.exp(-x))
""",
    ),
    Misconception(
        name="negative inputs are cut to 0",
        check="sigmoid_values",
        hint="Put -2 in and compare with 1/(1 + e²) = 0.1192. Cutting keeps exp from overflowing, but what does it "
        "do to small numbers?",
        source="def sigmoid(x): return 1 / (1 + np.exp(-np.maximum(x, 0)))",
    ),
)

AFFINE = (
    Misconception(
        name="the bias is not added",
        check="affine_forward",
        hint="Feed a row of zeros into your layer. By eq. (4) something is left over, and what do you get?",
        source="""
class Affine(Affine):
    def forward(self, x):
        return x @ self.W
""",
    ),
    Misconception(
        name="the bias is subtracted, like a threshold",
        check="affine_forward",
        hint="Feed a row of zeros into your layer and compare with b. Some books write a threshold θ; eq. (4) has b.",
        source="""
class Affine(Affine):
    def forward(self, x):
        return x @ self.W - self.b
""",
    ),
    Misconception(
        name="the bias is added to the weights, before the product",
        check="affine_forward",
        hint="Feed a row of zeros in: the result should be b, and yours is 0. What belongs inside the parentheses of eq. (4)?",
        source="""
class Affine(Affine):
    def forward(self, x):
        return x @ (self.W + self.b)
""",
    ),
    Misconception(
        name="the sigmoid is already applied inside the affine layer",
        check="affine_forward",
        hint="Can Y of eq. (4) be negative? Can yours? The activation is a step of its own, after the layer.",
        source="""
class Affine(Affine):
    def forward(self, x):
        return sigmoid(x @ self.W + self.b)
""",
    ),
    Misconception(
        name="only the first example of the batch is computed",
        check="affine_forward",
        hint="Print the shape of your result for a batch of 5. Eq. (4) needs no index: a matrix product does all rows at once.",
        source="""
class Affine(Affine):
    def forward(self, x):
        return x[0] @ self.W + self.b
""",
    ),
    Misconception(
        name="forward overwrites its input",
        check="affine_forward",
        hint="Print x before and after the call. *= changes the array itself, so the second node already sees other inputs.",
        source="""
class Affine(Affine):
    def forward(self, x):
        y = np.zeros((len(x), len(self.b)), dtype=x.dtype)
        for k in range(len(self.b)):
            x *= self.W[:, k]
            y[:, k] = x.sum(axis=1) + self.b[k]
        return y
""",
    ),
    Misconception(
        name="the bias is added in every step of the sum over the inputs",
        check="affine_forward",
        hint="Eq. (1): does b stand inside or outside the sum over i? Feed a row of zeros in and count how often b arrives.",
        source="""
class Affine(Affine):
    def forward(self, x):
        y = np.zeros((len(x), len(self.b)), dtype=x.dtype)
        for i in range(len(self.W)):
            y += x[:, i : i + 1] * self.W[i] + self.b
        return y
""",
    ),
    Misconception(
        name="W is transposed, as in the column form",
        check="affine_rows",
        hint="Write the shapes of x and W next to each other. In the row form (4) the weights of one node are one "
        "column of W already.",
        source="""
class Affine(Affine):
    def forward(self, x):
        return x @ self.W.T + self.b
""",
    ),
    Misconception(
        name="W x as in the column form (3), not x W",
        check="affine_rows",
        hint="Print W.shape and x.shape: which inner numbers have to agree in a product? The table of section 4 "
        "shows both forms.",
        source="""
class Affine(Affine):
    def forward(self, x):
        return self.W @ x + self.b
""",
    ),
    Misconception(
        name="* in place of @, which multiplies element by element",
        check="affine_rows",
        hint="Eq. (1) sums over i. Which operator of NumPy contains a sum?",
        source="""
class Affine(Affine):
    def forward(self, x):
        return x * self.W + self.b
""",
    ),
)

SOFTMAX = (
    Misconception(
        name="maximum and sum run over the whole batch",
        check="softmax_rows",
        hint="Add up one row of your result: it should be 1. a.max() and e.sum() without an axis see all rows at once.",
        source="""
def softmax(a):
    e = np.exp(a - np.max(a))
    return e / np.sum(e)
""",
    ),
    Misconception(
        name="the sum runs over the whole batch",
        check="softmax_rows",
        hint="Add up one row of your result, then all of it. How many distributions are there in a batch of 5?",
        source="""
def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum()
""",
    ),
    Misconception(
        name="softmax along the batch axis",
        check="softmax_rows",
        hint="Which sums are 1 in your result, those of the rows or those of the columns? An axis is the one that disappears.",
        source="""
def softmax(a):
    e = np.exp(a - a.max(axis=0))
    return e / e.sum(axis=0)
""",
    ),
    Misconception(
        name="the maximum runs over each column, the sum over each row",
        check="softmax_rows",
        hint="α cancels in eq. (5) only if it is the same number above and below. Is it, within one row?",
        source="""
def softmax(a):
    e = np.exp(a - a.max(axis=0))
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="the row maxima and sums have lost an axis (no keepdims)",
        check="softmax_rows",
        hint="Print the shape of a.max(axis=1) for a of shape (5, 7). Against which axis of a does NumPy line it up?",
        source="""
def softmax(a):
    e = np.exp(a - a.max(axis=1))
    return e / e.sum(axis=1)
""",
    ),
    Misconception(
        name="the sign of the exponent is flipped",
        check="softmax_rows",
        hint="Try a = (1, 2, 3): the largest logit should get the largest probability. Compare with the numbers in section 5.",
        source="""
def softmax(a):
    e = np.exp(a.max(axis=1, keepdims=True) - a)
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="the rows are divided by their sum without the exponential",
        check="softmax_rows",
        hint="Are all your numbers positive? Eq. (5) does something to the logits before it divides.",
        source="def softmax(a): return a / a.sum(axis=1, keepdims=True)",
    ),
    Misconception(
        name="the exponentials are not divided by their sum",
        check="softmax_rows",
        hint="Add up a row of your result. What makes the numbers of eq. (5) sum to 1?",
        source="def softmax(a): return np.exp(a - a.max(axis=1, keepdims=True))",
    ),
    Misconception(
        name="the exponential of the sum in place of the sum of the exponentials",
        check="softmax_rows",
        hint="Add up a row of your result. In the denominator of eq. (5), what is inside of what: e inside the sum or the sum inside e?",
        source="""
def softmax(a):
    a = a - a.max(axis=1, keepdims=True)
    return np.exp(a) / np.exp(a.sum(axis=1, keepdims=True))
""",
    ),
    Misconception(
        name="the logits are divided by the maximum, not reduced by it",
        check="softmax_rows",
        hint="Softmax of (1, 2, 3) and of (2, 3, 4) is the same. Is yours? What does eq. (5) do with α?",
        source="""
def softmax(a):
    e = np.exp(a / a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="the logarithm of softmax is returned",
        check="softmax_rows",
        hint="Your numbers are negative, and probabilities are not. The logarithm belongs to the loss of task 2.",
        source="""
def softmax(a):
    a = a - a.max(axis=1, keepdims=True)
    return a - np.log(np.exp(a).sum(axis=1, keepdims=True))
""",
    ),
    Misconception(
        name="a sigmoid of every logit in place of softmax",
        check="softmax_rows",
        hint="Add up a row of your result. Each number lies between 0 and 1, but do they know of each other?",
        source="def softmax(a): return 1 / (1 + np.exp(-a))",
    ),
    Misconception(
        name="softmax overwrites the logits it was given",
        check="softmax_rows",
        hint="Print a before and after the call. What is the difference between a -= α and a - α for the caller?",
        source="""
def softmax(a):
    a -= a.max(axis=1, keepdims=True)
    np.exp(a, out=a)
    a /= a.sum(axis=1, keepdims=True)
    return a
""",
    ),
    Misconception(
        name="no maximum is subtracted",
        check="softmax_stable",
        hint="Try np.exp(1000), and np.exp(-1000) over itself. Which number of its row can every logit be reduced by?",
        source="""
def softmax(a):
    e = np.exp(a)
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="one maximum for the whole batch",
        check="softmax_stable",
        hint="Take two rows, one around 1000 and one around -1000. What is left of the second row's exponentials "
        "after your subtraction?",
        source="""
def softmax(a):
    e = np.exp(a - a.max())
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="the minimum of the row is subtracted, not its maximum",
        check="softmax_stable",
        hint="Print your exponents for the row (-1000, 1000). Which sign do they have, and which is safe for exp?",
        source="""
def softmax(a):
    e = np.exp(a - a.min(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="the mean of the row is subtracted, not its maximum",
        check="softmax_stable",
        hint="Print your exponents for the row (-1000, 0, 0, 1000). With which α is every exponent at most 0?",
        source="""
def softmax(a):
    e = np.exp(a - a.mean(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="the largest absolute value is subtracted",
        check="softmax_stable",
        hint="Take a row with all its logits around -1000. What do you subtract, and what is left of the exponentials?",
        source="""
def softmax(a):
    e = np.exp(a - np.abs(a).max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="large logits are cut off",
        check="softmax_stable",
        hint="Softmax of (999, 1000) is (0.27, 0.73). What are these two logits after your clip?",
        source="""
def softmax(a):
    e = np.exp(np.clip(a, -500, 500))
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="a small ε in the denominator in place of the maximum",
        check="softmax_stable",
        hint="The ε avoids 0/0, but the row now sums to 0 for logits around -1000. And what about exp(1000)?",
        source="""
def softmax(a):
    e = np.exp(a)
    return e / (e.sum(axis=1, keepdims=True) + 1e-12)
""",
    ),
)


def _init(
    weights: str, biases: str, *, top: str = "rng = np.random.default_rng(seed)", key: str = "n"
) -> str:
    """An `init_parameters` whose layer n draws ``weights`` and ``biases``."""
    return f"""
def init_parameters(sizes=(784, 100, 10), seed=0):
    {top}
    params = {{}}
    for n in range(1, len(sizes)):
        d_in, d_out = sizes[n - 1], sizes[n]
        std = 1 / np.sqrt(d_in)
        params[f"W{{{key}}}"] = {weights}
        params[f"b{{{key}}}"] = {biases}
    return params
"""


INIT = (
    Misconception(
        name="sizes is ignored: the network is always 784-100-10",
        check="init_shapes",
        hint="Call init_parameters((7, 5, 3)) and print the shapes. Where do 784, 100 and 10 come from in your code?",
        source="""
def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.default_rng(seed)
    return {
        "W1": rng.normal(0, 1 / np.sqrt(784), size=(784, 100)),
        "b1": rng.normal(0, 1 / np.sqrt(784), size=100),
        "W2": rng.normal(0, 1 / np.sqrt(100), size=(100, 10)),
        "b2": rng.normal(0, 1 / np.sqrt(100), size=10),
    }
""",
    ),
    Misconception(
        name="there are never more than two layers",
        check="init_shapes",
        hint="sizes may be longer than three numbers. How many layers are there between n sizes?",
        source="""
def init_parameters(sizes=(784, 100, 10), seed=0):
    rng = np.random.default_rng(seed)
    d, h, c = sizes[0], sizes[1], sizes[2]
    return {
        "W1": rng.normal(0, 1 / np.sqrt(d), size=(d, h)),
        "b1": rng.normal(0, 1 / np.sqrt(d), size=h),
        "W2": rng.normal(0, 1 / np.sqrt(h), size=(h, c)),
        "b2": rng.normal(0, 1 / np.sqrt(h), size=c),
    }
""",
    ),
    Misconception(
        name="the weights have the shape of the column form, (d_out, d_in)",
        check="init_shapes",
        hint="Which shape lets you write x W for x of shape (B, 784)? The table of section 4 has both forms.",
        source=_init("rng.normal(0, std, size=(d_out, d_in))", "rng.normal(0, std, size=d_out)"),
    ),
    Misconception(
        name="a bias for every input, not for every node",
        check="init_shapes",
        hint="Eq. (1) belongs to one node: how many b does it have? And how many nodes has the layer?",
        source=_init("rng.normal(0, std, size=(d_in, d_out))", "rng.normal(0, std, size=d_in)"),
    ),
    Misconception(
        name="the bias is a single number with a standard deviation of 10 (or 100): its length stands in the wrong place",
        check="init_shapes",
        hint="Print b2. The second argument of normal() is the standard deviation; how do you tell it how many numbers you want?",
        source=_init("rng.normal(0, std, size=(d_in, d_out))", "rng.normal(0, d_out)"),
    ),
    Misconception(
        name="all nodes of a layer share one bias",
        check="init_shapes",
        hint="Print the shape of b1. Eq. (4) adds a row of biases, one per node; how many random numbers have you asked for?",
        source=_init("rng.normal(0, std, size=(d_in, d_out))", "rng.normal(0, std)"),
    ),
    Misconception(
        name="the layers are counted from 0",
        check="init_shapes",
        hint="Print the keys of your dictionary and compare them with the docstring.",
        source=_init("rng.normal(0, std, size=(d_in, d_out))", "rng.normal(0, std, size=d_out)", key="n - 1"),
    ),
    Misconception(
        name="the standard deviation is 1/N where the variance should be",
        check="init_statistics",
        hint="Eq. (8) names the variance, and normal() wants the standard deviation. How does one become the other?",
        source=_init("rng.normal(0, 1 / d_in, size=(d_in, d_out))", "rng.normal(0, 1 / d_in, size=d_out)"),
    ),
    Misconception(
        name="the standard deviation is 1: no scaling by the layer",
        check="init_statistics",
        hint="Compare W1.std() with the 1/28 that section 6 names. Where does N come into your code?",
        source=_init("rng.normal(0, 1, size=(d_in, d_out))", "rng.normal(0, 1, size=d_out)"),
    ),
    Misconception(
        name="the standard deviation is √N, not 1/√N",
        check="init_statistics",
        hint="More inputs should make the weights smaller. What happens to yours when N grows?",
        source=_init(
            "rng.normal(0, np.sqrt(d_in), size=(d_in, d_out))", "rng.normal(0, np.sqrt(d_in), size=d_out)"
        ),
    ),
    Misconception(
        name="the variance of He's rule, 2/N",
        check="init_statistics",
        hint="That rule belongs to ReLU networks. Which variance does eq. (8) ask for?",
        source=_init(
            "rng.normal(0, np.sqrt(2 / d_in), size=(d_in, d_out))",
            "rng.normal(0, np.sqrt(2 / d_in), size=d_out)",
        ),
    ),
    Misconception(
        name="the variance of Glorot's rule, which counts the layer's own nodes too",
        check="init_statistics",
        hint="That rule looks at both sides of a layer. Which nodes does the N of eq. (8) count?",
        source=_init(
            "rng.normal(0, np.sqrt(2 / (d_in + d_out)), size=(d_in, d_out))",
            "rng.normal(0, np.sqrt(2 / (d_in + d_out)), size=d_out)",
        ),
    ),
    Misconception(
        name="N counts the nodes of the layer itself, not of the one before",
        check="init_statistics",
        hint="Eq. (1) sums over the inputs of a node. For W1 of our network, is that 784 or 100?",
        source=_init(
            "rng.normal(0, 1 / np.sqrt(d_out), size=(d_in, d_out))",
            "rng.normal(0, 1 / np.sqrt(d_out), size=d_out)",
        ),
    ),
    Misconception(
        name="N is the number of pixels in every layer",
        check="init_statistics",
        hint="W2 gets its inputs from the hidden nodes. How many are there, and which N does your code use for it?",
        source=_init(
            "rng.normal(0, std, size=(d_in, d_out))",
            "rng.normal(0, std, size=d_out)",
        ).replace("np.sqrt(d_in)", "np.sqrt(sizes[0])"),
    ),
    Misconception(
        name="the biases are all zero",
        check="init_statistics",
        hint="Many recipes begin with zero biases. What does the first line of section 6 say about ours?",
        source=_init("rng.normal(0, std, size=(d_in, d_out))", "np.zeros(d_out)"),
    ),
    Misconception(
        name="the biases are drawn from N(0, 1)",
        check="init_statistics",
        hint="Compare b1.std() with W1.std(). Eq. (8) speaks of weights and biases alike.",
        source=_init("rng.normal(0, std, size=(d_in, d_out))", "rng.normal(size=d_out)"),
    ),
    Misconception(
        name="the numbers are uniform, not normally distributed",
        check="init_statistics",
        hint="Draw a histogram of W1: a bell or a box? Which method of the generator draws a bell?",
        source=_init("rng.uniform(-std, std, size=(d_in, d_out))", "rng.uniform(-std, std, size=d_out)"),
    ),
    Misconception(
        name="all numbers are positive: uniform from 0 to 1, then scaled",
        check="init_statistics",
        hint="Look at W1.min() and W1.mean(). Does random() draw from a distribution with mean 0?",
        source=_init("rng.random(size=(d_in, d_out)) * std", "rng.random(size=d_out) * std"),
    ),
    Misconception(
        name="the same seed whatever the caller asks for",
        check="init_seed",
        hint="Print W1[0, 0] for seed=1 and for seed=2. Where does the argument seed get to in your code?",
        source=_init(
            "rng.normal(0, std, size=(d_in, d_out))",
            "rng.normal(0, std, size=d_out)",
            top="rng = np.random.default_rng(0)",
        ),
    ),
    Misconception(
        name="the generator gets no seed",
        check="init_seed",
        hint="Call init_parameters() twice and compare. What is the argument seed for?",
        source=_init(
            "rng.normal(0, std, size=(d_in, d_out))",
            "rng.normal(0, std, size=d_out)",
            top="rng = np.random.default_rng()",
        ),
    ),
    Misconception(
        name="np.random.seed sets the global generator, which belongs to everybody",
        check="init_seed",
        hint="After your function, everyone else's np.random starts again at the same place. "
        "Which function of np.random makes a generator of your own?",
        source=_init(
            "np.random.normal(0, std, size=(d_in, d_out))",
            "np.random.normal(0, std, size=d_out)",
            top="np.random.seed(seed)",
        ),
    ),
    Misconception(
        name="a new generator with the same seed for every array, so that the biases repeat the weights",
        check="init_seed",
        hint="Print the first numbers of W1 and of b1. What does a generator draw first, each time it is made with one seed?",
        source=_init(
            "np.random.default_rng(seed).normal(0, std, size=(d_in, d_out))",
            "np.random.default_rng(seed).normal(0, std, size=d_out)",
            top="pass",
        ),
    ),
)


NETWORK = (
    Misconception(
        name="a sigmoid before softmax",
        check="forward_network",
        hint="Look at the largest probability you ever get: the sigmoid presses all logits between 0 and 1. "
        "What stands between the second affine layer and softmax in section 7?",
        source="""
def forward(params, x):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(sigmoid(Affine(params["W2"], params["b2"]).forward(hidden)))
""",
    ),
    Misconception(
        name="no sigmoid between the two layers",
        check="forward_network",
        hint="A matrix times a matrix is a matrix. What bends the line between your two layers?",
        source="""
def forward(params, x):
    hidden = Affine(params["W1"], params["b1"]).forward(x)
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="no softmax at the end: the logits are returned",
        check="forward_network",
        hint="Add up a row of your result. forward returns the probability of each digit.",
        source="""
def forward(params, x):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return Affine(params["W2"], params["b2"]).forward(hidden)
""",
    ),
    Misconception(
        name="a sigmoid at the end in place of softmax",
        check="forward_network",
        hint="Add up a row of your result. Which function makes ten numbers sum to 1?",
        source="""
def forward(params, x):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return sigmoid(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="softmax in the hidden layer, too",
        check="forward_network",
        hint="The hidden nodes do not have to share a sum of 1. Compare your steps with the chain in section 7.",
        source="""
def forward(params, x):
    hidden = softmax(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="softmax is applied twice",
        check="forward_network",
        hint="Your probabilities are all near 1/10. What does softmax do to numbers that already lie between 0 and 1?",
        source="""
def forward(params, x):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(softmax(Affine(params["W2"], params["b2"]).forward(hidden)))
""",
    ),
    Misconception(
        name="the biases are left out of the network",
        check="forward_network",
        hint="Which entries of params does your forward use? Eq. (4) has two symbols per layer, and you have written Affine already.",
        source="""
def forward(params, x):
    hidden = sigmoid(x @ params["W1"])
    return softmax(hidden @ params["W2"])
""",
    ),
    Misconception(
        name="forward draws parameters of its own and does not look at params",
        check="forward_network",
        hint="Call forward with two different params: should the result change? In task 3 the params will have learned something.",
        source="""
def forward(params, x):
    params = init_parameters()
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="the pixels are divided by 255 once more",
        check="forward_network",
        hint="x comes from flatten, so it lies between 0 and 1 already. How large are your numbers after another division?",
        source="""
def forward(params, x):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x / 255))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="forward scales its argument in place",
        check="forward_network",
        hint="Call forward twice with the same x and compare the results. What has happened to x in between?",
        source="""
def forward(params, x):
    x /= 255
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="only the first row of the probabilities is returned",
        check="forward_network",
        hint="Print the shape of your result for a batch of 5. Each example wants its own ten probabilities.",
        source="""
def forward(params, x):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))[0]
""",
    ),
    Misconception(
        name="argmax over the wrong axis",
        check="classify_digits",
        hint="How many answers do you get for 12 rows: 12 or 10? The axis you name is the one that disappears.",
        source="def classify(params, x): return np.argmax(forward(params, x), axis=0)",
    ),
    Misconception(
        name="argmax over the whole batch at once",
        check="classify_digits",
        hint="You get one number for 12 rows, and it may be larger than 9. Over which axis do the digits run?",
        source="def classify(params, x): return np.argmax(forward(params, x))",
    ),
    Misconception(
        name="only the digit of the first row is returned",
        check="classify_digits",
        hint="The docstring promises (B,): an array with one digit per row, also when B is 1.",
        source="def classify(params, x): return np.argmax(forward(params, x)[0])",
    ),
    Misconception(
        name="the least probable digit",
        check="classify_digits",
        hint="Print a row of y and your answer for it. Is y large or small at that place?",
        source="def classify(params, x): return np.argmin(forward(params, x), axis=1)",
    ),
    Misconception(
        name="the largest probability in place of the digit that has it",
        check="classify_digits",
        hint="Eq. (7) says arg max: the place i, not the value y_i. Which NumPy function returns the place?",
        source="def classify(params, x): return np.max(forward(params, x), axis=1)",
    ),
    Misconception(
        name="the digits are counted from 1",
        check="classify_digits",
        hint="Ten columns stand for the digits 0 to 9. Which digit does column 0 stand for?",
        source="def classify(params, x): return np.argmax(forward(params, x), axis=1) + 1",
    ),
    Misconception(
        name="the digits are floats",
        check="classify_digits",
        hint="Print the dtype of your result. Where does the float come from, and what would main print?",
        source="""
def classify(params, x):
    digits = np.zeros(len(x))
    for k, y in enumerate(forward(params, x)):
        digits[k] = np.argmax(y)
    return digits
""",
    ),
    Misconception(
        name="the digits stand in a column, (B, 1)",
        check="classify_digits",
        hint="Print the shape of your result and compare it with the docstring. What does keepdims keep?",
        source="def classify(params, x): return np.argmax(forward(params, x), axis=1, keepdims=True)",
    ),
)

READ_INDEX = (
    Misconception(
        name="text that is no number is not caught",
        check="read_index_input",
        hint="Type abc and read the last line of the traceback: it names what you can catch.",
        source="""
def read_index(limit):
    i = int(input())
    if not 0 <= i < limit:
        print(f"Please type a number from 0 to {limit - 1}.", file=sys.stderr)
        sys.exit(2)
    return i
""",
    ),
    Misconception(
        name="the end of the input is not caught",
        check="read_index_input",
        hint="Which exception does input() raise when there is no line at all? It is not the one that int() raises.",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except ValueError:
        i = -1
    if not 0 <= i < limit:
        print(f"Please type a number from 0 to {limit - 1}.", file=sys.stderr)
        sys.exit(2)
    return i
""",
    ),
    Misconception(
        name="negative numbers are accepted",
        check="read_index_input",
        hint="Python counts from the end for images[-1]. Is that what a person who types -1 should get?",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = limit
    if i >= limit:
        print(f"Please type a number from 0 to {limit - 1}.", file=sys.stderr)
        sys.exit(2)
    return i
""",
    ),
    Misconception(
        name="limit itself is accepted",
        check="read_index_input",
        hint="With 10 images the last one is number 9. What does your comparison say about 10?",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = -1
    if not 0 <= i <= limit:
        print(f"Please type a number from 0 to {limit}.", file=sys.stderr)
        sys.exit(2)
    return i
""",
    ),
    Misconception(
        name="9999 is built in, and limit is not looked at",
        check="read_index_input",
        hint="The check calls read_index with other limits than 10 000. Where does your code use the argument?",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = -1
    if not 0 <= i <= 9999:
        print("Please type a number from 0 to 9999.", file=sys.stderr)
        sys.exit(2)
    return i
""",
    ),
    Misconception(
        name="0 is refused: the images are counted from 1",
        check="read_index_input",
        hint="Which index does the first image of an array have? The docstring names the smallest number allowed.",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = 0
    if not 1 <= i <= limit:
        print(f"Please type a number from 1 to {limit}.", file=sys.stderr)
        sys.exit(2)
    return i
""",
    ),
    Misconception(
        name="what was typed is returned as text",
        check="read_index_input",
        hint="Print type(...) of what you return. input() always returns text, and only the test sees your int.",
        source="""
def read_index(limit):
    try:
        text = input()
        ok = 0 <= int(text) < limit
    except (ValueError, EOFError):
        ok = False
    if not ok:
        print(f"Please type a number from 0 to {limit - 1}.", file=sys.stderr)
        sys.exit(2)
    return text
""",
    ),
    Misconception(
        name="numbers with a point are rounded down and accepted",
        check="read_index_input",
        hint="Is 3.5 a whole number? Try what int() says to the text '3.5' by itself, before float helps it along.",
        source="""
def read_index(limit):
    try:
        i = int(float(input()))
    except (ValueError, EOFError):
        i = -1
    if not 0 <= i < limit:
        print(f"Please type a number from 0 to {limit - 1}.", file=sys.stderr)
        sys.exit(2)
    return i
""",
    ),
    Misconception(
        name="the program ends without a word",
        check="read_index_input",
        hint="Imagine sitting at the keyboard: the program is gone and you do not know why.",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = -1
    if not 0 <= i < limit:
        sys.exit(2)
    return i
""",
    ),
    Misconception(
        name="sys.exit with a text, which ends with exit code 1",
        check="read_index_input",
        hint="Look up sys.exit: with a text it prints the text, and which exit code does the shell see? Section 8 names the one we want.",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = -1
    if not 0 <= i < limit:
        sys.exit(f"Please type a number from 0 to {limit - 1}.")
    return i
""",
    ),
    Misconception(
        name="sys.exit without a number, which tells the shell that all is well",
        check="read_index_input",
        hint="Exit code 0 means fine, and it is the default. Section 8 names the code for being called wrongly.",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = -1
    if not 0 <= i < limit:
        print(f"Please type a number from 0 to {limit - 1}.")
        sys.exit()
    return i
""",
    ),
    Misconception(
        name="a message is printed, and the program goes on",
        check="read_index_input",
        hint="What does your function return after the message, and what will main do with it?",
        source="""
def read_index(limit):
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = -1
    if not 0 <= i < limit:
        print(f"Please type a number from 0 to {limit - 1}.")
        return None
    return i
""",
    ),
    Misconception(
        name="a ValueError is raised in place of ending the program",
        check="read_index_input",
        hint="A traceback is no polite message. Which function ends a program with an exit code?",
        source="""
def read_index(limit):
    i = int(input())
    if not 0 <= i < limit:
        raise ValueError(f"i must be between 0 and {limit - 1}")
    return i
""",
    ),
    Misconception(
        name="it asks again and again until the answer fits",
        check="read_index_input",
        hint="A friendly idea, but what when another program types, and there is no next line? Read the docstring's second paragraph.",
        source="""
def read_index(limit):
    while True:
        try:
            i = int(input())
            if 0 <= i < limit:
                return i
        except ValueError:
            pass
        print(f"Please type a number from 0 to {limit - 1}.")
""",
    ),
)

MAIN = (
    Misconception(
        name="words are printed around the digit",
        check="main_prints_digit",
        hint="Another program will read this. What is left when you take everything away that is not the answer?",
        source="""
def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    print("The digit is", classify(init_parameters(), flatten(images[i]))[0])
""",
    ),
    Misconception(
        name="the array of answers is printed, with its brackets",
        check="main_prints_digit",
        hint="classify returns one digit per row, here an array of one. How do you get the number out of it?",
        source="""
def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    print(f"{classify(init_parameters(), flatten(images[i]))}")
""",
    ),
    Misconception(
        name="the digit is returned, not printed",
        check="main_prints_digit",
        hint="A notebook shows what the last line of a cell returns. What does a person at a terminal see?",
        source="""
def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    return classify(init_parameters(), flatten(images[i]))[0]
""",
    ),
    Misconception(
        name="the label is printed, not what the network says",
        check="main_prints_digit",
        hint="The label is what a person read. With random weights the network is wrong nine times in ten: is your program?",
        source="""
def main():
    images, labels = load_mnist("test")
    print(labels[read_index(len(images))])
""",
    ),
    Misconception(
        name="the number typed is read but not used: it is always image 0",
        check="main_prints_digit",
        hint="Type several numbers: the answer never changes. Where does i come in after it was read?",
        source="""
def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    print(classify(init_parameters(), flatten(images))[0])
""",
    ),
    Misconception(
        name="the whole training set in place of the test images",
        check="main_prints_digit",
        hint="load_mnist takes the name of the set. How many images does yours have, and which numbers should be allowed?",
        source="""
def main():
    images, _ = load_mnist("train")
    i = read_index(len(images))
    print(classify(init_parameters(), flatten(images[i]))[0])
""",
    ),
    Misconception(
        name="the image is not flattened",
        check="main_prints_digit",
        hint="Print the shape of what you hand to classify. It wants (B, 784), also for one image.",
        source="""
def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    print(classify(init_parameters(), images[i])[0])
""",
    ),
    Misconception(
        name="the weights come from another seed",
        check="main_prints_digit",
        hint="The docstring says init_parameters() with its default arguments. Which seed does yours use?",
        source="""
def main():
    images, _ = load_mnist("test")
    i = read_index(len(images))
    print(classify(init_parameters(seed=42), flatten(images[i]))[0])
""",
    ),
    Misconception(
        name="main reads the number itself and refuses nothing",
        check="main_prints_digit",
        hint="Type -1, then 10000. You have written a function that deals with both.",
        source="""
def main():
    images, _ = load_mnist("test")
    i = int(input())
    print(classify(init_parameters(), flatten(images[i]))[0])
""",
    ),
    Misconception(
        name="the probabilities are printed, too",
        check="main_prints_digit",
        hint="The docstring says: prints the digit, and nothing else.",
        source="""
def main():
    images, _ = load_mnist("test")
    params, x = init_parameters(), flatten(images[read_index(len(images))])
    print(forward(params, x))
    print(classify(params, x)[0])
""",
    ),
)

MISCONCEPTIONS = (*FLATTEN, *SIGMOID, *AFFINE, *SOFTMAX, *INIT, *NETWORK, *READ_INDEX, *MAIN)
