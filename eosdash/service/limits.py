"""What one request may ask for, in one table."""

import os
from typing import NamedTuple

from eosdash.core.curvature import unseen
from eosdash.core.kernels import step_seconds
from eosdash.core.network import LinearNetwork
from eosdash.fields import ParameterError, ParameterSet
from eosdash.params import BasinParams, NetworkParams, SweepParams, TheoryParams, TrainParams
from eosdash.runs import objective_of
from eosdash.sweeps import axis_of


class Limit(NamedTuple):
    """A bound on requests.

    Attributes:
        name: the environment variable ``EOSDASH_LIMIT_<NAME>`` sets it.
        default: its value otherwise.
        help: what it bounds, for the documentation.
    """

    name: str
    default: float
    help: str

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return f"EOSDASH_LIMIT_{self.name.upper()}"

    @property
    def value(self) -> float:
        """The bound in force.

        Raises:
            ValueError: if the environment variable holds no number.
        """
        text = os.environ.get(self.variable, str(self.default))
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"{self.variable}={text!r} is no number") from None


LIMITS = {
    limit.name: limit
    for limit in (
        Limit("steps", 20_000, "steps of one run"),
        Limit("parameters", 50_000, "weights of one network"),
        Limit("seconds", 60, "estimated computing time of one run, map or sweep on one core"),
        Limit("query", 8_000, "characters of a request's query"),
    )
}


def check_variables() -> None:
    """Fail at the start, not at each request, where an environment variable is no number."""
    for limit in LIMITS.values():
        limit.value  # noqa: B018 - reading it checks it


def train_seconds(params: TrainParams) -> float:
    """Estimated seconds of one core for a run: a fit to measured runs, good to a factor of two."""
    network = LinearNetwork(params.sizes)
    seen = network.parameters - unseen(network)
    return params.steps * (5e-5 + 4e-6 * seen * (1 + 0.1 * (params.eigenvalues - 1)))


def check_train(params: TrainParams) -> None:
    """Refuse a run that is too large, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(params)
    seconds, budget = train_seconds(params), LIMITS["seconds"].value
    affordable = min(int(params.steps * budget / seconds), int(LIMITS["steps"].value))
    if params.steps > affordable:
        raise ParameterError(
            "steps",
            f"{params.steps:,} steps of this network would take about {seconds:.0f} s",
            f"up to {affordable:,} steps, or a smaller network",
        )


def basin_seconds(params: BasinParams) -> float:
    """Estimated seconds of one core for a map on which no start is decided early."""
    steps = params.steps * (2 if params.twice else 1)
    return params.resolution**2 * steps * step_seconds(objective_of(params))


def check_basin(params: BasinParams) -> None:
    """Refuse a map that is too large, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(params)
    seconds, budget = basin_seconds(params), LIMITS["seconds"].value
    if params.steps > LIMITS["steps"].value:
        raise ParameterError(
            "steps", f"{params.steps:,} are too many", f"up to {LIMITS['steps'].value:,.0f}"
        )
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


def _sweep_costs(params: SweepParams) -> tuple[float, float]:
    """Seconds of the orbits of a sweep, and of each random start."""
    columns = len(axis_of(params)[0])
    objective = objective_of(_largest(params))
    weights = objective.network.parameters
    each = params.steps * columns * step_seconds(objective)
    orbits = 0.0
    if params.over == "lr":
        orbits = params.steps * (columns * 3e-8 * weights + 4e-4)  # a Hessian product a step
        if params.observable == "sharpness":
            orbits += columns * min(params.visits, params.steps) * (2e-5 + 1e-5 * weights)
    return orbits, each


def check_sweep(params: SweepParams) -> None:
    """Refuse a sweep that is too large, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(_largest(params))
    if params.steps > LIMITS["steps"].value:
        raise ParameterError(
            "steps", f"{params.steps:,} are too many", f"up to {LIMITS['steps'].value:,.0f}"
        )
    budget = LIMITS["seconds"].value
    orbits, each = _sweep_costs(params)
    seconds = orbits + params.starts * each
    most = MOST_START_FLOATS // LinearNetwork(_largest(params).sizes).parameters
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
        )


COUNTED = 33
"""Learning rates at which the theory counts convergence."""


def check_theory(params: TheoryParams) -> None:
    """Refuse checks that are too costly, before any work on them.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(params)
    each = params.steps * COUNTED * step_seconds(objective_of(params))
    seconds, budget = params.starts * each, LIMITS["seconds"].value
    if seconds > budget:
        raise ParameterError(
            "starts",
            f"{params.starts:,} starts of this network could take {seconds:,.0f} s",
            f"up to {int(budget / each)}, fewer steps, or a smaller network",
        )


def check(params: ParameterSet) -> None:
    """Refuse whatever kind of computation it is, if it is too large.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    if isinstance(params, TrainParams):
        check_train(params)
    elif isinstance(params, BasinParams):
        check_basin(params)
    elif isinstance(params, SweepParams):
        check_sweep(params)
    elif isinstance(params, TheoryParams):
        check_theory(params)


def _check_weights(params: NetworkParams) -> None:
    weights, most = LinearNetwork(params.sizes).parameters, LIMITS["parameters"].value
    if weights > most:
        raise ParameterError(
            "width", f"this network has {weights:,} weights", f"networks of up to {most:,.0f}"
        )
