"""What the curves of a run show, from which its events and sentences are made.

S_t is the sharpness at row t of T, τ_t the threshold of stability there, L_t the loss.

above      S_t > τ_t by more than a part in 10⁶: eigenvalues are known to that.
below      S_t < τ_t by as much.
rises      L_{t+1} > L_t by more than a part in 10⁹.
spike      rises, from one step to the next, to at least 1.1 times the loss before them, and a
           fall behind them.
settled    from row t on S stays within 1 % of S_{T−1}: for at least 16 rows and a tenth of all,
           and without going on from one third of these rows to the next. A run that diverges or
           repeats has not settled, nor one above 1.01 τ but at a minimum: it would go on.
late       the rows of the second half, and of these those since S first was above.
about      the median of S/τ over the late rows is within a tenth of 1, and three quarters of these
           rows are within a quarter of it.
swings     between late rows, S goes from above to not above or back at least four times.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.critical_points import STABLE
from eosdash.core.descent.gradient_descent import Ending
from eosdash.core.outcome import Outcome
from eosdash.core.types import Array

ROUNDING = 1e-9
"""A rise of the loss by less than this fraction is none."""

SPIKE = 1.1
"""A peak that is as many times the loss before it is a spike."""

SETTLED = 0.01
"""A sharpness that stays this close to its last value, relatively, has settled."""

SHORTEST_REST, LEAST_REST = 16, 0.1
"""Fewer rows, and a smaller part of all rows, show no settling."""

STEADY = 1e-9
"""A change by less than this fraction is none."""

ABOUT, NEAR, MOST = 0.1, 0.25, 0.75
"""How far the median, and most of the rows, may be from the threshold that they are about."""

SWINGS = 4
"""So many crossings of the threshold are a swing about it."""


class Course(NamedTuple):
    """What the curves of a run show; steps are rows, None for what there is not.

    Attributes:
        above: the first step at which the sharpness is above the threshold.
        climbs: whether it got there without a change of the threshold.
        back: the first step after that at which it is not.
        late_above: whether it is above at any of the late rows.
        swings, about: as defined above.
        median: of sharpness over threshold, over the late rows.
        below: whether it is below the threshold at every row.
        rises: the step of the first rise of the loss.
        spike: the peak of its first spike.
        settled: the step from which the sharpness has settled.
        ratio: the last sharpness over the last threshold.
    """

    above: int | None
    climbs: bool
    back: int | None
    late_above: bool
    swings: bool
    about: bool
    median: float
    below: bool
    rises: int | None
    spike: int | None
    settled: int | None
    ratio: float


def course_of(loss: Array, sharpness: Array, threshold: Array, ending: Ending) -> Course:
    """The course of a run from its curves, (T,) each, and how it ended."""
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = sharpness / threshold
    above = ratio > STABLE
    first = _first(above)
    start = first or 0
    late = slice(max(start, len(ratio) // 2), None)
    parts, crossed = ratio[late], above[late]
    median = float(np.median(parts))
    near = np.count_nonzero(np.abs(parts - 1) <= NEAR) >= MOST * len(parts)
    rises = _first(loss[1:] > loss[:-1] * (1 + ROUNDING))
    return Course(
        above=first,
        climbs=bool(start) and bool(threshold[start] == threshold[start - 1]),
        back=None if first is None else _first(~above[first:], first),
        late_above=bool(crossed.any()),
        swings=bool(np.count_nonzero(np.diff(crossed)) >= SWINGS),
        about=bool(abs(median - 1) <= ABOUT and near),
        median=median,
        below=bool(np.all(ratio < 2 - STABLE)),
        rises=None if rises is None else rises + 1,
        spike=_first_spike(loss),
        settled=_settled(sharpness) if _stays(float(ratio[-1]), ending) else None,
        ratio=float(ratio[-1]),
    )


def _first(where: NDArray[np.bool_], offset: int = 0) -> int | None:
    """The first place of a truth."""
    return offset + int(np.argmax(where)) if where.any() else None


def _first_spike(loss: Array) -> int | None:
    with np.errstate(over="ignore", invalid="ignore"):
        changes = np.diff(loss)
    peaks = 1 + np.flatnonzero((changes[:-1] > 0) & (changes[1:] < 0))
    feet = np.concatenate([[0], 1 + np.flatnonzero(~(changes > 0))])
    before = feet[np.searchsorted(feet, peaks) - 1]
    spikes = peaks[loss[peaks] >= SPIKE * loss[before]]
    return int(spikes[0]) if spikes.size else None


def _stays(ratio: float, ending: Ending) -> bool:
    """Whether a run with so many thresholds of sharpness at its end may be said to have settled."""
    if ending.outcome in (Outcome.DIVERGED, Outcome.PERIODIC):
        return False
    return ratio <= 1 + SETTLED or ending.outcome is Outcome.MINIMUM


def _settled(sharpness: Array) -> int | None:
    last = sharpness[-1]
    away = np.flatnonzero(~(np.abs(sharpness - last) <= SETTLED * abs(last)))
    step = int(away[-1]) + 1 if away.size else 0
    rest = sharpness[step:]
    if len(rest) < max(SHORTEST_REST, LEAST_REST * len(sharpness)) or _moves_on(rest):
        return None
    return step


def _moves_on(values: Array) -> bool:
    """Whether values (T,) that hardly change go on changing as they did: by the medians of their
    thirds, against half of the change before and against their swings."""
    first, middle, last = (float(np.median(part)) for part in np.array_split(values, 3))
    swings = float(np.median(np.abs(np.diff(values))))
    enough = max(0.5 * abs(middle - first), swings, STEADY * abs(last))
    return abs(last - middle) > enough
