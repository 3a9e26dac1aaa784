"""What is given away: links that hide, lock or embed, QR codes, scenes and animations."""

import html
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import numpy as np
import pytest
import segno
from PIL import Image
from playwright.sync_api import Frame, Page, expect

import eosdash
from eosdash.deck import parse
from tests.browser.basin_page import FINISHED as MAP_FINISHED
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import FINISHED as RUN_FINISHED
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage

RUN = "depth=3&lr=0.37&weights=0.5,1.2,0.8&steps=120"
LONG = "depth=4&lr=0.469&weights=1.38,0.59,0.43,1.14&steps=1000"
MAP = "depth=2&lr=0.8&weights=0.4,1.6&resolution=64&steps=100"
QUIET = 1500
"""ms after which a field that was set has been asked for, if it ever is."""


def query_of(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query))


def share(page: Page) -> None:
    """Open the dialog."""
    page.locator("#share").click()
    page.get_by_role("button", name="Hide, lock, embed …").click()
    expect(page.locator("#share-dialog")).to_be_visible()


# Hidden controls


def test_hidden_controls_are_gone_and_their_values_stay(run_page: RunPage) -> None:
    page = run_page.open(f"{RUN}&hide=depth,width")
    for name in ("depth", "width"):
        expect(page.field(name)).to_be_hidden()
        assert page.field(name).count() == 1
    for name in ("lr", "steps"):
        expect(page.field(name)).to_be_visible()
    for output in ("#run-figure .main-svg", "#badge", "#summary", "#readout", "#play"):
        expect(page.page.locator(output).first).to_be_visible()
    assert page.link["depth"] == "3"
    assert page.link["hide"] == "depth,width"
    query = page.asked
    page.thumb("lr").press("ArrowRight")
    page.another(query)
    assert page.link["depth"] == "3"
    assert page.link["hide"] == "depth,width"
    assert "depth=3" in page.asked


def test_hidden_controls_of_a_map_hide_no_result(basin_page: BasinPage) -> None:
    page = basin_page.open(f"{MAP}&hide=depth,width,resolution,region")
    for name in ("depth", "width", "resolution", "region"):
        expect(page.field(name)).to_be_hidden()
    for output in ("#basin-figure .main-svg", "#summary", "#share-minimum", "#status"):
        expect(page.page.locator(output).first).to_be_visible()
    assert page.link["resolution"] == "64"


