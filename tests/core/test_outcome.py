"""Periods and drifts of toy maps with known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.core.outcome import TAIL, Watch, find_period, still_moving


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


def test_a_short_run_is_still_moving():
    assert still_moving(np.ones(40))


def test_chaos_and_rotation_have_arrived():
    chaos = orbit(logistic(3.9), 0.3, 500, 4000)[:, 0]
    assert not still_moving(chaos)
    assert not still_moving(2 + np.cos(1.234 * np.arange(1000)))


def test_chaos_is_seldom_taken_for_a_drift():
    starts = np.random.default_rng(1).uniform(0.1, 0.9, 200)
    wrong = sum(still_moving(orbit(logistic(3.9), x, 0, 1500)[:, 0]) for x in starts)
    assert wrong <= 10


@pytest.mark.parametrize("parameters", [2, 40])
def test_watch_tells_when_a_period_sets_in(parameters):
    """Contraction to a 2-cycle: the distance after two steps falls below a part in a million."""
    rng = np.random.default_rng(3)
    near, far = rng.standard_normal((2, parameters))
    path = np.where(np.arange(600)[:, None] % 2, near, far)
    path = path + 0.9 ** np.arange(600)[:, None] * rng.standard_normal(parameters)
    watch = Watch(parameters, 0.0, 1e-12)
    for step in range(0, 600, 100):
        watch.follow(step, path[step : step + 100], np.ones(100), np.ones(100))
    assert (watch.verdict(), watch.period) == ("periodic", 2)
    assert 80 < watch.period_step < 180


def test_watch_calls_no_minimum_before_the_learning_rate_settles():
    watch = Watch(1, 0.0, 1e-12, settled_from=5)
    assert watch.at_minimum(0, np.zeros(10), np.zeros(10)) == 5
    assert watch.at_minimum(0, np.zeros(5), np.zeros(5)) is None


def test_watch_tells_a_minimum_from_a_saddle_by_the_loss():
    for loss, expected in ((1.0, "minimum"), (1.1, "saddle")):
        watch = Watch(1, 1.0, 1e-12)
        watch.follow(0, np.ones((2, 1)), np.full(2, loss), np.array([1.0, 1e-10]))
        assert watch.verdict() == expected
