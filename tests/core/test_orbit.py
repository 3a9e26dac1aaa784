"""Orbits and what of them is known exactly; one-dimensional reductions; starts in a ball."""

import numpy as np
import pytest
from scipy.stats import kstest

import eosdash
from eosdash.core.networks.linear import LinearNetwork
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from eosdash.core.sweeps.orbit import cobweb, descent, follow
from eosdash.core.sweeps.sweep import in_ball
from tests.core.brute_force import of_matrix, regression

# Maps whose exponents are known.


def logistic(rate):
    """x ← r x (1 − x)."""

    def advance(point, tangent):
        return rate * point * (1 - point), rate * (1 - 2 * point) * tangent

    return advance


def first(point):
    return point[:, 0]


def cycle_of_two(r):
    """The 2-cycle of the logistic map: roots of r²x² − r(r + 1)x + (r + 1)."""
    return np.roots([r**2, -r * (r + 1), r + 1])


LOGISTIC = {
    4.0: np.log(2),
    3.2: np.mean(np.log(np.abs(3.2 * (1 - 2 * cycle_of_two(3.2))))),
    2.8: np.log(0.8),
}


@pytest.mark.parametrize("r", LOGISTIC)
def test_exponents_of_the_logistic_map(r):
    found = follow(logistic(r), np.array([[0.3]]), first, 8000, 64)
    assert found.exponent == pytest.approx([LOGISTIC[r]], abs=1e-2)


def test_orbits_of_the_logistic_map():
    rates = np.array([[2.8], [3.2]])
    found = follow(logistic(rates), np.full((2, 1), 0.3), first, 2000, 8)
    assert found.visits.shape == (8, 2)
    np.testing.assert_allclose(found.visits[:, 0], 1 - 1 / 2.8, atol=1e-10)
    visited = found.visits[:, 1]
    np.testing.assert_allclose(np.sort(visited[:2]), np.sort(cycle_of_two(3.2)), atol=1e-10)
    np.testing.assert_allclose(visited[2:], visited[:-2], atol=1e-10)


def test_visits_are_the_points_before_the_last_steps():
    def doubled(point, tangent):
        return 2 * point, 2 * tangent

    found = follow(doubled, np.ones((1, 1)), first, 10, 4)
    np.testing.assert_array_equal(found.visits[:, 0], 2.0 ** np.arange(6, 10))
    assert found.exponent == pytest.approx([np.log(2)])


def test_an_orbit_that_overflows_has_no_visits_and_no_exponent():
    found = follow(logistic(5.0), np.array([[0.3], [0.0]]), first, 200, 4)
    assert np.isnan(found.visits[:, 0]).all()
    assert np.isnan(found.exponent[0])
    np.testing.assert_array_equal(found.visits[:, 1], 0)
    assert found.exponent[1] == pytest.approx(np.log(5))


def test_a_superstable_point_attracts_without_a_warning():
    found = follow(logistic(2.0), np.array([[0.5]]), first, 100, 4)
    assert found.exponent == [-np.inf]
    np.testing.assert_array_equal(found.visits, 0.5)


# Exponents of gradient descent.


@pytest.mark.parametrize("y", [1.0, -3.0])
@pytest.mark.parametrize("lr", [0.3, 1.4, 1.9])
def test_the_exponent_of_a_quadratic(y, lr):
    """½(w − y)² has λ = 1."""
    advance = descent(scalar_objective((1, 1), y), lr)
    found = follow(advance, np.array([[0.7]]), first, 600, 4)
    assert found.exponent == pytest.approx([np.log(abs(1 - lr))], abs=1e-9)


