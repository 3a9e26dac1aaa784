"""The help, the glossary, and the tour."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from eosdash.glossary import GLOSSARY, key_of
from tests.browser.run_page import RunPage
from tests.test_marks import MARKED

MEANT = {(words, key_of(words, key or None)) for words, key in MARKED if words != "…"}
MEANT |= {("2/η", "threshold"), ("η_C", "critical-learning-rate")}  # put in where they are known
RUN = "depth=2&weights=1.7,-0.3&lr=0.6&steps=300"
KEYS = {
    "→", "Page down", "←", "Page up", "Space", "K", "J", "L", "Shift+J", "Shift+L", "U", "D",
    "Shift+U", "Shift+D", "R", "N", "Ctrl+Z", "Z", "Ctrl+Shift+Z", "Ctrl+Y", "Shift+Z", "1", "…",
    "9", "G, then R B S T D", "P", "C", "Q", "?", "Escape",
}  # fmt: skip
STEPS = 5

INSIDE = "(id) => Boolean(document.activeElement.closest(`#${id}`))"
OUTSIDE = """(id) => {
    const { activeElement: element, body } = document;
    return element !== body && !element.closest(`#${id}`);
}"""


@pytest.fixture
def wide(run_page: RunPage) -> RunPage:
    """The page of a run on a screen with room for the offer of the tour, not yet opened."""
    run_page.page.set_viewport_size({"width": 1440, "height": 900})
    return run_page


def printed(words: str) -> str:
    """As the browser shows it."""
    return words.replace("η_C", "ηC")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id")


# Help


def test_the_help_lists_every_key(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    page.keyboard.press("?")
    assert set(page.locator("#keys kbd").all_inner_texts()) == KEYS
    rows = page.locator("#keys dd").all_inner_texts()
    assert len(rows) == page.locator("#keys dt").count() == len(set(rows))
    assert all(rows)
    assert page.locator("#keys h3").count() == 4
    expect(page.get_by_role("dialog", name="Keyboard and help")).to_be_visible()


def test_the_focus_stays_in_a_dialog_and_comes_back(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    for name in ("help", "glossary", "share-dialog", "qr"):
        page.locator("#step-back").focus()
        page.evaluate("(name) => name === 'qr' ? eosdash.showQr() : eosdash.openDialog(name)", name)
        expect(page.locator(f"#{name}")).to_be_visible()
        assert page.evaluate(INSIDE, name)
        for _ in range(30):
            page.keyboard.press("Tab")
            assert not page.evaluate(OUTSIDE, name)
        page.keyboard.press("Escape")
        expect(page.locator(f"#{name}")).to_be_hidden()
        assert focused(page) == "step-back"


def test_the_help_is_opened_and_closed_by_keyboard_alone(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    page.locator("#help-open").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#help")).to_be_visible()
    page.locator("#help .eos-close").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#help")).to_be_hidden()
    assert focused(page) == "help-open"


def test_a_click_beside_a_dialog_closes_it(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    page.keyboard.press("?")
    page.locator("#help h2").click()
    expect(page.locator("#help")).to_be_visible()
    page.mouse.click(4, 4)
    expect(page.locator("#help")).to_be_hidden()


# Glossary


def opened(page: Page, key: str) -> None:
    """Expect the glossary at a term, which is in sight and has the focus."""
    expect(page.locator("#glossary")).to_be_visible()
    section = page.locator(f"#term-{key}")
    expect(section).to_be_focused()
    expect(section).to_be_in_viewport()
    expect(section.locator("mjx-container").first).to_be_visible()
    expect(section).to_be_in_viewport()  # still, when the formulas above it have taken their room


def test_the_heading_leads_to_the_glossary(run_page: RunPage) -> None:
    page = run_page.open().page
    term = page.locator("#summary .eos-term").first
    key = term.get_attribute("data-term")
    assert key
    assert term.get_attribute("title") == GLOSSARY[key].words
    term.click()
    opened(page, key)
    page.keyboard.press("Escape")
    expect(page.locator("#glossary")).to_be_hidden()
    expect(term).to_be_focused()


def test_every_term_is_reached_from_running_text_again_and_again(run_page: RunPage) -> None:
    page = run_page.open().page
    terms = page.locator(".eos-main .eos-term:visible")
    assert terms.count() >= 2
    for term in terms.all():
        term.press("Enter")
        key = term.get_attribute("data-term")
        expect(page.locator(f"#term-{key}")).to_be_focused()
        expect(page.locator(f"#term-{key}")).to_be_in_viewport()
        page.keyboard.press("Escape")


LINKED = """() => [...document.querySelectorAll(".eos-term")]
    .map((term) => [term.textContent.replace("ηC", "η_C"), term.dataset.term])"""


@pytest.mark.parametrize(
    "address",
    ["/?task=chebyshev&activation=tanh&hidden=5&steps=40&detail=progress&flow=true&central=true",
     "/basin?resolution=32", "/sweep?columns=12&starts=4&steps=60", "/theory?points=4&starts=4",
     "/?scene=3", "/basin?scene=8", "/?scene=14"],
)  # fmt: skip
def test_only_what_is_marked_is_linked(run_page: RunPage, address: str) -> None:
    """Links are those of the marks in what the page was given to say, and lead to their terms."""
    page = run_page.page
    page.goto(address)
    page.wait_for_function("() => eosdash.page().shown()?.end")
    if "scene" in address:
        page.wait_for_selector("#scene-text .eos-term, #scene-look .eos-term", state="attached")
    linked = page.evaluate(LINKED)
    assert linked
    for written, key in linked:
        assert (written, key) in MEANT, (written, key)


def test_words_that_are_not_marked_are_no_links(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    words = "dimension of M: one dimension, the edge of the basin, a saddle at 2/η and η_C"
    page.evaluate("(words) => eosdash.say('fate', words)", words)
    assert page.locator("#fate .eos-term").count() == 0
    assert page.locator("#fate sub").count() == 1
    page.evaluate(
        "eosdash.say('fate', 'one dimension, the [[dimension]], [[that|basin]], [[none]]')"
    )
    terms = page.locator("#fate .eos-term")
    assert terms.all_inner_texts() == ["dimension", "that"]
    assert [each.get_attribute("data-term") for each in terms.all()] == ["dimension", "basin"]
    assert page.locator("#fate").inner_text() == "one dimension, the dimension, that, none"


def test_marks_are_seen_nowhere(run_page: RunPage) -> None:
    page = run_page.page
    for address in ("/", "/basin", "/sweep", "/theory", "/scenes", "/?scene=4"):
        page.goto(address)
        if address != "/scenes":
            page.wait_for_function("() => eosdash.page().shown()?.end", timeout=30_000)
        else:
            page.wait_for_selector(".eos-card")
        assert "[[" not in page.locator("body").inner_text()
        labels = page.evaluate(
            "[...document.querySelectorAll('[aria-label]')].map((e) => e.ariaLabel)"
        )
        assert not [label for label in labels if "[[" in label]


def test_the_glossary_has_every_term_in_words_and_symbols(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    page.keyboard.press("?")
    page.locator("#help [data-opens=glossary]").click()
    formulas = [key for key, term in GLOSSARY.items() if term.formula]
    expect(page.locator("#terms mjx-container")).to_have_count(len(formulas))
    for key, term in GLOSSARY.items():
        section = page.locator(f"#term-{key}")
        expect(section.locator("h3")).to_have_text(printed(term.name))
        expect(section.locator("p").first).to_have_text(printed(term.words))
        expect(section.locator("mjx-container")).to_have_count(int(bool(term.formula)))
    assert page.locator("#terms section").count() == len(GLOSSARY)
    assert page.locator("mjx-merror, [data-mjx-error], .MathJax_Error").count() == 0
    sizes = page.evaluate(
        """[...document.querySelectorAll("#terms mjx-container")]
            .map((formula) => formula.getBoundingClientRect())
            .filter(({ width, height }) => width < 10 || height < 10).length"""
    )
    assert sizes == 0


@pytest.mark.parametrize(("words", "key"), [("sharpness", "sharpness"), ("2/η", "threshold")])
def test_a_name_in_the_figure_leads_to_the_glossary(
    run_page: RunPage, words: str, key: str
) -> None:
    page = run_page.open(RUN).page
    name = page.locator("#run-figure .annotation-text-g").filter(has_text=words)
    box = name.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened(page, key)


def test_other_names_in_the_figure_lead_nowhere(run_page: RunPage) -> None:
    page = run_page.open(RUN).page
    box = page.locator("#run-figure .annotation-text-g").filter(has_text="loss").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#glossary")).to_be_hidden()


# Tour


def storage(page: Page) -> Any:
    return page.evaluate("localStorage.getItem('eosdash-toured')")


def not_offered_again(run: RunPage) -> None:
    expect(run.page.locator("#tour-offer")).to_be_hidden()
    assert storage(run.page)
    run.page.reload()
    run.finished()
    expect(run.page.locator("#tour-offer")).to_be_hidden()


def test_the_tour_is_offered_until_it_is_declined(wide: RunPage) -> None:
    page = wide.open().page
    expect(page.locator("#tour-offer")).to_be_visible()
    expect(page.locator("#tour")).to_be_hidden()
    assert storage(page) is None
    page.reload()
    wide.finished()
    expect(page.locator("#tour-offer")).to_be_visible()
    page.locator("#tour-decline").click()
    not_offered_again(wide)


def test_the_tour_in_five_steps_by_keyboard(wide: RunPage) -> None:
    page = wide.open().page
    card = page.locator("#tour")
    page.locator("#tour-start").focus()
    page.keyboard.press("Enter")
    titles, targets = set(), set()
    for step in range(1, STEPS + 1):
        expect(page.locator("#tour-count")).to_have_text(f"{step} of {STEPS}")
        expect(card).to_be_focused()
        expect(card).to_be_in_viewport(ratio=1)
        expect(page.locator("#tour-next")).to_have_text("Next" if step < STEPS else "Done")
        expect(page.locator(".eos-toured")).to_be_in_viewport()
        assert page.locator("#tour-words").inner_text()
        titles.add(page.locator("#tour-title").inner_text())
        targets.add(page.evaluate("document.querySelector('.eos-toured').className"))
        page.keyboard.press("Tab")
        expect(page.locator("#tour-end")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator("#tour-next")).to_be_focused()
        page.keyboard.press("Enter")
    assert len(titles) == len(targets) == STEPS
    expect(card).to_be_hidden()
    expect(page.locator(".eos-toured")).to_have_count(0)
    not_offered_again(wide)


@pytest.mark.parametrize("end", ["Escape", "End"])
def test_the_tour_ends_when_asked(wide: RunPage, end: str) -> None:
    page = wide.open().page
    page.locator("#tour-start").click()
    page.locator("#tour-next").click()
    expect(page.locator("#tour-count")).to_have_text("2 of 5")
    if end == "Escape":
        page.keyboard.press("Escape")
    else:
        page.locator("#tour-end").click()
    expect(page.locator("#tour")).to_be_hidden()
    expect(page.locator(".eos-toured")).to_have_count(0)
    not_offered_again(wide)


def test_after_the_tour_the_focus_is_where_it_was(wide: RunPage) -> None:
    page = wide.open().page
    page.locator("#help-open").focus()
    page.keyboard.press("Enter")
    page.locator("#tour-again").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tour")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#tour")).to_be_hidden()
    expect(page.locator("#help-open")).to_be_focused()


@pytest.mark.parametrize("framing", ["scene=1", "present=1", "embed=1"])
def test_the_tour_is_not_offered_in_a_talk(wide: RunPage, framing: str) -> None:
    page = wide.open(f"{RUN}&{framing}").page
    expect(page.locator("#tour-offer")).to_be_hidden()
    assert "eos-hidden" in (page.locator("#tour-offer").get_attribute("class") or "")
    assert storage(page) is None
    wide.open(RUN)
    expect(page.locator("#tour-offer")).to_be_visible()


def test_the_help_gives_the_tour_again(wide: RunPage) -> None:
    page = wide.open(RUN).page
    page.locator("#tour-decline").click()
    page.keyboard.press("?")
    page.locator("#tour-again").click()
    expect(page.locator("#help")).to_be_hidden()
    expect(page.locator("#tour-count")).to_have_text("1 of 5")
    expect(page.locator("#tour")).to_be_focused()


def test_the_help_gives_the_tour_from_the_deck_too(wide: RunPage) -> None:
    page = wide.page
    page.goto("/scenes")
    expect(page.locator("#deck .eos-card").first).to_be_visible()
    page.keyboard.press("?")
    page.locator("#tour-again").click()
    wide.finished()
    expect(page.locator("#tour-count")).to_have_text("1 of 5")
    expect(page.locator("#tour")).to_be_visible()
