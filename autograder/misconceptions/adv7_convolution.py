"""Known mistakes in the convolution: places, channels, columns, and the three gradients."""

from autograder.misconceptions import Misconception

MOVES = """
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    OH, OW = output_size(H, R, down, pad_h), output_size(width, S, right, pad_w)
"""


def naive(step: str, moves: str = MOVES, corner: str = "i * down, j * right", padded: str = "pad_h, pad_w"):
    """Source of `convolve_naive` with ``step`` in its innermost loop."""
    return f"""
def convolve_naive(x, W, b, stride=1, pad=0):
    (N, C, H, width), (F, _, R, S) = x.shape, W.shape{moves}
    (h, w) = {padded}
    x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)))
    y = np.zeros((N, F, OH, OW))
    for n in range(N):
        for f in range(F):
            for i in range(OH):
                for j in range(OW):
                    p, q = {corner}
                    window = x[n, :, p : p + R, q : q + S]
                    {step}
    return y
"""


def columns(
    order: str = "C * R * S, OH * OW * N",
    axes: str = "1, 2, 3, 4, 5, 0",
    seen: str = "r : r + OH * down : down, s : s + OW * right : right",
    padded: str = "pad_h, pad_w",
) -> str:
    """Source of `im2col` that copies one slice of the images for every weight."""
    return f"""
def im2col(x, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = x.shape, pair(window){MOVES}
    (h, w) = {padded}
    x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)))
    X = np.zeros((N, C, R, S, OH, OW), x.dtype)
    for r in range(R):
        for s in range(S):
            X[:, :, r, s] = x[:, :, {seen}]
    return X.transpose({axes}).reshape({order})
"""


def images(
    cut: str = "[:, :, pad_h : pad_h + H, pad_w : pad_w + width]",
    seen: str = "r : r + OH * down : down, s : s + OW * right : right",
    operator: str = "+=",
    given: str = "columns.reshape(C, R, S, OH, OW, N).transpose(5, 0, 1, 2, 3, 4)",
    size: str = "H + 2 * pad_h, width + 2 * pad_w",
) -> str:
    """Source of `col2im` that adds one slice of the images for every weight."""
    return f"""
def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = shape, pair(window){MOVES}
    columns = {given}
    x = np.zeros((N, C, {size}), columns.dtype)
    for r in range(R):
        for s in range(S):
            x[:, :, {seen}] {operator} columns[:, :, r, s]
    return x{cut}
"""


def forward(
    y: str = "self.W.reshape(F, -1) @ self.X + self.b.reshape(F, 1)",
    result: str = "y.reshape(F, OH, OW, len(x)).transpose(3, 0, 1, 2)",
    before: str = "",
    width: str = "x.shape[3]",
) -> str:
    """Source of a `Conv` with a forward of its own."""
    return f"""
class Conv(Conv):
    def forward(self, x):
        F, C, R, S = self.W.shape
        {before or "self.x_shape = x.shape"}
        (down, right), (pad_h, pad_w) = pair(self.stride), pair(self.pad)
        OH = output_size(x.shape[2], R, down, pad_h)
        OW = output_size({width}, S, right, pad_w)
        self.x_shape = x.shape
        self.X = im2col(x, (R, S), self.stride, self.pad)
        y = {y}
        return {result}
"""


D_W = "(d_y @ self.X.T).reshape(self.W.shape)"
D_X = "col2im(self.W.reshape(F, -1).T @ d_y, self.x_shape, (R, S), self.stride, self.pad)"


def backward(
    d_y: str = "d_out.transpose(1, 2, 3, 0).reshape(F, -1)",
    d_W: str = D_W,
    d_b: str = "d_y.sum(axis=1)",
    d_x: str = D_X,
    after: str = "",
) -> str:
    """Source of a `Conv` with a backward of its own."""
    return f"""
class Conv(Conv):
    def backward(self, d_out):
        F, C, R, S = self.W.shape
        d_y = {d_y}
        self.d_W = {d_W}
        self.d_b = {d_b}
        {after or "pass"}
        return None if self.first else {d_x}
"""


def by_windows(step: str, cut: str = "[:, :, pad_h : pad_h + H, pad_w : pad_w + width]") -> str:
    """Source of a `Conv` whose backward finds d_x window by window."""
    return f"""
class Conv(Conv):
    def backward(self, d_out):
        super().backward(d_out)
        if self.first:
            return None
        (N, C, H, width), (F, _, R, S) = self.x_shape, self.W.shape
        (down, right), (pad_h, pad_w) = pair(self.stride), pair(self.pad)
        d_x = np.zeros((N, C, H + 2 * pad_h, width + 2 * pad_w))
        for i in range(d_out.shape[2]):
            for j in range(d_out.shape[3]):
                p, q = i * down, j * right
                error = d_out[:, :, i, j]
                {step}
        return d_x{cut}
"""


