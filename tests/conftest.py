"""Fixtures: the app and its test client, the real server, and the browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dash
import pytest
from flask.testing import FlaskClient
from hypothesis import settings

from tests.depth import MODERATE
from tests.programs import CHROMIUM

ROOT = Path(__file__).parent.parent
BROWSER_ARGUMENTS = [
    "--no-sandbox",  # root, as in a container, may not use it
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]

settings.load_profile(MODERATE)


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(
    command: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    log: Path,
    seconds: float = 180,
) -> Iterator[str]:
    """Base URL of the server that ``command`` starts, from its first answer to the end."""
    url = f"http://127.0.0.1:{environ['PORT']}"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            cwd=folder,
            env={"EOSDASH_DRAIN_SECONDS": "5"} | dict(environ),  # what a test left open ends soon
            stdout=output,
            stderr=output,
        ) as server,
    ):
        try:
            _wait_until_healthy(url, server, log, time.monotonic() + seconds)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_until_healthy(
    url: str, server: subprocess.Popen[bytes], log: Path, deadline: float
) -> None:
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail(f"the server does not answer:\n{log.read_text()}")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dash.Dash]:
    """The app, with an empty cache."""
    from eosdash.server import create_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EOSDASH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield create_app()


@pytest.fixture
def client(app: dash.Dash) -> FlaskClient:
    """A client of the app that needs no server."""
    return app.server.test_client()


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of the app under gunicorn, served as it is to the public, with a cache that is empty
    at first. Those of several workers share it: what the tests of one ask for is computed once."""
    folder = tmp_path_factory.mktemp("server")
    port = str(free_port())
    several = "PYTEST_XDIST_WORKER" in os.environ
    cache = (tmp_path_factory.getbasetemp().parent if several else folder) / "cache"
    environ = os.environ | {"PORT": port, "EOSDASH_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "app:server"]
    with serving(command, ROOT, environ, folder / "log") as url:
        yield url


@pytest.fixture(scope="session")
def base_url(live_server: str) -> str:
    """What ``page.goto("/")`` starts from."""
    return live_server


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launches the installed Chromium, or the one that Playwright downloaded."""
    return browser_type_launch_args | {
        "executable_path": CHROMIUM.path(),
        "args": BROWSER_ARGUMENTS,
    }
