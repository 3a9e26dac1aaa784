"""What the public can do to the app: headers on every answer, and no request that breaks it."""

import base64
import copy
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import dash
import pytest
from flask import request, request_started
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from eosdash.pages.shell import PATHS
from eosdash.params import BasinParams, BasinView, Frame, TrainParams
from eosdash.service.guard import CALLS, HEADERS
from tests.depth import examples

Make = Callable[..., FlaskClient]

PAGES = {
    "output": ".._pages_content.children..._pages_store.data..",
    "outputs": [
        {"id": "_pages_content", "property": "children"},
        {"id": "_pages_store", "property": "data"},
    ],
    "inputs": [
        {"id": "_pages_location", "property": "pathname", "value": "/"},
        {"id": "_pages_location", "property": "search", "value": "?depth=3&lr=0.3"},
    ],
    "changedPropIds": ["_pages_location.pathname", "_pages_location.search"],
    "parsedChangedPropsIds": ["_pages_location.pathname", "_pages_location.search"],
}
TERMS = {
    "output": "terms.children",
    "outputs": {"id": "terms", "property": "children"},
    "inputs": [{"id": "glossary-asked", "property": "data", "value": "all"}],
    "changedPropIds": ["glossary-asked.data"],
    "parsedChangedPropsIds": ["glossary-asked.data"],
}
"""What the browser posts, as it was recorded."""


@pytest.fixture(scope="module")
def visitor(app: dash.Dash) -> FlaskClient:
    """A client for many examples."""
    return app.server.test_client()


def post(client: FlaskClient, body: bytes | str, kind: str = "application/json") -> TestResponse:
    return client.post(CALLS, data=body, content_type=kind)


def visit(client: FlaskClient, path: Any, search: Any) -> TestResponse:
    """What the page of a link is asked for with."""
    call = copy.deepcopy(PAGES)
    call["inputs"][0]["value"], call["inputs"][1]["value"] = path, search  # type: ignore[index]
    return post(client, json.dumps(call))


def refused(answer: TestResponse, code: int) -> dict[str, str]:
    """The error of an answer, which has the shape of every error."""
    assert answer.status_code == code, answer.text
    assert answer.mimetype == "application/json"
    assert answer.json
    assert answer.json.keys() == {"error"}
    error = answer.json["error"]
    assert error.keys() == {"field", "message", "allowed"}
    assert all(isinstance(words, str) for words in error.values())
    return error


def policy(answer: TestResponse) -> dict[str, list[str]]:
    """The Content-Security-Policy of an answer, by directive."""
    parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


# Headers

KINDS = [
    ("/", 200), ("/basin?depth=2", 200), ("/theory?embed=1", 200), ("/nowhere", 404),
    ("/healthz", 200), ("/api/deck", 200), ("/api/qr.svg?link=http://a", 200),
    ("/api/train?lr=nonsense", 422), ("/api/nowhere", 404), ("/assets/main.js", 200),
    ("/assets/nowhere.js", 404), ("/_dash-layout", 200), ("/_dash-dependencies", 200),
    ("/_reload-hash", 200), ("/_favicon.ico", 200), ("/_dash-component-suites/dash/x.js", 404),
    (CALLS, 405),
]  # fmt: skip


@pytest.mark.parametrize(("path", "code"), KINDS)
def test_every_answer_has_the_headers(client: FlaskClient, path: str, code: int) -> None:
    answer = client.get(path, buffered=True)
    assert answer.status_code == code
    expected = dict(HEADERS) | {"X-Content-Type-Options": "nosniff"}
    assert expected.keys() >= {"Referrer-Policy", "Permissions-Policy"}
    for name, value in expected.items():
        assert answer.headers.getlist(name) == [value]
    assert policy(answer)["default-src"] == ["'none'"]
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1


def test_a_page_runs_the_scripts_that_stand_in_it_and_none_else(client: FlaskClient) -> None:
    answer = client.get("/")
    inline = re.findall(r"<script(?![^>]*(?:src=|json))[^>]*>(.*?)</script>", answer.text, re.S)
    assert len(inline) == 2
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline]
    allowed = policy(answer)
    assert set(allowed["script-src"]) == {"'self'", *(f"'sha256-{hash_}'" for hash_ in hashes)}
    assert allowed["object-src"] == allowed["base-uri"] == allowed["form-action"] == ["'none'"]
    assert allowed["connect-src"] == ["'self'", "data:"]
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("query", "who"),
    [("", "'self'"), ("?embed=0", "'self'"), ("?embed=false", "'self'"), ("?embed=1", "*"),
     ("?lr=0.3&embed=true", "*"), ("?embed=0&embed=1", "'self'")],
)  # fmt: skip
def test_only_what_is_made_for_it_is_embedded(client: FlaskClient, query: str, who: str) -> None:
    for path in ("/", "/basin"):
        assert policy(client.get(path + query))["frame-ancestors"] == [who]


