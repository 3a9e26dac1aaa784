"""Extreme eigenvalues of many symmetric operators at once, by block Krylov iteration.

Rayleigh–Ritz in a basis that grows by the residuals of the wanted Ritz pairs and their images
(block Lanczos with full orthogonalization, from a warm start). All operators advance in
lockstep as batched arrays; those that are done leave the batch.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

TOLERANCE = 1e-7
"""Estimated error, relative to the spectral norm, at which an eigenvalue counts as converged:
a tenth of the 1e-6 that is promised."""

MAX_BASIS = 64
MAX_CYCLES = 24
TINY = float(np.finfo(float).tiny)


class Ritz(NamedTuple):
    """Answers for N operators: ``values`` (N, 1 + k) = λ_min then the k largest, ascending;
    ``vectors`` (N, k + 3, P), of the two smallest and the k + 1 largest Ritz values, to start from
    next time; ``converged`` (N,)."""

    values: Array
    vectors: Array
    converged: NDArray[np.bool_]


def extreme_eigenvalues(
    operator: Callable[[Indices], Callable[[Array], Array]], start: Array, count: int
) -> Ritz:
    """λ_min and the ``count`` largest eigenvalues of N symmetric operators on R^P.

    Args:
        operator: for the indices of some of the operators, a function from (n, b, P) to
            (n, b, P) that applies each to its b vectors.
        start: initial blocks (N, b, P), b > ``count``; need not be orthonormal.
        count: k.

    An eigenvalue is taken as converged when min(r, r²/gap), with r the norm of its residual
    and gap the distance to the nearest other Ritz value, is at most TOLERANCE times the
    largest Ritz value in modulus (Parlett, The Symmetric Eigenvalue Problem, §11.7).
    """
    number, _, size = start.shape
    wanted = count + 1
    answer = Ritz(
        np.empty((number, wanted)),
        np.empty((number, wanted + 2, size)),
        np.zeros(number, dtype=bool),
    )
    active = np.arange(number)
    apply, rows = operator(active), orthonormal(start)
    basis = _Basis(apply, rows, apply(rows))
    for cycle in range(MAX_CYCLES):
        theta, coordinates = basis.rayleigh_ritz()
        ends = _ends(basis.size, count)
        residuals, errors = basis.residuals(theta, coordinates, ends)
        done: NDArray[np.bool_] = np.all(errors <= TOLERANCE, axis=1)
        leaving = done if cycle < MAX_CYCLES - 1 else np.ones_like(done)
        if leaving.any():
            gone = active[leaving]
            answer.values[gone] = theta[leaving][:, ends]
            mixing = coordinates[leaving][:, :, _ends(basis.size, count + 1, 2)].swapaxes(1, 2)
            answer.vectors[gone] = mixing @ basis.rows[leaving]
            answer.converged[gone] = done[leaving]
            active = active[~leaving]
            if not active.size:
                break
            basis = basis.of(~leaving, operator(active))
            coordinates, residuals, errors = (
                array[~leaving] for array in (coordinates, residuals, errors)
            )
        growth = 2 * min(1 + cycle // 2, 8)
        if basis.size + growth > MAX_BASIS:
            basis = basis.spanned_by(coordinates[:, :, _ends(basis.size, 2 * wanted, 4)])
        worst = np.argsort(-errors, axis=1)[:, :2, None]
        basis.grow(np.take_along_axis(residuals, worst, axis=1), growth)
    return answer


def _ends(size: int, high: int, low: int = 1) -> Indices:
    """Positions of the ``low`` smallest and the ``high`` largest of ``size`` ascending values."""
    return np.r_[:low, size - high : size]


class _Basis:
    """Orthonormal rows Q (n, m, P) and their images H Q (n, m, P), with room to grow."""

    def __init__(self, apply: Callable[[Array], Array], rows: Array, images: Array) -> None:
        self.apply, self.size = apply, rows.shape[1]
        self._rows, self._images = rows, images

    @property
    def rows(self) -> Array:
        return self._rows[:, : self.size]

    @property
    def images(self) -> Array:
        return self._images[:, : self.size]

    def rayleigh_ritz(self) -> tuple[Array, Array]:
        """Ritz values (n, m) ascending and their coordinates (n, m, m) in the basis."""
        return np.linalg.eigh(self.rows @ self.images.swapaxes(1, 2))

    def residuals(self, theta: Array, coordinates: Array, targets: Indices) -> tuple[Array, Array]:
        """Residual vectors (n, t, P) of the target Ritz pairs and their error estimates (n, t),
        relative to the spectral norm."""
        mixing = coordinates[:, :, targets].swapaxes(1, 2)
        residuals = mixing @ self.images
        residuals -= (theta[:, targets, None] * mixing) @ self.rows
        norms = np.sqrt(np.einsum("ntp,ntp->nt", residuals, residuals))
        distance = np.abs(theta[:, targets, None] - theta[:, None, :])
        distance[:, np.arange(len(targets)), targets] = np.inf
        gap = np.maximum(distance.min(axis=2), TINY)
        scale = np.maximum(np.abs(theta).max(axis=1, keepdims=True), TINY)
        return residuals, norms * np.minimum(1.0, norms / gap) / scale

    def grow(self, block: Array, amount: int) -> None:
        """Add ``amount`` rows: the block, its image, the image of that, and so on."""
        goal = self.size + amount
        self._reserve(goal)
        while self.size < goal:
            block = orthonormal(block[:, : goal - self.size], self.rows)
            new = slice(self.size, self.size + block.shape[1])
            self._rows[:, new] = block
            self._images[:, new] = block = self.apply(block)
            self.size = new.stop

    def _reserve(self, goal: int) -> None:
        if goal <= self._rows.shape[1]:
            return
        number, _, size = self._rows.shape
        for name, old in (("_rows", self.rows), ("_images", self.images)):
            room = np.empty((number, 2 * goal, size))
            room[:, : self.size] = old
            setattr(self, name, room)

    def of(self, which: NDArray[np.bool_], apply: Callable[[Array], Array]) -> "_Basis":
        """The same for some of the operators."""
        return _Basis(apply, self.rows[which], self.images[which])

    def spanned_by(self, coordinates: Array) -> "_Basis":
        """A smaller basis of some Ritz vectors; their images need no products."""
        mixing = coordinates.swapaxes(1, 2)
        return _Basis(self.apply, mixing @ self.rows, mixing @ self.images)


def orthonormal(block: Array, against: Array | None = None) -> Array:
    """Rows (n, b, P) orthonormal and orthogonal to the rows ``against`` (n, m, P).

    Gram–Schmidt twice, for orthogonality to rounding; a direction that was already spanned
    comes out as an arbitrary one that is not.
    """
    block = block.copy()
    for _ in range(2):
        if against is not None:
            block -= (block @ against.swapaxes(1, 2)) @ against
        for i in range(block.shape[1]):
            row = block[:, i]
            if i:
                known = block[:, :i]
                row -= (known @ row[:, :, None] * known).sum(axis=1)
            row /= np.maximum(np.sqrt(np.einsum("np,np->n", row, row)), TINY)[:, None]
    return block
