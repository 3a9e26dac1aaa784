"""The stream of a sweep, its archive, the reduction of a chain, and what is refused."""

import ast
import base64
import io
import json
import re
import time
from functools import cache
from urllib.parse import urlencode

import numpy as np
import pytest

import eosdash
from eosdash.core.outcome import OUTCOMES
from eosdash.params import SweepParams
from eosdash.service import settings
from eosdash.service.limits import sweep_seconds
from eosdash.sweeps import sweep_records
from tests.service.helpers import arguments, cached, holds, records, streamed, strict

SWEEPS = {
    "chain": "depth=2&columns=21&starts=12&steps=300&visits=5&seed=1&init_scale=0.7&high=1.4",
    "rates": "depth=3&lr=0.3,0.1,0.2&starts=5&steps=60&observable=weight&weight=2&init_scale=0.7",
    "matrix": "task=whitened&depth=3&width=4&columns=9&starts=6&steps=80&observable=sharpness"
    "&init_scale=0.4&low=0.1&high=0.9&draw=ball&radius=1.5",
    "wide": "task=whitened&depth=3&width=6&columns=3&starts=4&steps=60&observable=loss"
    "&init_scale=0.3&low=0.3&high=0.6",
}
SIZES = {
    "depth": "over=depth&low=1&high=4&task=whitened&width=3&starts=6&steps=50&init_scale=0.5",
    "width": "over=width&low=2&high=4&task=whitened&depth=2&starts=6&steps=50&init_scale=0.5",
}
ALL = SWEEPS | SIZES


def sweep_url(query, form=""):
    return f"/api/sweep{form}?{query}"


@cache
def swept(query):
    return eosdash.sweep(**arguments(query))


def decoded(packed):
    """An array of a record, by what the interface promises of its bytes."""
    kind = np.dtype(packed["dtype"]).newbyteorder("<")
    array = np.frombuffer(base64.b64decode(packed["data"], validate=True), kind)
    return array.reshape(packed["shape"])


def sent(client, query):
    response = client.get(sweep_url(query))
    assert response.status_code == 200
    assert response.mimetype == "application/x-ndjson"
    assert response.data.endswith(b"\n")
    return records(response.data)


def with_nan(rows):
    return np.array(rows, dtype=float)  # null becomes NaN


# The stream.


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_is_a_start_then_columns_from_coarse_to_fine_then_an_end(client, name):
    lines = sent(client, ALL[name])
    number = len(swept(ALL[name]).lr)
    assert [line["type"] for line in lines] == ["start", *["columns"] * (len(lines) - 2), "end"]
    columns = lines[1:-1]
    orbits = [line["index"] for line in columns if "visits" in line]
    fates = [line["index"] for line in columns if "counts" in line]
    assert ["visits" in line for line in columns] == [True, False] * len(orbits)
    assert orbits == fates
    assert orbits[0] == list(range(0, number, 8))
    assert sorted(i for index in orbits for i in index) == list(range(number))


@pytest.mark.parametrize("name", SIZES)
def test_a_sweep_over_sizes_has_fates_in_order(client, name):
    columns = sent(client, ALL[name])[1:-1]
    assert [line["index"] for line in columns] == [[i] for i in range(len(columns))]
    assert not any("visits" in line or "exponent" in line for line in columns)


@pytest.mark.parametrize("name", ALL)
def test_the_start_describes_the_sweep(client, name):
    start, found = sent(client, ALL[name])[0], swept(ALL[name])
    assert start["kind"] == "sweep"
    assert start["outcomes"] == list(found.fraction) == [str(outcome) for outcome in OUTCOMES]
    assert start["value"] == pytest.approx(found.value)
    assert start["rates"] == pytest.approx(found.lr)
    assert start["threshold"] is None
    if found.critical_lr:
        assert start["critical_lr"]["value"] == found.critical_lr.value
    key = found.params.key()
    assert SweepParams.make(**start["params"]).key() == key
    assert SweepParams.make(**start["query"]).key() == key
    call = ast.parse(start["python"], mode="eval").body
    assert ast.unparse(call.func) == "eosdash.sweep"
    values = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert SweepParams.make(**values).key() == key


@pytest.mark.parametrize("name", SWEEPS)
def test_orbits_are_those_of_the_python_api(client, name):
    found = swept(ALL[name])
    for line in sent(client, ALL[name])[1:-1]:
        if "visits" in line:
            visits = decoded(line["visits"])
            assert visits.dtype == np.float32
            expected = found.visits[:, line["index"]]
            np.testing.assert_allclose(visits, expected.astype(np.float32))
            np.testing.assert_allclose(
                with_nan(line["exponent"]), found.exponent[line["index"]], atol=1e-12
            )


