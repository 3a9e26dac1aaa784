"""What happens on a run, found on its curves and said in words."""

from typing import NamedTuple

import numpy as np

from eosdash.core.critical_points import CriticalPoint
from eosdash.core.gradient_descent import Ending
from eosdash.core.network import Array
from eosdash.core.outcome import Outcome

ROUNDING = 1e-9
"""A rise of the loss by less than this fraction is no spike."""

SETTLED = 0.01
"""A sharpness that stays this close to its last value, relatively, has settled."""

SHORTEST_REST = 16
"""Fewer steps than this show no settling."""

STEADY = 1e-9
"""A change by less than this fraction is none."""

RESTS = {
    CriticalPoint.GLOBAL: "converges to a global minimum",
    CriticalPoint.LOCAL: "converges to a local minimum",
    CriticalPoint.UNSTABLE: "rests on a minimum that is not stable",
    CriticalPoint.SADDLE: "converges to a saddle",
    CriticalPoint.FLAT: "rests where the loss is flat in some direction",
}
"""What is said of a run that ends at a critical point."""


class Event(NamedTuple):
    """Something that happens at a step of a run.

    Attributes:
        kind: ``crosses``, ``spike``, ``returns``, ``period``, ``settles``, ``converges`` or
            ``diverges``.
        step: where.
        text: the same in words.
        value: the number in the words: the period, or the sharpness over the threshold; of
            ``crosses`` the median of that from there on; else None.
    """

    kind: str
    step: int
    text: str
    value: float | None = None


def find_events(
    loss: Array,
    sharpness: Array,
    threshold: Array,
    ending: Ending,
    edge: str = "2/η",
) -> list[Event]:
    """Events of a run in order of steps.

    Args:
        loss, sharpness: its curves, (T,).
        threshold: of stability at each step, (T,).
        ending: how it ended.
        edge: what the threshold is called.
    """
    events = [
        *_crossings(sharpness, threshold, edge),
        *_first_spike(loss),
        *_settling(sharpness, threshold, edge, ending),
        *_ending(ending),
    ]
    return sorted(events, key=lambda event: event.step)


def _crossings(sharpness: Array, threshold: Array, edge: str) -> list[Event]:
    above = sharpness > threshold
    if not above.any():
        return []
    first = int(np.argmax(above))
    text = f"sharpness crosses {edge}" if first else f"starts sharper than {edge}"
    events = [Event("crosses", first, text, float(np.median((sharpness / threshold)[first:])))]
    below = np.flatnonzero(~above[first:])
    if below.size:
        events.append(Event("returns", first + int(below[0]), f"sharpness falls back below {edge}"))
    return events


def _first_spike(loss: Array) -> list[Event]:
    rises = np.flatnonzero(loss[1:] > loss[:-1] * (1 + ROUNDING))
    if not rises.size:
        return []
    peak = int(rises[0]) + 1
    while peak + 1 < len(loss) and loss[peak + 1] > loss[peak]:
        peak += 1
    return [Event("spike", peak, "first spike of the loss")]


def _settling(sharpness: Array, threshold: Array, edge: str, ending: Ending) -> list[Event]:
    """The sharpness stays within 1 % of its last value for at least the last tenth of the run
    and 16 steps, and does not go on from one third of these to the next."""
    if ending.outcome in (Outcome.DIVERGED, Outcome.PERIODIC):
        return []
    last = sharpness[-1]
    away = np.flatnonzero(np.abs(sharpness - last) > SETTLED * abs(last))
    step = int(away[-1]) + 1 if away.size else 0
    if len(sharpness) - step < max(SHORTEST_REST, 0.1 * len(sharpness)):
        return []
    ratio = float(last / threshold[-1])
    leaves = ratio > 1 + SETTLED and ending.outcome is not Outcome.MINIMUM
    if leaves or _moves_on(sharpness[step:]):
        return []
    short = f"{ratio:.3f}" if ratio > 0.01 else "less than 0.01"
    return [Event("settles", step, f"sharpness settles at {short} · {edge}", ratio)]


def _moves_on(values: Array) -> bool:
    """Whether values (T,) that hardly change go on changing as they did: by the medians of their
    thirds, against half of the change before and against their swings."""
    first, middle, last = (float(np.median(part)) for part in np.array_split(values, 3))
    swings = float(np.median(np.abs(np.diff(values))))
    enough = max(0.5 * abs(middle - first), swings, STEADY * abs(last))
    return abs(last - middle) > enough


def _ending(ending: Ending) -> list[Event]:
    if ending.outcome is Outcome.DIVERGED:
        return [Event("diverges", ending.step, "diverges")]
    if ending.critical_point in RESTS:
        return [Event("converges", ending.step - 1, RESTS[ending.critical_point])]
    if ending.period is not None and ending.period_step is not None:
        text = f"repeats itself every {ending.period} steps"
        return [Event("period", ending.period_step, text, float(ending.period))]
    return []
