"""The page of a run in a real browser."""

import io
import json
import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import eosdash
from tests.browser.run_page import RunPage

HEAVY = "task=regression&depth=8&width=48&d_in=8&d_out=8&init_scaling=fan_in&lr=0.01&steps=2000"


def test_the_first_visit_shows_the_edge_of_stability_without_a_click(run_page: RunPage) -> None:
    run_page.open()
    sharpness = np.array(run_page.column("sharpness"))
    threshold = 2 / np.array(run_page.column("lr"))
    assert sharpness[0] < 0.5 * threshold[0] < threshold[0] < sharpness.max()
    assert sharpness[-1] == pytest.approx(threshold[-1], rel=0.01)
    assert run_page.drawn("sharpness") == run_page.drawn("loss") == len(sharpness)
    assert "2/η" in run_page.text("summary")
    assert run_page.text("badge").endswith(("minimum", "undecided"))


def test_the_address_bar_holds_the_full_state_without_filling_the_history(
    run_page: RunPage,
) -> None:
    before = run_page.open().page.evaluate("history.length")
    query = run_page.asked
    run_page.thumb("lr").press("ArrowLeft")
    run_page.another(query)
    for name in ("task", "depth", "width", "lr", "init", "seed", "steps"):
        assert name in run_page.link
    assert run_page.page.evaluate("history.length") == before


def test_the_learning_rate_slider_gives_another_run(run_page: RunPage) -> None:
    query = run_page.open().asked
    before = float(run_page.link["lr"])
    run_page.thumb("lr").press("ArrowRight")
    run_page.another(query)
    after = float(run_page.link["lr"])
    assert before < after < 1.05 * before
    assert float(run_page.control("lr").input_value()) == after
    assert run_page.column("lr")[0] == after
    assert f"2/η = {2 / after:.4g}" in run_page.text("lr-words")


def test_dragging_the_slider_follows_the_hand(run_page: RunPage) -> None:
    run_page.open()
    box = run_page.thumb("lr").bounding_box()
    assert box
    mouse = run_page.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    seen = set()
    for _ in range(8):
        box["x"] -= 9
        mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=2)
        run_page.page.wait_for_timeout(150)
        seen.add(run_page.column("lr")[0])
    mouse.up()
    assert len(seen) >= 4
    shown = float(run_page.control("lr").input_value())
    run_page.page.wait_for_function(
        "(lr) => window.eosdash.state.current.columns.lr?.[0] === lr", arg=shown
    )
    assert shown <= min(seen)


@pytest.mark.parametrize(("name", "value"), [("depth", "3"), ("width", "4"), ("seed", "7")])
def test_typing_a_number_gives_that_run(run_page: RunPage, name: str, value: str) -> None:
    query = run_page.open("lr=0.1&seed=1").asked
    run_page.control(name).fill(value)
    run_page.another(query)
    assert run_page.link[name] == value


def test_a_task_shows_its_own_controls(run_page: RunPage) -> None:
    query = run_page.open("lr=0.1").asked
    expect(run_page.field("target")).to_be_visible()
    expect(run_page.field("samples")).to_be_hidden()
    run_page.control("task").click()
    run_page.page.get_by_role("option", name="Regression", exact=True).click()
    run_page.another(query)
    expect(run_page.field("target")).to_be_hidden()
    expect(run_page.field("samples")).to_be_visible()
    assert "regression" in run_page.text("setup")
    assert "numerical" in run_page.text("lr-words")


def test_a_superseded_run_is_cancelled(run_page: RunPage) -> None:
    cancelled: list[str] = []
    run_page.page.on("requestfailed", lambda request: cancelled.append(request.url))
    run_page.page.goto(f"/?{HEAVY}")
    run_page.page.wait_for_function("() => window.eosdash?.state?.current?.count > 0")
    assert not run_page.page.evaluate("Boolean(window.eosdash.state.current.end)")
    run_page.control("width").fill("2")
    run_page.finished()
    assert run_page.link["width"] == "2"
    assert any("width=48" in url for url in cancelled)


def test_a_link_gives_the_same_run_in_another_browser(
    run_page: RunPage, browser: Browser, base_url: str
) -> None:
    query = run_page.open().asked
    run_page.control("depth").fill("5")
    run_page.another(query)
    context = browser.new_context(base_url=base_url)
    other = RunPage(context.new_page())
    other.page.goto(run_page.page.url)
    other.finished()
    assert other.column("loss") == run_page.column("loss")
    assert other.page.url == run_page.page.url
    assert other.text("status").startswith("cached")
    context.close()


