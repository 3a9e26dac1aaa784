"""Leading eigenvectors of the Hessian along a path, and how its eigenvalues change with θ.

:mod:`eosdash.core.curvature.spectrum` follows eigenvalues at every step of a run and is the faster
for it. Here the eigenvectors are wanted too, with signs that go on from point to point, for any
:class:`eosdash.core.networks.protocols.Surface`.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from eosdash.core.eigen.krylov import extreme_eigenvalues
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array

DENSE = 56
"""Up to this many parameters the whole Hessian is diagonalized: more than a Krylov basis holds."""

BATCH_FLOATS = 1_500_000
"""About how many numbers the Krylov bases of a batch may hold."""

REACH = 8
"""Images of a random direction that join the first basis."""

DIFFERENCE = 1e-5
"""Half the distance, relative to 1 + ‖θ‖, of central differences of Hessian products. Measured on
tanh 1-30-20-1 their error is 1e-8 relative; see :func:`curvature_slopes`."""


class Eigenpairs(NamedTuple):
    """The k largest eigenvalues of the Hessian at T points.

    Attributes:
        values: descending, (T, k); NaN where the Hessian is not finite.
        vectors: unit vectors, (T, k, P). Each has the sign that goes with the point before it,
            as long as it keeps its place among the eigenvalues.
        converged: whether the values hold to 1e-6 relative to the spectral norm, (T,); vectors
            to about 1e-3 √(spectral norm / gap) or better.
    """

    values: Array
    vectors: Array
    converged: NDArray[np.bool_]


class TopEigenpairs:
    """Leading eigenpairs along one path, stretch after stretch.

    Args:
        surface: the loss.
        count: k ≥ 1; reduced to the number of parameters.
    """

    def __init__(self, surface: Surface, count: int = 1) -> None:
        self.surface = surface
        self.count = min(count, surface.network.parameters)
        self._block: Array | None = None
        self._last: Array | None = None

    def __call__(self, path: Array) -> Eigenpairs:
        """Eigenpairs at the rows of ``path`` (T, P), continuing from the call before."""
        total, size = path.shape
        pairs = Eigenpairs(
            np.full((total, self.count), np.nan),
            np.full((total, self.count, size), np.nan),
            np.zeros(total, dtype=bool),
        )
        dense = size <= DENSE
        width = size if dense else 64
        batch = max(1, BATCH_FLOATS // (size * width))
        solve = self._dense if dense else self._krylov
        for begin in range(0, total, batch):
            some = slice(begin, begin + batch)
            with np.errstate(all="ignore"):
                usable = np.flatnonzero(self._finite(path[some])) + begin
                if usable.size:
                    found = solve(path[usable])
                    for whole, part in zip(pairs, found, strict=True):
                        whole[usable] = part
        self._align(pairs.vectors)
        return pairs

    def _finite(self, path: Array) -> NDArray[np.bool_]:
        """Where the Hessian is finite, as far as its product with all ones says."""
        product = self.surface.linearize(path).hessian_product(np.ones(path.shape[1]))
        return np.asarray(np.abs(np.sum(product, axis=1)) < 1e100)

    def _dense(self, path: Array) -> Eigenpairs:
        size = path.shape[1]
        columns = self.surface.linearize(path[:, None, :]).hessian_product(np.eye(size))
        values, vectors = np.linalg.eigh(0.5 * (columns + columns.swapaxes(1, 2)))
        top = slice(None, -self.count - 1, -1)
        rows = vectors.swapaxes(1, 2)[:, top]
        return Eigenpairs(values[:, top], rows, np.ones(len(path), dtype=bool))

    def _krylov(self, path: Array) -> Eigenpairs:
        operator = HessianOperator(self.surface, path)
        probe = None
        start = self._block
        if start is None:
            random = HessianOperator(self.surface, path[:1]).random(self.count + 2)
            probe = np.broadcast_to(random[:, -1:], (len(path), 1, path.shape[1]))
            start = random[:, :-1]
        start = np.broadcast_to(start, (len(path), *start.shape[1:]))
        ritz = extreme_eigenvalues(operator, start, self.count, probe, REACH, lowest=False)
        self._block = ritz.vectors[-1:].copy()
        return Eigenpairs(ritz.values[:, ::-1], ritz.vectors[:, :0:-1], ritz.converged)

    def _align(self, vectors: Array) -> None:
        """Give every vector the sign that agrees with the one before it, in place."""
        for rows in vectors:
            if np.isnan(rows).any():
                continue
            if self._last is None:
                places = np.abs(rows).argmax(axis=1)
                reference = rows[np.arange(len(rows)), places]
            else:
                reference = np.einsum("kp,kp->k", rows, self._last)
            rows *= np.where(reference < 0, -1.0, 1.0)[:, None]
            self._last = rows.copy()


class HessianOperator:
    """The Hessians at N points (N, P), for
    :func:`eosdash.core.eigen.krylov.extreme_eigenvalues`."""

    def __init__(self, surface: Surface, points: Array) -> None:
        self.surface, self.points = surface, points
        self._at = surface.linearize(points[:, None, :])

    def __call__(self, block: Array) -> Array:
        """∇²L·v for v (N, b, P)."""
        return self._at.hessian_product(block)

    def clean(self, block: Array) -> None:
        """All that there is."""

    def random(self, count: int, turn: int = 0) -> Array:
        """Gaussian directions (N, ``count``, P), others at every turn."""
        number, size = self.points.shape
        return np.random.default_rng(turn).standard_normal((number, count, size))

    def of(self, which: NDArray[np.bool_]) -> Self:
        """The same at some of the points."""
        return type(self)(self.surface, self.points[which])


def curvature_slopes(surface: Surface, theta: Array, vectors: Array) -> Array:
    """∇_θ (u_iᵀ H(θ) u_j) with u fixed: third derivatives of the loss, (..., k, k, P).

    By first order perturbation theory the entry (i, i) is the gradient of λ_i where that
    eigenvalue is simple. Taken as the central difference along u_i of the Hessian products
    H(θ ± h u_i) u_j with h = 1e-5 (1 + ‖θ‖), symmetrized in i and j; error O(h²). Of a loss with
    kinks, as with ReLU, they are those of the smooth piece that θ lies in: what an oscillation
    across kinks meets is not in them.

    Args:
        theta: (..., P).
        vectors: orthonormal rows u_1, …, u_k at each point, (..., k, P).
    """
    step = DIFFERENCE * (1.0 + np.linalg.norm(theta, axis=-1))[..., None, None, None]
    moved = step * vectors[..., :, None, :]
    base = theta[..., None, None, :]
    directions = vectors[..., None, :, :]
    ahead = surface.linearize(base + moved).hessian_product(directions)
    behind = surface.linearize(base - moved).hessian_product(directions)
    slopes = (ahead - behind) / (2 * step)
    return np.asarray(0.5 * (slopes + slopes.swapaxes(-2, -3)))
