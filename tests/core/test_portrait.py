"""Self-stabilization: the measured portrait against the two-dimensional dynamics."""

from itertools import pairwise

import numpy as np
import pytest

from eosdash.core.flows.portrait import PortraitTracker, energy, predict
from tests.core.toys import Valleys, chebyshev, descent, fan_in


def portrait(surface, path, lr, cuts=()):
    tracker = PortraitTracker(surface)
    edges = [0, *cuts, len(path)]
    parts = [tracker(a, path[a:b], np.full(b - a, lr)) for a, b in pairwise(edges)]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("displacement", "excess", "alpha", "beta", "gap", "balance")
    }
    assert [part.step for part in parts] == [1 + max(0, a - 2) for a in edges[:-1]]
    return joined


def test_a_valley_is_the_two_dimensional_dynamics():
    """There S = b, ∇S = (0, 1), so α = ε and β = 1, and θ = (x, 2/η + y) exactly."""
    rate, lr = 1e-4, 0.5
    path = descent(Valleys((rate,)), np.array([4e-3, 4.0]), lr, 2000)
    seen = portrait(Valleys((rate,)), path, lr)
    np.testing.assert_allclose(seen["alpha"], rate, rtol=0.05)
    np.testing.assert_allclose(seen["beta"], 1.0, rtol=1e-2)
    told = predict(path[0, 0], path[0, 1] - 4, lr, rate, 1.0, 2000)
    np.testing.assert_allclose(told.displacement, path[:, 0], atol=1e-9)
    np.testing.assert_allclose(told.excess, path[:, 1] - 4, atol=1e-9)
    sign = np.sign(seen["displacement"][0] * path[1, 0])
    np.testing.assert_allclose(sign * seen["displacement"], path[1:-1, 0], atol=2e-5)
    np.testing.assert_allclose(seen["excess"], path[1:-1, 1] - 4, atol=2e-4)


def test_the_cycle_goes_around_the_balance():
    alpha, beta = 2e-3, 1.5
    balance = np.sqrt(2 * alpha / beta)
    still = predict(balance, 0.0, 0.1, alpha, beta, 100)
    np.testing.assert_allclose(np.abs(still.displacement), balance)
    orbit = predict(2 * balance, 0.0, 0.01, alpha, beta, 5000)
    kept = energy(orbit.displacement, orbit.excess, alpha, beta)
    assert np.ptp(kept) < 0.02 * alpha
    assert np.ptp(orbit.excess) > 0.05


def test_overflow_is_data():
    assert not np.isfinite(predict(1e200, 1e200, 1.0, 1.0, 1.0, 5).excess[-1])


def test_stretches_make_no_difference_on_a_tanh_network():
    objective, lr = chebyshev((1, 12, 10, 1)), 0.2
    path = descent(objective, fan_in(objective, 0), lr, 60)
    whole = portrait(objective, path, lr)
    cut = portrait(objective, path, lr, (3, 20, 41))
    assert len(whole["excess"]) == 59
    for name in ("excess", "alpha", "beta", "gap"):
        np.testing.assert_allclose(whole[name], cut[name], rtol=2e-3, atol=1e-5)


def test_tanh_network_at_the_edge():
    """x alternates and grows while y > 0, and shrinks while y < 0; α > 0."""
    objective, lr = chebyshev(), 0.2
    path = descent(objective, fan_in(objective, 0), lr, 1760)[1620:]
    seen = portrait(objective, path, lr)
    x, y = seen["displacement"], seen["excess"]
    large = np.abs(x[:-1]) > 3e-3
    assert large.sum() > 20
    assert np.mean(x[1:][large] * x[:-1][large] < 0) > 0.97
    growth = np.log(np.abs(x[1:] / x[:-1]))[large]
    assert np.corrcoef(growth, np.log1p(lr * y[:-1])[large])[0, 1] > 0.8
    assert np.median(seen["alpha"]) > 0
    assert np.median(seen["gap"]) > 0.1
    assert np.isfinite(np.median(seen["balance"]))


def test_rates_of_their_own_step():
    surface, lr = Valleys((1e-4,)), np.array([0.5, 0.5, 0.4, 0.4, 0.4])
    path = descent(surface, np.array([1e-3, 4.0]), 0.5, 4)
    seen = PortraitTracker(surface)(0, path, lr)
    assert seen.excess[1] - seen.excess[0] == pytest.approx(4.0 - 5.0, abs=1e-3)
