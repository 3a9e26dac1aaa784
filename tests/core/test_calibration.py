"""Curves of known dimension: drawn as they are defined, and measured as maps are."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eosdash
from eosdash.core.maps.boundary import measure_boundary
from eosdash.core.maps.calibration import KOCH, curves, filled, known_dimensions, snowflake
from eosdash.core.maps.exponents import box_counting_dimension, uncertainty_exponent
from tests.depth import examples


def area(corners):
    """Of a polygon, by Gauss."""
    return abs(np.sum(np.conj(corners) * np.roll(corners, -1)).imag) / 2


@pytest.mark.parametrize("rounds", range(6))
def test_a_snowflake_has_the_perimeter_and_area_of_its_round(rounds):
    corners, side = snowflake(rounds), math.sqrt(3)
    edges = np.abs(np.roll(corners, -1) - corners)
    assert len(corners) == 3 * 4**rounds
    np.testing.assert_allclose(edges, side / 3**rounds)
    triangle = math.sqrt(3) / 4 * side**2
    expected = triangle * (8 - 3 * (4 / 9) ** rounds) / 5
    assert area(corners) == pytest.approx(expected)


def inside_by_angle(corners, point):
    """Whether a polygon winds around a point, by the angles that its edges are seen under."""
    seen = np.angle((np.roll(corners, -1) - point) / (corners - point)).sum()
    return round(seen / (2 * np.pi)) % 2 == 1


@settings(max_examples=examples(30))
@given(st.integers(0, 999), st.integers(3, 12), st.tuples(st.integers(5, 14), st.integers(5, 14)))
def test_pixels_inside_a_polygon(seed, number, shape):
    """That may cross itself, and leave the map."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-3, 16, number) + 1j * rng.uniform(-3, 16, number)
    found = filled(corners, shape)
    for row, column in np.ndindex(shape):
        assert found[row, column] == inside_by_angle(corners, complex(column, row))


@pytest.mark.parametrize("size", [64, 200, 512])
def test_curves_have_the_areas_of_their_insides(size):
    (_, _, circle), (_, _, crossed), (_, _, flake) = curves((size, size))
    radius = 0.38 * size
    assert circle.sum() == pytest.approx(np.pi * radius**2, rel=0.02)
    np.testing.assert_array_equal(crossed > 0, circle > 0)
    assert np.sum(crossed == 2) == pytest.approx(math.sqrt(2) * radius, rel=0.05)
    assert flake.sum() == pytest.approx(1.2 * math.sqrt(3) * radius**2, rel=0.03)
    for inside in (circle, flake):
        assert not inside[[0, -1]].any()
        assert not inside[:, [0, -1]].any()


@pytest.mark.parametrize("size", [128, 300, 1024])
def test_a_circle_is_measured_well_and_a_snowflake_too_smooth(size):
    outcome = np.zeros((size, size), dtype=np.uint8)
    outcome[size // 3 :] = 1
    _, dimension, uncertainty = measure_boundary(outcome)
    circle, crossed, flake = dimension.known
    assert (circle.truth, crossed.truth, flake.truth) == (1, 1, pytest.approx(KOCH))
    assert circle.exponent == pytest.approx(1, abs=0.01)
    assert KOCH - 0.13 < flake.exponent < KOCH - 0.02
    circle, crossed, flake = uncertainty.known
    assert (circle.truth, crossed.truth, flake.truth) == (1, 1, pytest.approx(2 - KOCH))
    assert circle.exponent == pytest.approx(1, abs=0.01)
    assert flake.exponent == pytest.approx(2 - KOCH, abs=0.01)
    assert crossed.exponent < 0.94


def test_estimates_on_known_curves_are_those_of_a_map():
    for known, (name, truth, outcome) in zip(
        known_dimensions((90, 140)), curves((90, 140)), strict=True
    ):
        expected = box_counting_dimension(outcome).exponent
        assert known == (name, truth, expected)


def test_the_error_of_a_smooth_basin_is_told_by_a_circle_and_not_by_its_fit():
    """The boundary of two weights is an ellipse, with the starts that reach the saddle within."""
    found = eosdash.basin(depth=2, target=0.8, lr=0.7, extent=3.4, resolution=384)
    fit = found.boundary.uncertainty
    assert 1 - fit.exponent > 4 * fit.error
    saddles = fit.known[1]
    assert abs((fit.exponent - 1) - (saddles.exponent - saddles.truth)) < 0.05
    assert fit.slopes.min() < fit.exponent - 2 * fit.error
    assert fit.slopes.max() > fit.exponent + 2 * fit.error


def test_coarser_pixels_and_slopes_are_those_of_the_map():
    rng = np.random.default_rng(5)
    outcome = (rng.standard_normal((260, 300)).cumsum(axis=0) > 0).astype(np.uint8)
    _, dimension, uncertainty = measure_boundary(outcome)
    for fit, estimate, sign in (
        (dimension, box_counting_dimension, -1), (uncertainty, uncertainty_exponent, 1),
    ):  # fmt: skip
        assert fit[:4] == pytest.approx(estimate(outcome)[:4])
        expected = [estimate(outcome[::step, ::step]).exponent for step in (2, 4)]
        assert fit.coarser == pytest.approx(expected)
        halves = np.log2(fit.values[1:] / fit.values[:-1])
        np.testing.assert_allclose(fit.slopes, sign * halves)


@pytest.mark.parametrize("side", [30, 126, 127])
def test_small_maps_have_no_coarser_exponents(side):
    outcome = np.zeros((side, side), dtype=np.uint8)
    outcome[: side // 2] = 3
    _, dimension, uncertainty = measure_boundary(outcome)
    for fit in (dimension, uncertainty):
        assert np.all(fit.slopes > 0)
        assert len(fit.coarser) == (1 if side == 127 else 0)
        assert bool(fit.known) == (side >= 64)
        assert fit.slopes.size == max(0, fit.sizes.size - 1)
