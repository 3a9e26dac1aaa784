"""The stream of a run: what it says, when it leaves, and what happens when nobody listens."""

import numpy as np
import pytest

import eosdash
from eosdash.params import TrainParams
from eosdash.service.encoding import line
from tests.service.helpers import (
    DIVERGING,
    EXAMPLE,
    NEVER_ENDING,
    SHORT,
    arguments,
    column,
    holds,
    next_row,
    open_stream,
    records,
    streamed,
    strict,
    url,
)

RUNS = {
    "example": EXAMPLE,
    "diverging": DIVERGING,
    "converging": "seed=0&steps=2000",
    "periodic": "depth=2&lr=1.1&init_scale=0.7&steps=1500",
    "plane": "depth=2&weights=0.4,1.5&lr=0.9&steps=300",
    "scheduled": "weights=1,1,1.2,1&lr=0.1&lr_schedule=5:0.3&steps=10",
    "whitened": "task=whitened&depth=3&width=4&rotate=true&eigenvalues=3&lr=0.3&steps=200",
    "lowest": "task=whitened&depth=3&width=5&lambda_min=true&lr=0.3&steps=90",
    "regression": "task=regression&hidden=6,5&d_in=3&noise=0.1&lr=0.2&steps=120",
}


@pytest.fixture(params=RUNS)
def query(request):
    return RUNS[request.param]


def test_a_run_is_a_start_then_chunks_then_an_end(client, query):
    response = client.get(url(query))
    assert response.status_code == 200
    assert response.mimetype == "application/x-ndjson"
    assert response.data.endswith(b"\n")
    start, *chunks, end = records(response.data)
    assert (start["type"], end["type"]) == ("start", "end")
    assert {chunk["type"] for chunk in chunks} == {"chunk"}


def test_the_start_tells_what_is_computed_and_the_thresholds(client):
    start = records(client.get(url(EXAMPLE)).data)[0]
    assert start["params"] == {
        "task": "scalar",
        "depth": 4,
        "width": 1,
        "activation": "linear",
        "target": 1.0,
        "lr": 0.469,
        "weight_decay": 0.0,
        "init": "weights",
        "weights": [1.38, 0.59, 0.43, 1.14],
        "steps": 1500,
        "optimizer": "gradient_descent",
        "eigenvalues": 1,
    }
    assert start["threshold"] == 2 / 0.469
    assert start["edge"] == {"factor": 2, "words": "2/η"}
    assert start["critical_lr"] == {"value": 0.5, "closed_form": True}


def test_the_start_describes_the_run_in_every_way_of_writing_it(client, query):
    start = records(client.get(url(query)).data)[0]
    key = TrainParams.make(**arguments(query)).key()
    assert TrainParams.make(**start["params"]).key() == key
    assert TrainParams.make(**start["query"]).key() == key


def test_a_numerical_critical_learning_rate_is_marked(client):
    start = records(client.get(url(RUNS["regression"])).data)[0]
    run = eosdash.train(**arguments(RUNS["regression"]))
    assert start["critical_lr"] == {"value": run.critical_lr.value, "closed_form": False}


def test_chunks_are_contiguous_and_name_their_first_step(client, query):
    _, *chunks, end = records(client.get(url(query)).data)
    expected = 0
    for chunk in chunks:
        assert chunk["step"] == expected
        assert {len(chunk[name]) for name in chunk.keys() - {"type", "step", "unconverged"}} == {
            len(chunk["loss"])
        }
        expected += len(chunk["loss"])
    assert end["step"] == expected


def test_arrays_are_those_of_the_python_api_to_the_last_bit(client, query):
    _, *chunks, _ = records(client.get(url(query)).data)
    run = eosdash.train(**arguments(query))
    for name in (
        *("lr", "loss", "sharpness", "lambda_min", "grad_norm", "balance", "singular_values"),
        *("gfs_sharpness", "path"),
    ):
        expected = getattr(run, name)
        if expected is None:
            assert not any(name in chunk for chunk in chunks)
        else:
            np.testing.assert_array_equal(column(chunks, name), expected, err_msg=name)
    unconverged = [step for chunk in chunks for step in chunk["unconverged"]]
    assert unconverged == np.flatnonzero(~run.converged).tolist()


