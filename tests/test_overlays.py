"""What is drawn over a slice, against what it should be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eosdash.core.maps.slices import Extent, Slice, random_slice, spanned_slice, weight_slice
from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from eosdash.level_lines import roots, traced
from eosdash.overlays import (
    DEPTH_OF_LOSS,
    FOLD_LIMIT,
    _compressed_size,
    overlays,
)
from tests.core.brute_force import of_matrix, regression
from tests.depth import examples

AROUND = Extent(-3.0, 3.0, -3.0, 3.0)


def center(objective, seed=0):
    return np.random.default_rng(seed).standard_normal(objective.network.parameters)


def correlated(sizes, decay=0.0):
    """One input with Σ = 1.69, and y = 1."""
    return Objective(LinearNetwork(sizes), np.eye(1), np.full((1, 1), 1.3), weight_decay=decay)


def points(plane, curve):
    """θ (m, P) along a curve (2, m)."""
    x, y = curve
    return plane.base + np.outer(x, plane.across) + np.outer(y, plane.up)


def eigenvalues(objective, theta):
    return np.linalg.eigvalsh(objective.hessian(np.ascontiguousarray(theta)))


def sides(curve, distance):
    """Points to the left and right of a curve's inner vertices, each (2, m − 2)."""
    along = curve[:, 2:] - curve[:, :-2]
    normal = np.stack([-along[1], along[0]]) / np.hypot(*along)
    return curve[:, 1:-1] + distance * normal, curve[:, 1:-1] - distance * normal


def nearest(curves, point):
    """Distance from a point to the nearest vertex."""
    return min(np.hypot(*(curve - np.reshape(point, (2, 1)))).min() for curve in curves)


# Loss


@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 3, 3, 2), (1,) * 13, (3, 2)])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_loss_is_that_of_the_raw_data(sizes, decay):
    objective = regression_objective(sizes, 20, 0.3, data_seed=4, weight_decay=decay)
    raw = regression(sizes, 20, 0.3, data_seed=4, decay=decay)
    plane, extent = random_slice(center(objective), 1, 0.1), Extent(-1.0, 2.0, 0.5, 0.75)
    x, y, log10 = overlays(objective, plane, extent).loss
    assert log10.shape == (97, 97)
    np.testing.assert_allclose([x[0], x[-1], y[0], y[-1]], extent)
    expected = np.array([raw.loss(points(plane, (x, np.full(97, height)))) for height in y])
    lowest = DEPTH_OF_LOSS * expected.max()
    np.testing.assert_allclose(10**log10, np.maximum(expected, lowest), rtol=1e-6)


def test_loss_is_bounded_below():
    objective = scalar_objective((1, 1, 1), 0.0)
    log10 = overlays(objective, weight_slice(np.zeros(2), 0, 1, 0.5), AROUND).loss.log10
    assert log10.min() == pytest.approx(log10.max() - 6)
    plane = weight_slice(np.zeros(3), 0, 1, 0.5)
    assert np.all(np.isfinite(overlays(scalar_objective((1,) * 4, 0.0), plane, AROUND).loss.log10))


# Minimizers


@pytest.mark.parametrize("y", [1.0, -0.3, 2.0])
def test_minimizers_of_two_weights_are_a_hyperbola(y):
    objective, lr = scalar_objective((1, 1, 1), y), 0.4
    curves = overlays(objective, weight_slice(np.zeros(2), 0, 1, lr), AROUND).minimizers
    assert len(curves) == 2
    for curve in curves:
        a, b = curve.points
        np.testing.assert_allclose(a * b, y, rtol=1e-12)
        np.testing.assert_allclose(curve.sharpness, a**2 + b**2, rtol=1e-12)
        np.testing.assert_array_equal(curve.stable, curve.sharpness <= 5.0)
        assert curve.stable.any()
        assert not curve.stable.all()
    for a in np.geomspace(abs(y) / 2.9, 2.9, 10):  # all of it
        for sign in (1, -1):
            where = sign * np.array([a, y / a])
            assert nearest([curve.points for curve in curves], where) < 0.06


