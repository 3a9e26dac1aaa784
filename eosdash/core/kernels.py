"""Gradients of many points at once, with the point axis last.

Small matrices times long rows: every operation runs along thousands of points that lie side by
side in memory, which is what makes a basin of convergence fast. The mathematics is that of
:class:`eosdash.core.network.Linearization`, against which these are tested.
"""

from collections.abc import Callable

import numpy as np

from eosdash.core.network import Array, Objective

Kernel = Callable[[Array, Array], Array]
"""From θ (P, n) and a factor (n,) or number to factor · ∇L(θ), (P, n)."""

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
    if not decay:
        return plain
    return lambda theta, factor: plain(theta, factor) + (factor * decay) * theta


def _chain(objective: Objective) -> Kernel:
    """Scalar chain: prefix products up, suffix products down, nothing allocated twice."""
    target, covariance = float(objective.solution[0, 0]), float(objective.covariance[0, 0])

    def gradient(theta: Array, factor: Array) -> Array:
        made = np.empty_like(theta)
        depth = len(theta)
        # made[l] holds the product of the weights below l until the error comes back down.
        back = theta[0].copy()
        for l in range(1, depth):
            made[l] = back
            back *= theta[l]
        back -= target
        back *= factor * covariance
        for l in range(depth - 1, 0, -1):
            made[l] *= back
            back *= theta[l]
        made[0] = back
        return made

    return gradient


def _rows(objective: Objective) -> Kernel:
    """Any small network, by sums along rows of points."""
    network, covariance = objective.network, objective.covariance
    whitened = objective.is_whitened
    target = objective.solution[..., None]

    def gradient(theta: Array, factor: Array) -> Array:
        made = np.empty_like(theta)
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
        return made

    return gradient


def _matrices(objective: Objective) -> Kernel:
    """Wide networks, by matrix products a point."""

    def gradient(theta: Array, factor: Array) -> Array:
        return objective.gradient(np.ascontiguousarray(theta.T)).T * factor

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
