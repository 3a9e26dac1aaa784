"""Whether an orbit returns to itself, closes in on a cycle, or drifts.

Orbits are points (T, m, n) of n trajectories: their weights, or a projection of them to m numbers.
"""

import numpy as np
from numpy.typing import NDArray

from eosdash.core.types import Array

LONGEST_PERIOD = 64
TAIL = 3 * LONGEST_PERIOD
"""How many of the last points :func:`find_periods` wants to see."""

PERIOD_TOLERANCE = 1e-6
"""Largest distance after p steps, relative to the length of one step, that counts as a return.
Where the approach to a minimum is slowest, at S = 2/η exactly, oscillations still shrink by a
part in 1/k at step k, 5e-5 at the longest run allowed: well above this."""

LEAST = 1e-300
"""Shorter steps are lost in the smallest numbers there are."""

REMAINING = 1e-3
"""Largest way that a cycle which is closed in on may still be away, relative to one step."""

RETURNED = 1e-13
"""A return to within this, relative to the points, is exact but for rounding."""

BLOCKS = 16
SIGNIFICANT, SIGNIFICANT_LATE = 4.0, 6.0
"""Standard errors from zero at which the trend of a gradient or of a distance is a drift: of all
sixteen blocks and of the last eight, by chance once in a thousand either way (Student's t)."""

OF_MANY = 1.5
"""The same is asked times this of the coordinates, of which there may be sixteen."""

RESOLVED = 1e-13
"""A trend over a block smaller than this, relative to what has it, is lost in rounding."""

PLACES = 16
"""How many points of an orbit tell after how many steps it comes closest to itself."""

PROJECTED = 16


def projection(parameters: int) -> Array | None:
    """A random projection (P, 16) in which distances are judged, so that long orbits of large
    networks fit into memory; None for networks of no more than 16 parameters."""
    if parameters <= PROJECTED:
        return None
    return np.random.default_rng(0).standard_normal((parameters, PROJECTED))


