"""Extreme eigenvalues of many symmetric operators at once, by block Krylov iteration.

Rayleigh–Ritz in a basis that grows by the residuals of the wanted Ritz pairs and their images
(block Lanczos with full orthogonalization, from a warm start). All operators advance in
lockstep as batched arrays; those that are done leave the batch.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.eigen.subspace import TINY, Basis, Operator
from eosdash.core.types import Array, Indices

TOLERANCE = 2e-7
"""Estimated error, relative to the spectral norm, at which a large eigenvalue counts as converged:
less than the 1e-6 that is promised, because it is an estimate."""

LOWEST_TOLERANCE = 3e-8
"""The same of λ_min. Eigenvalues at the lower end lie close together, and a start that is nearly
an eigenvector of a neighbour passes for converged before the basis has seen λ_min."""

STRICT_TOLERANCE = 1e-9
"""The same of points that others start from: what is missed there is missed all around."""

NEGLIGIBLE = 1e-5
"""A guard's residual of this size, relative to the spectral norm, raises no doubt."""

MAX_BASIS = 48
KEPT = 8
"""Ritz vectors kept from either end of a full basis, besides those wanted."""

MAX_CYCLES = 40
WHOLE_LIMIT, WHOLE_CYCLES, WHOLE_SHARE = 1000, 12, 10
"""Up to this size an operator is diagonalized whole if it has not converged after so many, or a
tenth of its size, which take about as long."""

COLUMNS = 32
"""Of such a matrix at a time, whose signals have to fit into memory."""

ORTHONORMAL = 1e-8
"""How far Ritz vectors may be from orthonormal; beyond, nothing is taken as converged."""

BLOCK = 2
"""Residuals that a basis grows by at a time: one from either end, as a rule."""

