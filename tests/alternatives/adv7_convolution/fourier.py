"""Convolution by the fast Fourier transform: a product of spectra, forward and backward."""

import numpy as np


def correlate(x, W):
    """x (N, C, H, W) with filters (F, C, R, S), stride 1, no padding."""
    size, (R, S) = x.shape[2:], W.shape[2:]
    spectrum = np.einsum("ncpq,fcpq->nfpq", np.fft.rfft2(x), np.fft.rfft2(W, size).conj())
    return np.fft.irfft2(spectrum, size)[:, :, : size[0] - R + 1, : size[1] - S + 1]


def padded(x, pad):
    h, w = pair(pad)
    return np.pad(x, ((0, 0), (0, 0), (h, h), (w, w)))


def convolve_naive(x, W, b, stride=1, pad=0):
    (down, right), (h, w) = pair(stride), pair(pad)
    output_size(x.shape[2], W.shape[2], down, h)
    output_size(x.shape[3], W.shape[3], right, w)
    if x.shape[1] != W.shape[1]:
        raise ValueError(f"{x.shape[1]} channels, filters for {W.shape[1]}")
    return correlate(padded(x, pad), W)[:, :, ::down, ::right] + b.reshape(1, -1, 1, 1)


def input_gradient_by_convolution(d_out, W, x_shape, stride=1, pad=0):
    (N, F, _, _), (R, S), (down, right), (h, w) = d_out.shape, W.shape[2:], pair(stride), pair(pad)
    spread = np.zeros((N, F, x_shape[2] + 2 * h - R + 1, x_shape[3] + 2 * w - S + 1))
    spread[:, :, ::down, ::right] = d_out
    flipped = np.flip(W, axis=(2, 3)).swapaxes(0, 1)
    d_padded = correlate(padded(spread, (R - 1, S - 1)), flipped)
    return d_padded[:, :, h : h + x_shape[2], w : w + x_shape[3]]


class Conv:
    def __init__(self, W, b, stride=1, pad=0, first=False):
        self.W, self.b, self.stride, self.pad, self.first = W, b, stride, pad, first

    def forward(self, x):
        self.x = x.copy()
        return convolve_naive(x, self.W, self.b, self.stride, self.pad)

    def backward(self, d_out):
        (N, F, _, _), (R, S), (down, right) = d_out.shape, self.W.shape[2:], pair(self.stride)
        x = padded(self.x, self.pad)
        spread = np.zeros((N, F, x.shape[2] - R + 1, x.shape[3] - S + 1))
        spread[:, :, ::down, ::right] = d_out
        # The errors are the filters now, and the batch is what is summed over.
        self.d_W = correlate(x.swapaxes(0, 1), spread.swapaxes(0, 1)).swapaxes(0, 1)
        self.d_b = np.fft.rfft2(d_out)[:, :, 0, 0].real.sum(axis=0)
        if self.first:
            return None
        return input_gradient_by_convolution(d_out, self.W, self.x.shape, self.stride, self.pad)
