"""λ_max and the next largest eigenvalues along the trajectory of a large non-linear network.

Where a Hessian product is expensive, few of them and cheap ones are wanted. Some more eigenvectors
are followed than are asked for, with the matrix of the Hessian between them; both are smooth
along the steps of one parity, so that interpolation nearly gives the eigenvectors of the points
between, and :mod:`eosdash.core.eigen.davidson` needs a product or two to finish. Products and
vectors are in single precision, which is about twice as fast.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.nonlinear_curvature import NonlinearCurvature
from eosdash.core.eigen.davidson import MISLED, Known, Solved, improved, orthonormal_rows, searched
from eosdash.core.eigen.refinement import Level, coarse_to_fine
from eosdash.core.networks.nonlinear import SINGLE, NonlinearObjective
from eosdash.core.types import Array, Indices

PRECISION = 1e-5
"""How far eigenvalues may be off, relative to the spectral norm."""

TOLERANCE = 2e-6
"""The estimated error, relative to the spectral norm, at which they count as converged."""

GUARDS = 5
"""Eigenvectors followed beyond those asked for."""

SPACING = 16
"""Pairs of steps between points that are solved without help from points after them."""

QUICK, LONG = 8, 200
"""Rows that a basis may grow by from a good start, and from any."""

BATCH_FLOATS = 1_500_000
"""About how many numbers the signals and bases of the points of a batch may hold."""


class Follower:
    """Largest Hessian eigenvalues along one trajectory, stretch after stretch.

    Args:
        objective: a non-linear network and its loss.
        count: k, how many of the largest eigenvalues to follow.
    """

    def __init__(self, objective: NonlinearObjective, count: int) -> None:
        self.objective, self.count = objective, count
        self.pairs = count + GUARDS
        self._carried: tuple[Array, Array] | None = None
        self._rng = np.random.default_rng(objective.network.parameters)

    def __call__(self, path: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Eigenvalues (T, k) of ∇²L without weight decay at the rows of ``path`` (T, P), ascending,
        and whether they are within PRECISION, (T,).

        Raises:
            numpy.linalg.LinAlgError: where single precision does not do: numbers are too large, or
                rounding shows in the check of the last point.
        """
        total, size = path.shape
        values, converged = np.empty((total, self.count)), np.empty(total, dtype=bool)
        levels = list(coarse_to_fine((total + 1) // 2, self._carried is not None, SPACING))
        rows, inner = self._begun(total, size)
        for level in levels:
            for chosen, nodes, weights in self._batches(level, total):
                curvature = self._curvature(path[chosen])
                frame = orthonormal_rows(mixed(rows[nodes], weights))
                if level.first:
                    solved = self._searched(curvature, frame)
                else:
                    # Of the last level nothing starts but the next stretch.
                    keep = level is not levels[-1] or bool((chosen >= total - 2).any())
                    solved = self._improved(curvature, frame, inner[nodes], weights, keep)
                values[chosen], converged[chosen] = solved.values, solved.converged
                if level.first or keep:
                    rows[chosen + 2], inner[chosen + 2] = facing(solved.known, frame)
        self._carried = rows[-2:].copy(), inner[-2:].copy()
        if not (np.isfinite(values).all() and self._agrees(path[-1:], values[-1], *self._carried)):
            raise np.linalg.LinAlgError("this takes double precision")
        return values[:, ::-1], converged

    def _curvature(self, points: Array) -> NonlinearCurvature:
        """In single precision; but which side of a kink a sample is on, where the Hessian jumps,
        is told in double."""
        if self.objective.network.phi.bend is None:
            return NonlinearCurvature(self.objective, points).single()
        return NonlinearCurvature(self.objective.single, points.astype(SINGLE))

    def _begun(self, total: int, size: int) -> tuple[Array, Array]:
        """Room for eigenvectors and the matrices between them: those of the last two steps of the
        stretch before, the pair before pair 0, and then of all points."""
        rows = np.empty((total + 2, self.pairs, size), SINGLE)
        inner = np.empty((total + 2, self.pairs, self.pairs))
        rows[:2], inner[:2] = self._carried or (self._rng.standard_normal(rows[:2].shape), 0.0)
        return rows, inner

    def _agrees(self, point: Array, values: Array, rows: Array, inner: Array) -> bool:
        """Whether products in double precision give about the same values for the last vectors."""
        wanted = np.linalg.eigh(inner[-1])[1][:, : -self.count - 1 : -1].T @ rows[-1].astype(float)
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
        images = NonlinearCurvature(self.objective, point)(wanted[None])[0]
        exact = np.einsum("kp,kp->k", wanted, images)
        return bool(np.abs(exact - values).max() <= 0.5 * PRECISION * np.abs(exact).max())

    def _batches(self, level: Level, total: int) -> Iterator[tuple[Indices, Indices, Array]]:
        """Points to work on at once, where in the arrays their nodes are, and the weights."""
        points, nodes, weights = level.steps(total)
        network, samples = self.objective.network, self.objective.samples
        signals = 4 * samples * sum(network.sizes[1:])
        batch = max(2, BATCH_FLOATS // (signals + 2 * self.pairs * network.parameters))
        for begin in range(0, len(points), batch):
            some = slice(begin, begin + batch)
            yield points[some], nodes[some] + 2, weights[some]

    def _searched(self, curvature: NonlinearCurvature, start: Array) -> Solved:
        """From any rows (n, m, P), and a random direction."""
        probe = self._rng.standard_normal((len(start), 1, start.shape[2])).astype(SINGLE)
        return searched(curvature, start, self.count, TOLERANCE, LONG, probe)

    def _improved(
        self, curvature: NonlinearCurvature, frame: Array, inner: Array, weights: Array, keep: bool
    ) -> Solved:
        """From nearby; where it is not near enough, as from anywhere.

        Where an eigenvalue comes out below those of all points around, their eigenvectors point
        elsewhere, and what lies between them is none."""
        levels, mixing = np.linalg.eigh(mixed(inner, weights))
        around = np.linalg.eigvalsh(inner).min(axis=1)
        sunk = (around - levels)[:, -self.count - 1 :].max(axis=1) > MISLED * levels[:, -1]
        mixing = mixing[:, :, ::-1].swapaxes(1, 2).astype(frame.dtype)
        guess = Known(mixing @ frame, levels[:, ::-1])
        solved = improved(curvature, guess, self.count, TOLERANCE, QUICK, keep)
        lost = ~solved.converged | sunk
        if lost.any():
            again = self._searched(curvature.of(lost), solved.known.rows[lost])
            solved.values[lost], solved.converged[lost] = again.values, again.converged
            solved.known.rows[lost], solved.known.levels[lost] = again.known
        return solved


def mixed(arrays: Array, weights: Array) -> Array:
    """Weighted sums (n, a, b) of ``arrays`` (n, s, a, b), for weights (n, s)."""
    flat = arrays.reshape(*arrays.shape[:2], -1)
    total = weights[:, None].astype(arrays.dtype) @ flat
    return total.reshape(len(arrays), *arrays.shape[2:])


def facing(pairs: Known, frame: Array) -> tuple[Array, Array]:
    """The rows (n, m, P) turned among themselves as close as they get to ``frame`` (orthogonal
    Procrustes), and the operator between them, (n, m, m): what can be interpolated."""
    left, _, right = np.linalg.svd(frame @ pairs.rows.swapaxes(1, 2))
    turn = left @ right
    return turn @ pairs.rows, (turn * pairs.levels[:, None]) @ turn.swapaxes(1, 2)
