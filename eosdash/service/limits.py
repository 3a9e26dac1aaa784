"""What one request may ask for, and what it is estimated to cost."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from eosdash.costs import SweepSeconds, map_seconds, run_seconds
from eosdash.costs import sweep_seconds as sweep_seconds_of
from eosdash.costs import theory_seconds as theory_seconds_of
from eosdash.fields import ParameterError, Way
from eosdash.params import (
    BasinParams,
    NetworkParams,
    SweepParams,
    TheoryParams,
    TrainParams,
)
from eosdash.params.fitting import MAPS, SOON, SWEEPS
from eosdash.runs import objective_of
from eosdash.service.settings import value
from eosdash.sweeps import axis_of, values_of


def train_seconds(params: TrainParams) -> float:
    """Estimated seconds of one core for a run."""
    return run_seconds(objective_of(params), params.steps, params.eigenvalues, params.lambda_min)


def check_train(params: TrainParams) -> None:
    """Refuse a run that is too large, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(params)
    seconds, budget = train_seconds(params), value("limit_seconds")
    affordable = min(int(params.steps * budget / seconds), int(value("limit_steps")))
    if params.steps > affordable:
        raise ParameterError(
            "steps",
            f"{params.steps:,} steps of this network would take about {seconds:.0f} s",
            f"up to {affordable:,} steps, or a smaller network",
            *([Way({"steps": affordable})] if affordable else []),
            *_smaller(params),
        )


def basin_seconds(params: BasinParams) -> float:
    """Estimated seconds of one core for a map on which no start is decided early."""
    steps = params.steps * (2 if params.twice else 1)
    return map_seconds(objective_of(params), params.resolution, steps)


def check_basin(params: BasinParams) -> None:
    """Refuse a map that is too large, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(params)
    seconds, budget = basin_seconds(params), value("limit_seconds")
    if params.steps > value("limit_steps"):
        raise ParameterError(
            "steps", f"{params.steps:,} are too many", f"up to {value('limit_steps'):,.0f}",
            Way({"steps": int(value("limit_steps"))}),
        )  # fmt: skip
    if seconds > budget:
        pixels = int(params.resolution * (budget / seconds) ** 0.5)
        steps = int(params.steps * budget / seconds)
        ways = [f"a resolution of up to {pixels}"] if pixels >= 16 else []
        ways += [f"up to {steps} steps"] if steps else []
        raise ParameterError(
            "resolution",
            f"{params.resolution} × {params.resolution} pixels of this network, {params.steps:,} "
            f"steps each, could take {seconds:,.0f} s",
            " or ".join(ways) or "a smaller network",
            *_finer(params, MAPS, basin_seconds),
            *([Way({"resolution": pixels})] if pixels >= 16 else []),
            *([Way({"steps": steps})] if steps else []),
            *_smaller(params),
        )


MOST_START_FLOATS = 20_000_000
"""Numbers in all random starts of a sweep together."""


def _largest(params: SweepParams) -> SweepParams:
    """The same with the largest network of a sweep over sizes."""
    if params.over == "lr":
        return params
    return params.model_copy(update={params.over: int(params.high)})


def sweep_seconds(params: SweepParams) -> float:
    """Estimated seconds of one core for a sweep on which no start is decided early."""
    orbits, each = _sweep_costs(params)
    return orbits + params.starts * each


def _sweep_costs(params: SweepParams) -> SweepSeconds:
    """Seconds of the orbits of a sweep, and of each random start."""
    over_lr = params.over == "lr"
    return sweep_seconds_of(
        objective_of(_largest(params)),
        len(values_of(params)),
        params.steps,
        params.visits if over_lr else None,
        over_lr and params.observable == "sharpness",
    )


def check_sweep(params: SweepParams) -> None:
    """Refuse a sweep that is too large, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(_largest(params))
    if params.steps > value("limit_steps"):
        raise ParameterError(
            "steps", f"{params.steps:,} are too many", f"up to {value('limit_steps'):,.0f}",
            Way({"steps": int(value("limit_steps"))}),
        )  # fmt: skip
    budget = value("limit_seconds")
    orbits, each = _sweep_costs(params)
    seconds = orbits + params.starts * each
    most = MOST_START_FLOATS // _largest(params).network.parameters
    affordable = min(int(max(0.0, budget - orbits) / each), most)
    if params.starts > affordable:
        raise ParameterError(
            "starts",
            f"{params.starts:,} starts of this network could take {seconds:,.0f} s"
            if seconds > budget
            else f"{params.starts:,} starts of this network take too much memory",
            f"up to {affordable} starts, or fewer columns or steps"
            if affordable
            else "fewer columns or steps, or a smaller network",
            *_finer(params, SWEEPS, sweep_seconds),
            *([Way({"starts": affordable})] if affordable else []),
            *_smaller(params),
        )
    axis_of(params)


