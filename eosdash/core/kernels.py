"""Gradients of many points at once, with the point axis last.

Small matrices times long rows: every operation runs along thousands of points that lie side by
side in memory, which is what makes a basin of convergence fast. The mathematics is that of
:class:`eosdash.core.network.Linearization`, against which these are tested.
"""

from collections.abc import Callable

import numpy as np

from eosdash.core.network import Array, Objective

Kernel = Callable[[Array, Array | float, Array, Array], None]
"""From θ (P, n) and a factor (n,) or number to factor · ∇L(θ), written into the third (P, n);
the fourth (n,) is room to work in."""

WIDEST = 12
"""Networks with wider layers use one matrix product a point instead."""


def kernel_of(objective: Objective) -> Kernel:
    """The fastest way to the gradients of many points of a network."""
    if objective.network.is_chain:
        plain = _chain(objective)
    elif max(objective.network.sizes) <= WIDEST:
        plain = _rows(objective)
    else:
        plain = _matrices(objective)
    decay = objective.weight_decay

    def decayed(theta: Array, factor: Array | float, made: Array, room: Array) -> None:
        plain(theta, factor, made, room)
        made += (factor * decay) * theta

    return decayed if decay else plain


def step_seconds(objective: Objective) -> float:
    """Estimated seconds of one core for a step of one point: a fit to measurements, good to a
    factor of two."""
    network = objective.network
    if network.is_chain:
        return 1.5e-9 * network.parameters
    return (3.5e-9 if max(network.sizes) <= WIDEST else 1.2e-8) * network.parameters


def loss_of(objective: Objective) -> Callable[[Array], Array]:
    """The loss (n,) of many points θ (P, n)."""
    if not objective.network.is_chain or objective.weight_decay:
        return lambda theta: objective.loss(np.ascontiguousarray(theta.T))
    target, half = float(objective.solution[0, 0]), 0.5 * float(objective.covariance[0, 0])

    def loss(theta: Array) -> Array:
        product = np.multiply.reduce(theta, axis=0)
        product -= target
        return half * product * product + objective.floor

    return loss


def _chain(objective: Objective) -> Kernel:
    """Scalar chain: prefix products up, suffix products down, nothing allocated twice."""
    target, covariance = float(objective.solution[0, 0]), float(objective.covariance[0, 0])

    def gradient(theta: Array, factor: Array | float, made: Array, room: Array) -> None:
        depth = len(theta)
        if depth == 1:
            np.subtract(theta, target, out=made)
            made *= factor * covariance
            return
        # made[l] holds the product of the weights below l until the error comes back down.
        made[1] = theta[0]
        for l in range(2, depth):
            np.multiply(made[l - 1], theta[l - 1], out=made[l])
        back = np.multiply(made[-1], theta[-1], out=room)
        back -= target
        back *= factor if covariance == 1 else factor * covariance
        for l in range(depth - 1, 1, -1):
            made[l] *= back
            back *= theta[l]
        np.multiply(back, theta[1], out=made[0])
        np.multiply(back, theta[0], out=made[1])

    return gradient


def _rows(objective: Objective) -> Kernel:
    """Any small network, by sums along rows of points."""
    network, covariance = objective.network, objective.covariance
    whitened = objective.is_whitened
    target = objective.solution[..., None]

    def gradient(theta: Array, factor: Array | float, made: Array, _room: Array) -> None:
        weights, blocks = _layers(network.shapes, network.offsets, theta, made)
        prefix = [weights[0]]
        for layer in weights[1:]:
            prefix.append(np.einsum("ijn,jkn->ikn", layer, prefix[-1]))
        error = (prefix[-1] - target) * factor
        back = error if whitened else np.einsum("ijn,jk->ikn", error, covariance)
        for l in range(len(weights) - 1, 0, -1):
            np.einsum("ikn,jkn->ijn", back, prefix[l - 1], out=blocks[l])
            back = np.einsum("jin,jkn->ikn", weights[l], back)
        blocks[0][...] = back

    return gradient


def _matrices(objective: Objective) -> Kernel:
    """Wide networks, by matrix products a point."""

    def gradient(theta: Array, factor: Array | float, made: Array, _room: Array) -> None:
        np.multiply(objective.gradient(np.ascontiguousarray(theta.T)).T, factor, out=made)

    return gradient


def _layers(
    shapes: tuple[tuple[int, int], ...], offsets: tuple[int, ...], *arrays: Array
) -> tuple[list[Array], ...]:
    """Views (w_l, w_{l-1}, n) of each array (P, n)."""
    return tuple(
        [
            array[start:stop].reshape(*shape, -1)
            for start, stop, shape in zip(offsets, offsets[1:], shapes, strict=False)
        ]
        for array in arrays
    )
