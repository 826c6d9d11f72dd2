"""On the given Pool: the last of equal pixels wins, a small ε under the root, activations recomputed in backward."""

import numpy as np


class MaxPool(MaxPool):
    def forward(self, x):
        self.image = self.enter(x)
        return batch_first(np.max(self.places(self.image), axis=0))

    def backward(self, d_out):
        d_padded = np.zeros(self.padded_shape)
        g = np.moveaxis(d_out, 0, -1)
        places = np.array(self.places(self.image))
        last = len(places) - 1 - places[::-1].argmax(axis=0)
        for k, d_pixel in enumerate(self.places(d_padded)):
            d_pixel += np.where(last == k, g, 0)
        return self.leave(d_padded)


class AvgPool(AvgPool):
    def forward(self, x):
        return batch_first(np.mean(self.places(self.enter(x.copy())), axis=0))

    def backward(self, d_out):
        d_padded = np.zeros(self.padded_shape)
        for d_pixel in self.places(d_padded):
            d_pixel += np.moveaxis(d_out, 0, -1)
        d_padded /= np.prod(self.window)
        return self.leave(d_padded)


class L2Pool(L2Pool):
    def root(self):
        return np.sqrt(sum(pixel**2 for pixel in self.places(self.image)) / np.prod(self.window) + 1e-10)

    def forward(self, x):
        self.image = self.enter(x)
        return batch_first(self.root())

    def backward(self, d_out):
        scale = np.moveaxis(d_out, 0, -1) / self.root() / np.prod(self.window)
        d_padded = np.zeros(self.padded_shape)
        for pixel, d_pixel in zip(self.places(self.image), self.places(d_padded), strict=True):
            d_pixel += pixel * scale
        return self.leave(d_padded)