def find_periods(orbits: Array) -> NDArray[np.int16]:
    """Smallest p from 2 to 64 after which the last points return to themselves, or 0, (n,).

    T ≥ 3p points show p. A point that hardly moves has no period: that is convergence, no cycle.
    """
    tails = orbits[-TAIL:]
    length, _, number = tails.shape
    found = np.zeros(number, dtype=np.int16)
    if length < 6:
        return found
    moves = _lengths(np.diff(tails[-2 * LONGEST_PERIOD - 1 :], axis=0))
    size = _lengths(tails[-1])
    # A cycle approached with alternating sign returns after 2p steps sooner than after p, so a
    # return is measured against the closest of all shorter ones.
    closest, stride = moves[-1], moves[-2:].max(axis=0)
    for period in range(2, min(LONGEST_PERIOD, length // 3) + 1):
        stride = np.maximum(stride, moves[-2 * period : 2 - 2 * period].max(axis=0))
        once = _lengths(tails[-1] - tails[-1 - period])
        near = PERIOD_TOLERANCE * closest
        likely = (found == 0) & (stride >= np.maximum(1e-6 * size, LEAST)) & (once <= near)
        if likely.any():
            window = tails[-3 * period :, :, likely]
            gap = _lengths(window[period:] - window[:-period]).max(axis=0)
            found[np.flatnonzero(likely)[gap <= near[likely]]] = period
        closest = np.minimum(closest, once)
    return found


def closes(orbits: Array, period: int) -> NDArray[np.bool_]:
    """Whether orbits that return after ``period`` steps are on a cycle, or all but there, (n,).

    They are if they return to within rounding. Otherwise the distance d after a period has to
    shrink by a factor q < 1 from one period to the next, and what is left of the way, d q/(1 − q),
    has to be small beside a step: a slow drift carries an orbit away in the end.
    """
    gaps = _lengths(orbits[period:] - orbits[:-period])
    rounds = len(gaps) // period
    by_round = gaps[len(gaps) - rounds * period :].reshape(rounds, period, -1).max(axis=1)
    stride = _lengths(np.diff(orbits[-period - 1 :], axis=0)).max(axis=0)
    size = _lengths(orbits[-period:]).max(axis=0)
    last, before = by_round[-1], by_round[: -(rounds // 2) or None][-1]
    if rounds > 1:
        before = by_round[-1 - max(1, rounds // 2)]
        with np.errstate(divide="ignore", invalid="ignore"):
            shrinks = (last / before) ** (1 / max(1, rounds // 2))
            left = np.where(shrinks < 1, last * shrinks / (1 - shrinks), np.inf)
        return np.asarray((last <= RETURNED * size) | (left <= REMAINING * stride))
    return np.asarray(last <= RETURNED * size)


def onset(orbit: Array, period: int) -> int:
    """The step from which one orbit (T, m) returns after ``period`` steps for good."""
    gaps = np.linalg.norm(orbit[period:] - orbit[:-period], axis=1)
    stride = np.linalg.norm(np.diff(orbit[-2 * period :], axis=0), axis=1).max()
    away: NDArray[np.intp] = np.flatnonzero(gaps > PERIOD_TOLERANCE * stride)
    return int(away[-1]) + 1 if away.size else 0


def drifts(orbits: Array, unrest: Array, some: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether anything is still on its way over the second half of ``some`` of n runs, (k,).

    Args:
        orbits: its points (H, m, n).
        unrest: ‖∇L‖ there, (H, n).

    Looked at are, as means over sixteen blocks, the logarithm of ‖∇L‖², every coordinate, and the
    logarithm of the distance after as many steps, up to 64, as bring the orbit closest to where
    it was. Something drifts if over the whole or over its later half the slope differs from zero
    by several standard errors. On a stationary chaotic orbit that happens by chance about once in
    a hundred times, and then errs to the side of "undecided".
    """
    drifting = _logarithm_drifts(some_of(unrest, some) ** 2)
    for look in (_weights_drift, _returns_drift):
        others = np.flatnonzero(~drifting)
        if others.size:
            drifting[others] = look(some_of(orbits, some[others]))
    return drifting


def some_of(arrays: Array, some: NDArray[np.intp]) -> Array:
    """Some of the trajectories in arrays (…, n); no copy of all of them."""
    return arrays if some.size == arrays.shape[-1] else arrays.take(some, axis=-1)


def _logarithm_drifts(positive: Array) -> NDArray[np.bool_]:
    """Whether numbers ≥ 0 (H, n) rise or fall."""
    means = np.log(np.maximum(_block_means(positive), np.finfo(float).tiny))
    whole = _trend(means, SIGNIFICANT, RESOLVED)
    return whole | _trend(means[BLOCKS // 2 :], SIGNIFICANT_LATE, RESOLVED)


def _weights_drift(orbits: Array) -> NDArray[np.bool_]:
    means = _block_means(orbits)
    least = RESOLVED * np.abs(means).max(axis=0)
    whole = _trend(means, OF_MANY * SIGNIFICANT, least)
    late = _trend(means[BLOCKS // 2 :], OF_MANY * SIGNIFICANT_LATE, least)
    return np.asarray((whole | late).any(axis=0))


def _returns_drift(orbits: Array) -> NDArray[np.bool_]:
    return _logarithm_drifts(_closest_returns(orbits))


def _closest_returns(orbits: Array) -> Array:
    """Squared distances after the number of steps that brings the points closest to where they
    were, on average over some of them from the whole stretch, (H − 64, n)."""
    longest = min(LONGEST_PERIOD, len(orbits) // 2)
    places = np.linspace(longest, len(orbits) - 1, PLACES).astype(int)
    here = orbits[places]
    lengths = [_lengths(orbits[places - lag] - here).sum(axis=0) for lag in range(1, longest + 1)]
    best = 1 + np.argmin(lengths, axis=0)
    found = np.empty((len(orbits) - longest, orbits.shape[2]))
    for period in np.unique(best):
        some = np.flatnonzero(best == period)
        chosen = some_of(orbits, some)
        gaps = chosen[longest:] - chosen[longest - period : len(chosen) - period]
        found[:, some] = _squares(gaps)
    return found


def _block_means(values: Array) -> Array:
    """Means over sixteen blocks of (H, …), (16, …)."""
    edges = np.linspace(0, len(values), BLOCKS + 1).astype(int)
    sums = np.add.reduceat(values, edges[:-1], axis=0)
    counts = np.diff(edges).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(sums / counts)


def _trend(means: Array, errors: float, least: Array | float) -> NDArray[np.bool_]:
    """Whether the slope of block means (B, …) differs from zero by so many standard errors, and
    by at least ``least``."""
    number = len(means)
    place = np.arange(number) - (number - 1) / 2
    slope = np.tensordot(place, means, axes=1) / (place @ place)
    across = place.reshape(-1, *[1] * (means.ndim - 1))
    residual = means - means.mean(axis=0) - slope * across
    error = np.sqrt((residual**2).sum(axis=0) / (number - 2) / (place @ place))
    return np.asarray(np.abs(slope) > np.maximum(errors * error, least))


def _lengths(vectors: Array) -> Array:
    """Euclidean lengths over the axis before the last: (..., m, n) to (..., n)."""
    squares = _squares(vectors)
    return np.sqrt(squares, out=squares)


def _squares(vectors: Array) -> Array:
    return np.asarray(np.einsum("...mn,...mn->...n", vectors, vectors))
