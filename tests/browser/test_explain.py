"""What explains a run, laid over it and beside it, in a real browser."""

import json
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
from playwright.sync_api import Route, expect

import eosdash
from tests.browser.run_page import RunPage

CHAIN = "weights=1.38,0.59,0.43,1.14&lr=0.469&steps=400"
CHEBYSHEV = (
    "task=chebyshev&activation=tanh&hidden=8,6&samples=20&init_scaling=fan_in&lr=0.2&seed=3"
    "&steps=300"
)
MOONS = "task=moons&activation=tanh&hidden=8&samples=40&init_scaling=fan_in&lr=0.3&steps=200"
SLOW = (
    "task=chebyshev&activation=tanh&hidden=40,40&samples=60&init_scaling=fan_in&lr=0.05&steps=1500"
)

TRACE = """([figure, name]) => {
    const trace = window.eosdash.graph(figure).data?.find(({ meta }) => meta === name);
    return trace ? { x: trace.x, y: trace.y, z: trace.z } : null;
}"""


class Explained:
    """The page of a run as these tests look at it."""

    def __init__(self, run_page: RunPage) -> None:
        self.run_page, self.page = run_page, run_page.page

    def open(self, query: str) -> "Explained":
        self.run_page.open(query)
        return self

    def trace(self, figure: str, name: str) -> dict[str, Any]:
        """A trace by name, as soon as there is one."""
        where = [f"{figure}-figure", name]
        self.page.wait_for_function(f"(where) => ({TRACE})(where)?.x?.length", arg=where)
        return self.page.evaluate(TRACE, where)

    def done(self, words: str, note: str = "detail-note") -> "Explained":
        """Wait until a note says something."""
        expect(self.page.locator(f"#{note}")).to_contain_text(words)
        self.page.wait_for_timeout(150)  # the picture comes a frame later
        return self

    def seek(self, step: int) -> None:
        self.page.evaluate("(step) => window.eosdash.seek(step)", step)
        self.page.wait_for_timeout(150)


@pytest.fixture
def explained(run_page: RunPage) -> Explained:
    return Explained(run_page)


def asked(query: str, explanation: str, **more: Any) -> eosdash.ExplainResult:
    return eosdash.explain(**dict(parse_qsl(query)), explanation=explanation, **more)


# Over the run


@pytest.mark.parametrize("axis", ["step", "time"])
def test_gradient_flow_is_laid_over_the_run(explained: Explained, axis: str) -> None:
    explained.open(f"{CHEBYSHEV}&flow=true&axis={axis}").done("its sharpness is", "explain-note")
    expected = asked(CHEBYSHEV, "gradient_flow").arrays
    for row in ("loss", "sharpness"):
        drawn = explained.trace("run", f"flow.{row}")
        np.testing.assert_allclose(drawn["x"], expected[axis])
        np.testing.assert_allclose(drawn["y"], expected[row])
    assert explained.run_page.link["flow"] == "true"
    expect(explained.page.locator("#explain-note")).to_contain_text("Cohen et al. 2021")


def test_gradient_flow_begins_at_the_step_shown(explained: Explained) -> None:
    explained.open(CHAIN).seek(30)
    explained.page.locator("#view").click()
    explained.page.locator("#flow-here").click()
    explained.done("from step 30", "explain-note")
    drawn = explained.trace("run", "flow.loss")
    assert drawn["x"][0] == 30
    assert drawn["y"][0] == pytest.approx(explained.run_page.column("loss")[30])
    assert explained.run_page.link["flow_from"] == "30"


def test_the_central_flow_is_laid_over_the_run(explained: Explained) -> None:
    explained.open(f"{CHAIN}&central=true&detail=oscillation").done("told", "explain-note")
    result = asked(CHAIN, "central_flow")
    drawn = explained.trace("run", "central.sharpness")
    np.testing.assert_allclose(drawn["y"], result.arrays["sharpness"])
    np.testing.assert_allclose(
        explained.trace("run", "central.loss")["y"], result.arrays["mean_loss"]
    )
    note = explained.page.locator("#explain-note")
    expect(note).to_contain_text("Approximate")
    expect(note).to_contain_text("arXiv:2410.24206")
    predicted = explained.trace("detail", "predicted")["y"]
    there = [value for value in predicted if value is not None]
    np.testing.assert_allclose(there, result.arrays["variance"][result.arrays["variance"] > 0])
    assert len(explained.trace("detail", "measured")["y"]) == len(predicted)
    assert explained.trace("detail", "distance")["y"][100] == pytest.approx(
        result.arrays["distance"][100]
    )


