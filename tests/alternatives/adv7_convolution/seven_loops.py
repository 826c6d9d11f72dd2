"""Everything by loops over single numbers, places found by counting; columns are collected window by window."""

import numpy as np


def output_size(size, window, stride=1, pad=0):
    if min(window, stride) < 1 or pad < 0:
        raise ValueError("window and stride are at least 1, pad at least 0")
    starts = range(-pad, size + pad - window + 1, stride)
    if not starts or starts[-1] + window != size + pad:
        raise ValueError(f"{size + 2 * pad} pixels (padded), window {window}, stride {stride}: does not fit")
    return len(starts)


def meetings(x_shape, W_shape, stride, pad):
    """All (place, weight, pixel) that meet in the sum."""
    (N, C, H, width), (F, C_W, R, S) = x_shape, W_shape
    (down, right), (h, w) = pair(stride), pair(pad)
    if C != C_W:
        raise ValueError("channels")
    OH, OW = output_size(H, R, down, h), output_size(width, S, right, w)
    for n in range(N):
        for f in range(F):
            for i in range(OH):
                for j in range(OW):
                    for c in range(C):
                        for r in range(R):
                            for s in range(S):
                                p, q = i * down + r - h, j * right + s - w
                                if 0 <= p < H and 0 <= q < width:
                                    yield (n, f, i, j), (f, c, r, s), (n, c, p, q)


def convolve_naive(x, W, b, stride=1, pad=0):
    (down, right), (h, w) = pair(stride), pair(pad)
    OH = output_size(x.shape[2], W.shape[2], down, h)
    OW = output_size(x.shape[3], W.shape[3], right, w)
    y = np.zeros((len(x), len(W), OH, OW))
    for place, weight, pixel in meetings(x.shape, W.shape, stride, pad):
        y[place] += W[weight] * x[pixel]
    for f in range(len(W)):
        y[:, f] += b[f]
    return y


def im2col(x, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = x.shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    found = []
    for n in range(N):
        for i in range(output_size(H, R, down, h)):
            for j in range(output_size(width, S, right, w)):
                column = []
                for c in range(C):
                    for r in range(R):
                        for s in range(S):
                            p, q = i * down + r - h, j * right + s - w
                            column.append(x[n, c, p, q] if 0 <= p < H and 0 <= q < width else 0.0)
                found.append(column)
    return np.array(found).T


def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    x = np.zeros(shape)
    k = 0
    for n in range(N):
        for i in range(output_size(H, R, down, h)):
            for j in range(output_size(width, S, right, w)):
                numbers = iter(columns[:, k])
                for c in range(C):
                    for r in range(R):
                        for s in range(S):
                            number, p, q = next(numbers), i * down + r - h, j * right + s - w
                            if 0 <= p < H and 0 <= q < width:
                                x[n, c, p, q] += number
                k += 1
    return x


class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad = W, b, stride, pad

    def forward(self, x):
        self.x = x
        return convolve_naive(x, self.W, self.b, self.stride, self.pad)

    def backward(self, d_out):
        self.d_W, self.d_b, d_x = np.zeros(self.W.shape), np.zeros(self.b.shape), np.zeros(self.x.shape)
        for place, weight, pixel in meetings(self.x.shape, self.W.shape, self.stride, self.pad):
            self.d_W[weight] += d_out[place] * self.x[pixel]
            d_x[pixel] += d_out[place] * self.W[weight]
        for n, f, i, j in np.ndindex(*d_out.shape):
            self.d_b[f] += d_out[n, f, i, j]
        return d_x


def input_gradient_by_convolution(d_out, W, x_shape, stride=1, pad=0):
    d_x = np.zeros(x_shape)
    for place, weight, pixel in meetings(x_shape, W.shape, stride, pad):
        d_x[pixel] += d_out[place] * W[weight]
    return d_x


def count_parameters(F, C, R, S):
    count = 0
    for _ in range(F):
        count += 1
        for _ in range(C):
            for _ in range(R):
                for _ in range(S):
                    count += 1
    return count


def count_parameters_unshared(F, C, R, S, OH, OW):
    return sum(count_parameters(F, C, R, S) for _ in range(OH) for _ in range(OW))
