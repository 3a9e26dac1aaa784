"""The learning rate and the scale of the start follow the network, until somebody sets them."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.run_page import RunPage

OF_THE_START = ("lr", "init_scale", "init_scaling")
SHOWN = """([name, value]) => {
    const run = window.eosdash?.state?.current;
    return run?.end && run.drawn === run.count && String(run.start.query[name]) === value;
}"""


def choose(run_page: RunPage, name: str, choice: str, value: str) -> dict[str, Any]:
    """Choose from a menu; the first record of the run that follows."""
    run_page.control(name).click()
    run_page.page.get_by_role("option", name=choice, exact=True).click()
    return follows(run_page, name, value)


def turn(run_page: RunPage, name: str, value: str) -> dict[str, Any]:
    """Type a number; the first record of the run that follows."""
    run_page.control(name).fill(value)
    run_page.control(name).press("Enter")
    return follows(run_page, name, value)


def follows(run_page: RunPage, name: str, value: str) -> dict[str, Any]:
    run_page.page.wait_for_function(SHOWN, arg=[name, value])
    return run_page.page.evaluate("eosdash.state.current.start")


def fits(start: dict[str, Any]) -> bool:
    return all(start["params"][name] == start["fitting"][name] for name in OF_THE_START)


def test_another_network_comes_with_what_suits_it(run_page: RunPage) -> None:
    run_page.open()
    start = choose(run_page, "activation", "ReLU", "relu")
    assert fits(start)
    assert start["fitting"].keys() == {*OF_THE_START, "steps"}
    wide = turn(run_page, "width", "24")
    assert fits(wide)
    assert wide["params"]["lr"] < start["params"]["lr"] / 2
    assert wide["params"]["init_scaling"] == "fan_in"
    expect(run_page.control("lr")).to_have_value(str(wide["params"]["lr"]))
    deep = turn(run_page, "depth", "3")
    assert fits(deep)
    outcome, loss = run_page.page.evaluate(
        "[eosdash.state.current.end.outcome, eosdash.state.current.columns.loss]"
    )
    assert outcome != "diverged"
    assert loss[-1] < 0.9 * loss[0]
    assert run_page.link["lr"] == str(deep["params"]["lr"])


def test_what_a_hand_has_set_stays(run_page: RunPage) -> None:
    run_page.open()
    turn(run_page, "lr", "0.123")
    start = choose(run_page, "activation", "tanh", "tanh")
    assert start["params"]["lr"] == 0.123
    assert start["params"]["init_scale"] == start["fitting"]["init_scale"]
    assert turn(run_page, "width", "9")["params"]["lr"] == 0.123
    assert choose(run_page, "task", "Moons", "moons")["params"]["lr"] == 0.123


@pytest.mark.parametrize(("given", "kept"), [("0.3", True), ("0.469", False)])
def test_a_link_keeps_its_learning_rate_unless_it_is_what_suits(
    run_page: RunPage, given: str, kept: bool
) -> None:
    run_page.open(f"task=scalar&depth=4&width=1&init_scaling=none&lr={given}&steps=90")
    start = turn(run_page, "depth", "2")
    assert (start["params"]["lr"] == float(given)) is kept
    assert fits(start) is not kept


def test_another_page_goes_on_from_what_suits(run_page: RunPage) -> None:
    page = run_page.open("depth=3&width=8&steps=90").page
    page.locator("#nav-run").hover()
    page.locator("#nav-basin").hover()
    carried = parse_qs(urlsplit(page.locator("#nav-basin").get_attribute("href") or "").query)
    assert carried["lr"] == [run_page.link["lr"]]


def test_a_map_follows_its_network_too(run_page: RunPage) -> None:
    page = run_page.page
    page.goto("/basin?depth=2&width=2&resolution=16&steps=40")
    page.wait_for_function("() => window.eosdash?.mapState?.map?.end")
    before = page.evaluate("eosdash.mapState.map.start.query.lr")
    run_page.control("width").fill("40")
    run_page.control("width").press("Enter")
    page.wait_for_function("() => eosdash.mapState.map.start.query.width === '40'")
    start = page.evaluate("eosdash.mapState.map.start")
    assert fits(start)
    assert start["query"]["lr"] != before


def test_another_seed_keeps_the_learning_rate(run_page: RunPage) -> None:
    run_page.open("steps=90")
    lr = choose(run_page, "activation", "tanh", "tanh")["query"]["lr"]
    asked = run_page.asked
    run_page.page.locator("#new-seed").click()
    run_page.another(asked)
    assert run_page.page.evaluate("eosdash.state.current.start.query.lr") == lr
    assert run_page.page.evaluate("eosdash.state.current.start.fitting.lr") != float(lr)


def test_another_task_is_a_beginning(run_page: RunPage) -> None:
    """What a link has given was meant for the network that it goes with."""
    run_page.open("task=scalar&depth=2&lr=0.9&init_scale=0.3&seed=3&steps=90")
    start = choose(run_page, "task", "Regression", "regression")
    assert fits(start)
    assert start["params"]["steps"] == 90


def test_undo_brings_back_what_had_been_fitted(run_page: RunPage) -> None:
    run_page.open("depth=3&width=8&steps=90")
    before = run_page.link["lr"]
    after = turn(run_page, "width", "40")
    assert str(after["params"]["lr"]) != before
    run_page.page.keyboard.press("Escape")
    run_page.page.locator("#undo").click()
    assert follows(run_page, "width", "8")["query"]["lr"] == before


def test_a_task_chosen_by_hand_shows_learning(run_page: RunPage, page: Page) -> None:
    run_page.open()
    for choice, task in (("Whitened", "whitened"), ("Toy regression", "toy")):
        choose(run_page, "task", choice, task)
        loss = page.evaluate("eosdash.state.current.columns.loss")
        assert loss[-1] < 0.9 * loss[0]