def test_momentum_has_its_own_threshold_and_no_central_flow(explained: Explained) -> None:
    questions: list[str] = []
    explained.page.on("request", lambda request: questions.append(request.url))
    query = "optimizer=heavy_ball&momentum=0.9&lr=0.1&steps=200&depth=3&seed=2"
    explained.open(f"{query}&central=true").done("without momentum", "explain-note")
    threshold = explained.trace("run", "threshold")["y"]
    assert threshold[0] == pytest.approx(3.8 / 0.1)
    texts = explained.page.evaluate(
        "window.eosdash.graph('run-figure').layout.annotations.map(({ text }) => text)"
    )
    assert "<b>(2 + 2β)/η = 38</b>" in texts
    assert not any("explanation=central" in url for url in questions)
    assert "without momentum" in (explained.run_page.field("central").get_attribute("title") or "")
    expect(explained.page.locator("#readout")).to_contain_text("(2 + 2β)/η")
    expect(explained.page.locator("#scope")).to_contain_text("heavy-ball momentum")


# Beside the run


def test_the_portrait_is_live_with_the_cursor(explained: Explained) -> None:
    explained.open(f"{CHAIN}&detail=portrait").done("Damian et al. 2022")
    explained.done("S − 2/η is")
    arrays = asked(CHAIN, "portrait").arrays
    for step in (120, 121, 300):
        explained.seek(step)
        cursor = explained.trace("detail", "cursor")
        row = step - 1  # the first is step 1
        assert cursor["x"] == [pytest.approx(arrays["displacement"][row])]
        assert cursor["y"] == [pytest.approx(arrays["excess"][row])]
        trail = [explained.trace("detail", f"trail.{side}")["x"] for side in ("even", "odd")]
        assert [len(half) for half in trail] == [30, 30]
        low, high = explained.trace("detail", "fixed")["x"]
        middle = np.median(arrays["alpha"][row - 59 : row + 1])
        around = np.median(arrays["beta"][row - 59 : row + 1])
        assert -low == high == pytest.approx(np.sqrt(2 * middle / around), rel=0.1)


def test_progress_is_drawn_over_the_steps(explained: Explained) -> None:
    explained.open(f"{CHEBYSHEV}&detail=progress").done("medians")
    arrays = asked(CHEBYSHEV, "progress").arrays
    for name in ("relative_progress", "relative_smoothness", "share"):
        drawn = explained.trace("detail", f"raw.{name}")["y"]
        np.testing.assert_allclose(np.array(drawn, float), arrays[name], equal_nan=True)
        assert len(explained.trace("detail", name)["y"]) == len(drawn)
    expect(explained.page.locator("#detail-note")).to_contain_text("Ahn et al. 2022")


def test_the_learned_function_follows_the_cursor(explained: Explained) -> None:
    explained.open(CHEBYSHEV).done("Step 299")
    expect(explained.page.locator("#detail-title")).to_have_text("Learned function")
    result = asked(CHEBYSHEV, "function")
    np.testing.assert_allclose(
        explained.trace("detail", "curve0")["y"], result.arrays["outputs"][-1, 0]
    )
    assert explained.trace("detail", "points")["y"] == result.facts["targets"][0].tolist()
    explained.seek(0)
    explained.done("Step 0")
    np.testing.assert_allclose(
        explained.trace("detail", "curve0")["y"], result.arrays["outputs"][0, 0]
    )


def test_two_classes_are_regions_of_the_plane(explained: Explained) -> None:
    explained.open(MOONS).done("% right")
    result = asked(MOONS, "function")
    side = np.array(explained.trace("detail", "regions")["z"])
    np.testing.assert_array_equal(np.sign(side), np.sign(result.arrays["margin"][-1]))
    first = explained.trace("detail", "class0")["x"]
    assert first == result.facts["inputs"][0][result.facts["labels"] == 0].tolist()