@pytest.mark.parametrize("number", [2, 3, 5])
def test_more_eigenvalues_are_streamed_where_they_are_asked_for(client, number):
    query = f"depth=6&lr=0.1&steps=40&eigenvalues={number}"
    _, *chunks, _ = records(client.get(url(query)).data)
    run = eosdash.train(**arguments(query))
    assert run.eigenvalues.shape == (40, number)
    np.testing.assert_array_equal(column(chunks, "eigenvalues"), run.eigenvalues)


def test_the_end_tells_what_became_of_the_run(client, query):
    end = records(client.get(url(query)).data)[-1]
    run = eosdash.train(**arguments(query))
    assert (end["outcome"], end["step"], end["period"]) == (run.outcome, run.step, run.period)
    assert end["events"] == [event._asdict() for event in run.events]
    np.testing.assert_array_equal(end["weights"], run.weights)
    assert end["summary"]
    assert end["fate"]


def test_the_runs_of_these_tests_end_in_different_ways(client):
    ends = {name: records(client.get(url(query)).data)[-1] for name, query in RUNS.items()}
    assert ends["example"]["outcome"] == "undecided"
    assert ends["diverging"]["outcome"] == "diverged"
    assert ends["converging"]["outcome"] == "minimum"
    assert (ends["periodic"]["outcome"], ends["periodic"]["period"]) == ("periodic", 2)


def test_an_unbounded_critical_learning_rate_is_null(client):
    start = records(client.get(url("target=0&steps=3")).data)[0]
    assert start["critical_lr"]["value"] is None


def test_what_json_lacks_becomes_null():
    record = {"a": np.array([[1.0, np.nan], [np.inf, 2.0]]), "b": -np.inf, "c": [np.float64("nan")]}
    assert strict(line(record)) == {"a": [[1.0, None], [None, 2.0]], "b": None, "c": [None]}


def test_two_weights_come_with_their_plane_and_others_without(client):
    plane = records(client.get(url(RUNS["plane"])).data)[0]["plane"]
    assert len(plane["log_loss"]) == len(plane["log_loss"][0]) == len(plane["axis"])
    assert "plane" not in records(client.get(url(EXAMPLE)).data)[0]


def test_proxies_are_told_to_pass_lines_on_and_to_keep_none(make_client):
    headers = make_client().get(url(SHORT)).headers
    assert headers["Cache-Control"] == "no-store, no-transform"
    assert headers["X-Accel-Buffering"] == "no"


def test_a_stream_is_not_compressed(client):
    """Compression would hold the lines back."""
    accept = {"Accept-Encoding": "gzip, br"}
    assert client.get("/", headers=accept).headers["Content-Encoding"]
    response = client.get(url(SHORT), headers=accept)
    assert "Content-Encoding" not in response.headers
    assert next(streamed(response))["type"] == "start"


def test_the_real_server_does_not_compress_a_stream(live_server):
    with open_stream(live_server, SHORT, **{"Accept-Encoding": "gzip, br"}) as response:
        assert response.getheader("Content-Encoding") is None
        assert strict(response.readline())["type"] == "start"


def test_the_first_chunk_leaves_before_the_run_is_done(spied_server):
    base, told = spied_server
    with open_stream(base, NEVER_ENDING + "8000") as response:
        assert next_row(response)["type"] == "start"
        assert next_row(response)["step"] == 0
        words = told.read_text().splitlines()
        assert "8000 begins" in words
        assert "8000 ends" not in words


def test_the_real_server_stops_computing_when_its_client_leaves(spied_server):
    base, told = spied_server
    with open_stream(base, NEVER_ENDING + "8001") as response:
        assert next_row(response)["type"] == "start"
        assert next_row(response)["step"] == 0
    assert holds(lambda: "8001 stops" in told.read_text().splitlines())
    assert "8001 ends" not in told.read_text().splitlines()
    with open_stream(base, NEVER_ENDING + "8001") as response:
        assert response.getheader("Cache-Status") == "eosdash; fwd=miss"


def test_closing_a_stream_stops_its_computation_and_keeps_nothing(make_client, told):
    client = make_client()
    query = NEVER_ENDING + "8002"
    response = client.get(url(query))
    lines = streamed(response)
    assert [next(lines)["type"] for _ in range(3)] == ["start", "chunk", "chunk"]
    response.close()
    assert holds(lambda: "8002 stops" in told)
    assert (told[0], told[-1], told.count("8002 begins")) == ("8002 begins", "8002 stops", 1)
    assert "8002 ends" not in told
    again = client.get(url(query))
    assert again.headers["Cache-Status"] == "eosdash; fwd=miss"
    again.close()
    assert holds(lambda: told.count("8002 stops") == 2)
