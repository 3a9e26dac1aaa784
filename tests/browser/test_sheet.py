"""The picture of the theory that is taken home: what is shown, with its titles."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_stage import fitted
from tests.browser.theory_page import TheoryPage

PICTURE = """() => {
    const { data, layout, width, height } = eosdash.page().picture();
    return { traces: data.map(({ meta }) => meta), width, height,
             axes: Object.keys(layout).filter((name) => /^(xaxis|scene)/.test(name)),
             notes: layout.annotations.map(({ text }) => text.replace(/<[^>]*>/g, " ")) };
}"""
DRAWN = """async () => {
    const { data, layout, width, height } = eosdash.page().picture();
    const url = await Plotly.toImage({ data, layout }, { format: "svg", width, height });
    return decodeURIComponent(url);
}"""


@pytest.mark.parametrize(
    ("statement", "words", "traces"),
    [
        ("nonsingular", "crushes nothing", {"mesh", "fold", "preimages", "image", "caustic"}),
        ("measure_zero", "null set", {"low", "high", "critical", "fraction"}),
    ],
)
def test_the_picture_is_of_the_statement_that_is_shown(
    theory_page: TheoryPage, statement: str, words: str, traces: set[str]
) -> None:
    page = theory_page.open("depth=2&lr=0.9&points=20&starts=20&steps=200").page
    everything = page.evaluate(PICTURE)
    assert (
        len(
            [
                note
                for note in everything["notes"]
                if note.strip()[:2] in {f"{n}." for n in range(1, 5)}
            ]
        )
        == 4
    )
    label = {"nonsingular": "Folds", "measure_zero": "Null set"}[statement]
    page.get_by_text(label, exact=True).click()
    expect(page.locator("#manifold-panel")).to_be_hidden()
    fitted(page)
    box = page.locator(f"#{statement}-a").bounding_box()
    assert box
    assert box["height"] > 400
    assert box["width"] > 360
    picture = page.evaluate(PICTURE)
    assert set(picture["traces"]) == traces
    assert len(picture["axes"]) == 2  # both figures
    title, panel = picture["notes"]
    assert "η = 0.9" in title
    assert words in panel
    assert page.locator(f"#{statement}-check").inner_text().split(":")[0][:12] in panel
    assert words in page.evaluate(DRAWN)


def test_the_picture_of_three_weights_is_solid(theory_page: TheoryPage) -> None:
    settings = "depth=3&lr=0.35&points=20&starts=20&steps=200"
    page = theory_page.open(settings).page
    page.get_by_text("Stable part", exact=True).click()
    expect(page.locator("#manifold-panel")).to_be_hidden()
    fitted(page)
    picture = page.evaluate(PICTURE)
    assert picture["axes"] == ["scene"]
    assert "bounded" in picture["notes"][1]
