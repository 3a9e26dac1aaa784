"""From a parameter set to a run: the one way through for the page, the HTTP API and Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core import initialization, tasks
from eosdash.core.critical import CriticalLearningRate, critical_lr
from eosdash.core.events import Event, find_events
from eosdash.core.gradient_descent import Ending, descend
from eosdash.core.measure import Measure, Measurements
from eosdash.core.network import Array, Objective
from eosdash.params import NetworkParams, TrainParams


@dataclass(frozen=True)
class TrainResult:
    """A run of gradient descent. T steps were done; row t of every array belongs to θ_t,
    before the step from it, so that row 0 is the start.

    Attributes:
        params: the parameter set.
        outcome: ``minimum``, ``saddle``, ``periodic``, ``bounded``, ``diverged`` or
            ``undecided``.
        step: T, the number of steps done; where a run diverged or converged, the step at which.
        period: p of a periodic outcome, else None.
        events: what happens on the run, in order.
        threshold: 2/η for the learning rate ``lr`` of the parameter set.
        critical_lr: η_C, and whether by a formula.
        weights: θ_T, the point reached, flattened like the parameter of that name, (P,).
        lr: η in force at each step, (T,).
        loss, sharpness, eigenvalues, lambda_min, converged, grad_norm, balance,
        singular_values, gfs_sharpness, path: see :class:`eosdash.core.measure.Measurements`.
    """

    params: TrainParams
    outcome: str
    step: int
    period: int | None
    events: list[Event]
    threshold: float
    critical_lr: CriticalLearningRate
    weights: Array
    lr: Array
    loss: Array
    sharpness: Array
    eigenvalues: Array
    lambda_min: Array
    converged: NDArray[np.bool_]
    grad_norm: Array
    balance: Array
    singular_values: Array
    gfs_sharpness: Array | None
    path: Array | None


@dataclass(frozen=True)
class End:
    """The last record of a run: its ending and its events."""

    ending: Ending
    events: list[Event]


def objective_of(params: NetworkParams) -> Objective:
    """The network and the loss that a parameter set describes."""
    decay = params.weight_decay
    if params.task == "scalar":
        return tasks.scalar_objective(params.sizes, params.target, decay)
    if params.task == "whitened":
        return tasks.whitened_objective(
            params.sizes, params.singular_values, params.rotate, params.data_seed, decay
        )
    return tasks.regression_objective(
        params.sizes, params.samples, params.noise, params.condition, params.data_seed, decay
    )


def start_of(params: NetworkParams, objective: Objective) -> Array:
    """The initial weights (P,) that a parameter set describes."""
    if params.init == "weights":
        return initialization.explicit(objective.network, params.weights)
    if params.init == "balanced":
        return initialization.balanced(objective, params.init_scale)
    return initialization.gaussian(
        objective.network, params.init_scale, params.seed, params.init_scaling == "fan_in"
    )


def critical_lr_of(params: NetworkParams) -> CriticalLearningRate:
    """η_C of the network and data of a parameter set; remembered, since no start or learning
    rate changes it."""
    fields = NetworkParams.model_fields
    described = {
        name: getattr(params, name)
        for name in fields
        if NetworkParams.about(name).group in ("network", "data") or name == "weight_decay"
    }
    return _critical_lr(NetworkParams(**described))


@lru_cache(maxsize=512)
def _critical_lr(params: NetworkParams) -> CriticalLearningRate:
    return critical_lr(objective_of(params))


def train_records(params: TrainParams) -> Iterator[Measurements | End]:
    """Run gradient descent and yield measurements as they are made, then the end.

    Closing the generator stops the computation.
    """
    objective = objective_of(params)
    measure = Measure(objective, params.eigenvalues, generic=params.init != "balanced")
    seen: list[Measurements] = []
    run = descend(
        objective, start_of(params, objective), params.lr, params.steps, params.lr_schedule
    )
    for part in run:
        if isinstance(part, Ending):
            loss = np.concatenate([chunk.loss for chunk in seen])
            sharpness = np.concatenate([chunk.sharpness for chunk in seen])
            rates = np.concatenate([chunk.lr for chunk in seen])
            yield End(part, find_events(loss, sharpness, rates, part))
            return
        seen.append(measured := measure(part))
        yield measured


def train(**params: Any) -> TrainResult:
    """Run gradient descent; parameters as in :class:`eosdash.params.TrainParams`.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    return train_run(TrainParams.make(**params))


def train_run(params: TrainParams) -> TrainResult:
    """The whole run of a parameter set."""
    parts: list[dict[str, NDArray[Any]]] = []
    for record in train_records(params):
        if isinstance(record, Measurements):
            parts.append(record.columns())
        else:
            end = record
    columns: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]) for name in parts[0]
    }
    return TrainResult(
        params=params,
        outcome=str(end.ending.outcome),
        step=end.ending.step,
        period=end.ending.period,
        events=end.events,
        threshold=2 / params.lr,
        critical_lr=critical_lr_of(params),
        weights=end.ending.theta,
        **({"gfs_sharpness": None, "path": None} | columns),
    )
