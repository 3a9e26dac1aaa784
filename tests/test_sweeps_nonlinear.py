"""Sweeps of networks that are not linear: fates and orbits of runs, and no η_C in any of them."""

from functools import cache

import numpy as np
import pytest

import eosdash
from eosdash.fields import ParameterError
from eosdash.params import SweepParams
from eosdash.runs import objective_of
from eosdash.service import columns, limits
from eosdash.sweeps import starts_of, sweep_records
from tests.service.helpers import arguments, records

TANH = {
    "task": "chebyshev", "samples": 20, "depth": 2, "width": 8, "activation": "tanh",
    "init_scaling": "fan_in",
}  # fmt: skip
GELU = {"task": "scalar", "depth": 2, "width": 2, "activation": "gelu", "init_scale": 0.8}
CLASSES = {
    "task": "moons", "samples": 16, "depth": 2, "width": 3, "activation": "softplus",
    "loss": "cross_entropy", "weight_decay": 0.05,
}  # fmt: skip
SETTINGS = {"tanh": TANH, "gelu": GELU, "classes": CLASSES}


@cache
def fates_of(name):
    return eosdash.sweep(
        **SETTINGS[name], units="relative", lr=[0.5, 1.2, 3.0], starts=6, steps=150, seed=2
    )


def norm_of(run):
    return np.linalg.norm(objective_of(run.params).gradient(run.weights))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_start_of_a_sweep_ends_as_a_run_of_its_seed(name):
    found, seen = fates_of(name), {}
    for column, lr in enumerate(found.lr):
        for start in range(6):
            run = eosdash.train(**SETTINGS[name], seed=2 + start, lr=lr, steps=150)
            norm, sharpness = found.grad_norm[column, start], found.sharpness[column, start]
            seen.setdefault(column, []).append(run.outcome)
            assert np.isinf(norm) == (run.outcome == "diverged")
            if run.outcome != "diverged":
                assert norm == pytest.approx(norm_of(run), rel=1e-9, abs=1e-9)
                hessian = objective_of(run.params).hessian(run.weights)
                top = np.linalg.eigvalsh(hessian)[-1]
                assert sharpness == pytest.approx(top, rel=1e-4)
    for column, outcomes in seen.items():
        for outcome, share in found.fraction.items():
            assert share[column] == pytest.approx(outcomes.count(str(outcome)) / 6)


def test_several_fates_are_among_them():
    shares = [share.any() for share in fates_of("gelu").fraction.values()]
    assert sum(shares) > 1


@pytest.mark.parametrize("name", SETTINGS)
def test_relative_rates_are_in_units_of_the_edge_of_the_start(name):
    found = fates_of(name)
    run = eosdash.train(**SETTINGS[name], seed=2, steps=1)
    unit = 2 / run.sharpness[0]
    np.testing.assert_allclose(found.lr, unit * np.array([0.5, 1.2, 3.0]), rtol=1e-6)
    assert found.critical_lr is None
    start = columns.start_record(found.params)
    assert start["unit"] == {"value": pytest.approx(unit, rel=1e-6), "symbol": "2/S(θ₀)"}
    assert start["critical_lr"] is None


def test_absolute_rates_are_as_they_are():
    found = eosdash.sweep(**TANH, units="absolute", low=0.1, high=0.5, columns=3, starts=1, steps=5)
    np.testing.assert_allclose(found.lr, [0.1, 0.3, 0.5])


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("observable", ["loss", "sharpness"])
def test_what_is_visited_is_what_a_run_measures(name, observable):
    lr = [0.1, 0.3]
    found = eosdash.sweep(
        **SETTINGS[name], lr=lr, observable=observable, starts=1, steps=25, visits=7
    )
    for column, rate in enumerate(lr):
        run = eosdash.train(**SETTINGS[name], lr=rate, steps=25)
        expected = getattr(run, observable)[-7:]
        np.testing.assert_allclose(found.visits[:, column], expected, rtol=1e-6)


@pytest.mark.parametrize("name", SETTINGS)
def test_weights_and_outputs_visited_are_those_of_a_run(name):
    options = {"lr": [0.15], "starts": 1, "steps": 25, "visits": 1}
    weight = eosdash.sweep(**SETTINGS[name], **options, observable="weight", weight=4)
    output = eosdash.sweep(**SETTINGS[name], **options)
    run = eosdash.train(**SETTINGS[name], lr=0.15, steps=24)
    assert weight.visits[0, 0] == pytest.approx(run.weights[4], rel=1e-9)
    first = objective_of(run.params).predict(run.weights)[0, 0]
    assert output.visits[0, 0] == pytest.approx(first, rel=1e-9)


def test_orbits_of_many_columns_are_those_of_each():
    """They are followed in blocks."""
    lr = list(np.linspace(0.2, 2.5, 90))
    together = eosdash.sweep(**TANH, lr=lr, starts=1, steps=6, visits=3)
    for column in (0, 1, 44, 89):
        alone = eosdash.sweep(**TANH, lr=[lr[column]], starts=1, steps=6, visits=3)
        np.testing.assert_allclose(together.visits[:, column], alone.visits[:, 0], rtol=1e-12)


