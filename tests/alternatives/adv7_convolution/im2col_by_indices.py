"""im2col by index arrays and np.add.at; the columns go pixel by pixel; helper cells of its own."""

# %%
import numpy as np


# %%
def indices(shape, window, stride, pad):
    """Channel (CRS, 1), row and column (CRS, OH·OW) of every entry, in the padded image."""
    (_, C, H, width), (R, S) = shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    OH, OW = output_size(H, R, down, h), output_size(width, S, right, w)
    r = np.tile(np.repeat(np.arange(R), S), C)
    s = np.tile(np.arange(S), R * C)
    i = down * np.repeat(np.arange(OH), OW)
    j = right * np.tile(np.arange(OW), OH)
    c = np.repeat(np.arange(C), R * S).reshape(-1, 1)
    return c, r.reshape(-1, 1) + i.reshape(1, -1), s.reshape(-1, 1) + j.reshape(1, -1)


# %%
def im2col(x, window, stride=1, pad=0):
    h, w = pair(pad)
    c, rows, cols = indices(x.shape, window, stride, pad)
    x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)), mode="constant")
    return x[:, c, rows, cols].transpose(1, 2, 0).reshape(len(c), -1)


# %%
def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, H, width), (h, w) = shape, pair(pad)
    x = np.zeros((N, C, H + 2 * h, width + 2 * w), dtype=columns.dtype)
    c, rows, cols = indices(shape, window, stride, pad)
    np.add.at(x, (slice(None), c, rows, cols), columns.reshape(len(c), -1, N).transpose(2, 0, 1))
    return x[:, :, h : h + H, w : w + width]


# %%
class Layer:
    """What layers share: their name and their parameters."""

    def __repr__(self):
        return type(self).__name__


class Conv(Layer):
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.cache = W, b, None
        self.stride, self.pad, self.first = stride, pad, first

    def forward(self, x):
        F, C, R, S = self.W.shape
        if x.shape[1] != C:
            raise ValueError("the depth of the filters is not that of the images")
        X = im2col(x, (R, S), self.stride, self.pad)
        out = self.W.reshape(F, -1) @ X + np.reshape(self.b, (-1, 1))
        OH = output_size(x.shape[2], R, pair(self.stride)[0], pair(self.pad)[0])
        self.cache = x, X
        return out.reshape(F, OH, -1, len(x)).transpose(3, 0, 1, 2)

    def backward(self, d_out):
        x, X = self.cache
        F, _, R, S = self.W.shape
        errors = np.rollaxis(d_out, 0, 4).reshape(F, -1)
        self.d_b = np.sum(d_out, axis=(0, 2, 3))
        self.d_W = np.dot(errors, X.T).reshape(self.W.shape)
        return col2im(np.dot(self.W.reshape(F, -1).T, errors), x.shape, (R, S), self.stride, self.pad)


# %%
def input_gradient_by_convolution(d_out, W, x_shape, stride=1, pad=0):
    _, C, R, S = W.shape
    spread = d_out
    for axis, step in zip((2, 3), pair(stride), strict=True):
        length = spread.shape[axis]
        gaps = np.repeat(np.arange(1, length), step - 1)
        spread = np.insert(spread, gaps, 0, axis=axis)
    turned = np.rot90(W, 2, axes=(2, 3)).transpose(1, 0, 2, 3)
    result = Conv(turned, np.zeros(C), 1, (R - 1, S - 1)).forward(spread)
    (h, w), (H, width) = pair(pad), x_shape[2:]
    return result[:, :, h:, w:][:, :, :H, :width]
