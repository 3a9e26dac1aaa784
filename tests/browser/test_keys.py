"""Every row of the table of keys."""

import math
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from eosdash.pages.basin import OVERLAYS
from tests.browser.app_page import AppPage
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage

RUN = "depth=2&weights=1.7,-0.3&lr=0.3&steps=300"
MAP = "depth=2&lr=0.3&seed=1&resolution=64"


def press(app: AppPage, *keys: str) -> None:
    for key in keys:
        app.page.keyboard.press(key)


def let_go(app: AppPage) -> None:
    """Take the focus off the field, as a click beside it does."""
    app.page.evaluate("document.activeElement.blur()")


def linked(app: AppPage, **wanted: str) -> None:
    """Wait until the address bar holds these parameters."""
    app.page.wait_for_function(
        """(wanted) => {
            const link = new URLSearchParams(location.search);
            return Object.entries(wanted).every(([name, value]) => link.get(name) === value);
        }""",
        arg=wanted,
    )


def linked_whole(app: AppPage, wanted: dict[str, str]) -> None:
    """Wait until the address bar holds these parameters and no others."""
    linked(app, **wanted)
    assert app.link == wanted


def can(app: AppPage, undo: bool, redo: bool) -> None:
    """Expect what the two buttons allow."""
    for name, enabled in (("undo", undo), ("redo", redo)):
        button = app.page.locator(f"#{name}")
        expect(button).to_be_enabled(enabled=enabled)


def untouched(app: AppPage, keys: str, still: Callable[[], object]) -> None:
    """Expect that keys change nothing and ask for nothing."""
    asked: list[str] = []
    app.page.on("request", lambda request: asked.append(request.url))
    before = app.page.url, still()
    for key in keys:
        press(app, key)
    # As long as a request of a key may be held back, and a letter of a field.
    app.page.wait_for_timeout(600)
    assert (app.page.url, still()) == before
    assert not [url for url in asked if "/api/" in url]


# Play


def test_k_plays_and_pauses(run_page: RunPage) -> None:
    page = run_page.open().page  # 1,500 steps: it does not come to its end by itself
    press(run_page, "k")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Pause")
    page.wait_for_function("() => eosdash.state.cursor > 3")
    press(run_page, "k")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    assert page.evaluate("eosdash.state.cursor") > 3


def test_k_plays_the_learning_rate_on_a_map(basin_page: BasinPage) -> None:
    page = basin_page.open(MAP).page
    press(basin_page, "k")
    expect(page.locator("#play-eta")).to_have_attribute("aria-pressed", "true")
    press(basin_page, "k")
    expect(page.locator("#play-eta")).to_have_attribute("aria-pressed", "false")


