"""Runs in words: every outcome is named, and nothing is claimed that was not seen."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash.core.descent.course import Course
from eosdash.core.descent.critical_points import CriticalPoint
from eosdash.core.descent.gradient_descent import Ending
from eosdash.core.outcome import Outcome
from eosdash.core.theory.critical import CriticalLearningRate
from eosdash.marks import unmarked
from eosdash.params import TrainParams
from eosdash.runs import critical_lr_of, train_records
from eosdash.words import badge_words, fate_words, outcome_words, setup_words

QUIET = Course(
    above=None, climbs=False, back=None, late_above=False, swings=False, about=False, median=0.5,
    below=True, rises=None, spike=None, settled=None, ratio=0.5,
)  # fmt: skip
CROSSED = QUIET._replace(
    above=5, climbs=True, late_above=True, below=False, rises=6, median=1.4, ratio=1.3
)
BACK = CROSSED._replace(back=50, ratio=0.8)
ABOUT = BACK._replace(about=True, median=1.02)
SWINGS = BACK._replace(swings=True)
FELL = BACK._replace(late_above=False)
RISES = QUIET._replace(rises=6)


def said_of(*args) -> str:
    """The sentence without marks of terms."""
    return unmarked(outcome_words(*args))


def settles(ratio: float, course: Course = BACK) -> Course:
    return course._replace(settled=600, ratio=ratio)


RESTS = {
    Outcome.MINIMUM: CriticalPoint.GLOBAL,
    Outcome.SADDLE: CriticalPoint.SADDLE,
}


def ending(
    outcome: Outcome,
    step: int = 1234,
    period: int | None = None,
    rests: CriticalPoint | None = None,
) -> Ending:
    if outcome is Outcome.PERIODIC:
        period = period or 2
    kind = rests or RESTS.get(outcome, CriticalPoint.NONE)
    return Ending(outcome, step, period, 100 if period else None, np.ones(4), kind)


KINDS = [
    (Outcome.MINIMUM, CriticalPoint.LOCAL, "local minimum", r"^Ends at a local minimum\b"),
    (Outcome.MINIMUM, CriticalPoint.UNSTABLE, "minimum, not stable", r"too sharp to be stable"),
    (
        Outcome.UNDECIDED,
        CriticalPoint.FLAT,
        "flat region",
        r"and in some direction the curvature",
    ),
    (Outcome.SADDLE, CriticalPoint.SADDLE, "saddle", r"^Ends at a saddle\b"),
    (Outcome.MINIMUM, CriticalPoint.GLOBAL, "minimum", r"stays below 2/η"),
]


@pytest.mark.parametrize(("outcome", "kind", "badge", "words"), KINDS)
def test_every_kind_of_rest_has_words_of_its_own(outcome, kind, badge, words):
    there = ending(outcome, rests=kind)
    assert badge_words(there) == badge
    assert re.search(words, said_of(there, QUIET))


SENTENCES = [
    (Outcome.DIVERGED, CROSSED, r"^Diverges at step 1,233\b"),
    (Outcome.BOUNDED, CROSSED, r"^Bounded so far, without converging and without a period"),
    (Outcome.SADDLE, QUIET, r"^Ends at a saddle\b"),
    (Outcome.SADDLE, BACK, r"^Ends at a saddle\b"),
    (Outcome.MINIMUM, QUIET, r"stays below 2/η, and the descent is quiet"),
    (Outcome.MINIMUM, settles(0.95, QUIET), r"stays below 2/η"),
    (Outcome.MINIMUM, BACK, r"climbs past 2/η and falls below it$"),
    (
        Outcome.MINIMUM,
        settles(0.6),
        r"climbs past 2/η and falls below it, and settles at 0\.600 · 2/η",
    ),
    (Outcome.MINIMUM, settles(0.98), r"climbs past 2/η and settles at 0\.980 · 2/η"),
    (Outcome.UNDECIDED, settles(0.997), r"climbs past 2/η and settles at 0\.997 · 2/η"),
    (Outcome.UNDECIDED, settles(0.31, SWINGS), r"falls below it, and settles at 0\.310 · 2/η"),
    (Outcome.UNDECIDED, FELL, r"climbs past 2/η and falls below it$"),
    (Outcome.UNDECIDED, CROSSED, r"climbs past 2/η and stays above it"),
    (
        Outcome.UNDECIDED,
        CROSSED._replace(above=0, climbs=False),
        r"starts above 2/η and stays above it",
    ),
    (Outcome.UNDECIDED, CROSSED._replace(climbs=False), r"passes 2/η and stays above it"),
    (Outcome.UNDECIDED, SWINGS, r"goes up and down around it"),
    (Outcome.UNDECIDED, BACK, r"climbs past 2/η and ends at 0\.800 · 2/η"),
    (Outcome.UNDECIDED, ABOUT, r"2/η and stays about it, at 1\.020 · 2/η on median"),
    (Outcome.UNDECIDED, QUIET, r"stays below 2/η, and the descent is quiet"),
    (Outcome.UNDECIDED, RISES, r"stays below 2/η, though the loss rises at times"),
    (Outcome.UNDECIDED, QUIET._replace(below=False), r"does not exceed 2/η"),
]


@pytest.mark.parametrize(("outcome", "course", "words"), SENTENCES)
def test_the_sentence_says_what_was_seen(outcome, course, words):
    assert re.search(words, said_of(ending(outcome), course))


@pytest.mark.parametrize("period", [2, 3, 64])
def test_the_sentence_of_an_orbit_names_its_period(period):
    orbit = ending(Outcome.PERIODIC, period=period)
    assert re.search(rf"\bperiod {period}\b", said_of(orbit, CROSSED))
    assert re.search(rf"\bevery {period} steps\b", fate_words(orbit))


outcomes = st.sampled_from(list(Outcome))
without_settling = st.sampled_from([QUIET, RISES, CROSSED, BACK, ABOUT, SWINGS, FELL])


RESTLESS = [
    {"depth": 2, "weights": [0.9, 1.05], "lr": 1.1, "optimizer": "heavy_ball", "momentum": 0.85},
    {"depth": 1, "weights": [0.2], "lr": 0.6, "optimizer": "nesterov", "momentum": 0.7},
    {"depth": 1, "weights": [0.2], "lr": 0.6},
    {"depth": 3, "weights": [0.9, 0.8, 1.1], "lr": 0.2},
    {"task": "toy", "activation": "tanh", "hidden": [6], "batch": 3, "lr": 0.05, "samples": 30},
]


@pytest.mark.parametrize("values", RESTLESS)
def test_a_descent_is_called_quiet_exactly_when_the_loss_never_rises(values):
    params = TrainParams.make(steps=400, **values)
    *chunks, end = train_records(params)
    loss = np.concatenate([chunk.loss for chunk in chunks])
    sharpness = np.concatenate([chunk.sharpness for chunk in chunks])
    assert sharpness.max() < params.rule.threshold(params.lr)
    words = said_of(end.ending, end.course, end.edge, end.linear)
    assert ("quiet" in words) == bool(np.all(np.diff(loss) <= 1e-9 * loss[:-1])), words


@given(outcomes, without_settling)
def test_no_settling_is_claimed_where_there_is_none(outcome, course):
    assert "settles" not in said_of(ending(outcome), course)


@given(st.sampled_from([Outcome.DIVERGED, Outcome.PERIODIC, Outcome.BOUNDED, Outcome.SADDLE]))
def test_what_goes_on_or_ends_elsewhere_does_not_settle(outcome):
    assert "settles" not in said_of(ending(outcome), settles(0.99))


@given(outcomes, st.floats(0, 0.89))
def test_no_edge_is_claimed_far_below_it(outcome, ratio):
    words = said_of(ending(outcome), settles(ratio))
    assert "settles at" not in words or "falls below it, and settles at" in words


@given(st.sampled_from([Outcome.MINIMUM, Outcome.UNDECIDED]), without_settling)
def test_the_sharpness_is_said_to_stay_below_exactly_when_it_never_crosses(outcome, course):
    said = "stays below" in said_of(ending(outcome), course)
    assert said == (course.above is None)


FATES = {  # the last of 1,234 rows
    Outcome.MINIMUM: "converged at step 1,233",
    Outcome.SADDLE: "gradient zero, at a saddle, at step 1,233",
    Outcome.PERIODIC: "repeats every 2 steps",
    Outcome.BOUNDED: "neither settled nor repeated up to step 1,233",
    Outcome.DIVERGED: "left the ball at step 1,233",
    Outcome.UNDECIDED: "not decided up to step 1,233",
}


@pytest.mark.parametrize("outcome", Outcome)
def test_every_fate_has_words(outcome):
    assert fate_words(ending(outcome)) == FATES[outcome]


SETUPS = [
    ({"depth": 4}, "A chain of 4 weights learns y = 1 with η = 0.469 = 0.938 η_C."),
    ({"depth": 1, "lr": 0.5}, "One weight learns y = 1 with η = 0.5 = 0.25 η_C."),
    (
        {"depth": 3, "width": 8, "target": -2, "lr": 0.469},
        r"A linear network of 3 layers, 8 wide, learns y = -2 with η = 0.469 = ",
    ),
    (
        {"hidden": "3,5", "task": "whitened", "d_in": 4, "d_out": 3},
        "A linear network of 3 layers, 3, 5 wide, learns a 3 × 4 matrix on whitened data",
    ),
    (
        {"depth": 1, "task": "regression", "samples": 60},
        "A single linear layer learns a 2 × 2 regression on 60 samples",
    ),
]


@pytest.mark.parametrize(("values", "words"), SETUPS)
def test_the_setup_is_said_in_a_sentence(values, words):
    params = TrainParams.make(**values)
    said = setup_words(params, critical_lr_of(params))
    assert said.startswith(words)
    assert said.endswith(".")


def test_an_unbounded_critical_learning_rate_is_not_compared_with():
    params = TrainParams.make(target=0)
    critical = critical_lr_of(params)
    assert critical.value == np.inf
    assert "η_C" not in setup_words(params, critical)
    assert "η_C" in setup_words(params, CriticalLearningRate(0.5, closed_form=True))
