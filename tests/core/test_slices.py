"""Planes: their coordinates, their directions, and the starts that they stand for."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eosdash.core.maps.slices import (
    DENSE_EIGENVECTORS,
    Extent,
    Slice,
    TrainabilityPlane,
    hessian_slice,
    random_slice,
    spanned_slice,
    weight_name,
    weight_slice,
)
from eosdash.core.networks.linear import LinearNetwork
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from tests.core.brute_force import of_matrix, regression

LR = 0.3


def drawn(number, seed=0):
    return np.random.default_rng(seed).standard_normal(number)


def planes():
    center = drawn(7)
    skewed = regression_objective((3, 4, 2), 30, 0.2, 5.0, 1)
    return {
        "weights": weight_slice(center, 4, 1, LR),
        "random": random_slice(center, 3, LR),
        "spanned": spanned_slice(center, drawn(7, 1), drawn(7, 2), LR),
        "nearly parallel": spanned_slice(center, drawn(7, 1), drawn(7, 1) + 1e-6 * drawn(7, 2), LR),
        "long and short": spanned_slice(center, 1e9 * drawn(7, 1), 1e-9 * drawn(7, 2), LR),
        "hessian": hessian_slice(skewed, drawn(20), LR),
    }


PLANES = planes()


@pytest.fixture(params=PLANES)
def plane(request):
    return PLANES[request.param]


def test_directions_are_orthonormal(plane):
    axes = np.stack([plane.across, plane.up])
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-14)


def test_coordinates_are_read_back_from_the_starts(plane):
    x, y = 3 * drawn((2, 50), 5)
    starts = plane.starts(x, y)
    assert starts.lr == LR
    assert starts.theta.shape == (len(plane.base), 50)
    np.testing.assert_allclose(plane.coordinates(starts.theta), (x, y), atol=1e-13)


def test_starts_are_as_far_apart_as_their_coordinates(plane):
    x, y = drawn((2, 30), 6)
    theta = plane.starts(x, y).theta
    apart = np.linalg.norm(theta[:, 1:] - theta[:, :1], axis=0)
    np.testing.assert_allclose(apart, np.hypot(x[1:] - x[0], y[1:] - y[0]), atol=1e-13)


def test_coordinates_are_those_of_the_nearest_point(plane):
    """Off the plane: what is left over is orthogonal to both directions."""
    theta = 2 * drawn((len(plane.base), 10), 7)
    beside = theta - plane.starts(*plane.coordinates(theta)).theta
    np.testing.assert_allclose(plane.across @ beside, 0, atol=1e-13)
    np.testing.assert_allclose(plane.up @ beside, 0, atol=1e-13)


def test_two_weights_are_their_own_coordinates():
    center = drawn(5)
    plane = weight_slice(center, 3, 0, LR)
    x, y = drawn((2, 20), 1)
    expected = np.tile(center[:, None], 20)
    expected[3], expected[0] = x, y
    np.testing.assert_array_equal(plane.starts(x, y).theta, expected)
    np.testing.assert_array_equal(plane.coordinates(center[:, None]), [[center[3]], [center[0]]])


def test_the_center_is_left_as_it_was():
    center = drawn(5)
    weight_slice(center, 3, 0, LR)
    np.testing.assert_array_equal(center, drawn(5))


@pytest.mark.parametrize("name", ["random", "spanned", "nearly parallel"])
def test_a_plane_goes_through_its_center(name):
    start = PLANES[name].starts(np.zeros(1), np.zeros(1)).theta[:, 0]
    np.testing.assert_array_equal(start, drawn(7))


def test_a_spanned_plane_holds_both_directions():
    center, first, second = drawn((3, 6))
    plane = spanned_slice(center, first, second, LR)
    for point in (center + first, center + second, center - 2 * first + 3 * second):
        again = plane.starts(*plane.coordinates(point[:, None])).theta[:, 0]
        np.testing.assert_allclose(again, point, atol=1e-12)
    x, y = plane.coordinates((center + first)[:, None])
    assert (x[0], y[0]) == (pytest.approx(np.linalg.norm(first)), pytest.approx(0, abs=1e-12))
    assert plane.coordinates((center + second)[:, None])[1][0] > 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.zeros(4), drawn(4)),
        (drawn(4), np.zeros(4)),
        (np.zeros(4), np.zeros(4)),
        (drawn(4), drawn(4)),
        (drawn(4), -1e-6 * drawn(4)),
        (1e-200 * drawn(4), 3 * drawn(4)),
    ],
)
def test_directions_that_span_no_plane_are_refused(first, second):
    with pytest.raises(ValueError, match="span no plane"):
        spanned_slice(np.zeros(4), first, second, LR)


def test_random_directions_repeat_and_differ_by_their_seed():
    one, again, other = (random_slice(drawn(6), seed, LR) for seed in (1, 1, 2))
    np.testing.assert_array_equal((one.across, one.up), (again.across, again.up))
    assert abs(one.across @ other.across) < 0.99


def test_random_directions_do_not_depend_on_the_center():
    one, other = (random_slice(center, 4, LR) for center in (np.zeros(6), drawn(6)))
    np.testing.assert_array_equal((one.across, one.up), (other.across, other.up))


def test_random_directions_prefer_none():
    """E[v vᵀ] = I/P for a direction that is uniform on the sphere; 4,000 draws, 5 σ."""
    axes = np.array([random_slice(np.zeros(3), seed, LR).across for seed in range(4000)])
    axes = np.concatenate([axes, [random_slice(np.zeros(3), s, LR).up for s in range(4000)]])
    np.testing.assert_allclose(axes.mean(axis=0), 0, atol=5 / np.sqrt(3 * 4000))
    np.testing.assert_allclose(axes.T @ axes / len(axes), np.eye(3) / 3, atol=0.025)


HESSIANS = {
    "chain": (
        scalar_objective((1, 1, 1, 1), 1.5),
        of_matrix((1, 1, 1, 1), np.array([[1.5]])),
    ),
    "decayed": (
        whitened_objective((2, 3, 2), (1.0, 0.5), weight_decay=0.3),
        of_matrix((2, 3, 2), np.diag([1.0, 0.5]), 0.3),
    ),
    "regression": (
        regression_objective((3, 4, 2), 30, 0.2, 5.0, 1),
        regression((3, 4, 2), 30, 0.2, 5.0, 1),
    ),
    "more than two hundred weights": (
        regression_objective((3, 30, 4), 30, 0.2, 5.0, 1),
        regression((3, 30, 4), 30, 0.2, 5.0, 1),
    ),
    "as much curved downwards": (
        whitened_objective((2, 13, 13, 2), (1000.0, 300.0)),
        of_matrix((2, 13, 13, 2), np.diag([1000.0, 300.0])),
    ),
}


def test_one_large_hessian_is_curved_downwards_more_than_along_its_second_direction():
    objective, raw = HESSIANS["as much curved downwards"]
    assert objective.network.parameters > DENSE_EIGENVECTORS
    values = np.linalg.eigvalsh(raw.hessian(drawn(objective.network.parameters, 3)))
    assert -values[0] > values[-2]


@pytest.mark.parametrize("name", HESSIANS)
def test_hessian_directions_are_the_top_two_eigenvectors(name):
    objective, raw = HESSIANS[name]
    center = drawn(objective.network.parameters, 3)
    plane = hessian_slice(objective, center, LR)
    values, vectors = np.linalg.eigh(raw.hessian(center))
    assert abs(plane.across @ vectors[:, -1]) == pytest.approx(1, abs=1e-8)
    assert abs(plane.up @ vectors[:, -2]) == pytest.approx(1, abs=1e-8)
    assert values[-1] > values[-2] > values[-3]  # otherwise there is nothing to compare
    np.testing.assert_array_equal(plane.base, center)


@pytest.mark.parametrize("name", HESSIANS)
def test_the_sign_of_a_hessian_direction_is_fixed(name):
    objective, _ = HESSIANS[name]
    plane = hessian_slice(objective, drawn(objective.network.parameters, 3), LR)
    for axis in (plane.across, plane.up):
        assert axis[np.abs(axis).argmax()] > 0


@pytest.mark.parametrize("width", [1, 20])
def test_where_the_hessian_vanishes_there_is_no_plane(width):
    objective = whitened_objective((2, width, width, 2), (1.0,))
    with pytest.raises(ValueError, match="vanishes"):
        hessian_slice(objective, np.zeros(objective.network.parameters), LR)


def test_a_plane_of_rates_and_scales():
    plane = TrainabilityPlane(drawn(4))
    x, y = np.array([-2.0, 0.0, 1.0]), np.array([-1.0, 0.0, 2.0])
    starts = plane.starts(x, y)
    np.testing.assert_allclose(starts.lr, [0.01, 1, 10], rtol=1e-15)
    np.testing.assert_allclose(starts.theta, np.outer(drawn(4), [0.1, 1, 100]), rtol=1e-15)


def test_a_slice_has_one_learning_rate():
    starts = Slice(np.zeros(2), np.array([1.0, 0]), np.array([0, 1.0]), LR).starts(*np.ones((2, 3)))
    assert starts.lr == LR


@given(st.floats(0.01, 1e6), st.integers(2, 300))
@example(0.1, 7)
@example(1.1, 200)
def test_axes_about_zero_are_symmetric_to_the_last_bit(half, resolution):
    for axis in Extent(-half, half, -half, half).axes(resolution):
        np.testing.assert_array_equal(axis, -axis[::-1])


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3), st.integers(2, 300))
def test_axes_are_even_and_end_at_the_sides(low, length, resolution):
    x, y = Extent(low, low + length, -1.0, 3.0).axes(resolution)
    np.testing.assert_allclose(x, np.linspace(low, low + length, resolution), atol=1e-12 * 1e3)
    np.testing.assert_allclose(y, np.linspace(-1, 3, resolution), atol=1e-14)


def test_both_axes_have_coordinates_of_their_own():
    x, y = Extent(0.0, 1.0, 10.0, 30.0).axes(3)
    assert (x.tolist(), y.tolist()) == ([0.0, 0.5, 1.0], [10.0, 20.0, 30.0])


def test_weights_are_named_by_layer_row_and_column():
    network = LinearNetwork((2, 3, 4))
    names = [weight_name(network, index) for index in range(network.parameters)]
    expected = [
        f"W<sub>{layer}</sub>[{row}, {column}]"
        for layer, rows, columns in ((1, 3, 2), (2, 4, 3))
        for row in range(1, rows + 1)
        for column in range(1, columns + 1)
    ]
    assert names == expected


def test_weights_of_a_chain_are_named_by_number():
    network = LinearNetwork((1, 1, 1, 1))
    assert [weight_name(network, i) for i in range(3)] == [f"w<sub>{i}</sub>" for i in (1, 2, 3)]
