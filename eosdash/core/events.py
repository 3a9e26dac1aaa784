"""What happens on a run, found on its curves and said in words."""

from typing import NamedTuple

import numpy as np

from eosdash.core.gradient_descent import Ending
from eosdash.core.network import Array
from eosdash.core.outcome import Outcome

ROUNDING = 1e-9
"""A rise of the loss by less than this fraction is no spike."""

SETTLED = 0.01
"""A sharpness that stays this close to its last value, relatively, has settled."""

SHORTEST_REST = 16
"""Fewer steps than this show no settling."""


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
    lowest_known: bool = True,
) -> list[Event]:
    """Events of a run in order of steps.

    Args:
        loss, sharpness: its curves, (T,).
        threshold: of stability at each step, (T,).
        ending: how it ended.
        edge: what the threshold is called.
        lowest_known: whether a minimum is known to be global.
    """
    events = [
        *_crossings(sharpness, threshold, edge),
        *_first_spike(loss),
        *_settling(sharpness, threshold, edge, ending),
        *_ending(ending, lowest_known),
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
    and 16 steps."""
    if ending.outcome in (Outcome.DIVERGED, Outcome.PERIODIC):
        return []
    last = sharpness[-1]
    away = np.flatnonzero(np.abs(sharpness - last) > SETTLED * abs(last))
    step = int(away[-1]) + 1 if away.size else 0
    if len(sharpness) - step < max(SHORTEST_REST, 0.1 * len(sharpness)):
        return []
    ratio = float(last / threshold[-1])
    return [Event("settles", step, f"sharpness settles at {ratio:.3f} · {edge}", ratio)]


def _ending(ending: Ending, lowest_known: bool) -> list[Event]:
    if ending.outcome is Outcome.DIVERGED:
        return [Event("diverges", ending.step, "diverges")]
    if ending.outcome is Outcome.MINIMUM:
        kind = "global minimum" if lowest_known else "minimum"
        return [Event("converges", ending.step, f"converges to a {kind}")]
    if ending.outcome is Outcome.SADDLE:
        return [Event("converges", ending.step, "converges to a saddle")]
    if ending.period is not None and ending.period_step is not None:
        text = f"repeats itself every {ending.period} steps"
        return [Event("period", ending.period_step, text, float(ending.period))]
    return []
