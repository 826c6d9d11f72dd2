"""Advanced 7: convolution. A small filter slides over the image, and its few weights serve every place.

Images are `(N, C, H, W)`, filters `(F, C, R, S)`: batch first, as everywhere. In memory it is the other way
round. The arrays that these layers return have the batch as their fastest axis: `y.transpose(1, 2, 3, 0)` is
contiguous. Nobody has to know, shapes and numbers are the same; but whatever moves a window now moves whole runs
of images, 100 neighbouring floats at a time instead of 1, and neither im2col, the matrix product, pooling nor
flatten ever has to sort the result. That is where the speed comes from.
"""

import sys

import numpy as np


def output_size(size: int, window: int, stride: int = 1, pad: int = 0) -> int:
    """How many places a window has along one axis. Handout eq. (57).

    size: pixels of the image; window: pixels of the filter; stride: step between places; pad: zeros added at
    each of the two ends. Returns (size - window + 2 pad) / stride + 1.
    Raises ValueError when that is no whole number of at least 1, when the window is empty, when stride < 1 or
    when pad < 0.

    >>> output_size(227, 11, stride=4)
    55
    """
    ### BEGIN SOLUTION
    if window < 1 or stride < 1 or pad < 0:
        raise ValueError(f"need window >= 1, stride >= 1, pad >= 0; got {window}, {stride}, {pad}")
    room = size - window + 2 * pad
    if room < 0:
        raise ValueError(f"a window of {window} is larger than {size} pixels with padding {pad}")
    if room % stride:
        raise ValueError(
            f"a window of {window} with stride {stride} does not fit {size} pixels with padding {pad}: "
            f"({size} - {window} + 2*{pad}) / {stride} is not whole, {room % stride} left over"
        )
    return room // stride + 1
    ### END SOLUTION


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """One number for both axes, or (vertical, horizontal). Given: nothing to do here.

    >>> pair(2), pair((2, 3))
    ((2, 2), (2, 3))
    """
    return (value, value) if np.ndim(value) == 0 else tuple(value)


