"""What every explanation is made of: its records, the run that it walks along, and its cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.gradient_descent import Ending, Stretch, descend, learning_rates
from eosdash.core.maps.basin import Progress
from eosdash.core.networks.nonlinear import Loss
from eosdash.core.types import Array
from eosdash.params import ExplainParams, TrainParams
from eosdash.runs import objective_of, start_of

Columns = dict[str, NDArray[Any]]

CHUNK_SECONDS = 0.2
"""About how long work goes on between two records, by the estimates below."""


@dataclass(frozen=True)
class Intro:
    """The first record.

    Attributes:
        notes: what is computed, what is approximate, and where it comes from, in sentences.
        facts: what holds for all parts, numbers, texts and arrays by name.
    """

    notes: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Rows of arrays by name, one a step or whatever else a row stands for; parts continue each
    other."""

    columns: Columns


@dataclass(frozen=True)
class Conclusion:
    """The last record: what is seen, in a sentence, and in numbers by name."""

    summary: str
    values: dict[str, Any] = field(default_factory=dict)


Record = Intro | Part | Progress | Conclusion
Records = Iterator[Record]


class Subject(NamedTuple):
    """The run that is explained: its parameters, loss and start (P,)."""

    params: ExplainParams
    objective: Loss
    start: Array


def subject_of(params: ExplainParams) -> Subject:
    """The run of a parameter set."""
    objective = objective_of(params)
    return Subject(params, objective, start_of(params, objective))


def walked(subject: Subject, length: int, steps: int | None = None) -> Iterator[Stretch]:
    """The run in stretches of at most ``length`` points, for so many ``steps`` or all of them."""
    params, objective, start = subject
    count = params.steps if steps is None else steps
    schedule = [change for change in params.lr_schedule if change[0] < count]
    for part in descend(objective, start, params.lr, count, schedule, params.rule):
        if isinstance(part, Ending):
            return
        for first in range(0, len(part.path), length):
            some = slice(first, first + length)
            yield Stretch(
                part.step + first,
                part.path[some],
                part.lr[some],
                part.loss[some],
                part.grad_norm[some],
            )


class Point(NamedTuple):
    """A point of a run: its step, and θ (P,)."""

    step: int
    theta: Array


def point_at(subject: Subject) -> Iterator[Progress | Point]:
    """Signs of life, and last the point at the step that the parameters ask for, or where the
    run ends before it."""
    at = subject.params.at
    last = Point(0, subject.start)
    for stretch in walked(subject, 256, at + 1):
        last = Point(stretch.step + len(stretch.path) - 1, stretch.path[-1])
        if last.step < at:
            yield Progress(last.step, at)
    yield last


def since(params: ExplainParams, point: Point) -> str:
    """Which step a point is of, in words."""
    if point.step < params.at:
        return f"step {point.step:,}, the last of the run"
    return f"step {point.step:,}" if point.step else "the start"


class Costs(NamedTuple):
    """Estimated seconds of one core, fitted to measurements and good to a factor of two or three:
    a step of descent, a row of the sharpness, of the portrait and of the central flow, and a
    Hessian product."""

    step: float
    sharpness: float
    portrait: float
    central: float
    product: float


def costs_of(params: TrainParams) -> Costs:
    """What a step of an explanation costs, by the size of the network."""
    weights = params.network.parameters
    samples = params.d_in if params.is_linear else params.sample_count
    work = weights * samples
    return Costs(
        step=6e-5 + 1e-7 * weights + 4e-10 * work,
        sharpness=4e-5 + 6e-7 * weights + 4e-9 * work,
        portrait=4e-5 + 1.5e-6 * weights + 8e-9 * work,
        central=1.5e-3 + 5e-6 * weights + 8e-9 * work,
        product=1e-6 + 2e-8 * weights + 5e-10 * work,
    )


def rows_in(seconds: float, most: int = 256) -> int:
    """How many rows that take so many seconds each make a chunk."""
    return int(np.clip(CHUNK_SECONDS / seconds, 1, most))


def thresholds_of(params: TrainParams) -> Array:
    """The stability threshold at every step of a run, such as 2/η, (T,)."""
    rates = learning_rates(params.lr, params.lr_schedule, params.steps)
    return params.rule.threshold(rates)


def edges(params: TrainParams, value: float, step: int) -> str:
    """A curvature as a number and in units of the stability threshold at a step, such as 2/η."""
    edge = thresholds_of(params)[min(step, params.steps - 1)]
    return f"{value:.4g} = {value / edge:.3g} · {params.rule.threshold_name}"


def median(values: Array | Sequence[float]) -> float:
    """Median of the finite ones; NaN without any."""
    array = np.asarray(values, dtype=float)
    there = array[np.isfinite(array)]
    return float(np.median(there)) if there.size else float("nan")


def mean(values: Array) -> float:
    """Mean of the finite ones; NaN without any."""
    there = values[np.isfinite(values)]
    return float(there.mean()) if there.size else float("nan")
