"""Many visitors in the same minute: ``python -m benchmarks.load`` on gunicorn as it is shipped."""

import asyncio
import json
import multiprocessing
import os
import random
import re
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from benchmarks.clients import Answer, Client, drag, once, p95, persistent, together
from benchmarks.report import Row, machine, write
from tests import smoke
from tests.conftest import ROOT, free_port, serving

VISITORS = 300
DRAGGING, DRAG_SECONDS, PACE = 50, 60, 0.25
CACHED, UNCACHED, PAGE, HEALTH, STOP, AGAIN = 0.5, 0.5, 5.0, 0.25, 2.0, 1.0

LECTURE = "/api/train?task=scalar&depth=4&weights=1.38,0.59,0.43,1.14&lr=0.469&steps=1500"
LONG = "/api/train?task=regression&depth=6&width=32&init_scaling=fan_in&lr=0.0001&steps="
"""Several seconds of computing."""

_PLACE = ("pathname", "search")
LAYOUT = {
    "output": ".._pages_content.children..._pages_store.data..",
    "outputs": [
        {"id": "_pages_content", "property": "children"},
        {"id": "_pages_store", "property": "data"},
    ],
    "inputs": [
        {"id": "_pages_location", "property": name, "value": text}
        for name, text in zip(_PLACE, ("/", ""), strict=True)
    ],
    "changedPropIds": [f"_pages_location.{name}" for name in _PLACE],
    "parsedChangedPropsIds": [f"_pages_location.{name}" for name in _PLACE],
}
"""What Dash posts to lay out the first page."""

NOTES = (
    "Visitors are asyncio clients on loopback, on the same two cores as the server; each has a "
    "connection of its own. Two gunicorn workers, with the settings that come with the app.",
    "Times are from the request to the first byte of the body, or to the last; p95 over visitors.",
    "A page load is the page, all of its scripts and styles, compressed, what Dash asks for to lay "
    "it out, and the run that it shows first.",
    "Dragging: every 0.25 s each visitor leaves its last request and asks for another learning "
    "rate, whether or not the last one was answered; the page waits for that.",
    "Redis that is stopped or hangs, a full disk, damaged entries and half-sent requests behind "
    "the proxy are tests of their own: tests/service/test_faults.py and tests/test_compose.py.",
)


class Running(Protocol):
    """A server: its address, and the processes that answer."""

    base: str

    def workers(self) -> list[int]: ...


class Command:
    """The command `eosdash`, and the processes that it has started."""

    def __init__(self, base: str, process: int) -> None:
        self.base, self._process = base, process

    def workers(self) -> list[int]:
        """All of them."""
        found = [self._process]
        for parent in found:
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found


@contextmanager
def at_home() -> Iterator[Command]:
    """The command, with an empty cache."""
    with TemporaryDirectory() as folder:
        home = {"EOSDASH_CACHE_DIR": f"{folder}/cache", "PYTHONPATH": str(ROOT)}
        started = smoke.serving([sys.executable, "-m", "eosdash"], Path(folder), **home)
        with started as (url, process):
            yield Command(url.rstrip("/"), process.pid)


class Server:
    """gunicorn that runs, and what it counts."""

    def __init__(self, base: str, log: Path) -> None:
        self.base, self._log = base, log

    async def counted(self, name: str) -> float:
        """The sum of a metric over its labels."""
        text = (await once(self.base, "/metrics")).body.decode()
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? ([0-9.e+-]+)$", text, re.MULTILINE)
        return sum(map(float, found))

    def workers(self) -> list[int]:
        """The processes that answer."""
        starts = re.findall(r"Booting worker with pid: (\d+)", self._log.read_text())
        return [int(pid) for pid in starts]


@contextmanager
def served() -> Iterator[Server]:
    """gunicorn as the Docker image starts it, with an empty cache."""
    with TemporaryDirectory() as folder:
        port = str(free_port())
        log = Path(folder, "log")
        environ = os.environ | {
            "PORT": port,
            "MALLOC_ARENA_MAX": "2",
            "EOSDASH_CACHE_DIR": f"{folder}/cache",
            "TMPDIR": folder,
        }
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "app:server"]
        with serving(command, ROOT, environ, log) as base:
            yield Server(base, log)


