"""The order in which the points of a trajectory are solved, from coarse to fine.

Each point starts from the eigenvectors of its neighbours *of the same parity*, because at the
edge of stability the top eigenvector alternates between two directions, and the point one step
away knows only the other one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from eosdash.core.types import Array, Indices

SPACING = 8
"""Pairs of steps between the points whose neighbours are too far away to be relied on."""


class Level(NamedTuple):
    """Pairs of steps (n,) to solve together, each from s solved ones.

    ``nodes`` (n, s) are those, −1 the pair before the stretch, and ``weights`` (n, s) those of
    interpolation; ``first`` if those are too far away to be relied on.
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


def coarse_to_fine(
    pairs: int, carried: bool, spacing: int = SPACING, strides: int = 1
) -> Iterator[Level]:
    """Order of work on pairs of steps 0 … pairs − 1: first every ``strides`` · ``spacing``-th and
    the last, then, again and again, the ones halfway between, by cubic interpolation of the
    nearest four. Levels are ``first`` until no two known pairs are more than ``spacing`` apart.

    With ``carried`` the pair −1 is known too.
    """
    stride = strides * spacing
    first = np.arange((pairs - 1) % stride, pairs, stride)
    if not carried:
        first = np.union1d(first, 0)
    yield Level(first, np.full((len(first), 1), -1), np.ones((len(first), 1)), first=True)
    known = np.union1d(first, -1) if carried else first
    while len(wide := np.flatnonzero((apart := np.diff(known)) > 1)):
        middles = (known[wide] + known[wide + 1]) // 2
        width = min(4, len(known))
        begin = np.clip(wide + 1 - width // 2, 0, len(known) - width)
        nodes = known[begin[:, None] + np.arange(width)]
        yield Level(middles, nodes, lagrange(middles, nodes), first=bool(apart.max() > spacing))
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
        part = vectors[node]
        part *= weight[:, None, None]
        total += part
    return total


def turned(rows: Array, towards: Array) -> Array:
    """Orthonormal rows (n, b, P), turned among themselves as close as they get to others
    (orthogonal Procrustes), so that signs and near-degenerate pairs agree along the path."""
    left, _, right = np.linalg.svd(towards @ rows.swapaxes(1, 2))
    return (left @ right) @ rows
