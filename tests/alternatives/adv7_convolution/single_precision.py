"""Everything is computed in float32, whatever comes in; as_strided for the windows, in-place work on copies."""

import numpy as np

SINGLE = np.float32


def im2col(x, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = x.shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    OH, OW = output_size(H, R, down, h), output_size(width, S, right, w)
    image = np.zeros((N, C, H + 2 * h, width + 2 * w), SINGLE)
    image[:, :, h : h + H, w : w + width] = x
    n, c, p, q = image.strides
    seen = np.lib.stride_tricks.as_strided(
        image, (C, R, S, N, OH, OW), (c, p, q, n, p * down, q * right), writeable=False
    )
    return seen.reshape(C * R * S, -1)


def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    OH, OW = output_size(H, R, down, h), output_size(width, S, right, w)
    x = np.zeros((N, C, H + 2 * h, width + 2 * w), SINGLE)
    parts = columns.astype(SINGLE).reshape(C, R, S, N, OH, OW)
    for i in range(OH):
        for j in range(OW):
            p, q = i * down, j * right
            x[:, :, p : p + R, q : q + S] += parts[:, :, :, :, i, j].transpose(3, 0, 1, 2)
    return x[:, :, h : h + H, w : w + width].copy()


def convolve_naive(x, W, b, stride=1, pad=0):
    return Conv(W, b, stride, pad).forward(x)


class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b = W.astype(SINGLE), b.astype(SINGLE)
        self.stride, self.pad, self.first = stride, pad, first

    def forward(self, x):
        W, b = np.asarray(self.W, SINGLE), np.asarray(self.b, SINGLE)
        if x.shape[1] != W.shape[1]:
            raise ValueError("channels")
        self.x = x.astype(SINGLE)
        self.x -= 0  # a copy: nobody else's
        self.X = im2col(self.x, W.shape[2:], self.stride, self.pad)
        y = W.reshape(len(W), -1) @ self.X
        y += b[:, np.newaxis]
        OH = output_size(x.shape[2], W.shape[2], pair(self.stride)[0], pair(self.pad)[0])
        return y.reshape(len(W), len(x), OH, -1).swapaxes(0, 1)

    def backward(self, d_out):
        W = np.asarray(self.W, SINGLE)
        errors = d_out.astype(SINGLE).swapaxes(0, 1).reshape(len(W), -1)
        self.d_b = errors @ np.ones(errors.shape[1], SINGLE)
        self.d_W = (errors @ self.X.T).reshape(W.shape)
        if not self.first:
            d_X = W.reshape(len(W), -1).T @ errors
            return col2im(d_X, self.x.shape, W.shape[2:], self.stride, self.pad)


def input_gradient_by_convolution(d_out, W, x_shape, stride=1, pad=0):
    layer = Conv(W, np.zeros(len(W)), stride, pad)
    layer.forward(np.zeros(x_shape))
    return layer.backward(d_out)
