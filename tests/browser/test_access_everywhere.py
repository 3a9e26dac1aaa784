"""What axe finds on every page and in every dialog, what is said aloud, what a finger can hit."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from eosdash.deck import DECK, read
from tests.browser.app_page import serious
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage

RUN = "depth=2&weights=1.7,-0.3&lr=0.6&steps=300"
MAP = "depth=2&lr=0.6&weights=1.7,-0.3&resolution=64"
SWEEP = "depth=2&weights=0.8,0.8&columns=24&starts=20&steps=300"
LONG = (
    "task=regression&depth=8&width=48&d_in=8&d_out=8&init_scaling=fan_in&lr=0.01&steps=200"
    "&lambda_min=true"
)
"""A run that takes longer than the second after which progress is said."""

ASKED = next(i + 1 for i, scene in enumerate(read(DECK).scenes) if scene.question)
"""The number of a scene that asks before it shows."""


def nothing_serious(page: Page) -> None:
    """Axe finds nothing serious, be it light or dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        assert serious(page) == [], scheme


def scenes(page: Page) -> None:
    page.goto("/scenes")
    expect(page.locator("#deck .eos-card").first).to_be_visible()


OPEN: dict[str, Callable[[Page], object]] = {
    "run": lambda page: RunPage(page).open(RUN),
    "basin": lambda page: BasinPage(page).open(MAP).ran(),
    "sweep": lambda page: SweepPage(page).open(SWEEP),
    "theory": lambda page: TheoryPage(page).open("depth=2&weights=1.7,-0.3&lr=0.6"),
    "scenes": scenes,
}

each_page = pytest.mark.parametrize("name", OPEN)


@pytest.fixture
def watched(page: Page, complaints: list[str]) -> Page:
    """A page that fails its test for any complaint of the browser."""
    return page