def test_j_and_l_step_and_go_to_the_ends(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    last = len(run_page.column("loss")) - 1
    assert last > 3
    for key, step in (
        ("j", last - 1), ("j", last - 2), ("l", last - 1), ("Shift+J", 0), ("j", 0), ("l", 1),
        ("Shift+L", last), ("l", last),
    ):  # fmt: skip
        press(run_page, key)
        expect(page.locator("#readout")).to_contain_text(f"step {step:,} /")


# Parameters


@pytest.mark.parametrize(
    ("key", "lr"), [("u", "0.303"), ("d", "0.297"), ("Shift+U", "0.33"), ("Shift+D", "0.2727")]
)
def test_u_and_d_turn_the_learning_rate(run_page: RunPage, key: str, lr: str) -> None:
    query = run_page.open(RUN).asked
    press(run_page, key)
    linked(run_page, lr=lr)
    run_page.another(query)
    assert run_page.column("lr")[0] == float(lr)
    expect(run_page.control("lr")).to_have_value(lr)
    assert float(run_page.thumb("lr").get_attribute("aria-valuenow") or 0) == pytest.approx(
        math.log10(float(lr)), abs=0.002
    )


def test_a_held_key_goes_on(run_page: RunPage) -> None:
    run_page.open(RUN)
    for lr in ("0.303", "0.306", "0.3091"):
        run_page.page.keyboard.down("u")  # again while it is down: the key repeats
        expect(run_page.control("lr")).to_have_value(lr)
    run_page.page.keyboard.up("u")
    linked(run_page, lr="0.3091")


def test_keys_faster_than_the_controls_all_count(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    page.evaluate(
        """() => {
            for (let press = 0; press < 5; press++)
                document.dispatchEvent(new KeyboardEvent("keydown", { key: "u" }));
        }"""
    )
    linked(run_page, lr="0.3153")  # 1 % each, to four digits
    expect(run_page.control("lr")).to_have_value("0.3153")


@pytest.mark.parametrize("by", ["arrow", "pointer"])
def test_a_slider_goes_on_from_a_key(run_page: RunPage, by: str) -> None:
    page = run_page.open(RUN).page
    press(run_page, "Shift+U")
    expect(run_page.control("lr")).to_have_value("0.33")
    if by == "arrow":
        run_page.thumb("lr").focus()
        press(run_page, "ArrowRight", "ArrowRight", "ArrowRight")
    else:
        box = run_page.thumb("lr").bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 9, y, steps=3)
        page.mouse.up()
    page.wait_for_timeout(2000)  # longer than a value set by a key is held against echoes
    assert float(run_page.control("lr").input_value()) > 0.333
    linked(run_page, lr=run_page.control("lr").input_value())


def test_r_runs_again_from_the_same_start(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    loss, url = run_page.column("loss"), page.url
    page.evaluate("eosdash.state.current.seen = true")
    with page.expect_request(lambda request: "/api/train?" in request.url):
        press(run_page, "r")
    page.wait_for_function("() => !eosdash.state.current.seen")
    run_page.finished()
    assert run_page.column("loss") == loss
    assert page.url == url


@pytest.mark.parametrize("query", [RUN, "depth=2&seed=1&lr=0.3&steps=300"])
def test_n_takes_a_new_seed(run_page: RunPage, query: str) -> None:
    before = run_page.open(query).column("loss")
    press(run_page, "n")
    run_page.page.wait_for_function(
        """() => {
            const link = new URLSearchParams(location.search);
            return link.get("init") === "gaussian" && link.get("seed") > 1;
        }"""
    )
    run_page.finished()
    assert run_page.column("loss") != before


# Undo and redo


def change_one_after_the_other(basin_page: BasinPage) -> list[dict[str, str]]:
    """Change a size, η, a select and a switch; the links before and after each."""
    page = basin_page.open(MAP).page
    links = [basin_page.link]

    def changed(**wanted: str) -> None:
        linked(basin_page, **wanted)
        links.append(basin_page.finished().link)

    basin_page.control("depth").fill("3")
    changed(depth="3")
    basin_page.control("lr").fill("0.25")
    changed(lr="0.25")
    basin_page.control("center").click()
    page.get_by_role("option", name="Origin").click()
    changed(center="origin")
    basin_page.switch("twice").click(force=True)
    changed(twice=str(links[0]["twice"] == "false").lower())
    let_go(basin_page)
    return links


@pytest.mark.parametrize(("undo", "redo"), [("z", "Shift+Z"), ("Control+z", "Control+y")])
def test_changes_are_undone_in_order_and_redone(
    basin_page: BasinPage, undo: str, redo: str
) -> None:
    links = change_one_after_the_other(basin_page)
    assert len({str(link) for link in links}) == 5
    can(basin_page, undo=True, redo=False)
    for i in (3, 2, 1, 0):
        press(basin_page, undo)
        linked_whole(basin_page.finished(), links[i])
        can(basin_page, undo=i > 0, redo=True)
        expect(basin_page.control("depth")).to_have_value(links[i]["depth"])
        expect(basin_page.control("lr")).to_have_value(links[i]["lr"])
        expect(basin_page.switch("twice")).to_be_checked(checked=links[i]["twice"] == "true")
    for i in (1, 2, 3, 4):
        press(basin_page, redo)
        linked_whole(basin_page.finished(), links[i])
        can(basin_page, undo=True, redo=i < 4)


def test_the_buttons_undo_and_redo(run_page: RunPage) -> None:
    before = run_page.open(RUN).link
    can(run_page, undo=False, redo=False)
    press(run_page, "u")
    linked(run_page, lr="0.303")
    after = run_page.link
    can(run_page, undo=True, redo=False)
    run_page.page.locator("#undo").click()
    linked_whole(run_page, before)
    can(run_page, undo=False, redo=True)
    run_page.page.locator("#redo").click()
    linked_whole(run_page, after)
    can(run_page, undo=True, redo=False)
    press(run_page, "Control+z")
    linked_whole(run_page, before)
    press(run_page, "Control+Shift+z")
    linked_whole(run_page, after)


def test_a_page_that_is_busy_goes_back_all_the_same(run_page: RunPage) -> None:
    """Inputs repeat what they held, however late: that is no change of anybody's."""
    before = run_page.open(RUN).link
    page = run_page.page
    page.evaluate("eosdash.set('lr', 0.31)")
    linked(run_page, lr="0.31")
    page.evaluate(
        """() => {
            eosdash.undo();
            const until = performance.now() + 2500;
            while (performance.now() < until);
        }"""
    )
    linked_whole(run_page, before)
    page.wait_for_timeout(1500)  # longer than an input waits for the hand to rest
    assert run_page.link == before
    expect(run_page.control("lr")).to_have_value("0.3")
    can(run_page, undo=False, redo=True)


def test_two_changes_are_undone_at_once_and_redone_in_order(run_page: RunPage) -> None:
    before = run_page.open("depth=3&seed=4&lr=0.3&steps=60").link
    page = run_page.page
    page.evaluate("eosdash.set('depth', 4)")
    linked(run_page, depth="4")
    page.evaluate("eosdash.set('lr', 0.31)")
    linked(run_page, lr="0.31")
    after = run_page.link
    page.evaluate("() => (eosdash.undo(), eosdash.undo())")
    linked_whole(run_page, before)
    page.evaluate("() => eosdash.redo()")
    linked(run_page, depth="4", lr=before["lr"])
    page.evaluate("() => eosdash.redo()")
    linked_whole(run_page, after)


def test_another_change_ends_what_can_be_redone(run_page: RunPage) -> None:
    run_page.open(RUN)
    press(run_page, "u")
    linked(run_page, lr="0.303")
    press(run_page, "z")
    linked(run_page, lr="0.3")
    can(run_page, undo=False, redo=True)
    press(run_page, "d")
    linked(run_page, lr="0.297")
    can(run_page, undo=True, redo=False)


def test_a_drag_of_the_slider_is_one_change(run_page: RunPage) -> None:
    before = run_page.open(RUN).link
    box = run_page.thumb("lr").bounding_box()
    assert box
    mouse = run_page.page.mouse
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    seen = set()
    for i in range(1, 7):
        query = run_page.asked
        mouse.move(x - 9 * i, y, steps=2)
        run_page.another(query)
        seen.add(run_page.column("lr")[0])
    mouse.up()
    assert len(seen) == 6
    linked(run_page, lr=f"{min(seen):g}")
    after = run_page.link
    let_go(run_page)
    press(run_page, "z")
    linked_whole(run_page, before)
    can(run_page, undo=False, redo=True)
    press(run_page, "Shift+Z")
    linked_whole(run_page, after)


# View


def test_digits_switch_what_lies_over_a_map(basin_page: BasinPage) -> None:
    basin_page.open("depth=2&lr=0.8&weights=0.4,1.6&resolution=64").ran()
    for number, name in enumerate(OVERLAYS, 1):
        on = basin_page.switch(name).is_checked()
        for checked in (not on, on):
            press(basin_page, str(number))
            expect(basin_page.switch(name)).to_be_checked(checked=checked)
            basin_page.page.wait_for_function(
                "([name, checked]) => eosdash.state.view[name] === checked", arg=[name, checked]
            )
            assert (name in basin_page.link) == (checked != on)


def test_digits_switch_what_a_run_shows(run_page: RunPage) -> None:
    run_page.open(RUN)
    for number, name in enumerate(("clip", "gradient", "gfs", "lambda_min"), 1):
        on = name == "clip"
        press(run_page, str(number))
        linked(run_page, **{name: str(not on).lower()})
        press(run_page, str(number))
        run_page.page.wait_for_function(
            "(name) => !new URLSearchParams(location.search).has(name)", arg=name
        )


def test_a_digit_changes_the_figure(run_page: RunPage) -> None:
    run_page.open(RUN)
    assert run_page.drawn("grad_norm") == 0
    press(run_page, "2")
    run_page.page.wait_for_function(
        """() => document.querySelector("#run-figure").data
            .find((trace) => trace.meta === "grad_norm")?.y.length > 0"""
    )


def test_g_and_a_letter_go_to_a_page_with_the_network(run_page: RunPage) -> None:
    page = run_page.open("depth=2&weights=1.7,-0.3&lr=0.6&steps=300").page
    there: dict[str, tuple[str, Callable[[Page], AppPage]]] = {
        "b": ("/basin", lambda page: BasinPage(page).finished()),
        "s": ("/sweep", lambda page: SweepPage(page).finished()),
        "t": ("/theory", lambda page: TheoryPage(page).finished()),
        "r": ("/", lambda page: RunPage(page).finished()),
    }
    for letter, (path, arrived) in there.items():
        press(run_page, "g", letter)
        page.wait_for_function("(path) => location.pathname === path", arg=path)
        expect(page.locator(f"#{path.strip('/') or 'run'}-figure")).to_be_visible()
        linked(run_page, depth="2", lr="0.6", weights="1.7,-0.3")
        arrived(page)
        linked(run_page, depth="2", lr="0.6", weights="1.7,-0.3")
    press(run_page, "g", "d")  # which does not turn η down on the way
    page.wait_for_function("() => location.pathname === '/scenes'")
    expect(page.locator("#deck .eos-card").first).to_be_visible()


def test_p_presents_and_escape_leaves(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    header, panel = page.locator("header"), page.locator("#panel")
    press(run_page, "p")
    expect(header).to_be_hidden()
    expect(panel).to_be_hidden()
    linked(run_page, present="true")
    press(run_page, "c")
    expect(panel).to_be_visible()
    expect(run_page.thumb("lr")).to_be_visible()
    press(run_page, "c")
    expect(panel).to_be_hidden()
    press(run_page, "Escape")
    expect(header).to_be_visible()
    expect(panel).to_be_visible()
    assert "present" not in run_page.link
    press(run_page, "p")
    expect(header).to_be_hidden()
    press(run_page, "p")
    expect(header).to_be_visible()


@pytest.mark.parametrize(("key", "name"), [("q", "qr"), ("?", "help")])
def test_a_key_opens_a_dialog_and_escape_closes_it(run_page: RunPage, key: str, name: str) -> None:
    page = run_page.open(RUN).page
    dialog = page.locator(f"#{name}")
    press(run_page, key)
    expect(dialog).to_be_visible()
    if name == "qr":
        page.wait_for_function("() => document.querySelector('#qr-image').naturalWidth > 0")
        expect(page.locator("#qr-link")).to_have_text(page.url)
    press(run_page, "Escape")
    expect(dialog).to_be_hidden()


def test_escape_closes_what_is_open_before_it_leaves_present_mode(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    press(run_page, "p", "?")
    expect(page.locator("#help")).to_be_visible()
    press(run_page, "Escape")
    expect(page.locator("#help")).to_be_hidden()
    expect(page.locator("header")).to_be_hidden()
    press(run_page, "Escape")
    expect(page.locator("header")).to_be_visible()


# Scenes


def test_keys_walk_through_the_scenes(run_page: RunPage) -> None:
    page = run_page.open(f"{RUN}&scene=1").page
    number, question = page.locator("#scene-number"), page.locator("#predict-question")
    expect(number).to_contain_text("Scene 1 of")
    press(run_page, "ArrowLeft")  # there is none before
    expect(number).to_contain_text("Scene 1 of")
    press(run_page, "ArrowRight")
    expect(number).to_contain_text("Scene 2 of")
    linked(run_page, scene="2", lr="2.2")
    expect(question).to_be_visible()
    press(run_page, "Space")
    expect(question).to_be_hidden()
    expect(number).to_contain_text("Scene 2 of")
    press(run_page, "Space")
    expect(number).to_contain_text("Scene 3 of")
    linked(run_page, scene="3", lr="0.1")
    for key, scene in (("PageUp", 2), ("PageDown", 3), ("ArrowLeft", 2)):
        press(run_page, key)
        expect(number).to_contain_text(f"Scene {scene} of")
        linked(run_page, scene=str(scene))


def test_arrows_on_a_slider_move_the_slider_and_not_the_scene(run_page: RunPage) -> None:
    page = run_page.open(f"{RUN}&scene=1").page
    query = run_page.asked
    run_page.thumb("lr").focus()
    press(run_page, "ArrowRight")
    run_page.another(query)
    assert 0.3 < float(run_page.link["lr"]) < 0.31
    expect(page.locator("#scene-number")).to_contain_text("Scene 1 of")
    assert run_page.link["scene"] == "1"
    let_go(run_page)
    press(run_page, "ArrowRight")
    expect(page.locator("#scene-number")).to_contain_text("Scene 2 of")


def test_space_on_a_button_presses_it(run_page: RunPage) -> None:
    page = run_page.open(f"{RUN}&scene=1").page
    page.locator("#to-start").focus()
    press(run_page, "Space")
    expect(page.locator("#readout")).to_contain_text("step 0 /")
    expect(page.locator("#scene-number")).to_contain_text("Scene 1 of")


def test_arrows_without_a_scene_do_nothing(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    for key in ("ArrowRight", "PageDown", "Space"):
        press(run_page, key)
    expect(page.locator("#scene")).to_be_hidden()
    assert "scene" not in run_page.link


# Where keys are not meant

EVERY_KEY = "kjlJLudUDrnzZpcq?123g"


def shown(page: Page) -> list[object]:
    return page.evaluate(
        """() => [document.body.className, document.querySelector("#readout").textContent,
            eosdash.value("lr"), eosdash.value("seed"), eosdash.state.view,
            [...document.querySelectorAll("dialog[open]")].map((dialog) => dialog.id)]"""
    )


def test_keys_typed_in_a_field_do_nothing_else(run_page: RunPage) -> None:
    page = run_page.open("depth=2&seed=1&lr=0.3&steps=300").page
    run_page.control("lr").focus()
    letters = "".join(key for key in EVERY_KEY if not key.isdigit())
    untouched(run_page, letters, lambda: shown(page))
    let_go(run_page)
    press(run_page, "q")
    expect(page.locator("#qr")).to_be_visible()


def test_keys_do_nothing_while_a_dialog_is_open(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    press(run_page, "?")
    expect(page.locator("#help")).to_be_visible()
    untouched(run_page, EVERY_KEY, lambda: shown(page))


def test_keys_of_the_browser_are_left_to_it(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    before = shown(page)
    press(run_page, "Alt+p", "Control+u", "Control+q", "Control+k")
    assert shown(page) == before


def test_keys_do_nothing_in_an_embedded_figure(run_page: RunPage) -> None:
    page = run_page.open(f"{RUN}&embed=true").page
    untouched(run_page, EVERY_KEY, lambda: shown(page))


def test_a_locked_link_keeps_its_parameters(run_page: RunPage) -> None:
    page = run_page.open(f"{RUN}&lock=true").page
    press(run_page, "u")
    expect(page.locator("#toast")).to_contain_text("locked")
    assert run_page.link["lr"] == "0.3"
