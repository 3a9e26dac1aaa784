"""The page of maps in a real browser."""

import io
import struct

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import eosdash
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage

CHAIN = "depth=2&lr=0.8&resolution=128&weights=0.4,1.6"
HEAVY = "task=whitened&depth=4&width=8&plane=random&lr=0.1&resolution=256&steps=1500&init_scale=0.3"


def percent(text: str) -> float:
    return float(text.removesuffix(" %")) / 100


def test_the_first_visit_shows_a_map_and_a_run_without_a_click(basin_page: BasinPage) -> None:
    basin_page.open().page.wait_for_function(
        "() => document.querySelector('#basin-figure').data.some((t) => t.meta === 'path')"
    )
    map_ = eosdash.basin(depth=2, lr=0.8, weights=(0.4, 1.6))
    for outcome, share in map_.fraction.items():
        assert percent(basin_page.share(outcome)) == pytest.approx(share, abs=6e-4)
    assert "converge to a minimum" in basin_page.text("summary")
    assert basin_page.picture.startswith("data:image/png")
    run = eosdash.train(depth=2, lr=0.8, weights=(0.4, 1.6), steps=500)
    path = basin_page.trace("path")
    assert path
    np.testing.assert_allclose(path, run.path.T, atol=1e-12)
    assert f"converged at step {run.step - 1}" in basin_page.text("run-words")


def test_a_map_is_refined_from_coarse_to_fine(basin_page: BasinPage) -> None:
    basin_page.open("depth=2&lr=0.7&resolution=256")
    basin_page.page.evaluate(
        "() => { window.sizes = []; let { image } = eosdash.mapState;"
        " const set = (made) => (sizes.push(made.painted[1].size), image = made);"
        " Object.defineProperty(eosdash.mapState, 'image', { get: () => image, set }); }"
    )
    query = basin_page.asked
    basin_page.thumb("lr").press("ArrowRight")
    basin_page.another(query)
    sizes = basin_page.page.evaluate("window.sizes")
    assert sizes == sorted(sizes)
    assert sizes[-1] == 256
    assert float(basin_page.link["lr"]) > 0.7


def test_a_click_runs_that_start(basin_page: BasinPage, browser: Browser, base_url: str) -> None:
    basin_page.open(CHAIN).ran()
    basin_page.click(0.7, 0.75)
    left, right, low, high = basin_page.extent
    x, y = left + 0.7 * (right - left), low + 0.75 * (high - low)
    basin_page.page.wait_for_function(
        "(x) => Math.abs(eosdash.mapState.path?.x[0] - x) < 0.02", arg=x
    )
    chosen = [float(value) for value in basin_page.link["at"].split(",")]
    assert chosen == pytest.approx([x, y], abs=0.02)
    run = eosdash.train(depth=2, lr=0.8, weights=chosen, steps=500)
    basin_page.page.wait_for_function(
        "(x) => Math.abs(document.querySelector('#basin-figure').data"
        ".find((trace) => trace.meta === 'path')?.x[0] - x) < 0.02",
        arg=x,
    )
    path = basin_page.trace("path")
    assert path
    np.testing.assert_allclose(path, run.path.T, atol=1e-9)
    context = browser.new_context(base_url=base_url)
    other = BasinPage(context.new_page())
    other.page.goto(basin_page.page.url)
    other.finished().page.wait_for_function(
        "() => document.querySelector('#basin-figure').data.some((t) => t.meta === 'path')"
    )
    assert other.trace("path") == path
    context.close()


def test_a_selected_run_opens_on_its_own_page(basin_page: BasinPage) -> None:
    basin_page.open(CHAIN).ran()
    basin_page.page.locator("#open-run").click()
    run = RunPage(basin_page.page).finished()
    assert run.link["weights"] == "0.4,1.6"
    assert run.link["lr"] == "0.8"


