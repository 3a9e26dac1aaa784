"""Tables of one's own over HTTP."""

import numpy as np

from eosdash.params.task import MOST_ROWS
from tests.service.helpers import records, strict


def error_of(client, body):
    answer = client.post("/api/table", data=body)
    assert answer.status_code == 422
    return strict(answer.data)["error"]


def test_a_posted_table_is_read_and_kept_nowhere(client):
    answer = client.post("/api/table", data="x;y\r\n0,25;1\r\n2;3\r\n4;5\r\n".encode("utf-8-sig"))
    assert answer.headers["Cache-Control"] == "no-store"
    assert strict(answer.data) == {
        "data": "0.25:1,2:3,4:5",
        "size": "3 rows of 2 numbers",
        "notes": "Above the numbers, 1 line left out. Read with decimal commas.",
    }


def test_a_refusal_names_the_line(client):
    error = error_of(client, b"1,2\n3,4\n5,six\n")
    assert error["field"] == "data"
    assert error["message"] == "line 3: \u201csix\u201d is not a number"
    assert "300 lines" in error["allowed"]
    assert "fewer than two" in error_of(client, b"")["message"]
    assert error_of(client, bytes(range(256)))["field"] == "data"
    assert client.post("/api/table", data=b"1,2\n" * 20_000).status_code == 413


def test_the_largest_table_is_computed_with(client):
    """Its link is accepted as it stands."""
    numbers = np.random.default_rng(11).normal(size=(MOST_ROWS, 3)) * [1, 1e5, 1e-4]
    body = "\n".join(" ".join(map(repr, row)) for row in numbers.tolist())
    data = strict(client.post("/api/table", data=body).data)["data"]
    query = f"task=csv&activation=tanh&depth=2&width=3&init=gaussian&steps=5&data={data}"
    answer = client.get(f"/api/train?{query}")
    assert answer.status_code == 200
    first, *_, last = records(answer.data)
    assert first["query"]["data"] == data
    assert last["type"] == "end"
