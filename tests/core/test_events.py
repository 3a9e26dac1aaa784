"""Events on constructed curves."""

import numpy as np
import pytest

from eosdash.core.descent.course import course_of
from eosdash.core.descent.critical_points import CriticalPoint
from eosdash.core.descent.events import find_events
from eosdash.core.descent.gradient_descent import Ending
from eosdash.core.outcome import Outcome


def events(
    loss=None, sharpness=None, outcome="undecided", period=None, period_step=None, lr=1.0,
    rests="none",
):  # fmt: skip
    """Events by kind, of curves of 100 steps; 2/η is 2."""
    loss = np.ones(100) if loss is None else np.asarray(loss, dtype=float)
    sharpness = np.linspace(0.5, 1.0, len(loss)) if sharpness is None else np.asarray(sharpness)
    kind = CriticalPoint(rests)
    ending = Ending(Outcome(outcome), len(loss), period, period_step, np.zeros(1), kind)
    found = find_events(course_of(loss, sharpness, np.full(len(loss), 2 / lr), ending), ending)
    assert [event.step for event in found] == sorted(event.step for event in found)
    return {event.kind: event for event in found}


def test_a_quiet_run_has_no_events():
    assert events() == {}


def test_sharpness_crosses_and_returns():
    sharpness = np.concatenate([np.linspace(1, 3, 50), np.linspace(3, 1, 50)])
    found = events(sharpness=sharpness)
    assert found["crosses"].step == np.flatnonzero(sharpness > 2)[0]
    assert found["crosses"].text == "sharpness crosses 2/η"
    assert found["returns"].step == np.flatnonzero(sharpness > 2)[-1] + 1


def test_a_sharp_start_does_not_cross():
    found = events(sharpness=np.linspace(3, 2.5, 100))
    assert found["crosses"].text == "starts sharper than 2/η"
    assert found["crosses"].step == 0
    assert "returns" not in found


def test_the_threshold_follows_the_learning_rate():
    sharpness, lr = np.ones(100), np.repeat([1.0, 3.0], 50)
    ending = Ending(Outcome.UNDECIDED, 100, None, None, np.zeros(1))
    first = find_events(course_of(np.ones(100), sharpness, 2 / lr, ending), ending)
    assert [(event.kind, event.step) for event in first if event.kind == "crosses"] == [
        ("crosses", 50)
    ]


def test_the_threshold_is_called_what_it_is():
    sharpness = np.linspace(1, 9, 100)
    ending = Ending(Outcome.MINIMUM, 100, None, None, np.zeros(1), CriticalPoint.LOCAL)
    course = course_of(np.ones(100), sharpness, np.full(100, 4.0), ending)
    found = find_events(course, ending, "4/η")
    assert [(event.step, event.text) for event in found] == [
        (38, "sharpness crosses 4/η"),
        (99, "converges to a local minimum"),
    ]


def test_a_spike_is_told_at_its_peak():
    loss = np.ones(100)
    loss[40:44] = [2, 5, 9, 3]
    assert events(loss=loss)["spike"].step == 42


def test_a_spike_falls_again_and_is_seen():
    assert events(loss=1.3 ** np.arange(100))["rises"].step == 1
    loss = np.ones(100)
    loss[30:32] = [1.02, 1.09]
    assert events(loss=loss)["rises"].step == 30
    loss[60:62] = [1.07, 1.12]
    found = events(loss=loss)
    assert found["spike"].step == 61
    assert "rises" not in found


def test_rounding_is_no_rise():
    assert events(loss=1 + 1e-12 * np.arange(100)) == {}


@pytest.mark.parametrize("ratio", [0.5, 0.997])
def test_sharpness_settles_at_a_part_of_the_threshold(ratio):
    sharpness = 2 * ratio * (1 - 0.9 ** (1 + np.arange(100)))
    found = events(sharpness=sharpness)["settles"]
    assert found.step == 43  # 0.9^44 is the first power below 1 %, 0.9^100 apart
    assert found.value == pytest.approx(ratio, rel=1e-3)
    assert found.text == f"sharpness stays within 1 % of {found.value:.3f} · 2/η"


def test_sharpness_that_still_moves_has_not_settled():
    assert "settles" not in events(sharpness=np.linspace(0.1, 1, 100))


@pytest.mark.parametrize("pace", [1e-9, 1e-6, 5e-5])
def test_sharpness_that_creeps_on_has_not_settled(pace):
    assert "settles" not in events(sharpness=0.7 * (1 + pace * np.arange(100)))


def test_sharpness_that_swings_about_its_last_value_has_settled():
    swings = 1 + 0.004 * (-1.0) ** np.arange(100)
    assert events(sharpness=0.7 * swings)["settles"].step == 0
    assert events(sharpness=np.full(100, 0.7))["settles"].value == pytest.approx(0.35)


def test_sharpness_beyond_the_threshold_settles_nowhere():
    assert "settles" not in events(sharpness=np.full(100, 2.4))
    assert "settles" in events(sharpness=np.full(100, 2.4), outcome="minimum")


def test_endings_in_words():
    assert (
        events(outcome="diverged")["diverges"].step == 99
    )  # the last row, before the ball is left
    for rests, words in (
        ("global_minimum", "converges to a global minimum"),
        ("unstable_minimum", "rests on a minimum that is not stable"),
        ("saddle", "converges to a saddle"),
        ("flat", "rests where the loss is flat in some direction"),
    ):
        there = events(outcome="saddle", rests=rests)["converges"]
        assert (there.step, there.text) == (99, words)  # the last row
    period = events(outcome="periodic", period=4, period_step=60)["period"]
    assert (period.step, period.value) == (60, 4.0)
    assert period.text == "repeats itself every 4 steps"


def test_one_step_is_enough():
    assert events(loss=[1.0], sharpness=[3.0], outcome="diverged").keys() == {"crosses", "diverges"}
