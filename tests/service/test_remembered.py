"""Pages are laid out once for all who ask for the same one."""

import dash
import pytest

from benchmarks.load import LAYOUT
from eosdash.pages import run


@pytest.fixture
def laid_out(monkeypatch):
    """How often the page of a run is laid out."""
    times = []
    templates = run.templates
    monkeypatch.setattr(run, "templates", lambda: (times.append(1), templates())[1])
    return times


def ask(client, search="", encoding="gzip"):
    body = LAYOUT | {
        "inputs": [part | {"value": search} if part["property"] == "search" else part
                   for part in LAYOUT["inputs"]],
    }  # fmt: skip
    return client.post("/_dash-update-component", json=body, headers={"Accept-Encoding": encoding})


def test_the_same_page_is_laid_out_once(make_client, laid_out):
    client = make_client()
    laid_out.clear()  # at the start
    first, second = ask(client, "?depth=3"), ask(client, "?depth=3")
    assert first.status_code == second.status_code == 200
    assert first.data == second.data
    assert len(laid_out) == 1
    for name in ("Content-Type", "Content-Encoding", "Content-Security-Policy", "Vary"):
        assert first.headers.get(name) == second.headers.get(name)


def test_another_link_and_another_encoding_are_other_answers(make_client, laid_out):
    client = make_client()
    laid_out.clear()
    answers = [ask(client, "?depth=3"), ask(client, "?depth=4"), ask(client, "?depth=3", "br")]
    assert len({answer.data for answer in answers}) == 3
    assert len(laid_out) == 3
    assert answers[0].headers["Content-Encoding"] == "gzip"
    assert answers[2].headers["Content-Encoding"] == "br"


def test_what_is_refused_is_not_remembered(make_client):
    client = make_client()
    body = LAYOUT | {"inputs": []}
    for _ in range(2):
        assert client.post("/_dash-update-component", json=body).status_code == 400


@pytest.mark.parametrize("path", ["/_dash-layout", "/_dash-dependencies"])
def test_the_frame_of_all_pages_is_remembered_too(make_client, monkeypatch, path):
    client = make_client()
    first = client.get(path)
    for name in ("serve_layout", "dependencies"):
        monkeypatch.setattr(dash.Dash, name, lambda *_: pytest.fail("made anew"))
    assert client.get(path).data == first.data
