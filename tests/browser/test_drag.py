"""A hand that drags: one request on its way, one value that waits, and the last one is shown."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.run_page import RunPage

RUN = "task=scalar&depth=3&seed=4&lr=0.3&steps=60"
DRAG = """async (values) => {
    for (const value of values) {
        eosdash.set("lr", value);
        await new Promise(requestAnimationFrame);
        await new Promise((done) => setTimeout(done, 35));
    }
}"""


class Server:
    """Answers for runs: held until they are let go, or as it is told; the rates asked for."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        self.held: list[Route] = []
        self.busy = False
        page.route("**/api/train?*", self._take)

    def _take(self, route: Route) -> None:
        self.asked += parse_qs(urlsplit(route.request.url).query)["lr"]
        if self.busy:
            route.fulfill(status=503, headers={"Retry-After": "1"}, json={})
        else:
            self.held.append(route)

    def let_go(self) -> None:
        while self.held:
            self.held.pop(0).continue_()


@pytest.fixture
def server(run_page: RunPage) -> Server:
    run_page.open(RUN)
    return Server(run_page.page)


def test_one_request_is_on_its_way_and_one_value_waits(run_page: RunPage, server: Server) -> None:
    page = run_page.page
    page.evaluate(DRAG, [0.31, 0.32, 0.33, 0.34, 0.35, 0.36])
    assert server.asked == ["0.31"]
    server.let_go()
    page.wait_for_function("() => eosdash.state.current.query.includes('lr=0.31')")
    expect(page.locator("#run-figure")).to_be_visible()
    while len(server.asked) < 2:
        page.wait_for_timeout(50)
    assert server.asked == ["0.31", "0.36"]
    server.let_go()
    run_page.another(run_page.asked)
    assert "lr=0.36" in run_page.asked
    assert run_page.link["lr"] == "0.36"


def test_a_refusal_is_waited_out_without_an_alarm(
    run_page: RunPage, server: Server, complaints: list[str]
) -> None:
    page, server.busy = run_page.page, True
    page.evaluate(DRAG, [0.31])
    expect(page.locator("#status")).to_contain_text("many are computing; trying again in")
    page.evaluate(DRAG, [0.32, 0.33])
    expect(page.locator("#problem")).to_have_text("")
    expect(page.locator("body")).not_to_have_class(re.compile("eos-dimmed"))
    server.busy = False
    while not server.held:
        page.wait_for_timeout(50)
    assert set(server.asked) == {"0.31", "0.33"}
    assert server.asked[-1] == "0.33"
    server.let_go()
    run_page.another(run_page.asked)
    assert "lr=0.33" in run_page.asked
    expect(page.locator("#status")).to_contain_text("computed")
    complaints.clear()  # Chromium reports the 503 itself
