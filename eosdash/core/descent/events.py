"""What happens on a run, found on its curves and said in words."""

from collections.abc import Iterator
from typing import NamedTuple

from eosdash.core.descent.course import Course
from eosdash.core.descent.critical_points import CriticalPoint
from eosdash.core.descent.gradient_descent import Ending
from eosdash.core.outcome import Outcome

RESTS = {
    CriticalPoint.GLOBAL: "converges to a global minimum",
    CriticalPoint.LOCAL: "converges to a local minimum",
    CriticalPoint.UNSTABLE: "rests on a minimum that is not stable",
    CriticalPoint.SADDLE: "converges to a saddle",
    CriticalPoint.FLAT: "rests where the loss is flat in some direction",
}
"""What is said of a run that ends at a critical point."""


class Event(NamedTuple):
    """Something that happens at a step of a run, which is one of its rows.

    Attributes:
        kind: ``crosses``, ``rises``, ``spike``, ``returns``, ``period``, ``settles``,
            ``converges`` or ``diverges``.
        step: where.
        text: the same in words.
        value: the number in the words: the period, or the sharpness over the threshold; of
            ``crosses`` the median of that over the later rows; else None.
    """

    kind: str
    step: int
    text: str
    value: float | None = None


def find_events(course: Course, ending: Ending, edge: str = "2/η") -> list[Event]:
    """Events of a run in order of steps.

    Args:
        course: what its curves show.
        ending: how it ended.
        edge: what the threshold is called.
    """
    events = [*_crossings(course, edge), *_rises(course), *_settling(course, edge)]
    return sorted([*events, *_ending(ending)], key=lambda event: event.step)


def _crossings(course: Course, edge: str) -> Iterator[Event]:
    if course.above is None:
        return
    text = f"sharpness crosses {edge}" if course.above else f"starts sharper than {edge}"
    yield Event("crosses", course.above, text, course.median)
    if course.back is not None:
        yield Event("returns", course.back, f"sharpness falls back below {edge}")


def _rises(course: Course) -> Iterator[Event]:
    if course.spike is not None:
        yield Event("spike", course.spike, "first spike of the loss")
    elif course.rises is not None:
        yield Event("rises", course.rises, "loss rises for the first time")


def _settling(course: Course, edge: str) -> Iterator[Event]:
    if course.settled is not None:
        where = f"within 1 % of {course.ratio:.3f} · {edge}" if course.ratio > 0.01 else "near 0"
        yield Event("settles", course.settled, f"sharpness stays {where}", course.ratio)


def _ending(ending: Ending) -> Iterator[Event]:
    last = ending.step - 1
    if ending.outcome is Outcome.DIVERGED:
        yield Event("diverges", last, "diverges")
    elif ending.critical_point in RESTS:
        yield Event("converges", last, RESTS[ending.critical_point])
    elif ending.period is not None and ending.period_step is not None:
        text = f"repeats itself every {ending.period} steps"
        yield Event("period", ending.period_step, text, float(ending.period))
