"""The gradient-flow solution against the flow itself."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from eosdash.core.gradient_flow import gradient_flow_sharpness, gradient_flow_solution
from tests.core.brute_force import of_matrix

TARGETS = st.sampled_from([1.0, -1.0, 0.4, -3.0])


@settings(max_examples=30)
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


@settings(max_examples=40)
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