def test_a_bad_value_is_said_beside_its_field_and_loses_nothing(
    run_page: RunPage, complaints: list[str]
) -> None:
    run_page.open()
    loss, url = run_page.column("loss"), run_page.page.url
    run_page.control("depth").fill("99")
    expect(run_page.field("depth")).to_contain_text("a whole number from 1 to 12")
    expect(run_page.page.locator("#problem")).to_contain_text("see Depth")
    assert run_page.column("loss") == loss
    assert run_page.drawn("loss") == len(loss)
    assert run_page.page.url == url
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()
    query = run_page.asked
    run_page.control("depth").fill("3")
    run_page.another(query)
    expect(run_page.field("depth")).not_to_contain_text("a whole number from 1 to 12")
    expect(run_page.page.locator("#problem")).to_be_empty()


def test_a_bad_link_still_opens_and_says_what_was_not_used(run_page: RunPage) -> None:
    run_page.open("lr=nan&depth=3&colour=red")
    assert run_page.link["depth"] == "3"
    expect(run_page.field("lr")).to_contain_text("a number above 0 to 100")


def test_a_start_that_no_longer_fits_becomes_a_gaussian_one(
    run_page: RunPage, complaints: list[str]
) -> None:
    query = run_page.open("depth=2&lr=0.3&weights=1.2,0.4").asked
    run_page.control("depth").fill("3")
    run_page.another(query)
    assert run_page.link["init"] == "gaussian"
    expect(run_page.page.locator("#adapted")).to_contain_text(re.compile("gaussian", re.I))
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()


def test_transport_plays_pauses_steps_and_scrubs(run_page: RunPage) -> None:
    page = run_page.open().page
    total = len(run_page.column("loss"))
    page.locator("#to-start").click()
    expect(page.locator("#readout")).to_contain_text("step 0 /")
    page.locator("#step-forward").click()
    page.locator("#step-forward").click()
    expect(page.locator("#readout")).to_contain_text("step 2 /")
    page.locator("#step-back").click()
    expect(page.locator("#readout")).to_contain_text("step 1 /")
    page.wait_for_function("() => document.querySelector('#run-figure').data.length > 0")
    assert run_page.drawn("loss") == 2
    assert run_page.drawn("raw.loss") == total
    page.locator("#play").click()
    page.wait_for_function("() => window.eosdash.state.cursor > 20")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Pause")
    expect(page.locator("#play .eos-icon").first).to_be_hidden()
    expect(page.locator("#play .eos-icon").last).to_be_visible()
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    paused = page.evaluate("window.eosdash.state.cursor")
    page.wait_for_timeout(300)
    assert page.evaluate("window.eosdash.state.cursor") == paused
    page.locator("#scrub").get_by_role("slider").press("End")
    expect(page.locator("#readout")).to_contain_text(f"step {total - 1:,} /")
    page.locator("#scrub").get_by_role("slider").press("ArrowLeft")
    expect(page.locator("#readout")).to_contain_text(f"step {total - 2:,} /")


def test_events_are_named_and_lead_to_their_step(run_page: RunPage) -> None:
    page = run_page.open().page
    crossing = page.locator("#events").get_by_role("button", name="crosses 2/η")
    crossing.click()
    step = page.evaluate("window.eosdash.state.cursor")
    sharpness, lr = run_page.column("sharpness"), run_page.column("lr")
    assert sharpness[step - 1] <= 2 / lr[0] < sharpness[step]
    assert run_page.drawn("events.sharpness") + run_page.drawn("events.loss") == (
        page.locator("#events button").count()
    )


def test_the_same_start_repeats_and_a_new_seed_does_not(run_page: RunPage) -> None:
    run_page.open("lr=0.2&depth=3")
    loss = run_page.column("loss")
    run_page.page.evaluate("window.eosdash.state.current.old = true")
    run_page.page.locator("#reset").click()
    run_page.page.wait_for_function("() => !window.eosdash.state.current.old")
    assert run_page.finished().column("loss") == loss
    query = run_page.asked
    run_page.page.locator("#new-seed").click()
    assert run_page.another(query).column("loss") != loss


def test_up_to_four_runs_are_pinned_and_compared(run_page: RunPage) -> None:
    page = run_page.open("lr=0.2").page
    for lr in ("0.21", "0.22", "0.23", "0.24"):
        page.locator("#pin").click()
        query = run_page.asked
        run_page.control("lr").fill(lr)
        run_page.another(query)
    assert [run_page.drawn(f"pin{i}.loss") > 0 for i in range(4)] == [True] * 4
    page.locator("#pin").click()
    expect(page.locator("#toast")).to_contain_text("Four runs")
    page.get_by_role("button", name="Unpin run 2").click()
    page.wait_for_function(
        "() => !document.querySelector('#run-figure').data.some(t => t.meta === 'pin1.loss')"
    )
    assert run_page.drawn("pin0.sharpness") > 0


def test_view_options_are_drawn_and_kept_in_the_link(run_page: RunPage) -> None:
    run_page.open("eigenvalues=3&task=whitened&width=3&depth=3&lr=0.3&init_scale=0.5")
    page = run_page.page
    assert run_page.drawn("eigenvalue_3") == run_page.drawn("loss")
    page.locator("#view").click()
    run_page.field("gradient").locator("label").first.click()
    run_page.field("lambda_min").locator("label").first.click()
    run_page.control("smooth").fill("20")
    page.wait_for_url("**smooth=20**")
    run_page.finished()
    page.wait_for_function(
        "() => window.eosdash.graph('run-figure').data.some(t => t.meta==='raw.loss')"
    )
    assert run_page.drawn("grad_norm") == run_page.drawn("lambda_min") == run_page.drawn("loss")
    assert run_page.link["gradient"] == run_page.link["lambda_min"] == "true"


