"""The page of a run as a test sees it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page

FINISHED = """() => {
    const run = window.eosdash?.state?.current;
    return Boolean(run?.end && run.drawn === run.count);
}"""
DRAWN = """(name) => {
    const figure = document.querySelector("#run-figure");
    return figure.data.find((trace) => trace.meta === name)?.y.length ?? 0;
}"""


class RunPage:
    """Opens the page, waits for its runs, and reads what it shows."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, query: str = "") -> "RunPage":
        self.page.goto(f"/?{query}" if query else "/")
        return self.finished()

    def finished(self) -> "RunPage":
        """Wait until a run has ended and is drawn to its end."""
        self.page.wait_for_function(FINISHED, timeout=30_000)
        return self

    def another(self, query_before: str) -> "RunPage":
        """Wait until another run than that of ``query_before`` has ended and is drawn."""
        self.page.wait_for_function(
            "(before) => window.eosdash.state.current?.query !== before", arg=query_before
        )
        return self.finished()

    @property
    def asked(self) -> str:
        """The query that the shown run was asked for with."""
        return self.page.evaluate("window.eosdash.state.current.query")

    @property
    def link(self) -> dict[str, str]:
        """The parameters in the address bar."""
        return {k: v[0] for k, v in parse_qs(urlsplit(self.page.url).query).items()}

    def column(self, name: str) -> list[Any]:
        """A column of the run that is shown."""
        return self.page.evaluate("(name) => window.eosdash.state.current.columns[name]", name)

    def drawn(self, trace: str) -> int:
        """How many points of a trace are on screen."""
        return self.page.evaluate(DRAWN, trace)

    def control(self, name: str) -> Locator:
        return self.page.locator(f'[id=\'{{"name":"{name}","type":"param"}}\']')

    def thumb(self, name: str) -> Locator:
        slider = self.page.locator(f'[id=\'{{"name":"{name}","type":"slider"}}\']')
        return slider.get_by_role("slider")

    def field(self, name: str) -> Locator:
        return self.page.locator(f'[id=\'{{"name":"{name}","type":"field"}}\']')

    def text(self, name: str) -> str:
        return self.page.locator(f"#{name}").inner_text()