def test_who_may_embed_can_be_set(make_client: Make) -> None:
    client = make_client(FRAME_ANCESTORS="https://a.example https://b.example")
    assert policy(client.get("/?embed=1"))["frame-ancestors"] == [
        "https://a.example",
        "https://b.example",
    ]
    assert policy(client.get("/"))["frame-ancestors"] == ["'self'"]


# Proxies

FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 198.51.100.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "eos.example",
}


@pytest.mark.parametrize(("proxies", "believed"), [("0", False), ("1", True)])
def test_proxies_are_believed_if_there_are_any(
    make_client: Make, proxies: str, believed: bool
) -> None:
    client = make_client(PROXIES=proxies)
    addresses: list[str | None] = []

    def heard(_: Any, **__: Any) -> None:
        addresses.append(request.remote_addr)

    with request_started.connected_to(heard, client.application):
        answer = client.get("/", headers=FORWARDED)
    assert ("https://eos.example/" in answer.text) is believed
    assert ("Cross-Origin-Opener-Policy" in answer.headers) is believed
    assert addresses == ["198.51.100.7" if believed else "127.0.0.1"]


# What is not there


@pytest.mark.parametrize("path", [*PATHS.values(), *(f"{path}/" for path in PATHS.values())])
def test_the_pages_are_there(client: FlaskClient, path: str) -> None:
    assert client.get(path.replace("//", "/")).status_code == 200


@pytest.mark.parametrize("path", ["/nowhere", "/basin/x", "/console", "/.env", "/404", "/a%00b"])
def test_an_unknown_page_is_the_page_that_leads_on(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "br"})
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert answer.headers["Content-Encoding"] == "br"
    assert "_dash-renderer" in client.get(path).text
    assert "There is no such page" in visit(client, path, "").text