GROWTH = 3
"""A basis grows by one such part of its size between looks at its Ritz values."""


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
    strict: bool = False,
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
        strict: whether to go on until STRICT_TOLERANCE.

    An eigenvalue is taken as converged when min(r, r²/gap), with r the norm of its residual and
    gap the distance to the nearest other Ritz value less the residual of that one, is small enough
    beside the largest Ritz value in modulus (Parlett, The Symmetric Eigenvalue Problem, §11.7), and
    when its guard, the next Ritz value after those wanted, is known so well that it is not in
    front. Images of rows are combined as the rows are, so that r is that of the operator itself.
    Where an iteration does not converge, an operator of up to WHOLE_LIMIT is diagonalized whole.
    """
    number, _, size = start.shape
    wanted, active = _Wanted(count, lowest, strict), np.arange(number)
    answer = wanted.answer(number, size)
    basis = Basis(operator, start)
    if probe is not None:
        basis.grow(probe, reach)
    cycles = min(MAX_CYCLES, max(WHOLE_CYCLES, size // WHOLE_SHARE))
    for cycle in range(cycles):
        theta, coordinates = np.linalg.eigh(basis.projected)
        targets = wanted.among(basis.size)
        residuals, lengths = basis.residuals(theta, coordinates, targets)
        urgency = wanted.urgency(theta, targets, lengths)
        # A basis of the whole space has all eigenvalues.
        done: NDArray[np.bool_] = np.all(urgency <= 1, axis=1) | (basis.size >= size)
        leaving = done if cycle < cycles - 1 else np.ones_like(done)
        if leaving.any():
            vectors = coordinates[leaving][:, :, targets].swapaxes(1, 2) @ basis.rows[leaving]
            found = theta[leaving][:, targets]
            wanted.put(answer, active[leaving], found, vectors, done[leaving])
            active = active[~leaving]
            if not active.size:
                break
            basis.keep(~leaving)
            theta, coordinates, residuals, urgency = (
                array[~leaving] for array in (theta, coordinates, residuals, urgency)
            )
        wanted.extend(basis, theta, coordinates, residuals, urgency)
    defect = answer.vectors @ answer.vectors.swapaxes(1, 2) - np.eye(answer.vectors.shape[1])
    answer.converged[~(np.abs(defect).max(axis=(1, 2)) <= ORTHONORMAL)] = False
    if size <= WHOLE_LIMIT:
        for lost in np.flatnonzero(~answer.converged).tolist():
            _diagonalize(operator.of(np.arange(number) == lost), wanted, answer, lost)
    return answer


def _diagonalize(operator: Operator, wanted: "_Wanted", answer: Ritz, place: int) -> None:
    """Answer for one operator from all of its eigenvalues, if they are finite."""
    size = answer.vectors.shape[2]
    unit = np.eye(size)[None]
    operator.clean(unit)
    parts = [operator(unit[:, at : at + COLUMNS])[0] for at in range(0, size, COLUMNS)]
    matrix = np.concatenate(parts)
    if np.isfinite(matrix).all():
        values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
        targets = wanted.among(size)
        rows = vectors.T[targets]
        wanted.put(answer, np.array([place]), values[None, targets], rows[None], np.array([True]))


class _Wanted:
    """Which Ritz values are wanted, λ_min and the k largest, and what is good enough.

    The targets are those, in ascending order, and their guards: the second smallest and the one
    below the k largest.

    Attributes:
        guard: which of the targets are guards, (t,).
        beside: the target that a guard stands next to, of others itself, (t,).
        tolerance: of the wanted ones, relative to the spectral norm, (t,).
    """

    def __init__(self, count: int, lowest: bool, strict: bool) -> None:
        self.count, self.low = count, 2 if lowest else 0
        size = self.low + count + 1
        self.guard = np.zeros(size, dtype=bool)
        self.guard[max(0, self.low - 1) : self.low + 1] = True
        self.beside = np.arange(size)
        self.beside[self.low] += 1
        self.tolerance = np.full(size, STRICT_TOLERANCE if strict else TOLERANCE)
        if lowest:
            self.beside[1] = 0
            self.tolerance[0] = min(LOWEST_TOLERANCE, self.tolerance[0])

    def among(self, size: int) -> Indices:
        """Positions of the targets among ``size`` ascending values."""
        return _ends(size, self.count + 1, self.low)

    def answer(self, number: int, size: int) -> Ritz:
        """Room for the answers."""
        targets = len(self.guard)
        values = np.empty((number, targets - np.count_nonzero(self.guard)))
        return Ritz(values, np.empty((number, targets, size)), np.zeros(number, dtype=bool))

    def put(
        self, answer: Ritz, places: Indices, found: Array, rows: Array, done: NDArray[np.bool_]
    ) -> None:
        """Write down target values (n, t) and their vectors (n, t, P)."""
        answer.values[places] = found[:, ~self.guard]
        answer.vectors[places] = rows
        answer.converged[places] = done

    def urgency(self, theta: Array, targets: Indices, lengths: Array) -> Array:
        """How many times too large the errors are, (n, t); up to 1 is good enough."""
        values, each = theta[:, targets], np.arange(len(targets))
        scale = np.maximum(np.abs(theta).max(axis=1, keepdims=True), TINY)
        distance = np.abs(values[:, :, None] - theta[:, None, :])
        distance[:, each, targets] = np.inf
        distance[:, :, targets] -= lengths[:, None, :]
        gap = np.maximum(distance.min(axis=2), lengths + TINY)
        error = lengths * (lengths / gap) / (self.tolerance * scale)
        apart = np.abs(values - values[:, self.beside])
        doubt = lengths / np.maximum(apart, NEGLIGIBLE * scale)
        # A guard that raises no doubt is improved where nothing else is left to do.
        return np.where(self.guard, np.where(doubt > 1, doubt, 1e-3 * doubt), error)

    def extend(
        self, basis: Basis, theta: Array, coordinates: Array, residuals: Array, urgency: Array
    ) -> None:
        """Let a basis grow by the most urgent residuals (n, t, P); if full, restart it."""
        block, kept = (BLOCK, KEPT) if self.low else (1, 0)
        growth = block * max(1, basis.size // (GROWTH * block))
        if basis.size + growth > MAX_BASIS:
            basis.restrict(theta, coordinates, _ends(basis.size, KEPT + self.count, kept))
            growth = (MAX_BASIS - basis.size) // 2
        worst = np.argsort(-urgency, axis=1)[:, :block]
        room = residuals.shape[2] - basis.size
        basis.grow(residuals[np.arange(len(worst))[:, None], worst], min(growth, room))


def _ends(size: int, high: int, low: int) -> Indices:
    """Positions of the ``low`` smallest and the ``high`` largest of ``size`` ascending values."""
    return np.concatenate([np.arange(low), np.arange(size - high, size)])
