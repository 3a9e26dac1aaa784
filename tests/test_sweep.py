"""Sweeps through the public interface: the table, single runs, orbits, and what makes a key."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import binomtest

import eosdash
from eosdash.fields import ParameterError
from eosdash.params import SweepParams
from eosdash.sweeps import coarse_to_fine
from tests.core.brute_force import of_matrix
from tests.service.helpers import arguments

TABLE = {0.5: 40, 0.8: 36, 0.95: 24, 1.02: 0, 1.1: 0, 1.3: 0}
"""η/η_C, and how many of forty starts converge."""
UNSCALED = {"init_scale": 0.5, "init_scaling": "none"}
TEACHER = {"task": "whitened", "depth": 3, "width": 4, **UNSCALED}
SIZES, TARGET = (2, 4, 4, 2), np.diag([1.0, 0.5])


@cache
def table():
    return eosdash.sweep(**TEACHER, starts=40, steps=3000, lr=list(TABLE), units="relative")


# Fates.


def test_the_table_of_forty_seeds():
    found = table()
    assert found.critical_lr == (pytest.approx(2 / 3), True)
    np.testing.assert_allclose(found.value, list(TABLE))
    np.testing.assert_allclose(found.lr, np.array(list(TABLE)) * 2 / 3)
    np.testing.assert_allclose(40 * found.fraction["minimum"], list(TABLE.values()))
    assert 40 * found.fraction["diverged"][list(TABLE).index(1.02)] == pytest.approx(13)
    converged = np.count_nonzero(found.grad_norm**2 < 1e-18, axis=1)
    np.testing.assert_array_equal(converged, list(TABLE.values()))
    np.testing.assert_array_equal(
        np.count_nonzero(np.isinf(found.grad_norm), axis=1),
        np.rint(40 * found.fraction["diverged"]),
    )


def test_shapes_shares_and_intervals():
    found = table()
    assert found.grad_norm.shape == found.sharpness.shape == (6, 40)
    assert found.visits.shape == (64, 6)
    assert found.exponent.shape == (6,)
    assert list(found.fraction) == [
        *("minimum", "saddle", "periodic", "bounded", "diverged", "undecided")
    ]
    np.testing.assert_allclose(sum(found.fraction.values()), 1)
    wilson = [binomtest(k, 40).proportion_ci(0.95, "wilson") for k in TABLE.values()]
    np.testing.assert_allclose(found.interval, np.transpose(wilson), atol=1e-9)


@pytest.mark.parametrize("seed", [0, 5, 17])
def test_a_start_of_a_sweep_ends_as_a_run_of_its_seed(seed):
    """The s-th start is that of the seed plus s."""
    found, raw = table(), of_matrix(SIZES, TARGET)
    for column in (0, 1, 2):
        run = eosdash.train(**TEACHER, seed=seed, steps=3000, lr=found.lr[column])
        norm, sharpness = found.grad_norm[column, seed], found.sharpness[column, seed]
        assert np.isinf(norm) == (run.outcome == "diverged")
        assert (norm**2 < 1e-18) == (run.outcome == "minimum")
        if run.outcome == "minimum":
            top = np.linalg.eigvalsh(raw.hessian(run.weights))[-1]
            assert sharpness == pytest.approx(top, rel=1e-6)
            assert sharpness <= 2 / found.lr[column] * (1 + 1e-6)


def counted(outcomes):
    return {name: outcomes.count(name) / len(outcomes) for name in set(outcomes)}


def test_points_reached_are_those_of_single_runs():
    """Few steps, so that all but those that diverge are still under way."""
    lr = [0.2, 0.6, 1.2]
    found = eosdash.sweep(**TEACHER, seed=3, starts=8, steps=30, lr=lr)
    raw = of_matrix(SIZES, TARGET)
    seen = set()
    for column, rate in enumerate(lr):
        outcomes = []
        for start in range(8):
            run = eosdash.train(**TEACHER, seed=3 + start, steps=30, lr=rate)
            outcomes.append(run.outcome)
            norm, top = found.grad_norm[column, start], found.sharpness[column, start]
            if run.outcome == "diverged":
                assert np.isinf(norm)
                assert np.isnan(top)
            else:
                expected = np.linalg.norm(raw.gradient(run.weights))
                assert norm == pytest.approx(expected, rel=1e-6)
                hessian = raw.hessian(run.weights)
                assert top == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-6)
        seen.update(outcomes)
        shares = {name: share[column] for name, share in found.fraction.items() if share[column]}
        assert shares == pytest.approx(counted(outcomes))
    assert {"diverged", "undecided"} <= seen


def test_in_large_networks_only_minimizers_have_a_sharpness():
    setting = {"task": "whitened", "depth": 3, "width": 6, "init_scale": 0.4}
    found = eosdash.sweep(**setting, lr=[0.001, 0.3], starts=4, steps=1500)
    assert found.fraction["undecided"][0] == 1
    assert np.isnan(found.sharpness[0]).all()
    raw = of_matrix((2, 6, 6, 2), TARGET)
    for start in range(4):
        run = eosdash.train(**setting, seed=start, lr=0.3, steps=1500)
        assert run.outcome == "minimum"
        top = np.linalg.eigvalsh(raw.hessian(run.weights))[-1]
        assert found.sharpness[1, start] == pytest.approx(top, rel=1e-6)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_all_starts_may_diverge(depth):
    found = eosdash.sweep(depth=depth, lr=[20.0, 30.0], starts=3, steps=200, init_scale=3)
    np.testing.assert_array_equal(found.fraction["diverged"], 1)
    assert np.isinf(found.grad_norm).all()
    assert np.isnan(found.sharpness).all()
    np.testing.assert_array_equal(found.interval[0], 0)


def test_rates_in_a_list_are_absolute_by_default():
    lr = [0.1, 0.7, 0.3]
    found = eosdash.sweep(depth=2, target=3, lr=lr, starts=5, steps=20)
    np.testing.assert_array_equal(found.lr, lr)
    np.testing.assert_array_equal(found.value, lr)
    assert found.params.units == "absolute"
    relative = eosdash.sweep(depth=2, target=3, lr=lr, units="relative", starts=5, steps=20)
    np.testing.assert_allclose(relative.lr, np.array(lr) / 3)
    for given in (tuple(lr), np.array(lr), "0.1,0.7,0.3"):
        again = eosdash.sweep(depth=2, target=3, lr=given, starts=5, steps=20)
        np.testing.assert_array_equal(again.visits, found.visits)


@pytest.mark.parametrize(("spacing", "spaced"), [("linear", np.linspace), ("log", np.geomspace)])
def test_a_range_is_spaced_as_asked(spacing, spaced):
    found = eosdash.sweep(
        depth=2, target=2, low=0.1, high=0.8, columns=9, spacing=spacing, starts=2, steps=5
    )
    np.testing.assert_allclose(found.value, spaced(0.1, 0.8, 9))
    np.testing.assert_allclose(found.lr, spaced(0.1, 0.8, 9) / 2)


def test_starts_in_a_ball_decide_by_the_known_ellipse():
    """Two weights, η < 1/|y|: a² + b² − ηy ab < (4 − η²y²)/η has area π 2(4 − s²)/(η√(4 − s²))
    with s = ηy."""
    lr, radius = [0.5, 0.8], 3.5
    found = eosdash.sweep(depth=2, lr=lr, draw="ball", radius=radius, starts=4000, steps=600)
    for column, rate in enumerate(lr):
        area = 2 * np.pi * np.sqrt(4 - rate**2) / rate
        expected = area / (np.pi * radius**2)
        assert (4 - rate**2) / rate / (1 - rate / 2) < radius**2  # it lies in the ball
        assert abs(found.fraction["minimum"][column] - expected) < 0.025
        assert (
            binomtest(round(4000 * found.fraction["minimum"][column]), 4000, expected).pvalue > 1e-3
        )


# Orbits.


@pytest.mark.parametrize("y", [1.0, 2.5, -0.5])
def test_the_first_period_doubling_is_at_the_critical_rate(y):
    """The amplitude² of the period-two orbit is linear in η − η_C to first order."""
    rates = np.array([0.95, 1.01, 1.014, 1.018]) / abs(y)
    found = eosdash.sweep(
        depth=2, target=y, init="balanced", init_scale=0.9 * abs(y) ** 0.5, lr=list(rates),
        observable="weight", weight=1, starts=1, steps=2000, visits=8,
    )  # fmt: skip
    visits = np.abs(found.visits)
    # Before it there is one point, the minimizer; then two.
    np.testing.assert_allclose(visits[:, 0], abs(y) ** 0.5, atol=1e-10)
    np.testing.assert_allclose(visits[2:], visits[:-2], atol=1e-8)
    amplitude = np.ptp(visits[:, 1:], axis=0)
    assert amplitude.min() > 0.01 * abs(y) ** 0.5
    slope, offset = np.polyfit(rates[1:], amplitude**2, 1)
    assert -offset / slope == pytest.approx(1 / abs(y), rel=1e-3)


def test_exponents_tell_order_from_chaos():
    found = eosdash.sweep(
        depth=2, init="balanced", init_scale=0.8, lr=[0.5, 1.6], starts=1, steps=1000
    )
    assert abs(found.exponent[0]) < 1e-6
    assert found.exponent[1] > 0.3


OBSERVED = {
    "chain": {"depth": 3, "seed": 2, "init_scale": 0.8, "target": -1.5},
    "matrix": TEACHER,
    "wide": {"task": "whitened", "depth": 3, "width": 6, "init_scale": 0.4},
}


@pytest.mark.parametrize("name", OBSERVED)
@pytest.mark.parametrize("observable", ["loss", "sharpness"])
def test_what_is_visited_is_what_a_run_measures(name, observable):
    setting, lr = OBSERVED[name], [0.1, 0.2]
    found = eosdash.sweep(**setting, lr=lr, observable=observable, starts=1, steps=25, visits=7)
    for column, rate in enumerate(lr):
        run = eosdash.train(**setting, lr=rate, steps=25)
        assert run.step == 25
        expected = getattr(run, observable)[-7:]
        np.testing.assert_allclose(found.visits[:, column], expected, rtol=1e-6)


@pytest.mark.parametrize("name", OBSERVED)
@pytest.mark.parametrize("weight", [0, 2])
def test_weights_and_outputs_visited_are_those_of_a_run(name, weight):
    setting = OBSERVED[name]
    options = {"lr": [0.15], "starts": 1, "steps": 25, "visits": 3}
    weights = eosdash.sweep(**setting, **options, observable="weight", weight=weight)
    outputs = eosdash.sweep(**setting, **options, observable="output")
    for number in range(3):
        run = eosdash.train(**setting, lr=0.15, steps=22 + number)
        sizes = run.params.sizes
        layers = of_matrix(sizes, np.zeros((sizes[-1], sizes[0]))).layers(run.weights)
        product = np.linalg.multi_dot(layers[::-1])
        assert weights.visits[number, 0] == pytest.approx(run.weights[weight], rel=1e-9)
        assert outputs.visits[number, 0] == pytest.approx(product[0, 0], rel=1e-9)


@pytest.mark.parametrize("observable", ["loss", "sharpness", "output", "weight"])
@pytest.mark.parametrize("width", [1, 2, 8])
def test_where_the_orbit_diverges_there_is_nothing_to_see(observable, width):
    """One rate at which it converges, and one at which it overflows."""
    setting = {"depth": 3, "init": "balanced", "init_scale": 1.2, "width": width}
    if width > 1:
        setting["task"] = "whitened"
    found = eosdash.sweep(
        **setting, lr=[0.1, 9.0], observable=observable, starts=2, steps=100, visits=4
    )
    assert eosdash.train(**setting, lr=9.0, steps=100).outcome == "diverged"
    assert np.isfinite(found.visits[:, 0]).all()
    assert np.isnan(found.visits[:, 1]).all()
    assert np.isnan(found.exponent[1])


def test_an_orbit_that_diverges_slowly_has_no_visits_either():
    """It has left the large ball, far from overflow."""
    setting = {"depth": 1, "init_scale": 1.0}
    assert eosdash.train(**setting, lr=2.2, steps=300).outcome == "diverged"
    found = eosdash.sweep(**setting, lr=[0.5, 2.2], starts=2, steps=300)
    assert np.isnan(found.visits[:, 1]).all()
    assert np.isnan(found.exponent[1])


def test_a_run_shorter_than_its_visits_shows_them_all():
    found = eosdash.sweep(depth=2, lr=[0.2], starts=2, steps=3, visits=64)
    assert found.visits.shape == (3, 1)


# The order of columns, and other axes.


@pytest.mark.parametrize("number", [1, 2, 7, 8, 9, 16, 33, 320])
def test_columns_come_once_each_and_every_eighth_first(number):
    parts = list(coarse_to_fine(number))
    np.testing.assert_array_equal(parts[0], np.arange(0, number, 8))
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(number))
    if number > 8:
        np.testing.assert_array_equal(parts[1], np.arange(4, number, 8))


CRITICAL = {1: 2.0, 2: 1.0, 3: 2 / 3, 4: 0.5, 5: 0.4}
"""By depth, for σ_1 = 1, whatever the width."""


@pytest.mark.parametrize("over", ["depth", "width"])
@pytest.mark.parametrize("draw", ["gaussian", "ball"])
def test_a_column_over_sizes_is_the_sweep_of_that_network(over, draw):
    setting = {
        "task": "whitened", "width": 3, "depth": 3, "starts": 6, "steps": 60, **UNSCALED,
        "seed": 4, "draw": draw,
    }  # fmt: skip
    found = eosdash.sweep(**setting, over=over, low=2, high=5, ratio=0.9)
    np.testing.assert_array_equal(found.value, [2, 3, 4, 5])
    assert found.visits is found.exponent is found.critical_lr is None
    for column, size in enumerate((2, 3, 4, 5)):
        depth = size if over == "depth" else 3
        assert found.lr[column] == pytest.approx(0.9 * CRITICAL[depth])
        alone = eosdash.sweep(**setting | {over: size}, lr=[found.lr[column]])
        np.testing.assert_allclose(found.grad_norm[column], alone.grad_norm[0], rtol=1e-9)
        np.testing.assert_allclose(found.sharpness[column], alone.sharpness[0], rtol=1e-9)
        for name, share in found.fraction.items():
            assert share[column] == alone.fraction[name][0]


# What makes a key.


def key(query):
    return SweepParams.make(**arguments(query)).key()


SAME = [
    ("", "lr=0.9"),
    ("", "radius=5"),
    ("", "ratio=0.3"),
    ("", "weight=2"),
    ("", "samples=7&data_seed=4&singular_values=3"),
    ("lr=0.1,0.2", "lr=0.1,0.2&low=0.3&high=0.7&columns=5&spacing=log"),
    ("lr=0.1,0.2", "rates=0.1,0.2&units=absolute"),
    ("lr=0.1,0.2", "lr=0.10, 0.2"),
    ("lr=0.1,0.2&over=depth&low=2&high=4", "over=depth&low=2&high=4"),
    ("over=depth&low=2&high=4", "over=depth&low=2&high=4&depth=7"),
    ("over=width&low=2&high=4", "over=width&low=2&high=4&width=7"),
    ("over=depth&low=2&high=4", "over=depth&low=2&high=4&columns=9&visits=3&observable=loss"),
    ("over=depth&low=2&high=4", "over=depth&low=2&high=4&units=absolute&spacing=log"),
    ("over=depth&low=2&high=4", "over=depth&low=2&high=4&weights=1,1,1,1"),
    ("over=depth&low=2&high=4&draw=ball", "over=depth&low=2&high=4&draw=ball&init_scale=2"),
]

BASE = "task=whitened&depth=3&width=4&init_scale=0.5&init_scaling=none&starts=4&columns=5&steps=40"
CHANGED = [
    (BASE, changes)
    for changes in (
        "depth=2", "width=3", "singular_values=1,0.4", "rotate=true", "init_scale=0.6",
        "init_scaling=fan_in", "seed=1", "weight_decay=0.1", "units=absolute", "spacing=log",
        "low=0.3", "high=1.5", "columns=6", "lr=0.3,0.4", "starts=5", "draw=ball", "steps=41",
        "observable=loss", "visits=8", "init=balanced", "over=depth&low=1&high=3",
        "over=width&low=1&high=3",
    )
] + [
    ("draw=ball", "radius=1"),
    ("draw=ball", "seed=1"),
    ("init=balanced", "seed=1"),
    ("init=balanced&task=whitened&init_scaling=none", "init_scaling=fan_in"),
    ("weights=1,1,1,1", "seed=1"),
    ("weights=1,1,1,1", "init_scale=2"),
    ("observable=weight", "weight=1"),
    ("lr=0.1,0.2", "units=relative"),
    ("lr=0.1,0.2", "lr=0.1,0.3"),
    ("over=depth&low=2&high=4", "ratio=0.7"),
    ("over=depth&low=2&high=4&task=whitened", "width=3"),
    ("over=depth&low=1&high=4&task=whitened&depth=1", "width=3"),
    ("over=width&low=2&high=4&task=whitened", "depth=3"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_key_knows_nothing_of_what_has_no_effect(one, other):
    assert key(one) == key(other)


def shown(found):
    arrays = (found.lr, found.grad_norm, found.sharpness, found.visits, found.exponent)
    return b"".join(b"" if array is None else array.tobytes() for array in arrays)


@pytest.mark.parametrize(("query", "change"), CHANGED)
def test_a_key_knows_what_changes_numbers(query, change):
    changed = arguments(query) | arguments(change)
    one, other = (SweepParams.make(**values) for values in (arguments(query), changed))
    assert one.key() != other.key()
    small = {"starts": 4, "columns": 5, "steps": 40}
    if not small.keys() & arguments(change).keys():  # it does change them
        assert shown(eosdash.sweep(**arguments(query) | small)) != shown(
            eosdash.sweep(**changed | small)
        )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "lr=0.1,0.25",
        "lr=0.5,0.25&units=relative",
        "rates=0.3",
        "observable=weight&weight=3&spacing=log&low=0.01",
        "weights=1,2,3,4&seed=3&init_scale=0.4",
        "task=whitened&hidden=3,4&init=balanced",
        "task=regression&width=3&draw=ball&radius=1.5",
        "over=depth&low=2&high=6&width=3&task=whitened",
        "over=depth&low=2&high=6&width=3&depth=1&task=whitened",
        "over=width&low=2&high=6&ratio=0.9",
    ],
)
def test_a_link_and_a_call_give_the_same_set_back(query):
    params = SweepParams.make(**arguments(query))
    again = SweepParams.make(**params.query())
    assert again.key() == params.key()
    assert again.query() == params.query()
    if params.over != "lr":
        name = "width" if params.over == "depth" else "depth"
        assert getattr(again, name) == getattr(params, name)
    called = eval(params.call(), {"eosdash": type("eosdash", (), {"sweep": SweepParams.make})})
    assert called.key() == params.key()


# What is refused.

BAD = [
    ("low=1&high=1", "high"),
    ("low=2&high=1", "high"),
    ("low=0", "low"),
    ("low=-1", "low"),
    ("low=nan", "low"),
    ("high=nan", "high"),
    ("high=inf", "high"),
    ("high=101", "high"),
    ("columns=1", "columns"),
    ("columns=2001", "columns"),
    ("lr=0.1,nan", "rates"),
    ("lr=0.1,-0.2", "rates"),
    ("lr=0.1,0", "rates"),
    ("lr=0.1,101", "rates"),
    ("lr=0.1,", "rates"),
    ("lr=fast,slow", "rates"),
    ("lr=nan", "lr"),
    ("lr=0", "lr"),
    ("lr=" + ",".join(["0.1"] * 2001), "rates"),
    ("observable=weight&weight=4", "weight"),
    ("observable=weight&weight=-1", "weight"),
    ("observable=colour", "observable"),
    ("over=depth&low=2&high=13", "high"),
    ("over=depth&low=2.5&high=4", "high"),
    ("over=depth&low=2&high=4.5", "high"),
    ("over=depth&low=0.5&high=4", "high"),
    ("over=depth&low=4&high=2", "high"),
    ("over=depth&low=4&high=2&rates=0.1", "high"),
    ("over=width&low=2&high=65", "high"),
    ("over=depth&low=2&high=4&hidden=3,3,3", "hidden"),
    ("over=samples", "over"),
    ("starts=0", "starts"),
    ("starts=10001", "starts"),
    ("steps=0", "steps"),
    ("visits=0", "visits"),
    ("visits=513", "visits"),
    ("draw=ball&radius=0", "radius"),
    ("draw=ball&radius=nan", "radius"),
    ("over=depth&low=2&high=4&ratio=nan", "ratio"),
    ("lr_schedule=10:0.5", "lr_schedule"),
]


@pytest.mark.parametrize(("query", "field"), BAD, ids=[query[:40] for query, _ in BAD])
def test_bad_input_is_named(query, field):
    with pytest.raises(ParameterError) as caught:
        SweepParams.make(**arguments(query))
    assert caught.value.field == field
    assert caught.value.message
    assert caught.value.allowed


@pytest.mark.parametrize(
    ("query", "field"),
    [("target=0", "units"), ("target=0&over=depth&low=2&high=4", "ratio"),
     ("target=0&lr=0.1,0.2&units=relative", "units")],
)  # fmt: skip
def test_units_of_an_infinite_rate_are_refused(query, field):
    with pytest.raises(ParameterError) as caught:
        eosdash.sweep(**arguments(query), starts=2, steps=5)
    assert caught.value.field == field
    found = eosdash.sweep(target=0, lr=[0.1], starts=2, steps=5)
    assert np.isinf(found.critical_lr.value)


def test_no_rates_at_all_are_no_sweep():
    with pytest.raises(ParameterError):
        eosdash.sweep(lr=[], starts=2, steps=5, columns=3)
