"""Takes the pictures of the documentation from the running app, all or those that are named.

``python -m tests.browser.pictures [name …]``
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.basin_page import BasinPage
from tests.browser.run_page import RunPage
from tests.browser.sweep_page import SweepPage
from tests.browser.theory_page import TheoryPage
from tests.conftest import BROWSER_ARGUMENTS, ROOT, free_port, serving
from tests.programs import CHROMIUM

BASIN = "depth=2&lr=0.8&weights=0.4,1.6&region=true&color=sharpness"
PLANE = "depth=2&weights=2.1,0.3&lr=0.6&steps=300"
EDGE = (
    "task=chebyshev&samples=20&activation=tanh&hidden=30,20&init_scaling=fan_in&lr=0.2&steps=3000"
    "&flow=true&detail=function"
)
PICTURES = {
    "edge": (EDGE, (1440, 900), "light"),
    "run-light": ("", (1440, 900), "light"),
    "run-dark": ("", (1440, 900), "dark"),
    "plane": (PLANE, (1440, 900), "light"),
    "basin": (BASIN, (1440, 900), "light"),
    "sweep": ("", (1440, 1100), "light"),
    "theory": ("", (1440, 1250), "light"),
    "phone": ("", (390, 844), "light"),
}
SCENES = {"scene-predict": (4, False), "scene-reveal": (4, True), "scene-basin": (8, True)}
"""Number of the scene, and whether what it asks has been revealed."""
TOURED = "localStorage.setItem('eosdash-toured', 'yes')"
SHOWN = """() => {
    const result = window.eosdash?.page?.()?.shown?.();
    return Boolean(result?.end && result.drawn && location.search.includes("lr="));
}"""


def take(browser: Browser, base_url: str, name: str, folder: Path) -> None:
    """One picture, once its run is drawn."""
    query, (width, height), scheme = PICTURES[name]
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        is_mobile=width < 600,
        has_touch=width < 600,
    )
    context.add_init_script(TOURED)
    kind = {"basin": BasinPage, "sweep": SweepPage, "theory": TheoryPage}.get(name, RunPage)
    page = kind(context.new_page()).open(query).page
    page.wait_for_timeout(6000 if name == "edge" else 500)  # what explains a run comes after it
    page.screenshot(path=folder / f"{name}.png")
    context.close()


def take_scene(browser: Browser, base_url: str, name: str, folder: Path) -> None:
    """A scene as it is presented."""
    number, revealed = SCENES[name]
    context = browser.new_context(
        base_url=base_url, viewport={"width": 1920, "height": 1080}, color_scheme="light"
    )
    context.add_init_script(TOURED)
    page = context.new_page()
    page.goto(f"/scenes?scene={number}&present=1")
    page.wait_for_function(SHOWN)
    if revealed:
        page.evaluate("eosdash.reveal()")
    page.wait_for_timeout(1500)
    page.screenshot(path=folder / f"{name}.png")
    context.close()


def main() -> None:
    """All pictures, or those that are named, into ``docs/``."""
    port = str(free_port())
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        environ = os.environ | {"PORT": port, "EOSDASH_CACHE_DIR": scratch}
        log = Path(scratch) / "log"
        with serving([sys.executable, "app.py"], ROOT, environ, log) as base_url:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM.path(), args=BROWSER_ARGUMENTS
            )
            names = sys.argv[1:]
            for name in names or PICTURES:
                take(browser, base_url, name, ROOT / "docs")
            for name in () if names else SCENES:
                take_scene(browser, base_url, name, ROOT / "docs")
            browser.close()


if __name__ == "__main__":
    main()