def test_minimizers_of_three_weights():
    y, third = -1.5, 0.7
    objective = scalar_objective((1, 1, 1, 1), y)
    plane = weight_slice(np.array([9.0, 9.0, third]), 0, 1, 0.5)
    curves = overlays(objective, plane, AROUND).minimizers
    assert len(curves) == 2
    for curve in curves:
        w = np.stack([*curve.points, np.full(curve.points.shape[1], third)])
        np.testing.assert_allclose(w[0] * w[1], y / third, rtol=1e-12)
        np.testing.assert_allclose(curve.sharpness, y**2 * np.sum(1 / w**2, axis=0), rtol=1e-11)


@settings(max_examples=examples(15))
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.sampled_from([1.0, -0.01, 30.0]),
    st.integers(0, 99),
    st.booleans(),
)
def test_minimizers_have_product_y_and_the_sharpness_of_the_hessian(widths, y, seed, plain):
    sizes = (1, *widths, 1)
    objective, raw = scalar_objective(sizes, y), of_matrix(sizes, np.array([[y]]))
    start = center(objective, seed)
    plane = weight_slice(start, 0, len(start) - 1, 0.3) if plain else random_slice(start, seed, 0.3)
    for curve in overlays(objective, plane, AROUND).minimizers:
        theta = points(plane, curve.points)
        np.testing.assert_allclose(objective.product(theta)[:, 0, 0], y, rtol=1e-10)
        every = slice(None, None, max(1, len(theta) // 8))
        top = [np.linalg.eigvalsh(raw.hessian(point))[-1] for point in theta[every]]
        np.testing.assert_allclose(curve.sharpness[every], top, rtol=1e-9)
        np.testing.assert_array_equal(curve.stable, curve.sharpness <= 2 / 0.3)


def test_a_network_of_width_and_depth_three_meets_its_minimizers():
    objective = scalar_objective((1, 3, 3, 1), 1.0)
    curves = overlays(objective, random_slice(center(objective), 1, 0.3), AROUND).minimizers
    assert sum(curve.points.shape[1] for curve in curves) > 200


def test_sharpness_knows_the_covariance():
    objective = correlated((1, 2, 1))
    plane = random_slice(center(objective), 5, 0.3)
    curves = overlays(objective, plane, AROUND).minimizers
    assert curves
    for curve in curves:
        top = eigenvalues(objective, points(plane, curve.points))[:, -1]
        np.testing.assert_allclose(curve.sharpness, top, rtol=1e-9)


@pytest.mark.parametrize("y", [1.0, -1.0])
@pytest.mark.parametrize("middle", [0.0, 1.3])
def test_branches_within_one_cell_stay_apart(y, middle):
    extent = Extent(-1e3 + middle, 1e3 + middle, -1e3 - middle, 1e3 - middle)
    plane = weight_slice(np.zeros(2), 0, 1, 0.5)
    curves = overlays(scalar_objective((1, 1, 1), y), plane, extent).minimizers
    quadrants = [np.unique(np.sign(curve.points), axis=1).T.tolist() for curve in curves]
    assert sorted(quadrants) == [[[-1, -y]], [[1, y]]]


def test_curves_reach_the_edge_of_the_extent():
    plane = weight_slice(np.zeros(2), 0, 1, 0.5)
    (curve,) = overlays(scalar_objective((1, 1, 1), 1.0), plane, Extent(1, 2, 0, 3)).minimizers
    np.testing.assert_allclose(np.sort(curve.points[0, [0, -1]]), [1, 2], rtol=1e-12)


# Region


def form(theta, lr, y):
    """‖u‖² + ‖v‖² − ηy uᵀv − (4 − η²y²)/η."""
    u, v = np.split(theta, 2, axis=-1)
    square = np.sum(u * u + v * v - lr * y * u * v, axis=-1)
    return square - (4 - lr**2 * y**2) / lr


def share_converged(theta, lr, y, steps=3000):
    """The share of starts (m, 2w) from which plain gradient descent on ½(uᵀv − y)² gets to y."""
    u, v = np.split(theta, 2, axis=-1)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            error = np.sum(u * v, axis=-1, keepdims=True) - y
            u, v = u - lr * error * v, v - lr * error * u
        return np.mean(np.abs(np.sum(u * v, axis=-1) - y) < 1e-6)


CONVERGING = [(1.0, 0.9), (1.0, 0.3), (-1.0, 0.7), (0.5, 1.5), (-2.0, 0.3), (0.01, 2.0)]


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize(("y", "lr"), CONVERGING)
def test_region_separates_convergence_from_divergence(width, y, lr):
    objective = scalar_objective((1, width, 1), y)
    plane = random_slice(0.2 * center(objective), 5, lr)
    (curve,) = overlays(objective, plane, AROUND).region
    np.testing.assert_array_equal(curve[:, 0], curve[:, -1])
    assert curve.shape[1] >= 361
    np.testing.assert_allclose(form(points(plane, curve), lr, y), 0, atol=1e-12 * 4 / lr)
    middle = curve.min(axis=1, keepdims=True) / 2 + curve.max(axis=1, keepdims=True) / 2
    ring = curve[:, 3::29] - middle
    assert share_converged(points(plane, middle + 0.97 * ring), lr, y) == 1
    assert share_converged(points(plane, middle + 1.03 * ring), lr, y) == 0


def test_region_without_a_target():
    plane = weight_slice(np.zeros(2), 0, 1, 0.5)
    (curve,) = overlays(scalar_objective((1, 1, 1), 0.0), plane, AROUND).region
    np.testing.assert_allclose(np.hypot(*curve), np.sqrt(8))


def test_region_knows_the_covariance():
    objective, rate, y = correlated((1, 2, 1)), 0.4 * 1.69, 1.0
    plane = random_slice(np.zeros(4), 5, 0.4)
    (curve,) = overlays(objective, plane, AROUND).region
    np.testing.assert_allclose(form(points(plane, curve), rate, y), 0, atol=1e-10)


def test_region_may_miss_the_plane():
    objective = scalar_objective((1, 3, 1), 1.0)
    plane = weight_slice(np.full(6, 2.0), 0, 3, 0.5)
    drawn = overlays(objective, plane, AROUND)
    assert drawn.region == []
    assert "region" not in drawn.missing
    x, y = np.meshgrid(*AROUND.axes(50))
    assert form(points(plane, (x.ravel(), y.ravel())), 0.5, 1.0).min() > 0


@settings(max_examples=examples(50))
@given(st.integers(0, 360), st.floats(-11, 1), st.booleans())
def test_region_is_fine_where_it_is_looked_at(angle, zoom, across):
    y, lr, width = 1.0, 0.9, 10.0**zoom
    plane = weight_slice(np.zeros(2), 0, 1, lr)
    objective = scalar_objective((1, 1, 1), y)
    where = overlays(objective, plane, AROUND).region[0][:, angle]
    tall = 0.2 * width if across else width
    extent = Extent(where[0] - width, where[0] + width, where[1] - tall, where[1] + tall)
    (curve,) = overlays(objective, plane, extent).region
    np.testing.assert_allclose(form(points(plane, curve), lr, y), 0, atol=1e-13)
    left, right, low, high = extent
    seen = (curve[0] >= left) & (curve[0] <= right) & (curve[1] >= low) & (curve[1] <= high)
    assert seen.sum() >= 180
    steps = np.diff(np.flatnonzero(seen))
    if width < 0.1:  # one stretch, perhaps around the end of the list
        assert np.sum(steps > 1) <= 1
    gaps = np.hypot(*np.diff(curve[:, seen]))[steps == 1]
    assert gaps.max() <= max(width / 10, 1e-14)


# Fold


def test_fold_of_two_weights_in_closed_form():
    y, lr = 1.3, 0.6
    plane = weight_slice(np.zeros(2), 0, 1, lr)

    def det(a, b):
        return (1 - lr * a**2) * (1 - lr * b**2) - lr**2 * (2 * a * b - y) ** 2

    curves = overlays(scalar_objective((1, 1, 1), y), plane, AROUND).fold
    for curve in curves:
        np.testing.assert_allclose(det(*curve), 0, atol=1e-11)
        left, right = sides(curve, 1e-4)
        assert np.all(det(*left) * det(*right) < 0)
    # On the axes the zeros are known: (1 − ηa²) = η²y².
    assert nearest(curves, [np.sqrt((1 - (lr * y) ** 2) / lr), 0]) < 0.05


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_fold_of_depth_two_in_closed_form(width, decay):
    objective = correlated((1, width, 1), decay)
    check_fold(objective, random_slice(center(objective), 1, 0.5), exact=1e-10)


@pytest.mark.parametrize(
    "sizes",
    [(1, 1, 1, 1), (1,) * 7, (1, 3, 3, 1), (1, 5, 5, 1), (2, 2, 2), (2, 7, 2), (2, 3, 3, 2)],
)
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_fold_is_where_an_eigenvalue_is_one(sizes, decay):
    objective = whitened_objective(sizes, (1.0, 0.5)[: sizes[0]], weight_decay=decay)
    check_fold(objective, random_slice(center(objective), 1, 0.5), exact=0.02)


def check_fold(objective, plane, exact):
    """Across every curve the number of eigenvalues above 1/η changes, and it changes nowhere
    else."""
    curves = overlays(objective, plane, AROUND).fold
    assert curves

    def above(curve):
        return np.sum(plane.lr * eigenvalues(objective, points(plane, curve)) > 1, axis=1)

    for curve in curves:
        gaps = np.abs(1 - plane.lr * eigenvalues(objective, points(plane, curve)))
        assert gaps.min(axis=1).max() < exact
        left, right = sides(curve, 3e-3)
        if left.size:
            assert np.mean(above(left) != above(right)) > 0.97
    for height in (-0.9, 1.7):  # where a line crosses the map, every change is at a curve
        x = np.linspace(-3, 3, 500)
        changes = np.flatnonzero(np.diff(above((x, np.full(500, height)))))
        for place in changes:
            assert nearest(curves, [x[place], height]) < 0.12


def test_fold_follows_pairs_of_eigenvalues():
    """In a wide layer of depth two eigenvalues come in even numbers, and det DG keeps its sign
    where they cross 1/η."""
    objective, lr = whitened_objective((2, 7, 2), (1.0, 0.5)), 0.5
    plane = random_slice(center(objective), 1, lr)
    changes = []
    for curve in overlays(objective, plane, AROUND).fold:
        left, right = (
            np.sum(lr * eigenvalues(objective, points(plane, side)) > 1, axis=1)
            for side in sides(curve, 3e-3)
        )
        changes.append(int(np.median(np.abs(left - right))))
    assert sorted(changes) == [1, 4]  # each once, not once for each eigenvalue


def test_fold_is_as_sharp_when_looked_at_closely():
    objective, lr = scalar_objective((1, 1, 1, 1), 1.0), 0.5
    plane = random_slice(center(objective), 1, lr)
    x, y = overlays(objective, plane, AROUND).fold[0][:, 40]
    for width in (1e-2, 1e-4):
        extent = Extent(x - width, x + width, y - width, y + width)
        (curve,) = overlays(objective, plane, extent).fold
        signs = [
            np.linalg.slogdet(np.eye(3) - lr * objective.hessian(points(plane, side)))[0]
            for side in sides(curve, 1e-3 * width)
        ]
        np.testing.assert_array_equal(signs[0], -signs[1])


def test_no_fold_is_drawn_where_rounding_decides():
    """At weights of 10⁶ rounding moves the Hessian's vanishing eigenvalues to and fro by 10⁸."""
    objective = scalar_objective((1, 3, 3, 1), 1.0)
    plane = random_slice(np.zeros(15), 1, 0.5)
    assert overlays(objective, plane, Extent(1e6, 2e6, 1e6, 2e6)).fold == []
    assert len(overlays(objective, plane, Extent(-3e4, 3e4, -3e4, 3e4)).fold) == 1


# Level lines


def test_lines_cross_no_cell_with_an_unknown_corner():
    """A line through the rest of it would cross the diagonal, which is no edge of the grid."""
    assert len(traced(np.array([[1.0, 1.0], [-1.0, 1.0]]))) == 1
    assert traced(np.array([[np.nan, 1.0], [-1.0, 1.0]])) == []


@pytest.mark.parametrize("scale", [1.0, 1e-4])
def test_roots_of_functions_that_grow_enormously(scale):
    """From −1 to 10²⁷, or a ten-thousandth of it, and all powers up to the ninth at once."""
    powers = np.arange(1, 10)
    calls = []

    def function(t, which):
        calls.append(len(t))
        return scale * ((1e3 * t) ** powers[which] - 1)

    at_0, at_1 = function(np.zeros(9), powers - 1), function(np.ones(9), powers - 1)
    found = roots(function, at_0, at_1, np.full(9, 1e-15), steps=60)
    np.testing.assert_allclose(found, 1e-3, rtol=1e-11)
    assert len(calls) < 45


# Balance


def test_balanced_lines_of_two_weights():
    objective = scalar_objective((1, 1, 1), 1.0)
    plane = weight_slice(np.zeros(2), 0, 1, 0.5)
    first, second = overlays(objective, plane, AROUND).balanced
    np.testing.assert_allclose(first, [[-3, 3], [-3, 3]])
    np.testing.assert_allclose(second, [[-3, 3], [3, -3]])
    (only,) = overlays(objective, plane, Extent(1, 4, -1, 2)).balanced
    np.testing.assert_allclose(only, [[1, 2], [1, 2]])
    assert overlays(objective, plane, Extent(1, 2, 3, 4)).balanced == []


@settings(max_examples=examples(20))
@given(st.floats(-2, 2), st.floats(-2, 2), st.sampled_from([1, -1]), st.sampled_from([1, -1]))
def test_balanced_lines_of_any_coordinates(first, third, right, up):
    """Whatever the base, and whichever way the coordinates run."""
    objective, axes = scalar_objective((1,) * 4, 1.0), np.eye(3)
    plane = spanned_slice(np.array([first, 9.0, third]), right * axes[0], up * axes[2], 0.1)
    for segment in overlays(objective, plane, AROUND).balanced:
        w = points(plane, segment)
        np.testing.assert_allclose(np.abs(w[:, 0]), np.abs(w[:, 2]), atol=1e-12)
        assert np.all(np.abs(segment) <= 3)
        assert np.all(np.max(np.abs(segment), axis=0) > 3 - 1e-12)  # from edge to edge


# What is missing


def missing(objective, lr=0.5, plane=None):
    plane = plane or random_slice(center(objective), 1, lr)
    drawn = overlays(objective, plane, AROUND)
    names = {name for name, part in drawn._asdict().items() if part is None}
    assert names == set(drawn.missing)
    return drawn.missing


def test_all_is_there_for_two_weights():
    plane = weight_slice(np.zeros(2), 0, 1, 0.5)
    assert missing(scalar_objective((1, 1, 1), 1.0), plane=plane) == {}


@pytest.mark.parametrize(
    ("objective", "part", "reason"),
    [
        (whitened_objective((2, 2, 2), (1.0,)), "minimizers", "codimension d_out · rank Σ = 4"),
        (regression_objective((4, 3, 2), 3), "minimizers", "codimension d_out · rank Σ = 6"),
        (scalar_objective((1, 1, 1), 1.0, 0.1), "minimizers", "weight decay"),
        (scalar_objective((1, 2, 1), 0.0), "minimizers", "y = 0"),
        (scalar_objective((1, 2, 2, 1), 1.0), "region", "depth 3"),
        (scalar_objective((1, 1, 1), 1.0, 0.1), "region", "weight decay"),
        (whitened_objective((2, 2, 2), (1.0,)), "region", "one input and one output"),
        (scalar_objective((1, 1, 1), -2.0), "region", "η_C"),
        (scalar_objective((1, 1, 1), 2.1), "region", "η_C"),
        (whitened_objective((4, 5, 4), (1.0,)), "fold", "40 parameters"),
        (regression_objective((3, 2)), "fold", "one layer"),
        (scalar_objective((1, 1, 1), 1.0), "balanced", "two weights"),
        (scalar_objective((1, 2, 1), 1.0), "balanced", "scalar chain"),
    ],
)
def test_reasons(objective, part, reason):
    assert reason in missing(objective)[part]


def test_region_exists_just_below_the_critical_learning_rate():
    assert "region" not in missing(scalar_objective((1, 1, 1), -2.0), lr=0.499)
    assert "region" in missing(scalar_objective((1, 1, 1), -2.0), lr=0.501)


def test_fold_of_fifty_parameters():
    objective = scalar_objective((1, 6, 6, 1), 1.0)
    assert objective.network.parameters == 48
    assert _compressed_size(objective.network) <= FOLD_LIMIT
    assert "fold" not in missing(objective)


# Any extent

SHAPES = st.sampled_from([(1, 1, 1), (1, 3, 1), (1,) * 4, (1,) * 13, (1, 3, 3, 1), (2, 2, 2)])


@settings(max_examples=examples(40))
@given(
    sizes=SHAPES,
    y=st.sampled_from([1.0, -1e-4, 0.0, 100.0]),
    decay=st.sampled_from([0.0, 0.3]),
    lr=st.floats(-6, 2).map(lambda power: 10.0**power),
    scale=st.sampled_from([0.0, 1.0, 100.0]),
    plain=st.booleans(),
    middle=st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)) | st.just((0.0, 0.0)),
    width=st.floats(-9, 3).map(lambda power: 10.0**power),
)
def test_any_extent_is_drawn_without_gaps(sizes, y, decay, lr, scale, plain, middle, width):
    """Finite, within the extent, and on the level lines as far as coordinates can be told."""
    target = np.zeros((sizes[-1], sizes[0]))
    np.fill_diagonal(target, y)
    objective = Objective(LinearNetwork(sizes), target, np.eye(sizes[0]), weight_decay=decay)
    start = scale * center(objective)
    plane = weight_slice(start, 0, len(start) - 1, lr) if plain else random_slice(start, 1, lr)
    (x, up), tall = middle, 0.3 * width
    extent = Extent(x - width, x + width, up - tall, up + tall)
    drawn = overlays(objective, plane, extent)
    assert np.all(np.isfinite(drawn.loss.log10))
    minimizers = drawn.minimizers or []
    curves = [curve.points for curve in minimizers] + (drawn.fold or []) + (drawn.balanced or [])
    for curve in [*curves, *(drawn.region or [])]:
        assert curve.shape[0] == 2
        assert np.all(np.isfinite(curve))
    slack = 1e-15 * max(map(abs, extent))
    for curve in curves:
        assert np.all(np.abs(curve - [[x], [up]]) <= np.array([[width], [tall]]) + slack)
    for curve in minimizers:
        theta = points(plane, curve.points)
        off = np.abs(objective.product(theta)[:, 0, 0] - y)
        told = np.abs(theta).max() * np.sqrt(curve.sharpness) * len(start)
        assert np.all(off <= 1e-10 * abs(y) + 1e-15 * told)


