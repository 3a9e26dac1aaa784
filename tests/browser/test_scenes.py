"""A talk from the app: the whole deck, predict before reveal, and decks of one's own."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from eosdash.deck import DECK, parse, read
from tests.browser.app_page import AppPage
from tests.conftest import ROOT, free_port, serving

SCENES = read(DECK).scenes
QUESTIONS = [i for i, scene in enumerate(SCENES, 1) if scene.question]
PICTURES = ROOT / "test-results" / "deck"
SMALLEST = 20
"""px of the smallest text that is read from the last row."""

OWN = """\
title: A talk of my own
scenes:
  - title: One weight
    page: run
    params: {depth: 1, target: 1, lr: 1.5, weights: [0.2], steps: 30}
    text: One weight converges.
    look: The loss falls.
  - title: Two weights
    page: run
    params: {depth: 2, target: 1, lr: 0.5, weights: [0.8, 0.8], steps: 30}
    text: So do two.
    look: The loss falls again.
"""
FAULTY = OWN.replace("lr: 1.5", "lr: fast")

# The scene whose number is in the address is the one that is drawn, to its end.
SHOWS = """(number) => {
    const framed = new URLSearchParams(location.search).get("scene");
    const deck = window.eosdash?.sceneState?.deck;
    if (!deck || framed !== String(number)) return false;
    const { page, href } = deck.scenes[number - 1];
    const wanted = new URL(href, location.href);
    const { name, shown } = eosdash.page();
    const result = shown?.();
    if (name !== page || !result?.end || location.pathname !== wanted.pathname) return false;
    for (const [key, value] of Object.entries(result.start.query))
        if (wanted.searchParams.get(key) !== value) return false;
    const selects = name === "basin" && wanted.searchParams.has("at");
    if (selects && !eosdash.mapState.run?.end) return false;
    const whole = {
        run: () => result.count,
        basin: () => result.start.params.resolution,
        sweep: () => result.start.value.length,
        theory: () => true,
    };
    return result.drawn === whole[name]();
}"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SMALL_TEXT = """(least) => {
    const found = [];
    const seen = (element, box) =>
        element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
        box.width > 0 && box.height > 0 &&
        box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { currentNode: node } = walker;
        const element = node.parentElement;
        if (!node.textContent.trim()) continue;
        if (element.closest("sub, sup, .eos-unseen, .eos-toast, mjx-container, script, style"))
            continue;
        if (element.closest("tspan")?.style.fontSize.endsWith("%")) continue;  // an index
        const range = document.createRange();
        range.selectNode(node);
        const size = parseFloat(getComputedStyle(element).fontSize);
        if (size < least && [...range.getClientRects()].some((box) => seen(element, box)))
            found.push(`${size} px: ${node.textContent.trim().slice(0, 40)}`);
    }
    for (const input of document.querySelectorAll("input, textarea, select")) {
        const size = parseFloat(getComputedStyle(input).fontSize);
        if (["checkbox", "radio", "hidden"].includes(input.type) || !input.value) continue;
        if (size < least && seen(input, input.getBoundingClientRect()))
            found.push(`${size} px: the value ${input.value.slice(0, 40)}`);
    }
    return found;
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth > innerWidth"


def scene_shown(page: Page, number: int) -> None:
    """Wait until the result of a scene is drawn."""
    page.wait_for_function(SHOWS, arg=number)
    place = f"Scene {number} of {len(SCENES)}"
    expect(page.locator("#scene-number")).to_have_text(place)
    page.evaluate(SETTLED)


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def hidden_result(page: Page) -> None:
    """Nothing of the result is seen or told."""
    name = page.evaluate("eosdash.page().name")
    figures = {"theory": "#measure_zero-a"}.get(name, f"#{name}-figure")
    scene = page.locator("#scene")
    for place in ("#summary", "#badge", figures):
        if page.locator(place).count():
            expect(page.locator(place).first).to_be_hidden()
    expect(scene.locator("#scene-text")).to_be_hidden()
    expect(scene.locator("#scene-look")).to_be_hidden()
    expect(page.locator("#predict")).to_be_visible()
    heard = page.locator("body").aria_snapshot()
    summary = page.evaluate("eosdash.page().shown().end?.summary") or page.text_content("#summary")
    assert summary
    assert summary not in heard


def revealed_result(page: Page) -> None:
    expect(page.locator("#summary")).to_be_visible()
    expect(page.locator("#scene-text")).to_be_visible()
    expect(page.locator("#predict")).to_be_hidden()


