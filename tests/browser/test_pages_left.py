"""Pages that come and go: nothing stays behind, and what is opened is seen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_scenes import SCENES, scene_shown

ARRIVED = """(name) => document.body.dataset.page === name
    && Boolean(eosdash.page().shown?.()?.end) && eosdash.page().shown().drawn"""
SETTINGS = "depth=2&lr=0.6&weights=0.7,1.2&steps=60"


def test_a_round_through_the_pages_leaves_nothing_behind(page: Page, complaints: list[str]) -> None:
    client = page.context.new_cdp_session(page)

    def round_trip() -> tuple[int, int]:
        for name in ("theory", "basin", "sweep", "run"):
            page.locator(f"#nav-{name}").click()
            page.wait_for_function(ARRIVED, arg=name)
            page.wait_for_load_state("networkidle")
        for _ in range(3):
            client.send("HeapProfiler.collectGarbage")
            page.wait_for_timeout(200)
        counted = client.send("Memory.getDOMCounters")
        return counted["nodes"], counted["jsEventListeners"]

    page.goto(f"/?{SETTINGS}")
    page.wait_for_function(ARRIVED, arg="run")
    round_trip()
    nodes, listeners = round_trip()
    for _ in range(2):
        last = round_trip()
    assert last[0] - nodes < 200, (nodes, last)
    assert last[1] - listeners < 60, (listeners, last)


@pytest.mark.parametrize("number", [5, len(SCENES) - 1])
def test_a_scene_far_down_the_list_opens_at_its_top(
    page: Page, complaints: list[str], number: int
) -> None:
    page.set_viewport_size({"width": 412, "height": 780})
    page.goto("/scenes")
    card = page.locator(".eos-card").nth(number - 1)
    card.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 0
    card.click()
    scene_shown(page, number)
    assert page.evaluate("scrollY") == 0
    expect(page.locator("#scene-title, #predict-question").filter(visible=True)).to_be_in_viewport()


@pytest.mark.parametrize("size", [(915, 412), (720, 450)])
@pytest.mark.parametrize("path", ["/", "/basin"])
def test_on_a_low_window_the_drawer_leaves_the_picture_free(
    page: Page, complaints: list[str], size: tuple[int, int], path: str
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{path}?{SETTINGS}&resolution=64" if path == "/basin" else f"/?{SETTINGS}")
    page.wait_for_function("() => eosdash.page?.()?.shown?.()?.drawn")
    drawer = page.locator(".eos-navbar").bounding_box()
    assert drawer
    assert drawer["height"] < 0.15 * size[1]
    figure = page.locator(".eos-figure-box").bounding_box()
    assert figure
    assert figure["height"] <= size[1] - drawer["height"]
    page.locator("#drawer").click()
    expect(page.locator("#panel")).to_be_visible()
