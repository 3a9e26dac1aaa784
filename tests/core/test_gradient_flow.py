"""The gradient-flow solution against the flow itself."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from eosdash.core.flows.gradient_flow import (
    flow_minimizer,
    gradient_flow_sharpness,
    gradient_flow_solution,
)
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from tests.core.brute_force import of_matrix, regression
from tests.depth import examples

TARGETS = st.sampled_from([1.0, -1.0, 0.4, -3.0])


@settings(max_examples=examples(30))
@given(st.integers(2, 5), TARGETS, st.integers(0, 9999))
def test_solution_is_where_the_flow_ends(depth, target, seed):
    """From random starts, among them those of which a weight has to change its sign."""
    rng = np.random.default_rng(seed)
    theta = rng.uniform(0.3, 1.5, depth) * rng.choice([-1.0, 1.0], depth)
    raw = of_matrix((1,) * (depth + 1), np.array([[target]]))
    flow = solve_ivp(
        lambda _, w: -raw.gradient(w), (0, 3000), theta, method="LSODA", rtol=1e-10, atol=1e-13
    )
    end = flow.y[:, -1]
    assert end.prod() == pytest.approx(target, abs=1e-6)
    np.testing.assert_allclose(gradient_flow_solution(theta, target), end**2, rtol=1e-5, atol=1e-7)
    sharpness = np.linalg.eigvalsh(raw.hessian(end))[-1]
    assert gradient_flow_sharpness(theta, target) == pytest.approx(sharpness, rel=1e-4)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=12), TARGETS)
def test_solution_is_a_minimizer_on_the_same_hyperbola(weights, target):
    theta = np.array(weights)
    squares = gradient_flow_solution(theta, target)
    assume(not np.isnan(squares).any())  # the flow ends at a saddle
    assert np.log(squares).sum() == pytest.approx(2 * np.log(abs(target)), abs=1e-8)
    np.testing.assert_allclose(squares - squares.min(), theta**2 - (theta**2).min(), atol=1e-8)


def test_two_weights_in_closed_form():
    a, b, y = np.array([0.3, 2.0, -1.0]), np.array([1.1, 0.1, 0.5]), 1.5
    # S = a² + b² with a² − b² kept and ab = y.
    expected = np.sqrt((a**2 - b**2) ** 2 + 4 * y**2)
    theta = np.stack([a, b], axis=-1)
    np.testing.assert_allclose(gradient_flow_sharpness(theta, y), expected, rtol=1e-12)


def test_axes_before_the_weights_are_kept():
    theta = np.random.default_rng(0).standard_normal((2, 3, 4))
    sharpness = gradient_flow_sharpness(theta, 1.0)
    assert sharpness.shape == (2, 3)
    assert sharpness[1, 2] == pytest.approx(gradient_flow_sharpness(theta[1, 2], 1.0))


@settings(max_examples=examples(40))
@given(st.integers(2, 5), st.integers(0, 9999), st.floats(0.3, 0.95))
def test_sharpness_of_the_solution_falls_along_gradient_descent(depth, seed, part):
    """Kreisler et al. 2023, for products between 0 and y and a solution not too sharp to step."""
    theta = np.random.default_rng(seed).uniform(0.4, 1.2, depth)
    theta *= (0.8 / theta.prod()) ** (1 / depth)
    raw = of_matrix((1,) * (depth + 1), np.eye(1))
    lr = part * 2 / gradient_flow_sharpness(theta, 1.0)
    path = [theta]
    for _ in range(100):
        path.append(path[-1] - lr * raw.gradient(path[-1]))
    sharpness = gradient_flow_sharpness(np.array(path), 1.0)
    assert (np.diff(sharpness) <= 1e-10 * sharpness[0]).all()
    assert sharpness[-1] < sharpness[0] + 1e-10


def test_a_target_of_zero_is_refused():
    with pytest.raises(ValueError, match="other than 0"):
        gradient_flow_sharpness(np.ones(3), 0.0)


def end_of_flow(raw, theta):
    """By another integrator, as tight as it goes."""

    def arrived(_, w):
        return np.linalg.norm(raw.gradient(w)) - 1e-11

    arrived.terminal = True
    flow = solve_ivp(
        lambda _, w: -raw.gradient(w), (0, 20_000), theta, method="Radau", rtol=1e-10, atol=1e-12,
        jac=lambda _, w: -raw.hessian(w), events=arrived,
    )  # fmt: skip
    assert flow.status == 1
    return flow.y[:, -1]


def drawn(parameters, scale, seed):
    return scale * np.random.default_rng(seed).standard_normal(parameters)


@pytest.mark.parametrize("scale", [0.05, 1.3])
@pytest.mark.parametrize("values", [(1.0, 0.5), (1.7, 1.7), (0.9, 0.06)])
@pytest.mark.parametrize("hidden", [(4, 3)])
def test_flow_of_a_matrix_ends_where_another_integrator_says(hidden, values, scale):
    objective = whitened_objective((2, *hidden, 2), values)
    theta = drawn(objective.network.parameters, scale, len(hidden) + int(10 * values[1]))
    found = flow_minimizer(objective, theta)
    assert found.flowed
    end = end_of_flow(of_matrix((2, *hidden, 2), np.diag(values)), theta)
    np.testing.assert_allclose(found.theta, end, atol=1e-7)


@pytest.mark.parametrize("sizes", [(3, 4, 2), (2, 3, 3, 2), (1, 1, 1, 1), (4, 1, 3)])
@pytest.mark.parametrize(("noise", "condition"), [(0.0, 1.0), (0.7, 40.0)])
@pytest.mark.parametrize("seed", [0, 1])
def test_flow_of_a_regression_ends_where_another_integrator_says(sizes, noise, condition, seed):
    objective = regression_objective(sizes, 30, noise, condition, seed)
    theta = drawn(objective.network.parameters, 0.5, seed + 5)
    found = flow_minimizer(objective, theta)
    assert found.flowed
    end = end_of_flow(regression(sizes, 30, noise, condition, seed), theta)
    np.testing.assert_allclose(found.theta, end, atol=1e-7)


@settings(max_examples=examples(30))
@given(st.integers(2, 6), TARGETS, st.integers(0, 9999), st.sampled_from([1e-3, 0.1, 1.0]))
def test_flow_of_a_chain_ends_at_the_solution(depth, target, seed, scale):
    """From tiny starts too, which lie on a plateau beside the saddle for a long time."""
    theta = scale * np.random.default_rng(seed).uniform(0.5, 1.5, depth)
    found = flow_minimizer(scalar_objective((1,) * (depth + 1), target), theta)
    assume(found.flowed or scale == 1e-3)
    if found.flowed:
        squares = gradient_flow_solution(theta, target)
        assume(not np.isnan(squares).any())
        np.testing.assert_allclose(found.theta**2, squares, atol=1e-7)


@pytest.mark.parametrize("decay", [1e-5, 0.02, 0.3])
def test_flow_with_weight_decay_goes_on_to_the_balanced_minimizer(decay):
    """However slowly it drifts along the valley."""
    theta = np.array([1.4, 0.5, 0.9])
    found = flow_minimizer(scalar_objective((1, 1, 1, 1), 1.2, decay), theta)
    assert found.flowed
    raw = of_matrix((1, 1, 1, 1), np.array([[1.2]]), decay)
    assert np.linalg.norm(raw.gradient(found.theta)) < 1e-12
    np.testing.assert_allclose(found.theta, found.theta.mean(), atol=1e-8)


@pytest.mark.parametrize(
    ("theta", "end"),
    [((0.7, -0.7), (0, 0)), ((0.0, 0.0), (0, 0)), ((2.0, 0.5), (2.0, 0.5))],
)
def test_flow_into_a_saddle_and_from_where_it_rests(theta, end):
    found = flow_minimizer(scalar_objective((1, 1, 1), 1.0), np.array(theta))
    assert found.flowed
    np.testing.assert_allclose(found.theta, end, atol=1e-9)


@pytest.mark.parametrize("moved", [1e-6, -1e-9])
def test_flow_past_a_saddle_does_not_stop_there(moved):
    theta = np.array([0.7 + moved, -0.7])
    found = flow_minimizer(scalar_objective((1, 1, 1), 1.0), theta)
    assert found.flowed
    assert found.theta.prod() == pytest.approx(1)
    assert np.sign(found.theta[0]) == np.sign(moved)


def test_flow_conserves_the_imbalance_of_its_start():
    objective = whitened_objective((3, 5, 4, 3), (1.4, 1.0, 0.3), rotate=True)
    theta = drawn(objective.network.parameters, 0.6, 3)
    found = flow_minimizer(objective, theta)
    assert found.flowed
    assert np.linalg.norm(objective.gradient(found.theta)) < 1e-12
    before, after = (objective.network.layers(point) for point in (theta, found.theta))
    for low, high, low_end, high_end in zip(
        before[:-1], before[1:], after[:-1], after[1:], strict=True
    ):
        conserved = high.T @ high - low @ low.T
        np.testing.assert_allclose(
            high_end.T @ high_end - low_end @ low_end.T, conserved, atol=1e-8
        )


def test_a_large_network_says_that_the_flow_was_not_followed():
    objective = whitened_objective((12, 22, 12), (1.0, 0.7))
    theta = drawn(objective.network.parameters, 0.3, 0)
    found = flow_minimizer(objective, theta)
    assert not found.flowed
    assert np.linalg.norm(objective.gradient(found.theta)) < 1e-4
