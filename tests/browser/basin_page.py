"""The page of maps as a test sees it."""

from typing import Any

from tests.browser.app_page import AppPage

FINISHED = """() => {
    const map = window.eosdash?.mapState?.map;
    return Boolean(map?.end && map === eosdash.mapState.asked
                   && map.drawn === map.start.params.resolution);
}"""
TRACE = """(name) => {
    const figure = document.querySelector("#basin-figure");
    const trace = figure.data.find((trace) => trace.meta === name);
    return trace ? [Array.from(trace.x), Array.from(trace.y)] : null;
}"""


class BasinPage(AppPage):
    """Opens the page, waits for its maps, and reads what it shows."""

    def open(self, query: str = "") -> "BasinPage":
        self.page.goto(f"/basin?{query}" if query else "/basin")
        return self.finished()

    def finished(self) -> "BasinPage":
        """Wait until the map that was asked for is drawn at its finest."""
        self.page.wait_for_function(FINISHED)
        return self

    def another(self, query_before: str) -> "BasinPage":
        """Wait until another map than that of ``query_before`` is drawn at its finest."""
        self.page.wait_for_function(
            "(before) => window.eosdash.mapState.asked?.query !== before", arg=query_before
        )
        return self.finished()

    def ran(self) -> "BasinPage":
        """Wait until the run of the selected start is there."""
        self.page.wait_for_function("() => window.eosdash.mapState.run?.end")
        return self

    @property
    def asked(self) -> str:
        """The query that the shown map was asked for with."""
        return self.page.evaluate("window.eosdash.mapState.map.query")

    @property
    def extent(self) -> list[float]:
        """The extent of the map that is shown."""
        return self.page.evaluate("window.eosdash.mapState.map.start.extent")

    @property
    def picture(self) -> str:
        """The picture of the fates, as the address of its data."""
        return self.page.locator("#basin-figure .imagelayer image").get_attribute("href") or ""

    def share(self, outcome: str) -> str:
        return self.text(f"share-{outcome}")

    def trace(self, name: str) -> tuple[list[float | None], list[float | None]] | None:
        """Coordinates of a trace that is on screen, or None."""
        return self.page.evaluate(TRACE, name)

    def switch(self, name: str) -> Any:
        return self.field(name).get_by_role("switch")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the map is on the screen, by its share of the width and the height."""
        box = self.page.locator("#basin-figure .nsewdrag").bounding_box()
        assert box
        return box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.at(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*start))
        mouse.down()
        mouse.move(*self.at((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        mouse.move(*self.at(*end))
        mouse.up()