def test_the_exponent_of_a_quadratic_in_many_directions_is_that_of_the_slowest():
    raw = regression((4, 2), condition=10.0, data_seed=3)
    eigenvalues = np.linalg.eigvalsh(raw.hessian(np.zeros(8)))
    objective = regression_objective((4, 2), condition=10.0, data_seed=3)
    rates = np.array([0.2, 0.9, 1.2, 1.9]) / eigenvalues.max()
    point = np.tile(np.linspace(-1, 1, 8), (len(rates), 1))
    found = follow(descent(objective, rates), point, first, 4000, 4)
    expected = np.log(np.abs(1 - rates[:, None] * eigenvalues).max(axis=1))
    # The tangent starts in every direction, and turns to the slowest.
    np.testing.assert_allclose(found.exponent, expected, atol=1e-3)


@pytest.mark.parametrize(("depth", "lr"), [(2, 0.5), (3, 0.4), (5, 0.2)])
def test_neighbours_on_a_manifold_of_minimizers_keep_their_distance(depth, lr):
    objective = scalar_objective((1,) * (depth + 1), 1.0)
    point = np.linspace(0.7, 1.3, depth)[None]
    found = follow(descent(objective, lr), point, objective.loss, 1500, 4)
    assert found.visits.max() < 1e-20
    assert abs(found.exponent[0]) < 1e-6


