"""A run of gradient descent as a smooth path and an oscillation about it.

At the edge of stability θ_t = c_t + (−1)ᵗ a_t with c and a slow. Weights (1, 2, 1)/4 over
neighbouring steps remove the alternating part up to a quarter of its second difference, and change
a smooth path by a quarter of its own. What is slower than a few steps, such as the cycles of
self-stabilization, stays in the smooth path; the central flow averages those out as well.
"""

from typing import NamedTuple

import numpy as np

from eosdash.core.curvature.eigenpairs import TopEigenpairs
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array


def smoothed(path: Array) -> Array:
    """(θ_{t−1} + 2θ_t + θ_{t+1})/4 for rows (T, ...), T ≥ 2: (T − 2, ...), for t = 1, …, T − 2."""
    return np.asarray(0.25 * (path[:-2] + path[2:]) + 0.5 * path[1:-1])


def local_mean(values: Array, window: int) -> Array:
    """Mean over ``window`` rows about each row of (T, ...), fewer at either end. NaNs count not."""
    half = window // 2
    usable = np.isfinite(values)
    zero = np.zeros((1, *values.shape[1:]))
    sums = np.concatenate([zero, np.cumsum(np.where(usable, values, 0.0), axis=0)])
    counts = np.concatenate([zero, np.cumsum(usable, axis=0)])
    rows = np.arange(len(values))
    first, last = np.maximum(rows - half, 0), np.minimum(rows + half + 1, len(values))
    with np.errstate(invalid="ignore"):
        return np.asarray((sums[last] - sums[first]) / (counts[last] - counts[first]))


class Smooth(NamedTuple):
    """Part of a run with its smooth path; row 0 belongs to ``step``; T rows.

    Attributes:
        step: index of the first row.
        path, centre: θ_t and the smooth path, (T, P).
    """

    step: int
    path: Array
    centre: Array

    @property
    def displacement(self) -> Array:
        """θ_t − c_t, (T, P)."""
        return self.path - self.centre


class Smoother:
    """Smooths a run stretch after stretch; each answer ends one step before its stretch does."""

    def __init__(self) -> None:
        self._step: int | None = None
        self._held: Array | None = None

    def __call__(self, step: int, path: Array) -> Smooth:
        """What can be smoothed now; ``path`` (T, P) begins at ``step`` and continues the call
        before. No rows at all if there are fewer than three points yet."""
        if self._held is None or self._step is None:
            self._step = step
            known = path
        else:
            known = np.concatenate([self._held, path])
        begin = self._step + 1
        self._step += max(0, len(known) - 2)
        self._held = known[-2:].copy()
        if len(known) < 3:
            return Smooth(begin, known[:0], known[:0])
        with np.errstate(all="ignore"):
            return Smooth(begin, known[1:-1], smoothed(known))


class Measured(NamedTuple):
    """The counterparts, in a run, of what :mod:`eosdash.core.flows.central_flow` predicts; T rows.

    Attributes:
        step: index of the first row.
        centre: the smooth path, (T, P).
        eigenvalues: the k largest of the Hessian there, (T, k).
        coordinates: u_i · (θ_t − c_t) along their eigenvectors, (T, k). The mean over some
            steps of their squares is the variance of the oscillation in each direction.
        square: ‖θ_t − c_t‖², in all directions, (T,); its mean compares with tr Σ.
        distance: between the smooth path and the predicted one, (T,); None without.
    """

    step: int
    centre: Array
    eigenvalues: Array
    coordinates: Array
    square: Array
    distance: Array | None


class Oscillations:
    """Measures the oscillation of one run, stretch after stretch.

    Args:
        surface: the loss.
        count: how many of the leading eigenvectors.
        predicted: a path to measure the distance from, (N, P), one row a step from step 0 on;
            NaN beyond its end.
    """

    def __init__(self, surface: Surface, count: int = 3, predicted: Array | None = None) -> None:
        self._pairs = TopEigenpairs(surface, count)
        self._smoother = Smoother()
        self.predicted = predicted

    def __call__(self, step: int, path: Array) -> Measured:
        """Measurements as far as ``path`` (T, P) from ``step`` on can be smoothed."""
        part = self._smoother(step, path)
        values, vectors, _ = self._pairs(part.centre)
        with np.errstate(all="ignore"):
            moved = part.displacement
            coordinates = np.einsum("tkp,tp->tk", vectors, moved)
            square = np.einsum("tp,tp->t", moved, moved)
        return Measured(part.step, part.centre, values, coordinates, square, self._distance(part))

    def _distance(self, part: Smooth) -> Array | None:
        if self.predicted is None:
            return None
        distance = np.full(len(part.centre), np.nan)
        rows = self.predicted[part.step : part.step + len(distance)]
        with np.errstate(all="ignore"):
            distance[: len(rows)] = np.linalg.norm(part.centre[: len(rows)] - rows, axis=1)
        return distance
