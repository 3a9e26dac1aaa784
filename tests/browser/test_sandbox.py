"""An iframe whose sandbox leaves the page no origin: it says why it cannot run."""

from playwright.sync_api import Page, expect

from tests.browser.test_share import host

LINK = "/?steps=60&depth=2&embed=1"


def test_without_an_origin_it_says_what_the_sandbox_needs(page: Page, base_url: str) -> None:
    with host(f"{base_url}{LINK}", 'sandbox="allow-scripts"') as address:
        page.goto(address)
        told = page.frame_locator("iframe").get_by_role("alert")
        expect(told).to_contain_text("allow-same-origin")


def test_with_an_origin_it_runs_and_says_nothing(page: Page, base_url: str) -> None:
    with host(f"{base_url}{LINK}", 'sandbox="allow-scripts allow-same-origin"') as address:
        page.goto(address)
        frame = page.frame_locator("iframe")
        expect(frame.locator("#run-figure .main-svg").first).to_be_visible()
        expect(frame.locator(".eos-sandboxed")).to_have_count(0)
