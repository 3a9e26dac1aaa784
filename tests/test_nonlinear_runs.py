"""Runs of networks that are not linear, of other losses and other optimizers, by parameter sets."""

import gc
import json
import weakref

import numpy as np
import pytest

import eosdash
from eosdash import ParameterError
from eosdash.params import TrainParams
from eosdash.reference import reference_of
from eosdash.runs import critical_lr_of, objective_of, samples_of, start_of, train_run
from eosdash.service.kinds import computed

SMALL = {"hidden": (6, 5), "samples": 12, "init_scaling": "fan_in", "steps": 40, "lr": 0.1}
TASKS = ["scalar", "whitened", "regression", "chebyshev", "toy", "spirals", "moons", "digits"]


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "softplus"])
@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_learned_with_every_activation(task, activation):
    run = eosdash.train(task=task, activation=activation, **SMALL)
    objective = objective_of(run.params)
    start = start_of(run.params, objective)
    assert run.loss[0] == pytest.approx(float(objective.loss(start)))
    assert run.loss[-1] < run.loss[0]
    top = np.linalg.eigvalsh(objective.hessian(start))[-1]
    assert run.sharpness[0] == pytest.approx(top, rel=1e-5)
    assert run.critical_lr is None
    assert run.balance is None
    assert run.singular_values is None


@pytest.mark.parametrize("task", TASKS)
def test_a_linear_network_is_the_same_one_on_samples(task):
    """The reduction to three statistics against the samples themselves."""
    run = eosdash.train(task=task, **SMALL)
    objective = objective_of(run.params)
    data, start = samples_of(run.params), start_of(run.params, objective)
    outputs = objective.product(start) @ data.inputs
    loss = 0.5 * np.sum((outputs - data.outputs) ** 2) / data.inputs.shape[1]
    assert run.loss[0] == pytest.approx(loss, rel=1e-9)


@pytest.mark.parametrize("task", ["spirals", "moons", "digits"])
def test_classes_are_learned_by_cross_entropy(task):
    run = eosdash.train(task=task, activation="tanh", loss="cross_entropy", **SMALL)
    data = samples_of(run.params)
    logits = objective_of(run.params).predict(start_of(run.params, objective_of(run.params)))
    share = np.exp(logits) / np.exp(logits).sum(axis=0)
    assert run.loss[0] == pytest.approx(-np.mean(np.log(share[data.labels, np.arange(12)])))


MOMENTUM = [
    ("heavy_ball", 0.9, 38.0, "(2 + 2β)/η"),
    ("nesterov", 0.9, 38.0 / 2.8, "(2 + 2β)/((1 + 2β) η)"),
    ("gradient_descent", 0.9, 20.0, "2/η"),
]


@pytest.mark.parametrize(("optimizer", "beta", "threshold", "name"), MOMENTUM)
def test_every_optimizer_has_its_threshold(optimizer, beta, threshold, name):
    values = {"optimizer": optimizer, "momentum": beta, **SMALL}
    run = eosdash.train(**values)
    assert run.threshold == pytest.approx(threshold)
    lines = [json.loads(line) for line in computed(TrainParams.make(**values))]
    assert lines[0]["edge"]["factor"] == pytest.approx(0.1 * threshold)
    assert lines[0]["edge"]["words"] == name
    assert name in lines[-1]["summary"]


def test_heavy_ball_is_what_it_is_said_to_be():
    run = eosdash.train(optimizer="heavy_ball", momentum=0.8, lr=0.05, steps=30, seed=3)
    objective = objective_of(run.params)
    theta, velocity = start_of(run.params, objective), 0.0
    for loss in run.loss:
        assert loss == pytest.approx(float(objective.loss(theta)))
        velocity = 0.8 * velocity - 0.05 * objective.gradient(theta)
        theta = theta + velocity
    assert run.weights == pytest.approx(theta)


def test_mini_batches_repeat_by_their_seed_and_measure_the_full_loss():
    values = SMALL | {"task": "toy", "activation": "tanh", "batch": 3}
    one, again, other = (eosdash.train(**values, batch_seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.loss, again.loss)
    assert not np.allclose(one.loss[1:], other.loss[1:])
    whole = eosdash.train(**values | {"batch": 12})
    plain = eosdash.train(**values | {"batch": 0})
    assert whole.loss == pytest.approx(plain.loss)
    assert one.loss[0] == plain.loss[0]


ROWS = "1:10:3,2:20:5,3:10:9,4:40:2"


def test_numbers_of_ones_own_are_standardized():
    data = samples_of(TrainParams.make(task="csv", data=ROWS))
    table = np.array([[1, 10, 3], [2, 20, 5], [3, 10, 9], [4, 40, 2]], dtype=float).T
    expected = (table - table.mean(axis=1)[:, None]) / table.std(axis=1)[:, None]
    assert np.vstack([data.inputs, data.outputs]) == pytest.approx(expected)


def test_a_column_that_does_not_vary_is_zero():
    data = samples_of(TrainParams.make(task="csv", data="1:7:3,2:7:5"))
    assert data.inputs[1].tolist() == [0, 0]


def test_what_is_of_linear_networks_only_is_not_told_of_others():
    start, *_ = computed(TrainParams.make(task="chebyshev", activation="tanh", **SMALL))
    record = json.loads(start)
    assert record["critical_lr"] is None
    assert record["linear"] is False
    assert "η_C" not in record["setup"]
    assert "not about this one" in record["scope"]
    with pytest.raises(ParameterError) as caught:
        eosdash.theory.critical_lr(task="chebyshev", activation="tanh")
    assert caught.value.field == "activation"


def test_a_minimum_is_called_global_only_where_the_loss_is_the_lowest_there_is():
    run = train_run(TrainParams.make(activation="tanh", depth=2, lr=0.5, target=0.5, steps=5000))
    assert run.outcome == "minimum"
    assert run.events[-1].text == "converges to a global minimum"
    assert run.loss[-1] < 1e-12  # and none is negative
    decayed = {"activation": "tanh", "depth": 2, "lr": 0.5, "target": 0.5, "weight_decay": 0.1}
    run = train_run(TrainParams.make(steps=5000, lambda_min=True, **decayed))
    assert run.events[-1].text == "converges to a local minimum"
    assert run.lambda_min[-1] > 0


@pytest.mark.parametrize(
    ("find", "values"),
    [
        (critical_lr_of, {"activation": "linear"}),
        (reference_of, {"activation": "tanh"}),
    ],
)
def test_of_a_table_of_ones_own_nothing_is_remembered(find, values):
    found = weakref.WeakSet()
    with pytest.MonkeyPatch.context() as patch:
        build = samples_of
        patch.setattr("eosdash.runs.samples_of", lambda params: found.add(params) or build(params))
        find(TrainParams.make(task="csv", data=ROWS, depth=2, **values))
    gc.collect()
    assert len(found) == 0
