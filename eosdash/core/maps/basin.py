"""The fate of every start on a plane, from coarse to fine.

Each level holds the pixels of the one before and those between them, and only those are
computed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.settled import point_sharpness
from eosdash.core.descent.flock import THREADS, Flock
from eosdash.core.descent.tile import Ends
from eosdash.core.maps.slices import Extent, Plane, Slice
from eosdash.core.networks.kernels import step_seconds
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.outcome import CODE, Outcome
from eosdash.core.types import Array

COARSEST = 64
"""No level has fewer pixels a side than this, unless the whole map has."""

COARSEST_OF_COSTLY, FIRST_SECONDS = 16, 1.0
"""The same of a network that is not linear, if its first level would take longer than this."""

PATIENCE = 0.2
"""Seconds of work, as estimated, between two signs of life."""

BATCH_FLOATS = 1_000_000
"""Numbers in the θ of a batch: memory stays bounded."""

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Level:
    """A map of n × n pixels; row 0 is at the low end of the second axis.

    Attributes:
        stride: every how many-th pixel of the finest level stands here.
        outcome: codes, indices into :data:`eosdash.core.outcome.OUTCOMES`, (n, n).
        steps: steps done until the outcome was decided, or all of the budget, (n, n).
        period: p of periodic outcomes, otherwise 0, (n, n).
        critical_point: what kind of critical point was reached, an index into
            :data:`eosdash.core.descent.critical_points.CRITICAL_POINTS`, (n, n).
        sharpness: λ_max at the point converged to; NaN where there is none, (n, n).
        loss: at the point reached, at most 3.4e38; infinite where diverged, (n, n).
        end_x, end_y: coordinates of the projection of the point reached onto the plane;
            NaN where diverged, and on planes that are no slice of parameter space, (n, n).
    """

    stride: int
    outcome: NDArray[np.uint8]
    steps: NDArray[np.uint16]
    period: NDArray[np.uint8]
    critical_point: NDArray[np.uint8]
    sharpness: Single
    loss: Single
    end_x: Single
    end_y: Single

    def every(self, stride: int) -> "Level":
        """The level of every ``stride``-th pixel."""
        arrays = {name: array[::stride, ::stride] for name, array in self.arrays().items()}
        return Level(self.stride * stride, **arrays)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {name: value for name, value in vars(self).items() if name != "stride"}


@dataclass(frozen=True)
class Progress:
    """A sign of life: how many of the pixels to compute are done."""

    done: int
    total: int


@dataclass(frozen=True)
class Recheck:
    """Where the outcome is another one with twice the budget, (N, N)."""

    changed: NDArray[np.bool_]


def strides(objective: Loss, resolution: int, steps: int) -> list[int]:
    """Strides of the levels of a map, coarse to fine: 1 the last, each half of the one before, and
    the first with no fewer pixels a side than is quick."""
    stride, fewest = 1, _coarsest(objective, steps)
    while resolution // (2 * stride) >= fewest:
        stride *= 2
    return [stride >> level for level in range(stride.bit_length())]


def _coarsest(objective: Loss, steps: int) -> int:
    """How many pixels a side the first level has at least."""
    size, seconds = COARSEST, steps * step_seconds(objective)
    if isinstance(objective, NonlinearObjective):
        while size > COARSEST_OF_COSTLY and size**2 * seconds > FIRST_SECONDS:
            size //= 2
    return size


def map_basin(
    objective: Loss, plane: Plane, extent: Extent, resolution: int, steps: int
) -> Iterator[Level | Progress]:
    """Run gradient descent from every pixel, and yield each level as it is complete.

    Pixels are spaced evenly, with the first and the last on the sides of ``extent``.
    """
    chart = _Chart(objective, plane, extent, resolution, steps)
    before = 0
    for stride in strides(objective, resolution, steps):
        place = np.zeros((resolution, resolution), dtype=bool)
        place[::stride, ::stride] = True
        if before:
            place[::before, ::before] = False
        yield from chart.fill(np.flatnonzero(place))
        before = stride
        yield chart.level.every(stride)


def recheck(
    objective: Loss, plane: Plane, extent: Extent, level: Level, steps: int
) -> Iterator[Progress | Recheck]:
    """Run again, with twice the ``steps``, what has neither converged to a minimum nor diverged,
    and yield where the outcome changes. The rest has been decided for good."""
    open_ = ~np.isin(level.outcome, [CODE[Outcome.MINIMUM], CODE[Outcome.DIVERGED]])
    chart = _Chart(objective, plane, extent, len(level.outcome), 2 * steps)
    chart.level.outcome[...] = level.outcome
    chart.total = int(np.count_nonzero(open_))
    yield from chart.fill(np.flatnonzero(open_))
    yield Recheck(chart.level.outcome != level.outcome)


class _Chart:
    """A map that is being filled."""

    def __init__(
        self, objective: Loss, plane: Plane, extent: Extent, resolution: int, steps: int
    ) -> None:
        self.objective, self.plane = objective, plane
        self.x, self.y = extent.axes(resolution)
        self.flock = Flock(objective, steps)
        shape = (resolution, resolution)
        self.level = Level(
            1,
            np.zeros(shape, dtype=np.uint8),
            np.zeros(shape, dtype=np.uint16),
            np.zeros(shape, dtype=np.uint8),
            np.zeros(shape, dtype=np.uint8),
            *(np.full(shape, np.nan, dtype=np.float32) for _ in range(4)),
        )
        # Tiles of few points take longer a point; what is costly has one for each thread.
        threads = THREADS if isinstance(objective, NonlinearObjective) else 1
        costly = threads * PATIENCE / (steps * step_seconds(objective))
        roomy = BATCH_FLOATS / objective.network.parameters
        self.done, self.total = 0, resolution**2
        self.batch = max(64, int(min(costly, roomy)))

    def fill(self, pixels: NDArray[np.intp]) -> Iterator[Progress]:
        """Compute some pixels, by their index in the flattened map."""
        for begin in range(0, len(pixels), self.batch):
            some = pixels[begin : begin + self.batch]
            row, column = np.divmod(some, len(self.x))
            starts = self.plane.starts(self.x[column], self.y[row])
            self._write(some, self.flock.run(*starts))
            self.done += len(some)
            yield Progress(self.done, self.total)

    def _write(self, pixels: NDArray[np.intp], ends: Ends) -> None:
        level = {name: array.reshape(-1) for name, array in self.level.arrays().items()}
        there = ends.outcome != CODE[Outcome.DIVERGED]
        level["outcome"][pixels] = ends.outcome
        level["steps"][pixels] = ends.steps
        level["period"][pixels] = ends.period
        stays, theta = pixels[there], ends.theta[:, there]
        level["loss"][pixels] = np.inf
        level["loss"][stays] = _single(self.flock.loss(theta))
        if isinstance(self.plane, Slice):
            x, y = self.plane.coordinates(theta)
            level["end_x"][stays], level["end_y"][stays] = _single(x), _single(y)
        level["critical_point"][pixels] = ends.critical_point
        level["sharpness"][pixels] = _single(ends.sharpness)
        rests = np.isin(ends.outcome, [CODE[Outcome.MINIMUM], CODE[Outcome.SADDLE]])
        who = rests & np.isnan(ends.sharpness)
        level["sharpness"][pixels[who]] = _single(
            point_sharpness(self.objective, ends.theta[:, who])
        )


def _single(values: Array) -> Single:
    """In single precision, with the largest number of it where that is exceeded."""
    with np.errstate(over="ignore"):
        return np.minimum(values, np.finfo(np.float32).max).astype(np.float32)
