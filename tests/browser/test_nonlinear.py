"""Networks that are not linear, from the controls to the picture."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage

SMALL = "task=chebyshev&activation=tanh&hidden=6,5&samples=12&init_scaling=fan_in&lr=0.2&steps=60"


def choose(run_page: RunPage, name: str, choice: str) -> None:
    run_page.control(name).click()
    run_page.page.get_by_role("option", name=choice, exact=True).click()


def test_a_task_chosen_by_hand_comes_with_a_network_that_suits_it(run_page: RunPage) -> None:
    run_page.open("steps=60")
    choose(run_page, "task", "Chebyshev polynomial")
    run_page.page.wait_for_function(
        "() => eosdash.state.current?.start.query.task === 'chebyshev' && eosdash.state.current.end"
    )
    assert run_page.link["hidden"] == "30,20"
    assert run_page.link["activation"] == "tanh"
    assert run_page.link["samples"] == "20"
    expect(run_page.page.locator("#setup")).to_contain_text("A tanh network of 3 layers")
    expect(run_page.page.locator("#lr-words")).not_to_contain_text("η_C")
    choose(run_page, "task", "Scalar")
    run_page.page.wait_for_function(
        "() => eosdash.state.current?.start.query.task === 'scalar' && eosdash.state.current.end"
    )
    expect(run_page.page.locator("#setup")).to_contain_text("A chain of 4 weights")


@pytest.mark.parametrize(
    ("optimizer", "words", "value"),
    [("heavy_ball", "(2 + 2β)/η", 19.0), ("nesterov", "(2 + 2β)/((1 + 2β) η)", 19 / 2.8)],
)
def test_momentum_draws_its_own_threshold(
    run_page: RunPage, optimizer: str, words: str, value: float
) -> None:
    run_page.open(f"{SMALL}&optimizer={optimizer}")
    drawn = run_page.page.evaluate(
        "eosdash.graph('run-figure').data.find((t) => t.meta === 'threshold').y"
    )
    assert drawn == pytest.approx([value] * len(drawn))
    assert drawn
    expect(run_page.page.locator("#run-figure")).to_contain_text(words)
    expect(run_page.page.locator("#lr-words")).to_contain_text(words)


def test_what_holds_of_linear_networks_only_is_not_offered(run_page: RunPage) -> None:
    page = run_page.open(SMALL).page
    expect(page.locator("#scope")).to_contain_text("not about this one")
    expect(page.locator("#lr-words")).not_to_contain_text("η_C")
    page.locator(".eos-nav").first.hover()
    theory = page.locator("#nav-theory").get_attribute("href") or ""
    basin = page.locator("#nav-basin").get_attribute("href") or ""
    assert "activation=tanh" in basin
    assert "color=loss" in basin
    page.goto(basin)
    BasinPage(page).finished()
    page.goto(f"{theory}&points=5&starts=5")
    expect(page.locator("#adapted")).to_contain_text("activation linear instead of tanh")


def test_the_threshold_stands_with_its_learning_rate(run_page: RunPage) -> None:
    page = run_page.open(SMALL).page
    places = [
        run_page.field("lr"), page.locator("#lr-words"), page.locator("#lr-zone"),
        run_page.field("optimizer"),
    ]  # fmt: skip
    tops = [place.bounding_box()["y"] for place in places]  # type: ignore[index]
    assert tops == sorted(tops)


def test_a_width_that_hidden_widths_stand_in_for_says_so(run_page: RunPage) -> None:
    run_page.open(SMALL)
    width = run_page.field("width")
    expect(width).to_contain_text("not used: the hidden widths are 6,5")
    before = run_page.asked
    run_page.control("width").fill("3")
    assert run_page.another(before).link["width"] == "3"
    expect(width).not_to_contain_text("not used")


def test_what_a_link_is_of_is_said_before_anything_is_computed(page: Page) -> None:
    page.route("**/api/train?*", lambda route: route.abort())
    page.goto(f"/?{SMALL}")
    expect(page.locator("#scope")).to_contain_text("Tanh network, squared loss")


def upload(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#choose-table").click()
    chooser.value.set_files(path)


def test_a_table_of_ones_own_is_learned_and_asked_for_nowhere_else(
    run_page: RunPage, tmp_path: Path, complaints: list[str]
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("hours,marks\n1,2.5\n2,3.5\n3,5\n4,4\n5,8\n")
    run_page.open("steps=60")
    page = run_page.page
    choose(run_page, "task", "Numbers of your own")
    expect(page.locator("#adapted")).to_contain_text("an example table to begin with")
    upload(page, table)
    page.wait_for_function(
        "() => eosdash.state.current?.end\n"
        "&& eosdash.state.current.start.query.data?.startsWith('1:2')"
    )
    assert run_page.link["data"] == "1:2.5,2:3.5,3:5,4:4,5:8"
    expect(page.locator("#setup")).to_contain_text("5 rows of 1 inputs")
    answer = page.request.get(f"/api/train?{page.url.split('?')[1]}")
    again = page.request.get(f"/api/train?{page.url.split('?')[1]}")
    assert answer.status == 200
    assert again.headers["cache-status"] == "eosdash; fwd=miss"
    assert "no-store" in again.headers["cache-control"]
    complaints.clear()  # the task was chosen before there were numbers


BROKEN = {
    "1,2\n3,x\n": r"line 2: “x” is not a number",
    "1\n2\n": r"one column",
    "1,2\n": r"fewer than two lines",
    "1,2\n" * 301: r"301 rows of 2 numbers are too many",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_table_that_is_none_is_refused_and_nothing_is_lost(
    run_page: RunPage, tmp_path: Path, text: str, complaints: list[str]
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(text)
    run_page.open(f"{SMALL.replace('chebyshev', 'csv')}&data=1:2,2:3,3:5")
    before = run_page.column("loss")
    upload(run_page.page, table)
    expect(run_page.page.locator("#problem")).to_contain_text(re.compile(BROKEN[text]))
    assert run_page.column("loss") == before
    complaints.clear()  # the browser itself reports every 422


def test_the_largest_table_is_learned_and_said_to_be_so_only_then(
    run_page: RunPage, tmp_path: Path
) -> None:
    table = tmp_path / "large.csv"
    numbers = np.random.default_rng(5).normal(size=(300, 3)) * [1e-3, 7, 9e4]
    table.write_text("\n".join(";".join(f"{x:.17g}" for x in row) for row in numbers))
    run_page.open(f"{SMALL.replace('chebyshev', 'csv')}&data=1:2,2:3,3:5")
    before = run_page.asked
    held: list[Route] = []
    page = run_page.page
    page.route("**/api/train?*", lambda route: held.append(route))
    upload(page, table)
    page.wait_for_function("() => eosdash.value('data').length > 4000")
    expect(page.locator("#toast")).not_to_contain_text("300 rows")
    while not held:
        page.wait_for_timeout(20)
    held[-1].continue_()
    expect(page.locator("#toast")).to_contain_text("300 rows of 3 numbers, kept in the link")
    assert len(run_page.another(before).link["data"].split(",")) == 300
    assert "%" not in page.url.split("data=")[1].split("&")[0]
    expect(page.locator("#problem")).to_be_empty()
    page.unroute("**/api/train?*")
    page.reload()
    run_page.finished()
    assert len(run_page.link["data"].split(",")) == 300


DROP = """([selector, name, text]) => {
    const files = new DataTransfer();
    files.items.add(new File([text], name, { type: "text/csv" }));
    const target = document.querySelector(selector);
    return ["dragover", "drop"].map((kind) => {
        const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files });
        target.dispatchEvent(event);
        return event.defaultPrevented;
    });
}"""


@pytest.mark.parametrize("beside", ["body", "#run-figure", ".eos-header", ".eos-field-lr input"])
def test_a_file_dropped_beside_the_field_leaves_the_page_as_it_is(
    run_page: RunPage, beside: str
) -> None:
    run_page.open(f"{SMALL.replace('chebyshev', 'csv')}&data=1:2,2:3,3:5")
    before = run_page.asked
    page = run_page.page
    assert page.evaluate(DROP, [beside, "mine.csv", "1,2\n3,4\n"]) == [True, True]
    assert run_page.asked == before
    page.evaluate(DROP, [".eos-field-data", "mine.csv", "1,2\n3,4\n"])
    assert run_page.another(before).link["data"] == "1:2,3:4"