def test_the_dialog_makes_a_link_that_hides(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    share(page)
    link = page.locator("#share-link")
    expect(link).to_have_value(page.url)
    page.locator("#hide-boxes input[name=depth]").check()
    page.locator("#hide-boxes input[name=lock]").check()
    page.wait_for_function("() => document.getElementById('share-link').value.includes('lock')")
    wanted = query_of(page.url) | {"hide": "depth", "lock": "true"}
    assert query_of(link.input_value()) == wanted
    assert "hide" not in query_of(page.url)  # it is for who gets the link
    page.goto(link.input_value())
    expect(run_page.finished().field("depth")).to_be_hidden()
    expect(run_page.control("lr")).to_be_disabled()


@pytest.mark.parametrize("hide", ["summary", "<b>,depth", "depth%7D*%7Bdisplay:none"])
def test_only_controls_can_be_hidden(run_page: RunPage, hide: str) -> None:
    page = run_page.open(f"{RUN}&hide={hide}").page
    for output in ("#run-figure .main-svg", "#badge", "#summary", "#readout"):
        expect(page.locator(output).first).to_be_visible()
    expect(page.locator("#problem")).to_contain_text("hide: there is no control")


# Locked links


def test_a_locked_link_can_be_seen_but_not_changed(run_page: RunPage) -> None:
    page = run_page.open("depth=2&lr=0.3&seed=5&steps=80&lock=1")
    asked: list[str] = []
    page.page.on("request", lambda r: asked.append(r.url) if "/api/train" in r.url else None)
    before, query = page.link, page.asked
    for name in ("depth", "lr", "steps", "seed"):
        expect(page.control(name)).to_be_disabled()
    for name in ("reset", "new-seed"):
        expect(page.page.locator(f"#{name}")).to_be_disabled()
    page.page.keyboard.press("u")
    expect(page.page.locator("#toast")).to_contain_text("locked")
    for key in ("Shift+U", "d", "n", "r", "Control+z"):
        page.page.keyboard.press(key)
    slider = page.page.locator('[id=\'{"name":"lr","type":"slider"}\']')
    box = slider.bounding_box()
    assert box
    page.page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    expect(page.thumb("lr")).to_have_count(0)  # there is none to reach
    page.page.wait_for_timeout(QUIET)
    assert asked == []
    assert page.asked == query
    assert page.link == before
    # What is shown can still be looked at.
    page.page.locator("#to-start").click()
    expect(page.page.locator("#readout")).to_contain_text("step 0 /")
    copy = page.page.get_by_role("link", name="Open a copy to change it")
    with page.page.context.expect_page() as opened:
        copy.click()
    other = RunPage(opened.value).finished()
    assert "lock" not in other.link
    assert {name: value for name, value in before.items() if name != "lock"} == other.link
    expect(other.control("lr")).to_be_enabled()
    query = other.asked
    other.page.keyboard.press("u")
    other.another(query)
    assert float(other.link["lr"]) == pytest.approx(0.303)


def test_a_locked_map_is_not_played_or_changed(basin_page: BasinPage) -> None:
    page = basin_page.open(f"{MAP}&lock=1").ran()
    query = page.asked
    for name in ("depth", "lr", "resolution"):
        expect(page.control(name)).to_be_disabled()
    page.page.locator("#map-in").click()
    page.page.locator("#play-eta").click()
    page.page.wait_for_timeout(QUIET)
    assert page.asked == query
    assert page.link["lr"] == "0.8"
    assert "extent" not in page.link or page.link["extent"] == query_of(f"?{query}").get("extent")


# Embedded pages


@contextmanager
def host(link: str, sandbox: str = "") -> Iterator[str]:
    """Address of a page of another site that embeds a link, in an iframe with a sandbox or none."""
    more = f'style="border:0" {sandbox}'
    frame = f'<iframe src="{html.escape(link)}" width="800" height="450" {more}></iframe>'
    document = f'<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,">{frame}</html>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(document.encode())

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()


@pytest.fixture
def embedded(
    page: Page, complaints: list[str], base_url: str
) -> Iterator[Callable[[str, str], Frame]]:
    """Opens a link in an iframe of another site, and waits until its result is drawn."""
    hosts: list[str] = []
    with ExitStack() as stack:

        def open_in(link: str, finished: str) -> Frame:
            hosts.append(stack.enter_context(host(f"{base_url}{link}")))
            page.goto(hosts[-1])
            frame = next(frame for frame in page.frames if frame.url.startswith(base_url))
            frame.wait_for_function(finished)
            return frame

        yield open_in
        page.goto("about:blank")
    mine = {f"asked another host: {address}" for address in hosts}
    complaints[:] = [words for words in complaints if words not in mine]


OUTSIDE = (
    "header", ".eos-navbar", "#share", "#present", "#help-open", "#theme", "nav", ".eos-side",
    "#panel", "#tour-offer", "#scene", "#drawer", "#badge",
)  # fmt: skip
SCROLLS = """() => {
    const { scrollHeight, scrollWidth } = document.scrollingElement;
    return [scrollWidth, scrollHeight, innerWidth, innerHeight];
}"""


def only_figure_and_transport(frame: Frame) -> None:
    for place in OUTSIDE:
        for element in frame.locator(place).all():
            expect(element).to_be_hidden()
    width, height, inner_width, inner_height = frame.evaluate(SCROLLS)
    assert (inner_width, inner_height) == (800, 450)  # so there are no scrollbars
    assert width <= 800
    assert height <= 450


def test_a_run_is_embedded_in_another_site(embedded: Callable[[str, str], Frame]) -> None:
    frame = embedded(f"/?{LONG}&embed=1", RUN_FINISHED)
    expect(frame.locator("#run-figure .main-svg").first).to_be_in_viewport(ratio=0.99)
    for name in ("play", "to-start", "to-end", "scrub", "readout"):
        expect(frame.locator(f"#{name}")).to_be_in_viewport(ratio=0.9)
    only_figure_and_transport(frame)
    before = frame.locator("#readout").inner_text()
    frame.locator("#play").click()
    frame.wait_for_function("() => eosdash.state.cursor > 20")
    assert frame.locator("#readout").inner_text() != before
    only_figure_and_transport(frame)


def test_a_map_is_embedded_in_another_site(embedded: Callable[[str, str], Frame]) -> None:
    frame = embedded(f"/basin?{MAP}&embed=1", MAP_FINISHED)
    expect(frame.locator("#basin-figure .imagelayer image")).to_be_in_viewport(ratio=0.9)
    for name in ("play-eta", "map-in", "map-home"):
        expect(frame.locator(f"#{name}")).to_be_in_viewport(ratio=0.9)
    only_figure_and_transport(frame)
    frame.locator("#play-eta").click()
    frame.wait_for_function("() => document.querySelector('#play-words').innerText.trim()")
    frame.wait_for_function("() => eosdash.mapState.map.start.params.lr !== 0.8")
    only_figure_and_transport(frame)


def test_an_embedded_page_leads_to_the_whole_one(
    embedded: Callable[[str, str], Frame], page: Page
) -> None:
    frame = embedded(f"/?{RUN}&embed=1", RUN_FINISHED)
    link = frame.get_by_role("link", name="Open in eosdash")
    expect(link).to_be_visible()
    href = query_of(link.get_attribute("href") or "")
    assert "embed" not in href
    assert href["lr"] == "0.37"
    assert link.get_attribute("target") == "_blank"


class IframeReader(HTMLParser):
    """The attributes of the iframe in a snippet."""

    found: dict[str, str | None]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.found = dict(attrs)


def test_the_snippet_embeds_what_is_shown(run_page: RunPage) -> None:
    page = run_page.open(f"{RUN}&smooth=5").page
    share(page)
    snippet = page.locator("#share-embed")
    page.wait_for_function("() => document.getElementById('share-embed').value.includes('iframe')")
    reader = IframeReader()
    reader.feed(snippet.input_value())
    assert (reader.found["width"], reader.found["height"]) == ("800", "450")
    assert reader.found["title"]
    src = reader.found["src"] or ""
    assert query_of(src) == query_of(page.url) | {"embed": "true"}
    assert src.split("?")[0] == page.url.split("?")[0]
    page.goto(src)
    run_page.finished()
    expect(page.locator("header")).to_be_hidden()


# QR codes


@pytest.mark.parametrize("query", [RUN, f"{RUN}&present=1", f"{RUN}&hide=depth&scene=3"])
def test_q_shows_the_link_as_a_qr_code(run_page: RunPage, query: str) -> None:
    page = run_page.open(query).page
    page.keyboard.press("q")
    image = page.locator("#qr-image")
    expect(image).to_be_visible()
    link = page.url.replace("&present=true", "")
    assert page.locator("#qr-link").inner_text() == link
    assert link in (image.get_attribute("alt") or "")
    src = image.get_attribute("src") or ""
    kept = "!'()*"  # by encodeURIComponent
    assert src == f"/api/qr.svg?link={quote(link, safe=kept)}"
    page.wait_for_function("() => document.getElementById('qr-image').naturalWidth > 100")
    drawn = page.request.get(src)
    assert drawn.ok
    body = io.BytesIO()
    segno.make_qr(link, error="L").save(body, kind="svg", scale=8, light="white", xmldecl=False)
    assert drawn.body() == body.getvalue()
    expect(page.locator("#qr-words")).to_contain_text("this computer only")
    page.keyboard.press("Escape")
    expect(image).to_be_hidden()


def test_a_link_that_is_too_long_for_a_qr_code_says_so(
    run_page: RunPage, complaints: list[str]
) -> None:
    weights = ",".join(f"{0.1 * np.sin(i):.8f}" for i in range(288))
    query = f"task=whitened&depth=2&width=12&d_in=12&d_out=12&lr=0.01&steps=10&weights={weights}"
    page = run_page.open(query).page
    assert len(page.url) > 2953
    page.locator("#share").click()
    page.get_by_role("button", name="QR code").click()
    expect(page.locator("#qr-words")).to_contain_text("too long")
    assert all("422" in words for words in complaints)
    complaints.clear()  # Chromium reports the 422 itself
    page.keyboard.press("Escape")
    page.goto(f"/?{RUN}")
    run_page.finished()
    page.keyboard.press("q")
    page.wait_for_function("() => document.getElementById('qr-image').naturalWidth > 100")
    expect(page.locator("#qr-words")).not_to_contain_text("too long")


# A state as a scene


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        (RunPage, f"{RUN}&smooth=5&gfs=true"),
        (RunPage, "task=regression&depth=3&hidden=5,4&lr=0.1&steps=40&lr_schedule=10:0.2,20:0.1"),
        (RunPage, f"{RUN}&hide=depth&lock=1"),
        (BasinPage, f"{MAP}&color=steps&region=true&at=0.5,1.25"),
        (SweepPage, "depth=2&weights=0.8,0.8&lr=1.25&low=0.9&high=1.6&columns=24&steps=100"),
    ],
)
def test_any_state_can_be_a_scene(
    page: Page, complaints: list[str], kind: type[RunPage | BasinPage | SweepPage], query: str
) -> None:
    kind(page).open(query)
    share(page)
    page.wait_for_function("() => document.getElementById('share-scene').value.includes('title')")
    text = page.locator("#share-scene").input_value()
    for name in ("title", "text", "look"):
        assert f"{name}: …" in text
        text = text.replace(f"{name}: …", f"{name}: Filled in")
    (scene,) = parse(f"title: A talk\nscenes:\n{text}").scenes
    state = {n: v for n, v in query_of(page.url).items() if n not in ("hide", "lock")}
    assert urlsplit(scene.href).path == urlsplit(page.url).path
    assert query_of(scene.href) == state


