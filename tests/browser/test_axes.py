"""The axes of a run: what lies above 2/η is drawn, and what is cut off is told."""

import math
from typing import Any

import pytest

from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage

FIGURE = """() => {
    const { data, layout } = document.querySelector("#run-figure");
    const traces = Object.fromEntries(data.map(({ meta, x, y }) => [meta, [[...x], [...y]]]));
    const axes = Object.fromEntries(["yaxis", "yaxis2"].map((name) => {
        const { type, range } = layout[name];
        return [name, { type, range: range.map((end) => (type === "log" ? 10 ** end : end)) }];
    }));
    return { traces, ...axes, notes: layout.annotations.map(({ text }) => text) };
}"""


def numbers(values: list[Any]) -> list[float]:
    return [value for value in values if isinstance(value, float | int) and math.isfinite(value)]


def written(value: float) -> str:
    """A number as the page writes it: three digits, or a power of ten with two."""
    if value < 1e6:
        return f"{float(f'{value:.3g}'):g}"
    power = math.floor(math.log10(value))
    return f"{value / 10**power:.1f}e{power}"


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("depth=2&lr=40&weights=0.9,1.3&steps=50", "log"),
        ("depth=3&lr=95&weights=0.5,1.5,-0.7&steps=50", "log"),
        ("depth=2&lr=70&weights=1,-1.2&steps=30&clip=false", "log"),
        ("depth=2&lr=1.6&weights=0.3,2.1&steps=150", "linear"),
        ("depth=4&lr=0.3&weights=1.1,0.8,0.5,1.2&steps=100", "linear"),
    ],
)
def test_no_sharpness_vanishes_above_its_axis(run_page: RunPage, query: str, kind: str) -> None:
    figure = run_page.open(query).page.evaluate(FIGURE)
    low, high = figure["yaxis2"]["range"]
    sharpness = numbers(run_page.column("sharpness"))
    edge = 2 / float(run_page.link["lr"])
    assert figure["yaxis2"]["type"] == kind
    assert low <= edge <= high
    assert low <= sharpness[0] <= high
    assert min(sharpness) >= low
    steps, _ = figure["traces"].get("cut.sharpness", ([], []))
    above = [step for step, value in enumerate(sharpness) if value > high]
    assert set(above) <= set(steps)
    assert len(steps) == sum(value > edge and step in steps for step, value in enumerate(sharpness))
    told = [note for note in figure["notes"] if f"▲ {len(steps)} step" in note]
    assert bool(told) == bool(steps)
    if "clip=false" in query:
        assert not steps


@pytest.mark.parametrize("row", ["loss", "sharpness"])
def test_what_is_cut_off_is_marked_on_the_axis(run_page: RunPage, row: str) -> None:
    figure = run_page.open("depth=2&lr=2.3&weights=0.7,1.9&steps=80").page.evaluate(FIGURE)
    steps, tops = figure["traces"][f"cut.{row}"]
    low, high = figure["yaxis" if row == "loss" else "yaxis2"]["range"]
    values = run_page.column(row)
    assert steps
    assert all(low < top <= high for top in tops)
    assert all(values[step] is None or values[step] > tops[0] for step in steps)
    told = [note for note in figure["notes"] if f"▲ {len(steps)} step" in note]
    assert any(note.endswith(f"up to {written(max(numbers(values)))}") for note in told)


@pytest.mark.parametrize(
    ("query", "sharpness"),
    [("depth=2&target=3&weights=3,1&lr=0.15", 10.0), ("depth=1&target=2&weights=2&lr=1.2", 1.0)],
)
def test_a_start_on_a_minimum_is_a_point(run_page: RunPage, query: str, sharpness: float) -> None:
    figure = run_page.open(f"{query}&steps=40").page.evaluate(FIGURE)
    assert figure["traces"]["cursor.sharpness"][1] == pytest.approx([sharpness], rel=1e-9)
    steps, line = figure["traces"]["threshold"]
    assert steps[-1] - steps[0] >= 1
    assert line == pytest.approx([2 / float(run_page.link["lr"])] * 2)
    low, high = figure["yaxis2"]["range"]
    assert low < sharpness < high
    assert any("no place on a logarithmic axis" in note for note in figure["notes"])


def test_a_run_in_small_marks_what_is_cut_off_without_words(basin_page: BasinPage) -> None:
    start = "depth=2&lr=0.7&init=weights&weights=2.3,2.4&resolution=64&steps=100"
    page = basin_page.open(start).ran().page
    page.wait_for_function("() => document.querySelector('#mini-figure').data?.length")
    metas, notes = page.evaluate("""() => {
        const { data, layout } = document.querySelector("#mini-figure");
        return [data.map(({ meta }) => meta), layout.annotations.map(({ text }) => text)];
    }""")
    assert "cut.loss" in metas
    assert not [meta for meta in metas if meta.startswith("events.")]
    assert not [note for note in notes if "▲" in note]
    assert "<b>sharpness</b>" in notes