def test_a_tiny_piece_of_a_minimizer_far_out():
    plane = weight_slice(np.zeros(2), 0, 1, 0.5)
    width, a = 1e-9, 800.0
    extent = Extent(a - width, a + width, 1 / a - width, 1 / a + width)
    (curve,) = overlays(scalar_objective((1, 1, 1), 1.0), plane, extent).minimizers
    assert curve.points.shape[1] > 200
    np.testing.assert_allclose(curve.points[0] * curve.points[1], 1, rtol=1e-12)


def test_roots_are_found_in_cells_where_a_polynomial_grows_enormously():
    """Between −1 at one node and 10²⁷ at the next."""
    objective = scalar_objective((1,) * 10, 1.0)
    plane = random_slice(np.zeros(9), 1, 0.5)
    curves = overlays(objective, plane, Extent(-1e3, 1e3, -1e3, 1e3)).minimizers
    assert curves
    for curve in curves:
        off = np.abs(objective.product(points(plane, curve.points))[:, 0, 0] - 1)
        distance = off / np.sqrt(curve.sharpness)  # Newton's, in all of parameter space
        assert distance.max() < 1e-12


def test_an_extent_of_no_minimizers_is_empty():
    plane = Slice(np.zeros(2), *np.eye(2), 0.5)
    drawn = overlays(scalar_objective((1, 1, 1), 1.0), plane, Extent(2, 3, -3, -2))
    assert drawn.minimizers == drawn.fold == []
    assert "minimizers" not in drawn.missing