def test_time_axis_and_gradient_flow_solution(run_page: RunPage) -> None:
    run_page.open("depth=3&weights=0.17,1.59,0.83&lr=0.633&axis=time&gfs=true")
    x = run_page.page.evaluate(
        "window.eosdash.graph('run-figure').data.find(t => t.meta === 'gfs_sharpness').x"
    )
    assert x[10] == pytest.approx(10 * 0.633)
    assert run_page.column("gfs_sharpness")[0] == pytest.approx(4.21, abs=0.01)


def test_two_weights_are_shown_in_their_plane(run_page: RunPage) -> None:
    run_page.open("depth=2&weights=1.7,-0.3&lr=0.6&steps=300")
    run_page.page.wait_for_function(
        "() => window.eosdash.graph('detail-figure').data.find((t) => t.meta === 'path')?.x.length"
        " === window.eosdash.state.current.count"
    )
    data = run_page.page.evaluate(
        "Object.fromEntries(window.eosdash.graph('detail-figure').data.map(t => [t.meta, t]))"
    )
    path = np.array(run_page.column("path"))
    assert np.allclose([data["path"]["x"], data["path"]["y"]], path.T)
    stable = [
        (a, b)
        for a, b in zip(data["stable"]["x"], data["stable"]["y"], strict=True)
        if a is not None
    ]
    assert stable
    assert all(a * b == pytest.approx(1) and a * a + b * b <= 2 / 0.6 for a, b in stable)
    assert "log_loss" in data


def test_data_and_figure_can_be_taken_home(run_page: RunPage) -> None:
    page = run_page.open("lr=0.3&depth=3&steps=200").page
    loss = run_page.column("loss")
    taken = {}
    for name in ("csv", "npz", "png", "svg"):
        page.locator("#share").click()
        with page.expect_download() as download:
            page.locator(f"#download-{name}").click()
        taken[name] = download.value.path().read_bytes()
    lines = taken["csv"].decode().splitlines()
    column = lines[1].split(",").index("loss")
    assert [float(line.split(",")[column]) for line in lines[2:]] == loss
    arrays = np.load(io.BytesIO(taken["npz"]))
    assert arrays["loss"].tolist() == loss
    assert json.loads(str(arrays["params"]))["lr"] == 0.3
    assert taken["png"].startswith(b"\x89PNG")
    assert b"<svg" in taken["svg"][:200]


def test_link_and_python_call_are_copied(run_page: RunPage) -> None:
    page = run_page.open("lr=0.3&depth=3&steps=200").page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#share").click()
    page.locator("#copy-link").click()
    expect(page.locator("#toast")).to_contain_text("Link")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.locator("#share").click()
    page.locator("#copy-python").click()
    expect(page.locator("#toast")).to_contain_text("Python")
    call = page.evaluate("navigator.clipboard.readText()")
    scope: dict[str, eosdash.TrainResult] = {}
    exec(call, scope)
    assert scope["run"].loss.tolist() == run_page.column("loss")


def test_a_diverging_run_is_an_outcome(run_page: RunPage) -> None:
    run_page.open("depth=3&lr=2.5&weights=1.5,1.5,1.5")
    assert run_page.text("badge").endswith("diverged")
    assert "too large" in run_page.text("summary")
    assert run_page.drawn("loss") >= 1


def test_a_server_that_is_gone_is_said_and_tried_again(
    run_page: RunPage, complaints: list[str]
) -> None:
    page = run_page.open().page
    page.route("**/api/train?*", lambda route: route.abort())
    run_page.thumb("lr").press("ArrowLeft")
    expect(page.locator("#problem")).to_contain_text("does not answer")
    query = run_page.asked
    page.unroute("**/api/train?*")
    run_page.another(query)
    expect(page.locator("#problem")).to_be_empty()
    assert all("Failed to load" in complaint for complaint in complaints)
    complaints.clear()


def test_dark_and_light_are_chosen_and_kept(run_page: RunPage, page: Page) -> None:
    run_page.open()

    def paper() -> str:
        return page.evaluate("window.eosdash.graph('run-figure').layout.paper_bgcolor")

    first = paper()
    page.locator("#theme").click()
    page.wait_for_function(
        "(old) => window.eosdash.graph('run-figure').layout.paper_bgcolor !== old", arg=first
    )
    second = paper()
    page.reload()
    run_page.finished()
    page.wait_for_function(
        "(old) => window.eosdash.graph('run-figure').layout.paper_bgcolor !== old", arg=first
    )
    assert paper() == second
