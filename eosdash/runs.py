"""From a parameter set to a run: the one way through for the page, the HTTP API and Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.course import Course, course_of
from eosdash.core.descent.critical_points import CriticalPoint
from eosdash.core.descent.events import Event, find_events
from eosdash.core.descent.gradient_descent import Ending, descend
from eosdash.core.descent.measure import Measure, Measurements
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.networks.symmetry import is_mirrored
from eosdash.core.theory.critical import CriticalLearningRate, critical_lr
from eosdash.core.types import Array
from eosdash.fields import remembered
from eosdash.params import NetworkParams, TrainParams
from eosdash.problem import linear_objective_of as linear_objective_of
from eosdash.problem import objective_of as objective_of
from eosdash.problem import samples_of as samples_of
from eosdash.problem import start_of as start_of

OPTIONAL = ("lambda_min", "balance", "singular_values", "gfs_sharpness", "path")
"""Measurements that not every run has."""


@dataclass(frozen=True)
class TrainResult:
    """A run of gradient descent. T steps were done; row t of every array belongs to θ_t,
    before the step from it, so that row 0 is the start.

    Attributes:
        params: the parameter set.
        outcome: ``minimum``, ``saddle``, ``periodic``, ``bounded``, ``diverged`` or
            ``undecided``.
        step: T, the number of steps done. A run that converged did so at the last row, step
            T − 1; one that diverged left the ball with the step from there.
        period: p of a periodic outcome, else None.
        critical_point: what the run rests on: ``global_minimum``, ``local_minimum``,
            ``unstable_minimum``, ``saddle`` or ``flat``; None where it rests on none.
        events: what happens on the run, in order.
        threshold: 2/η for the learning rate ``lr`` of the parameter set, or what the optimizer
            has in its place.
        critical_lr: η_C of the optimizer, and whether by a formula; None where the network is not
            linear.
        weights: θ_T, the point reached, flattened like the parameter of that name, (P,).
        lr: η in force at each step, (T,).
        loss, sharpness, eigenvalues, lambda_min, converged, grad_norm, balance,
        singular_values, gfs_sharpness, path: see
        :class:`eosdash.core.descent.measure.Measurements`.
    """

    params: TrainParams
    outcome: str
    step: int
    period: int | None
    critical_point: str | None
    events: list[Event]
    threshold: float
    critical_lr: CriticalLearningRate | None
    weights: Array
    lr: Array
    loss: Array
    sharpness: Array
    eigenvalues: Array
    lambda_min: Array | None
    converged: NDArray[np.bool_]
    grad_norm: Array
    balance: Array | None
    singular_values: Array | None
    gfs_sharpness: Array | None
    path: Array | None


@dataclass(frozen=True)
class End:
    """The last record of a run: its ending, its course, its events, what its threshold is called,
    and whether the network is linear."""

    ending: Ending
    course: Course
    events: list[Event]
    edge: str
    linear: bool


def critical_lr_of(params: NetworkParams) -> CriticalLearningRate | None:
    """η_C of the network, data and optimizer of a parameter set; remembered, since no start or
    learning rate changes it. None where the network is not linear: nothing is known of its
    minimizers."""
    if not params.is_linear:
        return None
    # What has no part in it would only miss what is remembered.
    described = {"lr": 1.0, "init_scale": 1.0, "init_scaling": "none"} | {
        name: getattr(params, name)
        for name in NetworkParams.model_fields
        if NetworkParams.about(name).group in ("network", "data") or name == "weight_decay"
    }
    plain = _critical_lr(NetworkParams(**described))
    return plain._replace(value=plain.value * params.rule.critical_lr(2.0))


@remembered
def _critical_lr(params: NetworkParams) -> CriticalLearningRate:
    return critical_lr(linear_objective_of(params))


def train_records(params: TrainParams) -> Iterator[Measurements | End]:
    """Run gradient descent and yield measurements as they are made, then the end.

    Closing the generator stops the computation.
    """
    objective = objective_of(params)
    start, rule = start_of(params, objective), params.rule
    generic = is_generic(params, objective, start)
    measure = Measure(objective, params.eigenvalues, generic, params.lambda_min)
    seen: list[Measurements] = []
    run = descend(objective, start, params.lr, params.steps, params.lr_schedule, rule)
    for part in run:
        if isinstance(part, Ending):
            loss = np.concatenate([chunk.loss for chunk in seen])
            sharpness = np.concatenate([chunk.sharpness for chunk in seen])
            thresholds = rule.threshold(np.concatenate([chunk.lr for chunk in seen]))
            course = course_of(loss, sharpness, thresholds, part)
            events = find_events(course, part, rule.threshold_name)
            yield End(part, course, events, rule.threshold_name, params.is_linear)
            return
        seen.append(measured := measure(part))
        yield measured


def critical_point_of(ending: Ending) -> str | None:
    """What kind of critical point a run rests on; None where it rests on none."""
    kind = ending.critical_point
    return None if kind is CriticalPoint.NONE else str(kind)


def is_generic(params: NetworkParams, objective: Loss, start: Array) -> bool:
    """Whether a trajectory has no symmetry that would hide eigenvectors from each other."""
    if isinstance(objective, NonlinearObjective):
        return not is_mirrored(objective, start)
    return params.init != "balanced"


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
    columns: dict[str, Any] = dict.fromkeys(OPTIONAL)
    columns |= {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return TrainResult(
        params=params,
        outcome=str(end.ending.outcome),
        step=end.ending.step,
        period=end.ending.period,
        critical_point=critical_point_of(end.ending),
        events=end.events,
        threshold=params.rule.threshold(params.lr),
        critical_lr=critical_lr_of(params),
        weights=end.ending.theta,
        **columns,
    )
