"""Relative progress, directional smoothness and gradient shares: closed forms on quadratics."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.core.curvature.directional import (
    DirectionalTracker,
    directional_smoothness,
    gradient_share,
    relative_progress,
    step_gradients,
)
from eosdash.core.curvature.eigenpairs import TopEigenpairs
from tests.core.toys import Quadratic, chebyshev, descent, fan_in


def tracked(surface, path, rates, cuts=(), vectors=None):
    tracker, edges = DirectionalTracker(), [0, *cuts, len(path)]
    loss = surface.loss(path)
    parts = [
        tracker(a, path[a:b], loss[a:b], rates[a:b], None if vectors is None else vectors[a:b])
        for a, b in pairwise(edges)
    ]
    done = 0
    for part in parts:
        assert part.step == done
        done += len(part.smoothness)
    return [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("relative_progress", "smoothness")
    ] + [None if vectors is None else np.concatenate([part.share for part in parts])]


@given(st.integers(0, 500), st.floats(0.05, 0.9))
def test_on_quadratics(seed, lr):
    """D is the Rayleigh quotient of the gradient, and RP = −1 + ½ η D."""
    rng = np.random.default_rng(seed)
    eigenvalues = np.sort(rng.uniform(0.1, 4.0, 4))[::-1]
    surface = Quadratic(np.diag(eigenvalues))
    path = descent(surface, rng.uniform(0.5, 1.0, 4), lr, 6)
    vectors = np.tile(np.eye(4)[0], (7, 1))
    rates = np.full(7, lr)
    progress, smooth, share = tracked(surface, path, rates, vectors=vectors)
    gradient = surface.gradient(path)[:5]
    square = np.sum(gradient**2, axis=1)
    np.testing.assert_allclose(smooth, gradient**2 @ eigenvalues / square, rtol=1e-6)
    np.testing.assert_allclose(progress, -1 + lr * smooth / 2, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(share, gradient[:, 0] ** 2 / square, rtol=1e-6)


def test_relative_progress_is_the_mean_of_the_smoothness_along_the_step():
    """RP = −1 + η ∫ s D(s) ds on a tanh network, where D varies along the step."""
    objective, lr = chebyshev((1, 12, 10, 1)), 0.2
    path = descent(objective, fan_in(objective, 0), lr, 12)
    progress, smooth, _ = tracked(objective, path, np.full(13, lr))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    for t in (0, 4, 10):
        gradient = objective.gradient(path[t])
        moves = (nodes[:, None] + 1) / 2 * lr * gradient
        change = (gradient - objective.gradient(path[t] - moves)) * moves
        each = change.sum(axis=1) / (moves**2).sum(axis=1)
        mean = weights / 2 @ (each * (nodes + 1) / 2)
        assert progress[t] == pytest.approx(-1 + lr * mean, abs=1e-8)
        after = objective.gradient(path[t + 1])
        expected = gradient @ (gradient - after) / (lr * gradient @ gradient)
        assert smooth[t] == pytest.approx(expected, rel=1e-8)


def test_stretches_make_no_difference():
    objective = chebyshev((1, 12, 10, 1))
    path, rates = descent(objective, fan_in(objective, 0), 0.2, 40), np.full(41, 0.2)
    vectors = TopEigenpairs(objective)(path).vectors[:, 0]
    whole = tracked(objective, path, rates, vectors=vectors)
    cut = tracked(objective, path, rates, (1, 2, 3, 17, 30), vectors)
    for one, other in zip(whole, cut, strict=True):
        assert len(one) == 39
        np.testing.assert_allclose(one, other)
    assert np.all((whole[2] >= 0) & (whole[2] <= 1))


def test_what_rounding_has_eaten_is_nan():
    surface = Quadratic(np.eye(2))
    path = descent(surface, np.array([1e-20, 0.0]), 0.5, 4) + 1.0
    progress, smooth, _ = tracked(surface, path, np.full(5, 0.5))
    assert np.isnan(progress).all()
    assert np.isnan(smooth).all()


def test_at_the_edge_smoothness_is_near_the_threshold():
    objective, lr = chebyshev(), 0.2
    path = descent(objective, fan_in(objective, 0), lr, 2600)[2200:]
    progress, smooth, _ = tracked(objective, path, np.full(401, lr))
    assert np.median(smooth) == pytest.approx(2 / lr, rel=0.05)
    assert np.median(progress) == pytest.approx(0.0, abs=0.1)


def test_parts():
    gradients = np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(
        gradient_share(gradients, np.tile([1.0, 0.0], (3, 1))), [1.0, 0.5, np.nan]
    )
    rates = np.array([0.5, 0.25])
    path = np.cumsum(np.vstack([[0.0, 0.0], -rates[:, None] * gradients[:2]]), axis=0)
    np.testing.assert_allclose(step_gradients(path, rates), gradients[:2])
    np.testing.assert_allclose(directional_smoothness(gradients, rates), [1.0, 4.0])
    loss = np.array([3.0, 1.0, 2.0])
    np.testing.assert_allclose(relative_progress(loss, np.array([2.0, 1.0]), rates), [-1.0, 4.0])
