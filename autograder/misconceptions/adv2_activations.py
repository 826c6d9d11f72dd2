"""Known mistakes in activation layers, in softmax with a temperature, and in the network around a layer."""

from autograder.misconceptions import Misconception

MISCONCEPTIONS = (
    # -- ReLU --------------------------------------------------------------------------------------------------
    Misconception(
        name="ReLU's backward hands the gradient on without a gate",
        check="relu_layer",
        hint="Move an x of −2 a little: does the output of ReLU move? Then how much gradient may come back there?",
        source="""
class ReLU:
    def forward(self, x):
        return np.maximum(x, 0)
    def backward(self, d_out):
        return d_out
""",
    ),
    Misconception(
        name="ReLU's gate asks whether the output is ≥ 0, which it always is",
        check="relu_layer",
        hint="Print your gate for x = (−2, 0.5, 3). How many of the three should be open by eq. (24)? "
        "What does max(x, 0) do to the sign that you ask for?",
        source="""
class ReLU:
    def forward(self, x):
        self.y = np.maximum(x, 0)
        return self.y
    def backward(self, d_out):
        return d_out * (self.y >= 0)
""",
    ),
    Misconception(
        name="ReLU's gate is taken from the gradient instead of the input",
        check="relu_layer",
        hint="Try d_out = (10, 20, −30) with x = (−2, 0.5, 3). Does a negative gradient come through where x was "
        "positive? Eq. (24) speaks of the sign of x.",
        source="""
class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)
    def backward(self, d_out):
        return d_out * (d_out > 0)
""",
    ),
    Misconception(
        name="ReLU's backward stops negative gradients as well as negative inputs",
        check="relu_layer",
        hint="A gradient may have either sign. With x = 3 and d_out = −30, what does eq. (24) give?",
        source="""
class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return np.maximum(x, 0)
    def backward(self, d_out):
        return np.maximum(d_out, 0) * self.mask
""",
    ),
    Misconception(
        name="ReLU's gate is open where it should be closed",
        check="relu_layer",
        hint="Take x = (−2, 0.5, 3) and d_out = (10, 20, −30) and write down which numbers your backward sets to 0. "
        "Which ones did forward set to 0?",
        source="""
class ReLU:
    def forward(self, x):
        self.mask = x <= 0
        return np.maximum(x, 0)
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="ReLU's backward returns the slope and leaves d_out out",
        check="relu_layer",
        hint="The slope is one factor of the gradient. Call backward with d_out and with 2 · d_out: "
        "the chain rule says that the second answer is twice the first.",
        source="""
class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)
    def backward(self, d_out):
        return np.where(self.x > 0, 1.0, 0.0)
""",
    ),
    Misconception(
        name="ReLU's backward multiplies by the output instead of the slope",
        check="relu_layer",
        hint="At x = 3 the output is 3. Which slope does the straight line y = x have there?",
        source="""
class ReLU:
    def forward(self, x):
        self.y = np.maximum(x, 0)
        return self.y
    def backward(self, d_out):
        return d_out * self.y
""",
    ),
    Misconception(
        name="ReLU turns negative numbers positive",
        check="relu_layer",
        hint="Put −2 into your layer. Eq. (23) has a flat part: is there one in yours?",
        source="""
class ReLU:
    def forward(self, x):
        self.x = x
        return np.abs(x)
    def backward(self, d_out):
        return d_out * np.sign(self.x)
""",
    ),
    Misconception(
        name="ReLU takes the minimum of x and 0",
        check="relu_layer",
        hint="Put −2 and 3 into your layer and compare with the example by hand below eq. (24).",
        source="""
class ReLU:
    def forward(self, x):
        self.x = x
        return np.minimum(x, 0)
    def backward(self, d_out):
        return d_out * (self.x < 0)
""",
    ),
    Misconception(
        name="ReLU's forward overwrites its input",
        check="activations_remember",
        hint="Print x before and after layer.forward(x). The affine layer in front, and whoever called you, "
        "still needs the numbers as they were.",
        source="""
class ReLU:
    def forward(self, x):
        self.mask = x <= 0
        x[self.mask] = 0
        return x
    def backward(self, d_out):
        d_x = d_out.copy()
        d_x[self.mask] = 0
        return d_x
""",
    ),
    Misconception(
        name="ReLU's backward overwrites d_out",
        check="activations_remember",
        hint="Print d_out before and after layer.backward(d_out). In a network with two branches somebody else "
        "needs that array too.",
        source="""
class ReLU:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out
    def backward(self, d_out):
        d_out[self.mask] = 0
        return d_out
""",
    ),
    Misconception(
        name="ReLU keeps its memory in a global variable, shared by all layers",
        check="activations_remember",
        hint="Make two layers, run forward on both with different inputs, then backward on the first. "
        "Whose mask does it use?",
        source="""
class ReLU:
    def forward(self, x):
        global mask
        mask = x > 0
        return np.maximum(x, 0)
    def backward(self, d_out):
        return d_out * mask
""",
    ),
    # -- leaky ReLU ----------------------------------------------------------------------------------------------
    Misconception(
        name="LeakyReLU always takes the slope 0.01",
        check="leaky_relu_layer",
        hint="Make LeakyReLU(0.5) and put −2 into it. Where in your code does the 0.5 arrive?",
        source="""
class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, 0.01 * x)
    def backward(self, d_out):
        return np.where(self.x > 0, d_out, 0.01 * d_out)
