"""Limits of a request: enforced at their boundary, and set by the environment."""

import pytest

from eosdash.params import BasinParams, SweepParams, TheoryParams, TrainParams
from eosdash.params.fitting import MAPS, SOON, SWEEPS
from eosdash.service import kinds
from eosdash.service.limits import train_seconds
from eosdash.service.settings import SETTINGS
from tests.service.helpers import SHORT, arguments, fetch, url

LARGE = "task=regression&depth=3&width=8&init_scaling=fan_in&lr=0.01&steps=5"
LARGE_WEIGHTS = 2 * 8 + 8 * 8 + 8 * 2


def padded(query: str, length: int) -> str:
    """The same query with that many characters."""
    return query.replace("weights=", "weights=" + "+" * (length - len(query)))


def answer(client, query):
    """The status, and the field that was at fault."""
    response = client.get(url(query))
    refused = response.status_code == 422
    return response.status_code, response.get_json()["error"]["field"] if refused else None


BOUNDARIES = {
    "steps": [(None, 20_000), ("50", 50), ("50.0", 50)],
    "parameters": [(str(LARGE_WEIGHTS), LARGE_WEIGHTS)],
    "seconds": [(repr(train_seconds(TrainParams.make(**arguments(LARGE)))), 5)],
    "query": [(None, 8_000), ("300", 300)],
}
"""For each limit: what its variable is set to, and the most that is then accepted."""


def queries(name: str, most: int) -> tuple[str, str]:
    """A query right at a limit and one just beyond."""
    if name == "query":
        return padded(SHORT, most), padded(SHORT, most + 1)
    if name == "parameters":
        return LARGE, LARGE.replace("width=8", "hidden=8,9")
    steps = "seed=3&lr=0.4&steps=" if name == "steps" else LARGE.removesuffix("5")
    return f"{steps}{most}", f"{steps}{most + 1}"


AT_FAULT = {"steps": "steps", "parameters": "width", "seconds": "steps", "query": "query"}


@pytest.mark.parametrize(
    ("name", "value", "most"),
    [(name, value, most) for name, cases in BOUNDARIES.items() for value, most in cases],
)
def test_a_limit_holds_at_its_boundary_and_no_earlier(client, monkeypatch, name, value, most):
    if value is not None:
        monkeypatch.setenv(f"EOSDASH_LIMIT_{name.upper()}", value)
    at, beyond = queries(name, most)
    assert answer(client, at) == (200, None)
    assert answer(client, beyond) == (422, AT_FAULT[name])


def test_every_limit_is_tested():
    limits = {name.removeprefix("limit_") for name in SETTINGS if name.startswith("limit_")}
    assert limits == {*BOUNDARIES, "body"}
    # Of that one: test_a_body_that_is_too_large_is_not_read, in test_deck_api.py.


@pytest.mark.parametrize(
    ("query", "variable", "value"),
    [
        (padded(SHORT, 9_000), "EOSDASH_LIMIT_QUERY", "9000"),
        ("task=regression&depth=12&width=48&steps=20000", "EOSDASH_LIMIT_SECONDS", "1e4"),
    ],
    ids=["query", "seconds"],
)
def test_a_limit_may_be_raised(client, monkeypatch, no_work, query, variable, value):
    assert client.get(url(query)).status_code == 422
    monkeypatch.setenv(variable, value)
    with pytest.raises(pytest.fail.Exception, match="work has begun"):
        client.get(url(query))


def test_a_run_that_is_too_expensive_is_told_what_would_do(client, no_work):
    query = "task=regression&depth=12&width=48&eigenvalues=5&steps="
    response = client.get(url(f"{query}20000"))
    assert response.status_code == 422
    error = response.get_json()["error"]
    assert error["field"] == "steps"
    steps = int(error["allowed"].split(" steps")[0].removeprefix("up to ").replace(",", ""))
    assert answer(client, f"{query}{steps + 1}") == (422, "steps")
    with pytest.raises(pytest.fail.Exception, match="work has begun"):
        client.get(url(f"{query}{steps}"))


def test_the_real_server_lets_the_longest_query_through(live_server):
    assert fetch(live_server, padded(SHORT, 8_000))[0] == 200
    status, body = fetch(live_server, padded(SHORT, 8_001))
    assert status == 422
    assert b'"query"' in body


@pytest.mark.parametrize(
    "network",
    [
        {"task": "chebyshev", "activation": "tanh", "hidden": (30, 20), "samples": 20},
        {"task": "digits", "activation": "relu", "hidden": (32, 32), "samples": 500},
        {"activation": "tanh", "depth": 2},
    ],
)
def test_what_is_left_out_of_sizes_is_computed_soon(network):
    for kind, coarsest in ((BasinParams, MAPS[-1]), (SweepParams, SWEEPS[-1])):
        params = kind.make(**network)
        kinds.check(params)
        assert kinds.cost(params) <= SOON or coarsest.items() <= dict(params).items()


def test_small_linear_networks_have_the_usual_sizes():
    assert (BasinParams.make().resolution, BasinParams.make().steps) == (512, 500)
    assert dict(SweepParams.make()).items() >= SWEEPS[0].items()
    assert TrainParams.make().steps == 1500


@pytest.mark.parametrize("kind", [TrainParams, BasinParams, SweepParams, TheoryParams])
def test_sizes_that_are_given_stay(kind):
    sizes = {"steps": 77} | ({"starts": 9} if "starts" in kind.model_fields else {})
    params = kind.make(task="whitened", width=30, depth=6, **sizes)
    assert dict(params).items() >= sizes.items()


def test_a_range_suits_what_it_goes_over():
    def ends(**params):
        made = SweepParams.make(**params)
        return made.low, made.high

    assert ends(depth=3) == (0.2, 1.6)
    assert ends(over="depth") == (2, 8)
    assert ends(over="width") == (1, 12)
    assert ends(over="width", high=5) == (1, 5)
    assert ends(units="absolute", depth=2, target=3) == pytest.approx((0.2 / 3, 1.6 / 3), rel=1e-2)


DEAR = [
    ({"task": "regression", "depth": 4, "width": 16}, 1.4, 2),
    ({"task": "moons", "activation": "tanh", "hidden": (24, 24), "samples": 600}, 1.4, 2),
    ({"task": "digits", "activation": "relu", "hidden": (32, 32), "samples": 500}, 5, 10),
]
"""Settings, and how many times as long a run takes with λ_min, at least and at most."""


@pytest.mark.parametrize(("setting", "least", "most"), DEAR)
def test_the_price_of_the_smallest_eigenvalue(setting, least, most):
    without, beside = (
        train_seconds(TrainParams.make(**setting, steps=50, lambda_min=wanted))
        for wanted in (False, True)
    )
    assert least <= beside / without <= most