@pytest.mark.parametrize(
    ("method", "path", "code", "field"),
    [
        ("GET", "/api", 404, "path"), ("GET", "/api/train/", 404, "path"),
        ("GET", "/_dash-nothing", 404, "path"), ("GET", "/static/x", 404, "path"),
        ("GET", "/assets/../app.py", 404, "path"), ("GET", "/_alive_x", 404, "path"),
        ("GET", "/_dash-component-suites/dash/%00.js", 404, "path"),
        ("GET", "/_dash-component-suites/os/path.py", 404, "path"),
        ("GET", "/_dash-component-suites/dash/dcc/async-mathjax.js.map", 404, "path"),
        ("GET", CALLS, 405, "method"), ("PUT", CALLS, 405, "method"),
        ("POST", "/api/train", 405, "method"), ("DELETE", "/", 405, "method"),
        ("POST", "/_dash-layout", 405, "method"), ("POST", "/_reload-hash", 405, "method"),
        ("POST", "/nowhere", 405, "method"), ("TRACE", "/", 405, "method"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_as_the_api_says_it(
    client: FlaskClient, method: str, path: str, code: int, field: str
) -> None:
    answer = client.open(path, method=method)
    assert refused(answer, code)["field"] == field
    assert code != 405 or answer.headers["Allow"]


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.sampled_from(["/", "/_", "/assets/"]))
@settings(max_examples=examples(300))
def test_no_path_breaks_it(visitor: FlaskClient, path: str, before: str) -> None:
    for name in ("", "_dash-component-suites/", "_dash-component-suites/dash/"):
        assert visitor.get(before + name + quote(path, safe=""), buffered=True).status_code < 500


# Bodies


def test_a_long_body_is_refused_wherever_it_goes(make_client: Make) -> None:
    client = make_client(LIMIT_BODY="1000")
    for path in (CALLS, "/api/deck"):
        error = refused(client.post(path, data=b"x" * 1001, content_type="application/json"), 413)
        assert error["field"] == "body"
        assert "1,000" in error["allowed"]
        answer = client.post(path, data=b"x" * 1000, content_type="application/json")
        assert answer.status_code in (400, 422)


# Callbacks


@pytest.mark.parametrize("path", PATHS.values())
def test_every_page_is_given_out(client: FlaskClient, path: str) -> None:
    answer = visit(client, path, "?lr=0.3")
    assert answer.status_code == 200
    assert answer.json
    assert "There is no such page" not in answer.text


def test_the_glossary_is_given_out(client: FlaskClient) -> None:
    answer = post(client, json.dumps(TERMS))
    assert answer.status_code == 200
    assert "Sharpness" in answer.text


BROKEN = [
    ("", "body"), ("[]", "body"), ("null", "body"), ("{", "body"), ("[" * 60_000, "body"),
    ("{}", "output"), (json.dumps(TERMS | {"output": "asked.data"}), "output"),
    (json.dumps(TERMS | {"output": "a"}), "output"), (json.dumps(TERMS | {"more": 1}), "more"),
    (json.dumps(TERMS | {"outputs": PAGES["outputs"]}), "outputs"),
    (json.dumps(TERMS | {"inputs": []}), "inputs"),
    (json.dumps(TERMS).replace('"value"', '"more": 1, "value"'), "inputs.0.more"),
    (json.dumps(TERMS).replace('"glossary-asked"', "1"), "inputs.0.id"),
    (json.dumps(TERMS | {"inputs": PAGES["inputs"]}), "inputs"),
    (json.dumps(TERMS | {"state": TERMS["inputs"]}), "inputs"),
    (json.dumps(TERMS | {"changedPropIds": ["a.b"]}), "changedPropIds"),
    (json.dumps(TERMS).replace('"all"', "NaN"), "inputs.0.value"),
    (json.dumps(TERMS).replace('"all"', "1e999"), "inputs.0.value"),
    (json.dumps(TERMS).replace('"all"', "9" * 9000), "body"),
    (json.dumps(TERMS).replace('"all"', '{"a": []}'), "inputs.0.value"),
    (json.dumps(TERMS).replace('"all"', r'"\ud800"'), "body"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "field"), BROKEN)
def test_what_no_browser_posts_is_refused(client: FlaskClient, body: str, field: str) -> None:
    assert refused(post(client, body), 400)["field"] == field


def test_what_is_not_json_is_refused(client: FlaskClient) -> None:
    assert refused(post(client, json.dumps(TERMS), "text/plain"), 415)["allowed"]


@given(st.binary(max_size=300))
@settings(max_examples=examples(1000))
def test_no_bytes_break_it(visitor: FlaskClient, body: bytes) -> None:
    refused(post(visitor, body), 400)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from([*PAGES, "state", "id", "property", "value", "more"])


@given(ANYTHING | st.dictionaries(FIELDS, ANYTHING))
@settings(max_examples=examples(1000))
def test_no_json_breaks_it(visitor: FlaskClient, body: Any) -> None:
    refused(post(visitor, json.dumps(body)), 400)


@st.composite
def nearly(draw: st.DrawFn) -> Any:
    """What the browser posts, with anything in one of its places."""
    call = copy.deepcopy(draw(st.sampled_from([TERMS, PAGES])))
    place: Any = call
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
            break
        place = place[key]
    place[key] = draw(ANYTHING)
    return call


@given(nearly())
@settings(max_examples=examples(1000))
def test_nothing_in_the_place_of_a_part_breaks_it(visitor: FlaskClient, call: Any) -> None:
    answer = post(visitor, json.dumps(call))
    if answer.status_code != 200:
        refused(answer, 400)


NAMES = [*TrainParams.model_fields, *BasinParams.model_fields, *BasinView.model_fields]
NAME = st.sampled_from([*NAMES, *Frame.model_fields, "query", "self", "pathname_"]) | st.text()
VALUE = (
    st.sampled_from(["", "nan", "1e999", "-1", "0", "true", "1,2,,3", "é", "9" * 400, "1:2,3"])
    | st.text(max_size=20)
    | st.integers().map(str)
)
QUERY = st.lists(st.tuples(NAME, VALUE), max_size=5).map(
    lambda pairs: "?" + "&".join(f"{name}={value}" for name, value in pairs)
)


@given(st.sampled_from([*PATHS.values(), "", "x", None]) | st.text(), QUERY | st.text() | st.none())
@settings(max_examples=examples(150))
def test_no_link_breaks_a_page(visitor: FlaskClient, path: Any, search: Any) -> None:
    answer = visit(visitor, path, search)
    if answer.status_code != 200:
        refused(answer, 400)
        assert path is not None
        assert not path.startswith("/")


# What went wrong here


def test_a_failure_tells_nothing_of_the_code(
    make_client: Make, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client()

    def fail() -> None:
        raise FileNotFoundError("secret")

    views = client.application.view_functions
    views["api.healthz"] = fail  # type: ignore[assignment]
    views["/_dash-layout"] = fail  # type: ignore[assignment]
    for path in ("/healthz", "/_dash-layout"):
        answer = client.get(path)
        refused(answer, 500)
        assert not re.search("secret|Traceback|FileNotFound|\\.py", answer.text)


def test_nothing_is_there_to_debug_with(client: FlaskClient) -> None:
    assert not client.application.debug
    asked = client.get("/?__debugger__=yes&cmd=resource&f=debugger.js")
    assert asked.mimetype == "text/html"
    assert client.get("/console").status_code == 404
    config = re.search(r'_dash-config"[^>]*>(.*?)</script>', client.get("/").text)
    assert config
    shown = json.loads(config[1])
    assert shown["ui"] is False
    assert "hot_reload" not in shown
    assert "validation_layout" not in shown
