"""Extreme eigenvalues along real trajectories, against a brute-force Hessian."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import LinearOperator, eigsh

from eosdash.core.curvature.spectrum import (
    DENSE_LIMIT,
    SpectrumTracker,
    coarse_to_fine,
    lagrange,
    turned,
)
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.networks.initialization import gaussian
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
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
    assert objective.network.parameters > DENSE_LIMIT + count
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


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("sizes", [(1, 8, 8, 8, 1), (2, 9, 12, 2), (4, 4, 9, 3, 3), (4, 20, 3)])
def test_eigenvalues_of_layers_wider_than_the_data(sizes, decay, count):
    """Where most directions are unseen: some shapes take the dense path, some the other."""
    objective = regression_objective(sizes, samples=20, weight_decay=decay)
    raw = regression(sizes, samples=20, decay=decay)
    start = gaussian(objective.network, 0.9, 1, fan_in=True)
    assert check(objective, raw, stretches(objective, start, 0.1, 32), count, 5) >= 7


@given(st.integers(1, 700), st.booleans())
def test_each_pair_is_solved_once_and_after_its_nodes(pairs, carried):
    solved = {-1} if carried else set()
    for level in coarse_to_fine(pairs, carried):
        if not level.first:
            assert set(level.nodes.ravel().tolist()) <= solved
        assert solved.isdisjoint(level.pairs.tolist())
        solved.update(level.pairs.tolist())
    assert solved - {-1} == set(range(pairs))


@given(st.integers(1, 300))
def test_nodes_of_a_step_have_its_parity(total):
    covered = set()
    for level in coarse_to_fine((total + 1) // 2, carried=False):
        points, nodes, _ = level.steps(total)
        covered.update(points.tolist())
        apart = (points[:, None] - nodes) % 2 == 0
        clipped = (points[:, None] == total - 1) | (nodes == total - 1)
        assert level.first or (apart | clipped).all()
    assert covered == set(range(total))


def test_interpolation_is_exact_for_cubics():
    nodes, at = np.array([[-1, 0, 2, 5], [3, 4, 6, 7]]), np.array([1, 5])
    weights = lagrange(at, nodes)
    np.testing.assert_allclose((weights * (nodes**3 - nodes)).sum(axis=1), at**3 - at, rtol=1e-12)


def test_a_plane_turned_within_itself_is_turned_back():
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    plane = np.eye(2, 5)[None]
    np.testing.assert_allclose(turned(turn @ plane, plane), plane, atol=1e-12)
