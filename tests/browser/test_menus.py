"""Every entry of every menu gives a picture: what does not fit is adapted, and that is said."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.conftest import ROOT, free_port, serving

WALK = Path(__file__).with_name("walk.js").read_text()
SHOWN = """() => [
    ...document.querySelectorAll("input[aria-haspopup=listbox], [role=radiogroup], [role=switch]"),
]
    .filter((part) => !part.disabled && part.getClientRects().length)
    .map(({ id }) => (id.startsWith("{") ? JSON.parse(id).name : id))"""
THERE = "() => window.eosdash?.page?.().shown?.()?.end"

SMALL = {
    "/": "steps=60",
    "/basin": "resolution=24&steps=30",
    "/sweep": "columns=12&starts=4&steps=40",
    "/theory": "points=10&starts=4&steps=40",
}
"""Every page that computes, with little to do for most entries, and too much for the others."""

DECK = """title: One scene
scenes: [{title: A run, page: run, params: {depth: 2, steps: 30}, text: Words., look: There.}]
"""


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with so little time for a result that most of them have to be adapted."""
    folder = tmp_path_factory.mktemp("strict")
    deck, port = folder / "deck.yaml", str(free_port())
    deck.write_text(DECK)
    environ = os.environ | {
        "PORT": port,
        "EOSDASH_CACHE_DIR": str(folder / "cache"),
        "EOSDASH_DECK": str(deck),
        "EOSDASH_LIMIT_SECONDS": "0.5",
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "app:server"]
    with serving(command, ROOT, environ, folder / "log") as url:
        yield url


@pytest.mark.parametrize("path", SMALL)
def test_every_entry_of_every_menu_gives_a_picture(
    page: Page, strict_server: str, path: str
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{strict_server}{path}?{SMALL[path]}")
    page.wait_for_function(THERE)
    walked = page.evaluate(WALK)
    names = {step["name"] for step in walked}
    shown = page.evaluate(SHOWN)
    assert names >= {*shown, "task"}
    faulty = [step for step in walked if step["faults"]]
    assert not faulty, str(faulty)
    assert [step for step in walked if not (step["kept"] or step["said"])] == []
    assert not errors


def pick(page: BasinPage | RunPage | SweepPage, name: str, choice: str) -> None:
    page.control(name).click()
    page.page.get_by_role("option", name=choice, exact=True).click()


@pytest.mark.usefixtures("complaints")
def test_a_map_adapts_to_the_network_and_back(basin_page: BasinPage, complaints: list[str]) -> None:
    page = basin_page.open().page
    asked = basin_page.asked
    pick(basin_page, "plane", "Trainability")
    basin_page.another(asked)
    assert basin_page.link["plane"] == "trainability"
    expect(page.locator("#adapted")).to_have_text(
        "Given weights have no scale to vary: initialization gaussian instead of weights."
    )
    page.locator("#adapted-undo").click()
    page.wait_for_function("() => eosdash.mapState.map.start.query.plane === 'weights'")
    basin_page.finished()
    assert basin_page.link["weights"] == "0.4,1.6"
    expect(page.locator("#adapted")).to_have_text("")
    pick(basin_page, "task", "Toy regression")
    page.wait_for_function("() => eosdash.mapState.map.start.query.task === 'toy'")
    expect(page.locator("#adapted")).to_contain_text("instead of 512")
    assert int(basin_page.link["resolution"]) < 512
    pick(basin_page, "task", "Whitened")
    page.wait_for_function("() => eosdash.mapState.map.start.query.task === 'whitened'")
    assert basin_page.link["resolution"] == "512"
    complaints.clear()  # the browser notes every answer of 422


def test_a_sweep_goes_over_sizes_and_back(sweep_page: SweepPage, complaints: list[str]) -> None:
    page = sweep_page.open("depth=3&columns=16&starts=3&steps=60").page
    for choice, ends in (("Width", ("1", "12")), ("Lr", ("0.2", "1.6")), ("Depth", ("2", "8"))):
        asked = sweep_page.asked
        pick(sweep_page, "over", choice)
        sweep_page.another(asked)
        assert (sweep_page.link["low"], sweep_page.link["high"]) == ends
        expect(page.locator("#adapted")).to_contain_text(f"to {ends[1]} instead of")
    complaints.clear()


def test_a_number_that_is_typed_is_refused_and_not_replaced(
    run_page: RunPage, complaints: list[str]
) -> None:
    page = run_page.open("depth=2&steps=40").page
    run_page.control("steps").fill("70000")
    expect(page.locator("#problem")).to_contain_text("Not computed")
    expect(page.locator("#lr-words")).to_have_text("")
    expect(page.locator("#adapted")).to_have_text("")
    run_page.control("steps").fill("50")
    page.wait_for_function("() => eosdash.state.current.start.query.steps === '50'")
    expect(page.locator("#lr-words")).to_contain_text("2/η")
    complaints.clear()
