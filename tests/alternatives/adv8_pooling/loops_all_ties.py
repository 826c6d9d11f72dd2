"""Loops over the windows, no base class; every equal maximum gets the whole gradient."""

import numpy as np


class WindowLoops:
    outside = 0.0

    def __init__(self, window, stride=None, pad=0):
        self.window, self.pad = pair(window), pair(pad)
        self.stride = self.window if stride is None else pair(stride)

    def windows(self):
        (R, S), (down, right), (H, W) = self.window, self.stride, self.x.shape[2:]
        for i in range((H - R) // down + 1):
            for j in range((W - S) // right + 1):
                yield i, j, np.s_[:, :, i * down : i * down + R, j * right : j * right + S]

    def forward(self, x):
        (h, w), (H, W) = self.pad, x.shape[2:]
        OH = output_size(H, self.window[0], self.stride[0], h)
        OW = output_size(W, self.window[1], self.stride[1], w)
        self.x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)), constant_values=self.outside)
        self.y = np.zeros((*x.shape[:2], OH, OW))
        for i, j, place in self.windows():
            self.y[:, :, i, j] = self.value(self.x[place])
        return self.y.copy()

    def backward(self, d_out):
        d_x = np.zeros(self.x.shape)
        for i, j, place in self.windows():
            y, g = self.y[:, :, i, j, None, None], d_out[:, :, i, j, None, None]
            d_x[place] += g * self.slope(self.x[place], y)
        (h, w), (H, W) = self.pad, self.x.shape[2:]
        return d_x[:, :, h : H - h, w : W - w]


class MaxPool(WindowLoops):
    outside = -np.inf

    def value(self, p):
        return p.max(axis=(2, 3))

    def slope(self, p, y):
        return p == y


class AvgPool(WindowLoops):
    def value(self, p):
        return p.mean(axis=(2, 3))

    def slope(self, p, y):
        return np.full(p.shape, 1 / (p.shape[2] * p.shape[3]))


class L2Pool(WindowLoops):
    def value(self, p):
        return np.sqrt((p**2).mean(axis=(2, 3)))

    def slope(self, p, y):
        return np.divide(p, y, out=np.zeros_like(p), where=y != 0) / (p.shape[2] * p.shape[3])


class Flatten:
    def forward(self, x):
        self.sizes = x.shape[1:]
        return np.array([image.ravel() for image in x])

    def backward(self, d_out):
        return np.array([row.reshape(self.sizes) for row in d_out])
