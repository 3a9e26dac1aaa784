"""The page of the theory in a real browser."""

import numpy as np
import pytest
from playwright.sync_api import expect

import eosdash
from tests.browser.app_page import serious
from tests.browser.basin_page import BasinPage
from tests.browser.theory_page import TheoryPage


def test_the_first_visit_shows_and_checks_four_statements(theory_page: TheoryPage) -> None:
    theory_page.open()
    assert "none at −∞" in theory_page.text("nonsingular-check")
    assert "rank J = 1 at 200 of 200" in theory_page.text("manifold-check")
    assert "between 0.707 and 1.41" in theory_page.text("stable-check")
    check = theory_page.text("measure_zero-check")
    assert check.startswith("0 of 1,200 starts past")
    assert "with 95 % confidence" in check
    expect(theory_page.page.locator(".eos-symbols mjx-container")).to_have_count(6)


def test_the_pictures_show_what_the_numbers_say(theory_page: TheoryPage) -> None:
    theory_page.open("depth=2&lr=0.8")
    fold = theory_page.data("nonsingular-a", "fold")
    assert fold
    a, b = (np.array(fold[name], dtype=float) for name in ("x", "y"))
    determinant = (1 - 0.8 * a**2) * (1 - 0.8 * b**2) - 0.64 * (2 * a * b - 1) ** 2
    assert np.nanmax(np.abs(determinant)) < 1e-9
    preimages = theory_page.data("nonsingular-b", "preimages")
    assert preimages
    assert {3, 5} <= set(np.ravel(preimages["z"]))
    stable = theory_page.data("stable-a", "stable")
    assert stable
    a, b = (np.array(stable[name], dtype=float) for name in ("x", "y"))
    there = np.isfinite(a)
    np.testing.assert_allclose((a * b)[there], 1, rtol=1e-6)
    assert (a**2 + b**2)[there].max() == pytest.approx(2.5, rel=0.05)
    curve = theory_page.data("measure_zero-a", "fraction")
    assert curve
    found = eosdash.sweep(depth=2, low=0.5, high=1.3, columns=33)
    np.testing.assert_allclose(curve["y"], found.fraction["minimum"])
    image = theory_page.page.locator("#measure_zero-b .imagelayer image")
    assert (image.get_attribute("href") or "").startswith("data:image/png")


def test_the_stable_part_shrinks_with_eta_and_is_gone_past_eta_c(theory_page: TheoryPage) -> None:
    theory_page.open("depth=2&lr=0.5")

    def kept() -> int:
        stable = theory_page.data("stable-a", "stable")
        return sum(value is not None for value in stable["x"]) if stable else 0

    first = kept()
    theory_page.control("lr").fill("0.9")
    theory_page.page.wait_for_function("() => eosdash.theoryState.asked.start.params.lr === 0.9")
    theory_page.finished()
    assert 0 < kept() < first
    theory_page.control("lr").fill("1.1")
    theory_page.page.wait_for_function("() => eosdash.theoryState.asked.start.params.lr === 1.1")
    theory_page.finished()
    assert kept() == 0
    assert "no minimizer is stable" in theory_page.text("summary")
    assert "Too large" in theory_page.text("lr-zone")


def test_three_weights_have_a_surface(theory_page: TheoryPage) -> None:
    theory_page.open("depth=3&lr=0.5")
    whole = theory_page.data("manifold-a", "patch0")
    assert whole
    a, b = (np.array(whole[name], dtype=float) for name in ("x", "y"))
    c = np.array([[np.nan if v is None else v for v in row] for row in whole["z"]], dtype=float)
    product = a * b * c
    np.testing.assert_allclose(product[np.isfinite(product)], 1, rtol=1e-5)
    expect(theory_page.page.locator("#nonsingular-b")).to_be_hidden()


def test_other_networks_get_what_exists_and_are_told_why_not_the_rest(
    theory_page: TheoryPage,
) -> None:
    theory_page.open("task=whitened&depth=3&width=2&init_scale=0.5&lr=0.5&points=50&starts=20")
    assert "rank J = 4 at 50 of 50" in theory_page.text("manifold-check")
    assert theory_page.data("manifold-a", "histogram")
    assert "scalar chains only" in theory_page.text("stable-missing")
    assert failing(theory_page) == {}