@pytest.mark.browser_context_args(viewport={"width": 1920, "height": 1080})
def test_the_whole_deck_is_presented_by_keyboard(page: Page, complaints: list[str]) -> None:
    page.goto("/scenes")
    expect(page.locator(".eos-card")).to_have_count(len(SCENES))
    page.locator("#deck-first").focus()
    page.keyboard.press("Enter")
    scene_shown(page, 1)
    page.keyboard.press("p")
    expect(page.locator("body.eos-present")).to_have_count(1)
    small, wide = {}, []
    for number in range(1, len(SCENES) + 1):
        if number > 1:
            page.keyboard.press("ArrowRight")
        scene_shown(page, number)
        if number in QUESTIONS:
            hidden_result(page)
            picture(page, f"{number:02}-1920-question")
            small[f"question {number}"] = page.evaluate(SMALL_TEXT, SMALLEST)
            page.keyboard.press("Space")
        revealed_result(page)
        scene_shown(page, number)  # still, and nothing else in its place
        picture(page, f"{number:02}-1920")
        small[f"scene {number}"] = page.evaluate(SMALL_TEXT, SMALLEST)
        wide += [number] if page.evaluate(TOO_WIDE) else []
        assert parse_present(page.url) == {"scene": str(number), "present": "true"}
    page.keyboard.press("ArrowRight")  # the deck ends here
    expect(page.locator("#scene-number")).to_have_text(f"Scene {len(SCENES)} of {len(SCENES)}")
    assert {where: texts for where, texts in small.items() if texts} == {}
    assert wide == []
    page.keyboard.press("Escape")
    expect(page.locator("body.eos-present")).to_have_count(0)
    assert parse_present(page.url) == {"scene": str(len(SCENES))}


def parse_present(url: str) -> dict[str, str]:
    query = dict(parse_qsl(urlsplit(url).query))
    return {name: query[name] for name in ("scene", "present") if name in query}


@pytest.mark.browser_context_args(
    viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
)
def test_the_whole_deck_is_played_on_a_phone(page: Page, complaints: list[str]) -> None:
    page.goto("/scenes")
    expect(page.locator(".eos-card")).to_have_count(len(SCENES))
    assert not page.evaluate(TOO_WIDE)
    page.locator("#deck-first").tap()
    wide = []
    for number in range(1, len(SCENES) + 1):
        if number > 1:
            page.locator("#scene-next").tap()
        scene_shown(page, number)
        if number in QUESTIONS:
            hidden_result(page)
            picture(page, f"{number:02}-390-question")
            page.locator("#predict-reveal").tap()
        revealed_result(page)
        scene_shown(page, number)  # still, and nothing else in its place
        picture(page, f"{number:02}-390")
        wide += [number] if page.evaluate(TOO_WIDE) else []
    expect(page.locator("#scene-next")).to_be_disabled()
    assert wide == []


def test_an_option_is_marked_and_then_the_right_one(page: Page, complaints: list[str]) -> None:
    number = QUESTIONS[0]
    scene = SCENES[number - 1]
    page.goto(f"/?scene={number}")
    scene_shown(page, number)
    hidden_result(page)
    options = page.locator("#predict-options button")
    expect(options).to_have_count(len(scene.options))
    assert scene.answer
    right = scene.answer - 1
    wrong = (right + 1) % len(scene.options)
    options.nth(wrong).click()
    expect(options.nth(wrong)).to_have_attribute("aria-pressed", "true")
    expect(options.nth(right)).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".eos-right")).to_have_count(0)
    page.locator("#predict-reveal").click()
    revealed_result(page)
    after = page.locator("#scene-options button")
    for i in range(len(scene.options)):
        expect(after.nth(i)).to_have_attribute("aria-pressed", "true" if i == wrong else "false")
    expect(page.locator("#scene-options .eos-right")).to_have_count(1)
    expect(after.nth(right)).to_contain_class("eos-right")
    said = page.locator("#announce")
    expect(said).to_contain_text(scene.options[right])
    expect(said).to_contain_text(page.locator("#summary").inner_text())


@pytest.mark.parametrize("number", QUESTIONS)
def test_nothing_of_a_hidden_result_is_announced(
    page: Page, complaints: list[str], number: int
) -> None:
    page.goto(f"/?scene={number}")
    scene_shown(page, number)
    said = page.locator("#announce")
    outcome = page.locator("#badge").text_content() if page.locator("#badge").count() else ""
    assert not outcome or outcome not in (said.text_content() or "")
    page.keyboard.press("Space")
    expect(said).to_contain_text(page.locator("#summary").inner_text())


def test_a_number_is_no_shortcut_through_a_question(page: Page, complaints: list[str]) -> None:
    page.goto(f"/?scene={QUESTIONS[0]}")
    scene_shown(page, QUESTIONS[0])
    for key in ("k", "l", "1", "2"):
        page.keyboard.press(key)
    page.evaluate(SETTLED)
    hidden_result(page)


