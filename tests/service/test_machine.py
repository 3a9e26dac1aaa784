"""Ready is who has computed something, and not who remembers a result."""

import pytest

from eosdash.service import local


@pytest.fixture
def broken(monkeypatch):
    """Has nothing be computed any more, as where a library or a system call is missing."""

    def fail(_):
        raise AttributeError("no such function on this system")

    return lambda: monkeypatch.setattr(local, "computed", fail)


def test_it_is_ready_once_something_was_computed(make_client, broken):
    client = make_client()
    assert client.get("/readyz").get_json() == {"status": "ready"}
    broken()
    assert client.get("/readyz").status_code == 200, "it is asked once"


def test_it_is_not_ready_where_nothing_can_be_computed(make_client, broken):
    broken()
    client = make_client()
    for _ in range(2):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.get_json()) == (503, {"status": "unable"})
    assert client.get("/healthz").status_code == 200


def test_results_that_are_kept_are_no_proof(make_client, broken):
    assert make_client().get("/readyz").status_code == 200
    broken()
    assert make_client().get("/readyz").status_code == 503  # another process, the same cache
