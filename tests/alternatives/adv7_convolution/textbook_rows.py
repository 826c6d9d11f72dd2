"""The textbook's im2col: windows of one image after the other, products with rows, biases (1, F)."""

import numpy as np


def im2col(x, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = x.shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    out_h, out_w = output_size(H, R, down, h), output_size(width, S, right, w)
    img = np.pad(x, [(0, 0), (0, 0), (h, h), (w, w)], "constant")
    col = np.zeros((N, C, R, S, out_h, out_w))
    for y in range(R):
        y_max = y + down * out_h
        for z in range(S):
            z_max = z + right * out_w
            col[:, :, y, z, :, :] = img[:, :, y:y_max:down, z:z_max:right]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * out_h * out_w, -1).T


def col2im(columns, shape, window, stride=1, pad=0):
    (N, C, H, width), (R, S) = shape, pair(window)
    (down, right), (h, w) = pair(stride), pair(pad)
    out_h, out_w = output_size(H, R, down, h), output_size(width, S, right, w)
    col = columns.T.reshape(N, out_h, out_w, C, R, S).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * h + down - 1, width + 2 * w + right - 1))
    for y in range(R):
        y_max = y + down * out_h
        for z in range(S):
            z_max = z + right * out_w
            img[:, :, y:y_max:down, z:z_max:right] += col[:, :, y, z, :, :]
    return img[:, :, h : H + h, w : width + w]


class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad, self.first = W, b, stride, pad, first

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        if x.shape[1] != C:
            raise ValueError("channels")
        out_h = output_size(x.shape[2], FH, pair(self.stride)[0], pair(self.pad)[0])
        self.x, self.col = x, im2col(x, (FH, FW), self.stride, self.pad).T
        out = self.col @ self.W.reshape(FN, -1).T + self.b.reshape(1, -1)
        return out.reshape(len(x), out_h, -1, FN).transpose(0, 3, 1, 2)

    def backward(self, d_out):
        FN, C, FH, FW = self.W.shape
        rows = d_out.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.d_b = np.sum(rows, axis=0, keepdims=True)
        self.d_W = (self.col.T @ rows).T.reshape(FN, C, FH, FW)
        return col2im((rows @ self.W.reshape(FN, -1)).T, self.x.shape, (FH, FW), self.stride, self.pad)


def count_parameters(F, C, R, S):
    return float(np.ones((F, C, R, S)).sum() + F)


def count_parameters_unshared(F, C, R, S, OH, OW):
    return np.float64(OH * OW) * count_parameters(F, C, R, S)
