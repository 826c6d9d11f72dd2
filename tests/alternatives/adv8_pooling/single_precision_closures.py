"""Functions that return closures, wrapped into small classes; float32 all the way, and sizes refused by themselves."""

import numpy as np


def frame(window, stride, pad):
    """How to take images apart into (R·S, N, C, OH, OW), and how to add them up again."""
    (R, S), (h, w) = pair(window), pair(pad)
    down, right = (R, S) if stride is None else pair(stride)

    def apart(x, outside):
        N, C, H, W = x.shape
        for n, r, s, p in ((H, R, down, h), (W, S, right, w)):
            if n + 2 * p < r or (n + 2 * p - r) % s:
                raise ValueError(f"a window of {r} with stride {s} does not fit {n} pixels")
        full = np.full((N, C, H + 2 * h, W + 2 * w), outside, np.float32)
        full[:, :, h : h + H, w : w + W] = x
        OH, OW = (H + 2 * h - R) // down + 1, (W + 2 * w - S) // right + 1
        slices = [
            np.s_[:, :, r : r + OH * down : down, s : s + OW * right : right]
            for r in range(R)
            for s in range(S)
        ]

        def together(parts):
            d_full = np.zeros(full.shape, np.float32)
            for place, part in zip(slices, parts, strict=True):
                d_full[place] += part
            return d_full[:, :, h : h + H, w : w + W]

        return np.stack([full[place] for place in slices]), together

    return apart


def layer(forward, outside=0.0):
    """A class from a function that gives y and its own backward."""

    class Layer:
        def __init__(self, window, stride=None, pad=0):
            self.apart = frame(window, stride, pad)

        def forward(self, x):
            parts, self.together = self.apart(x, outside)
            y, self.slopes = forward(parts)
            return y

        def backward(self, d_out):
            return self.together(self.slopes(d_out.astype(np.float32)))

    return Layer


def largest(parts):
    best = parts.argmax(axis=0)
    return parts.max(axis=0), lambda g: [g * (best == k) for k in range(len(parts))]


def mean(parts):
    return parts.mean(axis=0), lambda g: [g / np.float32(len(parts))] * len(parts)


def root_mean_square(parts):
    y = np.sqrt(np.mean(parts * parts, axis=0))
    safe = np.where(y == 0, np.float32(1), y)
    return y, lambda g: parts * (g / safe / np.float32(len(parts)))


MaxPool, AvgPool, L2Pool = layer(largest, -np.inf), layer(mean), layer(root_mean_square)


class Flatten:
    def forward(self, x):
        shape = x.shape
        self.backward = lambda d_out: d_out.reshape(shape)
        return x.reshape(len(x), -1)