# Animations


def download(page: Page, form: str) -> Path:
    with page.expect_download(timeout=90_000) as arriving:
        page.locator("#share").click()
        page.locator(f"#download-{form}").click()
    return arriving.value.path()


def test_the_animation_of_a_map_can_be_downloaded(basin_page: BasinPage) -> None:
    page = basin_page.open(MAP).page
    frames = 0
    for form, kind in (("gif", "GIF"), ("webp", "WEBP")):
        with Image.open(download(page, form)) as image:
            assert image.format == kind
            assert image.n_frames > 10
            frames = image.n_frames
            first = np.asarray(image.convert("RGB"))
            image.seek(frames - 1)
            assert (first != np.asarray(image.convert("RGB"))).any()
    with np.load(download(page, "frames")) as arrays:
        outcome, lr = arrays["outcome"], arrays["lr"]
        assert outcome.shape == (len(lr), 64, 64)
        assert len(lr) == frames
        i = len(lr) // 2
        map_ = eosdash.basin(
            depth=2, lr=lr[i], weights=(0.4, 1.6), resolution=64, steps=100,
            extent=tuple(arrays["extent"]),
        )  # fmt: skip
        np.testing.assert_array_equal(outcome[i], map_.outcome)


def test_only_a_map_has_an_animation(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    page.locator("#share").click()
    expect(page.locator("#download-npz")).to_be_visible()
    for form in ("gif", "webp", "frames"):
        expect(page.locator(f"#download-{form}")).to_be_hidden()
