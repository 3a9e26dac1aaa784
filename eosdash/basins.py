"""From a parameter set to a map of basins: the one way through for page, HTTP API and Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.critical_points import CRITICAL_POINTS
from eosdash.core.descent.gradient_descent import Ending, descend
from eosdash.core.flows.gradient_flow import FLOW_LIMIT, LowPoint, flow_minimizer
from eosdash.core.maps.basin import Level, Progress, Recheck, map_basin, recheck
from eosdash.core.maps.boundary import Boundary, Fraction, fractions, measure_boundary
from eosdash.core.maps.slices import (
    Extent,
    Slice,
    TrainabilityPlane,
    hessian_slice,
    random_slice,
    spanned_slice,
    weight_slice,
)
from eosdash.core.networks import initialization
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.outcome import OUTCOMES
from eosdash.core.theory.critical import CriticalLearningRate
from eosdash.core.types import Array
from eosdash.fields import ParameterError, Way, remembered
from eosdash.params import BasinParams, NetworkParams, TrainParams
from eosdash.params.basin import FARTHEST, LARGEST_LOG, SMALLEST_LOG
from eosdash.reference import reference_of
from eosdash.runs import critical_lr_of, objective_of, start_of

REACH = 1.8
"""Half width of a map that is not given one, in lengths of the balanced minimizer; where the
network is not linear, in those of the start."""

TRAINABLE = Extent(-1.5, 0.5, -1.5, 0.75)
"""Extent of a plane of trainability: decades of learning rate about η_C, or about 2/S at the start
where the network is not linear, and of scale."""


class Landmark(NamedTuple):
    """A point near a map: its coordinates, and how far beside the plane it lies."""

    x: float
    y: float
    distance: float


@dataclass(frozen=True)
class Ground:
    """What a map is made on: the network, the plane and its part."""

    objective: Loss
    start: Array
    plane: Slice | TrainabilityPlane
    extent: Extent


@dataclass(frozen=True)
class BasinEnd:
    """The last record of a map: the shares of the outcomes, of the starts that reach each kind of
    critical point, and how the boundary of the outcomes looks."""

    fractions: dict[str, Fraction]
    kinds: dict[str, float]
    boundary: Boundary


@dataclass(frozen=True)
class BasinResult:
    """The fate of every start on a plane.

    Arrays are (resolution, resolution), with rows from the low end of the second axis.

    Attributes:
        params: the parameter set.
        x, y: coordinates of the columns and of the rows, (resolution,).
        outcome: codes, uint8.
        outcomes: the name of each code.
        steps: steps done until the outcome was decided, or all of the budget. A minimum was
            reached one step before.
        period: p where periodic, else 0.
        critical_point: codes of the kind of critical point that was reached, uint8.
        critical_points: the name of each code.
        sharpness: λ_max at the minimum or saddle that was reached; NaN elsewhere.
        loss: at the point reached; infinite where diverged.
        end_x, end_y: coordinates of the projection of the point reached onto the plane; NaN
            where diverged and on the plane of trainability.
        changed: with ``twice``, where the outcome is another one with twice the steps, else None.
        fraction: share of each outcome.
        interval: Wilson's 95 % interval of each share; see :mod:`eosdash.core.maps.boundary`.
        boundary: basin entropy, box-counting dimension and uncertainty exponent, the two with the
            error of their fit and what tells how far they hold; see
            :mod:`eosdash.core.maps.exponents`.
        threshold: 2/η.
        critical_lr: η_C, and whether by a formula; None where the network is not linear.
    """

    params: BasinParams
    x: Array
    y: Array
    outcome: NDArray[np.uint8]
    outcomes: tuple[str, ...]
    steps: NDArray[np.uint16]
    period: NDArray[np.uint8]
    critical_point: NDArray[np.uint8]
    critical_points: tuple[str, ...]
    sharpness: NDArray[np.float32]
    loss: NDArray[np.float32]
    end_x: NDArray[np.float32]
    end_y: NDArray[np.float32]
    changed: NDArray[np.bool_] | None
    fraction: dict[str, float]
    interval: dict[str, tuple[float, float]]
    boundary: Boundary
    threshold: float
    critical_lr: CriticalLearningRate | None


def ground_of(params: BasinParams) -> Ground:
    """The plane that a parameter set describes.

    Raises:
        ParameterError: if the points that should span it span none.
    """
    objective = objective_of(params)
    start = start_of(params, objective)
    plane: Slice | TrainabilityPlane
    if params.plane == "trainability":
        plane = TrainabilityPlane(
            start_of(params.model_copy(update={"init_scale": 1.0}), objective)
        )
    else:
        plane = _slice_of(params, objective, start)
    extent = Extent(*params.extent) if params.extent else natural_extent(params, objective)
    if isinstance(plane, Slice):
        params.check_spacing(extent, float(np.abs(plane.base).max()))
    return Ground(objective, start, plane, extent)


def _slice_of(params: BasinParams, objective: Loss, start: Array) -> Slice:
    center = start
    if params.center == "origin":
        center = np.zeros_like(start)
    elif params.center == "minimizer":
        center = low_point_of(params).theta
    try:
        if params.plane == "weights":
            first, second = params.pair
            return weight_slice(center, first, second, params.lr)
        if params.plane == "random":
            return random_slice(center, params.plane_seed, params.lr)
        if params.plane == "hessian":
            return hessian_slice(objective, center, params.lr)
        other = initialization.gaussian(
            objective.network,
            params.init_scale,
            params.seed + 1,
            params.init_scaling == "fan_in",
        )
        towards = low_point_of(params).theta - start
        return spanned_slice(center, towards, other - start, params.lr)
    except ValueError as error:
        raise ParameterError(
            "plane",
            f"it cannot be laid: {error}",
            "another plane, or another start",
            Way({"plane": "weights", "extent": None}),
        ) from None


def low_point_of(params: NetworkParams) -> LowPoint:
    """The minimizer that a plane may go through. That of a small network is remembered, since no
    learning rate moves it; many large ones would fill the memory."""
    if params.network.parameters > FLOW_LIMIT:
        return _low_point(params)
    shared = {name: getattr(params, name) for name in NetworkParams.model_fields}
    return _remembered_low_point(NetworkParams(**shared | {"lr": 1.0}))


def is_flowed(params: NetworkParams) -> bool:
    """Whether that minimizer is where gradient flow from the start ends."""
    followed = params.is_linear and params.network.parameters <= FLOW_LIMIT
    return followed and low_point_of(params).flowed


def _low_point(params: NetworkParams) -> LowPoint:
    objective = objective_of(params)
    found = flow_minimizer(objective, start_of(params, objective))
    found.theta.flags.writeable = False  # others may be given the same
    return found


_remembered_low_point = remembered(_low_point)


def natural_extent(params: BasinParams, objective: Loss) -> Extent:
    """An extent that fits the network, whatever the learning rate: nothing jumps while it is
    dragged."""
    if params.plane == "trainability":
        unit = reference_of(params.model_copy(update={"init_scale": 1.0})).value
        middle = round(float(np.log10(unit)), 2) if np.isfinite(unit) else 0.0
        left, right, low, high = TRAINABLE
        end = float(np.clip(middle + right, SMALLEST_LOG + 2, LARGEST_LOG))
        return Extent(end + left - right, end, low, high)
    if isinstance(objective, NonlinearObjective):
        length = _start_length(params, start_of(params, objective))
    else:
        length = _minimizer_length(objective)
    half = float(f"{REACH * length:.2g}")
    return Extent(-half, half, -half, half)


def _minimizer_length(objective: Objective) -> float:
    """Norm of the balanced minimizer."""
    values = np.linalg.svd(objective.solution, compute_uv=False)
    values = values[: min(objective.network.sizes)]
    depth = objective.network.depth
    return float(np.sqrt(depth * np.sum(values ** (2 / depth)))) or 1.0


def _start_length(params: BasinParams, start: Array) -> float:
    """The largest modulus of a weight of a start (P,) for a plane of two weights; for any other its
    norm, since a move so far in a random direction changes weights about as much as they are."""
    moduli = np.abs(start)
    length = float(moduli.max() if params.plane == "weights" else np.linalg.norm(start))
    return float(np.clip(length, 1e-6, FARTHEST / REACH)) if length else 1.0


def landmarks(ground: Ground) -> dict[str, Landmark]:
    """Where the start lies on a slice."""
    if not isinstance(ground.plane, Slice):
        return {}
    x, y = (float(value[0]) for value in ground.plane.coordinates(ground.start[:, None]))
    there = ground.plane.starts(np.array([x]), np.array([y])).theta[:, 0]
    return {"start": Landmark(x, y, float(np.linalg.norm(there - ground.start)))}


def basin_records(
    params: BasinParams, ground: Ground
) -> Iterator[Level | Progress | Recheck | BasinEnd]:
    """Map the plane and yield levels as they are complete, signs of life between them, and the
    end. Closing the generator stops the work."""
    plane, extent = ground.plane, ground.extent
    for record in map_basin(ground.objective, plane, extent, params.resolution, params.steps):
        yield record
        if isinstance(record, Level):
            finest = record
    if params.twice:
        yield from recheck(ground.objective, plane, extent, finest, params.steps)
    kinds = np.bincount(finest.critical_point.ravel(), minlength=len(CRITICAL_POINTS))
    yield BasinEnd(
        fractions(finest.outcome),
        dict(zip(map(str, CRITICAL_POINTS), (kinds / kinds.sum()).tolist(), strict=True)),
        measure_boundary(finest.outcome),
    )


def basin(**params: Any) -> BasinResult:
    """Map the fate of every start on a plane; parameters as in
    :class:`eosdash.params.BasinParams`.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    chosen = BasinParams.make(**params)
    ground = ground_of(chosen)
    changed = None
    for record in basin_records(chosen, ground):
        if isinstance(record, Level):
            level = record
        elif isinstance(record, Recheck):
            changed = record.changed
        elif isinstance(record, BasinEnd):
            end = record
    x, y = ground.extent.axes(chosen.resolution)
    return BasinResult(
        params=chosen,
        x=x,
        y=y,
        outcomes=tuple(map(str, OUTCOMES)),
        critical_points=tuple(map(str, CRITICAL_POINTS)),
        changed=changed,
        fraction={name: share.value for name, share in end.fractions.items()},
        interval={name: (share.low, share.high) for name, share in end.fractions.items()},
        boundary=end.boundary,
        threshold=chosen.rule.threshold(chosen.lr),
        critical_lr=critical_lr_of(chosen),
        **level.arrays(),
    )


