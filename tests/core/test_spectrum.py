"""Extreme eigenvalues along real trajectories, against a brute-force Hessian."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import LinearOperator, eigsh

from eosdash.core.gradient_descent import Stretch, descend
from eosdash.core.initialization import gaussian
from eosdash.core.spectrum import DENSE_LIMIT, SpectrumTracker, coarse_to_fine, midway
from eosdash.core.tasks import regression_objective, scalar_objective, whitened_objective
from tests.core.brute_force import of_matrix, regression


def stretches(objective, theta, lr, steps):
    return [part for part in descend(objective, theta, lr, steps) if isinstance(part, Stretch)]


def check(objective, raw, parts, count, every):
    """Compares every so many points; says how many there were."""
    tracker, compared = SpectrumTracker(objective, count), 0
    for part in parts:
        extremes = tracker(part.path)
        assert extremes.converged.mean() > 0.98
        for i in range(0, len(part.path), every):
            exact = np.linalg.eigvalsh(raw.hessian(part.path[i]))
            bound = 1e-6 * np.abs(exact).max() if extremes.converged[i] else np.inf
            assert np.abs(extremes.top[i] - exact[::-1][:count]).max() <= bound
            assert abs(extremes.lowest[i] - exact[0]) <= bound
            compared += 1
    return compared


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_eigenvalues_of_a_network_in_whitened_data(count):
    sizes = (4, 6, 5, 3)
    objective = whitened_objective(sizes, (1.0, 0.7, 0.2), rotate=True, data_seed=count)
    raw = of_matrix(sizes, objective.solution)
    assert objective.network.parameters > DENSE_LIMIT
    start = gaussian(objective.network, 0.9, count, fan_in=True)
    assert check(objective, raw, stretches(objective, start, 0.1, 96), count, 3) >= 32


@pytest.mark.parametrize("lr", [0.6, 0.75])
def test_eigenvalues_where_gradient_descent_never_settles(lr):
    sizes = (2, 5, 5, 2)
    objective = whitened_objective(sizes, (1.0, 0.5), data_seed=1)
    raw = of_matrix(sizes, objective.solution)
    start = gaussian(objective.network, 0.4, 2)
    parts = stretches(objective, start, lr, 300)
    assert check(objective, raw, parts, 3, 7) > 40


@pytest.mark.parametrize("decay", [0.0, 0.2])
@pytest.mark.parametrize("scale", [1e-3, 1e-6])
def test_eigenvalues_near_the_saddle_at_zero(scale, decay):
    sizes = (3, 7, 5, 2)
    objective = regression_objective(sizes, samples=20, data_seed=3, weight_decay=decay)
    raw = regression(sizes, samples=20, data_seed=3, decay=decay)
    start = gaussian(objective.network, scale, 0)
    check(objective, raw, stretches(objective, start, 0.3, 32), 2, 2)


@pytest.mark.parametrize(("lr", "steps"), [(0.35, 480), (0.45, 480)])
def test_eigenvalues_at_and_beyond_the_edge_of_stability(lr, steps):
    """810 parameters; at 0.45 the orbit has period 2 and the top eigenvector two directions."""
    sizes = (5, 30, 20, 3)
    objective, raw = regression_objective(sizes), regression(sizes)
    start = gaussian(objective.network, 0.1, 0, fan_in=True)
    tracker = SpectrumTracker(objective, 3)
    for part in stretches(objective, start, lr, steps):
        extremes = tracker(part.path)
        assert extremes.converged.all()
        for i in (len(part.path) // 2, len(part.path) // 2 + 1):
            exact = np.linalg.eigvalsh(raw.hessian(part.path[i]))
            np.testing.assert_allclose(extremes.top[i], exact[:-4:-1], rtol=1e-6)
            assert extremes.lowest[i] == pytest.approx(exact[0], abs=1e-6 * exact[-1])


def test_eigenvalues_of_a_deep_wide_network():
    sizes = (4, *[32] * 7, 4)
    objective = whitened_objective(sizes, (1.0, 0.8, 0.6, 0.4), rotate=True)
    raw = of_matrix(sizes, objective.solution)
    start = gaussian(objective.network, 1.0, 0, fan_in=True)
    (part,) = stretches(objective, start, 0.05, 6)
    extremes = SpectrumTracker(objective, 2)(part.path)
    assert extremes.converged.all()
    for i in (0, 5):
        theta = part.path[i]
        size = (len(theta), len(theta))
        hessian = LinearOperator(size, lambda v, t=theta: raw.hessian_product(t, v.ravel()), None)
        both = eigsh(hessian, 6, which="BE", tol=1e-9, ncv=60, return_eigenvectors=False)
        np.testing.assert_allclose(extremes.top[i], both[:-3:-1], rtol=1e-6)
        assert extremes.lowest[i] == pytest.approx(both[0], rel=1e-6)


def test_small_networks_give_the_whole_spectrum():
    objective, theta = scalar_objective((1, 1, 1), 1.0), np.array([[1.5, 0.2], [2.0, 0.5]])
    extremes = SpectrumTracker(objective, 3)(theta)
    a, b = theta.T
    for sign, found in ((1, extremes.top[:, 0]), (-1, extremes.lowest)):
        root = np.sqrt(((a**2 - b**2) / 2) ** 2 + (2 * a * b - 1) ** 2)
        np.testing.assert_allclose(found, (a**2 + b**2) / 2 + sign * root, rtol=1e-12)
    assert np.isnan(extremes.top[:, 2]).all()


@given(st.integers(1, 700))
def test_each_point_is_solved_once_and_after_its_neighbours(total):
    solved = set()
    for level in coarse_to_fine(total):
        if level.before is not None:
            assert {*level.before, *level.after} <= solved
        assert solved.isdisjoint(level.points)
        solved.update(level.points.tolist())
    assert solved == set(range(total))


@given(st.integers(3, 300))
def test_neighbours_of_a_point_have_its_parity(total):
    for level in coarse_to_fine(total):
        if level.before is not None:
            inside = level.after < total - 1
            assert ((level.points - level.before) % 2 == 0).all()
            assert ((level.points - level.after) % 2 == 0)[inside].all()


def test_midway_between_a_plane_and_the_same_plane_turned_is_the_plane():
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    plane = np.eye(2, 5)[None]
    np.testing.assert_allclose(midway(plane, turn @ plane), 2 * plane, atol=1e-12)
