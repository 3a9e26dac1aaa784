"""The image, built and run by docker or podman, and asked for all it does: ``make image-test``.

Needs nothing but Python and an engine. Whatever fails ends it with a line that says what.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import dockerfile
from tests.smoke import RESULTS, read

NAME = "eosdash-image-test"
BUILD_SECONDS = 3600
RUN_SECONDS = 120
STOP_SECONDS = 40
LEAST_RIGHTS = (
    "--read-only",
    "--tmpfs=/tmp:mode=1777",
    "--tmpfs=/var/cache/eosdash:mode=1777",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)
UNWATCHED = "--no-healthcheck"
"""Its health is asked for here; podman would have systemd ask, where there is one."""

READY = '{"status":"ready"}'
HIT = "eosdash; hit"
STATUS = """\
import re
status = open("/proc/1/status").read()
print(*re.findall(r"(?m)^(?:Uid|CapEff|NoNewPrivs):\\t(\\w+)", status))
"""


class Failed(Exception):
    """Something is not as it should be."""


class Engine:
    """What builds and runs containers."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self.is_podman = "podman" in Path(words[0]).name

    def call(self, *words: str, seconds: float = RUN_SECONDS) -> str:
        """What a command prints.

        Raises:
            Failed: if it fails, with all that it said.
        """
        done = self.attempt(*words, seconds=seconds)
        if done.returncode:
            raise Failed(
                f"{shlex.join([*self._words, *words])}\n{done.stdout}{done.stderr}".strip()
            )
        return done.stdout.strip()

    def attempt(
        self, *words: str, seconds: float = RUN_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """A command that may fail."""
        return subprocess.run(
            [*self._words, *words], capture_output=True, text=True, timeout=seconds
        )

    def build(self, base: str, flags: list[str]) -> None:
        """Build the image, and show what is said of it.

        Raises:
            Failed: if it cannot be built.
        """
        words = [*self._words, "build", "--tag", NAME, *flags]
        if self.is_podman:
            words += ["--format", "docker"]  # the other format holds no HEALTHCHECK
        if base:
            words += ["--build-arg", f"BASE={base}"]
        print("+", shlex.join([*words, "."]), flush=True)
        if subprocess.run([*words, "."], cwd=dockerfile.ROOT, timeout=BUILD_SECONDS).returncode:
            raise Failed(
                "the image was not built. If what it starts from cannot be pulled, name another "
                "with Python 3.11 or newer and pip: make image-test BASE=localhost/python. If the "
                "build has no network: make image-test ENGINE_BUILD_FLAGS=--network=host"
            )


def found() -> list[str]:
    """The engine that there is.

    Raises:
        Failed: if there is none.
    """
    for name in ("docker", "podman"):
        if shutil.which(name):
            return [name]
    raise Failed(
        "there is neither docker nor podman: install one (Debian: apt-get install podman), or name "
        "one: make image-test ENGINE='podman --storage-driver=vfs'"
    )


def ok(words: str) -> None:
    """Tell that something is as it should be."""
    print(f"ok  {words}", flush=True)


def require(good: bool, words: str) -> None:
    """Check something.

    Raises:
        Failed: if it is otherwise.
    """
    if not good:
        raise Failed(f"not so: {words}")
    ok(words)


def expect(found: object, wanted: object, of: str) -> None:
    """Check a value.

    Raises:
        Failed: if it is another.
    """
    if found != wanted:
        raise Failed(f"{of}: {found!r}, not {wanted!r}")
    ok(f"{of}: {found}")


@contextmanager
def running(engine: Engine, flags: list[str]) -> Iterator[str]:
    """The address of a container with the least rights, from its first answer on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    engine.attempt("rm", "--force", NAME)
    began = time.monotonic()
    engine.call(
        "run", "--detach", "--name", NAME, "--env", f"PORT={port}",
        "--publish", f"127.0.0.1:{port}:{port}", UNWATCHED, *LEAST_RIGHTS, *flags, NAME,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/"
    try:
        while True:
            try:
                read(f"{url}healthz")
                break
            except OSError:
                if time.monotonic() > began + RUN_SECONDS or not _runs(engine):
                    raise Failed(f"it does not answer:\n{_logs(engine)}") from None
                time.sleep(0.2)
        ok(f"run with {' '.join(LEAST_RIGHTS)}")
        ok(f"/healthz answers {time.monotonic() - began:.1f} s after the start")
        yield url
    finally:
        engine.attempt("rm", "--force", NAME)


def _runs(engine: Engine) -> bool:
    return engine.call("inspect", "--format", "{{.State.Running}}", NAME) == "true"


def _logs(engine: Engine) -> str:
    done = engine.attempt("logs", NAME)
    return f"{done.stdout}{done.stderr}"


def inside(engine: Engine, *command: str, flags: tuple[str, ...] = ()) -> int:
    """Exit status of a command in the container."""
    return engine.attempt("exec", *flags, NAME, *command).returncode


def check_rights(engine: Engine) -> None:
    """It is nobody in particular, and can do and write nothing."""
    user, capabilities, confined = engine.call("exec", NAME, "python", "-c", STATUS).split()
    expect(user, "1000", "user of the first process")
    expect(int(capabilities, 16), 0, "its capabilities")
    expect(confined, "1", "it can gain no privileges")
    for folder in ("/app", "/venv", "/etc"):
        require(inside(engine, "touch", f"{folder}/x") != 0, f"{folder} cannot be written")
    require(inside(engine, "python", "-m", "pip") != 0, "its environment holds no pip")


def check_answers(url: str) -> None:
    """A page with its styles and scripts, and a result of each kind."""
    expect(read(f"{url}readyz").decode().strip(), READY, "/readyz")
    page = read(url).decode()
    (styles,) = re.findall(r'href="(/assets/eosdash[^"]+\.css)"', page)
    require(b".eos-" in read(url + styles[1:]), "the page has its styles")
    scripts = re.findall(r'src="(/[^"]+\.js)"', page)
    for script in scripts:
        asked = urllib.request.Request(url + script[1:], headers={"Accept-Encoding": "br"})
        with urllib.request.urlopen(asked, timeout=RUN_SECONDS) as answer:
            small = int(answer.headers.get("Content-Length", "1024")) < 1024
            if not small and answer.headers["Content-Encoding"] != "br":
                raise Failed(f"{script} is not compressed")
    require(len(scripts) > 5, f"its {len(scripts)} scripts come compressed")
    for path in RESULTS:
        require(b'{"type":"end"' in read(f"{url}api/{path}"), f"/api/{path} ends")
    expect(cache_status(f"{url}api/{RESULTS[0]}"), HIT, "Cache-Status of the first of them again")
    expect(read(f"{url}readyz").decode().strip(), READY, "/readyz after that")


def cache_status(url: str) -> str | None:
    """Where a result comes from."""
    with urllib.request.urlopen(url, timeout=RUN_SECONDS) as answer:
        answer.read()
        return answer.headers["Cache-Status"]


def check_warm(url: str) -> None:
    """A scene is computed already: the cache began empty, and nobody has asked for it."""
    scenes = json.loads(read(f"{url}api/deck"))["scenes"]
    query = next(scene["href"] for scene in scenes if scene["page"] == "run").partition("?")[2]
    expect(cache_status(f"{url}api/train?{query}"), HIT, "Cache-Status of the first scene")


def check_health(engine: Engine) -> None:
    """What asks for its health tells of it, and of its absence."""
    command = dockerfile.health()
    expect(inside(engine, *command), 0, "its HEALTHCHECK")
    away = ("--env", "PORT=1")
    require(inside(engine, *command, flags=away) != 0, "it fails where nothing answers")


def check_end(engine: Engine) -> None:
    """It ends by itself when it is told."""
    began = time.monotonic()
    engine.call("stop", "--time", str(STOP_SECONDS), NAME, seconds=2 * STOP_SECONDS)
    took = time.monotonic() - began
    status = engine.call("inspect", "--format", "{{.State.ExitCode}}", NAME)
    expect(status, "0", "its exit status after SIGTERM")
    require(took < STOP_SECONDS, f"it ended within {STOP_SECONDS} s, after {took:.1f}")
    require("Traceback" not in _logs(engine), "its log holds no traceback")


def main() -> int:
    """Exit status: 0 when all is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.image", description=__doc__)
    parser.add_argument("--engine", default="", help="docker, podman, with options if need be")
    parser.add_argument("--build-flags", default="", help="more options of its build")
    parser.add_argument("--run-flags", default="", help="more options of its run")
    parser.add_argument("--base", default="", help="what the Dockerfile starts from, if not that")
    given = parser.parse_args()
    try:
        engine = Engine(shlex.split(given.engine) or found())
        engine.build(given.base, shlex.split(given.build_flags))
        size = int(engine.call("image", "inspect", "--format", "{{.Size}}", NAME))
        ok(f"built: {size / 1e6:.0f} MB")
        with running(engine, shlex.split(given.run_flags)) as url:
            check_rights(engine)
            check_answers(url)
            check_warm(url)
            check_health(engine)
            check_end(engine)
    except (Failed, OSError, ValueError, subprocess.TimeoutExpired) as error:
        print(f"FAILED  {error} {getattr(error, 'url', '')}", file=sys.stderr)
        return 1
    print("The image is as it should be.")
    return 0


if __name__ == "__main__":
    os.environ.pop("PORT", None)
    sys.exit(main())