def test_images_are_shown_with_the_class_told(explained: Explained) -> None:
    query = "task=digits&activation=relu&hidden=8&samples=40&init_scaling=fan_in&lr=0.1&steps=40"
    explained.open(query).done("% right")
    result = asked(query, "function")
    texts = explained.page.evaluate(
        "window.eosdash.graph('detail-figure').layout.annotations.map(({ text }) => text)"
    )
    told, labels = result.arrays["told"][-1], result.facts["labels"]
    expected = [f"{a} ✓" if a == b else f"<b>{a} ✗</b>" for a, b in zip(told, labels, strict=True)]
    assert texts[1:] == expected
    assert len(explained.trace("detail", "accuracy")["y"]) == len(result.arrays["step"])


def test_the_spectrum_is_that_of_the_step_shown(explained: Explained) -> None:
    explained.open(f"{CHEBYSHEV}&detail=spectrum").done("At step 299")
    for step in (50, 120):
        explained.seek(step)
        explained.done(f"At step {step}")
        result = asked(CHEBYSHEV, "spectrum", at=step)
        np.testing.assert_allclose(explained.trace("detail", "top")["x"], result.arrays["top"])
        np.testing.assert_allclose(
            explained.trace("detail", "rug")["x"], result.arrays["eigenvalues"]
        )
    assert explained.trace("detail", "edge")["x"] == [10, 10]
    assert len(explained.trace("detail", "low")["y"]) == len(result.arrays["grid"])


# What is not there, and what goes wrong


def test_what_a_network_does_not_have_is_off_with_the_reason(explained: Explained) -> None:
    explained.open(f"{CHEBYSHEV}&detail=balance&gfs=true").done("Of linear networks only.")
    expect(explained.page.locator("#detail-title")).to_have_text("Learned function")
    title = explained.run_page.field("gfs").get_attribute("title") or ""
    assert title.startswith("Scalar chains")
    expect(explained.page.locator("#scope")).to_contain_text("Tanh network")
    explained.run_page.control("detail").click()
    option = explained.page.get_by_role("option", name="Balance")
    expect(option).to_have_attribute("data-combobox-disabled", "true")


def test_a_linear_network_shows_what_it_always_did(explained: Explained) -> None:
    explained.open(CHAIN)
    expect(explained.page.locator("#detail-title")).to_have_text("Weights")
    expect(explained.page.locator("#explain-note")).to_be_empty()
    assert "line3" in explained.page.evaluate(
        "window.eosdash.graph('detail-figure').data.map(({ meta }) => meta)"
    )


@pytest.mark.parametrize("way", ["another run", "switched off"])
def test_what_is_wanted_no_longer_is_cancelled(explained: Explained, way: str) -> None:
    page, left = explained.page, []
    page.on("requestfailed", lambda request: left.append(request.url))
    page.goto(f"/?{SLOW}&central=true")
    page.wait_for_function(
        "() => window.eosdash?.graph('run-figure')?.data?.some((t) => t.meta === 'central.loss')",
    )
    assert "Computing" in explained.run_page.text("explain-note")
    if way == "another run":
        explained.run_page.control("steps").fill("20")
        page.wait_for_function("() => window.eosdash.state.current?.start?.params.steps === 20")
        explained.done("stays below 2/η", "explain-note")
    else:
        page.keyboard.press("6")
        expect(page.locator("#explain-note")).to_be_empty()
        page.wait_for_timeout(300)
    assert any("explanation=central" in url and "steps=1500" in url for url in left)


def test_an_option_that_is_switched_off_is_drawn_no_longer(explained: Explained) -> None:
    explained.open(f"{CHAIN}&flow=true").done("its sharpness is", "explain-note")
    page = explained.page
    page.locator("#view").click()
    explained.run_page.field("flow").locator("label").first.click()
    page.wait_for_function(
        "() => !window.eosdash.graph('run-figure').data.some(({ meta }) => meta === 'flow.loss')"
    )
    expect(page.locator("#explain-note")).to_be_empty()
    assert "flow" not in explained.run_page.link


def test_a_refusal_is_said_and_the_run_stays(explained: Explained, complaints: list[str]) -> None:
    error = {"field": "steps", "message": "that is too much", "allowed": "up to 9 steps"}

    def refuse(route: Route) -> None:
        route.fulfill(status=422, body=json.dumps({"error": error}))

    explained.page.route("**/api/explain?*", refuse)
    explained.open(f"{CHAIN}&detail=progress&flow=true").done("that is too much")
    explained.done("up to 9 steps", "explain-note")
    assert explained.run_page.drawn("loss") == 400
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()
