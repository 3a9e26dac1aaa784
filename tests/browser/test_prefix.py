"""Everything under a path: behind a proxy that strips it, behind one that does not, and behind one
that says which it has stripped, to an app that was told of none."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from eosdash.service import settings
from eosdash.service.prefix import under
from tests.browser.run_page import FINISHED
from tests.conftest import ROOT, free_port, serving
from tests.programs import NGINX
from tests.service.helpers import holds

PREFIX = "/labs/eosdash"
KINDS = ("stripping", "whole", "telling")
CONFIGURATION = """
pid {folder}/pid; error_log {folder}/error warn; daemon off;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    proxy_http_version 1.1; proxy_buffering off; proxy_set_header Host $http_host;
    server {{ listen 127.0.0.1:{stripping}; location {prefix}/ {{ proxy_pass {app}/; }} }}
    server {{ listen 127.0.0.1:{whole}; location {prefix}/ {{ proxy_pass {app}; }} }}
    server {{
        listen 127.0.0.1:{telling};
        proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Prefix {prefix};
        location {prefix}/ {{ proxy_pass {untold}/; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The address of the app behind each of the three, with scripts compressed ahead."""
    folder = tmp_path_factory.mktemp("prefix")
    ports = {name: str(free_port()) for name in KINDS}
    environ = os.environ | {
        "EOSDASH_CACHE_DIR": str(folder / "cache"),
        "EOSDASH_STATIC_DIR": str(folder / "static"),
    }
    subprocess.run(
        [sys.executable, "-m", "eosdash.pages.static"], cwd=ROOT, env=environ, check=True,
        timeout=300,
    )  # fmt: skip

    def app(name: str, **settings: str) -> AbstractContextManager[str]:
        port = str(free_port())
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "app:server"]
        return serving(command, ROOT, environ | {"PORT": port} | settings, folder / f"{name}.log")

    file = folder / "nginx.conf"
    with (
        app("told", EOSDASH_PREFIX=PREFIX) as told,
        app("untold", EOSDASH_PROXIES="1", EOSDASH_PREFIX="") as untold,
    ):
        file.write_text(
            CONFIGURATION.format(folder=folder, prefix=PREFIX, app=told, untold=untold, **ports)
        )
        nginx = subprocess.Popen([NGINX.path(), "-p", str(folder), "-c", str(file)])
        try:
            assert holds(lambda: (folder / "pid").exists(), 10)
            yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        finally:
            nginx.terminate()
            nginx.wait(20)


@pytest.fixture(params=KINDS)
def host(request: pytest.FixtureRequest, proxies: dict[str, str]) -> str:
    return proxies[request.param]


DRAWN = "() => Boolean(window.eosdash?.page?.()?.shown?.()?.end)"


def test_all_pages_work_under_a_path(page: Page, host: str) -> None:
    wrong: list[str] = []
    page.on("response", lambda answer: answer.status >= 400 and wrong.append(answer.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    outside: list[str] = []
    page.on(
        "request",
        lambda asked: (
            urlsplit(asked.url).path.startswith(f"{PREFIX}/")
            or not asked.url.startswith("http")
            or outside.append(asked.url)
        ),
    )
    page.goto(f"{host}{PREFIX}/?steps=60&depth=2")
    page.wait_for_function(FINISHED)
    for name in ("basin", "sweep", "theory"):
        page.locator(f"#nav-{name}").click()
        page.wait_for_function(DRAWN)
        assert urlsplit(page.url).path == f"{PREFIX}/{name}"
    page.locator("#nav-scenes").click()
    expect(page.locator(".eos-card").first).to_be_visible()
    page.locator(".eos-card").nth(1).click()
    page.wait_for_function(DRAWN)
    assert urlsplit(page.url).path.startswith(PREFIX)
    page.goto(f"{host}{PREFIX}/basin?depth=2&resolution=32&steps=40")
    page.wait_for_function(DRAWN)
    page.wait_for_function("() => document.querySelector('#open-run').search.length > 1")
    page.locator("#open-run").click()
    page.wait_for_function(FINISHED)
    assert urlsplit(page.url).path == f"{PREFIX}/"
    page.goto(f"{host}{PREFIX}/?scene=2")
    page.wait_for_function(DRAWN)
    assert (wrong, outside) == ([], [])


def test_what_is_told_of_an_address_holds_the_path(page: Page, host: str) -> None:
    page.goto(f"{host}{PREFIX}/?steps=60&depth=2")
    page.wait_for_function(FINISHED)
    page.keyboard.press("q")
    expect(page.locator("#qr-link")).to_contain_text(f"{host}{PREFIX}/?")
    code = page.locator("img[src*='/api/qr.svg']")
    expect(code).to_be_visible()
    assert code.evaluate("(image) => image.naturalWidth") > 0


@pytest.mark.parametrize(
    ("said", "meant"),
    [("", ""), ("/", ""), ("lab", "/lab"), ("/lab/", "/lab"), ("/a/b/", "/a/b")],
)
def test_a_prefix_is_read_with_and_without_slashes(monkeypatch, said, meant):
    monkeypatch.setenv("EOSDASH_PREFIX", said)
    assert settings.prefix() == meant


@pytest.mark.parametrize(
    ("asked", "path"),
    [("/lab/api/train", "/api/train"), ("/api/train", "/api/train"), ("/lab", "/"), ("/lab/", "/"),
     ("/labs", "/labs")],
)  # fmt: skip
def test_a_path_is_stripped_once_and_as_a_whole(asked, path):
    seen = []

    def application(environ, _):
        seen.append((environ["SCRIPT_NAME"], environ["PATH_INFO"]))
        return []

    under("/lab", application)({"PATH_INFO": asked}, None)
    assert seen == [("/lab", path)]


def test_without_a_prefix_the_application_is_left_as_it_is():
    assert under("", sorted) is sorted
