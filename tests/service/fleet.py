"""All processes that serve one app together, and clients that know which of them they talk to."""

import asyncio
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from benchmarks.clients import SIGNS
from eosdash.params import TrainParams
from eosdash.service.kinds import computed
from eosdash.service.stream import PASSING
from tests.conftest import ROOT, free_port
from tests.service.redis_server import RedisServer

T = TypeVar("T")

RUN = "/api/train?depth=4&weights=1.38,0.59,0.43,1.14&lr=0.469&steps="
"""With 1,500 steps or so it has 11 rows, and every row takes a ``PACE``."""

LONG_RUN = RUN.replace("0.469", "0.0001")
"""With 19,000 steps or so it has 80 rows."""

PACE = 0.04
PAUSE = 0.7
SETTINGS = {
    "EOSDASH_COMPUTATIONS": "2",
    "EOSDASH_QUEUE": "2",
    "EOSDASH_DRAIN_SECONDS": "3",
    "EOSDASH_RATE_SECONDS": "1000000",
    "OPENBLAS_NUM_THREADS": "1",
    "SPY_PACE": str(PACE),
    "SPY_CONSTANTS": json.dumps(
        {"eosdash.service.breaker.Breaker.PAUSE": PAUSE, "eosdash.service.shared.PATIENCE": 1.0}
    ),
}


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """What comes of it, in a thread of its own: that of the tests may have Playwright's loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def expected(path: str) -> list[bytes]:
    """The rows that a path has to be answered with, computed here."""
    params = TrainParams.make(**dict(parse_qsl(urlsplit(path).query)))
    return [line for line in computed(params) if not line.startswith(PASSING)]


def rows_of(body: bytes) -> list[bytes]:
    return [line for line in body.splitlines(True) if not line.startswith(SIGNS)]


def holds(condition: Callable[[], Any], seconds: float = 15.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(met)


class Program:
    """A process with all that it starts, which form a group of their own."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self.log, self._asked = log, False
        with log.open("a") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | dict(environ),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def members(self) -> list[int]:
        """Processes of its group that are alive."""
        names = (path.name for path in Path("/proc").iterdir())
        return [pid for pid in map(int, filter(str.isdigit, names)) if self._is_member(pid)]

    def _is_member(self, pid: int) -> bool:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        return int(state[2]) == self.process.pid and state[0] != "Z"

    def end(self) -> None:
        """Ask it to end, once: a second time means at once."""
        if not self._asked:
            self._asked = True
            self.process.terminate()

    def stop(self, seconds: float = 20) -> int | None:
        """Ask it to end; its exit status, or None if it had to be killed."""
        self.end()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self) -> None:
        """End it and all that it started without a word."""
        if self.members():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Visitor:
    """A connection, which stays with the process that took it."""

    def __init__(self, base: str) -> None:
        address = urlsplit(base)
        self._connection = HTTPConnection(address.hostname, address.port, timeout=30)
        self._answer: HTTPResponse | None = None
        try:
            answer, _ = self.read("/healthz")
        except BaseException:
            self.leave()
            raise
        self.process = int(answer.getheader("X-Process", "0"))

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *args: object) -> None:
        self.leave()

    def ask(self, path: str, **headers: str) -> HTTPResponse:
        """The answer, of which the body is still to be read."""
        self._connection.request("GET", path, headers=headers)
        self._answer = self._connection.getresponse()
        return self._answer

    def read(self, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
        answer = self.ask(path, **headers)
        return answer, answer.read()

    def leave(self) -> None:
        """Hang up, whatever is still to come."""
        if self._answer:
            self._answer.close()
        self._connection.close()


def process_of(base: str) -> int:
    """The process that happens to answer."""
    with Visitor(base) as visitor:
        return visitor.process


class Fleet:
    """Web servers and, if they share a Redis server, a Celery worker."""

    def __init__(self, folder: Path, redis: RedisServer | None = None, **settings: str) -> None:
        self.folder, self.redis, self.told = folder, redis, folder / "told"
        self.told.touch()
        self.told.with_suffix(".processes").touch()
        self._environ = SETTINGS | settings | {"SPY_LOG": str(self.told), "WEB_CONCURRENCY": "2"}
        if redis:
            self._environ |= {"EOSDASH_REDIS_URL": redis.url, "WEB_CONCURRENCY": "1"}
        self.web: list[Program] = []
        self.bases: list[str] = []
        self.celery: Program | None = None

    def start(self) -> None:
        for number in range(2 if self.redis else 1):
            self._start_web(self.folder / f"web{number}")
        if self.redis:
            self.start_celery()
        assert holds(self.is_up, 60), "\n".join(web.log.read_text() for web in self.web)

    def _start_web(self, folder: Path) -> None:
        (folder / "tmp").mkdir(parents=True)
        port = str(free_port())
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
        environ = self._environ | {
            "PORT": port,
            "EOSDASH_CACHE_DIR": str(folder / "cache"),
            "TMPDIR": str(folder / "tmp"),
        }
        command.append("tests.service.spied_app:server")
        self.web.append(Program(command, environ, folder / "log"))
        self.bases.append(f"http://127.0.0.1:{port}")

    def start_celery(self) -> None:
        command = [sys.executable, "-m", "celery", "-A", "tests.service.spied_tasks", "worker"]
        command += ["--without-gossip", "--without-mingle"]
        self.celery = Program(command, self._environ, self.folder / "celery.log")

    def is_up(self) -> bool:
        """Whether all web processes answer, and the worker takes tasks."""
        workers = 1 if self.redis else 2
        for web in self.web:
            if web.process.poll() is not None or len(web.members()) <= workers:
                return False
        try:
            pids = {process_of(base) for base in self.bases for _ in range(2 * workers)}
        except (OSError, http.client.HTTPException):
            return False
        if self.redis and not self.redis.client.exists("_kombu.binding.celery"):
            return False
        return len(pids) == 2

    @property
    def cache(self) -> Path:
        return self.folder / "web0" / "cache"

    def leftovers(self) -> list[Path]:
        """Locks, logs, tickets and unfinished entries that nobody took away."""
        made = [*self.folder.glob("web*/tmp/eosdash-*/**/*"), *self.folder.glob("web*/cache/*")]
        ends = (".log", ".readers", ".lock", ".__wz_cache")
        inside = [path for path in made if path.parent.name == "tickets" and path.name != ".lock"]
        return inside + [
            path for path in made if path.name.endswith(ends) and path.parent.name != "tickets"
        ]

    def visitor(self, base: str = "") -> Visitor:
        return Visitor(base or self.bases[0])

    @contextmanager
    def two(self) -> Iterator[tuple[Visitor, Visitor]]:
        """Visitors of two processes."""
        with self.visitor(self.bases[0]) as first:
            second = self.visitor(self.bases[-1])
            while second.process == first.process:
                second.leave()
                second = self.visitor(self.bases[-1])
            with second:
                yield first, second

    def begun(self, steps: int) -> int:
        """How often a run of so many steps was computed."""
        return self.told.read_text().splitlines().count(f"{steps} begins")

    def heard(self, word: str, seconds: float = 15.0) -> bool:
        """Whether the spy tells something in time."""
        return holds(lambda: word in self.told.read_text().splitlines(), seconds)

    def computing(self, steps: int) -> int:
        """The process that computes a run, which was the last to begin it."""
        told = self.told.with_suffix(".processes").read_text()
        return int(re.findall(rf"^{steps} begins in (\d+)$", told, re.MULTILINE)[-1])

    def stop(self) -> list[str]:
        """Ask all to end; what did not end well is told."""
        programs = [*self.web, *([self.celery] if self.celery else [])]
        for program in programs:
            program.end()
        wrong = []
        for program in programs:
            status, left = program.stop(), program.members()
            if status or status is None or left:
                wrong.append(f"{status}, left {left}: {program.log.read_text()[-2000:]}")
            program.kill()
        return wrong
