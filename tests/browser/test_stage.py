"""The figure on a stage: in present mode it comes first, at every size, and keeps to its box."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from eosdash.deck import DECK, read
from tests.browser.test_scenes import scene_shown
from tests.conftest import ROOT

SCENES = read(DECK).scenes
SIZES = ((1024, 768), (1280, 720), (1440, 900), (1920, 1080), (3840, 2160))
STAGE = """() => {
    const { name } = eosdash.page();
    const one = ".eos-statement:not(.eos-hidden) .eos-panel-figures";
    const figure = document.querySelector(name === "theory" ? one : `#${name}-figure`);
    const { left, top, right, bottom } = figure.getBoundingClientRect();
    const { scrollWidth, scrollHeight } = document.documentElement;
    const scene = document.querySelector("#scene");
    return { left, top, right, bottom, scrollWidth, scrollHeight,
             card: scene.scrollHeight - scene.clientHeight };
}"""
LEFT = "() => document.querySelector('.eos-main').getBoundingClientRect().left"
FITTED = """() => {
    const figures = [...document.querySelectorAll(".js-plotly-plot")].filter((g) => g.clientWidth);
    const near = (a, b) => Math.abs(a - b) < 1;
    return figures.length > 0 && figures.every((figure) => {
        const { width, height } = figure.querySelector(".main-svg").getBoundingClientRect();
        return near(width, figure.clientWidth) && near(height, figure.clientHeight);
    });
}"""
OVERLAP = """() => {
    const figures = [...document.querySelectorAll(".js-plotly-plot")].filter((g) => g.clientWidth);
    const boxes = figures.map((figure) => figure.getBoundingClientRect());
    const meet = (a, b, [low, high]) => a[low] < b[high] - 1 && b[low] < a[high] - 1;
    const over = (a, b) => meet(a, b, ["left", "right"]) && meet(a, b, ["top", "bottom"]);
    return boxes.some((a, i) => boxes.slice(i + 1).some((b) => over(a, b)));
}"""


def fitted(page: Page) -> None:
    """Wait until every figure has the size of its box, and see that none lies over another."""
    page.wait_for_function(FITTED)
    assert not page.evaluate(OVERLAP)


@pytest.mark.parametrize("first", range(1, len(SCENES) + 1, 3))
def test_every_scene_fits_its_screen(page: Page, complaints: list[str], first: int) -> None:
    page.emulate_media(reduced_motion="reduce")  # else boxes are measured on their way
    page.goto(f"/scenes?scene={first}&present=1")
    for number in range(first, min(first + 3, len(SCENES) + 1)):
        if number > first:
            page.keyboard.press("ArrowRight")
        scene_shown(page, number)
        page.evaluate("eosdash.reveal()")
        fits_its_screen(page, number)


def fits_its_screen(page: Page, number: int) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        fitted(page)
        stage = page.evaluate(STAGE)
        where = f"scene {number} at {width} × {height}: {stage}"
        assert stage["right"] - stage["left"] >= width / 2, where
        assert stage["bottom"] - stage["top"] >= height / 2, where
        assert min(stage["top"], stage["left"]) >= 0, where
        assert max(stage["right"], stage["scrollWidth"]) <= width, where
        assert max(stage["bottom"], stage["scrollHeight"]) <= height, where
        assert stage["card"] <= 0, where


@pytest.mark.parametrize(
    "link",
    [
        "/?depth=3&lr=0.4&weights=1.2,0.9,0.4&steps=200",
        "/basin?depth=2&lr=0.9&resolution=64&steps=200&weights=0.5,1.4",
        "/sweep?depth=3&init=balanced&init_scale=0.7&lr=0.5&columns=40&starts=10&steps=200",
        "/theory?depth=2&lr=0.7&points=20&starts=20&steps=200&statement=stable",
    ],
)
def test_figures_keep_to_their_boxes_beside_the_controls(
    page: Page, complaints: list[str], link: str
) -> None:
    page.goto(link)
    page.wait_for_function("() => eosdash.page?.()?.shown?.()?.end && eosdash.page().shown().drawn")
    for width, height in ((1024, 768), (1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        fitted(page)
        for key in ("p", "c", "c", "p"):
            before = page.evaluate(LEFT)
            page.keyboard.press(key)
            page.wait_for_function(f"(before) => ({LEFT})() !== before", arg=before)
            fitted(page)
            stage = page.evaluate(STAGE)
            if key == "c":
                assert stage["right"] - stage["left"] >= 0.4 * width
                assert stage["scrollWidth"] <= width
                assert stage["scrollHeight"] <= height


def test_a_figure_follows_its_box_whatever_changes_it(page: Page, complaints: list[str]) -> None:
    page.goto("/?depth=2&lr=0.7&weights=0.3,1.8&steps=60")
    page.wait_for_function("() => eosdash.state?.current?.end && eosdash.state.current.drawn")
    for height in (455, 655):
        page.locator(".eos-figure-box").evaluate(
            "(box, h) => (box.style.height = `${h}px`)", height
        )
        page.wait_for_function(
            f"() => document.querySelector('#run-figure').layout.height === {height}"
        )
        fitted(page)


def test_the_controls_stand_in_for_the_card_where_there_is_no_room_for_both(
    page: Page, complaints: list[str]
) -> None:
    page.set_viewport_size({"width": 1152, "height": 864})
    page.goto("/scenes?scene=3&present=1")
    scene_shown(page, 3)
    page.keyboard.press("c")
    expect(page.locator("#scene")).to_be_hidden()
    fitted(page)
    stage = page.evaluate(STAGE)
    assert stage["right"] - stage["left"] >= 576
    page.keyboard.press("c")
    expect(page.locator("#scene")).to_be_visible()


@pytest.mark.parametrize("number", [6, 3])
def test_the_menus_of_the_header_lie_over_an_open_scene(
    page: Page, complaints: list[str], number: int
) -> None:
    page.set_viewport_size({"width": 1180, "height": 760})
    page.goto(f"/scenes?scene={number}")
    scene_shown(page, number)
    page.locator("#share").click()
    entries = page.locator(".eos-actions .eos-menu-content > button:visible")
    covered = entries.evaluate_all("""(entries) => entries.filter((entry) => {
        const { left, top, width, height } = entry.getBoundingClientRect();
        return !entry.contains(document.elementFromPoint(left + width - 4, top + height / 2));
    }).map((entry) => entry.textContent)""")
    assert entries.count() > 4
    assert covered == []


def test_the_style_sheet_has_one_list_of_layers() -> None:
    styles = {path.name: path.read_text("utf-8") for path in (ROOT / "assets").glob("*.css")}
    listed = dict(re.findall(r"(--eos-layer-\w+): (\d+);", styles["eosdash.css"]))
    assert len(set(listed.values())) == len(listed)
    used: list[Any] = re.findall(r"z-index:\s*([^;}]+)", "".join(styles.values()))
    names = [re.fullmatch(r"var\((--eos-layer-\w+)\)( !important)?", value) for value in used]
    assert all(names), used
    assert {name[1] for name in names if name} == set(listed)


@pytest.mark.parametrize(("number", "option"), [(2, 0), (9, 2), (16, 1)])
def test_space_reveals_after_a_click_on_an_option(
    page: Page, complaints: list[str], number: int, option: int
) -> None:
    assert SCENES[number - 1].question
    page.goto(f"/scenes?scene={number}&present=1")
    scene_shown(page, number)
    page.locator("#predict-options button").nth(option).click()
    page.keyboard.press("Space")
    expect(page.locator("#predict")).to_be_hidden()
    chosen = page.locator("#scene-options button").nth(option)
    expect(chosen).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Space")
    expect(page.locator("#scene-number")).to_contain_text(f"Scene {number + 1} of")


def test_space_goes_on_after_a_click_on_a_button_and_chooses_by_keyboard(
    page: Page, complaints: list[str]
) -> None:
    page.goto("/scenes?scene=1&present=1")
    scene_shown(page, 1)
    page.locator("#step-back").click()
    page.keyboard.press("Space")
    scene_shown(page, 2)
    second = page.locator("#predict-options button").nth(1)
    second.focus()
    page.keyboard.press("Space")
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#predict")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("#predict")).to_be_hidden()