def test_a_dragged_rectangle_is_zoomed_and_can_be_left_again(basin_page: BasinPage) -> None:
    whole = basin_page.open(CHAIN).extent
    query, picture = basin_page.asked, basin_page.picture
    basin_page.drag((0.6, 0.9), (0.85, 0.65))
    basin_page.another(query)
    left, right, low, high = part = basin_page.extent
    side = whole[1] - whole[0]
    assert [left, right] == pytest.approx([whole[0] + 0.6 * side, whole[0] + 0.85 * side], abs=0.1)
    assert [low, high] == pytest.approx([whole[2] + 0.65 * side, whole[2] + 0.9 * side], abs=0.1)
    assert basin_page.picture != picture
    assert [float(value) for value in basin_page.link["extent"].split(",")] == part
    for button, expected in (
        ("map-back", whole), ("map-forward", part), ("map-home", whole), ("map-back", part)
    ):  # fmt: skip
        query = basin_page.asked
        basin_page.page.locator(f"#{button}").click()
        basin_page.another(query)
        assert basin_page.extent == expected


def test_zooming_by_buttons_keeps_the_centre(basin_page: BasinPage) -> None:
    left, right, *_ = basin_page.open(CHAIN).extent
    query = basin_page.asked
    basin_page.page.locator("#map-in").click()
    assert basin_page.another(query).extent[:2] == pytest.approx([left / 2, right / 2])


def test_recolouring_and_overlays_ask_for_nothing(basin_page: BasinPage) -> None:
    basin_page.open(CHAIN).ran()
    asked: list[str] = []
    basin_page.page.on("request", lambda request: asked.append(request.url))
    pictures = {basin_page.picture}
    for colour in ("Steps", "Sharpness", "Loss"):
        basin_page.control("color").get_by_text(colour, exact=True).click()
        basin_page.page.wait_for_function(
            "(before) => document.querySelector('#basin-figure .imagelayer image')"
            ".getAttribute('href') !== before", arg=list(pictures)[-1],
        )  # fmt: skip
        expect(basin_page.page.locator("#ramp-box")).to_be_visible()
        pictures.add(basin_page.picture)
        assert basin_page.link["color"] == colour.lower()
    assert len(pictures) == 4
    for name in ("region", "fold", "contours", "balanced"):
        assert basin_page.trace(name) is None
        basin_page.switch(name).click(force=True)
        basin_page.page.wait_for_function(
            "(name) => document.querySelector('#basin-figure').data"
            ".some((trace) => trace.meta === name)", arg=name,
        )  # fmt: skip
    x, y = (np.array(values, dtype=float) for values in basin_page.trace("region") or ())
    on = x**2 + y**2 - 0.8 * x * y - (4 - 0.64) / 0.8
    assert np.nanmax(np.abs(on)) < 1e-9
    stable = [np.array(values, dtype=float) for values in basin_page.trace("stable") or ()]
    assert np.nanmax(stable[0] ** 2 + stable[1] ** 2) <= 2 / 0.8 + 1e-9
    basin_page.switch("minimizers").click(force=True)
    basin_page.page.wait_for_timeout(300)
    assert basin_page.trace("stable") is None
    assert not [url for url in asked if "/api/" in url]


def test_an_overlay_that_does_not_exist_says_why(basin_page: BasinPage) -> None:
    basin_page.open("depth=3&lr=0.4&resolution=64")
    expect(basin_page.switch("region")).to_be_disabled()
    assert "depth 3" in (basin_page.field("region").get_attribute("title") or "")
    expect(basin_page.switch("minimizers")).to_be_enabled()


def test_hovering_reads_coordinates_and_fate(basin_page: BasinPage) -> None:
    basin_page.open(CHAIN)
    basin_page.page.mouse.move(*basin_page.at(0.02, 0.98))
    assert "diverged" in basin_page.text("map-readout")
    basin_page.page.mouse.move(*basin_page.at(0.7, 0.7))
    reading = basin_page.text("map-readout")
    assert "minimum at step" in reading
    assert "2/η" in reading
    assert reading.startswith("w1 = ")


