"""The ends of the Hessian's spectrum at every point of a trajectory.

Gradient descent does not wait for its own sharpness, so the points of a stretch are known
before their eigenvalues are wanted, and all are worked on together as batched arrays: the
whole spectrum for small networks, block Krylov iterations otherwise. The Krylov path fills a
stretch from coarse to fine; each point starts from the eigenvectors of its two neighbours
*of the same parity*, because at the edge of stability the top eigenvector alternates between
two directions, and the point one step away knows only the other one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.krylov import Array, Indices, extreme_eigenvalues
from eosdash.core.network import Objective

DENSE_LIMIT = 40
"""Up to this many parameters the whole Hessian is formed and diagonalized."""

BATCH_FLOATS = 1_500_000
"""About how many numbers one batch of Krylov bases may hold, to stay in the cache's reach."""


class Extremes(NamedTuple):
    """Ends of the spectrum at T points.

    Attributes:
        top: the k largest eigenvalues, descending, (T, k); ``top[:, 0]`` is the sharpness.
            NaN beyond the number of parameters.
        lowest: λ_min, (T,).
        converged: whether all of them are within 1e-6 of the spectral norm, (T,).
    """

    top: Array
    lowest: Array
    converged: NDArray[np.bool_]


class SpectrumTracker:
    """Extreme Hessian eigenvalues along one trajectory, stretch after stretch.

    Remembers the eigenvectors at the end of one stretch as a start for the next.
    """

    def __init__(self, objective: Objective, count: int = 1) -> None:
        self.objective = objective
        self.count = count
        self._carried: Array | None = None

    def __call__(self, path: Array) -> Extremes:
        """Extremes at each row of ``path`` (T, P), T ≥ 1."""
        if path.shape[1] <= DENSE_LIMIT:
            return dense_extremes(self.objective, path, self.count)
        return self._tracked(path)

    def _tracked(self, path: Array) -> Extremes:
        total, size = path.shape
        values = np.empty((total, self.count + 1))
        converged = np.empty(total, dtype=bool)
        vectors = np.empty((total, self.count + 3, size))
        rng = np.random.default_rng(size)
        batch = max(1, BATCH_FLOATS // (size * 16))
        for level in coarse_to_fine(total):
            for begin in range(0, len(level.points), batch):
                some = slice(begin, begin + batch)
                points = level.points[some]
                if level.before is None or level.after is None:
                    start = self._fresh_start(rng, len(points), size)
                else:
                    start = midway(vectors[level.before[some]], vectors[level.after[some]])
                ritz = extreme_eigenvalues(self._operator(path[points]), start, self.count)
                values[points], vectors[points], converged[points] = ritz
        self._carried = vectors[-2:].reshape(-1, size)
        return Extremes(values[:, :0:-1], values[:, 0], converged)

    def _fresh_start(self, rng: np.random.Generator, number: int, size: int) -> Array:
        """Random directions beside what is carried over, so that an eigenvalue that overtakes
        the tracked ones is found in every stretch."""
        random = rng.standard_normal((number, self.count + 3, size))
        if self._carried is None:
            return random
        carried = np.broadcast_to(self._carried, (number, *self._carried.shape))
        return np.concatenate([carried, random], axis=1)

    def _operator(self, points: Array):  # type: ignore[no-untyped-def]
        return lambda some: self.objective.linearize(points[some][:, None, :]).hessian_product


class Level(NamedTuple):
    """Points (n,) to solve together, and the solved neighbours of each, if any."""

    points: Indices
    before: Indices | None
    after: Indices | None


def coarse_to_fine(total: int) -> Iterator[Level]:
    """Order 0 … total−1 so that each level lies halfway between points of the same parity.

    First both ends, as pairs of neighbouring steps; then bisection of the pairs.
    """
    pairs = (total + 1) // 2
    ends = np.unique(np.clip([0, 1, 2 * pairs - 2, 2 * pairs - 1], 0, total - 1))
    yield Level(ends, None, None)
    segments = [(0, pairs - 1)]
    while segments := [(low, high) for low, high in segments if high - low > 1]:
        middles = np.array([(low, (low + high) // 2, high) for low, high in segments])
        low, middle, high = (2 * middles[:, i] for i in range(3))
        both = [np.concatenate([first, first + 1]) for first in (middle, low, high)]
        points, before, after = (np.minimum(ends, total - 1) for ends in both)
        yield Level(points, before, after)
        segments = [
            half
            for low, high in segments
            for half in ((low, (low + high) // 2), ((low + high) // 2, high))
        ]


def midway(before: Array, after: Array) -> Array:
    """Between two sets of orthonormal rows (n, b, P): ``after`` is turned as close as it gets
    to ``before`` (orthogonal Procrustes), so that signs and near-degenerate pairs agree."""
    left, _, right = np.linalg.svd(before @ after.swapaxes(1, 2))
    return before + (left @ right) @ after


def dense_extremes(objective: Objective, path: Array, count: int) -> Extremes:
    """Extremes at each row of ``path`` (T, P) from the full Hessian."""
    eigenvalues: Array = np.linalg.eigvalsh(objective.hessian(path)).astype(float, copy=False)
    top = np.full((len(path), count), np.nan)
    found = eigenvalues[:, ::-1][:, :count]
    top[:, : found.shape[1]] = found
    return Extremes(top, eigenvalues[:, 0], np.ones(len(path), dtype=bool))
