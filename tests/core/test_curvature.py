"""Compressed Hessian products against the full ones."""

import numpy as np
import pytest

from eosdash.core.curvature.curvature import Curvature, unseen
from eosdash.core.networks.tasks import regression_objective

SHAPES = [(5, 30, 20, 3), (4, 8, 7, 6, 9, 4), (1, 6, 6, 1), (3, 2, 2, 5), (3, 9, 2)]


@pytest.fixture(params=SHAPES)
def both(request):
    """An objective, three points, and the curvature there."""
    objective = regression_objective(request.param)
    rng = np.random.default_rng(0)
    points = 0.4 * rng.standard_normal((3, objective.network.parameters))
    return objective, points, Curvature(objective, points)


def test_products_are_those_of_the_hessian(both):
    objective, points, curvature = both
    directions = np.random.default_rng(1).standard_normal((3, 4, points.shape[1]))
    expected = objective.linearize(points[:, None]).hessian_product(directions)
    found = curvature.expand(curvature(curvature.compress(directions)))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_compression_keeps_inner_products(both):
    _, _, curvature = both
    compressed = curvature.random(4)
    full = curvature.expand(compressed)
    np.testing.assert_allclose(curvature.compress(full), compressed, atol=1e-12)
    gram = compressed @ compressed.swapaxes(1, 2)
    np.testing.assert_allclose(full @ full.swapaxes(1, 2), gram, atol=1e-9)


def test_what_is_not_seen_has_eigenvalue_zero(both):
    objective, points, curvature = both
    exact = np.linalg.eigvalsh(objective.hessian(points[0]))
    found = np.linalg.eigvalsh(curvature.matrix()[0])
    hidden = unseen(objective.network)
    assert np.sum(np.abs(exact) < 1e-9) >= hidden
    by_size = np.sort(np.abs(exact))[hidden:]
    np.testing.assert_allclose(np.sort(np.abs(found))[-len(by_size) :], by_size, atol=1e-9)


def test_some_of_the_points(both):
    _, _, curvature = both
    which = np.array([True, False, True])
    block = curvature.random(2)
    np.testing.assert_allclose(
        curvature.of(which)(block[which]), curvature(block)[which], atol=1e-12
    )
