"""The numbers behind the theory, against closed forms, brute force and independent searches."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import root
from scipy.stats import ortho_group

from eosdash.core.maps import folds
from eosdash.core.maps.folds import PlaneMap
from eosdash.core.networks.initialization import aligned, gaussian
from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from eosdash.core.theory import statements
from eosdash.core.theory.critical import critical_lr
from eosdash.core.theory.stable_minima import chain_sharpness, hyperbola, surface, weight_bound
from tests.core.brute_force import BruteForce, of_matrix, regression
from tests.depth import examples

MAPS = [
    PlaneMap(rate, rest, target)
    for rate, rest, target in [
        (0.5, 1.0, 1.0),
        (0.9, 1.0, -1.0),
        (0.3, 0.8, 0.0),
        (1.3, 1.0, 1.0),
        (1.3, 1.0, -1.0),
        (2.7, 0.9, 1.0),
    ]
]


def top_eigenvalue(objective, theta):
    return np.linalg.eigvalsh(objective.hessian(theta))[..., -1]


# The map of two weights


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_plane_map_is_a_step_of_gradient_descent(decay):
    objective = regression_objective((1, 1, 1), 20, 0.3, data_seed=2, weight_decay=decay)
    raw = regression((1, 1, 1), 20, 0.3, data_seed=2, decay=decay)
    theta = np.random.default_rng(0).standard_normal((50, 2))
    step = folds.plane_map(objective, 0.7)
    np.testing.assert_allclose(step(theta.T).T, theta - 0.7 * raw.gradient(theta), atol=1e-12)
    expected = [np.linalg.det(np.eye(2) - 0.7 * raw.hessian(point)) for point in theta]
    np.testing.assert_allclose(step.determinant(theta.T), expected, atol=1e-12)


@pytest.mark.parametrize("step", MAPS)
def test_determinant_vanishes_on_the_fold_and_changes_sign_across_it(step):
    for curve in folds.fold(step):
        assert np.abs(step.determinant(curve)).max() < 1e-12
        np.testing.assert_array_equal(curve[:, 0], curve[:, -1])
        along = curve[:, 2:] - curve[:, :-2]
        normal = 1e-5 * np.stack([-along[1], along[0]]) / np.hypot(*along)
        one, other = (step.determinant(curve[:, 1:-1] + side * normal) for side in (1, -1))
        assert np.all(one * other < 0)


def crossings(values):
    """Sign changes along the first axis of a grid."""
    return np.sum(np.diff(values > 0, axis=0))


@pytest.mark.parametrize("step", MAPS)
def test_fold_is_all_of_the_zero_set(step):
    """On every horizontal line the determinant changes sign as often as the curves cross it."""
    half = 2 * folds.reach(step)
    axis = np.linspace(-half, half, 4001)
    for height in np.linspace(-half, half, 33) + 1e-4:
        signs = crossings(step.determinant(np.stack([axis, np.full_like(axis, height)])))
        crossed = sum(crossings(curve[1] - height) for curve in folds.fold(step, 2001))
        assert signs == crossed


def brute_force_preimages(step, point, starts):
    """Distinct solutions of G(a, b) = (p, q), each by a solver from its own start."""
    found = []
    for start in starts:
        end = root(lambda w: step(w) - point, start, jac=None, tol=1e-13)
        exact = np.abs(step(end.x) - point).max() < 1e-9
        if exact and all(np.abs(end.x - other).max() > 1e-5 for other in found):
            found.append(end.x)
    return found


@pytest.mark.parametrize("step", MAPS)
def test_preimages_are_all_that_many_searches_find(step):
    rng = np.random.default_rng(3)
    half = folds.reach(step)
    for point in rng.uniform(-0.7 * half, 0.7 * half, (4, 2)):
        solutions = folds.preimages(step, point[:, None])[:, 0]
        solutions = solutions[:, ~np.isnan(solutions[0])].T
        searched = brute_force_preimages(step, point, rng.uniform(-2.5, 2.5, (150, 2)) * half)
        assert len(searched) == len(solutions)
        for other in searched:
            assert np.abs(solutions - other).max(axis=1).min() < 1e-6


@given(
    st.floats(0.05, 20.0),
    st.floats(0.2, 1.0),
    st.floats(-3.0, 3.0),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["any", "p = -q", "p = q", "origin"]),
)
def test_each_preimage_is_one_and_a_start_is_among_its_own(rate, rest, target, seed, where):
    step = PlaneMap(rate, rest, target)
    start = np.random.default_rng(seed).standard_normal((2, 20)) / math.sqrt(rate)
    if where == "p = q":
        start[1] = start[0]
    if where == "p = -q":
        start[1] = -start[0]
    if where == "origin":
        start[:] = 0.0
    points = step(start)
    found = folds.preimages(step, points)
    back = step(found) - points[:, :, None]
    scale = 1 + np.abs(points).max() + np.nanmax(np.abs(found)) ** 3 * rate
    assert np.nanmax(np.abs(back)) < 1e-9 * scale
    away = np.nanmin(np.abs(found - start[:, :, None]).max(axis=0), axis=1)
    regular = np.abs(step.determinant(start)) > 1e-3
    assert np.all(away[regular] < 1e-6 * (1 + np.abs(start).max()))


def count(step, points):
    return np.sum(~np.isnan(folds.preimages(step, points)[0]), axis=-1)


@pytest.mark.parametrize("step", MAPS)
def test_two_preimages_are_won_or_lost_across_the_caustic(step):
    """Everywhere but at cusps, where the map folds along the fold itself."""
    for curve in folds.fold(step, 101):
        a, b = curve
        # DG is symmetric: its kernel is normal to its image, and so to the caustic.
        mixed = -step.rate * (2 * a * b - step.target)
        one, other = step.rest - step.rate * b**2, step.rest - step.rate * a**2
        derivative = np.array([[one, mixed], [mixed, other]]).transpose(2, 0, 1)
        values, vectors = np.linalg.eigh(derivative)
        place = np.abs(values).argmin(axis=1)
        normal = vectors[np.arange(len(place)), :, place].T
        small = 1e-3
        bend = step(curve + small * normal) + step(curve - small * normal) - 2 * step(curve)
        bend = np.abs(np.sum(bend * normal, axis=0)) / small**2
        folded = bend > 0.1 * bend.max()
        sides = (count(step, step(curve) + side * 1e-5 * normal) for side in (1, -1))
        change = np.abs(np.subtract(*sides))
        assert np.mean(folded) > 0.6
        assert np.all(change[folded] == 2)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("near", [0.0, 1e-16, 1e-11, 1e-8])
def test_preimages_of_the_lines_of_symmetry_are_those_beside_them(sign, near):
    step = PlaneMap(0.5, 1.0, 1.0)
    along = np.append(np.linspace(-1.3, 1.3, 14), 0.0)
    on = np.stack([along, sign * along]) + np.array([[0.0], [near]])
    beside = on + np.array([[0.0], [1e-4]])
    found, others = folds.preimages(step, on), folds.preimages(step, beside)
    for one, other in zip(found.swapaxes(0, 1), others.swapaxes(0, 1), strict=True):
        distances = np.abs(one[:, :, None] - other[:, None]).max(axis=0)
        known = ~np.isnan(one[0])
        assert np.sum(known) == np.sum(~np.isnan(other[0]))
        assert np.nanmin(distances[known], axis=1).max() < 1e-2
        apart = np.abs(one[:, :, None] - one[:, None]).max(axis=0)[known][:, known]
        assert np.all(apart[~np.eye(len(apart), dtype=bool)] > 1e-3)


def test_grid_of_counts_is_that_of_its_points():
    step = PlaneMap(0.5, 1.0, 1.0)
    grid = folds.count_preimages(step, 31)
    assert grid.number[4, 20] == count(step, np.array([[grid.x[20]], [grid.y[4]]]))[0]
    assert set(np.unique(grid.number)) == {3, 5}
    assert np.all(grid.x == -grid.x[::-1])


def test_lines_of_the_mesh_keep_one_weight():
    mesh = folds.mesh(2.0, 5, 9)
    assert mesh.constant_a.shape == mesh.constant_b.shape == (5, 2, 9)
    assert np.ptp(mesh.constant_a[:, 0], axis=1).max() == 0
    assert np.ptp(mesh.constant_b[:, 1], axis=1).max() == 0
    step = PlaneMap(0.5, 1.0, 1.0)
    taken = folds.image(step, mesh.constant_a)
    np.testing.assert_array_equal(taken[3], step(mesh.constant_a[3]))


# The determinant of DG


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 4, 1)])
def test_log_determinant_of_two_layers_in_closed_form(sizes):
    """(1 − ε²)^{w−1} [1 − ε² − η(‖u‖² + ‖v‖² + 2ε uᵀv)], ε = η(uᵀv − y)."""
    width, lr, y = sizes[1], 0.6, -0.8
    theta = np.random.default_rng(0).standard_normal((40, 2 * width))
    u, v = theta[:, :width], theta[:, width:]
    inner = np.sum(u * v, axis=1)
    error, squares = lr * (inner - y), np.sum(theta**2, axis=1)
    rest = 1 - error**2
    det = rest ** (width - 1) * (rest - lr * (squares + 2 * error * inner))
    found = statements.log_determinants(scalar_objective(sizes, y), lr, theta)
    np.testing.assert_allclose(found, np.log(np.abs(det)), atol=1e-9)
    if width == 1:
        a, b = theta.T
        two = (1 - lr * a**2) * (1 - lr * b**2) - lr**2 * (2 * a * b - y) ** 2
        np.testing.assert_allclose(found, np.log(np.abs(two)), atol=1e-9)


def test_log_determinants_in_batches(monkeypatch):
    objective = whitened_objective((2, 3, 2), (1.0, 0.5), weight_decay=0.1)
    theta = np.random.default_rng(0).standard_normal((7, 12))
    raw = of_matrix((2, 3, 2), np.diag([1.0, 0.5]), 0.1)
    expected = [
        math.log(abs(np.linalg.det(np.eye(12) - 0.3 * raw.hessian(point)))) for point in theta
    ]
    monkeypatch.setattr(statements, "BATCH_FLOATS", 3 * 144)
    np.testing.assert_allclose(statements.log_determinants(objective, 0.3, theta), expected)


def decayed(sizes, values, decay):
    return whitened_objective(sizes, values, rotate=True, data_seed=1, weight_decay=decay)


SINGULAR = [
    (whitened_objective((3, 2), (0.7, 0.2), weight_decay=0.3), 1 / 1.3),
    (regression_objective((3, 2), 50, condition=6.0, weight_decay=0.1), None),  # 1/η in the middle
    (decayed((2, 5, 4, 2), (1.1, 0.3), 0.4), 2.5),  # directions that neither end sees
    (decayed((3, 4, 2), (1.1, 0.3), 0.4), 2.5),  # as the residual has a kernel
    (regression_objective((4, 3, 2), 2, weight_decay=0.4), 2.5),  # inputs that never occur
]
REGULAR = [
    (whitened_objective((3, 2), (0.7, 0.2), weight_decay=0.3), 1 / 1.31),
    (decayed((2, 5, 4, 2), (1.1, 0.3), 0.4), 2.4),
    (decayed((2, 3, 2), (1.1, 0.3), 0.4), 2.5),
    (decayed((2, 2, 5, 2), (1.1, 0.3), 0.4), 2.5),
    (scalar_objective((1, 1, 1, 1), 0.8, 0.4), 2.5),
    (scalar_objective((1, 5, 1), 0.8), 1 / 0.8),  # an eigenvalue at θ = 0, and not elsewhere
    (regression_objective((4, 3, 2), 2), 2.5),
]


def smallest_singular_value(objective, lr, theta):
    """Of I − η∇²L, from the raw data, relative to the largest or to 1."""
    count = len(objective.factor)
    inputs = np.sqrt(count) * objective.factor
    loss = BruteForce(
        objective.network.sizes, inputs, objective.solution @ inputs, objective.weight_decay
    )
    values = np.linalg.svd(np.eye(len(theta)) - lr * loss.hessian(theta), compute_uv=False)
    return values[-1] / max(1.0, values[0])


@pytest.mark.parametrize("case", range(len(SINGULAR)))
def test_a_map_that_crushes_everything_is_found(case):
    objective, lr = SINGULAR[case]
    lr = lr or 1 / (np.linalg.eigvalsh(objective.covariance)[1] + objective.weight_decay)
    assert statements.is_singular_everywhere(objective, lr)
    theta = statements.random_points(objective.network, 1.7, 5, 20)
    assert np.all(np.isneginf(statements.log_determinants(objective, lr, theta)))
    for point in theta:
        assert smallest_singular_value(objective, lr, point) < 1e-14


@pytest.mark.parametrize("case", range(len(REGULAR)))
def test_a_map_that_crushes_nothing_is_not(case):
    objective, lr = REGULAR[case]
    assert not statements.is_singular_everywhere(objective, lr)
    theta = statements.random_points(objective.network, 1.7, 5, 20)
    found = statements.log_determinants(objective, lr, theta)
    assert np.all(np.isfinite(found))
    for point in theta:
        assert smallest_singular_value(objective, lr, point) > 1e-9


def test_large_maps_are_not_looked_at():
    large = decayed((2, 20, 20, 2), (1.1, 0.3), 0.4)
    assert statements.is_singular_everywhere(large, 2.5) is None
    assert statements.is_singular_everywhere(large, 2.4) is False


def test_random_points_begin_with_the_start():
    network = LinearNetwork((3, 4, 2))
    for fan_in in (False, True):
        first, second = statements.random_points(network, 0.7, 5, 2, fan_in)
        np.testing.assert_array_equal(first, gaussian(network, 0.7, 5, fan_in))
        assert not np.array_equal(first, second)


# Minimizers as a manifold


PROJECTED = [
    scalar_objective((1, 1, 1, 1), -1.5),
    scalar_objective((1,) * 9, 0.7),
    whitened_objective((2, 3, 3, 2), (1.0, 0.5), rotate=True),
    whitened_objective((3, 3, 2), (2.0, 0.5)),
    regression_objective((4, 5, 3), 60, 0.3, 20.0),
    regression_objective((4, 3, 2, 2), 2, 0.0, 3.0),  # fewer samples than inputs
]


def dense_jacobian(objective, theta):
    """Jacobian (d_out · d_in, P) of W_L ⋯ W_1 F by differences of a multilinear map, exact."""
    columns = []
    for direction in np.eye(len(theta)):
        # Linear in each weight alone.
        moved = objective.product(theta + direction) - objective.product(theta)
        columns.append((moved @ objective.factor).ravel())
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("objective", PROJECTED, ids=lambda o: str(o.network.sizes))
def test_projections_are_minimizers_where_the_jacobian_has_full_rank(objective):
    theta = statements.random_points(objective.network, 1.0, 0, 12)
    found = statements.projected(objective, theta)
    assert len(found.theta) + found.failed == 12
    assert found.failed <= 1
    assert np.all(objective.loss(found.theta) - objective.floor < 1e-20)
    outputs = objective.network.sizes[-1] * np.linalg.matrix_rank(objective.factor)
    values = statements.jacobian_singular_values(objective, found.theta)
    assert values.shape == (len(found.theta), outputs)
    assert np.all(statements.ranks(values) == outputs)
    for point, expected in zip(found.theta, values, strict=True):
        dense = np.linalg.svd(dense_jacobian(objective, point), compute_uv=False)
        np.testing.assert_allclose(dense[:outputs], expected, rtol=1e-6, atol=1e-9)
        assert np.linalg.matrix_rank(dense_jacobian(objective, point), tol=1e-8) == outputs
    np.testing.assert_allclose(values[:, 0] ** 2, top_eigenvalue(objective, found.theta))


def test_projection_is_the_nearest_minimizer_to_first_order():
    """Close to the manifold the way there is normal to it."""
    objective = whitened_objective((2, 3, 2), (1.0, 0.5))
    on_it = statements.projected(objective, statements.random_points(objective.network, 1, 0, 5))
    near = on_it.theta + 1e-5 * np.random.default_rng(1).standard_normal(on_it.theta.shape)
    back = statements.projected(objective, near).theta
    for point, start in zip(back, near, strict=True):
        tangent = np.linalg.svd(dense_jacobian(objective, point))[2][4:]
        assert np.abs(tangent @ (point - start)).max() < 1e-8


def test_points_that_reach_no_minimizer_are_counted():
    objective = scalar_objective((1, 1, 1, 1), 1.0)
    theta = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    found = statements.projected(objective, theta)
    assert (found.failed, found.theta.shape) == (1, (1, 3))
    nothing = statements.projected(objective, theta[:1])
    assert statements.jacobian_singular_values(objective, nothing.theta).shape == (0, 1)


@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_minimizers_far_from_where_the_search_starts(scale):
    objective = scalar_objective((1, 1, 1, 1), 1.0)
    theta = statements.random_points(objective.network, scale, 0, 20)
    found = statements.projected(objective, theta)
    assert found.failed == 0
    # The way there is about as short as it can be, not by way of enormous weights.
    assert np.all(np.linalg.norm(found.theta, axis=1) < 20 + np.linalg.norm(theta, axis=1))


def test_nothing_to_learn_is_projected_to():
    objective = whitened_objective((2, 3, 3, 2), (0.0,))
    theta = statements.random_points(objective.network, 1.0, 0, 10)
    found = statements.projected(objective, theta)
    assert found.failed == 0
    assert np.abs(objective.product(found.theta)).max() < 1e-11


def test_rank_is_lost_where_minimizers_cross():
    """ab = 0 at the origin."""
    objective = scalar_objective((1, 1, 1), 0.0)
    values = statements.jacobian_singular_values(objective, np.array([[0.0, 0.0], [0.0, 2.0]]))
    assert statements.ranks(values).tolist() == [0, 1]


# Least sharpness


@pytest.mark.parametrize("depth", [2, 3])
def test_least_sharpness_of_orthogonal_inputs(depth):
    """Σ = c I is c times a whitened loss, and so is Σ = c Q Qᵀ as a computer sees it."""
    factor = 1.5 * ortho_group.rvs(3, random_state=0)
    teacher = ortho_group.rvs(3, random_state=1) * np.array([1.3, 0.6, 0.2])
    network = LinearNetwork((3, *[3] * (depth - 1), 3))
    found = statements.least_sharpness(Objective(network, teacher, factor), 4)
    expected = 1.5**2 * depth * 1.3 ** (2 - 2 / depth)
    assert found.best == found.found.min()
    assert len(found.found) == 4
    np.testing.assert_allclose(found.found, expected, rtol=2e-3)
    assert np.all(found.found >= expected * (1 - 1e-9))


def test_least_sharpness_is_below_that_of_random_minimizers():
    objective = regression_objective((3, 3, 3), 40, 0.2, 8.0)
    theta = statements.random_points(objective.network, 0.7, 0, 100)
    found = statements.projected(objective, theta).theta
    least = statements.least_sharpness(objective, 3).best
    assert least <= top_eigenvalue(objective, found).min()
    assert least <= 2 / critical_lr(objective).value


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_balanced_minimizers_are_the_flattest(depth):
    values = np.array([1.4, 0.5])
    objective = whitened_objective((2, *[3] * (depth - 1), 2), tuple(values), rotate=True)
    expected = depth * 1.4 ** (2 - 2 / depth)
    flattest = aligned(objective, values ** (1 / depth))
    assert top_eigenvalue(objective, flattest) == pytest.approx(expected)
    theta = statements.random_points(objective.network, 0.8, 0, 50)
    found = statements.projected(objective, theta).theta
    sharpness = statements.jacobian_singular_values(objective, found)[:, 0] ** 2
    assert len(found) > 40
    assert np.all(sharpness >= expected * (1 - 1e-12))


def test_nothing_to_learn():
    objective = regression_objective((2, 2, 2), 10)
    nothing = Objective(objective.network, np.zeros((2, 2)), objective.factor)
    assert statements.least_sharpness(nothing, 3).best == 0


# Stable minimizers of scalar chains


@pytest.mark.parametrize("y", [1.0, -0.4, 7.0])
@pytest.mark.parametrize("lr", [1e-3, 0.3, 40.0])
def test_curve_and_surface_lie_on_the_minimizers_with_their_sharpness(y, lr):
    for draw, sizes in ((hyperbola, (1, 1, 1)), (surface, (1, 1, 1, 1))):
        objective = Objective(LinearNetwork(sizes), np.array([[y]]), np.array([[1.3]]))
        drawn = draw(objective, lr)
        theta = np.moveaxis(drawn.points, 1, -1)
        np.testing.assert_allclose(np.prod(theta, axis=-1), y)
        np.testing.assert_allclose(drawn.sharpness, top_eigenvalue(objective, theta), rtol=1e-8)
        signs = {tuple(np.sign(point)) for point in theta.reshape(-1, len(sizes) - 1)}
        assert len(signs) == len(theta) == 2 ** (len(sizes) - 2)
        least = 2 / critical_lr(objective).value
        assert drawn.sharpness.min() == pytest.approx(least, rel=1e-9)
        if lr >= 0.3:  # the edge of what is stable is in view
            assert drawn.sharpness.max() > 2 / lr


@settings(max_examples=examples(50))
@given(
    st.integers(1, 8),
    st.floats(0.1, 5.0),
    st.booleans(),
    st.floats(0.05, 0.999),
    st.integers(0, 2**32 - 1),
)
def test_every_stable_minimizer_is_within_its_bound(depth, size, negative, share, seed):
    y = -size if negative else size
    objective = scalar_objective((1,) * (depth + 1), y)
    lr = share * critical_lr(objective).value
    bound = weight_bound(objective, lr)
    logs = np.random.default_rng(seed).standard_normal((depth, 2000)) * np.linspace(0, 2, 2000)
    weights = size ** (1 / depth) * np.exp(logs - logs.mean(axis=0))
    stable = chain_sharpness(weights, 1.0) <= 2 / lr
    inside = weights[:, stable]
    assert stable.any()
    rounding = 1e-9
    assert bound.lower <= bound.smallest * (1 + rounding)
    assert bound.largest <= bound.upper * (1 + rounding)
    assert inside.min() >= bound.smallest * (1 - rounding)
    assert inside.max() <= bound.largest * (1 + rounding)


@pytest.mark.parametrize("depth", [2, 3, 6])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_extreme_weights_are_attained(depth, share):
    y = -1.7
    objective = scalar_objective((1,) * (depth + 1), y)
    lr = share * critical_lr(objective).value
    bound = weight_bound(objective, lr)
    for extreme in (bound.smallest, bound.largest):
        theta = np.full(depth, (abs(y) / extreme) ** (1 / (depth - 1)))
        theta[0] = -extreme
        assert np.prod(theta) == pytest.approx(y)
        assert top_eigenvalue(objective, theta) == pytest.approx(2 / lr)
    if share == 0.01 and depth == 2:  # far below η_C the simple bounds are nearly attained
        assert bound.smallest == pytest.approx(bound.lower, rel=1e-4)
        assert bound.largest == pytest.approx(bound.upper, rel=1e-4)


@pytest.mark.parametrize("depth", [1, 2, 3, 12])
@pytest.mark.parametrize("y", [5e-324, -1e-200, 1e-30, 100.0])
@pytest.mark.parametrize("lr", [1e-300, 1e-8])
def test_bounds_neither_overflow_nor_vanish(depth, y, lr):
    bound = weight_bound(scalar_objective((1,) * (depth + 1), y), lr)
    assert 0 <= bound.lower <= bound.smallest * (1 + 1e-9)
    assert bound.smallest <= bound.largest <= bound.upper * (1 + 1e-9)


@pytest.mark.parametrize("depth", [1, 2, 3, 7])
def test_weights_of_stable_minimizers_exist_up_to_the_critical_learning_rate(depth):
    objective = scalar_objective((1,) * (depth + 1), -2.0)
    critical = critical_lr(objective).value
    for share in (0.2, 0.999, 1.0):
        assert not math.isnan(weight_bound(objective, share * critical).smallest)
    for share in (1 + 1e-6, 5.0):
        assert math.isnan(weight_bound(objective, share * critical).smallest)


def test_bounds_of_extreme_settings():
    bound = weight_bound(scalar_objective((1,) * 13, 1e-30), 1e-12)
    assert bound.upper == bound.largest == math.inf
    assert 0 < bound.lower <= bound.smallest * (1 + 1e-9)