@pytest.mark.parametrize("lr", [1.5, 1.9])
def test_the_exponent_of_chaos_is_the_rate_at_which_neighbours_part(lr):
    steps, distance = 12_000, 1e-8
    found = follow(
        descent(scalar_objective((1, 1, 1), 1.0), lr), np.full((1, 2), 0.8), first, steps, 4
    )

    def step(a, b):
        error = a * b - 1
        return a - lr * error * b, b - lr * error * a

    here, there, growth = (0.8, 0.8), (0.8 + distance, 0.8), []
    for _ in range(steps):
        here, there = step(*here), step(*there)
        apart = np.array(there) - here
        length = np.hypot(*apart)
        growth.append(np.log(length / distance))
        there = tuple(here + apart * (distance / length))
    estimate = np.mean(growth[steps // 2 :])
    assert estimate > 0.1  # chaos
    assert found.exponent == pytest.approx([estimate], abs=0.02)
    # Half a run earlier or later it is the same within that.
    assert np.mean(growth[: steps // 2]) == pytest.approx(estimate, abs=0.02)


# One step.

STEPPED = {
    "chain": (scalar_objective((1, 1, 1, 1), 0.7), of_matrix((1, 1, 1, 1), np.array([[0.7]]))),
    "decayed": (
        scalar_objective((1, 3, 1), -0.7, 0.2),
        of_matrix((1, 3, 1), np.array([[-0.7]]), 0.2),
    ),
    "matrix": (
        whitened_objective((2, 4, 4, 2), (1.0, 0.5)),
        of_matrix((2, 4, 4, 2), np.diag([1.0, 0.5])),
    ),
    "regression": (
        regression_objective((3, 4, 2), weight_decay=0.1),
        regression((3, 4, 2), decay=0.1),
    ),
}


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize("several", [False, True])
def test_a_step_is_that_of_gradient_descent_and_its_derivative(name, several):
    objective, raw = STEPPED[name]
    rng = np.random.default_rng(1)
    theta, direction = rng.standard_normal((2, 5, objective.network.parameters))
    lr = np.array([0.1, 0.2, 0.5, 1.0, 2.0]) if several else 0.3
    column = lr[:, None] if several else lr

    def step(point):
        return point - column * raw.gradient(point)

    point, tangent = descent(objective, lr)(theta, direction)
    np.testing.assert_allclose(point, step(theta), rtol=1e-11, atol=1e-11)
    tiny = 1e-5
    slope = (step(theta + tiny * direction) - step(theta - tiny * direction)) / (2 * tiny)
    np.testing.assert_allclose(tangent, slope, rtol=1e-6, atol=1e-6)


# The balanced chain in one dimension.

CHAINS = [(2, 1.0), (3, 1.0), (5, 1.0), (3, 2.0), (2, -0.5), (5, -1.5)]


def critical(depth, y):
    return 2 / (depth * abs(y) ** (2 - 2 / depth))


@pytest.mark.parametrize(("depth", "y"), CHAINS)
def test_the_reduction_is_gradient_descent_of_the_balanced_chain(depth, y):
    lr = 0.8 * critical(depth, y)
    made = cobweb(depth, y, lr, 0.5, 10)
    sign = np.ones(depth)
    sign[0] = np.sign(y)
    objective = scalar_objective((1,) * (depth + 1), y)

    def step(w):
        points = w[:, None] * sign
        after = (points - lr * objective.gradient(points)) * sign
        # Weights that were equal stay so.
        np.testing.assert_allclose(after, np.tile(after[:, :1], depth), rtol=1e-9, atol=1e-9)
        return after[:, 0]

    np.testing.assert_allclose(made.once, step(made.w), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(made.twice, step(step(made.w)), rtol=1e-9, atol=1e-9)
    assert made.w[0] < 0 < made.fixed < made.w[-1]


@pytest.mark.parametrize(("depth", "y"), CHAINS)
@pytest.mark.parametrize("ratio", [0.6, 1.1])
def test_the_path_is_a_run_of_the_balanced_chain(depth, y, ratio):
    lr = ratio * critical(depth, y)
    start = 0.7 * abs(y) ** (1 / depth)
    made = cobweb(depth, y, lr, start, 40)
    assert made.path[0] == start
    assert len(made.path) == 41
    weights = np.full(depth, start)
    weights[0] *= np.sign(y)
    for steps in (1, 2, 5, 9):
        run = eosdash.train(depth=depth, target=y, weights=tuple(weights), lr=lr, steps=steps)
        assert run.step == steps
        np.testing.assert_allclose(np.abs(run.weights), made.path[steps], rtol=1e-9)


@pytest.mark.parametrize(("depth", "y"), CHAINS)
@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.3])
def test_the_minimizer_is_fixed_and_loses_its_stability_at_the_critical_rate(depth, y, ratio):
    lr, tiny = ratio * critical(depth, y), 1e-5

    def step(w):
        return cobweb(depth, y, lr, w, 1).path[1]

    made = cobweb(depth, y, lr, 0.5, 1)
    assert made.fixed**depth == pytest.approx(abs(y), rel=1e-12)
    assert step(made.fixed) == pytest.approx(made.fixed, rel=1e-12)
    slope = (step(made.fixed + tiny) - step(made.fixed - tiny)) / (2 * tiny)
    assert made.slope == pytest.approx(slope, abs=1e-6)
    assert (made.slope == pytest.approx(-1, abs=1e-12)) == (ratio == 1)


def test_a_path_that_leaves_ends_soon_and_finite():
    made = cobweb(5, 1.0, 3.0, 1.6, 1000)
    assert len(made.path) < 10
    assert np.isfinite(made.path).all()
    assert np.abs(made.path[:-1]).max() < 1e3


# Starts in a ball.


@pytest.mark.parametrize("sizes", [(1, 1), (1, 1, 1), (2, 4, 4, 2)])
def test_starts_are_uniform_in_the_ball(sizes):
    network = LinearNetwork(sizes)
    size = network.parameters
    points = in_ball(network, 3.0, 4000, 5)
    assert points.shape == (size, 4000)
    lengths = np.linalg.norm(points, axis=0)
    assert lengths.max() <= 3
    # The volume inside a radius grows like its P-th power.
    assert kstest((lengths / 3) ** size, "uniform").pvalue > 0.01
    # In each direction as much: E x² = R²/(P + 2), in the ball.
    np.testing.assert_allclose(np.mean(points**2, axis=1), 9 / (size + 2), rtol=0.12)
    np.testing.assert_allclose(points.mean(axis=1), 0, atol=0.15)
    np.testing.assert_array_equal(points, in_ball(network, 3.0, 4000, 5))
    assert not np.array_equal(points, in_ball(network, 3.0, 4000, 6))
