"""Pages on paper, and on screens that are hardly wider than a strip of it."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser.run_page import RunPage
from tests.browser.theory_page import TheoryPage

SMALL = "depth=2&points=5&starts=3&steps=20"


@pytest.mark.parametrize("width", [320, 344])
def test_the_theory_does_not_scroll_sideways_on_the_narrowest_phone(
    theory_page: TheoryPage, width: int
) -> None:
    theory_page.page.set_viewport_size({"width": width, "height": 640})
    theory_page.open(SMALL)
    assert theory_page.page.evaluate("document.documentElement.scrollWidth") == width
    last = theory_page.page.locator(".mantine-SegmentedControl-label").last.bounding_box()
    assert last
    assert last["x"] + last["width"] <= width


def greys(place: Page | Locator) -> np.ndarray:
    """Lightness of the pixels of a picture, from 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(place.screenshot())).convert("L"))


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_what_is_printed_is_dark_on_light(run_page: RunPage, scheme: str) -> None:
    page = run_page.page
    page.emulate_media(color_scheme=scheme)
    run_page.open("depth=2&steps=60")
    page.wait_for_function(
        "(scheme) => document.documentElement.dataset.mantineColorScheme === scheme", arg=scheme
    )
    dark = scheme == "dark"
    assert (np.median(greys(page)) < 100) == dark
    page.emulate_media(media="print", color_scheme=scheme)
    for place in (page, page.locator("#run-figure"), page.locator("#summary")):
        grey = greys(place)
        assert np.median(grey) > 215
        assert grey.min() < 110  # ink
