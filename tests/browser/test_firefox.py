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
    path = FIREFOX.path()
    channel = None if path == FIREFOX.downloaded() else "moz-firefox"
    launched = playwright.firefox.launch(executable_path=path, channel=channel)
    yield launched
    launched.close()


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
    const bitmap = await createImageBitmap(await (await fetch(href)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    return [...new Set(new Uint32Array(data.buffer))];
}"""


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
