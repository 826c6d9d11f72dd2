"""A convolution is an affine layer: its whole matrix is written out; functions are closures and lambdas, results lists."""

import numpy as np


def matrix_of(W, x_shape, stride, pad):
    """(C·H·W, F·OH·OW): what every pixel does to every output; by itself it knows all about the convolution."""
    (C, H, width), (F, _, R, S) = x_shape[1:], W.shape
    (down, right), (h, w) = pair(stride), pair(pad)
    OH, OW = output_size(H, R, down, h), output_size(width, S, right, w)
    M = np.zeros((C, H + 2 * h, width + 2 * w, F, OH, OW))
    for i in range(OH):
        for j in range(OW):
            M[:, i * down : i * down + R, j * right : j * right + S, :, i, j] = W.transpose(1, 2, 3, 0)
    return M[:, h : h + H, w : w + width].reshape(C * H * width, -1), (F, OH, OW)


def convolve_naive(x, W, b, stride=1, pad=0):
    if x.shape[1] != W.shape[1]:
        raise ValueError("channels")
    M, shape = matrix_of(W, x.shape, stride, pad)
    y = x.reshape(len(x), -1) @ M
    return (y.reshape(len(x), *shape) + np.reshape(b, (-1, 1, 1))).tolist()


class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad, self.first = W, b, stride, pad, first
        self.matrix = lambda shape: matrix_of(self.W, shape, self.stride, self.pad)[0]

    def forward(self, x):
        self.x = x
        return np.array(convolve_naive(x, self.W, self.b, self.stride, self.pad))

    def backward(self, d_out):
        # A weight stands at many places of the matrix; its gradient is the sum of theirs.
        d_M = self.x.reshape(len(self.x), -1).T @ d_out.reshape(len(d_out), -1)
        numbers = 1.0 + np.arange(self.W.size).reshape(self.W.shape)
        where, _ = matrix_of(numbers, self.x.shape, self.stride, self.pad)
        sums = np.bincount(where.astype(int).ravel(), d_M.ravel(), self.W.size + 1)
        self.d_W = sums[1:].reshape(self.W.shape)
        self.d_b = [float(picture.sum()) for picture in d_out.swapaxes(0, 1)]
        if self.first:
            return None
        return (d_out.reshape(len(d_out), -1) @ self.matrix(self.x.shape).T).reshape(self.x.shape)


def input_gradient_by_convolution(d_out, W, x_shape, stride=1, pad=0):
    M, _ = matrix_of(W, x_shape, stride, pad)
    return (d_out.reshape(len(d_out), -1) @ M.T).reshape(x_shape).tolist()


count_parameters = lambda F, C, R, S: F * (1 + C * R * S)
count_parameters_unshared = lambda F, C, R, S, OH, OW: count_parameters(F * OH * OW, C, R, S)
