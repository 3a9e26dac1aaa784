"""Finds a Chromium for the browser tests, or installs one: ``python -m tests.ensure_browser``."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# Without a network the download gives up by itself within minutes; this bounds one that stalls,
# and leaves a slow link the time for some 300 MB.
DOWNLOAD_SECONDS = 600
MISSING = """\
No Chromium or Chrome for the browser tests, and none could be installed.
Install one, for example by `apt-get install chromium`, or name one: EOSDASH_BROWSER=/path/to/chrome
"""


def find_browser() -> str | None:
    """Path of an installed Chromium or Chrome that starts; a named one goes before all others."""
    named = os.environ.get("EOSDASH_BROWSER")
    if named:
        if not _starts(named):
            raise FileNotFoundError(f"EOSDASH_BROWSER={named} is no browser that starts")
        return named
    found = [path for path in map(shutil.which, COMMANDS) if path]
    return next(filter(_starts, [*found, *APPLICATIONS]), None)


def _starts(path: str) -> bool:
    """False also for the stand-ins that some systems ship, which only ask to install a snap."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _downloaded() -> str | None:
    """Path of the Chromium that this version of Playwright has downloaded, if it has."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _run(*command: str, seconds: int = DOWNLOAD_SECONDS) -> bool:
    """Run a command to its end, or end it and all that it started."""
    print("+", *command, flush=True)
    with subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait(seconds) == 0
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                print(f"not finished after {seconds} s", flush=True)
                return False
            raise


def _installs() -> Iterator[bool]:
    """Each way to install a browser, tried when it is asked for."""
    playwright = (sys.executable, "-m", "playwright", "install")
    root = sys.platform == "linux" and os.geteuid() == 0
    yield _run(*playwright, "--with-deps", "chromium")
    if not root:  # perhaps the libraries are there, and only the right to install them is not
        yield _run(*playwright, "chromium")
    elif shutil.which("apt-get"):
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        apt = ("apt-get", "install", "-y", "--no-install-recommends", "chromium")
        yield _run("apt-get", "update") and _run(*apt)


def main() -> int:
    """Exit status: 0 when there is a browser."""
    browser = find_browser() or _downloaded()
    if browser is None and any(_installs()):
        browser = find_browser() or _downloaded()
    print(browser or MISSING, file=sys.stdout if browser else sys.stderr)
    return 0 if browser else 1


if __name__ == "__main__":
    sys.exit(main())
