"""Every page in Firefox: each draws its picture, and none complains."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from pytest_playwright import CreateContextCallback

from tests.browser.basin_page import BasinPage
from tests.browser.conftest import PATIENCE
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.test_numbers import (  # noqa: F401  (numbers are typed and pasted here too)
    test_a_typed_or_pasted_number_is_computed_with,
    test_what_is_no_number_is_refused_and_the_picture_stays,
)
from tests.browser.theory_page import TheoryPage
from tests.programs import FIREFOX


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Firefox: the installed one, over the protocol of its maker, or Playwright's own."""
    with launch(playwright) as launched:
        yield launched


def launch(playwright: Playwright, prefs: dict[str, str | float | bool] | None = None) -> Browser:
    path = FIREFOX.path()
    channel = None if path == FIREFOX.downloaded() else "moz-firefox"
    return playwright.firefox.launch(
        executable_path=path, channel=channel, firefox_user_prefs=prefs
    )


@pytest.fixture
def context(new_context: CreateContextCallback) -> BrowserContext:
    """A window of Firefox."""
    opened = new_context()
    opened.set_default_timeout(PATIENCE)
    return opened


def test_a_run_is_drawn_and_follows_the_slider(run_page: RunPage) -> None:
    run_page.open("depth=3&lr=0.31&steps=80")
    assert run_page.drawn("loss") == run_page.drawn("sharpness") == len(run_page.column("loss"))
    before = run_page.asked
    run_page.thumb("lr").press("ArrowRight")
    assert float(run_page.another(before).link["lr"]) > 0.31
    assert run_page.drawn("sharpness") == len(run_page.column("sharpness"))


def test_a_map_is_painted_and_a_click_runs_its_start(basin_page: BasinPage) -> None:
    basin_page.open("depth=2&target=0.8&lr=0.7&resolution=128&steps=200")
    colours = basin_page.page.evaluate(COLOURS)
    assert 2 <= len(colours) <= 8  # one an outcome, and no noise between them
    basin_page.click(0.9, 0.9)
    basin_page.ran()
    expect(basin_page.page.locator("#mini-figure .main-svg").first).to_be_visible()


COLOURS = """async () => {
    const href = document.querySelector("#basin-figure .imagelayer image").getAttribute("href");
    const png = new Uint8Array(await (await fetch(href)).arrayBuffer());
    const sizes = new DataView(png.buffer);
    const [width, at] = [sizes.getUint32(16), 33];  // behind the header: the data
    const data = new Blob([png.subarray(at + 8, at + 8 + sizes.getUint32(at))]);
    const plain = data.stream().pipeThrough(new DecompressionStream("deflate"));
    const rows = new Uint8Array(await new Response(plain).arrayBuffer());
    const found = new Set();
    for (let row = 0; row < rows.length; row += 4 * width + 1)
        for (let i = row + 1; i <= row + 4 * width; i += 4) found.add(rows.slice(i, i + 4).join());
    return [...found];
}"""
"""Of the picture itself: a canvas that is asked back may answer with noise."""


def test_colours_are_those_that_were_painted_where_canvases_are_not_read_back(
    playwright: Playwright, base_url: str
) -> None:
    with launch(playwright, {"privacy.resistFingerprinting": True}) as resisting:
        page = resisting.new_page(base_url=base_url)
        page.set_default_timeout(PATIENCE)
        BasinPage(page).open("depth=2&target=0.8&lr=0.7&resolution=128&steps=200")
        assert page.evaluate(NOISE)
        assert 2 <= len(page.evaluate(COLOURS)) <= 8


NOISE = """() => {
    const context = new OffscreenCanvas(16, 16).getContext("2d");
    context.fillRect(0, 0, 16, 16);
    return new Set(context.getImageData(0, 0, 16, 16).data).size !== 2;
}"""
"""Whether a black canvas is read as something else."""


def test_a_sweep_is_drawn(sweep_page: SweepPage) -> None:
    sweep_page.open("depth=2&points=12&starts=10&steps=100")
    lrs, shares = sweep_page.trace("fraction.minimum") or ([], [])
    assert len(lrs) == len(shares)
    assert min(lrs) < max(lrs)
    assert 0 <= min(shares) < max(shares) <= 1


def test_the_theory_is_drawn(theory_page: TheoryPage) -> None:
    theory_page.open()
    expect(theory_page.page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def test_the_deck_is_walked_through(page: Page, run_page: RunPage) -> None:
    run_page.open("scene=1&present=true")
    first = page.locator("#scene-title").inner_text()
    page.keyboard.press("PageDown")
    expect(page.locator("#scene-title")).not_to_have_text(first)
    run_page.finished()
