"""What the page does when the server is slow, busy, gone, or without its cache: real servers."""

import os
import re
import signal
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.run_page import RunPage
from tests.conftest import ROOT, free_port, serving

LONG = "task=regression&depth=6&width=32&init_scaling=fan_in&lr=0.0001&steps="
"""Several seconds for 5,000 steps or so."""

Serve = Callable[..., AbstractContextManager[tuple[str, Path]]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Starts a server of one worker with settings of the test's own; its address and its log."""

    @contextmanager
    def start(**settings: str) -> Iterator[tuple[str, Path]]:
        port, log = settings.pop("PORT", str(free_port())), tmp_path / "log"
        named = {f"EOSDASH_{name}": text for name, text in settings.items()}
        environ = os.environ | {
            "PORT": port,
            "WEB_CONCURRENCY": "1",
            "TMPDIR": str(tmp_path),
            "EOSDASH_CACHE_DIR": str(tmp_path / "cache"),
        }
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "app:server"]
        with serving(command, ROOT, environ | named, log) as base:
            yield base, log

    return start


@contextmanager
def somebody_computes(base: str, steps: int) -> Iterator[None]:
    """Another visitor follows a long computation meanwhile."""
    answer = urllib.request.urlopen(f"{base}/api/train?{LONG}{steps}", timeout=30)
    reading = threading.Event()
    gone = threading.Event()

    def read() -> None:
        while not gone.is_set() and answer.readline():
            reading.set()
        answer.close()

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait(30)
    try:
        yield
    finally:
        gone.set()
        thread.join()


def kill_worker(log: Path) -> None:
    pid = re.findall(r"Booting worker with pid: (\d+)", log.read_text())[-1]
    os.kill(int(pid), signal.SIGKILL)


def test_a_run_that_is_cut_goes_on_where_it_was(page: Page, serve: Serve) -> None:
    with serve() as (base, log):
        page.goto(f"{base}/?{LONG}4000")
        shown = RunPage(page)
        page.wait_for_function("() => window.eosdash?.state?.current?.count > 200")
        page.evaluate("() => (window.before = window.eosdash.state.current)")
        kill_worker(log)
        shown.finished()
        assert page.evaluate("() => window.eosdash.state.current === window.before")
        assert page.evaluate("() => window.eosdash.state.current.count") == 4000
        steps = page.evaluate("() => window.eosdash.state.current.columns.loss")
        assert len(steps) == 4000
        assert shown.text("problem") == ""
        assert shown.text("status").startswith("computed")


def test_a_server_that_is_gone_is_said_so_and_waited_for(page: Page, serve: Serve) -> None:
    port = str(free_port())
    shown = RunPage(page)
    with serve(PORT=port) as (base, _):
        page.goto(f"{base}/?lr=0.4")
        shown.finished()
    shown.control("lr").fill("0.41")
    shown.control("lr").press("Enter")
    expect(page.locator("#problem")).to_contain_text("The server does not answer")
    expect(page.locator("body")).to_have_class(re.compile("eos-dimmed"))
    before = shown.asked
    with serve(PORT=port):
        shown.another(before)
        expect(page.locator("#problem")).to_have_text("")
        expect(page.locator("body")).not_to_have_class(re.compile("eos-dimmed"))


def test_the_place_in_the_queue_is_shown(page: Page, serve: Serve) -> None:
    with serve(COMPUTATIONS="1") as (base, _):
        with somebody_computes(base, 20_000):
            page.goto(f"{base}/?lr=0.4")
            expect(page.locator("#status")).to_have_text("1st in line")
        RunPage(page).finished()
        assert RunPage(page).text("status").startswith("computed")


def test_a_full_server_says_so_and_the_page_tries_again_by_itself(page: Page, serve: Serve) -> None:
    with serve(COMPUTATIONS="1", QUEUE="0") as (base, _):
        with somebody_computes(base, 20_000):
            page.goto(f"{base}/?lr=0.4")
            expect(page.locator("#problem")).to_contain_text("Many are computing at the moment")
        RunPage(page).finished()
        expect(page.locator("#problem")).to_have_text("")


def test_an_address_that_asks_for_too_much_is_told_when_to_come_again(
    page: Page, serve: Serve
) -> None:
    with serve(RATE_SECONDS="1") as (base, _), somebody_computes(base, 4000):
        page.goto(f"{base}/?lr=0.4")
        expect(page.locator("#problem")).to_contain_text("Trying again in")


def test_without_the_shared_cache_it_works_and_says_so(page: Page, serve: Serve) -> None:
    with serve(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0") as (base, _):
        page.goto(f"{base}/?lr=0.4")
        shown = RunPage(page).finished()
        assert shown.text("status").startswith("computed, running without the shared cache")


def test_a_result_that_was_there_is_called_cached(page: Page, serve: Serve) -> None:
    with serve() as (base, _):
        page.goto(f"{base}/?lr=0.4")
        assert RunPage(page).finished().text("status").startswith("computed")
        page.reload()
        assert RunPage(page).finished().text("status").startswith("cached")