class Health:
    """Asks for /healthz again and again while something else goes on, from a process of its own:
    one with hundreds of visitors would measure itself."""

    def __init__(self, base: str) -> None:
        processes = multiprocessing.get_context("spawn")
        self._over, self._times = processes.Event(), processes.Queue()
        self._process = processes.Process(
            target=_watch_health, args=(base, self._over, self._times)
        )
        self.times = [0.0]

    def __enter__(self) -> "Health":
        self._process.start()
        self._times.get()  # it has begun
        return self

    def __exit__(self, *args: object) -> None:
        self._over.set()
        self.times = self._times.get()
        self._process.join()


def _watch_health(base: str, over: Event, told: "Queue[Any]") -> None:
    async def watch() -> list[float]:
        times = [(await once(base, "/healthz")).done]
        told.put("begun")
        while not over.is_set():
            times.append((await once(base, "/healthz")).done)
            await asyncio.sleep(0.05)
        return times

    told.put(asyncio.run(watch()))


def answers(results: list[object]) -> list[Answer]:
    """What came back; an exception or a status other than 200 fails the measurement."""
    wrong = Counter(
        repr(got) if not isinstance(got, Answer) else got.status
        for got in results
        if not (isinstance(got, Answer) and got.status == 200)
    )
    if wrong:
        raise RuntimeError(f"not answered: {dict(wrong)}")
    return [got for got in results if isinstance(got, Answer)]


def row(name: str, ours: str, target: str, met: bool) -> Row:
    return Row(name, "–", ours, "–", target, met)


def health_row(name: str, health: Health) -> Row:
    worst = max(health.times)
    return row(
        f"/healthz meanwhile: {name}",
        f"{worst:.3f} s at most, of {len(health.times) - 1}",
        f"≤ {HEALTH} s",
        worst <= HEALTH,
    )


async def cached(server: Server) -> list[Row]:
    await once(server.base, LECTURE)
    expected = (await once(server.base, LECTURE)).body
    with Health(server.base) as health:
        got = answers(await together(VISITORS, lambda _: once(server.base, LECTURE)))
    if {answer.body for answer in got} != {expected}:
        raise RuntimeError("the bodies differ")
    done = p95([answer.done for answer in got])
    name = f"cached link, {VISITORS} visitors at once"
    return [
        row(name, f"0 errors, p95 {done:.2f} s", f"0 errors, p95 ≤ {CACHED} s", done <= CACHED),
        health_row("cached link", health),
    ]


async def uncached(server: Server) -> list[Row]:
    before = await server.counted("eosdash_computations_total")
    link = LECTURE.replace("0.469", "0.468")
    with Health(server.base) as health:
        got = answers(await together(VISITORS, lambda _: once(server.base, link)))
    computed = await server.counted("eosdash_computations_total") - before
    bodies = {b"".join(answer.rows()) for answer in got}
    first = p95([answer.first for answer in got])
    name = f"uncached identical link, {VISITORS} visitors at once"
    ours = f"{computed:.0f} computation, first row p95 {first:.2f} s, {len(bodies)} body"
    met = computed == 1 and len(bodies) == 1 and first <= UNCACHED
    target = f"1 computation, first row p95 ≤ {UNCACHED} s, all identical"
    return [row(name, ours, target, met), health_row("uncached link", health)]


async def page_parts(base: str) -> tuple[list[str], list[tuple[str, bytes]]]:
    """What a first visit asks for: what the page names, and what Dash asks for by itself."""
    page = (await once(base, "/")).body.decode()
    named = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', page)
    posts = [("/_dash-update-component", json.dumps(LAYOUT).encode())]
    return ["/", *dict.fromkeys(named), "/_dash-layout", "/_dash-dependencies"], posts


async def pages(server: Server) -> list[Row]:
    paths, posts = await page_parts(server.base)
    compressed = {"Accept-Encoding": "br, gzip"}
    sizes: list[int] = []

    async def visit(_: int) -> Answer:
        client, began, size = Client(server.base), time.perf_counter(), 0
        asked = [(path, None) for path in paths] + posts + [(LECTURE, None)]
        try:
            for path, body in asked:
                got = await client.get(path, compressed, body)
                if got.status != 200:
                    return got
                size += len(got.body)
        finally:
            client.close()
        got.done = time.perf_counter() - began
        sizes.append(size)
        return got

    with Health(server.base) as health:
        got = answers(await together(VISITORS, visit))
    done = p95([answer.done for answer in got])
    name = (
        f"full page load, {VISITORS} visitors at once: {len(paths) + len(posts) + 1} requests, "
        f"{statistics.mean(sizes) / 1e6:.2f} MB each"
    )
    return [
        row(name, f"0 errors, p95 {done:.1f} s", f"0 errors, p95 ≤ {PAGE:.0f} s", done <= PAGE),
        health_row("page loads", health),
    ]