def failing(theory_page: TheoryPage) -> dict[str, str]:
    """Of every statement with an assumption that fails, which."""
    found = {}
    for statement in ("nonsingular", "manifold", "stable", "measure_zero"):
        items = theory_page.page.locator(f"#{statement}-assumptions .eos-fails")
        instead = theory_page.page.locator(f"#{statement}-instead")
        refuted = theory_page.page.locator(f"#{statement}-refuted")
        expect(items).to_have_count(int(instead.is_visible()))
        assert refuted.is_visible() != instead.is_visible()
        if items.count():
            assert items.locator("[aria-label=fails]").count() == 1
            found[statement] = items.get_attribute("data-need") or ""
    return found


def test_an_unbounded_direction_is_shown_where_there_is_one(theory_page: TheoryPage) -> None:
    theory_page.open(
        "task=whitened&depth=3&width=3&d_in=2&d_out=2&singular_values=1.3,0.4&lr=0.3"
        "&points=20&starts=10&steps=300"
    )
    assert failing(theory_page) == {"stable": "no_free_layer"}
    assert "not bounded" in theory_page.text("summary")
    least = 3 * 1.3 ** (4 / 3)
    sharpness = theory_page.data("stable-a", "sharpness")
    loss = theory_page.data("stable-a", "loss")
    assert sharpness
    assert loss
    assert max(sharpness["x"]) == pytest.approx(1e4)
    np.testing.assert_allclose(sharpness["y"], least)
    np.testing.assert_allclose(loss["y"], 0, atol=1e-12)
    layer, product, most = (
        theory_page.data("stable-b", name) for name in ("norm", "product", "most")
    )
    assert layer
    assert product
    assert most
    assert layer["y"][-1] == pytest.approx(1e4, rel=1e-6)
    np.testing.assert_allclose(product["y"], 1.3 ** (2 / 3), rtol=1e-9)
    assert max(product["y"]) < most["y"][0]


def test_a_claim_that_weight_decay_breaks_is_not_made(theory_page: TheoryPage) -> None:
    theory_page.open(
        "depth=4&target=0.9&weight_decay=0.05&lr=0.4&init_scale=0.4&points=20&starts=30&steps=600"
    )
    assert failing(theory_page) == {"manifold": "no_decay", "measure_zero": "no_well"}
    assert "stable up to η = 2/r = 40" in theory_page.text("measure_zero-instead")
    curve = theory_page.data("measure_zero-a", "fraction")
    assert curve
    assert curve["y"][-1] > 0  # the picture shows the starts that the sentence counts
    theory_page.open("depth=4&target=0.9&weight_decay=0.05&lr=1.9&points=20&starts=3&steps=60")
    assert "no global minimizer is stable" in theory_page.text("summary")
    assert "the origin is a minimum of its own" in theory_page.text("lr-zone")
    theory_page.open("depth=1&target=2&lr=1&points=20&starts=10&steps=100")
    assert failing(theory_page) == {"nonsingular": "one_layer_rate"}
    assert "all at −∞" in theory_page.text("nonsingular-check")
    expect(theory_page.page.locator("#nonsingular-a")).to_be_hidden()


def test_the_cursor_is_that_of_the_other_pages(theory_page: TheoryPage) -> None:
    theory_page.open("depth=2&lr=0.7&weights=0.5,1.5")
    theory_page.page.get_by_role("link", name="Basin").click()
    basin = BasinPage(theory_page.page).finished()
    assert basin.link["lr"] == "0.7"
    assert basin.link["weights"] == "0.5,1.5"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_theory(theory_page: TheoryPage, scheme: str) -> None:
    theory_page.page.emulate_media(color_scheme=scheme)
    theory_page.open("depth=2&lr=0.8&points=20&starts=10&steps=200")
    assert serious(theory_page.page) == []
