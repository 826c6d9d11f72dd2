"""Known mistakes in one-hot targets, the mean cross-entropy, random mini-batches and a program that prints a loss."""

from autograder.misconceptions import Misconception

ONE_HOT = (
    Misconception(
        name="the 1 stands one column too far to the left",
        check="one_hot_rows",
        hint="Label 0 is a digit like the others. Which column is its own when columns are counted from 0, "
        "and where is its 1 in your row?",
        source="""
def one_hot(labels, classes=10):
    t = np.zeros((len(labels), classes))
    t[np.arange(len(labels)), labels - 1] = 1
    return t
""",
    ),
    Misconception(
        name="the 1 stands one column too far to the right",
        check="one_hot_rows",
        hint="How many columns are there, and what number has the last one? Try the label 9.",
        source="""
def one_hot(labels, classes=10):
    t = np.zeros((len(labels), classes))
    t[np.arange(len(labels)), labels + 1] = 1
    return t
""",
    ),
    Misconception(
        name="the examples are the columns, not the rows",
        check="one_hot_rows",
        hint="Print the shape for 8 labels and compare with (B, classes). Throughout the course one example is one row.",
        source="""
def one_hot(labels, classes=10):
    t = np.zeros((classes, len(labels)))
    t[labels, np.arange(len(labels))] = 1
    return t
""",
    ),
    Misconception(
        name="t[:, labels] = 1, which writes every label into every row",
        check="one_hot_rows",
        hint="Count the ones in a row of your result. The colon means all rows; which rows should the k-th label reach?",
        source="""
def one_hot(labels, classes=10):
    t = np.zeros((len(labels), classes))
    t[:, labels] = 1
    return t
""",
    ),
    Misconception(
        name="one row for the whole batch",
        check="one_hot_rows",
        hint="Print the shape of your result for 8 labels. Each of them wants a row to itself.",
        source="""
def one_hot(labels, classes=10):
    t = np.zeros(classes)
    t[labels] = 1
    return t
""",
    ),
    Misconception(
        name="the label itself is written where a 1 belongs",
        check="one_hot_rows",
        hint="Add up a row for the label 9: t is a probability distribution, so what should the sum be?",
        source="""
def one_hot(labels, classes=10):
    t = np.zeros((len(labels), classes))
    t[np.arange(len(labels)), labels] = labels
    return t
""",
    ),
    Misconception(
        name="the rows hold integers",
        check="one_hot_rows",
        hint="Print the dtype of your result. The docstring wants floats, since t will be compared with probabilities.",
        source="def one_hot(labels, classes=10): return np.eye(classes, dtype=int)[labels]",
    ),
    Misconception(
        name="the rows hold True and False",
        check="one_hot_rows",
        hint="Print the dtype of your result. Could you subtract it from y as it is?",
        source="def one_hot(labels, classes=10): return labels[:, None] == np.arange(classes)",
    ),
    Misconception(
        name="0 and 1 are exchanged",
        check="one_hot_rows",
        hint="Add up a row of your result. How much probability is there to give away?",
        source="def one_hot(labels, classes=10): return (labels[:, None] != np.arange(classes)).astype(float)",
    ),
    Misconception(
        name="there are always ten classes, whatever is asked for",
        check="one_hot_classes",
        hint="Call your function with classes=3 and print the shape. Where do you use the argument?",
        source="""
def one_hot(labels, classes=10):
    t = np.zeros((len(labels), 10))
    t[np.arange(len(labels)), labels] = 1
    return t
""",
    ),
    Misconception(
        name="the number of classes is taken from the largest label",
        check="one_hot_classes",
        hint="A small batch may hold no 9. How many columns does it get from you, and how many does the argument ask for?",
        source="""
def one_hot(labels, classes=10):
    classes = int(labels.max()) + 1
    t = np.zeros((len(labels), classes))
    t[np.arange(len(labels)), labels] = 1
    return t
""",
    ),
    Misconception(
        name="the numbers of the classes are squeezed into the type of the labels, bytes that end at 255",
        check="one_hot_classes",
        hint="Print the numbers you compare the labels with, for 300 classes and labels of uint8. What comes after 255?",
        source="""
def one_hot(labels, classes=10):
    return (labels[:, None] == np.arange(classes).astype(labels.dtype)).astype(float)
""",
    ),
    Misconception(
        name="a single label loses its row",
        check="one_hot_classes",
        hint="Print the shape for a single label in an array: the docstring promises (B, classes), for B = 1 as well.",
        source="def one_hot(labels, classes=10): return np.squeeze(np.eye(classes)[labels])",
    ),
)

