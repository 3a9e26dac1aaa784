"""Programs of the system that the tests run: found, or put there by ``python -m tests.programs``.

The tests themselves install nothing.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The path of who is not root may lack the last two.
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
# Without a network a download gives up by itself within minutes; this bounds one that stalls, and
# leaves a slow link the time for some 500 MB.
INSTALL_SECONDS = 900
EXECUTABLE = """\
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright: print(playwright.{}.executable_path)
"""


@dataclass(frozen=True)
class Program:
    """A program by its commands, Debian's package of it, and the variable that names another."""

    commands: tuple[str, ...]
    package: str
    variable: str
    tells_version: str = "--version"
    playwright: str | None = None
    """What Playwright calls a browser that it can download."""

    def find(self) -> str | None:
        """Path of one that starts; a named one goes before all others.

        Raises:
            FileNotFoundError: if the named one does not start.
        """
        if named := os.environ.get(self.variable):
            if not self._starts(named):
                raise FileNotFoundError(f"{self.variable}={named} is no program that starts")
            return named
        places = (shutil.which(command, path=PLACES) for command in self.commands)
        found = next((path for path in places if path and self._starts(path)), None)
        return found or self.downloaded()

    def path(self) -> str:
        """Path of one that starts.

        Raises:
            FileNotFoundError: saying how to get one.
        """
        found = self.find()
        if found is None:
            raise FileNotFoundError(self.missing)
        return found

    def downloaded(self) -> str | None:
        """Path of the browser that this version of Playwright has downloaded, if it has."""
        if self.playwright is None:
            return None
        # In a process of its own, since the tests' own Playwright bears no other beside it.
        asked = [sys.executable, "-c", EXECUTABLE.format(self.playwright)]
        path = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        return path if Path(path).exists() else None

    @property
    def missing(self) -> str:
        """Words for whoever has none."""
        return (
            f"The tests need {' or '.join(self.commands)}, and there is none: run `make programs`, "
            f"install it yourself (Debian: `apt-get install {self.package}`), or name one: "
            f"{self.variable}=/path/to/it"
        )

    def _starts(self, path: str) -> bool:
        """False also for the stand-ins that some systems ship, which only ask to install a snap."""
        command = [path, self.tells_version]
        try:
            return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


CHROMIUM = Program(
    commands=(
        "chromium-headless-shell",  # does not draw the windows, menus and tabs that nobody sees
        *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ),
    package="chromium-headless-shell",
    variable="EOSDASH_BROWSER",
    playwright="chromium",
)
FIREFOX = Program(
    commands=("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"),
    package="firefox-esr",
    variable="EOSDASH_FIREFOX",
    playwright="firefox",
)
REDIS = Program(("redis-server", "valkey-server"), "redis-server", "EOSDASH_REDIS")
NGINX = Program(("nginx",), "nginx", "EOSDASH_NGINX", tells_version="-v")
PROGRAMS = (CHROMIUM, FIREFOX, REDIS, NGINX)


def _lacking() -> list[Program]:
    return [program for program in PROGRAMS if not program.find()]


def _download(browsers: Sequence[str]) -> None:
    """Let Playwright download browsers, with the libraries they need where it may install them."""
    libraries = ["--with-deps"] if sys.platform == "linux" and os.geteuid() == 0 else []
    _run(sys.executable, "-m", "playwright", "install", *libraries, *browsers)


def _install(packages: Sequence[str]) -> None:
    """Install packages of Debian's, where that can be done without a question."""
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        # In runlevel 1 Debian's packages start no services.
        os.environ |= {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        _run("apt-get", "update")
        _run("apt-get", "install", "-y", "--no-install-recommends", *packages)


def _run(*command: str) -> bool:
    """Run a command to its end, or end it and all that it started; True if it worked."""
    print("+", *command, flush=True)
    with subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait(INSTALL_SECONDS) == 0
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                print(f"not finished after {INSTALL_SECONDS} s", flush=True)
                return False
            raise


def main() -> int:
    """Exit status: 0 when every program is there."""
    if browsers := [program.playwright for program in _lacking() if program.playwright]:
        _download(browsers)
    if packages := [program.package for program in _lacking()]:
        _install(packages)
    for program in (lacking := _lacking()):
        print(program.missing, file=sys.stderr)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
