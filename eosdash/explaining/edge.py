"""The edge of stability seen from close by: the phase portrait, and progress along the steps."""

import numpy as np

from eosdash.core.curvature.directional import DirectionalTracker
from eosdash.core.curvature.eigenpairs import TopEigenpairs
from eosdash.core.flows.portrait import PortraitTracker
from eosdash.core.types import Array
from eosdash.explaining.records import (
    Conclusion,
    Intro,
    Part,
    Records,
    Subject,
    costs_of,
    median,
    rows_in,
    thresholds_of,
    walked,
)
from eosdash.shares import percent

CLOSE = 0.1
"""How far from 2/η, relatively, a sharpness is said to be at the edge."""

LAST = 1_000
"""Steps at the end of a run that its averages are taken over, where it is at the edge."""

SHORTEST = 3
"""Steps that a smooth path takes to begin."""

PORTRAIT_NOTES = (
    "[[Self-stabilization]] (Damian et al. 2022, arXiv:2209.15594): the displacement x along the "
    "top eigenvector grows while the sharpness S is above 2/η, and its square pulls S down.",
    "x and S are taken about the mean of three steps, weighted 1, 2, 1. Fixed points: "
    "|x| = √(2α/β) with α = −∇L·∇S and β = ‖∇S‖², by differences.",
)
PROGRESS_NOTES = (
    "[[Relative progress]] and [[directional smoothness]] as in Ahn et al. 2022 "
    "(arXiv:2204.01050). At the [[edge of stability]] the first is about 0 and the second about "
    "2/η.",
    "What rounding leaves no digits of is left out.",
)


def portrait(subject: Subject) -> Records:
    """The phase portrait: ``step``, ``displacement`` x and ``excess`` y = S − 2/η about the smooth
    path, ``alpha``, ``beta``, ``balance`` = √(2α/β) and the ``gap`` to the next eigenvalue, (T,)
    each, from step 1 on."""
    yield Intro(PORTRAIT_NOTES)
    tracker, found = PortraitTracker(subject.objective), []
    for stretch in walked(subject, max(SHORTEST, rows_in(costs_of(subject.params).portrait))):
        if stretch.step == 0 and len(stretch.path) < SHORTEST:
            break
        part = tracker(stretch.step, stretch.path, stretch.lr)
        columns = part._asdict() | {"balance": part.balance}
        columns["step"] = part.step + np.arange(len(part.displacement))
        found.append(columns)
        yield Part(columns)
    if not found:
        yield Conclusion("The run is too short for a portrait.")
        return
    seen = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    yield _portrait_conclusion(seen, thresholds_of(subject.params)[seen["step"]])


def _portrait_conclusion(seen: dict[str, Array], threshold: Array) -> Conclusion:
    at_edge = np.flatnonzero(np.abs(seen["excess"]) < CLOSE * threshold)[-LAST:]
    if not at_edge.size:
        return Conclusion("The sharpness is nowhere near 2/η: there is nothing to stabilize.")
    size = float(np.sqrt(np.mean(seen["displacement"][at_edge] ** 2)))
    values = {
        "excess": median(seen["excess"][at_edge]),
        "displacement": size,
        "balance": median(seen["balance"][at_edge]),
    }
    words = (
        f"Near the edge, in the last {at_edge.size:,} such steps: median S − 2/η is "
        f"{values['excess']:.3g}, root mean square of x {size:.3g}"
    )
    if np.isfinite(values["balance"]):
        return Conclusion(f"{words}, fixed points at ±{values['balance']:.3g}.", values)
    return Conclusion(f"{words}; α < 0, so that the sharpness falls by itself.", values)


def progress(subject: Subject) -> Records:
    """Progress: ``step``, ``relative_progress``, directional ``smoothness`` and, over 2/η,
    ``relative_smoothness``, the ``share`` of ‖∇L‖² along the top eigenvector, and the
    ``sharpness``, (T,) each; NaN where rounding leaves too little."""
    yield Intro(PROGRESS_NOTES)
    pairs, tracker = TopEigenpairs(subject.objective), DirectionalTracker()
    held, found = _Rows(), []
    for stretch in walked(subject, rows_in(costs_of(subject.params).portrait / 2)):
        top = pairs(stretch.path)
        held.add(top.values[:, 0], stretch.lr)
        part = tracker(stretch.step, stretch.path, stretch.loss, stretch.lr, top.vectors[:, 0])
        columns = part._asdict()
        count = len(columns["smoothness"])
        columns["step"] = part.step + np.arange(count)
        columns["sharpness"], rates = held.take(count)
        columns["relative_smoothness"] = columns["smoothness"] * rates / 2
        found.append(columns)
        yield Part(columns)
    seen = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    yield _progress_conclusion(seen, thresholds_of(subject.params)[seen["step"]])


class _Rows:
    """Sharpness and η of the steps that an answer is still to come for."""

    def __init__(self) -> None:
        self._sharpness, self._rates = np.empty(0), np.empty(0)

    def add(self, sharpness: Array, rates: Array) -> None:
        """Of more steps, (T,)."""
        self._sharpness = np.append(self._sharpness, sharpness)
        self._rates = np.append(self._rates, rates)

    def take(self, count: int) -> tuple[Array, Array]:
        """Of the first steps, (``count``,), which are then forgotten."""
        taken = self._sharpness[:count], self._rates[:count]
        self._sharpness, self._rates = self._sharpness[count:], self._rates[count:]
        return taken


def _progress_conclusion(seen: dict[str, Array], threshold: Array) -> Conclusion:
    at_edge = np.flatnonzero(np.abs(seen["sharpness"] - threshold) < CLOSE * threshold)[-LAST:]
    some = at_edge if at_edge.size else slice(None)
    names = ("relative_progress", "relative_smoothness", "share")
    values = {name: median(seen[name][some]) for name in names}
    where = f"In the last {at_edge.size:,} steps near the edge" if at_edge.size else "Over the run"
    if not np.isfinite(values["relative_progress"]):
        return Conclusion("Rounding leaves no digits of the progress of this run.", values)
    last = [next((x for x in seen[name][::-1] if np.isfinite(x)), np.nan) for name in names]
    return Conclusion(
        f"{where}, medians: relative progress {values['relative_progress']:.3g}, directional "
        f"smoothness {values['relative_smoothness']:.3g} · 2/η, and {percent(values['share'])} of "
        f"‖∇L‖² along the top eigenvector. At the end {last[0]:.3g}, {last[1]:.3g} · 2/η and "
        f"{percent(last[2])}.",
        values,
    )
