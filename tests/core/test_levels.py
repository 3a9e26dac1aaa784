"""Levels of a map: each holds the one before, and nothing is computed twice."""

from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest

from eosdash.core.descent.flock import Flock
from eosdash.core.descent.gradient_descent import Ending, descend
from eosdash.core.maps import basin
from eosdash.core.maps.basin import COARSEST, Level, Progress, Recheck, map_basin, recheck, strides
from eosdash.core.maps.slices import Extent, TrainabilityPlane, random_slice, weight_slice
from eosdash.core.networks.tasks import scalar_objective, whitened_objective
from eosdash.core.outcome import CODE

CHAIN = scalar_objective((1, 1, 1), 1.0)
PLANE = weight_slice(np.zeros(2), 0, 1, 1.1)
EXTENT = Extent(-2.5, 2.5, -1.0, 3.0)
STEPS = 150
RESOLUTIONS = [16, 65, 100, 127, 128, 129, 201, 256]


class Counting(Flock):
    """Keeps the starts it is given, and with how many steps."""

    starts: ClassVar[list[np.ndarray]] = []
    budgets: ClassVar[list[int]] = []

    def run(self, theta, lr):
        self.starts.append(np.array(theta))
        self.budgets.append(self.steps)
        return super().run(theta, lr)


@pytest.fixture
def counting(monkeypatch):
    """The starts that any map makes from now on."""
    monkeypatch.setattr(Counting, "starts", [])
    monkeypatch.setattr(Counting, "budgets", [])
    monkeypatch.setattr(basin, "Flock", Counting)
    return Counting


def mapped(resolution, objective=CHAIN, plane=PLANE, extent=EXTENT, steps=STEPS):
    return list(map_basin(objective, plane, extent, resolution, steps))


def levels_of(records):
    return [record for record in records if isinstance(record, Level)]


def test_strides_halve_down_to_one():
    for resolution in range(16, 2049):
        found = strides(CHAIN, resolution, STEPS)
        assert found[-1] == 1
        assert all(coarse == 2 * fine for coarse, fine in pairwise(found))
        assert len(found) == 1 or len(range(0, resolution, found[0])) >= COARSEST
        # One level more would be too coarse.
        assert resolution // (2 * found[0]) < COARSEST


def test_strides_of_some_maps():
    sizes = {16: [1], 100: [1], 128: [2, 1], 129: [2, 1], 201: [2, 1], 512: [8, 4, 2, 1]}
    assert {resolution: strides(CHAIN, resolution, STEPS) for resolution in sizes} == sizes


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_each_level_holds_every_other_pixel_of_the_next(resolution):
    levels = levels_of(mapped(resolution, steps=20))
    assert [level.stride for level in levels] == strides(CHAIN, resolution, STEPS)
    finest = levels[-1]
    assert finest.outcome.shape == (resolution, resolution)
    for level in levels:
        for name, array in level.arrays().items():
            expected = getattr(finest, name)[:: level.stride, :: level.stride]
            np.testing.assert_array_equal(array, expected, err_msg=name)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_every_pixel_is_computed_once(resolution, counting):
    mapped(resolution, steps=20)
    starts = np.concatenate(counting.starts, axis=1)
    x, y = EXTENT.axes(resolution)
    expected = np.stack([axis.ravel() for axis in np.meshgrid(x, y)])
    assert starts.shape == expected.shape
    np.testing.assert_array_equal(np.unique(starts, axis=1), np.unique(expected, axis=1))


def test_a_level_is_there_before_the_next_is_begun(counting):
    sizes = []
    for record in map_basin(CHAIN, PLANE, EXTENT, 256, 20):
        if isinstance(record, Level):
            done = sum(starts.shape[1] for starts in counting.starts)
            assert done == record.outcome.size
            sizes.append(len(record.outcome))
    assert sizes == [64, 128, 256]


def test_a_level_keeps_its_pixels_while_the_next_are_computed():
    levels = [
        (record, {name: array.copy() for name, array in record.arrays().items()})
        for record in map_basin(CHAIN, PLANE, EXTENT, 128, 20)
        if isinstance(record, Level)
    ]
    for level, seen in levels:
        for name, array in seen.items():
            np.testing.assert_array_equal(array, getattr(level, name), err_msg=name)


