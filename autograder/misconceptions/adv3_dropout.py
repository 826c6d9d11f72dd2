"""Known mistakes in dropout: the mask, the factor, training and use, and the network around the layer."""

from autograder.misconceptions import Misconception

# Other ways to draw the same mask: under each of them every mistake shows other numbers.
STYLES = (
    "def keep_mask(shape, rate, rng): return rng.random(shape) >= rate\n",
    "def keep_mask(shape, rate, rng): return rng.random(shape) < 1 - rate\n",
    """
def keep_mask(shape, rate, rng):
    tickets = rng.random((shape[0], int(np.prod(shape[1:]))))
    places = np.argsort(np.argsort(tickets, axis=1), axis=1)
    return (places >= round(rate * tickets.shape[1])).reshape(shape)
""",
    """
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    mask = np.ones((shape[0], units), dtype=bool)
    for row in mask:
        row[rng.choice(units, size=round(rate * units), replace=False)] = False
    return mask.reshape(shape)
""",
)

MISCONCEPTIONS = (
    # -- the mask ------------------------------------------------------------------------------------------------
    Misconception(
        name="ρ is taken for the share that stays",
        check="dropout_rate",
        hint="With ρ = 0.1 a tenth of the units should go. Count the zeros in Dropout(0.1).forward(np.ones((1, 1000))).",
        source="""
def keep_mask(shape, rate, rng):
    return rng.random(shape) < rate
""",
    ),
    Misconception(
        name="the lottery's losers are the ones that are kept",
        check="dropout_rate",
        hint="Follow one row of your mask: how many entries are True for M = 10 and ρ = 0.3, "
        "and what does True mean, stays or goes?",
        source="""
def keep_mask(shape, rate, rng):
    tickets = rng.random((shape[0], int(np.prod(shape[1:]))))
    dropped = round(rate * tickets.shape[1])
    keep = np.zeros(tickets.shape, dtype=bool)
    np.put_along_axis(keep, np.argsort(tickets, axis=1)[:, :dropped], True, axis=1)
    return keep.reshape(shape)
""",
    ),
    Misconception(
        name="Gaussian numbers are compared with ρ where uniform ones are meant",
        check="dropout_rate",
        hint="Draw 1000 of your random numbers and look at their histogram. Which share of them lies below 0.3? "
        "For which distribution would it be 0.3?",
        source="""
def keep_mask(shape, rate, rng):
    return rng.normal(size=shape) >= rate
""",
    ),
    Misconception(
        name="units are multiplied by Gaussian noise instead of being switched off",
        check="dropout_rate",
        hint="In eq. (25) m is 0 or 1 and nothing in between. Print your mask: how many zeros are in it?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = self.rng.normal(1, self.rate, size=x.shape)
        return x * self.mask
""",
    ),
    Misconception(
        name="the random numbers themselves are used as the mask",
        check="dropout_rate",
        hint="In eq. (25) m is 0 or 1 and nothing in between. What turns a uniform number into a decision with odds ρ?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = self.rng.random(x.shape)
        return x * self.mask
""",
    ),
    Misconception(
        name="half of the units are dropped, whatever ρ is",
        check="dropout_rate",
        hint="Count the zeros for ρ = 0.1 and for ρ = 0.8. Where does ρ enter your mask?",
        source="""
def keep_mask(shape, rate, rng):
    return rng.integers(0, 2, size=shape) == 1
""",
    ),
    Misconception(
        name="whole examples are dropped instead of units in each example",
        check="dropout_rate",
        hint="Print your mask for 4 examples with 6 units. Each row should have some zeros and some ones.",
        source="""
def keep_mask(shape, rate, rng):
    keep = np.ones(shape, dtype=bool)
    keep[rng.permutation(shape[0])[: round(rate * shape[0])]] = False
    return keep
""",
    ),
    Misconception(
        name="the number of dropped units is counted from the batch size",
        check="dropout_rate",
        hint="M is the number of units of one example. For x of shape (90, 45), which M does your code use?",
        source="""
def keep_mask(shape, rate, rng):
    tickets = rng.random((shape[0], int(np.prod(shape[1:]))))
    dropped = round(rate * shape[0])
    keep = np.ones(tickets.shape, dtype=bool)
    np.put_along_axis(keep, np.argsort(tickets, axis=1)[:, :dropped], False, axis=1)
    return keep.reshape(shape)
""",
    ),
    Misconception(
        name="the tickets are sorted down the columns, across the examples",
        check="dropout_rate",
        hint="The units of one example compete with each other, not the examples for one unit. "
        "Count the zeros in each row of your mask.",
        source="""
def keep_mask(shape, rate, rng):
    tickets = rng.random((shape[0], int(np.prod(shape[1:]))))
    dropped = round(rate * tickets.shape[1])
    keep = np.ones(tickets.shape, dtype=bool)
    np.put_along_axis(keep, np.argsort(tickets, axis=0)[:dropped], False, axis=0)
    return keep.reshape(shape)
""",
    ),
    Misconception(
        name="the dropped units are drawn with replacement, so some are drawn twice",
        check="dropout_rate",
        hint="Draw 8 of 10 units in your way and count how many different ones there are. "
        "Can a unit win this lottery twice?",
        source="""
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    keep = np.ones((shape[0], units), dtype=bool)
    for row in keep:
        row[rng.integers(0, units, size=round(rate * units))] = False
    return keep.reshape(shape)
""",
    ),
    Misconception(
        name="whole channels of an image are dropped instead of single units",
        check="dropout_rate",
        hint="Call the layer on np.ones((1, 3, 4, 4)) and print it. All 48 numbers of the image are units of their own.",
        source="""
def keep_mask(shape, rate, rng):
    keep = rng.random(shape[:2]) >= rate
    return np.broadcast_to(keep.reshape(*shape[:2], *[1] * (len(shape) - 2)), shape)
""",
    ),
    Misconception(
        name="all examples of the batch share one mask",
        check="dropout_per_example",
        hint="Print the output for np.ones((4, 8)). Do the zeros stand in the same columns in every row? "
        "Which shape should the mask have?",
        source="""
def keep_mask(shape, rate, rng):
    return np.broadcast_to(rng.random(shape[1:]) >= rate, shape)
""",
    ),
    Misconception(
        name="all examples of the batch share one lottery",
        check="dropout_per_example",
        hint="How many tickets do you draw for a batch of 4 examples with 8 units? "
        "Every unit of every example needs its own.",
        source="""
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    keep = np.ones(units, dtype=bool)
    keep[rng.permutation(units)[: round(rate * units)]] = False
    return np.tile(keep, (shape[0], 1)).reshape(shape)
""",
    ),
    Misconception(
        name="the mask is shuffled along the batch axis, where all rows are alike",
        check="dropout_per_example",
        hint="Print the mask before and after shuffling, for 3 examples with 6 units. What has changed? "
        "Along which axis do zeros and ones alternate?",
        source="""
def keep_mask(shape, rate, rng):
    units = int(np.prod(shape[1:]))
    keep = np.tile(np.arange(units) >= round(rate * units), (shape[0], 1))
    return rng.permuted(keep, axis=0).reshape(shape)
""",
    ),
    Misconception(
        name="the generator is made anew in every forward, so every step draws the same mask",
        check="dropout_fresh_masks",
        hint="Call forward twice on np.ones((2, 10)) and compare. Where does a generator begin when it is made "
        "from the same seed again?",
        source="""
class Dropout:
    def __init__(self, rate=0.5, seed=0):
        self.rate, self.seed = rate, seed
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, np.random.default_rng(self.seed))
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="the mask is drawn once and used for ever",
        check="dropout_fresh_masks",
        hint="Call forward twice on np.ones((2, 10)) and compare. A unit that is off for ever is a smaller network, "
        "not dropout.",
        source="""
class Dropout(Dropout):
    def __init__(self, rate=0.5, seed=0):
        self.rate, self.rng, self.mask = rate, np.random.default_rng(seed), None
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        if self.mask is None:
            self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
""",
    ),
    Misconception(
        name="a generator with a fixed seed inside keep_mask",
        check="dropout_fresh_masks",
        hint="Call keep_mask twice with the same rng. Which generator draws the tickets, and where does it begin each time?",
        source="""
def keep_mask(shape, rate, rng):
    rng = np.random.default_rng(0)
    return rng.random(shape) >= rate
""",
    ),
    Misconception(
        name="the mask is drawn from NumPy's global generator",
        check="dropout_seed",
        hint="Make two layers with the same seed and call forward on both. Does anything that you draw "
        "depend on that seed?",
        source="""
def keep_mask(shape, rate, rng):
    return np.random.random(shape) >= rate
""",
    ),
    Misconception(
        name="the layer seeds NumPy's global generator, which all layers share",
        check="dropout_seed",
        hint="Make two layers with the same seed, and then call forward on the first and on the second. "
        "Who has used up the numbers that the second one wanted?",
        source="""
class Dropout(Dropout):
    def __init__(self, rate=0.5, seed=0):
        self.rate = rate
        np.random.seed(seed)
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = np.random.rand(*x.shape) >= self.rate
        return x * self.mask
""",
    ),
    Misconception(
        name="the seed is ignored: every layer draws the same masks",
        check="dropout_seed",
        hint="Make layers with the seeds 1 and 2 and compare their masks. Where does the seed go in __init__?",
        source="""
class Dropout(Dropout):
    def __init__(self, rate=0.5, seed=0):
        self.rate = rate
        self.rng = np.random.default_rng(0)
""",
    ),
    Misconception(
        name="the slice [-k:] takes everything when k = 0",
        check="dropout_rate_zero",
        hint="In a cell: what is [1, 2, 3][-0:]? Then follow your code with ρ = 0.",
        source="""
def keep_mask(shape, rate, rng):
    tickets = rng.random((shape[0], int(np.prod(shape[1:]))))
    dropped = round(rate * tickets.shape[1])
    keep = np.ones(tickets.shape, dtype=bool)
    np.put_along_axis(keep, np.argsort(tickets, axis=1)[:, -dropped:], False, axis=1)
    return keep.reshape(shape)
""",
    ),
    Misconception(
        name="at least one unit is dropped, even with ρ = 0",
        check="dropout_rate_zero",
        hint="With ρ = 0 the layer should do nothing at all. How many units does yours drop of 6?",
        source="""
def keep_mask(shape, rate, rng):
    tickets = rng.random((shape[0], int(np.prod(shape[1:]))))
    dropped = max(1, round(rate * tickets.shape[1]))
    keep = np.ones(tickets.shape, dtype=bool)
    np.put_along_axis(keep, np.argsort(tickets, axis=1)[:, :dropped], False, axis=1)
    return keep.reshape(shape)
""",
    ),
    # -- dropout as in the handout: training ---------------------------------------------------------------------
    Misconception(
        name="the mask is drawn, but the undropped values are handed on",
        check="dropout_train_values",
        hint="Count the zeros in what forward returns. Where does the mask meet x, and what becomes of that product?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        dropped = x * self.mask
        return x
""",
    ),
    Misconception(
        name="Dropout scales twice: by 1/(1 − ρ) in training and by 1 − ρ in use",
        check="dropout_train_values",
        hint="Compute the mean output for inputs of 1, in training and in use. Eq. (25) and (26) together scale once; "
        "eq. (27) belongs to the other class.",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng) / (1 - self.rate)
        return x * self.mask
""",
    ),
    Misconception(
        name="Dropout is written as inverted dropout",
        check="dropout_train_values",
        hint="Both variants are right in their class. Which of eq. (25), (26), (27) is this class to follow?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = keep_mask(x.shape, self.rate, self.rng) / (1 - self.rate)
        return x * self.mask
""",
    ),
    Misconception(
        name="Dropout multiplies by 1 − ρ in training as well as in use",
        check="dropout_train_values",
        hint="In training there are fewer units already. By hand, the row (3, 1, −2, 0, 4) becomes (3, 0, −2, 0, 0): "
        "what does yours become?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask * (1 - self.rate)
    def backward(self, d_out):
        return d_out * self.mask * (1 - self.rate)
""",
    ),
    Misconception(
        name="Dropout has training and use the wrong way round",
        check="dropout_train_values",
        hint="Call forward(x, train=False) twice: is it the same? Use may not depend on chance. "
        "Which branch does your if choose?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
""",
    ),
    Misconception(
        name="Dropout does not train unless it is told to: train is False by default",
        check="dropout_train_values",
        hint="Compare the signature of your forward with the one in the stub. What happens when it is called with x alone?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=False):
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
""",
    ),
    Misconception(
        name="the dropped units are cut out instead of set to 0",
        check="dropout_train_values",
        hint="Print the shape before and after. The next layer has a weight for every unit, "
        "so every unit must still have its place.",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x[self.mask]
""",
    ),
    # -- dropout as in the handout: use --------------------------------------------------------------------------
    Misconception(
        name="Dropout does not scale in use",
        check="dropout_test_scaling",
        hint="With ρ = 0.8 a node of the next layer hears 2 of 10 units in training and all 10 in use. "
        "How does eq. (26) make up for it?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
""",
    ),
    Misconception(
        name="Dropout multiplies by ρ in use",
        check="dropout_test_scaling",
        hint="Think of ρ = 0.1: nearly all units are there in training. Should use be nearly as loud or very soft?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * self.rate
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
""",
    ),
    Misconception(
        name="Dropout divides by 1 − ρ in use",
        check="dropout_test_scaling",
        hint="In use there are more units than in training. Must each of them be made softer or louder?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x / (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
""",
    ),
    Misconception(
        name="Dropout goes on dropping in use",
        check="dropout_test_scaling",
        hint="Call forward(x, train=False) twice. The same image must always be the same digit.",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
""",
    ),
    Misconception(
        name="Dropout drops in use, and scales what is left",
        check="dropout_test_scaling",
        hint="Count the zeros in forward(np.ones((1, 20)), train=False). In eq. (26) there is no m.",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        y = x * self.mask
        return y if train else y * (1 - self.rate)
""",
    ),
    # -- dropout as in the handout: backward ---------------------------------------------------------------------
    Misconception(
        name="Dropout's backward has no mask",
        check="dropout_backward",
        hint="A dropped unit gives 0 whatever x is. How much does the loss change when this x changes?",
        source="""
class Dropout(Dropout):
    def backward(self, d_out):
        return d_out
""",
    ),
    Misconception(
        name="Dropout's backward draws a new mask",
        check="dropout_backward",
        hint="Compare the zeros of forward and of backward. Which units had a say in this loss?",
        source="""
class Dropout(Dropout):
    def backward(self, d_out):
        return d_out * keep_mask(d_out.shape, self.rate, self.rng)
""",
    ),
    Misconception(
        name="Dropout's backward lets the gradient through the dropped units and stops it at the others",
        check="dropout_backward",
        hint="With the mask (1, 0, 1, 1, 0) and d_out = (1, 2, 3, 4, 5), what should come back? What does True mean in "
        "the mask that you kept?",
        source="""
class Dropout(Dropout):
    def backward(self, d_out):
        return d_out * ~self.mask
""",
    ),
    Misconception(
        name="Dropout's backward multiplies by 1 − ρ, though training does not scale",
        check="dropout_backward",
        hint="Forward in training lets a unit pass as it is, so what is its slope? Eq. (26) is about use, "
        "and use has no backward.",
        source="""
class Dropout(Dropout):
    def backward(self, d_out):
        return d_out * self.mask * (1 - self.rate)
""",
    ),
    Misconception(
        name="Dropout's backward divides by 1 − ρ, though forward does not",
        check="dropout_backward",
        hint="Divide the output of forward by its input: that factor is the slope. Which one do you find for a unit that stayed?",
        source="""
class Dropout(Dropout):
    def backward(self, d_out):
        return d_out * self.mask / (1 - self.rate)
""",
    ),
    Misconception(
        name="Dropout's backward returns the mask and leaves d_out out",
        check="dropout_backward",
        hint="Call backward with d_out and with 2 · d_out: the second answer should be twice the first.",
        source="""
class Dropout(Dropout):
    def backward(self, d_out):
        return self.mask.astype(float)
""",
    ),
    Misconception(
        name="Dropout's backward multiplies by the output instead of the mask",
        check="dropout_backward",
        hint="For a unit that stayed, y = x. What is the slope of that line, and with what do you multiply d_out?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.y = x * keep_mask(x.shape, self.rate, self.rng)
        return self.y
    def backward(self, d_out):
        return d_out * self.y
""",
    ),
    Misconception(
        name="the mask is guessed from the zeros of the output",
        check="dropout_backward_zeros",
        hint="Send zeros forward and see what your backward lets through. In the example by hand, the fourth unit was 0 "
        "and stayed.",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.y = x * keep_mask(x.shape, self.rate, self.rng)
        return self.y
    def backward(self, d_out):
        return d_out * (self.y != 0)
""",
    ),
    # -- inverted dropout ----------------------------------------------------------------------------------------
    Misconception(
        name="InvertedDropout does not divide by 1 − ρ in training",
        check="inverted_dropout_forward",
        hint="Compute the mean output for inputs of 1, in training and in use. For this class they should agree.",
        source="""
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="InvertedDropout divides its mask by ρ",
        check="inverted_dropout_forward",
        hint="Think of ρ = 0.1: a tenth of the units is missing. By which factor must the others speak up? "
        "Check with the mean for inputs of 1.",
        source="""
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = keep_mask(x.shape, self.rate, self.rng) / self.rate
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="InvertedDropout multiplies by 1 − ρ in training instead of dividing",
        check="inverted_dropout_forward",
        hint="By hand, with ρ = 0.4 the 3 becomes 5. Should the units that stay grow or shrink, "
        "to make up for those that went?",
        source="""
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = keep_mask(x.shape, self.rate, self.rng) * (1 - self.rate)
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="InvertedDropout scales twice: by 1/(1 − ρ) in training and by 1 − ρ in use",
        check="inverted_dropout_forward",
        hint="Compute the mean output for inputs of 1, in training and in use. What was the nuisance "
        "that this class is to save us?",
        source="""
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng) / (1 - self.rate)
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="InvertedDropout divides in use instead of in training",
        check="inverted_dropout_forward",
        hint="Read eq. (27) for both cases. In which of the two does the layer return x as it is?",
        source="""
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True):
        if not train:
            return x / (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="InvertedDropout goes on dropping in use",
        check="inverted_dropout_forward",
        hint="Call forward(x, train=False) twice. Which line of eq. (27) holds in use?",
        source="""
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True):
        self.mask = keep_mask(x.shape, self.rate, self.rng) / (1 - self.rate)
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="InvertedDropout's backward has no factor 1/(1 − ρ)",
        check="inverted_dropout_backward",
        hint="A unit that stays is multiplied by a factor in forward. By how much does the output move when x moves by 1?",
        source="""
class InvertedDropout(InvertedDropout):
    def backward(self, d_out):
        return d_out * self.mask
""",
    ),
    Misconception(
        name="InvertedDropout's backward has the factor but not the mask",
        check="inverted_dropout_backward",
        hint="How many zeros has the output of forward, and how many has what backward returns?",
        source="""
class InvertedDropout(InvertedDropout):
    def backward(self, d_out):
        return d_out / (1 - self.rate)
""",
    ),
    Misconception(
        name="InvertedDropout's backward multiplies by 1 − ρ instead of dividing",
        check="inverted_dropout_backward",
        hint="Backward does not undo what forward did to the values; it uses the same slope. "
        "What was the factor of a unit that stayed?",
        source="""
class InvertedDropout(InvertedDropout):
    def backward(self, d_out):
        return d_out * self.mask * (1 - self.rate)
""",
    ),
    Misconception(
        name="InvertedDropout's backward applies the factor twice: the remembered mask has it already",
        check="inverted_dropout_backward",
        hint="Print the mask that forward has kept. Is it made of 0 and 1, or of 0 and something else?",
        source="""
class InvertedDropout(InvertedDropout):
    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = keep_mask(x.shape, self.rate, self.rng) / (1 - self.rate)
        return x * self.mask
    def backward(self, d_out):
        return d_out * self.mask / (1 - self.rate)
""",
    ),
    # -- arguments -----------------------------------------------------------------------------------------------
    Misconception(
        name="Dropout's forward writes its mask into the input",
        check="dropout_arguments",
        hint="Print x before and after layer.forward(x). Who else still needs it?",
        source="""
class Dropout(Dropout):
    def forward(self, x, train=True):
        if not train:
            return x * (1 - self.rate)
        self.mask = keep_mask(x.shape, self.rate, self.rng)
        x[~self.mask] = 0
        return x
""",
    ),
    Misconception(
        name="Dropout's backward overwrites d_out",
        check="dropout_arguments",
        hint="Print d_out before and after layer.backward(d_out). What is the difference between a = a * b and a *= b?",
        source="""
class Dropout(Dropout):
    def backward(self, d_out):
        d_out *= self.mask
        return d_out
""",
    ),
    Misconception(
        name="InvertedDropout's backward overwrites d_out",
        check="dropout_arguments",
        hint="Print d_out before and after layer.backward(d_out). What is the difference between a = a * b and a *= b?",
        source="""
class InvertedDropout(InvertedDropout):
    def backward(self, d_out):
        d_out *= self.mask / (1 - self.rate)
        return d_out
""",
    ),
    # -- the network ---------------------------------------------------------------------------------------------
    Misconception(
        name="the network in use still drops: train=False is not passed",
        check="dropout_network_use",
        hint="Call forward_dropout twice on the same x. What does the layer do when nobody tells it that this is use?",
        source="""
def forward_dropout(params, x, dropout):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(dropout.forward(hidden)))
""",
    ),
    Misconception(
        name="the network in use leaves the dropout layer out, and its factor with it",
        check="dropout_network_use",
        hint="In use no unit is dropped, but the layer may still have something to do. Look at eq. (26).",
        source="""