def test_playing_eta_lets_the_basin_vanish(basin_page: BasinPage) -> None:
    basin_page.open("depth=2&lr=0.3&resolution=64&steps=200")
    shares: list[float] = []
    basin_page.page.locator("#play-eta").click()
    basin_page.page.wait_for_function("() => document.querySelector('#play-words').innerText")
    while basin_page.page.locator("#play-eta.eos-playing").count():
        shares.append(percent(basin_page.share("minimum")))
        basin_page.page.wait_for_timeout(200)
    basin_page.page.wait_for_function("() => eosdash.mapState.asked.start.params.lr > 1.1")
    basin_page.finished()
    assert max(shares) > 0.5
    assert basin_page.share("minimum") == "0 %"
    assert float(basin_page.link["lr"]) == pytest.approx(1.15)
    asked: list[str] = []
    basin_page.page.on("request", lambda request: asked.append(request.url))
    basin_page.page.locator("#play-eta").click()
    basin_page.page.wait_for_timeout(700)
    basin_page.page.locator("#play-eta").click()
    expect(basin_page.page.locator("#play-eta.eos-playing")).to_have_count(0)
    basin_page.page.wait_for_function("() => eosdash.mapState.asked.start.params.lr < 1.1")
    assert 0.1 <= float(basin_page.finished().link["lr"]) < 1.1
    assert not [url for url in asked if "resolution=64" in url and "lr=0.1&" in url]


def test_a_superseded_map_is_cancelled(basin_page: BasinPage) -> None:
    cancelled: list[str] = []
    basin_page.page.on("requestfailed", lambda request: cancelled.append(request.url))
    basin_page.page.goto(f"/basin?{HEAVY}")
    basin_page.page.wait_for_function("() => window.eosdash?.mapState?.asked?.done > 0")
    assert not basin_page.page.evaluate("Boolean(window.eosdash.mapState.asked.end)")
    basin_page.control("width").fill("2")
    basin_page.control("resolution").fill("64")
    basin_page.page.wait_for_function("() => eosdash.mapState.asked.start.params.resolution === 64")
    basin_page.finished()
    assert any("width=8" in url for url in cancelled)


def test_bad_values_are_said_beside_their_field_and_lose_nothing(
    basin_page: BasinPage, complaints: list[str]
) -> None:
    basin_page.open(CHAIN)
    picture = basin_page.picture
    for name, value, words in (
        ("extent", "2,-2", "empty"),
        ("extent", "1,1.00000000000001", "Double precision"),
        ("resolution", "5000", "2048"),
        ("pair", "0,7", "two weights"),
    ):
        before = basin_page.control(name).input_value()
        basin_page.control(name).fill(value)
        expect(basin_page.page.locator("#problem")).to_contain_text("Not computed: see")
        expect(basin_page.field(name).locator(".mantine-InputWrapper-error")).to_contain_text(words)
        assert basin_page.picture == picture
        basin_page.control(name).fill(before)
        expect(basin_page.page.locator("#problem")).to_be_empty()
        basin_page.finished()
    complaints.clear()  # Chromium reports each 422 itself


def test_a_map_that_costs_too_much_says_what_to_lower(
    basin_page: BasinPage, complaints: list[str]
) -> None:
    query = basin_page.open("task=whitened&depth=4&width=2&plane=random&lr=0.1&resolution=64").asked
    basin_page.control("width").fill("60")
    shorter = basin_page.another(query)  # the steps that were left out give way
    assert shorter.page.evaluate("eosdash.mapState.map.start.params.steps") < 500
    basin_page.control("resolution").fill("512")
    expect(basin_page.field("resolution")).to_contain_text("resolution of up to")
    complaints.clear()


