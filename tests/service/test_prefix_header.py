"""``X-Forwarded-Prefix``: a proxy that is believed says under which path it serves the app."""

import json
import re

import pytest
from flask import Flask

from benchmarks.load import LAYOUT
from eosdash.server import create_app
from eosdash.service.prefix import LONGEST, prefix, stripped, under

HEADER = "X-Forwarded-Prefix"
LINK = re.compile(r'(?:href|src)="(/[^"]*)"')


def config_of(page):
    return json.loads(re.search(r'id="_dash-config"[^>]*>(.*?)</script>', page)[1])


def base_of(page):
    """The path that the scripts of the page take, which all its links have to begin with."""
    (base,) = re.findall(r'data-base="([^"]*)"', page)
    assert config_of(page)["requests_pathname_prefix"] == f"{base}/"
    links = LINK.findall(page)
    assert len(links) > 8
    assert all(link.startswith(f"{base}/") for link in links)
    for link in links:
        assert link.removeprefix(base).startswith(
            ("/assets/", "/_dash-component-suites/", "/_favicon")
        )
    return base


def hrefs_of(layout):
    """Every address within this site in a layout, as Dash was answered it."""
    text = layout.replace(r"\u002f", "/")
    return set(re.findall(r'"href":\s*"(/[^"]*)"', text))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Of an app that believes one proxy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EOSDASH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("EOSDASH_PROXIES", "1")
        patch.delenv("EOSDASH_PREFIX", raising=False)
        app = create_app()
    return app.server.test_client()


def laid_out(client, path, base):
    """A page of the app as the browser asks for it."""
    inputs = [
        part | {"value": base + path} if part["property"] == "pathname" else part
        for part in LAYOUT["inputs"]
    ]
    headers = {HEADER: base} if base else {}
    answer = client.post(
        "/_dash-update-component", json=LAYOUT | {"inputs": inputs}, headers=headers
    )
    assert answer.status_code == 200
    return answer.text


def test_the_page_and_all_that_it_names_lie_under_the_path(client):
    page = client.get("/basin", headers={HEADER: "/labs/eosdash"}).text
    assert base_of(page) == "/labs/eosdash"
    for link in LINK.findall(page):
        assert client.get(link.removeprefix("/labs/eosdash")).status_code == 200, link


def test_one_visitor_sees_nothing_of_the_path_of_another(client):
    for base in ("/a", "", "/b/c", "/a", ""):
        headers = {HEADER: base} if base else {}
        assert base_of(client.get("/", headers=headers).text) == base
        frame = hrefs_of(client.get("/_dash-layout", headers=headers).text)
        assert {f"{base}/", f"{base}/basin", f"{base}/theory"} <= frame
        assert all(href.startswith(f"{base}/") for href in frame)
        for path in ("/basin", "/sweep", "/scenes"):
            found = hrefs_of(laid_out(client, path, base))
            assert found
            known = {"", "basin", "api"}
            assert {href.removeprefix(base).split("/")[1] for href in found} <= known, found
            assert all(href.startswith(f"{base}/") for href in found)


MALFORMED = [
    "//evil", "//evil.example/x", "/a b", "http://evil.example", "/a/../b", "/..", "/.", "a",
    '/"><script>', "/a//b", "/a?b", "/a#b", "/a%2fb", "/a\\b", "/a;b", "/é", "/" + "a" * LONGEST,
    "", "/", "//", "/a'",
]  # fmt: skip


@pytest.mark.parametrize("said", MALFORMED)
def test_what_is_no_path_is_ignored(client, said):
    assert stripped(said, 1) == ""
    page = client.get("/", headers={HEADER: said}).text
    assert base_of(page) == ""
    assert "evil" not in page


def test_a_header_that_nobody_vouches_for_changes_nothing(make_client):
    client = make_client()
    for headers in ({HEADER: "/a"}, {"Script-Name": "/a"}, {"Eosdash.Prefix": "/a"}):
        assert base_of(client.get("/", headers=headers).text) == ""
        assert "/a/" not in hrefs_of(client.get("/_dash-layout", headers=headers).text)


@pytest.mark.parametrize(("setting", "base"), [("/fixed", "/fixed"), ("/", "")])
def test_a_path_that_is_set_goes_before_what_is_said(make_client, setting, base):
    client = make_client(PROXIES="1", PREFIX=setting)
    assert base_of(client.get("/", headers={HEADER: "/a"}).text) == base


@pytest.mark.parametrize(
    ("header", "proxies", "path"),
    [
        ("/a", 1, "/a"),
        ("/a/", 1, "/a"),
        (" /a-b/c_d.e~/1 ", 1, "/a-b/c_d.e~/1"),
        ("/visitor, /a", 1, "/a"),
        ("/visitor, /a, /b", 2, "/a"),
        ("/a", 2, ""),
        ("/a, //evil", 1, ""),
    ],
)
def test_the_value_of_the_outermost_proxy_that_is_believed_counts(header, proxies, path):
    assert stripped(header, proxies) == path


def test_flask_hears_of_the_path_and_what_is_asked_stays(monkeypatch):
    monkeypatch.delenv("EOSDASH_PREFIX", raising=False)
    seen = []

    def application(environ, _):
        with Flask("x").request_context(environ):
            seen.append((environ["PATH_INFO"], environ.get("SCRIPT_NAME"), prefix()))
        return []

    plain = {"REQUEST_METHOD": "GET", "SERVER_NAME": "x", "SERVER_PORT": "80",
             "wsgi.url_scheme": "http", "PATH_INFO": "/api/train"}  # fmt: skip
    under("", application, 1)(plain | {"HTTP_X_FORWARDED_PREFIX": "/api"}, None)
    under("", application, 1)(dict(plain), None)
    assert seen == [("/api/train", "/api", "/api"), ("/api/train", None, "")]
