"""Corner cases that are easy to get wrong."""

import numpy as np
import pytest

import eosdash
from eosdash.core.descent.gradient_descent import descend
from eosdash.core.descent.recurrence import find_periods
from eosdash.core.flows.gradient_flow import gradient_flow_sharpness
from eosdash.core.maps.plane import two_weight_plane
from eosdash.core.networks.tasks import regression_objective, scalar_objective
from eosdash.core.theory.critical import critical_lr
from eosdash.params import TrainParams
from tests.core.brute_force import regression


def last(objective, theta, lr, steps, schedule=()):
    *_, ending = descend(objective, np.asarray(theta, dtype=float), lr, steps, schedule)
    return ending


def test_one_layer_has_a_hessian_at_every_point():
    assert regression_objective((2, 2)).hessian(np.zeros((5, 4))).shape == (5, 4, 4)
    assert eosdash.train(depth=1, lr=0.5).outcome == "minimum"


def test_half_a_period_that_has_almost_arrived_is_no_doubled_period():
    """A 4-cycle approached with alternating sign returns after 8 steps sooner than after 4."""
    cycle, k = np.array([0.0, 1.0, 0.3, 0.7]), np.arange(192)
    tail = cycle[k % 4] + 1e-4 * (-1.0) ** (k // 4) * (1 - 1e-4) ** k
    assert find_periods(tail[:, None, None])[0] != 8


def test_a_minimum_that_the_last_learning_rate_makes_unstable_is_left():
    chain = scalar_objective((1, 1, 1, 1, 1), 1.0)
    start = [1.38, 0.59, 0.43, 1.14]
    ending = last(chain, start, 0.2, 3000, [(160, 5.0)])
    assert ending.outcome != "minimum"


def test_a_run_cut_short_on_its_way_to_a_minimum_is_undecided():
    lr, sizes, y, steps = 3.1535811179476347, (1, 1, 1, 1), 0.3, 100
    start = (-0.025099, -0.019903, -0.067066)
    objective = scalar_objective(sizes, y)
    assert last(objective, start, lr, 20 * steps).outcome == "minimum"
    assert last(objective, start, lr, steps).outcome == "undecided"


@pytest.mark.parametrize(
    "data", [(4, 0.5, 1000.0, 39), (4, 0.5, 30.0, 28), (30, 0.3, 5.0, 4), (10, 0.0, 1.0, 48)]
)
def test_flattest_minimizer_through_a_single_unit(data):
    """W_1 = g·v, W_2 = u/g: one number to search over, and a residual that is not zero."""
    size = {39: 4, 28: 5, 4: 3, 48: 4}[data[-1]]
    sizes = (size, 1, size)
    objective, raw = regression_objective(sizes, *data), regression(sizes, *data)
    left, values, _ = np.linalg.svd(objective.solution @ objective.factor)
    first = left[:, 0] @ objective.solution
    sharpness = [
        np.linalg.eigvalsh(raw.hessian(np.concatenate([g * first, left[:, 0] / g])))[-1]
        for g in np.geomspace(0.05, 20, 801) / np.sqrt(values[0])
    ]
    assert 2 / critical_lr(objective).value == pytest.approx(min(sharpness), rel=2e-3)


@pytest.mark.parametrize("theta", [(0.5, -0.5), (0.0, 0.0, 0.0), (0.7, 0.7, -0.7, 2.0)])
def test_a_flow_that_ends_at_the_saddle_has_no_solution(theta):
    with np.errstate(all="raise"):
        assert np.isnan(gradient_flow_sharpness(np.array(theta), 1.0))


def test_too_many_hidden_widths_are_named():
    with pytest.raises(eosdash.ParameterError) as caught:
        TrainParams.make(hidden=(1,) * 12)
    assert caught.value.field == "hidden"


def test_a_tiny_weight_decay_makes_no_saddle():
    ending = last(scalar_objective((1, 1, 1), 1.0, 1e-10), [1.5, 0.2], 0.5, 2000)
    assert ending.outcome != "saddle"


def test_zero_is_a_saddle_of_a_tiny_target():
    assert last(scalar_objective((1, 1, 1), 1e-6), [0.0, 0.0], 0.5, 10).outcome == "saddle"


def test_tiny_targets_warn_of_nothing():
    with np.errstate(all="raise", under="ignore"):
        eosdash.train(target=1e-200, depth=2, weights=(0.5, 0.1), lr=0.5, steps=50)


def test_a_few_steps_show_no_settling():
    run = eosdash.train(weights=(1.38, 0.59, 0.43, 1.14), steps=10)
    assert "settles" not in [event.kind for event in run.events]


@pytest.mark.parametrize(("target", "lr"), [(5e-324, 0.5), (-1e-200, 1e-300), (1.0, 1e-300)])
def test_the_plane_of_the_smallest_targets_and_rates_can_be_drawn(target, lr):
    plane = two_weight_plane(scalar_objective((1, 1, 1), target), lr)
    assert np.isfinite(plane.axis).all()
    assert all(np.isfinite(branch).all() for branch in plane.minimizers)