def turned(
    filters: str = "W.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]",
    spread: str = "::down, ::right",
    frame: str = "R - 1, S - 1",
    cut: str = "[:, :, pad_h : pad_h + x_shape[2], pad_w : pad_w + x_shape[3]]",
    size: str = "(OH - 1) * down + 1, (OW - 1) * right + 1",
) -> str:
    """Source of `input_gradient_by_convolution`."""
    return f"""
def input_gradient_by_convolution(d_out, W, x_shape, stride=1, pad=0):
    (N, F, OH, OW), (_, C, R, S) = d_out.shape, W.shape
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    spread = np.zeros((N, F, {size}))
    spread[:, :, {spread}] = d_out
    filters = {filters}
    d_padded = convolve_naive(spread, filters, np.zeros(len(filters)), pad=({frame}))
    return d_padded{cut}
"""


REFUSE = "if window < 1 or stride < 1 or pad < 0 or room < 0 or room % stride:"


def size(places: str = "room // stride + 1", room: str = "size - window + 2 * pad", refuse: str = REFUSE):
    """Source of `output_size`."""
    return f"""
def output_size(size, window, stride=1, pad=0):
    room = {room}
    {refuse}
        raise ValueError(f"a window of {{window}} does not fit {{size}} pixels")
    return {places}
"""


ADD = "y[n, f, i, j] = np.sum(window * W[f]) + b[f]"
SQUARE_ONLY = """
    down, pad_h = pair(stride)[0], pair(pad)[0]
    right, pad_w = down, pad_h
    OH, OW = output_size(H, R, down, pad_h), output_size(width, S, right, pad_w)
"""

