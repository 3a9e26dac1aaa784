"""Sharpness at many points at once, against the eigenvalues of the Hessian by brute force."""

import numpy as np
import pytest
from scipy.optimize import minimize

from eosdash.core.curvature import settled
from eosdash.core.curvature.settled import settled_sharpness
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from tests.core.brute_force import of_matrix, regression


def brute(raw, theta):
    return np.array([np.linalg.eigvalsh(raw.hessian(point))[-1] for point in theta.T])


def solved(sizes, solution, number, seed=0):
    """Random θ (P, n) whose product is ``solution``: the last layer is solved for. Every hidden
    layer has to be as wide as the input."""
    rng = np.random.default_rng(seed)
    points = []
    for _ in range(number):
        layers = [rng.standard_normal(shape) for shape in zip(sizes[1:-1], sizes[:-2], strict=True)]
        product = np.eye(sizes[0])
        for layer in layers:
            product = layer @ product
        layers.append(solution @ np.linalg.pinv(product))
        points.append(np.concatenate([layer.ravel() for layer in layers]))
    return np.array(points).T


def descended(raw, parameters, number, scale=1.0):
    """Stationary points (P, n) that L-BFGS reaches from random starts."""
    rng = np.random.default_rng(1)
    return np.array(
        [
            minimize(
                raw.loss,
                scale * rng.standard_normal(parameters),
                jac=raw.gradient,
                method="L-BFGS-B",
                options={"gtol": 1e-13, "ftol": 1e-17, "maxiter": 5000},
            ).x
            for _ in range(number)
        ]
    ).T


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
@pytest.mark.parametrize("y", [1.0, -2.5, 0.01])
def test_minimizers_of_a_chain(depth, y):
    """S = y² Σ 1/w_i²."""
    theta = np.random.default_rng(depth).uniform(0.4, 2, (depth, 30))
    theta[-1] = y / theta[:-1].prod(axis=0)
    found = settled_sharpness(scalar_objective((1,) * (depth + 1), y), theta, at_minimum=True)
    np.testing.assert_allclose(found, y**2 * np.sum(theta**-2.0, axis=0), rtol=1e-12)
    np.testing.assert_allclose(found, brute(of_matrix((1,) * (depth + 1), [[y]]), theta), rtol=1e-9)


@pytest.mark.parametrize("zeros", [1, 2, 3])
def test_minimizers_of_a_chain_with_target_zero(zeros):
    """Some weights are zero; no division by them."""
    theta = np.random.default_rng(0).uniform(0.4, 2, (4, 10))
    theta[:zeros] = 0
    found = settled_sharpness(scalar_objective((1,) * 5, 0.0), theta, at_minimum=True)
    expected = np.prod(theta[1:] ** 2, axis=0) if zeros == 1 else np.zeros(10)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("sizes", [(2, 2), (2, 3, 2), (3, 4, 5, 2), (2, 3, 3, 3, 4), (1, 3, 1)])
def test_minimizers_of_a_whitened_teacher(sizes):
    values = (1.5, 0.6)[: min(sizes)]
    objective = whitened_objective(sizes, values, rotate=True)
    theta = solved(sizes, objective.solution, 15)
    found = settled_sharpness(objective, theta, at_minimum=True)
    np.testing.assert_allclose(found, brute(of_matrix(sizes, objective.solution), theta), rtol=1e-8)


@pytest.mark.parametrize("samples", [2, 40])
@pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (3, 3, 4, 2)])
def test_minimizers_of_a_noisy_regression_with_a_residual(sizes, samples):
    """With two samples of three inputs Σ is singular."""
    objective = regression_objective(sizes, samples, 0.5, 6.0, 2)
    raw = regression(sizes, samples, 0.5, 6.0, 2)
    theta = solved(sizes, objective.solution, 15)
    assert np.abs([raw.gradient(point) for point in theta.T]).max() < 1e-10
    found = settled_sharpness(objective, theta, at_minimum=True)
    np.testing.assert_allclose(found, brute(raw, theta), rtol=1e-8)


@pytest.mark.parametrize("sizes", [(3, 1, 3), (3, 2, 3), (3, 4, 2, 3)])
def test_minimizers_behind_a_bottleneck_keep_a_residual(sizes):
    """A hidden layer below the rank of the teacher: the Hessian is more than JᵀJ."""
    teacher = np.diag([1.5, 1.2, 0.9])
    objective = whitened_objective(sizes, (1.5, 1.2, 0.9))
    raw = of_matrix(sizes, teacher)
    theta = descended(raw, objective.network.parameters, 4)
    lowest = sum(value**2 for value in (1.5, 1.2, 0.9)[min(sizes) :]) / 2
    theta = theta[:, np.abs(raw.loss(theta.T) - lowest) < 1e-9]
    assert theta.shape[1]
    expected = brute(raw, theta)
    found = settled_sharpness(objective, theta, at_minimum=True)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("task", ["chain", "whitened", "regression"])
def test_minimizers_with_weight_decay(task):
    if task == "chain":
        objective = scalar_objective((1, 1, 1, 1), 1.5, 0.1)
        raw = of_matrix((1, 1, 1, 1), np.array([[1.5]]), 0.1)
    elif task == "whitened":
        objective = whitened_objective((2, 3, 2), (1.5, 0.6), weight_decay=0.2)
        raw = of_matrix((2, 3, 2), np.diag([1.5, 0.6]), 0.2)
    else:
        objective = regression_objective((3, 4, 2), 30, 0.3, 4.0, 1, 0.05)
        raw = regression((3, 4, 2), 30, 0.3, 4.0, 1, 0.05)
    theta = descended(raw, objective.network.parameters, 4)
    for at_minimum in (True, False):
        found = settled_sharpness(objective, theta, at_minimum)
        np.testing.assert_allclose(found, brute(raw, theta), rtol=1e-7)


