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

BLOCKS = 16
SHORTEST = 8 * BLOCKS
PROJECTED = 16


class Outcome(StrEnum):
    """Fate of a trajectory, in the words of the whole project."""

    MINIMUM = "minimum"
    SADDLE = "saddle"
    PERIODIC = "periodic"
    BOUNDED = "bounded"
    DIVERGED = "diverged"
    UNDECIDED = "undecided"


OUTCOMES = tuple(Outcome)
"""In the order of their codes in arrays."""


def find_periods(tails: Array) -> NDArray[np.int16]:
    """Smallest p from 2 to 64 after which the last points return to themselves, or 0, (n,).

    Args:
        tails: the last points (T, m, n) of n trajectories, or a projection of them to m numbers;
            T ≥ 3p to see p.

    A point that hardly moves has no period: that is convergence, not an orbit.
    """
    length, _, number = tails.shape
    found = np.zeros(number, dtype=np.int16)
    if length < 6:
        return found
    moves = _lengths(np.diff(tails[-2 * LONGEST_PERIOD - 1 :], axis=0))
    size = 1.0 + _lengths(tails[-1])
    # A cycle approached with alternating sign returns after 2p steps sooner than after p, so a
    # return is measured against the closest of all shorter ones.
    closest, stride = moves[-1], moves[-2:].max(axis=0)
    for period in range(2, min(LONGEST_PERIOD, length // 3) + 1):
        stride = np.maximum(stride, moves[-2 * period : 2 - 2 * period].max(axis=0))
        once = _lengths(tails[-1] - tails[-1 - period])
        near = PERIOD_TOLERANCE * closest
        likely = (found == 0) & (stride >= 1e-6 * size) & (once <= near)
        if likely.any():
            window = tails[-3 * period :, :, likely]
            gap = _lengths(window[period:] - window[:-period]).max(axis=0)
            found[np.flatnonzero(likely)[gap <= near[likely]]] = period
        closest = np.minimum(closest, once)
    return found


def _lengths(vectors: Array) -> Array:
    """Euclidean lengths over the axis before the last: (..., m, n) to (..., n)."""
    return np.asarray(np.sqrt(np.einsum("...mn,...mn->...n", vectors, vectors)))


def find_period(tail: Array) -> int | None:
    """The same for one trajectory (T, m); None instead of 0."""
    return int(find_periods(tail[:, :, None])[0]) or None


def block_of_step(steps: int) -> NDArray[np.intp]:
    """Which block of the second half a step is in, −1 in the first half, (steps,)."""
    blocks = np.full(steps, -1)
    for number, block in enumerate(np.array_split(np.arange(steps)[steps // 2 :], BLOCKS)):
        blocks[block] = number
    return blocks


def drifts(energy: Array) -> NDArray[np.bool_]:
    """Whether gradient norms are still on their way at the end of n runs, (n,).

    Args:
        energy: mean of ‖∇L‖² over each of sixteen blocks of the second half of a run, (16, n).

    Decided by the trend of its logarithm over the second half and over the last quarter: a
    slope that differs from zero by three standard errors in either. On a stationary chaotic
    orbit that happens by chance a few times in a hundred, and then errs to the side of
    "undecided".
    """
    means = 0.5 * np.log(np.maximum(energy, np.finfo(float).tiny))
    return _trend(means) | _trend(means[BLOCKS // 2 :])


def _trend(means: Array) -> NDArray[np.bool_]:
    number = len(means)
    place = np.arange(number) - (number - 1) / 2
    slope = place @ means / (place @ place)
    residual = means - means.mean(axis=0) - slope * place[:, None]
    error = np.sqrt((residual**2).sum(axis=0) / (number - 2) / (place @ place))
    return np.asarray(np.abs(slope) > np.maximum(3 * error, 1e-6))


def still_moving(grad_norm: Array) -> bool:
    """Whether the run with these ‖∇L‖ (T,) still moves towards something; see :func:`drifts`.
    A run of less than 128 steps is too short to tell that it does not."""
    if len(grad_norm) < SHORTEST:
        return True
    blocks = block_of_step(len(grad_norm))
    energy = [np.mean(grad_norm[blocks == number] ** 2) for number in range(BLOCKS)]
    return bool(drifts(np.array(energy)[:, None])[0])


def projection(parameters: int) -> Array | None:
    """Distances are judged in a random projection (P, 16), so that long tails of large networks
    fit into memory; None for networks of no more than 16 parameters."""
    if parameters <= PROJECTED:
        return None
    return np.random.default_rng(0).standard_normal((parameters, PROJECTED))


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
        self._projection = projection(parameters)
        self._tail = np.empty((0, min(parameters, PROJECTED)))
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
