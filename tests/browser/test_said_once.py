"""What is asked for gives a picture or a word: once, beside its field, and nothing else changes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage

INTERNAL = re.compile(r"init_scale|data_seed|lr_schedule|weight_decay|input should|\blr:", re.I)


def errors(page: Page) -> list[str]:
    shown = page.locator(".mantine-InputWrapper-error:visible")
    return [words.strip() for words in shown.all_inner_texts()]


WRONG = [
    ("depth", "31", "Depth L", "“31” is too large. Allowed: a whole number from 1 to 12."),
    ("init_scale", "-2", "Scale s", "“-2” is too small. Allowed: a number from 0 to 100."),
    ("weight_decay", "11", "Weight decay r", "“11” is too large. Allowed: a number from 0 to 10."),
    ("lr_schedule", "9:x", "Learning rate changes", "“x” is not a number. Allowed: "),
]


@pytest.mark.parametrize(("name", "value", "label", "words"), WRONG)
def test_a_wrong_value_is_said_once_beside_its_field(
    run_page: RunPage, complaints: list[str], name: str, value: str, label: str, words: str
) -> None:
    page = run_page.open("depth=3&seed=4&lr=0.4&steps=50").page
    page.locator(".eos-more summary").first.click()
    run_page.control(name).fill(value)
    expect(run_page.field(name)).to_contain_text(words)
    expect(page.locator("#problem")).to_have_text(f"Not computed: see {label}.")
    assert page.locator("body").inner_text().count(words) == 1
    assert not INTERNAL.search(page.locator("#problem").inner_text() + errors(page)[0])
    complaints.clear()  # Chromium reports the 422 itself


def test_where_the_field_is_not_seen_the_words_are_over_the_picture(
    run_page: RunPage, complaints: list[str]
) -> None:
    page = run_page.open("depth=3&seed=4&lr=0.4&steps=50&present=1").page
    page.evaluate("eosdash.set('depth', 44)")
    expect(page.locator("#problem")).to_have_text(
        "“44” is too large. Allowed: a whole number from 1 to 12."
    )
    complaints.clear()


def test_a_link_says_which_fields_and_why_beside_them(run_page: RunPage) -> None:
    page = run_page.open("depth=40&lr=fast&seed=3&steps=60&noise_level=2").page
    problem = page.locator("#problem").inner_text()
    assert problem.startswith("Not used from the link: Depth L, Learning rate η, for what")
    assert "“noise_level” is no parameter of this page" in problem
    assert "too large" not in problem
    assert len(errors(page)) == 2
    assert run_page.link["seed"] == "3"
    assert run_page.link["steps"] == "60"


def test_weights_that_do_not_fit_are_counted_and_the_rest_of_the_link_holds(
    run_page: RunPage,
) -> None:
    page = run_page.open("init=weights&weights=1,2,0.5,3,1&depth=3&lr=0.21&steps=70").page
    expect(page.locator("#adapted")).to_contain_text("5 do not fit this network")
    assert {name: run_page.link[name] for name in ("depth", "lr", "steps")} == {
        "depth": "3", "lr": "0.21", "steps": "70",
    }  # fmt: skip


@pytest.mark.parametrize(
    "more", ["fold=true", "color=loss&contours=true", "resolution=64", "hide=lr"]
)
def test_only_what_a_link_names_changes_on_a_map(basin_page: BasinPage, more: str) -> None:
    basin_page.open("resolution=64")
    first = basin_page.link
    there = BasinPage(basin_page.page).open(f"{more}&resolution=64").link
    named = {pair.split("=")[0] for pair in more.split("&")}
    assert {k: v for k, v in there.items() if k not in named} == {
        k: v for k, v in first.items() if k not in named
    }
    assert there["weights"] == "0.4,1.6"


def test_only_what_a_link_names_changes_on_other_pages(
    run_page: RunPage, sweep_page: SweepPage, theory_page: TheoryPage
) -> None:
    assert run_page.open("gradient=true&steps=90").link["seed"] == run_page.open().link["seed"]
    assert run_page.column("loss")[1] == RunPage(run_page.page).open("steps=90").column("loss")[1]
    assert sweep_page.open("lr=0.7&starts=6&columns=20&steps=60").link["high"] == "1.95"
    assert theory_page.open("points=8&starts=10&steps=50").link["depth"] == "2"


@pytest.mark.parametrize("rates", ["rates=0.6", "rates=0.6,0.6"])
def test_a_sweep_of_one_column_is_a_picture(sweep_page: SweepPage, rates: str) -> None:
    """No path has NaN, which the browser would complain of."""
    sweep_page.open(f"task=scalar&depth=2&starts=8&steps=80&{rates}")
    x, y = sweep_page.trace("fraction.minimum") or ([], [])
    assert len(x) == 2
    assert x[0] < x[1]
    assert y[0] == y[1]
    svg = sweep_page.page.locator("#sweep-figure").inner_html()
    assert "NaN" not in svg
    ranges = sweep_page.page.evaluate("document.querySelector('#sweep-figure').layout.xaxis.range")
    assert ranges == x
    assert "converge" in sweep_page.text("summary")


def test_learning_rates_in_any_order_are_drawn_where_they_are(sweep_page: SweepPage) -> None:
    sweep_page.open("task=scalar&depth=2&starts=8&steps=200&rates=1.7,0.4,1.2,0.5")
    x, _ = sweep_page.trace("fraction.minimum") or ([], [])
    assert x == [0.4, 0.5, 1.2, 1.7]
    words = sweep_page.page.evaluate(
        "eosdash.sweepState.sweep.reading(eosdash.sweepState.sweep.nearest(1.6))"
    )
    assert words.startswith("η = 1.7 ")


SMALLEST = {
    "run": "steps=1&depth=1",
    "basin": "depth=2&resolution=16&steps=1&lr=0.3",
    "sweep": "depth=1&columns=2&starts=1&steps=1",
    "theory": "depth=1&starts=1&steps=1&points=1",
}


@pytest.mark.parametrize("name", SMALLEST)
def test_the_smallest_of_each_kind_is_a_picture(name: str, request: pytest.FixtureRequest) -> None:
    there = request.getfixturevalue(f"{name}_page")
    there.open(SMALLEST[name])
    assert "NaN" not in there.page.locator(".eos-main").inner_html()


@pytest.mark.parametrize("by", ["click", "back"])
def test_another_page_comes_as_soon_as_the_server_answers(
    run_page: RunPage, complaints: list[str], by: str
) -> None:
    page = run_page.open("depth=2&seed=3&lr=0.5&steps=40").page
    headline = run_page.text("summary")
    if by == "back":
        page.locator("#nav-sweep").click()
        SweepPage(page).finished()
    page.context.set_offline(True)
    if by == "back":
        page.go_back()
    else:
        page.locator("#nav-sweep").click()
    expect(page.locator("#problem")).to_contain_text("What you see is the page of before")
    page.context.set_offline(False)
    if by == "back":
        page.wait_for_selector("#run-figure .main-svg", timeout=30_000)
        expect(page.locator("#summary")).to_have_text(headline)
    else:
        page.wait_for_selector("#sweep-figure", timeout=30_000)
    assert ("/sweep" in page.url) == (by == "click")
    complaints.clear()  # Chromium reports that it is offline