SADDLES = {
    "chain": ((1, 1, 1), [[2.0]]),
    "deep chain": ((1,) * 5, [[2.0]]),
    "whitened": ((2, 3, 2), np.diag([1.5, 0.6])),
    "more than fifty weights": ((2, 20, 2), np.diag([1.5, 0.6])),
    "deep, more than fifty weights": ((2, 7, 7, 2), np.diag([1.5, 0.6])),
}


@pytest.mark.parametrize("name", SADDLES)
def test_the_saddle_at_the_origin(name):
    """λ_max is the largest singular value for two layers, and 0 for more."""
    sizes, teacher = SADDLES[name]
    teacher = np.array(teacher)
    objective = (
        scalar_objective(sizes, teacher[0, 0])
        if max(sizes) == 1
        else whitened_objective(sizes, tuple(np.diag(teacher)))
    )
    theta = np.zeros((objective.network.parameters, 3))
    found = settled_sharpness(objective, theta, at_minimum=False)
    expected = np.linalg.norm(teacher, 2) if len(sizes) == 3 else 0.0
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_saddles_that_learned_one_of_two_directions():
    """W_2 W_1 = diag(0, 0.6): stationary, and not lowest."""
    sizes, number = (2, 3, 2), 12
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((2, number, 3))
    theta = np.zeros((12, number))
    for k in range(number):
        first, second = np.zeros((3, 2)), np.zeros((2, 3))
        first[:, 1] = left[k]
        second[1] = 0.6 * right[k] / (right[k] @ left[k])
        theta[:, k] = np.concatenate([first.ravel(), second.ravel()])
    raw = of_matrix(sizes, np.diag([1.5, 0.6]))
    gradients = np.array([raw.gradient(point) for point in theta.T])
    assert np.abs(gradients).max() < 1e-12
    found = settled_sharpness(whitened_objective(sizes, (1.5, 0.6)), theta, at_minimum=False)
    np.testing.assert_allclose(found, brute(raw, theta), rtol=1e-9)


LARGE = {
    "two outputs": ((2, 8, 5, 2), (1.5, 0.6)),
    "sixteen entries": ((4, 6, 6, 4), (1.5, 1.0, 0.6)),
    "twenty-five entries": ((5, 6, 5), (1.5, 1.0, 0.6)),
    "thirty entries": ((5, 7, 5, 6), (1.5, 1.0, 0.6, 0.2)),
}


@pytest.mark.parametrize("name", LARGE)
def test_minimizers_of_networks_of_more_than_fifty_weights(name):
    """By the Gauss–Newton matrix where it is small, otherwise by iteration."""
    sizes, values = LARGE[name]
    objective = whitened_objective(sizes, values, rotate=True)
    assert objective.network.parameters > 50
    raw = of_matrix(sizes, objective.solution)
    theta = descended(raw, objective.network.parameters, 4, scale=0.4)
    assert raw.loss(theta.T).max() < 1e-12
    found = settled_sharpness(objective, theta, at_minimum=True)
    np.testing.assert_allclose(found, brute(raw, theta), rtol=1e-5)


@pytest.mark.parametrize("name", LARGE)
def test_where_no_eigenvalue_is_found_none_is_told(name):
    """At minimizers sharper than gradient descent would ever stay at."""
    sizes, values = LARGE[name]
    objective = whitened_objective(sizes, values, rotate=True)
    theta = solved(sizes, objective.solution, 8)
    found = settled_sharpness(objective, theta, at_minimum=True)
    told = ~np.isnan(found)
    assert told.mean() > 0.5
    expected = brute(of_matrix(sizes, objective.solution), theta)
    np.testing.assert_allclose(found[told], expected[told], rtol=1e-5)


def test_minimizers_of_a_large_network_with_weight_decay():
    sizes = (3, 12, 2)
    objective = regression_objective(sizes, 30, 0.3, 4.0, 1, 0.05)
    raw = regression(sizes, 30, 0.3, 4.0, 1, 0.05)
    theta = descended(raw, 60, 4)
    found = settled_sharpness(objective, theta, at_minimum=True)
    np.testing.assert_allclose(found, brute(raw, theta), rtol=1e-5)


@pytest.mark.parametrize("at_minimum", [True, False])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 3, 2), (5, 12, 5)])
def test_no_points_have_no_sharpness(sizes, at_minimum):
    objective = scalar_objective(sizes, 1.0) if sizes[0] == 1 else whitened_objective(sizes, (1.0,))
    theta = np.empty((objective.network.parameters, 0))
    assert settled_sharpness(objective, theta, at_minimum).shape == (0,)


@pytest.mark.parametrize("sizes", [(2, 3, 2), (5, 7, 5)])
def test_batches_change_nothing(monkeypatch, sizes):
    objective = whitened_objective(sizes, (1.5, 0.6), rotate=True)
    theta = solved(sizes, objective.solution, 23)
    whole = settled_sharpness(objective, theta, at_minimum=False)
    assert np.unique(whole).size == 23
    numbers = objective.network.parameters * min(objective.network.parameters, 50)
    monkeypatch.setattr(settled, "BATCH_FLOATS", 5 * numbers)
    parts = settled_sharpness(objective, theta, at_minimum=False)
    np.testing.assert_allclose(parts, whole, rtol=1e-6)


def test_the_points_are_left_as_they_were():
    objective = whitened_objective((2, 3, 2), (1.5, 0.6))
    theta = solved((2, 3, 2), objective.solution, 5)
    before = theta.copy()
    for at_minimum in (True, False):
        settled_sharpness(objective, theta, at_minimum)
    np.testing.assert_array_equal(theta, before)
