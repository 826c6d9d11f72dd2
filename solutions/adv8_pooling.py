"""Advanced 8: pooling. A window of neighbouring pixels becomes one number, and the image gets smaller.

Shapes are `(N, C, H, W)`; in memory the batch is the fastest axis, as `adv7_convolution` explains.
"""

import numpy as np

from solutions.adv7_convolution import Memory, batch_first, batch_last, output_size, pair


class Pool:
    """What all pooling layers share: cutting images into windows, and putting them together again. Given.

    Why it is fast: the windows are never collected. Place (r, s) of *all* windows at once is one strided view of
    the image, so R*S operations on whole arrays do the work, and each runs through neighbouring images in memory.
    """

    padding = 0.0  # what stands around the image

    def __init__(
        self,
        window: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        pad: int | tuple[int, int] = 0,
    ):
        """window: (R, S), or one number for both. stride: likewise; the window itself when absent. pad: likewise.

        A smaller stride than the window makes windows overlap, a larger one leaves pixels out.
        """
        self.window = pair(window)
        self.stride = self.window if stride is None else pair(stride)
        self.pad = pair(pad)

    def places(self, image: np.ndarray) -> list[np.ndarray]:
        """Views of an image (C, H, W, N): for each place of the window, row by row, that pixel of all windows.

        Returns R*S arrays (C, OH, OW, N). They share memory with image. The window has to fit: `enter` sees to it.
        """
        (R, S), (down, right) = self.window, self.stride
        _, height, width, _ = image.shape
        # Pixel (r, s) of a window has R-1-r rows below it and S-1-s columns to the right.
        return [
            image[:, r : height - (R - 1 - r) : down, s : width - (S - 1 - s) : right]
            for r in range(R)
            for s in range(S)
        ]

    def enter(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W). Returns it as (C, H + 2 pad, W + 2 pad, N), and remembers the shape for `leave`.

        Raises ValueError when the window does not fit (`output_size`).
        """
        (N, C, height, width), (pad_h, pad_w) = x.shape, self.pad
        # Here, so that a ValueError speaks of the image's size without its padding.
        output_size(height, self.window[0], self.stride[0], pad_h)
        output_size(width, self.window[1], self.stride[1], pad_w)
        self.x_shape = x.shape
        self.padded_shape = (C, height + 2 * pad_h, width + 2 * pad_w, N)
        x = batch_last(x)
        if self.pad == (0, 0):
            return x
        padded = np.full(self.padded_shape, self.padding, x.dtype)
        padded[:, pad_h : pad_h + height, pad_w : pad_w + width] = x
        return padded

    def leave(self, d_padded: np.ndarray) -> np.ndarray:
        """d_padded: (C, H + 2 pad, W + 2 pad, N). Returns the image's part of it as (N, C, H, W)."""
        (_, _, height, width), (pad_h, pad_w) = self.x_shape, self.pad
        return batch_first(d_padded[:, pad_h : pad_h + height, pad_w : pad_w + width])


class MaxPool(Pool):
    """The largest pixel of every window. Handout eq. (63), (64)."""

    padding = -np.inf  # never the largest

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W) float. Returns (N, C, OH, OW) and remembers which place won. Handout eq. (63)."""
        ### BEGIN SOLUTION
        first, *others = self.places(self.enter(x))
        y = Memory.empty(first.shape, x.dtype)
        np.copyto(y, first)
        # One small number for each window. A later place that wins has a larger number than the earlier ones.
        self.winner = np.zeros(y.shape, np.min_scalar_type(len(others)))
        for k, pixel in enumerate(others, 1):
            better = pixel > y
            np.maximum(y, pixel, out=y)
            np.maximum(self.winner, better * self.winner.dtype.type(k), out=self.winner)
        return batch_first(y)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: (N, C, OH, OW); it stays as it is.

        Returns d_x (N, C, H, W): each gradient goes to the pixel that won its window.

        Of equal pixels the first wins. A pixel that won several windows receives the sum. Handout eq. (64).
        """
        ### BEGIN SOLUTION
        d_y = batch_last(d_out)
        d_padded = Memory.empty(self.padded_shape, d_y.dtype)
        tiles = self.stride == self.window  # every pixel is in one window: nothing to add up
        if not tiles:
            d_padded.fill(0)
        for k, d_pixel in enumerate(self.places(d_padded)):
            if tiles:
                np.multiply(d_y, self.winner == k, out=d_pixel)
            else:
                d_pixel += d_y * (self.winner == k)
        return self.leave(d_padded)
        ### END SOLUTION


class AvgPool(Pool):
    """The mean of every window; zeros of the padding count. Handout eq. (65)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W) float. Returns (N, C, OH, OW). Handout eq. (65)."""
        ### BEGIN SOLUTION
        first, *others = self.places(self.enter(x))
        y = first.copy()
        for pixel in others:
            y += pixel
        y /= len(others) + 1
        return batch_first(y)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: (N, C, OH, OW); it stays as it is.

        Returns d_x (N, C, H, W): all R*S pixels of a window receive the same share.
        """
        ### BEGIN SOLUTION
        d_y = batch_last(d_out)
        share = d_y / (self.window[0] * self.window[1])
        d_padded = np.zeros(self.padded_shape, d_y.dtype)
        for d_pixel in self.places(d_padded):
            d_pixel += share
        return self.leave(d_padded)
        ### END SOLUTION


class L2Pool(Pool):
    """The root of the mean of the squares of every window. Handout eq. (66)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W) float. Returns (N, C, OH, OW), never negative. Handout eq. (66)."""
        ### BEGIN SOLUTION
        self.image = self.enter(x)
        squares = sum(pixel * pixel for pixel in self.places(self.image))
        self.y = np.sqrt(squares / (self.window[0] * self.window[1]))
        return batch_first(self.y)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: (N, C, OH, OW); it stays as it is.

        Returns d_x (N, C, H, W); 0 from a window of zeros, where the root has no slope.
        """
        ### BEGIN SOLUTION
        d_y = batch_last(d_out)
        scale = d_y / np.where(self.y == 0, 1, self.y) / (self.window[0] * self.window[1])
        d_padded = np.zeros(self.padded_shape, d_y.dtype)
        for pixel, d_pixel in zip(self.places(self.image), self.places(d_padded), strict=True):
            d_pixel += pixel * scale
        return self.leave(d_padded)
        ### END SOLUTION


class Flatten:
    """Images into rows for an affine layer, and back."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x: (N, C, H, W). Returns (N, C*H*W), channel by channel, row by row. Remembers the shape."""
        ### BEGIN SOLUTION
        self.x_shape = x.shape
        return x.reshape(len(x), -1)
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """d_out: (N, C*H*W); it stays as it is. Returns d_x (N, C, H, W)."""
        ### BEGIN SOLUTION
        # The affine layer behind has the batch as its slowest axis in memory: sorted once, here.
        return batch_first(batch_last(d_out)).reshape(self.x_shape)
        ### END SOLUTION
