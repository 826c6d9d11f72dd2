"""Pooling along one axis after the other: averages by two matrices, maxima of rows and then of columns."""

import numpy as np


def averaging(size, window, stride, pad):
    """(places, size): one row for each place, 1/window where it lies."""
    M = np.zeros((output_size(size, window, stride, pad), size + 2 * pad))
    for i in range(len(M)):
        M[i, i * stride : i * stride + window] = 1 / window
    return M[:, pad : pad + size]


class AvgPool(Pool):
    def forward(self, x):
        (R, S), (down, right), (h, w) = self.window, self.stride, self.pad
        self.left = averaging(x.shape[2], R, down, h)
        self.right = averaging(x.shape[3], S, right, w).T
        return self.left @ x @ self.right

    def backward(self, d_out):
        return np.einsum("ip,ncij,qj->ncpq", self.left, d_out, self.right)


class L2Pool(AvgPool):
    def forward(self, x):
        self.x = x
        self.y = np.sqrt(AvgPool.forward(self, x * x))
        return self.y

    def backward(self, d_out):
        half = np.zeros_like(self.y)
        np.divide(d_out, self.y, out=half, where=self.y != 0)
        return AvgPool.backward(self, half) * self.x


def along(x, window, stride, pad):
    """Maxima and their places along the last axis."""
    places = output_size(x.shape[-1], window, stride, pad)
    y, where = np.empty((*x.shape[:-1], places)), np.empty((*x.shape[:-1], places), int)
    for i in range(places):
        start = max(i * stride - pad, 0)
        seen = x[..., start : i * stride - pad + window]
        y[..., i], where[..., i] = seen.max(axis=-1), start + seen.argmax(axis=-1)
    return y, where


def back_along(d_y, where, size):
    d_x = np.zeros((*d_y.shape[:-1], size))
    for i in range(d_y.shape[-1]):
        at = where[..., i : i + 1]
        np.put_along_axis(d_x, at, np.take_along_axis(d_x, at, -1) + d_y[..., i : i + 1], -1)
    return d_x


class MaxPool(Pool):
    def forward(self, x):
        self.size = x.shape[2:]
        rows, self.in_row = along(x, self.window[1], self.stride[1], self.pad[1])
        y, self.in_column = along(rows.swapaxes(2, 3), self.window[0], self.stride[0], self.pad[0])
        return y.swapaxes(2, 3)

    def backward(self, d_out):
        d_rows = back_along(d_out.swapaxes(2, 3), self.in_column, self.size[0]).swapaxes(2, 3)
        return back_along(d_rows, self.in_row, self.size[1])
