"""Gradient descent against a loop of three lines, and how it ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eosdash.core.descent.gradient_descent import Ending, descend, learning_rates
from eosdash.core.networks.initialization import gaussian
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from tests.core.brute_force import of_matrix
from tests.depth import examples

CHAIN = scalar_objective((1, 1, 1, 1, 1), 1.0)
SHARPENING = np.array([1.38, 0.59, 0.43, 1.14])


def run(objective, theta, lr, steps, schedule=()):
    """The path, the other curves and the ending of a run."""
    *parts, ending = descend(objective, np.asarray(theta, dtype=float), lr, steps, schedule)
    assert isinstance(ending, Ending)
    starts = np.cumsum([0] + [len(part.path) for part in parts])
    assert [part.step for part in parts] == starts[:-1].tolist()
    curves = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("path", "lr", "loss", "grad_norm")
    }
    assert {len(curve) for curve in curves.values()} == {ending.step}
    return curves, ending


def naive(raw, theta, rates):
    path = [theta]
    for rate in rates:
        path.append(path[-1] - rate * raw.gradient(path[-1]))
    return np.array(path)


@settings(max_examples=examples(20))
@given(st.integers(0, 999), st.integers(1, 150), st.sampled_from([0.0, 0.1]))
def test_path_is_that_of_a_three_line_loop(seed, steps, decay):
    sizes = (2, 3, 2)
    objective = whitened_objective(sizes, (1.0, 0.5), True, seed, decay)
    theta = gaussian(objective.network, 0.3, seed)
    curves, ending = run(objective, theta, 0.2, steps)
    raw = of_matrix(sizes, objective.solution, decay)
    expected = naive(raw, theta, [0.2] * ending.step)
    np.testing.assert_allclose(curves["path"], expected[:-1], atol=1e-10)
    np.testing.assert_allclose(ending.theta, expected[-1], atol=1e-10)
    np.testing.assert_allclose(curves["loss"], raw.loss(expected[:-1]), atol=1e-10)
    norms = np.linalg.norm(raw.gradient(expected[:-1]), axis=1)
    np.testing.assert_allclose(curves["grad_norm"], norms, atol=1e-10)


def test_learning_rate_changes_from_the_scheduled_step_on():
    assert learning_rates(0.1, [(2, 0.5), (4, 0.3)], 6).tolist() == [0.1, 0.1, 0.5, 0.5, 0.3, 0.3]


def test_path_follows_the_schedule():
    rates = [0.05] * 40 + [0.469] * 50 + [0.4] * 10
    curves, ending = run(CHAIN, SHARPENING, 0.05, 100, [(40, 0.469), (90, 0.4)])
    assert curves["lr"].tolist() == rates
    expected = naive(of_matrix((1,) * 5, np.eye(1)), SHARPENING, rates)
    np.testing.assert_allclose(curves["path"], expected[:-1], atol=1e-10)
    np.testing.assert_allclose(ending.theta, expected[-1], atol=1e-10)


@pytest.mark.parametrize("steps", [1, 31, 32, 33, 96, 97, 500])
def test_a_run_has_as_many_points_as_steps(steps):
    _, ending = run(CHAIN, SHARPENING, 0.469, steps)
    assert ending.step == steps
    assert ending.outcome == "undecided"


def test_a_longer_run_begins_with_the_shorter_one_to_the_last_bit():
    theta = gaussian(regression_objective((3, 4, 2)).network, 0.5, 1)
    long, short = (run(regression_objective((3, 4, 2)), theta, 0.1, n)[0] for n in (400, 150))
    for name, curve in short.items():
        np.testing.assert_array_equal(curve, long[name][:150])


def test_runs_repeat_to_the_last_bit():
    (one, end), (two, again) = (run(CHAIN, SHARPENING, 0.469, 1500) for _ in range(2))
    for name, curve in one.items():
        np.testing.assert_array_equal(curve, two[name])
    np.testing.assert_array_equal(end.theta, again.theta)


def test_a_run_stops_at_a_global_minimum():
    curves, ending = run(CHAIN, SHARPENING, 0.2, 5000)
    assert ending.outcome == "minimum"
    assert ending.step < 1000
    assert curves["grad_norm"][-1] <= 1e-9 < curves["grad_norm"][-2]
    assert ending.theta.prod() == pytest.approx(1, abs=1e-8)


def test_a_start_at_a_minimum_takes_one_step():
    _, ending = run(CHAIN, [1.0, 1.0, 1.0, 1.0], 10.0, 50)
    assert (ending.outcome, ending.step) == ("minimum", 1)
    assert ending.critical_point == "unstable_minimum"  # S = 4, 2/η = 0.2


def test_a_run_that_has_converged_waits_for_the_last_change_of_the_learning_rate():
    _, ending = run(CHAIN, SHARPENING, 0.2, 2000, [(700, 0.1)])
    assert ending.outcome == "minimum"
    assert ending.step > 700


@pytest.mark.parametrize("steps", [1, 40])
def test_a_start_at_zero_stays_at_the_saddle(steps):
    curves, ending = run(CHAIN, np.zeros(4), 0.1, steps)
    assert (ending.outcome, ending.step) == ("saddle", steps)
    np.testing.assert_array_equal(curves["path"], 0)


def test_a_saddle_is_left_in_the_end():
    objective = scalar_objective((1, 1, 1), 1.0)
    _, ending = run(objective, [1e-10, 2e-10], 0.5, 400)
    assert ending.outcome == "minimum"


def test_a_path_into_a_saddle_that_is_not_zero():
    """Without its second singular direction the start never learns it."""
    objective = whitened_objective((2, 2, 2), (1.0, 0.5))
    _, ending = run(objective, [0.5, 0, 0, 0, 0.5, 0, 0, 0], 0.3, 1000)
    assert ending.outcome == "saddle"
    np.testing.assert_allclose(objective.product(ending.theta), np.diag([1, 0]), atol=1e-7)


def test_divergence_is_told_at_the_step_that_leaves_the_ball():
    curves, ending = run(CHAIN, [2.0, 2.0, 2.0, 2.0], 1.0, 100)
    assert ending.outcome == "diverged"
    assert (np.linalg.norm(curves["path"], axis=1) <= 1e6).all()
    assert not np.linalg.norm(ending.theta) <= 1e6


def test_a_far_excursion_within_the_ball_is_no_divergence():
    """The ball has a radius of 1e6 starts."""
    _, ending = run(scalar_objective((1, 1, 1), 1.0), [6.0, 6.0], 2e4, 1)
    assert ending.outcome != "diverged"
    assert np.linalg.norm(ending.theta) == pytest.approx(6e6, rel=0.1)
    _, ending = run(scalar_objective((1, 1, 1), 1.0), [6.0, 6.0], 5e4, 3)
    assert (ending.outcome, ending.step) == ("diverged", 1)


@settings(max_examples=examples(30))
@given(
    st.lists(st.floats(-2.8e5, 2.8e5), min_size=12, max_size=12),
    st.sampled_from([1e-3, 1.0, 100.0]),
)
def test_overflow_raises_nothing(weights, lr):
    objective = scalar_objective((1,) * 13, 100.0)
    with np.errstate(all="raise", under="ignore"):
        curves, ending = run(objective, weights, lr, 20)
    assert np.isfinite(curves["loss"]).all()
    assert np.isfinite(curves["grad_norm"]).all()
    assert ending.step >= 1


def test_an_overflow_is_a_divergence():
    with np.errstate(all="raise", under="ignore"):
        _, ending = run(scalar_objective((1,) * 13, 1.0), [2.8e5] * 12, 1e40, 20)
    assert (ending.outcome, ending.step) == ("diverged", 1)


def test_a_closed_run_does_no_more_work():
    parts = descend(CHAIN, SHARPENING, 0.1, 20_000)
    next(parts)
    parts.close()
    assert list(parts) == []


@pytest.mark.parametrize("y", [1.0, -2.0])
def test_two_equal_weights_descend_as_one(y):
    """a = b·sign(y) = x moves as x ← x − η(x² − |y|)x, with a period-2 orbit beyond 1/|y|."""
    objective = scalar_objective((1, 1, 1), y)
    lr = 1.2 / abs(y)
    _, ending = run(objective, [0.7, 0.7 * np.sign(y)], lr, 2000)
    assert (ending.outcome, ending.period) == ("periodic", 2)
    x = abs(ending.theta[0])
    once = x - lr * (x**2 - abs(y)) * x
    assert once - lr * (once**2 - abs(y)) * once == pytest.approx(x, rel=1e-9)
    assert once != pytest.approx(x, rel=0.05)
