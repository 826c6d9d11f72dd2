"""Tiles by reshape, other windows by gathering them into tiles first; equal maxima share the gradient."""

import numpy as np


class Tiles:
    outside = 0.0

    def __init__(self, window, stride=None, pad=0):
        self.window, self.pad = pair(window), pair(pad)
        self.stride = pair(window if stride is None else stride)

    def tiles(self, x):
        """(N, C, OH, R, OW, S): windows that overlap are laid apart by rows and columns that repeat."""
        (R, S), (down, right), (h, w) = self.window, self.stride, self.pad
        OH, OW = output_size(x.shape[2], R, down, h), output_size(x.shape[3], S, right, w)
        x = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)), constant_values=self.outside)
        self.shape = x.shape
        self.rows = (down * np.arange(OH)[:, None] + np.arange(R)).ravel()
        self.columns = (right * np.arange(OW)[:, None] + np.arange(S)).ravel()
        apart = x if self.stride == self.window else x[:, :, self.rows][:, :, :, self.columns]
        return apart.reshape(*x.shape[:2], OH, R, OW, S)

    def together(self, d_tiles):
        """Back to (N, C, H, W), by two matrices that add the rows and columns that repeat."""
        d_apart = d_tiles.reshape(*self.shape[:2], len(self.rows), len(self.columns))
        add_rows = np.eye(self.shape[2])[self.rows].T
        add_columns = np.eye(self.shape[3])[self.columns]
        (h, w), (H, W) = self.pad, self.shape[2:]
        return (add_rows @ d_apart @ add_columns)[:, :, h : H - h, w : W - w]


class MaxPool(Tiles):
    outside = -np.inf

    def forward(self, x):
        t = self.tiles(x)
        y = t.max(axis=(3, 5), keepdims=True)
        equal = t == y
        self.share = equal / equal.sum(axis=(3, 5), keepdims=True)
        return y[:, :, :, 0, :, 0]

    def backward(self, d_out):
        return self.together(self.share * d_out[:, :, :, None, :, None])


class AvgPool(Tiles):
    def forward(self, x):
        t = self.tiles(x)
        self.t_shape = t.shape
        return t.mean(axis=(3, 5))

    def backward(self, d_out):
        R, S = self.window
        return self.together(np.broadcast_to(d_out[:, :, :, None, :, None] / R / S, self.t_shape))


class L2Pool(Tiles):
    def forward(self, x):
        self.t = self.tiles(x)
        self.y = np.sqrt(np.mean(np.square(self.t), axis=(3, 5)))
        return self.y

    def backward(self, d_out):
        n = self.window[0] * self.window[1]
        scale = np.where(self.y > 0, d_out / (n * np.maximum(self.y, 1e-300)), 0.0)
        return self.together(self.t * scale[:, :, :, None, :, None])


class Flatten:
    def forward(self, x):
        self.like = np.empty(x.shape)
        return x.reshape(x.shape[0], -1)

    def backward(self, d_out):
        return d_out.reshape(self.like.shape)
