"""The page of sweeps as a test sees it."""

from tests.browser.app_page import AppPage

FINISHED = """() => {
    const { sweep, asked } = window.eosdash?.sweepState ?? {};
    return Boolean(sweep?.end && sweep === asked && sweep.drawn === sweep.start.value.length);
}"""


class SweepPage(AppPage):
    """Opens the page, waits for its sweeps, and reads what it shows."""

    def open(self, query: str = "") -> "SweepPage":
        self.page.goto(f"/sweep?{query}" if query else "/sweep")
        return self.finished()

    def finished(self) -> "SweepPage":
        """Wait until the sweep that was asked for is drawn to its last column."""
        self.page.wait_for_function(FINISHED)
        return self

    def another(self, query_before: str) -> "SweepPage":
        """Wait until another sweep than that of ``query_before`` is drawn."""
        self.page.wait_for_function(
            "(before) => window.eosdash.sweepState.asked?.query !== before", arg=query_before
        )
        return self.finished()

    @property
    def asked(self) -> str:
        """The query that the shown sweep was asked for with."""
        return self.page.evaluate("window.eosdash.sweepState.sweep.query")

    def trace(self, name: str) -> tuple[list[float], list[float]] | None:
        """Coordinates of a trace that is on screen, or None."""
        return self.page.evaluate(
            """(name) => {
                const figure = document.querySelector("#sweep-figure");
                const trace = figure.data.find((trace) => trace.meta === name);
                return trace ? [Array.from(trace.x), Array.from(trace.y)] : null;
            }""",
            name,
        )

    def lines(self) -> list[float]:
        """Where the vertical lines stand: η_C, then the cursor."""
        return self.page.evaluate(
            "document.querySelector('#sweep-figure').layout.shapes.map((shape) => shape.x0)"
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the top row is on the screen, by its share of width and height."""
        box = self.page.locator("#sweep-figure .nsewdrag").first.bounding_box()
        assert box
        return box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]
