"""Shares, entropies and dimensions of maps drawn by hand, against theory and plain loops."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, linregress

from eosdash.core.maps.boundary import (
    basin_entropy,
    box_counting_dimension,
    fractions,
    measure_boundary,
    uncertainty_exponent,
    wilson,
)
from eosdash.core.outcome import OUTCOMES
from tests.depth import examples

CANTOR = math.log(2) / math.log(3)


def grid(rows, columns=None):
    """Coordinates x and y of the centers of pixels, in pixels."""
    return np.meshgrid(np.arange(columns or rows) + 0.5, np.arange(rows) + 0.5)


def codes(condition):
    return np.asarray(condition).astype(np.uint8)


def disc(size):
    x, y = grid(size)
    return codes((x / size - 0.5) ** 2 + (y / size - 0.47) ** 2 < 0.09)


def coins(size, sides, seed=0):
    return np.random.default_rng(seed).integers(0, sides, (size, size), dtype=np.uint8)


def cantor(shift=0, frame=0):
    """Gaps of the middle-thirds set across, of an outcome by their level, on 729 + frame pixels.
    Neighbouring gaps are never of one level, so that every point of the set is boundary."""
    row = np.array([6])
    for level in reversed(range(6)):
        row = np.concatenate([row, np.full(row.size, level), row])
    row = np.pad(row % 6, (shift, frame - shift), mode="edge").astype(np.uint8)
    return np.tile(row, (row.size, 1))


@st.composite
def maps(draw):
    """Specks of any size of up to six outcomes, on any side from 5 to 90 pixels."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, columns = draw(st.integers(5, 90)), draw(st.integers(5, 90))
    speck, kinds = draw(st.integers(1, 9)), draw(st.integers(1, 6))
    small = rng.integers(0, kinds, (rows // speck + 1, columns // speck + 1), dtype=np.uint8)
    return small.repeat(speck, 0).repeat(speck, 1)[:rows, :columns]


def by_loop_uncertain(outcome, distance):
    """The share of the pixels that differ from one of up to four others."""
    rows, columns = outcome.shape
    table, uncertain = outcome.tolist(), 0
    for i, j in product(range(rows), range(columns)):
        others = ((i - distance, j), (i + distance, j), (i, j - distance), (i, j + distance))
        uncertain += any(
            table[k][l] != table[i][j] for k, l in others if 0 <= k < rows and 0 <= l < columns
        )
    return uncertain / outcome.size


def by_loop_boxes(outcome, side, largest):
    """How many boxes, with the next row and column, hold more than one outcome."""
    rows, columns = (length // largest * largest for length in outcome.shape)
    corners = product(range(0, rows, side), range(0, columns, side))
    return sum(np.ptp(outcome[i : i + side + 1, j : j + side + 1]) > 0 for i, j in corners)


def by_loop_entropy(outcome, box):
    """Entropies of whole boxes, and whether they are mixed."""
    rows, columns = outcome.shape
    entropies = []
    for i, j in product(range(0, rows - box + 1, box), range(0, columns - box + 1, box)):
        _, counts = np.unique(outcome[i : i + box, j : j + box], return_counts=True)
        entropies.append(-sum(n / box**2 * math.log(n / box**2) for n in counts.tolist()))
    return np.array(entropies)


def sizes_of(outcome):
    return [s for s in (1, 2, 4, 8, 16, 32) if 16 * s <= min(outcome.shape)]


# Shares


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("total", [1, 7, 262_144])
def test_wilson_interval_is_that_of_scipy(total, confidence):
    counts = np.unique(np.linspace(0, total, 6).astype(int))
    ours = np.transpose(wilson(counts, total, confidence))
    theirs = [
        tuple(binomtest(int(count), total).proportion_ci(confidence, "wilson")) for count in counts
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("total", [1, 7, 262_144])
def test_wilson_interval_of_none_and_of_all_ends_at_0_and_at_1(total):
    for confidence in np.linspace(0.01, 0.99, 99):
        low, high = wilson([0, total], total, confidence)
        assert (low[0], high[1]) == (0, 1)


def test_wilson_interval_takes_a_total_each_and_knows_nothing_from_no_sample():
    low, high = wilson([[3], [0]], [10, 40])
    assert low.shape == high.shape == (2, 2)
    assert (low[0, 1], high[0, 1]) == wilson(3, 40)
    assert wilson(0, 0) == (0, 1)


def test_shares_of_all_outcomes_with_and_without_pixels():
    outcome = np.array([[0, 0, 4], [0, 5, 4]], dtype=np.uint8)
    shares = fractions(outcome, 0.9)
    assert list(shares) == list(OUTCOMES)
    expected = {"minimum": 3, "diverged": 2, "undecided": 1}
    for name, share in shares.items():
        count = expected.get(name, 0)
        interval = binomtest(count, 6).proportion_ci(0.9, "wilson")
        assert share == pytest.approx((count / 6, *interval))


def test_interval_is_conservative_for_a_disc_but_not_for_a_strip_along_an_axis():
    """A grid of 64² points laid anywhere over a set: how often does the interval miss its area?"""
    rng = np.random.default_rng(0)
    misses, errors = np.zeros(2), []
    for right, up in rng.random((100, 2)):
        x, y = grid(64)
        x, y = x + right - 0.5, y + up - 0.5
        inside = (x - 32) ** 2 + (y - 32) ** 2 < 20**2, np.abs(x - 32) < 0.75
        for i, area in enumerate((np.pi * 20**2, 1.5 * 64)):
            value, low, high = fractions(codes(inside[i]))["saddle"]
            misses[i] += not low <= area / 64**2 <= high
            if i == 0:
                errors.append((value - area / 64**2) / (high - low))
    assert misses[0] == 0
    assert misses[1] > 50
    assert np.std(errors) < 0.05  # as against 0.26 of independent points


# Basin entropy


def entropy_of(share):
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


@pytest.mark.parametrize("edge", [311, 312, 313, 314])
def test_entropy_of_a_half_plane(edge):
    """One column of boxes is mixed, all in the same way."""
    x, _ = grid(640)
    entropy = basin_entropy(codes(x < edge))
    assert entropy.boundary == pytest.approx(entropy_of(edge % 5 / 5))
    assert entropy.total == pytest.approx(entropy.boundary / 128)
    assert entropy[2:] == (128**2, 128)
    assert not entropy.is_fractal


def test_entropy_does_not_see_an_edge_between_boxes():
    x, _ = grid(640)
    assert basin_entropy(codes(x < 310)) == (0, 0, 128**2, 0)


@pytest.mark.parametrize("box", [2, 5])
def test_entropy_of_coins(box):
    pixels = box**2
    heads = np.arange(1, pixels)
    weights, values = binom.pmf(heads, pixels, 0.5), [entropy_of(h / pixels) for h in heads]
    mean = weights @ values
    entropy = basin_entropy(coins(512, 2), box)
    spread = math.sqrt(weights @ np.square(values) - mean**2)
    assert abs(entropy.total - mean) < 4 * spread / math.sqrt(entropy.boxes)
    share = weights.sum()
    tolerance = 4 * spread / share / math.sqrt(entropy.boxes)
    assert abs(entropy.boundary - mean / share) < tolerance
    assert not entropy.is_fractal


def test_log_2_criterion():
    """Three outcomes at random pass it, a board of two at log 2 in every box does not."""
    assert basin_entropy(coins(256, 3)).is_fractal
    for size in range(2, 60, 2):
        x, y = np.indices((size, size))
        board = basin_entropy(codes((x + y) % 2), 2)
        assert board.boundary == pytest.approx(math.log(2))
        assert not board.is_fractal


@given(maps(), st.integers(1, 5))
@settings(max_examples=examples(40))
def test_entropy_by_loop(outcome, box):
    expected = by_loop_entropy(outcome, box)
    entropy = basin_entropy(outcome, box)
    mixed = expected > 0
    assert entropy.total == pytest.approx(expected.mean())
    assert entropy.boundary == pytest.approx(expected[mixed].mean() if mixed.any() else 0)
    assert entropy[2:] == (expected.size, mixed.sum())


@pytest.mark.parametrize("box", [0, 8])
def test_entropy_needs_a_box_that_fits(box):
    with pytest.raises(ValueError, match="no box"):
        basin_entropy(np.zeros((7, 20), dtype=np.uint8), box)


# Exponents


@given(maps())
@settings(max_examples=examples(25))
def test_uncertainty_by_loop(outcome):
    fit = uncertainty_exponent(outcome)
    expected = [by_loop_uncertain(outcome, size) for size in sizes_of(outcome)]
    np.testing.assert_array_equal(fit.sizes, sizes_of(outcome))
    np.testing.assert_allclose(fit.values, expected)


@given(maps())
@settings(max_examples=examples(25))
def test_box_counts_by_loop(outcome):
    fit = box_counting_dimension(outcome)
    sizes = sizes_of(outcome)
    np.testing.assert_array_equal(fit.sizes, sizes)
    np.testing.assert_array_equal(
        fit.values, [by_loop_boxes(outcome, size, sizes[-1]) for size in sizes]
    )


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("shape", [(64, 64), (512, 512), (100, 180), (77, 64)])
def test_a_straight_edge_along_an_axis_is_exact(shape, turned):
    x, y = grid(*shape)
    edge = codes((y if turned else x) < 37)
    _, dimension, uncertainty = measure_boundary(edge)
    assert dimension.exponent == pytest.approx(1)
    assert uncertainty.exponent == pytest.approx(1)
    assert dimension.error == pytest.approx(0, abs=1e-9)
    across, along = shape if turned else shape[::-1]
    np.testing.assert_allclose(uncertainty.values, 2 * uncertainty.sizes / across)
    largest = int(dimension.sizes[-1])
    np.testing.assert_allclose(dimension.values, along // largest * largest / dimension.sizes)
    for fit in (dimension, uncertainty):
        np.testing.assert_allclose(fit.line, fit.values)


@pytest.mark.parametrize("size", [64, 100, 256, 512])
@pytest.mark.parametrize("tilt", [None, 0.3, 1.0])
def test_smooth_boundaries_have_dimension_one(size, tilt):
    """A disc, and half planes with a slanted edge."""
    x, y = grid(size)
    outcome = disc(size) if tilt is None else codes(x + tilt * y < 0.6 * size)
    _, dimension, uncertainty = measure_boundary(outcome)
    assert dimension.exponent == pytest.approx(1, abs=0.02)
    assert uncertainty.exponent == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("sides", [2, 3, 6])
def test_coins_fill_the_plane(sides):
    """Their shares and counts are known; D = 2 up to the unit squares that are all the same."""
    _, dimension, uncertainty = measure_boundary(coins(512, sides))
    k, same = uncertainty.sizes / 512, 1 / sides
    inside, edges, corners = (1 - 2 * k) ** 2, 4 * k * (1 - 2 * k), 4 * k**2
    certain = inside * same**4 + edges * same**3 + corners * same**2
    np.testing.assert_allclose(uncertainty.values, 1 - certain, atol=4e-3)
    # 511² squares have four corners, twice 511 at the rim have two and one has one.
    unlike = 511**2 * (1 - same**3) + 2 * 511 * (1 - same)
    assert dimension.values[0] == pytest.approx(unlike, rel=4e-3)
    np.testing.assert_array_equal(dimension.values[2:], (512 / dimension.sizes[2:]) ** 2)
    assert abs(uncertainty.exponent) < 0.01
    assert 2 - 0.04 < dimension.exponent <= 2


def test_cantor_gaps():
    """D = 1 + log 2 / log 3 and α = 2 − D. Powers of two meet the thirds at different places,
    which moves D by 0.06 as the set is shifted against the boxes, and not on average."""
    fits = [measure_boundary(cantor(shift, 32)) for shift in range(32)]
    dimension = np.array([fit.dimension.exponent for fit in fits])
    uncertainty = np.array([fit.uncertainty.exponent for fit in fits])
    assert abs(dimension - 1 - CANTOR).max() < 0.07
    assert abs(dimension.mean() - 1 - CANTOR) < 0.01
    # Distances up to 32 are not small against 729 pixels, where f flattens: 0.02 on its exponent.
    assert abs(uncertainty - 1 + CANTOR).max() < 0.03
    assert abs((dimension + uncertainty).mean() - 2) < 0.03


def test_cantor_gaps_on_their_own_grid():
    entropy, dimension, uncertainty = measure_boundary(cantor())
    assert dimension.sizes[-1] == 32
    assert dimension.exponent == pytest.approx(1 + CANTOR, abs=0.06)
    assert uncertainty.exponent == pytest.approx(1 - CANTOR, abs=0.05)
    assert dimension.exponent + uncertainty.exponent == pytest.approx(2, abs=0.03)
    assert entropy.is_fractal


def test_slope_and_its_error_are_those_of_a_regression():
    for fit, sign in zip(measure_boundary(cantor())[1:], (-1, 1), strict=True):
        expected = linregress(np.log(fit.sizes), np.log(fit.values))
        assert fit.exponent == pytest.approx(sign * expected.slope)
        assert fit[1:4] == pytest.approx((expected.stderr, expected.slope, expected.intercept))
        line = np.exp(expected.intercept + expected.slope * np.log(fit.sizes))
        np.testing.assert_allclose(fit.line, line)


def test_sizes_at_which_nothing_is_uncertain_are_left_out():
    """Stripes with a period of 16 pixels are the same 16 pixels away."""
    x, _ = np.indices((256, 256))
    fit = uncertainty_exponent(codes(x % 16 < 5))
    assert fit.values[-1] == 0
    expected = linregress(np.log(fit.sizes[:-1]), np.log(fit.values[:-1]))
    assert fit.exponent == pytest.approx(expected.slope)
    assert np.all(fit.values[:-1] > 0)


@pytest.mark.parametrize("code", [0, 5])
def test_one_outcome_has_no_boundary(code):
    entropy, *fits = measure_boundary(np.full((128, 200), code, dtype=np.uint8))
    assert entropy == (0, 0, 25 * 40, 0)
    assert not entropy.is_fractal
    for fit in fits:
        assert np.all(np.isnan(fit[:4]))
        assert np.all(np.isnan(fit.line))
        np.testing.assert_array_equal(fit.sizes, [1, 2, 4, 8])
        np.testing.assert_array_equal(fit.values, 0)


@pytest.mark.parametrize(("side", "number"), [(5, 0), (15, 0), (16, 1), (63, 2), (64, 3)])
def test_three_sizes_at_least_are_fitted(side, number):
    for fit in measure_boundary(coins(90, 2)[:side])[1:]:
        assert fit.sizes.size == fit.values.size == fit.line.size == number
        assert np.isnan(fit.exponent) == (number < 3)
