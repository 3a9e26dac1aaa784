"""Bad input: named, explained, and refused before any work."""

from collections.abc import Iterator
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eosdash.params import TrainParams
from tests.depth import examples
from tests.service.helpers import SHORT, records, strict

ROUTES = ("/api/train", "/api/train.csv", "/api/train.npz")

BAD = [
    ("lr=nan", "lr"),
    ("lr=NaN", "lr"),
    ("lr=inf", "lr"),
    ("lr=-Infinity", "lr"),
    ("lr=1e999", "lr"),
    ("lr=0", "lr"),
    ("lr=100.1", "lr"),
    ("lr=", "lr"),
    ("lr=fast", "lr"),
    ("lr=%00", "lr"),
    ("lr=%ff", "lr"),
    ("lr=0.1&lr=0.1", "lr"),
    ("lr=0.1&steps=5&lr=0.2", "lr"),
    ("target=nan", "target"),
    ("depth=13", "depth"),
    ("depth=0", "depth"),
    ("depth=2.5", "depth"),
    ("steps=0", "steps"),
    ("steps=20001", "steps"),
    ("steps=" + "9" * 5000, "steps"),
    ("weights=1,2,3", "weights"),
    ("weights=1,2,3,4,5", "weights"),
    ("weights=1,2,3,nan", "weights"),
    ("weights=1,2,3,inf", "weights"),
    ("weights=1,2,3,1000.1", "weights"),
    ("weights=", "weights"),
    ("weights=,,,", "weights"),
    ("task=magic", "task"),
    ("task=", "task"),
    ("activation=sigmoid", "activation"),
    ("activation=relu&init=balanced", "init"),
    ("hidden=3,0", "hidden"),
    ("task=whitened&singular_values=", "singular_values"),
    ("task=whitened&singular_values=1,2,3", "singular_values"),
    ("lr_schedule=10", "lr_schedule"),
    ("lr_schedule=1:2:3", "lr_schedule"),
    ("magic=1", "magic"),
    ("learning_rate=1", "learning_rate"),
    ("LR=1", "LR"),
    ("cls=1", "cls"),
    ("self=1", "self"),
    ("=1", ""),
    ("lr", "lr"),
    ("x" * 8_001, "query"),
    ("task=regression&depth=12&width=48&steps=20000", "steps"),
]


@pytest.mark.parametrize(("query", "field"), BAD, ids=[query[:40] for query, _ in BAD])
def test_bad_input_is_named_and_explained_before_any_work(client, no_work, query, field):
    for route in ROUTES:
        response = client.get(f"{route}?{query}")
        assert response.status_code == 422
        assert response.mimetype == "application/json"
        assert strict(response.data).keys() == {"error"}
        error = response.get_json()["error"]
        assert error.keys() == {"field", "message", "allowed"}
        assert error["field"] == field
        assert error["message"]
        assert error["allowed"]


def test_good_input_does_begin_work(client, no_work):
    for route in ROUTES:
        with pytest.raises(pytest.fail.Exception, match="work has begun"):
            client.get(f"{route}?{SHORT}")


def test_an_unknown_name_is_told_the_known_ones(client):
    error = client.get("/api/train?learning_rate=1").get_json()["error"]
    assert error["allowed"].split(", ") == list(TrainParams.model_fields)


def test_the_api_is_only_read(client):
    assert client.post("/api/train", data={"lr": "0.1"}).status_code == 405


NAMES = st.sampled_from([*TrainParams.model_fields, *dir(TrainParams)]) | st.text(max_size=8)
SCALARS = (
    st.sampled_from(
        [
            *("", " ", "nan", "-inf", "1e999", "-0.0", "0", "1", "2", "0.5", "1,2", "1,2,3,4"),
            *("scalar", "whitened", "regression", "weights", "balanced", "fan_in", "true", "null"),
            *("1e-320", "9" * 400, "0x10", "1_0", "١", "{}", "[1]", "%", "3:0.5", "1:2:3", ":"),
        ]
    )
    | st.integers().map(str)
    | st.integers(0, 12).map(str)
    | st.floats().map(str)
    | st.text(max_size=12)
)
VALUES = SCALARS | st.lists(SCALARS, max_size=5).map(",".join)
QUERIES = st.dictionaries(NAMES, VALUES, max_size=5).map(urlencode) | st.binary(max_size=40).map(
    lambda text: quote_from_bytes(text, safe="&=+%;,")
)


@pytest.fixture(scope="module")
def _cheap_runs() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EOSDASH_LIMIT_SECONDS", "0.02")
        yield


@pytest.mark.usefixtures("_cheap_runs")
@settings(max_examples=examples(400))
@given(query=QUERIES, route=st.sampled_from(ROUTES), steps=st.integers(1, 100))
@example(query="cls=1", route="/api/train", steps=1)
def test_no_query_breaks_the_server(app, query, route, steps):
    response = app.server.test_client().get(f"{route}?{query}&steps={steps}")
    if response.status_code == 422:
        assert strict(response.data)["error"].keys() == {"field", "message", "allowed"}
        return
    assert response.status_code == 200
    if route == "/api/train":
        assert records(response.data)[-1]["type"] == "end"
    else:
        assert response.data