def test_no_batch_takes_long_and_each_ends_with_a_sign_of_life(counting, monkeypatch):
    monkeypatch.setattr(basin, "PATIENCE", 1e-4)
    records = mapped(128, steps=50)
    sizes = [starts.shape[1] for starts in counting.starts]
    assert len(sizes) > 10
    signs = [record for record in records if isinstance(record, Progress)]
    assert len(signs) == len(sizes)
    assert max(sizes) * 50 * 2 * 1.5e-9 <= 1.01e-4
    assert all(0 < sign.done <= sign.total for sign in signs)
    assert signs[-1].done == signs[-1].total
    done = [sign.done for sign in signs]
    assert done == sorted(done)  # over all levels: a bar of progress never goes back


def test_batches_change_nothing(monkeypatch):
    whole = levels_of(mapped(65))[-1]
    monkeypatch.setattr(basin, "BATCH_FLOATS", 200)
    parts = levels_of(mapped(65))[-1]
    for name, array in whole.arrays().items():
        np.testing.assert_array_equal(array, getattr(parts, name), err_msg=name)


def test_rows_rise_along_the_second_axis():
    """Two corners that gradient descent tells apart, and each pixel as the run from it."""
    level = levels_of(mapped(33, extent=Extent(0.0, 1.0, 0.0, 9.0)))[-1]
    x, y = Extent(0.0, 1.0, 0.0, 9.0).axes(33)
    for i, j in ((0, 32), (32, 0), (32, 32), (20, 5)):
        *_, alone = descend(CHAIN, np.array([x[j], y[i]]), 1.1, STEPS)
        assert level.outcome[i, j] == CODE[alone.outcome]
        assert level.steps[i, j] == alone.step
    assert level.outcome[32, 32] != level.outcome[0, 32]


WIDE = whitened_objective((2, 3, 2), (1.0, 0.5))
ODD_PLANES = {
    "weights": (CHAIN, PLANE, EXTENT),
    "random": (WIDE, random_slice(np.zeros(12), 1, 0.8), Extent(-3.0, 3.0, -3.0, 3.0)),
    "trainability": (
        WIDE,
        TrainabilityPlane(np.random.default_rng(0).standard_normal(12)),
        Extent(-1.0, 1.0, -1.0, 0.5),
    ),
}


@pytest.mark.parametrize("name", ODD_PLANES)
def test_end_coordinates_are_those_of_the_point_reached(name):
    objective, plane, extent = ODD_PLANES[name]
    level = levels_of(mapped(13, objective, plane, extent))[-1]
    x, y = extent.axes(13)
    seen = set()
    for i, j in np.ndindex(13, 13):
        starts = plane.starts(x[[j]], y[[i]])
        lr = float(np.ravel(starts.lr)[0])
        *_, alone = descend(objective, starts.theta[:, 0], lr, STEPS)
        assert isinstance(alone, Ending)
        assert level.outcome[i, j] == CODE[alone.outcome]
        seen.add(str(alone.outcome))
        end = level.end_x[i, j], level.end_y[i, j]
        if name == "trainability" or alone.outcome == "diverged":
            assert np.isnan(end).all()
        elif alone.outcome != "bounded":
            away = alone.theta - plane.base
            expected = away @ plane.across, away @ plane.up
            np.testing.assert_allclose(end, expected, rtol=1e-4, atol=1e-5)
    assert {"diverged", "minimum" if name != "weights" else "periodic"} <= seen


@pytest.mark.parametrize("twice", [100, 150, 301])
def test_a_recheck_finds_what_twice_the_steps_would_change(twice, counting):
    level = levels_of(mapped(65, steps=twice))[-1]
    before = np.array(level.outcome)
    counting.starts.clear()
    counting.budgets.clear()
    *signs, found = recheck(CHAIN, PLANE, EXTENT, level, twice)
    assert isinstance(found, Recheck)
    assert all(isinstance(sign, Progress) for sign in signs)
    longer = levels_of(mapped(65, steps=2 * twice))[-1]
    np.testing.assert_array_equal(found.changed, longer.outcome != before)
    np.testing.assert_array_equal(level.outcome, before)
    decided = np.isin(before, [CODE["minimum"], CODE["diverged"]])
    again = np.concatenate(counting.starts[: len(signs)], axis=1)
    assert again.shape[1] == np.count_nonzero(~decided)
    assert set(counting.budgets[: len(signs)]) == {2 * twice}


def test_a_recheck_of_a_map_that_is_decided_has_nothing_to_do(counting):
    extent = Extent(5.0, 9.0, 5.0, 9.0)
    level = levels_of(mapped(16, extent=extent))[-1]
    assert (level.outcome == CODE["diverged"]).all()
    counting.starts.clear()
    (found,) = recheck(CHAIN, PLANE, extent, level, STEPS)
    assert not found.changed.any()
    assert not counting.starts
