"""Stride tricks (sliding_window_view) and einsum; biases come out as (F, 1)."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(x, window, stride, pad):
    """(N, C, OH, OW, R, S)"""
    (R, S), (down, right), (h, w) = pair(window), pair(stride), pair(pad)
    output_size(x.shape[2], R, down, h)
    output_size(x.shape[3], S, right, w)
    x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)))
    return sliding_window_view(x, (R, S), axis=(2, 3))[:, :, ::down, ::right]


def convolve_naive(x, W, b, stride=1, pad=0):
    return np.einsum("ncijrs,fcrs->nfij", windows(x, W.shape[2:], stride, pad), W) + b[:, None, None]


def im2col(x, window, stride=1, pad=0):
    seen = windows(x, window, stride, pad)
    N, C, OH, OW, R, S = seen.shape
    return np.einsum("ncijrs->crsnij", seen).reshape(C * R * S, N * OH * OW)


def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    x = np.zeros((N, C, H + 2 * h, width + 2 * w))
    # A writable view of overlapping windows; each is added to in a step of its own.
    seen = sliding_window_view(x, (R, S), axis=(2, 3), writeable=True)[:, :, ::down, ::right]
    parts = columns.reshape(C, R, S, N, *seen.shape[2:4])
    for i, j in np.ndindex(*seen.shape[2:4]):
        seen[:, :, i, j] += parts[..., i, j].transpose(3, 0, 1, 2)
    return x[:, :, h : h + H, w : w + width]


class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad, self.first = W, b, stride, pad, first

    def forward(self, x):
        _, C, R, S = self.W.shape
        if x.shape[1] != C:
            raise ValueError(f"{x.shape[1]} channels")
        self.x_shape = x.shape
        self.seen = windows(x, (R, S), self.stride, self.pad)
        return np.einsum("ncijrs,fcrs->nfij", self.seen, self.W) + self.b.reshape(1, -1, 1, 1)

    def backward(self, d_out):
        self.d_W = np.einsum("ncijrs,nfij->fcrs", self.seen, d_out)
        self.d_b = np.einsum("nfij->f", d_out)[:, None]
        return input_gradient_by_convolution(d_out, self.W, self.x_shape, self.stride, self.pad)


def input_gradient_by_convolution(d_out, W, x_shape, stride=1, pad=0):
    (N, F, OH, OW), (_, _, R, S) = d_out.shape, W.shape
    (down, right), (h, w) = pair(stride), pair(pad)
    spread = np.zeros((N, F, OH * down - down + 1, OW * right - right + 1))
    spread[:, :, ::down, ::right] = d_out
    d_x = np.einsum("nfpqrs,fcrs->ncpq", windows(spread, (R, S), 1, (R - 1, S - 1)), W[:, :, ::-1, ::-1])
    return d_x[:, :, h : h + x_shape[2], w : w + x_shape[3]]