def band(values):
    """10 %, 50 % and 90 % of the finite ones of each row."""
    rows = [row[np.isfinite(row)] for row in values]
    none = [np.nan] * 3
    return np.transpose([np.quantile(r, [0.1, 0.5, 0.9]) if r.size else none for r in rows])


@pytest.mark.parametrize("name", ALL)
def test_counts_and_bands_are_those_of_the_starts(client, name):
    found, seen = swept(ALL[name]), 0
    shares = np.transpose(list(found.fraction.values()))
    for line in sent(client, ALL[name])[1:-1]:
        if "counts" in line:
            index = line["index"]
            counts = np.array(line["counts"])
            assert counts.shape == (len(index), 6)
            np.testing.assert_allclose(counts, found.params.starts * shares[index], atol=1e-9)
            np.testing.assert_allclose(with_nan(line["grad_norm"]), band(found.grad_norm[index]))
            edge = found.sharpness[index] * found.lr[index][:, None] / 2
            np.testing.assert_allclose(with_nan(line["edge"]), band(edge))
            seen += len(index)
    assert seen == len(found.lr)


def test_bands_leave_out_what_diverged(client):
    """Some starts of these, and at the largest rates more of them."""
    found = swept(ALL["chain"])
    diverged = found.fraction["diverged"]
    assert diverged.max() > 0
    assert diverged.min() < diverged.max()
    assert np.isinf(found.grad_norm).any()


def test_a_sweep_on_which_everything_diverges_is_told(client):
    query = "depth=3&lr=20,30&starts=3&steps=200&init_scale=3"
    lines = sent(client, query)
    for line in lines[1:-1]:
        if "counts" in line:
            assert np.array(line["counts"]).sum(axis=0)[4] == 3 * len(line["index"])
            assert line["edge"] == line["grad_norm"] == [[None] * len(line["index"])] * 3
        else:
            assert np.isnan(decoded(line["visits"])).all()
    assert lines[-1]["summary"].startswith("None of 3 starts")


# The cache.


@pytest.mark.parametrize("name", ["chain", "depth"])
def test_the_second_time_it_is_cached_with_the_same_numbers(make_client, monkeypatch, name):
    client = make_client()
    one = client.get(sweep_url(ALL[name]))
    assert not cached(one)

    def work(*args):
        pytest.fail("it is computed again")

    monkeypatch.setattr("eosdash.service.stream.sweep_records", work)
    other = client.get(sweep_url(ALL[name]))
    assert cached(other)
    assert other.data == one.data
    if name == "chain":  # the cursor has no part in it
        assert cached(client.get(sweep_url(f"{ALL[name]}&lr=0.9")))


def test_a_sweep_over_depths_of_other_width_is_not_taken_from_the_cache(make_client):
    client = make_client()
    query = "over=depth&low=1&high=3&task=whitened&starts=3&steps=20&init_scale=0.5"
    one, other = (client.get(sweep_url(f"{query}&depth=1&width={width}")) for width in (2, 5))
    assert not cached(other)
    assert one.data != other.data


def test_closing_a_stream_stops_its_computation_and_keeps_nothing(make_client, monkeypatch):
    told = []

    def spied(params):
        try:
            for part in sweep_records(params):
                yield part
                time.sleep(0.1)
            told.append("ends")
        finally:
            told.append("stops")

    monkeypatch.setattr("eosdash.service.stream.sweep_records", spied)
    client = make_client()
    response = client.get(sweep_url(ALL["chain"]))
    lines = streamed(response)
    assert [next(lines)["type"] for _ in range(2)] == ["start", "columns"]
    response.close()
    assert holds(lambda: told)
    assert told == ["stops"]
    again = client.get(sweep_url(ALL["chain"]))
    assert not cached(again)


# In words.


def test_the_end_says_up_to_where_starts_converge(client):
    query = "depth=2&starts=20&steps=2000&init_scale=0.7&visits=1&lr="
    relative = sent(client, f"{query}0.5,0.75,1.1,1.2&units=relative&target=2")[-1]["summary"]
    assert re.search(r"Of 20 starts some converge .* up to η = 0\.75 η_C\b", relative)
    absolute = sent(client, f"{query}0.25,0.375,0.55&target=2")[-1]["summary"]
    assert "up to η = 0.375;" in absolute
    assert "η_C" not in absolute