""",
    ),
    Misconception(
        name="LeakyReLU's backward is that of ReLU: nothing passes on the negative side",
        check="leaky_relu_layer",
        hint="The layer exists so that a negative node gets some gradient. "
        "What is the slope of s · x for x < 0?",
        source="""
class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope
    def forward(self, x):
        self.mask = x > 0
        return np.where(self.mask, x, self.slope * x)
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="LeakyReLU's negative side has the wrong sign",
        check="leaky_relu_layer",
        hint="With s = 0.1, what should become of −2? Does your curve still rise from left to right?",
        source="""
class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, -self.slope * x)
    def backward(self, d_out):
        return np.where(self.x > 0, d_out, -self.slope * d_out)
""",
    ),
    Misconception(
        name="LeakyReLU's slope is on the positive side",
        check="leaky_relu_layer",
        hint="np.where(condition, a, b) takes a where the condition holds. Read yours aloud for x = 3.",
        source="""
class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope
    def forward(self, x):
        self.x = x
        return np.where(x > 0, self.slope * x, x)
    def backward(self, d_out):
        return np.where(self.x > 0, self.slope * d_out, d_out)
""",
    ),
    Misconception(
        name="LeakyReLU's backward forgets d_out on the negative side",
        check="leaky_relu_layer",
        hint="Give backward a d_out of zeros. Without any gradient from above, what should come out below?",
        source="""
class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.slope * x)
    def backward(self, d_out):
        return np.where(self.x > 0, d_out, self.slope)
""",
    ),
    Misconception(
        name="LeakyReLU's slope is chosen by the sign of the gradient",
        check="leaky_relu_layer",
        hint="Which side of the curve we are on was decided in forward. With x = 3 and d_out = −10, "
        "which slope holds?",
        source="""
class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope
    def forward(self, x):
        return np.where(x > 0, x, self.slope * x)
    def backward(self, d_out):
        return np.where(d_out > 0, d_out, self.slope * d_out)
""",
    ),
    Misconception(
        name="LeakyReLU takes the maximum of x and the slope itself",
        check="leaky_relu_layer",
        hint="Put −2 and −20 into your layer. Both come out the same: so where is the line s · x?",
        source="""
class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope
    def forward(self, x):
        self.x = x
        return np.maximum(x, self.slope)
    def backward(self, d_out):
        return np.where(self.x > 0, d_out, self.slope * d_out)
""",
    ),
    Misconception(
        name="LeakyReLU's forward overwrites its input",
        check="activations_remember",
        hint="Print x before and after layer.forward(x). An index on the left of = writes into the caller's array.",
        source="""
class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope
    def forward(self, x):
        self.mask = x < 0
        x[self.mask] *= self.slope
        return x
    def backward(self, d_out):
        return np.where(self.mask, self.slope * d_out, d_out)
""",
    ),
    # -- ReLU6 ---------------------------------------------------------------------------------------------------
    Misconception(
        name="ReLU6's gate stays open above 6",
        check="relu6_layer",
        hint="Move an x of 9 a little: does the output move? What must the slope be there?",
        source="""
class ReLU6:
    def forward(self, x):
        self.mask = x > 0
        return np.clip(x, 0, 6)
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="ReLU6's gate stays open below 0",
        check="relu6_layer",
        hint="The curve has two flat parts. Your gate knows the upper one; put x = −1 into it.",
        source="""
class ReLU6:
    def forward(self, x):
        self.mask = x < 6
        return np.clip(x, 0, 6)
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="ReLU6's gate asks whether the clipped output lies in 0..6, which it always does",
        check="relu6_layer",
        hint="Print your gate for x = (−1, 4, 9). Which array do you compare with 0 and 6, "
        "the one before or the one after clipping?",
        source="""
class ReLU6:
    def forward(self, x):
        self.y = np.clip(x, 0, 6)
        return self.y
    def backward(self, d_out):
        return d_out * ((self.y >= 0) & (self.y <= 6))
""",
    ),
    Misconception(
        name="ReLU6 has no upper limit",
        check="relu6_layer",
        hint="Put 9 into your layer. The 6 in the name is the largest output.",
        source="""
class ReLU6:
    def forward(self, x):
        self.mask = x > 0
        return np.maximum(x, 0)
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="ReLU6 sets what is above 6 to 0",
        check="relu6_layer",
        hint="What does your layer make of 5.9, and what of 6.1? The curve has no jump.",
        source="""
class ReLU6:
    def forward(self, x):
        self.mask = (x > 0) & (x < 6)
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    # -- CReLU ---------------------------------------------------------------------------------------------------
    Misconception(
        name="CReLU's two halves are in the wrong order",
        check="crelu_layer",
        hint="The row (3, −5) should become (3, 0, 0, 5). What does yours become?",
        source="""
class CReLU:
    def forward(self, x):
        self.x = x
        return np.concatenate([np.maximum(-x, 0), np.maximum(x, 0)], axis=1)
    def backward(self, d_out):
        d_neg, d_pos = np.split(d_out, 2, axis=1)
        return d_pos * (self.x > 0) - d_neg * (self.x < 0)
""",
    ),
    Misconception(
        name="CReLU's negative part keeps its minus sign",
        check="crelu_layer",
        hint="Both halves of CReLU are outputs of a ReLU. Can one of them be negative?",
        source="""
class CReLU:
    def forward(self, x):
        self.x = x
        return np.concatenate([np.maximum(x, 0), np.minimum(x, 0)], axis=1)
    def backward(self, d_out):
        d_pos, d_neg = np.split(d_out, 2, axis=1)
        return d_pos * (self.x > 0) + d_neg * (self.x < 0)
""",
    ),
    Misconception(
        name="CReLU's backward leaves out the minus sign of the negative part",
        check="crelu_layer",
        hint="For x = −5 the output of the second half is 5. Let x rise to −4.9: does that output rise or fall?",
        source="""
class CReLU:
    def forward(self, x):
        self.x = x
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=1)
    def backward(self, d_out):
        d_pos, d_neg = np.split(d_out, 2, axis=1)
        return d_pos * (self.x > 0) + d_neg * (self.x < 0)
""",
    ),
    Misconception(
        name="CReLU's backward uses only the positive half of d_out",
        check="crelu_layer",
        hint="Every x has two copies in the output. Which gradient does x = −5 get from yours, "
        "and which should it get with d_out = (1, 2, 4, 8)?",
        source="""
class CReLU:
    def forward(self, x):
        self.x = x
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=1)
    def backward(self, d_out):
        d_pos, d_neg = np.split(d_out, 2, axis=1)
        return d_pos * (self.x > 0)
""",
    ),
    Misconception(
        name="CReLU's backward has no gates: the difference of the halves goes everywhere",
        check="crelu_layer",
        hint="For x = 3 the second half is 0 and stays 0 when x moves a little. May its gradient reach x?",
        source="""
class CReLU:
    def forward(self, x):
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=1)
    def backward(self, d_out):
        d_pos, d_neg = np.split(d_out, 2, axis=1)
        return d_pos - d_neg
""",
    ),
    Misconception(
        name="CReLU joins its halves along the last axis, which for images is the width",
        check="crelu_layer",
        hint="Print the shape of the output for images of shape (2, 3, 4, 5). The channels should have doubled.",
        source="""
class CReLU:
    def forward(self, x):
        self.x = x
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=-1)
    def backward(self, d_out):
        d_pos, d_neg = np.split(d_out, 2, axis=-1)
        return d_pos * (self.x > 0) - d_neg * (self.x < 0)
""",
    ),
    Misconception(
        name="CReLU joins its halves along the batch axis",
        check="crelu_layer",
        hint="Print the shape of the output for x of shape (3, 4). Are there more examples now, or more features?",
        source="""
class CReLU:
    def forward(self, x):
        self.x = x
        return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)])
    def backward(self, d_out):
        d_pos, d_neg = np.split(d_out, 2)
        return d_pos * (self.x > 0) - d_neg * (self.x < 0)
""",
    ),
    Misconception(
        name="CReLU alternates positive and negative parts instead of joining two halves",
        check="crelu_layer",
        hint="The row (3, −5) should become (3, 0, 0, 5): first all positive parts, then all negative ones.",
        source="""
class CReLU:
    def forward(self, x):
        self.x = x
        both = np.stack([np.maximum(x, 0), np.maximum(-x, 0)], axis=2)
        return both.reshape(x.shape[0], 2 * x.shape[1], *x.shape[2:])
    def backward(self, d_out):
        return d_out[:, 0::2] * (self.x > 0) - d_out[:, 1::2] * (self.x < 0)
""",
    ),
    # -- ELU -----------------------------------------------------------------------------------------------------
    Misconception(
        name="ELU's slope on the negative side has no α",
        check="elu_layer",
        hint="With α = 2 the slope at −1 is 0.7358. What is yours? Differentiate α · (e^x − 1) once more.",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
    def backward(self, d_out):
        return d_out * np.where(self.x > 0, 1, np.exp(np.minimum(self.x, 0)))
""",
    ),
    Misconception(
        name="ELU's slope is taken to be its output",
        check="elu_layer",
        hint="e^x is its own derivative, but the output is α · (e^x − 1). Far on the left the output is −α: "
        "how steep is the curve there?",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        self.y = np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
        return self.y
    def backward(self, d_out):
        return d_out * np.where(self.x > 0, 1, self.y)
""",
    ),
    Misconception(
        name="ELU's slope is taken as y + 1, which holds for α = 1 only",
        check="elu_layer",
        hint="Write the slope α · e^x with y = α · (e^x − 1), and keep α as it is. What must be added to y?",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        self.y = np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
        return self.y
    def backward(self, d_out):
        return d_out * np.where(self.x > 0, 1, self.y + 1)
""",
    ),
    Misconception(
        name="ELU keeps the slope α · (e^x − 1): the constant was not differentiated away",
        check="elu_layer",
        hint="The −α in the value is a constant. What is the derivative of a constant?",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
    def backward(self, d_out):
        return d_out * np.where(self.x > 0, 1, self.alpha * np.exp(np.minimum(self.x, 0)) - 1)
""",
    ),
    Misconception(
        name="ELU has α inside the exponent",
        check="elu_layer",
        hint="Where does your curve go on the far left for α = 2? It should go to −2.",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, np.exp(self.alpha * np.minimum(x, 0)) - 1)
    def backward(self, d_out):
        return d_out * np.where(self.x > 0, 1, self.alpha * np.exp(self.alpha * np.minimum(self.x, 0)))
""",
    ),
    Misconception(
        name="ELU's −1 is missing",
        check="elu_layer",
        hint="What does your layer give just left of 0, and what just right of it? The curve has no jump.",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.exp(np.minimum(x, 0)))
    def backward(self, d_out):
        return d_out * np.where(self.x > 0, 1, self.alpha * np.exp(np.minimum(self.x, 0)))
""",
    ),
    Misconception(
        name="ELU's parentheses are missing: α · e^x − 1",
        check="elu_layer",
        hint="With α = 2 the value at −1 should be −1.2642. Which of the two operations does Python do first in "
        "your line?",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.exp(np.minimum(x, 0)) - 1)
    def backward(self, d_out):
        return d_out * np.where(self.x > 0, 1, self.alpha * np.exp(np.minimum(self.x, 0)))
