"""A page that fails its test for any console error or any request to another host."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_playwright import CreateContextCallback

from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage

# Of milliseconds: other work may have the processor. What is there is seen at once all the same.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture
def context(new_context: CreateContextCallback) -> BrowserContext:
    """A browser that has been nowhere yet."""
    context = new_context()
    context.set_default_timeout(PATIENCE)
    return context


@pytest.fixture
def complaints(page: Page, base_url: str) -> Iterator[list[str]]:
    """Everything the browser complains about; none is allowed unless a test clears the list."""
    heard: list[str] = []

    def foreign(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws") and parts.netloc != urlsplit(base_url).netloc:
            heard.append(f"asked another host: {url}")

    page.on("request", lambda request: foreign(request.url))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: (
            heard.append(f"{message.type}: {message.text}") if message.type == "error" else None
        ),
    )
    yield heard
    assert not heard


@pytest.fixture
def run_page(page: Page, complaints: list[str]) -> RunPage:
    """The page of a run, not yet opened."""
    return RunPage(page)


@pytest.fixture
def basin_page(page: Page, complaints: list[str]) -> BasinPage:
    """The page of maps, not yet opened."""
    return BasinPage(page)


@pytest.fixture
def sweep_page(page: Page, complaints: list[str]) -> SweepPage:
    """The page of sweeps, not yet opened."""
    return SweepPage(page)


@pytest.fixture
def theory_page(page: Page, complaints: list[str]) -> TheoryPage:
    """The page of the theory, not yet opened."""
    return TheoryPage(page)