def forward_dropout(params, x, dropout):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="the network in use scales by 1 − ρ once more than its layer",
        check="dropout_network_use",
        hint="Who applies eq. (26), the layer or the network? Count the factors on the way from hidden to the logits.",
        source="""
def forward_dropout(params, x, dropout):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(x))
    hidden = dropout.forward(hidden, train=False) * (1 - dropout.rate)
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="the network in use has the dropout layer in front of the sigmoid",
        check="dropout_network_use",
        hint="What is sigmoid(0)? A unit that is 0 before the sigmoid is not switched off after it. "
        "Where does the text put the layer?",
        source="""
def forward_dropout(params, x, dropout):
    u = Affine(params["W1"], params["b1"]).forward(x)
    hidden = sigmoid(dropout.forward(u, train=False))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="the network in use has the dropout layer on the input",
        check="dropout_network_use",
        hint="Which nodes are to be switched off, those of the input or the hidden ones?",
        source="""
def forward_dropout(params, x, dropout):
    hidden = sigmoid(Affine(params["W1"], params["b1"]).forward(dropout.forward(x, train=False)))
    return softmax(Affine(params["W2"], params["b2"]).forward(hidden))
""",
    ),
    Misconception(
        name="the network trains with train=False",
        check="dropout_network_gradients",
        hint="Call loss_and_gradients_dropout twice with the same layer. Should the loss be the same both times?",
        source="""
def loss_and_gradients_dropout(params, x, t, dropout):
    affine1, hidden = Affine(params["W1"], params["b1"]), Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    a = hidden.forward(affine1.forward(x))
    y = softmax(affine2.forward(dropout.forward(a, train=False)))
    d_dropped = affine2.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(hidden.backward(dropout.backward(d_dropped)))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
    Misconception(
        name="the network draws a second mask to compute the loss",
        check="dropout_network_gradients",
        hint="Count the calls of dropout.forward. Each one draws a mask; to which one do the loss and the "
        "gradients belong?",
        source="""
def loss_and_gradients_dropout(params, x, t, dropout):
    affine1, hidden = Affine(params["W1"], params["b1"]), Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    a = hidden.forward(affine1.forward(x))
    loss = cross_entropy(softmax(affine2.forward(dropout.forward(a))), t)
    y = softmax(affine2.forward(dropout.forward(a)))
    d_dropped = affine2.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(hidden.backward(dropout.backward(d_dropped)))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return loss, grads
""",
    ),
    Misconception(
        name="the network reports the loss of use with the gradients of training",
        check="dropout_network_gradients",
        hint="The gradients are those of one loss. Compute it from the same probabilities that your backward starts with.",
        source="""
def loss_and_gradients_dropout(params, x, t, dropout):
    affine1, hidden = Affine(params["W1"], params["b1"]), Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(dropout.forward(hidden.forward(affine1.forward(x)), train=True)))
    d_dropped = affine2.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(hidden.backward(dropout.backward(d_dropped)))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(forward_dropout(params, x, dropout), t), grads
