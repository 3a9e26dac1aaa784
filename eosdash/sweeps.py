"""From a parameter set to a sweep: the one way through for page, HTTP API and Python."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.settled import point_sharpness
from eosdash.core.maps.boundary import wilson
from eosdash.core.networks import initialization
from eosdash.core.networks.kernels import blocks
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss
from eosdash.core.outcome import OUTCOMES, Outcome
from eosdash.core.sweeps.orbit import Observe, Orbits, descent, follow
from eosdash.core.sweeps.sweep import Fates, fates, in_ball
from eosdash.core.theory.critical import CriticalLearningRate
from eosdash.core.types import Array
from eosdash.fields import ParameterError, Way, remembered
from eosdash.params import NetworkParams, SweepParams
from eosdash.reference import reference_of, starting_lr
from eosdash.runs import critical_lr_of, objective_of, start_of

COARSEST = 8
"""Every 8th column comes first."""


@dataclass(frozen=True)
class Columns:
    """Some columns of a sweep: which, their values on its axis, their η, and what was found."""

    index: NDArray[np.intp]
    value: Array
    lr: Array
    fates: Fates | None = None
    orbits: Orbits | None = None


@dataclass(frozen=True)
class SweepResult:
    """What becomes of N starts at each of c values.

    Attributes:
        params: the parameter set.
        value: the values on the axis: η, or η in its unit (see :mod:`eosdash.reference`), depths
            or widths, (c,).
        lr: η of each, (c,).
        fraction: share of the starts by outcome, (c,) each.
        interval: Wilson's 95 % interval of the share that converges to a minimum, (2, c).
        grad_norm: ‖∇L‖ at the point reached, (c, N); infinite where diverged.
        sharpness: λ_max at the point reached, (c, N); see :class:`eosdash.core.sweeps.sweep.Fates`.
        visits: values of the observable at the last steps of the orbit from the start of the
            parameter set, (V, c); None for depth and width.
        exponent: its largest Lyapunov exponent, nats a step, (c,); None for depth and width.
        critical_lr: η_C, and whether by a formula; None for depth and width, which have one each,
            and where the network is not linear.
    """

    params: SweepParams
    value: Array
    lr: Array
    fraction: dict[str, Array]
    interval: Array
    grad_norm: Array
    sharpness: Array
    visits: Array | None
    exponent: Array | None
    critical_lr: CriticalLearningRate | None


def values_of(params: SweepParams) -> Array:
    """The values on the axis of a sweep, (c,)."""
    if params.over != "lr":
        return np.arange(params.low, params.high + 1)
    if params.rates:
        return np.array(params.rates)
    spaced = np.geomspace if params.spacing == "log" else np.linspace
    return spaced(params.low, params.high, params.columns)


def axis_of(params: SweepParams) -> tuple[Array, Array]:
    """The values on the axis of a sweep, and η of each, (c,) and (c,).

    Learning rates in relative units are in those of η_C, or of 2/S at the start where the network
    is not linear; of depths and widths, each in that of its own network and, where not linear, of
    its first random start.

    Raises:
        ParameterError: for learning rates in units of infinite length.
    """
    value = values_of(params)
    if params.over != "lr":
        units = [unit_of_size(params, int(size)) for size in value]
        return value, _usable(params, params.ratio * np.array(units), "ratio")
    if params.units == "absolute":
        return value, value
    return value, _usable(params, value * reference_of(params).value, "units")


def unit_of_size(params: SweepParams, size: int) -> float:
    """The unit of learning rates of a column over depth or width."""
    sized = _sized(params, size)
    if params.is_linear:
        return reference_of(sized).value
    # All that has no part in it would only miss what is remembered.
    return _first_starting_lr(
        sized.model_copy(update={"lr": 1.0, "low": 1.0, "high": 2.0, "ratio": 1.0, "steps": 1})
    )


@remembered
def _first_starting_lr(params: SweepParams) -> float:
    """2/S at the first random start."""
    objective = objective_of(params)
    return starting_lr(objective, starts_of(params, objective)[:, 0])


_ABSOLUTE = Way({"over": "lr", "units": "absolute", "low": None, "high": None})


def _usable(params: NetworkParams, rates: Array, field: str) -> Array:
    if np.isfinite(rates).all():
        return rates
    if params.is_linear:
        raise ParameterError(field, "η_C is infinite for this network", "another target", _ABSOLUTE)
    raise ParameterError(
        field, "the start is curved upwards in no direction, and 2/S is no scale", "another start",
        _ABSOLUTE,
    )  # fmt: skip


def _sized(params: SweepParams, size: int) -> SweepParams:
    """The same with the depth or the width that a column has."""
    return params.model_copy(update={params.over: size})


def starts_of(params: SweepParams, objective: Loss) -> Array:
    """The random starts (P, N); the s-th Gaussian one is that of the seed plus s."""
    network = objective.network
    if params.draw == "ball":
        return in_ball(network, params.radius, params.starts, params.seed)
    fan_in = params.init_scaling == "fan_in"
    drawn = [
        initialization.gaussian(network, params.init_scale, params.seed + number, fan_in)
        for number in range(params.starts)
    ]
    return np.array(drawn).T


def _observe(params: SweepParams, objective: Loss) -> Observe:
    def output(points: Array) -> Array:
        if isinstance(objective, Objective):
            return objective.product(points)[..., 0, 0]
        return objective.predict(points, objective.inputs[:, :1])[..., 0, 0]

    return {
        "loss": objective.loss,
        "sharpness": lambda points: point_sharpness(objective, np.ascontiguousarray(points.T)),
        "output": output,
        "weight": lambda points: points[:, params.weight],
    }[params.observable]


def _orbits(params: SweepParams, objective: Loss, start: Array, rates: Array) -> Orbits:
    """The orbits from a start (P,) at each of some learning rates (c,)."""
    observe, visits = _observe(params, objective), min(params.visits, params.steps)
    number = len(rates)
    # Samples make the points large, and then fewer at once are faster.
    parts = [slice(0, number)] if params.is_linear else list(blocks(objective, number))
    found = []
    for some in parts:
        point = np.tile(start, (len(rates[some]), 1))
        advance = descent(objective, rates[some])
        found.append(follow(advance, point, observe, params.steps, visits))
    return Orbits(*(np.concatenate(each, axis=-1) for each in zip(*found, strict=True)))


def sweep_records(params: SweepParams) -> Iterator[Columns]:
    """Columns as they are ready: first every 8th, then those between. Closing stops the work."""
    value, rates = axis_of(params)
    if params.over != "lr":
        yield from _sizes(params, value, rates)
        return
    objective = objective_of(params)
    starts, start = starts_of(params, objective), start_of(params, objective)
    for index in coarse_to_fine(len(rates)):
        some = rates[index]
        orbits = _orbits(params, objective, start, some)
        yield Columns(index, value[index], some, orbits=orbits)
        found = fates(objective, starts, some, params.steps)
        yield Columns(index, value[index], some, fates=found)


def _sizes(params: SweepParams, value: Array, rates: Array) -> Iterator[Columns]:
    for number, size in enumerate(value):
        index = np.array([number])
        objective = objective_of(_sized(params, int(size)))
        found = fates(objective, starts_of(params, objective), rates[index], params.steps)
        yield Columns(index, value[index], rates[index], fates=found)


def coarse_to_fine(number: int) -> Iterator[NDArray[np.intp]]:
    """Indices 0 … number − 1: every 8th, then again and again those halfway between."""
    seen = np.zeros(number, dtype=bool)
    stride = COARSEST
    while stride:
        index = np.arange(0, number, stride)
        index = index[~seen[index]]
        seen[index] = True
        if index.size:
            yield index
        stride //= 2


def convergence_interval(counts: NDArray[Any]) -> Array:
    """Wilson's 95 % interval of the share that converges to a minimum, (2, c), from counts of the
    outcomes (c, 6)."""
    converged = counts[:, OUTCOMES.index(Outcome.MINIMUM)]
    return np.array(wilson(converged, counts.sum(axis=1)))


def sweep(**params: Any) -> SweepResult:
    """Sweep the learning rate, the depth or the width; parameters as in
    :class:`eosdash.params.SweepParams`. ``lr`` may be the list of learning rates; with
    ``units="relative"`` they are in units of η_C, or of 2/S at the start where the network is not
    linear.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    return sweep_of(SweepParams.make(**params))


def sweep_of(chosen: SweepParams, told: Callable[[Columns], None] = lambda _: None) -> SweepResult:
    """The whole sweep of a parameter set; ``told`` hears of columns as they are found."""
    value, rates = axis_of(chosen)
    number = len(rates)
    counts = np.zeros((number, len(OUTCOMES)))
    grad_norm, sharpness = np.empty((2, number, chosen.starts))
    visits = exponent = None
    for part in sweep_records(chosen):
        told(part)
        if part.fates:
            counts[part.index], grad_norm[part.index], sharpness[part.index] = part.fates
        if part.orbits:
            if visits is None or exponent is None:
                visits = np.empty((len(part.orbits.visits), number))
                exponent = np.empty(number)
            visits[:, part.index], exponent[part.index] = part.orbits
    return SweepResult(
        params=chosen,
        value=value,
        lr=rates,
        fraction={str(name): counts[:, code] / chosen.starts for code, name in enumerate(OUTCOMES)},
        interval=convergence_interval(counts),
        grad_norm=grad_norm,
        sharpness=sharpness,
        visits=visits,
        exponent=exponent,
        critical_lr=critical_lr_of(chosen) if chosen.over == "lr" else None,
    )
