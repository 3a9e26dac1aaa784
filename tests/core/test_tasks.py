"""Tasks: what the network is asked to learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eosdash.core.networks.data import chebyshev
from eosdash.core.networks.tasks import (
    least_squares_objective,
    regression_objective,
    scalar_objective,
    whitened_objective,
)
from tests.core.brute_force import regression
from tests.depth import examples


@settings(max_examples=examples(60))
@given(
    st.integers(1, 16),
    st.integers(1, 16),
    st.integers(1, 40),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([1.0, 100.0]),
    st.integers(0, 999),
)
def test_regression_statistics_are_those_of_the_raw_data(d_in, d_out, samples, noise, kappa, seed):
    objective = regression_objective((d_in, d_out), samples, noise, kappa, seed)
    raw = regression((d_in, d_out), samples, noise, kappa, seed)
    covariance = raw.inputs @ raw.inputs.T / samples
    correlation = raw.outputs @ raw.inputs.T / samples
    np.testing.assert_allclose(objective.covariance, covariance, atol=1e-12)
    # The normal equations hold for the least-squares map, whatever the rank of the inputs.
    np.testing.assert_allclose(objective.solution @ covariance, correlation, atol=1e-11)
    assert not objective.is_whitened


@pytest.mark.parametrize("samples", [3, 5, 50])
def test_floor_is_the_least_squares_error(samples):
    objective = regression_objective((5, 2, 3), samples, noise=1.0, data_seed=4)
    raw = regression((5, 3), samples, noise=1.0, data_seed=4)
    best = np.linalg.lstsq(raw.inputs.T, raw.outputs.T, rcond=None)[0].T
    error = np.sum((best @ raw.inputs - raw.outputs) ** 2) / (2 * samples)
    assert objective.floor == pytest.approx(error, abs=1e-14)


def test_regression_without_noise_can_be_learned_exactly():
    assert regression_objective((4, 2), samples=50).floor == 0.0


def test_size_of_the_statistics_does_not_grow_with_the_samples():
    few, many = (regression_objective((3, 2, 2), n) for n in (10, 20_000))
    assert few.factor.shape == many.factor.shape == (3, 3)


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize(("d_in", "d_out"), [(1, 1), (1, 4), (3, 3), (5, 2)])
def test_whitened_teacher_has_the_singular_values_asked_for(rotate, d_in, d_out):
    wanted = [2.0, 0.5][: min(d_in, d_out)]
    objective = whitened_objective((d_in, 4, d_out), tuple(wanted), rotate, data_seed=3)
    values = np.linalg.svd(objective.solution, compute_uv=False)
    np.testing.assert_allclose(values, wanted + [0.0] * (len(values) - len(wanted)), atol=1e-12)
    assert objective.is_whitened
    assert objective.floor == 0


def test_a_teacher_without_rotations_is_diagonal():
    teacher = whitened_objective((3, 2), (1.0, 0.5)).solution
    np.testing.assert_array_equal(teacher, [[1, 0, 0], [0, 0.5, 0]])


def test_rotations_turn_inputs_and_outputs():
    teacher = whitened_objective((3, 3), (1.0, 0.5, 0.1), True, 1).solution
    for gram in (teacher @ teacher.T, teacher.T @ teacher):
        assert np.abs(gram - np.diag(np.diag(gram))).max() > 0.01


def test_rotations_depend_on_the_data_seed_alone():
    one, same, other = (
        whitened_objective((3, 3), (1.0, 0.5), True, seed).solution for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.01


def test_scalar_task_is_the_product_minus_its_target():
    theta = np.array([2.0, 3.0, 0.5])
    assert scalar_objective((1, 1, 1, 1), 1.0).loss(theta) == pytest.approx((3.0 - 1.0) ** 2 / 2)


def test_a_slope_that_is_nothing_is_zero():
    """An even function on symmetric points has no linear part."""
    objective = least_squares_objective((1, 1, 1), chebyshev(6, 20))
    assert objective.solution.item() == 0
    assert objective.floor == pytest.approx(np.mean(chebyshev(6, 20).outputs ** 2) / 2)
