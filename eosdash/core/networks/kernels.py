"""Gradients of many points at once, with the point axis last.

Small matrices times long rows: every operation runs along thousands of points that lie side by
side in memory, which is what makes a basin of convergence fast. The mathematics is that of
:class:`eosdash.core.networks.linear.Linearization`, against which these are tested.

Non-linear networks take their points in blocks whose signals stay in the cache, with the very
operations of :meth:`eosdash.core.networks.nonlinear.NonlinearObjective.gradient`: each point comes
out as it would alone, to the last bit, so that a chaotic trajectory ends on a map as it does on its
own.
"""

from collections.abc import Callable, Iterator

import numpy as np

from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array

Kernel = Callable[[Array, Array | float, Array, Array], None]
"""From θ (P, n) and a factor (n,) or number to factor · ∇L(θ), written into the third (P, n);
the fourth (n,) is room to work in."""

WIDEST = 12
"""Networks with wider layers use one matrix product a point instead."""

BLOCK_FLOATS = 12_000
"""Numbers in the widest signals of a block: several such arrays fit the second-level cache of a
core, and none is so large that its memory comes fresh from the system each time."""

UNIT_SECONDS = {"tanh": 2.3e-8, "relu": 1.0e-8, "gelu": 3.8e-8, "softplus": 4.0e-8}
"""Seconds of one core for a hidden unit, there and back, of one sample."""


def kernel_of(objective: Surface) -> Kernel:
    """The fastest way to the gradients of many points of a network."""
    if not isinstance(objective, Objective):
        return _blocks(objective)
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


def step_seconds(objective: Loss) -> float:
    """Estimated seconds of one core for a step of one point: a fit to measurements, good to a
    factor of two."""
    if isinstance(objective, NonlinearObjective):
        return _sample_seconds(objective)
    network = objective.network
    if network.is_chain:
        return 1.5e-9 * network.parameters
    return (3.5e-9 if max(network.sizes) <= WIDEST else 1.2e-8) * network.parameters


def _sample_seconds(objective: NonlinearObjective) -> float:
    network, samples = objective.network, objective.samples
    hidden, outputs = sum(network.sizes[1:-1]), network.sizes[-1]
    units = UNIT_SECONDS[network.activation] * hidden + 1.2e-8 * outputs
    calls = 2e-5 * network.depth / block_size(objective)
    return 2e-7 + calls + samples * (units + 1e-10 * network.parameters)


def block_size(objective: Surface) -> int:
    """How many points' signals to work on at once."""
    if not isinstance(objective, NonlinearObjective):
        return max(1, BLOCK_FLOATS // objective.network.parameters)
    return max(1, BLOCK_FLOATS // (objective.samples * max(objective.network.sizes[1:])))


def blocks(objective: Surface, number: int) -> Iterator[slice]:
    """The parts of ``number`` points to work on one after the other."""
    size = block_size(objective)
    return (slice(begin, begin + size) for begin in range(0, number, size))


def loss_of(objective: Surface) -> Callable[[Array], Array]:
    """The loss (n,) of many points θ (P, n)."""
    if not isinstance(objective, Objective):
        return lambda theta: np.concatenate(
            [
                objective.loss(np.ascontiguousarray(theta[:, some].T))
                for some in blocks(objective, theta.shape[1])
            ]
            or [np.empty(0)]
        )
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


def _blocks(objective: Surface) -> Kernel:
    """Any other loss, weight decay included, block by block."""

    def gradient(theta: Array, factor: Array | float, made: Array, _room: Array) -> None:
        for some in blocks(objective, theta.shape[1]):
            rate = factor[some] if isinstance(factor, np.ndarray) else factor
            steep = objective.gradient(np.ascontiguousarray(theta[:, some].T))
            np.multiply(steep.T, rate, out=made[:, some])

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