def test_the_keyboard_moves_the_selected_start(basin_page: BasinPage) -> None:
    basin_page.open(CHAIN).ran()
    basin_page.page.locator("#basin-figure").focus()
    basin_page.page.keyboard.press("ArrowRight")
    basin_page.page.wait_for_function("() => eosdash.mapState.path?.x[0] > 0.5")
    left, right, *_ = basin_page.extent
    x, y = (float(value) for value in basin_page.link["at"].split(","))
    assert x == pytest.approx(0.4 + (right - left) / 32)
    assert y == pytest.approx(1.6)


def test_the_picture_carries_its_parameters(basin_page: BasinPage) -> None:
    basin_page.open(CHAIN)
    with basin_page.page.expect_download() as download:
        basin_page.page.locator("#share").click()
        basin_page.page.locator("#download-png").click()
    png = download.value.path().read_bytes()
    texts, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"iTXt":
            keyword, text = content.split(b"\0\0\0\0\0")
            texts[keyword.decode()] = text.decode()
        at += length + 12
    assert kind == b"IEND"
    assert texts["Description"].startswith("eosdash.basin(")
    assert "lr=0.8" in texts["Source"]
    assert eval(texts["Description"]).fraction["minimum"] > 0.5


def test_the_data_can_be_downloaded(basin_page: BasinPage) -> None:
    basin_page.open(CHAIN)
    with basin_page.page.expect_download() as download:
        basin_page.page.locator("#share").click()
        basin_page.page.locator("#download-npz").click()
    arrays = np.load(io.BytesIO(download.value.path().read_bytes()))
    map_ = eosdash.basin(depth=2, lr=0.8, resolution=128, weights=(0.4, 1.6))
    np.testing.assert_array_equal(arrays["outcome"], map_.outcome)
    np.testing.assert_array_equal(arrays["sharpness"], map_.sharpness)


def test_the_pages_hand_the_network_to_each_other(run_page: RunPage) -> None:
    run_page.open("depth=3&lr=0.37&weights=0.5,1.2,0.8&steps=300")
    run_page.page.get_by_role("link", name="Basin").click()
    basin = BasinPage(run_page.page).finished()
    assert basin.link["weights"] == "0.5,1.2,0.8"
    assert basin.link["lr"] == "0.37"
    basin.page.get_by_role("link", name="Run", exact=True).click()
    basin.page.wait_for_selector("#run-figure .main-svg")
    run = RunPage(basin.page).finished()
    assert run.link["weights"] == "0.5,1.2,0.8"
    assert run.drawn("loss") == len(run.column("loss"))


def test_trainability_has_its_own_axes(basin_page: BasinPage) -> None:
    basin_page.open("depth=3&plane=trainability&resolution=64")
    expect(basin_page.switch("minimizers")).to_be_disabled()
    assert "own η" in basin_page.text("lr-words")
    x, _ = basin_page.trace("critical") or ([], [])
    assert x[0] == pytest.approx(np.log10(2 / 3), abs=1e-6)
    basin_page.click(0.2, 0.6)
    basin_page.ran()
    left, right, *_ = basin_page.extent
    basin_page.page.wait_for_function("() => eosdash.mapState.run?.start")
    lr = basin_page.page.evaluate("eosdash.mapState.run.start.params.lr")
    assert np.log10(lr) == pytest.approx(left + 0.2 * (right - left), abs=0.02)


def test_twice_the_steps_mark_what_they_change(basin_page: BasinPage) -> None:
    basin_page.open("depth=2&lr=0.9&weights=0.4,1.6&resolution=64&steps=60")
    picture = basin_page.picture
    assert basin_page.text("fate") == ""
    query = basin_page.asked
    basin_page.control("twice").click(force=True)
    basin_page.another(query)
    map_ = eosdash.basin(depth=2, lr=0.9, weights=(0.4, 1.6), resolution=64, steps=60, twice=True)
    assert map_.changed is not None
    assert f"{100 * map_.changed.mean():.1f} %" in basin_page.text("fate")
    assert basin_page.picture != picture