def test_nothing_is_given_away_while_the_deck_is_on_its_way(
    page: Page, complaints: list[str]
) -> None:
    number = QUESTIONS[0]
    held: list[Route] = []
    page.route("**/api/deck", lambda route: held.append(route))
    page.goto(f"{SCENES[number - 1].href}&scene={number}")
    page.wait_for_function("() => eosdash.state?.current?.end && eosdash.state.current.drawn")
    page.evaluate(SETTLED)
    assert held
    expect(page.locator("#summary")).to_be_hidden()
    expect(page.locator("#run-figure")).to_be_hidden()
    for route in held:
        route.continue_()
    scene_shown(page, number)
    hidden_result(page)
    page.keyboard.press("Space")
    revealed_result(page)


def test_left_and_page_up_go_back(page: Page, complaints: list[str]) -> None:
    page.goto("/?scene=5")
    scene_shown(page, 5)
    for key, number in (
        ("ArrowLeft", 4), ("PageUp", 3), ("PageDown", 4), ("ArrowRight", 5), ("ArrowLeft", 4),
    ):  # fmt: skip
        page.keyboard.press(key)
        scene_shown(page, number)
        expect(page.locator("#scene-back")).to_be_enabled()
    hidden_result(page)  # a question is asked anew
    page.goto("/?scene=1")
    scene_shown(page, 1)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#scene-back")).to_be_disabled()
    scene_shown(page, 1)


def test_space_reveals_and_then_goes_on(page: Page, complaints: list[str]) -> None:
    page.goto("/?scene=4")
    scene_shown(page, 4)
    page.keyboard.press("Space")
    revealed_result(page)
    scene_shown(page, 4)
    page.keyboard.press("Space")
    scene_shown(page, 5)


@pytest.mark.parametrize(
    ("link", "number"), [("/?scene=3", 3), ("/scenes?scene=8", 8), ("/?scene=13", 13)]
)
def test_a_link_with_a_number_alone_opens_the_scene(
    page: Page, complaints: list[str], link: str, number: int
) -> None:
    page.goto(link)
    scene_shown(page, number)
    expected = urlsplit(SCENES[number - 1].href)
    there = urlsplit(page.url)
    assert there.path == expected.path
    assert dict(parse_qsl(there.query)) == dict(parse_qsl(expected.query)) | {"scene": str(number)}
    title = SCENES[number - 1].title.replace("η_C", "ηC")  # with C as an index
    expect(page.locator("#scene-title")).to_have_text(title)
    page.reload()
    scene_shown(page, number)


def test_a_link_to_a_scene_that_there_is_not_shows_the_page(
    page: Page, complaints: list[str]
) -> None:
    page.goto("/?scene=99")
    page.wait_for_function("() => eosdash.state?.current?.end && eosdash.state.current.drawn")
    expect(page.locator("#scene")).to_be_hidden()
    expect(page.locator("#summary")).to_be_visible()


def test_closing_the_deck_takes_the_scene_from_the_link(page: Page, complaints: list[str]) -> None:
    page.goto("/?scene=3")
    scene_shown(page, 3)
    before = AppPage(page).link
    page.locator("#scene-close").click()
    expect(page.locator("#scene")).to_be_hidden()
    after = AppPage(page).link
    assert "scene" not in after
    assert after == {name: value for name, value in before.items() if name != "scene"}
    page.keyboard.press("ArrowRight")  # no deck is open
    page.evaluate(SETTLED)
    expect(page.locator("#scene")).to_be_hidden()
    assert "scene" not in AppPage(page).link


def test_the_scene_stays_open_on_another_page(page: Page, complaints: list[str]) -> None:
    page.goto("/?scene=3")
    scene_shown(page, 3)
    page.locator("#nav-basin").click()
    page.wait_for_function("() => location.pathname === '/basin' && eosdash.mapState?.map?.end")
    assert AppPage(page).link["scene"] == "3"
    assert AppPage(page).link["lr"] == "0.1"
    expect(page.locator("#scene-title")).to_have_text(SCENES[2].title)
    expect(page.locator("#scene")).to_be_visible()
    page.keyboard.press("ArrowRight")
    scene_shown(page, 4)