LOSS = (
    Misconception(
        name="log2 in place of the natural logarithm",
        check="cross_entropy_value",
        hint="Put ten equal probabilities in: eq. (11) gives 2.3026. Which unit belongs to your number?",
        source="def cross_entropy(y, t): return float(-np.sum(t * np.log2(np.maximum(y, 1e-30))) / len(y))",
    ),
    Misconception(
        name="log10 in place of the natural logarithm",
        check="cross_entropy_value",
        hint="Put ten equal probabilities in: eq. (11) gives 2.3026, and yours is 1. What is the base of ln?",
        source="def cross_entropy(y, t): return float(-np.sum(t * np.log10(np.maximum(y, 1e-30))) / len(y))",
    ),
    Misconception(
        name="the minus in front is missing",
        check="cross_entropy_value",
        hint="Which sign does the logarithm of a probability have, and which sign should a loss have?",
        source="def cross_entropy(y, t): return float(np.sum(t * np.log(np.maximum(y, 1e-30))) / len(y))",
    ),
    Misconception(
        name="the mean over all numbers of the matrix, classes included",
        check="cross_entropy_value",
        hint="How many numbers has a matrix of B rows and C columns, and what does eq. (12) divide by?",
        source="def cross_entropy(y, t): return float(-np.mean(t * np.log(np.maximum(y, 1e-30))))",
    ),
    Misconception(
        name="the sum is divided by the number of classes, not of examples",
        check="cross_entropy_value",
        hint="Print y.shape. Which of its two numbers is the B of eq. (12)?",
        source="def cross_entropy(y, t): return float(-np.sum(t * np.log(np.maximum(y, 1e-30))) / y.shape[1])",
    ),
    Misconception(
        name="a batch size of 100 is built in",
        check="cross_entropy_value",
        hint="The check's batches are smaller than yours. Who knows how many examples there are?",
        source="def cross_entropy(y, t): return float(-np.sum(t * np.log(np.maximum(y, 1e-30))) / 100)",
    ),
    Misconception(
        name="the cross-entropy of ten yes-or-no questions, with a term for 1 − t",
        check="cross_entropy_value",
        hint="The second term is for one output alone, right or wrong. How many terms of the sum in eq. (11) are not 0?",
        source="""
def cross_entropy(y, t):
    y = np.clip(y, 1e-12, 1 - 1e-12)
    return float(-np.sum(t * np.log(y) + (1 - t) * np.log(1 - y)) / len(y))
""",
    ),
    Misconception(
        name="y and t have changed places",
        check="cross_entropy_value",
        hint="Most t are 0: of which of the two can you take a logarithm? Look at eq. (11) again.",
        source="def cross_entropy(y, t): return float(-np.sum(y * np.log(np.maximum(t, 1e-30))) / len(y))",
    ),
    Misconception(
        name="the squared error in place of the cross-entropy",
        check="cross_entropy_value",
        hint="Try a sure and wrong answer: eq. (11) goes to infinity, and yours? There is a logarithm in it.",
        source="def cross_entropy(y, t): return float(np.sum((y - t) ** 2) / len(y))",
    ),
    Misconception(
        name="half the squared error in place of the cross-entropy",
        check="cross_entropy_value",
        hint="Try a sure and wrong answer: eq. (11) goes to infinity, and yours? There is a logarithm in it.",
        source="def cross_entropy(y, t): return float(0.5 * np.sum((y - t) ** 2) / len(y))",
    ),
    Misconception(
        name="the entropy of y: the targets are not used",
        check="cross_entropy_value",
        hint="Give two different t with the same y. Should the loss care which digit is the right one?",
        source="def cross_entropy(y, t): return float(-np.sum(y * np.log(np.maximum(y, 1e-30))) / len(y))",
    ),
    Misconception(
        name="the logarithms of all classes, without the factor t",
        check="cross_entropy_value",
        hint="Only the probability of the right digit counts. Which factor in eq. (11) picks it out?",
        source="def cross_entropy(y, t): return float(-np.sum(np.log(np.maximum(y, 1e-30))) / len(y))",
    ),
    Misconception(
        name="the probability of the guessed digit in place of the right one",
        check="cross_entropy_value",
        hint="A network that is sure and wrong gets a small loss from you. Where does t enter?",
        source="def cross_entropy(y, t): return float(-np.mean(np.log(np.maximum(y.max(axis=1), 1e-30))))",
    ),
    Misconception(
        name="softmax is applied once more inside the loss",
        check="cross_entropy_value",
        hint="y holds probabilities already: its rows sum to 1. Put a sure and right answer in: does your loss reach 0?",
        source="""
def cross_entropy(y, t):
    e = np.exp(y - y.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return float(-np.sum(t * np.log(y)) / len(y))
""",
    ),
    Misconception(
        name="one loss per example is returned, not one for the batch",
        check="cross_entropy_value",
        hint="Print the shape of your result for a batch of 6. Eq. (12) makes one number of the E_k.",
        source="def cross_entropy(y, t): return -np.sum(t * np.log(np.maximum(y, 1e-30)), axis=1)",
    ),
    Misconception(
        name="ε is added to y in place, which changes the caller's probabilities",
        check="cross_entropy_value",
        hint="Print y before and after the call. What is the difference between y += ε and y + ε for the caller?",
        source="""
def cross_entropy(y, t):
    y += 1e-7
    return float(-np.sum(t * np.log(y)) / len(y))
""",
    ),
    Misconception(
        name="the sum over the batch, not the mean",
        check="cross_entropy_mean",
        hint="Give the same batch twice, stacked: the mean stays as it is. What does your loss do?",
        source="def cross_entropy(y, t): return float(-np.sum(t * np.log(np.maximum(y, 1e-30))))",
    ),
    Misconception(
        name="divided by B twice",
        check="cross_entropy_mean",
        hint="np.mean divides already. Give a batch of two equal examples: the loss should be that of one of them.",
        source="""
def cross_entropy(y, t):
    losses = -np.sum(t * np.log(np.maximum(y, 1e-30)), axis=1)
    return float(np.mean(losses) / len(y))
""",
    ),
    Misconception(
        name="divided by B − 1",
        check="cross_entropy_mean",
        hint="That is for estimating a variance. What do you divide by when the batch has a single example?",
        source="""
def cross_entropy(y, t):
    return float(-np.sum(t * np.log(np.maximum(y, 1e-30))) / (len(y) - 1))
""",
    ),
    Misconception(
        name="only the first example of the batch is looked at",
        check="cross_entropy_mean",
        hint="Change the last row of y: does your loss notice? Eq. (12) sums over k.",
        source="def cross_entropy(y, t): return float(-np.sum(t[0] * np.log(np.maximum(y[0], 1e-30))))",
    ),
    Misconception(
        name="a loop keeps only the last example's loss",
        check="cross_entropy_mean",
        hint="Print the loss inside your loop. What happens to the sum when a new round begins?",
        source="""
def cross_entropy(y, t):
    for row, target in zip(y, t):
        loss = -np.sum(target * np.log(np.maximum(row, 1e-30)))
    return float(loss)
""",
    ),
    Misconception(
        name="the mean of the probabilities is taken before the logarithm",
        check="cross_entropy_mean",
        hint="Is ln of a mean the mean of the ln? Work out the two examples of section 2 both ways.",
        source="def cross_entropy(y, t): return float(-np.log(np.sum(t * y) / len(y)))",
    ),
    Misconception(
        name="log(0) · 0, which is nan",
        check="cross_entropy_zero",
        hint="Type 0 * np.log(0) into a cell. What must never reach the logarithm?",
        source="def cross_entropy(y, t): return float(-np.sum(t * np.log(y)) / len(y))",
    ),
    Misconception(
        name="the clipped probabilities are computed but not used",
        check="cross_entropy_zero",
        hint="np.clip leaves its argument alone and returns a new array. Which array does your logarithm see?",
        source="""
def cross_entropy(y, t):
    np.clip(y, 1e-12, 1.0)
    return float(-np.sum(t * np.log(y)) / len(y))
""",
    ),
    Misconception(
        name="zeros are replaced inside the caller's y",
        check="cross_entropy_zero",
        hint="Print y before and after the call, with a 0 in it. Whose array have you written into?",
        source="""
def cross_entropy(y, t):
    y[y == 0] = 1e-15
    return float(-np.sum(t * np.log(y)) / len(y))
""",
    ),
    Misconception(
        name="y is clipped in place, with out=y",
        check="cross_entropy_zero",
        hint="Print y before and after the call, with a 0 in it. Where does out= put the result?",
        source="""
def cross_entropy(y, t):
    np.clip(y, 1e-15, 1.0, out=y)
    return float(-np.sum(t * np.log(y)) / len(y))
""",
    ),
    Misconception(
        name="only the right digit's probability is used, and it may be 0",
        check="cross_entropy_zero",
        hint="Picking out the right digit avoids 0 · ∞. What is still left when the network is sure and wrong?",
        source="def cross_entropy(y, t): return float(-np.mean(np.log(np.sum(t * y, axis=1))))",
    ),
    Misconception(
        name="an ε that is large enough to be seen in ordinary losses",
        check="cross_entropy_zero",
        hint="Put a sure and right answer in: the loss should be 0, and yours is negative. How small may ε be?",
        source="def cross_entropy(y, t): return float(-np.sum(t * np.log(y + 1e-5)) / len(y))",
    ),
    Misconception(
        name="the probabilities are clipped too early",
        check="cross_entropy_zero",
        hint="Compare the losses for y = 0.0001 and y = 0: a worse answer must cost more. From where on are they equal?",
        source="def cross_entropy(y, t): return float(-np.sum(t * np.log(np.clip(y, 1e-3, 1.0))) / len(y))",
    ),
    Misconception(
        name="a probability of 0 costs nothing",
        check="cross_entropy_zero",
        hint="Sure and wrong should be the worst answer of all. What is your loss for y = 0 at the right digit?",
        source="""
def cross_entropy(y, t):
    return float(-np.sum(t * np.log(np.where(y == 0, 1.0, y))) / len(y))
""",
    ),
)