def theory_seconds(params: TheoryParams) -> float:
    """Estimated seconds of one core for the random points and starts of the theory."""
    point, start = theory_seconds_of(objective_of(params), params.steps)
    return params.points * point + params.starts * start


def check_theory(params: TheoryParams) -> None:
    """Refuse checks that are too costly, before any work on them.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(params)
    budget = value("limit_seconds")
    a_point, each = theory_seconds_of(objective_of(params), params.steps)
    seconds = theory_seconds(params)
    if seconds <= budget:
        return
    others = params.points * a_point
    if others > budget / 2:
        raise ParameterError(
            "points",
            f"{params.points:,} points of this network could take {others:,.0f} s",
            f"up to {int(budget / 2 / a_point)}, or a smaller network",
            *([Way({"points": int(budget / 2 / a_point)})] if a_point < budget / 2 else []),
            *_smaller(params),
        )
    raise ParameterError(
        "starts",
        f"{params.starts:,} starts of this network could take {seconds:,.0f} s",
        f"up to {int((budget - others) / each)}, fewer steps, or a smaller network",
        *([Way({"starts": int((budget - others) / each)})] if each < budget - others else []),
        *([Way({"steps": params.steps // 2})] if params.steps > 1 else []),
        *_smaller(params),
    )


def _check_weights(params: NetworkParams) -> None:
    weights, most = params.network.parameters, value("limit_parameters")
    if weights > most:
        raise ParameterError(
            "width", f"this network has {weights:,} weights", f"networks of up to {most:,.0f}",
            *_smaller(params),
        )  # fmt: skip


Sized = TypeVar("Sized", BasinParams, SweepParams)


def _finer(
    params: Sized, ladder: Sequence[dict[str, int]], seconds: Callable[[Sized], float]
) -> Iterator[Way]:
    """The finest of the usual sizes, none larger than now, that are within the limit; if there are
    none, fewer steps of the coarsest."""
    now = {name: getattr(params, name) for name in ladder[-1]}
    smaller = [{name: min(size, now[name]) for name, size in sizes.items()} for sizes in ladder]
    costs = [seconds(params.model_copy(update=sizes)) for sizes in smaller]
    budget = min(value("limit_seconds"), SOON)
    most = next(
        (sizes for sizes, taken in zip(smaller, costs, strict=True) if taken <= budget), None
    )
    steps = int(smaller[-1]["steps"] * budget / costs[-1])
    if most or steps:
        yield Way(most or smaller[-1] | {"steps": steps})


def _smaller(params: NetworkParams) -> Iterator[Way]:
    """Half of what makes a network costly."""
    width = max(params.sizes[1:-1], default=1)
    if width > 1:
        yield Way({"hidden": None, "width": width // 2})
    if not params.is_linear and params.sample_count > 2 and params.applies("samples"):
        yield Way({"samples": params.samples // 2})
    if params.depth > 1:
        yield Way({"hidden": None, "width": width, "depth": params.depth // 2})