def test_the_end_says_that_nothing_converges(client):
    query = "depth=2&lr=1.05,1.2&units=relative&starts=30&steps=500&init_scale=0.7&visits=1"
    assert np.all(swept(query).fraction["minimum"] == 0)
    summary = sent(client, query)[-1]["summary"]
    assert summary.startswith("None of 30 starts converges")
    one = sent(client, query.replace("starts=30", "starts=1"))[-1]["summary"]
    assert one.startswith("None of 1 start converges")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("observable=loss", "loss"),
        ("observable=sharpness", "sharpness"),
        ("observable=output", "output"),
        ("observable=weight&weight=1", "weight"),
    ],
)
def test_the_start_says_what_is_observed(client, query, words):
    start = sent(client, f"depth=2&{query}&lr=0.1,0.2&starts=1&steps=5&init_scale=0.5")[0]
    assert start["observable"].startswith(words)


# The archive.


@pytest.mark.parametrize("name", ALL)
def test_the_archive_holds_the_arrays_of_the_python_api(client, name):
    response = client.get(sweep_url(ALL[name], ".npz"))
    assert (response.status_code, response.mimetype) == (200, "application/zip")
    assert "eosdash-sweep.npz" in response.headers["Content-Disposition"]
    found = swept(ALL[name])
    expected = {
        name: getattr(found, name)
        for name in ("value", "lr", "interval", "grad_norm", "sharpness", "visits", "exponent")
        if getattr(found, name) is not None
    }
    expected |= {f"fraction_{name}": share for name, share in found.fraction.items()}
    with np.load(io.BytesIO(response.data)) as archive:
        assert archive.keys() == {*expected, "params"}
        for array, value in expected.items():
            np.testing.assert_allclose(archive[array], value, err_msg=array)
        params = json.loads(str(archive["params"]))
    assert SweepParams.make(**params).key() == found.params.key()


# The reduction.


@pytest.mark.parametrize(("depth", "y", "lr"), [(2, 1.0, 0.9), (3, -2.0, 0.3), (5, 0.7, 0.5)])
def test_the_reduction_of_a_chain(client, depth, y, lr):
    response = client.get(f"/api/cobweb?depth={depth}&target={y}&lr={lr}")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    told = strict(response.data)
    assert told.keys() == {*("w", "once", "twice", "path", "fixed", "slope", "lr", "critical_lr")}
    w = np.array(told["w"])
    expected = w - lr * (w**depth - abs(y)) * w ** (depth - 1)
    np.testing.assert_allclose(told["once"], expected, atol=1e-9)
    assert told["lr"] == lr
    assert told["critical_lr"] == pytest.approx(2 / (depth * abs(y) ** (2 - 2 / depth)))
    assert told["fixed"] == pytest.approx(abs(y) ** (1 / depth))
    assert told["slope"] == pytest.approx(1 - 2 * lr / told["critical_lr"])
    path = told["path"]
    again = path[0] - lr * (path[0] ** depth - abs(y)) * path[0] ** (depth - 1)
    assert path[1] == pytest.approx(again)


def test_the_reduction_without_a_target(client):
    told = strict(client.get("/api/cobweb?depth=3&target=0&lr=0.5").data)
    assert (told["fixed"], told["slope"], told["critical_lr"]) == (0, 1, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("task=whitened", "task"),
        ("task=regression&depth=2", "task"),
        ("depth=3&width=2", "task"),
        ("depth=3&weight_decay=0.1", "task"),
        ("depth=13", "depth"),
        ("lr=nan", "lr"),
        ("lr=0.1,0.2", "lr"),
        ("lr=0", "lr"),
        ("target=1e9", "target"),
        ("steps=5", "steps"),
        ("lr=0.1&lr=0.2", "lr"),
    ],
)
def test_other_networks_have_no_reduction(client, query, field):
    response = client.get(f"/api/cobweb?{query}")
    assert response.status_code == 422
    error = response.get_json()["error"]
    assert error.keys() == {"field", "message", "allowed"}
    assert error["field"] == field


# What is refused.


@pytest.fixture
def no_sweep(monkeypatch):
    """Any work on a sweep fails the test."""

    def work(*args, **others):
        pytest.fail("work has begun")

    monkeypatch.setattr("eosdash.service.flights.Flights.follow", work)
    monkeypatch.setattr("eosdash.service.api.arrays_of", work)


