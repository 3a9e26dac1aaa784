"""Ten minutes of visitors of every kind, with an eye on memory: ``python -m benchmarks.soak``, and
of four visitors of the command on a machine of one's own: ``python -m benchmarks.soak eosdash``."""

import asyncio
import random
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.clients import Answer, Client, once
from benchmarks.load import LECTURE, LONG, Running, at_home, served

SECONDS = 600
SETTLED = 120
"""Seconds after which memory has to be flat: until then tables and pools are filled."""

MOST_GROWTH = 1.1
"""Largest memory at the end, in units of the largest when it was settled."""

VISITORS, AT_HOME = 20, 4
PATHS = (
    lambda: LECTURE,
    lambda: LECTURE.replace("0.469", f"{random.uniform(0.1, 0.6):.6f}"),
    lambda: f"/api/train?depth={random.randint(1, 8)}&seed={random.randint(0, 10**6)}&lr=0.3",
    lambda: f"/api/basin?resolution=128&lr={random.uniform(0.1, 1.2):.6f}",
    lambda: f"/api/basin?resolution=512&lr={random.choice([0.4, 0.5, 0.6])}",
    lambda: f"/api/sweep?starts=10&steps=300&seed={random.randint(0, 10**6)}",
    lambda: f"/api/theory?starts=20&seed={random.randint(0, 10**6)}",
    lambda: "/api/train?lr=nonsense",
    lambda: "/",
    lambda: "/_dash-layout",
)


def memory(server: Running) -> float:
    """Resident megabytes of all processes that answer."""
    pages = 0
    for pid in server.workers():
        status = Path(f"/proc/{pid}/statm")
        pages += int(status.read_text().split()[1]) if status.exists() else 0
    return pages * 4096 / 1e6


async def visit(base: str, until: float, told: Counter[object]) -> None:
    """One visitor after another; some leave before they have their answer, some never read it."""
    while time.monotonic() < until:
        if random.random() < 0.1:
            await leave(base)
            told["left"] += 1
            continue
        try:
            answer = await once(base, random.choice(PATHS)())
        except (OSError, asyncio.IncompleteReadError) as cut:
            told[type(cut).__name__] += 1
        else:
            told[answer.status] += 1


async def leave(base: str) -> None:
    client, answer = Client(base), Answer()
    path = f"{LONG}{random.randint(5000, 9000)}"
    asking = asyncio.create_task(client.get(path, into=answer))
    await asyncio.sleep(random.uniform(0, 1))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    client.close()


async def soak(server: Running, seconds: float, number: int) -> int:
    began, told, seen = time.monotonic(), Counter[object](), []
    visitors = [visit(server.base, began + seconds, told) for _ in range(number)]
    everybody = asyncio.gather(*visitors)
    while not everybody.done():
        await asyncio.wait([everybody], timeout=10)
        now = time.monotonic() - began
        seen.append((now, memory(server)))
        print(f"{now:4.0f} s  {seen[-1][1]:6.0f} MB  {dict(told)}", flush=True)
    early = max(size for at, size in seen if at <= SETTLED)
    late = max(size for at, size in seen[-6:] if at > SETTLED)
    wrong = {what for what in told if what not in (200, 422, 429, 503, "left")}
    print(f"{early:.0f} MB when settled, {late:.0f} MB at the end; answers that are wrong: {wrong}")
    return int(bool(wrong) or late > MOST_GROWTH * early)


def main() -> int:
    """Exit status: 0 if memory stayed flat and no answer was wrong."""
    if sys.argv[1:] == ["eosdash"]:
        with at_home() as command:
            return asyncio.run(soak(command, SECONDS, AT_HOME))
    with served() as server:
        return asyncio.run(soak(server, SECONDS, VISITORS))


if __name__ == "__main__":
    sys.exit(main())
