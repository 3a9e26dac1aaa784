"""Kinds of critical points that are known otherwise."""

import numpy as np
import pytest

from eosdash.core.descent.critical_points import CRITICAL_POINTS, CriticalPoints
from eosdash.core.networks.data import Samples, chebyshev
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective
from eosdash.core.networks.tasks import scalar_objective, whitened_objective


def kinds(objective, *points):
    theta = np.array(points, dtype=float).T
    found = CriticalPoints(objective).kinds(theta, objective.loss(theta.T))
    return [str(CRITICAL_POINTS[kind]) for kind in found]


def test_chains():
    points = [[2.0, 0.6, 1 / 1.2], [0.0, 0.0, 0.0], [1.5, 0.0, 0.0]]
    assert kinds(scalar_objective((1, 1, 1, 1), 1.0), *points) == [
        "global_minimum", "saddle", "saddle",
    ]  # fmt: skip
    assert kinds(scalar_objective((1, 1, 1, 1), 0.0), *points[1:]) == ["global_minimum"] * 2


@pytest.mark.parametrize("decay", [0.05, 0.6])
def test_the_origin_under_weight_decay(decay):
    """Of two weights with the goal 0.4 it is a saddle up to r = 0.4 and the lowest beyond."""
    (two,) = kinds(scalar_objective((1, 1, 1), 0.4, decay), [0.0, 0.0])
    assert two == ("saddle" if decay < 0.4 else "global_minimum")
    (three,) = kinds(scalar_objective((1, 1, 1, 1), 2.0, decay), [0.0, 0.0, 0.0])
    assert three == "local_minimum"


def test_turning_hidden_units_is_no_way_out_of_a_minimum_and_no_flatness():
    """A start on which one of two directions is learned, after Newton's method."""
    objective = whitened_objective((2, 3, 3, 2), (1.5, 0.8), weight_decay=0.1)
    layers = [np.zeros(shape) for shape in objective.network.shapes]
    for layer in layers:
        layer[0, 0] = 1.1
    theta = objective.network.flat(layers)
    for _ in range(50):
        theta = theta - np.linalg.lstsq(objective.hessian(theta), objective.gradient(theta))[0]
    assert np.linalg.norm(objective.gradient(theta)) < 1e-12
    values = np.linalg.eigvalsh(objective.hessian(theta))
    assert np.count_nonzero(np.abs(values) < 1e-9) > 0  # it may be turned
    assert kinds(objective, theta) == ["local_minimum"]


def test_rectified_units_may_be_scaled():
    """One unit learns y = 2x for x > 0; the slope 1.2 fits data that no slope fits exactly."""
    data = Samples(np.array([[1.0, 2.0, 3.0]]), np.array([[1.7, 2.2, 3.7]]))
    objective = NonlinearObjective(
        NonlinearNetwork((1, 1, 1), "relu", biases=False), data.inputs, data.outputs
    )
    slope = float(np.sum(data.inputs * data.outputs) / np.sum(data.inputs**2))
    assert kinds(objective, [2.0, slope / 2], [-1.0, 0.0]) == ["local_minimum", "flat"]


def test_a_tanh_network_at_zero():
    """Depth 2 falls to second order, depth 3 to third only."""
    data = chebyshev(1, 9)
    two, three = (
        NonlinearObjective(NonlinearNetwork(sizes, biases=False), data.inputs, data.outputs)
        for sizes in ((1, 2, 1), (1, 2, 2, 1))
    )
    assert kinds(two, np.zeros(4)) == ["saddle"]
    assert kinds(three, np.zeros(8)) == ["flat"]


@pytest.mark.parametrize("width", [4, 40])
def test_small_and_large_hessians_say_the_same(width):
    """Under weight decay zero is a strict minimum of three layers, at less than the lowest loss."""
    data = chebyshev(3, 12)
    objective = NonlinearObjective(
        NonlinearNetwork((1, width, width, 1), biases=False), data.inputs, data.outputs,
        weight_decay=0.01,
    )  # fmt: skip
    assert kinds(objective, np.zeros(objective.network.parameters)) == ["local_minimum"]
