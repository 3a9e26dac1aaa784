"""Growth of disturbances: closed forms, and orbits that part."""

import numpy as np
import pytest
from scipy.optimize import brentq

from eosdash.core.descent.multipliers import escape, repel
from eosdash.core.descent.optimizers import Optimizer
from eosdash.core.networks.tasks import scalar_objective, whitened_objective
from tests.core.toys import Quadratic

RULES = [Optimizer(), Optimizer(0.6), Optimizer(0.6, nesterov=True)]


def walked(objective, optimizer, theta, lr, steps):
    """Points (steps, P) and the velocity before each."""
    velocity = np.zeros_like(theta)
    points, velocities = [], []
    for _ in range(steps):
        points.append(theta)
        velocities.append(velocity)
        gradient = objective.gradient(optimizer.ahead(theta, velocity))
        theta, velocity = optimizer.move(theta, velocity, gradient, lr)
    return np.array(points), np.array(velocities)


@pytest.mark.parametrize("optimizer", RULES)
@pytest.mark.parametrize("share", [0.3, 0.999, 1.001, 1.5])
def test_a_minimum_repels_exactly_beyond_the_threshold(optimizer, share):
    sharpest = 2.7
    lr = share * optimizer.threshold(1.0) / sharpest
    point = np.zeros((1, 1, 2))
    surface = Quadratic(np.diag([0.4, sharpest]))
    assert repel(surface, point, point, np.array([lr]), optimizer)[0] == (share > 1)


@pytest.mark.parametrize("optimizer", RULES)
def test_escape_from_a_saddle_is_as_fast_as_an_orbit(optimizer):
    surface = Quadratic(np.diag([-0.8, 0.1]))
    points, _ = walked(surface, optimizer, np.array([1e-9, 0.0]), 0.3, 60)
    seen = np.log(points[-1, 0] / points[-2, 0])
    found = escape(np.array([-0.8]), np.array([0.3]), optimizer)[0]
    assert found == pytest.approx(seen, rel=1e-6)


@pytest.mark.parametrize(("lr", "grows"), [(1.1, False), (1.2, False), (1.3, True)])
def test_the_cycle_of_two_equal_weights_is_left_where_its_period_doubles(lr, grows):
    """At η/η_C = √5 − 1 = 1.236 the 2-cycle of a = b = x with goal 1 gives way to a 4-cycle."""

    def step(x):
        return x - lr * (x**2 - 1) * x

    low = brentq(lambda x: step(step(x)) - x, 0.4, 0.97)
    x = np.array([low, step(low)])
    assert abs(x[0] - x[1]) > 0.1
    cycle = np.repeat(x[:, None], 2, axis=1)[:, None, :]
    objective = scalar_objective((1, 1, 1), 1.0)
    found = repel(objective, cycle, np.zeros_like(cycle), np.array([lr]), Optimizer())
    assert found[0] == grows


@pytest.mark.parametrize("optimizer", RULES)
def test_a_large_network_is_asked_by_a_random_disturbance(optimizer):
    """The Hessian at the origin of three layers that learn 0 is zero; r alone decides."""
    for share, grows in ((0.5, False), (1.2, True)):
        lr = share * optimizer.threshold(1.0) / 0.7
        objective = whitened_objective((6, 9, 9, 6), (0.0,), weight_decay=0.7)
        point = np.zeros((1, 1, objective.network.parameters))
        assert objective.network.parameters > 160
        assert repel(objective, point, point, np.array([lr]), optimizer)[0] == grows