def _batch(choice: str, x: str = "flatten(images[chosen])", t: str = "one_hot(labels[chosen])") -> str:
    """A `random_batch` that draws ``choice`` and returns ``x`` and ``t``."""
    return f"""
def random_batch(images, labels, batch_size, rng):
    chosen = {choice}
    return {x}, {t}
"""


CHOICE = "rng.choice(len(images), size=batch_size, replace=False)"

BATCH = (
    Misconception(
        name="the images are not flattened",
        check="batch_shapes",
        hint="Print the shape of x. Which function of task 1 makes a row of every image?",
        source=_batch(CHOICE, x="images[chosen] / 255.0"),
    ),
    Misconception(
        name="the pixels of the batch are not scaled to 0..1",
        check="batch_shapes",
        hint="Print the largest number of x and compare with eq. (9). Which function of task 1 does all of it?",
        source=_batch(CHOICE, x="images[chosen].reshape(batch_size, -1).astype(float)"),
    ),
    Misconception(
        name="the batch holds bytes",
        check="batch_shapes",
        hint="Print the dtype of x. reshape changes no number; eq. (9) does. You have a function for it.",
        source=_batch(CHOICE, x="images[chosen].reshape(batch_size, -1)"),
    ),
    Misconception(
        name="784 pixels are built in",
        check="batch_shapes",
        hint="The check's images are smaller than MNIST's. Who knows how many pixels there are?",
        source=_batch(CHOICE, x="images[chosen].reshape(batch_size, 784) / 255.0"),
    ),
    Misconception(
        name="the labels are not turned into one-hot rows",
        check="batch_shapes",
        hint="Print the shape of t. Eq. (10) makes ten numbers of every label.",
        source=_batch(CHOICE, t="labels[chosen]"),
    ),
    Misconception(
        name="t comes first and x second",
        check="batch_shapes",
        hint="Print the shapes of the two things you return, in order, and compare with the docstring.",
        source=_batch(CHOICE, x="one_hot(labels[chosen])", t="flatten(images[chosen])"),
    ),
    Misconception(
        name="a batch of one loses its axis",
        check="batch_shapes",
        hint="Call it with batch_size 1 and print both shapes. A batch of one is a matrix with one row.",
        source=_batch(
            CHOICE, x="np.squeeze(flatten(images[chosen]))", t="np.squeeze(one_hot(labels[chosen]))"
        ),
    ),
    Misconception(
        name="only the images are returned",
        check="batch_shapes",
        hint="Whoever calls it writes x, t = random_batch(...). What does your function hand back?",
        source=f"""
def random_batch(images, labels, batch_size, rng):
    chosen = {CHOICE}
    return flatten(images[chosen])
""",
    ),
    Misconception(
        name="the number of images is built in",
        check="batch_shapes",
        hint="The check has fewer images than MNIST. From which range do you draw, and who knows the right one?",
        source=_batch("rng.choice(10000, size=batch_size, replace=False)"),
    ),
    Misconception(
        name="a single image is drawn, and repeated",
        check="batch_pairs",
        hint="Compare the rows of x with one another. How many random numbers do you ask for?",
        source="""
def random_batch(images, labels, batch_size, rng):
    if batch_size > len(images):
        raise ValueError("there are not so many images")
    k = rng.integers(len(images))
    return flatten(images[[k] * batch_size]), one_hot(labels[[k] * batch_size])
""",
    ),
    Misconception(
        name="images and labels are drawn apart",
        check="batch_pairs",
        hint="Show a few images of x under the labels of t. Would you say the digit is the one in the picture?",
        source=_batch(CHOICE, t="one_hot(rng.choice(labels, size=batch_size, replace=False))"),
    ),
    Misconception(
        name="the labels are the first B, whatever images were drawn",
        check="batch_pairs",
        hint="Show a few images of x under the labels of t. Which numbers pick the images, and which the labels?",
        source=_batch(CHOICE, t="one_hot(labels[:batch_size])"),
    ),
    Misconception(
        name="the images are sorted, the labels are not",
        check="batch_pairs",
        hint="Print the numbers that pick the images and those that pick the labels, side by side.",
        source=_batch(CHOICE, x="flatten(images[np.sort(chosen)])"),
    ),
    Misconception(
        name="an image may come twice: drawn with replacement",
        check="batch_pairs",
        hint="Draw 10 out of 10 numbers with your line and count the different ones. What is choice's default for replace?",
        source=_batch("rng.choice(len(images), size=batch_size)"),
    ),
    Misconception(
        name="too large a batch is cut short without a word",
        check="batch_pairs",
        hint="Ask for 25 of 24 images and count the rows. What does a slice do when there is not enough, and what does the "
        "docstring promise?",
        source=_batch("rng.permutation(len(images))[:batch_size]"),
    ),
    Misconception(
        name="the images are scaled twice",
        check="batch_shapes",
        hint="Print the largest number of x. flatten has done something about the 255 already.",
        source=_batch(CHOICE, x="flatten(images[chosen]) / 255"),
    ),
    Misconception(
        name="the caller's images and labels are shuffled",
        check="batch_pairs",
        hint="rng.shuffle works in place, on the arrays of whoever called you (those of load_mnist even refuse), and "
        "twice in a row it gives two different orders. What could you shuffle or draw instead?",
        source="""
def random_batch(images, labels, batch_size, rng):
    rng.shuffle(images)
    rng.shuffle(labels)
    return flatten(images[:batch_size]), one_hot(labels[:batch_size])
""",
    ),
    Misconception(
        name="always the first B images",
        check="batch_random",
        hint="Draw two batches and compare them. Where do you use rng?",
        source="""
def random_batch(images, labels, batch_size, rng):
    if batch_size > len(images):
        raise ValueError("there are not so many images")
    return flatten(images[:batch_size]), one_hot(labels[:batch_size])
""",
    ),
    Misconception(
        name="a random piece of neighbouring images",
        check="batch_random",
        hint="Print the numbers of the images in a batch. Can image 3 ever come without 2 or 4?",
        source="""
def random_batch(images, labels, batch_size, rng):
    start = rng.integers(len(images) - batch_size + 1)
    chosen = slice(start, start + batch_size)
    return flatten(images[chosen]), one_hot(labels[chosen])
""",
    ),
    Misconception(
        name="a fixed seed inside: every batch is the same",
        check="batch_random",
        hint="Draw two batches and compare them. What does a generator do that is made anew in every call?",
        source=_batch("np.random.default_rng(0).choice(len(images), size=batch_size, replace=False)"),
    ),
    Misconception(
        name="a generator of its own in place of rng",
        check="batch_random",
        hint="Call it with default_rng(1) twice: whoever passes the same rng wants the same batch. Where do you use the argument?",
        source=_batch("np.random.default_rng().choice(len(images), size=batch_size, replace=False)"),
    ),
    Misconception(
        name="np.random in place of rng",
        check="batch_random",
        hint="np.random.choice and rng.choice draw from two different sources. Which one can the caller control?",
        source=_batch("np.random.choice(len(images), size=batch_size, replace=False)"),
    ),
    Misconception(
        name="the last image is never drawn",
        check="batch_random",
        hint="Ask for all images there are. choice(n) draws from 0 to n − 1: what have you taken away a second time?",
        source=_batch("rng.choice(len(images) - 1, size=batch_size, replace=False)"),
    ),
    Misconception(
        name="the first image is never drawn",
        check="batch_random",
        hint="Ask for all images there are. With which number does an array begin?",
        source=_batch("rng.choice(np.arange(1, len(images)), size=batch_size, replace=False)"),
    ),
)


