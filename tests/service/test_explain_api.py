"""Explanations over HTTP: the stream, what it refuses, and the same numbers as in Python."""

import io
import json

import numpy as np
import pytest

import eosdash
from eosdash.explanations import MADE
from eosdash.fields import ParameterError
from eosdash.params import ExplainParams
from eosdash.service import explained, kinds, stream
from eosdash.service.encoding import unpacked
from eosdash.service.explain_limits import check_explain, explain_seconds
from tests.service.helpers import SHORT, arguments, cached, records

CHEBYSHEV = "task=chebyshev&activation=tanh&hidden=8,6&samples=20&init_scaling=fan_in&lr=0.2"
MOONS = "task=moons&activation=tanh&hidden=6&samples=30&init_scaling=fan_in&lr=0.3&steps=60"
LARGE = "task=digits&activation=tanh&hidden=64,64,64&samples=1000&init_scaling=fan_in&lr=0.01"


def url(explanation, query=SHORT):
    return f"/api/explain?explanation={explanation}&{query}"


def joined(chunks):
    """The columns of a stream, by name."""
    names = dict.fromkeys(name for chunk in chunks for name in chunk)
    return {
        name: np.concatenate([np.array(chunk[name], float) for chunk in chunks if name in chunk])
        for name in names
        if name not in ("type", "unconverged")
    }


@pytest.mark.parametrize("query", [SHORT, f"{CHEBYSHEV}&steps=60", MOONS])
@pytest.mark.parametrize("explanation", MADE)
def test_an_explanation_is_a_start_then_parts_then_an_end(client, explanation, query):
    response = client.get(url(explanation, query))
    assert response.status_code == 200
    assert response.mimetype == "application/x-ndjson"
    start, *parts, end = records(response.data)
    assert (start["type"], end["type"]) == ("start", "end")
    assert start["kind"] == "explain"
    assert start["explanation"] == explanation
    assert start["notes"]
    assert end["summary"]
    assert start["python"].startswith("eosdash.explain(")
    shown = {part["type"] for part in parts} - {"progress"}
    assert shown == ({"frame"} if explanation == "function" else {"chunk"})


@pytest.mark.parametrize("explanation", [name for name in MADE if name != "function"])
def test_the_columns_are_those_of_python(client, explanation):
    _, *parts, _ = records(client.get(url(explanation)).data)
    columns = joined([part for part in parts if part["type"] == "chunk"])
    arrays = dict(eosdash.explain(explanation=explanation, **arguments(SHORT)).arrays)
    converged = arrays.pop("converged", None)
    assert columns.keys() == arrays.keys()
    for name, values in arrays.items():
        finite = np.where(np.isfinite(values), values, np.nan)
        np.testing.assert_array_equal(columns[name], finite, err_msg=name)
    if converged is not None:
        assert sum(len(part.get("unconverged", ())) for part in parts) == np.sum(~converged)


def test_regions_are_sent_by_their_side(client):
    start, *frames, _ = records(client.get(url("function", MOONS)).data)
    result = eosdash.explain(explanation="function", **arguments(MOONS))
    margin = result.arrays["margin"]
    assert start["facts"]["shown"] == "regions"
    assert start["facts"]["labels"] == result.facts["labels"].tolist()
    side = np.stack([unpacked(frame["side"]) for frame in frames])
    np.testing.assert_array_equal(np.sign(side), np.sign(margin))
    assert np.abs(side / 127 - np.tanh(margin)).max() < 1 / 127
    assert [frame["step"] for frame in frames] == result.arrays["step"].tolist()


def test_an_explanation_is_computed_once(client):
    query = url("progress", "depth=3&seed=71&lr=0.2&steps=60")
    assert not cached(client.get(query))
    assert cached(client.get(query))


def test_a_stream_that_was_cut_goes_on(client):
    whole = client.get(url("portrait")).data.splitlines(keepends=True)
    rows = [row for row in whole if not row.startswith(b'{"type":"progress"')]
    again = client.get(f"{url('portrait')}&row=1")
    assert again.data.splitlines(keepends=True) == rows[1:]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("explanation=central_flow&optimizer=heavy_ball", "optimizer"),
        (f"explanation=portrait&batch=3&{CHEBYSHEV}", "batch"),
        ("explanation=everything", "explanation"),
        ("explanation=spectrum&at=1500", "at"),
        ("explanation=spectrum&at=-1", "at"),
        (f"explanation=portrait&steps=20000&{LARGE}", "steps"),
        (f"explanation=central_flow&steps=10&{LARGE}", "explanation"),
        ("explanation=progress&colour=red", "colour"),
    ],
)
def test_what_cannot_be_explained_is_refused_before_any_work(client, query, field):
    answer = client.get(f"/api/explain?{query}")
    assert answer.status_code == 422
    assert answer.get_json()["error"]["field"] == field


def test_the_arrays_can_be_taken_home(client):
    answer = client.get(url("function", MOONS).replace("explain?", "explain.npz?"))
    assert "eosdash-function.npz" in answer.headers["Content-Disposition"]
    result = eosdash.explain(explanation="function", **arguments(MOONS))
    with np.load(io.BytesIO(answer.data), allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["margin"], result.arrays["margin"])
        np.testing.assert_array_equal(archive["fact_labels"], result.facts["labels"])
        params = json.loads(str(archive["params"]))
    assert ExplainParams.make(**params).key() == result.params.key()


def test_leaving_stops_the_work(monkeypatch):
    ended = []

    def endless(_):
        try:
            while True:
                yield explained.Progress(0, 1)
        finally:
            ended.append(True)

    monkeypatch.setattr(explained, "explain_records", endless)
    lines = kinds.computed(ExplainParams.make())
    assert next(lines).startswith(stream.PASSING)
    lines.close()
    assert ended == [True]


@pytest.mark.parametrize("explanation", MADE)
def test_cost_grows_with_the_network_and_the_steps(explanation):
    def seconds(query, steps):
        made = ExplainParams.make(explanation=explanation, steps=steps, at=steps - 1,
                                  **arguments(query))  # fmt: skip
        return explain_seconds(made)

    assert seconds(CHEBYSHEV, 100) < seconds(CHEBYSHEV, 2000)
    assert seconds(CHEBYSHEV, 500) < seconds(LARGE, 500)


def test_what_is_said_to_be_affordable_is():
    made = arguments(LARGE) | {"explanation": "progress"}
    with pytest.raises(ParameterError) as refused:
        check_explain(ExplainParams.make(**made, steps=20_000))
    most = int(refused.value.allowed.split()[2].replace(",", ""))
    check_explain(ExplainParams.make(**made, steps=most))
