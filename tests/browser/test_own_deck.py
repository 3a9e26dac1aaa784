"""A deck of one's own travels with its link, and where it is missing no other stands in for it."""

import random
import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.app_page import AppPage

DECK = """title: Steps that are too long
scenes:
  - title: A quiet one
    page: run
    params: {depth: 2, lr: 0.2, steps: 25}
    text: It goes down as η·S stays below two.
    look: The line below.
  - title: A loud one
    page: run
    params: {depth: 2, lr: 1.4, steps: 25}
    text: It cannot settle.
    look: The line above.
"""

NewContext = Callable[..., BrowserContext]


def big() -> str:
    """A deck that no link can hold."""
    draw = random.Random(4)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz ", k=590)) for _ in range(30)]
    scenes = [
        f"  - {{title: T{i}, page: run, params: {{depth: 2, steps: 25}}, text: x{text}, look: L}}\n"
        for i, text in enumerate(words)
    ]
    return f"title: A long talk\nscenes:\n{''.join(scenes)}"


def opened(page: Page, text: str, count: int) -> None:
    page.goto("/scenes")
    page.wait_for_selector(".eos-card")
    with page.expect_file_chooser() as chooser:
        page.locator("#deck-open").click()
    chooser.value.set_files({"name": "mine.yaml", "mimeType": "text/yaml", "buffer": text.encode()})
    expect(page.locator(".eos-card")).to_have_count(count)


def shown(page: Page, title: str) -> None:
    page.wait_for_function("() => window.eosdash?.page?.().shown?.()?.end")
    expect(page.locator("#scene-title")).to_have_text(title)
    expect(page.locator("#scene")).to_be_visible()


def link_of(page: Page, card: int) -> str:
    page.locator(".eos-card").nth(card).click()
    page.wait_for_function("() => eosdash.page().shown?.()?.end")
    page.locator("#share").click()
    page.get_by_role("button", name="Hide, lock, embed …").click()
    return page.locator("#share-link").input_value()


def test_a_deck_travels_with_the_link_of_its_scene(
    page: Page, complaints: list[str], new_context: NewContext
) -> None:
    opened(page, DECK, 2)
    expect(page.locator("#deck-travels")).to_have_text("Links to its scenes hold this deck.")
    link = link_of(page, 1)
    other = new_context().new_page()
    other.goto(link)
    shown(other, "A loud one")
    assert AppPage(other).link["lr"] == "1.4"
    other.reload()
    shown(other, "A loud one")
    other.locator("#scene-back").click()
    shown(other, "A quiet one")
    other.locator("#nav-scenes").click()
    expect(other.locator("#deck-title")).to_have_text("Steps that are too long")
    other.goto("/scenes")
    expect(other.locator(".eos-card")).to_have_count(2)
    with other.expect_download() as arriving:
        other.locator("#deck-save").click()
    assert arriving.value.path().read_text() == DECK
    # A link of the deck of the site goes on being of that.
    other.goto("/?scene=1&steps=25")
    expect(other.locator("#scene-number")).to_have_text("Scene 1 of 17")


def test_a_link_whose_deck_is_missing_says_so(
    page: Page, complaints: list[str], new_context: NewContext
) -> None:
    opened(page, DECK, 2)
    link = link_of(page, 0)
    bare, damaged = link.partition("#")[0], link[:-9]
    for address, words in ((bare, "not in this browser"), (damaged, "cannot be read")):
        other = new_context().new_page()
        other.goto(address)
        other.wait_for_function("() => window.eosdash?.page?.().shown?.()?.end")
        expect(other.locator("#problem")).to_contain_text(words)
        expect(other.locator("#scene")).to_be_hidden()
        assert AppPage(other).link["lr"] == "0.2"
        assert "scene" not in AppPage(other).link
    expect(page.locator("#problem")).to_have_text("")
    complaints.clear()


def test_a_deck_too_large_for_a_link_goes_as_a_file(
    page: Page, complaints: list[str], new_context: NewContext
) -> None:
    opened(page, big(), 30)
    expect(page.locator("#deck-travels")).to_contain_text("too large for a link (8,000 characters")
    link = link_of(page, 7)
    assert "#" not in link
    other = new_context().new_page()
    other.goto(link)
    expect(other.locator("#problem")).to_contain_text("not in this browser")
    opened(other, big(), 30)
    other.goto(link)
    shown(other, "T7")


def test_a_deck_may_lie_on_the_host(page: Page, complaints: list[str]) -> None:
    page.goto("/scenes?deck=/api/deck.yaml")
    expect(page.locator("#deck-travels")).to_contain_text("name its address on this host")
    page.goto("/?depth=2&steps=25&scene=2&deck=/api/deck.yaml")
    expect(page.locator("#scene-number")).to_have_text("Scene 2 of 17")
    page.wait_for_function("() => eosdash.page().shown?.()?.end")
    assert AppPage(page).link["deck"] == "/api/deck.yaml"
    page.goto("/?depth=2&steps=25&scene=2&deck=/healthz")
    expect(page.locator("#problem")).to_contain_text("The deck /healthz cannot be used: line 1")
    expect(page.locator("#scene")).to_be_hidden()
    page.goto("/?depth=2&steps=25&scene=2&deck=//example.org/deck.yaml")
    expect(page.locator("#problem")).to_contain_text(re.compile("deck.*names no deck"))
    complaints.clear()  # that the second is none is an answer of 422
