"""The ends of the Hessian's spectrum at every point of a trajectory.

Gradient descent does not wait for its own sharpness, so the points of a stretch are known
before their eigenvalues are wanted, and all are worked on together as batched arrays: the
whole spectrum for small networks, block Krylov iterations otherwise. The Krylov path fills a
stretch from coarse to fine; each point starts from the eigenvectors of its neighbours
*of the same parity*, because at the edge of stability the top eigenvector alternates between
two directions, and the point one step away knows only the other one.
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.curvature import Curvature, PlainCurvature, unseen
from eosdash.core.curvature.following import Follower
from eosdash.core.curvature.nonlinear_curvature import NonlinearCurvature
from eosdash.core.eigen.krylov import Ritz, extreme_eigenvalues
from eosdash.core.eigen.refinement import coarse_to_fine, interpolated, turned
from eosdash.core.eigen.refinement import lagrange as lagrange
from eosdash.core.eigen.subspace import Operator
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array

DENSE_LIMIT = 50
"""Up to this many directions that the Hessian sees, all of it is formed and diagonalized. More
than a Krylov basis may hold, so that a basis never spans the whole space."""

SYMMETRIC_DENSE_LIMIT = 320
"""The same on trajectories with a symmetry."""

BATCH_FLOATS = 1_500_000
"""About how many numbers one batch of Krylov bases may hold, to stay in the cache's reach."""

SIGNAL_FLOATS = 600_000
"""The same of Krylov bases and signals of a non-linear network, whose products take longer."""

SINGLE_LIMIT = 500_000
"""Up to this many parameters times samples everything is worked out in double precision."""

REACH = 8
"""Images of a random direction that join the basis at the points that others start from."""

KINKED_REACH, SYMMETRIC_REACH = 4, 12
"""The same at every point, where φ has kinks, as with ReLU, and on trajectories with a symmetry:
units that are off, and a symmetry, keep eigenvectors apart from each other exactly."""

STRIDES = 4
"""How many times as far apart as those points the very first are: they start from nothing near."""


class Extremes(NamedTuple):
    """Ends of the spectrum at T points.

    Attributes:
        top: the k largest eigenvalues, descending, (T, k); ``top[:, 0]`` is the sharpness.
            NaN beyond the number of parameters.
        lowest: λ_min, (T,); None where it was not asked for.
        converged: whether all of them are within 1e-6 of the spectral norm, as far as estimates
            tell, (T,); 1e-5 where a tracker works in single precision.
    """

    top: Array
    lowest: Array | None
    converged: NDArray[np.bool_]