@pytest.fixture
def phone(browser: Browser, base_url: str) -> Iterator[Page]:
    """A page on a phone, not yet opened."""
    context = browser.new_context(
        base_url=base_url, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    yield context.new_page()
    context.close()


def test_axe_does_find_what_is_serious(watched: Page) -> None:
    scenes(watched)
    watched.evaluate("document.querySelector('#theme').removeAttribute('aria-label')")
    watched.evaluate("document.querySelector('#theme').removeAttribute('title')")
    assert [rule for rule, _ in serious(watched)] == ["button-name"]


@each_page
def test_axe_finds_nothing_serious_on_any_page(watched: Page, name: str) -> None:
    OPEN[name](watched)
    nothing_serious(watched)


@pytest.mark.parametrize("name", ["run", "basin"])
def test_axe_finds_nothing_serious_on_a_presented_scene(watched: Page, name: str) -> None:
    if name == "run":
        RunPage(watched).open(f"{RUN}&scene=1&present=1")
    else:
        BasinPage(watched).open(f"{MAP}&scene=1&present=1").ran()
    expect(watched.locator("#scene-title")).to_be_visible()
    expect(watched.locator("header")).to_be_hidden()
    nothing_serious(watched)


@pytest.mark.parametrize("present", ["", "&present=1"])
def test_axe_finds_nothing_serious_while_a_result_is_hidden(watched: Page, present: str) -> None:
    RunPage(watched).open(f"{RUN}&scene={ASKED}{present}")
    expect(watched.locator("#predict-question")).to_be_visible()
    expect(watched.locator("#run-figure")).to_be_hidden()
    nothing_serious(watched)
    watched.locator("#predict-options button").first.click()
    nothing_serious(watched)
    watched.locator("#predict-reveal").click()
    expect(watched.locator("#scene-options .eos-right")).to_be_visible()
    nothing_serious(watched)


def open_dialog(page: Page, name: str) -> None:
    if name == "help":
        page.locator("#help-open").click()
    elif name == "glossary":
        page.locator(".eos-term").first.click()
        expect(page.locator("#terms mjx-container").first).to_be_visible()
    elif name == "share-dialog":
        page.locator("#share summary").or_(page.locator("summary#share")).first.click()
        page.get_by_role("button", name="Hide, lock, embed …").click()
    else:
        page.keyboard.press("q")
        page.wait_for_function("() => document.querySelector('#qr-image').naturalWidth > 0")
    expect(page.locator(f"#{name}")).to_be_visible()


def dialogs(page: Page) -> Iterator[str]:
    """Each dialog by its name; it is closed before the next."""
    for name in ("help", "glossary", "share-dialog", "qr"):
        yield name
        page.keyboard.press("Escape")
        expect(page.locator(f"#{name}")).to_be_hidden()


def test_axe_finds_nothing_serious_in_a_dialog(watched: Page) -> None:
    RunPage(watched).open(RUN)
    for name in dialogs(watched):
        open_dialog(watched, name)
        nothing_serious(watched)


def test_axe_finds_nothing_serious_beside_the_tour(watched: Page) -> None:
    watched.set_viewport_size({"width": 1440, "height": 900})
    RunPage(watched).open(RUN)
    watched.locator("#tour-start").click()
    expect(watched.locator("#tour-title")).to_have_text("The picture")
    nothing_serious(watched)


# What is said aloud


def test_the_outcome_of_a_run_is_said(watched: Page) -> None:
    run = RunPage(watched).open(RUN)
    said = watched.locator("#announce")
    expect(said).to_have_attribute("role", "status")
    expect(said).to_have_text(run.text("badge"))
    expect(said).to_contain_text("minimum")
    query = run.asked
    run.control("lr").fill("9")
    run.another(query)
    expect(said).to_contain_text("diverged")


def test_the_progress_of_a_long_run_is_said_but_not_too_often(watched: Page) -> None:
    watched.add_init_script(
        """window.said = [];
        document.addEventListener("DOMContentLoaded", () => {
            let before = "";
            new MutationObserver(() => {
                const words = document.querySelector("#announce")?.textContent ?? "";
                if (words !== before) window.said.push([performance.now(), words]);
                before = words;
            }).observe(document.body, { childList: true, characterData: true, subtree: true });
        });"""
    )
    RunPage(watched).open(LONG)
    said = watched.evaluate("window.said")
    progress = [(at, words) for at, words in said if words.startswith("Computing. ")]
    assert progress
    assert all(" of 200" in words for _, words in progress)
    pauses = [after[0] - before[0] for before, after in pairwise(progress)]
    assert all(pause > 1400 for pause in pauses)
    assert said[-1][1] == watched.locator("#badge").inner_text()


def test_a_map_says_what_it_found(watched: Page) -> None:
    BasinPage(watched).open(MAP)
    said = watched.locator("#summary")
    expect(said).to_have_attribute("aria-live", "polite")
    expect(said).to_contain_text("%")


def test_present_mode_says_how_it_is_left(watched: Page) -> None:
    RunPage(watched).open(RUN)
    watched.keyboard.press("p")
    expect(watched.locator("#announce")).to_have_text("Present mode. P leaves it.")


def test_a_hidden_result_is_not_said_before_it_is_revealed(watched: Page) -> None:
    run = RunPage(watched).open(f"{RUN}&scene={ASKED}")
    outcome = watched.evaluate("eosdash.state.current.end.outcome")
    expect(watched.locator("#announce")).not_to_contain_text(outcome)
    for hidden in ("summary", "badge", "events"):
        expect(watched.locator(f"#{hidden}")).to_be_hidden()
    watched.keyboard.press("Space")
    expect(watched.locator("#announce")).to_contain_text(run.text("summary"))


# Motion

MOVES = """() => [...document.querySelectorAll("*")]
    .filter((element) => !element.closest(".mjx-container"))
    .map((element) => [element, getComputedStyle(element)])
    .filter(([, { transitionDuration, animationName, animationDuration }]) =>
        transitionDuration.split(",").some((time) => parseFloat(time) > 0)
        || (animationName !== "none" && parseFloat(animationDuration) > 0))
    .map(([element]) => element.id || element.getAttribute("class") || element.tagName)"""


def test_motion_is_there_for_who_does_not_mind(watched: Page) -> None:
    watched.emulate_media(reduced_motion="no-preference")
    OPEN["run"](watched)
    assert watched.evaluate(MOVES)


@each_page
def test_nothing_moves_for_who_asks_for_no_motion(watched: Page, name: str) -> None:
    watched.emulate_media(reduced_motion="reduce")
    OPEN[name](watched)
    assert watched.evaluate(MOVES) == []


def test_no_dialog_moves_for_who_asks_for_no_motion(watched: Page) -> None:
    watched.emulate_media(reduced_motion="reduce")
    watched.set_viewport_size({"width": 1440, "height": 900})
    RunPage(watched).open(RUN)
    for name in dialogs(watched):
        open_dialog(watched, name)
        assert watched.evaluate(MOVES) == []
    watched.locator("#tour-start").click()
    expect(watched.locator("#tour")).to_be_visible()
    assert watched.evaluate(MOVES) == []


# Fingers

SMALL = """(where) => {
    const targets = where.split(",").flatMap((part) =>
        ["button", "summary", "a[href]", "input[type=checkbox]"].map((kind) => `${part} ${kind}`));
    const inRunningText = (element) =>
        element.matches(".eos-term") || (element.matches("a") && element.closest("p"));
    return [...document.querySelectorAll(targets.join(","))]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }))
        .filter((element) => !inRunningText(element))
        .map((element) => element.matches("input") ? element.closest("label") ?? element : element)
        .map((element) => [element, element.getBoundingClientRect()])
        .filter(([, { width, height }]) => width > 0 && (width < 43.5 || height < 43.5))
        .map(([element, { width, height }]) => {
            const name = element.id || element.getAttribute("aria-label") || element.textContent;
            return `${name.trim()}: ${Math.round(width)} × ${Math.round(height)}`;
        });
}"""
AROUND = "header,.eos-keys,#scene,#predict"


@each_page
def test_a_finger_hits_every_button_around_a_page(phone: Page, name: str) -> None:
    OPEN[name](phone)
    assert phone.evaluate(SMALL, AROUND) == []


def test_a_finger_hits_every_button_of_a_scene(phone: Page) -> None:
    RunPage(phone).open(f"{RUN}&scene={ASKED}")
    expect(phone.locator("#predict-reveal")).to_be_visible()
    assert phone.evaluate(SMALL, AROUND) == []
    phone.locator("#predict-reveal").tap()
    expect(phone.locator("#scene-options button").first).to_be_visible()
    assert phone.evaluate(SMALL, AROUND) == []


def test_a_finger_hits_every_button_of_the_deck(phone: Page) -> None:
    scenes(phone)
    assert phone.evaluate(SMALL, ".eos-main") == []


def test_a_finger_hits_every_button_of_a_dialog(phone: Page) -> None:
    RunPage(phone).open(RUN)
    for name in dialogs(phone):
        open_dialog(phone, name)
        assert phone.evaluate(SMALL, f"#{name}") == []


def test_a_finger_hits_every_button_of_a_menu(phone: Page) -> None:
    RunPage(phone).open(RUN)
    phone.locator("#share").tap()
    expect(phone.locator("#copy-link")).to_be_visible()
    assert phone.evaluate(SMALL, ".eos-menu[open]") == []


def test_a_page_fits_the_phone(phone: Page) -> None:
    for visit in OPEN.values():
        visit(phone)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
