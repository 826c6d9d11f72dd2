"""Stride tricks and argmax: the windows as rows, the first of equal pixels wins; np.add.at scatters."""

# %%
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


# %%
def rows_of(layer, x, outside):
    """(N, C, OH, OW, R·S), and the shape of the padded image."""
    (R, S), (down, right), (h, w) = layer.window, layer.stride, layer.pad
    output_size(x.shape[2], R, down, h)
    output_size(x.shape[3], S, right, w)
    padded = np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)), constant_values=outside)
    seen = sliding_window_view(padded, (R, S), axis=(2, 3))[:, :, ::down, ::right]
    return seen.reshape(*seen.shape[:4], -1), padded.shape


def scatter(layer, d_rows, shape):
    """Every number of every window to its pixel."""
    (_, S), (down, right), (h, w) = layer.window, layer.stride, layer.pad
    d_padded = np.zeros(shape)
    n, c, i, j, k = np.indices(d_rows.shape, sparse=True)
    np.add.at(d_padded, (n, c, i * down + k // S, j * right + k % S), d_rows)
    return d_padded[:, :, h : shape[2] - h, w : shape[3] - w]


# %%
class MaxPool(Pool):
    def forward(self, x):
        rows, self.padded = rows_of(self, x, -np.inf)
        self.best = rows.argmax(axis=-1)
        return np.take_along_axis(rows, self.best[..., None], axis=-1)[..., 0]

    def backward(self, d_out):
        chosen = np.eye(self.window[0] * self.window[1])[self.best]
        return scatter(self, chosen * d_out[..., None], self.padded)


class AvgPool(Pool):
    def forward(self, x):
        rows, self.padded = rows_of(self, x, 0)
        self.count = rows.shape[-1]
        return np.average(rows, axis=-1)

    def backward(self, d_out):
        return scatter(self, np.repeat(d_out[..., None] / self.count, self.count, axis=-1), self.padded)


class L2Pool(Pool):
    def forward(self, x):
        self.rows, self.padded = rows_of(self, x, 0)
        self.norm = np.linalg.norm(self.rows, axis=-1)
        return self.norm / np.sqrt(self.rows.shape[-1])

    def backward(self, d_out):
        with np.errstate(all="ignore"):
            unit = np.nan_to_num(self.rows / self.norm[..., None])
        return scatter(self, d_out[..., None] * unit / np.sqrt(self.rows.shape[-1]), self.padded)


# %%
class Flatten:
    def forward(self, x):
        N, *self.rest = x.shape
        return x.reshape(N, int(np.prod(self.rest))).copy()

    def backward(self, d_out):
        return d_out.reshape([len(d_out), *self.rest])
