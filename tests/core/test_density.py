"""The spectral density against the whole Hessian of small networks."""

import numpy as np
import pytest
from scipy.special import ndtr

from eosdash.core.curvature.density import spectral_density
from eosdash.core.networks.initialization import gaussian
from eosdash.core.networks.tasks import regression_objective, scalar_objective
from tests.core.toys import Quadratic, chebyshev, fan_in

NETWORKS = [chebyshev((1, 12, 10, 1)), chebyshev((1, 10, 8, 1), activation="gelu")]


@pytest.mark.parametrize("objective", NETWORKS)
def test_moments(objective):
    theta = fan_in(objective, 1)
    exact = np.linalg.eigvalsh(objective.hessian(theta))
    seen = spectral_density(objective, theta, probes=60, steps=30)
    for degree in (1, 2, 3, 4):
        value, error = seen.moment(degree)
        assert abs(value - np.mean(exact**degree)) < 4 * error
    assert seen.moment(0)[0] == pytest.approx(1.0)
    np.testing.assert_allclose(seen.top, exact[::-1][:5], atol=1e-6 * exact[-1])
    assert seen.top_converged


@pytest.mark.parametrize("objective", NETWORKS)
def test_cumulative_distribution(objective):
    theta = fan_in(objective, 1)
    exact = np.linalg.eigvalsh(objective.hessian(theta))
    seen = spectral_density(objective, theta, probes=60, steps=60)
    broadened = ndtr((seen.grid[:, None] - exact) / seen.width).mean(axis=1)
    assert np.abs(seen.cumulative - broadened).max() < 0.03
    outside = np.abs(seen.cumulative - broadened) > 4 * seen.cumulative_error + 1e-4
    assert outside.mean() < 0.02
    assert np.trapezoid(seen.density, seen.grid) == pytest.approx(1.0, abs=1e-3)
    slope = np.gradient(seen.cumulative, seen.grid)
    assert np.abs(slope - seen.density).max() < 0.05 * seen.density.max()


def test_errors_shrink_with_the_probes():
    objective = NETWORKS[0]
    theta = fan_in(objective, 1)
    few, many = (spectral_density(objective, theta, probes=n, steps=30) for n in (8, 128))
    assert many.moment(2)[1] < 0.7 * few.moment(2)[1]
    assert np.isnan(spectral_density(objective, theta, probes=1, steps=5).density_error).all()


def test_as_many_steps_as_parameters_give_the_eigenvalues():
    matrix = np.diag([3.0, 1.0, -2.0])
    seen = spectral_density(Quadratic(matrix), np.ones(3), steps=10, probes=3, top=2)
    assert seen.steps == 3
    np.testing.assert_allclose(seen.nodes, np.tile([-2.0, 1.0, 3.0], (3, 1)), atol=1e-10)
    np.testing.assert_allclose(seen.top, [3.0, 1.0])


def test_a_krylov_space_that_ends_early():
    """A linear network's Hessian has few different eigenvalues at the saddle at zero."""
    objective = regression_objective((4, 12, 3), samples=30)
    theta = gaussian(objective.network, 1e-9, 0)
    seen = spectral_density(objective, theta, probes=20, steps=60, top=2)
    exact = np.linalg.eigvalsh(objective.hessian(theta))
    np.testing.assert_allclose(seen.weights.sum(axis=1), 1.0)
    assert seen.nodes.max() == pytest.approx(exact[-1], rel=1e-6)
    assert seen.nodes.min() == pytest.approx(exact[0], rel=1e-6)
    value, error = seen.moment(2)
    assert abs(value - np.mean(exact**2)) < 4 * error


def test_repeats_with_its_seed():
    objective = NETWORKS[0]
    theta = fan_in(objective, 1)
    one, two, other = (
        spectral_density(objective, theta, probes=2, steps=10, seed=seed) for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(one.density, two.density)
    assert not np.array_equal(one.density, other.density)


def test_flat_and_overflowing_surfaces():
    flat = spectral_density(Quadratic(np.zeros((3, 3))), np.ones(3), probes=4, steps=5, top=1)
    assert flat.finite
    assert flat.top[0] == 0
    assert np.isfinite(flat.density).all()
    beyond = spectral_density(scalar_objective((1, 1, 1), 1.0), np.full(2, 1e200), probes=2)
    assert not beyond.finite
    assert np.isnan(beyond.density).all()


@pytest.mark.parametrize("bad", [{"probes": 0}, {"steps": 0}, {"width": 0.0}, {"top": 0}])
def test_bad_numbers_are_refused(bad):
    with pytest.raises(ValueError, match="positive"):
        spectral_density(Quadratic(np.eye(2)), np.ones(2), **bad)
