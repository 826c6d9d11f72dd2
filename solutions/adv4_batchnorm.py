"""Advanced task 4: batch normalization. Every feature gets mean β and standard deviation γ, layer by layer."""

import numpy as np


class BatchNorm:
    """Normalize every feature over the batch, then scale and shift it. Handout eq. (28)-(38)."""

    def __init__(self, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5, momentum: float = 0.9):
        """gamma, beta: (D,) float, one number per feature. Training replaces them: forward uses what is in
        self.gamma and self.beta at that moment.

        eps: ε, keeps the root away from 0. momentum: the part, 0..1, that a moving average keeps of its old
        value; a plain average does not need it.
        """
        self.gamma = gamma
        self.beta = beta
        self.eps = eps
        self.momentum = momentum
        self.running_mean = None  # (D,), nothing is known before the first batch
        self.running_var = None  # (D,)

    def forward(self, x: np.ndarray, train: bool = True) -> np.ndarray:
        """x: (B, D) float, one example per row. Returns (B, D).

        train=True: normalizes with the mean and variance of this batch, remembers what backward needs and
        updates the running statistics. Handout eq. (28)-(31).
        train=False: each row for itself, with the running statistics, which stay as they are. Eq. (38).
        """
        ### BEGIN SOLUTION
        if not train:
            scale, shift = self.test_affine()
            return x * scale + shift

        mean = x.mean(axis=0)
        self.centred = x - mean
        var = np.mean(self.centred**2, axis=0)
        self.std = np.sqrt(var + self.eps)
        self.x_hat = self.centred / self.std

        if self.running_mean is None:
            # A moving average that starts at 0 would need many batches to forget it.
            self.running_mean, self.running_var = mean, var
        else:
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        return self.gamma * self.x_hat + self.beta
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """Pass the gradient back through the last forward(x) of training. Handout eq. (32)-(37).

        d_out: (B, D) float, the gradient of the loss with respect to what forward returned.
        Sets self.d_gamma and self.d_beta, both (D,); returns d_x (B, D). d_out stays as it is.
        """
        ### BEGIN SOLUTION
        self.d_gamma = np.sum(d_out * self.x_hat, axis=0)
        self.d_beta = d_out.sum(axis=0)

        batch = len(d_out)
        d_x_hat = d_out * self.gamma
        d_var = -np.sum(d_x_hat * self.centred, axis=0) / (2 * self.std**3)
        # The second term of (34), d_var times the mean of -2 (x - μ), is zero.
        d_mean = -d_x_hat.sum(axis=0) / self.std
        return d_x_hat / self.std + d_var * 2 * self.centred / batch + d_mean / batch
        ### END SOLUTION

    def test_affine(self) -> tuple[np.ndarray, np.ndarray]:
        """The layer as it is at test time: y = scale * x + shift, both (D,) float. Handout eq. (38)."""
        ### BEGIN SOLUTION
        scale = self.gamma / np.sqrt(self.running_var + self.eps)
        return scale, self.beta - scale * self.running_mean
        ### END SOLUTION
