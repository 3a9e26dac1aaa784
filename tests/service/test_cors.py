"""Whose pages may read the API: nobody else's, unless the setting names them."""

import pytest

from tests.service.helpers import SHORT, url

API = [url(SHORT), "/api/cobweb?depth=3&target=1&lr=0.3", "/api/train?depth=x"]
LEAVE, EXPOSE = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"
OURS = {"Origin": "https://course.example"}


@pytest.mark.parametrize("path", API)
def test_by_itself_it_is_open_to_no_other_site(make_client, path):
    answer = make_client().get(path, headers=OURS)
    assert LEAVE not in answer.headers
    assert EXPOSE not in answer.headers


@pytest.mark.parametrize("path", API)
def test_named_origins_may_read_it_and_no_others(make_client, monkeypatch, path):
    monkeypatch.setenv("EOSDASH_CORS", "https://notes.example https://course.example")
    client = make_client()
    assert client.get(path, headers=OURS).headers[LEAVE] == OURS["Origin"]
    other = client.get(path, headers={"Origin": "https://elsewhere.example"})
    assert LEAVE not in other.headers
    assert "Origin" in other.headers["Vary"]
    assert LEAVE not in client.get(path).headers


def test_it_may_be_open_to_all(make_client, monkeypatch):
    monkeypatch.setenv("EOSDASH_CORS", "*")
    answer = make_client().get(API[0], headers=OURS)
    assert answer.headers[LEAVE] == "*"
    assert "Retry-After" in answer.headers[EXPOSE]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/api/deck")])
def test_pages_and_what_is_posted_stay_closed(make_client, monkeypatch, method, path):
    monkeypatch.setenv("EOSDASH_CORS", "*")
    assert LEAVE not in make_client().open(path, method=method, headers=OURS).headers
