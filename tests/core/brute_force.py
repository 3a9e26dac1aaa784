"""A second implementation to compare with: on the raw data, one layer after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

TINY_STEP = 1e-30


@dataclass
class BruteForce:
    """Loss and derivatives at θ (..., P) from inputs (d_in, n) and outputs (d_out, n)."""

    sizes: Sequence[int]
    inputs: np.ndarray
    outputs: np.ndarray
    decay: float = 0.0

    def layers(self, theta):
        parts, place = [], 0
        for columns, rows in pairwise(self.sizes):
            flat = theta[..., place : place + rows * columns]
            parts.append(flat.reshape(*theta.shape[:-1], rows, columns))
            place += rows * columns
        assert place == theta.shape[-1]
        return parts

    def loss(self, theta):
        signal = self.inputs
        for layer in self.layers(theta):
            signal = layer @ signal
        error = np.sum((signal - self.outputs) ** 2, axis=(-2, -1))
        return error / (2 * self.inputs.shape[1]) + self.decay * np.sum(theta**2, axis=-1) / 2

    def gradient(self, theta):
        """Backpropagation of every sample."""
        layers, signals = self.layers(theta), [self.inputs]
        for layer in layers:
            signals.append(layer @ signals[-1])
        delta = (signals.pop() - self.outputs) / self.inputs.shape[1]
        blocks = []
        for layer in reversed(layers):
            blocks.append(delta @ signals.pop().swapaxes(-1, -2))
            delta = layer.swapaxes(-1, -2) @ delta
        flat = [block.reshape(*theta.shape[:-1], -1) for block in reversed(blocks)]
        return np.concatenate(flat, axis=-1) + self.decay * theta

    def hessian(self, theta):
        """Complex-step derivative of the gradient of one θ (P,): exact to rounding."""
        return self.gradient(theta + 1j * TINY_STEP * np.eye(len(theta))).imag / TINY_STEP

    def hessian_product(self, theta, direction):
        """The same along one direction."""
        return self.gradient(theta + 1j * TINY_STEP * direction).imag / TINY_STEP


def regression(sizes, samples=100, noise=0.0, condition=1.0, data_seed=0, decay=0.0):
    """Gaussian inputs with eigenvalues 1 … 1/condition, outputs of a random linear map."""
    rng = np.random.default_rng(data_seed)
    exponents = np.linspace(0, 1, sizes[0])
    inputs = rng.standard_normal((sizes[0], samples)) / condition ** (exponents[:, None] / 2)
    teacher = rng.standard_normal((sizes[-1], sizes[0])) / sizes[0] ** 0.5
    outputs = teacher @ inputs
    if noise:
        outputs += noise * rng.standard_normal((sizes[-1], samples))
    return BruteForce(sizes, inputs, outputs, decay)


def of_matrix(sizes, target, decay=0.0):
    """Inputs whose covariance is the identity, outputs of the linear map ``target``."""
    inputs = sizes[0] ** 0.5 * np.eye(sizes[0])
    return BruteForce(sizes, inputs, target @ inputs, decay)
