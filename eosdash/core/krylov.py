"""Extreme eigenvalues of many symmetric operators at once, by block Krylov iteration.

Rayleigh–Ritz in a basis that grows by the residuals of the wanted Ritz pairs and their images
(block Lanczos with full orthogonalization, from a warm start). All operators advance in
lockstep as batched arrays; those that are done leave the batch.
"""

from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

TOLERANCE = 2e-7
"""Estimated error, relative to the spectral norm, at which an eigenvalue counts as converged:
less than the 1e-6 that is promised, because it is an estimate."""

MAX_BASIS = 48
KEPT = 8
"""Ritz vectors kept from either end of a full basis, besides those wanted."""

MAX_CYCLES = 40
BLOCK = 2
"""Residuals that a basis grows by at a time: one from either end, as a rule."""

SPANNED = 1e-12
"""What is left of a direction, relative to the spectral norm, when it was already spanned."""

TINY = float(np.finfo(float).tiny)


class Operator(Protocol):
    """N symmetric operators on R^P."""

    def __call__(self, block: Array) -> Array:
        """Apply each to its b vectors: (N, b, P) to (N, b, P)."""

    def random(self, count: int) -> Array:
        """Random vectors (N, ``count``, P), the same at every call."""

    def of(self, which: NDArray[np.bool_]) -> Self:
        """Some of them."""


class Ritz(NamedTuple):
    """Answers for N operators: ``values`` (N, 1 + k) = λ_min then the k largest, ascending;
    ``vectors`` (N, k + 3, P), of the two smallest and the k + 1 largest Ritz values, to start from
    next time; ``converged`` (N,). Where λ_min is not asked for, ``values`` (N, k) and ``vectors``
    (N, k + 1, P) are of the large ones alone."""

    values: Array
    vectors: Array
    converged: NDArray[np.bool_]


