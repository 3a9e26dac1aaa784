"""Curvature at the many points that a map of basins converges to.

They are unrelated points, not a trajectory: no eigenvector of one helps another.
"""

from collections.abc import Iterator

import numpy as np

from eosdash.core.curvature.curvature import unseen
from eosdash.core.curvature.spectrum import DENSE_LIMIT, curvature_of
from eosdash.core.eigen.krylov import extreme_eigenvalues
from eosdash.core.networks.kernels import step_seconds
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.types import Array

OUTPUTS_LIMIT = 16
"""Up to this many entries of the end-to-end map the Gauss–Newton matrix is diagonalized."""

BATCH_FLOATS = 1_000_000

WHOLE_LIMIT = 80
"""Up to this many parameters the whole Hessian of a non-linear network is diagonalized."""


def rest_seconds(objective: Loss) -> float:
    """Estimated seconds of one core to tell whether a point of rest is a minimum, and how sharp it
    is: a fit to measurements, good to a factor of two. Of a linear network it is next to none."""
    if not isinstance(objective, NonlinearObjective):
        return 0.0
    size = objective.network.parameters
    calls = 1e-4 if size <= WHOLE_LIMIT else 6e-4
    return calls + 1.5 * min(size, 100) * step_seconds(objective)


def extreme_curvatures(objective: Loss, theta: Array) -> Array:
    """λ_min and λ_max of ∇²L at points θ (P, n), (2, n); NaN where not found."""
    parts = [_ends(objective, points, lowest=True) for points in _batches(objective, theta)]
    return np.concatenate([np.empty((2, 0)), *parts], axis=1)


def settled_sharpness(objective: Loss, theta: Array, at_minimum: bool) -> Array:
    """λ_max(∇²L) at stationary points θ (P, n), (n,); NaN where it did not converge.

    At a minimizer without residual ∇²L = JᵀJ/n, whose eigenvalues are those of the small matrix
    Σ_l (A_l A_lᵀ) ⊗ (F_lᵀ F_l) with A_l = W_L ⋯ W_{l+1} and F_l = W_{l−1} ⋯ W_1 F. Elsewhere, and
    of networks that are not linear, the whole Hessian where it is small, otherwise a Krylov
    iteration.
    """
    if not theta.shape[1]:
        return np.empty(0)
    if isinstance(objective, NonlinearObjective):
        return point_sharpness(objective, theta)
    network = objective.network
    outputs = network.sizes[0] * network.sizes[-1]
    full_rank = min(network.sizes) == min(network.sizes[0], network.sizes[-1])
    if at_minimum and full_rank and not objective.weight_decay and outputs <= OUTPUTS_LIMIT:
        return _gauss_newton(objective, theta)
    return point_sharpness(objective, theta)


def point_sharpness(objective: Loss, theta: Array) -> Array:
    """λ_max(∇²L) at any points θ (P, n), (n,), from the Hessian; NaN where a Krylov iteration,
    of more than a thousand directions, did not converge."""
    found = [_ends(objective, points, lowest=False)[-1] for points in _batches(objective, theta)]
    return np.concatenate([np.empty(0), *found])


def whole_spectrum(objective: NonlinearObjective, theta: Array) -> Array:
    """All eigenvalues of ∇²L, ascending, at points θ (P, n), (n, P); NaN where not finite."""
    decay = objective.weight_decay
    found = [
        _whole(curvature_of(objective, points).matrix()) + decay
        for points in _batches(objective, theta)
    ]
    return np.concatenate([np.empty((0, len(theta))), *found])


def _batches(objective: Loss, theta: Array) -> Iterator[Array]:
    """The columns of θ (P, n) as rows (m, P), so many that their Hessians fit into memory."""
    size = objective.network.parameters
    numbers = min(size, DENSE_LIMIT) * size
    if isinstance(objective, NonlinearObjective):
        directions = size if size <= WHOLE_LIMIT else 4
        signals = objective.samples * sum(objective.network.sizes[1:])
        numbers = max(size, 48) * size + 6 * signals + 2 * directions * signals
    batch = max(1, BATCH_FLOATS // numbers)
    for at in range(0, theta.shape[1], batch):
        yield np.ascontiguousarray(theta[:, at : at + batch].T)


def _gauss_newton(objective: Objective, theta: Array) -> Array:
    if objective.network.is_chain:
        squares = np.zeros(theta.shape[1])
        for l in range(len(theta)):
            others = np.full_like(squares, objective.covariance[0, 0] ** 0.5)
            for m in range(len(theta)):
                if m != l:
                    others *= theta[m]
            others *= others
            squares += others
        return squares
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


def _ends(objective: Loss, points: Array, lowest: bool) -> Array:
    """λ_min and λ_max, or λ_max alone, at points (n, P): (2, n) or (1, n); NaN where unknown."""
    wanted = [0, -1] if lowest else [-1]
    size, decay = objective.network.parameters, objective.weight_decay
    if isinstance(objective, NonlinearObjective):
        if size <= WHOLE_LIMIT:
            return _whole(curvature_of(objective, points).matrix())[:, wanted].T + decay
    elif objective.network.depth == 1 or size <= DENSE_LIMIT:
        return np.asarray(np.linalg.eigvalsh(objective.hessian(points))[:, wanted].T, dtype=float)
    curvature = curvature_of(objective, points)
    linear = isinstance(objective, Objective)
    if isinstance(objective, Objective) and size - unseen(objective.network) <= DENSE_LIMIT:
        return _with_zero(_whole(curvature.matrix())[:, wanted].T) + decay
    rng = np.random.default_rng(0)
    start, probe = (
        curvature.compress(rng.standard_normal((len(points), block, size))) for block in (4, 1)
    )
    ritz = extreme_eigenvalues(curvature, start, 1, probe, 8, lowest or linear, strict=True)
    values = ritz.values[:, wanted].T
    if linear:
        values = _with_zero(values)
    return np.where(ritz.converged, values + decay, np.nan)


def _with_zero(ends: Array) -> Array:
    """λ_min and λ_max, or λ_max alone, (2, n) or (1, n), with the eigenvalue 0 of directions that
    the Hessian does not see."""
    top = np.maximum(ends[-1:], 0.0)
    return top if len(ends) == 1 else np.concatenate([np.minimum(ends[:1], 0.0), top])


def _whole(matrices: Array) -> Array:
    """Ascending eigenvalues (n, P) of matrices (n, P, P); NaN where one is not finite."""
    sound = np.isfinite(matrices).all(axis=(1, 2))
    values = np.full(matrices.shape[:2], np.nan)
    values[sound] = np.linalg.eigvalsh(matrices[sound])
    return values