def convolve_naive(
    x: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    stride: int | tuple[int, int] = 1,
    pad: int | tuple[int, int] = 0,
) -> np.ndarray:
    """The definition of the convolution, as loops. Slow, and obviously right. Handout eq. (56).

    x: (N, C, H, W) float. W: (F, C, R, S) float. b: (F,) float. stride, pad: one number, or (vertical, horizontal).
    Returns (N, F, OH, OW), OH and OW by `output_size`, whose ValueError passes through.
    As in every network library the filter is not flipped.
    """
    ### BEGIN SOLUTION
    (N, _, height, width), (F, _, R, S) = x.shape, W.shape
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    OH, OW = output_size(height, R, down, pad_h), output_size(width, S, right, pad_w)
    x = np.pad(x, ((0, 0), (0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    y = np.empty((N, F, OH, OW), np.result_type(x, W))
    for n in range(N):
        for f in range(F):
            for i in range(OH):
                for j in range(OW):
                    window = x[n, :, i * down : i * down + R, j * right : j * right + S]
                    y[n, f, i, j] = np.sum(window * W[f]) + b[f]
    return y
    ### END SOLUTION


def batch_last(x: np.ndarray) -> np.ndarray:
    """The same numbers with the batch as the last axis, contiguous in memory. Given: nothing to do here.

    x: (N, ...). Returns (..., N): a view when x comes from one of these layers, else one copy.
    """
    return np.ascontiguousarray(np.moveaxis(x, 0, -1))


def batch_first(x: np.ndarray) -> np.ndarray:
    """The way back, always a view. Given: nothing to do here. x: (..., N). Returns (N, ...)."""
    return np.moveaxis(x, -1, 0)


class Memory:
    """Large arrays that are used again. Given: nothing to do here.

    An array of some megabytes comes fresh from the operating system, which fills it with zeros page by page when it
    is first touched, and a training step would need a dozen of them. So results are written into arrays handed out
    earlier, as soon as nobody holds them any more; a view counts as holding. Whoever keeps a result keeps it
    unchanged. Not for several threads at once.
    """

    SMALL = 1 << 18  # bytes; below, np.empty is as fast
    COUNT = 32  # arrays to remember; the networks of adv9 need fewer
    arrays = [np.empty(0, np.uint8)]  # noqa: RUF012  (shared by all layers, so that they use each other's)
    unused = sys.getrefcount(arrays[0])

    @classmethod
    def empty(cls, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """As np.empty(shape, dtype): the content is whatever was there before."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if size < cls.SMALL:
            return np.empty(shape, dtype)
        for k in range(len(cls.arrays)):
            if cls.arrays[k].size == size and sys.getrefcount(cls.arrays[k]) == cls.unused:
                return cls.arrays[k].view(dtype).reshape(shape)
        cls.arrays.append(np.empty(size, np.uint8))
        del cls.arrays[: -cls.COUNT]
        return cls.arrays[-1].view(dtype).reshape(shape)


def im2col(
    x: np.ndarray,
    window: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    pad: int | tuple[int, int] = 0,
) -> np.ndarray:
    """Every window of the images as a column, so that a convolution is one matrix product. Handout eq. (59).

    x: (N, C, H, W) float. window: (R, S) or one number for both.
    Returns X (C*R*S, OH*OW*N). Row (c*R + r)*S + s holds pixel (r, s) of channel c of every window. Column
    (i*OW + j)*N + n is the window at place (i, j) of image n.

    Why it is fast: `sliding_window_view` only describes the windows, nothing moves. The one copy goes
    to the columns, in runs of all images at a row's neighbouring places, into an array used again (`Memory`).

    >>> im2col(np.arange(6.0).reshape(1, 1, 2, 3), (2, 2))
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    ### BEGIN SOLUTION
    (N, C, height, width), (R, S) = x.shape, pair(window)
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    OH, OW = output_size(height, R, down, pad_h), output_size(width, S, right, pad_w)
    x = batch_last(x)
    if pad_h or pad_w:
        inside, x = x, np.zeros((C, height + 2 * pad_h, width + 2 * pad_w, N), x.dtype)
        x[:, pad_h : pad_h + height, pad_w : pad_w + width] = inside
    windows = np.lib.stride_tricks.sliding_window_view(x, (R, S), axis=(1, 2))[:, ::down, ::right]
    columns = Memory.empty((C, R, S, OH, OW, N), x.dtype)
    np.copyto(columns, windows.transpose(0, 4, 5, 1, 2, 3))  # windows: (C, OH, OW, N, R, S)
    return columns.reshape(C * R * S, OH * OW * N)
    ### END SOLUTION


def col2im(
    columns: np.ndarray,
    shape: tuple[int, int, int, int],
    window: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    pad: int | tuple[int, int] = 0,
) -> np.ndarray:
    """The transpose of im2col: every entry is added to the pixel it was taken from. Handout eq. (62).

    columns: (C*R*S, OH*OW*N), rows and columns as im2col returns them. shape: (N, C, H, W) of the images.
    Returns (N, C, H, W), dtype of columns. A pixel of k windows receives the sum of k entries, padding is dropped.

    Why it is fast: R*S additions of whole arrays, one for each place in the window, instead of one for each window.
    """
    ### BEGIN SOLUTION
    (N, C, height, width), (R, S) = shape, pair(window)
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    OH, OW = output_size(height, R, down, pad_h), output_size(width, S, right, pad_w)
    columns = columns.reshape(C, R, S, OH, OW, N)
    x = Memory.empty((C, height + 2 * pad_h, width + 2 * pad_w, N), columns.dtype)
    x.fill(0)
    for r in range(R):
        for s in range(S):
            x[:, r : r + OH * down : down, s : s + OW * right : right] += columns[:, r, s]
    return batch_first(x[:, pad_h : pad_h + height, pad_w : pad_w + width])
    ### END SOLUTION


class Conv:
    """A convolution layer by im2col: three matrix products. Handout eq. (59)-(62).

    After backward: d_W (F, C, R, S) and d_b (F,), gradients of the loss.
    """

    def __init__(
        self,
        W: np.ndarray,
        b: np.ndarray,
        stride: int | tuple[int, int] = 1,
        pad: int | tuple[int, int] = 0,
        first: bool = False,
    ):
        """W: (F, C, R, S) float. b: (F,) float. Both are kept, not copied.

        stride, pad: one number, or (vertical, horizontal).
        first: nothing comes before this layer, so that backward need not compute d_x and returns None.
        """
        self.W = W
        self.b = b
        self.stride = stride
        self.pad = pad
        self.first = first

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W) float. Returns (N, F, OH, OW) and remembers what backward needs. Handout eq. (60).

        Raises ValueError when the filter does not fit (`output_size`) or has another number of channels.
        """
        ### BEGIN SOLUTION
        F, C, R, S = self.W.shape
        if x.shape[1] != C:
            raise ValueError(f"images with {x.shape[1]} channels, filters for {C}")
        (down, right), (pad_h, pad_w) = pair(self.stride), pair(self.pad)
        OH = output_size(x.shape[2], R, down, pad_h)
        OW = output_size(x.shape[3], S, right, pad_w)
        self.x_shape = x.shape
        self.X = None  # the last step's columns go back to Memory, and come out again
        self.X = im2col(x, (R, S), self.stride, self.pad)
        y = Memory.empty((F, OH * OW * len(x)), np.result_type(self.W, x))
        np.matmul(self.W.reshape(F, -1), self.X, out=y)
        y += self.b.reshape(F, 1)  # in place: y is new, and the largest array of the network
        return batch_first(y.reshape(F, OH, OW, len(x)))
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray | None:
        """Pass the gradient back through the layer. Handout eq. (61), (62).

        d_out: (N, F, OH, OW) float; it stays as it is. Sets self.d_W and self.d_b; returns d_x (N, C, H, W), or None
        if `first`.
        """
        ### BEGIN SOLUTION
        F, _, R, S = self.W.shape
        d_y = batch_last(d_out).reshape(F, -1)
        self.d_W = (d_y @ self.X.T).reshape(self.W.shape)
        self.d_b = d_y.sum(axis=1)
        if self.first:
            return None
        d_X = Memory.empty(self.X.shape, d_y.dtype)
        np.matmul(self.W.reshape(F, -1).T, d_y, out=d_X)
        return col2im(d_X, self.x_shape, (R, S), self.stride, self.pad)
        ### END SOLUTION


def input_gradient_by_convolution(
    d_out: np.ndarray,
    W: np.ndarray,
    x_shape: tuple[int, int, int, int],
    stride: int | tuple[int, int] = 1,
    pad: int | tuple[int, int] = 0,
) -> np.ndarray:
    """The same d_x as Conv.backward's, found by a convolution: the error under flipped filters.

    d_out: (N, F, OH, OW) float. W: (F, C, R, S) float. x_shape: (N, C, H, W). Returns d_x (N, C, H, W).

    Pixel (p, q) was seen by filter weight (r, s) from the place (p - r, q - s): the minus signs flip the filter,
    and the sum now runs over the filters F. With a stride, the places that were skipped get the gradient 0; with
    R-1 and S-1 zeros around it, the corner pixels too meet the whole flipped filter.
    """
    ### BEGIN SOLUTION
    (N, F, OH, OW), (_, C, R, S) = d_out.shape, W.shape
    (down, right), (pad_h, pad_w) = pair(stride), pair(pad)
    spread = np.zeros((N, F, (OH - 1) * down + 1, (OW - 1) * right + 1), d_out.dtype)
    spread[:, :, ::down, ::right] = d_out
    flipped = W.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]  # (C, F, R, S)
    d_padded = Conv(flipped, np.zeros(C, W.dtype), pad=(R - 1, S - 1)).forward(spread)
    return d_padded[:, :, pad_h : pad_h + x_shape[2], pad_w : pad_w + x_shape[3]]
    ### END SOLUTION


def count_parameters(F: int, C: int, R: int, S: int) -> int:
    """Weights and biases of F filters (C, R, S), used at every place. Handout eq. (58).

    >>> count_parameters(96, 3, 11, 11)
    34944
    """
    ### BEGIN SOLUTION
    return F * (C * R * S + 1)
    ### END SOLUTION


def count_parameters_unshared(F: int, C: int, R: int, S: int, OH: int, OW: int) -> int:
    """The same layer if every one of its OH x OW places had F filters and biases of its own (locally connected).

    >>> count_parameters_unshared(96, 3, 11, 11, 55, 55)
    105705600
    """
    ### BEGIN SOLUTION
    return OH * OW * F * (C * R * S + 1)
    ### END SOLUTION
