"""The ends of the Hessian's spectrum at every point of a trajectory.

Gradient descent does not wait for its own sharpness, so the points of a stretch are known
before their eigenvalues are wanted, and all are worked on together as batched arrays: the
whole spectrum for small networks, block Krylov iterations otherwise. The Krylov path fills a
stretch from coarse to fine; each point starts from the eigenvectors of its neighbours
*of the same parity*, because at the edge of stability the top eigenvector alternates between
two directions, and the point one step away knows only the other one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature import Curvature, unseen
from eosdash.core.krylov import Array, Indices, extreme_eigenvalues
from eosdash.core.network import Objective

DENSE_LIMIT = 50
"""Up to this many directions that the Hessian sees, all of it is formed and diagonalized. More
than a Krylov basis may hold, so that a basis never spans the whole space."""

SYMMETRIC_DENSE_LIMIT = 320
"""The same on trajectories with a symmetry."""

BATCH_FLOATS = 1_500_000
"""About how many numbers one batch of Krylov bases may hold, to stay in the cache's reach."""

SPACING = 8
"""Pairs of steps between the points that are solved without help from points after them."""

REACH, SYMMETRIC_REACH = 8, 24
"""Images of a random direction that join the basis there."""


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

    Args:
        objective: the network and its loss.
        count: k, how many of the largest eigenvalues to follow.
        generic: False for a trajectory with a symmetry, such as one from a balanced start. Its
            Hessians share invariant subspaces, in which eigenvectors that were followed stay
            blind to an eigenvalue that overtakes them: more is then done densely, and random
            directions are probed at every point. In trials about one point in a thousand still
            missed one, so what is not dense does not count as converged.
    """

    def __init__(self, objective: Objective, count: int = 1, generic: bool = True) -> None:
        self.objective = objective
        self.count = count
        self.generic = generic
        self._carried: Array | None = None

    def __call__(self, path: Array) -> Extremes:
        """Extremes at each row of ``path`` (T, P), T ≥ 1."""
        network, hidden = self.objective.network, unseen(self.objective.network)
        if network.depth == 1 or network.parameters <= DENSE_LIMIT + self.count:
            return dense_extremes(self.objective, path, self.count)
        limit = DENSE_LIMIT if self.generic else SYMMETRIC_DENSE_LIMIT
        if network.parameters - hidden <= limit:
            whole = np.linalg.eigvalsh(Curvature(self.objective, path).matrix())
            return self._extremes(np.asarray(whole, dtype=float), np.ones(len(path), dtype=bool))
        return self._tracked(path)

    def _tracked(self, path: Array) -> Extremes:
        total, size = path.shape
        values = np.empty((total, self.count + 1))
        converged = np.empty(total, dtype=bool)
        # The first two are the last of the stretch before: two steps, the pair before pair 0.
        vectors = np.empty((total + 2, self.count + 3, size))
        rng = np.random.default_rng(size)
        known = self._carried is not None
        vectors[:2] = self._carried if known else rng.standard_normal(vectors[:2].shape)
        batch = max(1, BATCH_FLOATS // (size * 16))
        for level in coarse_to_fine((total + 1) // 2, known):
            points, nodes, weights = level.steps(total)
            for begin in range(0, len(points), batch):
                some = slice(begin, begin + batch)
                chosen = points[some]
                start = interpolated(vectors, nodes[some] + 2, weights[some])
                curvature = Curvature(self.objective, path[chosen])
                probe = None
                if level.first or not self.generic:
                    probe = curvature.compress(rng.standard_normal((len(chosen), 1, size)))
                reach = REACH if self.generic else SYMMETRIC_REACH
                ritz = extreme_eigenvalues(
                    curvature, curvature.compress(start), self.count, probe, reach
                )
                values[chosen], converged[chosen] = ritz.values, ritz.converged
                vectors[chosen + 2] = turned(curvature.expand(ritz.vectors), start)
        self._carried = vectors[-2:].copy()
        return self._extremes(values, converged & self.generic)

    def _extremes(self, values: Array, converged: NDArray[np.bool_]) -> Extremes:
        """From ascending eigenvalues of the curvature, with what it leaves out: zeros and r."""
        zeros = np.zeros((len(values), min(unseen(self.objective.network), self.count + 1)))
        every = np.sort(np.concatenate([values, zeros], axis=1), axis=1)
        every += self.objective.weight_decay
        return Extremes(every[:, : -self.count - 1 : -1], every[:, 0], converged)


class Level(NamedTuple):
    """Pairs of steps (n,) to solve together, each from s solved ones.

    ``nodes`` (n, s) are those, −1 the pair before the stretch, and ``weights`` (n, s) those of
    interpolation; ``first`` if there is nothing to interpolate yet.
    """

    pairs: Indices
    nodes: Indices
    weights: Array
    first: bool = False

    def steps(self, total: int) -> tuple[Indices, Indices, Array]:
        """The same for single steps, 2n of them: each pair's even step, then each pair's odd."""
        even, odd = (
            [np.minimum(2 * pairs + parity, total - 1) for pairs in (self.pairs, self.nodes)]
            for parity in (0, 1)
        )
        points, nodes = (np.concatenate(both) for both in zip(even, odd, strict=True))
        return points, nodes, np.concatenate([self.weights, self.weights])


def coarse_to_fine(pairs: int, carried: bool) -> Iterator[Level]:
    """Order of work on pairs of steps 0 … pairs − 1: first every 8th and the last, then, again
    and again, the ones halfway between, by cubic interpolation of the nearest four.

    With ``carried`` the pair −1 is known too.
    """
    first = np.arange((pairs - 1) % SPACING, pairs, SPACING)
    if not carried:
        first = np.union1d(first, 0)
    yield Level(first, np.full((len(first), 1), -1), np.ones((len(first), 1)), first=True)
    known = np.union1d(first, -1) if carried else first
    while len(wide := np.flatnonzero(np.diff(known) > 1)):
        middles = (known[wide] + known[wide + 1]) // 2
        width = min(4, len(known))
        begin = np.clip(wide + 1 - width // 2, 0, len(known) - width)
        nodes = known[begin[:, None] + np.arange(width)]
        yield Level(middles, nodes, lagrange(middles, nodes))
        known = np.union1d(known, middles)


def lagrange(at: Indices, nodes: Indices) -> Array:
    """Weights (n, s) of the polynomial through s nodes (n, s), at (n,)."""
    weights = np.ones(nodes.shape)
    for i in range(nodes.shape[1]):
        for j in range(nodes.shape[1]):
            if i != j:
                weights[:, i] *= (at - nodes[:, j]) / (nodes[:, i] - nodes[:, j])
    return weights


def interpolated(vectors: Array, nodes: Indices, weights: Array) -> Array:
    """Weighted sums (n, b, P) of the blocks ``vectors[nodes]``, for nodes and weights (n, s)."""
    total = np.zeros((len(nodes), *vectors.shape[1:]))
    for node, weight in zip(nodes.T, weights.T, strict=True):
        total += weight[:, None, None] * vectors[node]
    return total


def turned(rows: Array, towards: Array) -> Array:
    """Orthonormal rows (n, b, P), turned among themselves as close as they get to others
    (orthogonal Procrustes), so that signs and near-degenerate pairs agree along the path."""
    left, _, right = np.linalg.svd(towards @ rows.swapaxes(1, 2))
    return (left @ right) @ rows


def dense_extremes(objective: Objective, path: Array, count: int) -> Extremes:
    """Extremes at each row of ``path`` (T, P) from the full Hessian."""
    eigenvalues: Array = np.linalg.eigvalsh(objective.hessian(path)).astype(float, copy=False)
    top = np.full((len(path), count), np.nan)
    found = eigenvalues[:, ::-1][:, :count]
    top[:, : found.shape[1]] = found
    return Extremes(top, eigenvalues[:, 0], np.ones(len(path), dtype=bool))
