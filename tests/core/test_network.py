"""Loss and derivatives against a second implementation on the raw data."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eosdash.core.networks.linear import Linearization, LinearNetwork
from eosdash.core.networks.tasks import regression_objective, scalar_objective
from tests.core.brute_force import BruteForce, regression
from tests.depth import examples

ENDS, WIDTHS = st.integers(1, 16), st.lists(st.integers(1, 8), max_size=11)
SIZES = st.builds(lambda first, inner, last: (first, *inner, last), ENDS, WIDTHS, ENDS)
DATA = st.fixed_dictionaries(
    {
        "samples": st.integers(1, 40),
        "noise": st.sampled_from([0.0, 0.7]),
        "condition": st.sampled_from([1.0, 50.0]),
        "data_seed": st.integers(0, 99),
    }
)
DECAYS = st.sampled_from([0.0, 0.3])
many = settings(max_examples=examples(60))
few = settings(max_examples=examples(15))


def pair(sizes, data, decay):
    """The objective, its second implementation, and a generator of points."""
    objective = regression_objective(sizes, **data, weight_decay=decay)
    return objective, regression(sizes, **data, decay=decay), np.random.default_rng(7)


def close(actual, expected):
    scale = 1e-12 + np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10 * scale)


@many
@given(SIZES, DATA, DECAYS)
def test_loss_is_that_of_the_raw_data(sizes, data, decay):
    objective, raw, rng = pair(sizes, data, decay)
    theta = rng.standard_normal((2, 3, objective.network.parameters)) * 0.5
    close(objective.loss(theta), raw.loss(theta))


@many
@given(SIZES, DATA, DECAYS)
def test_gradient_is_backpropagation_on_the_raw_data(sizes, data, decay):
    objective, raw, rng = pair(sizes, data, decay)
    theta = rng.standard_normal((2, 3, objective.network.parameters)) * 0.5
    close(objective.gradient(theta), raw.gradient(theta))


@many
@given(SIZES, DATA, DECAYS)
def test_gradient_is_the_slope_of_the_loss(sizes, data, decay):
    objective, raw, rng = pair(sizes, data, decay)
    theta, direction = rng.standard_normal((2, objective.network.parameters)) * 0.5
    slope = raw.loss(theta + 1e-30j * direction).imag / 1e-30
    assert objective.gradient(theta) @ direction == pytest.approx(slope, rel=1e-8, abs=1e-10)


@many
@given(SIZES, DATA, DECAYS)
def test_hessian_product_is_the_change_of_the_gradient(sizes, data, decay):
    objective, raw, rng = pair(sizes, data, decay)
    theta, *directions = rng.standard_normal((4, objective.network.parameters)) * 0.5
    products = objective.linearize(theta[None]).hessian_product(np.array(directions))
    close(products, np.array([raw.hessian_product(theta, v) for v in directions]))


@few
@given(st.lists(st.integers(1, 4), min_size=3, max_size=6).map(tuple), DATA, DECAYS)
def test_hessian_is_the_derivative_of_the_gradient(sizes, data, decay):
    objective, raw, rng = pair(sizes, data, decay)
    theta = rng.standard_normal((2, objective.network.parameters)) * 0.5
    close(objective.hessian(theta), np.array([raw.hessian(point) for point in theta]))


@few
@given(st.lists(st.integers(1, 3), min_size=2, max_size=5).map(tuple), DATA)
def test_hessian_agrees_with_second_differences_of_the_loss(sizes, data):
    objective, raw, rng = pair(sizes, data, 0.1)
    theta, v = rng.standard_normal((2, objective.network.parameters)) * 0.5
    h = 1e-4
    second = (raw.loss(theta + h * v) - 2 * raw.loss(theta) + raw.loss(theta - h * v)) / h**2
    curvature = v @ objective.hessian(theta) @ v
    assert curvature == pytest.approx(second, rel=1e-4, abs=1e-5)


@given(SIZES)
def test_layers_and_flat_are_inverse(sizes):
    network = LinearNetwork(sizes)
    theta = np.arange(2.0 * network.parameters).reshape(2, -1)
    layers = network.layers(theta)
    assert [layer.shape[1:] for layer in layers] == [(n, m) for m, n in pairwise(sizes)]
    np.testing.assert_array_equal(network.flat(layers), theta)


def test_first_layer_comes_first_and_row_by_row():
    first, second = LinearNetwork((2, 2, 1)).layers(np.arange(6.0))
    np.testing.assert_array_equal(first, [[0, 1], [2, 3]])
    np.testing.assert_array_equal(second, [[4, 5]])


def test_two_weight_chain_by_hand():
    a, b, y, r = 1.3, -0.4, 2.0, 0.1
    objective, theta = scalar_objective((1, 1, 1), y, r), np.array([a, b])
    assert objective.loss(theta) == pytest.approx((a * b - y) ** 2 / 2 + r * (a**2 + b**2) / 2)
    np.testing.assert_allclose(
        objective.gradient(theta), [(a * b - y) * b + r * a, (a * b - y) * a + r * b]
    )
    np.testing.assert_allclose(
        objective.hessian(theta), [[b**2 + r, 2 * a * b - y], [2 * a * b - y, a**2 + r]]
    )


def test_loss_keeps_its_relative_precision_near_zero():
    objective = scalar_objective((1, 1, 1), 1.0)
    excess = 2.0**-40
    loss = objective.loss(np.array([1 + excess, 1.0]))
    assert loss == pytest.approx(excess**2 / 2, rel=1e-12, abs=0)


def test_the_second_implementation_has_the_slope_of_its_own_loss():
    raw = BruteForce((2, 3, 2), np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]]), np.ones((2, 3)), 0.2)
    theta = np.random.default_rng(0).standard_normal(12)
    steps = 1e-6 * np.eye(12)
    differences = (raw.loss(theta + steps) - raw.loss(theta - steps)) / 2e-6
    np.testing.assert_allclose(raw.gradient(theta), differences, atol=1e-8)


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
@pytest.mark.parametrize("decay", [0.0, 0.03])
def test_a_chain_is_linearized_as_any_network_is_to_the_last_bit(depth, decay):
    objective = scalar_objective((1,) * (depth + 1), -1.7, weight_decay=decay)
    rng = np.random.default_rng(depth)
    for theta, moves in (
        rng.standard_normal((2, 40, depth)),
        rng.standard_normal((2, depth)),
        (rng.standard_normal((7, 1, depth)), np.eye(depth)),
    ):
        ours, general = objective.linearize(theta), Linearization(objective, theta)
        np.testing.assert_array_equal(ours.gradient, general.gradient)
        np.testing.assert_array_equal(ours.hessian_product(moves), general.hessian_product(moves))
