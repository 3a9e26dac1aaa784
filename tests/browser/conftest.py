"""A page that fails its test for any console error or any request to another host."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage

# Of milliseconds: other work may have the processor. What is there is seen at once all the same.
PATIENCE, LEAVE = 60_000, 10_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def profile(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    base_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[BrowserContext]:
    """A browser with a folder of its own, where it keeps scripts as it has compiled them: that is
    more than half of the time that a page takes to open."""
    folder = tmp_path_factory.mktemp("profile")
    opened = browser_type.launch_persistent_context(
        folder, base_url=base_url, **browser_type_launch_args
    )
    yield opened
    opened.close()


@pytest.fixture
def context(request: pytest.FixtureRequest, base_url: str) -> Iterator[BrowserContext]:
    """A browser that remembers nothing but scripts; one that has been nowhere for tests that ask
    for another kind of screen, or are marked as a ``first_visit``."""
    own = request.node.get_closest_marker("browser_context_args")
    if own or request.node.get_closest_marker("first_visit"):
        context = request.getfixturevalue("new_context")()
        context.set_default_timeout(PATIENCE)
        yield context
        return
    context = request.getfixturevalue("profile")
    context.set_default_timeout(PATIENCE)
    yield context
    blank, *opened = context.pages
    for page in opened:
        # Closing one without its handlers waits for it for good, and now and then it never comes.
        with suppress(PlaywrightTimeout), page.expect_event("close", timeout=LEAVE):
            page.close(run_before_unload=True)
    origin = {"origin": base_url, "storageTypes": "local_storage,indexeddb,cookies"}
    context.new_cdp_session(blank).send("Storage.clearDataForOrigin", origin)
    context.clear_permissions()


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
