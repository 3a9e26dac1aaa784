"""The threshold of the optimizer on the page of a run: line, slider, strip and parameter plane."""

import pytest

from tests.browser.run_page import RunPage

ARC = """(shown) => {
    const traces = window.eosdash.graph("detail-figure").data ?? [];
    const trace = (name) => traces.find(({ meta }) => meta === name);
    const wanted = shown ?? window.eosdash.state.current.count;
    if (trace("path")?.x.length !== wanted) return false;
    return trace("stable").x.filter((a) => a !== null);
}"""
"""Where the stable arc is drawn once the path is, up to so many points."""

WIDE = "(2 + 2β)/η"
AHEAD = "(2 + 2β)/((1 + 2β) η)"
RUNS = [
    # The formula, times η, and what is said of η_C = factor/(2 · 1.5).
    ("optimizer=heavy_ball&momentum=0.6&lr=0.9", WIDE, 3.2, "0.844", "below ηC"),
    ("optimizer=heavy_ball&momentum=0.6&lr=1.1", WIDE, 3.2, "1.03", "Too large"),
    ("optimizer=nesterov&momentum=0.6&lr=0.55", AHEAD, 3.2 / 2.2, "1.13", "Too large"),
    ("lr=0.55", "2/η", 2, "0.825", "below ηC"),
]


@pytest.mark.parametrize(("query", "words", "factor", "ratio", "zone"), RUNS)
def test_the_plane_and_the_slider_show_the_threshold_of_the_optimizer(
    run_page: RunPage, query: str, words: str, factor: float, ratio: str, zone: str
) -> None:
    page = run_page.open(f"depth=2&target=1.5&weights=1.1,1.2&steps=60&{query}").page
    lr = float(query.split("lr=")[1])
    squares = [a * a + (1.5 / a) ** 2 for a in page.wait_for_function(ARC).json_value()]
    assert bool(squares) == (factor / lr > 3)
    assert all(square <= factor / lr for square in squares)
    said = page.locator("#lr-words").inner_text()
    assert said == f"{words} = {factor / lr:.4g} · η = {ratio} ηC"
    assert zone in page.locator("#lr-zone").inner_text().replace("Below", "below")
    assert f"S ≤ {words}." in page.locator("#detail-note").inner_text()


def test_the_stable_arc_follows_a_change_of_the_learning_rate(run_page: RunPage) -> None:
    page = run_page.open("depth=2&weights=1.7,0.4&lr=0.3&lr_schedule=40:0.8&steps=80").page
    late = max(page.wait_for_function(ARC).json_value())
    page.evaluate("window.eosdash.seek(10)")
    early = max(page.wait_for_function(ARC, arg=11).json_value())
    for lr, furthest in ((0.3, early), (0.8, late)):
        assert 0.9 * 2 / lr < furthest**2 + furthest**-2 <= 2 / lr


def test_the_full_batch_threshold_of_mini_batches_is_called_so(run_page: RunPage) -> None:
    network = "task=toy&activation=tanh&hidden=6&samples=20&lr=0.1&steps=60"
    names = "window.eosdash.graph('run-figure').layout.annotations.map((a) => a.text)"
    page = run_page.open(f"{network}&batch=5").page
    assert "2/η (full batch) = 20" in page.locator("#lr-words").inner_text()
    assert "stable for full batches" in page.locator("#lr-zone").inner_text()
    assert "<b>2/η (full batch) = 20</b>" in page.evaluate(names)
    assert "<b>2/η = 20</b>" in run_page.open(network).page.evaluate(names)
