"""The learning rate that suits a network, against brute force and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.core.descent.step_size import balanced_sharpness, suited_lr, top_curvature
from eosdash.core.networks.data import moons, toy_regression
from eosdash.core.networks.initialization import gaussian
from eosdash.core.networks.nonlinear import NonlinearNetwork
from eosdash.core.networks.tasks import (
    regression_objective,
    samples_objective,
    scalar_objective,
    whitened_objective,
)
from eosdash.core.theory.critical import critical_lr

CURVED = {
    "tanh": samples_objective(NonlinearNetwork((4, 7, 5, 1), "tanh"), toy_regression(30)),
    "relu": samples_objective(
        NonlinearNetwork((2, 9, 2), "relu"), moons(25), "cross_entropy", weight_decay=0.01
    ),
    "linear": regression_objective((3, 4, 2), 20, 0.2, 8.0),
    "two weights": scalar_objective((1, 1, 1), 0.7),
}


@pytest.mark.parametrize("name", CURVED)
@pytest.mark.parametrize("seed", range(4))
def test_the_estimate_of_the_sharpness_is_that_of_the_whole_hessian(name, seed):
    objective = CURVED[name]
    theta = gaussian(objective.network, 0.9, seed, fan_in=True)
    product = objective.linearize(theta).hessian_product
    hessian = np.array([product(unit) for unit in np.eye(theta.size)])
    exact = np.linalg.eigvalsh(hessian)[-1]
    found = top_curvature(objective, theta)
    assert found <= exact * (1 + 1e-9)
    assert found >= 0.9 * exact


def test_of_many_samples_a_few_tell_enough():
    data = toy_regression(1500)
    objective = samples_objective(NonlinearNetwork((4, 8, 1), "tanh"), data)
    theta = gaussian(objective.network, 1.0, 3, fan_in=True)
    product = objective.linearize(theta).hessian_product
    hessian = np.array([product(unit) for unit in np.eye(theta.size)])
    assert top_curvature(objective, theta) == pytest.approx(
        np.linalg.eigvalsh(hessian)[-1], rel=0.2
    )


@given(st.integers(2, 9), st.floats(0.05, 5), st.integers(2, 6))
def test_on_whitened_data_the_least_sharpness_is_the_closed_form(depth, top, width):
    objective = whitened_objective((2, *[width] * (depth - 1), 3), (top, 0.3 * top), rotate=True)
    assert 2 / balanced_sharpness(objective) == pytest.approx(critical_lr(objective).value)


@pytest.mark.parametrize(("depth", "lr"), [(1, 15 / 8), (2, 15 / 16), (4, 15 / 32), (8, 15 / 64)])
def test_a_chain_is_given_fifteen_sixteenths_of_its_critical_learning_rate(depth, lr):
    objective = scalar_objective((1,) * (depth + 1), 1.0)
    assert suited_lr(objective, np.full(depth, 0.1)) == pytest.approx(lr)


def test_a_start_that_is_sharp_lowers_it():
    objective = scalar_objective((1, 1, 1), 1.0)
    assert suited_lr(objective, np.array([5.0, 0.0])) == pytest.approx(15 / 8 / 25, rel=0.02)


@pytest.mark.parametrize("theta", [np.zeros(2), np.full(2, 1e200)])
def test_a_start_without_a_scale_has_a_learning_rate_still(theta):
    for target in (0.0, 1.0):
        assert 0 < suited_lr(scalar_objective((1, 1, 1), target), theta) <= 2