class SpectrumTracker:
    """Extreme Hessian eigenvalues along one trajectory, stretch after stretch.

    Remembers the eigenvectors at the end of one stretch as a start for the next. Without λ_min, a
    non-linear network of more than SINGLE_LIMIT parameters times samples is followed in single
    precision, to 1e-5 of the spectral norm instead of 1e-6; see
    :mod:`eosdash.core.curvature.following`.

    Args:
        objective: the network and its loss.
        count: k, how many of the largest eigenvalues to follow.
        generic: False for a trajectory with a symmetry, such as one from a balanced start. Its
            Hessians share invariant subspaces, in which eigenvectors that were followed stay
            blind to an eigenvalue that overtakes them: more is then done densely, and random
            directions are probed at every point.
        lowest: whether to follow λ_min.
    """

    def __init__(
        self, objective: Surface, count: int = 1, generic: bool = True, lowest: bool = True
    ) -> None:
        self.objective = objective
        self.count = count
        self.generic = generic
        self.lowest = lowest
        self._hidden = unseen(objective.network) if isinstance(objective, Objective) else 0
        self._reach = self._reach_everywhere()
        self._carried: Array | None = None
        self._follower = self._single_follower()

    def __call__(self, path: Array) -> Extremes:
        """Extremes at each row of ``path`` (T, P), T ≥ 1."""
        objective = self.objective
        parameters = objective.network.parameters
        small = parameters <= DENSE_LIMIT + self.count
        if isinstance(objective, Objective) and (objective.network.depth == 1 or small):
            return dense_extremes(objective, path, self.count)
        limit = DENSE_LIMIT if self.generic else SYMMETRIC_DENSE_LIMIT
        with np.errstate(over="ignore", invalid="ignore"):
            if small or parameters - self._hidden <= limit:
                whole = self._whole(path)
                return self._extremes(whole, np.isfinite(whole[:, 0]))
            return self._followed(path) or self._tracked(path)

    def _reach_everywhere(self) -> int:
        """Images of a random direction at every point."""
        if not self.generic:
            return SYMMETRIC_REACH
        network = self.objective.network
        kinked = isinstance(network, NonlinearNetwork) and network.phi.bend is None
        return KINKED_REACH if kinked else 0

    def _single_follower(self) -> Follower | None:
        objective = self.objective
        if self.lowest or not (self.generic and isinstance(objective, NonlinearObjective)):
            return None
        large = objective.samples * objective.network.parameters > SINGLE_LIMIT
        return Follower(objective, self.count) if large else None

    def _whole(self, path: Array) -> Array:
        """All that the Hessian sees, diagonalized: (T, P′); NaN where it is not finite."""
        batch = len(path) if isinstance(self.objective, Objective) else self._batch()
        parts = [
            curvature_of(self.objective, path[begin : begin + batch]).matrix()
            for begin in range(0, len(path), batch)
        ]
        matrices = np.concatenate(parts)
        sound = np.isfinite(matrices).all(axis=(1, 2))
        whole = np.full(matrices.shape[:2], np.nan)
        whole[sound] = np.linalg.eigvalsh(matrices[sound])
        return whole

    def _batch(self) -> int:
        """How many points to work on at once."""
        basis = 16 * self.objective.network.parameters
        if isinstance(self.objective, NonlinearObjective):
            signals = 2 * self.objective.samples * sum(self.objective.network.sizes[1:])
            return max(2, SIGNAL_FLOATS // (basis + signals))
        return max(1, BATCH_FLOATS // basis)

    def _followed(self, path: Array) -> Extremes | None:
        """In single precision; None where that is not wanted, or does not do from here on."""
        if self._follower is None:
            return None
        try:
            return self._extremes(*self._follower(path))
        except np.linalg.LinAlgError:
            self._follower = None
            return None

    def _tracked(self, path: Array) -> Extremes:
        total, size = path.shape
        values = np.empty((total, self.count + int(self.lowest)))
        converged = np.empty(total, dtype=bool)
        # The first two are the last of the stretch before: two steps, the pair before pair 0.
        vectors = np.empty((total + 2, self.count + (3 if self.lowest else 1), size))
        rng = np.random.default_rng(size)
        known = self._carried is not None
        vectors[:2] = self._carried if known else rng.standard_normal(vectors[:2].shape)
        batch = self._batch()
        for level in coarse_to_fine((total + 1) // 2, known, strides=STRIDES):
            points, nodes, weights = level.steps(total)
            for begin in range(0, len(points), batch):
                some = slice(begin, begin + batch)
                chosen = points[some]
                start = interpolated(vectors, nodes[some] + 2, weights[some])
                curvature = curvature_of(self.objective, path[chosen])
                probe, reach = None, max(self._reach, REACH if level.first else 0)
                if reach:
                    probe = curvature.compress(rng.standard_normal((len(chosen), 1, size)))
                strict = self.lowest and level.first
                ritz = self._solve(curvature, curvature.compress(start), probe, reach, strict)
                values[chosen], converged[chosen] = ritz.values, ritz.converged
                vectors[chosen + 2] = turned(curvature.expand(ritz.vectors), start)
        self._carried = vectors[-2:].copy()
        return self._extremes(values, converged)

    def _solve(
        self, curvature: "Curved", start: Array, probe: Array | None, reach: int, strict: bool
    ) -> Ritz:
        """Where a Hessian is not finite, NaN, and vectors that are."""
        try:
            return extreme_eigenvalues(
                curvature, start, self.count, probe, reach, self.lowest, strict
            )
        except np.linalg.LinAlgError:
            if len(start) == 1:
                lost = np.full((1, self.count + int(self.lowest)), np.nan)
                return Ritz(
                    lost, np.linalg.qr(start.swapaxes(1, 2))[0].swapaxes(1, 2), lost[:, 0] > 0
                )
        alone = []
        for one in np.eye(len(start), dtype=bool):
            share = None if probe is None else probe[one]
            alone.append(self._solve(curvature.of(one), start[one], share, reach, strict))
        return Ritz(*(np.concatenate(parts) for parts in zip(*alone, strict=True)))

    def _extremes(self, values: Array, converged: NDArray[np.bool_]) -> Extremes:
        """From ascending eigenvalues of the curvature, with what it leaves out: zeros and r."""
        zeros = np.zeros((len(values), min(self._hidden, self.count + 1)))
        every = np.sort(np.concatenate([values, zeros], axis=1), axis=1)
        every += self.objective.weight_decay
        top = np.full((len(values), self.count), np.nan)
        found = every[:, : -self.count - 1 : -1]
        top[:, : found.shape[1]] = found
        return Extremes(top, every[:, 0] if self.lowest else None, converged)


class Curved(Operator, Protocol):
    """The Hessian without weight decay at N points, on compressed directions."""

    def compress(self, direction: Array) -> Array:
        """Directions (N, b, P) to what it acts on, (N, b, P′)."""

    def expand(self, compressed: Array) -> Array:
        """Back to (N, b, P)."""

    def matrix(self) -> Array:
        """All of it, (N, P′, P′)."""


def curvature_of(objective: Surface, points: Array) -> Curved:
    """The fastest Hessian products at the points (N, P)."""
    if isinstance(objective, Objective):
        return Curvature(objective, points)
    if isinstance(objective, NonlinearObjective):
        return NonlinearCurvature(objective, points)
    return PlainCurvature(objective, points)


def dense_extremes(objective: Objective, path: Array, count: int) -> Extremes:
    """Extremes at each row of ``path`` (T, P) from the full Hessian."""
    eigenvalues: Array = np.linalg.eigvalsh(objective.hessian(path)).astype(float, copy=False)
    top = np.full((len(path), count), np.nan)
    found = eigenvalues[:, ::-1][:, :count]
    top[:, : found.shape[1]] = found
    return Extremes(top, eigenvalues[:, 0], np.ones(len(path), dtype=bool))
