"""Sharpness of the many points that a map of basins converges to."""

import numpy as np

from eosdash.core.curvature import Curvature
from eosdash.core.krylov import extreme_eigenvalues
from eosdash.core.network import Array, Objective
from eosdash.core.spectrum import DENSE_LIMIT

OUTPUTS_LIMIT = 16
"""Up to this many entries of the end-to-end map the Gauss–Newton matrix is diagonalized."""

BATCH_FLOATS = 1_000_000


def settled_sharpness(objective: Objective, theta: Array, at_minimum: bool) -> Array:
    """λ_max(∇²L) at stationary points θ (P, n), (n,); NaN where it did not converge.

    At a minimizer without residual ∇²L = JᵀJ/n, whose eigenvalues are those of the small matrix
    Σ_l (A_l A_lᵀ) ⊗ (F_lᵀ F_l) with A_l = W_L ⋯ W_{l+1} and F_l = W_{l−1} ⋯ W_1 F. Elsewhere the
    whole Hessian up to fifty parameters, and a Krylov iteration beyond.
    """
    if not theta.shape[1]:
        return np.empty(0)
    network = objective.network
    outputs = network.sizes[0] * network.sizes[-1]
    full_rank = min(network.sizes) == min(network.sizes[0], network.sizes[-1])
    if at_minimum and full_rank and not objective.weight_decay and outputs <= OUTPUTS_LIMIT:
        return _gauss_newton(objective, theta)
    return point_sharpness(objective, theta)


def point_sharpness(objective: Objective, theta: Array) -> Array:
    """λ_max(∇²L) at any points θ (P, n), (n,), from the Hessian; NaN where a Krylov iteration,
    beyond fifty parameters, did not converge."""
    network = objective.network
    numbers = min(network.parameters, DENSE_LIMIT) * network.parameters
    batch = max(1, BATCH_FLOATS // numbers)
    found = [
        _by_hessian(objective, np.ascontiguousarray(theta[:, at : at + batch].T))
        for at in range(0, theta.shape[1], batch)
    ]
    return np.concatenate(found)


def _gauss_newton(objective: Objective, theta: Array) -> Array:
    if objective.network.is_chain:
        squares = np.zeros(theta.shape[1])
        for l in range(len(theta)):
            others = np.multiply.reduce(np.delete(theta, l, axis=0), axis=0)
            squares += others * others
        return squares * objective.covariance[0, 0]
    weights = objective.network.layers(np.ascontiguousarray(theta.T))
    before: list[Array] = [
        np.broadcast_to(objective.factor, (theta.shape[1], *objective.factor.shape))
    ]
    for layer in weights[:-1]:
        before.append(layer @ before[-1])
    after: list[Array] = [np.eye(objective.network.sizes[-1])]
    for layer in reversed(weights[1:]):
        after.insert(0, after[0] @ layer)
    total: Array | float = 0.0
    for a, c in zip(after, before, strict=True):
        outer = np.einsum("...ik,...jk->...ij", a, a)
        inner = np.einsum("...ki,...kj->...ij", c, c)
        size = outer.shape[-1] * inner.shape[-1]
        product = np.einsum("...ij,...kl->...ikjl", outer, inner)
        total = total + product.reshape(-1, size, size)
    return np.asarray(np.linalg.eigvalsh(total)[:, -1], dtype=float)


def _by_hessian(objective: Objective, points: Array) -> Array:
    """From points (n, P)."""
    if objective.network.depth == 1 or objective.network.parameters <= DENSE_LIMIT:
        return np.asarray(np.linalg.eigvalsh(objective.hessian(points))[:, -1], dtype=float)
    curvature = Curvature(objective, points)
    rng = np.random.default_rng(0)
    start, probe = (
        curvature.compress(rng.standard_normal((len(points), block, points.shape[1])))
        for block in (4, 1)
    )
    ritz = extreme_eigenvalues(curvature, start, 1, probe, 8)
    # Directions that the Hessian does not see have eigenvalue zero.
    top = np.maximum(ritz.values[:, -1], 0.0) + objective.weight_decay
    return np.where(ritz.converged, top, np.nan)