class PixelRun(NamedTuple):
    """The run from a point of a map.

    Attributes:
        params: its parameter set.
        x, y: its path, projected onto the plane; empty on a plane of trainability.
    """

    params: TrainParams
    x: Array
    y: Array


def pixel_run(params: BasinParams, x: float, y: float) -> PixelRun:
    """The run from the point (x, y) of a map, with the steps of the map.

    Raises:
        ParameterError: if there is no such run.
    """
    shared = {
        name: value
        for name, value in params.model_dump().items()
        if name in TrainParams.model_fields
    }
    ground = ground_of(params)
    if not isinstance(ground.plane, Slice):
        chosen = TrainParams.make(**shared | {"lr": 10.0**x, "init_scale": 10.0**y})
        return PixelRun(chosen, np.empty(0), np.empty(0))
    theta = ground.plane.starts(np.array([x]), np.array([y])).theta[:, 0]
    chosen = TrainParams.make(**shared | {"init": "weights", "weights": tuple(theta.tolist())})
    paths = [
        ground.plane.coordinates(part.path.T)
        for part in descend(ground.objective, theta, params.lr, params.steps)
        if not isinstance(part, Ending)
    ]
    return PixelRun(
        chosen, np.concatenate([x for x, _ in paths]), np.concatenate([y for _, y in paths])
    )
