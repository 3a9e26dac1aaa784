"""The page of the theory as a test sees it."""

from typing import Any

from tests.browser.app_page import AppPage

FINISHED = """() => {
    const { theory, asked } = window.eosdash?.theoryState ?? {};
    const drawn = document.querySelector("#measure_zero-a .main-svg");
    return Boolean(theory?.end && theory === asked && drawn
                   && document.querySelector(".eos-symbols mjx-container"));
}"""


class TheoryPage(AppPage):
    """Opens the page, waits for its panels, and reads what they show."""

    def open(self, query: str = "") -> "TheoryPage":
        self.page.goto(f"/theory?{query}" if query else "/theory")
        return self.finished()

    def finished(self) -> "TheoryPage":
        """Wait until all panels of what was asked for are drawn, and the formulas set."""
        self.page.wait_for_function(FINISHED)
        return self

    def data(self, figure: str, trace: str) -> dict[str, Any] | None:
        """A trace of a figure that is on screen, or None."""
        return self.page.evaluate(
            """([figure, name]) => {
                const plot = document.getElementById(figure);
                const trace = plot?.data?.find((trace) => trace.meta === name);
                if (!trace) return null;
                const plain = (v) => v && Array.from(v, (e) => (e && e.length ? Array.from(e) : e));
                return { x: plain(trace.x), y: plain(trace.y), z: plain(trace.z) };
            }""",
            [figure, trace],
        )
