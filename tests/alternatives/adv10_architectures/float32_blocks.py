"""Blocks that keep what they remember in float32; sizes on paper come from fractions."""

from fractions import Fraction

import numpy as np


def places(size, window, stride=1, pad=0, rounding="exact"):
    steps = Fraction(size - window + 2 * pad, stride)
    if steps < 0 or (rounding == "exact" and steps.denominator > 1):
        raise ValueError(f"{steps} steps")
    whole = steps.numerator // steps.denominator
    if rounding == "ceil" and steps > whole and (whole + 1) * stride < size + pad:
        whole += 1
    return whole + 1


class ResidualBlock(ResidualBlock):
    def forward(self, x):
        y = super().forward(x)
        self.gate = np.sign(y).astype(np.float32)
        return y

    def backward(self, d_out):
        d = d_out * self.gate
        return sum([backward_through(self.path, d), backward_through(self.shortcut, d)])


class SpatialPyramidPooling:
    def __init__(self, levels=(4, 2, 1)):
        self.levels = levels

    def forward(self, x):
        height, width = x.shape[-2:]
        if height < max(self.levels) or width < max(self.levels):
            raise ValueError("the image is smaller than the pyramid")
        self.masks, found = [], []
        for n in self.levels:
            for i, j in np.ndindex(n, n):
                inside = np.zeros((height, width), bool)
                inside[
                    i * height // n : -(-(i + 1) * height // n), j * width // n : -(-(j + 1) * width // n)
                ] = True
                top = np.where(inside, x, -np.inf).max(axis=(2, 3))
                self.masks.append((inside & (x == top[:, :, None, None])).astype(np.float32))
                found.append(top)
        return np.concatenate(found, axis=1)

    def backward(self, d_out):
        d = d_out.reshape(len(d_out), len(self.masks), -1)
        return np.einsum("nkc,knchw->nchw", d, np.array(self.masks))
