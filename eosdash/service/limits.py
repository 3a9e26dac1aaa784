"""What one request may ask for, and what it is estimated to cost."""

from eosdash.core.curvature import unseen
from eosdash.core.kernels import step_seconds
from eosdash.core.network import LinearNetwork
from eosdash.core.nonlinear import Loss, NonlinearObjective
from eosdash.core.settled import rest_seconds
from eosdash.core.statements import DETERMINANT_LIMIT
from eosdash.fields import ParameterError, ParameterSet
from eosdash.params import (
    BasinParams,
    ExplainParams,
    NetworkParams,
    SweepParams,
    TheoryParams,
    TrainParams,
)
from eosdash.runs import objective_of
from eosdash.service.explain_limits import check_explain, explain_seconds
from eosdash.service.settings import value
from eosdash.sweeps import axis_of, values_of


def train_seconds(params: TrainParams) -> float:
    """Estimated seconds of one core for a run: a fit to measured runs, good to a factor of two."""
    network, others = params.network, params.eigenvalues - 1
    if isinstance(network, LinearNetwork):
        seen = network.parameters - unseen(network)
        return params.steps * (5e-5 + 4e-6 * seen * (1 + 0.1 * others))
    gradient = step_seconds(objective_of(params))
    # Hessian products: of small networks more, which are formed in full or lie near the edge.
    products = 12 * gradient + 13 * min(gradient, 5e-5)
    return params.steps * (1e-4 + products * (1 + 0.15 * others))


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
        )


def basin_seconds(params: BasinParams) -> float:
    """Estimated seconds of one core for a map on which no start is decided early."""
    steps = params.steps * (2 if params.twice else 1)
    objective = objective_of(params)
    return params.resolution**2 * (steps * step_seconds(objective) + rest_seconds(objective))


def check_basin(params: BasinParams) -> None:
    """Refuse a map that is too large, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(params)
    seconds, budget = basin_seconds(params), value("limit_seconds")
    if params.steps > value("limit_steps"):
        raise ParameterError(
            "steps", f"{params.steps:,} are too many", f"up to {value('limit_steps'):,.0f}"
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
    columns = len(values_of(params))
    objective = objective_of(_largest(params))
    each = columns * (params.steps * step_seconds(objective) + rest_seconds(objective))
    if params.over != "lr":
        return columns * rest_seconds(objective), each  # the unit of each column
    product, sharpness = _orbit_costs(objective)
    orbits = params.steps * (columns * product + 4e-4)
    if params.observable == "sharpness":
        orbits += columns * min(params.visits, params.steps) * sharpness
    return orbits, each


def _orbit_costs(objective: Loss) -> tuple[float, float]:
    """Seconds of a gradient and a Hessian product of an orbit, and of its sharpness."""
    weights = objective.network.parameters
    if isinstance(objective, NonlinearObjective):
        return 3 * step_seconds(objective), rest_seconds(objective)
    return 3e-8 * weights, 2e-5 + 1e-5 * weights


def check_sweep(params: SweepParams) -> None:
    """Refuse a sweep that is too large, before any work on it.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(_largest(params))
    if params.steps > value("limit_steps"):
        raise ParameterError(
            "steps", f"{params.steps:,} are too many", f"up to {value('limit_steps'):,.0f}"
        )
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
        )
    axis_of(params)


COUNTED = 33
"""Learning rates at which the theory counts convergence."""


def theory_seconds(params: TheoryParams) -> float:
    """Estimated seconds of one core for the random points and starts of the theory."""
    return params.points * _point_seconds(params) + params.starts * _start_seconds(params)


def _start_seconds(params: TheoryParams) -> float:
    return params.steps * COUNTED * step_seconds(objective_of(params))


def _point_seconds(params: TheoryParams) -> float:
    """Of a minimizer near a random point, and of a determinant where one is taken."""
    weights = params.network.parameters
    return 1e-5 + 5e-7 * weights + (1e-9 * weights**3 if weights <= DETERMINANT_LIMIT else 0.0)


def check_theory(params: TheoryParams) -> None:
    """Refuse checks that are too costly, before any work on them.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    _check_weights(params)
    budget, each, a_point = value("limit_seconds"), _start_seconds(params), _point_seconds(params)
    seconds = theory_seconds(params)
    if seconds <= budget:
        return
    others = params.points * a_point
    if others > budget / 2:
        raise ParameterError(
            "points",
            f"{params.points:,} points of this network could take {others:,.0f} s",
            f"up to {int(budget / 2 / a_point)}, or a smaller network",
        )
    raise ParameterError(
        "starts",
        f"{params.starts:,} starts of this network could take {seconds:,.0f} s",
        f"up to {int((budget - others) / each)}, fewer steps, or a smaller network",
    )


def check(params: ParameterSet) -> None:
    """Refuse whatever kind of computation it is, if it is too large.

    Raises:
        ParameterError: naming what to lower, and to what.
    """
    if isinstance(params, TrainParams):
        check_train(params)
        if isinstance(params, ExplainParams):
            check_explain(params)
    elif isinstance(params, BasinParams):
        check_basin(params)
    elif isinstance(params, SweepParams):
        check_sweep(params)
    elif isinstance(params, TheoryParams):
        check_theory(params)


SOON = 20.0
"""Seconds of one core that a first map or sweep of a network may be estimated to take; both are
shown coarse at first."""

LADDERS: dict[str, tuple[type[BasinParams] | type[SweepParams], tuple[dict[str, int], ...]]] = {
    "basin": (
        BasinParams,
        tuple(
            {"resolution": resolution, "steps": steps}
            for resolution, steps in (
                (256, 300),
                (128, 200),
                (64, 200),
                (64, 100),
                (32, 150),
                (32, 80),
                (16, 60),
            )
        ),
    ),
    "sweep": (
        SweepParams,
        tuple(
            {"columns": columns, "starts": starts, "steps": steps}
            for columns, starts, steps in (
                (160, 40, 600),
                (80, 20, 400),
                (40, 8, 300),
                (16, 2, 100),
            )
        ),
    ),
}
"""How large maps and sweeps may be, from the finest to the coarsest."""


def suited(params: NetworkParams) -> dict[str, dict[str, int]]:
    """For maps and sweeps of a network that is not linear, sizes that are computed soon; nothing
    of linear ones, whose usual sizes are."""
    if params.is_linear or params.network.parameters < 2:
        return {}
    shared = {name: getattr(params, name) for name in NetworkParams.model_fields}
    made = {}
    for page, (kind, ladder) in LADDERS.items():
        for sizes in ladder:
            made[page] = sizes
            if cost(kind(**shared | sizes)) <= SOON:
                break
    return made


def cost(params: ParameterSet) -> float:
    """Estimated seconds of one core for whatever kind of computation it is."""
    if isinstance(params, ExplainParams):
        return explain_seconds(params)
    if isinstance(params, TrainParams):
        return train_seconds(params)
    if isinstance(params, BasinParams):
        return basin_seconds(params)
    if isinstance(params, SweepParams):
        return sweep_seconds(params)
    return theory_seconds(params) if isinstance(params, TheoryParams) else 0.0


def _check_weights(params: NetworkParams) -> None:
    weights, most = params.network.parameters, value("limit_parameters")
    if weights > most:
        raise ParameterError(
            "width", f"this network has {weights:,} weights", f"networks of up to {most:,.0f}"
        )
