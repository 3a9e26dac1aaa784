"""Eigenvalues where a symmetry hides some of them."""

import numpy as np
import pytest

from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.networks.initialization import balanced
from eosdash.core.networks.tasks import whitened_objective


def spectrum_errors(objective, theta, lr, steps, count):
    tracker, worst = SpectrumTracker(objective, count, generic=False), []
    for part in descend(objective, theta, lr, steps):
        if isinstance(part, Stretch):
            extremes = tracker(part.path)
            exact = np.linalg.eigvalsh(objective.hessian(part.path))
            found = np.column_stack([extremes.lowest, extremes.top[:, ::-1]])
            wanted = np.column_stack([exact[:, 0], exact[:, -count:]])
            worst.append(np.abs(found - wanted).max(axis=1) / np.abs(exact).max(axis=1))
    return np.concatenate(worst)


def test_eigenvalues_where_the_hessian_is_a_multiple_of_the_identity():
    objective = whitened_objective((7, 6, 10, 2, 2), (1.0, 1.0), weight_decay=0.01)
    assert spectrum_errors(objective, np.zeros(126), 0.25, 100, 5).max() < 1e-6


def test_eigenvalues_from_a_balanced_start_for_a_second_stretch():
    objective = whitened_objective((5, 9, 6, 2), (1.4, 0.6))
    assert spectrum_errors(objective, balanced(objective, 0.9), 0.5, 300, 5).max() < 1e-6


@pytest.mark.parametrize("count", [1, 3, 5])
@pytest.mark.parametrize("sizes", [(5, 9, 6, 2), (7, 7, 3, 9, 7), (4, 10, 6, 3), (6, 9, 4)])
def test_no_eigenvalue_is_missed_from_a_balanced_start(sizes, count):
    objective = whitened_objective(sizes, (1.3, 0.6))
    for scale in (0.3, 0.5, 0.8, 1.1):
        start = balanced(objective, scale)
        assert spectrum_errors(objective, start, 0.3, 100, count).max() < 1e-6


@pytest.mark.parametrize("scale", [0.5, 0.9])
def test_eigenvalues_of_a_large_network_from_a_balanced_start(scale):
    """Of 960 parameters the Hessian sees 704: too many to form it at every point."""
    objective = whitened_objective((8, 24, 24, 8), (1.3, 0.6))
    path = np.stack([balanced(objective, scale)] * 2)
    extremes = SpectrumTracker(objective, 3, generic=False)(path)
    exact = np.linalg.eigvalsh(objective.hessian(path[0]))
    assert extremes.converged.all()
    np.testing.assert_allclose(extremes.top, [exact[:-4:-1]] * 2, atol=1e-6 * exact[-1])
    np.testing.assert_allclose(extremes.lowest, exact[0], atol=1e-6 * exact[-1])
