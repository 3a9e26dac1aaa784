"""Every threshold of a run is that of its optimizer: in results, streams, words and planes."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eosdash
from eosdash.core.descent.optimizers import GRADIENT_DESCENT, Optimizer
from eosdash.explaining.records import edges
from eosdash.marks import unmarked
from eosdash.params import BasinParams, ExplainParams, SweepParams, TheoryParams, TrainParams
from eosdash.runs import critical_lr_of
from eosdash.scope import map_scope, run_scope, sweep_scope
from eosdash.service.kinds import computed
from tests.core.brute_force import of_matrix
from tests.depth import examples

RULES = [("gradient_descent", 0.0), ("heavy_ball", 0.35), ("heavy_ball", 0.92), ("nesterov", 0.6)]
rules = pytest.mark.parametrize(("optimizer", "beta"), RULES)


def first_line(**query):
    return json.loads(next(computed(TrainParams.make(**query))))


@given(st.floats(0.01, 50), st.floats(0, 0.99), st.booleans())
def test_a_curvature_is_the_threshold_of_its_critical_learning_rate(sharpness, beta, ahead):
    rule = Optimizer(beta, ahead)
    assert rule.threshold(rule.critical_lr(sharpness)) == pytest.approx(sharpness)


@rules
@pytest.mark.parametrize(("depth", "target"), [(1, -0.7), (2, 1.8), (3, 0.6), (4, -1.4)])
def test_the_flattest_minimizer_is_left_exactly_past_the_critical_learning_rate(
    optimizer, beta, depth, target
):
    """A loop on raw data from 1e-7 beside the balanced minimizer, and a little unbalanced."""
    params = TrainParams.make(depth=depth, target=target, optimizer=optimizer, momentum=beta)
    critical = critical_lr_of(params)
    raw = of_matrix((1,) * (depth + 1), np.array([[target]]))
    balanced = np.full(depth, abs(target) ** (1 / depth))
    balanced[0] *= np.sign(target)
    for part, leaves in ((0.98, False), (1.02, True)):
        theta, velocity = balanced * (1 + 1e-7), np.zeros(depth)
        furthest = []
        for _ in range(6000):
            ahead = theta + beta * velocity if optimizer == "nesterov" else theta
            velocity = beta * velocity - part * critical.value * raw.gradient(ahead)
            theta = theta + velocity
            furthest.append(np.abs(theta - balanced).max())
            if furthest[-1] > 1e-2:
                break
        assert (max(furthest) > 1e-2) == leaves


@rules
def test_results_streams_and_words_tell_one_threshold(optimizer, beta):
    query = {"depth": 3, "target": 1.3, "lr": 0.4, "optimizer": optimizer, "momentum": beta}
    run, start = eosdash.train(**query, steps=20), first_line(**query, steps=20)
    ahead = 1 + 2 * beta if optimizer == "nesterov" else 1
    factor, least = (2 + 2 * beta) / ahead, 3 * 1.3 ** (4 / 3)
    assert run.threshold == pytest.approx(factor / 0.4)
    assert start["threshold"] == run.threshold
    assert start["edge"]["factor"] == pytest.approx(factor)
    assert run.critical_lr.value == pytest.approx(factor / least)
    assert start["critical_lr"]["value"] == run.critical_lr.value
    assert f"= {0.4 / run.critical_lr.value:.3g} η_C" in start["setup"]


@rules
@settings(max_examples=examples(12))
@given(target=st.floats(0.3, 3), part=st.floats(0.2, 1.4), samples=st.integers(0, 12))
def test_the_stable_arc_of_the_plane_is_that_of_the_optimizer(
    optimizer, beta, target, part, samples
):
    data = {"target": target} if not samples else {
        "task": "regression", "d_in": 1, "d_out": 1, "samples": samples + 2, "width": 1,
    }  # fmt: skip
    query = {"depth": 2, "optimizer": optimizer, "momentum": beta, "weights": (1.0, 0.9), **data}
    critical = critical_lr_of(TrainParams.make(**query)).value
    lr = float(np.clip(part * critical, 1e-3, 90))
    run = eosdash.train(**query, lr=lr, steps=1)
    plane = first_line(**query, lr=lr)["plane"]
    sharpest = np.concatenate(plane["sharpness"])
    np.testing.assert_array_equal(np.concatenate(plane["stable"]), sharpest <= run.threshold)
    if lr < 0.97 * critical:
        assert np.any(plane["stable"])
    if lr > critical:
        assert not np.any(plane["stable"])


def test_a_minimum_below_the_threshold_of_the_momentum_is_reached_past_that_of_plain_descent():
    query = {"depth": 2, "target": 1.2, "weights": (1.05, 1.12), "lr": 1.1}
    plain = eosdash.train(**query)
    run = eosdash.train(**query, optimizer="heavy_ball", momentum=0.7)
    assert plain.lr[0] > plain.critical_lr.value
    assert plain.outcome != "minimum"
    assert run.lr[0] < run.critical_lr.value
    assert run.outcome == "minimum"
    assert run.sharpness[-1] < run.threshold


@pytest.mark.parametrize("kind", [BasinParams, SweepParams, TheoryParams])
def test_maps_sweeps_and_theory_are_of_plain_descent(kind):
    assert "optimizer" not in kind.model_fields
    params = kind.make(depth=2, target=1.7)
    assert params.rule == GRADIENT_DESCENT
    assert critical_lr_of(params).value == pytest.approx(1 / 1.7)
    if scope := {BasinParams: map_scope, SweepParams: sweep_scope}.get(kind):
        assert "full-batch gradient descent without momentum" in unmarked(scope(params))


@pytest.mark.parametrize(("at", "lr"), [(0, 0.2), (29, 0.2), (30, 0.05), (99, 0.05), (100, 0.05)])
def test_an_explanation_is_in_units_of_the_threshold_in_force(at, lr):
    params = ExplainParams.make(
        lr=0.2, lr_schedule="30:0.05", steps=100, optimizer="heavy_ball", momentum=0.5
    )
    assert edges(params, 7.0, at) == f"7 = {7 * lr / 3:.3g} · (2 + 2β)/η"


def test_at_the_edge_after_a_change_of_the_learning_rate():
    """Progress counts the steps at which the sharpness is about 2/η of that very step."""
    network = {"depth": 4, "weights": (1.38, 0.59, 0.43, 1.14), "lr": 0.02, "steps": 900}
    schedule = {"lr_schedule": "40:0.469"}
    run = eosdash.train(**network, **schedule)
    near = np.abs(run.sharpness * run.lr / 2 - 1) < 0.1
    assert near.sum() > 100 > 0 == near[:40].sum()
    seen = eosdash.explain(explanation="progress", **network, **schedule)
    assert f"In the last {int(near[: len(seen.arrays['step'])].sum()):,} steps" in seen.summary


def test_the_threshold_of_full_batches_is_called_so():
    network = {"task": "toy", "activation": "tanh", "samples": 20}
    assert "threshold of full batches" in run_scope(TrainParams.make(**network, batch=4))
    assert "threshold of full batches" not in run_scope(TrainParams.make(**network))