async def leaving(server: Server) -> list[Row]:
    """How long a computation goes on when its only reader has left."""
    times = []
    for i in range(5):
        asking = asyncio.create_task(once(server.base, f"{LONG}{9000 + i}"))
        while await server.counted("eosdash_computations_running") == 0:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        asking.cancel()
        left = time.perf_counter()
        while await server.counted("eosdash_computations_running"):
            await asyncio.sleep(0.02)
        times.append(time.perf_counter() - left)
    worst = max(times)
    return [row("client leaves", f"stops {worst:.2f} s later", f"≤ {STOP:.0f} s", worst <= STOP)]


def seconds_used(pid: int) -> float:
    """Computing time of a process so far."""
    return int(Path(f"/proc/{pid}/stat").read_text().split()[13]) / os.sysconf("SC_CLK_TCK")


async def killed(server: Server) -> list[Row]:
    """The process that computes is killed while a hundred follow."""
    before, link = await server.counted("eosdash_computations_total"), f"{LONG}6000"
    following = [asyncio.create_task(persistent(server.base, link)) for _ in range(100)]
    while await server.counted("eosdash_computations_running") == 0:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.7)
    busiest = max(server.workers()[:2], key=seconds_used)
    os.kill(busiest, signal.SIGKILL)
    dead = time.perf_counter()
    while True:
        try:
            if (await once(server.base, "/healthz")).status == 200:
                break
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.01)
    again = time.perf_counter() - dead
    done = await asyncio.gather(*following)
    computed = await server.counted("eosdash_computations_total") - before
    bodies, cuts = {b"".join(rows) for rows, _ in done}, sum(cuts for _, cuts in done)
    ours = (
        f"serving {again:.2f} s later, 100 of 100 complete ({cuts} cut), "
        f"{computed:.0f} computations, {len(bodies)} body"
    )
    met = again <= AGAIN and computed <= 2 and len(bodies) == 1
    target = f"serving ≤ {AGAIN:.0f} s, all complete, ≤ 2 computations"
    return [row("worker killed mid-run, 100 visitors", ours, target, met)]


async def dragging(server: Server) -> list[Row]:
    """Every visitor asks for another learning rate again and again, and leaves the last one."""
    statuses: Counter[Any] = Counter()
    firsts: list[float] = []

    async def ask() -> None:
        client, answer = Client(server.base), Answer()
        began, lr = time.perf_counter(), 0.2 + 0.25 * random.random()
        try:
            await client.get(LECTURE.replace("0.469", f"{lr:.7f}"), into=answer)
            statuses[answer.status] += 1
        except asyncio.CancelledError:
            statuses["left"] += answer.status in (0, 200)
            raise
        except (OSError, asyncio.IncompleteReadError) as cut:
            statuses[type(cut).__name__] += 1
        finally:
            client.close()
            if answer.first and answer.status == 200:
                firsts.append(answer.first)
            elif answer.status in (0, 200):
                firsts.append(time.perf_counter() - began)  # it had waited so long, and left

    with Health(server.base) as health:
        await together(DRAGGING, lambda _: drag(ask, PACE, DRAG_SECONDS))
    honest = set(statuses) <= {200, 429, 503, "left"}
    first = p95(firsts)
    share = {str(name): count for name, count in statuses.most_common()}
    told = ", ".join(f"{count:,} × {name}" for name, count in share.items())
    name = f"{DRAGGING} visitors dragging a slider for {DRAG_SECONDS} s"
    return [
        row(
            name,
            f"{told}; first row p95 {first:.2f} s",
            "nothing but 200, 429, 503; first row p95 ≤ 0.5 s",
            honest and first <= 0.5,
        ),
        health_row("dragging", health),
    ]


MEASURED = {
    "cached": cached, "uncached": uncached, "pages": pages, "leaving": leaving, "killed": killed,
    "dragging": dragging,
}  # fmt: skip


def main() -> int:
    """Exit status: 0 if all was measured and no answer was wrong."""
    names = sys.argv[1:] or list(MEASURED)
    rows: list[Row] = []
    for name in names:
        with served() as server:
            for made in asyncio.run(MEASURED[name](server)):
                rows.append(made)
                print(" | ".join((made.name, made.ours, made.target, made.cells()[-1])), flush=True)
    if not sys.argv[1:]:
        write("Load", f"Made by `make load` on {machine()}.", rows, NOTES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