def test_the_exponent_is_the_growth_of_a_tangent():
    """Where gradient descent converges to one stable minimum, log |1 − η λ| of what it leaves."""
    decayed = {"task": "scalar", "depth": 2, "activation": "tanh", "weight_decay": 0.2}
    found = eosdash.sweep(**decayed, lr=[0.3, 0.9], starts=1, steps=2000, seed=1)
    for column, lr in enumerate(found.lr):
        run = eosdash.train(**decayed, lr=lr, steps=2000, seed=1)
        assert run.outcome == "minimum"
        values = np.linalg.eigvalsh(objective_of(run.params).hessian(run.weights))
        slowest = np.log(np.abs(1 - lr * values).max())
        assert found.exponent[column] == pytest.approx(slowest, abs=2e-3)


@pytest.mark.parametrize("over", ["depth", "width"])
@pytest.mark.parametrize("draw", ["gaussian", "ball"])
def test_a_column_over_sizes_is_the_sweep_of_that_network(over, draw):
    setting = TANH | {"depth": 3, "width": 3, "starts": 4, "steps": 40, "draw": draw, "seed": 4}
    found = eosdash.sweep(**setting, over=over, low=2, high=4, ratio=0.9)
    assert found.visits is found.exponent is found.critical_lr is None
    for column, size in enumerate((2, 3, 4)):
        alone = eosdash.sweep(**setting | {over: size}, lr=[found.lr[column]])
        np.testing.assert_allclose(found.grad_norm[column], alone.grad_norm[0], rtol=1e-9)
        for name, share in found.fraction.items():
            assert share[column] == alone.fraction[name][0]
        sized = SweepParams.make(**setting | {over: size})
        objective = objective_of(sized)
        first = starts_of(sized, objective)[:, 0]
        sharpness = np.linalg.eigvalsh(objective.hessian(first))[-1]
        assert found.lr[column] == pytest.approx(0.9 * 2 / sharpness, rel=1e-6)


def test_a_start_that_is_nowhere_curved_upwards_has_no_unit():
    flat = {"depth": 3, "activation": "tanh", "biases": False, "init_scale": 0}
    with pytest.raises(ParameterError) as caught:
        eosdash.sweep(**flat, starts=1, steps=2, columns=2)
    assert caught.value.field == "units"
    assert eosdash.sweep(**flat, lr=[0.5], starts=1, steps=2).fraction["undecided"][0] == 1


# Records and words.


@pytest.mark.parametrize(
    "options", [{"columns": 9}, {"over": "depth", "low": 1, "high": 3}], ids=["lr", "depth"]
)
def test_no_word_of_the_critical_learning_rate(options):
    params = SweepParams.make(**GELU, **options, starts=3, steps=200)
    start, parts = columns.start_record(params), list(sweep_records(params))
    end = columns.end_record(parts, params)
    assert "η_C" not in start["setup"] + end["summary"] + start["observable"]
    assert "are about linear networks, and not about this one" in start["scope"]
    assert not start["reduces"]
    assert start["observable"] == "output on the first sample"
    if "over" in options:
        assert "0.8 · 2/S(θ₀)" in end["summary"]


def test_a_chain_that_is_not_linear_does_not_reduce_to_one_weight():
    assert columns.reduces(SweepParams.make(depth=2))
    assert not columns.reduces(SweepParams.make(depth=2, activation="tanh", biases=False))


def test_units_and_scope_of_linear_networks_are_as_ever():
    start = columns.start_record(SweepParams.make(depth=2, target=2))
    assert start["unit"] == {"value": 0.5, "symbol": "η_C"}
    assert start["scope"].startswith("Linear network")
    assert "W<sub>1</sub>" in start["observable"]


def test_the_stream_of_a_sweep(client):
    query = "task=scalar&depth=2&activation=relu&columns=4&starts=2&steps=30&visits=4"
    lines = records(client.get(f"/api/sweep?{query}").data)
    assert [lines[0]["type"], lines[-1]["type"]] == ["start", "end"]
    assert SweepParams.make(**lines[0]["query"]).key() == SweepParams.make(**arguments(query)).key()


# Cost.


def test_a_sweep_that_is_too_expensive_is_told_what_would_do():
    query = TANH | {"columns": 320, "starts": 100, "steps": 1000}
    with pytest.raises(ParameterError) as caught:
        limits.check_sweep(SweepParams.make(**query))
    assert caught.value.field == "starts"
    most = int(caught.value.allowed.split("up to ")[1].split()[0])
    limits.check_sweep(SweepParams.make(**query | {"starts": most}))
    with pytest.raises(ParameterError):
        limits.check_sweep(SweepParams.make(**query | {"starts": most + 1}))


def test_the_largest_size_of_a_sweep_counts(monkeypatch):
    params = SweepParams.make(**TANH, over="width", low=1, high=9, starts=2, steps=5)
    monkeypatch.setenv("EOSDASH_LIMIT_PARAMETERS", "28")
    limits.check_sweep(params)
    monkeypatch.setenv("EOSDASH_LIMIT_PARAMETERS", "27")
    with pytest.raises(ParameterError, match="28 weights"):
        limits.check_sweep(params)


def test_a_weight_may_be_a_bias():
    SweepParams.make(**TANH, observable="weight", weight=24)
    with pytest.raises(ParameterError, match="no such weight"):
        SweepParams.make(**TANH, observable="weight", weight=25)
