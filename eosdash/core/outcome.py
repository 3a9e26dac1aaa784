"""What became of a trajectory: one definition for curves, basins and sweeps.

Divergence and convergence are decided at the step where they happen. What is neither is told
apart when the step budget is spent: at a saddle, on a periodic orbit, bounded without a period,
or still moving, which is called undecided and never filed under anything else.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from eosdash.core.network import Array

BALL = 1e6
"""A trajectory with ‖θ‖ beyond this has diverged."""

GRADIENT_TOLERANCE = 1e-9
"""‖∇L‖ up to this is taken for zero."""

LONGEST_PERIOD = 64
TAIL = 3 * LONGEST_PERIOD
"""How many of the last points :func:`find_period` wants to see."""

PERIOD_TOLERANCE = 1e-6
"""Largest distance after p steps, relative to the length of one step, that counts as a return.
Where the approach to a minimum is slowest, at S = 2/η exactly, oscillations still shrink by a
part in 1/k at step k, 5e-5 at the longest run allowed: well above this."""

BLOCKS = 8


class Outcome(StrEnum):
    """Fate of a trajectory, in the words of the whole project."""

    MINIMUM = "minimum"
    SADDLE = "saddle"
    PERIODIC = "periodic"
    BOUNDED = "bounded"
    DIVERGED = "diverged"
    UNDECIDED = "undecided"


def find_period(tail: Array) -> int | None:
    """Smallest p from 2 to 64 after which the last points return to themselves.

    Args:
        tail: the last points (n, m) of a trajectory, or a projection of them; n ≥ 3p to see p.

    A point that hardly moves has no period: that is convergence, not an orbit.
    """
    moves = np.linalg.norm(np.diff(tail, axis=0), axis=1)
    size = 1.0 + np.linalg.norm(tail[-1])
    for period in range(2, min(LONGEST_PERIOD, len(tail) // 3) + 1):
        window = slice(-2 * period, None)
        stride = moves[window].max()
        if stride < 1e-6 * size:
            return None
        gap = tail[window] - tail[-3 * period : -period]
        if np.linalg.norm(gap, axis=1).max() <= PERIOD_TOLERANCE * stride:
            return period
    return None


def still_moving(grad_norm: Array) -> bool:
    """Whether ‖∇L‖ (T,) over the end of a run is still on its way down, or only drifts.

    Decided by the trend of log ‖∇L‖ over eight blocks of the second half: a slope that is
    negative by three standard errors. On a stationary chaotic orbit that happens by chance
    about once in a hundred times, and then errs to the side of "undecided". A gradient norm
    that changes monotonically is a drift, not an orbit.
    """
    half = np.log(np.maximum(grad_norm[len(grad_norm) // 2 :], np.finfo(float).tiny))
    if len(half) < 4 * BLOCKS:
        return True
    differences = np.diff(half)
    if (differences <= 0).all() or (differences >= 0).all():
        return True
    means = np.array([block.mean() for block in np.array_split(half, BLOCKS)])
    place = np.arange(BLOCKS) - (BLOCKS - 1) / 2
    slope = place @ means / (place @ place)
    residual = means - means.mean() - slope * place
    error = np.sqrt(residual @ residual / (BLOCKS - 2) / (place @ place))
    return bool(slope < -3 * error)


class Watch:
    """Follows one trajectory stretch by stretch and says what became of it.

    Args:
        lowest_loss: the global minimum of the loss, and ``tolerance`` how close counts as there.
        settled_from: the step from which convergence may be called: the last change of the
            learning rate, because what is stable at one may not be at the next.
    """

    def __init__(
        self, parameters: int, lowest_loss: float, tolerance: float, settled_from: int = 0
    ) -> None:
        self.threshold = lowest_loss + tolerance
        self.settled_from = settled_from
        # Distances are judged in a random projection, so that long tails of large networks fit.
        rng = np.random.default_rng(0)
        self._projection = rng.standard_normal((parameters, 16)) if parameters > 16 else None
        self._tail = np.empty((0, min(parameters, 16)))
        self._grad_norm: list[Array] = []
        self._last_loss = np.inf
        self.period: int | None = None
        self.period_step: int | None = None

    def at_minimum(self, step: int, loss: Array, grad_norm: Array) -> int | None:
        """Index of the first point, of those from ``step`` on, that is at the global minimum."""
        there = (grad_norm <= GRADIENT_TOLERANCE) & (loss <= self.threshold)
        there[: max(0, self.settled_from - step)] = False
        return int(np.argmax(there)) if there.any() else None

    def follow(self, step: int, path: Array, loss: Array, grad_norm: Array) -> None:
        """Take in the points (T, P) of the steps from ``step`` on."""
        seen = path if self._projection is None else path @ self._projection
        start = step - len(self._tail)
        self._tail = np.concatenate([self._tail, seen])
        self._grad_norm.append(grad_norm)
        self._last_loss = float(loss[-1])
        period = find_period(self._tail[-TAIL:])
        if period != self.period:
            self.period = period
            self.period_step = None if period is None else start + self._onset(period)
        self._tail = self._tail[-TAIL:]

    def _onset(self, period: int) -> int:
        """Where in the tail the orbit begins to return."""
        gaps = np.linalg.norm(self._tail[period:] - self._tail[:-period], axis=1)
        stride = np.linalg.norm(np.diff(self._tail[-2 * period :], axis=0), axis=1).max()
        away: NDArray[np.intp] = np.flatnonzero(gaps > PERIOD_TOLERANCE * stride)
        return int(away[-1]) + 1 if away.size else 0

    def verdict(self) -> Outcome:
        """What a trajectory is that spent its budget without reaching a minimum."""
        grad_norm = np.concatenate(self._grad_norm)
        if grad_norm[-1] <= GRADIENT_TOLERANCE:
            return Outcome.MINIMUM if self._last_loss <= self.threshold else Outcome.SADDLE
        if self.period is not None:
            return Outcome.PERIODIC
        return Outcome.UNDECIDED if still_moving(grad_norm) else Outcome.BOUNDED