def extreme_eigenvalues(
    operator: Operator,
    start: Array,
    count: int,
    probe: Array | None = None,
    reach: int = 0,
    lowest: bool = True,
) -> Ritz:
    """λ_min and the ``count`` largest eigenvalues of N symmetric operators.

    Args:
        operator: all N of them.
        start: initial blocks (N, b, P), b ≥ ``count`` + 3, without λ_min ``count`` + 1; need not
            be orthonormal.
        count: k.
        probe: random directions (N, 1, P). Their images up to ``reach`` − 1 join the basis first:
            they show an eigenvalue that the start, if it lies in an invariant subspace, hides.
        lowest: whether λ_min is wanted.

    An eigenvalue is taken as converged when min(r, r²/gap), with r the norm of its residual
    and gap the distance to the nearest other Ritz value, is at most TOLERANCE times the
    largest Ritz value in modulus (Parlett, The Symmetric Eigenvalue Problem, §11.7).
    """
    number, _, size = start.shape
    low = 2 if lowest else 0
    guard = np.zeros(low + count + 1, dtype=bool)
    guard[max(0, low - 1) : low + 1] = True  # followed in case they overtake, but not waited for
    answer = Ritz(
        np.empty((number, np.count_nonzero(~guard))),
        np.empty((number, len(guard), size)),
        np.zeros(number, dtype=bool),
    )
    block, kept = (BLOCK, KEPT) if lowest else (1, 0)
    active = np.arange(number)
    basis = _Basis(operator, start)
    if probe is not None:
        basis.grow(probe, reach)
    for cycle in range(MAX_CYCLES):
        theta, coordinates = np.linalg.eigh(basis.projected)
        targets = _ends(basis.size, count + 1, low)
        residuals, errors = basis.residuals(theta, coordinates, targets)
        done: NDArray[np.bool_] = np.all(errors[:, ~guard] <= TOLERANCE, axis=1)
        leaving = done if cycle < MAX_CYCLES - 1 else np.ones_like(done)
        if leaving.any():
            gone = active[leaving]
            answer.values[gone] = theta[leaving][:, targets[~guard]]
            mixing = coordinates[leaving][:, :, targets].swapaxes(1, 2)
            answer.vectors[gone] = mixing @ basis.rows[leaving]
            answer.converged[gone] = done[leaving]
            active = active[~leaving]
            if not active.size:
                break
            basis.keep(~leaving)
            theta, coordinates, residuals, errors = (
                array[~leaving] for array in (theta, coordinates, residuals, errors)
            )
        growth = block * max(1, basis.size // (2 * block))
        if basis.size + growth > MAX_BASIS:
            basis.restrict(theta, coordinates, _ends(basis.size, KEPT + count, kept))
            growth = (MAX_BASIS - basis.size) // 2
        urgency = np.where(errors > TOLERANCE, errors, 0.0) * np.where(guard, 1e-3, 1.0)
        worst = np.argsort(-urgency, axis=1)[:, :block, None]
        basis.grow(np.take_along_axis(residuals, worst, axis=1), growth)
    return answer


def _ends(size: int, high: int, low: int) -> Indices:
    """Positions of the ``low`` smallest and the ``high`` largest of ``size`` ascending values."""
    return np.r_[:low, size - high : size]


class _Basis:
    """Orthonormal rows Q (n, m, P), their images H Q (n, m, P), and Q H Qᵀ (n, m, m)."""

    def __init__(self, operator: Operator, start: Array) -> None:
        number, block, size = start.shape
        self.operator, self.size = operator, 0
        self._rows = self._images = np.empty((number, 0, size))
        self.projected = np.empty((number, 0, 0))
        self.grow(start, block)

    @property
    def rows(self) -> Array:
        return self._rows[:, : self.size]

    @property
    def images(self) -> Array:
        return self._images[:, : self.size]

    def residuals(self, theta: Array, coordinates: Array, targets: Indices) -> tuple[Array, Array]:
        """Residual vectors (n, t, P) of the target Ritz pairs and their error estimates (n, t),
        relative to the spectral norm."""
        mixing = coordinates[:, :, targets].swapaxes(1, 2)
        residuals = mixing @ self.images
        residuals -= (theta[:, targets, None] * mixing) @ self.rows
        lengths = _lengths(residuals)
        distance = np.abs(theta[:, targets, None] - theta[:, None, :])
        distance[:, np.arange(len(targets)), targets] = np.inf
        gap = distance.min(axis=2)
        scale = np.maximum(np.abs(theta).max(axis=1, keepdims=True), TINY)
        return residuals, lengths * np.minimum(
            1.0, lengths / np.maximum(gap, lengths + TINY)
        ) / scale

    def grow(self, block: Array, amount: int) -> None:
        """Add ``amount`` rows: the block, its image, the image of that, and so on."""
        goal = self.size + amount
        self._reserve(goal)
        while self.size < goal:
            block = self._append(self._new(block[:, : goal - self.size]))

    def _new(self, block: Array) -> Array:
        """The block made orthonormal, and random where it was already spanned: then the basis is
        an invariant subspace, and there may be more outside."""
        scale = np.abs(self.projected).max(axis=(1, 2), initial=0.0)
        block = orthonormal(block, self.rows, SPANNED * scale)
        spanned = ~block.any(axis=2)
        if spanned.any():
            block[spanned] = self.operator.random(block.shape[1])[spanned]
            block = orthonormal(block, self.rows, np.zeros(len(block)))
        return block

    def _append(self, block: Array) -> Array:
        """Add rows, and return what of their images (n, b, P) lies outside the basis."""
        old, new = self.size, slice(self.size, self.size + block.shape[1])
        self._rows[:, new] = block
        self._images[:, new] = images = self.operator(block)
        self.size = new.stop
        coefficients = images @ self.rows.swapaxes(1, 2)
        projected = np.empty((len(block), self.size, self.size))
        projected[:, :old, :old] = self.projected
        projected[:, new] = coefficients
        projected[:, :, new] = coefficients.swapaxes(1, 2)
        self.projected = projected
        return images - coefficients @ self.rows

    def _reserve(self, goal: int) -> None:
        number, room, size = self._rows.shape
        if goal <= room:
            return
        for name, old in (("_rows", self.rows), ("_images", self.images)):
            larger = np.empty((number, 2 * goal, size))
            larger[:, : self.size] = old
            setattr(self, name, larger)

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Go on with some of the operators."""
        self.operator = self.operator.of(which)
        self._rows, self._images = self.rows[which], self.images[which]
        self.projected = self.projected[which]

    def restrict(self, theta: Array, coordinates: Array, targets: Indices) -> None:
        """Go on with some of the Ritz vectors; their images need no products."""
        mixing = coordinates[:, :, targets].swapaxes(1, 2)
        self._rows, self._images = mixing @ self.rows, mixing @ self.images
        self.size = len(targets)
        self.projected = theta[:, targets, None] * np.eye(self.size)


def _lengths(rows: Array) -> Array:
    return np.sqrt(np.einsum("nbp,nbp->nb", rows, rows))


def orthonormal(block: Array, against: Array, spanned: Array) -> Array:
    """Rows (n, b, P) orthonormal and orthogonal to the orthonormal rows ``against`` (n, m, P).

    Directions that are already spanned, by ``against`` or by each other, come out as rows of
    zeros; so do rows no longer than ``spanned`` (n,). Gram–Schmidt as block operations, a second
    time where the first took so much away that rounding matters.
    """
    lengths = _lengths(block)
    scale = np.where(lengths > spanned[:, None], 1 / np.maximum(lengths, TINY), 0.0)
    block = block * scale[:, :, None]
    for _ in range(2):
        overlap = block @ against.swapaxes(1, 2)
        block = block - overlap @ against
        values, vectors = np.linalg.eigh(block @ block.swapaxes(1, 2))
        scale = np.where(values > 1e-14, 1 / np.sqrt(np.maximum(values, 1e-14)), 0.0)
        block = (vectors * scale[:, None, :]).swapaxes(1, 2) @ block
        if values.min() > 1e-4 and np.abs(overlap).max(initial=0.0) < 1e-4:
            break
    return block
