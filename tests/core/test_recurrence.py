"""Periods, cycles and drifts of toy maps with known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.core.descent.recurrence import TAIL, closes, drifts, find_periods, onset


def find_period(orbit):
    """Of one trajectory (T, m); None instead of 0."""
    return int(find_periods(orbit[:, :, None])[0]) or None


def closes_alone(orbit, period):
    return bool(closes(orbit[:, :, None], period)[0])


def still_moving(unrest, orbit=None):
    """Of one run with these ‖∇L‖ (T,), whose points are as random as they come unless given."""
    half = len(unrest) - len(unrest) // 2
    if orbit is None:
        orbit = np.random.default_rng(0).standard_normal((len(unrest), 1))
    return bool(drifts(orbit[-half:, :, None], unrest[-half:, None], np.array([0]))[0])


def orbit(step, start, skip, length):
    """Points (length, m) of x ← step(x), after ``skip`` of them."""
    points, x = [], np.atleast_1d(start)
    for _ in range(skip + length):
        points.append(x)
        x = np.atleast_1d(step(x))
    return np.array(points[skip:])


def logistic(rate):
    return lambda x: rate * x * (1 - x)


PERIODS = [(3.2, 2), (3.5, 4), (3.55, 8), (3.566, 16), (3.8319, 3), (3.9057, 5)]


@pytest.mark.parametrize(("rate", "period"), PERIODS)
def test_periods_of_the_logistic_map(rate, period):
    assert find_period(orbit(logistic(rate), 0.3, 20_000, TAIL)) == period


@pytest.mark.parametrize("rate", [3.6, 3.8, 4.0])
def test_chaos_has_no_period(rate):
    assert find_period(orbit(logistic(rate), 0.3, 5000, TAIL)) is None


@pytest.mark.parametrize("period", [2, 7, 63, 64])
def test_a_cycle_of_every_length_up_to_the_longest(period):
    cycle = np.random.default_rng(period).standard_normal((period, 3))
    assert find_period(np.tile(cycle, (8, 1))[-3 * period :]) == period


def test_a_longer_cycle_is_not_seen():
    cycle = np.random.default_rng(0).standard_normal((65, 3))
    assert find_period(np.tile(cycle, (4, 1))[-TAIL:]) is None


@pytest.mark.parametrize("factor", [0.9, -0.9, 0.999, -0.999, -0.9999])
def test_a_contraction_has_no_period(factor):
    for skip in (0, 100, 20_000):
        assert find_period(orbit(lambda x: factor * x, 1.0, skip, TAIL)) is None


@pytest.mark.parametrize("steps", [300, 20_000])
def test_the_slowest_approach_to_a_minimum_has_no_period(steps):
    """x ← −x(1 − x²) shrinks as 1/√k: a minimum of sharpness 2/η exactly."""
    assert find_period(orbit(lambda x: -x * (1 - x**2), 0.5, steps, TAIL)) is None


@given(st.floats(0.01, 0.49))
def test_a_rotation_by_an_irrational_angle_has_no_period(turn):
    angle = 2 * np.pi * (turn + np.sqrt(2) * 1e-3)
    closest = min(abs(np.exp(1j * p * angle) - 1) for p in range(1, 65))
    path = np.exp(1j * angle * np.arange(TAIL))
    if closest > 1e-4:
        assert find_period(np.column_stack([path.real, path.imag])) is None


def test_a_rotation_by_a_fifth_of_a_turn_has_period_five():
    path = np.exp(2j * np.pi / 5 * np.arange(TAIL))
    assert find_period(np.column_stack([path.real, path.imag])) == 5


def test_a_point_at_rest_has_no_period():
    assert find_period(np.ones((TAIL, 2))) is None


def test_a_decay_is_still_moving():
    assert still_moving(0.999 ** np.arange(1000))
    assert still_moving(1 / np.arange(1, 1000))


def test_a_noisy_decay_is_still_moving():
    noise = np.exp(np.random.default_rng(0).standard_normal(2000))
    assert still_moving(noise * 0.995 ** np.arange(2000))


def test_a_slow_escape_is_still_moving():
    assert still_moving(1e-6 * 1.001 ** np.arange(1000))


def test_chaos_and_rotation_have_arrived():
    chaos = orbit(logistic(3.9), 0.3, 500, 4000)[:, 0]
    assert not still_moving(chaos)
    assert not still_moving(2 + np.cos(1.234 * np.arange(1000)))


def test_chaos_is_seldom_taken_for_a_drift():
    starts = np.random.default_rng(1).uniform(0.1, 0.9, 200)
    wrong = sum(still_moving(orbit(logistic(3.9), x, 0, 1500)[:, 0]) for x in starts)
    assert wrong <= 10


def test_weights_that_drift_are_still_moving_though_the_gradient_is_not():
    """A step of 1e-8 of the way, as with tiny learning rates: nothing else changes."""
    unrest = 1 + 1e-3 * np.random.default_rng(1).standard_normal(600)
    drifting = np.column_stack([1 + 1e-8 * np.arange(600), np.full(600, 0.5)])
    assert still_moving(unrest, drifting)
    swinging = drifting + np.column_stack([np.cos(np.arange(600)), np.sin(np.arange(600))])
    assert not still_moving(unrest, swinging)


def test_an_orbit_that_tends_to_a_cycle_is_still_moving():
    """The distance after three steps shrinks, by a part in a thousand each time, far from done."""
    steps = np.arange(1200)
    cycle = np.array([0.2, 0.9, 0.5])[steps % 3]
    noise = np.exp(0.1 * np.random.default_rng(2).standard_normal(1200))
    orbit = cycle + 0.1 * (-1.0) ** steps * 0.999**steps
    assert still_moving(noise, orbit[:, None])


@pytest.mark.parametrize("start", [0.2, 0.3, 0.6])
def test_a_chaotic_orbit_has_arrived(start):
    points = orbit(logistic(3.8), start, 500, 1201)
    assert not still_moving(np.abs(np.diff(points[:, 0])), points[:-1])


@pytest.mark.parametrize("period", [2, 5, 64])
def test_a_cycle_closes(period):
    cycle = np.random.default_rng(period).standard_normal((period, 3))
    assert closes_alone(np.tile(cycle, (8, 1))[-TAIL:], period)


def test_a_cycle_that_is_closed_in_on_fast_closes():
    steps = np.arange(TAIL)
    cycle = np.where(steps % 2, 1.0, 2.0)
    assert closes_alone((cycle + 1e-3 * 0.9**steps)[:, None], 2)


@pytest.mark.parametrize("rate", [1.0 + 1e-9, 1.0 + 1e-4, 1.0 - 1e-9])
def test_a_cycle_that_something_slowly_grows_on_does_not_close(rate):
    """A second direction that is only being learned, or one that hardly shrinks."""
    steps = np.arange(TAIL)
    orbit = np.column_stack([np.where(steps % 2, 1.0, 2.0), 1e-2 * rate**steps])
    assert find_period(orbit) in (2, None)
    assert not closes_alone(orbit, 2)


def test_onset_is_where_an_orbit_begins_to_return():
    """Contraction to a 2-cycle: the distance after two steps falls below a part in a million."""
    steps = np.arange(600)
    path = np.where(steps % 2, 1.0, 3.0) + 0.9**steps
    assert 80 < onset(path[:, None], 2) < 180
    assert onset(np.where(steps % 2, 1.0, 3.0)[:, None], 2) == 0
