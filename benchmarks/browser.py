"""How soon the page answers: a real browser, a real server, nothing in any cache."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import Row
from tests.conftest import BROWSER_ARGUMENTS, ROOT, free_port, serving
from tests.programs import CHROMIUM

VALUES = 21
VISITS = 7
STEPS = 1000

FIRST_CURVE, FINISHED, USABLE = 100, 400, 2000  # ms
TRANSFERRED = 2.5  # MB

EXAMPLES: dict[str, dict[str, Any]] = {
    "scalar chain, depth 4": {"seed": 1794, "init_scale": 0.8, "lr": 0.44},
    "linear 5-30-20-3": {
        "task": "regression", "hidden": "30,20", "d_in": 5, "d_out": 3,
        "init_scale": 0.1, "init_scaling": "fan_in", "lr": 0.42,
    },
}  # fmt: skip

# The last key press starts the clock; each frame looks whether its run is on the screen.
WATCH = """() => {
    const before = eosdash.state.current;
    const times = {};
    let pressed = null;
    addEventListener("keydown", () => (pressed = performance.now()), { capture: true, once: true });
    window.watched = new Promise((resolve) => {
        const look = () => {
            const run = eosdash.state.current;
            if (pressed !== null && run !== before && run.drawn) {
                times.first ??= performance.now() - pressed;
                if (run.end && run.drawn === run.count)
                    return resolve({ ...times, finished: performance.now() - pressed,
                                     steps: run.count, cached: run.cached });
            }
            requestAnimationFrame(look);
        };
        look();
    });
}"""
MAP = "depth=2&weights=0.4,1.6&lr=0.5&resolution=256"
COARSE, REFINED = 100, 300  # ms

WATCH_MAP = """() => {
    const { asked } = eosdash.mapState;
    const times = {};
    let pressed = null;
    addEventListener("keydown", () => (pressed = performance.now()), { capture: true, once: true });
    window.watched = new Promise((resolve) => {
        const look = () => {
            const { map } = eosdash.mapState;
            if (pressed !== null && map !== asked && map.drawn) {
                times.first ??= performance.now() - pressed;
                if (map.end && map.drawn === map.start.params.resolution)
                    return resolve({ ...times, finished: performance.now() - pressed,
                                     cached: map.cached });
            }
            requestAnimationFrame(look);
        };
        look();
    });
}"""
DRAWN_MAP = """() => {
    const map = window.eosdash?.mapState?.map;
    return map?.end && map.drawn === map.start.params.resolution;
}"""
DRAWN = """() => {
    const run = window.eosdash?.state?.current;
    return run?.end && run.drawn === run.count ? performance.now() : 0;
}"""


def run() -> list[Row]:
    """Latency of the learning rate's slider, and of a first visit."""
    with _server() as url, _browser() as browser:
        rows = [
            row for name, query in EXAMPLES.items() for row in _slider(browser, url, name, query)
        ]
        return rows + _map_slider(browser, url) + _first_visit(browser, url)


def _slider(browser: Browser, url: str, name: str, query: dict[str, Any]) -> list[Row]:
    page = browser.new_page()
    page.goto(f"{url}/?{urlencode(query | {'steps': STEPS})}")
    page.wait_for_function(DRAWN)
    thumb = page.locator('[id=\'{"name":"lr","type":"slider"}\']').get_by_role("slider")
    thumb.focus()
    times = [_press(page) for _ in range(VALUES)]
    page.close()
    whole = [time for time in times if time["steps"] == STEPS and not time["cached"]]
    if len(whole) < 15:
        raise RuntimeError(f"{name}: only {len(whole)} uncached runs of {STEPS} steps")
    return [
        _row(f"{name}: slider to first curve", [time["first"] for time in whole], FIRST_CURVE),
        _row(
            f"{name}: slider to finished {STEPS:,}-step run",
            [time["finished"] for time in whole],
            FINISHED,
        ),
    ]


def _map_slider(browser: Browser, url: str) -> list[Row]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{url}/basin?{MAP}")
    page.wait_for_function(DRAWN_MAP)
    page.locator('[id=\'{"name":"lr","type":"slider"}\']').get_by_role("slider").focus()
    times = [_press(page, WATCH_MAP) for _ in range(VALUES)]
    page.close()
    fresh = [time for time in times if not time["cached"]]
    if len(fresh) < 15:
        raise RuntimeError(f"only {len(fresh)} uncached maps")
    return [
        _row("two-weight chain: slider to first coarse map", [t["first"] for t in fresh], COARSE),
        _row(
            "two-weight chain: slider to finished 256² map", [t["finished"] for t in fresh], REFINED
        ),
    ]


def _press(page: Page, watch: str = WATCH) -> dict[str, Any]:
    page.evaluate(watch)
    page.keyboard.press("ArrowRight")
    times: dict[str, Any] = page.evaluate("() => window.watched")
    page.wait_for_timeout(100)
    return times


def _first_visit(browser: Browser, url: str) -> list[Row]:
    visits = [_visit(browser, url) for _ in range(VISITS)]
    megabytes = max(size for _, size in visits) / 1e6
    return [
        _row("first visit to drawn run, empty browser cache", [time for time, _ in visits], USABLE),
        Row(
            "first visit, transferred", "–", f"{megabytes:.2f} MB", "–",
            f"≤ {TRANSFERRED} MB", megabytes <= TRANSFERRED,
        ),
    ]  # fmt: skip


def _visit(browser: Browser, url: str) -> tuple[float, float]:
    """Milliseconds from navigation until the run is drawn, and bytes transferred."""
    context = browser.new_context()  # with a cache of its own, which is empty
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url)
    time = page.wait_for_function(DRAWN, polling="raf").json_value()
    page.wait_for_load_state("networkidle")
    context.close()
    return time, sum(sizes)


def _row(name: str, times: list[float], limit: float) -> Row:
    median = statistics.median(times)
    return Row(name, "–", f"{median:.0f} ms", "–", f"≤ {limit} ms", median <= limit)


@contextmanager
def _server() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        port = str(free_port())
        environ = os.environ | {
            "PORT": port,
            "EOSDASH_CACHE_DIR": f"{folder}/cache",
            "EOSDASH_STATIC_DIR": f"{folder}/static",  # those that lie about are of another build
        }
        subprocess.run([sys.executable, "-m", "eosdash.pages.static"], env=environ, check=True)
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "app:server"]
        with serving(command, ROOT, environ, Path(folder, "log")) as url:
            yield url


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM.path(), args=BROWSER_ARGUMENTS
        )
        yield browser
        browser.close()
