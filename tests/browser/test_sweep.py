"""The page of sweeps in a real browser."""

import io

import numpy as np
import pytest
from playwright.sync_api import expect

import eosdash
from tests.browser.app_page import serious
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage

CHAIN = "depth=2&init=balanced&init_scale=0.8&columns=64&starts=20&steps=300&lr=0.5"


def test_the_first_visit_shows_the_edge_at_eta_c(sweep_page: SweepPage) -> None:
    sweep_page.open()
    found = eosdash.sweep(depth=2, init="balanced", init_scale=0.8, high=1.95)
    for outcome, share in found.fraction.items():
        x, y = sweep_page.trace(f"fraction.{outcome}") or ([], [])
        np.testing.assert_allclose(x, found.value)
        np.testing.assert_allclose(y, share)
    _, exponent = sweep_page.trace("exponent") or ([], [])
    np.testing.assert_allclose(exponent, found.exponent)
    critical, cursor = sweep_page.lines()
    assert critical == pytest.approx(1)
    assert cursor == pytest.approx(1.2)
    assert "some converge to a minimum up to" in sweep_page.text("summary")
    picture = sweep_page.page.locator("#sweep-figure .imagelayer image")
    assert (picture.get_attribute("href") or "").startswith("data:image/png")


def test_the_cursor_moves_without_another_sweep_and_runs_what_it_points_at(
    sweep_page: SweepPage,
) -> None:
    sweep_page.open(CHAIN)
    asked: list[str] = []
    sweep_page.page.on("request", lambda request: asked.append(request.url))
    before = sweep_page.lines()[1]
    sweep_page.thumb("lr").press("ArrowRight")
    sweep_page.page.wait_for_function(
        "(lr) => eosdash.sweepState.run?.start.params.lr > lr", arg=before
    )
    assert sweep_page.lines()[1] > before
    assert float(sweep_page.link["lr"]) == sweep_page.lines()[1]
    assert not [url for url in asked if "/api/sweep" in url]
    assert "of 20 converge" in sweep_page.text("cursor-words")


def test_a_click_sets_the_cursor_and_opens_the_run_and_the_basin(sweep_page: SweepPage) -> None:
    sweep_page.open(CHAIN)
    sweep_page.page.mouse.click(*sweep_page.at(0.9, 0.5))
    expected = 0.2 + 0.9 * 1.4
    sweep_page.page.wait_for_function(
        "(lr) => Math.abs(eosdash.sweepState.run?.start.params.lr - lr) < 0.02", arg=expected
    )
    words = sweep_page.text("cursor-words")
    assert "0 of 20 converge (at most 16.1 %, 95 %)" in words
    assert "no longer stable" in sweep_page.text("cobweb-words")
    lr = sweep_page.link["lr"]
    sweep_page.page.locator("#open-basin").click()
    basin = BasinPage(sweep_page.page).finished()
    assert basin.link["lr"] == lr
    basin.page.go_back()
    SweepPage(basin.page).finished().page.wait_for_selector("#sweep-figure .main-svg")
    basin.page.wait_for_function("() => document.querySelector('#open-run').href.includes('lr=')")
    basin.page.locator("#open-run").click()
    basin.page.wait_for_selector("#run-figure .main-svg")
    assert RunPage(basin.page).finished().link["lr"] == lr


def test_a_dragged_range_is_computed_again_and_can_be_left(sweep_page: SweepPage) -> None:
    query = sweep_page.open(CHAIN).asked
    mouse = sweep_page.page.mouse
    mouse.move(*sweep_page.at(0.5, 0.5))
    mouse.down()
    mouse.move(*sweep_page.at(0.6, 0.5))
    mouse.move(*sweep_page.at(0.75, 0.5))
    mouse.up()
    sweep_page.page.wait_for_function(
        "() => { const { value } = eosdash.sweepState.asked.start;"
        " return value[0] > 0.8 && value.at(-1) < 1.4; }"
    )
    x, _ = sweep_page.another(query).trace("exponent") or ([], [])
    assert x[0] == pytest.approx(0.9, abs=0.02)
    assert x[-1] == pytest.approx(1.25, abs=0.02)
    sweep_page.page.locator("#sweep-back").click()
    sweep_page.page.wait_for_function(
        "() => { const { value } = eosdash.sweepState.asked.start;"
        " return value[0] < 0.25 && value.at(-1) > 1.5; }"
    )
    assert (sweep_page.finished().trace("exponent") or [[]])[0][0] == pytest.approx(0.2)


def test_sweeps_over_depth_open_the_network_of_a_column(sweep_page: SweepPage) -> None:
    sweep_page.open("over=depth&low=2&high=6&init_scale=0.9&starts=10&steps=200")
    assert sweep_page.trace("exponent") is None
    x, _ = sweep_page.trace("fraction.minimum") or ([], [])
    assert x == [2, 3, 4, 5, 6]
    sweep_page.page.mouse.click(*sweep_page.at(0.5, 0.5))
    sweep_page.page.wait_for_function("() => eosdash.sweepState.run?.start.params.depth === 4")
    assert sweep_page.text("cursor-words").startswith("depth 4")


def test_bad_values_are_said_beside_their_field(
    sweep_page: SweepPage, complaints: list[str]
) -> None:
    sweep_page.open(CHAIN)
    before = sweep_page.trace("fraction.minimum")
    sweep_page.control("high").fill("0.1")
    expect(sweep_page.page.locator("#problem")).to_contain_text("see To")
    expect(sweep_page.field("high").locator(".mantine-InputWrapper-error")).to_contain_text(
        "nothing"
    )
    assert sweep_page.trace("fraction.minimum") == before
    sweep_page.control("high").fill("1.6")
    expect(sweep_page.page.locator("#problem")).to_be_empty()
    complaints.clear()  # Chromium reports the 422 itself


def test_a_sweep_is_downloaded(sweep_page: SweepPage) -> None:
    sweep_page.open(CHAIN)
    with sweep_page.page.expect_download() as download:
        sweep_page.page.locator("#share").click()
        sweep_page.page.locator("#download-npz").click()
    arrays = np.load(io.BytesIO(download.value.path().read_bytes()))
    assert arrays["grad_norm"].shape == (64, 20)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_sweep(sweep_page: SweepPage, scheme: str) -> None:
    sweep_page.page.emulate_media(color_scheme=scheme)
    sweep_page.open(CHAIN)
    assert serious(sweep_page.page) == []


LEFT = """() => {
    eosdash.pages.sweep.moved();
    document.querySelector(".eos-main").remove(); // as when another page is opened
    eosdash.pages.sweep.moved();
    eosdash.setProps({ type: "param", name: "gone" }, { value: 1 });
}"""


def test_what_a_page_does_after_it_was_left_does_no_harm(sweep_page: SweepPage) -> None:
    page = sweep_page.open(CHAIN).page
    page.evaluate(LEFT)
    page.wait_for_timeout(500)  # and the console is silent
    assert page.evaluate("eosdash.react(null, [], {}, {}).then(() => true)")
