"""How disturbances of a fixed point or of a cycle grow.

Once around a cycle θ_1 → θ_2 → … → θ_p → θ_1 a disturbance is multiplied by the matrix
M = DG(θ_p) ⋯ DG(θ_1), where DG = I − η∇²L, or with momentum the derivative of one step of (θ, v).
An orbit that comes close to a cycle whose M has an eigenvalue beyond 1 leaves it again, though
rounding, or a start in a plane of symmetry, may hide that for as long as any budget lasts.
"""

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.optimizers import Optimizer
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array

DENSE = 160
"""Up to this many numbers in the state of a step (twice the parameters, with momentum) M is formed
and squared."""

BATCH_FLOATS = 500_000
"""Numbers in the matrices of a batch."""

DOUBLINGS = 15
"""M^(2^15) shows what 32,768 rounds do, about as many as any run has."""

GROWS = 1e6
"""A disturbance that has grown by this after so many rounds is on its way."""

ROUNDS = 64
"""Rounds of one random disturbance where M is too large to be formed."""

GROWS_A_ROUND = 1.05
"""Mean growth in one of the later half of them that counts. Growth along a family of cycles, in
proportion to the rounds, comes to 1.02."""


def escape(curvature: Array, lr: Array, optimizer: Optimizer) -> Array:
    """Logarithm of the growth in a step along a direction of this curvature < 0, (n,): that of
    the larger root μ of μ² − (1 + β + a)μ + β, a = η|λ|, or with Nesterov's momentum of
    μ² − (1 + β)(1 + a)μ + β(1 + a). NaN where the curvature is."""
    beta, steep = optimizer.momentum, lr * np.maximum(-curvature, 0.0)
    ahead = 1 + steep if optimizer.nesterov else 1.0
    middle = (1 + beta) * ahead if optimizer.nesterov else 1 + beta + steep
    return np.asarray(np.log(0.5 * (middle + np.sqrt(middle**2 - 4 * beta * ahead))))


def repel(
    objective: Surface, cycles: Array, velocities: Array, lr: Array, optimizer: Optimizer
) -> NDArray[np.bool_]:
    """Whether disturbances of n cycles grow, (n,).

    Args:
        cycles: their points θ in turn, (p, n, P).
        velocities: v before the step from each of them, (p, n, P).
        lr: η, (n,).
        optimizer: with full batches.
    """
    ahead = optimizer.ahead(cycles, velocities)
    size = cycles.shape[2] * (2 if optimizer.momentum else 1)
    if size > DENSE:
        return np.array(
            [_grows_at_random(objective, ahead[:, i], lr[i], optimizer) for i in range(len(lr))]
        )
    batch = max(1, BATCH_FLOATS // size**2)
    parts = []
    for begin in range(0, len(lr), batch):
        some = slice(begin, begin + batch)
        matrix: Array = np.eye(size)[None]
        for points in ahead[:, some]:
            hessians = objective.hessian(points)
            matrix = _step_matrices(hessians, lr[some], optimizer) @ matrix
        parts.append(_grows(matrix))
    return np.concatenate(parts)


def _step_matrices(hessians: Array, lr: Array, optimizer: Optimizer) -> Array:
    """Derivatives of a step, of θ or of (θ, v), with Hessians (n, P, P) where it is taken."""
    unit, beta = np.eye(hessians.shape[-1]), optimizer.momentum
    of_theta = -lr[:, None, None] * hessians
    if not beta:
        return np.asarray(unit + of_theta)
    of_velocity = beta * (unit + of_theta if optimizer.nesterov else unit + 0 * of_theta)
    return np.block([[unit + of_theta, of_velocity], [of_theta, of_velocity]])


def _grows(matrix: Array) -> NDArray[np.bool_]:
    """Whether powers of matrices (n, s, s) grow, (n,)."""
    logarithm = np.zeros(len(matrix))
    with np.errstate(all="ignore"):
        for _ in range(DOUBLINGS):
            # What has shrunk to nothing stays there.
            norm = np.maximum(np.linalg.norm(matrix, axis=(1, 2)), np.finfo(float).tiny)
            logarithm = 2 * (logarithm + np.log(norm))
            matrix = matrix / norm[:, None, None]
            matrix = matrix @ matrix
        logarithm += np.log(np.linalg.norm(matrix, axis=(1, 2)))
    return ~(logarithm <= np.log(GROWS))  # what is no number has grown


def _grows_at_random(objective: Surface, ahead: Array, lr: float, optimizer: Optimizer) -> bool:
    """Whether a random disturbance of a cycle, with Hessians taken at ``ahead`` (p, P), grows."""
    at = [objective.linearize(point) for point in ahead]
    beta = optimizer.momentum
    growth: float = 0.0
    theta: Array = np.random.default_rng(0).standard_normal((1, ahead.shape[1]))[0]
    velocity: Array = np.zeros_like(theta)
    for turn in range(ROUNDS):
        for point in at:
            seen = optimizer.ahead(theta, velocity)
            velocity = beta * velocity - lr * point.hessian_product(seen)
            theta = theta + velocity
        length = float(np.hypot(np.linalg.norm(theta), np.linalg.norm(velocity)))
        if not length > 0:
            return False
        theta, velocity = theta / length, velocity / length
        if turn >= ROUNDS // 2:
            growth += float(np.log(length))
    return not growth <= (ROUNDS - ROUNDS // 2) * np.log(GROWS_A_ROUND)
