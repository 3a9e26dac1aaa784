"""Defaults that work: whatever is chosen from the menus, gradient descent is bounded and learns."""

from itertools import product
from typing import Any, get_args

import numpy as np
import pytest

from eosdash.core.networks.linear import Objective
from eosdash.params import TrainParams
from eosdash.params.task import CLASSES, USUAL, Task
from eosdash.runs import objective_of, start_of

ACTIVATIONS = ("linear", "tanh", "relu", "gelu", "softplus")
LEARNED = 0.9
"""The loss has fallen to this share of its start, or to its floor but for a tenth."""

ROWS = np.random.default_rng(5).standard_normal((40, 3)).round(2)
TABLES = {
    "squared": [(*row, row[0] * row[1] + row[2]) for row in ROWS.tolist()],
    "cross_entropy": [(*row, float(row[0] * row[1] + row[2] > 0)) for row in ROWS.tolist()],
}
CHOICES = [
    (task, activation, loss)
    for task, activation, loss in product(get_args(Task), ACTIVATIONS, ("squared", "cross_entropy"))
    if loss == "squared" or (activation != "linear" and (task in CLASSES or task == "csv"))
]


def chosen(task: str, activation: str, loss: str, **more: Any) -> TrainParams:
    """A set of which nothing else is given."""
    table = {"data": TABLES[loss]} if task == "csv" else {}
    return TrainParams.make(task=task, activation=activation, loss=loss, **table, **more)


def floor_of(params: TrainParams, objective: Any) -> float:
    """The least loss, where one is known: of linear networks, and of one layer, which has no
    activation and so fits a plane."""
    if isinstance(objective, Objective):
        return objective.floor
    if params.depth > 1 or params.has_logits:
        return 0.0
    inputs, outputs = objective.inputs, objective.outputs
    plane = np.vstack([inputs, np.ones(inputs.shape[1])]).T
    fit = np.linalg.lstsq(plane, outputs.T, rcond=None)[0]
    return float(np.sum((plane @ fit - outputs.T) ** 2)) / (2 * inputs.shape[1])


def losses(params: TrainParams, most: int) -> tuple[list[float], bool]:
    """The loss before each step, until it has been learned or ``most`` steps were done, but not
    before 50; and whether it was. Fails where the weights leave every ball."""
    objective = objective_of(params)
    theta, floor = start_of(params, objective), floor_of(params, objective)
    seen: list[float] = []
    learned = False
    for step in range(most + 1):
        seen.append(float(objective.loss(theta)))
        assert np.isfinite(seen[-1]), (params.call(), step)
        assert np.abs(theta).max() < 1e6, (params.call(), step)
        learned = seen[-1] <= max(LEARNED * seen[0], 1.1 * floor)
        if learned and step >= 50:
            break
        theta = theta - params.lr * objective.gradient(theta)
    return seen, learned


@pytest.mark.parametrize(("task", "activation", "loss"), CHOICES)
def test_the_first_picture_of_every_network_is_bounded(task, activation, loss):
    for depth, width in product(range(2, 7), (1, 5, 64)):
        losses(chosen(task, activation, loss, depth=depth, width=width), 50)


SLOW = {("chebyshev", "softplus", "squared", depth) for depth in (2, 4)}
"""Softplus hardly bends: a polynomial of degree 6 takes it more than the usual steps."""


@pytest.mark.parametrize(("task", "activation", "loss"), CHOICES)
def test_the_first_picture_of_every_network_that_is_wide_enough_shows_learning(
    task, activation, loss
):
    for depth, width in ((1, 1), (2, 16), (4, 24)):
        params = chosen(task, activation, loss, depth=depth, width=width)
        seen, learned = losses(params, params.steps)
        assert learned != ((task, activation, loss, depth) in SLOW), params.call()
        assert seen[-1] < 0.99 * seen[0], params.call()


@pytest.mark.parametrize("seed", [0, 3, 1794])
@pytest.mark.parametrize("task", USUAL)
def test_the_network_that_comes_with_a_task_learns_from_every_start(task, seed):
    table = {"data": TABLES["squared"]} if task == "csv" else {}
    params = TrainParams.make(task=task, seed=seed, **table, **USUAL[task])
    _, learned = losses(params, params.steps)
    assert learned
