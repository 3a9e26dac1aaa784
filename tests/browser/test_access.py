"""For every eye and hand: assistive technology, phones, keyboards."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.app_page import serious
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage

FOCUS = """() => {
    const element = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const shown = outlineStyle === "solid" && outlineWidth === "2px";
    return [element !== document.body, element.closest("[id]")?.id ?? "", shown];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(run_page: RunPage, scheme: str) -> None:
    run_page.page.emulate_media(color_scheme=scheme)
    run_page.open("depth=2&weights=1.7,-0.3&lr=0.6&steps=300")
    run_page.page.locator(".eos-more summary").click()
    assert serious(run_page.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_map(basin_page: BasinPage, scheme: str) -> None:
    basin_page.page.emulate_media(color_scheme=scheme)
    basin_page.open("depth=2&lr=0.6&weights=1.7,-0.3&resolution=64&color=steps").ran()
    basin_page.page.locator("#boundary summary").click()
    assert serious(basin_page.page) == []


def test_a_map_fits_a_phone(browser: Browser, base_url: str) -> None:
    context = browser.new_context(
        base_url=base_url, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = BasinPage(context.new_page()).open("depth=2&lr=0.6&weights=1.7,-0.3&resolution=64")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.page.locator("#basin-figure .imagelayer image")).to_be_in_viewport()
    expect(page.thumb("lr")).to_be_in_viewport()
    x, y = page.at(0.75, 0.75)
    page.page.touchscreen.tap(x, y)
    page.page.wait_for_function("() => eosdash.mapState.path?.x[0] > 1")
    small = page.page.evaluate(
        """() => [...document.querySelectorAll("header button, .eos-keys button, #play-eta")]
            .map((button) => [button.id, button.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0)
            .filter(([, box]) => box.width < 44 || box.height < 44)
            .map(([id]) => id)"""
    )
    assert small == []
    context.close()


@pytest.fixture
def phone(browser: Browser, base_url: str) -> Iterator[RunPage]:
    """The page on a phone, open and drawn."""
    context = browser.new_context(
        base_url=base_url, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = RunPage(context.new_page())
    page.open()
    yield page
    context.close()


def test_a_phone_shows_the_figure_first_and_the_learning_rate_always(phone: RunPage) -> None:
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    expect(phone.page.locator("#run-figure")).to_be_in_viewport()
    expect(phone.thumb("lr")).to_be_in_viewport()
    expect(phone.control("depth")).not_to_be_in_viewport()


def test_a_phone_shows_every_action_of_the_header(phone: RunPage) -> None:
    for name in ("share", "help-open", "theme"):
        box = phone.page.locator(f"#{name}").bounding_box()
        assert box
        assert box["x"] + box["width"] <= 390


def test_the_drawer_of_a_phone_opens_and_works(phone: RunPage) -> None:
    phone.page.locator("#drawer").tap()
    expect(phone.page.locator("#drawer")).to_have_attribute("aria-expanded", "true")
    expect(phone.control("depth")).to_be_in_viewport()
    query = phone.asked
    phone.control("depth").fill("3")
    phone.another(query)
    assert phone.link["depth"] == "3"
    phone.page.locator("#drawer").tap()
    expect(phone.control("depth")).not_to_be_in_viewport()


def test_a_finger_on_a_plot_scrolls_the_page(phone: RunPage) -> None:
    page = phone.page
    box = page.locator("#run-figure .nsewdrag").first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for moved in range(20, 320, 20):
        touch("touchMove", {"x": x, "y": y - moved})
        page.wait_for_timeout(16)
    touch("touchEnd")
    page.wait_for_function("() => scrollY > 150")


def test_touch_targets_are_large_enough(phone: RunPage) -> None:
    small = phone.page.evaluate(
        """() => [...document.querySelectorAll("header button, #drawer, .eos-keys button")]
            .map((button) => [button.id, button.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0)
            .filter(([, box]) => box.width < 44 || box.height < 44)
            .map(([id]) => id)"""
    )
    assert small == []


def test_everything_is_reached_by_keyboard_with_visible_focus(run_page: RunPage) -> None:
    page = run_page.open().page
    reached = set()
    while True:
        page.keyboard.press("Tab")
        on_page, name, shown = page.evaluate(FOCUS)
        if not on_page:
            break
        assert shown, f"no focus is seen on {name}"
        reached.add(name)
    for name in ("share", "present", "help-open", "theme", "play", "scrub", "pin", "view"):
        assert name in reached
    for name in ("depth", "width", "lr"):
        assert f'{{"name":"{name}","type":"param"}}' in reached
        assert f'{{"name":"{name}","type":"slider"}}' in reached


def test_motion_is_turned_off_for_who_asks(run_page: RunPage) -> None:
    run_page.page.emulate_media(reduced_motion="reduce")
    run_page.open()
    durations = run_page.page.evaluate(
        "[...document.querySelectorAll('.eos-toast, #run-figure')]"
        ".map((element) => getComputedStyle(element).transitionDuration)"
    )
    assert set(durations) == {"0s"}
