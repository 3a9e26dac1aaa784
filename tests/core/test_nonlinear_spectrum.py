"""Eigenvalues along runs of non-linear networks, against whole Hessians."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eosdash.core.curvature.nonlinear_curvature import NonlinearCurvature
from eosdash.core.curvature.spectrum import (
    DENSE_LIMIT,
    SYMMETRIC_DENSE_LIMIT,
    SpectrumTracker,
)
from eosdash.core.descent.critical_points import CRITICAL_POINTS, CriticalPoints
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.descent.measure import Measure
from eosdash.core.networks.data import chebyshev, moons, toy_regression
from eosdash.core.networks.initialization import gaussian, uniform
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective
from eosdash.core.networks.symmetry import is_mirrored
from eosdash.core.networks.tasks import whitened_objective
from tests.depth import examples

SETTINGS = {
    "tanh": (chebyshev(), (1, 14, 10, 1), "tanh", "squared", 0.2),
    "relu": (toy_regression(40), (4, 12, 8, 1), "relu", "squared", 0.2),
    "gelu without biases": (toy_regression(30), (4, 12, 8, 1), "gelu", "squared", 0.1),
    "cross-entropy": (moons(40), (2, 12, 8, 2), "tanh", "cross_entropy", 1.0),
    "one logit": (moons(30).with_one_output(), (2, 14, 6, 1), "softplus", "cross_entropy", 2.0),
}


def setting(name, decay=0.0):
    """A network at or near the edge of stability, its start and learning rate."""
    data, sizes, activation, loss, lr = SETTINGS[name]
    network = NonlinearNetwork(sizes, activation, "without" not in name)
    objective = NonlinearObjective(network, data.inputs, data.outputs, loss, decay)
    return objective, gaussian(network, 1.0, 0, fan_in=True), lr


def stretches(objective, theta, lr, steps):
    return [part for part in descend(objective, theta, lr, steps) if isinstance(part, Stretch)]


def errors(objective, extremes, path, every):
    """Of all eigenvalues found at every so many points, relative to the spectral norm."""
    worst = []
    for i in range(0, len(path), every):
        exact = np.linalg.eigvalsh(objective.hessian(path[i]))
        count = extremes.top.shape[1]
        away = np.abs(extremes.top[i] - exact[::-1][:count]).max()
        if extremes.lowest is not None:
            away = max(away, abs(extremes.lowest[i] - exact[0]))
        worst.append(away / np.abs(exact).max())
    return worst


@pytest.mark.parametrize("lowest", [True, False])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", SETTINGS)
def test_eigenvalues_along_a_run(name, count, lowest):
    objective, theta, lr = setting(name)
    assert objective.network.parameters > DENSE_LIMIT + count
    tracker, compared = SpectrumTracker(objective, count, lowest=lowest), 0
    for part in stretches(objective, theta, lr, 250):
        extremes = tracker(part.path)
        assert extremes.top.shape == (len(part.path), count)
        assert (extremes.lowest is not None) == lowest
        assert extremes.converged.all()
        found = errors(objective, extremes, part.path, 9)
        assert max(found) < 1e-6
        compared += len(found)
    assert compared > 25


def test_weight_decay_lifts_every_eigenvalue():
    objective, theta, lr = setting("tanh", 0.05)
    (first, *_) = stretches(objective, theta, lr, 16)
    extremes = SpectrumTracker(objective, 2)(first.path)
    assert max(errors(objective, extremes, first.path, 4)) < 1e-6


@pytest.mark.parametrize("biases", [True, False])
def test_small_networks_give_the_whole_spectrum(biases):
    data = chebyshev(3, 9)
    network = NonlinearNetwork((1, 4, 1), "tanh", biases)
    objective = NonlinearObjective(network, data.inputs, data.outputs, weight_decay=0.1)
    path = np.random.default_rng(0).standard_normal((20, network.parameters))
    extremes = SpectrumTracker(objective, 10)(path)
    exact = np.linalg.eigvalsh(objective.hessian(path))[:, ::-1]
    found = min(10, network.parameters)
    np.testing.assert_allclose(extremes.top[:, :found], exact[:, :found], atol=1e-12)
    assert np.isnan(extremes.top[:, found:]).all()
    assert extremes.lowest is not None
    np.testing.assert_allclose(extremes.lowest, exact[:, -1], atol=1e-12)


def mirrored_setting(sizes, degree):
    data, network = chebyshev(degree), NonlinearNetwork(sizes)
    objective = NonlinearObjective(network, data.inputs, data.outputs)
    theta = gaussian(network, 1.0, 1, fan_in=True)
    assert is_mirrored(objective, theta)
    return objective, theta


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("degree", [3, 5])
@pytest.mark.parametrize(("sizes", "every"), [((1, 12, 10, 1), 5), ((1, 18, 16, 1), 11)])
def test_no_eigenvalue_is_missed_from_a_mirrored_start(sizes, every, degree, count):
    """The smaller network is done densely, the larger one not."""
    objective, theta = mirrored_setting(sizes, degree)
    assert (objective.network.parameters <= SYMMETRIC_DENSE_LIMIT) == (every == 5)
    tracker = SpectrumTracker(objective, count, generic=False)
    for part in stretches(objective, theta, 0.2, 250):
        extremes = tracker(part.path)
        assert extremes.converged.all()
        assert max(errors(objective, extremes, part.path, every)) < 1e-6


def test_biases_stay_at_zero_from_a_mirrored_start():
    """Until the edge of stability, where rounding may grow."""
    objective, theta = mirrored_setting((1, 12, 10, 1), 5)
    path = np.concatenate([part.path for part in stretches(objective, theta, 0.05, 300)])
    assert np.abs(path[-1] - theta).max() > 0.05
    assert max(np.abs(shift).max() for shift in objective.network.shifts(path)) < 1e-12


def test_a_mirrored_start_has_eigenvectors_of_biases_or_of_weights():
    data = chebyshev(5)
    network = NonlinearNetwork((1, 5, 4, 1))
    objective = NonlinearObjective(network, data.inputs, data.outputs)
    hessian = objective.hessian(gaussian(network, 1.0, 0, fan_in=True))
    weights, shifts = [np.zeros(s) for s in network.shapes], [np.ones(s[0]) for s in network.shapes]
    bias = network.flat(weights, shifts) == 1
    np.testing.assert_allclose(hessian[np.ix_(bias, ~bias)], 0, atol=1e-14)
    assert np.abs(hessian[np.ix_(bias, bias)]).max() > 0.1


def mirrored(degree=5, activation="tanh", start=gaussian, biases=True, loss="squared"):
    data = chebyshev(degree)
    outputs = data.outputs if loss == "squared" else (data.outputs > 0).astype(float)
    network = NonlinearNetwork((1, 5, 4, 1), activation, biases)
    objective = NonlinearObjective(network, data.inputs, outputs, loss)
    return is_mirrored(objective, start(network, 1.0, 0))


def test_which_starts_are_mirrored():
    assert mirrored()
    assert mirrored(activation="linear")
    assert not mirrored(degree=6)
    assert not mirrored(activation="relu")
    assert not mirrored(start=uniform)
    assert not mirrored(biases=False)
    assert not mirrored(loss="cross_entropy")


def test_starts():
    """As the first numbers of the generator, in order, over √fan-in."""
    network = NonlinearNetwork((2, 3, 1))
    drawn = np.random.default_rng(7).standard_normal(9)
    first, second = network.layers(gaussian(network, 0.5, 7, fan_in=True))
    np.testing.assert_allclose(first.ravel(), 0.5 * drawn[:6] / np.sqrt(2), rtol=1e-14)
    np.testing.assert_allclose(second.ravel(), 0.5 * drawn[6:] / np.sqrt(3), rtol=1e-14)
    assert not any(shift.any() for shift in network.shifts(gaussian(network, 0.5, 7, fan_in=True)))
    drawn = 2 * np.random.default_rng(7).random(13) - 1
    fan_in = np.repeat([2, 3], [9, 4])
    start = uniform(network, 0.5, 7)
    np.testing.assert_allclose(start, 0.5 * drawn / np.sqrt(fan_in), atol=1e-15)


CURVATURES = st.tuples(
    st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple),
    st.sampled_from(["tanh", "relu", "gelu", "softplus", "linear"]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 30),
)


@settings(max_examples=examples(60))
@given(CURVATURES, st.integers(1, 5), st.integers(1, 4), st.integers(0, 99))
def test_products_on_blocks_are_those_of_a_linearization(shape, number, block, seed):
    sizes, activation, biases, classify, samples = shape
    rng = np.random.default_rng(seed)
    network = NonlinearNetwork(sizes, activation, biases)
    inputs = rng.standard_normal((sizes[0], samples))
    outputs = rng.standard_normal((sizes[-1], samples))
    if classify:
        outputs = (outputs == outputs.max(axis=0)).astype(float)
    loss = "cross_entropy" if classify else "squared"
    objective = NonlinearObjective(network, inputs, outputs, loss)
    points = rng.standard_normal((number, network.parameters))
    directions = rng.standard_normal((number, block, network.parameters))
    curvature = NonlinearCurvature(objective, points)
    expected = objective.linearize(points[:, None]).hessian_product(directions)
    found = curvature.expand(curvature(curvature.compress(directions)))
    np.testing.assert_allclose(found, expected, atol=1e-10 * (1 + np.abs(expected).max()))
    which = rng.random(number) < 0.6
    some = curvature.of(which)
    found = some.expand(some(some.compress(directions[which])))
    np.testing.assert_allclose(found, expected[which], atol=1e-10 * (1 + np.abs(expected).max()))


def test_products_of_tiles(monkeypatch):
    """The same whether the points are taken one by one or all together."""
    objective, theta, _ = setting("tanh")
    rng = np.random.default_rng(0)
    points = theta + 0.1 * rng.standard_normal((7, len(theta)))
    directions = rng.standard_normal((7, 3, len(theta)))
    results = []
    for floats in (1, 2000, 10**9):
        monkeypatch.setattr("eosdash.core.curvature.nonlinear_curvature.TILE_FLOATS", floats)
        results.append(NonlinearCurvature(objective, points)(directions))
    np.testing.assert_allclose(results[0], results[1], atol=1e-12)
    np.testing.assert_allclose(results[0], results[2], atol=1e-12)


@pytest.mark.parametrize("biases", [True, False])
def test_compressed_directions_keep_lengths(biases):
    data = toy_regression(5)
    objective = NonlinearObjective(
        NonlinearNetwork((4, 3, 1), biases=biases), data.inputs, data.outputs
    )
    size = objective.network.parameters
    curvature = NonlinearCurvature(objective, np.ones((2, size)))
    directions = np.random.default_rng(0).standard_normal((2, 3, size))
    block = curvature.compress(directions)
    np.testing.assert_array_equal(curvature.expand(block), directions)
    np.testing.assert_allclose(np.linalg.norm(block, axis=2), np.linalg.norm(directions, axis=2))


@pytest.mark.parametrize("size", [1e80, 1e160, np.inf])
def test_overflow_gives_nan_where_it_is(size):
    """At the points on either side nothing is lost."""
    objective, theta, _ = setting("cross-entropy")
    path = np.stack([theta, theta, np.full_like(theta, size), theta])
    extremes = SpectrumTracker(objective, 2)(path)
    assert max(errors(objective, extremes, path[[0, 1]], 1)) < 1e-6
    assert extremes.top[3] == pytest.approx(extremes.top[0], rel=1e-6)
    if not np.isfinite(size):
        assert np.isnan(extremes.top[2]).all()
        assert not extremes.converged[2]


def test_measurements_of_a_run():
    objective, theta, lr = setting("relu")
    measure = Measure(objective, eigenvalues=2, lowest=True)
    for part in stretches(objective, theta, lr, 40):
        seen = measure(part)
        assert max(errors(objective, SpectrumTracker(objective, 2)(part.path), part.path, 7)) < 1e-6
        np.testing.assert_array_equal(seen.sharpness, seen.eigenvalues[:, 0])
        assert seen.lambda_min is not None
        assert {seen.balance, seen.singular_values, seen.gfs_sharpness, seen.path} == {None}
        assert "balance" not in seen.columns()


@pytest.mark.parametrize("name", ["tanh", "linear"])
def test_lambda_min_is_measured_where_it_is_asked_for_and_changes_nothing_else(name):
    objective, theta, lr = setting("tanh")
    if name == "linear":
        objective = whitened_objective((2, 3, 2), (1.0, 0.5))
        theta = gaussian(objective.network, 0.5, 3)
    for part in stretches(objective, theta, lr, 20):
        without, beside = Measure(objective)(part), Measure(objective, lowest=True)(part)
        assert without.lambda_min is None
        assert "lambda_min" not in without.columns()
        exact = [np.linalg.eigvalsh(objective.hessian(point)) for point in part.path]
        scale = np.abs(exact).max(axis=1)
        assert np.all(np.abs(beside.lambda_min - np.min(exact, axis=1)) < 1e-6 * scale)
        assert np.all(np.abs(without.sharpness - beside.sharpness) < 1e-6 * scale)


def test_curvature_tells_a_minimum_from_a_saddle():
    data = chebyshev(1, 9)
    objective = NonlinearObjective(
        NonlinearNetwork((1, 1, 1), "linear", biases=False), data.inputs, data.outputs
    )
    points = np.array([[0.0, 2.0], [0.0, 0.5]])
    kinds = CriticalPoints(objective).kinds(points, objective.loss(points.T))
    assert [CRITICAL_POINTS[kind] for kind in kinds] == ["saddle", "global_minimum"]


def test_a_saddle_is_no_minimum_and_ends_nothing():
    """Zero is a saddle of a tanh network without biases that has to learn y = x."""
    data = chebyshev(1, 9)
    objective = NonlinearObjective(
        NonlinearNetwork((1, 3, 1), biases=False), data.inputs, data.outputs
    )
    *_, ending = descend(objective, np.zeros(6), 0.1, 40)
    assert (ending.outcome, ending.step) == ("saddle", 40)
    *_, ending = descend(objective, np.full(6, 1e-3), 0.5, 4000)
    assert ending.outcome != "saddle"