""",
    ),
    Misconception(
        name="ELU ignores α",
        check="elu_layer",
        hint="Make ELU(2.0) and put −5 into it. Where in your code does the 2 arrive?",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)
    def backward(self, d_out):
        return d_out * np.where(self.x > 0, 1, np.exp(np.minimum(self.x, 0)))
""",
    ),
    Misconception(
        name="ELU multiplies an overflowed exponential by the 0 of its mask",
        check="activations_stable",
        hint="Compute np.exp(1000.0), and then multiply it by 0. Which numbers does exp see in your layer, "
        "and which of them does it need to see?",
        source="""
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        return (x > 0) * x + (x <= 0) * self.alpha * (np.exp(x) - 1)
    def backward(self, d_out):
        return d_out * ((self.x > 0) + (self.x <= 0) * self.alpha * np.exp(self.x))
""",
    ),
    # -- softplus ------------------------------------------------------------------------------------------------
    Misconception(
        name="softplus overflows for large x",
        check="activations_stable",
        hint="Compute np.exp(1000.0). Softplus of 1000 is hardly more than 1000: "
        "the text shows how to write ln(1 + e^x) with e^(−x).",
        source="""
class Softplus:
    def forward(self, x):
        self.x = x
        return np.log(1 + np.exp(x))
    def backward(self, d_out):
        return d_out / (1 + np.exp(-self.x))
""",
    ),
    Misconception(
        name="softplus clips its input, so its output stops growing",
        check="activations_stable",
        hint="Put 1000 into your layer. For large x softplus is nearly x itself: does yours go that far?",
        source="""
class Softplus:
    def forward(self, x):
        self.x = np.clip(x, -80, 80)
        return np.log(1 + np.exp(self.x))
    def backward(self, d_out):
        return d_out / (1 + np.exp(-self.x))
""",
    ),
    Misconception(
        name="softplus's slope e^x / (1 + e^x) is inf / inf for large x",
        check="activations_stable",
        hint="Evaluate your slope at x = 1000 in a cell. Divide numerator and denominator by the same thing, "
        "so that no exponential grows.",
        source="""
class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(0, x)
    def backward(self, d_out):
        return d_out * np.exp(self.x) / (1 + np.exp(self.x))
""",
    ),
    Misconception(
        name="softplus's slope is 1 / (1 + e^x): the inner derivative is missing",
        check="softplus_layer",
        hint="For large x softplus is nearly x. What is its slope there, and what does your backward give? "
        "The chain rule has a second factor.",
        source="""
class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(0, x)
    def backward(self, d_out):
        return d_out / (1 + np.exp(self.x))
""",
    ),
    Misconception(
        name="softplus's slope is taken from the output instead of the input",
        check="softplus_layer",
        hint="At x = 0 the slope is 0.5. Your backward puts the number ln 2 into the sigmoid there. "
        "Which number did forward have to remember?",
        source="""
class Softplus:
    def forward(self, x):
        self.y = np.logaddexp(0, x)
        return self.y
    def backward(self, d_out):
        return d_out / (1 + np.exp(-self.y))
""",
    ),
    Misconception(
        name="softplus's slope is that of the sigmoid, differentiated once too often",
        check="softplus_layer",
        hint="The slope of softplus at 0 is 0.5 and comes near to 1 on the right. "
        "Which function of x is that, before you differentiate it again?",
        source="""
class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(0, x)
    def backward(self, d_out):
        s = 1 / (1 + np.exp(-self.x))
        return d_out * s * (1 - s)
""",
    ),
    Misconception(
        name="softplus takes the logarithm to base 10",
        check="softplus_layer",
        hint="f(0) should be 0.6931. What is yours, and what are np.log, np.log2 and np.log10?",
        source="""
class Softplus:
    def forward(self, x):
        self.x = x
        return np.log10(1 + np.exp(x))
    def backward(self, d_out):
        return d_out / (1 + np.exp(-self.x))
""",
    ),
    Misconception(
        name="softplus adds the 1 twice: log1p has one in it already",
        check="softplus_layer",
        hint="f(0) should be ln 2 = 0.6931. What does np.log1p(z) compute?",
        source="""
class Softplus:
    def forward(self, x):
        self.x = x
        return np.log1p(1 + np.exp(x))
    def backward(self, d_out):
        return d_out / (1 + np.exp(-self.x))
""",
    ),
    # -- softsign ------------------------------------------------------------------------------------------------
    Misconception(
        name="softsign's slope is not squared",
        check="softsign_layer",
        hint="At x = 3 the slope is 1/16. What is yours? Look at the denominator of the quotient rule.",
        source="""
class Softsign:
    def forward(self, x):
        self.x = x
        return x / (1 + np.abs(x))
    def backward(self, d_out):
        return d_out / (1 + np.abs(self.x))
""",
    ),
    Misconception(
        name="softsign has no absolute value",
        check="softsign_layer",
        hint="Put −1 into your layer. What happens in the denominator?",
        source="""
class Softsign:
    def forward(self, x):
        self.x = x
        return x / (1 + x)
    def backward(self, d_out):
        return d_out / (1 + self.x) ** 2
""",
    ),
    Misconception(
        name="softsign's slope has lost the absolute value",
        check="softsign_layer",
        hint="The curve is symmetric about 0, so x = 3 and x = −3 have the same slope, 1/16. What are yours?",
        source="""
class Softsign:
    def forward(self, x):
        self.x = x
        return x / (1 + np.abs(x))
    def backward(self, d_out):
        return d_out / (1 + self.x) ** 2
""",
    ),
    Misconception(
        name="softsign's slope is negative for negative x",
        check="softsign_layer",
        hint="Draw the curve. Does it fall anywhere? The derivative of |x| cancels in the end: "
        "do x > 0 and x < 0 separately.",
        source="""
class Softsign:
    def forward(self, x):
        self.x = x
        return x / (1 + np.abs(x))
    def backward(self, d_out):
        return d_out * np.sign(self.x) / (1 + np.abs(self.x)) ** 2
""",
    ),
    Misconception(
        name="softsign's quotient rule adds where it should subtract",
        check="softsign_layer",
        hint="(u/v)' has a difference in its numerator. Work it out at x = 3, where the slope is 1/16.",
        source="""
class Softsign:
    def forward(self, x):
        self.x = x
        return x / (1 + np.abs(x))
    def backward(self, d_out):
        a = np.abs(self.x)
        return d_out * (1 + a + a) / (1 + a) ** 2
""",
    ),
    Misconception(
        name="softsign's slope is that of tanh",
        check="softsign_layer",
        hint="The two curves look alike, but at x = 3 softsign has the slope 0.0625. "
        "1 − y² would be the slope of which function?",
        source="""
class Softsign:
    def forward(self, x):
        self.y = x / (1 + np.abs(x))
        return self.y
    def backward(self, d_out):
        return d_out * (1 - self.y**2)
""",
    ),
    Misconception(
        name="softsign's slope is 1 / (1 + x²)",
        check="softsign_layer",
        hint="Is (1 + |x|)² the same as 1 + |x|²? Put x = 3 into both.",
        source="""
class Softsign:
    def forward(self, x):
        self.x = x
        return x / (1 + np.abs(x))
    def backward(self, d_out):
        return d_out / (1 + self.x**2)
""",
    ),
    # -- tanh and sigmoid ----------------------------------------------------------------------------------------
    Misconception(
        name="tanh's slope is that of the sigmoid, y · (1 − y)",
        check="tanh_layer",
        hint="At x = 0 the curve of tanh rises with slope 1. What does your backward give there?",
        source="""
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, d_out):
        return d_out * self.y * (1 - self.y)
""",
    ),
    Misconception(
        name="tanh's slope is 1 − y, without the square",
        check="tanh_layer",
        hint="tanh is symmetric: at x and at −x its slope is the same, and never above 1. Try yours at −2.",
        source="""
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, d_out):
        return d_out * (1 - self.y)
""",
    ),
    Misconception(
        name="tanh's slope is (1 − y)², squared in the wrong place",
        check="tanh_layer",
        hint="tanh is symmetric: at x and at −x its slope is the same. Compare yours at 2 and at −2, "
        "and look at what the square belongs to.",
        source="""
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, d_out):
        return d_out * (1 - self.y) ** 2
""",
    ),
    Misconception(
        name="tanh's slope has a plus: 1 + y²",
        check="tanh_layer",
        hint="Far from 0 tanh is flat. What is y there, and what does your slope become?",
        source="""
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, d_out):
        return d_out * (1 + self.y**2)
""",
    ),
    Misconception(
        name="tanh's slope is computed from the input: 1 − x²",
        check="tanh_layer",
        hint="In 1 − y² the y is the output. Print what forward has remembered.",
        source="""
class Tanh:
    def forward(self, x):
        self.x = x
        return np.tanh(x)
    def backward(self, d_out):
        return d_out * (1 - self.x**2)
""",
    ),
    Misconception(
        name="tanh's backward applies tanh a second time to the output",
        check="tanh_layer",
        hint="What forward has remembered is y already. In 1 − y², how often has tanh been applied to x?",
        source="""
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, d_out):
        return d_out * (1 - np.tanh(self.y) ** 2)
""",
    ),
    Misconception(
        name="tanh is written as 2 · sigmoid(x) − 1, without stretching x",
        check="tanh_layer",
        hint="tanh(1) is 0.7616. What is yours? Solve the equation that joins the two curves for tanh, step by step.",
        source="""
class Tanh:
    def forward(self, x):
        self.y = 2 / (1 + np.exp(-x)) - 1
        return self.y
    def backward(self, d_out):
        return d_out * (1 - self.y**2)
""",
    ),
    Misconception(
        name="tanh is written out with exponentials that overflow",
        check="activations_stable",
        hint="Compute np.exp(1000.0), and then inf / inf. NumPy has this function, and its version does not overflow.",
        source="""
class Tanh:
    def forward(self, x):
        self.y = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
        return self.y
    def backward(self, d_out):
        return d_out * (1 - self.y**2)
""",
    ),
    Misconception(
        name="tanh remembers its first forward pass only",
        check="activations_remember",
        hint="Call forward twice with different inputs, then backward. A network is used for many batches: "
        "which one does your layer remember?",
        source="""
class Tanh:
    def __init__(self):
        self.y = None
    def forward(self, x):
        y = np.tanh(x)
        if self.y is None:
            self.y = y
        return y
    def backward(self, d_out):
        return d_out * (1 - self.y**2)
""",
    ),
    Misconception(
        name="the sigmoid's slope is computed from the input: x · (1 − x)",
        check="sigmoid_by_tanh",
        hint="In eq. (21) the factor is made of the output y. What is the slope at x = 0, and what is yours?",
        source="""
class Sigmoid:
    def forward(self, x):
        self.x = x
        return (1 + np.tanh(x / 2)) / 2
    def backward(self, d_out):
        return d_out * self.x * (1 - self.x)
""",
    ),
    Misconception(
        name="the sigmoid's slope is computed from the gradient: d_out · (1 − d_out)",
        check="sigmoid_by_tanh",
        hint="Call backward with d_out and with 2 · d_out: the second answer should be twice the first. "
        "Which quantity belongs into eq. (21)?",
        source="""
class Sigmoid:
    def forward(self, x):
        self.y = (1 + np.tanh(x / 2)) / 2
        return self.y
    def backward(self, d_out):
        return d_out * (1 - d_out)
""",
    ),
    Misconception(
        name="the sigmoid's slope is that of tanh, 1 − y²",
        check="sigmoid_by_tanh",
        hint="The two curves are related, but one is stretched. The slope in the middle is 0.25 for the sigmoid: "
        "what does 1 − y² give for y = 0.5?",
        source="""
class Sigmoid:
    def forward(self, x):
        self.y = (1 + np.tanh(x / 2)) / 2
        return self.y
    def backward(self, d_out):
        return d_out * (1 - self.y**2)
""",
    ),
    Misconception(
        name="the sigmoid's backward applies the sigmoid a second time to the output",
        check="sigmoid_by_tanh",
        hint="What forward has remembered has gone through the sigmoid already. At x = 0 the slope is 0.25; "
        "what do you get?",
        source="""
class Sigmoid:
    def forward(self, x):
        self.y = (1 + np.tanh(x / 2)) / 2
        return self.y
    def backward(self, d_out):
        s = 1 / (1 + np.exp(-self.y))
        return d_out * s * (1 - s)
""",
    ),
    Misconception(
        name="the sigmoid is made of tanh(x) instead of tanh(x/2)",
        check="sigmoid_by_tanh",
        hint="sigmoid(2) is 0.8808. What is yours? Look at the argument of tanh.",
        source="""
class Sigmoid:
    def forward(self, x):
        self.y = (1 + np.tanh(x)) / 2
        return self.y
    def backward(self, d_out):
        return d_out * self.y * (1 - self.y)
""",
    ),
    Misconception(
        name="the sigmoid is written with the exponential above and below, inf / inf for large x",
        check="activations_stable",
        hint="Compute np.exp(1000.0), and then inf / inf. The text writes the sigmoid with a function that "
        "never overflows.",
        source="""
class Sigmoid:
    def forward(self, x):
        self.y = np.exp(x) / (1 + np.exp(x))
        return self.y
    def backward(self, d_out):
        return d_out * self.y * (1 - self.y)
""",
    ),
    # -- softmax with a temperature ------------------------------------------------------------------------------
    Misconception(
        name="the logits are multiplied by T instead of divided",
        check="softmax_temperature_rows",
        hint="With a = (2, 1, 0) try T = 5. A hot softmax should be nearly even: is yours?",
        source="""
def softmax_temperature(a, T=1.0):
    a = a * T
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="the probabilities are divided by T instead of the logits",
        check="softmax_temperature_rows",
        hint="Sum your rows for T = 2. What should the sum of a row be?",
        source="""
def softmax_temperature(a, T=1.0):
    return softmax(a) / T
""",
    ),
    Misconception(
        name="the exponentials are divided by T, so T cancels",
        check="softmax_temperature_rows",
        hint="Compare your result for T = 0.5 with that for T = 5. Where does T stand in your fraction, above and below?",
        source="""
def softmax_temperature(a, T=1.0):
    e = np.exp(a - a.max(axis=1, keepdims=True)) / T
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="T is not used",
        check="softmax_temperature_rows",
        hint="Compare your result for T = 0.5 with that for T = 5. They should differ.",
        source="""
def softmax_temperature(a, T=1.0):
    return softmax(a)
""",
    ),
    Misconception(
        name="the probabilities go through softmax a second time",
        check="softmax_temperature_rows",
        hint="With T = 1 the result should be the softmax of task 1. What is divided by T, logits or probabilities?",
        source="""
def softmax_temperature(a, T=1.0):
    return softmax(softmax(a) / T)
""",
    ),
    Misconception(
        name="one maximum is subtracted for the whole batch",
        check="softmax_temperature_rows",
        hint="Take two rows, one near 1000 and one near 0. What is left of the second row after your subtraction and exp?",
        source="""
def softmax_temperature(a, T=1.0):
    e = np.exp((a - np.max(a)) / T)
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="no maximum is subtracted",
        check="softmax_temperature_rows",
        hint="Evaluate np.exp(1000 / 0.5). Eq. (6) subtracts something that leaves the result as it is.",
        source="""
def softmax_temperature(a, T=1.0):
    e = np.exp(a / T)
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="the maximum of the logits is subtracted after they have been divided by T",
        check="softmax_temperature_rows",
        hint="Print the largest exponent of each row, for logits near −900 and T = 40. It should be 0: "
        "is the maximum that of the numbers you subtract it from?",
        source="""
def softmax_temperature(a, T=1.0):
    e = np.exp(a / T - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    ),
    Misconception(
        name="softmax with a temperature runs along the batch axis",
        check="softmax_temperature_rows",
        hint="Sum your result along axis 0 and along axis 1. Which of the two sums should be 1?",
        source="""
def softmax_temperature(a, T=1.0):
    e = np.exp((a - a.max(axis=0, keepdims=True)) / T)
    return e / e.sum(axis=0, keepdims=True)
""",
    ),
    Misconception(
        name="softmax with a temperature divides by the sum over the whole batch",
        check="softmax_temperature_rows",
        hint="Sum each row of your result. Over which axis does the denominator of (5) run?",
        source="""
def softmax_temperature(a, T=1.0):
    e = np.exp((a - a.max(axis=1, keepdims=True)) / T)
    return e / np.sum(e)
""",
    ),
    Misconception(
        name="the temperature's factor 1/T is missing in backward",
        check="softmax_temperature_gradient",
        hint="Softmax sees a / T. When a logit grows by 1 and T = 2, by how much does what softmax sees grow?",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    return y * (d_out - np.sum(d_out * y, axis=1, keepdims=True))
""",
    ),
    Misconception(
        name="backward multiplies by T instead of dividing",
        check="softmax_temperature_gradient",
        hint="Hot softmax hardly reacts to its logits. Is your gradient small or large for T = 100?",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    return T * y * (d_out - np.sum(d_out * y, axis=1, keepdims=True))
""",
    ),
    Misconception(
        name="softmax's gradient has only its diagonal, y · (1 − y)",
        check="softmax_temperature_gradient",
        hint="When one logit grows, the other probabilities of its row shrink. "
        "Which terms of the sum over i does your line have? Check that each row of d_a sums to 0.",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    return d_out * y * (1 - y) / T
""",
    ),
    Misconception(
        name="softmax's gradient sums over the batch instead of over the row",
        check="softmax_temperature_gradient",
        hint="The probabilities of one example share a denominator; two examples share nothing. Over which axis is your sum?",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    return y * (d_out - np.sum(d_out * y, axis=0, keepdims=True)) / T
""",
    ),
    Misconception(
        name="softmax's gradient sums over the whole batch at once",
        check="softmax_temperature_gradient",
        hint="Print the shape of your sum. Each example needs a number of its own.",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    return y * (d_out - np.sum(d_out * y)) / T
""",
    ),
    Misconception(
        name="the sum in softmax's gradient leaves out y",
        check="softmax_temperature_gradient",
        hint="By hand with y = (0.5, 0.3, 0.2) and d_out = (1, 0, 2) the common number is 0.9. What is yours?",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    return y * (d_out - np.sum(d_out, axis=1, keepdims=True)) / T
""",
    ),
    Misconception(
        name="softmax's gradient has its difference the wrong way round",
        check="softmax_temperature_gradient",
        hint="When the gradient asks for more of y_k, a_k should get a gradient of the same sign. Try d_out = (1, 0, 0).",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    return y * (np.sum(d_out * y, axis=1, keepdims=True) - d_out) / T
""",
    ),
    Misconception(
        name="d_out is taken for the targets of a cross-entropy",
        check="softmax_temperature_gradient",
        hint="Eq. (14) is the gradient through softmax and cross-entropy together. Here d_out may be any gradient: "
        "try d_out = (1, 1, 1), where nothing may come out.",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    return (y - d_out) / T
""",
    ),
    Misconception(
        name="softmax's backward overwrites d_out",
        check="softmax_temperature_gradient",
        hint="Print d_out before and after the call. What is the difference between d = d - s and d -= s?",
        source="""
def softmax_temperature_backward(y, d_out, T=1.0):
    d_out -= np.sum(d_out * y, axis=1, keepdims=True)
    return y * d_out / T
""",
    ),
    # -- the network ---------------------------------------------------------------------------------------------
    Misconception(
        name="the network ignores the activation that it is given",
        check="activation_network",
        hint="Call your function with ReLU() and with Tanh(): does the loss change?",
        source="""
def loss_and_gradients_with(params, x, t, activation):
    affine1, hidden = Affine(params["W1"], params["b1"]), Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(hidden.forward(affine1.forward(x))))
    affine1.backward(hidden.backward(affine2.backward(softmax_cross_entropy_backward(y, t))))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
    Misconception(
        name="the network skips the activation on the way back",
        check="activation_network",
        hint="List the layers in the order of forward, and below it the calls of backward. Which one is missing?",
        source="""
def loss_and_gradients_with(params, x, t, activation):
    affine1, affine2 = Affine(params["W1"], params["b1"]), Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(activation.forward(affine1.forward(x))))
    affine1.backward(affine2.backward(softmax_cross_entropy_backward(y, t)))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
    Misconception(
        name="the network still goes back with the slope of the sigmoid",
        check="activation_network",
        hint="The activation knows its own slope. Which line of your backward pass is left over from task 3?",
        source="""
def loss_and_gradients_with(params, x, t, activation):
    affine1, affine2 = Affine(params["W1"], params["b1"]), Affine(params["W2"], params["b2"])
    hidden = activation.forward(affine1.forward(x))
    y = softmax(affine2.forward(hidden))
    d_hidden = affine2.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(d_hidden * hidden * (1 - hidden))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
    Misconception(
        name="the network has the sigmoid and the activation one behind the other",
        check="activation_network",
        hint="The activation comes in the place of the sigmoid. Count the bends between the two affine layers.",
        source="""
def loss_and_gradients_with(params, x, t, activation):
    affine1, hidden = Affine(params["W1"], params["b1"]), Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(activation.forward(hidden.forward(affine1.forward(x)))))
    d_hidden = activation.backward(affine2.backward(softmax_cross_entropy_backward(y, t)))
    affine1.backward(hidden.backward(d_hidden))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
    Misconception(
        name="the network's activation stands behind the second affine layer",
        check="activation_network",
        hint="Two affine layers with nothing in between are one. Write down the order of the layers: "
        "what stands between W1 and W2?",
        source="""
def loss_and_gradients_with(params, x, t, activation):
    affine1, affine2 = Affine(params["W1"], params["b1"]), Affine(params["W2"], params["b2"])
    y = softmax(activation.forward(affine2.forward(affine1.forward(x))))
    d_a = activation.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(affine2.backward(d_a))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
    Misconception(
        name="the network goes back through the activation before the second affine layer",
        check="activation_network",
        hint="Backward runs through the layers in the opposite order. Print the shape of what each backward gets: "
        "it is the shape of what its forward returned.",
        source="""
def loss_and_gradients_with(params, x, t, activation):
    affine1, affine2 = Affine(params["W1"], params["b1"]), Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(activation.forward(affine1.forward(x))))
    d_a = activation.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(affine2.backward(d_a))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
)
