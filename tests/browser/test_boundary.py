"""What the page of maps says of the boundary, against the same map in Python."""

import numpy as np

import eosdash
from tests.browser.basin_page import BasinPage

SMOOTH = {"depth": 2, "target": 0.8, "lr": 0.7, "extent": 3.4, "resolution": 256}
SHOWN = """(name) => document.querySelector("#fits-figure").data
    ?.find(({ meta }) => meta === name)?.y.map(Number)"""


def opened(basin_page: BasinPage, **params: object) -> BasinPage:
    basin_page.open("&".join(f"{name}={value}" for name, value in params.items()))
    basin_page.page.locator("#boundary summary").click()
    basin_page.page.wait_for_selector("#fits-figure .scatterlayer .points path")
    return basin_page


def test_the_exponents_come_with_what_tells_how_far_off_they_are(basin_page: BasinPage) -> None:
    page = opened(basin_page, **SMOOTH).page
    boundary = eosdash.basin(**SMOOTH).boundary
    fits = boundary.dimension, boundary.uncertainty
    rows = [
        row.locator("th, td").all_inner_texts() for row in page.locator("#boundary-table tr").all()
    ]
    found = {name: cells for name, *cells in rows}
    assert found["this map"] == [f"{fit.exponent:.3f}" for fit in fits]
    assert found["standard error of the fit"] == [f"{fit.error:.3f}" for fit in fits]
    spans = [f"{fit.slopes.min():.2f} to {fit.slopes.max():.2f}" for fit in fits]
    assert found["from size to size"] == spans
    assert found["every 4th pixel"] == [f"{fit.coarser[1]:.3f}" for fit in fits]
    assert "every 8th pixel" not in found
    for at, curve in enumerate(fits[0].known):
        pairs = [fit.known[at] for fit in fits]
        expected = [f"{one.exponent:.2f} for {round(one.truth, 2):g}" for one in pairs]
        assert found[curve.curve] == expected
    words = basin_page.text("boundary-words")
    assert "fitted over 1 to 16 pixels" in words
    assert "±" not in words


def test_the_scaling_plot_shows_the_points_and_their_fit(basin_page: BasinPage) -> None:
    page = opened(basin_page, **SMOOTH).page
    boundary = eosdash.basin(**SMOOTH).boundary
    for name, fit in (("dimension", boundary.dimension), ("uncertainty", boundary.uncertainty)):
        for part, values in (("values", fit.values), ("line", fit.line)):
            np.testing.assert_allclose(page.evaluate(SHOWN, f"{name}.{part}"), values)


def test_too_few_pixels_tell_no_exponent(basin_page: BasinPage) -> None:
    page = opened(basin_page, **SMOOTH | {"resolution": 32}).page
    assert "Too few sizes" in basin_page.text("boundary-words")
    assert page.locator("#boundary-table tr").count() == 0
