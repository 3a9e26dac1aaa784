"""A small linear complementarity problem over positive semidefinite matrices.

Symmetric matrices (k, k) are packed into vectors of length k (k + 1) / 2, row by row from the
diagonal on, with √2 on what is off the diagonal: inner products are kept.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from eosdash.core.types import Array

ITERATIONS = 2000
PRECISION = 1e-8
"""Residuals at which a solution is taken, relative to the data."""


@cache
def _places(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    rows, columns = np.triu_indices(count)
    return rows, columns, np.where(rows == columns, 1.0, np.sqrt(2))


def packed(matrix: Array) -> Array:
    """Symmetric (..., k, k) to (..., k (k + 1) / 2)."""
    rows, columns, weights = _places(matrix.shape[-1])
    return np.asarray(matrix[..., rows, columns] * weights)


def unpacked(vector: Array, count: int) -> Array:
    """The inverse of :func:`packed`, for k = ``count``."""
    rows, columns, weights = _places(count)
    matrix = np.empty((*vector.shape[:-1], count, count))
    matrix[..., rows, columns] = matrix[..., columns, rows] = vector / weights
    return matrix


def solve(operator: Array, excess: Array, count: int) -> tuple[Array, bool]:
    """x with X ⪰ 0, S = M x − b ⪰ 0 and ⟨X, S⟩ = 0, and whether it was found.

    The minimizer of ½ xᵀ M x − bᵀ x over X ⪰ 0. The answers X = 0 and S = 0 are tried first;
    otherwise by alternating directions (Boyd et al. 2011, with over-relaxation).

    Args:
        operator: M, positive semidefinite up to rounding, (d, d), d = k (k + 1) / 2.
        excess: b, (d,).
        count: k.

    Where M is singular and b cannot be met there is no finite solution; then the last iterate,
    and False.
    """
    if not np.all(np.isfinite(operator)) or not np.all(np.isfinite(excess)):
        return np.zeros_like(excess), False
    scale = float(np.abs(excess).max())
    if scale == 0 or np.linalg.eigvalsh(unpacked(excess, count))[-1] <= 0:
        return np.zeros_like(excess), True
    operator = 0.5 * (operator + operator.T)
    curvature, basis = np.linalg.eigh(operator)
    if curvature[0] > 1e-12 * curvature[-1]:
        whole = basis @ ((basis.T @ excess) / curvature)
        if np.linalg.eigvalsh(unpacked(whole, count))[0] >= 0:
            return whole, True
    if curvature[-1] <= 0:
        return np.zeros_like(excess), False
    return _alternate(curvature, basis, excess, count, PRECISION * scale)


def _alternate(
    curvature: Array, basis: Array, excess: Array, count: int, precision: float
) -> tuple[Array, bool]:
    top = float(curvature[-1])
    weight = float(np.sqrt(top * max(float(curvature[0]), 1e-4 * top)))
    inverse = (basis / (curvature + weight)) @ basis.T
    inside = np.zeros_like(excess)
    dual = np.zeros_like(excess)
    for _ in range(ITERATIONS):
        free = inverse @ (excess + weight * (inside - dual))
        mixed = 1.6 * free - 0.6 * inside
        before, inside = inside, _positive(mixed + dual, count)
        dual = dual + mixed - inside
        apart = weight * np.abs(free - inside).max()
        moved = weight * np.abs(inside - before).max()
        if max(apart, moved) <= precision:
            return inside, True
    return inside, False


def _positive(vector: Array, count: int) -> Array:
    """The nearest positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(unpacked(vector, count))
    return packed((vectors * np.maximum(values, 0.0)) @ vectors.T)
