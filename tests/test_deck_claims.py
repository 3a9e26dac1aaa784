"""What the scenes say in numbers is what is computed: a number that changes fails here."""

import numpy as np
import pytest

import eosdash
from eosdash import runs
from eosdash.claims import verdicts
from eosdash.deck import DECK, read
from eosdash.setting import setting_of

SCENES = {scene.title: scene for scene in read(DECK).scenes}


def params_of(title):
    return SCENES[title].sets()[0].canonical()


def train(title, **more):
    params = params_of(title) | more
    return eosdash.train(**params)


def rises(run):
    return int(np.sum(np.diff(run.loss) > 0))


def share(found, outcome):
    return round(100 * found.fraction[outcome], 1)


PROVED = [
    ("Past η_C two weights jump for ever", "critical"),
    ("The basin of two weights is exactly an ellipse", "region"),
    ("The same basin at 1.05 η_C", "measure_zero"),
    ("The stable minima are a bounded piece that shrinks", "stable"),
    ("The stable minima are a bounded piece that shrinks", "manifold"),
    ("The stable minima are a bounded piece that shrinks", "chain"),
    ("Forty random starts on both sides of η_C", "measure_zero"),
]
"""Scenes that tell a theorem, and which."""


@pytest.mark.parametrize(("title", "claim"), PROVED)
def test_a_scene_tells_a_theorem_where_it_holds(title, claim):
    params = SCENES[title].sets()[0]
    assert all(each.holds for each in verdicts(claim, setting_of(params, claim)))


def test_no_scene_that_names_a_theorem_is_left_out():
    named = {scene.title for scene in SCENES.values() if "heorem" in scene.text}
    assert named <= {title for title, _ in PROVED}
    assert named


def test_a_quadratic_shrinks_and_grows_by_constant_factors():
    below, above = (
        train("A quadratic obeys the rule"),
        train("The same quadratic, just past 2/sharpness"),
    )
    assert below.outcome == "minimum"
    assert below.loss[1] / below.loss[0] == pytest.approx(0.8**2)
    assert below.threshold == pytest.approx(1.111, abs=5e-4)
    assert above.outcome == "diverged"
    assert above.loss[1] / above.loss[0] == pytest.approx(1.2**2)
    assert above.threshold == pytest.approx(0.909, abs=5e-4)
    assert set(np.round(below.sharpness, 9)) == {1}


def test_sharpness_rises_by_itself():
    run = train("Sharpness rises by itself")
    assert run.sharpness[0] == pytest.approx(1.05, abs=5e-3)
    assert run.sharpness[-1] == pytest.approx(4.84, abs=5e-3)
    assert run.outcome == "minimum"
    assert run.sharpness[10] > 0.95 * run.sharpness[-1]


def test_the_edge_of_stability():
    run = train("The edge of stability")
    assert run.threshold == pytest.approx(4.26, abs=5e-3)
    assert run.sharpness.max() == pytest.approx(6.67, abs=5e-3)
    assert rises(run) == 288
    assert run.loss[-1] == pytest.approx(4e-8, rel=0.05)
    assert run.sharpness[-1] / run.threshold == pytest.approx(0.996, abs=5e-4)


def test_the_flow_solution_gets_flatter_in_every_step():
    run = train("Here every overshoot leads to flatter minima", steps=600)
    gfs = run.gfs_sharpness
    assert gfs[0] == pytest.approx(4.85, abs=0.011)  # 4.84 in the table of known settings
    assert gfs[79] == pytest.approx(4.35, abs=5e-3)
    assert gfs[-1] == pytest.approx(4.25, abs=5e-3)
    assert np.all(np.diff(gfs[:80]) <= 0)


def test_two_weights_jump_between_two_points():
    run = train("Past η_C two weights jump for ever")
    assert (run.outcome, run.period) == ("periodic", 2)
    assert run.critical_lr.value == 1
    last = sorted(run.path[-2:].tolist())
    np.testing.assert_allclose(last, [[0.873, 0.873], [1.091, 1.091]], atol=5e-4)


def test_the_orbit_doubles_its_period_to_chaos():
    found = eosdash.sweep(**params_of("One start, 240 learning rates"))
    visited = [len(set(np.round(column, 6))) for column in found.visits.T]
    numbers = dict(zip(np.round(found.value, 3), visited, strict=True))
    assert len(found.value) == 240
    assert all(number == 1 for rate, number in numbers.items() if rate < 0.98)
    assert {2, 4, 8} <= set(visited)
    assert np.any(found.exponent[found.value > 1.3] > 0)
    assert np.all(found.exponent[found.value < 1.25] <= 1e-3)


def test_the_basin_and_what_is_left_of_it():
    inside = eosdash.basin(**params_of("The basin of two weights is exactly an ellipse"))
    assert share(inside, "minimum") == 57.2
    past = eosdash.basin(**params_of("The same basin at 1.05 η_C"))
    assert past.outcome.size == 65_536
    assert past.fraction["minimum"] == 0
    assert (share(past, "periodic"), share(past, "diverged")) == (40.3, 59.6)
    assert round(100 * past.fraction["saddle"], 2) == 0.15


