"""Known mistakes in pooling: windows, winners, means and roots, and the way from images to rows and back."""

from autograder.misconceptions import Misconception

LAYERS = ("MaxPool", "AvgPool", "L2Pool")
PLACE = "i * down : i * down + R, j * right : j * right + S"
VALUE = {
    "MaxPool": "p.max(axis=(2, 3))",
    "AvgPool": "p.mean(axis=(2, 3))",
    "L2Pool": "np.sqrt((p**2).mean(axis=(2, 3)))",
}
SHARE = {
    "MaxPool": "g * (p == y)",
    "AvgPool": "g / (R * S)",
    "L2Pool": "g * p / np.where(y == 0, 1, y) / (R * S)",
}


def loops(
    layer: str,
    *,
    value: str = "",
    share: str = "",
    operator: str = "+=",
    place: str = PLACE,
    back: str = PLACE,
    padding: str = "",
    stride: str = "self.window if stride is None else pair(stride)",
    moves: str = "self.window, self.stride",
    width: str = "W",
    result: str = "d_x[:, :, h : H - h, w : W - w]",
) -> str:
    """Source of a pooling layer that goes through the windows; right as long as nothing is given.

    Args:
        value: what a window with the pixels ``p`` gives.
        share: what its pixels get of its gradient ``g``; ``y`` is what it gave.
        place, back: where window (i, j) lies, forward and backward.
        padding: what stands around the image.
        width: what counts the places of a row.
        result: what backward returns.
    """
    return f"""
class {layer}:
    def __init__(self, window, stride=None, pad=0):
        self.window, self.pad = pair(window), pair(pad)
        self.stride = {stride}
    def forward(self, x):
        (N, C, H, W), (h, w), ((R, S), (down, right)) = x.shape, self.pad, ({moves})
        OH, OW = output_size(H, R, down, h), output_size({width}, S, right, w)
        edge = {padding or ("-np.inf" if layer == "MaxPool" else "0")}
        self.x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)), constant_values=edge)
        self.y = np.zeros((N, C, OH, OW))
        for i in range(OH):
            for j in range(OW):
                p = self.x[:, :, {place}]
                self.y[:, :, i, j] = {value or VALUE[layer]}
        return self.y.copy()
    def backward(self, d_out):
        (h, w), ((R, S), (down, right)), (H, W) = self.pad, ({moves}), self.x.shape[2:]
        d_x = np.zeros(self.x.shape)
        for i in range(d_out.shape[2]):
            for j in range(d_out.shape[3]):
                p = self.x[:, :, {back}]
                y, g = self.y[:, :, i, j, None, None], d_out[:, :, i, j, None, None]
                d_x[:, :, {back}] {operator} {share or SHARE[layer]}
        return {result}
"""


def by_number(step: str) -> str:
    """Source of a `MaxPool` that remembers for every window the number ``k`` of its largest pixel."""
    return f"""
class MaxPool(MaxPool):
    def forward(self, x):
        self.pixels = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in self.pad)), constant_values=-np.inf)
        return super().forward(x)
    def backward(self, d_out):
        d_x = np.zeros(self.pixels.shape)
        (R, S), (down, right) = self.window, self.stride
        for n, c, i, j in np.ndindex(*d_out.shape):
            window = self.pixels[n, c, {PLACE}]
            k = window.argmax()
            {step}
        (h, w), (H, W) = self.pad, d_x.shape[2:]
        return d_x[:, :, h : H - h, w : W - w]
"""


def enter(first: str) -> str:
    """Source of a `Pool.enter` that does without `output_size`, and begins with ``first``."""
    return f"""
def enter(self, x):
    {first}
    (N, C, H, W), (h, w) = x.shape, self.pad
    self.x_shape, self.padded_shape = x.shape, (C, H + 2 * h, W + 2 * w, N)
    padded = np.full(self.padded_shape, self.padding, x.dtype)
    padded[:, h : h + H, w : w + W] = x.transpose(1, 2, 3, 0)
    return padded
Pool.enter = enter
"""


def flatten(
    forward: str = "x.reshape(len(x), -1)",
    backward: str = "d_out.reshape(self.x_shape)",
    keep: str = "self.x_shape = x.shape",
) -> str:
    """Source of `Flatten`."""
    return f"""
class Flatten:
    def forward(self, x):
        {keep}
        return {forward}
    def backward(self, d_out):
        return {backward}
"""


