"""Starts: Gaussian, balanced, explicit."""

from itertools import pairwise

import numpy as np
import pytest

from eosdash.core.networks.initialization import balanced, explicit, gaussian
from eosdash.core.networks.linear import LinearNetwork
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective


@pytest.mark.parametrize("fan_in", [False, True])
def test_gaussian_entries_are_drawn_layer_after_layer(fan_in):
    rng = np.random.default_rng(11)
    first, second = rng.standard_normal((4, 3)), rng.standard_normal((2, 4))
    if fan_in:
        first, second = first / np.sqrt(3), second / np.sqrt(4)
    expected = 0.3 * np.concatenate([first.ravel(), second.ravel()])
    start = gaussian(LinearNetwork((3, 4, 2)), 0.3, 11, fan_in)
    np.testing.assert_allclose(start, expected, rtol=1e-15)


@pytest.mark.parametrize(
    "objective",
    [
        whitened_objective((4, 3, 5, 2), (1.0, 0.5), rotate=True),
        whitened_objective((2, 6, 6, 3), (1.0,)),
        regression_objective((3, 2, 4), samples=2),
        regression_objective((1, 1, 5), noise=1.0),
    ],
)
def test_balanced_start_is_balanced_with_the_gain_asked_for(objective):
    layers = objective.network.layers(balanced(objective, 0.7))
    for before, after in pairwise(layers):
        np.testing.assert_allclose(after.T @ after, before @ before.T, atol=1e-12)
    passed = min(objective.network.sizes)
    for layer in layers:
        values = np.linalg.svd(layer, compute_uv=False)
        np.testing.assert_allclose(values[:passed], 0.7, rtol=1e-12)
        np.testing.assert_allclose(values[passed:], 0, atol=1e-12)


def test_balanced_start_points_along_the_target():
    objective = whitened_objective((4, 4, 4, 3), (2.0, 1.0, 0.5), rotate=True, data_seed=5)
    left, _, right = np.linalg.svd(objective.solution, full_matrices=False)
    product = left.T @ objective.product(balanced(objective, 0.7)) @ right.T
    np.testing.assert_allclose(product, 0.7**3 * np.eye(3), atol=1e-12)


@pytest.mark.parametrize("target", [2.0, -2.0])
def test_balanced_chain_has_a_product_of_the_sign_of_its_target(target):
    start = balanced(scalar_objective((1, 1, 1, 1), target), 0.5)
    np.testing.assert_allclose(np.abs(start), 0.5)
    assert np.sign(start.prod()) == np.sign(target)


def test_explicit_weights_come_back_as_they_went_in():
    start = explicit(LinearNetwork((2, 1, 1)), (1.0, -2.0, 3.5))
    np.testing.assert_array_equal(start, [1.0, -2.0, 3.5])


def test_a_wrong_number_of_weights_is_refused():
    with pytest.raises(ValueError, match="expected 3 weights, got 2"):
        explicit(LinearNetwork((2, 1, 1)), (1.0, 2.0))