def test_a_deep_network():
    title = "A deep network has a folded basin"
    found = eosdash.basin(**params_of(title))
    assert (share(found, "minimum"), share(found, "undecided")) == (52.8, 2.8)


def test_weight_decay_makes_the_boundary_rough():
    title = "The basin of two weights with weight decay"
    found = eosdash.basin(**params_of(title))
    assert share(found, "minimum") == 21.1
    assert found.boundary.dimension.exponent == pytest.approx(1.10, abs=5e-3)
    assert 2 - found.boundary.uncertainty.exponent == pytest.approx(1.26, abs=5e-3)
    snowflake = found.boundary.dimension.known[-1]
    assert snowflake.curve == "Koch snowflake"
    assert snowflake.truth == pytest.approx(1.26, abs=5e-3)
    assert snowflake.exponent == pytest.approx(1.20, abs=5e-3)
    finer = eosdash.basin(**params_of(title) | {"resolution": 2048})
    assert finer.boundary.dimension.exponent == pytest.approx(1.12, abs=5e-3)
    shared = {"depth": 2, "target": 0.5, "lr": 1, "weight_decay": 0.2, "steps": 500}
    leaves = eosdash.train(weights=[2.51, 0.09], **shared)
    assert (leaves.outcome, leaves.step) == ("diverged", 10)
    assert eosdash.train(weights=[2.50, 0.09], **shared).outcome == "minimum"


def test_the_stable_minimizers_of_three_weights():
    found = eosdash.theory.stable(depth=3, target=1, lr=0.5)
    assert found.bound.smallest == pytest.approx(0.597, abs=5e-4)
    assert found.bound.largest == pytest.approx(1.85, abs=5e-3)
    assert eosdash.theory.critical_lr(depth=3, target=1).value == pytest.approx(2 / 3)


def test_forty_starts_on_both_sides():
    found = eosdash.sweep(**params_of("Forty random starts on both sides of η_C"))
    converged = np.round(40 * found.fraction["minimum"]).astype(int)
    at = {
        round(float(value), 3): count for value, count in zip(found.value, converged, strict=True)
    }
    assert (at[0.8], at[0.95]) == (36, 24)
    past = [count for value, count in at.items() if value > 1]
    assert 40 * len(past) == 480
    assert sum(past) == 0


def test_a_larger_network_swings_about_the_threshold():
    run = train("Larger networks, and what this says of real ones")
    assert run.threshold == pytest.approx(5.19, abs=6e-3)
    assert rises(run) == 98
    assert run.loss[0] == pytest.approx(1.2, rel=0.05)
    assert run.loss[-1] == pytest.approx(1.2e-4, rel=0.05)


def disturb(monkeypatch, seed, size=1e-15):
    """Move every start: by about one rounding error, as another computer does along the way."""
    noise, start_of = np.random.default_rng(seed), runs.start_of

    def moved(*described):
        start = start_of(*described)
        return start * (1 + size * noise.standard_normal(start.shape))

    monkeypatch.setattr(runs, "start_of", moved)


@pytest.fixture(params=[None, 1, 2])
def rounding(request, monkeypatch):
    """What is said of a run that amplifies rounding errors must hold on any computer."""
    if request.param:
        disturb(monkeypatch, request.param)


@pytest.mark.usefixtures("rounding")
def test_a_network_that_is_not_linear_climbs_to_the_edge():
    run = train("A network that is not linear")
    assert run.threshold == pytest.approx(10)
    assert run.sharpness[0] == pytest.approx(5.87, abs=5e-3)
    assert np.median(run.sharpness[2000:]) == pytest.approx(10, rel=0.01)
    assert [event.step for event in run.events if event.kind == "crosses"] == [1409]
    assert rises(run) == pytest.approx(900, rel=0.1)
    assert run.loss[0] == pytest.approx(0.39, abs=5e-3)
    assert run.loss[-1] < 0.005


def test_disturbances_grow_at_the_edge(monkeypatch):
    """A million times a rounding error, so that it is not the processor that decides."""
    title = "A network that is not linear"
    here = train(title).sharpness
    disturb(monkeypatch, 1, 1e-9)
    apart = np.abs(here - train(title).sharpness)
    assert apart[:1409].max() < 1e-6
    assert apart.max() > 1e3 * apart[:1409].max()


def test_gradient_flow_goes_on():
    params = params_of("What infinitely small steps would do")
    flow = eosdash.explain(explanation="gradient_flow", **params)
    assert flow.arrays["step"][-1] == 2400
    assert flow.arrays["sharpness"][-1] == pytest.approx(19.6, abs=0.05)
    assert np.median(eosdash.train(**params).sharpness[1409:]) == pytest.approx(10, rel=0.1)


@pytest.mark.usefixtures("rounding")
def test_digits():
    run = train("Handwritten digits")
    assert run.threshold == pytest.approx(13.33, abs=5e-3)
    assert run.sharpness[0] == pytest.approx(8.30, abs=5e-3)
    assert np.median(run.sharpness[-400:]) == pytest.approx(14, abs=0.5)
    assert next(event.step for event in run.events if event.kind == "crosses") < 200
    assert run.loss[0] == pytest.approx(0.69, abs=5e-3)
    assert run.loss[-1] < run.loss[0] / 10
