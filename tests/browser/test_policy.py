"""The browser runs our scripts alone, and that takes nothing from any page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.basin_page import FINISHED as MAP_DRAWN
from tests.browser.run_page import FINISHED as RUN_DRAWN
from tests.browser.sweep_page import FINISHED as SWEEP_DRAWN
from tests.browser.theory_page import FINISHED as THEORY_DRAWN

RUN = "depth=3&lr=0.37&weights=0.5,1.2,0.8&steps=120"
MAP = "depth=2&lr=0.8&weights=0.4,1.6&resolution=64&steps=100"
SWEEP = "depth=2&weights=0.8,0.8&lr=1.25&low=0.9&high=1.6&columns=24&steps=100"
DECK = "() => document.querySelectorAll('#deck li').length > 3"

RECORD = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`);
    });
"""


@pytest.fixture
def guarded(page: Page, complaints: list[str]) -> Iterator[Page]:
    """A page on which nothing was forbidden until the end of the test, and nothing was wrong."""
    page.add_init_script(RECORD)
    yield page
    assert page.evaluate("window.violations") == []


@pytest.mark.parametrize(
    ("link", "drawn", "figure"),
    [
        (f"/?{RUN}", RUN_DRAWN, "#run-figure .main-svg"),
        (f"/?{RUN}&hide=depth,width", RUN_DRAWN, "#run-figure .main-svg"),
        (f"/?{RUN}&embed=1", RUN_DRAWN, "#run-figure .main-svg"),
        (f"/?{RUN}&present=1", RUN_DRAWN, "#run-figure .main-svg"),
        (f"/basin?{MAP}", MAP_DRAWN, "#basin-figure .imagelayer image"),
        (f"/basin?{MAP}&embed=true", MAP_DRAWN, "#basin-figure .imagelayer image"),
        (f"/sweep?{SWEEP}", SWEEP_DRAWN, "#sweep-figure .main-svg"),
        ("/theory", THEORY_DRAWN, ".eos-symbols mjx-container"),
        ("/scenes", DECK, "#scenes-figure"),
    ],
)
def test_every_page_is_drawn_under_the_policy(
    guarded: Page, link: str, drawn: str, figure: str
) -> None:
    answer = guarded.goto(link)
    assert answer
    assert "script-src 'self' 'sha256-" in (answer.header_value("content-security-policy") or "")
    guarded.wait_for_function(drawn)
    expect(guarded.locator(figure).first).to_be_visible()


def test_what_is_hidden_is_hidden_by_a_style_of_the_page(guarded: Page) -> None:
    guarded.goto(f"/?{RUN}&hide=depth")
    guarded.wait_for_function(RUN_DRAWN)
    expect(guarded.locator(".eos-field-depth").first).to_be_hidden()
    expect(guarded.locator(".eos-field-lr").first).to_be_visible()


def test_the_dialogs_show_what_they_load(guarded: Page) -> None:
    guarded.goto(f"/?{RUN}")
    guarded.wait_for_function(RUN_DRAWN)
    guarded.evaluate("eosdash.openDialog('glossary')")
    expect(guarded.locator("#terms mjx-container").first).to_be_visible()
    guarded.keyboard.press("Escape")
    guarded.evaluate("eosdash.showQr()")
    guarded.wait_for_function("() => document.getElementById('qr-image').naturalWidth > 100")
    guarded.keyboard.press("Escape")
    guarded.evaluate("eosdash.openDialog('share-dialog')")
    expect(guarded.locator("#share-dialog")).to_be_visible()


@pytest.mark.parametrize("form", ["png", "svg", "csv"])
def test_a_figure_becomes_a_file(guarded: Page, form: str) -> None:
    guarded.goto(f"/?{RUN}")
    guarded.wait_for_function(RUN_DRAWN)
    with guarded.expect_download() as arriving:
        guarded.locator("#share").click()
        guarded.locator(f"#download-{form}").click()
    assert arriving.value.path().stat().st_size > 1000


def test_the_next_page_needs_no_other_policy(guarded: Page) -> None:
    guarded.goto("/scenes")
    guarded.wait_for_function(DECK)
    for name, drawn in (("theory", THEORY_DRAWN), ("sweep", SWEEP_DRAWN), ("basin", MAP_DRAWN)):
        guarded.locator(f"#nav-{name}").click()
        guarded.wait_for_function(drawn)


def test_an_address_that_is_none_leads_to_the_pages(page: Page, complaints: list[str]) -> None:
    page.add_init_script(RECORD)
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_in_viewport()
    assert all("404" in words for words in complaints)
    complaints.clear()  # Chromium reports the 404 itself
    page.locator("#nav-run").click()
    page.wait_for_function(RUN_DRAWN)
    assert page.evaluate("window.violations") == []


EVIL = "https://127.0.0.2/evil.js"
INJECT = """(evil) => {
    const script = document.createElement("script");
    script.textContent = "window.injected = 'a script'";
    document.body.append(script);
    const holder = document.createElement("div");
    holder.innerHTML = '<img src="data:," onerror="window.injected = \\'an attribute\\'">';
    document.body.append(holder);
    const foreign = document.createElement("script");
    foreign.src = evil;
    document.body.append(foreign);
    setTimeout("window.injected = 'a text'", 0);
}"""


@pytest.mark.parametrize("link", [f"/?{RUN}", f"/?{RUN}&embed=1"])
def test_an_injected_script_does_not_run(page: Page, complaints: list[str], link: str) -> None:
    page.add_init_script(RECORD)
    page.goto(link)
    page.wait_for_function(RUN_DRAWN)
    page.evaluate(INJECT, EVIL)
    page.wait_for_function("() => window.violations.length >= 4")
    assert page.evaluate("window.injected") is None
    foreign = f"asked another host: {EVIL}"  # what Chromium calls what it then does not ask
    assert all("Content Security Policy" in words or words == foreign for words in complaints)
    complaints.clear()
