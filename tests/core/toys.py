"""Losses for the tests of what is laid over a run: two parameters, and a network at the edge."""

from dataclasses import dataclass

import numpy as np

from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective


@dataclass(frozen=True)
class Shape:
    parameters: int


@dataclass(frozen=True)
class Point:
    gradient: np.ndarray
    matrix: np.ndarray

    def hessian_product(self, direction):
        return np.einsum("...ij,...j->...i", self.matrix, direction)


class Toy:
    """What :class:`eosdash.core.networks.protocols.Surface` asks for, from loss, gradient and
    hessian."""

    weight_decay = 0.0

    def linearize(self, theta):
        return Point(self.gradient(theta), self.hessian(theta))


@dataclass(frozen=True)
class Quadratic(Toy):
    """½ θᵀ A θ."""

    matrix: np.ndarray

    @property
    def network(self):
        return Shape(len(self.matrix))

    def loss(self, theta):
        return 0.5 * np.einsum("...i,ij,...j->...", theta, self.matrix, theta)

    def gradient(self, theta):
        return theta @ self.matrix

    def hessian(self, theta):
        return np.broadcast_to(self.matrix, (*theta.shape, theta.shape[-1]))


@dataclass(frozen=True)
class Valleys(Toy):
    """Σ_i ½ b_i x_i² − ε_i b_i for θ = (x_1, …, x_n, b_1, …, b_n): curvatures b_i that grow at the
    rates ε_i while x = 0, held at 2/η by oscillations x_i with mean square 2 ε_i."""

    rates: tuple[float, ...]

    @property
    def network(self):
        return Shape(2 * len(self.rates))

    def loss(self, theta):
        x, b = np.split(theta, 2, axis=-1)
        return np.sum(0.5 * b * x**2 - np.array(self.rates) * b, axis=-1)

    def gradient(self, theta):
        x, b = np.split(theta, 2, axis=-1)
        return np.concatenate([b * x, 0.5 * x**2 - np.array(self.rates)], axis=-1)

    def hessian(self, theta):
        x, b = np.split(theta, 2, axis=-1)
        n = len(self.rates)
        matrix = np.zeros((*theta.shape, 2 * n))
        for i in range(n):
            matrix[..., i, i] = b[..., i]
            matrix[..., i, n + i] = matrix[..., n + i, i] = x[..., i]
        return matrix


def chebyshev(sizes=(1, 30, 20, 1), degree=6, samples=20, activation="tanh"):
    """T_6 on equally spaced points in [−1, 1]."""
    inputs = np.linspace(-1, 1, samples)[None]
    outputs = np.polynomial.chebyshev.chebval(inputs, [0] * degree + [1])
    return NonlinearObjective(NonlinearNetwork(sizes, activation), inputs, outputs)


def fan_in(objective, seed):
    """Weights N(0, 1/fan-in), biases zero."""
    rng = np.random.default_rng(seed)
    shapes = objective.network.shapes
    return objective.network.flat([rng.standard_normal(s) / np.sqrt(s[1]) for s in shapes])


def descent(objective, theta, lr, steps):
    """Points 0 … steps of gradient descent, (steps + 1, P)."""
    path = [theta]
    for _ in range(steps):
        path.append(path[-1] - lr * objective.gradient(path[-1]))
    return np.array(path)
