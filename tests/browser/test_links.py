"""Links: what is out of range is said, what cannot be is adapted, what was named goes along."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.run_page import RunPage

SHOWN = "() => window.eosdash?.page?.().shown?.()?.end"


def follow(page: Page, name: str) -> dict[str, str]:
    """Go to another page by its link; what that has named, and what the page made of it."""
    page.locator("#nav-scenes").hover()
    page.locator(f"#nav-{name}").hover()
    page.locator(f"#nav-{name}").click()
    page.wait_for_function(f"() => eosdash.page().name === '{name}'")
    page.wait_for_function(SHOWN)
    return {key: found[0] for key, found in parse_qs(urlsplit(page.url).query).items()}


def value(page: Page, name: str) -> str:
    return page.locator(f'[id=\'{{"name":"{name}","type":"param"}}\']').input_value()


@pytest.mark.usefixtures("complaints")
def test_what_a_link_has_named_goes_from_page_to_page(page: Page) -> None:
    page.goto("/?depth=1&lr=0.35&steps=45&optimizer=heavy_ball&momentum=0.4&seed=6")
    page.wait_for_function(SHOWN)
    basin = follow(page, "basin")
    assert basin["plane"] == "trainability"
    assert (basin["depth"], basin["steps"], basin["seed"]) == ("1", "45", "6")
    assert value(page, "lr") == "0.35"
    expect(page.locator("#adapted")).to_contain_text("plane trainability")
    expect(page.locator("#problem")).to_have_text("")
    sweep = follow(page, "sweep")
    assert (sweep["depth"], sweep["lr"], sweep["steps"]) == ("1", "0.35", "45")
    theory = follow(page, "theory")
    assert (theory["depth"], theory["lr"], theory["steps"]) == ("1", "0.35", "45")
    run = follow(page, "run")
    assert (run["optimizer"], run["momentum"], run["lr"]) == ("heavy_ball", "0.4", "0.35")
    assert (run["depth"], run["steps"], run["seed"]) == ("1", "45", "6")


@pytest.mark.usefixtures("complaints")
def test_who_comes_from_the_deck_has_named_nothing(page: Page) -> None:
    page.goto("/scenes")
    expect(page.locator("#deck .eos-card").first).to_be_visible()
    page.locator("#nav-basin").hover()
    expect(page.locator("#nav-basin")).to_have_attribute("href", "/basin")


@pytest.mark.usefixtures("complaints")
def test_the_theory_says_that_it_takes_a_linear_network(page: Page) -> None:
    page.goto("/?activation=softplus&depth=2&width=2&steps=40")
    page.wait_for_function(SHOWN)
    theory = follow(page, "theory")
    assert theory["width"] == "2"
    expect(page.locator("#adapted")).to_contain_text("activation linear instead of softplus")


@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize("path", ["/", "/basin", "/theory"])
@pytest.mark.parametrize(
    ("scene", "words"),
    [
        ("-2", "no number of a scene"),
        ("1.5", "no number of a scene"),
        ("two", "no number of a scene"),
        ("", "no number of a scene"),
        ("77", "There is no scene 77: this deck has the scenes 1 to 17"),
    ],
)
def test_a_scene_that_is_none_is_said(page: Page, path: str, scene: str, words: str) -> None:
    page.goto(f"{path}?scene={scene}&steps=30")
    page.wait_for_function(SHOWN)
    expect(page.locator("#problem")).to_contain_text(words)
    expect(page.locator("body")).not_to_have_class(re.compile("eos-(has-scene|waiting|secret)"))


def test_what_older_links_call_otherwise_is_still_understood(run_page: RunPage) -> None:
    run_page.open("depth=3&seed=4&lr=0.3&steps=60&lowest=true&hide=lowest,width")
    assert run_page.drawn("lambda_min") == run_page.drawn("loss")
    assert "lowest" not in run_page.link
    assert run_page.link["lambda_min"] == "true"
    run_page.page.locator("#view").click()
    expect(run_page.field("gfs")).to_be_visible()
    expect(run_page.field("lambda_min")).to_be_hidden()
    expect(run_page.page.locator("#problem")).to_have_text("")


@pytest.mark.usefixtures("complaints")
def test_no_scene_is_no_mistake(page: Page) -> None:
    page.goto("/?scene=0&steps=30")
    page.wait_for_function(SHOWN)
    expect(page.locator("#problem")).to_have_text("")
