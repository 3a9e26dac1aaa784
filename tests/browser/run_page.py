"""The page of a run as a test sees it."""

from typing import Any

from tests.browser.app_page import AppPage

FINISHED = """() => {
    const run = window.eosdash?.state?.current;
    return Boolean(run?.end && run.drawn === run.count);
}"""
DRAWN = """(name) => {
    const figure = document.querySelector("#run-figure");
    return figure.data.find((trace) => trace.meta === name)?.y.length ?? 0;
}"""


class RunPage(AppPage):
    """Opens the page, waits for its runs, and reads what it shows."""

    def open(self, query: str = "") -> "RunPage":
        self.page.goto(f"/?{query}" if query else "/")
        return self.finished()

    def finished(self) -> "RunPage":
        """Wait until a run has ended and is drawn to its end."""
        self.page.wait_for_function(FINISHED)
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

    def column(self, name: str) -> list[Any]:
        """A column of the run that is shown."""
        return self.page.evaluate("(name) => window.eosdash.state.current.columns[name]", name)

    def drawn(self, trace: str) -> int:
        """How many points of a trace are on screen."""
        return self.page.evaluate(DRAWN, trace)
