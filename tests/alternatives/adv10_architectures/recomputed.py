"""Nothing is kept but x: backward runs forward again. In-place sums on copies, recursion through lists of layers."""

import numpy as np


def forward_through(layers, x):
    return forward_through(layers[1:], layers[0].forward(x)) if layers else x


def backward_through(layers, d_out):
    return backward_through(layers[:-1], layers[-1].backward(d_out)) if layers else d_out


class InceptionModule:
    def __init__(self, paths):
        self.paths = paths

    @property
    def layers(self):
        return [inner for path in self.paths for inner in path]

    def forward(self, x):
        self.x = x.copy()
        return np.concatenate([forward_through(path, x) for path in self.paths], axis=-3)

    def backward(self, d_out):
        d_x = np.zeros(self.x.shape, d_out.dtype)
        rest = d_out
        for path in self.paths:
            channels = forward_through(path, self.x).shape[1]
            d_x += backward_through(path, rest[:, :channels])
            rest = rest[:, channels:]
        return d_x


class ResidualBlock:
    def __init__(self, path, shortcut=None):
        self.path, self.shortcut = path, shortcut

    @property
    def layers(self):
        return list(self.path) + list(self.shortcut or ())

    def add(self):
        total = forward_through(self.path, self.x)
        around = forward_through(self.shortcut, self.x) if self.shortcut else self.x
        if total.shape != around.shape:
            raise ValueError("shapes")
        return total + around

    def forward(self, x):
        self.x = x.copy()
        return self.add().clip(min=0)

    def backward(self, d_out):
        d = np.array(d_out)
        d[self.add() <= 0] = 0
        d_x = d.copy() if not self.shortcut else backward_through(self.shortcut, d)
        d_x = d_x + backward_through(self.path, d)
        return d_x


class SpatialPyramidPooling:
    """One level is one array: running maxima along the rows, then along the columns."""

    def __init__(self, levels=(4, 2, 1)):
        self.levels = tuple(levels)

    @staticmethod
    def bins(size, n):
        i = np.arange(n)
        return list(zip(i * size // n, -(-(i + 1) * size // n)))

    def forward(self, x):
        self.x = x.copy()
        if max(self.levels) > min(x.shape[2:]):
            raise ValueError("too many bins")
        levels = []
        for n in self.levels:
            rows = np.stack([x[:, :, a:b].max(axis=2) for a, b in self.bins(x.shape[2], n)], axis=1)
            both = np.stack([rows[..., a:b].max(axis=-1) for a, b in self.bins(x.shape[3], n)], axis=2)
            levels.append(both.reshape(len(x), -1))  # (N, n, n, C)
        return np.hstack(levels)

    def backward(self, d_out):
        N, C, height, width = self.x.shape
        d_x = np.zeros(self.x.shape, d_out.dtype)
        k = 0
        for n in self.levels:
            for a, b in self.bins(height, n):
                for c, d in self.bins(width, n):
                    part = self.x[:, :, a:b, c:d]
                    where = part.reshape(N, C, -1).argmax(axis=2)
                    i, j = np.unravel_index(where, part.shape[2:])
                    m, f = np.ogrid[:N, :C]
                    d_x[m, f, a + i, c + j] += d_out[:, k : k + C]
                    k += C
        return d_x
