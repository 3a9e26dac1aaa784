"""The Python call that each page copies: it runs, and gives what the page shows."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from eosdash.shares import percent
from tests.browser.app_page import AppPage
from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage


def called(page: AppPage, name: str) -> Any:
    """What the copied text leaves under the name of the page."""
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.page.locator("#share").click()
    page.page.locator("#copy-python").click()
    expect(page.page.locator("#toast")).to_contain_text("Python")
    scope: dict[str, Any] = {}
    exec(page.page.evaluate("navigator.clipboard.readText()"), scope)
    return scope[name]


@pytest.mark.parametrize(
    "query",
    [
        "task=whitened&depth=3&width=2&singular_values=1.2,0.4&lr=0.3&steps=40",
        "task=chebyshev&activation=gelu&hidden=6,5&momentum=0.5&optimizer=heavy_ball&steps=30",
        "task=csv&data=-1:2,0.5:1,3:-2.5&activation=tanh&depth=2&width=3&lr=0.05&steps=30",
    ],
)
def test_of_a_run(run_page: RunPage, query: str) -> None:
    run_page.open(query)
    found = called(run_page, "run")
    assert found.loss.tolist() == run_page.column("loss")


def test_of_a_map(basin_page: BasinPage) -> None:
    basin_page.open("depth=3&lr=0.5&weights=0.9,1.1,0.7&resolution=64&steps=90&target=0.8")
    found = called(basin_page, "basin")
    for outcome, share in found.fraction.items():
        if share:
            assert basin_page.share(outcome) == percent(share)


def test_of_a_sweep(sweep_page: SweepPage) -> None:
    sweep_page.open("depth=2&points=6&starts=12&steps=150")
    found = called(sweep_page, "sweep")
    counts = sweep_page.page.evaluate("eosdash.sweepState.sweep.columns.counts")
    shares = np.array([found.fraction[outcome] for outcome in found.fraction]).T
    assert np.array(counts) / 12 == pytest.approx(shares)


def test_of_the_theory(theory_page: TheoryPage) -> None:
    theory_page.open("depth=3&target=0.9&points=12&starts=20&steps=150")
    found = called(theory_page, "theory")
    shown = theory_page.page.evaluate("eosdash.theoryState.theory.start.python")
    assert found.params.call() == shown
    value = theory_page.page.evaluate("eosdash.theoryState.theory.start.critical_lr.value")
    assert found.critical_lr.value == value