MISCONCEPTIONS = (
    # ---- output_size
    Misconception(
        name="the + 1 is missing from the number of places",
        check="conv_output_size",
        hint="Take 7 pixels and a window of 7. There is no room to move: how many places is that?",
        source=size(places="room // stride"),
    ),
    Misconception(
        name="the padding is counted at one end only",
        check="conv_output_size",
        hint="Draw 5 pixels with P = 2. How long is the row with its zeros, on both sides?",
        source=size(room="size - window + pad"),
    ),
    Misconception(
        name="the 1 is added before the division by the stride",
        check="conv_output_size",
        hint="Compare the brackets with (57), and count by hand: 227 pixels, a window of 11, stride 4.",
        source="def output_size(size, window, stride=1, pad=0):\n"
        "    return (size - window + 2 * pad + 1) // stride",
    ),
    Misconception(
        name="the number of places is a float",
        check="conv_output_size",
        hint="Try np.zeros((2, output_size(28, 5))). Which of Python's two divisions gives a whole number?",
        source=size(places="room / stride + 1"),
    ),
    Misconception(
        name="the window is forgotten in the number of places: size / stride",
        check="conv_output_size",
        hint="A window needs room for itself. In 28 pixels, where does a window of 5 stand when it stands last?",
        source="def output_size(size, window, stride=1, pad=0):\n    return (size + 2 * pad) // stride",
    ),
    Misconception(
        name="what is left over is silently dropped: the number of places is rounded down",
        check="conv_does_not_fit",
        hint="28 pixels, a window of 5, stride 2: print the number of places before you round it. "
        "Which pixels does no window see, and who will notice?",
        source="def output_size(size, window, stride=1, pad=0):\n"
        "    return (size - window + 2 * pad) // stride + 1",
    ),
    Misconception(
        name="the number of places is rounded up, and the last window hangs over the edge",
        check="conv_does_not_fit",
        hint="28 pixels, a window of 5, stride 2: where does your last window begin, and where does it end?",
        source="def output_size(size, window, stride=1, pad=0):\n"
        "    return int(np.ceil((size - window + 2 * pad) / stride)) + 1",
    ),
    Misconception(
        name="a size that does not fit is an AssertionError, not a ValueError",
        check="conv_does_not_fit",
        hint="assert is for what cannot be; a caller's wrong size can. Which error does the docstring promise?",
        source="def output_size(size, window, stride=1, pad=0):\n"
        "    assert (size - window + 2 * pad) % stride == 0, f'{size} does not fit'\n"
        "    return (size - window + 2 * pad) // stride + 1",
    ),
    Misconception(
        name="the misfit is printed, and no error is raised",
        check="conv_does_not_fit",
        hint="After a print the program goes on. What does it go on with? An error has to be raised.",
        source="def output_size(size, window, stride=1, pad=0):\n"
        "    if (size - window + 2 * pad) % stride != 0:\n"
        "        print(f'{size} pixels do not fit')\n"
        "    else:\n"
        "        return (size - window + 2 * pad) // stride + 1",
    ),
    Misconception(
        name="only the remainder is looked at: a window larger than the image gets through",
        check="conv_does_not_fit",
        hint="Call output_size(3, 5). Nothing is left over, and yet: how many places did you get?",
        source=size(refuse="if window < 1 or stride < 1 or pad < 0 or room % stride:"),
    ),
    Misconception(
        name="an empty window, a stride of 0 or a negative padding gets through",
        check="conv_does_not_fit",
        hint="Read what the docstring says about window, stride and pad themselves, and try each of them at its limit.",
        source=size(refuse="if room < 0 or room % stride:"),
    ),
    # ---- convolve_naive
    Misconception(
        name="convolve_naive turns the filter by 180°: the mathematicians' convolution",
        check="conv_naive",
        hint="In (56) both indices run forward together: weight (0, 0) meets which pixel of the window?",
        source=naive("y[n, f, i, j] = np.sum(window * W[f, :, ::-1, ::-1]) + b[f]"),
    ),
    Misconception(
        name="convolve_naive forgets the bias",
        check="conv_naive",
        hint="Call it with a filter of zeros. What should every number of the result be, by (56)?",
        source=naive("y[n, f, i, j] = np.sum(window * W[f])"),
    ),
    Misconception(
        name="convolve_naive adds the bias once for every weight of the filter",
        check="conv_naive",
        hint="Call it with a filter of zeros and b = 1. In (56), does b stand before the sums or inside?",
        source=naive("y[n, f, i, j] = np.sum(window * W[f] + b[f])"),
    ),
    Misconception(
        name="convolve_naive adds the bias once for every channel",
        check="conv_naive",
        hint="Call it with a filter of zeros, b = 1 and three channels. How many biases has a filter?",
        source=naive(
            "for c in range(C):\n                        y[n, f, i, j] += np.sum(window[c] * W[f, c]) + b[f]"
        ),
    ),
    Misconception(
        name="convolve_naive uses the first channel only",
        check="conv_naive",
        hint="Give it an image whose channel 0 is black and whose channel 1 is not. Which sum of (56) is missing?",
        source=naive("y[n, f, i, j] = np.sum(window[0] * W[f, 0]) + b[f]"),
    ),
    Misconception(
        name="convolve_naive keeps the last channel only: each channel overwrites the one before",
        check="conv_naive",
        hint="Print y[0, 0, 0, 0] after each round of the loop over the channels. Is the sum still growing?",
        source=naive(
            "for c in range(C):\n                        y[n, f, i, j] = np.sum(window[c] * W[f, c]) + b[f]"
        ),
    ),
    Misconception(
        name="convolve_naive lays the filter's first channel on all channels of the image",
        check="conv_naive",
        hint="Print W[f].shape. A filter has its own weights for every channel; which of them do you use?",
        source=naive("y[n, f, i, j] = np.sum(window * W[f, 0]) + b[f]"),
    ),
    Misconception(
        name="convolve_naive takes the mean of the channels instead of their sum",
        check="conv_naive",
        hint="All three sums of (56) are plain sums. With an image of ones and a filter of ones, what is y?",
        source=naive("y[n, f, i, j] = np.sum(window * W[f]) / C + b[f]"),
    ),
    Misconception(
        name="convolve_naive moves by one pixel whatever the stride: the window starts at (i, j)",
        check="conv_naive",
        hint="With stride 2, at which row of the padded image does the window of place i = 3 start?",
        source=naive(ADD, corner="i, j"),
    ),
    Misconception(
        name="convolve_naive swaps the vertical and the horizontal stride",
        check="conv_naive",
        hint="A pair is (vertical, horizontal). Which of the two moves the window down the rows?",
        source=naive(ADD, moves=MOVES.replace("(down, right)", "(right, down)")),
    ),
    Misconception(
        name="convolve_naive swaps the vertical and the horizontal padding",
        check="conv_naive",
        hint="A pair is (vertical, horizontal). Print the image's shape after padding with (2, 1): which axis grew by 4?",
        source=naive(ADD, moves=MOVES.replace("(pad_h, pad_w)", "(pad_w, pad_h)")),
    ),
    Misconception(
        name="convolve_naive takes the first number of a pair for both axes",
        check="conv_naive",
        hint="Stride and padding may differ from axis to axis. What do you do with the second number of the pair?",
        source=naive(ADD, moves=SQUARE_ONLY),
    ),
    Misconception(
        name="convolve_naive never pads the image, only the number of places knows of the padding",
        check="conv_naive",
        hint="Print window.shape at every place. Where the window hangs over the edge, who puts the zeros there?",
        source=naive(ADD, padded="0, 0"),
    ),
    Misconception(
        name="convolve_naive counts the places along the width by the height",
        check="conv_naive",
        hint="Images need not be square. Which size belongs to OH, and which to OW?",
        source="""
def convolve_naive(x, W, b, stride=1, pad=0):
    (N, C, H, _), (F, _, R, S) = x.shape, W.shape
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    OH, OW = output_size(H, R, down, pad_h), output_size(H, S, right, pad_w)
    x = np.pad(x, ((0, 0), (0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    y = np.zeros((N, F, OH, OW))
    for n, f, i, j, c, r, s in np.ndindex(N, F, OH, OW, C, R, S):
        y[n, f, i, j] += x[n, c, i * down + r, j * right + s] * W[f, c, r, s]
    return y + b.reshape(F, 1, 1)
""",
    ),
    # ---- im2col
    Misconception(
        name="the windows are the rows of X, not its columns",
        check="conv_im2col",
        hint="(60) is W X with W of shape F x (C R S). Which side of X must have the length C R S?",
        source=columns(axes="0, 4, 5, 1, 2, 3", order="N * OH * OW, C * R * S"),
    ),
    Misconception(
        name="the rows of X go pixel by pixel, with the channels innermost",
        check="conv_im2col",
        hint="Print np.arange(12).reshape(1, 3, 2, 2).reshape(1, -1): in which order does W.reshape(F, -1) "
        "count channels and pixels?",
        source=columns(axes="2, 3, 1, 4, 5, 0"),
    ),
    Misconception(
        name="im2col ignores the stride and takes the windows next to each other",
        check="conv_im2col",
        hint="Look at the columns of an image of np.arange with stride 2: by how much do neighbouring windows differ?",
        source=columns(seen="r : r + OH, s : s + OW"),
    ),
    Misconception(
        name="im2col swaps the vertical and the horizontal padding",
        check="conv_im2col",
        hint="A pair is (vertical, horizontal). Which axis of the image gets the first number?",
        source=columns(
            padded="pad_w, pad_h", seen="r : r + OH * down : down, s : s + OW * right : right"
        ).replace(
            "output_size(H, R, down, pad_h), output_size(width, S, right, pad_w)",
            "output_size(H, R, down, pad_w), output_size(width, S, right, pad_h)",
        ),
    ),
    Misconception(
        name="the images are reshaped, not transposed: the columns mix pixels of different images",
        check="conv_im2col",
        hint="Number the pixels of two images with np.arange and print X. A reshape never moves a number; "
        "what do you need to bring axes into another order?",
        source=columns(axes="0, 1, 2, 3, 4, 5"),
    ),
    # ---- col2im
    Misconception(
        name="col2im overwrites where windows overlap instead of adding",
        check="conv_col2im",
        hint="Apply your col2im to ones. The middle pixel of 3 x 3 lies in four windows of 2 x 2: what should stand there?",
        source=images(operator="="),
    ),
    Misconception(
        name="col2im adds only once where an index comes twice: x[indices] += numbers",
        check="conv_col2im",
        hint="Try a = np.zeros(2); a[[0, 0, 0]] += 1; print(a). Is that what you expected? "
        "See the handout's warning in section 4.",
        source="""
def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = shape, pair(window)"""
        + MOVES
        + """
    x = np.zeros((C, H + 2 * pad_h, width + 2 * pad_w, N))
    c, r, s, i, j = np.meshgrid(*map(np.arange, (C, R, S, OH, OW)), indexing="ij")
    x[c, i * down + r, j * right + s] += columns.reshape(C, R, S, OH, OW, N)
    return x[:, pad_h : pad_h + H, pad_w : pad_w + width].transpose(3, 0, 1, 2)
""",
    ),
    Misconception(
        name="col2im takes the mean of a pixel's entries, as the inverse of im2col would",
        check="conv_col2im",
        hint="It is the transpose of im2col, not its inverse. A pixel that influences the loss through four windows: "
        "are its four parts added or averaged?",
        source="""
reference_col2im = col2im
def col2im(columns, shape, window, stride=1, pad=0):
    count = reference_col2im(np.ones(columns.shape), shape, window, stride, pad)
    return reference_col2im(columns, shape, window, stride, pad) / np.maximum(count, 1)
""",
    ),
    Misconception(
        name="col2im reads the columns in another order than im2col wrote them",
        check="conv_col2im",
        hint="Number the columns with np.arange. Which place of which image has number 1 in im2col, and which in col2im?",
        source=images(given="columns.reshape(C, R, S, N, OH, OW).transpose(3, 0, 1, 2, 4, 5)"),
    ),
    # ---- Conv.forward
    Misconception(
        name="Conv.forward turns the filter by 180°: the mathematicians' convolution",
        check="conv_forward",
        hint="In (56) weight (0, 0) meets the upper left pixel of the window. Compare with your convolve_naive.",
        source=forward(y="self.W[:, :, ::-1, ::-1].reshape(F, -1) @ self.X + self.b.reshape(F, 1)"),
    ),
    Misconception(
        name="Conv.forward forgets the bias",
        check="conv_forward",
        hint="Give the layer a W of zeros and a b of ones. What should come out by (60)?",
        source=forward(y="self.W.reshape(F, -1) @ self.X"),
    ),
    Misconception(
        name="Conv.forward adds bias number i to row i of the picture instead of to filter f",
        check="conv_forward",
        hint="Print self.b[:, np.newaxis].shape and y.shape, and line them up from the right as NumPy does. "
        "Which axis of y meets the biases?",
        source=forward(
            y="self.W.reshape(F, -1) @ self.X",
            result="y.reshape(F, OH, OW, len(x)).transpose(3, 0, 1, 2) + self.b[:, np.newaxis]",
        ),
    ),
    Misconception(
        name="the product is reshaped to (N, F, OH, OW), but its axes were never put in that order",
        check="conv_forward",
        hint="The rows of W X are filters, so its first axis is F. A reshape never moves a number: which axes does "
        "the product have, from the slowest to the fastest?",
        source=forward(result="y.reshape(len(x), F, OH, OW)"),
    ),
    Misconception(
        name="Conv.forward returns the batch as the last axis",
        check="conv_forward",
        hint="How the numbers lie in memory is your business, but the shape is (N, F, OH, OW). What does batch_first do?",
        source=forward(result="y.reshape(F, OH, OW, len(x))"),
    ),
    Misconception(
        name="rows and columns of the output change places",
        check="conv_forward",
        hint="Feed an image that is wider than high. Is the result wider than high, too?",
        source=forward(result="y.reshape(F, OH, OW, len(x)).transpose(3, 0, 2, 1)"),
    ),
    Misconception(
        name="Conv.forward counts the places along the width by the height",
        check="conv_forward",
        hint="Images need not be square. Print x.shape: which axis is the height, and which the width?",
        source=forward(width="x.shape[2]"),
    ),
    Misconception(
        name="Conv takes the first number of a pair for both axes",
        check="conv_forward",
        hint="Stride and padding may differ from axis to axis: (1, 2) moves by one row, but by two columns. "
        "Where does your layer use the second number?",
        source="""
class Conv(Conv):
    def __init__(self, W, b, stride=1, pad=0, first=False):
        super().__init__(W, b, pair(stride)[0], pair(pad)[0], first)
""",
    ),
    Misconception(
        name="Conv.forward ignores the stride",
        check="conv_forward",
        hint="Print the shape of the output with stride 1 and with stride 2. Who in forward knows of self.stride?",
        source=forward(before="self.stride = 1"),
    ),
    Misconception(
        name="Conv.forward ignores the padding",
        check="conv_forward",
        hint="With a window of 3 and P = 1 the picture keeps its size. Does yours? Who in forward knows of self.pad?",
        source=forward(before="self.pad = 0"),
    ),
    Misconception(
        name="an image of odd size is cut to a multiple of the stride",
        check="conv_forward",
        hint="Whether a window fits is decided by (57), with window and padding. Does 5 fit a window of 3 with stride 2? "
        "And after your cut?",
        source=forward(
            before="x = x[:, :, : x.shape[2] // pair(self.stride)[0] * pair(self.stride)[0], "
            ": x.shape[3] // pair(self.stride)[1] * pair(self.stride)[1]]"
        ),
    ),
    # ---- Conv.backward, d_x
    Misconception(
        name="in d_x the last window overwrites what the earlier windows gave",
        check="conv_backward_x",
        hint="Put d_out = 1 everywhere and a filter of ones. A pixel in the middle lies in R·S windows: what is its gradient?",
        source=by_windows(
            "d_x[:, :, p : p + R, q : q + S] = np.einsum('nf,fcrs->ncrs', error, self.W)",
        ),
    ),
    Misconception(
        name="only the centre of the filter passes the gradient back",
        check="conv_backward_x",
        hint="Set one number of d_out to 1 and all others to 0. How many pixels did that output see, and how many "
        "of them get a gradient from you?",
        source=by_windows("d_x[:, :, p + R // 2, q + S // 2] += error @ self.W[:, :, R // 2, S // 2]"),
    ),
    Misconception(
        name="d_x is scattered with filters turned by 180°",
        check="conv_backward_x",
        hint="The turned filter belongs to the way of section 6, which gathers. Which weight multiplied the upper left "
        "pixel of a window in forward, and which one in your backward?",
        source=by_windows(
            "d_x[:, :, p : p + R, q : q + S] += np.einsum('nf,fcrs->ncrs', error, self.W[:, :, ::-1, ::-1])",
        ),
    ),
    Misconception(
        name="backward ignores the stride: neighbouring errors go to neighbouring pixels",
        check="conv_backward_x",
        hint="With stride 2 the output at i = 1 looked at the rows from 2 on. Where does your backward put its gradient?",
        source=images(seen="r : r + OH, s : s + OW"),
    ),
    Misconception(
        name="the padding is not cut off from d_x",
        check="conv_backward_x",
        hint="Print d_x.shape and x.shape with P = 1. Whose gradient are the outermost rows and columns?",
        source=images(cut=""),
    ),
    Misconception(
        name="one row and one column are cut off every side of d_x, whatever the padding",
        check="conv_backward_x",
        hint="Print d_x.shape for P = 0, 1 and 2. Where does your cut ask for the padding?",
        source=images(cut="[:, :, 1:-1, 1:-1]"),
    ),
    Misconception(
        name="whenever there is padding, one row and one column are cut off every side of d_x",
        check="conv_backward_x",
        hint="With P = 1 it is right. Try P = 2, and a pair with two different paddings.",
        source=images(cut=" if not (pad_h or pad_w) else x[:, :, 1:-1, 1:-1]"),
    ),
    Misconception(
        name="the padding is cut off with [P:-P], which leaves nothing when P is 0",
        check="conv_backward_x",
        hint="Print np.arange(5)[0:-0]. What does -0 count from? Where does the image end when you count from the front?",
        source=images(cut="[:, :, pad_h:-pad_h, pad_w:-pad_w]"),
    ),
    Misconception(
        name="the padding is cut off at one end of d_x only",
        check="conv_backward_x",
        hint="The zeros stood at both ends. Which rows of the padded image are row 0 and row H - 1 of x?",
        source=images(cut="[:, :, :H, :width]"),
    ),
    Misconception(
        name="backward rebuilds the image with OH times the stride rows",
        check="conv_backward_x",
        hint="Six rows and a window of three give four places. Can the size of the image be computed from the places "
        "and the stride alone?",
        source=images(size="OH * down, OW * right"),
    ),
    Misconception(
        name="backward returns the gradient of the columns: col2im is missing",
        check="conv_backward_x",
        hint="d_x has the shape of x. Print what you return: whose gradient has that shape, and what is left to do in (62)?",
        source=backward(d_x="self.W.reshape(F, -1).T @ d_y"),
    ),
    Misconception(
        name="d_x is divided by the batch size",
        check="conv_backward_x",
        hint="The mean over the batch is taken once, where the loss is. Is it already in d_out?",
        source=backward(d_x=D_X + " / len(d_out)"),
    ),
    # ---- Conv.backward, d_W
    Misconception(
        name="d_out is reshaped to (F, …) without bringing the filters to the front",
        check="conv_backward_W",
        hint="d_out is (N, F, OH, OW): reshape alone makes its first numbers the row of filter 0, although they are "
        "image 0's. Which axis has to come first, and where does the batch stand in X?",
        source=backward(d_y="d_out.reshape(F, -1)"),
    ),
    Misconception(
        name="d_W is divided by the batch size",
        check="conv_backward_W",
        hint="The mean over the batch is taken once, where the loss is. (61) has no factor: is it already in d_out?",
        source=backward(d_W=D_W + " / len(d_out)"),
    ),
    Misconception(
        name="d_W is divided by the number of places",
        check="conv_backward_W",
        hint="A weight is used at every place. Move it by ε: by how much does the sum of one output picture change?",
        source=backward(d_W=D_W + " / (d_out.shape[2] * d_out.shape[3])"),
    ),
    Misconception(
        name="d_W stays a matrix and does not get the shape of W",
        check="conv_backward_W",
        hint="The update subtracts d_W from W. Print both shapes.",
        source=backward(d_W="d_y @ self.X.T"),
    ),
    Misconception(
        name="d_W is turned by 180°",
        check="conv_backward_W",
        hint="Only the way to d_x of section 6 turns filters. Which pixel of the window did weight (0, 0) meet in forward?",
        source=backward(d_W=D_W + "[:, :, ::-1, ::-1]"),
    ),
    Misconception(
        name="d_W is that of the last image: each image overwrites the one before",
        check="conv_backward_W",
        hint="Call backward with two images, then with each of them alone. How should the three gradients be related?",
        source=backward(
            after="X = self.X.reshape(len(self.X), -1, len(d_out))\n"
            "        for n in range(len(d_out)):\n"
            "            self.d_W = (d_out[n].reshape(F, -1) @ X[:, :, n].T).reshape(self.W.shape)"
        ),
    ),
    Misconception(
        name="d_W ignores the stride: the errors meet the pixels side by side",
        check="conv_backward_W",
        hint="With stride 2, which pixel did weight (r, s) meet at the place (1, 1)? Which one do you multiply d_out[1, 1] by?",
        source="""
class Conv(Conv):
    def forward(self, x):
        self.x = x
        return super().forward(x)
    def backward(self, d_out):
        d_x = super().backward(d_out)
        (F, C, R, S), (OH, OW), (h, w) = self.W.shape, d_out.shape[2:], pair(self.pad)
        x = np.pad(self.x, ((0, 0), (0, 0), (h, h), (w, w)))
        for r in range(R):
            for s in range(S):
                self.d_W[:, :, r, s] = np.einsum("nfij,ncij->fc", d_out, x[:, :, r : r + OH, s : s + OW])
        return d_x
""",
    ),
    # ---- Conv.backward, d_b
    Misconception(
        name="d_b is one number for all filters",
        check="conv_backward_b",
        hint="b has F numbers, and each moves one filter's picture only. Over which axes of d_out is the sum, "
        "and which axis stays?",
        source=backward(d_b="d_out.sum()"),
    ),
    Misconception(
        name="d_b is a mean instead of a sum",
        check="conv_backward_b",
        hint="Move b_f by ε: every number of picture f moves by ε, and the loss by the sum of their gradients. "
        "Where would a division come from?",
        source=backward(d_b="d_out.mean(axis=(0, 2, 3))"),
    ),
    Misconception(
        name="d_b is divided by the batch size",
        check="conv_backward_b",
        hint="The mean over the batch is taken once, where the loss is. Is it already in d_out?",
        source=backward(d_b="d_out.sum(axis=(0, 2, 3)) / len(d_out)"),
    ),
    Misconception(
        name="d_b is summed over the batch only, as in an affine layer",
        check="conv_backward_b",
        hint="Print d_b.shape and b.shape. One bias serves at all places of the picture: which sums are missing?",
        source=backward(d_b="d_out.sum(axis=0)"),
    ),
    Misconception(
        name="d_b is summed over the places, but not over the batch",
        check="conv_backward_b",
        hint="Print d_b.shape and b.shape. The bias is the same for every image of the batch.",
        source=backward(d_b="d_out.sum(axis=(2, 3))"),
    ),
    Misconception(
        name="d_b is summed over the filters, and one is left for every image",
        check="conv_backward_b",
        hint="Print d_b.shape and b.shape. Which axis of d_out belongs to the filters: is it summed, or does it stay?",
        source=backward(d_b="d_out.sum(axis=(1, 2, 3))"),
    ),
    # ---- Conv, the rest
    Misconception(
        name="W and b are taken over once, when the layer is made",
        check="conv_layer_state",
        hint="Training replaces self.W. Set layer.W to zeros after the layer was made: does forward notice?",
        source="""
class Conv(Conv):
    def __init__(self, W, b, stride=1, pad=0, first=False):
        super().__init__(W, b, stride, pad, first)
        self.rows, self.column = W.reshape(len(W), -1).copy(), b.reshape(-1, 1).copy()
"""
        + forward(y="self.rows @ self.X + self.column"),
    ),
    Misconception(
        name="the gradients add up from step to step: backward never starts them anew",
        check="conv_layer_state",
        hint="Call backward twice with the same d_out and print d_b each time. Who sets it back to zero?",
        source="""
class Conv(Conv):
    def __init__(self, W, b, stride=1, pad=0, first=False):
        super().__init__(W, b, stride, pad, first)
        self.sum_W, self.sum_b = np.zeros(W.shape), np.zeros(b.shape)
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.sum_W += self.d_W
        self.sum_b += self.d_b
        self.d_W, self.d_b = self.sum_W, self.sum_b
        return d_x
""",
    ),
    Misconception(
        name="forward keeps its columns in a global variable, which all layers share",
        check="conv_layer_state",
        hint="A network has several layers, and all go forward before the first goes backward. Whose columns are "
        "still there then?",
        source="""
class Conv(Conv):
    def forward(self, x):
        global X, x_shape
        y = super().forward(x)
        X, x_shape = self.X, self.x_shape
        return y
    def backward(self, d_out):
        self.X, self.x_shape = X, x_shape
        return super().backward(d_out)
""",
    ),
    Misconception(
        name="a first layer computes no gradients at all",
        check="conv_layer_state",
        hint="first=True says that nothing comes before this layer. Which of the three gradients is for what comes before?",
        source="""
class Conv(Conv):
    def __init__(self, W, b, stride=1, pad=0, first=False):
        super().__init__(W, b, stride, pad, first)
        self.d_W = self.d_b = None
    def backward(self, d_out):
        if self.first:
            return None
        return super().backward(d_out)
""",
    ),
    Misconception(
        name="Conv.forward counts places for itself and rounds down when the filter does not fit",
        check="conv_refuses",
        hint="Who knows what fits? Let output_size count the places, and its ValueError comes for free.",
        source="""
class Conv(Conv):
    def forward(self, x):
        (down, right), (h, w) = pair(self.stride), pair(self.pad)
        x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)))
        _, _, R, S = self.W.shape
        seen = np.lib.stride_tricks.sliding_window_view(x, (R, S), axis=(2, 3))[:, :, ::down, ::right]
        self.X = seen.transpose(1, 4, 5, 2, 3, 0).reshape(self.W[0].size, -1)
        self.x_shape = (*x.shape[:2], x.shape[2] - 2 * h, x.shape[3] - 2 * w)
        return np.einsum("ncijrs,fcrs->nfij", seen, self.W) + self.b.reshape(-1, 1, 1)
""",
    ),
    Misconception(
        name="the sum runs over the image's channels: a filter made for more of them goes unnoticed",
        check="conv_refuses",
        hint="Feed two channels to filters for three. The third channel's weights are simply not used: "
        "who should tell the caller?",
        source="""
class Conv(Conv):
    def forward(self, x):
        F, C, R, S = self.W.shape
        self.x_shape, y = x.shape, 0
        self.X = im2col(x, (R, S), self.stride, self.pad)
        for c in range(x.shape[1]):
            y = y + self.W[:, c].reshape(F, -1) @ im2col(x[:, c : c + 1], (R, S), self.stride, self.pad)
        OH = output_size(x.shape[2], R, pair(self.stride)[0], pair(self.pad)[0])
        return (y + self.b.reshape(F, 1)).reshape(F, OH, -1, len(x)).transpose(3, 0, 1, 2)
""",
    ),
    Misconception(
        name="backward divides d_out itself by the batch size",
        check="conv_arguments",
        hint="d_out belongs to the caller, and /= writes into it. And: is the mean over the batch not already in it?",
        source="""
class Conv(Conv):
    def backward(self, d_out):
        d_out /= len(d_out)
        return super().backward(d_out)
""",
    ),
    Misconception(
        name="forward adds a bias or a mean to x itself",
        check="conv_arguments",
        hint="x belongs to the layer before, which needs it unchanged for its own backward. Which line writes into it?",
        source="""
class Conv(Conv):
    def forward(self, x):
        x -= x.mean()
        return super().forward(x)
""",
    ),
    Misconception(
        name="backward changes W and b itself",
        check="conv_arguments",
        hint="backward finds the gradients; the optimizer makes the step. Print layer.W before and after backward.",
        source="""
class Conv(Conv):
    def backward(self, d_out):
        d_x = super().backward(d_out)
        self.W -= 0.1 * self.d_W
        self.b -= 0.1 * self.d_b
        return d_x
""",
    ),
    Misconception(
        name="forward turns self.W into a matrix for good",
        check="conv_arguments",
        hint="Print layer.W.shape before and after forward. What will the second forward, and the optimizer, find?",
        source="""
class Conv(Conv):
    def forward(self, x):
        if self.W.ndim == 4:
            self.filters = self.W.shape
        self.W = self.W.reshape(self.filters)
        y = super().forward(x)
        self.W = self.W.reshape(len(self.W), -1)
        return y
    def backward(self, d_out):
        matrix, self.W = self.W, self.W.reshape(self.filters)
        d_x = super().backward(d_out)
        self.W = matrix
        return d_x
""",
    ),
    # ---- input_gradient_by_convolution
    Misconception(
        name="the filters are not turned in the error's convolution",
        check="conv_flipped",
        hint="Weight (0, 0) met the upper left pixel. Seen from that pixel, in which corner of its errors does "
        "that window's error lie?",
        source=turned(filters="W.transpose(1, 0, 2, 3)"),
    ),
    Misconception(
        name="the filters are turned upside down, but not left to right",
        check="conv_flipped",
        hint="p - r has a minus sign, and q - s has one, too. How many axes of the filter does that reverse?",
        source=turned(filters="W.transpose(1, 0, 2, 3)[:, :, ::-1]"),
    ),
    Misconception(
        name="the filters are turned along all axes, so that channels and filters run backward, too",
        check="conv_flipped",
        hint="Print what W.T does to a shape (F, C, R, S), or W[::-1, ::-1, …]. The minus signs are at r and s only.",
        source=turned(filters="W.transpose(1, 0, 2, 3)[::-1, ::-1, ::-1, ::-1]"),
    ),
    Misconception(
        name="filters and channels do not change places in the error's convolution",
        check="conv_flipped",
        hint="The errors have F channels, the result has C. Print the shape of your turned filters: which axis does "
        "the sum run over?",
        source=turned(filters="W[:, :, ::-1, ::-1]").replace(
            "np.zeros(len(filters))", "np.zeros(len(filters))"
        ),
    ),
    Misconception(
        name="there are no zeros between the errors when the stride is not 1",
        check="conv_flipped",
        hint="With stride 2 the filter skipped every second place. Which error belongs to a place that was skipped?",
        source=turned(
            spread=":OH, :OW",
            size="x_shape[2] - R + 1 + 2 * pad_h, x_shape[3] - S + 1 + 2 * pad_w",
        ),
    ),
    Misconception(
        name="the frame around the errors is one zero wide, whatever the filter's size",
        check="conv_flipped",
        hint="For a window of 3 a frame of 1 is not enough either: how far out does the filter reach when only its "
        "corner lies on the corner pixel?",
        source=turned(frame="1, 1"),
    ),
    Misconception(
        name="there is no frame of zeros around the errors",
        check="conv_flipped",
        hint="Print the shape of the result and of x. The corner pixel was seen by one weight only: how must the "
        "turned filter lie to give that?",
        source=turned(frame="0, 0"),
    ),
    Misconception(
        name="the padding of the forward pass is not cut off in the end",
        check="conv_flipped",
        hint="Print the shape of the result and x_shape with P = 1. Which rows and columns were never pixels?",
        source=turned(cut=""),
    ),
    # ---- parameters
    Misconception(
        name="the biases are not counted",
        check="conv_parameters",
        hint="AlexNet's first layer has 34 944. What do you get, and by how much do you miss it?",
        source="def count_parameters(F, C, R, S): return F * C * R * S",
    ),
    Misconception(
        name="one bias is counted for the whole layer",
        check="conv_parameters",
        hint="How many numbers does b have? Compare the brackets with (58).",
        source="def count_parameters(F, C, R, S): return F * C * R * S + 1",
    ),
    Misconception(
        name="a filter is counted as if it had one channel",
        check="conv_parameters",
        hint="Print W.size for a W of shape (96, 3, 11, 11). Does a filter use the same weights for all colors?",
        source="def count_parameters(F, C, R, S): return F * (R * S + 1)",
    ),
    Misconception(
        name="a bias is counted for every channel of a filter",
        check="conv_parameters",
        hint="How many numbers does b have? Count the biases in (56): on which indices does b depend?",
        source="def count_parameters(F, C, R, S): return F * C * (R * S + 1)",
    ),
    Misconception(
        name="without sharing the weights are counted for every place, but the biases are still shared",
        check="conv_parameters",
        hint="AlexNet's first layer without sharing: 3025 times 34 944. What is left when you subtract yours?",
        source="def count_parameters_unshared(F, C, R, S, OH, OW): return OH * OW * F * C * R * S + F",
    ),
    Misconception(
        name="without sharing no biases are counted",
        check="conv_parameters",
        hint="Every place has a filter of its own, and what belongs to a filter besides its weights?",
        source="def count_parameters_unshared(F, C, R, S, OH, OW): return OH * OW * F * C * R * S",
    ),
    Misconception(
        name="without sharing there is one set of weights for every place, not one for every filter and place",
        check="conv_parameters",
        hint="At each place all F filters are laid on. Compute AlexNet's 105 705 600 by hand, factor by factor.",
        source="def count_parameters_unshared(F, C, R, S, OH, OW): return OH * OW * (C * R * S + 1)",
    ),
)