""",
    ),
    Misconception(
        name="the network's backward goes past the dropout layer",
        check="dropout_network_gradients",
        hint="List the layers in the order of forward, and below it the calls of backward. Which one is missing?",
        source="""
def loss_and_gradients_dropout(params, x, t, dropout):
    affine1, hidden = Affine(params["W1"], params["b1"]), Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(dropout.forward(hidden.forward(affine1.forward(x)), train=True)))
    d_hidden = affine2.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(hidden.backward(d_hidden))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
    Misconception(
        name="the gradient of W2 is made of the hidden values before dropout",
        check="dropout_network_gradients",
        hint="Eq. (19) takes what went into the second affine layer. What went in for a unit that was dropped?",
        source="""
def loss_and_gradients_dropout(params, x, t, dropout):
    affine1, hidden = Affine(params["W1"], params["b1"]), Sigmoid()
    a = hidden.forward(affine1.forward(x))
    y = softmax(dropout.forward(a, train=True) @ params["W2"] + params["b2"])
    d_a = softmax_cross_entropy_backward(y, t)
    affine1.backward(hidden.backward(dropout.backward(d_a @ params["W2"].T)))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": a.T @ d_a, "b2": d_a.sum(axis=0)}
    return cross_entropy(y, t), grads
""",
    ),
    Misconception(
        name="the network trains with the dropout layer in front of the sigmoid",
        check="dropout_network_gradients",
        hint="What is sigmoid(0)? A unit that is 0 before the sigmoid is not switched off after it.",
        source="""
def loss_and_gradients_dropout(params, x, t, dropout):
    affine1, hidden = Affine(params["W1"], params["b1"]), Sigmoid()
    affine2 = Affine(params["W2"], params["b2"])
    y = softmax(affine2.forward(hidden.forward(dropout.forward(affine1.forward(x), train=True))))
    d_hidden = affine2.backward(softmax_cross_entropy_backward(y, t))
    affine1.backward(dropout.backward(hidden.backward(d_hidden)))
    grads = {"W1": affine1.d_W, "b1": affine1.d_b, "W2": affine2.d_W, "b2": affine2.d_b}
    return cross_entropy(y, t), grads
""",
    ),
)