BAD = [
    ("low=2&high=1", "high"),
    ("low=nan", "low"),
    ("lr=0.1,-1", "rates"),
    ("lr=0.1,nan", "rates"),
    ("lr=0.1&lr=0.2", "lr"),
    ("observable=weight&weight=4", "weight"),
    ("over=depth&low=2&high=13", "high"),
    ("over=depth&low=1.5&high=3", "high"),
    ("over=depth&low=5&high=2&rates=0.1", "high"),
    ("target=0", "units"),
    ("target=0&over=depth&low=2&high=4", "ratio"),
    ("steps=20001", "steps"),
    ("starts=10001", "starts"),
    ("task=whitened&depth=12&width=64&starts=10000", "starts"),
    ("magic=1", "magic"),
    ("x" * 8_001, "query"),
]


@pytest.mark.parametrize(("query", "field"), BAD, ids=[query[:40] for query, _ in BAD])
def test_bad_input_is_named_and_explained_before_any_work(client, no_sweep, query, field):
    for form in ("", ".npz"):
        response = client.get(sweep_url(query, form))
        assert response.status_code == 422
        error = strict(response.data)["error"]
        assert error.keys() == {"field", "message", "allowed"}
        assert error["field"] == field
        assert error["message"]
        assert error["allowed"]


def test_good_input_does_begin_work(client, no_sweep):
    for form in ("", ".npz"):
        with pytest.raises(pytest.fail.Exception, match="work has begun"):
            client.get(sweep_url(ALL["chain"], form))


EXPENSIVE = [
    "depth=12&columns=2000&starts=10000&steps=20000",
    "task=whitened&depth=4&width=16&columns=320&starts=500&steps=1000",
    "over=width&low=1&high=64&task=whitened&depth=3&starts=1000&steps=2000",
]


@pytest.mark.parametrize("query", EXPENSIVE)
def test_a_sweep_that_is_too_expensive_is_told_what_to_lower(client, no_sweep, query):
    error = client.get(sweep_url(query)).get_json()["error"]
    assert error["field"] == "starts"
    (seconds,) = re.findall(r"could take ([\d,]+) s", error["message"])
    cost = int(seconds.replace(",", ""))
    assert cost == pytest.approx(sweep_seconds(SweepParams.make(**arguments(query))), rel=0.02)
    assert cost > settings.value("limit_seconds")
    assert "columns" in error["allowed"]
    assert "steps" in error["allowed"]
    for starts in re.findall(r"up to (\d+) starts", error["allowed"]):
        with pytest.raises(pytest.fail.Exception, match="work has begun"):
            client.get(sweep_url(urlencode(arguments(query) | {"starts": starts})))


def test_what_costs_too_much_with_any_number_of_starts_is_not_told_to_lower_them(client, no_sweep):
    """Whatever it says would do, does."""
    query = "task=whitened&depth=3&width=32&d_in=16&d_out=16&columns=2000&steps=2000&starts=2"
    error = client.get(sweep_url(query)).get_json()["error"]
    assert "columns" in error["allowed"]
    for starts in re.findall(r"up to (\d+) starts", error["allowed"]):
        with pytest.raises(pytest.fail.Exception, match="work has begun"):
            client.get(sweep_url(urlencode(arguments(query) | {"starts": starts})))


def test_sharpness_along_an_orbit_costs_what_it_takes(client, no_sweep):
    """Tens of milliseconds a visit of a network this wide: many minutes."""
    query = "task=whitened&depth=4&width=64&d_in=16&d_out=16&columns=320&starts=1&steps=64"
    told = client.get(sweep_url(f"{query}&visits=64&observable=sharpness"))
    assert told.status_code == 422
    with pytest.raises(pytest.fail.Exception, match="work has begun"):
        client.get(sweep_url(f"{query}&visits=64&observable=loss"))


@pytest.mark.parametrize(
    ("variable", "value", "field"),
    [("STEPS", "299", "steps"), ("PARAMETERS", "1", "width"), ("SECONDS", "1e-4", "starts")],
)
def test_limits_hold_for_sweeps(client, no_sweep, monkeypatch, variable, value, field):
    monkeypatch.setenv(f"EOSDASH_LIMIT_{variable}", value)
    for form in ("", ".npz"):
        response = client.get(sweep_url(ALL["chain"], form))
        assert (response.status_code, response.get_json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize("over", ["depth", "width"])
def test_the_limit_of_weights_holds_for_the_largest_network(client, no_sweep, monkeypatch, over):
    """Of a sweep over sizes, not for the one that its parameter set names."""
    monkeypatch.setenv("EOSDASH_LIMIT_PARAMETERS", "20")
    query = f"over={over}&low=1&high=6&task=whitened&depth=2&width=4&starts=2&steps=5"
    response = client.get(sweep_url(query))
    assert response.status_code == 422
