"""What orbits are that spent their budget: the one decision behind runs, maps and sweeps.

The definitions stand in :mod:`eosdash.core.outcome`. What arrives before, at a stable minimum or
beyond the ball, is told at its step by whoever walks.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.critical_points import (
    KIND,
    STABLE,
    Codes,
    CriticalPoint,
    CriticalPoints,
    is_minimum,
)
from eosdash.core.descent.multipliers import escape, repel
from eosdash.core.descent.optimizers import Optimizer
from eosdash.core.descent.recurrence import RETURNED, TAIL, closes, drifts, find_periods, some_of
from eosdash.core.outcome import CODE, FORGOTTEN, SHORTEST, Outcome
from eosdash.core.types import Array, Mask

SAME = 6
"""Cycles whose losses and gradients agree to so many digits are one, up to a symmetry."""

STRAIGHT, ALIKE = 1e-6, 0.1
"""1 − cosine of an angle that is none, and a change of a squared length that is small."""

GROWN = 10.0
"""A gradient that grows by less than this over its later half does not grow."""


STEADY = 0.999
"""What has not shrunk to this from one round to the next does not shrink."""


class Cycles(NamedTuple):
    """One round of n cycles, walked on from where orbits have ended.

    Attributes:
        points, velocities: θ and v before each step, (p, n, P).
        drifts: by how much, relative to θ, coordinates move in a round that do not move less in
            the next, (n,).
    """

    points: Array
    velocities: Array
    drifts: Array


class Seen(NamedTuple):
    """What is left of n orbits of ``steps`` steps each.

    Attributes:
        orbits: the points from :func:`eosdash.core.outcome.watched_from` on, or a projection of
            them, (R, m, n).
        unrest: ‖∇L‖ there, or what else has to vanish at rest, (R, n).
        quiet: up to which it counts as zero, (n,).
        last, end: θ before and after the last step, (P, n).
        lr: η of the last step, (n,).
    """

    steps: int
    orbits: Array
    unrest: Array
    quiet: Array
    last: Array
    end: Array
    lr: Array

    def of(self, some: NDArray[np.intp]) -> "Seen":
        """What is left of some of the orbits but for their points."""
        return Seen(self.steps, self.orbits[:0], *(array[..., some] for array in self[2:]))

    @property
    def half(self) -> int:
        """How many of the last points are the second half of the run."""
        return self.steps - self.steps // 2


class Verdict(NamedTuple):
    """Outcomes and kinds of critical points, as codes, and periods or 0, (n,) each."""

    outcome: Codes
    kind: Codes
    period: NDArray[np.int16]


def crawl(moves: Array, further: Array, quiet: Array | float) -> Mask:
    """Whether orbits are on their way and need not be looked at, (n,): their next two steps,
    ``moves`` and ``further`` (P, n), are longer than ``quiet``, go straight on, and are as long as
    each other up to a part in twenty."""
    with np.errstate(all="ignore"):
        squares, more = (np.einsum("pn,pn->n", some, some) for some in (moves, further))
        along = np.einsum("pn,pn->n", moves, further)
        straight = along >= (1 - STRAIGHT) * np.sqrt(squares * more)
        alike = np.abs(more - squares) <= ALIKE * squares
        return np.asarray(straight & alike & (squares > quiet**2))


def judge(critical: CriticalPoints, optimizer: Optimizer, seen: Seen) -> Verdict:
    """Tell saddles, periods and what is bounded from what is undecided.

    Args:
        critical: critical points of the loss.
        optimizer: how steps were made.
        seen: what is left of the orbits.
    """
    number = len(seen.lr)
    verdict = Verdict(
        np.full(number, CODE[Outcome.UNDECIDED], dtype=np.uint8),
        np.full(number, KIND[CriticalPoint.NONE], dtype=np.uint8),
        np.zeros(number, dtype=np.int16),
    )
    rests = seen.unrest[-1] <= seen.quiet
    if rests.any():
        some = np.flatnonzero(rests)
        verdict.outcome[some], verdict.kind[some] = _at_rest(critical, optimizer, seen.of(some))
    moving = np.flatnonzero(~rests)
    period, tails = np.zeros(number, dtype=np.int16), seen.orbits[-TAIL:]
    period[moving] = find_periods(some_of(tails, moving))
    for p in np.unique(period[period > 0]):
        some = np.flatnonzero(period == p)
        some = some[closes(some_of(tails, some), int(p))]
        some = some[_are_cycles(critical, optimizer, seen.of(some), int(p))]
        verdict.outcome[some], verdict.period[some] = CODE[Outcome.PERIODIC], p
    others = moving[period[moving] == 0]
    if others.size and seen.steps >= SHORTEST:
        half = slice(-seen.half, None)
        moved = drifts(seen.orbits[half], seen.unrest[half], others)
        verdict.outcome[others[~moved]] = CODE[Outcome.BOUNDED]
    return verdict


def _at_rest(critical: CriticalPoints, optimizer: Optimizer, seen: Seen) -> tuple[Codes, Codes]:
    """Outcomes and kinds of orbits whose gradient vanishes at the last point."""
    kind = critical.kinds(seen.last, critical.objective.loss(seen.last.T))
    outcome = np.full(len(kind), CODE[Outcome.UNDECIDED], dtype=np.uint8)
    fixed, lingers = _fixed(optimizer, seen), _lingers(seen)
    minimum = is_minimum(kind)
    where = np.flatnonzero(minimum)
    unstable = where[
        is_unstable(critical, optimizer, seen.last[:, where], kind[where], seen.lr[where])
    ]
    kind[unstable] = KIND[CriticalPoint.UNSTABLE]
    minimum[unstable] = fixed[unstable]
    outcome[minimum] = CODE[Outcome.MINIMUM]
    saddle = (kind == KIND[CriticalPoint.SADDLE]) & (fixed | lingers)
    doubtful = np.flatnonzero(saddle & ~fixed)
    if doubtful.size:
        rate = escape(critical.fall(seen.last[:, doubtful]), seen.lr[doubtful], optimizer)
        saddle[doubtful] = seen.half * rate >= FORGOTTEN
    outcome[saddle] = CODE[Outcome.SADDLE]
    flat = (kind == KIND[CriticalPoint.FLAT]) & (fixed | lingers)
    kind[~(minimum | saddle | flat)] = KIND[CriticalPoint.NONE]
    return outcome, kind


def is_unstable(
    critical: CriticalPoints, optimizer: Optimizer, theta: Array, kind: Codes, lr: Array
) -> Mask:
    """Whether minima θ (P, n) of these kinds are left by full-batch steps with η = ``lr`` (n,).
    Of what mini-batches leave nothing is known: what came to rest with them is taken as stable."""
    if optimizer.batch_size is not None:
        return np.zeros(len(kind), dtype=bool)
    return np.asarray(critical.sharpness(theta, kind) > STABLE * optimizer.threshold(lr))


def _fixed(optimizer: Optimizer, seen: Seen) -> Mask:
    """Which orbits stay where they are to the last bit."""
    same = np.all(seen.end == seen.last, axis=0)
    if optimizer.is_plain:
        return np.asarray(same)
    return np.asarray(same & (seen.unrest[-1] == 0))


def _lingers(seen: Seen) -> Mask:
    """Which have been at rest through the second half of the run without a growing gradient."""
    unrest = seen.unrest[-seen.half :]
    early, late = unrest[: seen.half // 2], unrest[seen.half // 2 :]
    if not len(early):
        return np.zeros(unrest.shape[1], dtype=bool)
    quiet = unrest.max(axis=0) <= seen.quiet
    return np.asarray(quiet & (late.max(axis=0) <= GROWN * early.max(axis=0)))


def _are_cycles(critical: CriticalPoints, optimizer: Optimizer, seen: Seen, period: int) -> Mask:
    """Which orbits that return are on cycles on which nothing slowly moves, and that do not repel.
    Of mini-batches no more is asked than that they return."""
    if optimizer.batch_size is not None or not len(seen.lr):
        return np.ones(len(seen.lr), dtype=bool)
    found = _cycles(critical, optimizer, seen, period)
    return np.asarray((found.drifts <= RETURNED) & ~_repel(critical, optimizer, seen.lr, found))


def _cycles(critical: CriticalPoints, optimizer: Optimizer, seen: Seen, period: int) -> Cycles:
    theta, velocity = seen.end.T, (seen.end - seen.last).T
    points, velocities, places = [], [], [theta]
    for step in range(1, 2 * period + 1):
        if step <= period:
            points.append(theta)
            velocities.append(velocity)
        gradient = critical.objective.gradient(optimizer.ahead(theta, velocity))
        theta, velocity = optimizer.move(theta, velocity, gradient, seen.lr[:, None])
        if step % period == 0:
            places.append(theta)
    once, twice = (np.abs(b - a) for a, b in pairwise(places))
    moved = np.linalg.norm(np.where(twice > STEADY * once, twice, 0.0), axis=1)
    relative = moved / np.linalg.norm(theta, axis=1)
    return Cycles(np.stack(points), np.stack(velocities), relative)


def _repel(critical: CriticalPoints, optimizer: Optimizer, lr: Array, found: Cycles) -> Mask:
    """Which cycles are left again; cycles that are the same but for a symmetry are asked once."""
    points = found.points
    at = critical.objective.linearize(points)
    marks = np.stack([critical.objective.loss(points), np.linalg.norm(at.gradient, axis=2)])
    first = marks[0].argmin(axis=0)
    turn = (first + np.arange(len(points))[:, None]) % len(points)
    marks = np.take_along_axis(marks, np.broadcast_to(turn, marks.shape), axis=1)
    marks = marks.reshape(-1, len(lr))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** (np.floor(np.log10(np.abs(marks).max(axis=1))) - SAME)
    rounded = np.round(marks / np.where(unit > 0, unit, 1.0)[:, None])
    alike = np.concatenate([rounded, lr[None]])
    _, which, back = np.unique(alike, axis=1, return_index=True, return_inverse=True)
    some, velocities = points[:, which], found.velocities[:, which]
    return repel(critical.objective, some, velocities, lr[which], optimizer)[back.ravel()]
