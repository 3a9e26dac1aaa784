"""Scripts and styles: joined, compressed ahead, kept for long, and never those of another build."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, Response
from werkzeug.test import TestResponse

from eosdash.pages import bundle, static
from tests.browser.run_page import FINISHED
from tests.conftest import ROOT, free_port, serving

MOST_REQUESTS = 24
"""Of a first visit; there were 44 with each script on its own."""

DECODE = {"br": brotli.decompress, "gzip": gzip.decompress}
TYPES = {".js": "text/javascript", ".css": "text/css"}

Make = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the build step makes."""
    folder = tmp_path_factory.mktemp("built") / "static"
    environ = os.environ | {"EOSDASH_STATIC_DIR": str(folder)}
    subprocess.run(
        [sys.executable, "-m", "eosdash.pages.static"], cwd=ROOT, env=environ, check=True
    )
    return folder


@pytest.fixture
def copied(tree: Path, tmp_path: Path) -> Path:
    """One that may be changed."""
    return shutil.copytree(tree, tmp_path / "static")


@pytest.fixture
def plain(make_client: Make, tmp_path: Path) -> FlaskClient:
    """A client of the app without compressed files."""
    return make_client(STATIC_DIR=str(tmp_path / "none"))


def linked(client: FlaskClient) -> list[str]:
    """What the page loads."""
    found = static.LINKED.findall(client.get("/").text)
    assert len(found) > 8
    return found


def get(client: FlaskClient, url: str, **headers: str) -> TestResponse:
    """The answer, with its file closed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(url, headers=named, buffered=True)


def is_served(client: FlaskClient) -> bool:
    """Whether anything comes from the folder."""
    return type(client.application.wsgi_app).__name__ == "_Tree"  # type: ignore[attr-defined]


def listing(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


# One script and one style sheet


def test_the_bundle_of_styles_holds_every_file_in_order() -> None:
    files = sorted((ROOT / "assets").rglob("*.css"))
    text = bundle.join(ROOT / "assets", "css").body.decode()
    places = [
        text.index(f"/* {file.relative_to(ROOT / 'assets').as_posix()} */\n{file.read_text()}")
        for file in files
    ]
    assert places == sorted(places)
    assert len(set(places)) == len(files) > 1


def test_the_bundle_of_scripts_holds_every_file() -> None:
    text = bundle.join(ROOT / "assets", "js").body.decode()
    files = [file.relative_to(ROOT / "assets") for file in (ROOT / "assets").rglob("*.js")]
    assert all(f"/* {file.as_posix()} */" in text for file in files)
    assert text.index("/* main.js */") == max(text.index(f"/* {file} */") for file in files)


def test_a_page_loads_one_script_and_one_style_sheet_of_ours(plain: FlaskClient) -> None:
    ours = [url for url in linked(plain) if url.startswith("/assets")]
    style, script = ours
    assert (Path(style).suffix, Path(script).suffix) == (".css", ".js")
    page = plain.get("/").text
    assert page.index(script) < page.index("dash_renderer")
    for url in ours:
        answer = get(plain, url)
        assert answer.headers["Cache-Control"] == bundle.FOREVER
        assert answer.mimetype == TYPES[Path(url).suffix]
    assert get(plain, "/assets/main.js").status_code == 200  # other assets are still there


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    for kind in ("js", "css"):
        (tmp_path / f"a.{kind}").write_text("a {}\n")
        before = bundle.join(tmp_path, kind)
        assert bundle.join(tmp_path, kind) == before
        (tmp_path / f"b.{kind}").write_text("b {}\n")
        after = bundle.join(tmp_path, kind)
        assert after.url != before.url
        assert after.body.index(b"a {}") < after.body.index(b"b {}")


# Compressed ahead


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_all_that_a_page_loads_is_compressed_ahead(
    tree: Path, make_client: Make, plain: FlaskClient, encoding: str
) -> None:
    client = make_client(STATIC_DIR=str(tree))
    before = listing(tree)
    assert is_served(client)
    assert linked(client) == linked(plain)
    for url in [*linked(client), *static.CHUNKS]:
        answer = get(client, f"{url}?m=1.5", Accept_Encoding=f"{encoding}, zstd")
        assert answer.headers["Content-Encoding"] == encoding, url
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.mimetype == TYPES[Path(url).suffix]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert DECODE[encoding](answer.data) == get(plain, url).data == get(client, url).data
        kept = answer.headers["Cache-Control"]
        if url in static.CHUNKS:
            assert kept == "no-cache"
        else:
            assert set(kept.split(", ")) == set(bundle.FOREVER.split(", "))
        again = get(client, url, If_None_Match=answer.headers["ETag"])
        assert again.status_code == 304
        assert client.post(url).status_code == 405
    assert listing(tree) == before  # so the file system may be read-only


def test_what_was_taken_away_is_answered_by_the_app(
    copied: Path, make_client: Make, plain: FlaskClient
) -> None:
    (copied / "files" / "assets" / "other.js").write_text("not of this build")
    client = make_client(STATIC_DIR=str(copied))
    assert is_served(client)
    assert get(client, "/assets/other.js").status_code == 404
    url = bundle.plotly_url()
    shutil.rmtree(copied / "files" / "_dash-component-suites" / "plotly")
    assert get(client, url).data == get(plain, url).data


# Of this build, or not at all


def test_a_changed_script_is_served_and_not_the_one_that_was_compressed(
    tree: Path,
    make_client: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed = shutil.copytree(ROOT / "assets", tmp_path / "assets")
    (changed / "zz_new.js").write_text("window.brandNew = 1;")
    register = bundle.register
    monkeypatch.setattr(bundle, "register", lambda server, _: register(server, changed))
    client = make_client(STATIC_DIR=str(tree))
    assert not is_served(client)
    assert "another build" in caplog.text
    (script,) = (url for url in linked(client) if re.match(r"/assets/.*\.js", url))
    assert b"brandNew" in get(client, script).data
    old = bundle.join(ROOT / "assets", "js").url
    assert script != old
    assert get(client, old).status_code == 404


@pytest.mark.parametrize("change", ["digest", "missing", "torn", "none"])
def test_a_folder_of_another_build_is_left_alone(
    copied: Path, make_client: Make, change: str
) -> None:
    stamp = copied / "stamp.json"
    digests = json.loads(stamp.read_text())
    if change == "digest":  # such as of a chunk, whose address is the same in every version
        digests[static.CHUNKS[0]] = "0" * 64
        stamp.write_text(json.dumps(digests))
    elif change == "missing":
        digests.pop(static.CHUNKS[0])
        stamp.write_text(json.dumps(digests))
    elif change == "torn":
        stamp.write_text(stamp.read_text()[:100])
    else:
        stamp.unlink()
    client = make_client(STATIC_DIR=str(copied))
    assert not is_served(client)
    for url in linked(client):
        answer = get(client, url, Accept_Encoding="br")
        assert answer.status_code == 200
        assert answer.headers["Content-Encoding"] == "br"


def test_building_again_compresses_only_what_changed(tmp_path: Path) -> None:
    files = {"/a.1234567890.js": b"a" * 1000, "/b/c.js": b"c" * 1000}
    static.write(files, tmp_path)
    a, c = tmp_path / "files/a.1234567890.js.br", tmp_path / "files/b/c.js.br"
    before = listing(tmp_path)
    static.write(files, tmp_path)
    assert listing(tmp_path) == before
    static.write({"/b/c.js": b"d" * 1000}, tmp_path)
    assert not a.exists()
    assert brotli.decompress(c.read_bytes()) == b"d" * 1000
    # What an interrupted build left is no use.
    (tmp_path / "stamp.json").unlink()
    c.write_bytes(b"torn")
    a.write_bytes(b"left over")
    static.write({"/b/c.js": b"d" * 1000}, tmp_path)
    assert not a.exists()
    assert brotli.decompress(c.read_bytes()) == b"d" * 1000


# In the browser


@pytest.fixture(scope="module")
def served(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of the app under gunicorn, with the compressed files."""
    folder = tmp_path_factory.mktemp("served")
    port = str(free_port())
    own = {
        "PORT": port,
        "EOSDASH_CACHE_DIR": str(folder / "cache"),
        "EOSDASH_STATIC_DIR": str(tree),
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "app:server"]
    with serving(command, ROOT, os.environ | own, folder / "log") as url:
        yield url