MISCONCEPTIONS = (
    # ---- MaxPool.forward
    Misconception(
        name="the search for the maximum starts at 0, so that a window of negative pixels gives 0",
        check="pool_max_forward",
        hint="Pool a window with the pixels -3, -1, -2, -5. What is its largest, and what do you get?",
        source=loops("MaxPool", value="np.maximum(p.max(axis=(2, 3)), 0)"),
    ),
    Misconception(
        name="MaxPool pads with zeros, which win when all pixels are negative",
        check="pool_max_forward",
        hint="Pool an image of -1 with padding. Padding is not a pixel: which number never is the largest?",
        source=loops("MaxPool", padding="0"),
    ),
    Misconception(
        name="the maximum runs over the channels, too",
        check="pool_max_forward",
        hint="Every channel is pooled by itself. Which axes of a window (N, C, R, S) does your maximum run over?",
        source=loops("MaxPool", value="p.max(axis=(1, 2, 3))[:, None]"),
    ),
    Misconception(
        name="the maximum runs over all images and channels: np.max without an axis",
        check="pool_max_forward",
        hint="Print the shape of the maximum of one window. Each image and channel needs one of its own.",
        source=loops("MaxPool", value="p.max()"),
    ),
    Misconception(
        name="MaxPool takes the number with the largest amount and loses its sign",
        check="pool_max_forward",
        hint="Pool a window with the pixels -7 and 2. (63) compares the pixels themselves.",
        source=loops("MaxPool", value="abs(p).max(axis=(2, 3))"),
    ),
    Misconception(
        name="the stride is ignored: the windows are always tiles",
        check="pool_max_forward",
        hint="7 pixels, a window of 3, stride 2: where does the second window start? Print self.stride.",
        source=loops("MaxPool", stride="self.window"),
    ),
    Misconception(
        name="without a stride the window moves by one pixel, not by its own size",
        check="pool_max_forward",
        hint="Print MaxPool(2).stride. What does section 1 say about a stride that is absent?",
        source=loops("MaxPool", stride="pair(1 if stride is None else stride)"),
    ),
    Misconception(
        name="the window of place (i, j) starts at pixel (i, j), whatever the stride",
        check="pool_max_forward",
        hint="Tiles of 2: at which row does the window of place i = 1 start? Print the slice.",
        source=loops("MaxPool", place="i : i + R, j : j + S", back="i : i + R, j : j + S"),
    ),
    Misconception(
        name="the window's height and width change places",
        check="pool_max_forward",
        hint="A pair is (vertical, horizontal). A window (3, 2): how many rows has it?",
        source=loops("MaxPool", moves="self.window[::-1], self.stride"),
    ),
    Misconception(
        name="the vertical and the horizontal stride change places",
        check="pool_max_forward",
        hint="A pair is (vertical, horizontal). Which of the two numbers moves the window down?",
        source=loops("MaxPool", moves="self.window, self.stride[::-1]"),
    ),
    Misconception(
        name="the first number of a pair is taken for both axes",
        check="pool_max_forward",
        hint="A window (3, 2) is no square. Where does your layer use the second number?",
        source=loops("MaxPool", moves="(self.window[0], self.window[0]), (self.stride[0], self.stride[0])"),
    ),
    Misconception(
        name="the places along the width are counted by the height",
        check="pool_max_forward",
        hint="Images need not be square. Which size belongs to OH, and which to OW?",
        source=loops("MaxPool", width="H"),
    ),
    # ---- MaxPool.backward
    Misconception(
        name="every pixel of the window gets the gradient of its maximum",
        check="pool_max_backward",
        hint="Wiggle a pixel that is not the largest. Does y move?",
        source=loops("MaxPool", share="g + 0 * p"),
    ),
    Misconception(
        name="the gradient of the maximum is shared equally among all pixels, as in a mean",
        check="pool_max_backward",
        hint="Wiggle a pixel that is not the largest, then the one that is. How far does y move in each case?",
        source=loops("MaxPool", share="(g + 0 * p) / (R * S)"),
    ),
    Misconception(
        name="the largest pixel gets its gradient divided by the size of the window",
        check="pool_max_backward",
        hint="Wiggle the largest pixel by 0.01. By how much does y move? That factor is the slope in (64).",
        source=loops("MaxPool", share="g * (p == y) / (R * S)"),
    ),
    Misconception(
        name="where windows overlap, the last one overwrites the gradients of the others in MaxPool",
        check="pool_max_backward",
        hint="The handout's 9 wins four windows. What do you give it, and what do the windows give that it does not win?",
        source=loops("MaxPool", operator="="),
    ),
    Misconception(
        name="the first pixel of the window gets the gradient, whoever was the largest",
        check="pool_max_backward",
        hint="Pool the handout's example and print d_x. Does the -1 arrive at the 2? What has forward to remember?",
        source=loops("MaxPool", share="g * (np.arange(R * S).reshape(R, S) == 0)"),
    ),
    Misconception(
        name="the gradient is multiplied by the pixel",
        check="pool_max_backward",
        hint="y is the pixel itself, not a product with it. What is the slope of y = x?",
        source=loops("MaxPool", share="g * p * (p == y)"),
    ),
    Misconception(
        name="backward gives 1 to the largest pixel and forgets d_out",
        check="pool_max_backward",
        hint="(64) is only the slope of this layer. What does the chain rule multiply it by?",
        source=loops("MaxPool", share="1.0 * (p == y)"),
    ),
    Misconception(
        name="backward sends the maximum itself to its pixel, not the gradient",
        check="pool_max_backward",
        hint="Call backward with a d_out of zeros. What should come out?",
        source=loops("MaxPool", share="y * (p == y)"),
    ),
    Misconception(
        name="MaxPool.backward ignores the stride and puts the windows side by side",
        check="pool_max_backward",
        hint="Window 3, stride 2: where did forward find the pixels of the window at i = 1, and where does backward look?",
        source=loops("MaxPool", back="i * R : i * R + R, j * S : j * S + S"),
    ),
    Misconception(
        name="MaxPool.backward enlarges d_out to tiles, which is right only when the stride is the window",
        check="pool_max_backward",
        hint="Print the shapes of x and of what np.repeat makes of d_out, for 5 pixels, a window of 3 and stride 2.",
        source=loops(
            "MaxPool",
            result="d_out.repeat(R, axis=2).repeat(S, axis=3) * "
            "(self.x == self.y.repeat(R, axis=2).repeat(S, axis=3))",
        ),
    ),
    Misconception(
        name="the padding is not cut off from MaxPool's d_x",
        check="pool_max_backward",
        hint="Print d_x.shape and x.shape with a padding. Whose gradient are the outermost rows?",
        source=loops("MaxPool", result="d_x"),
    ),
    Misconception(
        name="the winner's number in its window is used as its number in the image",
        check="pool_max_backward",
        hint="argmax counts from the upper left corner of the window. Where in the image is that corner?",
        source=by_number("d_x[n, c].reshape(-1)[k] += d_out[n, c, i, j]"),
    ),
    Misconception(
        name="the winner's number is split into row and column by the window's height, not its width",
        check="pool_max_backward",
        hint="In a window of 3 rows and 2 columns, which row and column has pixel number 3? By which number do you divide?",
        source=by_number("d_x[n, c, i * down + k // R, j * right + k % R] += d_out[n, c, i, j]"),
    ),
    Misconception(
        name="of equal largest pixels none gets the gradient: the winner has to be strictly larger than all others",
        check="pool_max_ties",
        hint="In the background of a digit all four pixels are 0. Who gets the gradient of such a window in your backward?",
        source=loops("MaxPool", share="g * (p == y) * ((p == y).sum(axis=(2, 3), keepdims=True) == 1)"),
    ),
    Misconception(
        name="the gradient is multiplied by p / y, which is 0/0 in a window of zeros",
        check="pool_max_ties",
        hint="For the winner p / y is 1 anyway. What is it when the largest pixel is 0, as in every background?",
        source=loops("MaxPool", share="g * (p == y) * p / y"),
    ),
    # ---- AvgPool
    Misconception(
        name="AvgPool takes the sum and does not divide",
        check="pool_avg_forward",
        hint="Pool an image of ones. What is the mean of ones?",
        source=loops("AvgPool", value="p.sum(axis=(2, 3))"),
    ),
    Misconception(
        name="AvgPool divides by one side of the window only",
        check="pool_avg_forward",
        hint="Pool an image of ones. How many pixels has a window of R rows and S columns?",
        source=loops("AvgPool", value="p.sum(axis=(2, 3)) / R"),
    ),
    Misconception(
        name="AvgPool divides by 4 whatever the window",
        check="pool_avg_forward",
        hint="With windows of 2 it is right. Pool an image of ones with a window (3, 2).",
        source=loops("AvgPool", value="p.sum(axis=(2, 3)) / 4"),
    ),
    Misconception(
        name="AvgPool divides by the stride, not by the window",
        check="pool_avg_forward",
        hint="With tiles the two are the same. Pool an image of ones with a window of 3 and stride 2.",
        source=loops("AvgPool", value="p.sum(axis=(2, 3)) / (down * right)"),
    ),
    Misconception(
        name="the mean runs over the channels, too",
        check="pool_avg_forward",
        hint="Every channel is pooled by itself. Which axes of a window (N, C, R, S) does your mean run over?",
        source=loops("AvgPool", value="p.mean(axis=(1, 2, 3))[:, None]"),
    ),
    Misconception(
        name="AvgPool divides by the number of real pixels and leaves the padding out",
        check="pool_avg_forward",
        hint="Both ways are in use. Which one does the sentence below (65) ask for?",
        source=loops(
            "AvgPool",
            padding="np.nan",
            value="np.nanmean(p, axis=(2, 3))",
        ),
    ),
    Misconception(
        name="AvgPool.backward gives every pixel the whole gradient and does not divide",
        check="pool_avg_backward",
        hint="Raise one pixel of a window of four by 1. By how much does the mean rise?",
        source=loops("AvgPool", share="g"),
    ),
    Misconception(
        name="AvgPool.backward divides by 4 whatever the window",
        check="pool_avg_backward",
        hint="With windows of 2 it is right. What share has each of the six pixels of a window (3, 2)?",
        source=loops("AvgPool", share="g / 4"),
    ),
    Misconception(
        name="AvgPool.backward divides by one side of the window only",
        check="pool_avg_backward",
        hint="All shares of a window together are its gradient. Add yours up: how many pixels has a window?",
        source=loops("AvgPool", share="g / R"),
    ),
    Misconception(
        name="AvgPool.backward divides by the stride, not by the window",
        check="pool_avg_backward",
        hint="All shares of a window together are its gradient. Add yours up for a window of 3 with stride 2.",
        source=loops("AvgPool", share="g / (down * right)"),
    ),
    Misconception(
        name="AvgPool.backward divides by the number of windows",
        check="pool_avg_backward",
        hint="Whose mean is it? Count the pixels of one window, not the places of the image.",
        source=loops("AvgPool", share="g / (d_out.shape[2] * d_out.shape[3])"),
    ),
    Misconception(
        name="AvgPool.backward gives the gradient to the first pixel of the window only",
        check="pool_avg_backward",
        hint="All pixels of the window have a part in the mean. Wiggle the last one: does y move?",
        source=loops("AvgPool", share="g / (R * S) * (np.arange(R * S).reshape(R, S) == 0)"),
    ),
    Misconception(
        name="AvgPool.backward hands the gradient out in proportion to the pixels",
        check="pool_avg_backward",
        hint="Does the slope of a mean depend on how bright the pixel is? Raise a bright and a dark one by 1.",
        source=loops("AvgPool", share="g * p / (R * S)"),
    ),
    Misconception(
        name="where windows overlap, the last one overwrites the shares of the others in AvgPool",
        check="pool_avg_backward",
        hint="Put d_out = 1 everywhere, a window of 3 and stride 2. How much gets a pixel that lies in four windows?",
        source=loops("AvgPool", operator="="),
    ),
    Misconception(
        name="AvgPool.backward ignores the stride and puts the windows side by side",
        check="pool_avg_backward",
        hint="Window 3, stride 2: which pixels made the mean at i = 1, and which ones get its gradient?",
        source=loops("AvgPool", back="i * R : i * R + R, j * S : j * S + S"),
    ),
    Misconception(
        name="AvgPool.backward enlarges d_out to tiles, which is right only when the stride is the window",
        check="pool_avg_backward",
        hint="Print the shapes of x and of what np.repeat makes of d_out, for 5 pixels, a window of 3 and stride 2.",
        source=loops("AvgPool", result="d_out.repeat(R, axis=2).repeat(S, axis=3) / (R * S)"),
    ),
    Misconception(
        name="the padding is not cut off from AvgPool's d_x",
        check="pool_avg_backward",
        hint="Print d_x.shape and x.shape with a padding. Whose gradient are the outermost rows?",
        source=loops("AvgPool", result="d_x"),
    ),
    # ---- L2Pool
    Misconception(
        name="L2Pool takes the root of the sum of the squares, without 1/(RS)",
        check="pool_l2_forward",
        hint="Pool an image of ones: (66) gives 1, as the other two layers do. What do you get?",
        source=loops("L2Pool", value="np.sqrt((p**2).sum(axis=(2, 3)))"),
    ),
    Misconception(
        name="L2Pool divides by the size of the window after the root",
        check="pool_l2_forward",
        hint="By hand, the window 3, 4, 0, 0: the handout gets 2.5. Is 1/(RS) under the root in (66)?",
        source=loops("L2Pool", value="np.sqrt((p**2).sum(axis=(2, 3))) / (R * S)"),
    ),
    Misconception(
        name="L2Pool forgets the root",
        check="pool_l2_forward",
        hint="By hand, the window 3, 4, 0, 0: the handout gets 2.5. Pool an image of twos: what do you get?",
        source=loops("L2Pool", value="(p**2).mean(axis=(2, 3))"),
    ),
    Misconception(
        name="L2Pool squares the mean instead of averaging the squares",
        check="pool_l2_forward",
        hint="Pool a window with the pixels 1 and -1. In which order do mean and square stand in (66)?",
        source=loops("L2Pool", value="np.sqrt(p.mean(axis=(2, 3)) ** 2)"),
    ),
    Misconception(
        name="L2Pool averages the amounts of the pixels",
        check="pool_l2_forward",
        hint="The root of a sum is not the sum of the roots. Work out the window 3, 4, 0, 0 step by step.",
        source=loops("L2Pool", value="abs(p).mean(axis=(2, 3))"),
    ),
    Misconception(
        name="L2Pool computes the standard deviation: the mean is subtracted first",
        check="pool_l2_forward",
        hint="Pool an image of ones. How much do equal pixels spread, and what does (66) give for them?",
        source=loops("L2Pool", value="p.std(axis=(2, 3))"),
    ),
    Misconception(
        name="the root is forgotten in L2Pool.backward: it is the gradient of the mean of squares",
        check="pool_l2_backward",
        hint="Two steps make y: the mean of the squares, then the root. What is the slope of the second?",
        source=loops("L2Pool", share="g * 2 * p / (R * S)"),
    ),
    Misconception(
        name="1/(RS) is forgotten in L2Pool.backward",
        check="pool_l2_backward",
        hint="By hand, the pixels 3, 4, 0, 0 with d_out = 1 get 0.3, 0.4, 0, 0. What do you get, and where is the factor lost?",
        source=loops("L2Pool", share="g * p / np.where(y == 0, 1, y)"),
    ),
    Misconception(
        name="the pixel is forgotten in L2Pool.backward: every pixel gets the same share",
        check="pool_l2_backward",
        hint="By hand, the pixels 3, 4, 0, 0 with d_out = 1 get 0.3, 0.4, 0, 0. What is the slope of a square?",
        source=loops("L2Pool", share="g / np.where(y == 0, 1, y) / (R * S) + 0 * p"),
    ),
    Misconception(
        name="the 2 from the square is left over in L2Pool.backward: the root's 1/2 is forgotten",
        check="pool_l2_backward",
        hint="The slope of the root of u is 1 over *what*? By hand, the pixels 3, 4, 0, 0 get 0.3, 0.4, 0, 0.",
        source=loops("L2Pool", share="g * 2 * p / np.where(y == 0, 1, y) / (R * S)"),
    ),
    Misconception(
        name="the root's 1/2 is left over in L2Pool.backward: the 2 from the square is forgotten",
        check="pool_l2_backward",
        hint="The slope of the root brings a 2 below the line. What does the slope of the square bring above it?",
        source=loops("L2Pool", share="g * p / (2 * np.where(y == 0, 1, y)) / (R * S)"),
    ),
    Misconception(
        name="L2Pool.backward divides by the mean of the squares instead of its root",
        check="pool_l2_backward",
        hint="Is y in your layer the root or what stands under it? By hand: 3, 4, 0, 0 has y = 2.5.",
        source=loops("L2Pool", share="g * p / np.where(y == 0, 1, y**2) / (R * S)"),
    ),
    Misconception(
        name="L2Pool.backward multiplies by the root instead of dividing by it",
        check="pool_l2_backward",
        hint="The exponent of the root is 1/2. Which exponent is left after differentiating, and on which side of the "
        "line does it stand?",
        source=loops("L2Pool", share="g * p * y / (R * S)"),
    ),
    Misconception(
        name="where windows overlap, the last one overwrites the shares of the others in L2Pool",
        check="pool_l2_backward",
        hint="A pixel in four windows has a part in four numbers of the output. What happens to the first three parts?",
        source=loops("L2Pool", operator="="),
    ),
    Misconception(
        name="L2Pool.backward ignores the stride and puts the windows side by side",
        check="pool_l2_backward",
        hint="Window 3, stride 2: which pixels made the root at i = 1, and which ones get its gradient?",
        source=loops("L2Pool", back="i * R : i * R + R, j * S : j * S + S"),
    ),
    Misconception(
        name="L2Pool.backward divides 0 by 0 in a window of zeros",
        check="pool_l2_zeros",
        hint="Call backward on an image of zeros. A background is nothing else: what do the weights become after one step?",
        source=loops("L2Pool", share="g * p / y / (R * S)"),
    ),
    # ---- all layers
    Misconception(
        name="nobody asks whether the window fits: what is left over at the edge is dropped",
        check="pool_does_not_fit",
        hint="Pool 7 pixels in tiles of 2 and print the shape. Which function of advanced task 7 knows what fits?",
        source=enter("pass"),
    ),
    Misconception(
        name="images of odd size are cut to a multiple of the stride",
        check="pool_max_forward",
        hint="A pixel that is cut off is lost without a word, and 7 pixels do fit a window of 3 with stride 2. "
        "What is to happen when they do not?",
        source=enter(
            "x = x[:, :, : x.shape[2] // self.stride[0] * self.stride[0], "
            ": x.shape[3] // self.stride[1] * self.stride[1]]"
        ),
    ),
    Misconception(
        name="a window that does not fit is an AssertionError, not a ValueError",
        check="pool_does_not_fit",
        hint="assert is for what cannot be; a caller's wrong size can. Which error does output_size raise?",
        source=enter(
            "assert all((n - r + 2 * p) % s == 0 for n, r, s, p in "
            "zip(x.shape[2:], self.window, self.stride, self.pad)), f'{x.shape} does not fit'"
        ),
    ),
    Misconception(
        name="what backward needs is kept in the class, which all layers share",
        check="pool_state",
        hint="A network has several layers, and all go forward before the first goes backward. Make two layers and "
        "look at what the first remembers after the second's forward.",
        source="".join(
            loops(layer).replace("self.x", f"{layer}.x").replace("self.y", f"{layer}.y") for layer in LAYERS
        ),
    ),
    Misconception(
        name="AvgPool adds the pixels up in the image itself: forward overwrites its input",
        check="pool_arguments",
        hint="Print x before and after forward. The first view shares its memory with the image: what does += do to it?",
        source="""
class AvgPool(AvgPool):
    def forward(self, x):
        (N, C, H, W), (R, S), (down, right) = x.shape, self.window, self.stride
        if self.pad != (0, 0):
            return super().forward(x)
        super().forward(x)
        image = x.transpose(1, 2, 3, 0)
        y, *others = self.places(image)
        for pixel in others:
            y += pixel
        return batch_first(y / (R * S))
""",
    ),
    Misconception(
        name="MaxPool collects the maxima in the image itself: forward overwrites its input",
        check="pool_arguments",
        hint="Print x before and after forward. The first view shares its memory with the image: where does out=… write?",
        source="""
class MaxPool(MaxPool):
    def forward(self, x):
        super().forward(x)
        if self.pad != (0, 0):
            return super().forward(x)
        y, *others = self.places(x.transpose(1, 2, 3, 0))
        for pixel in others:
            np.maximum(y, pixel, out=y)
        return batch_first(y)
""",
    ),
    Misconception(
        name="L2Pool squares the pixels in x itself: forward overwrites its input",
        check="pool_arguments",
        hint="Print x before and after forward. What is the difference between x *= x and x * x for the caller?",
        source="""
class L2Pool(L2Pool):
    def forward(self, x):
        y = super().forward(x)
        x *= x
        return y
""",
    ),
    Misconception(
        name="AvgPool.backward divides d_out itself",
        check="pool_arguments",
        hint="Print d_out before and after backward. What is the difference between d_out /= 4 and d_out / 4 for the caller?",
        source="""
class AvgPool(AvgPool):
    def backward(self, d_out):
        d_out /= self.window[0] * self.window[1]
        return super().backward(d_out) * (self.window[0] * self.window[1])
""",
    ),
    # ---- Flatten
    Misconception(
        name="Flatten puts all images into one row",
        check="flatten_layer",
        hint="Print the shape. An affine layer wants one row for each image: which axis has to stay?",
        source=flatten(forward="x.ravel()"),
    ),
    Misconception(
        name="Flatten goes pixel by pixel, with the channels innermost",
        check="flatten_layer",
        hint="Number the pixels with np.arange and print one row. The docstring says: channel by channel, row by row.",
        source=flatten(
            forward="x.transpose(0, 2, 3, 1).reshape(len(x), -1)",
            backward="d_out.reshape(-1, *self.x_shape[2:], self.x_shape[1]).transpose(0, 3, 1, 2)",
        ),
    ),
    Misconception(
        name="Flatten reshapes with the batch as the last axis, and mixes the images",
        check="flatten_layer",
        hint="Flatten two images, one of zeros and one of ones, and print the rows. A reshape never moves a number.",
        source=flatten(forward="x.transpose(1, 2, 3, 0).reshape(len(x), -1)"),
    ),
    Misconception(
        name="Flatten goes column by column: order='F'",
        check="flatten_layer",
        hint="Number the pixels with np.arange and print one row. Which of an image's axes is the fastest in it?",
        source=flatten(forward="x.reshape(len(x), -1, order='F')"),
    ),
    Misconception(
        name="Flatten makes a column of every image, not a row",
        check="flatten_layer",
        hint="Print the shape. Rows are examples, as everywhere in this course.",
        source=flatten(forward="x.reshape(len(x), -1).T", backward="d_out.T.reshape(self.x_shape)"),
    ),
    Misconception(
        name="Flatten.backward returns the rows as they are: the image's shape is lost",
        check="flatten_layer",
        hint="The layer before wants d_x in the shape of its output. What has forward to remember for that?",
        source=flatten(backward="d_out"),
    ),
    Misconception(
        name="Flatten.backward reads the rows pixel by pixel, although forward wrote them channel by channel",
        check="flatten_layer",
        hint="backward(forward(x)) must be x, to the last pixel. Try it with np.arange.",
        source=flatten(
            backward="d_out.reshape(-1, *self.x_shape[2:], self.x_shape[1]).transpose(0, 3, 1, 2)"
        ),
    ),
    Misconception(
        name="height and width change places in Flatten.backward",
        check="flatten_layer",
        hint="Print d_x.shape and x.shape for an image that is not square.",
        source=flatten(
            backward="d_out.reshape(*self.x_shape[:2], self.x_shape[3], self.x_shape[2])",
        ),
    ),
    Misconception(
        name="Flatten takes every image for a square",
        check="flatten_layer",
        hint="An image of 4 x 5 has 20 pixels. What does your side become? The shape is known in forward: remember it.",
        source=flatten(
            backward="d_out.reshape(*self.x_shape[:2], int((d_out[0].size // self.x_shape[1]) ** 0.5), "
            "int((d_out[0].size // self.x_shape[1]) ** 0.5))"
        ),
    ),
    Misconception(
        name="Flatten remembers the shape of the first batch for ever",
        check="flatten_layer",
        hint="The last batch of an epoch may be smaller. Call forward with three images, then with two, then backward.",
        source=flatten(keep="self.x_shape = getattr(self, 'x_shape', x.shape)"),
    ),
)