def test_what_is_changed_in_a_scene_is_kept_in_the_link(page: Page, complaints: list[str]) -> None:
    page.goto("/?scene=1")
    scene_shown(page, 1)
    page.keyboard.press("u")
    page.wait_for_function("() => Number(new URLSearchParams(location.search).get('lr')) > 1.8")
    assert AppPage(page).link["scene"] == "1"
    page.reload()
    page.wait_for_function("() => eosdash.state?.current?.end")
    assert float(AppPage(page).link["lr"]) == pytest.approx(1.818)
    assert AppPage(page).link["scene"] == "1"
    expect(page.locator("#scene-title")).to_have_text(SCENES[0].title)


def open_deck(page: Page, text: str, name: str = "own.yaml") -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#deck-open").click()
    chooser.value.set_files(
        {"name": name, "mimeType": "application/yaml", "buffer": text.encode()}  # type: ignore[arg-type]
    )


def test_a_deck_of_ones_own_is_opened_kept_and_left(page: Page, complaints: list[str]) -> None:
    page.goto("/scenes")
    cards = page.locator(".eos-card")
    expect(cards).to_have_count(len(SCENES))
    expect(page.locator("#deck-default")).to_be_hidden()
    open_deck(page, OWN)
    expect(cards).to_have_count(2)
    expect(page.locator("#deck-title")).to_have_text("A talk of my own")
    page.reload()
    expect(cards).to_have_count(2)
    cards.nth(1).click()
    page.wait_for_function("() => eosdash.state?.current?.end")
    expect(page.locator("#scene-number")).to_have_text("Scene 2 of 2")
    expect(page.locator("#scene-text")).to_have_text("So do two.")
    assert AppPage(page).link["scene"] == "2"
    assert AppPage(page).link["weights"] == "0.8,0.8"
    page.locator("#share").click()
    page.get_by_role("button", name="Hide, lock, embed …").click()
    link = page.locator("#share-link")
    expect(link).to_have_value(page.url)
    assert "#deck=" in page.url
    page.keyboard.press("Escape")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#share").click()
    page.locator("#copy-link").click()
    expect(page.locator("#toast")).to_contain_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.locator("#nav-scenes").click()
    expect(cards).to_have_count(2)
    page.locator("#deck-default").click()
    expect(cards).to_have_count(len(SCENES))
    page.reload()
    expect(cards).to_have_count(len(SCENES))


def test_the_scene_of_the_deck_of_the_site_is_in_the_copied_link(
    page: Page, complaints: list[str]
) -> None:
    page.goto("/?scene=3")
    scene_shown(page, 3)
    page.locator("#share").click()
    page.get_by_role("button", name="Hide, lock, embed …").click()
    expect(page.locator("#share-link")).to_have_value(page.url)


def test_a_faulty_deck_is_told_and_changes_nothing(page: Page, complaints: list[str]) -> None:
    page.goto("/scenes")
    cards = page.locator(".eos-card")
    expect(cards).to_have_count(len(SCENES))
    open_deck(page, FAULTY, "faulty.yaml")
    problem = page.locator("#deck-problem")
    expect(problem).to_contain_text("faulty.yaml, line 5, scene 1: params.lr")
    expect(problem).to_contain_text("Allowed")
    expect(cards).to_have_count(len(SCENES))
    assert all("422" in words for words in complaints)
    complaints.clear()  # Chromium reports each 422 itself
    open_deck(page, OWN)
    expect(problem).to_be_hidden()
    expect(cards).to_have_count(2)
    open_deck(page, FAULTY.replace("lr: fast", "speed: 1"), "faulty.yaml")
    expect(problem).to_contain_text("line 5, scene 1: params.speed")
    expect(cards).to_have_count(2)
    complaints.clear()


def served_by(folder: Path, text: str) -> tuple[dict[str, str], Path]:
    """The environment in which the app opens a deck."""
    deck = folder / "my-talk.yaml"
    deck.write_text(text)
    own = {"EOSDASH_DECK": str(deck), "EOSDASH_CACHE_DIR": str(folder / "cache")}
    return os.environ | own | {"PORT": str(free_port())}, deck


def test_the_app_does_not_start_with_a_faulty_deck(tmp_path: Path) -> None:
    environ, _ = served_by(tmp_path, FAULTY)
    command = [sys.executable, "app.py"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode != 0
    assert "my-talk.yaml: line 5, scene 1: params.lr" in done.stderr


def test_the_app_serves_the_deck_it_is_given(tmp_path: Path) -> None:
    environ, deck = served_by(tmp_path, OWN)
    with serving([sys.executable, "app.py"], ROOT, environ, tmp_path / "log") as url:
        answer: Any = json.loads(urllib.request.urlopen(f"{url}/api/deck", timeout=10).read())
        text = urllib.request.urlopen(f"{url}/api/deck.yaml", timeout=10).read()
    assert answer == parse(OWN).as_dict()
    assert text == deck.read_bytes()