@pytest.fixture
def heard(page: Page) -> list[Response]:
    """What the network answers to a page."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    return answers


def scripts(heard: list[Response]) -> list[Response]:
    return [answer for answer in heard if re.search(r"\.(js|css)(\?|$)", answer.url)]


def test_a_first_visit_asks_for_little(page: Page, served: str, heard: list[Response]) -> None:
    page.goto(served)
    page.wait_for_function(FINISHED)
    asked = [answer.url for answer in heard if answer.url.startswith("http")]
    assert len(asked) <= MOST_REQUESTS
    assert sum("plotly" in url for url in asked) == 1
    assert all(answer.header_value("content-encoding") in DECODE for answer in scripts(heard))


def test_all_pages_load_nothing_that_is_not_compressed_ahead(
    page: Page, served: str, heard: list[Response], tree: Path
) -> None:
    for path in ("/", "/basin", "/sweep", "/theory", "/scenes", "/nowhere"):
        page.goto(served + path)
        page.wait_for_load_state("networkidle")
    page.goto(served)
    page.wait_for_function(FINISHED)
    page.evaluate("eosdash.openDialog('glossary')")
    page.wait_for_selector("#terms mjx-container")
    page.wait_for_load_state("networkidle")
    loaded = {urlsplit(answer.url).path for answer in scripts(heard)}
    assert set(static.CHUNKS) <= loaded
    assert loaded <= json.loads((tree / "stamp.json").read_text()).keys()