def _main(
    limit: str = "len(images) + 1",
    refuse: str = 'print("at least one image, please", file=sys.stderr); sys.exit(2)',
    rng: str = "np.random.default_rng()",
    weights: str = "init_parameters()",
    end: str = 'print(f"{loss:.6f}")',
) -> str:
    """A `main` with one of its parts replaced."""
    return f"""
def main():
    images, labels = load_mnist("test")
    B = read_index({limit})
    if B == 0:
        {refuse}
    x, t = random_batch(images, labels, B, {rng})
    loss = cross_entropy(forward({weights}, x), t)
    {end}
"""


MAIN = (
    Misconception(
        name="words are printed around the loss",
        check="main_full_batch",
        hint="Another program will read this. What is left when you take everything away that is not the answer?",
        source=_main(end='print("mean loss:", loss)'),
    ),
    Misconception(
        name="the loss is rounded to two decimals",
        check="main_full_batch",
        hint="Two batches of 100 differ in the second decimal already. How many does the docstring ask for?",
        source=_main(end='print(f"{loss:.2f}")'),
    ),
    Misconception(
        name="the loss is returned, not printed",
        check="main_full_batch",
        hint="A notebook shows what the last line of a cell returns. What does a person at a terminal see?",
        source=_main(end="return loss"),
    ),
    Misconception(
        name="the largest batch, all test images, is refused",
        check="main_full_batch",
        hint="read_index(limit) allows 0 to limit − 1, and B goes up to the number of images. Try both ends.",
        source=_main(limit="len(images)"),
    ),
    Misconception(
        name="the same images in every run",
        check="main_full_batch",
        hint="Run it twice with 100 typed. What does a generator with a fixed seed do each time the program starts?",
        source=_main(rng="np.random.default_rng(0)"),
    ),
    Misconception(
        name="the first B test images, no random ones",
        check="main_full_batch",
        hint="Run it twice with 100 typed: the loss never changes. Which function of section 3 is waiting to be used?",
        source="""
def main():
    images, labels = load_mnist("test")
    B = read_index(len(images) + 1)
    if B == 0:
        print("at least one image, please", file=sys.stderr)
        sys.exit(2)
    x, t = flatten(images[:B]), one_hot(labels[:B])
    print(f"{cross_entropy(forward(init_parameters(), x), t):.6f}")
""",
    ),
    Misconception(
        name="the loss is multiplied by B",
        check="main_full_batch",
        hint="Try B = 1, 100 and 1000: does your number grow? Section 4 says what to expect.",
        source=_main(end='print(f"{loss * B:.6f}")'),
    ),
    Misconception(
        name="the share of right answers in place of the loss",
        check="main_full_batch",
        hint="With random weights you see about 0.1. Eq. (12) gives about ln 10.",
        source=_main(
            end='print(f"{np.mean(forward(init_parameters(), x).argmax(axis=1) == t.argmax(axis=1)):.6f}")'
        ),
    ),
    Misconception(
        name="the weights come from another seed",
        check="main_full_batch",
        hint="The docstring says init_parameters(), with its default arguments. Which seed does yours use?",
        source=_main(weights="init_parameters(seed=42)"),
    ),
    Misconception(
        name="a batch of 0 is accepted",
        check="main_bad_input",
        hint="Type 0 and look: what is the mean over no images?",
        source="""
def main():
    images, labels = load_mnist("test")
    B = read_index(len(images) + 1)
    x, t = random_batch(images, labels, B, np.random.default_rng())
    print(f"{cross_entropy(forward(init_parameters(), x), t):.6f}")
""",
    ),
    Misconception(
        name="a batch of 1 is refused",
        check="main_bad_input",
        hint="A mean over one image is a mean. Which sizes does your comparison let through?",
        source=_main().replace("B == 0", "B <= 1"),
    ),
    Misconception(
        name="for a batch of 0 the program ends with exit code 1",
        check="main_bad_input",
        hint="sys.exit with a text prints the text, and which exit code does the shell see? Your read_index has the right one.",
        source=_main(refuse='sys.exit("at least one image, please")'),
    ),
    Misconception(
        name="for a batch of 0 the program ends without a word",
        check="main_bad_input",
        hint="Imagine sitting at the keyboard: the program is gone and you do not know why.",
        source=_main(refuse="sys.exit(2)"),
    ),
    Misconception(
        name="for a batch of 0 a message is printed, and the program ends as if all were well",
        check="main_bad_input",
        hint="A plain return gives the shell the exit code 0, which means fine. How do other wrong inputs end?",
        source=_main(refuse='print("at least one image, please"); return'),
    ),
    Misconception(
        name="main reads the number itself and does not expect text",
        check="main_bad_input",
        hint="Type abc. You wrote a function in task 1 that deals with it.",
        source="""
def main():
    images, labels = load_mnist("test")
    B = int(input())
    if not 1 <= B <= len(images):
        print("1 to", len(images), "please", file=sys.stderr)
        sys.exit(2)
    x, t = random_batch(images, labels, B, np.random.default_rng())
    print(f"{cross_entropy(forward(init_parameters(), x), t):.6f}")
""",
    ),
)

MISCONCEPTIONS = (*ONE_HOT, *LOSS, *BATCH, *MAIN)
